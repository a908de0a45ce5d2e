/* Fire danger: the five levels of China, where they come from, and the wind at a place.
 *
 * A level is given by the meteorological service (for the county, for a time; it wins), or by a station's
 * reading that carries one, or computed: from the FWI by limits that are settings, or by LY/T 1172-95 where its table
 * is supplied. Names and colours of levels after QX/T 77-2007.
 *
 * The board holds what is known now: at most 64 given levels and 256 stations, each with its latest reading.
 *
 * Not thread-safe: the owner's thread.
 */
#ifndef LH_FUSE_DANGER_H
#define LH_FUSE_DANGER_H

#include "base/site.h"
#include "fuse/ground.h"
#include "fuse/weather_file.h"

const char *lh_danger_name(int level); /* "none", "low", "moderate", "high", "extreme"; "unknown" */
const char *lh_danger_colour(int level); /* "green", "blue", "yellow", "orange", "red"; "" */

/* limits: weather.danger_2_fwi and so on, each the least FWI of its level. By default 5.2, 11.2, 21.3, 38: EFFIS'
 * classes, with its two highest in one. */
int lh_danger_of_fwi(const double limits[4], double fwi);

/* ---- LY/T 1172-95 ----
 * U = A (highest temperature) + B (lowest humidity) + C (rain and days since) + D (strongest wind) - E (month).
 * The standard's numbers are not free; a file supplies them:
 *
 *   temperature_c:    [[-99, 0], [5, 5], [10, 9]]   points from that value on, values rising
 *   humidity_percent: [[0, 20], [25, 16]]
 *   wind_m_s:         [[0, 0], [1.6, 4]]
 *   rain: [{from_mm: 0, points: [0, 5, 10]}, {from_mm: 5, points: [0, 2]}]   by days since; the last for more
 *   phenology:        [0, 0, 5, 10, 15, 20, 20, 20, 15, 10, 5, 0]             January to December
 */
struct lh_lyt;

struct lh_lyt_weather {
    double temperature_c;
    double humidity_percent;
    double wind_m_s;
    double rain_mm; /* of the last rain, ... */
    int dry_days;   /* and the days since */
    int month;
};

/* YAML or JSON. LH_ECONFIG with findings. */
int lh_lyt_parse(const char *text, size_t length, struct lh_findings *findings,
                 struct lh_lyt **ret_lyt);
void lh_lyt_destroy(struct lh_lyt **lyt);
double lh_lyt_index(const struct lh_lyt *lyt, const struct lh_lyt_weather *weather);
/* 25 and below: 1; 50: 2; 72: 3; 90: 4; above: 5. */
int lh_danger_of_lyt(double index);

/* ---- the board ---- */

struct lh_danger;

int lh_danger_create(struct lh_danger **ret_danger);
void lh_danger_destroy(struct lh_danger **danger);

/* A level that the service gives, for [from, to). The later given wins where two overlap. LH_EINVAL. */
int lh_danger_give(struct lh_danger *danger, int level, int64_t from_utc_us, int64_t to_utc_us);

/* A station's reading, with place and time; an earlier one than is known is passed over. LH_EINVAL: no station, place
 * or time, or numbers that cannot be. LH_ELIMIT: too many stations. */
int lh_danger_hear(struct lh_danger *danger, const struct lh_weather_row *reading);

/* Readings of a file (lh_weather_load). Those that are refused are counted. */
int lh_danger_load(struct lh_danger *danger, const char *path, struct lh_fault *fault,
                   size_t *ret_refused);

/* Sets level and wind: the nearest station within 50 km whose reading is not older than three hours (a level: a
 * day) nor later than half an hour. */
void lh_danger_at(const struct lh_danger *danger, struct lh_geo place, int64_t utc_us,
                  struct lh_ground *ground);

#endif
