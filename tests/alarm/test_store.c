#include "alarm/store.h"
#include "sample.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct lh_store *open_store(const char *folder)
{
    struct lh_fault fault = {0};
    struct lh_store *store = NULL;
    if (lh_store_open(folder, &fault, &store) != LH_OK)
        fail_msg("%s", fault.text);
    return store;
}

static int put_numbered(struct lh_store *store, uint64_t sequence, const char *epoch,
                        struct lh_fault *fault)
{
    char json[256];
    struct lh_alarm alarm = sample_alarm();
    const struct lh_serial serial = {.epoch = epoch, .stream = "alarm", .sequence = sequence};
    alarm.revision = (uint32_t)sequence;
    (void)snprintf(alarm.id, sizeof alarm.id, "alarm-%llu", (unsigned long long)(sequence % 10));
    (void)snprintf(json, sizeof json, "{\"sequence\":%llu}", (unsigned long long)sequence);
    return lh_store_put_alarm(store, &alarm, &serial, "alarm/P2/141122/", json, fault);
}

struct seen {
    uint64_t count;
    uint64_t last;
    bool in_order;
};

static int see(void *context, uint64_t sequence, const char *epoch, const char *topic,
               const char *json)
{
    struct seen *seen = context;
    unsigned long long inside = 0;
    assert_int_equal(sscanf(json, "{\"sequence\":%llu}", &inside), 1);
    assert_int_equal(inside, sequence);
    assert_string_equal(topic, "alarm/P2/141122/");
    assert_true(*epoch);
    seen->in_order = seen->in_order && sequence > seen->last;
    seen->last = sequence;
    seen->count++;
    return 0;
}

static struct seen look(struct lh_store *store, uint64_t after)
{
    struct seen seen = {.in_order = true};
    assert_int_equal(lh_store_events(store, "alarm", after, see, &seen), LH_OK);
    assert_true(seen.in_order);
    return seen;
}

static void what_is_put_is_there_after_reopening(void **state)
{
    (void)state;
    char folder[256];
    char nested[300];
    struct stat status;
    uint64_t next = 0;
    (void)snprintf(nested, sizeof nested, "%s/a/b", sample_folder(folder));
    struct lh_store *store = open_store(nested);
    assert_int_equal(stat(nested, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_string_equal(lh_store_notice(store), "");
    assert_int_equal(lh_store_next_sequence(store, "alarm", &next), LH_OK);
    assert_int_equal(next, 1);
    for (uint64_t i = 1; i <= 25; i++)
        assert_int_equal(put_numbered(store, i, "e1", NULL), LH_OK);
    const struct lh_serial health = {.epoch = "e1", .stream = "health", .sequence = 1};
    assert_int_equal(lh_store_put_event(store, &health, SAMPLE_UTC_US, "health/a/", "{}", NULL),
                     LH_OK);
    lh_store_close(&store);
    assert_null(store);
    store = open_store(nested);
    assert_int_equal(lh_store_next_sequence(store, "alarm", &next), LH_OK);
    assert_int_equal(next, 26);
    assert_int_equal(lh_store_next_sequence(store, "health", &next), LH_OK);
    assert_int_equal(next, 2);
    assert_int_equal(look(store, 0).count, 25);
    assert_int_equal(look(store, 20).count, 5);
    assert_int_equal(look(store, UINT64_MAX).count, 0);
    lh_store_close(&store);
    lh_store_close(&store);
    sample_folder_remove(folder);
}

static int64_t query(const char *folder, const char *text)
{
    char path[300];
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    (void)snprintf(path, sizeof path, "%s/alarms.sqlite", folder);
    assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, text, -1, &statement, NULL), SQLITE_OK);
    const int result = sqlite3_step(statement);
    const int64_t value = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    return value;
}

static void another_program_may_read_the_latest_revision_of_each(void **state)
{
    (void)state;
    char folder[256];
    struct lh_store *store = open_store(sample_folder(folder));
    for (uint64_t i = 1; i <= 25; i++)
        assert_int_equal(put_numbered(store, i, "e", NULL), LH_OK);
    assert_int_equal(query(folder, "SELECT count(*) FROM alarm"), 10);
    assert_int_equal(query(folder, "SELECT revision FROM alarm WHERE id = 'alarm-5'"), 25);
    assert_int_equal(
        query(folder, "SELECT count(*) FROM alarm JOIN event USING (stream, sequence)"), 10);
    lh_store_close(&store);
    sample_folder_remove(folder);
}

static void the_same_event_again_is_taken_for_what_it_is(void **state)
{
    (void)state;
    char folder[256];
    struct lh_fault fault = {0};
    struct lh_store *store = open_store(sample_folder(folder));
    assert_int_equal(put_numbered(store, 1, "e", NULL), LH_OK);
    assert_int_equal(put_numbered(store, 1, "e", NULL), LH_OK);
    assert_int_equal(put_numbered(store, 1, "another", &fault), LH_EEXIST);
    assert_non_null(strstr(fault.text, "another event 1"));
    assert_int_equal(look(store, 0).count, 1);
    assert_int_equal(put_numbered(store, 0, "e", NULL), LH_EINVAL);
    assert_int_equal(put_numbered(store, UINT64_MAX, "e", NULL), LH_EINVAL);
    assert_int_equal(put_numbered(store, 2, "e", NULL), LH_OK);
    lh_store_close(&store);
    sample_folder_remove(folder);
}

static void one_engine_a_folder(void **state)
{
    (void)state;
    char folder[256];
    struct lh_fault fault = {0};
    struct lh_store *second = NULL;
    struct lh_store *store = open_store(sample_folder(folder));
    assert_int_equal(lh_store_open(folder, &fault, &second), LH_EEXIST);
    assert_null(second);
    assert_non_null(strstr(fault.text, "another engine"));
    lh_store_close(&store);
    store = open_store(folder);
    lh_store_close(&store);
    sample_folder_remove(folder);
}

static void a_newer_store_is_refused_and_left_alone(void **state)
{
    (void)state;
    char folder[256];
    struct lh_fault fault = {0};
    struct lh_store *store = open_store(sample_folder(folder));
    assert_int_equal(put_numbered(store, 1, "e", NULL), LH_OK);
    lh_store_close(&store);
    (void)query(folder, "PRAGMA user_version = 99");
    assert_int_equal(lh_store_open(folder, &fault, &store), LH_EFORMAT);
    assert_null(store);
    assert_non_null(strstr(fault.text, "newer program"));
    assert_int_equal(query(folder, "SELECT count(*) FROM event"), 1);
    (void)query(folder, "PRAGMA user_version = 1");
    (void)query(folder, "PRAGMA application_id = 7");
    assert_int_equal(lh_store_open(folder, &fault, &store), LH_EFORMAT);
    assert_non_null(strstr(fault.text, "another program"));
    sample_folder_remove(folder);
}

/* As the program before incidents left it. */
static void make_version_1(const char *folder)
{
    static const char *const columns[] = {"incident_state", "probability", "latitude_deg",
                                          "longitude_deg",  "major_m",     "minor_m",
                                          "place",          "merged_into"};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        char text[120];
        (void)snprintf(text, sizeof text, "ALTER TABLE alarm DROP COLUMN %s", columns[i]);
        (void)query(folder, text);
    }
    (void)query(folder, "PRAGMA user_version = 1");
    assert_int_equal(query(folder, "SELECT count(*) FROM pragma_table_info('alarm')"), 16);
}

static void a_store_from_before_incidents_is_brought_up_to_date(void **state)
{
    (void)state;
    char folder[256];
    struct lh_store *store = open_store(sample_folder(folder));
    assert_int_equal(put_numbered(store, 1, "e", NULL), LH_OK);
    lh_store_close(&store);
    make_version_1(folder);
    store = open_store(folder);
    assert_int_equal(put_numbered(store, 2, "e", NULL), LH_OK);
    lh_store_close(&store);
    assert_int_equal(query(folder, "PRAGMA user_version"), 2);
    assert_int_equal(query(folder, "SELECT count(*) FROM event"), 2);
    assert_int_equal(query(folder, "SELECT count(*) FROM alarm WHERE id = 'alarm-1' AND"
                                   " probability = score AND latitude_deg IS NULL"),
                     1);
    sample_folder_remove(folder);
}

static void places_that_cannot_be_written_are_named(void **state)
{
    (void)state;
    char folder[256];
    char path[300];
    struct lh_fault fault = {0};
    struct lh_store *store = NULL;
    (void)snprintf(path, sizeof path, "%s/file", sample_folder(folder));
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_not_equal(lh_store_open(path, &fault, &store), LH_OK);
    assert_non_null(strstr(fault.text, path));
    (void)snprintf(path, sizeof path, "%s/file/below", folder);
    assert_int_not_equal(lh_store_open(path, &fault, &store), LH_OK);
    assert_int_not_equal(lh_store_open("/proc/linhuo", &fault, &store), LH_OK);
    assert_null(store);
    sample_folder_remove(folder);
}

static void overwrite(const char *folder, long offset, size_t size)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/alarms.sqlite", folder);
    FILE *file = fopen(path, "r+e");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    for (size_t i = 0; i < size; i++)
        assert_int_not_equal(fputc((int)(i * 37 % 251), file), EOF);
    assert_int_equal(fclose(file), 0);
}

static void a_damaged_store_is_moved_aside_and_a_new_one_begun(void **state)
{
    (void)state;
    static const long offsets[] = {0, 100, 4096 + 8}; /* the header, the schema, a table */
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        char folder[256];
        struct lh_store *store = open_store(sample_folder(folder));
        for (uint64_t n = 1; n <= 200; n++)
            assert_int_equal(put_numbered(store, n, "e", NULL), LH_OK);
        lh_store_close(&store);
        overwrite(folder, offsets[i], offsets[i] == 4096 + 8 ? 20000 : 90);
        store = open_store(folder);
        assert_non_null(strstr(lh_store_notice(store), "moved aside as alarms.damaged-"));
        assert_int_equal(sample_count_files(folder, "alarms.damaged-*.sqlite"), 1);
        uint64_t next = 0;
        assert_int_equal(lh_store_next_sequence(store, "alarm", &next), LH_OK);
        assert_int_equal(next, 1);
        assert_int_equal(put_numbered(store, 1, "e2", NULL), LH_OK);
        lh_store_close(&store);
        store = open_store(folder);
        assert_string_equal(lh_store_notice(store), "");
        lh_store_close(&store);
        sample_folder_remove(folder);
    }
}

static void damage_that_shows_later_costs_no_alarm(void **state)
{
    (void)state;
    char folder[256];
    struct lh_fault fault = {0};
    struct lh_store *store = open_store(sample_folder(folder));
    for (uint64_t n = 1; n <= 200; n++)
        assert_int_equal(put_numbered(store, n, "e", NULL), LH_OK);
    (void)query(folder, "PRAGMA wal_checkpoint(TRUNCATE)");
    overwrite(folder, 0, 60000);
    uint64_t put = 201;
    while (put <= 400 && !*lh_store_notice(store)) {
        if (put_numbered(store, put, "e", &fault) != LH_OK)
            fail_msg("event %llu: %s", (unsigned long long)put, fault.text);
        put++;
    }
    assert_non_null(strstr(lh_store_notice(store), "moved aside"));
    assert_int_equal(look(store, put - 2).count,
                     1); /* the one that met the damage is in the new one */
    assert_int_equal(put_numbered(store, put, "e", NULL), LH_OK);
    assert_int_equal(sample_count_files(folder, "alarms.damaged-*.sqlite"), 1);
    lh_store_close(&store);
    sample_folder_remove(folder);
}

static void a_store_that_could_not_be_begun_anew_takes_up_again(void **state)
{
    (void)state;
    char folder[256];
    char journal[300];
    struct lh_store *store = open_store(sample_folder(folder));
    for (uint64_t n = 1; n <= 200; n++)
        assert_int_equal(put_numbered(store, n, "e", NULL), LH_OK);
    (void)query(folder, "PRAGMA wal_checkpoint(TRUNCATE)");
    (void)snprintf(journal, sizeof journal, "%s/alarms.sqlite-journal", folder);
    assert_int_equal(mkdir(journal, 0700), 0); /* no new database can be made beside it */
    overwrite(folder, 0, 60000);
    uint64_t put = 201;
    while (put <= 400 && put_numbered(store, put, "e", NULL) == LH_OK)
        put++;
    assert_true(put <= 400);
    assert_int_equal(sample_count_files(folder, "alarms.damaged-*.sqlite"), 1);
    assert_int_not_equal(put_numbered(store, put, "e", NULL), LH_OK);
    assert_int_equal(rmdir(journal), 0);
    assert_int_equal(put_numbered(store, put, "e", NULL), LH_OK);
    assert_int_equal(look(store, put - 1).count, 1);
    lh_store_close(&store);
    sample_folder_remove(folder);
}

static void a_full_database_refuses_and_takes_up_again(void **state)
{
    (void)state;
    char folder[256];
    struct lh_fault fault = {0};
    struct lh_store *store = open_store(sample_folder(folder));
    assert_int_equal(sample_count_files(folder, "alarm.reserve"), 1);
    assert_int_equal(lh_store_limit(store, 65536), LH_OK);
    uint64_t put = 0;
    int code = LH_OK;
    while (code == LH_OK && put < 10000)
        if ((code = put_numbered(store, put + 1, "e", &fault)) == LH_OK)
            put++;
    assert_int_equal(code, LH_EFULL);
    assert_true(put > 10);
    assert_true(*fault.text);
    assert_int_equal(sample_count_files(folder, "alarm.reserve"), 0); /* given up for it */
    assert_int_equal(look(store, 0).count, put);
    assert_int_equal(lh_store_limit(store, 0), LH_OK);
    assert_int_equal(put_numbered(store, put + 1, "e", NULL), LH_OK);
    assert_int_equal(lh_store_reserve(store), LH_OK);
    assert_int_equal(sample_count_files(folder, "alarm.reserve"), 1);
    lh_store_close(&store);
    sample_folder_remove(folder);
}

/* Fills what is left of the file system under folder. */
static void fill_disk(const char *folder)
{
    char path[300];
    static const char block[4096];
    (void)snprintf(path, sizeof path, "%s/ballast", folder);
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (write(fd, block, sizeof block) > 0)
        continue;
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(close(fd), 0);
}

static void a_full_disk_is_met_with_the_reserve(void **state)
{
    (void)state;
    char folder[256];
    char path[300];
    struct lh_fault fault = {0};
    (void)sample_folder(folder);
    if (mount("tmpfs", folder, "tmpfs", 0, "size=16m") != 0) {
        (void)rmdir(folder);
        print_message("not seen: a small file system of its own needs root (%s)\n",
                      strerror(errno));
        skip();
    }
    struct lh_store *store = open_store(folder);
    assert_int_equal(put_numbered(store, 1, "e", NULL), LH_OK);
    fill_disk(folder);
    uint64_t put = 1;
    int code = LH_OK;
    while (code == LH_OK && put < 20000)
        if ((code = put_numbered(store, put + 1, "e", &fault)) == LH_OK)
            put++;
    print_message("%llu alarms found room in the reserve\n", (unsigned long long)put - 1);
    assert_int_equal(code, LH_EFULL);
    assert_true(put > 1000);
    assert_int_equal(lh_store_reserve(store), LH_EFULL);
    lh_store_close(&store);

    store = open_store(folder); /* a start on the full disk */
    assert_string_equal(lh_store_notice(store), "");
    assert_int_equal(look(store, 0).count, put);
    (void)snprintf(path, sizeof path, "%s/ballast", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(put_numbered(store, put + 1, "e", NULL), LH_OK);
    assert_int_equal(lh_store_reserve(store), LH_OK);
    lh_store_close(&store);
    assert_int_equal(umount(folder), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* Puts alarms for ever and reports each that was committed. */
static void write_alarms(const char *folder, int pipe_fd)
{
    struct lh_store *store = NULL;
    uint64_t sequence = 0;
    if (lh_store_open(folder, NULL, &store) != LH_OK ||
        lh_store_next_sequence(store, "alarm", &sequence) != LH_OK)
        _exit(1);
    for (;; sequence++)
        if (put_numbered(store, sequence, "e", NULL) != LH_OK ||
            write(pipe_fd, &sequence, sizeof sequence) != (ssize_t)sizeof sequence)
            _exit(2);
}

static uint64_t read_reports(int pipe_fd, uint64_t last)
{
    uint64_t sequence = 0;
    while (read(pipe_fd, &sequence, sizeof sequence) == (ssize_t)sizeof sequence) {
        assert_int_equal(sequence, last + 1);
        last = sequence;
    }
    return last;
}

static void nothing_that_was_committed_is_lost_by_a_kill(void **state)
{
    (void)state;
    char folder[256];
    uint64_t reported = 0;
    unsigned random = 1;
    (void)sample_folder(folder);
    for (int round = 0; round < 20; round++) {
        int ends[2];
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            write_alarms(folder, ends[1]);
        assert_int_equal(close(ends[1]), 0);
        struct pollfd waiting = {.fd = ends[0], .events = POLLIN};
        assert_int_equal(poll(&waiting, 1, 30000), 1); /* it has begun to write */
        random = random * 1103515245U + 12345U;
        const struct timespec moment = {.tv_nsec = (long)(random >> 16) % 40 * 1000000};
        (void)nanosleep(&moment, NULL);
        assert_int_equal(kill(child, SIGKILL), 0);
        int ended = 0;
        assert_int_equal(waitpid(child, &ended, 0), child);
        assert_true(WIFSIGNALED(ended));
        reported = read_reports(ends[0], reported);
        assert_int_equal(close(ends[0]), 0);

        struct lh_store *store = open_store(folder);
        assert_string_equal(lh_store_notice(store), "");
        const struct seen seen = look(store, 0);
        assert_true(seen.last == reported ||
                    seen.last == reported + 1); /* killed before its report */
        assert_int_equal(seen.count, seen.last);
        reported = seen.last;
        lh_store_close(&store);
    }
    print_message("%llu alarms over 20 kills\n", (unsigned long long)reported);
    assert_true(reported > 20);
    sample_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_there_after_reopening),
        cmocka_unit_test(another_program_may_read_the_latest_revision_of_each),
        cmocka_unit_test(the_same_event_again_is_taken_for_what_it_is),
        cmocka_unit_test(one_engine_a_folder),
        cmocka_unit_test(a_newer_store_is_refused_and_left_alone),
        cmocka_unit_test(a_store_from_before_incidents_is_brought_up_to_date),
        cmocka_unit_test(places_that_cannot_be_written_are_named),
        cmocka_unit_test(a_damaged_store_is_moved_aside_and_a_new_one_begun),
        cmocka_unit_test(damage_that_shows_later_costs_no_alarm),
        cmocka_unit_test(a_store_that_could_not_be_begun_anew_takes_up_again),
        cmocka_unit_test(a_full_database_refuses_and_takes_up_again),
        cmocka_unit_test(a_full_disk_is_met_with_the_reserve),
        cmocka_unit_test(nothing_that_was_committed_is_lost_by_a_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
