/* Towers together: counts, what each adds, the area that counts, polygons at the antimeridian. */
#include "locate/coverage.h"
#include "locate/coverage_file.h"
#include "raster.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SIDE 401
#define CELL_M 50.0

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

static void near(double value, double expected, double off)
{
    if (!(fabs(value - expected) <= off))
        fail_msg("%.9g is not %.9g +- %g", value, expected, off);
}

/* Level ground 20 km wide, with a part that is unknown in the far north-east. */
static struct lh_terrain *make(struct lh_geo origin)
{
    struct lh_fault fault = {0};
    struct lh_terrain *terrain = NULL;
    float *heights = malloc(sizeof *heights * SIDE * SIDE);
    assert_non_null(heights);
    for (int i = 0; i < SIDE * SIDE; i++)
        heights[i] = i / SIDE > 360 && i % SIDE > 360 ? NAN : 500.0F;
    assert_int_equal(lh_terrain_from_heights(origin, CELL_M, SIDE, SIDE, heights, &fault, &terrain),
                     LH_OK);
    free(heights);
    return terrain;
}

static struct lh_tower tower_at(const struct lh_terrain *terrain, double east_m, bool is_planned)
{
    struct lh_fault fault = {0};
    struct lh_tower tower = {.planned = is_planned, .mast_m = 40.0, .range_m = 3000.0};
    (void)snprintf(tower.name, sizeof tower.name, "at %g", east_m);
    assert_int_equal(lh_eye_place(terrain,
                                  lh_plane_geo(&terrain->plane, (struct lh_offset){east_m, 0.0}),
                                  NAN, 40.0, &fault, &tower.eye),
                     LH_OK);
    return tower;
}

static struct lh_coverage *cover(const struct lh_tower *towers, size_t count,
                                 const struct lh_area *area)
{
    struct lh_fault fault = {0};
    struct lh_coverage *coverage = NULL;
    const struct lh_coverage_options options = {.target_m = 5.0, .cell_m = 50.0, .area = area};
    if (lh_coverage_create(towers, count, &options, &fault, &coverage) != LH_OK)
        fail_msg("%s", fault.text);
    return coverage;
}

/* Two discs of radius r whose middles lie r apart share r^2 (2 pi / 3 - sqrt(3) / 2). */
static void test_discs_that_overlap(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make((struct lh_geo){37.68, 111.80});
    const struct lh_tower towers[] = {tower_at(terrain, -1500.0, false),
                                      tower_at(terrain, 1500.0, true)};
    struct lh_coverage *coverage = cover(towers, 2, NULL);
    const double disc_km2 = LH_PI * 9.0;
    const double shared_km2 = 9.0 * (2.0 * LH_PI / 3.0 - sqrt(3.0) / 2.0);
    near(coverage->towers[0].seen_km2, disc_km2, 0.1);
    near(coverage->by_count_km2[2], shared_km2, 0.1);
    near(coverage->by_count_km2[1], 2.0 * (disc_km2 - shared_km2), 0.2);
    near(coverage->by_count_km2[0] + coverage->unknown_km2, 0.0, 0.0);
    near(coverage->standing_km2, disc_km2, 0.1);
    near(coverage->towers[1].added_km2, disc_km2 - shared_km2, 0.1);
    near(coverage->towers[1].only_km2, disc_km2 - shared_km2, 0.1);
    near(coverage->seen_km2, 2.0 * disc_km2 - shared_km2, 0.2);
    near(coverage->area_km2, coverage->seen_km2, 1e-9);
    lh_coverage_destroy(&coverage);
    lh_coverage_destroy(&coverage);
    lh_terrain_destroy(&terrain);
}

static void test_the_area_is_what_counts(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make((struct lh_geo){37.68, 111.80});
    const struct lh_tower tower = tower_at(terrain, 0.0, false);
    struct lh_geo corners[5];
    const double east_m[] = {-1000, 1000, 1000, 5000, -1000}; /* a kite that reaches far out */
    const double north_m[] = {-1000, -1000, 0, 1000, 1000};
    for (int i = 0; i < 5; i++)
        corners[i] = lh_plane_geo(&terrain->plane, (struct lh_offset){east_m[i], north_m[i]});
    struct lh_area_ring ring = {5, corners};
    const struct lh_area area = {1, &ring};
    struct lh_coverage *coverage = cover(&tower, 1, &area);
    near(coverage->area_km2, 2.0 * 1.0 + (2.0 + 6.0) / 2.0, 0.05);
    assert_true(coverage->by_count_km2[0] > 0.3 && coverage->by_count_km2[0] < 1.5);
    near(coverage->by_count_km2[0] + coverage->by_count_km2[1], coverage->area_km2, 1e-9);
    lh_coverage_destroy(&coverage);
    lh_terrain_destroy(&terrain);
}

static void test_what_is_unknown_is_told_apart(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make((struct lh_geo){37.68, 111.80});
    struct lh_tower tower = tower_at(terrain, 0.0, false);
    tower.range_m = 9900.0; /* rim in the unknown corner? 8 km east and north is 11.3 km away */
    struct lh_coverage *coverage = cover(&tower, 1, NULL);
    near(coverage->unknown_km2, 0.0, 0.0);
    lh_coverage_destroy(&coverage);
    tower.range_m = 12500.0; /* past the edge, and into the corner */
    coverage = cover(&tower, 1, NULL);
    assert_true(coverage->unknown_km2 > 20.0);
    near(coverage->unknown_km2 + coverage->seen_km2 + coverage->by_count_km2[0], coverage->area_km2,
         1e-6);
    lh_coverage_destroy(&coverage);
    lh_terrain_destroy(&terrain);
}

static double ring_area(const json_t *ring)
{
    double area = 0.0;
    for (size_t i = 0; i + 1 < json_array_size(ring); i++) {
        const json_t *a = json_array_get(ring, i);
        const json_t *b = json_array_get(ring, i + 1);
        area += json_number_value(json_array_get(a, 0)) * json_number_value(json_array_get(b, 1)) -
                json_number_value(json_array_get(b, 0)) * json_number_value(json_array_get(a, 1));
    }
    return area / 2.0;
}

/* The sum of all polygons of a feature, holes taken off, in square kilometres near that latitude. */
static double feature_km2(const json_t *feature, double latitude_deg)
{
    const json_t *polygons = json_object_get(json_object_get(feature, "geometry"), "coordinates");
    double sum = 0.0;
    for (size_t i = 0; i < json_array_size(polygons); i++)
        for (size_t k = 0; k < json_array_size(json_array_get(polygons, i)); k++) {
            const double area = ring_area(json_array_get(json_array_get(polygons, i), k));
            assert_true(k == 0 ? area > 0.0 : area < 0.0); /* RFC 7946: the right-hand rule */
            assert_true(fabs(area) < 1.0);                 /* none reaches round the earth */
            sum += area;
        }
    const double degree_km = LH_DEGREE * lh_geo_radius_m(latitude_deg) / 1000.0;
    return sum * degree_km * degree_km * cos(latitude_deg * LH_DEGREE);
}

static void check_polygons(struct lh_geo origin)
{
    struct lh_terrain *terrain = make(origin);
    const struct lh_tower towers[] = {tower_at(terrain, -1000.0, false),
                                      tower_at(terrain, 1000.0, false)};
    struct lh_coverage *coverage = cover(towers, 2, NULL);
    struct lh_fault fault = {0};
    char path[128];
    (void)snprintf(path, sizeof path, "%s/a.geojson", folder);
    assert_int_equal(lh_coverage_write_geojson(coverage, path, &fault), LH_OK);
    json_t *collection = json_load_file(path, 0, NULL);
    assert_non_null(collection);
    const json_t *features = json_object_get(collection, "features");
    assert_int_equal(json_array_size(features),
                     6); /* twice point and polygons; once and twice seen */
    near(feature_km2(json_array_get(features, 1), origin.latitude_deg),
         coverage->towers[0].seen_km2, 0.3);
    for (size_t i = 4; i < 6; i++) {
        const json_t *feature = json_array_get(features, i);
        const json_int_t count =
            json_integer_value(json_object_get(json_object_get(feature, "properties"), "count"));
        assert_true(count == 1 || count == 2);
        near(feature_km2(feature, origin.latitude_deg), coverage->by_count_km2[count], 0.3);
    }
    json_decref(collection);
    lh_coverage_destroy(&coverage);
    lh_terrain_destroy(&terrain);
}

static void test_polygons_hold_what_was_counted(void **state)
{
    (void)state;
    check_polygons((struct lh_geo){37.68, 111.80});
    check_polygons((struct lh_geo){66.0, 180.0});
    check_polygons((struct lh_geo){-16.8, -179.99});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_discs_that_overlap),
        cmocka_unit_test(test_the_area_is_what_counts),
        cmocka_unit_test(test_what_is_unknown_is_told_apart),
        cmocka_unit_test_setup_teardown(test_polygons_hold_what_was_counted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
