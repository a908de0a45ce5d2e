#include "alarm/desk.h"

#include "alarm/backlog.h"
#include "alarm/seen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKLOG_LIMIT 10000
#define RETRY_US (LH_SECOND_US / 4)
#define RETRIED_AT_ONCE 64 /* so that heartbeats go out between */
#define UPKEEP_US (60 * LH_SECOND_US)
#define EVIDENCE_ROOM ((uint64_t)32 << 20) /* freed of old evidence when the disk is full */
#define TOLD_AT_END 100
#define TOLD_STEP 0.1 /* of a probability that only age moves */

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
    bool urgent;     /* the next revision does not wait */
    bool gone;       /* fusion has let go of it */
    /* as its latest revision said */
    double told_probability;
    bool told_confirmed;
    size_t told_evidence;
    int64_t told_last_us;
};

struct lh_desk {
    struct lh_desk_options options;
    const struct lh_site *site;
    struct lh_backlog *backlog;
    struct open_alarm *open; /* and those that have ended and may come back, or are still due */
    struct lh_seen_tracks seen;
    const struct lh_desk_input *at_hand; /* of the moment; NULL: none */
    uint64_t next[STREAMS];              /* sequence numbers */
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
    if (code != LH_EFULL || !desk->options.album)
        return code;
    uint64_t removed = 0;
    if (lh_album_retain(desk->options.album, lh_clock_utc_us(desk->options.clock), EVIDENCE_ROOM,
                        &removed) != LH_OK ||
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
        if (stream == ALARM)
            desk->counts.published++;
        if (desk->options.on_alarm &&
            (stream == ALARM || (stream == KEPT && desk->options.tell_kept)))
            desk->options.on_alarm(desk->options.context, &event->alarm, topic, json);
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
    struct lh_album *album = desk->options.album;
    struct lh_fault fault = {0};
    struct lh_album_paths paths = {0};
    uint64_t removed = 0;
    if (!album || !input->frame || alarm->priority == LH_PRIORITY_NONE)
        return;
    int code = lh_album_write(album, alarm, input->frame, input->detections, input->detection_count,
                              &paths, &fault);
    if (code == LH_EFULL &&
        lh_album_retain(album, lh_clock_utc_us(desk->options.clock), EVIDENCE_ROOM, &removed) ==
            LH_OK &&
        removed > 0)
        code = lh_album_write(album, alarm, input->frame, input->detections, input->detection_count,
                              &paths, &fault);
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
           "%s %s: %s, probability %.2f%s%s (%s)", lh_priority_name(alarm->priority),
           lh_alarm_state_name(alarm->state), reason, alarm->probability,
           alarm->place[0] ? ", " : "", alarm->place, alarm->id);
}

/* What the camera shows just now, where it is the one that leads. */
static const struct lh_desk_input *picture_of(const struct lh_desk *desk,
                                              const struct lh_alarm *alarm)
{
    const struct lh_desk_input *input = desk->at_hand;
    return input && input->track.id == alarm->track.id &&
                   input->track.first_utc_us == alarm->track.first_utc_us &&
                   strcmp(input->camera->id, alarm->camera) == 0
               ? input
               : NULL;
}

static void note_told(struct lh_desk *desk, struct open_alarm *open)
{
    open->sent_us = lh_clock_monotonic_us(desk->options.clock);
    open->urgent = false;
    open->told_probability = open->alarm.probability;
    open->told_confirmed = open->alarm.incident_state == LH_INCIDENT_CONFIRMED;
    open->told_evidence = open->alarm.evidence_count;
    open->told_last_us = open->alarm.last_utc_us;
}

/* One more revision of an open alarm, on its way out. */
static int revise(struct lh_desk *desk, struct open_alarm *open, enum lh_alarm_state state)
{
    struct lh_alarm *alarm = &open->alarm;
    const struct lh_desk_input *input = picture_of(desk, alarm);
    const bool untold = open->due && alarm->state == LH_ALARM_RAISED;
    alarm->revision++;
    /* A "raised" that found no memory hands its word on, as in the backlog. */
    alarm->state = untold && state == LH_ALARM_UPDATED ? LH_ALARM_RAISED : state;
    alarm->updated_utc_us = lh_clock_utc_us(desk->options.clock);
    if (state == LH_ALARM_RAISED) {
        if (alarm->raised_utc_us == LH_NO_TIME)
            alarm->raised_utc_us = alarm->updated_utc_us;
        desk->counts.raised++;
    }
    if (state == LH_ALARM_KEPT && alarm->revision == 1)
        desk->counts.kept++;
    if (state == LH_ALARM_ENDED && alarm->priority != LH_PRIORITY_NONE)
        desk->counts.ended++;
    note_told(desk, open);
    if (input)
        write_evidence(desk, alarm, input);
    log_alarm(desk, alarm);
    return submit_alarm(desk, open);
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

static struct open_alarm *find(const struct lh_desk *desk, const char *id)
{
    for (struct open_alarm *open = desk->open; open; open = open->next)
        if (!open->gone && strcmp(open->alarm.id, id) == 0)
            return open;
    return NULL;
}

/* Lets go of the alarms that cannot come back and are not due any more. */
static void sweep(struct lh_desk *desk)
{
    struct open_alarm **link = &desk->open;
    while (*link) {
        struct open_alarm *open = *link;
        if (open->gone && !open->due) {
            *link = open->next;
            free(open);
        } else {
            link = &open->next;
        }
    }
}

static bool is_open(const struct open_alarm *open)
{
    return open->alarm.revision > 0 && open->alarm.state != LH_ALARM_ENDED;
}

/* Somebody who needs no track speaks for it. */
static bool is_held_up(const struct lh_desk *desk, const struct lh_alarm *alarm)
{
    const bool others = (alarm->witnesses & ~(1U << LH_WITNESS_CAMERA)) != 0;
    return alarm->incident_state == LH_INCIDENT_CONFIRMED ||
           (others && alarm->probability >= desk->site->fusion.p3_probability);
}

static int end(struct lh_desk *desk, struct open_alarm *open)
{
    return is_open(open) ? revise(desk, open, LH_ALARM_ENDED) : LH_OK;
}

/* Alarms whose last track was lost end, where nobody else holds them up. */
static int end_lost(struct lh_desk *desk)
{
    int code = LH_OK;
    for (const struct lh_seen *at = desk->seen.first; at; at = at->next) {
        struct open_alarm *open = at->lost && at->alarm[0] ? find(desk, at->alarm) : NULL;
        if (!open || lh_seen_leading(&desk->seen, &open->alarm))
            continue;
        lh_alarm_take_seen(&open->alarm, at);
        if (is_held_up(desk, &open->alarm) && open->alarm.priority != LH_PRIORITY_NONE)
            continue;
        const int ended = end(desk, open);
        code = ended != LH_OK ? ended : code;
    }
    lh_seen_sweep(&desk->seen);
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
int lh_desk_keep(struct lh_desk *desk, const struct lh_desk_input *input)
{
    const char *names[LH_MAX_DETECTORS];
    char topic[LH_TOPIC];
    char *json = NULL;
    struct lh_fault fault = {0};
    const struct lh_held held = {
        .camera = input->camera,
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

static void describe_seen(const struct lh_desk *desk, struct lh_seen *seen,
                          const struct lh_desk_input *input)
{
    join_detectors(desk->site, input->track.detectors, seen->detectors, sizeof seen->detectors);
    const struct lh_frame_info *info = input->frame ? lh_frame_info(input->frame) : input->info;
    seen->lost = input->type == LH_TRACK_LOST;
    if (!info)
        return;
    seen->time_quality = info->time_quality;
    seen->picture_width_px = info->width_px;
    seen->picture_height_px = info->height_px;
}

int lh_desk_see(struct lh_desk *desk, const struct lh_desk_input *input)
{
    struct lh_seen *seen = lh_seen_note(&desk->seen, input->camera, &input->track);
    if (!seen)
        return LH_ENOMEM;
    const int code = end_lost(desk); /* an earlier track under its number */
    describe_seen(desk, seen, input);
    desk->at_hand = input;
    return code;
}

static bool is_worth_telling(const struct lh_desk *desk, const struct open_alarm *open, bool seen)
{
    const struct lh_alarm *alarm = &open->alarm;
    const bool confirmed = alarm->incident_state == LH_INCIDENT_CONFIRMED;
    if (open->urgent || confirmed != open->told_confirmed)
        return true;
    const int64_t waited_us = lh_clock_monotonic_us(desk->options.clock) - open->sent_us;
    if ((double)waited_us < desk->site->alarms.update_interval_s * (double)LH_SECOND_US)
        return false;
    const double moved = alarm->probability - open->told_probability;
    return alarm->evidence_count != open->told_evidence ||
           alarm->last_utc_us != open->told_last_us ||
           (!seen && (moved >= TOLD_STEP || moved <= -TOLD_STEP));
}

static int go_on(struct lh_desk *desk, struct open_alarm *open, enum lh_priority now, bool seen)
{
    struct lh_alarm *alarm = &open->alarm;
    const enum lh_priority before = alarm->priority;
    if (lh_priority_above(now, before)) {
        alarm->priority = now;
        return revise(desk, open, before == LH_PRIORITY_NONE ? LH_ALARM_RAISED : LH_ALARM_UPDATED);
    }
    if (!is_worth_telling(desk, open, seen))
        return LH_OK;
    return revise(desk, open, before == LH_PRIORITY_NONE ? LH_ALARM_KEPT : LH_ALARM_UPDATED);
}

/* What follows for an alarm of what is known of it now. */
static int decide(struct lh_desk *desk, struct open_alarm *open, enum lh_priority now, bool seen)
{
    struct lh_alarm *alarm = &open->alarm;
    const bool closed = lh_incident_is_closed(alarm->incident_state);
    const bool alive = !closed && (seen || is_held_up(desk, alarm));
    if (is_open(open)) {
        if (closed || (!alive && alarm->priority != LH_PRIORITY_NONE))
            return end(desk, open);
        return go_on(desk, open, now, seen);
    }
    if (!alive && alarm->revision > 0)
        return LH_OK;
    alarm->priority = alive ? now : LH_PRIORITY_NONE;
    return revise(desk, open,
                  alarm->priority == LH_PRIORITY_NONE ? LH_ALARM_KEPT : LH_ALARM_RAISED);
}

static struct open_alarm *begin(struct lh_desk *desk, const char *id)
{
    struct open_alarm *open = calloc(1, sizeof *open);
    if (!open)
        return NULL;
    open->next = desk->open;
    desk->open = open;
    lh_copy_text(open->alarm.id, sizeof open->alarm.id, id);
    lh_copy_text(open->alarm.area_code, sizeof open->alarm.area_code, desk->site->area_code);
    open->alarm.raised_utc_us = LH_NO_TIME;
    open->alarm.time_quality = LH_TIME_ARRIVAL;
    return open;
}

static void claim_seen(struct lh_desk *desk, const struct lh_incident *incident)
{
    for (size_t i = 0; i < incident->term_count; i++) {
        const struct lh_evidence *evidence = incident->terms[i].evidence;
        if (!evidence || evidence->kind != LH_EVIDENCE_CAMERA)
            continue;
        struct lh_seen *seen = lh_seen_find(&desk->seen, evidence->source, evidence->reference);
        if (seen)
            memcpy(seen->alarm, incident->id, sizeof seen->alarm);
    }
}

static int hear_of_change(struct lh_desk *desk, const struct lh_desk_news *news)
{
    const struct lh_incident *incident = news->incident;
    struct open_alarm *open = find(desk, incident->id);
    if (!open)
        open = begin(desk, incident->id);
    if (!open)
        return LH_ENOMEM;
    struct lh_alarm *alarm = &open->alarm;
    claim_seen(desk, incident);
    lh_alarm_take_incident(alarm, incident);
    lh_copy_text(alarm->place, sizeof alarm->place, news->place ? news->place : "");
    alarm->merged_into[0] = '\0';
    const struct lh_seen *leading = lh_seen_leading(&desk->seen, alarm);
    if (leading)
        lh_alarm_take_seen(alarm, leading);
    alarm->urgency = lh_incident_urgency(&desk->site->fusion, incident);
    return decide(desk, open, alarm->urgency.priority, leading != NULL);
}

static void note_merged(struct open_alarm *into, const struct lh_alarm *gone)
{
    struct lh_alarm *alarm = &into->alarm;
    const size_t kept =
        alarm->merged_count < LH_ALARM_MERGED ? alarm->merged_count : LH_ALARM_MERGED - 1;
    memmove(alarm->merged[1], alarm->merged[0], kept * sizeof alarm->merged[0]);
    memcpy(alarm->merged[0], gone->id, sizeof alarm->merged[0]);
    alarm->merged_count = kept + 1;
    into->urgent = true;
    if (lh_priority_above(gone->priority, alarm->priority) && is_open(into))
        alarm->priority = gone->priority;
}

static int hear_of_end(struct lh_desk *desk, const struct lh_desk_news *news)
{
    struct open_alarm *open = find(desk, news->incident->id);
    if (!open)
        return LH_OK;
    if (news->event == LH_FUSION_MERGED) {
        struct open_alarm *into = find(desk, news->other->id);
        memcpy(open->alarm.merged_into, news->other->id, sizeof open->alarm.merged_into);
        if (into && is_open(open) && open->alarm.priority != LH_PRIORITY_NONE)
            note_merged(into, &open->alarm);
    }
    const int code = end(desk, open);
    open->gone = true;
    return code;
}

int lh_desk_hear(struct lh_desk *desk, const struct lh_desk_news *news)
{
    return news->event == LH_FUSION_OPENED || news->event == LH_FUSION_CHANGED
               ? hear_of_change(desk, news)
               : hear_of_end(desk, news);
}

int lh_desk_conclude(struct lh_desk *desk)
{
    const int code = end_lost(desk);
    desk->at_hand = NULL;
    sweep(desk);
    return code;
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
    if (desk->options.album &&
        lh_album_retain(desk->options.album, lh_clock_utc_us(desk->options.clock), 0, &removed) ==
            LH_OK &&
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
        counts.open += is_open(open) && open->alarm.priority != LH_PRIORITY_NONE;
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
    lh_seen_finish(&desk->seen);
    lh_backlog_destroy(&desk->backlog);
    free(desk);
    *desk_pointer = NULL;
}
