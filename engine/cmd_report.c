#include "alarm/json.h"
#include "alarm/letter.h"
#include "base/credentials.h"
#include "cmd.h"
#include "fuse/report.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <zmq.h>

#define DEFAULT_ENDPOINT "tcp://127.0.0.1:5571"
#define ANSWER_BYTES 8192

static const char help[] =
    "usage: linhuo report --word WORD WHERE --name NAME --key FILE [OPTIONS]\n\n"
    "Tells the engine what a person on the ground says, as a ranger's app would, and waits for "
    "its\n"
    "receipt.\n\n"
    "  --word WORD         fire, smoke, nothing (nothing here), permitted (a permitted burning),\n"
    "                      out (there was a fire, and it is out)\n"
    "where it is, one of\n"
    "  --at LAT,LON        there, in degrees\n"
    "  --bearing DEG --from LAT,LON   in that direction from there, from true north clockwise\n"
    "  --about INCIDENT    where that alarm is: its id, as 'linhuo watch --json' shows it; may\n"
    "                      stand beside the others\n"
    "and\n"
    "  --datum DATUM       of the degrees: WGS-84 (GPS), GCJ-02 (Gaode, Tencent maps), BD-09\n"
    "                      (Baidu). By default WGS-84; the others are half a kilometre off\n"
    "  --radius M          somewhere within so many metres, as of a village\n"
    "  --name NAME         who says so: a name of 'people' in the engine's site file\n"
    "  --key FILE          what proves it: the key_file of that name (mode 0600)\n"
    "  --photo FILE        JPEG or PNG of at most 4 MiB\n"
    "  --note TEXT         more, in words\n"
    "  --observed TIME     when it was so, as 2026-11-24T11:15:00+08:00; by default now\n"
    "  --id ID             the report's own number; the same one sent again counts once. By "
    "default\n"
    "                      a new one; it is shown\n"
    "  --to ENDPOINT       the engine's inbox; by default " DEFAULT_ENDPOINT "\n"
    "  --timeout S         for the receipt; by default 10\n"
    "  --json              the receipt as JSON (engine/alarm/receipt.schema.json)\n"
    "  --help              this\n\n"
    "  linhuo report --word smoke --bearing 310 --from 37.561,111.92 --name ranger-12 --key key\n"
    "  linhuo report --word nothing --about 141122.2026... --at 37.60,111.93 --name ranger-12 "
    "--key key\n\n"
    "Exit status: 0 accepted, 1 refused or no answer, 2 wrong usage.\n";

struct arguments {
    const char *word;
    const char *at;
    const char *bearing;
    const char *from;
    const char *about;
    const char *datum;
    const char *radius;
    const char *name;
    const char *key;
    const char *photo;
    const char *note;
    const char *observed;
    const char *id;
    const char *to;
    double timeout_s;
    bool json;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static int
say(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("linhuo report: ", stderr);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start is two lines before */
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    return status;
}

/* ---- the report ---- */

/* A finite number, and where it ends; NULL where there is none. */
static const char *read_number(const char *text, double *ret_number)
{
    char *end = NULL;
    *ret_number = strtod(text, &end);
    return end != text && isfinite(*ret_number) ? end : NULL;
}

static bool read_one(const char *text, double *ret_number)
{
    const char *end = read_number(text, ret_number);
    return end && !*end;
}

static bool read_pair(const char *text, double *ret_a, double *ret_b)
{
    const char *comma = read_number(text, ret_a);
    return comma && *comma == ',' && read_one(comma + 1, ret_b);
}

static const char *full_word(const char *word)
{
    static const char *const words[][2] = {{"fire", "fire"},
                                           {"smoke", "smoke"},
                                           {"nothing", "nothing here"},
                                           {"permitted", "permitted burning"},
                                           {"out", "out"}};
    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i][0]) == 0 || strcmp(word, words[i][1]) == 0)
            return words[i][1];
    return NULL;
}

static int put_place(json_t *report, const struct arguments *arguments)
{
    double latitude;
    double longitude;
    double number;
    const char *where = arguments->bearing ? arguments->from : arguments->at;
    if (!where)
        return LH_EXIT_DONE;
    if (!read_pair(where, &latitude, &longitude))
        return say(LH_EXIT_USAGE, "'%s' is no place; write LAT,LON in degrees, as 37.561,111.92",
                   where);
    json_t *place = json_pack("{s:f, s:f, s:s}", "latitude", latitude, "longitude", longitude,
                              "datum", arguments->datum);
    (void)json_object_set_new(report, "place", place);
    if (arguments->radius) {
        if (!read_one(arguments->radius, &number))
            return say(LH_EXIT_USAGE, "'%s' is no radius in metres", arguments->radius);
        (void)json_object_set_new(place, "radius_m", json_real(number));
    }
    if (arguments->bearing) {
        if (!read_one(arguments->bearing, &number))
            return say(LH_EXIT_USAGE, "'%s' is no bearing in degrees", arguments->bearing);
        (void)json_object_set_new(report, "bearing", json_pack("{s:f}", "azimuth_deg", number));
    }
    return LH_EXIT_DONE;
}

static char *to_base64(const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc((size + 2) / 3 * 4 + 1);
    char *at = text;
    for (size_t i = 0; text && i < size; i += 3) {
        const uint32_t bits = (uint32_t)bytes[i] << 16 |
                              (uint32_t)(i + 1 < size ? bytes[i + 1] : 0) << 8 |
                              (uint32_t)(i + 2 < size ? bytes[i + 2] : 0);
        *at++ = digits[bits >> 18];
        *at++ = digits[bits >> 12 & 63];
        *at++ = i + 1 < size ? digits[bits >> 6 & 63] : '=';
        *at++ = i + 2 < size ? digits[bits & 63] : '=';
    }
    if (text)
        *at = '\0';
    return text;
}

static int put_photo(json_t *report, const char *path)
{
    const size_t most = LH_REPORT_PHOTO_BYTES_MAX;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return say(LH_EXIT_USAGE, "%s: %s", path, strerror(errno));
    unsigned char *bytes = malloc(most + 1);
    const size_t size = bytes ? fread(bytes, 1, most + 1, file) : 0;
    const bool broken = ferror(file) != 0;
    (void)fclose(file);
    int status = LH_EXIT_DONE;
    if (!bytes || broken || size == 0)
        status = say(LH_EXIT_USAGE, "%s cannot be read", path);
    else if (size > most)
        status =
            say(LH_EXIT_USAGE, "%s is larger than %zu MiB; send a smaller photo", path, most >> 20);
    char *data = bytes && status == LH_EXIT_DONE ? to_base64(bytes, size) : NULL;
    if (status == LH_EXIT_DONE && !data)
        status = say(LH_EXIT_FAILED, "out of memory");
    if (data)
        (void)json_object_set_new(report, "photo",
                                  json_pack("{s:s, s:s}", "media_type",
                                            bytes[0] == 0x89 ? "image/png" : "image/jpeg", "data",
                                            data));
    free(data);
    free(bytes);
    return status;
}

static int make_id(char id[LH_LETTER_ID])
{
    unsigned char bytes[12];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return LH_EIO;
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    return LH_OK;
}

static int set_text(json_t *report, const char *key, const char *text)
{
    return text ? json_object_set_new(report, key, json_string(text)) : 0;
}

/* What the engine would refuse is refused here, in the same words, before it is sent. */
static int check(const char *text)
{
    struct lh_fault fault = {0};
    struct lh_report report;
    if (lh_report_parse(text, strlen(text), &fault, &report) != LH_OK)
        return say(LH_EXIT_USAGE, "%s", fault.text);
    lh_report_finish(&report);
    return LH_EXIT_DONE;
}

static int make_report(const struct arguments *arguments, char **ret_text)
{
    char id[LH_LETTER_ID] = "";
    char now[LH_TIME_TEXT];
    const char *word = full_word(arguments->word);
    if (!word)
        return say(LH_EXIT_USAGE, "--word is fire, smoke, nothing, permitted or out");
    if (!arguments->id && make_id(id) != LH_OK)
        return say(LH_EXIT_FAILED, "no random numbers for an id");
    (void)lh_time_format(lh_clock_utc_us(lh_clock_system()), now);
    json_t *report = json_object();
    int bad = set_text(report, "id", arguments->id ? arguments->id : id);
    bad |= set_text(report, "person", arguments->name);
    bad |= set_text(report, "word", word);
    bad |= set_text(report, "observed", arguments->observed ? arguments->observed : now);
    bad |= set_text(report, "incident", arguments->about);
    bad |= set_text(report, "note", arguments->note);
    int status = bad ? say(LH_EXIT_USAGE, "a text is not UTF-8") : put_place(report, arguments);
    if (status == LH_EXIT_DONE && arguments->photo)
        status = put_photo(report, arguments->photo);
    char *text = status == LH_EXIT_DONE ? json_dumps(report, JSON_COMPACT) : NULL;
    json_decref(report);
    if (status == LH_EXIT_DONE)
        status = text ? check(text) : say(LH_EXIT_FAILED, "out of memory");
    if (status == LH_EXIT_DONE)
        *ret_text = text;
    else
        free(text);
    return status;
}

/* ---- the way there and back ---- */

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

static int send_letter(void *socket, const struct arguments *arguments, const char *key,
                       const char *body)
{
    char header[LH_PERSON_NAME + 32];
    (void)snprintf(header, sizeof header, "LH1 report %s", arguments->name);
    if (zmq_send(socket, header, strlen(header), ZMQ_SNDMORE) < 0 ||
        zmq_send(socket, key, strlen(key), ZMQ_SNDMORE) < 0 ||
        zmq_send(socket, body, strlen(body), 0) < 0)
        return LH_EIO;
    return LH_OK;
}

static int show(const char *text, size_t size, bool json)
{
    json_t *receipt = json_loadb(text, size, 0, NULL);
    const bool accepted = json_is_true(json_object_get(receipt, "accepted"));
    const char *id = json_string_value(json_object_get(receipt, "id"));
    const char *reason = json_string_value(json_object_get(receipt, "reason"));
    const char *incident = json_string_value(json_object_get(receipt, "incident"));
    int status = accepted ? LH_EXIT_DONE : LH_EXIT_FAILED;
    if (!json_is_object(receipt))
        status = say(LH_EXIT_FAILED, "the answer is no receipt: is that the engine's inbox?");
    else if (json)
        (void)printf("%.*s\n", (int)size, text);
    else if (accepted)
        (void)printf("accepted%s: report %s%s%s\n",
                     json_is_true(json_object_get(receipt, "repeated")) ? " before, it counts once"
                                                                        : "",
                     id ? id : "", incident ? " on incident " : "", incident ? incident : "");
    else
        status = say(LH_EXIT_FAILED, "refused: %s", reason ? reason : "no reason given");
    json_decref(receipt);
    return status;
}

static int talk(void *socket, const struct arguments *arguments, const char *key, const char *body)
{
    char text[ANSWER_BYTES];
    const int wait_ms = (int)(arguments->timeout_s * 1000);
    int bad = set_int(socket, ZMQ_LINGER, 0);
    bad |= set_int(socket, ZMQ_RCVTIMEO, wait_ms);
    bad |= set_int(socket, ZMQ_SNDTIMEO, wait_ms);
    if (bad || zmq_connect(socket, arguments->to) != 0)
        return say(LH_EXIT_USAGE, "cannot connect to '%s': %s", arguments->to,
                   zmq_strerror(zmq_errno()));
    if (send_letter(socket, arguments, key, body) != LH_OK)
        return say(LH_EXIT_FAILED, "cannot send to '%s': %s", arguments->to,
                   zmq_strerror(zmq_errno()));
    const int size = zmq_recv(socket, text, sizeof text, 0);
    if (size < 0)
        return say(
            LH_EXIT_FAILED,
            "no receipt from '%s' within %g s: is the engine running, and does its site name "
            "people? Send it again with the same --id: it counts once",
            arguments->to, arguments->timeout_s);
    return show(text, (size_t)size < sizeof text ? (size_t)size : sizeof text, arguments->json);
}

static int deliver(const struct arguments *arguments, const char *key, const char *body)
{
    void *context = zmq_ctx_new();
    void *socket = context ? zmq_socket(context, ZMQ_DEALER) : NULL;
    const int status = socket ? talk(socket, arguments, key, body)
                              : say(LH_EXIT_FAILED, "no socket: %s", zmq_strerror(zmq_errno()));
    if (socket)
        (void)zmq_close(socket);
    if (context)
        (void)zmq_ctx_term(context);
    return status;
}

static int report(const struct arguments *arguments)
{
    struct lh_fault fault = {0};
    char *key = NULL;
    char *body = NULL;
    if (!arguments->name || !arguments->key)
        return say(LH_EXIT_USAGE, "who says so? --name NAME --key FILE");
    if (strlen(arguments->name) >= LH_PERSON_NAME)
        return say(LH_EXIT_USAGE, "a name has at most %d bytes", LH_PERSON_NAME - 1);
    if (!arguments->about && !arguments->at && !(arguments->bearing && arguments->from))
        return say(LH_EXIT_USAGE,
                   "where? --at LAT,LON, or --bearing DEG --from LAT,LON, or --about INCIDENT");
    int status = make_report(arguments, &body);
    if (status == LH_EXIT_DONE && lh_secret_load(arguments->key, &fault, &key) != LH_OK)
        status = say(LH_EXIT_USAGE, "--key %s", fault.text);
    if (key && body)
        status = deliver(arguments, key, body);
    lh_secret_destroy(&key);
    free(body);
    return status;
}

static bool take_timeout(const char *text, double *timeout_s)
{
    return read_one(text, timeout_s) && *timeout_s > 0 && *timeout_s <= 3600;
}

int lh_cmd_report(int argc, char **argv)
{
    struct arguments arguments = {.datum = "WGS-84", .to = DEFAULT_ENDPOINT, .timeout_s = 10};
    const struct {
        const char *name;
        const char **value;
    } texts[] = {{"word", &arguments.word},       {"at", &arguments.at},
                 {"bearing", &arguments.bearing}, {"from", &arguments.from},
                 {"about", &arguments.about},     {"datum", &arguments.datum},
                 {"radius", &arguments.radius},   {"name", &arguments.name},
                 {"key", &arguments.key},         {"photo", &arguments.photo},
                 {"note", &arguments.note},       {"observed", &arguments.observed},
                 {"id", &arguments.id},           {"to", &arguments.to}};
    enum { TEXTS = sizeof texts / sizeof *texts };
    struct option options[TEXTS + 4] = {{0}};
    for (int i = 0; i < TEXTS; i++)
        options[i] = (struct option){texts[i].name, required_argument, NULL, 256 + i};
    options[TEXTS] = (struct option){"timeout", required_argument, NULL, 's'};
    options[TEXTS + 1] = (struct option){"json", no_argument, NULL, 'j'};
    options[TEXTS + 2] = (struct option){"help", no_argument, NULL, 'h'};
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return LH_EXIT_DONE;
        }
        if (option == '?')
            return LH_EXIT_USAGE;
        if (option >= 256)
            *texts[option - 256].value = optarg;
        else if (option == 'j')
            arguments.json = true;
        else if (!take_timeout(optarg, &arguments.timeout_s))
            return say(LH_EXIT_USAGE, "--timeout takes seconds, up to 3600");
    }
    if (optind < argc)
        return say(LH_EXIT_USAGE, "'%s' is one word too many; linhuo report --help", argv[optind]);
    return report(&arguments);
}
