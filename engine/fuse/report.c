#include "fuse/report.h"

#include "base/site.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GPS_SIGMA_M 15.0
#define BEARING_SIGMA_DEG 5.0
#define BEARING_FAR_M 15000.0

static int refuse(struct lh_fault *fault, const char *key, const char *what)
{
    return lh_fail(fault, LH_EFORMAT, "the report's '%s' %s", key, what);
}

/* ---- values ---- */

static int check_keys(const json_t *object, const char *const *known, size_t count,
                      struct lh_fault *fault)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        bool found = false;
        for (size_t i = 0; i < count && !found; i++)
            found = strcmp(key, known[i]) == 0;
        if (found)
            continue;
        const char *nearest = lh_nearest_name(key, known, count);
        return lh_fail(fault, LH_EFORMAT, "a report has no '%.40s'%s%s%s", key,
                       nearest ? "; did you mean '" : "", nearest ? nearest : "",
                       nearest ? "'?" : "");
    }
    return LH_OK;
}

/* Left alone where the key is absent. */
static int read_text(const json_t *object, const char *key, size_t size, char *ret_text,
                     struct lh_fault *fault)
{
    const json_t *value = json_object_get(object, key);
    if (!value)
        return LH_OK;
    const char *text = json_string_value(value);
    if (!text || json_string_length(value) == 0 || json_string_length(value) >= size ||
        strlen(text) != json_string_length(value))
        return lh_fail(fault, LH_EFORMAT, "the report's '%s' must be a text of 1 to %zu bytes", key,
                       size - 1);
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            return refuse(fault, key, "has control characters");
    (void)snprintf(ret_text, size, "%s", text);
    return LH_OK;
}

static bool is_name(const char *text)
{
    return text[strspn(
               text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

static int read_number(const json_t *object, const char *key, double least, double most,
                       double *ret_number, struct lh_fault *fault)
{
    const json_t *value = json_object_get(object, key);
    if (!value)
        return LH_OK;
    const double number = json_number_value(value);
    if (!json_is_number(value) || !isfinite(number) || number < least || number > most)
        return lh_fail(fault, LH_EFORMAT, "the report's '%s' must be a number from %g to %g", key,
                       least, most);
    *ret_number = number;
    return LH_OK;
}

static int read_word(const json_t *object, const char *key, const char *const *words, size_t count,
                     size_t *ret_word, struct lh_fault *fault)
{
    const char *text = json_string_value(json_object_get(object, key));
    char all[128] = "";
    for (size_t i = 0; i < count; i++) {
        if (text && strcmp(text, words[i]) == 0) {
            *ret_word = i;
            return LH_OK;
        }
        (void)snprintf(all + strlen(all), sizeof all - strlen(all), "%s\"%s\"", i ? ", " : "",
                       words[i]);
    }
    return lh_fail(fault, LH_EFORMAT, "the report's '%s' must be one of %s", key, all);
}

/* ---- where ---- */

static int read_bearing(const json_t *bearing, struct lh_geo from, struct lh_report *report,
                        struct lh_fault *fault)
{
    static const char *const keys[] = {"azimuth_deg", "sigma_deg", "near_m", "far_m"};
    struct lh_sector sector = {
        .from = from, .azimuth_deg = NAN, .sigma_deg = BEARING_SIGMA_DEG, .far_m = BEARING_FAR_M};
    if (!json_is_object(bearing))
        return refuse(fault, "bearing", "must be an object");
    int code = check_keys(bearing, keys, sizeof keys / sizeof keys[0], fault);
    if (code == LH_OK)
        code = read_number(bearing, "azimuth_deg", 0, 360, &sector.azimuth_deg, fault);
    if (code == LH_OK)
        code = read_number(bearing, "sigma_deg", 0.05, 45, &sector.sigma_deg, fault);
    if (code == LH_OK)
        code = read_number(bearing, "near_m", 0, 50000, &sector.near_m, fault);
    if (code == LH_OK)
        code = read_number(bearing, "far_m", 10, 50000, &sector.far_m, fault);
    if (code == LH_OK && isnan(sector.azimuth_deg))
        code = refuse(fault, "bearing", "needs 'azimuth_deg'");
    if (code == LH_OK && sector.far_m <= sector.near_m)
        code = refuse(fault, "bearing", "must have 'far_m' above 'near_m'");
    if (code != LH_OK)
        return code;
    sector.azimuth_deg = lh_azimuth_wrap(sector.azimuth_deg);
    report->position = (struct lh_position){.form = LH_POSITION_SECTOR, .sector = sector};
    return LH_OK;
}

static int read_sigma(const json_t *place, double *ret_sigma_m, struct lh_fault *fault)
{
    double sigma_m = 0;
    double radius_m = 0;
    int code = read_number(place, "sigma_m", 1, 5000, &sigma_m, fault);
    if (code == LH_OK)
        code = read_number(place, "radius_m", 10, 20000, &radius_m, fault);
    if (code == LH_OK && sigma_m > 0 && radius_m > 0)
        code = refuse(fault, "place", "has 'sigma_m' or 'radius_m', not both");
    if (code == LH_OK) /* evenly spread over a circle: half its radius along each axis */
        *ret_sigma_m = radius_m > 0 ? radius_m / 2 : sigma_m > 0 ? sigma_m : GPS_SIGMA_M;
    return code;
}

static int read_place(const json_t *root, struct lh_report *report, struct lh_fault *fault)
{
    static const char *const keys[] = {"latitude", "longitude", "datum", "sigma_m", "radius_m"};
    static const char *const datums[] = {"WGS-84", "GCJ-02", "BD-09"}; /* as enum lh_datum */
    const json_t *place = json_object_get(root, "place");
    const json_t *bearing = json_object_get(root, "bearing");
    struct lh_geo at = {NAN, NAN};
    size_t datum = 0;
    double sigma_m = GPS_SIGMA_M;
    if (!place && !bearing && report->incident[0])
        return LH_OK;
    if (!json_is_object(place))
        return refuse(fault, "place",
                      "is missing: latitude, longitude and datum, or an 'incident'");
    int code = check_keys(place, keys, sizeof keys / sizeof keys[0], fault);
    if (code == LH_OK)
        code = read_number(place, "latitude", -90, 90, &at.latitude_deg, fault);
    if (code == LH_OK)
        code = read_number(place, "longitude", -180, 180, &at.longitude_deg, fault);
    if (code == LH_OK && (isnan(at.latitude_deg) || isnan(at.longitude_deg)))
        code = refuse(fault, "place", "needs 'latitude' and 'longitude'");
    if (code == LH_OK)
        code = read_word(place, "datum", datums, 3, &datum, fault);
    if (code == LH_OK)
        code = read_sigma(place, &sigma_m, fault);
    if (code != LH_OK)
        return code;
    at = lh_geo_from_datum((enum lh_datum)datum, at);
    if (bearing)
        return read_bearing(bearing, at, report, fault);
    report->position = lh_position_of_ellipse(
        (struct lh_ellipse){.centre = at, .height_m = NAN, .major_m = sigma_m, .minor_m = sigma_m});
    return LH_OK;
}

/* ---- photo ---- */

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static int decode(const char *text, size_t length, struct lh_report *report, struct lh_fault *fault)
{
    size_t digits = length;
    while (digits > 0 && length - digits < 2 && text[digits - 1] == '=')
        digits--;
    if (length % 4 != 0 || digits == 0 || digits % 4 == 1)
        return refuse(fault, "photo", "is not base64");
    report->photo = malloc(digits / 4 * 3 + 3);
    if (!report->photo)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < digits; i++) {
        const int digit = digit_of(text[i]);
        if (digit < 0)
            return refuse(fault, "photo", "is not base64");
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            report->photo[report->photo_size++] = (uint8_t)(bits >> held);
        }
    }
    return LH_OK;
}

static int read_photo(const json_t *root, struct lh_report *report, struct lh_fault *fault)
{
    static const char *const keys[] = {"media_type", "data"};
    static const char *const types[] = {"image/jpeg", "image/png"};
    static const uint8_t jpeg[] = {0xFF, 0xD8, 0xFF};
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    const json_t *photo = json_object_get(root, "photo");
    if (!photo)
        return LH_OK;
    if (!json_is_object(photo))
        return refuse(fault, "photo", "must be an object");
    size_t type = 0;
    int code = check_keys(photo, keys, 2, fault);
    if (code == LH_OK)
        code = read_word(photo, "media_type", types, 2, &type, fault);
    if (code != LH_OK)
        return code;
    const json_t *data = json_object_get(photo, "data");
    if (!json_is_string(data))
        return refuse(fault, "photo", "needs 'data' in base64");
    if (json_string_length(data) > LH_REPORT_PHOTO_BYTES_MAX / 3 * 4)
        return lh_fail(fault, LH_ELIMIT, "the report's photo is larger than %zu MiB",
                       LH_REPORT_PHOTO_BYTES_MAX >> 20);
    code = decode(json_string_value(data), json_string_length(data), report, fault);
    if (code != LH_OK)
        return code;
    const uint8_t *magic = type == 0 ? jpeg : png;
    const size_t magic_size = type == 0 ? sizeof jpeg : sizeof png;
    if (report->photo_size < magic_size || memcmp(report->photo, magic, magic_size) != 0)
        return refuse(fault, "photo", "is not what its 'media_type' says");
    (void)snprintf(report->photo_type, sizeof report->photo_type, "%s", types[type]);
    return LH_OK;
}

/* ---- the whole ---- */

static int read_time(const json_t *root, struct lh_report *report, struct lh_fault *fault)
{
    const char *text = json_string_value(json_object_get(root, "observed"));
    if (!text || lh_time_parse(text, &report->observed_utc_us) != LH_OK)
        return refuse(fault, "observed", "must be a time as 2026-11-24T11:15:00+08:00");
    return LH_OK;
}

static int read_who(const json_t *root, struct lh_report *report, struct lh_fault *fault)
{
    int code = read_text(root, "id", sizeof report->id, report->id, fault);
    if (code == LH_OK && (!report->id[0] || !is_name(report->id)))
        code = refuse(fault, "id", "must be 1 to 64 of letters, digits, '.', '_', '-'");
    if (code == LH_OK)
        code = read_text(root, "person", sizeof report->person, report->person, fault);
    if (code == LH_OK && !report->person[0])
        code = refuse(fault, "person", "is missing");
    if (code == LH_OK)
        code = read_text(root, "incident", sizeof report->incident, report->incident, fault);
    if (code == LH_OK && !is_name(report->incident))
        code = refuse(fault, "incident", "must be an identifier");
    if (code == LH_OK)
        code = read_text(root, "note", sizeof report->note, report->note, fault);
    return code;
}

static int read_root(const json_t *root, struct lh_report *report, struct lh_fault *fault)
{
    static const char *const keys[] = {"id",    "person",  "word", "observed", "incident",
                                       "place", "bearing", "note", "photo"};
    const char *words[LH_REPORT_WORDS];
    size_t word = 0;
    if (!json_is_object(root))
        return lh_fail(fault, LH_EFORMAT, "a report is a JSON object");
    for (int i = 0; i < LH_REPORT_WORDS; i++)
        words[i] = lh_report_word_name((enum lh_report_word)i);
    int code = check_keys(root, keys, sizeof keys / sizeof keys[0], fault);
    if (code == LH_OK)
        code = read_who(root, report, fault);
    if (code == LH_OK)
        code = read_word(root, "word", words, LH_REPORT_WORDS, &word, fault);
    report->word = (enum lh_report_word)word;
    if (code == LH_OK)
        code = read_time(root, report, fault);
    if (code == LH_OK)
        code = read_place(root, report, fault);
    if (code == LH_OK)
        code = read_photo(root, report, fault);
    return code;
}

int lh_report_parse(const char *text, size_t length, struct lh_fault *fault,
                    struct lh_report *ret_report)
{
    if (length > LH_REPORT_BYTES_MAX)
        return lh_fail(fault, LH_ELIMIT, "a report has at most %zu MiB, photo included",
                       LH_REPORT_BYTES_MAX >> 20);
    json_error_t error;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return lh_fail(fault, LH_EFORMAT, "a report is JSON; line %d, column %d: %.200s",
                       error.line, error.column, error.text);
    struct lh_report report = {.position = {.form = LH_POSITION_NONE}};
    const int code = read_root(root, &report, fault);
    json_decref(root);
    if (code == LH_OK)
        *ret_report = report;
    else
        lh_report_finish(&report);
    return code;
}

void lh_report_finish(struct lh_report *report)
{
    free(report->photo);
    report->photo = NULL;
    report->photo_size = 0;
}

void lh_report_evidence(const struct lh_report *report, bool trusted, int64_t received_utc_us,
                        struct lh_evidence *ret_evidence)
{
    *ret_evidence = (struct lh_evidence){.kind = LH_EVIDENCE_REPORT,
                                         .first_utc_us = report->observed_utc_us,
                                         .observed_utc_us = report->observed_utc_us,
                                         .received_utc_us = received_utc_us,
                                         .position = report->position};
    memcpy(ret_evidence->source, report->person, sizeof report->person);
    memcpy(ret_evidence->reference, report->id, sizeof report->id);
    ret_evidence->report.word = report->word;
    ret_evidence->report.trusted = trusted;
    memcpy(ret_evidence->report.about, report->incident, sizeof report->incident);
    (void)snprintf(ret_evidence->detail, sizeof ret_evidence->detail, "%.160s", report->note);
}
