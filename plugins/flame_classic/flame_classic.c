/* flame_classic: open flame by colour and disorder, without a network.
 *
 * Sees: flames that cover some pixels, by day in colour; by night in colour too, and as a new bright
 * spot in an infrared-lit picture without colour.
 *
 * Cannot see: flames hidden behind smoke or a ridge; a grey picture by day; and it cannot tell a flame
 * from another thing of flame's colour that flutters in one place: a flag, leaves in low sun, water
 * under a sunset. At a watch interval of a second or more there is no flicker to go by; then only what
 * is new since warmup_s counts. It is a baseline to measure others by.
 *
 * How: glow.h (which pixels), blaze.h (which regions, and the score).
 */
#include <stdlib.h>
#include <string.h>

#include "cv.h"
#include "flame_classic/blaze.h"
#include "flame_classic/steady.h"

enum setting { WIDTH_PX, LONG_BACKGROUND_S, WARMUP_S, MIN_AREA_SHARE, MAX_AREA_SHARE, SETTINGS };

static const struct linhuo_setting settings[SETTINGS] = {
    {"width_px", LINHUO_INTEGER, 0, "960", 160, 1920, NULL, "Width of the working picture"},
    {"long_background_s", LINHUO_NUMBER, 0, "1800", 6, 86400, NULL,
     "A light that shines this long becomes part of the view"},
    {"warmup_s", LINHUO_NUMBER, 0, "900", 0, 86400, NULL,
     "Before this, nothing counts as new; flicker is judged at once"},
    {"min_area_share", LINHUO_NUMBER, 0, "0.00003", 0.000005, 0.1, NULL,
     "Smallest region, as a share of the picture"},
    {"max_area_share", LINHUO_NUMBER, 0, "0.2", 0.001, 1, NULL,
     "Largest region, as a share of the picture"},
};

struct state {
    const struct linhuo_host *host;
    struct blaze_config config;
    uint32_t width_px; /* of the pictures the parts below are made for; 0: not yet made */
    uint32_t height_px;
    int width; /* of the masks */
    int height;
    uint8_t *mask;
    uint8_t *luma;
    struct blaze *blaze;
    struct steady *steady;
    bool moving; /* or not yet known to be steady */
};

static void drop_parts(struct state *s)
{
    free(s->mask);
    s->mask = NULL;
    s->luma = NULL;
    blaze_destroy(&s->blaze);
    steady_destroy(&s->steady);
    s->width_px = 0;
    s->height_px = 0;
}

static int make_parts(struct state *s, uint32_t width_px, uint32_t height_px)
{
    drop_parts(s);
    if (width_px < 16 || height_px < 16 || width_px > 8192 || height_px > 8192)
        return -1;
    s->width = (int)(width_px / 2);
    s->height = (int)(height_px / 2);
    s->mask = calloc(2 * (size_t)s->width, (size_t)s->height);
    if (s->mask == NULL || blaze_create(&s->config, s->width, s->height, &s->blaze) != 0 ||
        steady_create(s->width, s->height, &s->steady) != 0) {
        drop_parts(s);
        return -1;
    }
    s->luma = s->mask + (size_t)s->width * (size_t)s->height;
    s->width_px = width_px;
    s->height_px = height_px;
    s->moving = true;
    return 0;
}

static int open_camera(const struct linhuo_host *host, const struct linhuo_open *arguments,
                       struct linhuo_want *want, void **ret_state)
{
    const struct linhuo_value *v = arguments->values;
    struct state *s;

    if (arguments->value_count != SETTINGS) {
        host->fail(host->context, "opened with another number of settings than it declares");
        return -1;
    }
    if (v[MIN_AREA_SHARE].number >= v[MAX_AREA_SHARE].number) {
        host->fail(host->context, "min_area_share must be below max_area_share: lower it");
        return -1;
    }
    if (lh_cv_setup() != LH_CV_OK) {
        host->fail(host->context, "OpenCV cannot be set up");
        return -1;
    }
    s = calloc(1, sizeof(*s));
    if (s == NULL) {
        host->fail(host->context, "out of memory");
        return -1;
    }
    s->host = host;
    s->config = (struct blaze_config){
        .long_s = v[LONG_BACKGROUND_S].number,
        .warmup_s = v[WARMUP_S].number,
        .min_area_share = v[MIN_AREA_SHARE].number,
        .max_area_share = v[MAX_AREA_SHARE].number,
    };
    want->format = LINHUO_I420;
    want->max_width_px = (uint32_t)v[WIDTH_PX].number;
    *ret_state = s;
    return 0;
}

static void close_camera(void *state)
{
    struct state *s = state;

    if (s == NULL)
        return;
    drop_parts(s);
    free(s);
}

static void reset_camera(void *state)
{
    struct state *s = state;

    if (s->blaze != NULL)
        blaze_forget(s->blaze);
    if (s->steady != NULL)
        steady_forget(s->steady);
    s->moving = true;
}

static void tell_moving(struct state *s, bool moving)
{
    if (moving != s->moving)
        s->host->log(s->host->context, LINHUO_LOG_DEBUG,
                     moving ? "the camera moves: flame is not looked for" : "the view is steady");
    s->moving = moving;
}

static int detect(void *state, const struct linhuo_picture *picture, linhuo_emit_fn emit,
                  void *sink)
{
    struct state *s = state;
    struct blaze_region regions[BLAZE_MAX_REGIONS];
    size_t count = 0;

    if (picture->format != LINHUO_I420) {
        s->host->fail(s->host->context, "shown a picture that is not I420");
        return -1;
    }
    if ((s->width_px != picture->width_px || s->height_px != picture->height_px) &&
        make_parts(s, picture->width_px, picture->height_px) != 0) {
        s->host->fail(s->host->context, "out of memory, or the picture is under 16 pixels a side");
        return -1;
    }
    enum glow_light light = glow_find(picture, s->width, s->height, s->mask, s->luma);
    bool steady = true;
    if (steady_look(s->steady, s->luma, picture->capture_utc_us, &steady) != 0)
        goto failed;
    tell_moving(s, !steady);
    if (!steady) {
        blaze_forget(s->blaze);
        return 0;
    }
    if (blaze_look(s->blaze, s->mask, light, picture->capture_utc_us, regions, &count) != 0)
        goto failed;
    for (size_t i = 0; i < count; i++) {
        struct linhuo_find find = {
            .struct_size = sizeof(find),
            .kind = LINHUO_FLAME,
            .x_px = (float)(2 * regions[i].x),
            .y_px = (float)(2 * regions[i].y),
            .width_px = (float)(2 * regions[i].width),
            .height_px = (float)(2 * regions[i].height),
            .score = regions[i].score,
        };
        if (emit(sink, &find) != 0)
            break;
    }
    return 0;
failed:
    s->host->fail(s->host->context, "OpenCV failed on a picture");
    return -1;
}

static const struct linhuo_detector detector = {
    .struct_size = sizeof(struct linhuo_detector),
    .abi = LINHUO_DETECTOR_ABI,
    .name = "flame_classic",
    .version = "0.1",
    .summary = "Open flame by colour and disorder, without a network; a baseline",
    .licence = "Apache-2.0",
    .kinds = 1u << 1,
    .setting_size = sizeof(struct linhuo_setting),
    .settings = settings,
    .setting_count = SETTINGS,
    .open = open_camera,
    .detect = detect,
    .close = close_camera,
    .reset = reset_camera,
};

const struct linhuo_detector *linhuo_detector_v1(void)
{
    return &detector;
}
