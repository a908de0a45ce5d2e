#include "detect/place.h"

#include "base/clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define START_US (INT64_C(1700000000) / 86400 * 86400 * LH_SECOND_US + 36000 * LH_SECOND_US)
#define HOUR 3600.0
#define DAY 86400.0

static const struct lh_track_config config = {
    .place_weight = 3.0, .place_recent_s = 1800.0, .confirm_score = 0.4};
static const struct lh_place_look tower = {.preset = "", .width_px = 1920, .height_px = 1080};

static struct lh_place_memory *make(void)
{
    struct lh_place_memory *place = NULL;
    assert_int_equal(lh_place_create(&config, &place), LH_OK);
    return place;
}

static struct lh_detection find(enum lh_kind kind, float x, float y, float score)
{
    return (struct lh_detection){.kind = kind, .box = {x, y, 0.04F, 0.05F}, .score = score};
}

/* What a score becomes at that time; 0: nothing is found. */
static float weigh_as(struct lh_place_memory *place, struct lh_place_look look, double seconds,
                      struct lh_detection detection)
{
    const float raw = detection.score;
    look.utc_us = START_US + (int64_t)(seconds * 1e6);
    assert_int_equal(lh_place_weigh(place, &look, &detection, raw > 0.0F), LH_OK);
    if (raw > 0.0F)
        assert_true(detection.raw_score == raw); /* NOLINT: a copy */
    assert_true(detection.score <= raw);
    return detection.score;
}

static float weigh(struct lh_place_memory *place, double seconds, float score)
{
    return weigh_as(place, tower, seconds, find(LH_KIND_SMOKE, 0.5F, 0.5F, score));
}

/* The same score in a picture a minute. */
static float watch(struct lh_place_memory *place, double from, double to, float score)
{
    float last = 0.0F;
    for (int minute = 0; from + 60.0 * minute < to; minute++)
        last = weigh(place, from + 60.0 * minute, score);
    return last;
}

static void a_rock_that_always_scores_counts_less(void **state)
{
    (void)state;
    struct lh_place_memory *place = make();
    assert_true(fabsf(weigh(place, 0, 0.35F) - 0.35F) < 1e-6F);
    watch(place, 60, 4 * HOUR, 0.35F);
    const float rock = weigh(place, 4 * HOUR, 0.35F);
    assert_true(rock < 0.05F);
    const float surer = weigh(place, 4 * HOUR + 60, 0.55F);
    assert_true(surer > rock && surer < 0.4F);
    assert_true(fabsf(weigh(place, 4 * HOUR + 120, 0.85F) - 0.85F) < 1e-6F);
    /* beside it, a tile away, it counts too; elsewhere it does not */
    assert_true(weigh_as(place, tower, 4 * HOUR + 180, find(LH_KIND_SMOKE, 0.53F, 0.5F, 0.35F)) <
                0.2F);
    assert_true(weigh_as(place, tower, 4 * HOUR + 240, find(LH_KIND_SMOKE, 0.7F, 0.5F, 0.35F)) >=
                0.35F);
    assert_true(weigh_as(place, tower, 4 * HOUR + 300, find(LH_KIND_FLAME, 0.5F, 0.5F, 0.35F)) >=
                0.35F);
    /* it is forgotten once it is gone */
    watch(place, 4 * HOUR + 360, 9 * HOUR, 0.0F);
    assert_true(weigh(place, 9 * HOUR, 0.35F) >= 0.349F);
    lh_place_destroy(&place);
    lh_place_destroy(&place);
}

static void a_fire_of_minutes_is_not_learnt_away(void **state)
{
    (void)state;
    struct lh_place_memory *place = make();
    for (int minute = 0; minute <= 20; minute++) {
        const float score = 0.4F + 0.02F * (float)minute;
        assert_true(weigh(place, 60.0 * minute, score) >= score - 1e-6F);
    }
    lh_place_destroy(&place);
    place = make();
    watch(place, 0, 20 * 60 + 1, 0.7F);
    const struct lh_place_tile tile = lh_place_tile(place, LH_KIND_SMOKE, 16, 9);
    assert_true(fabs(tile.usual - 0.10) < 0.01); /* as place.h says */
    watch(place, 20 * 60 + 60, 3601, 0.7F);
    assert_true(fabs(lh_place_tile(place, LH_KIND_SMOKE, 16, 9).usual - 0.42) < 0.01);
    watch(place, 3660, 7201, 0.7F);
    assert_true(fabs(lh_place_tile(place, LH_KIND_SMOKE, 16, 9).usual - 0.64) < 0.01);
    lh_place_destroy(&place);
}

static void this_hour_of_other_days_raises_the_bar(void **state)
{
    (void)state;
    struct lh_place_memory *place = make();
    weigh(place, 0, 0.5F); /* glare at ten */
    assert_true(weigh(place, 12 * HOUR, 0.6F) >= 0.6F);
    /* T = max(0.75, 0.7): what scores 0.75 counts as confirm_score does */
    assert_true(fabsf(weigh(place, DAY, 0.6F) - 0.25F) < 0.01F);
    assert_true(fabsf(weigh(place, 2 * DAY + HOUR, 0.5F) - 0.14F) < 0.01F); /* 0.6 was higher */
    assert_true(weigh(place, 3 * DAY + 3 * HOUR, 0.6F) >= 0.6F);
    assert_true(fabs(lh_place_tile(place, LH_KIND_SMOKE, 16, 9).by_hour) < 1e-9);
    /* the last at this hour was that of day 2: on day 9 it still counts, on day 11 no more */
    assert_true(weigh(place, 9 * DAY + HOUR, 0.6F) < 0.6F);
    lh_place_destroy(&place);
    place = make();
    weigh(place, 0, 0.9F);
    assert_true(weigh(place, 3 * DAY, 0.9F) < 0.4F);  /* cannot confirm alone */
    assert_true(weigh(place, 3 * DAY, 0.99F) > 0.4F); /* bounded: nothing is blind for good */
    lh_place_destroy(&place);
    place = make();
    weigh(place, 0, 0.9F);
    assert_true(weigh(place, 8 * DAY, 0.6F) >= 0.6F);
    lh_place_destroy(&place);
    place = make();
    weigh(place, 0, 0.39F); /* below what confirms: no bar */
    assert_true(weigh(place, DAY, 0.6F) >= 0.6F);
    lh_place_destroy(&place);
}

static void the_other_kind_overrules(void **state)
{
    (void)state;
    struct lh_place_memory *place = make();
    weigh(place, 0, 0.9F);
    struct lh_place_look look = tower;
    look.utc_us = START_US + (int64_t)(DAY * 1e6);
    struct lh_detection both[] = {find(LH_KIND_SMOKE, 0.5F, 0.5F, 0.6F),
                                  find(LH_KIND_FLAME, 0.51F, 0.52F, 0.5F)};
    assert_int_equal(lh_place_weigh(place, &look, both, 2), LH_OK);
    assert_true(both[0].score >= 0.6F && both[1].score >= 0.5F);
    /* tomorrow both are known, and agree no more */
    look.utc_us += (int64_t)(DAY * 1e6);
    struct lh_detection again[] = {find(LH_KIND_SMOKE, 0.5F, 0.5F, 0.6F),
                                   find(LH_KIND_FLAME, 0.51F, 0.52F, 0.5F)};
    assert_int_equal(lh_place_weigh(place, &look, again, 2), LH_OK);
    assert_true(again[0].score < 0.2F && again[1].score < 0.3F);
    lh_place_destroy(&place);
}

static void another_view_is_another_place(void **state)
{
    (void)state;
    struct lh_place_memory *place = make();
    const struct lh_detection rock = find(LH_KIND_SMOKE, 0.5F, 0.5F, 0.35F);
    struct lh_place_look east = tower;
    struct lh_place_look small = tower;
    east.preset = "east";
    small.width_px = 640;
    small.height_px = 512;
    const double now = 4 * HOUR;
    watch(place, 0, now, 0.35F);
    assert_true(weigh_as(place, east, now + 60, rock) >= 0.35F);
    assert_true(weigh_as(place, small, now + 120, rock) >= 0.35F);
    assert_true(weigh(place, now + 180, 0.35F) < 0.1F); /* back where it was known */
    /* a gap, or a clock that was set back, and nothing recent is known */
    assert_true(weigh(place, now + 180 + 7260, 0.35F) >= 0.35F);
    watch(place, 8 * HOUR, 12 * HOUR, 0.35F);
    assert_true(weigh(place, 12 * HOUR, 0.35F) < 0.1F);
    assert_true(weigh(place, 12 * HOUR - 30, 0.35F) < 0.1F);
    assert_true(weigh(place, 11 * HOUR, 0.35F) >= 0.35F);
    /* as many views as one likes: the oldest go */
    char name[100];
    for (int i = 0; i < 50; i++) {
        memset(name, 'v', sizeof name - 1);
        (void)snprintf(name + 10, sizeof name - 10, "%d", i);
        east.preset = name;
        (void)weigh_as(place, east, 13 * HOUR + i, rock);
    }
    lh_place_destroy(&place);
}

/* Turned by hand, or by a preset that was taught anew: the name is the same, the tiles show other things. */
static void a_view_that_turned_unsaid_is_learnt_anew(void **state)
{
    (void)state;
    struct lh_place_memory *place = make();
    const struct lh_detection rock = find(LH_KIND_SMOKE, 0.2F, 0.3F, 0.35F);
    watch(place, 0, 4 * HOUR, 0.35F);
    /* the rock is elsewhere now and new there; where it was, what scores as it did is still held back ... */
    assert_true(weigh_as(place, tower, 4 * HOUR, rock) >= 0.35F);
    assert_true(weigh(place, 4 * HOUR + 60, 0.35F) < 0.1F);
    /* ... but not what is much surer, and bounded in time: hours later each is known by where it is */
    assert_true(weigh(place, 4 * HOUR + 120, 0.85F) >= 0.849F);
    for (int minute = 3; minute < 5 * 60; minute++)
        (void)weigh_as(place, tower, 4 * HOUR + 60 * minute, rock);
    assert_true(weigh_as(place, tower, 9 * HOUR, rock) < 0.1F);
    assert_true(weigh(place, 9 * HOUR + 60, 0.35F) >= 0.349F);
    lh_place_destroy(&place);
}

static void odd_finds_do_no_harm(void **state)
{
    (void)state;
    struct lh_place_memory *place = make();
    struct lh_detection odd[] = {
        find(LH_KIND_SMOKE, NAN, 0.5F, 0.5F),     find(LH_KIND_SMOKE, 0.5F, INFINITY, 0.5F),
        find(LH_KIND_SMOKE, -9e9F, 0.5F, 0.5F),   find(LH_KIND_SMOKE, 9e9F, 0.5F, 0.5F),
        find(LH_KIND_SMOKE, 0.5F, 0.5F, NAN),     find(LH_KIND_SMOKE, 0.5F, 0.5F, 7.0F),
        find(LH_KIND_SMOKE, 0.5F, 0.5F, -3.0F),   find((enum lh_kind)77, 0.5F, 0.5F, 0.5F),
        find(LH_KIND_SMOKE, 0.999F, 0.99F, 0.5F),
    };
    struct lh_place_look look = tower;
    const int64_t times[] = {START_US, INT64_MIN + 1, INT64_MAX, -1, 0};
    look.preset = NULL;
    for (size_t i = 0; i < 5; i++) {
        look.utc_us = times[i];
        assert_int_equal(lh_place_weigh(place, &look, odd, sizeof odd / sizeof odd[0]), LH_OK);
    }
    for (int row = -1; row <= LH_PLACE_ROWS; row++)
        for (int column = -1; column <= LH_PLACE_COLUMNS; column++) {
            const struct lh_place_tile tile = lh_place_tile(place, LH_KIND_SMOKE, column, row);
            assert_true(tile.usual >= 0.0 && tile.usual <= 1.0 && tile.by_hour <= 1.0);
        }
    lh_place_destroy(&place);
    struct lh_track_config wrong = config;
    wrong.place_weight = (double)NAN;
    assert_int_equal(lh_place_create(&wrong, &place), LH_ERANGE);
    wrong.place_weight = 1.0;
    wrong.place_recent_s = 0.0;
    assert_int_equal(lh_place_create(&wrong, &place), LH_ERANGE);
    wrong.place_weight = 0.0; /* off */
    assert_int_equal(lh_place_create(&wrong, &place), LH_OK);
    watch(place, 0, 4 * HOUR, 0.35F);
    assert_true(weigh(place, 4 * HOUR, 0.35F) >= 0.35F);
    lh_place_destroy(&place);
}

/* ---- over a restart ---- */

static char folder[] = "/tmp/linhuo-place-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof path, "%s/tower.place", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static long size_of_file(void)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return (long)status.st_size;
}

static void a_file_keeps_it_over_a_restart(void **state)
{
    (void)state;
    struct lh_place_memory *place = make();
    struct lh_place_memory *next = make();
    struct lh_place_look east = tower;
    east.preset = "east";
    assert_int_equal(lh_place_load(next, path), LH_ENOTFOUND);
    (void)weigh_as(place, east, 0, find(LH_KIND_SMOKE, 0.2F, 0.2F, 0.8F));
    watch(place, 0, 4 * HOUR, 0.5F);
    assert_int_equal(lh_place_save(place, path), LH_OK);
    assert_int_equal(lh_place_save(place, path), LH_OK);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(lh_place_load(next, path), LH_OK);
    for (int i = 0; i < 50; i++) {
        const double at = 4 * HOUR + i * HOUR;
        const float before = weigh(place, at, 0.6F);
        assert_true(fabsf(before - weigh(next, at, 0.6F)) < 1e-9F);
        assert_true(i > 0 || before < 0.3F);
    }
    assert_true(weigh_as(next, east, DAY, find(LH_KIND_SMOKE, 0.2F, 0.2F, 0.8F)) < 0.5F);
    assert_int_equal(lh_place_save(place, "/nowhere/tower.place"), LH_ENOTFOUND);
    lh_place_destroy(&next);
    lh_place_destroy(&place);
}

static void rewrite(long size, long flip)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    if (flip >= 0) {
        assert_int_equal(fseek(file, flip, SEEK_SET), 0);
        const int byte = fgetc(file);
        assert_int_equal(fseek(file, flip, SEEK_SET), 0);
        assert_true(fputc(byte ^ 0x40, file) != EOF);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(truncate(path, size), 0);
}

static void a_damaged_file_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct lh_place_memory *place = make();
    struct lh_place_memory *known = make();
    watch(place, 0, 2 * HOUR, 0.5F);
    watch(known, 0, 4 * HOUR, 0.35F);
    assert_int_equal(lh_place_save(place, path), LH_OK);
    const long size = size_of_file();
    const long cut[] = {0, 7, 23, 24, size / 2, size - 1, size + 1};
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
        assert_int_equal(lh_place_save(place, path), LH_OK);
        rewrite(cut[i], -1);
        assert_int_equal(lh_place_load(known, path), LH_EFORMAT);
    }
    for (long at = 0; at < size; at += at < 130 ? 1 : 9973) {
        assert_int_equal(lh_place_save(place, path), LH_OK);
        rewrite(size, at);
        assert_int_equal(lh_place_load(known, path), LH_EFORMAT);
    }
    assert_true(weigh(known, 4 * HOUR, 0.35F) < 0.05F);
    lh_place_destroy(&known);
    lh_place_destroy(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rock_that_always_scores_counts_less),
        cmocka_unit_test(a_fire_of_minutes_is_not_learnt_away),
        cmocka_unit_test(this_hour_of_other_days_raises_the_bar),
        cmocka_unit_test(the_other_kind_overrules),
        cmocka_unit_test(another_view_is_another_place),
        cmocka_unit_test(a_view_that_turned_unsaid_is_learnt_anew),
        cmocka_unit_test(odd_finds_do_no_harm),
        cmocka_unit_test(a_file_keeps_it_over_a_restart),
        cmocka_unit_test(a_damaged_file_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
