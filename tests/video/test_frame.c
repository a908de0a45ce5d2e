#include "base/error.h"
#include "base/thread.h"
#include "video/frame.h"

#include <libavutil/frame.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static AVFrame *grey(int level)
{
    AVFrame *picture = av_frame_alloc();
    assert_non_null(picture);
    picture->format = AV_PIX_FMT_YUV420P;
    picture->width = 64;
    picture->height = 48;
    assert_int_equal(av_frame_get_buffer(picture, 0), 0);
    memset(picture->buf[0]->data, level, picture->buf[0]->size);
    return picture;
}

static struct lh_frame *frame_of(struct lh_frame_pool *pool, int level)
{
    char camera[] = "tower-1";
    AVFrame *picture = grey(level);
    const struct lh_frame_info info = {.camera = camera, .number = 5, .capture_utc_us = 77};
    struct lh_frame *frame = NULL;
    assert_int_equal(lh_frame_create(pool, picture, &info, &frame), LH_OK);
    assert_null(picture->data[0]); /* taken over, not copied */
    memset(camera, 'x', sizeof camera - 1);
    av_frame_free(&picture);
    return frame;
}

static void a_frame_keeps_what_it_was_told(void **state)
{
    (void)state;
    struct lh_frame_pool *pool = NULL;
    assert_int_equal(lh_frame_pool_create(2, &pool), LH_OK);
    struct lh_frame *frame = frame_of(pool, 90);
    const struct lh_frame_info *info = lh_frame_info(frame);
    assert_string_equal(info->camera, "tower-1");
    assert_string_equal(info->preset, "");
    assert_int_equal(info->width_px, 64);
    assert_int_equal(info->height_px, 48);
    assert_int_equal(info->capture_utc_us, 77);
    assert_true(lh_frame_bytes(frame) >= 64 * 48 * 3 / 2);
    lh_frame_unref(&frame);
    assert_null(frame);
    lh_frame_unref(&frame);
    lh_frame_pool_destroy(&pool);
    assert_null(pool);
}

static void the_pool_is_bounded(void **state)
{
    (void)state;
    struct lh_frame_pool *pool = NULL;
    assert_int_equal(lh_frame_pool_create(0, &pool), LH_EINVAL);
    assert_int_equal(lh_frame_pool_create(2, &pool), LH_OK);
    struct lh_frame *first = frame_of(pool, 1);
    struct lh_frame *second = frame_of(pool, 2);
    AVFrame *picture = grey(3);
    struct lh_frame *third = NULL;
    const struct lh_frame_info info = {.camera = "x"};
    assert_int_equal(lh_frame_create(pool, picture, &info, &third), LH_EAGAIN);
    assert_null(third);
    assert_non_null(picture->data[0]);
    lh_frame_unref(&first);
    assert_int_equal(lh_frame_create(pool, picture, &info, &third), LH_OK);
    av_frame_free(&picture);
    lh_frame_unref(&second);
    lh_frame_unref(&third);
    lh_frame_pool_destroy(&pool);
}

static void a_picture_without_pixels_is_refused(void **state)
{
    (void)state;
    struct lh_frame_pool *pool = NULL;
    assert_int_equal(lh_frame_pool_create(2, &pool), LH_OK);
    AVFrame *empty = av_frame_alloc();
    assert_non_null(empty);
    struct lh_frame *frame = NULL;
    const struct lh_frame_info info = {.camera = "x"};
    assert_int_equal(lh_frame_create(pool, empty, &info, &frame), LH_EINVAL);
    assert_null(frame);
    av_frame_free(&empty);
    lh_frame_pool_destroy(&pool);
}

static void frames_outlive_their_pool(void **state)
{
    (void)state;
    struct lh_frame_pool *pool = NULL;
    assert_int_equal(lh_frame_pool_create(2, &pool), LH_OK);
    struct lh_frame *frame = frame_of(pool, 90);
    struct lh_frame *also = lh_frame_ref(frame);
    lh_frame_pool_destroy(&pool);
    lh_frame_unref(&frame);
    struct lh_image image;
    assert_int_equal(lh_frame_image(also, LH_PIXEL_BGR24, 32, 0, &image), LH_OK);
    assert_int_equal(image.width_px, 32);
    lh_frame_unref(&also); /* the sanitizer sees that the pool went with it */
}

static void a_conversion_is_made_once(void **state)
{
    (void)state;
    struct lh_frame_pool *pool = NULL;
    assert_int_equal(lh_frame_pool_create(2, &pool), LH_OK);
    struct lh_frame *frame = frame_of(pool, 90);
    struct lh_image first;
    struct lh_image again;
    assert_int_equal(lh_frame_image(frame, LH_PIXEL_BGR24, 32, 32, &first), LH_OK);
    assert_int_equal(first.height_px, 24);
    /* other maxima, the same picture */
    assert_int_equal(lh_frame_image(frame, LH_PIXEL_BGR24, 32, 24, &again), LH_OK);
    assert_ptr_equal(first.plane[0], again.plane[0]);
    for (uint32_t width = 20; width < 27; width++)
        assert_int_equal(lh_frame_image(frame, LH_PIXEL_GRAY8, width, 0, &again), LH_OK);
    assert_int_equal(lh_frame_image(frame, LH_PIXEL_GRAY8, 27, 0, &again), LH_ELIMIT);
    assert_int_equal(lh_frame_image(frame, LH_PIXEL_BGR24, 32, 32, &again), LH_OK);
    assert_int_equal(lh_frame_image(frame, (enum lh_pixel_format)9, 0, 0, &again), LH_EINVAL);
    lh_frame_unref(&frame);
    lh_frame_pool_destroy(&pool);
}

/* ---- several detectors at once ---- */

struct looker {
    struct lh_frame *frame;
    const uint8_t *plane;
    uint8_t level;
    struct lh_thread thread;
};

static void look(void *argument)
{
    struct looker *looker = argument;
    struct lh_image image;
    for (uint32_t width = 10; width < 16; width++) {
        if (lh_frame_image(looker->frame, LH_PIXEL_GRAY8, width, 0, &image) != LH_OK)
            image.plane[0] = NULL;
        looker->plane = image.plane[0];
        looker->level = image.plane[0] ? image.plane[0][0] : 0;
    }
    lh_frame_unref(&looker->frame);
}

static void threads_share_a_frame(void **state)
{
    (void)state;
    struct lh_frame_pool *pool = NULL;
    assert_int_equal(lh_frame_pool_create(2, &pool), LH_OK);
    for (int round = 0; round < 50; round++) {
        struct lh_frame *frame = frame_of(pool, 50 + round);
        struct looker lookers[4] = {0};
        for (size_t i = 0; i < 4; i++) {
            lookers[i].frame = lh_frame_ref(frame);
            assert_int_equal(lh_thread_start(&lookers[i].thread, "look", look, &lookers[i]), LH_OK);
        }
        if (round % 2)
            lh_frame_unref(&frame); /* the last thread lets go */
        for (size_t i = 0; i < 4; i++)
            lh_thread_join(&lookers[i].thread);
        for (size_t i = 0; i < 4; i++) {
            assert_non_null(lookers[i].plane);
            assert_ptr_equal(lookers[i].plane, lookers[0].plane);
            assert_int_equal(lookers[i].level, 50 + round);
        }
        lh_frame_unref(&frame);
    }
    lh_frame_pool_destroy(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_keeps_what_it_was_told),
        cmocka_unit_test(the_pool_is_bounded),
        cmocka_unit_test(a_picture_without_pixels_is_refused),
        cmocka_unit_test(frames_outlive_their_pool),
        cmocka_unit_test(a_conversion_is_made_once),
        cmocka_unit_test(threads_share_a_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
