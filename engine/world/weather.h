/* Sun, sky, clouds, wind and the exposure they ask of a camera, as functions of time.
 *
 * Sun: declination 23.44 deg * sin(2 pi (day - 81) / 365.24) (Cooper's formula), hour angle from
 * local solar time. Its colour follows exp(-k m) with air mass m = 1 / (sin h + 0.05). The sky is a
 * gradient from zenith to a pale horizon plus a forward-scattering glow about the sun; below about
 * -6 deg of sun the picture is that of an infrared camera by moonlight: grey, dark and noisy.
 *
 * Light is in exposed units: 1 is the direct sun on a surface that faces it, after the camera's
 * exposure; a surface of reflectance r facing the sun has radiance r.
 *
 * Clouds: two tiles of periodic noise at one height, drifting at different speeds, so that shapes
 * form and dissolve; a mip pyramid keeps the far ones from shimmering. The same field, looked up
 * along the sun's direction, gives their shadows on the ground.
 *
 * Wind: a mean plus gusts made of sines with seeded phases, so that the way of an air parcel
 * between two times is closed form.
 *
 * Thread-safety: immutable after creation.
 */
#ifndef LH_WORLD_WEATHER_H
#define LH_WORLD_WEATHER_H

#include "world/scene.h"

#define LH_CLOUD_BASE_M 3600.0F /* above sea level */
#define LH_GUSTS 5

struct lh_light {
    float sun[3]; /* unit vector towards the sun or, by night, the moon: east, north, up */
    float sun_rgb[3];
    float sky_rgb[3]; /* from the whole sky on an open surface */
    float zenith_rgb[3];
    float horizon_rgb[3];
    float glow_rgb[3];
    float exposure; /* slow drift about 1 */
    float colour;   /* 1: colours of the day, 0: grey of the infrared night */
    float night;    /* 0 by day, 1 by night */
    float noise;    /* standard deviation of the sensor in luma steps, mid grey */
};

struct lh_weather;

int lh_weather_create(const struct lh_scene_options *options, double latitude_deg,
                      struct lh_weather **ret_weather);
/* Accepts &NULL; leaves NULL. */
void lh_weather_destroy(struct lh_weather **weather);

void lh_weather_light(const struct lh_weather *weather, double scene_s, struct lh_light *ret_light);

/* Direction of the sun alone. */
void lh_weather_sun(const struct lh_weather *weather, double scene_s, float ret_sun[3]);

/* Cloudless radiance of the sky in a direction (unit vector; below the horizon: that of it). */
void lh_light_sky(const struct lh_light *light, const float direction[3], float ret_rgb[3]);

/* Optical thickness 0..1 of the clouds over a place at a time. narrow: 0 at their base, more leaves
 * only their middles; footprint_m: what a pixel covers. */
float lh_weather_cloud(const struct lh_weather *weather, double scene_s, float e, float n,
                       float narrow, float footprint_m);

/* Mean wind at 10 m above open ground, blowing towards east and north, m/s. */
void lh_weather_wind(const struct lh_weather *weather, float ret_wind[2]);

/* How far gusts carried air between two times beyond the mean wind, metres east and north. */
void lh_weather_gusts(const struct lh_weather *weather, double from_s, double to_s,
                      float ret_drift[2]);

#endif
