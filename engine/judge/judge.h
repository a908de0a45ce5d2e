/* The judge: alarms on labelled clips, found or missed, true or false.
 *
 * What the words mean, everywhere in Linhuo:
 *
 *   alarm        an alarm as it is raised; its later revisions are the same alarm
 *   event        a clip with a fire in it
 *   found        an alarm was raised at or after ignition that is not off the labelled place
 *   delay        from ignition to the first such alarm
 *   false alarm  one on a clip without fire, or before ignition, or off the labelled place
 *   watched      the time between pictures; where two are more than an hour apart the camera was off,
 *                and that gap does not count
 *   camera-days  the watched time without fire, in days: all of a clip without fire, and the time before
 *                ignition of the others
 *   by time only the place was not labelled: whether the alarm lies on the smoke, a person must see
 *
 * Times are in seconds since the clip's first picture, as the container or the stills' clocks say.
 * Figures without a base (a mean delay of no finds, a rate without camera-days) are NaN here and null in
 * JSON.
 *
 * Thread-safety: pure functions of their arguments.
 */
#ifndef LH_JUDGE_JUDGE_H
#define LH_JUDGE_JUDGE_H

#include "judge/labels.h"
#include "judge/spot.h"

#define LH_WATCH_GAP_S 3600.0

/* A time without gaps. */
struct lh_span {
    double begin_s;
    double end_s;
};

/* One labelled clip as it was seen. All lent. */
struct lh_case {
    const struct lh_label *label;
    const struct lh_span *spans;
    size_t span_count;
    uint64_t pictures;
    uint64_t held[LH_HOLDS]; /* tracks held back, by reason */
    const char *fault;       /* why it could not be read to its end; NULL: it could */
};

enum lh_verdict {
    LH_VERDICT_FIND,    /* the first on the fire */
    LH_VERDICT_AGAIN,   /* one more on a fire that was found */
    LH_VERDICT_EARLY,   /* before ignition */
    LH_VERDICT_ASTRAY,  /* off the labelled place */
    LH_VERDICT_NO_FIRE, /* on a clip without fire */
};
const char *lh_verdict_name(enum lh_verdict verdict); /* "found", "again", "before ignition" ... */
bool lh_verdict_is_false(enum lh_verdict verdict);

/* One alarm as it was raised. */
struct lh_charge {
    size_t clip; /* index into the cases */
    double time_s;
    enum lh_kind kind;
    struct lh_box box;
    double score;
    enum lh_placing placing;
    enum lh_verdict verdict; /* filled in by lh_judge */
};

/* The figures of several clips. */
struct lh_figures {
    size_t clips;
    size_t events;
    size_t found;
    size_t missed;
    size_t found_by_time_only;
    double delay_mean_s;
    double delay_median_s;
    size_t alarms;
    size_t alarms_before_ignition;
    size_t alarms_off_place;
    size_t false_alarms;
    double camera_days;
    double false_alarms_per_camera_day;
};

struct lh_outcome {
    bool found;
    bool by_time_only;
    double delay_s; /* NaN: not found */
    size_t alarms;
    size_t before_ignition;
    size_t off_place;
    size_t false_alarms;
    double watched_s;
    double quiet_s; /* watched without fire */
};

struct lh_judgement {
    struct lh_outcome *clips; /* one a case */
    size_t clip_count;
    struct lh_figures total;
    struct lh_figures without_faint; /* fires but the faint ones */
    struct lh_figures by_visibility[LH_VISIBILITIES];
    struct lh_figures no_fire; /* clips without fire only */
};

/* The verdict on one alarm, found: there was a find in this clip before. What lh_judge does, for whoever
 * cannot wait. */
enum lh_verdict lh_verdict_of(const struct lh_label *label, bool found,
                              const struct lh_charge *charge);

/* The two halves of lh_judge: outcomes, one a case, and their sum. */
int lh_judge_each(const struct lh_case *cases, size_t case_count, struct lh_charge *charges,
                  size_t charge_count, struct lh_outcome *ret_outcomes);
int lh_judge_sum(const struct lh_case *cases, const struct lh_outcome *outcomes, size_t count,
                 struct lh_judgement *ret_judgement);

/* Charges of one clip come in order of time. Fills in their verdicts. LH_EINVAL for a charge of no case. */
int lh_judge(const struct lh_case *cases, size_t case_count, struct lh_charge *charges,
             size_t charge_count, struct lh_judgement *ret_judgement);
void lh_judgement_finish(struct lh_judgement *judgement);

/* A label whose ignition lies after the last picture of a clip that was read whole; NULL: none. */
const struct lh_case *lh_case_outside(const struct lh_case *cases, size_t count);

#endif
