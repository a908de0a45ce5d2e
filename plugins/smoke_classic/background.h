/* What the view usually looks like, and how much it usually changes.
 *
 * A few samples of the cell picture are kept, spread over long_s and none younger than short_s, so that
 * a plume which grows over minutes is not yet part of what it is compared with. From them come, per
 * cell, the median (what is normal there) and a robust spread (how much it changes there anyway:
 * noise, swaying trees, passing cloud). All samples are brought to one exposure first.
 *
 * Spread: with n sorted samples, (second largest - second smallest) / the same of a normal
 * distribution of deviation 1 (n = 13: 2 x 1.16), so that a thing seen in two samples of thirteen
 * already counts as usual.
 */
#ifndef SMOKE_CLASSIC_BACKGROUND_H
#define SMOKE_CLASSIC_BACKGROUND_H

#include <stdbool.h>

#include "smoke_classic/grid.h"

#define SMOKE_SAMPLES 13
#define SMOKE_MIN_SAMPLES 6

struct smoke_background;

/* 0, or -1 when out of memory. short_s <= long_s / 2 is taken for granted. */
int smoke_background_create(double short_s, double long_s, double warmup_s, int width, int height,
                            struct smoke_background **ret_background);
void smoke_background_destroy(struct smoke_background **background);
void smoke_background_forget(struct smoke_background *background);

/* Shows a picture. 0, or -1 when OpenCV fails. */
int smoke_background_feed(struct smoke_background *background, const struct smoke_grid *grid,
                          int64_t utc_us);

/* Enough seen for long enough. Pictures further apart than long_s / 3 never get there. */
bool smoke_background_ready(const struct smoke_background *background, int64_t utc_us);

/* Valid while ready. Lent until the next feed. */
const float *smoke_background_median(const struct smoke_background *background, enum smoke_plane p);
const float *smoke_background_spread(const struct smoke_background *background, enum smoke_plane p);

/* The robust straight line that takes luma a to luma b over most cells: exposure. */
struct smoke_exposure {
    float gain;
    float offset;
};
struct smoke_exposure smoke_exposure_fit(const float *a, const float *b, size_t cells);

#endif
