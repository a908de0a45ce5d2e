/* A network in memory, on ONNX Runtime, shared by all cameras that use it alike.
 *
 * The runtime is one for the process, so what is here is shared: a registry of models under a lock,
 * counted. A model never changes and remembers no picture; cameras run it at once from their threads.
 *
 * Thread-safety: safe.
 */
#ifndef ONNX_MODEL_H
#define ONNX_MODEL_H

#include "onnx/manifest.h"

struct onnx_model;

struct onnx_model_options {
    const char *provider; /* "cpu", "cuda", "openvino": the execution provider */
    int threads;          /* one picture is worked on by; 1: the caller's alone */
    int optimisation;     /* 0 none, 1 basic, 2 extended, 3 all */
};

/* Which network, and what it must take: one tensor of 32-bit floats, [1, channels, height, width]. */
struct onnx_wanted {
    const struct onnx_file *file;
    const char *input_name; /* "": whichever it is */
    const char *output_name;
    int channels;
    int width; /* 0: any */
    int height;
    const char *keys; /* of the manifest, to correct where it takes another */
};

/* What the network is shown and what came back. */
struct onnx_answer {
    const float *values; /* lent until onnx_answer_finish */
    int64_t shape[4];
    int rank; /* 2 to 4 */
    void *tensor;
};

/* Loads the file, checks its sum and its tensors; the same file with the same options is loaded once.
 * ret_new: whether this call loaded it. */
int onnx_model_acquire(const struct onnx_wanted *wanted, const struct onnx_model_options *options,
                       struct onnx_model **ret_model, bool *ret_new, struct onnx_fault *fault);
/* Accepts &NULL; leaves NULL. */
void onnx_model_release(struct onnx_model **model);

/* Room for count floats, from a store kept with the model so that cameras share it: as many as run at once.
 * NULL when memory runs out. Give it back. */
float *onnx_model_borrow(struct onnx_model *model, size_t count);
void onnx_model_give_back(struct onnx_model *model, float *values);

/* Runs the network on [1, channels, height, width]. input is only read. */
int onnx_model_run(struct onnx_model *model, float *input, int channels, int width, int height,
                   struct onnx_answer *ret_answer, struct onnx_fault *fault);
void onnx_answer_finish(struct onnx_answer *answer);

/* Version of the runtime ("1.29.0"), or NULL where the plugin was built without one. */
const char *onnx_runtime_version(void);

#endif
