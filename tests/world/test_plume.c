/* Plumes follow their formulas: rise, drift, growth, and nothing before its time. */
#include "world/plume.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WIND_M_S 4.0

struct county {
    struct lh_terrain *terrain;
    struct lh_land *land;
    struct lh_weather *weather;
};

static int open_county(void **state)
{
    static struct county county;
    struct lh_scene_options o = LH_SCENE_OPTIONS_DEFAULT;
    o.wind_m_s = WIND_M_S;
    o.wind_from_deg = 270.0;
    if (lh_terrain_generate(3, &county.terrain) ||
        lh_land_create(3, county.terrain, &county.land) ||
        lh_weather_create(&o, county.terrain->latitude_deg, &county.weather))
        return 1;
    *state = &county;
    return 0;
}

static int close_county(void **state)
{
    struct county *county = *state;
    lh_weather_destroy(&county->weather);
    lh_land_destroy(&county->land);
    lh_terrain_destroy(&county->terrain);
    return 0;
}

static struct lh_source fire(void)
{
    return (struct lh_source){
        .event = {.kind = LH_SCENE_FIRE, .start_s = 100.0, .end_s = 7300.0},
        .seed = 77,
        .place = {500.0F, -300.0F, 900.0F},
        .strength = 1.0F,
    };
}

struct extent {
    size_t count;
    float top_m;    /* above the ground, a sigma beyond the highest puff's middle */
    float length_m; /* from the fire to where half the smoke is farther */
    float width_m;  /* across the wind, two sigma */
    float east_m;   /* mean drift by optical area */
    float area_m2;  /* extinction area */
};

static struct extent measure(const struct county *county, const struct lh_source *source,
                             double at_s)
{
    static struct lh_puff puffs[LH_PUFFS_MOST];
    struct extent x = {0};
    x.count = lh_plume(source, county->weather, county->land, at_s, puffs);
    float square = 0.0F;
    for (size_t i = 0; i < x.count; i++) {
        const struct lh_puff *p = &puffs[i];
        float area = p->depth * 2.0F * 3.14159265F * p->sigma_m * p->sigma_m;
        float off = p->place[1] - source->place[1];
        assert_true(isfinite(p->place[0]) && isfinite(p->place[1]) && isfinite(p->place[2]));
        assert_true(p->sigma_m > 0.0F && p->sigma_z_m > 0.0F && p->depth >= 0.0F);
        x.top_m = fmaxf(x.top_m, p->place[2] + p->sigma_z_m - source->place[2]);
        x.area_m2 += area;
        x.east_m += area * (p->place[0] - source->place[0]);
        square += area * (off * off + p->sigma_m * p->sigma_m);
    }
    if (x.area_m2 > 0.0F) {
        x.east_m /= x.area_m2;
        x.width_m = 2.0F * sqrtf(square / x.area_m2);
    }
    return x;
}

static void a_fire_smokes_from_its_start_on_and_grows(void **state)
{
    struct lh_source source = fire();
    assert_int_equal(measure(*state, &source, 99.9).count, 0);
    assert_int_equal(measure(*state, &source, 100.0).count, 0);
    struct extent before = {0};
    for (double age_s = 5.0; age_s < 200.0; age_s *= 2.0) {
        struct extent now = measure(*state, &source, 100.0 + age_s);
        assert_true(now.count > 0 && now.count <= LH_PUFFS_MOST);
        assert_true(now.area_m2 > before.area_m2 && now.top_m > before.top_m);
        before = now;
    }
}

/* What a vigorous brush fire looks like after a minute: about 30 to 60 m wide and 100 m high. */
static void a_minute_makes_a_column_as_in_the_field(void **state)
{
    struct lh_source source = fire();
    struct extent x = measure(*state, &source, 160.0);
    assert_true(x.top_m > 70.0F && x.top_m < 170.0F);
    assert_true(x.width_m > 25.0F && x.width_m < 70.0F);
    assert_true(lh_fire_power_mw(&source, 60.0) > 20.0F);
    assert_true(lh_fire_power_mw(&source, 60.0) < 80.0F);
    assert_true(lh_fire_power_mw(&source, 0.0) == 0.0F);
    assert_true(lh_fire_power_mw(&source, 1e6) <= 260.0F);
}

static void smoke_goes_with_the_wind(void **state)
{
    struct lh_source source = fire();
    struct extent x = measure(*state, &source, 160.0);
    assert_true(x.east_m > 0.15F * 60.0F * (float)WIND_M_S);
    assert_true(x.east_m < 60.0F * (float)WIND_M_S * 1.5F);
}

/* Closed form: no state, so any time may be asked for, in any order. */
static void the_same_time_gives_the_same_puffs(void **state)
{
    const struct county *county = *state;
    static struct lh_puff first[LH_PUFFS_MOST];
    static struct lh_puff again[LH_PUFFS_MOST];
    struct lh_source source = fire();
    memset(first, 0, sizeof first);
    memset(again, 0, sizeof again);
    size_t count = lh_plume(&source, county->weather, county->land, 190.0, first);
    (void)lh_plume(&source, county->weather, county->land, 500.0, again);
    memset(again, 0, sizeof again);
    assert_int_equal(lh_plume(&source, county->weather, county->land, 190.0, again), count);
    assert_memory_equal(first, again, sizeof first);
}

static void the_front_lies_across_the_wind(void **state)
{
    const struct county *county = *state;
    struct lh_source source = fire();
    float wind[2];
    lh_weather_wind(county->weather, wind);
    assert_true(wind[0] > 0.9F * (float)WIND_M_S && fabsf(wind[1]) < 0.2F);
    float half = lh_fire_front_m(&source, 60.0);
    assert_true(half > lh_fire_front_m(&source, 10.0) && half < 50.0F);
    float ends[2][2];
    lh_fire_place(&source, wind, 60.0, -1.0F, ends[0]);
    lh_fire_place(&source, wind, 60.0, 1.0F, ends[1]);
    assert_true(fabsf(hypotf(ends[1][1] - ends[0][1], 0.0F) - 2.0F * half) < 0.2F * half);
    assert_true(fabsf(ends[1][0] - ends[0][0]) < half);
    const float still[2] = {0.0F, 0.0F};
    lh_fire_place(&source, still, 60.0, 1.0F, ends[0]);
    assert_true(isfinite(ends[0][0]) && isfinite(ends[0][1]));
}

static void smoke_goes_on_drifting_when_the_fire_is_out(void **state)
{
    struct lh_source source = fire();
    source.event.end_s = 130.0;
    struct extent burning = measure(*state, &source, 130.0);
    struct extent out = measure(*state, &source, 170.0);
    assert_true(out.count > 0 && out.east_m > burning.east_m + 50.0F);
    assert_int_equal(measure(*state, &source, 800.0).count, 0);
}

static void a_vehicle_stays_on_its_road_and_trails_dust(void **state)
{
    const struct county *county = *state;
    assert_true(county->land->road_count > 0);
    struct lh_source source = {
        .event = {.kind = LH_SCENE_DUST, .start_s = 10.0, .end_s = 1e5},
        .seed = 5,
        .strength = 1.0F,
        .along_m = 0.5F * county->land->roads[0].length_m,
        .stretch_m = 200.0F,
        .speed_m_s = 11.0F,
    };
    for (double at_s = 10.0; at_s < 100.0; at_s += 7.0) {
        float place[3];
        float heading[2];
        lh_vehicle(&source, county->land, at_s, place, heading);
        assert_true(fabsf(hypotf(heading[0], heading[1]) - 1.0F) < 1e-3F);
        float nearest = 1e9F;
        for (float along = source.along_m - 205.0F; along < source.along_m + 206.0F;
             along += 1.0F) {
            struct lh_land_point p = lh_road_at(county->land, 0, along);
            nearest = fminf(nearest, hypotf(place[0] - p.e, place[1] - p.n));
        }
        assert_true(nearest < 1.5F);
    }
    static struct lh_puff puffs[LH_PUFFS_MOST];
    assert_int_equal(lh_plume(&source, county->weather, county->land, 9.0, puffs), 0);
    assert_true(lh_plume(&source, county->weather, county->land, 30.0, puffs) > 20);
    source.event.kind = LH_SCENE_HEADLIGHTS;
    assert_int_equal(lh_plume(&source, county->weather, county->land, 30.0, puffs), 0);
}

static void fog_lies_on_the_ground(void **state)
{
    const struct county *county = *state;
    struct lh_source source = {
        .event = {.kind = LH_SCENE_FOG_BANK, .start_s = 0.0, .end_s = 1000.0},
        .seed = 6,
        .strength = 1.0F,
        .fog_axis = {1.0F, 0.0F},
    };
    source.place[2] = lh_terrain_height(county->terrain, 0.0F, 0.0F);
    static struct lh_puff puffs[LH_PUFFS_MOST];
    size_t count = lh_plume(&source, county->weather, county->land, 300.0, puffs);
    assert_true(count > 10);
    for (size_t i = 0; i < count; i++)
        assert_true(puffs[i].place[2] >
                    lh_terrain_height(county->terrain, puffs[i].place[0], puffs[i].place[1]));
    assert_int_equal(lh_plume(&source, county->weather, county->land, 1200.0, puffs), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fire_smokes_from_its_start_on_and_grows),
        cmocka_unit_test(a_minute_makes_a_column_as_in_the_field),
        cmocka_unit_test(smoke_goes_with_the_wind),
        cmocka_unit_test(the_same_time_gives_the_same_puffs),
        cmocka_unit_test(the_front_lies_across_the_wind),
        cmocka_unit_test(smoke_goes_on_drifting_when_the_fire_is_out),
        cmocka_unit_test(a_vehicle_stays_on_its_road_and_trails_dust),
        cmocka_unit_test(fog_lies_on_the_ground),
    };
    return cmocka_run_group_tests(tests, open_county, close_county);
}
