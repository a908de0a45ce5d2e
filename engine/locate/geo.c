#include "locate/geo.h"

#include <geodesic.h>
#include <math.h>
#include <stddef.h>

#define WGS84_A 6378137.0
#define WGS84_F (1.0 / 298.257223563)

bool lh_geo_valid(struct lh_geo place)
{
    return fabs(place.latitude_deg) <= 90.0 && fabs(place.longitude_deg) <= 180.0;
}

double lh_azimuth_difference(double from_deg, double to_deg)
{
    return lh_azimuth_wrap(to_deg - from_deg + 180.0) - 180.0;
}

double lh_azimuth_wrap(double azimuth_deg)
{
    const double azimuth = fmod(azimuth_deg, 360.0);
    const double positive = azimuth < 0.0 ? azimuth + 360.0 : azimuth;
    return positive < 360.0 ? positive + 0.0 : 0.0;
}

struct lh_geo lh_geo_wrap(struct lh_geo place)
{
    double latitude = lh_azimuth_difference(0.0, place.latitude_deg);
    double longitude = place.longitude_deg;
    if (fabs(latitude) > 90.0) {
        latitude = copysign(180.0, latitude) - latitude;
        longitude += 180.0;
    }
    return (struct lh_geo){latitude, lh_azimuth_difference(0.0, longitude)};
}

static void inverse(struct lh_geo from, struct lh_geo to, double *distance_m, double *bearing_deg)
{
    struct geod_geodesic earth;
    geod_init(&earth, WGS84_A, WGS84_F);
    geod_inverse(&earth, from.latitude_deg, from.longitude_deg, to.latitude_deg, to.longitude_deg,
                 distance_m, bearing_deg, NULL);
}

double lh_geo_distance_m(struct lh_geo from, struct lh_geo to)
{
    double distance_m;
    inverse(from, to, &distance_m, NULL);
    return distance_m;
}

double lh_geo_bearing_deg(struct lh_geo from, struct lh_geo to)
{
    double bearing_deg;
    inverse(from, to, NULL, &bearing_deg);
    return lh_azimuth_wrap(bearing_deg);
}

struct lh_geo lh_geo_move(struct lh_geo from, double bearing_deg, double distance_m)
{
    struct geod_geodesic earth;
    struct lh_geo to;
    geod_init(&earth, WGS84_A, WGS84_F);
    geod_direct(&earth, from.latitude_deg, from.longitude_deg, bearing_deg, distance_m,
                &to.latitude_deg, &to.longitude_deg, NULL);
    return lh_geo_wrap(to);
}

double lh_geo_radius_m(double latitude_deg)
{
    const double sine = sin(latitude_deg * LH_DEGREE);
    const double e2 = WGS84_F * (2.0 - WGS84_F);
    return WGS84_A * sqrt(1.0 - e2) / (1.0 - e2 * sine * sine);
}

struct lh_offset lh_plane_offset(const struct lh_plane *plane, struct lh_geo place)
{
    double distance_m;
    double bearing_deg;
    inverse(plane->origin, place, &distance_m, &bearing_deg);
    const double east = sin(bearing_deg * LH_DEGREE);
    const double north = cos(bearing_deg * LH_DEGREE);
    return (struct lh_offset){distance_m * east, distance_m * north};
}

struct lh_geo lh_plane_geo(const struct lh_plane *plane, struct lh_offset offset)
{
    return lh_geo_move(plane->origin, atan2(offset.east_m, offset.north_m) / LH_DEGREE,
                       hypot(offset.east_m, offset.north_m));
}

double lh_plane_convergence_deg(const struct lh_plane *plane, struct lh_offset offset)
{
    const double step_m = 10.0;
    const struct lh_geo here = lh_plane_geo(plane, offset);
    const struct lh_geo north =
        lh_plane_geo(plane, (struct lh_offset){offset.east_m, offset.north_m + step_m});
    return lh_azimuth_difference(0.0, lh_geo_bearing_deg(here, north));
}

/* ---- datums: the constants that all maps use ---- */

#define GCJ_A 6378245.0
#define GCJ_EE 0.006693421622965823
#define BD_TURN (LH_PI * 3000.0 / 180.0)

static bool is_moved(struct lh_geo place)
{
    return place.longitude_deg > 72.004 && place.longitude_deg < 137.8347 &&
           place.latitude_deg > 0.8293 && place.latitude_deg < 55.8271;
}

static double waves(double x, double a, double b, double c, double d)
{
    return (20.0 * sin(x * LH_PI) + 40.0 * sin(x / 3.0 * LH_PI)) * 2.0 / 3.0 +
           (a * sin(x / c * LH_PI) + b * sin(x / d * LH_PI)) * 2.0 / 3.0;
}

static struct lh_geo wgs84_to_gcj02(struct lh_geo place)
{
    const double x = place.longitude_deg - 105.0;
    const double y = place.latitude_deg - 35.0;
    const double root = sqrt(fabs(x));
    const double ripple = (20.0 * sin(6.0 * x * LH_PI) + 20.0 * sin(2.0 * x * LH_PI)) * 2.0 / 3.0;
    const double north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root +
                         ripple + waves(y, 160.0, 320.0, 12.0, 30.0);
    const double east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple +
                        waves(x, 150.0, 300.0, 12.0, 30.0);
    const double latitude = place.latitude_deg * LH_DEGREE;
    const double magic = 1.0 - GCJ_EE * sin(latitude) * sin(latitude);
    const double meridian_m = GCJ_A * (1.0 - GCJ_EE) / (magic * sqrt(magic));
    const double across_m = GCJ_A / sqrt(magic) * cos(latitude);
    return (struct lh_geo){place.latitude_deg + north / (meridian_m * LH_DEGREE),
                           place.longitude_deg + east / (across_m * LH_DEGREE)};
}

static struct lh_geo gcj02_to_bd09(struct lh_geo place)
{
    const double x = place.longitude_deg;
    const double y = place.latitude_deg;
    const double length = hypot(x, y) + 0.00002 * sin(y * BD_TURN);
    const double angle = atan2(y, x) + 0.000003 * cos(x * BD_TURN);
    return (struct lh_geo){length * sin(angle) + 0.006, length * cos(angle) + 0.0065};
}

struct lh_geo lh_geo_to_datum(enum lh_datum datum, struct lh_geo place)
{
    if (datum == LH_DATUM_WGS84 || !is_moved(place))
        return place;
    const struct lh_geo gcj02 = wgs84_to_gcj02(place);
    return datum == LH_DATUM_GCJ02 ? gcj02 : gcj02_to_bd09(gcj02);
}

struct lh_geo lh_geo_from_datum(enum lh_datum datum, struct lh_geo place)
{
    struct lh_geo guess = place;
    if (datum == LH_DATUM_WGS84 || !is_moved(place))
        return place;
    for (int round = 0; round < 20; round++) {
        const struct lh_geo moved = lh_geo_to_datum(datum, guess);
        const double north = place.latitude_deg - moved.latitude_deg;
        const double east = place.longitude_deg - moved.longitude_deg;
        guess.latitude_deg += north;
        guess.longitude_deg += east;
        if (fabs(north) < 1e-10 && fabs(east) < 1e-10)
            break;
    }
    return guess;
}
