/* Where a movable camera pointed when: readings as they come in, and the question for a frame's moment.
 *
 * Readings come from asking the camera (locate/onvif.h), or from whatever drives it, pushed over the
 * inbox: the same call takes both. A frame is worth looking at only when the camera stood still: pictures
 * taken in motion are blurred, and nobody knows where they look. It stood still at a moment when
 * lh_pose_history_options.steady_count readings in a row up to it, and the first after it if there is
 * one yet, point to the same place within tolerance_deg (and one part in a hundred of zoom), and none
 * says that it moves. Positions count beside the camera's own word because cameras say IDLE while they
 * turn. After a gap longer than gap_us nothing is known.
 *
 * Thread-safety: none; one thread owns a history.
 */
#ifndef LH_LOCATE_POSE_HISTORY_H
#define LH_LOCATE_POSE_HISTORY_H

#include "base/clock.h"
#include "locate/onvif.h"
#include "locate/pose.h"

struct lh_pose_history_options {
    int steady_count;     /* at least 1 */
    double tolerance_deg; /* between readings of a camera that stands still */
    int64_t gap_us;
};
#define LH_POSE_HISTORY_DEFAULT                                                                    \
    ((struct lh_pose_history_options){                                                             \
        .steady_count = 2, .tolerance_deg = 0.05, .gap_us = 5 * LH_SECOND_US})

enum lh_stance {
    LH_STANCE_UNKNOWN, /* no reading near that moment, or too few */
    LH_STANCE_MOVING,
    LH_STANCE_STEADY,
};

struct lh_pose_at {
    enum lh_stance stance;
    struct lh_pointing pointing; /* interpolated by time; not for UNKNOWN */
    bool settled; /* readings lie on both sides: no later one will change the answer */
};

#define LH_POSE_READINGS 256 /* kept; the oldest go */

struct lh_pose_history;

/* LH_EINVAL for options out of range. */
int lh_pose_history_create(struct lh_pose_history_options options,
                           struct lh_pose_history **ret_history);
/* Accepts &NULL; leaves NULL. */
void lh_pose_history_destroy(struct lh_pose_history **history);

/* utc_us: when the camera pointed there. LH_EINVAL, and nothing changes, for an azimuth or tilt that is
 * not finite; LH_ERANGE for a time not after that of the last reading; one so far back
 * (more than gap_us) that the clock was set begins the history anew. */
int lh_pose_history_push(struct lh_pose_history *history, int64_t utc_us,
                         struct lh_pointing pointing, enum lh_moving moving);

/* At the moment a frame was taken. */
struct lh_pose_at lh_pose_history_at(const struct lh_pose_history *history, int64_t utc_us);

#endif
