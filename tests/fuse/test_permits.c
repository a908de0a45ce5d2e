/* Permits and ban seasons: when and where they hold, and files that are wrong. */
#include "fuse/permits.h"

#include "scratch_file.h"

#include <math.h>

static const struct lh_permits_options CHINA = {LH_DATUM_WGS84, 480};

static int64_t at(const char *text)
{
    int64_t utc_us;
    assert_int_equal(lh_time_parse(text, &utc_us), LH_OK);
    return utc_us;
}

static struct lh_ground ask(const struct lh_permits *permits, double latitude, double longitude,
                            double sigma_m, const char *time)
{
    struct lh_ground ground = LH_GROUND_UNKNOWN;
    const struct lh_position position = lh_position_of_ellipse((struct lh_ellipse){
        .centre = {latitude, longitude}, .height_m = NAN, .major_m = sigma_m, .minor_m = sigma_m});
    lh_permits_at(permits, &position, at(time), &ground);
    return ground;
}

static struct lh_permits *parse(const char *text)
{
    struct lh_permits *permits;
    struct lh_findings findings = {0};
    assert_int_equal(lh_permits_create(&CHINA, &permits), LH_OK);
    const int code = lh_permits_parse(permits, text, strlen(text), &findings);
    if (code != LH_OK)
        fail_msg("%s", findings.count ? findings.items[0].text : "?");
    lh_findings_finish(&findings);
    return permits;
}

static void a_permit_holds_at_its_place_within_its_time(void **state)
{
    (void)state;
    struct lh_permits *permits =
        parse("permits:\n"
              "  - {name: straw, from: 2026-11-20T08:00:00+08:00, to: 2026-11-20T18:00:00+08:00,\n"
              "     latitude: 37.60, longitude: 111.90, radius_m: 300}\n");
    assert_true(ask(permits, 37.60, 111.90, 10, "2026-11-20T00:00:00Z").permitted);
    assert_true(ask(permits, 37.6026, 111.90, 10, "2026-11-20T05:00:00Z").permitted);
    assert_false(ask(permits, 37.6036, 111.90, 10, "2026-11-20T05:00:00Z").permitted); /* 400 m */
    assert_true(ask(permits, 37.6036, 111.90, 150, "2026-11-20T05:00:00Z").permitted);
    assert_false(ask(permits, 37.60, 111.90, 10, "2026-11-19T23:59:59Z").permitted);
    assert_false(ask(permits, 37.60, 111.90, 10, "2026-11-20T10:00:00Z").permitted); /* expired */
    lh_permits_destroy(&permits);
}

static void a_ban_holds_every_year_by_the_local_day(void **state)
{
    (void)state;
    struct lh_permits *permits = parse("bans:\n  - {name: Qingming, from: 04-01, to: 04-10}\n"
                                       "  - {name: winter, from: 12-20, to: 01-05}\n"
                                       "  - {name: one day, from: 2026-06-01, to: 2026-06-01}\n");
    assert_true(ask(permits, 0, 0, 10, "2026-03-31T16:00:00Z").banned); /* 1 April in China */
    assert_false(ask(permits, 0, 0, 10, "2026-03-31T15:59:59Z").banned);
    assert_true(ask(permits, 0, 0, 10, "2031-04-10T15:59:59Z").banned);
    assert_false(ask(permits, 0, 0, 10, "2031-04-10T16:00:00Z").banned);
    assert_true(ask(permits, 0, 0, 10, "2026-12-31T00:00:00Z").banned);
    assert_true(ask(permits, 0, 0, 10, "2027-01-05T00:00:00Z").banned);
    assert_false(ask(permits, 0, 0, 10, "2027-01-06T00:00:00Z").banned);
    assert_true(ask(permits, 0, 0, 10, "2026-06-01T15:00:00Z").banned);
    assert_string_equal(ask(permits, 0, 0, 10, "2026-06-01T15:00:00Z").ban, "one day");
    assert_false(ask(permits, 0, 0, 10, "2027-06-01T15:00:00Z").banned);
    lh_permits_destroy(&permits);
}

static void overlapping_entries_are_all_named(void **state)
{
    (void)state;
    struct lh_permits *permits =
        parse("permits:\n"
              "  - {name: a, from: 2026-11-01, to: 2026-11-30, latitude: 37, longitude: 112, "
              "radius_m: 500}\n"
              "  - {name: b, from: 2026-11-10, to: 2026-11-12, corners: [[36.9, 111.9], [37.1, "
              "111.9], [37.1, 112.1], [36.9, 112.1]]}\n"
              "bans:\n  - {name: straw, from: 2026-11-11, to: 2026-11-12}\n"
              "  - {name: strict, from: 2026-11-12, to: 2026-11-12, overrides_permits: true}\n");
    assert_string_equal(ask(permits, 37, 112, 10, "2026-11-10T12:00:00Z").permit, "a, b");
    assert_string_equal(ask(permits, 37, 112, 10, "2026-11-20T12:00:00Z").permit, "a");
    const struct lh_ground both = ask(permits, 37, 112, 10, "2026-11-11T12:00:00Z");
    assert_true(both.banned && both.permitted);
    const struct lh_ground strict = ask(permits, 37, 112, 10, "2026-11-12T12:00:00Z");
    assert_true(strict.banned && !strict.permitted);
    assert_string_equal(strict.permit, "");
    lh_permits_destroy(&permits);
}

static void a_place_on_a_chinese_map_is_converted(void **state)
{
    (void)state;
    struct lh_permits *permits =
        parse("permits:\n  - {name: a, from: 2026-11-01, to: 2026-11-30, latitude: 37.551784, "
              "longitude: 112.162604, radius_m: 20, datum: GCJ-02}\n");
    assert_true(ask(permits, 37.551, 112.156, 1, "2026-11-10T12:00:00Z").permitted);
    assert_false(ask(permits, 37.551784, 112.162604, 1, "2026-11-10T12:00:00Z").permitted);
    lh_permits_destroy(&permits);
}

static void mistakes_are_named_and_nothing_is_taken(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "permits: 3",
        "permit: []",
        "permits: [{from: 2026-11-01, to: 2026-11-30, latitude: 1, longitude: 1, radius_m: 5}]",
        "permits: [{name: a, from: soon, to: 2026-11-30, latitude: 1, longitude: 1, radius_m: 5}]",
        "permits: [{name: a, from: 2026-11-30, to: 2026-11-01, latitude: 1, longitude: 1, "
        "radius_m: 5}]",
        "permits: [{name: a, from: 04-01, to: 04-02, latitude: 1, longitude: 1, radius_m: 5}]",
        "permits: [{name: a, from: 2026-11-01, to: 2026-11-30}]",
        "permits: [{name: a, from: 2026-11-01, to: 2026-11-30, latitude: .nan, longitude: 1, "
        "radius_m: 5}]",
        "permits: [{name: a, from: 2026-11-01, to: 2026-11-30, latitude: 91, longitude: 1, "
        "radius_m: 5}]",
        "permits: [{name: a, from: 2026-11-01, to: 2026-11-30, corners: [[1, 2], [1, 3]]}]",
        "permits: [{name: a, from: 2026-11-01, to: 2026-11-30, corners: [[1, 2], [1, 3], [1]]}]",
        "permits: [{name: a, from: 2026-11-01, to: 2026-11-30, latitude: 1, longitude: 1, "
        "radius_m: 5, datum: GCJ02}]",
        "permits: [{name: a, form: 2026-11-01, to: 2026-11-30, latitude: 1, longitude: 1, "
        "radius_m: 5}]",
        "bans: [{name: a, from: 13-01, to: 13-02}]",
        "bans: [a]",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct lh_permits *permits;
        struct lh_findings findings = {0};
        assert_int_equal(lh_permits_create(&CHINA, &permits), LH_OK);
        if (lh_permits_parse(permits, wrong[i], strlen(wrong[i]), &findings) != LH_ECONFIG ||
            findings.count == 0)
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(lh_permits_count(permits), 0);
        lh_findings_finish(&findings);
        lh_permits_destroy(&permits);
    }
}

static void polygons_come_from_a_map_file(void **state)
{
    (void)state;
    static const char map[] =
        "{\"type\": \"FeatureCollection\", \"features\": [{\"type\": \"Feature\", \"properties\": "
        "{\"name\": \"terraces\", \"kind\": \"permit\", \"from\": \"2026-11-20\", \"to\": "
        "\"2026-11-21\"}, \"geometry\": {\"type\": \"Polygon\", \"coordinates\": [[[111.9, 37.6], "
        "[111.92, 37.6], [111.92, 37.62], [111.9, 37.62], [111.9, 37.6]], [[111.908, 37.608], "
        "[111.912, 37.608], [111.912, 37.612], [111.908, 37.612], [111.908, 37.608]]]}}]}";
    struct scratch_file file;
    struct lh_findings findings = {0};
    struct lh_permits *permits;
    scratch_write(&file, "burnings.geojson", map);
    assert_int_equal(lh_permits_create(&CHINA, &permits), LH_OK);
    assert_int_equal(lh_permits_load(permits, file.path, &findings), LH_OK);
    assert_true(ask(permits, 37.601, 111.901, 1, "2026-11-21T15:00:00Z").permitted);
    assert_false(ask(permits, 37.601, 111.901, 1, "2026-11-21T16:00:00Z").permitted);
    assert_false(ask(permits, 37.61, 111.91, 1, "2026-11-20T12:00:00Z").permitted); /* the hole */
    assert_false(ask(permits, 37.63, 111.91, 1, "2026-11-20T12:00:00Z").permitted);
    scratch_remove(&file);
    assert_int_equal(lh_permits_load(permits, file.path, &findings), LH_ECONFIG);
    assert_int_equal(findings.count, 1);
    assert_int_equal(lh_permits_count(permits), 1);
    lh_findings_finish(&findings);
    lh_permits_destroy(&permits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_permit_holds_at_its_place_within_its_time),
        cmocka_unit_test(a_ban_holds_every_year_by_the_local_day),
        cmocka_unit_test(overlapping_entries_are_all_named),
        cmocka_unit_test(a_place_on_a_chinese_map_is_converted),
        cmocka_unit_test(mistakes_are_named_and_nothing_is_taken),
        cmocka_unit_test(polygons_come_from_a_map_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
