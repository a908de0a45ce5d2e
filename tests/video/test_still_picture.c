#include "base/error.h"
#include "video/still_picture.h"

#include <libavcodec/avcodec.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bytes {
    uint8_t *at;
    size_t size;
};

/* A picture of 64 x 48 px, written by FFmpeg's encoder. */
static struct bytes encoded(enum AVCodecID id, enum AVPixelFormat format)
{
    const AVCodec *codec = avcodec_find_encoder(id);
    AVCodecContext *encoder = avcodec_alloc_context3(codec);
    AVFrame *picture = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    assert_true(encoder && picture && packet);
    encoder->width = picture->width = 64;
    encoder->height = picture->height = 48;
    encoder->pix_fmt = format;
    picture->format = format;
    encoder->time_base = (AVRational){1, 1};
    assert_int_equal(avcodec_open2(encoder, codec, NULL), 0);
    assert_int_equal(av_frame_get_buffer(picture, 0), 0);
    for (size_t i = 0; i < picture->buf[0]->size; i++)
        picture->buf[0]->data[i] = (uint8_t)(i * 7);
    assert_int_equal(avcodec_send_frame(encoder, picture), 0);
    assert_int_equal(avcodec_receive_packet(encoder, packet), 0);
    struct bytes bytes = {malloc((size_t)packet->size), (size_t)packet->size};
    assert_non_null(bytes.at);
    memcpy(bytes.at, packet->data, bytes.size);
    av_packet_free(&packet);
    av_frame_free(&picture);
    avcodec_free_context(&encoder);
    return bytes;
}

static int decode(struct lh_still_decoder *still, const uint8_t *bytes, size_t size,
                  uint32_t max_side)
{
    AVFrame *picture = av_frame_alloc();
    assert_non_null(picture);
    const int code = lh_still_decode(still, bytes, size, max_side, max_side, picture);
    if (code == LH_OK) {
        assert_int_equal(picture->width, 64);
        assert_int_equal(picture->height, 48);
    }
    av_frame_free(&picture);
    return code;
}

static void both_forms_with_one_decoder(void **state)
{
    (void)state;
    struct bytes jpeg = encoded(AV_CODEC_ID_MJPEG, AV_PIX_FMT_YUVJ420P);
    struct bytes png = encoded(AV_CODEC_ID_PNG, AV_PIX_FMT_RGB24);
    struct lh_still_decoder still = {0};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(decode(&still, jpeg.at, jpeg.size, 0), LH_OK);
        assert_int_equal(still.form, LH_STILL_JPEG);
        assert_int_equal(decode(&still, png.at, png.size, 0), LH_OK);
        assert_int_equal(still.form, LH_STILL_PNG);
    }
    assert_int_equal(decode(&still, jpeg.at, jpeg.size, 63), LH_ELIMIT);
    assert_int_equal(decode(&still, png.at, png.size, 64), LH_OK);
    lh_still_decoder_finish(&still);
    free(jpeg.at);
    free(png.at);
}

static void every_cut_is_told(void **state)
{
    (void)state;
    struct bytes jpeg = encoded(AV_CODEC_ID_MJPEG, AV_PIX_FMT_YUVJ420P);
    struct bytes png = encoded(AV_CODEC_ID_PNG, AV_PIX_FMT_RGB24);
    assert_true(lh_still_is_whole(jpeg.at, jpeg.size));
    assert_true(lh_still_is_whole(png.at, png.size));
    struct lh_still_decoder still = {0};
    for (size_t cut = 0; cut < jpeg.size; cut++) {
        assert_false(lh_still_is_whole(jpeg.at, cut));
        assert_true(decode(&still, jpeg.at, cut, 0) < 0);
    }
    for (size_t cut = 0; cut < png.size; cut++)
        assert_false(lh_still_is_whole(png.at, cut));
    lh_still_decoder_finish(&still);
    free(jpeg.at);
    free(png.at);
}

/* The end marker of a thumbnail inside is not the picture's. */
static void a_thumbnail_does_not_end_the_picture(void **state)
{
    (void)state;
    struct bytes jpeg = encoded(AV_CODEC_ID_MJPEG, AV_PIX_FMT_YUVJ420P);
    static const uint8_t thumbnail[] = {0xff, 0xe1, 0, 6, 0xff, 0xd8, 0xff, 0xd9};
    uint8_t *with = malloc(jpeg.size + sizeof thumbnail);
    assert_non_null(with);
    memcpy(with, jpeg.at, 2);
    memcpy(with + 2, thumbnail, sizeof thumbnail);
    memcpy(with + 2 + sizeof thumbnail, jpeg.at + 2, jpeg.size - 2);
    const size_t size = jpeg.size + sizeof thumbnail;
    assert_true(lh_still_is_whole(with, size));
    assert_false(lh_still_is_whole(with, size / 2));
    free(with);
    free(jpeg.at);
}

static void other_bytes_are_no_picture(void **state)
{
    (void)state;
    static const uint8_t text[] = "<html>401 Unauthorized</html>";
    struct lh_still_decoder still = {0};
    assert_int_equal(lh_still_form(text, sizeof text), LH_STILL_UNKNOWN);
    assert_int_equal(decode(&still, text, sizeof text, 0), LH_EFORMAT);
    assert_int_equal(decode(&still, NULL, 0, 0), LH_EFORMAT);
    lh_still_decoder_finish(&still);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_with_one_decoder),
        cmocka_unit_test(every_cut_is_told),
        cmocka_unit_test(a_thumbnail_does_not_end_the_picture),
        cmocka_unit_test(other_bytes_are_no_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
