#include "detect/verifier.h"

#include <math.h>
#include <stdio.h>

#define TOP_EDGE                                                                                   \
    0.01F      /* a new plume stands on the ground, even where it then outgrows the picture */
#define TOLD 3 /* parts in the text, ... */
#define TOLD_PART 0.15 /* ... if they count for so much */

/* One row a feature; it adds weight x (value - centre), value kept within low..high. Centres are what a
 * track has that just fulfils the default k of n, so that there every part is about 0. */
static const struct {
    double low;
    double high;
    double centre;
    double weight[2]; /* smoke, flame */
} features[LH_FEATURE_COUNT] = {
    [LH_FEATURE_MEAN] = {-4, 4, -0.4, {1.0, 1.0}}, /* logit of 0.4 */
    [LH_FEATURE_BEST] = {0, 2, 0, {0.2, 0.2}},     /* one good look among weak ones */
    [LH_FEATURE_SHARE] = {0, 1, 0.6, {1.5, 1.0}},  /* flames flicker */
    [LH_FEATURE_GROWTH] = {-1, 2, 0, {0.7, 0.3}},
    [LH_FEATURE_LOOKS] = {0, 4, 0, {0.25, 0.25}},
    [LH_FEATURE_TIME] = {0, 5, 0, {0.1, 0.1}},
    [LH_FEATURE_FOOT] = {0, 3, 0.3, {-1.5, -1.5}},      /* of plumes at confirmation: below 0.1 */
    [LH_FEATURE_WIDTH] = {0.2, 0.8, 0.2, {-5.0, -3.0}}, /* fog, cloud banks, the setting sun */
    [LH_FEATURE_TOP] = {0, 1, 0, {-2.0, -0.5}},         /* clouds, glare, text in the picture */
    [LH_FEATURE_AGREEMENT] = {0, 2, 0, {0.8, 0.8}},
};

static bool is_box(struct lh_box box)
{
    return isfinite(box.x) && isfinite(box.y) && isfinite(box.width) && isfinite(box.height) &&
           box.width > 0.0F && box.height > 0.0F;
}

static double foot_drift(struct lh_box from, struct lh_box to)
{
    const double across = (double)(to.x + to.width / 2.0F - from.x - from.width / 2.0F) /
                          ((double)(from.width + to.width) / 2.0);
    const double down =
        (double)(to.y + to.height - from.y - from.height) / ((double)(from.height + to.height) / 2);
    return hypot(across, down);
}

static int count_bits(uint32_t bits)
{
    int count = 0;
    for (; bits; bits &= bits - 1)
        count++;
    return count;
}

/* False where no look of the window has a score that is a number. */
static bool read_scores(const struct lh_history *history, double values[LH_FEATURE_COUNT])
{
    double sum = 0.0;
    double best = -INFINITY;
    int seen = 0;
    for (int i = 0; i < history->looks; i++) {
        const double score = (double)history->scores[i];
        if (!isfinite(score))
            return false;
        if (score < 0.0)
            continue;
        sum += lh_logit(score);
        best = fmax(best, lh_logit(score));
        seen++;
    }
    if (seen == 0)
        return false;
    values[LH_FEATURE_MEAN] = sum / seen;
    values[LH_FEATURE_BEST] = best - sum / seen;
    values[LH_FEATURE_SHARE] = (double)seen / history->looks;
    return true;
}

static enum lh_opinion_state read_history(const struct lh_history *history,
                                          double values[LH_FEATURE_COUNT])
{
    if (!is_box(history->first) || !is_box(history->now) || !isfinite(history->age_s) ||
        !isfinite(history->growth) || !(history->growth > 0.0) || !read_scores(history, values))
        return LH_OPINION_ODD;
    if (history->hits < 2)
        return LH_OPINION_ONE_LOOK;
    if (!(history->age_s > 0.0))
        return LH_OPINION_NO_TIME;
    values[LH_FEATURE_GROWTH] = log2(history->growth);
    values[LH_FEATURE_LOOKS] = log2(history->hits / 3.0);
    values[LH_FEATURE_TIME] = log2(1.0 + history->age_s / 60.0);
    values[LH_FEATURE_FOOT] = foot_drift(history->first, history->now);
    values[LH_FEATURE_WIDTH] = (double)history->now.width;
    values[LH_FEATURE_TOP] = history->first.y <= TOP_EDGE ? 1.0 : 0.0;
    values[LH_FEATURE_AGREEMENT] = count_bits(history->detectors) - 1.0;
    return LH_OPINION_GIVEN;
}

struct lh_opinion lh_verify(const struct lh_history *history)
{
    double values[LH_FEATURE_COUNT] = {0};
    struct lh_opinion opinion = {.state = read_history(history, values)};
    if (opinion.state != LH_OPINION_GIVEN)
        return opinion;
    const int column = history->kind == LH_KIND_FLAME;
    double logit = 0.0;
    for (int i = 0; i < LH_FEATURE_COUNT; i++) {
        const double value = fmin(fmax(values[i], features[i].low), features[i].high);
        const double part = features[i].weight[column] * (value - features[i].centre);
        opinion.values[i] = (float)value;
        opinion.parts[i] = (float)part;
        logit += part;
    }
    opinion.probability = (float)lh_share_of_logit(logit);
    return opinion;
}

static void tell_part(const struct lh_opinion *opinion, int feature, char *text, size_t size)
{
    static const char *const words[LH_FEATURE_COUNT][2] = {
        [LH_FEATURE_MEAN] = {"its scores are low", "its scores are high"},
        [LH_FEATURE_BEST] = {"", "one look was much surer"},
        [LH_FEATURE_SHARE] = {"it comes and goes", "it is there in nearly every picture"},
        [LH_FEATURE_LOOKS] = {"", "it persists"},
        [LH_FEATURE_TIME] = {"", "it lasts"},
        [LH_FEATURE_FOOT] = {"its foot moved", "its foot stayed"},
        [LH_FEATURE_WIDTH] = {"it is a band across the picture", ""},
        [LH_FEATURE_TOP] = {"it began at the picture's upper edge", ""},
        [LH_FEATURE_AGREEMENT] = {"", "detectors agree"},
    };
    if (feature == LH_FEATURE_GROWTH)
        (void)snprintf(text, size, "it %s %.1f times",
                       opinion->parts[feature] > 0.0F ? "grew" : "shrank to",
                       exp2((double)opinion->values[feature]));
    else
        (void)snprintf(text, size, "%s", words[feature][opinion->parts[feature] > 0.0F]);
}

static int largest_part(const struct lh_opinion *opinion, const bool told[LH_FEATURE_COUNT])
{
    int largest = -1;
    for (int i = 0; i < LH_FEATURE_COUNT; i++) {
        const float size = fabsf(opinion->parts[i]);
        if (!told[i] && (double)size >= TOLD_PART &&
            (largest < 0 || size > fabsf(opinion->parts[largest])))
            largest = i;
    }
    return largest;
}

const char *lh_opinion_text(const struct lh_opinion *opinion, char text[LH_OPINION_TEXT])
{
    static const char *const excuses[] = {
        [LH_OPINION_NONE] = "",
        [LH_OPINION_GIVEN] = "",
        [LH_OPINION_ONE_LOOK] = "not verified: seen in one picture only",
        [LH_OPINION_NO_TIME] = "not verified: no time passed between its pictures",
        [LH_OPINION_ODD] = "not verified: its history is not complete",
    };
    bool told[LH_FEATURE_COUNT] = {false};
    (void)snprintf(text, LH_OPINION_TEXT, "%s", excuses[opinion->state]);
    if (opinion->state != LH_OPINION_GIVEN)
        return text;
    int length = snprintf(text, LH_OPINION_TEXT, "verified %.2f", (double)opinion->probability);
    for (int i = 0; i < TOLD; i++) {
        char part[64];
        const int feature = largest_part(opinion, told);
        if (feature < 0)
            break;
        told[feature] = true;
        tell_part(opinion, feature, part, sizeof part);
        length += snprintf(text + length, LH_OPINION_TEXT - (size_t)length, "%s%s",
                           i == 0 ? ": " : ", ", part);
    }
    return text;
}
