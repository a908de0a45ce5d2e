/* One camera at work: draws its picture, encodes it, hands it to the RTSP server.
 *
 * A feed keeps the grid of its picture times from one epoch, whether or not anybody watches: picture
 * n is of epoch + n / fps, and shows scene time n / fps * speed. Unwatched it only waits; who begins
 * to watch gets the picture that is due already, then those of the grid. Where drawing takes longer
 * than the grid allows, pictures are left out, never late. A clip that is shown once is over at its
 * time whether or not anybody watches.
 *
 * Thread: its own, named after the camera. It blocks on its mount's bell only.
 */
#ifndef LH_WORLD_FEED_H
#define LH_WORLD_FEED_H

#include "base/error.h"
#include "world/cameras.h"
#include "world/encoder.h"
#include "world/rtsp_server.h"

#include <stdint.h>

struct lh_feed_options {
    struct lh_world_cameras *cameras; /* lent */
    unsigned camera;
    struct lh_rtsp_mount *mount; /* lent */
    enum lh_codec codec;
    double fps;
    double gop_s;
    double speed;
    int64_t epoch_monotonic_us; /* of scene time 0 */
    void (*ended)(
        void *opaque); /* on the feed's thread, once, when its clip is over; may be NULL */
    void *opaque;
};

struct lh_feed;

/* Starts the thread. */
int lh_feed_create(const struct lh_feed_options *options, struct lh_fault *fault,
                   struct lh_feed **ret_feed);
/* Stops it and waits for its end: at most the drawing of one picture. Accepts &NULL; leaves NULL. */
void lh_feed_destroy(struct lh_feed **feed);

#endif
