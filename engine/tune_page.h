/* What tuning found, for people and for machines: the table on the terminal, the HTML report, the settings
 * to put into a site file, and JSON.
 *
 * The report is one file that loads nothing: its plots are SVG, their points say their settings under the
 * pointer.
 *
 * Thread-safety: pure functions of their arguments.
 */
#ifndef LH_TUNE_PAGE_H
#define LH_TUNE_PAGE_H

#include "tuning.h"

#include <stdio.h>

/* All lent. */
struct lh_tune_result {
    const struct lh_tuning *tuning;
    const struct lh_sweep *sweep;
    const struct lh_site *site; /* as written */
    const struct lh_judgement *chosen;
    const struct lh_judgement *held_out;
};

/* All LH_EIO where out cannot be written. */
int lh_tune_table(const struct lh_tune_result *result, FILE *out);
int lh_tune_html(const struct lh_tune_result *result, FILE *out);
int lh_tune_fragment(const struct lh_tune_result *result, FILE *out);
/* One line without its break. Caller frees. LH_ENOMEM. */
int lh_tune_json(const struct lh_tune_result *result, char **ret_json);

#endif
