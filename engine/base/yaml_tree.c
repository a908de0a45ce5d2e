#include "base/yaml_tree.h"

#include <math.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define CHUNK_BYTES ((size_t)64 << 10)

struct chunk {
    struct chunk *next;
    size_t used;
    size_t size;
    alignas(max_align_t) char bytes[];
};

struct lh_yaml_tree {
    struct chunk *chunks;
    const struct lh_yaml_node *root;
    size_t node_count;
};

/* An open list or map. */
struct level {
    struct lh_yaml_node *node;
    struct lh_yaml_node *last;
    const char *key; /* of a map: read, its value is still to come */
    struct lh_place key_place;
    bool key_refused;
};

struct builder {
    struct lh_yaml_tree *tree;
    struct lh_findings *findings;
    struct level levels[LH_YAML_DEPTH_MAX];
    size_t depth;
    size_t documents;
};

static void *allocate(struct lh_yaml_tree *tree, size_t bytes)
{
    const size_t grain = alignof(max_align_t);
    bytes = (bytes + grain - 1) / grain * grain;
    struct chunk *chunk = tree->chunks;
    if (!chunk || chunk->size - chunk->used < bytes) {
        const size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
        chunk = malloc(sizeof *chunk + size);
        if (!chunk)
            return NULL;
        *chunk = (struct chunk){.next = tree->chunks, .size = size};
        tree->chunks = chunk;
    }
    void *memory = chunk->bytes + chunk->used;
    chunk->used += bytes;
    return memory;
}

static struct lh_place place_of(yaml_mark_t mark)
{
    return (struct lh_place){.line = (int)mark.line + 1, .column = (int)mark.column + 1};
}

static int new_node(struct builder *builder, enum lh_yaml_kind kind, yaml_mark_t mark,
                    struct lh_yaml_node **ret_node)
{
    if (++builder->tree->node_count > LH_YAML_NODES_MAX) {
        lh_findings_add(builder->findings, place_of(mark),
                        "the file holds more than %d values; nothing after this was read",
                        LH_YAML_NODES_MAX);
        return LH_ECONFIG;
    }
    struct lh_yaml_node *node = allocate(builder->tree, sizeof *node);
    if (!node)
        return LH_ENOMEM;
    *node = (struct lh_yaml_node){.kind = kind, .place = place_of(mark)};
    *ret_node = node;
    return LH_OK;
}

static void refuse(struct builder *builder, struct lh_yaml_node *node, const char *sentence)
{
    lh_findings_add(builder->findings, node->place, "%s", sentence);
    node->kind = LH_YAML_BROKEN;
}

static void take_key(struct builder *builder, struct level *level, const struct lh_yaml_node *node)
{
    level->key = node->kind == LH_YAML_SCALAR ? node->text : "";
    level->key_place = node->place;
    level->key_refused = node->kind != LH_YAML_SCALAR;
    if (node->kind == LH_YAML_LIST || node->kind == LH_YAML_MAP) {
        lh_findings_add(builder->findings, node->place, "a key must be a plain word");
    } else if (node->kind == LH_YAML_SCALAR && node->plain && strcmp(node->text, "<<") == 0) {
        lh_findings_add(builder->findings, node->place,
                        "merging with '<<' is not read; write what cameras share under 'groups' "
                        "and name it with 'group'");
        level->key_refused = true;
    }
}

/* Hangs a node into the open list or map, or takes it as the key of the next one. */
static void attach(struct builder *builder, struct lh_yaml_node *node)
{
    if (builder->depth == 0) {
        builder->tree->root = node;
        return;
    }
    struct level *level = &builder->levels[builder->depth - 1];
    const bool in_map = level->node->kind == LH_YAML_MAP;
    if (in_map && !level->key) {
        take_key(builder, level, node);
        return;
    }
    const bool wanted = !in_map || !level->key_refused;
    if (in_map) {
        node->key = level->key;
        node->key_place = level->key_place;
        level->key = NULL;
    }
    if (!wanted)
        return;
    if (level->last)
        level->last->next = node;
    else
        level->node->first = node;
    level->last = node;
    level->node->count++;
}

static bool has_control_character(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return true;
    }
    return false;
}

static void refuse_anchor_or_tag(struct builder *builder, struct lh_place place,
                                 const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        lh_findings_add(builder->findings, place,
                        "the anchor '&%.40s' is not read; write what cameras share under 'groups' "
                        "and name it with 'group'",
                        (const char *)anchor);
    if (tag)
        lh_findings_add(builder->findings, place,
                        "the tag '%.40s' is not read; leave it out, and put texts that look like "
                        "numbers into quotes",
                        (const char *)tag);
}

static int on_scalar(struct builder *builder, const yaml_event_t *event)
{
    struct lh_yaml_node *node;
    const int code = new_node(builder, LH_YAML_SCALAR, event->start_mark, &node);
    if (code != LH_OK)
        return code;
    const char *value = (const char *)event->data.scalar.value;
    const size_t length = event->data.scalar.length;
    char *text = allocate(builder->tree, length + 1);
    if (!text)
        return LH_ENOMEM;
    memcpy(text, value, length);
    text[length] = '\0';
    node->text = text;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    refuse_anchor_or_tag(builder, node->place, event->data.scalar.anchor, event->data.scalar.tag);
    if (has_control_character(text, length))
        refuse(builder, node, "this text holds a line break or another control character");
    attach(builder, node);
    return LH_OK;
}

static int on_alias(struct builder *builder, const yaml_event_t *event)
{
    struct lh_yaml_node *node;
    const int code = new_node(builder, LH_YAML_BROKEN, event->start_mark, &node);
    if (code != LH_OK)
        return code;
    lh_findings_add(builder->findings, node->place,
                    "the alias '*%.40s' is not read; write what cameras share under 'groups' and "
                    "name it with 'group'",
                    (const char *)event->data.alias.anchor);
    attach(builder, node);
    return LH_OK;
}

static int open_level(struct builder *builder, enum lh_yaml_kind kind, yaml_mark_t mark,
                      const yaml_char_t *anchor, const yaml_char_t *tag)
{
    struct lh_yaml_node *node;
    const int code = new_node(builder, kind, mark, &node);
    if (code != LH_OK)
        return code;
    refuse_anchor_or_tag(builder, node->place, anchor, tag);
    if (builder->depth == LH_YAML_DEPTH_MAX) {
        lh_findings_add(builder->findings, node->place,
                        "lists and mappings are nested more than %d deep; nothing after this was "
                        "read",
                        LH_YAML_DEPTH_MAX);
        return LH_ECONFIG;
    }
    attach(builder, node);
    builder->levels[builder->depth++] = (struct level){.node = node};
    return LH_OK;
}

struct entry {
    struct lh_yaml_node *node;
};

static int compare_keys(const void *a, const void *b)
{
    const struct lh_yaml_node *left = ((const struct entry *)a)->node;
    const struct lh_yaml_node *right = ((const struct entry *)b)->node;
    const int order = strcmp(left->key, right->key);
    if (order != 0)
        return order;
    if (left->key_place.line != right->key_place.line)
        return left->key_place.line < right->key_place.line ? -1 : 1;
    return left->key_place.column < right->key_place.column ? -1 : 1;
}

static int refuse_duplicates(struct builder *builder, struct lh_yaml_node *map)
{
    if (map->count < 2)
        return LH_OK;
    struct entry *sorted = calloc(map->count, sizeof *sorted);
    if (!sorted)
        return LH_ENOMEM;
    size_t count = 0;
    for (const struct lh_yaml_node *child = map->first; child; child = child->next)
        sorted[count++].node = (struct lh_yaml_node *)child;
    qsort(sorted, count, sizeof *sorted, compare_keys);
    for (size_t i = 1, first = 0; i < count; i++) {
        struct lh_yaml_node *node = sorted[i].node;
        if (strcmp(node->key, sorted[first].node->key) != 0) {
            first = i;
            continue;
        }
        lh_findings_add(builder->findings, node->key_place,
                        "'%.60s' is given twice; the first is at line %d", node->key,
                        sorted[first].node->key_place.line);
        node->kind = LH_YAML_BROKEN;
    }
    free(sorted);
    return LH_OK;
}

static int close_level(struct builder *builder)
{
    struct lh_yaml_node *node = builder->depth > 0 ? builder->levels[--builder->depth].node : NULL;
    return node && node->kind == LH_YAML_MAP ? refuse_duplicates(builder, node) : LH_OK;
}

static int on_event(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++builder->documents > 1) {
            lh_findings_add(builder->findings, place_of(event->start_mark),
                            "a second document begins here; a site file holds one");
            return LH_ECONFIG;
        }
        return LH_OK;
    case YAML_SCALAR_EVENT:
        return on_scalar(builder, event);
    case YAML_ALIAS_EVENT:
        return on_alias(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_level(builder, LH_YAML_LIST, event->start_mark,
                          event->data.sequence_start.anchor, event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return open_level(builder, LH_YAML_MAP, event->start_mark, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_level(builder);
    default:
        return LH_OK;
    }
}

/* Where a byte stands, for errors that libyaml gives an offset only. */
static struct lh_place place_of_byte(const char *text, size_t length, size_t offset)
{
    struct lh_place place = {.line = 1, .column = 1};
    for (size_t i = 0; i < offset && i < length; i++) {
        if (text[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

static int on_error(struct builder *builder, const yaml_parser_t *parser, const char *text,
                    size_t length)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return LH_ENOMEM;
    const char *problem = parser->problem ? parser->problem : "unknown problem";
    if (parser->error == YAML_READER_ERROR) {
        lh_findings_add(builder->findings, place_of_byte(text, length, parser->problem_offset),
                        "this is not text in UTF-8: %s", problem);
        return LH_ECONFIG;
    }
    const bool tab = parser->problem_mark.index < length && memchr(text, '\t', length) &&
                     strstr(problem, "cannot start any token");
    const char *hint = tab ? " (YAML is indented with blanks, not with tabs)" : "";
    if (parser->context)
        lh_findings_add(builder->findings, place_of(parser->problem_mark),
                        "this is not YAML: %s, %s that began at line %zu%s", problem,
                        parser->context, parser->context_mark.line + 1, hint);
    else
        lh_findings_add(builder->findings, place_of(parser->problem_mark), "this is not YAML: %s%s",
                        problem, hint);
    return LH_ECONFIG;
}

static int build(struct builder *builder, yaml_parser_t *parser, const char *text, size_t length)
{
    for (bool done = false; !done;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return on_error(builder, parser, text, length);
        done = event.type == YAML_STREAM_END_EVENT;
        const int code = on_event(builder, &event);
        yaml_event_delete(&event);
        if (code != LH_OK)
            return code;
    }
    return LH_OK;
}

int lh_yaml_parse(const char *text, size_t length, struct lh_findings *findings,
                  struct lh_yaml_tree **ret_tree)
{
    if (length > LH_YAML_BYTES_MAX) {
        lh_findings_add(findings, (struct lh_place){1, 1},
                        "the file is larger than %zu MiB; it was not read",
                        LH_YAML_BYTES_MAX >> 20);
        return LH_ECONFIG;
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return LH_ENOMEM;
    struct builder builder = {.findings = findings, .tree = calloc(1, sizeof *builder.tree)};
    int code = LH_ENOMEM;
    if (builder.tree) {
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
        code = build(&builder, &parser, text, length);
    }
    yaml_parser_delete(&parser);
    if (code == LH_OK)
        *ret_tree = builder.tree;
    else
        lh_yaml_destroy(&builder.tree);
    return code;
}

void lh_yaml_destroy(struct lh_yaml_tree **tree)
{
    if (!*tree)
        return;
    for (struct chunk *chunk = (*tree)->chunks; chunk;) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(*tree);
    *tree = NULL;
}

const struct lh_yaml_node *lh_yaml_root(const struct lh_yaml_tree *tree)
{
    return tree->root;
}

const struct lh_yaml_node *lh_yaml_get(const struct lh_yaml_node *map, const char *key)
{
    if (!map || map->kind != LH_YAML_MAP)
        return NULL;
    for (const struct lh_yaml_node *child = map->first; child; child = child->next) {
        if (strcmp(child->key, key) == 0)
            return child;
    }
    return NULL;
}

bool lh_yaml_is_null(const struct lh_yaml_node *node)
{
    if (node->kind != LH_YAML_SCALAR || !node->plain)
        return false;
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
        if (strcmp(node->text, nulls[i]) == 0)
            return true;
    }
    return false;
}

bool lh_yaml_number(const struct lh_yaml_node *node, double *ret_number)
{
    char *end;
    if (!node || node->kind != LH_YAML_SCALAR || !node->text[0])
        return false;
    const double number = strtod(node->text, &end);
    if (*end || !isfinite(number))
        return false;
    *ret_number = number;
    return true;
}
