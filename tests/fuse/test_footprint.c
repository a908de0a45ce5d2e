#include "fuse/hotspot_group.h"
#include "rows.h"

#include <math.h>
#include <string.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NEAR(value, wanted, within)                                                                \
    do {                                                                                           \
        const double value_ = (value);                                                             \
        if (!(fabs(value_ - (wanted)) <= (within)))                                                \
            fail_msg("%s is %.6g, not %.6g", #value, value_, (double)(wanted));                    \
    } while (0)

static const struct lh_geo jiaocheng = {37.68, 111.80};

static void test_views_from_above_the_equator(void **state)
{
    (void)state;
    static const struct {
        double longitude_deg;
        double zenith_deg;
        double shift_m; /* of 1,000 m of height */
        double toward_deg;
    } cases[] = {{140.7, 53, 1329, 318}, {105.0, 44, 974, 11}, {128.2, 46.9, 1069, 334}};
    for (size_t i = 0; i < 3; i++) {
        struct lh_satellite_view view;
        assert_int_equal(lh_geostationary_view(cases[i].longitude_deg, jiaocheng, &view), LH_OK);
        NEAR(view.zenith_deg, cases[i].zenith_deg, 0.5);
        NEAR(1000 * tan(view.zenith_deg * LH_DEGREE), cases[i].shift_m, 2);
        NEAR(lh_azimuth_wrap(view.azimuth_deg + 180), cases[i].toward_deg, 0.6);
    }
    struct lh_satellite_view view;
    assert_int_equal(lh_geostationary_view(-75, jiaocheng, &view), LH_ERANGE);
    assert_int_equal(lh_geostationary_view(140.7, (struct lh_geo){90, 0}, &view), LH_ERANGE);
    assert_int_equal(lh_geostationary_view(179, (struct lh_geo){0, -179}, &view), LH_OK);
    NEAR(view.azimuth_deg, 270, 0.01);
}

static double plateau(void *context, struct lh_geo at)
{
    (void)at;
    return *(const double *)context;
}

/* West of the place 2,000 m, east of it 500 m, with a slope of 1 in 3 between. */
static double slope(void *context, struct lh_geo at)
{
    const struct lh_geo *middle = (const struct lh_geo *)context;
    const struct lh_plane plane = {*middle};
    const double height = 1250 - lh_plane_offset(&plane, at).east_m / 3;
    return fmax(500, fmin(2000, height));
}

static double unknown(void *context, struct lh_geo at)
{
    (void)context;
    (void)at;
    return NAN;
}

static void test_parallax_is_undone(void **state)
{
    (void)state;
    double height_m = 1000;
    double found_m = 0;
    struct lh_height_source heights = {plateau, &height_m};
    struct lh_geo real = lh_parallax_undo(140.7, jiaocheng, &heights, &found_m);
    NEAR(lh_geo_distance_m(jiaocheng, real), 1329, 2);
    NEAR(lh_geo_bearing_deg(real, jiaocheng), 318, 0.6);
    NEAR(found_m, 1000, 0.01);

    /* On a slope: the place found, seen from the satellite, is where the product put it. */
    struct lh_geo middle = jiaocheng;
    struct lh_satellite_view view;
    heights = (struct lh_height_source){slope, &middle};
    real = lh_parallax_undo(140.7, jiaocheng, &heights, &found_m);
    assert_int_equal(lh_geostationary_view(140.7, real, &view), LH_OK);
    const struct lh_geo seen = lh_geo_move(real, view.azimuth_deg + 180,
                                           slope(&middle, real) * tan(view.zenith_deg * LH_DEGREE));
    NEAR(lh_geo_distance_m(seen, jiaocheng), 0, 30);

    heights = (struct lh_height_source){unknown, NULL};
    real = lh_parallax_undo(140.7, jiaocheng, &heights, &found_m);
    NEAR(lh_geo_distance_m(real, jiaocheng), 0, 0.001);
    assert_true(isnan(found_m));
}

static void test_headings(void **state)
{
    (void)state;
    NEAR(lh_track_heading_deg(98.7, 101.4, 37.7, true), 346, 0.6);
    NEAR(lh_track_heading_deg(98.7, 101.4, 37.7, false), 194, 0.6);
    NEAR(lh_track_heading_deg(98.2, 98.8, 37.7, true), 346.5, 0.6);
    assert_true(isfinite(lh_track_heading_deg(98.7, 101.4, 90, true)));
}

static void test_polar_footprints(void **state)
{
    (void)state;
    const struct lh_footprint_options options = LH_FOOTPRINT_DEFAULT;
    struct lh_hotspot row = pixel(37.68, 111.8, "2026-04-04T05:38:00Z", 3);
    (void)strcpy(row.satellite, "NOAA-21");
    struct lh_ellipse ellipse = lh_hotspot_footprint(&row, &options);
    NEAR(ellipse.major_m, 135, 1);
    NEAR(ellipse.minor_m, 128, 1);
    NEAR(ellipse.azimuth_deg, 76, 0.6); /* rising by day */
    row.light = LH_LIGHT_NIGHT;
    ellipse = lh_hotspot_footprint(&row, &options);
    NEAR(ellipse.azimuth_deg, 104, 0.6);
    row.scan_km = 0.79;
    row.track_km = 0.78;
    ellipse = lh_hotspot_footprint(&row, &options);
    NEAR(ellipse.major_m, 240, 1);
    NEAR(ellipse.minor_m, 237, 1);

    (void)strcpy(row.satellite, "Terra");
    (void)strcpy(row.instrument, "MODIS");
    row.scan_km = 4.82;
    row.track_km = 2.0;
    row.light = LH_LIGHT_DAY;
    ellipse = lh_hotspot_footprint(&row, &options);
    NEAR(ellipse.major_m, hypot(1.5 * 4820 / sqrt(12), 100), 1);
    NEAR(ellipse.minor_m, 586, 1);
    NEAR(ellipse.azimuth_deg, 104, 0.8); /* Terra sinks by day */

    row.scan_km = NAN; /* a product that says nothing */
    row.instrument[0] = '\0';
    (void)strcpy(row.satellite, "FY-3D");
    ellipse = lh_hotspot_footprint(&row, &options);
    NEAR(ellipse.major_m - ellipse.minor_m, 0, 0.001);
    assert_true(ellipse.major_m > 300);
}

static void test_geostationary_footprints(void **state)
{
    (void)state;
    double height_m = 1500;
    struct lh_footprint_options options = LH_FOOTPRINT_DEFAULT;
    struct lh_hotspot row = pixel(37.68, 111.8, "2026-04-04T19:02:00Z", 3);
    (void)strcpy(row.satellite, "Himawari-9");
    (void)strcpy(row.instrument, "AHI");
    row.scan_km = NAN;
    row.track_km = NAN;
    struct lh_ellipse ellipse = lh_hotspot_footprint(&row, &options);
    assert_true(ellipse.major_m > 1600); /* its height is not known */
    NEAR(lh_geo_distance_m(ellipse.centre, row.at), 0, 0.001);
    options.heights = (struct lh_height_source){plateau, &height_m};
    ellipse = lh_hotspot_footprint(&row, &options);
    NEAR(ellipse.major_m, 1136, 40); /* 3.5 km long */
    NEAR(ellipse.minor_m, 790, 30);  /* 2.1 km wide */
    NEAR(ellipse.azimuth_deg, 138, 0.6);
    NEAR(lh_geo_distance_m(ellipse.centre, row.at), 1.5 * 1329, 5);
}

/* ---- groups ---- */

static void test_one_overpass_is_one_observation(void **state)
{
    (void)state;
    const struct lh_footprint_options options = LH_FOOTPRINT_DEFAULT;
    struct lh_hotspot rows[] = {
        pixel(37.600, 111.900, "2026-04-04T05:38:00Z", 4),
        pixel(37.603, 111.901, "2026-04-04T05:39:00Z", 4), /* shares the power of the first */
        pixel(37.606, 111.902, "2026-04-04T05:38:00Z", 6),
        pixel(37.700, 111.900, "2026-04-04T05:38:00Z", 9), /* 10 km north */
        pixel(37.600, 111.900, "2026-04-04T07:18:00Z", 5), /* the next overpass */
    };
    rows[1].confidence = LH_CONFIDENCE_HIGH;
    struct lh_hotspot_groups groups;
    assert_int_equal(lh_hotspots_group(rows, 5, &options, &groups), LH_OK);
    assert_int_equal(groups.count, 3);
    const struct lh_hotspot_group *first = &groups.items[0];
    assert_int_equal(first->count, 3);
    NEAR(first->frp_mw, 10, 1e-9);
    assert_ptr_equal(first->lead, &rows[2]);
    assert_int_equal(first->confidence, LH_CONFIDENCE_HIGH);
    NEAR(first->ellipse.centre.latitude_deg, 37.603, 1e-4);
    assert_true(first->ellipse.major_m > 200);
    assert_int_equal(groups.items[1].count, 1);
    assert_true(groups.items[2].acquired_us == rows[4].acquired_us);

    struct lh_evidence evidence;
    lh_hotspot_group_evidence(first, 0.07, "standing heat source", &evidence);
    assert_int_equal(lh_evidence_check(&evidence), LH_OK);
    assert_int_equal(evidence.kind, LH_EVIDENCE_POLAR);
    assert_string_equal(evidence.source, "NOAA-20");
    assert_string_equal(evidence.reference, "2026-04-04T05:38Z 37.61,111.90");
    assert_int_equal(evidence.hotspot.hotspot_class, LH_HOTSPOT_VIIRS_HIGH);
    assert_string_equal(evidence.detail, "VIIRS high, 3 pixels, 10.0 MW; standing heat source");
    lh_hotspot_groups_finish(&groups);
}

static void test_the_product_says_what_belongs_together(void **state)
{
    (void)state;
    const struct lh_footprint_options options = LH_FOOTPRINT_DEFAULT;
    struct lh_hotspot rows[3];
    for (int i = 0; i < 3; i++) {
        rows[i] = pixel(37.6 + 0.05 * i, 111.9, "2026-04-04T19:02:00Z", 4);
        (void)strcpy(rows[i].satellite, "Himawari-9");
        (void)strcpy(rows[i].instrument, "AHI");
        rows[i].scan_km = NAN;
        rows[i].cluster = i < 2 ? 7 : 8;
    }
    struct lh_hotspot_groups groups;
    assert_int_equal(lh_hotspots_group(rows, 3, &options, &groups), LH_OK);
    assert_int_equal(groups.count, 2);
    NEAR(groups.items[0].frp_mw, 8, 1e-9); /* pixels of their own: no power is shared */
    lh_hotspot_groups_finish(&groups);
    assert_int_equal(lh_hotspots_group(rows, 0, &options, &groups), LH_OK);
    assert_int_equal(groups.count, 0);
    lh_hotspot_groups_finish(&groups);
}

static void test_groups_across_the_antimeridian(void **state)
{
    (void)state;
    const struct lh_footprint_options options = LH_FOOTPRINT_DEFAULT;
    const struct lh_hotspot rows[] = {pixel(50, 179.999, "2026-04-04T05:38:00Z", 4),
                                      pixel(50, -179.999, "2026-04-04T05:38:00Z", 5)};
    struct lh_hotspot_groups groups;
    assert_int_equal(lh_hotspots_group(rows, 2, &options, &groups), LH_OK);
    assert_int_equal(groups.count, 1);
    NEAR(fabs(groups.items[0].ellipse.centre.longitude_deg), 180, 0.001);
    lh_hotspot_groups_finish(&groups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views_from_above_the_equator),
        cmocka_unit_test(test_parallax_is_undone),
        cmocka_unit_test(test_headings),
        cmocka_unit_test(test_polar_footprints),
        cmocka_unit_test(test_geostationary_footprints),
        cmocka_unit_test(test_one_overpass_is_one_observation),
        cmocka_unit_test(test_the_product_says_what_belongs_together),
        cmocka_unit_test(test_groups_across_the_antimeridian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
