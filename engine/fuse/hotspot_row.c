#include "fuse/hotspot_row.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define WHY_BYTES 112
#define WHY(...) ((void)snprintf(why, WHY_BYTES, __VA_ARGS__), LH_EINVAL)
#define DAY_S INT64_C(86400)
#define FUTURE_US (3600 * LH_SECOND_US)
#define SHOWN(slice) (int)((slice).length > 24 ? 24 : (slice).length), (slice).text

/* ---- names ---- */

static struct lh_slice trimmed(struct lh_slice slice)
{
    while (slice.length > 0 && isspace((unsigned char)slice.text[0])) {
        slice.text++;
        slice.length--;
    }
    while (slice.length > 0 && isspace((unsigned char)slice.text[slice.length - 1]))
        slice.length--;
    return slice;
}

enum lh_hotspot_field lh_hotspot_field_of(struct lh_slice name)
{
    static const struct {
        const char *name;
        enum lh_hotspot_field field;
    } table[] = {
        {"latitude", LH_FIELD_LATITUDE},
        {"lat", LH_FIELD_LATITUDE},
        {"longitude", LH_FIELD_LONGITUDE},
        {"lon", LH_FIELD_LONGITUDE},
        {"brightness", LH_FIELD_BRIGHTNESS},
        {"brightti4", LH_FIELD_BRIGHT_TI4},
        {"brightt31", LH_FIELD_BRIGHT_11UM},
        {"brightti5", LH_FIELD_BRIGHT_11UM},
        {"scan", LH_FIELD_SCAN},
        {"track", LH_FIELD_TRACK},
        {"acqdate", LH_FIELD_DATE},
        {"acqtime", LH_FIELD_TIME},
        {"satellite", LH_FIELD_SATELLITE},
        {"instrument", LH_FIELD_INSTRUMENT},
        {"confidence", LH_FIELD_CONFIDENCE},
        {"version", LH_FIELD_VERSION},
        {"frp", LH_FIELD_FRP},
        {"daynight", LH_FIELD_LIGHT},
        {"type", LH_FIELD_TYPE},
        {"countryid", LH_FIELD_COUNTRY},
        {"path", LH_FIELD_PATH},
        {"year", LH_FIELD_YEAR},
        {"month", LH_FIELD_MONTH},
        {"day", LH_FIELD_DAY},
        {"timeutc", LH_FIELD_CLOCK},
        {"hour", LH_FIELD_HOUR},
        {"areakm2", LH_FIELD_AREA},
        {"volcano", LH_FIELD_VOLCANO},
        {"reliability", LH_FIELD_RELIABILITY},
        {"frpwm2", LH_FIELD_FLUX},
        {"qf", LH_FIELD_QUALITY},
        {"hotid", LH_FIELD_CLUSTER},
        {"frpmean", LH_FIELD_FRP_MEAN},
        {"frpmax", LH_FIELD_FRP_MAX},
    };
    char plain[24];
    size_t length = 0;
    for (size_t i = 0; i < name.length; i++) {
        const unsigned char byte = (unsigned char)name.text[i];
        if (!isalnum(byte))
            continue;
        if (length + 1 >= sizeof plain)
            return LH_FIELD_NONE;
        plain[length++] = (char)tolower(byte);
    }
    plain[length] = '\0';
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(plain, table[i].name) == 0)
            return table[i].field;
    return LH_FIELD_NONE;
}

enum lh_hotspot_field lh_hotspot_mapped_field(const struct lh_feed_columns *columns,
                                              struct lh_slice name)
{
    const struct {
        const char *name;
        enum lh_hotspot_field field;
    } table[] = {
        {columns->latitude, LH_FIELD_LATITUDE},
        {columns->longitude, LH_FIELD_LONGITUDE},
        {columns->time, LH_FIELD_MOMENT},
        {columns->date, LH_FIELD_DATE},
        {columns->clock, LH_FIELD_TIME},
        {columns->satellite, LH_FIELD_SATELLITE},
        {columns->instrument, LH_FIELD_INSTRUMENT},
        {columns->confidence, LH_FIELD_CONFIDENCE},
        {columns->frp, LH_FIELD_FRP},
        {columns->brightness, LH_FIELD_BRIGHTNESS},
        {columns->scan, LH_FIELD_SCAN},
        {columns->track, LH_FIELD_TRACK},
        {columns->cluster, LH_FIELD_CLUSTER},
    };
    name = trimmed(name);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].name && table[i].name[0] && strlen(table[i].name) == name.length &&
            memcmp(table[i].name, name.text, name.length) == 0)
            return table[i].field;
    return LH_FIELD_NONE;
}

enum lh_hotspot_product lh_hotspot_product_of(const bool fields[LH_FIELDS])
{
    if (!fields[LH_FIELD_LATITUDE] || !fields[LH_FIELD_LONGITUDE])
        return LH_PRODUCT_UNKNOWN;
    const bool dated = fields[LH_FIELD_YEAR] && fields[LH_FIELD_MONTH] && fields[LH_FIELD_DAY];
    if (dated && fields[LH_FIELD_CLOCK])
        return LH_PRODUCT_HIMAWARI_L2;
    if (dated && fields[LH_FIELD_HOUR])
        return LH_PRODUCT_HIMAWARI_L3;
    if (!fields[LH_FIELD_DATE] || !fields[LH_FIELD_TIME])
        return LH_PRODUCT_UNKNOWN;
    if (fields[LH_FIELD_PATH])
        return LH_PRODUCT_FIRMS_LANDSAT;
    return fields[LH_FIELD_BRIGHT_TI4] ? LH_PRODUCT_FIRMS_VIIRS : LH_PRODUCT_FIRMS_MODIS;
}

/* ---- plain values ---- */

/* What the quick way does not take: many digits, a power. */
static bool slow_number(struct lh_slice slice, double *ret_number)
{
    char text[64];
    if (slice.length >= sizeof text)
        return false;
    memcpy(text, slice.text, slice.length);
    text[slice.length] = '\0';
    if (strspn(text, "+-.0123456789eE") != slice.length)
        return false;
    char *end = NULL;
    const double number = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(number))
        return false;
    *ret_number = number;
    return true;
}

bool lh_slice_number(struct lh_slice slice, double *ret_number)
{
    static const double powers[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    slice = trimmed(slice);
    if (slice.length == 0)
        return false;
    const char *cursor = slice.text;
    const char *end = slice.text + slice.length;
    const bool negative = cursor < end && *cursor == '-';
    if (cursor < end && (*cursor == '-' || *cursor == '+'))
        cursor++;
    int64_t digits = 0;
    int count = 0;
    int fraction = 0;
    bool point = false;
    for (; cursor < end; cursor++) {
        if (*cursor == '.' && !point) {
            point = true;
            continue;
        }
        if (*cursor < '0' || *cursor > '9' || ++count > 15)
            return slow_number(slice, ret_number);
        digits = digits * 10 + (*cursor - '0');
        fraction += point;
    }
    if (count == 0)
        return false;
    /* Both are exact in a double, so that their quotient is the nearest one. */
    const double number = (double)digits / powers[fraction];
    *ret_number = negative ? -number : number;
    return true;
}

static bool whole_number(struct lh_slice slice, int lowest, int highest, int *ret_number)
{
    double number;
    if (!lh_slice_number(slice, &number) || number != floor(number) || number < lowest ||
        number > highest)
        return false;
    *ret_number = (int)number;
    return true;
}

static bool equals(struct lh_slice slice, const char *word)
{
    return strlen(word) == slice.length && strncasecmp(slice.text, word, slice.length) == 0;
}

/* Cut between characters; what would spoil a terminal becomes '?'. */
static void copy_word(const struct lh_row_context *context, struct lh_slice slice,
                      char word[LH_HOTSPOT_WORD])
{
    slice = trimmed(slice);
    size_t length = slice.length;
    if (length >= LH_HOTSPOT_WORD) {
        length = LH_HOTSPOT_WORD - 1;
        while (length > 0 && ((unsigned char)slice.text[length] & 0xc0) == 0x80)
            length--;
    }
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)slice.text[i];
        const bool bad = byte < 0x20 || byte == 0x7f || (byte >= 0x80 && context->ascii_only);
        word[i] = bad ? '?' : slice.text[i];
    }
    word[length] = '\0';
}

/* ---- time ---- */

/* Days since 1970-01-01 of a date in the Gregorian calendar, after Hinnant. */
static int64_t days_of(int year, int month, int day)
{
    const int64_t y = month <= 2 ? year - 1 : year;
    const int64_t era = y / 400;
    const int64_t of_era = y - era * 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool real_date(int year, int month, int day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return year >= 1972 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
           day <= lengths[month - 1] + (month == 2 && leap);
}

static int digits_until(const char **cursor, const char *end, int most)
{
    int number = 0;
    int count = 0;
    while (*cursor < end && **cursor >= '0' && **cursor <= '9' && count < most) {
        number = number * 10 + (**cursor - '0');
        (*cursor)++;
        count++;
    }
    return count > 0 ? number : -1;
}

bool lh_date_numbers(struct lh_slice date, int numbers[3])
{
    date = trimmed(date);
    const char *cursor = date.text;
    const char *end = date.text + date.length;
    for (int i = 0; i < 3; i++) {
        if (i > 0 && (cursor == end || *cursor++ != '/'))
            return false;
        const char *begin = cursor;
        numbers[i] = digits_until(&cursor, end, 4);
        if (numbers[i] < 0 || (i < 2 ? cursor - begin > 2 : cursor - begin != 4))
            return false;
    }
    return cursor == end;
}

/* 2022-06-03 or 2022/06/03. */
static bool read_plain_date(struct lh_slice date, int parts[3])
{
    const char *cursor = date.text;
    const char *end = date.text + date.length;
    if (date.length != 10 || (cursor[4] != '-' && cursor[4] != '/') || cursor[7] != cursor[4])
        return false;
    const char mark = cursor[4];
    for (int i = 0; i < 3; i++) {
        if (i > 0 && *cursor++ != mark)
            return false;
        const char *begin = cursor;
        parts[i] = digits_until(&cursor, end, i == 0 ? 4 : 2);
        if (parts[i] < 0 || cursor - begin != (i == 0 ? 4 : 2))
            return false;
    }
    return true;
}

/* LH_EFORMAT where the date is of the other form. */
static int read_date(const struct lh_row_context *context, struct lh_slice date, int64_t *ret_days,
                     char *why)
{
    int parts[3] = {0};
    date = trimmed(date);
    const bool rewritten = lh_date_numbers(date, parts);
    if (rewritten != (context->date_form != LH_DATE_YMD) &&
        (rewritten || read_plain_date(date, parts))) {
        (void)WHY("'%.*s' is a date of another form than in the rows before", SHOWN(date));
        return LH_EFORMAT;
    }
    int year = parts[2];
    int month = parts[context->date_form == LH_DATE_MDY ? 0 : 1];
    int day = parts[context->date_form == LH_DATE_MDY ? 1 : 0];
    if (!rewritten) {
        if (!read_plain_date(date, parts))
            return WHY("'%.*s' is no date", SHOWN(date));
        year = parts[0];
        month = parts[1];
        day = parts[2];
    }
    if (!real_date(year, month, day))
        return WHY("'%.*s' is no date", SHOWN(date));
    *ret_days = days_of(year, month, day);
    return LH_OK;
}

/* 0754, 754 and 18 (00:18), 07:54. */
static bool read_clock(struct lh_slice clock, int *ret_minutes)
{
    clock = trimmed(clock);
    const char *cursor = clock.text;
    const char *end = clock.text + clock.length;
    int number = digits_until(&cursor, end, 4);
    if (number < 0)
        return false;
    int hours = number / 100;
    int minutes = number % 100;
    if (cursor < end && *cursor == ':') {
        cursor++;
        hours = number;
        minutes = digits_until(&cursor, end, 2);
    }
    if (cursor != end || minutes < 0 || minutes > 59 || hours > 23)
        return false;
    *ret_minutes = hours * 60 + minutes;
    return true;
}

static int read_parts(const struct lh_slice *fields, int64_t *ret_us, char *why)
{
    int year;
    int month;
    int day;
    int minutes = 0;
    if (!whole_number(fields[LH_FIELD_YEAR], 1972, 9999, &year) ||
        !whole_number(fields[LH_FIELD_MONTH], 1, 12, &month) ||
        !whole_number(fields[LH_FIELD_DAY], 1, 31, &day) || !real_date(year, month, day))
        return WHY("'%.*s' '%.*s' '%.*s' is no date", SHOWN(fields[LH_FIELD_YEAR]),
                   SHOWN(fields[LH_FIELD_MONTH]), SHOWN(fields[LH_FIELD_DAY]));
    if (fields[LH_FIELD_CLOCK].text) {
        if (!read_clock(fields[LH_FIELD_CLOCK], &minutes))
            return WHY("'%.*s' is no time of day", SHOWN(fields[LH_FIELD_CLOCK]));
    } else {
        if (!whole_number(fields[LH_FIELD_HOUR], 0, 23, &minutes))
            return WHY("'%.*s' is no hour", SHOWN(fields[LH_FIELD_HOUR]));
        minutes *= 60;
    }
    *ret_us = (days_of(year, month, day) * DAY_S + minutes * INT64_C(60)) * LH_SECOND_US;
    return LH_OK;
}

/* By the site file's pattern and its offset from UTC. */
static int read_moment(const struct lh_row_context *context, const struct lh_slice *fields,
                       int64_t *ret_us, char *why)
{
    const struct lh_feed_config *mapping = context->reading->mapping;
    const struct lh_slice first =
        trimmed(fields[LH_FIELD_MOMENT].text ? fields[LH_FIELD_MOMENT] : fields[LH_FIELD_DATE]);
    const struct lh_slice second =
        trimmed(fields[LH_FIELD_MOMENT].text ? (struct lh_slice){"", 0} : fields[LH_FIELD_TIME]);
    char text[96];
    const int length =
        snprintf(text, sizeof text, "%.*s%s%.*s", (int)(first.length % 64), first.text,
                 second.length > 0 ? " " : "", (int)(second.length % 24), second.text);
    struct tm parts = {.tm_mday = 1};
    const char *end = length > 0 && first.length < 64 && second.length < 24
                          ? strptime(text, mapping->time_format, &parts)
                          : NULL;
    if (!end || *end != '\0' || !real_date(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday))
        return WHY("'%.*s' is no time written as '%.24s'", SHOWN(first), mapping->time_format);
    const int64_t seconds = days_of(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday) * DAY_S +
                            parts.tm_hour * INT64_C(3600) + parts.tm_min * INT64_C(60) +
                            parts.tm_sec;
    *ret_us = (seconds - (int64_t)llround(mapping->utc_offset_h * 3600)) * LH_SECOND_US;
    return LH_OK;
}

static int read_time(const struct lh_row_context *context, const struct lh_slice *fields,
                     struct lh_hotspot *hotspot, char *why)
{
    int64_t days = 0;
    int minutes = 0;
    int code = LH_OK;
    if (context->product == LH_PRODUCT_MAPPED) {
        code = read_moment(context, fields, &hotspot->acquired_us, why);
    } else if (context->product == LH_PRODUCT_HIMAWARI_L2 ||
               context->product == LH_PRODUCT_HIMAWARI_L3) {
        code = read_parts(fields, &hotspot->acquired_us, why);
    } else {
        code = read_date(context, fields[LH_FIELD_DATE], &days, why);
        if (code == LH_OK && !read_clock(fields[LH_FIELD_TIME], &minutes))
            code = WHY("'%.*s' is no time of day", SHOWN(fields[LH_FIELD_TIME]));
        hotspot->acquired_us = (days * DAY_S + minutes * INT64_C(60)) * LH_SECOND_US;
    }
    if (code == LH_OK && context->reading->now_us != LH_NO_TIME &&
        hotspot->acquired_us > context->reading->now_us + FUTURE_US) {
        char time[LH_TIME_TEXT];
        code = WHY("acquired in the future, %s", lh_time_format(hotspot->acquired_us, time));
    }
    return code;
}

/* ---- place and measures ---- */

static int read_place(const struct lh_row_context *context, const struct lh_slice *fields,
                      struct lh_hotspot *hotspot, char *why)
{
    struct lh_geo at;
    if (!lh_slice_number(fields[LH_FIELD_LATITUDE], &at.latitude_deg) ||
        !lh_slice_number(fields[LH_FIELD_LONGITUDE], &at.longitude_deg))
        return WHY("'%.*s', '%.*s' is no place", SHOWN(fields[LH_FIELD_LATITUDE]),
                   SHOWN(fields[LH_FIELD_LONGITUDE]));
    if (!lh_geo_valid(at))
        return WHY("%.6g, %.6g is no place on earth", at.latitude_deg, at.longitude_deg);
    hotspot->at = context->reading->datum == LH_DATUM_WGS84
                      ? at
                      : lh_geo_from_datum(context->reading->datum, at);
    return LH_OK;
}

/* Empty and "nan" are NAN; what is no number, or cannot be, refuses the row: its columns may have moved. */
static int read_measure(struct lh_slice slice, const char *name, double highest, double *ret_value,
                        char *why)
{
    double number = NAN;
    slice = trimmed(slice.text ? slice : (struct lh_slice){"", 0});
    if (slice.length > 0 && !equals(slice, "nan") && !lh_slice_number(slice, &number))
        return WHY("%s '%.*s' is no number", name, SHOWN(slice));
    if (number < 0 || number > highest)
        return WHY("%s %.6g cannot be", name, number);
    *ret_value = number;
    return LH_OK;
}

static int read_power(const struct lh_row_context *context, const struct lh_slice *fields,
                      struct lh_hotspot *hotspot, char *why)
{
    double area_km2 = NAN;
    double flux = NAN;
    struct lh_slice power = fields[LH_FIELD_FRP];
    if (context->product == LH_PRODUCT_HIMAWARI_L3)
        power =
            fields[LH_FIELD_FRP_MAX].text ? fields[LH_FIELD_FRP_MAX] : fields[LH_FIELD_FRP_MEAN];
    int code = read_measure(power, "frp", 1e9, &hotspot->frp_mw, why);
    if (code == LH_OK && context->product == LH_PRODUCT_HIMAWARI_L2) {
        code = read_measure(fields[LH_FIELD_AREA], "area", 1e4, &area_km2, why);
        if (code == LH_OK)
            code = read_measure(fields[LH_FIELD_FLUX], "frp", 1e6, &flux, why);
        hotspot->frp_mw = flux * area_km2; /* W/m2 times km2 is MW */
    }
    if (code == LH_OK && context->product == LH_PRODUCT_MAPPED) {
        static const double in_mw[] = {1, 1e-3, 1e-6}; /* mw|kw|w */
        hotspot->frp_mw *= in_mw[context->reading->mapping->frp_unit];
    }
    return code;
}

static int read_measures(const struct lh_row_context *context, const struct lh_slice *fields,
                         struct lh_hotspot *hotspot, char *why)
{
    const struct lh_slice brightness = fields[LH_FIELD_BRIGHT_TI4].text
                                           ? fields[LH_FIELD_BRIGHT_TI4]
                                           : fields[LH_FIELD_BRIGHTNESS];
    int code = read_measure(brightness, "brightness", 5000, &hotspot->brightness_k, why);
    if (code == LH_OK)
        code = read_power(context, fields, hotspot, why);
    hotspot->scan_km = NAN;
    hotspot->track_km = NAN;
    if (code == LH_OK && context->product == LH_PRODUCT_FIRMS_LANDSAT) {
        hotspot->scan_km = 0.03; /* its scan and track count lines of the picture */
        hotspot->track_km = 0.03;
    } else if (code == LH_OK) {
        code = read_measure(fields[LH_FIELD_SCAN], "scan", 20, &hotspot->scan_km, why);
        if (code == LH_OK)
            code = read_measure(fields[LH_FIELD_TRACK], "track", 20, &hotspot->track_km, why);
    }
    return code;
}

/* ---- words ---- */

static enum lh_hotspot_confidence class_of(struct lh_slice slice)
{
    static const struct {
        const char *word;
        enum lh_hotspot_confidence confidence;
    } words[] = {
        {"l", LH_CONFIDENCE_LOW},
        {"low", LH_CONFIDENCE_LOW},
        {"n", LH_CONFIDENCE_NOMINAL},
        {"nominal", LH_CONFIDENCE_NOMINAL},
        {"m", LH_CONFIDENCE_NOMINAL},
        {"medium", LH_CONFIDENCE_NOMINAL},
        {"h", LH_CONFIDENCE_HIGH},
        {"high", LH_CONFIDENCE_HIGH},
        {"\xe4\xbd\x8e", LH_CONFIDENCE_LOW},
        {"\xe4\xb8\xad", LH_CONFIDENCE_NOMINAL},
        {"\xe9\xab\x98", LH_CONFIDENCE_HIGH},
    };
    double percent;
    if (lh_slice_number(slice, &percent)) {
        if (percent < 0 || percent > 100)
            return LH_CONFIDENCE_UNSAID;
        return percent < 30   ? LH_CONFIDENCE_LOW
               : percent < 80 ? LH_CONFIDENCE_NOMINAL
                              : LH_CONFIDENCE_HIGH;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (equals(slice, words[i].word))
            return words[i].confidence;
    return LH_CONFIDENCE_UNSAID;
}

static int read_confidence(const struct lh_row_context *context, const struct lh_slice *fields,
                           struct lh_hotspot *hotspot, char *why)
{
    const bool graded = fields[LH_FIELD_RELIABILITY].text != NULL;
    const struct lh_slice slice =
        trimmed(graded ? fields[LH_FIELD_RELIABILITY] : fields[LH_FIELD_CONFIDENCE]);
    if (!slice.text || slice.length == 0)
        return LH_OK;
    copy_word(context, slice, hotspot->confidence_text);
    int level = 0;
    if (graded || context->product == LH_PRODUCT_HIMAWARI_L3) {
        if (!whole_number(slice, 0, 5, &level))
            return WHY("reliability '%.*s' is none of 0 to 5", SHOWN(slice));
        hotspot->confidence = level <= 2   ? LH_CONFIDENCE_LOW
                              : level == 3 ? LH_CONFIDENCE_NOMINAL
                                           : LH_CONFIDENCE_HIGH;
        int quality = 0;
        if (fields[LH_FIELD_QUALITY].text &&
            whole_number(fields[LH_FIELD_QUALITY], 0, 9, &quality) && quality == 2)
            hotspot->confidence = LH_CONFIDENCE_LOW;
        return LH_OK;
    }
    hotspot->confidence = class_of(slice);
    if (hotspot->confidence == LH_CONFIDENCE_UNSAID && context->product != LH_PRODUCT_MAPPED)
        return WHY("confidence '%.*s' is not known", SHOWN(slice));
    return LH_OK;
}

static void name_satellite(const struct lh_row_context *context, struct lh_slice slice,
                           struct lh_hotspot *hotspot)
{
    static const struct {
        const char *written;
        const char *name;
        const char *instrument;
    } names[] = {
        {"T", "Terra", "MODIS"},
        {"Terra", "Terra", "MODIS"},
        {"A", "Aqua", "MODIS"},
        {"Aqua", "Aqua", "MODIS"},
        {"N", "S-NPP", "VIIRS"},
        {"NPP", "S-NPP", "VIIRS"},
        {"S-NPP", "S-NPP", "VIIRS"},
        {"SNPP", "S-NPP", "VIIRS"},
        {"Suomi NPP", "S-NPP", "VIIRS"},
        {"Suomi-NPP", "S-NPP", "VIIRS"},
        {"1", "NOAA-20", "VIIRS"},
        {"N20", "NOAA-20", "VIIRS"},
        {"J1", "NOAA-20", "VIIRS"},
        {"NOAA20", "NOAA-20", "VIIRS"},
        {"NOAA-20", "NOAA-20", "VIIRS"},
        {"2", "NOAA-21", "VIIRS"},
        {"N21", "NOAA-21", "VIIRS"},
        {"J2", "NOAA-21", "VIIRS"},
        {"NOAA21", "NOAA-21", "VIIRS"},
        {"NOAA-21", "NOAA-21", "VIIRS"},
        {"L8", "Landsat-8", "OLI"},
        {"L9", "Landsat-9", "OLI"},
        {"H08", "Himawari-8", "AHI"},
        {"H8", "Himawari-8", "AHI"},
        {"Himawari-8", "Himawari-8", "AHI"},
        {"H09", "Himawari-9", "AHI"},
        {"H9", "Himawari-9", "AHI"},
        {"Himawari-9", "Himawari-9", "AHI"},
        {"FY4A", "FY-4A", "AGRI"},
        {"FY-4A", "FY-4A", "AGRI"},
        {"FY4B", "FY-4B", "AGRI"},
        {"FY-4B", "FY-4B", "AGRI"},
        {"GK2A", "GK-2A", "AMI"},
        {"GK-2A", "GK-2A", "AMI"},
    };
    slice = trimmed(slice.text ? slice : (struct lh_slice){"", 0});
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (equals(slice, names[i].written)) {
            (void)snprintf(hotspot->satellite, sizeof hotspot->satellite, "%s", names[i].name);
            (void)snprintf(hotspot->instrument, sizeof hotspot->instrument, "%s",
                           names[i].instrument);
            return;
        }
    }
    copy_word(context, slice, hotspot->satellite);
}

static void read_satellite(const struct lh_row_context *context, const struct lh_slice *fields,
                           struct lh_hotspot *hotspot)
{
    const char *fallback = context->reading->satellite;
    const bool himawari =
        context->product == LH_PRODUCT_HIMAWARI_L2 || context->product == LH_PRODUCT_HIMAWARI_L3;
    if (!fallback || !fallback[0])
        fallback = himawari ? "Himawari-9" : "";
    struct lh_slice name = fields[LH_FIELD_SATELLITE];
    if (!name.text || trimmed(name).length == 0)
        name = (struct lh_slice){fallback, strlen(fallback)};
    name_satellite(context, name, hotspot);
    if (fields[LH_FIELD_INSTRUMENT].text && trimmed(fields[LH_FIELD_INSTRUMENT]).length > 0)
        copy_word(context, fields[LH_FIELD_INSTRUMENT], hotspot->instrument);
    else if (!hotspot->instrument[0] && context->product == LH_PRODUCT_FIRMS_MODIS)
        (void)strcpy(hotspot->instrument, "MODIS");
    else if (!hotspot->instrument[0] && context->product == LH_PRODUCT_FIRMS_VIIRS)
        (void)strcpy(hotspot->instrument, "VIIRS");
}

static bool ends_in(const char *text, const char *tail)
{
    const size_t length = strlen(text);
    return length >= strlen(tail) && strcmp(text + length - strlen(tail), tail) == 0;
}

static void read_version(const struct lh_row_context *context, struct lh_slice slice,
                         struct lh_hotspot *hotspot)
{
    if (!slice.text)
        return;
    copy_word(context, slice, hotspot->version);
    if (!hotspot->version[0])
        return;
    hotspot->grade = ends_in(hotspot->version, "NRT")   ? LH_GRADE_NRT
                     : ends_in(hotspot->version, "URT") ? LH_GRADE_URT
                     : ends_in(hotspot->version, "RT")  ? LH_GRADE_RT
                                                        : LH_GRADE_STANDARD;
}

static int read_marks(const struct lh_slice *fields, struct lh_hotspot *hotspot, char *why)
{
    const struct lh_slice light =
        trimmed(fields[LH_FIELD_LIGHT].text ? fields[LH_FIELD_LIGHT] : (struct lh_slice){"", 0});
    if (equals(light, "D") || equals(light, "day"))
        hotspot->light = LH_LIGHT_DAY;
    else if (equals(light, "N") || equals(light, "night"))
        hotspot->light = LH_LIGHT_NIGHT;
    else if (light.length > 0)
        return WHY("daynight '%.*s' is neither D nor N", SHOWN(light));
    int type = 0;
    if (fields[LH_FIELD_TYPE].text && trimmed(fields[LH_FIELD_TYPE]).length > 0) {
        if (!whole_number(fields[LH_FIELD_TYPE], 0, 3, &type))
            return WHY("type '%.*s' is none of 0 to 3", SHOWN(fields[LH_FIELD_TYPE]));
        hotspot->type = (enum lh_hotspot_type)(type + 1);
    }
    int volcano = 0;
    if (fields[LH_FIELD_VOLCANO].text && whole_number(fields[LH_FIELD_VOLCANO], 0, 9, &volcano) &&
        volcano == 1)
        hotspot->type = LH_HOTSPOT_TYPE_VOLCANO;
    double cluster = 0;
    if (fields[LH_FIELD_CLUSTER].text && lh_slice_number(fields[LH_FIELD_CLUSTER], &cluster) &&
        cluster >= 1 && cluster <= UINT32_MAX)
        hotspot->cluster = (uint32_t)cluster;
    return LH_OK;
}

int lh_hotspot_from_row(const struct lh_row_context *context,
                        const struct lh_slice fields[LH_FIELDS], struct lh_hotspot *ret_hotspot,
                        char why[WHY_BYTES])
{
    struct lh_hotspot hotspot = {.received_us = context->reading->received_us};
    int code = read_place(context, fields, &hotspot, why);
    if (code == LH_OK)
        code = read_time(context, fields, &hotspot, why);
    if (code == LH_OK)
        code = read_measures(context, fields, &hotspot, why);
    if (code == LH_OK)
        code = read_confidence(context, fields, &hotspot, why);
    if (code == LH_OK)
        code = read_marks(fields, &hotspot, why);
    if (code != LH_OK)
        return code;
    read_satellite(context, fields, &hotspot);
    read_version(context, fields[LH_FIELD_VERSION], &hotspot);
    if (context->reading->source)
        (void)snprintf(hotspot.source, sizeof hotspot.source, "%s", context->reading->source);
    *ret_hotspot = hotspot;
    return LH_OK;
}
