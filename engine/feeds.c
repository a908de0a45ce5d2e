#include "feeds.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCHES 16
#define BATCH_BYTES ((size_t)64 << 20)

struct lh_feeds {
    struct lh_queue *batches;
    struct lh_feed_thread **threads;
    size_t count;
};

static void start_one(struct lh_feeds *feeds, const struct lh_feed_config *config,
                      const struct lh_feed_options *options)
{
    struct lh_fault fault = {0};
    struct lh_feed_thread **thread = &feeds->threads[feeds->count];
    if (lh_feed_thread_start(config, options, feeds->batches, &fault, thread) == LH_OK)
        feeds->count++;
    else
        lh_log(LH_LOG_ERROR, "fuse", config->name, "the feed is not read: %s", fault.text);
}

int lh_feeds_start(const struct lh_site *site, const struct lh_clock *clock,
                   struct lh_hotspot_log *log, struct lh_feeds **ret_feeds)
{
    struct lh_feeds *feeds = calloc(1, sizeof *feeds);
    if (!feeds)
        return LH_ENOMEM;
    const struct lh_queue_options queue = {.policy = LH_QUEUE_REPLAY,
                                           .max_count = BATCHES,
                                           .max_bytes = BATCH_BYTES,
                                           .drop = lh_feed_batch_drop};
    const struct lh_feed_options options = {.clock = clock, .box = site->box, .log = log};
    feeds->threads = calloc(site->feed_count + 1, sizeof(struct lh_feed_thread *));
    int code = feeds->threads ? lh_queue_create(&queue, &feeds->batches) : LH_ENOMEM;
    if (code != LH_OK) {
        lh_feeds_stop(&feeds);
        return code;
    }
    for (size_t i = 0; log && i < site->feed_count; i++)
        if (site->feeds[i].enabled && site->feeds[i].kind != LH_FEED_FILES)
            start_one(feeds, &site->feeds[i], &options);
    *ret_feeds = feeds;
    return LH_OK;
}

void lh_feeds_stop(struct lh_feeds **feeds_pointer)
{
    struct lh_feeds *feeds = *feeds_pointer;
    if (!feeds)
        return;
    for (size_t i = 0; i < feeds->count; i++)
        lh_feed_thread_stop(&feeds->threads[i]);
    lh_queue_destroy(&feeds->batches);
    free(feeds->threads);
    free(feeds);
    *feeds_pointer = NULL;
}

struct lh_feed_batch *lh_feeds_next(struct lh_feeds *feeds)
{
    void *item = NULL;
    return lh_queue_pop(feeds->batches, 0, &item) == LH_OK ? item : NULL;
}

int lh_feeds_status(const struct lh_feeds *feeds, struct lh_feed_status **ret_items,
                    size_t *ret_count)
{
    struct lh_feed_status *items = calloc(feeds->count + 1, sizeof *items);
    if (!items)
        return LH_ENOMEM;
    for (size_t i = 0; i < feeds->count; i++)
        lh_feed_thread_status(feeds->threads[i], &items[i]);
    *ret_items = items;
    *ret_count = feeds->count;
    return LH_OK;
}
