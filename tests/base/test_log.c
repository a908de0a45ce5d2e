#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Standard error while it is caught. */
struct capture {
    int saved;
    int reader;
    char text[32768];
};

static void begin(struct capture *capture)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    capture->saved = dup(STDERR_FILENO);
    assert_true(capture->saved >= 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    (void)close(ends[1]);
    capture->reader = ends[0];
}

static const char *end(struct capture *capture)
{
    (void)dup2(capture->saved, STDERR_FILENO);
    (void)close(capture->saved);
    size_t length = 0;
    ssize_t got;
    while (length < sizeof capture->text - 1 && (got = read(capture->reader, capture->text + length,
                                                            sizeof capture->text - 1 - length)) > 0)
        length += (size_t)got;
    (void)close(capture->reader);
    capture->text[length] = '\0';
    return capture->text;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void a_line_for_a_person(void **state)
{
    struct capture *capture = *state;
    lh_log_configure(LH_LOG_INFO, LH_LOG_TEXT);
    begin(capture);
    lh_log(LH_LOG_WARN, "video", "tower-1", "no packet for %.1f s", 5.0);
    lh_log(LH_LOG_ERROR, "base", NULL, "no subject");
    const char *text = end(capture);
    int64_t utc_us;
    char time[25];
    assert_int_equal(count_lines(text), 2);
    (void)snprintf(time, sizeof time, "%.24s", text);
    assert_int_equal(lh_time_parse(time, &utc_us), LH_OK);
    assert_non_null(strstr(text, "Z warn  video  [tower-1] no packet for 5.0 s\n"));
    assert_non_null(strstr(text, "Z error base   no subject\n"));
}

static void levels_below_are_silent(void **state)
{
    struct capture *capture = *state;
    lh_log_configure(LH_LOG_WARN, LH_LOG_TEXT);
    begin(capture);
    lh_log(LH_LOG_INFO, "base", NULL, "not written");
    lh_log(LH_LOG_TRACE, "base", NULL, "not written");
    lh_log(LH_LOG_WARN, "base", NULL, "written");
    const char *text = end(capture);
    assert_false(lh_log_enabled(LH_LOG_INFO));
    assert_true(lh_log_enabled(LH_LOG_ERROR));
    assert_int_equal(count_lines(text), 1);
    assert_null(strstr(text, "not written"));
}

static const char hostile[] = "a\nb\tc\x1b[31m\"\\\x7f";

static void a_line_stays_one_line(void **state)
{
    struct capture *capture = *state;
    lh_log_configure(LH_LOG_INFO, LH_LOG_TEXT);
    begin(capture);
    lh_log(LH_LOG_INFO, "video", "x\ny", "%s", hostile);
    const char *text = end(capture);
    assert_int_equal(count_lines(text), 1);
    assert_non_null(strstr(text, "[x\\ny] a\\nb\\x09c\\x1b[31m\"\\\\x7f\n"));
}

static void json_lines_are_json(void **state)
{
    struct capture *capture = *state;
    lh_log_configure(LH_LOG_INFO, LH_LOG_JSON);
    begin(capture);
    lh_log(LH_LOG_WARN, "video", "tow\"er", "%s", hostile);
    const char *text = end(capture);
    json_error_t error;
    json_t *line = json_loads(text, 0, &error);
    assert_non_null(line);
    assert_int_equal(count_lines(text), 1);
    assert_string_equal(json_string_value(json_object_get(line, "level")), "warn");
    assert_string_equal(json_string_value(json_object_get(line, "subsystem")), "video");
    assert_string_equal(json_string_value(json_object_get(line, "subject")), "tow\"er");
    assert_string_equal(json_string_value(json_object_get(line, "text")), hostile);
    int64_t utc_us;
    assert_int_equal(lh_time_parse(json_string_value(json_object_get(line, "time")), &utc_us),
                     LH_OK);
    json_decref(line);

    begin(capture);
    lh_log(LH_LOG_INFO, "video", NULL, "x");
    line = json_loads(end(capture), 0, &error);
    assert_non_null(line);
    assert_null(json_object_get(line, "subject"));
    json_decref(line);
}

/* The worst text there is: each of its bytes needs six in JSON. */
static void a_long_text_is_cut_and_still_json(void **state)
{
    struct capture *capture = *state;
    char longer[5001];
    memset(longer, 1, sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    lh_log_configure(LH_LOG_INFO, LH_LOG_JSON);
    begin(capture);
    lh_log(LH_LOG_INFO, "video", "tower-1", "%s", longer);
    json_error_t error;
    json_t *line = json_loads(end(capture), 0, &error);
    assert_non_null(line);
    assert_int_equal(json_string_length(json_object_get(line, "text")), 2000);
    json_decref(line);
}

static void complaints_back_off_and_end(void **state)
{
    struct capture *capture = *state;
    struct lh_clock *clock = NULL;
    struct lh_complaint complaint = {0};
    assert_int_equal(lh_clock_replay_create(0, &clock), LH_OK);
    lh_log_configure(LH_LOG_INFO, LH_LOG_TEXT);
    begin(capture);
    /* Once a second for 100 s: said at 0, 10, 30 and 70 s. */
    for (int second = 0; second <= 100; second++) {
        lh_clock_replay_set(clock, second * LH_SECOND_US);
        lh_complain(&complaint, clock, "video", "tower-1", "no picture (%d)", second);
    }
    lh_recovered(&complaint, clock, "video", "tower-1", "pictures again");
    lh_recovered(&complaint, clock, "video", "tower-1", "said only once");
    lh_complain(&complaint, clock, "video", "tower-1", "no picture anew");
    const char *text = end(capture);
    lh_clock_replay_destroy(&clock);
    assert_int_equal(count_lines(text), 6);
    assert_non_null(strstr(text, "warn  video  [tower-1] no picture (0)\n"));
    assert_non_null(strstr(text, "no picture (10) (9 more since the last report)\n"));
    assert_non_null(strstr(text, "no picture (30) (19 more since the last report)\n"));
    assert_non_null(strstr(text, "no picture (70) (39 more since the last report)\n"));
    assert_non_null(
        strstr(text, "info  video  [tower-1] pictures again: after 100.0 s, 101 times\n"));
    assert_non_null(strstr(text, "no picture anew\n"));
}

static void complaints_come_once_an_hour_at_least(void **state)
{
    struct capture *capture = *state;
    struct lh_clock *clock = NULL;
    struct lh_complaint complaint = {0};
    assert_int_equal(lh_clock_replay_create(0, &clock), LH_OK);
    lh_log_configure(LH_LOG_INFO, LH_LOG_TEXT);
    begin(capture);
    for (int minute = 0; minute < 24 * 60; minute++) {
        lh_clock_replay_set(clock, (int64_t)minute * 60 * LH_SECOND_US);
        lh_complain(&complaint, clock, "video", NULL, "x");
    }
    const char *text = end(capture);
    lh_clock_replay_destroy(&clock);
    /* 0, 1 min, 2, 3, 5, 8, 14, 25, 47, 90 min, then hourly: 22 to 1,410 min. */
    assert_in_range(count_lines(text), 30, 34);
}

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct capture));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_for_a_person),
        cmocka_unit_test(levels_below_are_silent),
        cmocka_unit_test(a_line_stays_one_line),
        cmocka_unit_test(json_lines_are_json),
        cmocka_unit_test(a_long_text_is_cut_and_still_json),
        cmocka_unit_test(complaints_back_off_and_end),
        cmocka_unit_test(complaints_come_once_an_hour_at_least),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
