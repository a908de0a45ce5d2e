#include "alarm_thread.h"

#include "base/thread.h"
#include "feeds.h"
#include "reception.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_US (LH_SECOND_US / 10)
#define BATCHES_AT_ONCE 4 /* so that alarms go out between */

struct lh_alarm_thread {
    struct lh_alarm_thread_options options;
    struct lh_tenure *tenure; /* the thread's after start */
    struct lh_store *store;
    struct lh_album *album;
    struct lh_publisher *publisher;
    struct lh_duty *duty;
    struct lh_feeds *feeds; /* NULL: they could not be started */
    struct lh_complaint feed_complaint;
    struct lh_reception *reception; /* NULL: the site names nobody */
    struct lh_complaint status_complaint;
    int64_t status_due_us;
    uint64_t status_sequence;
    struct lh_thread thread;
};

static int open_parts(struct lh_alarm_thread *self, struct lh_fault *fault)
{
    const struct lh_site *site = lh_tenure_site(self->tenure);
    int code = lh_store_open(site->data_folder, fault, &self->store);
    if (code == LH_OK && site->evidence.enabled)
        code = lh_album_create(&site->evidence, site->data_folder, fault, &self->album);
    if (code == LH_OK)
        code = lh_publisher_create(&site->bus, fault, &self->publisher);
    if (code != LH_OK)
        return code;
    const struct lh_duty_options duty = {
        .desk = {.site = site,
                 .clock = self->options.clock,
                 .epoch = self->options.epoch,
                 .store = self->store,
                 .publisher = self->publisher,
                 .album = self->album},
        .vantage = lh_tenure_vantage(self->tenure),
        .data_folder = site->data_folder,
    };
    return lh_duty_create(&duty, fault, &self->duty);
}

static int open_reception(struct lh_alarm_thread *self, struct lh_fault *fault)
{
    const struct lh_reception_options options = {
        .site = lh_tenure_site(self->tenure),
        .clock = self->options.clock,
        .store = self->store,
        .duty = self->duty,
        .album = self->album,
        .on_pose = self->options.on_pose,
        .context = self->options.context,
    };
    if (self->reception || options.site->person_count == 0)
        return LH_OK;
    return lh_reception_create(&options, fault, &self->reception);
}

/* Reports that came before a restart count on. */
static void recall(struct lh_alarm_thread *self)
{
    const int code = self->reception ? lh_reception_recall(self->reception) : LH_OK;
    if (code != LH_OK)
        lh_log(LH_LOG_ERROR, "inbox", NULL, "earlier reports are not recalled: %s",
               lh_strerror(code));
}

int lh_alarm_thread_open(const struct lh_alarm_thread_options *options, struct lh_fault *fault,
                         struct lh_alarm_thread **ret_thread)
{
    struct lh_alarm_thread *self = calloc(1, sizeof *self);
    if (!self)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    self->options = *options;
    self->tenure = lh_tenure_ref(options->tenure);
    int code = open_parts(self, fault);
    if (code == LH_OK)
        code = open_reception(self, fault);
    if (code != LH_OK) {
        lh_alarm_thread_destroy(&self);
        return code;
    }
    recall(self);
    *ret_thread = self;
    return LH_OK;
}

/* The log belongs to this thread, and so do start and stop. */
static void start_feeds(struct lh_alarm_thread *self)
{
    const int code = lh_feeds_start(lh_tenure_site(self->tenure), self->options.clock,
                                    lh_situation_log(lh_duty_situation(self->duty)), &self->feeds);
    if (code != LH_OK)
        lh_log(LH_LOG_ERROR, "fuse", NULL, "no feed is read: %s", lh_strerror(code));
}

static void take_batches(struct lh_alarm_thread *self)
{
    struct lh_feed_batch *batch;
    for (int i = 0; self->feeds && i < BATCHES_AT_ONCE && (batch = lh_feeds_next(self->feeds));
         i++) {
        struct lh_fault fault = {0};
        if (lh_duty_hotspots(self->duty, batch, &fault) != LH_OK)
            lh_complain(&self->feed_complaint, self->options.clock, "fuse", batch->feed,
                        "hotspots are not taken in: %s", fault.text);
        else
            lh_recovered(&self->feed_complaint, self->options.clock, "fuse", batch->feed,
                         "hotspots are taken in again");
        lh_feed_batch_destroy(&batch);
    }
}

static void take_tenure(struct lh_alarm_thread *self, struct lh_tenure *tenure)
{
    lh_feeds_stop(&self->feeds); /* they lend the old site */
    lh_duty_set_site(self->duty, lh_tenure_site(tenure), lh_tenure_vantage(tenure));
    if (self->album)
        lh_album_set(self->album, &lh_tenure_site(tenure)->evidence);
    lh_tenure_unref(&self->tenure);
    self->tenure = lh_tenure_ref(tenure);
    if (self->reception)
        lh_reception_set_site(self->reception, lh_tenure_site(tenure));
    struct lh_fault fault = {0};
    if (open_reception(self, &fault) != LH_OK)
        lh_log(LH_LOG_ERROR, "inbox", NULL, "%s", fault.text);
    start_feeds(self);
}

static void take_news(struct lh_alarm_thread *self, const struct lh_news *news)
{
    int code = LH_OK;
    if (news->kind == LH_NEWS_TENURE) {
        take_tenure(self, news->tenure);
    } else if (news->kind == LH_NEWS_HEALTH) {
        code = lh_desk_health(lh_duty_desk(self->duty), news->status, news->health_before);
    } else if (news->kind == LH_NEWS_LOOK) {
        code = lh_duty_look(self->duty, news->camera, news->camera->preset, news->aspect,
                            news->looked_utc_us);
    } else {
        const struct lh_desk_input input = {
            .type = news->event,
            .track = news->track,
            .camera = news->camera,
            .frame = news->frame,
            .detections = news->detections,
            .detection_count = news->detection_count,
        };
        code = lh_duty_track(self->duty, &input);
    }
    if (code != LH_OK)
        lh_log(LH_LOG_ERROR, "alarm", news->camera ? news->camera->id : NULL, "news not taken: %s",
               lh_strerror(code));
}

/* Replaces the file at once, so that a reader sees the old status or the new one. */
static int write_status_file(const char *folder, const char *json)
{
    char fresh[4096];
    char path[4096];
    if (snprintf(fresh, sizeof fresh, "%s/status.json.new", folder) >= (int)sizeof fresh ||
        snprintf(path, sizeof path, "%s/status.json", folder) >= (int)sizeof path)
        return LH_ELIMIT;
    FILE *file = fopen(fresh, "we");
    if (!file)
        return lh_error_from_errno(errno);
    const bool written = fputs(json, file) >= 0 && fputc('\n', file) != EOF;
    if (fclose(file) != 0 || !written || rename(fresh, path) != 0)
        return lh_error_from_errno(errno);
    return LH_OK;
}

static int publish_status(struct lh_alarm_thread *self)
{
    const struct lh_serial serial = {.epoch = self->options.epoch,
                                     .stream = LH_STREAM_STATUS,
                                     .sequence = ++self->status_sequence};
    struct lh_engine_status status;
    char *json = NULL;
    char *full = NULL;
    int code = self->options.status(self->options.context, &status);
    if (code != LH_OK)
        return code;
    status.fusion = lh_situation_stats(lh_duty_situation(self->duty));
    if (self->feeds)
        (void)lh_feeds_status(self->feeds, &status.feeds, &status.feed_count);
    status.desk = lh_desk_counts(lh_duty_desk(self->duty));
    status.publish = lh_publisher_endpoint(self->publisher);
    status.inbox = self->reception ? lh_reception_endpoint(self->reception) : NULL;
    status.subscribers = lh_publisher_subscribers(self->publisher);
    code = lh_message_status(&status, &serial, &json);
    if (code == LH_OK)
        (void)lh_publisher_send(self->publisher, "status/", &serial, json);
    if (code == LH_OK)
        code = lh_message_status_full(&status, &serial, &full);
    if (code == LH_OK)
        code = write_status_file(lh_tenure_site(self->tenure)->data_folder, full);
    free(json);
    free(full);
    lh_engine_status_finish(&status);
    return code;
}

static void publish_status_when_due(struct lh_alarm_thread *self)
{
    const int64_t now_us = lh_clock_monotonic_us(self->options.clock);
    if (now_us < self->status_due_us)
        return;
    self->status_due_us =
        now_us + (int64_t)(lh_tenure_site(self->tenure)->bus.status_s * (double)LH_SECOND_US);
    const int code = publish_status(self);
    if (code != LH_OK)
        lh_complain(&self->status_complaint, self->options.clock, "alarm", NULL,
                    "the engine's status cannot be written: %s", lh_strerror(code));
    else
        lh_recovered(&self->status_complaint, self->options.clock, "alarm", NULL,
                     "the engine's status is written again");
}

static void work(void *opaque)
{
    struct lh_alarm_thread *self = opaque;
    bool waiting = false; /* letters */
    start_feeds(self);
    for (;;) {
        void *item;
        const int code = lh_queue_pop(self->options.news, waiting ? 0 : WAIT_US, &item);
        if (code == LH_OK) {
            take_news(self, item);
            lh_news_destroy(item);
        }
        take_batches(self);
        lh_publisher_serve(self->publisher, 0);
        waiting = self->reception && lh_reception_serve(self->reception);
        lh_duty_tick(self->duty);
        publish_status_when_due(self);
        if (code == LH_ECLOSED)
            return;
    }
}

int lh_alarm_thread_start(struct lh_alarm_thread *thread)
{
    return lh_thread_start(&thread->thread, "alarm", work, thread);
}

void lh_alarm_thread_destroy(struct lh_alarm_thread **thread_pointer)
{
    struct lh_alarm_thread *self = *thread_pointer;
    if (!self)
        return;
    lh_thread_join(&self->thread);
    lh_reception_destroy(&self->reception);
    lh_feeds_stop(&self->feeds);
    lh_duty_destroy(&self->duty);
    lh_publisher_destroy(&self->publisher);
    lh_album_destroy(&self->album);
    lh_store_close(&self->store);
    lh_tenure_unref(&self->tenure);
    free(self);
    *thread_pointer = NULL;
}

const char *lh_alarm_thread_endpoint(const struct lh_alarm_thread *thread)
{
    return lh_publisher_endpoint(thread->publisher);
}
