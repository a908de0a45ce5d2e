#include "locate/position.h"

#include <math.h>

#define LEAST_AXIS_M 0.001
#define LEAST_VARIANCE_M2 1.0 /* of a sector across, near its apex */
#define SECTOR_STEPS 64
#define ONE_DIMENSION_95 1.959963984540054

struct lh_position lh_position_of_ellipse(struct lh_ellipse ellipse)
{
    return (struct lh_position){
        .form = LH_POSITION_ELLIPSES, .ellipses = {ellipse}, .weights = {1.0}, .count = 1};
}

const struct lh_ellipse *lh_position_best(const struct lh_position *position)
{
    size_t best = 0;
    if (position->form != LH_POSITION_ELLIPSES || position->count == 0)
        return NULL;
    for (size_t i = 1; i < position->count; i++)
        if (position->weights[i] > position->weights[best])
            best = i;
    return &position->ellipses[best];
}

static struct lh_covariance turned(double along2, double across2, double azimuth_deg)
{
    const double east = sin(azimuth_deg * LH_DEGREE);
    const double north = cos(azimuth_deg * LH_DEGREE);
    return (struct lh_covariance){.ee = along2 * east * east + across2 * north * north,
                                  .en = (along2 - across2) * east * north,
                                  .nn = along2 * north * north + across2 * east * east};
}

struct lh_covariance lh_ellipse_covariance(const struct lh_ellipse *ellipse)
{
    return turned(ellipse->major_m * ellipse->major_m, ellipse->minor_m * ellipse->minor_m,
                  ellipse->azimuth_deg);
}

void lh_ellipse_set_covariance(struct lh_ellipse *ellipse, struct lh_covariance covariance)
{
    const double mean = (covariance.ee + covariance.nn) / 2.0;
    const double half = (covariance.nn - covariance.ee) / 2.0;
    const double spread = hypot(half, covariance.en);
    const double azimuth_deg = atan2(covariance.en, half) / 2.0 / LH_DEGREE;
    ellipse->major_m = fmax(sqrt(fmax(mean + spread, 0.0)), LEAST_AXIS_M);
    ellipse->minor_m = fmax(sqrt(fmax(mean - spread, 0.0)), LEAST_AXIS_M);
    ellipse->azimuth_deg = fmod(azimuth_deg + 180.0, 180.0);
}

struct lh_ellipse lh_sector_ellipse(const struct lh_sector *sector)
{
    const double middle_m = (sector->near_m + sector->far_m) / 2.0;
    const double along_m = (sector->far_m - sector->near_m) / sqrt(12.0);
    const double across_m = middle_m * sector->sigma_deg * LH_DEGREE;
    struct lh_ellipse ellipse = {.centre = lh_geo_move(sector->from, sector->azimuth_deg, middle_m),
                                 .height_m = NAN};
    const double there_deg = middle_m > 0.0
                                 ? lh_geo_bearing_deg(ellipse.centre, sector->from) + 180.0
                                 : sector->azimuth_deg;
    lh_ellipse_set_covariance(&ellipse, turned(along_m * along_m, across_m * across_m, there_deg));
    return ellipse;
}

static struct lh_covariance sum(struct lh_covariance a, struct lh_covariance b)
{
    return (struct lh_covariance){a.ee + b.ee, a.en + b.en, a.nn + b.nn};
}

static struct lh_covariance inverse(struct lh_covariance c)
{
    const double determinant = c.ee * c.nn - c.en * c.en;
    return (struct lh_covariance){c.nn / determinant, -c.en / determinant, c.ee / determinant};
}

/* d' C^-1 d */
static double distance2(struct lh_covariance covariance, double east, double north)
{
    const struct lh_covariance weight = inverse(covariance);
    return weight.ee * east * east + 2.0 * weight.en * east * north + weight.nn * north * north;
}

double lh_ellipse_distance2(const struct lh_ellipse *ellipse, struct lh_geo place)
{
    const struct lh_plane plane = {ellipse->centre};
    const struct lh_offset d = lh_plane_offset(&plane, place);
    return distance2(lh_ellipse_covariance(ellipse), d.east_m, d.north_m);
}

static bool sector_contains(const struct lh_sector *sector, struct lh_geo place)
{
    const double distance_m = lh_geo_distance_m(sector->from, place);
    const double off_deg =
        lh_azimuth_difference(sector->azimuth_deg, lh_geo_bearing_deg(sector->from, place));
    return distance_m >= sector->near_m && distance_m <= sector->far_m &&
           fabs(off_deg) <= ONE_DIMENSION_95 * sector->sigma_deg;
}

bool lh_position_contains(const struct lh_position *position, struct lh_geo place)
{
    if (position->form == LH_POSITION_SECTOR)
        return sector_contains(&position->sector, place);
    if (position->form == LH_POSITION_NONE)
        return false;
    for (size_t i = 0; i < position->count; i++)
        if (lh_ellipse_distance2(&position->ellipses[i], place) <= LH_SCALE_95 * LH_SCALE_95)
            return true;
    return false;
}

static double ellipse_to_ellipse(const struct lh_ellipse *a, const struct lh_ellipse *b)
{
    const struct lh_plane plane = {a->centre};
    const struct lh_offset d = lh_plane_offset(&plane, b->centre);
    return distance2(sum(lh_ellipse_covariance(a), lh_ellipse_covariance(b)), d.east_m, d.north_m);
}

/* The least over all distances t along the sector: quadratic in t, so its minimum is known. */
static double sector_to_cloud(const struct lh_sector *sector, struct lh_offset centre,
                              struct lh_covariance cloud)
{
    const double east = sin(sector->azimuth_deg * LH_DEGREE);
    const double north = cos(sector->azimuth_deg * LH_DEGREE);
    const double along_m = centre.east_m * east + centre.north_m * north;
    const double across_m = centre.east_m * north - centre.north_m * east;
    const double reach_m = fmin(fmax(along_m, sector->near_m), sector->far_m);
    const double width_m = reach_m * sector->sigma_deg * LH_DEGREE;
    const double cross =
        (cloud.ee - cloud.nn) * east * north + cloud.en * (north * north - east * east);
    const struct lh_covariance own = {/* along, across */
                                      .ee = cloud.ee * east * east + 2.0 * cloud.en * east * north +
                                            cloud.nn * north * north + LEAST_VARIANCE_M2,
                                      .en = cross,
                                      .nn = cloud.ee * north * north -
                                            2.0 * cloud.en * east * north + cloud.nn * east * east +
                                            width_m * width_m + LEAST_VARIANCE_M2};
    const double best_m = along_m - own.en / own.nn * across_m;
    const double chosen_m = fmin(fmax(best_m, sector->near_m), sector->far_m);
    return distance2(own, along_m - chosen_m, across_m);
}

static double sector_to_ellipse(const struct lh_sector *sector, const struct lh_ellipse *ellipse)
{
    const struct lh_plane plane = {sector->from};
    const struct lh_offset centre = lh_plane_offset(&plane, ellipse->centre);
    const double turn_deg = lh_plane_convergence_deg(&plane, centre);
    struct lh_ellipse there = *ellipse;
    there.azimuth_deg -= turn_deg;
    return sector_to_cloud(sector, centre, lh_ellipse_covariance(&there));
}

/* From a to the point of b's middle line that is reach_m away from b's apex. */
static double sector_to_point(const struct lh_sector *a, const struct lh_sector *b,
                              struct lh_offset apex, double azimuth_deg, double reach_m)
{
    const double across_m = reach_m * b->sigma_deg * LH_DEGREE;
    const struct lh_offset point = {apex.east_m + reach_m * sin(azimuth_deg * LH_DEGREE),
                                    apex.north_m + reach_m * cos(azimuth_deg * LH_DEGREE)};
    return sector_to_cloud(a, point, turned(0.0, across_m * across_m, azimuth_deg));
}

/* Where the middle lines cross, or else the best of many points. */
static double sector_to_sector(const struct lh_sector *a, const struct lh_sector *b)
{
    const struct lh_plane plane = {a->from};
    const struct lh_offset apex = lh_plane_offset(&plane, b->from);
    const double azimuth_deg = b->azimuth_deg - lh_plane_convergence_deg(&plane, apex);
    const double turn = (azimuth_deg - a->azimuth_deg) * LH_DEGREE;
    const double off_m = apex.east_m * cos(a->azimuth_deg * LH_DEGREE) -
                         apex.north_m * sin(a->azimuth_deg * LH_DEGREE);
    const double crossing_m = sin(turn) != 0.0 ? -off_m / sin(turn) : b->near_m;
    double least =
        sector_to_point(a, b, apex, azimuth_deg, fmin(fmax(crossing_m, b->near_m), b->far_m));
    for (int i = 0; i <= SECTOR_STEPS; i++) {
        const double reach_m = b->near_m + (b->far_m - b->near_m) * i / SECTOR_STEPS;
        least = fmin(least, sector_to_point(a, b, apex, azimuth_deg, reach_m));
    }
    return least;
}

double lh_position_distance2(const struct lh_position *a, const struct lh_position *b)
{
    double least = INFINITY;
    if (a->form == LH_POSITION_NONE || b->form == LH_POSITION_NONE)
        return INFINITY;
    if (a->form == LH_POSITION_SECTOR && b->form == LH_POSITION_SECTOR)
        return sector_to_sector(&a->sector, &b->sector);
    if (a->form == LH_POSITION_SECTOR)
        return lh_position_distance2(b, a);
    for (size_t i = 0; i < a->count; i++) {
        if (b->form == LH_POSITION_SECTOR)
            least = fmin(least, sector_to_ellipse(&b->sector, &a->ellipses[i]));
        else
            for (size_t k = 0; k < b->count; k++)
                least = fmin(least, ellipse_to_ellipse(&a->ellipses[i], &b->ellipses[k]));
    }
    return least;
}

struct lh_ellipse lh_ellipse_merge(const struct lh_ellipse *a, const struct lh_ellipse *b)
{
    const struct lh_plane plane = {a->centre};
    const struct lh_offset d = lh_plane_offset(&plane, b->centre);
    const struct lh_covariance weight_b = inverse(lh_ellipse_covariance(b));
    const struct lh_covariance both = inverse(sum(inverse(lh_ellipse_covariance(a)), weight_b));
    const double pull_e = weight_b.ee * d.east_m + weight_b.en * d.north_m;
    const double pull_n = weight_b.en * d.east_m + weight_b.nn * d.north_m;
    const struct lh_offset moved = {both.ee * pull_e + both.en * pull_n,
                                    both.en * pull_e + both.nn * pull_n};
    const bool a_is_surer = a->major_m * a->minor_m <= b->major_m * b->minor_m;
    const double first = a_is_surer ? a->height_m : b->height_m;
    const double second = a_is_surer ? b->height_m : a->height_m;
    struct lh_ellipse merged = {.centre = lh_plane_geo(&plane, moved),
                                .height_m = isnan(first) ? second : first};
    lh_ellipse_set_covariance(&merged, both);
    return merged;
}
