#include "flame_classic/glow.h"

#include <stdlib.h>
#include <string.h>

#define MIN_CR_CB 40     /* Celik and Demirel's threshold */
#define MIN_LUMA 110     /* a flame lights itself */
#define CORE_LUMA 225    /* burnt out */
#define GREY_CHROMA 6    /* a pixel this near to 128 has no colour */
#define GREY_SHARE 0.995 /* of such pixels in a picture without colour */
#define WHITE_LUMA 235   /* what glows in a dark picture without colour */
#define DARK_MEAN 90

struct means {
    double luma;
    double blue;
    double red;
    double grey_share;
};

static struct means shrink(const struct linhuo_picture *picture, int width, int height,
                           uint8_t *luma)
{
    struct means m = {0};
    uint64_t sum_y = 0, sum_u = 0, sum_v = 0, grey = 0;
    double n = (double)width * (double)height;

    for (int row = 0; row < height; row++) {
        const uint8_t *top = picture->plane[0] + (ptrdiff_t)2 * row * picture->stride[0];
        const uint8_t *low = top + picture->stride[0];
        const uint8_t *u = picture->plane[1] + (ptrdiff_t)row * picture->stride[1];
        const uint8_t *v = picture->plane[2] + (ptrdiff_t)row * picture->stride[2];
        uint8_t *out = luma + (size_t)row * (size_t)width;
        for (ptrdiff_t x = 0; x < width; x++) {
            uint8_t a = top[2 * x] > top[2 * x + 1] ? top[2 * x] : top[2 * x + 1];
            uint8_t b = low[2 * x] > low[2 * x + 1] ? low[2 * x] : low[2 * x + 1];
            out[x] = a > b ? a : b;
            sum_y += out[x];
            sum_u += u[x];
            sum_v += v[x];
            grey += abs(u[x] - 128) <= GREY_CHROMA && abs(v[x] - 128) <= GREY_CHROMA;
        }
    }
    m.luma = (double)sum_y / n;
    m.blue = (double)sum_u / n;
    m.red = (double)sum_v / n;
    m.grey_share = (double)grey / n;
    return m;
}

static void find_colour(const struct linhuo_picture *picture, int width, int height,
                        const struct means *m, const uint8_t *luma, uint8_t *mask)
{
    for (int row = 0; row < height; row++) {
        const uint8_t *u = picture->plane[1] + (ptrdiff_t)row * picture->stride[1];
        const uint8_t *v = picture->plane[2] + (ptrdiff_t)row * picture->stride[2];
        size_t at = (size_t)row * (size_t)width;
        for (int x = 0; x < width; x++) {
            int y = luma[at + (size_t)x];
            mask[at + (size_t)x] = y >= MIN_LUMA && y > m->luma && y > u[x] && v[x] > m->red &&
                                           u[x] < m->blue && v[x] - u[x] >= MIN_CR_CB
                                       ? 255
                                       : 0;
        }
    }
}

/* White next to glowing, one pixel around; twice, so that cores of some pixels fill up. */
static void add_cores(int width, int height, const uint8_t *luma, uint8_t *mask)
{
    for (int round = 0; round < 2; round++)
        for (int y = 1; y + 1 < height; y++)
            for (int x = 1; x + 1 < width; x++) {
                size_t i = (size_t)y * (size_t)width + (size_t)x;
                size_t w = (size_t)width;
                if (mask[i] == 0 && luma[i] >= CORE_LUMA &&
                    (mask[i - 1] == 255 || mask[i + 1] == 255 || mask[i - w] == 255 ||
                     mask[i + w] == 255))
                    mask[i] = 254;
            }
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
        mask[i] = mask[i] != 0 ? 255 : 0;
}

enum glow_light glow_find(const struct linhuo_picture *picture, int width, int height,
                          uint8_t *mask, uint8_t *luma)
{
    struct means m = shrink(picture, width, height, luma);
    size_t n = (size_t)width * (size_t)height;

    find_colour(picture, width, height, &m, luma, mask);
    add_cores(width, height, luma, mask);
    if (m.grey_share < GREY_SHARE || m.luma > DARK_MEAN)
        return GLOW_COLOUR;
    for (size_t i = 0; i < n; i++)
        if (luma[i] >= WHITE_LUMA)
            mask[i] = 255;
    return GLOW_DARK;
}
