#include "locate/geo.h"

#include <math.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct lh_geo seat = {37.551, 112.156}; /* of Jiaocheng */

static void near(double value, double expected, double off)
{
    if (!(fabs(value - expected) <= off))
        fail_msg("%.9g is not %.9g +- %g", value, expected, off);
}

static void near_place(struct lh_geo place, struct lh_geo expected, double off_m)
{
    if (!(lh_geo_distance_m(place, expected) <= off_m))
        fail_msg("%.8f %.8f is not %.8f %.8f within %g m", place.latitude_deg, place.longitude_deg,
                 expected.latitude_deg, expected.longitude_deg, off_m);
}

static void test_lengths_are_those_of_the_ellipsoid(void **state)
{
    (void)state;
    /* a degree of the meridian and of the equator, by the ellipsoid's own formulas */
    near(lh_geo_distance_m((struct lh_geo){0, 0}, (struct lh_geo){0, 1}), 6378137.0 * LH_PI / 180.0,
         1e-6);
    near(lh_geo_distance_m((struct lh_geo){0, 0}, (struct lh_geo){90, 0}), 10001965.7293, 1e-3);
    near(lh_geo_bearing_deg((struct lh_geo){0, 0}, (struct lh_geo){0, -1}), 270.0, 1e-9);
    near(lh_geo_radius_m(37.7), 6372700.0, 100.0);
}

static void test_a_move_comes_back(void **state)
{
    (void)state;
    for (double bearing_deg = 0.0; bearing_deg < 360.0; bearing_deg += 33.0) {
        const struct lh_geo there = lh_geo_move(seat, bearing_deg, 23456.7);
        near(lh_geo_distance_m(seat, there), 23456.7, 1e-6);
        near(lh_azimuth_difference(lh_geo_bearing_deg(seat, there), bearing_deg), 0.0, 1e-9);
    }
}

static void test_azimuths_wrap(void **state)
{
    (void)state;
    near(lh_azimuth_wrap(-1.0), 359.0, 1e-12);
    near(lh_azimuth_wrap(720.0), 0.0, 0.0);
    assert_true(lh_azimuth_wrap(-1e-20) < 360.0);
    near(lh_azimuth_difference(350.0, 10.0), 20.0, 1e-12);
    near(lh_azimuth_difference(10.0, 350.0), -20.0, 1e-12);
    near(lh_azimuth_difference(0.0, 180.0), -180.0, 0.0);
}

static void test_places_wrap(void **state)
{
    (void)state;
    const struct lh_geo east = lh_geo_wrap((struct lh_geo){10.0, 181.0});
    near(east.longitude_deg, -179.0, 1e-12);
    const struct lh_geo beyond = lh_geo_wrap((struct lh_geo){91.0, 20.0});
    near(beyond.latitude_deg, 89.0, 1e-12);
    near(beyond.longitude_deg, -160.0, 1e-12);
    const struct lh_geo below = lh_geo_wrap((struct lh_geo){-100.0, -170.0});
    near(below.latitude_deg, -80.0, 1e-12);
    near(below.longitude_deg, 10.0, 1e-12);
    assert_true(lh_geo_valid(seat));
    assert_false(lh_geo_valid((struct lh_geo){NAN, 0}));
    assert_false(lh_geo_valid((struct lh_geo){0, INFINITY}));
    assert_false(lh_geo_valid((struct lh_geo){90.1, 0}));
}

static void check_plane(struct lh_geo origin)
{
    const struct lh_plane plane = {origin};
    for (double e = -30000.0; e <= 30000.0; e += 15000.0)
        for (double n = -30000.0; n <= 30000.0; n += 15000.0) {
            const struct lh_geo place = lh_plane_geo(&plane, (struct lh_offset){e, n});
            assert_true(lh_geo_valid(place));
            const struct lh_offset back = lh_plane_offset(&plane, place);
            near(back.east_m, e, 1e-5);
            near(back.north_m, n, 1e-5);
            near(lh_geo_distance_m(origin, place), hypot(e, n), 1e-5);
        }
}

static void test_the_plane_works_everywhere(void **state)
{
    (void)state;
    check_plane(seat);
    check_plane((struct lh_geo){66.0, 180.0});
    check_plane((struct lh_geo){-17.0, -179.99});
    check_plane((struct lh_geo){90.0, 0.0});
    check_plane((struct lh_geo){-89.9, 70.0});
}

static void test_lengths_on_the_plane_are_true_enough(void **state)
{
    (void)state;
    const struct lh_plane plane = {seat};
    const struct lh_offset a = {40000.0, -20000.0};
    const struct lh_offset b = {40000.0, 10000.0};
    const double truth = lh_geo_distance_m(lh_plane_geo(&plane, a), lh_plane_geo(&plane, b));
    near(truth, 30000.0, 0.4);
}

/* A plane azimuth and the convergence give the true azimuth, and a straight line on the plane is the
 * geodesic. */
static void test_convergence_turns_the_plane_to_north(void **state)
{
    (void)state;
    const struct lh_geo origins[] = {seat, {70.0, 179.9}, {89.99, 10.0}, {-55.0, 0.0}};
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
        const struct lh_plane plane = {origins[i]};
        const struct lh_offset from = {20000.0, 15000.0};
        const struct lh_offset to = {from.east_m + 12000.0, from.north_m - 9000.0};
        const double plane_deg = atan2(12000.0, -9000.0) / LH_DEGREE;
        const double true_deg =
            lh_geo_bearing_deg(lh_plane_geo(&plane, from), lh_plane_geo(&plane, to));
        const double turned_deg = plane_deg + lh_plane_convergence_deg(&plane, from);
        near(lh_azimuth_difference(true_deg, turned_deg), 0.0, 0.001);
    }
}

/* STANDARDS: made with an independent implementation (gcoord 1.0.7). */
static void test_gcj02_is_where_the_maps_have_it(void **state)
{
    (void)state;
    const struct lh_geo town = lh_geo_to_datum(LH_DATUM_GCJ02, seat);
    near(town.longitude_deg, 112.162604, 6e-7);
    near(town.latitude_deg, 37.551784, 6e-7);
    const struct lh_geo centre = lh_geo_to_datum(LH_DATUM_GCJ02, (struct lh_geo){37.68, 111.80});
    near(centre.longitude_deg, 111.806464, 6e-7);
    near(centre.latitude_deg, 37.680618, 6e-7);
    near(lh_geo_distance_m(seat, town), hypot(582.0, 87.0), 2.0);
    near(lh_geo_distance_m(seat, lh_geo_to_datum(LH_DATUM_BD09, seat)), 1360.0, 30.0);
}

static void test_datums_come_back(void **state)
{
    (void)state;
    const enum lh_datum datums[] = {LH_DATUM_WGS84, LH_DATUM_GCJ02, LH_DATUM_BD09};
    for (size_t i = 0; i < 3; i++)
        for (double latitude = 20.0; latitude < 50.0; latitude += 5.3)
            for (double longitude = 80.0; longitude < 130.0; longitude += 7.1) {
                const struct lh_geo place = {latitude, longitude};
                const struct lh_geo there = lh_geo_to_datum(datums[i], place);
                near_place(lh_geo_from_datum(datums[i], there), place, 0.01);
            }
}

static void test_outside_china_nothing_is_moved(void **state)
{
    (void)state;
    const struct lh_geo cevennes = {44.2, 3.8};
    near_place(lh_geo_to_datum(LH_DATUM_GCJ02, cevennes), cevennes, 0.0);
    near_place(lh_geo_from_datum(LH_DATUM_BD09, cevennes), cevennes, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths_are_those_of_the_ellipsoid),
        cmocka_unit_test(test_a_move_comes_back),
        cmocka_unit_test(test_azimuths_wrap),
        cmocka_unit_test(test_places_wrap),
        cmocka_unit_test(test_the_plane_works_everywhere),
        cmocka_unit_test(test_lengths_on_the_plane_are_true_enough),
        cmocka_unit_test(test_convergence_turns_the_plane_to_north),
        cmocka_unit_test(test_gcj02_is_where_the_maps_have_it),
        cmocka_unit_test(test_datums_come_back),
        cmocka_unit_test(test_outside_china_nothing_is_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
