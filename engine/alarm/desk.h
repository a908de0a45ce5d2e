/* The alarm desk: what fusion says of incidents in, alarms stored and published.
 *
 * One incident is one alarm: raised when it reaches a priority, then published again when something new is known
 * of it, at most every update_interval_s, and at once when its priority rises, a person confirms it or another
 * alarm is merged into it. Age alone lowers its probability and is told only in steps of a tenth. Its priority never
 * falls. An incident below every priority is kept in the store (stream "kept") and raised later. A track that is
 * held back leaves a record there (held.schema.json) and is no alarm.
 *
 * It shows what a camera sees where one does: the leading sight, which stays the same as long as it is seen. It ends
 * when no camera sees it any more and nobody else holds it up (a satellite or a person with a probability
 * of p3_probability, or a confirmation); when it is closed; when it was merged into another; or when fusion lets go
 * of it. Seen again, it is raised again under its name.
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
 * of them or some, and on_alarm prints; with a replay clock and a new store or none, the same events
 * give the same bytes.
 *
 * Thread: one.
 */
#ifndef LH_ALARM_DESK_H
#define LH_ALARM_DESK_H

#include "alarm/alarm.h"
#include "alarm/album.h"
#include "alarm/publisher.h"
#include "alarm/store.h"
#include "fuse/fusion.h"

struct lh_desk;

struct lh_desk_options {
    const struct lh_site *site;     /* lent */
    const struct lh_clock *clock;   /* lent; at replay the replay clock */
    const char *epoch;              /* lent; no blanks, at most 64 bytes */
    struct lh_store *store;         /* lent; NULL: not stored */
    struct lh_publisher *publisher; /* lent; NULL: not published */
    struct lh_album *album;         /* lent; NULL: no pictures */
    void (*on_alarm)(void *context, const struct lh_alarm *alarm, const char *topic,
                     const char *json);
    void *context;        /* on_alarm may be NULL; called after store and publish, ... */
    bool tell_kept;       /* ... for what is only kept, only where this is set */
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

/* One word of fusion. All lent during the call. */
struct lh_desk_news {
    enum lh_fusion_event event;
    const struct lh_incident *incident;
    const struct lh_incident *other; /* that it was merged into */
    const char *place;               /* of the incident in words, "" or NULL: not known */
};

/* A moment in three steps, of which the first two may be left out:
 *   lh_desk_see       a camera saw a track, or lost it; its frame must live until the last step
 *   lh_desk_hear      what fusion makes of it, any number of times
 *   lh_desk_conclude  what follows of both: alarms whose last track was lost end */
int lh_desk_see(struct lh_desk *desk, const struct lh_desk_input *input);
/* LH_OK also where the store refuses for now: the revision waits. LH_ENOMEM: an open alarm is tried again
 * by lh_desk_tick; a new one by its next word. */
int lh_desk_hear(struct lh_desk *desk, const struct lh_desk_news *news);
int lh_desk_conclude(struct lh_desk *desk);
/* A track that is held back (LH_TRACK_HELD): on record, and no part of a moment. LH_OK also where the store does
 * not take it at once: it is only counted, and delays no alarm. */
int lh_desk_keep(struct lh_desk *desk, const struct lh_desk_input *input);
/* A camera's health changed: stored and published in the stream "health". */
int lh_desk_health(struct lh_desk *desk, const struct lh_camera_status *status,
                   enum lh_health_state before);
/* Heartbeat, retries, retention, the store's reserve, as due by the clock. Live: at least four times a
 * second. */
void lh_desk_tick(struct lh_desk *desk);

struct lh_desk_counts lh_desk_counts(const struct lh_desk *desk);

#endif
