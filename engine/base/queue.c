#include "base/queue.h"

#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct item {
    void *pointer;
    size_t bytes;
    int64_t pushed_us;
};

struct lh_queue {
    struct lh_queue_options options;
    pthread_cond_t readable;
    pthread_cond_t writable;
    pthread_mutex_t lock;
    /* -- protected by lock */
    struct item *ring; /* max_count slots */
    size_t first;
    struct lh_queue_counts counts;
    bool closed;
};

struct lh_bell {
    pthread_cond_t rung_changed;
    pthread_mutex_t lock;
    /* -- protected by lock */
    bool rung;
};

static int init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return LH_ENOMEM;
    int code = LH_OK;
    if (pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(condition, &attributes) != 0)
        code = LH_ENOMEM;
    (void)pthread_condattr_destroy(&attributes);
    return code;
}

static struct timespec deadline_after(int64_t timeout_us)
{
    struct timespec when;
    (void)clock_gettime(CLOCK_MONOTONIC, &when);
    when.tv_sec += (time_t)(timeout_us / LH_SECOND_US);
    when.tv_nsec += (long)(timeout_us % LH_SECOND_US) * 1000;
    if (when.tv_nsec >= 1000000000L) {
        when.tv_sec++;
        when.tv_nsec -= 1000000000L;
    }
    return when;
}

/* False when the deadline has passed. A negative timeout has no deadline. */
static bool wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t timeout_us,
                       const struct timespec *deadline)
{
    if (timeout_us < 0)
        return pthread_cond_wait(condition, lock) == 0;
    return pthread_cond_timedwait(condition, lock, deadline) == 0;
}

int lh_queue_create(const struct lh_queue_options *options, struct lh_queue **ret_queue)
{
    if (options->max_count == 0)
        return LH_EINVAL;
    struct lh_queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        return LH_ENOMEM;
    queue->options = *options;
    if (!queue->options.clock)
        queue->options.clock = lh_clock_system();
    queue->ring = calloc(options->max_count, sizeof *queue->ring);
    if (!queue->ring)
        goto no_ring;
    if (pthread_mutex_init(&queue->lock, NULL) != 0)
        goto no_lock;
    if (init_condition(&queue->readable) != LH_OK)
        goto no_readable;
    if (init_condition(&queue->writable) != LH_OK)
        goto no_writable;
    *ret_queue = queue;
    return LH_OK;

no_writable:
    (void)pthread_cond_destroy(&queue->readable);
no_readable:
    (void)pthread_mutex_destroy(&queue->lock);
no_lock:
    free(queue->ring);
no_ring:
    free(queue);
    return LH_ENOMEM;
}

static struct item take_first(struct lh_queue *queue)
{
    const struct item item = queue->ring[queue->first];
    queue->first = (queue->first + 1) % queue->options.max_count;
    queue->counts.depth--;
    queue->counts.bytes -= item.bytes;
    return item;
}

static void drop_first(struct lh_queue *queue)
{
    const struct item item = take_first(queue);
    if (queue->options.drop)
        queue->options.drop(item.pointer);
}

static void drop_aged(struct lh_queue *queue)
{
    if (queue->options.policy != LH_QUEUE_LIVE || queue->options.max_age_us == 0)
        return;
    const int64_t oldest_us =
        lh_clock_monotonic_us(queue->options.clock) - queue->options.max_age_us;
    while (queue->counts.depth > 0 && queue->ring[queue->first].pushed_us < oldest_us) {
        drop_first(queue);
        queue->counts.dropped++;
    }
}

static bool has_room(const struct lh_queue *queue, size_t bytes)
{
    if (queue->counts.depth == 0)
        return true;
    if (queue->counts.depth == queue->options.max_count)
        return false;
    return queue->options.max_bytes == 0 || queue->counts.bytes + bytes <= queue->options.max_bytes;
}

static int make_room(struct lh_queue *queue, size_t bytes, int64_t timeout_us)
{
    if (queue->options.policy == LH_QUEUE_LIVE) {
        while (!has_room(queue, bytes)) {
            drop_first(queue);
            queue->counts.dropped++;
        }
        return LH_OK;
    }
    const struct timespec deadline = deadline_after(timeout_us < 0 ? 0 : timeout_us);
    while (!queue->closed && !has_room(queue, bytes)) {
        if (!wait_until(&queue->writable, &queue->lock, timeout_us, &deadline))
            break;
    }
    if (queue->closed)
        return LH_ECLOSED;
    return has_room(queue, bytes) ? LH_OK : LH_ETIMEOUT;
}

int lh_queue_push(struct lh_queue *queue, void *item, size_t bytes, int64_t timeout_us)
{
    (void)pthread_mutex_lock(&queue->lock);
    int code = queue->closed ? LH_ECLOSED : LH_OK;
    if (code == LH_OK) {
        drop_aged(queue);
        code = make_room(queue, bytes, timeout_us);
    }
    if (code == LH_OK) {
        const size_t last = (queue->first + queue->counts.depth) % queue->options.max_count;
        queue->ring[last] = (struct item){
            .pointer = item,
            .bytes = bytes,
            .pushed_us = lh_clock_monotonic_us(queue->options.clock),
        };
        queue->counts.depth++;
        queue->counts.bytes += bytes;
        queue->counts.pushed++;
        (void)pthread_cond_signal(&queue->readable);
    }
    (void)pthread_mutex_unlock(&queue->lock);
    if (code == LH_OK && queue->options.bell)
        lh_bell_ring(queue->options.bell);
    return code;
}

int lh_queue_pop(struct lh_queue *queue, int64_t timeout_us, void **ret_item)
{
    const struct timespec deadline = deadline_after(timeout_us < 0 ? 0 : timeout_us);
    int code = LH_OK;
    (void)pthread_mutex_lock(&queue->lock);
    drop_aged(queue);
    while (queue->counts.depth == 0 && !queue->closed) {
        if (timeout_us == 0 || !wait_until(&queue->readable, &queue->lock, timeout_us, &deadline))
            break;
        drop_aged(queue);
    }
    if (queue->counts.depth > 0) {
        *ret_item = take_first(queue).pointer;
        queue->counts.popped++;
        (void)pthread_cond_signal(&queue->writable);
    } else {
        code = queue->closed ? LH_ECLOSED : LH_ETIMEOUT;
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return code;
}

void lh_queue_close(struct lh_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    (void)pthread_cond_broadcast(&queue->readable);
    (void)pthread_cond_broadcast(&queue->writable);
    (void)pthread_mutex_unlock(&queue->lock);
    if (queue->options.bell)
        lh_bell_ring(queue->options.bell);
}

struct lh_queue_counts lh_queue_counts(struct lh_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    const struct lh_queue_counts counts = queue->counts;
    (void)pthread_mutex_unlock(&queue->lock);
    return counts;
}

void lh_queue_destroy(struct lh_queue **queue_pointer)
{
    struct lh_queue *queue = *queue_pointer;
    if (!queue)
        return;
    while (queue->counts.depth > 0)
        drop_first(queue);
    (void)pthread_cond_destroy(&queue->writable);
    (void)pthread_cond_destroy(&queue->readable);
    (void)pthread_mutex_destroy(&queue->lock);
    free(queue->ring);
    free(queue);
    *queue_pointer = NULL;
}

int lh_bell_create(struct lh_bell **ret_bell)
{
    struct lh_bell *bell = calloc(1, sizeof *bell);
    if (!bell)
        return LH_ENOMEM;
    if (pthread_mutex_init(&bell->lock, NULL) != 0) {
        free(bell);
        return LH_ENOMEM;
    }
    if (init_condition(&bell->rung_changed) != LH_OK) {
        (void)pthread_mutex_destroy(&bell->lock);
        free(bell);
        return LH_ENOMEM;
    }
    *ret_bell = bell;
    return LH_OK;
}

void lh_bell_destroy(struct lh_bell **bell_pointer)
{
    struct lh_bell *bell = *bell_pointer;
    if (!bell)
        return;
    (void)pthread_cond_destroy(&bell->rung_changed);
    (void)pthread_mutex_destroy(&bell->lock);
    free(bell);
    *bell_pointer = NULL;
}

void lh_bell_ring(struct lh_bell *bell)
{
    (void)pthread_mutex_lock(&bell->lock);
    bell->rung = true;
    (void)pthread_cond_signal(&bell->rung_changed);
    (void)pthread_mutex_unlock(&bell->lock);
}

int lh_bell_wait(struct lh_bell *bell, int64_t timeout_us)
{
    const struct timespec deadline = deadline_after(timeout_us < 0 ? 0 : timeout_us);
    (void)pthread_mutex_lock(&bell->lock);
    while (!bell->rung) {
        if (timeout_us == 0 || !wait_until(&bell->rung_changed, &bell->lock, timeout_us, &deadline))
            break;
    }
    const int code = bell->rung ? LH_OK : LH_ETIMEOUT;
    bell->rung = false;
    (void)pthread_mutex_unlock(&bell->lock);
    return code;
}
