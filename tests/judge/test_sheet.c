#include "judge/sheet.h"

#include "../alarm/frames.h"
#include "base/error.h"
#include "county.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct bench {
    char folder[64];
    char path[96];
    struct county county;
    struct lh_judgement judgement;
    struct lh_frame_pool *pool;
    struct lh_frame *frame;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    (void)snprintf(bench->folder, sizeof bench->folder, "/tmp/linhuo-sheet-XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    (void)snprintf(bench->path, sizeof bench->path, "%s/seen.png", bench->folder);
    county_fill(&bench->county);
    assert_int_equal(lh_judge(bench->county.cases, COUNTY_CLIPS, bench->county.charges,
                              COUNTY_CHARGES, &bench->judgement),
                     LH_OK);
    assert_int_equal(lh_frame_pool_create(2, &bench->pool), LH_OK);
    bench->frame = sample_frame(bench->pool, "tower-1", 0);
    assert_non_null(bench->frame);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", bench->folder);
    assert_int_equal(system(command), 0);
    lh_frame_unref(&bench->frame);
    lh_frame_pool_destroy(&bench->pool);
    lh_judgement_finish(&bench->judgement);
    free(bench);
    return 0;
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Height of a PNG; 0 where there is none. */
static uint32_t height_of(const char *path)
{
    uint8_t head[24] = {0};
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    const size_t got = fread(head, 1, sizeof head, file);
    (void)fclose(file);
    if (got < sizeof head || memcmp(head, "\x89PNG\r\n\x1a\n", 8) != 0)
        return 0;
    return big_endian(head + 20);
}

static void add_rows(struct bench *bench, struct lh_sheet *sheet, size_t count)
{
    static const struct lh_box outline = {0.2F, 0.2F, 0.3F, 0.3F};
    struct lh_fault fault = {0};
    for (size_t i = 0; i < count; i++) {
        const struct lh_charge *charge = &bench->county.charges[i % COUNTY_CHARGES];
        const struct lh_sheet_row row = {.label = &bench->county.labels[charge->clip],
                                         .charge = charge,
                                         .outline = i % 2 ? &outline : NULL};
        assert_int_equal(lh_sheet_add(sheet, &row, i == 5 ? NULL : bench->frame, &fault), LH_OK);
    }
}

static void test_rows_and_pages(void **state)
{
    struct bench *bench = *state;
    struct lh_fault fault = {0};
    char second[128];
    (void)snprintf(second, sizeof second, "%s/seen-2.png", bench->folder);
    uint32_t heights[3];
    static const size_t rows[] = {1, 3, LH_SHEET_ROWS};
    for (size_t i = 0; i < 3; i++) {
        struct lh_sheet *sheet;
        assert_int_equal(lh_sheet_create(bench->path, &fault, &sheet), LH_OK);
        add_rows(bench, sheet, rows[i]);
        assert_int_equal(lh_sheet_finish(sheet, bench->county.cases, &bench->judgement, &fault),
                         LH_OK);
        assert_int_equal(lh_sheet_pages(sheet), 1);
        heights[i] = height_of(bench->path);
        lh_sheet_destroy(&sheet);
    }
    const uint32_t row = (heights[1] - heights[0]) / 2;
    assert_true(row > 300);
    assert_int_equal(heights[2] - heights[0], row * (LH_SHEET_ROWS - 1));
    assert_int_equal(height_of(second), 0);
}

static void test_more_than_a_page(void **state)
{
    struct bench *bench = *state;
    struct lh_fault fault = {0};
    struct lh_sheet *sheet;
    char path[128];
    assert_int_equal(lh_sheet_create(bench->path, &fault, &sheet), LH_OK);
    add_rows(bench, sheet, 2 * LH_SHEET_ROWS + 1);
    assert_int_equal(lh_sheet_finish(sheet, bench->county.cases, &bench->judgement, &fault), LH_OK);
    assert_int_equal(lh_sheet_pages(sheet), 3);
    lh_sheet_destroy(&sheet);
    assert_true(height_of(bench->path) > 0);
    (void)snprintf(path, sizeof path, "%s/seen-2.png", bench->folder);
    const uint32_t full = height_of(path);
    (void)snprintf(path, sizeof path, "%s/seen-3.png", bench->folder);
    assert_true(height_of(path) > 0 && height_of(path) < full);
}

static void test_boxes_at_the_edge_and_of_no_size(void **state)
{
    struct bench *bench = *state;
    struct lh_fault fault = {0};
    struct lh_sheet *sheet;
    static const struct lh_box boxes[] = {{0, 0, 0, 0},           {1, 1, 0, 0},
                                          {0.999F, 0, 0.001F, 1}, {0, 0.99F, 1, 0.01F},
                                          {0, 0, 1, 1},           {-1, -1, 3, 3}};
    assert_int_equal(lh_sheet_create(bench->path, &fault, &sheet), LH_OK);
    for (size_t i = 0; i < sizeof boxes / sizeof boxes[0]; i++) {
        bench->county.charges[0].box = boxes[i];
        add_rows(bench, sheet, 1);
    }
    assert_int_equal(lh_sheet_finish(sheet, bench->county.cases, &bench->judgement, &fault), LH_OK);
    lh_sheet_destroy(&sheet);
    assert_true(height_of(bench->path) > 0);
}

static void test_a_sheet_that_cannot_be_written(void **state)
{
    struct bench *bench = *state;
    struct lh_fault fault = {0};
    struct lh_sheet *sheet = NULL;
    char path[128];
    assert_int_equal(lh_sheet_create("seen.jpg", &fault, &sheet), LH_EINVAL);
    assert_int_equal(lh_sheet_create(".png", &fault, &sheet), LH_EINVAL);
    (void)snprintf(path, sizeof path, "%s/nowhere/seen.png", bench->folder);
    assert_int_equal(lh_sheet_create(path, &fault, &sheet), LH_ENOTFOUND);
    assert_non_null(strstr(fault.text, "nowhere/seen.png"));
    assert_null(sheet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_and_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_more_than_a_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_boxes_at_the_edge_and_of_no_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_sheet_that_cannot_be_written, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
