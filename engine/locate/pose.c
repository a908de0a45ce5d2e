#include "locate/pose.h"

#include <math.h>
#include <string.h>

/* ---- poses ---- */

static struct lh_pose pose_of(const struct lh_pose_config *config)
{
    const struct lh_geo written = {config->latitude_deg, config->longitude_deg};
    return (struct lh_pose){
        .place = lh_geo_from_datum((enum lh_datum)config->datum, written),
        .ground_m = config->ground_m,
        .mast_m = config->mast_m,
        .roll_deg = config->roll_deg,
        .k1 = config->k1,
        .k2 = config->k2,
        .mount_east_deg = config->mount_east_deg,
        .mount_north_deg = config->mount_north_deg,
        .mount_azimuth_deg = config->mount_azimuth_deg,
        .sigma_azimuth_deg = config->sigma_azimuth_deg,
        .sigma_tilt_deg = config->sigma_tilt_deg,
        .sigma_height_m = config->sigma_height_m,
        .range_m = config->range_m,
    };
}

bool lh_pose_valid(const struct lh_pose *pose)
{
    return lh_geo_valid(pose->place) && !isinf(pose->ground_m) && isfinite(pose->mast_m) &&
           isfinite(pose->azimuth_deg) && fabs(pose->tilt_deg) <= 90.0 &&
           fabs(pose->roll_deg) <= 180.0 && pose->hfov_deg > 0.0 && pose->hfov_deg < 180.0 &&
           isfinite(pose->k1) && isfinite(pose->k2) && isfinite(pose->mount_east_deg) &&
           isfinite(pose->mount_north_deg) && isfinite(pose->mount_azimuth_deg) &&
           pose->sigma_azimuth_deg > 0.0 && isfinite(pose->sigma_azimuth_deg) &&
           pose->sigma_tilt_deg > 0.0 && isfinite(pose->sigma_tilt_deg) &&
           pose->sigma_height_m >= 0.0 && isfinite(pose->sigma_height_m) && pose->range_m > 0.0 &&
           isfinite(pose->range_m);
}

int lh_pose_of_pointing(const struct lh_camera_config *camera, struct lh_pointing pointing,
                        struct lh_pose *ret_pose)
{
    if (camera->pose_place.line <= 0)
        return LH_ENOTFOUND;
    if (!isfinite(pointing.azimuth_deg))
        return LH_EINVAL;
    struct lh_pose pose = pose_of(&camera->pose);
    pose.azimuth_deg = lh_azimuth_wrap(pointing.azimuth_deg);
    pose.tilt_deg = pointing.tilt_deg;
    pose.hfov_deg = lh_zoom_hfov_deg(&camera->pose, pointing.zoom);
    if (!lh_pose_valid(&pose))
        return LH_EINVAL;
    *ret_pose = pose;
    return LH_OK;
}

int lh_pose_of_camera(const struct lh_camera_config *camera, const char *preset,
                      struct lh_pose *ret_pose)
{
    const struct lh_pose_config *config = &camera->pose;
    struct lh_pointing pointing = {config->azimuth_deg, config->tilt_deg, NAN};
    const bool named = preset[0] != '\0' && camera->preset_count > 0;
    size_t i = 0;
    while (named && i < camera->preset_count && strcmp(camera->presets[i].name, preset) != 0)
        i++;
    if (named && i == camera->preset_count)
        return LH_ENOTFOUND;
    if (named) {
        const struct lh_preset_config *view = &camera->presets[i];
        pointing = (struct lh_pointing){view->azimuth_deg, view->tilt_deg, view->zoom};
    }
    return lh_pose_of_pointing(camera, pointing, ret_pose);
}

bool lh_pose_reaches(const struct lh_camera_config *camera, double azimuth_deg)
{
    const struct lh_pose_config *config = &camera->pose;
    const double width_deg = lh_azimuth_wrap(config->pan_to_deg - config->pan_from_deg);
    if (width_deg == 0.0)
        return true;
    const double beyond_deg = config->hfov_deg / 2.0;
    return lh_azimuth_wrap(azimuth_deg - config->pan_from_deg + beyond_deg) <=
           width_deg + 2.0 * beyond_deg;
}

double lh_zoom_hfov_deg(const struct lh_pose_config *config, double zoom)
{
    const struct lh_zoom_step *steps = config->zooms;
    const size_t count = config->zoom_count;
    if (count == 0 || isnan(zoom))
        return config->hfov_deg;
    if (zoom <= steps[0].zoom)
        return steps[0].hfov_deg;
    size_t i = 1;
    while (i < count && steps[i].zoom < zoom)
        i++;
    if (i == count)
        return steps[count - 1].hfov_deg;
    const double share = (zoom - steps[i - 1].zoom) / (steps[i].zoom - steps[i - 1].zoom);
    const double low = log(tan(steps[i - 1].hfov_deg * LH_DEGREE / 2.0));
    const double high = log(tan(steps[i].hfov_deg * LH_DEGREE / 2.0));
    return 2.0 * atan(exp(low + share * (high - low))) / LH_DEGREE;
}

double lh_vfov_deg(double hfov_deg, double aspect)
{
    return 2.0 * atan(tan(hfov_deg * LH_DEGREE / 2.0) / aspect) / LH_DEGREE;
}

/* ---- the lens ---- */

static double distorted(const struct lh_pose *pose, double r)
{
    const double r2 = r * r;
    return r * (1.0 + r2 * (pose->k1 + r2 * pose->k2));
}

static double slope(const struct lh_pose *pose, double r)
{
    const double r2 = r * r;
    return 1.0 + r2 * (3.0 * pose->k1 + r2 * 5.0 * pose->k2);
}

/* The radius up to which farther out means farther out in the picture too: the least root of slope. */
static double fold_radius(const struct lh_pose *pose)
{
    const double a = 5.0 * pose->k2;
    const double b = 3.0 * pose->k1;
    const double root = b * b - 4.0 * a;
    if (root < 0.0 || (b >= 0.0 && a >= 0.0)) /* never, or only at an imaginary radius */
        return INFINITY;
    return sqrt(2.0 / (-b + sqrt(root)));
}

/* Bisection where Newton leaves the bracket; both ends are known to enclose the answer. */
static int undistort(const struct lh_pose *pose, double pictured, double *ret_r)
{
    if (pose->k1 == 0.0 && pose->k2 == 0.0) {
        *ret_r = pictured;
        return LH_OK;
    }
    const double fold = fold_radius(pose);
    double low = 0.0;
    double high = fmin(fold, 1e3);
    if (!(pictured <= distorted(pose, high)))
        return LH_ERANGE;
    double r = fmin(pictured, high);
    for (int round = 0; round < 60; round++) {
        const double off = distorted(pose, r) - pictured;
        if (off > 0.0)
            high = r;
        else
            low = r;
        const double next = r - off / slope(pose, r);
        r = next >= low && next <= high ? next : (low + high) / 2.0;
    }
    *ret_r = r;
    return LH_OK;
}

/* ---- the axes ---- */

/* The camera's axes in east, north, up: right, down, forward. */
struct axes {
    double x[3];
    double y[3];
    double z[3];
};

static void turn(double *a, double *b, double angle_deg)
{
    const double c = cos(angle_deg * LH_DEGREE);
    const double s = sin(angle_deg * LH_DEGREE);
    const double first = c * *a - s * *b;
    *b = s * *a + c * *b;
    *a = first;
}

static void mount(const struct lh_pose *pose, double v[3])
{
    turn(&v[1], &v[2], pose->mount_east_deg);
    turn(&v[2], &v[0], pose->mount_north_deg);
    turn(&v[1], &v[0], pose->mount_azimuth_deg);
}

static struct axes axes_of(const struct lh_pose *pose)
{
    const double azimuth = pose->azimuth_deg * LH_DEGREE;
    const double tilt = pose->tilt_deg * LH_DEGREE;
    const double roll = pose->roll_deg * LH_DEGREE;
    const double right[3] = {cos(azimuth), -sin(azimuth), 0.0};
    const double down[3] = {sin(azimuth) * sin(tilt), cos(azimuth) * sin(tilt), -cos(tilt)};
    struct axes axes = {.z = {sin(azimuth) * cos(tilt), cos(azimuth) * cos(tilt), sin(tilt)}};
    for (int i = 0; i < 3; i++) {
        axes.x[i] = right[i] * cos(roll) + down[i] * sin(roll);
        axes.y[i] = down[i] * cos(roll) - right[i] * sin(roll);
    }
    mount(pose, axes.x);
    mount(pose, axes.y);
    mount(pose, axes.z);
    return axes;
}

int lh_pose_bearing(const struct lh_pose *pose, double aspect, double x, double y,
                    struct lh_bearing *ret_bearing)
{
    const double half = tan(pose->hfov_deg * LH_DEGREE / 2.0);
    const double u = (2.0 * x - 1.0) * half;
    const double v = (2.0 * y - 1.0) * half / aspect;
    const double pictured = hypot(u, v);
    double r;
    if (!isfinite(pictured))
        return LH_ERANGE;
    const int code = undistort(pose, pictured, &r);
    if (code != LH_OK)
        return code;
    const double scale = pictured > 0.0 ? r / pictured : 1.0;
    const struct axes axes = axes_of(pose);
    double d[3];
    for (int i = 0; i < 3; i++)
        d[i] = u * scale * axes.x[i] + v * scale * axes.y[i] + axes.z[i];
    *ret_bearing = (struct lh_bearing){lh_azimuth_wrap(atan2(d[0], d[1]) / LH_DEGREE),
                                       atan2(d[2], hypot(d[0], d[1])) / LH_DEGREE};
    return LH_OK;
}

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

bool lh_pose_project(const struct lh_pose *pose, double aspect, struct lh_bearing bearing,
                     double *ret_x, double *ret_y)
{
    const double azimuth = bearing.azimuth_deg * LH_DEGREE;
    const double elevation = bearing.elevation_deg * LH_DEGREE;
    const double d[3] = {sin(azimuth) * cos(elevation), cos(azimuth) * cos(elevation),
                         sin(elevation)};
    const struct axes axes = axes_of(pose);
    const double ahead = dot(d, axes.z);
    if (!(ahead > 1e-9))
        return false;
    const double u = dot(d, axes.x) / ahead;
    const double v = dot(d, axes.y) / ahead;
    const double r = hypot(u, v);
    if (!(r <= fold_radius(pose)))
        return false;
    const double scale =
        (r > 0.0 ? distorted(pose, r) / r : 1.0) / tan(pose->hfov_deg * LH_DEGREE / 2.0);
    *ret_x = (1.0 + u * scale) / 2.0;
    *ret_y = (1.0 + v * scale * aspect) / 2.0;
    return true;
}
