#include "locate/dem.h"
#include "locate/terrain.h"
#include "raster.h"

#include <cpl_vsi.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SECOND (1.0 / 3600.0)

static char folder[64];
static char path[128];
static char other_path[128];

static int set_up(void **state)
{
    (void)state;
    make_scratch(folder);
    (void)snprintf(path, sizeof path, "%s/a.tif", folder);
    (void)snprintf(other_path, sizeof other_path, "%s/b.tif", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    drop_scratch(folder);
    return 0;
}

static const struct raster jiaocheng = {.reference = "EPSG:4326",
                                        .west = 111.75,
                                        .north = 37.72,
                                        .cell = SECOND,
                                        .width = 400,
                                        .height = 300,
                                        .height_of = rolling_height};

static struct lh_dem *open_dem(const char *const *paths, size_t count,
                               enum lh_terrain_heights heights)
{
    struct lh_fault fault = {0};
    struct lh_dem *dem = NULL;
    if (lh_dem_open(paths, count, heights, &fault, &dem) != LH_OK)
        fail_msg("%s", fault.text);
    return dem;
}

static struct lh_dem *open_one(void)
{
    return open_dem((const char *const[]){path}, 1, LH_TERRAIN_HEIGHTS_AUTO);
}

static void refused(const char *const *paths, size_t count, int code, const char *words)
{
    struct lh_fault fault = {0};
    struct lh_dem *dem = NULL;
    const int error = lh_dem_open(paths, count, LH_TERRAIN_HEIGHTS_AUTO, &fault, &dem);
    assert_null(dem);
    assert_int_equal(error, code);
    if (!strstr(fault.text, words))
        fail_msg("'%s' does not say '%s'", fault.text, words);
}

static double height_at(const struct lh_dem *dem, struct lh_geo place)
{
    struct lh_fault fault = {0};
    float height_m = 0;
    if (lh_dem_heights(dem, &place, 1, &fault, &height_m) != LH_OK)
        fail_msg("%s", fault.text);
    return height_m;
}

static void near(double value, double expected, double off)
{
    if (!(fabs(value - expected) <= off))
        fail_msg("%.9g is not %.9g +- %g", value, expected, off);
}

static void check_heights(const struct lh_dem *dem, struct lh_geo middle, double off_m)
{
    for (int i = 0; i < 40; i++) {
        const struct lh_geo place = lh_geo_move(middle, 37.0 * i, 50.0 * i);
        near(height_at(dem, place), rolling_height(place), off_m);
    }
}

static void test_degrees(void **state)
{
    (void)state;
    write_raster(path, &jiaocheng);
    struct lh_dem *dem = open_one();
    near(lh_dem_cell_m(dem), 30.83, 0.02);
    check_heights(dem, (struct lh_geo){37.68, 111.80}, 0.3);
    assert_true(isnan(height_at(dem, (struct lh_geo){37.68, 112.80})));
    assert_true(isnan(height_at(dem, (struct lh_geo){-37.68, 111.80})));
    lh_dem_close(&dem);
    lh_dem_close(&dem);
}

static void test_another_projection(void **state)
{
    (void)state;
    struct raster utm = {.reference = "EPSG:32649",
                         .west = 565000.0,
                         .north = 4176000.0,
                         .cell = 30.0,
                         .width = 400,
                         .height = 400,
                         .height_of = rolling_height};
    write_raster(path, &utm);
    struct lh_dem *dem = open_one();
    near(lh_dem_cell_m(dem), 30.0, 0.05);
    check_heights(dem, (struct lh_geo){37.68, 111.80}, 0.3);
    lh_dem_close(&dem);
}

/* European Datum 1950 lies about 150 m off WGS-84 in the Cevennes: who takes its coordinates as they are
 * is wrong by a slope's height. */
static void test_another_datum(void **state)
{
    (void)state;
    const struct lh_geo middle = {44.2, 3.8};
    struct raster ed50 = {.reference = "EPSG:4230",
                          .west = 3.75,
                          .north = 44.24,
                          .cell = SECOND,
                          .width = 400,
                          .height = 300,
                          .height_of = rolling_height};
    write_raster(path, &ed50);
    struct lh_dem *dem = open_one();
    check_heights(dem, middle, 0.3);
    /* this would not hold if its coordinates were taken as they are */
    double most_m = 0.0;
    for (int i = 0; i < 40; i++) {
        const struct lh_geo place = lh_geo_move(middle, 37.0 * i, 50.0 * i);
        most_m = fmax(
            most_m, fabs(rolling_height(place) - rolling_height(lh_geo_move(place, 222.0, 140.0))));
    }
    assert_true(most_m > 3.0);
    lh_dem_close(&dem);
}

static double level_ground(struct lh_geo place)
{
    (void)place;
    return 800.0;
}

static void test_heights_above_the_ellipsoid_are_lowered(void **state)
{
    (void)state;
    const struct lh_geo county = {37.68, 111.80};
    double undulation_m = 0;
    struct lh_fault fault = {0};
    if (lh_geoid_undulation(county, &fault, &undulation_m) == LH_ENOTFOUND) {
        print_message("skipped: %s\n", fault.text);
        skip();
    }
    near(undulation_m, -20.6, 0.1);
    struct raster level = jiaocheng;
    level.height_of = level_ground;
    write_raster(path, &level);
    struct lh_dem *dem = open_one();
    near(height_at(dem, county), 800.0, 0.01);
    lh_dem_close(&dem);
    dem = open_dem((const char *const[]){path}, 1, LH_TERRAIN_HEIGHTS_ELLIPSOID);
    near(height_at(dem, county), 820.6, 0.1);
    lh_dem_close(&dem);
    level.reference = "EPSG:4979"; /* three-dimensional: it says so itself */
    write_raster(path, &level);
    dem = open_one();
    near(height_at(dem, county), 820.6, 0.1);
    lh_dem_close(&dem);
    dem = open_dem((const char *const[]){path}, 1, LH_TERRAIN_HEIGHTS_SEA_LEVEL);
    near(height_at(dem, county), 800.0, 0.01);
    lh_dem_close(&dem);
}

static void test_feet(void **state)
{
    (void)state;
    struct raster feet = jiaocheng;
    feet.height_of = level_ground;
    feet.unit = "ft";
    write_raster(path, &feet);
    struct lh_dem *dem = open_one();
    near(height_at(dem, (struct lh_geo){37.68, 111.80}), 243.84, 0.01);
    lh_dem_close(&dem);
    feet.unit = "fathom";
    write_raster(path, &feet);
    refused((const char *const[]){path}, 1, LH_EFORMAT, "fathom");
}

static bool east_half(int column, int row)
{
    (void)row;
    return column >= 200;
}

static bool everywhere(int column, int row)
{
    (void)column;
    (void)row;
    return true;
}

static void test_voids_are_unknown(void **state)
{
    (void)state;
    struct raster holed = jiaocheng;
    holed.void_value = -32768;
    holed.is_void = east_half;
    write_raster(path, &holed);
    struct lh_dem *dem = open_one();
    const double edge_deg = holed.west + 200 * holed.cell; /* 199.5 is the last that is known */
    near(height_at(dem, (struct lh_geo){37.68, edge_deg - 0.51 * SECOND}),
         rolling_height((struct lh_geo){37.68, edge_deg}), 5.0);
    assert_true(isnan(height_at(dem, (struct lh_geo){37.68, edge_deg - 0.49 * SECOND})));
    assert_true(isnan(height_at(dem, (struct lh_geo){37.68, edge_deg + 5.0 * SECOND})));
    lh_dem_close(&dem);
    /* a second model knows more */
    write_raster(other_path, &jiaocheng);
    dem = open_dem((const char *const[]){path, other_path}, 2, LH_TERRAIN_HEIGHTS_AUTO);
    check_heights(dem, (struct lh_geo){37.68, 111.80}, 0.3);
    lh_dem_close(&dem);
}

static void test_all_voids(void **state)
{
    (void)state;
    struct raster empty = jiaocheng;
    empty.void_value = -32768;
    empty.is_void = everywhere;
    write_raster(path, &empty);
    struct lh_dem *dem = open_one();
    struct lh_fault fault = {0};
    struct lh_terrain *terrain = NULL;
    const struct lh_geo place = {37.68, 111.80};
    assert_int_equal(lh_terrain_load(dem, &place, 1, 2000.0, &fault, &terrain), LH_ENOTFOUND);
    assert_non_null(strstr(fault.text, "37.6800 N 111.8000 E"));
    assert_null(terrain);
    lh_dem_close(&dem);
}

/* Tiles whose cells do not overlap, as Copernicus cuts them: no seam, no gap. */
static void test_tiles_join_without_a_seam(void **state)
{
    (void)state;
    struct raster west = jiaocheng;
    struct raster east = jiaocheng;
    west.width = 200;
    east.width = 200;
    east.west += 200 * east.cell;
    write_raster(path, &west);
    write_raster(other_path, &east);
    struct lh_dem *dem = open_dem((const char *const[]){folder}, 1, LH_TERRAIN_HEIGHTS_AUTO);
    for (double at = -1.5; at <= 1.5; at += 0.125) {
        const struct lh_geo place = {37.68, east.west + at * SECOND};
        near(height_at(dem, place), rolling_height(place), 0.3);
    }
    lh_dem_close(&dem);
}

static void test_the_antimeridian(void **state)
{
    (void)state;
    struct raster west = jiaocheng;
    west.west = 180.0 - 400 * SECOND;
    west.north = 66.04;
    struct raster east = west;
    east.west = -180.0;
    write_raster(path, &west);
    write_raster(other_path, &east);
    struct lh_dem *dem =
        open_dem((const char *const[]){path, other_path}, 2, LH_TERRAIN_HEIGHTS_AUTO);
    const struct lh_geo edge = {66.0, -179.9999};
    check_heights(dem, edge, 0.5);
    struct lh_fault fault = {0};
    struct lh_terrain *terrain = NULL;
    assert_int_equal(lh_terrain_load(dem, &edge, 1, 1500.0, &fault, &terrain), LH_OK);
    near(terrain->known_share, 1.0, 0.0);
    for (double bearing = 0; bearing < 360; bearing += 15) {
        const struct lh_geo place = lh_geo_move(edge, bearing, 1400.0);
        near(lh_terrain_height_at(terrain, place), rolling_height(place), 1.0);
    }
    lh_terrain_destroy(&terrain);
    lh_dem_close(&dem);
}

/* Rows of a degree grid up to the pole, all the way round. */
static void test_the_pole(void **state)
{
    (void)state;
    struct raster cap = {.reference = "EPSG:4326",
                         .west = -180.0,
                         .north = 90.0,
                         .cell = 0.001,
                         .width = 360000,
                         .height = 60,
                         .height_of = rolling_height};
    cap.cell = 0.01; /* 1.1 km north-south */
    cap.width = 36000;
    write_raster(path, &cap);
    struct lh_dem *dem = open_one();
    const struct lh_geo pole = {90.0, 0.0};
    struct lh_fault fault = {0};
    struct lh_terrain *terrain = NULL;
    if (lh_terrain_load(dem, &pole, 1, 20000.0, &fault, &terrain) != LH_OK)
        fail_msg("%s", fault.text);
    near(terrain->known_share, 1.0, 0.0);
    for (double bearing = 0; bearing < 360; bearing += 10) {
        const struct lh_geo place = lh_geo_move(pole, bearing, 15000.0);
        near(lh_terrain_height_at(terrain, place), rolling_height(place), 60.0);
    }
    lh_terrain_destroy(&terrain);
    lh_dem_close(&dem);
}

static void test_a_terrain_is_the_model(void **state)
{
    (void)state;
    write_raster(path, &jiaocheng);
    struct lh_dem *dem = open_one();
    const struct lh_geo places[] = {{37.67, 111.79}, {37.69, 111.82}};
    struct lh_fault fault = {0};
    struct lh_terrain *terrain = NULL;
    assert_int_equal(lh_terrain_load(dem, places, 2, 1000.0, &fault, &terrain), LH_OK);
    assert_true(terrain->highest_m > terrain->lowest_m);
    for (int i = 0; i < 100; i++) {
        const struct lh_geo place = lh_geo_move(places[i % 2], 31.0 * i, 9.5 * i);
        near(lh_terrain_height_at(terrain, place), rolling_height(place), 0.5);
    }
    assert_true(isnan(lh_terrain_height_at(terrain, (struct lh_geo){37.6, 111.8})));
    lh_terrain_destroy(&terrain);
    const struct lh_geo apart[] = {{37.67, 111.79}, {3.69, 111.82}};
    assert_int_equal(lh_terrain_load(dem, apart, 2, 1000.0, &fault, &terrain), LH_ERANGE);
    lh_dem_close(&dem);
}

static void test_absent(void **state)
{
    (void)state;
    refused(NULL, 0, LH_EINVAL, "no elevation model");
    refused((const char *const[]){path}, 1, LH_ENOTFOUND, "a.tif: there is no such");
    refused((const char *const[]){folder}, 1, LH_ENOTFOUND, "holds no elevation model");
}

static void test_not_a_raster(void **state)
{
    (void)state;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("<html>404 not found</html>", file) >= 0);
    assert_int_equal(fclose(file), 0);
    refused((const char *const[]){path}, 1, LH_EFORMAT, "a.tif: cannot be read");
    struct raster nowhere = jiaocheng;
    nowhere.reference = "";
    nowhere.west = 565000.0;
    write_raster(other_path, &nowhere);
    refused((const char *const[]){other_path}, 1, LH_EFORMAT, "names no projection");
}

static void test_truncated(void **state)
{
    (void)state;
    struct stat about;
    write_raster(path, &jiaocheng);
    assert_int_equal(stat(path, &about), 0);
    /* GDAL writes the directory first or last: cut either, and nothing is half read */
    assert_int_equal(truncate(path, about.st_size / 2), 0);
    struct lh_fault fault = {0};
    struct lh_dem *dem = NULL;
    int error = lh_dem_open((const char *const[]){path}, 1, LH_TERRAIN_HEIGHTS_AUTO, &fault, &dem);
    if (error == LH_OK) {
        const struct lh_geo place = {37.68, 111.80};
        struct lh_terrain *terrain = NULL;
        error = lh_terrain_load(dem, &place, 1, 3000.0, &fault, &terrain);
        assert_null(terrain);
        assert_int_equal(error, LH_EIO);
        assert_non_null(strstr(fault.text, "damaged"));
        lh_dem_close(&dem);
    } else {
        assert_int_equal(error, LH_EFORMAT);
    }
    assert_non_null(strstr(fault.text, "a.tif"));
}

static void test_identity_follows_the_files(void **state)
{
    (void)state;
    write_raster(path, &jiaocheng);
    struct lh_dem *dem = open_one();
    const uint64_t before = lh_dem_identity(dem);
    lh_dem_close(&dem);
    dem = open_one();
    assert_true(lh_dem_identity(dem) == before);
    lh_dem_close(&dem);
    dem = open_dem((const char *const[]){path}, 1, LH_TERRAIN_HEIGHTS_SEA_LEVEL);
    assert_true(lh_dem_identity(dem) != before);
    lh_dem_close(&dem);
    struct raster other = jiaocheng;
    other.height = 290;
    write_raster(path, &other);
    dem = open_one();
    assert_true(lh_dem_identity(dem) != before);
    lh_dem_close(&dem);
}

static void write_tile(const char *tile, const char *bytes, size_t size, size_t cut)
{
    struct stat about;
    VSILFILE *file = VSIFOpenL(tile, "wb");
    assert_non_null(file);
    assert_int_equal(VSIFWriteL(bytes, 1, size, file), size);
    assert_int_equal(VSIFCloseL(file), 0);
    const char *plain = strncmp(tile, "/vsigzip/", 9) == 0 ? tile + 9 : tile;
    assert_int_equal(stat(plain, &about), 0);
    if (cut)
        assert_int_equal(truncate(plain, about.st_size / (off_t)cut), 0);
}

/* HGT, plain and gzipped, whole and cut off. */
static void test_truncated_tiles(void **state)
{
    (void)state;
    static const char *const names[] = {"N37E111.hgt", "N38E111.hgt", "N39E111.hgt.gz",
                                        "N40E111.hgt.gz"};
    const size_t size = 1201 * 1201 * 2;
    char *bytes = malloc(size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) /* heights 768 to 1023, which do not shrink when gzipped */
        bytes[i] = (char)(i % 2 == 0 ? 3 : (i * 2654435761U) >> 13);
    for (int i = 0; i < 4; i++) {
        char tile[192];
        struct lh_fault fault = {0};
        struct lh_dem *dem = NULL;
        (void)snprintf(tile, sizeof tile, "%s%s/%s", i >= 2 ? "/vsigzip/" : "", folder, names[i]);
        write_tile(tile, bytes, size, i % 2 ? 2 : 0);
        (void)snprintf(tile, sizeof tile, "%s/%s", folder, names[i]);
        const int error =
            lh_dem_open((const char *const[]){tile}, 1, LH_TERRAIN_HEIGHTS_AUTO, &fault, &dem);
        if (i % 2 == 0) {
            assert_int_equal(error, LH_OK);
            const double height_m = height_at(dem, (struct lh_geo){37.3 + i, 111.5});
            assert_true(height_m > 760.0 && height_m < 1030.0);
            lh_dem_close(&dem);
        } else {
            assert_int_equal(error, LH_EFORMAT);
            assert_non_null(strstr(fault.text, names[i]));
        }
        (void)snprintf(tile, sizeof tile, "%s/%s.properties", folder, names[i]);
        assert_int_not_equal(access(tile, F_OK), 0); /* nothing is written beside the files */
    }
    free(bytes);
}

/* The real tiles beside the project, one of them gzipped HGT with voids, hold the same mountains. */
static void test_real_tiles(void **state)
{
    (void)state;
    const char *data = getenv("LINHUO_DATA");
    char tif[512];
    char hgt[512];
    (void)snprintf(tif, sizeof tif, "%s/terrain/srtm1arc_cevennes_wgs84.tif",
                   data ? data : "../shared/data");
    (void)snprintf(hgt, sizeof hgt, "%s/terrain/N44E003.hgt.gz", data ? data : "../shared/data");
    if (access(tif, R_OK) != 0 || access(hgt, R_OK) != 0) {
        print_message("skipped: the real terrain is not here (LINHUO_DATA)\n");
        skip();
    }
    struct lh_dem *a = open_dem((const char *const[]){tif}, 1, LH_TERRAIN_HEIGHTS_AUTO);
    struct lh_dem *b = open_dem((const char *const[]){hgt}, 1, LH_TERRAIN_HEIGHTS_AUTO);
    near(lh_dem_cell_m(b), 30.86, 0.05);
    for (int i = 0; i < 60; i++) {
        const struct lh_geo place = lh_geo_move((struct lh_geo){44.2, 3.75}, 41.0 * i, 200.0 * i);
        near(height_at(a, place), height_at(b, place),
             3.0); /* one was resampled from the other, whole metres */
        assert_true(height_at(a, place) > 80.0 && height_at(a, place) < 1680.0);
    }
    assert_true(isnan(height_at(b, (struct lh_geo){44.9, 3.2})));
    lh_dem_close(&b);
    lh_dem_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_degrees, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_projection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_datum, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_heights_above_the_ellipsoid_are_lowered, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_feet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_voids_are_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_all_voids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tiles_join_without_a_seam, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_antimeridian, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_pole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_terrain_is_the_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_absent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_a_raster, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncated_tiles, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_identity_follows_the_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_real_tiles, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
