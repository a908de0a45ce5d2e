#include "detect/track.h"

#include "base/clock.h"
#include "base/error.h"
#include "detect/spending.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define START_US INT64_C(1700000000000000)
#define MAX_EVENTS 4096

struct event {
    enum lh_track_event_type type;
    struct lh_track track;
};

struct record {
    struct event events[MAX_EVENTS];
    size_t count;
};

static struct record record;

static void note(void *context, enum lh_track_event_type type, const struct lh_track *track)
{
    struct record *into = context;
    assert_true(into->count < MAX_EVENTS);
    into->events[into->count++] = (struct event){type, *track};
}

static const struct lh_track_config defaults = {
    .min_overlap = 0.1,
    .max_gap_s = 60.0,
    .max_gap_looks = 5,
    .max_distance_share = 0.05,
    .confirm_hits = 3,
    .confirm_window = 5,
    .confirm_min_s = 0.0,
    .confirm_score = 0.4,
    .release_score = 0.2,
    .min_growth = 0.0,
    .max_tracks = 8,
};

static struct lh_detection find(enum lh_kind kind, float x, float y, float side, float score)
{
    struct lh_detection detection = {.kind = kind, .box = {x, y, side, side}, .score = score};
    return detection;
}

static struct lh_tracker *make(const struct lh_track_config *config)
{
    struct lh_tracker *tracker = NULL;
    assert_int_equal(lh_tracker_create(config, &tracker), LH_OK);
    record.count = 0;
    return tracker;
}

static void feed(struct lh_tracker *tracker, double seconds, const struct lh_detection *detections,
                 size_t count)
{
    assert_int_equal(lh_tracker_feed(tracker, START_US + (int64_t)(seconds * 1e6), detections,
                                     count, note, &record),
                     LH_OK);
}

static void feed_one(struct lh_tracker *tracker, double seconds, struct lh_detection detection)
{
    feed(tracker, seconds, &detection, 1);
}

static size_t count_events(enum lh_track_event_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < record.count; i++)
        count += record.events[i].type == type;
    return count;
}

static void confirms_by_k_of_n(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    const struct lh_detection smoke = find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.6F);
    feed_one(tracker, 0, smoke);
    feed(tracker, 10, NULL, 0);
    feed_one(tracker, 20, smoke);
    feed(tracker, 30, NULL, 0);
    assert_int_equal(record.count, 0);
    feed_one(tracker, 40, smoke);
    assert_int_equal(record.count, 1);
    const struct lh_track raised = record.events[0].track;
    assert_int_equal(record.events[0].type, LH_TRACK_RAISED);
    assert_int_equal(raised.id, 1);
    assert_int_equal(raised.state, LH_TRACK_CONFIRMED);
    assert_int_equal(raised.hits, 3);
    assert_int_equal(raised.first_utc_us, START_US);
    assert_int_equal(raised.confirmed_utc_us, START_US + 40 * LH_SECOND_US);
    assert_true(fabsf(raised.score - 0.6F) < 1e-6F);
    feed_one(tracker, 50, smoke);
    assert_int_equal(count_events(LH_TRACK_UPDATED), 1);
    assert_int_equal(count_events(LH_TRACK_RAISED), 1);
    lh_tracker_flush(tracker, note, &record);
    assert_int_equal(count_events(LH_TRACK_LOST), 1);
    assert_int_equal(record.events[record.count - 1].track.state, LH_TRACK_ENDED);
    lh_tracker_destroy(&tracker);
    assert_null(tracker);
}

static void too_few_hits_in_the_window_confirm_nothing(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    for (int i = 0; i < 60; i++) {
        const struct lh_detection smoke = find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.9F);
        feed(tracker, i, &smoke, i % 3 == 0 ? 1 : 0); /* at most 2 of 5 */
    }
    assert_int_equal(record.count, 0);
    const struct lh_track *tracks = NULL;
    assert_int_equal(lh_tracker_tracks(tracker, &tracks), 1);
    assert_int_equal(tracks[0].state, LH_TRACK_TENTATIVE);
    lh_tracker_destroy(&tracker);
}

static void asks_for_time_score_and_growth(void **state)
{
    (void)state;
    struct lh_track_config config = defaults;
    config.confirm_min_s = 20.0;
    struct lh_tracker *tracker = make(&config);
    for (int i = 0; i <= 9; i++)
        feed_one(tracker, 2.0 * i, find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.9F));
    assert_int_equal(record.count, 0);
    feed_one(tracker, 20.0, find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.9F));
    assert_int_equal(count_events(LH_TRACK_RAISED), 1);
    lh_tracker_destroy(&tracker);

    tracker = make(&defaults);
    for (int i = 0; i < 20; i++)
        feed_one(tracker, 2.0 * i, find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.39F));
    assert_int_equal(record.count, 0);
    for (int i = 20; i < 25; i++)
        feed_one(tracker, 2.0 * i, find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.8F));
    assert_int_equal(count_events(LH_TRACK_RAISED), 1);
    lh_tracker_destroy(&tracker);

    config = defaults;
    config.min_growth = 1.5;
    tracker = make(&config);
    for (int i = 0; i < 20; i++) {
        const struct lh_detection both[] = {find(LH_KIND_SMOKE, 0.1F, 0.4F, 0.1F, 0.9F),
                                            find(LH_KIND_FLAME, 0.7F, 0.7F, 0.1F, 0.9F)};
        feed(tracker, 2.0 * i, both, 2);
    }
    assert_int_equal(count_events(LH_TRACK_RAISED), 1); /* growth is asked of smoke alone */
    assert_int_equal(record.events[0].track.kind, LH_KIND_FLAME);
    for (int i = 20; i < 30; i++)
        feed_one(tracker, 2.0 * i,
                 find(LH_KIND_SMOKE, 0.1F, 0.4F, 0.1F + 0.01F * (float)(i - 19), 0.9F));
    assert_int_equal(count_events(LH_TRACK_RAISED), 2);
    lh_tracker_destroy(&tracker);
}

static void growth_is_of_the_area(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    const struct lh_track *tracks = NULL;
    for (int i = 0; i < 10; i++)
        feed_one(tracker, i, find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.9F));
    assert_int_equal(lh_tracker_tracks(tracker, &tracks), 1);
    assert_true(fabsf(tracks[0].growth - 1.0F) < 1e-4F);
    for (int i = 10; i < 40; i++)
        feed_one(tracker, i, find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.2F, 0.9F));
    assert_int_equal(lh_tracker_tracks(tracker, &tracks), 1);
    assert_true(fabsf(tracks[0].growth - 4.0F) < 0.01F);
    assert_true(fabsf(tracks[0].reach.width - 0.2F) < 1e-6F);
    assert_true(fabsf(tracks[0].first_box.width - 0.1F) < 1e-6F);
    assert_true(fabsf(tracks[0].steady.width - 0.2F) < 1e-3F);
    lh_tracker_destroy(&tracker);
}

/* One wild box neither confirms by growth nor moves the steady box far. */
static void one_wild_box_changes_little(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    const struct lh_track *tracks = NULL;
    for (int i = 0; i < 6; i++)
        feed_one(tracker, i, find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.9F));
    feed_one(tracker, 6, find(LH_KIND_SMOKE, 0.35F, 0.35F, 0.2F, 0.9F));
    assert_int_equal(lh_tracker_tracks(tracker, &tracks), 1);
    assert_true(tracks[0].growth < 2.5F);
    assert_true(tracks[0].steady.width < 0.15F);
    assert_true(fabsf(tracks[0].box.width - 0.2F) < 1e-6F);
    lh_tracker_destroy(&tracker);
}

static void hysteresis_keeps_and_releases(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    for (int i = 0; i < 5; i++)
        feed_one(tracker, i, find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.6F));
    for (int i = 5; i < 30; i++) /* too weak to be confirmed, strong enough to stay */
        feed_one(tracker, i, find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.3F));
    assert_int_equal(count_events(LH_TRACK_RAISED), 1);
    assert_int_equal(count_events(LH_TRACK_LOST), 0);
    assert_int_equal(count_events(LH_TRACK_UPDATED), 27);
    for (int i = 30; i < 35; i++)
        feed_one(tracker, i, find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.05F));
    assert_int_equal(count_events(LH_TRACK_LOST), 1);
    lh_tracker_destroy(&tracker);
}

static void gaps_end_tracks(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    const struct lh_detection smoke = find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.6F);
    for (int i = 0; i < 3; i++)
        feed_one(tracker, 10.0 * i, smoke);
    for (int i = 3; i <= 8; i++)
        feed(tracker, 10.0 * i, NULL, 0); /* unseen since 20 s: 60 s are no gap yet */
    assert_int_equal(count_events(LH_TRACK_LOST), 0);
    feed_one(tracker, 81.0, smoke); /* too late: this is another one */
    assert_int_equal(count_events(LH_TRACK_LOST), 1);
    const struct lh_track *tracks = NULL;
    assert_int_equal(lh_tracker_tracks(tracker, &tracks), 1);
    assert_int_equal(tracks[0].id, 2);
    lh_tracker_destroy(&tracker);
}

static void jumps_of_time_end_tracks(void **state)
{
    (void)state;
    const double jumps[] = {-5.0, 200.0, 86400.0 * 365.0, -1.7e9};
    for (size_t jump = 0; jump < sizeof jumps / sizeof jumps[0]; jump++) {
        struct lh_tracker *tracker = make(&defaults);
        const struct lh_detection smoke = find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.6F);
        for (int i = 0; i < 4; i++)
            feed_one(tracker, i, smoke);
        feed_one(tracker, 3.0 + jumps[jump], smoke);
        assert_int_equal(count_events(LH_TRACK_LOST), 1);
        assert_int_equal(count_events(LH_TRACK_RAISED), 1);
        for (int i = 1; i < 4; i++)
            feed_one(tracker, 3.0 + jumps[jump] + i, smoke);
        assert_int_equal(count_events(LH_TRACK_RAISED), 2);
        assert_int_equal(record.events[record.count - 1].track.id, 2);
        lh_tracker_destroy(&tracker);
    }
}

static void extreme_times_are_survived(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    const struct lh_detection smoke = find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.6F);
    const int64_t times[] = {INT64_MAX, 0, INT64_MIN + 1, INT64_MAX, -5, INT64_MIN + 1};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        assert_int_equal(lh_tracker_feed(tracker, times[i], &smoke, 1, note, &record), LH_OK);
    lh_tracker_destroy(&tracker);
}

static void stills_a_minute_apart_are_followed(void **state)
{
    (void)state;
    const struct lh_detection smoke = find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.6F);
    const double steps_s[] = {60.0, 180.0};
    for (size_t step = 0; step < 2; step++) {
        struct lh_tracker *tracker = make(&defaults);
        int i = 0;
        for (; i < 12; i++)
            feed(tracker, steps_s[step] * i, &smoke, i % 2 == 1 ? 1 : 0);
        assert_int_equal(count_events(LH_TRACK_RAISED), 1);
        for (int unseen = 1; unseen <= 5; unseen++)
            feed(tracker, steps_s[step] * i++, NULL, 0); /* five looks without it are no gap yet */
        assert_int_equal(count_events(LH_TRACK_LOST), 0);
        feed(tracker, steps_s[step] * i, NULL, 0);
        assert_int_equal(count_events(LH_TRACK_LOST), 1);
        lh_tracker_destroy(&tracker);
    }
}

static void an_outage_does_not_stretch_the_gap(void **state)
{
    (void)state;
    const struct lh_detection smoke = find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.6F);
    struct lh_track_config config = defaults;
    for (int looks = 0; looks <= 5; looks += 5) {
        config.max_gap_looks = looks;
        struct lh_tracker *tracker = make(&config);
        double at_s = 0.0;
        for (int i = 0; i < 6; i++, at_s += 30.0)
            feed_one(tracker, at_s, smoke);
        at_s += 100.0; /* 130 s dark: more than a minute, less than five looks */
        feed_one(tracker, at_s, smoke);
        assert_int_equal(count_events(LH_TRACK_LOST), looks == 0 ? 1 : 0);
        record.count = 0;
        feed_one(tracker, at_s + 151.0, smoke); /* more than five looks */
        assert_int_equal(count_events(LH_TRACK_LOST), looks == 0 ? 0 : 1);
        lh_tracker_destroy(&tracker);
    }
}

static void kinds_do_not_mix(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    for (int i = 0; i < 6; i++)
        feed_one(tracker, i, find(i % 2 ? LH_KIND_SMOKE : LH_KIND_FLAME, 0.4F, 0.4F, 0.1F, 0.9F));
    assert_int_equal(count_events(LH_TRACK_RAISED), 2);
    assert_int_not_equal(record.events[0].track.kind, record.events[record.count - 1].track.kind);
    lh_tracker_destroy(&tracker);
}

static void wandering_boxes_stay_one_track(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    uint32_t seed = 7;
    for (int i = 0; i < 200; i++) {
        seed = seed * 1664525U + 1013904223U;
        const float side = 0.06F + 0.06F * (float)(seed >> 24) / 255.0F;
        seed = seed * 1664525U + 1013904223U;
        const float x = 0.4F + 0.03F * (float)(seed >> 24) / 255.0F;
        feed_one(tracker, 2.0 * i, find(LH_KIND_SMOKE, x, 0.4F - side, side, 0.6F));
    }
    assert_int_equal(count_events(LH_TRACK_RAISED), 1);
    assert_int_equal(count_events(LH_TRACK_LOST), 0);
    lh_tracker_destroy(&tracker);
}

static void small_things_are_followed_by_distance(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    for (int i = 0; i < 10; i++) {
        const struct lh_detection two[] = {
            find(LH_KIND_FLAME, 0.1F + 0.03F * (float)i, 0.2F, 0.005F, 0.9F),
            find(LH_KIND_FLAME, 0.1F + 0.03F * (float)i, 0.6F, 0.005F, 0.8F)};
        feed(tracker, i, two, 2);
    }
    assert_int_equal(count_events(LH_TRACK_RAISED), 2);
    const struct lh_track *tracks = NULL;
    assert_int_equal(lh_tracker_tracks(tracker, &tracks), 2);
    assert_true(tracks[0].box.y < 0.3F && tracks[0].first_box.y < 0.3F);
    assert_true(tracks[1].box.y > 0.5F && tracks[1].first_box.y > 0.5F);
    lh_tracker_destroy(&tracker);
}

static void two_detectors_and_pieces_make_one_track(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    for (int i = 0; i < 10; i++) {
        struct lh_detection three[] = {
            find(LH_KIND_SMOKE, 0.40F, 0.4F, 0.10F, 0.6F),
            find(LH_KIND_SMOKE, 0.42F, 0.4F, 0.12F, 0.7F),
            find(LH_KIND_SMOKE, 0.41F, 0.41F, 0.02F, 0.5F),
        };
        three[1].detector = 3;
        feed(tracker, i, three, i < 5 ? 3 : 1);
    }
    const struct lh_track *tracks = NULL;
    assert_int_equal(lh_tracker_tracks(tracker, &tracks), 1);
    assert_int_equal(tracks[0].detectors, 1U << 3 | 1U);
    assert_int_equal(count_events(LH_TRACK_RAISED), 1);
    /* the plume falls into two pieces that do not touch */
    for (int i = 10; i < 20; i++) {
        const struct lh_detection pieces[] = {find(LH_KIND_SMOKE, 0.40F, 0.42F, 0.04F, 0.6F),
                                              find(LH_KIND_SMOKE, 0.455F, 0.42F, 0.04F, 0.5F)};
        feed(tracker, i, pieces, i == 10 ? 2 : 1);
    }
    assert_int_equal(lh_tracker_tracks(tracker, &tracks), 1);
    assert_int_equal(count_events(LH_TRACK_RAISED), 1);
    lh_tracker_destroy(&tracker);
}

/* Detectors draw one plume now here, now there; where it was of late is still it. */
static void where_it_was_of_late_is_still_it(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    for (int i = 0; i < 5; i++)
        feed_one(tracker, i, find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, 0.7F));
    for (int i = 5; i < 40; i++) /* its left and its right end by turns */
        feed_one(tracker, i, find(LH_KIND_SMOKE, i % 2 ? 0.40F : 0.48F, 0.45F, 0.02F, 0.7F));
    assert_int_equal(count_events(LH_TRACK_LOST), 0);
    assert_int_equal(count_events(LH_TRACK_RAISED), 1);
    const struct lh_track *tracks = NULL;
    assert_int_equal(lh_tracker_tracks(tracker, &tracks), 1);
    assert_int_equal(tracks[0].hits, 40);
    /* but one that begins elsewhere is another */
    for (int i = 40; i < 45; i++)
        feed_one(tracker, i, find(LH_KIND_SMOKE, 0.7F, 0.4F, 0.03F, 0.7F));
    assert_int_equal(count_events(LH_TRACK_RAISED), 2);
    lh_tracker_destroy(&tracker);
}

static void limit_keeps_confirmed_and_strong_ones(void **state)
{
    (void)state;
    struct lh_track_config config = defaults;
    config.max_tracks = 4;
    struct lh_tracker *tracker = make(&config);
    for (int i = 0; i < 3; i++) {
        const struct lh_detection two[] = {find(LH_KIND_SMOKE, 0.1F, 0.1F, 0.05F, 0.41F),
                                           find(LH_KIND_SMOKE, 0.9F, 0.1F, 0.05F, 0.45F)};
        feed(tracker, i, two, 2);
    }
    assert_int_equal(count_events(LH_TRACK_RAISED), 2);
    for (int i = 3; i < 50; i++) {
        struct lh_detection crowd[10];
        for (int k = 0; k < 10; k++)
            crowd[k] = find(LH_KIND_SMOKE, 0.09F * (float)k, 0.2F + 0.015F * (float)i, 0.01F,
                            0.5F + 0.04F * (float)k);
        feed(tracker, i, crowd, 10);
        const struct lh_track *tracks = NULL;
        assert_true(lh_tracker_tracks(tracker, &tracks) <= 4);
        assert_int_equal(tracks[0].id, 1);
        assert_int_equal(tracks[1].id, 2);
        assert_int_equal(tracks[0].state, LH_TRACK_CONFIRMED);
    }
    assert_int_equal(count_events(LH_TRACK_LOST), 0);
    lh_tracker_destroy(&tracker);

    config.max_tracks = 2;
    tracker = make(&config);
    const struct lh_detection three[] = {find(LH_KIND_SMOKE, 0.1F, 0.1F, 0.05F, 0.3F),
                                         find(LH_KIND_SMOKE, 0.5F, 0.1F, 0.05F, 0.9F),
                                         find(LH_KIND_SMOKE, 0.9F, 0.1F, 0.05F, 0.6F)};
    feed(tracker, 0, three, 3);
    const struct lh_track *tracks = NULL;
    assert_int_equal(lh_tracker_tracks(tracker, &tracks), 2);
    assert_true(tracks[0].box.x > 0.4F && tracks[1].box.x > 0.4F);
    lh_tracker_destroy(&tracker);
}

/* Plumes, clutter and gaps from a seed. */
static size_t scene(uint32_t frame, uint32_t *seed, struct lh_detection *detections)
{
    size_t count = 0;
    for (int i = 0; i < 3; i++) {
        *seed = *seed * 1664525U + 1013904223U;
        if ((*seed >> 16) % 4 == 0)
            continue;
        const float side = 0.03F + 0.0005F * (float)(frame % 100) + (float)(*seed >> 28) * 0.001F;
        detections[count] = find(LH_KIND_SMOKE, 0.1F + 0.3F * (float)i, 0.5F - side, side,
                                 0.4F + 0.01F * (float)(*seed >> 27));
        detections[count++].detector = (uint16_t)i;
    }
    const size_t clutter = (*seed >> 20) % 12;
    for (size_t i = 0; i < clutter; i++) {
        *seed = *seed * 1664525U + 1013904223U;
        detections[count++] =
            find(*seed & 64 ? LH_KIND_FLAME : LH_KIND_SMOKE, (float)(*seed >> 16 & 255) / 260.0F,
                 (float)(*seed >> 24) / 260.0F, 0.01F + (float)(*seed & 15) / 400.0F,
                 (float)(*seed >> 8 & 255) / 255.0F);
    }
    return count;
}

static bool same_box(struct lh_box a, struct lh_box b)
{
    return a.x == b.x && a.y == b.y && a.width == b.width && a.height == b.height;
}

static bool same_track(const struct lh_track *a, const struct lh_track *b)
{
    return a->id == b->id && a->kind == b->kind && a->state == b->state &&
           same_box(a->box, b->box) && same_box(a->reach, b->reach) && a->score == b->score &&
           a->growth == b->growth && a->hits == b->hits && a->misses == b->misses &&
           a->last_utc_us == b->last_utc_us && a->detectors == b->detectors;
}

static void same_frames_same_tracks_in_any_order(void **state)
{
    (void)state;
    static struct record runs[3];
    for (int run = 0; run < 3; run++) {
        struct lh_tracker *tracker = make(&defaults);
        uint32_t seed = 99;
        for (uint32_t frame = 0; frame < 400; frame++) {
            struct lh_detection detections[16];
            struct lh_detection turned[16];
            const size_t count = scene(frame, &seed, detections);
            for (size_t i = 0; i < count; i++)
                turned[i] = detections[run == 2 ? count - 1 - i : i];
            feed(tracker, 2.0 * frame, turned, count);
        }
        lh_tracker_flush(tracker, note, &record);
        runs[run] = record;
        lh_tracker_destroy(&tracker);
    }
    assert_true(runs[0].count > 50);
    for (int run = 1; run < 3; run++) {
        assert_int_equal(runs[run].count, runs[0].count);
        for (size_t i = 0; i < runs[0].count; i++) {
            assert_int_equal(runs[run].events[i].type, runs[0].events[i].type);
            assert_true(same_track(&runs[run].events[i].track, &runs[0].events[i].track));
        }
    }
}

static void events_keep_their_order_and_balance(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    uint32_t seed = 4711;
    for (uint32_t frame = 0; frame < 300; frame++) {
        struct lh_detection detections[16];
        const size_t before = record.count;
        const size_t count = scene(frame, &seed, detections);
        feed(tracker, 5.0 * frame, detections, count);
        for (size_t i = before + 1; i < record.count; i++)
            assert_true(record.events[i].track.id > record.events[i - 1].track.id);
    }
    lh_tracker_flush(tracker, note, &record);
    assert_true(count_events(LH_TRACK_RAISED) > 0);
    assert_int_equal(count_events(LH_TRACK_RAISED), count_events(LH_TRACK_LOST));
    lh_tracker_destroy(&tracker);
}

static void hostile_detections_are_passed_over(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    const struct lh_detection wrong[] = {
        find(LH_KIND_SMOKE, NAN, 0.1F, 0.1F, 0.9F),
        find(LH_KIND_SMOKE, 0.1F, 0.1F, 0.0F, 0.9F),
        find(LH_KIND_SMOKE, 0.1F, INFINITY, 0.1F, 0.9F),
        find(LH_KIND_SMOKE, 0.1F, 0.1F, -1.0F, 0.9F),
        find(LH_KIND_SMOKE, 0.1F, 0.1F, 0.1F, NAN),
    };
    for (int i = 0; i < 10; i++)
        feed(tracker, i, wrong, sizeof wrong / sizeof wrong[0]);
    const struct lh_track *tracks = NULL;
    assert_int_equal(lh_tracker_tracks(tracker, &tracks), 0);
    lh_tracker_destroy(&tracker);
}

static void thousands_of_detections_are_bounded(void **state)
{
    (void)state;
    struct lh_track_config config = defaults;
    config.max_tracks = 1000;
    struct lh_tracker *tracker = make(&config);
    const size_t count = 2000;
    struct lh_detection *many = calloc(count, sizeof *many);
    assert_non_null(many);
    for (size_t i = 0; i < count; i++)
        many[i] = find(LH_KIND_SMOKE, (float)(i % 50) / 50.0F, floorf((float)i / 50.0F) / 40.0F,
                       0.01F, 0.5F);
    for (int frame = 0; frame < 5; frame++)
        feed(tracker, frame, many, count);
    const struct lh_track *tracks = NULL;
    assert_int_equal(lh_tracker_tracks(tracker, &tracks), LH_MAX_DETECTIONS);
    free(many);
    lh_tracker_destroy(&tracker);
}

static void settings_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    struct lh_tracker *tracker = NULL;
    struct lh_track_config config = defaults;
    config.confirm_hits = 6;
    assert_int_equal(lh_tracker_create(&config, &tracker), LH_ERANGE);
    config = defaults;
    config.confirm_window = 129;
    assert_int_equal(lh_tracker_create(&config, &tracker), LH_ERANGE);
    config = defaults;
    config.max_gap_s = NAN;
    assert_int_equal(lh_tracker_create(&config, &tracker), LH_ERANGE);
    config = defaults;
    config.max_tracks = 0;
    assert_int_equal(lh_tracker_create(&config, &tracker), LH_ERANGE);
    assert_null(tracker);
    lh_tracker_destroy(&tracker);
}

static struct lh_detection lowered(float raw, float score)
{
    struct lh_detection detection = find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.1F, score);
    detection.raw_score = raw;
    return detection;
}

static struct lh_track only_track(const struct lh_tracker *tracker)
{
    const struct lh_track *tracks = NULL;
    assert_int_equal(lh_tracker_tracks(tracker, &tracks), 1);
    return tracks[0];
}

static void the_place_holds_back_and_raw_scores_are_kept(void **state)
{
    (void)state;
    struct lh_tracker *tracker = make(&defaults);
    for (int i = 0; i < 6; i++)
        feed_one(tracker, 10.0 * i, lowered(0.6F, 0.2F));
    struct lh_track track = only_track(tracker);
    assert_int_equal(record.count, 1); /* told once, however often it is seen */
    assert_int_equal(record.events[0].type, LH_TRACK_HELD);
    assert_int_equal(record.events[0].track.held, LH_HELD_PLACE);
    assert_int_equal(record.events[0].track.state, LH_TRACK_TENTATIVE);
    assert_int_equal(track.held, LH_HELD_PLACE);
    assert_true(fabsf(track.raw_score - 0.6F) < 1e-6F && fabsf(track.score - 0.2F) < 1e-6F);
    assert_string_equal(lh_hold_text(track.held), "such things were seen at this place before");
    /* much surer than usual overrules */
    for (int i = 6; i < 10; i++)
        feed_one(tracker, 10.0 * i, lowered(0.9F, 0.8F));
    assert_int_equal(count_events(LH_TRACK_RAISED), 1);
    /* and what burns on is not learnt away */
    for (int i = 10; i < 40; i++)
        feed_one(tracker, 10.0 * i, lowered(0.6F, 0.05F));
    track = only_track(tracker);
    assert_int_equal(track.state, LH_TRACK_CONFIRMED);
    assert_true(fabsf(track.score - 0.6F) < 1e-6F);
    assert_int_equal(count_events(LH_TRACK_LOST), 0);
    lh_tracker_destroy(&tracker);
}

static void the_verifier_must_agree(void **state)
{
    (void)state;
    struct lh_track_config config = defaults;
    config.verify = true;
    config.verify_score = 0.5;
    const struct lh_detection steady = find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.05F, 0.45F);
    struct lh_tracker *tracker = make(&config);
    for (int i = 0; i < 4; i++)
        feed_one(tracker, 30.0 * i, steady);
    assert_int_equal(count_events(LH_TRACK_RAISED), 1);
    const struct lh_opinion opinion = record.events[0].track.opinion;
    assert_int_equal(opinion.state, LH_OPINION_GIVEN);
    assert_true(opinion.probability > 0.5F);
    assert_true(opinion.parts[LH_FEATURE_FOOT] > 0.0F);
    lh_tracker_destroy(&tracker);
    /* a car of the same scores: each look a box further */
    for (int verify = 1; verify >= 0; verify--) {
        config.verify = verify;
        tracker = make(&config);
        for (int i = 0; i < 8; i++)
            feed_one(tracker, 30.0 * i,
                     find(LH_KIND_SMOKE, 0.1F + 0.045F * (float)i, 0.4F, 0.05F, 0.41F));
        assert_int_equal(count_events(LH_TRACK_RAISED), verify ? 0 : 1);
        if (verify)
            assert_int_equal(only_track(tracker).held, LH_HELD_VERIFIER);
        else
            assert_int_equal(only_track(tracker).opinion.state, LH_OPINION_NONE);
        lh_tracker_destroy(&tracker);
    }
}

static void every_reason_is_told_once(void **state)
{
    (void)state;
    struct lh_track_config config = defaults;
    config.verify = true;
    config.verify_score = 1.0;
    struct lh_tracker *tracker = make(&config);
    const struct lh_detection usual = lowered(0.5F, 0.05F);
    const struct lh_detection unusual = lowered(0.5F, 0.5F);
    for (int i = 0; i < 24; i++) /* six looks of the one, six of the other, and again */
        feed_one(tracker, 10.0 * i, i / 6 % 2 == 0 ? usual : unusual);
    assert_int_equal(record.count, 2);
    assert_int_equal(record.events[0].track.held, LH_HELD_PLACE);
    assert_int_equal(record.events[1].track.held, LH_HELD_VERIFIER);
    assert_int_equal(record.events[1].track.id, record.events[0].track.id);
    assert_int_equal(record.events[1].track.opinion.state, LH_OPINION_GIVEN);
    lh_tracker_destroy(&tracker);
    assert_int_equal(record.count, 2);
}

static void a_track_that_collects_enough_overrules_the_place(void **state)
{
    (void)state;
    struct lh_track_config config = defaults;
    config.verify = true;
    config.verify_score = 0.5;
    for (int grows = 0; grows < 2; grows++) {
        struct lh_tracker *tracker = make(&config);
        for (int i = 0; i < 60; i++) {
            struct lh_detection smoke = lowered(0.5F, 0.25F);
            smoke.box.height += grows ? 0.005F * (float)i : 0.0F;
            smoke.box.y = 0.5F - smoke.box.height;
            smoke.detector = (uint16_t)(i % 2);
            feed_one(tracker, 60.0 * i, smoke);
        }
        assert_int_equal(count_events(LH_TRACK_RAISED), grows);
        if (!grows)
            assert_int_equal(only_track(tracker).held, LH_HELD_PLACE);
        lh_tracker_destroy(&tracker);
    }
}

static void the_verifier_fails_open(void **state)
{
    (void)state;
    struct lh_track_config config = defaults;
    config.verify = true;
    config.verify_score = 1.0; /* nothing would do */
    struct lh_tracker *tracker = make(&config);
    const struct lh_detection smoke = find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.05F, 0.9F);
    for (int i = 0; i < 3; i++)
        feed_one(tracker, 0.0, smoke);
    assert_int_equal(count_events(LH_TRACK_RAISED), 1);
    assert_int_equal(record.events[0].track.opinion.state, LH_OPINION_NO_TIME);
    lh_tracker_destroy(&tracker);
    config.confirm_hits = 1;
    tracker = make(&config);
    feed_one(tracker, 0.0, smoke);
    assert_int_equal(count_events(LH_TRACK_RAISED), 1);
    assert_int_equal(record.events[0].track.opinion.state, LH_OPINION_ONE_LOOK);
    lh_tracker_destroy(&tracker);
}

static void a_budget_asks_for_more_and_is_new_every_day(void **state)
{
    (void)state;
    struct lh_track_config config = defaults;
    config.budget_per_day = 2;
    struct lh_tracker *tracker = make(&config);
    size_t raised = 0;
    for (int i = 0; i < 6; i++) { /* six places, one after the other, far apart in time */
        for (int look = 0; look < 4; look++)
            feed_one(tracker, 600.0 * i + 10.0 * look,
                     find(LH_KIND_SMOKE, 0.1F + 0.14F * (float)i, 0.4F, 0.05F, 0.5F));
        raised = count_events(LH_TRACK_RAISED);
        assert_int_equal(raised, i < 2 ? i + 1 : 2);
    }
    assert_int_equal(only_track(tracker).held, LH_HELD_BUDGET);
    /* 0.65 is a logit above 0.4 */
    for (int look = 0; look < 4; look++)
        feed_one(tracker, 4000.0 + 10.0 * look, find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.05F, 0.65F));
    assert_int_equal(count_events(LH_TRACK_RAISED), 3);
    for (int look = 0; look < 4; look++)
        feed_one(tracker, 90000.0 + 10.0 * look, find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.05F, 0.5F));
    assert_int_equal(count_events(LH_TRACK_RAISED), 4);
    lh_tracker_destroy(&tracker);
}

static char folder[] = "/tmp/linhuo-spending-XXXXXX";

static void spoil(const char *path, const char *text, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void the_budget_outlives_the_tracker(void **state)
{
    (void)state;
    struct lh_track_config config = defaults;
    config.budget_per_day = 2;
    char path[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/tower-1", folder);
    struct lh_spending spending = {0};
    assert_int_equal(lh_spending_load(path, &spending), LH_ENOTFOUND);
    for (int life = 0; life < 4;
         life++) { /* a camera that is started anew for each of four places */
        struct lh_tracker *tracker = make(&config);
        if (life > 0)
            assert_int_equal(lh_spending_load(path, &spending), LH_OK);
        lh_tracker_set_spending(tracker, spending);
        for (int look = 0; look < 4; look++)
            feed_one(tracker, 600.0 * life + 10.0 * look,
                     find(LH_KIND_SMOKE, 0.1F + 0.14F * (float)life, 0.4F, 0.05F, 0.5F));
        assert_int_equal(count_events(LH_TRACK_RAISED), life < 2 ? 1 : 0);
        assert_int_equal(count_events(LH_TRACK_HELD), life < 2 ? 0 : 1);
        assert_int_equal(lh_spending_save(lh_tracker_spending(tracker), path), LH_OK);
        lh_tracker_destroy(&tracker);
    }
    assert_int_equal(lh_spending_load(path, &spending), LH_OK);
    assert_int_equal(spending.confirmed, 2);
    /* yesterday's does not count */
    struct lh_tracker *tracker = make(&config);
    lh_tracker_set_spending(tracker, spending);
    for (int look = 0; look < 4; look++)
        feed_one(tracker, 90000.0 + 10.0 * look, find(LH_KIND_SMOKE, 0.4F, 0.4F, 0.05F, 0.5F));
    assert_int_equal(count_events(LH_TRACK_RAISED), 1);
    assert_int_equal(lh_tracker_spending(tracker).confirmed, 1);
    lh_tracker_destroy(&tracker);
    assert_int_equal(remove(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_spoilt_budget_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "linhuo-spending 1\n",
                                      "linhuo-spending 1\nday 20416\nconfirmed 12",
                                      "linhuo-spending 2\nday 20416\nconfirmed 3\n",
                                      "linhuo-spending 1\nday 20416\nconfirmed -3\n",
                                      "linhuo-spending 1\nday -1\nconfirmed 3\n",
                                      "linhuo-spending 1\nday 99999999999999999999\nconfirmed 3\n",
                                      "linhuo-spending 1\nday 20416\nconfirmed 9999999999\n",
                                      "linhuo-spending 1\nday 020416\nconfirmed 3\n",
                                      "linhuo-spending 1\nday 20416\nconfirmed 3\nmore\n"};
    char place[] = "/tmp/linhuo-spending-XXXXXX";
    char path[64];
    struct lh_spending spending = {.day = 7, .confirmed = 7};
    assert_non_null(mkdtemp(place));
    (void)snprintf(path, sizeof path, "%s/a", place);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        spoil(path, bad[i], strlen(bad[i]));
        assert_int_equal(lh_spending_load(path, &spending), LH_EFORMAT);
    }
    static const char zeroed[] =
        "linhuo-spending 1\nday 20416\nconfirmed 3\n\0"; /* and the one behind it */
    spoil(path, zeroed, sizeof zeroed);
    assert_int_equal(lh_spending_load(path, &spending), LH_EFORMAT);
    assert_true(spending.day == 7 && spending.confirmed == 7);
    assert_int_equal(remove(path), 0);
    /* where nothing can be written */
    (void)snprintf(path, sizeof path, "%s/none/a", place);
    assert_int_equal(lh_spending_save(spending, path), LH_ENOTFOUND);
    assert_int_equal(rmdir(place), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_place_holds_back_and_raw_scores_are_kept),
        cmocka_unit_test(the_verifier_must_agree),
        cmocka_unit_test(every_reason_is_told_once),
        cmocka_unit_test(a_track_that_collects_enough_overrules_the_place),
        cmocka_unit_test(the_verifier_fails_open),
        cmocka_unit_test(a_budget_asks_for_more_and_is_new_every_day),
        cmocka_unit_test(the_budget_outlives_the_tracker),
        cmocka_unit_test(a_spoilt_budget_is_refused),
        cmocka_unit_test(confirms_by_k_of_n),
        cmocka_unit_test(too_few_hits_in_the_window_confirm_nothing),
        cmocka_unit_test(asks_for_time_score_and_growth),
        cmocka_unit_test(growth_is_of_the_area),
        cmocka_unit_test(one_wild_box_changes_little),
        cmocka_unit_test(hysteresis_keeps_and_releases),
        cmocka_unit_test(gaps_end_tracks),
        cmocka_unit_test(jumps_of_time_end_tracks),
        cmocka_unit_test(extreme_times_are_survived),
        cmocka_unit_test(stills_a_minute_apart_are_followed),
        cmocka_unit_test(an_outage_does_not_stretch_the_gap),
        cmocka_unit_test(kinds_do_not_mix),
        cmocka_unit_test(wandering_boxes_stay_one_track),
        cmocka_unit_test(small_things_are_followed_by_distance),
        cmocka_unit_test(two_detectors_and_pieces_make_one_track),
        cmocka_unit_test(where_it_was_of_late_is_still_it),
        cmocka_unit_test(limit_keeps_confirmed_and_strong_ones),
        cmocka_unit_test(same_frames_same_tracks_in_any_order),
        cmocka_unit_test(events_keep_their_order_and_balance),
        cmocka_unit_test(hostile_detections_are_passed_over),
        cmocka_unit_test(thousands_of_detections_are_bounded),
        cmocka_unit_test(settings_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
