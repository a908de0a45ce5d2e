/* What each pixel of one camera sees: distance, reflectance, slope, haze.
 *
 * Camera: pinhole, square pixels, focal = width / (2 tan(HFOV/2)), principal point in the middle of
 * the picture; x to the right, y down, z forward; a pixel's centre is at +0.5. The direction of a
 * pixel is Rz(azimuth) Rx(tilt) Rz(roll) (x, y, 1): roll turns the camera clockwise as seen from
 * behind it, tilt lifts it, azimuth turns it from true north over east.
 *
 * Rays are straight on the plane with the height of what they meet lowered by
 * s^2 (1 - k) / (2 R), k = 0.13, R = 6,372.7 km (curvature less refraction). Columns are marched
 * from below; a ray starts a little nearer than where its lower neighbour ended.
 *
 * Haze (Koschmieder 1924): transmittance exp(-3.912 d / V), V the meteorological range.
 *
 * Thread-safety: immutable after creation, except the lighting cache, which belongs to the thread
 * that renders this camera.
 */
#ifndef LH_WORLD_VIEW_H
#define LH_WORLD_VIEW_H

#include "world/land.h"
#include "world/scene.h"

#include <stdbool.h>
#include <stdint.h>

#define LH_VIEW_SKY_M 1e9F /* distance of a pixel that sees no ground */
#define LH_EARTH_BULGE (0.87 / (2.0 * 6372700.0))

struct lh_view {
    struct lh_scene_camera camera;
    int width;
    int height;
    float eye[3]; /* east, north, height */
    float focal_px;
    float axis_x[3]; /* right, down and forward of the camera on the plane */
    float axis_y[3];
    float axis_z[3];

    float *distance_m;    /* along the ray's horizontal track; LH_VIEW_SKY_M: sky */
    uint8_t *albedo[3];   /* square root of reflectance, 255 = 1 */
    uint8_t *clear;       /* 255 * transmittance of the haze in between; 0 for sky */
    int8_t *normal[3];    /* unit normal times 127 */
    int first_ground_row; /* rows above see only sky */
    int first_full_row;   /* from here on no pixel sees sky */
};

/* Pose only; nothing is marched. camera: ground_m + mast_m is the eye. */
void lh_view_aim(struct lh_view *view, const struct lh_terrain *terrain,
                 const struct lh_scene_camera *camera, int width, int height);

/* Allocates and fills the planes of an aimed view. */
int lh_view_march(struct lh_view *view, const struct lh_land *land, double visibility_km);

/* Releases the planes. */
void lh_view_finish(struct lh_view *view);

/* Direction on the plane of picture position x, y in pixels; length 1. */
void lh_view_ray(const struct lh_view *view, float x, float y, float ret_direction[3]);

/* Picture position and horizontal distance of a point; false if it is behind the camera. */
bool lh_view_project(const struct lh_view *view, const float point[3], float *ret_x, float *ret_y,
                     float *ret_distance_m);

/* Point on the ground that a pixel sees (distance_m must not be sky). */
void lh_view_ground(const struct lh_view *view, int x, int y, float ret_point[3]);

/* Blurs a plane of ground pixels as a lens does: weights 4 in the middle, 1 for each of the four
 * neighbours that is ground. room: one plane's worth of scratch. */
void lh_view_soften(const struct lh_view *view, uint8_t *plane, uint8_t *room);

/* True where the bare ground does not stand between the eye and a point. */
bool lh_view_sees(const struct lh_view *view, const struct lh_terrain *terrain,
                  const float point[3]);

#endif
