/* Is the camera seeing? Judges each watched picture, and remembers.
 *
 * Pure and single-threaded: the camera's own thread feeds it and copies the result out.
 * A state is entered only after it has lasted (hold_s) and left only after it has been gone as
 * long, so that one dark or blurred picture does not flap. Two exceptions: FROZEN has waited its
 * own time already and is entered at once, and after STARTING, DISCONNECTED or STALLED the first
 * good picture is SEEING at once.
 *
 * Cameras draw clocks and names into their pictures, usually along the upper or lower edge. What is
 * asked of structure, lights, sharpness and sameness is therefore asked of the middle only: all rows
 * of tiles but the first two and the last two.
 *
 * How each state is told, the figures measured on tower, road and webcam footage scaled to 320 px:
 *   BLACK      mean grey under 28 and hardly a pixel above 56. A dark night with lights, a flame or a
 *              bright horizon is not black; a forest without any light is, and so is a lens cap.
 *   COVERED    not black, and at most 1.5 % of the middle tiles hold an edge (none at all where the
 *              picture is dark). Clear pictures have 30 % and more. Dense fog, frost, a bag and the
 *              grossest defocus look the same from one picture and share this state on purpose: the
 *              camera cannot see, whatever the cause. Fog that leaves near things visible is SEEING,
 *              however little it shows of the distance.
 *   FROZEN     the middle is exactly the same for frozen_timeout_s, over at least three pictures: even
 *              in the dark, noise and compression change a living picture (pictures without
 *              structure prove nothing either way and are never FROZEN). A camera whose sensor
 *              hangs while its encoder goes on sends almost the same picture: by day it is told,
 *              late, because the mean of no middle tile has moved by more than one grey level for
 *              20 times frozen_timeout_s and at least 20 minutes (living daylight scenes move a
 *              fifth of their tiles within 10 to 20). At night that cannot be told.
 *   DEFOCUSED  edges are less than 0.43 times as sharp as this camera's best, which rises with what
 *              it shows and halves in 14 days of seeing. Sharpness is a ratio of second to first
 *              differences at edges, so that haze, dusk and exposure, which scale both, hardly
 *              move it (fog of the densest kind that still shows edges: 0.51; day and night of one
 *              camera: 0.75). It finds blur from about 1/250 of the picture's width. A camera that was
 *              never sharp since it was started cannot be told.
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

#define LH_MEASURE_SIDE_PX 320
#define LH_MEASURE_TILE_PX 16
#define LH_MEASURE_TILES 400 /* (320 / 16) squared */

/* What one picture measures, on GRAY8 that fits into 320 x 320 px, in tiles of 16 x 16 px. */
struct lh_picture_measures {
    uint64_t hash;        /* of all pixels: equal only for a truly repeated picture */
    uint64_t middle_hash; /* of the pixels of the middle */
    uint32_t width_px;    /* of the camera's picture, before scaling */
    uint32_t height_px;
    double mean;          /* 0..255 */
    double deviation;     /* standard deviation, 0..128 */
    double lights;        /* the grey level that 1 of 4,096 pixels of the middle exceeds */
    double sharpness;     /* upper quartile over the middle tiles with edges of the sum of absolute
                         Laplacians over the sum of absolute differences, at the edge pixels; about
                         0.5 to 1.2 for a sharp picture. Negative: too few edges to say */
    double detail;        /* share of all tiles with visible structure (8 edge pixels), 0..1 */
    double middle_detail; /* the same of the middle tiles */
    uint32_t tile_count;  /* middle tiles */
    uint16_t tile_mean[LH_MEASURE_TILES]; /* their means, in 1/64 grey levels */
};

/* Measures the frame; what lh_frame_image returns, and LH_EINVAL as below. */
int lh_picture_measure(struct lh_frame *frame, struct lh_picture_measures *ret_measures);

/* The same of a GRAY8 image that fits the bounds; LH_EINVAL for another, or one without a tile. */
int lh_image_measure(const struct lh_image *image, struct lh_picture_measures *ret_measures);

struct lh_health_options {
    double frozen_timeout_s; /* 0: not checked */
    double hold_s;
};

/* Init type, no allocation; fields are private to health.c. */
struct lh_health {
    struct lh_health_options options;
    enum lh_health_state state;
    enum lh_health_state candidate;
    enum lh_health_state optical; /* the last state that pictures, not the stream, led to */
    int64_t candidate_since_us;
    int64_t fresh_us; /* monotonic time of the last picture that was new and usable; LH_NO_TIME */
    uint64_t pictures;
    uint32_t width_px; /* what is remembered belongs to pictures of this size */
    uint32_t height_px;

    uint64_t last_hash; /* of the middle */
    int64_t same_since_us;
    uint32_t same_pictures;

    int64_t still_since_us; /* LH_NO_TIME: no reference */
    uint32_t still_pictures;
    uint32_t still_count;
    uint16_t still_mean[LH_MEASURE_TILES];

    double best_sharpness; /* slowly forgetting maximum */
    uint32_t sharp_pictures;
    int64_t sharp_us;
};

void lh_health_init(struct lh_health *health, const struct lh_health_options *options);
/* Judges one picture that arrived at monotonic time now_us. Returns the state after it. A picture
 * of another size than the last is a camera set anew: its sharpness and stillness are learnt again. */
enum lh_health_state lh_health_picture(struct lh_health *health,
                                       const struct lh_picture_measures *measures, int64_t now_us);
/* The stream says it is not delivering: DISCONNECTED or STALLED, at once. */
void lh_health_stream(struct lh_health *health, enum lh_health_state state, int64_t now_us);

#endif
