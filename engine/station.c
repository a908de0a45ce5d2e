#include "station.h"

#include "alarm/folder.h"
#include "detect/spending.h"
#include "gaze.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_WAITING 2 /* live: the newest picture matters, the one before it is a courtesy */
#define FRAME_AGE_S 30   /* older pictures are not analysed at all */
#define LOOK_US (60 * LH_SECOND_US)
#define PLACE_KEPT_S 600 /* the memory of the place is written this often, and at the end */

struct lh_tenure {
    atomic_uint references;
    struct lh_site *site;
    struct lh_watch_plugins *plugins;
    struct lh_vantage *vantage;
    struct lh_camera_config **views; /* of each camera, in the site's order; NULL: it has one */
};

/* What the tracker reported of one frame, kept until the frame's detections are known. */
struct event {
    enum lh_track_event_type type;
    struct lh_track track;
};

/* One view of a camera, with all that was learnt of it. A fixed camera has one; a movable one has that of its pose, one a
 * preset, and "elsewhere". */
struct view {
    const struct lh_camera_config *camera; /* as it is there */
    struct lh_watch *watch;                /* NULL: it has not looked there yet */
    int64_t looked_us;                     /* monotonic: the last look that was told */
};

struct lh_station {
    struct lh_station_options options;
    struct lh_queue *frames;
    struct lh_camera *camera;
    struct lh_gaze *gaze; /* NULL: it does not move */
    struct view *views;   /* the detect thread's after start, as is all down to the lock */
    size_t view_count;
    struct view *view;     /* of the frame at hand */
    struct lh_frame *held; /* waits for word of where the camera looked */
    int64_t held_us;       /* monotonic, since when */
    struct lh_complaint complaint;
    struct lh_complaint place_complaint;
    char *place_path;      /* NULL: not kept */
    int64_t place_kept_us; /* monotonic */
    bool place_changed;
    char *spending_path;      /* NULL: not kept */
    struct lh_spending spent; /* as it was kept */
    struct lh_complaint spending_complaint;
    struct event *events;
    size_t event_count;
    size_t event_capacity;
    pthread_mutex_t lock;
    /* -- protected by lock */
    struct lh_detector_counts counts[LH_STATION_DETECTORS];
    uint64_t analysed;
    uint64_t held_back[LH_HOLDS];
    uint64_t moving;                /* frames that were not analysed since the camera moved */
    struct lh_camera_status health; /* a change that is still to be told ... */
    enum lh_health_state health_before;
    bool health_waits; /* ... if there is one */
};

/* A view is the camera with another preset, so that nobody behind needs to know of views. Elsewhere it has no pose. */
static struct lh_camera_config *make_views(const struct lh_camera_config *camera)
{
    static char elsewhere[] = "elsewhere";
    struct lh_camera_config *views = calloc(camera->preset_count + 1, sizeof *views);
    for (size_t i = 0; views && i <= camera->preset_count; i++) {
        views[i] = *camera;
        views[i].preset = i < camera->preset_count ? camera->presets[i].name : elsewhere;
    }
    if (views)
        views[camera->preset_count].pose_place = (struct lh_place){0};
    return views;
}

static int create_views(struct lh_tenure *tenure)
{
    const struct lh_site *site = tenure->site;
    tenure->views = calloc(site->camera_count + 1, sizeof(struct lh_camera_config *));
    for (size_t i = 0; tenure->views && i < site->camera_count; i++) {
        if (!lh_gaze_is_movable(&site->cameras[i]))
            continue;
        tenure->views[i] = make_views(&site->cameras[i]);
        if (!tenure->views[i])
            return LH_ENOMEM;
    }
    return tenure->views ? LH_OK : LH_ENOMEM;
}

int lh_tenure_create(struct lh_site **site, struct lh_findings *findings,
                     struct lh_tenure **ret_tenure)
{
    struct lh_tenure *tenure = calloc(1, sizeof *tenure);
    if (!tenure) {
        lh_site_destroy(site);
        return LH_ENOMEM;
    }
    atomic_init(&tenure->references, 1);
    tenure->site = *site;
    *site = NULL;
    int code = lh_watch_plugins_load(tenure->site, findings, &tenure->plugins);
    if (code == LH_OK)
        code = lh_vantage_create(tenure->site, &tenure->vantage);
    if (code == LH_OK)
        code = create_views(tenure);
    if (code != LH_OK) {
        lh_tenure_unref(&tenure);
        return code;
    }
    *ret_tenure = tenure;
    return LH_OK;
}

struct lh_tenure *lh_tenure_ref(struct lh_tenure *tenure)
{
    (void)atomic_fetch_add(&tenure->references, 1);
    return tenure;
}

void lh_tenure_unref(struct lh_tenure **tenure_pointer)
{
    struct lh_tenure *tenure = *tenure_pointer;
    *tenure_pointer = NULL;
    if (!tenure || atomic_fetch_sub(&tenure->references, 1) != 1)
        return;
    lh_watch_plugins_destroy(&tenure->plugins);
    lh_vantage_destroy(&tenure->vantage);
    for (size_t i = 0; tenure->views && i < tenure->site->camera_count; i++)
        free(tenure->views[i]);
    free(tenure->views);
    lh_site_destroy(&tenure->site);
    free(tenure);
}

const struct lh_site *lh_tenure_site(const struct lh_tenure *tenure)
{
    return tenure->site;
}

const struct lh_watch_plugins *lh_tenure_plugins(const struct lh_tenure *tenure)
{
    return tenure->plugins;
}

const struct lh_vantage *lh_tenure_vantage(const struct lh_tenure *tenure)
{
    return tenure->vantage;
}

void lh_news_destroy(void *item)
{
    struct lh_news *news = item;
    if (!news)
        return;
    lh_frame_unref(&news->frame);
    lh_tenure_unref(&news->tenure);
    free(news->detections);
    free(news->status);
    free(news);
}

static struct lh_news *news_create(const struct lh_station *station, enum lh_news_kind kind)
{
    struct lh_news *news = calloc(1, sizeof *news);
    if (!news)
        return NULL;
    news->kind = kind;
    news->tenure = lh_tenure_ref(station->options.tenure);
    news->camera = kind == LH_NEWS_HEALTH ? station->options.camera : station->view->camera;
    return news;
}

/* Runs in the camera's thread, which waits for nobody: the detect thread carries it on. Of several
 * changes that wait the last one counts. */
static void on_health(void *context, const struct lh_camera_status *status,
                      enum lh_health_state before)
{
    struct lh_station *station = context;
    (void)pthread_mutex_lock(&station->lock);
    if (!station->health_waits)
        station->health_before = before;
    station->health = *status;
    station->health_waits = true;
    (void)pthread_mutex_unlock(&station->lock);
    lh_bell_ring(station->options.bell);
}

/* False where there is no memory: it goes on waiting. */
static bool take_health(struct lh_station *station, struct lh_news *news)
{
    news->status = malloc(sizeof *news->status);
    if (!news->status)
        return false;
    (void)pthread_mutex_lock(&station->lock);
    const bool waits = station->health_waits;
    *news->status = station->health;
    news->health_before = station->health_before;
    station->health_waits = false;
    (void)pthread_mutex_unlock(&station->lock);
    return waits;
}

static void report_health(struct lh_station *station)
{
    (void)pthread_mutex_lock(&station->lock);
    const bool waits = station->health_waits;
    (void)pthread_mutex_unlock(&station->lock);
    struct lh_news *news = waits ? news_create(station, LH_NEWS_HEALTH) : NULL;
    if (!news)
        return;
    if (!take_health(station, news) ||
        lh_queue_push(station->options.news, news, sizeof *news + sizeof *news->status, -1) !=
            LH_OK)
        lh_news_destroy(news);
}

/* Only of cameras of which somebody knows where they look. */
static void report_look(struct lh_station *station, const struct lh_frame_info *info)
{
    const int64_t now_us = lh_clock_monotonic_us(station->options.clock);
    if (station->view->camera->pose_place.line == 0 || info->burst ||
        now_us - station->view->looked_us < LOOK_US)
        return;
    struct lh_news *news = news_create(station, LH_NEWS_LOOK);
    if (!news)
        return;
    station->view->looked_us = now_us;
    news->looked_utc_us = info->capture_utc_us;
    news->aspect = (double)info->width_px / (double)info->height_px;
    if (lh_queue_push(station->options.news, news, sizeof *news, -1) != LH_OK)
        lh_news_destroy(news);
}

static void drop_frame(void *item)
{
    struct lh_frame *frame = item;
    lh_frame_unref(&frame);
}

static int create_camera(struct lh_station *station)
{
    const struct lh_queue_options queue = {
        .policy = LH_QUEUE_LIVE,
        .max_count = FRAMES_WAITING,
        .max_age_us = FRAME_AGE_S * LH_SECOND_US,
        .drop = drop_frame,
        .bell = station->options.bell,
        .clock = station->options.clock,
    };
    const int code = lh_queue_create(&queue, &station->frames);
    if (code != LH_OK)
        return code;
    const struct lh_camera_options camera = {
        .config = station->options.camera,
        .clock = station->options.clock,
        .frames = station->frames,
        .on_event = on_health,
        .event_context = station,
    };
    return lh_camera_create(&camera, &station->camera);
}

/* After a jump of time every track there was may end, and as many begin. */
static int create_events(struct lh_station *station)
{
    station->event_capacity =
        2 * (size_t)lh_tenure_site(station->options.tenure)->tracks.max_tracks;
    station->events = calloc(station->event_capacity, sizeof *station->events);
    return station->events ? LH_OK : LH_ENOMEM;
}

/* DATA/ROOM/CAMERA, the folder made; NULL where that cannot be. */
static char *path_of(const struct lh_station *station, const char *room)
{
    const struct lh_site *site = lh_tenure_site(station->options.tenure);
    const char *id = station->options.camera->id;
    struct lh_fault fault = {0};
    char *path = NULL;
    char *folder = lh_folder_path(site->data_folder, room, "");
    if (folder && lh_folder_make(folder, &fault) == LH_OK)
        path = lh_folder_path(folder, id, "");
    free(folder);
    if (!path)
        lh_log(LH_LOG_WARN, "detect", id, "%s of the camera are not kept: %s", room,
               fault.code ? fault.text : "out of memory");
    return path;
}

/* The use of the budget of the day, from before a restart. Without a file, or with a spoilt one, it starts
 * anew. */
static void recall_spending(struct lh_station *station)
{
    if (lh_tenure_site(station->options.tenure)->tracks.budget_per_day <= 0)
        return;
    station->spending_path = path_of(station, "budgets");
    if (!station->spending_path)
        return;
    const int code = lh_spending_load(station->spending_path, &station->spent);
    if (code == LH_OK)
        lh_watch_set_spending(station->views[0].watch, station->spent);
    else if (code != LH_ENOTFOUND)
        lh_log(LH_LOG_WARN, "detect", station->options.camera->id,
               "%s: %s; the count of the day starts anew", station->spending_path,
               lh_strerror(code));
}

/* At every confirmation: they are rare, and a kill must not give the budget out again. */
static void keep_spending(struct lh_station *station)
{
    const struct lh_spending now = lh_watch_spending(station->views[0].watch);
    if (!station->spending_path ||
        (now.day == station->spent.day && now.confirmed == station->spent.confirmed) ||
        now.confirmed == 0)
        return;
    station->spent = now;
    const int code = lh_spending_save(now, station->spending_path);
    const char *id = station->options.camera->id;
    if (code != LH_OK)
        lh_complain(&station->spending_complaint, station->options.clock, "detect", id,
                    "%s cannot be written: %s", station->spending_path, lh_strerror(code));
    else
        lh_recovered(&station->spending_complaint, station->options.clock, "detect", id,
                     "the use of the budget is written again");
}

/* The memory of the camera's place, from before a restart. Without a file, or with a spoilt one, it starts
 * anew. */
static void recall_place(struct lh_station *station)
{
    station->place_kept_us = lh_clock_monotonic_us(station->options.clock);
    if (lh_tenure_site(station->options.tenure)->tracks.place_weight <= 0.0)
        return;
    station->place_path = path_of(station, "places");
    if (!station->place_path)
        return;
    const int code = lh_place_load(lh_watch_place(station->views[0].watch), station->place_path);
    if (code != LH_OK && code != LH_ENOTFOUND)
        lh_log(LH_LOG_WARN, "detect", station->options.camera->id,
               "%s: %s; the memory of the place starts anew", station->place_path,
               lh_strerror(code));
}

static void keep_place(struct lh_station *station)
{
    station->place_kept_us = lh_clock_monotonic_us(station->options.clock);
    if (!station->place_path || !station->place_changed)
        return;
    station->place_changed = false;
    const int code = lh_place_save(lh_watch_place(station->views[0].watch), station->place_path);
    const char *id = station->options.camera->id;
    if (code != LH_OK)
        lh_complain(&station->place_complaint, station->options.clock, "detect", id,
                    "%s cannot be written: %s", station->place_path, lh_strerror(code));
    else
        lh_recovered(&station->place_complaint, station->options.clock, "detect", id,
                     "the memory of the place is written again");
}

static int create_station_views(struct lh_station *station)
{
    const struct lh_camera_config *camera = station->options.camera;
    const struct lh_tenure *tenure = station->options.tenure;
    const struct lh_camera_config *others = tenure->views[camera - tenure->site->cameras];
    station->view_count = others ? camera->preset_count + 2 : 1;
    station->views = calloc(station->view_count, sizeof *station->views);
    if (!station->views)
        return LH_ENOMEM;
    for (size_t i = 0; i < station->view_count; i++)
        station->views[i].camera = i == 0 ? camera : &others[i - 1];
    station->view = &station->views[0];
    return LH_OK;
}

static int open_view(struct lh_station *station, struct view *view, struct lh_fault *fault)
{
    const struct lh_tenure *tenure = station->options.tenure;
    return view->watch
               ? LH_OK
               : lh_watch_create(tenure->site, view->camera, tenure->plugins, fault, &view->watch);
}

int lh_station_create(const struct lh_station_options *options, struct lh_fault *fault,
                      struct lh_station **ret_station)
{
    struct lh_station *station = calloc(1, sizeof *station);
    if (!station)
        return lh_fail(fault, LH_ENOMEM, "camera '%s': out of memory", options->camera->id);
    if (pthread_mutex_init(&station->lock, NULL) != 0) {
        free(station);
        return lh_fail(fault, LH_ENOMEM, "camera '%s': out of memory", options->camera->id);
    }
    station->options = *options;
    station->options.tenure = lh_tenure_ref(options->tenure);
    int code = create_station_views(station);
    if (code == LH_OK)
        code = open_view(station, &station->views[0], fault);
    else
        (void)lh_fail(fault, code, "camera '%s': out of memory", options->camera->id);
    if (code == LH_OK) {
        recall_place(station);
        recall_spending(station);
        code = create_events(station);
        if (code == LH_OK && lh_gaze_is_movable(options->camera))
            code = lh_gaze_create(options->camera, options->clock, options->bell, &station->gaze);
        if (code == LH_OK)
            code = create_camera(station);
        if (code != LH_OK)
            (void)lh_fail(fault, code, "camera '%s': %s", options->camera->id, lh_strerror(code));
    }
    if (code != LH_OK) {
        lh_station_destroy(&station);
        return code;
    }
    *ret_station = station;
    return LH_OK;
}

int lh_station_start(struct lh_station *station)
{
    const int code = station->gaze ? lh_gaze_start(station->gaze) : LH_OK;
    return code == LH_OK ? lh_camera_start(station->camera) : code;
}

void lh_station_stop(struct lh_station *station)
{
    if (station->gaze)
        lh_gaze_stop(station->gaze);
    lh_camera_stop(station->camera);
    lh_queue_close(station->frames);
}

void lh_station_destroy(struct lh_station **station_pointer)
{
    struct lh_station *station = *station_pointer;
    if (!station)
        return;
    lh_gaze_destroy(&station->gaze);
    lh_camera_destroy(&station->camera);
    lh_queue_destroy(&station->frames);
    lh_frame_unref(&station->held);
    if (station->views && station->views[0].watch)
        keep_place(station);
    for (size_t i = 0; station->views && i < station->view_count; i++)
        lh_watch_destroy(&station->views[i].watch);
    free(station->views);
    free(station->place_path);
    free(station->spending_path);
    free(station->events);
    lh_tenure_unref(&station->options.tenure);
    (void)pthread_mutex_destroy(&station->lock);
    free(station);
    *station_pointer = NULL;
}

const struct lh_camera_config *lh_station_config(const struct lh_station *station)
{
    return station->options.camera;
}

const struct lh_tenure *lh_station_tenure(const struct lh_station *station)
{
    return station->options.tenure;
}

int lh_station_point(struct lh_station *station, int64_t utc_us, struct lh_pointing pointing,
                     enum lh_moving moving)
{
    return station->gaze ? lh_gaze_push(station->gaze, utc_us, pointing, moving) : LH_EINVAL;
}

struct lh_camera *lh_station_camera(struct lh_station *station)
{
    return station->camera;
}

static void on_track(void *context, enum lh_track_event_type type, const struct lh_track *track)
{
    struct lh_station *station = context;
    if (station->event_count == station->event_capacity)
        return; /* the tracker has no more to tell than this */
    station->events[station->event_count++] = (struct event){.type = type, .track = *track};
}

static void report(struct lh_station *station, enum lh_track_event_type type,
                   const struct lh_track *track, struct lh_frame *frame,
                   const struct lh_watch_result *result)
{
    struct lh_news *news = news_create(station, LH_NEWS_TRACK);
    if (!news) {
        lh_log(LH_LOG_ERROR, "detect", station->options.camera->id,
               "out of memory: news of track %llu is lost", (unsigned long long)track->id);
        return;
    }
    news->event = type;
    news->track = *track;
    news->track.id |= (uint64_t)(station->view - station->views)
                      << 40; /* each view counts from 1 */
    size_t bytes = sizeof *news;
    if (frame && type != LH_TRACK_LOST && type != LH_TRACK_HELD) {
        news->frame = lh_frame_ref(frame);
        bytes += lh_frame_bytes(frame);
        news->detections = malloc(result->detection_count * sizeof *news->detections + 1);
        if (news->detections) {
            memcpy(news->detections, result->detections,
                   result->detection_count * sizeof *news->detections);
            news->detection_count = result->detection_count;
        }
    }
    if (lh_queue_push(station->options.news, news, bytes, -1) != LH_OK)
        lh_news_destroy(news);
}

static void add_counts(struct lh_detector_counts *sum, const struct lh_detector_counts *more)
{
    sum->frames += more->frames;
    sum->failures += more->failures;
    sum->detections += more->detections;
    sum->refused += more->refused;
    sum->below_score += more->below_score;
    sum->masked += more->masked;
    sum->busy_us += more->busy_us;
    sum->bad_masks += more->bad_masks;
    if (more->slowest_us > sum->slowest_us)
        sum->slowest_us = more->slowest_us;
}

static void copy_counts(struct lh_station *station)
{
    struct lh_detector_counts sums[LH_STATION_DETECTORS] = {{0}};
    for (size_t i = 0; i < station->view_count; i++) {
        const struct lh_watch *watch = station->views[i].watch;
        for (size_t k = 0; watch && k < lh_watch_detectors(watch) && k < LH_STATION_DETECTORS;
             k++) {
            const struct lh_detector_counts counts = lh_watch_detector_counts(watch, k);
            add_counts(&sums[k], &counts);
        }
    }
    (void)pthread_mutex_lock(&station->lock);
    station->analysed++;
    for (size_t i = 0; i < station->event_count; i++)
        if (station->events[i].type == LH_TRACK_HELD)
            station->held_back[station->events[i].track.held]++;
    memcpy(station->counts, sums, sizeof sums);
    (void)pthread_mutex_unlock(&station->lock);
}

static void analyse(struct lh_station *station, struct lh_frame *frame)
{
    struct lh_watch_result result = {0};
    const char *id = station->options.camera->id;
    station->event_count = 0;
    const int code = lh_watch_frame(station->view->watch, frame, on_track, station, &result);
    if (code != LH_OK)
        lh_complain(&station->complaint, station->options.clock, "detect", id,
                    "frame not analysed: %s", lh_strerror(code));
    else if (result.failed_detectors > 0)
        lh_complain(&station->complaint, station->options.clock, "detect", id, "%s",
                    result.fault.text);
    else
        lh_recovered(&station->complaint, station->options.clock, "detect", id,
                     "detectors work again");
    for (size_t i = 0; i < station->event_count; i++)
        report(station, station->events[i].type, &station->events[i].track, frame, &result);
    if (code == LH_OK && result.failed_detectors == 0)
        report_look(station, lh_frame_info(frame));
    copy_counts(station);
    keep_spending(station);
    station->place_changed = true;
    if (lh_clock_monotonic_us(station->options.clock) - station->place_kept_us >
        PLACE_KEPT_S * LH_SECOND_US)
        keep_place(station);
}

/* Elsewhere is a new place whenever the camera turns. */
static int enter_view(struct lh_station *station, size_t number, bool turned)
{
    struct view *view = &station->views[number];
    struct lh_fault fault = {0};
    if (turned)
        lh_watch_destroy(&view->watch);
    const int code = open_view(station, view, &fault);
    if (code != LH_OK)
        lh_complain(&station->complaint, station->options.clock, "detect",
                    station->options.camera->id, "not watched at '%s': %s", view->camera->preset,
                    fault.text);
    else
        station->view = view;
    return code;
}

static void count_moving(struct lh_station *station)
{
    (void)pthread_mutex_lock(&station->lock);
    station->moving++;
    (void)pthread_mutex_unlock(&station->lock);
}

/* By where the camera looked when it took the picture. LH_EAGAIN: not known yet. */
static int place_frame(struct lh_station *station, struct lh_frame *frame)
{
    size_t preset = 0;
    bool turned = false;
    size_t number = 0;
    const int64_t held_us = lh_clock_monotonic_us(station->options.clock) - station->held_us;
    switch (lh_gaze_ask(station->gaze, lh_frame_info(frame)->capture_utc_us, held_us, &preset,
                        &turned)) {
    case LH_GAZE_WAIT:
        return LH_EAGAIN;
    case LH_GAZE_MOVING:
        count_moving(station);
        return LH_ENOTFOUND;
    case LH_GAZE_PRESET:
        number = 1 + preset;
        break;
    case LH_GAZE_ELSEWHERE:
        number = station->view_count - 1;
        break;
    default:
        break;
    }
    const int code = enter_view(station, number, turned);
    return code == LH_OK ? lh_frame_set_preset(frame, station->view->camera->preset) : code;
}

int lh_station_work(struct lh_station *station)
{
    report_health(station);
    if (!station->held) {
        void *item;
        const int code = lh_queue_pop(station->frames, 0, &item);
        if (code != LH_OK)
            return code;
        station->held = item;
        station->held_us = lh_clock_monotonic_us(station->options.clock);
    }
    const int placed = station->gaze ? place_frame(station, station->held) : LH_OK;
    if (placed == LH_EAGAIN)
        return LH_ETIMEOUT;
    if (placed == LH_OK)
        analyse(station, station->held);
    lh_frame_unref(&station->held);
    return LH_OK;
}

void lh_station_flush(struct lh_station *station)
{
    const struct lh_watch_result nothing = {0};
    for (size_t view = 0; view < station->view_count; view++) {
        station->view = &station->views[view];
        station->event_count = 0;
        if (station->view->watch)
            lh_watch_flush(station->view->watch, on_track, station);
        for (size_t i = 0; i < station->event_count; i++)
            report(station, station->events[i].type, &station->events[i].track, NULL, &nothing);
    }
}

void lh_station_status(struct lh_station *station, struct lh_station_status *ret_status)
{
    struct lh_station_status *status = ret_status;
    *status = (struct lh_station_status){0};
    lh_camera_status(station->camera, &status->camera);
    const struct lh_queue_counts queue = lh_queue_counts(station->frames);
    status->frames_waiting = queue.depth;
    status->frames_dropped = queue.dropped;
    (void)pthread_mutex_lock(&station->lock);
    status->frames_analysed = station->analysed;
    memcpy(status->held, station->held_back, sizeof status->held);
    status->frames_moving = station->moving;
    memcpy(status->detectors, station->counts, sizeof status->detectors);
    (void)pthread_mutex_unlock(&station->lock);
    /* names are copied: a reload may end the site they belong to while the status is being written */
    const struct lh_camera_config *camera = station->options.camera;
    for (size_t i = 0; i < camera->detector_count && i < LH_STATION_DETECTORS; i++) {
        (void)snprintf(status->name_room[i], sizeof status->name_room[i], "%s",
                       camera->detectors[i]);
        status->detector_names[i] = status->name_room[i];
        status->detector_count = i + 1;
    }
}
