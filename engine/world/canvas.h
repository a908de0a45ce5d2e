/* Pictures that the scene draws into and FFmpeg takes on from there.
 *
 * Thread-safety: a frame belongs to whoever made it.
 */
#ifndef LH_WORLD_CANVAS_H
#define LH_WORLD_CANVAS_H

#include "world/scene.h"

#include <libavutil/frame.h>

/* A frame with memory of its own; NULL: out of memory. av_frame_free() frees it. */
AVFrame *lh_canvas_create(enum AVPixelFormat format, int width_px, int height_px);

/* The planes of a YUV 4:2:0 frame for lh_scene_render and the like; valid as long as the frame is. */
void lh_canvas_planes(const AVFrame *canvas, struct lh_scene_picture *ret_picture);

#endif
