/* Danger levels, stations, and what they make of an incident. */
#include "fuse/priority.h"
#include "fuse/registers.h"

#include "scene.h"
#include "scratch_file.h"

#include <math.h>

static struct lh_weather_row reading(const char *station, double east_m, double min, double wind,
                                     int level)
{
    const struct lh_geo place = at_m(east_m, 0);
    struct lh_weather_row row = {.latitude_deg = place.latitude_deg,
                                 .longitude_deg = place.longitude_deg,
                                 .utc_us = NOON_US + (int64_t)(min * (double)MINUTE_US),
                                 .wind_km_h = wind,
                                 .wind_from_deg = 270,
                                 .danger_level = level};
    (void)snprintf(row.station, sizeof row.station, "%s", station);
    return row;
}

static struct lh_ground at_noon(const struct lh_danger *danger)
{
    struct lh_ground ground = LH_GROUND_UNKNOWN;
    lh_danger_at(danger, at_m(0, 0), NOON_US, &ground);
    return ground;
}

static int hear_one(struct lh_danger *danger, struct lh_weather_row row)
{
    return lh_danger_hear(danger, &row);
}

static void the_nearest_fresh_station_speaks_and_the_service_overrules(void **state)
{
    (void)state;
    struct lh_danger *danger;
    assert_int_equal(lh_danger_create(&danger), LH_OK);
    assert_int_equal(at_noon(danger).danger_level, 0);
    assert_true(isnan(at_noon(danger).wind_m_s));
    assert_int_equal(hear_one(danger, reading("far", 30000, -10, 36, 2)), LH_OK);
    assert_float_equal(at_noon(danger).wind_m_s, 10, 1e-9);
    assert_int_equal(hear_one(danger, reading("near", 5000, -20, 18, 4)), LH_OK);
    assert_float_equal(at_noon(danger).wind_m_s, 5, 1e-9);
    assert_int_equal(at_noon(danger).danger_level, 4);
    assert_int_equal(hear_one(danger, reading("near", 5000, -400, 90, 5)), LH_OK); /* older */
    assert_float_equal(at_noon(danger).wind_m_s, 5, 1e-9);
    assert_int_equal(hear_one(danger, reading("beyond", 60000, 0, 90, 5)), LH_OK);
    assert_int_equal(lh_danger_give(danger, 5, NOON_US, NOON_US + 1), LH_OK);
    assert_int_equal(at_noon(danger).danger_level, 5);
    assert_int_equal(lh_danger_give(danger, 6, 0, 1), LH_EINVAL);
    assert_int_equal(lh_danger_give(danger, 1, 1, 1), LH_EINVAL);
    assert_int_equal(hear_one(danger, reading("odd", 0, 0, -1, 1)), LH_EINVAL);
    assert_int_equal(hear_one(danger, reading("", 0, 0, 1, 1)), LH_EINVAL);
    lh_danger_destroy(&danger);
}

static void stations_come_from_a_table(void **state)
{
    (void)state;
    struct scratch_file file;
    struct lh_danger *danger;
    struct lh_fault fault = {0};
    size_t refused = 77;
    scratch_write(&file, "stations.csv",
                  "Station;lat;lon;time;wind_m_s;wind_from_deg;danger_level;note\r\n"
                  "A;37.6;111.9;2026-11-27T20:00:00+08:00;7.5;90;3;x\r\n"
                  "B;;;2026-11-27T20:00:00+08:00;7.5;90;3;no place\r\n");
    assert_int_equal(lh_danger_create(&danger), LH_OK);
    assert_int_equal(lh_danger_load(danger, file.path, &fault, &refused), LH_OK);
    assert_int_equal(refused, 1);
    assert_float_equal(at_noon(danger).wind_m_s, 7.5, 1e-9);
    assert_int_equal(at_noon(danger).danger_level, 3);
    scratch_remove(&file);
    assert_int_equal(lh_danger_load(danger, file.path, &fault, &refused), LH_ENOTFOUND);
    lh_danger_destroy(&danger);
}

static int count_row(void *context, int line, const struct lh_weather_row *row)
{
    (void)line;
    (void)row;
    ++*(int *)context;
    return LH_OK;
}

static void broken_tables_are_refused_with_the_line(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "\n\n",
        "a,b,c\n1,2,3\n",
        "temp,rh\n1\n",
        "temp,rh\n1,x\n",
        "temp,time\n1,now\n",
        "temp,rh\nnan,1\n",
        "temp,mon\n1,1.5\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct lh_fault fault = {0};
        int rows = 0;
        assert_int_equal(lh_weather_parse(wrong[i], strlen(wrong[i]), count_row, &rows, &fault),
                         LH_EFORMAT);
        assert_true(fault.text[0]);
        assert_int_equal(rows, 0);
    }
}

static void levels_have_limits(void **state)
{
    (void)state;
    static const double limits[] = {5.2, 11.2, 21.3, 38};
    assert_int_equal(lh_danger_of_fwi(limits, 0), 1);
    assert_int_equal(lh_danger_of_fwi(limits, 5.2), 2);
    assert_int_equal(lh_danger_of_fwi(limits, 21.29), 3);
    assert_int_equal(lh_danger_of_fwi(limits, 37.9), 4);
    assert_int_equal(lh_danger_of_fwi(limits, 80), 5);
    const double of_lyt[] = {-3, 25, 26, 50, 51, 72, 73, 90, 91};
    const int levels[] = {1, 1, 2, 2, 3, 3, 4, 4, 5};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        assert_int_equal(lh_danger_of_lyt(of_lyt[i]), levels[i]);
    assert_string_equal(lh_danger_name(5), "extreme");
    assert_string_equal(lh_danger_colour(3), "yellow");
}

/* Numbers of the test's own: the standard's are its owner's. */
static void a_table_after_the_chinese_standard_is_added_up(void **state)
{
    (void)state;
    static const char table[] = "temperature_c: [[-99, 0], [5, 5], [15, 10]]\n"
                                "humidity_percent: [[0, 20], [50, 8], [65, 0]]\n"
                                "wind_m_s: [[0, 0], [3.4, 12]]\n"
                                "rain: [{from_mm: 0, points: [0, 10, 25]},\n"
                                "       {from_mm: 5, points: [0, 3]}]\n"
                                "phenology: [0, 0, 0, 5, 10, 20, 20, 20, 10, 5, 0, 0]\n";
    struct lh_findings findings = {0};
    struct lh_lyt *lyt = NULL;
    assert_int_equal(lh_lyt_parse(table, sizeof table - 1, &findings, &lyt), LH_OK);
    const struct lh_lyt_weather dry = {20, 30, 5, 1, 9, 4};
    assert_float_equal(lh_lyt_index(lyt, &dry), 10 + 20 + 12 + 25 - 5, 1e-9);
    const struct lh_lyt_weather wet = {4.9, 65, 3.3, 30, 0, 7};
    assert_float_equal(lh_lyt_index(lyt, &wet), -20, 1e-9);
    lh_lyt_destroy(&lyt);
    static const char *const wrong[] = {"", "3", "temperature_c: [[5, 1], [4, 2]]"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(lh_lyt_parse(wrong[i], strlen(wrong[i]), &findings, &lyt), LH_ECONFIG);
        assert_null(lyt);
    }
    lh_findings_finish(&findings);
}

/* ---- priority ---- */

static struct lh_incident incident(double probability, unsigned witnesses)
{
    return (struct lh_incident){.state = LH_INCIDENT_SUSPECTED,
                                .probability = probability,
                                .witnesses = witnesses,
                                .ground = LH_GROUND_UNKNOWN};
}

static void priorities_are_those_of_the_design(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    const struct lh_fusion_config *config = &s.site->fusion;
    const unsigned one = 1U << LH_WITNESS_CAMERA;
    const unsigned two = one | 1U << LH_WITNESS_SATELLITE;
    struct lh_incident i = incident(0.95, two);
    assert_int_equal(lh_incident_urgency(config, &i).priority, LH_PRIORITY_P1);
    i = incident(0.95, one);
    assert_int_equal(lh_incident_urgency(config, &i).priority, LH_PRIORITY_P2);
    i = incident(0.89996, two);
    assert_int_equal(lh_incident_urgency(config, &i).priority, LH_PRIORITY_P1); /* "0.9" */
    i = incident(0.8, one);
    i.ground.core = true;
    i.ground.danger_level = 4;
    assert_int_equal(lh_incident_urgency(config, &i).priority, LH_PRIORITY_P1);
    i.ground.danger_level = 3;
    assert_int_equal(lh_incident_urgency(config, &i).priority, LH_PRIORITY_P2);
    i = incident(0.4, one);
    assert_int_equal(lh_incident_urgency(config, &i).priority, LH_PRIORITY_P3);
    i = incident(0.3999, one);
    assert_int_equal(lh_incident_urgency(config, &i).priority, LH_PRIORITY_NONE);
    i.state = LH_INCIDENT_CONFIRMED;
    assert_int_equal(lh_incident_urgency(config, &i).priority, LH_PRIORITY_P1);
    i = incident(0.99, two);
    i.state = LH_INCIDENT_OUT;
    assert_int_equal(lh_incident_urgency(config, &i).priority, LH_PRIORITY_NONE);
    scene_end(&s);
}

static void rank_is_probability_times_consequence(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    struct lh_incident plain = incident(0.85, 1);
    struct lh_incident precious = incident(0.75, 1);
    precious.ground.dwellings = true;
    precious.ground.wind_m_s = 8;
    (void)strcpy(precious.ground.dwelling, "Xishe");
    struct lh_urgency both[] = {lh_incident_urgency(&s.site->fusion, &plain),
                                lh_incident_urgency(&s.site->fusion, &precious)};
    assert_float_equal(both[0].rank, 0.85, 1e-9);
    assert_float_equal(both[1].rank, 0.75 * 2.4, 1e-9);
    qsort(both, 2, sizeof both[0], lh_urgency_compare);
    assert_non_null(strstr(both[0].reason, "near Xishe"));
    scene_end(&s);
}

/* ---- all together ---- */

static void registers_are_asked_at_the_incidents_place(void **state)
{
    (void)state;
    static const char map[] =
        "{\"type\": \"FeatureCollection\", \"features\": [{\"type\": \"Feature\", \"properties\": "
        "{\"name\": \"Pangquangou\", \"kind\": \"core\"}, \"geometry\": {\"type\": \"Polygon\", "
        "\"coordinates\": [[[111.89, 37.59], [111.91, 37.59], [111.91, 37.61], [111.89, 37.61], "
        "[111.89, 37.59]]]}}]}";
    struct scratch_file file;
    struct lh_areas areas = {.count = 0};
    struct lh_danger *danger;
    struct lh_fault fault = {0};
    scratch_write(&file, "areas.geojson", map);
    assert_int_equal(lh_areas_load(file.path, LH_DATUM_WGS84, &fault, &areas), LH_OK);
    assert_int_equal(lh_danger_create(&danger), LH_OK);
    assert_int_equal(lh_danger_give(danger, 5, NOON_US - 1, NOON_US + 1000 * MINUTE_US), LH_OK);
    struct lh_registers registers = {
        .protected_areas = &areas, .dwellings = &areas, .danger = danger, .dwelling_m = 2000};
    const struct lh_position inside = point(at_m(0, 0), 50);
    const struct lh_position near_it = point(at_m(2500, 0), 50);
    const struct lh_position far = point(at_m(9000, 0), 50);
    struct lh_ground ground = LH_GROUND_UNKNOWN;
    lh_registers_look(&registers, &inside, NOON_US, &ground);
    assert_true(ground.core && ground.protected_area && ground.dwellings);
    assert_string_equal(ground.area, "Pangquangou");
    assert_int_equal(ground.danger_level, 5);
    ground = LH_GROUND_UNKNOWN;
    lh_registers_look(&registers, &near_it, NOON_US, &ground);
    assert_true(!ground.protected_area && ground.dwellings);
    ground = LH_GROUND_UNKNOWN;
    lh_registers_look(&registers, &far, NOON_US, &ground);
    assert_true(!ground.protected_area && !ground.dwellings);
    scratch_remove(&file);
    lh_areas_finish(&areas);
    lh_danger_destroy(&danger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_fresh_station_speaks_and_the_service_overrules),
        cmocka_unit_test(stations_come_from_a_table),
        cmocka_unit_test(broken_tables_are_refused_with_the_line),
        cmocka_unit_test(levels_have_limits),
        cmocka_unit_test(a_table_after_the_chinese_standard_is_added_up),
        cmocka_unit_test(priorities_are_those_of_the_design),
        cmocka_unit_test(rank_is_probability_times_consequence),
        cmocka_unit_test(registers_are_asked_at_the_incidents_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
