#include "base/site.h"
#include "cmd.h"
#include "cmd_line.h"
#include "fuse/danger.h"
#include "fuse/fire_weather.h"

#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: linhuo danger WEATHER.csv [--site SITE.yaml] [--codes FFMC,DMC,DC] [--latitude DEG]\n"
    "                     [--ffmc current|1987] [--json]\n\n"
    "Computes the Canadian Fire Weather Index System from one reading a day, taken at noon (local\n"
    "standard time, rain of 24 hours), and the danger level that it comes to. The first line "
    "names\n"
    "the columns: temp or temperature_c, rh or humidity_percent, ws or wind_km_h (or wind_m_s),\n"
    "prec or rain_mm, mon or month; and, if there are, yr, day, lat. Each day is carried on from\n"
    "the one before.\n\n"
    "  --site SITE.yaml       take the limits of levels and the scale from its section weather\n"
    "  --codes FFMC,DMC,DC    of the day before the first; 85,6,15 where nothing is known\n"
    "  --latitude DEG         where the file has no lat; 37.6 where nothing is said\n"
    "  --ffmc current|1987    the scale of the FFMC; overrides the site's\n"
    "  --json                 one JSON object a day\n"
    "  --help                 this\n\n"
    "The last line's codes are what tomorrow begins with. Exit status: 0 computed, 1 the file is\n"
    "wrong, 2 wrong usage or configuration.\n";

struct run {
    struct lh_moisture_codes codes;
    enum lh_ffmc_scale scale;
    double limits[4];
    double latitude_deg;
    bool json;
    size_t days;
    struct lh_fault fault;
};

static void print_day(const struct lh_weather_row *row, const struct lh_fire_weather *day,
                      int level)
{
    (void)printf("%04d-%02d-%02d %6.1f %5.0f %5.1f %6.1f   %6.2f %7.2f %8.2f %7.2f %7.2f %7.2f "
                 "%7.3f   %d %s\n",
                 row->year, row->month, row->day, row->temperature_c, row->humidity_percent,
                 row->wind_km_h, row->rain_mm, day->codes.ffmc, day->codes.dmc, day->codes.dc,
                 day->isi, day->bui, day->fwi, day->dsr, level, lh_danger_name(level));
}

static void print_json(const struct lh_weather_row *row, const struct lh_fire_weather *day,
                       int level)
{
    json_t *all = json_pack(
        "{s:i, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:s, s:s}", "year", row->year,
        "month", row->month, "day", row->day, "ffmc", day->codes.ffmc, "dmc", day->codes.dmc, "dc",
        day->codes.dc, "isi", day->isi, "bui", day->bui, "fwi", day->fwi, "dsr", day->dsr,
        "danger_level", level, "danger", lh_danger_name(level), "colour", lh_danger_colour(level));
    (void)json_dumpf(all, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    (void)putchar('\n');
    json_decref(all);
}

static int on_row(void *context, int line, const struct lh_weather_row *row)
{
    struct run *run = context;
    const struct lh_noon_weather noon = {row->temperature_c, row->humidity_percent, row->wind_km_h,
                                         row->rain_mm, row->month};
    const double latitude_deg = isnan(row->latitude_deg) ? run->latitude_deg : row->latitude_deg;
    struct lh_fire_weather day;
    const int code = lh_fire_weather_day(&run->codes, &noon, latitude_deg, run->scale, &day);
    if (code != LH_OK)
        return lh_fail(&run->fault, code,
                       "line %d: temperature, humidity, wind, rain or month is missing or cannot "
                       "be",
                       line);
    if (!run->json && run->days == 0)
        (void)puts(
            "day          temp    rh  wind   rain     FFMC     DMC       DC     ISI     BUI  "
            "   FWI     DSR   danger");
    const int level = lh_danger_of_fwi(run->limits, day.fwi);
    (run->json ? print_json : print_day)(row, &day, level);
    run->codes = day.codes;
    run->days++;
    return LH_OK;
}

static bool read_codes(const char *text, struct lh_moisture_codes *codes)
{
    double read[3];
    for (int i = 0; i < 3; i++) {
        char *end;
        read[i] = strtod(text, &end);
        if (end == text || *end != (i < 2 ? ',' : '\0') || !(read[i] >= 0 && read[i] <= 1e5))
            return false;
        text = end + 1;
    }
    if (read[0] > 101)
        return false;
    *codes = (struct lh_moisture_codes){read[0], read[1], read[2]};
    return true;
}

static bool read_latitude(const char *text, double *latitude_deg)
{
    char *end;
    const double read = strtod(text, &end);
    if (*end || end == text || !(fabs(read) <= 90))
        return false;
    *latitude_deg = read;
    return true;
}

/* The site's section weather, or its defaults. */
static int take_settings(const char *path, struct run *run)
{
    static const char defaults[] = "site: {name: none}\n";
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    const int code = path ? lh_site_load(path, &findings, &site)
                          : lh_site_parse("none", defaults, sizeof defaults - 1, &findings, &site);
    if (code == LH_OK) {
        run->scale = (enum lh_ffmc_scale)site->weather.ffmc;
        memcpy(run->limits, site->weather.danger_fwi, sizeof run->limits);
    } else {
        (void)fprintf(stderr, "linhuo danger: %s: %s\n", path ? path : "settings",
                      lh_strerror(code));
        lh_cmd_print_findings(path, &findings);
    }
    lh_findings_finish(&findings);
    lh_site_destroy(&site);
    return code;
}

static int compute(const char *path, struct run *run)
{
    struct lh_fault fault = {0};
    const int code = lh_weather_load(path, on_row, run, &fault);
    if (code != LH_OK)
        (void)fprintf(stderr, "linhuo danger: %s\n", fault.text[0] ? fault.text : run->fault.text);
    return code == LH_OK && fflush(stdout) == 0 ? LH_EXIT_DONE : LH_EXIT_FAILED;
}

static int wrong(const char *what)
{
    (void)fprintf(stderr, "linhuo danger: %s\n\n%s", what, help);
    return LH_EXIT_USAGE;
}

int lh_cmd_danger(int argc, char **argv)
{
    static const struct option options[] = {{"site", required_argument, NULL, 's'},
                                            {"codes", required_argument, NULL, 'c'},
                                            {"latitude", required_argument, NULL, 'l'},
                                            {"ffmc", required_argument, NULL, 'f'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct run run = {.codes = LH_MOISTURE_CODES_START, .latitude_deg = 37.6};
    const char *site = NULL;
    const char *scale = NULL;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return LH_EXIT_DONE;
        }
        if (option == '?')
            return LH_EXIT_USAGE;
        if (option == 's')
            site = optarg;
        else if (option == 'f')
            scale = optarg;
        else if (option == 'j')
            run.json = true;
        else if (option == 'c' && !read_codes(optarg, &run.codes))
            return wrong("--codes takes three numbers, as 85,6,15");
        else if (option == 'l' && !read_latitude(optarg, &run.latitude_deg))
            return wrong("--latitude takes degrees from -90 to 90");
    }
    if (optind + 1 != argc)
        return wrong("one table of weather, please");
    if (scale && strcmp(scale, "current") != 0 && strcmp(scale, "1987") != 0)
        return wrong("--ffmc is current or 1987");
    if (take_settings(site, &run) != LH_OK)
        return LH_EXIT_USAGE;
    if (scale)
        run.scale = strcmp(scale, "1987") == 0 ? LH_FFMC_1987 : LH_FFMC_CURRENT;
    return compute(argv[optind], &run);
}
