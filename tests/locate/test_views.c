/* Skylines, viewsheds and the cache they are kept in. */
#include "locate/cache.h"
#include "locate/horizon.h"
#include "locate/viewshed.h"
#include "raster.h"

#include <dirent.h>
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

static struct lh_terrain *make(double cell_m, int size, double (*height)(double e, double n))
{
    struct lh_fault fault = {0};
    struct lh_terrain *terrain = NULL;
    float *heights = malloc((size_t)size * (size_t)size * sizeof *heights);
    assert_non_null(heights);
    for (int row = 0; row < size; row++)
        for (int column = 0; column < size; column++)
            heights[row * size + column] = (float)height((column - (size - 1) / 2.0) * cell_m,
                                                         (row - (size - 1) / 2.0) * cell_m);
    if (lh_terrain_from_heights(middle, cell_m, size, size, heights, &fault, &terrain) != LH_OK)
        fail_msg("%s", fault.text);
    free(heights);
    return terrain;
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

static double rough(double e, double n)
{
    return 900.0 + 200.0 * sin(e / 700.0) * cos(n / 900.0) + 80.0 * sin(e / 130.0 + n / 170.0) +
           15.0 * sin(e / 31.0) * sin(n / 27.0);
}

static void test_the_sea_has_its_horizon(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make(50.0, 1601, flat);
    const struct lh_eye eye = place_eye(terrain, middle, 80.0);
    const double bend = (1.0 - LH_REFRACTION) / (2.0 * lh_geo_radius_m(37.68));
    for (double azimuth_deg = 0.0; azimuth_deg < 360.0; azimuth_deg += 12.5) {
        const struct lh_skyline sky = lh_horizon_look(&eye, azimuth_deg, 39000.0);
        near(sky.elevation_deg, -atan(sqrt(4.0 * bend * 80.0)) / LH_DEGREE, 1e-5);
        near(sky.distance_m, sqrt(80.0 / bend), 60.0);
        assert_true(isinf(sky.unknown_m));
    }
    lh_terrain_destroy(&terrain);
}

static struct lh_offset point_at(const struct lh_eye *eye, double azimuth_deg, double distance_m)
{
    const double azimuth = (azimuth_deg - eye->convergence_deg) * LH_DEGREE;
    return (struct lh_offset){eye->at.east_m + distance_m * sin(azimuth),
                              eye->at.north_m + distance_m * cos(azimuth)};
}

/* A ray a little under the skyline meets ground where the skyline stands, a ray a little above none. */
static void test_the_skyline_is_where_rays_stop(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make(30.0, 701, rough);
    const struct lh_eye eye = place_eye(terrain, lh_geo_move(middle, 60.0, 900.0), 40.0);
    for (double azimuth_deg = 0.5; azimuth_deg < 360.0; azimuth_deg += 3.7) {
        const struct lh_skyline sky = lh_horizon_look(&eye, azimuth_deg, 9000.0);
        struct lh_ray ray;
        lh_ray_cast(&eye, azimuth_deg, sky.elevation_deg + 0.02, 9000.0, &ray);
        assert_int_equal(ray.end, LH_RAY_SKY);
        lh_ray_cast(&eye, azimuth_deg, sky.elevation_deg - 0.005, 9000.0, &ray);
        assert_int_equal(ray.end, LH_RAY_GROUND);
        const struct lh_aim top =
            lh_ray_aim(&eye, point_at(&eye, azimuth_deg, sky.distance_m),
                       lh_terrain_height(terrain, point_at(&eye, azimuth_deg, sky.distance_m)));
        near(top.elevation_deg, sky.elevation_deg, 1e-4);
    }
    lh_terrain_destroy(&terrain);
}

static double holed(double e, double n)
{
    if (e > 3000.0 && e < 3500.0)
        return NAN;
    return n > 3000.0 ? 800.0 : 500.0;
}

static void test_a_void_may_hide_a_mountain(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make(20.0, 801, holed);
    const struct lh_eye eye = place_eye(terrain, middle, 20.0);
    const struct lh_skyline east = lh_horizon_look(&eye, 90.0, 7900.0);
    near(east.unknown_m, 2990.0, 12.0);
    assert_true(isinf(lh_horizon_look(&eye, 270.0, 7900.0).unknown_m));
    /* past the edge there may be a mountain as high as any */
    near(lh_horizon_look(&eye, 270.0, 20000.0).unknown_m, 8000.0, 1.0);
    assert_true(
        isinf(lh_horizon_look(&eye, 0.0, 20000.0).unknown_m)); /* nothing can top this wall */
    lh_terrain_destroy(&terrain);
}

static void test_a_viewshed_says_what_rays_say(void **state)
{
    (void)state;
    struct lh_fault fault = {0};
    struct lh_terrain *terrain = make(30.0, 701, rough);
    const struct lh_eye eye = place_eye(terrain, lh_geo_move(middle, 60.0, 900.0), 40.0);
    const struct lh_viewshed_options options = {.range_m = 8000.0,
                                                .target_m = 10.0,
                                                .cell_m = 100.0,
                                                .pan_from_deg = 300.0,
                                                .pan_to_deg = 120.0};
    struct lh_viewshed *viewshed = NULL;
    if (lh_viewshed_create(&eye, &options, &fault, &viewshed) != LH_OK)
        fail_msg("%s", fault.text);
    assert_int_equal(viewshed->side, 161);
    int seen = 0;
    for (int i = 0; i < 2000; i++) {
        const double azimuth_deg = fmod(i * 137.507, 360.0);
        const struct lh_offset cell = {
            round(80.0 * sqrt(i / 2000.0) * sin(azimuth_deg * LH_DEGREE)) * 100,
            round(80.0 * sqrt(i / 2000.0) * cos(azimuth_deg * LH_DEGREE)) * 100};
        const struct lh_geo place = lh_plane_geo(&viewshed->plane, cell);
        const double true_deg = lh_azimuth_wrap(atan2(cell.east_m, cell.north_m) / LH_DEGREE);
        const enum lh_seen found = lh_viewshed_at(viewshed, place);
        if (hypot(cell.east_m, cell.north_m) > 8000.0 || (true_deg > 120.0 && true_deg < 300.0)) {
            assert_int_equal(found, LH_SEEN_OUTSIDE);
            continue;
        }
        const enum lh_sight sight = lh_ray_sight(&eye, lh_eye_to_terrain(&eye, cell), 10.0);
        assert_int_equal(found, sight == LH_SIGHT_CLEAR ? LH_SEEN_YES : LH_SEEN_NO);
        seen += found == LH_SEEN_YES;
    }
    assert_true(seen > 100);
    assert_int_equal(viewshed->counts[0] + viewshed->counts[1] + viewshed->counts[2] +
                         viewshed->counts[3],
                     161 * 161);
    assert_int_equal(lh_viewshed_at(viewshed, (struct lh_geo){-37.68, -111.80}), LH_SEEN_OUTSIDE);
    lh_viewshed_destroy(&viewshed);
    lh_viewshed_destroy(&viewshed);
    const struct lh_viewshed_options too_fine = {.range_m = 20000.0, .cell_m = 1.0};
    assert_int_equal(lh_viewshed_create(&eye, &too_fine, &fault, &viewshed), LH_ERANGE);
    lh_terrain_destroy(&terrain);
}

static double far_side(double e, double n)
{
    (void)n;
    return e > 1000.0 && e < 1100.0 ? 700.0 : 500.0;
}

static void test_planes_about_eye_and_terrain_agree(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make(100.0, 1201, flat);
    const struct lh_eye eye = place_eye(terrain, lh_geo_move(middle, 50.0, 55000.0), 30.0);
    const struct lh_plane plane = {eye.place};
    for (double bearing = 0.0; bearing < 360.0; bearing += 30.0) {
        const struct lh_geo place = lh_geo_move(eye.place, bearing, 15000.0);
        const struct lh_offset exact = lh_plane_offset(&terrain->plane, place);
        const struct lh_offset found = lh_eye_to_terrain(&eye, lh_plane_offset(&plane, place));
        near(hypot(found.east_m - exact.east_m, found.north_m - exact.north_m), 0.0, 1.0);
        const struct lh_offset back = lh_eye_from_terrain(&eye, found);
        near(lh_geo_distance_m(lh_plane_geo(&plane, back), place), 0.0, 1e-3);
    }
    lh_terrain_destroy(&terrain);
}

static void test_a_higher_target_is_seen_farther(void **state)
{
    (void)state;
    struct lh_fault fault = {0};
    struct lh_terrain *terrain = make(20.0, 601, far_side);
    const struct lh_eye eye = place_eye(terrain, middle, 30.0);
    struct lh_viewshed_options options = {.range_m = 5000.0, .target_m = 0.0, .cell_m = 100.0};
    size_t before = 0;
    for (; options.target_m <= 600.0; options.target_m += 300.0) {
        struct lh_viewshed *viewshed = NULL;
        assert_int_equal(lh_viewshed_create(&eye, &options, &fault, &viewshed), LH_OK);
        assert_true(viewshed->counts[LH_SEEN_YES] > before);
        before = viewshed->counts[LH_SEEN_YES];
        lh_viewshed_destroy(&viewshed);
    }
    lh_terrain_destroy(&terrain);
}

/* ---- on disk ---- */

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    make_scratch(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    drop_scratch(folder);
    return 0;
}

/* The only file in the folder. */
static void only_file(char path[400])
{
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    path[0] = '\0';
    for (struct dirent *entry; (entry = readdir(listing));)
        if (entry->d_name[0] != '.') {
            assert_string_equal(path, "");
            (void)snprintf(path, 400, "%s/%s", folder, entry->d_name);
        }
    (void)closedir(listing);
    assert_string_not_equal(path, "");
}

/* Spoils one byte. */
static void spoil(const char *path, long at)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    const int byte = fgetc(file);
    assert_int_equal(fseek(file, -1, SEEK_CUR), 0);
    assert_int_not_equal(fputc(byte ^ 0x55, file), EOF);
    assert_int_equal(fclose(file), 0);
}

static void test_what_is_kept_comes_back(void **state)
{
    (void)state;
    void *bytes = NULL;
    size_t size = 0;
    struct lh_fault fault = {0};
    assert_int_equal(lh_cache_load(folder, "thing", "key", &bytes, &size), LH_ENOTFOUND);
    assert_int_equal(lh_cache_store(folder, "thing", "key", "12345", 5, &fault), LH_OK);
    assert_int_equal(lh_cache_load(folder, "thing", "key", &bytes, &size), LH_OK);
    assert_int_equal(size, 5);
    assert_memory_equal(bytes, "12345", 5);
    free(bytes);
    assert_int_equal(lh_cache_load(folder, "thing", "other", &bytes, &size), LH_ENOTFOUND);
    char path[400];
    only_file(path);
    spoil(path, -1);
    assert_int_equal(lh_cache_load(folder, "thing", "key", &bytes, &size), LH_ENOTFOUND);
    assert_int_equal(lh_cache_store("/nowhere/at/all", "thing", "key", "1", 1, &fault),
                     LH_ENOTFOUND);
    char endless[LH_CACHE_KEY_BYTES + 1];
    memset(endless, 'k', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_int_equal(lh_cache_store(folder, "thing", endless, "1", 1, &fault), LH_EINVAL);
}

static void test_a_skyline_is_kept_and_rebuilt_when_spoilt(void **state)
{
    (void)state;
    struct lh_fault fault = {0};
    struct lh_terrain *terrain = make(30.0, 401, rough);
    const struct lh_eye eye = place_eye(terrain, middle, 40.0);
    const struct lh_horizon_options options = {
        .count = 72, .range_m = 5000.0, .cache_folder = folder};
    struct lh_horizon *fresh = NULL;
    struct lh_horizon *again = NULL;
    char path[400];
    assert_int_equal(lh_horizon_create(&eye, &options, &fault, &fresh), LH_OK);
    assert_false(fresh->from_cache);
    only_file(path);
    assert_int_equal(lh_horizon_create(&eye, &options, &fault, &again), LH_OK);
    assert_true(again->from_cache);
    assert_memory_equal(again->skyline, fresh->skyline, 72 * sizeof *fresh->skyline);
    near(lh_horizon_at(again, 7.5).elevation_deg,
         (lh_horizon_look(&eye, 5.0, 5000.0).elevation_deg +
          lh_horizon_look(&eye, 10.0, 5000.0).elevation_deg) /
             2.0,
         1e-4);
    lh_horizon_destroy(&again);
    const long places[] = {3, 20, 530, 700, -1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        spoil(path, places[i]);
        assert_int_equal(lh_horizon_create(&eye, &options, &fault, &again), LH_OK);
        assert_false(again->from_cache);
        assert_memory_equal(again->skyline, fresh->skyline, 72 * sizeof *fresh->skyline);
        lh_horizon_destroy(&again);
        assert_int_equal(lh_horizon_create(&eye, &options, &fault, &again), LH_OK);
        assert_true(again->from_cache);
        lh_horizon_destroy(&again);
    }
    assert_int_equal(truncate(path, 600), 0);
    assert_int_equal(lh_horizon_create(&eye, &options, &fault, &again), LH_OK);
    assert_false(again->from_cache);
    lh_horizon_destroy(&again);
    lh_horizon_destroy(&fresh);
    lh_terrain_destroy(&terrain);
}

static void test_a_viewshed_is_kept_by_what_made_it(void **state)
{
    (void)state;
    struct lh_fault fault = {0};
    struct lh_terrain *terrain = make(30.0, 401, rough);
    const struct lh_eye eye = place_eye(terrain, middle, 40.0);
    struct lh_viewshed_options options = {
        .range_m = 3000.0, .target_m = 10.0, .cell_m = 100.0, .cache_folder = folder};
    for (int i = 0; i < 3; i++) {
        struct lh_viewshed *viewshed = NULL;
        options.target_m = i == 2 ? 11.0 : 10.0;
        assert_int_equal(lh_viewshed_create(&eye, &options, &fault, &viewshed), LH_OK);
        assert_int_equal(viewshed->from_cache, i == 1);
        lh_viewshed_destroy(&viewshed);
    }
    options.cache_folder = "/nowhere/at/all"; /* cannot be kept, and is there all the same */
    struct lh_viewshed *viewshed = NULL;
    assert_int_equal(lh_viewshed_create(&eye, &options, &fault, &viewshed), LH_OK);
    lh_viewshed_destroy(&viewshed);
    lh_terrain_destroy(&terrain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_sea_has_its_horizon),
        cmocka_unit_test(test_the_skyline_is_where_rays_stop),
        cmocka_unit_test(test_a_void_may_hide_a_mountain),
        cmocka_unit_test(test_a_viewshed_says_what_rays_say),
        cmocka_unit_test(test_planes_about_eye_and_terrain_agree),
        cmocka_unit_test(test_a_higher_target_is_seen_farther),
        cmocka_unit_test_setup_teardown(test_what_is_kept_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_skyline_is_kept_and_rebuilt_when_spoilt, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_viewshed_is_kept_by_what_made_it, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
