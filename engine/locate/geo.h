/* Places on the earth: distances, bearings, a local plane, and the datums that maps come in.
 *
 * Everything inside the engine is WGS-84 in degrees (CGCS2000 is the same to the decimetre); what comes
 * from outside in another datum is converted where it enters. Distances and bearings are geodesic
 * (Karney 2013, by PROJ's geodesic.h: nanometres), so that poles and the antimeridian are places like
 * any other. Bearings and azimuths: degrees from true north, clockwise, 0 <= azimuth < 360.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_LOCATE_GEO_H
#define LH_LOCATE_GEO_H

#include <stdbool.h>

#define LH_PI 3.14159265358979323846
#define LH_DEGREE (LH_PI / 180.0)

struct lh_geo {
    double latitude_deg;  /* -90 to 90 */
    double longitude_deg; /* -180 to 180 */
};

/* Finite, latitude within 90 degrees, longitude within 180. */
bool lh_geo_valid(struct lh_geo place);

/* The same place with its longitude in -180 <= longitude < 180; a latitude beyond a pole comes down on the
 * other side. For finite numbers. */
struct lh_geo lh_geo_wrap(struct lh_geo place);

/* 0 <= azimuth < 360 */
double lh_azimuth_wrap(double azimuth_deg);
/* What must be added to from to come to to, the short way: -180 <= difference < 180. */
double lh_azimuth_difference(double from_deg, double to_deg);

double lh_geo_distance_m(struct lh_geo from, struct lh_geo to);
/* At from, the way to to. Of the same place 180 or 0, of no meaning. */
double lh_geo_bearing_deg(struct lh_geo from, struct lh_geo to);
struct lh_geo lh_geo_move(struct lh_geo from, double bearing_deg, double distance_m);

/* The radius of the sphere that fits the ellipsoid best there (Gauss: the square root of the product
 * of the radii in the meridian and across it); 6,372.7 km at 37.7 degrees. */
double lh_geo_radius_m(double latitude_deg);

/* An east-north plane about a place: the azimuthal equidistant projection, made of geodesics. From the
 * origin distance and bearing are exact; 50 km away lengths across are 1.00001 too long. Away from the
 * origin its north is not true north: true azimuth = plane azimuth + convergence. */
struct lh_plane {
    struct lh_geo origin;
};
struct lh_offset {
    double east_m;
    double north_m;
};
struct lh_offset lh_plane_offset(const struct lh_plane *plane, struct lh_geo place);
struct lh_geo lh_plane_geo(const struct lh_plane *plane, struct lh_offset offset);
double lh_plane_convergence_deg(const struct lh_plane *plane, struct lh_offset offset);

/* Coordinates of Chinese maps are moved by law: GCJ-02 (AMap, Tencent, most telephones) by 500 m and
 * more, BD-09 (Baidu) once again. Outside China both are WGS-84, as the maps have it. The inverse is
 * iterated to a centimetre. */
enum lh_datum {
    LH_DATUM_WGS84,
    LH_DATUM_GCJ02,
    LH_DATUM_BD09,
};
struct lh_geo lh_geo_from_datum(enum lh_datum datum, struct lh_geo place);
struct lh_geo lh_geo_to_datum(enum lh_datum datum, struct lh_geo place);

#endif
