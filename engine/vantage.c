#include "vantage.h"

#include "base/log.h"
#include "locate/places.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SEEN_ABOVE_M 50.0 /* of smoke that a camera should see if it looks there */
#define MARGIN_M 2000.0   /* of ground beyond what the cameras reach */

struct lh_vantage {
    const struct lh_site *site;
    struct lh_terrain *terrain; /* NULL: not known */
    struct lh_places *places;   /* NULL: none */
};

/* The places of all cameras with a pose, and how far the farthest looks. */
static int gather_places(const struct lh_site *site, struct lh_geo **ret_places, size_t *ret_count,
                         double *ret_reach_m)
{
    struct lh_geo *places = calloc(site->camera_count + 1, sizeof *places);
    if (!places)
        return LH_ENOMEM;
    size_t count = 0;
    double reach_m = 0;
    for (size_t i = 0; i < site->camera_count; i++) {
        struct lh_pose pose;
        if (lh_pose_of_camera(&site->cameras[i], "", &pose) != LH_OK)
            continue;
        places[count++] = pose.place;
        reach_m = fmax(reach_m, pose.range_m);
    }
    *ret_places = places;
    *ret_count = count;
    *ret_reach_m = reach_m;
    return LH_OK;
}

static int load_terrain(const struct lh_site *site, struct lh_fault *fault,
                        struct lh_terrain **ret_terrain)
{
    struct lh_geo *places;
    size_t count;
    double reach_m;
    struct lh_dem *dem = NULL;
    int code = gather_places(site, &places, &count, &reach_m);
    if (code != LH_OK)
        return lh_fail(fault, code, "out of memory");
    if (count > 0) {
        code = lh_dem_open((const char *const *)site->terrain.files, site->terrain.file_count,
                           site->terrain.heights, fault, &dem);
        if (code == LH_OK)
            code = lh_terrain_load(dem, places, count, reach_m + MARGIN_M, fault, ret_terrain);
        lh_dem_close(&dem);
    }
    free(places);
    return code;
}

static bool place_eye(const struct lh_vantage *vantage, const struct lh_pose *pose,
                      struct lh_fault *fault, struct lh_eye *ret_eye)
{
    return vantage && vantage->terrain &&
           lh_eye_place(vantage->terrain, pose->place, pose->ground_m, pose->mast_m, fault,
                        ret_eye) == LH_OK;
}

static void check_eyes(const struct lh_vantage *vantage)
{
    for (size_t i = 0; vantage->terrain && i < vantage->site->camera_count; i++) {
        const struct lh_camera_config *camera = &vantage->site->cameras[i];
        struct lh_pose pose;
        struct lh_eye eye;
        struct lh_fault fault = {0};
        if (lh_pose_of_camera(camera, "", &pose) == LH_OK &&
            !place_eye(vantage, &pose, &fault, &eye))
            lh_log(LH_LOG_ERROR, "locate", camera->id, "its positions are bearings only: %s",
                   fault.text);
    }
}

int lh_vantage_create(const struct lh_site *site, struct lh_vantage **ret_vantage)
{
    struct lh_vantage *vantage = calloc(1, sizeof *vantage);
    if (!vantage)
        return LH_ENOMEM;
    vantage->site = site;
    struct lh_fault fault = {0};
    int code = LH_OK;
    if (site->terrain.file_count > 0)
        code = load_terrain(site, &fault, &vantage->terrain);
    if (code != LH_OK && code != LH_ENOMEM)
        lh_log(LH_LOG_ERROR, "locate", NULL, "positions are bearings only: %s", fault.text);
    if (code != LH_ENOMEM && site->places.file && *site->places.file) {
        code = lh_places_load(site->places.file, (enum lh_datum)site->places.datum,
                              site->places.name_field, &fault, &vantage->places);
        if (code != LH_OK && code != LH_ENOMEM)
            lh_log(LH_LOG_ERROR, "locate", NULL, "places have no names: %s", fault.text);
    }
    if (code == LH_ENOMEM) {
        lh_vantage_destroy(&vantage);
        return code;
    }
    check_eyes(vantage);
    *ret_vantage = vantage;
    return LH_OK;
}

void lh_vantage_destroy(struct lh_vantage **vantage)
{
    if (!*vantage)
        return;
    lh_terrain_destroy(&(*vantage)->terrain);
    lh_places_destroy(&(*vantage)->places);
    free(*vantage);
    *vantage = NULL;
}

struct lh_position lh_vantage_locate(const struct lh_vantage *vantage,
                                     const struct lh_camera_config *camera, const char *preset,
                                     const struct lh_track *track, uint32_t width_px,
                                     uint32_t height_px)
{
    const struct lh_sighting_options options = LH_SIGHTING_DEFAULT;
    struct lh_position nowhere = {.form = LH_POSITION_NONE};
    struct lh_fault fault = {0};
    struct lh_pose pose;
    struct lh_eye eye;
    struct lh_sighting sighting;
    if (lh_pose_of_camera(camera, preset, &pose) != LH_OK)
        return nowhere;
    const bool known = place_eye(vantage, &pose, &fault, &eye);
    const struct lh_box box = track->steady.width > 0 ? track->steady : track->box;
    const int code =
        lh_sighting_make(known ? &eye : NULL, &pose, width_px, height_px, box, &options, &sighting);
    return code == LH_OK ? sighting.position : nowhere;
}

int lh_vantage_aim(const struct lh_vantage *vantage, const struct lh_camera_config *camera,
                   struct lh_geo at, struct lh_bearing *ret_bearing)
{
    struct lh_fault fault = {0};
    struct lh_pose pose;
    struct lh_eye eye;
    if (lh_pose_of_camera(camera, camera->preset, &pose) != LH_OK)
        return LH_ENOTFOUND;
    *ret_bearing = (struct lh_bearing){lh_geo_bearing_deg(pose.place, at), pose.tilt_deg};
    if (!place_eye(vantage, &pose, &fault, &eye))
        return LH_OK;
    const struct lh_offset target = lh_plane_offset(&vantage->terrain->plane, at);
    const double ground_m = lh_terrain_height(vantage->terrain, target);
    if (!isfinite(ground_m))
        return LH_OK;
    const struct lh_aim aim = lh_ray_aim(&eye, target, ground_m);
    *ret_bearing = (struct lh_bearing){aim.azimuth_deg, aim.elevation_deg};
    return LH_OK;
}

/* Where nothing is known of the ground: along the earth's curve, level. */
static struct lh_aim flat_aim(const struct lh_pose *pose, struct lh_geo point)
{
    return (struct lh_aim){.azimuth_deg = lh_geo_bearing_deg(pose->place, point),
                           .distance_m = lh_geo_distance_m(pose->place, point)};
}

enum lh_sees lh_vantage_sight(const struct lh_vantage *vantage, const struct lh_pose *pose,
                              struct lh_geo point, struct lh_aim *ret_aim)
{
    struct lh_fault fault = {0};
    struct lh_eye eye;
    *ret_aim = flat_aim(pose, point);
    if (ret_aim->distance_m > pose->range_m)
        return LH_SEES_NO;
    if (!place_eye(vantage, pose, &fault, &eye))
        return LH_SEES_UNKNOWN;
    const struct lh_offset target = lh_plane_offset(&vantage->terrain->plane, point);
    const double ground_m = lh_terrain_height(vantage->terrain, target);
    if (!isfinite(ground_m))
        return LH_SEES_UNKNOWN;
    *ret_aim = lh_ray_aim(&eye, target, ground_m + SEEN_ABOVE_M);
    if (ret_aim->distance_m > pose->range_m)
        return LH_SEES_NO;
    switch (lh_ray_sight(&eye, target, SEEN_ABOVE_M)) {
    case LH_SIGHT_CLEAR:
        return LH_SEES_YES;
    case LH_SIGHT_HIDDEN:
        return LH_SEES_NO;
    default:
        return LH_SEES_UNKNOWN;
    }
}

enum lh_sees lh_vantage_sees(const struct lh_vantage *vantage, const struct lh_pose *pose,
                             double aspect, struct lh_geo point)
{
    struct lh_aim aim;
    double x;
    double y;
    const enum lh_sees sees = lh_vantage_sight(vantage, pose, point, &aim);
    const struct lh_bearing bearing = {aim.azimuth_deg, aim.elevation_deg};
    if (sees != LH_SEES_YES)
        return sees;
    return lh_pose_project(pose, aspect, bearing, &x, &y) && x >= 0 && x <= 1 && y >= 0 && y <= 1
               ? LH_SEES_YES
               : LH_SEES_NO;
}

void lh_vantage_describe(const struct lh_vantage *vantage, const struct lh_position *position,
                         char ret_text[LH_ALARM_PLACE])
{
    char text[LH_PLACE_TEXT];
    const struct lh_ellipse *best = lh_position_best(position);
    ret_text[0] = '\0';
    if (!vantage || !vantage->places || !best ||
        lh_places_describe(vantage->places, best->centre, vantage->terrain,
                           vantage->site->places.range_m, LH_LANGUAGE_ENGLISH, text) != LH_OK)
        return;
    lh_copy_text(ret_text, LH_ALARM_PLACE, text);
}

static double height_at(void *context, struct lh_geo at)
{
    const struct lh_terrain *terrain = context;
    return lh_terrain_height_at(terrain, at);
}

struct lh_height_source lh_vantage_heights(const struct lh_vantage *vantage)
{
    if (!vantage || !vantage->terrain)
        return (struct lh_height_source){.height_m = NULL};
    return (struct lh_height_source){.height_m = height_at, .context = vantage->terrain};
}
