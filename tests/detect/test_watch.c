/* A whole camera: plugins from a site, frames in, track events out, with the scripted detector and the template. */
#include "detect/watch.h"

#include "base/error.h"
#include "base/thread.h"
#include "frames.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char id[] = "tower-1";
static char other_id[] = "tower-2";
static char none[] = "";
static char scripted[] = "scripted";
static char second[] = "second";
static char pattern[] = "template";
static char script_key[] = "script";

struct fixture {
    char script_path[64];
    char folder[PATH_MAX];
    char *folders[1];
    struct lh_setting_text script;
    struct lh_detector_config detectors[3];
    struct lh_camera_config camera;
    char site_path[16];
    struct lh_site site;
    struct lh_findings findings;
    struct lh_watch_plugins *loaded;
    struct lh_watch *watch;
    struct lh_frame_pool *pool;
    struct lh_watch_result result;
    size_t raised, updated, lost;
    struct lh_track last;
};

static void note(void *context, enum lh_track_event_type type, const struct lh_track *track)
{
    struct fixture *fixture = context;
    fixture->raised += type == LH_TRACK_RAISED;
    fixture->updated += type == LH_TRACK_UPDATED;
    fixture->lost += type == LH_TRACK_LOST;
    fixture->last = *track;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture)
        return -1;
    *state = fixture;
    const char *folder = getenv("LINHUO_PLUGINS");
    (void)snprintf(fixture->folder, sizeof fixture->folder, "%s", folder ? folder : ".");
    fixture->folders[0] = fixture->folder;
    (void)snprintf(fixture->script_path, sizeof fixture->script_path, "/tmp/linhuo-script-XXXXXX");
    const int file = mkstemp(fixture->script_path);
    if (file < 0)
        return -1;
    (void)close(file);
    fixture->script = (struct lh_setting_text){
        .name = script_key, .value = fixture->script_path, .place = {9, 9}, .value_place = {9, 17}};
    for (int i = 0; i < 3; i++)
        fixture->detectors[i] =
            (struct lh_detector_config){.name = i == 0   ? scripted
                                                : i == 1 ? second
                                                         : pattern,
                                        .plugin = i == 2 ? pattern : scripted,
                                        .settings = i == 2 ? NULL : &fixture->script,
                                        .setting_count = i == 2 ? 0 : 1,
                                        .place = {i + 1, 3},
                                        .plugin_place = {i + 1, 11}};
    fixture->camera = (struct lh_camera_config){.id = id, .preset = none};
    (void)snprintf(fixture->site_path, sizeof fixture->site_path, "/tmp/site.yaml");
    fixture->site = (struct lh_site){
        .path = fixture->site_path,
        .plugin_folders = fixture->folders,
        .plugin_folder_count = 1,
        .detectors = fixture->detectors,
        .detector_count = 1,
        .cameras = &fixture->camera,
        .camera_count = 1,
        .tracks = {.min_overlap = 0.1,
                   .max_gap_s = 60,
                   .max_gap_looks = 10,
                   .max_distance_share = 0.05,
                   .confirm_hits = 3,
                   .confirm_window = 5,
                   .confirm_score = 0.4,
                   .release_score = 0.2,
                   .max_tracks = 32},
    };
    return lh_frame_pool_create(4, &fixture->pool);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    lh_watch_destroy(&fixture->watch);
    lh_watch_destroy(&fixture->watch);
    lh_watch_plugins_destroy(&fixture->loaded);
    lh_watch_plugins_destroy(&fixture->loaded);
    lh_findings_finish(&fixture->findings);
    lh_frame_pool_destroy(&fixture->pool);
    (void)unlink(fixture->script_path);
    free(fixture);
    return 0;
}

static void write_script(const struct fixture *fixture, const char *text)
{
    FILE *file = fopen(fixture->script_path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void start(struct fixture *fixture, const char *text)
{
    struct lh_fault fault = {0};
    write_script(fixture, text);
    if (lh_watch_plugins_load(&fixture->site, &fixture->findings, &fixture->loaded) != LH_OK)
        fail_msg("%s", fixture->findings.items[0].text);
    if (lh_watch_create(&fixture->site, &fixture->camera, fixture->loaded, &fault,
                        &fixture->watch) != LH_OK)
        fail_msg("%s", fault.text);
}

static void show(struct fixture *fixture, struct test_view view)
{
    if (view.width_px == 0) {
        view.width_px = 320;
        view.height_px = 240;
    }
    view.utc_us = (int64_t)view.number * 2000000;
    struct lh_frame *frame = test_frame(fixture->pool, &view);
    assert_int_equal(lh_watch_frame(fixture->watch, frame, note, fixture, &fixture->result), LH_OK);
    lh_frame_unref(&frame);
}

static void show_plain(struct fixture *fixture, uint64_t from, uint64_t to)
{
    for (uint64_t number = from; number <= to; number++)
        show(fixture, (struct test_view){.number = number});
}

static void one_plume_raises_one_track(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, "# a plume, which grows\n\n"
                   "10-40 smoke 0.4 0.5 0.05 0.05 0.8 to 0.35 0.4 0.15 0.15\n");
    show_plain(fixture, 1, 60);
    assert_int_equal(fixture->raised, 1);
    assert_int_equal(fixture->updated, 28);
    assert_int_equal(fixture->last.kind, LH_KIND_SMOKE);
    assert_int_equal(fixture->last.first_utc_us, 20000000);
    assert_true(fixture->last.growth > 4.0F);
    assert_int_equal(fixture->lost, 0);
    show_plain(fixture, 61, 80);
    assert_int_equal(fixture->lost, 1);
    assert_int_equal(lh_watch_detectors(fixture->watch), 1);
    assert_string_equal(lh_watch_detector_name(fixture->watch, 0), "scripted");
    assert_string_equal(lh_watch_detector_name(fixture->watch, 7), "");
    const struct lh_detector_counts counts = lh_watch_detector_counts(fixture->watch, 0);
    assert_int_equal(counts.frames, 80);
    assert_int_equal(counts.detections, 31);
}

static void wrong_finds_reach_nobody(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, "* nan\n* infinite\n* empty\n* outside\n* unknown_kind\n* old_struct\n");
    show_plain(fixture, 1, 20);
    assert_int_equal(fixture->raised, 0);
    assert_int_equal(fixture->result.detection_count, 0);
    assert_int_equal(lh_watch_detector_counts(fixture->watch, 0).refused, 120);
}

static void failing_pictures_are_no_misses(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, "1-5 smoke 0.4 0.4 0.1 0.1 0.8\n6-20 fail no memory on the card\n"
                   "21- smoke 0.4 0.4 0.1 0.1 0.8\n");
    show_plain(fixture, 1, 5);
    assert_int_equal(fixture->raised, 1);
    show_plain(fixture, 6, 20);
    assert_int_equal(fixture->result.failed_detectors, 1);
    assert_string_equal(fixture->result.fault.text, "scripted/tower-1: no memory on the card");
    assert_int_equal(fixture->result.fault.code, LH_EPLUGIN);
    show_plain(fixture, 21, 22);
    assert_int_equal(fixture->result.failed_detectors, 0);
    assert_int_equal(fixture->lost, 0);
    assert_int_equal(fixture->raised, 1);
    assert_int_equal(fixture->last.misses, 0);
    assert_int_equal(lh_watch_detector_counts(fixture->watch, 0).failures, 15);
}

static void one_of_two_may_fail(void **state)
{
    struct fixture *fixture = *state;
    fixture->site.detector_count = 3;
    start(fixture, "1- smoke 0.4 0.4 0.1 0.1 0.8\n3 fail once\n");
    assert_int_equal(lh_watch_detectors(fixture->watch), 3);
    show_plain(fixture, 1, 3);
    assert_int_equal(fixture->result.failed_detectors, 2);
    assert_int_equal(fixture->result.detection_count, 0);
    show_plain(fixture, 4, 4);
    assert_int_equal(fixture->result.failed_detectors, 0);
    assert_int_equal(fixture->result.detection_count, 2);
    assert_int_equal(fixture->raised, 1);
    assert_int_equal(fixture->last.detectors, 3);
}

static void bursts_do_not_count(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, "* smoke 0.4 0.4 0.1 0.1 0.8\n");
    for (uint64_t number = 1; number <= 50; number++)
        show(fixture, (struct test_view){.number = number, .burst = true});
    assert_int_equal(fixture->result.detection_count, 1);
    assert_int_equal(fixture->raised, 0);
    show_plain(fixture, 51, 53);
    assert_int_equal(fixture->raised, 1);
    lh_watch_flush(fixture->watch, note, fixture);
    assert_int_equal(fixture->lost, 1);
}

static void many_finds_are_cut(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, "* many 300\n");
    show_plain(fixture, 1, 3);
    assert_int_equal(fixture->result.detection_count, 256);
    assert_int_equal(lh_watch_detector_counts(fixture->watch, 0).refused, 3);
}

static void slow_calls_are_measured(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, "2 sleep 30\n");
    show_plain(fixture, 1, 3);
    const struct lh_detector_counts counts = lh_watch_detector_counts(fixture->watch, 0);
    assert_true(counts.slowest_us >= 30000);
    assert_true(counts.busy_us >= counts.slowest_us);
}

static void cameras_choose_their_lines_and_detectors(void **state)
{
    struct fixture *fixture = *state;
    static char *chosen[] = {pattern};
    fixture->site.detector_count = 3;
    start(fixture, "camera tower-2\n@4-10 flame 0.1 0.1 0.2 0.2 0.7\ncamera *\n"
                   "@2 smoke 0.1 0.1 0.2 0.2 0.7\n");
    show_plain(fixture, 1, 10);
    assert_int_equal(lh_watch_detector_counts(fixture->watch, 0).detections, 1);
    lh_watch_destroy(&fixture->watch);
    struct lh_fault fault = {0};
    fixture->camera.id = other_id;
    assert_int_equal(
        lh_watch_create(&fixture->site, &fixture->camera, fixture->loaded, &fault, &fixture->watch),
        LH_OK);
    show_plain(fixture, 1, 10);
    assert_int_equal(lh_watch_detector_counts(fixture->watch, 0).detections, 5);
    lh_watch_destroy(&fixture->watch);
    fixture->camera.detectors = chosen;
    fixture->camera.detector_count = 1;
    assert_int_equal(
        lh_watch_create(&fixture->site, &fixture->camera, fixture->loaded, &fault, &fixture->watch),
        LH_OK);
    assert_string_equal(lh_watch_detector_name(fixture->watch, 0), "template");
    lh_watch_destroy(&fixture->watch);
    chosen[0] = other_id;
    assert_int_equal(
        lh_watch_create(&fixture->site, &fixture->camera, fixture->loaded, &fault, &fixture->watch),
        LH_ECONFIG);
    chosen[0] = pattern;
    assert_non_null(strstr(fault.text, "names the detector 'tower-2'"));
}

static void scripts_with_mistakes_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        const char *words;
    } wrong[] = {
        {"1 smoke 0.1 0.1 0.1\n", ":1: wants X Y W H SCORE"},
        {"\n\nx-y smoke 0 0 1 1 1\n", ":3: wants *, N, N-M"},
        {"9-3 smoke 0 0 1 1 1\n", ":1: wants *"},
        {"1 dance\n", ":1: names no action"},
        {"1- smoke 0 0 1 1 1 to 0 0 1 1\n", "an end of WHEN"},
        {"1 many lots\n", "wants a number"},
        {"1 sleep -1\n", "wants a number"},
        {"open_fails not today\n", ":1: not today"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct lh_fault fault = {0};
        write_script(fixture, wrong[i].text);
        if (!fixture->loaded)
            assert_int_equal(
                lh_watch_plugins_load(&fixture->site, &fixture->findings, &fixture->loaded), LH_OK);
        assert_int_equal(lh_watch_create(&fixture->site, &fixture->camera, fixture->loaded, &fault,
                                         &fixture->watch),
                         LH_EPLUGIN);
        if (!strstr(fault.text, wrong[i].words))
            fail_msg("%s", fault.text);
    }
    struct lh_fault fault = {0};
    (void)unlink(fixture->script_path);
    assert_int_equal(
        lh_watch_create(&fixture->site, &fixture->camera, fixture->loaded, &fault, &fixture->watch),
        LH_EPLUGIN);
    assert_non_null(strstr(fault.text, "cannot be read"));
}

static void every_mistake_of_a_site_is_found(void **state)
{
    struct fixture *fixture = *state;
    static char missing[] = "missing_one";
    fixture->site.detector_count = 3;
    fixture->detectors[0].plugin = missing;
    fixture->detectors[1].setting_count = 0;
    fixture->detectors[2].settings = &fixture->script;
    fixture->detectors[2].setting_count = 1;
    assert_int_equal(lh_watch_plugins_load(&fixture->site, &fixture->findings, &fixture->loaded),
                     LH_ECONFIG);
    assert_null(fixture->loaded);
    assert_int_equal(fixture->findings.count, 3);
    assert_non_null(strstr(fixture->findings.items[0].text, "no detector plugin 'missing_one'"));
    assert_int_equal(fixture->findings.items[0].place.column, 11);
    assert_non_null(strstr(fixture->findings.items[1].text, "needs the setting 'script'"));
    assert_non_null(strstr(fixture->findings.items[2].text, "'script' is no setting"));
    struct lh_plugin_registry *registry = NULL;
    struct lh_findings again = {0};
    assert_int_equal(lh_plugin_registry_create(&registry), LH_OK);
    assert_int_equal(lh_plugins_check(registry, &fixture->site, &again), LH_ECONFIG);
    assert_int_equal(again.count, 3);
    lh_findings_finish(&again);
    lh_plugin_registry_destroy(&registry);
}

/* Relative paths of plugins are taken from the site file's folder. */
static void plugins_by_path(void **state)
{
    struct fixture *fixture = *state;
    char path[PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "..%s/scripted.so", fixture->folder);
    fixture->detectors[0].plugin = path;
    start(fixture, "* smoke 0.4 0.4 0.1 0.1 0.8\n");
    show_plain(fixture, 1, 3);
    assert_int_equal(fixture->raised, 1);
}

static void template_sees_a_light_come_on(void **state)
{
    struct fixture *fixture = *state;
    fixture->detectors[0] = fixture->detectors[2];
    start(fixture, "");
    for (uint64_t number = 1; number <= 10; number++)
        show(fixture, (struct test_view){.number = number, .level = 30});
    assert_int_equal(lh_watch_detector_counts(fixture->watch, 0).detections, 0);
    for (uint64_t number = 11; number <= 15; number++)
        show(fixture,
             (struct test_view){.number = number, .level = 30, .spot = {160, 120, 32, 240}});
    assert_int_equal(lh_watch_detector_counts(fixture->watch, 0).detections, 5);
    assert_int_equal(fixture->raised, 1);
    assert_int_equal(fixture->last.kind, LH_KIND_FLAME);
    assert_true(fixture->last.box.x == 0.5F && fixture->last.box.y == 0.5F);
    assert_true(fixture->last.box.width == 0.1F);
    show(fixture, (struct test_view){.number = 16, .level = 30, .width_px = 7, .height_px = 7});
    assert_int_equal(fixture->result.failed_detectors, 1);
    assert_non_null(strstr(fixture->result.fault.text, "smaller than 8 x 8"));
}

struct worker {
    struct fixture *fixture;
    struct lh_camera_config camera;
    char id[16];
    struct lh_frame_pool *pool;
    size_t raised;
    bool done;
};

static void count_raised(void *context, enum lh_track_event_type type, const struct lh_track *track)
{
    struct worker *worker = context;
    (void)track;
    worker->raised += type == LH_TRACK_RAISED;
}

static void watch_one(void *argument)
{
    struct worker *worker = argument;
    struct lh_watch *watch = NULL;
    struct lh_fault fault = {0};
    if (lh_watch_create(&worker->fixture->site, &worker->camera, worker->fixture->loaded, &fault,
                        &watch) != LH_OK)
        return;
    for (uint64_t number = 1; number <= 60; number++) {
        struct lh_watch_result result;
        struct lh_frame *frame =
            test_frame(worker->pool, &(struct test_view){.number = number,
                                                         .utc_us = (int64_t)number * 2000000,
                                                         .width_px = 64,
                                                         .height_px = 48});
        worker->done = lh_watch_frame(watch, frame, count_raised, worker, &result) == LH_OK;
        lh_frame_unref(&frame);
    }
    lh_watch_destroy(&watch);
}

static void cameras_run_side_by_side(void **state)
{
    struct fixture *fixture = *state;
    struct worker workers[6];
    struct lh_thread threads[6] = {{0}};
    fixture->site.detector_count = 3;
    start(fixture, "* log hello\n10-40 smoke 0.4 0.5 0.05 0.05 0.8 to 0.35 0.4 0.15 0.15\n");
    lh_log_configure(LH_LOG_ERROR, LH_LOG_TEXT);
    for (int i = 0; i < 6; i++) {
        workers[i] = (struct worker){.fixture = fixture, .camera = fixture->camera};
        (void)snprintf(workers[i].id, sizeof workers[i].id, "camera-%d", i);
        workers[i].camera.id = workers[i].id;
        assert_int_equal(lh_frame_pool_create(2, &workers[i].pool), LH_OK);
        assert_int_equal(lh_thread_start(&threads[i], "watch", watch_one, &workers[i]), LH_OK);
    }
    for (int i = 0; i < 6; i++) {
        lh_thread_join(&threads[i]);
        assert_true(workers[i].done);
        assert_int_equal(workers[i].raised, 1);
        lh_frame_pool_destroy(&workers[i].pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_plume_raises_one_track, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_finds_reach_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(failing_pictures_are_no_misses, setup, teardown),
        cmocka_unit_test_setup_teardown(one_of_two_may_fail, setup, teardown),
        cmocka_unit_test_setup_teardown(bursts_do_not_count, setup, teardown),
        cmocka_unit_test_setup_teardown(many_finds_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(slow_calls_are_measured, setup, teardown),
        cmocka_unit_test_setup_teardown(cameras_choose_their_lines_and_detectors, setup, teardown),
        cmocka_unit_test_setup_teardown(scripts_with_mistakes_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(every_mistake_of_a_site_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(plugins_by_path, setup, teardown),
        cmocka_unit_test_setup_teardown(template_sees_a_light_come_on, setup, teardown),
        cmocka_unit_test_setup_teardown(cameras_run_side_by_side, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
