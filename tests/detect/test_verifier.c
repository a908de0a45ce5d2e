#include "detect/verifier.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define LOOKS 5

/* What the default k of n just lets pass. */
static const float barely[LOOKS] = {0.4F, -1.0F, 0.4F, -1.0F, 0.4F};

static struct lh_history sample(void)
{
    return (struct lh_history){.kind = LH_KIND_SMOKE,
                               .scores = barely,
                               .looks = LOOKS,
                               .hits = 3,
                               .age_s = 20.0,
                               .growth = 1.0,
                               .first = {0.4F, 0.4F, 0.05F, 0.05F},
                               .now = {0.4F, 0.4F, 0.05F, 0.05F},
                               .detectors = 1};
}

static float probability(struct lh_history history)
{
    const struct lh_opinion opinion = lh_verify(&history);
    assert_int_equal(opinion.state, LH_OPINION_GIVEN);
    assert_true(opinion.probability > 0.0F && opinion.probability < 1.0F);
    return opinion.probability;
}

/* Mean score at which a history reaches one half. */
static float needed_score(struct lh_history history)
{
    float scores[LOOKS];
    for (int hundredths = 1; hundredths < 100; hundredths++) {
        const float score = (float)hundredths / 100.0F;
        for (int i = 0; i < LOOKS; i++)
            scores[i] = barely[i] < 0.0F ? -1.0F : score;
        history.scores = scores;
        if (probability(history) >= 0.5F)
            return score;
    }
    return 1.0F;
}

static void the_figures_of_the_header_hold(void **state)
{
    (void)state;
    struct lh_history history = sample();
    assert_true(fabsf(probability(history) - 0.62F) < 0.01F);
    history.now.x += 0.1F; /* twice its size */
    assert_true(fabsf(needed_score(history) - 0.89F) < 0.02F);
    history = sample();
    history.first = (struct lh_box){0.0F, 0.4F, 1.0F, 0.1F};
    history.now = history.first;
    assert_true(fabsf(needed_score(history) - 0.89F) < 0.02F);
    history = sample();
    history.first.y = 0.0F;
    history.now.y = 0.0F;
    assert_true(fabsf(needed_score(history) - 0.75F) < 0.02F);
}

static void every_feature_counts_the_right_way(void **state)
{
    (void)state;
    const float usual = probability(sample());
    const float high[LOOKS] = {0.8F, -1.0F, 0.8F, -1.0F, 0.8F};
    const float always[LOOKS] = {0.4F, 0.4F, 0.4F, 0.4F, 0.4F};
    struct lh_history better[7];
    for (size_t i = 0; i < 7; i++)
        better[i] = sample();
    better[0].scores = high;
    better[1].scores = always;
    better[2].growth = 2.0;
    better[3].hits = 12;
    better[4].age_s = 600.0;
    better[5].detectors = 5;
    better[6].kind = LH_KIND_FLAME; /* growth asked of flames less: shrinking hurts them less */
    better[6].growth = 0.5;
    for (size_t i = 0; i < 6; i++)
        assert_true(probability(better[i]) > usual + 0.01F);
    struct lh_history shrunk = sample();
    shrunk.growth = 0.5;
    assert_true(probability(shrunk) < usual && probability(shrunk) < probability(better[6]));
    struct lh_history moved = sample();
    moved.now.x += 0.2F;
    assert_true(probability(moved) < 0.4F);
    /* a plume that grows upwards and leans with the wind keeps its foot */
    struct lh_history plume = sample();
    plume.growth = 6.0;
    plume.now = (struct lh_box){0.4F, 0.3F, 0.1F, 0.15F};
    assert_true(probability(plume) > 0.7F);
}

static void features_are_bounded(void **state)
{
    (void)state;
    struct lh_history history = sample();
    history.growth = 1e30;
    history.hits = UINT32_MAX;
    history.age_s = 1e12;
    history.detectors = UINT32_MAX;
    history.now = (struct lh_box){0.9F, 0.0F, 0.001F, 0.001F};
    const struct lh_opinion opinion = lh_verify(&history);
    float sum = 0.0F;
    for (int i = 0; i < LH_FEATURE_COUNT; i++) {
        assert_true(fabsf(opinion.parts[i]) <= 4.6F);
        sum += opinion.parts[i];
    }
    assert_true(opinion.probability > 0.0F && opinion.probability < 1.0F);
    assert_true(fabsf((float)lh_logit((double)opinion.probability) - sum) < 1e-3F);
}

static void what_cannot_be_judged_says_why(void **state)
{
    (void)state;
    char text[LH_OPINION_TEXT];
    const float unseen[LOOKS] = {-1.0F, -1.0F, -1.0F, -1.0F, -1.0F};
    const float odd[LOOKS] = {0.4F, NAN, 0.4F, -1.0F, 0.4F};
    struct lh_history history = sample();
    history.hits = 1;
    struct lh_opinion opinion = lh_verify(&history);
    assert_int_equal(opinion.state, LH_OPINION_ONE_LOOK);
    assert_string_equal(lh_opinion_text(&opinion, text), "not verified: seen in one picture only");
    history = sample();
    history.age_s = 0.0;
    assert_int_equal(lh_verify(&history).state, LH_OPINION_NO_TIME);
    struct lh_history wrong[6];
    for (size_t i = 0; i < 6; i++)
        wrong[i] = sample();
    wrong[0].scores = unseen;
    wrong[1].scores = odd;
    wrong[2].growth = (double)NAN;
    wrong[3].first.width = 0.0F;
    wrong[4].now.y = INFINITY;
    wrong[5].looks = 0;
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(lh_verify(&wrong[i]).state, LH_OPINION_ODD);
    opinion = (struct lh_opinion){0};
    assert_string_equal(lh_opinion_text(&opinion, text), "");
}

static void the_text_names_what_counted_most(void **state)
{
    (void)state;
    char text[LH_OPINION_TEXT];
    struct lh_history history = sample();
    history.growth = 2.1;
    struct lh_opinion opinion = lh_verify(&history);
    assert_string_equal(lh_opinion_text(&opinion, text),
                        "verified 0.77: it grew 2.1 times, its foot stayed");
    history.growth = 1.0;
    history.now.x += 0.3F;
    history.now.width = 1.0F;
    history.detectors = 3;
    opinion = lh_verify(&history);
    (void)lh_opinion_text(&opinion, text);
    assert_non_null(strstr(text, "it is a band across the picture, "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_figures_of_the_header_hold),
        cmocka_unit_test(every_feature_counts_the_right_way),
        cmocka_unit_test(features_are_bounded),
        cmocka_unit_test(what_cannot_be_judged_says_why),
        cmocka_unit_test(the_text_names_what_counted_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
