#include "fuse/feed_kind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lh_feed {
    const struct lh_feed_kind_table *kind;
    void *state;
};

int lh_feed_create(const struct lh_feed_config *config, const struct lh_feed_options *options,
                   struct lh_fault *fault, struct lh_feed **ret_feed)
{
    static const struct lh_feed_kind_table *const kinds[] = {&lh_feed_web, &lh_feed_web,
                                                             &lh_feed_folder, &lh_feed_files};
    struct lh_feed *feed = calloc(1, sizeof *feed);
    if (!feed)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    feed->kind = kinds[config->kind];
    const int code = feed->kind->create(config, options, fault, &feed->state);
    if (code == LH_OK)
        *ret_feed = feed;
    else
        free(feed);
    return code;
}

void lh_feed_destroy(struct lh_feed **feed)
{
    if (!*feed)
        return;
    (*feed)->kind->destroy((*feed)->state);
    free(*feed);
    *feed = NULL;
}

int lh_feed_step(struct lh_feed *feed, struct lh_fault *fault, struct lh_feed_batch **ret_batch)
{
    return feed->kind->step(feed->state, fault, ret_batch);
}

int64_t lh_feed_next_us(const struct lh_feed *feed)
{
    return feed->kind->next_us(feed->state);
}

struct lh_feed_batch *lh_feed_batch_create(const struct lh_feed_config *config, const char *origin)
{
    struct lh_feed_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return NULL;
    (void)snprintf(batch->feed, sizeof batch->feed, "%s", config->name);
    (void)snprintf(batch->origin, sizeof batch->origin, "%s", origin);
    return batch;
}

void lh_feed_batch_destroy(struct lh_feed_batch **batch)
{
    if (*batch)
        lh_hotspots_finish(&(*batch)->hotspots);
    free(*batch);
    *batch = NULL;
}

int lh_feed_batch_take(const struct lh_feed_batch *batch, struct lh_hotspot_log *log,
                       struct lh_fault *fault, enum lh_hotspot_news *ret_news,
                       struct lh_hotspot_intake *ret_intake)
{
    const struct lh_seen_file file = {
        .feed = batch->feed,
        .name = batch->origin,
        .size = batch->file_size,
        .mtime_ns = batch->file_mtime_ns,
    };
    return lh_hotspot_log_take(log, batch->hotspots.items, batch->hotspots.count,
                               batch->from_folder ? &file : NULL, fault, ret_news, ret_intake);
}

static bool is_mapped(const struct lh_feed_columns *columns)
{
    return columns->latitude && columns->latitude[0] != '\0';
}

struct lh_hotspot_reading lh_feed_reading(const struct lh_feed_config *config,
                                          const struct lh_clock *clock)
{
    return (struct lh_hotspot_reading){
        .source = config->name,
        .now_us = lh_clock_utc_us(clock),
        .received_us = lh_clock_utc_us(clock),
        .datum = (enum lh_datum)config->datum,
        .satellite = config->satellite && config->satellite[0] ? config->satellite : NULL,
        .mapping = is_mapped(&config->columns) ? config : NULL,
    };
}
