/* How a picture lies before the network.
 *
 * The view is the picture as the network sees it: the picture itself, or stretched, or enlarged. It lies on the
 * canvas, which is as large as one answer of the network, or of all its tiles together; what the view
 * does not cover is padding. Windows are what the network is shown at a time: one, the canvas; or one for
 * each tile. Boxes and heat maps are in pixels of the canvas until they are emitted.
 */
#ifndef ONNX_CANVAS_H
#define ONNX_CANVAS_H

#include "onnx/manifest.h"

#define ONNX_MAX_TILES 64

/* Pixels, rows top first. Lent. */
struct onnx_view {
    const uint8_t *pixels;
    ptrdiff_t stride;
    int width;
    int height;
    int channels; /* 3 in the order of the manifest, or 1 */
};

struct onnx_canvas {
    int picture_width; /* what it was planned for */
    int picture_height;
    int view_width;
    int view_height;
    int left; /* where the view lies */
    int top;
    int width;
    int height;
    int window_width;
    int window_height;
    int columns; /* windows */
    int rows;
    int stride; /* of the heat map: windows begin at its multiples */
};

/* The largest picture worth asking for; 0: as it comes. scale: 0..1, shrinks it where the network takes
 * any size or tiles. */
void onnx_canvas_want(const struct onnx_input *input, int stride, double scale, uint32_t *ret_width,
                      uint32_t *ret_height);

/* -1 for a picture that is larger than what was asked for. */
int onnx_canvas_plan(const struct onnx_input *input, int stride, int width, int height,
                     struct onnx_canvas *ret_canvas, struct onnx_fault *fault);

void onnx_canvas_window(const struct onnx_canvas *canvas, int index, int *ret_x, int *ret_y);

/* Shows a window to the network: writes channel_count planes of window size, normalised, one source view
 * a frame of the manifest. */
void onnx_canvas_fill(const struct onnx_canvas *canvas, const struct onnx_input *input,
                      const struct onnx_view *views, int x, int y, float *planes);

/* A rectangle of a view. It may reach beyond it: there the nearest pixel is repeated. */
struct onnx_part {
    int left;
    int top;
    int width;
    int height;
};

/* Stretches a part to the target's size, at most 8192 a side, from a view of at most 16384: bilinear with pixels at
 * their centres, up and down, as INTER_LINEAR of OpenCV does it. Down by more than two it leaves pixels out. */
void onnx_stretch(const struct onnx_view *view, const struct onnx_part *part, uint8_t *pixels,
                  int width, int height);

/* One row of luma from colour. */
void onnx_luma_row(const uint8_t *colour, int count, enum onnx_channels order, uint8_t *luma);

#endif
