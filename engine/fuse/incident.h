/* An incident: what fusion believes of one fire, and why.
 *
 * Its probability is 1 / (1 + exp(-L)),
 *
 *   L = logit(prior) + danger + ban + permit + sum over kinds, sources, looks of share * weight * left
 *
 * where weight is that of the piece of evidence by itself (fuse/weights.h), left what its age leaves of it (1 once
 * a trusted person has confirmed), and share what its likeness to other evidence leaves:
 *
 *   - of the pieces of one group (an overpass, a mast) the strongest counts, the others 0;
 *   - of the groups of one source (a satellite's next pass) the strongest counts 1, others repeat_share;
 *   - a source is capped at source_weight_most either way;
 *   - of the sources of one kind the strongest counts 1, the second second_share, others repeat_share;
 *   - of a person's words the latest counts.
 *
 * Every term is listed, those that count 0 too: nothing is deleted.
 *
 * Life: candidate below p3_probability, suspected from there on, confirmed by a trusted person's "fire". A
 * trusted "nothing here" closes as false only where, at that moment, the probability had fallen below
 * close_probability and nobody trusted says fire; against another's "fire" it is a conflict for the operator. A
 * trusted "out" closes, and takes the weight of what was seen before (and out_grace_min after) it. A
 * closed incident is suspected again when the probability reaches p3_probability by what is new: after
 * "nothing here" a source that had not spoken before, after "out" anything seen later than the grace.
 *
 * A function of the evidence, the looks, the ground and the time: in which order they came does not matter.
 */
#ifndef LH_FUSE_INCIDENT_H
#define LH_FUSE_INCIDENT_H

#include "fuse/ground.h"
#include "fuse/weights.h"

#define LH_INCIDENT_ID 160
#define LH_INCIDENT_LINKS 4
#define LH_TERM_REASON 360

enum lh_incident_state {
    LH_INCIDENT_CANDIDATE,
    LH_INCIDENT_SUSPECTED,
    LH_INCIDENT_CONFIRMED,
    LH_INCIDENT_FALSE, /* closed */
    LH_INCIDENT_OUT,   /* closed */
};
const char *lh_incident_state_name(enum lh_incident_state state); /* "candidate", ... */
bool lh_incident_is_closed(enum lh_incident_state state);

/* One summand of L. */
struct lh_term {
    enum lh_weight_name name;
    const struct lh_evidence *evidence; /* NULL of prior, danger, ban, permit, looks. Lent */
    double own;                         /* by itself */
    double weight;                      /* as it counts */
    char reason[LH_TERM_REASON];        /* in words */
};

struct lh_incident {
    char id[LH_INCIDENT_ID]; /* for ever; see fuse/fusion.h */
    uint64_t number;         /* in the order in which they began to be known, from 1 */
    enum lh_incident_state state;
    bool reopened;
    bool conflict; /* trusted people contradict each other */
    double logit;
    double probability;
    unsigned
        witnesses; /* bit set of enum lh_witness that speak for it with witness_least_weight or more */
    int64_t first_utc_us; /* earliest acquisition */
    int64_t
        last_utc_us; /* latest acquisition of what speaks for it; of anything where nothing does */
    int64_t closed_utc_us; /* the word that closed it; LH_NO_TIME */
    struct lh_position position;
    struct lh_ground ground;
    struct lh_term *terms; /* owned */
    size_t term_count;
    size_t evidence_count;
    /* Incidents that some evidence fits about as well: perhaps the same fire. */
    char linked[LH_INCIDENT_LINKS][LH_INCIDENT_ID];
    size_t linked_count;
};

/* A camera that looked at it and saw nothing. */
struct lh_nothing_seen {
    char camera[LH_EVIDENCE_SOURCE];
    size_t looks;
    int64_t last_utc_us;
    double weight; /* negative; capped, and decayed */
};

struct lh_weighing {
    const struct lh_fusion_config *config;
    const struct lh_evidence *const *members; /* in lh_evidence_order, at least one */
    size_t member_count;
    const struct lh_nothing_seen *nothing;
    size_t nothing_count;
    lh_ground_fn ground; /* may be NULL */
    void *ground_context;
    int64_t now_us;
};

/* Fills everything but id, number and links. terms is grown as needed. LH_ENOMEM leaves the incident as it
 * was. */
int lh_incident_weigh(const struct lh_weighing *weighing, struct lh_incident *incident);

/* Where its evidence puts it: of each source that speaks for it the surest position. */
struct lh_position lh_incident_position(const struct lh_fusion_config *config,
                                        const struct lh_evidence *const *members, size_t count);

/* Speaks for a fire. */
bool lh_evidence_is_for(const struct lh_fusion_config *config, const struct lh_evidence *evidence);

void lh_incident_finish(struct lh_incident *incident);

#endif
