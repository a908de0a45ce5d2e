/* Every hotspot that came, once: the memory of the feeds.
 *
 * The same row comes again and again (files of 24 hours and of 7 days overlap, every poll repeats the day),
 * comes from two feeds, and months later once more as the standard product. The log knows a row by
 * satellite, minute of acquisition and place to 1e-5 degrees, says of each whether it is news, and keeps
 * them by acquisition, however late they arrive.
 *
 * A more final product replaces the row of an earlier one: the same key, or for a standard product the
 * nearest row of the same satellite and minute that has not been replaced, within a pixel. A row of a less
 * final product than what is there changes nothing.
 *
 * It also remembers which files of a watched folder have been read. Rows and file are written in one
 * transaction: after kill -9 a file has been taken in whole or not at all.
 *
 * In data_folder/hotspots.sqlite, open to inspection; or in memory, for replay.
 *
 * Thread: one.
 */
#ifndef LH_FUSE_HOTSPOT_LOG_H
#define LH_FUSE_HOTSPOT_LOG_H

#include "fuse/hotspot_read.h"

struct lh_hotspot_log;

enum lh_hotspot_news {
    LH_NEWS_NEW,
    LH_NEWS_REPEAT,   /* known already, as final or more so */
    LH_NEWS_REPLACED, /* stands in the place of a less final row */
};

struct lh_hotspot_intake {
    size_t fresh;
    size_t repeated;
    size_t replaced;
};

/* A file of a watched folder. */
struct lh_seen_file {
    const char *feed;
    const char *name;
    int64_t size;
    int64_t mtime_ns;
};

/* path: of the file, whose folder is there; NULL: in memory. */
int lh_hotspot_log_open(const char *path, struct lh_fault *fault, struct lh_hotspot_log **ret_log);
/* Accepts &NULL; leaves NULL. */
void lh_hotspot_log_close(struct lh_hotspot_log **log);

/* Takes rows in, all or none, and marks the file (NULL: none) as read. ret_news (may be NULL) has room for a
 * word for each row. */
int lh_hotspot_log_take(struct lh_hotspot_log *log, const struct lh_hotspot *rows, size_t count,
                        const struct lh_seen_file *file, struct lh_fault *fault,
                        enum lh_hotspot_news *ret_news, struct lh_hotspot_intake *ret_intake);

/* Rows acquired in from <= time < to, in order of acquisition, satellite and place; appended. */
int lh_hotspot_log_between(struct lh_hotspot_log *log, int64_t from_us, int64_t to_us,
                           struct lh_fault *fault, struct lh_hotspots *rows);

/* True when that file, with that size and time, was read. */
int lh_hotspot_log_seen(struct lh_hotspot_log *log, const struct lh_seen_file *file,
                        struct lh_fault *fault, bool *ret_seen);

/* Forgets rows acquired before that time, and files read before it. */
int lh_hotspot_log_forget(struct lh_hotspot_log *log, int64_t before_us, struct lh_fault *fault);

#endif
