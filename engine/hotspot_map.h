/* Hotspots as a picture: a map in longitude and latitude with a grid, as PNG.
 *
 * Points are red, orange and yellow by confidence, larger with more power; standing heat sources are rings.
 *
 * Thread: any one.
 */
#ifndef LH_HOTSPOT_MAP_H
#define LH_HOTSPOT_MAP_H

#include "fuse/heat_register.h"
#include "fuse/hotspot_read.h"

struct lh_hotspot_map {
    const struct lh_hotspot *rows;
    size_t row_count;
    const struct lh_heat_evidence *sources;
    size_t source_count;
    const struct lh_geo_box *box; /* NULL: around the rows */
    int width_px;                 /* of the map; its height follows */
};

/* LH_EINVAL: nothing to draw; LH_EIO: the file cannot be written. */
int lh_hotspot_map_write(const struct lh_hotspot_map *map, const char *path,
                         struct lh_fault *fault);

#endif
