/* Where threads meet in a scene: its making, and cameras that render side by side. Terrain is made, not
 * read: GDAL's own locks trouble the thread sanitizer, and only one thread ever reads a file. */
#include "base/thread.h"
#include "world/crew.h"
#include "world/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#define CAMERAS 3
#define WIDE 128
#define TALL 72

static struct lh_scene *make(unsigned threads)
{
    struct lh_scene_options o = LH_SCENE_OPTIONS_DEFAULT;
    struct lh_fault fault = {0};
    struct lh_scene *scene = NULL;
    o.cameras = CAMERAS;
    o.width_px = WIDE;
    o.height_px = TALL;
    o.threads = threads;
    if (lh_scene_create(&o, &fault, &scene))
        fail_msg("%s", fault.text);
    return scene;
}

struct watch {
    struct lh_scene *scene;
    unsigned camera;
    uint64_t hash;
    int error;
};

static void watch_camera(void *argument)
{
    struct watch *watch = argument;
    uint8_t data[WIDE * TALL * 3 / 2] = {0};
    struct lh_scene_picture picture = {
        {data, data + WIDE * TALL, data + WIDE * TALL + WIDE * TALL / 4},
        {WIDE, WIDE / 2, WIDE / 2}};
    watch->hash = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < 5 && !watch->error; i++) {
        watch->error = lh_scene_render(watch->scene, watch->camera, 118.0 + i, &picture);
        for (size_t k = 0; k < sizeof data; k++)
            watch->hash = (watch->hash ^ data[k]) * UINT64_C(0x100000001b3);
    }
}

static void cameras_render_side_by_side_as_one_after_the_other(void **state)
{
    (void)state;
    struct lh_scene *scene = make(CAMERAS);
    struct lh_scene *lonely = make(1);
    struct watch beside[CAMERAS];
    struct lh_thread threads[CAMERAS] = {{.running = false}};
    for (unsigned i = 0; i < CAMERAS; i++) {
        beside[i] = (struct watch){.scene = scene, .camera = i};
        assert_int_equal(lh_thread_start(&threads[i], "camera", watch_camera, &beside[i]), LH_OK);
    }
    for (unsigned i = 0; i < CAMERAS; i++) {
        struct watch alone = {.scene = lonely, .camera = i};
        watch_camera(&alone);
        lh_thread_join(&threads[i]);
        assert_int_equal(beside[i].error, LH_OK);
        assert_int_equal(alone.error, LH_OK);
        assert_true(beside[i].hash == alone.hash);
    }
    assert_true(beside[0].hash != beside[1].hash);
    lh_scene_destroy(&scene);
    lh_scene_destroy(&lonely);
}

struct tally {
    unsigned done[40];
    atomic_uint calls;
    unsigned bad; /* fails from here on */
};

static int count_job(void *opaque, unsigned number)
{
    struct tally *tally = opaque;
    (void)atomic_fetch_add(&tally->calls, 1);
    tally->done[number]++;
    return number >= tally->bad ? -(int)number : LH_OK;
}

static void every_job_is_done_once(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 40; threads += 8) {
        struct tally tally = {.bad = 1000};
        atomic_init(&tally.calls, 0);
        assert_int_equal(lh_crew_run(threads, 40, count_job, &tally), LH_OK);
        assert_int_equal(atomic_load(&tally.calls), 40);
        for (unsigned i = 0; i < 40; i++)
            assert_int_equal(tally.done[i], 1);
    }
    assert_int_equal(lh_crew_run(4, 0, count_job, NULL), LH_OK);
}

static void the_first_failure_is_told(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 5; threads += 2) {
        struct tally tally = {.bad = 7};
        atomic_init(&tally.calls, 0);
        assert_int_equal(lh_crew_run(threads, 40, count_job, &tally), -7);
        for (unsigned i = 0; i < 7; i++)
            assert_int_equal(tally.done[i], 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cameras_render_side_by_side_as_one_after_the_other),
        cmocka_unit_test(every_job_is_done_once),
        cmocka_unit_test(the_first_failure_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
