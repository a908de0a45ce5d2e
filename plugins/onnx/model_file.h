/* The bytes of a network, checked against the sum in its manifest. */
#ifndef ONNX_MODEL_FILE_H
#define ONNX_MODEL_FILE_H

#include "onnx/manifest.h"

struct onnx_model_file {
    void *bytes;
    size_t byte_count;
};

/* Reads it whole, at most 1 GiB; what was summed is what is returned, whatever becomes of the file. */
int onnx_model_file_read(const struct onnx_file *named, struct onnx_model_file *ret_file,
                         struct onnx_fault *fault);
void onnx_model_file_finish(struct onnx_model_file *file);

#endif
