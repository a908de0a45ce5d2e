/* Looking out over a terrain: where a line of sight meets the ground, and what it can see.
 *
 * An eye is a lens at its place in a terrain. Distances are along the ground, in metres. Elevations are what
 * the lens sees, degrees up from the horizontal: refraction bends the line towards the earth (terrain.h),
 * so at distance s it is s * tan(elevation) + s^2 (1 - k) / (2 R) above the height of the lens.
 *
 * The ground between nodes is bilinear, so that over one patch the line's height above it is a parabola:
 * crossings are exact, not stepped. Blocks of the pyramid that the line stays above of, or
 * under the ground of, are passed over at once.
 *
 * Thread-safety: pure functions on an immutable terrain.
 */
#ifndef LH_LOCATE_RAY_H
#define LH_LOCATE_RAY_H

#include "base/error.h"
#include "locate/terrain.h"

#define LH_RAY_HITS 8

struct lh_eye {
    const struct lh_terrain *terrain; /* lent */
    struct lh_geo place;
    struct lh_offset at;    /* the same on the terrain's plane */
    double height_m;        /* of the lens, above sea level; may be moved by who tries errors out */
    double convergence_deg; /* plane azimuth = azimuth - convergence */
};

/* ground_m: height of the mast's foot above sea level, NAN: what the terrain says. mast_m: of the lens
 * above it. LH_ENOTFOUND where the terrain knows no height there, LH_ERANGE for a lens under ground; the
 * fault says by how much. */
int lh_eye_place(const struct lh_terrain *terrain, struct lh_geo place, double ground_m,
                 double mast_m, struct lh_fault *fault, struct lh_eye *ret_eye);

/* From the plane about the eye to the terrain's plane, and back: turned by the convergence and moved, which is
 * right to metres within 20 km of an eye that is 100 km from the terrain's middle. */
struct lh_offset lh_eye_to_terrain(const struct lh_eye *eye, struct lh_offset from_eye);
struct lh_offset lh_eye_from_terrain(const struct lh_eye *eye, struct lh_offset at);

/* How far the terrain reaches on every side, at most range_m. */
double lh_eye_reach_m(const struct lh_eye *eye, double range_m);

enum lh_ray_end {
    LH_RAY_GROUND,
    LH_RAY_SKY,     /* nothing within the range */
    LH_RAY_UNKNOWN, /* it came to unknown ground, low enough to end there, before any that is known */
};

struct lh_ray_hit {
    double distance_m;
    struct lh_offset at;
    double height_m;
};

/* All places where the line goes into the ground, the nearest first: the first is what is seen, each
 * further one is the front of a ridge that would be seen if those before it were a little lower. Beyond
 * unknown_m (INFINITY: nothing unknown was met) nothing is told. */
struct lh_ray {
    enum lh_ray_end end;
    size_t count;
    struct lh_ray_hit hits[LH_RAY_HITS];
    double unknown_m;
};

/* elevation_deg: -90 < elevation < 90. */
void lh_ray_cast(const struct lh_eye *eye, double azimuth_deg, double elevation_deg, double range_m,
                 struct lh_ray *ret_ray);

/* The same up to the first crossing. */
void lh_ray_first(const struct lh_eye *eye, double azimuth_deg, double elevation_deg,
                  double range_m, struct lh_ray *ret_ray);

enum lh_sight {
    LH_SIGHT_HIDDEN,
    LH_SIGHT_CLEAR,
    LH_SIGHT_UNKNOWN,
};

/* Whether something above_m over the ground at a place can be seen from the eye. What stands within half a
 * cell of it does not hide it. */
enum lh_sight lh_ray_sight(const struct lh_eye *eye, struct lh_offset target, double above_m);

/* Where the eye must look to have something at that height above sea level in its middle. */
struct lh_aim {
    double azimuth_deg;
    double elevation_deg;
    double distance_m;
};
struct lh_aim lh_ray_aim(const struct lh_eye *eye, struct lh_offset target, double height_m);

#endif
