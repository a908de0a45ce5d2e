/* The engine's error ellipse of a hotspot, judged by passes that know nothing of the engine: how often it holds the
 * fire. */
#include "base/clock.h"
#include "fuse/footprint.h"
#include "world/noise.h"
#include "world/skywatch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START_US INT64_C(1775613600000000) /* 2026-04-08 02:00 */
#define CYCLE_US (16 * 86400 * LH_SECOND_US)
#define MOST 1000
#define SEEDS 8

static struct lh_hotspot hotspot_of(const struct lh_pass *pass, const struct lh_sky_row *row)
{
    struct lh_hotspot hotspot = {.at = {row->latitude_deg, row->longitude_deg},
                                 .acquired_us = pass->utc_us,
                                 .received_us = LH_NO_TIME,
                                 .scan_km = pass->scan_km,
                                 .track_km = pass->track_km,
                                 .brightness_k = row->brightness_k,
                                 .frp_mw = row->frp_mw,
                                 .light = pass->night ? LH_LIGHT_NIGHT : LH_LIGHT_DAY};
    (void)snprintf(hotspot.satellite, sizeof hotspot.satellite, "%s", pass->satellite->name);
    (void)snprintf(hotspot.instrument, sizeof hotspot.instrument, "%s",
                   pass->satellite->instrument);
    return hotspot;
}

/* Share of the fires seen that lie in the stated 95 % region. */
static double held_share(const char *instrument)
{
    static struct lh_pass passes[MOST];
    const struct lh_footprint_options *options = &LH_FOOTPRINT_DEFAULT;
    int seen = 0;
    int held = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const struct lh_geo at = {37.6 + 0.02 * (double)seed, 111.7 + 0.03 * (double)seed};
        const struct lh_heat fire = {1, at.latitude_deg, at.longitude_deg, 40.0};
        const size_t count = lh_passes(seed, at.latitude_deg, at.longitude_deg, START_US,
                                       START_US + CYCLE_US, passes, MOST);
        for (size_t i = 0; i < count; i++) {
            struct lh_sky_row rows[3];
            enum lh_heat_outcome outcome;
            if (strcmp(passes[i].satellite->instrument, instrument) != 0)
                continue;
            (void)lh_sky_look(lh_hash(seed, i), &passes[i], 0.0, &fire, 1, rows, &outcome);
            if (outcome != LH_HEAT_SEEN)
                continue;
            const struct lh_hotspot hotspot = hotspot_of(&passes[i], &rows[0]);
            const struct lh_position position =
                lh_position_of_ellipse(lh_hotspot_footprint(&hotspot, options));
            seen++;
            held += lh_position_contains(&position, at);
        }
    }
    assert_true(seen > 300);
    return (double)held / seen;
}

static void a_viirs_ellipse_holds_its_fire(void **state)
{
    (void)state;
    const double share = held_share("VIIRS");
    print_message("VIIRS: %.1f %% inside\n", 100 * share);
    assert_true(share > 0.93 && share < 0.999);
}

static void a_modis_ellipse_holds_its_fire(void **state)
{
    (void)state;
    const double share = held_share("MODIS");
    print_message("MODIS: %.1f %% inside\n", 100 * share);
    assert_true(share > 0.90 && share < 0.999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_viirs_ellipse_holds_its_fire),
        cmocka_unit_test(a_modis_ellipse_holds_its_fire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
