#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/site.h"

#include "scratch.h"

#include <stdbool.h>

/* ---- ten thousand cameras ---- */

#define CAMERAS 10000

static char *many_cameras(size_t *ret_length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_length);
    assert_non_null(out);
    fputs("groups:\n  hills: {watch_interval_s: 5}\ncameras:\n", out);
    for (int i = 0; i < CAMERAS; i++)
        fprintf(out,
                "  - id: camera-%d\n    name: Camera %d\n    url: rtsp://192.0.2.1:554/ch/%d\n"
                "    group: hills\n    masks:\n      - points: [[0, 0.9], [1, 0.9], [1, 1]]\n",
                i, i, i);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void ten_thousand_cameras_load_at_once(void **state)
{
    (void)state;
    size_t length = 0;
    char *text = many_cameras(&length);
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    const struct lh_clock *clock = lh_clock_system();
    const int64_t before_us = lh_clock_monotonic_us(clock);
    assert_int_equal(lh_site_parse("/x/site.yaml", text, length, &findings, &site), LH_OK);
    const int64_t took_us = lh_clock_monotonic_us(clock) - before_us;
    print_message("%d cameras, %zu KiB: %.0f ms\n", CAMERAS, length >> 10, (double)took_us / 1e3);
    assert_int_equal(site->camera_count, CAMERAS);
    for (int i = 0; i < CAMERAS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "camera-%d", i);
        assert_ptr_equal(lh_site_camera(site, id), &site->cameras[i]);
    }
    lh_site_destroy(&site);
    free(text);
    /* Twenty times what it takes here, for sanitizers and slow machines: quadratic it would not end. */
    assert_true(took_us < 10 * LH_SECOND_US);
}

/* ---- what is large in other ways ---- */

static int parse(const char *text, size_t length, const char *words)
{
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    const int code = lh_site_parse("/x/site.yaml", text, length, &findings, &site);
    if (words && (findings.count == 0 || !strstr(findings.items[0].text, words)))
        fail_msg("%s: %s", lh_error_name(code),
                 findings.count ? findings.items[0].text : "nothing");
    lh_site_destroy(&site);
    lh_findings_finish(&findings);
    return code;
}

static char *repeat(const char *head, const char *part, size_t count, const char *tail,
                    size_t *ret_length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_length);
    assert_non_null(out);
    fputs(head, out);
    for (size_t i = 0; i < count; i++)
        fputs(part, out);
    fputs(tail, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void what_has_no_end_has_a_bound(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        const char *part;
        size_t count;
        const char *tail;
        const char *words;
    } cases[] = {
        {"site: {name: [", "x,", 1100000, "]}", "more than 1000000 values"},
        {"", "[", 100000, "", "nested more than 16 deep"},
        {"", "{a: ", 100000, "", "nested more than 16 deep"},
        {"", "- ", 100000, "", "nested more than 16 deep"},
        {"site: {name: \"", "xxxxxxxxxx", 1000000, "\"}", "at most 127 are kept"},
        {"cameras: [{id: a, url: \"rtsp://h/", "xxxxxxxxxx", 300, "\"}]", "longer than 2000 bytes"},
        {"detectors: [{plugin: a, settings: {", "k: v,", 200, "}}]", "is given twice"},
        {"site: {data_folder: \"", "xxxxxxxxxx", 300, "\"}", "more than 1024 bytes"},
        {"cameras: [", "{},", 100001, "]", "at most 100000 are read"},
        {"", "a: b\n", 20000, "", "'a' is given twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length = 0;
        char *text = repeat(cases[i].head, cases[i].part, cases[i].count, cases[i].tail, &length);
        assert_int_equal(parse(text, length, cases[i].words), LH_ECONFIG);
        free(text);
    }
}

/* ---- no memory ---- */

/* The linker gives these the engine's own calls (-Wl,--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);

static long calls_made;
static long failing_call; /* this one fails, counted from 1; 0: none does */
static bool later_ones_too;

static bool fails(void)
{
    calls_made++;
    return failing_call > 0 &&
           (later_ones_too ? calls_made >= failing_call : calls_made == failing_call);
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t length)
{
    return fails() ? NULL : __real_strndup(text, length);
}

static const char good[] =
    "site: {name: x, data_folder: d}\n"
    "detect: {plugin_folders: [p, q]}\n"
    "detectors: [{plugin: a, settings: {k: v, l: w}}, {plugin: ./b.so}]\n"
    "groups: {g: {latency_s: 1, credentials: secret, detectors: [a]}}\n"
    "cameras:\n"
    "  - {id: a, url: x.mp4, group: g, masks: [{points: [[0,0],[1,1],[0,1]]}]}\n"
    "  - {id: b, url: 'rtsp://h/x', credentials: secret}\n";
static const char bad[] = "site: {nam: x}\ncameras: [{id: a}, {id: a, url: 'ftp://x'}]\n";

/* Fails one call, or all from it on. Returns false when there are not as many calls. */
static bool try_failing(const char *path, const char *text, size_t length, long call, int code_else)
{
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    calls_made = 0;
    failing_call = call;
    const int code = lh_site_parse(path, text, length, &findings, &site);
    failing_call = 0;
    assert_true((code == LH_OK) == (site != NULL));
    assert_true(code != LH_ECONFIG || findings.count > 0);
    lh_site_destroy(&site);
    lh_findings_finish(&findings);
    if (calls_made < call) {
        assert_int_equal(code, code_else);
        return false;
    }
    /* A finding that is lost beside others is counted and no reason to give up. */
    if (code != LH_ENOMEM && (code_else != LH_ECONFIG || code != LH_ECONFIG))
        fail_msg("failing at call %ld gave %s", call, lh_error_name(code));
    return true;
}

static void out_of_memory_is_an_error_like_any_other(void **state)
{
    const struct scratch *scratch = *state;
    char path[300];
    (void)snprintf(path, sizeof path, "%s/site.yaml", scratch->folder);
    for (int round = 0; round < 2; round++) {
        long call = 1;
        later_ones_too = round == 1;
        while (call < 5000 && try_failing(path, good, sizeof good - 1, call, LH_OK))
            call++;
        assert_in_range(call, 50, 4999);
        for (call = 1; call < 5000 && try_failing(path, bad, sizeof bad - 1, call, LH_ECONFIG);)
            call++;
        assert_in_range(call, 50, 4999);
    }
}

static int set_up(void **state)
{
    static struct scratch scratch;
    *state = &scratch;
    if (scratch_create(&scratch) != 0)
        return -1;
    return scratch_write_text(&scratch, "secret", 0600, "user: u\npassword: p\n") ? 0 : -1;
}

static int tear_down(void **state)
{
    scratch_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_cameras_load_at_once),
        cmocka_unit_test(what_has_no_end_has_a_bound),
        cmocka_unit_test(out_of_memory_is_an_error_like_any_other),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
