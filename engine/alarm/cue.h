/* A cue: somebody should turn a camera to a place, and these can see it.
 *
 *   topic cue/CAMERA/ (the best of them), stream "cue", numbered from 1 in each run of the engine; cue.schema.json
 *
 * Published when it is wanted and again when what it says changes; "ended" when it is wanted no more.
 *
 * Thread-safety: pure functions on values.
 */
#ifndef LH_ALARM_CUE_H
#define LH_ALARM_CUE_H

#include "alarm/message.h"
#include "fuse/looks.h"

#define LH_STREAM_CUE "cue"
#define LH_CUE_VIEWS 32

/* One way to look there. */
struct lh_cue_view {
    char camera[65];
    char preset[65]; /* "" for a fixed camera, or where it must be turned */
    bool turn;       /* no preset has it in its picture */
    double azimuth_deg;
    double elevation_deg;
    double distance_m;
    enum lh_sees sees; /* YES, or UNKNOWN: the ground between is not known */
    double off_centre; /* 0 in the middle of the preset's picture, 1 in a corner; not told */
};

struct lh_cue {
    char about[LH_ALARM_ID]; /* the incident, or the letter that asked for it */
    bool asked;              /* by a letter */
    bool ended;
    struct lh_geo place;
    char why[161];
    int64_t utc_us;
    struct lh_cue_view views[LH_CUE_VIEWS]; /* the best first */
    size_t view_count;
};

/* Clear sight first, then the nearest, then by name; of one camera presets by how well they have it, then turning. */
int lh_cue_view_order(const struct lh_cue_view *a, const struct lh_cue_view *b);
/* Would look the same to whoever turns cameras: ways, order, directions to half a degree. */
bool lh_cue_same(const struct lh_cue *a, const struct lh_cue *b);

/* As lh_message_alarm. */
int lh_message_cue(const struct lh_cue *cue, const struct lh_serial *serial, char **ret_json);
void lh_topic_cue(const struct lh_cue *cue, char ret_topic[LH_TOPIC]);

#endif
