/* The way across threads: a bounded first-in first-out queue of pointers.
 *
 * A queue is bounded three ways, by count, by bytes and by the age of its oldest item,
 * and follows one of two policies:
 *   LH_QUEUE_LIVE    the writer never waits: the oldest item is dropped and counted.
 *                    For pictures of a running camera, where late is worse than lost.
 *   LH_QUEUE_REPLAY  the writer waits for room. For replay, where every frame counts,
 *                    and for alarms, which are never dropped.
 * Ownership of an item passes into the queue with a successful push and out of it with
 * a pop; an item that is dropped, or left over at destruction, goes to the drop function.
 *
 * Closing lets readers drain what is left and then gives LH_ECLOSED; writers get it at once.
 *
 * A reader of many queues hangs one bell on all of them, waits on the bell and then looks
 * into each queue with a time-out of 0.
 *
 * Thread-safety: safe, any number of writers and readers. Destroy after all have left.
 */
#ifndef LH_BASE_QUEUE_H
#define LH_BASE_QUEUE_H

#include "base/clock.h"

#include <stddef.h>
#include <stdint.h>

enum lh_queue_policy {
    LH_QUEUE_LIVE,
    LH_QUEUE_REPLAY,
};

struct lh_bell;
struct lh_queue;

struct lh_queue_options {
    enum lh_queue_policy policy;
    size_t max_count;         /* at least 1 */
    size_t max_bytes;         /* 0: no limit. One item larger than this still fits alone */
    int64_t max_age_us;       /* 0: no limit; live only: older items are dropped at pop and push */
    void (*drop)(void *item); /* NULL: items need no release */
    struct lh_bell *bell;     /* lent; rung at every push and at close. NULL: none */
    const struct lh_clock *clock; /* lent; for ages. NULL: the system clock */
};

struct lh_queue_counts {
    uint64_t pushed;
    uint64_t popped;
    uint64_t dropped; /* by any of the three bounds, live only */
    size_t depth;     /* items now */
    size_t bytes;     /* bytes now */
};

int lh_queue_create(const struct lh_queue_options *options, struct lh_queue **ret_queue);
/* Accepts &NULL; leaves NULL. Drops what is left. */
void lh_queue_destroy(struct lh_queue **queue);

/* bytes: what the item counts for against max_bytes. timeout_us: replay only; < 0 waits for ever,
 * 0 not at all. LH_ETIMEOUT or LH_ECLOSED: the item still belongs to the caller. */
int lh_queue_push(struct lh_queue *queue, void *item, size_t bytes, int64_t timeout_us);

/* LH_ETIMEOUT: nothing came; LH_ECLOSED: closed and empty. */
int lh_queue_pop(struct lh_queue *queue, int64_t timeout_us, void **ret_item);

void lh_queue_close(struct lh_queue *queue);
struct lh_queue_counts lh_queue_counts(struct lh_queue *queue);

int lh_bell_create(struct lh_bell **ret_bell);
void lh_bell_destroy(struct lh_bell **bell);
void lh_bell_ring(struct lh_bell *bell);
/* Returns LH_OK at once if the bell was rung since the last wait, else waits. */
int lh_bell_wait(struct lh_bell *bell, int64_t timeout_us);

#endif
