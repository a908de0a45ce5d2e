#include "locate/terrain.h"

#include "locate/cache.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LATTICE 16 /* nodes between places that are computed exactly; between them, to 5 mm */
#define BLOCK_ROWS 32
#define FARTHEST_APART_M 400000.0

/* ---- pyramid ---- */

static int add_level(struct lh_terrain *terrain, int width, int height)
{
    struct lh_terrain_level *level = &terrain->levels[terrain->level_count];
    const size_t cells = (size_t)width * (size_t)height;
    *level = (struct lh_terrain_level){.width = width, .height = height};
    terrain->level_count++;
    if (terrain->level_count == 1)
        return LH_OK;
    level->lowest_m = malloc(cells * sizeof(float));
    level->highest_m = malloc(cells * sizeof(float));
    return level->lowest_m && level->highest_m ? LH_OK : LH_ENOMEM;
}

static void block_bounds(const struct lh_terrain *terrain, int level, int column, int row,
                         float *lowest_m, float *highest_m)
{
    const struct lh_terrain_level *fine = &terrain->levels[level - 1];
    *lowest_m = INFINITY;
    *highest_m = -INFINITY;
    for (int i = 0; i < 4; i++) {
        const int x = 2 * column + (i & 1);
        const int y = 2 * row + (i >> 1);
        const size_t at = (size_t)y * (size_t)fine->width + (size_t)x;
        float low = 0.0F;
        float high = 0.0F;
        if (x >= fine->width || y >= fine->height)
            continue;
        if (level == 1) {
            lh_terrain_patch_bounds(terrain, x, y, &low, &high);
        } else {
            low = fine->lowest_m[at];
            high = fine->highest_m[at];
        }
        *lowest_m = fminf(*lowest_m, low);
        *highest_m = fmaxf(*highest_m, high);
    }
}

static int build_pyramid(struct lh_terrain *terrain)
{
    int width = terrain->width - 1;
    int height = terrain->height - 1;
    int error = add_level(terrain, width, height);
    while (!error && (width > 1 || height > 1) && terrain->level_count < LH_TERRAIN_LEVELS) {
        const int number = terrain->level_count;
        width = (width + 1) / 2;
        height = (height + 1) / 2;
        error = add_level(terrain, width, height);
        for (int row = 0; !error && row < height; row++)
            for (int column = 0; column < width; column++) {
                const size_t at = (size_t)row * (size_t)width + (size_t)column;
                block_bounds(terrain, number, column, row, &terrain->levels[number].lowest_m[at],
                             &terrain->levels[number].highest_m[at]);
            }
    }
    return error;
}

static int finish(struct lh_terrain *terrain, struct lh_fault *fault)
{
    const size_t nodes = (size_t)terrain->width * (size_t)terrain->height;
    size_t known = 0;
    terrain->lowest_m = INFINITY;
    terrain->highest_m = -INFINITY;
    for (size_t i = 0; i < nodes; i++) {
        known += !isnan(terrain->height_m[i]);
        terrain->lowest_m = fminf(terrain->lowest_m, terrain->height_m[i]);
        terrain->highest_m = fmaxf(terrain->highest_m, terrain->height_m[i]);
    }
    terrain->known_share = (double)known / (double)nodes;
    if (known == 0)
        return lh_fail(
            fault, LH_ENOTFOUND,
            "the elevation model knows no height about %.4f N %.4f E: it lies elsewhere, or "
            "is void there",
            terrain->plane.origin.latitude_deg, terrain->plane.origin.longitude_deg);
    return build_pyramid(terrain) ? lh_fail(fault, LH_ENOMEM, "out of memory") : LH_OK;
}

/* ---- making ---- */

static int create(struct lh_geo origin, double cell_m, double west_m, double south_m, int width,
                  int height, struct lh_terrain **ret_terrain)
{
    struct lh_terrain *terrain = calloc(1, sizeof *terrain);
    if (!terrain)
        return LH_ENOMEM;
    *terrain = (struct lh_terrain){.plane = {origin},
                                   .radius_m = lh_geo_radius_m(origin.latitude_deg),
                                   .cell_m = cell_m,
                                   .west_m = west_m,
                                   .south_m = south_m,
                                   .width = width,
                                   .height = height};
    terrain->height_m = calloc((size_t)width * (size_t)height, sizeof(float));
    if (!terrain->height_m) {
        free(terrain);
        return LH_ENOMEM;
    }
    *ret_terrain = terrain;
    return LH_OK;
}

void lh_terrain_destroy(struct lh_terrain **terrain)
{
    if (!*terrain)
        return;
    for (int i = 0; i < (*terrain)->level_count; i++) {
        free((*terrain)->levels[i].lowest_m);
        free((*terrain)->levels[i].highest_m);
    }
    free((*terrain)->height_m);
    free(*terrain);
    *terrain = NULL;
}

int lh_terrain_from_heights(struct lh_geo middle, double cell_m, int width, int height,
                            const float *height_m, struct lh_fault *fault,
                            struct lh_terrain **ret_terrain)
{
    struct lh_terrain *terrain = NULL;
    if (!lh_geo_valid(middle) || !(cell_m > 0.0) || width < 2 || height < 2 ||
        (size_t)width * (size_t)height > LH_TERRAIN_NODES_MOST)
        return lh_fail(fault, LH_EINVAL, "no grid of heights: %d x %d nodes of %g m", width, height,
                       cell_m);
    int error = create(middle, cell_m, -cell_m * (width - 1) / 2.0, -cell_m * (height - 1) / 2.0,
                       width, height, &terrain);
    if (error)
        return lh_fail(fault, error, "out of memory");
    const size_t size = (size_t)width * (size_t)height * sizeof(float);
    memcpy(terrain->height_m, height_m, size);
    terrain->dem_identity = lh_cache_hash(LH_CACHE_HASH, height_m, size);
    error = finish(terrain, fault);
    if (error)
        lh_terrain_destroy(&terrain);
    else
        *ret_terrain = terrain;
    return error;
}

/* ---- a window of the model ---- */

struct vector {
    double x;
    double y;
    double z;
};

static struct vector to_vector(struct lh_geo place)
{
    const double level = cos(place.latitude_deg * LH_DEGREE);
    return (struct vector){level * cos(place.longitude_deg * LH_DEGREE),
                           level * sin(place.longitude_deg * LH_DEGREE),
                           sin(place.latitude_deg * LH_DEGREE)};
}

static struct lh_geo to_geo(struct vector v)
{
    return (struct lh_geo){atan2(v.z, hypot(v.x, v.y)) / LH_DEGREE, atan2(v.y, v.x) / LH_DEGREE};
}

static struct vector between(struct vector a, struct vector b, double share)
{
    return (struct vector){a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share,
                           a.z + (b.z - a.z) * share};
}

/* The places of every sixteenth node; those between are found by interpolating unit vectors, which
 * knows no pole and no antimeridian. */
static struct vector *make_lattice(const struct lh_terrain *terrain, int width, int height)
{
    struct vector *lattice = malloc((size_t)width * (size_t)height * sizeof *lattice);
    for (int row = 0; lattice && row < height; row++)
        for (int column = 0; column < width; column++) {
            const struct lh_offset at = {terrain->west_m + column * LATTICE * terrain->cell_m,
                                         terrain->south_m + row * LATTICE * terrain->cell_m};
            lattice[(size_t)row * (size_t)width + (size_t)column] =
                to_vector(lh_plane_geo(&terrain->plane, at));
        }
    return lattice;
}

static void places_of_row(const struct lh_terrain *terrain, const struct vector *lattice,
                          int lattice_width, int row, struct lh_geo *places)
{
    const struct vector *south = lattice + (size_t)(row / LATTICE) * (size_t)lattice_width;
    const struct vector *north = south + lattice_width;
    const double up = (double)(row % LATTICE) / LATTICE;
    for (int column = 0; column < terrain->width; column++) {
        const int at = column / LATTICE;
        const double aside = (double)(column % LATTICE) / LATTICE;
        places[column] = to_geo(between(between(south[at], south[at + 1], aside),
                                        between(north[at], north[at + 1], aside), up));
    }
}

/* From north to south, as files are stored. */
static int fill(const struct lh_dem *dem, struct lh_fault *fault, struct lh_terrain *terrain)
{
    const int lattice_width = (terrain->width - 1) / LATTICE + 2;
    const int lattice_height = (terrain->height - 1) / LATTICE + 2;
    struct vector *lattice = make_lattice(terrain, lattice_width, lattice_height);
    struct lh_geo *places = malloc((size_t)terrain->width * BLOCK_ROWS * sizeof *places);
    int error = lattice && places ? LH_OK : LH_ENOMEM;
    for (int end = terrain->height; !error && end > 0; end -= BLOCK_ROWS) {
        const int begin = end > BLOCK_ROWS ? end - BLOCK_ROWS : 0;
        for (int row = begin; row < end; row++)
            places_of_row(terrain, lattice, lattice_width, row,
                          places + (size_t)(row - begin) * (size_t)terrain->width);
        error = lh_dem_heights(dem, places, (size_t)(end - begin) * (size_t)terrain->width, fault,
                               terrain->height_m + (size_t)begin * (size_t)terrain->width);
    }
    if (error == LH_ENOMEM)
        (void)lh_fail(fault, error, "out of memory");
    free(places);
    free(lattice);
    return error;
}

/* What must be covered, on the plane. */
struct extent {
    double west_m;
    double east_m;
    double south_m;
    double north_m;
};

static int find_extent(const struct lh_geo *places, size_t count, double margin_m,
                       struct lh_fault *fault, struct lh_geo *ret_middle, struct extent *ret_extent)
{
    struct vector mean = {0};
    for (size_t i = 0; i < count; i++) {
        const struct vector v = to_vector(places[i]);
        mean = (struct vector){mean.x + v.x, mean.y + v.y, mean.z + v.z};
    }
    const struct lh_plane plane = {to_geo(mean)};
    struct extent extent = {INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (size_t i = 0; i < count; i++) {
        const struct lh_offset at = lh_plane_offset(&plane, places[i]);
        extent.west_m = fmin(extent.west_m, at.east_m - margin_m);
        extent.east_m = fmax(extent.east_m, at.east_m + margin_m);
        extent.south_m = fmin(extent.south_m, at.north_m - margin_m);
        extent.north_m = fmax(extent.north_m, at.north_m + margin_m);
    }
    if (!(extent.east_m - extent.west_m <= FARTHEST_APART_M) ||
        !(extent.north_m - extent.south_m <= FARTHEST_APART_M))
        return lh_fail(fault, LH_ERANGE,
                       "the cameras stand %.0f km apart; one site is at most %.0f km wide: check "
                       "their positions",
                       fmax(extent.east_m - extent.west_m, extent.north_m - extent.south_m) / 1000,
                       FARTHEST_APART_M / 1000);
    *ret_middle = plane.origin;
    *ret_extent = extent;
    return LH_OK;
}

int lh_terrain_load(const struct lh_dem *dem, const struct lh_geo *places, size_t count,
                    double margin_m, struct lh_fault *fault, struct lh_terrain **ret_terrain)
{
    struct lh_terrain *terrain = NULL;
    struct lh_geo middle = {0};
    struct extent extent = {0};
    if (count == 0 || !(margin_m > 0.0))
        return lh_fail(fault, LH_EINVAL, "no camera has a position");
    int error = find_extent(places, count, margin_m, fault, &middle, &extent);
    if (error)
        return error;
    double cell_m = lh_dem_cell_m(dem);
    const double wide_m = extent.east_m - extent.west_m;
    const double tall_m = extent.north_m - extent.south_m;
    while ((wide_m / cell_m + 2.0) * (tall_m / cell_m + 2.0) > (double)LH_TERRAIN_NODES_MOST)
        cell_m *= 2.0;
    error = create(middle, cell_m, extent.west_m, extent.south_m, (int)ceil(wide_m / cell_m) + 1,
                   (int)ceil(tall_m / cell_m) + 1, &terrain);
    if (error)
        return lh_fail(fault, error, "out of memory");
    terrain->dem_identity = lh_dem_identity(dem);
    error = fill(dem, fault, terrain);
    if (!error)
        error = finish(terrain, fault);
    if (error)
        lh_terrain_destroy(&terrain);
    else
        *ret_terrain = terrain;
    return error;
}

/* ---- reading ---- */

double lh_terrain_height(const struct lh_terrain *terrain, struct lh_offset at)
{
    const double x = (at.east_m - terrain->west_m) / terrain->cell_m;
    const double y = (at.north_m - terrain->south_m) / terrain->cell_m;
    if (!(x >= 0.0 && x <= terrain->width - 1 && y >= 0.0 && y <= terrain->height - 1))
        return NAN;
    const int column = (int)fmin(x, terrain->width - 2);
    const int row = (int)fmin(y, terrain->height - 2);
    const float *south = terrain->height_m + (size_t)row * (size_t)terrain->width + column;
    const float *north = south + terrain->width;
    const double low = south[0] + (x - column) * ((double)south[1] - south[0]);
    const double high = north[0] + (x - column) * ((double)north[1] - north[0]);
    return low + (y - row) * (high - low);
}

double lh_terrain_height_at(const struct lh_terrain *terrain, struct lh_geo place)
{
    return lh_terrain_height(terrain, lh_plane_offset(&terrain->plane, place));
}

double lh_terrain_drop_m(const struct lh_terrain *terrain, double distance_m)
{
    return distance_m * distance_m * (1.0 - LH_REFRACTION) / (2.0 * terrain->radius_m);
}
