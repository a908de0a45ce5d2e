#include "locate/triangulate.h"

#include <math.h>

#define ROUNDS 30
#define SAME_MAST_Z 3.5
#define GATE_Z 3.09 /* 99.9 % */
#define BEYOND 1.05 /* of a range or a near end, before it counts as contradicted */

struct apex {
    struct lh_offset at;
    double azimuth; /* on the plane, radians */
    double sigma;
    uint32_t members;
    size_t source; /* the member whose ellipses and limits count */
    bool off;      /* left out */
};

struct crew {
    const struct lh_sighting *sightings;
    const struct lh_eye *const *eyes;
    const struct lh_triangulate_options *options;
    struct lh_plane plane;
    struct apex apexes[LH_TRIANGULATE_MOST];
    size_t count;
};

/* A solution over the apexes that are not off. */
struct solution {
    double e;
    double n;
    struct lh_covariance covariance;
    double chi2;
    int freedom;
};

const char *lh_crossing_text(enum lh_crossing crossing)
{
    switch (crossing) {
    case LH_CROSSING_FOUND:
        return "the bearings cross";
    case LH_CROSSING_ONE_APEX:
        return "only one mast sees it";
    case LH_CROSSING_FLAT:
        return "the bearings run too much alike";
    case LH_CROSSING_BEHIND:
        return "the bearings cross behind a camera or beyond its range";
    case LH_CROSSING_HIDDEN:
        return "the ground hides the crossing from a camera";
    case LH_CROSSING_APART:
        return "bearings and distances contradict each other";
    }
    return "";
}

/* ---- apexes ---- */

static double turned(double from, double to)
{
    return remainder(to - from, 2.0 * LH_PI);
}

static struct apex apex_of(const struct crew *crew, size_t i)
{
    const struct lh_sighting *sighting = &crew->sightings[i];
    const struct lh_offset at = lh_plane_offset(&crew->plane, sighting->from);
    const double convergence_deg = lh_plane_convergence_deg(&crew->plane, at);
    return (struct apex){
        .at = at,
        .azimuth = (sighting->bearing.azimuth_deg - convergence_deg) * LH_DEGREE,
        .sigma = sighting->sigma_azimuth_deg * LH_DEGREE,
        .members = UINT32_C(1) << i,
        .source = i,
    };
}

static void join(struct apex *mast, const struct apex *other)
{
    const double off = turned(mast->azimuth, other->azimuth);
    const bool surer = other->sigma < mast->sigma;
    if (fabs(off) > SAME_MAST_Z * hypot(mast->sigma, other->sigma)) {
        if (surer)
            *mast = *other;
        return;
    }
    const double weight = 1.0 / (other->sigma * other->sigma);
    const double own = 1.0 / (mast->sigma * mast->sigma);
    mast->azimuth += off * weight / (weight + own);
    mast->sigma = fmin(mast->sigma, other->sigma);
    mast->members |= other->members;
    mast->source = surer ? other->source : mast->source;
}

static void add_apex(struct crew *crew, size_t i)
{
    const struct apex fresh = apex_of(crew, i);
    for (size_t k = 0; k < crew->count; k++) {
        struct apex *mast = &crew->apexes[k];
        if (hypot(mast->at.east_m - fresh.at.east_m, mast->at.north_m - fresh.at.north_m) <=
            LH_MAST_M) {
            join(mast, &fresh);
            return;
        }
    }
    crew->apexes[crew->count++] = fresh;
}

/* ---- where two bearings cross ---- */

static bool cross(const struct apex *a, const struct apex *b, double *ret_e, double *ret_n)
{
    const double sine = sin(turned(a->azimuth, b->azimuth));
    const double de = b->at.east_m - a->at.east_m;
    const double dn = b->at.north_m - a->at.north_m;
    const double along_a = (dn * sin(b->azimuth) - de * cos(b->azimuth)) / sine;
    const double along_b = (dn * sin(a->azimuth) - de * cos(a->azimuth)) / sine;
    if (!(along_a > 0.0) || !(along_b > 0.0))
        return false;
    *ret_e = a->at.east_m + along_a * sin(a->azimuth);
    *ret_n = a->at.north_m + along_a * cos(a->azimuth);
    return true;
}

/* The best crossing in front of both; what prevented it where there is none. */
static enum lh_crossing begin(const struct crew *crew, struct solution *solution, double *ret_sine)
{
    enum lh_crossing why = LH_CROSSING_FLAT;
    double best = sin(crew->options->least_crossing_deg * LH_DEGREE);
    for (size_t i = 0; i < crew->count; i++) {
        for (size_t k = i + 1; k < crew->count; k++) {
            const struct apex *a = &crew->apexes[i];
            const struct apex *b = &crew->apexes[k];
            const double sine = fabs(sin(turned(a->azimuth, b->azimuth)));
            if (a->off || b->off || sine < best)
                continue;
            if (!cross(a, b, &solution->e, &solution->n)) {
                why = why == LH_CROSSING_FLAT ? LH_CROSSING_BEHIND : why;
                continue;
            }
            best = sine;
            why = LH_CROSSING_FOUND;
        }
    }
    *ret_sine = best;
    return why;
}

/* ---- least squares ---- */

/* How far the ground was that the apex saw, by the hypothesis that fits distance_m best. */
static bool ground_distance(const struct crew *crew, const struct apex *apex, double distance_m,
                            double *ret_distance_m, double *ret_sigma_m)
{
    const struct lh_position *position = &crew->sightings[apex->source].position;
    double best = INFINITY;
    if (position->form != LH_POSITION_ELLIPSES)
        return false;
    for (size_t i = 0; i < position->count; i++) {
        const struct lh_offset at = lh_plane_offset(&crew->plane, position->ellipses[i].centre);
        const double off_e = at.east_m - apex->at.east_m;
        const double off_n = at.north_m - apex->at.north_m;
        const double off_m = fmax(hypot(off_e, off_n), 1.0);
        const struct lh_covariance c = lh_ellipse_covariance(&position->ellipses[i]);
        const double east = off_e / off_m;
        const double north = off_n / off_m;
        const double sigma_m =
            sqrt(c.ee * east * east + 2.0 * c.en * east * north + c.nn * north * north);
        const double z = fabs(distance_m - off_m) / sigma_m;
        if (z < best) {
            best = z;
            *ret_distance_m = off_m;
            *ret_sigma_m = sigma_m;
        }
    }
    return isfinite(best);
}

struct normal {
    double ee, en, nn; /* the weights' sum */
    double be, bn;
    double chi2;
    int terms;
};

static void add_term(struct normal *normal, double je, double jn, double residual, double weight)
{
    normal->ee += weight * je * je;
    normal->en += weight * je * jn;
    normal->nn += weight * jn * jn;
    normal->be += weight * je * residual;
    normal->bn += weight * jn * residual;
    normal->chi2 += residual * residual;
    normal->terms++;
}

static void add_apex_terms(const struct crew *crew, const struct apex *apex,
                           const struct solution *solution, struct normal *normal)
{
    const double de = solution->e - apex->at.east_m;
    const double dn = solution->n - apex->at.north_m;
    const double distance_m = fmax(hypot(de, dn), 1.0);
    const double east = de / distance_m;
    const double north = dn / distance_m;
    const double across = distance_m * apex->sigma;
    const double off = turned(atan2(de, dn), apex->azimuth);
    double there_m = distance_m;
    double sigma_m = INFINITY;
    add_term(normal, north / across, -east / across, off / apex->sigma, 1.0);
    if (ground_distance(crew, apex, distance_m, &there_m, &sigma_m)) {
        const double z = (there_m - distance_m) / sigma_m;
        add_term(normal, east / sigma_m, north / sigma_m, z, 1.0 / (1.0 + z * z / 4.0));
    }
}

static void sum_terms(const struct crew *crew, const struct solution *solution,
                      struct normal *normal)
{
    *normal = (struct normal){0};
    for (size_t i = 0; i < crew->count; i++)
        if (!crew->apexes[i].off)
            add_apex_terms(crew, &crew->apexes[i], solution, normal);
}

/* False where it does not come to rest. */
static bool refine(const struct crew *crew, struct solution *solution)
{
    struct normal normal;
    double moved_m = INFINITY;
    for (int round = 0; round < ROUNDS && moved_m > 0.01; round++) {
        sum_terms(crew, solution, &normal);
        const double determinant = normal.ee * normal.nn - normal.en * normal.en;
        if (!(determinant > 0.0))
            return false;
        const double step_e = (normal.nn * normal.be - normal.en * normal.bn) / determinant;
        const double step_n = (normal.ee * normal.bn - normal.en * normal.be) / determinant;
        solution->e += step_e;
        solution->n += step_n;
        moved_m = hypot(step_e, step_n);
        if (!(moved_m < 1e6))
            return false;
    }
    sum_terms(crew, solution, &normal);
    const double determinant = normal.ee * normal.nn - normal.en * normal.en;
    if (!(determinant > 0.0) || moved_m > 10.0)
        return false;
    solution->covariance = (struct lh_covariance){normal.nn / determinant, -normal.en / determinant,
                                                  normal.ee / determinant};
    solution->chi2 = normal.chi2;
    solution->freedom = normal.terms - 2;
    return true;
}

/* ---- whether to believe it ---- */

/* Wilson and Hilferty 1931. */
static double gate(int freedom)
{
    const double part = 2.0 / (9.0 * freedom);
    const double root = 1.0 - part + GATE_Z * sqrt(part);
    return freedom * root * root * root;
}

static enum lh_crossing judge_apex(const struct crew *crew, const struct apex *apex,
                                   const struct solution *solution)
{
    const struct lh_sighting *sighting = &crew->sightings[apex->source];
    const struct lh_eye *eye = crew->eyes ? crew->eyes[apex->source] : NULL;
    const double de = solution->e - apex->at.east_m;
    const double dn = solution->n - apex->at.north_m;
    const double distance_m = hypot(de, dn);
    if (cos(turned(atan2(de, dn), apex->azimuth)) <= 0.0 || distance_m > sighting->range_m * BEYOND)
        return LH_CROSSING_BEHIND;
    if (sighting->position.form == LH_POSITION_SECTOR &&
        distance_m * BEYOND < sighting->position.sector.near_m)
        return LH_CROSSING_APART;
    if (!eye)
        return LH_CROSSING_FOUND;
    const struct lh_geo place =
        lh_plane_geo(&crew->plane, (struct lh_offset){solution->e, solution->n});
    const double above_m =
        sighting->hidden_share > 0.05 ? crew->options->hidden_smoke_m : crew->options->seen_smoke_m;
    const struct lh_offset target = lh_plane_offset(&eye->terrain->plane, place);
    return lh_ray_sight(eye, target, above_m) == LH_SIGHT_HIDDEN ? LH_CROSSING_HIDDEN
                                                                 : LH_CROSSING_FOUND;
}

static enum lh_crossing solve(const struct crew *crew, struct solution *solution, double *ret_sine)
{
    enum lh_crossing crossing = begin(crew, solution, ret_sine);
    if (crossing == LH_CROSSING_FOUND && !refine(crew, solution))
        crossing = LH_CROSSING_APART;
    for (size_t i = 0; i < crew->count && crossing == LH_CROSSING_FOUND; i++)
        if (!crew->apexes[i].off)
            crossing = judge_apex(crew, &crew->apexes[i], solution);
    if (crossing == LH_CROSSING_FOUND && solution->freedom > 0 &&
        solution->chi2 > gate(solution->freedom))
        crossing = LH_CROSSING_APART;
    return crossing;
}

/* Leaves out the apex without which the rest agrees best; false where none helps. */
static bool leave_out(struct crew *crew)
{
    size_t worst = crew->count;
    double least = INFINITY;
    bool agrees = false;
    for (size_t i = 0; i < crew->count; i++) {
        struct solution solution = {0};
        double sine;
        if (crew->apexes[i].off)
            continue;
        crew->apexes[i].off = true;
        const bool found = solve(crew, &solution, &sine) == LH_CROSSING_FOUND;
        crew->apexes[i].off = false;
        const double chi2 = solution.freedom > 0 ? solution.chi2 / solution.freedom : 0.0;
        if ((found && !agrees) || (found == agrees && chi2 < least)) {
            worst = i;
            least = chi2;
            agrees = found;
        }
    }
    if (worst == crew->count)
        return false;
    crew->apexes[worst].off = true;
    return true;
}

static struct lh_triangulation result_of(const struct crew *crew, const struct solution *solution,
                                         double sine)
{
    const struct lh_offset at = {solution->e, solution->n};
    struct lh_triangulation result = {
        .crossing = LH_CROSSING_FOUND,
        .ellipse = {.centre = lh_plane_geo(&crew->plane, at), .height_m = NAN},
        .crossing_deg = asin(fmin(sine, 1.0)) / LH_DEGREE,
        .chi2 = solution->chi2,
        .freedom = solution->freedom,
    };
    lh_ellipse_set_covariance(&result.ellipse, solution->covariance);
    const double turned_deg =
        result.ellipse.azimuth_deg + lh_plane_convergence_deg(&crew->plane, at);
    result.ellipse.azimuth_deg = fmod(turned_deg + 360.0, 180.0);
    for (size_t i = 0; i < crew->count; i++) {
        const struct lh_eye *eye = crew->eyes ? crew->eyes[crew->apexes[i].source] : NULL;
        if (crew->apexes[i].off)
            continue;
        result.used |= crew->apexes[i].members;
        if (eye && isnan(result.ellipse.height_m))
            result.ellipse.height_m = lh_terrain_height_at(eye->terrain, result.ellipse.centre);
    }
    return result;
}

int lh_triangulate(const struct lh_sighting *sightings, const struct lh_eye *const *eyes,
                   size_t count, const struct lh_triangulate_options *options,
                   struct lh_triangulation *ret_triangulation)
{
    struct crew crew = {.sightings = sightings, .eyes = eyes, .options = options};
    struct solution solution = {0};
    double sine = 0.0;
    if (count > LH_TRIANGULATE_MOST)
        return LH_ELIMIT;
    for (size_t i = 0; i < count; i++) {
        const struct lh_sighting *one = &sightings[i];
        if (!lh_geo_valid(one->from) || !isfinite(one->bearing.azimuth_deg) ||
            !(one->sigma_azimuth_deg > 0.0) || !isfinite(one->sigma_azimuth_deg) ||
            !(one->range_m > 0.0))
            return LH_EINVAL;
        crew.plane.origin = sightings[0].from;
        add_apex(&crew, i);
    }
    enum lh_crossing crossing = LH_CROSSING_ONE_APEX;
    for (size_t left = crew.count; left >= 2; left--) {
        crossing = solve(&crew, &solution, &sine);
        if (crossing == LH_CROSSING_FOUND || left == 2 || !leave_out(&crew))
            break;
    }
    if (crossing == LH_CROSSING_FOUND)
        *ret_triangulation = result_of(&crew, &solution, sine);
    else
        *ret_triangulation = (struct lh_triangulation){.crossing = crossing};
    return LH_OK;
}
