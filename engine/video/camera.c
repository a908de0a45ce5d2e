#include "video/camera.h"

#include "base/thread.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRAMES_IN_USE 32 /* the queue's, the detectors' and the tracker's together */
#define HEALTH_HOLD_S 3.0
#define FPS_SECONDS 60
#define STEADY_US (30 * LH_SECOND_US) /* connected this long: the next failure starts small again */

struct lh_camera {
    struct lh_camera_options options;
    struct lh_thread thread;
    atomic_bool stop;
    struct lh_frame_pool *pool;

    /* the camera's thread only */
    struct lh_health health;
    struct lh_complaint connection_trouble;
    struct lh_complaint frame_trouble;
    uint64_t random;
    double delay_s;
    uint32_t generation;
    uint64_t next_number;
    struct lh_source_counts past; /* of the connections before this one */

    pthread_mutex_t lock;
    pthread_cond_t wake; /* monotonic; stop was set */
    /* -- protected by lock */
    struct lh_camera_status status;
    struct lh_source *source; /* NULL while there is none */
    int64_t burst_until_us;
    int64_t started_us;
    int64_t blind_us;       /* up to blind_since_us */
    int64_t blind_since_us; /* LH_NO_TIME: seeing */
    uint32_t fps_counts[FPS_SECONDS];
    int64_t fps_second;
};

static int64_t now_us(const struct lh_camera *camera)
{
    return lh_clock_monotonic_us(camera->options.clock);
}

static const char *subject(const struct lh_camera *camera)
{
    return camera->options.config->id;
}

static bool stopping(const struct lh_camera *camera)
{
    return atomic_load(&camera->stop);
}

/* ---- status ---- */

static void fps_advance(struct lh_camera *camera, int64_t second)
{
    if (second - camera->fps_second >= FPS_SECONDS)
        memset(camera->fps_counts, 0, sizeof camera->fps_counts);
    else
        for (int64_t s = camera->fps_second + 1; s <= second; s++)
            camera->fps_counts[s % FPS_SECONDS] = 0;
    camera->fps_second = second;
}

static double fps_now(struct lh_camera *camera, int64_t now)
{
    fps_advance(camera, now / LH_SECOND_US);
    uint64_t sum = 0;
    for (int i = 0; i < FPS_SECONDS; i++)
        sum += camera->fps_counts[i];
    const double running_s = (double)(now - camera->started_us) / 1e6;
    return (double)sum / fmin(fmax(running_s, 1), FPS_SECONDS);
}

static struct lh_source_counts add(struct lh_source_counts a, struct lh_source_counts b)
{
    return (struct lh_source_counts){
        .bytes = a.bytes + b.bytes,
        .packets = a.packets + b.packets,
        .packets_skipped = a.packets_skipped + b.packets_skipped,
        .packets_damaged = a.packets_damaged + b.packets_damaged,
        .pictures = a.pictures + b.pictures,
        .clock_repairs = a.clock_repairs + b.clock_repairs,
        .format_changes = a.format_changes + b.format_changes,
    };
}

/* Puts what the thread knows into the status, and reports a change of health. */
static void publish(struct lh_camera *camera, enum lh_health_state state,
                    const struct lh_frame_info *fresh)
{
    const int64_t now = now_us(camera);
    const int64_t utc_us = lh_clock_utc_us(camera->options.clock);
    struct lh_camera_status copy;
    (void)pthread_mutex_lock(&camera->lock);
    struct lh_camera_status *status = &camera->status;
    const enum lh_health_state before = status->health;
    if (camera->source) {
        status->counts = add(camera->past, lh_source_counts(camera->source));
        (void)snprintf(status->description, sizeof status->description, "%s",
                       lh_source_description(camera->source));
    }
    if (fresh) {
        status->time_quality = fresh->time_quality;
        status->last_capture_utc_us = fresh->capture_utc_us;
        if (state == LH_HEALTH_SEEING && camera->health.fresh_us != LH_NO_TIME)
            status->last_fresh_utc_us = utc_us - (now - camera->health.fresh_us);
    }
    if (state != before) {
        status->health = state;
        status->health_since_utc_us = utc_us;
        if (camera->blind_since_us != LH_NO_TIME)
            camera->blind_us += now - camera->blind_since_us;
        camera->blind_since_us = state == LH_HEALTH_SEEING ? LH_NO_TIME : now;
    }
    (void)pthread_mutex_unlock(&camera->lock);
    if (state == before || !camera->options.on_event)
        return;
    lh_camera_status(camera, &copy);
    camera->options.on_event(camera->options.event_context, &copy, before);
}

static void note_fault(struct lh_camera *camera, const char *text)
{
    (void)pthread_mutex_lock(&camera->lock);
    camera->status.failures++;
    (void)snprintf(camera->status.last_error, sizeof camera->status.last_error, "%s", text);
    (void)pthread_mutex_unlock(&camera->lock);
}

void lh_camera_status(struct lh_camera *camera, struct lh_camera_status *ret_status)
{
    (void)pthread_mutex_lock(&camera->lock);
    const int64_t now = now_us(camera);
    *ret_status = camera->status;
    int64_t blind_us = camera->blind_us;
    if (camera->blind_since_us != LH_NO_TIME)
        blind_us += now - camera->blind_since_us;
    ret_status->blind_s = (double)blind_us / 1e6;
    ret_status->fps = fps_now(camera, now);
    ret_status->burst = now < camera->burst_until_us;
    (void)pthread_mutex_unlock(&camera->lock);
}

/* ---- pictures ---- */

static void push(struct lh_camera *camera, struct lh_frame *frame)
{
    const size_t bytes = lh_frame_bytes(frame);
    if (lh_queue_push(camera->options.frames, frame, bytes, 0) != LH_OK) {
        lh_frame_unref(&frame);
        return;
    }
    (void)pthread_mutex_lock(&camera->lock);
    camera->status.frames++;
    fps_advance(camera, now_us(camera) / LH_SECOND_US);
    camera->fps_counts[camera->fps_second % FPS_SECONDS]++;
    (void)pthread_mutex_unlock(&camera->lock);
}

/* Judges a watched picture; those of a burst only pass. */
static void take(struct lh_camera *camera, struct lh_frame *frame)
{
    const struct lh_frame_info info = *lh_frame_info(frame);
    enum lh_health_state state = camera->health.state;
    camera->generation = info.generation;
    camera->next_number = info.number + 1;
    if (!info.burst) {
        struct lh_picture_measures measures;
        if (lh_picture_measure(frame, &measures) == LH_OK)
            state = lh_health_picture(&camera->health, &measures, info.arrival_us);
    }
    publish(camera, state, &info);
    lh_recovered(&camera->connection_trouble, camera->options.clock, "video", subject(camera),
                 "pictures again");
    push(camera, frame);
}

/* ---- connections ---- */

/* splitmix64; only spreads reconnections of many cameras in time */
static double random_share(struct lh_camera *camera)
{
    uint64_t z = camera->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

static uint64_t seed_of(const char *id, int64_t time_us)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (uint64_t)time_us;
    for (const char *c = id; *c; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return hash;
}

static double next_delay_s(struct lh_camera *camera, int code)
{
    const struct lh_camera_config *config = camera->options.config;
    const double least_s = fmax(config->reconnect_min_s, 0.05);
    const double most_s = fmax(config->reconnect_max_s, least_s);
    camera->delay_s = camera->delay_s > 0 ? fmin(camera->delay_s * 2, most_s) : least_s;
    /* a wrong password does not get right by itself, and cameras lock users out */
    const double base_s = code == LH_EAUTH ? most_s : camera->delay_s;
    return base_s * (0.75 + 0.5 * random_share(camera));
}

static void wait_until(struct lh_camera *camera, double seconds)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    const double whole = floor(fmin(seconds, 1e6));
    until.tv_sec += (time_t)whole;
    until.tv_nsec += (long)((fmin(seconds, 1e6) - whole) * 1e9);
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    (void)pthread_mutex_lock(&camera->lock);
    int code = 0;
    while (!stopping(camera) && code == 0)
        code = pthread_cond_timedwait(&camera->wake, &camera->lock, &until);
    (void)pthread_mutex_unlock(&camera->lock);
}

static int connect_source(struct lh_camera *camera, struct lh_fault *fault)
{
    const struct lh_source_options options = {
        .camera = camera->options.config,
        .clock = camera->options.clock,
        .pool = camera->pool,
        .stop = &camera->stop,
        .follow = true,
        .start_utc_us = LH_NO_TIME,
        .generation = ++camera->generation,
        .first_number = camera->next_number,
    };
    struct lh_source *source = NULL;
    const int code = lh_source_open(&options, fault, &source);
    if (code != LH_OK)
        return code;
    (void)pthread_mutex_lock(&camera->lock);
    camera->source = source;
    camera->status.connections++;
    lh_source_burst_until(source, camera->burst_until_us);
    (void)pthread_mutex_unlock(&camera->lock);
    publish(camera, camera->health.state, NULL);
    lh_log(LH_LOG_INFO, "video", subject(camera), "connected: %s", lh_source_description(source));
    return LH_OK;
}

static void disconnect(struct lh_camera *camera)
{
    (void)pthread_mutex_lock(&camera->lock);
    struct lh_source *source = camera->source;
    camera->source = NULL;
    if (source) {
        camera->past = add(camera->past, lh_source_counts(source));
        camera->status.counts = camera->past;
    }
    (void)pthread_mutex_unlock(&camera->lock);
    lh_source_close(&source);
}

/* Reads pictures until the stream fails; gives the code that ended it. */
static int watch(struct lh_camera *camera, struct lh_fault *fault)
{
    const int64_t since_us = now_us(camera);
    for (;;) {
        struct lh_frame *frame = NULL;
        const int code = lh_source_next(camera->source, fault, &frame);
        if (stopping(camera)) {
            lh_frame_unref(&frame);
            return LH_ECLOSED;
        }
        if (code == LH_EAGAIN) {
            lh_complain(&camera->frame_trouble, camera->options.clock, "video", subject(camera),
                        "picture dropped: %s", fault->text);
            continue;
        }
        if (code != LH_OK)
            return code;
        lh_recovered(&camera->frame_trouble, camera->options.clock, "video", subject(camera),
                     "pictures are let go of again");
        take(camera, frame);
        if (now_us(camera) - since_us > STEADY_US)
            camera->delay_s = 0;
    }
}

static enum lh_health_state state_of(int code)
{
    return code == LH_ESTALLED || code == LH_EDECODE ? LH_HEALTH_STALLED : LH_HEALTH_DISCONNECTED;
}

static void body(void *argument)
{
    struct lh_camera *camera = argument;
    while (!stopping(camera)) {
        struct lh_fault fault = {.code = LH_OK, .text = ""};
        int code = connect_source(camera, &fault);
        if (code == LH_OK)
            code = watch(camera, &fault);
        disconnect(camera);
        if (stopping(camera))
            break;
        const double delay_s = next_delay_s(camera, code);
        note_fault(camera, fault.text);
        lh_complain(&camera->connection_trouble, camera->options.clock, "video", subject(camera),
                    "%s; next try in %.1f s", fault.text, delay_s);
        lh_health_stream(&camera->health, state_of(code), now_us(camera));
        publish(camera, camera->health.state, NULL);
        wait_until(camera, delay_s);
    }
}

/* ---- life ---- */

static int init_lock(struct lh_camera *camera)
{
    pthread_condattr_t attributes;
    if (pthread_mutex_init(&camera->lock, NULL) != 0)
        return LH_ENOMEM;
    if (pthread_condattr_init(&attributes) != 0) {
        (void)pthread_mutex_destroy(&camera->lock);
        return LH_ENOMEM;
    }
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    const int failure = pthread_cond_init(&camera->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    if (failure) {
        (void)pthread_mutex_destroy(&camera->lock);
        return LH_ENOMEM;
    }
    return LH_OK;
}

int lh_camera_create(const struct lh_camera_options *options, struct lh_camera **ret_camera)
{
    struct lh_camera *camera = calloc(1, sizeof *camera);
    if (!camera)
        return LH_ENOMEM;
    camera->options = *options;
    atomic_init(&camera->stop, false);
    if (init_lock(camera) != LH_OK) {
        free(camera);
        return LH_ENOMEM;
    }
    const int code = lh_frame_pool_create(FRAMES_IN_USE, &camera->pool);
    if (code != LH_OK) {
        lh_camera_destroy(&camera);
        return code;
    }
    lh_health_init(&camera->health, &(struct lh_health_options){
                                        .frozen_timeout_s = options->config->frozen_timeout_s,
                                        .hold_s = HEALTH_HOLD_S,
                                    });
    const int64_t now = now_us(camera);
    camera->random = seed_of(options->config->id, now);
    camera->next_number = 1;
    camera->started_us = camera->blind_since_us = now;
    camera->fps_second = now / LH_SECOND_US;
    (void)snprintf(camera->status.id, sizeof camera->status.id, "%s", options->config->id);
    camera->status.health = LH_HEALTH_STARTING;
    camera->status.health_since_utc_us = lh_clock_utc_us(options->clock);
    camera->status.last_fresh_utc_us = camera->status.last_capture_utc_us = LH_NO_TIME;
    camera->status.time_quality = LH_TIME_ARRIVAL;
    *ret_camera = camera;
    return LH_OK;
}

int lh_camera_start(struct lh_camera *camera)
{
    char name[80];
    (void)snprintf(name, sizeof name, "cam-%s", subject(camera));
    return lh_thread_start(&camera->thread, name, body, camera);
}

void lh_camera_stop(struct lh_camera *camera)
{
    (void)pthread_mutex_lock(&camera->lock);
    atomic_store(&camera->stop, true);
    (void)pthread_cond_broadcast(&camera->wake);
    (void)pthread_mutex_unlock(&camera->lock);
}

void lh_camera_destroy(struct lh_camera **camera)
{
    struct lh_camera *self = *camera;
    if (!self)
        return;
    lh_camera_stop(self);
    lh_thread_join(&self->thread);
    lh_frame_pool_destroy(&self->pool);
    (void)pthread_cond_destroy(&self->wake);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    *camera = NULL;
}

void lh_camera_burst(struct lh_camera *camera, double seconds)
{
    (void)pthread_mutex_lock(&camera->lock);
    camera->burst_until_us =
        seconds > 0 ? now_us(camera) + (int64_t)(fmin(seconds, 3600) * 1e6) : 0;
    if (camera->source)
        lh_source_burst_until(camera->source, camera->burst_until_us);
    (void)pthread_mutex_unlock(&camera->lock);
}
