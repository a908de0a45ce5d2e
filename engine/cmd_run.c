#include "cmd.h"
#include "cmd_line.h"
#include "pipeline.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char help[] =
    "usage: linhuo run SITE.yaml [--quiet]\n\n"
    "Watches the cameras of the site, raises alarms, stores and publishes them, until it is told "
    "to\n"
    "stop (Ctrl-C or SIGTERM).\n\n"
    "  --quiet     no status line; it comes every 10 s on a terminal, every minute elsewhere\n"
    "  --help      this\n\n"
    "Signals: SIGHUP reads the site file again; cameras that did not change go on undisturbed, and "
    "a\n"
    "file with mistakes is refused whole.\n"
    "Alarms: linhuo watch SITE.yaml. State of the cameras: linhuo status SITE.yaml.\n"
    "Log: standard error.\n";

static int load_site(const char *path, struct lh_site **ret_site)
{
    struct lh_findings findings = {0};
    const int code = lh_site_load(path, &findings, ret_site);
    lh_cmd_print_findings(path, &findings);
    if (code != LH_OK && findings.count == 0)
        (void)fprintf(stderr, "linhuo run: %s: %s\n", path, lh_strerror(code));
    lh_findings_finish(&findings);
    return code;
}

static void reload(struct lh_pipeline *pipeline, const char *path)
{
    struct lh_site *site = NULL;
    lh_log(LH_LOG_INFO, "engine", path, "reading the site file again");
    if (load_site(path, &site) != LH_OK) {
        lh_log(LH_LOG_ERROR, "engine", path, "refused; the old settings go on");
        return;
    }
    lh_log_configure(site->log_level, site->log_format);
    struct lh_findings findings = {0};
    struct lh_fault fault = {0};
    struct lh_reload_summary summary;
    const int code = lh_pipeline_reload(pipeline, &site, &findings, &fault, &summary);
    lh_cmd_print_findings(path, &findings);
    lh_findings_finish(&findings);
    if (code != LH_OK) {
        lh_log(LH_LOG_ERROR, "engine", path, "refused (%s); the old settings go on", fault.text);
        return;
    }
    lh_log(LH_LOG_INFO, "engine", path, "cameras: %u kept, %u added, %u changed, %u removed",
           summary.kept, summary.added, summary.changed, summary.removed);
    if (summary.needs_restart)
        lh_log(
            LH_LOG_WARN, "engine", path,
            "data folder, bus, evidence switch and detect threads change at the next start only");
}

static void log_status(struct lh_pipeline *pipeline)
{
    struct lh_engine_status status;
    if (lh_pipeline_status(pipeline, &status) != LH_OK)
        return;
    size_t seeing = 0;
    char blind[256] = "";
    size_t named = 0;
    for (size_t i = 0; i < status.station_count; i++) {
        const struct lh_camera_status *camera = &status.stations[i].camera;
        if (camera->health == LH_HEALTH_SEEING) {
            seeing++;
            continue;
        }
        const size_t used = strlen(blind);
        if (named++ < 5)
            (void)snprintf(blind + used, sizeof blind - used, "%s%s (%s)", used ? ", " : "",
                           camera->id, lh_health_name(camera->health));
    }
    lh_log(LH_LOG_INFO, "engine", NULL, "%zu of %zu cameras see%s%s%s", seeing,
           status.station_count, named ? "; not: " : "", blind, named > 5 ? ", ..." : "");
    lh_engine_status_finish(&status);
}

/* Waits for signals; the time-out makes the status lines. */
static void serve(struct lh_pipeline *pipeline, const char *path, const sigset_t *signals,
                  bool quiet)
{
    const time_t status_s = isatty(STDERR_FILENO) ? 10 : 60;
    const struct timespec wait = {.tv_sec = quiet ? 3600 : status_s};
    for (;;) {
        const int signal = sigtimedwait(signals, NULL, &wait);
        if (signal == SIGHUP)
            reload(pipeline, path);
        else if (signal == SIGINT || signal == SIGTERM)
            return;
        else if (!quiet)
            log_status(pipeline);
    }
}

/* A camera takes a few files, a large site more than the usual soft limit. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void introduce(const struct lh_site *site)
{
    for (size_t i = 0; i < site->detector_count; i++)
        lh_log(LH_LOG_INFO, "detect", site->detectors[i].name,
               "runs on plugin %s, finds from score %.2f", site->detectors[i].plugin,
               site->detectors[i].min_score);
    lh_log(LH_LOG_INFO, "engine", site->name, "%zu cameras, data in %s", site->camera_count,
           site->data_folder);
}

static int run(const char *path, bool quiet)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGHUP);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    raise_file_limit();

    struct lh_site *site = NULL;
    if (load_site(path, &site) != LH_OK)
        return LH_EXIT_USAGE;
    lh_log_configure(site->log_level, site->log_format);
    introduce(site);

    struct lh_pipeline *pipeline = NULL;
    struct lh_findings findings = {0};
    struct lh_fault fault = {0};
    int code = lh_pipeline_create(&site, lh_clock_system(), &findings, &fault, &pipeline);
    lh_cmd_print_findings(path, &findings);
    lh_findings_finish(&findings);
    if (code == LH_ECONFIG)
        return LH_EXIT_USAGE;
    if (code == LH_OK)
        code = lh_pipeline_start(pipeline, &fault);
    if (code == LH_OK) {
        lh_log(LH_LOG_INFO, "engine", NULL, "publishing on %s", lh_pipeline_endpoint(pipeline));
        serve(pipeline, path, &signals, quiet);
        lh_log(LH_LOG_INFO, "engine", NULL, "stopping");
    } else {
        lh_log(LH_LOG_ERROR, "engine", NULL, "%s", fault.text);
    }
    lh_pipeline_destroy(&pipeline);
    return code == LH_OK ? LH_EXIT_DONE : LH_EXIT_FAILED;
}

int lh_cmd_run(int argc, char **argv)
{
    static const struct option options[] = {
        {"quiet", no_argument, NULL, 'q'}, {"help", no_argument, NULL, 'h'}, {0}};
    bool quiet = false;
    int option;
    while ((option = getopt_long(argc, argv, "qh", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return LH_EXIT_DONE;
        }
        if (option != 'q') {
            (void)fputs(help, stderr);
            return LH_EXIT_USAGE;
        }
        quiet = true;
    }
    if (optind + 1 != argc) {
        (void)fputs(help, stderr);
        return LH_EXIT_USAGE;
    }
    return run(argv[optind], quiet);
}
