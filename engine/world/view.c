#include "world/view.h"

#include "world/noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEG (3.14159265358979323846 / 180.0)
#define NEAREST_M 25.0F
#define STEP_SHARE 0.0032F
#define FARTHEST_M 48000.0F
#define CLEARED_M 120.0F /* no trees about the mast */

void lh_view_aim(struct lh_view *view, const struct lh_terrain *terrain,
                 const struct lh_scene_camera *camera, int width, int height)
{
    double e = 0.0;
    double n = 0.0;
    lh_terrain_from_geo(terrain, camera->latitude_deg, camera->longitude_deg, &e, &n);
    double azimuth = (camera->azimuth_deg - lh_terrain_convergence_deg(terrain, e, n)) * DEG;
    double tilt = camera->tilt_deg * DEG;
    double roll = camera->roll_deg * DEG;
    *view = (struct lh_view){.camera = *camera, .width = width, .height = height};
    view->eye[0] = (float)e;
    view->eye[1] = (float)n;
    view->eye[2] = (float)(camera->ground_m + camera->mast_m);
    view->focal_px = (float)(width / (2.0 * tan(camera->hfov_deg * 0.5 * DEG)));
    double right[3] = {cos(azimuth), -sin(azimuth), 0.0};
    double ahead[3] = {sin(azimuth) * cos(tilt), cos(azimuth) * cos(tilt), sin(tilt)};
    double down[3] = {sin(azimuth) * sin(tilt), cos(azimuth) * sin(tilt), -cos(tilt)};
    for (int i = 0; i < 3; i++) {
        view->axis_x[i] = (float)(right[i] * cos(roll) + down[i] * sin(roll));
        view->axis_y[i] = (float)(down[i] * cos(roll) - right[i] * sin(roll));
        view->axis_z[i] = (float)ahead[i];
    }
}

void lh_view_ray(const struct lh_view *view, float x, float y, float ret_direction[3])
{
    float u = (x - 0.5F * (float)view->width) / view->focal_px;
    float v = (y - 0.5F * (float)view->height) / view->focal_px;
    float scale = 1.0F / sqrtf(u * u + v * v + 1.0F);
    for (int i = 0; i < 3; i++)
        ret_direction[i] = (u * view->axis_x[i] + v * view->axis_y[i] + view->axis_z[i]) * scale;
}

bool lh_view_project(const struct lh_view *view, const float point[3], float *ret_x, float *ret_y,
                     float *ret_distance_m)
{
    float d[3] = {point[0] - view->eye[0], point[1] - view->eye[1], point[2] - view->eye[2]};
    float square = d[0] * d[0] + d[1] * d[1];
    d[2] -= square * (float)LH_EARTH_BULGE;
    float u = d[0] * view->axis_x[0] + d[1] * view->axis_x[1] + d[2] * view->axis_x[2];
    float v = d[0] * view->axis_y[0] + d[1] * view->axis_y[1] + d[2] * view->axis_y[2];
    float w = d[0] * view->axis_z[0] + d[1] * view->axis_z[1] + d[2] * view->axis_z[2];
    if (w < 1.0F)
        return false;
    *ret_x = u / w * view->focal_px + 0.5F * (float)view->width;
    *ret_y = v / w * view->focal_px + 0.5F * (float)view->height;
    *ret_distance_m = sqrtf(square);
    return true;
}

void lh_view_ground(const struct lh_view *view, int x, int y, float ret_point[3])
{
    float ray[3];
    lh_view_ray(view, (float)x + 0.5F, (float)y + 0.5F, ray);
    float s = view->distance_m[(size_t)y * (size_t)view->width + (size_t)x];
    float flat = s / sqrtf(ray[0] * ray[0] + ray[1] * ray[1]);
    ret_point[0] = view->eye[0] + ray[0] * flat;
    ret_point[1] = view->eye[1] + ray[1] * flat;
    ret_point[2] = view->eye[2] + ray[2] * flat + s * s * (float)LH_EARTH_BULGE;
}

bool lh_view_sees(const struct lh_view *view, const struct lh_terrain *terrain,
                  const float point[3])
{
    float d[3] = {point[0] - view->eye[0], point[1] - view->eye[1], point[2] - view->eye[2]};
    float far = sqrtf(d[0] * d[0] + d[1] * d[1]);
    float rise = (d[2] - far * far * (float)LH_EARTH_BULGE) / far;
    float s = NEAREST_M;
    while (s < far - 15.0F) {
        float t = s / far;
        float ground = lh_terrain_height(terrain, view->eye[0] + d[0] * t, view->eye[1] + d[1] * t);
        if (ground - s * s * (float)LH_EARTH_BULGE > view->eye[2] + rise * s)
            return false;
        s += fmaxf(4.0F, 0.002F * s);
    }
    return true;
}

/* One ray on the plane: heading (unit) and rise per metre. */
struct ray {
    float e;
    float n;
    float rise;
};

/* Branches: the place looked up is moved sideways by noise that changes with height. */
static void ruffle(const struct lh_land *land, float above_m, float *e, float *n)
{
    float u = (*e + *n) * 0.55F;
    float v = (*e - *n) * 0.55F;
    *e += 0.55F * lh_noise(land->seed + 201, u, above_m * 1.3F);
    *n += 0.55F * lh_noise(land->seed + 202, v, above_m * 1.3F);
}

static float clearance(const struct lh_view *view, const struct lh_land *land,
                       const struct ray *ray, float s)
{
    float e = view->eye[0] + ray->e * s;
    float n = view->eye[1] + ray->n * s;
    float z = view->eye[2] + ray->rise * s + s * s * (float)LH_EARTH_BULGE;
    float over = z - lh_terrain_height(land->terrain, e, n);
    if (over > LH_LAND_TOP_M || s < CLEARED_M)
        return over;
    float footprint = s / view->focal_px;
    if (footprint < 0.7F)
        ruffle(land, over, &e, &n);
    return over - lh_land_top(land, e, n, footprint);
}

static float march(const struct lh_view *view, const struct lh_land *land, const struct ray *ray,
                   float from)
{
    float half = land->terrain->half_m;
    float before = from;
    float s = from;
    for (;;) {
        float over = clearance(view, land, ray, s);
        if (over <= 0.0F)
            break;
        float e = view->eye[0] + ray->e * s;
        float n = view->eye[1] + ray->n * s;
        if (s > FARTHEST_M || fabsf(e) > half || fabsf(n) > half)
            return LH_VIEW_SKY_M;
        if (view->eye[2] + ray->rise * s > land->terrain->highest_m + 60.0F && ray->rise >= 0.0F)
            return LH_VIEW_SKY_M;
        before = s;
        s += fmaxf(STEP_SHARE * s, fminf(0.25F * over, 40.0F));
    }
    for (int i = 0; i < 6 && before < s; i++) {
        float middle = 0.5F * (before + s);
        if (clearance(view, land, ray, middle) <= 0.0F)
            s = middle;
        else
            before = middle;
    }
    return s;
}

static uint8_t to_byte(float value)
{
    return (uint8_t)(fminf(fmaxf(value, 0.0F), 1.0F) * 255.0F + 0.5F);
}

/* The slope that the pixel's patch of trees, houses or ground shows. */
static void patch_normal(const struct lh_land *land, float e, float n, float footprint_m,
                         float normal[3])
{
    const struct lh_terrain *terrain = land->terrain;
    lh_terrain_normal(terrain, e, n, normal);
    float d = fmaxf(1.2F, footprint_m);
    if (d > 25.0F)
        return;
    float here = lh_land_top(land, e, n, footprint_m);
    float gain = 0.75F / d;
    normal[0] -= (lh_land_top(land, e + d, n, footprint_m) - here) * gain;
    normal[1] -= (lh_land_top(land, e, n + d, footprint_m) - here) * gain;
    float scale =
        1.0F / sqrtf(normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2]);
    for (int i = 0; i < 3; i++)
        normal[i] *= scale;
}

static void fill_pixel(struct lh_view *view, const struct lh_land *land, const struct ray *ray,
                       size_t at, float s, float haze_per_m)
{
    float e = view->eye[0] + ray->e * s;
    float n = view->eye[1] + ray->n * s;
    float footprint = fmaxf(s / view->focal_px, 0.05F);
    float rgb[3];
    float normal[3];
    float z = view->eye[2] + ray->rise * s + s * s * (float)LH_EARTH_BULGE;
    float above = z - lh_terrain_height(land->terrain, e, n);
    if (footprint < 0.7F && s >= CLEARED_M)
        ruffle(land, above, &e, &n);
    lh_land_colour(land, e, n, above, footprint, rgb);
    patch_normal(land, e, n, footprint, normal);
    view->distance_m[at] = s;
    view->clear[at] = to_byte(expf(-haze_per_m * s * sqrtf(1.0F + ray->rise * ray->rise)));
    for (int c = 0; c < 3; c++) {
        view->albedo[c][at] = to_byte(sqrtf(fmaxf(rgb[c], 0.0F)));
        view->normal[c][at] = (int8_t)lrintf(normal[c] * 127.0F);
    }
}

static void march_column(struct lh_view *view, const struct lh_land *land, int x, float haze_per_m)
{
    float from = NEAREST_M;
    for (int y = view->height - 1; y >= 0; y--) {
        size_t at = (size_t)y * (size_t)view->width + (size_t)x;
        float direction[3];
        lh_view_ray(view, (float)x + 0.5F, (float)y + 0.5F, direction);
        float flat = sqrtf(direction[0] * direction[0] + direction[1] * direction[1]);
        struct ray ray = {direction[0] / flat, direction[1] / flat, direction[2] / flat};
        float s = from >= LH_VIEW_SKY_M ? LH_VIEW_SKY_M : march(view, land, &ray, from);
        if (s >= LH_VIEW_SKY_M) {
            view->distance_m[at] = LH_VIEW_SKY_M;
            from = LH_VIEW_SKY_M;
            continue;
        }
        from = fmaxf(0.97F * s, NEAREST_M);
        fill_pixel(view, land, &ray, at, s, haze_per_m);
    }
}

void lh_view_soften(const struct lh_view *view, uint8_t *plane, uint8_t *room)
{
    int w = view->width;
    int h = view->height;
    memcpy(room, plane, (size_t)w * (size_t)h);
    for (int y = view->first_ground_row; y < h; y++) {
        for (int x = 0; x < w; x++) {
            size_t i = (size_t)y * (size_t)w + (size_t)x;
            if (view->distance_m[i] >= LH_VIEW_SKY_M)
                continue;
            unsigned sum = 4U * room[i];
            unsigned weight = 4;
            size_t beside[4] = {x > 0 ? i - 1 : i, x + 1 < w ? i + 1 : i, y > 0 ? i - (size_t)w : i,
                                y + 1 < h ? i + (size_t)w : i};
            for (int k = 0; k < 4; k++) {
                if (view->distance_m[beside[k]] < LH_VIEW_SKY_M) {
                    sum += room[beside[k]];
                    weight++;
                }
            }
            plane[i] = (uint8_t)((sum + weight / 2) / weight);
        }
    }
}

static void find_skyline(struct lh_view *view)
{
    view->first_ground_row = view->height;
    view->first_full_row = 0;
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++) {
            bool sky =
                view->distance_m[(size_t)y * (size_t)view->width + (size_t)x] >= LH_VIEW_SKY_M;
            if (!sky && y < view->first_ground_row)
                view->first_ground_row = y;
            if (sky)
                view->first_full_row = y + 1;
        }
    }
}

int lh_view_march(struct lh_view *view, const struct lh_land *land, double visibility_km)
{
    size_t pixels = (size_t)view->width * (size_t)view->height;
    float haze_per_m = (float)(3.912 / (visibility_km * 1000.0));
    view->distance_m = calloc(pixels, sizeof *view->distance_m);
    view->clear = calloc(pixels, 1);
    bool whole = view->distance_m && view->clear;
    for (int c = 0; c < 3; c++) {
        view->albedo[c] = calloc(pixels, 1);
        view->normal[c] = calloc(pixels, 1);
        whole = whole && view->albedo[c] && view->normal[c];
    }
    if (!whole)
        return LH_ENOMEM;
    for (int x = 0; x < view->width; x++)
        march_column(view, land, x, haze_per_m);
    find_skyline(view);
    uint8_t *room = calloc(pixels, 1);
    if (!room)
        return LH_ENOMEM;
    for (int c = 0; c < 3; c++)
        lh_view_soften(view, view->albedo[c], room);
    lh_view_soften(view, view->clear, room);
    free(room);
    return LH_OK;
}

void lh_view_finish(struct lh_view *view)
{
    free(view->distance_m);
    free(view->clear);
    view->distance_m = NULL;
    view->clear = NULL;
    for (int c = 0; c < 3; c++) {
        free(view->albedo[c]);
        free(view->normal[c]);
        view->albedo[c] = NULL;
        view->normal[c] = NULL;
    }
}
