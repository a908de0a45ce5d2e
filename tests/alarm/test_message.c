#include "alarm/json.h"
#include "alarm/message.h"
#include "sample.h"

#include <locale.h>
#include <math.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct lh_serial serial = {.epoch = "replay", .stream = "alarm", .sequence = 42};

static json_t *parsed(const char *text)
{
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    return root;
}

static void an_alarm_has_these_bytes(void **state)
{
    (void)state;
    struct lh_alarm alarm = sample_alarm();
    (void)snprintf(alarm.evidence.frame, sizeof alarm.evidence.frame, "evidence/a.jpg");
    (void)snprintf(alarm.place, sizeof alarm.place, "2.1 km N of 西社");
    (void)snprintf(alarm.merged[0], sizeof alarm.merged[0], "141122.x");
    alarm.merged_count = 1;
    alarm.ground.danger_level = 4;
    alarm.ground.wind_m_s = 3.5;
    alarm.position = lh_position_of_ellipse((struct lh_ellipse){.centre = {37.6123456, 111.9123456},
                                                                .height_m = 1210.5,
                                                                .major_m = 200,
                                                                .minor_m = 40,
                                                                .azimuth_deg = 12.5});
    char *json = NULL;
    assert_int_equal(lh_message_alarm(&alarm, &serial, &json), LH_OK);
    assert_string_equal(
        json,
        "{\"schema\":\"linhuo/alarm/2\",\"epoch\":\"replay\",\"stream\":\"alarm\",\"sequence\":42,"
        "\"id\":\"141122.20160604T184200.000Z.camera.1f3a9c02\",\"revision\":1,"
        "\"state\":\"raised\",\"priority\":\"P2\",\"probability\":0.8,\"rank\":0.8,"
        "\"urgency\":\"P2: 0.80, suspected, by camera\",\"kind\":\"smoke\","
        "\"area_code\":\"141122\",\"place\":\"2.1 km N of 西社\","
        "\"position\":{\"form\":\"ellipses\",\"ellipses\":[{\"latitude_deg\":37.612346,"
        "\"longitude_deg\":111.912346,\"height_m\":1210.5,\"major_m\":489.5494,\"minor_m\":97.9099,"
        "\"azimuth_deg\":12.5,\"weight\":1.0}]},"
        "\"times\":{\"first_seen\":\"2016-06-04T18:42:00.000Z\","
        "\"confirmed\":\"2016-06-04T18:43:00.000Z\",\"last_seen\":\"2016-06-04T18:45:20.000Z\","
        "\"raised\":\"2016-06-04T18:45:21.000Z\",\"updated\":\"2016-06-04T18:45:21.000Z\","
        "\"time_quality\":\"sender\"},"
        "\"incident\":{\"state\":\"suspected\",\"first\":\"2016-06-04T18:42:00.000Z\","
        "\"last\":\"2016-06-04T18:45:20.000Z\",\"evidence_count\":1,\"witnesses\":[\"camera\"],"
        "\"conflict\":false,\"merged_into\":null,\"merged\":[\"141122.x\"]},"
        "\"reasons\":[{\"text\":\"smoke seen in 4 pictures over 3 min 20 s, grown 2.1 times\","
        "\"weight\":4.3307,\"kind\":\"camera\",\"source\":\"tower-1\",\"time\":\"2016-06-04T18:45:"
        "20.000Z\"},"
        "{\"text\":\"before anything else is known\",\"weight\":-2.9444,\"kind\":\"prior\","
        "\"source\":null,\"time\":null}],"
        "\"ground\":{\"danger_level\":4,\"wind\":{\"speed_m_s\":3.5,\"from_deg\":null},"
        "\"protected_area\":\"\",\"core\":false,\"dwelling\":\"\",\"ban\":\"\",\"permit\":\"\"},"
        "\"score\":0.8,\"raw_score\":0.8,\"best_score\":0.8,\"opinion\":null,"
        "\"camera\":{\"id\":\"tower-1\",\"name\":\"北山 tower\",\"preset\":\"north\"},"
        "\"box\":{\"x\":0.25,\"y\":0.1,\"width\":0.1,\"height\":0.2},"
        "\"first_box\":{\"x\":0.28,\"y\":0.2,\"width\":0.05,\"height\":0.1},"
        "\"reach\":{\"x\":0.25,\"y\":0.1,\"width\":0.1,\"height\":0.2},"
        "\"picture\":{\"width_px\":1920,\"height_px\":1080},\"growth\":2.1,\"hits\":4,"
        "\"detectors\":[\"smoke_a\"],\"evidence\":{\"frame\":\"evidence/a.jpg\","
        "\"frame_boxes\":null,\"crop\":null,\"crop_boxes\":null}}");
    free(json);
}

static void what_no_camera_sees_has_no_picture(void **state)
{
    (void)state;
    struct lh_alarm alarm = sample_alarm();
    char *json = NULL;
    alarm.camera[0] = '\0';
    alarm.witnesses = 1U << LH_WITNESS_SATELLITE;
    alarm.position.form = LH_POSITION_SECTOR;
    alarm.position.sector = (struct lh_sector){{37.6, 111.9}, 120, 0.5, 1000, 9000};
    assert_int_equal(lh_message_alarm(&alarm, &serial, &json), LH_OK);
    assert_non_null(strstr(json, "\"kind\":\"hotspot\""));
    assert_non_null(strstr(json, "\"camera\":null"));
    assert_non_null(strstr(json, "\"box\":null"));
    assert_non_null(strstr(json, "\"half_width_deg\":0.98,\"near_m\":1000.0"));
    json_decref(parsed(json));
    free(json);
}

static void numbers_do_not_depend_on_the_locale(void **state)
{
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ru_RU.UTF-8"};
    const struct lh_alarm alarm = sample_alarm();
    char *before = NULL;
    char *after = NULL;
    assert_int_equal(lh_message_alarm(&alarm, &serial, &before), LH_OK);
    bool found = false;
    for (size_t i = 0; i < sizeof commas / sizeof *commas && !found; i++)
        found = setlocale(LC_ALL, commas[i]) != NULL;
    if (!found)
        print_message("no locale with a decimal comma is installed; only the C locale was seen\n");
    assert_int_equal(lh_message_alarm(&alarm, &serial, &after), LH_OK);
    (void)setlocale(LC_ALL, "C");
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void odd_numbers_become_plain_ones(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.1F, "[0.1]"},
                 {1, "[1.0]"},
                 {-0.00001, "[0.0]"},
                 {0.12345, "[0.1235]"},
                 {1234567.891, "[1234567.891]"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = NULL;
        assert_int_equal(lh_json_finish(json_pack("[o]", lh_json_number(cases[i].value)), &text),
                         LH_OK);
        assert_string_equal(text, cases[i].text);
        free(text);
    }
    static const double wild[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        json_t *value = lh_json_number(wild[i]);
        assert_true(json_real_value(value) == 0.0);
        json_decref(value);
    }
    json_t *huge = lh_json_number(1e305);
    assert_true(isfinite(json_real_value(huge)));
    json_decref(huge);
}

static void broken_utf8_is_mended(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        const char *mended;
    } cases[] = {
        {"北山", "北山"},
        {"a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"\xe5\x8c", "\xef\xbf\xbd\xef\xbf\xbd"},                 /* a character cut off */
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                 /* overlong */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* a surrogate */
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf0\x9f\x94\xa5", "\xf0\x9f\x94\xa5"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *value = lh_json_text(cases[i].raw);
        assert_string_equal(json_string_value(value), cases[i].mended);
        json_decref(value);
    }
}

static void the_worst_text_stays_within_the_limit(void **state)
{
    (void)state;
    struct lh_alarm alarm = sample_alarm();
    memset(alarm.camera_name, 0xff, sizeof alarm.camera_name - 1);
    memset(alarm.preset, 1, sizeof alarm.preset - 1);
    memset(alarm.detectors, 1, sizeof alarm.detectors - 1);
    memset(&alarm.evidence, 1, sizeof alarm.evidence);
    alarm.evidence.frame[255] = alarm.evidence.frame_boxes[255] = '\0';
    alarm.evidence.crop[255] = alarm.evidence.crop_boxes[255] = '\0';
    char *json = NULL;
    assert_int_equal(lh_message_alarm(&alarm, &serial, &json), LH_OK);
    assert_true(strlen(json) < LH_MESSAGE_MAX);
    json_decref(parsed(json));
    free(json);
}

static void topics_hold_no_surprises(void **state)
{
    (void)state;
    char topic[LH_TOPIC];
    struct lh_alarm alarm = sample_alarm();
    lh_topic_alarm(&alarm, topic);
    assert_string_equal(topic, "alarm/P2/141122/");
    (void)snprintf(alarm.area_code, sizeof alarm.area_code, "1/2 3\xe5");
    alarm.priority = LH_PRIORITY_NONE;
    lh_topic_alarm(&alarm, topic);
    assert_string_equal(topic, "alarm/none/1_2_3_/");
    lh_topic_health("tower-1.a_b", topic);
    assert_string_equal(topic, "health/tower-1.a_b/");
    char long_name[400];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    lh_topic_health(long_name, topic);
    assert_int_equal(strlen(topic), strlen("health/") + 64 + 1);
    assert_int_equal(topic[strlen(topic) - 1], '/');
}

static void reasons_are_sentences(void **state)
{
    (void)state;
    char text[256];
    struct lh_alarm alarm = sample_alarm();
    alarm.track.kind = LH_KIND_FLAME;
    alarm.track.hits = 1;
    alarm.track.growth = 1;
    alarm.track.last_utc_us = alarm.track.first_utc_us;
    lh_alarm_reason(&alarm, text, sizeof text);
    assert_string_equal(text, "flame seen in 1 picture over 0 s");
    alarm.track.hits = 900;
    alarm.track.growth = NAN;
    alarm.track.last_utc_us += INT64_C(7500) * LH_SECOND_US;
    lh_alarm_reason(&alarm, text, sizeof text);
    assert_string_equal(text, "flame seen in 900 pictures over 2 h 5 min");
    char small[8];
    lh_alarm_reason(&alarm, small, sizeof small);
    assert_string_equal(small, "flame s");
}

static enum lh_priority priority_of(double probability, unsigned witnesses,
                                    enum lh_incident_state incident_state)
{
    const struct lh_fusion_config config = sample_fusion_config();
    const struct lh_incident incident = {
        .probability = probability, .witnesses = witnesses, .state = incident_state};
    return lh_incident_urgency(&config, &incident).priority;
}

static void priority_goes_by_the_probability_as_written(void **state)
{
    (void)state;
    const unsigned one = 1U << LH_WITNESS_CAMERA;
    const unsigned two = one | 1U << LH_WITNESS_SATELLITE;
    const enum lh_incident_state suspected = LH_INCIDENT_SUSPECTED;
    assert_int_equal(priority_of((double)0.7F, one, suspected), LH_PRIORITY_P2); /* 0.69999999 */
    assert_int_equal(priority_of((double)0.9F, two, suspected), LH_PRIORITY_P1);
    assert_int_equal(priority_of(0.99, one, suspected), LH_PRIORITY_P2); /* nobody else says so */
    assert_int_equal(priority_of(0.6999, two, suspected), LH_PRIORITY_P3);
    assert_int_equal(priority_of(0.3999, two, LH_INCIDENT_CANDIDATE), LH_PRIORITY_NONE);
    assert_int_equal(priority_of(NAN, two, suspected), LH_PRIORITY_NONE);
    assert_int_equal(priority_of(0.5, one, LH_INCIDENT_CONFIRMED), LH_PRIORITY_P1);
    assert_int_equal(priority_of(0.99, two, LH_INCIDENT_OUT), LH_PRIORITY_NONE);
    assert_true(lh_priority_above(LH_PRIORITY_P1, LH_PRIORITY_P2));
    assert_true(lh_priority_above(LH_PRIORITY_P3, LH_PRIORITY_NONE));
    assert_false(lh_priority_above(LH_PRIORITY_NONE, LH_PRIORITY_P3));
    assert_false(lh_priority_above(LH_PRIORITY_P2, LH_PRIORITY_P2));
}

static void a_core_area_in_dangerous_weather_is_sooner_urgent(void **state)
{
    (void)state;
    const struct lh_fusion_config config = sample_fusion_config();
    struct lh_incident incident = {.probability = 0.85, .state = LH_INCIDENT_SUSPECTED};
    incident.ground.core = true;
    incident.ground.danger_level = 3;
    assert_int_equal(lh_incident_urgency(&config, &incident).priority, LH_PRIORITY_P2);
    incident.ground.danger_level = 4;
    assert_int_equal(lh_incident_urgency(&config, &incident).priority, LH_PRIORITY_P1);
}

static void tracks_are_known_by_their_first_sight(void **state)
{
    (void)state;
    char reference[LH_EVIDENCE_REFERENCE];
    const struct lh_track track = {.id = UINT64_MAX, .first_utc_us = SAMPLE_UTC_US + 123456};
    lh_track_reference(&track, reference);
    assert_string_equal(reference, "20160604T184200.123Z.18446744073709551615");
    const struct lh_track timeless = {.id = 1, .first_utc_us = LH_NO_TIME};
    lh_track_reference(&timeless, reference);
    assert_string_equal(reference, "unknown.1");
}

static struct lh_engine_status engine_status(size_t cameras)
{
    struct lh_engine_status status = {
        .epoch = "0123",
        .site = "jiaocheng",
        .publish = "tcp://127.0.0.1:5570",
        .started_utc_us = SAMPLE_UTC_US,
        .now_utc_us = SAMPLE_UTC_US + LH_SECOND_US,
        .stations = calloc(cameras, sizeof *status.stations),
        .station_count = cameras,
    };
    assert_non_null(status.stations);
    for (size_t i = 0; i < cameras; i++) {
        status.stations[i].camera = sample_camera_status();
        status.stations[i].camera.health = i % 100 == 99 ? LH_HEALTH_FROZEN : LH_HEALTH_SEEING;
        status.stations[i].detector_count = 1;
        status.stations[i].detector_names[0] = "smoke_a";
    }
    return status;
}

static void a_large_status_fits_the_bus_with_the_blind_first(void **state)
{
    (void)state;
    struct lh_engine_status status = engine_status(2000);
    char *brief = NULL;
    char *full = NULL;
    assert_int_equal(lh_message_status(&status, &serial, &brief), LH_OK);
    assert_true(strlen(brief) <= LH_MESSAGE_MAX);
    json_t *root = parsed(brief);
    json_t *cameras = json_object_get(root, "cameras");
    assert_in_range(json_array_size(cameras), 50, 150);
    for (size_t i = 0; i < 21; i++)
        assert_string_equal(
            json_string_value(json_object_get(json_array_get(cameras, i), "health")),
            i < 20 ? "frozen" : "seeing");
    const json_t *health = json_object_get(root, "health");
    assert_int_equal(json_integer_value(json_object_get(health, "total")), 2000);
    assert_int_equal(json_integer_value(json_object_get(health, "frozen")), 20);
    json_decref(root);
    assert_int_equal(lh_message_status_full(&status, &serial, &full), LH_OK);
    root = parsed(full);
    assert_int_equal(json_array_size(json_object_get(root, "cameras")), 2000);
    json_decref(root);
    free(brief);
    free(full);
    lh_engine_status_finish(&status);
    assert_null(status.stations);
}

static size_t allocations_left;

static void *scarce_malloc(size_t size)
{
    return allocations_left == 0 ? NULL : (allocations_left--, malloc(size));
}

/* Every composition, with memory running out at each allocation in turn. */
static void no_memory_is_an_error_and_no_leak(void **state)
{
    (void)state;
    const struct lh_alarm alarm = sample_alarm();
    const struct lh_camera_status camera = sample_camera_status();
    const struct lh_heartbeat beat = {.utc_us = SAMPLE_UTC_US, .interval_s = 1};
    struct lh_engine_status engine = engine_status(3);
    json_set_alloc_funcs(scarce_malloc, free);
    for (int kind = 0; kind < 5; kind++) {
        int code = LH_ENOMEM;
        for (size_t allowed = 0; code != LH_OK; allowed++) {
            char *json = NULL;
            assert_true(allowed < 10000);
            allocations_left = allowed;
            if (kind == 0)
                code = lh_message_alarm(&alarm, &serial, &json);
            else if (kind == 1)
                code = lh_message_heartbeat(&beat, &serial, &json);
            else if (kind == 2)
                code = lh_message_health(&camera, LH_HEALTH_SEEING, &serial, &json);
            else if (kind == 3)
                code = lh_message_status(&engine, &serial, &json);
            else
                code = lh_message_status_full(&engine, &serial, &json);
            assert_true(code == LH_OK ? json != NULL : code == LH_ENOMEM && json == NULL);
            free(json);
        }
    }
    json_set_alloc_funcs(malloc, free);
    lh_engine_status_finish(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alarm_has_these_bytes),
        cmocka_unit_test(what_no_camera_sees_has_no_picture),
        cmocka_unit_test(numbers_do_not_depend_on_the_locale),
        cmocka_unit_test(odd_numbers_become_plain_ones),
        cmocka_unit_test(broken_utf8_is_mended),
        cmocka_unit_test(the_worst_text_stays_within_the_limit),
        cmocka_unit_test(topics_hold_no_surprises),
        cmocka_unit_test(reasons_are_sentences),
        cmocka_unit_test(priority_goes_by_the_probability_as_written),
        cmocka_unit_test(a_core_area_in_dangerous_weather_is_sooner_urgent),
        cmocka_unit_test(tracks_are_known_by_their_first_sight),
        cmocka_unit_test(a_large_status_fits_the_bus_with_the_blind_first),
        cmocka_unit_test(no_memory_is_an_error_and_no_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
