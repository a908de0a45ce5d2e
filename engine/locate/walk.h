/* Room-internal: going over the patches of a terrain in a straight line, in blocks of any size.
 *
 * Lengths along the line are metres on the plane. In patch units node 0, 0 of the terrain is at 0, 0.
 */
#ifndef LH_LOCATE_WALK_H
#define LH_LOCATE_WALK_H

#include "locate/terrain.h"

#include <math.h>

struct lh_walk {
    const struct lh_terrain *terrain;
    double x; /* where it begins, in patches */
    double y;
    double dx; /* patches a metre */
    double dy;
    double metres_x; /* metres a patch, infinite along the other axis */
    double metres_y;
    double nudge_m; /* past an edge, so that it is on one side; a micrometre or so */
};

/* A block of the pyramid and how far the line lies in it. */
struct lh_walk_block {
    int column;
    int row;
    double end_m;
    bool leaves; /* what comes next lies in another block of the level above, too */
};

static inline struct lh_walk lh_walk_begin(const struct lh_terrain *terrain, struct lh_offset from,
                                           double east, double north)
{
    return (struct lh_walk){.terrain = terrain,
                            .x = (from.east_m - terrain->west_m) / terrain->cell_m,
                            .y = (from.north_m - terrain->south_m) / terrain->cell_m,
                            .dx = east / terrain->cell_m,
                            .dy = north / terrain->cell_m,
                            .metres_x = terrain->cell_m / east,
                            .metres_y = terrain->cell_m / north,
                            .nudge_m = 1e-6 * terrain->cell_m};
}

/* Where the line leaves a column or row of blocks, in metres; INFINITY where rounding has it there already,
 * as on a line along an edge. */
static inline double lh_walk_exit(double begin, double metres, int block, int level,
                                  double inside_m)
{
    const double exit_m = (((block + (metres > 0.0)) << level) - begin) * metres;
    return exit_m > inside_m ? exit_m : INFINITY;
}

/* The block of a level that the line is in at at_m; false: it has left the terrain. */
static inline bool lh_walk_find(const struct lh_walk *walk, double at_m, int level,
                                struct lh_walk_block *ret_block)
{
    const double inside_m = at_m + walk->nudge_m;
    const double x = walk->x + inside_m * walk->dx;
    const double y = walk->y + inside_m * walk->dy;
    if (!(x >= 0.0 && x < walk->terrain->width - 1 && y >= 0.0 && y < walk->terrain->height - 1))
        return false;
    const int column = (int)x >> level;
    const int row = (int)y >> level;
    const double x_m = lh_walk_exit(walk->x, walk->metres_x, column, level, inside_m);
    const double y_m = lh_walk_exit(walk->y, walk->metres_y, row, level, inside_m);
    const double end_m = x_m < y_m ? x_m : y_m;
    const bool leaves =
        x_m < y_m ? (walk->dx > 0.0) == (column & 1) : (walk->dy > 0.0) == (row & 1);
    *ret_block = (struct lh_walk_block){column, row, isinf(end_m) ? inside_m : end_m, leaves};
    return true;
}

static inline size_t lh_walk_at(const struct lh_walk *walk, int level,
                                const struct lh_walk_block *block)
{
    return (size_t)block->row * (size_t)walk->terrain->levels[level].width + (size_t)block->column;
}

/* The ground at at_m by the patch of a block of level 0; NAN where a corner is unknown. */
static inline double lh_walk_ground(const struct lh_walk *walk, const struct lh_walk_block *patch,
                                    double at_m)
{
    const int width = walk->terrain->width;
    const float *south =
        walk->terrain->height_m + (size_t)patch->row * (size_t)width + (size_t)patch->column;
    const float *north = south + width;
    const double u = fmin(fmax(walk->x + at_m * walk->dx - patch->column, 0.0), 1.0);
    const double v = fmin(fmax(walk->y + at_m * walk->dy - patch->row, 0.0), 1.0);
    const double low = south[0] + u * ((double)south[1] - south[0]);
    const double high = north[0] + u * ((double)north[1] - north[0]);
    return low + v * (high - low);
}

#endif
