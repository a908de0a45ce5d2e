/* A coverage for other programs: GeoJSON of what is seen, a GeoTIFF of the counts, figures as JSON. */
#ifndef LH_LOCATE_COVERAGE_FILE_H
#define LH_LOCATE_COVERAGE_FILE_H

#include "base/error.h"
#include "locate/coverage.h"

#include <jansson.h>

/* A FeatureCollection (RFC 7946): "tower" points; "tower-sees", a MultiPolygon a tower; "seen", one for each
 * number of towers, with its count, 0 and unknown among them. Cut at the antimeridian; not for a pole. */
int lh_coverage_write_geojson(const struct lh_coverage *coverage, const char *path,
                              struct lh_fault *fault);

/* One byte a cell: the count, 254 unknown, 255 (no data) outside. */
int lh_coverage_write_geotiff(const struct lh_coverage *coverage, const char *path,
                              struct lh_fault *fault);

/* {"towers": [...], "area_km2", "seen_km2", ...}; a new reference, NULL: no memory. */
json_t *lh_coverage_json(const struct lh_coverage *coverage);

#endif
