#include "detect/mask.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static char no_preset[] = "";
static char east[] = "east";

static struct lh_mask polygon(struct lh_point *points, size_t count, double min_share)
{
    return (struct lh_mask){
        .preset = no_preset, .points = points, .point_count = count, .min_share = min_share};
}

static void expect_share(const struct lh_mask *mask, struct lh_box box, double share)
{
    assert_true(fabs(lh_mask_share(mask, box) - share) < 1e-6);
}

static void rectangles(void **state)
{
    (void)state;
    struct lh_point points[] = {{0.0, 0.0}, {0.5, 0.0}, {0.5, 1.0}, {0.0, 1.0}};
    const struct lh_mask left = polygon(points, 4, 0.5);
    expect_share(&left, (struct lh_box){0.1F, 0.1F, 0.2F, 0.2F}, 1.0);
    expect_share(&left, (struct lh_box){0.6F, 0.1F, 0.2F, 0.2F}, 0.0);
    expect_share(&left, (struct lh_box){0.25F, 0.25F, 0.5F, 0.5F}, 0.5);
    expect_share(&left, (struct lh_box){0.375F, 0.0F, 0.5F, 1.0F}, 0.25);
    expect_share(&left, (struct lh_box){0.2F, 0.2F, 0.0F, 0.2F}, 0.0);
}

static void orientation_does_not_matter(void **state)
{
    (void)state;
    struct lh_point clockwise[] = {{0.2, 0.2}, {0.7, 0.3}, {0.5, 0.9}};
    struct lh_point counter[] = {{0.5, 0.9}, {0.7, 0.3}, {0.2, 0.2}};
    const struct lh_mask a = polygon(clockwise, 3, 0.5);
    const struct lh_mask b = polygon(counter, 3, 0.5);
    const struct lh_box box = {0.3F, 0.2F, 0.4F, 0.5F};
    assert_true(lh_mask_share(&a, box) > 0.1);
    expect_share(&a, box, lh_mask_share(&b, box));
}

/* A polygon that reaches around the box: two arms inside, nothing between them. */
static void concave(void **state)
{
    (void)state;
    struct lh_point fork[] = {{0.0, 0.0},   {1.0, 0.0},   {1.0, 1.0},  {0.75, 1.0},
                              {0.75, 0.25}, {0.25, 0.25}, {0.25, 1.0}, {0.0, 1.0}};
    const struct lh_mask mask = polygon(fork, 8, 0.5);
    expect_share(&mask, (struct lh_box){0.0F, 0.5F, 1.0F, 0.5F}, 0.5);
    expect_share(&mask, (struct lh_box){0.25F, 0.25F, 0.5F, 0.75F}, 0.0);
    expect_share(&mask, (struct lh_box){0.0F, 0.0F, 1.0F, 0.25F}, 1.0);
}

/* Against counting points, for polygons with corners in and out of the picture. */
static void agrees_with_counting(void **state)
{
    (void)state;
    uint32_t seed = 12345;
    for (int round = 0; round < 200; round++) {
        struct lh_point corners[3];
        for (int i = 0; i < 3; i++) {
            seed = seed * 1664525U + 1013904223U;
            corners[i].x = (seed >> 8) / 16777216.0 * 1.6 - 0.3;
            seed = seed * 1664525U + 1013904223U;
            corners[i].y = (seed >> 8) / 16777216.0 * 1.6 - 0.3;
        }
        const struct lh_mask mask = polygon(corners, 3, 0.5);
        const struct lh_box box = {0.3F, 0.4F, 0.4F, 0.2F};
        int inside = 0;
        const int side = 100;
        for (int i = 0; i < side * side; i++) {
            const double x = 0.3 + 0.4 * (i % side + 0.5) / side;
            const double y = 0.4 + 0.2 * (floor((double)i / side) + 0.5) / side;
            int signs = 0;
            for (int k = 0; k < 3; k++) {
                const struct lh_point a = corners[k];
                const struct lh_point b = corners[(k + 1) % 3];
                signs += (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x) > 0.0;
            }
            inside += signs == 0 || signs == 3;
        }
        assert_true(fabs(lh_mask_share(&mask, box) - inside / 10000.0) < 0.015);
    }
}

static void presets_and_shares(void **state)
{
    (void)state;
    struct lh_point points[] = {{0.0, 0.0}, {0.5, 0.0}, {0.5, 1.0}, {0.0, 1.0}};
    struct lh_mask mask = polygon(points, 4, 0.5);
    const struct lh_box half = {0.25F, 0.25F, 0.5F, 0.5F};
    const struct lh_box less = {0.375F, 0.0F, 0.5F, 1.0F};
    assert_true(lh_masks_cover(&mask, 1, "", half));
    assert_true(lh_masks_cover(&mask, 1, "east", half));
    assert_false(lh_masks_cover(&mask, 1, "", less));
    mask.preset = east;
    assert_false(lh_masks_cover(&mask, 1, "", half));
    assert_false(lh_masks_cover(&mask, 1, "west", half));
    assert_true(lh_masks_cover(&mask, 1, "east", half));
    mask.min_share = 0.0;
    assert_true(lh_masks_cover(&mask, 1, "east", less));
    assert_false(lh_masks_cover(&mask, 1, "east", (struct lh_box){0.6F, 0.0F, 0.3F, 0.3F}));
    assert_false(lh_masks_cover(NULL, 0, "east", half));
}

static void whole_box_counts_as_one(void **state)
{
    (void)state;
    struct lh_point points[] = {{0.1, 0.1}, {0.9, 0.1}, {0.9, 0.9}, {0.1, 0.9}};
    const struct lh_mask mask = polygon(points, 4, 1.0);
    for (int i = 0; i < 50; i++) {
        const struct lh_box box = {0.11F + 0.01F * (float)i, 0.3F, 0.0123F, 0.0371F};
        assert_true(lh_masks_cover(&mask, 1, "", box));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rectangles),
        cmocka_unit_test(orientation_does_not_matter),
        cmocka_unit_test(concave),
        cmocka_unit_test(agrees_with_counting),
        cmocka_unit_test(presets_and_shares),
        cmocka_unit_test(whole_box_counts_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
