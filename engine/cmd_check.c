#include "base/site.h"
#include "cmd.h"
#include "detect/plugin.h"
#include "locate/roster.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "usage: linhuo check SITE.yaml [--json]\n\n"
    "Reads a site file and everything the engine would open but cameras: files of credentials, "
    "the\n"
    "data folder, detectors and their settings, local video, the grid and the roster. Names every "
    "mistake in one run:\n\n"
    "  site.yaml:12:5: unknown key 'watch_intervall_s'; did you mean 'watch_interval_s'?\n\n"
    "  --json   for a program: {\"file\", \"good\", \"cameras\", \"detectors\", \"findings\": "
    "[{\"line\",\n"
    "           \"column\", \"text\"}], \"more\"}; line 0: no line of the file says it\n"
    "  --help   this\n\n"
    "Exit status: 0 good, 1 the check itself failed, 2 mistakes, or wrong usage.\n";

/* Makes what would be made when the engine starts; nothing is made here. */
static void check_data_folder(const struct lh_site *site, struct lh_findings *findings)
{
    struct stat status;
    char *folder = strdup(site->data_folder);
    if (!folder)
        return;
    while (stat(folder, &status) != 0) {
        char *slash = strrchr(folder, '/');
        if ((errno != ENOENT && errno != ENOTDIR) || !slash) {
            lh_findings_add(findings, site->data_folder_place, "the data folder '%s': %s", folder,
                            strerror(errno));
            goto done;
        }
        slash[slash == folder] = '\0';
    }
    const bool there = strcmp(folder, site->data_folder) == 0;
    if (!S_ISDIR(status.st_mode))
        lh_findings_add(findings, site->data_folder_place,
                        "the data folder cannot be made: '%s' is not a folder", folder);
    else if (access(folder, W_OK | X_OK) != 0)
        lh_findings_add(findings, site->data_folder_place, "%s '%s': %s",
                        there ? "nothing can be written into the data folder"
                              : "the data folder cannot be made in",
                        folder, strerror(errno));
done:
    free(folder);
}

static void check_local_video(const struct lh_site *site, struct lh_findings *findings)
{
    for (size_t i = 0; i < site->camera_count; i++) {
        const struct lh_camera_config *camera = &site->cameras[i];
        if (camera->url[0] == '\0' || strstr(camera->url, "://"))
            continue;
        struct stat status;
        int wrong = stat(camera->url, &status) != 0 ? errno : 0;
        if (!wrong && access(camera->url, S_ISDIR(status.st_mode) ? R_OK | X_OK : R_OK) != 0)
            wrong = errno;
        if (wrong)
            lh_findings_add(findings, camera->url_place,
                            "'url' is a path, and '%s' cannot be read: %s", camera->url,
                            strerror(wrong));
    }
}

/* What is odd about a grid is no mistake: linhuo route says it. */
static int check_responsibility(const struct lh_site *site, struct lh_findings *findings)
{
    const struct lh_responsibility_config *config = &site->responsibility;
    const struct lh_place nowhere = {0, 0};
    struct lh_fault fault = {0};
    struct lh_findings mistakes = {0};
    struct lh_grid *grid = NULL;
    struct lh_roster *roster = NULL;
    int code = LH_OK;
    if (config->grid_count > 0)
        code = lh_grid_load(config->grid, config->grid_count, (enum lh_datum)config->datum, &fault,
                            &grid);
    if (code == LH_ECONFIG)
        lh_findings_add(findings, nowhere, "responsibility.grid: %s", fault.text);
    if (code != LH_ENOMEM && config->roster[0])
        code = lh_roster_load(config->roster, 0, &mistakes, &roster);
    for (size_t i = 0; i < mistakes.count; i++)
        lh_findings_add(findings, nowhere, "responsibility.roster: %s:%d:%d: %s", config->roster,
                        mistakes.items[i].place.line, mistakes.items[i].place.column,
                        mistakes.items[i].text);
    lh_findings_finish(&mistakes);
    lh_roster_destroy(&roster);
    lh_grid_destroy(&grid);
    return code == LH_ENOMEM ? code : LH_OK;
}

static int check_plugins(const struct lh_site *site, struct lh_findings *findings)
{
    struct lh_plugin_registry *registry = NULL;
    int code = lh_plugin_registry_create(&registry);
    if (code == LH_OK)
        code = lh_plugins_check(registry, site, findings);
    lh_plugin_registry_destroy(&registry);
    return code == LH_ECONFIG ? LH_OK : code;
}

/* LH_OK: looked at; findings tells. Anything else: the file or the check failed. */
static int examine(const char *path, struct lh_findings *findings, struct lh_site **ret_site)
{
    int code = lh_site_examine(path, findings, ret_site);
    if (code != LH_OK && code != LH_ECONFIG)
        return code;
    if (!*ret_site)
        return LH_OK;
    check_data_folder(*ret_site, findings);
    check_local_video(*ret_site, findings);
    code = check_responsibility(*ret_site, findings);
    if (code == LH_OK)
        code = check_plugins(*ret_site, findings);
    lh_findings_sort(findings);
    return code;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void print_text(const char *path, const struct lh_findings *findings,
                       const struct lh_site *site)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct lh_finding *finding = &findings->items[i];
        if (finding->place.line > 0)
            (void)printf("%s:%d:%d: %s\n", path, finding->place.line, finding->place.column,
                         finding->text);
        else
            (void)printf("%s: %s\n", path, finding->text);
    }
    const size_t count = findings->count + findings->cut;
    if (count > 0)
        (void)printf("%s: %zu mistake%s%s\n", path, count, plural(count),
                     findings->cut > 0 ? ", of which the first are shown" : "");
    else
        (void)printf(
            "%s: good: %zu camera%s, %zu detector%s%s\n", path, site->camera_count,
            plural(site->camera_count), site->detector_count, plural(site->detector_count),
            site->camera_count == 0 ? " (nothing is watched: it serves 'linhuo replay' only)" : "");
}

static int print_json(const char *path, const struct lh_findings *findings,
                      const struct lh_site *site)
{
    json_t *list = json_array();
    for (size_t i = 0; i < findings->count; i++) {
        const struct lh_finding *finding = &findings->items[i];
        (void)json_array_append_new(list, json_pack("{s:i, s:i, s:s}", "line", finding->place.line,
                                                    "column", finding->place.column, "text",
                                                    finding->text));
    }
    json_t *answer = json_pack("{s:s, s:b, s:I, s:I, s:o, s:I}", "file", path, "good",
                               findings->count + findings->cut == 0, "cameras",
                               (json_int_t)(site ? site->camera_count : 0), "detectors",
                               (json_int_t)(site ? site->detector_count : 0), "findings", list,
                               "more", (json_int_t)findings->cut);
    const int failed = !answer || json_dumpf(answer, stdout, JSON_COMPACT) != 0;
    json_decref(answer);
    (void)putchar('\n');
    return failed ? LH_ENOMEM : LH_OK;
}

static int check(const char *path, bool json)
{
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    int status = LH_EXIT_DONE;
    int code = examine(path, &findings, &site);
    if (code != LH_OK) {
        (void)fprintf(stderr, "linhuo check: %s: %s\n", path, lh_strerror(code));
        status = code == LH_ENOTFOUND || code == LH_EPERM ? LH_EXIT_USAGE : LH_EXIT_FAILED;
        goto done;
    }
    if (json)
        code = print_json(path, &findings, site);
    else
        print_text(path, &findings, site);
    if (findings.count + findings.cut > 0)
        status = LH_EXIT_USAGE;
    if (code != LH_OK || fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "linhuo check: the result cannot be written\n");
        status = LH_EXIT_FAILED;
    }
done:
    lh_site_destroy(&site);
    lh_findings_finish(&findings);
    return status;
}

int lh_cmd_check(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    bool json = false;
    optind = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case 'j':
            json = true;
            break;
        case 'h':
            (void)fputs(help, stdout);
            return LH_EXIT_DONE;
        default:
            return LH_EXIT_USAGE;
        }
    }
    if (argc - optind != 1) {
        (void)fputs("linhuo check: name one site file, as in 'linhuo check site.yaml'\n", stderr);
        return LH_EXIT_USAGE;
    }
    return check(argv[optind], json);
}
