#include "world/terrain.h"

#include <math.h>
#include <stdlib.h>

#define DEG (3.14159265358979323846 / 180.0)
#define WGS84_A 6378137.0
#define WGS84_E2 0.00669437999014

int lh_terrain_create(double latitude_deg, double longitude_deg, int size, float cell_m,
                      struct lh_terrain **ret_terrain)
{
    struct lh_terrain *terrain = calloc(1, sizeof *terrain);
    if (!terrain)
        return LH_ENOMEM;
    terrain->height_m = calloc((size_t)size * (size_t)size, sizeof *terrain->height_m);
    if (!terrain->height_m) {
        free(terrain);
        return LH_ENOMEM;
    }
    double sine = sin(latitude_deg * DEG);
    double cosine = cos(latitude_deg * DEG);
    double w = 1.0 - WGS84_E2 * sine * sine;
    terrain->latitude_deg = latitude_deg;
    terrain->longitude_deg = longitude_deg;
    terrain->prime_m = WGS84_A / sqrt(w);
    terrain->meridian_m = WGS84_A * (1.0 - WGS84_E2) / (w * sqrt(w));
    terrain->meridian_d1 = 3.0 * terrain->meridian_m * WGS84_E2 * sine * cosine / w;
    terrain->size = size;
    terrain->cell_m = cell_m;
    terrain->half_m = cell_m * (float)(size - 1) * 0.5F;
    *ret_terrain = terrain;
    return LH_OK;
}

void lh_terrain_destroy(struct lh_terrain **terrain)
{
    if (!*terrain)
        return;
    free((*terrain)->height_m);
    free(*terrain);
    *terrain = NULL;
}

void lh_terrain_finish(struct lh_terrain *terrain)
{
    size_t cells = (size_t)terrain->size * (size_t)terrain->size;
    float low = terrain->height_m[0];
    float high = low;
    for (size_t i = 1; i < cells; i++) {
        low = fminf(low, terrain->height_m[i]);
        high = fmaxf(high, terrain->height_m[i]);
    }
    terrain->lowest_m = low;
    terrain->highest_m = high;
}

float lh_terrain_height(const struct lh_terrain *terrain, float e, float n)
{
    float top = (float)(terrain->size - 1) - 0.001F;
    float x = (e + terrain->half_m) / terrain->cell_m;
    float y = (n + terrain->half_m) / terrain->cell_m;
    x = x < 0.0F ? 0.0F : x > top ? top : x;
    y = y < 0.0F ? 0.0F : y > top ? top : y;
    int ix = (int)x;
    int iy = (int)y;
    float u = x - (float)ix;
    float v = y - (float)iy;
    const float *p = terrain->height_m + (size_t)iy * (size_t)terrain->size + (size_t)ix;
    const float *q = p + terrain->size;
    float low = p[0] + (p[1] - p[0]) * u;
    float high = q[0] + (q[1] - q[0]) * u;
    return low + (high - low) * v;
}

void lh_terrain_normal(const struct lh_terrain *terrain, float e, float n, float ret_normal[3])
{
    float d = terrain->cell_m * 0.5F;
    float x = lh_terrain_height(terrain, e - d, n) - lh_terrain_height(terrain, e + d, n);
    float y = lh_terrain_height(terrain, e, n - d) - lh_terrain_height(terrain, e, n + d);
    float z = 2.0F * d;
    float scale = 1.0F / sqrtf(x * x + y * y + z * z);
    ret_normal[0] = x * scale;
    ret_normal[1] = y * scale;
    ret_normal[2] = z * scale;
}

void lh_terrain_from_geo(const struct lh_terrain *terrain, double latitude_deg,
                         double longitude_deg, double *ret_e, double *ret_n)
{
    double phi = latitude_deg * DEG;
    double dphi = (latitude_deg - terrain->latitude_deg) * DEG;
    double dlam = (longitude_deg - terrain->longitude_deg) * DEG;
    double sine = sin(phi);
    double prime = WGS84_A / sqrt(1.0 - WGS84_E2 * sine * sine);
    *ret_e = prime * cos(phi) * dlam;
    *ret_n = terrain->meridian_m * dphi + 0.5 * terrain->meridian_d1 * dphi * dphi +
             0.5 * prime * sine * cos(phi) * dlam * dlam;
}

void lh_terrain_to_geo(const struct lh_terrain *terrain, double e, double n, double *ret_latitude,
                       double *ret_longitude)
{
    double latitude = terrain->latitude_deg;
    double longitude = terrain->longitude_deg;
    for (int i = 0; i < 5; i++) {
        double at_e = 0.0;
        double at_n = 0.0;
        lh_terrain_from_geo(terrain, latitude, longitude, &at_e, &at_n);
        latitude += (n - at_n) / terrain->meridian_m / DEG;
        longitude += (e - at_e) / (terrain->prime_m * cos(latitude * DEG)) / DEG;
    }
    *ret_latitude = latitude;
    *ret_longitude = longitude;
}

double lh_terrain_convergence_deg(const struct lh_terrain *terrain, double e, double n)
{
    double latitude = 0.0;
    double longitude = 0.0;
    lh_terrain_to_geo(terrain, e, n, &latitude, &longitude);
    return (longitude - terrain->longitude_deg) * sin(latitude * DEG);
}
