#include "locate/skyline_match.h"

#include "locate/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COARSE_WIDTH 240
#define EDGE_ROWS 4    /* above and below, that an edge compares */
#define EDGE_HALF 10.0 /* luma steps at which an edge counts half */
#define APART_DEG 2.0  /* a match this far away is another one */
#define EVERY_PX 3     /* columns between those that are measured */
#define CLOSE_PX 2.0
#define ALIKE_COLUMNS 6.0 /* so many neighbours err together */
#define LEAST_MATCHED 0.6
#define LEAST_DISTINCT 1.07
#define LEAST_COLUMNS 0.3
#define WORST_DEG 0.3
#define LEAST_SIGMA_DEG 0.02

/* Strength of edges, 0..1, at the boundary above each row. */
struct edges {
    size_t width;
    size_t height;
    float *strength;
};

static float edge_at(const struct edges *edges, size_t x, size_t y)
{
    return edges->strength[y * edges->width + x];
}

/* ---- edges ---- */

/* The mean of EDGE_ROWS rows above each boundary less that of those below it: sky is mostly brighter. */
static void find_column_edges(const struct lh_image *picture, size_t x, int *sums,
                              struct edges *edges)
{
    const size_t left = x > 0 ? x - 1 : x;
    const size_t right = x + 1 < edges->width ? x + 1 : x;
    sums[0] = 0;
    for (size_t y = 0; y < edges->height; y++) {
        const uint8_t *row = picture->plane[0] + (ptrdiff_t)y * picture->stride[0];
        sums[y + 1] = sums[y] + row[left] + row[x] + row[right];
    }
    for (size_t y = EDGE_ROWS; y + EDGE_ROWS < edges->height; y++) {
        const int above = sums[y] - sums[y - EDGE_ROWS];
        const int below = sums[y + EDGE_ROWS] - sums[y];
        const double step = (above - below) / (3.0 * EDGE_ROWS);
        const double strength = step > 0.0 ? step : -0.5 * step;
        edges->strength[y * edges->width + x] = (float)(strength / (strength + EDGE_HALF));
    }
}

static int find_edges(const struct lh_image *picture, struct edges *edges)
{
    edges->width = picture->width_px;
    edges->height = picture->height_px;
    edges->strength = calloc(edges->width * edges->height, sizeof(float));
    int *sums = malloc((edges->height + 1) * sizeof(int));
    const int code = edges->strength && sums ? LH_OK : LH_ENOMEM;
    for (size_t x = 0; x < edges->width && code == LH_OK; x++)
        find_column_edges(picture, x, sums, edges);
    free(sums);
    return code;
}

/* How many pixels a side become one cell of the coarse search. */
static size_t shrinking(size_t width)
{
    return width > COARSE_WIDTH ? width / COARSE_WIDTH : 1;
}

/* Each cell the strongest of its block and half of its neighbours above and below. */
static int shrink(const struct edges *fine, size_t factor, struct edges *coarse)
{
    coarse->width = fine->width / factor;
    coarse->height = fine->height / factor;
    coarse->strength = calloc(coarse->width * coarse->height, sizeof(float));
    float *most = calloc(coarse->width * coarse->height, sizeof(float));
    if (!coarse->strength || !most) {
        free(most);
        return LH_ENOMEM;
    }
    for (size_t y = 0; y < coarse->height * factor; y++) {
        for (size_t x = 0; x < coarse->width * factor; x++) {
            float *cell = &most[y / factor * coarse->width + x / factor];
            *cell = fmaxf(*cell, edge_at(fine, x, y));
        }
    }
    for (size_t y = 0; y < coarse->height; y++) {
        for (size_t x = 0; x < coarse->width; x++) {
            const size_t at = y * coarse->width + x;
            const float above = y > 0 ? most[at - coarse->width] : 0.0F;
            const float below = y + 1 < coarse->height ? most[at + coarse->width] : 0.0F;
            coarse->strength[at] = fmaxf(most[at], 0.5F * fmaxf(above, below));
        }
    }
    free(most);
    return LH_OK;
}

/* ---- the horizon in a picture ---- */

/* Draws the segment from one projected point to the next over the columns whose middles it covers. */
static void put_segment(double x0, double y0, double x1, double y1, size_t width, double *rows)
{
    const double left = fmin(x0, x1);
    const double right = fmax(x0, x1);
    for (double c = fmax(ceil(left - 0.5), 0.0); c + 0.5 <= right && c < (double)width; c += 1.0) {
        const double share = x1 == x0 ? 0.0 : (c + 0.5 - x0) / (x1 - x0);
        const double row = y0 + share * (y1 - y0);
        double *slot = &rows[(size_t)c];
        *slot = isnan(*slot) ? row : fmin(*slot, row);
    }
}

void lh_skyline_rows(const struct lh_horizon *horizon, const struct lh_pose *pose, double aspect,
                     uint32_t width, uint32_t height, double *rows)
{
    /* Half the diagonal's angle and a margin: what can be in the picture, roll and mount included. */
    const double half = tan(pose->hfov_deg * LH_DEGREE / 2.0);
    const double reach_deg =
        fmin(1.25 * atan(half * hypot(1.0, 1.0 / aspect)) / LH_DEGREE + 12.0, 179.0);
    const double step_deg = fmax(360.0 / (double)horizon->count, reach_deg / 600.0);
    const double middle_deg = pose->azimuth_deg + pose->mount_azimuth_deg;
    double last_x = NAN;
    double last_y = NAN;
    for (size_t c = 0; c < width; c++)
        rows[c] = NAN;
    const int steps = (int)(2.0 * reach_deg / step_deg);
    for (int i = 0; i <= steps; i++) {
        const double turn_deg = i * step_deg - reach_deg;
        const double azimuth_deg = lh_azimuth_wrap(middle_deg + turn_deg);
        const struct lh_skyline there = lh_horizon_at(horizon, azimuth_deg);
        double x = NAN;
        double y = NAN;
        if (isfinite(there.elevation_deg) &&
            lh_pose_project(pose, aspect, (struct lh_bearing){azimuth_deg, there.elevation_deg}, &x,
                            &y)) {
            x *= width;
            y *= height;
            if (!isnan(last_x) && fabs(x - last_x) < width)
                put_segment(last_x, last_y, x, y, width, rows);
        } else {
            x = NAN;
        }
        last_x = x;
        last_y = y;
    }
}

/* ---- the coarse search ---- */

struct search {
    const struct edges *edges;
    const struct lh_horizon *horizon;
    const struct lh_pose *start;
    const struct lh_skyline_options *options;
    double aspect;
    double *rows; /* width */
    double best;
    struct lh_pose pose;
    double *by_azimuth; /* the best score of each azimuth tried */
    size_t azimuth_count;
    double step_deg;
};

/* The mean strength along the horizon's rows, moved down by shift rows. */
static double score_of(const struct edges *edges, const double *rows, int shift)
{
    double sum = 0.0;
    for (size_t x = 0; x < edges->width; x++) {
        const double row = rows[x] + shift;
        if (row >= 0.0 && row < (double)edges->height)
            sum += edge_at(edges, x, (size_t)row);
    }
    return sum / (double)edges->width;
}

static void try_view(struct search *search, const struct lh_pose *pose, double *best_here)
{
    const struct edges *edges = search->edges;
    const double px_deg = pose->hfov_deg / (double)edges->width;
    const int shift_most = (int)(search->options->tilt_deg / px_deg) + 1;
    lh_skyline_rows(search->horizon, pose, search->aspect, (uint32_t)edges->width,
                    (uint32_t)edges->height, search->rows);
    for (int shift = -shift_most; shift <= shift_most; shift++) {
        const double score = score_of(edges, search->rows, shift);
        *best_here = fmax(*best_here, score);
        if (score > search->best) {
            search->best = score;
            search->pose = *pose;
            search->pose.tilt_deg += shift * px_deg;
        }
    }
}

static void search_all(struct search *search)
{
    const double roll_step_deg = 0.75;
    const int rolls = (int)(search->options->roll_deg / roll_step_deg);
    for (size_t i = 0; i < search->azimuth_count; i++) {
        struct lh_pose pose = *search->start;
        const double turn_deg =
            ((double)i - ((double)search->azimuth_count - 1.0) / 2.0) * search->step_deg;
        pose.azimuth_deg = lh_azimuth_wrap(search->start->azimuth_deg + turn_deg);
        for (int roll = -rolls; roll <= rolls; roll++) {
            pose.roll_deg = search->start->roll_deg + roll * roll_step_deg;
            try_view(search, &pose, &search->by_azimuth[i]);
        }
    }
}

static double distinctness(const struct search *search)
{
    double other = 0.0;
    for (size_t i = 0; i < search->azimuth_count; i++) {
        const double turn_deg =
            ((double)i - ((double)search->azimuth_count - 1.0) / 2.0) * search->step_deg;
        const double off_deg =
            lh_azimuth_difference(search->start->azimuth_deg + turn_deg, search->pose.azimuth_deg);
        if (fabs(off_deg) > APART_DEG)
            other = fmax(other, search->by_azimuth[i]);
    }
    return other > 0.0 ? search->best / other : INFINITY;
}

static int search_coarsely(struct search *search, double *ret_distinct)
{
    const size_t width = search->edges->width;
    int code = LH_OK;
    search->step_deg = search->start->hfov_deg / (double)width;
    search->azimuth_count =
        2 * (size_t)(fmin(search->options->azimuth_deg, 180.0) / search->step_deg) + 1;
    search->rows = malloc(width * sizeof(double));
    search->by_azimuth = calloc(search->azimuth_count, sizeof(double));
    if (!search->rows || !search->by_azimuth)
        code = LH_ENOMEM;
    if (code == LH_OK) {
        search_all(search);
        *ret_distinct = distinctness(search);
    }
    free(search->rows);
    free(search->by_azimuth);
    return code;
}

/* ---- the fine solution ---- */

struct refine {
    const struct edges *edges;
    const struct lh_horizon *horizon;
    struct lh_pose pose;
    double aspect;
    bool solve_hfov;
    double *rows;    /* where the horizon runs, every column */
    double *found;   /* where the edge is; NAN: none */
    double *weights; /* square roots */
    size_t measured; /* columns in which the horizon runs through the picture */
    size_t matched;
    double rms_px;
};

static struct lh_pose pose_of(const struct refine *refine, const double *numbers)
{
    struct lh_pose pose = refine->pose;
    pose.azimuth_deg = lh_azimuth_wrap(numbers[0]);
    pose.tilt_deg = numbers[1];
    pose.roll_deg = numbers[2];
    if (refine->solve_hfov)
        pose.hfov_deg = numbers[3];
    return pose;
}

static bool residuals(const void *context, const double *numbers, double *values)
{
    const struct refine *refine = context;
    const struct lh_pose pose = pose_of(refine, numbers);
    const size_t width = refine->edges->width;
    size_t count = 0;
    if (!lh_pose_valid(&pose) || !(fabs(pose.tilt_deg) < 80.0) || !(pose.hfov_deg > 0.2))
        return false;
    lh_skyline_rows(refine->horizon, &pose, refine->aspect, (uint32_t)width,
                    (uint32_t)refine->edges->height, refine->rows);
    for (size_t x = 0; x < width; x += EVERY_PX) {
        const double off = refine->rows[x] - refine->found[x];
        values[count++] = isnan(off) ? 0.0 : off * refine->weights[x];
    }
    return true;
}

/* The strongest edge within reach of a row, to a part of a pixel; nearer ones are preferred. */
static double nearest_edge(const struct edges *edges, size_t x, double row, int reach,
                           double *ret_strength)
{
    const int middle = (int)lround(row);
    int best = -1;
    double most = 0.0;
    for (int y = middle - reach; y <= middle + reach; y++) {
        if (y < 1 || y + 1 >= (int)edges->height)
            continue;
        const double far = fabs(y - row) / (reach + 1.0);
        const double value = edge_at(edges, x, (size_t)y) * (1.0 - 0.5 * far);
        if (value > most) {
            most = value;
            best = y;
        }
    }
    if (best < 0 || most < 0.08)
        return NAN;
    const double above = edge_at(edges, x, (size_t)best - 1);
    const double here = edge_at(edges, x, (size_t)best);
    const double below = edge_at(edges, x, (size_t)best + 1);
    const double bend = above - 2.0 * here + below;
    const double part = bend < 0.0 ? 0.5 * (above - below) / bend : 0.0;
    *ret_strength = here;
    return best + fmin(fmax(part, -0.5), 0.5);
}

/* The edges about the horizon as it runs now. */
static void measure(struct refine *refine, const double *numbers, int reach)
{
    const struct edges *edges = refine->edges;
    const struct lh_pose pose = pose_of(refine, numbers);
    double sum = 0.0;
    lh_skyline_rows(refine->horizon, &pose, refine->aspect, (uint32_t)edges->width,
                    (uint32_t)edges->height, refine->rows);
    refine->measured = 0;
    refine->matched = 0;
    for (size_t x = 0; x < edges->width; x += EVERY_PX) {
        const double row = refine->rows[x];
        double strength = 0.0;
        refine->weights[x] = 0.0;
        refine->found[x] = NAN;
        if (!(row >= 0.0 && row < (double)edges->height))
            continue;
        refine->measured++;
        refine->found[x] = nearest_edge(edges, x, row, reach, &strength);
        const double off = row - refine->found[x];
        if (isnan(off))
            continue;
        const double z = off / (0.5 * reach);
        refine->weights[x] = sqrt(strength / (1.0 + z * z));
        if (fabs(off) <= CLOSE_PX) {
            refine->matched++;
            sum += off * off;
        }
    }
    refine->rms_px = refine->matched > 0 ? sqrt(sum / (double)refine->matched) : INFINITY;
}

static int solve_finely(struct refine *refine, double coarse_px, double *numbers,
                        struct lh_fit_result *ret_fitted)
{
    const struct lh_fit fit = {
        .residuals = residuals,
        .context = refine,
        .count = (refine->edges->width + EVERY_PX - 1) / EVERY_PX,
        .number_count = refine->solve_hfov ? 4 : 3,
        .steps = {1e-3, 1e-3, 1e-3, 1e-3},
    };
    int code = LH_OK;
    for (double reach = fmax(2.5 * coarse_px, 6.0); code == LH_OK; reach *= 0.7) {
        const int whole = reach > 3.0 ? (int)reach : 3;
        measure(refine, numbers, whole);
        code = lh_fit_solve(&fit, numbers, ret_fitted);
        if (reach < 3.0)
            break;
    }
    measure(refine, numbers, 3);
    return code;
}

static int refine_match(const struct edges *edges, const struct search *search,
                        struct refine *refine, struct lh_skyline_match *match)
{
    double numbers[LH_FIT_NUMBERS] = {search->pose.azimuth_deg, search->pose.tilt_deg,
                                      search->pose.roll_deg, search->pose.hfov_deg};
    struct lh_fit_result fitted = {0};
    const double coarse_px = (double)shrinking(edges->width);
    refine->rows = malloc(edges->width * sizeof(double));
    refine->found = malloc(edges->width * sizeof(double));
    refine->weights = malloc(edges->width * sizeof(double));
    int code = LH_ENOMEM;
    if (refine->rows && refine->found && refine->weights)
        code = solve_finely(refine, coarse_px, numbers, &fitted);
    if (code == LH_OK) {
        const double px = fmax(refine->rms_px, 0.3) * sqrt(ALIKE_COLUMNS);
        match->pose = pose_of(refine, numbers);
        match->pose.sigma_azimuth_deg = fmax(px * sqrt(fitted.variance[0]), LEAST_SIGMA_DEG);
        match->pose.sigma_tilt_deg = fmax(px * sqrt(fitted.variance[1]), LEAST_SIGMA_DEG);
        match->sigma_roll_deg = px * sqrt(fitted.variance[2]);
        match->rms_px = refine->rms_px;
        match->matched_share =
            refine->measured > 0 ? (double)refine->matched / (double)refine->measured : 0.0;
    }
    free(refine->rows);
    free(refine->found);
    free(refine->weights);
    return code;
}

/* ---- whether to believe it ---- */

static int judge(const struct edges *edges, const struct refine *refine,
                 const struct lh_skyline_match *match, struct lh_fault *fault)
{
    const size_t every = (edges->width + EVERY_PX - 1) / EVERY_PX;
    const double columns = (double)every;
    if ((double)refine->measured < LEAST_COLUMNS * columns)
        return lh_fail(fault, LH_ERANGE,
                       "the horizon runs through %.0f %% of the picture's width at best; the view "
                       "has too little sky: use landmarks",
                       100.0 * (double)refine->measured / columns);
    if (match->matched_share < LEAST_MATCHED)
        return lh_fail(fault, LH_ERANGE,
                       "the terrain's horizon lies on an edge of the picture in only %.0f %% of "
                       "its columns; take a clear picture by day, search wider, or use landmarks",
                       100.0 * match->matched_share);
    if (match->distinct_ratio < LEAST_DISTINCT)
        return lh_fail(fault, LH_ERANGE,
                       "the skyline fits elsewhere as well (%.2f times as good); narrow the search "
                       "or use landmarks",
                       match->distinct_ratio);
    if (match->pose.sigma_azimuth_deg > WORST_DEG || match->pose.sigma_tilt_deg > WORST_DEG)
        return lh_fail(fault, LH_ERANGE,
                       "the skyline is too level to tell the azimuth (+-%.1f degrees); use "
                       "landmarks",
                       match->pose.sigma_azimuth_deg);
    return LH_OK;
}

int lh_skyline_find(const struct lh_image *picture, const struct lh_horizon *horizon,
                    const struct lh_pose *start, const struct lh_skyline_options *options,
                    struct lh_fault *fault, struct lh_skyline_match *ret_match)
{
    if (picture->format != LH_PIXEL_GRAY8 || picture->width_px < 64 || picture->height_px < 48 ||
        !lh_pose_valid(start))
        return lh_fail(fault, LH_EINVAL, "the picture is too small, or the pose is none");
    struct edges edges = {0};
    struct edges coarse = {0};
    struct lh_skyline_match match = {0};
    struct search search = {
        .edges = &coarse,
        .horizon = horizon,
        .start = start,
        .options = options,
        .aspect = (double)picture->width_px / picture->height_px,
        .pose = *start,
    };
    int code = find_edges(picture, &edges);
    if (code == LH_OK)
        code = shrink(&edges, shrinking(edges.width), &coarse);
    if (code == LH_OK)
        code = search_coarsely(&search, &match.distinct_ratio);
    struct refine refine = {.edges = &edges,
                            .horizon = horizon,
                            .pose = search.pose,
                            .aspect = search.aspect,
                            .solve_hfov = options->solve_hfov};
    if (code == LH_OK)
        code = refine_match(&edges, &search, &refine, &match);
    if (code == LH_ERANGE || code == LH_EINVAL)
        (void)lh_fail(fault, LH_ERANGE,
                      "no edge of sky is found along the terrain's horizon; take a clear picture "
                      "by day, or use landmarks");
    else if (code != LH_OK)
        (void)lh_fail(fault, code, "%s", lh_strerror(code));
    else
        code = judge(&edges, &refine, &match, fault);
    free(edges.strength);
    free(coarse.strength);
    if (code == LH_OK)
        *ret_match = match;
    return code == LH_EINVAL ? LH_ERANGE : code;
}
