#include "locate/fit.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 60
#define DAMPING_MOST 1e12
#define SETTLED 1e-10 /* relative improvement that is not worth another round */

struct work {
    const struct lh_fit *fit;
    double *now;      /* residuals at the numbers */
    double *moved;    /* at others */
    double *jacobian; /* count rows of number_count */
    double normal[LH_FIT_NUMBERS][LH_FIT_NUMBERS];
    double gradient[LH_FIT_NUMBERS];
};

static double sum_of_squares(const double *values, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += values[i] * values[i];
    return isfinite(sum) ? sum : INFINITY;
}

/* Gauss-Jordan with pivots: matrix becomes its inverse. False: singular. */
static bool invert(double matrix[LH_FIT_NUMBERS][LH_FIT_NUMBERS], size_t n)
{
    double wide[LH_FIT_NUMBERS][2 * LH_FIT_NUMBERS] = {{0}};
    for (size_t i = 0; i < n; i++) {
        memcpy(wide[i], matrix[i], n * sizeof(double));
        wide[i][n + i] = 1.0;
    }
    for (size_t c = 0; c < n; c++) {
        size_t pivot = c;
        for (size_t r = c + 1; r < n; r++)
            pivot = fabs(wide[r][c]) > fabs(wide[pivot][c]) ? r : pivot;
        if (!(fabs(wide[pivot][c]) > 1e-14))
            return false;
        for (size_t k = 0; k < 2 * n; k++) {
            const double kept = wide[c][k];
            wide[c][k] = wide[pivot][k];
            wide[pivot][k] = kept;
        }
        for (size_t r = 0; r < n; r++) {
            const double share = wide[r][c] / wide[c][c];
            for (size_t k = 0; r != c && k < 2 * n; k++)
                wide[r][k] -= share * wide[c][k];
        }
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            matrix[i][k] = wide[i][n + k] / wide[i][i];
    return true;
}

static bool derive(struct work *work, const double *numbers)
{
    const struct lh_fit *fit = work->fit;
    const size_t n = fit->number_count;
    for (size_t p = 0; p < n; p++) {
        double other[LH_FIT_NUMBERS] = {0};
        memcpy(other, numbers, n * sizeof(double));
        other[p] += fit->steps[p];
        if (!fit->residuals(fit->context, other, work->moved))
            return false;
        for (size_t i = 0; i < fit->count; i++)
            work->jacobian[i * n + p] = (work->moved[i] - work->now[i]) / fit->steps[p];
    }
    for (size_t p = 0; p < n; p++) {
        work->gradient[p] = 0.0;
        for (size_t i = 0; i < fit->count; i++)
            work->gradient[p] -= work->jacobian[i * n + p] * work->now[i];
        for (size_t q = 0; q < n; q++) {
            work->normal[p][q] = 0.0;
            for (size_t i = 0; i < fit->count; i++)
                work->normal[p][q] += work->jacobian[i * n + p] * work->jacobian[i * n + q];
        }
    }
    return true;
}

/* Scaled by the diagonal, so that numbers of any size are alike. False: not determined. */
static bool scaled_inverse(const struct work *work, double damping,
                           double inverse[LH_FIT_NUMBERS][LH_FIT_NUMBERS])
{
    const size_t n = work->fit->number_count;
    double scale[LH_FIT_NUMBERS];
    for (size_t p = 0; p < n; p++) {
        if (!(work->normal[p][p] > 0.0) || !isfinite(work->normal[p][p]))
            return false;
        scale[p] = sqrt(work->normal[p][p]);
    }
    for (size_t p = 0; p < n; p++)
        for (size_t q = 0; q < n; q++)
            inverse[p][q] = work->normal[p][q] / scale[p] / scale[q] + (p == q ? damping : 0.0);
    if (!invert(inverse, n))
        return false;
    for (size_t p = 0; p < n; p++)
        for (size_t q = 0; q < n; q++)
            inverse[p][q] /= scale[p] * scale[q];
    return true;
}

/* Tries growing damping until a step improves; false: none does. */
static bool step(struct work *work, double *numbers, double *damping, double *sum)
{
    const struct lh_fit *fit = work->fit;
    const size_t n = fit->number_count;
    for (; *damping < DAMPING_MOST; *damping *= 10.0) {
        double inverse[LH_FIT_NUMBERS][LH_FIT_NUMBERS] = {{0}};
        double other[LH_FIT_NUMBERS] = {0};
        if (!scaled_inverse(work, *damping, inverse))
            continue;
        for (size_t p = 0; p < n; p++) {
            other[p] = numbers[p];
            for (size_t q = 0; q < n; q++)
                other[p] += inverse[p][q] * work->gradient[q];
        }
        if (!fit->residuals(fit->context, other, work->moved))
            continue;
        const double moved_sum = sum_of_squares(work->moved, fit->count);
        if (!(moved_sum < *sum))
            continue;
        memcpy(numbers, other, n * sizeof(double));
        memcpy(work->now, work->moved, fit->count * sizeof(double));
        *sum = moved_sum;
        *damping = fmax(*damping / 30.0, 1e-9);
        return true;
    }
    return false;
}

static int iterate(struct work *work, double *numbers, struct lh_fit_result *ret_result)
{
    const struct lh_fit *fit = work->fit;
    double inverse[LH_FIT_NUMBERS][LH_FIT_NUMBERS] = {{0}};
    double damping = 1e-3;
    if (!fit->residuals(fit->context, numbers, work->now))
        return LH_EINVAL;
    double sum = sum_of_squares(work->now, fit->count);
    for (int round = 0; round < ROUNDS; round++) {
        const double before = sum;
        if (!derive(work, numbers))
            return LH_ERANGE;
        if (!step(work, numbers, &damping, &sum) || before - sum <= SETTLED * before)
            break;
    }
    if (!isfinite(sum) || !derive(work, numbers) || !scaled_inverse(work, 0.0, inverse))
        return LH_ERANGE;
    ret_result->sum = sum;
    for (size_t p = 0; p < fit->number_count; p++)
        ret_result->variance[p] = inverse[p][p];
    return LH_OK;
}

int lh_fit_solve(const struct lh_fit *fit, double *numbers, struct lh_fit_result *ret_result)
{
    if (fit->count == 0 || fit->number_count == 0 || fit->number_count > LH_FIT_NUMBERS)
        return LH_EINVAL;
    double tried[LH_FIT_NUMBERS] = {0};
    memcpy(tried, numbers, fit->number_count * sizeof(double));
    struct work work = {
        .fit = fit,
        .now = malloc(fit->count * sizeof(double)),
        .moved = malloc(fit->count * sizeof(double)),
        .jacobian = malloc(fit->count * fit->number_count * sizeof(double)),
    };
    int code = LH_ENOMEM;
    if (work.now && work.moved && work.jacobian)
        code = iterate(&work, tried, ret_result);
    if (code == LH_OK)
        memcpy(numbers, tried, fit->number_count * sizeof(double));
    free(work.now);
    free(work.moved);
    free(work.jacobian);
    return code;
}
