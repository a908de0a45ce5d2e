#include "video/convert.h"

#include "base/error.h"

#include <libavutil/frame.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_SCALERS 4
#define IDLE_BUFFERS 4
#define ROW_ALIGN 64
#define HD_HEIGHT_PX 720

struct scaler_key {
    int from_format;
    int from_width;
    int from_height;
    int to_format;
    int to_width;
    int to_height;
    int matrix;
    int full_range;
};

struct scaler {
    struct scaler_key key;
    struct SwsContext *sws;
};

struct buffer {
    uint8_t *bytes;
    size_t size;
};

struct lh_converter {
    pthread_mutex_t lock;
    /* -- protected by lock; idle ones only, oldest first */
    struct scaler scalers[IDLE_SCALERS];
    size_t scaler_count;
    struct buffer buffers[IDLE_BUFFERS];
    size_t buffer_count;
};

int lh_converter_create(struct lh_converter **ret_converter)
{
    struct lh_converter *converter = calloc(1, sizeof *converter);
    if (!converter)
        return LH_ENOMEM;
    if (pthread_mutex_init(&converter->lock, NULL) != 0) {
        free(converter);
        return LH_ENOMEM;
    }
    *ret_converter = converter;
    return LH_OK;
}

void lh_converter_destroy(struct lh_converter **converter)
{
    struct lh_converter *self = *converter;
    if (!self)
        return;
    for (size_t i = 0; i < self->scaler_count; i++)
        sws_freeContext(self->scalers[i].sws);
    for (size_t i = 0; i < self->buffer_count; i++)
        av_free(self->buffers[i].bytes);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    *converter = NULL;
}

void lh_fit(uint32_t width_px, uint32_t height_px, uint32_t max_width_px, uint32_t max_height_px,
            uint32_t *ret_width_px, uint32_t *ret_height_px)
{
    uint64_t width = width_px;
    uint64_t height = height_px;
    if (max_width_px && width > max_width_px) {
        height = (height * max_width_px + width / 2) / width;
        width = max_width_px;
    }
    if (max_height_px && height > max_height_px) {
        width = (width * max_height_px + height / 2) / height;
        height = max_height_px;
    }
    *ret_width_px = width ? (uint32_t)width : 1;
    *ret_height_px = height ? (uint32_t)height : 1;
}

/* libswscale takes the range beside the format; the "J" formats carry it inside. */
static int plain_format(int format, int *full_range)
{
    switch (format) {
    case AV_PIX_FMT_YUVJ420P:
        *full_range = 1;
        return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
        *full_range = 1;
        return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
        *full_range = 1;
        return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
        *full_range = 1;
        return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P:
        *full_range = 1;
        return AV_PIX_FMT_YUV411P;
    default:
        return format;
    }
}

/* True where plane 0 is 8-bit luma and nothing else, so that it may be shown or scaled alone. */
static bool has_luma_plane(int format)
{
    const AVPixFmtDescriptor *descriptor = av_pix_fmt_desc_get((enum AVPixelFormat)format);
    if (!descriptor || descriptor->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL |
                                            AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL))
        return false;
    const AVComponentDescriptor *luma = &descriptor->comp[0];
    return luma->plane == 0 && luma->step == 1 && luma->depth == 8 && luma->shift == 0 &&
           luma->offset == 0;
}

static int swscale_format(enum lh_pixel_format format)
{
    switch (format) {
    case LH_PIXEL_I420:
        return AV_PIX_FMT_YUV420P;
    case LH_PIXEL_GRAY8:
        return AV_PIX_FMT_GRAY8;
    case LH_PIXEL_BGR24:
        return AV_PIX_FMT_BGR24;
    case LH_PIXEL_RGB24:
        return AV_PIX_FMT_RGB24;
    }
    return AV_PIX_FMT_NONE;
}

static int matrix_of(const AVFrame *picture, int full_range)
{
    switch (picture->colorspace) {
    case AVCOL_SPC_BT709:
        return SWS_CS_ITU709;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
        return SWS_CS_BT2020;
    case AVCOL_SPC_SMPTE240M:
        return SWS_CS_SMPTE240M;
    case AVCOL_SPC_FCC:
        return SWS_CS_FCC;
    case AVCOL_SPC_UNSPECIFIED:
        /* JPEG is BT.601 at any size; video that does not say follows its size */
        return !full_range && picture->height >= HD_HEIGHT_PX ? SWS_CS_ITU709 : SWS_CS_ITU601;
    default:
        return SWS_CS_ITU601;
    }
}

static struct SwsContext *new_scaler(const struct scaler_key *key)
{
    const bool resized = key->from_width != key->to_width || key->from_height != key->to_height;
    const int flags = SWS_ACCURATE_RND | SWS_BITEXACT | (resized ? SWS_AREA : SWS_BILINEAR);
    struct SwsContext *sws = sws_getContext(
        key->from_width, key->from_height, (enum AVPixelFormat)key->from_format, key->to_width,
        key->to_height, (enum AVPixelFormat)key->to_format, flags, NULL, NULL, NULL);
    if (!sws)
        return NULL;
    const int *table = sws_getCoefficients(key->matrix);
    const int to_range = key->to_format == AV_PIX_FMT_YUV420P ? key->full_range : 1;
    /* refused for pairs without a range to set, which is as well */
    (void)sws_setColorspaceDetails(sws, table, key->full_range, table, to_range, 0, 1 << 16,
                                   1 << 16);
    return sws;
}

static struct SwsContext *take_scaler(struct lh_converter *converter, const struct scaler_key *key)
{
    struct SwsContext *found = NULL;
    (void)pthread_mutex_lock(&converter->lock);
    for (size_t i = 0; i < converter->scaler_count && !found; i++) {
        if (memcmp(&converter->scalers[i].key, key, sizeof *key) != 0)
            continue;
        found = converter->scalers[i].sws;
        converter->scaler_count--;
        memmove(&converter->scalers[i], &converter->scalers[i + 1],
                (converter->scaler_count - i) * sizeof converter->scalers[0]);
    }
    (void)pthread_mutex_unlock(&converter->lock);
    return found ? found : new_scaler(key);
}

static void put_scaler(struct lh_converter *converter, const struct scaler_key *key,
                       struct SwsContext *sws)
{
    struct SwsContext *oldest = NULL;
    (void)pthread_mutex_lock(&converter->lock);
    if (converter->scaler_count == IDLE_SCALERS) {
        oldest = converter->scalers[0].sws;
        converter->scaler_count--;
        memmove(&converter->scalers[0], &converter->scalers[1],
                converter->scaler_count * sizeof converter->scalers[0]);
    }
    converter->scalers[converter->scaler_count++] = (struct scaler){*key, sws};
    (void)pthread_mutex_unlock(&converter->lock);
    sws_freeContext(oldest);
}

static uint8_t *take_buffer(struct lh_converter *converter, size_t size)
{
    uint8_t *found = NULL;
    (void)pthread_mutex_lock(&converter->lock);
    for (size_t i = 0; i < converter->buffer_count && !found; i++) {
        if (converter->buffers[i].size != size)
            continue;
        found = converter->buffers[i].bytes;
        converter->buffer_count--;
        memmove(&converter->buffers[i], &converter->buffers[i + 1],
                (converter->buffer_count - i) * sizeof converter->buffers[0]);
    }
    (void)pthread_mutex_unlock(&converter->lock);
    return found ? found : av_malloc(size);
}

void lh_convert_release(struct lh_converter *converter, struct lh_converted *converted)
{
    uint8_t *oldest = NULL;
    if (converted->buffer) {
        (void)pthread_mutex_lock(&converter->lock);
        if (converter->buffer_count == IDLE_BUFFERS) {
            oldest = converter->buffers[0].bytes;
            converter->buffer_count--;
            memmove(&converter->buffers[0], &converter->buffers[1],
                    converter->buffer_count * sizeof converter->buffers[0]);
        }
        converter->buffers[converter->buffer_count++] =
            (struct buffer){converted->buffer, converted->buffer_bytes};
        (void)pthread_mutex_unlock(&converter->lock);
    }
    av_free(oldest);
    *converted = (struct lh_converted){0};
}

static size_t round_up(size_t value, size_t step)
{
    return (value + step - 1) / step * step;
}

/* Lays the planes of an image out in one buffer and returns its size. */
static size_t lay_out(struct lh_image *image, size_t offset[3])
{
    const size_t width = image->width_px;
    const size_t height = image->height_px;
    size_t size = 0;
    if (image->format == LH_PIXEL_I420) {
        const size_t luma = round_up(width, ROW_ALIGN);
        const size_t chroma = round_up((width + 1) / 2, ROW_ALIGN);
        const size_t chroma_rows = (height + 1) / 2;
        offset[1] = luma * height;
        offset[2] = offset[1] + chroma * chroma_rows;
        size = offset[2] + chroma * chroma_rows;
        image->stride[0] = (int32_t)luma;
        image->stride[1] = image->stride[2] = (int32_t)chroma;
    } else {
        const size_t pixel = image->format == LH_PIXEL_GRAY8 ? 1 : 3;
        const size_t row = round_up(width * pixel, ROW_ALIGN);
        size = row * height;
        image->stride[0] = (int32_t)row;
    }
    return size + ROW_ALIGN; /* libswscale's vector loops may write past the last row's end */
}

static bool lend_planes(const AVFrame *picture, struct lh_image *image)
{
    int full_range = 0;
    const int format = plain_format(picture->format, &full_range);
    const bool same = image->format == LH_PIXEL_GRAY8 ? has_luma_plane(picture->format)
                                                      : format == swscale_format(image->format);
    const int planes = image->format == LH_PIXEL_I420 ? 3 : 1;
    if (!same || image->width_px != (uint32_t)picture->width ||
        image->height_px != (uint32_t)picture->height)
        return false;
    for (int i = 0; i < planes; i++) {
        if (!picture->data[i] || picture->linesize[i] <= 0)
            return false;
    }
    for (int i = 0; i < planes; i++) {
        image->plane[i] = picture->data[i];
        image->stride[i] = picture->linesize[i];
    }
    return true;
}

static int scale(struct lh_converter *converter, const AVFrame *picture, struct lh_image *image,
                 uint8_t *const to[3])
{
    int full_range = picture->color_range == AVCOL_RANGE_JPEG;
    const bool luma_only = image->format == LH_PIXEL_GRAY8 && has_luma_plane(picture->format);
    struct scaler_key key;
    memset(&key, 0, sizeof key);
    key.from_format = luma_only ? AV_PIX_FMT_GRAY8 : plain_format(picture->format, &full_range);
    key.from_width = picture->width;
    key.from_height = picture->height;
    key.to_format = swscale_format(image->format);
    key.to_width = (int)image->width_px;
    key.to_height = (int)image->height_px;
    key.full_range = luma_only || full_range;
    key.matrix = matrix_of(picture, full_range);
    struct SwsContext *sws = take_scaler(converter, &key);
    if (!sws)
        return LH_EFORMAT;
    const int strides[4] = {image->stride[0], image->stride[1], image->stride[2], 0};
    uint8_t *const planes[4] = {to[0], to[1], to[2], NULL};
    const int rows = sws_scale(sws, (const uint8_t *const *)picture->data, picture->linesize, 0,
                               picture->height, planes, strides);
    put_scaler(converter, &key, sws);
    return rows == (int)image->height_px ? LH_OK : LH_EFORMAT;
}

int lh_convert(struct lh_converter *converter, const AVFrame *picture, enum lh_pixel_format format,
               uint32_t width_px, uint32_t height_px, struct lh_converted *ret_converted)
{
    struct lh_converted made = {
        .image = {.format = format, .width_px = width_px, .height_px = height_px},
    };
    if (lend_planes(picture, &made.image)) {
        *ret_converted = made;
        return LH_OK;
    }
    /* luma that is not a plane of its own is that of the I420 picture, so that its range is kept */
    if (format == LH_PIXEL_GRAY8 && !has_luma_plane(picture->format))
        made.image.format = LH_PIXEL_I420;
    size_t offset[3] = {0};
    made.buffer_bytes = lay_out(&made.image, offset);
    made.buffer = take_buffer(converter, made.buffer_bytes);
    if (!made.buffer)
        return LH_ENOMEM;
    uint8_t *planes[3] = {made.buffer, NULL, NULL};
    if (made.image.format == LH_PIXEL_I420) {
        planes[1] = made.buffer + offset[1];
        planes[2] = made.buffer + offset[2];
    }
    const int code = scale(converter, picture, &made.image, planes);
    if (code != LH_OK) {
        lh_convert_release(converter, &made);
        return code;
    }
    for (int i = 0; i < 3; i++)
        made.image.plane[i] = planes[i];
    if (format == LH_PIXEL_GRAY8) {
        made.image.format = LH_PIXEL_GRAY8;
        made.image.plane[1] = made.image.plane[2] = NULL;
        made.image.stride[1] = made.image.stride[2] = 0;
    }
    *ret_converted = made;
    return LH_OK;
}
