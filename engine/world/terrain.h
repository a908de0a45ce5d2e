/* The county's ground: a square grid of heights on a plane with known georeference.
 *
 * Plane: a transverse Mercator with unit scale about the grid's centre, cut after the second order
 * (Snyder, USGS PP 1395, eq. 8-9 ff.): better than 0.2 m within 25 km of the centre. East e and
 * north n in metres. Angles on the plane are grid angles: true azimuth = grid azimuth +
 * convergence, where convergence = (longitude - central longitude) * sin(latitude). Latitudes and
 * longitudes: WGS-84 degrees; heights: metres above sea level as in the source.
 *
 * Generated mountains: an uplifted block cut by rivers (implicit stream-power erosion
 * dh/dt = U - K A^m dh/dx with m = 0.5; Braun and Willett 2013, Geomorphology 180-181), talus
 * slopes, then noise below the grid of the erosion. Elevations are those of the Luliang range.
 *
 * Thread-safety: immutable after creation.
 */
#ifndef LH_WORLD_TERRAIN_H
#define LH_WORLD_TERRAIN_H

#include "base/error.h"

#include <stdint.h>

struct lh_terrain {
    double latitude_deg; /* of the plane's origin, the centre */
    double longitude_deg;
    double prime_m;     /* radius of curvature in the prime vertical at the origin */
    double meridian_m;  /* radius of curvature in the meridian at the origin */
    double meridian_d1; /* its derivative by latitude, m per radian */
    int size;           /* cells a side */
    float cell_m;
    float half_m; /* the plane reaches from -half_m to +half_m */
    float lowest_m;
    float highest_m;
    float *height_m; /* size * size, row 0 is the southern edge */
};

/* Mountains about 37.7 N 111.9 E. */
int lh_terrain_generate(uint64_t seed, struct lh_terrain **ret_terrain);

/* From any raster GDAL reads, in any projection it knows: up to 40 km about the middle of the data
 * that is there; voids are filled from their edges. The fault says what is wrong with the file. */
int lh_terrain_from_dem(const char *path, struct lh_fault *fault, struct lh_terrain **ret_terrain);

/* As a GeoTIFF in its plane's projection, for whoever reads elevation models. */
int lh_terrain_save(const struct lh_terrain *terrain, const char *path, struct lh_fault *fault);

/* Accepts &NULL; leaves NULL. */
void lh_terrain_destroy(struct lh_terrain **terrain);

/* Height of the bare ground, bilinear; outside the grid that of its edge. */
float lh_terrain_height(const struct lh_terrain *terrain, float e, float n);

/* Unit vector upward from the ground (east, north, up). */
void lh_terrain_normal(const struct lh_terrain *terrain, float e, float n, float ret_normal[3]);

void lh_terrain_to_geo(const struct lh_terrain *terrain, double e, double n, double *ret_latitude,
                       double *ret_longitude);
void lh_terrain_from_geo(const struct lh_terrain *terrain, double latitude_deg,
                         double longitude_deg, double *ret_e, double *ret_n);
double lh_terrain_convergence_deg(const struct lh_terrain *terrain, double e, double n);

/* Room-internal: an empty grid about a place. size >= 2. */
int lh_terrain_create(double latitude_deg, double longitude_deg, int size, float cell_m,
                      struct lh_terrain **ret_terrain);
/* Room-internal: sets lowest_m and highest_m after height_m has been filled. */
void lh_terrain_finish(struct lh_terrain *terrain);

#endif
