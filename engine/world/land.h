/* What covers the ground: forest, dry grass, fields, villages, roads.
 *
 * Rules of thumb of the Luliang range: forest on north slopes and high ground, dry grass and scrub
 * on south slopes, fields on flat valley floors, villages beside them, roads from village to
 * village along the easiest way (Dijkstra, cost growing with the square of the slope). Near the
 * camera, trees and houses have a height of their own; farther away only their texture is left.
 *
 * Colours: linear reflectance 0..1, red green blue. Positions on the terrain's plane, metres.
 * Thread-safety: immutable after creation.
 */
#ifndef LH_WORLD_LAND_H
#define LH_WORLD_LAND_H

#include "world/terrain.h"

#include <stddef.h>
#include <stdint.h>

#define LH_LAND_VILLAGES 14

struct lh_land_point {
    float e;
    float n;
};

struct lh_village {
    float e;
    float n;
    float radius_m;
};

struct lh_road {
    size_t first; /* into points */
    size_t count;
    float length_m;
};

struct lh_land {
    const struct lh_terrain *terrain; /* lent */
    uint32_t seed;
    int size; /* cells a side of the cover planes, over the whole terrain */
    float cell_m;
    uint8_t *forest; /* chance of trees: about 0.46 * 255 is the edge of the forest */
    uint8_t *field;
    uint8_t *village_near; /* index + 1 of a village nearby, 0: none */
    uint16_t *road_near;   /* index + 1 of a road point nearby, 0: none */
    size_t village_count;
    struct lh_village villages[LH_LAND_VILLAGES];
    size_t road_count;
    struct lh_road roads[LH_LAND_VILLAGES];
    size_t point_count;
    struct lh_land_point *points;
};

int lh_land_create(uint64_t seed, const struct lh_terrain *terrain, struct lh_land **ret_land);
/* Accepts &NULL; leaves NULL. */
void lh_land_destroy(struct lh_land **land);

/* Share of forest, 0..1. */
float lh_land_forest(const struct lh_land *land, float e, float n);

/* Height above the bare ground of what stands there (trees, houses) as seen by a pixel that is
 * footprint_m wide. At most LH_LAND_TOP_M. */
#define LH_LAND_TOP_M 16.0F
float lh_land_top(const struct lh_land *land, float e, float n, float footprint_m);

/* above_m: how high above the bare ground the place is that is looked at (on a tree, a wall). */
void lh_land_colour(const struct lh_land *land, float e, float n, float above_m, float footprint_m,
                    float ret_rgb[3]);

/* The point at a distance along a road, clamped to its ends. */
struct lh_land_point lh_road_at(const struct lh_land *land, size_t road, float along_m);

#endif
