#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "locate/pose.h"

#include <math.h>

#define ASPECT (16.0 / 9.0)

static void near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.9g is not %.9g", a, b);
}

static struct lh_pose level(double hfov_deg)
{
    return (struct lh_pose){
        .place = {37.68, 111.8},
        .ground_m = 1500,
        .mast_m = 20,
        .hfov_deg = hfov_deg,
        .sigma_azimuth_deg = 0.1,
        .sigma_tilt_deg = 0.1,
        .sigma_height_m = 3,
        .range_m = 20000,
    };
}

static struct lh_bearing bearing(const struct lh_pose *pose, double x, double y)
{
    struct lh_bearing found = {NAN, NAN};
    assert_int_equal(lh_pose_bearing(pose, ASPECT, x, y, &found), LH_OK);
    return found;
}

/* STANDARDS' figures: how wrong azimuth = middle + (x - 1/2) HFOV is at worst. */
static void a_linear_scale_is_wrong_by_the_known_figures(void **state)
{
    static const double known[][2] = {{20, 0.04}, {30, 0.13}, {45, 0.46}, {60, 1.12}, {90, 4.07}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct lh_pose pose = level(known[i][0]);
        double worst = 0.0;
        for (int step = 0; step <= 1000; step++) {
            const double x = step / 1000.0;
            const double linear = (x - 0.5) * known[i][0];
            const double off = lh_azimuth_difference(linear, bearing(&pose, x, 0.5).azimuth_deg);
            worst = fmax(worst, fabs(off));
        }
        near(worst, known[i][1], 0.006);
    }
}

static void the_middle_is_where_the_camera_looks(void **state)
{
    (void)state;
    struct lh_pose pose = level(60);
    pose.azimuth_deg = 214.6;
    pose.tilt_deg = -7.25;
    pose.roll_deg = 13;
    near(bearing(&pose, 0.5, 0.5).azimuth_deg, 214.6, 1e-9);
    near(bearing(&pose, 0.5, 0.5).elevation_deg, -7.25, 1e-9);
    pose.roll_deg = 0;
    pose.tilt_deg = 0;
    near(bearing(&pose, 1.0, 0.5).azimuth_deg, 244.6, 1e-9);
    near(bearing(&pose, 0.5, 0.0).elevation_deg, lh_vfov_deg(60, ASPECT) / 2, 1e-9);
    near(lh_vfov_deg(60, ASPECT), 2 * atan(tan(LH_PI / 6) / ASPECT) / LH_DEGREE, 1e-9);
}

static void roll_and_mount_turn_as_the_header_says(void **state)
{
    (void)state;
    struct lh_pose pose = level(60);
    pose.roll_deg = 90;
    near(bearing(&pose, 1.0, 0.5).azimuth_deg, 0, 1e-9);
    near(bearing(&pose, 1.0, 0.5).elevation_deg, -30, 1e-9);
    pose.roll_deg = 0;
    pose.mount_east_deg = 1.5; /* north goes up */
    near(bearing(&pose, 0.5, 0.5).elevation_deg, 1.5, 1e-9);
    pose.azimuth_deg = 90;
    near(bearing(&pose, 0.5, 0.5).elevation_deg, 0, 1e-9);
    pose.mount_east_deg = 0;
    pose.mount_north_deg = 2; /* up goes east: the east goes down */
    near(bearing(&pose, 0.5, 0.5).elevation_deg, -2, 1e-9);
    pose.mount_north_deg = 0;
    pose.mount_azimuth_deg = 3;
    near(bearing(&pose, 0.5, 0.5).azimuth_deg, 93, 1e-9);
}

static void what_is_seen_is_pictured_where_it_was_seen(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        struct lh_pose pose = level(5 + i % 80);
        pose.azimuth_deg = i * 37 % 360;
        pose.tilt_deg = i % 61 - 30;
        pose.roll_deg = i % 11 - 5;
        pose.k1 = (i % 7 - 3) * 0.03;
        pose.k2 = (i % 5 - 2) * 0.01;
        pose.mount_east_deg = i % 3 - 1;
        pose.mount_north_deg = i % 4 - 2;
        pose.mount_azimuth_deg = i % 9;
        const double x = (i % 21) / 20.0;
        const double y = (i % 17) / 16.0;
        struct lh_bearing seen;
        double back_x = NAN;
        double back_y = NAN;
        assert_int_equal(lh_pose_bearing(&pose, ASPECT, x, y, &seen), LH_OK);
        assert_true(lh_pose_project(&pose, ASPECT, seen, &back_x, &back_y));
        near(back_x, x, 1e-9);
        near(back_y, y, 1e-9);
    }
}

static void a_barrel_sees_farther_out_at_its_edge(void **state)
{
    (void)state;
    struct lh_pose pose = level(60);
    pose.k1 = -0.1;
    const double half = tan(LH_PI / 6);
    const double r = tan(bearing(&pose, 1.0, 0.5).azimuth_deg * LH_DEGREE);
    near(r * (1 - 0.1 * r * r), half, 1e-12);
    assert_true(r > half);
}

static void what_a_lens_cannot_picture_is_refused(void **state)
{
    (void)state;
    struct lh_pose pose = level(90);
    struct lh_bearing kept = {1, 2};
    double x;
    double y;
    pose.k1 = -0.5; /* folds at r = 0.816, pictured at 0.544 */
    assert_int_equal(lh_pose_bearing(&pose, ASPECT, 1, 0.5, &kept), LH_ERANGE);
    assert_int_equal(lh_pose_bearing(&pose, ASPECT, NAN, 0.5, &kept), LH_ERANGE);
    assert_int_equal(lh_pose_bearing(&pose, ASPECT, 0.5, INFINITY, &kept), LH_ERANGE);
    assert_int_equal(lh_pose_bearing(&pose, NAN, 0.5, 0.7, &kept), LH_ERANGE);
    near(kept.azimuth_deg, 1, 0);
    assert_false(lh_pose_project(&pose, ASPECT, (struct lh_bearing){45, 0}, &x, &y));
    assert_false(lh_pose_project(&pose, ASPECT, (struct lh_bearing){180, 0}, &x, &y));
    assert_false(lh_pose_project(&pose, ASPECT, (struct lh_bearing){NAN, 0}, &x, &y));
}

static void zoom_is_interpolated_in_the_logarithm_of_the_focal_length(void **state)
{
    (void)state;
    struct lh_zoom_step steps[] = {{0, 60}, {0.5, 20}, {1, 2}};
    const struct lh_pose_config config = {.hfov_deg = 55, .zooms = steps, .zoom_count = 3};
    near(lh_zoom_hfov_deg(&config, NAN), 55, 0);
    near(lh_zoom_hfov_deg(&config, -1), 60, 0);
    near(lh_zoom_hfov_deg(&config, 2), 2, 0);
    near(lh_zoom_hfov_deg(&config, 0.5), 20, 1e-9);
    const double focal = sqrt(1 / tan(30 * LH_DEGREE) / tan(10 * LH_DEGREE));
    near(lh_zoom_hfov_deg(&config, 0.25), 2 * atan(1 / focal) / LH_DEGREE, 1e-9);
}

static struct lh_camera_config movable(struct lh_preset_config *presets, size_t count)
{
    return (struct lh_camera_config){
        .pose = {.latitude_deg = 37.551784,
                 .longitude_deg = 112.162604,
                 .datum = 1,
                 .ground_m = NAN,
                 .mast_m = 30,
                 .azimuth_deg = -10,
                 .hfov_deg = 50,
                 .sigma_azimuth_deg = 0.2,
                 .sigma_tilt_deg = 0.1,
                 .range_m = 15000,
                 .pan_from_deg = 300,
                 .pan_to_deg = 40},
        .pose_place = {.line = 1, .column = 1},
        .presets = presets,
        .preset_count = count,
    };
}

static void a_preset_takes_the_place_of_the_poses_angles(void **state)
{
    (void)state;
    char north[] = "north valley";
    char far[] = "far";
    struct lh_preset_config presets[] = {{north, 12.5, -3, NAN}, {far, 350, 1, NAN}};
    struct lh_camera_config camera = movable(presets, 2);
    struct lh_pose pose;
    assert_int_equal(lh_pose_of_camera(&camera, "", &pose), LH_OK);
    near(pose.azimuth_deg, 350, 1e-9);
    near(pose.place.latitude_deg, 37.551, 2e-6); /* GCJ-02 of Jiaocheng's seat, STANDARDS 4.5 */
    near(pose.place.longitude_deg, 112.156, 2e-6);
    assert_true(isnan(pose.ground_m));
    assert_int_equal(lh_pose_of_camera(&camera, "north valley", &pose), LH_OK);
    near(pose.azimuth_deg, 12.5, 0);
    near(pose.tilt_deg, -3, 0);
    assert_int_equal(lh_pose_of_camera(&camera, "south", &pose), LH_ENOTFOUND);
    camera.preset_count = 0;
    assert_int_equal(lh_pose_of_camera(&camera, "south", &pose), LH_OK);
    camera.pose_place.line = 0;
    assert_int_equal(lh_pose_of_camera(&camera, "", &pose), LH_ENOTFOUND);
}

static void a_camera_pans_between_its_limits(void **state)
{
    (void)state;
    struct lh_camera_config camera = movable(NULL, 0);
    assert_true(lh_pose_reaches(&camera, 0));
    assert_true(lh_pose_reaches(&camera, 64));  /* 40 and half the view */
    assert_true(lh_pose_reaches(&camera, 276)); /* 300 less half the view */
    assert_false(lh_pose_reaches(&camera, 70));
    assert_false(lh_pose_reaches(&camera, 180));
    camera.pose.pan_to_deg = camera.pose.pan_from_deg;
    assert_true(lh_pose_reaches(&camera, 180));
}

static void numbers_that_are_no_pose_are_refused(void **state)
{
    (void)state;
    const struct lh_camera_config good = movable(NULL, 0);
    struct lh_pose pose = level(50);
    assert_true(lh_pose_valid(&pose));
    for (int i = 0; i < 6; i++) {
        struct lh_camera_config camera = good;
        double *const spoilt[] = {&camera.pose.latitude_deg, &camera.pose.azimuth_deg,
                                  &camera.pose.hfov_deg,     &camera.pose.sigma_azimuth_deg,
                                  &camera.pose.range_m,      &camera.pose.k1};
        *spoilt[i] = NAN;
        assert_int_equal(lh_pose_of_camera(&camera, "", &pose), LH_EINVAL);
    }
    struct lh_camera_config camera = good;
    camera.pose.latitude_deg = 91;
    assert_int_equal(lh_pose_of_camera(&camera, "", &pose), LH_EINVAL);
    assert_int_equal(lh_pose_of_pointing(&good, (struct lh_pointing){NAN, 0, NAN}, &pose),
                     LH_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_linear_scale_is_wrong_by_the_known_figures),
        cmocka_unit_test(the_middle_is_where_the_camera_looks),
        cmocka_unit_test(roll_and_mount_turn_as_the_header_says),
        cmocka_unit_test(what_is_seen_is_pictured_where_it_was_seen),
        cmocka_unit_test(a_barrel_sees_farther_out_at_its_edge),
        cmocka_unit_test(what_a_lens_cannot_picture_is_refused),
        cmocka_unit_test(zoom_is_interpolated_in_the_logarithm_of_the_focal_length),
        cmocka_unit_test(a_preset_takes_the_place_of_the_poses_angles),
        cmocka_unit_test(a_camera_pans_between_its_limits),
        cmocka_unit_test(numbers_that_are_no_pose_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
