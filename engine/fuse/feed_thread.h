/* A feed that runs: a thread of its own, whose batches go into a queue.
 *
 * The thread, feed-NAME, steps its feed when it is due, complains about failures with back-off, and pushes
 * what came. The queue is bounded and never drops (LH_QUEUE_REPLAY): a feed waits for a slow reader.
 * Batches are not logged as read by the thread: their reader does that (lh_feed_batch_take).
 *
 * Thread: start and stop from one thread.
 */
#ifndef LH_FUSE_FEED_THREAD_H
#define LH_FUSE_FEED_THREAD_H

#include "base/queue.h"
#include "fuse/feed.h"

struct lh_feed_thread;

/* Lent: config, options' clock, and the queue, which takes struct lh_feed_batch (drop them with
 * lh_feed_batch_drop). options' log is asked before the thread starts; its stop is not used. */
int lh_feed_thread_start(const struct lh_feed_config *config, const struct lh_feed_options *options,
                         struct lh_queue *queue, struct lh_fault *fault,
                         struct lh_feed_thread **ret_thread);
/* Ends a transfer within a second, and joins. Accepts &NULL; leaves NULL. */
void lh_feed_thread_stop(struct lh_feed_thread **thread);

/* How a feed does. A plain value. */
struct lh_feed_status {
    char name[65];
    int64_t last_success_utc_us; /* the last look that did not fail; LH_NO_TIME: none yet */
    uint64_t looks;
    uint64_t failures;
    uint64_t rows;        /* that came, repetitions too */
    char last_error[256]; /* "": the last look did not fail */
};
/* Any thread. */
void lh_feed_thread_status(struct lh_feed_thread *thread, struct lh_feed_status *ret_status);

/* For lh_queue_options.drop. */
void lh_feed_batch_drop(void *batch);

#endif
