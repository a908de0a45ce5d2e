#include "flame_classic/steady.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cv.h"

#define SMALL_WIDTH 240
#define BLOCKS_ACROSS 5
#define BLOCKS_DOWN 3
#define COMPARE_S 1.0
#define APART_S 5.0
#define MAX_SHIFT_PX 0.75
#define MIN_RESPONSE 0.2
#define MIN_DEVIATION 6.0 /* levels: a block smoother than this cannot be placed */
#define GOOD_COMPARISONS 2

struct steady {
    int width;
    int height;
    int small_width;
    int small_height;
    float *full;
    float *now;
    float *reference;
    float *block; /* two of them */
    int64_t reference_us;
    bool have_reference;
    int good;
};

int steady_create(int width, int height, struct steady **ret_steady)
{
    struct steady *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return -1;
    s->width = width;
    s->height = height;
    s->small_width = width < SMALL_WIDTH ? width : SMALL_WIDTH;
    s->small_height = height * s->small_width / width;
    size_t small = (size_t)s->small_width * (size_t)s->small_height;
    s->full = calloc((size_t)width * (size_t)height + 4 * small, sizeof(float));
    if (s->full == NULL || s->small_height < 8 * BLOCKS_DOWN ||
        s->small_width < 8 * BLOCKS_ACROSS) {
        steady_destroy(&s);
        return -1;
    }
    s->now = s->full + (size_t)width * (size_t)height;
    s->reference = s->now + small;
    s->block = s->reference + small;
    steady_forget(s);
    *ret_steady = s;
    return 0;
}

void steady_destroy(struct steady **steady)
{
    struct steady *s = *steady;

    if (s == NULL)
        return;
    free(s->full);
    free(s);
    *steady = NULL;
}

void steady_forget(struct steady *s)
{
    s->have_reference = false;
    s->good = 0;
}

static double take_block(const struct steady *s, const float *from, int column, int row, int width,
                         int height, float *to)
{
    double sum = 0, squares = 0;
    double n = (double)width * height;

    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            float v = from[(row * height + y) * s->small_width + column * width + x];
            to[y * width + x] = v;
            sum += v;
            squares += v * v;
        }
    return sqrt(fmax(squares / n - sum / n * sum / n, 0));
}

/* True when at least half of the blocks that have something to see are where they were. */
static int compare(const struct steady *s, bool *ret_same)
{
    int width = s->small_width / BLOCKS_ACROSS;
    int height = s->small_height / BLOCKS_DOWN;
    int seen = 0, same = 0;
    float *other = s->block + width * height;

    for (int row = 0; row < BLOCKS_DOWN; row++)
        for (int column = 0; column < BLOCKS_ACROSS; column++) {
            double x, y, response;
            double a = take_block(s, s->reference, column, row, width, height, s->block);
            double b = take_block(s, s->now, column, row, width, height, other);
            if (a < MIN_DEVIATION && b < MIN_DEVIATION)
                continue;
            if (lh_cv_shift(s->block, other, width, height, &x, &y, &response) != LH_CV_OK)
                return -1;
            seen++;
            same += hypot(x, y) <= MAX_SHIFT_PX && response >= MIN_RESPONSE;
        }
    *ret_same = 2 * same >= seen;
    return 0;
}

int steady_look(struct steady *s, const uint8_t *luma, int64_t utc_us, bool *ret_steady)
{
    double age_s = (double)(utc_us - s->reference_us) / 1e6;
    bool same = true;

    if (!s->have_reference || age_s >= COMPARE_S) {
        for (size_t i = 0; i < (size_t)s->width * (size_t)s->height; i++)
            s->full[i] = luma[i];
        if (lh_cv_shrink(s->full, s->width, s->height, s->now, s->small_width, s->small_height) !=
            LH_CV_OK)
            return -1;
        if (s->have_reference && age_s <= APART_S && compare(s, &same) != 0)
            return -1;
        s->good = same ? s->good + 1 : 0;
        s->good = s->good > GOOD_COMPARISONS ? GOOD_COMPARISONS : s->good;
        float *swap = s->reference;
        s->reference = s->now;
        s->now = swap;
        s->reference_us = utc_us;
        s->have_reference = true;
    }
    *ret_steady = s->good >= GOOD_COMPARISONS;
    return 0;
}
