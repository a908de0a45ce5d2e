/* One hotspot: a pixel that a satellite took for a fire.
 *
 * The same struct for every product; what a product does not say is NAN, 0, "" or the enum's first
 * value. Positions are WGS-84 (converted where the row was read), times UTC, powers MW.
 *
 * A low confidence does not mean a weak fire: VIIRS marks sun glint and saturated pixels of 50 to 158 MW
 * alike with 'l'. Nothing here drops a row for it.
 *
 * Thread-safety: plain values; the functions are pure.
 */
#ifndef LH_FUSE_HOTSPOT_H
#define LH_FUSE_HOTSPOT_H

#include "base/clock.h"
#include "base/error.h"
#include "locate/geo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lh_hotspot_confidence {
    LH_CONFIDENCE_UNSAID,
    LH_CONFIDENCE_LOW,
    LH_CONFIDENCE_NOMINAL,
    LH_CONFIDENCE_HIGH,
};

enum lh_hotspot_light {
    LH_LIGHT_UNSAID,
    LH_LIGHT_DAY,
    LH_LIGHT_NIGHT,
};

/* How final a product is, in rising order: a later one replaces an earlier. */
enum lh_hotspot_grade {
    LH_GRADE_UNSAID,
    LH_GRADE_URT, /* ultra real time */
    LH_GRADE_RT,
    LH_GRADE_NRT,      /* near real time, within 3 h */
    LH_GRADE_STANDARD, /* months later, with definitive geolocation */
};

/* The `type` of FIRMS standard products. */
enum lh_hotspot_type {
    LH_HOTSPOT_TYPE_UNSAID,
    LH_HOTSPOT_TYPE_VEGETATION,
    LH_HOTSPOT_TYPE_VOLCANO,
    LH_HOTSPOT_TYPE_STATIC,
    LH_HOTSPOT_TYPE_OFFSHORE,
};

#define LH_HOTSPOT_WORD 16
#define LH_HOTSPOT_SOURCE 32

struct lh_hotspot {
    struct lh_geo at;
    int64_t acquired_us; /* when the satellite looked; never LH_NO_TIME */
    int64_t received_us; /* when the row came here; LH_NO_TIME: not noted */
    double scan_km;      /* the pixel along the scan; NAN: not said */
    double track_km;
    double brightness_k; /* of the 4 um band, which folds over and saturates; NAN: not said */
    double frp_mw; /* fire radiative power; neighbouring VIIRS rows share one. NAN: not said */
    enum lh_hotspot_confidence confidence;
    enum lh_hotspot_light light;
    enum lh_hotspot_grade grade;
    enum lh_hotspot_type type;
    uint32_t cluster; /* the product's own number of the hot spot it belongs to; 0: none */
    char satellite[LH_HOTSPOT_WORD];  /* "Terra", "Aqua", "S-NPP", "NOAA-20", "Himawari-9", ... */
    char instrument[LH_HOTSPOT_WORD]; /* "MODIS", "VIIRS", "AHI", "OLI" */
    char confidence_text[LH_HOTSPOT_WORD]; /* as written */
    char version[LH_HOTSPOT_WORD];         /* as written */
    char source[LH_HOTSPOT_SOURCE];        /* the feed or file it came by */
};

const char *lh_hotspot_confidence_name(enum lh_hotspot_confidence confidence); /* "" for unsaid */
const char *lh_hotspot_light_name(enum lh_hotspot_light light);
const char *lh_hotspot_grade_name(enum lh_hotspot_grade grade);
const char *lh_hotspot_type_name(enum lh_hotspot_type type);

/* True for satellites that stand still above the equator; ret_longitude_deg is where. */
bool lh_hotspot_geostationary(const char *satellite, double *ret_longitude_deg);

/* At night by the row's own word, else by the sun's height at that place and time (below 0 degrees). */
bool lh_hotspot_at_night(const struct lh_hotspot *hotspot);

/* The larger side of its pixel in metres: as said, else what the instrument has at its nadir, else 1,000. */
double lh_hotspot_size_m(const struct lh_hotspot *hotspot);

/* Order of acquisition, then satellite, latitude, longitude: total, for qsort. */
int lh_hotspot_compare(const void *a, const void *b);

#endif
