/* The cameras that are served: the towers of a scene, or one for each recorded clip.
 *
 * Thread-safety: creation and destruction by one thread; then one thread a camera may render, and one
 * more may ask for boxes.
 */
#ifndef LH_WORLD_CAMERAS_H
#define LH_WORLD_CAMERAS_H

#include "base/error.h"
#include "world/footage.h"
#include "world/options.h"
#include "world/scene.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LH_WORLD_CAMERAS_MOST 64

struct lh_world_cameras;

/* Makes the scene (which takes seconds) or opens the clips. options is lent for the call. */
int lh_world_cameras_create(const struct lh_world_options *options, struct lh_fault *fault,
                            struct lh_world_cameras **ret_cameras);
/* Accepts &NULL; leaves NULL. */
void lh_world_cameras_destroy(struct lh_world_cameras **cameras);

unsigned lh_world_cameras_count(const struct lh_world_cameras *cameras);
/* "tower-1", or a clip's file name without its ending; [A-Za-z0-9._-], unique. */
const char *lh_world_cameras_id(const struct lh_world_cameras *cameras, unsigned camera);
uint32_t lh_world_cameras_width_px(const struct lh_world_cameras *cameras, unsigned camera);
uint32_t lh_world_cameras_height_px(const struct lh_world_cameras *cameras, unsigned camera);

/* NULL for clips, and for towers. Lent. */
const struct lh_scene *lh_world_cameras_scene(const struct lh_world_cameras *cameras);
const struct lh_footage *lh_world_cameras_footage(const struct lh_world_cameras *cameras,
                                                  unsigned camera);

/* LH_EEOF when a clip that is shown once is over. */
int lh_world_cameras_render(struct lh_world_cameras *cameras, unsigned camera, double scene_s,
                            struct lh_scene_picture *picture);

/* True when the clip of this camera is shown once and over at that time. */
bool lh_world_cameras_over(const struct lh_world_cameras *cameras, unsigned camera, double scene_s);

/* As lh_scene_box; for towers only. */
int lh_world_cameras_box(struct lh_world_cameras *cameras, unsigned camera, size_t event,
                         double scene_s, struct lh_scene_box *ret_box);

#endif
