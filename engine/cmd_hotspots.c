#include "alarm/folder.h"
#include "alarm/json.h"
#include "base/option.h"
#include "cmd.h"
#include "cmd_line.h"
#include "fuse/feed.h"
#include "hotspot_map.h"
#include "hotspot_report.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: linhuo hotspots [SITE.yaml] FILE... [OPTIONS]\n"
    "       linhuo hotspots SITE.yaml --feeds [--json]\n\n"
    "Reads satellite hotspots of any layout (FIRMS CSV, Himawari, GeoJSON; columns are found by "
    "their\n"
    "names) and says what is in them: layout, rows, rows refused and why, time span, satellites,\n"
    "confidence. Nothing is kept. With --feeds it asks every feed of the site once, as the engine "
    "would,\n"
    "keeps what is new in the data folder, and says what came.\n\n"
    "  --feed NAME            files are of this feed of the site: its columns, datum and time "
    "zone\n"
    "  --near LAT,LON,KM      only rows within so many kilometres\n"
    "  --box W,S,E,N          only rows in this box (degrees)\n"
    "  --register             standing heat sources: places where hotspots came on several dates\n"
    "  --rule KEY=VALUE,...   with that rule instead of the site's; keys are those of the site "
    "file's\n"
    "                         section 'heat'. Few looks in many years, as in an archive of "
    "samples:\n"
    "    --rule "
    "min_dates=2,window_days=3650,min_span_days=10,min_night_fraction=0,expiry_days=3650\n"
    "  --refusals N           list so many refused rows of a file (default 5)\n"
    "  --geojson              the rows as GeoJSON on standard output, and the rest on standard "
    "error\n"
    "  --png FILE             the rows as a map\n"
    "  --json                 for a program: {\"files\": [...], \"heat\": {...}}\n"
    "  --help                 this\n\n"
    "Examples:\n"
    "  linhuo hotspots MODIS_C6_1_Global_7d.csv --near 37.68,111.8,60\n"
    "  linhuo hotspots archive/*.csv --register --png map.png\n\n"
    "Exit status: 0 read, 1 a file or feed failed, 2 wrong usage or configuration.\n";

struct command {
    const char *site_path;
    struct lh_site *site;
    const struct lh_feed_config *feed;
    const char *feed_name;
    bool by_distance;
    struct lh_geo near;
    double near_m;
    bool by_box;
    struct lh_geo_box box;
    bool wants_register;
    bool wants_feeds;
    bool geojson;
    bool json;
    const char *png;
    const char *rule_text;
    int refusals;
    struct lh_heat_config rule;
    struct lh_hotspots rows; /* of all files, after the filters */
    json_t *files;
    FILE *words; /* where people read */
};

/* ---- the command line ---- */

static int wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "linhuo hotspots: %s '%s'; --help says what is understood\n", what,
                  value);
    return LH_EXIT_USAGE;
}

static bool is_site(const char *path)
{
    const size_t length = strlen(path);
    return (length > 5 && strcmp(path + length - 5, ".yaml") == 0) ||
           (length > 4 && strcmp(path + length - 4, ".yml") == 0);
}

static bool read_near(struct command *command, const char *text)
{
    double km = 0;
    int end = 0;
    /* NOLINTNEXTLINE(cert-err34-c): checked right below */
    if (sscanf(text, "%lf,%lf,%lf%n", &command->near.latitude_deg, &command->near.longitude_deg,
               &km, &end) != 3 ||
        text[end] != '\0' || !lh_geo_valid(command->near) || !(km > 0 && km <= 20100))
        return false;
    command->by_distance = true;
    command->near_m = 1000 * km;
    return true;
}

static bool read_count(const char *text, int *ret_count)
{
    char *end = NULL;
    const long count = strtol(text, &end, 10);
    if (end == text || *end != '\0' || count < 0 || count > LH_HOTSPOT_REFUSALS_MAX)
        return false;
    *ret_count = (int)count;
    return true;
}

static int read_option(struct command *command, int option)
{
    switch (option) {
    case 'f':
        command->feed_name = optarg;
        return 0;
    case 'n':
        return read_near(command, optarg) ? 0 : wrong("cannot read --near", optarg);
    case 'b':
        command->by_box = true;
        return lh_geo_box_parse(optarg, &command->box) == LH_OK
                   ? 0
                   : wrong("cannot read --box", optarg);
    case 'r':
        command->wants_register = true;
        return 0;
    case 'u':
        command->rule_text = optarg;
        command->wants_register = true;
        return 0;
    case 'c':
        return read_count(optarg, &command->refusals) ? 0 : wrong("cannot read --refusals", optarg);
    case 'F':
        command->wants_feeds = true;
        return 0;
    case 'g':
        command->geojson = true;
        return 0;
    case 'p':
        command->png = optarg;
        return 0;
    case 'j':
        command->json = true;
        return 0;
    case 'h':
        (void)fputs(help, stdout);
        return -1;
    default:
        return LH_EXIT_USAGE;
    }
}

/* 0, -1 for "done", or an exit status. */
static int read_options(struct command *command, int argc, char **argv)
{
    static const struct option options[] = {
        {"feed", required_argument, NULL, 'f'}, {"near", required_argument, NULL, 'n'},
        {"box", required_argument, NULL, 'b'},  {"register", no_argument, NULL, 'r'},
        {"rule", required_argument, NULL, 'u'}, {"refusals", required_argument, NULL, 'c'},
        {"feeds", no_argument, NULL, 'F'},      {"geojson", no_argument, NULL, 'g'},
        {"png", required_argument, NULL, 'p'},  {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0},
    };
    int option;
    int status = 0;
    while (status == 0 && (option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        status = read_option(command, option);
    if (status != 0)
        return status;
    if (optind < argc && is_site(argv[optind]))
        command->site_path = argv[optind++];
    if (command->wants_feeds && (!command->site_path || optind < argc))
        return wrong("--feeds takes a site file and nothing more, not",
                     optind < argc ? argv[optind] : "");
    if (!command->wants_feeds && optind == argc)
        return wrong("there is no file to read", "");
    if (command->json && command->geojson)
        return wrong("one of --json and", "--geojson");
    return 0;
}

static int load_site(struct command *command)
{
    struct lh_findings findings = {0};
    if (!command->site_path)
        return command->feed_name
                   ? wrong("without a site file there is no feed", command->feed_name)
                   : 0;
    const int code = lh_site_load(command->site_path, &findings, &command->site);
    lh_cmd_print_findings(command->site_path, &findings);
    lh_findings_finish(&findings);
    if (code != LH_OK && code != LH_ECONFIG)
        (void)fprintf(stderr, "%s: %s\n", command->site_path, lh_strerror(code));
    if (code != LH_OK)
        return LH_EXIT_USAGE;
    for (size_t i = 0; command->feed_name && i < command->site->feed_count; i++)
        if (strcmp(command->site->feeds[i].name, command->feed_name) == 0)
            command->feed = &command->site->feeds[i];
    return command->feed_name && !command->feed
               ? wrong("the site file has no feed", command->feed_name)
               : 0;
}

/* The site's rule or the default one, then what --rule says. */
static int set_rule(struct command *command)
{
    struct lh_findings findings = {0};
    const struct lh_option_reading reading = {.folder = ".", .findings = &findings};
    char text[512];
    char *position = NULL;
    int code = LH_OK;
    if (command->site)
        command->rule = command->site->heat;
    else
        code = lh_option_defaults(&reading, &lh_heat_table, &command->rule);
    (void)snprintf(text, sizeof text, "%s", command->rule_text ? command->rule_text : "");
    for (char *item = strtok_r(text, ",", &position); code == LH_OK && item;
         item = strtok_r(NULL, ",", &position)) {
        char complaint[LH_OPTION_COMPLAINT] = "is not known";
        char *value = strchr(item, '=');
        if (value)
            *value++ = '\0';
        const struct lh_option *option = lh_option_find(&lh_heat_table, item);
        const bool scalar = option && option->type != LH_OPTION_LIST;
        code = scalar && value
                   ? lh_option_set(&reading, option, value, true, &command->rule, complaint)
                   : LH_ECONFIG;
        if (code != LH_OK)
            (void)fprintf(stderr, "linhuo hotspots: --rule: '%s' %s\n", item, complaint);
    }
    lh_findings_finish(&findings);
    return code == LH_OK ? 0 : LH_EXIT_USAGE;
}

/* ---- files ---- */

static bool is_wanted(const struct command *command, struct lh_geo at)
{
    if (command->by_distance && lh_geo_distance_m(command->near, at) > command->near_m)
        return false;
    if (!command->by_box)
        return true;
    const struct lh_geo_box *box = &command->box;
    const bool across = box->west_deg > box->east_deg;
    const bool east_of = at.longitude_deg >= box->west_deg;
    const bool west_of = at.longitude_deg <= box->east_deg;
    return at.latitude_deg >= box->south_deg && at.latitude_deg <= box->north_deg &&
           (across ? east_of || west_of : east_of && west_of);
}

static int keep_wanted(struct command *command, struct lh_hotspots *hotspots)
{
    size_t kept = 0;
    int code = LH_OK;
    for (size_t i = 0; i < hotspots->count && code == LH_OK; i++) {
        if (!is_wanted(command, hotspots->items[i].at))
            continue;
        hotspots->items[kept++] = hotspots->items[i];
        code = lh_hotspots_add(&command->rows, &hotspots->items[kept - 1]);
    }
    hotspots->count = kept;
    return code;
}

static int read_one(struct command *command, const char *path)
{
    struct lh_hotspots hotspots = {0};
    struct lh_fault fault = {0};
    struct lh_hotspot_reading reading = {.now_us = lh_clock_utc_us(lh_clock_system()),
                                         .received_us = LH_NO_TIME};
    if (command->feed)
        reading = lh_feed_reading(command->feed, lh_clock_system());
    int code = lh_hotspots_read_file(path, &reading, &fault, &hotspots);
    if (code != LH_OK) {
        (void)fprintf(stderr, "%s\n", fault.text);
        (void)json_array_append_new(
            command->files, json_pack("{s:o, s:s, s:o}", "name", lh_json_text(path), "state",
                                      "refused", "note", lh_json_text(fault.text)));
        return LH_EXIT_FAILED;
    }
    const size_t all = hotspots.count;
    const bool text = hotspots.state == LH_HOTSPOTS_TEXT;
    code = keep_wanted(command, &hotspots);
    if (!command->json)
        lh_hotspot_report_print(command->words, path, &hotspots, (size_t)command->refusals);
    if (!command->json && hotspots.count < all)
        (void)fprintf(command->words, "  %zu of them in the area asked for\n", hotspots.count);
    json_t *report = lh_hotspot_report_json(path, &hotspots);
    (void)json_object_set_new(report, "wanted", lh_json_count(hotspots.count));
    (void)json_array_append_new(command->files, report);
    lh_hotspots_finish(&hotspots);
    return code != LH_OK || text ? LH_EXIT_FAILED : LH_EXIT_DONE;
}

/* ---- what is made of the rows ---- */

struct findings {
    struct lh_heat_evidence *sources;
    size_t count;
    int64_t now_us;
};

static int find_sources(struct command *command, struct findings *findings)
{
    struct lh_heat_register *heat_register = NULL;
    struct lh_fault fault = {0};
    findings->now_us = LH_NO_TIME;
    for (size_t i = 0; i < command->rows.count; i++)
        if (command->rows.items[i].acquired_us > findings->now_us)
            findings->now_us = command->rows.items[i].acquired_us;
    if (command->rows.count == 0)
        return LH_OK;
    int code = lh_heat_register_open(NULL, &command->rule, NULL, &fault, &heat_register);
    if (code == LH_OK)
        code =
            lh_heat_register_note(heat_register, command->rows.items, command->rows.count, &fault);
    if (code == LH_OK)
        code = lh_heat_register_sources(heat_register, findings->now_us, &fault, &findings->sources,
                                        &findings->count);
    if (code != LH_OK)
        (void)fprintf(stderr, "linhuo hotspots: %s\n", fault.text);
    lh_heat_register_close(&heat_register);
    return code;
}

static int print_json(json_t *root)
{
    const int failed = !root || json_dumpf(root, stdout, LH_JSON_FLAGS) != 0 ||
                       fputc('\n', stdout) == EOF || fflush(stdout) != 0;
    json_decref(root);
    return failed ? LH_EXIT_FAILED : LH_EXIT_DONE;
}

static int print_geojson(const struct command *command)
{
    json_t *features = json_array();
    for (size_t i = 0; i < command->rows.count; i++)
        (void)json_array_append_new(features, lh_hotspot_feature(&command->rows.items[i]));
    return print_json(json_pack("{s:s, s:o}", "type", "FeatureCollection", "features", features));
}

static int draw_map(const struct command *command, const struct findings *findings)
{
    struct lh_fault fault = {0};
    const struct lh_hotspot_map map = {
        .rows = command->rows.items,
        .row_count = command->rows.count,
        .sources = findings->sources,
        .source_count = findings->count,
        .box = command->by_box ? &command->box : NULL,
        .width_px = 1200,
    };
    if (lh_hotspot_map_write(&map, command->png, &fault) == LH_OK)
        return LH_EXIT_DONE;
    (void)fprintf(stderr, "linhuo hotspots: %s\n", fault.text);
    return LH_EXIT_FAILED;
}

static int conclude(struct command *command)
{
    struct findings findings = {0};
    int status = LH_EXIT_DONE;
    if (command->wants_register && find_sources(command, &findings) != LH_OK)
        status = LH_EXIT_FAILED;
    if (command->wants_register && !command->json)
        lh_heat_report_print(command->words, &command->rule, findings.sources, findings.count,
                             findings.now_us);
    if (command->png && draw_map(command, &findings) != LH_EXIT_DONE)
        status = LH_EXIT_FAILED;
    if (command->geojson && print_geojson(command) != LH_EXIT_DONE)
        status = LH_EXIT_FAILED;
    if (command->json) {
        json_t *heat = command->wants_register
                           ? lh_heat_report_json(&command->rule, findings.sources, findings.count,
                                                 findings.now_us)
                           : NULL;
        if (print_json(json_pack("{s:O, s:o*}", "files", command->files, "heat", heat)) !=
            LH_EXIT_DONE)
            status = LH_EXIT_FAILED;
    }
    free(findings.sources);
    return status;
}

/* ---- feeds ---- */

static void report_batch(struct command *command, const struct lh_feed_batch *batch,
                         const struct lh_hotspot_intake *intake)
{
    char name[256];
    (void)snprintf(name, sizeof name, "%s %s", batch->feed, batch->origin);
    json_t *report = lh_hotspot_report_json(name, &batch->hotspots);
    (void)json_object_set_new(report, "new", lh_json_count(intake->fresh));
    (void)json_object_set_new(report, "known", lh_json_count(intake->repeated));
    (void)json_object_set_new(report, "replaced", lh_json_count(intake->replaced));
    (void)json_array_append_new(command->files, report);
    if (command->json)
        return;
    lh_hotspot_report_print(command->words, name, &batch->hotspots, (size_t)command->refusals);
    if (batch->hotspots.count > 0)
        (void)fprintf(command->words, "  %zu new, %zu known, %zu replaced\n", intake->fresh,
                      intake->repeated, intake->replaced);
}

static void report_failure(struct command *command, const char *name, int code, const char *text)
{
    (void)json_array_append_new(command->files,
                                json_pack("{s:o, s:s, s:s, s:o}", "name", lh_json_text(name),
                                          "state", "failed", "error", lh_error_name(code), "note",
                                          lh_json_text(text)));
    (void)fprintf(stderr, "%s: %s\n", name, text);
}

/* Every step that is due now: each source of FIRMS, each file of a folder. */
static int ask_feed(struct command *command, const struct lh_feed_config *config,
                    struct lh_hotspot_log *log, int64_t begun_us)
{
    struct lh_feed *feed = NULL;
    struct lh_fault fault = {0};
    const struct lh_feed_options options = {.clock = lh_clock_system(),
                                            .box = command->site->box,
                                            .log = log,
                                            .stop = lh_cmd_stop_on_signals()};
    int code = lh_feed_create(config, &options, &fault, &feed);
    int status = code == LH_OK ? LH_EXIT_DONE : LH_EXIT_USAGE;
    if (code != LH_OK)
        report_failure(command, config->name, code, fault.text);
    while (code != LH_ECLOSED && feed && lh_feed_next_us(feed) <= begun_us) {
        struct lh_feed_batch *batch = NULL;
        struct lh_hotspot_intake intake = {0};
        code = lh_feed_step(feed, &fault, &batch);
        if (code == LH_OK && batch)
            code = lh_feed_batch_take(batch, log, &fault, NULL, &intake);
        if (code == LH_OK && batch)
            report_batch(command, batch, &intake);
        if (code != LH_OK) {
            report_failure(command, config->name, code, fault.text);
            status = LH_EXIT_FAILED;
        }
        lh_feed_batch_destroy(&batch);
    }
    lh_feed_destroy(&feed);
    return status;
}

static int ask_feeds(struct command *command)
{
    struct lh_hotspot_log *log = NULL;
    struct lh_fault fault = {0};
    int status = LH_EXIT_DONE;
    char *path = lh_folder_path(command->site->data_folder, "hotspots.sqlite", "");
    int code = path ? lh_folder_make(command->site->data_folder, &fault) : LH_ENOMEM;
    if (code == LH_OK)
        code = lh_hotspot_log_open(path, &fault, &log);
    free(path);
    if (code != LH_OK) {
        (void)fprintf(stderr, "linhuo hotspots: %s\n", fault.text);
        return LH_EXIT_FAILED;
    }
    if (command->site->feed_count == 0)
        (void)fprintf(stderr, "%s has no feeds\n", command->site_path);
    for (size_t i = 0; i < command->site->feed_count; i++) {
        const struct lh_feed_config *config = &command->site->feeds[i];
        if (!config->enabled || config->kind == LH_FEED_FILES)
            continue;
        const int one =
            ask_feed(command, config, log, lh_clock_monotonic_us(lh_clock_system()) + LH_SECOND_US);
        status = one > status ? one : status;
    }
    lh_hotspot_log_close(&log);
    if (command->json && print_json(json_pack("{s:O}", "files", command->files)) != LH_EXIT_DONE)
        status = LH_EXIT_FAILED;
    return status;
}

int lh_cmd_hotspots(int argc, char **argv)
{
    struct command command = {.refusals = 5, .words = stdout};
    int status = read_options(&command, argc, argv);
    if (status != 0)
        return status < 0 ? LH_EXIT_DONE : status;
    if (command.geojson)
        command.words = stderr;
    command.files = json_array();
    status = load_site(&command);
    if (status == 0)
        status = set_rule(&command);
    if (status == 0 && command.wants_feeds) {
        status = ask_feeds(&command);
    } else if (status == 0) {
        for (int i = optind; i < argc; i++) {
            const int one = read_one(&command, argv[i]);
            status = one > status ? one : status;
        }
        const int end = conclude(&command);
        status = end > status ? end : status;
    }
    json_decref(command.files);
    lh_hotspots_finish(&command.rows);
    lh_site_destroy(&command.site);
    return status;
}
