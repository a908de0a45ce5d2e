/* The alarm desk: track events in, alarms stored and published.
 *
 * Order for every revision: evidence, store, publish. If the store fails the alarm is kept in memory
 * (a bounded backlog; its size is in the counts) and tried again, oldest first, before anything newer
 * of it is sent; if evidence fails the alarm goes without.
 *
 * Live, the desk runs in the alarm thread and has store, publisher and evidence. At replay it has none
 * of them or some, and on_alarm prints.
 *
 * Thread: one.
 */
#ifndef LH_ALARM_DESK_H
#define LH_ALARM_DESK_H

#include "alarm/alarm.h"
#include "alarm/evidence.h"
#include "alarm/publisher.h"
#include "alarm/store.h"

struct lh_desk;

struct lh_desk_options {
    const struct lh_site *site;     /* lent */
    const struct lh_clock *clock;   /* lent; at replay the replay clock */
    const char *epoch;              /* lent */
    struct lh_store *store;         /* lent; NULL: not stored */
    struct lh_publisher *publisher; /* lent; NULL: not published */
    struct lh_evidence *evidence;   /* lent; NULL: no pictures */
    void (*on_alarm)(void *context, const struct lh_alarm *alarm, const char *topic,
                     const char *json);
    void *context; /* on_alarm may be NULL; called after store and publish */
};

/* One track event on its way from a camera. */
struct lh_desk_input {
    enum lh_track_event_type type;
    struct lh_track track;
    const struct lh_camera_config *camera; /* lent during the call */
    struct lh_frame *frame;                /* lent; NULL when the track was lost */
    const struct lh_detection *detections; /* lent; all of the frame */
    size_t detection_count;
};

struct lh_desk_counts {
    uint64_t raised;
    uint64_t published; /* revisions */
    uint64_t ended;
    uint64_t store_failures;
    uint64_t evidence_failures;
    size_t open;
    size_t backlog; /* revisions waiting for the store */
};

int lh_desk_create(const struct lh_desk_options *options, struct lh_desk **ret_desk);
void lh_desk_destroy(struct lh_desk **desk);

/* A reload: settings from the new site from now on. */
void lh_desk_set_site(struct lh_desk *desk, const struct lh_site *site);

int lh_desk_track(struct lh_desk *desk, const struct lh_desk_input *input);
/* A camera's health changed: stored and published in the stream "health". */
int lh_desk_health(struct lh_desk *desk, const struct lh_camera_status *status,
                   enum lh_health_state before);
/* Heartbeat, retries, retention, as due by the clock. Live: at least four times a second. */
void lh_desk_tick(struct lh_desk *desk);

struct lh_desk_counts lh_desk_counts(const struct lh_desk *desk);

#endif
