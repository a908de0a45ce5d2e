/* All that a county knows of its ground, asked at once: what lh_fusion_options.ground is given.
 *
 * Protected areas are polygons with the fields name and kind ("core", or anything else); dwellings are polygons with a
 * name. Each part may be absent.
 *
 * Thread-safety: as its parts: the owner's thread.
 */
#ifndef LH_FUSE_REGISTERS_H
#define LH_FUSE_REGISTERS_H

#include "fuse/danger.h"
#include "fuse/permits.h"

/* All lent. */
struct lh_registers {
    const struct lh_permits *permits;
    const struct lh_areas *protected_areas;
    const struct lh_areas *dwellings;
    const struct lh_danger *danger;
    double dwelling_m; /* fusion.dwelling_m */
};

/* An lh_ground_fn; context is a struct lh_registers. Areas that are precious count from two sigma on. */
void lh_registers_look(void *context, const struct lh_position *position, int64_t utc_us,
                       struct lh_ground *ret_ground);

#endif
