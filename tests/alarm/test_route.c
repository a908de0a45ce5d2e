/* Who is told of an alarm, when, and what is missing. */
#include "alarm/route.h"

#include "base/clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CHINA 480
#define MINUTE_US (60 * LH_SECOND_US)

#define BOX(w, s, e, n)                                                                            \
    "[[[" #w "," #s "],[" #e "," #s "],[" #e "," #n "],[" #w "," #n "],[" #w "," #s "]]]"
#define AREA(properties, rings)                                                                    \
    "{\"type\":\"Feature\",\"properties\":{" properties "},\"geometry\":{\"type\":\"Polygon\","    \
    "\"coordinates\":" rings "}}"

static const char county[] = "{\"type\":\"FeatureCollection\",\"features\":[" AREA(
    "\"code\":\"141122\",\"name\":\"County\",\"desk\":\"Desk\"",
    BOX(111.7, 37.4, 112.1,
        37.8)) "," AREA("\"code\":\"141122104\",\"name\":\"West\",\"officer\":\"Officer West\"",
                        BOX(111.8, 37.5, 111.9,
                            37.7)) "," AREA("\"code\":\"141122105\",\"name\":\"East\","
                                            "\"officer\":\"Officer East\"",
                                            BOX(111.9, 37.5, 112.0,
                                                37.7)) "," AREA("\"code\":\"141122106\",\"name\":"
                                                                "\"North\",\"officer\":\"Officer "
                                                                "North\"",
                                                                BOX(111.8, 37.7, 111.9,
                                                                    37.75)) "," AREA("\"code\":"
                                                                                     "\"14112210420"
                                                                                     "1001\","
                                                                                     "\"name\":"
                                                                                     "\"Cell\","
                                                                                     "\"ranger\":"
                                                                                     "\"Ranger\","
                                                                                     "\"cadre\":"
                                                                                     "\"Cadre\"",
                                                                                     BOX(111.85,
                                                                                         37.55,
                                                                                         111.9,
                                                                                         37.65)) "]"
                                                                                                 "}";

struct world {
    struct lh_grid *grid;
    struct lh_roster *roster;
    struct lh_responsibility_config config;
    struct lh_route_question question;
    struct lh_route route;
};

static int64_t at(const char *text)
{
    int64_t utc_us;
    assert_int_equal(lh_time_parse(text, &utc_us), LH_OK);
    return utc_us;
}

static struct lh_position place(double latitude, double longitude, double sigma_m)
{
    return lh_position_of_ellipse((struct lh_ellipse){
        .centre = {latitude, longitude}, .height_m = NAN, .major_m = sigma_m, .minor_m = sigma_m});
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    char path[] = "/tmp/linhuo-route-XXXXXX.geojson";
    char *paths[] = {path};
    struct lh_fault fault = {0};
    const int descriptor = mkstemps(path, 8);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, county, strlen(county)), (int)strlen(county));
    assert_int_equal(close(descriptor), 0);
    assert_int_equal(lh_grid_load(paths, 1, LH_DATUM_WGS84, &fault, &world->grid), LH_OK);
    assert_int_equal(unlink(path), 0);
    world->question = (struct lh_route_question){.grid = world->grid,
                                                 .config = &world->config,
                                                 .utc_offset_min = CHINA,
                                                 .position = place(37.6, 111.87, 50),
                                                 .utc_us = at("2026-11-24T12:00:00+08:00"),
                                                 .priority = LH_PRIORITY_P1};
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    lh_route_finish(&world->route);
    lh_roster_destroy(&world->roster);
    lh_grid_destroy(&world->grid);
    free(world);
    return 0;
}

static void plan(struct world *world)
{
    lh_route_finish(&world->route);
    assert_int_equal(lh_route_plan(&world->question, &world->route), LH_OK);
}

static void give_roster(struct world *world, const char *text)
{
    struct lh_findings findings = {0};
    lh_roster_destroy(&world->roster);
    assert_int_equal(lh_roster_parse(text, strlen(text), CHINA, &findings, &world->roster), LH_OK);
    world->question.roster = world->roster;
    lh_findings_finish(&findings);
}

static const struct lh_told *told(const struct world *world, const char *who)
{
    for (size_t i = 0; i < world->route.told_count; i++)
        if (strcmp(world->route.told[i].who, who) == 0)
            return &world->route.told[i];
    return NULL;
}

/* Minutes after the alarm; -1: not told. */
static int when(const struct world *world, const char *who)
{
    const struct lh_told *found = told(world, who);
    return found ? (int)((found->utc_us - world->question.utc_us) / MINUTE_US) : -1;
}

static bool is_gap(const struct world *world, const char *words)
{
    for (size_t i = 0; i < world->route.gap_count; i++)
        if (strstr(world->route.gaps[i], words))
            return true;
    return false;
}

static void urgency_decides_when(void **state)
{
    static const struct {
        enum lh_priority priority;
        int ranger, cadre, officer, desk, neighbour;
    } expected[] = {
        {LH_PRIORITY_P1, 0, 0, 0, 0, 5},
        {LH_PRIORITY_P2, 0, 0, 5, 10, 15},
        {LH_PRIORITY_P3, 0, 10, 20, 30, -1},
    };
    struct world *world = *state;
    for (size_t i = 0; i < 3; i++) {
        world->question.priority = expected[i].priority;
        plan(world);
        assert_int_equal(when(world, "Ranger"), expected[i].ranger);
        assert_int_equal(when(world, "Cadre"), expected[i].cadre);
        assert_int_equal(when(world, "Officer West"), expected[i].officer);
        assert_int_equal(when(world, "Desk"), expected[i].desk);
        assert_int_equal(when(world, "Officer North"), expected[i].neighbour);
        assert_int_equal(when(world, "Officer East"), expected[i].neighbour);
        assert_int_equal(world->route.gap_count, 0);
    }
}

static void bans_and_danger_bring_the_neighbours_sooner(void **state)
{
    struct world *world = *state;
    world->question.priority = LH_PRIORITY_P2;
    world->question.banned = true;
    plan(world);
    assert_int_equal(when(world, "Officer East"), 5);
    world->question.priority = LH_PRIORITY_P1;
    world->question.danger_level = 4;
    plan(world);
    assert_int_equal(when(world, "Officer East"), 0);
}

static void an_error_over_the_border_tells_both(void **state)
{
    struct world *world = *state;
    world->question.position = place(37.52, 111.899, 80);
    plan(world);
    const struct lh_told *east = told(world, "Officer East");
    assert_non_null(east);
    assert_false(east->neighbour);
    assert_int_equal(when(world, "Officer East"), 0);
    assert_int_equal(when(world, "Officer West"), 0);
    assert_non_null(strstr(east->why, "East has"));
    assert_true(told(world, "Officer North")->neighbour);
    assert_int_equal(when(world, "Ranger"), -1); /* the cell begins farther north */
    assert_true(is_gap(world, "no ranger is named"));
    assert_int_equal(world->route.told[0].role, LH_ROLE_OFFICER);
}

static void the_roster_goes_before_the_grid(void **state)
{
    struct world *world = *state;
    give_roster(world, "duty:\n- {area: '141122104', role: officer, name: Li Si, phone: '139',\n"
                       "   hours: '08:00-18:00'}\n");
    plan(world);
    assert_int_equal(when(world, "Li Si"), 0);
    assert_true(told(world, "Li Si")->on_duty);
    assert_int_equal(when(world, "Officer West"), -1);
    assert_int_equal(world->route.gap_count, 0);
}

static void who_is_on_duty_is_asked_at_the_time_of_the_step(void **state)
{
    struct world *world = *state;
    give_roster(world,
                "duty:\n- {area: '141122104', role: officer, name: Early, hours: '08:00-12:03'}\n"
                "- {area: '141122104', role: officer, name: Late, hours: '12:03-18:00'}\n");
    world->question.priority = LH_PRIORITY_P2;
    plan(world);
    assert_int_equal(when(world, "Early"), -1);
    assert_int_equal(when(world, "Late"), 5);
}

static void nobody_on_duty_is_said_and_the_next_is_told_instead(void **state)
{
    struct world *world = *state;
    give_roster(world, "duty:\n- {area: '141122104', role: officer, name: Li Si,\n"
                       "   hours: '08:00-11:00'}\n");
    world->question.priority = LH_PRIORITY_P3;
    plan(world);
    assert_int_equal(when(world, "Li Si"), -1);
    assert_int_equal(when(world, "Officer West"), 20); /* as the grid has it, all the same */
    assert_int_equal(when(world, "Desk"), 20);
    assert_non_null(strstr(told(world, "Desk")->why, "there is no officer"));
    assert_int_equal(world->route.gap_count, 1); /* not once more for the cell */
    assert_true(is_gap(world, "NOBODY ON DUTY as officer of West (141122104)"));
    assert_true(is_gap(world, "add a line with area \"141122104\", role officer"));
}

static void nobody_at_all_is_said_loudly(void **state)
{
    struct world *world = *state;
    struct lh_escalation_rule rangers = {.to = LH_ROLE_CADRE, .priority = 2};
    world->config.rules = &rangers;
    world->config.rule_count = 1;
    world->question.position = place(37.6, 111.95, 50); /* no cell */
    plan(world);
    /* a rule for cadres only: the next roles are told in their place */
    assert_int_equal(when(world, "Officer East"), 0);
    rangers = (struct lh_escalation_rule){.to = LH_ROLES, .priority = 2};
    plan(world);
    assert_int_equal(when(world, "Officer West"), 0);
    world->question.priority = LH_PRIORITY_P3;
    rangers.priority = 0;
    plan(world);
    assert_int_equal(world->route.told_count, 0);
    assert_true(is_gap(world, "NOBODY AT ALL IS TOLD"));
}

static void quiet_hours_spare_those_off_duty_but_not_at_p1(void **state)
{
    struct world *world = *state;
    world->config.quiet_from_h = 22;
    world->config.quiet_to_h = 6;
    world->question.utc_us = at("2026-11-24T23:30:30+08:00");
    give_roster(world,
                "duty:\n- {area: '141122', role: desk, name: Night, hours: '18:00-08:00'}\n");
    world->question.priority = LH_PRIORITY_P2;
    plan(world);
    assert_true(told(world, "Ranger")->waits);
    assert_int_equal(told(world, "Ranger")->utc_us, at("2026-11-25T06:00:00+08:00"));
    assert_int_equal(when(world, "Night"), 10);
    assert_false(told(world, "Night")->waits);
    world->question.priority = LH_PRIORITY_P1;
    plan(world);
    assert_int_equal(when(world, "Ranger"), 0);
    world->question.priority = LH_PRIORITY_P2;
    world->question.utc_us = at("2026-11-25T06:00:00+08:00");
    plan(world);
    assert_int_equal(when(world, "Ranger"), 0);
}

static void nobodys_ground_goes_to_the_nearest(void **state)
{
    struct world *world = *state;
    world->question.position = place(37.9, 111.87, 50);
    plan(world);
    assert_true(world->route.outside);
    assert_int_equal(when(world, "Officer North"), 0);
    assert_int_equal(when(world, "Desk"), 0);
    assert_true(is_gap(world, "NOBODY'S GROUND"));
    assert_true(is_gap(world, "11.1 km off"));
}

static void a_bearing_tells_all_along_it(void **state)
{
    struct world *world = *state;
    world->question.position = (struct lh_position){.form = LH_POSITION_SECTOR,
                                                    .sector = {{37.6, 111.75}, 90, 1, 1000, 20000}};
    plan(world);
    assert_false(told(world, "Officer West")->neighbour);
    assert_false(told(world, "Officer East")->neighbour);
    assert_int_equal(when(world, "Ranger"), 0);
}

static void one_person_is_told_once(void **state)
{
    struct world *world = *state;
    give_roster(world, "duty:\n- {area: '141122', role: officer, name: One}\n"
                       "- {area: '141122', role: desk, name: One}\n");
    world->question.priority = LH_PRIORITY_P3;
    plan(world);
    size_t count = 0;
    for (size_t i = 0; i < world->route.told_count; i++)
        count += strcmp(world->route.told[i].who, "One") == 0;
    assert_int_equal(count, 1);
    assert_int_equal(when(world, "One"), 20);
}

static void a_position_that_is_none_is_refused(void **state)
{
    struct world *world = *state;
    struct lh_route route = {.told_count = 7};
    world->question.position.form = LH_POSITION_NONE;
    assert_int_equal(lh_route_plan(&world->question, &route), LH_EINVAL);
    assert_int_equal(route.told_count, 7);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(urgency_decides_when),
        TEST(bans_and_danger_bring_the_neighbours_sooner),
        TEST(an_error_over_the_border_tells_both),
        TEST(the_roster_goes_before_the_grid),
        TEST(who_is_on_duty_is_asked_at_the_time_of_the_step),
        TEST(nobody_on_duty_is_said_and_the_next_is_told_instead),
        TEST(nobody_at_all_is_said_loudly),
        TEST(quiet_hours_spare_those_off_duty_but_not_at_p1),
        TEST(nobodys_ground_goes_to_the_nearest),
        TEST(a_bearing_tells_all_along_it),
        TEST(one_person_is_told_once),
        TEST(a_position_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
