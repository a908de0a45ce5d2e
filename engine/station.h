/* A station: one camera at its post, from its thread to its tracker.
 *
 *   camera thread ──frames (live queue)──> detect thread ──news (never dropped)──> alarm thread
 *
 * The station owns the camera, the queue between and the watch over it. The camera thread fills the
 * queue; the detect thread that the station was given to empties it and owns the watch; counters for
 * the status, and a change of health until the detect thread passes it on, are copied under the
 * station's lock.
 *
 * A station retires by having its queue closed: its detect thread drains it and hands it back.
 */
#ifndef LH_STATION_H
#define LH_STATION_H

#include "alarm/message.h"
#include "base/queue.h"
#include "base/site.h"
#include "detect/watch.h"
#include "locate/onvif.h"
#include "vantage.h"
#include "video/camera.h"

#include <stdatomic.h>
#include <stdbool.h>

/* A site with its plugins and its vantage, alive as long as somebody works by it; a reload makes a new one. */
struct lh_tenure;
/* Takes over site, also on failure. LH_ECONFIG: findings say what is wrong with the plugins. */
int lh_tenure_create(struct lh_site **site, struct lh_findings *findings,
                     struct lh_tenure **ret_tenure);
struct lh_tenure *lh_tenure_ref(struct lh_tenure *tenure);
/* Accepts &NULL; leaves NULL. */
void lh_tenure_unref(struct lh_tenure **tenure);
const struct lh_site *lh_tenure_site(const struct lh_tenure *tenure);
const struct lh_watch_plugins *lh_tenure_plugins(const struct lh_tenure *tenure);
const struct lh_vantage *lh_tenure_vantage(const struct lh_tenure *tenure);

/* One piece of news for the alarm thread. Whoever pops it destroys it. */
enum lh_news_kind {
    LH_NEWS_TRACK,
    LH_NEWS_HEALTH,
    LH_NEWS_LOOK, /* a camera with a pose looked, and all that it saw was told before; once a minute */
    LH_NEWS_TENURE, /* work by this site from now on */
};

struct lh_news {
    enum lh_news_kind kind;
    struct lh_tenure *tenure; /* held: keeps camera alive */
    const struct lh_camera_config *camera;
    enum lh_track_event_type event;
    struct lh_track track;
    struct lh_frame *frame; /* held; NULL when the track was lost, and of looks */
    int64_t looked_utc_us;  /* of looks, as is aspect */
    double aspect;
    struct lh_detection *detections; /* owned */
    size_t detection_count;
    struct lh_camera_status *status; /* owned; health only */
    enum lh_health_state health_before;
};
/* Accepts NULL; fits lh_queue_options.drop. */
void lh_news_destroy(void *item);

struct lh_station;

struct lh_station_options {
    struct lh_tenure *tenure;              /* a reference is taken */
    const struct lh_camera_config *camera; /* of the tenure's site */
    const struct lh_clock *clock;
    struct lh_queue *news; /* lent; LH_QUEUE_REPLAY */
    struct lh_bell *bell;  /* lent: of the detect thread it is given to */
};

int lh_station_create(const struct lh_station_options *options, struct lh_fault *fault,
                      struct lh_station **ret_station);
/* Starts the camera's thread. */
int lh_station_start(struct lh_station *station);
/* Stops the camera and closes the queue; returns at once. */
void lh_station_stop(struct lh_station *station);
/* After its detect thread has let go of it. Joins the camera's thread. */
void lh_station_destroy(struct lh_station **station);

const struct lh_camera_config *lh_station_config(const struct lh_station *station);
const struct lh_tenure *lh_station_tenure(const struct lh_station *station);
struct lh_camera *lh_station_camera(struct lh_station *station);
/* Any thread: somebody says where the camera looks. LH_EINVAL: it cannot move. */
int lh_station_point(struct lh_station *station, int64_t utc_us, struct lh_pointing pointing,
                     enum lh_moving moving);

/* Detect thread: passes on a change of the camera's health, then analyses one waiting frame. LH_ETIMEOUT: none waiting; LH_ECLOSED: retired and drained. */
int lh_station_work(struct lh_station *station);
/* After its detect thread has let go of it, where the camera is gone for good: its confirmed tracks are
 * lost. (At shutdown they are not: the fire goes on, only the engine stops.) */
void lh_station_flush(struct lh_station *station);

/* Any thread. The result points into itself: it must not be copied. */
void lh_station_status(struct lh_station *station, struct lh_station_status *ret_status);

#endif
