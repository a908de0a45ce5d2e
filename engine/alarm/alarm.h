/* What is published about an incident: one alarm, raised and then updated while it goes on.
 *
 * An alarm says what fusion believes of its incident (probability, position with its error, reasons), and
 * shows what the camera that leads sees of it, where a camera does. It goes by the incident's identifier
 * (fuse/fusion.h), which is made of what is true of it, so that replay gives the same one.
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
    LH_ALARM_RAISED, /* also when it comes back after it had ended */
    LH_ALARM_UPDATED,
    LH_ALARM_ENDED, /* nobody sees it any more; or closed, or merged: the alarm says which */
    LH_ALARM_KEPT,  /* below every priority so far: in the store, not published */
};
const char *lh_alarm_state_name(enum lh_alarm_state state);

#define LH_ALARM_ID LH_INCIDENT_ID
#define LH_ALARM_REASONS 16
#define LH_ALARM_PLACE 256
#define LH_ALARM_MERGED 4

/* One summand of the logit of the probability. */
struct lh_alarm_reason {
    const char
        *kind; /* static: "camera", "report", ..., "prior", "danger", "ban", "permit", "look" */
    char source[LH_EVIDENCE_SOURCE]; /* "" of what is no evidence */
    int64_t utc_us;                  /* of the latest observation; LH_NO_TIME likewise */
    double weight;                   /* as it counts */
    char text[LH_TERM_REASON];       /* in words */
};

/* Names of the pictures of one moment, relative to the data folder; "" where there is none. */
#define LH_ALARM_PATH 256

struct lh_album_paths {
    char frame[LH_ALARM_PATH];       /* the whole picture as the camera gave it */
    char frame_boxes[LH_ALARM_PATH]; /* the same with the box drawn */
    char crop[LH_ALARM_PATH];        /* the box with a margin */
    char crop_boxes[LH_ALARM_PATH];
};

/* A plain value. */
struct lh_alarm {
    char id[LH_ALARM_ID];
    uint32_t
        revision; /* from 1, one more each time it is stored; a gap where a full backlog was thinned */
    enum lh_alarm_state state;
    enum lh_priority priority; /* never falls while the alarm is open */
    struct lh_urgency urgency; /* as it stands now; the larger rank first within a priority */
    char area_code[16];
    int64_t raised_utc_us;  /* engine clock; LH_NO_TIME while it is only kept */
    int64_t updated_utc_us; /* engine clock, of this revision */

    /* of the incident */
    enum lh_incident_state incident_state;
    double probability;
    unsigned witnesses; /* bit set of enum lh_witness */
    bool conflict;
    int64_t first_utc_us; /* earliest and latest acquisition of its evidence */
    int64_t last_utc_us;
    struct lh_position position;
    char place[LH_ALARM_PLACE]; /* in words; "": not known */
    struct lh_ground ground;    /* danger level, wind, what is near */
    size_t evidence_count;
    struct lh_alarm_reason reasons[LH_ALARM_REASONS]; /* evidence first, the strongest first */
    size_t reason_count;
    size_t reasons_left_out;
    char merged_into[LH_ALARM_ID]; /* it goes on there; "": not merged */
    char merged[LH_ALARM_MERGED]
               [LH_ALARM_ID]; /* alarms that were merged into it, the latest first */
    size_t merged_count;

    /* of the camera that leads; camera "": none sees it */
    char camera[65];
    char camera_name[128];
    char preset[65];
    struct lh_track track; /* kind, box, score, times */
    char detectors[256];   /* names, joined by ',' */
    enum lh_time_quality time_quality;
    uint32_t picture_width_px; /* of the camera's picture, for whoever wants the box in pixels */
    uint32_t picture_height_px;
    struct lh_album_paths evidence; /* latest */
};

/* "smoke" or "flame" as the camera that leads has it; else "report" or "hotspot". */
const char *lh_alarm_kind_name(const struct lh_alarm *alarm);

/* What fusion calls a track: its first detection and its number, since a camera that was started anew counts
 * from 1 again. */
void lh_track_reference(const struct lh_track *track, char ret_reference[LH_EVIDENCE_REFERENCE]);

/* What is true of the incident, and why; not the alarm's own life, its place or its camera. */
void lh_alarm_take_incident(struct lh_alarm *alarm, const struct lh_incident *incident);

/* Copies at most size - 1 bytes and cuts between characters. */
void lh_copy_text(char *to, size_t size, const char *from);

#endif
