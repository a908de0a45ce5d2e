/* Terrains by formula and cameras on them, for tests. */
#ifndef LH_TEST_GROUND_H
#define LH_TEST_GROUND_H

#include "locate/pose.h"
#include "locate/ray.h"

/* size * size nodes of height(east, north) about a place; fails the test where it cannot be made. */
struct lh_terrain *make_ground(struct lh_geo middle, double cell_m, int size,
                               double (*height)(double e, double n));

/* 60 degrees wide, level, to the north; sigmas 0.1 degrees and 3 m; 30 m mast; sees 15 km. */
struct lh_pose make_pose(struct lh_geo place);

struct lh_eye make_eye(const struct lh_terrain *terrain, const struct lh_pose *pose);

#endif
