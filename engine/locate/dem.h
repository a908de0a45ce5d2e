/* Heights of the ground from elevation models: any raster GDAL reads, in any projection PROJ knows.
 *
 * Several files, or folders of them, are one model: HGT (also .hgt.gz), GeoTIFF, VRT mosaics.
 * The first file that knows a place has the word; between tiles that do not overlap (Copernicus GLO-30)
 * heights are interpolated across the seam. A raster's first band is read, with its scale, offset and
 * unit (metre, foot). Cells that the file marks as void, that are not finite, or that lie outside -500 to
 * 9,000 m are unknown, and so is every place between cells of which one is unknown.
 *
 * Heights come out above sea level (orthometric). Models whose heights are above the ellipsoid - as
 * declared by the file's own reference system, or by the caller where the file does not say - are
 * lowered by the EGM96 geoid (PROJ's egm96_15.gtx). EGM96, EGM2008 and the Chinese 1985 datum are not
 * told apart: they differ by decimetres.
 *
 * Thread: any, one at a time.
 */
#ifndef LH_LOCATE_DEM_H
#define LH_LOCATE_DEM_H

#include "base/error.h"
#include "base/site.h"
#include "locate/geo.h"

#include <stddef.h>
#include <stdint.h>

#define LH_DEM_FILES_MOST 2048

struct lh_dem;

/* Opens all files of all paths; from a folder those that are rasters. Paths are lent for the call. The
 * fault names the file and says what to do. */
int lh_dem_open(const char *const *paths, size_t count, enum lh_terrain_heights heights,
                struct lh_fault *fault, struct lh_dem **ret_dem);
/* Accepts &NULL; leaves NULL. */
void lh_dem_close(struct lh_dem **dem);

/* A hash of the names, sizes and modification times of all files, and of what is known of their heights.
 * For caches. */
uint64_t lh_dem_identity(const struct lh_dem *dem);

/* The distance of neighbouring cells in the middle of the finest file, along the coarser axis. */
double lh_dem_cell_m(const struct lh_dem *dem);

/* Bilinear heights in metres; NAN where unknown. Quick for places that lie together: what covers them is
 * read at once. LH_EIO: a file is damaged. */
int lh_dem_heights(const struct lh_dem *dem, const struct lh_geo *places, size_t count,
                   struct lh_fault *fault, float *heights_m);

/* Height of the geoid above the WGS-84 ellipsoid (EGM96): ellipsoidal height = height above sea level
 * + undulation; -20.6 m in Jiaocheng. LH_ENOTFOUND: PROJ has no geoid here. */
int lh_geoid_undulation(struct lh_geo place, struct lh_fault *fault, double *ret_metres);

#endif
