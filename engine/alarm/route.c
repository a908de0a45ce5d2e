#include "alarm/route.h"

#include "base/clock.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_US (60 * LH_SECOND_US)
#define NEIGHBOURS LH_ROLES /* the step behind the roles, as in lh_escalation_rule.to */
#define DUTIES_MOST 16      /* at once, of one role in one area */

struct planning {
    const struct lh_route_question *question;
    struct lh_route *route;
    size_t told_room;
    double after_min[NEIGHBOURS + 1]; /* INFINITY: no rule holds */
    const char *hurried;              /* the role whose time this one got, or NULL */
    int code;
};

const struct lh_escalation_rule *lh_route_default_rules(size_t *ret_count)
{
    enum { P1, P2, P3 };
    static const struct lh_escalation_rule rules[] = {
        {.to = LH_ROLE_RANGER, .priority = P3},
        {.to = LH_ROLE_CADRE, .priority = P3, .after_min = 10},
        {.to = LH_ROLE_CADRE, .priority = P2},
        {.to = LH_ROLE_OFFICER, .priority = P3, .after_min = 20},
        {.to = LH_ROLE_OFFICER, .priority = P2, .after_min = 5},
        {.to = LH_ROLE_OFFICER, .priority = P1},
        {.to = LH_ROLE_DESK, .priority = P3, .after_min = 30},
        {.to = LH_ROLE_DESK, .priority = P2, .after_min = 10},
        {.to = LH_ROLE_DESK, .priority = P1},
        {.to = NEIGHBOURS, .priority = P2, .after_min = 15},
        {.to = NEIGHBOURS, .priority = P2, .after_min = 5, .season = LH_SEASON_BAN},
        {.to = NEIGHBOURS, .priority = P1, .after_min = 5},
        {.to = NEIGHBOURS, .priority = P1, .danger_level = 4},
    };
    *ret_count = sizeof rules / sizeof rules[0];
    return rules;
}

/* ---- when ---- */

static bool holds(const struct lh_escalation_rule *rule, const struct lh_route_question *question)
{
    const int urgency = question->priority == LH_PRIORITY_P1   ? 0
                        : question->priority == LH_PRIORITY_P2 ? 1
                                                               : 2;
    const bool season =
        rule->season == LH_SEASON_ANY || (rule->season == LH_SEASON_BAN) == question->banned;
    return urgency <= rule->priority && question->danger_level >= rule->danger_level && season;
}

static void read_rules(struct planning *planning)
{
    const struct lh_responsibility_config *config = planning->question->config;
    size_t count = config->rule_count;
    const struct lh_escalation_rule *rules = config->rules;
    if (count == 0)
        rules = lh_route_default_rules(&count);
    for (unsigned i = 0; i <= NEIGHBOURS; i++)
        planning->after_min[i] = INFINITY;
    for (size_t i = 0; i < count; i++) {
        double *after_min = &planning->after_min[rules[i].to];
        if (holds(&rules[i], planning->question))
            *after_min = fmin(*after_min, rules[i].after_min);
    }
}

static int64_t step_time(const struct planning *planning, double after_min)
{
    return planning->question->utc_us + (int64_t)llround(after_min * (double)MINUTE_US);
}

/* The time itself, or the end of the quiet hours that it lies in. */
static int64_t waking_time(const struct lh_route_question *question, int64_t utc_us)
{
    const int from_min = (int)lround(question->config->quiet_from_h * 60);
    const int to_min = (int)lround(question->config->quiet_to_h * 60);
    const int minute = lh_local_minute(utc_us, question->utc_offset_min);
    if (question->priority == LH_PRIORITY_P1 || from_min == to_min ||
        !lh_hours_contain(from_min, to_min, minute))
        return utc_us;
    const int wait_min = (to_min - minute + 24 * 60) % (24 * 60);
    return utc_us - utc_us % MINUTE_US + wait_min * MINUTE_US;
}

/* ---- words ---- */

static const char *title_of(const struct lh_grid_area *area)
{
    return area->name[0] ? area->name : area->code;
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
add_gap(struct planning *planning, const char *format, ...)
{
    struct lh_route *route = planning->route;
    char text[LH_ROUTE_TEXT];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (route->gap_count == LH_ROUTE_GAPS_MOST)
        return;
    for (size_t i = 0; i < route->gap_count; i++)
        if (strcmp(route->gaps[i], text) == 0)
            return;
    char(*gaps)[LH_ROUTE_TEXT] = reallocarray(route->gaps, route->gap_count + 1, sizeof *gaps);
    if (!gaps) {
        planning->code = LH_ENOMEM;
        return;
    }
    route->gaps = gaps;
    memcpy(gaps[route->gap_count++], text, sizeof text);
}

static void explain(const struct planning *planning, const struct lh_grid_touch *touch,
                    const struct lh_told *told, char *text)
{
    const struct lh_grid_area *area = lh_grid_area(planning->question->grid, told->area);
    char ground[LH_GRID_TEXT + 96];
    if (told->neighbour)
        (void)snprintf(ground, sizeof ground, "%s adjoins", title_of(area));
    else if (planning->route->outside)
        (void)snprintf(ground, sizeof ground, "%s is the nearest %s", title_of(area),
                       lh_grid_level_name(area->level));
    else
        (void)snprintf(ground, sizeof ground, "%s has %.*f %% of the probability", title_of(area),
                       touch->share < 0.1 ? 1 : 0, 100 * touch->share);
    (void)snprintf(text, LH_ROUTE_TEXT, "%s; %s%s%s", ground,
                   told->on_duty ? "on duty by the roster" : "named in the grid",
                   planning->hurried ? "; sooner, for there is no " : "",
                   planning->hurried ? planning->hurried : "");
}

/* ---- who ---- */

static struct lh_told *told_already(struct lh_route *route, const struct lh_told *told)
{
    for (size_t i = 0; i < route->told_count; i++)
        if (strcmp(route->told[i].who, told->who) == 0 &&
            strcmp(route->told[i].phone, told->phone) == 0)
            return &route->told[i];
    return NULL;
}

/* Nobody is told twice: the earlier time counts. */
static void tell(struct planning *planning, const struct lh_grid_touch *touch, struct lh_told *told)
{
    struct lh_route *route = planning->route;
    const int64_t utc_us = step_time(planning, told->after_min);
    told->utc_us = told->on_duty ? utc_us : waking_time(planning->question, utc_us);
    told->waits = told->utc_us != utc_us;
    explain(planning, touch, told, told->why);
    struct lh_told *before = told_already(route, told);
    if (before) {
        if (told->utc_us < before->utc_us)
            *before = *told;
        return;
    }
    if (route->told_count == LH_ROUTE_TOLD_MOST) {
        route->told_left_out++;
        return;
    }
    if (route->told_count == planning->told_room) {
        const size_t room = planning->told_room * 2 + 16;
        struct lh_told *more = reallocarray(route->told, room, sizeof *more);
        if (!more) {
            planning->code = LH_ENOMEM;
            return;
        }
        route->told = more;
        planning->told_room = room;
    }
    route->told[route->told_count++] = *told;
}

static void say_gap(struct planning *planning, const struct lh_grid_area *area, enum lh_role role,
                    int64_t utc_us)
{
    char time[LH_LOCAL_TEXT];
    add_gap(planning,
            "NOBODY ON DUTY as %s of %s (%s) at %s: add a line with area \"%s\", role %s and these "
            "hours to the roster; until then the next role is told in their place",
            lh_role_name(role), title_of(area), area->code,
            lh_local_time_format(utc_us, planning->question->utc_offset_min, time), area->code,
            lh_role_name(role));
}

/* A gap of the township is one of its cells too, and said once. */
static bool is_said(const struct planning *planning, size_t touch, enum lh_role role,
                    int64_t utc_us)
{
    const struct lh_route_question *question = planning->question;
    const char *code = lh_grid_area(question->grid, planning->route->touches[touch].area)->code;
    for (size_t i = 0; i < touch; i++) {
        const char *above = lh_grid_area(question->grid, planning->route->touches[i].area)->code;
        size_t duty;
        bool known;
        if (*above && strncmp(code, above, strlen(above)) == 0 &&
            lh_roster_on_duty(question->roster, above, role, utc_us, &duty, 1, &known) == 0 &&
            known)
            return true;
    }
    return false;
}

struct found {
    size_t count;
    bool gap; /* the roster knows the role, and nobody is on duty */
};

static struct found tell_holders(struct planning *planning, const struct lh_grid_touch *touch,
                                 size_t area, enum lh_role role, bool neighbour, double after_min)
{
    const struct lh_route_question *question = planning->question;
    const struct lh_grid_area *ground = lh_grid_area(question->grid, area);
    size_t duties[DUTIES_MOST];
    bool known = false;
    const struct lh_told base = {
        .role = role, .neighbour = neighbour, .area = area, .after_min = after_min};
    const size_t count = question->roster ? lh_roster_on_duty(question->roster, ground->code, role,
                                                              step_time(planning, after_min),
                                                              duties, DUTIES_MOST, &known)
                                          : 0;
    for (size_t i = 0; i < count; i++) {
        const struct lh_duty *duty = lh_roster_duty(question->roster, duties[i]);
        struct lh_told told = base;
        told.on_duty = true;
        (void)snprintf(told.who, sizeof told.who, "%s", duty->name);
        (void)snprintf(told.phone, sizeof told.phone, "%s", duty->phone);
        tell(planning, touch, &told);
    }
    struct found found = {count, known && count == 0};
    if (count == 0 && ground->people[role][0]) {
        struct lh_told told = base;
        (void)snprintf(told.who, sizeof told.who, "%s", ground->people[role]);
        tell(planning, touch, &told);
        found.count = 1;
    }
    return found;
}

/* True where somebody of that role is there for every area whose roster speaks of it. */
static bool tell_role(struct planning *planning, enum lh_role role, double after_min)
{
    struct lh_route *route = planning->route;
    size_t count = 0;
    bool whole = true;
    for (size_t i = 0; i < route->touch_count; i++) {
        const size_t area = route->touches[i].area;
        const struct found found =
            tell_holders(planning, &route->touches[i], area, role, false, after_min);
        count += found.count;
        whole = whole && !found.gap;
        if (found.gap && !is_said(planning, i, role, step_time(planning, after_min)))
            say_gap(planning, lh_grid_area(planning->question->grid, area), role,
                    step_time(planning, after_min));
    }
    if (count == 0 && whole)
        add_gap(
            planning,
            "no %s is named for this ground: neither in the grid's field '%s' nor in the roster",
            lh_role_name(role), lh_role_name(role));
    return whole && count > 0;
}

static void tell_roles(struct planning *planning)
{
    double hurry_min = INFINITY;
    for (unsigned i = 0; i < LH_ROLES; i++) {
        const enum lh_role role = (enum lh_role)i;
        const double own_min = planning->after_min[role];
        const double after_min = fmin(own_min, hurry_min);
        if (isinf(after_min))
            continue;
        if (!(hurry_min < own_min))
            planning->hurried = NULL;
        if (tell_role(planning, role, after_min)) {
            hurry_min = INFINITY;
            planning->hurried = NULL;
        } else {
            hurry_min = after_min;
            planning->hurried = planning->hurried ? planning->hurried : lh_role_name(role);
        }
    }
    planning->hurried = NULL;
}

/* ---- neighbours ---- */

static bool is_touched(const struct lh_route *route, size_t area)
{
    for (size_t i = 0; i < route->touch_count; i++)
        if (route->touches[i].area == area)
            return true;
    return false;
}

/* The level whose neighbours are told: townships where the grid has them, else the finest that is touched. */
static enum lh_grid_level joint_level(const struct planning *planning)
{
    const struct lh_route *route = planning->route;
    enum lh_grid_level finest = LH_GRID_COUNTY;
    for (size_t i = 0; i < route->touch_count; i++) {
        const enum lh_grid_level level =
            lh_grid_area(planning->question->grid, route->touches[i].area)->level;
        if (level == LH_GRID_TOWNSHIP)
            return level;
        finest = level > finest ? level : finest;
    }
    return finest;
}

/* A neighbour's officer; where it has none, whoever it has. */
static void tell_neighbour(struct planning *planning, const struct lh_grid_touch *touch,
                           size_t area)
{
    static const enum lh_role order[] = {LH_ROLE_OFFICER, LH_ROLE_CADRE, LH_ROLE_RANGER,
                                         LH_ROLE_DESK};
    const double after_min = planning->after_min[NEIGHBOURS];
    const struct lh_grid_area *ground = lh_grid_area(planning->question->grid, area);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const struct found found = tell_holders(planning, touch, area, order[i], true, after_min);
        if (found.gap)
            say_gap(planning, ground, order[i], step_time(planning, after_min));
        if (found.count > 0)
            return;
    }
    add_gap(planning, "nobody is named for the neighbour %s (%s)", title_of(ground), ground->code);
}

static void tell_neighbours(struct planning *planning)
{
    const struct lh_grid *grid = planning->question->grid;
    struct lh_route *route = planning->route;
    if (isinf(planning->after_min[NEIGHBOURS]) || route->outside)
        return;
    const enum lh_grid_level level = joint_level(planning);
    for (size_t i = 0; i < lh_grid_count(grid); i++) {
        for (size_t j = 0; j < route->touch_count && !is_touched(route, i); j++) {
            const struct lh_grid_touch *touch = &route->touches[j];
            if (lh_grid_area(grid, touch->area)->level == level &&
                lh_grid_is_neighbour(grid, touch->area, i)) {
                tell_neighbour(planning, touch, i);
                break;
            }
        }
    }
}

/* ---- all of it ---- */

static struct lh_geo middle_of(const struct lh_position *position)
{
    const struct lh_ellipse *best = lh_position_best(position);
    return best ? best->centre : lh_sector_ellipse(&position->sector).centre;
}

/* Ground of nobody: the nearest area of each level. */
static void find_nearest(struct planning *planning)
{
    const struct lh_route_question *question = planning->question;
    struct lh_route *route = planning->route;
    double nearest_m = INFINITY;
    free(route->touches);
    route->touches = calloc(LH_GRID_CELL + 1, sizeof *route->touches);
    if (!route->touches) {
        planning->code = LH_ENOMEM;
        return;
    }
    route->outside = true;
    for (unsigned level = 0; level <= LH_GRID_CELL; level++) {
        struct lh_grid_touch *touch = &route->touches[route->touch_count];
        double distance_m;
        if (lh_grid_nearest(question->grid, (enum lh_grid_level)level,
                            middle_of(&question->position), &touch->area, &distance_m) != LH_OK)
            continue;
        route->touch_count++;
        nearest_m = fmin(nearest_m, distance_m);
    }
    if (route->touch_count > 0)
        add_gap(planning,
                "NOBODY'S GROUND: the grid has no area there, the nearest is %.1f km off; those "
                "nearest are told. Extend the grid file if this ground is the county's",
                nearest_m / 1000);
}

static int by_time(const void *a, const void *b)
{
    const struct lh_told *one = a;
    const struct lh_told *other = b;
    if (one->utc_us != other->utc_us)
        return one->utc_us < other->utc_us ? -1 : 1;
    if (one->neighbour != other->neighbour)
        return one->neighbour ? 1 : -1;
    if (one->role != other->role)
        return one->role < other->role ? -1 : 1;
    return strcmp(one->who, other->who);
}

int lh_route_plan(const struct lh_route_question *question, struct lh_route *ret_route)
{
    struct lh_route route = {.touch_count = 0};
    struct planning planning = {.question = question, .route = &route};
    planning.code =
        lh_grid_touches(question->grid, &question->position, &route.touches, &route.touch_count);
    if (planning.code == LH_OK && route.touch_count == 0)
        find_nearest(&planning);
    if (planning.code == LH_OK) {
        read_rules(&planning);
        tell_roles(&planning);
        tell_neighbours(&planning);
        if (route.told_count == 0)
            add_gap(&planning, "NOBODY AT ALL IS TOLD: name a county duty desk in the grid's field "
                               "'desk' or in the roster (role desk), and a rule that tells it");
        else
            qsort(route.told, route.told_count, sizeof *route.told, by_time);
    }
    if (planning.code == LH_OK)
        *ret_route = route;
    else
        lh_route_finish(&route);
    return planning.code;
}

void lh_route_finish(struct lh_route *route)
{
    free(route->touches);
    free(route->told);
    free(route->gaps);
    *route = (struct lh_route){.touch_count = 0};
}
