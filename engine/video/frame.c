#include "video/frame.h"

#include "base/error.h"
#include "video/convert.h"

#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CONVERSIONS 8

struct conversion {
    enum lh_pixel_format format;
    uint32_t width_px;
    uint32_t height_px;
    struct lh_converted converted;
};

struct lh_frame {
    atomic_uint references;
    struct lh_frame_pool *pool;
    struct lh_frame *next_idle;
    AVFrame *picture;
    struct lh_frame_info info;
    char *camera;
    char *preset;
    pthread_mutex_t lock;
    /* -- protected by lock; an entry does not change once it is counted */
    struct conversion conversions[MAX_CONVERSIONS];
    size_t conversion_count;
};

struct lh_frame_pool {
    uint32_t max_frames;
    struct lh_converter *converter;
    pthread_mutex_t lock;
    /* -- protected by lock */
    uint32_t in_use;
    bool abandoned;
    struct lh_frame *idle;
};

const char *lh_time_quality_name(enum lh_time_quality quality)
{
    switch (quality) {
    case LH_TIME_SENDER:
        return "sender";
    case LH_TIME_OFFSET:
        return "offset";
    case LH_TIME_ARRIVAL:
        return "arrival";
    case LH_TIME_FILE:
        return "file";
    case LH_TIME_STAMP:
        return "stamp";
    case LH_TIME_MODIFIED:
        return "modified";
    case LH_TIME_NOMINAL:
        return "nominal";
    }
    return "unknown";
}

static void shell_destroy(struct lh_frame *frame)
{
    av_frame_free(&frame->picture);
    free(frame->camera);
    free(frame->preset);
    (void)pthread_mutex_destroy(&frame->lock);
    free(frame);
}

static struct lh_frame *shell_create(struct lh_frame_pool *pool)
{
    struct lh_frame *frame = calloc(1, sizeof *frame);
    if (!frame)
        return NULL;
    if (pthread_mutex_init(&frame->lock, NULL) != 0) {
        free(frame);
        return NULL;
    }
    frame->pool = pool;
    frame->picture = av_frame_alloc();
    if (!frame->picture) {
        shell_destroy(frame);
        return NULL;
    }
    return frame;
}

int lh_frame_pool_create(uint32_t max_frames, struct lh_frame_pool **ret_pool)
{
    if (!max_frames)
        return LH_EINVAL;
    struct lh_frame_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return LH_ENOMEM;
    pool->max_frames = max_frames;
    if (lh_converter_create(&pool->converter) != LH_OK) {
        free(pool);
        return LH_ENOMEM;
    }
    if (pthread_mutex_init(&pool->lock, NULL) != 0) {
        lh_converter_destroy(&pool->converter);
        free(pool);
        return LH_ENOMEM;
    }
    *ret_pool = pool;
    return LH_OK;
}

/* Called by the last of owner and frames, when nobody else can see the pool. */
static void pool_free(struct lh_frame_pool *pool)
{
    while (pool->idle) {
        struct lh_frame *frame = pool->idle;
        pool->idle = frame->next_idle;
        shell_destroy(frame);
    }
    lh_converter_destroy(&pool->converter);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void lh_frame_pool_destroy(struct lh_frame_pool **pool)
{
    struct lh_frame_pool *self = *pool;
    if (!self)
        return;
    *pool = NULL;
    (void)pthread_mutex_lock(&self->lock);
    self->abandoned = true;
    const bool last = self->in_use == 0;
    (void)pthread_mutex_unlock(&self->lock);
    if (last)
        pool_free(self);
}

static int take_shell(struct lh_frame_pool *pool, struct lh_frame **ret_frame)
{
    (void)pthread_mutex_lock(&pool->lock);
    if (pool->in_use >= pool->max_frames) {
        (void)pthread_mutex_unlock(&pool->lock);
        return LH_EAGAIN;
    }
    pool->in_use++;
    struct lh_frame *frame = pool->idle;
    if (frame)
        pool->idle = frame->next_idle;
    (void)pthread_mutex_unlock(&pool->lock);
    if (!frame)
        frame = shell_create(pool);
    if (!frame) {
        (void)pthread_mutex_lock(&pool->lock);
        pool->in_use--;
        (void)pthread_mutex_unlock(&pool->lock);
        return LH_ENOMEM;
    }
    frame->next_idle = NULL;
    *ret_frame = frame;
    return LH_OK;
}

static void return_shell(struct lh_frame *frame)
{
    struct lh_frame_pool *pool = frame->pool;
    for (size_t i = 0; i < frame->conversion_count; i++)
        lh_convert_release(pool->converter, &frame->conversions[i].converted);
    frame->conversion_count = 0;
    av_frame_unref(frame->picture);
    (void)pthread_mutex_lock(&pool->lock);
    frame->next_idle = pool->idle;
    pool->idle = frame;
    pool->in_use--;
    const bool last = pool->abandoned && pool->in_use == 0;
    (void)pthread_mutex_unlock(&pool->lock);
    if (last)
        pool_free(pool);
}

/* A shell serves one camera, so its strings are nearly always right already. */
static int keep_text(char **kept, const char *text)
{
    const char *wanted = text ? text : "";
    if (*kept && strcmp(*kept, wanted) == 0)
        return LH_OK;
    char *copy = strdup(wanted);
    if (!copy)
        return LH_ENOMEM;
    free(*kept);
    *kept = copy;
    return LH_OK;
}

int lh_frame_create(struct lh_frame_pool *pool, AVFrame *picture, const struct lh_frame_info *info,
                    struct lh_frame **ret_frame)
{
    if (picture->width <= 0 || picture->height <= 0 || !picture->data[0] || !picture->buf[0])
        return LH_EINVAL;
    struct lh_frame *frame = NULL;
    int code = take_shell(pool, &frame);
    if (code != LH_OK)
        return code;
    code = keep_text(&frame->camera, info->camera);
    if (code == LH_OK)
        code = keep_text(&frame->preset, info->preset);
    if (code != LH_OK) {
        return_shell(frame);
        return code;
    }
    frame->info = *info;
    frame->info.camera = frame->camera;
    frame->info.preset = frame->preset;
    frame->info.width_px = (uint32_t)picture->width;
    frame->info.height_px = (uint32_t)picture->height;
    av_frame_move_ref(frame->picture, picture);
    atomic_init(&frame->references, 1);
    *ret_frame = frame;
    return LH_OK;
}

int lh_frame_set_preset(struct lh_frame *frame, const char *preset)
{
    const int code = keep_text(&frame->preset, preset);
    if (code == LH_OK)
        frame->info.preset = frame->preset;
    return code;
}

struct lh_frame *lh_frame_ref(struct lh_frame *frame)
{
    (void)atomic_fetch_add_explicit(&frame->references, 1, memory_order_relaxed);
    return frame;
}

void lh_frame_unref(struct lh_frame **frame)
{
    struct lh_frame *self = *frame;
    if (!self)
        return;
    *frame = NULL;
    if (atomic_fetch_sub_explicit(&self->references, 1, memory_order_acq_rel) == 1)
        return_shell(self);
}

const struct lh_frame_info *lh_frame_info(const struct lh_frame *frame)
{
    return &frame->info;
}

size_t lh_frame_bytes(const struct lh_frame *frame)
{
    const AVFrame *picture = frame->picture;
    const int bytes = av_image_get_buffer_size((enum AVPixelFormat)picture->format, picture->width,
                                               picture->height, 1);
    return sizeof *frame + (bytes > 0 ? (size_t)bytes : 0);
}

static int find_or_convert(struct lh_frame *frame, enum lh_pixel_format format, uint32_t width_px,
                           uint32_t height_px, struct lh_image *ret_image)
{
    for (size_t i = 0; i < frame->conversion_count; i++) {
        const struct conversion *made = &frame->conversions[i];
        if (made->format == format && made->width_px == width_px && made->height_px == height_px) {
            *ret_image = made->converted.image;
            return LH_OK;
        }
    }
    if (frame->conversion_count == MAX_CONVERSIONS)
        return LH_ELIMIT;
    struct conversion *next = &frame->conversions[frame->conversion_count];
    *next = (struct conversion){.format = format, .width_px = width_px, .height_px = height_px};
    const int code = lh_convert(frame->pool->converter, frame->picture, format, width_px, height_px,
                                &next->converted);
    if (code != LH_OK)
        return code;
    frame->conversion_count++;
    *ret_image = next->converted.image;
    return LH_OK;
}

int lh_frame_image(struct lh_frame *frame, enum lh_pixel_format format, uint32_t max_width_px,
                   uint32_t max_height_px, struct lh_image *ret_image)
{
    if (format > LH_PIXEL_RGB24)
        return LH_EINVAL;
    uint32_t width_px = 0;
    uint32_t height_px = 0;
    lh_fit(frame->info.width_px, frame->info.height_px, max_width_px, max_height_px, &width_px,
           &height_px);
    (void)pthread_mutex_lock(&frame->lock);
    const int code = find_or_convert(frame, format, width_px, height_px, ret_image);
    (void)pthread_mutex_unlock(&frame->lock);
    return code;
}
