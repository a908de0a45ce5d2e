/* The generated county: mountains of a seed, villages where people would settle, roads that join them. */
#include "world/land.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct county {
    struct lh_terrain *terrain;
    struct lh_land *land;
};

static int open_county(void **state)
{
    static struct county county;
    if (lh_terrain_generate(4, &county.terrain) || lh_land_create(4, county.terrain, &county.land))
        return 1;
    *state = &county;
    return 0;
}

static int close_county(void **state)
{
    struct county *county = *state;
    lh_land_destroy(&county->land);
    lh_terrain_destroy(&county->terrain);
    return 0;
}

static void mountains_are_those_of_their_seed(void **state)
{
    const struct county *county = *state;
    struct lh_terrain *same = NULL;
    struct lh_terrain *other = NULL;
    assert_int_equal(lh_terrain_generate(4, &same), LH_OK);
    assert_int_equal(lh_terrain_generate(5, &other), LH_OK);
    unsigned differ = 0;
    for (int i = 0; i < 400; i++) {
        float e = (float)(i % 20 - 10) * 700.0F;
        float n = (float)(i / 20 - 10) * 700.0F;
        float here = lh_terrain_height(county->terrain, e, n);
        assert_true(here == lh_terrain_height(same, e, n));
        differ += here != lh_terrain_height(other, e, n);
        assert_true(here >= county->terrain->lowest_m && here <= county->terrain->highest_m);
    }
    assert_true(differ > 390);
    assert_true(county->terrain->highest_m - county->terrain->lowest_m > 400.0F);
    lh_terrain_destroy(&same);
    lh_terrain_destroy(&other);
    lh_terrain_destroy(&other);
}

static void normals_are_the_slope_of_the_heights(void **state)
{
    const struct county *county = *state;
    const float d = 2.0F * county->terrain->cell_m;
    double off = 0.0;
    for (int i = 0; i < 100; i++) {
        float e = (float)(i % 10 - 5) * 900.0F + 40.0F;
        float n = (float)(i / 10 - 5) * 900.0F - 30.0F;
        float normal[3];
        lh_terrain_normal(county->terrain, e, n, normal);
        assert_true(fabsf(normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2] -
                          1.0F) < 1e-3F);
        assert_true(normal[2] > 0.0F);
        float rise = (lh_terrain_height(county->terrain, e + d, n) -
                      lh_terrain_height(county->terrain, e - d, n)) /
                     (2.0F * d);
        off += fabs((double)(-normal[0] / normal[2] - rise));
    }
    assert_true(off / 100.0 < 0.08);
}

static void places_come_back_from_the_globe(void **state)
{
    const struct county *county = *state;
    for (int i = -1; i <= 1; i++) {
        for (int k = -1; k <= 1; k++) {
            double latitude = 0.0;
            double longitude = 0.0;
            double e = 0.0;
            double n = 0.0;
            double half = county->terrain->half_m;
            lh_terrain_to_geo(county->terrain, i * half, k * half, &latitude, &longitude);
            lh_terrain_from_geo(county->terrain, latitude, longitude, &e, &n);
            assert_true(fabs(e - i * half) < 0.05 && fabs(n - k * half) < 0.05);
        }
    }
}

static void villages_lie_low_flat_and_apart(void **state)
{
    const struct county *county = *state;
    const struct lh_terrain *terrain = county->terrain;
    float high = terrain->lowest_m + 0.6F * (terrain->highest_m - terrain->lowest_m);
    assert_true(county->land->village_count >= 4);
    for (size_t i = 0; i < county->land->village_count; i++) {
        const struct lh_village *v = &county->land->villages[i];
        float normal[3];
        lh_terrain_normal(terrain, v->e, v->n, normal);
        assert_true(normal[2] > 0.9F);
        assert_true(lh_terrain_height(terrain, v->e, v->n) < high);
        for (size_t k = 0; k < i; k++)
            assert_true(hypotf(v->e - county->land->villages[k].e,
                               v->n - county->land->villages[k].n) > 800.0F);
    }
}

static float nearest_village(const struct lh_land *land, struct lh_land_point p)
{
    float nearest = 1e9F;
    for (size_t i = 0; i < land->village_count; i++)
        nearest = fminf(nearest, hypotf(p.e - land->villages[i].e, p.n - land->villages[i].n));
    return nearest;
}

static void roads_join_villages_without_gaps_or_cliffs(void **state)
{
    const struct county *county = *state;
    const struct lh_land *land = county->land;
    assert_true(land->road_count >= 3);
    for (size_t r = 0; r < land->road_count; r++) {
        float length = land->roads[r].length_m;
        struct lh_land_point before = lh_road_at(land, r, 0.0F);
        assert_true(nearest_village(land, before) < 400.0F);
        assert_true(nearest_village(land, lh_road_at(land, r, length)) < 400.0F);
        float climbed = 0.0F;
        for (float along = 10.0F; along < length; along += 10.0F) {
            struct lh_land_point p = lh_road_at(land, r, along);
            assert_true(hypotf(p.e - before.e, p.n - before.n) < 10.1F);
            climbed += fabsf(lh_terrain_height(county->terrain, p.e, p.n) -
                             lh_terrain_height(county->terrain, before.e, before.n));
            before = p;
        }
        assert_true(climbed / length < 0.4F);
        struct lh_land_point end = lh_road_at(land, r, length);
        struct lh_land_point beyond = lh_road_at(land, r, length + 500.0F);
        assert_true(hypotf(end.e - beyond.e, end.n - beyond.n) < 0.5F);
    }
}

static void forest_prefers_the_shade(void **state)
{
    const struct county *county = *state;
    double share[2] = {0.0, 0.0};
    unsigned count[2] = {0, 0};
    for (int i = 0; i < 10000; i++) {
        float e = (float)(i % 100 - 50) * 130.0F;
        float n = (float)(i / 100 - 50) * 130.0F;
        float normal[3];
        lh_terrain_normal(county->terrain, e, n, normal);
        float forest = lh_land_forest(county->land, e, n);
        assert_true(forest >= 0.0F && forest <= 1.0F);
        if (fabsf(normal[1]) < 0.15F)
            continue;
        share[normal[1] > 0.0F] += (double)forest;
        count[normal[1] > 0.0F]++;
    }
    assert_true(count[0] > 100 && count[1] > 100);
    assert_true(share[1] / count[1] > share[0] / count[0] + 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mountains_are_those_of_their_seed),
        cmocka_unit_test(normals_are_the_slope_of_the_heights),
        cmocka_unit_test(places_come_back_from_the_globe),
        cmocka_unit_test(villages_lie_low_flat_and_apart),
        cmocka_unit_test(roads_join_villages_without_gaps_or_cliffs),
        cmocka_unit_test(forest_prefers_the_shade),
    };
    return cmocka_run_group_tests(tests, open_county, close_county);
}
