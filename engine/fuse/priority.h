/* How urgent an incident is: its class, and its rank within the class.
 *
 * P1: confirmed by a trusted person; or p1_probability and two kinds of evidence; or p1_core_probability in a
 * protected core area or near dwellings at danger level 4 or 5. P2, P3: p2_probability, p3_probability. Below
 * that, and closed: none; it is kept, shown on request, and raised again on corroboration. Probabilities count as
 * messages write them, rounded to four decimals.
 *
 * Rank: probability times consequence, where consequence is 1 for any forest and grows with protected areas, near
 * dwellings, danger and wind by the settings *_consequence. The larger goes first.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_FUSE_PRIORITY_H
#define LH_FUSE_PRIORITY_H

#include "base/site.h"
#include "fuse/incident.h"

enum lh_priority {
    LH_PRIORITY_NONE, /* kept, not published */
    LH_PRIORITY_P1,
    LH_PRIORITY_P2,
    LH_PRIORITY_P3,
};
const char *lh_priority_name(enum lh_priority priority); /* "P1"; "none" */
/* True where a is more urgent than b. */
bool lh_priority_above(enum lh_priority a, enum lh_priority b);

struct lh_urgency {
    enum lh_priority priority;
    double consequence; /* 1 and more */
    double rank;
    char reason[160]; /* "P1: 0.95 by camera and satellite; core of Pangquangou, danger level 5" */
};

struct lh_urgency lh_incident_urgency(const struct lh_fusion_config *config,
                                      const struct lh_incident *incident);

/* For qsort of struct lh_urgency: the most urgent first. */
int lh_urgency_compare(const void *a, const void *b);

#endif
