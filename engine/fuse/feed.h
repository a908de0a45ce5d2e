/* A feed of hotspots: polled over HTTP, watched in a folder, or played from files.
 *
 * A feed has no thread of its own: lh_feed_step does what is due by its clock and gives at most one batch.
 * Live, fuse/feed_thread.h calls it; replay calls it as its clock moves, and gets from `files` every row
 * latency_s after its acquisition, always in the same order.
 *
 * FIRMS: each source is asked in turn, for one UTC day, or for as many as passed since its last success,
 * at most five. Transactions are counted and kept below max_requests in ten minutes. No date is ever asked for:
 * which end of the window it names is not settled.
 *
 * When a server fails, it is asked again after 30 s, then 60, ... up to an hour, or when it asks for it
 * (Retry-After); a refused key waits an hour. Its answers are told apart: rows; a header and nothing more (all
 * is well); a text where rows should be, with any status; a body cut off (its whole rows are used, and it is
 * asked again soon); a redirection (not followed: the fault names the host).
 *
 * Folder: .csv, .txt, .json and .geojson files that do not begin with a dot. A file is read when it has not
 * changed since the look before or for 10 s; one that ends in the middle of a row, when it has not changed
 * for a minute. Which files were read is in the hotspot log: pass it at creation, and give it every batch
 * with its file (lh_feed_batch_take), and each file is taken once, whatever stops in between.
 *
 * Thread: one at a time.
 */
#ifndef LH_FUSE_FEED_H
#define LH_FUSE_FEED_H

#include "base/site.h"
#include "fuse/hotspot_log.h"
#include "fuse/hotspot_read.h"

#include <stdatomic.h>

struct lh_feed;

struct lh_feed_options {
    const struct lh_clock *clock; /* lent; steps are due by its monotonic time */
    const char *box;              /* for a feed without its own; lent until create returns */
    struct lh_hotspot_log *log;   /* asked at creation which files were read; NULL: none was */
    const atomic_bool *stop;      /* lent; ends a transfer. NULL: nothing does */
};

/* What one look brought. */
struct lh_feed_batch {
    char feed[65];
    char origin[128]; /* the source asked, or the file's name */
    struct lh_hotspots hotspots;
    bool from_folder; /* file_size and file_mtime_ns tell the file */
    int64_t file_size;
    int64_t file_mtime_ns;
};

/* config is lent for as long as the feed lives. LH_ECONFIG: the key file, the box or the folder; with
 * `files`, also what lh_hotspots_read_file says. */
int lh_feed_create(const struct lh_feed_config *config, const struct lh_feed_options *options,
                   struct lh_fault *fault, struct lh_feed **ret_feed);
/* Accepts &NULL; leaves NULL. */
void lh_feed_destroy(struct lh_feed **feed);

/* LH_OK: ret_batch is what came, or NULL where nothing was due or new. Else the look failed, fault says how
 * in words without the key, and it will be tried again. LH_EAUTH: the key; LH_ELIMIT: too large, or too
 * many requests; LH_EFORMAT: no table; LH_ECONNECT, LH_ETIMEOUT, LH_EIO; LH_ECLOSED: stopped. */
int lh_feed_step(struct lh_feed *feed, struct lh_fault *fault, struct lh_feed_batch **ret_batch);

/* When the next step is due, by the clock's monotonic time; INT64_MAX: never. */
int64_t lh_feed_next_us(const struct lh_feed *feed);

/* How rows of such a feed are read: its columns, datum and time zone; now and received by the clock. */
struct lh_hotspot_reading lh_feed_reading(const struct lh_feed_config *config,
                                          const struct lh_clock *clock);

/* Accepts &NULL; leaves NULL. */
void lh_feed_batch_destroy(struct lh_feed_batch **batch);

/* Gives a batch to the log, with its file. */
int lh_feed_batch_take(const struct lh_feed_batch *batch, struct lh_hotspot_log *log,
                       struct lh_fault *fault, enum lh_hotspot_news *ret_news,
                       struct lh_hotspot_intake *ret_intake);

#endif
