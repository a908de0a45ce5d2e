/* Areas that are known to be hot: works, kilns, landfills, solar farms, from files that a county keeps.
 *
 * Thread-safety: immutable after loading; any thread may read.
 */
#ifndef LH_FUSE_HEAT_AREA_H
#define LH_FUSE_HEAT_AREA_H

#include "base/clock.h"
#include "base/error.h"
#include "base/site.h"
#include "locate/geo.h"

#define LH_HEAT_NAME 96

struct lh_heat_area {
    char name[LH_HEAT_NAME];
    double factor;
    int64_t from_us; /* LH_NO_TIME: always */
    int64_t to_us;   /* LH_NO_TIME: for ever */
    struct lh_geo *points;
    size_t point_count;
    size_t *ring_ends; /* indices into points; holes are rings too (even-odd) */
    size_t ring_count;
};

/* Zero-initialised is empty. */
struct lh_heat_areas {
    struct lh_heat_area *items;
    size_t count;
    size_t capacity;
};

/* Appends the polygons of a file, in WGS-84 from whatever it is in. LH_ECONFIG: it cannot be read, has no
 * polygon, an area without end or more than a million corners, or a date that is none; fault says which. */
int lh_heat_areas_load(const struct lh_heat_area_config *config, struct lh_fault *fault,
                       struct lh_heat_areas *areas);
void lh_heat_areas_finish(struct lh_heat_areas *areas);

/* The area that lowers most at that time among those that hold the place or come within reach_m of it; NULL:
 * none. Lent. */
const struct lh_heat_area *lh_heat_areas_at(const struct lh_heat_areas *areas, struct lh_geo at,
                                            double reach_m, int64_t utc_us);

#endif
