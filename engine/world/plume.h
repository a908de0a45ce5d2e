/* Smoke, steam, dust and fog as clouds of Gaussian puffs, without stepping state.
 *
 * A source gives off puffs at fixed times. Where a puff is, how large and how thick, is closed
 * form in its age t, so that any time can be drawn directly and two draws agree.
 *   rise     Briggs' two-thirds law for a bent-over plume, z = 1.6 F^(1/3) t^(2/3) u^(-1/3), up to
 *            his final rise in stable air, 2.6 (F / (u s))^(1/3), s = 4e-4 s^-2 (Briggs 1984);
 *            F = 8.9e-6 m^4 s^-3 W^-1 * convective power
 *   drift    mean wind (power law 0.15 with height) plus the gusts of struct lh_weather, which all
 *            puffs share, plus an own random walk's spread
 *   growth   sigma = sigma0 + 0.145 * rise (entrainment; the puffs' scatter does the rest of Briggs'
 *            0.6 r, and leaves billows) + 0.026 * distance drifted
 *   depth    extinction area of the puff / (2 pi sigma^2) at its middle
 * A fire grows as time^1.5 in power, smoke with time^1.15, like a vigorous fire in dry brush: 50 MW
 * and a column of about 30 m by 80 m after a minute, then ever slower.
 *
 * Thread-safety: pure functions of their arguments.
 */
#ifndef LH_WORLD_PLUME_H
#define LH_WORLD_PLUME_H

#include "world/land.h"
#include "world/scene.h"
#include "world/weather.h"

#define LH_PUFFS_MOST 420

/* Something that gives off puffs or light. */
struct lh_source {
    struct lh_scene_event event;
    uint64_t seed;
    float place[3];    /* on the plane; z: sea level */
    float strength;    /* about 1 */
    size_t road;       /* dust and headlights: which road ... */
    float along_m;     /* ... the middle of the stretch driven ... */
    float stretch_m;   /* ... its half length ... */
    float speed_m_s;   /* ... and how fast */
    float colour[3];   /* tint of what it gives off */
    float fog_axis[2]; /* unit vector along the valley */
};

struct lh_puff {
    float place[3];
    float sigma_m;   /* horizontally */
    float sigma_z_m; /* vertically */
    float depth;     /* optical depth through the middle */
    float shade;     /* 0..1: share of the full light that reaches it */
    float warm;      /* firelight on it */
    uint32_t kind;   /* random bits: which shape, how turned */
    float turn;      /* radians */
};

/* Fills puffs (room for LH_PUFFS_MOST) of a source at a time; returns how many. */
size_t lh_plume(const struct lh_source *source, const struct lh_weather *weather,
                const struct lh_land *land, double scene_s, struct lh_puff *puffs);

/* Fire power in megawatts at an age, half the length of its front, which gives off 2.5 MW a metre
 * across the wind, and a place on it (side: -1 to 1). */
float lh_fire_power_mw(const struct lh_source *source, double age_s);
float lh_fire_front_m(const struct lh_source *source, double age_s);
void lh_fire_place(const struct lh_source *source, const float wind[2], double age_s, float side,
                   float ret_place[2]);

/* Where the vehicle of a dust or headlights source is, and its heading (unit vector). */
void lh_vehicle(const struct lh_source *source, const struct lh_land *land, double scene_s,
                float ret_place[3], float ret_heading[2]);

#endif
