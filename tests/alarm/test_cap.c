/* Views of an alarm: CAP documents, GeoJSON features, and the outline both draw. */
#include "alarm/cap.h"
#include "alarm/geojson.h"
#include "alarm/message.h"
#include "alarm/outline.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sample.h"

static const struct lh_cap_options OPTIONS = {
    .sender = "linhuo-141122", .sender_name = "交城", .expires_min = 240, .utc_offset_min = 480};

static json_t *message_of(const struct lh_alarm *alarm)
{
    const struct lh_serial serial = {.epoch = "e", .stream = "alarm", .sequence = 1};
    char *text = NULL;
    assert_int_equal(lh_message_alarm(alarm, &serial, &text), LH_OK);
    json_t *message = json_loads(text, 0, NULL);
    free(text);
    assert_non_null(message);
    return message;
}

static struct lh_alarm located(void)
{
    struct lh_alarm alarm = sample_alarm();
    alarm.position = lh_position_of_ellipse((struct lh_ellipse){.centre = {37.6, 111.9},
                                                                .height_m = NAN,
                                                                .major_m = 200,
                                                                .minor_m = 50,
                                                                .azimuth_deg = 30});
    return alarm;
}

static bool says(const char *xml, const char *words)
{
    return strstr(xml, words) != NULL;
}

static void the_outline_lies_on_the_95_percent_line(void **state)
{
    (void)state;
    const struct lh_alarm alarm = located();
    json_t *message = message_of(&alarm);
    struct lh_outline outlines[LH_HYPOTHESES];
    assert_int_equal(lh_outlines(json_object_get(message, "position"), outlines), 1);
    for (size_t i = 0; i < outlines[0].count; i++)
        assert_float_equal(lh_ellipse_distance2(&alarm.position.ellipses[0], outlines[0].points[i]),
                           5.991, 0.01);
    assert_float_equal(outlines[0].radius_m, LH_SCALE_95 * 200, 0.01);
    assert_false(outlines[0].round);
    json_decref(message);
}

static void a_bearing_is_drawn_about_its_middle(void **state)
{
    (void)state;
    struct lh_alarm alarm = sample_alarm();
    for (int i = 0; i < 2; i++) {
        alarm.position = (struct lh_position){.form = LH_POSITION_SECTOR,
                                              .sector = {{37.6, 111.9}, 350, 2, i * 1000.0, 9000}};
        json_t *message = message_of(&alarm);
        struct lh_outline outline[LH_HYPOTHESES];
        assert_int_equal(lh_outlines(json_object_get(message, "position"), outline), 1);
        assert_true(lh_position_contains(&alarm.position, outline[0].middle));
        for (size_t j = 0; j < outline[0].count; j++)
            assert_true(lh_geo_distance_m(outline[0].middle, outline[0].points[j]) <=
                        outline[0].radius_m + 1e-6);
        json_decref(message);
    }
}

static void what_is_no_position_is_not_drawn(void **state)
{
    static const char *const none[] = {
        "null",
        "7",
        "{\"form\":\"sector\"}",
        "{\"form\":\"ellipses\",\"ellipses\":[1,{},{\"latitude_deg\":91,\"longitude_deg\":0}]}",
        "{\"form\":\"sector\",\"latitude_deg\":37,\"longitude_deg\":111,\"azimuth_deg\":1e300,"
        "\"half_width_deg\":-2,\"near_m\":0,\"far_m\":10}",
        "{\"form\":\"ellipses\",\"ellipses\":[{\"latitude_deg\":37,\"longitude_deg\":111,\"major_"
        "m\":"
        "1e99,\"minor_m\":1,\"azimuth_deg\":0,\"weight\":1}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct lh_outline outlines[LH_HYPOTHESES];
        json_t *position = json_loads(none[i], JSON_DECODE_ANY, NULL);
        assert_non_null(position);
        assert_int_equal(lh_outlines(position, outlines), 0);
        json_decref(position);
    }
}

static void a_document_says_what_the_alarm_says(void **state)
{
    (void)state;
    const struct lh_alarm alarm = located();
    json_t *message = message_of(&alarm);
    char *xml = NULL;
    assert_int_equal(lh_cap_write(message, &OPTIONS, NULL, 0, &xml), LH_OK);
    assert_true(says(xml, "<status>Test</status>"));
    assert_true(says(xml, "<msgType>Alert</msgType>"));
    assert_true(says(xml, "<scope>Restricted</scope>"));
    assert_true(says(xml, "<sent>2016-06-05T02:45:21+08:00</sent>"));
    assert_true(says(xml, "<expires>2016-06-05T06:45:21+08:00</expires>"));
    assert_true(says(xml, "<certainty>Likely</certainty>"));
    assert_true(says(xml, "<urgency>Expected</urgency>"));
    assert_true(says(xml, "<polygon>"));
    assert_false(says(xml, "<references>"));
    free(xml);
    json_decref(message);
}

static void what_becomes_of_it_decides_the_type(void **state)
{
    static const struct lh_cap_reference before = {"x-r1", "2016-06-05T02:40:00+08:00"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct lh_alarm alarm = located();
        alarm.state = LH_ALARM_ENDED;
        alarm.incident_state = i == 1 ? LH_INCIDENT_FALSE : LH_INCIDENT_SUSPECTED;
        if (i == 2)
            (void)snprintf(alarm.merged_into, sizeof alarm.merged_into, "other");
        json_t *message = message_of(&alarm);
        char *xml = NULL;
        assert_int_equal(lh_cap_write(message, &OPTIONS, &before, 1, &xml), LH_OK);
        assert_true(says(xml, i == 0 ? "<msgType>Update" : "<msgType>Cancel"));
        assert_true(says(xml, "<references>linhuo-141122,x-r1,2016-06-05T02:40:00+08:00<"));
        assert_true(says(xml, "<urgency>Past"));
        assert_true(says(xml, i == 0 ? "" : i == 1 ? "false alarm" : "part of other"));
        free(xml);
        json_decref(message);
    }
}

static void what_is_no_alarm_makes_no_document(void **state)
{
    static const char *const wrong[] = {"schema", "id", "revision", "times"};
    (void)state;
    const struct lh_alarm alarm = located();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        json_t *message = message_of(&alarm);
        char *xml = NULL;
        assert_int_equal(json_object_del(message, wrong[i]), 0);
        assert_int_equal(lh_cap_write(message, &OPTIONS, NULL, 0, &xml), LH_EFORMAT);
        assert_null(xml);
        json_decref(message);
    }
}

static void a_folder_remembers_what_was_sent(void **state)
{
    (void)state;
    char folder[256];
    struct lh_fault fault = {0};
    assert_non_null(sample_folder(folder));
    struct lh_alarm alarm = located();
    for (unsigned revision = 1; revision <= 80; revision++) {
        alarm.revision = revision;
        alarm.updated_utc_us += LH_SECOND_US;
        json_t *message = message_of(&alarm);
        assert_int_equal(lh_cap_store(folder, message, &OPTIONS, &fault), LH_OK);
        assert_int_equal(lh_cap_store(folder, message, &OPTIONS, &fault), LH_OK);
        json_decref(message);
    }
    assert_int_equal(sample_count_files(folder, "*.xml"), 80);
    assert_int_equal(sample_count_files(folder, "*.part"), 0);
    char path[600];
    (void)snprintf(path, sizeof path, "%s/%s-r80.xml", folder, alarm.id);
    FILE *file = fopen(path, "r");
    static char xml[32768];
    assert_non_null(file);
    xml[fread(xml, 1, sizeof xml - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    size_t named = 0;
    for (const char *at = xml; (at = strstr(at, ",1411")); at++)
        named++;
    assert_int_equal(named, LH_CAP_REFERENCES_MOST);
    assert_true(says(xml, "-r16,")); /* the latest 64 */
    assert_false(says(xml, "-r15,"));
    sample_folder_remove(folder);
    json_t *message = message_of(&alarm);
    assert_int_not_equal(lh_cap_store(folder, message, &OPTIONS, &fault), LH_OK);
    assert_true(says(fault.text, folder));
    json_decref(message);
}

static void a_feature_has_longitude_first(void **state)
{
    (void)state;
    const struct lh_alarm alarm = located();
    json_t *message = message_of(&alarm);
    json_t *feature = lh_geojson_feature(message);
    assert_non_null(feature);
    const json_t *middle = json_object_get(json_object_get(feature, "properties"), "middle");
    assert_float_equal(json_number_value(json_array_get(middle, 0)), 111.9, 1e-6);
    assert_float_equal(json_number_value(json_array_get(middle, 1)), 37.6, 1e-6);
    assert_string_equal(json_string_value(json_object_get(feature, "id")), alarm.id);
    json_decref(feature);
    json_decref(message);
    json_t *nothing = json_object();
    feature = lh_geojson_feature(nothing);
    assert_true(json_is_null(json_object_get(feature, "geometry")));
    json_decref(feature);
    json_decref(nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_outline_lies_on_the_95_percent_line),
        cmocka_unit_test(a_bearing_is_drawn_about_its_middle),
        cmocka_unit_test(what_is_no_position_is_not_drawn),
        cmocka_unit_test(a_document_says_what_the_alarm_says),
        cmocka_unit_test(what_becomes_of_it_decides_the_type),
        cmocka_unit_test(what_is_no_alarm_makes_no_document),
        cmocka_unit_test(a_folder_remembers_what_was_sent),
        cmocka_unit_test(a_feature_has_longitude_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
