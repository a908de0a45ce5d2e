#include "alarm/message.h"

#include "alarm/json.h"
#include "detect/verifier.h"

#include <ctype.h>
#include <math.h>
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

static bool has_camera(const struct lh_alarm *alarm)
{
    return alarm->camera[0] != '\0';
}

static json_t *camera_value(const struct lh_alarm *alarm)
{
    if (!has_camera(alarm))
        return json_null();
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
    const bool seen = has_camera(alarm);
    const struct lh_track *track = &alarm->track;
    json_t *object = json_object();
    int bad = json_object_set_new(object, "first_seen",
                                  lh_json_time(seen ? track->first_utc_us : alarm->first_utc_us));
    bad |= json_object_set_new(object, "confirmed",
                               lh_json_time(seen ? track->confirmed_utc_us : LH_NO_TIME));
    bad |= json_object_set_new(object, "last_seen",
                               lh_json_time(seen ? track->last_utc_us : alarm->last_utc_us));
    bad |= json_object_set_new(object, "raised", lh_json_time(alarm->raised_utc_us));
    bad |= json_object_set_new(object, "updated", lh_json_time(alarm->updated_utc_us));
    bad |= json_object_set_new(object, "time_quality",
                               seen ? lh_json_text(lh_time_quality_name(alarm->time_quality))
                                    : json_null());
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
    if (!has_camera(alarm)) {
        (void)snprintf(ret_text, size, "%s",
                       alarm->reason_count > 0 ? alarm->reasons[0].text : "nothing speaks for it");
        return;
    }
    (void)snprintf(ret_text, size, "%s seen in %u picture%s over %s%s", lh_kind_name(track->kind),
                   (unsigned)track->hits, track->hits == 1 ? "" : "s", span, growth);
}

static int add_reason(json_t *reasons, const struct lh_alarm_reason *told, const char *text)
{
    json_t *reason = json_object();
    int bad = json_object_set_new(reason, "text", lh_json_text(text));
    bad |= json_object_set_new(reason, "weight", lh_json_number(told->weight));
    bad |= json_object_set_new(reason, "kind", lh_json_text(told->kind));
    bad |= json_object_set_new(reason, "source",
                               told->source[0] ? lh_json_text(told->source) : json_null());
    bad |= json_object_set_new(reason, "time", lh_json_time(told->utc_us));
    if (bad) {
        json_decref(reason);
        return -1;
    }
    return json_array_append_new(reasons, reason);
}

static int add_note(json_t *reasons, const char *text)
{
    const struct lh_alarm_reason note = {.kind = "note", .utc_us = LH_NO_TIME};
    return add_reason(reasons, &note, text);
}

/* The weights add up to the logit of the probability; a note weighs nothing. */
static json_t *reasons_value(const struct lh_alarm *alarm)
{
    char text[256];
    json_t *reasons = json_array();
    int bad = 0;
    bool shown = false; /* what the camera that leads sees, in a sentence of its own */
    for (size_t i = 0; i < alarm->reason_count; i++) {
        const struct lh_alarm_reason *reason = &alarm->reasons[i];
        const bool leads =
            !shown && has_camera(alarm) && strcmp(reason->source, alarm->camera) == 0;
        if (leads)
            lh_alarm_reason(alarm, text, sizeof text);
        shown = shown || leads;
        bad |= add_reason(reasons, reason, leads ? text : reason->text);
    }
    if (has_camera(alarm)) {
        (void)lh_opinion_text(&alarm->track.opinion, text);
        if (*text)
            bad |= add_note(reasons, text);
        if (strchr(alarm->detectors, ','))
            bad |= add_note(reasons, "more than one detector saw it");
        if (alarm->time_quality == LH_TIME_NOMINAL)
            bad |= add_note(reasons, "the footage says no start time: the times are nominal");
    }
    if (alarm->reasons_left_out > 0)
        bad |= add_note(reasons, "weaker reasons are left out here");
    if (bad) {
        json_decref(reasons);
        return NULL;
    }
    return reasons;
}

static json_t *incident_value(const struct lh_alarm *alarm)
{
    json_t *witnesses = json_array();
    json_t *merged = json_array();
    json_t *object = json_object();
    int bad = 0;
    for (unsigned i = 0; i < LH_WITNESSES; i++)
        if (alarm->witnesses & 1U << i)
            bad |=
                json_array_append_new(witnesses, json_string(lh_witness_name((enum lh_witness)i)));
    for (size_t i = 0; i < alarm->merged_count; i++)
        bad |= json_array_append_new(merged, lh_json_text(alarm->merged[i]));
    bad |= json_object_set_new(object, "state",
                               json_string(lh_incident_state_name(alarm->incident_state)));
    bad |= json_object_set_new(object, "first", lh_json_time(alarm->first_utc_us));
    bad |= json_object_set_new(object, "last", lh_json_time(alarm->last_utc_us));
    bad |= json_object_set_new(object, "evidence_count", lh_json_count(alarm->evidence_count));
    bad |= json_object_set_new(object, "witnesses", witnesses);
    bad |= json_object_set_new(object, "conflict", json_boolean(alarm->conflict));
    bad |=
        json_object_set_new(object, "merged_into",
                            alarm->merged_into[0] ? lh_json_text(alarm->merged_into) : json_null());
    bad |= json_object_set_new(object, "merged", merged);
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *ground_value(const struct lh_ground *ground)
{
    json_t *wind = isfinite(ground->wind_m_s) ? json_object() : json_null();
    json_t *object = json_object();
    int bad = 0;
    if (json_is_object(wind)) {
        bad |= json_object_set_new(wind, "speed_m_s", lh_json_number(ground->wind_m_s));
        bad |= json_object_set_new(
            wind, "from_deg",
            isfinite(ground->wind_from_deg) ? lh_json_number(ground->wind_from_deg) : json_null());
    }
    bad |= json_object_set_new(
        object, "danger_level",
        ground->danger_level > 0 ? json_integer((json_int_t)ground->danger_level) : json_null());
    bad |= json_object_set_new(object, "wind", wind);
    bad |= json_object_set_new(object, "protected_area", lh_json_text(ground->area));
    bad |= json_object_set_new(object, "core", json_boolean(ground->core));
    bad |= json_object_set_new(object, "dwelling", lh_json_text(ground->dwelling));
    bad |= json_object_set_new(object, "ban", lh_json_text(ground->ban));
    bad |= json_object_set_new(object, "permit", lh_json_text(ground->permit));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static int put_path(json_t *object, const char *key, const char *path)
{
    return json_object_set_new(object, key, *path ? lh_json_text(path) : json_null());
}

static json_t *evidence_value(const struct lh_album_paths *paths)
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

static json_t *box_or_null(const struct lh_alarm *alarm, struct lh_box box)
{
    return has_camera(alarm) ? box_value(box) : json_null();
}

static json_t *number_or_null(const struct lh_alarm *alarm, float value)
{
    return has_camera(alarm) ? lh_json_number((double)value) : json_null();
}

/* What the camera that leads sees. */
static int put_sight(json_t *root, const struct lh_alarm *alarm)
{
    const struct lh_track *track = &alarm->track;
    int bad = json_object_set_new(root, "score", number_or_null(alarm, track->score));
    bad |= json_object_set_new(root, "best_score", number_or_null(alarm, track->best_score));
    bad |= json_object_set_new(root, "camera", camera_value(alarm));
    bad |= json_object_set_new(root, "box", box_or_null(alarm, track->box));
    bad |= json_object_set_new(root, "first_box", box_or_null(alarm, track->first_box));
    bad |= json_object_set_new(root, "reach", box_or_null(alarm, track->reach));
    bad |= json_object_set_new(root, "picture", picture_value(alarm));
    bad |= json_object_set_new(root, "growth", number_or_null(alarm, track->growth));
    bad |= json_object_set_new(root, "hits", lh_json_count(has_camera(alarm) ? track->hits : 0));
    bad |= json_object_set_new(root, "detectors", detectors_value(alarm->detectors));
    bad |= json_object_set_new(root, "evidence", evidence_value(&alarm->evidence));
    return bad;
}

int lh_message_alarm(const struct lh_alarm *alarm, const struct lh_serial *serial, char **ret_json)
{
    json_t *root = json_object();
    int bad = put_serial(root, "linhuo/alarm/2", serial);
    bad |= json_object_set_new(root, "id", lh_json_text(alarm->id));
    bad |= json_object_set_new(root, "revision", lh_json_count(alarm->revision));
    bad |= json_object_set_new(root, "state", lh_json_text(lh_alarm_state_name(alarm->state)));
    bad |= json_object_set_new(root, "priority", lh_json_text(lh_priority_name(alarm->priority)));
    bad |= json_object_set_new(root, "probability", lh_json_number(alarm->probability));
    bad |= json_object_set_new(root, "rank", lh_json_number(alarm->urgency.rank));
    bad |= json_object_set_new(root, "urgency", lh_json_text(alarm->urgency.reason));
    bad |= json_object_set_new(root, "kind", lh_json_text(lh_alarm_kind_name(alarm)));
    bad |= json_object_set_new(root, "area_code", lh_json_text(alarm->area_code));
    bad |= json_object_set_new(root, "place", lh_json_text(alarm->place));
    bad |= json_object_set_new(root, "position", lh_json_position(&alarm->position));
    bad |= json_object_set_new(root, "times", times_value(alarm));
    bad |= json_object_set_new(root, "incident", incident_value(alarm));
    bad |= json_object_set_new(root, "reasons", reasons_value(alarm));
    bad |= json_object_set_new(root, "ground", ground_value(&alarm->ground));
    bad |= put_sight(root, alarm);
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

void lh_topic_health(const char *camera, char ret_topic[LH_TOPIC])
{
    (void)snprintf(ret_topic, LH_TOPIC, "health/");
    add_part(ret_topic, camera, 64);
}
