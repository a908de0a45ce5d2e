#include "alarm/json.h"
#include "alarm/message.h"

#include <stdlib.h>

#define FEEDS_LISTED 8 /* on the bus and in the file */
#define HEALTH_STATES (LH_HEALTH_DEFOCUSED + 1)
#define BRIEF_CAMERAS_BYTES                                                                        \
    (LH_MESSAGE_MAX - 4096 - FEEDS_LISTED * 1536) /* the rest of the document needs far less */

void lh_engine_status_finish(struct lh_engine_status *status)
{
    free(status->stations);
    free(status->feeds);
    *status = (struct lh_engine_status){0};
}

static json_t *detector_value(const char *name, const struct lh_detector_counts *counts)
{
    json_t *object = json_object();
    int bad = json_object_set_new(object, "name", lh_json_text(name ? name : ""));
    bad |= json_object_set_new(object, "frames", lh_json_count(counts->frames));
    bad |= json_object_set_new(object, "failures", lh_json_count(counts->failures));
    bad |= json_object_set_new(object, "detections", lh_json_count(counts->detections));
    bad |= json_object_set_new(object, "refused", lh_json_count(counts->refused));
    bad |= json_object_set_new(object, "below_score", lh_json_count(counts->below_score));
    bad |= json_object_set_new(object, "masked", lh_json_count(counts->masked));
    bad |= json_object_set_new(object, "busy_s",
                               lh_json_number((double)counts->busy_us / (double)LH_SECOND_US));
    bad |= json_object_set_new(object, "slowest_ms",
                               lh_json_number((double)counts->slowest_us / 1000.0));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *detectors_value(const struct lh_station_status *station)
{
    json_t *array = json_array();
    int bad = 0;
    for (size_t i = 0; i < station->detector_count && i < LH_STATION_DETECTORS && !bad; i++)
        bad = json_array_append_new(
            array, detector_value(station->detector_names[i], &station->detectors[i]));
    if (bad) {
        json_decref(array);
        return NULL;
    }
    return array;
}

static json_t *source_value(const struct lh_source_counts *counts)
{
    json_t *object = json_object();
    int bad = json_object_set_new(object, "bytes", lh_json_count(counts->bytes));
    bad |= json_object_set_new(object, "packets", lh_json_count(counts->packets));
    bad |= json_object_set_new(object, "packets_skipped", lh_json_count(counts->packets_skipped));
    bad |= json_object_set_new(object, "packets_damaged", lh_json_count(counts->packets_damaged));
    bad |= json_object_set_new(object, "pictures", lh_json_count(counts->pictures));
    bad |= json_object_set_new(object, "clock_repairs", lh_json_count(counts->clock_repairs));
    bad |= json_object_set_new(object, "format_changes", lh_json_count(counts->format_changes));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *station_value(const struct lh_station_status *station)
{
    const struct lh_camera_status *camera = &station->camera;
    json_t *object = json_object();
    int bad = json_object_set_new(object, "id", lh_json_text(camera->id));
    bad |= json_object_set_new(object, "health", lh_json_text(lh_health_name(camera->health)));
    bad |= json_object_set_new(object, "since", lh_json_time(camera->health_since_utc_us));
    bad |= json_object_set_new(object, "last_fresh", lh_json_time(camera->last_fresh_utc_us));
    bad |= json_object_set_new(object, "last_capture", lh_json_time(camera->last_capture_utc_us));
    bad |= json_object_set_new(object, "time_quality",
                               lh_json_text(lh_time_quality_name(camera->time_quality)));
    bad |= json_object_set_new(object, "description", lh_json_text(camera->description));
    bad |= json_object_set_new(object, "last_error", lh_json_text(camera->last_error));
    bad |= json_object_set_new(object, "connections", lh_json_count(camera->connections));
    bad |= json_object_set_new(object, "failures", lh_json_count(camera->failures));
    bad |= json_object_set_new(object, "frames", lh_json_count(camera->frames));
    bad |= json_object_set_new(object, "frames_waiting", lh_json_count(station->frames_waiting));
    bad |= json_object_set_new(object, "frames_dropped", lh_json_count(station->frames_dropped));
    bad |= json_object_set_new(object, "frames_analysed", lh_json_count(station->frames_analysed));
    bad |= json_object_set_new(object, "frames_moving", lh_json_count(station->frames_moving));
    bad |= json_object_set_new(object, "fps", lh_json_number(camera->fps));
    bad |= json_object_set_new(object, "blind_s", lh_json_number(camera->blind_s));
    bad |= json_object_set_new(object, "burst", json_boolean(camera->burst));
    bad |= json_object_set_new(object, "source", source_value(&camera->counts));
    bad |= json_object_set_new(object, "detectors", detectors_value(station));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *desk_value(const struct lh_desk_counts *counts)
{
    json_t *object = json_object();
    int bad = json_object_set_new(object, "open", lh_json_count(counts->open));
    bad |= json_object_set_new(object, "raised", lh_json_count(counts->raised));
    bad |= json_object_set_new(object, "kept", lh_json_count(counts->kept));
    bad |= json_object_set_new(object, "ended", lh_json_count(counts->ended));
    bad |= json_object_set_new(object, "published", lh_json_count(counts->published));
    bad |= json_object_set_new(object, "backlog", lh_json_count(counts->backlog));
    bad |= json_object_set_new(object, "thinned", lh_json_count(counts->thinned));
    bad |= json_object_set_new(object, "lost", lh_json_count(counts->lost));
    bad |= json_object_set_new(object, "store_failures", lh_json_count(counts->store_failures));
    bad |=
        json_object_set_new(object, "evidence_failures", lh_json_count(counts->evidence_failures));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *feed_value(const struct lh_feed_status *feed)
{
    json_t *object = json_object();
    int bad = json_object_set_new(object, "name", lh_json_text(feed->name));
    bad |= json_object_set_new(object, "last_success", lh_json_time(feed->last_success_utc_us));
    bad |= json_object_set_new(object, "looks", lh_json_count(feed->looks));
    bad |= json_object_set_new(object, "failures", lh_json_count(feed->failures));
    bad |= json_object_set_new(object, "rows", lh_json_count(feed->rows));
    bad |= json_object_set_new(object, "last_error", lh_json_text(feed->last_error));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *feeds_value(const struct lh_engine_status *status)
{
    json_t *array = json_array();
    int bad = 0;
    for (size_t i = 0; i < status->feed_count && i < FEEDS_LISTED && !bad; i++)
        bad = json_array_append_new(array, feed_value(&status->feeds[i]));
    if (bad) {
        json_decref(array);
        return NULL;
    }
    return array;
}

static json_t *incidents_value(const struct lh_fusion_stats *fusion)
{
    json_t *object = json_object();
    int bad = json_object_set_new(object, "known", lh_json_count(fusion->incidents));
    bad |= json_object_set_new(object, "evidence", lh_json_count(fusion->evidence));
    bad |= json_object_set_new(object, "added", lh_json_count(fusion->added));
    bad |=
        json_object_set_new(object, "refused",
                            lh_json_count(fusion->too_late + fusion->too_early + fusion->malformed +
                                          fusion->crowded + fusion->unanswered));
    bad |= json_object_set_new(object, "dropped", lh_json_count(fusion->dropped));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *health_value(const struct lh_engine_status *status)
{
    size_t counts[HEALTH_STATES] = {0};
    for (size_t i = 0; i < status->station_count; i++) {
        const unsigned health = (unsigned)status->stations[i].camera.health;
        if (health < HEALTH_STATES)
            counts[health]++;
    }
    json_t *object = json_object();
    int bad = json_object_set_new(object, "total", lh_json_count(status->station_count));
    for (unsigned state = 0; state < HEALTH_STATES; state++)
        bad |= json_object_set_new(object, lh_health_name((enum lh_health_state)state),
                                   lh_json_count(counts[state]));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* Appends the cameras that see, or those that do not, while they find room. */
static int add_stations(json_t *array, const struct lh_engine_status *status, bool seeing,
                        size_t *room)
{
    for (size_t i = 0; i < status->station_count; i++) {
        const struct lh_station_status *station = &status->stations[i];
        if ((station->camera.health == LH_HEALTH_SEEING) != seeing)
            continue;
        json_t *value = station_value(station);
        if (!value)
            return LH_ENOMEM;
        const size_t bytes = json_dumpb(value, NULL, 0, LH_JSON_FLAGS) + 1;
        if (bytes == 1 || bytes > *room) {
            json_decref(value);
            *room = 0;
            return bytes == 1 ? LH_ENOMEM : LH_OK;
        }
        *room -= bytes;
        if (json_array_append_new(array, value))
            return LH_ENOMEM;
    }
    return LH_OK;
}

static json_t *brief_stations(const struct lh_engine_status *status)
{
    size_t room = BRIEF_CAMERAS_BYTES;
    json_t *array = json_array();
    if (array && add_stations(array, status, false, &room) == LH_OK &&
        add_stations(array, status, true, &room) == LH_OK)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *all_stations(const struct lh_engine_status *status)
{
    json_t *array = json_array();
    int bad = 0;
    for (size_t i = 0; i < status->station_count && !bad; i++)
        bad = json_array_append_new(array, station_value(&status->stations[i]));
    if (bad) {
        json_decref(array);
        return NULL;
    }
    return array;
}

/* Takes over stations, which may be NULL. */
static int compose(const struct lh_engine_status *status, const struct lh_serial *serial,
                   json_t *stations, char **ret_json)
{
    json_t *root = json_object();
    int bad = json_object_set_new(root, "schema", json_string("linhuo/status/1"));
    bad |= json_object_set_new(root, "epoch", lh_json_text(serial->epoch));
    bad |= json_object_set_new(root, "stream", lh_json_text(serial->stream));
    bad |= json_object_set_new(root, "sequence", lh_json_count(serial->sequence));
    bad |= json_object_set_new(root, "site", lh_json_text(status->site));
    bad |= json_object_set_new(root, "publish",
                               status->publish ? lh_json_text(status->publish) : json_null());
    bad |= json_object_set_new(root, "inbox",
                               status->inbox ? lh_json_text(status->inbox) : json_null());
    bad |= json_object_set_new(root, "started", lh_json_time(status->started_utc_us));
    bad |= json_object_set_new(root, "now", lh_json_time(status->now_utc_us));
    bad |= json_object_set_new(root, "detect_threads", lh_json_count(status->detect_threads));
    bad |= json_object_set_new(root, "subscribers", lh_json_count(status->subscribers));
    bad |= json_object_set_new(root, "alarms", desk_value(&status->desk));
    bad |= json_object_set_new(root, "incidents", incidents_value(&status->fusion));
    bad |= json_object_set_new(root, "feeds", feeds_value(status));
    bad |= json_object_set_new(root, "health", health_value(status));
    bad |= json_object_set_new(root, "cameras_listed",
                               lh_json_count(stations ? json_array_size(stations) : 0));
    bad |= json_object_set_new(root, "cameras", stations);
    if (bad) {
        json_decref(root);
        return LH_ENOMEM;
    }
    return lh_json_finish(root, ret_json);
}

int lh_message_status(const struct lh_engine_status *status, const struct lh_serial *serial,
                      char **ret_json)
{
    return compose(status, serial, brief_stations(status), ret_json);
}

int lh_message_status_full(const struct lh_engine_status *status, const struct lh_serial *serial,
                           char **ret_json)
{
    return compose(status, serial, all_stations(status), ret_json);
}
