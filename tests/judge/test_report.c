#include "judge/report.h"

#include "county.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const not_given[] = {"x.mp4", "y.mp4"};

static struct lh_report judged(struct county *county, struct lh_judgement *judgement)
{
    county_fill(county);
    assert_int_equal(
        lh_judge(county->cases, COUNTY_CLIPS, county->charges, COUNTY_CHARGES, judgement), LH_OK);
    return (struct lh_report){.cases = county->cases,
                              .charges = county->charges,
                              .charge_count = COUNTY_CHARGES,
                              .judgement = judgement,
                              .not_given = not_given,
                              .not_given_count = 2};
}

static void test_json(void **state)
{
    (void)state;
    struct county county;
    struct lh_judgement judgement;
    const struct lh_report report = judged(&county, &judgement);
    char *text;
    county.cases[3].fault = "d.mp4: cut";
    assert_int_equal(lh_report_json(&report, &text), LH_OK);
    assert_null(strchr(text, '\n'));
    json_t *root = json_loads(text, 0, NULL);
    assert_non_null(root);
    const json_t *total = json_object_get(root, "total");
    assert_int_equal(json_integer_value(json_object_get(total, "events")), 4);
    assert_int_equal(json_integer_value(json_object_get(total, "false_alarms")), 5);
    assert_true(json_real_value(json_object_get(total, "delay_mean_s")) == 140);
    const json_t *faint = json_object_get(json_object_get(root, "by_visibility"), "faint");
    assert_true(json_is_null(json_object_get(faint, "delay_mean_s")));
    assert_null(json_object_get(json_object_get(root, "by_visibility"), "unsaid"));
    const json_t *clips = json_object_get(root, "clips");
    assert_int_equal(json_array_size(clips), COUNTY_CLIPS);
    const json_t *second = json_array_get(clips, 1);
    assert_string_equal(json_string_value(json_object_get(second, "file")), "b.mp4");
    const json_t *astray = json_array_get(json_object_get(second, "alarms"), 0);
    assert_string_equal(json_string_value(json_object_get(astray, "place")), "off");
    assert_true(json_is_true(json_object_get(astray, "false")));
    assert_true(json_is_null(json_object_get(json_array_get(clips, 4), "found")));
    assert_string_equal(json_string_value(json_object_get(json_array_get(clips, 3), "fault")),
                        "d.mp4: cut");
    assert_int_equal(json_array_size(json_object_get(root, "not_given")), 2);
    json_decref(root);
    free(text);
    lh_judgement_finish(&judgement);
}

static void test_text(void **state)
{
    (void)state;
    struct county county;
    struct lh_judgement judgement;
    const struct lh_report report = judged(&county, &judgement);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(lh_report_text(&report, out), LH_OK);
    assert_int_equal(fclose(out), 0);
    static const char *const wanted[] = {
        "found*   2 min 00 s",
        "MISSED",
        "all but faint",
        "2 min 20 s    2 min 00 s",
        "12.00",
        "* 2 of 3 found by time only",
        "--sheet FILE.png shows them",
        "not given: x.mp4, y.mp4",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (!strstr(text, wanted[i]))
            fail_msg("'%s' is not in\n%s", wanted[i], text);
    free(text);
    lh_judgement_finish(&judgement);
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {
        {0, "0.0 s"},        {9.44, "9.4 s"},       {59.4, "59 s"},
        {60, "1 min 00 s"},  {3599, "59 min 59 s"}, {3725, "1 h 02 min"},
        {90000, "1 d 01 h"}, {-75, "-1 min 15 s"},  {NAN, "-"},
        {INFINITY, "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[LH_DURATION_TEXT];
        assert_string_equal(lh_duration_text(cases[i].seconds, text), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
