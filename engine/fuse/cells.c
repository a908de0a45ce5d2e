#include "fuse/cells.h"

#include "fuse/gate.h"

#include <math.h>

#define SQUARES_A_DEGREE 20
#define ROUND (360 * SQUARES_A_DEGREE)
#define M_A_DEGREE 110574.0 /* of latitude, at the equator, where it is least */
#define SECTOR_STEP_M 3000.0

static void add_cell(struct lh_cell_set *set, uint32_t cell)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->cells[i] == cell)
            return;
    if (set->count == LH_CELLS_MOST)
        set->everywhere = true;
    else
        set->cells[set->count++] = cell;
}

static int square(double degrees)
{
    return (int)floor(degrees * SQUARES_A_DEGREE);
}

static void add_circle(struct lh_cell_set *set, struct lh_geo centre, double radius_m)
{
    const double high_deg = radius_m / M_A_DEGREE;
    const double narrow = cos(fmin(fabs(centre.latitude_deg) + high_deg, 90) * LH_DEGREE);
    if (set->everywhere || high_deg > 10 || narrow < 0.05) {
        set->everywhere = true;
        return;
    }
    const double wide_deg = high_deg / narrow;
    const int south = square(centre.latitude_deg - high_deg + 90);
    const int north = square(centre.latitude_deg + high_deg + 90);
    const int west = square(centre.longitude_deg - wide_deg + 180);
    const int east = square(centre.longitude_deg + wide_deg + 180);
    for (int row = south; row <= north && !set->everywhere; row++)
        for (int column = west; column <= east && !set->everywhere; column++)
            add_cell(set, (uint32_t)row * ROUND + (uint32_t)((column % ROUND + ROUND) % ROUND));
}

static void add_sector(const struct lh_fusion_config *config, struct lh_cell_set *set,
                       const struct lh_sector *sector)
{
    const double across = tan(fmin(sector->sigma_deg, 45) * LH_DEGREE);
    for (double at_m = sector->near_m; !set->everywhere; at_m += SECTOR_STEP_M) {
        const double here_m = fmin(at_m, sector->far_m);
        add_circle(set, lh_geo_move(sector->from, sector->azimuth_deg, here_m),
                   lh_gate_reach_m(config, here_m * across) + SECTOR_STEP_M / 2);
        if (here_m >= sector->far_m)
            break;
    }
}

void lh_cells_of(const struct lh_fusion_config *config, const struct lh_position *position,
                 struct lh_cell_set *ret_set)
{
    ret_set->count = 0;
    ret_set->everywhere = false;
    if (position->form == LH_POSITION_SECTOR)
        add_sector(config, ret_set, &position->sector);
    for (size_t i = 0; position->form == LH_POSITION_ELLIPSES && i < position->count; i++)
        add_circle(ret_set, position->ellipses[i].centre,
                   lh_gate_reach_m(config, position->ellipses[i].major_m));
}
