/* Where a movable camera looks, and so by which of its views a picture counts.
 *
 *   ptz-ID (asks the camera) ──┐
 *   inbox (whoever drives it) ─┴─> bounded queue ──> history ──> view of a picture, by its capture time
 *
 * A picture waits until a reading after it says that the camera still stood, for five seconds at most. Taken in
 * motion it is not looked at. Standing within half a degree of a preset (and a twentieth of its zoom) it is that
 * preset's; at the pose itself, where the camera is at home; all else is "elsewhere": looked at, since a camera that
 * somebody turned must not be blind, but without a position. So is a camera that does not answer any more. Readings
 * must come every five seconds at least, also while it stands.
 *
 * Thread-safety: create, start, stop and destroy from one controlling thread; push from any; ask from the detect
 * thread.
 */
#ifndef LH_GAZE_H
#define LH_GAZE_H

#include "base/queue.h"
#include "base/site.h"
#include "locate/pose_history.h"

struct lh_gaze;

/* Has presets, or is asked where it looks. */
bool lh_gaze_is_movable(const struct lh_camera_config *camera);

/* All lent. bell: rung at every reading. */
int lh_gaze_create(const struct lh_camera_config *camera, const struct lh_clock *clock,
                   struct lh_bell *bell, struct lh_gaze **ret_gaze);
/* Starts asking the camera, if it is to be asked. */
int lh_gaze_start(struct lh_gaze *gaze);
/* Returns at once; the thread ends after the answer it waits for, in twice ptz.timeout_s at most. */
void lh_gaze_stop(struct lh_gaze *gaze);
/* Accepts &NULL; leaves NULL. Joins the thread. */
void lh_gaze_destroy(struct lh_gaze **gaze);

int lh_gaze_push(struct lh_gaze *gaze, int64_t utc_us, struct lh_pointing pointing,
                 enum lh_moving moving);

enum lh_gaze_verdict {
    LH_GAZE_WAIT, /* for the next reading */
    LH_GAZE_MOVING,
    LH_GAZE_HOME,      /* as its pose says, or nobody ever told */
    LH_GAZE_PRESET,    /* ret_preset says which */
    LH_GAZE_ELSEWHERE, /* ret_turned: somewhere else than the last time */
};

/* Of a picture taken then that has been held so long already. */
enum lh_gaze_verdict lh_gaze_ask(struct lh_gaze *gaze, int64_t capture_utc_us, int64_t held_us,
                                 size_t *ret_preset, bool *ret_turned);

#endif
