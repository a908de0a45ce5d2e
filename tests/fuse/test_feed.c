#include "fuse/feed_thread.h"
#include "rows.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ROW "37.6,111.9,330,0.39,0.36,2026-04-04,0538,N20,VIIRS,n,2.0NRT,290,4,D\n"
#define LATER "37.7,111.9,330,0.39,0.36,2026-04-04,0720,N20,VIIRS,n,2.0NRT,290,5,D\n"
#define START UTC("2026-04-04T12:00:00Z")

struct scene {
    char folder[32];
    struct lh_clock *clock; /* of replay */
    struct lh_feed_config config;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    (void)strcpy(scene->folder, "/tmp/linhuo-feed-XXXXXX");
    if (!mkdtemp(scene->folder) || lh_clock_replay_create(START, &scene->clock) != LH_OK)
        return -1;
    scene->config = (struct lh_feed_config){
        .name = (char *)"drop",
        .enabled = true,
        .kind = LH_FEED_FOLDER,
        .folder = scene->folder,
        .poll_interval_s = 30,
        .max_size_mib = 1,
        .timeout_s = 5,
        .latency_s = 3600,
    };
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = (struct scene *)*state;
    char command[64];
    lh_clock_replay_destroy(&scene->clock);
    (void)snprintf(command, sizeof command, "rm -r '%s'", scene->folder);
    const int status = system(command);
    free(scene);
    return status;
}

/* Writes a file whose time is so many seconds before the scene's start. */
static void put(const struct scene *scene, const char *name, const char *text, int age_s)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", scene->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                      {.tv_sec = START / LH_SECOND_US - age_s}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static struct lh_feed *open_feed(const struct scene *scene, struct lh_hotspot_log *log)
{
    const struct lh_feed_options options = {.clock = scene->clock, .log = log};
    struct lh_feed *feed = NULL;
    struct lh_fault fault = {0};
    if (lh_feed_create(&scene->config, &options, &fault, &feed) != LH_OK)
        fail_msg("%s", fault.text);
    return feed;
}

/* Steps at a time after the start; the file that came, or "" for none, or the error's name. */
static const char *look(const struct scene *scene, struct lh_feed *feed, int after_s,
                        struct lh_hotspot_log *log)
{
    static char name[128];
    struct lh_feed_batch *batch = NULL;
    struct lh_fault fault = {0};
    lh_clock_replay_set(scene->clock, START + after_s * LH_SECOND_US);
    const int code = lh_feed_step(feed, &fault, &batch);
    if (code != LH_OK)
        return lh_error_name(code);
    (void)snprintf(name, sizeof name, "%s", batch ? batch->origin : "");
    if (batch && log)
        assert_int_equal(lh_feed_batch_take(batch, log, &fault, NULL, NULL), LH_OK);
    lh_feed_batch_destroy(&batch);
    return name;
}

static void test_a_folder_is_read_once(void **state)
{
    struct scene *scene = (struct scene *)*state;
    struct lh_hotspot_log *log = NULL;
    struct lh_fault fault = {0};
    assert_int_equal(lh_hotspot_log_open(NULL, &fault, &log), LH_OK);
    put(scene, "b.csv", VIIRS_HEADER ROW, 100);
    put(scene, "a.csv", VIIRS_HEADER LATER, 100);
    put(scene, ".hidden.csv", VIIRS_HEADER ROW, 100);
    put(scene, "c.csv.part", VIIRS_HEADER ROW, 100);
    struct lh_feed *feed = open_feed(scene, log);
    assert_string_equal(look(scene, feed, 0, log), "a.csv");
    assert_string_equal(look(scene, feed, 0, log), "b.csv"); /* at once: it was ready too */
    assert_string_equal(look(scene, feed, 1, log), "");
    assert_string_equal(look(scene, feed, 31, log), "");
    put(scene, "a.csv", VIIRS_HEADER LATER ROW, 50); /* written anew */
    assert_string_equal(look(scene, feed, 70, log), "a.csv");
    lh_feed_destroy(&feed);

    feed = open_feed(scene, log); /* another program */
    assert_string_equal(look(scene, feed, 110, log), "");
    put(scene, "d.csv", VIIRS_HEADER, 20);
    assert_string_equal(look(scene, feed, 150, log), "d.csv"); /* header only is a look as well */
    lh_feed_destroy(&feed);
    assert_null(feed);

    /* What was handed out but not taken into the log before the end comes again. */
    put(scene, "e.csv", VIIRS_HEADER ROW, 20);
    feed = open_feed(scene, log);
    assert_string_equal(look(scene, feed, 200, NULL), "e.csv");
    lh_feed_destroy(&feed);
    feed = open_feed(scene, log);
    assert_string_equal(look(scene, feed, 240, log), "e.csv");
    lh_feed_destroy(&feed);
    lh_hotspot_log_close(&log);
}

static void test_half_written_files_are_waited_for(void **state)
{
    struct scene *scene = (struct scene *)*state;
    struct lh_feed *feed = open_feed(scene, NULL);
    put(scene, "a.csv", VIIRS_HEADER ROW, -1); /* a second ago, at the second look */
    assert_string_equal(look(scene, feed, 1, NULL), "");
    put(scene, "a.csv", VIIRS_HEADER ROW LATER, -30); /* and it grows */
    assert_string_equal(look(scene, feed, 32, NULL), "");
    assert_string_equal(look(scene, feed, 63, NULL), "a.csv"); /* the same as at the look before */

    put(scene, "b.csv", VIIRS_HEADER ROW "37.7,111.9,330,0.39,0.3", -90); /* cut in a row */
    assert_string_equal(look(scene, feed, 100, NULL), "");
    assert_string_equal(look(scene, feed, 131, NULL), "");
    assert_string_equal(look(scene, feed, 162, NULL), "b.csv"); /* nobody writes it any more */
    lh_feed_destroy(&feed);
}

static void test_bad_files_are_said_once(void **state)
{
    struct scene *scene = (struct scene *)*state;
    struct lh_feed *feed = open_feed(scene, NULL);
    put(scene, "a.csv", "<html>Log in</html>\n", 100);
    put(scene, "b.csv", "latitude,longitude,acq_date,acq_time\n1,2,5/6/2026,7\n", 100);
    put(scene, "c.csv", VIIRS_HEADER ROW, 100);
    assert_string_equal(look(scene, feed, 0, NULL), "EFORMAT");
    assert_string_equal(look(scene, feed, 0, NULL), "EFORMAT");
    assert_string_equal(look(scene, feed, 0, NULL), "c.csv"); /* and the rest goes on */
    assert_string_equal(look(scene, feed, 31, NULL), "");
    char *large = malloc((1U << 20) + 2);
    assert_non_null(large);
    memset(large, '1', (1U << 20) + 1);
    large[(1U << 20) + 1] = '\0';
    put(scene, "d.csv", large, 0);
    free(large);
    assert_string_equal(look(scene, feed, 62, NULL), "ELIMIT");
    assert_string_equal(look(scene, feed, 93, NULL), "");
    scene->folder[0] = 'x'; /* a folder that is not there */
    assert_string_equal(look(scene, feed, 124, NULL), "ENOTFOUND");
    scene->folder[0] = '/';
    assert_string_equal(look(scene, feed, 155, NULL), "");
    lh_feed_destroy(&feed);
}

static void test_replay_knows_rows_after_their_latency(void **state)
{
    struct scene *scene = (struct scene *)*state;
    char path[64];
    char *files[] = {path};
    (void)snprintf(path, sizeof path, "%s/a.csv", scene->folder);
    put(scene, "a.csv", VIIRS_HEADER LATER ROW ROW, 0); /* not in order */
    scene->config.kind = LH_FEED_FILES;
    scene->config.files = files;
    scene->config.file_count = 1;
    lh_clock_replay_set(scene->clock, UTC("2026-04-04T05:00:00Z"));
    struct lh_feed *feed = open_feed(scene, NULL);
    struct lh_feed_batch *batch = NULL;
    struct lh_fault fault = {0};
    assert_true(lh_feed_next_us(feed) == UTC("2026-04-04T06:38:00Z"));
    lh_clock_replay_set(scene->clock, UTC("2026-04-04T06:37:59Z"));
    assert_int_equal(lh_feed_step(feed, &fault, &batch), LH_OK);
    assert_null(batch);
    lh_clock_replay_set(scene->clock, UTC("2026-04-04T06:38:00Z"));
    assert_int_equal(lh_feed_step(feed, &fault, &batch), LH_OK);
    assert_int_equal(batch->hotspots.count, 2);
    assert_true(batch->hotspots.items[0].received_us == UTC("2026-04-04T06:38:00Z"));
    lh_feed_batch_destroy(&batch);
    assert_true(lh_feed_next_us(feed) == UTC("2026-04-04T08:20:00Z"));
    lh_clock_replay_set(scene->clock, UTC("2027-01-01T00:00:00Z"));
    assert_int_equal(lh_feed_step(feed, &fault, &batch), LH_OK);
    assert_int_equal(batch->hotspots.count, 1);
    assert_true(batch->hotspots.items[0].received_us == UTC("2026-04-04T08:20:00Z"));
    lh_feed_batch_destroy(&batch);
    assert_true(lh_feed_next_us(feed) == INT64_MAX);
    lh_feed_destroy(&feed);
}

static void test_a_key_is_private_and_of_letters(void **state)
{
    struct scene *scene = (struct scene *)*state;
    char path[64];
    const struct lh_feed_options options = {.clock = scene->clock, .box = "111,37,112,38"};
    struct lh_feed *feed = NULL;
    struct lh_fault fault = {0};
    (void)snprintf(path, sizeof path, "%s/key", scene->folder);
    scene->config.kind = LH_FEED_FIRMS;
    scene->config.key_file = path;
    scene->config.url = scene->config.box = scene->config.tls_ca_path = (char *)"";
    scene->config.days = 2;
    scene->config.max_requests = 100;
    put(scene, "key", "  5ecre7 key\n", 0);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(lh_feed_create(&scene->config, &options, &fault, &feed), LH_ECONFIG);
    assert_non_null(strstr(fault.text, "chmod 600"));
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(lh_feed_create(&scene->config, &options, &fault, &feed), LH_ECONFIG);
    assert_non_null(strstr(fault.text, "letters and digits"));
    assert_null(strstr(fault.text, "5ecre7"));
    put(scene, "key", "", 0);
    assert_int_equal(lh_feed_create(&scene->config, &options, &fault, &feed), LH_ECONFIG);
    put(scene, "key", " 5ecre7\r\n", 0);
    assert_int_equal(lh_feed_create(&scene->config, &options, &fault, &feed), LH_OK);
    lh_feed_destroy(&feed);
    scene->config.box = (char *)"111,38,112,37";
    assert_int_equal(lh_feed_create(&scene->config, &options, &fault, &feed), LH_ECONFIG);
    assert_non_null(strstr(fault.text, "'box'"));
}

/* ---- the thread ---- */

/* One slot, and more files than that: the feed waits for its reader, and nothing is lost. */
static void test_a_thread_waits_for_its_reader(void **state)
{
    struct scene *scene = (struct scene *)*state;
    const struct lh_queue_options queue_options = {
        .policy = LH_QUEUE_REPLAY, .max_count = 1, .drop = lh_feed_batch_drop};
    const struct lh_feed_options options = {.clock = lh_clock_system()};
    struct lh_queue *queue = NULL;
    struct lh_feed_thread *thread = NULL;
    struct lh_fault fault = {0};
    for (int i = 0; i < 6; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%d.csv", i);
        put(scene, name, VIIRS_HEADER ROW, 1000);
    }
    assert_int_equal(lh_queue_create(&queue_options, &queue), LH_OK);
    assert_int_equal(lh_feed_thread_start(&scene->config, &options, queue, &fault, &thread), LH_OK);
    for (int i = 0; i < 5; i++) {
        void *item = NULL;
        char name[16];
        assert_int_equal(lh_queue_pop(queue, 60 * LH_SECOND_US, &item), LH_OK);
        struct lh_feed_batch *batch = (struct lh_feed_batch *)item;
        (void)snprintf(name, sizeof name, "%d.csv", i);
        assert_string_equal(batch->origin, name);
        lh_feed_batch_destroy(&batch);
    }
    lh_feed_thread_stop(&thread);
    assert_null(thread);
    lh_queue_destroy(&queue);
}

static void test_a_thread_that_nobody_reads_can_be_stopped(void **state)
{
    struct scene *scene = (struct scene *)*state;
    const struct lh_queue_options queue_options = {
        .policy = LH_QUEUE_REPLAY, .max_count = 1, .drop = lh_feed_batch_drop};
    const struct lh_feed_options options = {.clock = lh_clock_system()};
    struct lh_queue *queue = NULL;
    struct lh_feed_thread *thread = NULL;
    struct lh_fault fault = {0};
    for (int i = 0; i < 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%d.csv", i);
        put(scene, name, VIIRS_HEADER ROW, 1000);
    }
    assert_int_equal(lh_queue_create(&queue_options, &queue), LH_OK);
    assert_int_equal(lh_feed_thread_start(&scene->config, &options, queue, &fault, &thread), LH_OK);
    while (lh_queue_counts(queue).depth == 0)
        (void)usleep(1000);
    lh_feed_thread_stop(&thread);
    lh_queue_destroy(&queue);
    scene->folder[0] = 'x'; /* a folder that is not there */
    assert_int_equal(lh_feed_thread_start(&scene->config, &options, queue, &fault, &thread),
                     LH_ECONFIG);
    scene->folder[0] = '/';
    assert_null(thread);
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_a_folder_is_read_once),
        UNIT(test_half_written_files_are_waited_for),
        UNIT(test_bad_files_are_said_once),
        UNIT(test_replay_knows_rows_after_their_latency),
        UNIT(test_a_key_is_private_and_of_letters),
        UNIT(test_a_thread_waits_for_its_reader),
        UNIT(test_a_thread_that_nobody_reads_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
