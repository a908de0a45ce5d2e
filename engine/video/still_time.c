#include "video/still_time.h"

#include "base/error.h"

#include <ctype.h>
#include <libexif/exif-data.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define EARLIEST_S INT64_C(315532800) /* 1980-01-01 */
#define LATEST_S INT64_C(7258118400)  /* 2200-01-01 */

static bool is_believable(int64_t seconds)
{
    return seconds >= EARLIEST_S && seconds < LATEST_S;
}

/* False for the 31st of February and its like, which timegm would carry over. */
static bool to_seconds(struct tm fields, int64_t *ret_seconds)
{
    struct tm carried = fields;
    time_t seconds = timegm(&carried);
    if (carried.tm_mday != fields.tm_mday && fields.tm_hour < 24 && fields.tm_sec < 60)
        return false;
    *ret_seconds = seconds;
    return true;
}

static bool has_specifier(const char *pattern, char wanted)
{
    for (const char *at = strchr(pattern, '%'); at && at[1]; at = strchr(at + 2, '%'))
        if (at[1] == wanted)
            return true;
    return false;
}

int lh_still_time_name(const char *base_name, const char *pattern, int64_t *ret_utc_us)
{
    struct tm fields = {.tm_year = -10000, .tm_mon = 0, .tm_mday = 0, .tm_isdst = -1};
    const char *rest = *pattern ? strptime(base_name, pattern, &fields) : NULL;
    if (!rest || isdigit((unsigned char)*rest) || fields.tm_year < 0 || fields.tm_mday < 1)
        return LH_EFORMAT;
    int64_t seconds;
    if (has_specifier(pattern, 's')) {
        seconds = mktime(&fields); /* the C library breaks %s down into local time */
    } else {
        long offset_s = has_specifier(pattern, 'z') ? fields.tm_gmtoff : 0;
        if (!to_seconds(fields, &seconds))
            return LH_EFORMAT;
        seconds -= offset_s;
    }
    if (!is_believable(seconds))
        return LH_EFORMAT;
    *ret_utc_us = seconds * LH_SECOND_US;
    return LH_OK;
}

/* The payload of the first Exif APP1 segment, at most 64 KiB: all that libexif is shown. */
static const uint8_t *find_exif(const uint8_t *bytes, size_t size, size_t *ret_size)
{
    if (size < 4 || bytes[0] != 0xff || bytes[1] != 0xd8)
        return NULL;
    size_t at = 2;
    while (at + 4 <= size && bytes[at] == 0xff) {
        uint8_t marker = bytes[at + 1];
        if (marker == 0xff) {
            at++;
            continue;
        }
        size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (marker == 0xda || length < 2 || length > size - at - 2)
            return NULL;
        const uint8_t *payload = bytes + at + 4;
        if (marker == 0xe1 && length >= 2 + 6 && memcmp(payload, "Exif\0\0", 6) == 0) {
            *ret_size = length - 2;
            return payload;
        }
        at += 2 + length;
    }
    return NULL;
}

/* Copies an ASCII entry, which need not end in a zero. */
static bool copy_entry(ExifData *data, ExifTag tag, char *text, size_t size)
{
    const ExifEntry *entry = exif_content_get_entry(data->ifd[EXIF_IFD_EXIF], tag);
    if (!entry || !entry->data || entry->format != EXIF_FORMAT_ASCII || entry->size == 0)
        return false;
    size_t length = entry->size < size - 1 ? entry->size : size - 1;
    memcpy(text, entry->data, length);
    text[length] = '\0';
    return *text != '\0';
}

static bool read_digits(const char *text, const char *shape, int values[], size_t count)
{
    size_t value = 0;
    for (size_t i = 0; shape[i]; i++) {
        if (shape[i] != '0') {
            if (text[i] != shape[i] || ++value == count)
                return false;
        } else if (!isdigit((unsigned char)text[i])) {
            return false;
        } else {
            values[value] = values[value] * 10 + (text[i] - '0');
        }
    }
    return true;
}

/* "2016:06:04 18:42:00", as EXIF 2.32, 4.6.5.1, writes it. */
static bool read_date(const char *text, int64_t *ret_seconds)
{
    int v[6] = {0};
    if (!read_digits(text, "0000:00:00 00:00:00", v, 6))
        return false;
    if (v[0] < 1 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31 || v[3] > 23 || v[4] > 59 ||
        v[5] > 60)
        return false;
    struct tm fields = {.tm_year = v[0] - 1900,
                        .tm_mon = v[1] - 1,
                        .tm_mday = v[2],
                        .tm_hour = v[3],
                        .tm_min = v[4],
                        .tm_sec = v[5]};
    return to_seconds(fields, ret_seconds);
}

/* "+08:00" */
static bool read_offset(const char *text, int64_t *ret_seconds)
{
    int v[2] = {0};
    if ((*text != '+' && *text != '-') || !read_digits(text + 1, "00:00", v, 2) || v[0] > 15 ||
        v[1] > 59)
        return false;
    int64_t seconds = v[0] * 3600 + v[1] * 60;
    *ret_seconds = *text == '-' ? -seconds : seconds;
    return true;
}

static int64_t read_fraction_us(const char *digits)
{
    int64_t fraction_us = 0;
    int64_t unit_us = LH_SECOND_US / 10;
    for (; isdigit((unsigned char)*digits) && unit_us > 0; digits++, unit_us /= 10)
        fraction_us += (*digits - '0') * unit_us;
    return fraction_us;
}

int lh_still_time_exif(const uint8_t *bytes, size_t size, int64_t *ret_utc_us)
{
    size_t exif_size = 0;
    const uint8_t *exif = find_exif(bytes, size, &exif_size);
    if (!exif)
        return LH_ENOTFOUND;
    ExifData *data = exif_data_new();
    if (!data)
        return LH_ENOMEM;
    exif_data_load_data(data, exif, (unsigned int)exif_size);
    char date[24];
    char offset[8];
    char fraction[16];
    bool dated = copy_entry(data, EXIF_TAG_DATE_TIME_ORIGINAL, date, sizeof date);
    bool placed = copy_entry(data, EXIF_TAG_OFFSET_TIME_ORIGINAL, offset, sizeof offset);
    bool fine = copy_entry(data, EXIF_TAG_SUB_SEC_TIME_ORIGINAL, fraction, sizeof fraction);
    exif_data_unref(data);
    if (!dated)
        return LH_ENOTFOUND;
    int64_t seconds;
    int64_t offset_s = 0;
    if (!read_date(date, &seconds))
        return LH_EFORMAT;
    /* Six blanks, or blanks around the colon, are EXIF's way of saying "not known". */
    if (placed && strspn(offset, " :") != strlen(offset) && !read_offset(offset, &offset_s))
        return LH_EFORMAT;
    seconds -= offset_s;
    if (!is_believable(seconds))
        return LH_EFORMAT;
    *ret_utc_us = seconds * LH_SECOND_US + (fine ? read_fraction_us(fraction) : 0);
    return LH_OK;
}

struct lh_still_stamp lh_still_time(const struct lh_camera_config *camera, const char *base_name,
                                    const uint8_t *bytes, size_t size,
                                    struct lh_still_stamp fallback)
{
    enum lh_still_time from = camera->still_time;
    const char *pattern = camera->still_time_pattern ? camera->still_time_pattern : "";
    struct lh_still_stamp stamp = {.quality = LH_TIME_STAMP};
    bool by_name = from == LH_STILL_TIME_AUTO || from == LH_STILL_TIME_NAME;
    if (by_name && base_name && *pattern &&
        lh_still_time_name(base_name, pattern, &stamp.capture_utc_us) == LH_OK)
        return stamp;
    /* A polled camera's own clock is believed only where the site says so. */
    bool by_exif = from == LH_STILL_TIME_EXIF || (from == LH_STILL_TIME_AUTO && base_name);
    if (by_exif && lh_still_time_exif(bytes, size, &stamp.capture_utc_us) == LH_OK)
        return stamp;
    return fallback;
}
