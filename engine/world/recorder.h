/* Pictures in, one video file (MP4) out: what a camera showed, to be replayed.
 *
 * The file carries no date but the given one and no name of a library, so that the same pictures make
 * the same bytes.
 *
 * Thread: any, one at a time.
 */
#ifndef LH_WORLD_RECORDER_H
#define LH_WORLD_RECORDER_H

#include "world/encoder.h"

struct lh_recorder_options {
    const char *path; /* lent for the call; the file is replaced */
    struct lh_encoder_options encoding;
    double gop_s;         /* from one keyframe to the next */
    int64_t start_utc_us; /* of picture 0; MP4 keeps whole seconds */
};

struct lh_recorder;
int lh_recorder_create(const struct lh_recorder_options *options, struct lh_fault *fault,
                       struct lh_recorder **ret_recorder);
/* Accepts &NULL; leaves NULL. Without lh_recorder_finish the file is no whole MP4. */
void lh_recorder_destroy(struct lh_recorder **recorder);

/* Where the next picture is to be drawn. Lent until lh_recorder_add. */
int lh_recorder_picture(struct lh_recorder *recorder, struct lh_scene_picture *ret_picture);
/* Appends it. */
int lh_recorder_add(struct lh_recorder *recorder);
int lh_recorder_finish(struct lh_recorder *recorder);

#endif
