/* The skyline of one camera: how high the ground stands on every azimuth, and how far away.
 *
 * The point that makes the skyline is the last ground that can be seen on that azimuth. Smoke whose base
 * is hidden stands farther away than that, or behind a ridge that is nearer.
 *
 * Where ground is unknown that may stand higher than what is known, unknown_m says from what distance
 * on; the skyline is then that of the known ground.
 *
 * Thread-safety: immutable after creation.
 */
#ifndef LH_LOCATE_HORIZON_H
#define LH_LOCATE_HORIZON_H

#include "base/error.h"
#include "locate/ray.h"

#include <stdbool.h>
#include <stddef.h>

#define LH_HORIZON_DEFAULT                                                                         \
    {                                                                                              \
        .count = 3600, .range_m = 30000.0, .cache_folder = NULL                                    \
    }

struct lh_horizon_options {
    size_t count; /* azimuths, evenly spaced from north; 4 to 360,000 */
    double range_m;
    const char *cache_folder; /* NULL: not kept on disk */
};

struct lh_skyline {
    float elevation_deg; /* as the lens sees it, with refraction */
    float distance_m;    /* of the last ground that can be seen */
    float unknown_m;     /* INFINITY: nothing unknown may stand higher */
};

struct lh_horizon {
    size_t count;
    double range_m;
    bool from_cache;
    struct lh_skyline *skyline; /* count of them */
};

int lh_horizon_create(const struct lh_eye *eye, const struct lh_horizon_options *options,
                      struct lh_fault *fault, struct lh_horizon **ret_horizon);
/* Accepts &NULL; leaves NULL. */
void lh_horizon_destroy(struct lh_horizon **horizon);

/* The elevation is interpolated between neighbours; the distance is the farther, unknown_m the nearer one. */
struct lh_skyline lh_horizon_at(const struct lh_horizon *horizon, double azimuth_deg);

/* The skyline on one azimuth, computed now. */
struct lh_skyline lh_horizon_look(const struct lh_eye *eye, double azimuth_deg, double range_m);

#endif
