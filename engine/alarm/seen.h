/* What is seen: the confirmed tracks that cameras see just now, and which alarm each belongs to.
 *
 * Fusion knows a track by camera and reference (lh_track_reference); what it looks like and whose camera it is
 * stands here, for the alarm that shows it. A camera that was started anew counts its tracks from 1
 * again: an earlier track under the same number is then lost.
 *
 * Thread: the desk's.
 */
#ifndef LH_ALARM_SEEN_H
#define LH_ALARM_SEEN_H

#include "alarm/alarm.h"

struct lh_seen {
    struct lh_seen *next;
    char camera[65];
    char camera_name[128];
    char preset[65];
    char reference[LH_EVIDENCE_REFERENCE];
    struct lh_track track; /* latest */
    char detectors[256];
    enum lh_time_quality time_quality;
    uint32_t picture_width_px;
    uint32_t picture_height_px;
    bool lost;
    char alarm[LH_ALARM_ID]; /* "": none yet */
};

/* Zero-initialised. */
struct lh_seen_tracks {
    struct lh_seen *first; /* the latest first */
};

/* What is seen of that track, begun where there was none. NULL: out of memory. */
struct lh_seen *lh_seen_note(struct lh_seen_tracks *tracks, const struct lh_camera_config *camera,
                             const struct lh_track *track);
struct lh_seen *lh_seen_find(const struct lh_seen_tracks *tracks, const char *camera,
                             const char *reference);
/* Of those of an alarm that are not lost, the one that it shows already (camera and track), else the one with
 * the highest score; NULL: none. */
const struct lh_seen *lh_seen_leading(const struct lh_seen_tracks *tracks,
                                      const struct lh_alarm *alarm);
/* Lets go of those that are lost. */
void lh_seen_sweep(struct lh_seen_tracks *tracks);
void lh_seen_finish(struct lh_seen_tracks *tracks);

/* Shows it in the alarm. */
void lh_alarm_take_seen(struct lh_alarm *alarm, const struct lh_seen *seen);

#endif
