/* A coverage as a map for people: a PNG with the relief, how many towers see each place, the towers with their
 * names, a graticule, a scale, a legend with shares, and a table of the towers. Drawn with Cairo and Pango. */
#ifndef LH_LOCATE_COVERAGE_MAP_H
#define LH_LOCATE_COVERAGE_MAP_H

#include "base/error.h"
#include "locate/area.h"
#include "locate/coverage.h"

struct lh_coverage_map {
    const char *title;
    const struct lh_area *area; /* its outline is drawn; NULL: none */
};

int lh_coverage_draw(const struct lh_coverage *coverage, const struct lh_coverage_map *map,
                     const char *path, struct lh_fault *fault);

#endif
