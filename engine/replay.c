#include "replay.h"

#include "base/thread.h"
#include "playback.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STEP_FRAMES 8
#define AHEAD_EVENTS 4096    /* a lane may run this far ahead of the merge ... */
#define AHEAD_EVENTS_KEPT 64 /* ... or so far, when its events hold frames */
#define MAX_THREADS 64
#define PROGRESS_US (LH_SECOND_US / 5)

/* A lane as the workers and the merge share it. */
struct track_lane {
    struct lh_lane *lane; /* used by one worker at a time: whoever set busy */
    int64_t start_us;     /* capture time of the first picture; never changes */
    bool busy;
    bool done;
    int64_t horizon_us; /* nothing earlier than this will come */
    struct lh_lane_event *events;
    size_t first;
    size_t count;
    size_t capacity;
    struct lh_lane_report report;
};

struct replay {
    const struct lh_replay_options *options;
    struct lh_clock *clock;
    struct lh_duty *duty;
    struct lh_playback *playback;
    struct lh_fault fault; /* of playback */
    struct lh_album *album;
    int64_t begun_us;
    struct lh_replay_alarm news; /* where the event at the desk comes from */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* -- protected by lock */
    struct track_lane *lanes;
    size_t lane_count;
    int code;
    bool stopping;
};

/* What one step of a lane handed over. */
struct harvest {
    struct lh_lane_event *events;
    size_t count;
    size_t capacity;
};

static bool keeps_frames(const struct lh_replay_options *options)
{
    return options->keep_frames || options->evidence_folder;
}

static int grow_events(struct lh_lane_event **events, size_t *capacity, size_t needed)
{
    if (needed <= *capacity)
        return LH_OK;
    size_t larger = *capacity ? *capacity : 16;
    while (larger < needed)
        larger *= 2;
    struct lh_lane_event *grown = realloc(*events, larger * sizeof *grown);
    if (!grown)
        return LH_ENOMEM;
    *events = grown;
    *capacity = larger;
    return LH_OK;
}

static int take_event(void *context, struct lh_lane_event *event)
{
    struct harvest *harvest = context;
    const int code = grow_events(&harvest->events, &harvest->capacity, harvest->count + 1);
    if (code != LH_OK)
        return code;
    harvest->events[harvest->count++] = *event;
    *event = (struct lh_lane_event){0};
    return LH_OK;
}

static int store_harvest(struct track_lane *lane, struct harvest *harvest)
{
    if (lane->first > 0) {
        memmove(lane->events, lane->events + lane->first, lane->count * sizeof *lane->events);
        lane->first = 0;
    }
    const int code = grow_events(&lane->events, &lane->capacity, lane->count + harvest->count);
    if (code != LH_OK)
        return code;
    if (harvest->count > 0)
        memcpy(lane->events + lane->count, harvest->events,
               harvest->count * sizeof *harvest->events);
    lane->count += harvest->count;
    harvest->count = 0;
    return LH_OK;
}

static void finish_harvest(struct harvest *harvest)
{
    for (size_t i = 0; i < harvest->count; i++)
        lh_lane_event_finish(&harvest->events[i]);
    free(harvest->events);
}

/* The lane that is furthest behind and may go on; NULL when none may just now. */
static struct track_lane *choose_lane(struct replay *self, bool *ret_all_done)
{
    const size_t ahead = keeps_frames(self->options) ? AHEAD_EVENTS_KEPT : AHEAD_EVENTS;
    struct track_lane *best = NULL;
    *ret_all_done = true;
    for (size_t i = 0; i < self->lane_count; i++) {
        struct track_lane *lane = &self->lanes[i];
        if (lane->done)
            continue;
        *ret_all_done = false;
        if (!lane->busy && lane->count < ahead && (!best || lane->horizon_us < best->horizon_us))
            best = lane;
    }
    return best;
}

static void step_lane(struct replay *self, struct track_lane *lane)
{
    struct harvest harvest = {0};
    lane->busy = true;
    (void)pthread_mutex_unlock(&self->lock);
    const int code = lh_lane_advance(lane->lane, STEP_FRAMES, take_event, &harvest);
    const struct lh_lane_report report = lh_lane_report(lane->lane);
    (void)pthread_mutex_lock(&self->lock);
    const int stored = store_harvest(lane, &harvest);
    if (stored != LH_OK)
        self->code = stored;
    lane->report = report;
    lane->horizon_us = report.now_utc_us;
    lane->done = code != LH_OK;
    lane->busy = false;
    (void)pthread_cond_broadcast(&self->changed);
    finish_harvest(&harvest);
}

static void work(void *opaque)
{
    struct replay *self = opaque;
    (void)pthread_mutex_lock(&self->lock);
    for (;;) {
        bool all_done;
        struct track_lane *lane = choose_lane(self, &all_done);
        if (self->stopping || all_done)
            break;
        if (lane)
            step_lane(self, lane);
        else
            (void)pthread_cond_wait(&self->changed, &self->lock);
    }
    (void)pthread_mutex_unlock(&self->lock);
}

/* The lane whose first event is next, once no other lane can come before it. */
static struct track_lane *next_lane(struct replay *self, bool *ret_finished)
{
    struct track_lane *best = NULL;
    *ret_finished = true;
    for (size_t i = 0; i < self->lane_count; i++) {
        struct track_lane *lane = &self->lanes[i];
        if (!lane->done || lane->count > 0)
            *ret_finished = false;
        if (lane->count > 0 &&
            (!best || lane->events[lane->first].utc_us < best->events[best->first].utc_us))
            best = lane;
    }
    for (size_t i = 0; best && i < self->lane_count; i++) {
        const struct track_lane *lane = &self->lanes[i];
        const int64_t next_us = best->events[best->first].utc_us;
        /* of events at one time the earlier lane's comes first, so it must be past that time */
        if (!lane->done && lane->count == 0 &&
            (lane->horizon_us < next_us || (lane->horizon_us == next_us && lane < best)))
            return NULL;
    }
    return best;
}

static void pass_on(void *context, const struct lh_alarm *alarm, const char *topic,
                    const char *json)
{
    struct replay *self = context;
    (void)topic;
    self->news.alarm = alarm;
    self->news.json = json;
    if (self->options->on_alarm)
        self->options->on_alarm(self->options->context, &self->news);
}

static void pass_cue(void *context, const struct lh_cue *cue, const char *json)
{
    struct replay *self = context;
    if (self->options->on_cue)
        self->options->on_cue(self->options->context, cue, json);
}

static int show_desk(struct replay *self, const struct track_lane *lane,
                     const struct lh_lane_event *event)
{
    const struct lh_desk_input input = {
        .type = event->type,
        .track = event->track,
        .camera = lh_lane_camera(lane->lane),
        .frame = event->frame,
        .info = event->has_info ? &event->info : NULL,
        .detections = event->detections,
        .detection_count = event->detection_count,
    };
    self->news = (struct lh_replay_alarm){.clip = LH_NO_CLIP};
    const int played = lh_playback_until(self->playback, event->utc_us, self->duty, &self->fault);
    if (played != LH_OK)
        return played;
    if (event->look)
        return lh_duty_look(self->duty, lh_lane_camera(lane->lane), event->info.preset,
                            (double)event->info.width_px / (double)event->info.height_px,
                            event->utc_us);
    self->news = (struct lh_replay_alarm){.clip = (size_t)(lane - self->lanes),
                                          .clip_start_us = lane->start_us,
                                          .frame = event->frame};
    const int code = lh_duty_track(self->duty, &input);
    lh_desk_tick(lh_duty_desk(self->duty));
    return code;
}

static struct lh_replay_progress measure(const struct replay *self)
{
    struct lh_replay_progress progress = {.lanes = self->lane_count};
    for (size_t i = 0; i < self->lane_count; i++) {
        const struct track_lane *lane = &self->lanes[i];
        progress.share += lane->report.progress < 0 ? 0 : lane->report.progress;
        progress.frames += lane->report.frames;
        progress.lanes_done += lane->done;
        if (lane->report.start_utc_us != LH_NO_TIME)
            progress.footage_s += (double)(lane->report.now_utc_us - lane->report.start_utc_us) /
                                  (double)LH_SECOND_US;
    }
    progress.share /= self->lane_count ? (double)self->lane_count : 1;
    progress.elapsed_s =
        (double)(lh_clock_monotonic_us(lh_clock_system()) - self->begun_us) / (double)LH_SECOND_US;
    progress.speed = progress.elapsed_s > 0 ? progress.footage_s / progress.elapsed_s : 0;
    return progress;
}

static void wait_for_change(struct replay *self)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)PROGRESS_US * 1000;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    (void)pthread_cond_timedwait(&self->changed, &self->lock, &until);
}

static void show_progress(struct replay *self, int64_t *due_us)
{
    const int64_t now_us = lh_clock_monotonic_us(lh_clock_system());
    if (!self->options->on_progress || now_us < *due_us)
        return;
    *due_us = now_us + PROGRESS_US;
    const struct lh_replay_progress progress = measure(self);
    self->options->on_progress(self->options->context, &progress);
}

/* What comes after all footage; without the lock, since it may take its time. */
static void play_rest(struct replay *self)
{
    (void)pthread_mutex_unlock(&self->lock);
    self->news = (struct lh_replay_alarm){.clip = LH_NO_CLIP};
    const int code = lh_playback_until(self->playback, INT64_MAX, self->duty, &self->fault);
    (void)pthread_mutex_lock(&self->lock);
    if (code != LH_OK)
        self->code = code;
}

static void merge(struct replay *self)
{
    int64_t due_us = 0;
    (void)pthread_mutex_lock(&self->lock);
    while (self->code == LH_OK && !(self->options->stop && atomic_load(self->options->stop))) {
        bool finished;
        struct track_lane *lane = next_lane(self, &finished);
        if (finished) {
            play_rest(self);
            break;
        }
        show_progress(self, &due_us);
        if (!lane) {
            wait_for_change(self);
            continue;
        }
        struct lh_lane_event event = lane->events[lane->first++];
        lane->count--;
        (void)pthread_cond_broadcast(&self->changed);
        (void)pthread_mutex_unlock(&self->lock);
        const int code = show_desk(self, lane, &event);
        lh_lane_event_finish(&event);
        (void)pthread_mutex_lock(&self->lock);
        if (code != LH_OK)
            self->code = code;
    }
    self->stopping = true;
    (void)pthread_cond_broadcast(&self->changed);
    (void)pthread_mutex_unlock(&self->lock);
}

static const struct lh_camera_config *settings_for(const struct replay *self,
                                                   const char *clip_camera)
{
    const struct lh_site *site = lh_tenure_site(self->options->tenure);
    if (self->options->camera)
        return lh_site_camera(site, self->options->camera);
    const struct lh_camera_config *named = lh_site_camera(site, clip_camera);
    return named ? named : &site->camera_defaults;
}

static int create_lanes(struct replay *self, const struct lh_footage *footage)
{
    self->lanes = calloc(footage->count + 1, sizeof *self->lanes);
    if (!self->lanes)
        return LH_ENOMEM;
    for (size_t i = 0; i < footage->count; i++) {
        const struct lh_lane_options options = {
            .site = lh_tenure_site(self->options->tenure),
            .plugins = lh_tenure_plugins(self->options->tenure),
            .settings = settings_for(self, footage->clips[i].camera),
            .camera = footage->clips[i].camera,
            .path = footage->clips[i].path,
            .start_utc_us = self->options->start_utc_us,
            .keep_frames = keeps_frames(self->options),
            .stop = self->options->stop,
            .number = i,
            .on_look = self->options->on_look,
            .context = self->options->context,
        };
        struct track_lane *lane = &self->lanes[i];
        const int code = lh_lane_create(&options, &lane->lane);
        if (code != LH_OK)
            return code;
        self->lane_count++;
        lane->report = lh_lane_report(lane->lane);
        lane->horizon_us = lane->report.start_utc_us;
        lane->start_us = lane->report.start_utc_us;
    }
    return LH_OK;
}

static int open_desk(struct replay *self, struct lh_fault *fault)
{
    const struct lh_site *site = lh_tenure_site(self->options->tenure);
    int code = lh_clock_replay_create(0, &self->clock);
    if (code == LH_OK && self->options->evidence_folder) {
        code =
            lh_album_create(&site->evidence, self->options->evidence_folder, fault, &self->album);
        if (code != LH_OK)
            return code;
    }
    const struct lh_duty_options duty = {
        .desk = {.site = site,
                 .clock = self->clock,
                 .epoch = "replay",
                 .album = self->album,
                 .on_alarm = pass_on,
                 .tell_kept = self->options->kept,
                 .context = self},
        .vantage = lh_tenure_vantage(self->options->tenure),
        .on_cue = pass_cue,
    };
    if (code != LH_OK)
        return lh_fail(fault, code, "%s", lh_strerror(code));
    code = lh_duty_create(&duty, fault, &self->duty);
    const struct lh_playback_options playback = {
        .site = site, .clock = self->clock, .events = self->options->events};
    return code == LH_OK ? lh_playback_create(&playback, fault, &self->playback) : code;
}

static int run_threads(struct replay *self, struct lh_fault *fault)
{
    struct lh_thread threads[MAX_THREADS] = {0};
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned wanted =
        self->options->threads ? self->options->threads : (unsigned)(cores > 0 ? cores : 1);
    if (wanted > MAX_THREADS)
        wanted = MAX_THREADS;
    if (wanted > self->lane_count)
        wanted = (unsigned)self->lane_count;
    int code = LH_OK;
    unsigned started = 0;
    while (started < wanted && code == LH_OK) {
        char name[24];
        (void)snprintf(name, sizeof name, "replay-%u", started + 1);
        code = lh_thread_start(&threads[started], name, work, self);
        started += code == LH_OK;
    }
    if (started > 0 || wanted == 0)
        merge(self);
    for (unsigned i = 0; i < started; i++)
        lh_thread_join(&threads[i]);
    if (started == 0 && wanted > 0)
        return lh_fail(fault, code, "%s", lh_strerror(code));
    if (self->code == LH_OK)
        return LH_OK;
    const bool told = self->fault.code != LH_OK;
    return lh_fail(fault, self->code, "%s", told ? self->fault.text : lh_strerror(self->code));
}

static int collect_result(struct replay *self, struct lh_replay_result *ret_result)
{
    struct lh_replay_result result = {.progress = measure(self),
                                      .desk = lh_desk_counts(lh_duty_desk(self->duty))};
    result.lanes = calloc(self->lane_count + 1, sizeof *result.lanes);
    result.owners = calloc(self->lane_count + 1, sizeof(struct lh_lane *));
    if (!result.lanes || !result.owners) {
        free(result.lanes);
        free(result.owners);
        return LH_ENOMEM;
    }
    for (size_t i = 0; i < self->lane_count; i++) {
        result.lanes[i] = self->lanes[i].report;
        result.owners[i] = self->lanes[i].lane;
        self->lanes[i].lane = NULL;
    }
    result.lane_count = self->lane_count;
    *ret_result = result;
    return LH_OK;
}

static void finish(struct replay *self)
{
    for (size_t i = 0; i < self->lane_count; i++) {
        struct track_lane *lane = &self->lanes[i];
        for (size_t k = 0; k < lane->count; k++)
            lh_lane_event_finish(&lane->events[lane->first + k]);
        free(lane->events);
        lh_lane_destroy(&lane->lane);
    }
    free(self->lanes);
    lh_playback_destroy(&self->playback);
    lh_duty_destroy(&self->duty);
    lh_album_destroy(&self->album);
    lh_clock_replay_destroy(&self->clock);
}

int lh_replay_run(const struct lh_replay_options *options, struct lh_fault *fault,
                  struct lh_replay_result *ret_result)
{
    struct replay self = {
        .options = options,
        .begun_us = lh_clock_monotonic_us(lh_clock_system()),
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
    };
    if (options->camera && !lh_site_camera(lh_tenure_site(options->tenure), options->camera))
        return lh_fail(fault, LH_ENOTFOUND, "the site has no camera '%s'", options->camera);
    int code = create_lanes(&self, options->footage);
    if (code != LH_OK)
        (void)lh_fail(fault, code, "%s", lh_strerror(code));
    else
        code = open_desk(&self, fault);
    if (code == LH_OK)
        code = run_threads(&self, fault);
    if (code == LH_OK) {
        code = collect_result(&self, ret_result);
        if (code != LH_OK)
            (void)lh_fail(fault, code, "%s", lh_strerror(code));
    }
    finish(&self);
    return code;
}

void lh_replay_result_finish(struct lh_replay_result *result)
{
    for (size_t i = 0; i < result->lane_count; i++)
        lh_lane_destroy(&result->owners[i]);
    free(result->owners);
    free(result->lanes);
    *result = (struct lh_replay_result){0};
}
