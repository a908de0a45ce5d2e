#include "alarm/cap.h"
#include "alarm/geojson.h"
#include "alarm/json.h"
#include "alarm/message.h"
#include "cmd.h"
#include "cmd_line.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_MOST ((size_t)256 * 1024)

static const char help[] =
    "usage: linhuo export SITE.yaml --cap FOLDER < alarms.jsonl\n"
    "       linhuo export SITE.yaml --geojson    < alarms.jsonl\n\n"
    "Writes alarms as other systems read them. Standard input has a message a line, as\n"
    "'linhuo watch --json' and 'linhuo replay --json' print them; what is no alarm is passed "
    "over.\n\n"
    "  --cap FOLDER   a CAP 1.2 document for each revision, ID-rREVISION.xml; the folder is made.\n"
    "                 An update names the earlier documents that are in the folder; a document "
    "that\n"
    "                 is there stays, so that the same lines may come twice\n"
    "  --geojson      a GeoJSON feature for each revision, a line each, on standard output\n"
    "  --help         this\n\n"
    "  linhuo watch site.yaml --json | linhuo export site.yaml --cap outbox/\n"
    "  linhuo replay replay.yaml --footage clips/ --json | linhuo export replay.yaml --geojson\n\n"
    "Status is Test until the site says 'cap: {status: actual}'; scope is Restricted always: the\n"
    "public is warned by those whose office that is. The documents lie in the folder; nothing is\n"
    "sent from here.\n"
    "Exit status: 0 done, 1 a line or a file failed (the others were written), 2 wrong usage or\n"
    "configuration.\n";

struct export
{
    const char *site_path;
    const char *cap_folder; /* NULL: none */
    bool geojson;
    struct lh_cap_options cap;
    unsigned long line;
    unsigned long failed;
};

static int wrong(const char *what)
{
    (void)fprintf(stderr, "linhuo export: %s; linhuo export --help says more\n", what);
    return LH_EXIT_USAGE;
}

static void fail(struct export *export, const char *why)
{
    export->failed++;
    (void)fprintf(stderr, "linhuo export: line %lu: %s\n", export->line, why);
}

/* Those below every priority are in the stream 'kept', and are not published. */
static bool is_alarm(const json_t *message)
{
    const char *schema = json_string_value(json_object_get(message, "schema"));
    const char *stream = json_string_value(json_object_get(message, "stream"));
    return schema && stream && strncmp(schema, "linhuo/alarm/", 13) == 0 &&
           strcmp(stream, LH_STREAM_ALARM) == 0;
}

static void print_feature(struct export *export, const json_t *alarm)
{
    char *text = NULL;
    if (lh_json_finish(lh_geojson_feature(alarm), &text) == LH_OK)
        (void)puts(text);
    else
        fail(export, "out of memory");
    free(text);
}

static void take(struct export *export, const char *line)
{
    json_error_t error;
    struct lh_fault fault = {0};
    json_t *message = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    if (!message)
        fail(export, error.text);
    if (is_alarm(message)) {
        if (export->cap_folder &&
            lh_cap_store(export->cap_folder, message, &export->cap, &fault) != LH_OK)
            fail(export, fault.text);
        if (export->geojson)
            print_feature(export, message);
    }
    json_decref(message);
}

/* False at the end. Longer lines are no messages and are passed over. */
static bool read_line(struct export *export, char *line)
{
    export->line++;
    if (!fgets(line, (int)LINE_MOST, stdin))
        return false;
    if (strchr(line, '\n') || feof(stdin))
        return true;
    for (int c = getc(stdin); c != '\n' && c != EOF; c = getc(stdin))
        ;
    fail(export, "it is too long");
    line[0] = '\0';
    return true;
}

static int export_all(struct export *export)
{
    char *line = malloc(LINE_MOST);
    if (!line)
        return LH_EXIT_FAILED;
    while (read_line(export, line)) {
        if (line[strspn(line, " \t\r\n")] != '\0')
            take(export, line);
        if (fflush(stdout) != 0 || ferror(stdout))
            break;
    }
    free(line);
    return export->failed == 0 && !ferror(stdin) && !ferror(stdout) ? LH_EXIT_DONE : LH_EXIT_FAILED;
}

static int run(struct export *export)
{
    struct lh_findings findings = {0};
    struct lh_fault fault = {0};
    struct lh_site *site = NULL;
    int code = lh_site_load(export->site_path, &findings, &site);
    if (code != LH_OK) {
        (void)fprintf(stderr, "linhuo export: %s: %s\n", export->site_path, lh_strerror(code));
        lh_cmd_print_findings(export->site_path, &findings);
    } else {
        code = lh_cap_options_of(site, &fault, &export->cap);
    }
    if (code == LH_OK && export->cap_folder && mkdir(export->cap_folder, 0755) != 0 &&
        errno != EEXIST)
        code = lh_fail(&fault, LH_EIO, "%.300s: %s", export->cap_folder, strerror(errno));
    if (fault.code != LH_OK)
        (void)fprintf(stderr, "linhuo export: %s\n", fault.text);
    const int status = code == LH_OK ? export_all(export) : LH_EXIT_USAGE;
    lh_findings_finish(&findings);
    lh_site_destroy(&site);
    return status;
}

int lh_cmd_export(int argc, char **argv)
{
    static const struct option options[] = {{"cap", required_argument, NULL, 'c'},
                                            {"geojson", no_argument, NULL, 'g'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct export export = {.line = 0};
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return LH_EXIT_DONE;
        }
        if (option == '?')
            return LH_EXIT_USAGE;
        if (option == 'c')
            export.cap_folder = optarg;
        else
            export.geojson = true;
    }
    if (optind + 1 != argc)
        return wrong("one site file, please");
    if (!export.cap_folder && !export.geojson)
        return wrong("as what? --cap FOLDER or --geojson");
    export.site_path = argv[optind];
    return run(&export);
}
