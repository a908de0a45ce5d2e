#include "world/weather.h"

#include "world/noise.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846
#define DEG (PI / 180.0)
#define TILE 512
#define LEVELS 7
#define TILE_M 26000.0F

struct gust {
    double rate; /* radians a second */
    double phase;
    float reach_m; /* amplitude of the displacement */
    float across;  /* share across the wind */
};

struct lh_weather {
    struct lh_scene_options options;
    double latitude_deg;
    double declination;
    float wind[2];
    float cut; /* noise below this is clear sky */
    struct gust gusts[LH_GUSTS];
    double drift_phase[3];
    float *level[LEVELS]; /* tiles of TILE >> i cells a side */
};

static float tile_noise(uint32_t seed, float x, float y, int period)
{
    float fx = floorf(x);
    float fy = floorf(y);
    int ix = (int)fx;
    int iy = (int)fy;
    float u = x - fx;
    float v = y - fy;
    u = u * u * (3.0F - 2.0F * u);
    v = v * v * (3.0F - 2.0F * v);
    int jx = (ix + 1) % period;
    int jy = (iy + 1) % period;
    float a = lh_hash_unit(lh_hash_xy(seed, ix, iy));
    float b = lh_hash_unit(lh_hash_xy(seed, jx, iy));
    float c = lh_hash_unit(lh_hash_xy(seed, ix, jy));
    float d = lh_hash_unit(lh_hash_xy(seed, jx, jy));
    return (a + (b - a) * u) + ((c + (d - c) * u) - (a + (b - a) * u)) * v;
}

static void fill_tile(float *tile, uint32_t seed)
{
    for (int y = 0; y < TILE; y++) {
        for (int x = 0; x < TILE; x++) {
            float sum = 0.0F;
            float weight = 0.5F;
            int period = 8;
            for (int octave = 0; octave < 6; octave++) {
                float scale = (float)period / (float)TILE;
                float value =
                    tile_noise(seed + (uint32_t)octave, (float)x * scale, (float)y * scale, period);
                sum += weight * (octave < 2 ? value : 1.0F - fabsf(2.0F * value - 1.0F));
                weight *= 0.5F;
                period *= 2;
            }
            tile[y * TILE + x] = sum;
        }
    }
}

static void halve(const float *in, int size, float *out)
{
    for (int y = 0; y < size / 2; y++) {
        for (int x = 0; x < size / 2; x++) {
            const float *p = &in[(size_t)2 * (size_t)(y * size + x)];
            out[y * (size / 2) + x] = 0.25F * (p[0] + p[1] + p[size] + p[size + 1]);
        }
    }
}

static float level_at(const float *level, int size, float u, float v)
{
    float x = u * (float)size;
    float y = v * (float)size;
    float fx = floorf(x);
    float fy = floorf(y);
    int mask = size - 1;
    int ix = (int)fx & mask;
    int iy = (int)fy & mask;
    int jx = (ix + 1) & mask;
    int jy = (iy + 1) & mask;
    x -= fx;
    y -= fy;
    float low = level[iy * size + ix] + (level[iy * size + jx] - level[iy * size + ix]) * x;
    float high = level[jy * size + ix] + (level[jy * size + jx] - level[jy * size + ix]) * x;
    return low + (high - low) * y;
}

static float tile_at(const struct lh_weather *weather, float u, float v, float lod)
{
    u -= floorf(u);
    v -= floorf(v);
    lod = fminf(fmaxf(lod, 0.0F), (float)(LEVELS - 1) - 0.001F);
    int i = (int)lod;
    float fine = level_at(weather->level[i], TILE >> i, u, v);
    float rest = lod - (float)i;
    if (rest < 0.02F)
        return fine;
    float rough = level_at(weather->level[i + 1], TILE >> (i + 1), u, v);
    return fine + (rough - fine) * rest;
}

float lh_weather_cloud(const struct lh_weather *weather, double scene_s, float e, float n,
                       float narrow, float footprint_m)
{
    float aloft = 1.6F;
    double t = scene_s + 5000.0;
    double we = (double)weather->wind[0] * aloft * t;
    double wn = (double)weather->wind[1] * aloft * t;
    double u = (e - we) / TILE_M;
    double v = (n - wn) / TILE_M;
    double u2 = (e - 1.35 * we) / (TILE_M * 0.43) + 0.37;
    double v2 = (n - 1.35 * wn + 2.0 * t) / (TILE_M * 0.43) + 0.11;
    u -= floor(u);
    v -= floor(v);
    u2 -= floor(u2);
    v2 -= floor(v2);
    float lod = log2f(fmaxf(footprint_m / (TILE_M / TILE), 1.0F));
    float value = 0.66F * tile_at(weather, (float)u, (float)v, lod) +
                  0.34F * tile_at(weather, (float)u2, (float)v2, lod + 1.2F);
    return lh_smooth(weather->cut + narrow, weather->cut + narrow + 0.11F, value);
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The threshold that leaves the wanted share of the sky covered. */
static int find_cut(struct lh_weather *weather)
{
    enum { SAMPLES = 64 * 64 };
    float *values = calloc(SAMPLES, sizeof *values);
    if (!values)
        return LH_ENOMEM;
    for (int i = 0; i < SAMPLES; i++) {
        int row = i / 64;
        float u = (float)(i % 64) / 64.0F;
        float v = (float)row / 64.0F;
        values[i] = 0.66F * tile_at(weather, u, v, 0.0F) +
                    0.34F * tile_at(weather, u / 0.43F + 0.37F, v / 0.43F + 0.11F, 1.2F);
    }
    qsort(values, SAMPLES, sizeof *values, by_value);
    double cover = fmin(fmax(weather->options.cloud_cover, 0.0), 1.0);
    int at = (int)((1.0 - cover) * (SAMPLES - 1));
    weather->cut = cover <= 0.0 ? 9.0F : values[at] - (cover > 0.95 ? 0.3F : 0.05F);
    free(values);
    return LH_OK;
}

int lh_weather_create(const struct lh_scene_options *options, double latitude_deg,
                      struct lh_weather **ret_weather)
{
    int error = LH_ENOMEM;
    struct lh_weather *weather = calloc(1, sizeof *weather);
    if (!weather)
        return LH_ENOMEM;
    struct lh_dice dice = {lh_hash(options->seed, 3)};
    weather->options = *options;
    weather->options.dem_path = NULL;
    weather->latitude_deg = latitude_deg;
    double day = fmod((double)options->start_utc_us / 86400e6, 365.2425);
    weather->declination = 23.44 * DEG * sin(2.0 * PI * (day - 80.0) / 365.2425);
    double towards = (options->wind_from_deg + 180.0) * DEG;
    weather->wind[0] = (float)(options->wind_m_s * sin(towards));
    weather->wind[1] = (float)(options->wind_m_s * cos(towards));
    static const double periods_s[LH_GUSTS] = {7.3, 16.1, 37.0, 95.0, 410.0};
    for (int i = 0; i < LH_GUSTS; i++) {
        double rate = 2.0 * PI / (periods_s[i] * lh_dice_range(&dice, 0.85, 1.15));
        double speed = (0.3 + options->wind_m_s) * 0.13;
        weather->gusts[i] = (struct gust){.rate = rate,
                                          .phase = lh_dice_range(&dice, 0.0, 2.0 * PI),
                                          .reach_m = (float)(speed / rate),
                                          .across = (float)lh_dice_range(&dice, -0.9, 0.9)};
    }
    for (int i = 0; i < 3; i++)
        weather->drift_phase[i] = lh_dice_range(&dice, 0.0, 2.0 * PI);
    for (int i = 0; i < LEVELS; i++) {
        size_t side = (size_t)(TILE >> i);
        weather->level[i] = calloc(side * side, sizeof *weather->level[i]);
        if (!weather->level[i])
            goto done;
        if (i == 0)
            fill_tile(weather->level[0], (uint32_t)lh_dice_next(&dice));
        else
            halve(weather->level[i - 1], TILE >> (i - 1), weather->level[i]);
    }
    error = find_cut(weather);
    if (error)
        goto done;
    *ret_weather = weather;
    weather = NULL;
done:
    lh_weather_destroy(&weather);
    return error;
}

void lh_weather_destroy(struct lh_weather **weather)
{
    if (!*weather)
        return;
    for (int i = 0; i < LEVELS; i++)
        free((*weather)->level[i]);
    free(*weather);
    *weather = NULL;
}

void lh_weather_sun(const struct lh_weather *weather, double scene_s, float ret_sun[3])
{
    double hour = fmod(weather->options.sun_hour + scene_s / 3600.0, 24.0);
    double angle = (hour - 12.0) * 15.0 * DEG;
    double phi = weather->latitude_deg * DEG;
    double delta = weather->declination;
    ret_sun[0] = (float)(-cos(delta) * sin(angle));
    ret_sun[1] = (float)(sin(delta) * cos(phi) - cos(delta) * cos(angle) * sin(phi));
    ret_sun[2] = (float)(sin(delta) * sin(phi) + cos(delta) * cos(angle) * cos(phi));
}

static void blend(float out[3], const float day[3], const float night[3], float share)
{
    for (int c = 0; c < 3; c++)
        out[c] = day[c] + (night[c] - day[c]) * share;
}

void lh_weather_light(const struct lh_weather *weather, double scene_s, struct lh_light *ret_light)
{
    static const float moon[3] = {0.42F, -0.58F, 0.70F};
    static const float night_sun[3] = {0.13F, 0.13F, 0.13F};
    static const float night_sky[3] = {0.060F, 0.060F, 0.060F};
    static const float night_zenith[3] = {0.016F, 0.016F, 0.016F};
    static const float night_horizon[3] = {0.036F, 0.036F, 0.036F};
    static const float black[3] = {0.0F, 0.0F, 0.0F};
    struct lh_light light = {0};
    lh_weather_sun(weather, scene_s, light.sun);
    float up = light.sun[2];
    float low = fmaxf(up, 0.0F);
    float mass = 1.0F / (low + 0.055F);
    float bright = lh_smooth(-0.03F, 0.10F, up);
    float dusk = lh_smooth(0.22F, 0.0F, up);
    float sun[3] = {1.12F * expf(-0.035F * mass), 1.10F * expf(-0.065F * mass),
                    1.10F * expf(-0.120F * mass)};
    float open = 0.55F + 0.45F * lh_smooth(-0.12F, 0.35F, up);
    float sky[3] = {0.215F * open, 0.255F * open, 0.330F * open};
    float zenith[3] = {0.175F * open, 0.300F * open, 0.560F * open};
    float horizon[3] = {(0.60F + 0.12F * dusk) * open, (0.66F - 0.06F * dusk) * open,
                        (0.74F - 0.20F * dusk) * open};
    float glow[3] = {0.55F * bright, (0.50F - 0.15F * dusk) * bright,
                     (0.42F - 0.25F * dusk) * bright};
    for (int c = 0; c < 3; c++)
        sun[c] *= bright;
    light.night = lh_smooth(0.0F, -0.12F, up);
    light.colour = 1.0F - lh_smooth(-0.06F, -0.12F, up);
    blend(light.sun_rgb, sun, night_sun, light.night);
    blend(light.sky_rgb, sky, night_sky, light.night);
    blend(light.zenith_rgb, zenith, night_zenith, light.night);
    blend(light.horizon_rgb, horizon, night_horizon, light.night);
    blend(light.glow_rgb, glow, black, light.night);
    if (up < -0.05F) {
        for (int c = 0; c < 3; c++)
            light.sun[c] = moon[c];
    }
    double drift = 0.012 * sin(scene_s * 0.021 + weather->drift_phase[0]) +
                   0.006 * sin(scene_s * 0.13 + weather->drift_phase[1]) +
                   0.020 * sin(scene_s * 0.0031 + weather->drift_phase[2]);
    light.exposure = 1.16F * (1.0F + (float)drift);
    light.noise = 1.0F + 3.0F * light.night;
    *ret_light = light;
}

void lh_light_sky(const struct lh_light *light, const float direction[3], float ret_rgb[3])
{
    float up = fmaxf(direction[2], 0.0F);
    float pale = expf(-up * 7.5F);
    float rim = expf(-up * 2.2F);
    float cosine =
        direction[0] * light->sun[0] + direction[1] * light->sun[1] + direction[2] * light->sun[2];
    float forward = fmaxf(0.5F + 0.5F * cosine, 0.0F);
    float wide = powf(forward, 6.0F);
    float tight = powf(forward, 120.0F);
    for (int c = 0; c < 3; c++) {
        float base = light->zenith_rgb[c] +
                     (light->horizon_rgb[c] - light->zenith_rgb[c]) * (0.72F * pale + 0.28F * rim);
        ret_rgb[c] = base + light->glow_rgb[c] * (0.34F * wide + 1.1F * tight);
    }
}

void lh_weather_wind(const struct lh_weather *weather, float ret_wind[2])
{
    ret_wind[0] = weather->wind[0];
    ret_wind[1] = weather->wind[1];
}

void lh_weather_gusts(const struct lh_weather *weather, double from_s, double to_s,
                      float ret_drift[2])
{
    double towards = (weather->options.wind_from_deg + 180.0) * DEG;
    float along_e = (float)sin(towards);
    float along_n = (float)cos(towards);
    float drift[2] = {0.0F, 0.0F};
    for (int i = 0; i < LH_GUSTS; i++) {
        const struct gust *gust = &weather->gusts[i];
        float moved = gust->reach_m * (float)(sin(gust->rate * to_s + gust->phase) -
                                              sin(gust->rate * from_s + gust->phase));
        drift[0] += moved * (along_e - gust->across * along_n);
        drift[1] += moved * (along_n + gust->across * along_e);
    }
    ret_drift[0] = drift[0];
    ret_drift[1] = drift[1];
}
