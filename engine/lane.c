#include "lane.h"

#include "video/source.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_US (60 * LH_SECOND_US)
#define FRAMES_HELD 96 /* by events that wait to be merged, and by the decoder's reader */

struct lh_lane {
    struct lh_lane_options options;
    struct lh_camera_config camera; /* the settings, but for these three, which it owns */
    char *id;
    char *path;
    struct lh_frame_pool *pool;
    struct lh_source *source;
    struct lh_watch *watch;
    struct lh_lane_report report;
    int64_t horizon_us; /* events are never earlier than this */
    int64_t looked_us;  /* of the last look that was handed over */
    struct lh_lane_span *spans;
    size_t span_count;
    size_t span_capacity;
    bool over;
};

void lh_lane_event_finish(struct lh_lane_event *event)
{
    lh_frame_unref(&event->frame);
    free(event->detections);
    *event = (struct lh_lane_event){0};
}

static int open_source(struct lh_lane *lane)
{
    const struct lh_source_options options = {
        .camera = &lane->camera,
        .clock = lh_clock_system(),
        .pool = lane->pool,
        .stop = lane->options.stop,
        .follow = false,
        .start_utc_us = lane->options.start_utc_us,
        .generation = 1,
        .first_number = 1,
    };
    return lh_source_open(&options, &lane->report.fault, &lane->source);
}

static void find_start(struct lh_lane *lane)
{
    struct lh_frame *frame;
    int code = open_source(lane);
    if (code == LH_OK)
        code = lh_source_next(lane->source, &lane->report.fault, &frame);
    if (code == LH_OK) {
        lane->report.start_utc_us = lh_frame_info(frame)->capture_utc_us;
        lane->report.now_utc_us = lane->report.start_utc_us;
        lh_frame_unref(&frame);
    } else if (lane->report.fault.code == LH_OK) {
        (void)lh_fail(&lane->report.fault, code, "%s: no picture in it", lane->path);
    }
    lane->over = code != LH_OK;
    lh_source_close(&lane->source);
}

int lh_lane_create(const struct lh_lane_options *options, struct lh_lane **ret_lane)
{
    struct lh_lane *lane = calloc(1, sizeof *lane);
    if (!lane)
        return LH_ENOMEM;
    lane->options = *options;
    lane->id = strdup(options->camera);
    lane->path = strdup(options->path);
    lane->camera = *options->settings;
    lane->camera.id = lane->id;
    lane->camera.url = lane->path;
    lane->report.path = lane->path;
    lane->report.camera = lane->id;
    lane->report.start_utc_us = LH_NO_TIME;
    lane->horizon_us = LH_NO_TIME;
    lane->looked_us = LH_NO_TIME;
    int code = lane->id && lane->path ? LH_OK : LH_ENOMEM;
    if (code == LH_OK)
        code = lh_frame_pool_create(FRAMES_HELD, &lane->pool);
    if (code != LH_OK) {
        lh_lane_destroy(&lane);
        return code;
    }
    find_start(lane);
    *ret_lane = lane;
    return LH_OK;
}

void lh_lane_destroy(struct lh_lane **lane_pointer)
{
    struct lh_lane *lane = *lane_pointer;
    if (!lane)
        return;
    lh_source_close(&lane->source);
    lh_watch_destroy(&lane->watch);
    lh_frame_pool_destroy(&lane->pool);
    free(lane->id);
    free(lane->path);
    free(lane->spans);
    free(lane);
    *lane_pointer = NULL;
}

/* What the tracker says of one frame, on its way to the taker. */
struct delivery {
    struct lh_lane *lane;
    struct lh_lane_event *events;
    size_t count;
    size_t capacity;
    int64_t utc_us;
    const struct lh_frame_info *info; /* NULL: no frame, all is over */
    int code;
};

/* What is true of the frame without the frame. */
static struct lh_frame_info detached(const struct lh_lane *lane, const struct lh_frame_info *info)
{
    struct lh_frame_info copy = *info;
    copy.camera = lane->id;
    copy.preset = lane->camera.preset;
    return copy;
}

static void on_track(void *context, enum lh_track_event_type type, const struct lh_track *track)
{
    struct delivery *delivery = context;
    if (delivery->count == delivery->capacity) {
        const size_t capacity = delivery->capacity ? delivery->capacity * 2 : 8;
        struct lh_lane_event *events = realloc(delivery->events, capacity * sizeof *events);
        if (!events) {
            delivery->code = LH_ENOMEM;
            return;
        }
        delivery->events = events;
        delivery->capacity = capacity;
    }
    struct lh_lane_event *event = &delivery->events[delivery->count++];
    *event = (struct lh_lane_event){.utc_us = delivery->utc_us, .type = type, .track = *track};
    event->has_info = delivery->info && type != LH_TRACK_LOST;
    if (event->has_info)
        event->info = detached(delivery->lane, delivery->info);
}

static int dress_event(struct lh_lane_event *event, struct lh_frame *frame,
                       const struct lh_watch_result *result)
{
    event->frame = lh_frame_ref(frame);
    if (result->detection_count == 0)
        return LH_OK;
    event->detections = malloc(result->detection_count * sizeof *event->detections);
    if (!event->detections)
        return LH_ENOMEM;
    memcpy(event->detections, result->detections,
           result->detection_count * sizeof *event->detections);
    event->detection_count = result->detection_count;
    return LH_OK;
}

static int hand_over(struct delivery *delivery, struct lh_frame *frame,
                     const struct lh_watch_result *result,
                     int (*take)(void *context, struct lh_lane_event *event), void *context)
{
    int code = delivery->code;
    for (size_t i = 0; i < delivery->count; i++) {
        struct lh_lane_event *event = &delivery->events[i];
        if (code == LH_OK && frame && event->type != LH_TRACK_LOST)
            code = dress_event(event, frame, result);
        if (code == LH_OK)
            code = take(context, event);
        lh_lane_event_finish(event);
    }
    free(delivery->events);
    return code;
}

static int note_watched(struct lh_lane *lane, int64_t utc_us)
{
    struct lh_lane_span *last = lane->span_count ? &lane->spans[lane->span_count - 1] : NULL;
    if (last && utc_us - last->end_utc_us <= LH_LANE_GAP_US) {
        last->end_utc_us = utc_us > last->end_utc_us ? utc_us : last->end_utc_us;
        return LH_OK;
    }
    if (!lane->spans || lane->span_count == lane->span_capacity) {
        const size_t capacity = lane->span_capacity ? lane->span_capacity * 2 : 4;
        struct lh_lane_span *spans = realloc(lane->spans, capacity * sizeof *spans);
        if (!spans)
            return LH_ENOMEM;
        lane->spans = spans;
        lane->span_capacity = capacity;
    }
    lane->spans[lane->span_count++] = (struct lh_lane_span){utc_us, utc_us};
    return LH_OK;
}

static int tell_look(const struct lh_lane *lane, struct lh_frame *frame,
                     const struct lh_watch_result *result)
{
    const struct lh_frame_info *info = lh_frame_info(frame);
    const size_t detectors = lh_watch_detectors(lane->watch);
    const struct lh_lane_look look = {
        .number = lane->options.number,
        .info = info,
        .utc_us = lane->horizon_us,
        .tracked = !info->burst && (detectors == 0 || result->failed_detectors < detectors),
        .detections = result->detections,
        .detection_count = result->detection_count,
    };
    return lane->options.on_look ? lane->options.on_look(lane->options.context, &look) : LH_OK;
}

/* Only of cameras of which somebody knows where they look. */
static int hand_look(struct lh_lane *lane, const struct lh_frame_info *info,
                     int (*take)(void *context, struct lh_lane_event *event), void *context)
{
    if (lane->camera.pose_place.line == 0 || info->burst ||
        (lane->looked_us != LH_NO_TIME && lane->horizon_us - lane->looked_us < LOOK_US))
        return LH_OK;
    lane->looked_us = lane->horizon_us;
    struct lh_lane_event event = {
        .utc_us = lane->horizon_us, .look = true, .info = detached(lane, info), .has_info = true};
    return take(context, &event);
}

static int analyse(struct lh_lane *lane, struct lh_frame *frame,
                   int (*take)(void *context, struct lh_lane_event *event), void *context)
{
    const struct lh_frame_info *info = lh_frame_info(frame);
    if (lane->horizon_us == LH_NO_TIME || info->capture_utc_us > lane->horizon_us)
        lane->horizon_us = info->capture_utc_us;
    const int noted = note_watched(lane, info->capture_utc_us);
    if (noted != LH_OK)
        return noted;
    struct delivery delivery = {.lane = lane, .utc_us = lane->horizon_us, .info = info};
    struct lh_watch_result result = {0};
    int code = lh_watch_frame(lane->watch, frame, on_track, &delivery, &result);
    if (code == LH_OK && result.failed_detectors > 0)
        lane->report.fault = result.fault;
    if (code == LH_OK)
        code = tell_look(lane, frame, &result);
    if (code != LH_OK)
        delivery.code = code;
    code = hand_over(&delivery, lane->options.keep_frames ? frame : NULL, &result, take, context);
    if (code == LH_OK && result.failed_detectors == 0)
        code = hand_look(lane, info, take, context);
    lane->report.frames++;
    lane->report.now_utc_us = lane->horizon_us;
    return code;
}

static int open_lane(struct lh_lane *lane)
{
    if (lane->over)
        return LH_EEOF;
    if (!lane->watch) {
        const int code = lh_watch_create(lane->options.site, &lane->camera, lane->options.plugins,
                                         &lane->report.fault, &lane->watch);
        if (code != LH_OK)
            return code;
    }
    return lane->source ? LH_OK : open_source(lane);
}

static int finish_lane(struct lh_lane *lane, int code,
                       int (*take)(void *context, struct lh_lane_event *event), void *context)
{
    lane->over = true;
    if (lane->watch) {
        struct delivery delivery = {.lane = lane, .utc_us = lane->horizon_us};
        lh_watch_flush(lane->watch, on_track, &delivery);
        const int delivered = hand_over(&delivery, NULL, NULL, take, context);
        if (code == LH_EEOF && delivered != LH_OK)
            code = delivered;
    }
    if (code != LH_EEOF && lane->report.fault.code == LH_OK)
        (void)lh_fail(&lane->report.fault, code, "%s: %s", lane->path, lh_strerror(code));
    if (lane->source)
        lane->report.damaged = lh_source_counts(lane->source).packets_damaged;
    lane->report.progress = 1;
    lh_source_close(&lane->source);
    lh_watch_destroy(&lane->watch);
    return LH_EEOF;
}

int lh_lane_advance(struct lh_lane *lane, unsigned max_frames,
                    int (*take)(void *context, struct lh_lane_event *event), void *context)
{
    int code = open_lane(lane);
    for (unsigned i = 0; i < max_frames && code == LH_OK; i++) {
        struct lh_frame *frame;
        struct lh_fault fault = {0};
        code = lh_source_next(lane->source, &fault, &frame);
        if (code != LH_OK) {
            if (code != LH_EEOF)
                lane->report.fault = fault;
            break;
        }
        code = analyse(lane, frame, take, context);
        lh_frame_unref(&frame);
    }
    if (code != LH_OK)
        return finish_lane(lane, code, take, context);
    lane->report.progress = lh_source_progress(lane->source);
    return LH_OK;
}

struct lh_lane_report lh_lane_report(const struct lh_lane *lane)
{
    return lane->report;
}

size_t lh_lane_spans(const struct lh_lane *lane, const struct lh_lane_span **ret_spans)
{
    *ret_spans = lane->spans;
    return lane->span_count;
}

const struct lh_camera_config *lh_lane_camera(const struct lh_lane *lane)
{
    return &lane->camera;
}
