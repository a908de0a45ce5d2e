/* Areas that are known to be hot: works, kilns, landfills, solar farms, from files that a county keeps.
 *
 * Thread-safety: immutable after loading; any thread may read.
 */
#ifndef LH_FUSE_HEAT_AREA_H
#define LH_FUSE_HEAT_AREA_H

#include "base/clock.h"
#include "base/site.h"
#include "fuse/areas.h"

/* What holds for an area beside its shape. */
struct lh_heat_term {
    double factor;
    int64_t from_us; /* LH_NO_TIME: always */
    int64_t to_us;   /* LH_NO_TIME: for ever */
};

/* Zero-initialised is empty. */
struct lh_heat_areas {
    struct lh_areas areas;
    struct lh_heat_term *terms; /* one an area */
};

/* Appends the polygons of a file. LH_ECONFIG: it cannot be read (lh_areas_load says why), or a date is none. */
int lh_heat_areas_load(const struct lh_heat_area_config *config, struct lh_fault *fault,
                       struct lh_heat_areas *areas);
void lh_heat_areas_finish(struct lh_heat_areas *areas);

/* The area that lowers most at that time among those that hold the place or come within reach_m of it; false:
 * none. Its name is lent. */
bool lh_heat_areas_at(const struct lh_heat_areas *areas, struct lh_geo at, double reach_m,
                      int64_t utc_us, double *ret_factor, const char **ret_name);

#endif
