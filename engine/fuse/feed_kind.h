/* The three kinds of feed behind fuse/feed.h. Part of the feed.
 *
 * Each step gives at most one batch and says when it wants to be called again.
 */
#ifndef LH_FUSE_FEED_KIND_H
#define LH_FUSE_FEED_KIND_H

#include "fuse/feed.h"

struct lh_feed_kind_table {
    int (*create)(const struct lh_feed_config *config, const struct lh_feed_options *options,
                  struct lh_fault *fault, void **ret_state);
    void (*destroy)(void *state);
    int (*step)(void *state, struct lh_fault *fault, struct lh_feed_batch **ret_batch);
    int64_t (*next_us)(const void *state);
};

extern const struct lh_feed_kind_table lh_feed_web;    /* firms and http */
extern const struct lh_feed_kind_table lh_feed_folder; /* folder */
extern const struct lh_feed_kind_table lh_feed_files;  /* files */

/* An empty batch of this feed, or NULL. */
struct lh_feed_batch *lh_feed_batch_create(const struct lh_feed_config *config, const char *origin);

#endif
