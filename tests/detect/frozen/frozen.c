/* A detector that knows only the frozen header: what somebody built on the first day. It emits one smoke with
 * a mask in the middle of the picture and says through its log that every field arrived. */
#include "linhuo_detector_v1.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct state {
    const struct linhuo_host *host;
    double share;
    double count;
    double on;
    char word[32];
    unsigned resets;
};

static const struct linhuo_setting settings[] = {
    {"share", LINHUO_NUMBER, 0, "0.5", 0.0, 1.0, NULL, "size of the box"},
    {"count", LINHUO_INTEGER, 0, "1", 0.0, 10.0, NULL, "how many"},
    {"on", LINHUO_SWITCH, 0, "true", 0.0, 0.0, NULL, "whether at all"},
    {"word", LINHUO_CHOICE, 0, "calm", 0.0, 0.0, "calm|keen", "manner"},
};

static int frozen_open(const struct linhuo_host *host, const struct linhuo_open *arguments,
                       struct linhuo_want *want, void **ret_state)
{
    struct state *state;
    if (host->struct_size < 32 || host->abi != 1 || arguments->struct_size < 32 ||
        arguments->value_count != 4 || want->struct_size < 16) {
        host->fail(host->context, "the host is not of interface 1");
        return -1;
    }
    state = calloc(1, sizeof *state);
    if (!state)
        return -1;
    state->host = host;
    state->share = arguments->values[0].number;
    state->count = arguments->values[1].number;
    state->on = arguments->values[2].number;
    (void)snprintf(state->word, sizeof state->word, "%s", arguments->values[3].text);
    want->format = LINHUO_BGR24;
    want->max_width_px = 100;
    *ret_state = state;
    return 0;
}

static int frozen_detect(void *context, const struct linhuo_picture *picture, linhuo_emit_fn emit,
                         void *sink)
{
    static const uint8_t mask[4] = {255, 0, 0, 255};
    struct state *state = context;
    struct linhuo_find find;
    int i;
    if (picture->struct_size < 88 || picture->format != LINHUO_BGR24 || !picture->plane[0] ||
        picture->stride[0] < (int32_t)(3 * picture->width_px)) {
        state->host->fail(state->host->context, "the picture is not as asked for");
        return -1;
    }
    memset(&find, 0, sizeof find);
    find.struct_size = sizeof find;
    find.kind = LINHUO_SMOKE;
    find.x_px = (float)(picture->width_px * (1.0 - state->share) / 2.0);
    find.y_px = (float)(picture->height_px * (1.0 - state->share) / 2.0);
    find.width_px = (float)(picture->width_px * state->share);
    find.height_px = (float)(picture->height_px * state->share);
    find.score = strcmp(state->word, "keen") == 0 ? 0.9F : 0.6F;
    find.mask_width = 2;
    find.mask_height = 2;
    find.mask = mask;
    for (i = 0; state->on > 0.0 && i < (int)state->count; i++)
        (void)emit(sink, &find);
    return 0;
}

static void frozen_close(void *context)
{
    free(context);
}

static void frozen_reset(void *context)
{
    ((struct state *)context)->resets++;
}

static const struct linhuo_detector detector = {
    sizeof(struct linhuo_detector),
    LINHUO_DETECTOR_ABI,
    "frozen",
    "1.0",
    "built with the first published header",
    "Apache-2.0",
    1,
    sizeof(struct linhuo_setting),
    settings,
    4,
    0,
    frozen_open,
    frozen_detect,
    frozen_close,
    frozen_reset,
};

LINHUO_EXPORT const struct linhuo_detector *linhuo_detector_v1(void)
{
    return &detector;
}
