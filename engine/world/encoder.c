#include "world/encoder.h"

#include "world/canvas.h"

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <stdlib.h>
#include <string.h>

#define JPEG_QUANTISER 4
#define RTP_JPEG_LONGEST 2040 /* RFC 2435: eight-pixel units in one byte */

struct lh_encoder {
    AVCodecContext *context;
    AVFrame *drawn;     /* what the picture is drawn into */
    AVFrame *converted; /* in the encoder's own format; NULL: drawn is in it already */
    struct SwsContext *scaler;
    AVPacket *packet;
};

struct codec_row {
    const char *name;
    enum AVCodecID id;
    const char *preferred; /* libavcodec's name */
};

static const struct codec_row codec_rows[] = {
    [LH_CODEC_H264] = {"h264", AV_CODEC_ID_H264, "libx264"},
    [LH_CODEC_H265] = {"h265", AV_CODEC_ID_HEVC, "libx265"},
    [LH_CODEC_MJPEG] = {"mjpeg", AV_CODEC_ID_MJPEG, "mjpeg"},
};

const char *lh_codec_name(enum lh_codec codec)
{
    return codec_rows[codec].name;
}

int lh_codec_from_name(const char *name, enum lh_codec *ret_codec)
{
    for (size_t i = 0; i < sizeof codec_rows / sizeof *codec_rows; i++) {
        if (strcmp(codec_rows[i].name, name) == 0) {
            *ret_codec = (enum lh_codec)i;
            return LH_OK;
        }
    }
    return LH_ENOTFOUND;
}

/* Options of encoders that know them; others have none of the kind to set. */
static void tune(AVCodecContext *context, enum lh_codec codec)
{
    if (codec == LH_CODEC_MJPEG) {
        context->flags |= AV_CODEC_FLAG_QSCALE;
        context->global_quality = JPEG_QUANTISER * FF_QP2LAMBDA;
        (void)av_opt_set(context->priv_data, "huffman", "default", 0);
        return;
    }
    (void)av_opt_set(context->priv_data, "preset", "ultrafast", 0);
    (void)av_opt_set(context->priv_data, "tune", "zerolatency", 0);
    (void)av_opt_set(context->priv_data, "crf", "21", 0);
    (void)av_opt_set(context->priv_data, "forced-idr", "1", 0);
    if (codec == LH_CODEC_H264)
        (void)av_opt_set(context->priv_data, "x264-params", "scenecut=0:sliced-threads=0", 0);
    else
        (void)av_opt_set(context->priv_data, "x265-params",
                         "scenecut=0:repeat-headers=1:log-level=error:pools=none:frame-threads=1",
                         0);
}

static int open_context(struct lh_encoder *encoder, const struct lh_encoder_options *options,
                        struct lh_fault *fault)
{
    const struct codec_row *row = &codec_rows[options->codec];
    const AVCodec *codec = avcodec_find_encoder_by_name(row->preferred);
    if (!codec)
        codec = avcodec_find_encoder(row->id);
    if (!codec)
        return lh_fail(fault, LH_ENOTFOUND,
                       "this machine's libavcodec cannot encode %s; choose another --codec",
                       row->name);
    AVCodecContext *context = encoder->context = avcodec_alloc_context3(codec);
    if (!context)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    const AVRational rate = av_d2q(options->fps, 1000000);
    context->width = (int)options->width_px;
    context->height = (int)options->height_px;
    context->pix_fmt = options->codec == LH_CODEC_MJPEG ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P;
    context->time_base = av_inv_q(rate);
    context->framerate = rate;
    context->gop_size = INT32_MAX / 2; /* keyframes come when asked for */
    context->max_b_frames = 0;
    context->thread_count = 1;
    if (options->for_file)
        context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
    tune(context, options->codec);
    const int failure = avcodec_open2(context, codec, NULL);
    if (failure < 0)
        return lh_fail(fault, LH_EINVAL, "%s cannot encode %ux%u at %g pictures a second: %s",
                       codec->name, options->width_px, options->height_px, options->fps,
                       av_err2str(failure));
    return LH_OK;
}

static int make_frames(struct lh_encoder *encoder, const AVCodecContext *context,
                       struct lh_fault *fault)
{
    encoder->packet = av_packet_alloc();
    encoder->drawn = lh_canvas_create(AV_PIX_FMT_YUV420P, context->width, context->height);
    if (!encoder->packet || !encoder->drawn)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    if (context->pix_fmt == AV_PIX_FMT_YUV420P)
        return LH_OK;
    encoder->converted = lh_canvas_create(context->pix_fmt, context->width, context->height);
    encoder->scaler =
        sws_getContext(context->width, context->height, AV_PIX_FMT_YUV420P, context->width,
                       context->height, context->pix_fmt, SWS_POINT, NULL, NULL, NULL);
    if (!encoder->converted || !encoder->scaler)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    return LH_OK;
}

int lh_encoder_create(const struct lh_encoder_options *options, struct lh_fault *fault,
                      struct lh_encoder **ret_encoder)
{
    if (options->codec == LH_CODEC_MJPEG &&
        (options->width_px % 8 || options->height_px % 8 || options->width_px > RTP_JPEG_LONGEST ||
         options->height_px > RTP_JPEG_LONGEST))
        return lh_fail(fault, LH_ERANGE,
                       "RTP carries MJPEG only in multiples of 8 pixels up to %d, not %ux%u; "
                       "choose another --size or --codec",
                       RTP_JPEG_LONGEST, options->width_px, options->height_px);
    struct lh_encoder *encoder = calloc(1, sizeof *encoder);
    if (!encoder)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    int code = open_context(encoder, options, fault);
    if (code == LH_OK && encoder->context)
        code = make_frames(encoder, encoder->context, fault);
    if (code != LH_OK) {
        lh_encoder_destroy(&encoder);
        return code;
    }
    *ret_encoder = encoder;
    return LH_OK;
}

void lh_encoder_destroy(struct lh_encoder **encoder_pointer)
{
    struct lh_encoder *encoder = *encoder_pointer;
    if (!encoder)
        return;
    av_packet_free(&encoder->packet);
    av_frame_free(&encoder->drawn);
    av_frame_free(&encoder->converted);
    sws_freeContext(encoder->scaler);
    avcodec_free_context(&encoder->context);
    free(encoder);
    *encoder_pointer = NULL;
}

int lh_encoder_picture(struct lh_encoder *encoder, struct lh_scene_picture *ret_picture)
{
    if (av_frame_make_writable(encoder->drawn) < 0)
        return LH_ENOMEM;
    lh_canvas_planes(encoder->drawn, ret_picture);
    return LH_OK;
}

static int convert(struct lh_encoder *encoder, AVFrame **ret_frame)
{
    if (!encoder->converted) {
        *ret_frame = encoder->drawn;
        return LH_OK;
    }
    if (av_frame_make_writable(encoder->converted) < 0)
        return LH_ENOMEM;
    const AVFrame *drawn = encoder->drawn;
    if (sws_scale(encoder->scaler, (const uint8_t *const *)drawn->data, drawn->linesize, 0,
                  drawn->height, encoder->converted->data, encoder->converted->linesize) < 0)
        return LH_EINVAL;
    *ret_frame = encoder->converted;
    return LH_OK;
}

int lh_encoder_encode(struct lh_encoder *encoder, int64_t tick, bool keyframe,
                      const uint8_t **ret_data, size_t *ret_size)
{
    AVFrame *frame;
    const int code = convert(encoder, &frame);
    if (code != LH_OK)
        return code;
    frame->pts = tick;
    frame->pict_type = keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    frame->quality = encoder->context->global_quality;
    av_packet_unref(encoder->packet);
    int result = avcodec_send_frame(encoder->context, frame);
    if (result >= 0)
        result = avcodec_receive_packet(encoder->context, encoder->packet);
    if (result < 0)
        return result == AVERROR(ENOMEM) ? LH_ENOMEM : LH_EIO;
    *ret_data = encoder->packet->data;
    *ret_size = (size_t)encoder->packet->size;
    return LH_OK;
}

const struct AVCodecContext *lh_encoder_context(const struct lh_encoder *encoder)
{
    return encoder->context;
}
