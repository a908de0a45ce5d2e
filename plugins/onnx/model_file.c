#include "onnx/model_file.h"

#include <errno.h>
#include <libavutil/mem.h>
#include <libavutil/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_BYTES (INT64_C(1) << 30)

static int sum_differs(const void *bytes, size_t count, const char *expected, char text[65])
{
    uint8_t digest[32];
    struct AVSHA *sha = av_sha_alloc();
    if (!sha || av_sha_init(sha, 256) < 0) {
        av_free(sha);
        return -1;
    }
    av_sha_update(sha, bytes, count);
    av_sha_final(sha, digest);
    av_free(sha);
    for (int i = 0; i < 32; i++)
        (void)snprintf(text + (ptrdiff_t)2 * i, 3, "%02x", digest[i]);
    return strcmp(text, expected) != 0;
}

static int read_bytes(const char *path, struct onnx_model_file *file, struct onnx_fault *fault)
{
    struct stat status;
    FILE *stream = fopen(path, "rb");
    int result = -1;
    if (!stream)
        return onnx_fail(fault, "%.300s: the network cannot be read: %s", path, strerror(errno));
    if (fstat(fileno(stream), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < 1 ||
        status.st_size > MAX_BYTES) {
        (void)onnx_fail(fault, "%.300s: is no network: not a file of 1 byte to 1 GiB", path);
        goto out;
    }
    file->byte_count = (size_t)status.st_size;
    file->bytes = malloc(file->byte_count);
    if (!file->bytes)
        (void)onnx_fail(fault, "out of memory");
    else if (fread(file->bytes, 1, file->byte_count, stream) != file->byte_count)
        (void)onnx_fail(fault, "%.300s: the network cannot be read to its end", path);
    else
        result = 0;
out:
    (void)fclose(stream);
    return result;
}

int onnx_model_file_read(const struct onnx_file *named, struct onnx_model_file *ret_file,
                         struct onnx_fault *fault)
{
    struct onnx_model_file file = {0};
    char sum[65] = "";
    if (read_bytes(named->path, &file, fault) != 0) {
        onnx_model_file_finish(&file);
        return -1;
    }
    const int differs = sum_differs(file.bytes, file.byte_count, named->sha256, sum);
    if (differs) {
        (void)onnx_fail(fault,
                        differs < 0
                            ? "out of memory"
                            : "%.200s: another sha256 than the manifest says: cut short, or "
                              "another network; it is %s",
                        named->path, sum);
        onnx_model_file_finish(&file);
        return -1;
    }
    *ret_file = file;
    return 0;
}

void onnx_model_file_finish(struct onnx_model_file *file)
{
    free(file->bytes);
    *file = (struct onnx_model_file){0};
}
