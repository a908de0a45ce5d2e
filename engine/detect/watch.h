/* The watch over one camera: all its detectors, the memory of its place and its tracker, frame in, track
 * events out.
 *
 * This is the whole detect room as the pipeline sees it; live and replay use the same.
 *
 * Thread: one at a time; live, the detect thread that owns the camera.
 */
#ifndef LH_DETECT_WATCH_H
#define LH_DETECT_WATCH_H

#include "detect/detector.h"
#include "detect/place.h"
#include "detect/track.h"

struct lh_watch;

/* The plugins of a site and the values of their settings, shared by the watches of all its cameras. Every
 * refusal and mistake becomes a finding, and LH_ECONFIG. Read by any thread once loaded. */
struct lh_watch_plugins;
int lh_watch_plugins_load(const struct lh_site *site, struct lh_findings *findings,
                          struct lh_watch_plugins **ret_loaded);
void lh_watch_plugins_destroy(struct lh_watch_plugins **loaded);

/* Opens every detector that the camera names, all of the site where it names none. site, camera and
 * loaded are lent until destroyed. */
int lh_watch_create(const struct lh_site *site, const struct lh_camera_config *camera,
                    const struct lh_watch_plugins *loaded, struct lh_fault *fault,
                    struct lh_watch **ret_watch);
void lh_watch_destroy(struct lh_watch **watch);

/* What came of one frame. Lent until the next call. */
struct lh_watch_result {
    const struct lh_detection *detections;
    size_t detection_count;
    size_t
        failed_detectors; /* counted and reported in the detectors' counts; the others still looked */
    struct lh_fault fault; /* of the last one that failed */
};

/* Shows the frame to every detector, weighs what they find by the memory of the place, feeds the tracker,
 * reports confirmed tracks. Frames of a burst are
 * shown to the detectors (LINHUO_PICTURE_BURST) and their detections are in the result, but they do
 * not reach memory and tracker, whose k of n counts watched frames; nor does a frame that no detector could look
 * at. A detector that fails is in the result, not in the returned code. */
int lh_watch_frame(struct lh_watch *watch, struct lh_frame *frame, lh_track_event_fn on_event,
                   void *context, struct lh_watch_result *ret_result);
void lh_watch_flush(struct lh_watch *watch, lh_track_event_fn on_event, void *context);

/* The memory of the camera's place: empty at first, for whoever keeps it over a restart. Lent. */
struct lh_place_memory *lh_watch_place(struct lh_watch *watch);

/* The use of the camera's budget of the day, likewise; set before the first frame. */
struct lh_spending lh_watch_spending(const struct lh_watch *watch);
void lh_watch_set_spending(struct lh_watch *watch, struct lh_spending spending);

size_t lh_watch_detectors(const struct lh_watch *watch);
const char *lh_watch_detector_name(const struct lh_watch *watch, size_t index);
struct lh_detector_counts lh_watch_detector_counts(const struct lh_watch *watch, size_t index);

#endif
