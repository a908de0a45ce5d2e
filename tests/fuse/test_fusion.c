/* What must hold whatever comes: order of arrival, caps, no double counting, limits, odd places. */
#include "scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECES 100

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static double between(uint32_t *state, double low, double high)
{
    return low + (high - low) * (double)next_random(state) / 16777216.0;
}

/* A few fires, each told of by anybody, within five hours; some of it twice, some of it vague. */
static struct lh_evidence make_piece(uint32_t *seed, int number)
{
    const double min = between(seed, 0, 300);
    const struct lh_geo fire = at_m(1500 * (next_random(seed) % 5) + between(seed, -150, 150),
                                    1800 * (next_random(seed) % 4) + between(seed, -150, 150));
    char id[32];
    char source[32];
    (void)snprintf(id, sizeof id, "e%d", number);
    switch (next_random(seed) % 5) {
    case 0:
        (void)snprintf(source, sizeof source, "tower-%u", next_random(seed) % 6);
        return camera(source, id, min, min + between(seed, 0, 20), between(seed, 0, 1),
                      point(fire, between(seed, 60, 300)));
    case 1: {
        const unsigned tower = next_random(seed) % 6;
        (void)snprintf(source, sizeof source, "tower-%u", tower);
        return camera(source, id, min, min + between(seed, 0, 20), between(seed, 0, 1),
                      bearing(at_m(-4000 + 3000.0 * tower, -6000), fire, 0.3));
    }
    case 2:
        return hotspot("NOAA-20", id, floor(min / 50) * 50,
                       (enum lh_hotspot_class)(next_random(seed) % 3), point(fire, 150));
    case 3:
        return hotspot("Himawari-9", id, floor(min / 10) * 10, LH_HOTSPOT_STATIONARY_NORMAL,
                       point(fire, 1100));
    default:
        (void)snprintf(source, sizeof source, "ranger %u", next_random(seed) % 8);
        return report(source, id, min, (enum lh_report_word)(next_random(seed) % LH_REPORT_WORDS),
                      point(fire, 30));
    }
}

static void shuffle(struct lh_evidence *pieces, size_t count, uint32_t *seed)
{
    for (size_t i = count - 1; i > 0; i--) {
        const size_t k = next_random(seed) % (i + 1);
        const struct lh_evidence swap = pieces[i];
        pieces[i] = pieces[k];
        pieces[k] = swap;
    }
}

/* All that must not depend on the order. */
struct outcome {
    char text[65536];
    size_t length;
};

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_incident(void *context, const struct lh_incident *incident)
{
    struct outcome *outcome = context;
    const struct lh_ellipse *best = lh_position_best(&incident->position);
    outcome->length +=
        (size_t)snprintf(outcome->text + outcome->length, sizeof outcome->text - outcome->length,
                         "%lld %d %.17g %zu %d %zu %.17g\n", (long long)incident->first_utc_us,
                         (int)incident->state, incident->logit, incident->evidence_count,
                         (int)incident->position.form, incident->linked_count,
                         best ? best->centre.longitude_deg : incident->position.sector.azimuth_deg);
    assert_true(outcome->length < sizeof outcome->text);
}

static void sort_lines(struct outcome *outcome)
{
    char *lines[1024] = {0};
    char *rest = NULL;
    size_t count = 0;
    char copy[sizeof outcome->text];
    memcpy(copy, outcome->text, sizeof copy);
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        lines[count++] = line;
    qsort(lines, count, sizeof lines[0], compare_lines);
    outcome->length = 0;
    for (size_t i = 0; i < count; i++)
        outcome->length +=
            (size_t)snprintf(outcome->text + outcome->length,
                             sizeof outcome->text - outcome->length, "%s\n", lines[i]);
}

static void run(const struct lh_evidence *pieces, size_t count, bool settle_each,
                struct outcome *outcome)
{
    struct scene s;
    scene_begin(&s, "");
    for (size_t i = 0; i < count; i++) {
        const struct lh_evidence piece = pieces[i];
        s.now_us = NOON_US + 330 * MINUTE_US;
        assert_int_equal(lh_fusion_add(s.fusion, &piece, s.now_us), LH_OK);
        if (settle_each)
            wait_until(&s, 330);
    }
    wait_until(&s, 330);
    outcome->length = 0;
    assert_int_equal(lh_fusion_each(s.fusion, write_incident, outcome), LH_OK);
    sort_lines(outcome);
    scene_end(&s);
}

/* Says only what differs: cmocka cuts long texts. */
static void expect_same(const struct outcome *a, const struct outcome *b)
{
    size_t line = 0;
    for (size_t i = 0; i < a->length && a->text[i] == b->text[i]; i++)
        if (a->text[i] == '\n')
            line = i + 1;
    if (strcmp(a->text, b->text) != 0)
        fail_msg("in order %.200s\nshuffled %.200s", a->text + line, b->text + line);
}

static void the_order_of_arrival_does_not_matter(void **state)
{
    (void)state;
    static struct lh_evidence pieces[PIECES + PIECES / 4];
    static struct outcome in_order;
    static struct outcome shuffled;
    for (uint32_t seed = 1; seed <= 4; seed++) {
        uint32_t random = seed;
        for (int i = 0; i < PIECES; i++)
            pieces[i] = make_piece(&random, i);
        /* later words under the same key, and repetitions */
        for (int i = 0; i < PIECES / 4; i++) {
            pieces[PIECES + i] = pieces[i * 3];
            if (i % 2 && pieces[PIECES + i].kind == LH_EVIDENCE_CAMERA)
                pieces[PIECES + i].observed_utc_us += 5 * MINUTE_US;
        }
        const size_t count = PIECES + PIECES / 4;
        run(pieces, count, true, &in_order);
        assert_true(in_order.length > 0);
        for (int again = 0; again < 3; again++) {
            shuffle(pieces, count, &random);
            run(pieces, count, again == 0, &shuffled);
            expect_same(&in_order, &shuffled);
        }
    }
}

static void check_sums(void *context, const struct lh_incident *incident)
{
    size_t *pieces = context;
    double sum = 0;
    double by_source = 0;
    for (size_t i = 0; i < incident->term_count; i++) {
        const struct lh_term *term = &incident->terms[i];
        sum += term->weight;
        assert_true(fabs(term->weight) <= fabs(term->own) + 1e-9);
        assert_true(term->reason[0]);
        *pieces += term->evidence != NULL;
        by_source = 0;
        for (size_t k = 0; term->evidence && k < incident->term_count; k++)
            if (incident->terms[k].evidence &&
                strcmp(incident->terms[k].evidence->source, term->evidence->source) == 0)
                by_source += incident->terms[k].weight;
        assert_true(fabs(by_source) <= 6 + 1e-9);
    }
    assert_true(fabs(sum - incident->logit) < 1e-9);
}

static void weights_add_up_are_capped_and_count_each_piece_once(void **state)
{
    (void)state;
    for (uint32_t seed = 11; seed <= 16; seed++) {
        struct scene s;
        uint32_t random = seed;
        size_t pieces = 0;
        scene_begin(&s, "");
        for (int i = 0; i < PIECES; i++) {
            const struct lh_evidence piece = make_piece(&random, i);
            for (int again = 0; again < 2; again++)
                assert_int_equal(lh_fusion_add(s.fusion, &piece, NOON_US + 330 * MINUTE_US), LH_OK);
        }
        wait_until(&s, 330);
        assert_int_equal(lh_fusion_each(s.fusion, check_sums, &pieces), LH_OK);
        const struct lh_fusion_stats stats = lh_fusion_stats(s.fusion);
        assert_int_equal(stats.added, PIECES);
        assert_int_equal(stats.repeated, PIECES);
        assert_int_equal(stats.evidence, PIECES);
        assert_true(pieces <= PIECES && pieces > PIECES / 2); /* the others only deny */
        scene_end(&s);
    }
}

static void one_overpass_counts_once_however_many_pixels(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, hotspot("NOAA-20", "p0", 0, LH_HOTSPOT_VIIRS_NOMINAL, point(at_m(0, 0), 150)));
    const double alone = incident_of(&s, 0)->logit;
    char key[16];
    for (int i = 1; i < 30; i++) {
        (void)snprintf(key, sizeof key, "p%d", i);
        hear(&s, hotspot("NOAA-20", key, 0, LH_HOTSPOT_VIIRS_NOMINAL,
                         point(at_m(20.0 * (i % 6), 20.0 * (i / 6)), 150)));
    }
    assert_int_equal(count_of(&s), 1);
    assert_int_equal(incident_of(&s, 0)->evidence_count, 30);
    assert_float_equal(incident_of(&s, 0)->logit, alone, 1e-9);
    scene_end(&s);
}

static void cameras_on_one_mast_count_once(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    struct lh_evidence left = camera("mast-left", "1", 0, 5, 0.9, point(at_m(0, 0), 100));
    struct lh_evidence right = camera("mast-right", "2", 0, 5, 0.9, point(at_m(10, 0), 100));
    (void)strcpy(left.group, "mast");
    (void)strcpy(right.group, "mast");
    hear(&s, left);
    const double alone = incident_of(&s, 0)->logit;
    hear(&s, right);
    assert_int_equal(count_of(&s), 1);
    assert_float_equal(incident_of(&s, 0)->logit, alone, 1e-9);
    scene_end(&s);
}

static void a_candidate_fades(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, camera("tower-1", "7", 0, 0, 0.8, point(at_m(0, 0), 100)));
    const double fresh = weight_of(incident_of(&s, 0), "7");
    wait_until(&s, 45);
    assert_float_equal(weight_of(incident_of(&s, 0), "7"), fresh / 2, 1e-9);
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_CANDIDATE);
    wait_until(&s, 13 * 60);
    assert_int_equal(count_of(&s), 0);
    assert_int_equal(s.retired, 1);
    scene_end(&s);
}

static void what_comes_too_late_or_too_early_is_refused_and_counted(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    const struct lh_evidence seen = camera("tower-1", "7", 0, 0, 0.9, point(at_m(0, 0), 100));
    assert_int_equal(hear_at(&s, seen, 6 * 60 + 1), LH_ERANGE);
    assert_int_equal(hear_at(&s, seen, -6), LH_ERANGE);
    assert_int_equal(hear_at(&s, seen, -4), LH_OK);
    struct lh_evidence bad = seen;
    bad.position.ellipses[0].centre.latitude_deg = NAN;
    assert_int_equal(hear_at(&s, bad, 0), LH_EINVAL);
    bad = seen;
    bad.camera.score = NAN;
    assert_int_equal(hear_at(&s, bad, 0), LH_EINVAL);
    bad = seen;
    bad.source[0] = '\0';
    assert_int_equal(hear_at(&s, bad, 0), LH_EINVAL);
    bad = seen;
    memset(bad.reference, 'x', sizeof bad.reference);
    assert_int_equal(hear_at(&s, bad, 0), LH_EINVAL);
    const struct lh_fusion_stats stats = lh_fusion_stats(s.fusion);
    assert_int_equal(stats.too_late, 1);
    assert_int_equal(stats.too_early, 1);
    assert_int_equal(stats.malformed, 4);
    assert_int_equal(count_of(&s), 1);
    scene_end(&s);
}

static void a_flood_drops_the_least_probable(void **state)
{
    (void)state;
    struct scene s;
    char key[24];
    scene_begin(&s, "max_evidence: 500");
    hear(&s, report("ranger Li", "r1", 0, LH_REPORT_FIRE, point(at_m(0, 0), 20)));
    hear(&s, camera("tower-1", "7", 0, 5, 0.95, point(at_m(9000, 0), 100)));
    for (int i = 0; i < 3000; i++) {
        (void)snprintf(key, sizeof key, "h%d", i);
        struct lh_evidence pixel =
            hotspot("MODIS", key, 5, LH_HOTSPOT_MODIS_LOW,
                    point(at_m(60000 + 12000.0 * (i % 60), 12000.0 * (i / 60)), 300));
        assert_int_equal(lh_fusion_add(s.fusion, &pixel, s.now_us), LH_OK);
        if (i % 100 == 99)
            wait_until(&s, 5);
    }
    const struct lh_fusion_stats stats = lh_fusion_stats(s.fusion);
    assert_true(stats.evidence <= 500);
    assert_true(stats.dropped > 2000);
    assert_int_equal(incident_of(&s, 0)->state, LH_INCIDENT_CONFIRMED);
    assert_int_equal(incident_of(&s, 1)->witnesses, 1U << LH_WITNESS_CAMERA);
    scene_end(&s);
}

static void a_crowd_of_pixels_is_bounded(void **state)
{
    (void)state;
    struct scene s;
    char key[24];
    scene_begin(&s, "");
    for (int i = 0; i < 900; i++) {
        (void)snprintf(key, sizeof key, "h%d", i);
        const struct lh_evidence pixel = hotspot("MODIS", key, 0, LH_HOTSPOT_MODIS_HIGH,
                                                 point(at_m(i % 30, 1.0 * (i / 30)), 500));
        const int code = lh_fusion_add(s.fusion, &pixel, NOON_US);
        assert_true(code == LH_OK || code == LH_ELIMIT);
    }
    wait_until(&s, 0);
    assert_int_equal(count_of(&s), 1);
    assert_true(lh_fusion_stats(s.fusion).crowded > 300);
    assert_int_equal(hear_at(&s, camera("tower-1", "1", 0, 1, 0.9, point(at_m(10, 10), 100)), 1),
                     LH_OK);
    assert_int_equal(count_of(&s), 1);
    scene_end(&s);
}

/* Neighbours are neighbours across the antimeridian and round a pole. */
static void odd_places_are_places(void **state)
{
    (void)state;
    static const struct {
        struct lh_geo a;
        struct lh_geo b;
    } pairs[] = {
        {{10, 179.9995}, {10, -179.9996}},
        {{-89.9999, 10}, {-89.9999, -170}},
        {{89.9998, 0}, {89.9998, 90}},
        {{0, 0.0005}, {-0.0005, -0.0004}},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct scene s;
        scene_begin(&s, "");
        hear(&s, camera("tower-1", "1", 0, 1, 0.9, point(pairs[i].a, 100)));
        hear(&s, camera("tower-2", "2", 0, 1, 0.9, point(pairs[i].b, 100)));
        assert_int_equal(count_of(&s), 1);
        scene_end(&s);
    }
}

static void identifiers_are_the_same_at_every_replay(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s, "");
    hear(&s, camera("tower-1", "7", 0, 5, 0.9, point(at_m(0, 0), 100)));
    assert_string_equal(incident_of(&s, 0)->id, "141122.20261127T120000.000Z.camera.6783ddf2");
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_arrival_does_not_matter),
        cmocka_unit_test(weights_add_up_are_capped_and_count_each_piece_once),
        cmocka_unit_test(one_overpass_counts_once_however_many_pixels),
        cmocka_unit_test(cameras_on_one_mast_count_once),
        cmocka_unit_test(a_candidate_fades),
        cmocka_unit_test(what_comes_too_late_or_too_early_is_refused_and_counted),
        cmocka_unit_test(a_flood_drops_the_least_probable),
        cmocka_unit_test(a_crowd_of_pixels_is_bounded),
        cmocka_unit_test(odd_places_are_places),
        cmocka_unit_test(identifiers_are_the_same_at_every_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
