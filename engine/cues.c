#include "cues.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 1000
#define ASPECT (16.0 / 9) /* of a picture that has not been seen yet */
#define MOVED_M 30.0      /* from where it is worth looking anew what sees it */

struct wanted {
    struct wanted *next;
    struct lh_cue cue; /* as told last; without views: nothing was told */
};

struct lh_cues {
    const struct lh_site *site;
    const struct lh_vantage *vantage;
    lh_cue_fn on_cue;
    void *context;
    struct wanted *list;
    size_t count;
};

int lh_cues_create(lh_cue_fn on_cue, void *context, struct lh_cues **ret_cues)
{
    struct lh_cues *cues = calloc(1, sizeof *cues);
    if (!cues)
        return LH_ENOMEM;
    cues->on_cue = on_cue;
    cues->context = context;
    *ret_cues = cues;
    return LH_OK;
}

void lh_cues_destroy(struct lh_cues **cues)
{
    if (!*cues)
        return;
    while ((*cues)->list) {
        struct wanted *wanted = (*cues)->list;
        (*cues)->list = wanted->next;
        free(wanted);
    }
    free(*cues);
    *cues = NULL;
}

void lh_cues_set_site(struct lh_cues *cues, const struct lh_site *site,
                      const struct lh_vantage *vantage)
{
    cues->site = site;
    cues->vantage = vantage;
    for (struct wanted *at = cues->list; at; at = at->next)
        at->cue.place.latitude_deg = NAN; /* to be looked at anew */
}

/* ---- who sees it ---- */

struct collection {
    struct lh_cue_view *views;
    size_t count;
};

/* Keeps the best, in order. */
static void add_view(struct collection *collection, const struct lh_cue_view *view)
{
    size_t at = collection->count;
    while (at > 0 && lh_cue_view_order(view, &collection->views[at - 1]) < 0)
        at--;
    if (at == LH_CUE_VIEWS)
        return;
    if (collection->count < LH_CUE_VIEWS)
        collection->count++;
    memmove(&collection->views[at + 1], &collection->views[at],
            (collection->count - 1 - at) * sizeof *view);
    collection->views[at] = *view;
}

static bool is_pictured(const struct lh_pose *pose, const struct lh_cue_view *view,
                        double *ret_off_centre)
{
    double x;
    double y;
    const struct lh_bearing bearing = {view->azimuth_deg, view->elevation_deg};
    if (!lh_pose_project(pose, ASPECT, bearing, &x, &y) || !(x >= 0 && x <= 1 && y >= 0 && y <= 1))
        return false;
    *ret_off_centre = hypot(2 * x - 1, 2 * y - 1) / sqrt(2);
    return true;
}

static void add_named(struct collection *collection, const struct lh_camera_config *camera,
                      const char *preset, struct lh_cue_view view)
{
    struct lh_pose pose;
    if (lh_pose_of_camera(camera, preset, &pose) != LH_OK ||
        !is_pictured(&pose, &view, &view.off_centre))
        return;
    (void)snprintf(view.preset, sizeof view.preset, "%s", preset);
    add_view(collection, &view);
}

static void add_camera(struct collection *collection, const struct lh_vantage *vantage,
                       const struct lh_camera_config *camera, struct lh_geo place)
{
    struct lh_pose pose;
    struct lh_cue_view view = {.turn = false};
    struct lh_aim aim;
    if (lh_pose_of_camera(camera, "", &pose) != LH_OK)
        return;
    view.sees = lh_vantage_sight(vantage, &pose, place, &aim);
    if (view.sees == LH_SEES_NO)
        return;
    (void)snprintf(view.camera, sizeof view.camera, "%s", camera->id);
    view.azimuth_deg = aim.azimuth_deg;
    view.elevation_deg = aim.elevation_deg;
    view.distance_m = aim.distance_m;
    for (size_t i = 0; i < camera->preset_count; i++)
        add_named(collection, camera, camera->presets[i].name, view);
    if (camera->preset_count == 0 && !camera->ptz.url[0])
        add_named(collection, camera, camera->preset, view);
    view.turn = true;
    if (camera->ptz.url[0] && lh_pose_reaches(camera, view.azimuth_deg))
        add_view(collection, &view);
}

size_t lh_cue_find_views(const struct lh_site *site, const struct lh_vantage *vantage,
                         struct lh_geo place, struct lh_cue_view views[LH_CUE_VIEWS])
{
    struct collection collection = {.views = views};
    for (size_t i = 0; vantage && i < site->camera_count; i++)
        if (site->cameras[i].enabled)
            add_camera(&collection, vantage, &site->cameras[i], place);
    return collection.count;
}

/* ---- incidents ---- */

static struct wanted **find(struct lh_cues *cues, const char *id)
{
    struct wanted **at = &cues->list;
    while (*at && strcmp((*at)->cue.about, id) != 0)
        at = &(*at)->next;
    return at;
}

static void forget(struct lh_cues *cues, struct wanted **at, int64_t now_us)
{
    struct wanted *wanted = *at;
    if (!wanted)
        return;
    *at = wanted->next;
    cues->count--;
    wanted->cue.ended = true;
    wanted->cue.utc_us = now_us;
    if (wanted->cue.view_count > 0)
        cues->on_cue(cues->context, &wanted->cue);
    free(wanted);
}

static bool is_look(const struct lh_term *term)
{
    return term->name == LH_WEIGHT_CAMERA_SEQUENCE || term->name == LH_WEIGHT_CAMERA_SINGLE ||
           term->name == LH_WEIGHT_CAMERA_LOOK;
}

/* Something speaks for it, and no camera has looked. Gives what speaks loudest. */
static bool is_wanted(const struct lh_incident *incident, const char **ret_why)
{
    double most = 0;
    if (lh_incident_is_closed(incident->state) || !lh_position_best(&incident->position))
        return false;
    for (size_t i = 0; i < incident->term_count; i++) {
        const struct lh_term *term = &incident->terms[i];
        if (is_look(term))
            return false;
        if (!term->evidence || term->weight <= most)
            continue;
        most = term->weight;
        *ret_why = term->reason;
    }
    return most > 0;
}

static bool is_there(const struct lh_cue *cue, struct lh_geo place)
{
    return isfinite(cue->place.latitude_deg) && lh_geo_distance_m(cue->place, place) < MOVED_M;
}

static void tell(struct lh_cues *cues, struct wanted *wanted, const char *why, struct lh_geo place,
                 int64_t now_us)
{
    struct lh_cue fresh = wanted->cue;
    if (is_there(&wanted->cue, place))
        return;
    fresh.place = place;
    fresh.utc_us = now_us;
    (void)snprintf(fresh.why, sizeof fresh.why, "%s", why);
    fresh.view_count = lh_cue_find_views(cues->site, cues->vantage, place, fresh.views);
    const bool same = lh_cue_same(&fresh, &wanted->cue);
    if (fresh.view_count == 0 && wanted->cue.view_count > 0) {
        wanted->cue.ended = true;
        wanted->cue.utc_us = now_us;
        cues->on_cue(cues->context, &wanted->cue);
    }
    wanted->cue = fresh;
    if (fresh.view_count > 0 && !same)
        cues->on_cue(cues->context, &wanted->cue);
}

int lh_cues_hear(struct lh_cues *cues, enum lh_fusion_event event,
                 const struct lh_incident *incident, int64_t now_us)
{
    const char *why = "";
    struct wanted **at = find(cues, incident->id);
    const bool alive = event == LH_FUSION_OPENED || event == LH_FUSION_CHANGED;
    if (!alive || !is_wanted(incident, &why)) {
        forget(cues, at, now_us);
        return LH_OK;
    }
    if (!*at) {
        if (!cues->vantage || cues->count == MOST)
            return LH_OK;
        *at = calloc(1, sizeof **at);
        if (!*at)
            return LH_ENOMEM;
        (void)snprintf((*at)->cue.about, sizeof(*at)->cue.about, "%s", incident->id);
        (*at)->cue.place = (struct lh_geo){NAN, NAN};
        cues->count++;
    }
    tell(cues, *at, why, lh_position_best(&incident->position)->centre, now_us);
    return LH_OK;
}

int lh_cues_ask(struct lh_cues *cues, const char *id, const char *why, struct lh_geo place,
                int64_t now_us)
{
    struct lh_cue cue = {.asked = true, .place = place, .utc_us = now_us};
    (void)snprintf(cue.about, sizeof cue.about, "%s", id);
    (void)snprintf(cue.why, sizeof cue.why, "%s", why);
    cue.view_count = lh_cue_find_views(cues->site, cues->vantage, place, cue.views);
    if (cue.view_count == 0)
        return LH_ENOTFOUND;
    cues->on_cue(cues->context, &cue);
    return LH_OK;
}
