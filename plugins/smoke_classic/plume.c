#include "smoke_classic/plume.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cv.h"
#include "view_shift.h"

#define TILES_ACROSS 8 /* of the field of slow, wide change that is taken off */
#define TILES_DOWN 6
#define TILE_SAMPLES 256
#define CHANGE_THRESHOLD 4.0f /* spreads */
#define BLACK_LEVEL 10.0f
#define NIGHT_LEVEL 40.0f /* median luma of the view below which there is no daylight to scatter */
#define SKY_TEXTURE 3.0f  /* levels between neighbouring pixels, noise included */
#define LAND_TEXTURE 2.0f
#define SKY_STEP 8.0f     /* levels from cell to cell: more is a skyline */
#define GREY_CHROMA 12.0f /* no more colourful than hazy air is grey, whatever was there before */
#define LEARN_SHARE                                                                                \
    0.4 /* the most that one picture says, so that what passes once is no evidence */
#define HIDING_SCORE 0.3f
#define EVIDENCE_SEED 0.5f
#define EVIDENCE_EDGE 0.3f

/* A region followed over pictures. */
struct memory {
    struct smoke_region box;
    int area;
    int first_area;
    int first_bottom;
    float first_x;
    int hits;
    float alive[2]; /* of the pictures before, the newest first */
    int64_t first_us;
    int64_t last_us;
};

struct smoke_plume {
    struct smoke_plume_config config;
    int width;
    int height;
    size_t cells;
    int64_t last_us;
    float *luma;     /* at the background's exposure */
    float *previous; /* the same of the picture before */
    float *residual[3];
    float *change;
    float *alive;
    float *evidence;
    float *scratch;
    uint8_t *sky;
    uint8_t *mask;
    uint8_t *hidden;           /* cells behind what was found */
    struct smoke_exposure fit; /* of the last picture, to the background */
    int32_t *labels;
    int32_t *stack;
    float *floats; /* holds all the planes above */
    float noise;   /* median change from picture to picture, at least one level */
    bool have_previous;
    struct memory memories[SMOKE_MAX_REGIONS];
    size_t memory_count;
};

int smoke_plume_create(const struct smoke_plume_config *config, int width, int height,
                       struct smoke_plume **ret_plume)
{
    struct smoke_plume *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return -1;
    p->config = *config;
    p->width = width;
    p->height = height;
    p->cells = (size_t)width * (size_t)height;
    p->floats = calloc(9 * p->cells, sizeof(float));
    p->sky = calloc(3 * p->cells, 1);
    p->labels = calloc(2 * p->cells, sizeof(int32_t));
    if (p->floats == NULL || p->sky == NULL || p->labels == NULL) {
        smoke_plume_destroy(&p);
        return -1;
    }
    p->mask = p->sky + p->cells;
    p->hidden = p->mask + p->cells;
    p->stack = p->labels + p->cells;
    float *next = p->floats;
    float **planes[] = {&p->luma,   &p->previous, &p->residual[0], &p->residual[1], &p->residual[2],
                        &p->change, &p->alive,    &p->evidence,    &p->scratch};
    for (size_t i = 0; i < sizeof(planes) / sizeof(planes[0]); i++, next += p->cells)
        *planes[i] = next;
    *ret_plume = p;
    return 0;
}

void smoke_plume_destroy(struct smoke_plume **plume)
{
    struct smoke_plume *p = *plume;

    if (p == NULL)
        return;
    free(p->floats);
    free(p->sky);
    free(p->labels);
    free(p);
    *plume = NULL;
}

void smoke_plume_forget(struct smoke_plume *p)
{
    memset(p->evidence, 0, p->cells * sizeof(float));
    p->have_previous = false;
    p->memory_count = 0;
    p->last_us = 0;
}

const int32_t *smoke_plume_labels(const struct smoke_plume *p)
{
    return p->labels;
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;

    return (x > y) - (x < y);
}

static float median_of_window(const struct smoke_plume *p, const float *plane, int x0, int y0,
                              int x1, int y1)
{
    float v[TILE_SAMPLES];
    size_t n = 0;
    int area = (x1 - x0) * (y1 - y0);
    int step = area / TILE_SAMPLES + 1;

    for (int i = 0; i < area && n < TILE_SAMPLES; i += step)
        v[n++] = plane[(y0 + i / (x1 - x0)) * p->width + x0 + i % (x1 - x0)];
    if (n == 0)
        return 0;
    qsort(v, n, sizeof(v[0]), compare_floats);
    return v[n / 2];
}

/* Takes off what has changed alike over a quarter of the picture: sun, vignetting, white balance. */
static void flatten(struct smoke_plume *p, float *plane)
{
    float tile[TILES_DOWN][TILES_ACROSS];

    for (int ty = 0; ty < TILES_DOWN; ty++)
        for (int tx = 0; tx < TILES_ACROSS; tx++) {
            int cx = (2 * tx + 1) * p->width / (2 * TILES_ACROSS);
            int cy = (2 * ty + 1) * p->height / (2 * TILES_DOWN);
            int rx = p->width / 6;
            int ry = p->height / 6;
            tile[ty][tx] = median_of_window(p, plane, cx > rx ? cx - rx : 0, cy > ry ? cy - ry : 0,
                                            cx + rx < p->width ? cx + rx : p->width,
                                            cy + ry < p->height ? cy + ry : p->height);
        }
    for (int y = 0; y < p->height; y++) {
        float fy = ((float)y + 0.5f) * TILES_DOWN / (float)p->height - 0.5f;
        fy = fminf(fmaxf(fy, 0.0f), TILES_DOWN - 1.001f);
        int ty = (int)fy;
        fy -= (float)ty;
        for (int x = 0; x < p->width; x++) {
            float fx = ((float)x + 0.5f) * TILES_ACROSS / (float)p->width - 0.5f;
            fx = fminf(fmaxf(fx, 0.0f), TILES_ACROSS - 1.001f);
            int tx = (int)fx;
            fx -= (float)tx;
            float top = tile[ty][tx] + fx * (tile[ty][tx + 1] - tile[ty][tx]);
            float bottom = tile[ty + 1][tx] + fx * (tile[ty + 1][tx + 1] - tile[ty + 1][tx]);
            plane[y * p->width + x] -= top + fy * (bottom - top);
        }
    }
}

/* Sky: smooth in the background, and joined to the top of the picture through smooth cells
 * without a step in brightness. */
static void find_sky(struct smoke_plume *p, const float *texture, const float *luma)
{
    size_t depth = 0;

    memset(p->sky, 0, p->cells);
    for (int x = 0; x < p->width; x++) {
        for (int y = 0; y < 3; y++) { /* lens rims and printed clocks hide the first rows */
            size_t i = (size_t)y * (size_t)p->width + (size_t)x;
            if (texture[i] < SKY_TEXTURE && !p->sky[i]) {
                p->sky[i] = 1;
                p->stack[depth++] = (int32_t)i;
            }
        }
    }
    while (depth > 0) {
        int i = p->stack[--depth];
        int x = i % p->width;
        int next[4] = {x > 0 ? i - 1 : -1, x + 1 < p->width ? i + 1 : -1, i - p->width,
                       i + p->width};
        for (int k = 0; k < 4; k++) {
            int j = next[k];
            if (j >= 0 && (size_t)j < p->cells && !p->sky[j] && texture[j] < SKY_TEXTURE &&
                fabsf(luma[j] - luma[i]) < SKY_STEP) {
                p->sky[j] = 1;
                p->stack[depth++] = j;
            }
        }
    }
}

static void find_residuals(struct smoke_plume *p, const struct smoke_background *background,
                           const struct smoke_grid *grid, struct smoke_exposure fit)
{
    const float *luma = smoke_background_median(background, SMOKE_LUMA);
    const float *blue = smoke_background_median(background, SMOKE_BLUE);
    const float *red = smoke_background_median(background, SMOKE_RED);

    for (size_t i = 0; i < p->cells; i++) {
        p->residual[0][i] = fit.gain * grid->plane[SMOKE_LUMA][i] + fit.offset - luma[i];
        p->residual[1][i] = grid->plane[SMOKE_BLUE][i] - blue[i];
        p->residual[2][i] = grid->plane[SMOKE_RED][i] - red[i];
    }
    for (int k = 0; k < 3; k++)
        flatten(p, p->residual[k]);
    for (size_t i = 0; i < p->cells; i++)
        p->luma[i] = luma[i] + p->residual[0][i];
}

static float clamp01(float x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* Likeness of every cell into scratch, change into change. Returns the share of cells that changed. */
static float find_likeness(struct smoke_plume *p, const struct smoke_background *background,
                           const struct smoke_grid *grid, struct smoke_exposure fit)
{
    const float *median[SMOKE_PLANES];
    const float *spread[SMOKE_PLANES];
    float floor = (float)p->config.min_contrast / CHANGE_THRESHOLD;
    size_t changed = 0;

    for (int k = 0; k < SMOKE_PLANES; k++) {
        median[k] = smoke_background_median(background, (enum smoke_plane)k);
        spread[k] = smoke_background_spread(background, (enum smoke_plane)k);
    }
    for (size_t i = 0; i < p->cells; i++) {
        float z = p->residual[0][i] / fmaxf(spread[SMOKE_LUMA][i], floor);
        float zb = p->residual[1][i] / fmaxf(spread[SMOKE_BLUE][i], floor);
        float zr = p->residual[2][i] / fmaxf(spread[SMOKE_RED][i], floor);
        float c = sqrtf(z * z + zb * zb + zr * zr);
        float was = hypotf(median[SMOKE_BLUE][i], median[SMOKE_RED][i]);
        float is = hypotf(median[SMOKE_BLUE][i] + p->residual[1][i],
                          median[SMOKE_RED][i] + p->residual[2][i]);
        float grey = clamp01(1.0f - (is - fmaxf(was, GREY_CHROMA)) / 6.0f);
        float veil = 1.0f;
        if (!p->sky[i] && median[SMOKE_TEXTURE][i] > LAND_TEXTURE) {
            float texture = fit.gain * grid->plane[SMOKE_TEXTURE][i] / median[SMOKE_TEXTURE][i];
            float light = fmaxf(p->luma[i] - BLACK_LEVEL, 4.0f) /
                          fmaxf(median[SMOKE_LUMA][i] - BLACK_LEVEL, 4.0f);
            float ratio = texture / light;
            veil = clamp01((1.0f - ratio) / 0.3f);
            if (light > 1.0f)
                veil = fmaxf(veil, clamp01((ratio - 1.3f) / 0.5f));
        }
        p->change[i] = c;
        changed += c > CHANGE_THRESHOLD;
        p->scratch[i] = grey * veil / (1.0f + expf(CHANGE_THRESHOLD - c));
    }
    return (float)changed / (float)p->cells;
}

static void gather(struct smoke_plume *p, int64_t utc_us)
{
    double dt = p->last_us == 0 ? 0.0 : (double)(utc_us - p->last_us) / 1e6;
    double share = 1.0 - exp(-dt / p->config.persistence_s);
    float a = (float)fmin(share, LEARN_SHARE);

    for (size_t i = 0; i < p->cells; i++) {
        p->evidence[i] += a * (p->scratch[i] - p->evidence[i]);
        p->mask[i] = p->evidence[i] > EVIDENCE_EDGE ? 255 : 0;
    }
    p->last_us = utc_us;
}

struct features {
    float seed;     /* strongest evidence */
    float change;   /* mean, spreads */
    float likeness; /* mean evidence */
    float rooted;   /* share of the lowest row's neighbourhood that is land */
    float alive;
    float growth;
    float sky;
    float drift; /* of the bottom, in heights */
    int hits;
};

static void measure(struct smoke_plume *p, const struct lh_cv_region *r, int32_t label,
                    struct features *f)
{
    int n = 0;
    int low = 0, land = 0;

    memset(f, 0, sizeof(*f));
    for (int y = r->y; y < r->y + r->height; y++)
        for (int x = r->x; x < r->x + r->width; x++) {
            size_t i = (size_t)y * (size_t)p->width + (size_t)x;
            if (p->labels[i] != label)
                continue;
            n++;
            f->seed = fmaxf(f->seed, p->evidence[i]);
            f->change += p->change[i];
            f->likeness += p->evidence[i];
            f->alive += p->alive[i];
            f->sky += p->sky[i];
            if (y >= r->y + r->height - 2) {
                int below = y + 3 < p->height ? y + 3 : p->height - 1;
                low++;
                if (y + 1 < p->height) /* a foot out of view stands on nothing known */
                    land += !p->sky[below * p->width + x];
            }
        }
    f->change /= (float)n;
    f->likeness /= (float)n;
    f->alive /= (float)n;
    f->sky /= (float)n;
    f->rooted = low > 0 ? (float)land / (float)low : 0;
}

static struct memory *remember(struct smoke_plume *p, const struct lh_cv_region *r, int64_t utc_us)
{
    struct memory *best = NULL;
    int best_overlap = 0;

    for (size_t i = 0; i < p->memory_count; i++) {
        struct memory *m = &p->memories[i];
        int w = (m->box.x + m->box.width < r->x + r->width ? m->box.x + m->box.width
                                                           : r->x + r->width) -
                (m->box.x > r->x ? m->box.x : r->x);
        int h = (m->box.y + m->box.height < r->y + r->height ? m->box.y + m->box.height
                                                             : r->y + r->height) -
                (m->box.y > r->y ? m->box.y : r->y);
        if (w > 0 && h > 0 && w * h > best_overlap) {
            best_overlap = w * h;
            best = m;
        }
    }
    if (best == NULL) {
        if (p->memory_count == SMOKE_MAX_REGIONS)
            return NULL;
        best = &p->memories[p->memory_count++];
        memset(best, 0, sizeof(*best));
        best->first_area = r->area;
        best->first_bottom = r->y + r->height;
        best->first_us = utc_us;
    }
    if (best->last_us != utc_us) {
        best->hits++;
        best->area = 0;
    }
    best->last_us = utc_us;
    best->area += r->area;
    best->box = (struct smoke_region){r->x, r->y, r->width, r->height, 0, 0};
    return best;
}

static void forget_old(struct smoke_plume *p, int64_t utc_us)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->memory_count; i++)
        if ((double)(utc_us - p->memories[i].last_us) <= p->config.short_s * 1e6)
            p->memories[kept++] = p->memories[i];
    p->memory_count = kept;
}

static float median_of_three(float a, float b, float c)
{
    return fmaxf(fminf(a, b), fminf(fmaxf(a, b), c));
}

/* Every term is 0..1:
 *   strength  1 - exp(-change / 6 spreads)
 *   likeness  mean evidence / 0.6
 *   alive     smoke moves between pictures, lamps, parked cars and shadows do not: (median of the
 *             last three changes between pictures / noise - 1) / 2
 *   growth    0.4 .. 1 over a threefold growth
 *   rooted    share of the foot that stands on land
 *   anchored  exp(-(drift of the foot / half its height)^2)
 *   lasting   pictures seen / 3
 * score = rooted * anchored * lasting * sqrt(strength * likeness * alive * growth) */
static float judge(const struct features *f, float noise)
{
    float strength = 1.0f - expf(-f->change / 6.0f);
    float likeness = clamp01(f->likeness / 0.6f);
    float alive = clamp01((f->alive / noise - 1.0f) / 2.0f);
    float growth = 0.4f + 0.6f * clamp01(logf(f->growth) / logf(3.0f));
    float anchored = expf(-4.0f * f->drift * f->drift);
    float lasting = clamp01((float)f->hits / 3.0f);

    return f->rooted * anchored * lasting * sqrtf(strength * likeness * alive * growth);
}

static void hide(struct smoke_plume *p, const struct smoke_region *r)
{
    for (int y = r->y; y < r->y + r->height; y++)
        for (int x = r->x; x < r->x + r->width; x++)
            if (p->labels[y * p->width + x] == r->label)
                p->hidden[y * p->width + x] = 1;
}

void smoke_plume_look_behind(const struct smoke_plume *p, const struct smoke_background *background,
                             struct smoke_grid *grid)
{
    const float *luma = smoke_background_median(background, SMOKE_LUMA);
    const float *blue = smoke_background_median(background, SMOKE_BLUE);
    const float *red = smoke_background_median(background, SMOKE_RED);
    const float *texture = smoke_background_median(background, SMOKE_TEXTURE);

    for (size_t i = 0; i < p->cells; i++) {
        if (!p->hidden[i])
            continue;
        grid->plane[SMOKE_LUMA][i] = (luma[i] - p->fit.offset) / p->fit.gain;
        grid->plane[SMOKE_BLUE][i] = blue[i];
        grid->plane[SMOKE_RED][i] = red[i];
        grid->plane[SMOKE_TEXTURE][i] = texture[i] / p->fit.gain;
    }
}

static int find_regions(struct smoke_plume *p, int64_t utc_us, struct smoke_region *regions,
                        size_t *ret_count)
{
    struct lh_cv_region found[512];
    size_t count = 0;
    size_t kept = 0;

    if (lh_cv_close(p->mask, p->width, p->height, 1) != LH_CV_OK ||
        lh_cv_regions(p->mask, p->width, p->height, p->labels, found,
                      sizeof(found) / sizeof(found[0]), &count) != LH_CV_OK)
        return -1;
    forget_old(p, utc_us);
    for (size_t i = 0; i < count && kept < SMOKE_MAX_REGIONS; i++) {
        struct lh_cv_region *r = &found[i];
        struct features f;
        if (r->area < p->config.min_area_share * (double)p->cells ||
            r->area > p->config.max_area_share * (double)p->cells)
            continue;
        measure(p, r, (int32_t)i + 1, &f);
        if (f.seed < EVIDENCE_SEED)
            continue;
        struct memory *m = remember(p, r, utc_us);
        if (m == NULL)
            continue;
        f.growth = (float)m->area / (float)m->first_area;
        f.drift = fabsf((float)(r->y + r->height - m->first_bottom)) / (float)r->height;
        f.hits = m->hits;
        float alive = f.alive;
        f.alive = median_of_three(alive, m->alive[0], m->alive[1]);
        m->alive[1] = m->alive[0];
        m->alive[0] = alive;
        float score = judge(&f, p->noise);
        regions[kept] =
            (struct smoke_region){r->x, r->y, r->width, r->height, score, (int32_t)i + 1};
        if (score >= HIDING_SCORE && (double)(utc_us - m->first_us) < p->config.hold_s * 1e6)
            hide(p, &regions[kept]);
        kept++;
    }
    *ret_count = kept;
    return 0;
}

int smoke_plume_look(struct smoke_plume *p, const struct smoke_background *background,
                     const struct smoke_grid *grid, int64_t utc_us, enum smoke_view *ret_view,
                     struct smoke_region *regions, size_t *ret_count)
{
    const float *luma = smoke_background_median(background, SMOKE_LUMA);
    struct smoke_exposure fit = smoke_exposure_fit(grid->plane[SMOKE_LUMA], luma, p->cells);
    struct lh_view_shift shift;

    *ret_count = 0;
    p->fit = fit;
    memset(p->hidden, 0, p->cells);
    find_residuals(p, background, grid, fit);
    for (size_t i = 0; i < p->cells; i++) {
        p->alive[i] = p->have_previous ? fabsf(p->luma[i] - p->previous[i]) : 0;
        p->previous[i] = p->luma[i];
    }
    p->have_previous = true;
    p->noise = fmaxf(median_of_window(p, p->alive, 0, 0, p->width, p->height), 1.0f);
    if (lh_view_shift(luma, p->luma, p->width, p->height, p->scratch, &shift) != 0)
        return -1;
    find_sky(p, smoke_background_median(background, SMOKE_TEXTURE), luma);
    float changed = find_likeness(p, background, grid, fit);
    gather(p, utc_us);
    if (median_of_window(p, luma, 0, 0, p->width, p->height) < NIGHT_LEVEL)
        *ret_view = SMOKE_VIEW_DARK;
    else if (2 * shift.shifted > shift.blocks)
        *ret_view = SMOKE_VIEW_MOVED;
    else if (changed > p->config.max_area_share)
        *ret_view = SMOKE_VIEW_CHANGED;
    else
        *ret_view = SMOKE_VIEW_CLEAR;
    if (*ret_view != SMOKE_VIEW_CLEAR)
        return 0;
    return find_regions(p, utc_us, regions, ret_count);
}
