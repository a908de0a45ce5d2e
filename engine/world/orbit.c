#include "world/orbit.h"

#include "base/clock.h"
#include "world/noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846
#define DEGREE (PI / 180.0)
#define EARTH_KM 6371.0
#define DAY_S 86400.0
#define STEP_S 20.0
#define EPOCH_US INT64_C(1767225600000000) /* 2026-01-01 */

const struct lh_satellite LH_SATELLITE[LH_SATELLITES] = {
    {"S-NPP", "N", "VIIRS", 829, 98.74, 227, 13.5, 0.0, 56.06, 0.129, 0.371, 75, 2.5},
    {"NOAA-20", "N20", "VIIRS", 829, 98.74, 227, 13.5, 0.5, 56.06, 0.129, 0.371, 133, 2.5},
    {"NOAA-21", "N21", "VIIRS", 829, 98.74, 227, 13.5, 0.25, 56.06, 0.129, 0.371, 75, 2.5},
    {"Terra", "Terra", "MODIS", 705, 98.2, 233, 22.5, 0.1, 55, 1.0, 1.0, 100, 11},
    {"Aqua", "Aqua", "MODIS", 705, 98.2, 233, 13.5, 0.7, 55, 1.0, 1.0, 100, 11},
};

struct spot {
    double latitude_deg;
    double longitude_deg;
};

/* What lies under the satellite. Against the mean sun, as which its orbit turns, the earth turns once a day. */
static struct spot under(const struct lh_satellite *satellite, double phase, double utc_s)
{
    const double period_s = 16.0 * DAY_S / satellite->orbits_16d;
    const double orbits = utc_s / period_s + phase;
    const double since_s = (orbits - floor(orbits)) * period_s;
    const double u = 2.0 * PI * since_s / period_s;
    const double node_h = fmod(utc_s - since_s, DAY_S) / 3600.0;
    const double tilt = satellite->inclination_deg * DEGREE;
    const double node_deg = 15.0 * (satellite->node_h - node_h);
    return (struct spot){
        .latitude_deg = asin(sin(tilt) * sin(u)) / DEGREE,
        .longitude_deg =
            node_deg + atan2(cos(tilt) * sin(u), cos(u)) / DEGREE - 360.0 * since_s / DAY_S,
    };
}

static double apart_deg(struct spot a, struct spot b)
{
    const double x = sin((b.latitude_deg - a.latitude_deg) * DEGREE / 2.0);
    const double y = sin((b.longitude_deg - a.longitude_deg) * DEGREE / 2.0);
    const double h = x * x + cos(a.latitude_deg * DEGREE) * cos(b.latitude_deg * DEGREE) * y * y;
    return 2.0 * asin(sqrt(fmin(h, 1.0))) / DEGREE;
}

static double bearing_deg(struct spot from, struct spot to)
{
    const double turn = (to.longitude_deg - from.longitude_deg) * DEGREE;
    const double a = from.latitude_deg * DEGREE;
    const double b = to.latitude_deg * DEGREE;
    const double bearing =
        atan2(sin(turn) * cos(b), cos(a) * sin(b) - sin(a) * cos(b) * cos(turn)) / DEGREE;
    return fmod(bearing + 360.0, 360.0);
}

void lh_pass_geometry(const struct lh_satellite *satellite, double off_track_deg,
                      struct lh_pass *pass)
{
    const double h = satellite->altitude_km;
    const double g = fmax(fabs(off_track_deg), 1e-6) * DEGREE;
    const double s = atan2(EARTH_KM * sin(g), EARTH_KM + h - EARTH_KM * cos(g));
    const double zenith = s + g;
    const double range_km = EARTH_KM * sin(g) / sin(s);
    const double growth = ((EARTH_KM + h) / EARTH_KM * cos(s) / cos(zenith) - 1.0) * EARTH_KM / h;
    const double scan_deg = s / DEGREE;
    int samples = 1;
    if (strcmp(satellite->instrument, "VIIRS") == 0)
        samples = scan_deg < 31.72 ? 3 : (scan_deg < 44.86 ? 2 : 1);
    pass->satellite = satellite;
    pass->scan_deg = copysign(scan_deg, off_track_deg);
    pass->zenith_deg = zenith / DEGREE;
    pass->scan_km = satellite->sample_km * samples * growth;
    pass->track_km = satellite->track_km * range_km / h;
}

struct search {
    const struct lh_satellite *satellite;
    double phase;
    struct spot place;
};

static double off_deg(const struct search *search, double utc_s)
{
    return apart_deg(under(search->satellite, search->phase, utc_s), search->place);
}

/* The nearest moment between two, by thirds. */
static double nearest(const struct search *search, double from_s, double to_s)
{
    for (int i = 0; i < 40; i++) {
        const double a = from_s + (to_s - from_s) / 3.0;
        const double b = to_s - (to_s - from_s) / 3.0;
        if (off_deg(search, a) < off_deg(search, b))
            to_s = b;
        else
            from_s = a;
    }
    return (from_s + to_s) / 2.0;
}

static bool take_pass(const struct search *search, double utc_s, struct lh_pass *pass)
{
    const struct spot here = under(search->satellite, search->phase, utc_s);
    const struct spot next = under(search->satellite, search->phase, utc_s + 5.0);
    const double heading_deg = bearing_deg(here, next);
    const double right = sin((bearing_deg(here, search->place) - heading_deg) * DEGREE);
    lh_pass_geometry(search->satellite, copysign(off_deg(search, utc_s), right), pass);
    const double local_h = fmod(utc_s / 3600.0 + search->place.longitude_deg / 15.0 + 24.0, 24.0);
    pass->utc_us = EPOCH_US + llround(utc_s) * LH_SECOND_US;
    pass->heading_deg = heading_deg;
    pass->night = local_h < 6.0 || local_h >= 18.0;
    return fabs(pass->scan_deg) < search->satellite->scan_deg && pass->zenith_deg < 80.0;
}

static int earlier(const void *a, const void *b)
{
    const struct lh_pass *left = (const struct lh_pass *)a;
    const struct lh_pass *right = (const struct lh_pass *)b;
    return (left->utc_us > right->utc_us) - (left->utc_us < right->utc_us);
}

size_t lh_passes(uint64_t seed, double latitude_deg, double longitude_deg, int64_t from_us,
                 int64_t to_us, struct lh_pass *passes, size_t most)
{
    const double from_s = (double)(from_us - EPOCH_US) / 1e6;
    const double to_s = (double)(to_us - EPOCH_US) / 1e6;
    struct lh_dice dice = {lh_hash(seed, 0x0b17)};
    const double viirs = lh_dice_range(&dice, 0.0, 1.0);
    size_t count = 0;
    for (size_t i = 0; i < LH_SATELLITES; i++) {
        const struct lh_satellite *satellite = &LH_SATELLITE[i];
        const double own =
            strcmp(satellite->instrument, "VIIRS") == 0 ? viirs : lh_dice_range(&dice, 0.0, 1.0);
        const struct search search = {
            satellite, own + satellite->phase, {latitude_deg, longitude_deg}};
        for (double t = from_s; t < to_s && count < most; t += STEP_S) {
            const double middle = off_deg(&search, t);
            if (middle > 20.0 || middle > off_deg(&search, t - STEP_S) ||
                middle >= off_deg(&search, t + STEP_S))
                continue;
            const double at_s = nearest(&search, t - STEP_S, t + STEP_S);
            if (at_s >= from_s && at_s < to_s && take_pass(&search, at_s, &passes[count]))
                count++;
        }
    }
    qsort(passes, count, sizeof *passes, earlier);
    return count;
}
