#include "world/settle.h"

#include "world/noise.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define GRID 200
#define CELLS ((size_t)GRID * GRID)
#define MOST_POINTS 12000

struct ways {
    float cell_m;
    float half_m;
    float *height_m;
    float *cost;
    int *from;
    bool *done;
    bool *paved;
    int *heap; /* cells by cost, smallest first; a cell may stand in it several times */
    float *heap_cost;
    int heap_count;
};

#define HEAP_ROOM (CELLS * 8)

static void ways_release(struct ways *w)
{
    free(w->height_m);
    free(w->cost);
    free(w->from);
    free(w->done);
    free(w->paved);
    free(w->heap);
    free(w->heap_cost);
}

static int ways_prepare(struct ways *w, const struct lh_terrain *terrain)
{
    *w = (struct ways){.half_m = terrain->half_m};
    w->cell_m = 2.0F * terrain->half_m / (float)(GRID - 1);
    w->height_m = calloc(CELLS, sizeof *w->height_m);
    w->cost = calloc(CELLS, sizeof *w->cost);
    w->from = calloc(CELLS, sizeof *w->from);
    w->done = calloc(CELLS, sizeof *w->done);
    w->paved = calloc(CELLS, sizeof *w->paved);
    w->heap = calloc(HEAP_ROOM, sizeof *w->heap);
    w->heap_cost = calloc(HEAP_ROOM, sizeof *w->heap_cost);
    if (!w->height_m || !w->cost || !w->from || !w->done || !w->paved || !w->heap || !w->heap_cost)
        return LH_ENOMEM;
    for (int y = 0; y < GRID; y++) {
        for (int x = 0; x < GRID; x++)
            w->height_m[y * GRID + x] = lh_terrain_height(terrain, (float)x * w->cell_m - w->half_m,
                                                          (float)y * w->cell_m - w->half_m);
    }
    return LH_OK;
}

static void heap_push(struct ways *w, int cell, float cost)
{
    if (w->heap_count >= (int)HEAP_ROOM)
        return;
    int i = w->heap_count++;
    while (i > 0 && w->heap_cost[(i - 1) / 2] > cost) {
        w->heap[i] = w->heap[(i - 1) / 2];
        w->heap_cost[i] = w->heap_cost[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap[i] = cell;
    w->heap_cost[i] = cost;
}

static int heap_pop(struct ways *w)
{
    int top = w->heap[0];
    w->heap_count--;
    int cell = w->heap[w->heap_count];
    float cost = w->heap_cost[w->heap_count];
    int i = 0;
    for (;;) {
        int child = 2 * i + 1;
        if (child >= w->heap_count)
            break;
        if (child + 1 < w->heap_count && w->heap_cost[child + 1] < w->heap_cost[child])
            child++;
        if (w->heap_cost[child] >= cost)
            break;
        w->heap[i] = w->heap[child];
        w->heap_cost[i] = w->heap_cost[child];
        i = child;
    }
    w->heap[i] = cell;
    w->heap_cost[i] = cost;
    return top;
}

static int cell_of(const struct ways *w, float e, float n)
{
    int x = (int)((e + w->half_m) / w->cell_m + 0.5F);
    int y = (int)((n + w->half_m) / w->cell_m + 0.5F);
    x = x < 1 ? 1 : x > GRID - 2 ? GRID - 2 : x;
    y = y < 1 ? 1 : y > GRID - 2 ? GRID - 2 : y;
    return y * GRID + x;
}

static void relax(struct ways *w, int cell)
{
    static const int dx[8] = {1, 1, 0, -1, -1, -1, 0, 1};
    static const int dy[8] = {0, 1, 1, 1, 0, -1, -1, -1};
    int x = cell % GRID;
    int y = cell / GRID;
    for (int k = 0; k < 8; k++) {
        if (x + dx[k] < 1 || x + dx[k] > GRID - 2 || y + dy[k] < 1 || y + dy[k] > GRID - 2)
            continue;
        int next = cell + dy[k] * GRID + dx[k];
        if (w->done[next])
            continue;
        float run = w->cell_m * ((k & 1) ? 1.41421356F : 1.0F);
        float slope = (w->height_m[next] - w->height_m[cell]) / run / 0.04F;
        float cost = w->cost[cell] + run * (w->paved[next] ? 0.35F : 1.0F + slope * slope);
        if (cost < w->cost[next]) {
            w->cost[next] = cost;
            w->from[next] = cell;
            heap_push(w, next, cost);
        }
    }
}

static bool find_way(struct ways *w, int start, int goal)
{
    for (size_t i = 0; i < CELLS; i++) {
        w->cost[i] = 1e30F;
        w->done[i] = false;
        w->from[i] = -1;
    }
    w->heap_count = 0;
    w->cost[start] = 0.0F;
    heap_push(w, start, 0.0F);
    while (w->heap_count > 0) {
        int cell = heap_pop(w);
        if (cell == goal)
            return true;
        if (w->done[cell])
            continue;
        w->done[cell] = true;
        relax(w, cell);
    }
    return false;
}

/* One round of corner cutting; the ends stay. */
static size_t cut_corners(const struct lh_land_point *in, size_t count, struct lh_land_point *out)
{
    size_t filled = 0;
    out[filled++] = in[0];
    for (size_t i = 0; i + 1 < count; i++) {
        float de = in[i + 1].e - in[i].e;
        float dn = in[i + 1].n - in[i].n;
        out[filled++] = (struct lh_land_point){in[i].e + 0.25F * de, in[i].n + 0.25F * dn};
        out[filled++] = (struct lh_land_point){in[i].e + 0.75F * de, in[i].n + 0.75F * dn};
    }
    out[filled++] = in[count - 1];
    return filled;
}

static void lay_road(struct lh_land *land, struct ways *w, int goal, struct lh_land_point *rough,
                     struct lh_land_point *finer)
{
    size_t count = 0;
    for (int cell = goal; cell >= 0 && count < CELLS; cell = w->from[cell]) {
        float bend = 0.3F * w->cell_m;
        uint32_t h = lh_hash_xy(land->seed + 101, cell, 0);
        int row = cell / GRID;
        rough[count].e =
            (float)(cell % GRID) * w->cell_m - w->half_m + bend * (2.0F * lh_hash_unit(h) - 1.0F);
        rough[count].n = (float)row * w->cell_m - w->half_m +
                         bend * (2.0F * lh_hash_unit(h * 0x9e3779b9U) - 1.0F);
        count++;
        w->paved[cell] = true;
    }
    if (count < 3 || count * 8 + land->point_count > MOST_POINTS)
        return;
    count = cut_corners(rough, count, finer);
    count = cut_corners(finer, count, rough);
    struct lh_road *road = &land->roads[land->road_count++];
    *road = (struct lh_road){.first = land->point_count, .count = count};
    for (size_t i = 0; i < count; i++) {
        land->points[land->point_count++] = rough[i];
        if (i > 0) {
            float de = rough[i].e - rough[i - 1].e;
            float dn = rough[i].n - rough[i - 1].n;
            road->length_m += sqrtf(de * de + dn * dn);
        }
    }
}

static void mark_roads(struct lh_land *land)
{
    for (size_t i = 0; i < land->point_count; i++) {
        int x = (int)((land->points[i].e + land->terrain->half_m) / land->cell_m + 0.5F);
        int y = (int)((land->points[i].n + land->terrain->half_m) / land->cell_m + 0.5F);
        for (int dy = -1; dy <= 1; dy++) {
            for (int dx = -1; dx <= 1; dx++) {
                int cx = x + dx;
                int cy = y + dy;
                if (cx >= 0 && cy >= 0 && cx < land->size && cy < land->size)
                    land->road_near[(size_t)cy * (size_t)land->size + (size_t)cx] =
                        (uint16_t)(i + 1);
            }
        }
    }
}

static void mark_villages(struct lh_land *land)
{
    for (size_t i = 0; i < land->village_count; i++) {
        const struct lh_village *v = &land->villages[i];
        float reach = 1.4F * v->radius_m / land->cell_m + 1.0F;
        int x = (int)((v->e + land->terrain->half_m) / land->cell_m);
        int y = (int)((v->n + land->terrain->half_m) / land->cell_m);
        int r = (int)reach + 1;
        for (int cy = y - r; cy <= y + r; cy++) {
            for (int cx = x - r; cx <= x + r; cx++) {
                if (cx >= 0 && cy >= 0 && cx < land->size && cy < land->size)
                    land->village_near[(size_t)cy * (size_t)land->size + (size_t)cx] =
                        (uint8_t)(i + 1);
            }
        }
    }
}

static bool far_from_villages(const struct lh_land *land, float e, float n, float apart_m)
{
    for (size_t i = 0; i < land->village_count; i++) {
        if (hypotf(land->villages[i].e - e, land->villages[i].n - n) < apart_m)
            return false;
    }
    return true;
}

static void found_villages(struct lh_land *land)
{
    const struct lh_terrain *terrain = land->terrain;
    float reach = 0.72F * terrain->half_m;
    float apart = 0.11F * terrain->half_m;
    for (int want = 0; want < LH_LAND_VILLAGES; want++) {
        float best = -1e9F;
        struct lh_village village = {0};
        for (int trial = 0; trial < 900; trial++) {
            uint32_t h = lh_hash_xy(land->seed + 111, trial, want);
            float e = reach * (2.0F * lh_hash_unit(h) - 1.0F);
            float n = reach * (2.0F * lh_hash_unit(h * 0x9e3779b9U + 1U) - 1.0F);
            if (!far_from_villages(land, e, n, apart))
                continue;
            float normal[3];
            lh_terrain_normal(terrain, e, n, normal);
            float high = (lh_terrain_height(terrain, e, n) - terrain->lowest_m) /
                         (terrain->highest_m - terrain->lowest_m + 1.0F);
            float middle = hypotf(e, n) / terrain->half_m;
            float score = normal[2] * 12.0F - high - 0.5F * middle;
            if (score > best) {
                best = score;
                village = (struct lh_village){e, n, 90.0F + 130.0F * lh_hash_unit(h ^ 0x55U)};
            }
        }
        if (best > -1e8F)
            land->villages[land->village_count++] = village;
    }
}

/* Joins each village to the nearest one founded before it. */
static int build_roads(struct lh_land *land)
{
    struct ways w;
    struct lh_land_point *rough = calloc(CELLS, sizeof *rough);
    struct lh_land_point *finer = calloc(CELLS * 2, sizeof *finer);
    int error = ways_prepare(&w, land->terrain);
    if (!rough || !finer)
        error = LH_ENOMEM;
    for (size_t i = 1; i < land->village_count && !error; i++) {
        const struct lh_village *own = &land->villages[i];
        size_t nearest = 0;
        for (size_t k = 1; k < i; k++) {
            const struct lh_village *other = &land->villages[k];
            const struct lh_village *held = &land->villages[nearest];
            if (hypotf(other->e - own->e, other->n - own->n) <
                hypotf(held->e - own->e, held->n - own->n))
                nearest = k;
        }
        int start = cell_of(&w, land->villages[nearest].e, land->villages[nearest].n);
        int goal = cell_of(&w, own->e, own->n);
        if (start != goal && find_way(&w, start, goal))
            lay_road(land, &w, goal, rough, finer);
    }
    ways_release(&w);
    free(rough);
    free(finer);
    return error;
}

int lh_settle(struct lh_land *land)
{
    land->points = calloc(MOST_POINTS, sizeof *land->points);
    if (!land->points)
        return LH_ENOMEM;
    found_villages(land);
    mark_villages(land);
    int error = build_roads(land);
    if (error)
        return error;
    mark_roads(land);
    return LH_OK;
}
