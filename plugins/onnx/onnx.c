/* onnx: any network that comes with a manifest, on ONNX Runtime.
 *
 * Sees and cannot see what its network does; the model's own card says what that is.
 *
 * How: manifest.h (what the network wants), canvas.h (how a picture lies before it), history.h (what the
 * camera showed before), model.h (running it), boxes.h and heat.h (what its answer means), second.h (a second
 * network that looks again at what was found).
 */
#include "onnx/boxes.h"
#include "onnx/heat.h"
#include "onnx/history.h"
#include "onnx/model.h"
#include "onnx/second.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum setting {
    MANIFEST,
    PROVIDER,
    THREADS,
    OPTIMISATION,
    PRECISION,
    SCORE,
    MIN_SIDE_PX,
    SCALE,
    TILES,
    SETTINGS
};

#define OPTIMISATIONS "none|basic|extended|all"
#define PRECISION_WORDS "float32|float16|int8"

static const struct linhuo_setting settings[SETTINGS] = {
    {"manifest", LINHUO_PATH, 0, NULL, 0, 0, NULL, "The model's manifest, a JSON file"},
    {"provider", LINHUO_CHOICE, 0, "cpu", 0, 0, "cpu|cuda|openvino",
     "What computes; the runtime must have been built with it"},
    {"threads", LINHUO_INTEGER, 0, "1", 1, 64, NULL,
     "Threads a picture; 1 is best where there are as many cameras as cores"},
    {"optimisation", LINHUO_CHOICE, 0, "all", 0, 0, OPTIMISATIONS,
     "How far the runtime may rewrite the network"},
    {"precision", LINHUO_CHOICE, 0, "float32", 0, 0, PRECISION_WORDS,
     "Which of the manifest's files is run"},
    {"score", LINHUO_NUMBER, 0, "0", 0, 1, NULL,
     "Least score of a find, in place of the manifest's; 0: the manifest's"},
    {"min_side_px", LINHUO_NUMBER, 0, "0", 0, 1000, NULL,
     "Finds with a shorter side are dropped, in pixels of the camera's picture"},
    {"scale", LINHUO_NUMBER, 0, "1", 0.1, 1, NULL,
     "Shrinks the picture before a network that takes any size or tiles: faster, sees less far"},
    {"tiles", LINHUO_SWITCH, 0, "true", 0, 0, NULL,
     "false: a network for tiles is shown the whole picture at once instead"},
};

struct state {
    const struct linhuo_host *host;
    struct onnx_manifest manifest;
    struct onnx_model *model;
    struct onnx_second *second; /* NULL where the manifest names none */
    struct onnx_history *history;
    struct onnx_canvas canvas;
    struct onnx_heat heat;
    struct onnx_finds finds;
    uint8_t *stretched; /* view_width x view_height, three channels; NULL unless stretching */
    double min_side_px;
};

static void close_camera(void *state)
{
    struct state *s = state;
    if (!s)
        return;
    onnx_model_release(&s->model);
    onnx_second_destroy(&s->second);
    onnx_history_destroy(&s->history);
    onnx_heat_finish(&s->heat);
    onnx_finds_finish(&s->finds);
    free(s->stretched);
    free(s);
}

static void reset_camera(void *state)
{
    struct state *s = state;
    onnx_history_forget(s->history);
}

/* The index of a word in "one|two|three", which the engine has checked to be there. */
static int index_of(const char *choices, const char *word)
{
    int index = 0;
    const size_t length = strlen(word);
    for (const char *at = choices; at; index++) {
        if (strncmp(at, word, length) == 0 && (at[length] == '|' || at[length] == '\0'))
            return index;
        at = strchr(at, '|');
        at = at ? at + 1 : NULL;
    }
    return 0;
}

/* What the site says in place of the manifest. */
static void overrule(struct onnx_manifest *m, const struct linhuo_value *v)
{
    for (int kind = 1; kind < ONNX_KINDS && v[SCORE].number > 0; kind++) {
        struct onnx_point *point = &m->points[kind];
        if (point->score <= 0)
            continue;
        point->score = v[SCORE].number;
        point->low = fmin(point->low, onnx_manifest_reach(m, kind));
    }
    m->input.enlarge = fmax(m->input.enlarge * v[SCALE].number, 1);
    if (v[TILES].number == 0 && m->input.tiled) {
        m->input.tiled = false;
        m->input.max_width = 0;
        m->input.max_height = 0;
    }
}

static int take_answer(struct state *s, int x, int y, const struct onnx_answer *answer,
                       struct onnx_fault *fault)
{
    if (s->manifest.output.form == ONNX_HEATMAP)
        return onnx_heat_take(&s->heat, &s->manifest, &s->canvas, x, y, answer, fault);
    return onnx_boxes_take(&s->manifest, &s->canvas, x, y, answer, &s->finds, fault);
}

/* Shows every window to the network and gathers what it answers. */
static int look(struct state *s, const struct onnx_view *views, struct onnx_fault *fault)
{
    const struct onnx_canvas *c = &s->canvas;
    const bool heat = s->manifest.output.form == ONNX_HEATMAP;
    const int channels = s->manifest.input.channel_count;
    const size_t count = (size_t)channels * (size_t)c->window_width * (size_t)c->window_height;
    s->finds.count = 0;
    float *planes = onnx_model_borrow(s->model, count);
    if (!planes)
        return onnx_fail(fault, "out of memory");
    int result = heat ? onnx_heat_begin(&s->heat, c, fault) : 0;
    for (int i = 0; result == 0 && i < c->columns * c->rows; i++) {
        struct onnx_answer answer = {0};
        int x, y;
        onnx_canvas_window(c, i, &x, &y);
        onnx_canvas_fill(c, &s->manifest.input, views, x, y, planes);
        result = onnx_model_run(s->model, planes, channels, c->window_width, c->window_height,
                                &answer, fault);
        if (result == 0)
            result = take_answer(s, x, y, &answer, fault);
        onnx_answer_finish(&answer);
    }
    onnx_model_give_back(s->model, planes);
    if (result == 0 && heat)
        result = onnx_heat_finds(&s->heat, &s->manifest, c, &s->finds, fault);
    if (result != 0)
        return result;
    onnx_finds_sort(&s->finds);
    if (!heat)
        onnx_finds_suppress(&s->finds, s->manifest.nms_iou);
    return onnx_second_judge(s->second, &s->manifest, c, views, &s->finds, fault);
}

static int plan(struct state *s, uint32_t width, uint32_t height, struct onnx_fault *fault)
{
    if ((uint32_t)s->canvas.picture_width == width && (uint32_t)s->canvas.picture_height == height)
        return 0;
    if (width > 1 << 16 || height > 1 << 16)
        return onnx_fail(fault, "shown a picture of %u x %u", width, height);
    if (onnx_canvas_plan(&s->manifest.input, s->manifest.output.stride, (int)width, (int)height,
                         &s->canvas, fault) != 0)
        return -1;
    free(s->stretched);
    s->stretched = NULL;
    if (s->canvas.view_width == (int)width && s->canvas.view_height == (int)height)
        return 0;
    s->stretched = malloc((size_t)3 * (size_t)s->canvas.view_width * (size_t)s->canvas.view_height);
    if (s->stretched)
        return 0;
    s->canvas.picture_width = 0;
    return onnx_fail(fault, "out of memory");
}

/* Runs the network once on a grey picture of the largest size, so that what does not fit is known at once. */
static int try_network(struct state *s, const struct linhuo_want *want, struct onnx_fault *fault)
{
    const uint32_t width = want->max_width_px, height = want->max_height_px;
    struct onnx_view views[ONNX_MAX_FRAMES];
    if (plan(s, width, height, fault) != 0)
        return -1;
    const size_t bytes = (size_t)3 * (size_t)s->canvas.view_width * (size_t)s->canvas.view_height;
    uint8_t *gray = malloc(bytes);
    if (!gray)
        return onnx_fail(fault, "out of memory");
    memset(gray, 128, bytes);
    for (int i = 0; i < s->manifest.input.frame_count; i++)
        views[i] = (struct onnx_view){gray, (ptrdiff_t)3 * s->canvas.view_width,
                                      s->canvas.view_width, s->canvas.view_height, 3};
    s->canvas.columns = 1; /* one tile says it all */
    s->canvas.rows = 1;
    const int result = look(s, views, fault);
    s->canvas = (struct onnx_canvas){0};
    s->finds.count = 0;
    free(gray);
    return result;
}

static int open_networks(struct state *s, const struct linhuo_value *v,
                         const struct linhuo_want *want, struct onnx_fault *fault)
{
    const struct onnx_model_options options = {
        .provider = v[PROVIDER].text,
        .threads = (int)v[THREADS].number,
        .optimisation = index_of(OPTIMISATIONS, v[OPTIMISATION].text),
    };
    const struct onnx_manifest *m = &s->manifest;
    const struct onnx_wanted wanted = {.file =
                                           &m->files[index_of(PRECISION_WORDS, v[PRECISION].text)],
                                       .input_name = m->input.name,
                                       .output_name = m->output.name,
                                       .channels = m->input.channel_count,
                                       .width = m->input.width,
                                       .height = m->input.height,
                                       .keys = "input.channels, frames or size"};
    bool is_new = false;
    if (wanted.file->path[0] == '\0')
        return onnx_fail(fault, "precision %s: the manifest of %.60s has no such variant",
                         v[PRECISION].text, m->name);
    if (onnx_model_acquire(&wanted, &options, &s->model, &is_new, fault) != 0 ||
        (is_new && try_network(s, want, fault) != 0))
        return -1;
    return onnx_second_create(&m->second, &options, &s->second, fault);
}

static int open_state(struct state *s, const struct linhuo_value *v, struct linhuo_want *want,
                      struct onnx_fault *fault)
{
    if (onnx_manifest_load(v[MANIFEST].text, &s->manifest, fault) != 0)
        return -1;
    overrule(&s->manifest, v);
    s->min_side_px = v[MIN_SIDE_PX].number;
    want->format = s->manifest.input.channels == ONNX_BGR ? LINHUO_BGR24 : LINHUO_RGB24;
    onnx_canvas_want(&s->manifest.input, s->manifest.output.stride, v[SCALE].number,
                     &want->max_width_px, &want->max_height_px);
    if (onnx_history_create(&s->manifest.input, &s->history) != 0)
        return onnx_fail(fault, "out of memory");
    return open_networks(s, v, want, fault);
}

static int open_camera(const struct linhuo_host *host, const struct linhuo_open *arguments,
                       struct linhuo_want *want, void **ret_state)
{
    struct onnx_fault fault = {{0}};
    char text[400];
    if (arguments->value_count != SETTINGS) {
        host->fail(host->context, "opened with another number of settings than it declares");
        return -1;
    }
    struct state *s = calloc(1, sizeof *s);
    if (!s) {
        host->fail(host->context, "out of memory");
        return -1;
    }
    s->host = host;
    if (open_state(s, arguments->values, want, &fault) != 0) {
        host->fail(host->context, fault.text);
        close_camera(s);
        return -1;
    }
    (void)snprintf(text, sizeof text,
                   "model %.100s %.40s (%.40s), ONNX Runtime %s, pictures of up to %u x %u%s",
                   s->manifest.name, s->manifest.version, s->manifest.licence,
                   onnx_runtime_version(), want->max_width_px, want->max_height_px,
                   s->second ? ", and a second look" : "");
    host->log(host->context, LINHUO_LOG_INFO, text);
    *ret_state = s;
    return 0;
}

/* From the canvas to the picture, and out; the engine clips it, and the mask with it. */
static int emit_find(struct state *s, const struct linhuo_picture *picture,
                     const struct onnx_find *found, linhuo_emit_fn emit, void *sink)
{
    const struct onnx_canvas *c = &s->canvas;
    const float across = (float)c->picture_width / (float)c->view_width;
    const float down = (float)c->picture_height / (float)c->view_height;
    const float left = (found->left - (float)c->left) * across;
    const float top = (found->top - (float)c->top) * down;
    const float width = (found->right - found->left) * across;
    const float height = (found->bottom - found->top) * down;
    uint8_t mask[ONNX_MASK_SIDE * ONNX_MASK_SIDE];
    struct linhuo_find find = {.struct_size = sizeof find,
                               .kind = found->kind,
                               .x_px = left,
                               .y_px = top,
                               .width_px = width,
                               .height_px = height,
                               .score = (float)found->score,
                               .mask = mask};
    const double source = picture->source_width_px > 0
                              ? (double)picture->source_width_px / (double)picture->width_px
                              : 1;
    if (left + width <= 0 || left >= (float)c->picture_width || top + height <= 0 ||
        top >= (float)c->picture_height || source * (double)fminf(width, height) < s->min_side_px)
        return 0;
    if (found->label)
        onnx_heat_mask(&s->heat, c, found, mask, &find.mask_width, &find.mask_height);
    else
        find.mask = NULL;
    return emit(sink, &find);
}

static int fail(const struct state *s, const struct onnx_fault *fault)
{
    s->host->fail(s->host->context, fault->text);
    return -1;
}

static int detect(void *state, const struct linhuo_picture *picture, linhuo_emit_fn emit,
                  void *sink)
{
    struct state *s = state;
    struct onnx_fault fault = {{0}};
    struct onnx_view views[ONNX_MAX_FRAMES];
    if (picture->format != LINHUO_RGB24 && picture->format != LINHUO_BGR24) {
        (void)onnx_fail(&fault, "shown a picture that is not of the format asked for");
        return fail(s, &fault);
    }
    if (plan(s, picture->width_px, picture->height_px, &fault) != 0)
        return fail(s, &fault);
    struct onnx_view now = {picture->plane[0], picture->stride[0], s->canvas.picture_width,
                            s->canvas.picture_height, 3};
    if (s->stretched) {
        const struct onnx_part all = {0, 0, now.width, now.height};
        onnx_stretch(&now, &all, s->stretched, s->canvas.view_width, s->canvas.view_height);
        now = (struct onnx_view){s->stretched, (ptrdiff_t)3 * s->canvas.view_width,
                                 s->canvas.view_width, s->canvas.view_height, 3};
    }
    onnx_history_views(s->history, &now, picture->capture_utc_us, views);
    const int result = look(s, views, &fault);
    if (!(picture->flags & LINHUO_PICTURE_BURST) &&
        onnx_history_learn(s->history, &now, picture->capture_utc_us) != 0 && result == 0) {
        (void)onnx_fail(&fault, "out of memory");
        return fail(s, &fault);
    }
    if (result != 0)
        return fail(s, &fault);
    for (size_t i = 0; i < s->finds.count; i++)
        if (emit_find(s, picture, &s->finds.all[i], emit, sink) != 0)
            break;
    return 0;
}

static const struct linhuo_detector detector = {
    .struct_size = sizeof(struct linhuo_detector),
    .abi = LINHUO_DETECTOR_ABI,
    .name = "onnx",
    .version = "0.1",
#ifdef ONNX_RUNTIME_MISSING
    .summary =
        "Any network with a manifest: NOT USABLE, built without ONNX Runtime; `make runtime` "
        "fetches it",
#else
    .summary = "Any network with a manifest (plugins/onnx/MANIFEST.md), on ONNX Runtime",
#endif
    .licence = "Apache-2.0",
    .kinds = 1U << (LINHUO_SMOKE - 1) | 1U << (LINHUO_FLAME - 1),
    .setting_size = sizeof(struct linhuo_setting),
    .settings = settings,
    .setting_count = SETTINGS,
    .open = open_camera,
    .detect = detect,
    .close = close_camera,
    .reset = reset_camera,
};

const struct linhuo_detector *linhuo_detector_v1(void)
{
    return &detector;
}
