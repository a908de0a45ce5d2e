#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "locate/sighting.h"

#include "ground.h"

#include <math.h>

static const struct lh_geo middle = {37.68, 111.80};
static const struct lh_sighting_options usual = {
    .terrain_sigma_m = 8, .smoke_height_m = 400, .foot_share = 1.0 / 6};

/* Up towards the north by 1 in 5 from 3 km on: a facing slope. */
static double slope(double e, double n)
{
    (void)e;
    return 1000.0 + (n > 3000.0 ? (n - 3000.0) / 5.0 : 0.0);
}

/* A ridge of 200 m at 4 km, a hollow behind it, a facing slope from 8 km on. */
static double ridge(double e, double n)
{
    (void)e;
    const double crest = 200.0 * exp(-pow((n - 4000.0) / 500.0, 2.0));
    return 1000.0 + crest + (n > 8000.0 ? (n - 8000.0) / 6.0 : 0.0);
}

static double level(double e, double n)
{
    (void)e;
    (void)n;
    return 1000.0;
}

static struct lh_sighting sight(const struct lh_eye *eye, const struct lh_pose *pose,
                                double azimuth_deg, double elevation_deg)
{
    struct lh_sighting sighting;
    assert_int_equal(lh_sighting_of_bearing(eye, pose,
                                            (struct lh_bearing){azimuth_deg, elevation_deg}, 0.1,
                                            0.1, &usual, &sighting),
                     LH_OK);
    return sighting;
}

/* Where the ground at north_m is seen, from the middle. */
static double elevation_of(const struct lh_eye *eye, double (*height)(double, double),
                           double north_m)
{
    const struct lh_offset at = {eye->at.east_m, eye->at.north_m + north_m};
    return lh_ray_aim(eye, at, height(0, eye->at.north_m + north_m)).elevation_deg;
}

static void a_facing_slope_gives_a_small_ellipse(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make_ground(middle, 30, 801, slope);
    const struct lh_pose pose = make_pose(middle);
    const struct lh_eye eye = make_eye(terrain, &pose);
    const struct lh_sighting sighting = sight(&eye, &pose, 0, elevation_of(&eye, slope, 6000));
    const struct lh_ellipse *best = lh_position_best(&sighting.position);
    assert_non_null(best);
    assert_int_equal(sighting.position.count, 1);
    const struct lh_geo truth = lh_geo_move(middle, 0, 6000);
    assert_true(lh_geo_distance_m(best->centre, truth) < 30);
    assert_true(lh_position_contains(&sighting.position, truth));
    /* across: 6 km at 0.1 degrees, and the cell; along: tilt and height over a grazing angle of 17 degrees */
    assert_true(fabs(best->minor_m - hypot(10.5, 30 / sqrt(12))) < 1);
    assert_true(best->major_m > 40 && best->major_m < 250);
    assert_true(fabs(lh_azimuth_difference(best->azimuth_deg * 2, 0)) < 4);
    assert_true(fabs(best->height_m - 1600) < 10);
    assert_true(sighting.hidden_share < 0.05);
    lh_terrain_destroy(&terrain);
}

static void a_ridge_splits_what_it_may_be(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make_ground(middle, 30, 1001, ridge);
    struct lh_pose pose = make_pose(middle);
    const struct lh_eye eye = make_eye(terrain, &pose);
    /* Just over the crest: the ridge's front, the hollow, or the slope beyond. */
    const double crest_deg = elevation_of(&eye, ridge, 3950);
    const struct lh_sighting sighting = sight(&eye, &pose, 0, crest_deg);
    assert_true(sighting.hidden_share > 0.2);
    const struct lh_geo hollow = lh_geo_move(middle, 0, 5500);
    if (sighting.position.form == LH_POSITION_SECTOR) {
        assert_true(sighting.position.sector.near_m < 4000);
        assert_true(sighting.position.sector.far_m > 8000);
    }
    assert_true(lh_position_contains(&sighting.position, hollow));
    /* Well above it: the slope alone. */
    const struct lh_sighting far = sight(&eye, &pose, 0, elevation_of(&eye, ridge, 13500));
    assert_int_equal(far.position.form, LH_POSITION_ELLIPSES);
    assert_true(lh_geo_distance_m(lh_position_best(&far.position)->centre,
                                  lh_geo_move(middle, 0, 13500)) < 200);
    lh_terrain_destroy(&terrain);
}

static void a_ray_to_the_sky_is_a_sector_behind_the_last_ground(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make_ground(middle, 30, 401, ridge);
    struct lh_pose pose = make_pose(middle);
    pose.range_m = 5800;
    const struct lh_eye eye = make_eye(terrain, &pose);
    const struct lh_sighting sighting = sight(&eye, &pose, 0, 10);
    assert_int_equal(sighting.position.form, LH_POSITION_SECTOR);
    assert_true(fabs(sighting.position.sector.near_m - 3950) < 200); /* the crest */
    assert_true(fabs(sighting.position.sector.far_m - 5800) < 1e-9);
    assert_true(fabs(sighting.position.sector.sigma_deg - 0.1) < 1e-12);
    assert_true(fabs(sighting.hidden_share - 1) < 1e-12);
    lh_terrain_destroy(&terrain);
}

static void without_a_terrain_there_is_a_bearing_only(void **state)
{
    (void)state;
    const struct lh_pose pose = make_pose(middle);
    const struct lh_sighting sighting = sight(NULL, &pose, 361, -1);
    assert_int_equal(sighting.position.form, LH_POSITION_SECTOR);
    assert_true(fabs(sighting.position.sector.azimuth_deg - 1) < 1e-9);
    assert_true(sighting.position.sector.near_m <= 0);
    assert_true(fabs(sighting.position.sector.far_m - 15000) < 1e-9);
}

static void a_box_stands_on_its_bottom_middle(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make_ground(middle, 30, 801, slope);
    const struct lh_pose pose = make_pose(middle);
    const struct lh_eye eye = make_eye(terrain, &pose);
    const double down_deg = elevation_of(&eye, slope, 6000);
    const double aspect = 16.0 / 9.0;
    double x;
    double y;
    assert_true(lh_pose_project(&pose, aspect, (struct lh_bearing){10, down_deg}, &x, &y));
    const struct lh_box box = {(float)x - 0.02F, (float)y - 0.1F, 0.04F, 0.1F};
    struct lh_sighting sighting;
    assert_int_equal(lh_sighting_make(&eye, &pose, 1920, 1080, box, &usual, &sighting), LH_OK);
    assert_true(fabs(lh_azimuth_difference(sighting.bearing.azimuth_deg, 10)) < 1e-4);
    assert_true(fabs(sighting.bearing.elevation_deg - down_deg) < 1e-4);
    /* a sixth of the box's width: 0.04 / 6 of 2 tan(30) focal lengths */
    const double foot_deg = 0.04 / 6 * 2 * tan(LH_PI / 6) / LH_DEGREE * pow(cos(10 * LH_DEGREE), 2);
    assert_true(fabs(sighting.sigma_azimuth_deg - hypot(0.1, foot_deg)) < 0.005);
    assert_true(lh_position_contains(&sighting.position,
                                     lh_geo_move(middle, 10, 6000 / cos(10 * LH_DEGREE))));
    lh_terrain_destroy(&terrain);
}

static void poles_and_the_antimeridian_are_places_like_others(void **state)
{
    static const struct lh_geo places[] = {{89.99, 20}, {0, 179.99}, {0, -180}, {-89.995, -100}};
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct lh_terrain *terrain = make_ground(places[i], 30, 601, level);
        const struct lh_pose pose = make_pose(places[i]);
        const struct lh_eye eye = make_eye(terrain, &pose);
        for (double azimuth_deg = 0; azimuth_deg < 360; azimuth_deg += 45) {
            const struct lh_geo truth = lh_geo_move(places[i], azimuth_deg, 2000);
            const struct lh_offset at = lh_plane_offset(&terrain->plane, truth);
            const struct lh_aim aim = lh_ray_aim(&eye, at, 1000);
            const struct lh_sighting sighting =
                sight(&eye, &pose, aim.azimuth_deg, aim.elevation_deg);
            assert_true(lh_position_contains(&sighting.position, truth));
            assert_true(lh_geo_valid(lh_position_best(&sighting.position)->centre));
        }
        lh_terrain_destroy(&terrain);
    }
}

static void a_lens_under_ground_gets_no_eye(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make_ground(middle, 30, 201, level);
    struct lh_fault fault = {0};
    struct lh_eye eye;
    assert_int_equal(lh_eye_place(terrain, middle, 900, 30, &fault, &eye), LH_ERANGE);
    assert_true(fault.text[0] != '\0');
    lh_terrain_destroy(&terrain);
}

static void numbers_that_are_none_are_refused(void **state)
{
    (void)state;
    const struct lh_pose pose = make_pose(middle);
    struct lh_pose spoilt = pose;
    struct lh_sighting kept = {.range_m = 77};
    const struct lh_box box = {0.4F, 0.4F, 0.1F, 0.1F};
    spoilt.azimuth_deg = NAN;
    assert_int_equal(lh_sighting_make(NULL, &spoilt, 100, 100, box, &usual, &kept), LH_EINVAL);
    assert_int_equal(lh_sighting_make(NULL, &pose, 0, 100, box, &usual, &kept), LH_EINVAL);
    const struct lh_box odd[] = {{NAN, 0, 0.1F, 0.1F},   {0, 0, 0, 0.1F},
                                 {0, 0, 0.1F, -1},       {INFINITY, 0, 0.1F, 0.1F},
                                 {0, 1e30F, 0.1F, 0.1F}, {0.4F, 0.4F, NAN, 0.1F}};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        assert_int_equal(lh_sighting_make(NULL, &pose, 100, 100, odd[i], &usual, &kept), LH_EINVAL);
    assert_int_equal(
        lh_sighting_of_bearing(NULL, &pose, (struct lh_bearing){NAN, 0}, 0.1, 0.1, &usual, &kept),
        LH_EINVAL);
    assert_int_equal(
        lh_sighting_of_bearing(NULL, &pose, (struct lh_bearing){0, 90}, 0.1, 0.1, &usual, &kept),
        LH_EINVAL);
    assert_true(fabs(kept.range_m - 77) < 1e-12);
}

static double hole(double e, double n)
{
    return hypot(e, n) < 500 ? 1000 : NAN;
}

static void unknown_ground_is_not_no_ground(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make_ground(middle, 30, 401, hole);
    struct lh_pose pose = make_pose(middle);
    pose.range_m = 5000;
    const struct lh_eye eye = make_eye(terrain, &pose);
    const struct lh_sighting sighting = sight(&eye, &pose, 0, -0.6);
    assert_true(sighting.position.form != LH_POSITION_NONE);
    assert_true(lh_position_contains(&sighting.position, lh_geo_move(middle, 0, 2500)));
    lh_terrain_destroy(&terrain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_facing_slope_gives_a_small_ellipse),
        cmocka_unit_test(a_ridge_splits_what_it_may_be),
        cmocka_unit_test(a_ray_to_the_sky_is_a_sector_behind_the_last_ground),
        cmocka_unit_test(without_a_terrain_there_is_a_bearing_only),
        cmocka_unit_test(a_box_stands_on_its_bottom_middle),
        cmocka_unit_test(poles_and_the_antimeridian_are_places_like_others),
        cmocka_unit_test(a_lens_under_ground_gets_no_eye),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(unknown_ground_is_not_no_ground),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
