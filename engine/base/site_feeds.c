#include "base/option.h"

#include <stdio.h>
#include <string.h>

static const struct lh_option column_rows[] = {
    {.name = "latitude",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_columns, latitude),
     LH_ROW_RANGE(0, 96),
     .fallback = "",
     .example = "纬度",
     .help = "Latitude in degrees"},
    {.name = "longitude",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_columns, longitude),
     LH_ROW_RANGE(0, 96),
     .fallback = "",
     .example = "经度",
     .help = "Longitude in degrees"},
    {.name = "time",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_columns, time),
     LH_ROW_RANGE(0, 96),
     .fallback = "",
     .example = "监测时间",
     .help = "Date and time in one column"},
    {.name = "date",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_columns, date),
     LH_ROW_RANGE(0, 96),
     .fallback = "",
     .help = "The date, where the time of day has a column of its own"},
    {.name = "clock",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_columns, clock),
     LH_ROW_RANGE(0, 96),
     .fallback = "",
     .help = "The time of day"},
    {.name = "satellite",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_columns, satellite),
     LH_ROW_RANGE(0, 96),
     .fallback = "",
     .example = "卫星",
     .help = "The satellite"},
    {.name = "instrument",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_columns, instrument),
     LH_ROW_RANGE(0, 96),
     .fallback = "",
     .help = "The instrument"},
    {.name = "confidence",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_columns, confidence),
     LH_ROW_RANGE(0, 96),
     .fallback = "",
     .example = "可信度",
     .help = "A percentage, or one of low, nominal, high, l, n, h, 低, 中, 高"},
    {.name = "frp",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_columns, frp),
     LH_ROW_RANGE(0, 96),
     .fallback = "",
     .help = "Fire radiative power, in frp_unit"},
    {.name = "brightness",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_columns, brightness),
     LH_ROW_RANGE(0, 96),
     .fallback = "",
     .help = "Brightness temperature in K"},
    {.name = "scan",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_columns, scan),
     LH_ROW_RANGE(0, 96),
     .fallback = "",
     .help = "Size of the pixel along the scan in km"},
    {.name = "track",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_columns, track),
     LH_ROW_RANGE(0, 96),
     .fallback = "",
     .help = "Size of the pixel along the track in km"},
    {.name = "cluster",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_columns, cluster),
     LH_ROW_RANGE(0, 96),
     .fallback = "",
     .help = "A number that pixels of one hot spot share"},
};

static const struct lh_option_table column_table = {
    .noun = "section 'columns'",
    .struct_size = sizeof(struct lh_feed_columns),
    .rows = column_rows,
    .count = LH_ROW_COUNT(column_rows),
};

static const struct lh_option feed_rows[] = {
    {.name = "name",
     .type = LH_OPTION_NAME,
     LH_ROW_AT(lh_feed_config, name),
     .example = "firms",
     .help = "What rows, log and status call it; a short name that never changes"},
    {.name = "enabled",
     .type = LH_OPTION_SWITCH,
     LH_ROW_AT(lh_feed_config, enabled),
     .fallback = "true",
     .help = "Whether it is read"},
    {.name = "kind",
     .type = LH_OPTION_WORD,
     LH_ROW_AT(lh_feed_config, kind),
     .words = "firms|http|folder|files",
     .fallback = "firms",
     .help = "firms: NASA's area API; http: one address that is asked again and again; folder: new "
             "files in it; files: recorded ones, for replay"},
    {.name = "url",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_config, url),
     LH_ROW_RANGE(0, 1024),
     .fallback = "",
     .example = "https://firms.modaps.eosdis.nasa.gov",
     .help = "The address; of firms that of the server alone, by default NASA's"},
    {.name = "sources",
     .type = LH_OPTION_NAMES,
     LH_ROW_AT(lh_feed_config, sources),
     LH_ROW_COUNTED(lh_feed_config, source_count),
     LH_ROW_RANGE(0, 16),
     .fallback = "[]",
     .example = "[VIIRS_SNPP_NRT, VIIRS_NOAA20_NRT, VIIRS_NOAA21_NRT, MODIS_NRT]",
     .help = "Of firms: the products asked for, a request each; by default the three VIIRS and "
             "MODIS, near real time"},
    {.name = "key_file",
     .type = LH_OPTION_PATH,
     LH_ROW_AT(lh_feed_config, key_file),
     .fallback = "",
     .example = "secrets/firms",
     .help =
         "Of firms: a file of one line with the MAP_KEY that only its owner can read (mode 0600)"},
    {.name = "tls_ca_path",
     .type = LH_OPTION_FILE,
     LH_ROW_AT(lh_feed_config, tls_ca_path),
     .fallback = "",
     .help = "Certificates (PEM) that an https server is checked against; by default the system's"},
    {.name = "box",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_config, box),
     LH_ROW_RANGE(0, 96),
     .fallback = "",
     .example = "\"111.0,37.0,112.8,38.4\"",
     .help =
         "The area asked for as 'west,south,east,north' in degrees; by default that of the site"},
    {.name = "days",
     .type = LH_OPTION_WHOLE,
     LH_ROW_AT(lh_feed_config, days),
     LH_ROW_RANGE(1, 5),
     .unit = "days",
     .fallback = "2",
     .help = "Of firms: how far the first request reaches back. Later ones reach back to the last "
             "that succeeded, and at most 5"},
    {.name = "poll_interval_s",
     .type = LH_OPTION_NUMBER,
     LH_ROW_AT(lh_feed_config, poll_interval_s),
     LH_ROW_RANGE(5, 86400),
     .unit = "s",
     .fallback = "300",
     .help = "How often the server is asked, or the folder looked through"},
    {.name = "timeout_s",
     .type = LH_OPTION_NUMBER,
     LH_ROW_AT(lh_feed_config, timeout_s),
     LH_ROW_RANGE(0.1, 600),
     .unit = "s",
     .fallback = "60",
     .help = "For a whole answer"},
    {.name = "max_size_mib",
     .type = LH_OPTION_NUMBER,
     LH_ROW_AT(lh_feed_config, max_size_mib),
     LH_ROW_RANGE(0.001, 256),
     .unit = "MiB",
     .fallback = "64",
     .help = "A larger answer or file is refused"},
    {.name = "max_requests",
     .type = LH_OPTION_WHOLE,
     LH_ROW_AT(lh_feed_config, max_requests),
     LH_ROW_RANGE(1, 5000),
     .fallback = "1000",
     .help = "Of firms: transactions in ten minutes; NASA allows 5000 a key, and a request counts "
             "one for each day and product"},
    {.name = "folder",
     .type = LH_OPTION_PATH,
     LH_ROW_AT(lh_feed_config, folder),
     .fallback = "",
     .example = "incoming",
     .help = "Of folder: where files (.csv, .txt, .json, .geojson) appear; each is read once"},
    {.name = "files",
     .type = LH_OPTION_PATHS,
     LH_ROW_AT(lh_feed_config, files),
     LH_ROW_COUNTED(lh_feed_config, file_count),
     LH_ROW_RANGE(0, 1000),
     .fallback = "[]",
     .help = "Of files: recorded ones of any layout"},
    {.name = "latency_s",
     .type = LH_OPTION_NUMBER,
     LH_ROW_AT(lh_feed_config, latency_s),
     LH_ROW_RANGE(0, 864000),
     .unit = "s",
     .fallback = "7200",
     .help = "At replay a row becomes known so long after its acquisition. Near real time of "
             "FIRMS: 1 to 3 h; Himawari: 2400 s"},
    {.name = "datum",
     .type = LH_OPTION_WORD,
     LH_ROW_AT(lh_feed_config, datum),
     .words = "wgs84|gcj02|bd09",
     .fallback = "wgs84",
     .help = "Of its coordinates. GCJ-02 (AMap) lies 580 m off here"},
    {.name = "satellite",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_config, satellite),
     LH_ROW_RANGE(0, 15),
     .fallback = "",
     .help = "Of rows that name none"},
    {.name = "columns",
     .type = LH_OPTION_GROUP,
     LH_ROW_AT(lh_feed_config, columns),
     .table = &column_table,
     .fallback = "",
     .help = "Names of the columns of a product that is none of FIRMS or Himawari; where any is "
             "given, all that hold something must be"},
    {.name = "time_format",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_feed_config, time_format),
     LH_ROW_RANGE(1, 64),
     .fallback = "%Y-%m-%d %H:%M:%S",
     .example = "\"%Y年%m月%d日 %H:%M\"",
     .help = "How columns.time, or columns.date and columns.clock with a blank between them, are "
             "written, as strptime reads it"},
    {.name = "utc_offset_h",
     .type = LH_OPTION_NUMBER,
     LH_ROW_AT(lh_feed_config, utc_offset_h),
     LH_ROW_RANGE(-12, 14),
     .unit = "h",
     .fallback = "8",
     .help = "Of those times; Beijing is 8"},
    {.name = "frp_unit",
     .type = LH_OPTION_WORD,
     LH_ROW_AT(lh_feed_config, frp_unit),
     .words = "mw|kw|w",
     .fallback = "mw",
     .help = "Of columns.frp"},
};

const struct lh_option_table lh_feed_table = {
    .noun = "feed",
    .struct_size = sizeof(struct lh_feed_config),
    .rows = feed_rows,
    .count = LH_ROW_COUNT(feed_rows),
};

static const struct lh_option area_rows[] = {
    {.name = "file",
     .type = LH_OPTION_FILE,
     LH_ROW_AT(lh_heat_area_config, file),
     .example = "industry.geojson",
     .help = "Any vector file that GDAL reads; its polygons may overlap: the one that lowers most "
             "counts"},
    {.name = "datum",
     .type = LH_OPTION_WORD,
     LH_ROW_AT(lh_heat_area_config, datum),
     .words = "wgs84|gcj02|bd09",
     .fallback = "wgs84",
     .help = "Of the file, where it is in degrees"},
    {.name = "factor",
     .type = LH_OPTION_NUMBER,
     LH_ROW_AT(lh_heat_area_config, factor),
     LH_ROW_RANGE(0.001, 1),
     .fallback = "0.07",
     .help = "What is left of a hotspot's likelihood ratio there"},
    {.name = "valid_from",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_heat_area_config, valid_from),
     LH_ROW_RANGE(0, 10),
     .fallback = "",
     .example = "\"2026-01-01\"",
     .help = "The first day (UTC) that it holds"},
    {.name = "valid_to",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_heat_area_config, valid_to),
     LH_ROW_RANGE(0, 10),
     .fallback = "",
     .help = "The first day that it does not hold any more"},
};

static const struct lh_option_table area_table = {
    .noun = "heat area",
    .struct_size = sizeof(struct lh_heat_area_config),
    .rows = area_rows,
    .count = LH_ROW_COUNT(area_rows),
};

static const struct lh_option heat_rows[] = {
    {.name = "min_dates",
     .type = LH_OPTION_WHOLE,
     LH_ROW_AT(lh_heat_config, min_dates),
     LH_ROW_RANGE(2, 1000),
     .fallback = "3",
     .help = "A place is a standing heat source when hotspots were seen there on at least so many "
             "dates"},
    {.name = "window_days",
     .type = LH_OPTION_NUMBER,
     LH_ROW_AT(lh_heat_config, window_days),
     LH_ROW_RANGE(1, 36500),
     .unit = "days",
     .fallback = "30",
     .help = "Within so many days. A site with few looks a year needs years: 3650"},
    {.name = "min_span_days",
     .type = LH_OPTION_NUMBER,
     LH_ROW_AT(lh_heat_config, min_span_days),
     LH_ROW_RANGE(0, 36500),
     .unit = "days",
     .fallback = "10",
     .help = "The first and the last at least so far apart: a forest fire of three days is none"},
    {.name = "min_night_fraction",
     .type = LH_OPTION_NUMBER,
     LH_ROW_AT(lh_heat_config, min_night_fraction),
     LH_ROW_RANGE(0, 1),
     .fallback = "0.5",
     .help = "And more than this part of the looks that saw it at night; 0: not asked for"},
    {.name = "expiry_days",
     .type = LH_OPTION_NUMBER,
     LH_ROW_AT(lh_heat_config, expiry_days),
     LH_ROW_RANGE(1, 36500),
     .unit = "days",
     .fallback = "180",
     .help = "Not seen for so long, it is one no more"},
    {.name = "factor",
     .type = LH_OPTION_NUMBER,
     LH_ROW_AT(lh_heat_config, factor),
     LH_ROW_RANGE(0.001, 1),
     .fallback = "0.07",
     .help = "What is left of a hotspot's likelihood ratio there"},
    {.name = "areas",
     .type = LH_OPTION_LIST,
     LH_ROW_AT(lh_heat_config, areas),
     LH_ROW_COUNTED(lh_heat_config, area_count),
     LH_ROW_PLACED(lh_heat_area_config, place),
     LH_ROW_RANGE(0, 64),
     .table = &area_table,
     .fallback = "[]",
     .help = "Files of areas that are known to be hot"},
};

const struct lh_option_table lh_heat_table = {
    .noun = "section 'heat'",
    .struct_size = sizeof(struct lh_heat_config),
    .rows = heat_rows,
    .count = LH_ROW_COUNT(heat_rows),
};

int lh_geo_box_parse(const char *text, struct lh_geo_box *ret_box)
{
    struct lh_geo_box box;
    int end = 0;
    if (strspn(text, "0123456789.,+- ") != strlen(text) ||
        /* NOLINTNEXTLINE(cert-err34-c): the range check below sees what overflows */
        sscanf(text, "%lf ,%lf ,%lf ,%lf %n", &box.west_deg, &box.south_deg, &box.east_deg,
               &box.north_deg, &end) != 4 ||
        text[end] != '\0')
        return LH_EFORMAT;
    if (!(box.west_deg >= -180 && box.west_deg <= 180 && box.east_deg >= -180 &&
          box.east_deg <= 180 && box.south_deg >= -90 && box.north_deg <= 90 &&
          box.south_deg < box.north_deg && box.west_deg != box.east_deg))
        return LH_ERANGE;
    *ret_box = box;
    return LH_OK;
}

static void check_box(const char *box, struct lh_place place, const char *whose,
                      struct lh_findings *findings)
{
    struct lh_geo_box parsed;
    if (box && box[0] != '\0' && lh_geo_box_parse(box, &parsed) != LH_OK)
        lh_findings_add(findings, place,
                        "the 'box' of %s must be 'west,south,east,north' in degrees, not '%.48s'",
                        whose, box);
}

static bool is_web(const char *url)
{
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

/* A place and a time, or nothing of it. */
static const char *missing_column(const struct lh_feed_columns *columns)
{
    const char *const all[] = {columns->latitude,   columns->longitude,  columns->time,
                               columns->date,       columns->clock,      columns->satellite,
                               columns->instrument, columns->confidence, columns->frp,
                               columns->brightness, columns->scan,       columns->track,
                               columns->cluster};
    bool any = false;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        any |= all[i] && all[i][0] != '\0';
    if (!any)
        return NULL;
    if (!columns->latitude || columns->latitude[0] == '\0')
        return "latitude";
    if (!columns->longitude || columns->longitude[0] == '\0')
        return "longitude";
    const bool timed = columns->time && columns->time[0] != '\0';
    return timed || (columns->date && columns->date[0] != '\0') ? NULL : "time";
}

static void check_feed(const struct lh_site *site, const struct lh_feed_config *feed,
                       struct lh_findings *findings)
{
    const char *missing = missing_column(&feed->columns);
    const bool polls = feed->kind == LH_FEED_FIRMS || feed->kind == LH_FEED_HTTP;
    check_box(feed->box, feed->place, "this feed", findings);
    if (missing)
        lh_findings_add(findings, feed->place, "the 'columns' of this feed lack '%s'", missing);
    if (polls && feed->url[0] != '\0' && !is_web(feed->url))
        lh_findings_add(findings, feed->place,
                        "the 'url' of a feed begins with http:// or "
                        "https://");
    if (feed->kind == LH_FEED_HTTP && feed->url[0] == '\0')
        lh_findings_add(findings, feed->place, "a feed of kind 'http' needs a 'url'");
    if (feed->kind == LH_FEED_FOLDER && feed->folder[0] == '\0')
        lh_findings_add(findings, feed->place, "a feed of kind 'folder' needs a 'folder'");
    if (feed->kind == LH_FEED_FILES && feed->file_count == 0)
        lh_findings_add(findings, feed->place, "a feed of kind 'files' needs 'files'");
    if (feed->kind == LH_FEED_FIRMS && feed->key_file[0] == '\0')
        lh_findings_add(findings, feed->place,
                        "a feed of kind 'firms' needs a 'key_file' with a MAP_KEY; NASA gives one "
                        "to anybody");
    if (feed->kind == LH_FEED_FIRMS && feed->box[0] == '\0' && site->box[0] == '\0')
        lh_findings_add(findings, feed->place,
                        "a feed of kind 'firms' needs a 'box', here or in 'site'");
}

void lh_feeds_check(const struct lh_site *site, struct lh_findings *findings)
{
    check_box(site->box, (struct lh_place){1, 1}, "the site", findings);
    for (size_t i = 0; i < site->feed_count; i++) {
        const struct lh_feed_config *feed = &site->feeds[i];
        check_feed(site, feed, findings);
        for (size_t j = 0; j < i; j++)
            if (feed->name[0] != '\0' && strcmp(site->feeds[j].name, feed->name) == 0)
                lh_findings_add(findings, feed->place, "two feeds are called '%.64s'", feed->name);
    }
}
