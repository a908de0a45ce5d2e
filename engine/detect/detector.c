#include "detect/detector.h"

#include "base/log.h"
#include "detect/mask.h"
#include "detect/plugin_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUBJECT_BYTES 160
#define WORDS_BYTES                                                                                \
    301 /* of a plugin's reason; the fault has room for 511 with what surrounds it */
#define LOG_BYTES 501
/* Rounding in a detector's arithmetic is no reason to refuse what it is surest of. */
#define SCORE_SLACK 1e-3F
#define FIND_BYTES_V1 (offsetof(struct linhuo_find, score) + sizeof(float))

struct lh_detector {
    struct lh_detector_options options;
    struct lh_detector_counts counts;
    struct linhuo_host host;
    struct linhuo_want want;
    void *state;
    bool opened;
    char subject[SUBJECT_BYTES]; /* "detector/camera" */
    char words[WORDS_BYTES];     /* what the plugin said through host->fail() in this call */

    bool seen; /* the view of the last frame, where there was one: */
    uint32_t generation;
    uint32_t width_px;
    uint32_t height_px;
    int64_t capture_utc_us;
    char *preset;
};

/* Collects what one call emits. */
struct sink {
    struct lh_detector *detector;
    const char *preset;
    double width_px;
    double height_px;
    struct lh_detection *detections;
    size_t capacity;
    size_t count;
    size_t taken;
};

static void host_log(void *context, uint32_t level, const char *text)
{
    static const enum lh_log_level levels[] = {LH_LOG_ERROR, LH_LOG_WARN, LH_LOG_INFO,
                                               LH_LOG_DEBUG};
    const struct lh_detector *detector = context;
    char line[LOG_BYTES];
    lh_log(level < 4 ? levels[level] : LH_LOG_TRACE, "detect", detector->subject, "%s",
           lh_plugin_text_copy(line, sizeof line, text));
}

static void host_fail(void *context, const char *text)
{
    struct lh_detector *detector = context;
    (void)lh_plugin_text_copy(detector->words, sizeof detector->words, text);
}

static const char *words_or_none(const struct lh_detector *detector)
{
    return detector->words[0] ? detector->words : "it did not say why";
}

static int check_want(struct lh_detector *detector, struct lh_fault *fault)
{
    struct linhuo_want *want = &detector->want;
    if (want->format == 0)
        want->format = LINHUO_I420;
    if (want->format > LINHUO_RGB24)
        return lh_fail(
            fault, LH_EPLUGIN,
            "%s: its open() asks for the unknown pixel format %u; it must be one of enum "
            "linhuo_pixel_format",
            detector->subject, want->format);
    return LH_OK;
}

int lh_detector_create(const struct lh_detector_options *options, struct lh_fault *fault,
                       struct lh_detector **ret_detector)
{
    int result = LH_OK;
    struct lh_detector *detector = calloc(1, sizeof *detector);
    if (!detector)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    detector->options = *options;
    (void)snprintf(detector->subject, sizeof detector->subject, "%.64s/%.64s",
                   options->config->name, options->camera->id);
    detector->host = (struct linhuo_host){.struct_size = sizeof detector->host,
                                          .abi = LINHUO_DETECTOR_ABI,
                                          .context = detector,
                                          .log = host_log,
                                          .fail = host_fail};
    detector->want.struct_size = sizeof detector->want;
    const struct linhuo_open arguments = {
        .struct_size = sizeof arguments,
        .value_count = options->values->count,
        .values = options->values->values,
        .camera = options->camera->id,
        .preset = options->camera->preset ? options->camera->preset : "",
    };
    if (options->plugin->table.open(&detector->host, &arguments, &detector->want,
                                    &detector->state) != 0) {
        result = lh_fail(fault, LH_EPLUGIN, "%s: the detector does not open: %s", detector->subject,
                         words_or_none(detector));
        goto out;
    }
    detector->opened = true;
    result = check_want(detector, fault);
out:
    if (result != LH_OK)
        lh_detector_destroy(&detector);
    else
        *ret_detector = detector;
    return result;
}

void lh_detector_destroy(struct lh_detector **detector)
{
    if (!*detector)
        return;
    if ((*detector)->opened)
        (*detector)->options.plugin->table.close((*detector)->state);
    free((*detector)->preset);
    free(*detector);
    *detector = NULL;
}

/* Remembers the view and tells whether it is another than the last frame's. */
static int note_view(struct lh_detector *detector, const struct lh_frame_info *info,
                     bool *ret_changed)
{
    const char *preset = info->preset ? info->preset : "";
    const bool same_preset = detector->preset && strcmp(detector->preset, preset) == 0;
    const bool changed = !same_preset || detector->generation != info->generation ||
                         detector->width_px != info->width_px ||
                         detector->height_px != info->height_px ||
                         info->capture_utc_us < detector->capture_utc_us;
    if (!same_preset) {
        char *copy = strdup(preset);
        if (!copy)
            return LH_ENOMEM;
        free(detector->preset);
        detector->preset = copy;
    }
    *ret_changed = detector->seen && changed;
    detector->seen = true;
    detector->generation = info->generation;
    detector->width_px = info->width_px;
    detector->height_px = info->height_px;
    detector->capture_utc_us = info->capture_utc_us;
    return LH_OK;
}

/* Edges of a find, in pixels. */
struct edges {
    double left;
    double top;
    double right;
    double bottom;
};

static bool is_sound(const struct sink *sink, const struct linhuo_find *find)
{
    const uint32_t declared = sink->detector->options.plugin->table.kinds;
    const bool known = find->kind == LINHUO_SMOKE || find->kind == LINHUO_FLAME;
    return known && (declared & 1U << (find->kind - 1)) && isfinite(find->x_px) &&
           isfinite(find->y_px) && isfinite(find->width_px) && isfinite(find->height_px) &&
           isfinite(find->score) && find->width_px > 0.0F && find->height_px > 0.0F &&
           find->score >= -SCORE_SLACK && find->score <= 1.0F + SCORE_SLACK;
}

static struct edges clip(const struct sink *sink, struct edges whole)
{
    return (struct edges){fmax(whole.left, 0.0), fmax(whole.top, 0.0),
                          fmin(whole.right, sink->width_px), fmin(whole.bottom, sink->height_px)};
}

static size_t mask_cell(double at, double from, double to, uint32_t cells)
{
    const double share = (at - from) / (to - from);
    const double cell = floor(share * cells);
    return cell < 0.0 ? 0 : cell >= cells ? cells - 1 : (size_t)cell;
}

/* The part of the find's mask that lies over the clipped box, with as many cells. */
static void copy_mask(struct lh_detection *detection, const struct linhuo_find *find,
                      struct edges whole, struct edges part)
{
    detection->mask_width = (uint8_t)find->mask_width;
    detection->mask_height = (uint8_t)find->mask_height;
    for (uint32_t row = 0; row < find->mask_height; row++) {
        const double y = part.top + (row + 0.5) * (part.bottom - part.top) / find->mask_height;
        const size_t from_row = mask_cell(y, whole.top, whole.bottom, find->mask_height);
        for (uint32_t column = 0; column < find->mask_width; column++) {
            const double x =
                part.left + (column + 0.5) * (part.right - part.left) / find->mask_width;
            const size_t from_column = mask_cell(x, whole.left, whole.right, find->mask_width);
            detection->mask[row * find->mask_width + column] =
                find->mask[from_row * find->mask_width + from_column];
        }
    }
}

/* What the plugin's header knew of a find, the rest zero. */
static bool copy_find(const struct linhuo_find *theirs, struct linhuo_find *ret_find)
{
    if (!theirs || theirs->struct_size < FIND_BYTES_V1)
        return false;
    struct linhuo_find find = {0};
    memcpy(&find, theirs, theirs->struct_size < sizeof find ? theirs->struct_size : sizeof find);
    if (theirs->struct_size < offsetof(struct linhuo_find, mask) + sizeof find.mask)
        find.mask = NULL; /* not half a pointer */
    *ret_find = find;
    return true;
}

static void keep(struct sink *sink, const struct linhuo_find *find, struct edges whole,
                 struct edges part)
{
    struct lh_detector_counts *counts = &sink->detector->counts;
    const struct lh_detector_options *options = &sink->detector->options;
    const struct lh_box box = {(float)(part.left / sink->width_px),
                               (float)(part.top / sink->height_px),
                               (float)((part.right - part.left) / sink->width_px),
                               (float)((part.bottom - part.top) / sink->height_px)};
    if (lh_masks_cover(options->camera->masks, options->camera->mask_count, sink->preset, box)) {
        counts->masked++;
        return;
    }
    struct lh_detection *detection = &sink->detections[sink->count++];
    detection->kind = (enum lh_kind)find->kind;
    detection->box = box;
    detection->score = find->score;
    detection->raw_score = find->score;
    detection->detector = options->index;
    detection->mask_width = 0;
    detection->mask_height = 0;
    sink->taken++;
    if (find->mask_width == 0 && find->mask_height == 0)
        return;
    if (find->mask && find->mask_width - 1 < LH_MASK_SIDE && find->mask_height - 1 < LH_MASK_SIDE)
        copy_mask(detection, find, whole, part);
    else
        counts->bad_masks++;
}

static int emit(void *context, const struct linhuo_find *theirs)
{
    struct sink *sink = context;
    struct lh_detector_counts *counts = &sink->detector->counts;
    struct linhuo_find find;
    if (sink->taken >= LH_MAX_DETECTIONS || sink->count >= sink->capacity) {
        counts->refused++;
        return 1;
    }
    if (!copy_find(theirs, &find) || !is_sound(sink, &find)) {
        counts->refused++;
        return 0;
    }
    const struct edges whole = {(double)find.x_px, (double)find.y_px,
                                (double)find.x_px + (double)find.width_px,
                                (double)find.y_px + (double)find.height_px};
    const struct edges part = clip(sink, whole);
    find.score = fminf(fmaxf(find.score, 0.0F), 1.0F);
    if (!(part.right > part.left) || !(part.bottom > part.top))
        counts->refused++;
    else if ((double)find.score < sink->detector->options.config->min_score)
        counts->below_score++;
    else
        keep(sink, &find, whole, part);
    return 0;
}

static int make_picture(struct lh_detector *detector, struct lh_frame *frame,
                        struct linhuo_picture *ret_picture)
{
    static const enum lh_pixel_format formats[] = {
        [LINHUO_I420] = LH_PIXEL_I420,
        [LINHUO_GRAY8] = LH_PIXEL_GRAY8,
        [LINHUO_BGR24] = LH_PIXEL_BGR24,
        [LINHUO_RGB24] = LH_PIXEL_RGB24,
    };
    const struct lh_frame_info *info = lh_frame_info(frame);
    const struct linhuo_want *want = &detector->want;
    struct lh_image image;
    const int result = lh_frame_image(frame, formats[want->format], want->max_width_px,
                                      want->max_height_px, &image);
    if (result != LH_OK)
        return result;
    *ret_picture = (struct linhuo_picture){
        .struct_size = sizeof *ret_picture,
        .format = want->format,
        .width_px = image.width_px,
        .height_px = image.height_px,
        .plane = {image.plane[0], image.plane[1], image.plane[2]},
        .stride = {image.stride[0], image.stride[1], image.stride[2]},
        .source_width_px = info->width_px,
        .source_height_px = info->height_px,
        .capture_utc_us = info->capture_utc_us,
        .number = info->number,
        .flags = info->burst ? LINHUO_PICTURE_BURST : 0,
    };
    return LH_OK;
}

static int call_detect(struct lh_detector *detector, const struct linhuo_picture *picture,
                       struct sink *sink)
{
    const struct lh_clock *clock = lh_clock_system(); /* measures work, decides nothing */
    detector->words[0] = '\0';
    const int64_t start_us = lh_clock_monotonic_us(clock);
    const int failed = detector->options.plugin->table.detect(detector->state, picture, emit, sink);
    const int64_t spent_us = lh_clock_monotonic_us(clock) - start_us;
    detector->counts.busy_us += spent_us;
    if (spent_us > detector->counts.slowest_us)
        detector->counts.slowest_us = spent_us;
    return failed;
}

int lh_detector_look(struct lh_detector *detector, struct lh_frame *frame,
                     struct lh_detection *detections, size_t capacity, size_t *count,
                     struct lh_fault *fault)
{
    const struct lh_frame_info *info = lh_frame_info(frame);
    struct linhuo_picture picture;
    bool changed = false;
    detector->counts.frames++;
    int result = note_view(detector, info, &changed);
    if (result == LH_OK && changed && detector->options.plugin->table.reset)
        detector->options.plugin->table.reset(detector->state);
    if (result == LH_OK)
        result = make_picture(detector, frame, &picture);
    if (result != LH_OK) {
        detector->counts.failures++;
        return lh_fail(fault, result, "%s: the picture cannot be converted: %s", detector->subject,
                       lh_strerror(result));
    }
    struct sink sink = {
        .detector = detector,
        .preset = info->preset ? info->preset : "",
        .width_px = picture.width_px,
        .height_px = picture.height_px,
        .detections = detections,
        .capacity = capacity,
        .count = *count,
    };
    if (call_detect(detector, &picture, &sink) != 0) {
        detector->counts.failures++;
        return lh_fail(fault, LH_EPLUGIN, "%s: %s", detector->subject, words_or_none(detector));
    }
    detector->counts.detections += sink.taken;
    *count = sink.count;
    return LH_OK;
}

struct lh_detector_counts lh_detector_counts(const struct lh_detector *detector)
{
    return detector->counts;
}
