#include "world/plume.h"

#include "world/noise.h"

#include <math.h>
#include <stdbool.h>

#define PI 3.14159265358979323846F
#define FIRE_EVERY_S 0.7F
#define FIRE_LIFE_S 260.0F

float lh_fire_power_mw(const struct lh_source *source, double age_s)
{
    if (age_s <= 0.0)
        return 0.0F;
    float t = (float)age_s / 30.0F;
    float power = 18.0F * source->strength * powf(t, 1.5F);
    return 260.0F * power / (260.0F + power);
}

/* Extinction area given off a second, m^2/s. */
static float smoke_rate(const struct lh_source *source, double age_s)
{
    float t = (float)age_s / 30.0F;
    float rate = 360.0F * source->strength * powf(t, 1.15F);
    return 9000.0F * rate / (9000.0F + rate);
}

struct random {
    uint64_t bits;
};

static float roll(struct random *random)
{
    random->bits = lh_hash(random->bits, 5);
    return (float)(random->bits >> 40) * (2.0F / 16777216.0F) - 1.0F;
}

/* Carries a puff released at (e, n) from born_s to scene_s; returns the distance drifted. */
static float carry(const struct lh_weather *weather, double born_s, double scene_s, float height_m,
                   struct random *random, float place[3])
{
    float wind[2];
    float gusts[2];
    float age = (float)(scene_s - born_s);
    lh_weather_wind(weather, wind);
    lh_weather_gusts(weather, born_s, scene_s, gusts);
    float speed = powf(fmaxf(height_m, 3.0F) / 10.0F, 0.15F) * 0.85F;
    float de = wind[0] * speed * age + gusts[0] * 0.8F;
    float dn = wind[1] * speed * age + gusts[1] * 0.8F;
    float far = hypotf(de, dn);
    float spread = 0.065F * far + 0.45F * sqrtf(age);
    place[0] += de + spread * roll(random);
    place[1] += dn + spread * roll(random);
    return far;
}

static float rise_of(float power_mw, float wind_m_s, float age_s)
{
    float u = fmaxf(wind_m_s, 1.2F);
    float flux = 8.9F * power_mw;
    float rising = 1.6F * cbrtf(flux) * powf(age_s, 0.66667F) / cbrtf(u);
    float final = 2.6F * cbrtf(flux / (u * 4e-4F));
    return rising / sqrtf(1.0F + (rising / final) * (rising / final));
}

float lh_fire_front_m(const struct lh_source *source, double age_s)
{
    return fminf(0.2F * lh_fire_power_mw(source, age_s), 45.0F) + 1.0F;
}

/* A place on the front, which lies across the wind and is bent by the ground's chances. side: -1 to 1. */
void lh_fire_place(const struct lh_source *source, const float wind[2], double age_s, float side,
                   float ret_place[2])
{
    float speed = fmaxf(hypotf(wind[0], wind[1]), 0.1F);
    float half = lh_fire_front_m(source, age_s);
    float bend = 0.45F * half * lh_noise((uint32_t)source->seed, 1.7F * side, 3.5F);
    float across = half * side;
    ret_place[0] = source->place[0] + (bend * wind[0] - across * wind[1]) / speed;
    ret_place[1] = source->place[1] + (bend * wind[1] + across * wind[0]) / speed;
}

/* One puff of a fire, given off at born_s, as it is at scene_s. share: of the smoke that puffs of its
 * age stand for. */
static void fire_puff(const struct lh_source *source, const struct lh_weather *weather,
                      double born_s, double scene_s, float share, uint64_t number,
                      struct lh_puff *puff)
{
    struct random random = {lh_hash(source->seed, number)};
    double fire_age_s = born_s - source->event.start_s;
    float age = (float)(scene_s - born_s);
    float power = lh_fire_power_mw(source, fire_age_s + 1.0);
    float bed = 0.8F * sqrtf(power) + 1.0F;
    float wind[2];
    lh_weather_wind(weather, wind);
    float height = rise_of(power, hypotf(wind[0], wind[1]), age) * (1.0F + 0.40F * roll(&random));
    *puff = (struct lh_puff){.kind = (uint32_t)random.bits};
    lh_fire_place(source, wind, fire_age_s + 1.0, roll(&random), puff->place);
    float out = 0.3F * bed + 0.10F * height;
    puff->place[0] += out * roll(&random);
    puff->place[1] += out * roll(&random);
    float far = carry(weather, born_s, scene_s, height, &random, puff->place);
    puff->place[0] += 0.06F * far * roll(&random);
    puff->place[1] += 0.06F * far * roll(&random);
    puff->place[2] = source->place[2] + 2.0F + height;
    puff->sigma_m = (bed * 0.45F + 0.145F * height + 0.026F * far) * (1.0F + 0.35F * roll(&random));
    puff->sigma_z_m = puff->sigma_m * 0.9F;
    float area = smoke_rate(source, fire_age_s + 0.4) * FIRE_EVERY_S * share;
    float pulse = lh_noise((uint32_t)source->seed, (float)fire_age_s * 0.23F, 0.5F);
    area *= fmaxf(1.0F + 0.5F * roll(&random) + 0.8F * pulse, 0.1F);
    float fade = lh_smooth(FIRE_LIFE_S, 0.5F * FIRE_LIFE_S, age);
    puff->depth = fade * area / (2.0F * PI * puff->sigma_m * puff->sigma_m);
    puff->shade =
        0.78F + 0.16F * roll(&random) - 0.16F * expf(-height / 12.0F) * fminf(power / 25.0F, 1.0F);
    puff->warm = fminf(power / 12.0F, 2.0F) * expf(-(height + 0.3F * far) / 22.0F);
    puff->turn = roll(&random) * PI + 0.05F * age * roll(&random);
}

static size_t fire_puffs(const struct lh_source *source, const struct lh_weather *weather,
                         double scene_s, struct lh_puff *puffs)
{
    double age_s = scene_s - source->event.start_s;
    double out_s = source->event.end_s - source->event.start_s;
    if (age_s <= 0.0)
        return 0;
    long last = (long)floor(fmin(age_s, out_s) / FIRE_EVERY_S);
    long first = (long)ceil((age_s - FIRE_LIFE_S) / FIRE_EVERY_S);
    first = first < 0 ? 0 : first;
    size_t count = 0;
    for (long i = first; i <= last && count < LH_PUFFS_MOST; i++) {
        double born_s = source->event.start_s + (double)i * FIRE_EVERY_S;
        float age = (float)(scene_s - born_s);
        float thin = lh_smooth(35.0F, 70.0F, age); /* of old puffs every other one is drawn */
        float share = (i & 1) ? 1.0F - thin : 1.0F + thin;
        if (age >= 0.0F && share > 0.01F)
            fire_puff(source, weather, born_s, scene_s, share, (uint64_t)i, &puffs[count++]);
    }
    return count;
}

static size_t chimney_puffs(const struct lh_source *source, const struct lh_weather *weather,
                            double scene_s, struct lh_puff *puffs)
{
    const double every_s = 0.45;
    const float life_s = 48.0F;
    float wind[2];
    lh_weather_wind(weather, wind);
    float speed = hypotf(wind[0], wind[1]);
    long last = (long)floor(scene_s / every_s);
    long first = (long)ceil((scene_s - life_s) / every_s);
    size_t count = 0;
    for (long i = first; i <= last && count < LH_PUFFS_MOST; i++) {
        double born_s = (double)i * every_s;
        float age = (float)(scene_s - born_s);
        struct random random = {lh_hash(source->seed, (uint64_t)i)};
        float height = rise_of(0.8F * source->strength, speed, age) * (1.0F + 0.2F * roll(&random));
        struct lh_puff *puff = &puffs[count++];
        *puff = (struct lh_puff){.kind = (uint32_t)random.bits};
        puff->place[0] = source->place[0];
        puff->place[1] = source->place[1];
        float far = carry(weather, born_s, scene_s, 40.0F, &random, puff->place);
        puff->place[2] = source->place[2] + 34.0F + height;
        puff->sigma_m = (1.3F + 0.30F * height + 0.03F * far) * (1.0F + 0.2F * roll(&random));
        puff->sigma_z_m = puff->sigma_m;
        float area = 75.0F * source->strength * (float)every_s * expf(-age / 13.0F);
        puff->depth = area / (2.0F * PI * puff->sigma_m * puff->sigma_m);
        puff->shade = 0.97F;
        puff->turn = roll(&random) * PI;
    }
    return count;
}

void lh_vehicle(const struct lh_source *source, const struct lh_land *land, double scene_s,
                float ret_place[3], float ret_heading[2])
{
    double leg_s = 2.0 * source->stretch_m / source->speed_m_s;
    double t = fmod(scene_s - source->event.start_s, 2.0 * leg_s);
    if (t < 0.0)
        t += 2.0 * leg_s;
    bool back = t > leg_s;
    float along = (float)((back ? 2.0 * leg_s - t : t) * source->speed_m_s);
    float at = source->along_m - source->stretch_m + along;
    struct lh_land_point here = lh_road_at(land, source->road, at);
    struct lh_land_point ahead = lh_road_at(land, source->road, at + (back ? -8.0F : 8.0F));
    float de = ahead.e - here.e;
    float dn = ahead.n - here.n;
    float length = hypotf(de, dn);
    ret_place[0] = here.e;
    ret_place[1] = here.n;
    ret_place[2] = lh_terrain_height(land->terrain, here.e, here.n);
    ret_heading[0] = length > 0.0F ? de / length : 1.0F;
    ret_heading[1] = length > 0.0F ? dn / length : 0.0F;
}

static size_t dust_puffs(const struct lh_source *source, const struct lh_weather *weather,
                         const struct lh_land *land, double scene_s, struct lh_puff *puffs)
{
    const double every_s = 0.22;
    const float life_s = 40.0F;
    double age_s = fmin(scene_s, source->event.end_s) - source->event.start_s;
    if (age_s <= 0.0)
        return 0;
    long last = (long)floor(age_s / every_s);
    long first = (long)ceil((scene_s - source->event.start_s - life_s) / every_s);
    first = first < 0 ? 0 : first;
    size_t count = 0;
    for (long i = first; i <= last && count < LH_PUFFS_MOST; i++) {
        double born_s = source->event.start_s + (double)i * every_s;
        float age = (float)(scene_s - born_s);
        float heading[2];
        struct random random = {lh_hash(source->seed, (uint64_t)i)};
        struct lh_puff *puff = &puffs[count++];
        *puff = (struct lh_puff){.kind = (uint32_t)random.bits};
        lh_vehicle(source, land, born_s, puff->place, heading);
        float height = 1.2F + 1.1F * sqrtf(age);
        float ground = puff->place[2];
        float far = carry(weather, born_s, scene_s, height, &random, puff->place);
        puff->place[2] = ground + height;
        puff->sigma_m = (1.5F + 0.55F * sqrtf(age) + 0.05F * far) * (1.0F + 0.3F * roll(&random));
        puff->sigma_z_m = puff->sigma_m * 0.65F;
        float area =
            26.0F * source->strength * expf(-age / 12.0F) * lh_smooth(life_s, 0.6F * life_s, age);
        puff->depth = area / (2.0F * PI * puff->sigma_m * puff->sigma_m);
        puff->shade = 0.85F;
        puff->turn = roll(&random) * PI;
    }
    return count;
}

static size_t fog_puffs(const struct lh_source *source, const struct lh_land *land, double scene_s,
                        struct lh_puff *puffs)
{
    float in = lh_smooth(0.0F, 90.0F, (float)(scene_s - source->event.start_s)) *
               lh_smooth(120.0F, 0.0F, (float)(scene_s - source->event.end_s));
    if (in <= 0.0F)
        return 0;
    const size_t most = 70;
    float drift = 260.0F * (float)sin((scene_s - source->event.start_s) * 0.0021) +
                  0.22F * (float)(scene_s - source->event.start_s);
    for (size_t i = 0; i < most; i++) {
        struct random random = {lh_hash(source->seed, (uint64_t)i)};
        struct lh_puff *puff = &puffs[i];
        *puff = (struct lh_puff){.kind = (uint32_t)random.bits};
        float along = 520.0F * roll(&random) + drift * (1.0F + 0.2F * roll(&random));
        float across = 130.0F * roll(&random);
        float phase = PI * roll(&random);
        puff->place[0] =
            source->place[0] + along * source->fog_axis[0] - across * source->fog_axis[1];
        puff->place[1] =
            source->place[1] + along * source->fog_axis[1] + across * source->fog_axis[0];
        float floor_m = lh_terrain_height(land->terrain, puff->place[0], puff->place[1]);
        float level = source->place[2] + 25.0F + 18.0F * roll(&random) +
                      6.0F * (float)sin(scene_s * 0.011 + (double)phase);
        puff->place[2] = fmaxf(level, floor_m + 4.0F);
        puff->sigma_m = 75.0F + 30.0F * roll(&random);
        puff->sigma_z_m = 15.0F + 5.0F * roll(&random);
        puff->depth = in * 0.42F * source->strength *
                      (1.0F + 0.3F * (float)sin(scene_s * 0.017 - (double)phase));
        puff->shade = 0.92F;
        puff->turn = 0.0F;
    }
    return most;
}

size_t lh_plume(const struct lh_source *source, const struct lh_weather *weather,
                const struct lh_land *land, double scene_s, struct lh_puff *puffs)
{
    switch (source->event.kind) {
    case LH_SCENE_FIRE:
        return fire_puffs(source, weather, scene_s, puffs);
    case LH_SCENE_CHIMNEY:
        return chimney_puffs(source, weather, scene_s, puffs);
    case LH_SCENE_DUST:
        return dust_puffs(source, weather, land, scene_s, puffs);
    case LH_SCENE_FOG_BANK:
        return fog_puffs(source, land, scene_s, puffs);
    case LH_SCENE_HEADLIGHTS:
        break;
    }
    return 0;
}
