/* One still picture, from the bytes of a JPEG or PNG file to a decoded frame.
 *
 * For the video room, and for who reads labels drawn as pictures (judge/). Thread: one owner.
 */
#ifndef LH_VIDEO_STILL_PICTURE_H
#define LH_VIDEO_STILL_PICTURE_H

#include "video/av_decode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LH_STILL_MAX_BYTES ((size_t)32 << 20)

enum lh_still_form {
    LH_STILL_UNKNOWN,
    LH_STILL_JPEG,
    LH_STILL_PNG,
};
const char *lh_still_form_name(enum lh_still_form form);

/* By the first bytes, whatever the name says. */
enum lh_still_form lh_still_form(const uint8_t *bytes, size_t size);

/* True when the picture reaches to its end marker: a file that is still being written has none (the
 * one of a JPEG's own thumbnail does not count). */
bool lh_still_is_whole(const uint8_t *bytes, size_t size);

/* Init type; zero-initialised is closed. */
struct lh_still_decoder {
    struct lh_av_decoder decoder;
    enum lh_still_form form; /* it is open for */
};

/* Decodes into picture, which must be blank. LH_EFORMAT for what is neither JPEG nor PNG, LH_ELIMIT
 * over the maxima (0: none), LH_EDECODE for a damaged picture. */
int lh_still_decode(struct lh_still_decoder *still, const uint8_t *bytes, size_t size,
                    uint32_t max_width_px, uint32_t max_height_px, struct AVFrame *picture);
void lh_still_decoder_finish(struct lh_still_decoder *still);

#endif
