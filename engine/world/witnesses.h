/* What others say of the county beside its cameras: satellites, people, a weather station; as files, when they are due.
 *
 *   FOLDER/hotspots/N20_20261124T0541.csv   a pass, as FIRMS' area API has it; header only where it saw nothing. It
 *                                           appears so long after the pass as its data takes. A feed of kind
 *                                           `folder` watches it, one of kind `files` replays it
 *   FOLDER/events.jsonl                     reports, a line each, for linhuo replay --events (engine/scenario.h)
 *   FOLDER/weather.csv                      a reading each half hour (fuse/weather_file.h); `ground: weather:`
 *
 * All of it is laid down at the start from the seed, and told in the truth: each pass with what it saw and missed,
 * each word with whether it is right. Two works stand somewhere in the county and are hot day and night.
 *
 * Where first_pass_s is given all passes come later together, so that VIIRS looks down from nearest then.
 *
 * Thread: whoever creates it, or, once it follows the clock, its own.
 */
#ifndef LH_WORLD_WITNESSES_H
#define LH_WORLD_WITNESSES_H

#include "world/scene.h"

#include <jansson.h>

struct lh_witnesses_options {
    const struct lh_scene *scene;          /* lent */
    const struct lh_scene_options *county; /* lent for the call */
    const char *folder;                    /* made where it is missing */
    double speed;                          /* seconds of scene in a real one */
    int64_t epoch_utc_us;                  /* of scene time 0 */
    double duration_s;                     /* real seconds; no more is laid down */
    double first_pass_s;                   /* scene time; negative: as the orbits have it */
    double latency_s;                      /* from a pass to its file, real seconds */
};

struct lh_witnesses;

int lh_witnesses_create(const struct lh_witnesses_options *options, struct lh_fault *fault,
                        struct lh_witnesses **ret_witnesses);
/* Ends the thread if there is one. Accepts &NULL; leaves NULL. */
void lh_witnesses_destroy(struct lh_witnesses **witnesses);

/* Writes what is due by that time and has not been written. */
int lh_witnesses_write(struct lh_witnesses *witnesses, int64_t utc_us, struct lh_fault *fault);
/* Starts a thread that does so by the clock. */
int lh_witnesses_follow(struct lh_witnesses *witnesses, struct lh_fault *fault);

/* Adds "works", "passes" and "reports" to the truth. */
void lh_witnesses_tell(const struct lh_witnesses *witnesses, json_t *truth);

#endif
