/* How far off positions are, and whether they say so: seeded fires over the real terrain.
 *
 *   accuracy [--fires N] [--seed N] [--json]
 *
 * Three towers stand on heights of the elevation model. Every fire is somewhere on the ground that at least
 * one of them may see smoke of (60 m high, within 15 km). The truth is seen by a camera as it really stands;
 * the engine is told a pose that is off by errors drawn from the sigmas it states, a ground that is
 * off by 8 m (one sigma), and a box whose foot is off as far as LH_SIGHTING_DEFAULT says. Where the
 * foot is hidden the box ends at the lowest smoke in view.
 *
 * Exit status: 0 the aims are met, 1 they are not, 77 the terrain is not here (LINHUO_DATA).
 */
#include "locate/sighting.h"
#include "locate/triangulate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOWERS 3
#define RANGE_M 15000.0
#define SMOKE_M 60.0
#define SMOKE_WIDTH_M 30.0
#define MAST_M 30.0
#define HFOV_DEG 40.0
#define WIDTH 1920
#define HEIGHT 1080
#define FIRES_MOST 5000

struct dice {
    uint64_t state;
};

static double uniform(struct dice *dice)
{
    uint64_t z = (dice->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

static double normal(struct dice *dice)
{
    const double u = 1.0 - uniform(dice);
    const double v = uniform(dice);
    return sqrt(-2.0 * log(u)) * cos(2.0 * LH_PI * v);
}

struct world {
    struct lh_terrain *terrain;
    struct lh_eye towers[TOWERS];
};

/* A tower's view of a fire: what the engine makes of it. */
struct view {
    struct lh_eye eye; /* as it is told */
    struct lh_sighting sighting;
    double distance_m; /* true */
    bool hidden;       /* its foot is */
};

struct tally {
    int count;
    int inside;
    int sectors;
    int hidden; /* whose foot is out of sight in truth */
    int wrong;  /* of these, taken for one in view: an ellipse */
    int several;
    double errors[FIRES_MOST]; /* of the best ellipse */
    int error_count;
};

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double quantile(struct tally *tally, double share)
{
    if (tally->error_count == 0)
        return NAN;
    qsort(tally->errors, (size_t)tally->error_count, sizeof(double), compare);
    return tally->errors[(int)(share * tally->error_count)];
}

static double median(struct tally *tally)
{
    return quantile(tally, 0.5);
}

static void count(struct tally *tally, const struct lh_position *position, struct lh_geo truth,
                  bool hidden)
{
    const struct lh_ellipse *best = lh_position_best(position);
    tally->count++;
    tally->hidden += hidden;
    tally->wrong += hidden && position->form == LH_POSITION_ELLIPSES;
    tally->inside += lh_position_contains(position, truth);
    tally->sectors += position->form == LH_POSITION_SECTOR;
    tally->several += position->form == LH_POSITION_ELLIPSES && position->count > 1;
    if (best)
        tally->errors[tally->error_count++] = lh_geo_distance_m(best->centre, truth);
}

/* The lowest smoke that is in view; false where none of it is. */
static bool lowest_smoke(const struct lh_eye *eye, struct lh_offset fire, double *ret_above_m)
{
    double low = 0.0;
    double high = SMOKE_M;
    if (lh_ray_sight(eye, fire, high) != LH_SIGHT_CLEAR)
        return false;
    if (lh_ray_sight(eye, fire, 0.5) == LH_SIGHT_CLEAR) {
        *ret_above_m = 0.0;
        return true;
    }
    while (high - low > 0.1) {
        const double middle = (low + high) / 2.0;
        if (lh_ray_sight(eye, fire, middle) == LH_SIGHT_CLEAR)
            high = middle;
        else
            low = middle;
    }
    *ret_above_m = high;
    return true;
}

static bool look(const struct world *world, const struct lh_eye *tower, struct lh_geo fire,
                 double sigma_deg, struct dice *dice, struct view *view)
{
    const struct lh_sighting_options options = LH_SIGHTING_DEFAULT;
    const struct lh_offset at = lh_plane_offset(&world->terrain->plane, fire);
    struct lh_pose pose = {.place = tower->place,
                           .ground_m = tower->height_m - MAST_M,
                           .mast_m = MAST_M,
                           .hfov_deg = HFOV_DEG,
                           .sigma_azimuth_deg = sigma_deg,
                           .sigma_tilt_deg = sigma_deg,
                           .sigma_height_m = 3.0,
                           .range_m = RANGE_M};
    double above_m = 0.0;
    if (!lowest_smoke(tower, at, &above_m))
        return false;
    const double ground_m = lh_terrain_height(world->terrain, at) + 8.0 * normal(dice);
    const struct lh_aim foot = lh_ray_aim(tower, at, ground_m + above_m);
    const struct lh_aim top = lh_ray_aim(tower, at, ground_m + SMOKE_M + 1.0);
    view->distance_m = foot.distance_m;
    view->hidden = above_m > 0.0;
    if (foot.distance_m > RANGE_M)
        return false;
    /* The camera as it really stands, with the fire anywhere in the middle of its picture. */
    pose.azimuth_deg = lh_azimuth_wrap(foot.azimuth_deg + 24.0 * (uniform(dice) - 0.5));
    pose.tilt_deg = foot.elevation_deg + 10.0 * (uniform(dice) - 0.5);
    double x;
    double y;
    double top_x;
    double top_y;
    const double aspect = (double)WIDTH / HEIGHT;
    if (!lh_pose_project(&pose, aspect, (struct lh_bearing){foot.azimuth_deg, foot.elevation_deg},
                         &x, &y) ||
        !lh_pose_project(&pose, aspect, (struct lh_bearing){top.azimuth_deg, top.elevation_deg},
                         &top_x, &top_y))
        return false;
    const double width = fmax(SMOKE_WIDTH_M / foot.distance_m / LH_DEGREE / HFOV_DEG, 4.0 / WIDTH);
    const double height = fmax(y - top_y, 4.0 / HEIGHT);
    const double foot_x = fmax(options.foot_share * width, 1.0 / WIDTH) * normal(dice);
    const double foot_y = fmax(options.foot_share / 3.0 * height, 1.0 / HEIGHT) * normal(dice);
    const struct lh_box box = {.x = (float)(x + foot_x - width / 2.0),
                               .y = (float)(y + foot_y - height),
                               .width = (float)width,
                               .height = (float)height};
    /* What the engine is told. */
    pose.azimuth_deg += sigma_deg * normal(dice);
    pose.tilt_deg += sigma_deg * normal(dice);
    view->eye = *tower;
    view->eye.height_m += 3.0 * normal(dice);
    return lh_sighting_make(&view->eye, &pose, WIDTH, HEIGHT, box, &options, &view->sighting) ==
           LH_OK;
}

/* ---- the world ---- */

/* The highest node of one third of the terrain, 6 km within its edge; in turn in its south and its north. */
static struct lh_geo summit(const struct lh_terrain *terrain, int third)
{
    const int edge = (int)(6000.0 / terrain->cell_m);
    const int from = edge + (terrain->width - 2 * edge) * third / TOWERS;
    const int to = edge + (terrain->width - 2 * edge) * (third + 1) / TOWERS;
    const int middle = terrain->height / 2;
    struct lh_offset best = {0, 0};
    float best_m = -INFINITY;
    for (int row = third % 2 ? middle : edge; row < (third % 2 ? terrain->height - edge : middle);
         row++) {
        for (int column = from; column < to; column++) {
            const float height_m =
                terrain->height_m[(size_t)row * (size_t)terrain->width + (size_t)column];
            if (!(height_m > best_m))
                continue;
            best_m = height_m;
            best = (struct lh_offset){terrain->west_m + column * terrain->cell_m,
                                      terrain->south_m + row * terrain->cell_m};
        }
    }
    return lh_plane_geo(&terrain->plane, best);
}

static int build(struct world *world, struct lh_fault *fault)
{
    const char *data = getenv("LINHUO_DATA");
    char path[4096];
    const char *const paths[] = {path};
    struct lh_dem *dem = NULL;
    const struct lh_geo middle = {44.185, 3.81};
    (void)snprintf(path, sizeof path, "%s/terrain/srtm1arc_cevennes_wgs84.tif",
                   data ? data : "../shared/data");
    if (access(path, R_OK) != 0)
        return lh_fail(fault, LH_ENOTFOUND, "the real terrain is not here (LINHUO_DATA)");
    int code = lh_dem_open(paths, 1, LH_TERRAIN_HEIGHTS_AUTO, fault, &dem);
    if (code == LH_OK)
        code = lh_terrain_load(dem, &middle, 1, 16000.0, fault, &world->terrain);
    lh_dem_close(&dem);
    for (int i = 0; i < TOWERS && code == LH_OK; i++)
        code = lh_eye_place(world->terrain, summit(world->terrain, i), NAN, MAST_M, fault,
                            &world->towers[i]);
    return code;
}

static struct lh_geo somewhere(const struct world *world, struct dice *dice)
{
    const struct lh_offset at = {(uniform(dice) - 0.5) * 28000.0, (uniform(dice) - 0.5) * 28000.0};
    return lh_plane_geo(&world->terrain->plane, at);
}

/* ---- the trial ---- */

struct trial {
    double sigma_deg;
    struct tally one;  /* each camera by itself */
    struct tally many; /* where two or more towers see the fire and agree */
    struct tally
        good; /* of these by exactly two, crossing at 60 degrees or more, 6 to 10 km away */
    int refused[LH_CROSSING_APART + 1];
};

static void locate_by_pairs(const struct view *views, size_t seen, struct lh_geo fire,
                            struct trial *trial)
{
    const struct lh_triangulate_options options = LH_TRIANGULATE_DEFAULT;
    for (size_t i = 0; i < seen; i++) {
        for (size_t k = i + 1; k < seen; k++) {
            const struct lh_sighting pair[] = {views[i].sighting, views[k].sighting};
            const struct lh_eye *const eyes[] = {&views[i].eye, &views[k].eye};
            struct lh_triangulation result;
            if (fabs(views[i].distance_m - 8000.0) > 2000.0 ||
                fabs(views[k].distance_m - 8000.0) > 2000.0 ||
                lh_triangulate(pair, eyes, 2, &options, &result) != LH_OK ||
                result.crossing != LH_CROSSING_FOUND || result.crossing_deg < 60.0)
                continue;
            const struct lh_position position = lh_position_of_ellipse(result.ellipse);
            count(&trial->good, &position, fire, false);
        }
    }
}

static void locate(const struct world *world, struct lh_geo fire, struct dice *dice,
                   struct trial *trial, int *ret_fires)
{
    const struct lh_triangulate_options options = LH_TRIANGULATE_DEFAULT;
    struct view views[TOWERS];
    struct lh_sighting sightings[TOWERS];
    const struct lh_eye *eyes[TOWERS];
    struct lh_triangulation result;
    size_t seen = 0;
    for (int i = 0; i < TOWERS; i++) {
        if (!look(world, &world->towers[i], fire, trial->sigma_deg, dice, &views[seen]))
            continue;
        sightings[seen] = views[seen].sighting;
        eyes[seen] = &views[seen].eye;
        count(&trial->one, &sightings[seen].position, fire, views[seen].hidden);
        seen++;
    }
    if (seen == 0)
        return;
    (*ret_fires)++;
    locate_by_pairs(views, seen, fire, trial);
    if (seen < 2 || lh_triangulate(sightings, eyes, seen, &options, &result) != LH_OK)
        return;
    trial->refused[result.crossing]++;
    if (result.crossing != LH_CROSSING_FOUND)
        return;
    const struct lh_position position = lh_position_of_ellipse(result.ellipse);
    count(&trial->many, &position, fire, false);
}

static double share(const struct tally *tally)
{
    return tally->count > 0 ? 100.0 * tally->inside / tally->count : NAN;
}

static void print_head(void)
{
    (void)printf(
        "Where the engine puts fires, against where they are: towers on three heights of real "
        "mountains.\n\n"
        "%-12s  %-47s  %5s  %7s  %8s  %8s\n",
        "pose error", "seen by", "times", "in 95 %", "median", "9 of 10");
}

static void print_row(const char *pose, const char *who, struct tally *tally)
{
    (void)printf("%-12s  %-47s  %5d  %5.1f %%  %6.0f m  %6.0f m\n", pose, who, tally->count,
                 share(tally), quantile(tally, 0.5), quantile(tally, 0.9));
}

static void print(struct trial *trial, int fires, bool json)
{
    if (json) {
        (void)printf(
            "{\"sigma_deg\": %g, \"fires\": %d, \"one\": {\"sightings\": %d, \"inside_95\": "
            "%.1f, \"median_m\": %.0f, \"sectors\": %d, \"several\": %d}, \"many\": "
            "{\"fires\": %d, \"inside_95\": %.1f, \"median_m\": %.0f}, \"good\": "
            "{\"fires\": %d, \"inside_95\": %.1f, \"median_m\": %.0f}}\n",
            trial->sigma_deg, fires, trial->one.count, share(&trial->one), median(&trial->one),
            trial->one.sectors, trial->one.several, trial->many.count, share(&trial->many),
            median(&trial->many), trial->good.count, share(&trial->good), median(&trial->good));
        return;
    }
    char pose[32];
    (void)snprintf(pose, sizeof pose, "%.1f degrees", trial->sigma_deg);
    print_row(pose, "one camera", &trial->one);
    print_row("", "two and three cameras", &trial->many);
    print_row("", "  of these two, 6-10 km, crossing at 60 and more", &trial->good);
    (void)printf(
        "  %d fires; of one camera %d are bearings with a distance from and to, %d several "
        "ellipses; the foot\n  was hidden in %d, %d of them not told as bearings; cameras "
        "that did not cross: %d flat, %d behind, %d hidden, %d apart\n\n",
        fires, trial->one.sectors, trial->one.several, trial->one.hidden, trial->one.wrong,
        trial->refused[LH_CROSSING_FLAT], trial->refused[LH_CROSSING_BEHIND],
        trial->refused[LH_CROSSING_HIDDEN], trial->refused[LH_CROSSING_APART]);
}

static bool run(const struct world *world, double sigma_deg, int wanted, uint64_t seed, bool json)
{
    static struct trial trial;
    struct dice dice = {seed};
    int fires = 0;
    trial = (struct trial){.sigma_deg = sigma_deg};
    for (int tries = 0; fires < wanted && tries < 50 * wanted; tries++)
        locate(world, somewhere(world, &dice), &dice, &trial, &fires);
    print(&trial, fires, json);
    const bool covered =
        share(&trial.one) >= 90.0 && share(&trial.one) <= 99.5 && share(&trial.many) >= 90.0;
    return fires == wanted && covered && (sigma_deg > 0.11 || !(median(&trial.good) >= 60.0));
}

int main(int argc, char **argv)
{
    static const double sigmas[] = {0.1, 0.2, 0.5};
    struct world world = {0};
    struct lh_fault fault = {0};
    long fires = 50;
    long seed = 4;
    bool json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--fires") == 0 && i + 1 < argc)
            fires = strtol(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtol(argv[++i], NULL, 10);
        else
            fires = 0;
    }
    if (fires < 1 || fires > FIRES_MOST / TOWERS) {
        (void)fprintf(stderr, "usage: accuracy [--fires N] [--seed N] [--json]\n");
        return 2;
    }
    const int code = build(&world, &fault);
    if (code != LH_OK) {
        (void)fprintf(stderr, "accuracy: %s\n", fault.text);
        lh_terrain_destroy(&world.terrain);
        return code == LH_ENOTFOUND ? 77 : 1;
    }
    bool good = true;
    if (!json)
        print_head();
    for (size_t i = 0; i < sizeof sigmas / sizeof sigmas[0]; i++)
        good = run(&world, sigmas[i], (int)fires, (uint64_t)seed, json) && good;
    lh_terrain_destroy(&world.terrain);
    if (!json)
        (void)printf(
            "Aims: the 95 %% region holds 90 to 99 of 100; two cameras at 0.1 degrees, crossing at "
            "60 and more, within 60 m: %s.\n",
            good ? "met" : "NOT MET");
    return good ? 0 : 1;
}
