/* Reports as they come, and as they should not come. */
#include "fuse/report.h"

#include "scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOOD                                                                                       \
    "{\"id\": \"r-1\", \"person\": \"\xe6\x9d\x8e\xe5\xbc\xba\", \"word\": "                       \
    "\"fire\", \"observed\": \"2026-11-27T20:00:00+08:00\", \"place\": {\"latitude\": 37.551784, " \
    "\"longitude\": 112.162604, \"datum\": \"GCJ-02\"}, \"note\": \"on the slope\"}"

static int parse(const char *text, struct lh_report *report, struct lh_fault *fault)
{
    return lh_report_parse(text, strlen(text), fault, report);
}

static void a_report_becomes_evidence_in_wgs84(void **state)
{
    (void)state;
    struct lh_report report;
    struct lh_fault fault = {0};
    assert_int_equal(parse(GOOD, &report, &fault), LH_OK);
    struct lh_evidence evidence;
    lh_report_evidence(&report, true, NOON_US + 5, &evidence);
    assert_int_equal(lh_evidence_check(&evidence), LH_OK);
    assert_int_equal(evidence.observed_utc_us, NOON_US);
    assert_string_equal(evidence.reference, "r-1");
    assert_string_equal(evidence.detail, "on the slope");
    const struct lh_ellipse *place = lh_position_best(&evidence.position);
    assert_true(lh_geo_distance_m(place->centre, (struct lh_geo){37.551, 112.156}) < 1);
    assert_float_equal(place->major_m, 15, 1e-9);
    lh_report_finish(&report);
    assert_null(report.photo);
}

static void a_bearing_and_a_village_are_places_too(void **state)
{
    (void)state;
    struct lh_report report;
    assert_int_equal(parse("{\"id\":\"a\",\"person\":\"p\",\"word\":\"smoke\",\"observed\":"
                           "\"2026-11-27T12:00:00Z\",\"place\":{\"latitude\":37,\"longitude\":112,"
                           "\"datum\":\"WGS-84\"},\"bearing\":{\"azimuth_deg\":360}}",
                           &report, NULL),
                     LH_OK);
    assert_int_equal(report.position.form, LH_POSITION_SECTOR);
    assert_float_equal(report.position.sector.azimuth_deg, 0, 1e-12);
    lh_report_finish(&report);
    assert_int_equal(parse("{\"id\":\"a\",\"person\":\"p\",\"word\":\"nothing here\",\"observed\":"
                           "\"2026-11-27T12:00:00Z\",\"place\":{\"latitude\":37,\"longitude\":112,"
                           "\"datum\":\"WGS-84\",\"radius_m\":800}}",
                           &report, NULL),
                     LH_OK);
    assert_float_equal(lh_position_best(&report.position)->major_m, 400, 1e-9);
    lh_report_finish(&report);
    assert_int_equal(parse("{\"id\":\"a\",\"person\":\"p\",\"word\":\"out\",\"observed\":"
                           "\"2026-11-27T12:00:00Z\",\"incident\":\"141122.x\"}",
                           &report, NULL),
                     LH_OK);
    assert_int_equal(report.position.form, LH_POSITION_NONE);
    lh_report_finish(&report);
}

#define HEAD                                                                                       \
    "{\"id\":\"a\",\"person\":\"p\",\"word\":\"fire\",\"observed\":\"2026-11-27T12:00:00Z\","
#define PLACE "\"place\":{\"latitude\":37,\"longitude\":112,\"datum\":\"WGS-84\"}"

static void what_is_wrong_is_refused_with_a_sentence(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "[]",
        "null",
        "{}",
        HEAD "}",
        HEAD "\"place\":{\"latitude\":NaN,\"longitude\":112,\"datum\":\"WGS-84\"}}",
        HEAD "\"place\":{\"latitude\":1e999,\"longitude\":112,\"datum\":\"WGS-84\"}}",
        HEAD "\"place\":{\"latitude\":91,\"longitude\":112,\"datum\":\"WGS-84\"}}",
        HEAD "\"place\":{\"latitude\":37,\"longitude\":112}}",
        HEAD "\"place\":{\"latitude\":37,\"longitude\":112,\"datum\":\"wgs84\"}}",
        HEAD "\"place\":{\"latitude\":\"37\",\"longitude\":112,\"datum\":\"WGS-84\"}}",
        HEAD "\"place\":{\"latitude\":37,\"longitude\":112,\"datum\":\"WGS-84\",\"sigma_m\":10,"
             "\"radius_m\":100}}",
        HEAD "\"bearing\":{\"azimuth_deg\":10}}",
        HEAD PLACE ",\"bearing\":{\"sigma_deg\":10}}",
        HEAD PLACE ",\"bearing\":{\"azimuth_deg\":10,\"near_m\":500,\"far_m\":400}}",
        HEAD PLACE ",\"wrod\":\"fire\"}",
        HEAD PLACE ",\"id\":\"b\"}",
        HEAD PLACE ",\"photo\":{\"media_type\":\"image/jpeg\",\"data\":\"!!!!\"}}",
        HEAD PLACE ",\"photo\":{\"media_type\":\"image/png\",\"data\":\"/9j/AAAA\"}}",
        HEAD PLACE ",\"photo\":{\"media_type\":\"image/svg\",\"data\":\"/9j/AAAA\"}}",
        HEAD PLACE ",\"note\":\"a\\u0000b\"}",
        HEAD PLACE ",\"incident\":\"../../etc\"}",
        "{\"id\":\"a "
        "b\",\"person\":\"p\",\"word\":\"fire\",\"observed\":\"2026-11-27T12:00:00Z\"," PLACE "}",
        "{\"id\":\"a\",\"person\":\"p\",\"word\":\"burning\",\"observed\":\"2026-11-27T12:00:"
        "00Z\"," PLACE "}",
        "{\"id\":\"a\",\"person\":\"p\",\"word\":\"fire\",\"observed\":\"yesterday\"," PLACE "}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct lh_report report = {.id = "untouched"};
        struct lh_fault fault = {0};
        if (parse(wrong[i], &report, &fault) != LH_EFORMAT || !fault.text[0])
            fail_msg("taken, or without a word: %s", wrong[i]);
        assert_string_equal(report.id, "untouched");
        assert_null(strstr(fault.text, "secret"));
    }
}

static void photos_are_taken_up_to_their_size(void **state)
{
    (void)state;
    const size_t sizes[] = {8, LH_REPORT_PHOTO_BYTES_MAX / 3 * 4 + 4, (size_t)100 << 20};
    const int codes[] = {LH_OK, LH_ELIMIT, LH_ELIMIT};
    for (size_t i = 0; i < 3; i++) {
        char *text = malloc(sizes[i] + 512);
        assert_non_null(text);
        int length = sprintf(text, "%s%s,\"photo\":{\"media_type\":\"image/jpeg\",\"data\":\"/9j/",
                             HEAD, PLACE);
        memset(text + length, 'A', sizes[i] - 4);
        (void)strcpy(text + (size_t)length + sizes[i] - 4, "\"}}");
        struct lh_report report = {0};
        struct lh_fault fault = {0};
        assert_int_equal(parse(text, &report, &fault), codes[i]);
        if (codes[i] == LH_OK) {
            assert_int_equal(report.photo_size, 6);
            assert_int_equal(report.photo[0], 0xFF);
            lh_report_finish(&report);
        }
        free(text);
    }
}

static void a_report_that_is_played_again_counts_once(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    struct lh_report report;
    assert_int_equal(parse(GOOD, &report, NULL), LH_OK);
    for (int i = 0; i < 5; i++) {
        struct lh_evidence evidence;
        lh_report_evidence(&report, false, NOON_US + i * LH_SECOND_US, &evidence);
        assert_int_equal(hear_at(&s, evidence, 1), LH_OK);
    }
    assert_int_equal(count_of(&s), 1);
    assert_int_equal(incident_of(&s, 0)->evidence_count, 1);
    assert_int_equal(lh_fusion_stats(s.fusion).repeated, 4);
    lh_report_finish(&report);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_becomes_evidence_in_wgs84),
        cmocka_unit_test(a_bearing_and_a_village_are_places_too),
        cmocka_unit_test(what_is_wrong_is_refused_with_a_sentence),
        cmocka_unit_test(photos_are_taken_up_to_their_size),
        cmocka_unit_test(a_report_that_is_played_again_counts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
