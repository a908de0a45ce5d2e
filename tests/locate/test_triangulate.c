#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "locate/triangulate.h"

#include "ground.h"

#include <math.h>

static const struct lh_geo middle = {37.68, 111.80};
static const struct lh_triangulate_options usual = {
    .least_crossing_deg = 10, .seen_smoke_m = 100, .hidden_smoke_m = 400};

/* A bearing alone, from a place to a fire, off by so many degrees. */
static struct lh_sighting bearing(struct lh_geo from, struct lh_geo fire, double off_deg,
                                  double sigma_deg)
{
    const struct lh_pose pose = make_pose(from);
    const struct lh_sighting_options options = LH_SIGHTING_DEFAULT;
    struct lh_sighting sighting;
    assert_int_equal(
        lh_sighting_of_bearing(NULL, &pose,
                               (struct lh_bearing){lh_geo_bearing_deg(from, fire) + off_deg, -1},
                               sigma_deg, 0.1, &options, &sighting),
        LH_OK);
    return sighting;
}

static struct lh_triangulation cross(const struct lh_sighting *sightings, size_t count)
{
    struct lh_triangulation result;
    assert_int_equal(lh_triangulate(sightings, NULL, count, &usual, &result), LH_OK);
    return result;
}

/* STANDARDS 4.3: two towers at 10 km, 0.5 degrees. */
static void the_errors_are_those_of_the_book(void **state)
{
    static const double known[][3] = {
        {90, 87, 87}, {60, 123, 71}, {30, 238, 64}, {10.001, 708, 62}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const struct lh_geo a = lh_geo_move(middle, 200, 10000);
        const struct lh_geo b = lh_geo_move(middle, 200 + known[i][0], 10000);
        const struct lh_sighting sightings[] = {bearing(a, middle, 0, 0.5),
                                                bearing(b, middle, 0, 0.5)};
        const struct lh_triangulation result = cross(sightings, 2);
        assert_int_equal(result.crossing, LH_CROSSING_FOUND);
        assert_true(lh_geo_distance_m(result.ellipse.centre, middle) < 0.5);
        assert_true(fabs(result.ellipse.major_m / known[i][1] - 1) < 0.02);
        assert_true(fabs(result.ellipse.minor_m / known[i][2] - 1) < 0.02);
        assert_true(fabs(result.crossing_deg - known[i][0]) < 0.1);
        assert_int_equal(result.used, 3);
        assert_int_equal(result.freedom, 0);
    }
}

static void what_does_not_cross_is_said_and_why(void **state)
{
    (void)state;
    const struct lh_geo a = lh_geo_move(middle, 180, 8000);
    const struct lh_geo b = lh_geo_move(middle, 90, 8000);
    const struct lh_sighting alone[] = {bearing(a, middle, 0, 0.1), bearing(a, middle, 0.05, 0.2)};
    assert_int_equal(cross(alone, 0).crossing, LH_CROSSING_ONE_APEX);
    assert_int_equal(cross(alone, 1).crossing, LH_CROSSING_ONE_APEX);
    assert_int_equal(cross(alone, 2).crossing, LH_CROSSING_ONE_APEX);
    const struct lh_geo beside = lh_geo_move(a, 90, 900);
    const struct lh_sighting flat[] = {bearing(a, middle, 0, 0.1), bearing(beside, middle, 0, 0.1)};
    assert_int_equal(cross(flat, 2).crossing, LH_CROSSING_FLAT);
    const struct lh_sighting behind[] = {bearing(a, middle, 0, 0.1), bearing(b, middle, 180, 0.1)};
    assert_int_equal(cross(behind, 2).crossing, LH_CROSSING_BEHIND);
    const struct lh_geo far = lh_geo_move(middle, 315, 20000);
    const struct lh_sighting beyond[] = {bearing(a, far, 0, 0.1), bearing(b, far, 0, 0.1)};
    assert_int_equal(cross(beyond, 2).crossing, LH_CROSSING_BEHIND);
    for (int i = LH_CROSSING_FOUND; i <= LH_CROSSING_APART; i++)
        assert_true(lh_crossing_text((enum lh_crossing)i)[0] != '\0');
}

static void the_one_that_contradicts_is_left_out(void **state)
{
    (void)state;
    struct lh_sighting sightings[4];
    for (int i = 0; i < 4; i++)
        sightings[i] =
            bearing(lh_geo_move(middle, 40 + 75 * i, 9000), middle, i == 2 ? 4 : 0.02 * i, 0.1);
    const struct lh_triangulation result = cross(sightings, 4);
    assert_int_equal(result.crossing, LH_CROSSING_FOUND);
    assert_int_equal(result.used, 0xb);
    assert_true(lh_geo_distance_m(result.ellipse.centre, middle) < 20);
    assert_int_equal(result.freedom, 1);
}

static void cameras_on_one_mast_are_one_apex(void **state)
{
    (void)state;
    const struct lh_geo a = lh_geo_move(middle, 180, 8000);
    const struct lh_geo a2 = lh_geo_move(a, 30, 20);
    const struct lh_geo b = lh_geo_move(middle, 90, 8000);
    const struct lh_sighting sightings[] = {
        bearing(a, middle, 0.01, 0.1), bearing(a2, middle, -0.01, 0.1), bearing(b, middle, 0, 0.1)};
    const struct lh_triangulation three = cross(sightings, 3);
    assert_int_equal(three.crossing, LH_CROSSING_FOUND);
    assert_int_equal(three.used, 7);
    assert_int_equal(three.freedom, 0);
    const struct lh_sighting pair[] = {sightings[0], sightings[2]};
    const struct lh_triangulation two = cross(pair, 2);
    assert_true(fabs(three.ellipse.major_m / two.ellipse.major_m - 1) < 0.01);
}

static void a_crossing_nearer_than_visible_ground_is_refused(void **state)
{
    (void)state;
    const struct lh_geo a = lh_geo_move(middle, 180, 8000);
    const struct lh_geo b = lh_geo_move(middle, 90, 8000);
    struct lh_sighting sightings[] = {bearing(a, middle, 0, 0.1), bearing(b, middle, 0, 0.1)};
    sightings[0].position.sector.near_m = 9000;
    assert_int_equal(cross(sightings, 2).crossing, LH_CROSSING_APART);
    sightings[0].position.sector.near_m = 7000;
    assert_int_equal(cross(sightings, 2).crossing, LH_CROSSING_FOUND);
}

/* The distance at which a bearing met the ground, as one ellipse. */
static void give_ground(struct lh_sighting *sighting, double distance_m, double along_m)
{
    const double azimuth_deg = sighting->bearing.azimuth_deg;
    struct lh_ellipse ellipse = {.centre = lh_geo_move(sighting->from, azimuth_deg, distance_m),
                                 .height_m = NAN,
                                 .major_m = along_m,
                                 .minor_m = 15,
                                 .azimuth_deg = fmod(azimuth_deg, 180.0)};
    sighting->position = lh_position_of_ellipse(ellipse);
    sighting->hidden_share = 0;
}

static void ground_that_was_seen_steadies_a_flat_crossing(void **state)
{
    (void)state;
    const struct lh_geo a = lh_geo_move(middle, 180, 8000);
    const struct lh_geo b = lh_geo_move(middle, 195, 8000);
    struct lh_sighting sightings[] = {bearing(a, middle, 0, 0.1), bearing(b, middle, 0, 0.1)};
    const struct lh_triangulation bare = cross(sightings, 2);
    give_ground(&sightings[0], 8010, 40);
    const struct lh_triangulation steadied = cross(sightings, 2);
    assert_int_equal(steadied.crossing, LH_CROSSING_FOUND);
    assert_int_equal(steadied.freedom, 1);
    assert_true(steadied.ellipse.major_m < 0.6 * bare.ellipse.major_m);
    /* Two fires: each camera met ground that is far from where the bearings cross. */
    give_ground(&sightings[0], 5000, 100);
    give_ground(&sightings[1], 3000, 100);
    assert_int_equal(cross(sightings, 2).crossing, LH_CROSSING_APART);
}

static double wall(double e, double n)
{
    return fabs(n + 3000) < 200 && fabs(e) < 2000 ? 1800.0 : 1000.0;
}

static void the_ground_must_let_every_camera_see(void **state)
{
    (void)state;
    struct lh_terrain *terrain = make_ground(middle, 50, 401, wall);
    const struct lh_geo a = lh_geo_move(middle, 180, 8000);
    const struct lh_geo b = lh_geo_move(middle, 90, 8000);
    const struct lh_pose pose_a = make_pose(a);
    const struct lh_pose pose_b = make_pose(b);
    const struct lh_eye eye_a = make_eye(terrain, &pose_a);
    const struct lh_eye eye_b = make_eye(terrain, &pose_b);
    const struct lh_eye *const eyes[] = {&eye_a, &eye_b};
    const struct lh_sighting sightings[] = {bearing(a, middle, 0, 0.1), bearing(b, middle, 0, 0.1)};
    struct lh_triangulation result;
    assert_int_equal(lh_triangulate(sightings, eyes, 2, &usual, &result), LH_OK);
    assert_int_equal(result.crossing, LH_CROSSING_HIDDEN);
    const struct lh_geo c = lh_geo_move(middle, 0, 8000);
    const struct lh_pose pose_c = make_pose(c);
    const struct lh_eye eye_c = make_eye(terrain, &pose_c);
    const struct lh_eye *const clear[] = {&eye_c, &eye_b};
    const struct lh_sighting seen[] = {bearing(c, middle, 0, 0.1), bearing(b, middle, 0, 0.1)};
    assert_int_equal(lh_triangulate(seen, clear, 2, &usual, &result), LH_OK);
    assert_int_equal(result.crossing, LH_CROSSING_FOUND);
    assert_true(fabs(result.ellipse.height_m - 1000) < 1);
    lh_terrain_destroy(&terrain);
}

static void the_antimeridian_is_crossed(void **state)
{
    static const struct lh_geo places[] = {{10, 180}, {10, -179.99}, {89.9, 0}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct lh_sighting sightings[] = {
            bearing(lh_geo_move(places[i], 270, 7000), places[i], 0, 0.1),
            bearing(lh_geo_move(places[i], 150, 7000), places[i], 0, 0.1)};
        const struct lh_triangulation result = cross(sightings, 2);
        assert_int_equal(result.crossing, LH_CROSSING_FOUND);
        assert_true(lh_geo_distance_m(result.ellipse.centre, places[i]) < 5);
    }
}

static void odd_sightings_are_refused(void **state)
{
    (void)state;
    struct lh_triangulation result = {.used = 77};
    struct lh_sighting sightings[2] = {bearing(lh_geo_move(middle, 10, 5000), middle, 0, 0.1),
                                       bearing(lh_geo_move(middle, 90, 5000), middle, 0, 0.1)};
    sightings[1].bearing.azimuth_deg = NAN;
    assert_int_equal(lh_triangulate(sightings, NULL, 2, &usual, &result), LH_EINVAL);
    sightings[1] = sightings[0];
    sightings[1].sigma_azimuth_deg = 0;
    assert_int_equal(lh_triangulate(sightings, NULL, 2, &usual, &result), LH_EINVAL);
    assert_int_equal(lh_triangulate(sightings, NULL, LH_TRIANGULATE_MOST + 1, &usual, &result),
                     LH_ELIMIT);
    assert_int_equal(result.used, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_errors_are_those_of_the_book),
        cmocka_unit_test(what_does_not_cross_is_said_and_why),
        cmocka_unit_test(the_one_that_contradicts_is_left_out),
        cmocka_unit_test(cameras_on_one_mast_are_one_apex),
        cmocka_unit_test(a_crossing_nearer_than_visible_ground_is_refused),
        cmocka_unit_test(ground_that_was_seen_steadies_a_flat_crossing),
        cmocka_unit_test(the_ground_must_let_every_camera_see),
        cmocka_unit_test(the_antimeridian_is_crossed),
        cmocka_unit_test(odd_sightings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
