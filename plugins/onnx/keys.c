#include "onnx/keys.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int onnx_fail(struct onnx_fault *fault, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start is the line before */
    (void)vsnprintf(fault->text, sizeof fault->text, format, list);
    va_end(list);
    return -1;
}

void onnx_keys_fail(struct onnx_keys *keys, const struct onnx_object *object, const char *key,
                    const char *format, ...)
{
    char reason[200];
    va_list list;
    if (keys->failed)
        return;
    keys->failed = true;
    va_start(list, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start is the line before */
    (void)vsnprintf(reason, sizeof reason, format, list);
    va_end(list);
    (void)onnx_fail(keys->fault, "%.180s: %s%s%s: %s", keys->file, object->path,
                    object->path[0] && key[0] ? "." : "", key, reason);
}

/* Levenshtein's distance, for keys of at most 32 bytes. */
static size_t distance(const char *a, const char *b)
{
    size_t row[33];
    const size_t length = strlen(b);
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[length];
}

static const char *nearest(const char *written, const char *const *names)
{
    const char *found = NULL;
    size_t least = strlen(written) / 3 + 2;
    if (strlen(written) > 32)
        return NULL;
    for (; *names; names++) {
        const size_t d = distance(written, *names);
        if (d < least) {
            least = d;
            found = *names;
        }
    }
    return found;
}

/* "; did you mean 'x'?", or the list of what there is. */
static const char *advice(const char *written, const char *const *names, char *text, size_t size)
{
    const char *found = nearest(written, names);
    if (found) {
        (void)snprintf(text, size, "did you mean '%s'?", found);
        return text;
    }
    size_t length = (size_t)snprintf(text, size, "there are");
    for (; *names && length < size; names++)
        length +=
            (size_t)snprintf(text + length, size - length, " %s%s", *names, names[1] ? "," : "");
    return text;
}

void onnx_keys_allow(struct onnx_keys *keys, const struct onnx_object *object,
                     const char *const *names)
{
    const char *key;
    json_t *value;
    char text[200];
    json_object_foreach((json_t *)object->json, key, value)
    {
        const char *const *name = names;
        while (*name && strcmp(*name, key) != 0)
            name++;
        if (!*name)
            onnx_keys_fail(keys, object, "", "unknown key '%.40s'; %s", key,
                           advice(key, names, text, sizeof text));
    }
}

static const json_t *value_of(struct onnx_keys *keys, const struct onnx_object *object,
                              const char *key, bool required)
{
    const json_t *value = object->json ? json_object_get(object->json, key) : NULL;
    if (!value && required && object->json)
        onnx_keys_fail(keys, object, key, "must be given");
    return value;
}

struct onnx_object onnx_keys_object(struct onnx_keys *keys, const struct onnx_object *parent,
                                    const char *key, bool required, const char *const *names)
{
    struct onnx_object object = {.json = value_of(keys, parent, key, required)};
    if (object.json && !json_is_object(object.json)) {
        onnx_keys_fail(keys, parent, key, "must be an object");
        object.json = NULL;
    }
    (void)snprintf(object.path, sizeof object.path, "%.60s%s%.30s", parent->path,
                   parent->path[0] ? "." : "", key);
    if (object.json)
        onnx_keys_allow(keys, &object, names);
    return object;
}

bool onnx_keys_text(struct onnx_keys *keys, const struct onnx_object *object, const char *key,
                    bool required, char *text, size_t size)
{
    const json_t *value = value_of(keys, object, key, required);
    if (!value)
        return false;
    const size_t length = json_string_length(value);
    if (length == 0 || length >= size) {
        onnx_keys_fail(keys, object, key, "must be a text of 1 to %zu bytes", size - 1);
        return false;
    }
    memcpy(text, json_string_value(value), length + 1);
    return true;
}

double onnx_keys_number(struct onnx_keys *keys, const struct onnx_object *object, const char *key,
                        double fallback, double minimum, double maximum)
{
    const json_t *value = value_of(keys, object, key, isnan(fallback));
    if (!value)
        return isnan(fallback) ? minimum : fallback;
    const double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= minimum && number <= maximum)) {
        onnx_keys_fail(keys, object, key, "must be a number from %g to %g", minimum, maximum);
        return minimum;
    }
    return number;
}

int onnx_keys_integer(struct onnx_keys *keys, const struct onnx_object *object, const char *key,
                      int fallback, int minimum, int maximum)
{
    const json_t *value = value_of(keys, object, key, fallback == ONNX_REQUIRED);
    if (!value)
        return fallback == ONNX_REQUIRED ? minimum : fallback;
    const json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < minimum || number > maximum) {
        onnx_keys_fail(keys, object, key, "must be a whole number from %d to %d", minimum, maximum);
        return minimum;
    }
    return (int)number;
}

int onnx_keys_word(struct onnx_keys *keys, const struct onnx_object *object, const char *key,
                   int fallback, const char *const *words)
{
    const json_t *value = value_of(keys, object, key, fallback < 0);
    const char *text = json_string_value(value);
    char list[200];
    for (int i = 0; text && words[i]; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    if (text)
        onnx_keys_fail(keys, object, key, "'%.40s' is none of its words; %s", text,
                       advice(text, words, list, sizeof list));
    else if (value)
        onnx_keys_fail(keys, object, key, "must be a text");
    return fallback < 0 ? 0 : fallback;
}
