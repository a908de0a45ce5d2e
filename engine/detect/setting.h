/* One row of a plugin's settings table and one value for it.
 *
 * The same reading serves the defaults of the table and what a site says, so that a default that a
 * site could not write is refused with the plugin.
 */
#ifndef LH_DETECT_SETTING_H
#define LH_DETECT_SETTING_H

#include "base/error.h"
#include "linhuo_detector.h"

#include <stdbool.h>
#include <stddef.h>

#define LH_SETTING_INTEGER_LIMIT 9007199254740992.0 /* 2^53 */
#define LH_SETTING_TEXT_BYTES 4096

const char *lh_setting_type_name(uint32_t type); /* "number" ...; NULL for an unknown one */

/* True for the types whose value is a text. */
bool lh_setting_is_text(uint32_t type);

/* What may be written, for people: "0 to 1", "fast|exact", "true|false"; "" where anything goes.
 * Returns text. */
const char *lh_setting_range(const struct linhuo_setting *row, char *text, size_t size);

/* Reads text as the row asks. *ret_number is the value, 0 for texts. LH_EFORMAT or LH_ERANGE with what
 * is wanted in fault ("must be a number from 0 to 1, not 'much'"). */
int lh_setting_parse(const struct linhuo_setting *row, const char *text, struct lh_fault *fault,
                     double *ret_number);

#endif
