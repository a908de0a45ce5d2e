/* The situation: everything that is known of fires in the county, as one picture.
 *
 *   tracks ───> vantage (where) ──┐
 *   hotspots ─> log, groups, heat ├─> fusion ──> incidents, by callback
 *   reports ──────────────────────┤
 *   weather, looks ───────────────┘
 *
 * It owns fusion, the log of hotspots, the register of heat sources and what is known of the ground; where cameras
 * stand it is lent (vantage.h). All is optional but fusion: a site that names nothing gets an incident a track.
 *
 * A track's time is its capture time where the engine's clock agrees within the limits of fusion; where a camera's
 * clock is further off its evidence counts as of now, so that a wrong clock hides no fire.
 *
 * Time enters by arguments; nothing here reads a clock. The same calls give the same events.
 *
 * Thread: one: the alarm thread, at replay the merge.
 */
#ifndef LH_SITUATION_H
#define LH_SITUATION_H

#include "fuse/danger.h"
#include "fuse/feed.h"
#include "fuse/fusion.h"
#include "vantage.h"

struct lh_situation;

struct lh_situation_options {
    const struct lh_site *site; /* lent */
    const struct lh_vantage
        *vantage;            /* lent; NULL: nothing has a position but what says so itself */
    const char *data_folder; /* of hotspots.sqlite and heat.sqlite; NULL: in memory */
};

/* LH_ECONFIG: a file of heat areas. A log or register that is spoilt is said in the log; it holds what operators
 * said and is not begun anew; then there are no hotspots, and the rest goes on. */
int lh_situation_create(const struct lh_situation_options *options, struct lh_fault *fault,
                        struct lh_situation **ret_situation);
/* Accepts &NULL; leaves NULL. */
void lh_situation_destroy(struct lh_situation **situation);

/* A reload: weights, limits and vantage from now on; incidents go on. LH_ECONFIG: the heat areas stay the old ones. */
int lh_situation_set_site(struct lh_situation *situation, const struct lh_site *site,
                          const struct lh_vantage *vantage, struct lh_fault *fault);

struct lh_situation_track {
    const struct lh_camera_config *camera;
    const char *preset; /* the view it stood at */
    const struct lh_track *track;
    uint32_t width_px; /* of the picture; 0: not known, then it has no position */
    uint32_t height_px;
};
int lh_situation_track(struct lh_situation *situation, const struct lh_situation_track *seen,
                       int64_t now_us);

/* Evidence that stands by itself: a report (fuse/report.h), a bearing. */
int lh_situation_evidence(struct lh_situation *situation, const struct lh_evidence *evidence,
                          int64_t now_us);

/* What a feed brought: noted in log and register, and what is new and not too late becomes evidence. Rows outside
 * the site's box are none of ours. */
int lh_situation_hotspots(struct lh_situation *situation, const struct lh_feed_batch *batch,
                          int64_t now_us, struct lh_fault *fault);

/* A camera looked and reported all that it saw. Told as often as it looks: one look in five minutes of a view
 * counts, where terrain and pose say what it could see. */
int lh_situation_look(struct lh_situation *situation, const struct lh_camera_config *camera,
                      const char *preset, double aspect, int64_t utc_us);

/* Where fire danger and weather are told (fuse/danger.h). Lent until a reload, which reads them anew from
 * the site's files. */
struct lh_danger *lh_situation_danger(struct lh_situation *situation);

/* Brings incidents up to date and tells what changed: after what came, and now and then. */
int lh_situation_settle(struct lh_situation *situation, int64_t now_us, lh_fusion_event_fn on_event,
                        void *context);

/* The incident that a piece of evidence went into, as of the last settling. LH_ENOTFOUND, LH_ENOMEM. */
int lh_situation_incident_of(const struct lh_situation *situation,
                             const struct lh_evidence *evidence, char ret_id[LH_INCIDENT_ID]);

const struct lh_vantage *lh_situation_vantage(const struct lh_situation *situation);
/* Lent. NULL: no feeds are to run. */
struct lh_hotspot_log *lh_situation_log(struct lh_situation *situation);
struct lh_fusion_stats lh_situation_stats(const struct lh_situation *situation);

#endif
