#include "video/av_decode.h"

#include "base/error.h"

#include <libavcodec/avcodec.h>

static bool too_large(struct lh_av_decoder *decoder, int width, int height)
{
    const bool over = (decoder->max_width_px && width > (int64_t)decoder->max_width_px) ||
                      (decoder->max_height_px && height > (int64_t)decoder->max_height_px);
    if (over) {
        decoder->refused_width_px = (uint32_t)width;
        decoder->refused_height_px = (uint32_t)height;
    }
    return over;
}

static int get_buffer(AVCodecContext *codec, AVFrame *picture, int flags)
{
    if (too_large(codec->opaque, codec->width, codec->height))
        return AVERROR(EINVAL);
    return avcodec_default_get_buffer2(codec, picture, flags);
}

static void configure(struct lh_av_decoder *decoder)
{
    AVCodecContext *codec = decoder->codec;
    codec->thread_count = 1;
    codec->thread_type = 0;
    codec->flags |= AV_CODEC_FLAG_LOW_DELAY;
    codec->opaque = decoder;
    codec->get_buffer2 = get_buffer;
    /* for decoders that bring their own buffers; coded sizes are a little larger than shown ones */
    if (decoder->max_width_px && decoder->max_height_px)
        codec->max_pixels =
            ((int64_t)decoder->max_width_px + 256) * ((int64_t)decoder->max_height_px + 256) * 4;
}

int lh_av_decoder_open(struct lh_av_decoder *decoder, const AVCodecParameters *parameters,
                       uint32_t max_width_px, uint32_t max_height_px)
{
    const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
    if (!codec)
        return LH_EFORMAT;
    *decoder = (struct lh_av_decoder){.max_width_px = max_width_px, .max_height_px = max_height_px};
    if (too_large(decoder, parameters->width, parameters->height))
        return LH_ELIMIT;
    decoder->codec = avcodec_alloc_context3(codec);
    if (!decoder->codec)
        return LH_ENOMEM;
    configure(decoder);
    const AVCodecDescriptor *descriptor = avcodec_descriptor_get(parameters->codec_id);
    decoder->intra_only = descriptor && descriptor->props & AV_CODEC_PROP_INTRA_ONLY;
    int error = avcodec_parameters_to_context(decoder->codec, parameters);
    if (error >= 0)
        error = avcodec_open2(decoder->codec, codec, NULL);
    if (error < 0) {
        avcodec_free_context(&decoder->codec);
        return error == AVERROR(ENOMEM) ? LH_ENOMEM : LH_EFORMAT;
    }
    return LH_OK;
}

void lh_av_decoder_close(struct lh_av_decoder *decoder)
{
    avcodec_free_context(&decoder->codec);
}

const char *lh_av_decoder_name(const struct lh_av_decoder *decoder)
{
    return avcodec_get_name(decoder->codec->codec_id);
}

static int judge(const struct lh_av_decoder *decoder, int error)
{
    if (error == AVERROR(ENOMEM))
        return LH_ENOMEM;
    return decoder->refused_width_px ? LH_ELIMIT : LH_EDECODE;
}

int lh_av_decode_send(struct lh_av_decoder *decoder, const AVPacket *packet)
{
    const int error = avcodec_send_packet(decoder->codec, packet);
    return error < 0 ? judge(decoder, error) : LH_OK;
}

int lh_av_decode_receive(struct lh_av_decoder *decoder, AVFrame *picture)
{
    const int error = avcodec_receive_frame(decoder->codec, picture);
    if (error == AVERROR(EAGAIN))
        return LH_EAGAIN;
    if (error == AVERROR_EOF)
        return LH_EEOF;
    if (error < 0)
        return judge(decoder, error);
    if (picture->flags & AV_FRAME_FLAG_CORRUPT || picture->decode_error_flags) {
        av_frame_unref(picture);
        return LH_EDECODE;
    }
    return LH_OK;
}

void lh_av_decode_reset(struct lh_av_decoder *decoder)
{
    avcodec_flush_buffers(decoder->codec);
}

int lh_av_decode_alone(struct lh_av_decoder *decoder, const AVPacket *packet, AVFrame *picture)
{
    decoder->refused_width_px = 0;
    int code = lh_av_decode_send(decoder, packet);
    if (code == LH_OK)
        code = lh_av_decode_receive(decoder, picture);
    if (code == LH_EAGAIN) {
        code = lh_av_decode_send(decoder, NULL);
        if (code == LH_OK)
            code = lh_av_decode_receive(decoder, picture);
    }
    lh_av_decode_reset(decoder);
    return code == LH_EAGAIN || code == LH_EEOF ? LH_EDECODE : code;
}
