/* On duty: the situation and the alarm desk as one, live and at replay.
 *
 *   what comes in ──> situation ──> incidents ──> desk ──> alarms
 *
 * Each call is one moment by the desk's clock: what came is taken in, incidents are brought up to date, and the desk
 * hears of what changed and concludes. One incident is one alarm.
 *
 * Thread: one: the alarm thread, at replay the merge.
 */
#ifndef LH_DUTY_H
#define LH_DUTY_H

#include "alarm/desk.h"
#include "cues.h"
#include "situation.h"

struct lh_duty;

struct lh_duty_options {
    struct lh_desk_options desk;
    const struct lh_vantage *vantage; /* lent; NULL: cameras have no position */
    const char *data_folder;          /* of the situation; NULL: in memory */
    /* Beside the bus of the desk, with the desk's context. May be NULL. */
    void (*on_cue)(void *context, const struct lh_cue *cue, const char *json);
};

int lh_duty_create(const struct lh_duty_options *options, struct lh_fault *fault,
                   struct lh_duty **ret_duty);
/* Accepts &NULL; leaves NULL. See lh_desk_destroy. */
void lh_duty_destroy(struct lh_duty **duty);

/* A reload: by the new site and vantage from now on. What cannot be read of it is said in the log. */
void lh_duty_set_site(struct lh_duty *duty, const struct lh_site *site,
                      const struct lh_vantage *vantage);

/* A camera saw a track, or lost it. */
int lh_duty_track(struct lh_duty *duty, const struct lh_desk_input *input);
int lh_duty_evidence(struct lh_duty *duty, const struct lh_evidence *evidence);
int lh_duty_hotspots(struct lh_duty *duty, const struct lh_feed_batch *batch,
                     struct lh_fault *fault);
/* Changes nothing by itself until the next moment. */
int lh_duty_look(struct lh_duty *duty, const struct lh_camera_config *camera, const char *preset,
                 double aspect, int64_t utc_us);

/* Somebody asks for a look at a place. LH_ENOTFOUND: no camera can see it. */
int lh_duty_ask(struct lh_duty *duty, const char *id, const char *why, struct lh_geo place);

/* Time passes. Live: at least four times a second. */
void lh_duty_tick(struct lh_duty *duty);

struct lh_desk *lh_duty_desk(struct lh_duty *duty);                 /* lent */
struct lh_situation *lh_duty_situation(const struct lh_duty *duty); /* lent */

#endif
