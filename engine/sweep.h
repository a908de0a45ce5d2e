/* A sweep: which settings of a site are varied, and the points that makes.
 *
 *   tracks.KEY, alarms.KEY      numbers of those sections
 *   detectors.NAME.min_score
 *   detectors.NAME.KEY          a number of that detector's plugin
 *   camera_defaults.KEY         a number that footage gets whose camera the site does not name
 *
 * each as NAME=FROM:TO:STEPS, evenly spaced, both ends included; whole numbers are rounded and come once.
 * Points are all combinations. The last two kinds change what the detectors see or say: such a value
 * needs the footage to be looked at anew ("rerun"). Points are numbered so that those of one rerun come
 * together.
 *
 * Thread: one at a time; reading from any once it is built.
 */
#ifndef LH_SWEEP_H
#define LH_SWEEP_H

#include "base/site.h"
#include "detect/detection.h"

#define LH_SWEEP_AXES 8
#define LH_SWEEP_STEPS 1000
#define LH_SWEEP_POINTS 100000
#define LH_SWEEP_NAME 160

enum lh_axis_kind {
    LH_AXIS_TRACKS,
    LH_AXIS_FUSION,
    LH_AXIS_MIN_SCORE,
    LH_AXIS_PLUGIN, /* from here on: rerun */
    LH_AXIS_CAMERA,
};

struct lh_axis {
    char name[LH_SWEEP_NAME]; /* as the user wrote it */
    enum lh_axis_kind kind;
    char key[LH_SWEEP_NAME]; /* the last part of the name */
    size_t detector;         /* of the site */
    double *values;
    size_t count;
};

struct lh_sweep {
    struct lh_axis axes[LH_SWEEP_AXES]; /* reruns first */
    size_t axis_count;
};

/* One more axis from NAME=FROM:TO:STEPS. LH_ECONFIG with what is wrong; LH_ELIMIT, LH_ENOMEM. */
int lh_sweep_add(struct lh_sweep *sweep, const struct lh_site *site, const char *words,
                 struct lh_fault *fault);
void lh_sweep_finish(struct lh_sweep *sweep);

size_t lh_sweep_points(const struct lh_sweep *sweep);
/* Points of one rerun; a divisor of all. */
size_t lh_sweep_points_of_rerun(const struct lh_sweep *sweep);
/* The place of a point's value on an axis. */
size_t lh_sweep_step(const struct lh_sweep *sweep, size_t point, size_t axis);
double lh_sweep_value(const struct lh_sweep *sweep, size_t point, size_t axis);
/* The point with another step on one axis. */
size_t lh_sweep_move(const struct lh_sweep *sweep, size_t point, size_t axis, size_t step);

/* Writes the point's rerun values, and the lowest min_score of all, into a site of its own. */
int lh_sweep_apply_rerun(const struct lh_sweep *sweep, size_t point, struct lh_site *site,
                         struct lh_fault *fault);
/* Writes the point's values of tracks and alarms into a site, which may be a shallow copy.
 * LH_ERANGE: they contradict each other ("confirm_hits above confirm_window"). */
int lh_sweep_apply(const struct lh_sweep *sweep, size_t point, struct lh_site *site,
                   struct lh_fault *fault);
/* What a find of each detector of site must score at this point. */
void lh_sweep_min_scores(const struct lh_sweep *sweep, size_t point, const struct lh_site *site,
                         double ret_scores[LH_MAX_DETECTORS]);

#endif
