/* Rasters for the tests of elevation models, written with GDAL. */
#ifndef LH_TEST_RASTER_H
#define LH_TEST_RASTER_H

#include "locate/geo.h"

#include <stdbool.h>

/* North up; x and y in the units of the reference system. */
struct raster {
    const char *reference; /* as GDAL takes it ("EPSG:4326"); "" for none */
    double west;           /* of the corner of the first cell */
    double north;
    double cell;
    int width;
    int height;
    const char *unit;  /* of the heights, NULL: not said */
    double void_value; /* 0: none */
    bool (*is_void)(int column, int row);
    double (*height_of)(struct lh_geo place);
};

/* A GeoTIFF of height_of at the middle of every cell. */
void write_raster(const char *path, const struct raster *raster);

/* A smooth landscape that is known everywhere: 300 to 1,700 m, kilometres wide. */
double rolling_height(struct lh_geo place);

/* A new folder; dropped again with all that is in it. */
void make_scratch(char path[64]);
void drop_scratch(const char *path);

#endif
