#include "fuse/gate.h"

#include <math.h>
#include <string.h>

#define SAME_MAST_M 50.0
#define MINUTE_US ((double)(60 * LH_SECOND_US))
#define M_A_DEGREE 110574.0 /* of latitude, where it is least */
#define JOIN_ROUNDS 2 /* a bearing's nearest point moves a little with the point it is drawn to */

/* ---- time ---- */

int64_t lh_gate_gap_us(int64_t a_first_us, int64_t a_last_us, int64_t b_first_us, int64_t b_last_us)
{
    if (b_first_us > a_last_us)
        return b_first_us - a_last_us;
    return a_first_us > b_last_us ? a_first_us - b_last_us : 0;
}

static int64_t gap_of(const struct lh_evidence *a, const struct lh_evidence *b)
{
    return lh_gate_gap_us(a->first_utc_us, a->observed_utc_us, b->first_utc_us, b->observed_utc_us);
}

static double window_min(const struct lh_fusion_config *config, const struct lh_evidence *a,
                         const struct lh_evidence *b)
{
    if (a->kind == LH_EVIDENCE_REPORT || b->kind == LH_EVIDENCE_REPORT)
        return config->report_min;
    if (a->kind != LH_EVIDENCE_CAMERA && b->kind != LH_EVIDENCE_CAMERA)
        return config->satellite_satellite_min;
    if (a->kind == LH_EVIDENCE_CAMERA && b->kind == LH_EVIDENCE_CAMERA)
        return config->camera_camera_min;
    const struct lh_evidence *camera = a->kind == LH_EVIDENCE_CAMERA ? a : b;
    const struct lh_evidence *satellite = camera == a ? b : a;
    if (satellite->kind == LH_EVIDENCE_GEOSTATIONARY)
        return config->camera_stationary_min;
    return satellite->first_utc_us > camera->observed_utc_us ? config->polar_after_camera_min
                                                             : config->polar_before_camera_min;
}

bool lh_gate_in_time(const struct lh_fusion_config *config, const struct lh_evidence *a,
                     const struct lh_evidence *b)
{
    return (double)gap_of(a, b) <= window_min(config, a, b) * MINUTE_US;
}

/* ---- space ---- */

static double motion_m(const struct lh_fusion_config *config, int64_t gap_us)
{
    return fmin(config->motion_km_h / 3.6 * (double)gap_us / (double)LH_SECOND_US,
                config->motion_most_m);
}

double lh_gate_reach_m(const struct lh_fusion_config *config, double sigma_m)
{
    return sqrt(fmax(config->gate_point_d2, config->gate_bearing_d2)) *
           (sigma_m + config->motion_most_m / 2);
}

static struct lh_position grown(const struct lh_position *position, double by_m)
{
    struct lh_position larger = *position;
    for (size_t i = 0; i < larger.count; i++) {
        larger.ellipses[i].major_m = hypot(larger.ellipses[i].major_m, by_m);
        larger.ellipses[i].minor_m = hypot(larger.ellipses[i].minor_m, by_m);
    }
    if (larger.form == LH_POSITION_SECTOR) {
        struct lh_sector *sector = &larger.sector;
        const double middle_m = (sector->near_m + sector->far_m) / 2;
        sector->sigma_deg = hypot(sector->sigma_deg, atan2(by_m, middle_m) / LH_DEGREE);
        sector->near_m = fmax(sector->near_m - by_m, 0);
        sector->far_m += by_m;
    }
    return larger;
}

static double log_spread(const struct lh_position *a, const struct lh_position *b)
{
    const struct lh_position *const both[] = {a, b};
    struct lh_covariance sum = {0};
    for (size_t i = 0; i < 2; i++) {
        const struct lh_ellipse *best = lh_position_best(both[i]);
        const struct lh_ellipse ellipse = best ? *best : lh_sector_ellipse(&both[i]->sector);
        const struct lh_covariance own = lh_ellipse_covariance(&ellipse);
        sum.ee += own.ee;
        sum.en += own.en;
        sum.nn += own.nn;
    }
    return log(fmax(sum.ee * sum.nn - sum.en * sum.en, 1e-6));
}

/* Further north or east than any error lets them be: said without a geodesic. */
static bool is_far(const struct lh_ellipse *a, const struct lh_ellipse *b, double most_d2)
{
    const double reach_m = sqrt(most_d2) * (a->major_m + b->major_m) * 1.02;
    const double north_deg = fabs(a->centre.latitude_deg - b->centre.latitude_deg);
    const double edge_deg = fmax(fabs(a->centre.latitude_deg), fabs(b->centre.latitude_deg));
    const double east_deg =
        fabs(lh_azimuth_difference(a->centre.longitude_deg, b->centre.longitude_deg));
    if (north_deg * M_A_DEGREE > reach_m)
        return true;
    return edge_deg < 80 && east_deg < 10 &&
           east_deg * M_A_DEGREE * cos(edge_deg * LH_DEGREE) * 0.97 > reach_m;
}

static bool are_far(const struct lh_position *a, const struct lh_position *b, double most_d2)
{
    if (a->form != LH_POSITION_ELLIPSES || b->form != LH_POSITION_ELLIPSES)
        return false;
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b->count; k++)
            if (!is_far(&a->ellipses[i], &b->ellipses[k], most_d2))
                return false;
    return true;
}

/* Bearings from one mast meet at its foot, whatever they point at: they are told apart by azimuth. */
static bool same_mast(const struct lh_position *a, const struct lh_position *b)
{
    return a->form == LH_POSITION_SECTOR && b->form == LH_POSITION_SECTOR &&
           lh_geo_distance_m(a->sector.from, b->sector.from) < SAME_MAST_M;
}

static double bearing_distance2(const struct lh_sector *a, const struct lh_sector *b)
{
    const double off_deg = lh_azimuth_difference(a->azimuth_deg, b->azimuth_deg);
    return off_deg * off_deg / (a->sigma_deg * a->sigma_deg + b->sigma_deg * b->sigma_deg);
}

struct lh_gate lh_gate_in_space(const struct lh_fusion_config *config, const struct lh_position *a,
                                const struct lh_position *b, int64_t gap_us)
{
    if (a->form == LH_POSITION_NONE || b->form == LH_POSITION_NONE)
        return (struct lh_gate){.d2 = INFINITY, .cost = INFINITY};
    const struct lh_position moved = grown(a, motion_m(config, gap_us));
    const bool bearing = a->form == LH_POSITION_SECTOR || b->form == LH_POSITION_SECTOR;
    const double most = bearing ? config->gate_bearing_d2 : config->gate_point_d2;
    if (are_far(&moved, b, most))
        return (struct lh_gate){.d2 = INFINITY, .cost = INFINITY};
    const double d2 = same_mast(a, b) ? bearing_distance2(&moved.sector, &b->sector)
                                      : lh_position_distance2(&moved, b);
    return (struct lh_gate){
        .open = d2 < most, .d2 = d2, .cost = d2 < most ? d2 + log_spread(&moved, b) : INFINITY};
}

static double apart_m(const struct lh_position *a, const struct lh_position *b)
{
    const struct lh_ellipse *best_a = lh_position_best(a);
    const struct lh_ellipse *best_b = lh_position_best(b);
    if (best_a && best_b)
        return lh_geo_distance_m(best_a->centre, best_b->centre);
    if (a->form != LH_POSITION_SECTOR || b->form != LH_POSITION_SECTOR)
        return 0;
    const double nearer_m = fmin(a->sector.far_m, b->sector.far_m);
    return nearer_m * LH_DEGREE *
           fabs(lh_azimuth_difference(a->sector.azimuth_deg, b->sector.azimuth_deg));
}

bool lh_gate_seen_apart(const struct lh_fusion_config *config, const struct lh_evidence *a,
                        const struct lh_evidence *b)
{
    return a->kind == LH_EVIDENCE_CAMERA && b->kind == LH_EVIDENCE_CAMERA &&
           strcmp(a->source, b->source) == 0 && gap_of(a, b) == 0 &&
           apart_m(&a->position, &b->position) > config->same_camera_m;
}

bool lh_gate_pair(const struct lh_fusion_config *config, const struct lh_evidence *a,
                  const struct lh_evidence *b)
{
    /* In their order, so that it is the same question whichever came first, to the last bit. */
    const struct lh_evidence *earlier = lh_evidence_order(a, b) <= 0 ? a : b;
    const struct lh_evidence *later = earlier == a ? b : a;
    return lh_gate_in_time(config, a, b) && !lh_gate_seen_apart(config, earlier, later) &&
           lh_gate_in_space(config, &earlier->position, &later->position, gap_of(a, b)).open;
}

/* ---- where several put it ---- */

/* What a bearing says near a place: a long ellipse along it, about its nearest point. */
static struct lh_ellipse stretch(const struct lh_sector *sector, struct lh_geo place)
{
    const double distance_m = lh_geo_distance_m(sector->from, place);
    const double off_deg =
        lh_azimuth_difference(sector->azimuth_deg, lh_geo_bearing_deg(sector->from, place));
    const double along_m =
        fmin(fmax(distance_m * cos(off_deg * LH_DEGREE), sector->near_m), sector->far_m);
    const double across_m = fmax(along_m * tan(fmin(sector->sigma_deg, 45) * LH_DEGREE), 1);
    struct lh_ellipse ellipse = {.centre = lh_geo_move(sector->from, sector->azimuth_deg, along_m),
                                 .height_m = NAN,
                                 .major_m = fmax(sector->far_m - sector->near_m, across_m),
                                 .minor_m = across_m};
    const double back_deg =
        along_m > 1 ? lh_geo_bearing_deg(ellipse.centre, sector->from) : sector->azimuth_deg;
    ellipse.azimuth_deg = fmod(back_deg, 180);
    return ellipse;
}

/* Where the middle lines of two bearings cross, in front of both and within their reach. */
static bool cross(const struct lh_fusion_config *config, const struct lh_sector *a,
                  const struct lh_sector *b, struct lh_geo *ret_place)
{
    const struct lh_plane plane = {a->from};
    const struct lh_offset apex = lh_plane_offset(&plane, b->from);
    const double azimuth_b = b->azimuth_deg - lh_plane_convergence_deg(&plane, apex);
    const double turn_deg = lh_azimuth_difference(a->azimuth_deg, azimuth_b);
    const double angle_deg = fmin(fabs(turn_deg), 180 - fabs(turn_deg));
    if (angle_deg < config->crossing_min_deg)
        return false;
    const double turn = turn_deg * LH_DEGREE;
    const double east = sin(a->azimuth_deg * LH_DEGREE);
    const double north = cos(a->azimuth_deg * LH_DEGREE);
    const double across_m = apex.east_m * north - apex.north_m * east;
    const double along_m = apex.east_m * east + apex.north_m * north;
    const double reach_b = -across_m / sin(turn);
    const double reach_a = along_m + reach_b * cos(turn);
    if (reach_a < a->near_m || reach_a > a->far_m || reach_b < b->near_m || reach_b > b->far_m)
        return false;
    *ret_place = lh_geo_move(a->from, a->azimuth_deg, reach_a);
    return true;
}

static struct lh_ellipse plausible(const struct lh_position *position, struct lh_geo place)
{
    if (position->form == LH_POSITION_SECTOR)
        return stretch(&position->sector, place);
    size_t best = 0;
    double least = INFINITY;
    for (size_t i = 0; i < position->count; i++) {
        const double cost = lh_ellipse_distance2(&position->ellipses[i], place) -
                            2 * log(fmax(position->weights[i], 1e-6));
        if (cost < least) {
            least = cost;
            best = i;
        }
    }
    return position->ellipses[best];
}

static struct lh_ellipse merge_about(const struct lh_position *const *positions, size_t count,
                                     struct lh_geo place)
{
    struct lh_ellipse merged = {0};
    for (int round = 0; round < JOIN_ROUNDS; round++) {
        merged = plausible(positions[0], place);
        for (size_t i = 1; i < count; i++) {
            const struct lh_ellipse next = plausible(positions[i], place);
            merged = lh_ellipse_merge(&merged, &next);
        }
        place = merged.centre;
    }
    return merged;
}

/* How badly a place fits all of them. */
static double misfit(const struct lh_position *const *positions, size_t count, struct lh_geo place)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const struct lh_ellipse near_it = plausible(positions[i], place);
        sum += lh_ellipse_distance2(&near_it, place);
    }
    return sum;
}

static bool find_anchor(const struct lh_fusion_config *config,
                        const struct lh_position *const *positions, size_t count,
                        struct lh_geo *ret_place)
{
    double least = INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (positions[i]->form != LH_POSITION_ELLIPSES)
            continue;
        for (size_t k = 0; k < positions[i]->count; k++) {
            const struct lh_geo place = positions[i]->ellipses[k].centre;
            const double cost =
                misfit(positions, count, place) - 2 * log(fmax(positions[i]->weights[k], 1e-6));
            if (k == 0 || cost < least) {
                least = cost;
                *ret_place = place;
            }
        }
        return true; /* the surest point decides; others only add to it */
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++)
            if (cross(config, &positions[i]->sector, &positions[k]->sector, ret_place))
                return true;
    return false;
}

static double size_of(const struct lh_position *position)
{
    const struct lh_ellipse *best = lh_position_best(position);
    return best ? best->major_m * best->minor_m : 1e12 + position->sector.sigma_deg;
}

bool lh_gate_surer(const struct lh_position *a, const struct lh_position *b)
{
    return size_of(a) < size_of(b);
}

/* The surest first, points before bearings; insertion keeps those alike in their order. */
static size_t sort_by_size(const struct lh_position *const *positions, size_t count,
                           const struct lh_position *sorted[LH_GATE_SOURCES])
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (positions[i]->form == LH_POSITION_NONE)
            continue;
        size_t at = kept;
        while (at > 0 && size_of(sorted[at - 1]) > size_of(positions[i]))
            at--;
        if (at == LH_GATE_SOURCES)
            continue;
        kept += kept < LH_GATE_SOURCES;
        memmove(&sorted[at + 1], &sorted[at], (kept - 1 - at) * sizeof(const struct lh_position *));
        sorted[at] = positions[i];
    }
    return kept;
}

struct lh_position lh_gate_join(const struct lh_fusion_config *config,
                                const struct lh_position *const *positions, size_t count)
{
    const struct lh_position *sorted[LH_GATE_SOURCES];
    const size_t kept = sort_by_size(positions, count, sorted);
    struct lh_geo anchor = {0, 0};
    if (kept == 0)
        return (struct lh_position){.form = LH_POSITION_NONE};
    if (kept == 1 || !find_anchor(config, sorted, kept, &anchor))
        return *sorted[0];
    return lh_position_of_ellipse(merge_about(sorted, kept, anchor));
}
