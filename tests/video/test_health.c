#include "base/error.h"
#include "video/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define WIDTH 320
#define HEIGHT 180
#define HOLD_S 3
#define FROZEN_S 60

/* ---- pictures ---- */

static uint8_t pixels[HEIGHT][WIDTH];
static uint32_t seed;

static uint32_t random_up_to(uint32_t most)
{
    seed = seed * 1664525U + 1013904223U;
    return (seed >> 8) % (most + 1);
}

static void fill(uint8_t level)
{
    memset(pixels, level, sizeof pixels);
}

/* Roofs, trunks, ridges: rectangles of every grey. */
static void draw_scene(void)
{
    fill(120);
    seed = 7;
    for (int i = 0; i < 400; i++) {
        const uint32_t x = random_up_to(WIDTH - 25);
        const uint32_t y = random_up_to(HEIGHT - 13);
        const uint32_t width = 4 + random_up_to(20);
        const uint32_t height = 4 + random_up_to(8);
        const uint8_t level = (uint8_t)(40 + random_up_to(170));
        for (uint32_t row = y; row < y + height; row++)
            memset(&pixels[row][x], level, width);
    }
}

/* What a living sensor adds; another for every number. */
static void add_noise(uint32_t number)
{
    seed = number * 7919 + 1;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            pixels[y][x] = (uint8_t)(pixels[y][x] + random_up_to(4));
}

static void blur(int times)
{
    static uint8_t before[HEIGHT][WIDTH];
    for (; times > 0; times--) {
        memcpy(before, pixels, sizeof before);
        for (int y = 1; y < HEIGHT - 1; y++)
            for (int x = 1; x < WIDTH - 1; x++) {
                int sum = 0;
                for (int dy = -1; dy <= 1; dy++)
                    for (int dx = -1; dx <= 1; dx++)
                        sum += before[y + dy][x + dx];
                pixels[y][x] = (uint8_t)(sum / 9);
            }
    }
}

static struct lh_picture_measures measured(void)
{
    const struct lh_image image = {.format = LH_PIXEL_GRAY8,
                                   .width_px = WIDTH,
                                   .height_px = HEIGHT,
                                   .plane = {&pixels[0][0]},
                                   .stride = {WIDTH}};
    struct lh_picture_measures measures;
    assert_int_equal(lh_image_measure(&image, &measures), LH_OK);
    return measures;
}

static struct lh_picture_measures scene(uint32_t number)
{
    draw_scene();
    add_noise(number);
    return measured();
}

static struct lh_picture_measures plain(uint8_t level)
{
    fill(level);
    add_noise(level);
    return measured();
}

/* ---- a camera, a picture every 2 s ---- */

static struct lh_health health;
static int64_t now_us;

static int begin(void **state)
{
    (void)state;
    now_us = 1000 * LH_SECOND_US;
    const struct lh_health_options options = {.frozen_timeout_s = FROZEN_S, .hold_s = HOLD_S};
    lh_health_init(&health, &options);
    return 0;
}

static enum lh_health_state show(const struct lh_picture_measures *measures)
{
    now_us += 2 * LH_SECOND_US;
    return lh_health_picture(&health, measures, now_us);
}

static enum lh_health_state show_scenes(uint32_t count)
{
    static uint32_t number;
    enum lh_health_state state = health.state;
    for (uint32_t i = 0; i < count; i++) {
        const struct lh_picture_measures measures = scene(number++);
        state = show(&measures);
    }
    return state;
}

static enum lh_health_state show_often(const struct lh_picture_measures *measures, int count)
{
    enum lh_health_state state = health.state;
    for (int i = 0; i < count; i++)
        state = show(measures);
    return state;
}

/* ---- tests ---- */

static void measures_of_known_pictures(void **state)
{
    (void)state;
    fill(77);
    const struct lh_picture_measures flat = measured();
    assert_true(flat.mean > 76.99 && flat.mean < 77.01 && flat.deviation < 0.01);
    assert_true(flat.detail <= 0 && flat.lights > 76 && flat.sharpness < 0);
    assert_int_equal(flat.tile_count, 20 * 7);
    assert_int_equal(flat.tile_mean[0], 77 * 64);
    const struct lh_picture_measures full = scene(1);
    assert_true(full.detail > 0.9 && full.sharpness > 0.5);
    const struct lh_picture_measures again = scene(1);
    assert_true(full.hash == again.hash && full.middle_hash == again.middle_hash);
    pixels[2][3]++; /* in the rows where cameras write */
    const struct lh_picture_measures clock = measured();
    assert_true(full.hash != clock.hash && full.middle_hash == clock.middle_hash);
    pixels[90][3]++;
    assert_true(full.middle_hash != measured().middle_hash);
}

static void images_that_cannot_be_measured(void **state)
{
    (void)state;
    struct lh_picture_measures measures;
    struct lh_image image = {.format = LH_PIXEL_GRAY8,
                             .width_px = 15,
                             .height_px = 15,
                             .plane = {&pixels[0][0]},
                             .stride = {WIDTH}};
    assert_int_equal(lh_image_measure(&image, &measures), LH_EINVAL);
    image.width_px = WIDTH + 1;
    assert_int_equal(lh_image_measure(&image, &measures), LH_EINVAL);
    image.width_px = image.height_px = 16;
    assert_int_equal(lh_image_measure(&image, &measures), LH_OK);
    image.format = LH_PIXEL_I420;
    assert_int_equal(lh_image_measure(&image, &measures), LH_EINVAL);
}

static void the_first_good_picture_is_seeing(void **state)
{
    (void)state;
    assert_int_equal(health.state, LH_HEALTH_STARTING);
    assert_int_equal(show_scenes(1), LH_HEALTH_SEEING);
    assert_int_equal(health.fresh_us, now_us);
}

static void one_dark_picture_does_not_flap(void **state)
{
    (void)state;
    (void)show_scenes(3);
    const struct lh_picture_measures black = plain(8);
    assert_int_equal(show(&black), LH_HEALTH_SEEING);
    assert_int_equal(show_scenes(1), LH_HEALTH_SEEING);
    assert_int_equal(show_often(&black, 2), LH_HEALTH_SEEING);
    assert_int_equal(show(&black), LH_HEALTH_BLACK);
    assert_int_equal(show_scenes(1), LH_HEALTH_BLACK);
    assert_int_equal(show_scenes(2), LH_HEALTH_SEEING);
}

static void covered(void **state)
{
    (void)state;
    (void)show_scenes(3);
    const struct lh_picture_measures hand = plain(140);
    assert_int_equal(show_often(&hand, 4), LH_HEALTH_COVERED);
    /* uncovered */
    assert_int_equal(show_scenes(3), LH_HEALTH_SEEING);
}

static void lights_in_the_dark_are_seen(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        fill(10);
        for (int y = 80; y < 90; y++)
            memset(&pixels[y][150], 200, 10);
        add_noise(i);
        const struct lh_picture_measures night = measured();
        assert_int_equal(show(&night), LH_HEALTH_SEEING);
    }
}

static void the_same_picture_is_frozen_after_its_time(void **state)
{
    (void)state;
    (void)show_scenes(3);
    const int64_t fresh_us = health.fresh_us;
    const struct lh_picture_measures still = scene(1000);
    assert_int_equal(show_often(&still, FROZEN_S / 2), LH_HEALTH_SEEING);
    assert_int_equal(show(&still), LH_HEALTH_FROZEN);
    /* only its first showing was news */
    assert_int_equal(health.fresh_us, fresh_us + 2 * LH_SECOND_US);
    assert_int_equal(show_scenes(1), LH_HEALTH_FROZEN);
    assert_int_equal(show_scenes(2), LH_HEALTH_SEEING);
}

static void a_running_clock_does_not_hide_a_frozen_picture(void **state)
{
    (void)state;
    (void)show_scenes(3);
    enum lh_health_state last = LH_HEALTH_STARTING;
    for (uint32_t i = 0; i < FROZEN_S; i++) {
        draw_scene();
        pixels[5][20] = (uint8_t)i;
        const struct lh_picture_measures measures = measured();
        last = show(&measures);
    }
    assert_int_equal(last, LH_HEALTH_FROZEN);
}

/* The encoder goes on, with its own small errors, but by day nothing moves for twenty minutes. */
static void a_sensor_that_hangs_is_told_late(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 600; i++) {
        draw_scene();
        pixels[60 + i % 60][i % 300] ^= 1;
        const struct lh_picture_measures measures = measured();
        assert_int_equal(show(&measures), LH_HEALTH_SEEING);
    }
    draw_scene();
    pixels[100][100] ^= 1;
    const struct lh_picture_measures measures = measured();
    assert_int_equal(show(&measures), LH_HEALTH_FROZEN);
}

static void frozen_is_not_asked_without_a_time(void **state)
{
    (void)state;
    const struct lh_health_options options = {.frozen_timeout_s = 0, .hold_s = HOLD_S};
    lh_health_init(&health, &options);
    const struct lh_picture_measures still = scene(1);
    assert_int_equal(show_often(&still, 2000), LH_HEALTH_SEEING);
}

static struct lh_picture_measures blurred(uint32_t number, int times)
{
    draw_scene();
    blur(times);
    add_noise(number);
    return measured();
}

static void lost_focus(void **state)
{
    (void)state;
    (void)show_scenes(12);
    enum lh_health_state last = LH_HEALTH_STARTING;
    for (uint32_t i = 0; i < 4; i++) {
        const struct lh_picture_measures measures = blurred(i, 4);
        last = show(&measures);
    }
    assert_int_equal(last, LH_HEALTH_DEFOCUSED);
    assert_int_equal(show_scenes(3), LH_HEALTH_SEEING);
}

static void a_camera_that_was_never_sharp_is_not_told(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        const struct lh_picture_measures measures = blurred(i, 4);
        assert_int_equal(show(&measures), LH_HEALTH_SEEING);
    }
}

static void a_camera_set_anew_learns_anew(void **state)
{
    (void)state;
    (void)show_scenes(12);
    for (uint32_t i = 0; i < 6; i++) {
        struct lh_picture_measures measures = blurred(i, 4);
        measures.width_px = 640;
        measures.height_px = 360;
        assert_int_equal(show(&measures), LH_HEALTH_SEEING);
    }
}

static void a_stream_that_breaks_is_told_at_once(void **state)
{
    (void)state;
    (void)show_scenes(3);
    lh_health_stream(&health, LH_HEALTH_STALLED, now_us);
    assert_int_equal(health.state, LH_HEALTH_STALLED);
    lh_health_stream(&health, LH_HEALTH_DISCONNECTED, now_us);
    assert_int_equal(health.state, LH_HEALTH_DISCONNECTED);
    assert_int_equal(show_scenes(1), LH_HEALTH_SEEING);
    /* it was black before, and still is: no need to wait */
    const struct lh_picture_measures black = plain(8);
    assert_int_equal(show_often(&black, 4), LH_HEALTH_BLACK);
    lh_health_stream(&health, LH_HEALTH_DISCONNECTED, now_us);
    assert_int_equal(show(&black), LH_HEALTH_BLACK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(measures_of_known_pictures, begin),
        cmocka_unit_test_setup(images_that_cannot_be_measured, begin),
        cmocka_unit_test_setup(the_first_good_picture_is_seeing, begin),
        cmocka_unit_test_setup(one_dark_picture_does_not_flap, begin),
        cmocka_unit_test_setup(covered, begin),
        cmocka_unit_test_setup(lights_in_the_dark_are_seen, begin),
        cmocka_unit_test_setup(the_same_picture_is_frozen_after_its_time, begin),
        cmocka_unit_test_setup(a_running_clock_does_not_hide_a_frozen_picture, begin),
        cmocka_unit_test_setup(a_sensor_that_hangs_is_told_late, begin),
        cmocka_unit_test_setup(frozen_is_not_asked_without_a_time, begin),
        cmocka_unit_test_setup(lost_focus, begin),
        cmocka_unit_test_setup(a_camera_that_was_never_sharp_is_not_told, begin),
        cmocka_unit_test_setup(a_camera_set_anew_learns_anew, begin),
        cmocka_unit_test_setup(a_stream_that_breaks_is_told_at_once, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
