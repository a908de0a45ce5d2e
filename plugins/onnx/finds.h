/* What was found in one picture, before it is emitted; and what a score means.
 *
 * Thread-safety: none; the state of one camera.
 */
#ifndef ONNX_FINDS_H
#define ONNX_FINDS_H

#include "onnx/canvas.h"

/* In pixels of the canvas. */
struct onnx_find {
    float left;
    float top;
    float right;
    float bottom;
    double score; /* calibrated; after a second look, of both */
    uint8_t kind;
    int label; /* heat map: its component; boxes: 0 */
};

struct onnx_finds {
    struct onnx_find *all;
    size_t count;
    size_t room;
};

/* -1 when memory runs out. */
int onnx_finds_add(struct onnx_finds *finds, const struct onnx_find *find);
void onnx_finds_finish(struct onnx_finds *finds);

/* Surest first; the order is the same whatever order they were added in. At most 1024 stay. */
void onnx_finds_sort(struct onnx_finds *finds);

/* Of those of one kind that overlap by more than iou, only the surest stays. Sorted before. */
void onnx_finds_suppress(struct onnx_finds *finds, double iou);

/* Probabilities: after calibration, and the one before it that gives this one. */
double onnx_calibrated(const struct onnx_point *point, double probability);
double onnx_uncalibrated(const struct onnx_point *point, double probability);
double onnx_sigmoid(double x);
double onnx_logit(double probability);

/* Whether all are finite. */
bool onnx_all_finite(const float *values, size_t count);

#endif
