/* The trade-off: which of many points of settings to take, and whether the choice can be trusted.
 *
 * A point is one set of settings, tried on all cases. Of two points the better one
 *   1. keeps the budget of false alarms a camera-day, or comes nearer to it,
 *   2. finds more of the events that are not faint, then more of all,
 *   3. has the lower mean delay,
 *   4. has fewer false alarms,
 *   5. comes first.
 *
 * Held out: every event is judged by the point that is chosen without it (leave-one-event-out; cases whose
 * labels name the same event are left out together, and so is each clip without fire). What a choice
 * promises and what it keeps on events it was not made on are then two figures, and the second counts.
 *
 * The front holds the points that no other is better than in one of found, false alarms and mean delay
 * without being worse in another; of equals the first.
 *
 * Thread-safety: pure functions of their arguments.
 */
#ifndef LH_JUDGE_TRADEOFF_H
#define LH_JUDGE_TRADEOFF_H

#include "judge/judge.h"

#define LH_NO_POINT SIZE_MAX

/* All lent. */
struct lh_tradeoff {
    const struct lh_case *cases;
    size_t case_count;
    const struct lh_outcome *outcomes; /* point_count rows of case_count */
    const bool *fits;                  /* false: the point contradicts itself and was not tried */
    size_t point_count;
    double budget; /* false alarms a camera-day */
};

struct lh_choice {
    size_t chosen;    /* LH_NO_POINT: no point fits */
    size_t *held_out; /* one a case: the point chosen without its event */
    size_t *front;    /* from the fewest false alarms to the most */
    size_t front_count;
};

int lh_tradeoff_choose(const struct lh_tradeoff *tradeoff, struct lh_choice *ret_choice);
void lh_choice_finish(struct lh_choice *choice);

/* The outcomes of one point. Lent. */
const struct lh_outcome *lh_tradeoff_row(const struct lh_tradeoff *tradeoff, size_t point);
/* The figures of one point, and those of the held-out choices. LH_ENOMEM. */
int lh_tradeoff_judge(const struct lh_tradeoff *tradeoff, size_t point,
                      struct lh_judgement *ret_judgement);
int lh_tradeoff_judge_held_out(const struct lh_tradeoff *tradeoff, const struct lh_choice *choice,
                               struct lh_judgement *ret_judgement);

#endif
