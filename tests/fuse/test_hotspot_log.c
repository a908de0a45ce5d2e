#include "fuse/hotspot_log.h"
#include "rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct lh_hotspot_log *open_log(const char *path)
{
    struct lh_hotspot_log *log = NULL;
    struct lh_fault fault = {0};
    if (lh_hotspot_log_open(path, &fault, &log) != LH_OK)
        fail_msg("%s", fault.text);
    return log;
}

static struct lh_hotspot_intake take(struct lh_hotspot_log *log, const struct lh_hotspot *rows,
                                     size_t count, enum lh_hotspot_news *news)
{
    struct lh_hotspot_intake intake = {0};
    struct lh_fault fault = {0};
    if (lh_hotspot_log_take(log, rows, count, NULL, &fault, news, &intake) != LH_OK)
        fail_msg("%s", fault.text);
    return intake;
}

static struct lh_hotspots all(struct lh_hotspot_log *log)
{
    struct lh_hotspots rows = {0};
    struct lh_fault fault = {0};
    assert_int_equal(lh_hotspot_log_between(log, INT64_MIN, INT64_MAX, &fault, &rows), LH_OK);
    return rows;
}

static void test_a_row_counts_once(void **state)
{
    (void)state;
    struct lh_hotspot_log *log = open_log(NULL);
    struct lh_hotspot rows[] = {pixel(37.6, 111.9, "2026-04-04T05:38:00Z", 4),
                                pixel(37.6, 111.9, "2026-04-04T05:38:00Z", 4),
                                pixel(37.60001, 111.9, "2026-04-04T05:38:00Z", 4),
                                pixel(37.6, 111.9, "2026-04-04T05:39:00Z", 4)};
    (void)strcpy(rows[3].satellite, "NOAA-21");
    enum lh_hotspot_news news[4];
    struct lh_hotspot_intake intake = take(log, rows, 4, news);
    assert_int_equal(intake.fresh, 3);
    assert_int_equal(intake.repeated, 1);
    assert_int_equal(news[1], LH_NEWS_REPEAT);
    intake = take(log, rows, 4, NULL);
    assert_int_equal(intake.repeated, 4);
    lh_hotspot_log_close(&log);
    assert_null(log);
}

static void test_what_arrives_late_stands_where_it_was_acquired(void **state)
{
    (void)state;
    struct lh_hotspot_log *log = open_log(NULL);
    const struct lh_hotspot late[] = {pixel(37.6, 111.9, "2026-04-04T18:02:00Z", 4),
                                      pixel(37.7, 111.9, "2026-04-04T05:38:00Z", 5)};
    (void)take(log, &late[0], 1, NULL);
    (void)take(log, &late[1], 1, NULL);
    struct lh_hotspots rows = all(log);
    assert_int_equal(rows.count, 2);
    assert_memory_equal(&rows.items[0].at, &late[1].at, sizeof late[1].at);
    lh_hotspots_finish(&rows);
    struct lh_fault fault = {0};
    assert_int_equal(lh_hotspot_log_between(log, UTC("2026-04-04T05:38:00Z"),
                                            UTC("2026-04-04T18:02:00Z"), &fault, &rows),
                     LH_OK);
    assert_int_equal(rows.count, 1);
    lh_hotspots_finish(&rows);
    assert_int_equal(lh_hotspot_log_forget(log, UTC("2026-04-04T12:00:00Z"), &fault), LH_OK);
    rows = all(log);
    assert_int_equal(rows.count, 1);
    lh_hotspots_finish(&rows);
    lh_hotspot_log_close(&log);
}

static void test_the_standard_product_takes_the_place(void **state)
{
    (void)state;
    struct lh_hotspot_log *log = open_log(NULL);
    const struct lh_hotspot early[] = {pixel(37.6, 111.9, "2026-04-04T05:38:00Z", 4),
                                       pixel(37.6034, 111.9, "2026-04-04T05:38:00Z", 5),
                                       pixel(37.9, 111.9, "2026-04-04T05:38:00Z", 6)};
    struct lh_hotspot final[2] = {early[0], early[1]};
    (void)take(log, early, 3, NULL);
    for (int i = 0; i < 2; i++) {
        final[i].grade = LH_GRADE_STANDARD;
        final[i].type = LH_HOTSPOT_TYPE_STATIC;
        (void)strcpy(final[i].version, "2");
    }
    final[1].at.latitude_deg += 0.0007; /* 80 m: definitive geolocation */
    enum lh_hotspot_news news[3];
    struct lh_hotspot_intake intake = take(log, final, 2, news);
    assert_int_equal(intake.replaced, 2);
    intake = take(log, early, 1, news); /* the old one comes once more */
    assert_int_equal(intake.repeated, 1);
    struct lh_hotspots rows = all(log);
    assert_int_equal(rows.count, 3);
    assert_int_equal(rows.items[0].grade, LH_GRADE_STANDARD);
    assert_int_equal(rows.items[0].type, LH_HOTSPOT_TYPE_STATIC);
    assert_int_equal(rows.items[1].grade, LH_GRADE_STANDARD);
    assert_int_equal(rows.items[2].grade, LH_GRADE_NRT);
    lh_hotspots_finish(&rows);
    lh_hotspot_log_close(&log);
}

static void test_rows_come_back_as_they_went(void **state)
{
    (void)state;
    struct lh_hotspot_log *log = open_log(NULL);
    struct lh_hotspot row = pixel(-37.6, -179.99999, "2026-04-04T05:38:00Z", NAN);
    row.received_us = UTC("2026-04-04T08:00:00Z");
    row.cluster = UINT32_MAX;
    (void)strcpy(row.source, "firms");
    (void)take(log, &row, 1, NULL);
    struct lh_hotspots rows = all(log);
    assert_int_equal(rows.count, 1);
    assert_true(isnan(rows.items[0].frp_mw));
    rows.items[0].frp_mw = row.frp_mw = 0; /* NAN is equal to nothing */
    assert_memory_equal(&rows.items[0].at, &row.at, sizeof row.at);
    assert_true(rows.items[0].received_us == row.received_us);
    assert_int_equal(rows.items[0].cluster, row.cluster);
    assert_string_equal(rows.items[0].source, "firms");
    assert_string_equal(rows.items[0].version, "2.0NRT");
    assert_true(rows.items[0].scan_km == row.scan_km);
    lh_hotspots_finish(&rows);
    lh_hotspot_log_close(&log);
}

/* A child takes a file, says so, and is killed while it takes the next over and over. */
static void test_kill_9_leaves_whole_files(void **state)
{
    (void)state;
    char folder[] = "/tmp/linhuo-log-XXXXXX";
    char path[64];
    int pipes[2];
    assert_non_null(mkdtemp(folder));
    assert_int_equal(pipe(pipes), 0);
    (void)snprintf(path, sizeof path, "%s/hotspots.sqlite", folder);
    const pid_t child = fork();
    if (child == 0) {
        struct lh_hotspot_log *log = NULL;
        struct lh_fault fault = {0};
        struct lh_hotspot rows[50];
        if (lh_hotspot_log_open(path, &fault, &log) != LH_OK)
            _exit(1);
        for (int file = 0;; file++) {
            char name[32];
            for (int i = 0; i < 50; i++) {
                rows[i] = pixel(30 + 0.01 * file, 100 + 0.01 * i, "2026-04-04T05:38:00Z", 1);
            }
            (void)snprintf(name, sizeof name, "f%d", file);
            const struct lh_seen_file seen = {"drop", name, 1, 2};
            if (lh_hotspot_log_take(log, rows, 50, &seen, &fault, NULL, NULL) != LH_OK)
                _exit(1);
            if (write(pipes[1], "x", 1) != 1)
                _exit(1);
        }
    }
    char mark;
    for (int i = 0; i < 5; i++)
        assert_int_equal(read(pipes[0], &mark, 1), 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    struct lh_hotspot_log *log = open_log(path);
    struct lh_hotspots rows = all(log);
    assert_true(rows.count >= 250);
    assert_int_equal(rows.count % 50, 0);
    for (size_t file = 0; file < rows.count / 50; file++) {
        char name[32];
        bool known = false;
        struct lh_fault fault = {0};
        (void)snprintf(name, sizeof name, "f%zu", file);
        const struct lh_seen_file seen = {"drop", name, 1, 2};
        assert_int_equal(lh_hotspot_log_seen(log, &seen, &fault, &known), LH_OK);
        assert_true(known);
    }
    lh_hotspots_finish(&rows);
    lh_hotspot_log_close(&log);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
    char command[96];
    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    assert_int_equal(system(command), 0);
}

static void test_another_database_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/linhuo-log-XXXXXX";
    const int file = mkstemp(path);
    struct lh_hotspot_log *log = NULL;
    struct lh_fault fault = {0};
    assert_true(file >= 0);
    assert_int_equal(write(file, "this is no database, whatever its name may say of it\n", 52), 52);
    (void)close(file);
    assert_int_equal(lh_hotspot_log_open(path, &fault, &log), LH_EFORMAT);
    assert_non_null(strstr(fault.text, "the hotspot log"));
    assert_null(log);
    (void)unlink(path);
    assert_int_equal(lh_hotspot_log_open("/nowhere/at/all", &fault, &log), LH_EPERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_row_counts_once),
        cmocka_unit_test(test_what_arrives_late_stands_where_it_was_acquired),
        cmocka_unit_test(test_the_standard_product_takes_the_place),
        cmocka_unit_test(test_rows_come_back_as_they_went),
        cmocka_unit_test(test_kill_9_leaves_whole_files),
        cmocka_unit_test(test_another_database_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
