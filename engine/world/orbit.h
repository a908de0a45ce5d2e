/* Satellites that pass: when, how aslant they look, how large a pixel is there.
 *
 * Circular, sun-synchronous orbits over a sphere: the node's longitude follows from its local time of day, which such
 * an orbit keeps. The phase is drawn from the seed, so that days and swaths are typical, not those of any real date.
 * What is found at 37.7 N: VIIRS looks 2.8 times a day a satellite, MODIS 2.2 times, bunched near 13:30 and 01:30
 * local time (Terra 10:30 and 22:30).
 *
 * With R the earth's radius, h the altitude, g the angle at the earth's centre from the track to the place:
 *   scan angle  s = atan(R sin g / (R + h - R cos g)),  zenith angle z = s + g
 *   pixel along the track  p * range / h,  along the scan  p * dg/ds * R / h,  dg/ds = (R + h) / R * cos s / cos z - 1
 * VIIRS puts three samples of 129 m together below 31.7 degrees, two below 44.9, and gives single ones beyond.
 *
 * This is the county's own geometry, not the engine's: so that the engine's can be judged by it.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_WORLD_ORBIT_H
#define LH_WORLD_ORBIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lh_satellite {
    const char *name;       /* "NOAA-20" */
    const char *code;       /* as FIRMS writes it in the area API: "N20" */
    const char *instrument; /* "VIIRS", "MODIS" */
    double altitude_km;
    double inclination_deg;
    double orbits_16d; /* in the sixteen days after which it repeats itself */
    double node_h;     /* local time where it crosses the equator northward */
    double phase;      /* of an orbit, beside that of the seed */
    double scan_deg;   /* half its swath */
    double sample_km;  /* along the scan at nadir */
    double track_km;   /* along the track at nadir */
    double geo_m;      /* one sigma of where it says a pixel lies */
    double least_mw;   /* at nadir by day: seen every other time */
};

#define LH_SATELLITES 5
extern const struct lh_satellite LH_SATELLITE[LH_SATELLITES];

struct lh_pass {
    const struct lh_satellite *satellite;
    int64_t utc_us;     /* nearest to the place */
    double heading_deg; /* it flies to, there */
    double scan_deg;   /* how far from straight down it looks; positive to the right of its track */
    double zenith_deg; /* how aslant it is seen from the place */
    double scan_km;    /* a pixel there */
    double track_km;
    bool night; /* local time before six or after eighteen */
};

/* A pass's angles and pixel, by how far the place is from the track. */
void lh_pass_geometry(const struct lh_satellite *satellite, double off_track_deg,
                      struct lh_pass *pass);

/* Every pass in [from, to) that has the place in its swath, in order of time; returns how many, at most `most`. */
size_t lh_passes(uint64_t seed, double latitude_deg, double longitude_deg, int64_t from_us,
                 int64_t to_us, struct lh_pass *passes, size_t most);

#endif
