/* What one camera position sees of the ground: a grid of cells about it.
 *
 * A cell counts as seen when something target_m above the ground in its middle can be seen (ray.h). Cells
 * are squares on the east-north plane about the camera, row 0 in the south.
 *
 * Thread-safety: immutable after creation.
 */
#ifndef LH_LOCATE_VIEWSHED_H
#define LH_LOCATE_VIEWSHED_H

#include "base/error.h"
#include "locate/ray.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Smoke is seen before its base is: 20 m of column are taken for enough. */
#define LH_VIEWSHED_DEFAULT                                                                        \
    {                                                                                              \
        .range_m = 20000.0, .target_m = 20.0, .cell_m = 100.0                                      \
    }
#define LH_VIEWSHED_SIDE_MOST 4001

struct lh_viewshed_options {
    double range_m;
    double target_m;
    double cell_m;
    double pan_from_deg; /* the azimuths it can look at, clockwise; equal: all around */
    double pan_to_deg;
    const char *cache_folder; /* NULL: not kept on disk */
};

enum lh_seen {
    LH_SEEN_NO,
    LH_SEEN_YES,
    LH_SEEN_UNKNOWN, /* the elevation model does not tell */
    LH_SEEN_OUTSIDE, /* beyond the range, or not to be looked at */
};

struct lh_viewshed {
    struct lh_plane plane; /* about the camera */
    double cell_m;
    int side;         /* cells, odd: the camera stands in the middle one */
    uint8_t *cells;   /* enum lh_seen */
    size_t counts[4]; /* cells of each kind */
    bool from_cache;
};

int lh_viewshed_create(const struct lh_eye *eye, const struct lh_viewshed_options *options,
                       struct lh_fault *fault, struct lh_viewshed **ret_viewshed);
/* Accepts &NULL; leaves NULL. */
void lh_viewshed_destroy(struct lh_viewshed **viewshed);

/* offset: on the plane about the camera. */
enum lh_seen lh_viewshed_cell(const struct lh_viewshed *viewshed, struct lh_offset offset);
enum lh_seen lh_viewshed_at(const struct lh_viewshed *viewshed, struct lh_geo place);

#endif
