#include "world/witnesses.h"

#include "base/log.h"
#include "base/queue.h"
#include "base/thread.h"
#include "world/noise.h"
#include "world/people.h"
#include "world/skywatch.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define PASSES_MOST 512
#define WORKS 2
#define WORKS_RANGE_M 9000.0
#define METRES_A_DEGREE 111195.0
#define DEGREE (3.14159265358979323846 / 180.0)
#define READING_US (1800 * LH_SECOND_US)
#define PATH_BYTES 4096
#define DAY_US (86400 * LH_SECOND_US)
#define WAIT_US (LH_SECOND_US / 4)

/* A pass and what it made of the county. */
struct look {
    struct lh_pass pass;
    uint64_t
        stream; /* of its luck: by scene time, so that a county's passes do not hang on the date */
    int64_t known_us; /* when its file appears */
    char file[48];
    struct lh_sky_row *rows; /* owned */
    size_t row_count;
    struct lh_heat *heats; /* owned; what there was to see */
    enum lh_heat_outcome *outcomes;
    size_t heat_count;
};

struct lh_witnesses {
    struct lh_witnesses_options options;
    uint64_t seed;
    double cloud_cover;
    double wind_m_s;
    double wind_from_deg;
    double sun_hour;
    char *folder;
    const struct lh_scene_event *events; /* lent from the scene */
    size_t event_count;
    double latitude_deg; /* the middle of its towers and events */
    double longitude_deg;
    struct lh_heat works[WORKS];
    struct look *looks;
    size_t look_count;
    size_t looks_written;
    struct lh_word *words;
    size_t word_count;
    size_t words_written;
    int64_t reading_us; /* of the next weather reading */
    struct lh_bell *bell;
    atomic_bool stopping;
    struct lh_thread thread;
    struct lh_complaint complaint;
};

static int64_t utc_of(const struct lh_witnesses *witnesses, double scene_s)
{
    return witnesses->options.epoch_utc_us + llround(scene_s / witnesses->options.speed * 1e6);
}

static double scene_of(const struct lh_witnesses *witnesses, int64_t utc_us)
{
    return (double)(utc_us - witnesses->options.epoch_utc_us) / 1e6 * witnesses->options.speed;
}

/* ---- laying down ---- */

static void find_middle(struct lh_witnesses *witnesses)
{
    const struct lh_scene_camera *tower;
    double latitude = 0.0;
    double longitude = 0.0;
    unsigned count = 0;
    for (; (tower = lh_scene_camera(witnesses->options.scene, count)) != NULL; count++) {
        latitude += tower->latitude_deg;
        longitude += tower->longitude_deg;
    }
    witnesses->latitude_deg = latitude / count;
    witnesses->longitude_deg = longitude / count;
}

static void place_works(struct lh_witnesses *witnesses)
{
    struct lh_dice dice = {lh_hash(witnesses->seed, 0x3047)};
    for (unsigned i = 0; i < WORKS; i++) {
        const double e = lh_dice_range(&dice, -WORKS_RANGE_M, WORKS_RANGE_M);
        const double n = lh_dice_range(&dice, -WORKS_RANGE_M, WORKS_RANGE_M);
        witnesses->works[i] = (struct lh_heat){
            .id = LH_WORKS_ID + i,
            .latitude_deg = witnesses->latitude_deg + n / METRES_A_DEGREE,
            .longitude_deg = witnesses->longitude_deg +
                             e / METRES_A_DEGREE / cos(witnesses->latitude_deg * DEGREE),
            .power_mw = lh_dice_range(&dice, 2.0, 5.0),
        };
    }
}

/* What is hot at that time. */
static int find_heats(const struct lh_witnesses *witnesses, struct look *look)
{
    const size_t most = witnesses->event_count + WORKS;
    struct lh_dice dice = {lh_hash(look->stream, 0x3047)};
    look->heats = calloc(most, sizeof *look->heats);
    look->outcomes = calloc(most, sizeof *look->outcomes);
    look->rows = calloc(2 * most + 1, sizeof *look->rows);
    if (!look->heats || !look->outcomes || !look->rows)
        return LH_ENOMEM;
    const double scene_s = scene_of(witnesses, look->pass.utc_us);
    for (size_t i = 0; i < witnesses->event_count; i++) {
        const struct lh_scene_event *event = &witnesses->events[i];
        const double power_mw = lh_scene_radiated_mw(witnesses->options.scene, i, scene_s);
        if (power_mw > 0.0)
            look->heats[look->heat_count++] =
                (struct lh_heat){event->id, event->latitude_deg, event->longitude_deg, power_mw};
    }
    for (size_t i = 0; i < WORKS; i++) {
        struct lh_heat works = witnesses->works[i];
        works.power_mw *= exp(0.5 * lh_dice_normal(&dice));
        look->heats[look->heat_count++] = works;
    }
    return LH_OK;
}

static int lay_look(const struct lh_witnesses *witnesses, const struct lh_pass *pass,
                    struct look *look)
{
    const time_t seconds = (time_t)(pass->utc_us / LH_SECOND_US);
    struct tm when;
    char time_text[24];
    look->pass = *pass;
    look->stream = lh_hash(witnesses->seed, (uint64_t)llround(scene_of(witnesses, pass->utc_us)));
    look->known_us = pass->utc_us + llround(witnesses->options.latency_s * 1e6);
    (void)gmtime_r(&seconds, &when);
    (void)strftime(time_text, sizeof time_text, "%Y%m%dT%H%M", &when);
    (void)snprintf(look->file, sizeof look->file, "%s_%s.csv", pass->satellite->code, time_text);
    const int code = find_heats(witnesses, look);
    if (code == LH_OK)
        look->row_count = lh_sky_look(look->stream, pass, witnesses->cloud_cover, look->heats,
                                      look->heat_count, look->rows, look->outcomes);
    return code;
}

/* How much later passes come than the orbits have it: VIIRS' nearest look of that day comes when it is wanted. */
static int64_t delay_us(const struct lh_witnesses *witnesses, struct lh_pass *passes)
{
    const struct lh_witnesses_options *options = &witnesses->options;
    const struct lh_pass *nearest = NULL;
    if (options->first_pass_s < 0.0)
        return 0;
    const size_t count =
        lh_passes(witnesses->seed, witnesses->latitude_deg, witnesses->longitude_deg,
                  options->epoch_utc_us, options->epoch_utc_us + DAY_US, passes, PASSES_MOST);
    for (size_t i = 0; i < count; i++)
        if (strcmp(passes[i].satellite->instrument, "VIIRS") == 0 &&
            (!nearest || fabs(passes[i].scan_deg) < fabs(nearest->scan_deg)))
            nearest = &passes[i];
    return nearest ? utc_of(witnesses, options->first_pass_s) - nearest->utc_us : 0;
}

static int lay_passes(struct lh_witnesses *witnesses)
{
    const int64_t from_us = witnesses->options.epoch_utc_us;
    const int64_t to_us = from_us + llround(witnesses->options.duration_s * 1e6);
    struct lh_pass *passes = calloc(PASSES_MOST, sizeof *passes);
    if (!passes)
        return LH_ENOMEM;
    const int64_t later_us = delay_us(witnesses, passes);
    const size_t count =
        lh_passes(witnesses->seed, witnesses->latitude_deg, witnesses->longitude_deg,
                  from_us - later_us, to_us - later_us, passes, PASSES_MOST);
    witnesses->looks = calloc(count + 1, sizeof *witnesses->looks);
    int code = witnesses->looks ? LH_OK : LH_ENOMEM;
    for (size_t i = 0; i < count && code == LH_OK; i++) {
        passes[i].utc_us += later_us;
        code = lay_look(witnesses, &passes[i], &witnesses->looks[witnesses->look_count++]);
    }
    free(passes);
    return code;
}

static int lay_words(struct lh_witnesses *witnesses)
{
    witnesses->words =
        calloc(LH_WORDS_AN_EVENT * witnesses->event_count + 1, sizeof *witnesses->words);
    if (!witnesses->words)
        return LH_ENOMEM;
    witnesses->word_count =
        lh_people_say(witnesses->seed, witnesses->events, witnesses->event_count, witnesses->words);
    const double end_s = witnesses->options.duration_s * witnesses->options.speed;
    while (witnesses->word_count > 0 && witnesses->words[witnesses->word_count - 1].said_s > end_s)
        witnesses->word_count--;
    return LH_OK;
}

/* ---- files ---- */

static int path_of(const struct lh_witnesses *witnesses, const char *name, char path[PATH_BYTES],
                   struct lh_fault *fault)
{
    if (snprintf(path, PATH_BYTES, "%s/%s", witnesses->folder, name) < PATH_BYTES)
        return LH_OK;
    return lh_fail(fault, LH_ELIMIT, "%s: the path is too long", witnesses->folder);
}

static int fail_file(struct lh_fault *fault, const char *path)
{
    const int code = errno ? lh_error_from_errno(errno) : LH_EIO;
    return lh_fail(fault, code, "%s: %s", path, lh_strerror(code));
}

/* Begun under a name that no feed reads, so that a reader finds a whole one. */
static int write_look(const struct lh_witnesses *witnesses, const struct look *look,
                      struct lh_fault *fault)
{
    char name[80];
    char path[PATH_BYTES];
    char fresh[PATH_BYTES];
    (void)snprintf(name, sizeof name, "hotspots/%s", look->file);
    int code = path_of(witnesses, name, path, fault);
    (void)snprintf(name, sizeof name, "hotspots/.%s.new", look->file);
    if (code == LH_OK)
        code = path_of(witnesses, name, fresh, fault);
    if (code != LH_OK)
        return code;
    errno = 0;
    FILE *file = fopen(fresh, "we");
    if (!file)
        return fail_file(fault, fresh);
    lh_sky_print(file, &look->pass, look->rows, look->row_count);
    const bool whole = !ferror(file);
    if (fclose(file) != 0 || !whole || rename(fresh, path) != 0)
        return fail_file(fault, path);
    return LH_OK;
}

static json_t *report_value(const struct lh_witnesses *witnesses, size_t number)
{
    const struct lh_word *word = &witnesses->words[number];
    char id[24];
    char time_text[LH_TIME_TEXT];
    (void)snprintf(id, sizeof id, "w%zu", number + 1);
    json_t *place = json_pack("{s:f, s:f, s:s}", "latitude", word->latitude_deg, "longitude",
                              word->longitude_deg, "datum", "WGS-84");
    if (word->radius_m > 0.0)
        (void)json_object_set_new(place, "radius_m", json_real(word->radius_m));
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", id, "person", word->person, "word",
                     word->word, "observed",
                     lh_time_format(utc_of(witnesses, word->said_s), time_text), "place", place);
}

static int append_line(const struct lh_witnesses *witnesses, const char *name, const char *line,
                       struct lh_fault *fault)
{
    char path[PATH_BYTES];
    const int code = path_of(witnesses, name, path, fault);
    if (code != LH_OK)
        return code;
    errno = 0;
    FILE *file = fopen(path, "ae");
    if (!file)
        return fail_file(fault, path);
    const bool whole = fprintf(file, "%s\n", line) >= 0;
    if (fclose(file) != 0 || !whole)
        return fail_file(fault, path);
    return LH_OK;
}

static int write_word(const struct lh_witnesses *witnesses, size_t number, struct lh_fault *fault)
{
    const struct lh_word *word = &witnesses->words[number];
    char time_text[LH_TIME_TEXT];
    json_t *line = json_pack("{s:s, s:o, s:b}", "time",
                             lh_time_format(utc_of(witnesses, word->said_s), time_text), "report",
                             report_value(witnesses, number), "trusted", (int)word->trusted);
    char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(line);
    if (!text)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    const int code = append_line(witnesses, "events.jsonl", text, fault);
    free(text);
    return code;
}

static int write_reading(const struct lh_witnesses *witnesses, int64_t utc_us,
                         struct lh_fault *fault)
{
    char time_text[LH_TIME_TEXT];
    char line[200];
    struct lh_dice dice = {lh_hash(witnesses->seed, (uint64_t)utc_us)};
    const double hour = witnesses->sun_hour + scene_of(witnesses, utc_us) / 3600.0;
    const double warmth = cos((hour - 14.5) / 12.0 * 3.14159265358979323846);
    (void)snprintf(line, sizeof line, "valley,%.4f,%.4f,%s,%.1f,%.0f,%.1f,%.0f,0.0",
                   witnesses->latitude_deg, witnesses->longitude_deg,
                   lh_time_format(utc_us, time_text), 11.0 + 8.0 * warmth, 45.0 - 20.0 * warmth,
                   witnesses->wind_m_s * lh_dice_range(&dice, 0.8, 1.2),
                   fmod(witnesses->wind_from_deg + 10.0 * lh_dice_normal(&dice) + 360.0, 360.0));
    return append_line(witnesses, "weather.csv", line, fault);
}

static int make_folder(const char *path, struct lh_fault *fault)
{
    if (mkdir(path, 0755) == 0 || errno == EEXIST)
        return LH_OK;
    return fail_file(fault, path);
}

/* Both files begin anew: what another run said is not of this county. */
static int make_files(const struct lh_witnesses *witnesses, struct lh_fault *fault)
{
    char path[PATH_BYTES];
    int code = make_folder(witnesses->folder, fault);
    if (code == LH_OK)
        code = path_of(witnesses, "hotspots", path, fault);
    if (code == LH_OK)
        code = make_folder(path, fault);
    for (int i = 0; i < 2 && code == LH_OK; i++) {
        code = path_of(witnesses, i ? "weather.csv" : "events.jsonl", path, fault);
        if (code == LH_OK && remove(path) != 0 && errno != ENOENT)
            code = fail_file(fault, path);
    }
    if (code == LH_OK)
        code = append_line(witnesses, "events.jsonl", "# what people on the ground said", fault);
    if (code == LH_OK)
        code = append_line(witnesses, "weather.csv",
                           "station,latitude,longitude,time,temperature_c,humidity_percent,"
                           "wind_m_s,wind_from_deg,rain_mm",
                           fault);
    return code;
}

int lh_witnesses_write(struct lh_witnesses *witnesses, int64_t utc_us, struct lh_fault *fault)
{
    const int64_t end_us =
        witnesses->options.epoch_utc_us + llround(witnesses->options.duration_s * 1e6);
    int code = LH_OK;
    for (; code == LH_OK && witnesses->looks_written < witnesses->look_count &&
           witnesses->looks[witnesses->looks_written].known_us <= utc_us;
         witnesses->looks_written += code == LH_OK)
        code = write_look(witnesses, &witnesses->looks[witnesses->looks_written], fault);
    for (; code == LH_OK && witnesses->words_written < witnesses->word_count &&
           utc_of(witnesses, witnesses->words[witnesses->words_written].said_s) <= utc_us;
         witnesses->words_written += code == LH_OK)
        code = write_word(witnesses, witnesses->words_written, fault);
    for (; code == LH_OK && witnesses->reading_us <= utc_us && witnesses->reading_us <= end_us;
         witnesses->reading_us += code == LH_OK ? READING_US : 0)
        code = write_reading(witnesses, witnesses->reading_us, fault);
    return code;
}

/* ---- life ---- */

static void work(void *opaque)
{
    struct lh_witnesses *witnesses = (struct lh_witnesses *)opaque;
    const struct lh_clock *clock = lh_clock_system();
    while (!atomic_load(&witnesses->stopping)) {
        struct lh_fault fault = {0};
        if (lh_witnesses_write(witnesses, lh_clock_utc_us(clock), &fault) != LH_OK)
            lh_complain(&witnesses->complaint, clock, "world", witnesses->folder, "%s", fault.text);
        else
            lh_recovered(&witnesses->complaint, clock, "world", witnesses->folder, "written again");
        (void)lh_bell_wait(witnesses->bell, WAIT_US);
    }
}

int lh_witnesses_follow(struct lh_witnesses *witnesses, struct lh_fault *fault)
{
    const int code = lh_thread_start(&witnesses->thread, "witnesses", work, witnesses);
    return code == LH_OK ? LH_OK
                         : lh_fail(fault, code, "%s: %s", witnesses->folder, lh_strerror(code));
}

static int lay_down(struct lh_witnesses *witnesses, struct lh_fault *fault)
{
    witnesses->event_count = lh_scene_events(witnesses->options.scene, &witnesses->events);
    find_middle(witnesses);
    place_works(witnesses);
    int code = lh_bell_create(&witnesses->bell);
    if (code == LH_OK)
        code = lay_passes(witnesses);
    if (code == LH_OK)
        code = lay_words(witnesses);
    if (code != LH_OK)
        return lh_fail(fault, code, "%s", lh_strerror(code));
    return make_files(witnesses, fault);
}

int lh_witnesses_create(const struct lh_witnesses_options *options, struct lh_fault *fault,
                        struct lh_witnesses **ret_witnesses)
{
    struct lh_witnesses *witnesses = calloc(1, sizeof *witnesses);
    if (!witnesses)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    atomic_init(&witnesses->stopping, false);
    witnesses->options = *options;
    witnesses->seed = options->county->seed;
    witnesses->cloud_cover = options->county->cloud_cover;
    witnesses->wind_m_s = options->county->wind_m_s;
    witnesses->wind_from_deg = options->county->wind_from_deg;
    witnesses->sun_hour = options->county->sun_hour;
    witnesses->options.county = NULL;
    witnesses->reading_us = options->epoch_utc_us;
    witnesses->folder = strdup(options->folder);
    int code =
        witnesses->folder ? lay_down(witnesses, fault) : lh_fail(fault, LH_ENOMEM, "out of memory");
    if (code != LH_OK) {
        lh_witnesses_destroy(&witnesses);
        return code;
    }
    witnesses->options.folder = witnesses->folder;
    *ret_witnesses = witnesses;
    return LH_OK;
}

void lh_witnesses_destroy(struct lh_witnesses **witnesses_pointer)
{
    struct lh_witnesses *witnesses = *witnesses_pointer;
    if (!witnesses)
        return;
    atomic_store(&witnesses->stopping, true);
    if (witnesses->bell)
        lh_bell_ring(witnesses->bell);
    if (witnesses->thread.running)
        lh_thread_join(&witnesses->thread);
    for (size_t i = 0; i < witnesses->look_count; i++) {
        free(witnesses->looks[i].rows);
        free(witnesses->looks[i].heats);
        free(witnesses->looks[i].outcomes);
    }
    lh_bell_destroy(&witnesses->bell);
    free(witnesses->looks);
    free(witnesses->words);
    free(witnesses->folder);
    free(witnesses);
    *witnesses_pointer = NULL;
}

/* ---- the truth ---- */

static double rounded(double value, double unit)
{
    return round(value / unit) * unit;
}

static json_t *look_value(const struct look *look)
{
    char acquired[LH_TIME_TEXT];
    char known[LH_TIME_TEXT];
    json_t *heats = json_array();
    for (size_t i = 0; i < look->heat_count; i++)
        (void)json_array_append_new(
            heats, json_pack("{s:i, s:f, s:s}", look->heats[i].id < LH_WORKS_ID ? "event" : "works",
                             (int)(look->heats[i].id % LH_WORKS_ID), "power_mw",
                             rounded(look->heats[i].power_mw, 0.01), "outcome",
                             lh_heat_outcome_name(look->outcomes[i])));
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:b, s:i, s:o}", "satellite",
        look->pass.satellite->name, "acquired_utc", lh_time_format(look->pass.utc_us, acquired),
        "known_utc", lh_time_format(look->known_us, known), "file", look->file, "zenith_deg",
        rounded(look->pass.zenith_deg, 0.01), "heading_deg", rounded(look->pass.heading_deg, 0.01),
        "scan_km", rounded(look->pass.scan_km, 0.001), "track_km",
        rounded(look->pass.track_km, 0.001), "night", (int)look->pass.night, "rows",
        (int)look->row_count, "heat", heats);
}

void lh_witnesses_tell(const struct lh_witnesses *witnesses, json_t *truth)
{
    json_t *works = json_array();
    json_t *passes = json_array();
    json_t *reports = json_array();
    for (size_t i = 0; i < WORKS; i++)
        (void)json_array_append_new(
            works, json_pack("{s:i, s:f, s:f, s:f}", "id", (int)i, "latitude_deg",
                             rounded(witnesses->works[i].latitude_deg, 1e-6), "longitude_deg",
                             rounded(witnesses->works[i].longitude_deg, 1e-6), "power_mw",
                             rounded(witnesses->works[i].power_mw, 0.01)));
    for (size_t i = 0; i < witnesses->look_count; i++)
        (void)json_array_append_new(passes, look_value(&witnesses->looks[i]));
    for (size_t i = 0; i < witnesses->word_count; i++)
        (void)json_array_append_new(reports, json_pack("{s:i, s:b, s:o}", "event",
                                                       (int)witnesses->words[i].event, "right",
                                                       (int)witnesses->words[i].right, "report",
                                                       report_value(witnesses, i)));
    (void)json_object_set_new(truth, "works", works);
    (void)json_object_set_new(truth, "passes", passes);
    (void)json_object_set_new(truth, "reports", reports);
}
