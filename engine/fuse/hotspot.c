#include "fuse/hotspot.h"

#include <math.h>
#include <string.h>

const char *lh_hotspot_confidence_name(enum lh_hotspot_confidence confidence)
{
    static const char *const names[] = {"", "low", "nominal", "high"};
    return names[confidence];
}

const char *lh_hotspot_light_name(enum lh_hotspot_light light)
{
    static const char *const names[] = {"", "day", "night"};
    return names[light];
}

const char *lh_hotspot_grade_name(enum lh_hotspot_grade grade)
{
    static const char *const names[] = {"", "URT", "RT", "NRT", "standard"};
    return names[grade];
}

const char *lh_hotspot_type_name(enum lh_hotspot_type type)
{
    static const char *const names[] = {"", "vegetation", "volcano", "static", "offshore"};
    return names[type];
}

bool lh_hotspot_geostationary(const char *satellite, double *ret_longitude_deg)
{
    static const struct {
        const char *name;
        double longitude_deg;
    } table[] = {{"Himawari-8", 140.7},
                 {"Himawari-9", 140.7},
                 {"FY-4A", 104.7},
                 {"FY-4B", 105.0},
                 {"GK-2A", 128.2}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(satellite, table[i].name) == 0) {
            *ret_longitude_deg = table[i].longitude_deg;
            return true;
        }
    }
    return false;
}

/* To half a degree, which is all that day and night need (Astronomical Almanac, low precision). */
static double sun_height_deg(struct lh_geo at, int64_t utc_us)
{
    const double days = (double)utc_us / 86400e6 - 10957.5; /* since J2000 */
    const double anomaly = fmod(357.528 + 0.9856003 * days, 360.0) * LH_DEGREE;
    const double mean = fmod(280.460 + 0.9856474 * days, 360.0);
    const double ecliptic = (mean + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly)) * LH_DEGREE;
    const double tilt = 23.439 * LH_DEGREE;
    const double declination = asin(sin(tilt) * sin(ecliptic));
    const double ascension = atan2(cos(tilt) * sin(ecliptic), cos(ecliptic));
    const double sidereal =
        fmod(280.46062 + 360.98564737 * days + at.longitude_deg, 360.0) * LH_DEGREE;
    const double latitude = at.latitude_deg * LH_DEGREE;
    return asin(sin(latitude) * sin(declination) +
                cos(latitude) * cos(declination) * cos(sidereal - ascension)) /
           LH_DEGREE;
}

bool lh_hotspot_at_night(const struct lh_hotspot *hotspot)
{
    if (hotspot->light != LH_LIGHT_UNSAID)
        return hotspot->light == LH_LIGHT_NIGHT;
    return sun_height_deg(hotspot->at, hotspot->acquired_us) < 0;
}

double lh_hotspot_size_m(const struct lh_hotspot *hotspot)
{
    static const struct {
        const char *instrument;
        double size_m;
    } nadir[] = {{"MODIS", 1000}, {"VIIRS", 375}, {"AHI", 2000},
                 {"AGRI", 2000},  {"AMI", 2000},  {"OLI", 30}};
    const double scan_km = isfinite(hotspot->scan_km) ? hotspot->scan_km : 0;
    const double track_km = isfinite(hotspot->track_km) ? hotspot->track_km : 0;
    const double said_m = 1000 * fmax(scan_km, track_km);
    if (said_m > 0)
        return said_m;
    for (size_t i = 0; i < sizeof nadir / sizeof nadir[0]; i++)
        if (strcmp(hotspot->instrument, nadir[i].instrument) == 0)
            return nadir[i].size_m;
    return 1000;
}

int lh_hotspot_compare(const void *a, const void *b)
{
    const struct lh_hotspot *left = (const struct lh_hotspot *)a;
    const struct lh_hotspot *right = (const struct lh_hotspot *)b;
    if (left->acquired_us != right->acquired_us)
        return left->acquired_us < right->acquired_us ? -1 : 1;
    const int order = strcmp(left->satellite, right->satellite);
    if (order != 0)
        return order;
    if (left->at.latitude_deg != right->at.latitude_deg)
        return left->at.latitude_deg < right->at.latitude_deg ? -1 : 1;
    return (left->at.longitude_deg > right->at.longitude_deg) -
           (left->at.longitude_deg < right->at.longitude_deg);
}
