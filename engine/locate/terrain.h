/* The ground about the cameras, in memory: heights on the nodes of a square grid, and over it a pyramid
 * that lets a ray step over what it cannot touch.
 *
 * The grid lies on an east-north plane about its middle (geo.h: lengths are true to 1e-5 within 50 km), row 0
 * in the south. Between nodes the ground is bilinear. Heights are metres above sea level; NAN is unknown:
 * a void of the model, or past its edge. A patch is the square between four nodes. Of an unknown
 * patch nothing is taken for granted but that it is not higher than the highest ground that is known.
 *
 * The earth bends away under a plane: over s metres the ground falls by s^2 / (2 R), and air bends
 * light after it by the share LH_REFRACTION of that. R is the radius of the sphere that fits best there.
 *
 * Thread-safety: immutable after creation.
 */
#ifndef LH_LOCATE_TERRAIN_H
#define LH_LOCATE_TERRAIN_H

#include "base/error.h"
#include "locate/dem.h"
#include "locate/geo.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LH_REFRACTION 0.13 /* k; Gauss's value, for clear days */
#define LH_TERRAIN_LEVELS 16
#define LH_TERRAIN_NODES_MOST ((size_t)40 << 20)

/* Bounds of the patches, 2^level a side, that make up a block. An unknown patch: highest is the terrain's
 * highest, lowest is -INFINITY. Level 0, the single patches, is not stored. */
struct lh_terrain_level {
    int width;
    int height;
    float *lowest_m;
    float *highest_m;
};

struct lh_terrain {
    struct lh_plane plane;
    uint64_t dem_identity;
    double radius_m;
    double cell_m;
    double west_m; /* of node 0, 0 on the plane */
    double south_m;
    int width; /* nodes, at least 2 */
    int height;
    float *height_m;
    float lowest_m; /* of what is known */
    float highest_m;
    double known_share;
    int level_count;
    struct lh_terrain_level levels[LH_TERRAIN_LEVELS];
};

/* The window that reaches margin_m from every place, of which there is at least one, in cells of the model,
 * or twice, four times ... as large where it would have more than LH_TERRAIN_NODES_MOST. Places that
 * are more than 400 km apart are LH_ERANGE; a window without any height is LH_ENOTFOUND. Takes a second
 * for a million nodes or so. */
int lh_terrain_load(const struct lh_dem *dem, const struct lh_geo *places, size_t count,
                    double margin_m, struct lh_fault *fault, struct lh_terrain **ret_terrain);

/* From heights at hand, width * height of them, row 0 in the south; they are copied. For grids that come
 * from elsewhere, and tests. */
int lh_terrain_from_heights(struct lh_geo middle, double cell_m, int width, int height,
                            const float *height_m, struct lh_fault *fault,
                            struct lh_terrain **ret_terrain);

/* Accepts &NULL; leaves NULL. */
void lh_terrain_destroy(struct lh_terrain **terrain);

/* Bounds of one patch, as a level would have them. Inline for the sake of rays. */
static inline void lh_terrain_patch_bounds(const struct lh_terrain *terrain, int column, int row,
                                           float *ret_lowest_m, float *ret_highest_m)
{
    const float *south = terrain->height_m + (size_t)row * (size_t)terrain->width + (size_t)column;
    const float *north = south + terrain->width;
    const float low_s = south[0] < south[1] ? south[0] : south[1];
    const float low_n = north[0] < north[1] ? north[0] : north[1];
    const float high_s = south[0] > south[1] ? south[0] : south[1];
    const float high_n = north[0] > north[1] ? north[0] : north[1];
    const float sum = south[0] + south[1] + north[0] + north[1];
    const bool known = sum == sum; /* NAN is not */
    *ret_lowest_m = !known ? -INFINITY : low_s < low_n ? low_s : low_n;
    *ret_highest_m = !known ? terrain->highest_m : high_s > high_n ? high_s : high_n;
}

/* Bilinear, NAN where unknown. */
double lh_terrain_height(const struct lh_terrain *terrain, struct lh_offset at);
double lh_terrain_height_at(const struct lh_terrain *terrain, struct lh_geo place);

/* What a line of sight gains on the plane over s metres, by curvature less refraction. */
double lh_terrain_drop_m(const struct lh_terrain *terrain, double distance_m);

#endif
