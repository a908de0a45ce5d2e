/* linhuo-grab: opens a source or a camera and prints one JSON line for every frame, status and
 * failure, so that the end-to-end tests can see what the video room sees.
 *
 *   linhuo-grab [--camera] [--debug] URL [name=value ...]
 *
 * Names are those of a camera in the site file, and: frames, seconds (when to end; 0: never),
 * burst_after (frames), burst_s, pause_s (waits before it reads the first frame). User and password
 * come from GRAB_USER and GRAB_PASSWORD. A camera also obeys lines on standard input:
 * "burst SECONDS" and "stop". */
#include "base/queue.h"
#include "video/camera.h"

#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct request {
    struct lh_camera_config camera;
    long frames;
    double seconds;
    long burst_after;
    double burst_s;
    double pause_s;
};

static void print(json_t *line)
{
    if (!line || json_dumpf(line, stdout, JSON_COMPACT) != 0) {
        (void)fprintf(stderr, "cannot print a line\n");
        exit(1);
    }
    (void)putchar('\n');
    (void)fflush(stdout);
    json_decref(line);
}

static uint64_t hash_of(struct lh_frame *frame)
{
    struct lh_image image;
    uint64_t hash = UINT64_C(14695981039346656037);
    if (lh_frame_image(frame, LH_PIXEL_GRAY8, 0, 0, &image) != LH_OK)
        return 0;
    for (uint32_t y = 0; y < image.height_px; y += 4) {
        const uint8_t *row = image.plane[0] + (size_t)y * (size_t)image.stride[0];
        for (uint32_t x = 0; x < image.width_px; x += 4)
            hash = (hash ^ row[x]) * UINT64_C(1099511628211);
    }
    return hash;
}

static void print_frame(struct lh_frame *frame)
{
    const struct lh_frame_info *info = lh_frame_info(frame);
    char hash[20];
    (void)snprintf(hash, sizeof hash, "%016llx", (unsigned long long)hash_of(frame));
    print(json_pack("{s:s,s:I,s:I,s:I,s:s,s:I,s:I,s:I,s:b,s:b,s:s}", "event", "frame", "number",
                    (json_int_t)info->number, "generation", (json_int_t)info->generation,
                    "capture_us", (json_int_t)info->capture_utc_us, "quality",
                    lh_time_quality_name(info->time_quality), "arrival_us",
                    (json_int_t)info->arrival_us, "width", (json_int_t)info->width_px, "height",
                    (json_int_t)info->height_px, "keyframe", info->keyframe, "burst", info->burst,
                    "hash", hash));
}

static json_t *counts_of(struct lh_source_counts counts)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "bytes", (json_int_t)counts.bytes, "packets",
                     (json_int_t)counts.packets, "packets_skipped",
                     (json_int_t)counts.packets_skipped, "packets_damaged",
                     (json_int_t)counts.packets_damaged, "pictures", (json_int_t)counts.pictures,
                     "clock_repairs", (json_int_t)counts.clock_repairs, "format_changes",
                     (json_int_t)counts.format_changes);
}

static void print_end(const char *event, int code, const struct lh_fault *fault,
                      struct lh_source *source)
{
    const struct lh_source_counts none = {0};
    print(json_pack("{s:s,s:s,s:s,s:o}", "event", event, "code", lh_error_name(code), "text",
                    fault->text, "counts", counts_of(source ? lh_source_counts(source) : none)));
}

static double cpu_s(void)
{
    struct timespec used;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static int grab_source(const struct request *request)
{
    atomic_bool stop;
    atomic_init(&stop, false);
    struct lh_frame_pool *pool = NULL;
    struct lh_source *source = NULL;
    struct lh_fault fault = {.code = LH_OK, .text = ""};
    const struct lh_clock *clock = lh_clock_system();
    if (lh_frame_pool_create(16, &pool) != LH_OK)
        return 1;
    const struct lh_source_options options = {.camera = &request->camera,
                                              .clock = clock,
                                              .pool = pool,
                                              .stop = &stop,
                                              .start_utc_us = LH_NO_TIME,
                                              .generation = 1,
                                              .first_number = 1};
    const int64_t start_us = lh_clock_monotonic_us(clock);
    int code = lh_source_open(&options, &fault, &source);
    if (code != LH_OK) {
        print_end("refused", code, &fault, NULL);
    } else {
        print(json_pack("{s:s,s:s,s:f}", "event", "open", "description",
                        lh_source_description(source), "took_s",
                        (double)(lh_clock_monotonic_us(clock) - start_us) / 1e6));
        if (request->pause_s > 0)
            (void)usleep((useconds_t)(request->pause_s * 1e6));
    }
    for (long count = 0; code == LH_OK; count++) {
        const double passed_s = (double)(lh_clock_monotonic_us(clock) - start_us) / 1e6;
        if ((request->frames && count >= request->frames) ||
            (request->seconds > 0 && passed_s > request->seconds))
            break;
        if (request->burst_after && count == request->burst_after)
            lh_source_burst_until(source,
                                  lh_clock_monotonic_us(clock) + (int64_t)(request->burst_s * 1e6));
        struct lh_frame *frame = NULL;
        code = lh_source_next(source, &fault, &frame);
        if (code == LH_OK)
            print_frame(frame);
        lh_frame_unref(&frame);
    }
    if (source) {
        print_end("end", code, &fault, source);
        print(json_pack("{s:s,s:s,s:f,s:f}", "event", "closed", "description",
                        lh_source_description(source), "cpu_s", cpu_s(), "progress",
                        lh_source_progress(source)));
    }
    lh_source_close(&source);
    lh_frame_pool_destroy(&pool);
    return 0;
}

static void print_status(const char *event, const struct lh_camera_status *status,
                         enum lh_health_state before)
{
    print(json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:f,s:f,s:b,s:I,s:o}", "event", event,
                    "id", status->id, "health", lh_health_name(status->health), "before",
                    lh_health_name(before), "description", status->description, "last_error",
                    status->last_error, "connections", (json_int_t)status->connections, "failures",
                    (json_int_t)status->failures, "frames", (json_int_t)status->frames, "blind_s",
                    status->blind_s, "fps", status->fps, "burst", status->burst, "monotonic_us",
                    (json_int_t)lh_clock_monotonic_us(lh_clock_system()), "counts",
                    counts_of(status->counts)));
}

/* The main thread prints; the camera's thread hands its changes over in a queue. */
struct change {
    struct lh_camera_status status;
    enum lh_health_state before;
};

static void on_event(void *context, const struct lh_camera_status *status,
                     enum lh_health_state before)
{
    struct change *change = malloc(sizeof *change);
    if (!change)
        return;
    *change = (struct change){*status, before};
    if (lh_queue_push(context, change, sizeof *change, 0) != LH_OK)
        free(change);
}

static bool obey(struct lh_camera *camera)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char line[64];
    if (poll(&input, 1, 0) <= 0 || !(input.revents & POLLIN))
        return true;
    if (!fgets(line, sizeof line, stdin))
        return true;
    if (strncmp(line, "burst ", 6) == 0)
        lh_camera_burst(camera, strtod(line + 6, NULL));
    return strncmp(line, "stop", 4) != 0;
}

static void drop_frame(void *item)
{
    struct lh_frame *frame = item;
    lh_frame_unref(&frame);
}

static void run_camera(struct lh_camera *camera, struct lh_queue *frames, struct lh_queue *changes,
                       double seconds)
{
    const struct lh_clock *clock = lh_clock_system();
    const int64_t start_us = lh_clock_monotonic_us(clock);
    int64_t status_us = start_us;
    for (int64_t now = start_us; seconds <= 0 || (double)(now - start_us) / 1e6 < seconds;
         now = lh_clock_monotonic_us(clock)) {
        void *item = NULL;
        if (!obey(camera))
            break;
        while (lh_queue_pop(changes, 0, &item) == LH_OK) {
            const struct change *change = item;
            print_status("health", &change->status, change->before);
            free(item);
        }
        if (lh_queue_pop(frames, LH_SECOND_US / 20, &item) == LH_OK) {
            print_frame(item);
            drop_frame(item);
        }
        if (now - status_us > LH_SECOND_US / 2) {
            struct lh_camera_status status;
            lh_camera_status(camera, &status);
            print_status("status", &status, status.health);
            status_us = now;
        }
    }
}

static int grab_camera(const struct request *request)
{
    struct lh_queue *frames = NULL;
    struct lh_queue *changes = NULL;
    struct lh_camera *camera = NULL;
    const struct lh_clock *clock = lh_clock_system();
    const struct lh_queue_options frame_options = {
        .policy = LH_QUEUE_LIVE, .max_count = 8, .drop = drop_frame};
    const struct lh_queue_options change_options = {
        .policy = LH_QUEUE_LIVE, .max_count = 64, .drop = free};
    int code = lh_queue_create(&frame_options, &frames);
    if (code == LH_OK)
        code = lh_queue_create(&change_options, &changes);
    const struct lh_camera_options options = {.config = &request->camera,
                                              .clock = clock,
                                              .frames = frames,
                                              .on_event = on_event,
                                              .event_context = changes};
    if (code == LH_OK)
        code = lh_camera_create(&options, &camera);
    if (code == LH_OK)
        code = lh_camera_start(camera);
    if (code == LH_OK)
        run_camera(camera, frames, changes, request->seconds);
    const int64_t stop_us = lh_clock_monotonic_us(clock);
    lh_camera_destroy(&camera);
    if (code == LH_OK)
        print(json_pack("{s:s,s:f,s:f}", "event", "stopped", "took_s",
                        (double)(lh_clock_monotonic_us(clock) - stop_us) / 1e6, "cpu_s", cpu_s()));
    lh_queue_destroy(&frames);
    lh_queue_destroy(&changes);
    return code == LH_OK ? 0 : 1;
}

static bool named(const char *argument, const char *name, const char **ret_value)
{
    const size_t length = strlen(name);
    if (strncmp(argument, name, length) != 0 || argument[length] != '=')
        return false;
    *ret_value = argument + length + 1;
    return true;
}

static bool number(const char *text, double *ret_value)
{
    char *end = NULL;
    *ret_value = strtod(text, &end);
    return end != text && *end == '\0' && *ret_value >= 0 && *ret_value <= (double)(LONG_MAX / 2);
}

static bool set_number(struct request *request, const char *argument)
{
    struct lh_camera_config *camera = &request->camera;
    const struct {
        const char *name;
        double *place;
    } numbers[] = {
        {"watch_interval_s", &camera->watch_interval_s},
        {"open_timeout_s", &camera->open_timeout_s},
        {"stall_timeout_s", &camera->stall_timeout_s},
        {"frozen_timeout_s", &camera->frozen_timeout_s},
        {"reconnect_min_s", &camera->reconnect_min_s},
        {"reconnect_max_s", &camera->reconnect_max_s},
        {"poll_interval_s", &camera->poll_interval_s},
        {"latency_s", &camera->latency_s},
        {"seconds", &request->seconds},
        {"burst_s", &request->burst_s},
        {"pause_s", &request->pause_s},
    };
    const char *text = NULL;
    double value = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (named(argument, numbers[i].name, &text))
            return number(text, numbers[i].place);
    }
    if (named(argument, "max_width_px", &text) && number(text, &value))
        camera->max_width_px = (uint32_t)value;
    else if (named(argument, "max_height_px", &text) && number(text, &value))
        camera->max_height_px = (uint32_t)value;
    else if (named(argument, "frames", &text) && number(text, &value))
        request->frames = (long)value;
    else if (named(argument, "burst_after", &text) && number(text, &value))
        request->burst_after = (long)value;
    else
        return false;
    return true;
}

static bool set_word(struct lh_camera_config *camera, char *argument)
{
    const char *text = NULL;
    if (named(argument, "transport", &text))
        camera->transport = strcmp(text, "udp") == 0    ? LH_TRANSPORT_UDP
                            : strcmp(text, "auto") == 0 ? LH_TRANSPORT_AUTO
                                                        : LH_TRANSPORT_TCP;
    else if (named(argument, "tls_verify", &text))
        camera->tls_verify = strcmp(text, "true") == 0;
    else if (named(argument, "keyframes_only", &text))
        camera->keyframes_only = strcmp(text, "true") == 0;
    else if (named(argument, "tls_ca_path", &text))
        camera->tls_ca_path = strchr(argument, '=') + 1;
    else if (named(argument, "still_time_pattern", &text))
        camera->still_time_pattern = strchr(argument, '=') + 1;
    else if (named(argument, "still_time", &text))
        camera->still_time = strcmp(text, "name") == 0    ? LH_STILL_TIME_NAME
                             : strcmp(text, "exif") == 0  ? LH_STILL_TIME_EXIF
                             : strcmp(text, "mtime") == 0 ? LH_STILL_TIME_MTIME
                                                          : LH_STILL_TIME_AUTO;
    else
        return false;
    return true;
}

static void set_defaults(struct request *request, char *url)
{
    static char id[] = "grab";
    static char none[] = "";
    char *user = getenv("GRAB_USER");
    char *password = getenv("GRAB_PASSWORD");
    *request = (struct request){
        .camera = {.id = id,
                   .name = id,
                   .enabled = true,
                   .url = url,
                   .credentials_path = none,
                   .credentials = {user ? user : none, password ? password : none},
                   .preset = none,
                   .tls_ca_path = none,
                   .tls_verify = true,
                   .keyframes_only = true,
                   .watch_interval_s = 0,
                   .open_timeout_s = 10,
                   .stall_timeout_s = 5,
                   .frozen_timeout_s = 0,
                   .reconnect_min_s = 0.2,
                   .reconnect_max_s = 1,
                   .poll_interval_s = 1,
                   .still_time_pattern = none,
                   .max_width_px = 8192,
                   .max_height_px = 8192},
    };
}

int main(int argument_count, char **arguments)
{
    struct request request;
    bool as_camera = false;
    enum lh_log_level level = LH_LOG_INFO;
    int at = 1;
    for (; at < argument_count && strncmp(arguments[at], "--", 2) == 0; at++) {
        as_camera = as_camera || strcmp(arguments[at], "--camera") == 0;
        if (strcmp(arguments[at], "--debug") == 0)
            level = LH_LOG_TRACE;
    }
    if (at >= argument_count) {
        (void)fprintf(stderr, "usage: linhuo-grab [--camera] [--debug] URL [name=value ...]\n");
        return 2;
    }
    set_defaults(&request, arguments[at]);
    for (int i = at + 1; i < argument_count; i++) {
        if (!set_number(&request, arguments[i]) && !set_word(&request.camera, arguments[i])) {
            (void)fprintf(stderr, "linhuo-grab: %s is not understood\n", arguments[i]);
            return 2;
        }
    }
    lh_log_configure(level, LH_LOG_TEXT);
    (void)signal(SIGPIPE, SIG_IGN);
    return as_camera ? grab_camera(&request) : grab_source(&request);
}
