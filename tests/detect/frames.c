#include "frames.h"

#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct lh_frame *test_frame(struct lh_frame_pool *pool, const struct test_view *view)
{
    AVFrame *picture = av_frame_alloc();
    assert_non_null(picture);
    picture->format = AV_PIX_FMT_YUV420P;
    picture->color_range = AVCOL_RANGE_JPEG;
    picture->width = (int)view->width_px;
    picture->height = (int)view->height_px;
    assert_int_equal(av_frame_get_buffer(picture, 0), 0);
    for (int y = 0; y < picture->height; y++)
        memset(picture->data[0] + (ptrdiff_t)y * picture->linesize[0], view->level, view->width_px);
    for (int plane = 1; plane < 3; plane++)
        for (int y = 0; y < (picture->height + 1) / 2; y++)
            memset(picture->data[plane] + (ptrdiff_t)y * picture->linesize[plane], 128,
                   (view->width_px + 1) / 2);
    for (uint32_t y = 0; y < view->spot.side; y++)
        memset(picture->data[0] + (ptrdiff_t)(view->spot.y + y) * picture->linesize[0] +
                   view->spot.x,
               view->spot.level, view->spot.side);
    const struct lh_frame_info info = {
        .camera = "tower-1",
        .preset = view->preset ? view->preset : "",
        .number = view->number,
        .generation = view->generation,
        .capture_utc_us = view->utc_us,
        .time_quality = LH_TIME_FILE,
        .width_px = view->width_px,
        .height_px = view->height_px,
        .keyframe = true,
        .burst = view->burst,
    };
    struct lh_frame *frame = NULL;
    assert_int_equal(lh_frame_create(pool, picture, &info, &frame), 0);
    av_frame_free(&picture);
    return frame;
}
