/* Pictures in, packets of one compressed stream out.
 *
 * The encoder owns the picture that is to be encoded: draw into it, then encode. Every picture comes
 * out at once as one packet (no look-ahead, no reordering); a keyframe comes exactly when it is asked
 * for, and carries its own parameter sets (unless for_file), so that a reader can start there.
 *
 * H.264 and H.265 leave as an Annex B byte stream, MJPEG as one JPEG with the standard Huffman tables
 * that RFC 2435 presumes.
 *
 * Thread: any, one at a time.
 */
#ifndef LH_WORLD_ENCODER_H
#define LH_WORLD_ENCODER_H

#include "base/error.h"
#include "world/scene.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lh_codec {
    LH_CODEC_H264,
    LH_CODEC_H265,
    LH_CODEC_MJPEG,
};
const char *lh_codec_name(enum lh_codec codec);
/* LH_ENOTFOUND for another name. */
int lh_codec_from_name(const char *name, enum lh_codec *ret_codec);

struct lh_encoder_options {
    enum lh_codec codec;
    uint32_t width_px; /* even; for MJPEG multiples of 8, at most 2040 */
    uint32_t height_px;
    double fps;
    bool for_file; /* parameter sets stand apart, for a container's head */
};

struct lh_encoder;
int lh_encoder_create(const struct lh_encoder_options *options, struct lh_fault *fault,
                      struct lh_encoder **ret_encoder);
/* Accepts &NULL; leaves NULL. */
void lh_encoder_destroy(struct lh_encoder **encoder);

/* Where the next picture is to be drawn: I420, video range. Lent until the next encode or destroy. */
int lh_encoder_picture(struct lh_encoder *encoder, struct lh_scene_picture *ret_picture);

/* tick: the picture's number on the 1/fps grid, growing. The packet is lent until the next encode or
 * destroy. */
int lh_encoder_encode(struct lh_encoder *encoder, int64_t tick, bool keyframe,
                      const uint8_t **ret_data, size_t *ret_size);

/* For whoever puts the packets into a file: the parameters of the stream. Lent. */
struct AVCodecContext;
const struct AVCodecContext *lh_encoder_context(const struct lh_encoder *encoder);

#endif
