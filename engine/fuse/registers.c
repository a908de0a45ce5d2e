#include "fuse/registers.h"

#include <stdio.h>
#include <string.h>

#define SIGMAS 2.0 /* what is precious counts as soon as it may be there */

static void name(char names[LH_GROUND_NAME], const char *one)
{
    if (!names[0])
        (void)snprintf(names, LH_GROUND_NAME, "%s", one);
}

static void look_at_areas(const struct lh_registers *registers, const struct lh_position *position,
                          struct lh_ground *ground)
{
    const struct lh_areas *areas = registers->protected_areas;
    for (size_t i = 0; areas && i < areas->count; i++) {
        const struct lh_area *area = &areas->items[i];
        if (!lh_area_touches(area, position, 0, SIGMAS))
            continue;
        const bool core = strcmp(area->kind, "core") == 0;
        if (core && !ground->core)
            ground->area[0] = '\0';
        ground->core |= core;
        ground->protected_area = true;
        name(ground->area, area->name);
    }
    const struct lh_areas *dwellings = registers->dwellings;
    for (size_t i = 0; dwellings && i < dwellings->count && !ground->dwellings; i++) {
        if (!lh_area_touches(&dwellings->items[i], position, registers->dwelling_m, SIGMAS))
            continue;
        ground->dwellings = true;
        name(ground->dwelling, dwellings->items[i].name);
    }
}

void lh_registers_look(void *context, const struct lh_position *position, int64_t utc_us,
                       struct lh_ground *ret_ground)
{
    const struct lh_registers *registers = context;
    const struct lh_ellipse *best = lh_position_best(position);
    if (registers->permits)
        lh_permits_at(registers->permits, position, utc_us, ret_ground);
    look_at_areas(registers, position, ret_ground);
    if (registers->danger)
        lh_danger_at(registers->danger, best ? best->centre : position->sector.from, utc_us,
                     ret_ground);
}
