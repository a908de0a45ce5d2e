#include "world/scene.h"

#include "world/crew.h"
#include "world/noise.h"
#include "world/studio.h"
#include "world/survey.h"

#include <math.h>
#include <stdlib.h>

#define CAMERAS_MOST 32
#define FIRES_MOST 64
#define SIZE_LEAST 64
#define SIZE_MOST 4096
#define RADIATED 0.15

struct lh_scene {
    struct lh_scene_options options;
    struct lh_terrain *terrain;
    struct lh_land *land;
    struct lh_weather *weather;
    struct lh_stage *stage;
    size_t source_count;
    struct lh_source sources[FIRES_MOST + LH_NUISANCES_MOST];
    struct lh_scene_event events[FIRES_MOST + LH_NUISANCES_MOST];
    unsigned studio_count;
    struct lh_studio *studios[CAMERAS_MOST];
};

const struct lh_scene_options LH_SCENE_OPTIONS_DEFAULT = {
    .seed = 1,
    .cameras = 4,
    .width_px = 1280,
    .height_px = 720,
    .start_utc_us = INT64_C(1775613600000000), /* 2026-04-08T02:00Z, ten in the morning there */
    .sun_hour = 9.6,
    .wind_m_s = 3.5,
    .wind_from_deg = 300.0,
    .cloud_cover = 0.35,
    .visibility_km = 28.0,
    .first_ignition_s = 20.0,
    .first_fire_km = 2.8,
    .fires = 2,
    .fire_gap_s = 39.0,
    .nuisances = true,
};

const char *lh_scene_event_kind_name(enum lh_scene_event_kind kind)
{
    switch (kind) {
    case LH_SCENE_FIRE:
        return "fire";
    case LH_SCENE_CHIMNEY:
        return "chimney";
    case LH_SCENE_DUST:
        return "dust";
    case LH_SCENE_FOG_BANK:
        return "fog_bank";
    case LH_SCENE_HEADLIGHTS:
        return "headlights";
    }
    return "unknown";
}

static bool within(double value, double low, double high)
{
    return value >= low && value <= high;
}

static int check_options(const struct lh_scene_options *o, struct lh_fault *fault)
{
    if (o->cameras < 1 || o->cameras > CAMERAS_MOST)
        return lh_fail(fault, LH_ERANGE, "%u cameras: a scene has 1 to %d", o->cameras,
                       CAMERAS_MOST);
    if (o->width_px < SIZE_LEAST || o->width_px > SIZE_MOST || o->height_px < SIZE_LEAST ||
        o->height_px > SIZE_MOST)
        return lh_fail(fault, LH_ERANGE, "%u x %u pixels: each side has %d to %d", o->width_px,
                       o->height_px, SIZE_LEAST, SIZE_MOST);
    if (o->fires > FIRES_MOST)
        return lh_fail(fault, LH_ERANGE, "%u fires: at most %d", o->fires, FIRES_MOST);
    if (!within(o->sun_hour, 0.0, 24.0))
        return lh_fail(fault, LH_ERANGE, "sun hour %g: 0 to 24", o->sun_hour);
    if (!within(o->wind_m_s, 0.0, 40.0))
        return lh_fail(fault, LH_ERANGE, "wind %g m/s: 0 to 40", o->wind_m_s);
    if (!within(o->wind_from_deg, -360.0, 360.0))
        return lh_fail(fault, LH_ERANGE, "wind from %g degrees: 0 to 360", o->wind_from_deg);
    if (!within(o->cloud_cover, 0.0, 1.0))
        return lh_fail(fault, LH_ERANGE, "cloud cover %g: 0 to 1", o->cloud_cover);
    if (!within(o->visibility_km, 0.5, 200.0))
        return lh_fail(fault, LH_ERANGE, "visibility %g km: 0.5 to 200", o->visibility_km);
    if (!within(o->first_ignition_s, 0.0, 1e7))
        return lh_fail(fault, LH_ERANGE, "first ignition at %g s: 0 to 1e7", o->first_ignition_s);
    if (!within(o->first_fire_km, 0.5, 12.0))
        return lh_fail(fault, LH_ERANGE, "first fire at %g km: 0.5 to 12", o->first_fire_km);
    return LH_OK;
}

static void fill_grain(struct lh_stage *stage)
{
    struct lh_dice dice = {lh_hash(stage->seed, 12)};
    for (size_t i = 0; i < LH_NOISE_ROOM; i++) {
        double sum = 0.0;
        for (int k = 0; k < 6; k++)
            sum += lh_dice_range(&dice, -1.0, 1.0);
        double value = sum / sqrt(2.0) * 32.0;
        stage->grain[i] = (int8_t)lrint(fmin(fmax(value, -127.0), 127.0));
    }
}

static int lay_out(struct lh_scene *scene, struct lh_fault *fault)
{
    const struct lh_scene_options *o = &scene->options;
    int error = o->dem_path ? lh_terrain_from_dem(o->dem_path, fault, &scene->terrain)
                            : lh_terrain_generate(o->seed, &scene->terrain);
    if (error)
        return error;
    error = lh_land_create(o->seed, scene->terrain, &scene->land);
    if (error)
        return error;
    error = lh_weather_create(o, scene->terrain->latitude_deg, &scene->weather);
    if (error)
        return error;
    scene->stage = calloc(1, sizeof *scene->stage);
    if (!scene->stage)
        return LH_ENOMEM;
    scene->stage->terrain = scene->terrain;
    scene->stage->land = scene->land;
    scene->stage->weather = scene->weather;
    scene->stage->seed = o->seed;
    scene->stage->visibility_km = o->visibility_km;
    lh_sprites_make(&scene->stage->sprites, o->seed);
    fill_grain(scene->stage);
    return LH_OK;
}

static void number_events(struct lh_scene *scene)
{
    for (size_t i = 0; i < scene->source_count; i++) {
        scene->sources[i].event.id = (unsigned)i + 1;
        scene->events[i] = scene->sources[i].event;
    }
    scene->stage->sources = scene->sources;
    scene->stage->source_count = scene->source_count;
}

struct march {
    const struct lh_scene *scene;
    const struct lh_scene_camera *cameras;
    struct lh_view *views;
};

static int march_view(void *opaque, unsigned number)
{
    const struct march *march = opaque;
    const struct lh_scene_options *o = &march->scene->options;
    lh_view_aim(&march->views[number], march->scene->terrain, &march->cameras[number],
                (int)o->width_px, (int)o->height_px);
    return lh_view_march(&march->views[number], march->scene->land, o->visibility_km);
}

static int set_up_cameras(struct lh_scene *scene)
{
    const struct lh_scene_options *o = &scene->options;
    struct lh_scene_camera cameras[CAMERAS_MOST];
    struct lh_view *views = calloc(o->cameras, sizeof *views);
    if (!views)
        return LH_ENOMEM;
    int error = lh_survey_cameras(o, scene->land, o->cameras, cameras);
    if (!error)
        error =
            lh_crew_run(o->threads, o->cameras, march_view, &(struct march){scene, cameras, views});
    if (error)
        goto done;
    scene->source_count = lh_survey_fires(o, scene->land, views, scene->sources);
    if (o->nuisances)
        scene->source_count +=
            lh_survey_nuisances(o, scene->land, views, scene->sources + scene->source_count);
    number_events(scene);
    for (unsigned i = 0; i < o->cameras && !error; i++) {
        struct lh_studio *studio = calloc(1, sizeof *studio);
        error = studio ? lh_studio_init(studio, scene->stage, i, &views[i]) : LH_ENOMEM;
        if (studio) {
            views[i] = (struct lh_view){0};
            scene->studios[scene->studio_count++] = studio;
        }
    }
done:
    for (unsigned i = 0; i < o->cameras; i++)
        lh_view_finish(&views[i]);
    free(views);
    return error;
}

int lh_scene_create(const struct lh_scene_options *options, struct lh_fault *fault,
                    struct lh_scene **ret_scene)
{
    int error = check_options(options, fault);
    if (error)
        return error;
    if (fault)
        *fault = (struct lh_fault){0};
    struct lh_scene *scene = calloc(1, sizeof *scene);
    if (!scene)
        return lh_fail(fault, LH_ENOMEM, "no memory for the scene");
    scene->options = *options;
    error = lay_out(scene, fault);
    if (!error)
        error = set_up_cameras(scene);
    if (error) {
        if (fault && fault->text[0] == '\0')
            (void)lh_fail(fault, error, "the scene cannot be made: %s", lh_strerror(error));
        lh_scene_destroy(&scene);
        return error;
    }
    scene->options.dem_path = NULL;
    *ret_scene = scene;
    return LH_OK;
}

void lh_scene_destroy(struct lh_scene **scene)
{
    struct lh_scene *own = *scene;
    if (!own)
        return;
    for (unsigned i = 0; i < own->studio_count; i++) {
        lh_studio_finish(own->studios[i]);
        free(own->studios[i]);
    }
    free(own->stage);
    lh_weather_destroy(&own->weather);
    lh_land_destroy(&own->land);
    lh_terrain_destroy(&own->terrain);
    free(own);
    *scene = NULL;
}

const struct lh_scene_camera *lh_scene_camera(const struct lh_scene *scene, unsigned camera)
{
    return camera < scene->studio_count ? &scene->studios[camera]->view.camera : NULL;
}

size_t lh_scene_events(const struct lh_scene *scene, const struct lh_scene_event **ret_events)
{
    *ret_events = scene->events;
    return scene->source_count;
}

double lh_scene_radiated_mw(const struct lh_scene *scene, size_t event, double scene_s)
{
    if (event >= scene->source_count)
        return 0.0;
    const struct lh_source *source = &scene->sources[event];
    if (source->event.kind != LH_SCENE_FIRE || scene_s < source->event.start_s ||
        scene_s >= source->event.end_s)
        return 0.0;
    return RADIATED * (double)lh_fire_power_mw(source, scene_s - source->event.start_s);
}

int lh_scene_save_terrain(const struct lh_scene *scene, const char *path, struct lh_fault *fault)
{
    return lh_terrain_save(scene->terrain, path, fault);
}

int lh_scene_render(struct lh_scene *scene, unsigned camera, double scene_s,
                    struct lh_scene_picture *picture)
{
    if (camera >= scene->studio_count || !isfinite(scene_s) || fabs(scene_s) > 1e8)
        return LH_EINVAL;
    struct lh_studio *studio = scene->studios[camera];
    int error = lh_studio_prepare(studio, scene->stage, scene_s);
    if (error)
        return error;
    lh_studio_picture(studio, scene->stage, picture);
    return LH_OK;
}

int lh_scene_box(struct lh_scene *scene, unsigned camera, size_t event, double scene_s,
                 struct lh_scene_box *ret_box)
{
    if (camera >= scene->studio_count || event >= scene->source_count || !isfinite(scene_s) ||
        fabs(scene_s) > 1e8)
        return LH_EINVAL;
    struct lh_studio *studio = scene->studios[camera];
    int error = lh_studio_prepare(studio, scene->stage, scene_s);
    if (error)
        return error;
    return lh_studio_box(studio, scene->stage, event, ret_box);
}
