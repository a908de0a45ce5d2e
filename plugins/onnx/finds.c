#include "onnx/finds.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define MOST 1024
#define MOST_CANDIDATES (1U << 20)
#define SURE 1e-7 /* the nearest to 0 and 1 that a logit is taken of */

int onnx_finds_add(struct onnx_finds *finds, const struct onnx_find *find)
{
    if (finds->count == MOST_CANDIDATES)
        return 0;
    if (finds->count == finds->room) {
        const size_t room = finds->room ? 2 * finds->room : 64;
        struct onnx_find *all = realloc(finds->all, room * sizeof *all);
        if (!all)
            return -1;
        finds->all = all;
        finds->room = room;
    }
    finds->all[finds->count++] = *find;
    return 0;
}

void onnx_finds_finish(struct onnx_finds *finds)
{
    free(finds->all);
    *finds = (struct onnx_finds){0};
}

static int order(double a, double b)
{
    return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
    const struct onnx_find *a = left, *b = right;
    int result = order(b->score, a->score);
    result = result ? result : (int)a->kind - (int)b->kind;
    result = result ? result : order((double)a->top, (double)b->top);
    result = result ? result : order((double)a->left, (double)b->left);
    result = result ? result : order((double)a->bottom, (double)b->bottom);
    return result ? result : order((double)a->right, (double)b->right);
}

void onnx_finds_sort(struct onnx_finds *finds)
{
    if (finds->count > 1)
        qsort(finds->all, finds->count, sizeof finds->all[0], compare);
    if (finds->count > MOST)
        finds->count = MOST;
}

static float area(const struct onnx_find *f)
{
    return (f->right - f->left) * (f->bottom - f->top);
}

static bool overlap(const struct onnx_find *a, const struct onnx_find *b, double iou)
{
    const float width = fminf(a->right, b->right) - fmaxf(a->left, b->left);
    const float height = fminf(a->bottom, b->bottom) - fmaxf(a->top, b->top);
    if (a->kind != b->kind || width <= 0 || height <= 0)
        return false;
    const double both = (double)width * (double)height;
    return both > iou * ((double)area(a) + (double)area(b) - both);
}

void onnx_finds_suppress(struct onnx_finds *finds, double iou)
{
    size_t stay = 0;
    for (size_t i = 0; i < finds->count; i++) {
        size_t k = 0;
        while (k < stay && !overlap(&finds->all[k], &finds->all[i], iou))
            k++;
        if (k == stay)
            finds->all[stay++] = finds->all[i];
    }
    finds->count = stay;
}

double onnx_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

double onnx_logit(double p)
{
    const double held = fmin(fmax(p, SURE), 1 - SURE);
    return log(held / (1 - held));
}

double onnx_calibrated(const struct onnx_point *point, double p)
{
    if (point->a == 1 && point->b == 0)
        return fmin(fmax(p, 0), 1);
    return onnx_sigmoid(point->a * onnx_logit(p) + point->b);
}

double onnx_uncalibrated(const struct onnx_point *point, double p)
{
    if (point->a == 1 && point->b == 0)
        return p;
    return onnx_sigmoid((onnx_logit(p) - point->b) / point->a);
}

bool onnx_all_finite(const float *values, size_t count)
{
    int bad = 0;
    for (size_t i = 0; i < count; i++)
        bad |= !(fabsf(values[i]) <= FLT_MAX);
    return !bad;
}
