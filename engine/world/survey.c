#include "world/survey.h"

#include "world/noise.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define DEG (3.14159265358979323846 / 180.0)
#define SUMMITS 400
#define TOWERS 8
#define HEADINGS 72
#define HFOV_DEG 52.0

struct summit {
    float e;
    float n;
    float z;
    float score;
    float seen[HEADINGS]; /* how much ground 2..12 km away each heading shows, metres */
};

/* Ground seen along a heading, between 2 and 12 km, and the share of it that faces the eye. */
static float seen_along(const struct lh_terrain *terrain, const struct summit *s, float heading)
{
    float e = sinf(heading);
    float n = cosf(heading);
    float eye = s->z + 30.0F;
    float steepest = -1e9F;
    float seen = 0.0F;
    for (int step = 5; step < 200; step++) {
        float far = 60.0F * (float)step;
        float x = s->e + e * far;
        float y = s->n + n * far;
        if (fabsf(x) > terrain->half_m || fabsf(y) > terrain->half_m)
            break;
        float z = lh_terrain_height(terrain, x, y) - far * far * (float)LH_EARTH_BULGE;
        float rise = (z - eye) / far;
        if (rise > steepest) {
            if (far > 2000.0F && rise < 0.02F)
                seen += 60.0F;
            steepest = rise;
        }
    }
    return seen;
}

static void judge(const struct lh_terrain *terrain, struct summit *s)
{
    float total = 0.0F;
    for (int k = 0; k < HEADINGS; k++) {
        s->seen[k] = seen_along(terrain, s, (float)(k * (360.0 / HEADINGS) * DEG));
        total += s->seen[k];
    }
    float off = hypotf(s->e, s->n) / terrain->half_m;
    float ideal = off - 0.26F;
    s->score = total / HEADINGS * (1.0F - fminf(2.2F * fabsf(ideal), 0.9F));
}

static bool is_summit(const struct lh_terrain *terrain, float e, float n)
{
    float here = lh_terrain_height(terrain, e, n);
    for (int k = 0; k < 12; k++) {
        float angle = (float)k * 0.5236F;
        for (int ring = 0; ring < 3; ring++) {
            float r = 80.0F + 160.0F * (float)ring;
            if (lh_terrain_height(terrain, e + r * sinf(angle), n + r * cosf(angle)) > here)
                return false;
        }
    }
    return true;
}

static int best_first(const void *a, const void *b)
{
    const struct summit *p = a;
    const struct summit *q = b;
    if (p->score != q->score)
        return p->score < q->score ? 1 : -1;
    return (p->e > q->e) - (p->e < q->e);
}

/* Climbs from seeded points to the tops about them. */
static size_t find_summits(uint64_t seed, const struct lh_terrain *terrain, struct summit *summits)
{
    struct lh_dice dice = {lh_hash(seed, 10)};
    size_t count = 0;
    double reach = 0.5 * terrain->half_m;
    for (int trial = 0; trial < 6000 && count < SUMMITS; trial++) {
        float e = (float)lh_dice_range(&dice, -reach, reach);
        float n = (float)lh_dice_range(&dice, -reach, reach);
        for (float step = terrain->cell_m * 2.0F; step > 8.0F;) {
            float z = lh_terrain_height(terrain, e, n);
            float best_e = e;
            float best_n = n;
            for (int k = 0; k < 8; k++) {
                float x = e + step * sinf((float)k * 0.7854F);
                float y = n + step * cosf((float)k * 0.7854F);
                float over = lh_terrain_height(terrain, x, y);
                if (over > z) {
                    z = over;
                    best_e = x;
                    best_n = y;
                }
            }
            if (best_e == e && best_n == n)
                step *= 0.5F;
            if (fabsf(best_e) > reach || fabsf(best_n) > reach)
                break;
            e = best_e;
            n = best_n;
        }
        bool fresh = is_summit(terrain, e, n);
        for (size_t i = 0; i < count && fresh; i++)
            fresh = hypotf(summits[i].e - e, summits[i].n - n) > 300.0F;
        if (!fresh)
            continue;
        summits[count] = (struct summit){.e = e, .n = n, .z = lh_terrain_height(terrain, e, n)};
        judge(terrain, &summits[count]);
        count++;
    }
    if (count == 0) {
        summits[0] = (struct summit){.z = lh_terrain_height(terrain, 0.0F, 0.0F)};
        judge(terrain, &summits[0]);
        count = 1;
    }
    qsort(summits, count, sizeof *summits, best_first);
    return count;
}

/* The best of them, kept apart; moved to the front. */
static size_t choose_towers(const struct lh_terrain *terrain, struct summit *summits, size_t count)
{
    size_t chosen = 1;
    for (float apart = 0.17F * terrain->half_m; chosen < TOWERS && apart > 200.0F; apart *= 0.7F) {
        for (size_t i = chosen; i < count && chosen < TOWERS; i++) {
            bool clear = true;
            for (size_t k = 0; k < chosen && clear; k++)
                clear = hypotf(summits[k].e - summits[i].e, summits[k].n - summits[i].n) > apart;
            if (!clear)
                continue;
            struct summit swap = summits[chosen];
            summits[chosen++] = summits[i];
            summits[i] = swap;
        }
    }
    return chosen;
}

static double look_where(const struct summit *s, unsigned turn)
{
    double inward = atan2(-s->e, -s->n) / DEG;
    int half = (int)(HFOV_DEG * 0.5 / (360.0 / HEADINGS));
    int best = 0;
    float most = -1.0F;
    for (int k = 0; k < HEADINGS; k++) {
        float sum = 0.0F;
        for (int i = -half; i <= half; i++)
            sum += s->seen[((k + i) % HEADINGS + HEADINGS) % HEADINGS];
        double off = fabs(remainder(k * (360.0 / HEADINGS) - inward, 360.0));
        sum *= 1.0F - 0.5F * (float)(off / 180.0);
        if (sum > most) {
            most = sum;
            best = k;
        }
    }
    return best * (360.0 / HEADINGS) + turn * 74.0;
}

int lh_survey_cameras(const struct lh_scene_options *options, const struct lh_land *land,
                      unsigned count, struct lh_scene_camera *cameras)
{
    const struct lh_terrain *terrain = land->terrain;
    struct summit *summits = calloc(SUMMITS, sizeof *summits);
    if (!summits)
        return LH_ENOMEM;
    size_t found = find_summits(options->seed, terrain, summits);
    size_t towers = choose_towers(terrain, summits, found);
    struct lh_dice dice = {lh_hash(options->seed, 11)};
    for (unsigned i = 0; i < count; i++) {
        const struct summit *s = &summits[i % towers];
        struct lh_scene_camera *camera = &cameras[i];
        *camera = (struct lh_scene_camera){.ground_m = s->z};
        (void)snprintf(camera->id, sizeof camera->id, "tower-%u", i + 1);
        lh_terrain_to_geo(terrain, s->e, s->n, &camera->latitude_deg, &camera->longitude_deg);
        double grid = look_where(s, i / (unsigned)towers) + lh_dice_range(&dice, -4.0, 4.0);
        double azimuth = grid + lh_terrain_convergence_deg(terrain, s->e, s->n);
        camera->azimuth_deg = fmod(azimuth + 720.0, 360.0);
        camera->mast_m = 24.0 + floor(lh_dice_range(&dice, 0.0, 12.0));
        camera->tilt_deg = lh_dice_range(&dice, -5.5, -3.5);
        camera->roll_deg = lh_dice_range(&dice, -0.5, 0.5);
        camera->hfov_deg = HFOV_DEG + lh_dice_range(&dice, -4.0, 4.0);
    }
    free(summits);
    return LH_OK;
}

struct wish {
    double nearest_m;
    double farthest_m;
    float forest_low;
    float forest_high;
    float margin;   /* share of the picture kept free at its sides */
    float headroom; /* share of the picture that must be free above */
    float give;     /* how far to widen the wish before giving up: 0 not at all, 1 wide */
};

/* A random pixel of a view whose ground fits the wish; widens the wish as trials fail. */
static bool find_ground(const struct lh_view *view, const struct lh_land *land, struct wish wish,
                        struct lh_dice *dice, float ret_place[3])
{
    for (int trial = 0; trial < 6000; trial++) {
        float relax = wish.give * (float)trial / 6000.0F;
        int x = (int)(view->width * lh_dice_range(dice, wish.margin, 1.0 - wish.margin));
        int y = (int)(view->height * lh_dice_range(dice, wish.headroom, 0.97));
        x = x < view->width ? x : view->width - 1;
        y = y < view->height ? y : view->height - 1;
        float far = view->distance_m[(size_t)y * (size_t)view->width + (size_t)x];
        if (far < wish.nearest_m * (1.0 - 0.6 * relax) || far > wish.farthest_m * (1.0 + relax))
            continue;
        float place[3];
        lh_view_ground(view, x, y, place);
        float forest = lh_land_forest(land, place[0], place[1]);
        if (relax < 0.5F && (forest < wish.forest_low || forest > wish.forest_high))
            continue;
        place[2] = lh_terrain_height(land->terrain, place[0], place[1]);
        if (!lh_view_sees(view, land->terrain, place))
            continue;
        for (int i = 0; i < 3; i++)
            ret_place[i] = place[i];
        return true;
    }
    return false;
}

static void settle_event(const struct lh_land *land, struct lh_source *source,
                         enum lh_scene_event_kind kind, const float place[3])
{
    source->event.kind = kind;
    for (int i = 0; i < 3; i++) {
        source->place[i] = place[i];
        source->colour[i] = 1.0F;
    }
    lh_terrain_to_geo(land->terrain, place[0], place[1], &source->event.latitude_deg,
                      &source->event.longitude_deg);
    source->event.ground_m = place[2];
}

/* How long a minute's smoke will look, as a share of the picture; 0 where it leaves it. */
static float smoke_length(const struct lh_scene_options *options, const struct lh_view *view,
                          const float place[3])
{
    float drift = 60.0F * fmaxf((float)options->wind_m_s, 1.0F);
    float angle = (float)(options->wind_from_deg * DEG);
    float end[3] = {place[0] - drift * sinf(angle), place[1] - drift * cosf(angle),
                    place[2] + 60.0F};
    float wide = (float)view->width;
    float x[2];
    float y;
    float far;
    if (!lh_view_project(view, place, &x[0], &y, &far) ||
        !lh_view_project(view, end, &x[1], &y, &far) || x[1] < 0.1F * wide || x[1] > 0.9F * wide)
        return 0.0F;
    return fabsf(x[1] - x[0]) / wide;
}

/* Drills live by the first fire, so it is looked for with care: as far as asked for, where its smoke
 * shows longest; in the first camera that has a good place, else in the best. */
static bool find_first_fire(const struct lh_scene_options *options, const struct lh_land *land,
                            const struct lh_view *views, struct lh_dice *dice, float ret_place[3])
{
    const struct wish wish = {.nearest_m = 850.0 * options->first_fire_km,
                              .farthest_m = 1200.0 * options->first_fire_km,
                              .forest_low = 0.25F,
                              .forest_high = 1.0F,
                              .margin = 0.2F,
                              .headroom = 0.12F,
                              .give = 0.1F};
    const float good = 0.12F / (float)options->first_fire_km;
    float most = 0.0F;
    for (unsigned k = 0; k < options->cameras && most < good; k++) {
        for (int trial = 0; trial < 8; trial++) {
            float place[3];
            if (!find_ground(&views[k], land, wish, dice, place))
                break;
            float length = smoke_length(options, &views[k], place);
            if (length <= most)
                continue;
            most = length;
            for (int i = 0; i < 3; i++)
                ret_place[i] = place[i];
        }
    }
    return most > 0.0F;
}

static bool find_fire(const struct lh_scene_options *options, const struct lh_land *land,
                      const struct lh_view *views, unsigned number, struct lh_dice *dice,
                      float ret_place[3])
{
    struct wish wish = {.nearest_m = 2200.0,
                        .farthest_m = 9000.0,
                        .forest_low = 0.25F,
                        .forest_high = 1.0F,
                        .margin = 0.08F,
                        .headroom = 0.12F,
                        .give = 1.0F};
    if (number == 0) {
        if (find_first_fire(options, land, views, dice, ret_place))
            return true;
        wish.nearest_m = 850.0 * options->first_fire_km;
        wish.farthest_m = 1200.0 * options->first_fire_km;
        wish.margin = 0.2F;
    }
    for (unsigned k = 0; k < options->cameras; k++) {
        if (find_ground(&views[(number + k) % options->cameras], land, wish, dice, ret_place))
            return true;
    }
    return false;
}

size_t lh_survey_fires(const struct lh_scene_options *options, const struct lh_land *land,
                       const struct lh_view *views, struct lh_source *sources)
{
    size_t count = 0;
    double start_s = options->first_ignition_s;
    for (unsigned i = 0; i < options->fires; i++) {
        struct lh_dice dice = {lh_hash(options->seed, 1000 + i)};
        float place[3] = {0.0F};
        double strength = lh_dice_range(&dice, 0.85, 1.4);
        if (i > 0)
            start_s += lh_dice_range(&dice, 18.0, 60.0) * (options->fire_gap_s / 39.0);
        if (!find_fire(options, land, views, i, &dice, place))
            continue;
        struct lh_source *source = &sources[count++];
        *source = (struct lh_source){.seed = lh_hash(options->seed, 2000 + i),
                                     .strength = (float)strength};
        settle_event(land, source, LH_SCENE_FIRE, place);
        source->event.start_s = start_s;
        source->event.end_s = start_s + 7200.0;
    }
    return count;
}

static void tint(struct lh_source *source, float red, float green, float blue)
{
    source->colour[0] = red;
    source->colour[1] = green;
    source->colour[2] = blue;
}

/* How many cameras see a place within their pictures, not farther than far_m. */
static unsigned seen_by(const struct lh_scene_options *options, const struct lh_land *land,
                        const struct lh_view *views, const float point[3], float far_m)
{
    unsigned count = 0;
    for (unsigned i = 0; i < options->cameras; i++) {
        float x = 0.0F;
        float y = 0.0F;
        float far = 0.0F;
        if (lh_view_project(&views[i], point, &x, &y, &far) && far < far_m &&
            x > 0.06F * (float)views[i].width && x < 0.94F * (float)views[i].width && y > 0.0F &&
            y < (float)views[i].height && lh_view_sees(&views[i], land->terrain, point))
            count++;
    }
    return count;
}

/* The stretch of road that most cameras see best. */
static bool find_stretch(const struct lh_scene_options *options, const struct lh_land *land,
                         const struct lh_view *views, struct lh_source *source)
{
    float best = 0.0F;
    for (size_t r = 0; r < land->road_count; r++) {
        int steps = (int)ceilf(land->roads[r].length_m / 150.0F) - 1;
        for (int step = 1; step < steps; step++) {
            float along = 150.0F * (float)step;
            float score = 0.0F;
            for (int k = -3; k <= 3; k++) {
                struct lh_land_point p = lh_road_at(land, r, along + 90.0F * (float)k);
                float point[3] = {p.e, p.n, lh_terrain_height(land->terrain, p.e, p.n) + 3.0F};
                score += (float)seen_by(options, land, views, point, 5500.0F) +
                         0.2F * (float)seen_by(options, land, views, point, 11000.0F);
            }
            if (score > best) {
                best = score;
                source->road = r;
                source->along_m = along;
            }
        }
    }
    return best > 0.0F;
}

static bool place_vehicle(const struct lh_scene_options *options, const struct lh_land *land,
                          const struct lh_view *views, enum lh_scene_event_kind kind,
                          struct lh_source *source)
{
    *source = (struct lh_source){.seed = lh_hash(options->seed, 3000 + (uint64_t)kind),
                                 .strength = 1.0F,
                                 .stretch_m = 420.0F,
                                 .speed_m_s = kind == LH_SCENE_DUST ? 11.0F : 14.0F};
    if (!find_stretch(options, land, views, source))
        return false;
    struct lh_land_point p = lh_road_at(land, source->road, source->along_m);
    float place[3] = {p.e, p.n, lh_terrain_height(land->terrain, p.e, p.n)};
    settle_event(land, source, kind, place);
    tint(source, 0.80F, 0.66F, 0.48F);
    source->event.start_s = kind == LH_SCENE_DUST ? 12.0 : 6.0;
    source->event.end_s = source->event.start_s + 86400.0;
    return true;
}

static bool place_chimney(const struct lh_scene_options *options, const struct lh_land *land,
                          const struct lh_view *views, struct lh_source *source)
{
    struct lh_dice dice = {lh_hash(options->seed, 3100)};
    unsigned most = 0;
    float place[3] = {0.0F};
    for (size_t i = 0; i < land->village_count; i++) {
        const struct lh_village *v = &land->villages[i];
        float e = v->e + v->radius_m * 0.6F;
        float n = v->n - v->radius_m * 0.5F;
        float point[3] = {e, n, lh_terrain_height(land->terrain, e, n) + 30.0F};
        unsigned seen = seen_by(options, land, views, point, 9000.0F);
        if (seen > most) {
            most = seen;
            place[0] = e;
            place[1] = n;
            place[2] = point[2] - 30.0F;
        }
    }
    struct wish wish = {2200.0, 7000.0, 0.0F, 0.3F, 0.1F, 0.3F, 1.0F};
    for (unsigned k = 0; most == 0 && k < options->cameras; k++) {
        unsigned camera = (k + 1) % options->cameras;
        if (find_ground(&views[camera], land, wish, &dice, place))
            most = 1;
    }
    if (most == 0)
        return false;
    *source = (struct lh_source){.seed = lh_hash(options->seed, 3101), .strength = 1.0F};
    settle_event(land, source, LH_SCENE_CHIMNEY, place);
    source->event.start_s = -1e6;
    source->event.end_s = 1e9;
    return true;
}

/* Fog lies along the valley: the axis is the direction in which the ground changes least. */
static bool place_fog(const struct lh_scene_options *options, const struct lh_land *land,
                      const struct lh_view *views, struct lh_source *source)
{
    struct lh_dice dice = {lh_hash(options->seed, 3200)};
    struct wish wish = {4000.0, 9000.0, 0.0F, 1.0F, 0.15F, 0.3F, 1.0F};
    const struct lh_terrain *terrain = land->terrain;
    float best[3] = {0.0F};
    float lowest = 1e9F;
    for (int trial = 0; trial < 24; trial++) {
        float place[3];
        unsigned camera = (unsigned)(trial + 1) % options->cameras;
        if (!find_ground(&views[camera], land, wish, &dice, place) || place[2] >= lowest)
            continue;
        lowest = place[2];
        for (int i = 0; i < 3; i++)
            best[i] = place[i];
    }
    if (lowest >= 1e9F)
        return false;
    *source = (struct lh_source){.seed = lh_hash(options->seed, 3201), .strength = 1.0F};
    float flattest = 1e9F;
    for (int k = 0; k < 18; k++) {
        float e = sinf((float)k * 0.17453F);
        float n = cosf((float)k * 0.17453F);
        float rough = 0.0F;
        for (int step = -4; step <= 4; step++) {
            float along = 150.0F * (float)step;
            rough += fabsf(lh_terrain_height(terrain, best[0] + e * along, best[1] + n * along) -
                           best[2]);
        }
        if (rough < flattest) {
            flattest = rough;
            source->fog_axis[0] = e;
            source->fog_axis[1] = n;
        }
    }
    settle_event(land, source, LH_SCENE_FOG_BANK, best);
    source->event.start_s = -600.0;
    source->event.end_s = 5400.0;
    return true;
}

size_t lh_survey_nuisances(const struct lh_scene_options *options, const struct lh_land *land,
                           const struct lh_view *views, struct lh_source *sources)
{
    size_t count = 0;
    count += place_chimney(options, land, views, &sources[count]) ? 1 : 0;
    count += place_vehicle(options, land, views, LH_SCENE_DUST, &sources[count]) ? 1 : 0;
    count += place_fog(options, land, views, &sources[count]) ? 1 : 0;
    count += place_vehicle(options, land, views, LH_SCENE_HEADLIGHTS, &sources[count]) ? 1 : 0;
    return count;
}
