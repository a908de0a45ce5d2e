#include "locate/ray.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct lh_geo middle = {37.68, 111.80};

static void near(double value, double expected, double off)
{
    if (!(fabs(value - expected) <= off))
        fail_msg("%.9g is not %.9g +- %g", value, expected, off);
}

/* A terrain of size * size nodes by a function of east and north. */
static struct lh_terrain *make_at(struct lh_geo origin, double cell_m, int size,
                                  double (*height)(double e, double n))
{
    struct lh_fault fault = {0};
    struct lh_terrain *terrain = NULL;
    float *heights = malloc((size_t)size * (size_t)size * sizeof *heights);
    assert_non_null(heights);
    for (int row = 0; row < size; row++)
        for (int column = 0; column < size; column++)
            heights[row * size + column] = (float)height((column - (size - 1) / 2.0) * cell_m,
                                                         (row - (size - 1) / 2.0) * cell_m);
    if (lh_terrain_from_heights(origin, cell_m, size, size, heights, &fault, &terrain) != LH_OK)
        fail_msg("%s", fault.text);
    free(heights);
    return terrain;
}

static struct lh_terrain *make(double cell_m, int size, double (*height)(double e, double n))
{
    return make_at(middle, cell_m, size, height);
}

static struct lh_eye place_eye(const struct lh_terrain *terrain, struct lh_geo place, double mast_m)
{
    struct lh_fault fault = {0};
    struct lh_eye eye = {0};
    if (lh_eye_place(terrain, place, NAN, mast_m, &fault, &eye) != LH_OK)
        fail_msg("%s", fault.text);
    return eye;
}

static double flat(double e, double n)
{
    (void)e;
    (void)n;
    return 500.0;
}

/* Over a sphere the ray s * tan(el) + s^2 / 2R' meets the ground where that is -h. */
static void test_level_ground_with_curvature(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make(50.0, 1601, flat);
    const struct lh_eye eye = place_eye(terrain, middle, 100.0);
    const double bend = (1.0 - 0.13) / (2.0 * lh_geo_radius_m(37.68));
    for (double elevation_deg = -3.0; elevation_deg < -0.35; elevation_deg += 0.1)
        for (double azimuth_deg = 0.0; azimuth_deg < 360.0; azimuth_deg += 29.0) {
            const double slope = tan(elevation_deg * LH_DEGREE);
            const double expected =
                (-slope - sqrt(slope * slope - 4.0 * bend * 100.0)) / (2.0 * bend);
            struct lh_ray ray;
            lh_ray_cast(&eye, azimuth_deg, elevation_deg, 39000.0, &ray);
            assert_int_equal(ray.end, LH_RAY_GROUND);
            near(ray.hits[0].distance_m, expected, 1e-3);
            near(ray.hits[0].height_m, 500.0, 1e-6);
            const struct lh_geo there = lh_plane_geo(&terrain->plane, ray.hits[0].at);
            near(lh_geo_distance_m(middle, there), expected, 0.01);
            near(lh_azimuth_difference(azimuth_deg, lh_geo_bearing_deg(middle, there)), 0.0, 1e-6);
        }
    /* the horizon dips by sqrt(2 h / R'), so that a ray a little higher meets nothing */
    const double dip_deg = atan(sqrt(4.0 * bend * 100.0)) / LH_DEGREE;
    struct lh_ray ray;
    lh_ray_cast(&eye, 77.0, -dip_deg - 0.0005, 39500.0, &ray);
    assert_int_equal(ray.end, LH_RAY_GROUND);
    near(ray.hits[0].distance_m, sqrt(100.0 / bend), 3000.0);
    lh_ray_cast(&eye, 77.0, -dip_deg + 0.0005, 39500.0, &ray);
    assert_int_equal(ray.end, LH_RAY_SKY);
    assert_int_equal(ray.count, 0);
    lh_terrain_destroy(&terrain);
}

static double tilted(double e, double n)
{
    return 800.0 + 0.02 * e - 0.05 * n;
}

static void test_a_tilted_plane(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make(30.0, 801, tilted);
    const struct lh_eye eye = place_eye(terrain, middle, 30.0);
    const double bend = (1.0 - 0.13) / (2.0 * lh_geo_radius_m(37.68));
    for (double azimuth_deg = 3.0; azimuth_deg < 360.0; azimuth_deg += 17.0) {
        const double azimuth = azimuth_deg * LH_DEGREE;
        const double slope = tan(-4.0 * LH_DEGREE) - 0.02 * sin(azimuth) + 0.05 * cos(azimuth);
        const double d = slope * slope - 4.0 * bend * 30.0;
        struct lh_ray ray;
        lh_ray_cast(&eye, azimuth_deg, -4.0, 11000.0, &ray);
        const double expected =
            slope < 0.0 && d > 0.0 ? (-slope - sqrt(d)) / (2.0 * bend) : INFINITY;
        if (expected < 11000.0)
            near(ray.hits[0].distance_m, expected, 0.05);
        else
            assert_int_equal(ray.end, LH_RAY_SKY);
    }
    lh_terrain_destroy(&terrain);
}

/* Three ridges across the view, 100 m high, 2 km apart. */
static double ridges(double e, double n)
{
    (void)n;
    const double from = fabs(fmod(e + 1000.0 + 20000.0, 2000.0) - 1000.0);
    return e > 500.0 && e < 7500.0 ? 500.0 + fmax(0.0, 100.0 - 0.5 * from) : 500.0;
}

static void test_all_crossings_are_told(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make(20.0, 1001, ridges);
    const struct lh_eye eye = place_eye(terrain, middle, 60.0);
    struct lh_ray ray;
    lh_ray_cast(&eye, 90.0, 0.0, 9000.0, &ray);
    assert_int_equal(ray.end, LH_RAY_GROUND);
    assert_int_equal(ray.count, 3);
    for (size_t i = 0; i < 3; i++) {
        const double top_m = 2000.0 * (double)(i + 1);
        /* front slope: 0.5 m a metre, entered 40 m under the top less the earth's bend */
        near(ray.hits[i].distance_m, top_m - 80.0, 6.0);
        near(lh_terrain_height(terrain, ray.hits[i].at), ray.hits[i].height_m, 1e-6);
    }
    assert_true(isinf(ray.unknown_m));
    lh_ray_cast(&eye, 270.0, 0.0, 9000.0, &ray);
    assert_int_equal(ray.end, LH_RAY_SKY);
    lh_ray_cast(&eye, 90.0, 60.0, 9000.0, &ray);
    assert_int_equal(ray.end, LH_RAY_SKY);
    lh_terrain_destroy(&terrain);
}

static double holed(double e, double n)
{
    if (e > 3000.0 && e < 3500.0)
        return NAN;
    return e > 7000.0 ? 900.0 : tilted(0.0, n);
}

static void test_what_is_unknown_is_said(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make(20.0, 1001, holed);
    const struct lh_eye eye = place_eye(terrain, middle, 20.0);
    struct lh_ray ray;
    lh_ray_cast(&eye, 90.0, 0.1, 9500.0, &ray); /* low over the void */
    assert_int_equal(ray.end, LH_RAY_UNKNOWN);
    near(ray.unknown_m, 2990.0, 12.0);
    lh_ray_cast(&eye, 90.0, 15.0, 9500.0, &ray); /* above the highest ground there is */
    assert_int_equal(ray.end, LH_RAY_SKY);
    lh_ray_cast(&eye, 90.0, -2.0, 9500.0, &ray); /* down before the void */
    assert_int_equal(ray.end, LH_RAY_GROUND);
    assert_int_equal(ray.count, 1);
    lh_ray_cast(&eye, 270.0, 0.0, 30000.0, &ray); /* off the edge of what was loaded */
    assert_int_equal(ray.end, LH_RAY_UNKNOWN);
    near(ray.unknown_m, 10000.0, 21.0);
    assert_int_equal(lh_ray_sight(&eye, (struct lh_offset){3200.0, 0.0}, 20.0), LH_SIGHT_UNKNOWN);
    assert_int_equal(lh_ray_sight(&eye, (struct lh_offset){5000.0, 0.0}, 0.0), LH_SIGHT_UNKNOWN);
    lh_terrain_destroy(&terrain);
}

static void test_a_camera_under_ground_is_refused(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make(20.0, 101, holed);
    struct lh_fault fault = {0};
    struct lh_eye eye = {0};
    assert_int_equal(lh_eye_place(terrain, middle, 760.0, 12.0, &fault, &eye), LH_ERANGE);
    assert_non_null(strstr(fault.text, "28.0 m under ground"));
    assert_non_null(strstr(fault.text, "37.68000 N 111.80000 E"));
    assert_null(eye.terrain);
    assert_int_equal(lh_eye_place(terrain, middle, NAN, -1.0, &fault, &eye), LH_ERANGE);
    assert_int_equal(lh_eye_place(terrain, middle, NAN, 0.0, &fault, &eye), LH_OK);
    assert_int_equal(lh_eye_place(terrain, (struct lh_geo){37.68, 112.80}, NAN, 20.0, &fault, &eye),
                     LH_ENOTFOUND);
    assert_int_equal(lh_eye_place(terrain, (struct lh_geo){97.68, 112.80}, NAN, 20.0, &fault, &eye),
                     LH_EINVAL);
    assert_int_equal(lh_eye_place(terrain, middle, NAN, NAN, &fault, &eye), LH_ERANGE);
    lh_terrain_destroy(&terrain);
}

static void test_line_of_sight(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make(20.0, 1001, ridges);
    const struct lh_eye eye = place_eye(terrain, middle, 60.0);
    const struct lh_offset front = {1900.0, 0.0};
    const struct lh_offset behind = {3000.0, 0.0};
    assert_int_equal(lh_ray_sight(&eye, front, 0.0), LH_SIGHT_CLEAR);
    assert_int_equal(lh_ray_sight(&eye, behind, 0.0), LH_SIGHT_HIDDEN);
    /* over the first ridge, 40 m above the lens at 2 km, the line is 60 m up at 3 km */
    assert_int_equal(lh_ray_sight(&eye, behind, 118.0), LH_SIGHT_HIDDEN);
    assert_int_equal(lh_ray_sight(&eye, behind, 122.0), LH_SIGHT_CLEAR);
    assert_int_equal(lh_ray_sight(&eye, eye.at, 0.0), LH_SIGHT_CLEAR);
    const struct lh_aim aim = lh_ray_aim(&eye, front, 550.0);
    near(aim.azimuth_deg, 90.0, 1e-3);
    near(aim.distance_m, 1900.0, 1e-6);
    struct lh_ray ray;
    lh_ray_cast(&eye, aim.azimuth_deg, aim.elevation_deg, 5000.0, &ray);
    near(ray.hits[0].distance_m, 1900.0, 1e-3);
    near(ray.hits[0].height_m, 550.0, 1e-3);
    lh_terrain_destroy(&terrain);
}

/* ---- against plain marching ---- */

/* The first place where the line is under the ground, in small steps. */
static double march(const struct lh_eye *eye, double azimuth_deg, double elevation_deg,
                    double range_m, double step_m)
{
    const double azimuth = (azimuth_deg - eye->convergence_deg) * LH_DEGREE;
    const double slope = tan(elevation_deg * LH_DEGREE);
    for (double s = step_m; s < range_m; s += step_m) {
        const struct lh_offset at = {eye->at.east_m + s * sin(azimuth),
                                     eye->at.north_m + s * cos(azimuth)};
        const double ground_m = lh_terrain_height(eye->terrain, at);
        if (isnan(ground_m))
            return NAN;
        if (eye->height_m + s * slope + lh_terrain_drop_m(eye->terrain, s) < ground_m)
            return s;
    }
    return INFINITY;
}

static void compare_with_march(const struct lh_eye *eye, double range_m)
{
    int ground = 0;
    int sky = 0;
    for (int i = 0; i < 300; i++) {
        const double azimuth_deg = fmod(i * 137.507, 360.0);
        const double elevation_deg = -6.0 + 8.0 * (i % 23) / 22.0;
        const double expected = march(eye, azimuth_deg, elevation_deg, range_m, 0.5);
        struct lh_ray ray;
        lh_ray_cast(eye, azimuth_deg, elevation_deg, range_m, &ray);
        if (isnan(expected)) {
            assert_int_equal(ray.end, LH_RAY_UNKNOWN);
        } else if (isinf(expected)) {
            /* marching may step over the very top of a ridge */
            assert_true(ray.end == LH_RAY_SKY ||
                        ray.hits[0].height_m - lh_terrain_height(eye->terrain, ray.hits[0].at) <
                            1e-6);
            sky += ray.end == LH_RAY_SKY;
        } else {
            assert_int_equal(ray.end, LH_RAY_GROUND);
            /* marching may see only the second of two crossings in a step */
            assert_true(ray.hits[0].distance_m <= expected + 1e-6);
            if (ray.hits[0].distance_m < expected - 0.5 - 1e-6) {
                const double skipped = march(eye, azimuth_deg, elevation_deg, range_m, 0.01);
                near(ray.hits[0].distance_m, skipped, 0.0101);
            }
            ground++;
        }
    }
    assert_true(ground > 50);
    assert_true(sky > 5);
}

static double rough(double e, double n)
{
    return 900.0 + 200.0 * sin(e / 700.0) * cos(n / 900.0) + 80.0 * sin(e / 130.0 + n / 170.0) +
           15.0 * sin(e / 31.0) * sin(n / 27.0);
}

static void test_rough_ground_as_marched(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make(30.0, 701, rough);
    const struct lh_eye eye = place_eye(terrain, lh_geo_move(middle, 215.0, 1700.0), 40.0);
    compare_with_march(&eye, 8000.0);
    lh_terrain_destroy(&terrain);
}

static void test_rough_ground_at_the_pole(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make_at((struct lh_geo){90.0, 0.0}, 30.0, 701, rough);
    const struct lh_eye eye = place_eye(terrain, (struct lh_geo){89.98, 75.0}, 40.0);
    compare_with_march(&eye, 7000.0);
    /* due north from here leads over the pole and on south */
    struct lh_ray ray;
    lh_ray_cast(&eye, 0.0, -1.5, 7000.0, &ray);
    assert_int_equal(ray.end, LH_RAY_GROUND);
    const struct lh_geo there = lh_plane_geo(&terrain->plane, ray.hits[0].at);
    near(lh_geo_distance_m(eye.place, there), ray.hits[0].distance_m, 0.01);
    near(lh_azimuth_difference(0.0, lh_geo_bearing_deg(eye.place, there)), 0.0, 1e-4);
    lh_terrain_destroy(&terrain);
}

static void test_real_mountains_as_marched(void **state)
{
    (void)state;
    const char *data = getenv("LINHUO_DATA");
    char path[512];
    (void)snprintf(path, sizeof path, "%s/terrain/srtm1arc_cevennes_wgs84.tif",
                   data ? data : "../shared/data");
    if (access(path, R_OK) != 0) {
        print_message("skipped: the real terrain is not here (LINHUO_DATA)\n");
        skip();
    }
    struct lh_fault fault = {0};
    struct lh_dem *dem = NULL;
    struct lh_terrain *terrain = NULL;
    const struct lh_geo tower = {44.19, 3.80};
    assert_int_equal(
        lh_dem_open((const char *const[]){path}, 1, LH_TERRAIN_HEIGHTS_AUTO, &fault, &dem), LH_OK);
    assert_int_equal(lh_terrain_load(dem, &tower, 1, 15000.0, &fault, &terrain), LH_OK);
    const struct lh_eye eye = place_eye(terrain, tower, 300.0);
    compare_with_march(&eye, 14000.0);
    lh_terrain_destroy(&terrain);
    lh_dem_close(&dem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_level_ground_with_curvature),
        cmocka_unit_test(test_a_tilted_plane),
        cmocka_unit_test(test_all_crossings_are_told),
        cmocka_unit_test(test_what_is_unknown_is_said),
        cmocka_unit_test(test_a_camera_under_ground_is_refused),
        cmocka_unit_test(test_line_of_sight),
        cmocka_unit_test(test_rough_ground_as_marched),
        cmocka_unit_test(test_rough_ground_at_the_pole),
        cmocka_unit_test(test_real_mountains_as_marched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
