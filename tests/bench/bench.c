/* What watching a camera costs, beside the least it can cost. One process a measurement, so that CPU time
 * and peak memory are its own.
 *
 *   bench demux    SECONDS CAMERAS INTERVAL_S URL   bare libavformat: packets read and dropped
 *   bench decode   SECONDS CAMERAS INTERVAL_S URL   the same, and the keyframes of every interval decoded
 *   bench watch    SECONDS CAMERAS INTERVAL_S URL   Linhuo's cameras (video room), frames dropped at once
 *
 * The same URL is opened CAMERAS times. After WARM_S for connecting and probing, which floor and Linhuo do in
 * their own ways, SECONDS are measured. Prints one JSON line: CPU seconds, frames, peak memory. */
#include "base/queue.h"
#include "base/thread.h"
#include "video/camera.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MAX_CAMERAS 64
#define WARM_S 3

struct job {
    const char *url;
    bool decode;
    double interval_s;
    int64_t end_us;
    uint64_t packets;
    uint64_t frames;
    int code;
    struct lh_thread thread;
};

static int64_t now_us(void)
{
    return lh_clock_monotonic_us(lh_clock_system());
}

static double cpu_s(void)
{
    struct timespec used;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static int interrupted(void *opaque)
{
    return now_us() > ((const struct job *)opaque)->end_us;
}

static AVCodecContext *open_decoder(const AVStream *stream)
{
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    AVCodecContext *context = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!context)
        return NULL;
    context->thread_count = 1;
    if (avcodec_parameters_to_context(context, stream->codecpar) < 0 ||
        avcodec_open2(context, codec, NULL) < 0)
        avcodec_free_context(&context);
    return context;
}

static void decode_keyframe(struct job *job, AVCodecContext *decoder, AVFrame *frame,
                            const AVPacket *packet)
{
    if (avcodec_send_packet(decoder, packet) < 0)
        return;
    (void)avcodec_send_packet(decoder, NULL);
    while (avcodec_receive_frame(decoder, frame) >= 0)
        job->frames++;
    avcodec_flush_buffers(decoder);
}

static void read_packets(struct job *job, AVFormatContext *format, AVCodecContext *decoder)
{
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    int64_t due_us = 0;
    while (packet && frame && now_us() < job->end_us && av_read_frame(format, packet) >= 0) {
        job->packets++;
        if (decoder && (packet->flags & AV_PKT_FLAG_KEY) && now_us() >= due_us) {
            /* half an interval of grace, as the engine has: keyframes do not come on the second */
            due_us = now_us() + (int64_t)((job->interval_s - 1) * 1e6);
            decode_keyframe(job, decoder, frame, packet);
        }
        av_packet_unref(packet);
    }
    av_frame_free(&frame);
    av_packet_free(&packet);
}

static void run_floor(void *opaque)
{
    struct job *job = opaque;
    AVFormatContext *format = avformat_alloc_context();
    AVDictionary *options = NULL;
    AVCodecContext *decoder = NULL;
    if (!format) {
        job->code = LH_ENOMEM;
        return;
    }
    format->interrupt_callback = (AVIOInterruptCB){.callback = interrupted, .opaque = job};
    (void)av_dict_set(&options, "rtsp_transport", "tcp", 0);
    job->code = avformat_open_input(&format, job->url, NULL, &options) < 0 ? LH_ECONNECT : LH_OK;
    av_dict_free(&options);
    if (job->code == LH_OK && avformat_find_stream_info(format, NULL) < 0)
        job->code = LH_EFORMAT;
    if (job->code == LH_OK) {
        if (job->decode)
            decoder = open_decoder(format->streams[0]);
        read_packets(job, format, decoder);
    }
    avcodec_free_context(&decoder);
    avformat_close_input(&format);
}

static int measure_floor(const char *url, bool decode, double seconds, int cameras,
                         double interval_s, uint64_t *ret_frames, double *ret_begun_s)
{
    static struct job jobs[MAX_CAMERAS];
    int code = LH_OK;
    for (int i = 0; i < cameras && code == LH_OK; i++) {
        jobs[i] = (struct job){.url = url,
                               .decode = decode,
                               .interval_s = interval_s,
                               .end_us = now_us() + (int64_t)((seconds + WARM_S) * 1e6)};
        code = lh_thread_start(&jobs[i].thread, "floor", run_floor, &jobs[i]);
    }
    (void)sleep(WARM_S);
    *ret_begun_s = cpu_s();
    for (int i = 0; i < cameras; i++) {
        lh_thread_join(&jobs[i].thread);
        *ret_frames += decode ? jobs[i].frames : jobs[i].packets;
        if (code == LH_OK)
            code = jobs[i].code;
    }
    return code;
}

static void drop_frame(void *item)
{
    struct lh_frame *frame = item;
    lh_frame_unref(&frame);
}

static int measure_watch(const char *url, double seconds, int cameras, double interval_s,
                         uint64_t *ret_frames, double *ret_begun_s)
{
    static struct lh_camera *running[MAX_CAMERAS];
    static struct lh_camera_config configs[MAX_CAMERAS];
    static char ids[MAX_CAMERAS][24];
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    static const char text[] = "site: {name: bench}\n";
    if (lh_site_parse("bench.yaml", text, sizeof text - 1, &findings, &site) != LH_OK)
        return LH_ECONFIG;
    const struct lh_queue_options options = {
        .policy = LH_QUEUE_LIVE, .max_count = 1, .drop = drop_frame};
    struct lh_queue *frames = NULL;
    int code = lh_queue_create(&options, &frames);
    for (int i = 0; i < cameras && code == LH_OK; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "bench-%d", i);
        configs[i] = site->camera_defaults;
        configs[i].id = ids[i];
        configs[i].url = (char *)(uintptr_t)url;
        configs[i].watch_interval_s = interval_s;
        const struct lh_camera_options camera = {
            .config = &configs[i], .clock = lh_clock_system(), .frames = frames};
        code = lh_camera_create(&camera, &running[i]);
        if (code == LH_OK)
            code = lh_camera_start(running[i]);
    }
    const int64_t warm_us = now_us() + WARM_S * LH_SECOND_US;
    const int64_t end_us = warm_us + (int64_t)(seconds * 1e6);
    bool warm = false;
    while (code == LH_OK && now_us() < end_us) {
        void *item;
        if (!warm && now_us() >= warm_us) {
            warm = true;
            *ret_begun_s = cpu_s();
        }
        if (lh_queue_pop(frames, (warm ? end_us : warm_us) - now_us(), &item) == LH_OK) {
            (*ret_frames)++;
            drop_frame(item);
        }
    }
    for (int i = 0; i < cameras; i++)
        lh_camera_destroy(&running[i]);
    lh_queue_destroy(&frames);
    lh_site_destroy(&site);
    return code;
}

static double read_number(const char *text, double most)
{
    char *end;
    errno = 0;
    const double value = strtod(text, &end);
    return errno || *end || end == text || !(value > 0) || value > most ? -1 : value;
}

int main(int argc, char **argv)
{
    const double seconds = argc == 6 ? read_number(argv[2], 3600) : -1;
    const double cameras = argc == 6 ? read_number(argv[3], MAX_CAMERAS) : -1;
    const double interval_s = argc == 6 ? read_number(argv[4], 3600) : -1;
    if (seconds < 0 || cameras < 0 || interval_s < 0) {
        (void)fputs("usage: bench demux|decode|watch SECONDS CAMERAS INTERVAL_S URL\n", stderr);
        return 2;
    }
    lh_log_configure(LH_LOG_WARN, LH_LOG_TEXT);
    av_log_set_level(AV_LOG_QUIET);
    (void)avformat_network_init();
    uint64_t frames = 0;
    double begun_s = 0;
    const int code =
        strcmp(argv[1], "watch") == 0
            ? measure_watch(argv[5], seconds, (int)cameras, interval_s, &frames, &begun_s)
            : measure_floor(argv[5], strcmp(argv[1], "decode") == 0, seconds, (int)cameras,
                            interval_s, &frames, &begun_s);
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)printf(
        "{\"mode\":\"%s\",\"error\":\"%s\",\"cpu_s\":%.4f,\"frames\":%llu,\"peak_kib\":%ld}\n",
        argv[1], code == LH_OK ? "" : lh_strerror(code), cpu_s() - begun_s,
        (unsigned long long)frames, usage.ru_maxrss);
    return code == LH_OK ? 0 : 1;
}
