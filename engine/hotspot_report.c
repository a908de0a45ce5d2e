#include "hotspot_report.h"

#include "alarm/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SATELLITES_MAX 16
#define DAY_US (86400.0 * (double)LH_SECOND_US)

struct tally {
    int64_t first_us;
    int64_t last_us;
    char satellites[SATELLITES_MAX][LH_HOTSPOT_WORD];
    size_t satellite_rows[SATELLITES_MAX];
    size_t satellite_count;
    size_t other_rows; /* of satellites beyond those */
    size_t confidence[LH_CONFIDENCE_HIGH + 1];
    size_t nights;
    size_t types[LH_HOTSPOT_TYPE_OFFSHORE + 1];
};

static void count_satellite(struct tally *tally, const char *satellite)
{
    size_t i = 0;
    while (i < tally->satellite_count && strcmp(tally->satellites[i], satellite) != 0)
        i++;
    if (i == SATELLITES_MAX) {
        tally->other_rows++;
        return;
    }
    if (i == tally->satellite_count) {
        (void)snprintf(tally->satellites[i], LH_HOTSPOT_WORD, "%s", satellite);
        tally->satellite_count++;
    }
    tally->satellite_rows[i]++;
}

static struct tally tally_of(const struct lh_hotspots *hotspots)
{
    struct tally tally = {.first_us = LH_NO_TIME, .last_us = LH_NO_TIME};
    for (size_t i = 0; i < hotspots->count; i++) {
        const struct lh_hotspot *row = &hotspots->items[i];
        if (i == 0 || row->acquired_us < tally.first_us)
            tally.first_us = row->acquired_us;
        if (i == 0 || row->acquired_us > tally.last_us)
            tally.last_us = row->acquired_us;
        count_satellite(&tally, row->satellite);
        tally.confidence[row->confidence]++;
        tally.types[row->type]++;
        tally.nights += lh_hotspot_at_night(row);
    }
    return tally;
}

static void print_tally(FILE *file, const struct lh_hotspots *hotspots)
{
    const struct tally tally = tally_of(hotspots);
    char first[LH_TIME_TEXT];
    char last[LH_TIME_TEXT];
    (void)fprintf(file, "  %.16sZ to %.16sZ;", lh_time_format(tally.first_us, first),
                  lh_time_format(tally.last_us, last));
    for (size_t i = 0; i < tally.satellite_count; i++)
        (void)fprintf(file, "%s %s %zu", i ? "," : "",
                      tally.satellites[i][0] ? tally.satellites[i] : "unnamed",
                      tally.satellite_rows[i]);
    (void)fprintf(file, "; confidence high %zu, nominal %zu, low %zu",
                  tally.confidence[LH_CONFIDENCE_HIGH], tally.confidence[LH_CONFIDENCE_NOMINAL],
                  tally.confidence[LH_CONFIDENCE_LOW]);
    if (tally.confidence[LH_CONFIDENCE_UNSAID] > 0)
        (void)fprintf(file, ", unsaid %zu", tally.confidence[LH_CONFIDENCE_UNSAID]);
    (void)fprintf(file, "; day %zu, night %zu\n", hotspots->count - tally.nights, tally.nights);
}

void lh_hotspot_report_print(FILE *file, const char *name, const struct lh_hotspots *hotspots,
                             size_t refusals)
{
    if (hotspots->state == LH_HOTSPOTS_TEXT) {
        (void)fprintf(file, "%s: no table of hotspots; it begins '%s'\n", name, hotspots->note);
        return;
    }
    (void)fprintf(file, "%s: %s; %zu rows", name,
                  hotspots->layout[0] ? hotspots->layout : "no whole header", hotspots->rows);
    if (hotspots->refused > 0)
        (void)fprintf(file, ", %zu refused", hotspots->refused);
    if (hotspots->state == LH_HOTSPOTS_EMPTY)
        (void)fputs(" (a header and nothing more: nothing was seen)", file);
    if (hotspots->state == LH_HOTSPOTS_TRUNCATED)
        (void)fputs(" (cut off at its end)", file);
    (void)fputc('\n', file);
    if (hotspots->note[0])
        (void)fprintf(file, "  note: %s\n", hotspots->note);
    if (hotspots->count > 0)
        print_tally(file, hotspots);
    for (size_t i = 0; i < hotspots->refused && i < refusals && i < LH_HOTSPOT_REFUSALS_MAX; i++)
        (void)fprintf(file, "  line %zu refused: %s\n", hotspots->refusals[i].line,
                      hotspots->refusals[i].why);
    if (hotspots->refused > refusals)
        (void)fprintf(file, "  and %zu more\n", hotspots->refused - refusals);
}

static json_t *refusals_json(const struct lh_hotspots *hotspots)
{
    json_t *list = json_array();
    for (size_t i = 0; i < hotspots->refused && i < LH_HOTSPOT_REFUSALS_MAX; i++)
        (void)json_array_append_new(list, json_pack("{s:I, s:o}", "line",
                                                    (json_int_t)hotspots->refusals[i].line, "why",
                                                    lh_json_text(hotspots->refusals[i].why)));
    return list;
}

json_t *lh_hotspot_report_json(const char *name, const struct lh_hotspots *hotspots)
{
    const struct tally tally = tally_of(hotspots);
    json_t *satellites = json_object();
    json_t *confidence = json_object();
    for (size_t i = 0; i < tally.satellite_count; i++)
        (void)json_object_set_new(satellites, tally.satellites[i],
                                  lh_json_count(tally.satellite_rows[i]));
    for (int i = 0; i <= LH_CONFIDENCE_HIGH; i++)
        (void)json_object_set_new(
            confidence, i ? lh_hotspot_confidence_name((enum lh_hotspot_confidence)i) : "unsaid",
            lh_json_count(tally.confidence[i]));
    return json_pack("{s:o, s:s, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "name",
                     lh_json_text(name), "state", lh_hotspots_state_name(hotspots->state), "layout",
                     lh_json_text(hotspots->layout), "rows", (json_int_t)hotspots->rows, "refused",
                     (json_int_t)hotspots->refused, "refusals", refusals_json(hotspots), "note",
                     lh_json_text(hotspots->note), "first_utc", lh_json_time(tally.first_us),
                     "last_utc", lh_json_time(tally.last_us), "satellites", satellites,
                     "confidence", confidence, "day", (json_int_t)(hotspots->count - tally.nights),
                     "night", (json_int_t)tally.nights);
}

/* ---- features ---- */

static void set_number(json_t *object, const char *key, double value)
{
    if (isfinite(value))
        (void)json_object_set_new(object, key, json_real(value));
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text[0])
        (void)json_object_set_new(object, key, lh_json_text(text));
}

json_t *lh_hotspot_feature(const struct lh_hotspot *hotspot)
{
    char time[LH_TIME_TEXT];
    char date[16];
    char clock[8];
    (void)lh_time_format(hotspot->acquired_us, time);
    (void)snprintf(date, sizeof date, "%.10s", time);
    (void)snprintf(clock, sizeof clock, "%.2s%.2s", time + 11, time + 14);
    const bool viirs = strcmp(hotspot->instrument, "VIIRS") == 0;
    json_t *properties = json_object();
    set_number(properties, "latitude", hotspot->at.latitude_deg);
    set_number(properties, "longitude", hotspot->at.longitude_deg);
    set_number(properties, viirs ? "bright_ti4" : "brightness", hotspot->brightness_k);
    set_number(properties, "scan", hotspot->scan_km);
    set_number(properties, "track", hotspot->track_km);
    set_text(properties, "acq_date", date);
    set_text(properties, "acq_time", clock);
    set_text(properties, "satellite", hotspot->satellite);
    set_text(properties, "instrument", hotspot->instrument);
    const char *class_name = lh_hotspot_confidence_name(hotspot->confidence);
    const bool percentage = strcmp(hotspot->instrument, "MODIS") == 0;
    set_text(properties, "confidence", percentage ? hotspot->confidence_text : class_name);
    set_text(properties, "version", hotspot->version);
    set_number(properties, "frp", hotspot->frp_mw);
    if (hotspot->light != LH_LIGHT_UNSAID)
        set_text(properties, "daynight", hotspot->light == LH_LIGHT_DAY ? "D" : "N");
    if (hotspot->type != LH_HOTSPOT_TYPE_UNSAID)
        (void)json_object_set_new(properties, "type", json_integer((int)hotspot->type - 1));
    set_text(properties, "source", hotspot->source);
    return json_pack("{s:s, s:{s:s, s:[f, f]}, s:o}", "type", "Feature", "geometry", "type",
                     "Point", "coordinates", hotspot->at.longitude_deg, hotspot->at.latitude_deg,
                     "properties", properties);
}

/* ---- heat sources ---- */

void lh_heat_report_print(FILE *file, const struct lh_heat_config *rule,
                          const struct lh_heat_evidence *sources, size_t count, int64_t now_us)
{
    char now[LH_TIME_TEXT];
    (void)fprintf(
        file,
        "%zu standing heat sources on %.10s, by the rule: %d dates in %.10g days, at least "
        "%.10g days apart,",
        count, lh_time_format(now_us, now), rule->min_dates, rule->window_days,
        rule->min_span_days);
    if (rule->min_night_fraction > 0)
        (void)fprintf(file, " over %.0f %% of looks at night,", 100 * rule->min_night_fraction);
    (void)fprintf(file, " seen in the last %.10g days\n", rule->expiry_days);
    if (count > 0)
        (void)fputs(
            "      latitude longitude spread  dates looks  night  first      last       FRP "
            "median/p90/p99 MW\n",
            file);
    for (size_t i = 0; i < count; i++) {
        const struct lh_heat_evidence *source = &sources[i];
        char first[LH_TIME_TEXT];
        char last[LH_TIME_TEXT];
        (void)fprintf(
            file, "  %3zu %8.4f %9.4f %5.0f m %6zu %5zu %5.0f%%  %.10s %.10s %.1f/%.1f/%.1f\n",
            i + 1, source->centre.latitude_deg, source->centre.longitude_deg, source->spread_m,
            source->dates, source->looks, 100.0 * (double)source->nights / (double)source->looks,
            lh_time_format(source->first_us, first), lh_time_format(source->last_us, last),
            source->frp_median_mw, source->frp_p90_mw, source->frp_p99_mw);
    }
}

json_t *lh_heat_report_json(const struct lh_heat_config *rule,
                            const struct lh_heat_evidence *sources, size_t count, int64_t now_us)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct lh_heat_evidence *source = &sources[i];
        (void)json_array_append_new(
            list,
            json_pack("{s:f, s:f, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}",
                      "latitude_deg", source->centre.latitude_deg, "longitude_deg",
                      source->centre.longitude_deg, "spread_m", lh_json_number(source->spread_m),
                      "rows", (json_int_t)source->rows, "dates", (json_int_t)source->dates, "looks",
                      (json_int_t)source->looks, "nights", (json_int_t)source->nights, "first_utc",
                      lh_json_time(source->first_us), "last_utc", lh_json_time(source->last_us),
                      "frp_median_mw", lh_json_number(source->frp_median_mw), "frp_p90_mw",
                      lh_json_number(source->frp_p90_mw), "frp_p99_mw",
                      lh_json_number(source->frp_p99_mw)));
    }
    return json_pack("{s:o, s:{s:i, s:f, s:f, s:f, s:f}, s:o}", "now_utc", lh_json_time(now_us),
                     "rule", "min_dates", rule->min_dates, "window_days", rule->window_days,
                     "min_span_days", rule->min_span_days, "min_night_fraction",
                     rule->min_night_fraction, "expiry_days", rule->expiry_days, "sources", list);
}
