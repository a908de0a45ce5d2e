#include "fuse/heat_rule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REACH 1.5
#define REACH_MOST_M 3000.0
#define DAY_US (86400 * LH_SECOND_US)

double lh_heat_reach_m(double size_a_m, double size_b_m)
{
    return fmin(REACH * fmax(size_a_m, size_b_m), REACH_MOST_M);
}

int lh_heat_look_order(const void *a, const void *b)
{
    const struct lh_heat_look *left = *(const struct lh_heat_look *const *)a;
    const struct lh_heat_look *right = *(const struct lh_heat_look *const *)b;
    if (left->acquired_us != right->acquired_us)
        return left->acquired_us < right->acquired_us ? -1 : 1;
    const int order = strcmp(left->satellite, right->satellite);
    if (order != 0)
        return order;
    if (left->at.latitude_deg != right->at.latitude_deg)
        return left->at.latitude_deg < right->at.latitude_deg ? -1 : 1;
    return (left->at.longitude_deg > right->at.longitude_deg) -
           (left->at.longitude_deg < right->at.longitude_deg);
}

static int by_value(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Nearest rank of sorted values. */
static double quantile(const double *sorted, size_t count, double share)
{
    if (count == 0)
        return NAN;
    const size_t rank = (size_t)ceil(share * (double)count);
    return sorted[rank > 0 ? rank - 1 : 0];
}

/* Rows of one overpass: same satellite, same minute. */
static size_t look_end(const struct lh_heat_look *const *rows, size_t count, size_t begin)
{
    size_t end = begin + 1;
    while (end < count && rows[end]->acquired_us == rows[begin]->acquired_us &&
           strcmp(rows[end]->satellite, rows[begin]->satellite) == 0)
        end++;
    return end;
}

/* Neighbouring VIIRS pixels share a power: equal ones count once. */
static double look_power(const struct lh_heat_look *const *rows, size_t begin, size_t end)
{
    double sum = 0;
    bool said = false;
    for (size_t i = begin; i < end; i++) {
        bool again = !isfinite(rows[i]->frp_mw);
        for (size_t j = begin; j < i && !again; j++)
            again = rows[j]->frp_mw == rows[i]->frp_mw;
        if (again)
            continue;
        sum += rows[i]->frp_mw;
        said = true;
    }
    return said ? sum : NAN;
}

static void find_centre(const struct lh_heat_look *const *rows, size_t count,
                        struct lh_heat_evidence *evidence)
{
    const struct lh_plane plane = {rows[0]->at};
    struct lh_offset mean = {0, 0};
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        const struct lh_offset at = lh_plane_offset(&plane, rows[i]->at);
        mean.east_m += at.east_m / (double)count;
        mean.north_m += at.north_m / (double)count;
        squares += (at.east_m * at.east_m + at.north_m * at.north_m) / (double)count;
    }
    evidence->centre = lh_plane_geo(&plane, mean);
    evidence->spread_m =
        sqrt(fmax(0, squares - mean.east_m * mean.east_m - mean.north_m * mean.north_m));
}

int lh_heat_sum(const struct lh_heat_look *const *rows, size_t count,
                struct lh_heat_evidence *ret_evidence)
{
    double *powers = malloc((count + 1) * sizeof *powers);
    if (!powers)
        return LH_ENOMEM;
    struct lh_heat_evidence evidence = {
        .rows = count,
        .first_us = rows[0]->acquired_us,
        .last_us = rows[count - 1]->acquired_us,
    };
    size_t known = 0;
    int64_t day = INT64_MIN;
    for (size_t begin = 0, end; begin < count; begin = end) {
        double area_km2 = 0;
        end = look_end(rows, count, begin);
        for (size_t i = begin; i < end; i++)
            area_km2 += rows[i]->size_m * rows[i]->size_m / 1e6;
        const double power = look_power(rows, begin, end);
        if (isfinite(power))
            powers[known++] = power;
        evidence.area_most_km2 = fmax(evidence.area_most_km2, area_km2);
        evidence.looks++;
        evidence.nights += rows[begin]->night;
        evidence.dates += rows[begin]->acquired_us / DAY_US != day;
        day = rows[begin]->acquired_us / DAY_US;
    }
    qsort(powers, known, sizeof *powers, by_value);
    evidence.frp_median_mw = quantile(powers, known, 0.5);
    evidence.frp_p90_mw = quantile(powers, known, 0.9);
    evidence.frp_p99_mw = quantile(powers, known, 0.99);
    free(powers);
    find_centre(rows, count, &evidence);
    *ret_evidence = evidence;
    return LH_OK;
}

bool lh_heat_is_standing(const struct lh_heat_evidence *evidence,
                         const struct lh_heat_config *config, int64_t now_us)
{
    const double span_days = (double)(evidence->last_us - evidence->first_us) / (double)DAY_US;
    const double age_days = (double)(now_us - evidence->last_us) / (double)DAY_US;
    return evidence->dates >= (size_t)config->min_dates && span_days >= config->min_span_days &&
           age_days <= config->expiry_days &&
           (config->min_night_fraction == 0 ||
            (double)evidence->nights > config->min_night_fraction * (double)evidence->looks);
}
