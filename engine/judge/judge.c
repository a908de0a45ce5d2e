#include "judge/judge.h"

#include <math.h>
#include <stdlib.h>

#define DAY_S 86400.0

const char *lh_verdict_name(enum lh_verdict verdict)
{
    static const char *const names[] = {
        [LH_VERDICT_FIND] = "found",
        [LH_VERDICT_AGAIN] = "again",
        [LH_VERDICT_EARLY] = "before ignition",
        [LH_VERDICT_ASTRAY] = "off the place",
        [LH_VERDICT_NO_FIRE] = "no fire there",
    };
    return names[verdict];
}

bool lh_verdict_is_false(enum lh_verdict verdict)
{
    return verdict != LH_VERDICT_FIND && verdict != LH_VERDICT_AGAIN;
}

enum lh_verdict lh_verdict_of(const struct lh_label *label, bool found,
                              const struct lh_charge *charge)
{
    if (!label->fire)
        return LH_VERDICT_NO_FIRE;
    if (charge->time_s < label->ignition_s)
        return LH_VERDICT_EARLY;
    if (charge->placing == LH_PLACING_OFF)
        return LH_VERDICT_ASTRAY;
    return found ? LH_VERDICT_AGAIN : LH_VERDICT_FIND;
}

static void note_charge(const struct lh_label *label, struct lh_charge *charge,
                        struct lh_outcome *outcome)
{
    charge->verdict = lh_verdict_of(label, outcome->found, charge);
    outcome->alarms++;
    outcome->before_ignition += charge->verdict == LH_VERDICT_EARLY;
    outcome->off_place += charge->verdict == LH_VERDICT_ASTRAY;
    outcome->false_alarms += lh_verdict_is_false(charge->verdict);
    if (charge->verdict == LH_VERDICT_FIND) {
        outcome->found = true;
        outcome->delay_s = charge->time_s - label->ignition_s;
        outcome->by_time_only = charge->placing == LH_PLACING_UNKNOWN;
    }
}

static void watch(const struct lh_case *item, struct lh_outcome *outcome)
{
    const double fire_s = item->label->fire ? item->label->ignition_s : INFINITY;
    for (size_t i = 0; i < item->span_count; i++) {
        const struct lh_span span = item->spans[i];
        outcome->watched_s += span.end_s - span.begin_s;
        if (span.begin_s < fire_s)
            outcome->quiet_s += fmin(span.end_s, fire_s) - span.begin_s;
    }
}

static int compare_numbers(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void measure_delays(struct lh_figures *figures, double *delays, size_t count)
{
    double sum = 0;
    figures->delay_mean_s = NAN;
    figures->delay_median_s = NAN;
    if (count == 0)
        return;
    qsort(delays, count, sizeof *delays, compare_numbers);
    for (size_t i = 0; i < count; i++)
        sum += delays[i];
    figures->delay_mean_s = sum / (double)count;
    figures->delay_median_s = (delays[(count - 1) / 2] + delays[count / 2]) / 2;
}

/* Which clips a group of figures is about. */
typedef bool (*belongs_fn)(const struct lh_label *label, enum lh_visibility visibility);

static bool belongs_always(const struct lh_label *label, enum lh_visibility visibility)
{
    (void)label;
    (void)visibility;
    return true;
}

static bool belongs_by_visibility(const struct lh_label *label, enum lh_visibility visibility)
{
    return label->fire && label->visibility == visibility;
}

static bool belongs_unless(const struct lh_label *label, enum lh_visibility visibility)
{
    return label->fire && label->visibility != visibility;
}

static bool belongs_without_fire(const struct lh_label *label, enum lh_visibility visibility)
{
    (void)visibility;
    return !label->fire;
}

static struct lh_figures add_up(const struct lh_case *cases, const struct lh_outcome *outcomes,
                                size_t count, belongs_fn belongs, enum lh_visibility visibility,
                                double *delays)
{
    struct lh_figures figures = {0};
    double quiet_s = 0;
    for (size_t i = 0; i < count; i++) {
        const struct lh_outcome *outcome = &outcomes[i];
        if (!belongs(cases[i].label, visibility))
            continue;
        figures.clips++;
        figures.events += cases[i].label->fire;
        if (outcome->found)
            delays[figures.found++] = outcome->delay_s;
        figures.found_by_time_only += outcome->found && outcome->by_time_only;
        figures.alarms += outcome->alarms;
        figures.alarms_before_ignition += outcome->before_ignition;
        figures.alarms_off_place += outcome->off_place;
        figures.false_alarms += outcome->false_alarms;
        quiet_s += outcome->quiet_s;
    }
    figures.missed = figures.events - figures.found;
    figures.camera_days = quiet_s / DAY_S;
    figures.false_alarms_per_camera_day =
        quiet_s > 0 ? (double)figures.false_alarms / figures.camera_days : NAN;
    measure_delays(&figures, delays, figures.found);
    return figures;
}

int lh_judge_each(const struct lh_case *cases, size_t case_count, struct lh_charge *charges,
                  size_t charge_count, struct lh_outcome *outcomes)
{
    for (size_t i = 0; i < charge_count; i++)
        if (charges[i].clip >= case_count)
            return LH_EINVAL;
    for (size_t i = 0; i < case_count; i++) {
        outcomes[i] = (struct lh_outcome){.delay_s = NAN};
        watch(&cases[i], &outcomes[i]);
    }
    for (size_t i = 0; i < charge_count; i++)
        note_charge(cases[charges[i].clip].label, &charges[i], &outcomes[charges[i].clip]);
    return LH_OK;
}

int lh_judge_sum(const struct lh_case *cases, const struct lh_outcome *outcomes, size_t count,
                 struct lh_judgement *ret_judgement)
{
    struct lh_judgement sum = {.clip_count = count};
    double *delays = calloc(count + 1, sizeof *delays);
    sum.clips = calloc(count + 1, sizeof *sum.clips);
    if (!delays || !sum.clips) {
        free(delays);
        free(sum.clips);
        return LH_ENOMEM;
    }
    for (size_t i = 0; i < count; i++)
        sum.clips[i] = outcomes[i];
    sum.total = add_up(cases, outcomes, count, belongs_always, LH_VISIBILITY_UNSAID, delays);
    sum.without_faint = add_up(cases, outcomes, count, belongs_unless, LH_VISIBILITY_FAINT, delays);
    sum.no_fire =
        add_up(cases, outcomes, count, belongs_without_fire, LH_VISIBILITY_UNSAID, delays);
    for (int v = 0; v < LH_VISIBILITIES; v++)
        sum.by_visibility[v] =
            add_up(cases, outcomes, count, belongs_by_visibility, (enum lh_visibility)v, delays);
    free(delays);
    *ret_judgement = sum;
    return LH_OK;
}

int lh_judge(const struct lh_case *cases, size_t case_count, struct lh_charge *charges,
             size_t charge_count, struct lh_judgement *ret_judgement)
{
    struct lh_outcome *outcomes = calloc(case_count + 1, sizeof *outcomes);
    if (!outcomes)
        return LH_ENOMEM;
    int code = lh_judge_each(cases, case_count, charges, charge_count, outcomes);
    if (code == LH_OK)
        code = lh_judge_sum(cases, outcomes, case_count, ret_judgement);
    free(outcomes);
    return code;
}

void lh_judgement_finish(struct lh_judgement *judgement)
{
    free(judgement->clips);
    *judgement = (struct lh_judgement){0};
}

const struct lh_case *lh_case_outside(const struct lh_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct lh_case *item = &cases[i];
        if (item->label->fire && !item->fault && item->span_count > 0 &&
            item->label->ignition_s > item->spans[item->span_count - 1].end_s)
            return item;
    }
    return NULL;
}
