#include "judge/spot.h"

#include "alarm/album.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SIDE 100

struct bench {
    char folder[64];
    char clip[96];
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    (void)snprintf(bench->folder, sizeof bench->folder, "/tmp/linhuo-spot-XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    (void)snprintf(bench->clip, sizeof bench->clip, "%s/a.mp4", bench->folder);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", bench->folder);
    assert_int_equal(system(command), 0);
    free(bench);
    return 0;
}

static void write_bytes(const struct bench *bench, const char *name, const void *bytes, size_t size)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", bench->folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* A mask of one colour with a square of the other; a JPEG will do as well as a PNG. */
static void write_mask(const struct bench *bench, const char *name, uint8_t background, int left,
                       int top, int width, int height)
{
    uint8_t pixels[SIDE * SIDE];
    uint8_t *bytes;
    size_t size;
    memset(pixels, background, sizeof pixels);
    for (int y = top; y < top + height; y++)
        memset(pixels + y * SIDE + left, 255 - background, (size_t)width);
    const struct lh_image image = {.format = LH_PIXEL_GRAY8,
                                   .width_px = SIDE,
                                   .height_px = SIDE,
                                   .plane = {pixels},
                                   .stride = {SIDE}};
    assert_int_equal(lh_jpeg_encode(&image, 100, &bytes, &size), LH_OK);
    write_bytes(bench, name, bytes, size);
    free(bytes);
}

static enum lh_placing place(struct lh_spot *spot, enum lh_kind kind, double time_s,
                             struct lh_box box)
{
    struct lh_fault fault = {0};
    enum lh_placing placing = LH_PLACING_UNKNOWN;
    if (lh_spot_place(spot, kind, time_s, box, &fault, &placing) != LH_OK)
        fail_msg("%s", fault.text);
    return placing;
}

static void test_nothing_labelled(void **state)
{
    const struct bench *bench = *state;
    const struct lh_label label = {.fire = true};
    struct lh_fault fault = {0};
    struct lh_spot *spot = (struct lh_spot *)&fault;
    assert_int_equal(lh_spot_open(&label, bench->clip, &fault, &spot), LH_OK);
    assert_null(spot);
    assert_int_equal(place(NULL, LH_KIND_SMOKE, 0, (struct lh_box){0, 0, 1, 1}),
                     LH_PLACING_UNKNOWN);
    assert_false(lh_spot_outline(NULL, 0, &(struct lh_box){0}));
}

static void test_smoke_box(void **state)
{
    const struct bench *bench = *state;
    const struct lh_label label = {.fire = true,
                                   .target = LH_KIND_SMOKE,
                                   .has_smoke_box = true,
                                   .smoke_box = {0.4F, 0.4F, 0.2F, 0.2F}};
    struct lh_fault fault = {0};
    struct lh_box outline;
    struct lh_spot *spot;
    assert_int_equal(lh_spot_open(&label, bench->clip, &fault, &spot), LH_OK);
    const enum lh_kind smoke = LH_KIND_SMOKE;
    /* inside, around, a fifth over the edge, a tenth over it, beside, nearly the whole picture */
    assert_int_equal(place(spot, smoke, 0, (struct lh_box){0.45F, 0.45F, 0.02F, 0.02F}),
                     LH_PLACING_ON);
    assert_int_equal(place(spot, smoke, 0, (struct lh_box){0.2F, 0.2F, 0.6F, 0.6F}), LH_PLACING_ON);
    assert_int_equal(place(spot, smoke, 0, (struct lh_box){0.579F, 0.4F, 0.1F, 0.1F}),
                     LH_PLACING_ON);
    assert_int_equal(place(spot, smoke, 0, (struct lh_box){0.59F, 0.4F, 0.1F, 0.1F}),
                     LH_PLACING_OFF);
    assert_int_equal(place(spot, smoke, 0, (struct lh_box){0.8F, 0.1F, 0.1F, 0.1F}),
                     LH_PLACING_OFF);
    assert_int_equal(place(spot, smoke, 0, (struct lh_box){0, 0, 0.9F, 0.9F}), LH_PLACING_OFF);
    assert_int_equal(place(spot, smoke, 0, (struct lh_box){0.45F, 0.45F, 0, 0}), LH_PLACING_OFF);
    /* the label is of smoke: where a flame is it does not say */
    assert_int_equal(place(spot, LH_KIND_FLAME, 0, (struct lh_box){0.8F, 0.1F, 0.1F, 0.1F}),
                     LH_PLACING_UNKNOWN);
    assert_true(lh_spot_outline(spot, 0, &outline));
    assert_true(outline.x == 0.4F && outline.width == 0.2F);
    lh_spot_close(&spot);
    assert_null(spot);
}

static void test_boxes_over_time(void **state)
{
    const struct bench *bench = *state;
    static const char text[] = "[{\"frame\": 0, \"boxes\": []},"
                               "{\"frame\": 10, \"boxes\": [[0.1, 0.1, 0.1, 0.1]]},"
                               "{\"frame\": 20, \"boxes\": [[0.7, 0.7, 0.1, 0.1]]}]";
    char boxes[] = "b.json";
    const struct lh_label label = {.fire = true, .boxes = boxes, .cadence_s = 60};
    const struct lh_box first = {0.1F, 0.1F, 0.1F, 0.1F};
    struct lh_fault fault = {0};
    struct lh_spot *spot;
    write_bytes(bench, boxes, text, sizeof text - 1);
    assert_int_equal(lh_spot_open(&label, bench->clip, &fault, &spot), LH_OK);
    assert_int_equal(place(spot, LH_KIND_SMOKE, 540, first), LH_PLACING_OFF);
    assert_int_equal(place(spot, LH_KIND_SMOKE, 600, first), LH_PLACING_ON);
    assert_int_equal(place(spot, LH_KIND_SMOKE, 900, first), LH_PLACING_ON);
    assert_int_equal(place(spot, LH_KIND_SMOKE, 1200, first), LH_PLACING_OFF);
    lh_spot_close(&spot);
}

static void test_masks_light_and_dark(void **state)
{
    const struct bench *bench = *state;
    char masks[] = "m/NN.jpg";
    char folder[128];
    const struct lh_label label = {.fire = true, .masks = masks, .cadence_s = 1, .frames = 10};
    (void)snprintf(folder, sizeof folder, "%s/m", bench->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    for (int background = 0; background < 256; background += 255) {
        struct lh_fault fault = {0};
        struct lh_spot *spot;
        struct lh_box outline;
        write_mask(bench, "m/02.jpg", (uint8_t)background, 0, 0, 0, 0);
        write_mask(bench, "m/04.jpg", (uint8_t)background, 40, 40, 20, 20);
        assert_int_equal(lh_spot_open(&label, bench->clip, &fault, &spot), LH_OK);
        const struct lh_box on = {0.42F, 0.42F, 0.1F, 0.1F};
        assert_int_equal(place(spot, LH_KIND_SMOKE, 1, on), LH_PLACING_UNKNOWN);
        assert_int_equal(place(spot, LH_KIND_SMOKE, 2, on), LH_PLACING_OFF);
        assert_int_equal(place(spot, LH_KIND_SMOKE, 3, on), LH_PLACING_OFF);
        assert_int_equal(place(spot, LH_KIND_SMOKE, 3.6, on), LH_PLACING_ON);
        assert_int_equal(place(spot, LH_KIND_SMOKE, 9, on), LH_PLACING_ON);
        assert_int_equal(place(spot, LH_KIND_SMOKE, 9, (struct lh_box){0, 0, 0.3F, 0.3F}),
                         LH_PLACING_OFF);
        assert_false(lh_spot_outline(spot, 2, &outline));
        assert_true(lh_spot_outline(spot, 5, &outline));
        assert_true(outline.x > 0.38F && outline.x < 0.42F && outline.width < 0.24F);
        lh_spot_close(&spot);
    }
}

static void expect_refused(const struct bench *bench, const struct lh_label *label,
                           const char *says)
{
    struct lh_fault fault = {0};
    struct lh_spot *spot = NULL;
    assert_true(lh_spot_open(label, bench->clip, &fault, &spot) != LH_OK);
    assert_null(spot);
    if (!strstr(fault.text, says))
        fail_msg("said: %s", fault.text);
}

static void test_places_that_cannot_be_read(void **state)
{
    const struct bench *bench = *state;
    char boxes[] = "b.json";
    char masks[] = "NNN.png";
    char plain[] = "masks.png";
    struct lh_label label = {.fire = true, .boxes = boxes, .cadence_s = 1};
    expect_refused(bench, &label, "b.json: No such file");
    write_bytes(bench, boxes, "[3]", 3);
    expect_refused(bench, &label, "moment 1");
    label = (struct lh_label){.fire = true, .masks = masks, .cadence_s = 1, .frames = 3};
    expect_refused(bench, &label, "no mask there");
    write_bytes(bench, "001.png", "\x89PNG\r\n\x1a\n nothing", 16);
    expect_refused(bench, &label, "001.png");
    label.masks = plain;
    expect_refused(bench, &label, "as NNN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_labelled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_smoke_box, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_boxes_over_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_masks_light_and_dark, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_places_that_cannot_be_read, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
