/* Is the camera seeing? Judges each watched picture, and remembers.
 *
 * Pure and single-threaded: the camera's own thread feeds it and copies the result out.
 * A state is entered only after it has lasted (hold_s) and left only after it has been gone as
 * long, so that one dark or blurred picture does not flap.
 */
#ifndef LH_VIDEO_HEALTH_H
#define LH_VIDEO_HEALTH_H

#include "base/clock.h"
#include "video/frame.h"

#include <stdbool.h>
#include <stdint.h>

enum lh_health_state {
    LH_HEALTH_STARTING,     /* no picture yet */
    LH_HEALTH_SEEING,       /* a fresh, usable picture */
    LH_HEALTH_DISCONNECTED, /* no connection, or it broke */
    LH_HEALTH_STALLED,   /* connected, but no packets, no decodable picture, or time stands still */
    LH_HEALTH_FROZEN,    /* pictures come, always the same one */
    LH_HEALTH_BLACK,     /* nothing to be seen: almost no light and almost no contrast */
    LH_HEALTH_COVERED,   /* bright enough, yet almost uniform: a hand, a bag, frost, dense fog */
    LH_HEALTH_DEFOCUSED, /* far less fine detail than this camera has shown at its best */
};
const char *lh_health_name(enum lh_health_state state);

/* What one picture measures, on GRAY8 at most 320 px wide. */
struct lh_picture_measures {
    uint64_t hash;    /* of the pixels as delivered: equal only for a truly repeated picture */
    double mean;      /* 0..255 */
    double deviation; /* standard deviation, 0..128 */
    double
        sharpness; /* mean absolute Laplacian over mean absolute gradient-scale contrast; unitless */
    double detail; /* share of 16x16 tiles with visible structure, 0..1 */
};
int lh_picture_measure(struct lh_frame *frame, struct lh_picture_measures *ret_measures);

struct lh_health_options {
    double frozen_timeout_s; /* 0: not checked */
    double hold_s;
};

/* Init type, no allocation; fields are private to health.c. */
struct lh_health {
    struct lh_health_options options;
    enum lh_health_state state;
    enum lh_health_state candidate;
    int64_t candidate_since_us;
    int64_t same_since_us;
    int64_t fresh_us; /* monotonic time of the last picture that was new and usable; LH_NO_TIME */
    uint64_t last_hash;
    bool has_hash;
    double best_sharpness; /* slowly forgetting maximum */
    uint64_t pictures;
};

void lh_health_init(struct lh_health *health, const struct lh_health_options *options);
/* Judges one picture that arrived at monotonic time now_us. Returns the state after it. */
enum lh_health_state lh_health_picture(struct lh_health *health,
                                       const struct lh_picture_measures *measures, int64_t now_us);
/* The stream says it is not delivering: DISCONNECTED or STALLED, at once. */
void lh_health_stream(struct lh_health *health, enum lh_health_state state, int64_t now_us);

#endif
