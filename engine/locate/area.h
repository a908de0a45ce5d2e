/* The outline of an area, such as a county: any polygons that GDAL reads (GeoJSON, Shapefile, GeoPackage, KML),
 * in any projection.
 *
 * Thread-safety: immutable after loading.
 */
#ifndef LH_LOCATE_AREA_H
#define LH_LOCATE_AREA_H

#include "base/error.h"
#include "locate/geo.h"

#include <stddef.h>

#define LH_AREA_POINTS_MOST 2000000

/* One closed line; a hole is a ring like any other, for inside is what an odd number of rings encloses. */
struct lh_area_ring {
    size_t count;
    struct lh_geo *points;
};

struct lh_area {
    size_t count;
    struct lh_area_ring *rings;
};

/* Coordinates are those of datum, for files that say degrees and mean those of a Chinese map. */
int lh_area_load(const char *path, enum lh_datum datum, struct lh_fault *fault,
                 struct lh_area **ret_area);
/* Accepts &NULL; leaves NULL. */
void lh_area_destroy(struct lh_area **area);

#endif
