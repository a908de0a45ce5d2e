#include "alarm/json.h"
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
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define MAX_TOPICS 16
#define MAX_FRAMES 3
#define MAX_REASONS 8 /* shown */
#define SILENCE_S 3.0 /* until a missing heartbeat is told; three intervals where that is longer */
#define LONGEST_WAIT_MS 60000
#define DEFAULT_ENDPOINT "tcp://127.0.0.1:5570"

static const char help[] =
    "usage: linhuo watch [ENDPOINT | SITE.yaml] [OPTIONS]\n\n"
    "Shows alarms as the engine publishes them, each with the picture to look at, until Ctrl-C.\n\n"
    "  ENDPOINT        where the engine publishes; by default " DEFAULT_ENDPOINT "\n"
    "  SITE.yaml       the engine's site file: bus.publish and data_folder are taken from it\n"
    "  --json          JSON lines (engine/alarm/alarm.schema.json) instead of a table\n"
    "  --topic PREFIX  what to show, up to 16 times. By default alarm/, and for people changes\n"
    "                  of the cameras' health, and where cameras should look, between. alarm/P1/\n"
    "                  shows P1 only; others are health/, cue/, status/ and hb/ (the heartbeat)\n"
    "  --count N       end after N messages shown (health and cues between alarms do not)\n"
    "  --timeout S     end after S seconds; exit status 1 if --count messages had not come by\n"
    "                  then or, without --count, none\n"
    "  --data DIR      the engine's data folder: evidence paths are shown in full\n"
    "  --help          this\n\n"
    "  linhuo watch                                   what this machine's engine raises\n"
    "  linhuo watch --topic alarm/P1/ --json | jq .   for scripts\n"
    "  linhuo watch --count 1 --timeout 60            does an alarm come within a minute?\n\n"
    "A missing heartbeat (the engine is down or the link is cut) and alarms that were missed (a\n"
    "gap in their numbers) are told on standard error; what was missed is in the engine's store.\n"
    "Exit status: 0 done, 1 timed out or failed, 2 wrong usage.\n";

struct watch {
    const char *topics[MAX_TOPICS];
    size_t topic_count; /* 0: the default */
    const char *data_option;
    bool json;
    bool colour;
    unsigned long count; /* 0: without end */
    double timeout_s;    /* 0: none */

    char *endpoint; /* owned */
    char *data;     /* owned: the folder that evidence paths start from, or NULL */
    void *context;
    void *socket;
    int signals; /* a signalfd, or -1 */

    unsigned long shown;
    int64_t heard_us; /* monotonic time of the engine's last sign of life, at first of the start */
    double silence_s;
    bool silent; /* and told so */
    bool head_shown;
    bool backlog_told;
    char epoch[LH_EPOCH];
    struct lh_follow alarms;
    struct lh_complaint garbage;
};

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
static void
tell(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("linhuo watch: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
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

/* Copies text for a terminal: control characters, by which a sender could fool one, become '?'. */
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

/* Cells of a terminal that UTF-8 text takes: two for CJK and its full-width forms. */
static int cells(const char *text)
{
    int count = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if ((*at & 0xc0) == 0x80)
            continue;
        const unsigned lead = at[0] >= 0xe0 ? (unsigned)at[0] << 8 | at[1] : 0;
        const bool wide = (lead >= 0xe2ba && lead < 0xee80) || (lead >= 0xefbc && lead <= 0xefbd) ||
                          (at[0] == 0xf0 && at[1] >= 0x9f);
        count += wide ? 2 : 1;
    }
    return count;
}

static void print_padded(const char *text, int width)
{
    const int used = cells(text);
    (void)printf("%s%*s", text, used < width ? width - used : 0, "");
}

/* Wall-clock time where the reader is, hours to seconds. */
static const char *local_time(const char *iso, char text[16])
{
    int64_t utc_us = 0;
    struct tm parts;
    (void)snprintf(text, 16, "--:--:--");
    if (lh_time_parse(iso, &utc_us) != LH_OK)
        return text;
    const time_t seconds = (time_t)(utc_us / LH_SECOND_US);
    if (localtime_r(&seconds, &parts))
        (void)strftime(text, 16, "%H:%M:%S", &parts);
    return text;
}

/* Where a box lies, as one says it: "upper left, 3 % of the picture". */
static void describe_place(const json_t *box, char *text, size_t size)
{
    static const char *const names[3][3] = {{"upper left", "top", "upper right"},
                                            {"left", "middle", "right"},
                                            {"lower left", "bottom", "lower right"}};
    const double width = number_of(box, "width");
    const double height = number_of(box, "height");
    const double x = number_of(box, "x") + width / 2;
    const double y = number_of(box, "y") + height / 2;
    const int column = x < 1.0 / 3 ? 0 : x < 2.0 / 3 ? 1 : 2;
    const int row = y < 1.0 / 3 ? 0 : y < 2.0 / 3 ? 1 : 2;
    const double percent = 100 * width * height;
    if (percent < 0.1)
        (void)snprintf(text, size, "%s, under 0.1 %%", names[row][column]);
    else
        (void)snprintf(text, size, "%s, %.*f %%", names[row][column], percent < 10 ? 1 : 0,
                       percent < 100 ? percent : 100.0);
}

/* Where it is on the ground, as one says it: the place in words, else a position with its error. */
static void describe_ground(const json_t *alarm, char *text, size_t size)
{
    char words[256];
    const json_t *position = json_object_get(alarm, "position");
    const json_t *best = json_array_get(json_object_get(position, "ellipses"), 0);
    const char *place = plain(text_of(alarm, "place"), words, sizeof words);
    if (best)
        (void)snprintf(text, size, "%s%s%.5f N %.5f E, within %.0f m", place, *place ? ", " : "",
                       number_of(best, "latitude_deg"), number_of(best, "longitude_deg"),
                       number_of(best, "major_m"));
    else if (strcmp(text_of(position, "form"), "sector") == 0)
        (void)snprintf(text, size, "%.1f degrees from the camera, %.1f to %.1f km",
                       number_of(position, "azimuth_deg"), number_of(position, "near_m") / 1000,
                       number_of(position, "far_m") / 1000);
    else
        (void)snprintf(text, size, "%s", "");
}

static const char *colour_of(const struct watch *watch, const char *priority)
{
    if (!watch->colour)
        return "";
    if (strcmp(priority, "P1") == 0)
        return "\033[1;97;41m";
    if (strcmp(priority, "P2") == 0)
        return "\033[1;31m";
    return "\033[33m";
}

static void print_head(struct watch *watch)
{
    if (watch->head_shown)
        return;
    watch->head_shown = true;
    (void)printf("%-8s  %-4s %-7s  %-20s %-7s  %-4s  %-20s  %s\n", "time", "prio", "state",
                 "camera", "kind", "prob", "where, size", "why");
}

/* The position, and each further reason that weighs. */
static void print_incident(const json_t *alarm)
{
    char text[512];
    const json_t *incident = json_object_get(alarm, "incident");
    const json_t *reasons = json_object_get(alarm, "reasons");
    describe_ground(alarm, text, sizeof text);
    if (*text)
        (void)printf("%10s%s\n", "", text);
    for (size_t i = 1; i < json_array_size(reasons) && i < MAX_REASONS; i++) {
        const json_t *reason = json_array_get(reasons, i);
        if (strcmp(text_of(reason, "kind"), "prior") != 0 &&
            strcmp(text_of(reason, "kind"), "note") != 0)
            (void)printf("%10s%+.1f  %s\n", "", number_of(reason, "weight"),
                         plain(text_of(reason, "text"), text, sizeof text));
    }
    if (*text_of(incident, "merged_into"))
        (void)printf("%10smerged into %s\n", "",
                     plain(text_of(incident, "merged_into"), text, sizeof text));
    const char *merged = json_string_value(json_array_get(json_object_get(incident, "merged"), 0));
    if (merged)
        (void)printf("%10stook in %s\n", "", plain(merged, text, sizeof text));
}

/* The picture to look at first. */
static void print_evidence(const struct watch *watch, const json_t *evidence)
{
    static const char *const keys[] = {"frame_boxes", "crop_boxes", "frame", "crop"};
    char path[1024];
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *name = text_of(evidence, keys[i]);
        if (!*name)
            continue;
        (void)printf("%10s%s%s%s\n", "", watch->data ? watch->data : "", watch->data ? "/" : "",
                     plain(name, path, sizeof path));
        return;
    }
}

static void print_alarm(struct watch *watch, const json_t *alarm)
{
    char time[16];
    char place[64];
    char text[256];
    char label[320];
    const json_t *camera = json_object_get(alarm, "camera");
    const char *priority = text_of(alarm, "priority");
    const char *state = text_of(alarm, "state");
    const char *id = text_of(camera, "id");
    const char *name = text_of(camera, "name");
    const bool named = *name && strcmp(name, id) != 0;
    print_head(watch);
    (void)printf(
        "%s  %s%-4s%s ", local_time(text_of(json_object_get(alarm, "times"), "updated"), time),
        colour_of(watch, priority), plain(priority, text, 8), watch->colour ? "\033[0m" : "");
    (void)printf("%-7s  ", plain(state, text, 16));
    (void)snprintf(label, sizeof label, "%s%s%s", id, named ? " " : "", named ? name : "");
    print_padded(plain(label, text, sizeof text), 20);
    (void)printf(" %-7s", plain(text_of(alarm, "kind"), text, 16));
    if (json_is_object(json_object_get(alarm, "box")))
        describe_place(json_object_get(alarm, "box"), place, sizeof place);
    else
        (void)snprintf(place, sizeof place, "no picture");
    (void)printf("  %-4.2f  %-20s  ", number_of(alarm, "probability"), place);
    const json_t *reason = json_array_get(json_object_get(alarm, "reasons"), 0);
    (void)printf("%s\n", plain(text_of(reason, "text"), text, sizeof text));
    print_incident(alarm);
    if (strcmp(state, "ended") != 0)
        print_evidence(watch, json_object_get(alarm, "evidence"));
}

static void print_health(const json_t *health)
{
    char time[16];
    char text[512];
    (void)printf("%s  camera %s: ", local_time(text_of(health, "since"), time),
                 plain(text_of(health, "camera"), text, sizeof text));
    (void)printf("%s", plain(text_of(health, "health"), text, sizeof text));
    (void)printf(", was %s", plain(text_of(health, "before"), text, sizeof text));
    if (strcmp(text_of(health, "health"), "seeing") != 0 && *text_of(health, "last_error"))
        (void)printf(": %s", plain(text_of(health, "last_error"), text, sizeof text));
    (void)putchar('\n');
}

static void print_cue(const json_t *cue)
{
    char time[16];
    char text[512];
    const json_t *views = json_object_get(cue, "views");
    (void)printf("%s  cue %s: ", local_time(text_of(cue, "time"), time),
                 plain(text_of(cue, "state"), text, 16));
    (void)printf("%s\n", plain(text_of(cue, "why"), text, sizeof text));
    for (size_t i = 0; i < json_array_size(views) && strcmp(text_of(cue, "state"), "ended") != 0;
         i++) {
        const json_t *view = json_array_get(views, i);
        (void)printf("%10s%s ", "", plain(text_of(view, "camera"), text, sizeof text));
        (void)printf("%s, azimuth %.1f, elevation %.1f, %.1f km%s\n",
                     json_is_true(json_object_get(view, "turn"))
                         ? "turned there"
                         : plain(text_of(view, "preset"), text, sizeof text),
                     number_of(view, "azimuth_deg"), number_of(view, "elevation_deg"),
                     number_of(view, "distance_m") / 1000,
                     strcmp(text_of(view, "sight"), "clear") == 0 ? "" : ", sight not known");
    }
}

static void print_json(const json_t *body)
{
    char *line = json_dumps(body, LH_JSON_FLAGS);
    if (line)
        (void)puts(line);
    free(line);
}

static bool asked_for(const struct watch *watch, const char *topic)
{
    for (size_t i = 0; i < watch->topic_count; i++)
        if (strncmp(topic, watch->topics[i], strlen(watch->topics[i])) == 0)
            return true;
    return watch->topic_count == 0 && strncmp(topic, "alarm/", 6) == 0;
}

static void show(struct watch *watch, const struct lh_received *received)
{
    const bool asked = asked_for(watch, received->topic);
    const bool health = strncmp(received->topic, "health/", 7) == 0;
    watch->shown += asked;
    if (watch->json && asked)
        print_json(received->body);
    else if (!watch->json && strncmp(received->topic, "alarm/", 6) == 0)
        print_alarm(watch, received->body);
    else if (!watch->json && health)
        print_health(received->body);
    else if (!watch->json && strncmp(received->topic, "cue/", 4) == 0)
        print_cue(received->body);
    else if (asked)
        print_json(received->body);
}

/* ---- the bus ---- */

/* True where every alarm comes to us, so that a gap in their numbers is a loss. */
static bool hears_all_alarms(const struct watch *watch)
{
    for (size_t i = 0; i < watch->topic_count; i++)
        if (strncmp("alarm/", watch->topics[i], strlen(watch->topics[i])) == 0)
            return true;
    return watch->topic_count == 0;
}

static void note_heartbeat(struct watch *watch, const struct lh_received *received)
{
    const double interval_s = number_of(received->body, "interval_s");
    const double backlog = number_of(received->body, "backlog");
    if (interval_s > 0 && interval_s < 3600)
        watch->silence_s = fmax(SILENCE_S, 3 * interval_s);
    if (backlog > 0 && !watch->backlog_told)
        tell("the engine cannot store its alarms, %.0f wait and are not sent: look at its log and "
             "its "
             "disk",
             backlog);
    else if (backlog <= 0 && watch->backlog_told)
        tell("the engine stores its alarms again");
    watch->backlog_told = backlog > 0;
}

static void note_life(struct watch *watch, const struct lh_received *received)
{
    const int64_t now_us = lh_clock_monotonic_us(lh_clock_system());
    if (watch->silent)
        tell("the engine is heard again after %.0f s",
             (double)(now_us - watch->heard_us) / (double)LH_SECOND_US);
    watch->silent = false;
    watch->heard_us = now_us;
    if (*watch->epoch && strcmp(watch->epoch, received->epoch) != 0)
        tell("the engine was started anew");
    memcpy(watch->epoch, received->epoch, sizeof watch->epoch);
    if (strcmp(received->stream, LH_STREAM_HEARTBEAT) == 0)
        note_heartbeat(watch, received);
    const uint64_t missed =
        hears_all_alarms(watch) ? lh_follow_note(&watch->alarms, LH_STREAM_ALARM, received) : 0;
    if (missed > 0)
        tell("%llu alarm message%s missed (up to number %llu); the engine's store has %s",
             (unsigned long long)missed, missed == 1 ? " was" : "s were",
             (unsigned long long)(strcmp(received->stream, LH_STREAM_ALARM) == 0
                                      ? received->sequence - 1
                                      : watch->alarms.last),
             missed == 1 ? "it" : "them");
}

static void take(struct watch *watch, const struct lh_bytes *frames, size_t count)
{
    struct lh_received received;
    struct lh_fault fault = {0};
    const int code = lh_received_parse(frames, count, &fault, &received);
    if (code != LH_OK) {
        lh_complain(&watch->garbage, lh_clock_system(), "watch", watch->endpoint,
                    "a message was not understood: %s", fault.text);
        return;
    }
    note_life(watch, &received);
    show(watch, &received);
    lh_received_finish(&received);
}

/* Reads one message if there is one. LH_EAGAIN: none. */
static int receive(struct watch *watch)
{
    zmq_msg_t messages[MAX_FRAMES];
    struct lh_bytes frames[MAX_FRAMES];
    size_t kept = 0;
    size_t count = 0;
    int more = 1;
    int code = LH_OK;
    while (more && code == LH_OK) {
        zmq_msg_t message;
        (void)zmq_msg_init(&message);
        if (zmq_msg_recv(&message, watch->socket, ZMQ_DONTWAIT) < 0) {
            code = zmq_errno() == EAGAIN || zmq_errno() == EINTR ? LH_EAGAIN : LH_EIO;
            (void)zmq_msg_close(&message);
            break;
        }
        more = zmq_msg_more(&message);
        count++;
        if (kept < MAX_FRAMES)
            messages[kept++] = message;
        else
            (void)zmq_msg_close(&message);
    }
    for (size_t i = 0; i < kept; i++)
        frames[i] = (struct lh_bytes){.data = zmq_msg_data(&messages[i]),
                                      .size = zmq_msg_size(&messages[i])};
    if (code == LH_OK)
        take(watch, frames, count);
    for (size_t i = 0; i < kept; i++)
        (void)zmq_msg_close(&messages[i]);
    return code;
}

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

static int subscribe(void *socket, const char *topic)
{
    return zmq_setsockopt(socket, ZMQ_SUBSCRIBE, topic, strlen(topic));
}

static int connect_bus(struct watch *watch)
{
    const int64_t largest = LH_MESSAGE_MAX;
    watch->context = zmq_ctx_new();
    watch->socket = watch->context ? zmq_socket(watch->context, ZMQ_SUB) : NULL;
    if (!watch->socket)
        return LH_ENOMEM;
    int bad = set_int(watch->socket, ZMQ_LINGER, 0);
    bad |= set_int(watch->socket, ZMQ_RCVHWM, 10000);
    bad |= set_int(watch->socket, ZMQ_RECONNECT_IVL, 100);
    bad |= set_int(watch->socket, ZMQ_RECONNECT_IVL_MAX, 2000);
    bad |= set_int(watch->socket, ZMQ_HEARTBEAT_IVL, 2000);
    bad |= set_int(watch->socket, ZMQ_HEARTBEAT_TIMEOUT, 6000);
    bad |= zmq_setsockopt(watch->socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    for (size_t i = 0; i < watch->topic_count; i++)
        bad |= subscribe(watch->socket, watch->topics[i]);
    if (watch->topic_count == 0)
        bad |= subscribe(watch->socket, "alarm/");
    if (watch->topic_count == 0 && !watch->json)
        bad |= subscribe(watch->socket, "health/") | subscribe(watch->socket, "cue/");
    /* Last, so that the first heartbeat tells a number behind which nothing is missed. */
    bad |= subscribe(watch->socket, LH_TOPIC_HEARTBEAT);
    if (bad || zmq_connect(watch->socket, watch->endpoint) != 0) {
        tell("cannot connect to '%s': %s; an endpoint looks like %s", watch->endpoint,
             zmq_strerror(zmq_errno()), DEFAULT_ENDPOINT);
        return LH_EINVAL;
    }
    return LH_OK;
}

/* ---- the loop ---- */

static void note_silence(struct watch *watch, int64_t now_us)
{
    const double quiet_s = (double)(now_us - watch->heard_us) / (double)LH_SECOND_US;
    if (watch->silent || quiet_s < watch->silence_s)
        return;
    watch->silent = true;
    tell("no heartbeat for %.0f s: the engine is down or the link is cut (%s)", quiet_s,
         watch->endpoint);
}

static long wait_ms(const struct watch *watch, int64_t now_us, int64_t end_us)
{
    int64_t until_us = end_us;
    const int64_t silent_us = watch->heard_us + (int64_t)(watch->silence_s * (double)LH_SECOND_US);
    if (!watch->silent && silent_us < until_us)
        until_us = silent_us;
    if (until_us - now_us > (int64_t)LONGEST_WAIT_MS * 1000)
        return LONGEST_WAIT_MS;
    return until_us <= now_us ? 0 : (long)((until_us - now_us) / 1000 + 1);
}

static bool is_done(const struct watch *watch)
{
    return watch->count > 0 && watch->shown >= watch->count;
}

static int watch_on(struct watch *watch)
{
    zmq_pollitem_t items[] = {{.socket = watch->socket, .events = ZMQ_POLLIN},
                              {.fd = watch->signals, .events = ZMQ_POLLIN}};
    int64_t now_us = lh_clock_monotonic_us(lh_clock_system());
    const int64_t end_us = watch->timeout_s > 0
                               ? now_us + (int64_t)(watch->timeout_s * (double)LH_SECOND_US)
                               : INT64_MAX;
    watch->heard_us = now_us;
    for (;;) {
        if (zmq_poll(items, 2, wait_ms(watch, now_us, end_us)) < 0 && zmq_errno() != EINTR)
            return LH_EXIT_FAILED;
        if (items[1].revents & ZMQ_POLLIN)
            return LH_EXIT_DONE;
        while (!is_done(watch) && receive(watch) == LH_OK)
            if (fflush(stdout) != 0 || ferror(stdout))
                return LH_EXIT_FAILED;
        if (is_done(watch))
            return LH_EXIT_DONE;
        now_us = lh_clock_monotonic_us(lh_clock_system());
        note_silence(watch, now_us);
        if (now_us >= end_us) {
            const bool enough = watch->count == 0 && watch->shown > 0;
            if (!enough)
                tell("timed out after %g s: %lu message%s came", watch->timeout_s, watch->shown,
                     watch->shown == 1 ? "" : "s");
            return enough ? LH_EXIT_DONE : LH_EXIT_FAILED;
        }
    }
}

static int catch_signals(struct watch *watch)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
        return lh_error_from_errno(errno);
    watch->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return watch->signals >= 0 ? LH_OK : lh_error_from_errno(errno);
}

/* ---- where to connect ---- */

/* A site that lets the system choose the port: the running engine has written down which it was. */
static char *bound_endpoint(const char *data_folder)
{
    char path[4096];
    char *endpoint = NULL;
    json_error_t error;
    if (snprintf(path, sizeof path, "%s/status.json", data_folder) >= (int)sizeof path)
        return NULL;
    json_t *status = json_load_file(path, 0, &error);
    const char *text = text_of(status, "publish");
    if (*text)
        endpoint = strdup(text);
    json_decref(status);
    return endpoint;
}

/* What one binds is not always what one connects to: all addresses are reached by the loopback one. */
static char *reachable(const char *bound)
{
    static const char *const everywhere[] = {"tcp://*:", "tcp://0.0.0.0:"};
    for (size_t i = 0; i < sizeof everywhere / sizeof *everywhere; i++) {
        const size_t length = strlen(everywhere[i]);
        if (strncmp(bound, everywhere[i], length) != 0)
            continue;
        const size_t size = strlen(bound) + sizeof "tcp://127.0.0.1:";
        char *endpoint = malloc(size);
        if (endpoint)
            (void)snprintf(endpoint, size, "tcp://127.0.0.1:%s", bound + length);
        return endpoint;
    }
    return strdup(bound);
}

static int take_site(struct watch *watch, const char *path)
{
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    const int code = lh_site_load(path, &findings, &site);
    lh_findings_finish(&findings);
    if (code != LH_OK) {
        tell("%s: %s; linhuo check %s says more", path, lh_strerror(code), path);
        return LH_EXIT_USAGE;
    }
    const size_t length = strlen(site->bus.publish);
    const bool chosen = length > 2 && strcmp(site->bus.publish + length - 2, ":*") == 0;
    char *bound = chosen ? bound_endpoint(site->data_folder) : strdup(site->bus.publish);
    watch->endpoint = bound ? reachable(bound) : NULL;
    watch->data = strdup(site->data_folder);
    free(bound);
    if (!watch->endpoint)
        tell(
            "%s: bus.publish is %s and the engine has not written yet which port that is; start it "
            "with linhuo run",
            path, site->bus.publish);
    lh_site_destroy(&site);
    return watch->endpoint ? LH_EXIT_DONE : LH_EXIT_FAILED;
}

static int take_target(struct watch *watch, const char *target)
{
    int status = LH_EXIT_DONE;
    if (!target || strstr(target, "://"))
        watch->endpoint = reachable(target ? target : DEFAULT_ENDPOINT);
    else
        status = take_site(watch, target);
    if (watch->data_option) {
        free(watch->data);
        watch->data = strdup(watch->data_option);
    }
    return status == LH_EXIT_DONE && !watch->endpoint ? LH_EXIT_FAILED : status;
}

/* ---- the command line ---- */

static bool read_count(const char *text, unsigned long *ret_count)
{
    char *end = NULL;
    errno = 0;
    const unsigned long count = strtoul(text, &end, 10);
    if (*text < '1' || *text > '9' || *end || errno != 0)
        return false;
    *ret_count = count;
    return true;
}

static bool read_seconds(const char *text, double *ret_seconds)
{
    char *end = NULL;
    const double seconds = strtod(text, &end);
    if (end == text || *end || !isfinite(seconds) || seconds <= 0 || seconds > 1e9)
        return false;
    *ret_seconds = seconds;
    return true;
}

static bool take_option(struct watch *watch, int option, const char *value)
{
    switch (option) {
    case 'j':
        watch->json = true;
        return true;
    case 't':
        if (watch->topic_count == MAX_TOPICS || strlen(value) >= LH_TOPIC)
            return false;
        watch->topics[watch->topic_count++] = value;
        return true;
    case 'n':
        return read_count(value, &watch->count);
    case 's':
        return read_seconds(value, &watch->timeout_s);
    case 'd':
        watch->data_option = value;
        return true;
    default:
        return false;
    }
}

static void finish(struct watch *watch)
{
    if (watch->socket)
        (void)zmq_close(watch->socket);
    if (watch->context)
        (void)zmq_ctx_term(watch->context);
    if (watch->signals >= 0)
        (void)close(watch->signals);
    free(watch->endpoint);
    free(watch->data);
}

static int run(struct watch *watch, const char *target)
{
    int status = take_target(watch, target);
    if (status != LH_EXIT_DONE)
        return status;
    const int code = catch_signals(watch);
    if (code != LH_OK) {
        tell("%s", lh_strerror(code));
        return LH_EXIT_FAILED;
    }
    if (connect_bus(watch) != LH_OK)
        return LH_EXIT_USAGE;
    return watch_on(watch);
}

int lh_cmd_watch(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"topic", required_argument, NULL, 't'},
                                            {"count", required_argument, NULL, 'n'},
                                            {"timeout", required_argument, NULL, 's'},
                                            {"data", required_argument, NULL, 'd'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct watch watch = {
        .signals = -1,
        .silence_s = SILENCE_S,
        .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
    };
    int option;
    while ((option = getopt_long(argc, argv, "jt:n:s:d:h", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return LH_EXIT_DONE;
        }
        if (!take_option(&watch, option, optarg)) {
            if (option != '?')
                tell("'%s' is not a value of that option; linhuo watch --help", optarg);
            return LH_EXIT_USAGE;
        }
    }
    if (argc - optind > 1) {
        (void)fputs(help, stderr);
        return LH_EXIT_USAGE;
    }
    const int status = run(&watch, optind < argc ? argv[optind] : NULL);
    finish(&watch);
    return status;
}
