#include "world/studio.h"

#include "world/noise.h"

#include <math.h>
#include <stdlib.h>

#define SHADE_GRID 512
#define FIRE_TONGUES 14

static int studio_room(struct lh_studio *studio, size_t sources)
{
    const struct lh_view *view = &studio->view;
    size_t pixels = (size_t)view->width * (size_t)view->height;
    size_t coarse = (size_t)studio->coarse_w * (size_t)studio->coarse_h;
    bool whole = true;
    for (int k = 0; k < 2; k++) {
        studio->keys[k].slope = calloc(pixels, 1);
        whole = whole && studio->keys[k].slope;
        for (int c = 0; c < 3; c++) {
            studio->keys[k].sky[c] = calloc(coarse, sizeof(float));
            whole = whole && studio->keys[k].sky[c];
        }
    }
    size_t shadow = (size_t)studio->shadow_w * (size_t)studio->shadow_h;
    for (int k = 0; k < 2; k++) {
        studio->clouds[k].shadow = calloc(shadow, sizeof(float));
        whole = whole && studio->clouds[k].shadow;
        for (int c = 0; c < 3; c++) {
            studio->clouds[k].sky[c] = calloc(coarse, sizeof(float));
            whole = whole && studio->clouds[k].sky[c];
        }
    }
    for (int c = 0; c < 3; c++) {
        studio->sky[c] = calloc(coarse, sizeof(float));
        studio->air[c] = calloc((size_t)view->width, sizeof(float));
        whole = whole && studio->sky[c] && studio->air[c];
    }
    for (int i = 0; i < LH_ROWS; i++) {
        studio->row[i] = calloc((size_t)view->width + 8, sizeof(float));
        whole = whole && studio->row[i];
    }
    studio->shadow = calloc(shadow, sizeof(float));
    studio->layers = calloc(sources + 1, sizeof *studio->layers);
    studio->order = calloc(sources + 1, sizeof *studio->order);
    whole = whole && studio->shadow && studio->layers && studio->order;
    return whole ? LH_OK : LH_ENOMEM;
}

/* Windows of the villages that this camera sees. */
static void light_windows(struct lh_studio *studio, const struct lh_stage *stage)
{
    const struct lh_land *land = stage->land;
    for (size_t i = 0; i < land->village_count; i++) {
        struct lh_dice dice = {lh_hash(stage->seed, 900 + i)};
        const struct lh_village *village = &land->villages[i];
        int count = (int)(village->radius_m * 0.14F);
        for (int k = 0; k < count && studio->window_count < 256; k++) {
            float reach = village->radius_m;
            float e = village->e + (float)lh_dice_range(&dice, -1.0, 1.0) * reach;
            float n = village->n + (float)lh_dice_range(&dice, -1.0, 1.0) * reach;
            float power = (float)lh_dice_range(&dice, 0.15, 1.0);
            float point[3] = {e, n, lh_terrain_height(land->terrain, e, n) + 6.0F};
            struct lh_lamp lamp = {.source = LH_NO_SOURCE};
            if (!lh_view_project(&studio->view, point, &lamp.x, &lamp.y, &lamp.distance_m) ||
                lamp.x < 0.0F || lamp.y < 0.0F || lamp.x >= (float)studio->view.width ||
                lamp.y >= (float)studio->view.height ||
                !lh_view_sees(&studio->view, land->terrain, point))
                continue;
            float seen = power * fminf(2500.0F / lamp.distance_m, 2.0F);
            lamp.sigma_px = fmaxf(0.7F, 1.2F * studio->view.focal_px / lamp.distance_m);
            lamp.rgb[0] = 0.95F * seen;
            lamp.rgb[1] = 0.80F * seen;
            lamp.rgb[2] = 0.58F * seen;
            studio->windows[studio->window_count++] = lamp;
        }
    }
}

int lh_studio_init(struct lh_studio *studio, const struct lh_stage *stage, unsigned number,
                   const struct lh_view *view)
{
    *studio = (struct lh_studio){.view = *view, .number = number};
    studio->coarse_w = view->width / 4 + 2;
    studio->coarse_h = view->height / 4 + 2;
    studio->shadow_w = view->width / 8 + 2;
    studio->shadow_h = view->height / 8 + 2;
    studio->layer_count = stage->source_count;
    int error = studio_room(studio, stage->source_count);
    if (error)
        return error;
    light_windows(studio, stage);
    return LH_OK;
}

void lh_studio_finish(struct lh_studio *studio)
{
    for (int k = 0; k < 2; k++) {
        free(studio->keys[k].slope);
        free(studio->clouds[k].shadow);
        for (int c = 0; c < 3; c++) {
            free(studio->keys[k].sky[c]);
            free(studio->clouds[k].sky[c]);
        }
    }
    for (int c = 0; c < 3; c++) {
        free(studio->sky[c]);
        free(studio->air[c]);
    }
    for (int i = 0; i < LH_ROWS; i++)
        free(studio->row[i]);
    for (size_t i = 0; studio->layers && i < studio->layer_count; i++)
        lh_layer_finish(&studio->layers[i]);
    free(studio->shadow);
    free(studio->layers);
    free(studio->order);
    lh_view_finish(&studio->view);
    *studio = (struct lh_studio){0};
}

/* Height of the shadow over every cell, swept row by row away from the sun. lit: 255 in the sun. */
static int cast_shadows(const struct lh_terrain *terrain, const float sun[3], uint8_t *lit)
{
    const int size = SHADE_GRID;
    float cell = 2.0F * terrain->half_m / (float)(size - 1);
    float *line = calloc((size_t)size * 2, sizeof *line);
    if (!line)
        return LH_ENOMEM;
    bool by_row = fabsf(sun[1]) >= fabsf(sun[0]);
    float major = by_row ? sun[1] : sun[0];
    float minor = by_row ? sun[0] : sun[1];
    if (fabsf(major) < 1e-4F)
        major = 1e-4F;
    float shift = minor / fabsf(major);
    float drop = cell * sun[2] / fabsf(major);
    float *held = line;
    float *next = line + size;
    for (int k = 0; k < size; k++) {
        int j = major > 0.0F ? size - 1 - k : k;
        for (int i = 0; i < size; i++) {
            float at = (float)i + shift;
            int left = (int)floorf(at);
            float share = at - (float)left;
            float over = -1e6F;
            if (k > 0 && left >= 0 && left + 1 < size)
                over = held[left] + (held[left + 1] - held[left]) * share - drop;
            int x = by_row ? i : j;
            int y = by_row ? j : i;
            float own = lh_terrain_height(terrain, (float)x * cell - terrain->half_m,
                                          (float)y * cell - terrain->half_m);
            float sunk = (over - own) / 16.0F;
            lit[y * size + x] = (uint8_t)(255.0F * (1.0F - lh_smooth(-0.3F, 1.0F, sunk)));
            next[i] = fmaxf(over, own);
        }
        float *swap = held;
        held = next;
        next = swap;
    }
    free(line);
    return LH_OK;
}

static float shade_at(const uint8_t *lit, const struct lh_terrain *terrain, float e, float n)
{
    float cell = 2.0F * terrain->half_m / (float)(SHADE_GRID - 1);
    float x = fminf(fmaxf((e + terrain->half_m) / cell, 0.0F), (float)SHADE_GRID - 1.01F);
    float y = fminf(fmaxf((n + terrain->half_m) / cell, 0.0F), (float)SHADE_GRID - 1.01F);
    int ix = (int)x;
    int iy = (int)y;
    x -= (float)ix;
    y -= (float)iy;
    const uint8_t *p = &lit[iy * SHADE_GRID + ix];
    const uint8_t *q = p + SHADE_GRID;
    float low = (float)p[0] + ((float)p[1] - (float)p[0]) * x;
    float high = (float)q[0] + ((float)q[1] - (float)q[0]) * x;
    return low + (high - low) * y;
}

static void light_slopes(const struct lh_view *view, const struct lh_terrain *terrain,
                         const uint8_t *lit, const float sun[3], uint8_t *slope)
{
    for (int y = view->first_ground_row; y < view->height; y++) {
        for (int x = 0; x < view->width; x++) {
            size_t i = (size_t)y * (size_t)view->width + (size_t)x;
            slope[i] = 0;
            if (view->distance_m[i] >= LH_VIEW_SKY_M)
                continue;
            float cosine =
                ((float)view->normal[0][i] * sun[0] + (float)view->normal[1][i] * sun[1] +
                 (float)view->normal[2][i] * sun[2]) *
                (1.0F / 127.0F);
            if (cosine <= 0.0F)
                continue;
            float point[3];
            lh_view_ground(view, x, y, point);
            slope[i] = (uint8_t)(fminf(cosine, 1.0F) * shade_at(lit, terrain, point[0], point[1]));
        }
    }
}

static int fill_key(struct lh_studio *studio, const struct lh_stage *stage, struct lh_key *key,
                    long number)
{
    struct lh_light light;
    const struct lh_view *view = &studio->view;
    uint8_t *lit = calloc((size_t)SHADE_GRID * SHADE_GRID, 1);
    uint8_t *room = calloc((size_t)view->width * (size_t)view->height, 1);
    int error = LH_ENOMEM;
    key->filled = false;
    if (!lit || !room)
        goto done;
    lh_weather_light(stage->weather, (double)number * LH_KEY_S, &light);
    error = cast_shadows(stage->terrain, light.sun, lit);
    if (error)
        goto done;
    light_slopes(view, stage->terrain, lit, light.sun, key->slope);
    lh_view_soften(view, key->slope, room);
    for (int y = 0; y < studio->coarse_h; y++) {
        if (y * 4 > view->first_full_row + 8)
            break;
        for (int x = 0; x < studio->coarse_w; x++) {
            float ray[3];
            float rgb[3];
            lh_view_ray(view, (float)x * 4.0F, (float)y * 4.0F, ray);
            lh_light_sky(&light, ray, rgb);
            for (int c = 0; c < 3; c++)
                key->sky[c][y * studio->coarse_w + x] = rgb[c];
        }
    }
    key->number = number;
    key->filled = true;
done:
    free(room);
    free(lit);
    return error;
}

static int choose_keys(struct lh_studio *studio, const struct lh_stage *stage, double scene_s)
{
    long number = (long)floor(scene_s / LH_KEY_S);
    studio->key_share = (float)(scene_s / LH_KEY_S - (double)number);
    for (int k = 0; k < 2; k++) {
        long wanted = number + k;
        int slot = (int)(((wanted % 2) + 2) % 2);
        struct lh_key *key = &studio->keys[slot];
        if (!key->filled || key->number != wanted) {
            int error = fill_key(studio, stage, key, wanted);
            if (error)
                return error;
        }
        if (k == 0)
            studio->early = slot;
        else
            studio->late = slot;
    }
    return LH_OK;
}

static void cloud_shadows(const struct lh_studio *studio, const struct lh_stage *stage,
                          const struct lh_light *light, double scene_s, float *shadow)
{
    const struct lh_view *view = &studio->view;
    const float *sun = light->sun;
    float strength = 0.74F * (1.0F - 0.6F * light->night);
    for (int y = 0; y < studio->shadow_h; y++) {
        for (int x = 0; x < studio->shadow_w; x++) {
            int px = x * 8 < view->width ? x * 8 : view->width - 1;
            int py = y * 8 < view->height ? y * 8 : view->height - 1;
            float *out = &shadow[y * studio->shadow_w + x];
            size_t i = (size_t)py * (size_t)view->width + (size_t)px;
            *out = 1.0F;
            if (py + 8 < view->first_ground_row || view->distance_m[i] >= LH_VIEW_SKY_M)
                continue;
            float point[3];
            lh_view_ground(view, px, py, point);
            float up = (LH_CLOUD_BASE_M - point[2]) / fmaxf(sun[2], 0.15F);
            float cloud = lh_weather_cloud(stage->weather, scene_s, point[0] + sun[0] * up,
                                           point[1] + sun[1] * up, 0.0F, 90.0F);
            *out = 1.0F - strength * cloud;
        }
    }
}

/* Three sheets one above the other, the upper ones smaller: heaps with flat bases. The nearer a
 * sheet is to the top, the more of the sun it catches. */
static void cloud_pixel(const struct lh_studio *studio, const struct lh_stage *stage,
                        const struct lh_light *light, const float ray[3], double scene_s,
                        float rgb[3])
{
    static const float lift_m[3] = {620.0F, 300.0F, 0.0F};
    static const float narrow[3] = {0.085F, 0.040F, 0.0F};
    static const float bright[3] = {1.0F, 0.90F, 0.70F};
    if (ray[2] < 0.012F)
        return;
    float base_m = LH_CLOUD_BASE_M - studio->view.eye[2];
    float thin = expf(-base_m / ray[2] / 45000.0F) * lh_smooth(0.012F, 0.05F, ray[2]);
    if (thin < 0.02F)
        return;
    float inverse = 1.0F / ray[2];
    float heap = 0.60F - 0.36F * light->night; /* moonlight: thin next to the lit ground */
    float veil = 1.1F - 0.4F * light->night;
    float pixel = 4.0F / studio->view.focal_px * fminf(0.35F + 0.12F * inverse, 2.0F);
    float deep = lh_weather_cloud(
        stage->weather, scene_s,
        studio->view.eye[0] + ray[0] * base_m * inverse + 500.0F * light->sun[0],
        studio->view.eye[1] + ray[1] * base_m * inverse + 500.0F * light->sun[1], 0.0F, 300.0F);
    for (int k = 0; k < 3; k++) {
        float far = (base_m + lift_m[k]) * inverse;
        float cloud = lh_weather_cloud(stage->weather, scene_s, studio->view.eye[0] + ray[0] * far,
                                       studio->view.eye[1] + ray[1] * far, narrow[k], far * pixel);
        if (cloud <= 0.004F)
            continue;
        float lit = bright[k] * (1.06F - 0.34F * deep * cloud);
        for (int c = 0; c < 3; c++) {
            float white = light->sun_rgb[c] * heap * lit + light->sky_rgb[c] * veil;
            rgb[c] += (white - rgb[c]) * cloud * 0.90F * thin;
        }
    }
}

static void fill_clouds(struct lh_studio *studio, const struct lh_stage *stage,
                        struct lh_cloud_key *key, long number)
{
    const struct lh_view *view = &studio->view;
    const struct lh_key *early = &studio->keys[studio->early];
    const struct lh_key *late = &studio->keys[studio->late];
    double scene_s = (double)number * LH_CLOUD_KEY_S;
    struct lh_light light;
    lh_weather_light(stage->weather, scene_s, &light);
    cloud_shadows(studio, stage, &light, scene_s, key->shadow);
    float share = (float)(scene_s / LH_KEY_S - (double)early->number);
    if (share >= 1.0F) { /* so that the way here leaves no trace in the last bit */
        early = late;
        share = 0.0F;
    }
    for (int y = 0; y < studio->coarse_h && y * 4 <= view->first_full_row + 8; y++) {
        for (int x = 0; x < studio->coarse_w; x++) {
            size_t i = (size_t)y * (size_t)studio->coarse_w + (size_t)x;
            float rgb[3];
            float ray[3];
            for (int c = 0; c < 3; c++)
                rgb[c] = early->sky[c][i] + (late->sky[c][i] - early->sky[c][i]) * share;
            lh_view_ray(view, (float)x * 4.0F, (float)y * 4.0F, ray);
            cloud_pixel(studio, stage, &light, ray, scene_s, rgb);
            for (int c = 0; c < 3; c++)
                key->sky[c][i] = rgb[c];
        }
    }
    key->number = number;
    key->filled = true;
}

static void draw_clouds(struct lh_studio *studio, const struct lh_stage *stage, double scene_s)
{
    long number = (long)floor(scene_s / LH_CLOUD_KEY_S);
    float share = (float)(scene_s / LH_CLOUD_KEY_S - (double)number);
    for (int k = 0; k < 2; k++) {
        struct lh_cloud_key *key = &studio->clouds[(number + k) & 1];
        if (!key->filled || key->number != number + k)
            fill_clouds(studio, stage, key, number + k);
    }
    const struct lh_cloud_key *early = &studio->clouds[number & 1];
    const struct lh_cloud_key *late = &studio->clouds[(number + 1) & 1];
    size_t coarse = (size_t)studio->coarse_w * (size_t)studio->coarse_h;
    size_t shadow = (size_t)studio->shadow_w * (size_t)studio->shadow_h;
    for (int c = 0; c < 3; c++) {
        for (size_t i = 0; i < coarse; i++)
            studio->sky[c][i] = early->sky[c][i] + (late->sky[c][i] - early->sky[c][i]) * share;
    }
    for (size_t i = 0; i < shadow; i++)
        studio->shadow[i] = early->shadow[i] + (late->shadow[i] - early->shadow[i]) * share;
}

static void colour_air(struct lh_studio *studio)
{
    for (int x = 0; x < studio->view.width; x++) {
        float ray[3];
        float rgb[3];
        lh_view_ray(&studio->view, (float)x, 0.5F * (float)studio->view.height, ray);
        ray[2] = 0.03F;
        lh_light_sky(&studio->light, ray, rgb);
        for (int c = 0; c < 3; c++)
            studio->air[c][x] = rgb[c] * 0.84F;
    }
}

static void add_lamp(struct lh_studio *studio, size_t source, const float point[3], float sigma_m,
                     float smallest_px, const float rgb[3])
{
    if (studio->lamp_count >= LH_LAMPS_MOST)
        return;
    struct lh_lamp *lamp = &studio->lamps[studio->lamp_count];
    *lamp = (struct lh_lamp){.source = source};
    if (!lh_view_project(&studio->view, point, &lamp->x, &lamp->y, &lamp->distance_m) ||
        lamp->distance_m < 30.0F)
        return;
    float sigma = sigma_m * studio->view.focal_px / lamp->distance_m;
    lamp->sigma_px = fmaxf(sigma, smallest_px);
    float share = fminf(sigma * sigma / (lamp->sigma_px * lamp->sigma_px), 1.0F);
    float margin = 4.0F * lamp->sigma_px;
    if (lamp->x < -margin || lamp->y < -margin || lamp->x > (float)studio->view.width + margin ||
        lamp->y > (float)studio->view.height + margin)
        return;
    for (int c = 0; c < 3; c++)
        lamp->rgb[c] = rgb[c] * share;
    studio->lamp_count++;
}

/* One tongue of flame somewhere on the front. */
static void light_tongue(struct lh_studio *studio, const struct lh_stage *stage, size_t number,
                         int tongue, double age_s)
{
    const struct lh_source *source = &stage->sources[number];
    float night = studio->light.night;
    float bed = 0.8F * sqrtf(lh_fire_power_mw(source, age_s)) + 0.6F;
    uint64_t bits = lh_hash(source->seed, 5000 + (uint64_t)tongue);
    float phase = (float)(bits & 0xffff) * 1e-4F;
    float rate = 4.0F + 9.0F * (float)((bits >> 16) & 0xff) / 255.0F;
    float t = (float)fmod(age_s, 3600.0);
    float flicker =
        0.55F + 0.3F * sinf(rate * t + phase) + 0.25F * lh_noise((uint32_t)bits, t * 5.0F, 0.5F);
    float side = ((float)tongue + 0.8F * (float)((bits >> 24) & 0xff) / 255.0F + 0.1F) * 2.0F /
                     (float)FIRE_TONGUES -
                 1.0F;
    float size = fminf(bed, 3.0F) * (0.5F + 0.5F * (float)((bits >> 32) & 0xff) / 255.0F);
    float wind[2];
    float point[3];
    lh_weather_wind(stage->weather, wind);
    lh_fire_place(source, wind, age_s, side, point);
    point[2] = lh_terrain_height(stage->terrain, point[0], point[1]) + 1.5F +
               0.6F * size * fmaxf(flicker, 0.1F);
    float gain = fmaxf(flicker, 0.05F) * (0.9F + 1.6F * night);
    float rgb[3] = {1.9F * gain, (0.75F + 0.25F * night) * gain, (0.16F + 0.15F * night) * gain};
    add_lamp(studio, number, point, 0.35F * size + 0.4F, 0.6F, rgb);
}

static void light_fire(struct lh_studio *studio, const struct lh_stage *stage, size_t number,
                       double scene_s)
{
    const struct lh_source *source = &stage->sources[number];
    double age_s = scene_s - source->event.start_s;
    if (age_s <= 0.0 || scene_s > source->event.end_s)
        return;
    for (int i = 0; i < FIRE_TONGUES; i++)
        light_tongue(studio, stage, number, i, age_s);
    float night = studio->light.night;
    if (night <= 0.0F)
        return;
    float power = lh_fire_power_mw(source, age_s);
    float bed = 0.8F * sqrtf(power) + 0.6F;
    float point[3] = {source->place[0], source->place[1], source->place[2] + 0.4F * bed};
    float flicker = 0.8F + 0.2F * sinf(6.3F * (float)fmod(age_s, 3600.0));
    float gain = 0.10F * night * flicker * fminf(power / 8.0F, 1.6F);
    float rgb[3] = {gain, 0.62F * gain, 0.34F * gain};
    add_lamp(studio, number, point, 4.0F * bed + lh_fire_front_m(source, age_s), 2.0F, rgb);
}

static void light_vehicle(struct lh_studio *studio, const struct lh_stage *stage, size_t number,
                          const struct lh_source *source, double scene_s)
{
    if (scene_s < source->event.start_s || scene_s > source->event.end_s)
        return;
    float place[3];
    float heading[2];
    lh_vehicle(source, stage->land, scene_s, place, heading);
    float towards[2] = {studio->view.eye[0] - place[0], studio->view.eye[1] - place[1]};
    float far = hypotf(towards[0], towards[1]) + 1.0F;
    float facing = (towards[0] * heading[0] + towards[1] * heading[1]) / far;
    float beam = facing > 0.0F ? 0.35F + 2.6F * facing * facing : 0.22F;
    beam *= studio->light.night;
    for (int side = -1; side <= 1; side += 2) {
        float point[3] = {place[0] - heading[1] * 0.8F * (float)side,
                          place[1] + heading[0] * 0.8F * (float)side, place[2] + 1.5F};
        float rgb[3] = {2.0F * beam, 1.9F * beam, 1.7F * beam};
        add_lamp(studio, number, point, 1.6F, 0.8F, rgb);
    }
    float patch[3] = {place[0] + heading[0] * 18.0F, place[1] + heading[1] * 18.0F,
                      place[2] + 0.5F};
    float pool = 0.10F * studio->light.night;
    float rgb[3] = {pool, pool, 0.9F * pool};
    add_lamp(studio, number, patch, 7.0F, 1.5F, rgb);
}

static void switch_lamps(struct lh_studio *studio, const struct lh_stage *stage, double scene_s)
{
    studio->lamp_count = 0;
    for (size_t i = 0; i < stage->source_count; i++) {
        const struct lh_source *source = &stage->sources[i];
        if (source->event.kind == LH_SCENE_FIRE)
            light_fire(studio, stage, i, scene_s);
        else if (source->event.kind == LH_SCENE_HEADLIGHTS && studio->light.night > 0.0F)
            light_vehicle(studio, stage, i, source, scene_s);
    }
    float on = lh_smooth(0.02F, 0.6F, studio->light.night);
    for (size_t i = 0; i < studio->window_count && studio->lamp_count < LH_LAMPS_MOST; i++) {
        struct lh_lamp lamp = studio->windows[i];
        if (on <= 0.0F)
            break;
        for (int c = 0; c < 3; c++)
            lamp.rgb[c] *= on;
        studio->lamps[studio->lamp_count++] = lamp;
    }
}

static int draw_layers(struct lh_studio *studio, const struct lh_stage *stage, double scene_s)
{
    struct lh_puff puffs[LH_PUFFS_MOST];
    size_t drawn = 0;
    for (size_t i = 0; i < stage->source_count; i++) {
        size_t count = lh_plume(&stage->sources[i], stage->weather, stage->land, scene_s, puffs);
        int error = lh_layer_draw(&studio->layers[i], &studio->view, &stage->sprites, puffs, count,
                                  studio->light.sun);
        if (error)
            return error;
        if (!studio->layers[i].drawn)
            continue;
        size_t k = drawn++;
        while (k > 0 &&
               studio->layers[studio->order[k - 1]].distance_m < studio->layers[i].distance_m) {
            studio->order[k] = studio->order[k - 1];
            k--;
        }
        studio->order[k] = i;
    }
    studio->drawn_count = drawn;
    return LH_OK;
}

int lh_studio_prepare(struct lh_studio *studio, const struct lh_stage *stage, double scene_s)
{
    if (studio->prepared && studio->time_s == scene_s)
        return LH_OK;
    studio->prepared = false;
    lh_weather_light(stage->weather, scene_s, &studio->light);
    int error = choose_keys(studio, stage, scene_s);
    if (error)
        return error;
    draw_clouds(studio, stage, scene_s);
    colour_air(studio);
    switch_lamps(studio, stage, scene_s);
    error = draw_layers(studio, stage, scene_s);
    if (error)
        return error;
    studio->time_s = scene_s;
    studio->prepared = true;
    return LH_OK;
}
