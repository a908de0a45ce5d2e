#include "locate/horizon.h"

#include "locate/cache.h"
#include "locate/walk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_LEAST 4
#define COUNT_MOST 360000
#define SAMPLES 4 /* places looked at in a patch, beside its near edge */

/* ---- one azimuth ---- */

struct sweep {
    const struct lh_eye *eye;
    struct lh_walk walk;
    double bend;
    double range_m;
    double best; /* tangent of the elevation of the skyline so far */
    double best_m;
    double unknown_m;
};

static double tangent(const struct sweep *sweep, double height_m, double at_m)
{
    return (height_m - sweep->eye->height_m) / at_m - at_m * sweep->bend;
}

/* The most that ground of that height can reach between the two distances. */
static double tangent_bound(const struct sweep *sweep, double height_m, double from_m, double to_m)
{
    const double rise_m = height_m - sweep->eye->height_m;
    if (rise_m >= 0.0)
        return from_m > 0.0 ? tangent(sweep, height_m, from_m) : INFINITY;
    return tangent(sweep, height_m, fmin(fmax(sqrt(-rise_m / sweep->bend), from_m), to_m));
}

static void sweep_patch(struct sweep *sweep, const struct lh_walk_block *patch, double from_m,
                        double to_m)
{
    for (int i = from_m > 0.0 ? 0 : 1; i <= SAMPLES; i++) {
        const double at_m = from_m + (to_m - from_m) * i / SAMPLES;
        const double found = tangent(sweep, lh_walk_ground(&sweep->walk, patch, at_m), at_m);
        if (found > sweep->best) {
            sweep->best = found;
            sweep->best_m = at_m;
        }
    }
}

static void sweep_out(struct sweep *sweep)
{
    const struct lh_terrain *terrain = sweep->eye->terrain;
    const int top = terrain->level_count - 1;
    int level = 0;
    double at_m = 0.0;
    while (at_m < sweep->range_m) {
        struct lh_walk_block block = {.end_m = sweep->range_m};
        const bool inside = lh_walk_find(&sweep->walk, at_m, level, &block);
        const double end_m = fmin(block.end_m, sweep->range_m);
        if (inside && level > 0) {
            const double highest_m =
                terrain->levels[level].highest_m[lh_walk_at(&sweep->walk, level, &block)];
            if (tangent_bound(sweep, highest_m, at_m, end_m) > sweep->best) {
                level--;
                continue;
            }
        } else if (!inside || isnan(lh_walk_ground(&sweep->walk, &block, at_m))) {
            if (tangent_bound(sweep, terrain->highest_m, at_m, end_m) > sweep->best)
                sweep->unknown_m = fmin(sweep->unknown_m, at_m);
        } else {
            sweep_patch(sweep, &block, at_m, end_m);
        }
        at_m = end_m;
        level += block.leaves && level < top;
    }
}

struct lh_skyline lh_horizon_look(const struct lh_eye *eye, double azimuth_deg, double range_m)
{
    const double azimuth = (azimuth_deg - eye->convergence_deg) * LH_DEGREE;
    struct sweep sweep = {.eye = eye,
                          .walk = lh_walk_begin(eye->terrain, eye->at, sin(azimuth), cos(azimuth)),
                          .bend = (1.0 - LH_REFRACTION) / (2.0 * eye->terrain->radius_m),
                          .range_m = range_m,
                          .best = -INFINITY,
                          .unknown_m = INFINITY};
    sweep_out(&sweep);
    return (struct lh_skyline){.elevation_deg = (float)(atan(sweep.best) / LH_DEGREE),
                               .distance_m = (float)sweep.best_m,
                               .unknown_m = (float)sweep.unknown_m};
}

/* ---- all around ---- */

/* Everything the skyline is made of. How far the terrain reaches matters where that is less than the
 * range. */
static void make_key(const struct lh_eye *eye, const struct lh_horizon_options *options,
                     char key[LH_CACHE_KEY_BYTES])
{
    (void)snprintf(
        key, LH_CACHE_KEY_BYTES,
        "horizon 1, dem %016llx, cell %.3f, at %.7f %.7f, height %.2f, range %.0f of %.0f, "
        "azimuths %zu",
        (unsigned long long)eye->terrain->dem_identity, eye->terrain->cell_m,
        eye->place.latitude_deg, eye->place.longitude_deg, eye->height_m, options->range_m,
        lh_eye_reach_m(eye, options->range_m), options->count);
}

static int load(struct lh_horizon *horizon, const char *folder, const char *key)
{
    void *bytes;
    size_t size;
    const int error = lh_cache_load(folder, "horizon", key, &bytes, &size);
    if (error)
        return error;
    if (size != horizon->count * sizeof *horizon->skyline) {
        free(bytes);
        return LH_ENOTFOUND;
    }
    memcpy(horizon->skyline, bytes, size);
    free(bytes);
    horizon->from_cache = true;
    return LH_OK;
}

static void compute(struct lh_horizon *horizon, const struct lh_eye *eye, const char *folder,
                    const char *key)
{
    for (size_t i = 0; i < horizon->count; i++)
        horizon->skyline[i] =
            lh_horizon_look(eye, 360.0 * (double)i / (double)horizon->count, horizon->range_m);
    if (folder) /* a result that cannot be kept is still a result */
        (void)lh_cache_store(folder, "horizon", key, horizon->skyline,
                             horizon->count * sizeof *horizon->skyline, NULL);
}

int lh_horizon_create(const struct lh_eye *eye, const struct lh_horizon_options *options,
                      struct lh_fault *fault, struct lh_horizon **ret_horizon)
{
    char key[LH_CACHE_KEY_BYTES];
    if (options->count < COUNT_LEAST || options->count > COUNT_MOST || !(options->range_m > 0.0))
        return lh_fail(fault, LH_EINVAL, "no skyline of %zu azimuths to %g m", options->count,
                       options->range_m);
    struct lh_horizon *horizon = calloc(1, sizeof *horizon);
    if (!horizon)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    horizon->count = options->count;
    horizon->range_m = options->range_m;
    horizon->skyline = calloc(horizon->count, sizeof *horizon->skyline);
    int error = horizon->skyline ? LH_OK : LH_ENOMEM;
    make_key(eye, options, key);
    if (!error && (!options->cache_folder || load(horizon, options->cache_folder, key) != LH_OK))
        compute(horizon, eye, options->cache_folder, key);
    if (error == LH_ENOMEM)
        (void)lh_fail(fault, error, "out of memory");
    if (error)
        lh_horizon_destroy(&horizon);
    else
        *ret_horizon = horizon;
    return error;
}

void lh_horizon_destroy(struct lh_horizon **horizon)
{
    if (!*horizon)
        return;
    free((*horizon)->skyline);
    free(*horizon);
    *horizon = NULL;
}

struct lh_skyline lh_horizon_at(const struct lh_horizon *horizon, double azimuth_deg)
{
    const double at = lh_azimuth_wrap(azimuth_deg) / 360.0 * (double)horizon->count;
    const size_t first = (size_t)at % horizon->count;
    const struct lh_skyline *a = &horizon->skyline[first];
    const struct lh_skyline *b = &horizon->skyline[(first + 1) % horizon->count];
    const float share = (float)(at - floor(at));
    return (struct lh_skyline){.elevation_deg =
                                   a->elevation_deg + share * (b->elevation_deg - a->elevation_deg),
                               .distance_m = fmaxf(a->distance_m, b->distance_m),
                               .unknown_m = fminf(a->unknown_m, b->unknown_m)};
}
