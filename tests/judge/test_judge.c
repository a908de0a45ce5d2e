#include "county.h"

#include <math.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_near(double value, double wanted)
{
    if (!(fabs(value - wanted) < 1e-9))
        fail_msg("%.12g, not %.12g", value, wanted);
}

static void test_every_verdict(void **state)
{
    (void)state;
    struct county county;
    struct lh_judgement judgement;
    static const enum lh_verdict wanted[COUNTY_CHARGES] = {
        LH_VERDICT_FIND, LH_VERDICT_AGAIN, LH_VERDICT_ASTRAY,  LH_VERDICT_FIND,   LH_VERDICT_EARLY,
        LH_VERDICT_FIND, LH_VERDICT_EARLY, LH_VERDICT_NO_FIRE, LH_VERDICT_NO_FIRE};
    county_fill(&county);
    assert_int_equal(
        lh_judge(county.cases, COUNTY_CLIPS, county.charges, COUNTY_CHARGES, &judgement), LH_OK);
    for (size_t i = 0; i < COUNTY_CHARGES; i++)
        assert_int_equal(county.charges[i].verdict, wanted[i]);
    lh_judgement_finish(&judgement);
    assert_null(judgement.clips);
}

static void test_figures_of_all(void **state)
{
    (void)state;
    struct county county;
    struct lh_judgement judgement;
    county_fill(&county);
    assert_int_equal(
        lh_judge(county.cases, COUNTY_CLIPS, county.charges, COUNTY_CHARGES, &judgement), LH_OK);
    const struct lh_figures *total = &judgement.total;
    assert_int_equal(total->clips, 5);
    assert_int_equal(total->events, 4);
    assert_int_equal(total->found, 3);
    assert_int_equal(total->missed, 1);
    assert_int_equal(total->found_by_time_only, 2);
    assert_near(total->delay_mean_s, (120 + 60 + 240) / 3.0);
    assert_near(total->delay_median_s, 120);
    assert_int_equal(total->alarms, 9);
    assert_int_equal(total->alarms_before_ignition, 2);
    assert_int_equal(total->alarms_off_place, 1);
    assert_int_equal(total->false_alarms, 5);
    assert_near(total->camera_days, (4 * 3600 + 3600 + 18000) / 86400.0);
    assert_near(total->false_alarms_per_camera_day, 5 * 86400.0 / 36000);
    lh_judgement_finish(&judgement);
}

static void test_figures_by_visibility(void **state)
{
    (void)state;
    struct county county;
    struct lh_judgement judgement;
    county_fill(&county);
    assert_int_equal(
        lh_judge(county.cases, COUNTY_CLIPS, county.charges, COUNTY_CHARGES, &judgement), LH_OK);
    const struct lh_figures *clear = &judgement.by_visibility[LH_VISIBILITY_CLEAR];
    assert_int_equal(clear->events, 2);
    assert_int_equal(clear->found, 2);
    assert_near(clear->delay_mean_s, 90);
    assert_near(clear->delay_median_s, 90);
    assert_int_equal(clear->false_alarms, 1);
    assert_near(clear->camera_days, 7200 / 86400.0);
    const struct lh_figures *faint = &judgement.by_visibility[LH_VISIBILITY_FAINT];
    assert_int_equal(faint->missed, 1);
    assert_true(isnan(faint->delay_mean_s) && isnan(faint->delay_median_s));
    assert_int_equal(faint->alarms_before_ignition, 1);
    assert_int_equal(judgement.by_visibility[LH_VISIBILITY_SMALL].found, 1);
    assert_int_equal(judgement.by_visibility[LH_VISIBILITY_UNSAID].clips, 0);
    assert_int_equal(judgement.without_faint.events, 3);
    assert_int_equal(judgement.without_faint.missed, 0);
    const struct lh_figures *quiet = &judgement.no_fire;
    assert_int_equal(quiet->clips, 1);
    assert_int_equal(quiet->events, 0);
    assert_int_equal(quiet->false_alarms, 2);
    assert_near(quiet->camera_days, 21600 / 86400.0);
    assert_near(quiet->false_alarms_per_camera_day, 8);
    lh_judgement_finish(&judgement);
}

static void test_figures_of_single_clips(void **state)
{
    (void)state;
    struct county county;
    struct lh_judgement judgement;
    county_fill(&county);
    assert_int_equal(
        lh_judge(county.cases, COUNTY_CLIPS, county.charges, COUNTY_CHARGES, &judgement), LH_OK);
    assert_true(judgement.clips[0].found && judgement.clips[0].by_time_only);
    assert_near(judgement.clips[0].delay_s, 120);
    assert_near(judgement.clips[0].watched_s, 7200);
    assert_near(judgement.clips[0].quiet_s, 3600);
    assert_true(judgement.clips[1].found && !judgement.clips[1].by_time_only);
    assert_int_equal(judgement.clips[1].off_place, 1);
    assert_false(judgement.clips[3].found);
    assert_true(isnan(judgement.clips[3].delay_s));
    assert_near(judgement.clips[4].watched_s, 21600);
    lh_judgement_finish(&judgement);
}

static void test_an_alarm_at_ignition_is_a_find_without_delay(void **state)
{
    (void)state;
    struct county county;
    struct lh_judgement judgement;
    county_fill(&county);
    struct lh_charge charge = county_charge(0, 3600, LH_PLACING_UNKNOWN);
    assert_int_equal(lh_judge(county.cases, 1, &charge, 1, &judgement), LH_OK);
    assert_int_equal(charge.verdict, LH_VERDICT_FIND);
    assert_near(judgement.total.delay_mean_s, 0);
    lh_judgement_finish(&judgement);
}

static void test_without_camera_days_there_is_no_rate(void **state)
{
    (void)state;
    struct county county;
    struct lh_judgement judgement;
    county_fill(&county);
    county.labels[0].ignition_s = 0;
    assert_int_equal(lh_judge(county.cases, 1, NULL, 0, &judgement), LH_OK);
    assert_near(judgement.total.camera_days, 0);
    assert_true(isnan(judgement.total.false_alarms_per_camera_day));
    assert_int_equal(judgement.total.missed, 1);
    lh_judgement_finish(&judgement);
    assert_int_equal(lh_judge(county.cases, 0, NULL, 0, &judgement), LH_OK);
    assert_true(isnan(judgement.total.delay_mean_s));
    lh_judgement_finish(&judgement);
}

static void test_a_charge_of_no_case_is_refused(void **state)
{
    (void)state;
    struct county county;
    struct lh_judgement judgement = {.clip_count = 77};
    county_fill(&county);
    assert_int_equal(lh_judge(county.cases, 1, county.charges, COUNTY_CHARGES, &judgement),
                     LH_EINVAL);
    assert_int_equal(judgement.clip_count, 77);
}

static void test_ignition_outside_the_clip(void **state)
{
    (void)state;
    struct county county;
    county_fill(&county);
    assert_null(lh_case_outside(county.cases, COUNTY_CLIPS));
    county.labels[2].ignition_s = 7200;
    assert_null(lh_case_outside(county.cases, COUNTY_CLIPS));
    county.labels[2].ignition_s = 7201;
    assert_ptr_equal(lh_case_outside(county.cases, COUNTY_CLIPS), &county.cases[2]);
    /* of a clip that was not read whole nobody knows */
    county.cases[2].fault = "cut";
    assert_null(lh_case_outside(county.cases, COUNTY_CLIPS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_verdict),
        cmocka_unit_test(test_figures_of_all),
        cmocka_unit_test(test_figures_by_visibility),
        cmocka_unit_test(test_figures_of_single_clips),
        cmocka_unit_test(test_an_alarm_at_ignition_is_a_find_without_delay),
        cmocka_unit_test(test_without_camera_days_there_is_no_rate),
        cmocka_unit_test(test_a_charge_of_no_case_is_refused),
        cmocka_unit_test(test_ignition_outside_the_clip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
