#include "judge/boxes.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LATEST_S 1e9

static int grow(void **items, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity)
        return LH_OK;
    if (count >= LH_BOXES_MAX)
        return LH_ELIMIT;
    const size_t larger = *capacity ? *capacity * 2 : 64;
    void *grown = realloc(*items, larger * size);
    if (!grown)
        return LH_ENOMEM;
    *items = grown;
    *capacity = larger;
    return LH_OK;
}

struct reading {
    struct lh_boxes boxes;
    size_t moment_capacity;
    size_t box_capacity;
    double frame_s;
    struct lh_fault *fault;
};

static int add_moment(struct reading *reading, double time_s)
{
    struct lh_boxes *boxes = &reading->boxes;
    void *items = boxes->moments;
    const int code =
        grow(&items, &reading->moment_capacity, boxes->moment_count, sizeof *boxes->moments);
    boxes->moments = items;
    if (code != LH_OK)
        return lh_fail(reading->fault, code, "%s", lh_strerror(code));
    if (!isfinite(time_s) || time_s < 0 || time_s > LATEST_S)
        return lh_fail(reading->fault, LH_EFORMAT, "moment %zu: its time must be 0 s or later",
                       boxes->moment_count + 1);
    boxes->moments[boxes->moment_count++] =
        (struct lh_moment){.time_s = time_s, .first = boxes->box_count};
    return LH_OK;
}

static int add_box(struct reading *reading, const double side[4])
{
    struct lh_boxes *boxes = &reading->boxes;
    void *items = boxes->boxes;
    const int code = grow(&items, &reading->box_capacity, boxes->box_count, sizeof *boxes->boxes);
    boxes->boxes = items;
    if (code != LH_OK)
        return lh_fail(reading->fault, code, "%s", lh_strerror(code));
    /* drawn by hand: a little over the edge is no mistake */
    const bool inside = side[0] >= -0.05 && side[1] >= -0.05 && side[2] >= 0 && side[3] >= 0 &&
                        side[0] + side[2] <= 1.05 && side[1] + side[3] <= 1.05;
    if (!inside)
        return lh_fail(reading->fault, LH_EFORMAT,
                       "moment %zu: a box [x, y, width, height] is not inside the picture",
                       boxes->moment_count);
    boxes->boxes[boxes->box_count++] =
        (struct lh_box){(float)side[0], (float)side[1], (float)side[2], (float)side[3]};
    boxes->moments[boxes->moment_count - 1].count++;
    return LH_OK;
}

static int add_numbered(struct reading *reading, double number)
{
    if (reading->frame_s <= 0)
        return lh_fail(reading->fault, LH_EFORMAT,
                       "boxes by picture number need 'cadence_s' or 'fps' in the labels");
    return add_moment(reading, number * reading->frame_s);
}

/* ---- JSON ---- */

static int read_moment(struct reading *reading, const json_t *entry)
{
    const json_t *frame = json_object_get(entry, "frame");
    const json_t *time = json_object_get(entry, "time_s");
    const json_t *boxes = json_object_get(entry, "boxes");
    int code = LH_EFORMAT;
    if (json_is_integer(frame) && !time && json_is_array(boxes))
        code = add_numbered(reading, json_number_value(frame));
    else if (json_is_number(time) && !frame && json_is_array(boxes))
        code = add_moment(reading, json_number_value(time));
    else
        (void)lh_fail(reading->fault, code,
                      "moment %zu: must be {\"frame\": N or \"time_s\": T, \"boxes\": [...]}",
                      reading->boxes.moment_count + 1);
    for (size_t i = 0; code == LH_OK && i < json_array_size(boxes); i++) {
        const json_t *box = json_array_get(boxes, i);
        double side[4];
        bool right = json_array_size(box) == 4;
        for (size_t k = 0; k < 4 && right; k++) {
            right = json_is_number(json_array_get(box, k));
            side[k] = json_number_value(json_array_get(box, k));
        }
        code = right
                   ? add_box(reading, side)
                   : lh_fail(reading->fault, LH_EFORMAT,
                             "moment %zu: a box is [x, y, width, height] in shares of the picture",
                             reading->boxes.moment_count);
    }
    return code;
}

static int read_json(struct reading *reading, const char *text, size_t length)
{
    json_error_t error;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    int code = LH_OK;
    if (!root)
        return lh_fail(reading->fault, LH_EFORMAT, "line %d, column %d: %s", error.line,
                       error.column, error.text);
    if (!json_is_array(root))
        code = lh_fail(reading->fault, LH_EFORMAT, "must be an array with an object a moment");
    for (size_t i = 0; code == LH_OK && i < json_array_size(root); i++)
        code = read_moment(reading, json_array_get(root, i));
    json_decref(root);
    return code;
}

/* ---- FURG's XML: OpenCV storage, of which only these elements matter:
 * <frameWidth>426</frameWidth> <frameHeight>240</frameHeight>
 * <_><frameNumber>0</frameNumber> <annotations> <_> 176 84 24 33</_> ... ---- */

static bool read_whole(const char **cursor, double *ret_value)
{
    char *end;
    while (isspace((unsigned char)**cursor))
        (*cursor)++;
    if (!isdigit((unsigned char)**cursor) && **cursor != '-')
        return false;
    const long value = strtol(*cursor, &end, 10);
    if (end == *cursor || value > 100000000 || value < -100000000)
        return false;
    *cursor = end;
    *ret_value = (double)value;
    return true;
}

static bool read_element(const char *text, const char *tag, double *ret_value)
{
    const char *cursor = strstr(text, tag);
    if (!cursor)
        return false;
    cursor += strlen(tag);
    return read_whole(&cursor, ret_value);
}

/* The four numbers of every <_> of one frame. */
static int read_annotations(struct reading *reading, const char *from, const char *to, double width,
                            double height)
{
    int code = LH_OK;
    for (const char *cursor = from; code == LH_OK && (cursor = strstr(cursor, "<_>"));) {
        if (cursor >= to)
            break;
        cursor += 3;
        double side[4];
        bool right = true;
        for (int i = 0; i < 4 && right; i++)
            right = read_whole(&cursor, &side[i]);
        if (!right)
            continue; /* the <_> that begins the next frame */
        const double shares[4] = {side[0] / width, side[1] / height, side[2] / width,
                                  side[3] / height};
        code = add_box(reading, shares);
    }
    return code;
}

static int read_xml(struct reading *reading, const char *text, size_t length)
{
    static const char number_tag[] = "<frameNumber>";
    const char *end = text + length;
    double width = 0;
    double height = 0;
    if (memchr(text, 0, length) || !read_element(text, "<frameWidth>", &width) ||
        !read_element(text, "<frameHeight>", &height) || width < 1 || height < 1)
        return lh_fail(reading->fault, LH_EFORMAT,
                       "no <frameWidth> and <frameHeight>: not the XML of the FURG data set");
    int code = LH_OK;
    const char *frame = strstr(text, number_tag);
    while (code == LH_OK && frame) {
        const char *cursor = frame + sizeof number_tag - 1;
        const char *next = strstr(cursor, number_tag);
        double number = 0;
        if (!read_whole(&cursor, &number))
            return lh_fail(reading->fault, LH_EFORMAT, "a <frameNumber> that is no number");
        code = add_numbered(reading, number);
        if (code == LH_OK)
            code = read_annotations(reading, cursor, next ? next : end, width, height);
        frame = next;
    }
    return code;
}

static int compare_moments(const void *a, const void *b)
{
    const struct lh_moment *left = a;
    const struct lh_moment *right = b;
    return (left->time_s > right->time_s) - (left->time_s < right->time_s);
}

int lh_boxes_parse(const char *text, size_t length, double frame_s, struct lh_fault *fault,
                   struct lh_boxes *ret_boxes)
{
    struct reading reading = {.frame_s = frame_s, .fault = fault};
    int code;
    if (length > LH_BOXES_MAX_BYTES)
        return lh_fail(fault, LH_ELIMIT, "larger than %zu MiB", LH_BOXES_MAX_BYTES >> 20);
    if (length > 0 && text[0] == '<')
        code = read_xml(&reading, text, length);
    else
        code = read_json(&reading, text, length);
    if (code == LH_OK && reading.boxes.moment_count == 0)
        code = lh_fail(fault, LH_EFORMAT, "no moment in it");
    if (code != LH_OK) {
        lh_boxes_finish(&reading.boxes);
        return code;
    }
    if (reading.boxes.moments)
        qsort(reading.boxes.moments, reading.boxes.moment_count, sizeof *reading.boxes.moments,
              compare_moments);
    *ret_boxes = reading.boxes;
    return LH_OK;
}

void lh_boxes_finish(struct lh_boxes *boxes)
{
    free(boxes->moments);
    free(boxes->boxes);
    *boxes = (struct lh_boxes){0};
}

const struct lh_moment *lh_boxes_at(const struct lh_boxes *boxes, double time_s)
{
    size_t low = 0;
    size_t high = boxes->moment_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (boxes->moments[middle].time_s <= time_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &boxes->moments[low - 1] : NULL;
}
