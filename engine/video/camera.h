/* One camera, watched for ever in a thread of its own.
 *
 * The thread opens the source, pushes the watched frames into the queue it was given, judges their
 * health, and after any failure reconnects with growing, jittered delay. It blocks on nothing
 * behind it: the queue is live, the status is copied under a lock of its own. Changes of state are
 * reported through the event function, from the camera's thread; complaints are logged here, with
 * back-off, because here they happen.
 *
 * Thread-safety: create, start, stop and destroy from one controlling thread; status and burst from any.
 */
#ifndef LH_VIDEO_CAMERA_H
#define LH_VIDEO_CAMERA_H

#include "base/queue.h"
#include "base/site.h"
#include "video/health.h"
#include "video/source.h"

struct lh_camera;

struct lh_camera_status {
    char id[65];
    char description[128]; /* "h264 1920x1080, rtsp over tcp"; "" before the first connection */
    char last_error[256];  /* one sentence; "" when nothing was wrong yet */
    enum lh_health_state health;
    enum lh_time_quality time_quality;
    int64_t health_since_utc_us;
    int64_t last_fresh_utc_us; /* arrival of the last new and usable picture; LH_NO_TIME: never */
    int64_t last_capture_utc_us;
    uint64_t connections;
    uint64_t failures;
    uint64_t frames;                /* delivered to the queue */
    struct lh_source_counts counts; /* over all connections */
    double blind_s;                 /* since start, not SEEING */
    double fps;                     /* delivered, over the last minute */
    bool burst;
};

/* A change of health. Lent during the call; keep it short, it runs in the camera's thread. */
typedef void (*lh_camera_event_fn)(void *context, const struct lh_camera_status *status,
                                   enum lh_health_state before);

struct lh_camera_options {
    const struct lh_camera_config *config; /* lent, outlives the camera */
    const struct lh_clock *clock;          /* lent */
    struct lh_queue *frames;               /* lent; items are struct lh_frame * */
    lh_camera_event_fn on_event;           /* may be NULL */
    void *event_context;
};

int lh_camera_create(const struct lh_camera_options *options, struct lh_camera **ret_camera);
int lh_camera_start(struct lh_camera *camera);
/* Asks the thread to end; returns at once. */
void lh_camera_stop(struct lh_camera *camera);
/* Stops, joins (within about a second) and frees. Accepts &NULL; leaves NULL. */
void lh_camera_destroy(struct lh_camera **camera);

void lh_camera_status(struct lh_camera *camera, struct lh_camera_status *ret_status);

/* Full-rate decoding for the next seconds (0 ends it), then back to watching. */
void lh_camera_burst(struct lh_camera *camera, double seconds);

#endif
