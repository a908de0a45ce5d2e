#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/credentials.h"
#include "base/site.h"

#include "scratch.h"

static struct scratch scratch;

static int load(const char *text, size_t length, mode_t mode, struct lh_fault *fault,
                struct lh_credentials *credentials)
{
    const char *path = scratch_write(&scratch, "secret", mode, text, length);
    assert_non_null(path);
    *fault = (struct lh_fault){0};
    return lh_credentials_load(path, fault, credentials);
}

static void every_character_may_be_in_a_password(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"user: admin\npassword: s3cret\n", "admin", "s3cret"},
        {"user:admin\npassword:s3cret", "admin", "s3cret"},
        {"password: p\nuser: u\n", "u", "p"},
        {"user: a b\npassword:  two blanks \n", "a b", " two blanks "},
        {"user: u\npassword: \"p': #@/?%\\\t\"\n", "u", "\"p': #@/?%\\\t\""},
        {"user: u\r\npassword: p\r\n", "u", "p"},
        {"\n# a remark\nuser: u\n\npassword: #p\n", "u", "#p"},
        {"\xef\xbb\xbfuser: u\npassword: p\n", "u", "p"},
        {"user: \xe6\x9e\x97\npassword: \xe7\x81\xab\n", "\xe6\x9e\x97", "\xe7\x81\xab"},
        {"user: u\npassword:\n", "u", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lh_fault fault;
        struct lh_credentials credentials = {0};
        const int code = load(cases[i][0], strlen(cases[i][0]), 0600, &fault, &credentials);
        if (code != LH_OK)
            fail_msg("case %zu: %s", i, fault.text);
        assert_string_equal(credentials.user, cases[i][1]);
        assert_string_equal(credentials.password, cases[i][2]);
        lh_credentials_finish(&credentials);
        assert_null(credentials.password);
    }
}

static void wrong_shapes_are_refused_without_repeating_them(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "line 1"},
        {"admin:s3cret\n", "line 1"},
        {"user: admin\n", "line 2"},
        {"password: s3cret\n", "line 2"},
        {"user: admin\npasswort: s3cret\n", "line 2"},
        {"user: admin\npassword: s3cret\npassword: s3cret\n", "line 3"},
        {"user: \npassword: s3cret\n", "expected the two lines"},
        {" user: admin\npassword: s3cret\n", "line 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lh_fault fault;
        struct lh_credentials credentials = {0};
        assert_int_equal(load(cases[i][0], strlen(cases[i][0]), 0600, &fault, &credentials),
                         LH_ECONFIG);
        assert_null(credentials.user);
        if (!strstr(fault.text, cases[i][1]) || strstr(fault.text, "s3cret"))
            fail_msg("case %zu: %s", i, fault.text);
    }
}

static void a_file_that_others_can_read_is_refused(void **state)
{
    (void)state;
    static const char text[] = "user: u\npassword: p\n";
    static const mode_t loose[] = {0644, 0640, 0604, 0620, 0610, 0601, 0666};
    struct lh_fault fault;
    struct lh_credentials credentials = {0};
    for (size_t i = 0; i < sizeof loose / sizeof loose[0]; i++) {
        assert_int_equal(load(text, strlen(text), loose[i], &fault, &credentials), LH_ECONFIG);
        assert_non_null(strstr(fault.text, "chmod 600"));
    }
    assert_int_equal(load(text, strlen(text), 0400, &fault, &credentials), LH_OK);
    lh_credentials_finish(&credentials);
}

static void what_is_no_small_file_is_refused(void **state)
{
    (void)state;
    struct lh_fault fault;
    struct lh_credentials credentials = {0};
    char big[5000];
    memset(big, '#', sizeof big);
    assert_int_equal(load(big, sizeof big, 0600, &fault, &credentials), LH_ECONFIG);
    assert_non_null(strstr(fault.text, "larger than"));
    assert_int_equal(load("user: u\0\npassword: p\n", 21, 0600, &fault, &credentials), LH_ECONFIG);
    assert_non_null(strstr(fault.text, "zero byte"));
    assert_int_equal(lh_credentials_load(scratch.folder, &fault, &credentials), LH_ECONFIG);
    assert_non_null(strstr(fault.text, "is not a file"));
    assert_int_equal(lh_credentials_load("/nowhere/at/all", &fault, &credentials), LH_ECONFIG);
    assert_non_null(strstr(fault.text, "No such file"));
    char fifo[300];
    (void)snprintf(fifo, sizeof fifo, "%s/fifo", scratch.folder);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(lh_credentials_load(fifo, &fault, &credentials), LH_ECONFIG);
    assert_non_null(strstr(fault.text, "is not a file"));
}

static void what_the_reader_has_no_room_for_is_refused(void **state)
{
    (void)state;
    struct lh_fault fault;
    struct lh_credentials credentials = {0};
    char text[400];
    (void)snprintf(text, sizeof text, "user: u\npassword: %0125d\n", 0);
    assert_int_equal(load(text, strlen(text), 0600, &fault, &credentials), LH_OK);
    lh_credentials_finish(&credentials);
    (void)snprintf(text, sizeof text, "user: u\npassword: %0126d\n", 0);
    assert_int_equal(load(text, strlen(text), 0600, &fault, &credentials), LH_ECONFIG);
    assert_non_null(strstr(fault.text, "128 bytes"));
    assert_non_null(strstr(fault.text, "127"));
}

static int set_up(void **state)
{
    (void)state;
    return scratch_create(&scratch);
}

static int tear_down(void **state)
{
    (void)state;
    scratch_destroy(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_may_be_in_a_password),
        cmocka_unit_test(wrong_shapes_are_refused_without_repeating_them),
        cmocka_unit_test(a_file_that_others_can_read_is_refused),
        cmocka_unit_test(what_is_no_small_file_is_refused),
        cmocka_unit_test(what_the_reader_has_no_room_for_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
