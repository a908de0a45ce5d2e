#include "judge/tradeoff.h"

#include <math.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CASES 4
#define MOST_POINTS 6
#define DAY_S 86400.0

/* Two clear fires of one event, a faint one, and a clip of ten days without fire. */
struct ground {
    char names[CASES][8];
    struct lh_label labels[CASES];
    struct lh_case cases[CASES];
    struct lh_outcome outcomes[MOST_POINTS * CASES];
    bool fits[MOST_POINTS];
    struct lh_tradeoff tradeoff;
};

static void fill(struct ground *ground)
{
    static const enum lh_visibility visibilities[CASES] = {
        LH_VISIBILITY_CLEAR, LH_VISIBILITY_CLEAR, LH_VISIBILITY_FAINT, LH_VISIBILITY_UNSAID};
    *ground = (struct ground){.names = {"one", "one", "two", "quiet"}};
    for (size_t i = 0; i < CASES; i++) {
        ground->labels[i] = (struct lh_label){.file = ground->names[i],
                                              .event = ground->names[i],
                                              .fire = i < 3,
                                              .visibility = visibilities[i]};
        ground->cases[i] = (struct lh_case){.label = &ground->labels[i]};
    }
    ground->tradeoff = (struct lh_tradeoff){.cases = ground->cases,
                                            .case_count = CASES,
                                            .outcomes = ground->outcomes,
                                            .fits = ground->fits,
                                            .budget = 0.1};
}

/* delays: one a fire, below 0: missed. false_alarms: on the clip without fire. */
static void add_point(struct ground *ground, double first_s, double second_s, double faint_s,
                      size_t false_alarms)
{
    const double delays[3] = {first_s, second_s, faint_s};
    struct lh_outcome *row = &ground->outcomes[ground->tradeoff.point_count * CASES];
    for (size_t i = 0; i < 3; i++)
        row[i] = (struct lh_outcome){.found = delays[i] >= 0,
                                     .delay_s = delays[i] >= 0 ? delays[i] : NAN,
                                     .alarms = delays[i] >= 0};
    row[3] = (struct lh_outcome){.delay_s = NAN,
                                 .alarms = false_alarms,
                                 .false_alarms = false_alarms,
                                 .quiet_s = 10 * DAY_S};
    ground->fits[ground->tradeoff.point_count++] = true;
}

static size_t chosen(const struct ground *ground)
{
    struct lh_choice choice;
    assert_int_equal(lh_tradeoff_choose(&ground->tradeoff, &choice), LH_OK);
    const size_t point = choice.chosen;
    lh_choice_finish(&choice);
    return point;
}

static void test_the_budget_comes_first(void **state)
{
    (void)state;
    struct ground ground;
    fill(&ground);
    add_point(&ground, 60, 60, 60, 2);
    add_point(&ground, 600, -1, -1, 1);
    add_point(&ground, -1, -1, -1, 0);
    assert_int_equal(chosen(&ground), 1);
    ground.tradeoff.budget = 0.2;
    assert_int_equal(chosen(&ground), 0);
    /* a budget that none keeps: the nearest */
    ground.tradeoff.budget = 0;
    ground.fits[2] = false;
    assert_int_equal(chosen(&ground), 1);
}

static void test_within_it_finds_then_delay_then_quiet(void **state)
{
    (void)state;
    struct ground ground;
    fill(&ground);
    add_point(&ground, 60, -1, 60, 0); /* as many found, but a faint one */
    add_point(&ground, 900, 900, -1, 1);
    assert_int_equal(chosen(&ground), 1);
    add_point(&ground, 300, 300, -1, 1); /* sooner */
    assert_int_equal(chosen(&ground), 2);
    add_point(&ground, 300, 300, -1, 0); /* as soon and more quiet */
    add_point(&ground, 300, 300, -1, 0); /* the same once more */
    assert_int_equal(chosen(&ground), 3);
    add_point(&ground, 3000, 3000, 3000, 1); /* the faint one too */
    assert_int_equal(chosen(&ground), 5);
}

static void test_points_that_do_not_fit(void **state)
{
    (void)state;
    struct ground ground;
    fill(&ground);
    add_point(&ground, 60, 60, 60, 0);
    add_point(&ground, -1, -1, -1, 0);
    ground.fits[0] = false;
    assert_int_equal(chosen(&ground), 1);
    ground.fits[1] = false;
    assert_int_equal(chosen(&ground), LH_NO_POINT);
}

static void test_an_event_is_judged_by_a_choice_made_without_it(void **state)
{
    (void)state;
    struct ground ground;
    struct lh_choice choice;
    struct lh_judgement judgement;
    fill(&ground);
    add_point(&ground, 60, 60, -1, 0);   /* good at the first event */
    add_point(&ground, -1, -1, 120, 0);  /* good at the second */
    add_point(&ground, 60, 60, 600, 40); /* finds all, and cries wolf */
    assert_int_equal(lh_tradeoff_choose(&ground.tradeoff, &choice), LH_OK);
    assert_int_equal(choice.chosen, 0);
    /* both clips of the first event are left out together */
    assert_int_equal(choice.held_out[0], 1);
    assert_int_equal(choice.held_out[1], 1);
    assert_int_equal(choice.held_out[2], 0);
    /* without the quiet clip nothing speaks against crying wolf */
    assert_int_equal(choice.held_out[3], 2);
    assert_int_equal(lh_tradeoff_judge(&ground.tradeoff, 0, &judgement), LH_OK);
    assert_int_equal(judgement.total.found, 2);
    assert_int_equal(judgement.total.false_alarms, 0);
    lh_judgement_finish(&judgement);
    assert_int_equal(lh_tradeoff_judge_held_out(&ground.tradeoff, &choice, &judgement), LH_OK);
    assert_int_equal(judgement.total.found, 0);
    assert_int_equal(judgement.total.false_alarms, 40);
    lh_judgement_finish(&judgement);
    lh_choice_finish(&choice);
    assert_int_equal(choice.chosen, LH_NO_POINT);
}

static void test_the_front(void **state)
{
    (void)state;
    struct ground ground;
    struct lh_choice choice;
    fill(&ground);
    add_point(&ground, 60, 60, 60, 9);   /* finds all */
    add_point(&ground, 120, 120, -1, 2); /* finds fewer, more quietly */
    add_point(&ground, 120, 120, -1, 3); /* the same with more noise */
    add_point(&ground, 120, 120, -1, 2); /* equal to one before it */
    add_point(&ground, 30, -1, -1, 2);   /* finds fewer, sooner */
    add_point(&ground, -1, -1, -1, 0);   /* says nothing */
    assert_int_equal(lh_tradeoff_choose(&ground.tradeoff, &choice), LH_OK);
    static const size_t wanted[] = {5, 1, 4, 0};
    assert_int_equal(choice.front_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(choice.front[i], wanted[i]);
    lh_choice_finish(&choice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_budget_comes_first),
        cmocka_unit_test(test_within_it_finds_then_delay_then_quiet),
        cmocka_unit_test(test_points_that_do_not_fit),
        cmocka_unit_test(test_an_event_is_judged_by_a_choice_made_without_it),
        cmocka_unit_test(test_the_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
