#include "locate/roster.h"

#include "base/clock.h"
#include "base/text_file.h"
#include "base/yaml_tree.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_US (60 * LH_SECOND_US)
#define DAY_MIN (24 * 60)
#define DAY_US (86400 * LH_SECOND_US)
#define ROSTER_BYTES_MOST ((size_t)4 << 20)
#define ALL_WEEKDAYS 0x7fU

struct lh_roster {
    int utc_offset_min;
    struct lh_duty *duties;
    size_t count;
    size_t room;
};

struct reading {
    struct lh_roster *roster;
    struct lh_findings *findings;
};

static const char *const weekday_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* ---- the site's clock ---- */

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static int64_t local_of(int64_t utc_us, int utc_offset_min)
{
    const int64_t offset_us = utc_offset_min * MINUTE_US;
    return utc_us < INT64_MIN / 2 || utc_us > INT64_MAX / 2 ? 0 : utc_us + offset_us;
}

static int local_day(int64_t utc_us, int utc_offset_min)
{
    return (int)floor_div(local_of(utc_us, utc_offset_min), DAY_US);
}

int lh_local_minute(int64_t utc_us, int utc_offset_min)
{
    const int64_t local_us = local_of(utc_us, utc_offset_min);
    return (int)((local_us - floor_div(local_us, DAY_US) * DAY_US) / MINUTE_US);
}

/* 1970-01-01 was a Thursday. */
static unsigned weekday_of(int day)
{
    return (unsigned)((day % 7 + 7 + 3) % 7);
}

const char *lh_local_time_format(int64_t utc_us, int utc_offset_min, char text[LH_LOCAL_TEXT])
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    char iso[LH_TIME_TEXT];
    (void)lh_time_format(local_of(utc_us, utc_offset_min), iso);
    (void)snprintf(text, LH_LOCAL_TEXT, "%.10s %.5s %s", iso, iso + 11,
                   names[weekday_of(local_day(utc_us, utc_offset_min))]);
    return text;
}

static bool read_clock(const char *text, int *ret_minute)
{
    for (int i = 0; i < 5; i++)
        if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9')
            return false;
    const int hour = (text[0] - '0') * 10 + text[1] - '0';
    const int minute = (text[3] - '0') * 10 + text[4] - '0';
    *ret_minute = hour * 60 + minute;
    return minute < 60 && *ret_minute <= DAY_MIN;
}

/* "08:00-18:00"; both alike is a mistake. */
static bool read_hours(const char *text, int *ret_from_min, int *ret_to_min)
{
    int from_min;
    int to_min;
    if (strlen(text) != 11 || text[5] != '-' || !read_clock(text, &from_min) ||
        !read_clock(text + 6, &to_min) || from_min == to_min || from_min == DAY_MIN)
        return false;
    *ret_from_min = from_min;
    *ret_to_min = to_min;
    return true;
}

bool lh_hours_contain(int from_min, int to_min, int minute)
{
    return from_min < to_min ? minute >= from_min && minute < to_min
                             : minute >= from_min || minute < to_min;
}

/* ---- a line ---- */

static void find(const struct reading *reading, const struct lh_yaml_node *node, const char *what)
{
    lh_findings_add(reading->findings, node->place, "%s", what);
}

static const char *text_of(const struct lh_yaml_node *map, const char *key)
{
    const struct lh_yaml_node *node = lh_yaml_get(map, key);
    return node && node->kind == LH_YAML_SCALAR ? node->text : "";
}

static bool read_day(const char *text, int *ret_day)
{
    char whole[LH_TIME_TEXT];
    int64_t utc_us;
    if (strlen(text) != 10)
        return false;
    (void)snprintf(whole, sizeof whole, "%sT00:00:00Z", text);
    if (lh_time_parse(whole, &utc_us) != LH_OK)
        return false;
    *ret_day = (int)floor_div(utc_us, DAY_US);
    return true;
}

static void read_days(const struct reading *reading, const struct lh_yaml_node *node,
                      struct lh_duty *duty)
{
    const char *from = text_of(node, "from");
    const char *to = text_of(node, "to");
    if ((from[0] && !read_day(from, &duty->from_day)) || (to[0] && !read_day(to, &duty->to_day)))
        find(reading, node, "'from' and 'to' are days such as 2026-11-24");
    else if (duty->from_day > duty->to_day)
        find(reading, node, "'to' comes before 'from'");
}

static void read_weekdays(const struct reading *reading, const struct lh_yaml_node *node,
                          struct lh_duty *duty)
{
    const struct lh_yaml_node *days = lh_yaml_get(node, "days");
    if (!days || lh_yaml_is_null(days))
        return;
    duty->weekdays = 0;
    bool right = days->kind == LH_YAML_LIST && days->count > 0;
    for (const struct lh_yaml_node *day = days->first; right && day; day = day->next) {
        size_t i = 0;
        while (i < 7 && (day->kind != LH_YAML_SCALAR || strcmp(day->text, weekday_names[i]) != 0))
            i++;
        right = i < 7;
        duty->weekdays |= right ? 1U << i : 0;
    }
    if (!right)
        find(reading, days, "'days' is a list of mon, tue, wed, thu, fri, sat, sun");
}

static void read_role(const struct reading *reading, const struct lh_yaml_node *node,
                      struct lh_duty *duty)
{
    const char *text = text_of(node, "role");
    for (unsigned i = 0; i < LH_ROLES; i++) {
        if (strcmp(text, lh_role_name((enum lh_role)i)) == 0) {
            duty->role = (enum lh_role)i;
            return;
        }
    }
    find(reading, node, "'role' must be ranger, cadre, officer or desk");
}

static void check_keys(const struct reading *reading, const struct lh_yaml_node *node)
{
    static const char *const known[] = {"area", "role", "name", "phone",
                                        "from", "to",   "days", "hours"};
    const size_t count = sizeof known / sizeof known[0];
    for (const struct lh_yaml_node *child = node->first; child; child = child->next) {
        bool found = false;
        for (size_t i = 0; i < count && !found; i++)
            found = strcmp(child->key, known[i]) == 0;
        if (found)
            continue;
        const char *nearest = lh_nearest_name(child->key, known, count);
        lh_findings_add(reading->findings, child->key_place, "'%.64s' is no key here%s%s%s",
                        child->key, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                        nearest ? "'?" : "");
    }
}

static void take_text(const struct reading *reading, const struct lh_yaml_node *node,
                      const char *key, bool needed, char *text, size_t size)
{
    const char *given = text_of(node, key);
    if (strlen(given) >= size)
        lh_findings_add(reading->findings, node->place, "'%s' is longer than %zu bytes", key,
                        size - 1);
    else if (!given[0] && needed)
        lh_findings_add(reading->findings, node->place, "'%s' is missing", key);
    else
        (void)snprintf(text, size, "%s", given);
}

static int append(struct lh_roster *roster, const struct lh_duty *duty)
{
    if (roster->count == roster->room) {
        const size_t room = roster->room * 2 + 16;
        struct lh_duty *duties = reallocarray(roster->duties, room, sizeof *duties);
        if (!duties)
            return LH_ENOMEM;
        roster->duties = duties;
        roster->room = room;
    }
    roster->duties[roster->count++] = *duty;
    return LH_OK;
}

static int read_duty(const struct reading *reading, const struct lh_yaml_node *node)
{
    struct lh_duty duty = {.from_day = INT_MIN,
                           .to_day = INT_MAX,
                           .weekdays = ALL_WEEKDAYS,
                           .to_min = DAY_MIN,
                           .place = node->place};
    const char *hours;
    if (node->kind != LH_YAML_MAP) {
        if (node->kind != LH_YAML_BROKEN)
            find(reading, node, "a line is a mapping with 'area', 'role' and 'name'");
        return LH_OK;
    }
    check_keys(reading, node);
    take_text(reading, node, "area", true, duty.area, sizeof duty.area);
    take_text(reading, node, "name", true, duty.name, sizeof duty.name);
    take_text(reading, node, "phone", false, duty.phone, sizeof duty.phone);
    read_role(reading, node, &duty);
    read_days(reading, node, &duty);
    read_weekdays(reading, node, &duty);
    hours = text_of(node, "hours");
    if (hours[0] && !read_hours(hours, &duty.from_min, &duty.to_min))
        find(reading, node,
             "'hours' are such as \"08:00-18:00\" or \"18:00-08:00\"; leave them out "
             "for the whole day");
    return append(reading->roster, &duty);
}

/* ---- the file ---- */

static int read_tree(const struct reading *reading, const struct lh_yaml_node *root)
{
    const struct lh_yaml_node *list =
        root && root->kind == LH_YAML_MAP ? lh_yaml_get(root, "duty") : NULL;
    if (!list || list->kind != LH_YAML_LIST) {
        lh_findings_add(reading->findings, root ? root->place : (struct lh_place){1, 1},
                        "a roster is a list under 'duty'");
        return LH_OK;
    }
    for (const struct lh_yaml_node *child = root->first; child; child = child->next)
        if (child != list)
            lh_findings_add(reading->findings, child->key_place,
                            "'%.64s' is no key here; a roster has 'duty' only", child->key);
    if (list->count > LH_ROSTER_LINES_MOST) {
        lh_findings_add(reading->findings, list->place, "a roster has at most %d lines",
                        LH_ROSTER_LINES_MOST);
        return LH_OK;
    }
    int code = LH_OK;
    for (const struct lh_yaml_node *node = list->first; node && code == LH_OK; node = node->next)
        code = read_duty(reading, node);
    return code;
}

int lh_roster_parse(const char *text, size_t length, int utc_offset_min,
                    struct lh_findings *findings, struct lh_roster **ret_roster)
{
    const size_t found = findings->count + findings->cut;
    struct lh_roster *roster = calloc(1, sizeof *roster);
    const struct reading reading = {roster, findings};
    struct lh_yaml_tree *tree = NULL;
    if (!roster)
        return LH_ENOMEM;
    roster->utc_offset_min = utc_offset_min;
    int code = lh_yaml_parse(text, length, findings, &tree);
    if (code == LH_OK)
        code = read_tree(&reading, lh_yaml_root(tree));
    lh_yaml_destroy(&tree);
    if (code == LH_OK && findings->count + findings->cut > found)
        code = LH_ECONFIG;
    if (code == LH_OK)
        *ret_roster = roster;
    else
        lh_roster_destroy(&roster);
    lh_findings_sort(findings);
    return code;
}

int lh_roster_load(const char *path, int utc_offset_min, struct lh_findings *findings,
                   struct lh_roster **ret_roster)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    struct lh_fault fault = {0};
    int code = lh_text_file_read(path, ROSTER_BYTES_MOST, &fault, &bytes, &size);
    if (code != LH_OK)
        lh_findings_add(findings, (struct lh_place){0, 0}, "%s", fault.text);
    else
        code = lh_roster_parse((const char *)bytes, size, utc_offset_min, findings, ret_roster);
    free(bytes);
    return code;
}

void lh_roster_destroy(struct lh_roster **roster)
{
    if (!*roster)
        return;
    free((*roster)->duties);
    free(*roster);
    *roster = NULL;
}

size_t lh_roster_count(const struct lh_roster *roster)
{
    return roster->count;
}

const struct lh_duty *lh_roster_duty(const struct lh_roster *roster, size_t index)
{
    return &roster->duties[index];
}

/* ---- asked ---- */

static bool is_day(const struct lh_duty *duty, int day)
{
    return day >= duty->from_day && day <= duty->to_day &&
           (duty->weekdays & 1U << weekday_of(day)) != 0;
}

static bool is_on(const struct lh_duty *duty, int day, int minute)
{
    if (duty->from_min < duty->to_min)
        return minute >= duty->from_min && minute < duty->to_min && is_day(duty, day);
    return (minute >= duty->from_min && is_day(duty, day)) ||
           (minute < duty->to_min && is_day(duty, day - 1));
}

size_t lh_roster_on_duty(const struct lh_roster *roster, const char *code, enum lh_role role,
                         int64_t utc_us, size_t *ret_duties, size_t room, bool *ret_known)
{
    const int day = local_day(utc_us, roster->utc_offset_min);
    const int minute = lh_local_minute(utc_us, roster->utc_offset_min);
    size_t longest = 0;
    size_t count = 0;
    *ret_known = false;
    for (size_t i = 0; i < roster->count; i++) {
        const struct lh_duty *duty = &roster->duties[i];
        const size_t length = strlen(duty->area);
        if (duty->role != role || strncmp(code, duty->area, length) != 0)
            continue;
        *ret_known = true;
        if (!is_on(duty, day, minute) || length < longest)
            continue;
        if (length > longest)
            count = 0;
        longest = length;
        if (count < room)
            ret_duties[count++] = i;
    }
    return count;
}
