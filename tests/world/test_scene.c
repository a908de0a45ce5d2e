/* The scene: the same twice, true boxes, true poses, terrain from files, bad options refused. */
#include "world/scene.h"
#include "world/terrain.h"
#include "world/view.h"

#include <gdal.h>
#include <math.h>
#include <ogr_srs_api.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DEG (3.14159265358979323846 / 180.0)

static struct lh_scene_options small(void)
{
    struct lh_scene_options o = LH_SCENE_OPTIONS_DEFAULT;
    o.cameras = 2;
    o.width_px = 320;
    o.height_px = 180;
    return o;
}

static struct lh_scene *make(const struct lh_scene_options *o)
{
    struct lh_fault fault = {0};
    struct lh_scene *scene = NULL;
    int error = lh_scene_create(o, &fault, &scene);
    if (error)
        fail_msg("%s", fault.text);
    return scene;
}

static struct lh_scene_picture room(const struct lh_scene_options *o)
{
    size_t half_w = (o->width_px + 1) / 2;
    size_t half_h = (o->height_px + 1) / 2;
    size_t luma = (size_t)o->width_px * o->height_px;
    uint8_t *data = calloc(luma + 2 * half_w * half_h, 1);
    assert_non_null(data);
    return (struct lh_scene_picture){{data, data + luma, data + luma + half_w * half_h},
                                     {(int)o->width_px, (int)half_w, (int)half_w}};
}

static uint64_t hash_of(const struct lh_scene_options *o, const struct lh_scene_picture *picture)
{
    size_t bytes = (size_t)o->width_px * o->height_px +
                   (size_t)2 * ((o->width_px + 1) / 2) * ((o->height_px + 1) / 2);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ picture->plane[0][i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t shot(struct lh_scene *scene, const struct lh_scene_options *o, unsigned camera,
                     double at_s, struct lh_scene_picture *picture)
{
    assert_int_equal(lh_scene_render(scene, camera, at_s, picture), LH_OK);
    return hash_of(o, picture);
}

static void same_seed_gives_the_same_pictures_in_any_order(void **state)
{
    (void)state;
    struct lh_scene_options o = small();
    struct lh_scene *first = make(&o);
    struct lh_scene *second = make(&o);
    struct lh_scene_picture picture = room(&o);
    uint64_t late = shot(first, &o, 0, 119.8, &picture);
    uint64_t edge = shot(first, &o, 0, 120.0, &picture);
    uint64_t past = shot(first, &o, 0, 400.2, &picture);
    uint64_t other = shot(first, &o, 1, 120.0, &picture);
    assert_true(shot(second, &o, 0, 400.2, &picture) == past);
    assert_true(shot(second, &o, 1, 120.0, &picture) == other);
    assert_true(shot(second, &o, 0, 120.0, &picture) == edge);
    assert_true(shot(second, &o, 0, 119.8, &picture) == late);
    assert_true(late != edge && edge != past && edge != other);
    lh_scene_destroy(&second);
    o.seed++;
    second = make(&o);
    assert_true(shot(second, &o, 0, 119.8, &picture) != late);
    free(picture.plane[0]);
    lh_scene_destroy(&first);
    lh_scene_destroy(&second);
    lh_scene_destroy(&second);
}

/* Compares pictures with and without the fire: the noise is the same in both, so whatever differs
 * is the fire. */
static void box_covers_what_the_fire_changes(void **state)
{
    (void)state;
    struct lh_scene_options o = small();
    o.cameras = 1;
    o.width_px = 640;
    o.height_px = 360;
    o.fires = 1;
    o.nuisances = false;
    struct lh_scene *with = make(&o);
    o.fires = 0;
    struct lh_scene *without = make(&o);
    struct lh_scene_picture a = room(&o);
    struct lh_scene_picture b = room(&o);
    for (double at_s = 45.0; at_s < 200.0; at_s += 70.0) {
        (void)shot(with, &o, 0, at_s, &a);
        (void)shot(without, &o, 0, at_s, &b);
        int low_x = 640;
        int low_y = 360;
        int high_x = -1;
        int high_y = -1;
        for (int y = 0; y < 360; y++) {
            for (int x = 0; x < 640; x++) {
                if (abs(a.plane[0][y * 640 + x] - b.plane[0][y * 640 + x]) < 4)
                    continue;
                low_x = x < low_x ? x : low_x;
                high_x = x > high_x ? x : high_x;
                low_y = y < low_y ? y : low_y;
                high_y = y > high_y ? y : high_y;
            }
        }
        struct lh_scene_box box;
        assert_int_equal(lh_scene_box(with, 0, 0, at_s, &box), LH_OK);
        assert_true(box.visible);
        float x0 = box.x * 640.0F;
        float y0 = box.y * 360.0F;
        float x1 = x0 + box.width * 640.0F;
        float y1 = y0 + box.height * 360.0F;
        float wide = fminf(x1, (float)high_x + 1.0F) - fmaxf(x0, (float)low_x);
        float tall = fminf(y1, (float)high_y + 1.0F) - fmaxf(y0, (float)low_y);
        float both = fmaxf(wide, 0.0F) * fmaxf(tall, 0.0F);
        float all =
            (x1 - x0) * (y1 - y0) + (float)((high_x + 1 - low_x) * (high_y + 1 - low_y)) - both;
        assert_true(both / all > 0.6F);
        assert_true(box.contrast > 1.0F);
        assert_true(box.distance_m > 500.0F && box.distance_m < 12000.0F);
    }
    free(a.plane[0]);
    free(b.plane[0]);
    lh_scene_destroy(&with);
    lh_scene_destroy(&without);
}

static void nothing_shows_before_ignition_and_smoke_grows_after(void **state)
{
    (void)state;
    struct lh_scene_options o = small();
    o.cameras = 1;
    o.width_px = 640;
    o.height_px = 360;
    for (o.seed = 1; o.seed <= 3; o.seed++) {
        struct lh_scene *scene = make(&o);
        const struct lh_scene_event *events = NULL;
        assert_true(lh_scene_events(scene, &events) >= 1);
        assert_int_equal(events[0].kind, LH_SCENE_FIRE);
        assert_true(events[0].start_s == o.first_ignition_s);
        struct lh_scene_box box;
        float area = 0.0F;
        for (double at_s = 0.0; at_s <= o.first_ignition_s; at_s += 5.0) {
            assert_int_equal(lh_scene_box(scene, 0, 0, at_s, &box), LH_OK);
            assert_false(box.visible);
        }
        for (double at_s = 25.0; at_s < 130.0; at_s += 50.0) {
            assert_int_equal(lh_scene_box(scene, 0, 0, o.first_ignition_s + at_s, &box), LH_OK);
            assert_true(box.visible);
            assert_true(box.width * box.height > area);
            area = box.width * box.height;
        }
        lh_scene_destroy(&scene);
    }
}

/* What a camera's view says about each fire, computed afresh from terrain and pose. */
static void hidden_fires_are_not_visible(void **state)
{
    (void)state;
    struct lh_scene_options o = small();
    struct lh_terrain *terrain = NULL;
    o.cameras = 8;
    o.fires = 12;
    o.nuisances = false;
    o.visibility_km = 100.0;
    struct lh_scene *scene = make(&o);
    assert_int_equal(lh_terrain_generate(o.seed, &terrain), LH_OK);
    const struct lh_scene_event *events = NULL;
    size_t count = lh_scene_events(scene, &events);
    assert_true(count >= 8);
    unsigned hidden = 0;
    unsigned seen = 0;
    for (unsigned c = 0; c < o.cameras; c++) {
        struct lh_view view;
        lh_view_aim(&view, terrain, lh_scene_camera(scene, c), 320, 180);
        for (size_t i = 0; i < count; i++) {
            double e = 0.0;
            double n = 0.0;
            lh_terrain_from_geo(terrain, events[i].latitude_deg, events[i].longitude_deg, &e, &n);
            float top[3] = {(float)e, (float)n, (float)events[i].ground_m + 60.0F};
            float x = 0.0F;
            float y = 0.0F;
            float far = 0.0F;
            bool inside = lh_view_project(&view, top, &x, &y, &far) && x > -20.0F && x < 340.0F &&
                          y > -20.0F && y < 200.0F;
            struct lh_scene_box box;
            assert_int_equal(lh_scene_box(scene, c, i, events[i].start_s + 20.0, &box), LH_OK);
            if (box.visible)
                seen++;
            if (!inside || lh_view_sees(&view, terrain, top))
                continue;
            assert_false(box.visible);
            hidden++;
        }
    }
    assert_true(seen >= 4);
    assert_true(hidden >= 1);
    lh_terrain_destroy(&terrain);
    lh_scene_destroy(&scene);
}

/* Bearing and elevation of one geographic point from another, on the ellipsoid by ECEF. */
static void bearing(const double from[3], const double to[3], double *ret_azimuth,
                    double *ret_elevation)
{
    double place[2][3];
    for (int k = 0; k < 2; k++) {
        const double *p = k ? to : from;
        double w = sqrt(1.0 - 0.00669437999014 * sin(p[0] * DEG) * sin(p[0] * DEG));
        double prime = 6378137.0 / w;
        place[k][0] = (prime + p[2]) * cos(p[0] * DEG) * cos(p[1] * DEG);
        place[k][1] = (prime + p[2]) * cos(p[0] * DEG) * sin(p[1] * DEG);
        place[k][2] = (prime * (1.0 - 0.00669437999014) + p[2]) * sin(p[0] * DEG);
    }
    double d[3] = {place[1][0] - place[0][0], place[1][1] - place[0][1], place[1][2] - place[0][2]};
    double phi = from[0] * DEG;
    double lam = from[1] * DEG;
    double east = -sin(lam) * d[0] + cos(lam) * d[1];
    double north = -sin(phi) * cos(lam) * d[0] - sin(phi) * sin(lam) * d[1] + cos(phi) * d[2];
    double up = cos(phi) * cos(lam) * d[0] + cos(phi) * sin(lam) * d[1] + sin(phi) * d[2];
    *ret_azimuth = atan2(east, north) / DEG;
    *ret_elevation = atan2(up, hypot(east, north)) / DEG;
}

/* Azimuth and elevation of a pixel by the formula R = Rz(az) Rx(tilt) Rz(roll), written out here
 * once more. */
static void direction(const struct lh_scene_camera *camera, double u, double v, double width,
                      double height, double *ret_azimuth, double *ret_elevation)
{
    double focal = width / (2.0 * tan(camera->hfov_deg * 0.5 * DEG));
    double x = (u - width / 2.0) / focal;
    double y = (v - height / 2.0) / focal;
    double r = camera->roll_deg * DEG;
    double t = camera->tilt_deg * DEG;
    double xr = x * cos(r) - y * sin(r);
    double yr = x * sin(r) + y * cos(r);
    double ahead = cos(t) + yr * sin(t);
    double up = sin(t) - yr * cos(t);
    *ret_azimuth = camera->azimuth_deg + atan2(xr, ahead) / DEG;
    *ret_elevation = atan2(up, hypot(xr, ahead)) / DEG;
}

static void landmarks_project_where_their_bearing_says(void **state)
{
    (void)state;
    struct lh_terrain *terrain = NULL;
    assert_int_equal(lh_terrain_create(37.7, 111.9, 64, 600.0F, &terrain), LH_OK);
    struct lh_scene_camera camera = {.latitude_deg = 37.78,
                                     .longitude_deg = 112.03,
                                     .ground_m = 1800.0,
                                     .mast_m = 30.0,
                                     .azimuth_deg = 222.0,
                                     .tilt_deg = -3.0,
                                     .roll_deg = 2.5,
                                     .hfov_deg = 55.0};
    struct lh_view view;
    lh_view_aim(&view, terrain, &camera, 1280, 720);
    const double away[5][2] = {
        {-0.03, -0.03}, {-0.06, -0.04}, {-0.05, -0.09}, {-0.09, -0.085}, {-0.02, -0.02}};
    for (int i = 0; i < 5; i++) {
        double to[3] = {camera.latitude_deg + away[i][0], camera.longitude_deg + away[i][1],
                        1500.0};
        double from[3] = {camera.latitude_deg, camera.longitude_deg, 1830.0};
        double e = 0.0;
        double n = 0.0;
        lh_terrain_from_geo(terrain, to[0], to[1], &e, &n);
        double latitude = 0.0;
        double longitude = 0.0;
        lh_terrain_to_geo(terrain, e, n, &latitude, &longitude);
        assert_true(fabs(latitude - to[0]) < 1e-8 && fabs(longitude - to[1]) < 1e-8);
        float point[3] = {(float)e, (float)n, 1500.0F};
        float x = 0.0F;
        float y = 0.0F;
        float far = 0.0F;
        assert_true(lh_view_project(&view, point, &x, &y, &far));
        double azimuth = 0.0;
        double elevation = 0.0;
        bearing(from, to, &azimuth, &elevation);
        /* refraction lifts by 0.13 of the curvature's drop */
        elevation += 0.13 * (double)far / (2.0 * 6372700.0) / DEG;
        double pixel_azimuth = 0.0;
        double pixel_elevation = 0.0;
        direction(&camera, x, y, 1280.0, 720.0, &pixel_azimuth, &pixel_elevation);
        assert_true(fabs(remainder(pixel_azimuth - azimuth, 360.0)) < 0.01);
        assert_true(fabs(pixel_elevation - elevation) < 0.01);
        float ray[3];
        lh_view_ray(&view, x, y, ray);
        float across = hypotf(point[0] - view.eye[0], point[1] - view.eye[1]);
        float flat = hypotf(ray[0], ray[1]);
        assert_true(fabsf(view.eye[0] + ray[0] / flat * across - point[0]) < 0.5F);
        assert_true(fabsf(view.eye[1] + ray[1] / flat * across - point[1]) < 0.5F);
    }
    lh_terrain_destroy(&terrain);
}

static void fires_lie_in_view_on_the_ground_they_claim(void **state)
{
    (void)state;
    struct lh_scene_options o = small();
    struct lh_terrain *terrain = NULL;
    struct lh_scene *scene = make(&o);
    assert_int_equal(lh_terrain_generate(o.seed, &terrain), LH_OK);
    const struct lh_scene_event *events = NULL;
    size_t count = lh_scene_events(scene, &events);
    assert_true(count >= 3);
    for (size_t i = 0; i < count; i++) {
        double e = 0.0;
        double n = 0.0;
        lh_terrain_from_geo(terrain, events[i].latitude_deg, events[i].longitude_deg, &e, &n);
        assert_true(fabs(lh_terrain_height(terrain, (float)e, (float)n) - events[i].ground_m) <
                    1.0);
        assert_true(strcmp(lh_scene_event_kind_name(events[i].kind), "unknown") != 0);
    }
    struct lh_view view;
    lh_view_aim(&view, terrain, lh_scene_camera(scene, 0), 320, 180);
    double e = 0.0;
    double n = 0.0;
    lh_terrain_from_geo(terrain, events[0].latitude_deg, events[0].longitude_deg, &e, &n);
    float point[3] = {(float)e, (float)n, (float)events[0].ground_m};
    float x = 0.0F;
    float y = 0.0F;
    float far = 0.0F;
    assert_true(lh_view_project(&view, point, &x, &y, &far));
    assert_true(x > 0.0F && x < 320.0F && y > 0.0F && y < 180.0F && far > 800.0F && far < 8000.0F);
    assert_true(lh_view_sees(&view, terrain, point));
    lh_terrain_destroy(&terrain);
    lh_scene_destroy(&scene);
}

static double mean_luma(const struct lh_scene_options *o, const struct lh_scene_picture *picture)
{
    double sum = 0.0;
    for (size_t i = 0; i < (size_t)o->width_px * o->height_px; i++)
        sum += picture->plane[0][i];
    return sum / ((double)o->width_px * o->height_px);
}

static void night_is_dark_and_grey_but_flames_show(void **state)
{
    (void)state;
    struct lh_scene_options o = small();
    o.cameras = 1;
    o.fires = 1;
    struct lh_scene_picture picture = room(&o);
    struct lh_scene *day = make(&o);
    (void)shot(day, &o, 0, 60.0, &picture);
    double by_day = mean_luma(&o, &picture);
    o.sun_hour = 2.0;
    struct lh_scene *night = make(&o);
    (void)shot(night, &o, 0, 60.0, &picture);
    double by_night = mean_luma(&o, &picture);
    assert_true(by_day > 90.0 && by_day < 200.0);
    assert_true(by_night > 17.0 && by_night < 70.0);
    assert_true(abs(picture.plane[1][0] - 128) < 6 && abs(picture.plane[2][0] - 128) < 6);
    struct lh_scene_box box;
    assert_int_equal(lh_scene_box(night, 0, 0, 60.0, &box), LH_OK);
    assert_true(box.visible);
    int brightest = 0;
    for (int y = (int)(box.y * 180.0F); y < (int)((box.y + box.height) * 180.0F); y++) {
        for (int x = (int)(box.x * 320.0F); x < (int)((box.x + box.width) * 320.0F); x++)
            brightest = picture.plane[0][y * 320 + x] > brightest ? picture.plane[0][y * 320 + x]
                                                                  : brightest;
    }
    assert_true((double)brightest > by_night + 40.0);
    free(picture.plane[0]);
    lh_scene_destroy(&day);
    lh_scene_destroy(&night);
}

static void write_dem(const char *path, bool voids)
{
    GDALAllRegister();
    GDALDriverH driver = GDALGetDriverByName("GTiff");
    assert_non_null(driver);
    GDALDatasetH set = GDALCreate(driver, path, 300, 300, 1, GDT_Float32, NULL);
    assert_non_null(set);
    double place[6] = {500000.0, 30.0, 0.0, 4180000.0, 0.0, -30.0};
    assert_int_equal(GDALSetGeoTransform(set, place), CE_None);
    OGRSpatialReferenceH utm = OSRNewSpatialReference(NULL);
    assert_int_equal(OSRImportFromEPSG(utm, 32649), OGRERR_NONE);
    assert_int_equal(GDALSetSpatialRef(set, utm), CE_None);
    OSRDestroySpatialReference(utm);
    GDALRasterBandH band = GDALGetRasterBand(set, 1);
    assert_int_equal(GDALSetRasterNoDataValue(band, -32768.0), CE_None);
    float row[300];
    for (int y = 0; y < 300; y++) {
        for (int x = 0; x < 300; x++) {
            row[x] = 1200.0F + 180.0F * sinf((float)x * 0.07F) * cosf((float)y * 0.06F);
            if (voids && (x < 40 || (x + y) % 37 == 0))
                row[x] = -32768.0F;
        }
        assert_int_equal(GDALRasterIO(band, GF_Write, 0, y, 300, 1, row, 300, 1, GDT_Float32, 0, 0),
                         CE_None);
    }
    GDALClose(set);
}

static void terrain_is_read_from_a_projected_file_with_voids(void **state)
{
    (void)state;
    char path[] = "/tmp/linhuo-dem-XXXXXX";
    int handle = mkstemp(path);
    assert_true(handle >= 0);
    close(handle);
    struct lh_fault fault = {0};
    for (int voids = 0; voids < 2; voids++) {
        struct lh_terrain *terrain = NULL;
        write_dem(path, voids != 0);
        assert_int_equal(lh_terrain_from_dem(path, &fault, &terrain), LH_OK);
        assert_true(terrain->lowest_m > 1000.0F && terrain->highest_m < 1400.0F);
        assert_true(fabs(terrain->latitude_deg - 37.7) < 0.1);
        /* raster cell (200, 100): 506015 E, 4176985 N of UTM zone 49 is 37.74013 N 111.06827 E */
        double e = 0.0;
        double n = 0.0;
        lh_terrain_from_geo(terrain, 37.74013, 111.06827, &e, &n);
        float expected = 1200.0F + 180.0F * sinf(200.0F * 0.07F) * cosf(100.0F * 0.06F);
        assert_true(fabsf(lh_terrain_height(terrain, (float)e, (float)n) - expected) <
                    (voids ? 30.0F : 8.0F));
        lh_terrain_destroy(&terrain);
    }
    struct lh_scene_options o = small();
    o.dem_path = path;
    struct lh_scene *scene = make(&o);
    struct lh_scene_picture picture = room(&o);
    (void)shot(scene, &o, 0, 60.0, &picture);
    assert_true(mean_luma(&o, &picture) > 60.0);
    assert_true(fabs(lh_scene_camera(scene, 0)->latitude_deg - 37.72) < 0.1);
    free(picture.plane[0]);
    lh_scene_destroy(&scene);
    (void)unlink(path);
}

static void terrain_is_read_from_real_tiles(void **state)
{
    (void)state;
    const char *data = getenv("LINHUO_DATA");
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/terrain/srtm1arc_cevennes_wgs84.tif",
                   data ? data : "../shared/data");
    if (access(path, R_OK) != 0) {
        print_message("skipped: %s is not here (LINHUO_DATA)\n", path);
        skip();
    }
    struct lh_scene_options o = small();
    o.dem_path = path;
    struct lh_scene *scene = make(&o);
    const struct lh_scene_camera *camera = lh_scene_camera(scene, 0);
    assert_true(fabs(camera->latitude_deg - 44.3) < 1.0);
    assert_true(camera->ground_m > 85.0 && camera->ground_m < 1680.0);
    const struct lh_scene_event *events = NULL;
    assert_true(lh_scene_events(scene, &events) >= 1);
    struct lh_scene_box box;
    assert_int_equal(lh_scene_box(scene, 0, 0, events[0].start_s + 40.0, &box), LH_OK);
    assert_true(box.visible);
    lh_scene_destroy(&scene);
}

static void refused(struct lh_scene_options o, int code, const char *word)
{
    struct lh_fault fault = {0};
    struct lh_scene *scene = NULL;
    assert_int_equal(lh_scene_create(&o, &fault, &scene), code);
    assert_null(scene);
    assert_int_equal(fault.code, code);
    assert_non_null(strstr(fault.text, word));
    assert_int_not_equal(lh_scene_create(&o, NULL, &scene), LH_OK);
    assert_null(scene);
}

static void bad_options_are_refused_with_a_reason(void **state)
{
    (void)state;
    struct lh_scene_options o = small();
    o.width_px = 0;
    refused(o, LH_ERANGE, "pixels");
    o = small();
    o.height_px = UINT32_MAX;
    refused(o, LH_ERANGE, "pixels");
    o = small();
    o.cameras = 33;
    refused(o, LH_ERANGE, "33 cameras");
    o.cameras = 0;
    refused(o, LH_ERANGE, "cameras");
    o = small();
    o.fires = 65;
    refused(o, LH_ERANGE, "fires");
    o = small();
    o.visibility_km = NAN;
    refused(o, LH_ERANGE, "visibility");
    o = small();
    o.wind_m_s = -1.0;
    refused(o, LH_ERANGE, "wind");
    o = small();
    o.cloud_cover = 1.5;
    refused(o, LH_ERANGE, "cloud");
    o = small();
    o.sun_hour = INFINITY;
    refused(o, LH_ERANGE, "sun");
    o = small();
    o.first_ignition_s = -3.0;
    refused(o, LH_ERANGE, "ignition");
    o = small();
    o.dem_path = "/nonexistent/county.tif";
    refused(o, LH_EIO, "/nonexistent/county.tif");
}

static void files_that_are_no_terrain_are_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/linhuo-dem-XXXXXX";
    int handle = mkstemp(path);
    assert_true(handle >= 0);
    assert_int_equal(write(handle, "\x89PNG\r\n\x1a\nnot really", 19), 19);
    close(handle);
    struct lh_scene_options o = small();
    o.dem_path = path;
    refused(o, LH_EIO, path);
    (void)unlink(path);
    GDALAllRegister();
    GDALDatasetH set = GDALCreate(GDALGetDriverByName("GTiff"), path, 64, 64, 1, GDT_Float32, NULL);
    assert_non_null(set);
    GDALClose(set);
    refused(o, LH_EFORMAT, "georeference");
    (void)unlink(path);
}

static void wrong_calls_are_refused(void **state)
{
    (void)state;
    struct lh_scene_options o = small();
    o.cameras = 1;
    o.width_px = 65; /* odd sizes are good */
    o.height_px = 67;
    struct lh_scene *scene = make(&o);
    struct lh_scene_picture picture = room(&o);
    struct lh_scene_box box = {.contrast = 7.0F};
    assert_int_equal(lh_scene_render(scene, 0, 30.0, &picture), LH_OK);
    assert_int_equal(lh_scene_render(scene, 0, -30.0, &picture), LH_OK);
    assert_int_equal(lh_scene_render(scene, 1, 30.0, &picture), LH_EINVAL);
    assert_int_equal(lh_scene_render(scene, 0, NAN, &picture), LH_EINVAL);
    assert_int_equal(lh_scene_box(scene, 0, 999, 30.0, &box), LH_EINVAL);
    assert_int_equal(lh_scene_box(scene, 4, 0, 30.0, &box), LH_EINVAL);
    assert_true(box.contrast == 7.0F);
    assert_null(lh_scene_camera(scene, 1));
    free(picture.plane[0]);
    lh_scene_destroy(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_gives_the_same_pictures_in_any_order),
        cmocka_unit_test(box_covers_what_the_fire_changes),
        cmocka_unit_test(nothing_shows_before_ignition_and_smoke_grows_after),
        cmocka_unit_test(hidden_fires_are_not_visible),
        cmocka_unit_test(landmarks_project_where_their_bearing_says),
        cmocka_unit_test(fires_lie_in_view_on_the_ground_they_claim),
        cmocka_unit_test(night_is_dark_and_grey_but_flames_show),
        cmocka_unit_test(terrain_is_read_from_a_projected_file_with_voids),
        cmocka_unit_test(terrain_is_read_from_real_tiles),
        cmocka_unit_test(bad_options_are_refused_with_a_reason),
        cmocka_unit_test(files_that_are_no_terrain_are_refused),
        cmocka_unit_test(wrong_calls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
