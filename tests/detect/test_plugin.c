#include "detect/plugin.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct lh_plugin_registry *registry;
    char folder[64]; /* of this test's own */
};

static const char *built(void)
{
    const char *path = getenv("LINHUO_TEST_PLUGINS");
    return path ? path : ".";
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture)
        return -1;
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/linhuo-test-XXXXXX");
    *state = fixture;
    return mkdtemp(fixture->folder) && lh_plugin_registry_create(&fixture->registry) == LH_OK ? 0
                                                                                              : -1;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    char command[160];
    lh_plugin_registry_destroy(&fixture->registry);
    assert_null(fixture->registry);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", fixture->folder);
    const int status = system(command);
    free(fixture);
    return status;
}

static int load(struct fixture *fixture, const char *name, struct lh_fault *fault,
                const struct lh_plugin **ret_plugin)
{
    const char *own = getenv("LINHUO_PLUGINS");
    const char *folders[] = {fixture->folder, built(), own ? own : "."};
    *fault = (struct lh_fault){0};
    return lh_plugin_load(fixture->registry, name, folders, 3, fault, ret_plugin);
}

/* The sentence must hold the file, the reason and the remedy. */
static void expect_refusal(struct fixture *fixture, const char *name, int code, const char *reason,
                           const char *remedy)
{
    const struct lh_plugin *plugin = NULL;
    struct lh_fault fault;
    const int result = load(fixture, name, &fault, &plugin);
    if (result != code || fault.code != code || plugin || !strstr(fault.text, name) ||
        !strstr(fault.text, reason) || !strstr(fault.text, remedy))
        fail_msg("%s: %s: \"%s\"", name, lh_error_name(result), fault.text);
    assert_null(strchr(fault.text, '\n'));
}

static void good_ones_load(void **state)
{
    struct fixture *fixture = *state;
    const struct lh_plugin *plugin = NULL;
    const struct lh_plugin *again = NULL;
    struct lh_fault fault;
    assert_int_equal(load(fixture, "scripted", &fault, &plugin), LH_OK);
    assert_string_equal(plugin->table.name, "scripted");
    assert_int_equal(plugin->table.setting_count, 1);
    assert_string_equal(plugin->table.settings[0].name, "script");
    assert_int_equal(load(fixture, plugin->path, &fault, &again), LH_OK);
    assert_ptr_equal(plugin, again);
}

static void older_ones_load(void **state)
{
    struct fixture *fixture = *state;
    const struct lh_plugin *plugin = NULL;
    struct lh_fault fault;
    assert_int_equal(load(fixture, "older", &fault, &plugin), LH_OK);
    assert_null(plugin->table.reset);
    assert_non_null(plugin->table.close);
    assert_int_equal(load(fixture, "half_pointer", &fault, &plugin), LH_OK);
    assert_null(plugin->table.reset);
}

static void newer_ones_load(void **state)
{
    struct fixture *fixture = *state;
    const struct lh_plugin *plugin = NULL;
    struct lh_fault fault;
    assert_int_equal(load(fixture, "newer", &fault, &plugin), LH_OK);
    assert_non_null(plugin->table.reset);
    assert_int_equal(plugin->table.setting_size, sizeof(struct linhuo_setting));
    assert_string_equal(plugin->table.settings[0].name, "first");
    assert_string_equal(plugin->table.settings[1].name, "second"); /* by the plugin's own stride */
    assert_string_equal(plugin->table.settings[1].choices, "a|b");
}

static void wrong_interfaces_are_refused(void **state)
{
    struct fixture *fixture = *state;
    expect_refusal(fixture, "newer_symbol", LH_EABI,
                   "exports linhuo_detector_v2 only: built for a newer interface, this linhuo "
                   "speaks 1",
                   "rebuild it with plugins/linhuo_detector.h of this version");
    expect_refusal(fixture, "no_symbol", LH_EPLUGIN, "exports no linhuo_detector_v1",
                   "LINHUO_EXPORT");
    expect_refusal(fixture, "null", LH_EPLUGIN, "returns NULL", "must return");
    expect_refusal(fixture, "short", LH_EABI, "struct_size is 40", "rebuild");
    expect_refusal(fixture, "abi", LH_EABI, "abi is 7, this linhuo speaks 1", "rebuild");
}

static void wrong_tables_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *name;
        const char *reason;
        const char *remedy;
    } wrong[] = {
        {"no_name", "name is missing", "mend"},
        {"bad_name", "name is missing or not made of", "mend"},
        {"other_name", "calls itself 'something_else'", "rename the file to something_else.so"},
        {"no_version", "version is missing", "mend the field version"},
        {"summary", "not one line", "mend"},
        {"kinds", "neither smoke nor flame", "set bit 0 or 1"},
        {"no_open", "has no function open()", "fill in the field open"},
        {"no_detect", "has no function detect()", "fill in the field detect"},
        {"no_close", "has no function close()", "fill in the field close"},
        {"no_rows", "its table is missing", "mend"},
        {"row_name", "the name of setting 2", "mend its row"},
        {"row_twice", "'first' twice", "remove one"},
        {"row_type", "'second' has an unknown type", "mend its row"},
        {"row_range", "'first' has no range", "mend its row"},
        {"row_default", "must be a number from 0 to 2, not '3'", "mend the row"},
        {"row_choices", "without choices", "mend its row"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_refusal(fixture, wrong[i].name, LH_EPLUGIN, wrong[i].reason, wrong[i].remedy);
    expect_refusal(fixture, "row_size", LH_EABI, "setting_size is 16", "rebuild");
}

static void write_file(const char *folder, const char *name, const void *bytes, size_t length)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, length), (ssize_t)length);
    assert_int_equal(close(file), 0);
}

static size_t read_plugin(const char *name, unsigned char *bytes, size_t size)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s.so", built(), name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t length = fread(bytes, 1, size, file);
    assert_true(length > 1000 && length < size);
    (void)fclose(file);
    return length;
}

static unsigned char image[8 << 20];

static void files_that_are_no_plugins_are_refused(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture->folder, "text.so", "hello, world\n", 13);
    expect_refusal(fixture, "text", LH_EPLUGIN, "is no shared object (ELF)", "cc -shared -fPIC");
    write_file(fixture->folder, "nothing.so", "", 0);
    expect_refusal(fixture, "nothing", LH_EPLUGIN, "is no shared object (ELF)", "cc -shared");
    expect_refusal(fixture, "unresolved", LH_EPLUGIN,
                   "undefined symbol: linhuo_test_symbol_that_nobody_has", "link it with");
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/folder.so", fixture->folder);
    assert_int_equal(mkdir(path, 0755), 0);
    expect_refusal(fixture, "folder", LH_EPLUGIN, "is no regular file", "name the plugin's");
    (void)snprintf(path, sizeof path, "%s/pipe.so", fixture->folder);
    assert_int_equal(mkfifo(path, 0644), 0);
    expect_refusal(fixture, "pipe", LH_EPLUGIN, "is no regular file", "name the plugin's");
}

static void other_machines_are_refused(void **state)
{
    struct fixture *fixture = *state;
    const size_t length = read_plugin("newer", image, sizeof image);
    image[18] = 0xb7; /* e_machine: ARM64 */
    image[19] = 0;
#if defined(__aarch64__)
    image[18] = 0x3e;
#endif
    write_file(fixture->folder, "foreign.so", image, length);
    expect_refusal(fixture, "foreign", LH_EPLUGIN, "is built for", "build it on this machine");
    image[16] = 1; /* e_type: an object file, of this machine again */
    FILE *own = fopen("/proc/self/exe", "rb");
    assert_non_null(own);
    unsigned char header[20];
    assert_int_equal(fread(header, 1, sizeof header, own), sizeof header);
    (void)fclose(own);
    memcpy(image + 18, header + 18, 2);
    write_file(fixture->folder, "object.so", image, length);
    expect_refusal(fixture, "object", LH_EPLUGIN, "is an object file or a program", "cc -shared");
}

/* Cut anywhere: an error each time, never a crash of the dynamic loader. */
static void truncated_ones_are_refused(void **state)
{
    struct fixture *fixture = *state;
    const size_t length = read_plugin("newer", image, sizeof image);
    for (size_t cut = 1; cut < 24; cut++) {
        const struct lh_plugin *plugin = NULL;
        struct lh_fault fault;
        write_file(fixture->folder, "newer.so", image, cut < 4 ? cut * 40 : length * cut / 24);
        assert_int_equal(load(fixture, "newer", &fault, &plugin), LH_EPLUGIN);
        assert_true(strstr(fault.text, "build") || strstr(fault.text, "compile") ||
                    strstr(fault.text, "ldd"));
    }
}

static void damaged_headers_are_survived(void **state)
{
    struct fixture *fixture = *state;
    const size_t length = read_plugin("newer", image, sizeof image);
    for (size_t at = 32; at < 64; at++) { /* where the program headers are, and how many */
        const unsigned char before = image[at];
        const struct lh_plugin *plugin = NULL;
        struct lh_fault fault;
        if (at < 40 || (at >= 52 && at < 58)) {
            image[at] ^= 0xff;
            write_file(fixture->folder, "newer.so", image, length);
            if (at != 52 && at != 53) /* the header's own size, which nobody needs */
                assert_int_equal(load(fixture, "newer", &fault, &plugin), LH_EPLUGIN);
            image[at] = before;
        }
    }
}

static void writable_ones_are_refused(void **state)
{
    struct fixture *fixture = *state;
    char path[PATH_MAX];
    const size_t length = read_plugin("newer", image, sizeof image);
    write_file(fixture->folder, "newer.so", image, length);
    (void)snprintf(path, sizeof path, "%s/newer.so", fixture->folder);
    assert_int_equal(chmod(path, 0666), 0);
    expect_refusal(fixture, "newer", LH_EPERM, "anybody on this machine may write", "chmod o-w");
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(chmod(fixture->folder, 0777), 0);
    expect_refusal(fixture, "newer", LH_EPERM, "anybody on this machine may replace", "chmod o-w");
    assert_int_equal(chmod(fixture->folder, 0700), 0);
    const struct lh_plugin *plugin = NULL;
    struct lh_fault fault;
    assert_int_equal(load(fixture, "newer", &fault, &plugin), LH_OK);
    assert_string_equal(plugin->path, path);
}

/* A link is judged by what it leads to. */
static void links_are_followed(void **state)
{
    struct fixture *fixture = *state;
    char from[PATH_MAX];
    char to[PATH_MAX];
    (void)snprintf(from, sizeof from, "%s/newer.so", fixture->folder);
    (void)snprintf(to, sizeof to, "%s/nowhere.so", fixture->folder);
    assert_int_equal(symlink(to, from), 0);
    expect_refusal(fixture, from, LH_ENOTFOUND, "no such file", "no such file");
    assert_int_equal(unlink(from), 0);
    (void)snprintf(to, sizeof to, "%s/newer.so", built());
    assert_int_equal(symlink(to, from), 0);
    const struct lh_plugin *plugin = NULL;
    struct lh_fault fault;
    assert_int_equal(load(fixture, "newer", &fault, &plugin), LH_OK);
}

static void missing_ones_are_named(void **state)
{
    struct fixture *fixture = *state;
    expect_refusal(fixture, "scriptd", LH_ENOTFOUND, "there is no detector plugin 'scriptd'",
                   "did you mean 'scripted'?");
    expect_refusal(fixture, "qqqqqqqq", LH_ENOTFOUND, "linhuo plugins", fixture->folder);
    expect_refusal(fixture, "/nowhere/at/all.so", LH_ENOTFOUND, "no such file", "/nowhere");
    struct lh_fault fault;
    const struct lh_plugin *plugin = NULL;
    char longest[5000];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(load(fixture, longest, &fault, &plugin), LH_ENOTFOUND);
    longest[0] = '/';
    assert_int_not_equal(load(fixture, longest, &fault, &plugin), LH_OK);
    assert_int_equal(load(fixture, "\x01\xff../x", &fault, &plugin), LH_ENOTFOUND);
}

static void default_folders_are_beside_the_program(void **state)
{
    (void)state;
    const char *const *folders = NULL;
    const size_t count = lh_plugin_default_folders(&folders);
    assert_true(count >= 1);
    char here[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", here, sizeof here - 1);
    assert_true(length > 0);
    here[length] = '\0';
    *strrchr(here, '/') = '\0';
    assert_int_equal(strncmp(folders[0], here, strlen(here)), 0);
    assert_string_equal(folders[0] + strlen(here), "/plugins");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_ones_load, setup, teardown),
        cmocka_unit_test_setup_teardown(older_ones_load, setup, teardown),
        cmocka_unit_test_setup_teardown(newer_ones_load, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_interfaces_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_tables_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(files_that_are_no_plugins_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(other_machines_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(truncated_ones_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_headers_are_survived, setup, teardown),
        cmocka_unit_test_setup_teardown(writable_ones_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(links_are_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(missing_ones_are_named, setup, teardown),
        cmocka_unit_test(default_folders_are_beside_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
