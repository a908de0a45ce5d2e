/* One place from the sightings of several cameras.
 *
 * Weighted least squares of the bearings on an east-north plane (Gauss-Newton; a bearing's weight at
 * distance d is 1 / (d sigma)^2, STANDARDS 4.4), begun at the crossing of the pair that crosses best. A
 * sighting that met the ground (its ellipses) also says how far away the fire is: the hypothesis that
 * fits best is taken as a soft measurement along the ray, which counts the less the worse it fits
 * (1 / (1 + (z / 2)^2)). The covariance is the inverse of the weights' sum.
 *
 * Cameras within LH_MAST_M of each other stand on one mast: they are one apex with the bearing of both and
 * the error of the surer one, as what is wrong with a mast is wrong for both. A crossing counts only in
 * front of every apex and within its range, not nearer than its visible ground where it saw a sector,
 * where the terrain lets it see smoke, and where bearings and distances agree (chi-square, 99.9 %). From
 * more than two apexes the one that spoils this is left out, one after the other.
 *
 * Thread-safety: pure functions on values and an immutable terrain.
 */
#ifndef LH_LOCATE_TRIANGULATE_H
#define LH_LOCATE_TRIANGULATE_H

#include "locate/sighting.h"

#define LH_MAST_M 100.0
#define LH_TRIANGULATE_MOST 32 /* sightings at once */

struct lh_triangulate_options {
    double least_crossing_deg; /* between the two bearings that cross best */
    double
        seen_smoke_m; /* so high above the ground it must be in view where the foot was seen, ... */
    double hidden_smoke_m; /* ... and where it was not */
};
#define LH_TRIANGULATE_DEFAULT                                                                     \
    ((struct lh_triangulate_options){                                                              \
        .least_crossing_deg = 10.0, .seen_smoke_m = 100.0, .hidden_smoke_m = 400.0})

enum lh_crossing {
    LH_CROSSING_FOUND,
    LH_CROSSING_ONE_APEX, /* no second mast */
    LH_CROSSING_FLAT,     /* the bearings run too much alike */
    LH_CROSSING_BEHIND,   /* they cross behind a camera, or beyond its range */
    LH_CROSSING_HIDDEN,   /* the ground hides the crossing from a camera */
    LH_CROSSING_APART,    /* bearings and distances contradict each other: not one fire */
};
const char *lh_crossing_text(enum lh_crossing crossing); /* a sentence's end, for reasons */

struct lh_triangulation {
    enum lh_crossing crossing;
    struct lh_ellipse ellipse; /* for FOUND only, as all below */
    uint32_t used;             /* bit set of the sightings, by their index */
    double crossing_deg;       /* of the best pair used; 0..90 */
    double chi2;
    int freedom;
};

/* eyes: of each sighting's camera, NULL where there is none (then its sight is not checked); or NULL for
 * all. LH_ELIMIT for more than LH_TRIANGULATE_MOST, LH_EINVAL for sightings that are not finite. */
int lh_triangulate(const struct lh_sighting *sightings, const struct lh_eye *const *eyes,
                   size_t count, const struct lh_triangulate_options *options,
                   struct lh_triangulation *ret_triangulation);

#endif
