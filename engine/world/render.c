#include "world/render.h"

#include "world/crew.h"
#include "world/recorder.h"
#include "world/still.h"
#include "world/truth.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES 4096

struct render {
    const struct lh_world_options *options;
    struct lh_world_cameras *cameras;
    struct lh_fault faults[LH_WORLD_CAMERAS_MOST]; /* each its job's own */
};

static int path_of(const struct render *render, const char *name, const char *ending,
                   char path[PATH_BYTES], struct lh_fault *fault)
{
    if (snprintf(path, PATH_BYTES, "%s/%s%s", render->options->render, name, ending) >= PATH_BYTES)
        return lh_fail(fault, LH_ELIMIT, "the path of '%s' is too long", name);
    return LH_OK;
}

static struct lh_encoder_options encoding_of(const struct render *render, unsigned camera)
{
    return (struct lh_encoder_options){
        .codec = render->options->codec,
        .width_px = lh_world_cameras_width_px(render->cameras, camera),
        .height_px = lh_world_cameras_height_px(render->cameras, camera),
        .fps = render->options->fps,
    };
}

static int render_still(void *opaque, unsigned camera)
{
    struct render *render = opaque;
    struct lh_fault *fault = &render->faults[camera];
    const struct lh_encoder_options encoding = encoding_of(render, camera);
    char path[PATH_BYTES];
    int code = path_of(render, lh_world_cameras_id(render->cameras, camera), ".png", path, fault);
    struct lh_still *still = NULL;
    struct lh_scene_picture picture;
    if (code == LH_OK)
        code = lh_still_create(encoding.width_px, encoding.height_px, &still, &picture);
    if (code == LH_OK)
        code = lh_world_cameras_render(render->cameras, camera, render->options->at_s, &picture);
    if (code == LH_OK)
        code = lh_still_write_png(still, path, fault);
    lh_still_destroy(&still);
    return code;
}

static int record(struct render *render, unsigned camera, struct lh_recorder *recorder)
{
    const struct lh_world_options *options = render->options;
    const int64_t ticks = llround(fmax(options->duration_s * options->fps, 1.0));
    for (int64_t tick = 0; tick < ticks; tick++) {
        const double scene_s = options->at_s + (double)tick / options->fps * options->speed;
        struct lh_scene_picture picture;
        int code = lh_recorder_picture(recorder, &picture);
        if (code == LH_OK)
            code = lh_world_cameras_render(render->cameras, camera, scene_s, &picture);
        if (code == LH_EEOF)
            break;
        if (code == LH_OK)
            code = lh_recorder_add(recorder);
        if (code != LH_OK)
            return code;
    }
    return lh_recorder_finish(recorder);
}

static int64_t utc_of_start_us(const struct lh_world_options *options)
{
    return options->scene.start_utc_us + llround(options->at_s / options->speed * 1e6);
}

static int render_clip(void *opaque, unsigned camera)
{
    struct render *render = opaque;
    struct lh_fault *fault = &render->faults[camera];
    char path[PATH_BYTES];
    int code = path_of(render, lh_world_cameras_id(render->cameras, camera), ".mp4", path, fault);
    if (code != LH_OK)
        return code;
    const struct lh_recorder_options recording = {
        .path = path,
        .encoding = encoding_of(render, camera),
        .gop_s = render->options->gop_s,
        .start_utc_us = utc_of_start_us(render->options),
    };
    struct lh_recorder *recorder = NULL;
    code = lh_recorder_create(&recording, fault, &recorder);
    if (code != LH_OK)
        return code;
    code = record(render, camera, recorder);
    if (code != LH_OK)
        (void)lh_fail(fault, code, "cannot write the clip '%s': %s", path, lh_strerror(code));
    lh_recorder_destroy(&recorder);
    return code;
}

static int write_truth(const struct render *render, struct lh_fault *fault)
{
    const struct lh_world_options *options = render->options;
    char path[PATH_BYTES];
    int code = path_of(render, "truth", ".json", path, fault);
    if (code != LH_OK)
        return code;
    const struct lh_truth_options truth_options = {
        .cameras = render->cameras,
        .path = path,
        .speed = options->speed,
        .seed = options->scene.seed,
        .epoch_utc_us = options->scene.start_utc_us,
    };
    struct lh_truth *truth;
    code = lh_truth_create(&truth_options, fault, &truth);
    if (code != LH_OK)
        return code;
    const double every_s = LH_TRUTH_EVERY_S * options->speed;
    const double end_s = options->at_s + options->duration_s * options->speed;
    for (double n = ceil(options->at_s / every_s); n * every_s < end_s; n += 1.0)
        lh_truth_sample(truth, n * every_s);
    code = lh_truth_write(truth);
    lh_truth_destroy(&truth);
    if (code != LH_OK)
        return lh_fail(fault, code, "%s: %s", path, lh_strerror(code));
    (void)puts(path);
    return LH_OK;
}

static int render_all(struct render *render, int (*job)(void *, unsigned), const char *ending,
                      struct lh_fault *fault)
{
    const unsigned count = lh_world_cameras_count(render->cameras);
    const int code = lh_crew_run(render->options->scene.threads, count, job, render);
    for (unsigned i = 0; i < count; i++) {
        if (code != LH_OK && fault && render->faults[i].code == code) {
            *fault = render->faults[i];
            break;
        }
        if (code == LH_OK)
            (void)printf("%s/%s%s\n", render->options->render,
                         lh_world_cameras_id(render->cameras, i), ending);
    }
    return code;
}

int lh_render(const struct lh_world_options *options, struct lh_world_cameras *cameras,
              struct lh_fault *fault)
{
    if (mkdir(options->render, 0755) != 0 && errno != EEXIST)
        return lh_fail(fault, lh_error_from_errno(errno), "%s: %s", options->render,
                       strerror(errno));
    struct render render = {.options = options, .cameras = cameras};
    if (options->duration_s <= 0.0)
        return render_all(&render, render_still, ".png", fault);
    const int code = render_all(&render, render_clip, ".mp4", fault);
    return code == LH_OK ? write_truth(&render, fault) : code;
}
