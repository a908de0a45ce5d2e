/* Fusion: from evidence to incidents.
 *
 * Evidence is added as it comes; lh_fusion_settle then brings the incidents up to it and says what changed.
 * What an incident is (its evidence, position, probability, state) is a function of the evidence
 * that is kept, of the looks and of the time: the same whatever order it came in, so that a satellite's
 * overpass that arrives three hours late leaves what it would have left in time. Only which of several
 * identifiers an incident goes by depends on what was announced first, because identifiers are for ever:
 * when two incidents turn out to be one, it goes on under the one that was known first, and the other is
 * reported as merged into it.
 *
 *   141122.20261124T111508.880Z.camera.1f3a9c02   area, first acquisition, kind, source and reference
 *
 * Limits: evidence is kept for keep_h; what is older than late_h when it comes, or more than five minutes ahead
 * of the engine's clock, is refused. At most max_evidence pieces; when they are used up the least
 * probable incidents go, confirmed ones last. An incident ends (LH_FUSION_RETIRED) with its last evidence. All
 * that was refused or dropped is counted.
 *
 * The clock may step: ages are never below 0; what a step ahead made too old is gone, but what comes after the
 * step back is judged by the clock of that moment, so that one wrong hour blinds nobody.
 *
 * Not thread-safe: the owner's thread. Nothing here reads a clock.
 */
#ifndef LH_FUSE_FUSION_H
#define LH_FUSE_FUSION_H

#include "fuse/incident.h"
#include "fuse/looks.h"

struct lh_fusion_options {
    const struct lh_fusion_config *config; /* copied */
    const char *area_code;                 /* first part of identifiers; at most 15 bytes */
    lh_sees_fn sees;                       /* NULL: no camera's silence counts */
    void *sees_context;
    lh_ground_fn ground; /* NULL: nothing is known of any place */
    void *ground_context;
};

enum lh_fusion_event {
    LH_FUSION_OPENED,
    LH_FUSION_CHANGED, /* evidence, state, position, or its probability in the third decimal */
    LH_FUSION_MERGED, /* into the incident other; no more is heard of it, unless it splits off again: OPENED */
    LH_FUSION_RETIRED, /* its last evidence is too old, or was dropped at the limit */
};

/* incident and other (NULL but for MERGED) are lent during the call. */
typedef void (*lh_fusion_event_fn)(void *context, enum lh_fusion_event event,
                                   const struct lh_incident *incident,
                                   const struct lh_incident *other);

struct lh_fusion_stats {
    uint64_t added;
    uint64_t renewed;   /* a later word under the same key */
    uint64_t repeated;  /* the same again, or an earlier word: counted once */
    uint64_t too_late;  /* refused */
    uint64_t too_early; /* from the future: refused */
    uint64_t malformed; /* refused */
    uint64_t crowded;   /* hotspots among more neighbours than are looked at: refused */
    uint64_t
        unanswered;   /* reports about an incident that is not known, without a position: refused */
    uint64_t dropped; /* pieces that went with the least probable incidents, at max_evidence */
    size_t evidence;  /* now */
    size_t incidents; /* now */
};

struct lh_fusion;

int lh_fusion_create(const struct lh_fusion_options *options, struct lh_fusion **ret_fusion);
void lh_fusion_destroy(struct lh_fusion **fusion);

/* Other weights and limits from now on. What is linked already stays so until its evidence changes. */
void lh_fusion_set(struct lh_fusion *fusion, const struct lh_fusion_config *config);

/* Takes a copy. LH_OK, also for a repetition; LH_EINVAL, LH_ERANGE (too late, too early), LH_ELIMIT (crowded),
 * LH_ENOTFOUND (unanswered), LH_ENOMEM: refused, and counted. */
int lh_fusion_add(struct lh_fusion *fusion, const struct lh_evidence *evidence, int64_t now_us);

/* See fuse/looks.h. It counts from the next settling on, for every incident in range. */
int lh_fusion_look(struct lh_fusion *fusion, const struct lh_look *look);

/* Brings all incidents up to the evidence and to the time, and tells what changed: first what was merged, then
 * opened and changed, in the order of incidents' numbers, component by component. Those without new evidence
 * are weighed again once a minute of now_us. LH_ENOMEM: some stay for the next call. */
int lh_fusion_settle(struct lh_fusion *fusion, int64_t now_us, lh_fusion_event_fn on_event,
                     void *context);

/* As of the last settling. Lent until the next. NULL: not known. Merged identifiers lead to what they became. */
const struct lh_incident *lh_fusion_find(const struct lh_fusion *fusion, const char *id);

/* All, in the order of their numbers. LH_ENOMEM. */
typedef void (*lh_incident_fn)(void *context, const struct lh_incident *incident);
int lh_fusion_each(const struct lh_fusion *fusion, lh_incident_fn each, void *context);

struct lh_fusion_stats lh_fusion_stats(const struct lh_fusion *fusion);

#endif
