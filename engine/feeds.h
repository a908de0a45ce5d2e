/* The feeds of a site at work: a thread each, and one bounded queue from them to the alarm thread.
 *
 * Feeds of kind files are for replay and do not run. A feed that cannot be started is said in the log; the others run.
 *
 * Thread: the alarm thread's.
 */
#ifndef LH_FEEDS_H
#define LH_FEEDS_H

#include "alarm/message.h"
#include "base/site.h"
#include "fuse/feed_thread.h"

struct lh_feeds;

/* site, clock and log are lent; log may be NULL: then none runs. */
int lh_feeds_start(const struct lh_site *site, const struct lh_clock *clock,
                   struct lh_hotspot_log *log, struct lh_feeds **ret_feeds);
/* Ends transfers within a second each; batches that wait are lost, and asked for again. Accepts &NULL; leaves
 * NULL. */
void lh_feeds_stop(struct lh_feeds **feeds);

/* The next batch that waits, without waiting; NULL: none. The caller destroys it. */
struct lh_feed_batch *lh_feeds_next(struct lh_feeds *feeds);

/* How they do, for the status. Caller frees ret_items. */
int lh_feeds_status(const struct lh_feeds *feeds, struct lh_feed_status **ret_items,
                    size_t *ret_count);

#endif
