/* Where people settled: villages and the roads between them. Part of lh_land_create.
 *
 * Villages stand on the flattest low ground within reach of the middle, well apart. Roads follow
 * the cheapest way on a 200-cell grid, cost = length * (1 + (slope / 4 %)^2), cheaper where a road
 * already is, and are then smoothed by corner cutting (Chaikin 1974).
 */
#ifndef LH_WORLD_SETTLE_H
#define LH_WORLD_SETTLE_H

#include "world/land.h"

/* Fills villages, roads and points of land, whose cover planes are ready. */
int lh_settle(struct lh_land *land);

#endif
