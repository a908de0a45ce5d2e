#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/thread.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>

struct seen {
    int calls;
    char name[32];
    bool signals_blocked;
};

static void look(void *argument)
{
    struct seen *seen = argument;
    sigset_t mask;
    seen->calls++;
    (void)pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
    seen->signals_blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGHUP) == 1;
}

static void a_thread_runs_named_and_undisturbed(void **state)
{
    (void)state;
    struct lh_thread thread = {0};
    struct seen seen = {0};
    assert_int_equal(lh_thread_start(&thread, "lh-camera-number-17", look, &seen), LH_OK);
    assert_true(thread.running);
    lh_thread_join(&thread);
    assert_false(thread.running);
    assert_int_equal(seen.calls, 1);
    assert_string_equal(seen.name, "lh-camera-numbe");
    assert_true(seen.signals_blocked);
    lh_thread_join(&thread);
}

static void the_starter_keeps_its_signals(void **state)
{
    (void)state;
    struct lh_thread thread = {0};
    struct seen seen = {0};
    sigset_t mask;
    assert_int_equal(lh_thread_start(&thread, "x", look, &seen), LH_OK);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGTERM), 0);
    lh_thread_join(&thread);
}

static void joining_what_never_ran_is_nothing(void **state)
{
    (void)state;
    struct lh_thread thread = {0};
    lh_thread_join(&thread);
    assert_false(thread.running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_runs_named_and_undisturbed),
        cmocka_unit_test(the_starter_keeps_its_signals),
        cmocka_unit_test(joining_what_never_ran_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
