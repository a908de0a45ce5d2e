#include "video/av_log.h"

#include "base/log.h"

#include <libavutil/log.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 1024
#define URL_END " \t\r\n'\"<>|"

/* Replaces line[from, to) by "***" and returns the place after it. */
static size_t blank(char *line, size_t size, size_t from, size_t to)
{
    static const char stars[] = "***";
    const size_t length = strlen(line);
    const size_t count = sizeof stars - 1;
    if (length - (to - from) + count >= size) {
        memset(line + from, '*', to - from);
        return to;
    }
    memmove(line + from + count, line + to, length - to + 1);
    memcpy(line + from, stars, count);
    return from + count;
}

static size_t redact_url(char *line, size_t size, size_t at)
{
    const size_t end = at + strcspn(line + at, URL_END);
    size_t sign = end;
    for (size_t i = at; i < end && !strchr("/?#", line[i]); i++) {
        if (line[i] == '@')
            sign = i;
    }
    if (sign < end)
        at = blank(line, size, at, sign);
    at += strcspn(line + at, "?" URL_END);
    while (line[at] == '?' || line[at] == '&') {
        at += 1 + strcspn(line + at + 1, "=&" URL_END);
        if (line[at] == '=')
            at = blank(line, size, at + 1, at + 1 + strcspn(line + at + 1, "&" URL_END));
    }
    return at;
}

void lh_av_log_redact(char *line, size_t size)
{
    size_t at = 0;
    for (;;) {
        const char *found = strstr(line + at, "://");
        if (!found)
            return;
        at = redact_url(line, size, (size_t)(found - line) + 3);
    }
}

static void take_line(void *object, int level, const char *format, va_list arguments)
{
    if (level > AV_LOG_WARNING || !lh_log_enabled(LH_LOG_DEBUG))
        return;
    char line[LINE_BYTES];
    int prefix = 1;
    (void)av_log_format_line2(object, level, format, arguments, line, sizeof line, &prefix);
    line[strcspn(line, "\r\n")] = '\0';
    lh_av_log_redact(line, sizeof line);
    if (line[0])
        lh_log(LH_LOG_DEBUG, "video", "ffmpeg", "%s", line);
}

static void install(void)
{
    av_log_set_callback(take_line);
}

void lh_av_log_take(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, install);
}
