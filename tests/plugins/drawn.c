#include "drawn.h"

#include <dlfcn.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HALF_WIDTH (DRAWN_WIDTH / 2)

uint32_t drawn_hash(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t h = a * 0x9E3779B1u ^ b * 0x85EBCA77u ^ c * 0xC2B2AE3Du;

    h ^= h >> 15;
    h *= 0x2C1B3C6Du;
    h ^= h >> 12;
    h *= 0x297A2D39u;
    return (h ^ h >> 15) & 255;
}

static uint8_t level(double x)
{
    return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : lround(x));
}

void drawn_day(struct drawn *p)
{
    for (int y = 0; y < DRAWN_HEIGHT; y++)
        for (int x = 0; x < DRAWN_WIDTH; x++) {
            uint32_t grain = drawn_hash((uint32_t)x / 3, (uint32_t)y / 3, 1);
            p->y[y * DRAWN_WIDTH + x] =
                y < DRAWN_HORIZON ? level(150 + y / 2.0) : level(50 + (double)grain / 5);
            p->u[y / 2 * HALF_WIDTH + x / 2] = y < DRAWN_HORIZON ? 150 : 120;
            p->v[y / 2 * HALF_WIDTH + x / 2] = y < DRAWN_HORIZON ? 112 : 130;
        }
}

void drawn_night(struct drawn *p)
{
    for (int y = 0; y < DRAWN_HEIGHT; y++)
        for (int x = 0; x < DRAWN_WIDTH; x++)
            p->y[y * DRAWN_WIDTH + x] =
                level(25 + (double)drawn_hash((uint32_t)x / 3, (uint32_t)y / 3, 2) / 10);
    memset(p->u, 128, sizeof(p->u));
    memset(p->v, 128, sizeof(p->v));
}

static double inside(int px, int py, int x, int y, int radius_x, int radius_y)
{
    double dx = (double)(px - x) / radius_x;
    double dy = (double)(py - y) / radius_y;

    return 1.0 - dx * dx - dy * dy;
}

void drawn_light(struct drawn *p, int x, int y, int radius_x, int radius_y, double gain,
                 double offset)
{
    for (int py = 0; py < DRAWN_HEIGHT; py++)
        for (int px = 0; px < DRAWN_WIDTH; px++)
            if (inside(px, py, x, y, radius_x, radius_y) > 0) {
                uint8_t *at = &p->y[py * DRAWN_WIDTH + px];
                *at = level(gain * *at + offset);
            }
}

void drawn_blend(struct drawn *p, int x, int y, int radius_x, int radius_y, const int yuv[3],
                 double share, bool ragged, uint32_t step)
{
    for (int py = 0; py < DRAWN_HEIGHT; py++)
        for (int px = 0; px < DRAWN_WIDTH; px++) {
            double depth = inside(px, py, x, y, radius_x, radius_y);
            double a = share;
            if (ragged)
                depth -= (double)drawn_hash((uint32_t)px / 5, (uint32_t)py / 5, step + 10) / 300;
            if (depth <= 0)
                continue;
            if (ragged)
                a *= fmin(1.0, 0.5 + depth);
            uint8_t *luma = &p->y[py * DRAWN_WIDTH + px];
            *luma = level(*luma + a * (yuv[0] - *luma));
            if (px % 2 == 0 && py % 2 == 0) {
                uint8_t *u = &p->u[py / 2 * HALF_WIDTH + px / 2];
                uint8_t *v = &p->v[py / 2 * HALF_WIDTH + px / 2];
                *u = level(*u + a * (yuv[1] - *u));
                *v = level(*v + a * (yuv[2] - *v));
            }
        }
}

void drawn_plume(struct drawn *p, int x, int y, double age_s, uint32_t step)
{
    static const int grey[3] = {190, 128, 128};
    int height = (int)fmin(20 + age_s * 3, 100);

    for (int up = 0; up < height; up += 8)
        drawn_blend(p, x + up / 6, y - up, 8 + up / 5, 12, grey, 0.6, true,
                    step * 64 + (uint32_t)up);
}

void drawn_flame(struct drawn *p, int x, int y, const int yuv[3], uint32_t step)
{
    for (int tongue = 0; tongue < 4; tongue++) {
        int height = 4 + (int)drawn_hash((uint32_t)tongue, step, 4) / 12;
        int lean = (int)drawn_hash((uint32_t)tongue, step, 5) / 43 - 3;
        drawn_blend(p, x - 9 + 6 * tongue + lean, y - height, 5, height, yuv, 1.0, false, 0);
    }
}

void drawn_noise(struct drawn *p, uint32_t step)
{
    for (uint32_t i = 0; i < DRAWN_WIDTH * DRAWN_HEIGHT; i++)
        p->y[i] = level(p->y[i] + (double)drawn_hash(i, step, 3) / 64 - 2);
}

static void hear(void *context, uint32_t importance, const char *text)
{
    (void)context;
    (void)importance;
    assert_non_null(text);
}

static void count_failure(void *context, const char *text)
{
    struct drawn_camera *camera = context;

    assert_non_null(text);
    camera->failures++;
}

static int take(void *sink, const struct linhuo_find *find)
{
    struct drawn_camera *camera = sink;

    assert_true(find->x_px >= 0 && find->y_px >= 0 && find->width_px > 0 && find->height_px > 0);
    assert_true(find->x_px + find->width_px <= DRAWN_WIDTH);
    assert_true(find->y_px + find->height_px <= DRAWN_HEIGHT);
    assert_true(find->score >= 0 && find->score <= 1);
    if (camera->find_count == DRAWN_MAX_FINDS)
        return -1;
    camera->finds[camera->find_count] = *find;
    camera->finds[camera->find_count++].mask = NULL;
    return 0;
}

static void set_value(struct drawn_camera *camera, const char *name, size_t length,
                      const char *text)
{
    for (uint32_t i = 0; i < camera->detector->setting_count; i++) {
        const struct linhuo_setting *s = &camera->detector->settings[i];
        if (strlen(s->name) == length && memcmp(s->name, name, length) == 0) {
            char *end;
            camera->values[i].number = strtod(text, &end);
            assert_true(end != text && *end == '\0');
            return;
        }
    }
    fail_msg("the detector has no setting %s", name);
}

void drawn_camera_open(struct drawn_camera *camera, const char *name, const char *const *settings)
{
    const struct linhuo_detector *(*entry)(void);
    const char *folder = getenv("LINHUO_PLUGINS");
    char path[1024];

    memset(camera, 0, sizeof(*camera));
    assert_true(snprintf(path, sizeof(path), "%s/%s.so", folder != NULL ? folder : ".", name) <
                (int)sizeof(path));
    camera->object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (camera->object == NULL)
        fail_msg("%s", dlerror());
    void *symbol = dlsym(camera->object, "linhuo_detector_v1");
    assert_non_null(symbol);
    memcpy(&entry, &symbol, sizeof(entry));
    camera->detector = entry();
    assert_true(camera->detector->setting_count <= 32);
    for (uint32_t i = 0; i < camera->detector->setting_count; i++)
        set_value(camera, camera->detector->settings[i].name,
                  strlen(camera->detector->settings[i].name),
                  camera->detector->settings[i].fallback);
    for (; settings != NULL && *settings != NULL; settings++) {
        const char *equals = strchr(*settings, '=');
        assert_non_null(equals);
        set_value(camera, *settings, (size_t)(equals - *settings), equals + 1);
    }
    camera->host = (struct linhuo_host){.struct_size = sizeof(camera->host),
                                        .abi = LINHUO_DETECTOR_ABI,
                                        .context = camera,
                                        .log = hear,
                                        .fail = count_failure};
    struct linhuo_open arguments = {.struct_size = sizeof(arguments),
                                    .value_count = camera->detector->setting_count,
                                    .values = camera->values,
                                    .camera = "drawn",
                                    .preset = ""};
    struct linhuo_want want = {.struct_size = sizeof(want)};
    if (camera->detector->open(&camera->host, &arguments, &want, &camera->state) != 0)
        camera->state = NULL;
    else
        assert_true(want.format == 0 || want.format == LINHUO_I420);
}

void drawn_camera_close(struct drawn_camera *camera)
{
    if (camera->state != NULL)
        camera->detector->close(camera->state);
    camera->state = NULL;
    dlclose(camera->object);
}

int drawn_camera_show(struct drawn_camera *camera, const struct drawn *picture, double at_s)
{
    struct linhuo_picture shown = {
        .struct_size = sizeof(shown),
        .format = LINHUO_I420,
        .width_px = DRAWN_WIDTH,
        .height_px = DRAWN_HEIGHT,
        .plane = {picture->y, picture->u, picture->v},
        .stride = {DRAWN_WIDTH, HALF_WIDTH, HALF_WIDTH},
        .source_width_px = DRAWN_WIDTH,
        .source_height_px = DRAWN_HEIGHT,
        .capture_utc_us = INT64_C(1700000000000000) + (int64_t)llround(at_s * 1e6),
    };

    camera->find_count = 0;
    return camera->detector->detect(camera->state, &shown, take, camera);
}

float drawn_camera_best(const struct drawn_camera *camera, int x, int y)
{
    float best = 0;

    for (size_t i = 0; i < camera->find_count; i++) {
        const struct linhuo_find *f = &camera->finds[i];
        if (x < 0 || ((float)x >= f->x_px && (float)x < f->x_px + f->width_px &&
                      (float)y >= f->y_px && (float)y < f->y_px + f->height_px))
            best = f->score > best ? f->score : best;
    }
    return best;
}
