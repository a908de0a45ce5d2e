/* Passes come when and as the real ones do, and their rows lie where the fire is, as near as the pixel is large. */
#include "base/clock.h"
#include "world/noise.h"
#include "world/skywatch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LATITUDE 37.7
#define LONGITUDE 111.8
#define START_US INT64_C(1775613600000000) /* 2026-04-08 02:00 */
#define CYCLE_D 16
#define DAY_US (86400 * LH_SECOND_US)
#define MOST 1000
#define M_A_DEGREE 111195.0
#define DEGREE (3.14159265358979323846 / 180.0)

static size_t cycle(struct lh_pass *passes)
{
    return lh_passes(1, LATITUDE, LONGITUDE, START_US, START_US + CYCLE_D * DAY_US, passes, MOST);
}

static bool is_viirs(const struct lh_pass *pass)
{
    return strcmp(pass->satellite->instrument, "VIIRS") == 0;
}

static void each_satellite_looks_as_often_as_the_real_one(void **state)
{
    (void)state;
    static struct lh_pass passes[MOST];
    const size_t count = cycle(passes);
    for (size_t i = 0; i < LH_SATELLITES; i++) {
        int looks = 0;
        for (size_t k = 0; k < count; k++)
            looks += passes[k].satellite == &LH_SATELLITE[i];
        const double wanted = strcmp(LH_SATELLITE[i].instrument, "VIIRS") == 0 ? 2.8 : 2.2;
        assert_true(fabs((double)looks / CYCLE_D - wanted) < 0.15);
    }
    for (size_t k = 1; k < count; k++)
        assert_true(passes[k].utc_us >= passes[k - 1].utc_us);
}

/* Terra 02-04 and 13-16 UTC, Aqua and VIIRS 04-07 and 17-20; rising 346, sinking 194 degrees. */
static void they_come_at_their_hours_and_headings(void **state)
{
    (void)state;
    static struct lh_pass passes[MOST];
    const size_t count = cycle(passes);
    for (size_t k = 0; k < count; k++) {
        const double hour = (double)(passes[k].utc_us % DAY_US) / (3600.0 * LH_SECOND_US);
        const bool terra = strcmp(passes[k].satellite->name, "Terra") == 0;
        const bool rising = passes[k].heading_deg > 270.0;
        if (terra)
            assert_true(rising ? hour > 13 && hour < 16 : hour > 2 && hour < 5);
        else
            assert_true(rising ? hour > 4 && hour < 7.5 : hour > 16.5 && hour < 20);
        assert_true(fabs(passes[k].heading_deg - (rising ? 346.0 : 194.0)) < 3.0);
        assert_int_equal(passes[k].night, rising == terra);
    }
}

static void pixels_grow_as_real_ones_toward_the_edge(void **state)
{
    (void)state;
    static struct lh_pass passes[MOST];
    double least[2] = {9, 9};
    double most[2] = {0, 0};
    const size_t count = cycle(passes);
    for (size_t k = 0; k < count; k++) {
        const int which = !is_viirs(&passes[k]);
        least[which] = fmin(least[which], passes[k].scan_km);
        most[which] = fmax(most[which], passes[k].scan_km);
        assert_true(fabs(passes[k].scan_deg) < passes[k].satellite->scan_deg);
    }
    assert_true(least[0] > 0.31 && least[0] < 0.39 && most[0] > 0.7 && most[0] < 0.82);
    assert_true(least[1] >= 1.0 && least[1] < 1.1 && most[1] > 4.0 && most[1] < 4.85);
}

static void a_pass_depends_on_nothing_but_seed_place_and_time(void **state)
{
    (void)state;
    static struct lh_pass a[MOST];
    static struct lh_pass b[MOST];
    const size_t count = cycle(a);
    assert_int_equal(cycle(b), count);
    for (size_t k = 0; k < count; k++)
        assert_int_equal(a[k].utc_us, b[k].utc_us);
    /* a window within it has the same passes */
    const size_t fewer = lh_passes(1, LATITUDE, LONGITUDE, a[10].utc_us - LH_SECOND_US,
                                   a[20].utc_us - LH_SECOND_US, b, MOST);
    assert_int_equal(fewer, 10);
    assert_true(llabs(b[0].utc_us - a[10].utc_us) <= LH_SECOND_US);
}

/* The fire lies in the pixel, give or take the satellite's own error. */
static void a_strong_fire_is_seen_where_it_is(void **state)
{
    (void)state;
    static struct lh_pass passes[MOST];
    const struct lh_heat fire = {1, LATITUDE, LONGITUDE, 50.0};
    const size_t count = cycle(passes);
    size_t seen = 0;
    size_t inside = 0;
    for (size_t k = 0; k < count; k++) {
        struct lh_sky_row rows[3];
        enum lh_heat_outcome outcome;
        const size_t made = lh_sky_look(lh_hash(1, k), &passes[k], 0.0, &fire, 1, rows, &outcome);
        if (outcome != LH_HEAT_SEEN)
            continue;
        assert_true(made >= 1);
        const double e = (rows[0].longitude_deg - LONGITUDE) * M_A_DEGREE * cos(LATITUDE * DEGREE);
        const double n = (rows[0].latitude_deg - LATITUDE) * M_A_DEGREE;
        const double scan_deg = (passes[k].heading_deg + 90.0) * DEGREE;
        const double along = fabs(e * sin(scan_deg) + n * cos(scan_deg));
        const double across = fabs(e * cos(scan_deg) - n * sin(scan_deg));
        const double slack_m = 3.0 * passes[k].satellite->geo_m;
        const double beside = is_viirs(&passes[k]) ? 0.5 : 1.5;
        seen++;
        inside += along < beside * 1000 * passes[k].scan_km + slack_m &&
                  across < 500 * passes[k].track_km + slack_m;
    }
    assert_true(seen > count * 8 / 10);
    assert_true(inside >= seen * 97 / 100);
}

static void clouds_hide_and_weak_fires_are_missed(void **state)
{
    (void)state;
    static struct lh_pass passes[MOST];
    const struct lh_heat fires[] = {{1, LATITUDE, LONGITUDE, 200.0},
                                    {2, LATITUDE, LONGITUDE + 0.05, 0.3}};
    const size_t count = cycle(passes);
    size_t clouded = 0;
    size_t weak = 0;
    for (size_t k = 0; k < count; k++) {
        struct lh_sky_row rows[5];
        enum lh_heat_outcome outcomes[2];
        (void)lh_sky_look(lh_hash(1, k), &passes[k], 0.5, fires, 2, rows, outcomes);
        clouded += outcomes[0] == LH_HEAT_CLOUDED;
        weak += outcomes[1] != LH_HEAT_SEEN;
    }
    assert_true(clouded > count * 3 / 10 && clouded < count / 2);
    assert_true(weak > count * 95 / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_satellite_looks_as_often_as_the_real_one),
        cmocka_unit_test(they_come_at_their_hours_and_headings),
        cmocka_unit_test(pixels_grow_as_real_ones_toward_the_edge),
        cmocka_unit_test(a_pass_depends_on_nothing_but_seed_place_and_time),
        cmocka_unit_test(a_strong_fire_is_seen_where_it_is),
        cmocka_unit_test(clouds_hide_and_weak_fires_are_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
