#include "video/still_picture.h"

#include "base/error.h"

#include <libavcodec/avcodec.h>
#include <string.h>

static const uint8_t png_start[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
static const uint8_t png_end[8] = {'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};

const char *lh_still_form_name(enum lh_still_form form)
{
    switch (form) {
    case LH_STILL_JPEG:
        return "jpeg";
    case LH_STILL_PNG:
        return "png";
    case LH_STILL_UNKNOWN:
        break;
    }
    return "unknown";
}

enum lh_still_form lh_still_form(const uint8_t *bytes, size_t size)
{
    if (size >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff)
        return LH_STILL_JPEG;
    if (size >= sizeof png_start && memcmp(bytes, png_start, sizeof png_start) == 0)
        return LH_STILL_PNG;
    return LH_STILL_UNKNOWN;
}

/* Steps over the segments by their lengths, thumbnails included, then looks for EOI in the scans. */
static bool is_jpeg_whole(const uint8_t *bytes, size_t size)
{
    size_t at = 2;
    while (at + 4 <= size) {
        if (bytes[at] != 0xff)
            return false;
        uint8_t marker = bytes[at + 1];
        if (marker == 0xff) {
            at++;
            continue;
        }
        if (marker == 0xd9)
            return true;
        size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (length < 2 || length > size - at - 2)
            return false;
        at += 2 + length;
        if (marker == 0xda)
            break;
    }
    for (; at + 2 <= size; at++) {
        const uint8_t *next = memchr(bytes + at, 0xff, size - at - 1);
        if (!next)
            return false;
        at = (size_t)(next - bytes);
        if (bytes[at + 1] == 0xd9)
            return true;
    }
    return false;
}

static bool is_png_whole(const uint8_t *bytes, size_t size)
{
    return memmem(bytes, size, png_end, sizeof png_end) != NULL;
}

bool lh_still_is_whole(const uint8_t *bytes, size_t size)
{
    switch (lh_still_form(bytes, size)) {
    case LH_STILL_JPEG:
        return is_jpeg_whole(bytes, size);
    case LH_STILL_PNG:
        return is_png_whole(bytes, size);
    case LH_STILL_UNKNOWN:
        break;
    }
    return false;
}

static int open_for(struct lh_still_decoder *still, enum lh_still_form form, uint32_t max_width_px,
                    uint32_t max_height_px)
{
    if (still->form == form)
        return LH_OK;
    lh_still_decoder_finish(still);
    AVCodecParameters *parameters = avcodec_parameters_alloc();
    if (!parameters)
        return LH_ENOMEM;
    parameters->codec_type = AVMEDIA_TYPE_VIDEO;
    parameters->codec_id = form == LH_STILL_JPEG ? AV_CODEC_ID_MJPEG : AV_CODEC_ID_PNG;
    int status = lh_av_decoder_open(&still->decoder, parameters, max_width_px, max_height_px);
    avcodec_parameters_free(&parameters);
    if (status == LH_OK)
        still->form = form;
    return status;
}

void lh_still_decoder_finish(struct lh_still_decoder *still)
{
    if (still->form != LH_STILL_UNKNOWN)
        lh_av_decoder_close(&still->decoder);
    still->form = LH_STILL_UNKNOWN;
}

int lh_still_decode(struct lh_still_decoder *still, const uint8_t *bytes, size_t size,
                    uint32_t max_width_px, uint32_t max_height_px, struct AVFrame *picture)
{
    enum lh_still_form form = lh_still_form(bytes, size);
    if (form == LH_STILL_UNKNOWN)
        return LH_EFORMAT;
    if (size > LH_STILL_MAX_BYTES)
        return LH_ELIMIT;
    if (!lh_still_is_whole(bytes, size))
        return LH_EDECODE;
    int status = open_for(still, form, max_width_px, max_height_px);
    if (status < 0)
        return status;
    AVPacket *packet = av_packet_alloc();
    if (!packet || av_new_packet(packet, (int)size) < 0) {
        av_packet_free(&packet);
        return LH_ENOMEM;
    }
    memcpy(packet->data, bytes, size); /* the decoder wants padding behind the data */
    packet->flags |= AV_PKT_FLAG_KEY;
    status = lh_av_decode_alone(&still->decoder, packet, picture);
    av_packet_free(&packet);
    return status;
}
