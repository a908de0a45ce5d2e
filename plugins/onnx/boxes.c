#include "onnx/boxes.h"

#include <math.h>

/* Where the numbers of a row lie: number n of row i is values[i * row + n * number]. */
struct rows {
    const float *values;
    size_t count;
    size_t row;
    size_t number;
    size_t classes; /* the first class; before it, objectness where there are five */
};

static int find_rows(const struct onnx_output *out, const struct onnx_answer *answer,
                     struct rows *ret_rows, struct onnx_fault *fault)
{
    const int64_t *s = answer->shape;
    const bool objectness = out->form == ONNX_YOLO_V5;
    const int64_t numbers = (objectness ? 5 : 4) + out->class_count;
    const int64_t given = answer->rank == 3 ? s[objectness ? 2 : 1] : -1;
    const int64_t count = answer->rank == 3 ? s[objectness ? 1 : 2] : -1;
    if (answer->rank != 3 || s[0] != 1 || given != numbers || count < 0 || count > (1 << 24))
        return onnx_fail(
            fault,
            "the network answers [%lld, %lld, %lld%s], the manifest says [1, %s] for %d "
            "classes; correct output.form or classes",
            (long long)s[0], (long long)s[1], (long long)s[2], answer->rank == 4 ? ", ..." : "",
            objectness ? "N, 5 + C" : "4 + C, N", out->class_count);
    *ret_rows = (struct rows){.values = answer->values,
                              .count = (size_t)count,
                              .row = objectness ? (size_t)numbers : 1,
                              .number = objectness ? 1 : (size_t)count,
                              .classes = objectness ? 5 : 4};
    if (!onnx_all_finite(answer->values, (size_t)(numbers * count)))
        return onnx_fail(fault, "the network's answer holds NaN or infinity");
    return 0;
}

static size_t surest_class(const struct rows *rows, const float *row, size_t count)
{
    size_t best = 0;
    const float *scores = row + rows->classes * rows->number;
    for (size_t c = 1; c < count; c++)
        if (scores[c * rows->number] > scores[best * rows->number])
            best = c;
    return best;
}

static double probability(const struct onnx_output *out, float value)
{
    return out->activation == ONNX_SIGMOID ? onnx_sigmoid((double)value) : (double)value;
}

static struct onnx_find box_of(const struct onnx_manifest *m, const struct onnx_canvas *canvas,
                               const struct rows *rows, const float *row)
{
    const float width = (float)canvas->window_width, height = (float)canvas->window_height;
    const float across = m->output.fractions ? width : 1;
    const float down = m->output.fractions ? height : 1;
    const float x = row[0] * across, y = row[rows->number] * down;
    const float half_width = row[2 * rows->number] * across / 2;
    const float half_height = row[3 * rows->number] * down / 2;
    return (struct onnx_find){.left = fmaxf(x - half_width, 0),
                              .top = fmaxf(y - half_height, 0),
                              .right = fminf(x + half_width, width),
                              .bottom = fminf(y + half_height, height)};
}

int onnx_boxes_take(const struct onnx_manifest *m, const struct onnx_canvas *canvas, int x, int y,
                    const struct onnx_answer *answer, struct onnx_finds *finds,
                    struct onnx_fault *fault)
{
    const struct onnx_output *out = &m->output;
    struct rows rows = {0};
    double least[ONNX_KINDS] = {2, 0, 0}; /* nothing that is ignored gets there */
    if (find_rows(out, answer, &rows, fault) != 0)
        return -1;
    for (int kind = 1; kind < ONNX_KINDS; kind++)
        least[kind] = onnx_uncalibrated(&m->points[kind], onnx_manifest_reach(m, kind));
    for (size_t i = 0; i < rows.count; i++) {
        const float *row = rows.values + i * rows.row;
        const size_t best = surest_class(&rows, row, (size_t)out->class_count);
        const uint8_t kind = out->kinds[best];
        double p = probability(out, row[(rows.classes + best) * rows.number]);
        if (rows.classes == 5)
            p *= probability(out, row[4 * rows.number]);
        if (p > 1.01 || p < -0.01)
            return onnx_fail(fault,
                             "the network answers %g for a probability; if these are logits, "
                             "set output.activation to sigmoid",
                             p);
        if (p < least[kind])
            continue;
        struct onnx_find find = box_of(m, canvas, &rows, row);
        find.kind = kind;
        find.score = onnx_calibrated(&m->points[kind], p);
        const float width = find.right - find.left, height = find.bottom - find.top;
        if (width <= 0 || height <= 0 || (double)width * (double)height < m->min_area_px)
            continue;
        find.left += (float)x;
        find.right += (float)x;
        find.top += (float)y;
        find.bottom += (float)y;
        if (onnx_finds_add(finds, &find) != 0)
            return onnx_fail(fault, "out of memory");
    }
    return 0;
}
