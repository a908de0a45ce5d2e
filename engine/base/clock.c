#include "base/clock.h"

#include "base/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct lh_clock {
    bool replay;
    _Atomic int64_t replay_us;
};

static int64_t read_system_us(clockid_t which)
{
    struct timespec now;
    if (clock_gettime(which, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * LH_SECOND_US + now.tv_nsec / 1000;
}

const struct lh_clock *lh_clock_system(void)
{
    static const struct lh_clock clock = {.replay = false};
    return &clock;
}

int lh_clock_replay_create(int64_t utc_us, struct lh_clock **ret_clock)
{
    struct lh_clock *clock = calloc(1, sizeof *clock);
    if (!clock)
        return LH_ENOMEM;
    clock->replay = true;
    atomic_init(&clock->replay_us, utc_us);
    *ret_clock = clock;
    return LH_OK;
}

void lh_clock_replay_set(struct lh_clock *clock, int64_t utc_us)
{
    atomic_store(&clock->replay_us, utc_us);
}

void lh_clock_replay_destroy(struct lh_clock **clock)
{
    free(*clock);
    *clock = NULL;
}

int64_t lh_clock_monotonic_us(const struct lh_clock *clock)
{
    return clock->replay ? atomic_load(&clock->replay_us) : read_system_us(CLOCK_MONOTONIC);
}

int64_t lh_clock_utc_us(const struct lh_clock *clock)
{
    return clock->replay ? atomic_load(&clock->replay_us) : read_system_us(CLOCK_REALTIME);
}

/* Days since 1970-01-01 of a proleptic Gregorian date, after Howard Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms" (days_from_civil). */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const int64_t year_of_era = year - era * 400;
    const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

#define FIRST_UTC_US INT64_C(-62135596800000000) /* 0001-01-01 */
#define LAST_UTC_US INT64_C(253402300799999999)  /* 9999-12-31 */

const char *lh_time_format(int64_t utc_us, char text[LH_TIME_TEXT])
{
    if (utc_us < FIRST_UTC_US || utc_us > LAST_UTC_US) {
        (void)snprintf(text, LH_TIME_TEXT, "unknown");
        return text;
    }
    int64_t seconds = utc_us / LH_SECOND_US;
    int64_t rest_us = utc_us % LH_SECOND_US;
    if (rest_us < 0) {
        rest_us += LH_SECOND_US;
        seconds--;
    }
    const time_t time = (time_t)seconds;
    struct tm parts;
    if (!gmtime_r(&time, &parts)) {
        (void)snprintf(text, LH_TIME_TEXT, "unknown");
        return text;
    }
    /* Not strftime, whose %Y has no leading zeros here. The remainders only bound the length. */
    (void)snprintf(text, LH_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                   (parts.tm_year + 1900) % 10000, (parts.tm_mon + 1) % 100, parts.tm_mday % 100,
                   parts.tm_hour % 100, parts.tm_min % 100, parts.tm_sec % 100,
                   (int)(rest_us / 1000));
    return text;
}

static bool read_digits(const char **cursor, int count, int *ret_value)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        const char digit = (*cursor)[i];
        if (digit < '0' || digit > '9')
            return false;
        value = value * 10 + (digit - '0');
    }
    *cursor += count;
    *ret_value = value;
    return true;
}

static bool read_character(const char **cursor, char expected)
{
    if (**cursor != expected)
        return false;
    (*cursor)++;
    return true;
}

static bool read_fraction_us(const char **cursor, int64_t *ret_us)
{
    *ret_us = 0;
    if (!read_character(cursor, '.'))
        return true;
    int64_t scale = LH_SECOND_US / 10;
    int digits = 0;
    for (; **cursor >= '0' && **cursor <= '9'; (*cursor)++, digits++) {
        *ret_us += (**cursor - '0') * scale;
        scale /= 10;
    }
    return digits > 0;
}

static bool read_zone_s(const char **cursor, int *ret_offset_s)
{
    *ret_offset_s = 0;
    if (read_character(cursor, 'Z'))
        return true;
    const int sign = **cursor == '-' ? -1 : 1;
    int hours;
    int minutes;
    if (!read_character(cursor, '+') && !read_character(cursor, '-'))
        return false;
    if (!read_digits(cursor, 2, &hours) || !read_character(cursor, ':') ||
        !read_digits(cursor, 2, &minutes) || hours > 14 || minutes > 59)
        return false;
    *ret_offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

int lh_time_parse(const char *text, int64_t *ret_utc_us)
{
    int year, month, day, hour, minute, second, offset_s;
    int64_t fraction_us;
    const char *cursor = text;
    const bool shaped = read_digits(&cursor, 4, &year) && read_character(&cursor, '-') &&
                        read_digits(&cursor, 2, &month) && read_character(&cursor, '-') &&
                        read_digits(&cursor, 2, &day) && read_character(&cursor, 'T') &&
                        read_digits(&cursor, 2, &hour) && read_character(&cursor, ':') &&
                        read_digits(&cursor, 2, &minute) && read_character(&cursor, ':') &&
                        read_digits(&cursor, 2, &second) &&
                        read_fraction_us(&cursor, &fraction_us) &&
                        read_zone_s(&cursor, &offset_s) && *cursor == '\0';
    if (!shaped || year < 1 || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 60)
        return LH_EFORMAT;
    const int64_t seconds = days_from_civil(year, month, day) * 86400 + (int64_t)hour * 3600 +
                            (int64_t)minute * 60 + second - offset_s;
    *ret_utc_us = seconds * LH_SECOND_US + fraction_us;
    return LH_OK;
}
