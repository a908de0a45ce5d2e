/* The second look: a small network is shown each of the surest finds from near, and both answers become one score.
 *
 * What it is shown is a square of the views around the find, one a frame, stretched to its size: as the first network
 * was shown them, before mean and scale. MANIFEST.md says which finds and which square.
 *
 * Thread-safety: none; the state of one camera. The network itself is shared, as the first one is.
 */
#ifndef ONNX_SECOND_H
#define ONNX_SECOND_H

#include "onnx/finds.h"
#include "onnx/model.h"

struct onnx_second;

/* Loads the network that the manifest names, and runs it once where it is new. NULL where it names none. */
int onnx_second_create(const struct onnx_second_look *look,
                       const struct onnx_model_options *options, struct onnx_second **ret_second,
                       struct onnx_fault *fault);
/* Accepts &NULL; leaves NULL. */
void onnx_second_destroy(struct onnx_second **second);

/* Looks at finds that are sorted, and leaves those whose score of both looks reaches their point, sorted anew. views:
 * one a frame of the first network. A NULL second leaves all as they are. */
int onnx_second_judge(struct onnx_second *second, const struct onnx_manifest *manifest,
                      const struct onnx_canvas *canvas, const struct onnx_view *views,
                      struct onnx_finds *finds, struct onnx_fault *fault);

#endif
