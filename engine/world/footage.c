#include "world/footage.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_SIDE_PX 8192
#define BAD_IN_A_ROW 200 /* packets that give no picture before the clip counts as ended */
#define NEVER INT64_MAX

struct lh_footage {
    char *path;
    bool once;
    AVFormatContext *format;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *current; /* the last picture at or before the time asked for */
    AVFrame *next;    /* the one after */
    int64_t current_us;
    int64_t next_us; /* NEVER: there is none */
    bool has_current;
    bool drained;
    int stream;
    int64_t first_us; /* stream time of the first picture */
    int64_t duration_us;
    int64_t interval_us; /* where pictures carry no time */
    uint32_t width_px;
    uint32_t height_px;
    AVFrame *scaled; /* current, as I420 in the size that is served */
    bool scaled_fresh;
    struct SwsContext *scaler;
};

static int fail_file(struct lh_fault *fault, int code, const char *path, const char *what)
{
    return lh_fail(fault, code,
                   "cannot serve '%s': %s; give a video file that ffprobe can read, or a folder of "
                   "such files",
                   path, what);
}

static int error_of(int averror)
{
    if (averror == AVERROR(ENOMEM))
        return LH_ENOMEM;
    if (averror == AVERROR(ENOENT))
        return LH_ENOTFOUND;
    if (averror == AVERROR(EACCES))
        return LH_EPERM;
    return LH_EFORMAT;
}

static const AVStream *stream_of(const struct lh_footage *footage)
{
    return footage->format->streams[footage->stream];
}

static int64_t microseconds(const struct lh_footage *footage, int64_t stream_time)
{
    return av_rescale_q(stream_time, stream_of(footage)->time_base, AV_TIME_BASE_Q);
}

static int open_file(struct lh_footage *footage, struct lh_fault *fault)
{
    int result = avformat_open_input(&footage->format, footage->path, NULL, NULL);
    if (result >= 0)
        result = avformat_find_stream_info(footage->format, NULL);
    const AVCodec *codec = NULL;
    if (result >= 0)
        result = av_find_best_stream(footage->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (result < 0)
        return fail_file(fault, error_of(result), footage->path,
                         result == AVERROR_STREAM_NOT_FOUND ? "there is no video in it"
                                                            : av_err2str(result));
    footage->stream = result;
    for (unsigned i = 0; i < footage->format->nb_streams; i++) {
        if ((int)i != footage->stream)
            footage->format->streams[i]->discard = AVDISCARD_ALL;
    }
    footage->decoder = avcodec_alloc_context3(codec);
    if (!footage->decoder)
        return fail_file(fault, LH_ENOMEM, footage->path, "out of memory");
    result = avcodec_parameters_to_context(footage->decoder, stream_of(footage)->codecpar);
    footage->decoder->thread_count = 1;
    footage->decoder->pkt_timebase = stream_of(footage)->time_base;
    if (result >= 0)
        result = avcodec_open2(footage->decoder, codec, NULL);
    return result < 0 ? fail_file(fault, error_of(result), footage->path, av_err2str(result))
                      : LH_OK;
}

/* Feeds the decoder until it gives a picture. LH_EEOF when the file holds no more. */
static int decode_one(struct lh_footage *footage, AVFrame *frame)
{
    for (int bad = 0; bad < BAD_IN_A_ROW;) {
        const int result = avcodec_receive_frame(footage->decoder, frame);
        if (result >= 0)
            return LH_OK;
        if (result == AVERROR(ENOMEM))
            return LH_ENOMEM;
        if (result == AVERROR_EOF || footage->drained)
            return LH_EEOF;
        bad += result != AVERROR(EAGAIN);
        if (av_read_frame(footage->format, footage->packet) < 0) {
            footage->drained = true;
            (void)avcodec_send_packet(footage->decoder, NULL);
            continue;
        }
        if (footage->packet->stream_index == footage->stream)
            bad += avcodec_send_packet(footage->decoder, footage->packet) < 0;
        av_packet_unref(footage->packet);
    }
    return LH_EEOF;
}

static int decode_next(struct lh_footage *footage)
{
    const int code = decode_one(footage, footage->next);
    if (code == LH_ENOMEM)
        return code;
    if (code != LH_OK) {
        footage->next_us = NEVER;
        return LH_OK;
    }
    const int64_t stamp = footage->next->best_effort_timestamp;
    footage->next_us = stamp != AV_NOPTS_VALUE ? microseconds(footage, stamp) - footage->first_us
                       : footage->has_current  ? footage->current_us + footage->interval_us
                                               : 0;
    return LH_OK;
}

static void step(struct lh_footage *footage)
{
    AVFrame *old = footage->current;
    footage->current = footage->next;
    footage->next = old;
    av_frame_unref(footage->next);
    footage->current_us = footage->next_us;
    footage->has_current = true;
    footage->scaled_fresh = false;
}

static int64_t stream_time(const struct lh_footage *footage, int64_t clip_us)
{
    return av_rescale_q(clip_us + footage->first_us, AV_TIME_BASE_Q, stream_of(footage)->time_base);
}

static int seek(struct lh_footage *footage, int64_t clip_us)
{
    int result = av_seek_frame(footage->format, footage->stream, stream_time(footage, clip_us),
                               AVSEEK_FLAG_BACKWARD);
    if (result < 0) /* a bare stream without index or times: from its start */
        result = av_seek_frame(footage->format, -1, 0, AVSEEK_FLAG_BYTE);
    if (result < 0)
        return LH_EIO;
    avcodec_flush_buffers(footage->decoder);
    footage->drained = false;
    footage->has_current = false;
    return decode_next(footage);
}

/* True where a keyframe lies between what comes next and the time asked for. */
static bool seek_saves_decoding(struct lh_footage *footage, int64_t clip_us)
{
    if (footage->next_us == NEVER || clip_us <= footage->next_us)
        return false;
    const AVIndexEntry *entry = avformat_index_get_entry_from_timestamp(
        footage->format->streams[footage->stream], stream_time(footage, clip_us),
        AVSEEK_FLAG_BACKWARD);
    return entry && microseconds(footage, entry->timestamp) - footage->first_us >
                        footage->next_us + footage->interval_us;
}

static int advance(struct lh_footage *footage, int64_t clip_us)
{
    int code = LH_OK;
    if ((footage->has_current && clip_us < footage->current_us) ||
        seek_saves_decoding(footage, clip_us))
        code = seek(footage, clip_us);
    while (code == LH_OK && footage->next_us != NEVER &&
           (footage->next_us <= clip_us || !footage->has_current)) {
        step(footage);
        code = decode_next(footage);
    }
    if (code == LH_OK && !footage->has_current)
        return LH_EDECODE;
    return code;
}

/* The container's word where it has one, else the last time stamp in the file. */
static int measure(struct lh_footage *footage)
{
    const AVStream *stream = stream_of(footage);
    footage->interval_us = stream->avg_frame_rate.num > 0
                               ? av_rescale_q(1, av_inv_q(stream->avg_frame_rate), AV_TIME_BASE_Q)
                               : AV_TIME_BASE / 25;
    if (footage->interval_us < 1)
        footage->interval_us = 1;
    if (stream->duration > 0)
        footage->duration_us = microseconds(footage, stream->duration);
    else if (footage->format->duration > 0)
        footage->duration_us = footage->format->duration;
    if (footage->duration_us > 0)
        return LH_OK;
    int64_t last_us = footage->first_us;
    while (av_read_frame(footage->format, footage->packet) >= 0) {
        const int64_t stamp =
            footage->packet->pts != AV_NOPTS_VALUE ? footage->packet->pts : footage->packet->dts;
        if (footage->packet->stream_index == footage->stream)
            last_us = stamp != AV_NOPTS_VALUE ? microseconds(footage, stamp)
                                              : last_us + footage->interval_us;
        av_packet_unref(footage->packet);
    }
    footage->duration_us = last_us - footage->first_us + footage->interval_us;
    return seek(footage, 0);
}

/* Decodes the first picture: it fixes the size and the zero of the clip's time. */
static int open_picture(struct lh_footage *footage, const struct lh_footage_options *options,
                        struct lh_fault *fault)
{
    int code = decode_next(footage);
    if (code == LH_OK && footage->next_us == NEVER)
        code = LH_EDECODE;
    if (code != LH_OK)
        return fail_file(fault, code, footage->path, "no picture in it can be decoded");
    footage->first_us = footage->next_us;
    footage->next_us = 0;
    const int width = footage->next->width;
    const int height = footage->next->height;
    if (width > LONGEST_SIDE_PX || height > LONGEST_SIDE_PX)
        return fail_file(fault, LH_ELIMIT, footage->path, "its pictures are larger than 8192");
    double scale = 1;
    if (options->max_width_px > 0 && width > (int)options->max_width_px)
        scale = (double)options->max_width_px / width;
    if (options->max_height_px > 0 && height * scale > options->max_height_px)
        scale = (double)options->max_height_px / height;
    footage->width_px = (uint32_t)lround(width * scale) / options->multiple * options->multiple;
    footage->height_px = (uint32_t)lround(height * scale) / options->multiple * options->multiple;
    if (footage->width_px < 16 || footage->height_px < 16)
        return fail_file(fault, LH_ERANGE, footage->path, "its pictures are smaller than 16");
    footage->scaled->format = AV_PIX_FMT_YUV420P;
    footage->scaled->width = (int)footage->width_px;
    footage->scaled->height = (int)footage->height_px;
    if (av_frame_get_buffer(footage->scaled, 0) < 0)
        return fail_file(fault, LH_ENOMEM, footage->path, "out of memory");
    code = measure(footage);
    return code == LH_OK ? code : fail_file(fault, code, footage->path, "it cannot be rewound");
}

int lh_footage_create(const struct lh_footage_options *options, struct lh_fault *fault,
                      struct lh_footage **ret_footage)
{
    struct lh_footage *footage = calloc(1, sizeof *footage);
    if (!footage)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    footage->once = options->once;
    footage->path = strdup(options->path);
    footage->packet = av_packet_alloc();
    footage->current = av_frame_alloc();
    footage->next = av_frame_alloc();
    footage->scaled = av_frame_alloc();
    int code = LH_OK;
    if (!footage->path || !footage->packet || !footage->current || !footage->next ||
        !footage->scaled)
        code = lh_fail(fault, LH_ENOMEM, "out of memory");
    if (code == LH_OK)
        code = open_file(footage, fault);
    if (code == LH_OK)
        code = open_picture(footage, options, fault);
    if (code != LH_OK) {
        lh_footage_destroy(&footage);
        return code;
    }
    *ret_footage = footage;
    return LH_OK;
}

void lh_footage_destroy(struct lh_footage **footage_pointer)
{
    struct lh_footage *footage = *footage_pointer;
    if (!footage)
        return;
    sws_freeContext(footage->scaler);
    av_frame_free(&footage->scaled);
    av_frame_free(&footage->next);
    av_frame_free(&footage->current);
    av_packet_free(&footage->packet);
    avcodec_free_context(&footage->decoder);
    avformat_close_input(&footage->format);
    free(footage->path);
    free(footage);
    *footage_pointer = NULL;
}

uint32_t lh_footage_width_px(const struct lh_footage *footage)
{
    return footage->width_px;
}

uint32_t lh_footage_height_px(const struct lh_footage *footage)
{
    return footage->height_px;
}

double lh_footage_duration_s(const struct lh_footage *footage)
{
    return (double)footage->duration_us / AV_TIME_BASE;
}

const char *lh_footage_path(const struct lh_footage *footage)
{
    return footage->path;
}

static int scale_current(struct lh_footage *footage)
{
    const AVFrame *from = footage->current;
    if (footage->scaled_fresh)
        return LH_OK;
    footage->scaler = sws_getCachedContext(
        footage->scaler, from->width, from->height, from->format, footage->scaled->width,
        footage->scaled->height, AV_PIX_FMT_YUV420P, SWS_AREA | SWS_ACCURATE_RND, NULL, NULL, NULL);
    if (!footage->scaler)
        return LH_EDECODE;
    if (sws_scale(footage->scaler, (const uint8_t *const *)from->data, from->linesize, 0,
                  from->height, footage->scaled->data, footage->scaled->linesize) < 0)
        return LH_EDECODE;
    footage->scaled_fresh = true;
    return LH_OK;
}

int lh_footage_render(struct lh_footage *footage, double clip_s, struct lh_scene_picture *picture)
{
    if (!isfinite(clip_s) || clip_s < 0 || clip_s > 1e12)
        return LH_EINVAL;
    int64_t clip_us = llround(clip_s * AV_TIME_BASE);
    if (footage->once && clip_us >= footage->duration_us)
        return LH_EEOF;
    clip_us %= footage->duration_us;
    int code = advance(footage, clip_us);
    if (code == LH_OK)
        code = scale_current(footage);
    if (code != LH_OK)
        return code;
    for (int i = 0; i < 3; i++) {
        const int width = i == 0 ? footage->scaled->width : footage->scaled->width / 2;
        const int height = i == 0 ? footage->scaled->height : footage->scaled->height / 2;
        for (int y = 0; y < height; y++)
            memcpy(picture->plane[i] + (ptrdiff_t)y * picture->stride[i],
                   footage->scaled->data[i] + (ptrdiff_t)y * footage->scaled->linesize[i],
                   (size_t)width);
    }
    return LH_OK;
}
