#include "world/recorder.h"

#include "base/clock.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct lh_recorder {
    struct lh_encoder *encoder;
    AVFormatContext *format;
    AVPacket *packet;
    int64_t tick;
    int64_t gop_ticks;
};

static int error_of(int averror)
{
    if (averror == AVERROR(ENOMEM))
        return LH_ENOMEM;
    return averror < 0 && averror > -4096 ? lh_error_from_errno(-averror) : LH_EIO;
}

static int open_file(struct lh_recorder *recorder, const struct lh_recorder_options *options)
{
    const AVCodecContext *context = lh_encoder_context(recorder->encoder);
    int result = avformat_alloc_output_context2(&recorder->format, NULL, "mp4", options->path);
    if (result < 0)
        return error_of(result);
    recorder->format->flags |= AVFMT_FLAG_BITEXACT;
    AVStream *stream = avformat_new_stream(recorder->format, NULL);
    if (!stream)
        return LH_ENOMEM;
    stream->time_base = context->time_base;
    stream->avg_frame_rate = context->framerate;
    result = avcodec_parameters_from_context(stream->codecpar, context);
    char start[LH_TIME_TEXT];
    if (result >= 0)
        result = av_dict_set(&recorder->format->metadata, "creation_time",
                             lh_time_format(options->start_utc_us, start), 0);
    if (result >= 0)
        result = avio_open(&recorder->format->pb, options->path, AVIO_FLAG_WRITE);
    if (result >= 0)
        result = avformat_write_header(recorder->format, NULL);
    return result < 0 ? error_of(result) : LH_OK;
}

int lh_recorder_create(const struct lh_recorder_options *options, struct lh_fault *fault,
                       struct lh_recorder **ret_recorder)
{
    struct lh_recorder *recorder = calloc(1, sizeof *recorder);
    if (!recorder)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    struct lh_encoder_options encoding = options->encoding;
    encoding.for_file = true;
    recorder->gop_ticks = llround(fmax(options->gop_s * encoding.fps, 1.0));
    int code = lh_encoder_create(&encoding, fault, &recorder->encoder);
    if (code == LH_OK) {
        recorder->packet = av_packet_alloc();
        code = recorder->packet ? open_file(recorder, options) : LH_ENOMEM;
        if (code != LH_OK)
            (void)lh_fail(fault, code, "cannot write the clip '%s': %s", options->path,
                          lh_strerror(code));
    }
    if (code != LH_OK) {
        lh_recorder_destroy(&recorder);
        return code;
    }
    *ret_recorder = recorder;
    return LH_OK;
}

void lh_recorder_destroy(struct lh_recorder **recorder_pointer)
{
    struct lh_recorder *recorder = *recorder_pointer;
    if (!recorder)
        return;
    if (recorder->format)
        (void)avio_closep(&recorder->format->pb);
    avformat_free_context(recorder->format);
    av_packet_free(&recorder->packet);
    lh_encoder_destroy(&recorder->encoder);
    free(recorder);
    *recorder_pointer = NULL;
}

int lh_recorder_picture(struct lh_recorder *recorder, struct lh_scene_picture *ret_picture)
{
    return lh_encoder_picture(recorder->encoder, ret_picture);
}

int lh_recorder_add(struct lh_recorder *recorder)
{
    const bool keyframe = recorder->tick % recorder->gop_ticks == 0;
    const uint8_t *data;
    size_t size;
    int code = lh_encoder_encode(recorder->encoder, recorder->tick, keyframe, &data, &size);
    if (code != LH_OK)
        return code;
    int result = av_new_packet(recorder->packet, (int)size);
    if (result < 0)
        return error_of(result);
    memcpy(recorder->packet->data, data, size);
    const AVCodecContext *context = lh_encoder_context(recorder->encoder);
    const AVStream *stream = recorder->format->streams[0];
    recorder->packet->pts = recorder->packet->dts = recorder->tick;
    recorder->packet->duration = 1;
    recorder->packet->flags = keyframe ? AV_PKT_FLAG_KEY : 0;
    av_packet_rescale_ts(recorder->packet, context->time_base, stream->time_base);
    result = av_write_frame(recorder->format, recorder->packet);
    av_packet_unref(recorder->packet);
    recorder->tick++;
    return result < 0 ? error_of(result) : LH_OK;
}

int lh_recorder_finish(struct lh_recorder *recorder)
{
    int result = av_write_trailer(recorder->format);
    const int closed = avio_closep(&recorder->format->pb);
    if (result >= 0)
        result = closed;
    return result < 0 ? error_of(result) : LH_OK;
}
