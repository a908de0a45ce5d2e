#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/site.h"

#include <stdio.h>
#include <string.h>

static void findings_come_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct lh_findings findings = {0};
    lh_findings_add(&findings, (struct lh_place){3, 1}, "c");
    lh_findings_add(&findings, (struct lh_place){1, 9}, "b");
    lh_findings_add(&findings, (struct lh_place){1, 2}, "a");
    lh_findings_add(&findings, (struct lh_place){3, 1}, "d, said after c");
    lh_findings_add(&findings, (struct lh_place){0, 0}, "of no line");
    lh_findings_sort(&findings);
    static const char *const expected[] = {"of no line", "a", "b", "c", "d, said after c"};
    assert_int_equal(findings.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(findings.items[i].text, expected[i]);
    lh_findings_finish(&findings);
    assert_int_equal(findings.count, 0);
    lh_findings_finish(&findings);
}

static void more_than_a_thousand_are_only_counted(void **state)
{
    (void)state;
    struct lh_findings findings = {0};
    for (int i = 0; i < 1234; i++)
        lh_findings_add(&findings, (struct lh_place){i + 1, 1}, "%d", i);
    assert_int_equal(findings.count, 1000);
    assert_int_equal(findings.cut, 234);
    lh_findings_finish(&findings);
}

static void a_terminal_is_safe_from_them(void **state)
{
    (void)state;
    struct lh_findings findings = {0};
    lh_findings_add(&findings, (struct lh_place){1, 1}, "a\x1b[2Jb\nc \xe6\x9e\x97");
    assert_string_equal(findings.items[0].text, "a?[2Jb?c \xe6\x9e\x97");
    lh_findings_finish(&findings);
}

static void the_nearest_name_is_near(void **state)
{
    (void)state;
    static const char *const names[] = {"watch_interval_s", "id", "url", "name", "stall_timeout_s"};
    static const char *const pairs[][2] = {
        {"watch_intervall_s", "watch_interval_s"},
        {"watch_interval", "watch_interval_s"},
        {"wathc_interval_s", "watch_interval_s"},
        {"ulr", "url"},
        {"uri", "url"},
        {"ids", "id"},
        {"Name", "name"},
        {"stall_time_out_s", "stall_timeout_s"},
        {"url", "url"},
        {"frozen_timeout_s", NULL},
        {"x", NULL},
        {"", NULL},
        {"colour", NULL},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const char *nearest = lh_nearest_name(pairs[i][0], names, sizeof names / sizeof names[0]);
        if ((nearest != NULL) != (pairs[i][1] != NULL) ||
            (nearest && strcmp(nearest, pairs[i][1]) != 0))
            fail_msg("'%s' is near '%s'", pairs[i][0], nearest ? nearest : "nothing");
    }
    char endless[5000];
    memset(endless, 'u', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_null(lh_nearest_name(endless, names, 5));
    const char *const long_names[] = {endless};
    assert_null(lh_nearest_name("url", long_names, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_come_in_the_order_of_the_file),
        cmocka_unit_test(more_than_a_thousand_are_only_counted),
        cmocka_unit_test(a_terminal_is_safe_from_them),
        cmocka_unit_test(the_nearest_name_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
