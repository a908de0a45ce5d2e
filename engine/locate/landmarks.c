#include "locate/landmarks.h"

#include "locate/fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_SIGMA_DEG 0.02
#define OUTLIER_TIMES 4.0
#define FIT_PX 0.05   /* of the width: what fits worse than that has no solution */
#define WORST_DEG 0.5 /* sigmas beyond it mean bad geometry */
#define WORST_ROLL_DEG 2.0
#define WORST_HFOV_SHARE 0.05

enum {
    AZIMUTH,
    TILT,
    ROLL,
    FOCAL, /* logarithm of tan(hfov / 2) */
    K1,
};

struct problem {
    struct lh_pose pose;
    double width;
    double height;
    const struct lh_landmark *landmarks;
    const struct lh_bearing *bearings;
    double *weights; /* square roots */
    size_t count;
    bool solve_k1;
};

static struct lh_pose pose_of(const struct problem *problem, const double *numbers)
{
    struct lh_pose pose = problem->pose;
    pose.azimuth_deg = lh_azimuth_wrap(numbers[AZIMUTH]);
    pose.tilt_deg = numbers[TILT];
    pose.roll_deg = numbers[ROLL];
    pose.hfov_deg = 2.0 * atan(exp(numbers[FOCAL])) / LH_DEGREE;
    if (problem->solve_k1)
        pose.k1 = numbers[K1];
    return pose;
}

/* What a landmark behind the camera or beyond the fold is off: far, and more the farther it is. */
static void put_unseen(const struct problem *problem, const struct lh_pose *pose, size_t i,
                       double off[2])
{
    const double turn_deg =
        lh_azimuth_difference(pose->azimuth_deg, problem->bearings[i].azimuth_deg);
    off[0] = problem->width * (2.0 + fabs(turn_deg) / 30.0) * copysign(1.0, turn_deg);
    off[1] = problem->height;
}

static bool residuals(const void *context, const double *numbers, double *values)
{
    const struct problem *problem = context;
    const struct lh_pose pose = pose_of(problem, numbers);
    const double aspect = problem->width / problem->height;
    if (!(fabs(pose.tilt_deg) < 89.0) || !(fabs(pose.roll_deg) < 90.0) ||
        !(pose.hfov_deg > 0.1 && pose.hfov_deg < 170.0) || !(fabs(pose.k1) < 1.0) ||
        !isfinite(numbers[AZIMUTH]))
        return false;
    for (size_t i = 0; i < problem->count; i++) {
        double off[2] = {0};
        double x;
        double y;
        if (lh_pose_project(&pose, aspect, problem->bearings[i], &x, &y)) {
            off[0] = x * problem->width - problem->landmarks[i].x_px;
            off[1] = y * problem->height - problem->landmarks[i].y_px;
        } else {
            put_unseen(problem, &pose, i, off);
        }
        values[2 * i] = off[0] * problem->weights[i];
        values[2 * i + 1] = off[1] * problem->weights[i];
    }
    return true;
}

static struct lh_fit fit_of(const struct problem *problem)
{
    return (struct lh_fit){
        .residuals = residuals,
        .context = problem,
        .count = 2 * problem->count,
        .number_count = problem->solve_k1 ? 5 : 4,
        .steps = {1e-5, 1e-5, 1e-5, 1e-7, 1e-6},
    };
}

/* ---- from many beginnings ---- */

static double middle_azimuth(const struct problem *problem)
{
    double east = 0.0;
    double north = 0.0;
    for (size_t i = 0; i < problem->count; i++) {
        east += sin(problem->bearings[i].azimuth_deg * LH_DEGREE);
        north += cos(problem->bearings[i].azimuth_deg * LH_DEGREE);
    }
    return atan2(east, north) / LH_DEGREE;
}

static int solve_from_anywhere(const struct problem *problem, double *numbers,
                               struct lh_fit_result *ret_result)
{
    const double hfovs_deg[] = {problem->pose.hfov_deg, 8.0, 25.0, 50.0, 80.0};
    const double azimuths_deg[] = {problem->pose.azimuth_deg, middle_azimuth(problem)};
    const struct lh_fit fit = fit_of(problem);
    int code = LH_ERANGE;
    struct lh_fit_result best = {.sum = INFINITY};
    for (size_t i = 0; i < 10; i++) {
        double tried[LH_FIT_NUMBERS] = {
            [AZIMUTH] = azimuths_deg[i % 2],
            [TILT] = i < 2 ? problem->pose.tilt_deg : 0.0,
            [ROLL] = 0.0,
            [FOCAL] = log(tan(hfovs_deg[i / 2] * LH_DEGREE / 2.0)),
            [K1] = problem->pose.k1,
        };
        struct lh_fit_result result;
        const int one = lh_fit_solve(&fit, tried, &result);
        if (one == LH_ENOMEM)
            return one;
        if (one == LH_OK && result.sum < best.sum) {
            best = result;
            memcpy(numbers, tried, sizeof tried);
            code = LH_OK;
        }
    }
    if (code == LH_OK)
        *ret_result = best;
    return code;
}

/* ---- outliers ---- */

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void measure(const struct problem *problem, const struct lh_pose *pose,
                    struct lh_landmark_fit *fits)
{
    const double aspect = problem->width / problem->height;
    for (size_t i = 0; i < problem->count; i++) {
        const struct lh_landmark *one = &problem->landmarks[i];
        const struct lh_bearing *there = &problem->bearings[i];
        struct lh_bearing clicked = *there;
        double off[2] = {0};
        double x;
        double y;
        if (lh_pose_project(pose, aspect, *there, &x, &y)) {
            off[0] = x * problem->width - one->x_px;
            off[1] = y * problem->height - one->y_px;
        } else {
            put_unseen(problem, pose, i, off);
        }
        (void)lh_pose_bearing(pose, aspect, one->x_px / problem->width, one->y_px / problem->height,
                              &clicked);
        const double turn_deg = lh_azimuth_difference(there->azimuth_deg, clicked.azimuth_deg) *
                                cos(there->elevation_deg * LH_DEGREE);
        fits[i].off_x_px = off[0];
        fits[i].off_y_px = off[1];
        fits[i].off_deg = hypot(turn_deg, clicked.elevation_deg - there->elevation_deg);
    }
}

static double typical_px(const struct lh_landmark_fit *fits, size_t count)
{
    double offs[LH_LANDMARKS_MOST] = {0};
    for (size_t i = 0; i < count; i++)
        offs[i] = hypot(fits[i].off_x_px, fits[i].off_y_px);
    qsort(offs, count, sizeof(double), compare);
    return offs[count / 2];
}

/* Weights fall with what the last solution is off; then outliers are left out for good. */
static int solve_robustly(struct problem *problem, double *numbers, struct lh_landmark_fit *fits,
                          struct lh_fit_result *ret_result)
{
    const struct lh_fit fit = fit_of(problem);
    int code = solve_from_anywhere(problem, numbers, ret_result);
    for (int round = 0; round < 12 && code == LH_OK && problem->count > LH_LANDMARKS_LEAST;
         round++) {
        const struct lh_pose pose = pose_of(problem, numbers);
        measure(problem, &pose, fits);
        const double scale = fmax(typical_px(fits, problem->count), 1.0);
        for (size_t i = 0; i < problem->count; i++) {
            const double z = hypot(fits[i].off_x_px, fits[i].off_y_px) / (2.0 * scale);
            problem->weights[i] = sqrt(1.0 / (1.0 + z * z));
        }
        code = lh_fit_solve(&fit, numbers, ret_result);
    }
    if (code != LH_OK)
        return code;
    const struct lh_pose pose = pose_of(problem, numbers);
    measure(problem, &pose, fits);
    const double most_px =
        fmax(LH_LANDMARK_OUTLIER_PX, OUTLIER_TIMES * typical_px(fits, problem->count));
    for (size_t i = 0; i < problem->count; i++) {
        fits[i].outlier = problem->count > LH_LANDMARKS_LEAST &&
                          hypot(fits[i].off_x_px, fits[i].off_y_px) > most_px;
        problem->weights[i] = fits[i].outlier ? 0.0 : 1.0;
    }
    code = lh_fit_solve(&fit, numbers, ret_result);
    if (code == LH_OK) {
        const struct lh_pose last = pose_of(problem, numbers);
        measure(problem, &last, fits);
    }
    return code;
}

/* ---- whether to believe it ---- */

static void sum_up(const struct problem *problem, const struct lh_landmark_fit *fits,
                   struct lh_landmark_result *result)
{
    double px2 = 0.0;
    double deg2 = 0.0;
    size_t used = 0;
    for (size_t i = 0; i < problem->count; i++) {
        if (fits[i].outlier)
            continue;
        px2 += fits[i].off_x_px * fits[i].off_x_px + fits[i].off_y_px * fits[i].off_y_px;
        deg2 += fits[i].off_deg * fits[i].off_deg;
        used++;
    }
    result->outlier_count = problem->count - used;
    result->rms_px = sqrt(px2 / (double)used);
    result->rms_deg = sqrt(deg2 / (double)used);
}

static int judge(const struct problem *problem, const struct lh_fit_result *fitted,
                 struct lh_landmark_result *result, struct lh_fault *fault)
{
    const size_t used = problem->count - result->outlier_count;
    const size_t numbers = problem->solve_k1 ? 5 : 4;
    /* A click is a pixel off at least; what is left over, spread over what is not used up, says more. */
    const double freedom = fmax(2.0 * (double)used - (double)numbers, 1.0);
    const double sigma_px = fmax(1.0, sqrt(fitted->sum / freedom));
    const double azimuth_deg = sigma_px * sqrt(fitted->variance[AZIMUTH]);
    const double tilt_deg = sigma_px * sqrt(fitted->variance[TILT]);
    const double half = result->pose.hfov_deg * LH_DEGREE / 2.0;
    result->sigma_roll_deg = sigma_px * sqrt(fitted->variance[ROLL]);
    result->sigma_hfov_deg = sigma_px * sqrt(fitted->variance[FOCAL]) * sin(2.0 * half) / LH_DEGREE;
    result->pose.sigma_azimuth_deg = fmax(azimuth_deg, LEAST_SIGMA_DEG);
    result->pose.sigma_tilt_deg = fmax(tilt_deg, LEAST_SIGMA_DEG);
    if (used < LH_LANDMARKS_LEAST)
        return lh_fail(fault, LH_ERANGE,
                       "%zu of %zu landmarks contradict the others; check their positions and "
                       "datum, and that each was clicked where it is",
                       result->outlier_count, problem->count);
    if (result->rms_px > FIT_PX * problem->width)
        return lh_fail(fault, LH_ERANGE,
                       "no angles picture these landmarks where they were clicked (%.0f px off on "
                       "average); check the camera's position, the landmarks' and their datum",
                       result->rms_px);
    if (azimuth_deg > WORST_DEG || tilt_deg > WORST_DEG ||
        result->sigma_roll_deg > WORST_ROLL_DEG ||
        result->sigma_hfov_deg > WORST_HFOV_SHARE * result->pose.hfov_deg)
        return lh_fail(fault, LH_ERANGE,
                       "the landmarks lie too close together to tell the angles (azimuth +-%.2f, "
                       "roll +-%.2f, field of view +-%.2f degrees); add some near the picture's "
                       "left and right edges, and not all in one line",
                       azimuth_deg, result->sigma_roll_deg, result->sigma_hfov_deg);
    return LH_OK;
}

static int check(uint32_t width, uint32_t height, const struct lh_pose *start,
                 const struct lh_landmark *landmarks, size_t count, struct lh_fault *fault)
{
    if (count < LH_LANDMARKS_LEAST || count > LH_LANDMARKS_MOST)
        return lh_fail(fault, LH_ERANGE, "%zu landmarks; between %d and %d are needed", count,
                       LH_LANDMARKS_LEAST, LH_LANDMARKS_MOST);
    if (width == 0 || height == 0 || !lh_pose_valid(start))
        return lh_fail(fault, LH_EINVAL, "the pose to begin with, or the picture's size, is none");
    for (size_t i = 0; i < count; i++)
        if (!(landmarks[i].x_px >= 0.0 && landmarks[i].x_px <= width && landmarks[i].y_px >= 0.0 &&
              landmarks[i].y_px <= height) ||
            !lh_geo_valid(landmarks[i].place) || isinf(landmarks[i].height_m))
            return lh_fail(fault, LH_EINVAL,
                           "landmark %zu (%s) lies outside the picture of %ux%u, or nowhere on the "
                           "earth",
                           i + 1, landmarks[i].name, width, height);
    return LH_OK;
}

static int aim(const struct lh_eye *eye, const struct lh_landmark *landmark, struct lh_fault *fault,
               struct lh_bearing *ret_bearing)
{
    const struct lh_offset at = lh_plane_offset(&eye->terrain->plane, landmark->place);
    const double height_m =
        isnan(landmark->height_m) ? lh_terrain_height(eye->terrain, at) : landmark->height_m;
    if (isnan(height_m))
        return lh_fail(fault, LH_ENOTFOUND,
                       "the terrain knows no height for landmark '%s'; write one", landmark->name);
    const struct lh_aim look = lh_ray_aim(eye, at, height_m);
    if (look.distance_m < 1.0)
        return lh_fail(fault, LH_EINVAL, "landmark '%s' is where the camera stands",
                       landmark->name);
    *ret_bearing = (struct lh_bearing){look.azimuth_deg, look.elevation_deg};
    return LH_OK;
}

int lh_landmarks_solve(const struct lh_eye *eye, const struct lh_pose *start, uint32_t width,
                       uint32_t height, const struct lh_landmark *landmarks, size_t count,
                       bool solve_k1, struct lh_fault *fault, struct lh_landmark_fit *fits,
                       struct lh_landmark_result *ret_result)
{
    struct lh_bearing bearings[LH_LANDMARKS_MOST] = {{0}};
    double weights[LH_LANDMARKS_MOST];
    double numbers[LH_FIT_NUMBERS] = {0};
    struct lh_fit_result fitted = {0};
    int code = check(width, height, start, landmarks, count, fault);
    for (size_t i = 0; i < count && code == LH_OK; i++) {
        code = aim(eye, &landmarks[i], fault, &bearings[i]);
        weights[i] = 1.0;
    }
    if (code != LH_OK)
        return code;
    struct problem problem = {.pose = *start,
                              .width = width,
                              .height = height,
                              .landmarks = landmarks,
                              .bearings = bearings,
                              .weights = weights,
                              .count = count,
                              .solve_k1 = solve_k1};
    code = solve_robustly(&problem, numbers, fits, &fitted);
    if (code == LH_ERANGE || code == LH_EINVAL)
        return lh_fail(fault, LH_ERANGE,
                       "these landmarks do not tell the angles; take four or more that are spread "
                       "over the picture and not in one line");
    if (code != LH_OK)
        return lh_fail(fault, code, "%s", lh_strerror(code));
    struct lh_landmark_result result = {.pose = pose_of(&problem, numbers)};
    sum_up(&problem, fits, &result);
    code = judge(&problem, &fitted, &result, fault);
    if (code == LH_OK)
        *ret_result = result;
    return code;
}

/* ---- one line ---- */

/* The next field up to a comma; "" at the end. False: it does not fit. */
static bool take_field(const char **line, char *field, size_t size)
{
    *line += strspn(*line, " \t");
    const size_t length = strcspn(*line, ",\r\n");
    if (length >= size)
        return false;
    memcpy(field, *line, length);
    field[length] = '\0';
    *line += length + ((*line)[length] == ',');
    return true;
}

static bool take_number(const char **line, double *ret_number)
{
    char field[40];
    char *end;
    if (!take_field(line, field, sizeof field))
        return false;
    if (field[strspn(field, "+-.0123456789eE \t")] != '\0')
        return false;
    *ret_number = strtod(field, &end);
    return end != field && end[strspn(end, " \t")] == '\0' && isfinite(*ret_number);
}

int lh_landmark_parse(const char *line, enum lh_datum datum, struct lh_fault *fault,
                      struct lh_landmark *ret_landmark)
{
    struct lh_landmark read = {.height_m = NAN};
    const char *rest = line;
    struct lh_geo written;
    if (!take_number(&rest, &read.x_px) || !take_number(&rest, &read.y_px) ||
        !take_number(&rest, &written.latitude_deg) || !take_number(&rest, &written.longitude_deg))
        return lh_fail(fault, LH_EFORMAT,
                       "'%.80s' is no landmark; write X,Y,LATITUDE,LONGITUDE[,HEIGHT[,NAME]]",
                       line);
    if (!lh_geo_valid(written))
        return lh_fail(fault, LH_EFORMAT, "'%.80s': there is no such latitude and longitude", line);
    const char *height = rest + strspn(rest, " \t");
    if (*height == ',')
        rest = height + 1;
    else if (*height != '\0' && *height != '\n' && *height != '\r' &&
             !take_number(&rest, &read.height_m))
        return lh_fail(fault, LH_EFORMAT,
                       "'%.80s': after the longitude comes the height in metres, or nothing", line);
    if (!take_field(&rest, read.name, sizeof read.name))
        return lh_fail(fault, LH_EFORMAT, "'%.80s': the name is longer than %d bytes", line,
                       LH_LANDMARK_NAME - 1);
    read.place = lh_geo_from_datum(datum, written);
    *ret_landmark = read;
    return LH_OK;
}
