#include "world/layer.h"

#include "world/noise.h"

#include <math.h>
#include <stdlib.h>

#define REACH 2.3F /* the disc's radius in sigmas */
#define CELLS_MOST 900000.0F
#define HALF (0.5F * (float)LH_SPRITE)

void lh_sprites_make(struct lh_sprites *sprites, uint64_t seed)
{
    for (int k = 0; k < LH_SPRITES; k++) {
        uint32_t own = (uint32_t)lh_hash(seed, 40 + (uint64_t)k);
        for (int y = 0; y < LH_SPRITE; y++) {
            for (int x = 0; x < LH_SPRITE; x++) {
                float u = ((float)x + 0.5F) / HALF - 1.0F;
                float v = ((float)y + 0.5F) / HALF - 1.0F;
                float bend = 0.45F * lh_noise_octaves(own, u * 2.1F + 9.0F, v * 2.1F, 4);
                float r = sqrtf(u * u + v * v) + bend;
                float billow =
                    1.0F - fabsf(lh_noise_octaves(own + 77, u * 3.0F, v * 3.0F + 5.0F, 3));
                float body =
                    expf(-0.5F * r * r * REACH * REACH) * (0.30F + 1.05F * billow * billow);
                float rim = lh_smooth(1.0F, 0.7F, sqrtf(u * u + v * v));
                sprites->density[k][y * LH_SPRITE + x] = body * rim;
            }
        }
    }
}

struct spot {
    float x;
    float y;
    float distance_m;
    float radius; /* pixels to the rim, horizontally */
    float radius_y;
    float depth;
    const struct lh_puff *puff;
};

static int farthest_first(const void *a, const void *b)
{
    const struct spot *p = a;
    const struct spot *q = b;
    if (p->distance_m != q->distance_m)
        return p->distance_m < q->distance_m ? 1 : -1;
    return (p->puff > q->puff) - (p->puff < q->puff);
}

static size_t project(const struct lh_view *view, const struct lh_puff *puffs, size_t count,
                      struct spot *spots)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct spot *s = &spots[kept];
        if (!lh_view_project(view, puffs[i].place, &s->x, &s->y, &s->distance_m))
            continue;
        if (s->distance_m < 3.0F * puffs[i].sigma_m || puffs[i].depth < 0.004F)
            continue;
        float scale = view->focal_px / s->distance_m;
        float across = puffs[i].sigma_m * scale;
        float tall = puffs[i].sigma_z_m * scale;
        float wide = fmaxf(across, 0.55F);
        float high = fmaxf(tall, 0.55F);
        s->depth = puffs[i].depth * across * tall / (wide * high);
        s->radius = wide * REACH;
        s->radius_y = high * REACH;
        if (s->x + s->radius < 0.0F || s->x - s->radius > (float)view->width ||
            s->y + s->radius_y < 0.0F || s->y - s->radius_y > (float)view->height)
            continue;
        s->puff = &puffs[i];
        kept++;
    }
    return kept;
}

static int layer_room(struct lh_layer *layer, size_t cells)
{
    if (cells <= layer->room)
        return LH_OK;
    free(layer->clear);
    free(layer->lit);
    free(layer->warm);
    layer->room = 0;
    layer->clear = calloc(cells, sizeof *layer->clear);
    layer->lit = calloc(cells, sizeof *layer->lit);
    layer->warm = calloc(cells, sizeof *layer->warm);
    if (!layer->clear || !layer->lit || !layer->warm) {
        lh_layer_finish(layer);
        return LH_ENOMEM;
    }
    layer->room = cells;
    return LH_OK;
}

static int layer_frame(struct lh_layer *layer, const struct lh_view *view, const struct spot *spots,
                       size_t count)
{
    float low_x = 1e9F;
    float low_y = 1e9F;
    float high_x = -1e9F;
    float high_y = -1e9F;
    float area = 0.0F;
    float weight = 0.0F;
    float distance = 0.0F;
    layer->front_m = 1e9F;
    for (size_t i = 0; i < count; i++) {
        const struct spot *s = &spots[i];
        low_x = fminf(low_x, s->x - s->radius);
        high_x = fmaxf(high_x, s->x + s->radius);
        low_y = fminf(low_y, s->y - s->radius_y);
        high_y = fmaxf(high_y, s->y + s->radius_y);
        area += 4.0F * s->radius * s->radius_y;
        weight += s->depth;
        distance += s->depth * s->distance_m;
        layer->front_m = fminf(layer->front_m, s->distance_m - 2.0F * s->puff->sigma_m);
    }
    layer->distance_m = distance / weight;
    layer->scale = 1;
    while (area > CELLS_MOST && layer->scale < 16) {
        layer->scale *= 2;
        area *= 0.25F;
    }
    layer->x0 = (int)fmaxf(floorf(low_x), 0.0F) & ~15;
    layer->y0 = (int)fmaxf(floorf(low_y), 0.0F) & ~15;
    layer->x1 = (int)fminf(ceilf(high_x) + 1.0F, (float)view->width);
    layer->y1 = (int)fminf(ceilf(high_y) + 1.0F, (float)view->height);
    if (layer->x1 <= layer->x0 || layer->y1 <= layer->y0)
        return LH_OK;
    layer->width = (layer->x1 - layer->x0 + layer->scale - 1) / layer->scale;
    layer->height = (layer->y1 - layer->y0 + layer->scale - 1) / layer->scale;
    size_t cells = (size_t)layer->width * (size_t)layer->height;
    int error = layer_room(layer, cells);
    if (error)
        return error;
    for (size_t i = 0; i < cells; i++) {
        layer->clear[i] = 1.0F;
        layer->lit[i] = 0.0F;
        layer->warm[i] = 0.0F;
    }
    layer->drawn = true;
    return LH_OK;
}

/* Distance to the ground behind a cell; of coarse cells the farthest pixel's. */
static float ground_behind(const struct lh_layer *layer, const struct lh_view *view, int cx, int cy)
{
    int step = layer->scale;
    int x = layer->x0 + cx * step;
    int y = layer->y0 + cy * step;
    const float *row = view->distance_m + (size_t)y * (size_t)view->width;
    if (step == 1)
        return row[x];
    int right = x + step - 1 < view->width ? x + step - 1 : view->width - 1;
    int below = y + step - 1 < view->height ? y + step - 1 : view->height - 1;
    const float *last = view->distance_m + (size_t)below * (size_t)view->width;
    return fmaxf(fmaxf(row[x], row[right]), fmaxf(last[x], last[right]));
}

static float sprite_at(const float *density, float u, float v)
{
    float x = u * HALF + HALF - 0.5F;
    float y = v * HALF + HALF - 0.5F;
    if (x < 0.0F || y < 0.0F || x >= (float)(LH_SPRITE - 1) || y >= (float)(LH_SPRITE - 1))
        return 0.0F;
    int ix = (int)x;
    int iy = (int)y;
    x -= (float)ix;
    y -= (float)iy;
    const float *p = &density[iy * LH_SPRITE + ix];
    float low = p[0] + (p[1] - p[0]) * x;
    float high = p[LH_SPRITE] + (p[LH_SPRITE + 1] - p[LH_SPRITE]) * x;
    return low + (high - low) * y;
}

static void splat(struct lh_layer *layer, const struct lh_view *view,
                  const struct lh_sprites *sprites, const struct spot *s, const float sun[2])
{
    const float *density = sprites->density[s->puff->kind % LH_SPRITES];
    float step = (float)layer->scale;
    float cosine = cosf(s->puff->turn);
    float sine = sinf(s->puff->turn);
    float sigma = s->puff->sigma_m;
    int cx0 = (int)fmaxf((s->x - s->radius - (float)layer->x0) / step, 0.0F);
    int cy0 = (int)fmaxf((s->y - s->radius_y - (float)layer->y0) / step, 0.0F);
    int cx1 = (int)fminf((s->x + s->radius - (float)layer->x0) / step + 1.0F, (float)layer->width);
    int cy1 =
        (int)fminf((s->y + s->radius_y - (float)layer->y0) / step + 1.0F, (float)layer->height);
    for (int cy = cy0; cy < cy1; cy++) {
        float v = ((float)layer->y0 + ((float)cy + 0.5F) * step - s->y) / s->radius_y;
        for (int cx = cx0; cx < cx1; cx++) {
            float u = ((float)layer->x0 + ((float)cx + 0.5F) * step - s->x) / s->radius;
            if (u * u + v * v >= 1.0F)
                continue;
            float ground = ground_behind(layer, view, cx, cy);
            float room = (ground - s->distance_m) / (2.0F * sigma) + 1.0F;
            if (room <= 0.0F)
                continue;
            float t = s->depth * sprite_at(density, u * cosine - v * sine, u * sine + v * cosine);
            t *= fminf(room, 1.0F);
            float alpha = 1.0F - 1.0F / (1.0F + t * (1.0F + t * (0.5F + t * 0.1666667F)));
            float side = 0.24F * (u * sun[0] + v * sun[1]) * REACH;
            float shade = s->puff->shade * (1.0F + fminf(fmaxf(side, -0.35F), 0.30F));
            size_t i = (size_t)cy * (size_t)layer->width + (size_t)cx;
            layer->clear[i] *= 1.0F - alpha;
            layer->lit[i] += alpha * (shade - layer->lit[i]);
            layer->warm[i] += alpha * (s->puff->warm - layer->warm[i]);
        }
    }
}

int lh_layer_draw(struct lh_layer *layer, const struct lh_view *view,
                  const struct lh_sprites *sprites, struct lh_puff *puffs, size_t count,
                  const float sun[3])
{
    struct spot spots[LH_PUFFS_MOST];
    layer->drawn = false;
    if (count > LH_PUFFS_MOST)
        count = LH_PUFFS_MOST;
    size_t kept = project(view, puffs, count, spots);
    if (kept == 0)
        return LH_OK;
    qsort(spots, kept, sizeof *spots, farthest_first);
    int error = layer_frame(layer, view, spots, kept);
    if (error || !layer->drawn)
        return error;
    float flat[2] = {sun[0] * view->axis_x[0] + sun[1] * view->axis_x[1] + sun[2] * view->axis_x[2],
                     sun[0] * view->axis_y[0] + sun[1] * view->axis_y[1] +
                         sun[2] * view->axis_y[2]};
    for (size_t i = 0; i < kept; i++)
        splat(layer, view, sprites, &spots[i], flat);
    return LH_OK;
}

void lh_layer_finish(struct lh_layer *layer)
{
    free(layer->clear);
    free(layer->lit);
    free(layer->warm);
    *layer = (struct lh_layer){0};
}

static float between(const float *low, const float *high, int left, int right, float u, float v)
{
    float a = low[left] + (low[right] - low[left]) * u;
    float b = high[left] + (high[right] - high[left]) * u;
    return a + (b - a) * v;
}

void lh_layer_row(const struct lh_layer *layer, const struct lh_view *view, int y, float *clear,
                  float *lit, float *warm)
{
    int count = layer->x1 - layer->x0;
    int wide = layer->width;
    if (layer->scale == 1) {
        size_t at = (size_t)(y - layer->y0) * (size_t)wide;
        for (int i = 0; i < count; i++) {
            clear[i] = layer->clear[at + (size_t)i];
            lit[i] = layer->lit[at + (size_t)i];
            warm[i] = layer->warm[at + (size_t)i];
        }
        return;
    }
    float inverse = 1.0F / (float)layer->scale;
    float fy = fmaxf(((float)(y - layer->y0) + 0.5F) * inverse - 0.5F, 0.0F);
    int y_low = (int)fy;
    int y_high = y_low + 1 < layer->height ? y_low + 1 : y_low;
    size_t low = (size_t)y_low * (size_t)wide;
    size_t high = (size_t)y_high * (size_t)wide;
    const float *ground = view->distance_m + (size_t)y * (size_t)view->width + layer->x0;
    for (int i = 0; i < count; i++) {
        if (ground[i] < layer->front_m) {
            clear[i] = 1.0F;
            lit[i] = 0.0F;
            warm[i] = 0.0F;
            continue;
        }
        float fx = fmaxf(((float)i + 0.5F) * inverse - 0.5F, 0.0F);
        int left = (int)fx;
        int right = left + 1 < wide ? left + 1 : left;
        float u = fx - (float)left;
        float v = fy - (float)y_low;
        clear[i] = between(layer->clear + low, layer->clear + high, left, right, u, v);
        lit[i] = between(layer->lit + low, layer->lit + high, left, right, u, v);
        warm[i] = between(layer->warm + low, layer->warm + high, left, right, u, v);
    }
}
