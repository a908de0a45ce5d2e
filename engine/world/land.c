#include "world/land.h"

#include "world/noise.h"
#include "world/settle.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define COVER 1024
#define TREE_CELL_M 5.0F
#define HOUSE_CELL_M 19.0F
#define ROAD_HALF_M 4.0F

static float plane_at(const struct lh_land *land, const uint8_t *plane, float e, float n)
{
    float x = (e + land->terrain->half_m) / land->cell_m;
    float y = (n + land->terrain->half_m) / land->cell_m;
    float top = (float)(land->size - 1) - 0.001F;
    x = fminf(fmaxf(x, 0.0F), top);
    y = fminf(fmaxf(y, 0.0F), top);
    int ix = (int)x;
    int iy = (int)y;
    float u = x - (float)ix;
    float v = y - (float)iy;
    const uint8_t *p = plane + (size_t)iy * (size_t)land->size + ix;
    const uint8_t *q = p + land->size;
    float low = (float)p[0] + ((float)p[1] - (float)p[0]) * u;
    float high = (float)q[0] + ((float)q[1] - (float)q[0]) * u;
    return (low + (high - low) * v) * (1.0F / 255.0F);
}

float lh_land_forest(const struct lh_land *land, float e, float n)
{
    float share = plane_at(land, land->forest, e, n);
    if (share < 0.26F)
        return 0.0F;
    if (share > 0.68F)
        return 1.0F;
    share += 0.10F * lh_noise(land->seed + 31, e * 0.035F, n * 0.035F);
    return lh_smooth(0.36F, 0.58F, share);
}

static float field_share(const struct lh_land *land, float e, float n)
{
    float share = plane_at(land, land->field, e, n);
    if (share < 0.3F)
        return 0.0F;
    share += 0.10F * lh_noise(land->seed + 32, e * 0.02F, n * 0.02F);
    return lh_smooth(0.42F, 0.52F, share);
}

static float road_distance(const struct lh_land *land, float e, float n)
{
    int x = (int)((e + land->terrain->half_m) / land->cell_m + 0.5F);
    int y = (int)((n + land->terrain->half_m) / land->cell_m + 0.5F);
    if (x < 0 || y < 0 || x >= land->size || y >= land->size)
        return 1e9F;
    size_t mark = land->road_near[(size_t)y * (size_t)land->size + (size_t)x];
    if (mark == 0)
        return 1e9F;
    size_t from = mark > 4 ? mark - 4 : 0;
    size_t to = mark + 3 < land->point_count ? mark + 3 : land->point_count - 1;
    float best = 1e9F;
    for (size_t i = from; i < to; i++) {
        const struct lh_land_point *a = &land->points[i];
        float de = a[1].e - a[0].e;
        float dn = a[1].n - a[0].n;
        float square = de * de + dn * dn;
        if (square > 400.0F * 400.0F || square <= 0.0F)
            continue;
        float t = ((e - a->e) * de + (n - a->n) * dn) / square;
        t = fminf(fmaxf(t, 0.0F), 1.0F);
        float off_e = e - a->e - t * de;
        float off_n = n - a->n - t * dn;
        best = fminf(best, off_e * off_e + off_n * off_n);
    }
    return sqrtf(best);
}

static bool in_village(const struct lh_land *land, float e, float n)
{
    int x = (int)((e + land->terrain->half_m) / land->cell_m + 0.5F);
    int y = (int)((n + land->terrain->half_m) / land->cell_m + 0.5F);
    if (x < 0 || y < 0 || x >= land->size || y >= land->size)
        return false;
    size_t mark = land->village_near[(size_t)y * (size_t)land->size + (size_t)x];
    if (mark == 0)
        return false;
    const struct lh_village *village = &land->villages[mark - 1];
    float de = e - village->e;
    float dn = n - village->n;
    float r = village->radius_m;
    float ragged = 1.0F + 0.35F * lh_noise(land->seed + 33, e * 0.012F, n * 0.012F);
    return de * de + dn * dn < r * r * ragged;
}

/* A house of its cell: 0 none, else 1..128 its kind. */
static uint32_t house_at(const struct lh_land *land, float e, float n)
{
    int32_t cx = (int32_t)floorf(e / HOUSE_CELL_M);
    int32_t cy = (int32_t)floorf(n / HOUSE_CELL_M);
    uint32_t h = lh_hash_xy(land->seed + 41, cx, cy);
    if ((h & 0xff) > 150)
        return 0;
    float u = e - ((float)cx + 0.5F) * HOUSE_CELL_M;
    float v = n - ((float)cy + 0.5F) * HOUSE_CELL_M;
    bool along = (h >> 8) & 1;
    float half_e = along ? 7.5F : 4.0F;
    float half_n = along ? 4.0F : 7.5F;
    if (fabsf(u) > half_e || fabsf(v) > half_n)
        return 0;
    return 1 + ((h >> 9) & 0x7f);
}

struct tree {
    float top_m;
    float full_m; /* at its tip */
    uint32_t kind;
};

static struct tree tree_at(const struct lh_land *land, float e, float n, float share)
{
    struct tree best = {0.0F, 1.0F, 0};
    int32_t cx = (int32_t)floorf(e / TREE_CELL_M);
    int32_t cy = (int32_t)floorf(n / TREE_CELL_M);
    uint32_t dense = (uint32_t)(share * 245.0F);
    for (int32_t y = cy - 1; y <= cy + 1; y++) {
        for (int32_t x = cx - 1; x <= cx + 1; x++) {
            uint32_t h = lh_hash_xy(land->seed + 51, x, y);
            if ((h & 0xff) >= dense)
                continue;
            float te = ((float)x + 0.1F + 0.8F * (float)((h >> 8) & 0x3f) / 63.0F) * TREE_CELL_M;
            float tn = ((float)y + 0.1F + 0.8F * (float)((h >> 14) & 0x3f) / 63.0F) * TREE_CELL_M;
            float size = 0.5F + 0.5F * (float)((h >> 20) & 0x3f) / 63.0F;
            bool round = ((h >> 26) & 7) < 3;
            float radius = (round ? 3.1F : 2.7F) * size;
            float square = ((e - te) * (e - te) + (n - tn) * (n - tn)) / (radius * radius);
            if (square >= 1.0F)
                continue;
            float full = (round ? 10.0F : 14.0F) * size;
            float fall = round ? 0.35F * square + 0.5F * square * square : 0.85F * sqrtf(square);
            if (round) /* a crown of boughs, not a ball */
                fall += 0.22F * fabsf(lh_noise(land->seed + 53, e * 1.1F, n * 1.1F));
            if (full * (1.0F - fall) > best.top_m)
                best = (struct tree){full * (1.0F - fall), full, h};
        }
    }
    return best;
}

float lh_land_top(const struct lh_land *land, float e, float n, float footprint_m)
{
    float open = fminf(road_distance(land, e, n) / 14.0F, 1.0F);
    if (in_village(land, e, n))
        return house_at(land, e, n) && open > 0.5F ? 5.0F : 0.0F;
    float share = lh_land_forest(land, e, n) * lh_smooth(0.5F, 1.0F, open);
    if (share <= 0.02F)
        return 0.0F;
    float near = 1.0F - lh_smooth(2.0F, 5.0F, footprint_m);
    float rolling = 6.5F * share;
    if (near < 1.0F)
        rolling *= 1.0F + 0.4F * lh_noise(land->seed + 52, e * 0.04F, n * 0.04F);
    if (near <= 0.0F)
        return rolling;
    return rolling + (tree_at(land, e, n, share).top_m - rolling) * near;
}

static void mix(float rgb[3], float r, float g, float b, float share)
{
    rgb[0] += (r - rgb[0]) * share;
    rgb[1] += (g - rgb[1]) * share;
    rgb[2] += (b - rgb[2]) * share;
}

/* Noise whose octaves finer than the pixel are left out. */
static float texture(uint32_t seed, float e, float n, float wave_m, float footprint_m)
{
    float sum = 0.0F;
    float weight = 1.0F;
    for (int i = 0; i < 5; i++) {
        float kept = lh_smooth(1.0F, 2.5F, wave_m / footprint_m);
        if (kept <= 0.0F)
            break;
        sum += kept * weight * lh_noise(seed + (uint32_t)i, e / wave_m, n / wave_m);
        weight *= 0.62F;
        wave_m *= 0.45F;
    }
    return sum;
}

static void open_colour(const struct lh_land *land, float e, float n, float footprint_m,
                        float rgb[3])
{
    float normal[3];
    lh_terrain_normal(land->terrain, e, n, normal);
    float patch = texture(land->seed + 61, e, n, 260.0F, footprint_m);
    float scrub = lh_smooth(-0.4F, 0.7F, patch + 0.8F * normal[1]);
    rgb[0] = 0.190F;
    rgb[1] = 0.150F;
    rgb[2] = 0.082F;
    mix(rgb, 0.085F, 0.078F, 0.042F, 0.75F * scrub);
    float bare = lh_smooth(0.35F, 1.0F, texture(land->seed + 66, e, n, 120.0F, footprint_m));
    mix(rgb, 0.27F, 0.205F, 0.125F, 0.7F * bare);
    float rock = lh_smooth(0.74F, 0.62F, normal[2] + 0.06F * patch);
    mix(rgb, 0.145F, 0.130F, 0.105F, 0.8F * rock);
    float tone = 1.0F + 0.25F * texture(land->seed + 71, e, n, 24.0F, footprint_m);
    if (footprint_m < 0.8F)
        tone += 0.22F * texture(land->seed + 76, e, n, 2.2F, footprint_m);
    for (int c = 0; c < 3; c++)
        rgb[c] *= fmaxf(tone, 0.4F);
}

static void field_colour(const struct lh_land *land, float e, float n, float footprint_m,
                         float rgb[3])
{
    static const float crops[5][3] = {{0.26F, 0.205F, 0.115F},
                                      {0.17F, 0.125F, 0.080F},
                                      {0.090F, 0.120F, 0.045F},
                                      {0.30F, 0.245F, 0.150F},
                                      {0.21F, 0.160F, 0.095F}};
    float turn = 0.35F;
    float x = e * cosf(turn) - n * sinf(turn);
    float y = e * sinf(turn) + n * cosf(turn);
    x += 30.0F * lh_noise(land->seed + 81, x * 0.004F, y * 0.004F);
    int32_t row = (int32_t)floorf(y / 55.0F);
    float shift = 160.0F * lh_hash_unit(lh_hash_xy(land->seed + 82, row, 0));
    int32_t plot = (int32_t)floorf((x + shift) / 120.0F);
    uint32_t h = lh_hash_xy(land->seed + 83, plot, row);
    const float *crop = crops[h % 5];
    float tone = 0.9F + 0.2F * lh_hash_unit(h * 0x9e3779b9U) +
                 0.10F * texture(land->seed + 84, e, n, 20.0F, footprint_m);
    float edge = y / 55.0F - (float)row;
    if (footprint_m < 4.0F && (edge < 0.05F))
        tone *= 0.6F;
    for (int c = 0; c < 3; c++)
        rgb[c] = crop[c] * tone;
}

/* The forest as a closed cover, for pixels too coarse for single trees. */
static void stand_colour(const struct lh_land *land, float e, float n, float footprint_m,
                         float rgb[3])
{
    float stand = texture(land->seed + 91, e, n, 500.0F, footprint_m);
    float tone = 1.0F + 0.32F * texture(land->seed + 95, e, n, 34.0F, footprint_m);
    rgb[0] = 0.030F;
    rgb[1] = 0.044F;
    rgb[2] = 0.020F;
    mix(rgb, 0.082F, 0.060F, 0.030F, 0.75F * lh_smooth(0.0F, 0.9F, stand));
    for (int c = 0; c < 3; c++)
        rgb[c] *= fmaxf(tone, 0.3F);
}

/* One tree, or the shaded ground between trees. */
static void tree_colour(const struct lh_land *land, float e, float n, float above_m,
                        float footprint_m, float share, float rgb[3])
{
    struct tree tree = tree_at(land, e, n, share);
    if (tree.top_m <= 0.0F) {
        for (int c = 0; c < 3; c++)
            rgb[c] *= 1.0F - 0.6F * share;
        return;
    }
    float own = 0.70F + 0.6F * (float)((tree.kind >> 11) & 0xff) / 255.0F;
    float up = fminf(fmaxf(above_m / tree.full_m, 0.0F), 1.0F);
    float tone = own * (0.30F + 0.75F * up);
    if (footprint_m < 0.7F) {
        float leaf = lh_noise(land->seed + 98, (e + n) * 1.7F, above_m * 1.9F);
        float twig = lh_noise(land->seed + 99, (e - n) * 4.1F, above_m * 4.7F);
        tone *= 1.0F + (0.48F * leaf + 0.55F * twig) * lh_smooth(0.7F, 0.3F, footprint_m);
    }
    bool round = ((tree.kind >> 26) & 7) < 3;
    float stand = lh_noise(land->seed + 92, e * 0.004F, n * 0.004F);
    rgb[0] = round ? 0.058F : 0.030F;
    rgb[1] = round ? 0.060F : 0.044F;
    rgb[2] = round ? 0.026F : 0.020F;
    if (round)
        mix(rgb, 0.088F, 0.066F, 0.036F, lh_smooth(-0.3F, 0.7F, stand + 1.4F * own - 1.4F));
    for (int c = 0; c < 3; c++)
        rgb[c] *= fmaxf(tone, 0.12F);
}

static void forest_colour(const struct lh_land *land, float e, float n, float above_m,
                          float footprint_m, float share, float rgb[3])
{
    float near = 1.0F - lh_smooth(2.0F, 5.0F, footprint_m);
    float closed[3];
    float single[3] = {rgb[0], rgb[1], rgb[2]};
    if (near < 1.0F) {
        stand_colour(land, e, n, footprint_m, closed);
        mix(rgb, closed[0], closed[1], closed[2], share);
    }
    if (near > 0.0F) {
        tree_colour(land, e, n, above_m, footprint_m, share, single);
        mix(rgb, single[0], single[1], single[2], near);
    }
}

static void village_colour(const struct lh_land *land, float e, float n, float road, float rgb[3])
{
    uint32_t house = road > 8.0F ? house_at(land, e, n) : 0;
    if (house == 0)
        mix(rgb, 0.19F, 0.165F, 0.13F, 0.7F);
    else if (house & 2)
        mix(rgb, 0.15F, 0.080F, 0.060F, 1.0F);
    else if (house & 4)
        mix(rgb, 0.30F, 0.29F, 0.27F, 1.0F);
    else
        mix(rgb, 0.11F, 0.11F, 0.115F, 1.0F);
}

void lh_land_colour(const struct lh_land *land, float e, float n, float above_m, float footprint_m,
                    float ret_rgb[3])
{
    float road = road_distance(land, e, n);
    float field = field_share(land, e, n);
    open_colour(land, e, n, footprint_m, ret_rgb);
    if (field > 0.0F) {
        float rgb[3];
        field_colour(land, e, n, footprint_m, rgb);
        mix(ret_rgb, rgb[0], rgb[1], rgb[2], field);
    }
    if (in_village(land, e, n)) {
        village_colour(land, e, n, road, ret_rgb);
    } else {
        float open = lh_smooth(0.5F, 1.0F, fminf(road / 14.0F, 1.0F));
        float share = lh_land_forest(land, e, n) * open;
        if (share > 0.02F)
            forest_colour(land, e, n, above_m, footprint_m, share, ret_rgb);
    }
    float reach = fmaxf(footprint_m, 1.0F);
    float on_road = lh_smooth(ROAD_HALF_M + reach, ROAD_HALF_M - 0.5F, road) *
                    fminf(1.0F, 1.6F * ROAD_HALF_M / reach);
    mix(ret_rgb, 0.30F, 0.265F, 0.21F, on_road);
}

struct lh_land_point lh_road_at(const struct lh_land *land, size_t road, float along_m)
{
    const struct lh_road *way = &land->roads[road];
    const struct lh_land_point *p = land->points + way->first;
    for (size_t i = 0; i + 1 < way->count; i++) {
        float de = p[i + 1].e - p[i].e;
        float dn = p[i + 1].n - p[i].n;
        float piece = sqrtf(de * de + dn * dn);
        if (along_m <= piece && piece > 0.0F) {
            float t = fmaxf(along_m / piece, 0.0F);
            return (struct lh_land_point){p[i].e + t * de, p[i].n + t * dn};
        }
        along_m -= piece;
    }
    return p[way->count - 1];
}

static void cover_ground(struct lh_land *land)
{
    const struct lh_terrain *terrain = land->terrain;
    float range = terrain->highest_m - terrain->lowest_m + 1.0F;
    for (int y = 0; y < land->size; y++) {
        for (int x = 0; x < land->size; x++) {
            float e = (float)x * land->cell_m - terrain->half_m;
            float n = (float)y * land->cell_m - terrain->half_m;
            float normal[3];
            lh_terrain_normal(terrain, e, n, normal);
            float high = (lh_terrain_height(terrain, e, n) - terrain->lowest_m) / range;
            float chance = 0.42F + 0.45F * high + 0.85F * normal[1] +
                           0.30F * lh_noise_octaves(land->seed + 34, e * 0.0011F, n * 0.0011F, 4);
            float field = lh_smooth(0.960F, 0.988F, normal[2]) * lh_smooth(0.60F, 0.40F, high);
            chance += 0.22F * lh_noise_octaves(land->seed + 35, e * 0.009F, n * 0.009F, 2);
            field *= 1.0F - 0.3F * lh_noise(land->seed + 36, e * 0.006F, n * 0.006F);
            field = fminf(field, 1.0F);
            size_t i = (size_t)y * (size_t)land->size + (size_t)x;
            chance = (chance - 0.6F * field) * 255.0F;
            land->forest[i] = (uint8_t)fminf(fmaxf(chance, 0.0F), 255.0F);
            land->field[i] = (uint8_t)(field * 255.0F);
        }
    }
}

int lh_land_create(uint64_t seed, const struct lh_terrain *terrain, struct lh_land **ret_land)
{
    size_t cells = (size_t)COVER * COVER;
    int error = LH_ENOMEM;
    struct lh_land *land = calloc(1, sizeof *land);
    if (!land)
        return LH_ENOMEM;
    land->terrain = terrain;
    land->seed = (uint32_t)lh_hash(seed, 2);
    land->size = COVER;
    land->cell_m = 2.0F * terrain->half_m / (float)(COVER - 1);
    land->forest = calloc(cells, sizeof *land->forest);
    land->field = calloc(cells, sizeof *land->field);
    land->road_near = calloc(cells, sizeof *land->road_near);
    land->village_near = calloc(cells, sizeof *land->village_near);
    if (!land->forest || !land->field || !land->road_near || !land->village_near)
        goto done;
    cover_ground(land);
    error = lh_settle(land);
    if (error)
        goto done;
    *ret_land = land;
    land = NULL;
done:
    lh_land_destroy(&land);
    return error;
}

void lh_land_destroy(struct lh_land **land)
{
    if (!*land)
        return;
    free((*land)->forest);
    free((*land)->field);
    free((*land)->road_near);
    free((*land)->village_near);
    free((*land)->points);
    free(*land);
    *land = NULL;
}
