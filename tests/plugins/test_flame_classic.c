/* flame_classic on drawn scenes: flames by flicker, by being new, under infrared; lamps and vehicles. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drawn.h"

#define ALARM 0.4f
#define PICTURES 120
#define STARTS 60

static const char *const quick[] = {"warmup_s=4", "long_background_s=20", NULL};
static const int orange[3] = {190, 60, 190};

typedef void (*happening)(struct drawn *picture, int number);

static void flame(struct drawn *p, int number)
{
    if (number >= STARTS)
        drawn_flame(p, 160, 150, orange, (uint32_t)number);
}

static void white_flame(struct drawn *p, int number)
{
    static const int white[3] = {255, 128, 128};

    if (number >= STARTS)
        drawn_flame(p, 160, 150, white, (uint32_t)number);
}

static void fixed_lamp(struct drawn *p, int number)
{
    (void)number;
    drawn_blend(p, 160, 150, 14, 14, orange, 1.0, false, 0);
}

static void blinking_lamp(struct drawn *p, int number)
{
    if (number / 7 % 2 == 0)
        drawn_blend(p, 160, 150, 14, 14, orange, 1.0, false, 0);
}

static void white_lamps(struct drawn *p, int number)
{
    (void)number;
    drawn_light(p, 60, 120, 8, 8, 0, 250);
    drawn_light(p, 220, 180, 12, 8, 0, 250);
}

static void vehicle(struct drawn *p, int number)
{
    drawn_blend(p, number * 8 % 400 - 40, 180, 10, 8, orange, 1.0, false, 0);
}

static void run(happening happens, bool night, double gap_s, int *ret_before, int *ret_after,
                int *ret_longest)
{
    static struct drawn picture;
    struct drawn_camera camera;
    int run_length = 0;

    *ret_before = *ret_after = *ret_longest = 0;
    drawn_camera_open(&camera, "flame_classic", gap_s > 10 ? NULL : quick);
    for (int n = 0; n < PICTURES; n++) {
        if (night)
            drawn_night(&picture);
        else
            drawn_day(&picture);
        happens(&picture, n);
        drawn_noise(&picture, (uint32_t)n);
        assert_int_equal(drawn_camera_show(&camera, &picture, n * gap_s), 0);
        bool found = drawn_camera_best(&camera, -1, 0) >= ALARM;
        *(n < STARTS ? ret_before : ret_after) += found;
        run_length = found ? run_length + 1 : 0;
        *ret_longest = run_length > *ret_longest ? run_length : *ret_longest;
        for (size_t i = 0; i < camera.find_count; i++)
            assert_int_equal(camera.finds[i].kind, LINHUO_FLAME);
    }
    drawn_camera_close(&camera);
}

static void finds_flames(void **state)
{
    static const double gaps_s[] = {0.1, 1, 60};
    int before, after, longest;

    (void)state;
    for (size_t i = 0; i < sizeof(gaps_s) / sizeof(gaps_s[0]); i++) {
        run(flame, false, gaps_s[i], &before, &after, &longest);
        assert_int_equal(before, 0);
        assert_true(longest >= 5);
    }
}

static void finds_a_new_glow_under_infrared(void **state)
{
    int before, after, longest;

    (void)state;
    run(white_flame, true, 1, &before, &after, &longest);
    assert_int_equal(before, 0);
    assert_true(longest >= 3);
}

static void is_quiet_at_lamps_and_vehicles(void **state)
{
    static const double gaps_s[] = {0.1, 1, 60};
    int before, after, longest;

    (void)state;
    for (size_t i = 0; i < sizeof(gaps_s) / sizeof(gaps_s[0]); i++) {
        run(fixed_lamp, false, gaps_s[i], &before, &after, &longest);
        assert_int_equal(before + after, 0);
        run(blinking_lamp, false, gaps_s[i], &before, &after, &longest);
        assert_true(longest < 3);
        run(white_lamps, true, gaps_s[i], &before, &after, &longest);
        assert_int_equal(before + after, 0);
        run(vehicle, false, gaps_s[i], &before, &after, &longest);
        assert_true(longest < 3);
    }
}

static void repeats_itself_and_forgets_on_reset(void **state)
{
    static struct drawn picture;
    static float scores[3][PICTURES];
    struct drawn_camera camera;

    (void)state;
    drawn_camera_open(&camera, "flame_classic", quick);
    for (int round = 0; round < 3; round++) {
        if (round == 1)
            camera.detector->reset(camera.state);
        if (round == 2) {
            drawn_camera_close(&camera);
            drawn_camera_open(&camera, "flame_classic", quick);
        }
        for (int n = 0; n < PICTURES; n++) {
            drawn_day(&picture);
            flame(&picture, n);
            drawn_noise(&picture, (uint32_t)n);
            assert_int_equal(drawn_camera_show(&camera, &picture, round * 1000 + n * 0.1), 0);
            scores[round][n] = drawn_camera_best(&camera, -1, 0);
        }
    }
    drawn_camera_close(&camera);
    assert_memory_equal(scores[0], scores[1], sizeof(scores[0]));
    assert_memory_equal(scores[0], scores[2], sizeof(scores[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_flames),
        cmocka_unit_test(finds_a_new_glow_under_infrared),
        cmocka_unit_test(is_quiet_at_lamps_and_vehicles),
        cmocka_unit_test(repeats_itself_and_forgets_on_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
