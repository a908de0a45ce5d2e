/* Incidents updated a second with many open, beside a bare linear scan over as many places in the same run.
 *
 *   fuse_bench [OPEN [UPDATES]]
 *
 * Opens OPEN incidents over three degrees by three, each told of by one camera; then UPDATES pieces of evidence
 * come, each near a random one, and are settled one by one: found, joined, weighed, announced. The scan only asks of
 * every open place whether the piece may belong to it, and takes the best. Prints one JSON line. */
#include "fuse/fusion.h"
#include "fuse/gate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOON_US INT64_C(1795780800000000)

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static double between(uint32_t *state, double low, double high)
{
    return low + (high - low) * (double)next_random(state) / 16777216.0;
}

static double cpu_s(void)
{
    struct timespec used;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static struct lh_evidence make(const char *source, int number, struct lh_geo place)
{
    struct lh_evidence evidence = {
        .kind = LH_EVIDENCE_CAMERA,
        .first_utc_us = NOON_US,
        .observed_utc_us = NOON_US + 60 * LH_SECOND_US,
        .received_utc_us = NOON_US + 60 * LH_SECOND_US,
        .position = lh_position_of_ellipse(
            (struct lh_ellipse){.centre = place, .height_m = NAN, .major_m = 100, .minor_m = 60}),
        .camera = {.score = 0.8, .persistence_s = 60, .validated = true},
    };
    (void)snprintf(evidence.source, sizeof evidence.source, "%s-%d", source, number % 100);
    (void)snprintf(evidence.reference, sizeof evidence.reference, "%d", number);
    return evidence;
}

static void count_event(void *context, enum lh_fusion_event event,
                        const struct lh_incident *incident, const struct lh_incident *other)
{
    (void)event;
    (void)incident;
    (void)other;
    ++*(size_t *)context;
}

static double update_all(struct lh_fusion *fusion, const struct lh_evidence *pieces, size_t count,
                         size_t *ret_events)
{
    const double begun_s = cpu_s();
    for (size_t i = 0; i < count; i++) {
        const int64_t now_us = pieces[i].observed_utc_us;
        if (lh_fusion_add(fusion, &pieces[i], now_us) != LH_OK ||
            lh_fusion_settle(fusion, now_us, count_event, ret_events) != LH_OK)
            return -1;
    }
    return cpu_s() - begun_s;
}

static double scan_all(const struct lh_fusion_config *config, const struct lh_evidence *open,
                       size_t open_count, const struct lh_evidence *pieces, size_t count,
                       size_t *ret_found)
{
    const double begun_s = cpu_s();
    for (size_t i = 0; i < count; i++) {
        double least = INFINITY;
        for (size_t k = 0; k < open_count; k++)
            least = fmin(least,
                         lh_gate_in_space(config, &pieces[i].position, &open[k].position, 0).cost);
        *ret_found += least < INFINITY;
    }
    return cpu_s() - begun_s;
}

static struct lh_site *defaults(void)
{
    static const char text[] = "site: {name: bench}\n";
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    (void)lh_site_parse("bench.yaml", text, sizeof text - 1, &findings, &site);
    lh_findings_finish(&findings);
    return site;
}

static int measure(const struct lh_fusion_config *config, size_t open_count, size_t count)
{
    uint32_t random = 7;
    const struct lh_fusion_options options = {.config = config, .area_code = "141122"};
    struct lh_fusion *fusion = NULL;
    struct lh_evidence *open = calloc(open_count, sizeof *open);
    struct lh_evidence *pieces = calloc(count, sizeof *pieces);
    size_t events = 0;
    size_t found = 0;
    double update_s = -1;
    if (open && pieces && lh_fusion_create(&options, &fusion) == LH_OK) {
        for (size_t i = 0; i < open_count; i++)
            open[i] = make("tower", (int)i,
                           (struct lh_geo){between(&random, 36, 39), between(&random, 110, 113)});
        for (size_t i = 0; i < count; i++)
            pieces[i] = make(
                "other", (int)i,
                lh_geo_move(open[next_random(&random) % open_count].position.ellipses[0].centre,
                            between(&random, 0, 360), between(&random, 0, 150)));
        for (size_t i = 0; i < open_count; i++)
            (void)lh_fusion_add(fusion, &open[i], NOON_US + 60 * LH_SECOND_US);
        (void)lh_fusion_settle(fusion, NOON_US + 60 * LH_SECOND_US, NULL, NULL);
        const size_t incidents = lh_fusion_stats(fusion).incidents;
        update_s = update_all(fusion, pieces, count, &events);
        const double scan_s = scan_all(config, open, open_count, pieces, count, &found);
        (void)printf("{\"open\": %zu, \"updates\": %zu, \"events\": %zu, \"updates_per_s\": %.0f, "
                     "\"scans_per_s\": %.0f, \"scan_found\": %zu}\n",
                     incidents, count, events, (double)count / update_s, (double)count / scan_s,
                     found);
    }
    lh_fusion_destroy(&fusion);
    free(open);
    free(pieces);
    return update_s > 0 && events >= count ? 0 : 1;
}

int main(int argc, char **argv)
{
    const long open_count = argc > 1 ? strtol(argv[1], NULL, 10) : 10000;
    const long count = argc > 2 ? strtol(argv[2], NULL, 10) : 2000;
    if (argc > 3 || open_count < 1 || open_count > 50000 || count < 1 || count > 10000) {
        (void)fputs("usage: fuse_bench [OPEN (to 50000) [UPDATES (to 10000)]]\n", stderr);
        return 2;
    }
    struct lh_site *site = defaults();
    if (!site)
        return 1;
    const int result = measure(&site->fusion, (size_t)open_count, (size_t)count);
    lh_site_destroy(&site);
    return result;
}
