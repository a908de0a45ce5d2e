/* A recording: what the detectors said of footage, kept, so that everything after them can be tried again
 * and again without decoding a picture.
 *
 * What is kept of a find is kind, box, score and detector (20 bytes); masks are not, since tracker and desk
 * do not read them; scores are the raw ones, since the memory of the place is tried again too. A part that
 * comes between detectors and tracker and looks at pictures would need a place
 * in it.
 *
 * Thread: made by one; trying clips again is safe from any number of threads at once.
 */
#ifndef LH_RECORDING_H
#define LH_RECORDING_H

#include "replay.h"

struct lh_recording;

/* Runs the footage once. options as for lh_replay_run, but for on_alarm, on_look and context: on_progress
 * gets progress_context. LH_OK also when single clips could not be read whole: ret_result says so. */
int lh_recording_make(const struct lh_replay_options *options, void *progress_context,
                      struct lh_fault *fault, struct lh_recording **ret_recording,
                      struct lh_replay_result *ret_result);
/* Accepts &NULL; leaves NULL. */
void lh_recording_destroy(struct lh_recording **recording);

/* One attempt at one clip. All lent. */
struct lh_attempt {
    const struct lh_site *site; /* its tracks and alarms count */
    const struct lh_camera_config *camera;
    const double *min_scores; /* one a detector of the site */
    void (*on_alarm)(void *context, const struct lh_alarm *alarm, const char *topic,
                     const char *json);
    void *context;
};
/* Tracker and desk as in replay, over the finds of one clip: the same alarms. */
int lh_recording_try(const struct lh_recording *recording, size_t clip,
                     const struct lh_attempt *attempt);

/* Finds in all of it. */
size_t lh_recording_finds(const struct lh_recording *recording);

#endif
