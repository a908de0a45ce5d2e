/* Room-internal: one raster of an elevation model. See dem.h.
 *
 * Thread: any, one at a time.
 */
#ifndef LH_LOCATE_DEM_FILE_H
#define LH_LOCATE_DEM_FILE_H

#include "base/error.h"
#include "base/site.h"
#include "locate/geo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lh_dem_file {
    char *path;
    void *set;         /* GDALDatasetH */
    void *band;        /* GDALRasterBandH, lent from set */
    void *to_file;     /* OGRCoordinateTransformationH from degrees; NULL: the file is in degrees */
    double to_cell[6]; /* the file's coordinates to columns and rows, whole at cell centres */
    int width;
    int height;
    bool in_degrees; /* a turn of 360 is the same place */
    bool has_void;
    double void_value;
    double scale; /* metres a unit */
    double offset_m;
    bool above_ellipsoid;
    double cell_m;
    uint64_t identity;
};

/* What a file says about a place: weight 1 inside, less within one cell outside of its last cells, in
 * such a way that neighbouring tiles add up to a bilinear interpolation; 0: it knows nothing. */
struct lh_dem_sample {
    double height_m;
    double weight;
};

int lh_dem_file_open(const char *path, enum lh_terrain_heights heights, struct lh_fault *fault,
                     struct lh_dem_file *ret_file);
void lh_dem_file_close(struct lh_dem_file *file);

/* Whether GDAL has a driver that knows the file. */
bool lh_dem_file_is_raster(const char *path);

int lh_dem_file_sample(const struct lh_dem_file *file, const struct lh_geo *places, size_t count,
                       struct lh_fault *fault, struct lh_dem_sample *ret_samples);

#endif
