#include "fuse/danger.h"

#include <stdlib.h>
#include <string.h>

#define GIVEN_MAX 64
#define STATIONS_MAX 256
#define NEAR_M 50000.0
#define MINUTE_US (60 * LH_SECOND_US)
#define WIND_AGE_US (180 * MINUTE_US)
#define LEVEL_AGE_US (INT64_C(1440) * MINUTE_US)
#define AHEAD_US (30 * MINUTE_US)

struct given {
    int level;
    int64_t from_us;
    int64_t to_us;
};

struct lh_danger {
    struct given given[GIVEN_MAX]; /* the latest last */
    size_t given_count;
    struct lh_weather_row stations[STATIONS_MAX];
    size_t station_count;
};

const char *lh_danger_name(int level)
{
    static const char *const names[] = {"unknown", "none", "low", "moderate", "high", "extreme"};
    return level >= 1 && level <= 5 ? names[level] : names[0];
}

const char *lh_danger_colour(int level)
{
    static const char *const colours[] = {"", "green", "blue", "yellow", "orange", "red"};
    return level >= 1 && level <= 5 ? colours[level] : colours[0];
}

int lh_danger_of_fwi(const double limits[4], double fwi)
{
    int level = 1;
    for (int i = 0; i < 4 && fwi >= limits[i]; i++)
        level++;
    return level;
}

int lh_danger_create(struct lh_danger **ret_danger)
{
    struct lh_danger *danger = calloc(1, sizeof *danger);
    if (!danger)
        return LH_ENOMEM;
    *ret_danger = danger;
    return LH_OK;
}

void lh_danger_destroy(struct lh_danger **danger)
{
    free(*danger);
    *danger = NULL;
}

int lh_danger_give(struct lh_danger *danger, int level, int64_t from_utc_us, int64_t to_utc_us)
{
    if (level < 1 || level > 5 || from_utc_us == LH_NO_TIME || to_utc_us <= from_utc_us)
        return LH_EINVAL;
    if (danger->given_count == GIVEN_MAX)
        memmove(&danger->given[0], &danger->given[1],
                (--danger->given_count) * sizeof danger->given[0]);
    danger->given[danger->given_count++] = (struct given){level, from_utc_us, to_utc_us};
    return LH_OK;
}

static bool in_or_unsaid(double value, double least, double most)
{
    return isnan(value) || (value >= least && value <= most);
}

static bool is_sound(const struct lh_weather_row *reading)
{
    const struct lh_geo place = {reading->latitude_deg, reading->longitude_deg};
    return reading->station[0] && lh_geo_valid(place) && reading->utc_us != LH_NO_TIME &&
           in_or_unsaid(reading->wind_km_h, 0, 400) &&
           in_or_unsaid(reading->wind_from_deg, 0, 360) && reading->danger_level >= 0 &&
           reading->danger_level <= 5;
}

int lh_danger_hear(struct lh_danger *danger, const struct lh_weather_row *reading)
{
    size_t at = 0;
    if (!is_sound(reading))
        return LH_EINVAL;
    while (at < danger->station_count &&
           strcmp(danger->stations[at].station, reading->station) != 0)
        at++;
    if (at == STATIONS_MAX)
        return LH_ELIMIT;
    if (at == danger->station_count)
        danger->station_count++;
    else if (reading->utc_us < danger->stations[at].utc_us)
        return LH_OK;
    danger->stations[at] = *reading;
    return LH_OK;
}

struct loading {
    struct lh_danger *danger;
    size_t refused;
};

static int hear_row(void *context, int line, const struct lh_weather_row *row)
{
    struct loading *loading = context;
    (void)line;
    loading->refused += lh_danger_hear(loading->danger, row) != LH_OK;
    return LH_OK;
}

int lh_danger_load(struct lh_danger *danger, const char *path, struct lh_fault *fault,
                   size_t *ret_refused)
{
    struct loading loading = {.danger = danger};
    const int code = lh_weather_load(path, hear_row, &loading, fault);
    if (code == LH_OK)
        *ret_refused = loading.refused;
    return code;
}

static const struct lh_weather_row *nearest(const struct lh_danger *danger, struct lh_geo place,
                                            int64_t utc_us, int64_t age_us, bool level)
{
    const struct lh_weather_row *best = NULL;
    double least_m = NEAR_M;
    for (size_t i = 0; i < danger->station_count; i++) {
        const struct lh_weather_row *row = &danger->stations[i];
        const bool says = level ? row->danger_level > 0 : !isnan(row->wind_km_h);
        if (!says || row->utc_us < utc_us - age_us || row->utc_us > utc_us + AHEAD_US)
            continue;
        const double distance_m =
            lh_geo_distance_m(place, (struct lh_geo){row->latitude_deg, row->longitude_deg});
        if (distance_m <= least_m) {
            least_m = distance_m;
            best = row;
        }
    }
    return best;
}

void lh_danger_at(const struct lh_danger *danger, struct lh_geo place, int64_t utc_us,
                  struct lh_ground *ground)
{
    const struct lh_weather_row *wind = nearest(danger, place, utc_us, WIND_AGE_US, false);
    const struct lh_weather_row *rated = nearest(danger, place, utc_us, LEVEL_AGE_US, true);
    if (wind) {
        ground->wind_m_s = wind->wind_km_h / 3.6;
        ground->wind_from_deg = wind->wind_from_deg;
    }
    if (rated)
        ground->danger_level = rated->danger_level;
    for (size_t i = 0; i < danger->given_count; i++)
        if (utc_us >= danger->given[i].from_us && utc_us < danger->given[i].to_us)
            ground->danger_level = danger->given[i].level;
}
