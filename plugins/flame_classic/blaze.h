/* From glowing pixels over time to what behaves like a fire.
 *
 * Glowing regions are followed from picture to picture. What tells flames from lamps, signs, vehicles
 * and the low sun:
 *  - disorder: the outline never comes back. The share of pixels that differ between two masks of the
 *    same region, changed / (now or before); the median over the last pictures, so that a sign which
 *    blinks now and then stays low;
 *  - pulse, in the dark: the area of a spot too small for an outline swings to and fro;
 *  - anchored: vehicles leave the place where they were first seen, flames do not;
 *  - new: the place did not glow in the long background. Asked for where flicker cannot be sampled
 *    (fewer than four pictures a second) and in the dark, not where it can. What looks like fire,
 *    or cannot be judged yet, is not learnt, for long_s at most.
 */
#ifndef FLAME_CLASSIC_BLAZE_H
#define FLAME_CLASSIC_BLAZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flame_classic/glow.h"

struct blaze_config {
    double long_s;   /* over which a fixed light becomes known */
    double warmup_s; /* before which nothing is new */
    double min_area_share;
    double max_area_share;
};

struct blaze_region {
    int x; /* in mask pixels */
    int y;
    int width;
    int height;
    float score;
};

#define BLAZE_MAX_REGIONS 64

struct blaze;

int blaze_create(const struct blaze_config *config, int width, int height,
                 struct blaze **ret_blaze);
void blaze_destroy(struct blaze **blaze);
void blaze_forget(struct blaze *blaze);

/* mask: as glow_find made it; changed. 0, or -1 when OpenCV fails. */
int blaze_look(struct blaze *blaze, uint8_t *mask, enum glow_light light, int64_t utc_us,
               struct blaze_region *regions, size_t *ret_count);

#endif
