#include "video/cadence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define S INT64_C(1000000)

/* How many of count pictures, spacing apart and jittering, are watched. */
static int watched(double interval_s, int count, int64_t spacing_us, int64_t jitter_us)
{
    struct lh_cadence cadence;
    lh_cadence_init(&cadence, interval_s);
    int wanted = 0;
    for (int i = 0; i < count; i++)
        wanted += lh_cadence_wants(&cadence, i * spacing_us + (i % 3 - 1) * jitter_us);
    return wanted;
}

static void every_picture_without_an_interval(void **state)
{
    (void)state;
    assert_int_equal(watched(0, 100, 40000, 0), 100);
    assert_int_equal(watched(-1, 100, 40000, 0), 100);
}

static void every_fifth_keyframe(void **state)
{
    (void)state;
    assert_int_equal(watched(10, 100, 2 * S, 0), 20);
    assert_int_equal(watched(10, 100, 2 * S, S / 4), 20);
}

static void spacing_and_interval_alike_give_every_picture(void **state)
{
    (void)state;
    assert_int_equal(watched(2, 100, 2 * S, 0), 100);
    assert_int_equal(watched(2, 100, 2 * S, S / 5), 100);
    /* wider spacing than the interval: nothing is left out */
    assert_int_equal(watched(2, 100, 5 * S, 0), 100);
}

static void an_interval_that_does_not_divide_is_kept_on_average(void **state)
{
    (void)state;
    const int wanted = watched(3, 300, 2 * S, 0); /* 600 s of pictures */
    assert_in_range(wanted, 195, 205);
}

static void after_a_gap_the_grid_starts_anew(void **state)
{
    (void)state;
    struct lh_cadence cadence;
    lh_cadence_init(&cadence, 10);
    assert_true(lh_cadence_wants(&cadence, 0));
    assert_true(lh_cadence_wants(&cadence, 1007 * S));
    for (int64_t s = 1009; s < 1017; s += 2)
        assert_false(lh_cadence_wants(&cadence, s * S));
    assert_true(lh_cadence_wants(&cadence, 1017 * S));
}

static void a_step_back_is_watched(void **state)
{
    (void)state;
    struct lh_cadence cadence;
    lh_cadence_init(&cadence, 10);
    assert_true(lh_cadence_wants(&cadence, 1000 * S));
    assert_true(lh_cadence_wants(&cadence, 5 * S));
    assert_false(lh_cadence_wants(&cadence, 7 * S));
}

static void a_picture_that_could_not_be_had_is_replaced(void **state)
{
    (void)state;
    struct lh_cadence cadence;
    lh_cadence_init(&cadence, 10);
    assert_true(lh_cadence_wants(&cadence, 0));
    lh_cadence_again(&cadence);
    assert_true(lh_cadence_wants(&cadence, 2 * S));
    assert_false(lh_cadence_wants(&cadence, 4 * S));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_picture_without_an_interval),
        cmocka_unit_test(every_fifth_keyframe),
        cmocka_unit_test(spacing_and_interval_alike_give_every_picture),
        cmocka_unit_test(an_interval_that_does_not_divide_is_kept_on_average),
        cmocka_unit_test(after_a_gap_the_grid_starts_anew),
        cmocka_unit_test(a_step_back_is_watched),
        cmocka_unit_test(a_picture_that_could_not_be_had_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
