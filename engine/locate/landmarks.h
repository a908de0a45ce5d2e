/* A camera's angles and field of view from landmarks: points of the picture whose place is known.
 *
 * Solves azimuth, tilt, roll and field of view, and k1 where it is asked for, so that the landmarks are
 * pictured where they were clicked, by least squares in pixels (Levenberg-Marquardt), from many beginnings:
 * the pose at hand need not be near. With five landmarks or more, one that fits badly beside the others
 * counts less and less (Cauchy weights); those more than LH_LANDMARK_OUTLIER_PX and four times the
 * typical residual off are named outliers and left out, and the rest is solved anew.
 *
 * Landmarks that determine the angles badly are refused, with what to do about it: too few, too close
 * together in the picture, or such that no angles fit.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_LOCATE_LANDMARKS_H
#define LH_LOCATE_LANDMARKS_H

#include "locate/pose.h"
#include "locate/ray.h"

#define LH_LANDMARKS_LEAST 4
#define LH_LANDMARKS_MOST 256
#define LH_LANDMARK_NAME 64
#define LH_LANDMARK_OUTLIER_PX 8.0

struct lh_landmark {
    char name[LH_LANDMARK_NAME];
    double x_px; /* in the picture */
    double y_px;
    struct lh_geo place; /* WGS-84 */
    double height_m;     /* above sea level; NAN: the terrain's */
};

struct lh_landmark_fit {
    double off_x_px; /* pictured minus clicked */
    double off_y_px;
    double off_deg; /* the angle between both directions */
    bool outlier;
};

struct lh_landmark_result {
    struct lh_pose
        pose; /* the start's, with what was solved; sigmas as they came out, at least 0.02 */
    double sigma_roll_deg;
    double sigma_hfov_deg;
    double rms_px; /* over those that are no outliers */
    double rms_deg;
    size_t outlier_count;
};

/* eye: the camera's. fits: room for count. LH_EINVAL for landmarks that are none or a size of zero,
 * LH_ENOTFOUND where the terrain knows no height for one, LH_ERANGE for those that cannot be solved; the
 * fault says which and what to do. */
int lh_landmarks_solve(const struct lh_eye *eye, const struct lh_pose *start, uint32_t width,
                       uint32_t height, const struct lh_landmark *landmarks, size_t count,
                       bool solve_k1, struct lh_fault *fault, struct lh_landmark_fit *fits,
                       struct lh_landmark_result *ret_result);

/* One line: X,Y,LATITUDE,LONGITUDE[,HEIGHT[,NAME]]; an empty HEIGHT is the terrain's. LH_EFORMAT, with the
 * fault saying what is wrong. */
int lh_landmark_parse(const char *line, enum lh_datum datum, struct lh_fault *fault,
                      struct lh_landmark *ret_landmark);

#endif
