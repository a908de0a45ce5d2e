/* Whether two things may be the same fire, in time and in space, and where several sightings put it.
 *
 * Time: each pair of kinds has its window, between the intervals in which both were observed. Space: the
 * Mahalanobis distance squared over the sum of both covariances and of how far a fire may have moved between
 * them, against 99 % of one dimension where a bearing is part of it, else of two. Which of several
 * incidents: the least d2 + log |S|, so that a vague incident does not draw everything to itself.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_FUSE_GATE_H
#define LH_FUSE_GATE_H

#include "base/site.h"
#include "fuse/evidence.h"

/* Within the window of that pair of kinds. Symmetric. */
bool lh_gate_in_time(const struct lh_fusion_config *config, const struct lh_evidence *a,
                     const struct lh_evidence *b);

/* Time between two intervals; 0 where they meet. */
int64_t lh_gate_gap_us(int64_t a_first_us, int64_t a_last_us, int64_t b_first_us,
                       int64_t b_last_us);

struct lh_gate {
    bool open;
    double d2;
    double cost; /* d2 + log |S| */
};

/* Between a piece of evidence and where an incident (or another piece) is, gap_us apart in time. */
struct lh_gate lh_gate_in_space(const struct lh_fusion_config *config, const struct lh_position *a,
                                const struct lh_position *b, int64_t gap_us);

/* Both gates between two pieces of evidence. Those of one track never meet others of the same camera that
 * were seen at the same time further apart than same_camera_m. */
bool lh_gate_pair(const struct lh_fusion_config *config, const struct lh_evidence *a,
                  const struct lh_evidence *b);

/* One camera saw both at the same time, and apart: they are not one fire, whatever the error. */
bool lh_gate_seen_apart(const struct lh_fusion_config *config, const struct lh_evidence *a,
                        const struct lh_evidence *b);

/* How far from its place a piece of evidence can meet another: the radius about a circle's centre, each of
 * which has at least half of what a fire may move. */
double lh_gate_reach_m(const struct lh_fusion_config *config, double sigma_m);

/* a says more exactly where it is than b; a point more than a bearing. */
bool lh_gate_surer(const struct lh_position *a, const struct lh_position *b);

#define LH_GATE_SOURCES 32

/* Where independent sightings together put it: weighted least squares about the most plausible of their
 * hypotheses; bearings that cross at crossing_min_deg or more make a point. The surest bearing where
 * nothing crosses. At most LH_GATE_SOURCES, the surest first; the caller gives one a source. */
struct lh_position lh_gate_join(const struct lh_fusion_config *config,
                                const struct lh_position *const *positions, size_t count);

#endif
