/* What a network costs in the detector `onnx`, beside the bare ONNX Runtime call.
 *
 *   onnx_bench PLUGIN.so MANIFEST.json PICTURES WIDTH HEIGHT
 *
 * The same pictures, one after the other: converted and scaled as the engine does it for all detectors, shown to
 * the plugin, and given to a session of the same file with the same options, as often as the plugin runs it. Where
 * there is a second look, a second camera, not timed, that shows whatever was looked at says how often that ran.
 * Processor time of this process, not wall time, so that a loaded machine does not matter much. Prints one JSON
 * object of medians, in milliseconds a picture.
 */
#include <dlfcn.h>
#include <libswscale/swscale.h>
#include <math.h>
#include <onnxruntime_c_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "onnx/canvas.h"

#define MAX_PICTURES 1000

static const OrtApi *ort;

/* One of the networks, run without the plugin. */
struct bare {
    OrtSession *session;
    OrtValue *input;
    char *input_name;
    char *output_name;
};

struct bench {
    const struct linhuo_detector *detector;
    void *state;
    void *counting; /* the camera that counts second looks; NULL where there are none */
    struct linhuo_want want;
    struct onnx_manifest manifest;
    struct onnx_canvas canvas;
    OrtEnv *environment;
    struct bare first;
    struct bare second;
    size_t finds;
    size_t looks; /* second ones, at the picture */
};

static void stop(const char *text)
{
    (void)fprintf(stderr, "onnx_bench: %s\n", text);
    exit(1);
}

static void check(OrtStatus *status)
{
    if (status)
        stop(ort->GetErrorMessage(status));
}

static void hear(void *context, uint32_t level, const char *text)
{
    (void)context, (void)level, (void)text;
}

static void hear_failure(void *context, const char *text)
{
    (void)context;
    stop(text);
}

static int count_find(void *sink, const struct linhuo_find *find)
{
    struct bench *b = sink;
    (void)find;
    b->finds++;
    return 0;
}

static int count_look(void *sink, const struct linhuo_find *find)
{
    struct bench *b = sink;
    b->looks += b->manifest.second.combine[find->kind].asked;
    return 0;
}

static double cpu_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void open_plugin(struct bench *b, const char *path, const char *manifest)
{
    static const struct linhuo_host host = {sizeof host, LINHUO_DETECTOR_ABI, NULL, hear,
                                            hear_failure};
    static struct linhuo_value values[32];
    const struct linhuo_detector *(*entry)(void);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = object ? dlsym(object, "linhuo_detector_v1") : NULL;
    if (!symbol)
        stop(dlerror());
    memcpy(&entry, &symbol, sizeof entry);
    b->detector = entry();
    for (uint32_t i = 0; i < b->detector->setting_count && i < 32; i++) {
        const struct linhuo_setting *row = &b->detector->settings[i];
        values[i].text = row->fallback ? row->fallback : manifest;
        values[i].number =
            row->type == LINHUO_SWITCH ? 1 : strtod(row->fallback ? row->fallback : "0", NULL);
    }
    const struct linhuo_open arguments = {sizeof arguments, b->detector->setting_count, values,
                                          "bench", ""};
    b->want.struct_size = sizeof b->want;
    if (b->detector->open(&host, &arguments, &b->want, &b->state) != 0)
        stop("the plugin does not open");
    if (!b->manifest.second.file.path[0])
        return;
    for (uint32_t i = 0; i < b->detector->setting_count && i < 32; i++)
        if (strcmp(b->detector->settings[i].name, "score") == 0)
            values[i].number = 1e-9; /* nothing that was looked at again is dropped */
    if (b->detector->open(&host, &arguments, &b->want, &b->counting) != 0)
        stop("the plugin does not open twice");
}

static struct bare open_session(const struct bench *b, const char *path, const char *output_name,
                                int channels, int width, int height)
{
    struct bare bare = {0};
    OrtSessionOptions *options;
    OrtAllocator *allocator;
    const int64_t shape[4] = {1, channels, height, width};
    void *values;
    check(ort->CreateSessionOptions(&options));
    check(ort->SetIntraOpNumThreads(options, 1));
    check(ort->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
    check(ort->CreateSession(b->environment, path, options, &bare.session));
    check(ort->GetAllocatorWithDefaultOptions(&allocator));
    check(ort->SessionGetInputName(bare.session, 0, allocator, &bare.input_name));
    if (output_name[0])
        bare.output_name = strdup(output_name);
    else
        check(ort->SessionGetOutputName(bare.session, 0, allocator, &bare.output_name));
    check(ort->CreateTensorAsOrtValue(allocator, shape, 4, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
                                      &bare.input));
    check(ort->GetTensorMutableData(bare.input, &values));
    for (int64_t i = 0; i < shape[1] * shape[2] * shape[3]; i++)
        ((float *)values)[i] = (float)(i % 97) / 97;
    return bare;
}

static void open_sessions(struct bench *b)
{
    const struct onnx_manifest *m = &b->manifest;
    const struct onnx_input *close = &m->second.input;
    ort = OrtGetApiBase()->GetApi(ORT_API_VERSION);
    check(ort->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "bench", &b->environment));
    b->first = open_session(b, m->files[ONNX_FLOAT32].path, m->output.name, m->input.channel_count,
                            b->canvas.window_width, b->canvas.window_height);
    if (b->counting)
        b->second = open_session(b, m->second.file.path, "", close->channel_count, close->width,
                                 close->height);
}

/* As a tower camera gives them: detail and noise. */
static void draw(uint8_t *picture, int width, int height, uint32_t number)
{
    uint32_t seed = number * 2654435761U + 1;
    for (int i = 0; i < width * height * 3 / 2; i++) {
        seed = seed * 1664525U + 1013904223U;
        picture[i] = (uint8_t)(96 + (i / 37 & 31) + (seed >> 27));
    }
}

static double run_bare(const struct bare *bare, size_t times)
{
    const double begun = cpu_ms();
    for (size_t i = 0; i < times; i++) {
        OrtValue *output = NULL;
        check(ort->Run(bare->session, NULL, (const char *const *)&bare->input_name,
                       (const OrtValue *const *)&bare->input, 1,
                       (const char *const *)&bare->output_name, 1, &output));
        ort->ReleaseValue(output);
    }
    return cpu_ms() - begun;
}

static size_t count_looks(struct bench *b, const struct linhuo_picture *picture)
{
    b->looks = 0;
    if (b->counting && b->detector->detect(b->counting, picture, count_look, b) != 0)
        stop("the plugin failed");
    return b->looks;
}

static int compare(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return values[count / 2];
}

static void measure(struct bench *b, int count, int width, int height, int shown_width,
                    int shown_height)
{
    static double convert[MAX_PICTURES], detect[MAX_PICTURES], bare[MAX_PICTURES],
        looks[MAX_PICTURES];
    const size_t windows = (size_t)b->canvas.columns * (size_t)b->canvas.rows;
    uint8_t *source = malloc((size_t)width * (size_t)height * 3 / 2);
    uint8_t *shown = malloc((size_t)shown_width * (size_t)shown_height * 3 + 64);
    struct SwsContext *scaler =
        sws_getContext(width, height, AV_PIX_FMT_YUV420P, shown_width, shown_height,
                       b->want.format == LINHUO_BGR24 ? AV_PIX_FMT_BGR24 : AV_PIX_FMT_RGB24,
                       SWS_AREA | SWS_ACCURATE_RND | SWS_BITEXACT, NULL, NULL, NULL);
    if (!source || !shown || !scaler)
        stop("out of memory");
    for (int i = -2; i < count; i++) { /* the first two warm up */
        struct linhuo_picture picture = {.struct_size = sizeof picture,
                                         .format = b->want.format,
                                         .width_px = (uint32_t)shown_width,
                                         .height_px = (uint32_t)shown_height,
                                         .plane = {shown},
                                         .stride = {3 * shown_width},
                                         .source_width_px = (uint32_t)width,
                                         .source_height_px = (uint32_t)height,
                                         .capture_utc_us = (int64_t)(i + 10) * 10000000};
        const uint8_t *const from[4] = {source, source + width * height,
                                        source + width * height * 5 / 4};
        const int from_stride[4] = {width, width / 2, width / 2};
        uint8_t *const to[4] = {shown};
        const int to_stride[4] = {3 * shown_width};
        const int at = i < 0 ? 0 : i;
        draw(source, width, height, (uint32_t)(i + 2));
        double begun = cpu_ms();
        (void)sws_scale(scaler, from, from_stride, 0, height, to, to_stride);
        convert[at] = cpu_ms() - begun;
        looks[at] = (double)count_looks(b, &picture);
        bare[at] = run_bare(&b->first, windows) + run_bare(&b->second, (size_t)looks[at]);
        begun = cpu_ms();
        if (b->detector->detect(b->state, &picture, count_find, b) != 0)
            stop("the plugin failed");
        detect[at] = cpu_ms() - begun;
    }
    (void)printf("{\"pictures\": %d, \"shown\": [%d, %d], \"windows\": %zu, \"looks\": %.0f, "
                 "\"convert_ms\": %.3f, \"detect_ms\": %.3f, \"bare_ms\": %.3f, \"finds\": %zu}\n",
                 count, shown_width, shown_height, windows, median(looks, count),
                 median(convert, count), median(detect, count), median(bare, count), b->finds);
    sws_freeContext(scaler);
    free(shown);
    free(source);
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct onnx_fault fault = {{0}};
    if (argc != 6)
        stop("usage: onnx_bench PLUGIN.so MANIFEST.json PICTURES WIDTH HEIGHT");
    const int count = (int)strtol(argv[3], NULL, 10);
    const int width = (int)strtol(argv[4], NULL, 10), height = (int)strtol(argv[5], NULL, 10);
    if (count < 1 || count > MAX_PICTURES || width < 16 || width > 8192 || height < 16 ||
        height > 8192 || width % 2 || height % 2)
        stop("1 to 1000 pictures, even sides of 16 to 8192");
    if (onnx_manifest_load(argv[2], &b.manifest, &fault) != 0)
        stop(fault.text);
    open_plugin(&b, argv[1], argv[2]);
    const double scale =
        fmin(1, fmin((double)b.want.max_width_px / width, (double)b.want.max_height_px / height));
    const int shown_width = (int)lround(width * scale), shown_height = (int)lround(height * scale);
    if (onnx_canvas_plan(&b.manifest.input, b.manifest.output.stride, shown_width, shown_height,
                         &b.canvas, &fault) != 0)
        stop(fault.text);
    open_sessions(&b);
    measure(&b, count, width, height, shown_width, shown_height);
    b.detector->close(b.state);
    if (b.counting)
        b.detector->close(b.counting);
    return 0;
}
