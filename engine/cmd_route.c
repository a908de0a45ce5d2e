#include "alarm/json.h"
#include "alarm/route.h"
#include "base/clock.h"
#include "cmd.h"
#include "cmd_line.h"
#include "grounds.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ERROR_M 100000.0
#define LEAST_ERROR_M 1.0

static const char help[] =
    "usage: linhuo route SITE.yaml --at LAT,LON [OPTIONS]\n"
    "       linhuo route SITE.yaml --from LAT,LON --bearing DEG[,SIGMA] --range NEAR,FAR "
    "[OPTIONS]\n\n"
    "Says who would be told of a fire there, when, and why. Nothing is sent: this is the plan "
    "that\n"
    "the site's section 'responsibility' makes; delivery comes with the relay, which is not part "
    "of\n"
    "this version.\n\n"
    "  --at LAT,LON        degrees\n"
    "  --error M           the 95 % radius; by default 100\n"
    "  --from, --bearing, --range\n"
    "                      a bearing from a tower instead: degrees from true north and its one "
    "sigma\n"
    "                      (by default 1), and the nearest and the farthest in metres\n"
    "  --time T            2026-11-24T22:15:00+08:00; by default now\n"
    "  --priority P        P1 (the default), P2 or P3\n"
    "  --datum D           of the coordinates given: wgs84 (the default), gcj02, bd09\n"
    "  --danger-level N    1 to 5; by default what ground.weather says there, if anything\n"
    "  --ban, --no-ban     as if fires were banned or not; by default by ground.permits\n"
    "  --json              one object: \"areas\", \"told\", \"gaps\", \"grid_notes\"\n"
    "  --help              this\n\n"
    "Everyone is told whose area the 95 % error touches, and the officers of neighbouring "
    "townships.\n"
    "A first site file for it:\n\n"
    "  responsibility:\n"
    "    grid: [townships.geojson]      # fields code, name, ranger, cadre, officer, desk, "
    "neighbours\n"
    "    roster: duty.yaml              # duty: [{area: \"141122104\", role: officer, name: Li "
    "Si,\n"
    "                                   #         phone: \"139...\", hours: \"18:00-08:00\"}]\n"
    "    quiet_from_h: 22               # P1 ignores it\n"
    "    quiet_to_h: 6\n"
    "    rules:                         # none: sensible ones\n"
    "      - {to: ranger, priority: p3}\n"
    "      - {to: officer, priority: p3, after_min: 15}\n"
    "      - {to: neighbours, priority: p2, after_min: 5, season: ban}\n\n"
    "Exit status: 0 somebody is told and nothing is missing, 1 there are gaps (they are said, "
    "with\n"
    "what to do), 2 wrong usage or configuration.\n";

struct asked {
    const char *at;
    const char *error;
    const char *from;
    const char *bearing;
    const char *range;
    const char *time;
    const char *priority;
    const char *datum;
    const char *danger;
    int ban; /* 1, 0; -1: by the permits */
    bool json;
    const char *site;
};

static int wrong(const char *what)
{
    (void)fprintf(stderr, "linhuo route: %s; linhuo route --help says more\n", what);
    return LH_EXIT_USAGE;
}

/* ---- the command line ---- */

static bool read_one(const char *text, double *ret_number)
{
    char *end;
    const double number = strtod(text, &end);
    if (end == text || *end || !isfinite(number))
        return false;
    *ret_number = number;
    return true;
}

static bool read_pair(const char *text, double *ret_first, double *ret_second)
{
    char first[64];
    const char *comma = strchr(text, ',');
    if (!comma || (size_t)(comma - text) >= sizeof first)
        return false;
    memcpy(first, text, (size_t)(comma - text));
    first[comma - text] = '\0';
    return read_one(first, ret_first) && read_one(comma + 1, ret_second);
}

static int index_of(const char *word, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (strcasecmp(word, words[i]) == 0)
            return i;
    return -1;
}

static bool read_place(const char *text, enum lh_datum datum, struct lh_geo *ret_place)
{
    struct lh_geo place;
    if (!read_pair(text, &place.latitude_deg, &place.longitude_deg) || !lh_geo_valid(place))
        return false;
    *ret_place = lh_geo_from_datum(datum, place);
    return true;
}

static const char *read_sector(const struct asked *asked, enum lh_datum datum,
                               struct lh_position *ret_position)
{
    struct lh_sector sector = {.sigma_deg = 1};
    if (!read_place(asked->from, datum, &sector.from))
        return "--from takes latitude,longitude in degrees";
    if (!asked->bearing || !(read_pair(asked->bearing, &sector.azimuth_deg, &sector.sigma_deg) ||
                             read_one(asked->bearing, &sector.azimuth_deg)))
        return "--bearing takes degrees from true north, and after a comma their sigma";
    if (!(sector.sigma_deg > 0 && sector.sigma_deg <= 45))
        return "the sigma of --bearing is above 0 and at most 45 degrees";
    if (!asked->range || !read_pair(asked->range, &sector.near_m, &sector.far_m) ||
        !(sector.near_m >= 0 && sector.far_m > sector.near_m && sector.far_m <= MOST_ERROR_M))
        return "--range takes nearest,farthest in metres, at most 100000";
    sector.azimuth_deg = lh_azimuth_wrap(sector.azimuth_deg);
    *ret_position = (struct lh_position){.form = LH_POSITION_SECTOR, .sector = sector};
    return NULL;
}

static const char *read_position(const struct asked *asked, struct lh_position *ret_position)
{
    static const char *const datums[] = {"wgs84", "gcj02", "bd09"};
    double error_m = 100;
    struct lh_geo place;
    const int datum = asked->datum ? index_of(asked->datum, datums, 3) : 0;
    if (datum < 0)
        return "--datum is wgs84, gcj02 or bd09";
    if (!asked->at == !asked->from)
        return "where is it? --at LAT,LON, or --from with --bearing and --range";
    if (asked->from)
        return read_sector(asked, (enum lh_datum)datum, ret_position);
    if (!read_place(asked->at, (enum lh_datum)datum, &place))
        return "--at takes latitude,longitude in degrees, as 37.61,111.92";
    if (asked->error &&
        (!read_one(asked->error, &error_m) || error_m < 0 || error_m > MOST_ERROR_M))
        return "--error takes metres, at most 100000";
    const double sigma_m = fmax(error_m, LEAST_ERROR_M) / LH_SCALE_95;
    *ret_position = lh_position_of_ellipse((struct lh_ellipse){
        .centre = place, .height_m = NAN, .major_m = sigma_m, .minor_m = sigma_m});
    return NULL;
}

static const char *read_question(const struct asked *asked, struct lh_route_question *question)
{
    static const char *const priorities[] = {"P1", "P2", "P3"};
    const int priority = asked->priority ? index_of(asked->priority, priorities, 3) : 0;
    double level = 0;
    if (priority < 0)
        return "--priority is P1, P2 or P3";
    question->priority = (enum lh_priority)(LH_PRIORITY_P1 + priority);
    question->utc_us = lh_clock_utc_us(lh_clock_system());
    if (asked->time && lh_time_parse(asked->time, &question->utc_us) != LH_OK)
        return "--time is such as 2026-11-24T22:15:00+08:00";
    if (asked->danger && (!read_one(asked->danger, &level) || level < 1 || level > 5))
        return "--danger-level is 1 to 5";
    question->danger_level = (int)level;
    return read_position(asked, &question->position);
}

/* ---- the site ---- */

struct county {
    struct lh_site *site;
    struct lh_grid *grid;
    struct lh_roster *roster; /* NULL: none */
};

static int open_county(const char *path, struct county *county)
{
    struct lh_findings findings = {0};
    struct lh_fault fault = {0};
    int code = lh_site_load(path, &findings, &county->site);
    if (code != LH_OK) {
        (void)fprintf(stderr, "linhuo route: %s: %s\n", path, lh_strerror(code));
        lh_cmd_print_findings(path, &findings);
        lh_findings_finish(&findings);
        return code;
    }
    const struct lh_responsibility_config *config = &county->site->responsibility;
    if (config->grid_count == 0)
        code = lh_fail(&fault, LH_ECONFIG,
                       "%.300s names no grid: write responsibility: {grid: [townships.geojson]}",
                       path);
    else
        code = lh_grid_load(config->grid, config->grid_count, (enum lh_datum)config->datum, &fault,
                            &county->grid);
    if (code != LH_OK)
        (void)fprintf(stderr, "linhuo route: %s\n", fault.text);
    if (code == LH_OK && config->roster[0]) {
        code = lh_roster_load(config->roster, (int)(county->site->ground.utc_offset_h * 60),
                              &findings, &county->roster);
        if (code != LH_OK)
            lh_cmd_print_findings(config->roster, &findings);
    }
    lh_findings_finish(&findings);
    return code;
}

static void close_county(struct county *county)
{
    lh_roster_destroy(&county->roster);
    lh_grid_destroy(&county->grid);
    lh_site_destroy(&county->site);
}

/* Ban and danger level as the site's registers have them, but for what was given. */
static int look_at_ground(const struct county *county, const struct asked *asked,
                          struct lh_route_question *question)
{
    struct lh_grounds *grounds = NULL;
    struct lh_ground ground = LH_GROUND_UNKNOWN;
    const int code = lh_grounds_create(county->site, &grounds);
    if (code != LH_OK)
        return code;
    lh_registers_look(lh_grounds_registers(grounds), &question->position, question->utc_us,
                      &ground);
    lh_grounds_destroy(&grounds);
    if (!asked->danger)
        question->danger_level = ground.danger_level;
    question->banned = asked->ban >= 0 ? asked->ban == 1 : ground.banned;
    return LH_OK;
}

/* ---- told ---- */

static void print_areas(const struct lh_route *route, const struct lh_grid *grid)
{
    (void)printf("%s\n",
                 route->outside ? "no area is touched; the nearest are" : "the 95 % error touches");
    for (size_t i = 0; i < route->touch_count; i++) {
        const struct lh_grid_area *area = lh_grid_area(grid, route->touches[i].area);
        (void)printf("  %-9s %-13s %5.1f %%  %s\n", lh_grid_level_name(area->level), area->code,
                     100 * route->touches[i].share, area->name);
    }
}

static void print_told(const struct lh_route *route, const struct lh_route_question *question)
{
    for (size_t i = 0; i < route->told_count; i++) {
        const struct lh_told *told = &route->told[i];
        char time[LH_LOCAL_TEXT];
        (void)printf("  %s  %-9s %s%s%s\n",
                     lh_local_time_format(told->utc_us, question->utc_offset_min, time),
                     told->neighbour ? "neighbour" : lh_role_name(told->role), told->who,
                     told->phone[0] ? ", " : "", told->phone);
        (void)printf("      %s", told->why);
        if (told->after_min > 0)
            (void)printf("; after %g min without acknowledgement", told->after_min);
        if (told->waits)
            (void)printf("; waits for the end of the quiet hours");
        (void)putchar('\n');
    }
    if (route->told_left_out > 0)
        (void)printf("  and %zu more\n", route->told_left_out);
}

static void print_text(const struct lh_route *route, const struct lh_route_question *question)
{
    char time[LH_LOCAL_TEXT];
    (void)printf("%s alarm at %s, %s, danger level ", lh_priority_name(question->priority),
                 lh_local_time_format(question->utc_us, question->utc_offset_min, time),
                 question->banned ? "fires are banned" : "no ban");
    (void)printf(question->danger_level > 0 ? "%d\n" : "not known\n", question->danger_level);
    print_areas(route, question->grid);
    (void)printf("%s\n", route->told_count > 0 ? "would be told" : "NOBODY would be told");
    print_told(route, question);
    for (size_t i = 0; i < route->gap_count; i++)
        (void)printf("!! %s\n", route->gaps[i]);
    for (size_t i = 0; i < lh_grid_note_count(question->grid); i++)
        (void)printf("grid: %s\n", lh_grid_note(question->grid, i));
    (void)printf("This is the plan; nothing is sent. Delivery comes with the relay.\n");
}

static json_t *whole_or_null(json_t *array, int bad)
{
    if (!bad)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *areas_value(const struct lh_route *route, const struct lh_grid *grid)
{
    json_t *array = json_array();
    int bad = array ? 0 : -1;
    for (size_t i = 0; i < route->touch_count && !bad; i++) {
        const struct lh_grid_area *area = lh_grid_area(grid, route->touches[i].area);
        bad = json_array_append_new(
            array, json_pack("{ss so so so}", "level", lh_grid_level_name(area->level), "code",
                             lh_json_text(area->code), "name", lh_json_text(area->name), "share",
                             lh_json_number(route->touches[i].share)));
    }
    return whole_or_null(array, bad);
}

static json_t *told_value(const struct lh_route *route, const struct lh_grid *grid)
{
    json_t *array = json_array();
    int bad = array ? 0 : -1;
    for (size_t i = 0; i < route->told_count && !bad; i++) {
        const struct lh_told *told = &route->told[i];
        bad = json_array_append_new(
            array,
            json_pack("{so so ss sb sb sb so so so so}", "who", lh_json_text(told->who), "phone",
                      lh_json_text(told->phone), "role", lh_role_name(told->role), "neighbour",
                      told->neighbour, "on_duty", told->on_duty, "waits", told->waits, "area",
                      lh_json_text(lh_grid_area(grid, told->area)->code), "after_min",
                      lh_json_number(told->after_min), "time", lh_json_time(told->utc_us), "why",
                      lh_json_text(told->why)));
    }
    return whole_or_null(array, bad);
}

static json_t *texts_value(size_t count, const char *(*text)(const void *from, size_t index),
                           const void *from)
{
    json_t *array = json_array();
    int bad = array ? 0 : -1;
    for (size_t i = 0; i < count && !bad; i++)
        bad = json_array_append_new(array, lh_json_text(text(from, i)));
    return whole_or_null(array, bad);
}

static const char *gap_text(const void *from, size_t index)
{
    return ((const struct lh_route *)from)->gaps[index];
}

static const char *note_text(const void *from, size_t index)
{
    return lh_grid_note(from, index);
}

static int print_json(const struct lh_route *route, const struct lh_route_question *question)
{
    char *line = NULL;
    json_t *root = json_object();
    int bad = json_object_set_new(root, "schema", json_string("linhuo/route/1"));
    bad |= json_object_set_new(root, "time", lh_json_time(question->utc_us));
    bad |= json_object_set_new(root, "priority", json_string(lh_priority_name(question->priority)));
    bad |= json_object_set_new(root, "banned", json_boolean(question->banned));
    bad |= json_object_set_new(root, "danger_level",
                               question->danger_level > 0 ? json_integer(question->danger_level)
                                                          : json_null());
    bad |= json_object_set_new(root, "position", lh_json_position(&question->position));
    bad |= json_object_set_new(root, "outside", json_boolean(route->outside));
    bad |= json_object_set_new(root, "areas", areas_value(route, question->grid));
    bad |= json_object_set_new(root, "told", told_value(route, question->grid));
    bad |= json_object_set_new(root, "gaps", texts_value(route->gap_count, gap_text, route));
    bad |= json_object_set_new(
        root, "grid_notes",
        texts_value(lh_grid_note_count(question->grid), note_text, question->grid));
    bad |= json_object_set_new(root, "sent", json_false());
    if (bad) {
        json_decref(root);
        return LH_ENOMEM;
    }
    const int code = lh_json_finish(root, &line);
    if (code == LH_OK)
        (void)puts(line);
    free(line);
    return code;
}

static int answer(const struct county *county, const struct asked *asked,
                  struct lh_route_question *question)
{
    struct lh_route route = {.touch_count = 0};
    question->grid = county->grid;
    question->roster = county->roster;
    question->config = &county->site->responsibility;
    question->utc_offset_min = (int)(county->site->ground.utc_offset_h * 60);
    int code = look_at_ground(county, asked, question);
    if (code == LH_OK)
        code = lh_route_plan(question, &route);
    if (code == LH_OK && asked->json)
        code = print_json(&route, question);
    else if (code == LH_OK)
        print_text(&route, question);
    if (code != LH_OK)
        (void)fprintf(stderr, "linhuo route: %s\n", lh_strerror(code));
    const bool whole = code == LH_OK && route.gap_count == 0 && fflush(stdout) == 0;
    lh_route_finish(&route);
    return whole ? LH_EXIT_DONE : LH_EXIT_FAILED;
}

static int read_options(int argc, char **argv, struct asked *asked)
{
    static const struct option options[] = {{"at", required_argument, NULL, 'a'},
                                            {"error", required_argument, NULL, 'e'},
                                            {"from", required_argument, NULL, 'f'},
                                            {"bearing", required_argument, NULL, 'b'},
                                            {"range", required_argument, NULL, 'r'},
                                            {"time", required_argument, NULL, 't'},
                                            {"priority", required_argument, NULL, 'p'},
                                            {"datum", required_argument, NULL, 'd'},
                                            {"danger-level", required_argument, NULL, 'l'},
                                            {"ban", no_argument, NULL, 'B'},
                                            {"no-ban", no_argument, NULL, 'N'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct {
        int key;
        const char **text;
    } texts[] = {{'a', &asked->at},       {'e', &asked->error}, {'f', &asked->from},
                 {'b', &asked->bearing},  {'r', &asked->range}, {'t', &asked->time},
                 {'p', &asked->priority}, {'d', &asked->datum}, {'l', &asked->danger}};
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return LH_EXIT_DONE;
        }
        if (option == '?')
            return LH_EXIT_USAGE;
        asked->json = asked->json || option == 'j';
        if (option == 'B' || option == 'N')
            asked->ban = option == 'B';
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
            if (texts[i].key == option)
                *texts[i].text = optarg;
    }
    if (optind + 1 != argc)
        return wrong("one site file, please");
    asked->site = argv[optind];
    return -1;
}

int lh_cmd_route(int argc, char **argv)
{
    struct asked asked = {.ban = -1};
    struct county county = {.site = NULL};
    struct lh_route_question question = {.utc_us = 0};
    int status = read_options(argc, argv, &asked);
    if (status >= 0)
        return status;
    const char *mistake = read_question(&asked, &question);
    if (mistake)
        return wrong(mistake);
    status = LH_EXIT_USAGE;
    if (open_county(asked.site, &county) == LH_OK)
        status = answer(&county, &asked, &question);
    close_county(&county);
    return status;
}
