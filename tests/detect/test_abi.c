/* The binary contract of interface 1, in numbers: an edit of plugins/linhuo_detector.h that moves, widens or
 * removes anything does not compile here. Appending is free. */
#include "linhuo_detector.h"

#include "detect/detector.h"
#include "detect/plugin.h"
#include "frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#if UINTPTR_MAX == UINT64_MAX

#define AT(type, member, at, bytes)                                                                \
    _Static_assert(offsetof(struct type, member) == (at), #type "." #member " has moved");         \
    _Static_assert(sizeof((struct type){0}.member) == (bytes),                                     \
                   #type "." #member " has another size")
#define AT_LEAST(type, bytes)                                                                      \
    _Static_assert(sizeof(struct type) >= (bytes), #type " has become smaller")

/* NOLINTBEGIN(bugprone-sizeof-expression): the size of a pointer is what is meant */
AT(linhuo_picture, struct_size, 0, 4);
AT(linhuo_picture, format, 4, 4);
AT(linhuo_picture, width_px, 8, 4);
AT(linhuo_picture, height_px, 12, 4);
AT(linhuo_picture, plane, 16, 24);
AT(linhuo_picture, stride, 40, 12);
AT(linhuo_picture, source_width_px, 52, 4);
AT(linhuo_picture, source_height_px, 56, 4);
AT(linhuo_picture, capture_utc_us, 64, 8);
AT(linhuo_picture, number, 72, 8);
AT(linhuo_picture, flags, 80, 4);
AT(linhuo_picture, reserved, 84, 4);
AT_LEAST(linhuo_picture, 88);

AT(linhuo_find, struct_size, 0, 4);
AT(linhuo_find, kind, 4, 4);
AT(linhuo_find, x_px, 8, 4);
AT(linhuo_find, y_px, 12, 4);
AT(linhuo_find, width_px, 16, 4);
AT(linhuo_find, height_px, 20, 4);
AT(linhuo_find, score, 24, 4);
AT(linhuo_find, mask_width, 28, 4);
AT(linhuo_find, mask_height, 32, 4);
AT(linhuo_find, mask, 40, 8);
AT_LEAST(linhuo_find, 48);

AT(linhuo_setting, name, 0, 8);
AT(linhuo_setting, type, 8, 4);
AT(linhuo_setting, reserved, 12, 4);
AT(linhuo_setting, fallback, 16, 8);
AT(linhuo_setting, minimum, 24, 8);
AT(linhuo_setting, maximum, 32, 8);
AT(linhuo_setting, choices, 40, 8);
AT(linhuo_setting, help, 48, 8);
AT_LEAST(linhuo_setting, 56);

/* An array without a stride of its own, so it can never grow. */
AT(linhuo_value, number, 0, 8);
AT(linhuo_value, text, 8, 8);
_Static_assert(sizeof(struct linhuo_value) == 16, "linhuo_value has another size");

AT(linhuo_host, struct_size, 0, 4);
AT(linhuo_host, abi, 4, 4);
AT(linhuo_host, context, 8, 8);
AT(linhuo_host, log, 16, 8);
AT(linhuo_host, fail, 24, 8);
AT_LEAST(linhuo_host, 32);

AT(linhuo_open, struct_size, 0, 4);
AT(linhuo_open, value_count, 4, 4);
AT(linhuo_open, values, 8, 8);
AT(linhuo_open, camera, 16, 8);
AT(linhuo_open, preset, 24, 8);
AT_LEAST(linhuo_open, 32);

AT(linhuo_want, struct_size, 0, 4);
AT(linhuo_want, format, 4, 4);
AT(linhuo_want, max_width_px, 8, 4);
AT(linhuo_want, max_height_px, 12, 4);
AT_LEAST(linhuo_want, 16);

AT(linhuo_detector, struct_size, 0, 4);
AT(linhuo_detector, abi, 4, 4);
AT(linhuo_detector, name, 8, 8);
AT(linhuo_detector, version, 16, 8);
AT(linhuo_detector, summary, 24, 8);
AT(linhuo_detector, licence, 32, 8);
AT(linhuo_detector, kinds, 40, 4);
AT(linhuo_detector, setting_size, 44, 4);
AT(linhuo_detector, settings, 48, 8);
AT(linhuo_detector, setting_count, 56, 4);
AT(linhuo_detector, reserved, 60, 4);
AT(linhuo_detector, open, 64, 8);
AT(linhuo_detector, detect, 72, 8);
AT(linhuo_detector, close, 80, 8);
AT(linhuo_detector, reset, 88, 8);
AT_LEAST(linhuo_detector, 96);
/* NOLINTEND(bugprone-sizeof-expression) */

#endif

_Static_assert(LINHUO_DETECTOR_ABI == 1, "interface 1 is what this program speaks");
_Static_assert(LINHUO_I420 == 1 && LINHUO_GRAY8 == 2 && LINHUO_BGR24 == 3 && LINHUO_RGB24 == 4,
               "pixel formats keep their numbers");
_Static_assert(LINHUO_SMOKE == 1 && LINHUO_FLAME == 2, "kinds keep their numbers");
_Static_assert(LINHUO_PICTURE_BURST == 1, "flags keep their bits");
_Static_assert(LINHUO_NUMBER == 1 && LINHUO_INTEGER == 2 && LINHUO_SWITCH == 3 &&
                   LINHUO_TEXT == 4 && LINHUO_CHOICE == 5 && LINHUO_PATH == 6,
               "types of settings keep their numbers");
_Static_assert(LINHUO_LOG_ERROR == 0 && LINHUO_LOG_WARN == 1 && LINHUO_LOG_INFO == 2 &&
                   LINHUO_LOG_DEBUG == 3,
               "levels keep their numbers");

static const char *folder(void)
{
    const char *path = getenv("LINHUO_TEST_PLUGINS");
    return path ? path : ".";
}

static void frozen_plugin_works(void **state)
{
    (void)state;
    static char word[] = "word";
    static char keen[] = "keen";
    static char id[] = "tower-1";
    static char none[] = "";
    static char name[] = "frozen";
    struct lh_setting_text setting = {.name = word, .value = keen};
    const struct lh_detector_config config = {
        .name = name, .plugin = name, .settings = &setting, .setting_count = 1};
    const struct lh_camera_config camera = {.id = id, .preset = none};
    const char *folders[] = {folder()};
    struct lh_plugin_registry *registry = NULL;
    const struct lh_plugin *plugin = NULL;
    struct lh_fault fault = {0};
    struct lh_findings findings = {0};
    struct lh_plugin_values values = {0};
    assert_int_equal(lh_plugin_registry_create(&registry), LH_OK);
    if (lh_plugin_load(registry, "frozen", folders, 1, &fault, &plugin) != LH_OK)
        fail_msg("%s", fault.text);
    assert_int_equal(lh_plugin_values_init(plugin, &config, "/", &findings, &values), LH_OK);

    struct lh_detector *detector = NULL;
    const struct lh_detector_options options = {
        .plugin = plugin, .values = &values, .config = &config, .camera = &camera};
    if (lh_detector_create(&options, &fault, &detector) != LH_OK)
        fail_msg("%s", fault.text);
    struct lh_frame_pool *pool = NULL;
    assert_int_equal(lh_frame_pool_create(4, &pool), LH_OK);
    struct lh_frame *frame =
        test_frame(pool, &(struct test_view){.width_px = 320, .height_px = 240, .level = 90});
    static struct lh_detection detections[4];
    size_t count = 0;
    if (lh_detector_look(detector, frame, detections, 4, &count, &fault) != LH_OK)
        fail_msg("%s", fault.text);
    assert_int_equal(count, 1);
    assert_int_equal(detections[0].kind, LH_KIND_SMOKE);
    assert_true(detections[0].score > 0.89F && detections[0].score < 0.91F);
    assert_true(detections[0].box.x > 0.24F && detections[0].box.x < 0.26F);
    assert_true(detections[0].box.height > 0.49F && detections[0].box.height < 0.51F);
    assert_int_equal(detections[0].mask_width, 2);
    assert_int_equal(detections[0].mask[0], 255);
    assert_int_equal(detections[0].mask[1], 0);
    lh_frame_unref(&frame);
    lh_frame_pool_destroy(&pool);
    lh_detector_destroy(&detector);
    lh_plugin_values_finish(&values);
    lh_plugin_registry_destroy(&registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frozen_plugin_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
