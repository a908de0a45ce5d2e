#include "locate/position.h"

#include <math.h>
#include <stdlib.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct lh_geo here = {37.68, 111.80};

static void near(double value, double expected, double off)
{
    if (!(fabs(value - expected) <= off))
        fail_msg("%.9g is not %.9g +- %g", value, expected, off);
}

static struct lh_ellipse ellipse(struct lh_geo centre, double major_m, double minor_m,
                                 double azimuth_deg)
{
    return (struct lh_ellipse){centre, NAN, major_m, minor_m, azimuth_deg};
}

static void test_an_ellipse_is_its_covariance(void **state)
{
    (void)state;
    for (double azimuth = 0.0; azimuth < 180.0; azimuth += 17.0) {
        const struct lh_ellipse before = ellipse(here, 300.0, 40.0, azimuth);
        struct lh_ellipse after = before;
        lh_ellipse_set_covariance(&after, lh_ellipse_covariance(&before));
        near(after.major_m, 300.0, 1e-6);
        near(after.minor_m, 40.0, 1e-6);
        near(after.azimuth_deg, azimuth, 1e-6);
    }
    const struct lh_ellipse east = ellipse(here, 10.0, 1.0, 90.0);
    near(lh_ellipse_covariance(&east).ee, 100.0, 1e-9);
}

static void test_distance_counts_sigmas(void **state)
{
    (void)state;
    const struct lh_ellipse north = ellipse(here, 200.0, 50.0, 0.0);
    near(lh_ellipse_distance2(&north, lh_geo_move(here, 0.0, 400.0)), 4.0, 1e-6);
    near(lh_ellipse_distance2(&north, lh_geo_move(here, 90.0, 150.0)), 9.0, 1e-6);
    const struct lh_position a = lh_position_of_ellipse(north);
    assert_true(lh_position_contains(&a, lh_geo_move(here, 180.0, 2.44 * 200.0)));
    assert_false(lh_position_contains(&a, lh_geo_move(here, 180.0, 2.46 * 200.0)));
    const struct lh_position b =
        lh_position_of_ellipse(ellipse(lh_geo_move(here, 90.0, 500.0), 150.0, 150.0, 0.0));
    near(lh_position_distance2(&a, &b), 500.0 * 500.0 / (50.0 * 50.0 + 150.0 * 150.0), 1e-6);
    near(lh_position_distance2(&b, &a), lh_position_distance2(&a, &b), 1e-6);
}

/* Truths drawn from the ellipse lie in the stated region as often as is stated. */
static void test_95_of_100_lie_inside(void **state)
{
    (void)state;
    const struct lh_ellipse cloud = ellipse(here, 300.0, 60.0, 40.0);
    const struct lh_position position = lh_position_of_ellipse(cloud);
    const int draws = 4000;
    int inside = 0;
    unsigned seed = 7;
    for (int i = 0; i < draws; i++) {
        const double u = (rand_r(&seed) + 1.0) / (RAND_MAX + 2.0);
        const double v = rand_r(&seed) / (RAND_MAX + 1.0);
        const double along = sqrt(-2.0 * log(u)) * cos(2.0 * LH_PI * v) * cloud.major_m;
        const double across = sqrt(-2.0 * log(u)) * sin(2.0 * LH_PI * v) * cloud.minor_m;
        const struct lh_geo there = lh_geo_move(lh_geo_move(here, 40.0, along), 130.0, across);
        inside += lh_position_contains(&position, there);
    }
    near(inside / (double)draws, 0.95, 0.015);
}

static void test_the_best_hypothesis_has_the_greatest_weight(void **state)
{
    (void)state;
    struct lh_position position = {.form = LH_POSITION_ELLIPSES, .count = 3};
    for (size_t i = 0; i < 3; i++)
        position.ellipses[i] = ellipse(lh_geo_move(here, 0.0, 2000.0 * (double)i), 50.0, 50.0, 0.0);
    position.weights[0] = 0.2;
    position.weights[1] = 0.7;
    position.weights[2] = 0.1;
    assert_ptr_equal(lh_position_best(&position), &position.ellipses[1]);
    const struct lh_position other = lh_position_of_ellipse(position.ellipses[2]);
    near(lh_position_distance2(&position, &other), 0.0, 1e-9);
    const struct lh_position none = {0};
    assert_null(lh_position_best(&none));
    assert_true(isinf(lh_position_distance2(&none, &other)));
    assert_false(lh_position_contains(&none, here));
}

static void test_merging_two_bearings_gives_their_crossing(void **state)
{
    (void)state;
    /* Towers at 10 km with half a degree: 87 m across, nothing known along. STANDARDS 4.4: crossing at 60
     * degrees gives 123 x 71 m. */
    const struct lh_ellipse a = ellipse(here, 1e6, 87.27, 0.0);
    const struct lh_ellipse b = ellipse(here, 1e6, 87.27, 60.0);
    const struct lh_ellipse both = lh_ellipse_merge(&a, &b);
    near(both.major_m, 123.4, 0.3);
    near(both.minor_m, 71.3, 0.3);
    near(both.azimuth_deg, 30.0, 0.1);
    const struct lh_ellipse apart = ellipse(lh_geo_move(here, 90.0, 100.0), 10.0, 10.0, 0.0);
    const struct lh_ellipse wide = ellipse(here, 30.0, 30.0, 0.0);
    const struct lh_ellipse merged = lh_ellipse_merge(&wide, &apart);
    near(lh_geo_distance_m(here, merged.centre), 90.0, 1e-3);
    near(merged.major_m, sqrt(90.0), 1e-6);
    assert_true(isnan(merged.height_m));
    struct lh_ellipse high = apart;
    high.height_m = 1234.0;
    near(lh_ellipse_merge(&wide, &high).height_m, 1234.0, 0.0);
}

static void test_a_sector_is_free_along_its_length(void **state)
{
    (void)state;
    const struct lh_position sector = {.form = LH_POSITION_SECTOR,
                                       .sector = {here, 30.0, 0.5, 3000.0, 12000.0}};
    assert_true(lh_position_contains(&sector, lh_geo_move(here, 30.9, 8000.0)));
    assert_false(lh_position_contains(&sector, lh_geo_move(here, 31.0, 8000.0)));
    assert_false(lh_position_contains(&sector, lh_geo_move(here, 30.0, 2900.0)));
    for (double reach = 3500.0; reach < 12000.0; reach += 2000.0) {
        const struct lh_position on =
            lh_position_of_ellipse(ellipse(lh_geo_move(here, 30.0, reach), 50.0, 20.0, 75.0));
        near(lh_position_distance2(&sector, &on), 0.0, 1e-3);
    }
    const struct lh_position off =
        lh_position_of_ellipse(ellipse(lh_geo_move(here, 31.0, 10000.0), 1.0, 1.0, 0.0));
    near(lh_position_distance2(&off, &sector), 4.0, 0.02);
    const struct lh_position beyond =
        lh_position_of_ellipse(ellipse(lh_geo_move(here, 30.0, 13000.0), 500.0, 500.0, 0.0));
    near(lh_position_distance2(&sector, &beyond), 4.0, 0.02);
}

static void test_sectors_that_cross_agree(void **state)
{
    (void)state;
    const struct lh_geo fire = lh_geo_move(here, 45.0, 8000.0);
    const struct lh_geo tower = lh_geo_move(here, 90.0, 9000.0);
    struct lh_position a = {.form = LH_POSITION_SECTOR,
                            .sector = {here, 45.0, 0.2, 1000.0, 15000.0}};
    struct lh_position b = {
        .form = LH_POSITION_SECTOR,
        .sector = {tower, lh_geo_bearing_deg(tower, fire), 0.2, 1000.0, 15000.0}};
    assert_true(lh_position_distance2(&a, &b) < 0.1);
    b.sector.azimuth_deg += 60.0;
    b.sector.far_m = 3000.0;
    assert_true(lh_position_distance2(&a, &b) > 9.21);
    const struct lh_ellipse as_ellipse = lh_sector_ellipse(&a.sector);
    near(lh_geo_distance_m(as_ellipse.centre, here), 8000.0, 1e-3);
    near(as_ellipse.major_m, 14000.0 / sqrt(12.0), 1e-3);
    near(as_ellipse.azimuth_deg, 45.05, 0.1);
}

static void test_the_antimeridian_is_a_place_like_any_other(void **state)
{
    (void)state;
    const struct lh_geo edge = {66.0, 179.999};
    const struct lh_position a = lh_position_of_ellipse(ellipse(edge, 100.0, 100.0, 0.0));
    const struct lh_position b =
        lh_position_of_ellipse(ellipse(lh_geo_move(edge, 90.0, 200.0), 100.0, 100.0, 0.0));
    assert_true(b.ellipses[0].centre.longitude_deg < 0.0);
    near(lh_position_distance2(&a, &b), 2.0, 1e-6);
    const struct lh_ellipse both = lh_ellipse_merge(&a.ellipses[0], &b.ellipses[0]);
    near(lh_geo_distance_m(both.centre, edge), 100.0, 1e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_ellipse_is_its_covariance),
        cmocka_unit_test(test_distance_counts_sigmas),
        cmocka_unit_test(test_95_of_100_lie_inside),
        cmocka_unit_test(test_the_best_hypothesis_has_the_greatest_weight),
        cmocka_unit_test(test_merging_two_bearings_gives_their_crossing),
        cmocka_unit_test(test_a_sector_is_free_along_its_length),
        cmocka_unit_test(test_sectors_that_cross_agree),
        cmocka_unit_test(test_the_antimeridian_is_a_place_like_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
