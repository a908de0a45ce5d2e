#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "locate/pose_history.h"

#include <math.h>

#define S LH_SECOND_US
#define START (INT64_C(1795000000) * S)

static struct lh_pose_history *create(int steady_count)
{
    struct lh_pose_history_options options = LH_POSE_HISTORY_DEFAULT;
    struct lh_pose_history *history = NULL;
    options.steady_count = steady_count;
    assert_int_equal(lh_pose_history_create(options, &history), LH_OK);
    return history;
}

static void push(struct lh_pose_history *history, double at_s, double azimuth_deg,
                 enum lh_moving moving)
{
    const struct lh_pointing pointing = {azimuth_deg, -2, 0.5};
    assert_int_equal(lh_pose_history_push(history, START + (int64_t)(at_s * 1e6), pointing, moving),
                     LH_OK);
}

static struct lh_pose_at ask(const struct lh_pose_history *history, double at_s)
{
    return lh_pose_history_at(history, START + (int64_t)(at_s * 1e6));
}

static void a_camera_that_stands_is_steady_and_one_that_turns_is_not(void **state)
{
    (void)state;
    struct lh_pose_history *history = create(2);
    assert_int_equal(ask(history, 0).stance, LH_STANCE_UNKNOWN);
    push(history, 0, 100, LH_MOVING_NOT);
    assert_int_equal(ask(history, 0.5).stance, LH_STANCE_UNKNOWN); /* one reading is not enough */
    push(history, 1, 100.01, LH_MOVING_NOT);
    assert_int_equal(ask(history, 1.5).stance, LH_STANCE_STEADY);
    assert_false(ask(history, 1.5).settled);
    push(history, 2, 100, LH_MOVING_NOT);
    assert_true(ask(history, 1.5).settled);
    assert_true(fabs(ask(history, 1.5).pointing.azimuth_deg - 100.005) < 1e-9);
    push(history, 3, 110, LH_MOVING_NOT); /* says IDLE, and turns */
    push(history, 4, 120, LH_MOVING_YES);
    push(history, 5, 120, LH_MOVING_NOT);
    push(history, 6, 120, LH_MOVING_NOT);
    push(history, 7, 120, LH_MOVING_NOT);
    assert_int_equal(ask(history, 1.9).stance, LH_STANCE_STEADY);
    assert_int_equal(ask(history, 2.5).stance, LH_STANCE_MOVING);
    assert_true(fabs(ask(history, 2.5).pointing.azimuth_deg - 105) < 1e-9);
    assert_int_equal(ask(history, 4.5).stance, LH_STANCE_MOVING);
    assert_int_equal(ask(history, 5.5).stance, LH_STANCE_MOVING); /* the one before still moved */
    assert_int_equal(ask(history, 6.5).stance, LH_STANCE_STEADY);
    assert_int_equal(ask(history, -0.1).stance, LH_STANCE_UNKNOWN);
    lh_pose_history_destroy(&history);
    assert_null(history);
    lh_pose_history_destroy(&history);
}

static void what_is_too_old_says_nothing(void **state)
{
    (void)state;
    struct lh_pose_history *history = create(2);
    push(history, 0, 10, LH_MOVING_UNKNOWN);
    push(history, 1, 10, LH_MOVING_UNKNOWN);
    assert_int_equal(ask(history, 6).stance, LH_STANCE_STEADY);
    assert_int_equal(ask(history, 6.1).stance, LH_STANCE_UNKNOWN);
    push(history, 20, 10, LH_MOVING_UNKNOWN);
    assert_int_equal(ask(history, 3).stance, LH_STANCE_STEADY);
    assert_int_equal(ask(history, 10).stance, LH_STANCE_UNKNOWN);
    assert_int_equal(ask(history, 20.5).stance, LH_STANCE_UNKNOWN); /* the gap is before it */
    lh_pose_history_destroy(&history);
}

static void north_is_crossed_the_short_way(void **state)
{
    (void)state;
    struct lh_pose_history *history = create(1);
    push(history, 0, 359.5, LH_MOVING_NOT);
    push(history, 1, 0.5, LH_MOVING_NOT);
    assert_true(fabs(lh_azimuth_difference(0, ask(history, 0.75).pointing.azimuth_deg) - 0.25) <
                1e-9);
    push(history, 2, -0.48, LH_MOVING_NOT);
    push(history, 3, 359.5, LH_MOVING_NOT);
    assert_int_equal(ask(history, 2.5).stance, LH_STANCE_STEADY);
    lh_pose_history_destroy(&history);
}

static void zoom_that_changes_is_motion(void **state)
{
    (void)state;
    struct lh_pose_history *history = create(1);
    const double zooms[] = {0.5, 0.503, 0.6, NAN};
    for (int i = 0; i < 4; i++)
        assert_int_equal(lh_pose_history_push(history, START + i * S,
                                              (struct lh_pointing){10, 0, zooms[i]}, LH_MOVING_NOT),
                         LH_OK);
    assert_int_equal(ask(history, 0.5).stance, LH_STANCE_STEADY);
    assert_int_equal(ask(history, 1.5).stance, LH_STANCE_MOVING);
    assert_int_equal(ask(history, 2.5).stance, LH_STANCE_MOVING);
    lh_pose_history_destroy(&history);
}

static void readings_that_are_none_are_refused(void **state)
{
    (void)state;
    struct lh_pose_history *history = create(1);
    const struct lh_pointing good = {10, 0, NAN};
    push(history, 0, 10, LH_MOVING_NOT);
    assert_int_equal(
        lh_pose_history_push(history, START + S, (struct lh_pointing){NAN, 0, 0}, LH_MOVING_NOT),
        LH_EINVAL);
    assert_int_equal(lh_pose_history_push(history, START + S, (struct lh_pointing){0, INFINITY, 0},
                                          LH_MOVING_NOT),
                     LH_EINVAL);
    assert_int_equal(lh_pose_history_push(history, LH_NO_TIME, good, LH_MOVING_NOT), LH_EINVAL);
    assert_int_equal(lh_pose_history_push(history, START, good, LH_MOVING_NOT), LH_ERANGE);
    assert_int_equal(lh_pose_history_push(history, START - S, good, LH_MOVING_NOT), LH_ERANGE);
    assert_int_equal(ask(history, 1).stance, LH_STANCE_STEADY);
    /* The clock was set back by an hour: what was said before it is of no use. */
    assert_int_equal(lh_pose_history_push(history, START - 3600 * S, good, LH_MOVING_NOT), LH_OK);
    assert_int_equal(ask(history, 0).stance, LH_STANCE_UNKNOWN);
    assert_int_equal(ask(history, -3600).stance, LH_STANCE_STEADY);
    lh_pose_history_destroy(&history);
    struct lh_pose_history_options odd = LH_POSE_HISTORY_DEFAULT;
    odd.steady_count = 0;
    assert_int_equal(lh_pose_history_create(odd, &history), LH_EINVAL);
}

static void only_so_many_are_kept(void **state)
{
    (void)state;
    struct lh_pose_history *history = create(2);
    for (int i = 0; i < 3 * LH_POSE_READINGS; i++)
        push(history, i, 10, LH_MOVING_NOT);
    assert_int_equal(ask(history, 2 * LH_POSE_READINGS - 0.5).stance, LH_STANCE_UNKNOWN);
    assert_int_equal(ask(history, 2 * LH_POSE_READINGS + 1).stance, LH_STANCE_STEADY);
    assert_int_equal(ask(history, 3 * LH_POSE_READINGS - 1).stance, LH_STANCE_STEADY);
    lh_pose_history_destroy(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_camera_that_stands_is_steady_and_one_that_turns_is_not),
        cmocka_unit_test(what_is_too_old_says_nothing),
        cmocka_unit_test(north_is_crossed_the_short_way),
        cmocka_unit_test(zoom_that_changes_is_motion),
        cmocka_unit_test(readings_that_are_none_are_refused),
        cmocka_unit_test(only_so_many_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
