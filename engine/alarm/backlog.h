/* What is to be stored and published, and cannot be stored just now: oldest first, and bounded.
 *
 * When it is full, the oldest revision of an alarm that has a newer one waiting is taken out, so that
 * the newest of each alarm stays (a "raised" that goes hands that word on to its successor). Only where
 * every entry is the newest of its alarm or camera is one dropped for good: news of health before
 * alarms, alarms without priority before P3, P3 before P2; the oldest of them first. Both are counted.
 *
 * Thread: the alarm thread.
 */
#ifndef LH_ALARM_BACKLOG_H
#define LH_ALARM_BACKLOG_H

#include "alarm/message.h"
#include "base/error.h"

enum lh_event_kind {
    LH_EVENT_ALARM,
    LH_EVENT_HEALTH,
};

/* A plain value. */
struct lh_event {
    enum lh_event_kind kind;
    struct lh_alarm alarm;
    struct lh_camera_status status;
    enum lh_health_state before;
};

struct lh_backlog;

/* limit: at least 1. */
int lh_backlog_create(size_t limit, struct lh_backlog **ret_backlog);
/* Accepts &NULL; leaves NULL. */
void lh_backlog_destroy(struct lh_backlog **backlog);

/* Copies the event to the end. LH_ENOMEM: nothing changed. ret_dropped (may be NULL) gets what had to be
 * dropped for good, if anything had to: *ret_has_dropped. It may be the event itself. */
int lh_backlog_push(struct lh_backlog *backlog, const struct lh_event *event, bool *ret_has_dropped,
                    struct lh_event *ret_dropped);

/* The oldest, lent until the next call that changes the backlog; NULL when empty. */
const struct lh_event *lh_backlog_first(const struct lh_backlog *backlog);
void lh_backlog_remove_first(struct lh_backlog *backlog);

size_t lh_backlog_count(const struct lh_backlog *backlog);
uint64_t lh_backlog_thinned(const struct lh_backlog *backlog); /* revisions taken out */

#endif
