#include "world/noise.h"
#include "world/terrain.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define COARSE 320 /* cells a side while rivers cut */
#define FINE 1024  /* cells a side of the result */
#define EXTENT_M 40000.0F
#define ROUNDS 70

struct rivers {
    float cell_m;
    float *height_m;
    float *area_m2;
    float *uplift; /* share of the full uplift, 0..1 */
    int *receiver; /* the neighbour water runs to; itself for a pit or the rim */
    int *order;    /* receivers before givers */
    int *first;    /* linked list of the givers of a cell; -1 ends */
    int *next;
};

static const int step_x[8] = {1, 1, 0, -1, -1, -1, 0, 1};
static const int step_y[8] = {0, 1, 1, 1, 0, -1, -1, -1};

static void rivers_release(struct rivers *r)
{
    free(r->height_m);
    free(r->area_m2);
    free(r->uplift);
    free(r->receiver);
    free(r->order);
    free(r->first);
    free(r->next);
}

static int rivers_prepare(struct rivers *r)
{
    size_t cells = (size_t)COARSE * COARSE;
    *r = (struct rivers){.cell_m = EXTENT_M / (float)(COARSE - 1)};
    r->height_m = calloc(cells, sizeof *r->height_m);
    r->area_m2 = calloc(cells, sizeof *r->area_m2);
    r->uplift = calloc(cells, sizeof *r->uplift);
    r->receiver = calloc(cells, sizeof *r->receiver);
    r->order = calloc(cells, sizeof *r->order);
    r->first = calloc(cells, sizeof *r->first);
    r->next = calloc(cells, sizeof *r->next);
    if (!r->height_m || !r->area_m2 || !r->uplift || !r->receiver || !r->order || !r->first ||
        !r->next)
        return LH_ENOMEM;
    return LH_OK;
}

static void raise_block(struct rivers *r, uint32_t seed)
{
    for (int y = 0; y < COARSE; y++) {
        for (int x = 0; x < COARSE; x++) {
            float u = (float)x / (float)COARSE;
            float v = (float)y / (float)COARSE;
            float warp = 0.08F * lh_noise_octaves(seed + 11, u * 3.0F, v * 3.0F, 3);
            float range = 1.0F - fabsf(lh_noise(seed + 3, (u + warp) * 3.3F, (v - warp) * 2.2F));
            float share = 0.45F + 0.55F * range * range +
                          0.20F * lh_noise_octaves(seed + 7, u * 5.0F, v * 5.0F, 3);
            int i = y * COARSE + x;
            r->uplift[i] = fmaxf(share, 0.08F);
            float rim = fminf(fminf(u, 1.0F - u), fminf(v, 1.0F - v));
            float tilt = 0.55F * rim + 0.45F * fmaxf(0.6F * u + 0.4F * v, 0.0F);
            r->height_m[i] =
                900.0F * tilt + 22.0F * lh_noise_octaves(seed + 5, u * 9.0F, v * 9.0F, 5);
        }
    }
}

static void find_receivers(struct rivers *r)
{
    for (int y = 0; y < COARSE; y++) {
        for (int x = 0; x < COARSE; x++) {
            int i = y * COARSE + x;
            r->receiver[i] = i;
            r->first[i] = -1;
            if (x == 0 || y == 0 || x == COARSE - 1 || y == COARSE - 1)
                continue;
            float steepest = 0.0F;
            for (int k = 0; k < 8; k++) {
                int j = i + step_y[k] * COARSE + step_x[k];
                float run = (k & 1) ? 1.41421356F : 1.0F;
                float fall = (r->height_m[i] - r->height_m[j]) / run;
                if (fall > steepest) {
                    steepest = fall;
                    r->receiver[i] = j;
                }
            }
        }
    }
    for (int i = 0; i < COARSE * COARSE; i++) {
        if (r->receiver[i] != i) {
            r->next[i] = r->first[r->receiver[i]];
            r->first[r->receiver[i]] = i;
        }
    }
}

static void order_cells(struct rivers *r)
{
    int filled = 0;
    for (int i = 0; i < COARSE * COARSE; i++) {
        if (r->receiver[i] == i)
            r->order[filled++] = i;
    }
    for (int done = 0; done < filled; done++) {
        for (int j = r->first[r->order[done]]; j >= 0; j = r->next[j])
            r->order[filled++] = j;
    }
}

static void erode_once(struct rivers *r, float uplift_m, float strength)
{
    const int cells = COARSE * COARSE;
    find_receivers(r);
    order_cells(r);
    for (int i = 0; i < cells; i++)
        r->area_m2[i] = r->cell_m * r->cell_m;
    for (int k = cells - 1; k >= 0; k--) {
        int i = r->order[k];
        if (r->receiver[i] != i)
            r->area_m2[r->receiver[i]] += r->area_m2[i];
    }
    for (int k = 0; k < cells; k++) {
        int i = r->order[k];
        int to = r->receiver[i];
        int x = i % COARSE;
        int y = i / COARSE;
        bool rim = x == 0 || y == 0 || x == COARSE - 1 || y == COARSE - 1;
        if (!rim)
            r->height_m[i] += uplift_m * r->uplift[i];
        if (to == i)
            continue;
        float run = (x != to % COARSE && y != to / COARSE) ? 1.41421356F : 1.0F;
        float f = strength * sqrtf(r->area_m2[i]) / (run * r->cell_m);
        float eroded = (r->height_m[i] + f * r->height_m[to]) / (1.0F + f);
        float steepest = 0.72F * run * r->cell_m;
        r->height_m[i] = fminf(eroded, r->height_m[to] + steepest);
    }
}

/* Creep rounds crests and fills the floors of gullies. */
static void creep(struct rivers *r, float share)
{
    for (int i = 0; i < COARSE * COARSE; i++)
        r->area_m2[i] = r->height_m[i];
    for (int y = 1; y < COARSE - 1; y++) {
        for (int x = 1; x < COARSE - 1; x++) {
            const float *h = &r->area_m2[y * COARSE + x];
            float mean = 0.25F * (h[-1] + h[1] + h[-COARSE] + h[COARSE]);
            r->height_m[y * COARSE + x] += share * (mean - h[0]);
        }
    }
}

static float cubic(float a, float b, float c, float d, float t)
{
    return b +
           0.5F * t *
               (c - a + t * (2.0F * a - 5.0F * b + 4.0F * c - d + t * (3.0F * (b - c) + d - a)));
}

static float coarse_height(const struct rivers *r, float x, float y)
{
    int ix = (int)x;
    int iy = (int)y;
    ix = ix < 1 ? 1 : ix > COARSE - 3 ? COARSE - 3 : ix;
    iy = iy < 1 ? 1 : iy > COARSE - 3 ? COARSE - 3 : iy;
    float u = fminf(fmaxf(x - (float)ix, 0.0F), 1.0F);
    float v = fminf(fmaxf(y - (float)iy, 0.0F), 1.0F);
    float rows[4];
    for (int k = 0; k < 4; k++) {
        const float *p = &r->height_m[(iy + k - 1) * COARSE + ix - 1];
        rows[k] = cubic(p[0], p[1], p[2], p[3], u);
    }
    return cubic(rows[0], rows[1], rows[2], rows[3], v);
}

static void refine(const struct rivers *r, uint32_t seed, struct lh_terrain *terrain)
{
    float ratio = (float)(COARSE - 1) / (float)(FINE - 1);
    for (int y = 0; y < FINE; y++) {
        for (int x = 0; x < FINE; x++) {
            float cx = (float)x * ratio;
            float cy = (float)y * ratio;
            float km_e = (float)x * terrain->cell_m * 0.001F;
            float km_n = (float)y * terrain->cell_m * 0.001F;
            float wx = 0.9F * lh_noise(seed + 21, km_e * 2.5F, km_n * 2.5F);
            float wy = 0.9F * lh_noise(seed + 22, km_e * 2.5F, km_n * 2.5F);
            float base = coarse_height(r, cx + wx, cy + wy);
            float slope = fabsf(coarse_height(r, cx + 0.7F, cy) - base) +
                          fabsf(coarse_height(r, cx, cy + 0.7F) - base);
            float rough = fminf(slope / 60.0F, 1.0F);
            float gully = 1.0F - fabsf(lh_noise_octaves(seed + 23, km_e * 3.1F, km_n * 3.1F, 4));
            terrain->height_m[(size_t)y * FINE + (size_t)x] =
                760.0F + 1.32F * base + rough * (46.0F * (gully - 0.75F));
        }
    }
}

int lh_terrain_generate(uint64_t seed, struct lh_terrain **ret_terrain)
{
    struct rivers r;
    struct lh_terrain *terrain = NULL;
    uint32_t mixed = (uint32_t)lh_hash(seed, 1);
    int error = rivers_prepare(&r);
    if (error)
        goto done;
    error = lh_terrain_create(37.70, 111.90, FINE, EXTENT_M / (float)(FINE - 1), &terrain);
    if (error)
        goto done;
    raise_block(&r, mixed);
    for (int i = 0; i < ROUNDS; i++) {
        erode_once(&r, 40.0F, 0.32F);
        creep(&r, 0.12F);
    }
    refine(&r, mixed, terrain);
    lh_terrain_finish(terrain);
    *ret_terrain = terrain;
    terrain = NULL;
done:
    lh_terrain_destroy(&terrain);
    rivers_release(&r);
    return error;
}
