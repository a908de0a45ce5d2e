#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>

static void a_replay_clock_stands_until_it_is_set(void **state)
{
    (void)state;
    struct lh_clock *clock = NULL;
    assert_int_equal(lh_clock_replay_create(5 * LH_SECOND_US, &clock), LH_OK);
    assert_int_equal(lh_clock_utc_us(clock), 5 * LH_SECOND_US);
    assert_int_equal(lh_clock_monotonic_us(clock), 5 * LH_SECOND_US);
    lh_clock_replay_set(clock, -3);
    assert_int_equal(lh_clock_utc_us(clock), -3);
    assert_int_equal(lh_clock_monotonic_us(clock), -3);
    lh_clock_replay_destroy(&clock);
    assert_null(clock);
    lh_clock_replay_destroy(&clock);
}

static void the_system_clock_goes_forward(void **state)
{
    (void)state;
    const struct lh_clock *clock = lh_clock_system();
    const int64_t before_us = lh_clock_monotonic_us(clock);
    assert_true(before_us > 0);
    assert_true(lh_clock_monotonic_us(clock) >= before_us);
    /* After 2020 and before 2200: the machine's date, in microseconds. */
    assert_in_range(lh_clock_utc_us(clock), INT64_C(1577836800000000), INT64_C(7258118400000000));
}

struct pair {
    const char *text;
    int64_t utc_us;
};

static void times_are_read(void **state)
{
    (void)state;
    /* Seconds from "date -u -d TEXT +%s". */
    static const struct pair pairs[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59Z", -LH_SECOND_US},
        {"1969-12-31T23:59:59.5Z", -LH_SECOND_US / 2},
        {"2000-02-29T12:00:00Z", INT64_C(951825600000000)},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000000)},
        {"2026-11-23T23:48:10.123456Z", INT64_C(1795477690123456)},
        {"2026-11-24T07:48:10.123456+08:00", INT64_C(1795477690123456)},
        {"2026-11-23T18:18:10.123456-05:30", INT64_C(1795477690123456)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000000)}, /* a leap second is the next second */
        {"2026-11-23T23:48:10.1234567890123Z", INT64_C(1795477690123456)},
        {"0001-01-01T00:00:00Z", INT64_C(-62135596800000000)},
        {"9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999)},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        int64_t utc_us = LH_NO_TIME;
        if (lh_time_parse(pairs[i].text, &utc_us) != LH_OK || utc_us != pairs[i].utc_us)
            fail_msg("%s is read as %" PRId64, pairs[i].text, utc_us);
    }
}

static void other_texts_are_no_times(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "now",
        "2026-11-23",
        "2026-11-23T23:48:10",
        "2026-11-23 23:48:10Z",
        "2026-11-23T23:48:10z",
        "2026-11-23T23:48:10Z ",
        " 2026-11-23T23:48:10Z",
        "2026-11-23T23:48:10.Z",
        "2026-11-23T23:48:10,5Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T23:60:00Z",
        "2026-11-23T23:48:61Z",
        "0000-01-01T00:00:00Z",
        "-026-11-23T23:48:10Z",
        "2026-11-23T23:48:10+0800",
        "2026-11-23T23:48:10+08",
        "2026-11-23T23:48:10+15:00",
        "2026-11-23T23:48:10+08:60",
        "2026-11-23T23:48:10+-8:00",
        "2026-11-23T23:48:1\xb2Z",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t utc_us = 42;
        if (lh_time_parse(texts[i], &utc_us) != LH_EFORMAT)
            fail_msg("'%s' is read as a time", texts[i]);
        assert_int_equal(utc_us, 42);
    }
}

static void times_are_written(void **state)
{
    (void)state;
    char text[LH_TIME_TEXT];
    assert_string_equal(lh_time_format(0, text), "1970-01-01T00:00:00.000Z");
    assert_string_equal(lh_time_format(-1, text), "1969-12-31T23:59:59.999Z");
    assert_string_equal(lh_time_format(INT64_C(1795477690123999), text),
                        "2026-11-23T23:48:10.123Z");
    assert_string_equal(lh_time_format(INT64_C(-62135596800000000), text),
                        "0001-01-01T00:00:00.000Z");
    assert_string_equal(lh_time_format(INT64_C(-62135596800000001), text), "unknown");
    assert_string_equal(lh_time_format(INT64_C(253402300799999999), text),
                        "9999-12-31T23:59:59.999Z");
    assert_string_equal(lh_time_format(INT64_C(253402300800000000), text), "unknown");
    assert_string_equal(lh_time_format(LH_NO_TIME, text), "unknown");
    assert_string_equal(lh_time_format(INT64_MAX, text), "unknown");
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    char text[LH_TIME_TEXT];
    /* A prime step of about 58 days over all years that can be written. */
    for (int64_t utc_us = INT64_C(-62135596800000000); utc_us < INT64_C(253402300799999999);
         utc_us += INT64_C(5000000029000)) {
        int64_t again_us = 0;
        assert_int_equal(lh_time_parse(lh_time_format(utc_us, text), &again_us), LH_OK);
        const int64_t lost_us = utc_us - again_us;
        if (lost_us < 0 || lost_us > 999)
            fail_msg("%" PRId64 " became %s", utc_us, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_clock_stands_until_it_is_set),
        cmocka_unit_test(the_system_clock_goes_forward),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(other_texts_are_no_times),
        cmocka_unit_test(times_are_written),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
