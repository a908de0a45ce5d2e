/* One site detector at work on one camera: shows it frames and collects its detections.
 *
 * Thread: the detect thread that owns the camera.
 */
#ifndef LH_DETECT_DETECTOR_H
#define LH_DETECT_DETECTOR_H

#include "detect/detection.h"
#include "detect/plugin.h"
#include "video/frame.h"

struct lh_detector;

struct lh_detector_options {
    const struct lh_plugin *plugin;          /* lent, outlives the detector */
    const struct lh_plugin_values *values;   /* lent until destroyed */
    const struct lh_detector_config *config; /* lent until destroyed */
    uint16_t index;                          /* of the config in the site */
    const struct lh_camera_config *camera;   /* lent until destroyed: identifier, preset, masks */
};

struct lh_detector_counts {
    uint64_t frames;
    uint64_t failures;   /* detect() returned non-zero */
    uint64_t detections; /* kept */
    uint64_t refused;    /* NaN, empty, outside, unknown kind, beyond 256 */
    uint64_t below_score;
    uint64_t masked;
    int64_t busy_us; /* wall time inside detect() */
    int64_t slowest_us;
    uint64_t bad_masks; /* larger than 64 x 64 or without pixels; the find was kept without */
};

int lh_detector_create(const struct lh_detector_options *options, struct lh_fault *fault,
                       struct lh_detector **ret_detector);
void lh_detector_destroy(struct lh_detector **detector);

/* Shows a frame and appends what is found, at most capacity, to detections; *count grows. Resets the
 * plugin first when the frame's generation, preset or size changed or its time went back. A failure
 * of the plugin is LH_EPLUGIN, with its own words in fault; what it emitted before is dropped. Only the
 * used part of a detection's mask is written. */
int lh_detector_look(struct lh_detector *detector, struct lh_frame *frame,
                     struct lh_detection *detections, size_t capacity, size_t *count,
                     struct lh_fault *fault);

struct lh_detector_counts lh_detector_counts(const struct lh_detector *detector);

#endif
