#include "locate/viewshed.h"

#include "locate/cache.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lh_offset offset_of(const struct lh_viewshed *viewshed, int column, int row)
{
    const double half = (viewshed->side - 1) / 2.0;
    return (struct lh_offset){(column - half) * viewshed->cell_m, (row - half) * viewshed->cell_m};
}

/* On the plane about the camera azimuths are true. */
static bool is_inside(const struct lh_viewshed_options *options, struct lh_offset offset)
{
    const double wide_deg = lh_azimuth_wrap(options->pan_to_deg - options->pan_from_deg);
    const double azimuth_deg = atan2(offset.east_m, offset.north_m) / LH_DEGREE;
    if (hypot(offset.east_m, offset.north_m) > options->range_m)
        return false;
    return wide_deg == 0.0 || lh_azimuth_wrap(azimuth_deg - options->pan_from_deg) <= wide_deg;
}

static enum lh_seen look_at(const struct lh_eye *eye, const struct lh_viewshed_options *options,
                            struct lh_offset offset)
{
    static const enum lh_seen seen[] = {[LH_SIGHT_HIDDEN] = LH_SEEN_NO,
                                        [LH_SIGHT_CLEAR] = LH_SEEN_YES,
                                        [LH_SIGHT_UNKNOWN] = LH_SEEN_UNKNOWN};
    if (!is_inside(options, offset))
        return LH_SEEN_OUTSIDE;
    return seen[lh_ray_sight(eye, lh_eye_to_terrain(eye, offset), options->target_m)];
}

static void make_key(const struct lh_eye *eye, const struct lh_viewshed_options *options,
                     char key[LH_CACHE_KEY_BYTES])
{
    (void)snprintf(key, LH_CACHE_KEY_BYTES,
                   "viewshed 1, dem %016llx, cell %.3f, at %.7f %.7f, height %.2f, range %.0f of "
                   "%.0f, target %.2f, cells %.3f, pan %.3f to %.3f",
                   (unsigned long long)eye->terrain->dem_identity, eye->terrain->cell_m,
                   eye->place.latitude_deg, eye->place.longitude_deg, eye->height_m,
                   options->range_m, lh_eye_reach_m(eye, options->range_m), options->target_m,
                   options->cell_m, options->pan_from_deg, options->pan_to_deg);
}

static bool load(struct lh_viewshed *viewshed, const char *folder, const char *key)
{
    const size_t expected = (size_t)viewshed->side * (size_t)viewshed->side;
    void *bytes;
    size_t size;
    if (lh_cache_load(folder, "viewshed", key, &bytes, &size) != LH_OK)
        return false;
    bool holds = size == expected;
    for (size_t i = 0; holds && i < size; i++)
        holds = ((uint8_t *)bytes)[i] <= LH_SEEN_OUTSIDE;
    if (holds)
        memcpy(viewshed->cells, bytes, size);
    free(bytes);
    viewshed->from_cache = holds;
    return holds;
}

static void compute(struct lh_viewshed *viewshed, const struct lh_eye *eye,
                    const struct lh_viewshed_options *options, const char *key)
{
    const int side = viewshed->side;
    for (int row = 0; row < side; row++)
        for (int column = 0; column < side; column++)
            viewshed->cells[(size_t)row * (size_t)side + (size_t)column] =
                (uint8_t)look_at(eye, options, offset_of(viewshed, column, row));
    if (options->cache_folder) /* a result that cannot be kept is still a result */
        (void)lh_cache_store(options->cache_folder, "viewshed", key, viewshed->cells,
                             (size_t)side * (size_t)side, NULL);
}

int lh_viewshed_create(const struct lh_eye *eye, const struct lh_viewshed_options *options,
                       struct lh_fault *fault, struct lh_viewshed **ret_viewshed)
{
    char key[LH_CACHE_KEY_BYTES];
    const double half = ceil(options->range_m / options->cell_m);
    if (!(options->range_m > 0.0) || !(options->cell_m > 0.0) || !(options->target_m >= 0.0) ||
        !(2.0 * half + 1.0 <= LH_VIEWSHED_SIDE_MOST))
        return lh_fail(
            fault, LH_ERANGE,
            "%g m of range in cells of %g m are more than %d cells a side; take larger cells",
            options->range_m, options->cell_m, LH_VIEWSHED_SIDE_MOST);
    struct lh_viewshed *viewshed = calloc(1, sizeof *viewshed);
    if (!viewshed)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    viewshed->plane.origin = eye->place;
    viewshed->cell_m = options->cell_m;
    viewshed->side = 2 * (int)half + 1;
    const size_t count = (size_t)viewshed->side * (size_t)viewshed->side;
    viewshed->cells = calloc(count, 1);
    int error = viewshed->cells ? LH_OK : LH_ENOMEM;
    make_key(eye, options, key);
    if (!error && (!options->cache_folder || !load(viewshed, options->cache_folder, key)))
        compute(viewshed, eye, options, key);
    for (size_t i = 0; !error && i < count; i++)
        viewshed->counts[viewshed->cells[i]]++;
    if (error == LH_ENOMEM)
        (void)lh_fail(fault, error, "out of memory");
    if (error)
        lh_viewshed_destroy(&viewshed);
    else
        *ret_viewshed = viewshed;
    return error;
}

void lh_viewshed_destroy(struct lh_viewshed **viewshed)
{
    if (!*viewshed)
        return;
    free((*viewshed)->cells);
    free(*viewshed);
    *viewshed = NULL;
}

enum lh_seen lh_viewshed_cell(const struct lh_viewshed *viewshed, struct lh_offset offset)
{
    const double half = (viewshed->side - 1) / 2.0;
    const double column = floor(offset.east_m / viewshed->cell_m + half + 0.5);
    const double row = floor(offset.north_m / viewshed->cell_m + half + 0.5);
    if (!(column >= 0.0 && column < viewshed->side && row >= 0.0 && row < viewshed->side))
        return LH_SEEN_OUTSIDE;
    return (enum lh_seen)viewshed->cells[(size_t)row * (size_t)viewshed->side + (size_t)column];
}

enum lh_seen lh_viewshed_at(const struct lh_viewshed *viewshed, struct lh_geo place)
{
    return lh_viewshed_cell(viewshed, lh_plane_offset(&viewshed->plane, place));
}
