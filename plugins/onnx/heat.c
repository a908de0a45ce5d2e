#include "onnx/heat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int cells_of(int pixels, int stride)
{
    return (pixels + stride - 1) / stride;
}

void onnx_heat_finish(struct onnx_heat *heat)
{
    for (int kind = 0; kind < ONNX_KINDS; kind++) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what was freed is NULL since */
        free(heat->cells[kind]);
        free(heat->labels[kind]);
        heat->cells[kind] = NULL;
        heat->labels[kind] = NULL;
    }
    free(heat->stack);
    *heat = (struct onnx_heat){0};
}

static int make_room(struct onnx_heat *heat, size_t count)
{
    onnx_heat_finish(heat);
    heat->stack = malloc(count * sizeof *heat->stack);
    bool made = heat->stack != NULL;
    for (int kind = 1; kind < ONNX_KINDS; kind++) {
        heat->cells[kind] = malloc(count * sizeof *heat->cells[kind]);
        heat->labels[kind] = malloc(count * sizeof *heat->labels[kind]);
        made = made && heat->cells[kind] && heat->labels[kind];
    }
    if (!made)
        onnx_heat_finish(heat);
    else
        heat->room = count;
    return made ? 0 : -1;
}

int onnx_heat_begin(struct onnx_heat *heat, const struct onnx_canvas *c, struct onnx_fault *fault)
{
    const int columns = cells_of(c->width, c->stride), rows = cells_of(c->height, c->stride);
    const size_t count = (size_t)columns * (size_t)rows;
    if (heat->room < count && make_room(heat, count) != 0)
        return onnx_fail(fault, "out of memory");
    heat->columns = columns;
    heat->rows = rows;
    for (int kind = 1; kind < ONNX_KINDS; kind++)
        for (size_t i = 0; i < count; i++)
            heat->cells[kind][i] = -INFINITY;
    return 0;
}

static void raise(float *cell, float value)
{
    *cell = value > *cell ? value : *cell;
}

/* One row of the window: planes are plane_size apart in values. */
static void take_row(struct onnx_heat *heat, const struct onnx_output *out, const float *values,
                     size_t plane_size, size_t at, int count)
{
    for (int x = 0; x < count; x++) {
        float sum = 0, top = -INFINITY;
        const bool softmax = out->activation == ONNX_SOFTMAX;
        for (int c = 0; softmax && c < out->class_count; c++)
            top = fmaxf(top, values[(size_t)c * plane_size + (size_t)x]);
        for (int c = 0; softmax && c < out->class_count; c++)
            sum += expf(values[(size_t)c * plane_size + (size_t)x] - top);
        for (int c = 0; c < out->class_count; c++) {
            const float value = values[(size_t)c * plane_size + (size_t)x];
            if (out->kinds[c])
                raise(&heat->cells[out->kinds[c]][at + (size_t)x],
                      softmax ? expf(value - top) / sum : value);
        }
    }
}

static int check_answer(const struct onnx_manifest *m, const struct onnx_answer *answer,
                        int columns, int rows, struct onnx_fault *fault)
{
    const int64_t *s = answer->shape;
    const int classes = m->output.class_count;
    if (answer->rank != 4 || s[0] != 1 || s[1] != classes || s[2] != rows || s[3] != columns)
        return onnx_fail(fault,
                         "the network answers [%lld, %lld, %lld, %lld] with %d axes, the manifest "
                         "says [1, %d, %d, %d]; correct output.form, classes or stride",
                         (long long)s[0], (long long)s[1], (long long)s[2], (long long)s[3],
                         answer->rank, classes, rows, columns);
    const size_t count = (size_t)classes * (size_t)rows * (size_t)columns;
    if (!onnx_all_finite(answer->values, count))
        return onnx_fail(fault, "the network's answer holds NaN or infinity");
    for (size_t i = 0; m->output.activation == ONNX_NONE && i < count; i++)
        if (answer->values[i] > 1.01F || answer->values[i] < -0.01F)
            return onnx_fail(fault,
                             "the network answers %g for a probability; if these are logits, "
                             "set output.activation to sigmoid",
                             (double)answer->values[i]);
    return 0;
}

int onnx_heat_take(struct onnx_heat *heat, const struct onnx_manifest *m,
                   const struct onnx_canvas *c, int x, int y, const struct onnx_answer *answer,
                   struct onnx_fault *fault)
{
    const int columns = cells_of(c->window_width, c->stride);
    const int rows = cells_of(c->window_height, c->stride);
    const int left = x / c->stride, top = y / c->stride;
    if (check_answer(m, answer, columns, rows, fault) != 0)
        return -1;
    for (int row = 0; row < rows; row++)
        take_row(heat, &m->output, answer->values + (size_t)row * (size_t)columns,
                 (size_t)rows * (size_t)columns,
                 (size_t)(top + row) * (size_t)heat->columns + (size_t)left, columns);
    return 0;
}

/* A threshold as the cells are written. */
static float raw_threshold(const struct onnx_manifest *m, int kind, double score)
{
    const double p = onnx_uncalibrated(&m->points[kind], score);
    return (float)(m->output.activation == ONNX_SIGMOID ? onnx_logit(p) : p);
}

struct group {
    int left, top, right, bottom; /* cells, right and bottom behind the last */
    int cells;
    float best;
};

/* Labels the cells that hang together with this one. */
static struct group take_group(struct onnx_heat *heat, int kind, float low, int first, int label)
{
    const float *cells = heat->cells[kind];
    int *labels = heat->labels[kind];
    struct group g = {heat->columns, heat->rows, 0, 0, 0, -INFINITY};
    int depth = 0;
    heat->stack[depth++] = first;
    labels[first] = label;
    while (depth > 0) {
        const int at = heat->stack[--depth];
        const int column = at % heat->columns, row = at / heat->columns;
        g.cells++;
        g.best = cells[at] > g.best ? cells[at] : g.best;
        g.left = column < g.left ? column : g.left;
        g.top = row < g.top ? row : g.top;
        g.right = column + 1 > g.right ? column + 1 : g.right;
        g.bottom = row + 1 > g.bottom ? row + 1 : g.bottom;
        for (int dy = row > 0 ? -1 : 0; dy <= (row + 1 < heat->rows ? 1 : 0); dy++)
            for (int dx = column > 0 ? -1 : 0; dx <= (column + 1 < heat->columns ? 1 : 0); dx++) {
                const int next = at + dy * heat->columns + dx;
                if (labels[next] == 0 && cells[next] >= low) {
                    labels[next] = label;
                    heat->stack[depth++] = next;
                }
            }
    }
    return g;
}

/* What lies beyond the view is padding, and nothing is found there. */
static void blank_padding(struct onnx_heat *heat, float *cells, const struct onnx_canvas *c)
{
    for (int row = 0; row < heat->rows; row++)
        for (int column = 0; column < heat->columns; column++) {
            const int x = column * c->stride, y = row * c->stride;
            if (x + c->stride <= c->left || x >= c->left + c->view_width ||
                y + c->stride <= c->top || y >= c->top + c->view_height)
                cells[row * heat->columns + column] = -INFINITY;
        }
}

static int add_group(const struct group *g, const struct onnx_manifest *m,
                     const struct onnx_canvas *c, uint8_t kind, int label, struct onnx_finds *finds)
{
    const double best = (double)g->best;
    const double p = m->output.activation == ONNX_SIGMOID ? onnx_sigmoid(best) : best;
    const struct onnx_find find = {
        .left = (float)(g->left * c->stride),
        .top = (float)(g->top * c->stride),
        .right = (float)(g->right * c->stride),
        .bottom = (float)(g->bottom * c->stride),
        .score = onnx_calibrated(&m->points[kind], p),
        .kind = kind,
        .label = label,
    };
    if ((double)g->cells * c->stride * c->stride < m->min_area_px)
        return 0;
    return onnx_finds_add(finds, &find);
}

int onnx_heat_finds(struct onnx_heat *heat, const struct onnx_manifest *m,
                    const struct onnx_canvas *c, struct onnx_finds *finds, struct onnx_fault *fault)
{
    const int count = heat->columns * heat->rows;
    int label = 0;
    for (uint8_t kind = 1; kind < ONNX_KINDS; kind++) {
        float *cells = heat->cells[kind];
        if (m->points[kind].score <= 0)
            continue;
        const float high = raw_threshold(m, kind, onnx_manifest_reach(m, kind));
        const float low = raw_threshold(m, kind, m->points[kind].low);
        memset(heat->labels[kind], 0, (size_t)count * sizeof *heat->labels[kind]);
        blank_padding(heat, cells, c);
        for (int at = 0; at < count; at++) {
            if (cells[at] < high || heat->labels[kind][at] != 0)
                continue;
            const struct group g = take_group(heat, kind, low, at, ++label);
            if (add_group(&g, m, c, kind, label, finds) != 0)
                return onnx_fail(fault, "out of memory");
        }
    }
    return 0;
}

void onnx_heat_mask(const struct onnx_heat *heat, const struct onnx_canvas *c,
                    const struct onnx_find *find, uint8_t *mask, uint32_t *ret_width,
                    uint32_t *ret_height)
{
    const int left = (int)find->left / c->stride, top = (int)find->top / c->stride;
    const int columns = (int)find->right / c->stride - left;
    const int rows = (int)find->bottom / c->stride - top;
    const int across = columns < ONNX_MASK_SIDE ? columns : ONNX_MASK_SIDE;
    const int down = rows < ONNX_MASK_SIDE ? rows : ONNX_MASK_SIDE;
    for (int y = 0; y < down; y++)
        for (int x = 0; x < across; x++) {
            const int at = (top + y * rows / down) * heat->columns + left + x * columns / across;
            mask[y * across + x] = heat->labels[find->kind][at] == find->label ? 255 : 0;
        }
    *ret_width = (uint32_t)across;
    *ret_height = (uint32_t)down;
}
