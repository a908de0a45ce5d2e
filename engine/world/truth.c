#include "world/truth.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/queue.h"
#include "base/thread.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BOXES                                                                                  \
    20000 /* an hour's worth of samples of a few events; older ones stay, newer are left out */

struct lh_truth {
    struct lh_truth_options options;
    char *path;
    json_t *boxes; /* one array an event */
    size_t box_count;
    int64_t epoch_monotonic_us;
    struct lh_bell *bell;
    atomic_bool stopping;
    struct lh_thread thread;
    struct lh_complaint complaint;
};

static double rounded(double value, double unit)
{
    return round(value / unit) * unit;
}

static json_t *time_value(int64_t utc_us)
{
    char text[LH_TIME_TEXT];
    return json_string(lh_time_format(utc_us, text));
}

static int64_t utc_of(const struct lh_truth *truth, double scene_s)
{
    return truth->options.epoch_utc_us + llround(scene_s / truth->options.speed * 1e6);
}

static json_t *camera_value(const struct lh_truth *truth, unsigned number)
{
    const struct lh_world_cameras *cameras = truth->options.cameras;
    json_t *value = json_pack("{s:s, s:i, s:i}", "id", lh_world_cameras_id(cameras, number),
                              "width_px", (int)lh_world_cameras_width_px(cameras, number),
                              "height_px", (int)lh_world_cameras_height_px(cameras, number));
    const struct lh_scene *scene = lh_world_cameras_scene(cameras);
    if (!scene) {
        const struct lh_footage *clip = lh_world_cameras_footage(cameras, number);
        (void)json_object_set_new(value, "clip", json_string(lh_footage_path(clip)));
        (void)json_object_set_new(value, "duration_s", json_real(lh_footage_duration_s(clip)));
        return value;
    }
    const struct lh_scene_camera *pose = lh_scene_camera(scene, number);
    json_t *more = json_pack(
        "{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "latitude_deg",
        rounded(pose->latitude_deg, 1e-6), "longitude_deg", rounded(pose->longitude_deg, 1e-6),
        "ground_m", rounded(pose->ground_m, 0.1), "mast_m", pose->mast_m, "azimuth_deg",
        rounded(pose->azimuth_deg, 1e-3), "tilt_deg", rounded(pose->tilt_deg, 1e-3), "roll_deg",
        rounded(pose->roll_deg, 1e-3), "hfov_deg", rounded(pose->hfov_deg, 1e-3));
    (void)json_object_update(value, more);
    json_decref(more);
    return value;
}

static json_t *event_value(const struct lh_truth *truth, const struct lh_scene_event *event,
                           size_t number)
{
    json_t *value = json_pack(
        "{s:i, s:s, s:f, s:f, s:f, s:f, s:f}", "id", (int)event->id, "kind",
        lh_scene_event_kind_name(event->kind), "latitude_deg", rounded(event->latitude_deg, 1e-6),
        "longitude_deg", rounded(event->longitude_deg, 1e-6), "ground_m",
        rounded(event->ground_m, 0.1), "start_s", event->start_s, "end_s", event->end_s);
    (void)json_object_set_new(value, "start_utc", time_value(utc_of(truth, event->start_s)));
    (void)json_object_set(value, "boxes", json_array_get(truth->boxes, number));
    return value;
}

static json_t *document(const struct lh_truth *truth)
{
    json_t *root = json_pack("{s:s, s:I, s:f}", "schema", "linhuo/truth/1", "seed",
                             (json_int_t)truth->options.seed, "speed", truth->options.speed);
    json_t *cameras = json_array();
    json_t *events = json_array();
    (void)json_object_set_new(root, "start_utc", time_value(truth->options.epoch_utc_us));
    for (unsigned i = 0; i < lh_world_cameras_count(truth->options.cameras); i++)
        (void)json_array_append_new(cameras, camera_value(truth, i));
    const struct lh_scene *scene = lh_world_cameras_scene(truth->options.cameras);
    const struct lh_scene_event *list;
    const size_t count = scene ? lh_scene_events(scene, &list) : 0;
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(events, event_value(truth, &list[i], i));
    (void)json_object_set_new(root, "cameras", cameras);
    (void)json_object_set_new(root, "events", events);
    if (truth->options.witnesses)
        lh_witnesses_tell(truth->options.witnesses, root);
    return root;
}

int lh_truth_write(struct lh_truth *truth)
{
    char fresh[4096];
    if (snprintf(fresh, sizeof fresh, "%s.new", truth->path) >= (int)sizeof fresh)
        return LH_ELIMIT;
    json_t *root = document(truth);
    if (!root)
        return LH_ENOMEM;
    errno = 0;
    int code = json_dump_file(root, fresh, JSON_INDENT(1) | JSON_REAL_PRECISION(10)) == 0
                   ? LH_OK
                   : (errno ? lh_error_from_errno(errno) : LH_EIO);
    json_decref(root);
    if (code == LH_OK && rename(fresh, truth->path) != 0)
        code = lh_error_from_errno(errno);
    return code;
}

static void add_box(struct lh_truth *truth, size_t event, unsigned camera, double scene_s)
{
    struct lh_scene_box box;
    if (truth->box_count >= MAX_BOXES ||
        lh_world_cameras_box(truth->options.cameras, camera, event, scene_s, &box) != LH_OK ||
        !box.visible)
        return;
    json_t *value = json_pack(
        "{s:s, s:s, s:f, s:b, s:f, s:f, s:f, s:f, s:f, s:f}", "camera",
        lh_world_cameras_id(truth->options.cameras, camera), "time", "", "scene_s",
        rounded(scene_s, 0.01), "visible", 1, "x", rounded(box.x, 1e-4), "y", rounded(box.y, 1e-4),
        "width", rounded(box.width, 1e-4), "height", rounded(box.height, 1e-4), "contrast",
        rounded(box.contrast, 0.01), "distance_m", rounded(box.distance_m, 1));
    (void)json_object_set_new(value, "time", time_value(utc_of(truth, scene_s)));
    (void)json_array_append_new(json_array_get(truth->boxes, event), value);
    truth->box_count++;
}

void lh_truth_sample(struct lh_truth *truth, double scene_s)
{
    const struct lh_scene *scene = lh_world_cameras_scene(truth->options.cameras);
    const struct lh_scene_event *events;
    const size_t count = scene ? lh_scene_events(scene, &events) : 0;
    for (size_t i = 0; i < count; i++)
        for (unsigned k = 0; k < lh_world_cameras_count(truth->options.cameras); k++)
            if (scene_s >= events[i].start_s && scene_s < events[i].end_s)
                add_box(truth, i, k, scene_s);
}

static int64_t passed_us(const struct lh_truth *truth)
{
    return lh_clock_monotonic_us(lh_clock_system()) - truth->epoch_monotonic_us;
}

static void work(void *opaque)
{
    const int64_t every_us = LH_TRUTH_EVERY_S * LH_SECOND_US;
    struct lh_truth *truth = opaque;
    const struct lh_clock *clock = lh_clock_system();
    for (int64_t number = 0; !atomic_load(&truth->stopping);) {
        const int64_t left_us = number * every_us - passed_us(truth);
        if (left_us > 0) {
            (void)lh_bell_wait(truth->bell, left_us);
            continue;
        }
        lh_truth_sample(truth, (double)(number * LH_TRUTH_EVERY_S) * truth->options.speed);
        const int code = lh_truth_write(truth);
        if (code != LH_OK)
            lh_complain(&truth->complaint, clock, "world", truth->path, "%s", lh_strerror(code));
        else
            lh_recovered(&truth->complaint, clock, "world", truth->path, "written again");
        const int64_t coming = (passed_us(truth) + every_us - 1) / every_us;
        number = coming > number ? coming : number + 1;
    }
}

int lh_truth_create(const struct lh_truth_options *options, struct lh_fault *fault,
                    struct lh_truth **ret_truth)
{
    struct lh_truth *truth = calloc(1, sizeof *truth);
    if (!truth)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    truth->options = *options;
    atomic_init(&truth->stopping, false);
    truth->path = strdup(options->path);
    truth->boxes = json_array();
    const struct lh_scene *scene = lh_world_cameras_scene(options->cameras);
    const struct lh_scene_event *events;
    const size_t count = scene ? lh_scene_events(scene, &events) : 0;
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(truth->boxes, json_array());
    int code = truth->path && truth->boxes ? lh_bell_create(&truth->bell) : LH_ENOMEM;
    if (code == LH_OK)
        code = lh_truth_write(truth);
    if (code != LH_OK) {
        (void)lh_fail(fault, code, "%s: %s", options->path, lh_strerror(code));
        lh_truth_destroy(&truth);
        return code;
    }
    *ret_truth = truth;
    return LH_OK;
}

int lh_truth_follow(struct lh_truth *truth, int64_t epoch_monotonic_us, struct lh_fault *fault)
{
    truth->epoch_monotonic_us = epoch_monotonic_us;
    const int code = lh_thread_start(&truth->thread, "truth", work, truth);
    return code == LH_OK ? LH_OK : lh_fail(fault, code, "%s: %s", truth->path, lh_strerror(code));
}

void lh_truth_destroy(struct lh_truth **truth_pointer)
{
    struct lh_truth *truth = *truth_pointer;
    if (!truth)
        return;
    atomic_store(&truth->stopping, true);
    if (truth->bell)
        lh_bell_ring(truth->bell);
    if (truth->thread.running) {
        lh_thread_join(&truth->thread);
        (void)lh_truth_write(truth);
    }
    lh_bell_destroy(&truth->bell);
    json_decref(truth->boxes);
    free(truth->path);
    free(truth);
    *truth_pointer = NULL;
}
