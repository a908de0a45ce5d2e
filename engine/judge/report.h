/* A judgement in words and in JSON.
 *
 * The text has one line a clip, then the figures by visibility, `faint` apart, then what to know about
 * them. The JSON is one object on one line (judgement.schema.json); it holds nothing that depends on the
 * machine, so that the same footage and settings give the same bytes.
 *
 * Thread-safety: pure functions of their arguments.
 */
#ifndef LH_JUDGE_REPORT_H
#define LH_JUDGE_REPORT_H

#include "judge/judge.h"

#include <jansson.h>
#include <stdio.h>

/* All lent. */
struct lh_report {
    const struct lh_case *cases;
    const struct lh_charge *charges;
    size_t charge_count;
    const struct lh_judgement *judgement;
    const char *const
        *not_given; /* files that the labels name and that were not among the footage */
    size_t not_given_count;
    const char *const *unlabelled; /* clips without a label, which do not count */
    size_t unlabelled_count;
    const char *sheet; /* where to look; NULL: no sheet is written */
};

/* LH_EIO when out cannot be written. */
int lh_report_text(const struct lh_report *report, FILE *out);
/* Without a line break. Caller frees. LH_ENOMEM. */
int lh_report_json(const struct lh_report *report, char **ret_json);

/* One group of figures, as the judgement writes them; NULL where memory is short. */
json_t *lh_figures_json(const struct lh_figures *figures);

/* "3 min 20 s", "40 s", "2 h 05 min"; "-" for NaN. Returns text. */
#define LH_DURATION_TEXT 32
const char *lh_duration_text(double seconds, char text[LH_DURATION_TEXT]);

#endif
