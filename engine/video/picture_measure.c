#include "base/error.h"
#include "video/health.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TILE = LH_MEASURE_TILE_PX,
    EDGE = 24,       /* sum of the absolute central differences, undivided, of an edge pixel */
    EDGE_PIXELS = 8, /* that make a tile a tile with structure */
    EDGE_TILES = 8,  /* below it sharpness is not judged */
    DRAWN_ROWS = 2,  /* rows of tiles, at either end, where cameras write */
    LIGHTS_SHARE = 4096,
};

struct measurement {
    const struct lh_image *image;
    uint32_t tile_columns;
    uint32_t tile_rows;
    uint32_t middle_begin; /* rows of tiles */
    uint32_t middle_end;
    double sharpness[LH_MEASURE_TILES];
    size_t sharp_tiles;
};

static uint64_t hash_rows(const struct lh_image *image, uint32_t begin, uint32_t end)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a, 64 bits */
    for (uint32_t y = begin; y < end; y++) {
        const uint8_t *row = image->plane[0] + (ptrdiff_t)y * image->stride[0];
        for (uint32_t x = 0; x < image->width_px; x++)
            hash = (hash ^ row[x]) * UINT64_C(1099511628211);
    }
    return hash;
}

static void measure_levels(const struct lh_image *image, struct lh_picture_measures *measures)
{
    uint64_t sum = 0;
    uint64_t squares = 0;
    for (uint32_t y = 0; y < image->height_px; y++) {
        const uint8_t *row = image->plane[0] + (ptrdiff_t)y * image->stride[0];
        for (uint32_t x = 0; x < image->width_px; x++) {
            sum += row[x];
            squares += (uint64_t)row[x] * row[x];
        }
    }
    double count = (double)image->width_px * image->height_px;
    double variance = (double)squares / count - (double)sum / count * ((double)sum / count);
    measures->mean = (double)sum / count;
    measures->deviation = sqrt(fmax(variance, 0));
}

static double measure_lights(const struct measurement *m)
{
    uint32_t level[256] = {0};
    uint32_t total = 0;
    for (uint32_t y = m->middle_begin * TILE; y < m->middle_end * TILE; y++) {
        const uint8_t *row = m->image->plane[0] + (ptrdiff_t)y * m->image->stride[0];
        for (uint32_t x = 0; x < m->image->width_px; x++)
            level[row[x]]++;
        total += m->image->width_px;
    }
    uint32_t above = 0;
    int grey = 255;
    while (grey > 0 && above + level[grey] <= total / LIGHTS_SHARE)
        above += level[grey--];
    return grey;
}

struct tile {
    uint32_t sum;
    uint32_t edge_pixels;
    uint32_t differences;
    uint32_t laplacians;
};

static struct tile measure_tile(const struct lh_image *image, uint32_t column, uint32_t row)
{
    struct tile tile = {0};
    ptrdiff_t stride = image->stride[0];
    for (uint32_t y = row * TILE; y < (row + 1) * TILE; y++) {
        const uint8_t *p = image->plane[0] + (ptrdiff_t)y * stride + (ptrdiff_t)column * TILE;
        for (uint32_t x = column * TILE; x < (column + 1) * TILE; x++, p++) {
            tile.sum += *p;
            if (x == 0 || y == 0 || x + 1 >= image->width_px || y + 1 >= image->height_px)
                continue;
            int difference = abs(p[1] - p[-1]) + abs(p[stride] - p[-stride]);
            if (difference < EDGE)
                continue;
            tile.edge_pixels++;
            tile.differences += (uint32_t)difference;
            tile.laplacians += (uint32_t)abs(4 * *p - p[1] - p[-1] - p[stride] - p[-stride]);
        }
    }
    return tile;
}

static void measure_tiles(struct measurement *m, struct lh_picture_measures *measures)
{
    uint32_t structured = 0;
    uint32_t middle_structured = 0;
    for (uint32_t row = 0; row < m->tile_rows; row++) {
        bool middle = row >= m->middle_begin && row < m->middle_end;
        for (uint32_t column = 0; column < m->tile_columns; column++) {
            struct tile tile = measure_tile(m->image, column, row);
            bool edges = tile.edge_pixels >= EDGE_PIXELS;
            structured += edges;
            if (!middle)
                continue;
            measures->tile_mean[measures->tile_count++] = (uint16_t)(tile.sum * 64 / (TILE * TILE));
            middle_structured += edges;
            if (edges)
                m->sharpness[m->sharp_tiles++] = (double)tile.laplacians / tile.differences;
        }
    }
    measures->detail = (double)structured / (m->tile_columns * m->tile_rows);
    measures->middle_detail = (double)middle_structured / measures->tile_count;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double upper_quartile(double *values, size_t count)
{
    if (count < EDGE_TILES)
        return -1;
    qsort(values, count, sizeof *values, compare_doubles);
    return values[count * 3 / 4];
}

int lh_image_measure(const struct lh_image *image, struct lh_picture_measures *ret_measures)
{
    if (image->format != LH_PIXEL_GRAY8 || !image->plane[0] || image->width_px < TILE ||
        image->height_px < TILE || image->width_px > LH_MEASURE_SIDE_PX ||
        image->height_px > LH_MEASURE_SIDE_PX)
        return LH_EINVAL;
    struct measurement m = {.image = image,
                            .tile_columns = image->width_px / TILE,
                            .tile_rows = image->height_px / TILE};
    bool tall = m.tile_rows >= 3 * DRAWN_ROWS;
    m.middle_begin = tall ? DRAWN_ROWS : 0;
    m.middle_end = tall ? m.tile_rows - DRAWN_ROWS : m.tile_rows;

    struct lh_picture_measures measures;
    memset(&measures, 0, sizeof measures);
    measures.hash = hash_rows(image, 0, image->height_px);
    measures.middle_hash = hash_rows(image, m.middle_begin * TILE, m.middle_end * TILE);
    measures.width_px = image->width_px;
    measures.height_px = image->height_px;
    measure_levels(image, &measures);
    measures.lights = measure_lights(&m);
    measure_tiles(&m, &measures);
    measures.sharpness = upper_quartile(m.sharpness, m.sharp_tiles);
    *ret_measures = measures;
    return LH_OK;
}

int lh_picture_measure(struct lh_frame *frame, struct lh_picture_measures *ret_measures)
{
    struct lh_image image;
    int status =
        lh_frame_image(frame, LH_PIXEL_GRAY8, LH_MEASURE_SIDE_PX, LH_MEASURE_SIDE_PX, &image);
    if (status < 0)
        return status;
    struct lh_picture_measures measures;
    status = lh_image_measure(&image, &measures);
    if (status < 0)
        return status;
    measures.width_px = lh_frame_info(frame)->width_px;
    measures.height_px = lh_frame_info(frame)->height_px;
    *ret_measures = measures;
    return LH_OK;
}
