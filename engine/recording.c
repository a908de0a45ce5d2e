#include "recording.h"

#include "detect/place.h"
#include "detect/track.h"
#include "duty.h"

#include <stdlib.h>
#include <string.h>

struct find {
    struct lh_box box;
    float score; /* as the detector gave it */
    uint8_t kind;
    uint8_t detector;
};

/* One analysed picture that reached the tracker. */
struct moment {
    int64_t capture_utc_us;
    int64_t utc_us; /* of its events */
    struct lh_frame_info info;
    size_t first; /* of its finds */
    size_t count;
};

struct clip {
    struct moment *moments;
    size_t moment_count;
    size_t moment_capacity;
    struct find *finds;
    size_t find_count;
    size_t find_capacity;
    size_t most; /* finds of one moment */
};

struct lh_recording {
    struct clip *clips; /* each written by one worker at a time */
    size_t count;
    void (*on_progress)(void *context, const struct lh_replay_progress *progress);
    void *progress_context;
};

static int reserve(void **items, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity)
        return LH_OK;
    size_t larger = *capacity ? *capacity : 64;
    while (larger < needed)
        larger *= 2;
    void *grown = realloc(*items, larger * size);
    if (!grown)
        return LH_ENOMEM;
    *items = grown;
    *capacity = larger;
    return LH_OK;
}

static int make_room(struct clip *clip, size_t more_finds)
{
    void *moments = clip->moments;
    int code =
        reserve(&moments, &clip->moment_capacity, clip->moment_count + 1, sizeof *clip->moments);
    clip->moments = moments;
    if (code != LH_OK)
        return code;
    void *finds = clip->finds;
    code =
        reserve(&finds, &clip->find_capacity, clip->find_count + more_finds, sizeof *clip->finds);
    clip->finds = finds;
    return code;
}

static int on_look(void *context, const struct lh_lane_look *look)
{
    struct lh_recording *recording = context;
    struct clip *clip = &recording->clips[look->number];
    if (!look->tracked)
        return LH_OK;
    const int code = make_room(clip, look->detection_count);
    if (code != LH_OK)
        return code;
    struct moment *moment = &clip->moments[clip->moment_count++];
    *moment = (struct moment){.capture_utc_us = look->info->capture_utc_us,
                              .utc_us = look->utc_us,
                              .info = *look->info,
                              .first = clip->find_count,
                              .count = look->detection_count};
    moment->info.camera = "";
    moment->info.preset = "";
    for (size_t i = 0; i < look->detection_count; i++) {
        const struct lh_detection *detection = &look->detections[i];
        clip->finds[clip->find_count++] = (struct find){.box = detection->box,
                                                        .score = detection->raw_score,
                                                        .kind = (uint8_t)detection->kind,
                                                        .detector = (uint8_t)detection->detector};
    }
    if (look->detection_count > clip->most)
        clip->most = look->detection_count;
    return LH_OK;
}

static void on_progress(void *context, const struct lh_replay_progress *progress)
{
    const struct lh_recording *recording = context;
    if (recording->on_progress)
        recording->on_progress(recording->progress_context, progress);
}

int lh_recording_make(const struct lh_replay_options *options, void *progress_context,
                      struct lh_fault *fault, struct lh_recording **ret_recording,
                      struct lh_replay_result *ret_result)
{
    struct lh_replay_options own = *options;
    struct lh_recording *recording = calloc(1, sizeof *recording);
    if (!recording)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    recording->count = options->footage->count;
    recording->clips = calloc(recording->count + 1, sizeof *recording->clips);
    recording->on_progress = options->on_progress;
    recording->progress_context = progress_context;
    own.on_alarm = NULL;
    own.on_look = on_look;
    own.on_progress = on_progress;
    own.context = recording;
    const int code = recording->clips ? lh_replay_run(&own, fault, ret_result)
                                      : lh_fail(fault, LH_ENOMEM, "out of memory");
    if (code != LH_OK)
        lh_recording_destroy(&recording);
    else
        *ret_recording = recording;
    return code;
}

void lh_recording_destroy(struct lh_recording **recording)
{
    if (!*recording)
        return;
    for (size_t i = 0; (*recording)->clips && i < (*recording)->count; i++) {
        free((*recording)->clips[i].moments);
        free((*recording)->clips[i].finds);
    }
    free((*recording)->clips);
    free(*recording);
    *recording = NULL;
}

size_t lh_recording_finds(const struct lh_recording *recording)
{
    size_t count = 0;
    for (size_t i = 0; i < recording->count; i++)
        count += recording->clips[i].find_count;
    return count;
}

/* ---- again ---- */

struct trying {
    const struct lh_attempt *attempt;
    const struct moment *moment; /* NULL: all is over */
    struct lh_clock *clock;
    struct lh_duty *duty;
    struct lh_place_memory *place;
    struct lh_tracker *tracker;
    int code;
};

static void on_track(void *context, enum lh_track_event_type type, const struct lh_track *track)
{
    struct trying *trying = context;
    const struct lh_desk_input input = {
        .type = type,
        .track = *track,
        .camera = trying->attempt->camera,
        .info = trying->moment && type != LH_TRACK_LOST ? &trying->moment->info : NULL,
    };
    const int code = lh_duty_track(trying->duty, &input);
    if (code != LH_OK)
        trying->code = code;
}

static size_t sift(const struct clip *clip, const struct moment *moment, const double *min_scores,
                   struct lh_detection *detections)
{
    size_t count = 0;
    for (size_t i = 0; i < moment->count; i++) {
        const struct find *find = &clip->finds[moment->first + i];
        if (find->detector < LH_MAX_DETECTORS && (double)find->score < min_scores[find->detector])
            continue;
        /* field by field: the masks are zero already, and large */
        struct lh_detection *detection = &detections[count++];
        detection->kind = (enum lh_kind)find->kind;
        detection->box = find->box;
        detection->score = find->score;
        detection->detector = find->detector;
    }
    return count;
}

/* As in detect/watch.c. */
static int follow(struct trying *trying, struct lh_detection *detections, size_t count)
{
    const struct moment *moment = trying->moment;
    const struct lh_place_look look = {.preset = moment->info.preset,
                                       .width_px = moment->info.width_px,
                                       .height_px = moment->info.height_px,
                                       .utc_us = moment->capture_utc_us};
    const int code = lh_place_weigh(trying->place, &look, detections, count);
    return code == LH_OK ? lh_tracker_feed(trying->tracker, moment->capture_utc_us, detections,
                                           count, on_track, trying)
                         : code;
}

static int run_clip(const struct clip *clip, struct trying *trying, struct lh_detection *detections)
{
    int code = LH_OK;
    for (size_t i = 0; i < clip->moment_count && code == LH_OK && trying->code == LH_OK; i++) {
        const struct moment *moment = &clip->moments[i];
        const size_t count = sift(clip, moment, trying->attempt->min_scores, detections);
        trying->moment = moment;
        lh_clock_replay_set(trying->clock, moment->utc_us);
        code = follow(trying, detections, count);
        lh_desk_tick(lh_duty_desk(trying->duty));
    }
    return code == LH_OK ? trying->code : code;
}

int lh_recording_try(const struct lh_recording *recording, size_t clip,
                     const struct lh_attempt *attempt)
{
    const struct clip *recorded = &recording->clips[clip];
    struct trying trying = {.attempt = attempt};
    struct lh_detection *detections = calloc(recorded->most + 1, sizeof *detections);
    int code = detections ? lh_clock_replay_create(0, &trying.clock) : LH_ENOMEM;
    struct lh_site site = *attempt->site; /* cameras only */
    struct lh_fault fault = {0};
    site.feed_count = 0;
    site.heat.area_count = 0;
    const struct lh_duty_options options = {
        .desk = {.site = &site,
                 .clock = trying.clock,
                 .epoch = "replay",
                 .on_alarm = attempt->on_alarm,
                 .context = attempt->context},
    };
    if (code == LH_OK)
        code = lh_duty_create(&options, &fault, &trying.duty);
    if (code == LH_OK)
        code = lh_place_create(&attempt->site->tracks, &trying.place);
    if (code == LH_OK)
        code = lh_tracker_create(&attempt->site->tracks, &trying.tracker);
    if (code == LH_OK)
        code = run_clip(recorded, &trying, detections);
    lh_tracker_destroy(&trying.tracker);
    lh_place_destroy(&trying.place);
    lh_duty_destroy(&trying.duty);
    lh_clock_replay_destroy(&trying.clock);
    free(detections);
    return code;
}
