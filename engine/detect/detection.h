/* What the detect room speaks of: detections (one box in one frame) and tracks (one thing over
 * time in one camera).
 *
 * Boxes are in shares of the camera's picture, (0,0) top left, (1,1) bottom right, so that they
 * survive every change of resolution.
 */
#ifndef LH_DETECT_DETECTION_H
#define LH_DETECT_DETECTION_H

#include <stdbool.h>
#include <stdint.h>

enum lh_kind {
    LH_KIND_SMOKE = 1, /* as in linhuo_detector.h */
    LH_KIND_FLAME = 2,
};
const char *lh_kind_name(enum lh_kind kind); /* "smoke", "flame" */

struct lh_box {
    float x; /* top left corner */
    float y;
    float width;
    float height;
};
float lh_box_area(struct lh_box box);
/* The logarithm of the odds, with share kept within 0.0001..0.9999; and back. */
double lh_logit(double share);
double lh_share_of_logit(double logit);
/* Area of the intersection of both. */
float lh_box_overlap(struct lh_box a, struct lh_box b);
struct lh_box lh_box_union(struct lh_box a, struct lh_box b);

#define LH_MASK_SIDE 64

struct lh_detection {
    enum lh_kind kind;
    struct lh_box box;
    float score;        /* 0..1; as it counts: lowered by the memory of its place */
    float raw_score;    /* as the detector gave it, never below score */
    uint16_t detector;  /* index into the site's detectors */
    uint8_t mask_width; /* 0: no mask */
    uint8_t mask_height;
    uint8_t mask[LH_MASK_SIDE * LH_MASK_SIDE];
};

#define LH_MAX_DETECTIONS 256 /* of one detector in one frame */
#define LH_MAX_DETECTORS 32   /* of one camera, and numbered so in a track's bit set */

enum lh_track_state {
    LH_TRACK_TENTATIVE,
    LH_TRACK_CONFIRMED, /* k of n reached: worth an alarm */
    LH_TRACK_ENDED,
};

/* What the verifier looks at, in the order of its table (detect/verifier.c). */
enum lh_feature {
    LH_FEATURE_MEAN,      /* mean logit of the scores in the window */
    LH_FEATURE_BEST,      /* how far the best logit is above it */
    LH_FEATURE_SHARE,     /* of the looks in the window that it was seen in */
    LH_FEATURE_GROWTH,    /* doublings of its area */
    LH_FEATURE_LOOKS,     /* doublings of the number of looks, from 3 */
    LH_FEATURE_TIME,      /* doublings of its age, from a minute */
    LH_FEATURE_FOOT,      /* how far its foot moved, in its own sizes */
    LH_FEATURE_WIDTH,     /* as a share of the picture's */
    LH_FEATURE_TOP,       /* 1 where it began at the picture's upper edge */
    LH_FEATURE_AGREEMENT, /* detectors beyond the first */
    LH_FEATURE_COUNT,
};

enum lh_opinion_state {
    LH_OPINION_NONE, /* not asked: no k of n yet, or switched off */
    LH_OPINION_GIVEN,
    /* Could not be given, and so did not count: */
    LH_OPINION_ONE_LOOK, /* seen once */
    LH_OPINION_NO_TIME,  /* no time passed between its looks */
    LH_OPINION_ODD,      /* its history holds what is not finite or empty */
};

struct lh_opinion {
    enum lh_opinion_state state;
    float probability;              /* that the track is what it is said to be; 0..1 */
    float values[LH_FEATURE_COUNT]; /* bounded */
    float parts[LH_FEATURE_COUNT];  /* what each adds to the logit */
};

/* Why a track that fulfils the k of n is not confirmed all the same. */
enum lh_hold {
    LH_HELD_NOT,
    LH_HELD_PLACE,    /* its raw score would do: such things were seen at this place before */
    LH_HELD_VERIFIER, /* its probability is below verify_score */
    LH_HELD_BUDGET, /* the camera's budget of the day is used up, and its score too low for more */
    LH_HOLDS,
};
const char *lh_hold_name(enum lh_hold hold); /* "place", "verifier", "budget"; "" for LH_HELD_NOT */
const char *lh_hold_text(enum lh_hold hold); /* a sentence's end; "" for LH_HELD_NOT */

/* A snapshot of a track; a plain value, copied freely. */
struct lh_track {
    uint64_t id; /* from 1, in the order of birth within the camera; same at every replay */
    enum lh_kind kind;
    enum lh_track_state state;
    struct lh_box box; /* latest */
    struct lh_box first_box;
    struct lh_box reach; /* union of all */
    float score;         /* mean over the hits of the window */
    float raw_score;     /* the same of the scores as detectors gave them */
    float best_score;
    float growth;         /* area now, smoothed, over its mean at the first three hits; 1: none */
    uint32_t hits;        /* frames it was seen in */
    uint32_t misses;      /* analysed frames since it was last seen */
    int64_t first_utc_us; /* first detection */
    int64_t confirmed_utc_us;  /* LH_NO_TIME before */
    int64_t last_utc_us;       /* last detection */
    uint32_t detectors;        /* bit set of site detectors that saw it (index 0..31) */
    struct lh_box steady;      /* box smoothed over a few hits: for display and for bearings */
    struct lh_opinion opinion; /* at the latest look; once confirmed, of that moment */
    enum lh_hold held;         /* likewise */
};

enum lh_track_event_type {
    LH_TRACK_RAISED,  /* has just been confirmed */
    LH_TRACK_UPDATED, /* confirmed before, seen again in this frame */
    LH_TRACK_LOST,    /* was confirmed, has ended */
    LH_TRACK_HELD,    /* not confirmed for a reason that was not told of this track yet */
};

#endif
