/* smoke_classic on drawn scenes: what it must see, and what must not fool it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "drawn.h"

#define ALARM 0.4f /* confirm_score's default */
#define WARM_S 40
#define END_S 80

static const char *const quick[] = {"warmup_s=20", "short_background_s=6", "long_background_s=30",
                                    NULL};

/* What happens to the hill at a second of the test. */
typedef void (*happening)(struct drawn *picture, int second);

static void nothing(struct drawn *p, int second)
{
    (void)p;
    (void)second;
}

static void plume(struct drawn *p, int second)
{
    if (second >= WARM_S)
        drawn_plume(p, 160, 130, second - WARM_S, (uint32_t)second);
}

static void brighter(struct drawn *p, int second)
{
    if (second >= WARM_S)
        drawn_light(p, 0, 0, 10000, 10000, second % 2 == 0 ? 1.2 : 1.1, 8);
}

static void cloud_shadow(struct drawn *p, int second)
{
    struct drawn before = *p;

    if (second >= WARM_S)
        drawn_light(p, 40 + (second - WARM_S) * 6, 160, 50, 35, 0.65, 0);
    memcpy(p->y, before.y, (size_t)DRAWN_HORIZON * DRAWN_WIDTH);
}

static void parked_car(struct drawn *p, int second)
{
    static const int white[3] = {220, 128, 128};

    if (second >= WARM_S)
        drawn_blend(p, 120, 180, 12, 7, white, 1.0, false, 0);
}

static void lamp(struct drawn *p, int second)
{
    if (second >= WARM_S && second % 3 != 0)
        drawn_light(p, 200, 150, 9, 9, 0, 240);
}

static void show_second(struct drawn_camera *camera, happening happens, int second, double at_s)
{
    static struct drawn picture;

    drawn_day(&picture);
    happens(&picture, second);
    drawn_noise(&picture, (uint32_t)second);
    assert_int_equal(drawn_camera_show(camera, &picture, at_s), 0);
}

/* Most pictures in a row with a find of at least the alarm's score. */
static int longest_run(happening happens)
{
    struct drawn_camera camera;
    int longest = 0, run = 0;

    drawn_camera_open(&camera, "smoke_classic", quick);
    for (int s = 0; s < END_S; s++) {
        show_second(&camera, happens, s, s);
        run = drawn_camera_best(&camera, -1, 0) >= ALARM ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    drawn_camera_close(&camera);
    return longest;
}

static void finds_a_growing_plume(void **state)
{
    struct drawn_camera camera;
    int found_at = -1, hits = 0;

    (void)state;
    drawn_camera_open(&camera, "smoke_classic", quick);
    for (int s = 0; s < END_S; s++) {
        show_second(&camera, plume, s, s);
        if (s < WARM_S)
            assert_true(drawn_camera_best(&camera, -1, 0) < ALARM);
        if (drawn_camera_best(&camera, 161, 120) >= ALARM) {
            found_at = found_at < 0 ? s : found_at;
            hits++;
        }
        for (size_t i = 0; i < camera.find_count; i++)
            assert_int_equal(camera.finds[i].kind, LINHUO_SMOKE);
    }
    drawn_camera_close(&camera);
    assert_true(found_at >= WARM_S && found_at <= WARM_S + 20);
    assert_true(hits >= 10);
}

static void finds_it_a_picture_a_minute_with_defaults(void **state)
{
    struct drawn_camera camera;
    int hits = 0;

    (void)state;
    drawn_camera_open(&camera, "smoke_classic", NULL);
    for (int s = 0; s < END_S; s++) {
        show_second(&camera, plume, s, 60.0 * s);
        if (s < WARM_S)
            assert_true(drawn_camera_best(&camera, -1, 0) < ALARM);
        hits += drawn_camera_best(&camera, 161, 120) >= ALARM;
    }
    drawn_camera_close(&camera);
    assert_true(hits >= 5);
}

static void is_quiet_where_nothing_burns(void **state)
{
    (void)state;
    assert_int_equal(longest_run(nothing), 0);
    assert_int_equal(longest_run(brighter), 0);
    assert_int_equal(longest_run(cloud_shadow), 0);
    assert_true(longest_run(parked_car) < 3);
    assert_true(longest_run(lamp) < 3);
}

struct log {
    struct linhuo_find finds[4096];
    size_t count;
};

static void record(struct drawn_camera *camera, struct log *log, double from_s)
{
    log->count = 0;
    for (int s = 0; s < END_S; s++) {
        show_second(camera, plume, s, from_s + s);
        for (size_t i = 0; i < camera->find_count && log->count < 4096; i++)
            log->finds[log->count++] = camera->finds[i];
    }
}

static void repeats_itself_and_forgets_on_reset(void **state)
{
    static struct log first, second, after_reset;
    struct drawn_camera camera;

    (void)state;
    drawn_camera_open(&camera, "smoke_classic", quick);
    record(&camera, &first, 0);
    camera.detector->reset(camera.state);
    record(&camera, &after_reset, 5000);
    drawn_camera_close(&camera);
    drawn_camera_open(&camera, "smoke_classic", quick);
    record(&camera, &second, 0);
    drawn_camera_close(&camera);
    assert_true(first.count > 10);
    assert_int_equal(first.count, second.count);
    assert_memory_equal(first.finds, second.finds, first.count * sizeof(first.finds[0]));
    assert_int_equal(first.count, after_reset.count);
    assert_memory_equal(first.finds, after_reset.finds, first.count * sizeof(first.finds[0]));
}

static void refuses_what_it_cannot_use(void **state)
{
    static const char *const crossed[] = {"short_background_s=600", "long_background_s=900", NULL};
    static struct drawn picture;
    struct drawn_camera camera;

    (void)state;
    drawn_camera_open(&camera, "smoke_classic", crossed);
    assert_null(camera.state);
    assert_int_equal(camera.failures, 1);
    drawn_camera_close(&camera);

    drawn_camera_open(&camera, "smoke_classic", quick);
    drawn_day(&picture);
    struct linhuo_picture shown = {.struct_size = sizeof(shown),
                                   .format = LINHUO_GRAY8,
                                   .width_px = DRAWN_WIDTH,
                                   .height_px = DRAWN_HEIGHT,
                                   .plane = {picture.y, NULL, NULL},
                                   .stride = {DRAWN_WIDTH, 0, 0}};
    assert_int_not_equal(camera.detector->detect(camera.state, &shown, NULL, NULL), 0);
    shown.format = LINHUO_I420;
    shown.plane[1] = picture.u;
    shown.plane[2] = picture.v;
    shown.stride[1] = shown.stride[2] = DRAWN_WIDTH / 2;
    shown.width_px = 16;
    shown.height_px = 16;
    assert_int_not_equal(camera.detector->detect(camera.state, &shown, NULL, NULL), 0);
    assert_int_equal(camera.failures, 2);
    assert_int_equal(drawn_camera_show(&camera, &picture, 1), 0);
    drawn_camera_close(&camera);
}

/* The clip of a real fire: silence before it, an alarm on it after. */
static void sees_a_real_fire(void **state)
{
    const char *data = getenv("LINHUO_DATA");
    const char *look = getenv("LINHUO_LOOK");
    const char *folder = getenv("LINHUO_PLUGINS");
    char clip[1024], command[4096], line[512];
    int before = 0, on_it = 0;

    (void)state;
    snprintf(clip, sizeof(clip), "%s/footage/rm-n_2016-06-04.mp4",
             data != NULL ? data : "../shared/data");
    if (access(clip, R_OK) != 0 || look == NULL || folder == NULL) {
        print_message("skipped: %s is not here (set LINHUO_DATA)\n", clip);
        skip();
    }
    snprintf(command, sizeof(command), "'%s' '%s/smoke_classic.so' '%s' --tracks", look, folder,
             clip);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    while (fgets(line, sizeof(line), output) != NULL) {
        double at_s, since_s, x, y, width, height;
        unsigned long long id;
        if (sscanf(line,
                   "{\"track\":%llu,\"at_s\":%lf,\"since_s\":%lf,\"kind\":\"smoke\","
                   "\"box_px\":[%lf,%lf,%lf,%lf]",
                   &id, &at_s, &since_s, &x, &y, &width, &height) != 7)
            continue;
        before += at_s < 2400;
        on_it += at_s >= 2400 && x + width > 860 && y + height / 2 > 150 && y < 430;
    }
    assert_int_equal(pclose(output), 0);
    assert_int_equal(before, 0);
    assert_true(on_it >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_growing_plume),
        cmocka_unit_test(finds_it_a_picture_a_minute_with_defaults),
        cmocka_unit_test(is_quiet_where_nothing_burns),
        cmocka_unit_test(repeats_itself_and_forgets_on_reset),
        cmocka_unit_test(refuses_what_it_cannot_use),
        cmocka_unit_test(sees_a_real_fire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
