/* In place of model.c where there is no ONNX Runtime to build with: says so when a model is asked for. */
#include "onnx/model.h"

const char *onnx_runtime_version(void)
{
    return NULL;
}

int onnx_model_acquire(const struct onnx_wanted *wanted, const struct onnx_model_options *options,
                       struct onnx_model **ret_model, bool *ret_new, struct onnx_fault *fault)
{
    (void)wanted, (void)options, (void)ret_model, (void)ret_new;
    return onnx_fail(fault, "built without ONNX Runtime, so no network can run; `make runtime` "
                            "fetches it, or set ONNXRUNTIME_DIR, and build again");
}

void onnx_model_release(struct onnx_model **model)
{
    *model = NULL;
}

float *onnx_model_borrow(struct onnx_model *model, size_t count)
{
    (void)model, (void)count;
    return NULL;
}

void onnx_model_give_back(struct onnx_model *model, float *values)
{
    (void)model, (void)values;
}

int onnx_model_run(struct onnx_model *model, float *input, int channels, int width, int height,
                   struct onnx_answer *ret_answer, struct onnx_fault *fault)
{
    (void)model, (void)input, (void)channels, (void)width, (void)height, (void)ret_answer;
    return onnx_fail(fault, "built without ONNX Runtime");
}

void onnx_answer_finish(struct onnx_answer *answer)
{
    *answer = (struct onnx_answer){0};
}
