#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES 2001
#define LINE_BYTES (6 * TEXT_BYTES + 512) /* JSON may need six bytes for one */
#define COMPLAINT_FIRST_US (10 * LH_SECOND_US)
#define COMPLAINT_LAST_US (3600 * LH_SECOND_US)

static _Atomic int log_level = LH_LOG_INFO;
static _Atomic int log_format = LH_LOG_TEXT;

static const char *level_names[] = {"error", "warn", "info", "debug", "trace"};

void lh_log_configure(enum lh_log_level level, enum lh_log_format format)
{
    atomic_store(&log_level, level);
    atomic_store(&log_format, format);
}

bool lh_log_enabled(enum lh_log_level level)
{
    return (int)level <= atomic_load(&log_level);
}

struct line {
    char bytes[LINE_BYTES];
    size_t length;
};

static void put(struct line *line, const char *text)
{
    const size_t room = sizeof line->bytes - 1 - line->length; /* one for the line break */
    size_t length = strlen(text);
    if (length > room)
        length = room;
    memcpy(line->bytes + line->length, text, length);
    line->length += length;
}

static void put_escaped(struct line *line, const char *text, bool json)
{
    for (; *text; text++) {
        const unsigned char byte = (unsigned char)*text;
        char escaped[8] = {(char)byte, '\0'};
        if (byte == '\n')
            (void)snprintf(escaped, sizeof escaped, "\\n");
        else if (byte < 0x20 || byte == 0x7f)
            (void)snprintf(escaped, sizeof escaped, json ? "\\u%04x" : "\\x%02x", byte);
        else if (json && (byte == '"' || byte == '\\'))
            (void)snprintf(escaped, sizeof escaped, "\\%c", byte);
        put(line, escaped);
    }
}

static void compose_text(struct line *line, const char *time, enum lh_log_level level,
                         const char *subsystem, const char *subject, const char *text)
{
    char head[96];
    (void)snprintf(head, sizeof head, "%s %-5s %-6s ", time, level_names[level], subsystem);
    put(line, head);
    if (subject) {
        put(line, "[");
        put_escaped(line, subject, false);
        put(line, "] ");
    }
    put_escaped(line, text, false);
}

static void compose_json(struct line *line, const char *time, enum lh_log_level level,
                         const char *subsystem, const char *subject, const char *text)
{
    put(line, "{\"time\":\"");
    put(line, time);
    put(line, "\",\"level\":\"");
    put(line, level_names[level]);
    put(line, "\",\"subsystem\":\"");
    put_escaped(line, subsystem, true);
    if (subject) {
        put(line, "\",\"subject\":\"");
        put_escaped(line, subject, true);
    }
    put(line, "\",\"text\":\"");
    put_escaped(line, text, true);
    put(line, "\"}");
}

static void write_line(enum lh_log_level level, const char *subsystem, const char *subject,
                       const char *text)
{
    struct line line = {.length = 0};
    char time[LH_TIME_TEXT];
    (void)lh_time_format(lh_clock_utc_us(lh_clock_system()), time);
    if (atomic_load(&log_format) == LH_LOG_JSON)
        compose_json(&line, time, level, subsystem, subject, text);
    else
        compose_text(&line, time, level, subsystem, subject, text);
    line.bytes[line.length++] = '\n';
    /* A log that cannot be written has nobody to tell. */
    if (write(STDERR_FILENO, line.bytes, line.length) < 0)
        return;
}

void lh_log(enum lh_log_level level, const char *subsystem, const char *subject, const char *format,
            ...)
{
    if (!lh_log_enabled(level))
        return;
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_line(level, subsystem, subject, text);
}

void lh_complain(struct lh_complaint *complaint, const struct lh_clock *clock,
                 const char *subsystem, const char *subject, const char *format, ...)
{
    const int64_t now_us = lh_clock_monotonic_us(clock);
    if (complaint->count++ == 0)
        complaint->since_us = now_us;
    if (complaint->interval_us > 0 && now_us < complaint->next_us)
        return;
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const unsigned long unsaid = complaint->count - complaint->said - 1;
    if (unsaid > 0)
        lh_log(LH_LOG_WARN, subsystem, subject, "%s (%lu more since the last report)", text,
               unsaid);
    else
        lh_log(LH_LOG_WARN, subsystem, subject, "%s", text);
    complaint->said = complaint->count;
    complaint->interval_us =
        complaint->interval_us == 0 ? COMPLAINT_FIRST_US : complaint->interval_us * 2;
    if (complaint->interval_us > COMPLAINT_LAST_US)
        complaint->interval_us = COMPLAINT_LAST_US;
    complaint->next_us = now_us + complaint->interval_us;
}

void lh_recovered(struct lh_complaint *complaint, const struct lh_clock *clock,
                  const char *subsystem, const char *subject, const char *what)
{
    if (complaint->count == 0)
        return;
    const double seconds =
        (double)(lh_clock_monotonic_us(clock) - complaint->since_us) / (double)LH_SECOND_US;
    lh_log(LH_LOG_INFO, subsystem, subject, "%s: after %.1f s, %lu times", what, seconds,
           complaint->count);
    *complaint = (struct lh_complaint){0};
}
