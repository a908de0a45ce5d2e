/* The picture that `linhuo calibrate` looks at, and the one that it draws.
 *
 * Thread: main.
 */
#ifndef LH_CALIBRATE_PICTURE_H
#define LH_CALIBRATE_PICTURE_H

#include "locate/skyline_match.h"

#include <stdatomic.h>

/* A JPEG or PNG file. Caller unrefs the frame. */
int lh_picture_read(const char *path, struct lh_fault *fault, struct lh_frame **ret_frame);

/* The next picture of the camera, live or from its file, within its own time-outs or until *stop. */
int lh_picture_take(const struct lh_camera_config *camera, const atomic_bool *stop,
                    struct lh_fault *fault, struct lh_frame **ret_frame);

/* The picture with the terrain's horizon drawn into it as the pose had it (red) and, where there is one, as
 * it was found (green), as a PNG file. */
int lh_picture_draw_horizon(struct lh_frame *frame, const struct lh_horizon *horizon,
                            const struct lh_pose *before, const struct lh_pose *after,
                            const char *path, struct lh_fault *fault);

#endif
