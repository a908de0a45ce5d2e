#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "locate/landmarks.h"

#include "ground.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 1920
#define HEIGHT 1080

static const struct lh_geo middle = {37.68, 111.80};

static double hills(double e, double n)
{
    return 1200 + 200 * sin(e / 900) * cos(n / 1100);
}

struct scene {
    struct lh_terrain *terrain;
    struct lh_pose truth;
    struct lh_eye eye;
    struct lh_landmark landmarks[12];
    size_t count;
};

/* Landmarks where the camera pictures them, spread over its view from edge to edge. */
static void build(struct scene *scene, size_t count)
{
    *scene =
        (struct scene){.terrain = make_ground(middle, 50, 401, hills), .truth = make_pose(middle)};
    scene->truth.azimuth_deg = 77.3;
    scene->truth.tilt_deg = -3.2;
    scene->truth.roll_deg = 1.4;
    scene->truth.hfov_deg = 48.5;
    scene->eye = make_eye(scene->terrain, &scene->truth);
    for (size_t i = 0; i < count; i++) {
        const double share = count > 1 ? (double)i / (double)(count - 1) - 0.5 : 0;
        const struct lh_geo place =
            lh_geo_move(middle, 77.3 + 40 * share, 2500 + (double)(i * 2917 % 6000));
        const struct lh_offset at = lh_plane_offset(&scene->terrain->plane, place);
        const double height_m = hills(at.east_m, at.north_m) + (double)(i % 3) * 15;
        const struct lh_aim aim = lh_ray_aim(&scene->eye, at, height_m);
        struct lh_landmark *one = &scene->landmarks[scene->count++];
        double x;
        double y;
        assert_true(lh_pose_project(&scene->truth, (double)WIDTH / HEIGHT,
                                    (struct lh_bearing){aim.azimuth_deg, aim.elevation_deg}, &x,
                                    &y));
        *one = (struct lh_landmark){
            .x_px = x * WIDTH, .y_px = y * HEIGHT, .place = place, .height_m = height_m};
        (void)snprintf(one->name, sizeof one->name, "peak %zu", i);
    }
}

static int solve(const struct scene *scene, const struct lh_pose *start, bool k1,
                 struct lh_fault *fault, struct lh_landmark_fit *fits,
                 struct lh_landmark_result *result)
{
    return lh_landmarks_solve(&scene->eye, start, WIDTH, HEIGHT, scene->landmarks, scene->count, k1,
                              fault, fits, result);
}

static void expect_truth(const struct scene *scene, const struct lh_landmark_result *result,
                         double within_deg)
{
    const struct lh_pose *pose = &result->pose;
    assert_true(fabs(lh_azimuth_difference(pose->azimuth_deg, scene->truth.azimuth_deg)) <
                within_deg);
    assert_true(fabs(pose->tilt_deg - scene->truth.tilt_deg) < within_deg);
    assert_true(fabs(pose->roll_deg - scene->truth.roll_deg) < 2 * within_deg);
    assert_true(fabs(pose->hfov_deg - scene->truth.hfov_deg) < 4 * within_deg);
}

static void four_landmarks_tell_the_angles_from_any_beginning(void **state)
{
    struct scene scene;
    struct lh_landmark_fit fits[12];
    struct lh_landmark_result result;
    (void)state;
    build(&scene, 4);
    for (int i = 0; i < 8; i++) {
        struct lh_fault fault = {0};
        struct lh_pose start = make_pose(middle);
        start.azimuth_deg = i * 45;
        start.hfov_deg = 20 + 10 * i;
        if (solve(&scene, &start, false, &fault, fits, &result) != LH_OK)
            fail_msg("%s", fault.text);
        expect_truth(&scene, &result, 1e-4);
        assert_int_equal(result.outlier_count, 0);
        assert_true(result.rms_px < 1e-3);
        assert_true(result.pose.sigma_azimuth_deg < 0.2);
    }
    lh_terrain_destroy(&scene.terrain);
}

static void clicks_are_a_pixel_off(void **state)
{
    struct scene scene;
    struct lh_landmark_fit fits[12];
    struct lh_landmark_result result;
    struct lh_fault fault = {0};
    (void)state;
    build(&scene, 8);
    for (size_t i = 0; i < scene.count; i++) {
        scene.landmarks[i].x_px += (double)(i * 7 % 5) - 2;
        scene.landmarks[i].y_px += (double)(i * 3 % 5) - 2;
    }
    const struct lh_pose start = make_pose(middle);
    assert_int_equal(solve(&scene, &start, false, &fault, fits, &result), LH_OK);
    expect_truth(&scene, &result, 0.06);
    assert_true(result.rms_px > 0.5 && result.rms_px < 3);
    lh_terrain_destroy(&scene.terrain);
}

static void a_wrong_landmark_is_named_and_left_out(void **state)
{
    struct scene scene;
    struct lh_landmark_fit fits[12];
    struct lh_landmark_result result;
    struct lh_fault fault = {0};
    (void)state;
    build(&scene, 7);
    scene.landmarks[3].x_px += 90;
    const struct lh_pose start = make_pose(middle);
    assert_int_equal(solve(&scene, &start, false, &fault, fits, &result), LH_OK);
    assert_int_equal(result.outlier_count, 1);
    for (size_t i = 0; i < scene.count; i++)
        assert_int_equal(fits[i].outlier, i == 3);
    assert_true(fabs(fits[3].off_x_px + 90) < 1);
    assert_true(fits[3].off_deg > 1.5);
    expect_truth(&scene, &result, 1e-3);
    lh_terrain_destroy(&scene.terrain);
}

static void distortion_is_solved_where_it_is_asked_for(void **state)
{
    struct scene scene;
    struct lh_landmark_fit fits[12];
    struct lh_landmark_result result;
    struct lh_fault fault = {0};
    (void)state;
    build(&scene, 12);
    scene.truth.k1 = -0.12;
    for (size_t i = 0; i < scene.count; i++) {
        struct lh_landmark *one = &scene.landmarks[i];
        const struct lh_aim aim = lh_ray_aim(
            &scene.eye, lh_plane_offset(&scene.terrain->plane, one->place), one->height_m);
        assert_true(lh_pose_project(&scene.truth, (double)WIDTH / HEIGHT,
                                    (struct lh_bearing){aim.azimuth_deg, aim.elevation_deg},
                                    &one->x_px, &one->y_px));
        one->x_px *= WIDTH;
        one->y_px *= HEIGHT;
    }
    const struct lh_pose start = make_pose(middle);
    assert_int_equal(solve(&scene, &start, true, &fault, fits, &result), LH_OK);
    assert_true(fabs(result.pose.k1 + 0.12) < 0.005);
    expect_truth(&scene, &result, 0.01);
    lh_terrain_destroy(&scene.terrain);
}

static void what_cannot_be_solved_is_refused_with_what_to_do(void **state)
{
    struct scene scene;
    struct lh_landmark_fit fits[12];
    struct lh_landmark_result result = {.rms_px = 77};
    struct lh_fault fault = {0};
    const struct lh_pose start = make_pose(middle);
    (void)state;
    build(&scene, 5);
    scene.count = 3;
    assert_int_equal(solve(&scene, &start, false, &fault, fits, &result), LH_ERANGE);
    assert_non_null(strstr(fault.text, "between 4"));
    scene.count = 5;
    for (size_t i = 1; i < 5; i++) /* all the same */
        scene.landmarks[i] = scene.landmarks[0];
    assert_int_equal(solve(&scene, &start, false, &fault, fits, &result), LH_ERANGE);
    assert_non_null(strstr(fault.text, "spread"));
    lh_terrain_destroy(&scene.terrain);
    build(&scene, 6);
    for (size_t i = 0; i < 6; i++) /* clicked on one another's place */
        scene.landmarks[i].x_px = (double)(i * 977 % 1900);
    assert_int_equal(solve(&scene, &start, false, &fault, fits, &result), LH_ERANGE);
    scene.landmarks[2].x_px = NAN;
    assert_int_equal(solve(&scene, &start, false, &fault, fits, &result), LH_EINVAL);
    scene.landmarks[2].x_px = 10;
    scene.landmarks[2].place.latitude_deg = INFINITY;
    assert_int_equal(solve(&scene, &start, false, &fault, fits, &result), LH_EINVAL);
    scene.landmarks[2].place = (struct lh_geo){10, 10};
    scene.landmarks[2].height_m = NAN;
    assert_int_equal(solve(&scene, &start, false, &fault, fits, &result), LH_ENOTFOUND);
    assert_non_null(strstr(fault.text, "peak 2"));
    scene.landmarks[2] = scene.landmarks[1];
    scene.landmarks[2].place = middle;
    assert_int_equal(solve(&scene, &start, false, &fault, fits, &result), LH_EINVAL);
    assert_true(fabs(result.rms_px - 77) < 1e-12);
    lh_terrain_destroy(&scene.terrain);
}

static void a_line_says_a_landmark(void **state)
{
    struct lh_landmark one;
    struct lh_fault fault = {0};
    (void)state;
    assert_int_equal(
        lh_landmark_parse("10.5, 20,37.6 ,111.9,1500,Guandi peak\n", LH_DATUM_WGS84, &fault, &one),
        LH_OK);
    assert_true(fabs(one.x_px - 10.5) < 1e-12 && fabs(one.y_px - 20) < 1e-12);
    assert_true(fabs(one.height_m - 1500) < 1e-12);
    assert_string_equal(one.name, "Guandi peak");
    assert_int_equal(lh_landmark_parse("1,2,37.6,111.9", LH_DATUM_WGS84, &fault, &one), LH_OK);
    assert_true(isnan(one.height_m));
    assert_string_equal(one.name, "");
    assert_int_equal(lh_landmark_parse("1,2,37.6,111.9,,mast", LH_DATUM_GCJ02, &fault, &one),
                     LH_OK);
    assert_true(isnan(one.height_m));
    assert_string_equal(one.name, "mast");
    assert_true(lh_geo_distance_m(one.place, (struct lh_geo){37.6, 111.9}) > 400);
    static const char long_name[] = "1,2,3,4,5,1234567890123456789012345678901234567890"
                                    "1234567890123456789012345678901234567890";
    static const char *const odd[] = {"",           "1,2,3",     "a,2,3,4",      "1,2,91,4",
                                      "1,2,3,181",  "1,2,nan,4", "1,2,3,4,high", "1e999,2,3,4",
                                      "0x10,2,3,4", long_name};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        if (lh_landmark_parse(odd[i], LH_DATUM_WGS84, &fault, &one) != LH_EFORMAT)
            fail_msg("taken: %s", odd[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_landmarks_tell_the_angles_from_any_beginning),
        cmocka_unit_test(clicks_are_a_pixel_off),
        cmocka_unit_test(a_wrong_landmark_is_named_and_left_out),
        cmocka_unit_test(distortion_is_solved_where_it_is_asked_for),
        cmocka_unit_test(what_cannot_be_solved_is_refused_with_what_to_do),
        cmocka_unit_test(a_line_says_a_landmark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
