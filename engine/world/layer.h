/* Puffs of one source as one camera sees them: transmittance and light, per pixel.
 *
 * Puffs are drawn from back to front, each as a billowed disc whose optical depth falls off like a
 * Gaussian; alpha = 1 - exp(-depth) with the exponential's series as the denominator. Terrain in
 * front of a puff hides it; where the ground cuts through a puff it fades. Large plumes are drawn
 * at a half, a quarter or less of the resolution and read back bilinearly.
 *
 * A layer belongs to the thread that renders its camera and is used again from frame to frame.
 */
#ifndef LH_WORLD_LAYER_H
#define LH_WORLD_LAYER_H

#include "world/plume.h"
#include "world/view.h"

#define LH_SPRITE 96
#define LH_SPRITES 8

/* Density of billowed discs, 1 about the middle, 0 at the rim. */
struct lh_sprites {
    float density[LH_SPRITES][LH_SPRITE * LH_SPRITE];
};

void lh_sprites_make(struct lh_sprites *sprites, uint64_t seed);

struct lh_layer {
    bool drawn; /* false: nothing of the source is in the picture */
    int x0;     /* the pixels covered: x0 <= x < x1 */
    int y0;
    int x1;
    int y1;
    int scale; /* pixels a cell: 1, 2, 4, 8 or 16 */
    int width; /* cells */
    int height;
    float front_m;    /* ground nearer than this hides all of it */
    float distance_m; /* mean of the puffs, by optical depth */
    size_t room;      /* cells allocated in each plane */
    float *clear;     /* share of what is behind that comes through */
    float *lit;       /* (1 - clear) weighted with shade */
    float *warm;      /* likewise with firelight */
};

/* Draws puffs (reordered by the call). sun_x, sun_y: where the light comes from in the picture,
 * length <= 1. LH_ENOMEM leaves the layer empty. */
int lh_layer_draw(struct lh_layer *layer, const struct lh_view *view,
                  const struct lh_sprites *sprites, struct lh_puff *puffs, size_t count,
                  const float sun[3]);

void lh_layer_finish(struct lh_layer *layer);

/* One row of the picture, pixels x0 to x1 of the layer: clear, lit, warm. */
void lh_layer_row(const struct lh_layer *layer, const struct lh_view *view, int y, float *clear,
                  float *lit, float *warm);

#endif
