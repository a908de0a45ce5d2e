/* Finds from the answer of a YOLO: a list of boxes with the scores of their classes. */
#ifndef ONNX_BOXES_H
#define ONNX_BOXES_H

#include "onnx/finds.h"
#include "onnx/model.h"

/* Adds the boxes of one window at (x, y) of the canvas that reach their score. A box belongs to its surest
 * class; it is clipped to the window. */
int onnx_boxes_take(const struct onnx_manifest *manifest, const struct onnx_canvas *canvas, int x,
                    int y, const struct onnx_answer *answer, struct onnx_finds *finds,
                    struct onnx_fault *fault);

#endif
