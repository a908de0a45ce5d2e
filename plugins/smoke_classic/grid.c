#include "smoke_classic/grid.h"

#include <stdlib.h>
#include <string.h>

#include "cv.h"

enum { HALF_CELL = SMOKE_CELL_PX / 2 };

int smoke_grid_init(struct smoke_grid *grid, int picture_width_px, int picture_height_px)
{
    int width = picture_width_px / SMOKE_CELL_PX;
    int height = picture_height_px / SMOKE_CELL_PX;
    float *all;

    memset(grid, 0, sizeof(*grid));
    if (width < 8 || height < 8 || width > 4096 || height > 4096)
        return -1;
    grid->width = width;
    grid->height = height;
    grid->cells = (size_t)width * (size_t)height;
    all = calloc(grid->cells * SMOKE_PLANES, sizeof(*all));
    if (all == NULL)
        return -1;
    for (size_t p = 0; p < SMOKE_PLANES; p++)
        grid->plane[p] = all + p * grid->cells;
    return 0;
}

void smoke_grid_finish(struct smoke_grid *grid)
{
    free(grid->plane[0]);
    memset(grid, 0, sizeof(*grid));
}

static void fill_luma_row(struct smoke_grid *grid, int row, const uint8_t *top, ptrdiff_t stride)
{
    float *luma = grid->plane[SMOKE_LUMA] + (size_t)row * (size_t)grid->width;
    float *texture = grid->plane[SMOKE_TEXTURE] + (size_t)row * (size_t)grid->width;

    for (int column = 0; column < grid->width; column++) {
        int sum = 0;
        int edges = 0;
        for (int y = 0; y < SMOKE_CELL_PX; y++) {
            const uint8_t *p = top + y * stride + (ptrdiff_t)column * SMOKE_CELL_PX;
            for (int x = 0; x < SMOKE_CELL_PX; x++)
                sum += p[x];
            for (int x = 0; x + 1 < SMOKE_CELL_PX; x++)
                edges += abs(p[x] - p[x + 1]);
            if (y + 1 < SMOKE_CELL_PX)
                for (int x = 0; x < SMOKE_CELL_PX; x++)
                    edges += abs(p[x] - p[x + stride]);
        }
        luma[column] = (float)sum / (SMOKE_CELL_PX * SMOKE_CELL_PX);
        texture[column] = (float)edges / (2 * SMOKE_CELL_PX * (SMOKE_CELL_PX - 1));
    }
}

static void fill_chroma_row(struct smoke_grid *grid, int row, enum smoke_plane which,
                            const uint8_t *top, ptrdiff_t stride)
{
    float *out = grid->plane[which] + (size_t)row * (size_t)grid->width;

    for (int column = 0; column < grid->width; column++) {
        int sum = 0;
        for (int y = 0; y < HALF_CELL; y++)
            for (int x = 0; x < HALF_CELL; x++)
                sum += top[y * stride + (ptrdiff_t)column * HALF_CELL + x];
        out[column] = (float)sum / (HALF_CELL * HALF_CELL) - 128.0f;
    }
}

int smoke_grid_fill(struct smoke_grid *grid, const struct linhuo_picture *picture)
{
    for (int row = 0; row < grid->height; row++) {
        fill_luma_row(grid, row,
                      picture->plane[0] + (ptrdiff_t)row * SMOKE_CELL_PX * picture->stride[0],
                      picture->stride[0]);
        fill_chroma_row(grid, row, SMOKE_BLUE,
                        picture->plane[1] + (ptrdiff_t)row * HALF_CELL * picture->stride[1],
                        picture->stride[1]);
        fill_chroma_row(grid, row, SMOKE_RED,
                        picture->plane[2] + (ptrdiff_t)row * HALF_CELL * picture->stride[2],
                        picture->stride[2]);
    }
    return lh_cv_box_blur(grid->plane[SMOKE_TEXTURE], grid->plane[SMOKE_TEXTURE], grid->width,
                          grid->height, 1) == LH_CV_OK
               ? 0
               : -1;
}
