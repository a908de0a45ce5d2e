#include "fuse/feed_thread.h"

#include "base/log.h"
#include "base/thread.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define PUSH_US (LH_SECOND_US / 5)
#define WAIT_MOST_US (3600 * LH_SECOND_US)

struct lh_feed_thread {
    const struct lh_feed_config *config;
    const struct lh_clock *clock;
    struct lh_queue *queue;
    struct lh_feed *feed;
    struct lh_bell *bell; /* rung to stop */
    struct lh_thread thread;
    struct lh_complaint complaint;
    atomic_bool stop;
    pthread_mutex_t lock;
    /* -- protected by lock */
    struct lh_feed_status status;
};

void lh_feed_batch_drop(void *batch)
{
    struct lh_feed_batch *dropped = (struct lh_feed_batch *)batch;
    lh_feed_batch_destroy(&dropped);
}

static void push(struct lh_feed_thread *thread, struct lh_feed_batch *batch)
{
    const size_t bytes = batch->hotspots.count * sizeof *batch->hotspots.items;
    int code = LH_ETIMEOUT;
    while (code == LH_ETIMEOUT && !atomic_load(&thread->stop))
        code = lh_queue_push(thread->queue, batch, bytes, PUSH_US);
    if (code != LH_OK)
        lh_feed_batch_destroy(&batch);
}

static void note_look(struct lh_feed_thread *thread, int code, const struct lh_fault *fault,
                      const struct lh_feed_batch *batch)
{
    if (code == LH_ECLOSED)
        return;
    (void)pthread_mutex_lock(&thread->lock);
    struct lh_feed_status *status = &thread->status;
    status->looks++;
    status->failures += code != LH_OK;
    status->rows += batch ? batch->hotspots.count : 0;
    if (code == LH_OK)
        status->last_success_utc_us = lh_clock_utc_us(thread->clock);
    (void)snprintf(status->last_error, sizeof status->last_error, "%.255s",
                   code == LH_OK ? "" : fault->text);
    (void)pthread_mutex_unlock(&thread->lock);
}

void lh_feed_thread_status(struct lh_feed_thread *thread, struct lh_feed_status *ret_status)
{
    (void)pthread_mutex_lock(&thread->lock);
    *ret_status = thread->status;
    (void)pthread_mutex_unlock(&thread->lock);
}

static void run(void *argument)
{
    struct lh_feed_thread *thread = (struct lh_feed_thread *)argument;
    const char *name = thread->config->name;
    while (!atomic_load(&thread->stop)) {
        struct lh_feed_batch *batch = NULL;
        struct lh_fault fault = {0};
        const int code = lh_feed_step(thread->feed, &fault, &batch);
        note_look(thread, code, &fault, batch);
        if (code != LH_OK && code != LH_ECLOSED)
            lh_complain(&thread->complaint, thread->clock, "fuse", name, "%s", fault.text);
        if (batch) {
            lh_recovered(&thread->complaint, thread->clock, "fuse", name, "the feed is back");
            push(thread, batch);
        }
        const int64_t next_us = lh_feed_next_us(thread->feed);
        const int64_t now_us = lh_clock_monotonic_us(thread->clock);
        if (next_us > now_us)
            (void)lh_bell_wait(thread->bell,
                               next_us - now_us < WAIT_MOST_US ? next_us - now_us : WAIT_MOST_US);
    }
}

int lh_feed_thread_start(const struct lh_feed_config *config, const struct lh_feed_options *options,
                         struct lh_queue *queue, struct lh_fault *fault,
                         struct lh_feed_thread **ret_thread)
{
    struct lh_feed_thread *thread = calloc(1, sizeof *thread);
    if (!thread || pthread_mutex_init(&thread->lock, NULL) != 0) {
        free(thread);
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    char name[32];
    (void)snprintf(thread->status.name, sizeof thread->status.name, "%s", config->name);
    thread->status.last_success_utc_us = LH_NO_TIME;
    struct lh_feed_options own = *options;
    own.stop = &thread->stop;
    thread->config = config;
    thread->clock = options->clock;
    thread->queue = queue;
    (void)snprintf(name, sizeof name, "feed-%.20s", config->name);
    int code = lh_feed_create(config, &own, fault, &thread->feed);
    if (code == LH_OK) {
        code = lh_bell_create(&thread->bell);
        if (code == LH_OK)
            code = lh_thread_start(&thread->thread, name, run, thread);
        if (code != LH_OK)
            (void)lh_fail(fault, code, "feed '%s': %s", config->name, lh_strerror(code));
    }
    if (code == LH_OK)
        *ret_thread = thread;
    else
        lh_feed_thread_stop(&thread);
    return code;
}

void lh_feed_thread_stop(struct lh_feed_thread **thread)
{
    if (!*thread)
        return;
    atomic_store(&(*thread)->stop, true);
    if ((*thread)->bell)
        lh_bell_ring((*thread)->bell);
    lh_thread_join(&(*thread)->thread);
    lh_feed_destroy(&(*thread)->feed);
    lh_bell_destroy(&(*thread)->bell);
    (void)pthread_mutex_destroy(&(*thread)->lock);
    free(*thread);
    *thread = NULL;
}
