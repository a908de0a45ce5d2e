/* Replay: recorded footage through the same detectors, tracker and alarm desk as live, on its own clock.
 *
 *   lanes (one a clip), worked by N threads ──> merged by capture time ──> alarm desk
 *
 * Recorded feeds and a scenario are played between (playback.h), before footage of the same time.
 *
 * What comes out depends on footage, feeds, events, settings and plugins alone: events are merged by capture time,
 * then by the order the footage was given in, however many threads work. A lane runs ahead of the merge only
 * so far, so memory stays bounded.
 */
#ifndef LH_REPLAY_H
#define LH_REPLAY_H

#include "alarm/cue.h"
#include "alarm/desk.h"
#include "footage.h"
#include "lane.h"
#include "station.h"

struct lh_replay_progress {
    double share; /* of the footage, 0..1 */
    double speed; /* footage seconds a second */
    double elapsed_s;
    double footage_s; /* analysed */
    uint64_t frames;
    size_t lanes_done;
    size_t lanes;
};

#define LH_NO_CLIP SIZE_MAX

/* An alarm on its way out. All lent. */
struct lh_replay_alarm {
    const struct lh_alarm *alarm;
    const char *json;
    size_t clip;            /* of the footage; LH_NO_CLIP: what no footage showed */
    int64_t clip_start_us;  /* capture time of that clip's first picture */
    struct lh_frame *frame; /* at which it happened; NULL unless frames are kept, and at its end */
};

struct lh_replay_options {
    const struct lh_tenure *tenure;   /* lent */
    const struct lh_footage *footage; /* lent; a lane each, in this order */
    const char *camera;   /* take this camera's settings; NULL: the camera named like the clip,
                                         else the site's camera_defaults */
    int64_t start_utc_us; /* of every clip; LH_NO_TIME: as the files say */
    unsigned threads;     /* 0: one a core */
    const char *events;   /* a scenario's file (scenario.h); NULL: none */
    const char *evidence_folder; /* NULL: no pictures */
    bool keep_frames;            /* on_alarm gets the frames; implied by evidence */
    bool kept;                   /* on_alarm hears also of what stays below every priority */
    const atomic_bool *stop;     /* lent */
    void (*on_alarm)(void *context, const struct lh_replay_alarm *news);
    /* What cameras should look at. May be NULL. */
    void (*on_cue)(void *context, const struct lh_cue *cue, const char *json);
    /* NULL: not asked. By the worker threads, one at a time for a clip; number is the clip's. */
    int (*on_look)(void *context, const struct lh_lane_look *look);
    void (*on_progress)(void *context,
                        const struct lh_replay_progress *progress); /* 5 times a second */
    void *context;
};

struct lh_replay_result {
    struct lh_replay_progress progress; /* at the end */
    struct lh_desk_counts desk;
    struct lh_lane_report *lanes; /* one a clip; their texts live as long as the result */
    size_t lane_count;
    struct lh_lane **owners;
};

/* LH_OK also when single clips could not be read: their reports say why. */
int lh_replay_run(const struct lh_replay_options *options, struct lh_fault *fault,
                  struct lh_replay_result *ret_result);
void lh_replay_result_finish(struct lh_replay_result *result);

#endif
