/* Strict reading of a JSON object, key by key.
 *
 * A reader keeps the first mistake: what is read after it gives the fallback, so that a caller may read
 * on and look once at the end.
 */
#ifndef ONNX_KEYS_H
#define ONNX_KEYS_H

#include "onnx/manifest.h"

#include <jansson.h>

struct onnx_keys {
    const char *file; /* for the sentence */
    struct onnx_fault *fault;
    bool failed;
};

/* A place in the document: an object, and its path for the sentence ("input.size"; "" at the top). */
struct onnx_object {
    const json_t *json; /* NULL where it is not given */
    char path[96];
};

/* Notes a mistake at path.key, unless there is one already. */
void onnx_keys_fail(struct onnx_keys *keys, const struct onnx_object *object, const char *key,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Refuses every key that is not among names (NULL at the end), with the nearest that is. */
void onnx_keys_allow(struct onnx_keys *keys, const struct onnx_object *object,
                     const char *const *names);

/* The object at key, whose own keys must be among names. */
struct onnx_object onnx_keys_object(struct onnx_keys *keys, const struct onnx_object *parent,
                                    const char *key, bool required, const char *const *names);

/* A text of 1 to size - 1 bytes; left alone where it is not given. True where it was. */
bool onnx_keys_text(struct onnx_keys *keys, const struct onnx_object *object, const char *key,
                    bool required, char *text, size_t size);

/* A number within the range; fallback where it is not given. required: NAN as fallback. */
double onnx_keys_number(struct onnx_keys *keys, const struct onnx_object *object, const char *key,
                        double fallback, double minimum, double maximum);
int onnx_keys_integer(struct onnx_keys *keys, const struct onnx_object *object, const char *key,
                      int fallback, int minimum, int maximum);
#define ONNX_REQUIRED INT_MIN /* fallback of onnx_keys_integer */

/* The index of the text among words (NULL at the end); fallback where it is not given, -1: required. */
int onnx_keys_word(struct onnx_keys *keys, const struct onnx_object *object, const char *key,
                   int fallback, const char *const *words);

#endif
