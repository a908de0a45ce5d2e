#include "alarm/received.h"
#include "base/log.h"
#include "base/site.h"
#include "cmd.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <zmq.h>

#define MAX_TOPICS 16
#define MAX_FRAMES 3
#define SILENCE_S 3.0 /* until a missing heartbeat is told; three intervals where that is longer */
#define DEFAULT_ENDPOINT "tcp://127.0.0.1:5570"

static const char help[] =
    "usage: linhuo watch [ENDPOINT | SITE.yaml] [OPTIONS]\n\n"
    "Shows alarms as the engine publishes them, one line each, until Ctrl-C.\n\n"
    "  ENDPOINT        where the engine publishes; by default " DEFAULT_ENDPOINT "\n"
    "  SITE.yaml       the engine's site file: bus.publish and data_folder are taken from it\n"
    "  --json          JSON lines (engine/alarm/alarm.schema.json) instead of a table\n"
    "  --topic PREFIX  what to show, up to 16 times. By default alarm/, and for people changes of "
    "the\n"
    "                  cameras' health between. alarm/P1/ shows P1 only; others are health/, "
    "status/\n"
    "                  and hb/ (the heartbeat)\n"
    "  --count N       end after N messages shown (health between alarms does not count)\n"
    "  --timeout S     end after S seconds; exit status 1 if --count messages had not come by then "
    "or,\n"
    "                  without --count, none\n"
    "  --data DIR      the engine's data folder: evidence paths are shown in full\n"
    "  --help          this\n\n"
    "  linhuo watch                                   what this machine's engine raises\n"
    "  linhuo watch --topic alarm/P1/ --json | jq .   for scripts\n"
    "  linhuo watch --count 1 --timeout 60            does an alarm come within a minute?\n\n"
    "A missing heartbeat (the engine is down or the link is cut) and alarms that were missed (a "
    "gap in\n"
    "their numbers) are told on standard error; what was missed is in the engine's store.\n"
    "Exit status: 0 done, 1 timed out or failed, 2 wrong usage.\n";

struct watch {
    const char *topics[MAX_TOPICS];
    size_t topic_count;
    bool json;
    bool colour;
    unsigned long count;
    double timeout_s;
    const char *data_folder;
    char *endpoint;  /* owned */
    char *site_data; /* owned */

    void *context;
    void *socket;
    int signals; /* a signalfd */

    unsigned long shown;
    int64_t last_us; /* monotonic: the engine was last heard of */
    double silence_s;
    bool silent;
    bool follows_alarms; /* subscribed to all of them, so that a gap means a loss */
    struct lh_follow alarms;
    struct lh_complaint garbage;
};

/* ---- the table ---- */

/* Copies text for a terminal: control characters, which a sender might put there to fool one, become
 * '?'. */
static const char *plain(const char *text, char *buffer, size_t size)
{
    size_t used = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at && used + 1 < size; at++) {
        const bool c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0;
        buffer[used++] = *at < 0x20 || *at == 0x7f || c1 ? '?' : (char)*at;
        at += c1;
    }
    buffer[used] = '\0';
    return buffer;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* Where in the picture, as one would say it: "upper left". */
static const char *words_of(const json_t *box)
{
    static const char *const words[3][3] = {{"upper left", "top", "upper right"},
                                            {"left", "middle", "right"},
                                            {"lower left", "bottom", "lower right"}};
    const double x = number_of(box, "x") + number_of(box, "width") / 2;
    const double y = number_of(box, "y") + number_of(box, "height") / 2;
    const int column = x < 1.0 / 3 ? 0 : x < 2.0 / 3 ? 1 : 2;
    const int row = y < 1.0 / 3 ? 0 : y < 2.0 / 3 ? 1 : 2;
    return words[row][column];
}

static const char *colour_of(const struct watch *watch, const char *priority)
{
    if (!watch->colour)
        return "";
    if (strcmp(priority, "P1") == 0)
        return "\033[1;31m";
    return strcmp(priority, "P2") == 0 ? "\033[33m" : "";
}

static void print_alarm(const struct watch *watch, const json_t *body)
{
    char camera[80];
    char path[512];
    char reason[256];
    const char *priority = text_of(body, "priority");
    const json_t *evidence = json_object_get(body, "evidence");
    const char *picture = text_of(evidence, "frame_boxes");
    const char *colour = colour_of(watch, priority);
    (void)printf(
        "%s%.19s  %-4s %-8s %-16s %-5s %.2f  %-11s  %s%s\n", colour,
        text_of(json_object_get(body, "times"), "updated"), priority, text_of(body, "state"),
        plain(text_of(json_object_get(body, "camera"), "id"), camera, sizeof camera),
        text_of(body, "kind"), number_of(body, "score"), words_of(json_object_get(body, "box")),
        plain(text_of(json_array_get(json_object_get(body, "reasons"), 0), "text"), reason,
              sizeof reason),
        *colour ? "\033[0m" : "");
    if (*picture && strcmp(text_of(body, "state"), "raised") == 0)
        (void)printf("%21s evidence: %s%s%s\n", "", watch->data_folder ? watch->data_folder : "",
                     watch->data_folder ? "/" : "", plain(picture, path, sizeof path));
}

static void print_health(const json_t *body)
{
    char camera[80];
    char error[256];
    const json_t *about = json_object_get(body, "camera");
    const char *id = json_is_object(about) ? text_of(about, "id") : json_string_value(about);
    (void)printf("%.19s  camera %s: %s %s\n", text_of(body, "time"),
                 plain(id ? id : "", camera, sizeof camera), text_of(body, "health"),
                 strcmp(text_of(body, "health"), "seeing") == 0
                     ? ""
                     : plain(text_of(body, "last_error"), error, sizeof error));
}

static void print_message(const struct watch *watch, const struct lh_received *received)
{
    if (watch->json ||
        (strcmp(received->stream, "alarm") != 0 && strcmp(received->stream, "health") != 0)) {
        (void)json_dumpf(received->body, stdout, JSON_COMPACT | JSON_REAL_PRECISION(10));
        (void)putchar('\n');
    } else if (strcmp(received->stream, "alarm") == 0) {
        print_alarm(watch, received->body);
    } else {
        print_health(received->body);
    }
    (void)fflush(stdout);
}

/* ---- the bus ---- */

static bool is_wanted(const struct watch *watch, const char *topic)
{
    for (size_t i = 0; i < watch->topic_count; i++)
        if (strncmp(topic, watch->topics[i], strlen(watch->topics[i])) == 0)
            return true;
    return false;
}

static void take(struct watch *watch, const struct lh_received *received)
{
    watch->last_us = lh_clock_monotonic_us(lh_clock_system());
    if (watch->silent)
        (void)fprintf(stderr, "the engine is heard again\n");
    watch->silent = false;
    const double interval_s = number_of(received->body, "interval_s");
    if (strcmp(received->stream, LH_STREAM_HEARTBEAT) == 0 && interval_s > 0 && interval_s < 3600)
        watch->silence_s = fmax(SILENCE_S, 3 * interval_s);
    if (watch->follows_alarms) {
        const uint64_t missed = lh_follow_note(&watch->alarms, "alarm", received);
        if (missed > 0)
            (void)fprintf(stderr, "%llu alarms were missed; they are in the engine's store\n",
                          (unsigned long long)missed);
    }
    if (is_wanted(watch, received->topic)) {
        print_message(watch, received);
        watch->shown++;
    }
}

/* Reads one whole message; LH_EAGAIN where none waits. */
static int receive(struct watch *watch)
{
    zmq_msg_t parts[MAX_FRAMES];
    struct lh_bytes frames[MAX_FRAMES];
    size_t count = 0;
    size_t kept = 0;
    int more = 1;
    while (more) {
        zmq_msg_t part;
        (void)zmq_msg_init(&part);
        if (zmq_msg_recv(&part, watch->socket, ZMQ_DONTWAIT) < 0) {
            (void)zmq_msg_close(&part);
            break;
        }
        more = zmq_msg_more(&part);
        count++;
        if (kept < MAX_FRAMES) {
            parts[kept] = part;
            frames[kept] =
                (struct lh_bytes){zmq_msg_data(&parts[kept]), zmq_msg_size(&parts[kept])};
            kept++;
        } else {
            (void)zmq_msg_close(&part);
        }
    }
    int code = count == 0 ? LH_EAGAIN : LH_OK;
    if (code == LH_OK) {
        struct lh_received received;
        struct lh_fault fault = {0};
        if (count == kept && lh_received_parse(frames, kept, &fault, &received) == LH_OK) {
            take(watch, &received);
            lh_received_finish(&received);
        } else {
            lh_complain(&watch->garbage, lh_clock_system(), "watch", watch->endpoint,
                        "a message that is not understood: %s", fault.text);
        }
    }
    for (size_t i = 0; i < kept; i++)
        (void)zmq_msg_close(&parts[i]);
    return code;
}

static void notice_silence(struct watch *watch)
{
    const double quiet_s =
        (double)(lh_clock_monotonic_us(lh_clock_system()) - watch->last_us) / (double)LH_SECOND_US;
    if (watch->silent || quiet_s < watch->silence_s)
        return;
    watch->silent = true;
    (void)fprintf(stderr,
                  "no heartbeat from %s for %.0f s: the engine is down or the link is cut\n",
                  watch->endpoint, quiet_s);
}

static int open_socket(struct watch *watch)
{
    const int linger_ms = 0;
    const int64_t max_bytes = LH_MESSAGE_MAX;
    watch->context = zmq_ctx_new();
    watch->socket = watch->context ? zmq_socket(watch->context, ZMQ_SUB) : NULL;
    if (!watch->socket)
        return LH_ENOMEM;
    (void)zmq_setsockopt(watch->socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    (void)zmq_setsockopt(watch->socket, ZMQ_MAXMSGSIZE, &max_bytes, sizeof max_bytes);
    for (size_t i = 0; i < watch->topic_count; i++)
        if (zmq_setsockopt(watch->socket, ZMQ_SUBSCRIBE, watch->topics[i],
                           strlen(watch->topics[i])) != 0)
            return LH_EINVAL;
    if (zmq_setsockopt(watch->socket, ZMQ_SUBSCRIBE, "hb/", 3) != 0)
        return LH_EINVAL;
    return zmq_connect(watch->socket, watch->endpoint) == 0 ? LH_OK : LH_EINVAL;
}

static int serve(struct watch *watch)
{
    const int64_t begun_us = lh_clock_monotonic_us(lh_clock_system());
    watch->last_us = begun_us;
    watch->silence_s = SILENCE_S;
    for (;;) {
        while (receive(watch) == LH_OK)
            if (watch->count > 0 && watch->shown >= watch->count)
                return LH_EXIT_DONE;
        notice_silence(watch);
        const double elapsed_s =
            (double)(lh_clock_monotonic_us(lh_clock_system()) - begun_us) / (double)LH_SECOND_US;
        if (watch->timeout_s > 0 && elapsed_s >= watch->timeout_s)
            return watch->count == 0 && watch->shown > 0 ? LH_EXIT_DONE : LH_EXIT_FAILED;
        zmq_pollitem_t items[] = {{.socket = watch->socket, .events = ZMQ_POLLIN},
                                  {.fd = watch->signals, .events = ZMQ_POLLIN}};
        (void)zmq_poll(items, 2, 250);
        if (items[1].revents)
            return LH_EXIT_DONE;
    }
}

/* ---- the command line ---- */

static bool read_positive(const char *text, double most, double *ret_value)
{
    char *end;
    errno = 0;
    const double value = strtod(text, &end);
    if (errno || *end || end == text || !(value > 0) || value > most)
        return false;
    *ret_value = value;
    return true;
}

static int misuse(const char *what, const char *which)
{
    (void)fprintf(stderr, "linhuo watch: %s%s; linhuo watch --help\n", what, which);
    return LH_EXIT_USAGE;
}

static int choose_engine(struct watch *watch, const char *argument)
{
    if (!argument || strstr(argument, "://")) {
        watch->endpoint = strdup(argument ? argument : DEFAULT_ENDPOINT);
        return watch->endpoint ? LH_EXIT_DONE : LH_EXIT_FAILED;
    }
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    const int code = lh_site_load(argument, &findings, &site);
    lh_findings_finish(&findings);
    if (code != LH_OK) {
        (void)fprintf(stderr, "linhuo watch: %s: %s; linhuo check %s says more\n", argument,
                      lh_strerror(code), argument);
        return LH_EXIT_USAGE;
    }
    watch->endpoint = strdup(site->bus.publish);
    watch->site_data = strdup(site->data_folder);
    if (!watch->data_folder)
        watch->data_folder = watch->site_data;
    lh_site_destroy(&site);
    return watch->endpoint && watch->site_data ? LH_EXIT_DONE : LH_EXIT_FAILED;
}

static int read_options(int argc, char **argv, struct watch *watch)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"topic", required_argument, NULL, 't'},
                                            {"count", required_argument, NULL, 'c'},
                                            {"timeout", required_argument, NULL, 's'},
                                            {"data", required_argument, NULL, 'd'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    double number;
    while ((option = getopt_long(argc, argv, "jt:c:s:d:h", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return -1;
        } else if (option == 'j') {
            watch->json = true;
        } else if (option == 't') {
            if (watch->topic_count == MAX_TOPICS || strlen(optarg) >= LH_TOPIC)
                return misuse("too many topics, or too long a one: ", optarg);
            watch->topics[watch->topic_count++] = optarg;
        } else if (option == 'c') {
            if (!read_positive(optarg, 1e9, &number) || floor(number) != number)
                return misuse("--count wants a whole number above 0, not ", optarg);
            watch->count = (unsigned long)number;
        } else if (option == 's') {
            if (!read_positive(optarg, 1e9, &watch->timeout_s))
                return misuse("--timeout wants seconds, not ", optarg);
        } else if (option == 'd') {
            watch->data_folder = optarg;
        } else {
            (void)fputs(help, stderr);
            return LH_EXIT_USAGE;
        }
    }
    if (argc - optind > 1)
        return misuse("one engine, please: ", argv[optind + 1]);
    return choose_engine(watch, optind < argc ? argv[optind] : NULL);
}

static void choose_topics(struct watch *watch)
{
    watch->follows_alarms = watch->topic_count == 0;
    for (size_t i = 0; i < watch->topic_count; i++)
        if (strncmp("alarm/", watch->topics[i], strlen(watch->topics[i])) == 0)
            watch->follows_alarms = true;
    if (watch->topic_count > 0)
        return;
    watch->topics[watch->topic_count++] = "alarm/";
    if (!watch->json)
        watch->topics[watch->topic_count++] = "health/";
}

int lh_cmd_watch(int argc, char **argv)
{
    struct watch watch = {.signals = -1, .colour = isatty(STDOUT_FILENO) != 0};
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    int status = read_options(argc, argv, &watch);
    if (status == LH_EXIT_DONE) {
        choose_topics(&watch);
        watch.signals = signalfd(-1, &signals, SFD_CLOEXEC);
        if (watch.signals < 0 || open_socket(&watch) != LH_OK) {
            (void)fprintf(stderr,
                          "linhuo watch: %s: not an endpoint; tcp://HOST:PORT or ipc://PATH\n",
                          watch.endpoint);
            status = LH_EXIT_USAGE;
        } else {
            status = serve(&watch);
        }
    }
    if (watch.socket)
        (void)zmq_close(watch.socket);
    if (watch.context)
        (void)zmq_ctx_term(watch.context);
    if (watch.signals >= 0)
        (void)close(watch.signals);
    free(watch.endpoint);
    free(watch.site_data);
    return status < 0 ? LH_EXIT_DONE : status;
}
