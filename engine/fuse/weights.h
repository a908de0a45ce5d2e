/* What one piece of evidence weighs by itself, in parts of a logit, and the names of all weights.
 *
 * The numbers are the site section `fusion` (struct lh_fusion_config); this file says which of them a piece
 * of evidence takes, so that an incident can name each weight that it was given. How weights that are not
 * independent of each other add up is fuse/incident.h's.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_FUSE_WEIGHTS_H
#define LH_FUSE_WEIGHTS_H

#include "base/site.h"
#include "fuse/evidence.h"

enum lh_weight_name {
    LH_WEIGHT_PRIOR,
    LH_WEIGHT_DANGER,
    LH_WEIGHT_BAN,
    LH_WEIGHT_PERMIT,
    LH_WEIGHT_CAMERA_SEQUENCE,
    LH_WEIGHT_CAMERA_SINGLE,
    LH_WEIGHT_CAMERA_LOOK, /* looked and saw nothing */
    LH_WEIGHT_VIIRS_LOW,
    LH_WEIGHT_VIIRS_NOMINAL,
    LH_WEIGHT_VIIRS_HIGH,
    LH_WEIGHT_MODIS_LOW,
    LH_WEIGHT_MODIS_NOMINAL,
    LH_WEIGHT_MODIS_HIGH,
    LH_WEIGHT_STATIONARY_LOW,
    LH_WEIGHT_STATIONARY_NORMAL,
    LH_WEIGHT_STATIONARY_HIGH,
    LH_WEIGHT_UNRATED,
    LH_WEIGHT_REPORT_FIRE,
    LH_WEIGHT_REPORT_SMOKE,
    LH_WEIGHT_REPORT_NOTHING,
    LH_WEIGHT_REPORT_PERMITTED,
    LH_WEIGHT_REPORT_OUT, /* always 0: it closes, it does not deny */
    LH_WEIGHT_NAMES,
};
/* The setting that it comes from where there is one: "viirs_nominal_lr". */
const char *lh_weight_name(enum lh_weight_name name);

struct lh_weight {
    enum lh_weight_name name;
    double value; /* natural logarithm of the likelihood ratio */
};

/* Before correlation, cap and decay. The score of a camera's sequence is a calibrated probability: its weight
 * is what it adds to the prior, so that an incident which nobody else speaks of is as probable as the score
 * says (source_weight_most permitting). A hotspot on a known source of heat is lowered to no less than 0: it
 * says little, but nothing against a fire. */
struct lh_weight lh_weight_of(const struct lh_fusion_config *config,
                              const struct lh_evidence *evidence);

/* level 1..5; 0, not known: 0. */
double lh_weight_of_danger(const struct lh_fusion_config *config, int level);

/* What is left of a weight after that time: 1 at 0 and before, 0.5 after the half-life of its kind. */
double lh_weight_left(const struct lh_fusion_config *config, enum lh_evidence_kind kind,
                      int64_t age_us);

#endif
