#include "smoke_classic/background.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cv.h"

#define STORED_SCALE 128.0f /* levels are kept as signed 16-bit fixed point */
#define DARK_LEVEL 20.0f    /* outside these a sensor clips, and gain says nothing */
#define LIGHT_LEVEL 240.0f
#define FIT_STRIDE 5
#define FIT_ROUNDS 6

struct sample {
    int64_t utc_us;
    int16_t *plane[SMOKE_PLANES];
};

struct smoke_background {
    int width;
    int height;
    size_t cells;
    int64_t short_us;
    int64_t long_us;
    int64_t warmup_us;
    int64_t spacing_us;
    struct sample *ring; /* oldest first */
    size_t capacity;
    size_t count;
    size_t used; /* samples in the model */
    int64_t newest_used_us;
    int64_t first_us;
    float *median[SMOKE_PLANES];
    float *spread[SMOKE_PLANES];
    float *scratch; /* two planes */
    int16_t *stored;
};

int smoke_background_create(double short_s, double long_s, double warmup_s, int width, int height,
                            struct smoke_background **ret_background)
{
    struct smoke_background *b = calloc(1, sizeof(*b));

    if (b == NULL)
        return -1;
    b->width = width;
    b->height = height;
    b->cells = (size_t)width * (size_t)height;
    b->short_us = (int64_t)(short_s * 1e6);
    b->long_us = (int64_t)(long_s * 1e6);
    b->warmup_us = (int64_t)(warmup_s * 1e6);
    b->spacing_us = (b->long_us - b->short_us) / (SMOKE_SAMPLES - 1);
    if (b->spacing_us < 1)
        b->spacing_us = 1;
    b->capacity = SMOKE_SAMPLES + 2 + (size_t)(b->short_us / b->spacing_us);
    if (b->capacity > (size_t)4 * SMOKE_SAMPLES)
        b->capacity = (size_t)4 * SMOKE_SAMPLES;
    b->ring = calloc(b->capacity, sizeof(*b->ring));
    b->stored = calloc(b->capacity * SMOKE_PLANES * b->cells, sizeof(*b->stored));
    b->median[0] = calloc((size_t)2 * SMOKE_PLANES * b->cells, sizeof(float));
    b->scratch = calloc(2 * b->cells, sizeof(float));
    if (b->ring == NULL || b->stored == NULL || b->median[0] == NULL || b->scratch == NULL) {
        smoke_background_destroy(&b);
        return -1;
    }
    for (size_t p = 0; p < SMOKE_PLANES; p++) {
        b->median[p] = b->median[0] + p * b->cells;
        b->spread[p] = b->median[0] + (SMOKE_PLANES + p) * b->cells;
        for (size_t i = 0; i < b->capacity; i++)
            b->ring[i].plane[p] = b->stored + (i * SMOKE_PLANES + p) * b->cells;
    }
    *ret_background = b;
    return 0;
}

void smoke_background_destroy(struct smoke_background **background)
{
    struct smoke_background *b = *background;

    if (b == NULL)
        return;
    free(b->ring);
    free(b->stored);
    free(b->median[0]);
    free(b->scratch);
    free(b);
    *background = NULL;
}

void smoke_background_forget(struct smoke_background *background)
{
    background->count = 0;
    background->used = 0;
}

bool smoke_background_ready(const struct smoke_background *b, int64_t utc_us)
{
    return b->used >= SMOKE_MIN_SAMPLES && utc_us - b->first_us >= b->warmup_us &&
           utc_us - b->newest_used_us <= 2 * b->long_us;
}

const float *smoke_background_median(const struct smoke_background *b, enum smoke_plane p)
{
    return b->median[p];
}

const float *smoke_background_spread(const struct smoke_background *b, enum smoke_plane p)
{
    return b->spread[p];
}

/* Iteratively reweighted least squares with Cauchy weights: what does not fit, a plume or a cloud,
 * loses its say. */
struct smoke_exposure smoke_exposure_fit(const float *a, const float *b, size_t cells)
{
    struct smoke_exposure fit = {1.0f, 0.0f};
    double scale = 16.0;

    for (int round = 0; round < FIT_ROUNDS; round++) {
        double sw = 0, sa = 0, sb = 0, saa = 0, sab = 0, deviation = 0;
        for (size_t i = 0; i < cells; i += FIT_STRIDE) {
            double x = a[i];
            double y = b[i];
            double r = (y - (double)fit.gain * x - (double)fit.offset) / scale;
            double w = 1.0 / (1.0 + r * r);
            if (x < (double)DARK_LEVEL || x > (double)LIGHT_LEVEL || y < (double)DARK_LEVEL ||
                y > (double)LIGHT_LEVEL)
                continue;
            sw += w;
            sa += w * x;
            sb += w * y;
            saa += w * x * x;
            sab += w * x * y;
            deviation += w * fabs(r) * scale;
        }
        double variance = saa - sa * sa / fmax(sw, 1e-9);
        if (sw < 32 || variance < sw)
            break;
        double gain = (sab - sa * sb / sw) / variance;
        gain = gain < 0.25 ? 0.25 : gain > 4.0 ? 4.0 : gain;
        fit.gain = (float)gain;
        fit.offset = (float)((sb - gain * sa) / sw);
        scale = fmax(2.0 * deviation / sw, 2.0);
    }
    return fit;
}

static void store(struct smoke_background *b, const struct smoke_grid *grid, int64_t utc_us)
{
    if (b->count == b->capacity) {
        struct sample oldest = b->ring[0];
        memmove(b->ring, b->ring + 1, (b->capacity - 1) * sizeof(*b->ring));
        b->ring[b->capacity - 1] = oldest;
        b->count--;
    }
    struct sample *s = &b->ring[b->count++];
    s->utc_us = utc_us;
    for (size_t p = 0; p < SMOKE_PLANES; p++)
        for (size_t i = 0; i < b->cells; i++)
            s->plane[p][i] = (int16_t)lrintf(grid->plane[p][i] * STORED_SCALE);
}

static void load_plane(const struct smoke_background *b, const struct sample *s, enum smoke_plane p,
                       float *to)
{
    for (size_t i = 0; i < b->cells; i++)
        to[i] = (float)s->plane[p][i] / STORED_SCALE;
}

/* Distance between second smallest and second largest of n normal samples, n = 6 .. 13 (twice the
 * expected second order statistic; tables of normal order statistics). */
static float normal_range(size_t n)
{
    static const float range[] = {1.284f, 1.515f, 1.704f, 1.864f, 2.003f, 2.124f, 2.232f, 2.328f};
    return n < 6 ? range[0] : n > 13 ? range[7] : range[n - 6];
}

static void sort_small(float *v, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        float x = v[i];
        size_t j = i;
        for (; j > 0 && v[j - 1] > x; j--)
            v[j] = v[j - 1];
        v[j] = x;
    }
}

static void model_plane(struct smoke_background *b, enum smoke_plane p, size_t first, size_t n,
                        const struct smoke_exposure *exposure)
{
    float range = normal_range(n);
    float v[SMOKE_SAMPLES];
    float gain[SMOKE_SAMPLES];
    float offset[SMOKE_SAMPLES];

    if (n < SMOKE_MIN_SAMPLES)
        return;
    for (size_t k = 0; k < n; k++) {
        bool scaled = p == SMOKE_LUMA || p == SMOKE_TEXTURE;
        gain[k] = (scaled ? exposure[k].gain : 1.0f) / STORED_SCALE;
        offset[k] = p == SMOKE_LUMA ? exposure[k].offset : 0.0f;
    }
    for (size_t i = 0; i < b->cells; i++) {
        for (size_t k = 0; k < n; k++)
            v[k] = gain[k] * (float)b->ring[first + k].plane[p][i] + offset[k];
        sort_small(v, n);
        b->median[p][i] = n % 2 == 1 ? v[n / 2] : 0.5f * (v[n / 2 - 1] + v[n / 2]);
        b->spread[p][i] = (v[n - 2] - v[1]) / range;
    }
}

static int model(struct smoke_background *b, size_t first, size_t n)
{
    struct smoke_exposure exposure[SMOKE_SAMPLES];
    float *newest = b->scratch;
    float *other = b->scratch + b->cells;

    load_plane(b, &b->ring[first + n - 1], SMOKE_LUMA, newest);
    for (size_t k = 0; k < n; k++) {
        load_plane(b, &b->ring[first + k], SMOKE_LUMA, other);
        exposure[k] = smoke_exposure_fit(other, newest, b->cells);
    }
    for (int p = 0; p < SMOKE_PLANES; p++) {
        model_plane(b, (enum smoke_plane)p, first, n, exposure);
        if (lh_cv_box_blur(b->spread[p], b->scratch, b->width, b->height, 2) != LH_CV_OK)
            return -1;
        for (size_t i = 0; i < b->cells; i++)
            b->spread[p][i] = fmaxf(b->spread[p][i], b->scratch[i]);
    }
    b->used = n;
    b->newest_used_us = b->ring[first + n - 1].utc_us;
    return 0;
}

static void drop_stale(struct smoke_background *b, int64_t now_us)
{
    size_t stale = 0;

    while (stale < b->count && now_us - b->ring[stale].utc_us > 2 * b->long_us)
        stale++;
    for (size_t i = 0; i < stale; i++) {
        struct sample oldest = b->ring[0];
        memmove(b->ring, b->ring + 1, (b->count - 1) * sizeof(*b->ring));
        b->ring[--b->count] = oldest;
    }
}

int smoke_background_feed(struct smoke_background *b, const struct smoke_grid *grid, int64_t utc_us)
{
    size_t usable = 0;

    drop_stale(b, utc_us);
    if (b->count == 0) {
        b->used = 0;
        b->first_us = utc_us;
    }
    /* A tenth early still counts: watched pictures come with a jitter. */
    if (b->count == 0 || utc_us - b->ring[b->count - 1].utc_us >= b->spacing_us * 9 / 10)
        store(b, grid, utc_us);
    while (usable < b->count && utc_us - b->ring[usable].utc_us >= b->short_us)
        usable++;
    if (usable < SMOKE_MIN_SAMPLES) {
        b->used = 0;
        return 0;
    }
    size_t n = usable < SMOKE_SAMPLES ? usable : SMOKE_SAMPLES;
    if (b->used == n && b->ring[usable - 1].utc_us == b->newest_used_us)
        return 0;
    return model(b, usable - n, n);
}
