#include "alarm/message.h"

#include "alarm/json.h"
#include "detect/verifier.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static int put_serial(json_t *object, const char *schema, const struct lh_serial *serial)
{
    int bad = json_object_set_new(object, "schema", json_string(schema));
    bad |= json_object_set_new(object, "epoch", lh_json_text(serial->epoch));
    bad |= json_object_set_new(object, "stream", lh_json_text(serial->stream));
    bad |= json_object_set_new(object, "sequence", lh_json_count(serial->sequence));
    return bad;
}

static json_t *camera_value(const struct lh_alarm *alarm)
{
    json_t *object = json_object();
    int bad = json_object_set_new(object, "id", lh_json_text(alarm->camera));
    bad |= json_object_set_new(object, "name", lh_json_text(alarm->camera_name));
    bad |= json_object_set_new(object, "preset", lh_json_text(alarm->preset));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *times_value(const struct lh_alarm *alarm)
{
    json_t *object = json_object();
    int bad = json_object_set_new(object, "first_seen", lh_json_time(alarm->track.first_utc_us));
    bad |= json_object_set_new(object, "confirmed", lh_json_time(alarm->track.confirmed_utc_us));
    bad |= json_object_set_new(object, "last_seen", lh_json_time(alarm->track.last_utc_us));
    bad |= json_object_set_new(object, "raised", lh_json_time(alarm->raised_utc_us));
    bad |= json_object_set_new(object, "updated", lh_json_time(alarm->updated_utc_us));
    bad |= json_object_set_new(object, "time_quality",
                               lh_json_text(lh_time_quality_name(alarm->time_quality)));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *box_value(struct lh_box box)
{
    json_t *object = json_object();
    int bad = json_object_set_new(object, "x", lh_json_number((double)box.x));
    bad |= json_object_set_new(object, "y", lh_json_number((double)box.y));
    bad |= json_object_set_new(object, "width", lh_json_number((double)box.width));
    bad |= json_object_set_new(object, "height", lh_json_number((double)box.height));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *picture_value(const struct lh_alarm *alarm)
{
    if (alarm->picture_width_px == 0 || alarm->picture_height_px == 0)
        return json_null();
    json_t *object = json_object();
    int bad = json_object_set_new(object, "width_px", lh_json_count(alarm->picture_width_px));
    bad |= json_object_set_new(object, "height_px", lh_json_count(alarm->picture_height_px));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* The names between the commas, as an array. */
static json_t *detectors_value(const char *names)
{
    json_t *array = json_array();
    int bad = 0;
    while (*names && !bad) {
        char name[sizeof((struct lh_alarm *)NULL)->detectors];
        const size_t length = strcspn(names, ",");
        if (length > 0 && length < sizeof name) {
            memcpy(name, names, length);
            name[length] = '\0';
            bad = json_array_append_new(array, lh_json_text(name));
        }
        names += length;
        names += *names == ',';
    }
    if (bad) {
        json_decref(array);
        return NULL;
    }
    return array;
}

static void span_text(int64_t span_us, char *text, size_t size)
{
    const long long seconds = span_us > 0 ? (span_us + LH_SECOND_US / 2) / LH_SECOND_US : 0;
    if (seconds < 60)
        (void)snprintf(text, size, "%lld s", seconds);
    else if (seconds < 3600)
        (void)snprintf(text, size, "%lld min %lld s", seconds / 60, seconds % 60);
    else
        (void)snprintf(text, size, "%lld h %lld min", seconds / 3600, seconds / 60 % 60);
}

void lh_alarm_reason(const struct lh_alarm *alarm, char *ret_text, size_t size)
{
    const struct lh_track *track = &alarm->track;
    char span[48];
    span_text(track->last_utc_us - track->first_utc_us, span, sizeof span);
    const int tenths =
        track->growth > 0 && track->growth < 1e6F ? (int)((double)track->growth * 10.0 + 0.5) : 10;
    char growth[48] = "";
    if (tenths >= 11)
        (void)snprintf(growth, sizeof growth, ", grown %d.%d times", tenths / 10, tenths % 10);
    (void)snprintf(ret_text, size, "%s seen in %u picture%s over %s%s", lh_kind_name(track->kind),
                   (unsigned)track->hits, track->hits == 1 ? "" : "s", span, growth);
}

static int add_reason(json_t *reasons, const char *text, double weight)
{
    json_t *reason = json_object();
    int bad = json_object_set_new(reason, "text", lh_json_text(text));
    bad |= json_object_set_new(reason, "weight", lh_json_number(weight));
    if (bad) {
        json_decref(reason);
        return -1;
    }
    return json_array_append_new(reasons, reason);
}

/* The weights add up to the score; a reason told for information weighs nothing. */
static json_t *reasons_value(const struct lh_alarm *alarm)
{
    char text[256];
    json_t *reasons = json_array();
    lh_alarm_reason(alarm, text, sizeof text);
    int bad = add_reason(reasons, text, (double)alarm->track.score);
    (void)lh_opinion_text(&alarm->track.opinion, text);
    if (*text)
        bad |= add_reason(reasons, text, 0);
    if (strchr(alarm->detectors, ','))
        bad |= add_reason(reasons, "more than one detector saw it", 0);
    if (alarm->time_quality == LH_TIME_NOMINAL)
        bad |= add_reason(reasons, "the footage says no start time: the times are nominal", 0);
    if (bad) {
        json_decref(reasons);
        return NULL;
    }
    return reasons;
}

static int put_path(json_t *object, const char *key, const char *path)
{
    return json_object_set_new(object, key, *path ? lh_json_text(path) : json_null());
}

static json_t *evidence_value(const struct lh_evidence_paths *paths)
{
    if (!*paths->frame && !*paths->frame_boxes && !*paths->crop && !*paths->crop_boxes)
        return json_null();
    json_t *object = json_object();
    int bad = put_path(object, "frame", paths->frame);
    bad |= put_path(object, "frame_boxes", paths->frame_boxes);
    bad |= put_path(object, "crop", paths->crop);
    bad |= put_path(object, "crop_boxes", paths->crop_boxes);
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

int lh_message_alarm(const struct lh_alarm *alarm, const struct lh_serial *serial, char **ret_json)
{
    const struct lh_track *track = &alarm->track;
    json_t *root = json_object();
    int bad = put_serial(root, "linhuo/alarm/1", serial);
    bad |= json_object_set_new(root, "id", lh_json_text(alarm->id));
    bad |= json_object_set_new(root, "revision", lh_json_count(alarm->revision));
    bad |= json_object_set_new(root, "state", lh_json_text(lh_alarm_state_name(alarm->state)));
    bad |= json_object_set_new(root, "priority", lh_json_text(lh_priority_name(alarm->priority)));
    bad |= json_object_set_new(root, "kind", lh_json_text(lh_kind_name(track->kind)));
    bad |= json_object_set_new(root, "score", lh_json_number((double)track->score));
    bad |= json_object_set_new(root, "raw_score", lh_json_number((double)track->raw_score));
    bad |= json_object_set_new(root, "best_score", lh_json_number((double)track->best_score));
    bad |= json_object_set_new(root, "opinion", lh_json_opinion(&track->opinion));
    bad |= json_object_set_new(root, "camera", camera_value(alarm));
    bad |= json_object_set_new(root, "area_code", lh_json_text(alarm->area_code));
    bad |= json_object_set_new(root, "times", times_value(alarm));
    bad |= json_object_set_new(root, "box", box_value(track->box));
    bad |= json_object_set_new(root, "first_box", box_value(track->first_box));
    bad |= json_object_set_new(root, "reach", box_value(track->reach));
    bad |= json_object_set_new(root, "picture", picture_value(alarm));
    bad |= json_object_set_new(root, "growth", lh_json_number((double)track->growth));
    bad |= json_object_set_new(root, "hits", lh_json_count(track->hits));
    bad |= json_object_set_new(root, "detectors", detectors_value(alarm->detectors));
    bad |= json_object_set_new(root, "reasons", reasons_value(alarm));
    bad |= json_object_set_new(root, "evidence", evidence_value(&alarm->evidence));
    if (bad) {
        json_decref(root);
        return LH_ENOMEM;
    }
    return lh_json_finish(root, ret_json);
}

int lh_message_heartbeat(const struct lh_heartbeat *heartbeat, const struct lh_serial *serial,
                         char **ret_json)
{
    json_t *last = json_object();
    int bad =
        json_object_set_new(last, LH_STREAM_ALARM, lh_json_count(heartbeat->last_alarm_sequence));
    bad |=
        json_object_set_new(last, LH_STREAM_HEALTH, lh_json_count(heartbeat->last_health_sequence));
    json_t *root = json_object();
    bad |= put_serial(root, "linhuo/heartbeat/1", serial);
    bad |= json_object_set_new(root, "time", lh_json_time(heartbeat->utc_us));
    bad |= json_object_set_new(root, "interval_s", lh_json_number(heartbeat->interval_s));
    bad |= json_object_set_new(root, "last", last);
    bad |= json_object_set_new(root, "backlog", lh_json_count(heartbeat->backlog));
    if (bad) {
        json_decref(root);
        return LH_ENOMEM;
    }
    return lh_json_finish(root, ret_json);
}

int lh_message_health(const struct lh_camera_status *status, enum lh_health_state before,
                      const struct lh_serial *serial, char **ret_json)
{
    json_t *root = json_object();
    int bad = put_serial(root, "linhuo/health/1", serial);
    bad |= json_object_set_new(root, "camera", lh_json_text(status->id));
    bad |= json_object_set_new(root, "health", lh_json_text(lh_health_name(status->health)));
    bad |= json_object_set_new(root, "before", lh_json_text(lh_health_name(before)));
    bad |= json_object_set_new(root, "since", lh_json_time(status->health_since_utc_us));
    bad |= json_object_set_new(root, "last_fresh", lh_json_time(status->last_fresh_utc_us));
    bad |= json_object_set_new(root, "last_capture", lh_json_time(status->last_capture_utc_us));
    bad |= json_object_set_new(root, "description", lh_json_text(status->description));
    bad |= json_object_set_new(root, "last_error", lh_json_text(status->last_error));
    bad |= json_object_set_new(root, "connections", lh_json_count(status->connections));
    bad |= json_object_set_new(root, "failures", lh_json_count(status->failures));
    bad |= json_object_set_new(root, "blind_s", lh_json_number(status->blind_s));
    if (bad) {
        json_decref(root);
        return LH_ENOMEM;
    }
    return lh_json_finish(root, ret_json);
}

/* Appends text as one topic part: what could end it early, or is no plain ASCII, becomes '_'. */
static void add_part(char topic[LH_TOPIC], const char *text, size_t longest)
{
    size_t used = strlen(topic);
    for (size_t i = 0; i < longest && text[i] && used + 2 < LH_TOPIC; i++) {
        const unsigned char byte = (unsigned char)text[i];
        const bool plain = byte < 0x80 && (isalnum(byte) || strchr("._-", byte));
        topic[used++] = plain ? (char)byte : '_';
    }
    topic[used++] = '/';
    topic[used] = '\0';
}

void lh_topic_alarm(const struct lh_alarm *alarm, char ret_topic[LH_TOPIC])
{
    (void)snprintf(ret_topic, LH_TOPIC, "alarm/%s/", lh_priority_name(alarm->priority));
    add_part(ret_topic, alarm->area_code, sizeof alarm->area_code);
}

void lh_topic_held(const char *camera, char ret_topic[LH_TOPIC])
{
    (void)snprintf(ret_topic, LH_TOPIC, "held/");
    add_part(ret_topic, camera, 64);
}

void lh_topic_health(const char *camera, char ret_topic[LH_TOPIC])
{
    (void)snprintf(ret_topic, LH_TOPIC, "health/");
    add_part(ret_topic, camera, 64);
}
