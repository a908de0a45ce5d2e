#include "video/capture_time.h"

#include <string.h>

#define HALF_HOUR_US (1800 * LH_SECOND_US)
#define MAX_HALF_HOURS 28 /* zones lie within 14 h of UTC */
#define TRUSTED_LAG_US (10 * LH_SECOND_US)
#define STREAM_JUMP_US (5 * LH_SECOND_US)
#define DRIFT_PARTS 5000 /* 200 ppm: more than two quartz clocks differ */
#define PLAUSIBLE_US (INT64_C(4102444800) * LH_SECOND_US) /* year 2100 */

static int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

static bool believable(int64_t ahead_us, bool trusted)
{
    return ahead_us <= LH_CAPTURE_TOLERANCE_US &&
           ahead_us >= -(trusted ? TRUSTED_LAG_US : LH_CAPTURE_TOLERANCE_US);
}

static int64_t nearest_half_hours(int64_t ahead_us)
{
    const int64_t half = HALF_HOUR_US / 2;
    return (ahead_us + (ahead_us < 0 ? -half : half)) / HALF_HOUR_US;
}

struct lh_capture_judgement lh_capture_judge(int64_t sender_utc_us, int64_t arrival_utc_us,
                                             int64_t latency_us, int64_t wrap_us, bool trusted)
{
    const struct lh_capture_judgement arrival = {
        .capture_utc_us = arrival_utc_us - latency_us,
        .quality = LH_TIME_ARRIVAL,
    };
    if (sender_utc_us <= 0 || sender_utc_us > PLAUSIBLE_US)
        return arrival;
    const int64_t ahead_us = sender_utc_us - arrival_utc_us;
    const int64_t wraps[3] = {0, wrap_us, -wrap_us};
    const int tries = wrap_us > 0 ? 3 : 1;
    for (int i = 0; i < tries; i++) {
        if (believable(ahead_us - wraps[i], trusted))
            return (struct lh_capture_judgement){sender_utc_us - wraps[i], LH_TIME_SENDER, i > 0};
    }
    for (int i = 0; i < tries; i++) {
        const int64_t rest_us = ahead_us - wraps[i];
        const int64_t half_hours = nearest_half_hours(rest_us);
        if (!half_hours || magnitude(half_hours) > MAX_HALF_HOURS)
            continue;
        if (believable(rest_us - half_hours * HALF_HOUR_US, trusted))
            return (struct lh_capture_judgement){
                sender_utc_us - wraps[i] - half_hours * HALF_HOUR_US, LH_TIME_OFFSET, true};
    }
    return arrival;
}

int64_t lh_capture_smooth(struct lh_capture_smoother *smoother, int64_t stream_us,
                          int64_t arrival_utc_us)
{
    if (stream_us == LH_NO_TIME)
        return arrival_utc_us;
    const int64_t base_us = arrival_utc_us - stream_us;
    const int64_t onward_us = stream_us - smoother->last_stream_us;
    smoother->last_stream_us = stream_us;
    if (!smoother->started || magnitude(base_us - smoother->base_us) > STREAM_JUMP_US) {
        smoother->started = true;
        smoother->base_us = base_us;
        return arrival_utc_us;
    }
    if (onward_us > 0)
        smoother->base_us += onward_us / DRIFT_PARTS;
    if (base_us < smoother->base_us)
        smoother->base_us = base_us;
    return stream_us + smoother->base_us;
}

enum lh_capture_step lh_capture_order(int64_t last_utc_us, int64_t *capture_utc_us)
{
    if (last_utc_us == LH_NO_TIME || *capture_utc_us >= last_utc_us)
        return LH_CAPTURE_ONWARD;
    if (last_utc_us - *capture_utc_us > LH_CAPTURE_TOLERANCE_US)
        return LH_CAPTURE_NEW_ERA;
    *capture_utc_us = last_utc_us;
    return LH_CAPTURE_HELD;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads exactly count digits; NULL where there are fewer. */
static const char *number(const char *text, int count, int *ret_value)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (!digit(text[i]))
            return NULL;
        value = value * 10 + (text[i] - '0');
    }
    *ret_value = value;
    return text + count;
}

static const char *skip_one_of(const char *text, const char *set)
{
    return *text && strchr(set, *text) ? text + 1 : text;
}

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && leap(year) ? 1 : 0);
}

/* Days from 1970-01-01, by counting years and leap days. */
static int64_t days_from_epoch(int year, int month, int day)
{
    const int64_t before = year - 1;
    int64_t days = (before * 365 + before / 4 - before / 100 + before / 400) - 719162;
    for (int m = 1; m < month; m++)
        days += month_days(year, m);
    return days + day - 1;
}

struct date {
    int year;
    int month;
    int day;
};

static const char *date_at(const char *text, struct date *date)
{
    const char *at = number(text, 4, &date->year);
    if (!at)
        return NULL;
    const bool dashed = *at == '-';
    at = number(dashed ? at + 1 : at, 2, &date->month);
    if (!at || (dashed && *at != '-'))
        return NULL;
    at = number(dashed ? at + 1 : at, 2, &date->day);
    if (!at || (dashed && digit(*at)))
        return NULL;
    if (date->year < 1970 || date->year > 2099 || date->month < 1 || date->month > 12)
        return NULL;
    return date->day >= 1 && date->day <= month_days(date->year, date->month) ? at : NULL;
}

/* Seconds of the day that follow a date, 0 where nothing that follows is a time. */
static int seconds_at(const char *text)
{
    int hour = 0;
    int minute = 0;
    int second = 0;
    const char *at = number(skip_one_of(text, "Tt_- "), 2, &hour);
    if (!at)
        return 0;
    at = number(skip_one_of(at, "-:_"), 2, &minute);
    if (!at || hour > 23 || minute > 59)
        return 0;
    const char *end = number(skip_one_of(at, "-:_"), 2, &second);
    if (!end || digit(*end) || second > 59)
        second = 0;
    return hour * 3600 + minute * 60 + second;
}

bool lh_capture_from_name(const char *path, int64_t *ret_utc_us)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (const char *at = name; *at; at++) {
        if (at > name && digit(at[-1]))
            continue;
        struct date date;
        const char *rest = date_at(at, &date);
        if (!rest)
            continue;
        const int64_t days = days_from_epoch(date.year, date.month, date.day);
        *ret_utc_us = (days * 86400 + seconds_at(rest)) * LH_SECOND_US;
        return true;
    }
    return false;
}
