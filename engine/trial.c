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
    struct lh_case *cases;
    struct lh_span *spans; /* of all cases */
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
    free(trial->cases);
    free(trial->spans);
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

static double since(int64_t utc_us, int64_t start_us)
{
    return (double)(utc_us - start_us) / (double)LH_SECOND_US;
}

static int collect_cases(struct lh_trial *trial, const struct lh_replay_result *result)
{
    size_t span_count = 0;
    const struct lh_lane_span *watched;
    for (size_t i = 0; i < result->lane_count; i++)
        span_count += lh_lane_spans(result->owners[i], &watched);
    trial->cases = calloc(trial->docket.count + 1, sizeof *trial->cases);
    trial->spans = calloc(span_count + 1, sizeof *trial->spans);
    if (!trial->cases || !trial->spans)
        return LH_ENOMEM;
    struct lh_span *span = trial->spans;
    for (size_t i = 0; i < trial->docket.count; i++) {
        const struct lh_docket_item *item = &trial->docket.items[i];
        const struct lh_lane_report *lane = &result->lanes[item->clip];
        const size_t count = lh_lane_spans(result->owners[item->clip], &watched);
        trial->cases[i] = (struct lh_case){
            .label = item->label,
            .spans = span,
            .span_count = count,
            .pictures = lane->frames,
            .fault = lane->fault.code == LH_OK ? NULL : lane->fault.text,
        };
        for (size_t k = 0; k < count; k++, span++)
            *span = (struct lh_span){since(watched[k].begin_utc_us, lane->start_utc_us),
                                     since(watched[k].end_utc_us, lane->start_utc_us)};
    }
    return LH_OK;
}

int lh_trial_close(struct lh_trial *trial, const struct lh_replay_result *result,
                   struct lh_fault *fault)
{
    if (trial->fault.code != LH_OK) {
        *fault = trial->fault;
        return fault->code;
    }
    int code = collect_cases(trial, result);
    if (code != LH_OK)
        return lh_fail(fault, code, "out of memory");
    const struct lh_case *outside = lh_case_outside(trial->cases, trial->docket.count);
    if (outside)
        return lh_fail(fault, LH_ERANGE,
                       "%.150s: %.150s has its ignition at %g s, but its last picture is at %g s",
                       trial->options.labels, outside->label->file, outside->label->ignition_s,
                       outside->spans[outside->span_count - 1].end_s);
    code = lh_judge(trial->cases, trial->docket.count, trial->charges, trial->charge_count,
                    &trial->judgement);
    if (code != LH_OK)
        return lh_fail(fault, code, "%s", lh_strerror(code));
    return trial->sheet ? lh_sheet_finish(trial->sheet, trial->cases, &trial->judgement, fault)
                        : LH_OK;
}

static struct lh_report report_of(const struct lh_trial *trial)
{
    return (struct lh_report){
        .cases = trial->cases,
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
