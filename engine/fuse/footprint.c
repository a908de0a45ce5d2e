#include "fuse/footprint.h"

#include <math.h>
#include <string.h>

#define EARTH_A_M 6378137.0
#define EARTH_E2 0.00669437999014
#define STATIONARY_RADIUS_M 42164000.0
#define STATIONARY_HEIGHT_M (STATIONARY_RADIUS_M - EARTH_A_M)
#define SIDEREAL_DAY_MIN 1436.068
#define LOWEST_DEG 5.0
#define ROUNDS 12 /* of the parallax; each is nearer by the slope of the ground times the tangent */

double lh_track_heading_deg(double inclination_deg, double period_min, double latitude_deg,
                            bool ascending)
{
    const double cosine = cos(latitude_deg * LH_DEGREE);
    const double ratio = cos(inclination_deg * LH_DEGREE) / fmax(cosine, 1e-6);
    const double across = fmax(-1, fmin(1, ratio));
    const double east = across - period_min / SIDEREAL_DAY_MIN * cosine;
    const double north = sqrt(1 - across * across) * (ascending ? 1 : -1);
    return lh_azimuth_wrap(atan2(east, north) / LH_DEGREE);
}

int lh_geostationary_view(double satellite_longitude_deg, struct lh_geo at,
                          struct lh_satellite_view *ret_view)
{
    const double latitude = at.latitude_deg * LH_DEGREE;
    const double away = (satellite_longitude_deg - at.longitude_deg) * LH_DEGREE;
    const double normal = EARTH_A_M / sqrt(1 - EARTH_E2 * sin(latitude) * sin(latitude));
    /* In a frame turned to the place's meridian. */
    const double x = STATIONARY_RADIUS_M * cos(away) - normal * cos(latitude);
    const double y = STATIONARY_RADIUS_M * sin(away);
    const double z = -normal * (1 - EARTH_E2) * sin(latitude);
    const double up = x * cos(latitude) + z * sin(latitude);
    const double north = -x * sin(latitude) + z * cos(latitude);
    const double range = sqrt(x * x + y * y + z * z);
    const double zenith_deg = acos(up / range) / LH_DEGREE;
    if (!(zenith_deg < 90 - LOWEST_DEG))
        return LH_ERANGE;
    *ret_view = (struct lh_satellite_view){
        .zenith_deg = zenith_deg,
        .azimuth_deg = lh_azimuth_wrap(atan2(y, north) / LH_DEGREE),
        .range_m = range,
    };
    return LH_OK;
}

static double height_at(const struct lh_height_source *heights, struct lh_geo at)
{
    return heights->height_m ? heights->height_m(heights->context, at) : NAN;
}

struct lh_geo lh_parallax_undo(double satellite_longitude_deg, struct lh_geo apparent,
                               const struct lh_height_source *heights, double *ret_height_m)
{
    struct lh_satellite_view view = {0};
    struct lh_geo place = apparent;
    double height_m = height_at(heights, apparent);
    if (lh_geostationary_view(satellite_longitude_deg, apparent, &view) != LH_OK)
        height_m = NAN;
    for (int i = 0; i < ROUNDS && isfinite(height_m); i++) {
        const struct lh_geo before = place;
        place =
            lh_geo_move(apparent, view.azimuth_deg, height_m * tan(view.zenith_deg * LH_DEGREE));
        /* Half way at a time: on ground that falls toward the satellite full steps swing. */
        if (i > 0) {
            const struct lh_plane plane = {before};
            const struct lh_offset step = lh_plane_offset(&plane, place);
            place = lh_plane_geo(&plane, (struct lh_offset){step.east_m / 2, step.north_m / 2});
        }
        const double next_m = height_at(heights, place);
        if (!isfinite(next_m))
            break;
        height_m = next_m;
    }
    if (ret_height_m)
        *ret_height_m = height_m;
    return isfinite(height_m) ? place : apparent;
}

/* sigma_a along the azimuth, sigma_b across. */
static struct lh_ellipse ellipse_of(struct lh_geo centre, double azimuth_deg, double sigma_a_m,
                                    double sigma_b_m)
{
    const bool turned = sigma_b_m > sigma_a_m;
    return (struct lh_ellipse){
        .centre = centre,
        .height_m = NAN,
        .major_m = fmax(sigma_a_m, sigma_b_m),
        .minor_m = fmin(sigma_a_m, sigma_b_m),
        .azimuth_deg = fmod(lh_azimuth_wrap(azimuth_deg + (turned ? 90 : 0)), 180.0),
    };
}

static double sigma_of(double size_m, double sigma_geo_m)
{
    return sqrt(size_m * size_m / 12 + sigma_geo_m * sigma_geo_m);
}

static struct lh_ellipse stationary_footprint(const struct lh_hotspot *hotspot,
                                              double satellite_longitude_deg,
                                              const struct lh_footprint_options *options)
{
    struct lh_satellite_view view;
    const double nadir_m = lh_hotspot_size_m(hotspot);
    if (lh_geostationary_view(satellite_longitude_deg, hotspot->at, &view) != LH_OK) {
        const double sigma_m = sigma_of(10 * nadir_m, options->stationary_sigma_m);
        return ellipse_of(hotspot->at, 0, sigma_m, sigma_m);
    }
    const double zenith = view.zenith_deg * LH_DEGREE;
    const double across_m = nadir_m * view.range_m / STATIONARY_HEIGHT_M;
    double height_m;
    const struct lh_geo centre =
        lh_parallax_undo(satellite_longitude_deg, hotspot->at, &options->heights, &height_m);
    double along_m = sigma_of(across_m / cos(zenith), options->stationary_sigma_m);
    if (!isfinite(height_m))
        along_m = hypot(along_m, options->unknown_height_m * tan(zenith));
    struct lh_ellipse ellipse = ellipse_of(centre, view.azimuth_deg, along_m,
                                           sigma_of(across_m, options->stationary_sigma_m));
    ellipse.height_m = height_m;
    return ellipse;
}

static struct lh_ellipse polar_footprint(const struct lh_hotspot *hotspot,
                                         const struct lh_footprint_options *options)
{
    const bool modis = strcmp(hotspot->instrument, "MODIS") == 0;
    const bool viirs = strcmp(hotspot->instrument, "VIIRS") == 0;
    const bool sinks_by_day =
        strcmp(hotspot->satellite, "Terra") == 0 || strncmp(hotspot->satellite, "Landsat", 7) == 0;
    const double size_m = lh_hotspot_size_m(hotspot);
    const bool sized = isfinite(hotspot->scan_km) && isfinite(hotspot->track_km) &&
                       hotspot->scan_km > 0 && hotspot->track_km > 0;
    double scan_m = sized ? 1000 * hotspot->scan_km : size_m;
    const double track_m = sized ? 1000 * hotspot->track_km : size_m;
    double sigma_m = options->polar_sigma_m;
    if (modis) {
        scan_m *= options->modis_scan_widening;
        sigma_m = options->modis_sigma_m;
    } else if (strcmp(hotspot->satellite, "NOAA-20") == 0) {
        sigma_m = options->noaa20_sigma_m;
    }
    if (!modis && !viirs && strncmp(hotspot->satellite, "Landsat", 7) != 0) {
        const double both_m = sigma_of(fmax(scan_m, track_m), 2 * sigma_m);
        return ellipse_of(hotspot->at, 0, both_m, both_m); /* nothing is known of its way */
    }
    const double heading_deg =
        lh_track_heading_deg(viirs ? 98.7 : 98.2, viirs ? 101.4 : 98.8, hotspot->at.latitude_deg,
                             lh_hotspot_at_night(hotspot) == sinks_by_day);
    return ellipse_of(hotspot->at, heading_deg + 90, sigma_of(scan_m, sigma_m),
                      sigma_of(track_m, sigma_m));
}

struct lh_ellipse lh_hotspot_footprint(const struct lh_hotspot *hotspot,
                                       const struct lh_footprint_options *options)
{
    double longitude_deg;
    return lh_hotspot_geostationary(hotspot->satellite, &longitude_deg)
               ? stationary_footprint(hotspot, longitude_deg, options)
               : polar_footprint(hotspot, options);
}
