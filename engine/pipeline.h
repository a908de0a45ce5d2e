/* The engine at work: every room joined, every thread named.
 *
 *   cam-ID (one a camera) ──live queue──> detect-N (one a core) ──bounded queue──> alarm
 *
 * Frames go one way. A camera belongs to one detect thread for its life, so nothing behind its queue
 * needs a lock. The alarm thread alone touches store, bus and evidence. When it falls behind, the detect
 * threads wait for it; then frames are dropped, oldest first, at the cameras' queues, and counted;
 * news of alarms is never dropped.
 *
 * Thread-safety: one controlling thread calls everything but lh_pipeline_status and lh_pipeline_burst.
 */
#ifndef LH_PIPELINE_H
#define LH_PIPELINE_H

#include "alarm/message.h"
#include "base/site.h"

struct lh_pipeline;

/* Takes over site, also on failure. Loads and checks the plugins (LH_ECONFIG: findings), opens store,
 * bus and evidence (fault says which failed and what to do). Nothing runs yet. */
int lh_pipeline_create(struct lh_site **site, const struct lh_clock *clock,
                       struct lh_findings *findings, struct lh_fault *fault,
                       struct lh_pipeline **ret_pipeline);

/* Starts alarm, detect and camera threads. */
int lh_pipeline_start(struct lh_pipeline *pipeline, struct lh_fault *fault);

struct lh_reload_summary {
    unsigned kept;
    unsigned added;
    unsigned changed; /* stopped and started again with new settings */
    unsigned removed;
    bool
        needs_restart; /* something differs that only a start reads: data folder, bus, detect threads */
};

/* Goes over to a new site: cameras that are the same go on undisturbed. Takes over site. On failure the
 * old site goes on whole. */
int lh_pipeline_reload(struct lh_pipeline *pipeline, struct lh_site **site,
                       struct lh_findings *findings, struct lh_fault *fault,
                       struct lh_reload_summary *ret_summary);

/* Cameras first, then what they left in the queues, then the alarm thread; then frees. Accepts &NULL. */
void lh_pipeline_destroy(struct lh_pipeline **pipeline);

/* What the cameras are doing; desk and bus are left empty. Caller frees with lh_engine_status_finish. */
int lh_pipeline_status(struct lh_pipeline *pipeline, struct lh_engine_status *ret_status);

/* Full-rate decoding of one camera for some seconds. LH_ENOTFOUND for an unknown camera. */
int lh_pipeline_burst(struct lh_pipeline *pipeline, const char *camera, double seconds);

/* Where the bus is bound. Lent. */
const char *lh_pipeline_endpoint(const struct lh_pipeline *pipeline);

#endif
