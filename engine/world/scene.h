/* A county in a box: terrain, towers, weather, fires and nuisances, with known truth.
 *
 * A scene is made from options and a seed; everything in it is a pure function of seed, camera and
 * scene time, so that the same call gives the same picture on every machine of one build. Slow parts
 * (terrain, what each pixel of each camera sees, its distance and its light) are computed once at
 * creation; a picture is then composed of sky, ground, haze, smoke, flames, lights and sensor noise.
 *
 * Thread-safety: creation by one thread; then one thread a camera may render at the same time.
 */
#ifndef LH_WORLD_SCENE_H
#define LH_WORLD_SCENE_H

#include "base/clock.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lh_scene_event_kind {
    LH_SCENE_FIRE,    /* truth: must be found */
    LH_SCENE_CHIMNEY, /* the rest must not raise an alarm */
    LH_SCENE_DUST,    /* behind a vehicle on a road */
    LH_SCENE_FOG_BANK,
    LH_SCENE_HEADLIGHTS,
};
const char *lh_scene_event_kind_name(enum lh_scene_event_kind kind);

struct lh_scene_options {
    uint64_t seed;
    const char *dem_path; /* any file GDAL reads; NULL: generated mountains */
    unsigned cameras;     /* 1..32 */
    uint32_t width_px;
    uint32_t height_px;
    int64_t start_utc_us; /* of scene time 0; decides the height of the sun */
    double sun_hour;      /* local solar time at scene time 0, 0..24; 2 is night */
    double wind_m_s;
    double wind_from_deg;
    double cloud_cover;   /* 0..1 */
    double visibility_km; /* meteorological optical range of the haze */
    double first_ignition_s;
    double first_fire_km; /* about so far from a tower in clear view */
    unsigned fires;       /* spread over cameras and, after the first, over time: ... */
    double fire_gap_s;    /* ... so long after each other, give or take a half */
    bool nuisances;
    unsigned threads; /* that make the scene; 0: as many as processors. Changes no picture */
};
extern const struct lh_scene_options LH_SCENE_OPTIONS_DEFAULT;

struct lh_scene_camera {
    char id[32]; /* "tower-1" */
    double latitude_deg;
    double longitude_deg;
    double ground_m; /* above sea level */
    double mast_m;
    double azimuth_deg;
    double tilt_deg; /* positive up */
    double roll_deg;
    double hfov_deg;
};

struct lh_scene_event {
    enum lh_scene_event_kind kind;
    unsigned id;
    double latitude_deg;
    double longitude_deg;
    double ground_m;
    double start_s; /* scene time */
    double end_s;
};

struct lh_scene_box {
    bool visible; /* enough of it in front of terrain and haze to be told from the background */
    float x;      /* shares of the picture */
    float y;
    float width;
    float height;
    float contrast; /* mean absolute change of luma it makes inside the box, 0..255 */
    float distance_m;
};

/* Planar I420 of the scene's size, owned by the caller. */
struct lh_scene_picture {
    uint8_t *plane[3];
    int stride[3];
};

struct lh_scene;
int lh_scene_create(const struct lh_scene_options *options, struct lh_fault *fault,
                    struct lh_scene **ret_scene);
void lh_scene_destroy(struct lh_scene **scene);

const struct lh_scene_camera *lh_scene_camera(const struct lh_scene *scene, unsigned camera);
size_t lh_scene_events(const struct lh_scene *scene, const struct lh_scene_event **ret_events);

/* What a fire radiates at a time, as a satellite measures it: 15 % of its power. 0 of what is no fire, or not burning. */
double lh_scene_radiated_mw(const struct lh_scene *scene, size_t event, double scene_s);

/* The ground as a GeoTIFF. */
int lh_scene_save_terrain(const struct lh_scene *scene, const char *path, struct lh_fault *fault);

int lh_scene_render(struct lh_scene *scene, unsigned camera, double scene_s,
                    struct lh_scene_picture *picture);

/* Where an event shows in a camera at a time, from the same simulation. */
int lh_scene_box(struct lh_scene *scene, unsigned camera, size_t event, double scene_s,
                 struct lh_scene_box *ret_box);

#endif
