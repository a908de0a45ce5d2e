#include "video/still_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define JUNE_4 INT64_C(1465036282) /* 2016-06-04T10:31:22Z */

static void expect_name(const char *name, const char *pattern, int64_t seconds)
{
    int64_t time_us = 0;
    assert_int_equal(lh_still_time_name(name, pattern, &time_us), LH_OK);
    assert_int_equal(time_us, seconds * LH_SECOND_US);
}

static void names(void **state)
{
    (void)state;
    expect_name("20160604103122.jpg", "%Y%m%d%H%M%S", JUNE_4);
    expect_name("west_2016-06-04_10-31-22.png", "west_%Y-%m-%d_%H-%M-%S", JUNE_4);
    expect_name("20160604183122+0800.jpg", "%Y%m%d%H%M%S%z", JUNE_4);
    expect_name("1465036282_s.jpg", "%s", JUNE_4);
}

static void names_that_do_not_fit(void **state)
{
    (void)state;
    const char *const wrong[][2] = {
        {"picture.jpg", "%Y%m%d%H%M%S"},
        {"201606041031229.jpg", "%Y%m%d%H%M%S"},
        {"20160231103122.jpg", "%Y%m%d%H%M%S"},
        {"19700101000000.jpg", "%Y%m%d%H%M%S"},
        {"103122.jpg", "%H%M%S"},
        {"20160604.jpg", ""},
        {"", "%Y%m%d"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t untouched = 7;
        assert_int_equal(lh_still_time_name(wrong[i][0], wrong[i][1], &untouched), LH_EFORMAT);
        assert_int_equal(untouched, 7);
    }
}

static size_t put(uint8_t *to, size_t at, const void *bytes, size_t size)
{
    memcpy(to + at, bytes, size);
    return at + size;
}

/* A directory entry of type ASCII whose text lies at offset. */
static size_t put_entry(uint8_t *to, size_t at, uint16_t tag, const char *text, uint32_t offset)
{
    const uint32_t count = (uint32_t)strlen(text) + 1;
    const uint8_t entry[12] = {(uint8_t)(tag >> 8),
                               (uint8_t)tag,
                               0,
                               2,
                               0,
                               0,
                               (uint8_t)(count >> 8),
                               (uint8_t)count,
                               0,
                               0,
                               (uint8_t)(offset >> 8),
                               (uint8_t)offset};
    at = put(to, at, entry, sizeof entry);
    if (count <= 4)
        memcpy(to + at - 4, text, count);
    return at;
}

/* A JPEG's head with DateTimeOriginal and, where given, offset and fraction. */
static size_t jpeg_with(uint8_t bytes[256], const char *date, const char *offset,
                        const char *fraction)
{
    uint8_t tiff[200] = {'M',  'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x87,
                         0x69, 0,   4, 0,  0, 0, 1, 0, 0, 0, 26};
    const uint16_t count = (uint16_t)(1 + (offset != NULL) + (fraction != NULL));
    tiff[27] = (uint8_t)count;
    size_t at = put_entry(tiff, 28, 0x9003, date, 100);
    if (offset)
        at = put_entry(tiff, at, 0x9011, offset, 130);
    if (fraction)
        (void)put_entry(tiff, at, 0x9291, fraction, 150);
    memcpy(tiff + 100, date, strlen(date) + 1);
    if (offset)
        memcpy(tiff + 130, offset, strlen(offset) + 1);
    if (fraction && strlen(fraction) > 3)
        memcpy(tiff + 150, fraction, strlen(fraction) + 1);
    const uint8_t head[] = {0xff, 0xd8, 0xff, 0xe1, 0, 2 + 6 + sizeof tiff,
                            'E',  'x',  'i',  'f',  0, 0};
    const uint8_t tail[] = {0xff, 0xd9};
    size_t size = put(bytes, 0, head, sizeof head);
    size = put(bytes, size, tiff, sizeof tiff);
    return put(bytes, size, tail, sizeof tail);
}

static void expect_exif(const char *date, const char *offset, const char *fraction, int code,
                        int64_t time_us)
{
    uint8_t bytes[256];
    const size_t size = jpeg_with(bytes, date, offset, fraction);
    int64_t found_us = 7;
    assert_int_equal(lh_still_time_exif(bytes, size, &found_us), code);
    assert_int_equal(found_us, code == LH_OK ? time_us : 7);
}

static void exif(void **state)
{
    (void)state;
    expect_exif("2016:06:04 10:31:22", NULL, NULL, LH_OK, JUNE_4 * LH_SECOND_US);
    expect_exif("2016:06:04 18:31:22", "+08:00", NULL, LH_OK, JUNE_4 * LH_SECOND_US);
    expect_exif("2016:06:04 05:01:22", "-05:30", NULL, LH_OK, JUNE_4 * LH_SECOND_US);
    expect_exif("2016:06:04 10:31:22", "   :  ", "25", LH_OK, JUNE_4 * LH_SECOND_US + 250000);
    expect_exif("2016:06:04 10:31:22", NULL, "123456", LH_OK, JUNE_4 * LH_SECOND_US + 123456);
}

static void exif_that_makes_no_sense(void **state)
{
    (void)state;
    expect_exif("2016:13:04 10:31:22", NULL, NULL, LH_EFORMAT, 0);
    expect_exif("2016:02:30 10:31:22", NULL, NULL, LH_EFORMAT, 0);
    expect_exif("    :  :     :  :  ", NULL, NULL, LH_EFORMAT, 0);
    expect_exif("1970:01:01 00:00:00", NULL, NULL, LH_EFORMAT, 0);
    expect_exif("2016:06:04 10:31:22", "8", NULL, LH_EFORMAT, 0);
    expect_exif("yesterday", NULL, NULL, LH_EFORMAT, 0);
}

static void every_cut_of_exif_is_survived(void **state)
{
    (void)state;
    uint8_t bytes[256];
    const size_t size = jpeg_with(bytes, "2016:06:04 10:31:22", "+08:00", "123456");
    for (size_t cut = 0; cut < size - 2; cut++) {
        int64_t untouched = 7;
        assert_true(lh_still_time_exif(bytes, cut, &untouched) < 0);
        assert_int_equal(untouched, 7);
    }
    for (size_t at = 12; at < 70; at++) {
        uint8_t damaged[256];
        memcpy(damaged, bytes, sizeof damaged);
        damaged[at] = 0xff;
        int64_t time_us = 0;
        (void)lh_still_time_exif(damaged, size, &time_us);
    }
}

static void expect_stamp(enum lh_still_time from, char *pattern, const char *name,
                         enum lh_time_quality quality, int64_t seconds)
{
    uint8_t bytes[256];
    const size_t size = jpeg_with(bytes, "2017:01:01 00:00:00", NULL, NULL);
    const struct lh_camera_config camera = {.still_time = from, .still_time_pattern = pattern};
    const struct lh_still_stamp fallback = {5 * LH_SECOND_US,
                                            name ? LH_TIME_MODIFIED : LH_TIME_ARRIVAL};
    const struct lh_still_stamp stamp = lh_still_time(&camera, name, bytes, size, fallback);
    assert_int_equal(stamp.quality, quality);
    assert_int_equal(stamp.capture_utc_us, seconds * LH_SECOND_US);
}

static void which_of_the_three(void **state)
{
    (void)state;
    char pattern[] = "%Y%m%d";
    const char fits[] = "20160604.jpg";
    const int64_t by_name = 1464998400;
    const int64_t by_exif = 1483228800;
    expect_stamp(LH_STILL_TIME_AUTO, pattern, fits, LH_TIME_STAMP, by_name);
    expect_stamp(LH_STILL_TIME_AUTO, pattern, "x.jpg", LH_TIME_STAMP, by_exif);
    expect_stamp(LH_STILL_TIME_NAME, pattern, fits, LH_TIME_STAMP, by_name);
    expect_stamp(LH_STILL_TIME_NAME, pattern, "x.jpg", LH_TIME_MODIFIED, 5);
    expect_stamp(LH_STILL_TIME_EXIF, pattern, fits, LH_TIME_STAMP, by_exif);
    expect_stamp(LH_STILL_TIME_MTIME, pattern, fits, LH_TIME_MODIFIED, 5);
    /* a polled camera's clock is believed only where the site says so */
    expect_stamp(LH_STILL_TIME_AUTO, pattern, NULL, LH_TIME_ARRIVAL, 5);
    expect_stamp(LH_STILL_TIME_EXIF, pattern, NULL, LH_TIME_STAMP, by_exif);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(names_that_do_not_fit),
        cmocka_unit_test(exif),
        cmocka_unit_test(exif_that_makes_no_sense),
        cmocka_unit_test(every_cut_of_exif_is_survived),
        cmocka_unit_test(which_of_the_three),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
