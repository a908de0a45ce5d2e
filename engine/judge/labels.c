#include "judge/labels.h"

#include "base/site.h"
#include "base/text_file.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES_MAX 1024
#define LONGEST_S 1e9 /* thirty years */

static const char *const visibilities[LH_VISIBILITIES] = {
    [LH_VISIBILITY_CLEAR] = "clear",
    [LH_VISIBILITY_SMALL] = "small",
    [LH_VISIBILITY_FAINT] = "faint",
    [LH_VISIBILITY_UNSAID] = "unsaid",
};

static const char *const known_keys[] = {
    "file",
    "kind",
    "ignition_s",
    "visibility",
    "target",
    "smoke_box",
    "masks",
    "boxes",
    "fps",
    "cadence_s",
    "frames",
    "event",
    "site",
    "source",
    "note",
    "width",
    "height",
    "start_utc",
    "start_is_nominal",
    "cadence_is_nominal",
};

const char *lh_visibility_name(enum lh_visibility visibility)
{
    return visibilities[visibility];
}

/* One entry while it is read. */
struct reading {
    const json_t *entry;
    char who[96]; /* "clip 3 (a.mp4)", for faults */
    struct lh_fault *fault;
};

#define REFUSE(reading, ...) lh_fail((reading)->fault, LH_EFORMAT, __VA_ARGS__)

static const json_t *value_of(const struct reading *reading, const char *key)
{
    const json_t *value = json_object_get(reading->entry, key);
    return json_is_null(value) ? NULL : value;
}

static int read_text(const struct reading *reading, const char *key, const char **ret_text)
{
    const json_t *value = value_of(reading, key);
    if (value && !json_is_string(value))
        return REFUSE(reading, "%s: '%s' must be a text", reading->who, key);
    const char *text = json_string_value(value);
    if (text && (!text[0] || strlen(text) > NAME_BYTES_MAX))
        return REFUSE(reading, "%s: '%s' must have 1 to %d bytes", reading->who, key,
                      NAME_BYTES_MAX);
    for (const char *c = text; c && *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            return REFUSE(reading, "%s: '%s' has control characters", reading->who, key);
    *ret_text = text;
    return LH_OK;
}

/* Below the folder, or not at all. */
static bool stays_below(const char *name)
{
    if (name[0] == '/' || name[strlen(name) - 1] == '/')
        return false;
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += part[0] == '/';
        const size_t length = strcspn(part, "/");
        if (length == 0 || (length == 1 && part[0] == '.') ||
            (length == 2 && part[0] == '.' && part[1] == '.'))
            return false;
    }
    return true;
}

static int read_name(const struct reading *reading, const char *key, char **ret_name)
{
    const char *text;
    const int code = read_text(reading, key, &text);
    if (code != LH_OK || !text)
        return code;
    if (!stays_below(text))
        return REFUSE(
            reading, "%s: '%s' must be a name below the folder, without '..' and not from the root",
            reading->who, key);
    *ret_name = strdup(text);
    return *ret_name ? LH_OK : lh_fail(reading->fault, LH_ENOMEM, "out of memory");
}

/* Leaves ret_number alone where nothing is said. */
static int read_number(const struct reading *reading, const char *key, double least, double most,
                       double *ret_number)
{
    const json_t *value = value_of(reading, key);
    if (!value)
        return LH_OK;
    const double number = json_number_value(value);
    if (!json_is_number(value) || !isfinite(number) || number < least || number > most)
        return REFUSE(reading, "%s: '%s' must be a number from %g to %g", reading->who, key, least,
                      most);
    *ret_number = number;
    return LH_OK;
}

/* Which of the words it is; count where nothing is said. */
static int read_word(const struct reading *reading, const char *key, const char *const *words,
                     size_t count, size_t *ret_index)
{
    const char *text;
    const int code = read_text(reading, key, &text);
    if (code != LH_OK)
        return code;
    *ret_index = count;
    for (size_t i = 0; text && i < count; i++)
        if (strcmp(text, words[i]) == 0)
            *ret_index = i;
    if (!text || *ret_index < count)
        return LH_OK;
    char all[64] = "";
    for (size_t i = 0; i < count; i++)
        (void)snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? ", " : "",
                       words[i]);
    return REFUSE(reading, "%s: '%s' must be one of %s, not '%.40s'", reading->who, key, all, text);
}

static int read_smoke_box(const struct reading *reading, struct lh_label *label)
{
    const json_t *value = value_of(reading, "smoke_box");
    double side[4];
    if (!value)
        return LH_OK;
    bool right = json_array_size(value) == 4;
    for (size_t i = 0; right && i < 4; i++) {
        const json_t *number = json_array_get(value, i);
        side[i] = json_number_value(number);
        right = json_is_number(number) && side[i] >= 0 && side[i] <= 1;
    }
    if (!right || side[2] <= 0 || side[3] <= 0 || side[0] + side[2] > 1.0001 ||
        side[1] + side[3] > 1.0001)
        return REFUSE(reading,
                      "%s: 'smoke_box' must be [x, y, width, height] in shares of the picture, "
                      "inside it",
                      reading->who);
    label->has_smoke_box = true;
    label->smoke_box =
        (struct lh_box){(float)side[0], (float)side[1], (float)side[2], (float)side[3]};
    return LH_OK;
}

static int read_times(const struct reading *reading, struct lh_label *label)
{
    double fps = 0;
    double frames = 0;
    double ignition_s = -1;
    int code = read_number(reading, "cadence_s", 1e-4, 1e7, &label->cadence_s);
    if (code == LH_OK)
        code = read_number(reading, "fps", 1e-4, 1e4, &fps);
    if (code == LH_OK)
        code = read_number(reading, "frames", 1, 1e9, &frames);
    if (code == LH_OK)
        code = read_number(reading, "ignition_s", 0, LONGEST_S, &ignition_s);
    if (code != LH_OK)
        return code;
    if (fps > 0 && label->cadence_s <= 0)
        label->cadence_s = 1 / fps;
    label->frames = (uint64_t)frames;
    if (label->fire && ignition_s < 0)
        return REFUSE(reading, "%s: a fire needs 'ignition_s', seconds from the first picture",
                      reading->who);
    if (!label->fire && ignition_s >= 0)
        return REFUSE(reading, "%s: 'ignition_s' in a clip without fire", reading->who);
    if (label->fire && label->frames > 0 && label->cadence_s > 0 &&
        ignition_s > (double)label->frames * label->cadence_s)
        return REFUSE(reading, "%s: ignition at %g s, but %g pictures every %g s end before",
                      reading->who, ignition_s, frames, label->cadence_s);
    label->ignition_s = label->fire ? ignition_s : 0;
    return LH_OK;
}

static int read_place(const struct reading *reading, struct lh_label *label)
{
    static const char *const targets[] = {"smoke", "flame"};
    size_t target = 0;
    int code = read_word(reading, "target", targets, 2, &target);
    if (code == LH_OK && target < 2)
        label->target = target == 0 ? LH_KIND_SMOKE : LH_KIND_FLAME;
    if (code == LH_OK)
        code = read_name(reading, "masks", &label->masks);
    if (code == LH_OK)
        code = read_name(reading, "boxes", &label->boxes);
    if (code == LH_OK)
        code = read_smoke_box(reading, label);
    if (code != LH_OK)
        return code;
    if (!label->fire && (label->has_smoke_box || label->masks || label->boxes))
        return REFUSE(reading, "%s: a place of fire in a clip without fire", reading->who);
    if (label->masks && label->cadence_s <= 0)
        return REFUSE(reading, "%s: 'masks' need 'cadence_s' or 'fps' to know their time",
                      reading->who);
    return LH_OK;
}

static int check_keys(const struct reading *reading)
{
    const size_t known = sizeof known_keys / sizeof known_keys[0];
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)reading->entry, key, value)
    {
        bool found = false;
        for (size_t i = 0; i < known && !found; i++)
            found = strcmp(key, known_keys[i]) == 0;
        const char *nearest = found ? NULL : lh_nearest_name(key, known_keys, known);
        if (nearest)
            return REFUSE(reading, "%s: '%.40s' is unknown; did you mean '%s'?", reading->who, key,
                          nearest);
    }
    return LH_OK;
}

static int read_what(struct reading *reading, size_t number, struct lh_label *label)
{
    static const char *const kinds[] = {"fire", "no-fire"};
    size_t kind = 2;
    size_t visibility = LH_VISIBILITY_UNSAID;
    int code = read_name(reading, "file", &label->file);
    if (code == LH_OK && !label->file)
        return REFUSE(reading, "%s: 'file' is missing", reading->who);
    if (code == LH_OK)
        (void)snprintf(reading->who, sizeof reading->who, "clip %zu (%.64s)", number, label->file);
    if (code == LH_OK)
        code = read_word(reading, "kind", kinds, 2, &kind);
    if (code == LH_OK && kind == 2)
        return REFUSE(reading, "%s: 'kind' is missing: fire or no-fire", reading->who);
    label->fire = kind == 0;
    if (code == LH_OK)
        code = read_word(reading, "visibility", visibilities, LH_VISIBILITY_UNSAID, &visibility);
    label->visibility = (enum lh_visibility)visibility;
    return code;
}

static int read_label(const json_t *entry, size_t number, struct lh_fault *fault,
                      struct lh_label *label)
{
    struct reading reading = {.entry = entry, .fault = fault};
    (void)snprintf(reading.who, sizeof reading.who, "clip %zu", number);
    if (!json_is_object(entry))
        return REFUSE(&reading, "%s: must be an object", reading.who);
    int code = read_what(&reading, number, label);
    if (code == LH_OK)
        code = check_keys(&reading);
    if (code == LH_OK)
        code = read_times(&reading, label);
    if (code == LH_OK)
        code = read_place(&reading, label);
    const char *event = NULL;
    if (code == LH_OK)
        code = read_text(&reading, "event", &event);
    if (code == LH_OK) {
        label->event = strdup(event ? event : label->file);
        code = label->event ? LH_OK : lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    return code;
}

static int compare_files(const void *a, const void *b)
{
    const struct lh_label *const *left = a;
    const struct lh_label *const *right = b;
    return strcmp((*left)->file, (*right)->file);
}

static int refuse_doubles(const struct lh_labels *labels, struct lh_fault *fault)
{
    const struct lh_label **sorted = calloc(labels->count + 1, sizeof(struct lh_label *));
    if (!sorted)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    for (size_t i = 0; i < labels->count; i++)
        sorted[i] = &labels->items[i];
    qsort(sorted, labels->count, sizeof(struct lh_label *), compare_files);
    int code = LH_OK;
    for (size_t i = 1; i < labels->count && code == LH_OK; i++)
        if (strcmp(sorted[i - 1]->file, sorted[i]->file) == 0)
            code = lh_fail(fault, LH_EFORMAT, "the clip %.200s is there twice", sorted[i]->file);
    free(sorted);
    return code;
}

static int read_labels(const json_t *root, struct lh_fault *fault, struct lh_labels *labels)
{
    const size_t count = json_array_size(root);
    if (!json_is_array(root) || count == 0)
        return lh_fail(fault, LH_EFORMAT,
                       "labels are an array with an object a clip, at least one");
    if (count > LH_LABELS_MAX_CLIPS)
        return lh_fail(fault, LH_ELIMIT, "more than %d clips", LH_LABELS_MAX_CLIPS);
    labels->items = calloc(count, sizeof *labels->items);
    if (!labels->items)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    int code = LH_OK;
    for (size_t i = 0; i < count && code == LH_OK; i++) {
        labels->count++;
        code = read_label(json_array_get(root, i), i + 1, fault, &labels->items[i]);
    }
    return code == LH_OK ? refuse_doubles(labels, fault) : code;
}

int lh_labels_parse(const char *text, size_t length, struct lh_fault *fault,
                    struct lh_labels *ret_labels)
{
    json_error_t error;
    struct lh_labels labels = {0};
    if (length > LH_LABELS_MAX_BYTES)
        return lh_fail(fault, LH_ELIMIT, "larger than %zu MiB", LH_LABELS_MAX_BYTES >> 20);
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return lh_fail(fault, LH_EFORMAT, "line %d, column %d: %s", error.line, error.column,
                       error.text);
    const int code = read_labels(root, fault, &labels);
    json_decref(root);
    if (code != LH_OK)
        lh_labels_finish(&labels);
    else
        *ret_labels = labels;
    return code;
}

int lh_labels_load(const char *path, struct lh_fault *fault, struct lh_labels *ret_labels)
{
    uint8_t *bytes;
    size_t size;
    struct lh_fault inner = {0};
    int code = lh_text_file_read(path, LH_LABELS_MAX_BYTES, fault, &bytes, &size);
    if (code != LH_OK)
        return code;
    code = lh_labels_parse((const char *)bytes, size, &inner, ret_labels);
    free(bytes);
    return code == LH_OK ? LH_OK : lh_fail(fault, code, "%.200s: %.300s", path, inner.text);
}

void lh_labels_finish(struct lh_labels *labels)
{
    for (size_t i = 0; i < labels->count; i++) {
        free(labels->items[i].file);
        free(labels->items[i].masks);
        free(labels->items[i].boxes);
        free(labels->items[i].event);
    }
    free(labels->items);
    *labels = (struct lh_labels){0};
}
