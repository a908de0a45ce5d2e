/* Weather as tables: a line of names, then a row a reading.
 *
 * Columns are known by name, in any order and case; those that are not known are passed over:
 *
 *   station                          latitude, lat    longitude, long, lon
 *   time (ISO 8601 with its zone)    or yr, mon, day (year, month)
 *   temperature_c, temp              humidity_percent, rh
 *   wind_km_h, ws                    or wind_m_s      wind_from_deg
 *   rain_mm, prec                    danger_level
 *
 * Separated by comma, semicolon or tab, whichever the first line has. What a row does not say is NAN, 0 for
 * the date and the level, LH_NO_TIME for the time.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_FUSE_WEATHER_FILE_H
#define LH_FUSE_WEATHER_FILE_H

#include "base/clock.h"
#include "base/error.h"

#define LH_WEATHER_STATION 65
#define LH_WEATHER_BYTES_MAX ((size_t)32 << 20)

struct lh_weather_row {
    char station[LH_WEATHER_STATION];
    double latitude_deg;
    double longitude_deg;
    int64_t utc_us;
    int year;
    int month;
    int day;
    double temperature_c;
    double humidity_percent;
    double wind_km_h;
    double wind_from_deg;
    double rain_mm;
    int danger_level;
};

/* Called with each row in order; another code than LH_OK stops the reading and is returned. */
typedef int (*lh_weather_row_fn)(void *context, int line, const struct lh_weather_row *row);

/* LH_EFORMAT: no header with a known name, a cell that is no number, a time that is none; fault has the line. Rows
 * before it have been given. */
int lh_weather_parse(const char *text, size_t length, lh_weather_row_fn on_row, void *context,
                     struct lh_fault *fault);
int lh_weather_load(const char *path, lh_weather_row_fn on_row, void *context,
                    struct lh_fault *fault);

#endif
