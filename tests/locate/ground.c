#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ground.h"

#include <math.h>
#include <stdlib.h>

struct lh_terrain *make_ground(struct lh_geo middle, double cell_m, int size,
                               double (*height)(double e, double n))
{
    struct lh_fault fault = {0};
    struct lh_terrain *terrain = NULL;
    const double half_m = (size - 1) / 2.0 * cell_m;
    float *heights = malloc((size_t)size * (size_t)size * sizeof *heights);
    assert_non_null(heights);
    for (int row = 0; row < size; row++)
        for (int column = 0; column < size; column++)
            heights[row * size + column] =
                (float)height(column * cell_m - half_m, row * cell_m - half_m);
    if (lh_terrain_from_heights(middle, cell_m, size, size, heights, &fault, &terrain) != LH_OK)
        fail_msg("%s", fault.text);
    free(heights);
    return terrain;
}

struct lh_pose make_pose(struct lh_geo place)
{
    return (struct lh_pose){.place = place,
                            .ground_m = NAN,
                            .mast_m = 30,
                            .hfov_deg = 60,
                            .sigma_azimuth_deg = 0.1,
                            .sigma_tilt_deg = 0.1,
                            .sigma_height_m = 3,
                            .range_m = 15000};
}

struct lh_eye make_eye(const struct lh_terrain *terrain, const struct lh_pose *pose)
{
    struct lh_fault fault = {0};
    struct lh_eye eye = {0};
    if (lh_eye_place(terrain, pose->place, pose->ground_m, pose->mast_m, &fault, &eye) != LH_OK)
        fail_msg("%s", fault.text);
    return eye;
}
