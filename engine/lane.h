/* A lane of replay: one piece of recorded footage on its way through video and detect.
 *
 * Opened lazily, closed at its end, so that a season of footage does not hold a season of decoders.
 *
 * Thread: one at a time.
 */
#ifndef LH_LANE_H
#define LH_LANE_H

#include "base/site.h"
#include "detect/watch.h"

#include <stdatomic.h>

/* Two pictures further apart than this say that the camera was off in between. */
#define LH_LANE_GAP_US (3600 * LH_SECOND_US)

/* From one picture to another, without such a gap. */
struct lh_lane_span {
    int64_t begin_utc_us;
    int64_t end_utc_us;
};

/* One track event of one frame, or a look of a camera with a pose (once a minute, after the tracks of its frame).
 * Owned by whoever holds it. */
struct lh_lane_event {
    int64_t utc_us; /* of the frame at which it happened */
    bool look;      /* then only time and info are given */
    enum lh_track_event_type type;
    struct lh_track track;
    struct lh_frame *frame;    /* NULL unless frames are kept, and when a track was lost */
    struct lh_frame_info info; /* of that frame, kept or not; its texts are lent from the lane */
    bool has_info;             /* false when a track was lost */
    struct lh_detection *detections;
    size_t detection_count;
};
void lh_lane_event_finish(struct lh_lane_event *event);

/* One frame as the detectors saw it. All lent. */
struct lh_lane_look {
    size_t number; /* of the lane, from its options */
    const struct lh_frame_info *info;
    int64_t utc_us; /* of its events: info's capture time, never going back */
    bool tracked;   /* the tracker was fed with it */
    const struct lh_detection *detections;
    size_t detection_count;
};

struct lh_lane_options {
    const struct lh_site *site;              /* lent */
    const struct lh_watch_plugins *plugins;  /* lent */
    const struct lh_camera_config *settings; /* lent: what the footage's camera is like */
    const char *camera;                      /* its identifier; copied */
    const char *path;                        /* copied */
    int64_t start_utc_us;                    /* LH_NO_TIME: as the file says */
    bool keep_frames;                        /* events carry their frame, for evidence */
    const atomic_bool *stop;                 /* lent */
    size_t number;                           /* for on_look */
    /* After every frame; NULL: nobody wants to know. A failure ends the lane. */
    int (*on_look)(void *context, const struct lh_lane_look *look);
    void *context;
};

struct lh_lane;
/* Reads the first picture to know when the footage begins. A file that cannot be read still makes a lane,
 * which is done at once and says why. */
int lh_lane_create(const struct lh_lane_options *options, struct lh_lane **ret_lane);
void lh_lane_destroy(struct lh_lane **lane);

/* Analyses up to max_frames frames, handing over what happened. LH_EEOF when the footage is over, or
 * cannot be read any further. */
int lh_lane_advance(struct lh_lane *lane, unsigned max_frames,
                    int (*take)(void *context, struct lh_lane_event *event), void *context);

struct lh_lane_report {
    const char *path;      /* lent */
    const char *camera;    /* lent */
    int64_t start_utc_us;  /* LH_NO_TIME: no picture could be read */
    int64_t now_utc_us;    /* capture time of the last analysed frame */
    uint64_t frames;       /* analysed */
    uint64_t damaged;      /* packets */
    double progress;       /* 0..1 */
    struct lh_fault fault; /* code 0: nothing wrong */
};
struct lh_lane_report lh_lane_report(const struct lh_lane *lane);
/* When the footage analysed so far was watched, in order. Lent until the next advance. */
size_t lh_lane_spans(const struct lh_lane *lane, const struct lh_lane_span **ret_spans);
const struct lh_camera_config *lh_lane_camera(const struct lh_lane *lane);

#endif
