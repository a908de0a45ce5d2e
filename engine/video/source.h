/* A source gives decoded pictures with capture times from one URL or path, and knows nothing of
 * reconnecting, queues or threads: video/camera.h does that for a live camera, replay reads
 * sources directly.
 *
 *   rtsp:// rtsps://             FFmpeg, TCP or UDP
 *   http:// https://             MJPEG stream, or a still picture polled
 *                                (http+mjpeg://, http+still:// and https+... say which; plain http
 *                                decides by the Content-Type of the answer)
 *   a file                       any container FFmpeg reads
 *   a folder                     still pictures in order of name; with follow, waits for new ones
 *
 * Every wait inside a source ends at a monotonic deadline or when interrupted.
 *
 * Thread: one thread at a time uses a source; lh_source_interrupt may be called from any.
 */
#ifndef LH_VIDEO_SOURCE_H
#define LH_VIDEO_SOURCE_H

#include "base/clock.h"
#include "base/error.h"
#include "base/site.h"
#include "video/frame.h"

#include <stdatomic.h>
#include <stdbool.h>

struct lh_source;

struct lh_source_options {
    const struct lh_camera_config *camera; /* lent, outlives the source */
    const struct lh_clock *clock;          /* lent: the system's, also at replay (deadlines) */
    struct lh_frame_pool *pool;            /* lent */
    const atomic_bool *stop;               /* lent; true ends every wait at once with LH_ECLOSED */
    bool follow;           /* folders: wait for new pictures. Files: false ends with LH_EEOF */
    int64_t start_utc_us;  /* footage: capture time of its first picture; LH_NO_TIME: from the
                              container's creation_time, else the file name, else 1970 (NOMINAL) */
    uint32_t generation;   /* put into the frames */
    uint64_t first_number; /* of the first frame */
};

/* What a source has met so far; only ever grows. */
struct lh_source_counts {
    uint64_t bytes;
    uint64_t packets;
    uint64_t packets_skipped; /* dropped before the decoder */
    uint64_t packets_damaged; /* flagged corrupt, or refused by the decoder */
    uint64_t pictures;        /* decoded */
    uint64_t clock_repairs;   /* capture times that jumped and were put right */
    uint64_t format_changes;
};

/* Opens within camera->open_timeout_s. The fault names the redacted URL, what happened and what to
 * look at. LH_EAUTH, LH_ECONNECT, LH_ETIMEOUT, LH_EFORMAT, LH_ENOTFOUND, LH_ECLOSED. */
int lh_source_open(const struct lh_source_options *options, struct lh_fault *fault,
                   struct lh_source **ret_source);
/* Accepts &NULL; leaves NULL. */
void lh_source_close(struct lh_source **source);

/* The next picture that is wanted, waiting at most camera->stall_timeout_s for it; the caller
 * unrefs it. With keyframes_only, other packets are dropped before the decoder, and of the keyframes
 * those are decoded that watch_interval_s asks for (capture time decides, so that replay and live
 * agree); all packets are decoded while a burst is on.
 * LH_EEOF at the end; LH_ESTALLED when no packet, no picture or no progress of time came in time;
 * LH_EDECODE when packets come and none can be decoded; others when the connection broke. */
int lh_source_next(struct lh_source *source, struct lh_fault *fault, struct lh_frame **ret_frame);

/* Full-rate decoding from the next keyframe until the given monotonic time; 0 ends it at once. */
void lh_source_burst_until(struct lh_source *source, int64_t until_us);

struct lh_source_counts lh_source_counts(const struct lh_source *source);

/* Share of a file already read, 0..1; negative where it cannot be known. */
double lh_source_progress(const struct lh_source *source);

/* Human words about the stream: "h264 1920x1080, rtsp over tcp". Lent, valid until close. */
const char *lh_source_description(const struct lh_source *source);

#endif
