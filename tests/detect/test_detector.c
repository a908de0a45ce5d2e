/* One detector on one camera, with a plugin inside the test that does as it is told. */
#include "detect/detector.h"

#include "base/error.h"
#include "frames.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_FINDS 1200

static uint8_t whole_mask[64 * 64];

/* What the plugin inside is told, and what it saw. */
static struct {
    struct linhuo_want want;
    int open_result;
    int detect_result;
    const char *words;
    struct linhuo_find finds[MAX_FINDS];
    size_t count;

    const struct linhuo_host *host;
    struct linhuo_picture picture;
    uint8_t first_pixel;
    size_t refused_from; /* the first emit that was answered with non-zero, 0: none */
    int opened, closed, resets, looks;
    char preset[32];
} inner;

static int inner_open(const struct linhuo_host *host, const struct linhuo_open *arguments,
                      struct linhuo_want *want, void **ret_state)
{
    inner.host = host;
    assert_int_equal(host->struct_size, sizeof *host);
    assert_int_equal(want->struct_size, sizeof *want);
    assert_string_equal(arguments->camera, "tower-1");
    strncpy(inner.preset, arguments->preset, sizeof inner.preset - 1);
    if (inner.words)
        (host->fail)(host->context, inner.words); /* cmocka has a macro of that name */
    if (inner.open_result != 0)
        return inner.open_result;
    want->format = inner.want.format;
    want->max_width_px = inner.want.max_width_px;
    want->max_height_px = inner.want.max_height_px;
    inner.opened++;
    *ret_state = &inner;
    return 0;
}

static int inner_detect(void *state, const struct linhuo_picture *picture, linhuo_emit_fn emit,
                        void *sink)
{
    assert_ptr_equal(state, &inner);
    inner.looks++;
    inner.picture = *picture;
    inner.first_pixel = picture->plane[0][0];
    for (size_t i = 0; i < inner.count; i++)
        if (emit(sink, &inner.finds[i]) != 0 && inner.refused_from == 0)
            inner.refused_from = i;
    if (inner.detect_result != 0 && inner.words)
        (inner.host->fail)(inner.host->context, inner.words);
    return inner.detect_result;
}

static void inner_close(void *state)
{
    assert_ptr_equal(state, &inner);
    inner.closed++;
}

static void inner_reset(void *state)
{
    assert_ptr_equal(state, &inner);
    inner.resets++;
}

static char id[] = "tower-1";
static char east[] = "east";
static char name[] = "inner";
static char no_preset[] = "";
static struct lh_point left_half[] = {{0.0, 0.0}, {0.5, 0.0}, {0.5, 1.0}, {0.0, 1.0}};
static struct lh_mask left_mask = {
    .preset = no_preset, .points = left_half, .point_count = 4, .min_share = 0.5};
static struct lh_plugin plugin = {
    .path = "/x/inner.so",
    .table = {.kinds = 3,
              .open = inner_open,
              .detect = inner_detect,
              .close = inner_close,
              .reset = inner_reset},
};
static const struct lh_plugin_values no_values;
static struct lh_detector_config config;
static struct lh_camera_config camera;
static struct lh_frame_pool *pool;
static struct lh_detector *detector;
static struct lh_fault fault;
static struct lh_detection detections[LH_MAX_DETECTIONS * 2];
static size_t count;

static int setup(void **state)
{
    (void)state;
    memset(&inner, 0, sizeof inner);
    memset(detections, 0, sizeof detections);
    fault = (struct lh_fault){0};
    config = (struct lh_detector_config){.name = name};
    camera = (struct lh_camera_config){.id = id, .preset = east};
    plugin.table.kinds = 3;
    plugin.table.reset = inner_reset;
    count = 0;
    return lh_frame_pool_create(4, &pool);
}

static int teardown(void **state)
{
    (void)state;
    lh_detector_destroy(&detector);
    lh_frame_pool_destroy(&pool);
    return inner.opened == inner.closed ? 0 : -1;
}

static int create(void)
{
    const struct lh_detector_options options = {
        .plugin = &plugin, .values = &no_values, .config = &config, .camera = &camera, .index = 5};
    return lh_detector_create(&options, &fault, &detector);
}

static int look_at(struct test_view view, size_t capacity)
{
    struct lh_frame *frame = test_frame(pool, &view);
    const int result = lh_detector_look(detector, frame, detections, capacity, &count, &fault);
    lh_frame_unref(&frame);
    return result;
}

static const struct test_view plain = {
    .width_px = 200, .height_px = 100, .level = 77, .utc_us = 1000000, .number = 9};

static void emits(float x, float y, float width, float height)
{
    inner.finds[inner.count++] = (struct linhuo_find){.struct_size = sizeof(struct linhuo_find),
                                                      .kind = LINHUO_SMOKE,
                                                      .x_px = x,
                                                      .y_px = y,
                                                      .width_px = width,
                                                      .height_px = height,
                                                      .score = 0.8F};
}

static void expect_near(float value, double expected)
{
    if (fabs((double)value - expected) > 1e-5)
        fail_msg("%g is not %g", (double)value, expected);
}

static void picture_is_as_asked_for(void **state)
{
    (void)state;
    inner.want = (struct linhuo_want){.format = LINHUO_GRAY8, .max_width_px = 50};
    assert_int_equal(create(), LH_OK);
    assert_string_equal(inner.preset, "east");
    struct test_view view = plain;
    view.burst = true;
    assert_int_equal(look_at(view, 10), LH_OK);
    assert_int_equal(inner.picture.struct_size, sizeof(struct linhuo_picture));
    assert_int_equal(inner.picture.format, LINHUO_GRAY8);
    assert_int_equal(inner.picture.width_px, 50);
    assert_int_equal(inner.picture.height_px, 25);
    assert_int_equal(inner.picture.source_width_px, 200);
    assert_int_equal(inner.picture.source_height_px, 100);
    assert_int_equal(inner.picture.capture_utc_us, 1000000);
    assert_int_equal(inner.picture.number, 9);
    assert_int_equal(inner.picture.flags, LINHUO_PICTURE_BURST);
    assert_in_range(inner.first_pixel, 74, 80);
}

static void nothing_asked_for_is_i420(void **state)
{
    (void)state;
    assert_int_equal(create(), LH_OK);
    assert_int_equal(look_at(plain, 10), LH_OK);
    assert_int_equal(inner.picture.format, LINHUO_I420);
    assert_int_equal(inner.picture.width_px, 200);
    assert_non_null(inner.picture.plane[2]);
    assert_true(inner.picture.stride[1] >= 100);
}

static void finds_become_shares(void **state)
{
    (void)state;
    inner.want = (struct linhuo_want){.format = LINHUO_GRAY8, .max_width_px = 100};
    assert_int_equal(create(), LH_OK);
    emits(10, 10, 50, 25);
    assert_int_equal(look_at(plain, 10), LH_OK);
    assert_int_equal(count, 1);
    expect_near(detections[0].box.x, 0.1);
    expect_near(detections[0].box.y, 0.2);
    expect_near(detections[0].box.width, 0.5);
    expect_near(detections[0].box.height, 0.5);
    expect_near(detections[0].score, 0.8);
    assert_int_equal(detections[0].detector, 5);
    assert_int_equal(detections[0].kind, LH_KIND_SMOKE);
    assert_int_equal(look_at(plain, 10), LH_OK); /* appends */
    assert_int_equal(count, 2);
}

static void boxes_over_the_edge_are_clipped(void **state)
{
    (void)state;
    assert_int_equal(create(), LH_OK);
    emits(-20, -10, 40, 30);
    emits(190, 90, 1e30F, 1e30F);
    emits(-1e30F, -1e30F, 2e30F, 2e30F);
    assert_int_equal(look_at(plain, 10), LH_OK);
    assert_int_equal(count, 3);
    expect_near(detections[0].box.x, 0.0);
    expect_near(detections[0].box.width, 0.1);
    expect_near(detections[0].box.height, 0.2);
    expect_near(detections[1].box.x, 0.95);
    expect_near(detections[1].box.width, 0.05);
    expect_near(detections[2].box.width, 1.0);
    assert_int_equal(lh_detector_counts(detector).refused, 0);
}

static void what_cannot_be_is_refused_and_counted(void **state)
{
    (void)state;
    const float nan = (float)NAN;
    const float infinite = (float)INFINITY;
    plugin.table.kinds = 1;
    assert_int_equal(create(), LH_OK);
    emits(nan, 0, 10, 10);
    emits(0, nan, 10, 10);
    emits(0, 0, nan, 10);
    emits(0, 0, 10, infinite);
    emits(-infinite, 0, 10, 10);
    emits(0, 0, 0, 10);
    emits(0, 0, 10, -10);
    emits(200, 0, 10, 10);
    emits(0, 100, 10, 10);
    emits(-10, 0, 10, 10);
    emits(0, 0, 10, 10);
    inner.finds[10].score = nan;
    emits(0, 0, 10, 10);
    inner.finds[11].score = 1.5F;
    emits(0, 0, 10, 10);
    inner.finds[12].score = -0.5F;
    emits(0, 0, 10, 10);
    inner.finds[13].kind = 0;
    emits(0, 0, 10, 10);
    inner.finds[14].kind = 3;
    emits(0, 0, 10, 10);
    inner.finds[15].kind = 0xffffffff;
    emits(0, 0, 10, 10);
    inner.finds[16].kind = LINHUO_FLAME; /* which it did not declare */
    emits(0, 0, 10, 10);
    inner.finds[17].struct_size = 8;
    emits(0, 0, 10, 10); /* the one good find */
    assert_int_equal(look_at(plain, 10), LH_OK);
    assert_int_equal(count, 1);
    assert_int_equal(lh_detector_counts(detector).refused, 18);
    assert_int_equal(lh_detector_counts(detector).detections, 1);
    assert_int_equal(inner.refused_from, 0);
}

static void rounding_is_forgiven(void **state)
{
    (void)state;
    assert_int_equal(create(), LH_OK);
    emits(0, 0, 10, 10);
    inner.finds[0].score = 1.0000002F;
    emits(50, 0, 10, 10);
    inner.finds[1].score = -1e-9F;
    assert_int_equal(look_at(plain, 10), LH_OK);
    assert_int_equal(count, 2);
    assert_true(detections[0].score == 1.0F);
    assert_true(detections[1].score == 0.0F);
}

static void older_finds_are_taken(void **state)
{
    (void)state;
    assert_int_equal(create(), LH_OK);
    emits(0, 0, 10, 10);
    inner.finds[0].struct_size = offsetof(struct linhuo_find, mask_width);
    inner.finds[0].mask_width = 9999; /* beyond what it says it knows */
    assert_int_equal(look_at(plain, 10), LH_OK);
    assert_int_equal(count, 1);
    assert_int_equal(detections[0].mask_width, 0);
    assert_int_equal(lh_detector_counts(detector).bad_masks, 0);
}

static void weak_and_masked_finds_are_counted(void **state)
{
    (void)state;
    config.min_score = 0.5;
    camera.masks = &left_mask;
    camera.mask_count = 1;
    assert_int_equal(create(), LH_OK);
    emits(0, 0, 10, 10);
    emits(150, 0, 10, 10);
    emits(150, 50, 10, 10);
    inner.finds[2].score = 0.49F;
    assert_int_equal(look_at(plain, 10), LH_OK);
    assert_int_equal(count, 1);
    expect_near(detections[0].box.x, 0.75);
    const struct lh_detector_counts counts = lh_detector_counts(detector);
    assert_int_equal(counts.masked, 1);
    assert_int_equal(counts.below_score, 1);
    assert_int_equal(counts.refused, 0);
}

/* A mask of a preset applies to the view of the frame, not to the one the camera was configured with. */
static void masks_follow_the_preset_of_the_frame(void **state)
{
    (void)state;
    struct lh_mask mask = left_mask;
    mask.preset = east;
    camera.masks = &mask;
    camera.mask_count = 1;
    assert_int_equal(create(), LH_OK);
    emits(0, 0, 10, 10);
    struct test_view view = plain;
    view.preset = "west";
    assert_int_equal(look_at(view, 10), LH_OK);
    assert_int_equal(count, 1);
    view.preset = "east";
    assert_int_equal(look_at(view, 10), LH_OK);
    assert_int_equal(count, 1);
    assert_int_equal(lh_detector_counts(detector).masked, 1);
}

static void no_more_than_256_are_taken(void **state)
{
    (void)state;
    assert_int_equal(create(), LH_OK);
    emits((float)NAN, 0, 1, 1); /* refused ones do not count against the limit */
    for (int i = 0; i < 300; i++)
        emits((float)(i % 100), floorf((float)i / 100), 1, 1);
    assert_int_equal(look_at(plain, sizeof detections / sizeof detections[0]), LH_OK);
    assert_int_equal(count, 256);
    assert_int_equal(inner.refused_from, 257);
    assert_int_equal(lh_detector_counts(detector).refused, 45);
    count = 0;
    inner.refused_from = 0;
    assert_int_equal(look_at(plain, 3), LH_OK); /* nor more than there is room for */
    assert_int_equal(count, 3);
    assert_int_equal(inner.refused_from, 4);
}

static void masks_of_finds_are_copied(void **state)
{
    (void)state;
    assert_int_equal(create(), LH_OK);
    memset(whole_mask, 0, sizeof whole_mask);
    for (int row = 0; row < 64; row++)
        memset(&whole_mask[(size_t)row * 64 + 32], 255, 32); /* the right half is inside */
    emits(10, 10, 40, 40);
    emits(-20, 10, 40, 40); /* its left half is clipped away, the right half is all inside */
    emits(10, 10, 40, 40);
    emits(10, 10, 40, 40);
    for (int i = 0; i < 4; i++) {
        inner.finds[i].mask_width = 64;
        inner.finds[i].mask_height = 64;
        inner.finds[i].mask = whole_mask;
    }
    inner.finds[2].mask_width = 65;
    inner.finds[3].mask = NULL;
    assert_int_equal(look_at(plain, 10), LH_OK);
    assert_int_equal(count, 4);
    assert_int_equal(detections[0].mask_width, 64);
    assert_memory_equal(detections[0].mask, whole_mask, sizeof whole_mask);
    for (int i = 0; i < 64 * 64; i++)
        assert_int_equal(detections[1].mask[i], 255);
    assert_int_equal(detections[2].mask_width, 0);
    assert_int_equal(detections[3].mask_width, 0);
    assert_int_equal(lh_detector_counts(detector).bad_masks, 2);
}

static void failures_tell_why_and_drop_their_finds(void **state)
{
    (void)state;
    assert_int_equal(create(), LH_OK);
    emits(0, 0, 10, 10);
    inner.detect_result = -3;
    inner.words = "the network\nis gone";
    assert_int_equal(look_at(plain, 10), LH_EPLUGIN);
    assert_string_equal(fault.text, "inner/tower-1: the network is gone");
    assert_int_equal(count, 0);
    inner.words = NULL;
    assert_int_equal(look_at(plain, 10), LH_EPLUGIN);
    assert_string_equal(fault.text, "inner/tower-1: it did not say why");
    inner.detect_result = 0;
    assert_int_equal(look_at(plain, 10), LH_OK);
    assert_int_equal(count, 1);
    const struct lh_detector_counts counts = lh_detector_counts(detector);
    assert_int_equal(counts.failures, 2);
    assert_int_equal(counts.frames, 3);
    assert_int_equal(counts.detections, 1);
    assert_true(counts.slowest_us >= 0 && counts.busy_us >= counts.slowest_us);
}

static void open_that_fails_tells_why(void **state)
{
    (void)state;
    inner.open_result = 1;
    inner.words = "no model at /m; set `model`";
    assert_int_equal(create(), LH_EPLUGIN);
    assert_string_equal(fault.text, "inner/tower-1: the detector does not open: no model at /m; "
                                    "set `model`");
    assert_null(detector);
    inner.open_result = 0;
    inner.want.format = 99;
    assert_int_equal(create(), LH_EPLUGIN);
    assert_non_null(strstr(fault.text, "unknown pixel format 99"));
    assert_int_equal(inner.closed, 1);
}

static void resets_when_the_view_changes(void **state)
{
    (void)state;
    assert_int_equal(create(), LH_OK);
    struct test_view view = plain;
    assert_int_equal(look_at(view, 10), LH_OK);
    view.utc_us += 1;
    assert_int_equal(look_at(view, 10), LH_OK);
    assert_int_equal(look_at(view, 10), LH_OK); /* the same time twice is no jump */
    assert_int_equal(inner.resets, 0);
    view.generation = 2;
    assert_int_equal(look_at(view, 10), LH_OK);
    assert_int_equal(inner.resets, 1);
    view.preset = "east";
    assert_int_equal(look_at(view, 10), LH_OK);
    assert_int_equal(inner.resets, 2);
    view.width_px = 100;
    assert_int_equal(look_at(view, 10), LH_OK);
    assert_int_equal(inner.resets, 3);
    view.utc_us -= 10;
    assert_int_equal(look_at(view, 10), LH_OK);
    assert_int_equal(inner.resets, 4);
    assert_int_equal(look_at(view, 10), LH_OK);
    assert_int_equal(inner.resets, 4);
    plugin.table.reset = NULL; /* optional */
    view.generation = 3;
    assert_int_equal(look_at(view, 10), LH_OK);
    assert_int_equal(inner.looks, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(picture_is_as_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_asked_for_is_i420, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_become_shares, setup, teardown),
        cmocka_unit_test_setup_teardown(boxes_over_the_edge_are_clipped, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_refused_and_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(rounding_is_forgiven, setup, teardown),
        cmocka_unit_test_setup_teardown(older_finds_are_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(weak_and_masked_finds_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(masks_follow_the_preset_of_the_frame, setup, teardown),
        cmocka_unit_test_setup_teardown(no_more_than_256_are_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(masks_of_finds_are_copied, setup, teardown),
        cmocka_unit_test_setup_teardown(failures_tell_why_and_drop_their_finds, setup, teardown),
        cmocka_unit_test_setup_teardown(open_that_fails_tells_why, setup, teardown),
        cmocka_unit_test_setup_teardown(resets_when_the_view_changes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
