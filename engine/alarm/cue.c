#include "alarm/cue.h"

#include "alarm/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAME_DEG 0.5

int lh_cue_view_order(const struct lh_cue_view *a, const struct lh_cue_view *b)
{
    if (a->sees != b->sees)
        return a->sees == LH_SEES_YES ? -1 : 1;
    if (a->distance_m != b->distance_m)
        return a->distance_m < b->distance_m ? -1 : 1;
    const int camera = strcmp(a->camera, b->camera);
    if (camera != 0)
        return camera;
    if (a->turn != b->turn)
        return a->turn ? 1 : -1;
    if (a->off_centre != b->off_centre)
        return a->off_centre < b->off_centre ? -1 : 1;
    return strcmp(a->preset, b->preset);
}

static bool same_view(const struct lh_cue_view *a, const struct lh_cue_view *b)
{
    return strcmp(a->camera, b->camera) == 0 && strcmp(a->preset, b->preset) == 0 &&
           a->turn == b->turn && a->sees == b->sees &&
           fabs(lh_azimuth_difference(a->azimuth_deg, b->azimuth_deg)) <= SAME_DEG &&
           fabs(a->elevation_deg - b->elevation_deg) <= SAME_DEG;
}

bool lh_cue_same(const struct lh_cue *a, const struct lh_cue *b)
{
    if (a->ended != b->ended || a->view_count != b->view_count)
        return false;
    for (size_t i = 0; i < a->view_count; i++)
        if (!same_view(&a->views[i], &b->views[i]))
            return false;
    return true;
}

static json_t *view_value(const struct lh_cue_view *view)
{
    json_t *object = json_object();
    int bad = json_object_set_new(object, "camera", lh_json_text(view->camera));
    bad |= json_object_set_new(object, "preset", lh_json_text(view->preset));
    bad |= json_object_set_new(object, "turn", json_boolean(view->turn));
    bad |= json_object_set_new(object, "azimuth_deg", lh_json_number(view->azimuth_deg));
    bad |= json_object_set_new(object, "elevation_deg", lh_json_number(view->elevation_deg));
    bad |= json_object_set_new(object, "distance_m", lh_json_number(view->distance_m));
    bad |= json_object_set_new(object, "sight",
                               json_string(view->sees == LH_SEES_YES ? "clear" : "unknown"));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

int lh_message_cue(const struct lh_cue *cue, const struct lh_serial *serial, char **ret_json)
{
    json_t *views = json_array();
    json_t *place = json_object();
    json_t *root = json_object();
    int bad = 0;
    for (size_t i = 0; i < cue->view_count; i++)
        bad |= json_array_append_new(views, view_value(&cue->views[i]));
    bad |= json_object_set_new(place, "latitude_deg", lh_json_degrees(cue->place.latitude_deg));
    bad |= json_object_set_new(place, "longitude_deg", lh_json_degrees(cue->place.longitude_deg));
    bad |= json_object_set_new(root, "schema", json_string("linhuo/cue/1"));
    bad |= json_object_set_new(root, "epoch", lh_json_text(serial->epoch));
    bad |= json_object_set_new(root, "stream", lh_json_text(serial->stream));
    bad |= json_object_set_new(root, "sequence", lh_json_count(serial->sequence));
    bad |= json_object_set_new(root, "state", json_string(cue->ended ? "ended" : "wanted"));
    bad |= json_object_set_new(root, "about", lh_json_text(cue->about));
    bad |= json_object_set_new(root, "origin", json_string(cue->asked ? "letter" : "incident"));
    bad |= json_object_set_new(root, "why", lh_json_text(cue->why));
    bad |= json_object_set_new(root, "time", lh_json_time(cue->utc_us));
    bad |= json_object_set_new(root, "place", place);
    bad |= json_object_set_new(root, "views", views);
    if (bad) {
        json_decref(root);
        return LH_ENOMEM;
    }
    return lh_json_finish(root, ret_json);
}

void lh_topic_cue(const struct lh_cue *cue, char ret_topic[LH_TOPIC])
{
    (void)snprintf(ret_topic, LH_TOPIC, "cue/%s/", cue->view_count > 0 ? cue->views[0].camera : "");
}
