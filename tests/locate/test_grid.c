/* The responsibility grid: whose ground a position touches, with what share, and files that are odd or wrong. */
#include "locate/grid.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#define LATITUDE 37.6
#define LONGITUDE 111.9

/* A box of degrees about LATITUDE, LONGITUDE. */
#define BOX(w, s, e, n)                                                                            \
    "[[[" #w "," #s "],[" #e "," #s "],[" #e "," #n "],[" #w "," #n "],[" #w "," #s "]]]"
#define AREA(properties, rings)                                                                    \
    "{\"type\":\"Feature\",\"properties\":{" properties "},\"geometry\":{\"type\":\"Polygon\","    \
    "\"coordinates\":" rings "}}"
#define FILE_OF(features) "{\"type\":\"FeatureCollection\",\"features\":[" features "]}"

#define WEST AREA("\"code\":\"141122104\",\"name\":\"West\"", BOX(111.8, 37.5, 111.9, 37.7))
#define EAST AREA("\"code\":\"141122105\",\"name\":\"East\"", BOX(111.9, 37.5, 112.0, 37.7))

static int load_text(const char *text, enum lh_datum datum, struct lh_fault *fault,
                     struct lh_grid **ret_grid)
{
    char path[] = "/tmp/linhuo-grid-XXXXXX.geojson";
    char *paths[] = {path};
    const int descriptor = mkstemps(path, 8);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), (int)strlen(text));
    assert_int_equal(close(descriptor), 0);
    const int code = lh_grid_load(paths, 1, datum, fault, ret_grid);
    assert_int_equal(unlink(path), 0);
    return code;
}

static struct lh_grid *load(const char *text)
{
    struct lh_grid *grid = NULL;
    struct lh_fault fault = {0};
    if (load_text(text, LH_DATUM_WGS84, &fault, &grid) != LH_OK)
        fail_msg("%s", fault.text);
    return grid;
}

static struct lh_position at(double latitude, double longitude, double major_m, double minor_m,
                             double azimuth_deg)
{
    return lh_position_of_ellipse((struct lh_ellipse){.centre = {latitude, longitude},
                                                      .height_m = NAN,
                                                      .major_m = major_m,
                                                      .minor_m = minor_m,
                                                      .azimuth_deg = azimuth_deg});
}

/* -1: not touched */
static double share(const struct lh_grid *grid, const struct lh_position *position,
                    const char *name)
{
    struct lh_grid_touch *touches = NULL;
    size_t count = 0;
    double found = -1;
    assert_int_equal(lh_grid_touches(grid, position, &touches, &count), LH_OK);
    for (size_t i = 0; i < count; i++)
        if (strcmp(lh_grid_area(grid, touches[i].area)->name, name) == 0)
            found = touches[i].share;
    free(touches);
    return found;
}

static bool is_noted(const struct lh_grid *grid, const char *words)
{
    for (size_t i = 0; i < lh_grid_note_count(grid); i++)
        if (strstr(lh_grid_note(grid, i), words))
            return true;
    return false;
}

static void probability_is_shared_by_the_ground(void **state)
{
    (void)state;
    struct lh_grid *grid = load(FILE_OF(WEST "," EAST));
    assert_int_equal(lh_grid_note_count(grid), 0);
    const struct lh_position middle = at(LATITUDE, LONGITUDE, 300, 100, 30);
    assert_float_equal(share(grid, &middle, "West"), 0.5, 0.01);
    assert_float_equal(share(grid, &middle, "East"), 0.5, 0.01);
    /* one sigma of 200 m into the east: 84.1 % */
    const struct lh_geo east = lh_geo_move((struct lh_geo){LATITUDE, LONGITUDE}, 90, 200);
    const struct lh_position off = at(east.latitude_deg, east.longitude_deg, 200, 200, 0);
    assert_float_equal(share(grid, &off, "East"), 0.841, 0.012);
    assert_float_equal(share(grid, &off, "West"), 0.159, 0.012);
    lh_grid_destroy(&grid);
}

static void the_95_percent_region_decides_what_is_touched(void **state)
{
    (void)state;
    struct lh_grid *grid = load(FILE_OF(WEST "," EAST));
    const struct lh_geo border = {LATITUDE, LONGITUDE};
    for (int i = 0; i < 2; i++) {
        const double sigmas = i == 0 ? 2.42 : 2.48; /* about 2.4477 */
        /* the axis of 100 m points across the border */
        const struct lh_geo place = lh_geo_move(border, 90, sigmas * 100);
        const struct lh_position position =
            at(place.latitude_deg, place.longitude_deg, 500, 100, 0);
        assert_true((share(grid, &position, "West") >= 0) == (i == 0));
    }
    lh_grid_destroy(&grid);
}

static void two_hypotheses_touch_two_townships(void **state)
{
    (void)state;
    struct lh_grid *grid = load(FILE_OF(WEST "," EAST));
    struct lh_position position = at(37.6, 111.85, 50, 50, 0);
    position.ellipses[1] = position.ellipses[0];
    position.ellipses[1].centre.longitude_deg = 111.95;
    position.weights[0] = 0.7;
    position.weights[1] = 0.3;
    position.count = 2;
    assert_float_equal(share(grid, &position, "West"), 0.7, 1e-9);
    assert_float_equal(share(grid, &position, "East"), 0.3, 1e-9);
    lh_grid_destroy(&grid);
}

static void a_bearing_touches_all_along_it(void **state)
{
    (void)state;
    struct lh_grid *grid = load(FILE_OF(WEST "," EAST));
    /* 4,411 m are 0.05 degrees: half the way in each */
    struct lh_position position = {.form = LH_POSITION_SECTOR,
                                   .sector = {{37.6, 111.85}, 90, 1, 0, 2 * 4416}};
    assert_float_equal(share(grid, &position, "West"), 0.5, 0.02);
    assert_float_equal(share(grid, &position, "East"), 0.5, 0.02);
    position.sector.far_m = 4000;
    assert_true(share(grid, &position, "East") < 0);
    /* far narrower than the areas, seen from outside, and through both */
    position.sector = (struct lh_sector){{37.6, 111.7}, 90, 0.01, 1000, 40000};
    assert_true(share(grid, &position, "West") > 0.2);
    assert_true(share(grid, &position, "East") > 0.2);
    position.sector.azimuth_deg = 270;
    assert_true(share(grid, &position, "West") < 0);
    lh_grid_destroy(&grid);
}

static void a_position_that_is_none_is_refused(void **state)
{
    (void)state;
    struct lh_grid *grid = load(FILE_OF(WEST));
    struct lh_grid_touch *touches = NULL;
    size_t count = 7;
    const struct lh_position none = {.form = LH_POSITION_NONE};
    const struct lh_position flat = at(LATITUDE, LONGITUDE, 10, 0, 0);
    const struct lh_position nowhere = at(NAN, LONGITUDE, 10, 10, 0);
    assert_int_equal(lh_grid_touches(grid, &none, &touches, &count), LH_EINVAL);
    assert_int_equal(lh_grid_touches(grid, &flat, &touches, &count), LH_EINVAL);
    assert_int_equal(lh_grid_touches(grid, &nowhere, &touches, &count), LH_EINVAL);
    assert_null(touches);
    assert_int_equal(count, 7);
    lh_grid_destroy(&grid);
}

static void a_hole_is_nobodys_ground_and_said(void **state)
{
    (void)state;
    struct lh_grid *grid = load(FILE_OF(
        AREA("\"name\":\"Ring\"", "[[[111.8,37.5],[112,37.5],[112,37.7],[111.8,37.7],[111.8,37.5]],"
                                  "[[111.89,37.59],[111.91,37.59],[111.91,37.61],[111.89,37.61],"
                                  "[111.89,37.59]]]")));
    const struct lh_position hole = at(37.6, 111.9, 20, 20, 0);
    const struct lh_position ring = at(37.6, 111.85, 20, 20, 0);
    assert_true(share(grid, &hole, "Ring") < 0);
    assert_float_equal(share(grid, &ring, "Ring"), 1, 1e-9);
    assert_true(is_noted(grid, "belong to no cell"));
    assert_true(is_noted(grid, "37.6000 N 111.9000 E"));
    lh_grid_destroy(&grid);
}

static void an_enclave_fills_the_hole(void **state)
{
    (void)state;
    struct lh_grid *grid = load(FILE_OF(
        AREA("\"name\":\"Ring\"", "[[[111.8,37.5],[112,37.5],[112,37.7],[111.8,37.7],[111.8,37.5]],"
                                  "[[111.89,37.59],[111.91,37.59],[111.91,37.61],[111.89,37.61],"
                                  "[111.89,37.59]]]") "," AREA("\"name\":\"Enclave\"",
                                                               BOX(111.89, 37.59, 111.91, 37.61))));
    const struct lh_position hole = at(37.6, 111.9, 20, 20, 0);
    assert_float_equal(share(grid, &hole, "Enclave"), 1, 1e-9);
    assert_int_equal(lh_grid_note_count(grid), 0);
    lh_grid_destroy(&grid);
}

static void an_overlap_belongs_to_both_and_is_said(void **state)
{
    (void)state;
    struct lh_grid *grid =
        load(FILE_OF(AREA("\"name\":\"One\"", BOX(111.8, 37.5, 111.91, 37.7)) "," AREA(
            "\"name\":\"Other\"", BOX(111.89, 37.5, 112.0, 37.7))));
    const struct lh_position both = at(37.6, 111.9, 20, 20, 0);
    assert_float_equal(share(grid, &both, "One"), 1, 1e-9);
    assert_float_equal(share(grid, &both, "Other"), 1, 1e-9);
    assert_true(is_noted(grid, "One and Other overlap"));
    lh_grid_destroy(&grid);
}

static void a_village_in_its_township_is_no_overlap(void **state)
{
    (void)state;
    struct lh_grid *grid = load(FILE_OF(WEST "," AREA(
        "\"code\":\"141122104201\",\"name\":\"Village\"", BOX(111.82, 37.55, 111.85, 37.6))));
    assert_int_equal(lh_grid_note_count(grid), 0);
    assert_int_equal(lh_grid_area(grid, 0)->level, LH_GRID_TOWNSHIP);
    assert_int_equal(lh_grid_area(grid, 1)->level, LH_GRID_VILLAGE);
    lh_grid_destroy(&grid);
}

static void an_outline_that_crosses_itself_is_mended(void **state)
{
    (void)state;
    struct lh_grid *grid = load(FILE_OF(AREA(
        "\"name\":\"Bow\"", "[[[111.8,37.5],[112,37.7],[112,37.5],[111.8,37.7],[111.8,37.5]]]")));
    const struct lh_position left = at(37.6, 111.83, 20, 20, 0);
    const struct lh_position right = at(37.6, 111.97, 20, 20, 0);
    const struct lh_position below = at(37.52, 111.9, 20, 20, 0);
    assert_float_equal(share(grid, &left, "Bow"), 1, 1e-9);
    assert_float_equal(share(grid, &right, "Bow"), 1, 1e-9);
    assert_true(share(grid, &below, "Bow") < 0);
    assert_true(is_noted(grid, "Bow: its outline is wrong"));
    lh_grid_destroy(&grid);
}

static void another_datum_is_brought_over(void **state)
{
    (void)state;
    struct lh_grid *grid = NULL;
    struct lh_fault fault = {0};
    assert_int_equal(load_text(FILE_OF(WEST), LH_DATUM_GCJ02, &fault, &grid), LH_OK);
    const struct lh_geo corner = lh_grid_area(grid, 0)->corners[0];
    const struct lh_geo drawn = lh_geo_to_datum(LH_DATUM_GCJ02, corner);
    assert_true(lh_geo_distance_m(drawn, (struct lh_geo){37.5, 111.8}) < 0.05);
    assert_true(lh_geo_distance_m(corner, (struct lh_geo){37.5, 111.8}) > 400);
    lh_grid_destroy(&grid);
}

static void another_projection_is_brought_over(void **state)
{
    (void)state;
    struct lh_grid *grid =
        load("{\"type\":\"FeatureCollection\",\"crs\":{\"type\":\"name\",\"properties\":{\"name\":"
             "\"urn:ogc:def:crs:EPSG::32649\"}},\"features\":[" AREA(
                 "\"name\":\"Metres\"", BOX(570000, 4150000, 590000, 4170000)) "]}");
    /* EPSG:32649: central meridian 111 E; 500,000 + 80 km east, 4,160 km north */
    const struct lh_position inside = at(37.585, 111.906, 20, 20, 0);
    const struct lh_position outside = at(37.6, 112.1, 20, 20, 0);
    assert_float_equal(share(grid, &inside, "Metres"), 1, 1e-9);
    assert_true(share(grid, &outside, "Metres") < 0);
    lh_grid_destroy(&grid);
}

static void neighbours_are_those_named_or_those_that_adjoin(void **state)
{
    (void)state;
    struct lh_grid *grid = load(FILE_OF(WEST "," EAST "," AREA(
        "\"code\":\"141122106\",\"name\":\"Far\",\"neighbours\":\"141122104, 141122199\"",
        BOX(112.1, 37.5, 112.2, 37.7)) "," AREA("\"code\":\"141122107\",\"名称\":\"南\",\"毗邻\":["
                                                "\"141122105\",\"141122106\"]",
                                                BOX(111.8, 37.4, 111.9, 37.5))));
    assert_true(lh_grid_is_neighbour(grid, 0, 1));
    assert_true(lh_grid_is_neighbour(grid, 1, 0));
    assert_false(lh_grid_is_neighbour(grid, 0, 0));
    assert_false(lh_grid_is_neighbour(grid, 1, 2));
    assert_true(lh_grid_is_neighbour(grid, 2, 0)); /* named, far off */
    assert_false(lh_grid_is_neighbour(grid, 2, 1));
    assert_true(lh_grid_is_neighbour(grid, 0, 3));
    assert_false(lh_grid_is_neighbour(grid, 3, 0)); /* adjoins, and names others */
    assert_true(lh_grid_is_neighbour(grid, 3, 2));
    assert_string_equal(lh_grid_area(grid, 3)->name, "南");
    lh_grid_destroy(&grid);
}

static void the_antimeridian_is_a_place_like_any_other(void **state)
{
    (void)state;
    struct lh_grid *grid =
        load(FILE_OF(AREA("\"name\":\"Left\"", BOX(179.9, -17, 180, -16.9)) "," AREA(
            "\"name\":\"Right\"", BOX(-180, -17, -179.9, -16.9))));
    const struct lh_position border = at(-16.95, 180, 100, 100, 0);
    assert_float_equal(share(grid, &border, "Left"), 0.5, 0.01);
    assert_float_equal(share(grid, &border, "Right"), 0.5, 0.01);
    lh_grid_destroy(&grid);
}

static void outside_the_nearest_is_found(void **state)
{
    (void)state;
    struct lh_grid *grid = load(FILE_OF(WEST "," EAST));
    size_t area = 9;
    double distance_m = 0;
    assert_int_equal(
        lh_grid_nearest(grid, LH_GRID_TOWNSHIP, (struct lh_geo){37.6, 112.01}, &area, &distance_m),
        LH_OK);
    assert_int_equal(area, 1);
    assert_float_equal(
        distance_m, lh_geo_distance_m((struct lh_geo){37.6, 112.0}, (struct lh_geo){37.6, 112.01}),
        2);
    assert_int_equal(
        lh_grid_nearest(grid, LH_GRID_COUNTY, (struct lh_geo){37.6, 112.01}, &area, &distance_m),
        LH_ENOTFOUND);
    lh_grid_destroy(&grid);
}

static void twice_the_same_code_is_said(void **state)
{
    (void)state;
    struct lh_grid *grid = load(FILE_OF(
        WEST "," AREA("\"code\":\"141122104\",\"name\":\"Again\"", BOX(112.1, 37.5, 112.2, 37.7))));
    assert_true(is_noted(grid, "code 141122104 comes twice"));
    lh_grid_destroy(&grid);
}

static void an_unknown_level_is_said_and_the_code_decides(void **state)
{
    (void)state;
    struct lh_grid *grid = load(FILE_OF(
        AREA("\"adcode\":141122104,\"name\":\"Odd\",\"level\":\"province\"",
             BOX(111.8, 37.5, 112, 37.7)) "," AREA("\"name\":\"Map\",\"level\":\"district\"",
                                                   BOX(111.8, 37.5, 112, 37.7))));
    assert_int_equal(lh_grid_area(grid, 0)->level, LH_GRID_TOWNSHIP);
    assert_string_equal(lh_grid_area(grid, 0)->code, "141122104");
    assert_int_equal(lh_grid_area(grid, 1)->level, LH_GRID_COUNTY);
    assert_int_equal(lh_grid_note_count(grid), 1);
    assert_true(is_noted(grid, "Odd has level 'province'"));
    lh_grid_destroy(&grid);
}

static void wrong_files_are_refused_in_words(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } wrong[] = {
        {"", "cannot be read"},
        {"nonsense", "cannot be read"},
        {FILE_OF(""), "no polygon"},
        {FILE_OF(AREA("\"name\":\"Metres\"", BOX(570000, 4150000, 590000, 4170000))),
         "does the file say its projection"},
        {FILE_OF(AREA("\"name\":\"Swapped\"", BOX(37.5, 111.8, 37.7, 112))), "swapped"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct lh_grid *grid = NULL;
        struct lh_fault fault = {0};
        assert_int_equal(load_text(wrong[i].text, LH_DATUM_WGS84, &fault, &grid), LH_ECONFIG);
        assert_null(grid);
        if (!strstr(fault.text, wrong[i].words))
            fail_msg("'%s' does not say '%s'", fault.text, wrong[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probability_is_shared_by_the_ground),
        cmocka_unit_test(the_95_percent_region_decides_what_is_touched),
        cmocka_unit_test(two_hypotheses_touch_two_townships),
        cmocka_unit_test(a_bearing_touches_all_along_it),
        cmocka_unit_test(a_position_that_is_none_is_refused),
        cmocka_unit_test(a_hole_is_nobodys_ground_and_said),
        cmocka_unit_test(an_enclave_fills_the_hole),
        cmocka_unit_test(an_overlap_belongs_to_both_and_is_said),
        cmocka_unit_test(a_village_in_its_township_is_no_overlap),
        cmocka_unit_test(an_outline_that_crosses_itself_is_mended),
        cmocka_unit_test(another_datum_is_brought_over),
        cmocka_unit_test(another_projection_is_brought_over),
        cmocka_unit_test(neighbours_are_those_named_or_those_that_adjoin),
        cmocka_unit_test(the_antimeridian_is_a_place_like_any_other),
        cmocka_unit_test(outside_the_nearest_is_found),
        cmocka_unit_test(twice_the_same_code_is_said),
        cmocka_unit_test(an_unknown_level_is_said_and_the_code_decides),
        cmocka_unit_test(wrong_files_are_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
