#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

#include <errno.h>
#include <string.h>

static void every_code_has_its_own_number_name_and_text(void **state)
{
    (void)state;
    static const int codes[] = {
#define CODE(name, number, text) LH_##name,
        LH_ERRORS(CODE)
#undef CODE
    };
    const size_t count = sizeof codes / sizeof codes[0];
    for (size_t i = 0; i < count; i++) {
        assert_true(codes[i] < 0);
        assert_string_not_equal(lh_strerror(codes[i]), "unknown error");
        assert_string_not_equal(lh_error_name(codes[i]), "UNKNOWN");
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(codes[i], codes[j]);
            assert_string_not_equal(lh_strerror(codes[i]), lh_strerror(codes[j]));
        }
    }
    assert_string_equal(lh_error_name(LH_ETIMEOUT), "ETIMEOUT");
    assert_string_equal(lh_strerror(LH_OK), "no error");
    assert_string_equal(lh_strerror(1), "unknown error");
    assert_string_equal(lh_error_name(-9999), "UNKNOWN");
}

static void system_errors_become_ours(void **state)
{
    (void)state;
    assert_int_equal(lh_error_from_errno(0), LH_OK);
    assert_int_equal(lh_error_from_errno(ENOENT), LH_ENOTFOUND);
    assert_int_equal(lh_error_from_errno(ENOSPC), LH_EFULL);
    assert_int_equal(lh_error_from_errno(EDQUOT), LH_EFULL);
    assert_int_equal(lh_error_from_errno(EACCES), LH_EPERM);
    assert_int_equal(lh_error_from_errno(ECONNREFUSED), LH_ECONNECT);
    assert_int_equal(lh_error_from_errno(EMFILE), LH_ELIMIT);
    assert_int_equal(lh_error_from_errno(EISDIR), LH_EIO);
}

static void a_fault_is_cut_and_returns_its_code(void **state)
{
    (void)state;
    struct lh_fault fault;
    char longer[1000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(lh_fail(&fault, LH_EABI, "%s %d", longer, 7), LH_EABI);
    assert_int_equal(fault.code, LH_EABI);
    assert_int_equal(strlen(fault.text), sizeof fault.text - 1);
    assert_int_equal(lh_fail(NULL, LH_EIO, "nobody %s", "listens"), LH_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_own_number_name_and_text),
        cmocka_unit_test(system_errors_become_ours),
        cmocka_unit_test(a_fault_is_cut_and_returns_its_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
