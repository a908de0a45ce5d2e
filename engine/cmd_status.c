#include "base/site.h"
#include "cmd.h"

#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STALE_S 30

static const char help[] =
    "usage: linhuo status SITE.yaml [--json]\n\n"
    "What the running engine of this site is doing: every camera with its state, when it last saw "
    "a\n"
    "fresh picture, what was lost and why; detectors with their time; alarms. Read from the file\n"
    "status.json in the site's data folder, which the engine writes every bus.status_s.\n\n"
    "  --json   the file's content as it is (engine/alarm/status.schema.json)\n"
    "  --help   this\n\n"
    "Exit status: 0 every camera sees, 1 one does not or the engine does not run, 2 wrong usage.\n";

static int load_status(const char *site_path, json_t **ret_status)
{
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    const int code = lh_site_load(site_path, &findings, &site);
    lh_findings_finish(&findings);
    if (code != LH_OK) {
        (void)fprintf(stderr, "linhuo status: %s: %s; linhuo check %s says more\n", site_path,
                      lh_strerror(code), site_path);
        return LH_EXIT_USAGE;
    }
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/status.json", site->data_folder);
    lh_site_destroy(&site);
    json_error_t error;
    *ret_status = json_load_file(path, 0, &error);
    if (!*ret_status) {
        (void)fprintf(stderr, "linhuo status: %s: %s; is the engine running (linhuo run %s)?\n",
                      path, error.text, site_path);
        return LH_EXIT_FAILED;
    }
    return LH_EXIT_DONE;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool sees(const json_t *camera)
{
    return strcmp(text_of(camera, "health"), "seeing") == 0;
}

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static void print_camera(const json_t *camera, int64_t now_us)
{
    char age[32] = "never";
    int64_t fresh_us;
    if (lh_time_parse(text_of(camera, "last_fresh"), &fresh_us) == LH_OK)
        (void)snprintf(age, sizeof age, "%.0f s ago", (double)(now_us - fresh_us) / LH_SECOND_US);
    (void)printf("%-24.24s %-13s fresh %-12s blind %6.0f s  %6.0f frames  %4.0f dropped  %s\n",
                 text_of(camera, "id"), text_of(camera, "health"), age,
                 number_of(camera, "blind_s"), number_of(camera, "frames"),
                 number_of(camera, "frames_dropped"), text_of(camera, "description"));
    if (!sees(camera) && *text_of(camera, "last_error"))
        (void)printf("%-24s %s\n", "", text_of(camera, "last_error"));
}

static double age_of(const json_t *status, int64_t now_us)
{
    int64_t written_us = LH_NO_TIME;
    (void)lh_time_parse(text_of(status, "now"), &written_us);
    return written_us == LH_NO_TIME ? INFINITY : (double)(now_us - written_us) / LH_SECOND_US;
}

static int judge(const json_t *status, int64_t now_us)
{
    size_t i;
    const json_t *camera;
    if (age_of(status, now_us) > STALE_S)
        return LH_EXIT_FAILED;
    json_array_foreach (json_object_get(status, "cameras"), i, camera)
        if (!sees(camera))
            return LH_EXIT_FAILED;
    return LH_EXIT_DONE;
}

static void print_feed(const json_t *feed, int64_t now_us)
{
    int64_t success_us = LH_NO_TIME;
    (void)lh_time_parse(text_of(feed, "last_success"), &success_us);
    (void)printf("feed %s: %.0f rows, ", text_of(feed, "name"), number_of(feed, "rows"));
    if (success_us == LH_NO_TIME)
        (void)printf("never read");
    else
        (void)printf("read %.0f s ago", (double)(now_us - success_us) / (double)LH_SECOND_US);
    (void)printf("%s%s\n", *text_of(feed, "last_error") ? ": " : "", text_of(feed, "last_error"));
}

static void print_status(const json_t *status, int64_t now_us)
{
    const double age_s = age_of(status, now_us);
    const json_t *alarms = json_object_get(status, "alarms");
    (void)printf("%s: started %s, status %.0f s old\n", text_of(status, "site"),
                 text_of(status, "started"), age_s);
    (void)printf("alarms: %.0f raised, %.0f open, %.0f published, %.0f waiting for the disk\n",
                 number_of(alarms, "raised"), number_of(alarms, "open"),
                 number_of(alarms, "published"), number_of(alarms, "backlog"));
    const json_t *incidents = json_object_get(status, "incidents");
    (void)printf("incidents: %.0f known by %.0f pieces of evidence\n",
                 number_of(incidents, "known"), number_of(incidents, "evidence"));
    size_t i;
    const json_t *feed;
    json_array_foreach (json_object_get(status, "feeds"), i, feed)
        print_feed(feed, now_us);
    (void)putchar('\n');
    const json_t *camera;
    json_array_foreach (json_object_get(status, "cameras"), i, camera)
        print_camera(camera, now_us);
    if (age_s > STALE_S)
        (void)printf(
            "\nThis status is old: the engine has stopped, or cannot write its data folder.\n");
}

int lh_cmd_status(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
    bool json = false;
    int option;
    while ((option = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return LH_EXIT_DONE;
        }
        if (option != 'j') {
            (void)fputs(help, stderr);
            return LH_EXIT_USAGE;
        }
        json = true;
    }
    if (optind + 1 != argc) {
        (void)fputs(help, stderr);
        return LH_EXIT_USAGE;
    }
    json_t *status = NULL;
    const int exit_status = load_status(argv[optind], &status);
    if (exit_status != LH_EXIT_DONE)
        return exit_status;
    const int64_t now_us = lh_clock_utc_us(lh_clock_system());
    const int verdict = judge(status, now_us);
    if (json) {
        (void)json_dumpf(status, stdout, JSON_INDENT(1));
        (void)putchar('\n');
    } else {
        print_status(status, now_us);
    }
    json_decref(status);
    return verdict;
}
