/* Who is told of an alarm, when, and why.
 *
 * Everyone is told who answers for an area that the 95 % region of the position touches, at the time that the
 * rules give their role, and the officers of the neighbouring townships likewise (毗邻乡镇联防联治). For a role
 * the roster goes before the names in the grid, as it stands at the time of the step. Where it knows the role and
 * nobody is on duty there is a gap: it is said, the name in the grid is told all the same, and the next role is
 * told at the time of the one that is empty, so that nothing waits for somebody who is not there. Where
 * the position touches no area at all, the nearest of each level are told.
 *
 * Quiet hours: below P1, who is not on duty by the roster is told when they end.
 *
 * This is the plan. Delivery, acknowledgement and the record of both are the relay's.
 *
 * Thread-safety: pure functions of what they are given.
 */
#ifndef LH_ALARM_ROUTE_H
#define LH_ALARM_ROUTE_H

#include "fuse/priority.h"
#include "locate/roster.h"

#define LH_ROUTE_TEXT 320
#define LH_ROUTE_TOLD_MOST 1000
#define LH_ROUTE_GAPS_MOST 200

/* What is asked. All lent. */
struct lh_route_question {
    const struct lh_grid *grid;
    const struct lh_roster *roster; /* NULL: none */
    const struct lh_responsibility_config *config;
    int utc_offset_min; /* of the site's clock */
    struct lh_position position;
    int64_t utc_us; /* when the alarm is raised */
    enum lh_priority priority;
    int danger_level; /* 0: not known */
    bool banned;
};

/* One person or desk. */
struct lh_told {
    char who[LH_GRID_TEXT];
    char phone[LH_ROSTER_TEXT]; /* "": within who, or not known */
    enum lh_role role;
    bool neighbour;
    bool on_duty; /* by the roster; else named in the grid */
    bool waits;   /* for the end of the quiet hours */
    size_t area;  /* of the grid; the first where they hold several */
    double after_min;
    int64_t utc_us; /* unless somebody acknowledges before */
    char why[LH_ROUTE_TEXT];
};

struct lh_route {
    struct lh_grid_touch *touches; /* owned */
    size_t touch_count;
    bool outside;         /* no area is touched: they are the nearest, with share 0 */
    struct lh_told *told; /* owned; by time, then from the ranger up */
    size_t told_count;
    size_t told_left_out;        /* beyond LH_ROUTE_TOLD_MOST */
    char (*gaps)[LH_ROUTE_TEXT]; /* owned; what is missing, and what to do, in words */
    size_t gap_count;
};

/* LH_EINVAL: the position is none; LH_ENOMEM. */
int lh_route_plan(const struct lh_route_question *question, struct lh_route *ret_route);
/* Leaves it empty. */
void lh_route_finish(struct lh_route *route);

/* The rules that hold where the site gives none. */
const struct lh_escalation_rule *lh_route_default_rules(size_t *ret_count);

#endif
