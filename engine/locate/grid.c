#include "locate/grid.h"

#include "locate/grid_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EQUATOR_M 6378137.0
#define ECCENTRICITY2 0.00669437999014
#define SCALE_95_BEARING 1.96
#define REACH_SIGMA 4.0
#define ELLIPSE_RINGS 24
#define ELLIPSE_SPOKES 48
#define SECTOR_BEARINGS 41 /* about the middle one */
#define SECTOR_MIDDLE 20
#define SECTOR_STEP_SIGMA 0.15
#define SECTOR_DISTANCES 28
#define ARC_POINTS 33
#define OUTLINE_POINTS ((size_t)2 * ARC_POINTS)
#define SECTOR_SAMPLES ((size_t)SECTOR_BEARINGS * SECTOR_DISTANCES)
#define ELLIPSE_SAMPLES ((size_t)ELLIPSE_RINGS * ELLIPSE_SPOKES)

struct point {
    double x;
    double y;
};

/* Degrees about a place, to whatever the matrix says: metres, or sigmas of an ellipse. Lines stay lines. */
struct view {
    struct lh_geo origin;
    double x_per_longitude, x_per_latitude;
    double y_per_longitude, y_per_latitude;
};

struct sample {
    struct lh_geo at;
    double weight;
};

const char *lh_grid_level_name(enum lh_grid_level level)
{
    static const char *const names[] = {"county", "township", "village", "cell"};
    return names[level];
}

const char *lh_role_name(enum lh_role role)
{
    static const char *const names[] = {"ranger", "cadre", "officer", "desk"};
    return names[role];
}

size_t lh_grid_count(const struct lh_grid *grid)
{
    return grid->count;
}

const struct lh_grid_area *lh_grid_area(const struct lh_grid *grid, size_t index)
{
    return &grid->areas[index];
}

size_t lh_grid_note_count(const struct lh_grid *grid)
{
    return grid->note_count;
}

const char *lh_grid_note(const struct lh_grid *grid, size_t index)
{
    return grid->notes[index];
}

/* ---- one area ---- */

static struct view metres_about(struct lh_geo origin)
{
    const double sine = sin(origin.latitude_deg * LH_DEGREE);
    const double flat = 1 - ECCENTRICITY2 * sine * sine;
    const double across_m = EQUATOR_M / sqrt(flat);
    const double along_m = across_m * (1 - ECCENTRICITY2) / flat;
    return (struct view){.origin = origin,
                         .x_per_longitude =
                             across_m * cos(origin.latitude_deg * LH_DEGREE) * LH_DEGREE,
                         .y_per_latitude = along_m * LH_DEGREE};
}

static struct view sigmas_about(const struct lh_ellipse *ellipse)
{
    const struct view metres = metres_about(ellipse->centre);
    const double sine = sin(ellipse->azimuth_deg * LH_DEGREE);
    const double cosine = cos(ellipse->azimuth_deg * LH_DEGREE);
    return (struct view){.origin = ellipse->centre,
                         .x_per_longitude = metres.x_per_longitude * sine / ellipse->major_m,
                         .x_per_latitude = metres.y_per_latitude * cosine / ellipse->major_m,
                         .y_per_longitude = metres.x_per_longitude * cosine / ellipse->minor_m,
                         .y_per_latitude = -metres.y_per_latitude * sine / ellipse->minor_m};
}

static struct point seen(const struct view *view, struct lh_geo place)
{
    const double longitude = lh_azimuth_difference(view->origin.longitude_deg, place.longitude_deg);
    const double latitude = place.latitude_deg - view->origin.latitude_deg;
    return (struct point){view->x_per_longitude * longitude + view->x_per_latitude * latitude,
                          view->y_per_longitude * longitude + view->y_per_latitude * latitude};
}

/* From the origin. */
static double distance_to_line(struct point a, struct point b)
{
    const double x = b.x - a.x;
    const double y = b.y - a.y;
    const double length2 = x * x + y * y;
    const double share = length2 > 0 ? fmin(fmax(-(a.x * x + a.y * y) / length2, 0), 1) : 0;
    return hypot(a.x + share * x, a.y + share * y);
}

static bool crosses_ray(struct point a, struct point b)
{
    return (a.y > 0) != (b.y > 0) && a.x - a.y * (b.x - a.x) / (b.y - a.y) > 0;
}

/* From the view's origin, in its unit; 0 inside. */
static double distance_of(const struct lh_grid_area *area, const struct view *view)
{
    double least = INFINITY;
    bool inside = false;
    for (size_t ring = 0, first = 0; ring < area->ring_count; first = area->ring_ends[ring++]) {
        struct point a = seen(view, area->corners[area->ring_ends[ring] - 1]);
        for (size_t i = first; i < area->ring_ends[ring]; i++) {
            const struct point b = seen(view, area->corners[i]);
            inside ^= crosses_ray(a, b);
            least = fmin(least, distance_to_line(a, b));
            a = b;
        }
    }
    return inside ? 0 : least;
}

static bool contains(const struct lh_grid_area *area, struct lh_geo place)
{
    const struct view degrees = {.origin = place, .x_per_longitude = 1, .y_per_latitude = 1};
    bool inside = false;
    if (place.latitude_deg < area->south_deg || place.latitude_deg > area->north_deg)
        return false;
    for (size_t ring = 0, first = 0; ring < area->ring_count; first = area->ring_ends[ring++]) {
        struct point a = seen(&degrees, area->corners[area->ring_ends[ring] - 1]);
        for (size_t i = first; i < area->ring_ends[ring]; i++) {
            const struct point b = seen(&degrees, area->corners[i]);
            inside ^= crosses_ray(a, b);
            a = b;
        }
    }
    return inside;
}

/* False only where the area's box lies farther off than that. */
static bool is_within(const struct lh_grid_area *area, struct lh_geo place, double distance_m)
{
    const struct view metres = metres_about(place);
    const double latitude = distance_m / metres.y_per_latitude;
    const double longitude = distance_m / fmax(metres.x_per_longitude, 1) * 1.01;
    if (area->north_deg < place.latitude_deg - latitude ||
        area->south_deg > place.latitude_deg + latitude)
        return false;
    const double half = (area->east_deg - area->west_deg) / 2;
    return fabs(lh_azimuth_difference(place.longitude_deg, area->west_deg + half)) <=
           half + longitude;
}

/* ---- ellipses ---- */

/* Places of equal probability: rings by the quantiles of the radius. */
static void sample_ellipse(const struct lh_ellipse *ellipse, double weight, struct sample *samples)
{
    const struct view metres = metres_about(ellipse->centre);
    const double sine = sin(ellipse->azimuth_deg * LH_DEGREE);
    const double cosine = cos(ellipse->azimuth_deg * LH_DEGREE);
    for (int ring = 0; ring < ELLIPSE_RINGS; ring++) {
        const double radius = sqrt(-2 * log(1 - (ring + 0.5) / ELLIPSE_RINGS));
        for (int spoke = 0; spoke < ELLIPSE_SPOKES; spoke++) {
            const double angle = 2 * LH_PI * (spoke + 0.25 + 0.5 * (ring % 2)) / ELLIPSE_SPOKES;
            const double along = radius * cos(angle) * ellipse->major_m;
            const double across = radius * sin(angle) * ellipse->minor_m;
            samples[ring * ELLIPSE_SPOKES + spoke] = (struct sample){
                lh_geo_wrap((struct lh_geo){
                    ellipse->centre.latitude_deg +
                        (along * cosine - across * sine) / metres.y_per_latitude,
                    ellipse->centre.longitude_deg +
                        (along * sine + across * cosine) / fmax(metres.x_per_longitude, 1)}),
                weight / (ELLIPSE_RINGS * ELLIPSE_SPOKES)};
        }
    }
}

static bool ellipse_touches(const struct lh_ellipse *ellipse, const struct lh_grid_area *area)
{
    if (!is_within(area, ellipse->centre, REACH_SIGMA * ellipse->major_m))
        return false;
    const struct view sigmas = sigmas_about(ellipse);
    return distance_of(area, &sigmas) <= LH_SCALE_95;
}

/* ---- sectors ---- */

static void sample_sector(const struct lh_sector *sector, struct sample *samples)
{
    double sum = 0;
    for (int b = 0; b < SECTOR_BEARINGS; b++) {
        const double sigmas = SECTOR_STEP_SIGMA * (b - SECTOR_MIDDLE);
        const double azimuth = lh_azimuth_wrap(sector->azimuth_deg + sigmas * sector->sigma_deg);
        for (int d = 0; d < SECTOR_DISTANCES; d++) {
            const double distance_m =
                sector->near_m + (sector->far_m - sector->near_m) * (d + 0.5) / SECTOR_DISTANCES;
            const double weight = exp(-sigmas * sigmas / 2);
            samples[b * SECTOR_DISTANCES + d] =
                (struct sample){lh_geo_move(sector->from, azimuth, distance_m), weight};
            sum += weight;
        }
    }
    for (size_t i = 0; i < SECTOR_SAMPLES; i++)
        samples[i].weight /= sum;
}

struct outline {
    struct lh_geo corners[OUTLINE_POINTS];
    size_t ends[1];
    struct lh_grid_area area; /* lent the two above */
};

static void draw_sector(const struct lh_sector *sector, struct outline *outline)
{
    struct lh_grid_area *area = &outline->area;
    const double half = SCALE_95_BEARING * sector->sigma_deg;
    for (int i = 0; i < ARC_POINTS; i++) {
        const double azimuth =
            lh_azimuth_wrap(sector->azimuth_deg - half + 2 * half * i / (ARC_POINTS - 1));
        outline->corners[i] = lh_geo_move(sector->from, azimuth, sector->far_m);
        outline->corners[OUTLINE_POINTS - 1 - (size_t)i] =
            lh_geo_move(sector->from, azimuth, sector->near_m);
    }
    outline->ends[0] = OUTLINE_POINTS;
    *area = (struct lh_grid_area){.corners = outline->corners,
                                  .corner_count = OUTLINE_POINTS,
                                  .ring_ends = outline->ends,
                                  .ring_count = 1,
                                  .south_deg = -90,
                                  .north_deg = 90};
}

static double turn(struct point a, struct point b, struct point c)
{
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

static bool lines_cross(struct point a, struct point b, struct point c, struct point d)
{
    return (turn(a, b, c) > 0) != (turn(a, b, d) > 0) && (turn(c, d, a) > 0) != (turn(c, d, b) > 0);
}

static bool line_crosses(const struct outline *outline, const struct view *view, struct point a,
                         struct point b)
{
    struct point c = seen(view, outline->corners[OUTLINE_POINTS - 1]);
    for (size_t i = 0; i < OUTLINE_POINTS; i++) {
        const struct point d = seen(view, outline->corners[i]);
        if (lines_cross(a, b, c, d))
            return true;
        c = d;
    }
    return false;
}

static bool sector_touches(const struct lh_sector *sector, const struct outline *outline,
                           const struct lh_grid_area *area)
{
    if (!is_within(area, sector->from, sector->far_m))
        return false;
    if (contains(area, outline->corners[0]) || contains(&outline->area, area->corners[0]))
        return true;
    const struct view metres = metres_about(sector->from);
    for (size_t ring = 0, first = 0; ring < area->ring_count; first = area->ring_ends[ring++]) {
        struct point a = seen(&metres, area->corners[area->ring_ends[ring] - 1]);
        for (size_t i = first; i < area->ring_ends[ring]; i++) {
            const struct point b = seen(&metres, area->corners[i]);
            if (distance_to_line(a, b) <= sector->far_m * 1.02 &&
                line_crosses(outline, &metres, a, b))
                return true;
            a = b;
        }
    }
    return false;
}

/* ---- asked ---- */

static bool touches(const struct lh_position *position, const struct outline *outline,
                    const struct lh_grid_area *area)
{
    if (position->form == LH_POSITION_SECTOR)
        return sector_touches(&position->sector, outline, area);
    for (size_t i = 0; i < position->count; i++)
        if (ellipse_touches(&position->ellipses[i], area))
            return true;
    return false;
}

static double share_of(const struct lh_grid_area *area, const struct sample *samples, size_t count)
{
    double share = 0;
    for (size_t i = 0; i < count; i++)
        if (contains(area, samples[i].at))
            share += samples[i].weight;
    return fmin(share, 1);
}

static bool is_usable(const struct lh_position *position)
{
    const struct lh_sector *sector = &position->sector;
    if (position->form == LH_POSITION_SECTOR)
        return lh_geo_valid(sector->from) && isfinite(sector->azimuth_deg) &&
               sector->sigma_deg > 0 && sector->near_m >= 0 && sector->far_m > sector->near_m &&
               isfinite(sector->far_m);
    if (position->form != LH_POSITION_ELLIPSES || position->count == 0 ||
        position->count > LH_HYPOTHESES)
        return false;
    for (size_t i = 0; i < position->count; i++) {
        const struct lh_ellipse *ellipse = &position->ellipses[i];
        if (!lh_geo_valid(ellipse->centre) || !isfinite(ellipse->major_m) ||
            !(ellipse->minor_m > 0) || !isfinite(ellipse->azimuth_deg) ||
            ellipse->major_m < ellipse->minor_m)
            return false;
    }
    return true;
}

static size_t sample_position(const struct lh_position *position, struct sample *samples)
{
    if (position->form == LH_POSITION_SECTOR) {
        sample_sector(&position->sector, samples);
        return SECTOR_SAMPLES;
    }
    for (size_t i = 0; i < position->count; i++)
        sample_ellipse(&position->ellipses[i], position->weights[i], samples + i * ELLIPSE_SAMPLES);
    return position->count * ELLIPSE_SAMPLES;
}

struct ranked {
    struct lh_grid_touch touch;
    enum lh_grid_level level;
};

static int by_level_and_share(const void *a, const void *b)
{
    const struct ranked *one = a;
    const struct ranked *other = b;
    if (one->level != other->level)
        return one->level < other->level ? -1 : 1;
    if (one->touch.share > other->touch.share || one->touch.share < other->touch.share)
        return one->touch.share > other->touch.share ? -1 : 1;
    return one->touch.area < other->touch.area ? -1 : one->touch.area > other->touch.area;
}

static size_t rank_touches(const struct lh_grid *grid, const struct lh_position *position,
                           struct sample *samples, struct ranked *ranked)
{
    struct outline outline = {.ends = {0}};
    size_t count = 0;
    if (position->form == LH_POSITION_SECTOR)
        draw_sector(&position->sector, &outline);
    const size_t sample_count = sample_position(position, samples);
    for (size_t i = 0; i < grid->count; i++) {
        const struct lh_grid_area *area = &grid->areas[i];
        if (touches(position, &outline, area))
            ranked[count++] =
                (struct ranked){{i, share_of(area, samples, sample_count)}, area->level};
    }
    qsort(ranked, count, sizeof *ranked, by_level_and_share);
    return count;
}

int lh_grid_touches(const struct lh_grid *grid, const struct lh_position *position,
                    struct lh_grid_touch **ret_touches, size_t *ret_count)
{
    if (!is_usable(position))
        return LH_EINVAL;
    struct ranked *ranked = calloc(grid->count + 1, sizeof *ranked);
    struct lh_grid_touch *found = calloc(grid->count + 1, sizeof *found);
    struct sample *samples = calloc(LH_HYPOTHESES * ELLIPSE_SAMPLES, sizeof *samples);
    const int code = ranked && found && samples ? LH_OK : LH_ENOMEM;
    if (code == LH_OK) {
        const size_t count = rank_touches(grid, position, samples, ranked);
        for (size_t i = 0; i < count; i++)
            found[i] = ranked[i].touch;
        *ret_touches = found;
        *ret_count = count;
    } else {
        free(found);
    }
    free(ranked);
    free(samples);
    return code;
}

/* ---- neighbours ---- */

static bool is_listed(const char *list, const char *code)
{
    const size_t length = strlen(code);
    for (const char *at = list; length > 0 && *at;) {
        const size_t word = strcspn(at, ",; \t");
        if (word == length && strncmp(at, code, length) == 0)
            return true;
        at += word;
        at += strspn(at, ",; \t");
    }
    return false;
}

/* By corners only: a border that two areas share has corners of at least one of them on it. */
static bool comes_near(const struct lh_grid_area *a, const struct lh_grid_area *b)
{
    for (size_t i = 0; i < a->corner_count; i++) {
        const struct view metres = metres_about(a->corners[i]);
        if (is_within(b, a->corners[i], LH_GRID_ADJOINS_M) &&
            distance_of(b, &metres) <= LH_GRID_ADJOINS_M)
            return true;
    }
    return false;
}

bool lh_grid_is_neighbour(const struct lh_grid *grid, size_t a, size_t b)
{
    const struct lh_grid_area *one = &grid->areas[a];
    const struct lh_grid_area *other = &grid->areas[b];
    if (a == b || (one->code[0] && strcmp(one->code, other->code) == 0))
        return false;
    if (one->neighbours[0])
        return is_listed(one->neighbours, other->code);
    return one->level == other->level && (comes_near(one, other) || comes_near(other, one));
}

int lh_grid_nearest(const struct lh_grid *grid, enum lh_grid_level level, struct lh_geo place,
                    size_t *ret_area, double *ret_distance_m)
{
    const struct view metres = metres_about(place);
    double least = INFINITY;
    for (size_t i = 0; i < grid->count; i++) {
        if (grid->areas[i].level != level)
            continue;
        const double distance_m = distance_of(&grid->areas[i], &metres);
        if (distance_m < least) {
            least = distance_m;
            *ret_area = i;
            *ret_distance_m = distance_m;
        }
    }
    return isfinite(least) ? LH_OK : LH_ENOTFOUND;
}

void lh_grid_destroy(struct lh_grid **grid)
{
    if (!*grid)
        return;
    for (size_t i = 0; i < (*grid)->count; i++) {
        free((*grid)->areas[i].corners);
        free((*grid)->areas[i].ring_ends);
    }
    for (size_t i = 0; i < (*grid)->note_count; i++)
        free((*grid)->notes[i]);
    free((*grid)->areas);
    free(*grid);
    *grid = NULL;
}
