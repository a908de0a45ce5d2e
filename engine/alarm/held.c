#include "alarm/alarm.h"
#include "alarm/json.h"
#include "alarm/message.h"

static json_t *names_value(const struct lh_held *held)
{
    json_t *array = json_array();
    int bad = 0;
    for (size_t i = 0; i < held->detector_count; i++)
        bad |= json_array_append_new(array, lh_json_text(held->detectors[i]));
    if (bad) {
        json_decref(array);
        return NULL;
    }
    return array;
}

static json_t *box_value(struct lh_box box)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "x", lh_json_number((double)box.x), "y",
                     lh_json_number((double)box.y), "width", lh_json_number((double)box.width),
                     "height", lh_json_number((double)box.height));
}

static json_t *times_value(const struct lh_held *held)
{
    return json_pack("{s:o, s:o, s:o}", "first_seen", lh_json_time(held->track->first_utc_us),
                     "last_seen", lh_json_time(held->track->last_utc_us), "held",
                     lh_json_time(held->utc_us));
}

int lh_message_held(const struct lh_held *held, const struct lh_serial *serial, char **ret_json)
{
    const struct lh_track *track = held->track;
    char reference[LH_EVIDENCE_REFERENCE];
    lh_track_reference(track, reference);
    json_t *root = json_object();
    int bad = json_object_set_new(root, "schema", json_string("linhuo/held/1"));
    bad |= json_object_set_new(root, "epoch", lh_json_text(serial->epoch));
    bad |= json_object_set_new(root, "stream", lh_json_text(serial->stream));
    bad |= json_object_set_new(root, "sequence", lh_json_count(serial->sequence));
    bad |= json_object_set_new(root, "camera", lh_json_text(held->camera->id));
    bad |= json_object_set_new(root, "track", lh_json_text(reference));
    bad |= json_object_set_new(root, "preset", lh_json_text(held->camera->preset));
    bad |= json_object_set_new(root, "kind", lh_json_text(lh_kind_name(track->kind)));
    bad |= json_object_set_new(root, "held", lh_json_text(lh_hold_name(track->held)));
    bad |= json_object_set_new(root, "reason", lh_json_text(lh_hold_text(track->held)));
    bad |= json_object_set_new(root, "score", lh_json_number((double)track->score));
    bad |= json_object_set_new(root, "raw_score", lh_json_number((double)track->raw_score));
    bad |= json_object_set_new(root, "opinion", lh_json_opinion(&track->opinion));
    bad |= json_object_set_new(root, "times", times_value(held));
    bad |= json_object_set_new(root, "box", box_value(track->box));
    bad |= json_object_set_new(root, "growth", lh_json_number((double)track->growth));
    bad |= json_object_set_new(root, "hits", lh_json_count(track->hits));
    bad |= json_object_set_new(root, "detectors", names_value(held));
    if (bad) {
        json_decref(root);
        return LH_ENOMEM;
    }
    return lh_json_finish(root, ret_json);
}
