#include "world/still.h"

#include "world/canvas.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libswscale/swscale.h>
#include <stdio.h>
#include <stdlib.h>

struct lh_still {
    AVFrame *drawn;
};

int lh_still_create(uint32_t width_px, uint32_t height_px, struct lh_still **ret_still,
                    struct lh_scene_picture *ret_picture)
{
    struct lh_still *still = calloc(1, sizeof *still);
    if (!still)
        return LH_ENOMEM;
    still->drawn = lh_canvas_create(AV_PIX_FMT_YUV420P, (int)width_px, (int)height_px);
    if (!still->drawn) {
        free(still);
        return LH_ENOMEM;
    }
    lh_canvas_planes(still->drawn, ret_picture);
    *ret_still = still;
    return LH_OK;
}

void lh_still_destroy(struct lh_still **still)
{
    if (!*still)
        return;
    av_frame_free(&(*still)->drawn);
    free(*still);
    *still = NULL;
}

static int encode_png(const AVFrame *frame, AVPacket *packet)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
    AVCodecContext *context = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!context)
        return LH_ENOTFOUND;
    context->width = frame->width;
    context->height = frame->height;
    context->pix_fmt = frame->format;
    context->time_base = (AVRational){1, 1};
    context->thread_count = 1;
    int result = avcodec_open2(context, codec, NULL);
    if (result >= 0)
        result = avcodec_send_frame(context, frame);
    if (result >= 0)
        result = avcodec_receive_packet(context, packet);
    avcodec_free_context(&context);
    return result < 0 ? LH_EIO : LH_OK;
}

static int write_file(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return lh_error_from_errno(errno);
    int code = fwrite(data, 1, size, file) == size ? LH_OK : lh_error_from_errno(errno);
    if (fclose(file) != 0 && code == LH_OK)
        code = lh_error_from_errno(errno);
    return code;
}

int lh_still_write_png(const struct lh_still *still, const char *path, struct lh_fault *fault)
{
    const AVFrame *drawn = still->drawn;
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = lh_canvas_create(AV_PIX_FMT_RGB24, drawn->width, drawn->height);
    struct SwsContext *scaler = sws_getContext(
        drawn->width, drawn->height, AV_PIX_FMT_YUV420P, drawn->width, drawn->height,
        AV_PIX_FMT_RGB24, SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, NULL, NULL, NULL);
    int code = LH_ENOMEM;
    if (packet && frame && scaler &&
        sws_scale(scaler, (const uint8_t *const *)drawn->data, drawn->linesize, 0, drawn->height,
                  frame->data, frame->linesize) >= 0)
        code = encode_png(frame, packet);
    if (code == LH_OK)
        code = write_file(path, packet->data, (size_t)packet->size);
    if (code != LH_OK)
        (void)lh_fail(fault, code, "cannot write the picture '%s': %s", path, lh_strerror(code));
    sws_freeContext(scaler);
    av_frame_free(&frame);
    av_packet_free(&packet);
    return code;
}
