/* A picture reduced to square cells: mean luma, mean chroma and fine texture.
 *
 * Averaging 16 pixels takes sensor and compression noise down by about four and makes everything after
 * it cheap; a plume of 3 x 3 cells, 12 pixels a side, is the smallest that smoke_classic can see.
 * Levels are those of the picture, 0..255; chroma is the difference from 128.
 */
#ifndef SMOKE_CLASSIC_GRID_H
#define SMOKE_CLASSIC_GRID_H

#include "linhuo_detector.h"

#define SMOKE_CELL_PX 4

enum smoke_plane {
    SMOKE_LUMA,
    SMOKE_BLUE,    /* U - 128 */
    SMOKE_RED,     /* V - 128 */
    SMOKE_TEXTURE, /* mean absolute difference between neighbouring pixels, over 3 x 3 cells */
    SMOKE_PLANES
};

struct smoke_grid {
    int width; /* cells; pixels beyond the last whole cell are left out */
    int height;
    size_t cells;
    float *plane[SMOKE_PLANES]; /* of cells each, in one allocation */
};

/* 0, or -1 when out of memory or smaller than 8 cells a side. */
int smoke_grid_init(struct smoke_grid *grid, int picture_width_px, int picture_height_px);
void smoke_grid_finish(struct smoke_grid *grid);

/* picture: I420 of the size given to init. 0, or -1 when OpenCV fails. */
int smoke_grid_fill(struct smoke_grid *grid, const struct linhuo_picture *picture);

#endif
