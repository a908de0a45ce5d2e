/* Who is on duty where, by date, weekday and time of day.
 *
 * YAML (JSON is YAML too):
 *
 *   duty:
 *     - {area: "141122", role: desk, name: Duty desk, phone: 0358-3522119}          always
 *     - {area: "141122104", role: officer, name: Li Si, phone: "13903580002", days: [mon, tue, wed, thu, fri],
 *        hours: "08:00-18:00"}
 *     - {area: "141122104", role: officer, name: Wang Wu, phone: "13903580003", hours: "18:00-08:00",
 *        from: 2026-11-01, to: 2026-11-30}
 *
 * `area` is an administrative code and means all areas whose code begins with it. Roles: ranger, cadre, officer,
 * desk. Days and hours are those of the site's clock; hours that pass midnight belong to the day on which they
 * begin. Several may be on duty at once.
 *
 * Thread-safety: immutable after loading; any thread may read.
 */
#ifndef LH_LOCATE_ROSTER_H
#define LH_LOCATE_ROSTER_H

#include "base/site.h"
#include "locate/grid.h"

#define LH_ROSTER_LINES_MOST 20000
#define LH_ROSTER_TEXT 128

/* One line of the roster. */
struct lh_duty {
    char area[33];
    enum lh_role role;
    char name[LH_ROSTER_TEXT];
    char phone[LH_ROSTER_TEXT]; /* "": none */
    int from_day;               /* days since 1970-01-01; the first and the last */
    int to_day;
    unsigned weekdays; /* bit set from Monday */
    int from_min;      /* of the day; from_min >= to_min passes midnight */
    int to_min;
    struct lh_place place; /* in the file */
};

struct lh_roster;

/* utc_offset_min is that of the site's clock: 480 in China. All mistakes are findings, and then there is no
 * roster: LH_ECONFIG. LH_ENOTFOUND, LH_EIO, LH_ELIMIT for the file itself, and LH_ENOMEM: a finding says so too. */
int lh_roster_load(const char *path, int utc_offset_min, struct lh_findings *findings,
                   struct lh_roster **ret_roster);
int lh_roster_parse(const char *text, size_t length, int utc_offset_min,
                    struct lh_findings *findings, struct lh_roster **ret_roster);
/* Accepts &NULL; leaves NULL. */
void lh_roster_destroy(struct lh_roster **roster);

size_t lh_roster_count(const struct lh_roster *roster);
const struct lh_duty *lh_roster_duty(const struct lh_roster *roster, size_t index);

/* Those who hold a role for the area of that code at a time: the lines whose area is the longest that the code
 * begins with, of those that are on duty then. known is true where the roster speaks of that role there at any
 * time: nobody then, and known, is a gap. Indices into the roster, at most room of them; returns how many. */
size_t lh_roster_on_duty(const struct lh_roster *roster, const char *code, enum lh_role role,
                         int64_t utc_us, size_t *ret_duties, size_t room, bool *ret_known);

/* The site's clock: "2026-11-24 22:15 Tue". */
#define LH_LOCAL_TEXT 32
const char *lh_local_time_format(int64_t utc_us, int utc_offset_min, char text[LH_LOCAL_TEXT]);
/* Minutes since the local midnight. */
int lh_local_minute(int64_t utc_us, int utc_offset_min);
/* Whether a minute of the day lies in the hours, which may pass midnight. */
bool lh_hours_contain(int from_min, int to_min, int minute);

#endif
