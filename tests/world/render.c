/* Writes one picture of a scene as PPM, or a strip of them, to be looked at:
 * render OUT.ppm CAMERA SECONDS [key=value ...]
 * Keys: seed, cameras, size (WxH), hour, wind, from, clouds, visibility, ignition, fires, dem,
 * nuisances (0 or 1), boxes (1: draw what lh_scene_box says). Prints the time a picture takes. */
#include "base/clock.h"
#include "world/scene.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool set_option(struct lh_scene_options *o, bool *boxes, const char *word)
{
    const char *equals = strchr(word, '=');
    if (!equals)
        return false;
    size_t length = (size_t)(equals - word);
    const char *text = equals + 1;
    char *end = NULL;
    double value = strtod(text, &end);
#define IS(name) (length == sizeof(name) - 1 && strncmp(word, name, length) == 0)
    if (IS("dem")) {
        o->dem_path = text;
        return true;
    }
    if (IS("size"))
        return sscanf(text, "%" SCNu32 "x%" SCNu32, &o->width_px, &o->height_px) == 2;
    if (end == text || *end != '\0')
        return false;
    if (IS("seed"))
        o->seed = (uint64_t)value;
    else if (IS("cameras"))
        o->cameras = (unsigned)value;
    else if (IS("hour"))
        o->sun_hour = value;
    else if (IS("wind"))
        o->wind_m_s = value;
    else if (IS("from"))
        o->wind_from_deg = value;
    else if (IS("clouds"))
        o->cloud_cover = value;
    else if (IS("visibility"))
        o->visibility_km = value;
    else if (IS("ignition"))
        o->first_ignition_s = value;
    else if (IS("fires"))
        o->fires = (unsigned)value;
    else if (IS("nuisances"))
        o->nuisances = value != 0.0;
    else if (IS("boxes"))
        *boxes = value != 0.0;
    else
        return false;
#undef IS
    return true;
}

static void draw_box(const struct lh_scene_options *o, const struct lh_scene_box *box,
                     struct lh_scene_picture *picture)
{
    int x0 = (int)(box->x * (float)o->width_px);
    int y0 = (int)(box->y * (float)o->height_px);
    int x1 = x0 + (int)(box->width * (float)o->width_px) - 1;
    int y1 = y0 + (int)(box->height * (float)o->height_px) - 1;
    for (int x = x0; x <= x1; x++) {
        picture->plane[0][y0 * picture->stride[0] + x] = 235;
        picture->plane[0][y1 * picture->stride[0] + x] = 235;
    }
    for (int y = y0; y <= y1; y++) {
        picture->plane[0][y * picture->stride[0] + x0] = 235;
        picture->plane[0][y * picture->stride[0] + x1] = 235;
    }
}

static int clip(double value)
{
    return value < 0.0 ? 0 : value > 255.0 ? 255 : (int)value;
}

static int write_ppm(const char *path, const struct lh_scene_options *o,
                     const struct lh_scene_picture *picture)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return 1;
    (void)fprintf(file, "P6\n%u %u\n255\n", o->width_px, o->height_px);
    for (uint32_t y = 0; y < o->height_px; y++) {
        for (uint32_t x = 0; x < o->width_px; x++) {
            double l = 1.164 * (picture->plane[0][y * (uint32_t)picture->stride[0] + x] - 16);
            double u = picture->plane[1][y / 2 * (uint32_t)picture->stride[1] + x / 2] - 128;
            double v = picture->plane[2][y / 2 * (uint32_t)picture->stride[2] + x / 2] - 128;
            (void)fputc(clip(l + 1.596 * v), file);
            (void)fputc(clip(l - 0.392 * u - 0.813 * v), file);
            (void)fputc(clip(l + 2.017 * u), file);
        }
    }
    return fclose(file) == 0 ? 0 : 1;
}

static void print_events(struct lh_scene *scene, const struct lh_scene_options *o, double at_s)
{
    const struct lh_scene_event *events = NULL;
    size_t count = lh_scene_events(scene, &events);
    for (unsigned c = 0; c < o->cameras; c++) {
        const struct lh_scene_camera *camera = lh_scene_camera(scene, c);
        printf("%s %.5f %.5f %.0f+%.0f m az %.1f tilt %.1f hfov %.1f\n", camera->id,
               camera->latitude_deg, camera->longitude_deg, camera->ground_m, camera->mast_m,
               camera->azimuth_deg, camera->tilt_deg, camera->hfov_deg);
        for (size_t i = 0; i < count; i++) {
            struct lh_scene_box box;
            if (lh_scene_box(scene, c, i, at_s, &box) == LH_OK && box.visible)
                printf("  %zu %s from %.0f s: %.3f %.3f %.3f %.3f contrast %.1f, %.0f m\n", i,
                       lh_scene_event_kind_name(events[i].kind), events[i].start_s, box.x, box.y,
                       box.width, box.height, box.contrast, box.distance_m);
        }
    }
}

static double milliseconds(int64_t from_us)
{
    return (double)(lh_clock_monotonic_us(lh_clock_system()) - from_us) / 1000.0;
}

int main(int argc, char **argv)
{
    struct lh_scene_options o = LH_SCENE_OPTIONS_DEFAULT;
    struct lh_fault fault = {0};
    struct lh_scene *scene = NULL;
    bool boxes = false;
    if (argc < 4) {
        (void)fputs("render OUT.ppm CAMERA SECONDS [key=value ...]\n", stderr);
        return 2;
    }
    for (int i = 4; i < argc; i++) {
        if (!set_option(&o, &boxes, argv[i])) {
            (void)fprintf(stderr, "not understood: %s\n", argv[i]);
            return 2;
        }
    }
    unsigned camera = (unsigned)strtoul(argv[2], NULL, 10);
    double at_s = strtod(argv[3], NULL);
    int64_t from_us = lh_clock_monotonic_us(lh_clock_system());
    if (lh_scene_create(&o, &fault, &scene)) {
        (void)fprintf(stderr, "%s\n", fault.text);
        return 1;
    }
    printf("made in %.0f ms\n", milliseconds(from_us));
    size_t luma = (size_t)o.width_px * o.height_px;
    size_t half = (size_t)((o.width_px + 1) / 2) * ((o.height_px + 1) / 2);
    uint8_t *data = calloc(luma + 2 * half, 1);
    struct lh_scene_picture picture = {
        {data, data + luma, data + luma + half},
        {(int)o.width_px, (int)(o.width_px + 1) / 2, (int)(o.width_px + 1) / 2}};
    int error = data ? LH_OK : LH_ENOMEM;
    for (int i = 9; i >= 0 && !error; i--) {
        if (i == 8)
            from_us = lh_clock_monotonic_us(lh_clock_system());
        error = lh_scene_render(scene, camera, at_s - 0.2 * i, &picture);
    }
    if (!error) {
        printf("%.1f ms a picture (mean of 9)\n", milliseconds(from_us) / 9.0);
        print_events(scene, &o, at_s);
        const struct lh_scene_event *events = NULL;
        size_t count = lh_scene_events(scene, &events);
        for (size_t i = 0; boxes && i < count; i++) {
            struct lh_scene_box box;
            if (lh_scene_box(scene, camera, i, at_s, &box) == LH_OK && box.visible)
                draw_box(&o, &box, &picture);
        }
        error = write_ppm(argv[1], &o, &picture);
    }
    free(data);
    lh_scene_destroy(&scene);
    return error ? 1 : 0;
}
