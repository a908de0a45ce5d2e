#include "world/canvas.h"

AVFrame *lh_canvas_create(enum AVPixelFormat format, int width_px, int height_px)
{
    AVFrame *canvas = av_frame_alloc();
    if (!canvas)
        return NULL;
    canvas->format = format;
    canvas->width = width_px;
    canvas->height = height_px;
    if (av_frame_get_buffer(canvas, 0) < 0)
        av_frame_free(&canvas);
    return canvas;
}

void lh_canvas_planes(const AVFrame *canvas, struct lh_scene_picture *ret_picture)
{
    for (int i = 0; i < 3; i++) {
        ret_picture->plane[i] = canvas->data[i];
        ret_picture->stride[i] = canvas->linesize[i];
    }
}
