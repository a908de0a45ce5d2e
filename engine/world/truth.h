/* What is true of the county, as JSON, for whoever wants to compare: cameras with their poses, events
 * with place and time, and the boxes each event makes in each camera as time goes on.
 *
 * The file is replaced at once every time, so that a reader always finds a whole one.
 *
 * Thread: its own, which asks the scene for boxes every LH_TRUTH_EVERY_S real seconds.
 */
#ifndef LH_WORLD_TRUTH_H
#define LH_WORLD_TRUTH_H

#include "world/cameras.h"

#include <stdint.h>

#define LH_TRUTH_EVERY_S 2

struct lh_truth_options {
    struct lh_world_cameras *cameras; /* lent */
    const char *path;
    double speed;
    uint64_t seed;
    int64_t epoch_monotonic_us; /* of scene time 0 */
    int64_t epoch_utc_us;
};

struct lh_truth;

/* Writes the file once and starts the thread. */
int lh_truth_create(const struct lh_truth_options *options, struct lh_fault *fault,
                    struct lh_truth **ret_truth);
/* Writes the file a last time. Accepts &NULL; leaves NULL. */
void lh_truth_destroy(struct lh_truth **truth);

#endif
