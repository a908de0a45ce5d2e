/* The log: one line an event, to standard error, for a person or for a machine.
 *
 *   2026-11-23T23:48:10.123Z warn  video [tower-1] no packet for 5.0 s, reconnecting
 *   {"time":"...","level":"warn","subsystem":"video","subject":"tower-1","text":"..."}
 *
 * Levels say who should see a line: error, an operator must act; warn, something is
 * lost or degraded; info, the life of the program; debug, for its builders; trace, may
 * come once a frame. Nothing at info or above may come once a frame.
 *
 * The log belongs to the process, as standard error does; it is the one piece of
 * process-wide state in the engine. Secrets never reach it: whoever holds an URL logs
 * its redacted form.
 *
 * Thread-safety: safe; a line is written with one write.
 */
#ifndef LH_BASE_LOG_H
#define LH_BASE_LOG_H

#include "base/clock.h"

#include <stdbool.h>

enum lh_log_level {
    LH_LOG_ERROR,
    LH_LOG_WARN,
    LH_LOG_INFO,
    LH_LOG_DEBUG,
    LH_LOG_TRACE,
};

enum lh_log_format {
    LH_LOG_TEXT,
    LH_LOG_JSON,
};

/* Sets level and format for all lines from now on. Before the first call: info, text. */
void lh_log_configure(enum lh_log_level level, enum lh_log_format format);

/* True where a line of this level would be written: guard for costly arguments. */
bool lh_log_enabled(enum lh_log_level level);

/* Writes one line. subsystem: the room ("video"); subject: the camera, plugin or file it is
 * about, or NULL. Line breaks and control characters in the text are escaped; a text over
 * 2,000 bytes is cut. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
void lh_log(enum lh_log_level level, const char *subsystem, const char *subject, const char *format,
            ...);

/* A complaint that backs off: the same trouble is logged when it starts, then after 10 s,
 * 20 s, 40 s ... up to once an hour, with the number of times it happened in between, and
 * once more when it is over. Zero-initialised; one owner, no locking. */
struct lh_complaint {
    int64_t next_us;     /* monotonic time before which nothing is said */
    int64_t interval_us; /* grows; 0: nothing is wrong */
    int64_t since_us;    /* monotonic time of the first occurrence */
    unsigned long count; /* occurrences since the trouble began */
    unsigned long said;  /* occurrences at the last line written */
};

/* Reports one occurrence at level warn, or counts it silently. */
#if defined(__GNUC__)
__attribute__((format(printf, 5, 6)))
#endif
void lh_complain(struct lh_complaint *complaint, const struct lh_clock *clock,
                 const char *subsystem, const char *subject, const char *format, ...);

/* Announces at level info that the trouble is over ("...: after 34 s, 12 times"), if there was
 * one, and clears the complaint. what: a few words, such as "pictures again". */
void lh_recovered(struct lh_complaint *complaint, const struct lh_clock *clock,
                  const char *subsystem, const char *subject, const char *what);

#endif
