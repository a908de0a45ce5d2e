#include "video/capture_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW_US (INT64_C(1790000000) * LH_SECOND_US)
#define WRAP_US INT64_C(47721858844) /* 2^32 at 90 kHz */
#define LATENCY_US 300000
#define HOUR_US (3600 * LH_SECOND_US)

static void expect(int64_t sender_us, bool trusted, enum lh_time_quality quality,
                   int64_t capture_us, bool repaired)
{
    const struct lh_capture_judgement judged =
        lh_capture_judge(sender_us, NOW_US, LATENCY_US, WRAP_US, trusted);
    assert_int_equal(judged.quality, quality);
    assert_int_equal(judged.capture_utc_us, capture_us);
    assert_int_equal(judged.repaired, repaired);
}

static void a_healthy_sender_is_believed(void **state)
{
    (void)state;
    expect(NOW_US - 400000, false, LH_TIME_SENDER, NOW_US - 400000, false);
    expect(NOW_US + 1900000, false, LH_TIME_SENDER, NOW_US + 1900000, false);
    expect(NOW_US - 1900000, false, LH_TIME_SENDER, NOW_US - 1900000, false);
}

static void a_sender_far_off_is_not(void **state)
{
    (void)state;
    const int64_t arrival_us = NOW_US - LATENCY_US;
    expect(NOW_US - 2100000, false, LH_TIME_ARRIVAL, arrival_us, false);
    expect(NOW_US + 2100000, false, LH_TIME_ARRIVAL, arrival_us, false);
    expect(0, false, LH_TIME_ARRIVAL, arrival_us, false);
    expect(5 * LH_SECOND_US, false, LH_TIME_ARRIVAL, arrival_us, false); /* 1970 */
    expect(-NOW_US, false, LH_TIME_ARRIVAL, arrival_us, false);
    expect(INT64_MAX, false, LH_TIME_ARRIVAL, arrival_us, false);
    expect(INT64_MIN, false, LH_TIME_ARRIVAL, arrival_us, false);
    expect(NOW_US + 24 * HOUR_US, false, LH_TIME_ARRIVAL, arrival_us, false);
    expect(NOW_US + 8 * HOUR_US + 10 * LH_SECOND_US, false, LH_TIME_ARRIVAL, arrival_us, false);
}

static void trust_forgives_a_late_network_not_a_clock_ahead(void **state)
{
    (void)state;
    expect(NOW_US - 9 * LH_SECOND_US, true, LH_TIME_SENDER, NOW_US - 9 * LH_SECOND_US, false);
    expect(NOW_US - 11 * LH_SECOND_US, true, LH_TIME_ARRIVAL, NOW_US - LATENCY_US, false);
    expect(NOW_US + 3 * LH_SECOND_US, true, LH_TIME_ARRIVAL, NOW_US - LATENCY_US, false);
}

static void the_32_bit_wrap_is_taken_out(void **state)
{
    (void)state;
    const int64_t true_us = NOW_US - 200000;
    expect(true_us - WRAP_US, false, LH_TIME_SENDER, true_us, true);
    expect(true_us + WRAP_US, false, LH_TIME_SENDER, true_us, true);
    const struct lh_capture_judgement judged =
        lh_capture_judge(true_us - WRAP_US, NOW_US, LATENCY_US, 0, false);
    assert_int_equal(judged.quality, LH_TIME_ARRIVAL);
}

static void a_wrong_zone_is_taken_out(void **state)
{
    (void)state;
    const int64_t true_us = NOW_US - 200000;
    expect(true_us + 8 * HOUR_US, false, LH_TIME_OFFSET, true_us, true);
    expect(true_us - 5 * HOUR_US - HOUR_US / 2, false, LH_TIME_OFFSET, true_us, true);
    expect(true_us + 14 * HOUR_US, false, LH_TIME_OFFSET, true_us, true);
    expect(true_us + 15 * HOUR_US, false, LH_TIME_ARRIVAL, NOW_US - LATENCY_US, false);
    /* both faults at once */
    expect(true_us + 8 * HOUR_US - WRAP_US, false, LH_TIME_OFFSET, true_us, true);
}

static void clumps_are_smoothed(void **state)
{
    (void)state;
    struct lh_capture_smoother smoother = {0};
    assert_int_equal(lh_capture_smooth(&smoother, 0, NOW_US), NOW_US);
    /* three pictures come together, 400 ms late */
    for (int i = 1; i <= 3; i++) {
        const int64_t stream_us = INT64_C(40000) * i;
        const int64_t smooth_us = lh_capture_smooth(&smoother, stream_us, NOW_US + 400000);
        assert_in_range(smooth_us, NOW_US + stream_us, NOW_US + stream_us + 1000);
    }
    /* one quicker than the first moves the base */
    assert_int_equal(lh_capture_smooth(&smoother, 160000, NOW_US + 100000), NOW_US + 100000);
}

static void a_jump_of_the_stream_clock_starts_anew(void **state)
{
    (void)state;
    struct lh_capture_smoother smoother = {0};
    (void)lh_capture_smooth(&smoother, 0, NOW_US);
    const int64_t later_us = NOW_US + LH_SECOND_US;
    assert_int_equal(lh_capture_smooth(&smoother, 86400 * LH_SECOND_US, later_us), later_us);
    assert_int_equal(lh_capture_smooth(&smoother, 0, later_us + 40000), later_us + 40000);
    assert_int_equal(lh_capture_smooth(&smoother, LH_NO_TIME, later_us), later_us);
}

static void a_slow_quartz_is_followed(void **state)
{
    (void)state;
    struct lh_capture_smoother smoother = {0};
    int64_t worst_us = 0;
    /* the camera's clock is 100 ppm slow over a day: the base must not stay behind */
    for (int64_t s = 0; s < 86400; s++) {
        const int64_t arrival_us = NOW_US + s * LH_SECOND_US + s * 100;
        const int64_t late_us =
            arrival_us - lh_capture_smooth(&smoother, s * LH_SECOND_US, arrival_us);
        worst_us = late_us > worst_us ? late_us : worst_us;
    }
    assert_true(worst_us < 50000);
}

static void capture_order(void **state)
{
    (void)state;
    int64_t time_us = NOW_US;
    assert_int_equal(lh_capture_order(LH_NO_TIME, &time_us), LH_CAPTURE_ONWARD);
    assert_int_equal(lh_capture_order(NOW_US, &time_us), LH_CAPTURE_ONWARD);
    time_us = NOW_US - LH_SECOND_US;
    assert_int_equal(lh_capture_order(NOW_US, &time_us), LH_CAPTURE_HELD);
    assert_int_equal(time_us, NOW_US);
    time_us = NOW_US - 3 * LH_SECOND_US;
    assert_int_equal(lh_capture_order(NOW_US, &time_us), LH_CAPTURE_NEW_ERA);
    assert_int_equal(time_us, NOW_US - 3 * LH_SECOND_US);
}

static void expect_name(const char *path, int64_t seconds)
{
    int64_t time_us = -1;
    assert_true(lh_capture_from_name(path, &time_us));
    assert_int_equal(time_us, seconds * LH_SECOND_US);
}

static void times_in_file_names(void **state)
{
    (void)state;
    expect_name("/clips/tower-1_2016-06-04T10-31-22.mp4", 1465036282);
    expect_name("rm-n_2016-06-04.mp4", 1464998400);
    expect_name("20160604_103122.mkv", 1465036282);
    expect_name("cam 2016-02-29 23:59:59.mp4", 1456790399);
    expect_name("2019-01-01/x_20160604-1031.ts", 1465036260);
    int64_t untouched = 7;
    assert_false(lh_capture_from_name("2016-06-04/clip.mp4", &untouched));
    assert_false(lh_capture_from_name("2015-02-29.mp4", &untouched));
    assert_false(lh_capture_from_name("2016-13-01.mp4", &untouched));
    assert_false(lh_capture_from_name("120160604.mp4", &untouched));
    assert_false(lh_capture_from_name("", &untouched));
    assert_int_equal(untouched, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_sender_is_believed),
        cmocka_unit_test(a_sender_far_off_is_not),
        cmocka_unit_test(trust_forgives_a_late_network_not_a_clock_ahead),
        cmocka_unit_test(the_32_bit_wrap_is_taken_out),
        cmocka_unit_test(a_wrong_zone_is_taken_out),
        cmocka_unit_test(clumps_are_smoothed),
        cmocka_unit_test(a_jump_of_the_stream_clock_starts_anew),
        cmocka_unit_test(a_slow_quartz_is_followed),
        cmocka_unit_test(capture_order),
        cmocka_unit_test(times_in_file_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
