/* A camera's angles from the skyline: the terrain's horizon laid over the edge of the sky in a picture.
 *
 * The edge between sky and ground is where a picture changes most from one row to the next; the match asks
 * for the angles under which the whole horizon, as the terrain has it, runs along such edges. A coarse
 * search over azimuth, tilt and roll finds where; then, column by column, the edge nearest to the
 * horizon is found to a part of a pixel and the angles are solved by least squares with Cauchy weights,
 * so that trees, masts and cloud on a ridge do not pull.
 *
 * It says how sure it is, and refuses what it is not sure of: fog, night, a level horizon that looks the same
 * on every azimuth, a view without sky.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_LOCATE_SKYLINE_MATCH_H
#define LH_LOCATE_SKYLINE_MATCH_H

#include "locate/horizon.h"
#include "locate/pose.h"
#include "video/frame.h"

struct lh_skyline_options {
    double azimuth_deg; /* how far about the pose is searched; 180: all around */
    double tilt_deg;
    double roll_deg;
    bool solve_hfov;
};
#define LH_SKYLINE_DEFAULT                                                                         \
    ((struct lh_skyline_options){.azimuth_deg = 10.0, .tilt_deg = 6.0, .roll_deg = 3.0})

struct lh_skyline_match {
    struct lh_pose pose; /* the start's, with what was solved and its sigmas */
    double sigma_roll_deg;
    double matched_share; /* of the columns, with an edge within two pixels of the horizon */
    double
        distinct_ratio; /* how much better than the best match elsewhere on the azimuths; 1: no better */
    double rms_px;      /* of the matched columns */
};

/* picture: GRAY8, at least 64 x 48, with the proportions of the camera's own. LH_EINVAL for a picture or pose
 * that is none; LH_ERANGE for a match that cannot be trusted, with why and what to do. */
int lh_skyline_find(const struct lh_image *picture, const struct lh_horizon *horizon,
                    const struct lh_pose *start, const struct lh_skyline_options *options,
                    struct lh_fault *fault, struct lh_skyline_match *ret_match);

/* Where the horizon runs in a picture under a pose: rows (in pixels from the top) at the middle of each
 * column, NAN where it does not run there. */
void lh_skyline_rows(const struct lh_horizon *horizon, const struct lh_pose *pose, double aspect,
                     uint32_t width, uint32_t height, double *rows);

#endif
