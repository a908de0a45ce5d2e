#include "calibrate_picture.h"

#include "video/source.h"
#include "video/still_picture.h"

#include <cairo.h>
#include <errno.h>
#include <libavutil/frame.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH_MOST 16384

/* Caller frees. */
static int read_bytes(const char *path, struct lh_fault *fault, uint8_t **ret_bytes,
                      size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = file ? malloc(LH_STILL_MAX_BYTES + 1) : NULL;
    if (!file)
        return lh_fail(fault, lh_error_from_errno(errno), "'%s' cannot be read: %s", path,
                       strerror(errno));
    const size_t size = bytes ? fread(bytes, 1, LH_STILL_MAX_BYTES + 1, file) : 0;
    const bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (!bytes || failed || size > LH_STILL_MAX_BYTES) {
        free(bytes);
        return lh_fail(fault, bytes ? LH_EIO : LH_ENOMEM,
                       "'%s' cannot be read, or is larger than "
                       "%zu MiB",
                       path, LH_STILL_MAX_BYTES >> 20);
    }
    *ret_bytes = bytes;
    *ret_size = size;
    return LH_OK;
}

static int frame_of(struct AVFrame *picture, struct lh_frame **ret_frame)
{
    struct lh_frame_pool *pool = NULL;
    const struct lh_frame_info info = {.camera = "",
                                       .preset = "",
                                       .number = 1,
                                       .width_px = (uint32_t)picture->width,
                                       .height_px = (uint32_t)picture->height};
    int code = lh_frame_pool_create(1, &pool);
    if (code == LH_OK)
        code = lh_frame_create(pool, picture, &info, ret_frame);
    lh_frame_pool_destroy(&pool);
    return code;
}

int lh_picture_read(const char *path, struct lh_fault *fault, struct lh_frame **ret_frame)
{
    struct lh_still_decoder decoder = {0};
    uint8_t *bytes = NULL;
    size_t size = 0;
    struct AVFrame *picture = av_frame_alloc();
    if (!picture)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    int code = read_bytes(path, fault, &bytes, &size);
    if (code == LH_OK) {
        code = lh_still_decode(&decoder, bytes, size, WIDTH_MOST, WIDTH_MOST, picture);
        if (code == LH_OK)
            code = frame_of(picture, ret_frame);
        if (code != LH_OK)
            (void)lh_fail(fault, code, "'%s' is no picture: %s", path, lh_strerror(code));
    }
    lh_still_decoder_finish(&decoder);
    av_frame_free(&picture);
    free(bytes);
    return code;
}

int lh_picture_take(const struct lh_camera_config *camera, const atomic_bool *stop,
                    struct lh_fault *fault, struct lh_frame **ret_frame)
{
    struct lh_frame_pool *pool = NULL;
    struct lh_source *source = NULL;
    int code = lh_frame_pool_create(4, &pool);
    const struct lh_source_options options = {.camera = camera,
                                              .clock = lh_clock_system(),
                                              .pool = pool,
                                              .stop = stop,
                                              .start_utc_us = LH_NO_TIME};
    if (code != LH_OK)
        return lh_fail(fault, code, "%s", lh_strerror(code));
    code = lh_source_open(&options, fault, &source);
    if (code == LH_OK)
        code = lh_source_next(source, fault, ret_frame);
    lh_source_close(&source);
    lh_frame_pool_destroy(&pool);
    return code;
}

/* ---- drawing ---- */

static cairo_surface_t *surface_of(const struct lh_image *image)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)image->width_px, (int)image->height_px);
    uint8_t *pixels = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    for (uint32_t y = 0; pixels && y < image->height_px; y++) {
        const uint8_t *from = image->plane[0] + (ptrdiff_t)y * image->stride[0];
        for (uint32_t x = 0; x < image->width_px; x++) {
            const uint8_t *rgb = from + (size_t)3 * x;
            const uint32_t colour =
                (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | (uint32_t)rgb[2];
            memcpy(pixels + (ptrdiff_t)y * stride + (ptrdiff_t)4 * x, &colour, sizeof colour);
        }
    }
    cairo_surface_mark_dirty(surface);
    return surface;
}

static void draw_rows(cairo_t *cairo, const double *rows, uint32_t width)
{
    bool down = false;
    for (uint32_t x = 0; x < width; x++) {
        if (!isnan(rows[x]) && down)
            cairo_line_to(cairo, x + 0.5, rows[x]);
        else if (!isnan(rows[x]))
            cairo_move_to(cairo, x + 0.5, rows[x]);
        down = !isnan(rows[x]);
    }
    cairo_set_line_width(cairo, fmax(1.5, width / 1000.0));
    cairo_stroke(cairo);
}

static int write_png(cairo_surface_t *surface, const char *path, struct lh_fault *fault)
{
    errno = 0;
    const cairo_status_t status = cairo_surface_write_to_png(surface, path);
    if (status == CAIRO_STATUS_SUCCESS)
        return LH_OK;
    return lh_fail(fault, LH_EIO, "'%s' cannot be written: %s", path,
                   errno ? strerror(errno) : cairo_status_to_string(status));
}

int lh_picture_draw_horizon(struct lh_frame *frame, const struct lh_horizon *horizon,
                            const struct lh_pose *before, const struct lh_pose *after,
                            const char *path, struct lh_fault *fault)
{
    struct lh_image image;
    int code = lh_frame_image(frame, LH_PIXEL_RGB24, 0, 0, &image);
    if (code != LH_OK)
        return lh_fail(fault, code, "%s", lh_strerror(code));
    double *rows = malloc(image.width_px * sizeof(double));
    if (!rows)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    const double aspect = (double)image.width_px / image.height_px;
    cairo_surface_t *surface = surface_of(&image);
    cairo_t *cairo = cairo_create(surface);
    lh_skyline_rows(horizon, before, aspect, image.width_px, image.height_px, rows);
    cairo_set_source_rgb(cairo, 1.0, 0.25, 0.2);
    draw_rows(cairo, rows, image.width_px);
    if (after) {
        lh_skyline_rows(horizon, after, aspect, image.width_px, image.height_px, rows);
        cairo_set_source_rgb(cairo, 0.35, 1.0, 0.45);
        draw_rows(cairo, rows, image.width_px);
    }
    cairo_destroy(cairo);
    cairo_surface_flush(surface);
    code = write_png(surface, path, fault);
    cairo_surface_destroy(surface);
    free(rows);
    return code;
}
