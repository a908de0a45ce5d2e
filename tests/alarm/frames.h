/* A picture for the tests of the alarm room: a grey hill under a bright sky. */
#ifndef LH_TESTS_ALARM_FRAMES_H
#define LH_TESTS_ALARM_FRAMES_H

#include "video/frame.h"

#include <libavutil/frame.h>
#include <string.h>

/* NULL where memory is short. The caller unrefs it. */
static inline struct lh_frame *sample_frame(struct lh_frame_pool *pool, const char *camera,
                                            int64_t capture_utc_us)
{
    struct lh_frame *frame = NULL;
    AVFrame *picture = av_frame_alloc();
    if (!picture)
        return NULL;
    picture->format = 0; /* AV_PIX_FMT_YUV420P */
    picture->width = 640;
    picture->height = 360;
    if (av_frame_get_buffer(picture, 0) == 0) {
        for (int y = 0; y < picture->height; y++)
            memset(picture->data[0] + (ptrdiff_t)y * picture->linesize[0], y < 180 ? 190 : 90,
                   (size_t)picture->width);
        for (int plane = 1; plane < 3; plane++)
            for (int y = 0; y < picture->height / 2; y++)
                memset(picture->data[plane] + (ptrdiff_t)y * picture->linesize[plane], 128,
                       (size_t)picture->width / 2);
        const struct lh_frame_info info = {
            .camera = camera,
            .preset = "north",
            .number = 1,
            .generation = 1,
            .capture_utc_us = capture_utc_us,
            .time_quality = LH_TIME_FILE,
            .width_px = 640,
            .height_px = 360,
            .keyframe = true,
        };
        if (lh_frame_create(pool, picture, &info, &frame) != LH_OK)
            frame = NULL;
    }
    av_frame_free(&picture);
    return frame;
}

#endif
