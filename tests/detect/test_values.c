#include "detect/plugin.h"
#include "detect/plugin_text.h"
#include "detect/setting.h"

#include "base/error.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct linhuo_setting rows[] = {
    {.name = "min_score", .type = LINHUO_NUMBER, .fallback = "0.5", .maximum = 1.0},
    {.name = "min_area_px", .type = LINHUO_INTEGER, .fallback = "40", .minimum = 1, .maximum = 1e6},
    {.name = "at_night", .type = LINHUO_SWITCH, .fallback = "true"},
    {.name = "note", .type = LINHUO_TEXT, .fallback = ""},
    {.name = "mode", .type = LINHUO_CHOICE, .fallback = "fast", .choices = "fast|exact|thorough"},
    {.name = "model", .type = LINHUO_PATH, .help = "the network"},
    {.name = "any", .type = LINHUO_NUMBER, .fallback = "-3e2"},
    {.name = "above", .type = LINHUO_NUMBER, .fallback = "1", .minimum = 0, .maximum = INFINITY},
};
enum { MIN_SCORE, MIN_AREA, AT_NIGHT, NOTE, MODE, MODEL, ANY, ABOVE, ROWS };

static const struct lh_plugin plugin = {
    .path = "/x/net.so",
    .table = {.name = "net", .settings = rows, .setting_count = ROWS},
};

static char detector_name[] = "net";

/* Runs init over name/value pairs that end with NULL; the i-th stands in line i + 10. */
static int init(const char *const *pairs, struct lh_findings *findings,
                struct lh_plugin_values *ret_values)
{
    struct lh_setting_text settings[16];
    struct lh_detector_config config = {
        .name = detector_name, .place = {3, 5}, .settings = settings};
    while (pairs[2 * config.setting_count]) {
        const size_t i = config.setting_count++;
        const int line = (int)i + 10;
        settings[i] = (struct lh_setting_text){.name = strdup(pairs[2 * i]),
                                               .value = strdup(pairs[2 * i + 1]),
                                               .place = {line, 7},
                                               .value_place = {line, 20}};
    }
    const int result = lh_plugin_values_init(&plugin, &config, "/etc/site", findings, ret_values);
    for (size_t i = 0; i < config.setting_count; i++) {
        free(settings[i].name);
        free(settings[i].value);
    }
    return result;
}

static void defaults_and_values(void **state)
{
    (void)state;
    const char *const pairs[] = {"model",    "m/net.onnx", "mode",  "exact", "min_area_px", "7",
                                 "at_night", "false",      "above", "1e300", NULL};
    struct lh_findings findings = {0};
    struct lh_plugin_values values = {0};
    assert_int_equal(init(pairs, &findings, &values), LH_OK);
    assert_int_equal(findings.count, 0);
    assert_int_equal(values.count, ROWS);
    assert_true(values.values[MIN_SCORE].number == 0.5);
    assert_true(values.values[MIN_AREA].number == 7.0);
    assert_true(values.values[AT_NIGHT].number == 0.0);
    assert_true(values.values[ANY].number == -300.0);
    assert_true(values.values[ABOVE].number == 1e300);
    assert_string_equal(values.values[NOTE].text, "");
    assert_string_equal(values.values[MODE].text, "exact");
    assert_string_equal(values.values[MODEL].text, "/etc/site/m/net.onnx");
    assert_null(values.values[MIN_SCORE].text);
    lh_plugin_values_finish(&values);
    lh_plugin_values_finish(&values);
}

static void absolute_paths_stay(void **state)
{
    (void)state;
    const char *const pairs[] = {"model", "/m/net.onnx", NULL};
    struct lh_findings findings = {0};
    struct lh_plugin_values values = {0};
    assert_int_equal(init(pairs, &findings, &values), LH_OK);
    assert_string_equal(values.values[MODEL].text, "/m/net.onnx");
    lh_plugin_values_finish(&values);
}

static void expect_finding(const char *name, const char *value, int column, const char *text)
{
    const char *const pairs[] = {"model", "x", name, value, NULL};
    struct lh_findings findings = {0};
    struct lh_plugin_values values = {0};
    assert_int_equal(init(pairs, &findings, &values), LH_ECONFIG);
    assert_null(values.values);
    assert_int_equal(findings.count, 1);
    if (!strstr(findings.items[0].text, text) || findings.items[0].place.line != 11 ||
        findings.items[0].place.column != column)
        fail_msg("%s: %s: %d:%d: %s", name, value, findings.items[0].place.line,
                 findings.items[0].place.column, findings.items[0].text);
    lh_findings_finish(&findings);
}

static void mistakes_are_found_where_they_are(void **state)
{
    (void)state;
    expect_finding("min_aera_px", "3", 7, "did you mean 'min_area_px'?");
    expect_finding("zzzzzzzz", "3", 7, "`linhuo plugins` lists");
    expect_finding("model", "y", 7, "given twice, first in line 10");
    expect_finding("min_score", "much", 20, "'min_score' must be a number from 0 to 1, not 'much'");
    expect_finding("min_score", "1.01", 20, "from 0 to 1");
    expect_finding("min_score", "nan", 20, "must be a number");
    expect_finding("min_score", "inf", 20, "must be a number");
    expect_finding("min_score", "0x1p-1", 20, "must be a number");
    expect_finding("min_score", "", 20, "must be a number");
    expect_finding("min_score", " 0.5", 20, "must be a number");
    expect_finding("min_score", "0.5 ", 20, "must be a number");
    expect_finding("any", "1e999", 20, "must be a number");
    expect_finding("above", "-1", 20, "must be a number of at least 0");
    expect_finding("min_area_px", "2.5", 20, "must be a whole number from 1 to 1000000");
    expect_finding("min_area_px", "0", 20, "whole number");
    expect_finding("min_area_px", "99999999999999999999", 20, "whole number");
    expect_finding("at_night", "maybe", 20, "must be true or false, not 'maybe'");
    expect_finding("mode", "exct", 20, "did you mean 'exact'?");
    expect_finding("mode", "", 20, "must be one of fast|exact|thorough");
    expect_finding("mode", "fast|exact", 20, "must be one of");
    expect_finding("min_score", "a\nb\x1b[31m\xff", 20, "not 'a b [31m?'");
}

static void what_must_be_given_is_asked_for(void **state)
{
    (void)state;
    const char *const pairs[] = {NULL};
    struct lh_findings findings = {0};
    struct lh_plugin_values values = {0};
    assert_int_equal(init(pairs, &findings, &values), LH_ECONFIG);
    assert_int_equal(findings.count, 1);
    assert_non_null(
        strstr(findings.items[0].text, "needs the setting 'model' (path: the network)"));
    assert_int_equal(findings.items[0].place.line, 3);
    lh_findings_finish(&findings);
}

static void all_mistakes_are_found_at_once(void **state)
{
    (void)state;
    const char *const pairs[] = {"modle", "x", "mode", "slow", "min_score", "2", "any", "x", NULL};
    struct lh_findings findings = {0};
    struct lh_plugin_values values = {0};
    assert_int_equal(init(pairs, &findings, &values), LH_ECONFIG);
    assert_int_equal(findings.count, 5); /* and model is missing */
    lh_findings_finish(&findings);
}

static void texts_are_bounded(void **state)
{
    (void)state;
    static char long_text[LH_SETTING_TEXT_BYTES + 2];
    memset(long_text, 'x', sizeof long_text - 1);
    double number = 0.0;
    struct lh_fault fault = {0};
    assert_int_equal(lh_setting_parse(&rows[NOTE], long_text, &fault, &number), LH_ELIMIT);
    long_text[LH_SETTING_TEXT_BYTES] = '\0';
    assert_int_equal(lh_setting_parse(&rows[NOTE], long_text, &fault, &number), LH_OK);
}

static void text_from_plugins_is_made_fit(void **state)
{
    (void)state;
    char to[8];
    assert_string_equal(lh_plugin_text_copy(to, sizeof to, NULL), "");
    assert_string_equal(lh_plugin_text_copy(to, sizeof to, "a\nb\tc\x7f"), "a b c ");
    assert_string_equal(lh_plugin_text_copy(to, sizeof to, "\xe6\x9e\x97\xe7\x81\xab!!"),
                        "\xe6\x9e\x97\xe7\x81\xab!");
    assert_string_equal(lh_plugin_text_copy(to, 6, "\xe6\x9e\x97\xe7\x81\xab"), "\xe6\x9e\x97");
    assert_string_equal(lh_plugin_text_copy(to, sizeof to, "\xff\xc0\x80\xe6\x9e"), "?????");
    assert_string_equal(lh_plugin_text_copy(to, sizeof to, "\xed\xa0\x80"), "???");
    assert_string_equal(lh_plugin_text_copy(to, 1, "abc"), "");
    assert_true(lh_plugin_text_ok("\xe6\x9e\x97", 3));
    assert_false(lh_plugin_text_ok("\xe6\x9e\x97", 2));
    assert_false(lh_plugin_text_ok("", 10));
    assert_false(lh_plugin_text_ok(NULL, 10));
    assert_false(lh_plugin_text_ok("a\x1b", 10));
    assert_false(lh_plugin_text_ok("\xf5\x80\x80\x80", 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_and_values),
        cmocka_unit_test(absolute_paths_stay),
        cmocka_unit_test(mistakes_are_found_where_they_are),
        cmocka_unit_test(what_must_be_given_is_asked_for),
        cmocka_unit_test(all_mistakes_are_found_at_once),
        cmocka_unit_test(texts_are_bounded),
        cmocka_unit_test(text_from_plugins_is_made_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
