/* Finds from heat maps: a score for every cell of the canvas, of all windows together.
 *
 * Thread-safety: none; the state of one camera.
 */
#ifndef ONNX_HEAT_H
#define ONNX_HEAT_H

#include "onnx/finds.h"
#include "onnx/model.h"

#define ONNX_MASK_SIDE 64

/* Zeros: empty. */
struct onnx_heat {
    int columns;
    int rows;
    size_t room;
    float
        *cells[ONNX_KINDS];  /* probability or logit, as the network gives it; the surest class's */
    int *labels[ONNX_KINDS]; /* which group a cell belongs to, 0 none */
    int *stack;
};

/* An empty map for the canvas. */
int onnx_heat_begin(struct onnx_heat *heat, const struct onnx_canvas *canvas,
                    struct onnx_fault *fault);

/* Takes in the answer for the window at (x, y); where windows overlap, the surer counts. */
int onnx_heat_take(struct onnx_heat *heat, const struct onnx_manifest *manifest,
                   const struct onnx_canvas *canvas, int x, int y, const struct onnx_answer *answer,
                   struct onnx_fault *fault);

/* Groups of touching cells above low, one of which reaches onnx_manifest_reach(), that lie on the view. */
int onnx_heat_finds(struct onnx_heat *heat, const struct onnx_manifest *manifest,
                    const struct onnx_canvas *canvas, struct onnx_finds *finds,
                    struct onnx_fault *fault);

/* The find's cells as a mask of at most ONNX_MASK_SIDE a side over its box. */
void onnx_heat_mask(const struct onnx_heat *heat, const struct onnx_canvas *canvas,
                    const struct onnx_find *find, uint8_t *mask, uint32_t *ret_width,
                    uint32_t *ret_height);

void onnx_heat_finish(struct onnx_heat *heat);

#endif
