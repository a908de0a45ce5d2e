#include "cmd.h"
#include "cmd_line.h"
#include "tune_page.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: linhuo tune SITE.yaml --footage FILE|FOLDER ... --labels FILE --set NAME=FROM:TO:STEPS "
    "... [options]\n\n"
    "Tries every combination of the given settings on labelled footage and chooses one: within "
    "the\n"
    "budget of false alarms the one that finds most, then the one that finds soonest. The footage "
    "is\n"
    "looked at once; what the detectors said is kept, and tracks and alarms are tried over it. A\n"
    "setting that changes a detector itself needs the footage looked at again for each of its "
    "values.\n\n"
    "  --footage F ...    videos, folders of videos, folders of still pictures\n"
    "  --labels FILE      what is known of them (README.md)\n"
    "  --set NAME=F:T:N   N values from F to T; up to 8 times. NAME is tracks.KEY, alarms.KEY,\n"
    "                     detectors.NAME.min_score, or with new looks at the footage\n"
    "                     detectors.NAME.KEY of its plugin, camera_defaults.KEY\n"
    "  --budget X         false alarms a camera-day that are allowed; default 0.1\n"
    "  --report FILE      an HTML page with plots\n"
    "  --fragment FILE    the chosen settings, to put into a site file; otherwise they are "
    "printed\n"
    "  --camera ID, --start TIME, --threads N   as for linhuo replay\n"
    "  --json             one line of JSON, nothing else on stdout\n"
    "  --quiet            no progress\n"
    "  --help             this\n\n"
    "Exit status: 0 done, 1 some footage could not be read, 2 wrong usage, configuration or "
    "labels.\n"
    "  linhuo tune configs/replay.yaml --footage clips/ --labels clips/labels.json \\\n"
    "      --set tracks.confirm_hits=2:6:5 --set fusion.p3_probability=0.3:0.7:9 --report "
    "tune.html\n";

struct arguments {
    const char *site;
    const char **footage;
    size_t footage_count;
    const char **sets;
    size_t set_count;
    const char *labels;
    const char *camera;
    const char *report;
    const char *fragment;
    int64_t start_utc_us;
    double budget;
    unsigned threads;
    const atomic_bool *stop;
    bool json;
    bool quiet;
};

static int misuse(const char *what, const char *which)
{
    (void)fprintf(stderr, "linhuo tune: %s%s; linhuo tune --help\n", what, which);
    return LH_EXIT_USAGE;
}

static bool read_number(const char *text, double least, double most, double *ret_value)
{
    char *end;
    errno = 0;
    const double value = strtod(text, &end);
    if (errno || *end || end == text || !(value >= least && value <= most))
        return false;
    *ret_value = value;
    return true;
}

static int take_number(int option, struct arguments *arguments)
{
    double value = 0;
    if (option == 'b' && !read_number(optarg, 0, 1e6, &arguments->budget))
        return misuse("--budget wants false alarms a camera-day, not ", optarg);
    if (option == 't') {
        if (!read_number(optarg, 1, 64, &value) || floor(value) < value)
            return misuse("--threads wants 1 to 64, not ", optarg);
        arguments->threads = (unsigned)value;
    }
    if (option == 's' && lh_time_parse(optarg, &arguments->start_utc_us) != LH_OK)
        return misuse("--start wants 2026-11-23T08:00:00+08:00, not ", optarg);
    return LH_EXIT_DONE;
}

static int take_text(int option, struct arguments *arguments)
{
    switch (option) {
    case 'l':
        arguments->labels = optarg;
        break;
    case 'v':
        arguments->sets[arguments->set_count++] = optarg;
        break;
    case 'c':
        arguments->camera = optarg;
        break;
    case 'r':
        arguments->report = optarg;
        break;
    case 'g':
        arguments->fragment = optarg;
        break;
    case 'j':
        arguments->json = true;
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
    if (arguments->footage_count == 0)
        return misuse("which footage? --footage FILE|FOLDER ...", "");
    if (!arguments->labels)
        return misuse("which labels? --labels FILE", "");
    if (arguments->set_count == 0)
        return misuse("which setting? --set NAME=FROM:TO:STEPS", "");
    return LH_EXIT_DONE;
}

static int read_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"footage", required_argument, NULL, 'f'},
                                            {"labels", required_argument, NULL, 'l'},
                                            {"set", required_argument, NULL, 'v'},
                                            {"budget", required_argument, NULL, 'b'},
                                            {"report", required_argument, NULL, 'r'},
                                            {"fragment", required_argument, NULL, 'g'},
                                            {"camera", required_argument, NULL, 'c'},
                                            {"start", required_argument, NULL, 's'},
                                            {"threads", required_argument, NULL, 't'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    int status = LH_EXIT_DONE;
    while (status == LH_EXIT_DONE &&
           (option = getopt_long(argc, argv, "-f:l:v:b:r:g:c:s:t:jqh", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return -1;
        }
        if (option == 1 && arguments->site)
            return misuse("one site file, please; clips go behind --footage: ", optarg);
        if (option == 1)
            arguments->site = optarg;
        else if (option == 'f')
            lh_cmd_take_words(argc, argv, arguments->footage, &arguments->footage_count);
        else if (option == 'b' || option == 't' || option == 's')
            status = take_number(option, arguments);
        else
            status = take_text(option, arguments);
    }
    return status == LH_EXIT_DONE ? check_arguments(arguments) : status;
}

static void on_progress(void *context, size_t rerun, size_t reruns, double share)
{
    const struct arguments *arguments = context;
    if (arguments->quiet || !isatty(STDERR_FILENO))
        return;
    (void)fprintf(stderr, "\r\033[Klook %zu of %zu: %3.0f %%", rerun, reruns, 100 * share);
}

static int complain(const struct lh_fault *fault)
{
    (void)fprintf(stderr, "linhuo tune: %s\n", fault->text);
    return fault->code == LH_ENOMEM || fault->code == LH_EIO || fault->code == LH_ECLOSED
               ? LH_EXIT_FAILED
               : LH_EXIT_USAGE;
}

static int write_file(const char *path, const struct lh_tune_result *result,
                      int (*write)(const struct lh_tune_result *result, FILE *out))
{
    FILE *file = fopen(path, "w");
    const bool written = file && write(result, file) == LH_OK;
    if (file && fclose(file) == 0 && written)
        return LH_EXIT_DONE;
    (void)fprintf(stderr, "linhuo tune: %s: %s\n", path, strerror(errno));
    return LH_EXIT_FAILED;
}

static int tell(const struct arguments *arguments, const struct lh_tune_result *result)
{
    int status = LH_EXIT_DONE;
    if (arguments->json) {
        char *json;
        if (lh_tune_json(result, &json) != LH_OK)
            return LH_EXIT_FAILED;
        (void)puts(json);
        free(json);
    } else {
        (void)lh_tune_table(result, stdout);
    }
    if (arguments->report)
        status = write_file(arguments->report, result, lh_tune_html);
    if (arguments->fragment && status == LH_EXIT_DONE)
        status = write_file(arguments->fragment, result, lh_tune_fragment);
    if (!arguments->fragment && !arguments->json) {
        (void)fputs("\n", stdout);
        (void)lh_tune_fragment(result, stdout);
    }
    return status;
}

static int finish(const struct arguments *arguments, const struct lh_site *site,
                  const struct lh_sweep *sweep, const struct lh_tuning *tuning)
{
    struct lh_judgement chosen = {0};
    struct lh_judgement held_out = {0};
    const struct lh_tune_result result = {
        .tuning = tuning, .sweep = sweep, .site = site, .chosen = &chosen, .held_out = &held_out};
    int status = LH_EXIT_FAILED;
    if (lh_tradeoff_judge(&tuning->tradeoff, tuning->choice.chosen, &chosen) == LH_OK &&
        lh_tradeoff_judge_held_out(&tuning->tradeoff, &tuning->choice, &held_out) == LH_OK)
        status = tell(arguments, &result);
    lh_judgement_finish(&chosen);
    lh_judgement_finish(&held_out);
    for (size_t i = 0; i < tuning->docket.count; i++)
        if (tuning->list.cases[i].fault) {
            (void)fprintf(stderr, "%s\n", tuning->list.cases[i].fault);
            status = status == LH_EXIT_DONE ? LH_EXIT_FAILED : status;
        }
    return status;
}

static int tune(const struct arguments *arguments, const struct lh_site *site,
                const struct lh_sweep *sweep)
{
    struct lh_fault fault = {0};
    struct lh_footage footage;
    struct lh_tuning tuning;
    if (lh_footage_list(arguments->footage, arguments->footage_count, &fault, &footage) != LH_OK)
        return complain(&fault);
    const struct lh_tuning_options options = {
        .site = arguments->site,
        .footage = &footage,
        .labels = arguments->labels,
        .sweep = sweep,
        .camera = arguments->camera,
        .start_utc_us = arguments->start_utc_us,
        .threads = arguments->threads,
        .budget = arguments->budget,
        .stop = arguments->stop,
        .on_progress = on_progress,
        .context = (void *)(uintptr_t)arguments,
    };
    int status;
    const int code = lh_tuning_run(&options, &fault, &tuning);
    if (!arguments->quiet && isatty(STDERR_FILENO))
        (void)fputs("\r\033[K", stderr);
    if (code == LH_OK) {
        status = finish(arguments, site, sweep, &tuning);
        lh_tuning_finish(&tuning);
    } else {
        status = complain(&fault);
    }
    lh_footage_finish(&footage);
    return status;
}

static int open_and_tune(const struct arguments *arguments)
{
    struct lh_findings findings = {0};
    struct lh_fault fault = {0};
    struct lh_site *site = NULL;
    struct lh_sweep sweep = {.axis_count = 0};
    const int code = lh_site_load(arguments->site, &findings, &site);
    lh_cmd_print_findings(arguments->site, &findings);
    lh_findings_finish(&findings);
    if (code != LH_OK)
        return misuse("cannot work by ", arguments->site);
    lh_log_configure(site->log_level, site->log_format);
    int status = LH_EXIT_DONE;
    for (size_t i = 0; i < arguments->set_count && status == LH_EXIT_DONE; i++)
        if (lh_sweep_add(&sweep, site, arguments->sets[i], &fault) != LH_OK)
            status = complain(&fault);
    if (status == LH_EXIT_DONE)
        status = tune(arguments, site, &sweep);
    lh_sweep_finish(&sweep);
    lh_site_destroy(&site);
    return fflush(stdout) == 0 ? status : LH_EXIT_FAILED;
}

int lh_cmd_tune(int argc, char **argv)
{
    struct arguments arguments = {.start_utc_us = LH_NO_TIME, .budget = 0.1};
    arguments.footage = calloc((size_t)argc + 1, sizeof(const char *));
    arguments.sets = calloc((size_t)argc + 1, sizeof(const char *));
    arguments.stop = lh_cmd_stop_on_signals();
    int status = LH_EXIT_FAILED;
    if (arguments.footage && arguments.sets)
        status = read_arguments(argc, argv, &arguments);
    if (status == LH_EXIT_DONE)
        status = open_and_tune(&arguments);
    free(arguments.footage);
    free(arguments.sets);
    return status < 0 ? LH_EXIT_DONE : status;
}
