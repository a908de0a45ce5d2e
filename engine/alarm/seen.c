#include "alarm/seen.h"

#include <stdlib.h>
#include <string.h>

static struct lh_seen *begin(struct lh_seen_tracks *tracks, const struct lh_camera_config *camera)
{
    struct lh_seen *seen = calloc(1, sizeof *seen);
    if (!seen)
        return NULL;
    lh_copy_text(seen->camera, sizeof seen->camera, camera->id);
    lh_copy_text(seen->camera_name, sizeof seen->camera_name, camera->name);
    lh_copy_text(seen->preset, sizeof seen->preset, camera->preset);
    seen->time_quality = LH_TIME_ARRIVAL;
    seen->next = tracks->first;
    tracks->first = seen;
    return seen;
}

struct lh_seen *lh_seen_note(struct lh_seen_tracks *tracks, const struct lh_camera_config *camera,
                             const struct lh_track *track)
{
    struct lh_seen *found = NULL;
    for (struct lh_seen *at = tracks->first; at; at = at->next) {
        if (at->lost || at->track.id != track->id || strcmp(at->camera, camera->id) != 0)
            continue;
        if (at->track.first_utc_us == track->first_utc_us)
            found = at;
        else
            at->lost = true;
    }
    if (!found)
        found = begin(tracks, camera);
    if (!found)
        return NULL;
    found->track = *track;
    lh_track_reference(track, found->reference);
    return found;
}

struct lh_seen *lh_seen_find(const struct lh_seen_tracks *tracks, const char *camera,
                             const char *reference)
{
    for (struct lh_seen *at = tracks->first; at; at = at->next)
        if (strcmp(at->reference, reference) == 0 && strcmp(at->camera, camera) == 0)
            return at;
    return NULL;
}

static bool is_shown(const struct lh_alarm *alarm, const struct lh_seen *seen)
{
    return alarm->track.id == seen->track.id &&
           alarm->track.first_utc_us == seen->track.first_utc_us &&
           strcmp(alarm->camera, seen->camera) == 0;
}

const struct lh_seen *lh_seen_leading(const struct lh_seen_tracks *tracks,
                                      const struct lh_alarm *alarm)
{
    const struct lh_seen *best = NULL;
    for (const struct lh_seen *at = tracks->first; at; at = at->next) {
        if (at->lost || strcmp(at->alarm, alarm->id) != 0)
            continue;
        if (is_shown(alarm, at))
            return at;
        if (!best || at->track.score > best->track.score)
            best = at;
    }
    return best;
}

void lh_seen_sweep(struct lh_seen_tracks *tracks)
{
    for (struct lh_seen **link = &tracks->first; *link;) {
        struct lh_seen *seen = *link;
        if (seen->lost) {
            *link = seen->next;
            free(seen);
        } else {
            link = &seen->next;
        }
    }
}

void lh_seen_finish(struct lh_seen_tracks *tracks)
{
    for (struct lh_seen *at = tracks->first; at; at = at->next)
        at->lost = true;
    lh_seen_sweep(tracks);
}

void lh_alarm_take_seen(struct lh_alarm *alarm, const struct lh_seen *seen)
{
    memcpy(alarm->camera, seen->camera, sizeof alarm->camera);
    memcpy(alarm->camera_name, seen->camera_name, sizeof alarm->camera_name);
    memcpy(alarm->preset, seen->preset, sizeof alarm->preset);
    memcpy(alarm->detectors, seen->detectors, sizeof alarm->detectors);
    alarm->track = seen->track;
    alarm->time_quality = seen->time_quality;
    alarm->picture_width_px = seen->picture_width_px;
    alarm->picture_height_px = seen->picture_height_px;
}
