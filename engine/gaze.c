#include "gaze.h"

#include "base/log.h"
#include "base/thread.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define READINGS_WAITING 64
#define NEAR_DEG 0.5
#define NEAR_ZOOM 0.05

struct reading {
    int64_t utc_us;
    struct lh_pointing pointing;
    enum lh_moving moving;
};

struct lh_gaze {
    const struct lh_camera_config *camera;
    const struct lh_clock *clock;
    struct lh_queue *readings;
    struct lh_bell *wake; /* of the asking thread */
    struct lh_thread thread;
    atomic_bool stopping;
    int64_t gap_us;
    int64_t begun_us; /* monotonic */
    /* the detect thread's */
    struct lh_pose_history *history;
    int64_t heard_us; /* monotonic; LH_NO_TIME: never */
    struct lh_pointing elsewhere;
};

bool lh_gaze_is_movable(const struct lh_camera_config *camera)
{
    return camera->ptz.url[0] != '\0' || camera->preset_count > 0;
}

int lh_gaze_create(const struct lh_camera_config *camera, const struct lh_clock *clock,
                   struct lh_bell *bell, struct lh_gaze **ret_gaze)
{
    struct lh_gaze *gaze = calloc(1, sizeof *gaze);
    if (!gaze)
        return LH_ENOMEM;
    struct lh_pose_history_options history = LH_POSE_HISTORY_DEFAULT;
    const double slow_us = 3 * camera->ptz.poll_interval_s * (double)LH_SECOND_US;
    if (camera->ptz.url[0] && slow_us > (double)history.gap_us)
        history.gap_us = (int64_t)slow_us;
    gaze->camera = camera;
    gaze->clock = clock;
    gaze->gap_us = history.gap_us;
    gaze->begun_us = lh_clock_monotonic_us(clock);
    gaze->heard_us = LH_NO_TIME;
    gaze->elsewhere = (struct lh_pointing){NAN, NAN, NAN};
    atomic_init(&gaze->stopping, false);
    const struct lh_queue_options queue = {.policy = LH_QUEUE_LIVE,
                                           .max_count = READINGS_WAITING,
                                           .drop = free,
                                           .bell = bell,
                                           .clock = clock};
    int code = lh_pose_history_create(history, &gaze->history);
    if (code == LH_OK)
        code = lh_queue_create(&queue, &gaze->readings);
    if (code == LH_OK)
        code = lh_bell_create(&gaze->wake);
    if (code != LH_OK) {
        lh_gaze_destroy(&gaze);
        return code;
    }
    *ret_gaze = gaze;
    return LH_OK;
}

int lh_gaze_push(struct lh_gaze *gaze, int64_t utc_us, struct lh_pointing pointing,
                 enum lh_moving moving)
{
    struct reading *reading = malloc(sizeof *reading);
    if (!reading)
        return LH_ENOMEM;
    *reading = (struct reading){utc_us, pointing, moving};
    const int code = lh_queue_push(gaze->readings, reading, sizeof *reading, 0);
    if (code != LH_OK)
        free(reading);
    return code;
}

/* ---- asking the camera ---- */

static void ask_camera(struct lh_gaze *gaze, struct lh_complaint *complaint)
{
    struct lh_fault fault = {0};
    struct lh_ptz_status status;
    const char *id = gaze->camera->id;
    const int64_t before_us = lh_clock_utc_us(gaze->clock);
    const int code = lh_onvif_status(gaze->camera, gaze->clock, &fault, &status);
    const int64_t after_us = lh_clock_utc_us(gaze->clock);
    if (code != LH_OK) {
        lh_complain(complaint, gaze->clock, "locate", id,
                    "does not say where it looks, so it has no positions: %s", fault.text);
        return;
    }
    const struct lh_pointing pointing = lh_ptz_pointing(&gaze->camera->ptz, &status);
    if (!isfinite(pointing.azimuth_deg)) {
        lh_complain(complaint, gaze->clock, "locate", id,
                    "its answer says no pan and tilt, so it has no positions");
        return;
    }
    lh_recovered(complaint, gaze->clock, "locate", id, "says again where it looks");
    (void)lh_gaze_push(gaze, before_us + (after_us - before_us) / 2, pointing, status.moving);
}

static void work(void *opaque)
{
    struct lh_gaze *gaze = opaque;
    struct lh_complaint complaint = {0};
    const int64_t interval_us = (int64_t)(gaze->camera->ptz.poll_interval_s * (double)LH_SECOND_US);
    while (!atomic_load(&gaze->stopping)) {
        const int64_t begun_us = lh_clock_monotonic_us(gaze->clock);
        ask_camera(gaze, &complaint);
        int64_t left_us = begun_us + interval_us - lh_clock_monotonic_us(gaze->clock);
        while (left_us > 0 && !atomic_load(&gaze->stopping)) {
            (void)lh_bell_wait(gaze->wake, left_us);
            left_us = begun_us + interval_us - lh_clock_monotonic_us(gaze->clock);
        }
    }
}

int lh_gaze_start(struct lh_gaze *gaze)
{
    char name[72];
    if (!gaze->camera->ptz.url[0])
        return LH_OK;
    (void)snprintf(name, sizeof name, "ptz-%s", gaze->camera->id);
    return lh_thread_start(&gaze->thread, name, work, gaze);
}

void lh_gaze_stop(struct lh_gaze *gaze)
{
    atomic_store(&gaze->stopping, true);
    lh_bell_ring(gaze->wake);
}

void lh_gaze_destroy(struct lh_gaze **gaze_pointer)
{
    struct lh_gaze *gaze = *gaze_pointer;
    if (!gaze)
        return;
    if (gaze->wake)
        lh_gaze_stop(gaze);
    lh_thread_join(&gaze->thread);
    lh_queue_destroy(&gaze->readings);
    lh_bell_destroy(&gaze->wake);
    lh_pose_history_destroy(&gaze->history);
    free(gaze);
    *gaze_pointer = NULL;
}

/* ---- which view ---- */

static bool is_near(struct lh_pointing a, struct lh_pointing b)
{
    const double turn_deg = lh_azimuth_difference(a.azimuth_deg, b.azimuth_deg);
    const bool zoomed = isfinite(a.zoom) && isfinite(b.zoom) &&
                        fabs(a.zoom - b.zoom) > NEAR_ZOOM * fmax(fabs(a.zoom), fabs(b.zoom));
    return fabs(turn_deg) <= NEAR_DEG && fabs(a.tilt_deg - b.tilt_deg) <= NEAR_DEG && !zoomed;
}

static double apart_deg(struct lh_pointing a, struct lh_pointing b)
{
    return hypot(lh_azimuth_difference(a.azimuth_deg, b.azimuth_deg), a.tilt_deg - b.tilt_deg);
}

static enum lh_gaze_verdict view_of(struct lh_gaze *gaze, struct lh_pointing pointing,
                                    size_t *ret_preset, bool *ret_turned)
{
    const struct lh_camera_config *camera = gaze->camera;
    const struct lh_pointing home = {camera->pose.azimuth_deg, camera->pose.tilt_deg, NAN};
    double best_deg = INFINITY;
    for (size_t i = 0; i < camera->preset_count; i++) {
        const struct lh_preset_config *preset = &camera->presets[i];
        const struct lh_pointing there = {preset->azimuth_deg, preset->tilt_deg, preset->zoom};
        const double off_deg = apart_deg(pointing, there);
        if (!is_near(pointing, there) || off_deg >= best_deg)
            continue;
        best_deg = off_deg;
        *ret_preset = i;
    }
    if (best_deg < INFINITY)
        return LH_GAZE_PRESET;
    if (camera->pose_place.line > 0 && is_near(pointing, home))
        return LH_GAZE_HOME;
    *ret_turned = !isfinite(gaze->elsewhere.azimuth_deg) || !is_near(pointing, gaze->elsewhere);
    gaze->elsewhere = pointing;
    return LH_GAZE_ELSEWHERE;
}

static void take_readings(struct lh_gaze *gaze)
{
    void *item;
    while (lh_queue_pop(gaze->readings, 0, &item) == LH_OK) {
        const struct reading *reading = item;
        const int code = lh_pose_history_push(gaze->history, reading->utc_us, reading->pointing,
                                              reading->moving);
        if (code == LH_OK)
            gaze->heard_us = lh_clock_monotonic_us(gaze->clock);
        free(item);
    }
}

enum lh_gaze_verdict lh_gaze_ask(struct lh_gaze *gaze, int64_t capture_utc_us, int64_t held_us,
                                 size_t *ret_preset, bool *ret_turned)
{
    const int64_t now_us = lh_clock_monotonic_us(gaze->clock);
    const bool asked = gaze->camera->ptz.url[0] != '\0';
    take_readings(gaze);
    if (gaze->heard_us == LH_NO_TIME && !asked)
        return LH_GAZE_HOME;
    const int64_t since_us = gaze->heard_us == LH_NO_TIME ? gaze->begun_us : gaze->heard_us;
    const bool talks = now_us - since_us <= gaze->gap_us;
    const struct lh_pose_at at = lh_pose_history_at(gaze->history, capture_utc_us);
    if (talks && !at.settled && held_us < gaze->gap_us && !atomic_load(&gaze->stopping))
        return LH_GAZE_WAIT;
    if (at.stance == LH_STANCE_STEADY)
        return view_of(gaze, at.pointing, ret_preset, ret_turned);
    if (at.stance == LH_STANCE_MOVING || talks)
        return LH_GAZE_MOVING;
    *ret_turned = isfinite(gaze->elsewhere.azimuth_deg);
    gaze->elsewhere = (struct lh_pointing){NAN, NAN, NAN};
    return LH_GAZE_ELSEWHERE;
}
