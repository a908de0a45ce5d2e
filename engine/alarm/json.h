/* JSON values the way Linhuo's messages write them.
 *
 * All return NULL where memory is short; json_object_set_new takes that for a failure, so a caller adds
 * up the results and looks once.
 *
 * Thread-safety: safe.
 */
#ifndef LH_ALARM_JSON_H
#define LH_ALARM_JSON_H

#include "detect/detection.h"
#include "locate/position.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* A string; bytes that are not UTF-8 become U+FFFD each. */
json_t *lh_json_text(const char *text);
/* Rounded to four decimals; 0 for what is not a finite number. */
json_t *lh_json_number(double value);
json_t *lh_json_count(uint64_t value);
/* ISO 8601 in UTC with milliseconds; null where lh_time_format says "unknown". */
json_t *lh_json_time(int64_t utc_us);

/* What the verifier said, in words; null where it was not asked. */
json_t *lh_json_opinion(const struct lh_opinion *opinion);
/* The counts by their reasons' names, LH_HELD_NOT left out. */
json_t *lh_json_holds(const uint64_t counts[LH_HOLDS]);
/* Degrees of a place, rounded to the sixth decimal (0.1 m). */
json_t *lh_json_degrees(double degrees);
/* With its error: semi-axes and half widths are those of the 95 % region, in metres and degrees. null where
 * there is none. */
json_t *lh_json_position(const struct lh_position *position);

/* The flags of every json_dump. */
#define LH_JSON_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(12))

/* Writes root, which is taken over (it may be NULL), as one line. LH_ENOMEM. Caller frees ret_text. */
int lh_json_finish(json_t *root, char **ret_text);

#endif
