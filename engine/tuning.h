/* Tuning: all points of a sweep over labelled footage, and the choice among them.
 *
 *   for every rerun:  footage ──detectors──> recording ──tracker, desk──> alarms ──judge──> outcomes
 *                     (as replay, all threads)         (every point, all threads)
 *
 * The footage is looked at once a rerun; a sweep of tracks, alarms and min_scores has one.
 *
 * Thread: one; it starts "replay-N" and "tune-N" and has joined them when it returns.
 */
#ifndef LH_TUNING_H
#define LH_TUNING_H

#include "docket.h"
#include "judge/tradeoff.h"
#include "sweep.h"

struct lh_tuning_options {
    const char *site;                 /* path */
    const struct lh_footage *footage; /* lent */
    const char *labels;               /* lent */
    const struct lh_sweep *sweep;     /* lent */
    const char *camera;               /* as in lh_replay_options */
    int64_t start_utc_us;
    unsigned threads;
    double budget;           /* false alarms a camera-day */
    const atomic_bool *stop; /* lent */
    /* rerun counts from 1; share of it 0..1 */
    void (*on_progress)(void *context, size_t rerun, size_t reruns, double share);
    void *context;
};

struct lh_tuning {
    struct lh_docket docket;
    struct lh_case_list list;
    struct lh_replay_result first; /* of the first rerun: whose clips could not be read, and when */
    struct lh_outcome *outcomes;
    bool *fits;
    size_t misfits; /* points that contradict themselves */
    size_t reruns;
    double recorded_s; /* time taken by looking, and by trying points */
    double tried_s;
    struct lh_tradeoff tradeoff;
    struct lh_choice choice;
};

/* LH_ECONFIG and the like for sites, labels and settings that are wrong; LH_ECLOSED when stopped;
 * LH_ERANGE for an ignition outside its clip. */
int lh_tuning_run(const struct lh_tuning_options *options, struct lh_fault *fault,
                  struct lh_tuning *ret_tuning);
void lh_tuning_finish(struct lh_tuning *tuning);

#endif
