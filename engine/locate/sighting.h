/* A sighting: one camera's track as a bearing, and as a position with its error.
 *
 * What is seen of a fire is the lowest smoke. Where the ground that burns is in view, that is its foot, and
 * the ray through it meets the ground there. Where the ground is hidden behind a ridge, the lowest smoke
 * stands on the ridge's edge, and the fire may be anywhere in the hollow behind it. Both are asked together:
 * over the azimuths that the pose's error leaves open, for each distance, how likely it is that a fire there
 * would show its lowest smoke at the elevation at which it was seen. What may be off: tilt, the height of
 * the lens, the ground (options.terrain_sigma_m), the foot within the box; every metre of distance within
 * range_m is as likely as the next beforehand. What the model is off at the mast's foot it is off near by too:
 * errors of height grow to their full size over some 300 m. Smoke may rise smoke_height_m and is not seen behind
 * what is higher. Where the ground is not known it may be as high as where it was last known, give or take
 * 100 m.
 *
 * The result: up to four ellipses with weights, one for each stretch of ground that is likely (a ridge, the
 * hollow behind, the next slope); or a sector where the foot is more likely hidden than seen, where the
 * ray goes to the sky (near: the farthest ground that is visible on the azimuth), or without a terrain.
 *
 * Thread-safety: pure functions on values and an immutable terrain.
 */
#ifndef LH_LOCATE_SIGHTING_H
#define LH_LOCATE_SIGHTING_H

#include "detect/detection.h"
#include "locate/pose.h"
#include "locate/position.h"
#include "locate/ray.h"

struct lh_sighting_options {
    double terrain_sigma_m; /* how far the ground may be off the model */
    double smoke_height_m;  /* what is hidden deeper than this does not show */
    double
        foot_share; /* one sigma of where the foot is, across the box, in shares of its width: wind leans
                               smoke until its foot is under the box's edge, so anywhere under it; a third
                               as much, in shares of its height, up and down; a pixel at least */
};
#define LH_SIGHTING_DEFAULT                                                                        \
    ((struct lh_sighting_options){                                                                 \
        .terrain_sigma_m = 8.0, .smoke_height_m = 400.0, .foot_share = 0.29})

struct lh_sighting {
    struct lh_geo from;
    double range_m;
    struct lh_bearing bearing; /* of the lowest smoke */
    double sigma_azimuth_deg;  /* of pose and foot together */
    double sigma_elevation_deg;
    double hidden_share; /* 0..1: how likely the fire's foot is out of sight */
    struct lh_position position;
};

/* box: where the smoke is (lh_track.steady), in a picture of width x height pixels. eye: the camera's, by
 * lh_eye_place; NULL: no terrain. LH_EINVAL for a box, a size or a pose that is none; LH_ERANGE for a box
 * that the lens cannot picture. */
int lh_sighting_make(const struct lh_eye *eye, const struct lh_pose *pose, uint32_t width,
                     uint32_t height, struct lh_box box, const struct lh_sighting_options *options,
                     struct lh_sighting *ret_sighting);

/* The same from a bearing that is known otherwise, with its error: a person's, a scripted one. */
int lh_sighting_of_bearing(const struct lh_eye *eye, const struct lh_pose *pose,
                           struct lh_bearing bearing, double sigma_azimuth_deg,
                           double sigma_elevation_deg, const struct lh_sighting_options *options,
                           struct lh_sighting *ret_sighting);

#endif
