/* Runs one detector plugin over a video and shows what it finds, for whoever writes or judges one.
 *
 *   look PLUGIN.so VIDEO [--set NAME=VALUE]... [--interval S] [--clock S] [--from S] [--to S]
 *        [--tracks] [--gap S] [--confirm S] [--growth X] [--score X] [--png FOLDER]
 *
 * Prints one JSON line a find; with --tracks, one line a confirmed track instead, from the engine's
 * tracker at its defaults but for max_gap_s (--gap, 600); confirm_min_s (--confirm, 20), min_growth
 * (--growth, 1) and confirm_score (--score, 0.4) can be set too. At the end comes a summary line.
 * --interval skips pictures that are closer together; --clock ignores the file's timestamps and gives
 * every picture the same distance. --png writes the pictures with finds as SECONDS.png, boxes drawn,
 * yellow below --score and red from there.
 */
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>

#include "detect/track.h"
#include "linhuo_detector.h"

#define MAX_SETTINGS 64
#define MAX_FINDS 256
struct look {
    void *object; /* holds the detector; open until the end */
    const struct linhuo_detector *detector;
    struct linhuo_value values[MAX_SETTINGS];
    double interval_s;
    double clock_s;
    double from_s;
    double to_s;
    double track_score;
    bool tracks_only;
    const char *png_folder;
    struct linhuo_want want;
    void *state;
    struct linhuo_find finds[MAX_FINDS];
    size_t find_count;
    struct lh_tracker *tracker;
    double track_gap_s;
    double confirm_s;
    double track_growth;
    double at_s;
    float width_px;
    float height_px;
    size_t pictures;
    size_t with_finds;
    size_t all_finds;
    unsigned raised;
    double busy_s;
    double slowest_s;
};

static void host_log(void *context, uint32_t level, const char *text)
{
    (void)context;
    fprintf(stderr, "log %u: %s\n", (unsigned)level, text);
}

static void host_fail(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "failed: %s\n", text);
}

static int take_find(void *sink, const struct linhuo_find *find)
{
    struct look *l = sink;

    if (l->find_count == MAX_FINDS)
        return -1;
    l->finds[l->find_count] = *find;
    l->finds[l->find_count++].mask = NULL;
    return 0;
}

static double seconds_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool parse_number(const char *text, double *ret)
{
    char *end;

    errno = 0;
    *ret = strtod(text, &end);
    return errno == 0 && end != text && *end == '\0';
}

static int set_value(struct look *l, const char *name, size_t length, const char *text)
{
    const struct linhuo_detector *d = l->detector;

    for (uint32_t i = 0; i < d->setting_count; i++) {
        if (strlen(d->settings[i].name) != length || memcmp(d->settings[i].name, name, length) != 0)
            continue;
        l->values[i].text = text;
        if (d->settings[i].type == LINHUO_SWITCH) {
            l->values[i].number = strcmp(text, "true") == 0;
            return 0;
        }
        if (d->settings[i].type > LINHUO_INTEGER)
            return 0;
        return parse_number(text, &l->values[i].number) ? 0 : -1;
    }
    return -1;
}

static void print_find(const struct look *l, unsigned number, const struct linhuo_find *f)
{
    printf("{\"find\":%u,\"at_s\":%.2f,\"kind\":\"%s\",\"box_px\":[%.0f,%.0f,%.0f,%.0f],"
           "\"score\":%.3f}\n",
           number, l->at_s, f->kind == LINHUO_SMOKE ? "smoke" : "flame", (double)f->x_px,
           (double)f->y_px, (double)f->width_px, (double)f->height_px, (double)f->score);
}

static void print_track(void *context, enum lh_track_event_type type, const struct lh_track *track)
{
    struct look *l = context;

    if (type != LH_TRACK_RAISED)
        return;
    l->raised++;
    printf("{\"track\":%llu,\"at_s\":%.2f,\"since_s\":%.2f,\"kind\":\"%s\","
           "\"box_px\":[%.0f,%.0f,%.0f,%.0f],\"score\":%.3f}\n",
           (unsigned long long)track->id, l->at_s,
           l->at_s - (double)(track->last_utc_us - track->first_utc_us) / 1e6,
           lh_kind_name(track->kind), (double)(track->box.x * l->width_px),
           (double)(track->box.y * l->height_px), (double)(track->box.width * l->width_px),
           (double)(track->box.height * l->height_px), (double)track->score);
}

static int feed_tracks(struct look *l, int64_t utc_us)
{
    static struct lh_detection detections[MAX_FINDS];

    for (size_t i = 0; i < l->find_count; i++) {
        const struct linhuo_find *f = &l->finds[i];
        detections[i] = (struct lh_detection){
            .kind = (enum lh_kind)f->kind,
            .box = {f->x_px / l->width_px, f->y_px / l->height_px, f->width_px / l->width_px,
                    f->height_px / l->height_px},
            .score = f->score,
        };
    }
    return lh_tracker_feed(l->tracker, utc_us, detections, l->find_count, print_track, l);
}

static void draw_box(AVFrame *rgb, const struct linhuo_find *f, double threshold)
{
    int x0 = (int)f->x_px, y0 = (int)f->y_px;
    int x1 = (int)(f->x_px + f->width_px), y1 = (int)(f->y_px + f->height_px);

    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++) {
            if ((x > x0 && x < x1 && y > y0 && y < y1) || x < 0 || y < 0 || x >= rgb->width ||
                y >= rgb->height)
                continue;
            uint8_t *p = rgb->data[0] + (ptrdiff_t)y * rgb->linesize[0] + (ptrdiff_t)3 * x;
            p[0] = 255;
            p[1] = (double)f->score >= threshold ? 0 : 255;
            p[2] = 0;
        }
}

static int write_png(const struct look *l, const AVFrame *frame)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
    AVCodecContext *encoder = codec != NULL ? avcodec_alloc_context3(codec) : NULL;
    AVFrame *rgb = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    struct SwsContext *scaler = NULL;
    char path[1024];
    FILE *file = NULL;
    int rc = -1;

    if (encoder == NULL || rgb == NULL || packet == NULL)
        goto out;
    rgb->format = AV_PIX_FMT_RGB24;
    rgb->width = frame->width;
    rgb->height = frame->height;
    encoder->pix_fmt = AV_PIX_FMT_RGB24;
    encoder->width = frame->width;
    encoder->height = frame->height;
    encoder->time_base = (AVRational){1, 1};
    scaler = sws_getContext(frame->width, frame->height, AV_PIX_FMT_YUV420P, frame->width,
                            frame->height, AV_PIX_FMT_RGB24, SWS_BILINEAR, NULL, NULL, NULL);
    if (scaler == NULL || av_frame_get_buffer(rgb, 0) < 0 ||
        avcodec_open2(encoder, codec, NULL) < 0)
        goto out;
    sws_scale(scaler, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height,
              rgb->data, rgb->linesize);
    for (size_t i = 0; i < l->find_count; i++)
        draw_box(rgb, &l->finds[i], l->track_score);
    if (avcodec_send_frame(encoder, rgb) < 0 || avcodec_receive_packet(encoder, packet) < 0)
        goto out;
    if (snprintf(path, sizeof(path), "%s/%09.2f.png", l->png_folder, l->at_s) >= (int)sizeof(path))
        goto out;
    file = fopen(path, "wb");
    if (file != NULL && fwrite(packet->data, 1, (size_t)packet->size, file) == (size_t)packet->size)
        rc = 0;
    if (file != NULL && fclose(file) != 0)
        rc = -1;
out:
    sws_freeContext(scaler);
    av_packet_free(&packet);
    av_frame_free(&rgb);
    avcodec_free_context(&encoder);
    return rc;
}

static int show(struct look *l, const AVFrame *frame, double at_s, uint32_t source_width,
                uint32_t source_height)
{
    struct linhuo_picture picture = {
        .struct_size = sizeof(picture),
        .format = LINHUO_I420,
        .width_px = (uint32_t)frame->width,
        .height_px = (uint32_t)frame->height,
        .plane = {frame->data[0], frame->data[1], frame->data[2]},
        .stride = {frame->linesize[0], frame->linesize[1], frame->linesize[2]},
        .source_width_px = source_width,
        .source_height_px = source_height,
        .capture_utc_us = INT64_C(1700000000000000) + (int64_t)llround(at_s * 1e6),
        .number = l->pictures,
    };
    double began = seconds_now();

    l->find_count = 0;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): load() has seen to it */
    if (l->detector->detect(l->state, &picture, take_find, l) != 0)
        return -1;
    double took = seconds_now() - began;
    l->busy_s += took;
    l->slowest_s = fmax(l->slowest_s, took);
    l->pictures++;
    l->with_finds += l->find_count > 0;
    l->all_finds += l->find_count;
    l->at_s = at_s;
    l->width_px = (float)frame->width;
    l->height_px = (float)frame->height;
    for (size_t i = 0; i < l->find_count && !l->tracks_only; i++)
        print_find(l, (unsigned)i, &l->finds[i]);
    if (l->tracks_only && feed_tracks(l, picture.capture_utc_us) != 0)
        return -1;
    if (l->png_folder != NULL && l->find_count > 0)
        return write_png(l, frame);
    return 0;
}

static AVFrame *scaled_frame(const struct look *l, const AVFrame *frame)
{
    AVFrame *out = av_frame_alloc();
    double scale = 1.0;

    if (out == NULL)
        return NULL;
    if (l->want.max_width_px > 0 && frame->width > (int)l->want.max_width_px)
        scale = (double)l->want.max_width_px / frame->width;
    if (l->want.max_height_px > 0 && frame->height * scale > (double)l->want.max_height_px)
        scale = (double)l->want.max_height_px / frame->height;
    out->format = AV_PIX_FMT_YUV420P;
    out->width = (int)lround(frame->width * scale);
    out->height = (int)lround(frame->height * scale);
    if (av_frame_get_buffer(out, 0) < 0)
        av_frame_free(&out);
    return out;
}

struct video {
    AVFormatContext *format;
    AVCodecContext *decoder;
    int stream;
    struct SwsContext *scaler;
    AVFrame *small;
    double last_s;
    size_t count;
};

static int take_frame(struct look *l, struct video *v, const AVFrame *frame)
{
    AVStream *stream = v->format->streams[v->stream];
    double at_s = l->clock_s > 0
                      ? (double)v->count * l->clock_s
                      : (double)frame->best_effort_timestamp * av_q2d(stream->time_base) -
                            (stream->start_time == AV_NOPTS_VALUE
                                 ? 0.0
                                 : (double)stream->start_time * av_q2d(stream->time_base));

    v->count++;
    if (at_s < l->from_s || at_s > l->to_s ||
        (v->last_s >= 0 && at_s < v->last_s + l->interval_s - 1e-6))
        return 0;
    v->last_s = at_s;
    if (v->small == NULL)
        v->small = scaled_frame(l, frame);
    if (v->small == NULL)
        return -1;
    v->scaler =
        sws_getCachedContext(v->scaler, frame->width, frame->height, frame->format, v->small->width,
                             v->small->height, AV_PIX_FMT_YUV420P, SWS_AREA, NULL, NULL, NULL);
    if (v->scaler == NULL)
        return -1;
    sws_scale(v->scaler, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height,
              v->small->data, v->small->linesize);
    return show(l, v->small, at_s, (uint32_t)frame->width, (uint32_t)frame->height);
}

static int play(struct look *l, struct video *v)
{
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    bool more = true;
    int rc = packet == NULL || frame == NULL ? -1 : 0;

    while (rc == 0 && more) {
        more = av_read_frame(v->format, packet) >= 0;
        if (!more)
            (void)avcodec_send_packet(v->decoder, NULL);
        else if (packet->stream_index == v->stream)
            (void)avcodec_send_packet(v->decoder, packet);
        av_packet_unref(packet);
        while (rc == 0 && avcodec_receive_frame(v->decoder, frame) >= 0) {
            rc = take_frame(l, v, frame);
            av_frame_unref(frame);
        }
    }
    av_frame_free(&frame);
    av_packet_free(&packet);
    return rc;
}

static int open_video(struct video *v, const char *path)
{
    const AVCodec *codec = NULL;

    if (avformat_open_input(&v->format, path, NULL, NULL) < 0 ||
        avformat_find_stream_info(v->format, NULL) < 0)
        return -1;
    v->stream = av_find_best_stream(v->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (v->stream < 0 || codec == NULL)
        return -1;
    v->decoder = avcodec_alloc_context3(codec);
    if (v->decoder == NULL ||
        avcodec_parameters_to_context(v->decoder, v->format->streams[v->stream]->codecpar) < 0 ||
        avcodec_open2(v->decoder, codec, NULL) < 0)
        return -1;
    return 0;
}

static int load(struct look *l, const char *path)
{
    const struct linhuo_detector *(*entry)(void);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = object != NULL ? dlsym(object, "linhuo_detector_v1") : NULL;

    if (symbol == NULL) {
        fprintf(stderr, "look: %s\n", dlerror());
        if (object != NULL)
            (void)dlclose(object);
        return -1;
    }
    memcpy(&entry, &symbol, sizeof(entry));
    const struct linhuo_detector *detector = entry();
    if (detector == NULL || detector->setting_count > MAX_SETTINGS) {
        (void)dlclose(object);
        return -1;
    }
    l->object = object;
    l->detector = detector;
    for (uint32_t i = 0; i < detector->setting_count; i++) {
        const struct linhuo_setting *s = &detector->settings[i];
        if (s->fallback != NULL && set_value(l, s->name, strlen(s->name), s->fallback) != 0)
            return -1;
    }
    return 0;
}

static int read_options(struct look *l, int argc, char **argv)
{
    const struct {
        const char *name;
        double *number;
    } numbers[] = {{"--interval", &l->interval_s}, {"--clock", &l->clock_s},
                   {"--from", &l->from_s},         {"--to", &l->to_s},
                   {"--score", &l->track_score},   {"--gap", &l->track_gap_s},
                   {"--confirm", &l->confirm_s},   {"--growth", &l->track_growth}};

    for (int i = 3; i < argc; i++) {
        bool known = false;
        if (strcmp(argv[i], "--tracks") == 0) {
            l->tracks_only = true;
            continue;
        }
        if (i + 1 >= argc)
            return -1;
        if (strcmp(argv[i], "--png") == 0) {
            l->png_folder = argv[++i];
            continue;
        }
        if (strcmp(argv[i], "--set") == 0) {
            const char *equals = strchr(argv[++i], '=');
            if (equals == NULL ||
                set_value(l, argv[i], (size_t)(equals - argv[i]), equals + 1) != 0)
                return -1;
            continue;
        }
        for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++)
            if (strcmp(argv[i], numbers[k].name) == 0)
                known = parse_number(argv[i + 1], numbers[k].number);
        if (!known)
            return -1;
        i++;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct look l = {
        .to_s = 1e12, .track_score = 0.4, .track_gap_s = 600, .confirm_s = 20, .track_growth = 1};
    struct video v = {.last_s = -1};
    struct linhuo_host host = {.struct_size = sizeof(host),
                               .abi = LINHUO_DETECTOR_ABI,
                               .log = host_log,
                               .fail = host_fail};
    int status = 1;

    if (argc < 3) {
        fprintf(stderr, "usage: look PLUGIN.so VIDEO [--set NAME=VALUE]... [--interval S] "
                        "[--clock S] [--from S] [--to S] [--tracks] [--gap S] [--confirm S] "
                        "[--score X] [--png FOLDER]\n");
        return 2;
    }
    if (load(&l, argv[1]) != 0 || l.detector == NULL)
        return 1;
    const struct linhuo_detector *detector = l.detector;
    if (read_options(&l, argc, argv) != 0) {
        fprintf(stderr, "look: an option or setting is unknown or has no valid value\n");
        return 2;
    }
    struct linhuo_open arguments = {.struct_size = sizeof(arguments),
                                    .value_count = detector->setting_count,
                                    .values = l.values,
                                    .camera = "look",
                                    .preset = ""};
    struct lh_track_config tracks = {.min_overlap = 0.1,
                                     .max_gap_s = l.track_gap_s,
                                     .max_gap_looks = 10,
                                     .max_distance_share = 0.05,
                                     .confirm_hits = 3,
                                     .confirm_window = 5,
                                     .confirm_min_s = l.confirm_s,
                                     .confirm_score = l.track_score,
                                     .release_score = l.track_score / 2,
                                     .min_growth = l.track_growth,
                                     .max_tracks = 32};
    if (lh_tracker_create(&tracks, &l.tracker) != 0) {
        fprintf(stderr, "look: --gap or --score is out of range\n");
        return 2;
    }
    l.want.struct_size = sizeof(l.want);
    if (detector->open(&host, &arguments, &l.want, &l.state) != 0)
        return 1;
    if (l.want.format != 0 && l.want.format != LINHUO_I420)
        fprintf(stderr, "look: shows I420 only\n");
    else if (open_video(&v, argv[2]) != 0)
        fprintf(stderr, "look: cannot read %s\n", argv[2]);
    else
        status = play(&l, &v) != 0;
    detector->close(l.state);
    printf("{\"pictures\":%zu,\"with_finds\":%zu,\"finds\":%zu,\"tracks\":%u,"
           "\"mean_ms\":%.2f,\"slowest_ms\":%.2f}\n",
           l.pictures, l.with_finds, l.all_finds, l.raised,
           l.pictures > 0 ? 1e3 * l.busy_s / (double)l.pictures : 0.0, 1e3 * l.slowest_s);
    lh_tracker_destroy(&l.tracker);
    sws_freeContext(v.scaler);
    av_frame_free(&v.small);
    avcodec_free_context(&v.decoder);
    avformat_close_input(&v.format);
    return status;
}
