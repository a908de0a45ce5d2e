#include "base/credentials.h"
#include "base/option.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *at(const void *target, size_t offset)
{
    return (char *)target + offset;
}

static bool is_text(enum lh_option_type type)
{
    switch (type) {
    case LH_OPTION_SWITCH:
    case LH_OPTION_WHOLE:
    case LH_OPTION_PIXELS:
    case LH_OPTION_NUMBER:
    case LH_OPTION_WORD:
        return false;
    default:
        return type < LH_OPTION_CREDENTIALS;
    }
}

static size_t plain_size(enum lh_option_type type)
{
    switch (type) {
    case LH_OPTION_SWITCH:
        return sizeof(bool);
    case LH_OPTION_PIXELS:
        return sizeof(uint32_t);
    case LH_OPTION_NUMBER:
        return sizeof(double);
    default:
        return sizeof(int);
    }
}

const struct lh_option *lh_option_find(const struct lh_option_table *table, const char *name)
{
    for (; table; table = table->base) {
        for (size_t i = 0; i < table->count; i++) {
            if (strcmp(table->rows[i].name, name) == 0)
                return &table->rows[i];
        }
    }
    return NULL;
}

/* ---- freeing ---- */

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

static void free_settings(struct lh_setting_text *settings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(settings[i].name);
        free(settings[i].value);
    }
    free(settings);
}

static void free_structs(const struct lh_option_table *table, char *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        lh_option_free(table, items + i * table->struct_size);
    free(items);
}

static void free_list(const struct lh_option *option, void *target)
{
    void **items = (void **)at(target, option->offset);
    size_t *count = (size_t *)at(target, option->other_offset);
    if (option->type == LH_OPTION_POINTS)
        free(*items);
    else if (option->type == LH_OPTION_SETTINGS)
        free_settings(*items, *count);
    else if (option->type == LH_OPTION_LIST)
        free_structs(option->table, *items, *count);
    else
        free_texts(*items, *count);
    *items = NULL;
    *count = 0;
}

static void free_value(const struct lh_option *option, void *target)
{
    char **text = (char **)at(target, option->offset);
    switch (option->type) {
    case LH_OPTION_CREDENTIALS:
        lh_credentials_finish((struct lh_credentials *)at(target, option->other_offset));
        free(*text);
        *text = NULL;
        break;
    case LH_OPTION_NAMES:
    case LH_OPTION_PATHS:
    case LH_OPTION_POINTS:
    case LH_OPTION_SETTINGS:
    case LH_OPTION_LIST:
        free_list(option, target);
        break;
    case LH_OPTION_GROUP:
        lh_option_free(option->table, at(target, option->offset));
        break;
    case LH_OPTION_MAP:
        break;
    default:
        if (is_text(option->type)) {
            free(*text);
            *text = NULL;
        }
        break;
    }
}

void lh_option_free(const struct lh_option_table *table, void *target)
{
    for (; table; table = table->base) {
        for (size_t i = 0; i < table->count; i++)
            free_value(&table->rows[i], target);
    }
}

/* ---- copying ---- */

static int copy_text(const char *from, char **to)
{
    char *copy = strdup(from ? from : "");
    if (!copy)
        return LH_ENOMEM;
    free(*to);
    *to = copy;
    return LH_OK;
}

static int copy_texts(const struct lh_option *option, const void *from, void *to)
{
    const size_t count = *(const size_t *)at(from, option->other_offset);
    char *const *texts = *(char *const *const *)at(from, option->offset);
    free_list(option, to);
    if (count == 0)
        return LH_OK;
    char **copies = calloc(count, sizeof *copies);
    if (!copies)
        return LH_ENOMEM;
    *(char ***)at(to, option->offset) = copies;
    *(size_t *)at(to, option->other_offset) = count;
    for (size_t i = 0; i < count; i++) {
        const int code = copy_text(texts[i], &copies[i]);
        if (code != LH_OK)
            return code;
    }
    return LH_OK;
}

static int copy_credentials(const struct lh_option *option, const void *from, void *to)
{
    const struct lh_credentials *secrets =
        (const struct lh_credentials *)at(from, option->other_offset);
    struct lh_credentials *copies = (struct lh_credentials *)at(to, option->other_offset);
    lh_credentials_finish(copies);
    int code = copy_text(*(char **)at(from, option->offset), (char **)at(to, option->offset));
    if (code == LH_OK)
        code = copy_text(secrets->user, &copies->user);
    if (code == LH_OK)
        code = copy_text(secrets->password, &copies->password);
    return code;
}

static int copy_value(const struct lh_option *option, const void *from, void *to)
{
    switch (option->type) {
    case LH_OPTION_CREDENTIALS:
        return copy_credentials(option, from, to);
    case LH_OPTION_NAMES:
    case LH_OPTION_PATHS:
        return copy_texts(option, from, to);
    case LH_OPTION_POINTS:
    case LH_OPTION_SETTINGS:
    case LH_OPTION_LIST:
    case LH_OPTION_GROUP:
    case LH_OPTION_MAP:
        return LH_EINVAL;
    default:
        if (is_text(option->type))
            return copy_text(*(char **)at(from, option->offset), (char **)at(to, option->offset));
        memcpy(at(to, option->offset), at(from, option->offset), plain_size(option->type));
        return LH_OK;
    }
}

int lh_option_copy(const struct lh_option_table *table, const void *from, void *to)
{
    int code = LH_OK;
    for (; table && code == LH_OK; table = table->base) {
        for (size_t i = 0; i < table->count && code == LH_OK; i++)
            code = copy_value(&table->rows[i], from, to);
    }
    return code;
}

/* ---- comparing ---- */

static bool equal_texts(const struct lh_option *option, const void *a, const void *b)
{
    const size_t count = *(const size_t *)at(a, option->other_offset);
    if (count != *(const size_t *)at(b, option->other_offset))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp((*(char ***)at(a, option->offset))[i], (*(char ***)at(b, option->offset))[i]) !=
            0)
            return false;
    }
    return true;
}

static bool equal_credentials(const struct lh_option *option, const void *a, const void *b)
{
    const struct lh_credentials *left = (const struct lh_credentials *)at(a, option->other_offset);
    const struct lh_credentials *right = (const struct lh_credentials *)at(b, option->other_offset);
    return strcmp(*(char **)at(a, option->offset), *(char **)at(b, option->offset)) == 0 &&
           strcmp(left->user, right->user) == 0 && strcmp(left->password, right->password) == 0;
}

static bool equal_points(const struct lh_option *option, const void *a, const void *b)
{
    const size_t count = *(const size_t *)at(a, option->other_offset);
    const struct lh_point *left = *(struct lh_point **)at(a, option->offset);
    const struct lh_point *right = *(struct lh_point **)at(b, option->offset);
    if (count != *(const size_t *)at(b, option->other_offset))
        return false;
    for (size_t i = 0; i < count; i++)
        if (left[i].x != right[i].x || left[i].y != right[i].y)
            return false;
    return true;
}

static bool equal_lists(const struct lh_option *option, const void *a, const void *b)
{
    const size_t count = *(const size_t *)at(a, option->other_offset);
    const char *left = *(char **)at(a, option->offset);
    const char *right = *(char **)at(b, option->offset);
    if (count != *(const size_t *)at(b, option->other_offset))
        return false;
    for (size_t i = 0; i < count; i++) {
        const size_t item = i * option->table->struct_size;
        if (!lh_option_equal(option->table, left + item, right + item, 0))
            return false;
    }
    return true;
}

static bool equal_numbers(double a, double b)
{
    return isnan(a) || isnan(b) ? isnan(a) && isnan(b) : !(a < b) && !(a > b);
}

static bool equal_value(const struct lh_option *option, const void *a, const void *b)
{
    switch (option->type) {
    case LH_OPTION_POINTS:
        return equal_points(option, a, b);
    case LH_OPTION_LIST:
        return equal_lists(option, a, b);
    case LH_OPTION_CREDENTIALS:
        return equal_credentials(option, a, b);
    case LH_OPTION_NAMES:
    case LH_OPTION_PATHS:
        return equal_texts(option, a, b);
    case LH_OPTION_NUMBER:
        return equal_numbers(*(double *)at(a, option->offset), *(double *)at(b, option->offset));
    case LH_OPTION_GROUP:
        return lh_option_equal(option->table, at(a, option->offset), at(b, option->offset), 0);
    case LH_OPTION_SETTINGS:
    case LH_OPTION_MAP:
        return false;
    default:
        if (is_text(option->type))
            return strcmp(*(char **)at(a, option->offset), *(char **)at(b, option->offset)) == 0;
        return memcmp(at(a, option->offset), at(b, option->offset), plain_size(option->type)) == 0;
    }
}

bool lh_option_equal(const struct lh_option_table *table, const void *a, const void *b,
                     unsigned without_flags)
{
    for (; table; table = table->base) {
        for (size_t i = 0; i < table->count; i++) {
            if ((table->rows[i].flags & without_flags) == 0 && !equal_value(&table->rows[i], a, b))
                return false;
        }
    }
    return true;
}
