/* smoke_classic: smoke by its slow change of the view, without a network.
 *
 * Sees: smoke that appears where the view was known, and stays for several pictures: a rising or
 * drifting plume by day, larger than about 12 pixels of the working picture, rooted on land.
 *
 * Cannot see: smoke that was there from the start; anything by night; anything from a moving camera or
 * at fewer than about six pictures in long_background_s; and it cannot tell smoke from steam, dust or
 * a bank of fog that forms in one place. It is a baseline to measure others by.
 *
 * How: grid.h (cells), background.h (what is normal), plume.h (what is smoke-like, and the score).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cv.h"
#include "smoke_classic/plume.h"

enum setting {
    WIDTH_PX,
    SHORT_BACKGROUND_S,
    LONG_BACKGROUND_S,
    WARMUP_S,
    PERSISTENCE_S,
    MIN_CONTRAST,
    MIN_AREA_SHARE,
    MAX_AREA_SHARE,
    SETTINGS
};

static const struct linhuo_setting settings[SETTINGS] = {
    {"width_px", LINHUO_INTEGER, 0, "960", 160, 1920, NULL, "Width of the working picture"},
    {"short_background_s", LINHUO_NUMBER, 0, "300", 1, 7200, NULL,
     "The latest pictures are kept out of the background for this long, at most half of "
     "long_background_s"},
    {"long_background_s", LINHUO_NUMBER, 0, "1800", 6, 86400, NULL,
     "The background is the median of this long"},
    {"warmup_s", LINHUO_NUMBER, 0, "900", 0, 86400, NULL, "Nothing is found before"},
    {"persistence_s", LINHUO_NUMBER, 0, "60", 0, 3600, NULL,
     "How long a change must last to be believed, at most half of short_background_s counts"},
    {"min_contrast", LINHUO_NUMBER, 0, "6", 1, 64, NULL,
     "Smallest change of a cell that counts, in levels of 255"},
    {"min_area_share", LINHUO_NUMBER, 0, "0.0002", 0.00001, 0.1, NULL,
     "Smallest region, as a share of the picture"},
    {"max_area_share", LINHUO_NUMBER, 0, "0.25", 0.01, 1, NULL,
     "When more of the picture changes at once, it is weather or a new view"},
};

struct state {
    const struct linhuo_host *host;
    struct smoke_plume_config config;
    double long_s;
    double warmup_s;
    uint32_t width_px; /* of the pictures that the parts below are made for; 0: not yet made */
    uint32_t height_px;
    struct smoke_grid grid;
    struct smoke_background *background;
    struct smoke_plume *plume;
    unsigned moved;
    enum smoke_view view;
};

static void forget(struct state *s)
{
    if (s->background != NULL)
        smoke_background_forget(s->background);
    if (s->plume != NULL)
        smoke_plume_forget(s->plume);
    s->moved = 0;
    s->view = SMOKE_VIEW_CLEAR;
}

static void drop_parts(struct state *s)
{
    smoke_grid_finish(&s->grid);
    smoke_background_destroy(&s->background);
    smoke_plume_destroy(&s->plume);
    s->width_px = 0;
    s->height_px = 0;
}

static int make_parts(struct state *s, uint32_t width_px, uint32_t height_px)
{
    drop_parts(s);
    if (width_px > 8192 || height_px > 8192 ||
        smoke_grid_init(&s->grid, (int)width_px, (int)height_px) != 0 ||
        smoke_background_create(s->config.short_s, s->long_s, s->warmup_s, s->grid.width,
                                s->grid.height, &s->background) != 0 ||
        smoke_plume_create(&s->config, s->grid.width, s->grid.height, &s->plume) != 0) {
        drop_parts(s);
        return -1;
    }
    s->width_px = width_px;
    s->height_px = height_px;
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
    if (v[SHORT_BACKGROUND_S].number > v[LONG_BACKGROUND_S].number / 2) {
        host->fail(host->context,
                   "short_background_s must be at most half of long_background_s: lower it");
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
    s->long_s = v[LONG_BACKGROUND_S].number;
    s->warmup_s = v[WARMUP_S].number;
    s->config = (struct smoke_plume_config){
        .short_s = v[SHORT_BACKGROUND_S].number,
        .persistence_s = fmin(v[PERSISTENCE_S].number, v[SHORT_BACKGROUND_S].number / 2),
        .hold_s = s->long_s,
        .min_contrast = v[MIN_CONTRAST].number,
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
    forget(state);
}

static void tell_view(struct state *s, enum smoke_view view)
{
    static const char *const text[] = {
        "the view is clear again",
        "the view is dark: smoke is not looked for",
        "the camera has moved: smoke is not looked for until the view is known again",
        "most of the view has changed: smoke is not looked for until it is known again",
    };

    if (view != s->view)
        s->host->log(s->host->context, LINHUO_LOG_DEBUG, text[view]);
    s->view = view;
}

static void emit_region(struct state *s, const struct smoke_region *r, linhuo_emit_fn emit,
                        void *sink)
{
    const int32_t *labels = smoke_plume_labels(s->plume);
    uint8_t mask[64 * 64];
    uint32_t across = r->width < 64 ? (uint32_t)r->width : 64;
    uint32_t down = r->height < 64 ? (uint32_t)r->height : 64;

    for (uint32_t y = 0; y < down; y++)
        for (uint32_t x = 0; x < across; x++) {
            int cx = r->x + (int)(x * (uint32_t)r->width / across);
            int cy = r->y + (int)(y * (uint32_t)r->height / down);
            mask[y * across + x] = labels[cy * s->grid.width + cx] == r->label ? 255 : 0;
        }
    struct linhuo_find find = {
        .struct_size = sizeof(find),
        .kind = LINHUO_SMOKE,
        .x_px = (float)(r->x * SMOKE_CELL_PX),
        .y_px = (float)(r->y * SMOKE_CELL_PX),
        .width_px = (float)(r->width * SMOKE_CELL_PX),
        .height_px = (float)(r->height * SMOKE_CELL_PX),
        .score = r->score,
        .mask_width = across,
        .mask_height = down,
        .mask = mask,
    };
    (void)emit(sink, &find);
}

static int learn(struct state *s, int64_t utc_us)
{
    if (smoke_background_feed(s->background, &s->grid, utc_us) == 0)
        return 0;
    s->host->fail(s->host->context, "OpenCV failed on a picture");
    return -1;
}

static int detect(void *state, const struct linhuo_picture *picture, linhuo_emit_fn emit,
                  void *sink)
{
    struct state *s = state;
    struct smoke_region regions[SMOKE_MAX_REGIONS];
    size_t count = 0;
    enum smoke_view view;

    if (picture->format != LINHUO_I420) {
        s->host->fail(s->host->context, "shown a picture that is not I420");
        return -1;
    }
    if ((s->width_px != picture->width_px || s->height_px != picture->height_px) &&
        make_parts(s, picture->width_px, picture->height_px) != 0) {
        s->host->fail(s->host->context, "out of memory, or the picture is under 32 pixels a side");
        return -1;
    }
    if (smoke_grid_fill(&s->grid, picture) != 0)
        goto failed;
    if (!smoke_background_ready(s->background, picture->capture_utc_us))
        return learn(s, picture->capture_utc_us);
    if (smoke_plume_look(s->plume, s->background, &s->grid, picture->capture_utc_us, &view, regions,
                         &count) != 0)
        goto failed;
    smoke_plume_look_behind(s->plume, s->background, &s->grid);
    if (learn(s, picture->capture_utc_us) != 0)
        return -1;
    tell_view(s, view);
    s->moved = view == SMOKE_VIEW_MOVED ? s->moved + 1 : 0;
    if (s->moved >= 3)
        forget(s);
    for (size_t i = 0; i < count; i++)
        emit_region(s, &regions[i], emit, sink);
    return 0;
failed:
    s->host->fail(s->host->context, "OpenCV failed on a picture");
    return -1;
}

static const struct linhuo_detector detector = {
    .struct_size = sizeof(struct linhuo_detector),
    .abi = LINHUO_DETECTOR_ABI,
    .name = "smoke_classic",
    .version = "0.1",
    .summary = "Smoke by slow change of the view, without a network; a baseline",
    .licence = "Apache-2.0",
    .kinds = 1u << 0,
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
