/* One picture, to be drawn and written as a PNG file.
 *
 * Thread: any, one at a time.
 */
#ifndef LH_WORLD_STILL_H
#define LH_WORLD_STILL_H

#include "base/error.h"
#include "world/scene.h"

struct lh_still;

/* ret_picture: where to draw (I420, video range); lent until the still is destroyed. */
int lh_still_create(uint32_t width_px, uint32_t height_px, struct lh_still **ret_still,
                    struct lh_scene_picture *ret_picture);
/* Accepts &NULL; leaves NULL. */
void lh_still_destroy(struct lh_still **still);

int lh_still_write_png(const struct lh_still *still, const char *path, struct lh_fault *fault);

#endif
