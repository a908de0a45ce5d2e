/* Conversion of one decoded picture into the pixels a plugin asks for, inside the video room only.
 *
 * A converter bench belongs to one camera's frame pool and keeps what is dear to make: scaler
 * contexts and output buffers, a few of each, handed out and taken back under a short lock. The
 * conversion itself runs without that lock.
 *
 * Scaling is by area (every source pixel counts, which thin smoke needs), with libswscale's
 * bit-exact arithmetic, so that the same picture gives the same bytes on every machine.
 *
 * Luma keeps the decoder's range: 16..235 for most cameras, 0..255 where the stream says full
 * range, as MJPEG does. BGR24 and RGB24 are always 0..255.
 *
 * Thread-safety: safe.
 */
#ifndef LH_VIDEO_CONVERT_H
#define LH_VIDEO_CONVERT_H

#include "video/frame.h"

#include <stddef.h>

struct lh_converter;

int lh_converter_create(struct lh_converter **ret_converter);
void lh_converter_destroy(struct lh_converter **converter);

/* Output of one conversion. buffer is NULL where the image lies in the picture's own planes. */
struct lh_converted {
    struct lh_image image;
    uint8_t *buffer;
    size_t buffer_bytes;
};

/* Size of a width x height picture once it fits into the maxima (0: no limit), at least 1x1. */
void lh_fit(uint32_t width_px, uint32_t height_px, uint32_t max_width_px, uint32_t max_height_px,
            uint32_t *ret_width_px, uint32_t *ret_height_px);

/* Makes the picture width_px x height_px in the format. LH_EFORMAT where libswscale cannot. */
int lh_convert(struct lh_converter *converter, const struct AVFrame *picture,
               enum lh_pixel_format format, uint32_t width_px, uint32_t height_px,
               struct lh_converted *ret_converted);

/* Takes the buffer back and blanks what held it. */
void lh_convert_release(struct lh_converter *converter, struct lh_converted *converted);

#endif
