/* Which evidence of one component is of one fire: association, in the order of acquisition.
 *
 * Each piece goes to the group that it passes both gates with (in time and space with a member, in space
 * with where the members together put it) and whose d2 + log |S| is least; else it begins a group. Where two
 * groups fit about as well (ambiguous_d2), it goes to the better one and both are linked. What one camera
 * saw apart at the same time stays apart. Reports about an incident go to that one, last. In the end groups that
 * came closer than gate_merge_d2 are merged.
 *
 * A function of the set of evidence: the order in which it arrived does not matter.
 *
 * Not thread-safe: the owner's thread.
 */
#ifndef LH_FUSE_GROUPING_H
#define LH_FUSE_GROUPING_H

#include "fuse/graph.h"

struct lh_group {
    uint32_t first; /* node; the others by lh_node.next; LH_NO_NODE: merged into another */
    uint32_t last;
    size_t count;
    struct lh_position position;
    int64_t first_utc_us;
    int64_t last_utc_us;
};

/* Two groups that some evidence fits about as well. */
struct lh_group_link {
    uint32_t a; /* index of a group; a < b */
    uint32_t b;
};

struct lh_grouping;

int lh_grouping_create(const struct lh_fusion_config *config, struct lh_grouping **ret_grouping);
void lh_grouping_destroy(struct lh_grouping **grouping);

/* Groups one component (its nodes in order). Sets group and next of its nodes. LH_ENOMEM. */
int lh_grouping_run(struct lh_grouping *grouping, struct lh_graph *graph, const uint32_t *nodes,
                    size_t count);

/* Of the last run; those merged into others have no first. Lent until the next. */
size_t lh_grouping_groups(const struct lh_grouping *grouping, const struct lh_group **ret_groups);
size_t lh_grouping_links(const struct lh_grouping *grouping,
                         const struct lh_group_link **ret_links);

/* So that lh_grouping_members can hold so many. */
int lh_grouping_make_room(struct lh_grouping *grouping, size_t count);

/* The evidence of a group, in order. Lent until the next call. */
const struct lh_evidence *const *lh_grouping_members(struct lh_grouping *grouping,
                                                     const struct lh_graph *graph,
                                                     const struct lh_group *group);

#endif
