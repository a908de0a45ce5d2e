/* What is published about an incident: one alarm, raised once and then updated.
 *
 * For now an incident is one confirmed track of one camera; position, evidence of other kinds and the
 * operator's life cycle come to it in the same struct. An alarm's identifier is made from what is
 * true of it (area, camera, first detection, track), so that replay gives the same one:
 *   141122.tower-1.20160604T184200.000Z.7
 */
#ifndef LH_ALARM_ALARM_H
#define LH_ALARM_ALARM_H

#include "base/clock.h"
#include "base/site.h"
#include "detect/detection.h"
#include "fuse/priority.h"
#include "video/frame.h"

#include <stdbool.h>
#include <stdint.h>

enum lh_alarm_state {
    LH_ALARM_RAISED,
    LH_ALARM_UPDATED,
    LH_ALARM_ENDED, /* no longer seen; not closed: that is a person's decision (a later part) */
    LH_ALARM_KEPT,  /* below every priority so far: in the store, not published */
};
const char *lh_alarm_state_name(enum lh_alarm_state state);

#define LH_ALARM_ID 160

/* Names of the pictures of one moment, relative to the data folder; "" where there is none. */
struct lh_evidence_paths {
    char frame[256];       /* the whole picture as the camera gave it */
    char frame_boxes[256]; /* the same with the box drawn */
    char crop[256];        /* the box with a margin */
    char crop_boxes[256];
};

/* A plain value. */
struct lh_alarm {
    char id[LH_ALARM_ID];
    uint32_t
        revision; /* from 1, one more each time it is stored; a gap where a full backlog was thinned */
    enum lh_alarm_state state;
    enum lh_priority priority; /* never falls while the alarm is open */
    char camera[65];
    char camera_name[128];
    char preset[65];
    char area_code[16];
    struct lh_track track; /* kind, box, score, times */
    char detectors[256];   /* names, joined by ',' */
    enum lh_time_quality time_quality;
    uint32_t picture_width_px; /* of the camera's picture, for whoever wants the box in pixels */
    uint32_t picture_height_px;
    int64_t raised_utc_us;             /* engine clock; LH_NO_TIME while it is only kept */
    int64_t updated_utc_us;            /* engine clock, of this revision */
    struct lh_evidence_paths evidence; /* latest */
};

/* Writes the identifier. The moment is the track's first detection. */
void lh_alarm_id(const char *area_code, const char *camera, int64_t first_utc_us, uint64_t track,
                 char ret_id[LH_ALARM_ID]);

/* Priority by score alone, after the site's limits. The score counts as messages write it, rounded to
 * four decimals, so that nobody reads "0.7" beside a priority that begins above it. */
enum lh_priority lh_priority_of(const struct lh_alarm_config *config, double score);

#endif
