/* Any bytes as a model's manifest. What is accepted must be what the plugin relies on. */
#include "onnx/manifest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static bool lies_below(const char *path)
{
    static const char folder[] = "models/one/";
    return strncmp(path, folder, sizeof folder - 1) == 0 && path[sizeof folder - 1] != '/' &&
           !strstr(path, "/../");
}

static void look_at_files(const struct onnx_manifest *m)
{
    require(m->name[0] && m->version[0] && m->licence[0] && m->files[ONNX_FLOAT32].path[0]);
    for (int i = 0; i < ONNX_PRECISIONS; i++) {
        const char *sum = m->files[i].sha256;
        require(m->files[i].path[0] ? strspn(sum, "0123456789abcdef") == 64 && sum[64] == '\0'
                                    : sum[0] == '\0');
        require(!m->files[i].path[0] || lies_below(m->files[i].path));
    }
}

static void look_at_input(const struct onnx_input *in)
{
    int channels = 0;
    const bool fixed = in->width > 0;
    require(fixed == (in->height > 0) && fixed == (in->multiple_of == 0));
    require(fixed ||
            (in->max_width % in->multiple_of == 0 && in->max_height % in->multiple_of == 0));
    require(fixed || (in->max_width > 0 && in->max_height > 0));
    require(in->width <= 8192 && in->height <= 8192);
    require(in->max_width <= 8192 && in->max_height <= 8192);
    require(in->enlarge >= 1 && in->enlarge <= 4 && in->pad >= 0 && in->pad <= 255);
    require(!in->tiled ||
            (fixed && in->overlap_px >= 0 &&
             in->overlap_px <= (in->width < in->height ? in->width : in->height) / 2));
    require(in->frame_count >= 1 && in->frame_count <= ONNX_MAX_FRAMES);
    for (int i = 0; i < in->frame_count; i++) {
        const struct onnx_frame *frame = &in->frames[i];
        channels += frame->channels;
        require(frame->channels == 1 || (frame->channels == 3 && in->channels != ONNX_GRAY));
        require(frame->kind == ONNX_NOW ? frame->seconds == 0
                                        : frame->seconds >= 1 && frame->seconds <= 3600);
    }
    require(channels == in->channel_count);
    for (int i = 0; i < 3; i++)
        require(isfinite(in->mean[i]) && isfinite(in->scale[i]));
}

static void look_at_output(const struct onnx_manifest *m)
{
    const struct onnx_output *out = &m->output;
    bool any = false;
    require(out->class_count >= 1 && out->class_count <= ONNX_MAX_CLASSES && out->stride >= 1);
    require(out->form == ONNX_HEATMAP || out->stride == 1);
    require(m->input.width == 0 || out->stride <= m->input.width / 4);
    for (int i = 0; i < out->class_count; i++) {
        const uint8_t kind = out->kinds[i];
        require(kind < ONNX_KINDS);
        if (kind == 0)
            continue;
        const struct onnx_point *point = &m->points[kind];
        any = true;
        require(point->score > 0 && point->score < 1 && point->low > 0);
        require(point->low <= point->score && point->a > 0 && isfinite(point->b));
    }
    require(any && m->nms_iou >= 0 && m->nms_iou <= 1 && m->min_area_px >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct onnx_manifest *m = calloc(1, sizeof *m);
    struct onnx_fault fault = {{0}};
    if (!m)
        return 0;
    const int code =
        onnx_manifest_parse("models/one/one.json", (const char *)data, size, m, &fault);
    require((code == 0) == (fault.text[0] == '\0'));
    require((code == 0) == (m->name[0] != '\0'));
    if (code == 0) {
        look_at_files(m);
        look_at_input(&m->input);
        look_at_output(m);
    }
    free(m);
    return 0;
}
