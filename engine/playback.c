#include "playback.h"

#include "scenario.h"

#include <stdlib.h>

#define AGE_US (60 * LH_SECOND_US)

struct lh_playback {
    struct lh_clock *clock;
    struct lh_scenario *scenario; /* NULL: none */
    struct lh_feed **feeds;
    size_t feed_count;
};

static int open_feeds(struct lh_playback *playback, const struct lh_site *site,
                      struct lh_fault *fault)
{
    const struct lh_feed_options options = {.clock = playback->clock, .box = site->box};
    playback->feeds = calloc(site->feed_count + 1, sizeof(struct lh_feed *));
    int code = playback->feeds ? LH_OK : lh_fail(fault, LH_ENOMEM, "out of memory");
    for (size_t i = 0; i < site->feed_count && code == LH_OK; i++) {
        const struct lh_feed_config *feed = &site->feeds[i];
        if (!feed->enabled || feed->kind != LH_FEED_FILES)
            continue;
        code = lh_feed_create(feed, &options, fault, &playback->feeds[playback->feed_count]);
        playback->feed_count += code == LH_OK;
    }
    return code;
}

int lh_playback_create(const struct lh_playback_options *options, struct lh_fault *fault,
                       struct lh_playback **ret_playback)
{
    struct lh_playback *playback = calloc(1, sizeof *playback);
    if (!playback)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    playback->clock = options->clock;
    int code = open_feeds(playback, options->site, fault);
    if (code == LH_OK && options->events)
        code = lh_scenario_load(options->events, options->site, fault, &playback->scenario);
    if (code != LH_OK) {
        lh_playback_destroy(&playback);
        return code;
    }
    *ret_playback = playback;
    return LH_OK;
}

void lh_playback_destroy(struct lh_playback **playback_pointer)
{
    struct lh_playback *playback = *playback_pointer;
    if (!playback)
        return;
    for (size_t i = 0; i < playback->feed_count; i++)
        lh_feed_destroy(&playback->feeds[i]);
    free(playback->feeds);
    lh_scenario_destroy(&playback->scenario);
    free(playback);
    *playback_pointer = NULL;
}

/* The feed that is due first; of those due at one time the first of the site's. */
static struct lh_feed *next_feed(const struct lh_playback *playback, int64_t *ret_next_us)
{
    struct lh_feed *best = NULL;
    *ret_next_us = INT64_MAX;
    for (size_t i = 0; i < playback->feed_count; i++) {
        const int64_t next_us = lh_feed_next_us(playback->feeds[i]);
        if (next_us < *ret_next_us) {
            *ret_next_us = next_us;
            best = playback->feeds[i];
        }
    }
    return best;
}

static void move_clock(struct lh_playback *playback, int64_t to_us, struct lh_duty *duty)
{
    int64_t now_us = lh_clock_utc_us(playback->clock);
    while (lh_situation_stats(lh_duty_situation(duty)).evidence > 0 && now_us + AGE_US < to_us) {
        now_us += AGE_US;
        lh_clock_replay_set(playback->clock, now_us);
        lh_duty_tick(duty);
    }
    if (to_us > now_us)
        lh_clock_replay_set(playback->clock, to_us);
}

static int play_feed(struct lh_feed *feed, struct lh_duty *duty, struct lh_fault *fault)
{
    struct lh_feed_batch *batch = NULL;
    int code = lh_feed_step(feed, fault, &batch);
    if (code == LH_OK && batch)
        code = lh_duty_hotspots(duty, batch, fault);
    lh_feed_batch_destroy(&batch);
    return code;
}

int lh_playback_until(struct lh_playback *playback, int64_t utc_us, struct lh_duty *duty,
                      struct lh_fault *fault)
{
    int code = LH_OK;
    while (code == LH_OK) {
        int64_t feed_us;
        struct lh_feed *feed = next_feed(playback, &feed_us);
        const int64_t scenario_us =
            playback->scenario ? lh_scenario_next_us(playback->scenario) : INT64_MAX;
        const int64_t next_us = feed_us <= scenario_us ? feed_us : scenario_us;
        if (next_us > utc_us || next_us == INT64_MAX)
            break;
        move_clock(playback, next_us, duty);
        code = feed_us <= scenario_us ? play_feed(feed, duty, fault)
                                      : lh_scenario_step(playback->scenario, duty, fault);
    }
    if (code == LH_OK && utc_us != INT64_MAX)
        move_clock(playback, utc_us, duty);
    return code;
}
