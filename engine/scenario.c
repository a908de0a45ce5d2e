#include "scenario.h"

#include "base/text_file.h"
#include "fuse/report.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH_PX 1920 /* of the picture that a track without a box is put into */
#define HEIGHT_PX 1080
#define BOX_WIDTH 0.01 /* a young plume, its foot at the bearing */
#define BOX_HEIGHT 0.03
#define HOUR_US (3600 * LH_SECOND_US)

struct moment {
    int line;
    int64_t utc_us;
    json_t *body;
};

/* A track as its lines have told it so far. */
struct told {
    struct told *next;
    const struct lh_camera_config *camera;
    struct lh_track track;
};

struct lh_scenario {
    const struct lh_site *site;
    char *path;
    struct moment *moments;
    size_t count;
    size_t capacity;
    size_t next;
    struct told *tracks;
};

#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
static int
refuse(const struct lh_scenario *scenario, int line, struct lh_fault *fault, const char *format,
       ...)
{
    char text[240];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return lh_fail(fault, LH_EFORMAT, "%s:%d: %s", scenario->path, line, text);
}

/* ---- reading ---- */

static int take_line(struct lh_scenario *scenario, int line, const char *text, size_t length,
                     struct lh_fault *fault)
{
    json_error_t error;
    const char *time = NULL;
    struct moment moment = {.line = line};
    if (length == 0 || text[0] == '#')
        return LH_OK;
    if (scenario->count == scenario->capacity) {
        const size_t capacity = scenario->capacity * 2 + 64;
        struct moment *grown = reallocarray(scenario->moments, capacity, sizeof *grown);
        if (!grown)
            return lh_fail(fault, LH_ENOMEM, "out of memory");
        scenario->moments = grown;
        scenario->capacity = capacity;
    }
    moment.body = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!moment.body)
        return refuse(scenario, line, fault, "%.200s", error.text);
    if (json_unpack(moment.body, "{s:s}", "time", &time) != 0 ||
        lh_time_parse(time, &moment.utc_us) != LH_OK) {
        json_decref(moment.body);
        return refuse(scenario, line, fault,
                      "a line is an object with \"time\": \"2026-11-27T12:00:00Z\"");
    }
    scenario->moments[scenario->count++] = moment;
    if (scenario->count > 1 && scenario->moments[scenario->count - 2].utc_us > moment.utc_us)
        return refuse(scenario, line, fault, "it lies before the line above");
    return LH_OK;
}

int lh_scenario_load(const char *path, const struct lh_site *site, struct lh_fault *fault,
                     struct lh_scenario **ret_scenario)
{
    struct lh_scenario *scenario = calloc(1, sizeof *scenario);
    uint8_t *bytes = NULL;
    size_t size = 0;
    int line = 0;
    if (!scenario)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    scenario->site = site;
    scenario->path = strdup(path);
    int code = scenario->path ? lh_text_file_read(path, LH_SCENARIO_BYTES, fault, &bytes, &size)
                              : lh_fail(fault, LH_ENOMEM, "out of memory");
    for (const char *at = (const char *)bytes; code == LH_OK && at < (const char *)bytes + size;) {
        const size_t length = strcspn(at, "\n");
        code = take_line(scenario, ++line, at, length, fault);
        at += length + 1;
    }
    free(bytes);
    if (code != LH_OK)
        lh_scenario_destroy(&scenario);
    else
        *ret_scenario = scenario;
    return code;
}

void lh_scenario_destroy(struct lh_scenario **scenario_pointer)
{
    struct lh_scenario *scenario = *scenario_pointer;
    if (!scenario)
        return;
    for (size_t i = 0; i < scenario->count; i++)
        json_decref(scenario->moments[i].body);
    while (scenario->tracks) {
        struct told *told = scenario->tracks;
        scenario->tracks = told->next;
        free(told);
    }
    free(scenario->moments);
    free(scenario->path);
    free(scenario);
    *scenario_pointer = NULL;
}

int64_t lh_scenario_next_us(const struct lh_scenario *scenario)
{
    return scenario->next < scenario->count ? scenario->moments[scenario->next].utc_us : INT64_MAX;
}

/* ---- tracks ---- */

static struct told *find_told(struct lh_scenario *scenario, const struct lh_camera_config *camera,
                              uint64_t id)
{
    for (struct told *at = scenario->tracks; at; at = at->next)
        if (at->camera == camera && at->track.id == id)
            return at;
    return NULL;
}

static struct told *begin_told(struct lh_scenario *scenario, const struct lh_camera_config *camera,
                               uint64_t id, int64_t utc_us)
{
    struct told *told = calloc(1, sizeof *told);
    if (!told)
        return NULL;
    told->camera = camera;
    told->track = (struct lh_track){.id = id,
                                    .state = LH_TRACK_CONFIRMED,
                                    .growth = 1,
                                    .first_utc_us = utc_us,
                                    .confirmed_utc_us = utc_us,
                                    .detectors = 1};
    told->next = scenario->tracks;
    scenario->tracks = told;
    return told;
}

/* A box whose foot is there. False where the camera does not have it in its picture. */
static bool box_of_bearing(const struct lh_camera_config *camera, struct lh_bearing bearing,
                           struct lh_box *ret_box)
{
    struct lh_pose pose;
    double x = 0;
    double y = 0;
    if (lh_pose_of_camera(camera, camera->preset, &pose) != LH_OK ||
        !lh_pose_project(&pose, (double)WIDTH_PX / HEIGHT_PX, bearing, &x, &y) ||
        !(x >= 0 && x <= 1 && y >= 0 && y <= 1))
        return false;
    const double left = fmin(fmax(x - BOX_WIDTH / 2, 0), 1 - BOX_WIDTH);
    const double top = fmax(y - BOX_HEIGHT, 0);
    *ret_box = (struct lh_box){(float)left, (float)top, (float)BOX_WIDTH, (float)(y - top)};
    return true;
}

static int read_box(const struct lh_scenario *scenario, const struct moment *moment, json_t *box,
                    struct lh_box *ret_box, struct lh_fault *fault)
{
    json_error_t error;
    double x;
    double y;
    double width;
    double height;
    if (json_unpack_ex(box, &error, 0, "{s:F, s:F, s:F, s:F !}", "x", &x, "y", &y, "width", &width,
                       "height", &height) != 0)
        return refuse(scenario, moment->line, fault, "box: %.200s", error.text);
    if (!(x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= 1 && y + height <= 1))
        return refuse(scenario, moment->line, fault, "the box lies outside the picture");
    *ret_box = (struct lh_box){(float)x, (float)y, (float)width, (float)height};
    return LH_OK;
}

/* Where the track is: box, bearing or a place on the ground. *ret_placed: it says so at all. */
static int read_where(const struct lh_scenario *scenario, const struct moment *moment,
                      const struct lh_vantage *vantage, const struct lh_camera_config *camera,
                      json_t *const where[3], struct lh_box *ret_box, bool *ret_placed,
                      struct lh_fault *fault)
{
    json_error_t error;
    struct lh_bearing bearing = {0};
    struct lh_geo at = {0};
    *ret_placed = where[0] || where[1] || where[2];
    if (where[0])
        return read_box(scenario, moment, where[0], ret_box, fault);
    if (where[1] &&
        json_unpack_ex(where[1], &error, 0, "{s:F, s:F !}", "azimuth_deg", &bearing.azimuth_deg,
                       "elevation_deg", &bearing.elevation_deg) != 0)
        return refuse(scenario, moment->line, fault, "bearing: %.200s", error.text);
    if (where[2]) {
        if (json_unpack_ex(where[2], &error, 0, "{s:F, s:F !}", "latitude", &at.latitude_deg,
                           "longitude", &at.longitude_deg) != 0)
            return refuse(scenario, moment->line, fault, "at: %.200s", error.text);
        if (!lh_geo_valid(at) || lh_vantage_aim(vantage, camera, at, &bearing) != LH_OK)
            return refuse(scenario, moment->line, fault,
                          "camera '%s' has no pose, or it is no place on the earth", camera->id);
    }
    if (*ret_placed && !box_of_bearing(camera, bearing, ret_box))
        return refuse(scenario, moment->line, fault,
                      "camera '%s' does not have that in its picture", camera->id);
    return LH_OK;
}

static const struct lh_camera_config *find_camera(const struct lh_scenario *scenario,
                                                  const struct moment *moment, const char *id,
                                                  struct lh_fault *fault)
{
    const struct lh_camera_config *camera = lh_site_camera(scenario->site, id);
    if (!camera)
        (void)refuse(scenario, moment->line, fault, "the site has no camera '%.64s'", id);
    return camera;
}

/* Its box is up to date. */
static void see_again(struct lh_track *track, const char *kind, double score, int64_t utc_us)
{
    const bool fresh = track->hits == 0;
    track->kind = strcmp(kind, "flame") == 0 ? LH_KIND_FLAME : LH_KIND_SMOKE;
    track->score = (float)score;
    track->best_score = fmaxf(track->best_score, track->score);
    track->last_utc_us = utc_us;
    track->hits++;
    track->steady = track->box;
    track->reach = fresh ? track->box : lh_box_union(track->reach, track->box);
    if (fresh)
        track->first_box = track->box;
}

static int play_track(struct lh_scenario *scenario, const struct moment *moment, json_t *body,
                      struct lh_duty *duty, struct lh_fault *fault)
{
    json_error_t error;
    const char *id;
    const char *kind = "smoke";
    json_int_t number;
    double score = 0;
    int lost = 0;
    json_t *where[3] = {NULL, NULL, NULL};
    if (json_unpack_ex(body, &error, 0, "{s:s, s:I, s?F, s?s, s?b, s?o, s?o, s?o !}", "camera", &id,
                       "id", &number, "score", &score, "kind", &kind, "lost", &lost, "box",
                       &where[0], "bearing", &where[1], "at", &where[2]) != 0)
        return refuse(scenario, moment->line, fault, "track: %.200s", error.text);
    const struct lh_camera_config *camera = find_camera(scenario, moment, id, fault);
    if (!camera)
        return LH_EFORMAT;
    if (number < 1 || !(score >= 0 && score <= 1))
        return refuse(scenario, moment->line, fault,
                      "a track has an id from 1 and a score of 0..1");
    struct told *told = find_told(scenario, camera, (uint64_t)number);
    const bool fresh = !told;
    if (fresh)
        told = begin_told(scenario, camera, (uint64_t)number, moment->utc_us);
    if (!told)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    struct lh_track *track = &told->track;
    struct lh_frame_info info = {.camera = camera->id,
                                 .preset = camera->preset,
                                 .capture_utc_us = moment->utc_us,
                                 .time_quality = LH_TIME_SENDER,
                                 .width_px = WIDTH_PX,
                                 .height_px = HEIGHT_PX};
    bool placed = false;
    const int code = read_where(scenario, moment, lh_situation_vantage(lh_duty_situation(duty)),
                                camera, where, &track->box, &placed, fault);
    if (code != LH_OK)
        return code;
    if (!lost)
        see_again(track, kind, score, moment->utc_us);
    const struct lh_desk_input input = {
        .type = lost    ? LH_TRACK_LOST
                : fresh ? LH_TRACK_RAISED
                        : LH_TRACK_UPDATED,
        .track = *track,
        .camera = camera,
        .info = placed && !lost ? &info : NULL,
    };
    const int played = lh_duty_track(duty, &input);
    return played == LH_OK ? LH_OK : lh_fail(fault, played, "%s", lh_strerror(played));
}

/* ---- satellites ---- */

static enum lh_hotspot_confidence confidence_of(const char *text)
{
    const enum lh_hotspot_confidence all[] = {LH_CONFIDENCE_LOW, LH_CONFIDENCE_NOMINAL,
                                              LH_CONFIDENCE_HIGH};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(text, lh_hotspot_confidence_name(all[i])) == 0)
            return all[i];
    return LH_CONFIDENCE_UNSAID;
}

static int read_hotspot(const struct lh_scenario *scenario, const struct moment *moment,
                        json_t *body, struct lh_hotspot *ret_row, struct lh_fault *fault)
{
    json_error_t error;
    const char *satellite;
    const char *instrument = "";
    const char *acquired = NULL;
    const char *confidence = "";
    struct lh_hotspot row = {.acquired_us = moment->utc_us,
                             .received_us = moment->utc_us,
                             .scan_km = NAN,
                             .track_km = NAN,
                             .brightness_k = NAN,
                             .frp_mw = NAN};
    if (json_unpack_ex(body, &error, 0, "{s:s, s:F, s:F, s?s, s?s, s?s, s?F, s?F, s?F !}",
                       "satellite", &satellite, "latitude", &row.at.latitude_deg, "longitude",
                       &row.at.longitude_deg, "instrument", &instrument, "acquired", &acquired,
                       "confidence", &confidence, "frp_mw", &row.frp_mw, "scan_km", &row.scan_km,
                       "track_km", &row.track_km) != 0)
        return refuse(scenario, moment->line, fault, "hotspot: %.200s", error.text);
    if (!lh_geo_valid(row.at))
        return refuse(scenario, moment->line, fault, "hotspot: it is no place on the earth");
    if (acquired && lh_time_parse(acquired, &row.acquired_us) != LH_OK)
        return refuse(scenario, moment->line, fault, "hotspot: acquired is no time");
    row.confidence = confidence_of(confidence);
    (void)snprintf(row.satellite, sizeof row.satellite, "%s", satellite);
    (void)snprintf(row.instrument, sizeof row.instrument, "%s", instrument);
    (void)snprintf(row.confidence_text, sizeof row.confidence_text, "%s", confidence);
    (void)snprintf(row.source, sizeof row.source, "scenario");
    *ret_row = row;
    return LH_OK;
}

static int play_hotspots(struct lh_scenario *scenario, const struct moment *moment, json_t *body,
                         struct lh_duty *duty, struct lh_fault *fault)
{
    struct lh_feed_batch batch = {.feed = "scenario", .origin = "scenario"};
    int code = json_is_array(body)
                   ? LH_OK
                   : refuse(scenario, moment->line, fault, "hotspots are a list of objects");
    for (size_t i = 0; code == LH_OK && i < json_array_size(body); i++) {
        struct lh_hotspot row;
        code = read_hotspot(scenario, moment, json_array_get(body, i), &row, fault);
        if (code == LH_OK && lh_hotspots_add(&batch.hotspots, &row) != LH_OK)
            code = lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    if (code == LH_OK)
        code = lh_duty_hotspots(duty, &batch, fault);
    lh_hotspots_finish(&batch.hotspots);
    return code;
}

/* ---- people, weather, looks ---- */

static int play_report(struct lh_scenario *scenario, const struct moment *moment, json_t *body,
                       struct lh_duty *duty, struct lh_fault *fault)
{
    struct lh_report report;
    struct lh_evidence evidence;
    struct lh_fault why = {0};
    char *text = json_dumps(body, 0);
    if (!text)
        return refuse(scenario, moment->line, fault, "a report is an object");
    int code = lh_report_parse(text, strlen(text), &why, &report);
    free(text);
    if (code != LH_OK)
        return refuse(scenario, moment->line, fault, "report: %.200s", why.text);
    const json_t *trusted = json_object_get(moment->body, "trusted");
    lh_report_evidence(&report, trusted && json_is_true(trusted), moment->utc_us, &evidence);
    lh_report_finish(&report);
    code = lh_duty_evidence(duty, &evidence);
    return code == LH_OK ? LH_OK
                         : refuse(scenario, moment->line, fault, "the report is refused: %s",
                                  lh_strerror(code));
}

static int play_danger(struct lh_scenario *scenario, const struct moment *moment, json_t *body,
                       struct lh_duty *duty, struct lh_fault *fault)
{
    json_error_t error;
    int level;
    double hours = 24;
    if (json_unpack_ex(body, &error, 0, "{s:i, s?F !}", "level", &level, "hours", &hours) != 0)
        return refuse(scenario, moment->line, fault, "danger: %.200s", error.text);
    if (!(hours > 0 && hours < 1e5) ||
        lh_danger_give(lh_situation_danger(lh_duty_situation(duty)), level, moment->utc_us,
                       moment->utc_us + (int64_t)(hours * (double)HOUR_US)) != LH_OK)
        return refuse(scenario, moment->line, fault, "danger has a level from 1 to 5 and hours");
    return LH_OK;
}

static int play_weather(struct lh_scenario *scenario, const struct moment *moment, json_t *body,
                        struct lh_duty *duty, struct lh_fault *fault)
{
    json_error_t error;
    const char *station;
    double wind_m_s = NAN;
    struct lh_weather_row row = {.utc_us = moment->utc_us,
                                 .temperature_c = NAN,
                                 .humidity_percent = NAN,
                                 .wind_km_h = NAN,
                                 .wind_from_deg = NAN,
                                 .rain_mm = NAN};
    if (json_unpack_ex(body, &error, 0, "{s:s, s:F, s:F, s?F, s?F, s?F, s?F, s?F, s?i !}",
                       "station", &station, "latitude", &row.latitude_deg, "longitude",
                       &row.longitude_deg, "temperature_c", &row.temperature_c, "humidity_percent",
                       &row.humidity_percent, "wind_m_s", &wind_m_s, "wind_from_deg",
                       &row.wind_from_deg, "rain_mm", &row.rain_mm, "danger_level",
                       &row.danger_level) != 0)
        return refuse(scenario, moment->line, fault, "weather: %.200s", error.text);
    row.wind_km_h = wind_m_s * 3.6;
    (void)snprintf(row.station, sizeof row.station, "%s", station);
    if (lh_danger_hear(lh_situation_danger(lh_duty_situation(duty)), &row) != LH_OK)
        return refuse(scenario, moment->line, fault, "the weather is refused");
    return LH_OK;
}

static int play_look(struct lh_scenario *scenario, const struct moment *moment, json_t *body,
                     struct lh_duty *duty, struct lh_fault *fault)
{
    json_error_t error;
    const char *id;
    const char *preset = NULL;
    if (json_unpack_ex(body, &error, 0, "{s:s, s?s !}", "camera", &id, "preset", &preset) != 0)
        return refuse(scenario, moment->line, fault, "look: %.200s", error.text);
    const struct lh_camera_config *camera = find_camera(scenario, moment, id, fault);
    if (!camera)
        return LH_EFORMAT;
    const int code = lh_duty_look(duty, camera, preset ? preset : camera->preset,
                                  (double)WIDTH_PX / HEIGHT_PX, moment->utc_us);
    return code == LH_OK ? LH_OK : lh_fail(fault, code, "%s", lh_strerror(code));
}

/* ---- the next line ---- */

typedef int (*play_fn)(struct lh_scenario *scenario, const struct moment *moment, json_t *body,
                       struct lh_duty *duty, struct lh_fault *fault);

static play_fn player_of(const char *key)
{
    static const struct {
        const char *key;
        play_fn play;
    } all[] = {
        {"track", play_track},   {"hotspots", play_hotspots}, {"report", play_report},
        {"danger", play_danger}, {"weather", play_weather},   {"look", play_look},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].key, key) == 0)
            return all[i].play;
    return NULL;
}

int lh_scenario_step(struct lh_scenario *scenario, struct lh_duty *duty, struct lh_fault *fault)
{
    const struct moment *moment = &scenario->moments[scenario->next++];
    const char *key;
    json_t *body;
    int code = LH_OK;
    json_object_foreach(moment->body, key, body)
    {
        const play_fn play = player_of(key);
        if (code == LH_OK && play)
            code = play(scenario, moment, body, duty, fault);
        else if (code == LH_OK && strcmp(key, "time") != 0 && strcmp(key, "trusted") != 0)
            code = refuse(scenario, moment->line, fault, "what is '%.60s'?", key);
    }
    if (code == LH_OK)
        lh_duty_tick(duty);
    return code;
}
