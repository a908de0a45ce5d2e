#include "base/error.h"
#include "video/convert.h"

#include <libavutil/frame.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct lh_converter *converter;

static int begin(void **state)
{
    (void)state;
    return lh_converter_create(&converter);
}

static int end(void **state)
{
    (void)state;
    lh_converter_destroy(&converter);
    assert_null(converter);
    lh_converter_destroy(&converter);
    return 0;
}

static AVFrame *picture(int format, int width, int height, const int levels[3])
{
    AVFrame *made = av_frame_alloc();
    assert_non_null(made);
    made->format = format;
    made->width = width;
    made->height = height;
    assert_int_equal(av_frame_get_buffer(made, 0), 0);
    for (int plane = 0; plane < 3 && made->data[plane]; plane++)
        for (int y = 0; y < (plane ? (height + 1) / 2 : height); y++)
            memset(made->data[plane] + (ptrdiff_t)y * made->linesize[plane], levels[plane],
                   (size_t)made->linesize[plane]);
    return made;
}

static void expect_fit(uint32_t width, uint32_t height, uint32_t max_width, uint32_t max_height,
                       uint32_t fit_width, uint32_t fit_height)
{
    uint32_t got_width = 0;
    uint32_t got_height = 0;
    lh_fit(width, height, max_width, max_height, &got_width, &got_height);
    assert_int_equal(got_width, fit_width);
    assert_int_equal(got_height, fit_height);
}

static void fitting(void **state)
{
    (void)state;
    expect_fit(1920, 1080, 0, 0, 1920, 1080);
    expect_fit(1920, 1080, 640, 0, 640, 360);
    expect_fit(1920, 1080, 0, 360, 640, 360);
    expect_fit(1920, 1080, 320, 320, 320, 180);
    expect_fit(1080, 1920, 320, 320, 180, 320);
    expect_fit(100, 100, 640, 640, 100, 100); /* never up */
    expect_fit(8000, 1, 100, 100, 100, 1);
    expect_fit(UINT32_MAX, UINT32_MAX, 7, 9, 7, 7);
}

static void own_planes_are_lent(void **state)
{
    (void)state;
    AVFrame *made = picture(AV_PIX_FMT_YUV420P, 64, 48, (int[]){100, 110, 120});
    struct lh_converted converted;
    assert_int_equal(lh_convert(converter, made, LH_PIXEL_I420, 64, 48, &converted), LH_OK);
    assert_null(converted.buffer);
    assert_ptr_equal(converted.image.plane[0], made->data[0]);
    assert_ptr_equal(converted.image.plane[2], made->data[2]);
    lh_convert_release(converter, &converted);
    assert_int_equal(lh_convert(converter, made, LH_PIXEL_GRAY8, 64, 48, &converted), LH_OK);
    assert_ptr_equal(converted.image.plane[0], made->data[0]);
    assert_null(converted.image.plane[1]);
    av_frame_free(&made);
}

/* BT.601 and BT.709 red differ; both must come out as red. */
static void expect_red(AVFrame *made, enum lh_pixel_format format)
{
    struct lh_converted converted;
    assert_int_equal(lh_convert(converter, made, format, (uint32_t)made->width,
                                (uint32_t)made->height, &converted),
                     LH_OK);
    const uint8_t *pixel =
        converted.image.plane[0] + (ptrdiff_t)10 * converted.image.stride[0] + 30;
    const int red = pixel[format == LH_PIXEL_BGR24 ? 2 : 0];
    const int blue = pixel[format == LH_PIXEL_BGR24 ? 0 : 2];
    assert_true(red >= 252);
    assert_true(pixel[1] <= 3);
    assert_true(blue <= 3);
    lh_convert_release(converter, &converted);
    av_frame_free(&made);
}

static void colours(void **state)
{
    (void)state;
    /* small pictures are BT.601, tall ones BT.709, JPEG is BT.601 in full range */
    expect_red(picture(AV_PIX_FMT_YUV420P, 64, 48, (int[]){81, 90, 240}), LH_PIXEL_BGR24);
    expect_red(picture(AV_PIX_FMT_YUV420P, 64, 48, (int[]){81, 90, 240}), LH_PIXEL_RGB24);
    expect_red(picture(AV_PIX_FMT_YUV420P, 1280, 720, (int[]){63, 102, 240}), LH_PIXEL_BGR24);
    expect_red(picture(AV_PIX_FMT_YUVJ420P, 1280, 720, (int[]){76, 85, 255}), LH_PIXEL_BGR24);
    AVFrame *told = picture(AV_PIX_FMT_YUV420P, 64, 48, (int[]){63, 102, 240});
    told->colorspace = AVCOL_SPC_BT709;
    expect_red(told, LH_PIXEL_RGB24);
}

static void luma_keeps_its_range(void **state)
{
    (void)state;
    static const int formats[] = {AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P};
    for (size_t i = 0; i < 2; i++) {
        AVFrame *made = picture(formats[i], 64, 48, (int[]){235, 128, 128});
        struct lh_converted converted;
        assert_int_equal(lh_convert(converter, made, LH_PIXEL_GRAY8, 32, 24, &converted), LH_OK);
        assert_int_equal(converted.image.plane[0][20], 235);
        lh_convert_release(converter, &converted);
        av_frame_free(&made);
    }
}

/* A thread of smoke one pixel wide must leave a trace at a quarter of the size. */
static void scaling_is_by_area(void **state)
{
    (void)state;
    AVFrame *made = picture(AV_PIX_FMT_YUV420P, 256, 64, (int[]){100, 128, 128});
    for (int y = 0; y < 64; y++)
        made->data[0][(ptrdiff_t)y * made->linesize[0] + 129] = 200;
    struct lh_converted converted;
    assert_int_equal(lh_convert(converter, made, LH_PIXEL_GRAY8, 64, 16, &converted), LH_OK);
    const uint8_t *row = converted.image.plane[0] + (ptrdiff_t)8 * converted.image.stride[0];
    assert_in_range(row[32], 122, 128);
    assert_int_equal(row[20], 100);
    lh_convert_release(converter, &converted);
    av_frame_free(&made);
}

static void odd_sizes_and_formats(void **state)
{
    (void)state;
    static const int formats[] = {AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV444P,
                                  AV_PIX_FMT_GRAY8,   AV_PIX_FMT_RGB24,    AV_PIX_FMT_YUV420P10LE,
                                  AV_PIX_FMT_PAL8,    AV_PIX_FMT_RGBA};
    static const enum lh_pixel_format wanted[] = {LH_PIXEL_I420, LH_PIXEL_GRAY8, LH_PIXEL_BGR24,
                                                  LH_PIXEL_RGB24};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        AVFrame *made = av_frame_alloc();
        assert_non_null(made);
        made->format = formats[i];
        made->width = 37;
        made->height = 23;
        assert_int_equal(av_frame_get_buffer(made, 0), 0);
        for (int plane = 0; plane < 4 && made->buf[plane]; plane++)
            memset(made->buf[plane]->data, 60, made->buf[plane]->size);
        for (size_t j = 0; j < 4; j++)
            for (uint32_t side = 1; side <= 37; side += 9) {
                struct lh_converted converted;
                const uint32_t height = side < 23 ? side : 23;
                assert_int_equal(lh_convert(converter, made, wanted[j], side, height, &converted),
                                 LH_OK);
                assert_int_equal(converted.image.width_px, side);
                assert_true(converted.image.stride[0] > 0);
                assert_true((converted.image.plane[1] != NULL) == (wanted[j] == LH_PIXEL_I420));
                lh_convert_release(converter, &converted);
            }
        av_frame_free(&made);
    }
}

static void buffers_are_used_again(void **state)
{
    (void)state;
    AVFrame *made = picture(AV_PIX_FMT_YUV420P, 64, 48, (int[]){100, 128, 128});
    struct lh_converted first;
    struct lh_converted second;
    assert_int_equal(lh_convert(converter, made, LH_PIXEL_BGR24, 32, 24, &first), LH_OK);
    uint8_t *buffer = first.buffer;
    assert_non_null(buffer);
    lh_convert_release(converter, &first);
    assert_null(first.buffer);
    assert_int_equal(lh_convert(converter, made, LH_PIXEL_BGR24, 32, 24, &second), LH_OK);
    assert_ptr_equal(second.buffer, buffer);
    lh_convert_release(converter, &second);
    av_frame_free(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fitting),
        cmocka_unit_test_setup_teardown(own_planes_are_lent, begin, end),
        cmocka_unit_test_setup_teardown(colours, begin, end),
        cmocka_unit_test_setup_teardown(luma_keeps_its_range, begin, end),
        cmocka_unit_test_setup_teardown(scaling_is_by_area, begin, end),
        cmocka_unit_test_setup_teardown(odd_sizes_and_formats, begin, end),
        cmocka_unit_test_setup_teardown(buffers_are_used_again, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
