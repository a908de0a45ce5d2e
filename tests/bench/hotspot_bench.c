/* Hotspot rows parsed a second, beside bare scans for line ends over the same bytes.
 *
 * usage: hotspot_bench FILE ROUNDS; prints one JSON object. Rounds of both take turns, so that a change of the
 * machine's speed meets both.
 */
#include "base/text_file.h"
#include "fuse/heat_register.h"
#include "fuse/hotspot_group.h"
#include "fuse/hotspot_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench {
    char *bytes;
    size_t size;
    size_t lines;
    double scan_s;
    double parse_s;
    struct lh_hotspots read;
};

static double cpu_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void scan(struct bench *bench)
{
    const double begun_s = cpu_s();
    const char *end = bench->bytes + bench->size;
    size_t lines = 0;
    for (const char *at = bench->bytes; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        lines++;
    bench->lines = lines;
    bench->scan_s += cpu_s() - begun_s;
}

static int parse(struct bench *bench)
{
    const struct lh_hotspot_reading reading = {.now_us = LH_NO_TIME};
    struct lh_fault fault = {0};
    const double begun_s = cpu_s();
    lh_hotspots_finish(&bench->read);
    const int code = lh_hotspots_read(bench->bytes, bench->size, &reading, &fault, &bench->read);
    bench->parse_s += cpu_s() - begun_s;
    if (code != LH_OK)
        (void)fprintf(stderr, "%s\n", fault.text);
    return code;
}

/* Once each: what follows the reading. */
static int follow(const struct bench *bench, double *ret_group_s, double *ret_log_s)
{
    const struct lh_footprint_options options = LH_FOOTPRINT_DEFAULT;
    struct lh_hotspot_groups groups = {0};
    struct lh_hotspot_log *log = NULL;
    struct lh_fault fault = {0};
    double begun_s = cpu_s();
    int code = lh_hotspots_group(bench->read.items, bench->read.count, &options, &groups);
    *ret_group_s = cpu_s() - begun_s;
    lh_hotspot_groups_finish(&groups);
    begun_s = cpu_s();
    if (code == LH_OK)
        code = lh_hotspot_log_open(NULL, &fault, &log);
    if (code == LH_OK)
        code = lh_hotspot_log_take(log, bench->read.items, bench->read.count, NULL, &fault, NULL,
                                   NULL);
    *ret_log_s = cpu_s() - begun_s;
    lh_hotspot_log_close(&log);
    return code;
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    struct lh_fault fault = {0};
    uint8_t *bytes = NULL;
    double group_s = 0;
    double log_s = 0;
    const long rounds = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (rounds < 1 || rounds > 10000 ||
        lh_text_file_read(argv[1], LH_HOTSPOT_BYTES_MAX, &fault, &bytes, &bench.size) != LH_OK) {
        (void)fprintf(stderr, "usage: %s FILE ROUNDS\n%s\n", argv[0], fault.text);
        return 2;
    }
    bench.bytes = (char *)bytes;
    int code = LH_OK;
    for (long i = 0; i < rounds && code == LH_OK; i++) {
        scan(&bench);
        code = parse(&bench);
    }
    if (code == LH_OK)
        code = follow(&bench, &group_s, &log_s);
    if (code == LH_OK)
        (void)printf(
            "{\"rows\": %zu, \"lines\": %zu, \"bytes\": %zu, \"scan_s\": %.9f, \"parse_s\": "
            "%.9f, \"group_s\": %.6f, \"log_s\": %.6f}\n",
            bench.read.count, bench.lines, bench.size, bench.scan_s / (double)rounds,
            bench.parse_s / (double)rounds, group_s, log_s);
    lh_hotspots_finish(&bench.read);
    free(bytes);
    return code == LH_OK ? 0 : 1;
}
