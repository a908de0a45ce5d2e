/* Where something is and how sure: what every piece of evidence and every incident carries.
 *
 * Either up to four hypotheses, each an error ellipse (a camera's ray that meets one ridge or another),
 * or a sector: a bearing with the nearest and the farthest that it may be (the base of the smoke is
 * hidden). Ellipses are one sigma on the east-north plane about their centre; the truth lies in the
 * ellipse LH_SCALE_95 times as large with 95 % (chi-square with two degrees: 5.991).
 *
 * Thread-safety: pure functions on values.
 */
#ifndef LH_LOCATE_POSITION_H
#define LH_LOCATE_POSITION_H

#include "locate/geo.h"

#include <stdbool.h>
#include <stddef.h>

#define LH_HYPOTHESES 4
#define LH_SCALE_95 2.4477468306808166 /* sqrt(5.991) */

struct lh_ellipse {
    struct lh_geo centre;
    double height_m; /* above sea level, NAN: unknown */
    double major_m;  /* semi-axes, one sigma; major >= minor > 0 */
    double minor_m;
    double azimuth_deg; /* of the major axis, 0 <= azimuth < 180 */
};

struct lh_sector {
    struct lh_geo from;
    double azimuth_deg;
    double sigma_deg; /* one sigma of the azimuth */
    double near_m;
    double far_m;
};

enum lh_position_form {
    LH_POSITION_NONE,
    LH_POSITION_ELLIPSES,
    LH_POSITION_SECTOR,
};

struct lh_position {
    enum lh_position_form form;
    struct lh_ellipse ellipses[LH_HYPOTHESES];
    double weights[LH_HYPOTHESES]; /* of the hypotheses; add up to 1 */
    size_t count;
    struct lh_sector sector;
};

/* On an east-north plane, square metres. */
struct lh_covariance {
    double ee;
    double en;
    double nn;
};

/* One hypothesis. */
struct lh_position lh_position_of_ellipse(struct lh_ellipse ellipse);

/* The hypothesis with the greatest weight; NULL where there is none. Lent from position. */
const struct lh_ellipse *lh_position_best(const struct lh_position *position);

struct lh_covariance lh_ellipse_covariance(const struct lh_ellipse *ellipse);
/* Sets the axes and their azimuth; each at least a millimetre. */
void lh_ellipse_set_covariance(struct lh_ellipse *ellipse, struct lh_covariance covariance);

/* For those who can only draw or store an ellipse: the sector's middle, its length as if every distance
 * were as likely (length / sqrt(12)), its width at the middle. */
struct lh_ellipse lh_sector_ellipse(const struct lh_sector *sector);

/* Mahalanobis distance squared of a place that is exactly known. */
double lh_ellipse_distance2(const struct lh_ellipse *ellipse, struct lh_geo place);

/* True when the place lies in the 95 % region: in that of any hypothesis, or within 1.96 sigma of the
 * sector's bearing and between its ends. */
bool lh_position_contains(const struct lh_position *position, struct lh_geo place);

/* Mahalanobis distance squared between two positions, by the sum of their covariances; the least over
 * all pairs of hypotheses. A sector is free along its length: only the bearing counts, and the ends.
 * Compare with chi-square: 9.21 is 99 % of two dimensions. INFINITY where either has none. */
double lh_position_distance2(const struct lh_position *a, const struct lh_position *b);

/* The best estimate from two independent ones (weighted least squares: C = (A^-1 + B^-1)^-1). The height
 * is that of the surer one that has any. */
struct lh_ellipse lh_ellipse_merge(const struct lh_ellipse *a, const struct lh_ellipse *b);

#endif
