#include "onnx/history.h"
#include "onnx/clones.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct kept {
    uint8_t *pixels;
    int64_t utc_us;
    bool used;
};

struct memory {
    struct onnx_frame frame;
    struct kept kept[ONNX_KEPT]; /* a background has its shown picture in the first */
    int64_t last_us;             /* when something was taken in */
    uint16_t *mean;              /* background: levels in 256ths */
    bool begun;
};

struct onnx_history {
    struct memory memories[ONNX_MAX_FRAMES];
    int count;
    enum onnx_channels order;
    int width; /* 0: nothing kept */
    int height;
};

int onnx_history_create(const struct onnx_input *input, struct onnx_history **ret_history)
{
    struct onnx_history *h = calloc(1, sizeof *h);
    if (!h)
        return -1;
    h->count = input->frame_count;
    h->order = input->channels;
    for (int i = 0; i < h->count; i++)
        h->memories[i].frame = input->frames[i];
    *ret_history = h;
    return 0;
}

static void free_pictures(struct onnx_history *h)
{
    for (int i = 0; i < h->count; i++) {
        struct memory *m = &h->memories[i];
        for (int k = 0; k < ONNX_KEPT; k++)
            free(m->kept[k].pixels);
        free(m->mean);
        *m = (struct memory){.frame = m->frame};
    }
}

void onnx_history_destroy(struct onnx_history **history)
{
    if (!*history)
        return;
    free_pictures(*history);
    free(*history);
    *history = NULL;
}

void onnx_history_forget(struct onnx_history *h)
{
    for (int i = 0; i < h->count; i++) {
        for (int k = 0; k < ONNX_KEPT; k++)
            h->memories[i].kept[k].used = false;
        h->memories[i].begun = false;
    }
}

/* The youngest that is old enough, else the oldest. */
static const struct kept *choose(const struct memory *m, int64_t utc_us)
{
    const int64_t enough_us = m->frame.seconds * INT64_C(750000);
    const int64_t limit_us = m->frame.seconds * INT64_C(10000000);
    const struct kept *best = NULL;
    for (int k = 0; k < ONNX_KEPT; k++) {
        const struct kept *one = &m->kept[k];
        const int64_t age_us = utc_us - one->utc_us;
        if (!one->used || age_us < 0 || age_us > limit_us)
            continue;
        if (!best) {
            best = one;
            continue;
        }
        const bool enough = age_us >= enough_us, best_enough = utc_us - best->utc_us >= enough_us;
        const bool younger = one->utc_us > best->utc_us;
        if (enough != best_enough ? enough : enough ? younger : !younger)
            best = one;
    }
    return best;
}

ONNX_CLONES static void show_background(struct memory *m, size_t values)
{
    uint8_t *restrict to = m->kept[0].pixels;
    const uint16_t *restrict from = m->mean;
    for (size_t i = 0; i < values; i++)
        to[i] = (uint8_t)((from[i] + 128) >> 8);
}

void onnx_history_views(struct onnx_history *h, const struct onnx_view *now, int64_t utc_us,
                        struct onnx_view *ret_views)
{
    const bool fits = h->width == now->width && h->height == now->height;
    for (int i = 0; i < h->count; i++) {
        struct memory *m = &h->memories[i];
        const int channels = m->frame.channels;
        const uint8_t *pixels = NULL;
        if (fits && m->frame.kind == ONNX_BEFORE) {
            const struct kept *one = choose(m, utc_us);
            pixels = one ? one->pixels : NULL;
        } else if (fits && m->frame.kind == ONNX_BACKGROUND && m->begun) {
            show_background(m, (size_t)h->width * (size_t)h->height * (size_t)channels);
            pixels = m->kept[0].pixels;
        }
        ret_views[i] = *now;
        if (pixels)
            ret_views[i] = (struct onnx_view){pixels, (ptrdiff_t)now->width * channels, now->width,
                                              now->height, channels};
    }
}

/* A row in the channels of the memory; luma is room for one row. */
static const uint8_t *row_of(const struct onnx_view *now, int y, int channels,
                             enum onnx_channels order, uint8_t *luma)
{
    const uint8_t *row = now->pixels + y * now->stride;
    if (channels == now->channels)
        return row;
    onnx_luma_row(row, now->width, order, luma);
    return luma;
}

static int keep(struct memory *m, const struct onnx_view *now, int64_t utc_us,
                enum onnx_channels order, uint8_t *luma)
{
    const size_t row_bytes = (size_t)now->width * (size_t)m->frame.channels;
    struct kept *slot = &m->kept[0];
    if (m->begun && utc_us - m->last_us < m->frame.seconds * INT64_C(250000))
        return 0;
    for (int k = 1; k < ONNX_KEPT && slot->used; k++)
        if (!m->kept[k].used || m->kept[k].utc_us < slot->utc_us)
            slot = &m->kept[k];
    if (!slot->pixels)
        slot->pixels = malloc(row_bytes * (size_t)now->height);
    if (!slot->pixels)
        return -1;
    for (int y = 0; y < now->height; y++)
        memcpy(slot->pixels + (size_t)y * row_bytes, row_of(now, y, m->frame.channels, order, luma),
               row_bytes);
    slot->utc_us = utc_us;
    slot->used = true;
    m->last_us = utc_us;
    m->begun = true;
    return 0;
}

/* B += share * (P - B), in 256ths of a level; share in 65536ths. */
ONNX_CLONES static void blend_row(uint16_t *restrict mean, const uint8_t *restrict row,
                                  size_t count, int share)
{
    for (size_t x = 0; x < count; x++) {
        const int difference = ((int)row[x] << 8) - (int)mean[x];
        mean[x] = (uint16_t)((int)mean[x] + ((difference / 2 * share + (1 << 14)) >> 15));
    }
}

static int blend(struct memory *m, const struct onnx_view *now, int64_t utc_us,
                 enum onnx_channels order, uint8_t *luma)
{
    const size_t row_values = (size_t)now->width * (size_t)m->frame.channels;
    const size_t values = row_values * (size_t)now->height;
    if (!m->mean)
        m->mean = malloc(values * sizeof *m->mean);
    if (!m->kept[0].pixels)
        m->kept[0].pixels = malloc(values);
    if (!m->mean || !m->kept[0].pixels)
        return -1;
    const double passed_s = (double)(utc_us - m->last_us) / 1e6;
    const int share =
        m->begun ? (int)lround(65536 * (1 - exp(-fmax(passed_s, 0) / m->frame.seconds))) : 65536;
    for (int y = 0; y < now->height; y++) {
        const uint8_t *row = row_of(now, y, m->frame.channels, order, luma);
        uint16_t *mean = m->mean + (size_t)y * row_values;
        if (m->begun)
            blend_row(mean, row, row_values, share);
        else
            for (size_t x = 0; x < row_values; x++)
                mean[x] = (uint16_t)(row[x] << 8);
    }
    m->last_us = utc_us;
    m->begun = true;
    return 0;
}

int onnx_history_learn(struct onnx_history *h, const struct onnx_view *now, int64_t utc_us)
{
    int result = 0;
    uint8_t *luma = malloc((size_t)now->width);
    if (!luma)
        return -1;
    if (h->width != now->width || h->height != now->height)
        free_pictures(h);
    h->width = now->width;
    h->height = now->height;
    for (int i = 0; i < h->count && result == 0; i++) {
        struct memory *m = &h->memories[i];
        if (m->frame.kind == ONNX_BEFORE)
            result = keep(m, now, utc_us, h->order, luma);
        else if (m->frame.kind == ONNX_BACKGROUND)
            result = blend(m, now, utc_us, h->order, luma);
    }
    free(luma);
    return result;
}
