#include "flame_classic/steady.h"

#include <stdlib.h>

#include "cv.h"
#include "view_shift.h"

#define SMALL_WIDTH 240
#define COMPARE_S 1.0
#define APART_S 5.0
#define GOOD_COMPARISONS 2

struct steady {
    int width;
    int height;
    int small_width;
    int small_height;
    float *full;
    float *now;
    float *reference;
    float *scratch;
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
    s->full = calloc((size_t)width * (size_t)height + 3 * small, sizeof(float));
    if (s->full == NULL || s->small_height < 24 || s->small_width < 40) {
        steady_destroy(&s);
        return -1;
    }
    s->now = s->full + (size_t)width * (size_t)height;
    s->reference = s->now + small;
    s->scratch = s->reference + small;
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
        if (s->have_reference && age_s <= APART_S) {
            struct lh_view_shift shift;
            if (lh_view_shift(s->reference, s->now, s->small_width, s->small_height, s->scratch,
                              &shift) != 0)
                return -1;
            same = 2 * shift.same >= shift.blocks;
        }
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
