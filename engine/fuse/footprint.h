/* Where a hotspot's fire may be: the pixel's footprint as an error ellipse of one sigma.
 *
 * A fire lies anywhere in its pixel, so along each side sigma = sqrt((size / sqrt(12))^2 + sigma_geo^2),
 * with what the product's own geolocation errs by: VIIRS 75 m (NOAA-20 133 m), MODIS 100 m, geostationary
 * 500 m. MODIS sees along the scan with a triangular weight that reaches into the neighbours, so that side
 * counts 1.5 times.
 *
 * Polar orbiters: the feed gives no heading, so it is computed from the orbit's inclination, the latitude
 * and the earth's turning, and from whether the satellite rises or sinks: VIIRS and Aqua rise by day,
 * Terra and Landsat by night. At 37.7 N rising 346, sinking 194 degrees.
 *
 * Geostationary satellites look aslant (53 degrees from the zenith at Jiaocheng, from Himawari), which makes
 * the pixel long in the direction of the look and moves what lies high away from the satellite: from Himawari
 * by 1,329 m per 1,000 m of height toward 318 degrees. The ellipse is moved back by the terrain's height;
 * where that is not known it stays, and grows by what 1,000 m would do.
 *
 * Thread-safety: pure functions; the height source is called by the caller's thread.
 */
#ifndef LH_FUSE_FOOTPRINT_H
#define LH_FUSE_FOOTPRINT_H

#include "fuse/hotspot.h"
#include "locate/position.h"

/* How high the ground is, above sea level; NAN where not known. */
struct lh_height_source {
    double (*height_m)(void *context, struct lh_geo at); /* NULL: nowhere known */
    void *context;
};

struct lh_footprint_options {
    struct lh_height_source heights;
    double modis_scan_widening;
    double polar_sigma_m;  /* VIIRS on S-NPP and NOAA-21 */
    double noaa20_sigma_m; /* 400 m at three sigma */
    double modis_sigma_m;
    double stationary_sigma_m;
    double unknown_height_m; /* parallax of so much is added where the height is not known */
};
#define LH_FOOTPRINT_DEFAULT                                                                       \
    ((struct lh_footprint_options){.modis_scan_widening = 1.5,                                     \
                                   .polar_sigma_m = 75,                                            \
                                   .noaa20_sigma_m = 400.0 / 3,                                    \
                                   .modis_sigma_m = 100,                                           \
                                   .stationary_sigma_m = 500,                                      \
                                   .unknown_height_m = 1000})

struct lh_ellipse lh_hotspot_footprint(const struct lh_hotspot *hotspot,
                                       const struct lh_footprint_options *options);

/* The direction a sun-synchronous satellite moves in, over that latitude. */
double lh_track_heading_deg(double inclination_deg, double period_min, double latitude_deg,
                            bool ascending);

/* How a geostationary satellite sees a place. */
struct lh_satellite_view {
    double zenith_deg;  /* between the place's zenith and the satellite */
    double azimuth_deg; /* toward the satellite */
    double range_m;
};
/* LH_ERANGE: it stands below 5 degrees of the horizon, or under it. */
int lh_geostationary_view(double satellite_longitude_deg, struct lh_geo at,
                          struct lh_satellite_view *ret_view);

/* Where the thing really is that a geostationary product, which takes the earth for an ellipsoid, places at
 * apparent; ret_height_m (may be NULL) is the ground's height there. NAN, and apparent, where not known. */
struct lh_geo lh_parallax_undo(double satellite_longitude_deg, struct lh_geo apparent,
                               const struct lh_height_source *heights, double *ret_height_m);

#endif
