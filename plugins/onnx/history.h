/* What a camera showed before, for networks that see time. MANIFEST.md says which picture is which.
 *
 * Thread-safety: none; the state of one camera.
 */
#ifndef ONNX_HISTORY_H
#define ONNX_HISTORY_H

#include "onnx/canvas.h"

#define ONNX_KEPT 6 /* pictures a "before" */

struct onnx_history;

int onnx_history_create(const struct onnx_input *input, struct onnx_history **ret_history);
void onnx_history_destroy(struct onnx_history **history);
void onnx_history_forget(struct onnx_history *history);

/* The view of every frame of the manifest, for the view now, taken at utc_us. Lent until the next call,
 * or as long as now is. */
void onnx_history_views(struct onnx_history *history, const struct onnx_view *now, int64_t utc_us,
                        struct onnx_view *ret_views);

/* Takes the view in. Forgets what was of another size. -1 when memory runs out. */
int onnx_history_learn(struct onnx_history *history, const struct onnx_view *now, int64_t utc_us);

#endif
