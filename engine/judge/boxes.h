/* Files of boxes over time. Part of the spot.
 *
 * Thread-safety: pure functions of their arguments.
 */
#ifndef LH_JUDGE_BOXES_H
#define LH_JUDGE_BOXES_H

#include "base/error.h"
#include "detect/detection.h"

#include <stddef.h>

#define LH_BOXES_MAX_BYTES ((size_t)64 << 20)
#define LH_BOXES_MAX 1000000

/* What is labelled from time_s on, until the next moment. */
struct lh_moment {
    double time_s;
    size_t first; /* of its boxes */
    size_t count; /* 0: nothing burns */
};

struct lh_boxes {
    struct lh_moment *moments; /* in order of time */
    size_t moment_count;
    struct lh_box *boxes;
    size_t box_count;
};

/* JSON or FURG's XML, by its first byte. frame_s: time between two pictures; 0 where it is not known, and
 * then numbered moments are refused. LH_EFORMAT, LH_ELIMIT, LH_ENOMEM. */
int lh_boxes_parse(const char *text, size_t length, double frame_s, struct lh_fault *fault,
                   struct lh_boxes *ret_boxes);
void lh_boxes_finish(struct lh_boxes *boxes);

/* The moment that holds at a time, or NULL before the first. Lent. */
const struct lh_moment *lh_boxes_at(const struct lh_boxes *boxes, double time_s);

#endif
