#include "judge/tradeoff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400.0

/* What choosing looks at. */
struct score {
    size_t false_alarms;
    size_t found_sure; /* of the events that are not faint */
    size_t found;
    double delay_sum_s;
    double quiet_s;
};

const struct lh_outcome *lh_tradeoff_row(const struct lh_tradeoff *tradeoff, size_t point)
{
    return tradeoff->outcomes + point * tradeoff->case_count;
}

static struct score score_of(const struct lh_tradeoff *tradeoff, size_t point,
                             const char *without_event)
{
    const struct lh_outcome *row = lh_tradeoff_row(tradeoff, point);
    struct score score = {0};
    for (size_t i = 0; i < tradeoff->case_count; i++) {
        const struct lh_label *label = tradeoff->cases[i].label;
        if (without_event && strcmp(label->event, without_event) == 0)
            continue;
        score.false_alarms += row[i].false_alarms;
        score.quiet_s += row[i].quiet_s;
        score.found += row[i].found;
        score.found_sure += row[i].found && label->visibility != LH_VISIBILITY_FAINT;
        score.delay_sum_s += row[i].found ? row[i].delay_s : 0;
    }
    return score;
}

/* By how much the false alarms are over the budget. */
static double excess(const struct score *score, double budget)
{
    const double allowed = budget * score->quiet_s / DAY_S;
    const double over = (double)score->false_alarms - allowed;
    return over > 0 ? over : 0;
}

static double mean_delay(const struct score *score)
{
    return score->found > 0 ? score->delay_sum_s / (double)score->found : INFINITY;
}

static bool better(const struct score *a, const struct score *b, double budget)
{
    const double a_excess = excess(a, budget);
    const double b_excess = excess(b, budget);
    if (a_excess < b_excess || a_excess > b_excess)
        return a_excess < b_excess;
    if (a->found_sure != b->found_sure)
        return a->found_sure > b->found_sure;
    if (a->found != b->found)
        return a->found > b->found;
    const double a_delay = mean_delay(a);
    const double b_delay = mean_delay(b);
    if (a_delay < b_delay || a_delay > b_delay)
        return a_delay < b_delay;
    return a->false_alarms < b->false_alarms;
}

static size_t choose(const struct lh_tradeoff *tradeoff, const char *without_event)
{
    size_t best = LH_NO_POINT;
    struct score best_score = {0};
    for (size_t i = 0; i < tradeoff->point_count; i++) {
        if (!tradeoff->fits[i])
            continue;
        const struct score score = score_of(tradeoff, i, without_event);
        if (best == LH_NO_POINT || better(&score, &best_score, tradeoff->budget)) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

/* Cases of one event are asked once. */
static void hold_out(const struct lh_tradeoff *tradeoff, size_t *held_out)
{
    for (size_t i = 0; i < tradeoff->case_count; i++) {
        const char *event = tradeoff->cases[i].label->event;
        size_t same = 0;
        while (same < i && strcmp(tradeoff->cases[same].label->event, event) != 0)
            same++;
        held_out[i] = same < i ? held_out[same] : choose(tradeoff, event);
    }
}

/* One point of the front, with what it is sorted by. */
struct candidate {
    size_t point;
    struct score score;
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;
    if (left->score.false_alarms != right->score.false_alarms)
        return left->score.false_alarms < right->score.false_alarms ? -1 : 1;
    if (left->score.found != right->score.found)
        return left->score.found > right->score.found ? -1 : 1;
    const double left_delay = mean_delay(&left->score);
    const double right_delay = mean_delay(&right->score);
    if (left_delay < right_delay || left_delay > right_delay)
        return left_delay < right_delay ? -1 : 1;
    return left->point < right->point ? -1 : 1;
}

/* Sorted by false alarms, then finds, then delay: a candidate is on the front unless one before it is as
 * good in everything. */
static bool is_covered(const struct candidate *front, size_t count, const struct score *score)
{
    for (size_t i = 0; i < count; i++)
        if (front[i].score.found >= score->found &&
            mean_delay(&front[i].score) <= mean_delay(score))
            return true;
    return false;
}

static int find_front(const struct lh_tradeoff *tradeoff, struct lh_choice *choice)
{
    struct candidate *candidates = calloc(tradeoff->point_count + 1, sizeof *candidates);
    if (!candidates)
        return LH_ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i < tradeoff->point_count; i++)
        if (tradeoff->fits[i])
            candidates[count++] =
                (struct candidate){.point = i, .score = score_of(tradeoff, i, NULL)};
    qsort(candidates, count, sizeof *candidates, compare_candidates);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_covered(candidates, kept, &candidates[i].score))
            candidates[kept++] = candidates[i];
    for (size_t i = 0; i < kept; i++)
        choice->front[i] = candidates[i].point;
    choice->front_count = kept;
    free(candidates);
    return LH_OK;
}

int lh_tradeoff_choose(const struct lh_tradeoff *tradeoff, struct lh_choice *ret_choice)
{
    struct lh_choice choice = {.chosen = choose(tradeoff, NULL)};
    choice.held_out = calloc(tradeoff->case_count + 1, sizeof *choice.held_out);
    choice.front = calloc(tradeoff->point_count + 1, sizeof *choice.front);
    int code = choice.held_out && choice.front ? LH_OK : LH_ENOMEM;
    if (code == LH_OK)
        hold_out(tradeoff, choice.held_out);
    if (code == LH_OK)
        code = find_front(tradeoff, &choice);
    if (code != LH_OK)
        lh_choice_finish(&choice);
    else
        *ret_choice = choice;
    return code;
}

void lh_choice_finish(struct lh_choice *choice)
{
    free(choice->held_out);
    free(choice->front);
    *choice = (struct lh_choice){.chosen = LH_NO_POINT};
}

int lh_tradeoff_judge(const struct lh_tradeoff *tradeoff, size_t point,
                      struct lh_judgement *ret_judgement)
{
    return lh_judge_sum(tradeoff->cases, lh_tradeoff_row(tradeoff, point), tradeoff->case_count,
                        ret_judgement);
}

int lh_tradeoff_judge_held_out(const struct lh_tradeoff *tradeoff, const struct lh_choice *choice,
                               struct lh_judgement *ret_judgement)
{
    struct lh_outcome *outcomes = calloc(tradeoff->case_count + 1, sizeof *outcomes);
    if (!outcomes)
        return LH_ENOMEM;
    for (size_t i = 0; i < tradeoff->case_count; i++)
        if (choice->held_out[i] != LH_NO_POINT)
            outcomes[i] = lh_tradeoff_row(tradeoff, choice->held_out[i])[i];
    const int code = lh_judge_sum(tradeoff->cases, outcomes, tradeoff->case_count, ret_judgement);
    free(outcomes);
    return code;
}
