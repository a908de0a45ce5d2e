/* What a network of towers sees together: how many of them see each cell of the ground.
 *
 * Cells are squares on the plane of the terrain, row 0 in the south. A cell takes the word of the nearest
 * cell of each tower's viewshed. The area that counts is what lies within any tower's range, or the
 * area that is given.
 *
 * Thread-safety: immutable after creation.
 */
#ifndef LH_LOCATE_COVERAGE_H
#define LH_LOCATE_COVERAGE_H

#include "base/error.h"
#include "locate/area.h"
#include "locate/ray.h"
#include "locate/viewshed.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LH_COVERAGE_TOWERS_MOST 200
#define LH_COVERAGE_COUNTS 8    /* shares are told for 0, 1, ... and this many or more */
#define LH_COVERAGE_UNKNOWN 254 /* seen by none, and the model does not tell for one */
#define LH_COVERAGE_OUTSIDE 255 /* within no range, or not in the area */

struct lh_tower {
    char name[128];
    bool planned; /* does not stand yet */
    struct lh_eye eye;
    double mast_m;
    double range_m;
    double pan_from_deg; /* the azimuths it can look at, clockwise; equal: all around */
    double pan_to_deg;
    /* filled by lh_coverage_create: */
    struct lh_viewshed *viewshed;
    double within_km2; /* in its range, counted */
    double seen_km2;
    double only_km2;  /* seen by no other */
    double added_km2; /* seen by none of those before it */
};

struct lh_coverage_options {
    double target_m;
    double cell_m;
    const struct lh_area *area; /* lent for the call; NULL: all that is in range */
    const char *cache_folder;   /* NULL: viewsheds are not kept */
};

struct lh_coverage {
    const struct lh_terrain *terrain; /* lent */
    double target_m;
    double cell_m;
    double west_m; /* of the edge of the first cell */
    double south_m;
    int width;
    int height;
    uint8_t *counts;
    size_t tower_count;
    struct lh_tower *towers;
    double area_km2;
    double by_count_km2[LH_COVERAGE_COUNTS + 1]; /* seen by exactly so many; the last: or more */
    double unknown_km2;
    double standing_km2; /* seen by towers that are not planned */
    double seen_km2;
};

/* towers, with their eyes, in order: those that stand first. They are copied. */
int lh_coverage_create(const struct lh_tower *towers, size_t count,
                       const struct lh_coverage_options *options, struct lh_fault *fault,
                       struct lh_coverage **ret_coverage);
/* Accepts &NULL; leaves NULL. */
void lh_coverage_destroy(struct lh_coverage **coverage);

/* The middle of a cell on the terrain's plane. */
struct lh_offset lh_coverage_middle(const struct lh_coverage *coverage, int column, int row);

#endif
