#include "locate/pose_history.h"

#include <math.h>
#include <stdlib.h>

struct reading {
    int64_t utc_us;
    struct lh_pointing pointing;
    enum lh_moving moving;
};

struct lh_pose_history {
    struct lh_pose_history_options options;
    struct reading readings[LH_POSE_READINGS]; /* a ring */
    size_t first;
    size_t count;
};

int lh_pose_history_create(struct lh_pose_history_options options,
                           struct lh_pose_history **ret_history)
{
    if (options.steady_count < 1 || options.steady_count > LH_POSE_READINGS ||
        !(options.tolerance_deg >= 0.0) || options.gap_us <= 0)
        return LH_EINVAL;
    struct lh_pose_history *history = calloc(1, sizeof *history);
    if (!history)
        return LH_ENOMEM;
    history->options = options;
    *ret_history = history;
    return LH_OK;
}

void lh_pose_history_destroy(struct lh_pose_history **history)
{
    free(*history);
    *history = NULL;
}

static const struct reading *nth(const struct lh_pose_history *history, size_t n)
{
    return &history->readings[(history->first + n) % LH_POSE_READINGS];
}

int lh_pose_history_push(struct lh_pose_history *history, int64_t utc_us,
                         struct lh_pointing pointing, enum lh_moving moving)
{
    if (!isfinite(pointing.azimuth_deg) || !isfinite(pointing.tilt_deg) || isinf(pointing.zoom) ||
        utc_us == LH_NO_TIME)
        return LH_EINVAL;
    if (history->count > 0) {
        const int64_t last_us = nth(history, history->count - 1)->utc_us;
        if (utc_us < last_us && last_us - utc_us > history->options.gap_us)
            history->count = 0;
        else if (utc_us <= last_us)
            return LH_ERANGE;
    }
    if (history->count == LH_POSE_READINGS) {
        history->first = (history->first + 1) % LH_POSE_READINGS;
        history->count--;
    }
    pointing.azimuth_deg = lh_azimuth_wrap(pointing.azimuth_deg);
    history->readings[(history->first + history->count++) % LH_POSE_READINGS] =
        (struct reading){utc_us, pointing, moving};
    return LH_OK;
}

static bool same_zoom(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    return fabs(a - b) <= 0.01 * fmax(fabs(a), fabs(b));
}

static bool same_view(const struct lh_pose_history *history, const struct reading *a,
                      const struct reading *b)
{
    const double off_deg = lh_azimuth_difference(a->pointing.azimuth_deg, b->pointing.azimuth_deg);
    return fabs(off_deg) <= history->options.tolerance_deg &&
           fabs(a->pointing.tilt_deg - b->pointing.tilt_deg) <= history->options.tolerance_deg &&
           same_zoom(a->pointing.zoom, b->pointing.zoom);
}

static struct lh_pointing between(const struct reading *a, const struct reading *b, int64_t utc_us)
{
    const double share = (double)(utc_us - a->utc_us) / (double)(b->utc_us - a->utc_us);
    const double turn_deg = lh_azimuth_difference(a->pointing.azimuth_deg, b->pointing.azimuth_deg);
    return (struct lh_pointing){
        .azimuth_deg = lh_azimuth_wrap(a->pointing.azimuth_deg + share * turn_deg),
        .tilt_deg = a->pointing.tilt_deg + share * (b->pointing.tilt_deg - a->pointing.tilt_deg),
        .zoom = a->pointing.zoom + share * (b->pointing.zoom - a->pointing.zoom),
    };
}

/* The number of readings not after a moment. */
static size_t count_until(const struct lh_pose_history *history, int64_t utc_us)
{
    size_t low = 0;
    size_t high = history->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (nth(history, middle)->utc_us <= utc_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Of the readings before and the one after, if any. */
static enum lh_stance stance_of(const struct lh_pose_history *history, size_t before,
                                const struct reading *after)
{
    const struct reading *last = nth(history, before - 1);
    if (last->moving == LH_MOVING_YES || (after && after->moving == LH_MOVING_YES) ||
        (after && !same_view(history, last, after)))
        return LH_STANCE_MOVING;
    const size_t wanted = (size_t)history->options.steady_count;
    for (size_t i = 1; i < wanted && i < before; i++) {
        const struct reading *earlier = nth(history, before - 1 - i);
        const struct reading *later = nth(history, before - i);
        if (later->utc_us - earlier->utc_us > history->options.gap_us)
            return LH_STANCE_UNKNOWN;
        if (earlier->moving == LH_MOVING_YES || !same_view(history, earlier, last))
            return LH_STANCE_MOVING;
    }
    return before < wanted ? LH_STANCE_UNKNOWN : LH_STANCE_STEADY;
}

struct lh_pose_at lh_pose_history_at(const struct lh_pose_history *history, int64_t utc_us)
{
    const int64_t gap_us = history->options.gap_us;
    const size_t before = count_until(history, utc_us);
    const struct reading *after = before < history->count ? nth(history, before) : NULL;
    struct lh_pose_at at = {.stance = LH_STANCE_UNKNOWN, .settled = after != NULL};
    if (before == 0)
        return at;
    const struct reading *last = nth(history, before - 1);
    if (after && after->utc_us - last->utc_us > gap_us)
        after = NULL;
    if (utc_us - last->utc_us > gap_us)
        return at;
    at.stance = stance_of(history, before, after);
    at.pointing = after ? between(last, after, utc_us) : last->pointing;
    return at;
}
