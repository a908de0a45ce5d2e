/* What is true of the county, as JSON, for whoever wants to compare: cameras with their poses, events
 * with place and time, and the boxes each event makes in each camera as time goes on.
 *
 * The boxes are sampled at whole multiples of LH_TRUTH_EVERY_S * speed of scene time, so that two runs
 * of one seed agree in them. The file is replaced at once every time, so that a reader always finds a
 * whole one.
 *
 * Thread: whoever creates it, or, once it follows the clock, its own.
 */
#ifndef LH_WORLD_TRUTH_H
#define LH_WORLD_TRUTH_H

#include "world/cameras.h"
#include "world/witnesses.h"

#include <stdint.h>

#define LH_TRUTH_EVERY_S 2

struct lh_truth_options {
    struct lh_world_cameras *cameras;     /* lent */
    const struct lh_witnesses *witnesses; /* lent; NULL: none */
    const char *path;
    double speed;
    uint64_t seed;
    int64_t epoch_utc_us; /* of scene time 0 */
};

struct lh_truth;

/* Writes the file once. */
int lh_truth_create(const struct lh_truth_options *options, struct lh_fault *fault,
                    struct lh_truth **ret_truth);

/* Adds the boxes of one time. */
void lh_truth_sample(struct lh_truth *truth, double scene_s);
int lh_truth_write(struct lh_truth *truth);

/* Starts a thread that samples as time goes on and writes the file; it leaves out times that have
 * passed before it gets there. epoch_monotonic_us: of scene time 0. */
int lh_truth_follow(struct lh_truth *truth, int64_t epoch_monotonic_us, struct lh_fault *fault);

/* Writes the file a last time if it followed the clock. Accepts &NULL; leaves NULL. */
void lh_truth_destroy(struct lh_truth **truth);

#endif
