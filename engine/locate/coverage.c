#include "locate/coverage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_MOST 8000

struct lh_offset lh_coverage_middle(const struct lh_coverage *coverage, int column, int row)
{
    return (struct lh_offset){coverage->west_m + (column + 0.5) * coverage->cell_m,
                              coverage->south_m + (row + 0.5) * coverage->cell_m};
}

/* ---- the grid ---- */

struct extent {
    double west_m;
    double east_m;
    double south_m;
    double north_m;
};

static void reach(struct extent *extent, struct lh_offset at, double margin_m)
{
    extent->west_m = fmin(extent->west_m, at.east_m - margin_m);
    extent->east_m = fmax(extent->east_m, at.east_m + margin_m);
    extent->south_m = fmin(extent->south_m, at.north_m - margin_m);
    extent->north_m = fmax(extent->north_m, at.north_m + margin_m);
}

static int lay_grid(struct lh_coverage *coverage, const struct lh_area *area,
                    struct lh_fault *fault)
{
    struct extent extent = {INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (size_t i = 0; i < coverage->tower_count; i++)
        reach(&extent, coverage->towers[i].eye.at, coverage->towers[i].range_m);
    for (size_t i = 0; area && i < area->count; i++)
        for (size_t k = 0; k < area->rings[i].count; k++)
            reach(&extent, lh_plane_offset(&coverage->terrain->plane, area->rings[i].points[k]),
                  coverage->cell_m);
    const double wide = ceil((extent.east_m - extent.west_m) / coverage->cell_m);
    const double tall = ceil((extent.north_m - extent.south_m) / coverage->cell_m);
    if (!(wide >= 1.0 && tall >= 1.0 && wide <= SIDE_MOST && tall <= SIDE_MOST))
        return lh_fail(fault, LH_ERANGE,
                       "%.0f x %.0f cells are more than %d a side; take larger cells", wide, tall,
                       SIDE_MOST);
    coverage->west_m = extent.west_m;
    coverage->south_m = extent.south_m;
    coverage->width = (int)wide;
    coverage->height = (int)tall;
    coverage->counts = calloc((size_t)coverage->height + 1, (size_t)coverage->width);
    return coverage->counts ? LH_OK : lh_fail(fault, LH_ENOMEM, "out of memory");
}

/* Turns over every cell of a row that lies east of where the edge crosses the row's middle, so that in the
 * end cells inside have been turned an odd number of times. */
static void cross_edge(const struct lh_coverage *coverage, struct lh_offset a, struct lh_offset b,
                       uint8_t *odd)
{
    if (a.north_m > b.north_m) {
        const struct lh_offset swap = a;
        a = b;
        b = swap;
    }
    const double first = ceil((a.north_m - coverage->south_m) / coverage->cell_m - 0.5);
    for (int row = (int)fmin(fmax(first, 0.0), coverage->height); row < coverage->height; row++) {
        const double north_m = coverage->south_m + (row + 0.5) * coverage->cell_m;
        if (north_m >= b.north_m)
            break;
        const double share = (north_m - a.north_m) / (b.north_m - a.north_m);
        const double east_m = a.east_m + share * (b.east_m - a.east_m);
        const double column = ceil((east_m - coverage->west_m) / coverage->cell_m - 0.5);
        uint8_t *line = odd + (size_t)row * (size_t)coverage->width;
        for (int i = (int)fmin(fmax(column, 0.0), coverage->width); i < coverage->width; i++)
            line[i] ^= 1;
    }
}

/* 1 for the cells of the area; all where there is none. */
static uint8_t *rasterise(const struct lh_coverage *coverage, const struct lh_area *area)
{
    const size_t cells = (size_t)coverage->width * (size_t)coverage->height;
    uint8_t *odd = calloc(cells + 1, 1);
    if (!odd)
        return NULL;
    memset(odd, !area, cells);
    for (size_t i = 0; area && i < area->count; i++) {
        const struct lh_area_ring *ring = &area->rings[i];
        struct lh_offset before =
            lh_plane_offset(&coverage->terrain->plane, ring->points[ring->count - 1]);
        for (size_t k = 0; k < ring->count; k++) {
            const struct lh_offset at = lh_plane_offset(&coverage->terrain->plane, ring->points[k]);
            cross_edge(coverage, before, at, odd);
            before = at;
        }
    }
    return odd;
}

/* ---- counting ---- */

/* What a cell is told by all towers. */
struct told {
    int seen;
    int unknown;
    bool within;
    bool standing; /* seen by one that is not planned */
    size_t first;  /* that sees it */
    size_t last;
};

static struct told ask_towers(struct lh_coverage *coverage, struct lh_offset at, double cell_km2)
{
    struct told told = {0};
    for (size_t i = 0; i < coverage->tower_count; i++) {
        struct lh_tower *tower = &coverage->towers[i];
        const enum lh_seen seen =
            lh_viewshed_cell(tower->viewshed, lh_eye_from_terrain(&tower->eye, at));
        if (seen == LH_SEEN_OUTSIDE)
            continue;
        told.within = true;
        told.unknown += seen == LH_SEEN_UNKNOWN;
        tower->within_km2 += cell_km2;
        if (seen != LH_SEEN_YES)
            continue;
        told.first = told.seen ? told.first : i;
        told.last = i;
        told.seen++;
        told.standing = told.standing || !tower->planned;
        tower->seen_km2 += cell_km2;
    }
    return told;
}

static uint8_t count_cell(struct lh_coverage *coverage, const struct told *told, double cell_km2)
{
    coverage->area_km2 += cell_km2;
    if (told->seen == 0 && told->unknown > 0) {
        coverage->unknown_km2 += cell_km2;
        return LH_COVERAGE_UNKNOWN;
    }
    const int most = told->seen < LH_COVERAGE_COUNTS ? told->seen : LH_COVERAGE_COUNTS;
    coverage->by_count_km2[most] += cell_km2;
    if (told->seen == 0)
        return 0;
    coverage->seen_km2 += cell_km2;
    coverage->standing_km2 += told->standing ? cell_km2 : 0.0;
    coverage->towers[told->first].added_km2 += cell_km2;
    if (told->seen == 1)
        coverage->towers[told->last].only_km2 += cell_km2;
    return (uint8_t)told->seen;
}

static int count_cells(struct lh_coverage *coverage, const struct lh_area *area,
                       struct lh_fault *fault)
{
    const double cell_km2 = coverage->cell_m * coverage->cell_m / 1e6;
    uint8_t *counted = rasterise(coverage, area);
    if (!counted)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    for (int row = 0; row < coverage->height; row++)
        for (int column = 0; column < coverage->width; column++) {
            const size_t at = (size_t)row * (size_t)coverage->width + (size_t)column;
            struct told told = {0};
            if (counted[at])
                told = ask_towers(coverage, lh_coverage_middle(coverage, column, row), cell_km2);
            const bool counts = counted[at] && (told.within || area);
            coverage->counts[at] =
                counts ? count_cell(coverage, &told, cell_km2) : LH_COVERAGE_OUTSIDE;
        }
    free(counted);
    return LH_OK;
}

static int look(struct lh_tower *tower, const struct lh_coverage_options *options,
                struct lh_fault *fault)
{
    const struct lh_viewshed_options view = {.range_m = tower->range_m,
                                             .target_m = options->target_m,
                                             .cell_m = options->cell_m,
                                             .pan_from_deg = tower->pan_from_deg,
                                             .pan_to_deg = tower->pan_to_deg,
                                             .cache_folder = options->cache_folder};
    return lh_viewshed_create(&tower->eye, &view, fault, &tower->viewshed);
}

int lh_coverage_create(const struct lh_tower *towers, size_t count,
                       const struct lh_coverage_options *options, struct lh_fault *fault,
                       struct lh_coverage **ret_coverage)
{
    if (count == 0 || count > LH_COVERAGE_TOWERS_MOST)
        return lh_fail(fault, LH_EINVAL, "%zu towers; 1 to %d are looked at together", count,
                       LH_COVERAGE_TOWERS_MOST);
    struct lh_coverage *coverage = calloc(1, sizeof *coverage);
    if (!coverage)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    coverage->terrain = towers[0].eye.terrain;
    coverage->cell_m = options->cell_m;
    coverage->target_m = options->target_m;
    coverage->towers = calloc(count, sizeof *coverage->towers);
    int error = coverage->towers ? LH_OK : LH_ENOMEM;
    for (size_t i = 0; !error && i < count; i++) {
        coverage->towers[i] = towers[i];
        coverage->towers[i].viewshed = NULL;
        coverage->tower_count++;
        error = look(&coverage->towers[i], options, fault);
    }
    if (!error)
        error = lay_grid(coverage, options->area, fault);
    if (!error)
        error = count_cells(coverage, options->area, fault);
    if (error == LH_ENOMEM)
        (void)lh_fail(fault, error, "out of memory");
    if (error)
        lh_coverage_destroy(&coverage);
    else
        *ret_coverage = coverage;
    return error;
}

void lh_coverage_destroy(struct lh_coverage **coverage)
{
    if (!*coverage)
        return;
    for (size_t i = 0; i < (*coverage)->tower_count; i++)
        lh_viewshed_destroy(&(*coverage)->towers[i].viewshed);
    free((*coverage)->towers);
    free((*coverage)->counts);
    free(*coverage);
    *coverage = NULL;
}
