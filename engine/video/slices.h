/* Does a packet go on with the picture before it?
 *
 * Some senders repeat the parameter sets before every slice of a key picture (GStreamer's payloader
 * with config-interval=-1 does). FFmpeg's parser takes a parameter set for the beginning of a new
 * picture, and cuts such a picture into one packet a slice. What belongs together is told by the
 * slice headers: only the first slice of a picture begins at its first block (H.264 7.3.3
 * first_mb_in_slice; H.265 7.3.6.1 first_slice_segment_in_pic_flag).
 *
 * Pure, for the video room only.
 */
#ifndef LH_VIDEO_SLICES_H
#define LH_VIDEO_SLICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lh_slice_syntax {
    LH_SLICES_UNKNOWN, /* pictures of this codec are not looked into */
    LH_SLICES_H264,
    LH_SLICES_H265,
};

/* True where the first slice in bytes is not the first of its picture. bytes: NAL units with start
 * codes (Annex B); anything else, and a packet without a slice, gives false. */
bool lh_slices_continue(enum lh_slice_syntax syntax, const uint8_t *bytes, size_t size);

#endif
