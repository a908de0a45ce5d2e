/* The kinds of source behind video/source.h, inside the video room only.
 *
 * source.c looks at the URL, picks one kind and forwards every call to it; a kind holds no state of
 * its own, only the functions below. State is made by open and passed back as the first argument.
 * What each function must do is said at its namesake in video/source.h.
 *
 * Thread: as in video/source.h: one thread at a time, except burst_until, which any thread may call
 * while another is inside next.
 */
#ifndef LH_VIDEO_SOURCE_KIND_H
#define LH_VIDEO_SOURCE_KIND_H

#include "video/source.h"

struct lh_source_kind {
    const char *name;
    /* options is lent during the call only: copy what is kept (the things it points to live on).
     * url is what to open: camera->url with its credentials and without a prefix that only chooses
     * the kind ("http+still:" becomes "http:"); lent during the call, holds secrets, never logged.
     * A path for files and folders. */
    int (*open)(const struct lh_source_options *options, const char *url, struct lh_fault *fault,
                void **ret_state);
    void (*close)(void *state); /* never NULL */
    int (*next)(void *state, struct lh_fault *fault, struct lh_frame **ret_frame);
    void (*burst_until)(void *state, int64_t until_us);
    struct lh_source_counts (*counts)(const void *state);
    double (*progress)(const void *state);
    const char *(*description)(const void *state);
};

extern const struct lh_source_kind lh_av_kind;     /* av_source.c: RTSP, HTTP MJPEG, files */
extern const struct lh_source_kind lh_stills_kind; /* stills.c: folders and polled HTTP stills */

#endif
