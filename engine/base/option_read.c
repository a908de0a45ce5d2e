#include "base/option.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *at(void *target, size_t offset)
{
    return (char *)target + offset;
}

/* ---- defaults ---- */

static int set_empty_text(const struct lh_option *option, void *target)
{
    char **slot = (char **)at(target, option->offset);
    free(*slot);
    *slot = strdup("");
    return *slot ? LH_OK : LH_ENOMEM;
}

static int set_default(const struct lh_option_reading *reading, const struct lh_option *option,
                       void *target)
{
    char complaint[LH_OPTION_COMPLAINT];
    switch (option->type) {
    case LH_OPTION_GROUP:
        return lh_option_defaults(reading, option->table, at(target, option->offset));
    case LH_OPTION_NAMES:
    case LH_OPTION_PATHS:
    case LH_OPTION_POINTS:
    case LH_OPTION_SETTINGS:
    case LH_OPTION_LIST:
    case LH_OPTION_MAP:
        return LH_OK;
    case LH_OPTION_NAME:
    case LH_OPTION_PLUGIN:
    case LH_OPTION_URL:
        if (!option->fallback || option->fallback[0] == '\0')
            return set_empty_text(option, target);
        break;
    default:
        if (!option->fallback)
            return LH_OK;
        break;
    }
    if (option->flags & LH_OPTION_OPEN) {
        *(double *)at(target, option->offset) = NAN;
        return LH_OK;
    }
    return lh_option_set(reading, option, option->fallback, true, target, complaint);
}

int lh_option_defaults(const struct lh_option_reading *reading, const struct lh_option_table *table,
                       void *target)
{
    int code = LH_OK;
    for (; table && code == LH_OK; table = table->base) {
        for (size_t i = 0; i < table->count && code == LH_OK; i++)
            code = set_default(reading, &table->rows[i], target);
    }
    return code;
}

/* ---- values ---- */

static const char *kind_name(const struct lh_yaml_node *node)
{
    switch (node->kind) {
    case LH_YAML_LIST:
        return "a list";
    case LH_YAML_MAP:
        return "a mapping";
    default:
        return lh_yaml_is_null(node) ? "nothing" : "a single value";
    }
}

static void refuse_kind(const struct lh_option_reading *reading, const char *name,
                        const struct lh_yaml_node *node, const char *wanted)
{
    if (node->kind != LH_YAML_BROKEN)
        lh_findings_add(reading->findings, node->place, "'%s' must be %s, not %s", name, wanted,
                        kind_name(node));
}

static int read_scalar(const struct lh_option_reading *reading, const struct lh_option *option,
                       const struct lh_yaml_node *node, void *target)
{
    if (node->kind != LH_YAML_SCALAR) {
        refuse_kind(reading, option->name, node, "a single value");
        return LH_OK;
    }
    if (lh_yaml_is_null(node)) {
        lh_findings_add(reading->findings, node->place,
                        "'%s' has no value; give one, or leave the key out", option->name);
        return LH_OK;
    }
    char complaint[LH_OPTION_COMPLAINT];
    const int code = lh_option_set(reading, option, node->text, node->plain, target, complaint);
    if (code != LH_ECONFIG)
        return code;
    lh_findings_add(reading->findings, node->place, "'%s' %s", option->name, complaint);
    return LH_OK;
}

/* Frees what a list held and makes room for the entries of a node. False: nothing to read. */
static int begin_list(const struct lh_option_reading *reading, const struct lh_option *option,
                      const struct lh_yaml_node *node, enum lh_yaml_kind kind, size_t entry_size,
                      void *target, bool *ret_wanted)
{
    *ret_wanted = false;
    if (node->kind != kind && !(lh_yaml_is_null(node) && kind == LH_YAML_MAP)) {
        refuse_kind(reading, option->name, node, kind == LH_YAML_LIST ? "a list" : "a mapping");
        return LH_OK;
    }
    if ((double)node->count < option->minimum || (double)node->count > option->maximum) {
        lh_findings_add(reading->findings, node->place,
                        "'%s' has %zu entries; it must have between %.0f and %.0f", option->name,
                        node->count, option->minimum, option->maximum);
        return LH_OK;
    }
    const struct lh_option single = *option;
    const struct lh_option_table only = {.rows = &single, .count = 1};
    lh_option_free(&only, target);
    if (node->count == 0)
        return LH_OK;
    void *entries = calloc(node->count, entry_size);
    if (!entries)
        return LH_ENOMEM;
    *(void **)at(target, option->offset) = entries;
    *ret_wanted = true;
    return LH_OK;
}

static int read_texts(const struct lh_option_reading *reading, const struct lh_option *option,
                      const struct lh_yaml_node *node, void *target)
{
    bool wanted;
    int code = begin_list(reading, option, node, LH_YAML_LIST, sizeof(char *), target, &wanted);
    if (code != LH_OK || !wanted)
        return code;
    const struct lh_option entry = {
        .name = option->name,
        .type = option->type == LH_OPTION_NAMES ? LH_OPTION_NAME : LH_OPTION_PATH,
    };
    char **texts = *(char ***)at(target, option->offset);
    size_t *count = (size_t *)at(target, option->other_offset);
    for (const struct lh_yaml_node *child = node->first; child; child = child->next) {
        code = read_scalar(reading, &entry, child, &texts[*count]);
        if (code != LH_OK)
            return code;
        if (texts[*count])
            (*count)++;
    }
    return LH_OK;
}

static int read_share(const struct lh_option_reading *reading, const struct lh_yaml_node *node,
                      double *ret_share)
{
    const struct lh_option share = {
        .name = "points", .type = LH_OPTION_NUMBER, .minimum = 0.0, .maximum = 1.0};
    return read_scalar(reading, &share, node, ret_share);
}

static int read_points(const struct lh_option_reading *reading, const struct lh_option *option,
                       const struct lh_yaml_node *node, void *target)
{
    if (node->kind == LH_YAML_LIST && node->count < 3) {
        lh_findings_add(reading->findings, node->place,
                        "'%s' has %zu corners; a polygon has at least 3", option->name,
                        node->count);
        return LH_OK;
    }
    bool wanted;
    int code =
        begin_list(reading, option, node, LH_YAML_LIST, sizeof(struct lh_point), target, &wanted);
    if (code != LH_OK || !wanted)
        return code;
    struct lh_point *points = *(struct lh_point **)at(target, option->offset);
    size_t *count = (size_t *)at(target, option->other_offset);
    for (const struct lh_yaml_node *child = node->first; child; child = child->next) {
        if (child->kind != LH_YAML_LIST || child->count != 2) {
            if (child->kind != LH_YAML_BROKEN)
                lh_findings_add(reading->findings, child->place,
                                "a corner in '%s' is written [x, y], each between 0 and 1",
                                option->name);
            continue;
        }
        code = read_share(reading, child->first, &points[*count].x);
        if (code == LH_OK)
            code = read_share(reading, child->first->next, &points[*count].y);
        if (code != LH_OK)
            return code;
        (*count)++;
    }
    return LH_OK;
}

static int read_settings(const struct lh_option_reading *reading, const struct lh_option *option,
                         const struct lh_yaml_node *node, void *target)
{
    bool wanted;
    const int code = begin_list(reading, option, node, LH_YAML_MAP, sizeof(struct lh_setting_text),
                                target, &wanted);
    if (code != LH_OK || !wanted)
        return code;
    struct lh_setting_text *settings = *(struct lh_setting_text **)at(target, option->offset);
    size_t *count = (size_t *)at(target, option->other_offset);
    for (const struct lh_yaml_node *child = node->first; child; child = child->next) {
        if (child->kind != LH_YAML_SCALAR || lh_yaml_is_null(child)) {
            refuse_kind(reading, child->key, child, "a single value");
            continue;
        }
        struct lh_setting_text *setting = &settings[(*count)++];
        setting->name = strdup(child->key);
        setting->value = strdup(child->text);
        setting->place = child->key_place;
        setting->value_place = child->place;
        if (!setting->name || !setting->value)
            return LH_ENOMEM;
    }
    return LH_OK;
}

static int read_structs(const struct lh_option_reading *reading, const struct lh_option *option,
                        const struct lh_yaml_node *node, void *target)
{
    const struct lh_option_table *table = option->table;
    bool wanted;
    int code = begin_list(reading, option, node, LH_YAML_LIST, table->struct_size, target, &wanted);
    if (code != LH_OK || !wanted)
        return code;
    char *items = *(char **)at(target, option->offset);
    size_t *count = (size_t *)at(target, option->other_offset);
    for (const struct lh_yaml_node *child = node->first; child && code == LH_OK;
         child = child->next) {
        char *item = items + (*count)++ * table->struct_size;
        if (option->place_offset)
            *(struct lh_place *)at(item, option->place_offset) = child->place;
        code = lh_option_defaults(reading, table, item);
        if (code == LH_OK)
            code = lh_option_read(reading, table, child, item);
    }
    return code;
}

static int read_value(const struct lh_option_reading *reading, const struct lh_option *option,
                      const struct lh_yaml_node *node, void *target)
{
    if (option->place_offset && option->type != LH_OPTION_LIST)
        *(struct lh_place *)at(target, option->place_offset) = node->place;
    switch (option->type) {
    case LH_OPTION_NAMES:
    case LH_OPTION_PATHS:
        return read_texts(reading, option, node, target);
    case LH_OPTION_POINTS:
        return read_points(reading, option, node, target);
    case LH_OPTION_SETTINGS:
        return read_settings(reading, option, node, target);
    case LH_OPTION_GROUP:
        return lh_option_read(reading, option->table, node, at(target, option->offset));
    case LH_OPTION_LIST:
        return read_structs(reading, option, node, target);
    case LH_OPTION_MAP:
        return LH_EINVAL;
    default:
        return read_scalar(reading, option, node, target);
    }
}

/* ---- keys ---- */

#define NAMES_MAX 64
#define LISTED_MAX 12 /* so many keys fit into a sentence */

static size_t names_of(const struct lh_option_table *table, const char *names[NAMES_MAX])
{
    size_t count = 0;
    for (; table; table = table->base) {
        for (size_t i = 0; i < table->count && count < NAMES_MAX; i++)
            names[count++] = table->rows[i].name;
    }
    return count;
}

static void refuse_key(const struct lh_option_reading *reading, const struct lh_option_table *table,
                       const struct lh_yaml_node *node)
{
    const char *names[NAMES_MAX] = {0};
    const size_t count = names_of(table, names);
    const char *nearest = lh_nearest_name(node->key, names, count);
    if (nearest) {
        lh_findings_add(reading->findings, node->key_place,
                        "unknown key '%.60s'; did you mean '%s'?", node->key, nearest);
        return;
    }
    char list[256] = "";
    size_t length = 0;
    for (size_t i = 0; i < count && count <= LISTED_MAX && length < sizeof list; i++)
        length +=
            (size_t)snprintf(list + length, sizeof list - length, "%s%s", i ? ", " : "", names[i]);
    if (length > 0 && length < sizeof list)
        lh_findings_add(reading->findings, node->key_place,
                        "unknown key '%.60s' in %s; the keys here are %s", node->key, table->noun,
                        list);
    else
        lh_findings_add(reading->findings, node->key_place,
                        "unknown key '%.60s' in %s; 'linhuo sample-config' lists them all",
                        node->key, table->noun);
}

void lh_option_check_name(const struct lh_option_reading *reading, struct lh_place place,
                          const char *noun, const char *written, const char *const *names,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], written) == 0)
            return;
    }
    const char *nearest = lh_nearest_name(written, names, count);
    if (nearest)
        lh_findings_add(reading->findings, place, "there is no %s '%.64s'; did you mean '%s'?",
                        noun, written, nearest);
    else
        lh_findings_add(reading->findings, place, "there is no %s '%.64s'", noun, written);
}

/* ---- what must be there, and what must fit together ---- */

static double number_of(const struct lh_option *option, void *target)
{
    const void *slot = at(target, option->offset);
    if (option->type == LH_OPTION_NUMBER)
        return *(const double *)slot;
    if (option->type == LH_OPTION_PIXELS)
        return *(const uint32_t *)slot;
    return *(const int *)slot;
}

/* True when one of the findings since then stands at the node: its value is not what was written. */
static bool was_refused(const struct lh_findings *findings, size_t since,
                        const struct lh_yaml_node *node)
{
    for (size_t i = since; node && i < findings->count; i++) {
        const struct lh_place place = findings->items[i].place;
        if (place.line == node->place.line && place.column == node->place.column)
            return true;
    }
    return false;
}

/* Said once, where the file says it: a camera that inherits the contradiction is not blamed again. */
static void check_order(const struct lh_option_reading *reading,
                        const struct lh_option_table *table, const struct lh_option *low,
                        const struct lh_yaml_node *map, size_t since, void *target)
{
    const struct lh_option *high = lh_option_find(table, low->not_above);
    const struct lh_yaml_node *low_node = lh_yaml_get(map, low->name);
    const struct lh_yaml_node *high_node = lh_yaml_get(map, low->not_above);
    if (!high || (!low_node && !high_node) || !(number_of(low, target) > number_of(high, target)) ||
        was_refused(reading->findings, since, low_node) ||
        was_refused(reading->findings, since, high_node))
        return;
    const char *unit = low->unit ? low->unit : "";
    lh_findings_add(reading->findings, low_node ? low_node->place : high_node->place,
                    "'%s' (%.10g%s%s) must not be above '%s' (%.10g%s%s)", low->name,
                    number_of(low, target), *unit ? " " : "", unit, high->name,
                    number_of(high, target), *unit ? " " : "", unit);
}

static void check_whole(const struct lh_option_reading *reading,
                        const struct lh_option_table *table, const struct lh_yaml_node *map,
                        size_t since, void *target)
{
    for (const struct lh_option_table *part = table; part; part = part->base) {
        for (size_t i = 0; i < part->count; i++) {
            const struct lh_option *option = &part->rows[i];
            if (!option->fallback && !lh_yaml_get(map, option->name))
                lh_findings_add(reading->findings, map->place, "this %s has no '%s'", table->noun,
                                option->name);
            if (option->not_above)
                check_order(reading, table, option, map, since, target);
        }
    }
}

int lh_option_read(const struct lh_option_reading *reading, const struct lh_option_table *table,
                   const struct lh_yaml_node *node, void *target)
{
    if (node->kind == LH_YAML_BROKEN)
        return LH_OK;
    if (node->kind != LH_YAML_MAP && !lh_yaml_is_null(node)) {
        lh_findings_add(reading->findings, node->place,
                        "%s must be a mapping of keys and values, not %s", table->noun,
                        kind_name(node));
        return LH_OK;
    }
    const size_t since = reading->findings->count;
    for (const struct lh_yaml_node *child = node->first; child; child = child->next) {
        const struct lh_option *option = lh_option_find(table, child->key);
        if (!option) {
            refuse_key(reading, table, child);
            continue;
        }
        if ((option->flags & LH_OPTION_BY_HAND) || child->kind == LH_YAML_BROKEN)
            continue;
        const int code = read_value(reading, option, child, target);
        if (code != LH_OK)
            return code;
    }
    check_whole(reading, table, node, since, target);
    return LH_OK;
}
