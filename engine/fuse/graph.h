/* The evidence at hand, and which pieces may be of one fire.
 *
 * Two pieces are linked when they pass both gates by themselves (lh_gate_pair), or when one is a report
 * about the incident that the other began. What is linked, directly or through others, is a component:
 * grouping (fuse/grouping.h) looks at one component at a time, in the order of acquisition, so that a piece that
 * comes late changes its component as if it had come in time, and nothing else.
 *
 * Nodes are known by number and stay where they are until removed.
 *
 * Not thread-safe: the owner's thread.
 */
#ifndef LH_FUSE_GRAPH_H
#define LH_FUSE_GRAPH_H

#include "base/site.h"
#include "fuse/evidence.h"

#include <stddef.h>
#include <stdint.h>

#define LH_NO_NODE UINT32_MAX
#define LH_NODE_LINKS 512 /* a hotspot with more neighbours adds nothing, and is refused */

struct lh_node {
    struct lh_evidence evidence;
    uint32_t *links;
    size_t link_count;
    size_t link_capacity;
    uint32_t answers; /* the node that began the incident it is about, or LH_NO_NODE */
    uint32_t record;  /* of the owner: the incident that it began; LH_NO_NODE: none */
    uint32_t owner;   /* likewise: the incident that it belongs to */
    uint32_t group;   /* of grouping */
    uint32_t next;    /* likewise: the next of its group */
    uint64_t stamp;   /* likewise */
    bool speaks_for;  /* for a fire */
    bool dirty;       /* its component must be grouped anew */
    bool listed;      /* of the graph: among those to look at */
};

struct lh_graph;

/* config is lent. */
int lh_graph_create(const struct lh_fusion_config *config, struct lh_graph **ret_graph);
void lh_graph_destroy(struct lh_graph **graph);

/* The node under that key, or LH_NO_NODE. */
uint32_t lh_graph_find(const struct lh_graph *graph, const struct lh_evidence *evidence);

/* Adds a node and links it. answers: see struct lh_node. Marks it dirty. LH_ELIMIT: a hotspot where there are
 * too many already. LH_ENOMEM. */
int lh_graph_add(struct lh_graph *graph, const struct lh_evidence *evidence, uint32_t answers,
                 uint32_t *ret_number);

/* Replaces the evidence of a node under the same key and links it anew. Old and new neighbours are dirty. On
 * failure the node is as it was, but without links. */
int lh_graph_replace(struct lh_graph *graph, uint32_t number, const struct lh_evidence *evidence);

/* Its neighbours become dirty. Reports about it pass to heir (LH_NO_NODE: to nobody). */
void lh_graph_remove(struct lh_graph *graph, uint32_t number, uint32_t heir);

struct lh_node *lh_graph_node(const struct lh_graph *graph, uint32_t number); /* NULL: no such */
size_t lh_graph_count(const struct lh_graph *graph);                          /* of nodes */
uint32_t lh_graph_end(const struct lh_graph *graph); /* above the highest number in use */

void lh_graph_mark(struct lh_graph *graph, uint32_t number); /* dirty */

/* The next component that has a dirty node, cleaned; its nodes in lh_evidence_order, lent until the next
 * call. 0: none is left. */
size_t lh_graph_next_component(struct lh_graph *graph, const uint32_t **ret_nodes);

#endif
