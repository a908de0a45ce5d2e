#include "alarm/letter.h"

#include "alarm/json.h"
#include "fuse/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[LH_LETTER_KINDS] = {"report", "danger", "weather", "pose",
                                                        "cue"};

const char *lh_letter_kind_name(enum lh_letter_kind kind)
{
    return (unsigned)kind < LH_LETTER_KINDS ? kind_names[kind] : "";
}

/* ---- the envelope ---- */

static int open_kind(const char *word, size_t length, struct lh_fault *fault,
                     enum lh_letter_kind *ret_kind)
{
    for (int i = 0; i < LH_LETTER_KINDS; i++) {
        if (strlen(kind_names[i]) == length && memcmp(word, kind_names[i], length) == 0) {
            *ret_kind = (enum lh_letter_kind)i;
            return LH_OK;
        }
    }
    return lh_fail(fault, LH_EFORMAT,
                   "the header names no kind of message: report, danger, weather, pose or cue");
}

static int open_sender(const char *name, size_t length, struct lh_fault *fault,
                       struct lh_letter *letter)
{
    if (length == 0 || length >= sizeof letter->sender)
        return lh_fail(fault, LH_EFORMAT, "the header must name the sender in 1 to %zu bytes",
                       sizeof letter->sender - 1);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 127)
            return lh_fail(fault, LH_EFORMAT, "the sender's name has control characters");
    memcpy(letter->sender, name, length);
    letter->sender[length] = '\0';
    return LH_OK;
}

static int open_header(const struct lh_bytes *header, struct lh_fault *fault,
                       struct lh_letter *letter)
{
    const char *text = header->data;
    if (header->size < 4 || memcmp(text, "LH", 2) != 0)
        return lh_fail(fault, LH_EFORMAT, "the header is not 'LH1 KIND SENDER'");
    if (memcmp(text, "LH1 ", 4) != 0)
        return lh_fail(fault, LH_EABI, "the header is of another version than LH1");
    const char *kind = text + 4;
    const char *end = text + header->size;
    const char *blank = memchr(kind, ' ', (size_t)(end - kind));
    if (!blank)
        return lh_fail(fault, LH_EFORMAT, "the header is not 'LH1 KIND SENDER'");
    const int code = open_kind(kind, (size_t)(blank - kind), fault, &letter->kind);
    return code == LH_OK ? open_sender(blank + 1, (size_t)(end - blank - 1), fault, letter) : code;
}

int lh_letter_open(const struct lh_bytes *frames, size_t count, struct lh_fault *fault,
                   struct lh_letter *ret_letter)
{
    *ret_letter = (struct lh_letter){.kind = LH_LETTER_KINDS};
    if (count == 0)
        return lh_fail(fault, LH_EFORMAT, "the message is empty");
    const int code = open_header(&frames[0], fault, ret_letter);
    if (code != LH_OK)
        return code;
    if (count != 3)
        return lh_fail(fault, LH_EFORMAT, "a message has three frames: header, key, body");
    if (frames[1].size >= sizeof ret_letter->key)
        return lh_fail(fault, LH_ELIMIT, "a key has at most %zu bytes", sizeof ret_letter->key - 1);
    const size_t most =
        ret_letter->kind == LH_LETTER_REPORT ? LH_REPORT_BYTES_MAX : LH_LETTER_BYTES_MAX;
    if (frames[2].size > most)
        return lh_fail(fault, LH_ELIMIT, "a %s has at most %zu KiB, photo included",
                       lh_letter_kind_name(ret_letter->kind), most >> 10);
    if (frames[1].size > 0)
        memcpy(ret_letter->key, frames[1].data, frames[1].size);
    ret_letter->body = frames[2].data;
    ret_letter->body_size = frames[2].size;
    return LH_OK;
}

void lh_letter_finish(struct lh_letter *letter)
{
    explicit_bzero(letter->key, sizeof letter->key);
}

/* ---- rights ---- */

static bool same_key(const char *a, const char *b)
{
    volatile unsigned char different = 0;
    for (size_t i = 0; i < LH_PERSON_KEY; i++)
        different |= (unsigned char)(a[i] ^ b[i]);
    return different == 0;
}

const struct lh_person_config *lh_letter_author(const struct lh_letter *letter,
                                                const struct lh_site *site)
{
    static const char nobody[LH_PERSON_KEY];
    const struct lh_person_config *person = NULL;
    for (size_t i = 0; i < site->person_count; i++)
        if (strcmp(site->people[i].name, letter->sender) == 0)
            person = &site->people[i];
    const bool proven = same_key(letter->key, person ? person->key : nobody);
    return proven && person && person->key[0] != '\0' ? person : NULL;
}

bool lh_person_may(const struct lh_person_config *person, enum lh_letter_kind kind)
{
    switch (kind) {
    case LH_LETTER_REPORT:
        return person->reports;
    case LH_LETTER_DANGER:
    case LH_LETTER_WEATHER:
        return person->weather;
    case LH_LETTER_POSE:
        return person->poses;
    case LH_LETTER_CUE:
        return person->cues;
    default:
        return false;
    }
}

/* ---- bodies ---- */

/* A body that is being read: the first mistake stands, all that follows is passed over. */
struct reading {
    json_t *root;
    const char *noun;
    struct lh_fault *fault;
    int code;
};

static void refuse(struct reading *reading, const char *key, const char *what)
{
    if (reading->code == LH_OK)
        reading->code =
            lh_fail(reading->fault, LH_EFORMAT, "the %s's '%s' %s", reading->noun, key, what);
}

static struct reading begin(const char *noun, const char *text, size_t length,
                            const char *const *keys, size_t count, struct lh_fault *fault)
{
    struct reading reading = {.noun = noun, .fault = fault};
    json_error_t error;
    reading.root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(reading.root)) {
        reading.code =
            lh_fail(fault, LH_EFORMAT, "a %s is a JSON object; line %d, column %d: %.160s", noun,
                    reading.root ? 1 : error.line, reading.root ? 1 : error.column,
                    reading.root ? "this is none" : error.text);
        return reading;
    }
    const char *key;
    json_t *value;
    json_object_foreach(reading.root, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < count && !known; i++)
            known = strcmp(key, keys[i]) == 0;
        if (!known && reading.code == LH_OK)
            reading.code = lh_fail(fault, LH_EFORMAT, "a %s has no '%.40s'", noun, key);
    }
    return reading;
}

static int end(struct reading *reading)
{
    json_decref(reading->root);
    return reading->code;
}

/* ret_text keeps what it had where the key is absent and not needed. */
static void take_text(struct reading *reading, const char *key, bool needed, size_t size,
                      char *ret_text)
{
    const json_t *value = json_object_get(reading->root, key);
    const char *text = json_string_value(value);
    if (!value && !needed)
        return;
    if (!text || !*text || strlen(text) != json_string_length(value) || strlen(text) >= size) {
        char what[64];
        (void)snprintf(what, sizeof what, "must be a text of 1 to %zu bytes", size - 1);
        refuse(reading, key, what);
        return;
    }
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            refuse(reading, key, "has control characters");
    memcpy(ret_text, text, strlen(text) + 1);
}

static void take_id(struct reading *reading, const char *key, char ret_id[LH_LETTER_ID])
{
    take_text(reading, key, true, LH_LETTER_ID, ret_id);
    if (ret_id[strspn(ret_id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")])
        refuse(reading, key, "must be of letters, digits, '.', '_', '-'");
}

static void take_number(struct reading *reading, const char *key, bool needed, double least,
                        double most, double *ret_number)
{
    const json_t *value = json_object_get(reading->root, key);
    const double number = json_number_value(value);
    if (!value && !needed)
        return;
    if (!json_is_number(value) || !isfinite(number) || number < least || number > most) {
        char what[80];
        (void)snprintf(what, sizeof what, "must be a number from %g to %g", least, most);
        refuse(reading, key, what);
        return;
    }
    *ret_number = number;
}

static void take_level(struct reading *reading, const char *key, bool needed, int *ret_level)
{
    const json_t *value = json_object_get(reading->root, key);
    const json_int_t level = json_integer_value(value);
    if (!value && !needed)
        return;
    if (level < 1 || level > 5)
        refuse(reading, key, "must be a whole number from 1 to 5");
    else
        *ret_level = (int)level;
}

static void take_time(struct reading *reading, const char *key, int64_t *ret_utc_us)
{
    const char *text = json_string_value(json_object_get(reading->root, key));
    if (!text || lh_time_parse(text, ret_utc_us) != LH_OK)
        refuse(reading, key, "must be a time as 2026-11-24T11:15:00+08:00");
}

static void take_place(struct reading *reading, struct lh_geo *ret_place)
{
    static const char *const datums[] = {"WGS-84", "GCJ-02", "BD-09"}; /* as enum lh_datum */
    const char *datum = json_string_value(json_object_get(reading->root, "datum"));
    take_number(reading, "latitude", true, -90, 90, &ret_place->latitude_deg);
    take_number(reading, "longitude", true, -180, 180, &ret_place->longitude_deg);
    for (int i = 0; i < 3 && datum; i++) {
        if (strcmp(datum, datums[i]) != 0)
            continue;
        if (reading->code == LH_OK)
            *ret_place = lh_geo_from_datum((enum lh_datum)i, *ret_place);
        return;
    }
    refuse(reading, "datum", "must be one of \"WGS-84\", \"GCJ-02\", \"BD-09\"");
}

#define KEYS(list) (list), sizeof(list) / sizeof((list)[0])

int lh_danger_letter_parse(const char *text, size_t length, struct lh_fault *fault,
                           struct lh_danger_letter *ret_letter)
{
    static const char *const keys[] = {"id", "level", "from", "to"};
    struct lh_danger_letter letter = {.level = 0};
    struct reading reading = begin("danger", text, length, KEYS(keys), fault);
    take_id(&reading, "id", letter.id);
    take_level(&reading, "level", true, &letter.level);
    take_time(&reading, "from", &letter.from_utc_us);
    take_time(&reading, "to", &letter.to_utc_us);
    if (reading.code == LH_OK && letter.to_utc_us <= letter.from_utc_us)
        refuse(&reading, "to", "must come after 'from'");
    if (reading.code == LH_OK)
        *ret_letter = letter;
    return end(&reading);
}

int lh_weather_letter_parse(const char *text, size_t length, struct lh_fault *fault,
                            struct lh_weather_letter *ret_letter)
{
    static const char *const keys[] = {
        "id",       "observed",      "latitude",      "longitude",        "datum",
        "wind_m_s", "wind_from_deg", "temperature_c", "humidity_percent", "danger_level"};
    struct lh_weather_letter letter = {.row = {.temperature_c = NAN,
                                               .humidity_percent = NAN,
                                               .wind_km_h = NAN,
                                               .wind_from_deg = NAN,
                                               .rain_mm = NAN}};
    struct lh_weather_row *row = &letter.row;
    struct lh_geo place = {NAN, NAN};
    double wind_m_s = NAN;
    struct reading reading = begin("weather", text, length, KEYS(keys), fault);
    take_id(&reading, "id", letter.id);
    take_time(&reading, "observed", &row->utc_us);
    take_place(&reading, &place);
    take_number(&reading, "wind_m_s", false, 0, 100, &wind_m_s);
    take_number(&reading, "wind_from_deg", false, 0, 360, &row->wind_from_deg);
    take_number(&reading, "temperature_c", false, -60, 60, &row->temperature_c);
    take_number(&reading, "humidity_percent", false, 0, 100, &row->humidity_percent);
    take_level(&reading, "danger_level", false, &row->danger_level);
    row->latitude_deg = place.latitude_deg;
    row->longitude_deg = place.longitude_deg;
    row->wind_km_h = wind_m_s * 3.6;
    if (reading.code == LH_OK)
        *ret_letter = letter;
    return end(&reading);
}

static enum lh_moving take_moving(struct reading *reading)
{
    const json_t *value = json_object_get(reading->root, "moving");
    if (value && !json_is_boolean(value))
        refuse(reading, "moving", "must be true or false");
    return !value ? LH_MOVING_UNKNOWN : json_is_true(value) ? LH_MOVING_YES : LH_MOVING_NOT;
}

int lh_pose_letter_parse(const char *text, size_t length, struct lh_fault *fault,
                         struct lh_pose_letter *ret_letter)
{
    static const char *const keys[] = {"id",       "camera", "time",  "azimuth_deg",
                                       "tilt_deg", "zoom",   "moving"};
    struct lh_pose_letter letter = {.pointing = {NAN, NAN, NAN}};
    struct reading reading = begin("pose", text, length, KEYS(keys), fault);
    take_id(&reading, "id", letter.id);
    take_id(&reading, "camera", letter.camera);
    take_time(&reading, "time", &letter.utc_us);
    take_number(&reading, "azimuth_deg", true, -360, 360, &letter.pointing.azimuth_deg);
    take_number(&reading, "tilt_deg", true, -90, 90, &letter.pointing.tilt_deg);
    take_number(&reading, "zoom", false, -1e6, 1e6, &letter.pointing.zoom);
    letter.moving = take_moving(&reading);
    if (reading.code == LH_OK)
        *ret_letter = letter;
    return end(&reading);
}

int lh_cue_letter_parse(const char *text, size_t length, struct lh_fault *fault,
                        struct lh_cue_letter *ret_letter)
{
    static const char *const keys[] = {"id", "latitude", "longitude", "datum", "note"};
    struct lh_cue_letter letter = {.place = {NAN, NAN}};
    struct reading reading = begin("cue", text, length, KEYS(keys), fault);
    take_id(&reading, "id", letter.id);
    take_place(&reading, &letter.place);
    take_text(&reading, "note", false, sizeof letter.note, letter.note);
    if (reading.code == LH_OK)
        *ret_letter = letter;
    return end(&reading);
}

/* ---- the answer ---- */

int lh_message_receipt(const struct lh_receipt *receipt, char **ret_json)
{
    json_t *root = json_object();
    int bad = json_object_set_new(root, "schema", json_string("linhuo/receipt/1"));
    bad |= json_object_set_new(root, "kind", lh_json_text(receipt->kind));
    bad |= json_object_set_new(root, "id", lh_json_text(receipt->id));
    bad |= json_object_set_new(root, "accepted", json_boolean(receipt->accepted));
    bad |= json_object_set_new(root, "repeated", json_boolean(receipt->repeated));
    bad |= json_object_set_new(root, "reason", lh_json_text(receipt->reason));
    bad |= json_object_set_new(root, "incident",
                               *receipt->incident ? lh_json_text(receipt->incident) : json_null());
    bad |= json_object_set_new(root, "time", lh_json_time(receipt->utc_us));
    if (bad) {
        json_decref(root);
        return LH_ENOMEM;
    }
    return lh_json_finish(root, ret_json);
}
