/* A YAML text as a tree in which every value knows its place.
 *
 * Read with libyaml's event parser and bounded: 16 MiB, 16 levels, a million values. What a site file
 * has no use for is refused with a sentence: anchors, aliases and merge keys (`groups` do their work),
 * tags, keys that are not plain words, a second document. A refused value is left in the tree as
 * LH_YAML_BROKEN, so that the rest of the file can still be looked at.
 *
 * Ownership: the tree owns all nodes and texts.  Thread: any one.
 */
#ifndef LH_BASE_YAML_TREE_H
#define LH_BASE_YAML_TREE_H

#include "base/site.h"

#define LH_YAML_BYTES_MAX ((size_t)16 << 20)
#define LH_YAML_DEPTH_MAX 16
#define LH_YAML_NODES_MAX 1000000

enum lh_yaml_kind {
    LH_YAML_SCALAR,
    LH_YAML_LIST,
    LH_YAML_MAP,
    LH_YAML_BROKEN, /* a finding was made; say nothing more about it */
};

struct lh_yaml_node {
    enum lh_yaml_kind kind;
    bool plain; /* a scalar written without quotes */
    struct lh_place place;
    struct lh_place key_place;
    const char *key;                  /* in a map: what it is called there; else NULL */
    const char *text;                 /* of a scalar, UTF-8, no zero and no control character */
    size_t count;                     /* of a list or map: its children */
    const struct lh_yaml_node *first; /* first child, in order of the file */
    const struct lh_yaml_node *next;  /* next child of the same parent */
};

struct lh_yaml_tree;

/* Reads a text. LH_ECONFIG: it is no YAML, and findings says where; LH_ENOMEM. On LH_OK there may be
 * new findings too. */
int lh_yaml_parse(const char *text, size_t length, struct lh_findings *findings,
                  struct lh_yaml_tree **ret_tree);
/* Accepts &NULL; leaves NULL. */
void lh_yaml_destroy(struct lh_yaml_tree **tree);

/* NULL when the text holds nothing but comments. Lent from the tree. */
const struct lh_yaml_node *lh_yaml_root(const struct lh_yaml_tree *tree);

/* The value of a key of a map, or NULL. */
const struct lh_yaml_node *lh_yaml_get(const struct lh_yaml_node *map, const char *key);

/* A scalar that is a finite number and nothing else; else, and for NULL, false. */
bool lh_yaml_number(const struct lh_yaml_node *node, double *ret_number);

/* True for "nothing written": an empty plain scalar, ~ or null. */
bool lh_yaml_is_null(const struct lh_yaml_node *node);

#endif
