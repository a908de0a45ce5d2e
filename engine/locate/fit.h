/* Room-internal: nonlinear least squares of a few numbers (Levenberg 1944, Marquardt 1963), with the
 * derivatives taken by differences.
 */
#ifndef LH_LOCATE_FIT_H
#define LH_LOCATE_FIT_H

#include <stdbool.h>
#include <stddef.h>

#define LH_FIT_NUMBERS 6

/* Fills count residuals for the numbers; false where the numbers mean nothing (that step is not taken). */
typedef bool (*lh_fit_fn)(const void *context, const double *numbers, double *residuals);

struct lh_fit {
    lh_fit_fn residuals;
    const void *context;
    size_t count; /* of residuals */
    size_t number_count;
    double steps[LH_FIT_NUMBERS]; /* for the differences; about what moves a residual by a little */
};

/* Of the numbers, in unit variance of the residuals. */
struct lh_fit_result {
    double sum; /* of squared residuals */
    double variance[LH_FIT_NUMBERS];
};

/* From numbers, which it improves. LH_ENOMEM; LH_EINVAL where the first numbers mean nothing; LH_ERANGE
 * where the residuals do not determine the numbers. */
int lh_fit_solve(const struct lh_fit *fit, double *numbers, struct lh_fit_result *ret_result);

#endif
