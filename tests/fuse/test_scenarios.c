/* What a person would expect of each case, in code: who saw what, and what is believed of it. */
#include "scene.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BOTH_CAMERA_AND_SATELLITE (1U << LH_WITNESS_CAMERA | 1U << LH_WITNESS_SATELLITE)

static void a_satellite_alone_is_suspected(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, hotspot("NOAA-20", "h1", 0, LH_HOTSPOT_VIIRS_NOMINAL, point(at_m(0, 0), 150)));
    assert_int_equal(count_of(&s), 1);
    const struct lh_incident *fire = incident_of(&s, 0);
    assert_int_equal(fire->state, LH_INCIDENT_SUSPECTED);
    assert_true(fire->probability > 0.6 && fire->probability < 0.7);
    assert_int_equal(fire->witnesses, 1U << LH_WITNESS_SATELLITE);
    assert_int_equal(fire->term_count, 2);
    assert_string_equal(fire->terms[1].reason, "NOAA-20 hotspot, VIIRS nominal");
    scene_end(&s);
}

static void one_geostationary_hotspot_is_not_an_alarm(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, hotspot("Himawari-9", "h1", 0, LH_HOTSPOT_STATIONARY_HIGH, point(at_m(0, 0), 1200)));
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_CANDIDATE);
    scene_end(&s);
}

static void a_camera_alone_is_suspected(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, camera("tower-1", "7", 0, 2, 0.94, point(at_m(0, 0), 120)));
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_SUSPECTED);
    assert_float_equal(incident_of(&s, 0)->probability, 0.94, 1e-9);
    scene_end(&s);
}

static void a_camera_without_a_pose_is_as_sure_as_its_score_and_stays_alone(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    const struct lh_position nowhere = {.form = LH_POSITION_NONE};
    hear(&s, camera("tower-1", "7", 0, 2, 0.94, nowhere));
    hear(&s, camera("tower-1", "8", 0, 2, 0.3, nowhere));
    hear(&s, camera("tower-2", "1", 0, 2, 0.55, nowhere));
    hear(&s, hotspot("NOAA-20", "h1", 2, LH_HOTSPOT_VIIRS_NOMINAL, point(at_m(0, 0), 150)));
    assert_int_equal(count_of(&s), 4);
    assert_float_equal(incident_of(&s, 0)->probability, 0.94, 1e-9);
    assert_float_equal(incident_of(&s, 1)->probability, 0.3, 1e-9);
    assert_float_equal(incident_of(&s, 2)->probability, 0.55, 1e-9);
    assert_int_equal(incident_of(&s, 0)->position.form, LH_POSITION_NONE);
    scene_end(&s);
}

static void a_camera_then_a_satellite_are_one_sure_incident(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, camera("tower-1", "7", 0, 5, 0.94, point(at_m(0, 0), 120)));
    char id[LH_INCIDENT_ID];
    memcpy(id, incident_of(&s, 0)->id, sizeof id);
    /* taken an hour later, and known another hour later */
    assert_int_equal(
        hear_at(&s,
                hotspot("NOAA-20", "h1", 60, LH_HOTSPOT_VIIRS_NOMINAL, point(at_m(250, 90), 150)),
                120),
        LH_OK);
    assert_int_equal(count_of(&s), 1);
    const struct lh_incident *fire = incident_of(&s, 0);
    assert_string_equal(fire->id, id);
    assert_int_equal(fire->witnesses, BOTH_CAMERA_AND_SATELLITE);
    assert_int_equal(fire->evidence_count, 2);
    assert_int_equal(s.opened, 1);
    assert_true(s.changed >= 1);
    scene_end(&s);
}

static void a_satellite_then_a_camera_at_once_reach_nine_tenths(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, hotspot("NOAA-20", "h1", 0, LH_HOTSPOT_VIIRS_NOMINAL, point(at_m(0, 0), 150)));
    hear(&s, camera("tower-1", "7", 3, 8, 0.9, bearing(at_m(-8000, 0), at_m(0, 50), 0.2)));
    assert_int_equal(count_of(&s), 1);
    assert_true(incident_of(&s, 0)->probability > 0.9);
    assert_int_equal(incident_of(&s, 0)->position.form, LH_POSITION_ELLIPSES);
    scene_end(&s);
}

static void a_ranger_confirms(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, camera("tower-1", "7", 0, 5, 0.35, point(at_m(0, 0), 120)));
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_CANDIDATE);
    hear(&s, report("ranger Li", "r1", 30, LH_REPORT_FIRE, point(at_m(50, 0), 20)));
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_CONFIRMED);
    const double now = incident_of(&s, 0)->probability;
    wait_until(&s, 200); /* what a person confirmed does not fade */
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_CONFIRMED);
    assert_float_equal(incident_of(&s, 0)->probability, now, 1e-9);
    scene_end(&s);
}

static void a_word_without_rights_weighs_but_confirms_nothing(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    struct lh_evidence word = report("a caller", "r1", 0, LH_REPORT_FIRE, point(at_m(0, 0), 500));
    word.report.trusted = false;
    hear(&s, word);
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_SUSPECTED);
    assert_true(fabs(weight_of(incident_of(&s, 0), "r1") - 6) < 1e-9);
    scene_end(&s);
}

static void a_ranger_denies_one_camera_and_it_is_closed(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, camera("tower-1", "7", 0, 2, 0.9, point(at_m(0, 0), 120)));
    hear(&s, report("ranger Li", "r1", 20, LH_REPORT_NOTHING, point(at_m(50, 0), 20)));
    const struct lh_incident *fire = incident_of(&s, 0);
    assert_int_equal(fire->state, LH_INCIDENT_FALSE);
    assert_int_equal(fire->closed_utc_us, NOON_US + 20 * MINUTE_US);
    /* the same camera goes on: no news */
    hear(&s, camera("tower-1", "7", 0, 40, 0.95, point(at_m(0, 0), 120)));
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_FALSE);
    /* two others see it as well: news */
    hear(&s, camera("tower-2", "3", 41, 50, 0.95, point(at_m(20, 10), 120)));
    hear(&s, hotspot("NOAA-20", "h1", 50, LH_HOTSPOT_VIIRS_HIGH, point(at_m(0, 0), 150)));
    fire = incident_of(&s, 0);
    assert_int_equal(fire->state, LH_INCIDENT_SUSPECTED);
    assert_true(fire->reopened);
    assert_int_equal(count_of(&s), 1);
    scene_end(&s);
}

static void a_ranger_denies_camera_and_satellite_and_it_is_only_lowered(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, camera("tower-1", "7", 0, 10, 0.95, point(at_m(0, 0), 120)));
    hear(&s, hotspot("NOAA-20", "h1", 5, LH_HOTSPOT_VIIRS_HIGH, point(at_m(0, 0), 150)));
    const double before = incident_of(&s, 0)->probability;
    hear(&s, report("ranger Li", "r1", 20, LH_REPORT_NOTHING, point(at_m(50, 0), 20)));
    assert_true(incident_of(&s, 0)->probability < before - 0.2);
    assert_false(lh_incident_is_closed(incident_of(&s, 0)->state));
    scene_end(&s);
}

static void people_who_contradict_each_other_are_shown(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, report("ranger Li", "r1", 0, LH_REPORT_FIRE, point(at_m(0, 0), 20)));
    hear(&s, report("ranger Wang", "r2", 10, LH_REPORT_NOTHING, point(at_m(30, 0), 20)));
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_CONFIRMED);
    assert_true(incident_of(&s, 0)->conflict);
    /* who said it takes it back: now there is nothing */
    hear(&s, report("ranger Li", "r3", 15, LH_REPORT_NOTHING, point(at_m(0, 0), 20)));
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_FALSE);
    assert_false(incident_of(&s, 0)->conflict);
    scene_end(&s);
}

static void a_fire_that_is_out_is_closed_until_it_is_seen_again(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, camera("tower-1", "7", 0, 10, 0.95, point(at_m(0, 0), 120)));
    hear(&s, report("ranger Li", "r1", 20, LH_REPORT_FIRE, point(at_m(0, 0), 20)));
    hear(&s, report("ranger Li", "r2", 60, LH_REPORT_OUT, point(at_m(0, 0), 20)));
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_OUT);
    hear(&s, camera("tower-1", "8", 68, 70, 0.95, point(at_m(0, 0), 120))); /* smoke lingers */
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_OUT);
    hear(&s, camera("tower-1", "8", 68, 90, 0.95, point(at_m(0, 0), 120)));
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_SUSPECTED);
    assert_true(incident_of(&s, 0)->reopened);
    scene_end(&s);
}

static void an_answer_to_an_incident_needs_no_place(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, camera("tower-1", "7", 0, 2, 0.9, point(at_m(0, 0), 120)));
    struct lh_evidence word = report("ranger Li", "r1", 200, LH_REPORT_NOTHING,
                                     (struct lh_position){.form = LH_POSITION_NONE});
    assert_int_equal(hear_at(&s, word, 200), LH_EINVAL);
    (void)snprintf(word.report.about, sizeof word.report.about, "141122.unknown");
    assert_int_equal(hear_at(&s, word, 200), LH_ENOTFOUND);
    (void)snprintf(word.report.about, sizeof word.report.about, "%s", incident_of(&s, 0)->id);
    assert_int_equal(hear_at(&s, word, 200), LH_OK);
    assert_int_equal(count_of(&s), 1);
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_FALSE);
    scene_end(&s);
}

static void a_chimney_says_little_and_nothing_against_a_fire(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    struct lh_evidence chimney =
        hotspot("NOAA-20", "h1", 0, LH_HOTSPOT_VIIRS_NOMINAL, point(at_m(0, 0), 150));
    chimney.hotspot.heat_factor = 0.07;
    hear(&s, chimney);
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_CANDIDATE);
    assert_true(weight_of(incident_of(&s, 0), "h1") > 0);
    assert_non_null(strstr(incident_of(&s, 0)->terms[1].reason, "known source of heat"));
    const double alone = incident_of(&s, 0)->logit;
    hear(&s, camera("tower-1", "7", 3, 5, 0.9, point(at_m(0, 0), 100))); /* corroborated */
    assert_true(incident_of(&s, 0)->logit > alone + 3);
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_SUSPECTED);
    scene_end(&s);
}

static void a_permitted_burning_is_lower_and_rises_by_corroboration(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    s.ground.permitted = true;
    (void)strcpy(s.ground.permit, "straw of Xishe village");
    hear(&s, camera("tower-1", "7", 0, 5, 0.95, point(at_m(0, 0), 120)));
    const struct lh_incident *fire = incident_of(&s, 0);
    assert_int_equal(fire->state, LH_INCIDENT_CANDIDATE);
    assert_non_null(strstr(term_of(fire, LH_WEIGHT_PERMIT)->reason, "straw of Xishe"));
    hear(&s, hotspot("NOAA-20", "h1", 6, LH_HOTSPOT_VIIRS_HIGH, point(at_m(0, 0), 150)));
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_SUSPECTED);
    scene_end(&s);
}

static void in_a_ban_season_the_same_smoke_is_more(void **state)
{
    (void)state;
    double before = 0;
    for (int banned = 0; banned < 2; banned++) {
        struct scene s;
        scene_begin(&s, "");
        s.ground.banned = banned;
        (void)strcpy(s.ground.ban, "Qingming");
        s.ground.danger_level = banned ? 5 : 1;
        hear(&s, camera("tower-1", "7", 0, 5, 0.8, point(at_m(0, 0), 120)));
        if (banned) {
            assert_true(incident_of(&s, 0)->logit > before + 1.9);
            assert_non_null(strstr(term_of(incident_of(&s, 0), LH_WEIGHT_BAN)->reason, "Qingming"));
        }
        before = incident_of(&s, 0)->logit;
        scene_end(&s);
    }
}

static void two_fires_a_kilometre_apart_stay_two(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, camera("tower-1", "7", 0, 5, 0.9, point(at_m(0, 0), 100)));
    hear(&s, camera("tower-1", "8", 1, 5, 0.9, point(at_m(1000, 0), 100)));
    hear(&s, camera("tower-2", "3", 2, 6, 0.9, point(at_m(20, 30), 100)));
    hear(&s, camera("tower-2", "4", 2, 6, 0.9, point(at_m(980, -20), 100)));
    assert_int_equal(count_of(&s), 2);
    assert_int_equal(incident_of(&s, 0)->evidence_count, 2);
    assert_int_equal(incident_of(&s, 1)->evidence_count, 2);
    /* a vague hotspot between them links, and does not merge */
    hear(&s, hotspot("Himawari-9", "h1", 8, LH_HOTSPOT_STATIONARY_HIGH, point(at_m(500, 0), 1200)));
    assert_int_equal(count_of(&s), 2);
    assert_int_equal(incident_of(&s, 0)->linked_count, 1);
    assert_string_equal(incident_of(&s, 0)->linked[0], incident_of(&s, 1)->id);
    scene_end(&s);
}

/* However vague its distances are, one camera that sees two columns at once sees two fires. */
static void what_one_camera_sees_apart_stays_apart(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, camera("tower-1", "7", 0, 5, 0.9, point(at_m(0, 0), 900)));
    hear(&s, camera("tower-1", "8", 1, 5, 0.9, point(at_m(1000, 0), 900)));
    assert_int_equal(count_of(&s), 2);
    scene_end(&s);
}

static void one_fire_seen_by_two_cameras_is_one_point(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    const struct lh_geo fire = at_m(0, 0);
    hear(&s, camera("tower-1", "7", 0, 5, 0.9, bearing(at_m(-8000, 0), fire, 0.1)));
    assert_int_equal(incident_of(&s, 0)->position.form, LH_POSITION_SECTOR);
    const double alone = incident_of(&s, 0)->probability;
    hear(&s, camera("tower-2", "3", 3, 6, 0.9, bearing(at_m(0, -9000), fire, 0.1)));
    assert_int_equal(count_of(&s), 1);
    const struct lh_incident *both = incident_of(&s, 0);
    assert_int_equal(both->position.form, LH_POSITION_ELLIPSES);
    assert_true(lh_geo_distance_m(lh_position_best(&both->position)->centre, fire) < 5);
    assert_true(lh_position_best(&both->position)->major_m < 30);
    assert_true(both->probability > alone);
    assert_int_equal(both->witnesses, 1U << LH_WITNESS_CAMERA); /* and not two kinds */
    scene_end(&s);
}

static void two_bearings_that_hardly_cross_make_no_point(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, camera("tower-1", "7", 0, 5, 0.9, bearing(at_m(-8000, 0), at_m(0, 0), 0.3)));
    hear(&s, camera("tower-2", "3", 3, 6, 0.9, bearing(at_m(-8000, 300), at_m(0, 0), 0.3)));
    for (size_t i = 0; i < count_of(&s); i++)
        assert_int_equal(incident_of(&s, i)->position.form, LH_POSITION_SECTOR);
    scene_end(&s);
}

static void incidents_that_turn_out_to_be_one_merge(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    /* apart at first: the second tower's place was wrong, then it is put right */
    hear(&s, camera("tower-1", "7", 0, 5, 0.9, point(at_m(0, 0), 100)));
    hear(&s, camera("tower-2", "3", 1, 5, 0.9, point(at_m(3000, 0), 100)));
    assert_int_equal(count_of(&s), 2);
    char second[LH_INCIDENT_ID];
    memcpy(second, incident_of(&s, 1)->id, sizeof second);
    hear(&s, camera("tower-2", "3", 1, 8, 0.9, point(at_m(40, 0), 100)));
    assert_int_equal(count_of(&s), 1);
    assert_int_equal(s.merged, 1);
    assert_ptr_equal(lh_fusion_find(s.fusion, second), incident_of(&s, 0));
    /* and split again, under the name it had */
    hear(&s, camera("tower-2", "3", 1, 12, 0.9, point(at_m(3000, 0), 100)));
    assert_int_equal(count_of(&s), 2);
    assert_string_equal(incident_of(&s, 1)->id, second);
    scene_end(&s);
}

static void a_camera_that_could_see_it_and_does_not_speaks_against_it(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, hotspot("NOAA-20", "h1", 0, LH_HOTSPOT_VIIRS_NOMINAL, point(at_m(0, 0), 150)));
    const double before = incident_of(&s, 0)->logit;
    for (int i = 1; i <= 20; i++) {
        struct lh_look look = {.camera = "tower-1",
                               .from = at_m(-5000, 0),
                               .range_m = 20000,
                               .begin_utc_us = NOON_US + (i - 1) * MINUTE_US,
                               .end_utc_us = NOON_US + i * MINUTE_US};
        assert_int_equal(lh_fusion_look(s.fusion, &look), LH_OK);
    }
    wait_until(&s, 20);
    assert_null(term_of(incident_of(&s, 0), LH_WEIGHT_CAMERA_LOOK)); /* not known to see it */
    s.sees = LH_SEES_YES;
    wait_until(&s, 22);
    const struct lh_term *term = term_of(incident_of(&s, 0), LH_WEIGHT_CAMERA_LOOK);
    assert_non_null(term);
    assert_true(fabs(term->weight + 2) < 1e-9); /* capped */
    assert_true(incident_of(&s, 0)->logit < before - 1.9);
    /* it saw it in the end: its looks at that time do not count */
    hear(&s, camera("tower-1", "7", 0, 22, 0.9, point(at_m(0, 0), 120)));
    assert_null(term_of(incident_of(&s, 0), LH_WEIGHT_CAMERA_LOOK));
    scene_end(&s);
}

static void a_clock_that_steps_loses_and_doubles_nothing(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    const struct lh_evidence seen = camera("tower-1", "7", 0, 5, 0.9, point(at_m(0, 0), 120));
    assert_int_equal(hear_at(&s, seen, 5), LH_OK);
    assert_int_equal(
        hear_at(&s, hotspot("NOAA-20", "h1", 64, LH_HOTSPOT_VIIRS_NOMINAL, point(at_m(0, 0), 150)),
                65),
        LH_OK);
    wait_until(&s, -55); /* back by two hours */
    assert_int_equal(count_of(&s), 1);
    assert_int_equal(incident_of(&s, 0)->evidence_count, 2);
    assert_true(isfinite(incident_of(&s, 0)->logit));
    assert_int_equal(hear_at(&s, seen, -54), LH_ERANGE); /* now it is of the future */
    assert_int_equal(hear_at(&s, seen, 66), LH_OK);
    assert_int_equal(incident_of(&s, 0)->evidence_count, 2);
    wait_until(&s, 100000); /* and far ahead */
    assert_int_equal(count_of(&s), 0);
    assert_int_equal(s.retired, 1);
    assert_int_equal(hear_at(&s, seen, 66), LH_OK); /* but the next one is heard */
    assert_int_equal(count_of(&s), 1);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_satellite_alone_is_suspected),
        cmocka_unit_test(one_geostationary_hotspot_is_not_an_alarm),
        cmocka_unit_test(a_camera_alone_is_suspected),
        cmocka_unit_test(a_camera_without_a_pose_is_as_sure_as_its_score_and_stays_alone),
        cmocka_unit_test(a_camera_then_a_satellite_are_one_sure_incident),
        cmocka_unit_test(a_satellite_then_a_camera_at_once_reach_nine_tenths),
        cmocka_unit_test(a_ranger_confirms),
        cmocka_unit_test(a_word_without_rights_weighs_but_confirms_nothing),
        cmocka_unit_test(a_ranger_denies_one_camera_and_it_is_closed),
        cmocka_unit_test(a_ranger_denies_camera_and_satellite_and_it_is_only_lowered),
        cmocka_unit_test(people_who_contradict_each_other_are_shown),
        cmocka_unit_test(a_fire_that_is_out_is_closed_until_it_is_seen_again),
        cmocka_unit_test(an_answer_to_an_incident_needs_no_place),
        cmocka_unit_test(a_chimney_says_little_and_nothing_against_a_fire),
        cmocka_unit_test(a_permitted_burning_is_lower_and_rises_by_corroboration),
        cmocka_unit_test(in_a_ban_season_the_same_smoke_is_more),
        cmocka_unit_test(two_fires_a_kilometre_apart_stay_two),
        cmocka_unit_test(what_one_camera_sees_apart_stays_apart),
        cmocka_unit_test(one_fire_seen_by_two_cameras_is_one_point),
        cmocka_unit_test(two_bearings_that_hardly_cross_make_no_point),
        cmocka_unit_test(incidents_that_turn_out_to_be_one_merge),
        cmocka_unit_test(a_camera_that_could_see_it_and_does_not_speaks_against_it),
        cmocka_unit_test(a_clock_that_steps_loses_and_doubles_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
