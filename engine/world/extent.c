#include "world/studio.h"

#include <math.h>
#include <stdlib.h>

#define STEP_SEEN 3.0F /* luma steps that tell a pixel from the background */
#define STEP_SURE 6.0F /* at least one pixel must differ by this */

struct region {
    int x0;
    int y0;
    int x1;
    int y1;
};

static void widen(struct region *r, const struct lh_view *view, float x, float y, float reach)
{
    int x0 = (int)fmaxf(floorf(x - reach), 0.0F);
    int y0 = (int)fmaxf(floorf(y - reach), 0.0F);
    int x1 = (int)fminf(ceilf(x + reach) + 1.0F, (float)view->width);
    int y1 = (int)fminf(ceilf(y + reach) + 1.0F, (float)view->height);
    if (x1 <= x0 || y1 <= y0)
        return;
    r->x0 = x0 < r->x0 ? x0 : r->x0;
    r->y0 = y0 < r->y0 ? y0 : r->y0;
    r->x1 = x1 > r->x1 ? x1 : r->x1;
    r->y1 = y1 > r->y1 ? y1 : r->y1;
}

/* All pixels a source can touch. */
static struct region touched(const struct lh_studio *studio, size_t source)
{
    const struct lh_layer *layer = &studio->layers[source];
    struct region r = {studio->view.width, studio->view.height, 0, 0};
    if (layer->drawn)
        r = (struct region){layer->x0, layer->y0, layer->x1, layer->y1};
    for (size_t i = 0; i < studio->lamp_count; i++) {
        const struct lh_lamp *lamp = &studio->lamps[i];
        if (lamp->source == source)
            widen(&r, &studio->view, lamp->x, lamp->y, 3.0F * lamp->sigma_px + 1.0F);
    }
    return r;
}

static float luma(float *const rgb[3], int x)
{
    return 65.481F * rgb[0][x] + 128.553F * rgb[1][x] + 24.966F * rgb[2][x];
}

/* Composes a row twice and leaves the absolute change of luma in change[]. */
static void compare_row(struct lh_studio *studio, const struct lh_stage *stage, size_t source,
                        int y, const struct region *r, float *change)
{
    float *rgb[3] = {studio->row[0], studio->row[1], studio->row[2]};
    lh_studio_row(studio, stage, y, r->x0, r->x1, LH_NO_SOURCE, rgb);
    lh_studio_develop(studio, r->x0, r->x1, rgb);
    for (int x = r->x0; x < r->x1; x++)
        change[x] = luma(rgb, x);
    lh_studio_row(studio, stage, y, r->x0, r->x1, source, rgb);
    lh_studio_develop(studio, r->x0, r->x1, rgb);
    for (int x = r->x0; x < r->x1; x++)
        change[x] = fabsf(change[x] - luma(rgb, x));
}

static void trim(const long *counts, int from, int to, long least, int *ret_first, int *ret_end)
{
    *ret_first = to;
    *ret_end = from;
    for (int i = from; i < to; i++) {
        if (counts[i] >= least) {
            *ret_first = i < *ret_first ? i : *ret_first;
            *ret_end = i + 1;
        }
    }
}

int lh_studio_box(struct lh_studio *studio, const struct lh_stage *stage, size_t source,
                  struct lh_scene_box *ret_box)
{
    const struct lh_source *own = &stage->sources[source];
    const struct lh_view *view = &studio->view;
    float de = own->place[0] - view->eye[0];
    float dn = own->place[1] - view->eye[1];
    struct lh_scene_box box = {.distance_m = hypotf(de, dn)};
    struct region r = touched(studio, source);
    if (r.x1 <= r.x0 || r.y1 <= r.y0) {
        *ret_box = box;
        return LH_OK;
    }
    if (studio->layers[source].drawn && own->event.kind != LH_SCENE_FIRE)
        box.distance_m = studio->layers[source].distance_m;
    size_t wide = (size_t)view->width;
    size_t tall = (size_t)(r.y1 - r.y0);
    float *change = calloc(wide * tall, sizeof *change);
    long *columns = calloc(wide + (size_t)view->height, sizeof *columns);
    int error = LH_ENOMEM;
    if (!change || !columns)
        goto done;
    error = LH_OK;
    long *rows = columns + wide;
    long pixels = 0;
    float strongest = 0.0F;
    for (int y = r.y0; y < r.y1; y++) {
        float *line = change + (size_t)(y - r.y0) * wide;
        compare_row(studio, stage, source, y, &r, line);
        for (int x = r.x0; x < r.x1; x++) {
            strongest = fmaxf(strongest, line[x]);
            if (line[x] < STEP_SEEN)
                continue;
            columns[x]++;
            rows[y]++;
            pixels++;
        }
    }
    struct region found = r;
    long least = pixels > 400 ? 2 : 1;
    trim(columns, r.x0, r.x1, least, &found.x0, &found.x1);
    trim(rows, r.y0, r.y1, least, &found.y0, &found.y1);
    if (pixels < 5 || strongest < STEP_SURE || found.x1 <= found.x0 || found.y1 <= found.y0)
        goto store;
    double sum = 0.0;
    for (int y = found.y0; y < found.y1; y++) {
        for (int x = found.x0; x < found.x1; x++)
            sum += change[(size_t)(y - r.y0) * wide + (size_t)x];
    }
    int w = found.x1 - found.x0;
    int h = found.y1 - found.y0;
    box.visible = true;
    box.x = (float)found.x0 / (float)view->width;
    box.y = (float)found.y0 / (float)view->height;
    box.width = (float)w / (float)view->width;
    box.height = (float)h / (float)view->height;
    box.contrast = (float)(sum / ((double)w * (double)h));
store:
    *ret_box = box;
done:
    free(change);
    free(columns);
    return error;
}
