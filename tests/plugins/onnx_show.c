/* Shows pictures to a detector as the engine would, and says as JSON lines what came of it.
 *
 *   onnx_show [-N] PLUGIN.so [NAME=VALUE]... [SECONDS:PICTURE.ppm | burst@SECONDS:PICTURE.ppm | reset]...
 *
 * First {"want": [format, width, height], "log": TEXT} or {"refused": TEXT}; then for every picture
 * {"size": [width, height], "finds": [...]} in pixels of the picture shown, or {"failed": TEXT}. Pictures
 * that are larger than wanted are scaled down as the engine does it. With -N, as many cameras see the same at
 * once, each on a thread of its own; it is an error (exit 3) when they do not find the same.
 */
#include <dlfcn.h>
#include <jansson.h>
#include <libswscale/swscale.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linhuo_detector.h"

#define MAX_SETTINGS 32
#define MAX_CAMERAS 8

struct show {
    void *object; /* the plugin's, for as long as the program runs */
    const struct linhuo_detector *detector;
    struct linhuo_value values[MAX_SETTINGS];
    struct linhuo_want want;
    void *state;
    json_t *finds;
    char failed[1000];
    char logged[1000];
    json_t *lines;
    char **words; /* what to show; NULL at the end */
};

static void hear(void *context, uint32_t level, const char *text)
{
    struct show *s = context;
    (void)level;
    (void)snprintf(s->logged, sizeof s->logged, "%s", text);
}

static void hear_failure(void *context, const char *text)
{
    struct show *s = context;
    (void)snprintf(s->failed, sizeof s->failed, "%s", text);
}

static int take(void *sink, const struct linhuo_find *f)
{
    struct show *s = sink;
    json_t *mask = json_array();
    for (uint32_t y = 0; y < f->mask_height; y++) {
        char row[65] = "";
        for (uint32_t x = 0; x < f->mask_width && x < 64; x++)
            row[x] = f->mask[y * f->mask_width + x] ? '#' : '.';
        (void)json_array_append_new(mask, json_string(row));
    }
    return json_array_append_new(s->finds, json_pack("{s:s, s:[f,f,f,f], s:f, s:o}", "kind",
                                                     f->kind == LINHUO_SMOKE ? "smoke" : "flame",
                                                     "box", (double)f->x_px, (double)f->y_px,
                                                     (double)f->width_px, (double)f->height_px,
                                                     "score", (double)f->score, "mask", mask));
}

static bool set_value(struct show *s, const char *name, size_t length, const char *text)
{
    for (uint32_t i = 0; i < s->detector->setting_count; i++) {
        const struct linhuo_setting *row = &s->detector->settings[i];
        if (strlen(row->name) != length || memcmp(row->name, name, length) != 0)
            continue;
        if (row->type == LINHUO_SWITCH)
            s->values[i].number = strcmp(text, "true") == 0;
        else if (row->type == LINHUO_NUMBER || row->type == LINHUO_INTEGER)
            s->values[i].number = strtod(text, NULL);
        else
            s->values[i].text = text;
        return true;
    }
    return false;
}

static bool load(struct show *s, const char *path)
{
    const struct linhuo_detector *(*entry)(void);
    s->object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = s->object ? dlsym(s->object, "linhuo_detector_v1") : NULL;
    if (!symbol) {
        (void)fprintf(stderr, "onnx_show: %s\n", dlerror());
        return false;
    }
    memcpy(&entry, &symbol, sizeof entry);
    const struct linhuo_detector *detector = entry();
    if (!detector || detector->setting_count > MAX_SETTINGS)
        return false;
    s->detector = detector;
    for (uint32_t i = 0; i < detector->setting_count; i++) {
        const struct linhuo_setting *row = &detector->settings[i];
        if (row->fallback)
            (void)set_value(s, row->name, strlen(row->name), row->fallback);
    }
    return true;
}

static uint8_t *read_ppm(const char *path, int *ret_width, int *ret_height)
{
    FILE *file = fopen(path, "rb");
    uint8_t *pixels = NULL;
    if (file && fscanf(file, "P6 %d %d 255", ret_width, ret_height) == 2 && fgetc(file) == '\n') {
        const size_t bytes = (size_t)3 * (size_t)*ret_width * (size_t)*ret_height;
        pixels = malloc(bytes);
        if (pixels && fread(pixels, 1, bytes, file) != bytes) {
            free(pixels);
            pixels = NULL;
        }
    }
    if (file)
        (void)fclose(file);
    return pixels;
}

/* Into the format and the size that are wanted. */
static uint8_t *convert(const struct show *s, const uint8_t *pixels, int width, int height,
                        int *ret_width, int *ret_height)
{
    const double across = s->want.max_width_px ? (double)s->want.max_width_px / width : 1;
    const double down = s->want.max_height_px ? (double)s->want.max_height_px / height : 1;
    const double scale = fmin(1, fmin(across, down));
    const int w = (int)fmax(1, lround(width * scale)), h = (int)fmax(1, lround(height * scale));
    uint8_t *out = malloc((size_t)3 * (size_t)w * (size_t)h + 64);
    struct SwsContext *scaler =
        sws_getContext(width, height, AV_PIX_FMT_RGB24, w, h,
                       s->want.format == LINHUO_BGR24 ? AV_PIX_FMT_BGR24 : AV_PIX_FMT_RGB24,
                       SWS_AREA | SWS_ACCURATE_RND | SWS_BITEXACT, NULL, NULL, NULL);
    if (!out || !scaler)
        exit(2);
    const uint8_t *const from[4] = {pixels};
    uint8_t *const to[4] = {out};
    const int from_stride[4] = {3 * width}, to_stride[4] = {3 * w};
    (void)sws_scale(scaler, from, from_stride, 0, height, to, to_stride);
    sws_freeContext(scaler);
    *ret_width = w;
    *ret_height = h;
    return out;
}

static void say(struct show *s, json_t *line)
{
    (void)json_array_append_new(s->lines, line);
}

static void show(struct show *s, const char *word, uint64_t number)
{
    const bool burst = strncmp(word, "burst@", 6) == 0;
    const char *colon = strchr(word, ':');
    int source_width = 0, source_height = 0, width, height;
    uint8_t *source = colon ? read_ppm(colon + 1, &source_width, &source_height) : NULL;
    if (!source) {
        (void)fprintf(stderr, "onnx_show: %s: no picture\n", word);
        exit(2);
    }
    uint8_t *pixels = convert(s, source, source_width, source_height, &width, &height);
    struct linhuo_picture picture = {
        .struct_size = sizeof picture,
        .format = s->want.format,
        .width_px = (uint32_t)width,
        .height_px = (uint32_t)height,
        .plane = {pixels},
        .stride = {3 * width},
        .source_width_px = (uint32_t)source_width,
        .source_height_px = (uint32_t)source_height,
        .capture_utc_us =
            INT64_C(1700000000000000) + (int64_t)(strtod(word + (burst ? 6 : 0), NULL) * 1e6),
        .number = number,
        .flags = burst ? LINHUO_PICTURE_BURST : 0,
    };
    s->finds = json_array();
    if (s->detector->detect(s->state, &picture, take, s) != 0)
        say(s, json_pack("{s:s}", "failed", s->failed));
    else
        say(s, json_pack("{s:[i,i], s:O}", "size", width, height, "finds", s->finds));
    json_decref(s->finds);
    free(pixels);
    free(source);
}

static void *run_camera(void *context)
{
    struct show *s = context;
    const struct linhuo_host host = {sizeof host, LINHUO_DETECTOR_ABI, s, hear, hear_failure};
    const struct linhuo_open arguments = {.struct_size = sizeof arguments,
                                          .value_count = s->detector->setting_count,
                                          .values = s->values,
                                          .camera = "shown",
                                          .preset = ""};
    if (s->detector->open(&host, &arguments, &s->want, &s->state) != 0) {
        say(s, json_pack("{s:s}", "refused", s->failed));
        return NULL;
    }
    say(s, json_pack("{s:[i,i,i], s:s}", "want", (int)s->want.format, (int)s->want.max_width_px,
                     (int)s->want.max_height_px, "log", s->logged));
    for (uint64_t number = 0; s->words[number]; number++) {
        if (strcmp(s->words[number], "reset") == 0)
            s->detector->reset(s->state);
        else
            show(s, s->words[number], number);
    }
    s->detector->close(s->state);
    return NULL;
}

static void run_all(struct show *cameras, const struct show *first, int count)
{
    pthread_t threads[MAX_CAMERAS];
    for (int i = 0; i < count; i++) {
        cameras[i] = *first;
        cameras[i].lines = json_array();
        if (pthread_create(&threads[i], NULL, run_camera, &cameras[i]) != 0)
            exit(2);
    }
    for (int i = 0; i < count; i++)
        (void)pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    static struct show first = {.want = {.struct_size = sizeof first.want}}, cameras[MAX_CAMERAS];
    int at = 1, count = 1, result = 0;
    size_t line;
    json_t *said;
    if (at < argc && argv[at][0] == '-')
        count = (int)strtol(argv[at++] + 1, NULL, 10);
    if (at >= argc || count < 1 || count > MAX_CAMERAS || !load(&first, argv[at++]))
        return 2;
    for (const char *equals; at < argc && (equals = strchr(argv[at], '=')) != NULL; at++)
        if (!set_value(&first, argv[at], (size_t)(equals - argv[at]), equals + 1))
            return 2;
    first.words = argv + at;
    run_all(cameras, &first, count);
    json_array_foreach (cameras[0].lines, line, said) {
        (void)json_dumpf(said, stdout, JSON_COMPACT);
        (void)putchar('\n');
    }
    for (int i = 0; i < count; i++)
        result = json_equal(cameras[i].lines, cameras[0].lines) ? result : 3;
    for (int i = 0; i < count; i++)
        json_decref(cameras[i].lines);
    return result;
}
