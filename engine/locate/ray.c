#include "locate/ray.h"

#include "locate/walk.h"

#include <math.h>

#define FOOT_TOLERANCE_M 0.01 /* a lens without a mast lies on the ground, not under it */

int lh_eye_place(const struct lh_terrain *terrain, struct lh_geo place, double ground_m,
                 double mast_m, struct lh_fault *fault, struct lh_eye *ret_eye)
{
    if (!lh_geo_valid(place))
        return lh_fail(fault, LH_EINVAL, "%g N %g E is no place on the earth", place.latitude_deg,
                       place.longitude_deg);
    struct lh_eye eye = {
        .terrain = terrain, .place = place, .at = lh_plane_offset(&terrain->plane, place)};
    const double terrain_m = lh_terrain_height(terrain, eye.at);
    if (isnan(terrain_m))
        return lh_fail(
            fault, LH_ENOTFOUND,
            "the elevation model knows no height at %.5f N %.5f E, where the camera stands",
            place.latitude_deg, place.longitude_deg);
    eye.height_m = (isnan(ground_m) ? terrain_m : ground_m) + mast_m;
    if (!(eye.height_m >= terrain_m - FOOT_TOLERANCE_M))
        return lh_fail(
            fault, LH_ERANGE,
            "the camera is %.1f m under ground: its lens is at %.1f m above sea level, and the "
            "ground at %.5f N %.5f E at %.1f m; check the height of its foot, its mast and "
            "its position",
            terrain_m - eye.height_m, eye.height_m, place.latitude_deg, place.longitude_deg,
            terrain_m);
    eye.convergence_deg = lh_plane_convergence_deg(&terrain->plane, eye.at);
    *ret_eye = eye;
    return LH_OK;
}

struct lh_offset lh_eye_to_terrain(const struct lh_eye *eye, struct lh_offset from_eye)
{
    const double c = cos(eye->convergence_deg * LH_DEGREE);
    const double s = sin(eye->convergence_deg * LH_DEGREE);
    return (struct lh_offset){eye->at.east_m + c * from_eye.east_m - s * from_eye.north_m,
                              eye->at.north_m + s * from_eye.east_m + c * from_eye.north_m};
}

struct lh_offset lh_eye_from_terrain(const struct lh_eye *eye, struct lh_offset at)
{
    const double c = cos(eye->convergence_deg * LH_DEGREE);
    const double s = sin(eye->convergence_deg * LH_DEGREE);
    const double east_m = at.east_m - eye->at.east_m;
    const double north_m = at.north_m - eye->at.north_m;
    return (struct lh_offset){c * east_m + s * north_m, c * north_m - s * east_m};
}

double lh_eye_reach_m(const struct lh_eye *eye, double range_m)
{
    const struct lh_terrain *terrain = eye->terrain;
    const double west_m = eye->at.east_m - terrain->west_m;
    const double south_m = eye->at.north_m - terrain->south_m;
    const double east_m = terrain->cell_m * (terrain->width - 1) - west_m;
    const double north_m = terrain->cell_m * (terrain->height - 1) - south_m;
    return fmin(range_m, fmin(fmin(west_m, east_m), fmin(south_m, north_m)));
}

/* ---- one line over the patches ---- */

struct line {
    const struct lh_eye *eye;
    struct lh_walk walk;
    double east; /* its direction on the plane */
    double north;
    double slope;       /* tangent of the elevation */
    double bend;        /* height = slope * s + bend * s^2 */
    double vertex_m;    /* where it is lowest */
    double range_m;     /* looked at up to here */
    size_t most;        /* hits that are asked for */
    bool under;         /* is in the ground */
    struct lh_ray *ray; /* filled */
};

static double height_at(const struct line *line, double at_m)
{
    return line->eye->height_m + at_m * (line->slope + at_m * line->bend);
}

static double lowest_between(const struct line *line, double from_m, double to_m)
{
    if (line->vertex_m <= from_m)
        return height_at(line, from_m);
    return height_at(line, line->vertex_m < to_m ? line->vertex_m : to_m);
}

static void enter(struct line *line, double at_m)
{
    struct lh_ray *ray = line->ray;
    line->under = true;
    if (ray->count < line->most)
        ray->hits[ray->count++] =
            (struct lh_ray_hit){.distance_m = at_m,
                                .at = {line->eye->at.east_m + at_m * line->east,
                                       line->eye->at.north_m + at_m * line->north},
                                .height_m = height_at(line, at_m)};
}

/* Solves a t^2 + b t + c = 0 for 0 < t <= 1, in order. */
static int roots_within(double a, double b, double c, double roots[2])
{
    const double d = b * b - 4.0 * a * c;
    int count = 0;
    if (!(d >= 0.0))
        return 0;
    const double q = -(b + copysign(sqrt(d), b)) / 2.0;
    const double first = q / a; /* infinite or no number where there is none */
    const double second = c / q;
    const double low = fmin(first, second);
    const double high = fmax(first, second);
    if (low > 0.0 && low <= 1.0)
        roots[count++] = low;
    if (high > 0.0 && high <= 1.0)
        roots[count++] = high;
    return count;
}

/* The line over one patch that is wholly known. */
static void cross_patch(struct line *line, const struct lh_walk_block *patch, double from_m,
                        double to_m)
{
    const double middle_m = (from_m + to_m) / 2.0;
    const double c = height_at(line, from_m) - lh_walk_ground(&line->walk, patch, from_m);
    const double middle = height_at(line, middle_m) - lh_walk_ground(&line->walk, patch, middle_m);
    const double end = height_at(line, to_m) - lh_walk_ground(&line->walk, patch, to_m);
    const double a = 2.0 * (c - 2.0 * middle + end);
    double roots[2];
    if (!line->under && c < 0.0)
        enter(line, from_m);
    else if (line->under && c > 0.0)
        line->under = false;
    const int count = roots_within(a, end - c - a, c, roots);
    for (int i = 0; i < count; i++) {
        if (line->under)
            line->under = false;
        else
            enter(line, from_m + roots[i] * (to_m - from_m));
    }
}

/* Whether nothing can happen between these heights. */
static bool can_pass(const struct line *line, float lowest_m, float highest_m, double from_m,
                     double to_m)
{
    if (!line->under)
        return lowest_between(line, from_m, to_m) > highest_m;
    return height_at(line, from_m) < lowest_m && height_at(line, to_m) < lowest_m;
}

static bool can_pass_block(const struct line *line, int level, const struct lh_walk_block *block,
                           double from_m, double to_m)
{
    const struct lh_terrain_level *bounds = &line->eye->terrain->levels[level];
    const size_t at = lh_walk_at(&line->walk, level, block);
    return can_pass(line, bounds->lowest_m[at], bounds->highest_m[at], from_m, to_m);
}

/* False where unknown ground may be in the way. */
static bool step_over_patch(struct line *line, const struct lh_walk_block *patch, double from_m,
                            double to_m)
{
    float lowest_m;
    float highest_m;
    lh_terrain_patch_bounds(line->eye->terrain, patch->column, patch->row, &lowest_m, &highest_m);
    if (can_pass(line, lowest_m, highest_m, from_m, to_m))
        return true;
    if (isinf(lowest_m))
        return false;
    cross_patch(line, patch, from_m, to_m);
    return true;
}

static void follow(struct line *line)
{
    const struct lh_terrain *terrain = line->eye->terrain;
    const int top = terrain->level_count - 1;
    int level = 0;
    double at_m = 0.0;
    while (at_m < line->range_m && line->ray->count < line->most) {
        struct lh_walk_block block = {.end_m = line->range_m};
        const bool inside = lh_walk_find(&line->walk, at_m, level, &block);
        const double end_m = block.end_m < line->range_m ? block.end_m : line->range_m;
        if (inside && level > 0 && !can_pass_block(line, level, &block, at_m, end_m)) {
            level--;
            continue;
        }
        if (inside ? level == 0 && !step_over_patch(line, &block, at_m, end_m)
                   : !can_pass(line, -INFINITY, terrain->highest_m, at_m, end_m)) {
            line->ray->unknown_m = at_m;
            return;
        }
        at_m = end_m;
        level += block.leaves && level < top;
    }
}

static void cast(const struct lh_eye *eye, double east, double north, double slope, double range_m,
                 size_t most, struct lh_ray *ret_ray)
{
    *ret_ray = (struct lh_ray){.unknown_m = INFINITY};
    struct line line = {.eye = eye,
                        .walk = lh_walk_begin(eye->terrain, eye->at, east, north),
                        .east = east,
                        .north = north,
                        .slope = slope,
                        .bend = (1.0 - LH_REFRACTION) / (2.0 * eye->terrain->radius_m),
                        .vertex_m = -slope * eye->terrain->radius_m / (1.0 - LH_REFRACTION),
                        .range_m = range_m,
                        .most = most,
                        .ray = ret_ray};
    follow(&line);
    if (ret_ray->count > 0)
        ret_ray->end = LH_RAY_GROUND;
    else
        ret_ray->end = isinf(ret_ray->unknown_m) ? LH_RAY_SKY : LH_RAY_UNKNOWN;
}

static void cast_angles(const struct lh_eye *eye, double azimuth_deg, double elevation_deg,
                        double range_m, size_t most, struct lh_ray *ret_ray)
{
    const double azimuth = (azimuth_deg - eye->convergence_deg) * LH_DEGREE;
    cast(eye, sin(azimuth), cos(azimuth), tan(elevation_deg * LH_DEGREE), range_m, most, ret_ray);
}

void lh_ray_cast(const struct lh_eye *eye, double azimuth_deg, double elevation_deg, double range_m,
                 struct lh_ray *ret_ray)
{
    cast_angles(eye, azimuth_deg, elevation_deg, range_m, LH_RAY_HITS, ret_ray);
}

void lh_ray_first(const struct lh_eye *eye, double azimuth_deg, double elevation_deg,
                  double range_m, struct lh_ray *ret_ray)
{
    cast_angles(eye, azimuth_deg, elevation_deg, range_m, 1, ret_ray);
}

/* ---- from place to place ---- */

static double slope_to(const struct lh_eye *eye, double distance_m, double height_m)
{
    return (height_m - eye->height_m - lh_terrain_drop_m(eye->terrain, distance_m)) / distance_m;
}

enum lh_sight lh_ray_sight(const struct lh_eye *eye, struct lh_offset target, double above_m)
{
    const double east_m = target.east_m - eye->at.east_m;
    const double north_m = target.north_m - eye->at.north_m;
    const double distance_m = hypot(east_m, north_m);
    const double ground_m = lh_terrain_height(eye->terrain, target);
    const double clear_m = distance_m - eye->terrain->cell_m / 2.0;
    struct lh_ray ray;
    if (isnan(ground_m))
        return LH_SIGHT_UNKNOWN;
    if (clear_m <= 0.0)
        return LH_SIGHT_CLEAR;
    cast(eye, east_m / distance_m, north_m / distance_m,
         slope_to(eye, distance_m, ground_m + above_m), clear_m, 1, &ray);
    if (ray.end == LH_RAY_UNKNOWN)
        return LH_SIGHT_UNKNOWN;
    return ray.end == LH_RAY_SKY ? LH_SIGHT_CLEAR : LH_SIGHT_HIDDEN;
}

struct lh_aim lh_ray_aim(const struct lh_eye *eye, struct lh_offset target, double height_m)
{
    const double east_m = target.east_m - eye->at.east_m;
    const double north_m = target.north_m - eye->at.north_m;
    const double distance_m = fmax(hypot(east_m, north_m), 1e-3);
    return (struct lh_aim){
        .azimuth_deg = lh_azimuth_wrap(atan2(east_m, north_m) / LH_DEGREE + eye->convergence_deg),
        .elevation_deg = atan(slope_to(eye, distance_m, height_m)) / LH_DEGREE,
        .distance_m = distance_m};
}
