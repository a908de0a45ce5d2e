#include "sweep.h"

#include <stdlib.h>
#include <string.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char text[] = "site: {name: S}\n"
                           "detectors:\n"
                           "  - {name: a, plugin: smoke_classic, min_score: 0.3}\n"
                           "  - {name: a.b, plugin: flame_classic, settings: {size: 3}}\n"
                           "tracks: {confirm_hits: 3, confirm_window: 5}\n";

static struct lh_site *open_site(void)
{
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    assert_int_equal(lh_site_parse("s.yaml", text, sizeof text - 1, &findings, &site), LH_OK);
    lh_findings_finish(&findings);
    return site;
}

static void add(struct lh_sweep *sweep, const struct lh_site *site, const char *words)
{
    struct lh_fault fault = {0};
    if (lh_sweep_add(sweep, site, words, &fault) != LH_OK)
        fail_msg("%s: %s", words, fault.text);
}

static void assert_near(double value, double wanted)
{
    if (value < wanted - 1e-9 || value > wanted + 1e-9)
        fail_msg("%.12g, not %.12g", value, wanted);
}

static void test_points_are_all_combinations(void **state)
{
    (void)state;
    struct lh_site *site = open_site();
    struct lh_sweep sweep = {.axis_count = 0};
    assert_int_equal(lh_sweep_points(&sweep), 1);
    add(&sweep, site, "tracks.confirm_hits=1:4:4");
    add(&sweep, site, "fusion.p3_probability=0.2:0.4:3");
    add(&sweep, site, "detectors.a.b.size=1:9:2");
    assert_int_equal(lh_sweep_points(&sweep), 24);
    assert_int_equal(lh_sweep_points_of_rerun(&sweep), 12);
    /* what needs a rerun changes slowest */
    assert_string_equal(sweep.axes[0].name, "detectors.a.b.size");
    assert_int_equal(sweep.axes[0].detector, 1);
    assert_string_equal(sweep.axes[0].key, "size");
    assert_near(lh_sweep_value(&sweep, 0, 0), 1);
    assert_near(lh_sweep_value(&sweep, 11, 0), 1);
    assert_near(lh_sweep_value(&sweep, 12, 0), 9);
    assert_near(lh_sweep_value(&sweep, 5, 1), 2);
    assert_near(lh_sweep_value(&sweep, 5, 2), 0.4);
    const size_t moved = lh_sweep_move(&sweep, 5, 1, 3);
    assert_near(lh_sweep_value(&sweep, moved, 1), 4);
    assert_near(lh_sweep_value(&sweep, moved, 2), 0.4);
    assert_int_equal(lh_sweep_step(&sweep, moved, 0), 0);
    lh_sweep_finish(&sweep);
    lh_site_destroy(&site);
}

static void test_whole_numbers_come_once(void **state)
{
    (void)state;
    struct lh_site *site = open_site();
    struct lh_sweep sweep = {.axis_count = 0};
    add(&sweep, site, "tracks.confirm_window=2:4:9");
    assert_int_equal(sweep.axes[0].count, 3);
    add(&sweep, site, "fusion.p1_probability=0.9:0.9:1");
    assert_int_equal(sweep.axes[1].count, 1);
    lh_sweep_finish(&sweep);
    lh_site_destroy(&site);
}

static void test_values_reach_the_site(void **state)
{
    (void)state;
    struct lh_fault fault = {0};
    struct lh_site *site = open_site();
    struct lh_sweep sweep = {.axis_count = 0};
    double scores[LH_MAX_DETECTORS];
    add(&sweep, site, "tracks.confirm_hits=4:6:2");
    add(&sweep, site, "detectors.a.min_score=0.8:0.5:2");
    add(&sweep, site, "detectors.a.b.settings.size=7:7:1");
    add(&sweep, site, "detectors.a.b.other=1.5:1.5:1");
    add(&sweep, site, "camera_defaults.watch_interval_s=2:2:1");
    assert_int_equal(lh_sweep_apply(&sweep, 0, site, &fault), LH_OK);
    assert_int_equal(site->tracks.confirm_hits, 4);
    /* six of the last five */
    const size_t six = lh_sweep_move(&sweep, 0, 3, 1);
    assert_int_equal(lh_sweep_apply(&sweep, six, site, &fault), LH_ERANGE);
    assert_string_equal(fault.text, "confirm_hits above confirm_window");
    lh_sweep_min_scores(&sweep, 0, site, scores);
    assert_near(scores[0], 0.8);
    assert_near(scores[1], site->detectors[1].min_score);
    assert_int_equal(lh_sweep_apply_rerun(&sweep, 0, site, &fault), LH_OK);
    assert_near(site->detectors[0].min_score, 0.5);
    assert_near(site->camera_defaults.watch_interval_s, 2);
    assert_int_equal(site->detectors[1].setting_count, 2);
    assert_string_equal(site->detectors[1].settings[0].value, "7");
    assert_string_equal(site->detectors[1].settings[1].name, "other");
    assert_string_equal(site->detectors[1].settings[1].value, "1.5");
    lh_sweep_finish(&sweep);
    lh_site_destroy(&site);
}

static void test_what_cannot_be_swept(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *says;
    } cases[] = {
        {"tracks.confirm_hits", "NAME=FROM:TO:STEPS"},
        {"=1:2:3", "NAME=FROM:TO:STEPS"},
        {"tracks.confirm_hits=1:2", "FROM:TO:STEPS"},
        {"tracks.confirm_hits=1:2:0", "1 to 1000 steps"},
        {"tracks.confirm_hits=1:2:2.5", "1 to 1000 steps"},
        {"tracks.confirm_hits=1:2:1001", "1 to 1000 steps"},
        {"tracks.confirm_hits=1:nan:3", "FROM:TO:STEPS"},
        {"tracks.confirm_hits=1:inf:3", "FROM:TO:STEPS"},
        {"tracks.confirm_hits=1:1e999:3", "FROM:TO:STEPS"},
        {"tracks.confirm_hits=1:2:3x", "FROM:TO:STEPS"},
        {"tracks.confirm_hits=0:500:3", "must be between"},
        {"fusion.p3_probability=-1:1:3", "must be between"},
        {"tracks.hits=1:2:3", "no such setting"},
        {"tracks=1:2:3", "must begin with"},
        {"bus.heartbeat_s=1:2:3", "must begin with"},
        {"camera_defaults.tls_verify=0:1:2", "is not a number"},
        {"detectors.c.min_score=0:1:2", "no such detector"},
        {"detectors.a.=0:1:2", "no such detector"},
    };
    struct lh_site *site = open_site();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lh_fault fault = {0};
        struct lh_sweep sweep = {.axis_count = 0};
        if (lh_sweep_add(&sweep, site, cases[i].words, &fault) == LH_OK ||
            !strstr(fault.text, cases[i].says))
            fail_msg("%s: said '%s'", cases[i].words, fault.text);
        assert_int_equal(sweep.axis_count, 0);
    }
    lh_site_destroy(&site);
}

static void test_limits(void **state)
{
    (void)state;
    struct lh_fault fault = {0};
    struct lh_site *site = open_site();
    struct lh_sweep sweep = {.axis_count = 0};
    add(&sweep, site, "fusion.p3_probability=0.1:0.2:1000");
    assert_int_equal(lh_sweep_add(&sweep, site, "fusion.p3_probability=0.1:0.2:2", &fault),
                     LH_ECONFIG);
    assert_non_null(strstr(fault.text, "twice"));
    assert_int_equal(lh_sweep_add(&sweep, site, "fusion.p2_probability=0.1:0.2:101", &fault),
                     LH_ELIMIT);
    assert_int_equal(sweep.axis_count, 1);
    add(&sweep, site, "fusion.p2_probability=0.1:0.2:100");
    lh_sweep_finish(&sweep);
    lh_site_destroy(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points_are_all_combinations),
        cmocka_unit_test(test_whole_numbers_come_once),
        cmocka_unit_test(test_values_reach_the_site),
        cmocka_unit_test(test_what_cannot_be_swept),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
