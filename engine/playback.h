/* What replay plays beside footage, in the order of time: recorded feeds (kind files) and a scenario.
 *
 * Between two moments incidents age: a minute at a time, as long as there are any.
 *
 * Thread: the merge.
 */
#ifndef LH_PLAYBACK_H
#define LH_PLAYBACK_H

#include "duty.h"

struct lh_playback;

struct lh_playback_options {
    const struct lh_site *site; /* lent: its feeds of kind files */
    struct lh_clock *clock;     /* lent: the replay clock, which playback moves */
    const char *events;         /* a scenario's file; NULL: none */
};

/* LH_EFORMAT and the like for a file that cannot be read; fault says which. */
int lh_playback_create(const struct lh_playback_options *options, struct lh_fault *fault,
                       struct lh_playback **ret_playback);
/* Accepts &NULL; leaves NULL. */
void lh_playback_destroy(struct lh_playback **playback);

/* Plays all that is due until that time, itself included, and leaves the clock there. INT64_MAX: all that
 * there is, and the clock stays at the last of it. */
int lh_playback_until(struct lh_playback *playback, int64_t utc_us, struct lh_duty *duty,
                      struct lh_fault *fault);

#endif
