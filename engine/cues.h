/* Cues: places that something was said of and no camera has looked at, and the cameras that can see them.
 *
 * Hears of incidents as they change. One that no camera has looked at (neither seen nor looked and seen nothing) is
 * wanted by every view that has it in sight by terrain; that is told once, again when it changes, and once more
 * when it is over. At most 1,000 are wanted at a time; more are not told.
 *
 * Deterministic: the same incidents in the same order give the same cues.
 *
 * Thread: that of its duty.
 */
#ifndef LH_CUES_H
#define LH_CUES_H

#include "alarm/cue.h"
#include "fuse/fusion.h"
#include "vantage.h"

struct lh_cues;

typedef void (*lh_cue_fn)(void *context, const struct lh_cue *cue);

int lh_cues_create(lh_cue_fn on_cue, void *context, struct lh_cues **ret_cues);
/* Accepts &NULL; leaves NULL. */
void lh_cues_destroy(struct lh_cues **cues);

/* A reload, and the beginning. Lent; vantage may be NULL: then there are none. */
void lh_cues_set_site(struct lh_cues *cues, const struct lh_site *site,
                      const struct lh_vantage *vantage);

/* What fusion says of an incident. LH_ENOMEM. */
int lh_cues_hear(struct lh_cues *cues, enum lh_fusion_event event,
                 const struct lh_incident *incident, int64_t now_us);

/* Somebody asks for a look. LH_ENOTFOUND: no camera can see that place. */
int lh_cues_ask(struct lh_cues *cues, const char *id, const char *why, struct lh_geo place,
                int64_t now_us);

/* The ways to look at a place, best first. */
size_t lh_cue_find_views(const struct lh_site *site, const struct lh_vantage *vantage,
                         struct lh_geo place, struct lh_cue_view views[LH_CUE_VIEWS]);

#endif
