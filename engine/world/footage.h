/* One recorded clip, shown as if it were a camera.
 *
 * A clip is asked for the picture at a time, in seconds from its first picture, and gives the last
 * one that had been taken by then: a clip of stills a minute apart shows each for a minute. Time may
 * go on in any steps, and back; the clip seeks where that saves decoding. Pictures that cannot be
 * decoded are passed over, the one before stays.
 *
 * Thread: any, one at a time.
 */
#ifndef LH_WORLD_FOOTAGE_H
#define LH_WORLD_FOOTAGE_H

#include "base/error.h"
#include "world/scene.h"

#include <stdbool.h>
#include <stdint.h>

struct lh_footage_options {
    const char *path;
    uint32_t max_width_px; /* scaled down, keeping its shape, to fit; 0: as recorded */
    uint32_t max_height_px;
    unsigned multiple; /* width and height are cut to a multiple of this; 2 or 8 */
    bool once;         /* ends instead of starting over */
};

struct lh_footage;

/* Opens the clip and decodes its first picture. The sentence in fault names the file. */
int lh_footage_create(const struct lh_footage_options *options, struct lh_fault *fault,
                      struct lh_footage **ret_footage);
/* Accepts &NULL; leaves NULL. */
void lh_footage_destroy(struct lh_footage **footage);

uint32_t lh_footage_width_px(const struct lh_footage *footage);
uint32_t lh_footage_height_px(const struct lh_footage *footage);
double lh_footage_duration_s(const struct lh_footage *footage);
const char *lh_footage_path(const struct lh_footage *footage);

/* LH_EEOF past the end of a clip that is shown once. */
int lh_footage_render(struct lh_footage *footage, double clip_s, struct lh_scene_picture *picture);

#endif
