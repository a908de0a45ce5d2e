#include "fuse/grouping.h"

#include "fuse/gate.h"
#include "fuse/incident.h"

#include <math.h>
#include <stdlib.h>

#define NO_GROUP UINT32_MAX

struct lh_grouping {
    const struct lh_fusion_config *config;
    struct lh_graph *graph;
    struct lh_group *groups;
    uint64_t *stamps; /* of groups: looked at for the node at hand */
    const struct lh_evidence **members;
    size_t capacity; /* of the three */
    size_t count;    /* of groups */
    uint64_t stamp;
    struct lh_group_link *links;
    size_t link_count;
    size_t link_capacity;
};

int lh_grouping_create(const struct lh_fusion_config *config, struct lh_grouping **ret_grouping)
{
    struct lh_grouping *grouping = calloc(1, sizeof *grouping);
    if (!grouping)
        return LH_ENOMEM;
    grouping->config = config;
    *ret_grouping = grouping;
    return LH_OK;
}

void lh_grouping_destroy(struct lh_grouping **grouping)
{
    if (!*grouping)
        return;
    free((*grouping)->groups);
    free((*grouping)->stamps);
    free((*grouping)->members);
    free((*grouping)->links);
    free(*grouping);
    *grouping = NULL;
}

int lh_grouping_make_room(struct lh_grouping *grouping, size_t count)
{
    if (count <= grouping->capacity)
        return LH_OK;
    struct lh_group *groups = reallocarray(grouping->groups, count, sizeof *groups);
    if (groups)
        grouping->groups = groups;
    uint64_t *stamps = reallocarray(grouping->stamps, count, sizeof *stamps);
    if (stamps)
        grouping->stamps = stamps;
    const struct lh_evidence **members =
        reallocarray(grouping->members, count, sizeof(const struct lh_evidence *));
    if (members)
        grouping->members = members;
    if (!groups || !stamps || !members)
        return LH_ENOMEM;
    grouping->capacity = count;
    return LH_OK;
}

static size_t gather(struct lh_grouping *grouping, const struct lh_graph *graph,
                     const struct lh_group *group)
{
    size_t count = 0;
    for (uint32_t at = group->first; at != LH_NO_NODE; at = lh_graph_node(graph, at)->next)
        grouping->members[count++] = &lh_graph_node(graph, at)->evidence;
    return count;
}

static void place(struct lh_grouping *grouping, struct lh_group *group)
{
    const size_t count = gather(grouping, grouping->graph, group);
    group->position = lh_incident_position(grouping->config, grouping->members, count);
}

static void extend(struct lh_group *group, const struct lh_evidence *evidence)
{
    if (evidence->first_utc_us < group->first_utc_us)
        group->first_utc_us = evidence->first_utc_us;
    if (evidence->observed_utc_us > group->last_utc_us)
        group->last_utc_us = evidence->observed_utc_us;
}

static void begin_group(struct lh_grouping *grouping, uint32_t number)
{
    struct lh_node *node = lh_graph_node(grouping->graph, number);
    node->group = (uint32_t)grouping->count;
    node->next = LH_NO_NODE;
    grouping->stamps[grouping->count] = 0;
    grouping->groups[grouping->count++] =
        (struct lh_group){.first = number,
                          .last = number,
                          .count = 1,
                          .position = node->evidence.position,
                          .first_utc_us = node->evidence.first_utc_us,
                          .last_utc_us = node->evidence.observed_utc_us};
}

static void join_group(struct lh_grouping *grouping, uint32_t number, uint32_t to)
{
    struct lh_node *node = lh_graph_node(grouping->graph, number);
    struct lh_group *group = &grouping->groups[to];
    node->group = to;
    node->next = LH_NO_NODE;
    lh_graph_node(grouping->graph, group->last)->next = number;
    group->last = number;
    group->count++;
    extend(group, &node->evidence);
    if (node->speaks_for)
        place(grouping, group);
}

static int add_link(struct lh_grouping *grouping, uint32_t a, uint32_t b)
{
    if (grouping->link_count == grouping->link_capacity) {
        const size_t capacity = grouping->link_capacity * 2 + 16;
        struct lh_group_link *grown = reallocarray(grouping->links, capacity, sizeof *grown);
        if (!grown)
            return LH_ENOMEM;
        grouping->links = grown;
        grouping->link_capacity = capacity;
    }
    grouping->links[grouping->link_count++] =
        a < b ? (struct lh_group_link){a, b} : (struct lh_group_link){b, a};
    return LH_OK;
}

/* ---- where one piece belongs ---- */

static bool seen_apart_from(const struct lh_grouping *grouping, const struct lh_group *group,
                            const struct lh_evidence *evidence)
{
    if (evidence->kind != LH_EVIDENCE_CAMERA)
        return false;
    for (uint32_t at = group->first; at != LH_NO_NODE;) {
        const struct lh_node *member = lh_graph_node(grouping->graph, at);
        if (lh_gate_seen_apart(grouping->config, evidence, &member->evidence))
            return true;
        at = member->next;
    }
    return false;
}

struct choice {
    uint32_t best;
    uint32_t second;
    double best_cost;
    double second_cost;
};

static void weigh_up(const struct lh_grouping *grouping, const struct lh_evidence *evidence,
                     uint32_t candidate, struct choice *choice)
{
    const struct lh_group *group = &grouping->groups[candidate];
    const int64_t gap_us = lh_gate_gap_us(evidence->first_utc_us, evidence->observed_utc_us,
                                          group->first_utc_us, group->last_utc_us);
    const struct lh_gate gate =
        lh_gate_in_space(grouping->config, &evidence->position, &group->position, gap_us);
    if (!gate.open || seen_apart_from(grouping, group, evidence))
        return;
    const bool better = gate.cost < choice->best_cost ||
                        (gate.cost == choice->best_cost && candidate < choice->best);
    if (better) {
        choice->second = choice->best;
        choice->second_cost = choice->best_cost;
        choice->best = candidate;
        choice->best_cost = gate.cost;
    } else if (gate.cost < choice->second_cost ||
               (gate.cost == choice->second_cost && candidate < choice->second)) {
        choice->second = candidate;
        choice->second_cost = gate.cost;
    }
}

static int associate(struct lh_grouping *grouping, uint32_t number)
{
    const struct lh_node *node = lh_graph_node(grouping->graph, number);
    struct choice choice = {NO_GROUP, NO_GROUP, INFINITY, INFINITY};
    grouping->stamp++;
    for (size_t i = 0; i < node->link_count; i++) {
        const uint32_t candidate = lh_graph_node(grouping->graph, node->links[i])->group;
        if (candidate == NO_GROUP || grouping->stamps[candidate] == grouping->stamp)
            continue;
        grouping->stamps[candidate] = grouping->stamp;
        weigh_up(grouping, &node->evidence, candidate, &choice);
    }
    if (choice.best == NO_GROUP) {
        begin_group(grouping, number);
        return LH_OK;
    }
    join_group(grouping, number, choice.best);
    if (choice.second != NO_GROUP &&
        choice.second_cost - choice.best_cost < grouping->config->ambiguous_d2)
        return add_link(grouping, choice.best, choice.second);
    return LH_OK;
}

/* ---- groups that turn out to be one ---- */

static bool are_apart(const struct lh_grouping *grouping, const struct lh_group *a,
                      const struct lh_group *b)
{
    for (uint32_t at = b->first; at != LH_NO_NODE;) {
        const struct lh_node *member = lh_graph_node(grouping->graph, at);
        if (seen_apart_from(grouping, a, &member->evidence))
            return true;
        at = member->next;
    }
    return false;
}

static bool are_one(const struct lh_grouping *grouping, const struct lh_group *a,
                    const struct lh_group *b)
{
    if (a->position.form != LH_POSITION_ELLIPSES || b->position.form != LH_POSITION_ELLIPSES)
        return false;
    const int64_t gap_us =
        lh_gate_gap_us(a->first_utc_us, a->last_utc_us, b->first_utc_us, b->last_utc_us);
    const struct lh_gate gate =
        lh_gate_in_space(grouping->config, &a->position, &b->position, gap_us);
    return gate.open && gate.d2 < grouping->config->gate_merge_d2 && !are_apart(grouping, a, b);
}

/* b's members into a, in order. */
static void merge(struct lh_grouping *grouping, uint32_t a, uint32_t b)
{
    struct lh_graph *graph = grouping->graph;
    struct lh_group *into = &grouping->groups[a];
    struct lh_group *from = &grouping->groups[b];
    uint32_t left = into->first;
    uint32_t right = from->first;
    uint32_t *tail = &into->first;
    while (left != LH_NO_NODE || right != LH_NO_NODE) {
        const bool take_left =
            right == LH_NO_NODE ||
            (left != LH_NO_NODE && lh_evidence_order(&lh_graph_node(graph, left)->evidence,
                                                     &lh_graph_node(graph, right)->evidence) <= 0);
        uint32_t *source = take_left ? &left : &right;
        struct lh_node *node = lh_graph_node(graph, *source);
        *tail = *source;
        into->last = *source;
        *source = node->next;
        node->group = a;
        tail = &node->next;
    }
    *tail = LH_NO_NODE;
    into->count += from->count;
    if (from->first_utc_us < into->first_utc_us)
        into->first_utc_us = from->first_utc_us;
    if (from->last_utc_us > into->last_utc_us)
        into->last_utc_us = from->last_utc_us;
    from->first = LH_NO_NODE;
    place(grouping, into);
}

/* The first of the groups linked to the node's that is one with it, into it or it into that. */
static bool merge_at(struct lh_grouping *grouping, uint32_t number)
{
    const struct lh_node *node = lh_graph_node(grouping->graph, number);
    uint32_t least = NO_GROUP;
    for (size_t i = 0; i < node->link_count; i++) {
        const uint32_t other = lh_graph_node(grouping->graph, node->links[i])->group;
        if (other != node->group && other < least &&
            are_one(grouping, &grouping->groups[node->group], &grouping->groups[other]))
            least = other;
    }
    if (least == NO_GROUP)
        return false;
    merge(grouping, least < node->group ? least : node->group,
          least < node->group ? node->group : least);
    return true;
}

/* Node by node, until a round merges nothing. */
static void merge_all(struct lh_grouping *grouping, const uint32_t *nodes, size_t count)
{
    for (bool merged = grouping->count > 1; merged;) {
        merged = false;
        for (size_t i = 0; i < count; i++)
            while (merge_at(grouping, nodes[i]))
                merged = true;
    }
}

/* ---- the whole ---- */

static void follow_answers(struct lh_grouping *grouping, uint32_t number)
{
    const struct lh_node *node = lh_graph_node(grouping->graph, number);
    const struct lh_node *about = lh_graph_node(grouping->graph, node->answers);
    if (about && about->group != NO_GROUP)
        join_group(grouping, number, about->group);
    else
        begin_group(grouping, number);
}

/* Merging renumbered groups: links point to where they went, each once. */
static void tidy_links(struct lh_grouping *grouping, const uint32_t *merged_into)
{
    size_t kept = 0;
    for (size_t i = 0; i < grouping->link_count; i++) {
        uint32_t a = merged_into[grouping->links[i].a];
        uint32_t b = merged_into[grouping->links[i].b];
        bool known = a == b;
        if (a > b) {
            const uint32_t swap = a;
            a = b;
            b = swap;
        }
        for (size_t k = 0; k < kept && !known; k++)
            known = grouping->links[k].a == a && grouping->links[k].b == b;
        if (!known)
            grouping->links[kept++] = (struct lh_group_link){a, b};
    }
    grouping->link_count = kept;
}

static int run_all(struct lh_grouping *grouping, const uint32_t *nodes, size_t count)
{
    int code = LH_OK;
    for (size_t i = 0; i < count; i++)
        lh_graph_node(grouping->graph, nodes[i])->group = NO_GROUP;
    for (size_t i = 0; i < count && code == LH_OK; i++)
        if (lh_graph_node(grouping->graph, nodes[i])->answers == LH_NO_NODE)
            code = associate(grouping, nodes[i]);
    for (size_t i = 0; i < count && code == LH_OK; i++)
        if (lh_graph_node(grouping->graph, nodes[i])->answers != LH_NO_NODE)
            follow_answers(grouping, nodes[i]);
    return code;
}

int lh_grouping_run(struct lh_grouping *grouping, struct lh_graph *graph, const uint32_t *nodes,
                    size_t count)
{
    grouping->graph = graph;
    grouping->count = 0;
    grouping->link_count = 0;
    int code = lh_grouping_make_room(grouping, count);
    uint32_t *heads = code == LH_OK ? calloc(count, sizeof *heads) : NULL;
    if (!heads)
        return LH_ENOMEM;
    code = run_all(grouping, nodes, count);
    if (code == LH_OK) {
        for (size_t i = 0; i < grouping->count; i++)
            heads[i] = grouping->groups[i].first;
        merge_all(grouping, nodes, count);
        for (size_t i = 0; i < grouping->count; i++)
            heads[i] = lh_graph_node(graph, heads[i])->group; /* where its first went */
        tidy_links(grouping, heads);
    }
    free(heads);
    return code;
}

size_t lh_grouping_groups(const struct lh_grouping *grouping, const struct lh_group **ret_groups)
{
    *ret_groups = grouping->groups;
    return grouping->count;
}

size_t lh_grouping_links(const struct lh_grouping *grouping, const struct lh_group_link **ret_links)
{
    *ret_links = grouping->links;
    return grouping->link_count;
}

static int compare_members(const void *a, const void *b)
{
    const struct lh_evidence *const *left = a;
    const struct lh_evidence *const *right = b;
    return lh_evidence_order(*left, *right);
}

const struct lh_evidence *const *lh_grouping_members(struct lh_grouping *grouping,
                                                     const struct lh_graph *graph,
                                                     const struct lh_group *group)
{
    const size_t count = gather(grouping, graph, group);
    qsort(grouping->members, count, sizeof(const struct lh_evidence *), compare_members);
    return grouping->members;
}
