#include "detect/place_view.h"

#include "base/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_US (3600 * LH_SECOND_US)
#define LONGEST_STEP_S 300.0
#define STEP_BACK_S 60.0  /* more than this and the clock was set */
#define GAP_DELAYS 4.0    /* a gap of so many time constants, and nothing recent is known */
#define EXCESS_LOGITS 2.0 /* above what is usual: new, whatever was there */
#define HIGHEST_BAR 0.95  /* a place never asks for more */
#define DAYS 7

int lh_place_create(const struct lh_track_config *config, struct lh_place_memory **ret_place)
{
    if (!(config->place_weight >= 0.0) || !(config->place_weight <= 10.0) ||
        (config->place_weight > 0.0 && !(config->place_recent_s >= 1.0)))
        return LH_ERANGE;
    struct lh_place_memory *place = calloc(1, sizeof *place);
    if (!place)
        return LH_ENOMEM;
    place->config = *config;
    place->hour = LH_NO_TIME;
    *ret_place = place;
    return LH_OK;
}

void lh_place_destroy(struct lh_place_memory **place)
{
    if (!*place)
        return;
    for (size_t i = 0; i < (*place)->count; i++)
        free((*place)->views[i]);
    free((*place)->lowering);
    free(*place);
    *place = NULL;
}

/* ---- views ---- */

static bool is_of(const struct lh_place_view *view, const char *preset,
                  const struct lh_place_look *look)
{
    return view->width_px == look->width_px && view->height_px == look->height_px &&
           memcmp(view->preset, preset, LH_PLACE_PRESET) == 0;
}

/* A new view's memory, in the place of the one used longest ago where there are as many as there may be. */
static struct lh_place_view *make_view(struct lh_place_memory *place)
{
    if (place->count < LH_PLACE_VIEWS) {
        struct lh_place_view *view = malloc(sizeof *view);
        if (view)
            place->views[place->count++] = view;
        return view;
    }
    size_t oldest = 0;
    for (size_t i = 1; i < place->count; i++)
        if (place->views[i]->last_utc_us < place->views[oldest]->last_utc_us)
            oldest = i;
    return place->views[oldest];
}

static int find_view(struct lh_place_memory *place, const struct lh_place_look *look)
{
    char preset[LH_PLACE_PRESET] = "";
    if (look->preset)
        (void)memccpy(preset, look->preset, '\0', sizeof preset - 1);
    if (place->view && is_of(place->view, preset, look))
        return LH_OK;
    struct lh_place_view *view = NULL;
    for (size_t i = 0; i < place->count && !view; i++)
        if (is_of(place->views[i], preset, look))
            view = place->views[i];
    if (!view) {
        view = make_view(place);
        if (!view)
            return LH_ENOMEM;
        memset(view, 0, sizeof *view);
        memcpy(view->preset, preset, sizeof preset);
        view->width_px = look->width_px;
        view->height_px = look->height_px;
        view->last_utc_us = LH_NO_TIME;
        for (size_t i = 0; i < LH_PLACE_HOURS; i++)
            view->hours[i] = LH_NO_TIME;
    }
    place->view = view;
    place->hour = LH_NO_TIME;
    return LH_OK;
}

/* ---- what a find is held against ---- */

/* The tiles that a box touches. */
struct span {
    int left;
    int right; /* one beyond, as bottom */
    int top;
    int bottom;
};

static int tile_at(double share, int tiles)
{
    const double tile = floor(share * tiles);
    return tile < 0.0 ? 0 : tile >= tiles ? tiles - 1 : (int)tile;
}

static bool find_span(const struct lh_detection *detection, struct span *ret_span)
{
    const double x = (double)detection->box.x;
    const double y = (double)detection->box.y;
    const double right = x + (double)detection->box.width;
    const double bottom = y + (double)detection->box.height;
    if (!isfinite(x) || !isfinite(y) || !isfinite(right) || !isfinite(bottom) ||
        !isfinite(detection->score) || right <= x || bottom <= y ||
        (detection->kind != LH_KIND_SMOKE && detection->kind != LH_KIND_FLAME))
        return false;
    /* an edge that lies upon that of a tile does not touch the next one */
    *ret_span = (struct span){.left = tile_at(x, LH_PLACE_COLUMNS),
                              .right = tile_at(right - 1e-5, LH_PLACE_COLUMNS) + 1,
                              .top = tile_at(y, LH_PLACE_ROWS),
                              .bottom = tile_at(bottom - 1e-5, LH_PLACE_ROWS) + 1};
    return true;
}

static size_t cell_of(enum lh_kind kind, int column, int row)
{
    return (kind == LH_KIND_FLAME ? LH_PLACE_TILES : 0) + (size_t)row * LH_PLACE_COLUMNS +
           (size_t)column;
}

/* The highest value within a tile of each. */
static void spread(const float *from, float *to)
{
    for (size_t cell = 0; cell < LH_PLACE_CELLS; cell++) {
        const int column = (int)(cell % LH_PLACE_COLUMNS);
        const int row = (int)(cell % LH_PLACE_TILES / LH_PLACE_COLUMNS);
        const int below = row + 1 < LH_PLACE_ROWS ? 1 : 0;
        const int beside = column + 1 < LH_PLACE_COLUMNS ? 1 : 0;
        float highest = 0.0F;
        for (int y = row > 0 ? -1 : 0; y <= below; y++)
            for (int x = column > 0 ? -1 : 0; x <= beside; x++)
                highest =
                    fmaxf(highest, from[(ptrdiff_t)cell + (ptrdiff_t)y * LH_PLACE_COLUMNS + x]);
        to[cell] = highest;
    }
}

static size_t slot_of(int64_t hour)
{
    const int64_t slot = hour % LH_PLACE_HOURS;
    return (size_t)(slot < 0 ? slot + LH_PLACE_HOURS : slot);
}

static int64_t hour_of(int64_t utc_us)
{
    return utc_us / HOUR_US - (utc_us % HOUR_US < 0);
}

/* From 23 hours to 7 days and an hour ago, the hour now, before and after. */
static void recall_other_days(struct lh_place_memory *place, int64_t hour)
{
    if (place->hour == hour)
        return;
    float highest[LH_PLACE_CELLS] = {0};
    float around[LH_PLACE_CELLS];
    for (int day = 1; day <= DAYS; day++) {
        for (int beside = -1; beside <= 1; beside++) {
            const int64_t then = hour - INT64_C(24) * day + beside;
            const size_t slot = slot_of(then);
            if (place->view->hours[slot] != then)
                continue;
            for (size_t i = 0; i < LH_PLACE_CELLS; i++)
                highest[i] = fmaxf(highest[i], place->view->peaks[slot][i]);
        }
    }
    spread(highest, around);
    for (size_t i = 0; i < LH_PLACE_CELLS; i++)
        place->other_days[i] = (uint8_t)around[i];
    place->hour = hour;
}

static double recent_lowering(const struct lh_place_memory *place, double score, double usual)
{
    const double excess = lh_logit(score) - lh_logit(usual);
    return place->config.place_weight * fmin(fmax(1.0 - excess / EXCESS_LOGITS, 0.0), 1.0);
}

static double hour_lowering(const struct lh_place_memory *place, double highest)
{
    const double asked = place->config.confirm_score;
    if (highest <= 0.0 || highest < asked)
        return 0.0;
    const double bar = fmin(fmax((highest + 1.0) / 2.0, highest + 0.2), HIGHEST_BAR);
    return fmin(fmax(lh_logit(bar) - lh_logit(asked), 0.0), place->config.place_weight);
}

static double lowering_of(const struct lh_place_memory *place, const struct lh_detection *detection)
{
    struct span span;
    if (!find_span(detection, &span))
        return 0.0;
    double usual = 0.0;
    double highest = 0.0;
    for (int row = span.top; row < span.bottom; row++) {
        for (int column = span.left; column < span.right; column++) {
            const size_t cell = cell_of(detection->kind, column, row);
            usual += (double)place->nearby[cell];
            highest += place->other_days[cell] / 255.0;
        }
    }
    const int tiles = (span.right - span.left) * (span.bottom - span.top);
    return fmax(recent_lowering(place, (double)detection->score, usual / tiles),
                hour_lowering(place, highest / tiles));
}

static bool is_corroborated(const struct lh_place_memory *place,
                            const struct lh_detection *detections, size_t count, size_t index)
{
    for (size_t i = 0; i < count; i++)
        if (detections[i].kind != detections[index].kind && place->lowering[i] <= 0.0F &&
            lh_box_overlap(detections[i].box, detections[index].box) > 0.0F)
            return true;
    return false;
}

static void lower(struct lh_place_memory *place, struct lh_detection *detections, size_t count)
{
    spread(place->view->usual, place->nearby);
    for (size_t i = 0; i < count; i++)
        place->lowering[i] = (float)lowering_of(place, &detections[i]);
    for (size_t i = 0; i < count; i++) {
        if (place->lowering[i] <= 0.0F || is_corroborated(place, detections, count, i))
            continue;
        const double logit = lh_logit((double)detections[i].raw_score);
        const float score = (float)lh_share_of_logit(logit - (double)place->lowering[i]);
        detections[i].score = fminf(score, detections[i].raw_score);
    }
}

/* ---- learning ---- */

/* Time since the view was last looked at, as far as it counts. */
static double step_of(struct lh_place_memory *place, int64_t utc_us)
{
    struct lh_place_view *view = place->view;
    const int64_t before_us = view->last_utc_us;
    view->last_utc_us = utc_us;
    if (before_us == LH_NO_TIME)
        return 0.0;
    const double step_s = ((double)utc_us - (double)before_us) / (double)LH_SECOND_US;
    if (step_s < -STEP_BACK_S || step_s > GAP_DELAYS * place->config.place_recent_s) {
        memset(view->delayed, 0, sizeof view->delayed);
        memset(view->usual, 0, sizeof view->usual);
        return 0.0;
    }
    return fmin(fmax(step_s, 0.0), LONGEST_STEP_S);
}

static void gather(struct lh_place_memory *place, const struct lh_detection *detections,
                   size_t count)
{
    memset(place->seen, 0, sizeof place->seen);
    for (size_t i = 0; i < count; i++) {
        struct span span;
        if (!find_span(&detections[i], &span))
            continue;
        const float score = fminf(fmaxf(detections[i].raw_score, 0.0F), 1.0F);
        for (int row = span.top; row < span.bottom; row++) {
            for (int column = span.left; column < span.right; column++) {
                float *seen = &place->seen[cell_of(detections[i].kind, column, row)];
                *seen = fmaxf(*seen, score);
            }
        }
    }
}

static void learn(struct lh_place_memory *place, double step_s, int64_t hour)
{
    struct lh_place_view *view = place->view;
    const float share = (float)(1.0 - exp(-step_s / place->config.place_recent_s));
    const size_t slot = slot_of(hour);
    if (view->hours[slot] != hour) {
        memset(view->peaks[slot], 0, sizeof view->peaks[slot]);
        view->hours[slot] = hour;
    }
    for (size_t i = 0; i < LH_PLACE_CELLS; i++) {
        view->usual[i] += share * (view->delayed[i] - view->usual[i]);
        view->delayed[i] += share * (place->seen[i] - view->delayed[i]);
        const uint8_t score = (uint8_t)lrintf(place->seen[i] * 255.0F);
        if (score > view->peaks[slot][i])
            view->peaks[slot][i] = score;
    }
}

static int reserve(struct lh_place_memory *place, size_t count)
{
    if (count <= place->lowering_capacity)
        return LH_OK;
    float *grown = reallocarray(place->lowering, count, sizeof *grown);
    if (!grown)
        return LH_ENOMEM;
    place->lowering = grown;
    place->lowering_capacity = count;
    return LH_OK;
}

int lh_place_weigh(struct lh_place_memory *place, const struct lh_place_look *look,
                   struct lh_detection *detections, size_t count)
{
    for (size_t i = 0; i < count; i++)
        detections[i].raw_score = detections[i].score;
    if (place->config.place_weight <= 0.0)
        return LH_OK;
    int code = reserve(place, count);
    if (code == LH_OK)
        code = find_view(place, look);
    if (code != LH_OK)
        return code;
    const int64_t hour = hour_of(look->utc_us);
    const double step_s = step_of(place, look->utc_us);
    recall_other_days(place, hour);
    if (count > 0)
        lower(place, detections, count);
    gather(place, detections, count);
    learn(place, step_s, hour);
    return LH_OK;
}

struct lh_place_tile lh_place_tile(const struct lh_place_memory *place, enum lh_kind kind,
                                   int column, int row)
{
    if (!place->view || column < 0 || column >= LH_PLACE_COLUMNS || row < 0 || row >= LH_PLACE_ROWS)
        return (struct lh_place_tile){0};
    const size_t cell = cell_of(kind, column, row);
    return (struct lh_place_tile){.usual = (double)place->view->usual[cell],
                                  .by_hour = place->other_days[cell] / 255.0};
}
