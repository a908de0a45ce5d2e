#include "flame_classic/blaze.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cv.h"

#define RECENT 15          /* disorder values kept a region */
#define MIN_RECENT 4       /* of them before flicker is judged */
#define FLICKER_GAP_S 0.26 /* four pictures a second, with jitter */
#define KNOWN_SHARE 0.05f  /* of the time a place glowed, above which it is not new */
#define HELD_SCORE 0.3f    /* a region that looks this much like fire does not become known */
#define FORGET_PICTURES 10
#define SEARCH_PX 4     /* around a region's last box */
#define MIN_AREA 12     /* mask pixels: fewer have no outline to speak of */
#define MASKS 8         /* kept to compare with */
#define MASK_GAP_S 0.03 /* between them */
#define COMPARE_S 0.19  /* age of the one compared with, where pictures come often enough */
#define LASTING_S 1.0
#define AREAS 16 /* kept a region */

struct memory {
    struct lh_cv_region region;
    int first_area;
    double first_x;
    double first_y;
    int64_t first_us;
    float disorder[RECENT];
    size_t disorders;
    float pulse[RECENT]; /* same index */
    float area[AREAS];   /* a ring, one a picture it was seen in */
    int64_t area_us[AREAS];
    int hits;
    int missed;
    bool taken; /* by a region of the picture at hand */
};

struct blaze {
    struct blaze_config config;
    int width;
    int height;
    size_t pixels;
    uint8_t *masks; /* MASKS of them, a ring */
    int64_t mask_us[MASKS];
    size_t mask_count;
    const uint8_t *before; /* the one compared with; NULL: none yet */
    float *known;          /* share of the time that a pixel glowed */
    uint8_t *held;         /* pixels of the picture at hand that are not to be learnt */
    int64_t first_us;
    int64_t last_us;
    bool started;
    double gap_s; /* smoothed distance of pictures */
    struct memory memories[BLAZE_MAX_REGIONS];
    size_t memory_count;
};

int blaze_create(const struct blaze_config *config, int width, int height, struct blaze **ret_blaze)
{
    struct blaze *b;

    if (width < 8 || height < 8 || width > 8192 || height > 8192)
        return -1;
    b = calloc(1, sizeof(*b));
    if (b == NULL)
        return -1;
    b->config = *config;
    b->width = width;
    b->height = height;
    b->pixels = (size_t)width * (size_t)height;
    b->masks = calloc(b->pixels, MASKS);
    b->known = calloc(b->pixels, sizeof(*b->known));
    b->held = calloc(b->pixels, 1);
    if (b->masks == NULL || b->known == NULL || b->held == NULL) {
        blaze_destroy(&b);
        return -1;
    }
    *ret_blaze = b;
    return 0;
}

void blaze_destroy(struct blaze **blaze)
{
    struct blaze *b = *blaze;

    if (b == NULL)
        return;
    free(b->masks);
    free(b->known);
    free(b->held);
    free(b);
    *blaze = NULL;
}

void blaze_forget(struct blaze *b)
{
    memset(b->known, 0, b->pixels * sizeof(*b->known));
    b->started = false;
    b->mask_count = 0;
    b->memory_count = 0;
}

static float clamp01(float x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

struct span {
    int x0;
    int y0;
    int x1;
    int y1;
};

static struct span around(const struct blaze *b, const struct lh_cv_region *r, int margin)
{
    struct span s = {r->x - margin, r->y - margin, r->x + r->width + margin,
                     r->y + r->height + margin};

    s.x0 = s.x0 < 0 ? 0 : s.x0;
    s.y0 = s.y0 < 0 ? 0 : s.y0;
    s.x1 = s.x1 > b->width ? b->width : s.x1;
    s.y1 = s.y1 > b->height ? b->height : s.y1;
    return s;
}

static bool near_set(const struct blaze *b, const uint8_t *mask, int x, int y)
{
    for (int ny = y > 0 ? y - 1 : 0; ny <= y + 1 && ny < b->height; ny++)
        for (int nx = x > 0 ? x - 1 : 0; nx <= x + 1 && nx < b->width; nx++)
            if (mask[(size_t)ny * (size_t)b->width + (size_t)nx])
                return true;
    return false;
}

/* Share of pixels that changed, of those that glow now or did before, in and around the region. A
 * pixel next to the other outline has not changed: noise and a shaking mast move outlines by one. */
static float disorder_against(const struct blaze *b, const uint8_t *mask, const uint8_t *before,
                              const struct lh_cv_region *r)
{
    struct span s = around(b, r, SEARCH_PX);
    int either = 0, changed = 0;

    for (int y = s.y0; y < s.y1; y++)
        for (int x = s.x0; x < s.x1; x++) {
            size_t i = (size_t)y * (size_t)b->width + (size_t)x;
            bool now = mask[i] != 0;
            bool then = before[i] != 0;
            either += now || then;
            changed += now != then && !near_set(b, now ? before : mask, x, y);
        }
    return either > 0 ? (float)changed / (float)either : 0;
}

/* Against the mask a fifth of a second ago where flicker is sampled; where not, against the kept mask
 * that is most alike, because a sign comes back to a state it had and a flame does not. */
static float disorder_of(const struct blaze *b, const uint8_t *mask, const struct lh_cv_region *r,
                         bool sampled)
{
    size_t kept = b->mask_count < MASKS ? b->mask_count : MASKS;
    float least = 1.0f;

    if (sampled)
        return disorder_against(b, mask, b->before, r);
    for (size_t i = 0; i < kept; i++)
        least = fminf(least, disorder_against(b, mask, b->masks + i * b->pixels, r));
    return least;
}

static float new_share(const struct blaze *b, const uint8_t *mask, const struct lh_cv_region *r,
                       int64_t utc_us)
{
    double seen_s = (double)(utc_us - b->first_us) / 1e6;
    float known = KNOWN_SHARE * (float)(1.0 - exp(-seen_s / b->config.long_s));
    struct span s = around(b, r, 0);
    int glowing = 0, fresh = 0;

    for (int y = s.y0; y < s.y1; y++)
        for (int x = s.x0; x < s.x1; x++) {
            size_t i = (size_t)y * (size_t)b->width + (size_t)x;
            glowing += mask[i] != 0;
            fresh += mask[i] != 0 && b->known[i] < known;
        }
    return glowing > 0 ? (float)fresh / (float)glowing : 0;
}

/* The slot of the area seen so many seconds ago, or so many pictures where those come slowly; -1: too young. */
static int area_before(const struct memory *m, int64_t utc_us, int steps, bool sampled)
{
    int kept = m->hits < AREAS ? m->hits : AREAS;

    for (int age = 1; age <= kept; age++) {
        int slot = (m->hits - age) % AREAS;
        if (sampled ? (double)(utc_us - m->area_us[slot]) >= steps * COMPARE_S * 1e6 : age == steps)
            return slot;
    }
    return -1;
}

static float change_of(float area, float before)
{
    return fabsf(area - before) / fmaxf(area, before);
}

/* For spots too small to have an outline: the change of area since a fifth of a second ago, as a share of the
 * larger; where pictures come slowly since the last picture, or the one before where that is less, so that a sign
 * of two states has none. Only where it grew before and shrinks now, or the reverse: the moon that comes over a
 * ridge and a car that draws near only grow. Counts in the dark alone: by day leaves and clouds before the sun do
 * the same (ten more tracks on vegas, rm-n and om-e). */
static float pulse_of(const struct memory *m, int64_t utc_us, bool sampled)
{
    float area = (float)m->region.area;
    int last = area_before(m, utc_us, 1, sampled);
    int before = area_before(m, utc_us, 2, sampled);

    if (last < 0 || before < 0 || (area - m->area[last]) * (m->area[last] - m->area[before]) >= 0)
        return 0;
    float pulse = change_of(area, m->area[last]);
    return sampled ? pulse : fminf(pulse, change_of(area, m->area[before]));
}

static float median_of(const float *values, size_t count)
{
    size_t n = count < RECENT ? count : RECENT;
    float v[RECENT];

    for (size_t i = 0; i < n; i++) {
        size_t j = i;
        for (; j > 0 && v[j - 1] > values[i]; j--)
            v[j] = v[j - 1];
        v[j] = values[i];
    }
    return n > 0 ? v[n / 2] : 0;
}

static float mean_of(const float *values, size_t count)
{
    size_t n = count < RECENT ? count : RECENT;
    float sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return n > 0 ? sum / (float)n : 0;
}

static struct memory *recall(struct blaze *b, const struct lh_cv_region *r, int64_t utc_us)
{
    struct memory *best = NULL;
    int best_overlap = 0;

    for (size_t i = 0; i < b->memory_count; i++) {
        struct memory *m = &b->memories[i];
        struct span s = around(b, &m->region, SEARCH_PX);
        int w = (s.x1 < r->x + r->width ? s.x1 : r->x + r->width) - (s.x0 > r->x ? s.x0 : r->x);
        int h = (s.y1 < r->y + r->height ? s.y1 : r->y + r->height) - (s.y0 > r->y ? s.y0 : r->y);
        if (!m->taken && w > 0 && h > 0 && w * h > best_overlap) {
            best_overlap = w * h;
            best = m;
        }
    }
    if (best == NULL && b->memory_count < BLAZE_MAX_REGIONS) {
        best = &b->memories[b->memory_count++];
        memset(best, 0, sizeof(*best));
        best->first_us = utc_us;
        best->first_area = r->area;
        best->first_x = r->centre_x;
        best->first_y = r->centre_y;
    }
    return best;
}

/* Every term is 0..1:
 *   unrest    the larger of (median disorder - 0.05) / 0.15 and (mean pulse - 0.03) / 0.1
 *   anchored  exp(-(way of the centre since it was first seen / its size)^2)
 *   lasting   pictures seen / 4, and seconds since first seen
 *   new       share of the region that did not glow in the long background; 1 where flicker is sampled
 *   growth    0.6 .. 1 over a twofold growth
 * score = anchored * lasting * new * sqrt(unrest * growth) */
static float judge(const struct memory *m, const struct lh_cv_region *r, int64_t utc_us,
                   float fresh)
{
    float size = sqrtf((float)(r->width * r->height)) + 2.0f;
    float way = (float)hypot(r->centre_x - m->first_x, r->centre_y - m->first_y) / size;
    float disorder = clamp01((median_of(m->disorder, m->disorders) - 0.05f) / 0.15f);
    float pulse = clamp01((mean_of(m->pulse, m->disorders) - 0.03f) / 0.1f);
    float age_s = (float)(utc_us - m->first_us) / 1e6f;
    float lasting = clamp01(fminf((float)m->hits / MIN_RECENT, age_s / (float)LASTING_S));
    float growth = clamp01((float)r->area / (float)m->first_area - 1.0f);

    return expf(-way * way) * lasting * fresh *
           sqrtf(fmaxf(disorder, pulse) * (0.6f + 0.4f * growth));
}

static void note_unrest(const struct blaze *b, struct memory *m, const uint8_t *mask,
                        int64_t utc_us, enum glow_light light, bool sampled)
{
    float area = (float)m->region.area;

    m->pulse[m->disorders % RECENT] = light == GLOW_DARK ? pulse_of(m, utc_us, sampled) : 0.0f;
    m->disorder[m->disorders++ % RECENT] = disorder_of(b, mask, &m->region, sampled);
    m->area[m->hits % AREAS] = area;
    m->area_us[m->hits++ % AREAS] = utc_us;
}

static void hold(struct blaze *b, const struct lh_cv_region *r)
{
    struct span s = around(b, r, SEARCH_PX);

    for (int y = s.y0; y < s.y1; y++)
        memset(b->held + (size_t)y * (size_t)b->width + (size_t)s.x0, 1, (size_t)(s.x1 - s.x0));
}

static void learn(struct blaze *b, const uint8_t *mask, int64_t utc_us, double gap_s)
{
    float a = (float)(1.0 - exp(-gap_s / b->config.long_s));

    for (size_t i = 0; i < b->pixels; i++)
        if (!b->held[i])
            b->known[i] += a * ((mask[i] ? 1.0f : 0.0f) - b->known[i]);
    if (b->mask_count > 0 &&
        (double)(utc_us - b->mask_us[(b->mask_count - 1) % MASKS]) < MASK_GAP_S * 1e6)
        return;
    b->mask_us[b->mask_count % MASKS] = utc_us;
    memcpy(b->masks + (b->mask_count % MASKS) * b->pixels, mask, b->pixels);
    b->mask_count++;
}

/* The youngest kept mask that is old enough, else the oldest kept when pictures come fast, else the
 * one before. */
static void choose_before(struct blaze *b, int64_t utc_us)
{
    size_t kept = b->mask_count < MASKS ? b->mask_count : MASKS;

    b->before = NULL;
    for (size_t age = 1; age <= kept; age++) {
        size_t slot = (b->mask_count - age) % MASKS;
        b->before = b->masks + slot * b->pixels;
        if ((double)(utc_us - b->mask_us[slot]) >= COMPARE_S * 1e6)
            return;
    }
}

static void forget_missed(struct blaze *b)
{
    size_t kept = 0;

    for (size_t i = 0; i < b->memory_count; i++) {
        struct memory *m = &b->memories[i];
        m->missed = m->taken ? 0 : m->missed + 1;
        if (m->missed <= FORGET_PICTURES)
            b->memories[kept++] = *m;
    }
    b->memory_count = kept;
}

static void follow(struct blaze *b, const uint8_t *mask, const struct lh_cv_region *found,
                   size_t count, enum glow_light light, int64_t utc_us,
                   struct blaze_region *regions, size_t *ret_count)
{
    bool sampled = b->gap_s > 0 && b->gap_s <= FLICKER_GAP_S;
    bool warm = (double)(utc_us - b->first_us) / 1e6 >= b->config.warmup_s;
    size_t kept = 0;

    for (size_t i = 0; i < b->memory_count; i++)
        b->memories[i].taken = false;
    for (size_t i = 0; i < count && kept < BLAZE_MAX_REGIONS; i++) {
        const struct lh_cv_region *r = &found[i];
        if (r->area < MIN_AREA || r->area < b->config.min_area_share * (double)b->pixels ||
            r->area > b->config.max_area_share * (double)b->pixels)
            continue;
        struct memory *m = recall(b, r, utc_us);
        if (m == NULL)
            continue;
        m->taken = true;
        m->region = *r;
        note_unrest(b, m, mask, utc_us, light, sampled);
        bool flicker = sampled && light == GLOW_COLOUR && m->disorders >= MIN_RECENT;
        bool judged = m->disorders >= (flicker ? 2 : MIN_RECENT);
        float fresh = warm && !flicker ? new_share(b, mask, r, utc_us) : 1.0f;
        float score = judged ? judge(m, r, utc_us, fresh) : 0.0f;
        if ((!judged || score >= HELD_SCORE) &&
            (double)(utc_us - m->first_us) < b->config.long_s * 1e6)
            hold(b, r);
        if (!warm && light == GLOW_DARK)
            continue;
        if (score > 0.05f)
            regions[kept++] = (struct blaze_region){r->x, r->y, r->width, r->height, score};
    }
    *ret_count = kept;
}

int blaze_look(struct blaze *b, uint8_t *mask, enum glow_light light, int64_t utc_us,
               struct blaze_region *regions, size_t *ret_count)
{
    struct lh_cv_region found[256];
    size_t count = 0;
    double gap_s = b->started ? (double)(utc_us - b->last_us) / 1e6 : 0;

    *ret_count = 0;
    if (!b->started) {
        b->first_us = utc_us;
        b->gap_s = 0;
    } else {
        b->gap_s += (b->gap_s == 0 ? 1.0 : 0.2) * (gap_s - b->gap_s);
    }
    if (lh_cv_close(mask, b->width, b->height, 1) != LH_CV_OK ||
        lh_cv_regions(mask, b->width, b->height, NULL, found, sizeof(found) / sizeof(found[0]),
                      &count) != LH_CV_OK)
        return -1;
    memset(b->held, 0, b->pixels);
    choose_before(b, utc_us);
    if (b->mask_count > 0)
        follow(b, mask, found, count, light, utc_us, regions, ret_count);
    forget_missed(b);
    learn(b, mask, utc_us, gap_s);
    b->started = true;
    b->last_us = utc_us;
    return 0;
}
