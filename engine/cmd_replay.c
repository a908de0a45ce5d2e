#include "cmd.h"
#include "cmd_line.h"
#include "replay.h"
#include "trial.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: linhuo replay SITE.yaml [--footage FILE|FOLDER ...] [--events FILE] [options]\n\n"
    "Runs recorded footage through the same detectors, tracks and alarms as live, on the footage's "
    "own\n"
    "clock and as fast as the machine can. The same footage, settings and plugins give the same "
    "alarms,\n"
    "byte for byte, with any number of threads.\n\n"
    "  --footage F ...    videos, folders of videos, folders of still pictures\n"
    "  --events FILE      a scenario: tracks, hotspots, reports and weather as JSON lines "
    "(engine/\n"
    "                     scenario.h); feeds of kind 'files' of the site are played too\n"
    "  --camera ID        settings and masks of this camera of the site; otherwise those of the "
    "camera\n"
    "                     named like the clip, or camera_defaults\n"
    "  --start TIME       capture time of every clip's first picture (2026-11-23T08:00:00+08:00);\n"
    "                     otherwise the file's own, else a date in its name\n"
    "  --labels FILE      judge: what was found how soon, and what was false (labels: see "
    "README.md)\n"
    "  --sheet FILE.png   with --labels: a row for every alarm, to see whether it is on the smoke\n"
    "  --evidence FOLDER  write the pictures of every alarm there\n"
    "  --threads N        default: one a core\n"
    "  --json             alarms as JSON lines (engine/alarm/alarm.schema.json), nothing else on "
    "stdout;\n"
    "                     with --labels the last line is the judgement "
    "(engine/judge/judgement.schema.json)\n"
    "  --kept             also what stays below every priority: live it is kept in the store, "
    "and not sent\n"
    "  --quiet            no progress, no summary\n"
    "  --help             this\n\n"
    "Exit status: 0 all footage read, 1 some could not be, 2 wrong usage, configuration "
    "or labels.\n"
    "  linhuo replay configs/replay.yaml --footage clips/ --evidence /tmp/seen\n"
    "  linhuo replay configs/replay.yaml --footage clips/ --labels clips/labels.json --sheet "
    "seen.png\n";

struct arguments {
    const char *site;
    const char **footage;
    size_t footage_count;
    const char *events;
    const char *camera;
    const char *labels;
    const char *sheet;
    const char *evidence;
    int64_t start_utc_us;
    unsigned threads;
    const atomic_bool *stop;
    bool kept;
    bool json;
    bool quiet;
};

struct view {
    const struct arguments *arguments;
    struct lh_trial *trial; /* NULL: nothing is judged */
    bool terminal;
    bool line_open; /* a progress line stands on the terminal */
};

static void close_line(struct view *view)
{
    if (view->line_open)
        (void)fputs("\r\033[K", stderr);
    view->line_open = false;
}

static void on_alarm(void *context, const struct lh_replay_alarm *news)
{
    struct view *view = context;
    const struct lh_alarm *alarm = news->alarm;
    if (view->trial && alarm->priority != LH_PRIORITY_NONE)
        lh_trial_hear(view->trial, news);
    if (alarm->priority == LH_PRIORITY_NONE && !view->arguments->kept)
        return;
    close_line(view);
    if (view->arguments->json) {
        (void)puts(news->json);
        return;
    }
    char when[LH_TIME_TEXT];
    (void)printf("%s  %-4s %-8s %-24s %-7s %.2f  %s\n", lh_time_format(alarm->updated_utc_us, when),
                 lh_priority_name(alarm->priority), lh_alarm_state_name(alarm->state),
                 alarm->camera[0] ? alarm->camera : "-", lh_alarm_kind_name(alarm),
                 alarm->probability, alarm->evidence.frame_boxes);
}

static void on_cue(void *context, const struct lh_cue *cue, const char *json)
{
    struct view *view = context;
    char when[LH_TIME_TEXT];
    close_line(view);
    if (view->arguments->json) {
        (void)puts(json);
        return;
    }
    const struct lh_cue_view *best = &cue->views[0];
    (void)printf("%s  cue  %-8s %-24s %s  azimuth %.1f, elevation %.1f, %.1f km: %s\n",
                 lh_time_format(cue->utc_us, when), cue->ended ? "ended" : "wanted", best->camera,
                 best->turn ? "turn" : best->preset, best->azimuth_deg, best->elevation_deg,
                 best->distance_m / 1000, cue->why);
}

static void on_progress(void *context, const struct lh_replay_progress *progress)
{
    struct view *view = context;
    if (view->arguments->quiet || !view->terminal)
        return;
    const double left_s =
        progress->share > 0.01 ? progress->elapsed_s * (1 - progress->share) / progress->share : -1;
    (void)fprintf(stderr, "\r\033[K%3.0f %%  clip %zu of %zu  %llu pictures  %.0f times real time",
                  100 * progress->share, progress->lanes_done, progress->lanes,
                  (unsigned long long)progress->frames, progress->speed);
    if (left_s >= 0)
        (void)fprintf(stderr, "  %.0f s left", left_s);
    view->line_open = true;
}

static bool read_count(const char *text, unsigned *ret_value)
{
    char *end;
    errno = 0;
    const unsigned long value = strtoul(text, &end, 10);
    if (errno || *end || end == text || value < 1 || value > 64)
        return false;
    *ret_value = (unsigned)value;
    return true;
}

static int misuse(const char *what, const char *which)
{
    (void)fprintf(stderr, "linhuo replay: %s%s; linhuo replay --help\n", what, which);
    return LH_EXIT_USAGE;
}

static int take_option(int option, struct arguments *arguments)
{
    switch (option) {
    case 1:
        if (arguments->site)
            return misuse("one site file, please; clips go behind --footage: ", optarg);
        arguments->site = optarg;
        break;
    case 'c':
        arguments->camera = optarg;
        break;
    case 'v':
        arguments->events = optarg;
        break;
    case 's':
        if (lh_time_parse(optarg, &arguments->start_utc_us) != LH_OK)
            return misuse("--start wants 2026-11-23T08:00:00+08:00, not ", optarg);
        break;
    case 'l':
        arguments->labels = optarg;
        break;
    case 'p':
        arguments->sheet = optarg;
        break;
    case 'e':
        arguments->evidence = optarg;
        break;
    case 't':
        if (!read_count(optarg, &arguments->threads))
            return misuse("--threads wants 1 to 64, not ", optarg);
        break;
    case 'j':
        arguments->json = true;
        break;
    case 'k':
        arguments->kept = true;
        break;
    case 'q':
        arguments->quiet = true;
        break;
    default:
        (void)fputs(help, stderr);
        return LH_EXIT_USAGE;
    }
    return LH_EXIT_DONE;
}

static int check_arguments(const struct arguments *arguments)
{
    if (!arguments->site)
        return misuse("which site file? configs/replay.yaml is one for trying", "");
    if (arguments->footage_count == 0 && !arguments->events)
        return misuse("which footage? --footage FILE|FOLDER ...; or --events FILE", "");
    if (arguments->footage_count == 0 && arguments->labels)
        return misuse("--labels judges footage; which?", "");
    if (arguments->sheet && !arguments->labels)
        return misuse("--sheet shows what --labels judge; which labels?", "");
    return LH_EXIT_DONE;
}

static int read_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"footage", required_argument, NULL, 'f'},
                                            {"events", required_argument, NULL, 'v'},
                                            {"camera", required_argument, NULL, 'c'},
                                            {"start", required_argument, NULL, 's'},
                                            {"labels", required_argument, NULL, 'l'},
                                            {"sheet", required_argument, NULL, 'p'},
                                            {"evidence", required_argument, NULL, 'e'},
                                            {"threads", required_argument, NULL, 't'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"kept", no_argument, NULL, 'k'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    int status = LH_EXIT_DONE;
    while (status == LH_EXIT_DONE &&
           (option = getopt_long(argc, argv, "-f:v:c:s:l:p:e:t:jkqh", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return -1;
        }
        if (option == 'f')
            lh_cmd_take_words(argc, argv, arguments->footage, &arguments->footage_count);
        else
            status = take_option(option, arguments);
    }
    return status == LH_EXIT_DONE ? check_arguments(arguments) : status;
}

static int open_tenure(const char *path, struct lh_tenure **ret_tenure)
{
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    int code = lh_site_load(path, &findings, &site);
    if (code == LH_OK) {
        lh_log_configure(site->log_level, site->log_format);
        code = lh_tenure_create(&site, &findings, ret_tenure);
    }
    lh_cmd_print_findings(path, &findings);
    if (code != LH_OK && findings.count == 0)
        (void)fprintf(stderr, "linhuo replay: %s: %s\n", path, lh_strerror(code));
    lh_findings_finish(&findings);
    return code;
}

static bool report_lanes(const struct lh_replay_result *result)
{
    bool all_read = true;
    for (size_t i = 0; i < result->lane_count; i++) {
        const struct lh_lane_report *lane = &result->lanes[i];
        if (lane->fault.code != LH_OK)
            (void)fprintf(stderr, "%s: %s (%llu pictures analysed)\n", lane->path, lane->fault.text,
                          (unsigned long long)lane->frames);
        all_read = all_read && lane->fault.code == LH_OK;
    }
    return all_read;
}

static void print_summary(const struct lh_replay_result *result)
{
    const struct lh_replay_progress *end = &result->progress;
    uint64_t held[LH_HOLDS] = {0};
    for (size_t i = 0; i < result->lane_count; i++)
        for (int k = 0; k < LH_HOLDS; k++)
            held[k] += result->lanes[i].held[k];
    (void)fprintf(stderr,
                  "%zu clips, %llu pictures, %.1f h of footage in %.1f s (%.0f times real time): "
                  "%llu alarms raised; tracks held back: %llu by place, %llu by verifier, %llu by "
                  "budget\n",
                  end->lanes, (unsigned long long)end->frames, end->footage_s / 3600,
                  end->elapsed_s, end->speed, (unsigned long long)result->desk.raised,
                  (unsigned long long)held[LH_HELD_PLACE],
                  (unsigned long long)held[LH_HELD_VERIFIER],
                  (unsigned long long)held[LH_HELD_BUDGET]);
}

static int open_trial(const struct arguments *arguments, const struct lh_footage *footage,
                      struct lh_trial **ret_trial)
{
    struct lh_fault fault = {0};
    const struct lh_trial_options options = {
        .labels = arguments->labels,
        .footage = footage,
        .sheet = arguments->sheet,
    };
    if (!arguments->labels)
        return LH_EXIT_DONE;
    if (lh_trial_create(&options, &fault, ret_trial) == LH_OK)
        return LH_EXIT_DONE;
    (void)fprintf(stderr, "linhuo replay: %s\n", fault.text);
    return fault.code == LH_ENOMEM ? LH_EXIT_FAILED : LH_EXIT_USAGE;
}

static int tell_judgement(const struct view *view, const struct lh_replay_result *result)
{
    struct lh_fault fault = {0};
    if (!view->trial)
        return LH_EXIT_DONE;
    if (lh_trial_close(view->trial, result, &fault) != LH_OK) {
        (void)fprintf(stderr, "linhuo replay: %s\n", fault.text);
        return fault.code == LH_ERANGE ? LH_EXIT_USAGE : LH_EXIT_FAILED;
    }
    if (!view->arguments->json)
        return lh_trial_print(view->trial, stdout) == LH_OK ? LH_EXIT_DONE : LH_EXIT_FAILED;
    if (!view->arguments->quiet)
        (void)lh_trial_print(view->trial, stderr);
    char *json;
    if (lh_trial_json(view->trial, &json) != LH_OK)
        return LH_EXIT_FAILED;
    (void)puts(json);
    free(json);
    return LH_EXIT_DONE;
}

static int finish_replay(struct view *view, struct lh_replay_result *result)
{
    close_line(view);
    int status = report_lanes(result) ? LH_EXIT_DONE : LH_EXIT_FAILED;
    if (!view->arguments->quiet)
        print_summary(result);
    if (atomic_load(view->arguments->stop) && view->trial) {
        (void)fputs("linhuo replay: stopped; nothing is judged\n", stderr);
        status = LH_EXIT_FAILED;
    } else {
        const int told = tell_judgement(view, result);
        status = told == LH_EXIT_DONE ? status : told;
    }
    return status;
}

static int replay_footage(const struct arguments *arguments, const struct lh_tenure *tenure,
                          const struct lh_footage *footage)
{
    struct view view = {.arguments = arguments, .terminal = isatty(STDERR_FILENO) != 0};
    int status = open_trial(arguments, footage, &view.trial);
    if (status != LH_EXIT_DONE)
        return status;
    const struct lh_replay_options options = {
        .tenure = tenure,
        .footage = footage,
        .events = arguments->events,
        .camera = arguments->camera,
        .start_utc_us = arguments->start_utc_us,
        .threads = arguments->threads,
        .kept = arguments->kept,
        .evidence_folder = arguments->evidence,
        .keep_frames = arguments->sheet != NULL,
        .stop = arguments->stop,
        .on_alarm = on_alarm,
        .on_cue = on_cue,
        .on_progress = on_progress,
        .context = &view,
    };
    struct lh_fault fault = {0};
    struct lh_replay_result result = {0};
    if (lh_replay_run(&options, &fault, &result) == LH_OK) {
        status = finish_replay(&view, &result);
    } else {
        close_line(&view);
        (void)fprintf(stderr, "linhuo replay: %s\n", fault.text);
        status = fault.code == LH_ENOTFOUND ? LH_EXIT_USAGE : LH_EXIT_FAILED;
    }
    lh_trial_destroy(&view.trial);
    lh_replay_result_finish(&result);
    return status;
}

static int replay(const struct arguments *arguments)
{
    struct lh_fault fault = {0};
    struct lh_footage footage = {0};
    struct lh_tenure *tenure = NULL;
    if (open_tenure(arguments->site, &tenure) != LH_OK)
        return LH_EXIT_USAGE;
    int status;
    if (arguments->footage_count == 0 ||
        lh_footage_list(arguments->footage, arguments->footage_count, &fault, &footage) == LH_OK) {
        status = replay_footage(arguments, tenure, &footage);
        lh_footage_finish(&footage);
    } else {
        (void)fprintf(stderr, "linhuo replay: %s\n", fault.text);
        status = fault.code == LH_ENOTFOUND ? LH_EXIT_USAGE : LH_EXIT_FAILED;
    }
    lh_tenure_unref(&tenure);
    return fflush(stdout) == 0 ? status : LH_EXIT_FAILED;
}

int lh_cmd_replay(int argc, char **argv)
{
    struct arguments arguments = {.start_utc_us = LH_NO_TIME};
    arguments.footage = calloc((size_t)argc + 1, sizeof(const char *));
    if (!arguments.footage)
        return LH_EXIT_FAILED;
    arguments.stop = lh_cmd_stop_on_signals();
    int status = read_arguments(argc, argv, &arguments);
    if (status == LH_EXIT_DONE)
        status = replay(&arguments);
    free(arguments.footage);
    return status < 0 ? LH_EXIT_DONE : status;
}
