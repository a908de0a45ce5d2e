/* From detections to tracks: one plume or flame over time in one camera.
 *
 * Every analysed frame is fed in order of time, with or without detections. Detections are
 * associated to tracks of the same kind by overlap, else by distance of centres, best pairs first;
 * what is left over starts tentative tracks. A track is confirmed when it was seen in k of the last n
 * analysed frames, for long enough, with a high enough mean score and, for smoke, grown enough; then
 * it stays confirmed (hysteresis) until its score falls under release_score or it is not seen for
 * longer than the gap allowed: max_gap_s, or the time that max_gap_looks pictures usually take where that
 * is longer. What they usually take is the median of the last five steps from one analysed picture to
 * the next, so that a camera of one still a minute needs no settings of its own, and an outage does not
 * stretch it. A tentative track also ends when none of the last n analysed frames showed it.
 *
 * Boxes of one kind that lie upon each other in a frame (two detectors, or pieces of one plume) count
 * as one, with the box and score of the surest; pieces beside the box that a track was given start no
 * other track. Boxes wander and grow: overlap is asked with the latest box, with a smoothed one
 * (exponential, 0.4 of the newest) and with the union of those of the last n frames; growth compares
 * smoothed areas. Distances are in shares of the picture's width across and of its height down.
 *
 * Where max_tracks is reached, the tentative track with the fewest hits of late and the lowest
 * score goes, or the new one is not begun; a confirmed one never goes.
 *
 * Where the site says so, the verifier (verifier.h) must agree to a confirmation; an opinion that cannot be
 * given does not count, and the track says why. It is asked anew at every look: evidence adds up. The scores
 * that count before confirmation are those that the memory of the place (place.h) left; afterwards the raw
 * ones, so that a fire that burns on is not learnt away. What the verifier gives 0.95 (it grows, its foot
 * stays, detectors agree) overrules the memory of the place, where its raw scores suffice. After budget_per_day confirmations in one UTC day
 * the mean score must be 1 logit above confirm_score, after twice as many 2, and so on; whoever keeps
 * the count over a restart reads and sets it (lh_tracker_spending). A track that is held back by one of these
 * stays, tentative, and says by which (lh_track.held); each reason is reported once (LH_TRACK_HELD).
 *
 * Deterministic: the same frames give the same tracks with the same numbers.
 * Thread: the detect thread that owns the camera.
 */
#ifndef LH_DETECT_TRACK_H
#define LH_DETECT_TRACK_H

#include "base/site.h"
#include "detect/detection.h"

struct lh_tracker;

/* Lent during the call. */
typedef void (*lh_track_event_fn)(void *context, enum lh_track_event_type type,
                                  const struct lh_track *track);

/* config is copied. LH_ERANGE: shares and scores outside 0..1, a window outside 1..128, more hits than
 * window, more than 1,024 tracks, times or looks below 0. */
int lh_tracker_create(const struct lh_track_config *config, struct lh_tracker **ret_tracker);
void lh_tracker_destroy(struct lh_tracker **tracker);

/* How much of the budget is used: confirmations on one UTC day, counted in days since 1970. */
struct lh_spending {
    int64_t day;
    int confirmed;
};
struct lh_spending lh_tracker_spending(const struct lh_tracker *tracker);
/* What was spent before the tracker began. Before the first frame. */
void lh_tracker_set_spending(struct lh_tracker *tracker, struct lh_spending spending);

/* One analysed frame, captured at utc_us; detections in any order, without influence on the result;
 * those that are empty or not finite are passed over. Calls on_event once for every
 * confirmed track that was seen or lost and every tentative one that is held back for a new reason, in order
 * of track id. Time that goes back, or jumps further ahead
 * than the gap allowed, ends all tracks. */
int lh_tracker_feed(struct lh_tracker *tracker, int64_t utc_us,
                    const struct lh_detection *detections, size_t count, lh_track_event_fn on_event,
                    void *context);

/* Ends all tracks: the camera is gone or the footage is over. */
void lh_tracker_flush(struct lh_tracker *tracker, lh_track_event_fn on_event, void *context);

/* All live tracks, tentative ones too, for display. Lent until the next call. */
size_t lh_tracker_tracks(const struct lh_tracker *tracker, const struct lh_track **ret_tracks);

#endif
