#include "alarm/desk.h"

#include "alarm/backlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKLOG_LIMIT 10000
#define RETRY_US (LH_SECOND_US / 4)
#define RETRIED_AT_ONCE 64 /* so that heartbeats go out between */
#define UPKEEP_US (60 * LH_SECOND_US)
#define EVIDENCE_ROOM ((uint64_t)32 << 20) /* freed of old evidence when the disk is full */
#define TOLD_AT_END 100

enum stream {
    ALARM,
    HEALTH,
    KEPT,
    STREAMS,
};

static const char *const stream_names[STREAMS] = {
    [ALARM] = LH_STREAM_ALARM,
    [HEALTH] = LH_STREAM_HEALTH,
    [KEPT] = LH_STREAM_KEPT,
};

struct open_alarm {
    struct open_alarm *next;
    struct lh_alarm alarm;
    int64_t sent_us; /* monotonic time of its latest revision */
    bool due;        /* that revision found no memory to wait in */
};

struct lh_desk {
    struct lh_desk_options options;
    const struct lh_site *site;
    struct lh_backlog *backlog;
    struct open_alarm *open; /* and those that have ended and are still due */
    uint64_t next[STREAMS];  /* sequence numbers */
    uint64_t beats;
    int64_t beat_due_us;
    int64_t retry_due_us;
    int64_t upkeep_due_us;
    struct lh_desk_counts counts;
    struct lh_complaint store_complaint;
    struct lh_complaint evidence_complaint;
    struct lh_complaint bus_complaint;
    char notice[512]; /* the store's, as last told */
};

static void tell_notice(struct lh_desk *desk)
{
    const char *notice = lh_store_notice(desk->options.store);
    if (strcmp(notice, desk->notice) == 0)
        return;
    (void)snprintf(desk->notice, sizeof desk->notice, "%s", notice);
    lh_log(LH_LOG_ERROR, "alarm", NULL, "%s", notice);
}

static int number_streams(struct lh_desk *desk)
{
    for (int i = 0; i < STREAMS; i++) {
        desk->next[i] = 1;
        if (!desk->options.store)
            continue;
        const int code =
            lh_store_next_sequence(desk->options.store, stream_names[i], &desk->next[i]);
        if (code != LH_OK)
            return code;
    }
    return LH_OK;
}

int lh_desk_create(const struct lh_desk_options *options, struct lh_desk **ret_desk)
{
    struct lh_desk *desk = calloc(1, sizeof *desk);
    if (!desk)
        return LH_ENOMEM;
    desk->options = *options;
    desk->site = options->site;
    const int64_t now_us = lh_clock_monotonic_us(options->clock);
    desk->beat_due_us = now_us;
    desk->retry_due_us = now_us;
    desk->upkeep_due_us = now_us;
    int code = lh_backlog_create(
        options->backlog_limit > 0 ? options->backlog_limit : BACKLOG_LIMIT, &desk->backlog);
    if (code == LH_OK)
        code = number_streams(desk);
    if (code != LH_OK) {
        lh_desk_destroy(&desk);
        return code;
    }
    if (options->store)
        tell_notice(desk);
    *ret_desk = desk;
    return LH_OK;
}

void lh_desk_set_site(struct lh_desk *desk, const struct lh_site *site)
{
    desk->site = site;
}

static enum stream stream_of(const struct lh_event *event)
{
    if (event->kind == LH_EVENT_HEALTH)
        return HEALTH;
    return event->alarm.priority == LH_PRIORITY_NONE ? KEPT : ALARM;
}

static int compose(const struct lh_event *event, const struct lh_serial *serial,
                   char topic[LH_TOPIC], char **ret_json)
{
    if (event->kind == LH_EVENT_HEALTH) {
        lh_topic_health(event->status.id, topic);
        return lh_message_health(&event->status, event->before, serial, ret_json);
    }
    lh_topic_alarm(&event->alarm, topic);
    return lh_message_alarm(&event->alarm, serial, ret_json);
}

static int put(struct lh_desk *desk, const struct lh_event *event, const struct lh_serial *serial,
               const char *topic, const char *json, struct lh_fault *fault)
{
    struct lh_store *store = desk->options.store;
    if (!store)
        return LH_OK;
    if (event->kind == LH_EVENT_ALARM)
        return lh_store_put_alarm(store, &event->alarm, serial, topic, json, fault);
    return lh_store_put_event(store, serial, event->status.health_since_utc_us, topic, json, fault);
}

/* With old evidence gone there may be room for an alarm, which matters more. */
static int put_on_full_disk(struct lh_desk *desk, const struct lh_event *event,
                            const struct lh_serial *serial, const char *topic, const char *json,
                            struct lh_fault *fault)
{
    int code = put(desk, event, serial, topic, json, fault);
    if (code != LH_EFULL || !desk->options.evidence)
        return code;
    uint64_t removed = 0;
    if (lh_evidence_retain(desk->options.evidence, lh_clock_utc_us(desk->options.clock),
                           EVIDENCE_ROOM, &removed) != LH_OK ||
        removed == 0)
        return code;
    return put(desk, event, serial, topic, json, fault);
}

static void publish(struct lh_desk *desk, const struct lh_serial *serial, const char *topic,
                    const char *json)
{
    if (!desk->options.publisher)
        return;
    const int code = lh_publisher_send(desk->options.publisher, topic, serial, json);
    if (code != LH_OK)
        lh_complain(&desk->bus_complaint, desk->options.clock, "alarm", NULL,
                    "the bus did not take a message: %s; it is in the store", lh_strerror(code));
    else
        lh_recovered(&desk->bus_complaint, desk->options.clock, "alarm", NULL,
                     "the bus takes messages again");
}

/* Store, then publish. A failure leaves nothing behind. */
static int deliver_once(struct lh_desk *desk, const struct lh_event *event, struct lh_fault *fault)
{
    char topic[LH_TOPIC];
    char *json = NULL;
    const enum stream stream = stream_of(event);
    const struct lh_serial serial = {.epoch = desk->options.epoch,
                                     .stream = stream_names[stream],
                                     .sequence = desk->next[stream]};
    int code = compose(event, &serial, topic, &json);
    if (code != LH_OK)
        return lh_fail(fault, code, "%s", lh_strerror(code));
    code = put_on_full_disk(desk, event, &serial, topic, json, fault);
    if (code == LH_OK) {
        desk->next[stream]++;
        if (stream != KEPT)
            publish(desk, &serial, topic, json);
        if (stream == ALARM) {
            desk->counts.published++;
            if (desk->options.on_alarm)
                desk->options.on_alarm(desk->options.context, &event->alarm, topic, json);
        }
    }
    free(json);
    if (desk->options.store)
        tell_notice(desk);
    return code;
}

static int deliver(struct lh_desk *desk, const struct lh_event *event)
{
    struct lh_fault fault = {0};
    const enum stream stream = stream_of(event);
    int code = deliver_once(desk, event, &fault);
    if (code == LH_EEXIST && lh_store_next_sequence(desk->options.store, stream_names[stream],
                                                    &desk->next[stream]) == LH_OK)
        code = deliver_once(desk, event, &fault);
    if (code == LH_OK)
        return LH_OK;
    desk->counts.store_failures++;
    desk->retry_due_us = lh_clock_monotonic_us(desk->options.clock) + RETRY_US;
    lh_complain(&desk->store_complaint, desk->options.clock, "alarm", NULL,
                "alarms wait and are not sent: %s", fault.text);
    return code;
}

/* Sends what waits, oldest first, until the store refuses. */
static void flush(struct lh_desk *desk, size_t most)
{
    const struct lh_event *event = NULL;
    if (lh_backlog_count(desk->backlog) == 0)
        return;
    for (size_t i = 0; i < most && (event = lh_backlog_first(desk->backlog)); i++) {
        if (deliver(desk, event) != LH_OK)
            return;
        lh_backlog_remove_first(desk->backlog);
    }
    if (lh_backlog_count(desk->backlog) == 0)
        lh_recovered(&desk->store_complaint, desk->options.clock, "alarm", NULL,
                     "alarms that waited are stored and sent");
}

static void flush_when_due(struct lh_desk *desk)
{
    if (lh_clock_monotonic_us(desk->options.clock) >= desk->retry_due_us)
        flush(desk, RETRIED_AT_ONCE);
}

static void tell_lost(struct lh_desk *desk, const struct lh_event *event)
{
    desk->counts.lost++;
    if (event->kind == LH_EVENT_HEALTH)
        lh_log(LH_LOG_ERROR, "alarm", event->status.id, "LOST, the backlog is full: camera is %s",
               lh_health_name(event->status.health));
    else
        lh_log(LH_LOG_ERROR, "alarm", event->alarm.camera,
               "LOST, the backlog is full: %s alarm %s (%s)",
               lh_priority_name(event->alarm.priority), event->alarm.id,
               lh_alarm_state_name(event->alarm.state));
}

/* LH_OK: sent, or waiting. */
static int submit(struct lh_desk *desk, const struct lh_event *event)
{
    if (lh_backlog_count(desk->backlog) == 0 && deliver(desk, event) == LH_OK)
        return LH_OK;
    bool has_dropped = false;
    struct lh_event dropped;
    const int code = lh_backlog_push(desk->backlog, event, &has_dropped, &dropped);
    if (code != LH_OK)
        return code;
    if (has_dropped)
        tell_lost(desk, &dropped);
    flush_when_due(desk);
    return LH_OK;
}

static int submit_alarm(struct lh_desk *desk, struct open_alarm *open)
{
    struct lh_event *event = calloc(1, sizeof *event);
    int code = LH_ENOMEM;
    if (event) {
        event->kind = LH_EVENT_ALARM;
        event->alarm = open->alarm;
        code = submit(desk, event);
    }
    free(event);
    open->due = code != LH_OK;
    return code;
}

static void write_evidence(struct lh_desk *desk, struct lh_alarm *alarm,
                           const struct lh_desk_input *input)
{
    struct lh_evidence *evidence = desk->options.evidence;
    struct lh_fault fault = {0};
    struct lh_evidence_paths paths = {0};
    uint64_t removed = 0;
    if (!evidence || !input->frame || alarm->priority == LH_PRIORITY_NONE)
        return;
    int code = lh_evidence_write(evidence, alarm, input->frame, input->detections,
                                 input->detection_count, &paths, &fault);
    if (code == LH_EFULL &&
        lh_evidence_retain(evidence, lh_clock_utc_us(desk->options.clock), EVIDENCE_ROOM,
                           &removed) == LH_OK &&
        removed > 0)
        code = lh_evidence_write(evidence, alarm, input->frame, input->detections,
                                 input->detection_count, &paths, &fault);
    if (code == LH_OK) {
        alarm->evidence = paths;
        lh_recovered(&desk->evidence_complaint, desk->options.clock, "alarm", NULL,
                     "evidence pictures are written again");
        return;
    }
    desk->counts.evidence_failures++;
    lh_complain(&desk->evidence_complaint, desk->options.clock, "alarm", alarm->camera,
                "an alarm goes without its picture: %s",
                *fault.text ? fault.text : lh_strerror(code));
}

static void log_alarm(const struct lh_desk *desk, const struct lh_alarm *alarm)
{
    char reason[256];
    if (!desk->options.publisher || alarm->priority == LH_PRIORITY_NONE)
        return;
    lh_alarm_reason(alarm, reason, sizeof reason);
    lh_log(alarm->state == LH_ALARM_UPDATED ? LH_LOG_DEBUG : LH_LOG_INFO, "alarm", alarm->camera,
           "%s %s: %s, score %.2f (%s)", lh_priority_name(alarm->priority),
           lh_alarm_state_name(alarm->state), reason, (double)alarm->track.score, alarm->id);
}

/* One more revision of an open alarm, on its way out. */
static int revise(struct lh_desk *desk, struct open_alarm *open, const struct lh_desk_input *input,
                  enum lh_alarm_state state)
{
    struct lh_alarm *alarm = &open->alarm;
    const bool untold = open->due && alarm->state == LH_ALARM_RAISED;
    alarm->revision++;
    /* A "raised" that found no memory hands its word on, as in the backlog. */
    alarm->state = untold && state == LH_ALARM_UPDATED ? LH_ALARM_RAISED : state;
    alarm->updated_utc_us = lh_clock_utc_us(desk->options.clock);
    if (state == LH_ALARM_RAISED) {
        alarm->raised_utc_us = alarm->updated_utc_us;
        desk->counts.raised++;
    }
    if (state == LH_ALARM_KEPT && alarm->revision == 1)
        desk->counts.kept++;
    if (state == LH_ALARM_ENDED && alarm->priority != LH_PRIORITY_NONE)
        desk->counts.ended++;
    open->sent_us = lh_clock_monotonic_us(desk->options.clock);
    if (input)
        write_evidence(desk, alarm, input);
    log_alarm(desk, alarm);
    return submit_alarm(desk, open);
}

/* Copies at most size - 1 bytes and cuts between characters. */
static void copy_text(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)from[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(to, from, length);
    to[length] = '\0';
}

static void join_detectors(const struct lh_site *site, uint32_t bits, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < site->detector_count && i < 32; i++) {
        const char *name = site->detectors[i].name;
        if (!(bits & UINT32_C(1) << i) || used + strlen(name) + 2 > size)
            continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? "," : "", name);
    }
}

static void take_track(struct lh_desk *desk, struct lh_alarm *alarm,
                       const struct lh_desk_input *input)
{
    alarm->track = input->track;
    join_detectors(desk->site, input->track.detectors, alarm->detectors, sizeof alarm->detectors);
    const struct lh_frame_info *info = input->frame ? lh_frame_info(input->frame) : input->info;
    if (!info)
        return;
    alarm->time_quality = info->time_quality;
    alarm->picture_width_px = info->width_px;
    alarm->picture_height_px = info->height_px;
}

static struct open_alarm *find(const struct lh_desk *desk, const char *camera, uint64_t track)
{
    for (struct open_alarm *open = desk->open; open; open = open->next)
        if (open->alarm.track.id == track && open->alarm.state != LH_ALARM_ENDED &&
            strcmp(open->alarm.camera, camera) == 0)
            return open;
    return NULL;
}

/* Lets go of the alarms that have ended and are not due any more. */
static void sweep(struct lh_desk *desk)
{
    struct open_alarm **link = &desk->open;
    while (*link) {
        struct open_alarm *open = *link;
        if (open->alarm.state == LH_ALARM_ENDED && !open->due) {
            *link = open->next;
            free(open);
        } else {
            link = &open->next;
        }
    }
}

static int begin(struct lh_desk *desk, const struct lh_desk_input *input)
{
    struct open_alarm *open = calloc(1, sizeof *open);
    if (!open)
        return LH_ENOMEM;
    open->next = desk->open;
    desk->open = open;
    struct lh_alarm *alarm = &open->alarm;
    copy_text(alarm->camera, sizeof alarm->camera, input->camera->id);
    copy_text(alarm->camera_name, sizeof alarm->camera_name, input->camera->name);
    copy_text(alarm->preset, sizeof alarm->preset, input->camera->preset);
    copy_text(alarm->area_code, sizeof alarm->area_code, desk->site->area_code);
    alarm->raised_utc_us = LH_NO_TIME;
    alarm->time_quality = LH_TIME_ARRIVAL;
    take_track(desk, alarm, input);
    lh_alarm_id(alarm->area_code, alarm->camera, alarm->track.first_utc_us, alarm->track.id,
                alarm->id);
    alarm->priority = lh_priority_of(&desk->site->alarms, (double)alarm->track.score);
    return revise(desk, open, input,
                  alarm->priority == LH_PRIORITY_NONE ? LH_ALARM_KEPT : LH_ALARM_RAISED);
}

static int go_on(struct lh_desk *desk, struct open_alarm *open, const struct lh_desk_input *input)
{
    struct lh_alarm *alarm = &open->alarm;
    const enum lh_priority before = alarm->priority;
    const enum lh_priority now = lh_priority_of(&desk->site->alarms, (double)input->track.score);
    take_track(desk, alarm, input);
    if (lh_priority_above(now, before)) {
        alarm->priority = now;
        return revise(desk, open, input,
                      before == LH_PRIORITY_NONE ? LH_ALARM_RAISED : LH_ALARM_UPDATED);
    }
    const int64_t waited_us = lh_clock_monotonic_us(desk->options.clock) - open->sent_us;
    const double interval_us = desk->site->alarms.update_interval_s * (double)LH_SECOND_US;
    if ((double)waited_us < interval_us)
        return LH_OK;
    return revise(desk, open, input, before == LH_PRIORITY_NONE ? LH_ALARM_KEPT : LH_ALARM_UPDATED);
}

static int end(struct lh_desk *desk, struct open_alarm *open)
{
    const int code = revise(desk, open, NULL, LH_ALARM_ENDED);
    sweep(desk);
    return code;
}

static size_t name_detectors(const struct lh_site *site, uint32_t bits,
                             const char *names[LH_MAX_DETECTORS])
{
    size_t count = 0;
    for (size_t i = 0; i < site->detector_count && i < LH_MAX_DETECTORS; i++)
        if (bits & UINT32_C(1) << i)
            names[count++] = site->detectors[i].name;
    return count;
}

/* On record only, and only where the store takes it at once: it must not delay an alarm. */
static int keep_held(struct lh_desk *desk, const struct lh_desk_input *input)
{
    const char *names[LH_MAX_DETECTORS];
    char topic[LH_TOPIC];
    char *json = NULL;
    struct lh_fault fault = {0};
    const struct lh_held held = {
        .camera = input->camera,
        .area_code = desk->site->area_code,
        .detectors = names,
        .detector_count = name_detectors(desk->site, input->track.detectors, names),
        .track = &input->track,
        .utc_us = lh_clock_utc_us(desk->options.clock),
    };
    const struct lh_serial serial = {
        .epoch = desk->options.epoch, .stream = LH_STREAM_KEPT, .sequence = desk->next[KEPT]};
    if (!desk->options.store)
        return LH_OK;
    int code = lh_message_held(&held, &serial, &json);
    if (code != LH_OK)
        return code;
    lh_topic_held(input->camera->id, topic);
    code = lh_backlog_count(desk->backlog) > 0
               ? LH_EAGAIN
               : lh_store_put_event(desk->options.store, &serial, held.utc_us, topic, json, &fault);
    if (code == LH_EEXIST)
        (void)lh_store_next_sequence(desk->options.store, LH_STREAM_KEPT, &desk->next[KEPT]);
    if (code == LH_OK)
        desk->next[KEPT]++;
    else
        desk->counts.held_unstored++;
    free(json);
    tell_notice(desk);
    return LH_OK;
}

int lh_desk_track(struct lh_desk *desk, const struct lh_desk_input *input)
{
    if (input->type == LH_TRACK_HELD)
        return keep_held(desk, input);
    struct open_alarm *open = find(desk, input->camera->id, input->track.id);
    if (input->type == LH_TRACK_LOST) {
        if (!open)
            return LH_OK;
        take_track(desk, &open->alarm, input);
        return end(desk, open);
    }
    /* A camera that was started anew counts its tracks from 1 again. */
    if (open && open->alarm.track.first_utc_us != input->track.first_utc_us) {
        const int code = end(desk, open);
        if (code != LH_OK)
            return code;
        open = NULL;
    }
    return open ? go_on(desk, open, input) : begin(desk, input);
}

int lh_desk_health(struct lh_desk *desk, const struct lh_camera_status *status,
                   enum lh_health_state before)
{
    struct lh_event *event = calloc(1, sizeof *event);
    if (!event)
        return LH_ENOMEM;
    event->kind = LH_EVENT_HEALTH;
    event->status = *status;
    event->before = before;
    const int code = submit(desk, event);
    free(event);
    return code;
}

static void beat(struct lh_desk *desk, int64_t now_us)
{
    const double interval_s = desk->site->bus.heartbeat_s;
    const int64_t interval_us = (int64_t)(interval_s * (double)LH_SECOND_US);
    const struct lh_serial serial = {
        .epoch = desk->options.epoch, .stream = LH_STREAM_HEARTBEAT, .sequence = ++desk->beats};
    const struct lh_heartbeat heartbeat = {
        .utc_us = lh_clock_utc_us(desk->options.clock),
        .interval_s = interval_s,
        .last_alarm_sequence = desk->next[ALARM] - 1,
        .last_health_sequence = desk->next[HEALTH] - 1,
        .backlog = lh_backlog_count(desk->backlog),
    };
    char *json = NULL;
    desk->beat_due_us += interval_us;
    if (desk->beat_due_us <= now_us)
        desk->beat_due_us = now_us + interval_us;
    if (lh_message_heartbeat(&heartbeat, &serial, &json) == LH_OK)
        publish(desk, &serial, LH_TOPIC_HEARTBEAT, json);
    free(json);
}

static void keep_up(struct lh_desk *desk, int64_t now_us)
{
    uint64_t removed = 0;
    desk->upkeep_due_us = now_us + UPKEEP_US;
    if (desk->options.evidence &&
        lh_evidence_retain(desk->options.evidence, lh_clock_utc_us(desk->options.clock), 0,
                           &removed) == LH_OK &&
        removed > 0)
        lh_log(LH_LOG_INFO, "alarm", NULL, "%llu old evidence pictures removed",
               (unsigned long long)removed);
    if (desk->options.store && lh_backlog_count(desk->backlog) == 0)
        (void)lh_store_reserve(desk->options.store);
}

void lh_desk_tick(struct lh_desk *desk)
{
    const int64_t now_us = lh_clock_monotonic_us(desk->options.clock);
    flush_when_due(desk);
    for (struct open_alarm *open = desk->open; open; open = open->next)
        if (open->due)
            (void)submit_alarm(desk, open);
    sweep(desk);
    if (desk->options.publisher) {
        lh_publisher_serve(desk->options.publisher, 0);
        if (now_us >= desk->beat_due_us)
            beat(desk, now_us);
    }
    if (now_us >= desk->upkeep_due_us)
        keep_up(desk, now_us);
}

struct lh_desk_counts lh_desk_counts(const struct lh_desk *desk)
{
    struct lh_desk_counts counts = desk->counts;
    counts.backlog = lh_backlog_count(desk->backlog);
    counts.thinned = lh_backlog_thinned(desk->backlog);
    for (const struct open_alarm *open = desk->open; open; open = open->next)
        counts.open +=
            open->alarm.state != LH_ALARM_ENDED && open->alarm.priority != LH_PRIORITY_NONE;
    return counts;
}

static void tell_unstored(struct lh_desk *desk)
{
    const struct lh_event *event = NULL;
    for (int i = 0; i < TOLD_AT_END && (event = lh_backlog_first(desk->backlog)); i++) {
        if (event->kind == LH_EVENT_ALARM)
            lh_log(LH_LOG_ERROR, "alarm", event->alarm.camera, "NOT STORED: %s alarm %s (%s)",
                   lh_priority_name(event->alarm.priority), event->alarm.id,
                   lh_alarm_state_name(event->alarm.state));
        lh_backlog_remove_first(desk->backlog);
    }
}

void lh_desk_destroy(struct lh_desk **desk_pointer)
{
    struct lh_desk *desk = *desk_pointer;
    if (!desk)
        return;
    if (desk->backlog) {
        flush(desk, SIZE_MAX);
        tell_unstored(desk);
    }
    while (desk->open) {
        struct open_alarm *open = desk->open;
        desk->open = open->next;
        free(open);
    }
    lh_backlog_destroy(&desk->backlog);
    free(desk);
    *desk_pointer = NULL;
}
