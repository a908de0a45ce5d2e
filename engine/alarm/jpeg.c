#include "alarm/album.h"

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>

#include <stdlib.h>
#include <string.h>

static enum AVPixelFormat source_format(enum lh_pixel_format format)
{
    switch (format) {
    case LH_PIXEL_GRAY8:
        return AV_PIX_FMT_GRAY8;
    case LH_PIXEL_BGR24:
        return AV_PIX_FMT_BGR24;
    case LH_PIXEL_RGB24:
        return AV_PIX_FMT_RGB24;
    case LH_PIXEL_I420:
    default:
        return AV_PIX_FMT_YUV420P;
    }
}

/* JPEG is full range; the conversion widens video range and keeps the size. */
static int convert(const struct lh_image *image, AVFrame *picture)
{
    const int width = (int)image->width_px;
    const int height = (int)image->height_px;
    struct SwsContext *scaler = sws_getContext(
        width, height, source_format(image->format), width, height, AV_PIX_FMT_YUVJ420P,
        SWS_BILINEAR | SWS_ACCURATE_RND | SWS_BITEXACT, NULL, NULL, NULL);
    if (!scaler)
        return LH_ENOMEM;
    const uint8_t *planes[4] = {image->plane[0], image->plane[1], image->plane[2], NULL};
    const int strides[4] = {image->stride[0], image->stride[1], image->stride[2], 0};
    const int rows =
        sws_scale(scaler, planes, strides, 0, height, picture->data, picture->linesize);
    sws_freeContext(scaler);
    return rows == height ? LH_OK : LH_EFORMAT;
}

static AVCodecContext *open_encoder(const struct lh_image *image, int quality)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    AVCodecContext *encoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!encoder)
        return NULL;
    encoder->width = (int)image->width_px;
    encoder->height = (int)image->height_px;
    encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
    encoder->time_base = (AVRational){1, 25};
    encoder->thread_count = 1;
    encoder->flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT;
    /* FFmpeg's scale runs from 2 (best) to 31; 100 is 2, 1 is 31 */
    encoder->global_quality = FF_QP2LAMBDA * (2 + (100 - quality) * 29 / 99);
    if (avcodec_open2(encoder, codec, NULL) < 0)
        avcodec_free_context(&encoder);
    return encoder;
}

static int receive(AVCodecContext *encoder, AVFrame *picture, uint8_t **ret_bytes, size_t *ret_size)
{
    AVPacket *packet = av_packet_alloc();
    if (!packet)
        return LH_ENOMEM;
    int code = LH_EFORMAT;
    if (avcodec_send_frame(encoder, picture) >= 0 && avcodec_receive_packet(encoder, packet) >= 0) {
        uint8_t *bytes = malloc((size_t)packet->size);
        code = bytes ? LH_OK : LH_ENOMEM;
        if (bytes) {
            memcpy(bytes, packet->data, (size_t)packet->size);
            *ret_bytes = bytes;
            *ret_size = (size_t)packet->size;
        }
    }
    av_packet_free(&packet);
    return code;
}

int lh_jpeg_encode(const struct lh_image *image, int quality, uint8_t **ret_bytes, size_t *ret_size)
{
    if (image->width_px == 0 || image->height_px == 0 || image->width_px > 65500 ||
        image->height_px > 65500 || quality < 1 || quality > 100)
        return LH_EINVAL;
    AVCodecContext *encoder = open_encoder(image, quality);
    AVFrame *picture = av_frame_alloc();
    int code = encoder && picture ? LH_OK : LH_ENOMEM;
    if (code == LH_OK) {
        picture->width = encoder->width;
        picture->height = encoder->height;
        picture->format = encoder->pix_fmt;
        picture->quality = encoder->global_quality;
        code = av_frame_get_buffer(picture, 0) < 0 ? LH_ENOMEM : convert(image, picture);
    }
    if (code == LH_OK)
        code = receive(encoder, picture, ret_bytes, ret_size);
    av_frame_free(&picture);
    avcodec_free_context(&encoder);
    return code;
}
