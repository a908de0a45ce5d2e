#include "fuse/graph.h"

#include "fuse/buckets.h"
#include "fuse/cells.h"
#include "fuse/gate.h"
#include "fuse/incident.h"

#include <stdlib.h>
#include <string.h>

#define EVERYWHERE UINT32_MAX

/* A growing list of node numbers. */
struct list {
    uint32_t *items;
    size_t count;
    size_t capacity;
};

struct lh_graph {
    const struct lh_fusion_config *config;
    struct lh_node **nodes; /* NULL where a number is free */
    uint32_t end;
    uint32_t capacity;
    size_t count;
    struct list free_numbers;
    struct lh_buckets *cells;
    struct lh_buckets *keys;
    struct list everyone_wide; /* nodes that are everywhere */
    struct list dirty;
    struct list component;
    struct list near; /* scratch: neighbours of the node at hand */
    uint64_t stamp;
    struct lh_cell_set set; /* scratch */
};

static int reserve(struct list *list, size_t more)
{
    if (list->capacity - list->count >= more)
        return LH_OK;
    const size_t capacity = list->capacity * 2 + more + 16;
    uint32_t *grown = reallocarray(list->items, capacity, sizeof *grown);
    if (!grown)
        return LH_ENOMEM;
    list->items = grown;
    list->capacity = capacity;
    return LH_OK;
}

static void take_out(struct list *list, uint32_t item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] == item) {
            list->items[i] = list->items[--list->count];
            return;
        }
    }
}

int lh_graph_create(const struct lh_fusion_config *config, struct lh_graph **ret_graph)
{
    struct lh_graph *graph = calloc(1, sizeof *graph);
    if (!graph)
        return LH_ENOMEM;
    graph->config = config;
    if (lh_buckets_create(&graph->cells) != LH_OK || lh_buckets_create(&graph->keys) != LH_OK) {
        lh_graph_destroy(&graph);
        return LH_ENOMEM;
    }
    *ret_graph = graph;
    return LH_OK;
}

static void free_node(struct lh_node *node)
{
    if (node)
        free(node->links);
    free(node);
}

void lh_graph_destroy(struct lh_graph **graph_pointer)
{
    struct lh_graph *graph = *graph_pointer;
    if (!graph)
        return;
    for (uint32_t i = 0; i < graph->end; i++)
        free_node(graph->nodes[i]);
    free(graph->nodes);
    free(graph->free_numbers.items);
    free(graph->everyone_wide.items);
    free(graph->dirty.items);
    free(graph->component.items);
    free(graph->near.items);
    lh_buckets_destroy(&graph->cells);
    lh_buckets_destroy(&graph->keys);
    free(graph);
    *graph_pointer = NULL;
}

struct lh_node *lh_graph_node(const struct lh_graph *graph, uint32_t number)
{
    return number < graph->end ? graph->nodes[number] : NULL;
}

size_t lh_graph_count(const struct lh_graph *graph)
{
    return graph->count;
}

uint32_t lh_graph_end(const struct lh_graph *graph)
{
    return graph->end;
}

/* ---- by key ---- */

static uint32_t hash_text(uint32_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619U;
    return hash * 16777619U;
}

static uint32_t hash_key(const struct lh_evidence *evidence)
{
    return hash_text(hash_text(2166136261U + (uint32_t)evidence->kind, evidence->source),
                     evidence->reference);
}

struct key_search {
    const struct lh_graph *graph;
    const struct lh_evidence *evidence;
    uint32_t found;
};

static void look_at_key(void *context, uint32_t number)
{
    struct key_search *search = context;
    if (lh_evidence_same(&search->graph->nodes[number]->evidence, search->evidence))
        search->found = number;
}

uint32_t lh_graph_find(const struct lh_graph *graph, const struct lh_evidence *evidence)
{
    struct key_search search = {graph, evidence, LH_NO_NODE};
    lh_buckets_find(graph->keys, hash_key(evidence), look_at_key, &search);
    return search.found;
}

/* ---- neighbours ---- */

struct near_search {
    struct lh_graph *graph;
    const struct lh_evidence *evidence;
    uint32_t self;
    int code;
};

static void look_at_neighbour(void *context, uint32_t number)
{
    struct near_search *search = context;
    struct lh_graph *graph = search->graph;
    struct lh_node *node = graph->nodes[number];
    if (number == search->self || node->stamp == graph->stamp)
        return;
    node->stamp = graph->stamp;
    if (!lh_gate_pair(graph->config, search->evidence, &node->evidence))
        return;
    if (reserve(&graph->near, 1) != LH_OK)
        search->code = LH_ENOMEM;
    else
        graph->near.items[graph->near.count++] = number;
}

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* Leaves its neighbours in graph->near, and its squares in graph->set. */
static int find_near(struct lh_graph *graph, const struct lh_evidence *evidence, uint32_t self)
{
    struct near_search search = {graph, evidence, self, LH_OK};
    graph->near.count = 0;
    graph->stamp++;
    lh_cells_of(graph->config, &evidence->position, &graph->set);
    if (graph->set.everywhere) {
        for (uint32_t i = 0; i < graph->end; i++)
            if (graph->nodes[i])
                look_at_neighbour(&search, i);
    } else {
        for (size_t i = 0; i < graph->set.count; i++)
            lh_buckets_find(graph->cells, graph->set.cells[i], look_at_neighbour, &search);
        for (size_t i = 0; i < graph->everyone_wide.count; i++)
            look_at_neighbour(&search, graph->everyone_wide.items[i]);
    }
    if (graph->near.count > 0)
        qsort(graph->near.items, graph->near.count, sizeof *graph->near.items, compare_numbers);
    return search.code;
}

static int reserve_links(struct lh_node *node, size_t more)
{
    struct list list = {node->links, node->link_count, node->link_capacity};
    const int code = reserve(&list, more);
    node->links = list.items;
    node->link_capacity = list.capacity;
    return code;
}

static void add_link(struct lh_node *node, uint32_t to)
{
    for (size_t i = 0; i < node->link_count; i++)
        if (node->links[i] == to)
            return;
    node->links[node->link_count++] = to;
}

static void drop_link(struct lh_node *node, uint32_t to)
{
    for (size_t i = 0; i < node->link_count; i++) {
        if (node->links[i] == to) {
            node->links[i] = node->links[--node->link_count];
            return;
        }
    }
}

void lh_graph_mark(struct lh_graph *graph, uint32_t number)
{
    struct lh_node *node = lh_graph_node(graph, number);
    if (!node)
        return;
    node->dirty = true;
    if (!node->listed)
        graph->dirty.items[graph->dirty.count++] = number; /* room for every node was reserved */
    node->listed = true;
}

/* All that linking the node to graph->near may need, so that it cannot fail half way. */
static int prepare_links(struct lh_graph *graph, struct lh_node *node)
{
    int code = reserve_links(node, graph->near.count + 1);
    for (size_t i = 0; i < graph->near.count && code == LH_OK; i++)
        code = reserve_links(graph->nodes[graph->near.items[i]], 1);
    if (code == LH_OK && node->answers != LH_NO_NODE)
        code = reserve_links(graph->nodes[node->answers], 1);
    if (code == LH_OK)
        code = lh_buckets_reserve(graph->cells, graph->set.count);
    if (code == LH_OK)
        code = reserve(&graph->everyone_wide, 1);
    return code;
}

static void link_both(struct lh_graph *graph, uint32_t a, uint32_t b)
{
    add_link(graph->nodes[a], b);
    add_link(graph->nodes[b], a);
    lh_graph_mark(graph, a);
    lh_graph_mark(graph, b);
}

/* As prepared: enters the squares and links to graph->near. */
static void settle_in(struct lh_graph *graph, uint32_t number)
{
    struct lh_node *node = graph->nodes[number];
    node->speaks_for = lh_evidence_is_for(graph->config, &node->evidence);
    if (graph->set.everywhere)
        graph->everyone_wide.items[graph->everyone_wide.count++] = number;
    for (size_t i = 0; !graph->set.everywhere && i < graph->set.count; i++)
        lh_buckets_insert(graph->cells, graph->set.cells[i], number);
    lh_graph_mark(graph, number);
    for (size_t i = 0; i < graph->near.count; i++)
        link_both(graph, number, graph->near.items[i]);
    if (node->answers != LH_NO_NODE)
        link_both(graph, number, node->answers);
}

/* keep_answers: who answers whom does not depend on the place. */
static void move_out(struct lh_graph *graph, uint32_t number, bool keep_answers)
{
    struct lh_node *node = graph->nodes[number];
    lh_cells_of(graph->config, &node->evidence.position, &graph->set);
    if (graph->set.everywhere)
        take_out(&graph->everyone_wide, number);
    for (size_t i = 0; !graph->set.everywhere && i < graph->set.count; i++)
        lh_buckets_remove(graph->cells, graph->set.cells[i], number);
    size_t kept = 0;
    for (size_t i = 0; i < node->link_count; i++) {
        const uint32_t to = node->links[i];
        lh_graph_mark(graph, to);
        if (keep_answers && (graph->nodes[to]->answers == number || node->answers == to))
            node->links[kept++] = to;
        else
            drop_link(graph->nodes[to], number);
    }
    node->link_count = kept;
}

/* ---- nodes ---- */

static int reserve_number(struct lh_graph *graph)
{
    if (graph->free_numbers.count == 0 && graph->end == graph->capacity) {
        const uint32_t capacity = graph->capacity * 2 + 256;
        struct lh_node **grown = reallocarray(graph->nodes, capacity, sizeof(struct lh_node *));
        if (!grown)
            return LH_ENOMEM;
        graph->nodes = grown;
        graph->capacity = capacity;
    }
    const size_t all = (size_t)graph->capacity;
    if (graph->dirty.capacity < all && reserve(&graph->dirty, all - graph->dirty.count) != LH_OK)
        return LH_ENOMEM;
    if (graph->component.capacity < all && reserve(&graph->component, all) != LH_OK)
        return LH_ENOMEM;
    if (graph->free_numbers.capacity < all &&
        reserve(&graph->free_numbers, all - graph->free_numbers.count) != LH_OK)
        return LH_ENOMEM;
    return lh_buckets_reserve(graph->keys, 1);
}

int lh_graph_add(struct lh_graph *graph, const struct lh_evidence *evidence, uint32_t answers,
                 uint32_t *ret_number)
{
    struct lh_node *node = calloc(1, sizeof *node);
    int code = node ? reserve_number(graph) : LH_ENOMEM;
    if (code == LH_OK)
        code = find_near(graph, evidence, LH_NO_NODE);
    if (code == LH_OK && graph->near.count > LH_NODE_LINKS &&
        lh_evidence_witness(evidence->kind) == LH_WITNESS_SATELLITE)
        code = LH_ELIMIT;
    if (code == LH_OK) {
        node->evidence = *evidence;
        node->answers = answers;
        node->record = LH_NO_NODE;
        node->owner = LH_NO_NODE;
        code = prepare_links(graph, node);
    }
    if (code != LH_OK) {
        free_node(node);
        return code;
    }
    const uint32_t number = graph->free_numbers.count > 0
                                ? graph->free_numbers.items[--graph->free_numbers.count]
                                : graph->end++;
    graph->nodes[number] = node;
    graph->count++;
    lh_buckets_insert(graph->keys, hash_key(evidence), number);
    settle_in(graph, number);
    *ret_number = number;
    return LH_OK;
}

int lh_graph_replace(struct lh_graph *graph, uint32_t number, const struct lh_evidence *evidence)
{
    struct lh_node *node = graph->nodes[number];
    move_out(graph, number, true);
    const struct lh_evidence before = node->evidence;
    node->evidence = *evidence;
    int code = find_near(graph, evidence, number);
    if (code == LH_OK)
        code = prepare_links(graph, node);
    if (code != LH_OK)
        node->evidence = before;
    else
        settle_in(graph, number);
    return code;
}

void lh_graph_remove(struct lh_graph *graph, uint32_t number, uint32_t heir)
{
    struct lh_node *node = graph->nodes[number];
    for (size_t i = 0; i < node->link_count; i++) {
        struct lh_node *other = graph->nodes[node->links[i]];
        if (other->answers != number)
            continue;
        other->answers = heir == node->links[i] ? LH_NO_NODE : heir;
        if (other->answers != LH_NO_NODE && reserve_links(other, 1) == LH_OK &&
            reserve_links(graph->nodes[heir], 1) == LH_OK)
            link_both(graph, node->links[i], heir);
        else
            other->answers = LH_NO_NODE;
    }
    move_out(graph, number, false);
    if (node->listed)
        take_out(&graph->dirty, number);
    lh_buckets_remove(graph->keys, hash_key(&node->evidence), number);
    free_node(node);
    graph->nodes[number] = NULL;
    graph->free_numbers.items[graph->free_numbers.count++] = number;
    graph->count--;
}

/* ---- components ---- */

static int compare_nodes(const void *a, const void *b, void *opaque)
{
    const struct lh_graph *graph = opaque;
    return lh_evidence_order(&graph->nodes[*(const uint32_t *)a]->evidence,
                             &graph->nodes[*(const uint32_t *)b]->evidence);
}

static void gather(struct lh_graph *graph, uint32_t start)
{
    struct list *component = &graph->component; /* as large as all nodes */
    component->count = 0;
    graph->stamp++;
    component->items[component->count++] = start;
    graph->nodes[start]->stamp = graph->stamp;
    for (size_t i = 0; i < component->count; i++) {
        struct lh_node *node = graph->nodes[component->items[i]];
        node->dirty = false;
        for (size_t k = 0; k < node->link_count; k++) {
            struct lh_node *next = graph->nodes[node->links[k]];
            if (next->stamp == graph->stamp)
                continue;
            next->stamp = graph->stamp;
            component->items[component->count++] = node->links[k];
        }
    }
}

size_t lh_graph_next_component(struct lh_graph *graph, const uint32_t **ret_nodes)
{
    while (graph->dirty.count > 0) {
        const uint32_t start = graph->dirty.items[--graph->dirty.count];
        graph->nodes[start]->listed = false;
        if (!graph->nodes[start]->dirty)
            continue; /* was part of an earlier component */
        gather(graph, start);
        qsort_r(graph->component.items, graph->component.count, sizeof *graph->component.items,
                compare_nodes, graph);
        *ret_nodes = graph->component.items;
        return graph->component.count;
    }
    return 0;
}
