/* Where a camera stands and looks, and what its picture's points mean as bearings.
 *
 * The model (STANDARDS 4.1): a pinhole with square pixels, fx = W / (2 tan(HFOV / 2)), its centre in the
 * middle of the picture, and Brown's radial distortion: a point at r (in focal lengths) is pictured at
 * r (1 + k1 r^2 + k2 r^4). x to the right, y down, z forward. The camera's axes are turned by
 * Rz(azimuth) Rx(tilt) Rz(roll), as in world/view.h: roll turns the camera clockwise as seen from
 * behind it, tilt lifts it, azimuth turns it from true north over east. Then by the mount, which stands
 * off the vertical by the same small angles whatever the camera looks at: about the line to the east,
 * about the line to the north (right-hand rule), about the vertical (clockwise).
 *
 * Points are in shares of the picture as boxes are, (0,0) top left; aspect is width over height.
 * Bearings: true azimuth and elevation above the horizontal plane at the camera, before refraction.
 *
 * Thread-safety: pure functions on values.
 */
#ifndef LH_LOCATE_POSE_H
#define LH_LOCATE_POSE_H

#include "base/error.h"
#include "base/site.h"
#include "locate/geo.h"

#include <stdbool.h>

/* A plain value. */
struct lh_pose {
    struct lh_geo place; /* WGS-84, whatever the site file's datum was */
    double ground_m; /* of the mast's foot, orthometric; NAN: ask the terrain (locate/sighting.h) */
    double mast_m;
    double azimuth_deg;
    double tilt_deg;
    double roll_deg;
    double hfov_deg;
    double k1;
    double k2;
    double mount_east_deg;
    double mount_north_deg;
    double mount_azimuth_deg;
    double sigma_azimuth_deg;
    double sigma_tilt_deg;
    double sigma_height_m;
    double range_m;
};

struct lh_bearing {
    double azimuth_deg; /* 0 <= azimuth < 360 */
    double elevation_deg;
};

/* Where a movable camera points, in the site's terms. */
struct lh_pointing {
    double azimuth_deg;
    double tilt_deg;
    double zoom; /* NAN: not known, or a fixed lens */
};

/* The pose of a camera as its file has it, at one of its presets. preset "" is the pose itself; a name
 * that no preset has is the pose itself too where the camera has no presets at all (a fixed camera
 * whose view has a name), else LH_ENOTFOUND. LH_ENOTFOUND for a camera without a pose; LH_EINVAL for
 * one with numbers that are no pose. */
int lh_pose_of_camera(const struct lh_camera_config *camera, const char *preset,
                      struct lh_pose *ret_pose);

/* The same camera pointing elsewhere. */
int lh_pose_of_pointing(const struct lh_camera_config *camera, struct lh_pointing pointing,
                        struct lh_pose *ret_pose);

/* Whether it can pan there: the azimuths of its limits, with half its view beyond them. */
bool lh_pose_reaches(const struct lh_camera_config *camera, double azimuth_deg);

/* All numbers finite (ground_m may be NAN), within what a site file allows, the place on the earth. */
bool lh_pose_valid(const struct lh_pose *pose);

/* The field of view by zoom: linear in the logarithm of the focal length between the entries, that of
 * the first or last entry beyond them; pose.hfov_deg where there is no table or zoom is NAN. */
double lh_zoom_hfov_deg(const struct lh_pose_config *config, double zoom);

double lh_vfov_deg(double hfov_deg, double aspect);

/* LH_ERANGE for a point the lens cannot picture (beyond the fold of a strong distortion) or that is not
 * finite; points beside the picture are taken. */
int lh_pose_bearing(const struct lh_pose *pose, double aspect, double x, double y,
                    struct lh_bearing *ret_bearing);

/* False where it lies behind the camera or beyond the fold; a point beside the picture is given as such. */
bool lh_pose_project(const struct lh_pose *pose, double aspect, struct lh_bearing bearing,
                     double *ret_x, double *ret_y);

#endif
