#include "video/slices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CONTINUE(syntax, ...)                                                                      \
    lh_slices_continue(syntax, (const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})

static void h264_first_slices_begin(void **state)
{
    (void)state;
    /* first_mb_in_slice 0 is the single bit 1 */
    assert_false(CONTINUE(LH_SLICES_H264, 0, 0, 0, 1, 0x65, 0x88, 0x84));
    assert_false(CONTINUE(LH_SLICES_H264, 0, 0, 1, 0x41, 0x9a, 0x00));
    /* parameter sets and SEI before it are passed over, whatever is in them */
    assert_false(CONTINUE(LH_SLICES_H264, 0, 0, 0, 1, 0x67, 0x42, 0, 0, 0, 1, 0x68, 0x0e, 0, 0, 1,
                          0x06, 0x05, 0, 0, 1, 0x65, 0xb8));
}

static void h264_later_slices_continue(void **state)
{
    (void)state;
    assert_true(CONTINUE(LH_SLICES_H264, 0, 0, 0, 1, 0x65, 0x00, 0xf1));
    assert_true(CONTINUE(LH_SLICES_H264, 0, 0, 1, 0x41, 0x5a, 0x00));
    assert_true(CONTINUE(LH_SLICES_H264, 0, 0, 0, 1, 0x67, 0xc2, 0, 0, 0, 1, 0x68, 0xce, 0, 0, 1,
                         0x65, 0x04));
}

static void only_the_first_slice_counts(void **state)
{
    (void)state;
    assert_false(CONTINUE(LH_SLICES_H264, 0, 0, 1, 0x65, 0x88, 0, 0, 1, 0x65, 0x04, 0x20));
}

static void h265_flag(void **state)
{
    (void)state;
    assert_false(CONTINUE(LH_SLICES_H265, 0, 0, 0, 1, 0x26, 0x01, 0xaf));
    assert_true(CONTINUE(LH_SLICES_H265, 0, 0, 0, 1, 0x26, 0x01, 0x2f));
    /* VPS, SPS, PPS first */
    assert_true(CONTINUE(LH_SLICES_H265, 0, 0, 1, 0x40, 0x01, 0x8c, 0, 0, 1, 0x42, 0x01, 0x81, 0, 0,
                         1, 0x44, 0x01, 0xc0, 0, 0, 1, 0x26, 0x01, 0x20));
}

static void what_is_no_slice_begins(void **state)
{
    (void)state;
    assert_false(lh_slices_continue(LH_SLICES_H264, NULL, 0));
    assert_false(CONTINUE(LH_SLICES_UNKNOWN, 0, 0, 1, 0x65, 0x04));
    assert_false(CONTINUE(LH_SLICES_H264, 0x65, 0x04));
    assert_false(CONTINUE(LH_SLICES_H264, 0, 0, 1));
    assert_false(CONTINUE(LH_SLICES_H264, 0, 0, 1, 0x65));
    assert_false(CONTINUE(LH_SLICES_H265, 0, 0, 1, 0x26, 0x01));
    /* lengths instead of start codes, as MP4 has them */
    assert_false(CONTINUE(LH_SLICES_H264, 0, 0, 0, 9, 0x65, 0x04, 2, 3, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h264_first_slices_begin),     cmocka_unit_test(h264_later_slices_continue),
        cmocka_unit_test(only_the_first_slice_counts), cmocka_unit_test(h265_flag),
        cmocka_unit_test(what_is_no_slice_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
