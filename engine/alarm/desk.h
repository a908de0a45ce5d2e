/* The alarm desk: track events in, alarms stored and published.
 *
 * One confirmed track is one alarm: raised once, then published again at most every update_interval_s,
 * at once when its priority rises, and when the track is lost. Its priority never falls. A track below
 * every priority is kept in the store (stream "kept") and raised later if its score rises. A track that is
 * held back (LH_TRACK_HELD) leaves a record there (held.schema.json) and is no alarm; where the store does not
 * take it at once it is only counted.
 *
 * Order for every revision: evidence, store, publish. If the store fails the alarm is kept in memory
 * (a bounded backlog, alarm/backlog.h; its size is in the counts and in the heartbeat) and tried again
 * four times a second, oldest first, before anything newer is sent; if evidence fails the alarm goes
 * without. On a full disk old evidence gives way, first to alarms, then to new evidence. Publishing
 * waits for nobody.
 *
 * The desk logs: it is where the alarm room's troubles end up. Its complaints back off.
 *
 * Live, the desk runs in the alarm thread and has store, publisher and evidence. At replay it has none
 * of them or some, and on_alarm prints; with a replay clock and a new store or none, the same track
 * events give the same bytes.
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
    const char *epoch;              /* lent; no blanks, at most 64 bytes */
    struct lh_store *store;         /* lent; NULL: not stored */
    struct lh_publisher *publisher; /* lent; NULL: not published */
    struct lh_evidence *evidence;   /* lent; NULL: no pictures */
    void (*on_alarm)(void *context, const struct lh_alarm *alarm, const char *topic,
                     const char *json);
    void *
        context; /* on_alarm may be NULL; called after store and publish, not for what is only kept */
    size_t backlog_limit; /* revisions; 0: 10,000 */
};

/* One track event on its way from a camera. */
struct lh_desk_input {
    enum lh_track_event_type type;
    struct lh_track track;
    const struct lh_camera_config *camera; /* lent during the call */
    struct lh_frame *frame; /* lent; NULL when the track was lost, or frames are not kept */
    const struct lh_frame_info
        *info; /* lent; of the frame, for whoever keeps none; NULL likewise */
    const struct lh_detection *detections; /* lent; all of the frame */
    size_t detection_count;
};

int lh_desk_create(const struct lh_desk_options *options, struct lh_desk **ret_desk);
/* Tries once more what the store has not taken, and logs what it then still does not take. Alarms that
 * are open stay open in the store: the fire goes on, only the engine stops. */
void lh_desk_destroy(struct lh_desk **desk);

/* A reload: settings from the new site from now on. */
void lh_desk_set_site(struct lh_desk *desk, const struct lh_site *site);

/* LH_OK also where the store refuses for now: the revision waits. LH_ENOMEM: an open alarm is tried again
 * by lh_desk_tick; a new one by its next event. */
int lh_desk_track(struct lh_desk *desk, const struct lh_desk_input *input);
/* A camera's health changed: stored and published in the stream "health". */
int lh_desk_health(struct lh_desk *desk, const struct lh_camera_status *status,
                   enum lh_health_state before);
/* Heartbeat, retries, retention, the store's reserve, as due by the clock. Live: at least four times a
 * second. */
void lh_desk_tick(struct lh_desk *desk);

struct lh_desk_counts lh_desk_counts(const struct lh_desk *desk);

#endif
