#include "locate/sighting.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define AZIMUTHS 9
#define BINS_MOST 4096
#define SKY_SIGMAS 3.5   /* so far above all ground, and it is the sky */
#define FAINT_SHARE 1e-3 /* of the likeliest metre: not worth a place */
#define SHORT_M 150.0    /* hollows and humps shorter than this belong to what is about them */
#define APART_M 100.0    /* stretches closer than this are one */
#define LIGHT_SHARE 0.01 /* stretches lighter than this are left out */
#define UNKNOWN_SIGMA_M 100.0
#define SHARED_M 300.0  /* the model's error at the mast's foot and so far away is much the same */
#define TAIL_SHARE 0.01 /* left off at either end of a sector */

/* Equally likely values of a normal variable, spread to unit variance. */
static const double quantiles[AZIMUTHS] = {-1.7112, -1.0388, -0.6327, -0.3029, 0.0,
                                           0.3029,  0.6327,  1.0388,  1.7112};

/* How likely each distance is, for one azimuth after the other. */
struct look {
    const struct lh_eye *eye;
    const struct lh_sighting *sighting;
    const struct lh_sighting_options *options;
    double sigma_height_m;
    double step_m;
    size_t bins;
    float *seen;      /* AZIMUTHS * bins: weight where the ground is in view */
    float *hidden;    /* likewise where it is not */
    double least_z;   /* how many sigmas the best of all is off */
    double skyline_m; /* the farthest visible ground on the middle azimuth */
};

struct point {
    double distance_m;
    double slope; /* tangent of the elevation */
    double sigma_deg;
    bool known;
};

static struct point point_at(const struct look *look, double azimuth, double distance_m,
                             double *last_m)
{
    const struct lh_eye *eye = look->eye;
    const struct lh_offset at = {eye->at.east_m + distance_m * sin(azimuth),
                                 eye->at.north_m + distance_m * cos(azimuth)};
    const double height_m = lh_terrain_height(eye->terrain, at);
    const bool known = !isnan(height_m);
    if (known)
        *last_m = height_m;
    const double ground_m = known ? look->options->terrain_sigma_m : UNKNOWN_SIGMA_M;
    const double height_sigma_m =
        hypot(look->sigma_height_m, ground_m) * distance_m / (distance_m + SHARED_M);
    const double drop_m = lh_terrain_drop_m(eye->terrain, distance_m);
    const double tilt_deg = look->sighting->sigma_elevation_deg;
    return (struct point){
        .distance_m = distance_m,
        .slope = (*last_m - drop_m - eye->height_m) / distance_m,
        .sigma_deg = hypot(tilt_deg, height_sigma_m / distance_m / LH_DEGREE),
        .known = known,
    };
}

/* How many sigmas the lowest smoke of a fire there was off, and its density. */
static double density(struct look *look, double slope, double sigma_deg)
{
    const double off_deg = atan(slope) / LH_DEGREE - look->sighting->bearing.elevation_deg;
    const double z = fabs(off_deg) / sigma_deg;
    look->least_z = fmin(look->least_z, z);
    return exp(-0.5 * z * z) / sigma_deg;
}

static void look_along(struct look *look, size_t k)
{
    const struct lh_sighting *sighting = look->sighting;
    const double azimuth = (sighting->bearing.azimuth_deg - look->eye->convergence_deg +
                            quantiles[k] * sighting->sigma_azimuth_deg) *
                           LH_DEGREE;
    struct point edge = {.slope = -INFINITY};
    double last_m = look->eye->height_m;
    for (size_t j = 0; j < look->bins; j++) {
        const double distance_m = ((double)j + 1.0) * look->step_m;
        const struct point here = point_at(look, azimuth, distance_m, &last_m);
        float *seen = &look->seen[k * look->bins + j];
        float *hidden = &look->hidden[k * look->bins + j];
        if (here.slope >= edge.slope) {
            *seen = (float)density(look, here.slope, here.sigma_deg);
            if (here.known)
                edge = here;
        } else if ((edge.slope - here.slope) * distance_m <= look->options->smoke_height_m) {
            *hidden = (float)density(look, edge.slope, edge.sigma_deg);
        }
    }
    if (k == AZIMUTHS / 2)
        look->skyline_m = edge.distance_m;
}

/* ---- stretches of likely ground ---- */

struct stretch {
    size_t begin;
    size_t end;
    bool hidden;
    double weight;
};

struct profile {
    double *seen; /* summed over the azimuths */
    double *hidden;
    size_t bins;
    double total;
    double hidden_total;
};

static void sum_up(const struct look *look, struct profile *profile)
{
    for (size_t k = 0; k < AZIMUTHS; k++) {
        for (size_t j = 0; j < look->bins; j++) {
            profile->seen[j] += look->seen[k * look->bins + j];
            profile->hidden[j] += look->hidden[k * look->bins + j];
        }
    }
    for (size_t j = 0; j < look->bins; j++) {
        profile->total += profile->seen[j] + profile->hidden[j];
        profile->hidden_total += profile->hidden[j];
    }
}

static double weight_at(const struct profile *profile, size_t j)
{
    return profile->seen[j] + profile->hidden[j];
}

/* Runs of bins that are not faint, all in view or all hidden; in order of distance. */
static size_t find_runs(const struct profile *profile, struct stretch *runs)
{
    double most = 0.0;
    size_t count = 0;
    for (size_t j = 0; j < profile->bins; j++)
        most = fmax(most, weight_at(profile, j));
    for (size_t j = 0; j < profile->bins; j++) {
        const double weight = weight_at(profile, j);
        const bool hidden = profile->hidden[j] > profile->seen[j];
        if (weight < FAINT_SHARE * most)
            continue;
        if (count > 0 && runs[count - 1].end == j && runs[count - 1].hidden == hidden) {
            runs[count - 1].end = j + 1;
            runs[count - 1].weight += weight;
        } else {
            runs[count++] = (struct stretch){j, j + 1, hidden, weight};
        }
    }
    return count;
}

/* Joins neighbours that are alike and close, and what is too short to stand alone. */
static size_t join_runs(struct stretch *runs, size_t count, double step_m)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct stretch run = runs[i];
        struct stretch *last = kept > 0 ? &runs[kept - 1] : NULL;
        const bool close = last && (double)(run.begin - last->end) * step_m < APART_M;
        const bool is_short = (double)(run.end - run.begin) * step_m < SHORT_M ||
                              (last && (double)(last->end - last->begin) * step_m < SHORT_M);
        if (close && (run.hidden == last->hidden || is_short)) {
            last->hidden = run.weight > last->weight ? run.hidden : last->hidden;
            last->weight += run.weight;
            last->end = run.end;
        } else {
            runs[kept++] = run;
        }
    }
    return kept;
}

static int heavier_first(const void *a, const void *b)
{
    const struct stretch *left = a;
    const struct stretch *right = b;
    if (left->weight != right->weight)
        return left->weight > right->weight ? -1 : 1;
    return left->begin < right->begin ? -1 : left->begin > right->begin;
}

/* ---- from stretches to a position ---- */

struct moments {
    double weight;
    double east_m;
    double north_m;
    double ee;
    double en;
    double nn;
};

static struct moments moments_of(const struct look *look, const struct stretch *stretch)
{
    const struct lh_sighting *sighting = look->sighting;
    struct moments sum = {0};
    for (size_t k = 0; k < AZIMUTHS; k++) {
        const double azimuth = (sighting->bearing.azimuth_deg - look->eye->convergence_deg +
                                quantiles[k] * sighting->sigma_azimuth_deg) *
                               LH_DEGREE;
        for (size_t j = stretch->begin; j < stretch->end; j++) {
            const size_t at = k * look->bins + j;
            const double weight = (double)look->seen[at] + look->hidden[at];
            const double distance_m = ((double)j + 1.0) * look->step_m;
            const double east_m = distance_m * sin(azimuth);
            const double north_m = distance_m * cos(azimuth);
            sum.weight += weight;
            sum.east_m += weight * east_m;
            sum.north_m += weight * north_m;
            sum.ee += weight * east_m * east_m;
            sum.en += weight * east_m * north_m;
            sum.nn += weight * north_m * north_m;
        }
    }
    return sum;
}

/* The plane's covariance is turned to true north at the ellipse's middle. */
static struct lh_ellipse ellipse_of(const struct look *look, const struct stretch *stretch)
{
    const struct lh_terrain *terrain = look->eye->terrain;
    const struct moments sum = moments_of(look, stretch);
    const double east_m = sum.east_m / sum.weight;
    const double north_m = sum.north_m / sum.weight;
    const double cell_m = fmax(look->step_m, terrain->cell_m);
    const double least = cell_m * cell_m / 12.0;
    const struct lh_offset middle = {look->eye->at.east_m + east_m,
                                     look->eye->at.north_m + north_m};
    struct lh_ellipse ellipse = {.centre = lh_plane_geo(&terrain->plane, middle),
                                 .height_m = lh_terrain_height(terrain, middle)};
    lh_ellipse_set_covariance(
        &ellipse, (struct lh_covariance){.ee = sum.ee / sum.weight - east_m * east_m + least,
                                         .en = sum.en / sum.weight - east_m * north_m,
                                         .nn = sum.nn / sum.weight - north_m * north_m + least});
    const double turned_deg =
        ellipse.azimuth_deg + lh_plane_convergence_deg(&terrain->plane, middle);
    ellipse.azimuth_deg = fmod(turned_deg + 360.0, 180.0);
    return ellipse;
}

static void set_sector(struct lh_sighting *sighting, double near_m, double far_m)
{
    sighting->position = (struct lh_position){
        .form = LH_POSITION_SECTOR,
        .sector = {.from = sighting->from,
                   .azimuth_deg = sighting->bearing.azimuth_deg,
                   .sigma_deg = sighting->sigma_azimuth_deg,
                   .near_m = fmin(near_m, far_m),
                   .far_m = far_m},
    };
}

/* The distances between which all but the tails of the weight lie. */
static void set_sector_of_profile(const struct look *look, const struct profile *profile,
                                  struct lh_sighting *sighting)
{
    const double tail = TAIL_SHARE * profile->total;
    size_t near = 0;
    size_t far = profile->bins - 1;
    for (double left = tail; near < far && (left -= weight_at(profile, near)) > 0.0;)
        near++;
    for (double left = tail; far > near && (left -= weight_at(profile, far)) > 0.0;)
        far--;
    set_sector(sighting, (double)near * look->step_m, ((double)far + 1.0) * look->step_m);
}

static void set_ellipses(const struct look *look, struct stretch *stretches, size_t count,
                         struct lh_sighting *sighting)
{
    struct lh_position position = {.form = LH_POSITION_ELLIPSES};
    double total = 0.0;
    double kept = 0.0;
    qsort(stretches, count, sizeof *stretches, heavier_first);
    for (size_t i = 0; i < count; i++)
        total += stretches[i].weight;
    for (size_t i = 0; i < count && i < LH_HYPOTHESES; i++) {
        if (stretches[i].weight < LIGHT_SHARE * total)
            break;
        position.ellipses[position.count] = ellipse_of(look, &stretches[i]);
        position.weights[position.count++] = stretches[i].weight;
        kept += stretches[i].weight;
    }
    for (size_t i = 0; i < position.count; i++)
        position.weights[i] /= kept;
    sighting->position = position;
}

static int conclude(const struct look *look, struct profile *profile, struct lh_sighting *sighting)
{
    sum_up(look, profile);
    if (look->least_z > SKY_SIGMAS || !(profile->total > 0.0)) {
        sighting->hidden_share = 1.0;
        set_sector(sighting, look->skyline_m, sighting->range_m);
        return LH_OK;
    }
    sighting->hidden_share = profile->hidden_total / profile->total;
    if (sighting->hidden_share > 0.5) {
        set_sector_of_profile(look, profile, sighting);
        return LH_OK;
    }
    struct stretch *stretches = calloc(profile->bins, sizeof *stretches);
    if (!stretches)
        return LH_ENOMEM;
    const size_t runs = find_runs(profile, stretches);
    set_ellipses(look, stretches, join_runs(stretches, runs, look->step_m), sighting);
    free(stretches);
    return LH_OK;
}

static int look_out(struct look *look, struct lh_sighting *sighting)
{
    struct profile profile = {.seen = calloc(look->bins, sizeof(double)),
                              .hidden = calloc(look->bins, sizeof(double)),
                              .bins = look->bins};
    look->seen = calloc(AZIMUTHS * look->bins, sizeof(float));
    look->hidden = calloc(AZIMUTHS * look->bins, sizeof(float));
    int code = LH_ENOMEM;
    if (profile.seen && profile.hidden && look->seen && look->hidden) {
        for (size_t k = 0; k < AZIMUTHS; k++)
            look_along(look, k);
        code = conclude(look, &profile, sighting);
    }
    free(profile.seen);
    free(profile.hidden);
    free(look->seen);
    free(look->hidden);
    return code;
}

int lh_sighting_of_bearing(const struct lh_eye *eye, const struct lh_pose *pose,
                           struct lh_bearing bearing, double sigma_azimuth_deg,
                           double sigma_elevation_deg, const struct lh_sighting_options *options,
                           struct lh_sighting *ret_sighting)
{
    if (!lh_pose_valid(pose) || !isfinite(bearing.azimuth_deg) ||
        !(fabs(bearing.elevation_deg) < 90.0) || !(sigma_azimuth_deg > 0.0) ||
        !(sigma_elevation_deg > 0.0) || !isfinite(sigma_azimuth_deg) ||
        !isfinite(sigma_elevation_deg))
        return LH_EINVAL;
    struct lh_sighting sighting = {
        .from = pose->place,
        .range_m = pose->range_m,
        .bearing = {lh_azimuth_wrap(bearing.azimuth_deg), bearing.elevation_deg},
        .sigma_azimuth_deg = sigma_azimuth_deg,
        .sigma_elevation_deg = sigma_elevation_deg,
        .hidden_share = 1.0,
    };
    if (!eye) {
        set_sector(&sighting, 0.0, pose->range_m);
        *ret_sighting = sighting;
        return LH_OK;
    }
    struct look look = {.eye = eye,
                        .sighting = &sighting,
                        .options = options,
                        .sigma_height_m = pose->sigma_height_m,
                        .least_z = DBL_MAX};
    look.step_m = fmax(eye->terrain->cell_m / 2.0, pose->range_m / BINS_MOST);
    look.bins = (size_t)fmax(pose->range_m / look.step_m, 1.0);
    const int code = look_out(&look, &sighting);
    if (code == LH_OK)
        *ret_sighting = sighting;
    return code;
}

int lh_sighting_make(const struct lh_eye *eye, const struct lh_pose *pose, uint32_t width,
                     uint32_t height, struct lh_box box, const struct lh_sighting_options *options,
                     struct lh_sighting *ret_sighting)
{
    const double x = (double)box.x + box.width / 2.0;
    const double y = (double)box.y + box.height;
    struct lh_bearing middle;
    struct lh_bearing right;
    struct lh_bearing up;
    if (width == 0 || height == 0 || !lh_pose_valid(pose) || !isfinite(x) || !isfinite(y) ||
        !(box.width > 0.0F) || !(box.height > 0.0F) || x < -1.0 || x > 2.0 || y < -1.0 || y > 2.0)
        return LH_EINVAL;
    const double aspect = (double)width / height;
    const double across = fmax(options->foot_share * box.width, 1.0 / width);
    const double upward = fmax(options->foot_share / 3.0 * box.height, 1.0 / height);
    int code = lh_pose_bearing(pose, aspect, x, y, &middle);
    if (code == LH_OK)
        code = lh_pose_bearing(pose, aspect, x + across, y, &right);
    if (code == LH_OK)
        code = lh_pose_bearing(pose, aspect, x, y - upward, &up);
    if (code != LH_OK)
        return code;
    const double foot_deg = fabs(lh_azimuth_difference(middle.azimuth_deg, right.azimuth_deg));
    return lh_sighting_of_bearing(
        eye, pose, middle, hypot(pose->sigma_azimuth_deg, foot_deg),
        hypot(pose->sigma_tilt_deg, up.elevation_deg - middle.elevation_deg), options,
        ret_sighting);
}
