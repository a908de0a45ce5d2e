/* A site's first feed, stepped on a clock that stands where each line of standard input puts it.
 *
 * usage: feed_drive SITE.yaml, then lines with seconds after 2026-04-04T12:00:00Z. Each is answered by a
 * line: what came (error's name or state), its origin, its rows, and when the next step is due, in
 * seconds after the same time; a fault follows behind a tab.
 */
#include "fuse/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int step(struct lh_feed *feed, int64_t start_us)
{
    struct lh_feed_batch *batch = NULL;
    struct lh_fault fault = {0};
    const int code = lh_feed_step(feed, &fault, &batch);
    const double due_s = (double)(lh_feed_next_us(feed) - start_us) / 1e6;
    const char *what = code != LH_OK ? lh_error_name(code)
                       : batch       ? lh_hotspots_state_name(batch->hotspots.state)
                                     : "nothing";
    (void)printf("%s %s %zu %.3f\t%s\n", what, batch ? batch->origin : "-",
                 batch ? batch->hotspots.count : 0, due_s, fault.text);
    lh_feed_batch_destroy(&batch);
    return fflush(stdout);
}

int main(int argc, char **argv)
{
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    struct lh_clock *clock = NULL;
    struct lh_feed *feed = NULL;
    struct lh_fault fault = {0};
    int64_t start_us = 0;
    char line[64];
    if (argc != 2 || lh_time_parse("2026-04-04T12:00:00Z", &start_us) != LH_OK ||
        lh_clock_replay_create(start_us, &clock) != LH_OK ||
        lh_site_load(argv[1], &findings, &site) != LH_OK || site->feed_count == 0) {
        (void)fprintf(stderr, "no feed: %s\n", findings.count ? findings.items[0].text : "");
        return 2;
    }
    const struct lh_feed_options options = {.clock = clock, .box = site->box};
    if (lh_feed_create(&site->feeds[0], &options, &fault, &feed) != LH_OK) {
        (void)fprintf(stderr, "%s\n", fault.text);
        return 1;
    }
    while (fgets(line, sizeof line, stdin)) {
        lh_clock_replay_set(clock, start_us + strtol(line, NULL, 10) * LH_SECOND_US);
        if (step(feed, start_us) != 0)
            break;
    }
    lh_feed_destroy(&feed);
    lh_clock_replay_destroy(&clock);
    lh_site_destroy(&site);
    lh_findings_finish(&findings);
    return 0;
}
