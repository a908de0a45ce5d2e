#include "video/health.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double black_mean = 28;
static const double black_lights = 56;
static const double dark_mean = 64;
static const double covered_detail = 0.015;
static const double structure_detail = 0.03; /* below it a repeated picture proves nothing */
static const uint32_t frozen_pictures = 3;
static const double still_factor = 20; /* times frozen_timeout_s */
static const int64_t still_min_us = 1200 * LH_SECOND_US;
static const uint32_t still_level = 64; /* one grey level, in the unit of tile_mean */
static const double still_share = 0.01; /* of the tiles may have moved */
static const double defocused_share = 0.43;
static const double focused_share = 0.50; /* to leave DEFOCUSED */
static const uint32_t learning_pictures = 8;
static const double best_rise = 0.2;
static const double best_half_life_s = 14 * 86400.0;
static const double best_longest_gap_s = 3600; /* outages are not forgetting time */

const char *lh_health_name(enum lh_health_state state)
{
    switch (state) {
    case LH_HEALTH_STARTING:
        return "starting";
    case LH_HEALTH_SEEING:
        return "seeing";
    case LH_HEALTH_DISCONNECTED:
        return "disconnected";
    case LH_HEALTH_STALLED:
        return "stalled";
    case LH_HEALTH_FROZEN:
        return "frozen";
    case LH_HEALTH_BLACK:
        return "black";
    case LH_HEALTH_COVERED:
        return "covered";
    case LH_HEALTH_DEFOCUSED:
        return "defocused";
    }
    return "unknown";
}

static int64_t to_us(double seconds)
{
    return (int64_t)(fmin(fmax(seconds, 0), 1e9) * (double)LH_SECOND_US);
}

void lh_health_init(struct lh_health *health, const struct lh_health_options *options)
{
    memset(health, 0, sizeof *health);
    health->options = *options;
    health->state = LH_HEALTH_STARTING;
    health->candidate = LH_HEALTH_STARTING;
    health->optical = LH_HEALTH_STARTING;
    health->fresh_us = LH_NO_TIME;
    health->still_since_us = LH_NO_TIME;
}

static void forget_view(struct lh_health *health, const struct lh_picture_measures *measures)
{
    health->width_px = measures->width_px;
    health->height_px = measures->height_px;
    health->same_pictures = 0;
    health->still_since_us = LH_NO_TIME;
    health->sharp_pictures = 0;
    health->best_sharpness = 0;
}

/* Counts how long the middle has been exactly the same. Returns true for a new picture. */
static bool note_sameness(struct lh_health *health, const struct lh_picture_measures *measures,
                          int64_t now_us)
{
    if (health->same_pictures > 0 && health->last_hash == measures->middle_hash) {
        if (health->same_pictures < UINT32_MAX)
            health->same_pictures++;
        return false;
    }
    health->last_hash = measures->middle_hash;
    health->same_since_us = now_us;
    health->same_pictures = 1;
    return true;
}

static bool has_moved(const struct lh_health *health, const struct lh_picture_measures *measures)
{
    if (health->still_count != measures->tile_count)
        return true;
    uint32_t moved = 0;
    for (uint32_t i = 0; i < measures->tile_count; i++) {
        int change = abs((int)measures->tile_mean[i] - (int)health->still_mean[i]);
        moved += (uint32_t)change > still_level;
    }
    return moved > still_share * measures->tile_count;
}

/* Counts how long a daylight picture has not moved from its reference. */
static void note_stillness(struct lh_health *health, const struct lh_picture_measures *measures,
                           int64_t now_us)
{
    if (measures->mean < dark_mean) {
        health->still_since_us = LH_NO_TIME;
        return;
    }
    if (health->still_since_us != LH_NO_TIME && !has_moved(health, measures)) {
        if (health->still_pictures < UINT32_MAX)
            health->still_pictures++;
        return;
    }
    health->still_since_us = now_us;
    health->still_pictures = 1;
    health->still_count = measures->tile_count;
    memcpy(health->still_mean, measures->tile_mean, sizeof health->still_mean);
}

static bool is_frozen(const struct lh_health *health, const struct lh_picture_measures *measures,
                      int64_t now_us)
{
    int64_t timeout_us = to_us(health->options.frozen_timeout_s);
    if (timeout_us == 0 || measures->middle_detail < structure_detail)
        return false;
    if (health->same_pictures >= frozen_pictures && now_us - health->same_since_us >= timeout_us)
        return true;
    int64_t still_us = to_us(still_factor * health->options.frozen_timeout_s);
    if (still_us < still_min_us)
        still_us = still_min_us;
    return health->still_since_us != LH_NO_TIME && health->still_pictures >= frozen_pictures &&
           now_us - health->still_since_us >= still_us;
}

static bool is_defocused(const struct lh_health *health, const struct lh_picture_measures *measures)
{
    bool before = health->optical == LH_HEALTH_DEFOCUSED;
    if (measures->sharpness < 0)
        return before;
    return health->sharp_pictures >= learning_pictures &&
           measures->sharpness <
               health->best_sharpness * (before ? focused_share : defocused_share);
}

static enum lh_health_state judge(const struct lh_health *health,
                                  const struct lh_picture_measures *measures, int64_t now_us)
{
    if (measures->mean < black_mean && measures->lights < black_lights)
        return LH_HEALTH_BLACK;
    /* Not black at this mean: lights in the dark, and those are seen. */
    double bound = measures->mean < dark_mean ? 0 : covered_detail;
    if (measures->mean >= black_mean && measures->middle_detail <= bound)
        return LH_HEALTH_COVERED;
    if (is_frozen(health, measures, now_us))
        return LH_HEALTH_FROZEN;
    if (is_defocused(health, measures))
        return LH_HEALTH_DEFOCUSED;
    return LH_HEALTH_SEEING;
}

/* Learns from pictures judged good only, so that a camera that lost its focus is not forgiven. */
static void learn_sharpness(struct lh_health *health, double sharpness, int64_t now_us)
{
    if (sharpness < 0)
        return;
    if (health->sharp_pictures < learning_pictures) {
        health->sharp_pictures++;
        health->best_sharpness += (sharpness - health->best_sharpness) / health->sharp_pictures;
        health->sharp_us = now_us;
        return;
    }
    double gap_s = (double)(now_us - health->sharp_us) / (double)LH_SECOND_US;
    gap_s = fmin(fmax(gap_s, 0), best_longest_gap_s);
    health->best_sharpness *= exp2(-gap_s / best_half_life_s);
    if (sharpness > health->best_sharpness)
        health->best_sharpness += best_rise * (sharpness - health->best_sharpness);
    health->sharp_us = now_us;
}

static bool is_from_stream(enum lh_health_state state)
{
    return state == LH_HEALTH_STARTING || state == LH_HEALTH_DISCONNECTED ||
           state == LH_HEALTH_STALLED;
}

static void enter(struct lh_health *health, enum lh_health_state state, int64_t now_us)
{
    health->state = state;
    health->candidate = state;
    health->candidate_since_us = now_us;
    if (!is_from_stream(state))
        health->optical = state;
}

static void follow(struct lh_health *health, enum lh_health_state verdict, int64_t now_us)
{
    bool after_stream = is_from_stream(health->state);
    bool known = verdict == LH_HEALTH_SEEING || verdict == health->optical;
    if (verdict == health->state || verdict == LH_HEALTH_FROZEN || (after_stream && known)) {
        enter(health, verdict, now_us);
        return;
    }
    /* One kind of blindness may turn into another while the hold runs; seeing starts it again. */
    bool same_side = health->candidate != health->state &&
                     (verdict == LH_HEALTH_SEEING) == (health->candidate == LH_HEALTH_SEEING);
    if (!same_side)
        health->candidate_since_us = now_us;
    health->candidate = verdict;
    if (now_us - health->candidate_since_us >= to_us(health->options.hold_s))
        enter(health, verdict, now_us);
}

enum lh_health_state lh_health_picture(struct lh_health *health,
                                       const struct lh_picture_measures *measures, int64_t now_us)
{
    if (health->width_px != measures->width_px || health->height_px != measures->height_px)
        forget_view(health, measures);
    health->pictures++;
    bool fresh = note_sameness(health, measures, now_us);
    note_stillness(health, measures, now_us);
    enum lh_health_state verdict = judge(health, measures, now_us);
    if (verdict == LH_HEALTH_SEEING) {
        learn_sharpness(health, measures->sharpness, now_us);
        if (fresh)
            health->fresh_us = now_us;
    }
    follow(health, verdict, now_us);
    return health->state;
}

void lh_health_stream(struct lh_health *health, enum lh_health_state state, int64_t now_us)
{
    if (state == health->state)
        return;
    enter(health, state, now_us);
}
