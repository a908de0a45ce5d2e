#include "situation.h"

#include "alarm/folder.h"
#include "base/log.h"
#include "fuse/heat_register.h"
#include "grounds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY_US (300 * LH_SECOND_US)
#define AHEAD_US (60 * LH_SECOND_US) /* a camera's clock; fusion allows more */
#define BEHIND_US (900 * LH_SECOND_US)
#define LOOK_AROUND_US (600 * LH_SECOND_US) /* pixels of one look lie no further apart */
#define HOUR_US (3600 * LH_SECOND_US)

/* What a camera could see at one of its looks. */
struct view {
    int64_t utc_us;
    double aspect;
    struct lh_pose pose;
};

struct watcher {
    struct watcher *next;
    char camera[LH_EVIDENCE_SOURCE];
    struct view views[LH_LOOKS_KEPT]; /* a ring */
    size_t count;
};

struct lh_situation {
    const struct lh_site *site;
    const struct lh_vantage *vantage;
    char *data_folder; /* NULL: in memory */
    struct lh_fusion *fusion;
    struct lh_hotspot_log *log;        /* NULL: no feeds, or it cannot be opened */
    struct lh_heat_register *heat;     /* likewise */
    struct lh_heat_config heat_config; /* what the register works by */
    struct lh_heat_areas areas;
    struct lh_grounds *grounds;
    struct watcher *watchers;
};

/* ---- what fusion asks ---- */

static void look_at_ground(void *context, const struct lh_position *position, int64_t utc_us,
                           struct lh_ground *ret_ground)
{
    const struct lh_situation *situation = context;
    lh_registers_look(lh_grounds_registers(situation->grounds), position, utc_us, ret_ground);
}

static struct watcher *find_watcher(const struct lh_situation *situation, const char *camera)
{
    for (struct watcher *at = situation->watchers; at; at = at->next)
        if (strcmp(at->camera, camera) == 0)
            return at;
    return NULL;
}

static enum lh_sees tell_sees(void *context, const char *camera, struct lh_geo point,
                              int64_t utc_us)
{
    const struct lh_situation *situation = context;
    const struct watcher *watcher = find_watcher(situation, camera);
    const size_t kept =
        watcher ? watcher->count < LH_LOOKS_KEPT ? watcher->count : LH_LOOKS_KEPT : 0;
    for (size_t i = 0; i < kept; i++) {
        const struct view *view = &watcher->views[i];
        if (view->utc_us == utc_us)
            return lh_vantage_sees(situation->vantage, &view->pose, view->aspect, point);
    }
    return LH_SEES_UNKNOWN;
}

/* ---- creation ---- */

static int load_areas(const struct lh_site *site, struct lh_fault *fault,
                      struct lh_heat_areas *areas)
{
    int code = LH_OK;
    for (size_t i = 0; i < site->heat.area_count && code == LH_OK; i++)
        code = lh_heat_areas_load(&site->heat.areas[i], fault, areas);
    return code;
}

/* A site that names no feed needs no databases. */
static bool has_feeds(const struct lh_site *site)
{
    for (size_t i = 0; i < site->feed_count; i++)
        if (site->feeds[i].enabled)
            return true;
    return false;
}

static int open_both(struct lh_situation *situation, struct lh_fault *fault)
{
    const char *folder = situation->data_folder;
    char *log = folder ? lh_folder_path(folder, "hotspots.sqlite", "") : NULL;
    char *heat = folder ? lh_folder_path(folder, "heat.sqlite", "") : NULL;
    int code = LH_OK;
    if (folder && (!log || !heat))
        code = lh_fail(fault, LH_ENOMEM, "out of memory");
    if (code == LH_OK)
        code = lh_hotspot_log_open(log, fault, &situation->log);
    if (code == LH_OK)
        code = lh_heat_register_open(heat, &situation->heat_config, &situation->areas, fault,
                                     &situation->heat);
    if (code != LH_OK)
        lh_hotspot_log_close(&situation->log);
    free(log);
    free(heat);
    return code;
}

/* Cameras go on where satellites cannot. */
static void open_databases(struct lh_situation *situation)
{
    struct lh_fault fault = {0};
    if (!situation->log && has_feeds(situation->site) && open_both(situation, &fault) != LH_OK)
        lh_log(LH_LOG_ERROR, "fuse", NULL, "no hotspots are taken in: %s", fault.text);
}

int lh_situation_create(const struct lh_situation_options *options, struct lh_fault *fault,
                        struct lh_situation **ret_situation)
{
    struct lh_situation *situation = calloc(1, sizeof *situation);
    if (!situation)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    situation->site = options->site;
    situation->vantage = options->vantage;
    situation->heat_config = options->site->heat;
    if (lh_grounds_create(options->site, &situation->grounds) != LH_OK) {
        lh_situation_destroy(&situation);
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    const struct lh_fusion_options fusion = {
        .config = &options->site->fusion,
        .area_code = options->site->area_code,
        .sees = options->vantage ? tell_sees : NULL,
        .sees_context = situation,
        .ground = look_at_ground,
        .ground_context = situation,
    };
    int code = lh_fusion_create(&fusion, &situation->fusion);
    if (code != LH_OK)
        (void)lh_fail(fault, code, "%s", lh_strerror(code));
    if (code == LH_OK)
        code = load_areas(options->site, fault, &situation->areas);
    if (code == LH_OK && options->data_folder) {
        situation->data_folder = strdup(options->data_folder);
        code = situation->data_folder ? LH_OK : lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    if (code != LH_OK) {
        lh_situation_destroy(&situation);
        return code;
    }
    open_databases(situation);
    *ret_situation = situation;
    return LH_OK;
}

void lh_situation_destroy(struct lh_situation **situation_pointer)
{
    struct lh_situation *situation = *situation_pointer;
    if (!situation)
        return;
    lh_fusion_destroy(&situation->fusion);
    lh_heat_register_close(&situation->heat);
    lh_heat_areas_finish(&situation->areas);
    lh_hotspot_log_close(&situation->log);
    lh_grounds_destroy(&situation->grounds);
    while (situation->watchers) {
        struct watcher *watcher = situation->watchers;
        situation->watchers = watcher->next;
        free(watcher);
    }
    free(situation->data_folder);
    free(situation);
    *situation_pointer = NULL;
}

int lh_situation_set_site(struct lh_situation *situation, const struct lh_site *site,
                          const struct lh_vantage *vantage, struct lh_fault *fault)
{
    struct lh_heat_areas areas = {0};
    const int code = load_areas(site, fault, &areas);
    if (code == LH_OK) {
        lh_heat_areas_finish(&situation->areas);
        situation->areas = areas; /* the register lends the place, not what was in it */
    } else {
        lh_heat_areas_finish(&areas);
    }
    struct lh_grounds *grounds;
    if (lh_grounds_create(site, &grounds) == LH_OK) {
        lh_grounds_destroy(&situation->grounds);
        situation->grounds = grounds;
    }
    situation->heat_config = site->heat;
    situation->site = site;
    situation->vantage = vantage;
    lh_fusion_set(situation->fusion, &site->fusion);
    open_databases(situation);
    return code;
}

/* ---- cameras ---- */

/* The moment of a track as fusion counts it. */
static void set_times(struct lh_evidence *evidence, const struct lh_track *track, int64_t now_us)
{
    const int64_t lasted_us =
        track->last_utc_us > track->first_utc_us ? track->last_utc_us - track->first_utc_us : 0;
    const bool agrees =
        track->last_utc_us <= now_us + AHEAD_US && track->last_utc_us >= now_us - BEHIND_US;
    evidence->observed_utc_us = agrees ? track->last_utc_us : now_us;
    evidence->first_utc_us = evidence->observed_utc_us - lasted_us;
    evidence->received_utc_us = now_us;
    evidence->camera.persistence_s = (double)lasted_us / (double)LH_SECOND_US;
}

int lh_situation_track(struct lh_situation *situation, const struct lh_situation_track *seen,
                       int64_t now_us)
{
    const struct lh_track *track = seen->track;
    struct lh_evidence evidence = {.kind = LH_EVIDENCE_CAMERA};
    const double score = (double)track->score;
    evidence.camera.score = score > 0 ? fmin(score, 1) : 0;
    evidence.camera.validated = true;
    (void)snprintf(evidence.source, sizeof evidence.source, "%s", seen->camera->id);
    lh_track_reference(track, evidence.reference);
    set_times(&evidence, track, now_us);
    if (seen->width_px > 0 && seen->height_px > 0)
        evidence.position = lh_vantage_locate(situation->vantage, seen->camera, seen->preset, track,
                                              seen->width_px, seen->height_px);
    (void)snprintf(evidence.detail, sizeof evidence.detail, "%s, score %.2f",
                   lh_kind_name(track->kind), score);
    return lh_fusion_add(situation->fusion, &evidence, now_us);
}

static struct watcher *note_watcher(struct lh_situation *situation, const char *camera)
{
    struct watcher *watcher = find_watcher(situation, camera);
    if (watcher)
        return watcher;
    watcher = calloc(1, sizeof *watcher);
    if (!watcher)
        return NULL;
    (void)snprintf(watcher->camera, sizeof watcher->camera, "%s", camera);
    watcher->next = situation->watchers;
    situation->watchers = watcher;
    return watcher;
}

static bool same_view(const struct lh_pose *a, const struct lh_pose *b)
{
    return a->azimuth_deg == b->azimuth_deg && a->tilt_deg == b->tilt_deg &&
           a->hfov_deg == b->hfov_deg;
}

int lh_situation_look(struct lh_situation *situation, const struct lh_camera_config *camera,
                      const char *preset, double aspect, int64_t utc_us)
{
    struct lh_pose pose;
    if (!situation->vantage || !(aspect > 0) || lh_pose_of_camera(camera, preset, &pose) != LH_OK)
        return LH_OK;
    struct watcher *watcher = note_watcher(situation, camera->id);
    if (!watcher)
        return LH_ENOMEM;
    for (size_t i = 0; i < watcher->count && i < LH_LOOKS_KEPT; i++) {
        const struct view *view = &watcher->views[i];
        if (view->utc_us > utc_us - LOOK_EVERY_US && view->utc_us <= utc_us &&
            same_view(&view->pose, &pose))
            return LH_OK;
    }
    watcher->views[watcher->count++ % LH_LOOKS_KEPT] =
        (struct view){.utc_us = utc_us, .aspect = aspect, .pose = pose};
    struct lh_look look = {
        .from = pose.place, .range_m = pose.range_m, .begin_utc_us = utc_us, .end_utc_us = utc_us};
    memcpy(look.camera, watcher->camera, sizeof look.camera);
    return lh_fusion_look(situation->fusion, &look);
}

/* ---- people, weather ---- */

int lh_situation_evidence(struct lh_situation *situation, const struct lh_evidence *evidence,
                          int64_t now_us)
{
    return lh_fusion_add(situation->fusion, evidence, now_us);
}

struct lh_danger *lh_situation_danger(struct lh_situation *situation)
{
    return lh_grounds_danger(situation->grounds);
}

/* ---- satellites ---- */

static bool is_ours(const struct lh_situation *situation, const struct lh_hotspot *row)
{
    struct lh_geo_box box;
    if (lh_geo_box_parse(situation->site->box ? situation->site->box : "", &box) != LH_OK)
        return true;
    const bool east_of = row->at.longitude_deg >= box.west_deg;
    const bool west_of = row->at.longitude_deg <= box.east_deg;
    return row->at.latitude_deg >= box.south_deg && row->at.latitude_deg <= box.north_deg &&
           (box.west_deg <= box.east_deg ? east_of && west_of : east_of || west_of);
}

/* When the first and the last of the new rows that fusion may still take were acquired. */
static bool find_span(const struct lh_situation *situation, const struct lh_hotspots *rows,
                      const enum lh_hotspot_news *news, int64_t now_us, int64_t *ret_from_us,
                      int64_t *ret_to_us)
{
    const int64_t late_us = (int64_t)(situation->site->fusion.late_h * (double)HOUR_US);
    bool any = false;
    for (size_t i = 0; i < rows->count; i++) {
        const int64_t at_us = rows->items[i].acquired_us;
        if (news[i] == LH_NEWS_REPEAT || at_us < now_us - late_us ||
            !is_ours(situation, &rows->items[i]))
            continue;
        *ret_from_us = any && *ret_from_us < at_us ? *ret_from_us : at_us;
        *ret_to_us = any && *ret_to_us > at_us ? *ret_to_us : at_us;
        any = true;
    }
    return any;
}

static int add_group(struct lh_situation *situation, const struct lh_hotspot_group *group,
                     int64_t now_us, struct lh_fault *fault)
{
    const struct lh_heat_query query = lh_heat_query_of(group);
    struct lh_heat_verdict verdict;
    struct lh_evidence evidence;
    const int code = lh_heat_register_judge(situation->heat, &query, fault, &verdict);
    if (code != LH_OK)
        return code;
    lh_hotspot_group_evidence(group, verdict.factor, verdict.reason, &evidence);
    evidence.received_utc_us = now_us;
    const int added = lh_fusion_add(situation->fusion, &evidence, now_us);
    /* What fusion refuses it counts: too late, from the future, crowded. */
    return added == LH_ENOMEM ? lh_fail(fault, added, "out of memory") : LH_OK;
}

static int add_groups(struct lh_situation *situation, struct lh_hotspots *rows, int64_t now_us,
                      struct lh_fault *fault)
{
    const struct lh_footprint_options *defaults = &LH_FOOTPRINT_DEFAULT;
    struct lh_footprint_options options = *defaults;
    struct lh_hotspot_groups groups = {0};
    size_t kept = 0;
    options.heights = lh_vantage_heights(situation->vantage);
    for (size_t i = 0; i < rows->count; i++)
        if (is_ours(situation, &rows->items[i]))
            rows->items[kept++] = rows->items[i];
    rows->count = kept;
    int code = lh_hotspots_group(rows->items, rows->count, &options, &groups);
    if (code != LH_OK)
        return lh_fail(fault, code, "out of memory");
    for (size_t i = 0; i < groups.count && code == LH_OK; i++)
        code = add_group(situation, &groups.items[i], now_us, fault);
    lh_hotspot_groups_finish(&groups);
    return code;
}

int lh_situation_hotspots(struct lh_situation *situation, const struct lh_feed_batch *batch,
                          int64_t now_us, struct lh_fault *fault)
{
    const struct lh_hotspots *rows = &batch->hotspots;
    struct lh_hotspot_intake intake;
    struct lh_hotspots around = {0};
    int64_t from_us = 0;
    int64_t to_us = 0;
    if (!situation->log) {
        const int opened = open_both(situation, fault);
        if (opened != LH_OK)
            return opened;
    }
    enum lh_hotspot_news *news = calloc(rows->count + 1, sizeof *news);
    if (!news)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    int code = lh_feed_batch_take(batch, situation->log, fault, news, &intake);
    if (code == LH_OK && intake.fresh + intake.replaced > 0)
        code = lh_heat_register_note(situation->heat, rows->items, rows->count, fault);
    if (code == LH_OK && find_span(situation, rows, news, now_us, &from_us, &to_us)) {
        code = lh_hotspot_log_between(situation->log, from_us - LOOK_AROUND_US,
                                      to_us + LOOK_AROUND_US, fault, &around);
        if (code == LH_OK)
            code = add_groups(situation, &around, now_us, fault);
    }
    lh_hotspots_finish(&around);
    free(news);
    return code;
}

/* ---- what comes of it ---- */

int lh_situation_settle(struct lh_situation *situation, int64_t now_us, lh_fusion_event_fn on_event,
                        void *context)
{
    return lh_fusion_settle(situation->fusion, now_us, on_event, context);
}

/* Which incident a piece of evidence went into. */
struct search {
    const struct lh_evidence *wanted;
    char *id;
    bool found;
};

static void look_into(void *context, const struct lh_incident *incident)
{
    struct search *search = context;
    for (size_t i = 0; i < incident->term_count && !search->found; i++) {
        const struct lh_evidence *evidence = incident->terms[i].evidence;
        if (!evidence || !lh_evidence_same(evidence, search->wanted))
            continue;
        (void)snprintf(search->id, LH_INCIDENT_ID, "%s", incident->id);
        search->found = true;
    }
}

int lh_situation_incident_of(const struct lh_situation *situation,
                             const struct lh_evidence *evidence, char ret_id[LH_INCIDENT_ID])
{
    struct search search = {.wanted = evidence, .id = ret_id};
    const int code = lh_fusion_each(situation->fusion, look_into, &search);
    return code != LH_OK || search.found ? code : LH_ENOTFOUND;
}

const struct lh_vantage *lh_situation_vantage(const struct lh_situation *situation)
{
    return situation->vantage;
}

struct lh_hotspot_log *lh_situation_log(struct lh_situation *situation)
{
    return situation->log;
}

struct lh_fusion_stats lh_situation_stats(const struct lh_situation *situation)
{
    return lh_fusion_stats(situation->fusion);
}
