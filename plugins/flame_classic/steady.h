/* Whether the camera stands still.
 *
 * Once a second, or at every picture where they come slower, the view is compared with the one before,
 * block by block, by phase correlation at a reduced size; walking forward shifts no two blocks alike,
 * but shifts most. It is unsteady when more than half of the blocks that show anything have shifted by
 * more than 0.75 pixel of 240 across, or show something else; steady again after two good comparisons,
 * and not yet known at first. Pictures more than five seconds apart are not compared: light alone
 * changes them too much.
 */
#ifndef FLAME_CLASSIC_STEADY_H
#define FLAME_CLASSIC_STEADY_H

#include <stdbool.h>
#include <stdint.h>

struct steady;

/* 0, or -1 when out of memory. */
int steady_create(int width, int height, struct steady **ret_steady);
void steady_destroy(struct steady **steady);
void steady_forget(struct steady *steady);

/* luma: width x height bytes. 0, or -1 when OpenCV fails. */
int steady_look(struct steady *steady, const uint8_t *luma, int64_t utc_us, bool *ret_steady);

#endif
