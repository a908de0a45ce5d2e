#include "trial.h"

#include "judge/report.h"
#include "judge/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct lh_trial {
    struct lh_trial_options options;
    struct lh_docket docket;
    struct lh_sheet *sheet;
    bool *found; /* one a case, so far */
    struct lh_charge *charges;
    size_t charge_count;
    size_t charge_capacity;
    struct lh_fault fault; /* the first thing that went wrong while hearing */
    struct lh_case_list list;
    struct lh_judgement judgement;
};

int lh_trial_create(const struct lh_trial_options *options, struct lh_fault *fault,
                    struct lh_trial **ret_trial)
{
    struct lh_trial *trial = calloc(1, sizeof *trial);
    if (!trial)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    trial->options = *options;
    int code = lh_docket_open(options->labels, options->footage, fault, &trial->docket);
    if (code == LH_OK) {
        trial->found = calloc(trial->docket.count + 1, sizeof *trial->found);
        code = trial->found ? LH_OK : lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    if (code == LH_OK && options->sheet)
        code = lh_sheet_create(options->sheet, fault, &trial->sheet);
    if (code != LH_OK)
        lh_trial_destroy(&trial);
    else
        *ret_trial = trial;
    return code;
}

void lh_trial_destroy(struct lh_trial **trial_pointer)
{
    struct lh_trial *trial = *trial_pointer;
    if (!trial)
        return;
    lh_sheet_destroy(&trial->sheet);
    lh_judgement_finish(&trial->judgement);
    lh_docket_close(&trial->docket);
    free(trial->found);
    free(trial->charges);
    lh_case_list_finish(&trial->list);
    free(trial);
    *trial_pointer = NULL;
}

static int keep_charge(struct lh_trial *trial, const struct lh_charge *charge)
{
    if (trial->charge_count == trial->charge_capacity) {
        const size_t capacity = trial->charge_capacity ? trial->charge_capacity * 2 : 64;
        struct lh_charge *charges = realloc(trial->charges, capacity * sizeof *charges);
        if (!charges)
            return lh_fail(&trial->fault, LH_ENOMEM, "out of memory");
        trial->charges = charges;
        trial->charge_capacity = capacity;
    }
    trial->charges[trial->charge_count++] = *charge;
    return LH_OK;
}

static int show(struct lh_trial *trial, const struct lh_docket_item *item,
                const struct lh_charge *charge, const struct lh_replay_alarm *news)
{
    struct lh_box outline;
    if (!trial->sheet)
        return LH_OK;
    const bool outlined = lh_spot_outline(item->spot, charge->time_s, &outline);
    const struct lh_sheet_row row = {
        .label = item->label,
        .charge = charge,
        .utc_us = news->alarm->updated_utc_us,
        .outline = outlined ? &outline : NULL,
    };
    return lh_sheet_add(trial->sheet, &row, news->frame, &trial->fault);
}

void lh_trial_hear(struct lh_trial *trial, const struct lh_replay_alarm *news)
{
    const struct lh_alarm *alarm = news->alarm;
    if (news->clip == LH_NO_CLIP)
        return; /* labels are of footage */
    const size_t number = trial->docket.case_of_clip[news->clip];
    if (alarm->state != LH_ALARM_RAISED || number == LH_NO_CASE || trial->fault.code != LH_OK)
        return;
    const struct lh_docket_item *item = &trial->docket.items[number];
    struct lh_charge charge = {
        .clip = number,
        .time_s = (double)(alarm->updated_utc_us - news->clip_start_us) / (double)LH_SECOND_US,
        .kind = alarm->track.kind,
        .box = alarm->track.box,
        .score = (double)alarm->track.score,
    };
    if (lh_spot_place(item->spot, charge.kind, charge.time_s, charge.box, &trial->fault,
                      &charge.placing) != LH_OK)
        return;
    charge.verdict = lh_verdict_of(item->label, trial->found[number], &charge);
    trial->found[number] = trial->found[number] || charge.verdict == LH_VERDICT_FIND;
    if (show(trial, item, &charge, news) == LH_OK)
        (void)keep_charge(trial, &charge);
}

int lh_trial_close(struct lh_trial *trial, const struct lh_replay_result *result,
                   struct lh_fault *fault)
{
    if (trial->fault.code != LH_OK) {
        *fault = trial->fault;
        return fault->code;
    }
    int code = lh_docket_cases(&trial->docket, result, &trial->list);
    if (code != LH_OK)
        return lh_fail(fault, code, "out of memory");
    code = lh_docket_check(&trial->docket, &trial->list, trial->options.labels, fault);
    if (code != LH_OK)
        return code;
    code = lh_judge(trial->list.cases, trial->docket.count, trial->charges, trial->charge_count,
                    &trial->judgement);
    if (code != LH_OK)
        return lh_fail(fault, code, "%s", lh_strerror(code));
    return trial->sheet ? lh_sheet_finish(trial->sheet, trial->list.cases, &trial->judgement, fault)
                        : LH_OK;
}

static struct lh_report report_of(const struct lh_trial *trial)
{
    return (struct lh_report){
        .cases = trial->list.cases,
        .charges = trial->charges,
        .charge_count = trial->charge_count,
        .judgement = &trial->judgement,
        .not_given = trial->docket.not_given,
        .not_given_count = trial->docket.not_given_count,
        .unlabelled = trial->docket.unlabelled,
        .unlabelled_count = trial->docket.unlabelled_count,
        .sheet = trial->options.sheet,
    };
}

int lh_trial_print(const struct lh_trial *trial, FILE *out)
{
    const struct lh_report report = report_of(trial);
    return lh_report_text(&report, out);
}

int lh_trial_json(const struct lh_trial *trial, char **ret_json)
{
    const struct lh_report report = report_of(trial);
    return lh_report_json(&report, ret_json);
}
