#include "fuse/heat_register.h"
#include "rows.h"

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

static const struct lh_heat_config rule = {
    .min_dates = 3,
    .window_days = 30,
    .min_span_days = 7,
    .min_night_fraction = 0.5,
    .expiry_days = 180,
    .factor = 0.07,
};

static const struct lh_geo works = {37.585, 112.188};

static struct lh_heat_register *open_register(const char *path, const struct lh_heat_config *config,
                                              const struct lh_heat_areas *areas)
{
    struct lh_heat_register *heat_register = NULL;
    struct lh_fault fault = {0};
    if (lh_heat_register_open(path, config, areas, &fault, &heat_register) != LH_OK)
        fail_msg("%s", fault.text);
    return heat_register;
}

static void note(struct lh_heat_register *heat_register, double latitude_deg, double longitude_deg,
                 const char *utc, double frp_mw, bool night)
{
    struct lh_fault fault = {0};
    struct lh_hotspot row = pixel(latitude_deg, longitude_deg, utc, frp_mw);
    row.light = night ? LH_LIGHT_NIGHT : LH_LIGHT_DAY;
    assert_int_equal(lh_heat_register_note(heat_register, &row, 1, &fault), LH_OK);
}

/* Works that were seen on five dates within twelve days, four times at night. */
static void note_works(struct lh_heat_register *heat_register)
{
    note(heat_register, 37.5850, 112.1880, "2026-04-01T18:02:00Z", 5, true);
    note(heat_register, 37.5855, 112.1885, "2026-04-04T18:05:00Z", 6, true);
    note(heat_register, 37.5848, 112.1878, "2026-04-07T18:04:00Z", 4, true);
    note(heat_register, 37.5852, 112.1882, "2026-04-10T05:38:00Z", 5, false);
    note(heat_register, 37.5851, 112.1876, "2026-04-12T18:05:00Z", 7, true);
}

static struct lh_heat_query query_at(struct lh_geo at, const char *utc, double frp_mw)
{
    return (struct lh_heat_query){.at = at,
                                  .acquired_us = UTC(utc),
                                  .frp_mw = frp_mw,
                                  .size_m = 390,
                                  .area_km2 = 0.39 * 0.39};
}

static struct lh_heat_verdict judge(struct lh_heat_register *heat_register,
                                    struct lh_heat_query query)
{
    struct lh_heat_verdict verdict;
    struct lh_fault fault = {0};
    if (lh_heat_register_judge(heat_register, &query, &fault, &verdict) != LH_OK)
        fail_msg("%s", fault.text);
    return verdict;
}

static void test_works_are_learnt_and_count_for_less(void **state)
{
    (void)state;
    struct lh_heat_register *heat_register = open_register(NULL, &rule, NULL);
    assert_false(judge(heat_register, query_at(works, "2026-04-14T18:00:00Z", 5)).known);
    note_works(heat_register);
    note_works(heat_register); /* once more: the same rows */
    struct lh_heat_verdict verdict =
        judge(heat_register, query_at(works, "2026-04-14T18:00:00Z", 5));
    assert_true(verdict.known && !verdict.raised);
    assert_true(verdict.factor == 0.07);
    assert_int_equal(verdict.evidence.rows, 5);
    assert_int_equal(verdict.evidence.dates, 5);
    assert_int_equal(verdict.evidence.nights, 4);
    assert_string_equal(verdict.reason,
                        "standing heat source: 5 dates in 11 days, 80 % at night, last 2026-04-12");
    /* Only what came before is asked: the third look was none yet. */
    assert_false(judge(heat_register, query_at(works, "2026-04-07T18:04:00Z", 5)).known);
    /* Elsewhere it counts in full. */
    const struct lh_geo away = lh_geo_move(works, 90, 2500);
    assert_false(judge(heat_register, query_at(away, "2026-04-14T18:00:00Z", 5)).known);
    lh_heat_register_close(&heat_register);
    assert_null(heat_register);
}

static void test_what_is_not_its_usual_self_is_raised(void **state)
{
    (void)state;
    struct lh_heat_register *heat_register = open_register(NULL, &rule, NULL);
    note_works(heat_register);
    struct lh_heat_query query = query_at(works, "2026-04-14T18:00:00Z", 85);
    struct lh_heat_verdict verdict = judge(heat_register, query);
    assert_true(verdict.known && verdict.raised && verdict.factor == 1);
    assert_non_null(strstr(verdict.reason, "85.0 MW where it has 10.0"));

    query = query_at(lh_geo_move(works, 0, 520), "2026-04-14T18:00:00Z", 5);
    verdict = judge(heat_register, query);
    assert_true(verdict.raised && verdict.factor == 1);
    assert_non_null(strstr(verdict.reason, "not the same"));

    query = query_at(works, "2026-04-14T18:00:00Z", 5);
    query.area_km2 = 4 * 0.39 * 0.39;
    verdict = judge(heat_register, query);
    assert_true(verdict.raised && verdict.factor == 1);
    assert_non_null(strstr(verdict.reason, "km2"));
    lh_heat_register_close(&heat_register);
}

static void test_a_forest_fire_is_no_works(void **state)
{
    (void)state;
    struct lh_heat_register *heat_register = open_register(NULL, &rule, NULL);
    for (int day = 1; day <= 5; day++) { /* five dates, day and night, but five days */
        char utc[32];
        (void)snprintf(utc, sizeof utc, "2026-04-%02dT18:02:00Z", day);
        note(heat_register, works.latitude_deg, works.longitude_deg, utc, 5, true);
    }
    assert_false(judge(heat_register, query_at(works, "2026-04-06T18:00:00Z", 5)).known);
    /* Straw, burnt by day in two weeks. */
    struct lh_geo field = {37.45, 112.05};
    note(heat_register, 37.45, 112.05, "2026-04-01T05:30:00Z", 5, false);
    note(heat_register, 37.45, 112.05, "2026-04-06T05:30:00Z", 5, false);
    note(heat_register, 37.45, 112.05, "2026-04-12T05:30:00Z", 5, false);
    assert_false(judge(heat_register, query_at(field, "2026-04-13T05:30:00Z", 5)).known);
    lh_heat_register_close(&heat_register);
}

static void test_it_expires(void **state)
{
    (void)state;
    struct lh_heat_config config = rule;
    config.window_days = 3650;
    struct lh_heat_register *heat_register = open_register(NULL, &config, NULL);
    note_works(heat_register);
    assert_true(judge(heat_register, query_at(works, "2026-10-08T18:00:00Z", 5)).known);
    assert_false(judge(heat_register, query_at(works, "2026-10-10T18:00:00Z", 5)).known);
    struct lh_fault fault = {0};
    assert_int_equal(lh_heat_register_forget(heat_register, UTC("2026-04-08T00:00:00Z"), &fault),
                     LH_OK);
    assert_false(judge(heat_register, query_at(works, "2026-04-14T18:00:00Z", 5)).known);
    lh_heat_register_close(&heat_register);
}

static void test_all_sources_are_listed(void **state)
{
    (void)state;
    struct lh_heat_register *heat_register = open_register(NULL, &rule, NULL);
    struct lh_heat_evidence *sources = NULL;
    size_t count = 0;
    struct lh_fault fault = {0};
    note_works(heat_register);
    note(heat_register, 37.9, 112.54, "2026-04-02T18:02:00Z", 9, true);
    note(heat_register, 37.9, 112.54, "2026-04-05T18:02:00Z", 8, true);
    note(heat_register, 37.9, 112.54, "2026-04-11T18:02:00Z", 7, true);
    note(heat_register, 37.7, 111.9, "2026-04-11T05:38:00Z", 70, false); /* a fire */
    assert_int_equal(lh_heat_register_sources(heat_register, UTC("2026-04-14T00:00:00Z"), &fault,
                                              &sources, &count),
                     LH_OK);
    assert_int_equal(count, 2);
    assert_int_equal(sources[0].dates, 5);
    assert_true(lh_geo_distance_m(sources[0].centre, works) < 60);
    assert_true(sources[0].frp_median_mw == 5 && sources[0].frp_p99_mw == 7);
    assert_int_equal(sources[1].dates, 3);
    free(sources);
    lh_heat_register_close(&heat_register);
}

static int print_audit(void *context, int64_t utc_us, const char *who, const char *what,
                       const char *why)
{
    char *text = (char *)context;
    char time[LH_TIME_TEXT];
    (void)snprintf(text + strlen(text), 2048 - strlen(text), "%s %s: %s (%s)\n",
                   lh_time_format(utc_us, time), who, what, why);
    return 0;
}

static void test_operators_are_audited(void **state)
{
    (void)state;
    struct lh_heat_register *heat_register = open_register(NULL, &rule, NULL);
    struct lh_fault fault = {0};
    struct lh_heat_edit edit = {"li", "lime kiln, permit 2026-17", UTC("2026-04-13T01:00:00Z")};
    const struct lh_heat_circle kiln = {.name = "kiln",
                                        .at = {37.6, 111.9},
                                        .radius_m = 500,
                                        .factor = 0.02,
                                        .from_us = UTC("2026-04-10T00:00:00Z"),
                                        .to_us = UTC("2026-05-01T00:00:00Z")};
    note_works(heat_register);
    assert_int_equal(lh_heat_register_declare(heat_register, &kiln, &edit, &fault), LH_OK);
    struct lh_heat_verdict verdict =
        judge(heat_register, query_at(kiln.at, "2026-04-14T18:00:00Z", 500));
    assert_true(verdict.known && !verdict.raised && verdict.factor == 0.02);
    assert_string_equal(verdict.reason, "declared heat source 'kiln'");
    assert_false(judge(heat_register, query_at(kiln.at, "2026-05-01T00:00:00Z", 5)).known);
    assert_false(judge(heat_register, query_at(kiln.at, "2026-04-09T00:00:00Z", 5)).known);

    edit.why = "that was a fire in April";
    assert_int_equal(lh_heat_register_dismiss(heat_register, works, 1000, &edit, &fault), LH_OK);
    assert_false(judge(heat_register, query_at(works, "2026-04-14T18:00:00Z", 5)).known);
    edit.why = "shut down";
    assert_int_equal(lh_heat_register_withdraw(heat_register, "kiln", &edit, &fault), LH_OK);
    assert_int_equal(lh_heat_register_withdraw(heat_register, "kiln", &edit, &fault), LH_ENOTFOUND);
    edit.why = "";
    assert_int_equal(lh_heat_register_declare(heat_register, &kiln, &edit, &fault), LH_EINVAL);
    edit.why = "x";
    struct lh_heat_circle nowhere = kiln;
    nowhere.at.latitude_deg = NAN;
    assert_int_equal(lh_heat_register_declare(heat_register, &nowhere, &edit, &fault), LH_EINVAL);

    char text[2048] = "";
    assert_int_equal(lh_heat_register_audit(heat_register, print_audit, text, &fault), LH_OK);
    assert_string_equal(
        text,
        "2026-04-13T01:00:00.000Z li: declared 'kiln': 37.60000,111.90000, 500 m, factor 0.02 "
        "(lime kiln, permit 2026-17)\n"
        "2026-04-13T01:00:00.000Z li: dismissed 5 looks within 1000 m of 37.58500,112.18800 "
        "(that was a fire in April)\n"
        "2026-04-13T01:00:00.000Z li: withdrew 'kiln' (shut down)\n");
    lh_heat_register_close(&heat_register);
}

static void test_it_is_on_disk(void **state)
{
    (void)state;
    char folder[] = "/tmp/linhuo-heat-XXXXXX";
    char path[64];
    char command[96];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/heat.sqlite", folder);
    struct lh_heat_register *heat_register = open_register(path, &rule, NULL);
    note_works(heat_register);
    /* Another handle sees what is committed, as after kill -9. */
    struct lh_heat_register *other = open_register(path, &rule, NULL);
    assert_true(judge(other, query_at(works, "2026-04-14T18:00:00Z", 5)).known);
    lh_heat_register_close(&other);
    lh_heat_register_close(&heat_register);
    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    assert_int_equal(system(command), 0);
}

/* ---- areas ---- */

static char *write_areas(const char *text)
{
    static char path[64];
    (void)strcpy(path, "/tmp/linhuo-areas-XXXXXX.geojson");
    const int file = mkstemps(path, 8);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(file);
    return path;
}

#define SQUARE(w, s, e, n)                                                                         \
    "[[" #w "," #s "],[" #e "," #s "],[" #e "," #n "],[" #w "," #n "],[" #w "," #s "]]"
#define FEATURE(label, rings)                                                                      \
    "{\"type\":\"Feature\",\"properties\":{\"name\":\"" label "\"},\"geometry\":{\"type\":"        \
    "\"Polygon\",\"coordinates\":[" rings "]}}"
#define COLLECTION(features) "{\"type\":\"FeatureCollection\",\"features\":[" features "]}"

static const char *area_at(const struct lh_heat_areas *areas, double latitude_deg,
                           double longitude_deg, double reach_m, int64_t utc_us)
{
    double factor;
    const char *name = "";
    const struct lh_geo at = {latitude_deg, longitude_deg};
    return lh_heat_areas_at(areas, at, reach_m, utc_us, &factor, &name) ? name : "";
}

static void test_areas_from_a_file(void **state)
{
    (void)state;
    char *path =
        write_areas(COLLECTION(FEATURE("焦化园区", SQUARE(112.18, 37.57, 112.2, 37.6) "," SQUARE(
                                                       112.188, 37.58, 112.192, 37.59))));
    const struct lh_heat_area_config config = {
        .file = path, .factor = 0.1, .valid_from = (char *)"2026-01-01", .valid_to = (char *)""};
    struct lh_heat_areas areas = {0};
    struct lh_fault fault = {0};
    if (lh_heat_areas_load(&config, &fault, &areas) != LH_OK)
        fail_msg("%s", fault.text);
    const int64_t now_us = UTC("2026-04-14T18:00:00Z");
    assert_string_equal(area_at(&areas, 37.575, 112.19, 0, now_us), "焦化园区");
    assert_string_equal(area_at(&areas, 37.585, 112.19, 0, now_us), ""); /* its hole */
    assert_string_equal(area_at(&areas, 37.585, 112.19, 200, now_us), "焦化园区");
    assert_string_equal(area_at(&areas, 37.5689, 112.19, 100, now_us), "");
    assert_string_equal(area_at(&areas, 37.5689, 112.19, 130, now_us), "焦化园区");
    assert_string_equal(area_at(&areas, 37.575, 112.19, 0, UTC("2025-12-31T23:59:59Z")), "");

    /* A second file over the first: what lowers most counts. */
    (void)unlink(path);
    path = write_areas(COLLECTION(FEATURE("kiln", SQUARE(112.185, 37.57, 112.195, 37.58))));
    struct lh_heat_area_config other = config;
    other.factor = 0.05;
    other.file = path;
    assert_int_equal(lh_heat_areas_load(&other, &fault, &areas), LH_OK);
    assert_string_equal(area_at(&areas, 37.575, 112.19, 0, now_us), "kiln");
    assert_string_equal(area_at(&areas, 37.575, 112.182, 0, now_us), "焦化园区");

    struct lh_heat_register *heat_register = open_register(NULL, &rule, &areas);
    const struct lh_heat_verdict verdict =
        judge(heat_register, query_at((struct lh_geo){37.575, 112.19}, "2026-04-14T18:00:00Z", 90));
    assert_true(verdict.factor == 0.05);
    assert_string_equal(verdict.reason, "registered area 'kiln'");
    lh_heat_register_close(&heat_register);
    lh_heat_areas_finish(&areas);
    (void)unlink(path);
}

static void test_areas_in_another_datum_and_bad_ones(void **state)
{
    (void)state;
    char *path =
        write_areas(COLLECTION(FEATURE("seat", SQUARE(112.162, 37.551, 112.1632, 37.5525))));
    struct lh_heat_area_config config = {.file = path,
                                         .datum = LH_DATUM_GCJ02,
                                         .factor = 0.1,
                                         .valid_from = (char *)"",
                                         .valid_to = (char *)""};
    struct lh_heat_areas areas = {0};
    struct lh_fault fault = {0};
    assert_int_equal(lh_heat_areas_load(&config, &fault, &areas), LH_OK);
    assert_string_equal(area_at(&areas, 37.551, 112.156, 0, 0), "seat");
    assert_string_equal(area_at(&areas, 37.5518, 112.1626, 0, 0), "");
    lh_heat_areas_finish(&areas);
    config.valid_to = (char *)"1. May";
    assert_int_equal(lh_heat_areas_load(&config, &fault, &areas), LH_ECONFIG);
    config.valid_to = (char *)"";
    (void)unlink(path);
    assert_int_equal(lh_heat_areas_load(&config, &fault, &areas), LH_ECONFIG);
    config.file = write_areas(COLLECTION(""));
    assert_int_equal(lh_heat_areas_load(&config, &fault, &areas), LH_ECONFIG);
    assert_non_null(strstr(fault.text, "polygon"));
    (void)unlink(config.file);
    config.file = write_areas("{");
    assert_int_equal(lh_heat_areas_load(&config, &fault, &areas), LH_ECONFIG);
    (void)unlink(config.file);
}

/* STANDARDS of the feeds, 0.4: heat that real MODIS rows show, from few looks in eight years. */
static void test_real_sources_of_shanxi(void **state)
{
    (void)state;
    const char *data = getenv("LINHUO_DATA");
    const char *root = getenv("LINHUO_ROOT");
    char path[4096];
    if (data)
        (void)snprintf(path, sizeof path, "%s/hotspots/MODIS_shanxi_2018-2025_dedup.csv", data);
    else
        (void)snprintf(path, sizeof path,
                       "%s/../shared/data/hotspots/MODIS_shanxi_2018-2025_dedup.csv",
                       root ? root : ".");
    if (access(path, R_OK) != 0) {
        print_message("no %s (LINHUO_DATA says where the data is)\n", path);
        skip();
    }
    const struct lh_heat_config sparse = {.min_dates = 2,
                                          .window_days = 3650,
                                          .min_span_days = 10,
                                          .expiry_days = 3650,
                                          .factor = 0.07};
    const struct lh_hotspot_reading reading = {.now_us = LH_NO_TIME};
    struct lh_hotspots rows = {0};
    struct lh_fault fault = {0};
    struct lh_heat_evidence *sources = NULL;
    size_t count = 0;
    assert_int_equal(lh_hotspots_read_file(path, &reading, &fault, &rows), LH_OK);
    struct lh_heat_register *heat_register = open_register(NULL, &sparse, NULL);
    assert_int_equal(lh_heat_register_note(heat_register, rows.items, rows.count, &fault), LH_OK);
    assert_int_equal(lh_heat_register_sources(heat_register, UTC("2025-11-24T00:00:00Z"), &fault,
                                              &sources, &count),
                     LH_OK);
    bool taiyuan = false;
    bool east_edge = false;
    for (size_t i = 0; i < count; i++) {
        taiyuan |= sources[i].dates == 7 &&
                   lh_geo_distance_m(sources[i].centre, (struct lh_geo){37.928, 112.544}) < 500;
        east_edge |= sources[i].dates == 2 &&
                     lh_geo_distance_m(sources[i].centre, (struct lh_geo){37.57, 112.26}) < 500;
    }
    assert_true(taiyuan);
    assert_true(east_edge);
    free(sources);
    lh_hotspots_finish(&rows);
    lh_heat_register_close(&heat_register);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_works_are_learnt_and_count_for_less),
        cmocka_unit_test(test_what_is_not_its_usual_self_is_raised),
        cmocka_unit_test(test_a_forest_fire_is_no_works),
        cmocka_unit_test(test_it_expires),
        cmocka_unit_test(test_all_sources_are_listed),
        cmocka_unit_test(test_operators_are_audited),
        cmocka_unit_test(test_it_is_on_disk),
        cmocka_unit_test(test_areas_from_a_file),
        cmocka_unit_test(test_areas_in_another_datum_and_bad_ones),
        cmocka_unit_test(test_real_sources_of_shanxi),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
