/* flame_classic on drawn scenes: flames by flicker, by being new, under infrared; lamps and vehicles. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drawn.h"

#define ALARM 0.4f
#define PICTURES 120
#define STARTS 60

static const char *const quick[] = {"warmup_s=4", "long_background_s=20", NULL};
static const int orange[3] = {190, 60, 190};
static const int white[3] = {255, 128, 128};

typedef void (*happening)(struct drawn *picture, int number);

static void flame(struct drawn *p, int number)
{
    if (number >= STARTS)
        drawn_flame(p, 160, 150, orange, (uint32_t)number);
}

static void white_flame(struct drawn *p, int number)
{
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

/* ---- at night; the same in colour and under infrared, where all is white ---- */

static double gap; /* from picture to picture, for what has a speed */
static const int *fire_colour;
static const int *lamp_colour;

/* Far: six pixels across at first, twice that in the end. */
static void far_flame(struct drawn *p, int number)
{
    int grown = number - STARTS;

    if (grown < 0)
        return;
    for (int tongue = 0; tongue < 3; tongue++) {
        int height = 3 + grown / 15 + (int)drawn_hash((uint32_t)tongue, (uint32_t)number, 6) / 50;
        int lean = (int)drawn_hash((uint32_t)tongue, (uint32_t)number, 7) / 64 - 2;
        drawn_blend(p, 156 + (3 + grown / 30) * tongue + lean, 150 - height, 3 + grown / 30, height,
                    fire_colour, 1.0, false, 0);
    }
}

/* Lamps of a yard, from the beginning; one that is switched on; noise moves their outlines. */
static void yard_lamps(struct drawn *p, int number)
{
    uint32_t n = (uint32_t)number;

    drawn_blend(p, 60, 120, 5 + (int)drawn_hash(n, 0, 8) / 200, 5, lamp_colour, 1.0, false, 0);
    drawn_blend(p, 220, 180, 8, 6 + (int)drawn_hash(n, 1, 8) / 200, lamp_colour, 1.0, false, 0);
    if (number >= STARTS)
        drawn_blend(p, 140, 160, 5 + (int)drawn_hash(n, 2, 8) / 200, 5, lamp_colour, 1.0, false, 0);
}

/* Red, on for half of every three seconds; and a strobe, lit in one picture of ten. */
static void tower_lights(struct drawn *p, int number)
{
    static const int red[3] = {150, 90, 220};
    const int *colour = lamp_colour == white ? white : red;

    if (fmod(number * gap + number / 9.0, 3.0) < 1.5)
        drawn_blend(p, 60, 60, 6, 6, colour, 1.0, false, 0);
    if (drawn_hash((uint32_t)number, 0, 9) < 26)
        drawn_blend(p, 240, 50, 6, 6, lamp_colour, 1.0, false, 0);
}

/* Two pairs that cross the view, one far and slow; a lorry with four lamps. */
static void headlights(struct drawn *p, int number)
{
    double at_s = number * gap;
    int near_x = (int)fmod(at_s * 40, 500) - 90;
    int far_x = (int)fmod(at_s * 9 + 130, 400) - 40;

    drawn_blend(p, near_x, 190, 6, 5, lamp_colour, 1.0, false, 0);
    drawn_blend(p, near_x + 22, 190, 6, 5, lamp_colour, 1.0, false, 0);
    drawn_blend(p, far_x, 130, 5, 4, lamp_colour, 1.0, false, 0);
    drawn_blend(p, far_x + 9, 130, 5, 4, lamp_colour, 1.0, false, 0);
}

/* Comes over the ridge at STARTS: its own width in two minutes. */
static void rising_moon(struct drawn *p, int number)
{
    double risen = (number - STARTS) * gap / 60 * 8;

    if (number < STARTS)
        return;
    drawn_blend(p, 100 + (int)(risen / 3), DRAWN_HORIZON + 8 - (int)risen, 8, 8, lamp_colour, 1.0,
                false, 0);
    for (int x = 0; x < DRAWN_WIDTH; x++) /* the ridge stands before it */
        for (int y = DRAWN_HORIZON; y < DRAWN_HORIZON + 20; y++)
            p->y[y * DRAWN_WIDTH + x] = 25;
    for (int x = 0; x < DRAWN_WIDTH / 2; x++)
        for (int y = DRAWN_HORIZON / 2; y < DRAWN_HORIZON / 2 + 10; y++)
            p->u[y * DRAWN_WIDTH / 2 + x] = p->v[y * DRAWN_WIDTH / 2 + x] = 128;
}

/* The sun sinks behind thin clouds whose edges glow; the whole grows darker. */
static void sunset(struct drawn *p, int number)
{
    static const int glow[3] = {200, 90, 170};
    static const int sun[3] = {235, 80, 180};
    double sunk = number * gap / 60;
    double dark = fmax(0.25, 1 - number / 150.0);

    for (size_t i = 0; i < sizeof(p->y); i++)
        p->y[i] = (uint8_t)(p->y[i] * dark);
    for (int cloud = 0; cloud < 5; cloud++)
        drawn_blend(p, (40 + 70 * cloud + (int)(sunk * 3)) % 360 - 20, 62 + 5 * (cloud % 3),
                    40 + (number / 8 + cloud) % 5, 4, glow, 0.9 * dark, false, 0);
    if (60 + sunk * 4 < DRAWN_HORIZON + 10)
        drawn_blend(p, 200, 60 + (int)(sunk * 4), 9, 9, sun, 1.0, false, 0);
    for (int y = DRAWN_HORIZON; y < DRAWN_HORIZON + 22; y++)
        for (int x = 0; x < DRAWN_WIDTH; x++)
            p->y[y * DRAWN_WIDTH + x] = 40;
    for (int y = DRAWN_HORIZON / 2; y < DRAWN_HORIZON / 2 + 11; y++)
        for (int x = 0; x < DRAWN_WIDTH / 2; x++)
            p->u[y * DRAWN_WIDTH / 2 + x] = p->v[y * DRAWN_WIDTH / 2 + x] = 128;
}

/* What the plugin made of a happening: pictures with finds before STARTS and from there on, and the longest run
 * of them. */
static void run_with(const char *const *settings, happening happens, bool night, double gap_s,
                     int *ret_before, int *ret_after, int *ret_longest)
{
    static struct drawn picture;
    struct drawn_camera camera;
    int run_length = 0;

    *ret_before = *ret_after = *ret_longest = 0;
    gap = gap_s;
    drawn_camera_open(&camera, "flame_classic", settings);
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

static void run(happening happens, bool night, double gap_s, int *ret_before, int *ret_after,
                int *ret_longest)
{
    run_with(gap_s > 10 ? NULL : quick, happens, night, gap_s, ret_before, ret_after, ret_longest);
}

/* Half of the time before STARTS to warm up; all else as it is by default. */
static void run_night(happening happens, bool night, double gap_s, int *ret_before, int *ret_after,
                      int *ret_longest)
{
    char warmup[32];
    const char *const settings[] = {warmup, NULL};

    (void)snprintf(warmup, sizeof(warmup), "warmup_s=%d", (int)fmin(30 * gap_s, 900));
    run_with(settings, happens, night, gap_s, ret_before, ret_after, ret_longest);
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

static const int yellow[3] = {240, 90, 165};
static const struct light {
    const char *name;
    const int *fire;
    const int *lamp;
} lights[] = {{"colour", orange, yellow}, {"infrared", white, white}};
static const double night_gaps_s[] = {0.1, 1, 8, 60};
#define LIGHTS (sizeof(lights) / sizeof(lights[0]))
#define NIGHT_GAPS (sizeof(night_gaps_s) / sizeof(night_gaps_s[0]))

static void finds_fires_at_night(void **state)
{
    int before, after, longest;

    (void)state;
    for (size_t l = 0; l < LIGHTS; l++)
        for (size_t i = 0; i < NIGHT_GAPS; i++) {
            /* at a picture a minute a far one becomes part of the view under infrared: not asked for */
            int asked = night_gaps_s[i] < 60 ? 10 : lights[l].fire == orange ? 5 : 0;
            fire_colour = lights[l].fire;
            run_night(far_flame, true, night_gaps_s[i], &before, &after, &longest);
            if (before > 0 || longest < asked)
                fail_msg("far fire, %s, %g s: %d before, %d after, longest %d", lights[l].name,
                         night_gaps_s[i], before, after, longest);
        }
}

static void is_quiet_at_night(const char *name, happening happens)
{
    int before, after, longest;

    for (size_t l = 0; l < LIGHTS; l++)
        for (size_t i = 0; i < NIGHT_GAPS; i++) {
            lamp_colour = lights[l].lamp;
            run_night(happens, happens != sunset, night_gaps_s[i], &before, &after, &longest);
            if (before + after > 0)
                fail_msg("%s, %s, %g s: %d before, %d after, longest %d", name, lights[l].name,
                         night_gaps_s[i], before, after, longest);
        }
}

static void is_quiet_at_lamps_of_a_yard(void **state)
{
    (void)state;
    is_quiet_at_night("yard lamps", yard_lamps);
}

static void is_quiet_at_lights_of_towers(void **state)
{
    (void)state;
    is_quiet_at_night("tower lights", tower_lights);
}

static void is_quiet_at_headlights(void **state)
{
    (void)state;
    is_quiet_at_night("headlights", headlights);
}

static void is_quiet_at_a_rising_moon(void **state)
{
    (void)state;
    is_quiet_at_night("rising moon", rising_moon);
}

static void is_quiet_at_a_sunset(void **state)
{
    (void)state;
    is_quiet_at_night("sunset", sunset);
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
        cmocka_unit_test(finds_fires_at_night),
        cmocka_unit_test(is_quiet_at_lamps_of_a_yard),
        cmocka_unit_test(is_quiet_at_lights_of_towers),
        cmocka_unit_test(is_quiet_at_headlights),
        cmocka_unit_test(is_quiet_at_a_rising_moon),
        cmocka_unit_test(is_quiet_at_a_sunset),
        cmocka_unit_test(repeats_itself_and_forgets_on_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
