#include "fuse/looks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SLACK_US (60 * LH_SECOND_US)
#define M_A_DEGREE 110574.0 /* of latitude, where it is least */

struct span {
    int64_t begin_us;
    int64_t end_us;
};

struct watcher {
    struct lh_look latest;            /* for its name and place */
    struct span spans[LH_LOOKS_KEPT]; /* by end, the earliest first */
    size_t count;
};

struct lh_looks {
    const struct lh_fusion_config *config;
    lh_sees_fn sees;
    void *context;
    struct watcher *watchers[LH_LOOKS_CAMERAS]; /* by name */
    size_t count;
};

int lh_looks_create(const struct lh_fusion_config *config, lh_sees_fn sees, void *context,
                    struct lh_looks **ret_looks)
{
    struct lh_looks *looks = calloc(1, sizeof *looks);
    if (!looks)
        return LH_ENOMEM;
    looks->config = config;
    looks->sees = sees;
    looks->context = context;
    *ret_looks = looks;
    return LH_OK;
}

void lh_looks_destroy(struct lh_looks **looks)
{
    if (!*looks)
        return;
    for (size_t i = 0; i < (*looks)->count; i++)
        free((*looks)->watchers[i]);
    free(*looks);
    *looks = NULL;
}

/* Where it is, or belongs. */
static size_t search(const struct lh_looks *looks, const char *camera)
{
    size_t low = 0;
    size_t high = looks->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (strcmp(looks->watchers[middle]->latest.camera, camera) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int enter(struct lh_looks *looks, const struct lh_look *look, struct watcher **ret_watcher)
{
    const size_t at = search(looks, look->camera);
    if (at < looks->count && strcmp(looks->watchers[at]->latest.camera, look->camera) == 0) {
        *ret_watcher = looks->watchers[at];
        return LH_OK;
    }
    if (looks->count == LH_LOOKS_CAMERAS)
        return LH_ELIMIT;
    struct watcher *watcher = calloc(1, sizeof *watcher);
    if (!watcher)
        return LH_ENOMEM;
    watcher->latest = *look;
    memmove(&looks->watchers[at + 1], &looks->watchers[at],
            (looks->count - at) * sizeof(struct watcher *));
    looks->watchers[at] = watcher;
    looks->count++;
    *ret_watcher = watcher;
    return LH_OK;
}

static bool is_sound(const struct lh_look *look)
{
    return memchr(look->camera, '\0', sizeof look->camera) && look->camera[0] &&
           lh_geo_valid(look->from) && look->range_m > 0 && look->range_m < 1e6 &&
           look->begin_utc_us != LH_NO_TIME && look->end_utc_us >= look->begin_utc_us;
}

int lh_looks_add(struct lh_looks *looks, const struct lh_look *look)
{
    struct watcher *watcher;
    if (!is_sound(look))
        return LH_EINVAL;
    const int code = enter(looks, look, &watcher);
    if (code != LH_OK)
        return code;
    const struct span span = {look->begin_utc_us, look->end_utc_us};
    size_t at = watcher->count;
    while (at > 0 && watcher->spans[at - 1].end_us > span.end_us)
        at--;
    if (at == watcher->count)
        watcher->latest = *look;
    if (at > 0 && watcher->spans[at - 1].end_us == span.end_us) {
        watcher->spans[at - 1] = span;
        return LH_OK;
    }
    if (watcher->count < LH_LOOKS_KEPT) {
        memmove(&watcher->spans[at + 1], &watcher->spans[at], (watcher->count - at) * sizeof span);
        watcher->spans[at] = span;
        watcher->count++;
        return LH_OK;
    }
    if (at == 0)
        return LH_ELIMIT;
    memmove(&watcher->spans[0], &watcher->spans[1], (at - 1) * sizeof span);
    watcher->spans[at - 1] = span;
    return LH_OK;
}

/* The camera itself saw it then. */
static bool saw(const char *camera, const struct span *span,
                const struct lh_evidence *const *members, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (members[i]->kind == LH_EVIDENCE_CAMERA && strcmp(members[i]->source, camera) == 0 &&
            span->begin_us <= members[i]->observed_utc_us + SLACK_US &&
            span->end_us >= members[i]->first_utc_us - SLACK_US)
            return true;
    return false;
}

static bool in_range(const struct lh_look *look, struct lh_geo point)
{
    if (fabs(look->from.latitude_deg - point.latitude_deg) * M_A_DEGREE > look->range_m)
        return false;
    return lh_geo_distance_m(look->from, point) <= look->range_m;
}

static void ask(const struct lh_looks *looks, const struct watcher *watcher, struct lh_geo point,
                const struct lh_evidence *const *members, size_t member_count, int64_t now_us,
                struct lh_nothing_seen *nothing)
{
    const struct lh_fusion_config *config = looks->config;
    for (size_t i = 0; i < watcher->count; i++) {
        const struct span *span = &watcher->spans[i];
        if (span->end_us < members[0]->first_utc_us || span->end_us > now_us ||
            saw(watcher->latest.camera, span, members, member_count) ||
            looks->sees(looks->context, watcher->latest.camera, point, span->end_us) != LH_SEES_YES)
            continue;
        nothing->looks++;
        nothing->last_utc_us = span->end_us;
        nothing->weight += log(config->camera_look_lr) *
                           lh_weight_left(config, LH_EVIDENCE_CAMERA, now_us - span->end_us);
    }
    nothing->weight = fmax(nothing->weight, -config->camera_look_weight_most);
}

size_t lh_looks_against(const struct lh_looks *looks, struct lh_geo point,
                        const struct lh_evidence *const *members, size_t member_count,
                        int64_t now_us, struct lh_nothing_seen *ret_nothing, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; looks->sees && i < looks->count && count < capacity; i++) {
        const struct watcher *watcher = looks->watchers[i];
        struct lh_nothing_seen nothing = {0};
        if (!in_range(&watcher->latest, point))
            continue;
        ask(looks, watcher, point, members, member_count, now_us, &nothing);
        if (nothing.looks == 0)
            continue;
        memcpy(nothing.camera, watcher->latest.camera, sizeof nothing.camera);
        ret_nothing[count++] = nothing;
    }
    return count;
}
