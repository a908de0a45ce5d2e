#include "pipeline.h"

#include "alarm_thread.h"
#include "detect_thread.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define NEWS_COUNT 1024
#define NEWS_BYTES ((size_t)256 << 20)
#define MAX_DETECT_THREADS 64

struct lh_pipeline {
    const struct lh_clock *clock;
    char epoch[33];
    int64_t started_utc_us;
    struct lh_tenure *tenure;
    struct lh_queue *news;
    struct lh_queue *retired;
    struct lh_alarm_thread *alarm;
    struct lh_detect_thread *detect[MAX_DETECT_THREADS];
    unsigned detect_count;
    unsigned next_detect; /* stations are dealt out in turn */
    pthread_mutex_t lock;
    /* -- protected by lock; written by the controlling thread only */
    struct lh_station **stations;
    size_t station_count;
};

static int make_epoch(char epoch[33])
{
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return LH_EIO;
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(epoch + 2 * i, 3, "%02x", bytes[i]);
    return LH_OK;
}

static int fill_status(void *context, struct lh_engine_status *ret_status)
{
    struct lh_pipeline *self = context;
    struct lh_engine_status status = {
        .epoch = self->epoch,
        .started_utc_us = self->started_utc_us,
        .now_utc_us = lh_clock_utc_us(self->clock),
        .detect_threads = self->detect_count,
    };
    (void)pthread_mutex_lock(&self->lock);
    (void)snprintf(status.site, sizeof status.site, "%s", lh_tenure_site(self->tenure)->name);
    int code = LH_OK;
    status.stations = calloc(self->station_count + 1, sizeof *status.stations);
    if (status.stations) {
        for (size_t i = 0; i < self->station_count; i++)
            lh_station_status(self->stations[i], &status.stations[i]);
        status.station_count = self->station_count;
    } else {
        code = LH_ENOMEM;
    }
    (void)pthread_mutex_unlock(&self->lock);
    if (code == LH_OK)
        *ret_status = status;
    return code;
}

int lh_pipeline_status(struct lh_pipeline *pipeline, struct lh_engine_status *ret_status)
{
    return fill_status(pipeline, ret_status);
}

static int create_queues(struct lh_pipeline *self)
{
    const struct lh_queue_options news = {
        .policy = LH_QUEUE_REPLAY,
        .max_count = NEWS_COUNT,
        .max_bytes = NEWS_BYTES,
        .drop = lh_news_destroy,
    };
    const struct lh_queue_options retired = {.policy = LH_QUEUE_REPLAY, .max_count = NEWS_COUNT};
    const int code = lh_queue_create(&news, &self->news);
    return code == LH_OK ? lh_queue_create(&retired, &self->retired) : code;
}

/* Names are sorted, so that 10,000 cameras are found by halving. */
static struct lh_station *find_station(const struct lh_pipeline *self, const char *id)
{
    size_t low = 0;
    size_t high = self->station_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(id, lh_station_config(self->stations[middle])->id);
        if (order == 0)
            return self->stations[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* From the alarm thread, for letters that say where a camera looks. */
static int point_camera(void *context, const struct lh_pose_letter *pose)
{
    struct lh_pipeline *self = context;
    (void)pthread_mutex_lock(&self->lock);
    struct lh_station *station = find_station(self, pose->camera);
    const int code = station ? lh_station_point(station, pose->utc_us, pose->pointing, pose->moving)
                             : LH_ENOTFOUND;
    (void)pthread_mutex_unlock(&self->lock);
    return code;
}

int lh_pipeline_create(struct lh_site **site, const struct lh_clock *clock,
                       struct lh_findings *findings, struct lh_fault *fault,
                       struct lh_pipeline **ret_pipeline)
{
    struct lh_pipeline *self = calloc(1, sizeof *self);
    if (!self || pthread_mutex_init(&self->lock, NULL) != 0) {
        free(self);
        lh_site_destroy(site);
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    self->clock = clock;
    int code = lh_tenure_create(site, findings, &self->tenure);
    if (code == LH_OK)
        code = make_epoch(self->epoch);
    if (code == LH_OK)
        code = create_queues(self);
    if (code != LH_OK) {
        (void)lh_fail(fault, code, "the engine cannot be set up: %s", lh_strerror(code));
        goto fail;
    }
    const struct lh_alarm_thread_options alarm = {
        .tenure = self->tenure,
        .clock = clock,
        .epoch = self->epoch,
        .news = self->news,
        .status = fill_status,
        .on_pose = point_camera,
        .context = self,
    };
    code = lh_alarm_thread_open(&alarm, fault, &self->alarm);
    if (code != LH_OK)
        goto fail;
    *ret_pipeline = self;
    return LH_OK;

fail:
    lh_pipeline_destroy(&self);
    return code;
}

static unsigned wanted_detect_threads(const struct lh_site *site)
{
    long wanted = site->detect_threads;
    if (wanted <= 0)
        wanted = sysconf(_SC_NPROCESSORS_ONLN);
    if (wanted < 1)
        wanted = 1;
    return wanted > MAX_DETECT_THREADS ? MAX_DETECT_THREADS : (unsigned)wanted;
}

/* A list of stations, not yet everybody's. */
struct roster {
    struct lh_station **stations;
    size_t count;
};

static int roster_init(struct roster *roster, size_t capacity)
{
    roster->count = 0;
    roster->stations = calloc(capacity + 1, sizeof(struct lh_station *));
    return roster->stations ? LH_OK : LH_ENOMEM;
}

static void publish_roster(struct lh_pipeline *self, const struct roster *roster)
{
    (void)pthread_mutex_lock(&self->lock);
    struct lh_station **before = self->stations;
    self->stations = roster->stations;
    self->station_count = roster->count;
    (void)pthread_mutex_unlock(&self->lock);
    free(before);
}

static int create_station(struct lh_pipeline *self, struct lh_tenure *tenure,
                          const struct lh_camera_config *camera, struct lh_detect_thread *thread,
                          struct lh_fault *fault, struct lh_station **ret_station)
{
    const struct lh_station_options options = {
        .tenure = tenure,
        .camera = camera,
        .clock = self->clock,
        .news = self->news,
        .bell = lh_detect_thread_bell(thread),
    };
    return lh_station_create(&options, fault, ret_station);
}

/* A station that cannot start its thread goes on the roster all the same: its status says why. */
static void launch_station(struct lh_station *station, struct lh_detect_thread *thread)
{
    int code = lh_detect_thread_give(thread, station);
    if (code == LH_OK)
        code = lh_station_start(station);
    if (code != LH_OK)
        lh_log(LH_LOG_ERROR, "video", lh_station_config(station)->id, "not watched: %s",
               lh_strerror(code));
}

static int start_threads(struct lh_pipeline *self, struct lh_fault *fault)
{
    const unsigned wanted = wanted_detect_threads(lh_tenure_site(self->tenure));
    for (unsigned i = 0; i < wanted; i++) {
        const int code = lh_detect_thread_start(i + 1, self->retired, &self->detect[i]);
        if (code != LH_OK)
            return lh_fail(fault, code, "detect thread %u of %u: %s", i + 1, wanted,
                           lh_strerror(code));
        self->detect_count++;
    }
    const int code = lh_alarm_thread_start(self->alarm);
    return code == LH_OK ? LH_OK : lh_fail(fault, code, "the alarm thread: %s", lh_strerror(code));
}

int lh_pipeline_start(struct lh_pipeline *pipeline, struct lh_fault *fault)
{
    struct lh_pipeline *self = pipeline;
    self->started_utc_us = lh_clock_utc_us(self->clock);
    int code = start_threads(self, fault);
    if (code != LH_OK)
        return code;
    struct lh_reload_summary summary;
    struct lh_site *none = NULL;
    return lh_pipeline_reload(self, &none, NULL, fault, &summary);
}

static bool texts_equal(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool detector_equal(const struct lh_detector_config *a, const struct lh_detector_config *b)
{
    if (!texts_equal(a->name, b->name) || !texts_equal(a->plugin, b->plugin) ||
        a->min_score != b->min_score || a->setting_count != b->setting_count)
        return false;
    for (size_t i = 0; i < a->setting_count; i++)
        if (!texts_equal(a->settings[i].name, b->settings[i].name) ||
            !texts_equal(a->settings[i].value, b->settings[i].value))
            return false;
    return true;
}

static bool tracks_equal(const struct lh_track_config *a, const struct lh_track_config *b)
{
    return a->min_overlap == b->min_overlap && a->max_gap_s == b->max_gap_s &&
           a->max_gap_looks == b->max_gap_looks && a->max_distance_share == b->max_distance_share &&
           a->confirm_hits == b->confirm_hits && a->confirm_window == b->confirm_window &&
           a->confirm_min_s == b->confirm_min_s && a->confirm_score == b->confirm_score &&
           a->release_score == b->release_score && a->min_growth == b->min_growth &&
           a->max_tracks == b->max_tracks && a->place_weight == b->place_weight &&
           a->place_recent_s == b->place_recent_s && a->verify == b->verify &&
           a->verify_score == b->verify_score && a->budget_per_day == b->budget_per_day;
}

/* True when a watch made by one site would be the same by the other. */
static bool watches_equal(const struct lh_site *a, const struct lh_site *b)
{
    if (a->detector_count != b->detector_count ||
        a->plugin_folder_count != b->plugin_folder_count || !tracks_equal(&a->tracks, &b->tracks))
        return false;
    for (size_t i = 0; i < a->plugin_folder_count; i++)
        if (!texts_equal(a->plugin_folders[i], b->plugin_folders[i]))
            return false;
    for (size_t i = 0; i < a->detector_count; i++)
        if (!detector_equal(&a->detectors[i], &b->detectors[i]))
            return false;
    return true;
}

static bool needs_restart(const struct lh_site *a, const struct lh_site *b)
{
    return !texts_equal(a->data_folder, b->data_folder) ||
           !texts_equal(a->bus.publish, b->bus.publish) ||
           !texts_equal(a->bus.inbox, b->bus.inbox) ||
           a->bus.queue_messages != b->bus.queue_messages ||
           a->detect_threads != b->detect_threads || a->evidence.enabled != b->evidence.enabled;
}

static int compare_stations(const void *a, const void *b)
{
    struct lh_station *const *left = a;
    struct lh_station *const *right = b;
    return strcmp(lh_station_config(*left)->id, lh_station_config(*right)->id);
}

/* What a reload makes of the cameras, before anything running is touched. */
struct plan {
    struct roster next;                /* all stations to be */
    struct roster fresh;               /* those of them that are new ... */
    struct lh_detect_thread **threads; /* ... and where each will work */
    struct roster leaving;             /* those that are no more */
    struct lh_reload_summary summary;
};

static void plan_finish(struct plan *plan)
{
    free(plan->next.stations);
    free(plan->fresh.stations);
    free(plan->threads);
    free(plan->leaving.stations);
}

static int plan_camera(struct lh_pipeline *self, struct lh_tenure *tenure, bool same_watches,
                       const struct lh_camera_config *camera, struct plan *plan,
                       struct lh_fault *fault)
{
    struct lh_station *present = find_station(self, camera->id);
    if (present && same_watches && lh_camera_config_equal(lh_station_config(present), camera)) {
        plan->next.stations[plan->next.count++] = present;
        plan->summary.kept++;
        return LH_OK;
    }
    struct lh_station *station;
    struct lh_detect_thread *thread = self->detect[self->next_detect++ % self->detect_count];
    const int code = create_station(self, tenure, camera, thread, fault, &station);
    if (code != LH_OK)
        return code;
    plan->threads[plan->fresh.count] = thread;
    plan->fresh.stations[plan->fresh.count++] = station;
    plan->next.stations[plan->next.count++] = station;
    if (present)
        plan->summary.changed++;
    else
        plan->summary.added++;
    return LH_OK;
}

static bool roster_holds(const struct roster *roster, const struct lh_station *station)
{
    return bsearch(&station, roster->stations, roster->count, sizeof(struct lh_station *),
                   compare_stations) != NULL;
}

/* Old stations that the next roster does not hold; one of the same name but new does not count. */
static void plan_leaving(const struct lh_pipeline *self, struct plan *plan)
{
    for (size_t i = 0; i < self->station_count; i++) {
        struct lh_station *old = self->stations[i];
        struct lh_station *const *found = bsearch(&old, plan->next.stations, plan->next.count,
                                                  sizeof(struct lh_station *), compare_stations);
        if (found && *found == old)
            continue;
        plan->leaving.stations[plan->leaving.count++] = old;
        if (!roster_holds(&plan->next, old))
            plan->summary.removed++;
    }
}

static int make_plan(struct lh_pipeline *self, struct lh_tenure *tenure, struct plan *plan,
                     struct lh_fault *fault)
{
    const struct lh_site *site = lh_tenure_site(tenure);
    int code = roster_init(&plan->next, site->camera_count);
    if (code == LH_OK)
        code = roster_init(&plan->fresh, site->camera_count);
    if (code == LH_OK)
        code = roster_init(&plan->leaving, self->station_count);
    plan->threads = calloc(site->camera_count + 1, sizeof(struct lh_detect_thread *));
    if (!plan->threads)
        code = LH_ENOMEM;
    if (code != LH_OK)
        return lh_fail(fault, code, "out of memory");
    const bool same_watches = watches_equal(lh_tenure_site(self->tenure), site);
    for (size_t i = 0; i < site->camera_count && code == LH_OK; i++)
        if (site->cameras[i].enabled)
            code = plan_camera(self, tenure, same_watches, &site->cameras[i], plan, fault);
    if (code != LH_OK)
        return code;
    qsort(plan->next.stations, plan->next.count, sizeof(struct lh_station *), compare_stations);
    plan_leaving(self, plan);
    plan->summary.needs_restart = needs_restart(lh_tenure_site(self->tenure), site);
    return LH_OK;
}

static void retire(struct lh_pipeline *self, const struct roster *leaving, bool gone)
{
    for (size_t i = 0; i < leaving->count; i++)
        lh_station_stop(leaving->stations[i]);
    for (size_t i = 0; i < leaving->count; i++) {
        void *item;
        if (lh_queue_pop(self->retired, -1, &item) != LH_OK)
            return;
        struct lh_station *station = item;
        if (gone)
            lh_station_flush(station);
        lh_station_destroy(&station);
    }
}

static void announce(struct lh_pipeline *self)
{
    struct lh_news *news = calloc(1, sizeof *news);
    if (!news) {
        lh_log(LH_LOG_ERROR, "alarm", NULL, "out of memory: the alarm settings stay the old ones");
        return;
    }
    news->kind = LH_NEWS_TENURE;
    news->tenure = lh_tenure_ref(self->tenure);
    if (lh_queue_push(self->news, news, sizeof *news, -1) != LH_OK)
        lh_news_destroy(news);
}

static void carry_out(struct lh_pipeline *self, struct lh_tenure *tenure, struct plan *plan)
{
    publish_roster(self, &plan->next);
    plan->next.stations = NULL;
    retire(self, &plan->leaving, true);
    (void)pthread_mutex_lock(&self->lock);
    struct lh_tenure *before = self->tenure;
    self->tenure = tenure;
    (void)pthread_mutex_unlock(&self->lock);
    lh_tenure_unref(&before);
    announce(self); /* before the news of the new stations, which is to be judged by it */
    for (size_t i = 0; i < plan->fresh.count; i++)
        launch_station(plan->fresh.stations[i], plan->threads[i]);
}

int lh_pipeline_reload(struct lh_pipeline *pipeline, struct lh_site **site,
                       struct lh_findings *findings, struct lh_fault *fault,
                       struct lh_reload_summary *ret_summary)
{
    struct lh_pipeline *self = pipeline;
    struct lh_tenure *tenure;
    if (*site) {
        const int code = lh_tenure_create(site, findings, &tenure);
        if (code != LH_OK)
            return lh_fail(fault, code, "%s", lh_strerror(code));
    } else {
        tenure = lh_tenure_ref(self->tenure);
    }
    struct plan plan = {.summary = {0}};
    const int code = make_plan(self, tenure, &plan, fault);
    if (code == LH_OK) {
        carry_out(self, tenure, &plan);
        *ret_summary = plan.summary;
    } else {
        for (size_t i = 0; i < plan.fresh.count; i++)
            lh_station_destroy(&plan.fresh.stations[i]);
        lh_tenure_unref(&tenure);
    }
    plan_finish(&plan);
    return code;
}

void lh_pipeline_destroy(struct lh_pipeline **pipeline)
{
    struct lh_pipeline *self = *pipeline;
    if (!self)
        return;
    const struct roster all = {.stations = self->stations, .count = self->station_count};
    const struct roster none = {0};
    (void)pthread_mutex_lock(&self->lock);
    self->stations = NULL;
    self->station_count = 0;
    (void)pthread_mutex_unlock(&self->lock);
    retire(self, &all, false);
    free(all.stations);
    publish_roster(self, &none);
    for (unsigned i = 0; i < self->detect_count; i++)
        lh_detect_thread_destroy(&self->detect[i]);
    if (self->news)
        lh_queue_close(self->news);
    lh_alarm_thread_destroy(&self->alarm);
    lh_queue_destroy(&self->news);
    lh_queue_destroy(&self->retired);
    lh_tenure_unref(&self->tenure);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    *pipeline = NULL;
}

int lh_pipeline_burst(struct lh_pipeline *pipeline, const char *camera, double seconds)
{
    (void)pthread_mutex_lock(&pipeline->lock);
    struct lh_station *station = find_station(pipeline, camera);
    if (station)
        lh_camera_burst(lh_station_camera(station), seconds);
    (void)pthread_mutex_unlock(&pipeline->lock);
    return station ? LH_OK : LH_ENOTFOUND;
}

const char *lh_pipeline_endpoint(const struct lh_pipeline *pipeline)
{
    return lh_alarm_thread_endpoint(pipeline->alarm);
}
