/* The one way time enters the program.
 *
 * Every component that asks for the time is handed a clock. The system clock is
 * the machine's; a replay clock stands still until replay sets it, so that the
 * same footage gives the same alarms at any speed (DESIGN.md, 4).
 *
 * Units: microseconds in int64_t, everywhere. UTC counts from 1970-01-01 without
 * leap seconds; monotonic time counts from an arbitrary point and never jumps.
 * Time-outs and deadlines use monotonic time only.
 */
#ifndef LH_BASE_CLOCK_H
#define LH_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define LH_SECOND_US INT64_C(1000000)
#define LH_NO_TIME INT64_MIN /* "this time is not known" */

/* Thread-safety: safe. */
struct lh_clock;

/* The machine's clock. Lent for ever, never destroyed. */
const struct lh_clock *lh_clock_system(void);

/* A clock that stands at utc_us until it is set. Its monotonic time is its UTC time. */
int lh_clock_replay_create(int64_t utc_us, struct lh_clock **ret_clock);
void lh_clock_replay_set(struct lh_clock *clock, int64_t utc_us);
/* Accepts &NULL; leaves NULL. */
void lh_clock_replay_destroy(struct lh_clock **clock);

int64_t lh_clock_monotonic_us(const struct lh_clock *clock);
int64_t lh_clock_utc_us(const struct lh_clock *clock);

/* Room for "2026-11-23T23:48:10.123456Z" and the final zero. */
#define LH_TIME_TEXT 32

/* Writes utc_us as ISO 8601 in UTC with milliseconds ("2026-11-23T23:48:10.123Z") and returns text.
 * LH_NO_TIME, and years outside 0001..9999, become "unknown". */
const char *lh_time_format(int64_t utc_us, char text[LH_TIME_TEXT]);

/* Reads "YYYY-MM-DDThh:mm:ss[.fraction](Z|+hh:mm|-hh:mm)". LH_EFORMAT for anything else. */
int lh_time_parse(const char *text, int64_t *ret_utc_us);

#endif
