/* A picture with a true capture time, on its way from a camera to the detectors.
 *
 * A frame wraps the decoder's own planes (an AVFrame reference; nothing is copied) and is
 * reference-counted: lh_frame_ref for each holder, lh_frame_unref to let go; the last one
 * returns planes and shell to their pools. A frame is immutable once it has left the video
 * room: whoever wants other pixels asks for a conversion.
 *
 * Conversions (I420, GRAY8, BGR24, RGB24, scaled down to a maximum size) are made at most once
 * a frame, kept with it and shared by all detectors that ask for the same.
 *
 * Thread-safety: reference counts and conversions may be used from any thread at once.
 */
#ifndef LH_VIDEO_FRAME_H
#define LH_VIDEO_FRAME_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

struct AVFrame;

/* How the capture time of a frame was found, best first (STANDARDS.md 7). */
enum lh_time_quality {
    LH_TIME_SENDER,   /* RTCP sender report within 2 s of arrival */
    LH_TIME_OFFSET,   /* sender report off by whole half-hours (a zone set wrong), repaired */
    LH_TIME_ARRIVAL,  /* time of arrival less the configured latency */
    LH_TIME_FILE,     /* recorded footage: start time plus the container's timestamps */
    LH_TIME_STAMP,    /* a still's file name or EXIF */
    LH_TIME_MODIFIED, /* a still's mtime */
    LH_TIME_NOMINAL,  /* footage that says no start time: counted from the epoch given for it */
};
const char *lh_time_quality_name(enum lh_time_quality quality);

enum lh_pixel_format {
    LH_PIXEL_I420,
    LH_PIXEL_GRAY8,
    LH_PIXEL_BGR24,
    LH_PIXEL_RGB24,
};

/* A view of pixels. Lent: valid as long as the frame it was made from is held. */
struct lh_image {
    enum lh_pixel_format format;
    uint32_t width_px;
    uint32_t height_px;
    const uint8_t *plane[3]; /* I420: Y, U, V; else one */
    int32_t stride[3];       /* bytes a row, positive */
};

struct lh_frame_info {
    const char *camera; /* lent from the frame */
    const char *preset; /* "" for a fixed camera; lent from the frame */
    uint64_t number;    /* counts the camera's delivered frames from 1, over reconnections */
    uint32_t
        generation; /* counts (re)connections and format changes: state from before may not fit */
    int64_t capture_utc_us;
    enum lh_time_quality time_quality;
    int64_t arrival_us; /* monotonic, of the camera's clock */
    uint32_t width_px;
    uint32_t height_px;
    bool keyframe;
    bool burst; /* decoded at full rate on request, between watched frames */
};

struct lh_frame;
struct lh_frame_pool;

/* Shells for one camera, at most max_frames at a time (LH_EAGAIN beyond: somebody holds on to frames). */
int lh_frame_pool_create(uint32_t max_frames, struct lh_frame_pool **ret_pool);
/* Frames still held stay valid; the pool's memory goes with the last of them. */
void lh_frame_pool_destroy(struct lh_frame_pool **pool);

/* Takes over the reference in picture (which becomes blank) on success. info is copied, strings too. */
int lh_frame_create(struct lh_frame_pool *pool, struct AVFrame *picture,
                    const struct lh_frame_info *info, struct lh_frame **ret_frame);
struct lh_frame *lh_frame_ref(struct lh_frame *frame);
/* Accepts &NULL; leaves NULL. */
void lh_frame_unref(struct lh_frame **frame);

const struct lh_frame_info *lh_frame_info(const struct lh_frame *frame);

/* Names the view that it shows, once that is known; before anybody else holds the frame. LH_ENOMEM. */
int lh_frame_set_preset(struct lh_frame *frame, const char *preset);

/* Bytes of memory the frame stands for, for queue limits. */
size_t lh_frame_bytes(const struct lh_frame *frame);

/* The picture in the asked format, scaled down (never up) to fit max_width_px x max_height_px with
 * its proportions kept; 0 means no limit. LH_ELIMIT past eight different conversions of one frame. */
int lh_frame_image(struct lh_frame *frame, enum lh_pixel_format format, uint32_t max_width_px,
                   uint32_t max_height_px, struct lh_image *ret_image);

#endif
