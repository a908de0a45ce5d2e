/* One video decoder of FFmpeg, for the video room only: single-threaded and without delay, because
 * a hundred cameras share the cores and most of their packets are never decoded.
 *
 * Keyframes are decoded alone: the decoder is drained and reset after each, so that the picture
 * comes out at once whatever reordering the stream announces. Full-rate decoding feeds packets in
 * order and takes pictures as they come.
 *
 * A picture larger than the limits is refused before memory is taken for it.
 *
 * Thread: one owner.
 */
#ifndef LH_VIDEO_AV_DECODE_H
#define LH_VIDEO_AV_DECODE_H

#include <stdbool.h>
#include <stdint.h>

struct AVCodecContext;
struct AVCodecParameters;
struct AVFrame;
struct AVPacket;

/* Init type; zero-initialised is closed. */
struct lh_av_decoder {
    struct AVCodecContext *codec;
    uint32_t max_width_px; /* 0: no limit */
    uint32_t max_height_px;
    uint32_t refused_width_px; /* of the last picture that was over a limit; 0: none */
    uint32_t refused_height_px;
    bool intra_only; /* every packet of this codec is a keyframe */
};

/* LH_EFORMAT: FFmpeg has no decoder for it. max_*: from the camera's configuration. */
int lh_av_decoder_open(struct lh_av_decoder *decoder, const struct AVCodecParameters *parameters,
                       uint32_t max_width_px, uint32_t max_height_px);
void lh_av_decoder_close(struct lh_av_decoder *decoder);

/* "h264"; never NULL while open. Lent for ever. */
const char *lh_av_decoder_name(const struct lh_av_decoder *decoder);

/* Decodes one keyframe by itself and resets the decoder. LH_EDECODE where no clean picture came of
 * it, LH_ELIMIT where it is too large. packet->pts comes back as picture->pts. */
int lh_av_decode_alone(struct lh_av_decoder *decoder, const struct AVPacket *packet,
                       struct AVFrame *picture);

/* Feeds one packet of a run; NULL ends the run so that the rest can be received. */
int lh_av_decode_send(struct lh_av_decoder *decoder, const struct AVPacket *packet);
/* LH_EAGAIN: feed more; LH_EEOF: the run was ended and is drained; LH_EDECODE: this picture is
 * damaged, ask for the next. */
int lh_av_decode_receive(struct lh_av_decoder *decoder, struct AVFrame *picture);
/* Forgets everything fed so far; the next packet must be a keyframe. */
void lh_av_decode_reset(struct lh_av_decoder *decoder);

#endif
