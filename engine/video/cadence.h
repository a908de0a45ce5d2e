/* Which of the pictures that come are watched: about one in interval_s.
 *
 * Due times stand on a grid of interval_s that starts at the first picture. Of the pictures around a
 * due time the nearest is taken, as far as that can be known from the spacing so far: keyframes 2 s
 * apart at an interval of 10 s give every fifth one, also when their times jitter. After a gap the
 * grid starts anew. Only capture times decide, so that replay and live agree.
 *
 * Pure, no allocation. Thread: one owner.
 */
#ifndef LH_VIDEO_CADENCE_H
#define LH_VIDEO_CADENCE_H

#include <stdbool.h>
#include <stdint.h>

/* Init type; fields are private to cadence.c. */
struct lh_cadence {
    int64_t interval_us;
    int64_t due_us;
    int64_t last_us; /* of the last picture seen, watched or not */
    bool started;
};

/* interval_s <= 0: every picture is watched. */
void lh_cadence_init(struct lh_cadence *cadence, double interval_s);

/* Shows the capture time of the next picture; true where it is to be watched. A time before the
 * last one starts the grid anew (and is watched). */
bool lh_cadence_wants(struct lh_cadence *cadence, int64_t capture_us);

/* The watched picture could not be had: the next one is watched in its place. */
void lh_cadence_again(struct lh_cadence *cadence);

#endif
