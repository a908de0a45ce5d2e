#include "cmd.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* NULL: a program of its own, linhuo-NAME */
    const char *summary;
};

static const struct command commands[] = {
    {"run", lh_cmd_run, "watch the cameras of a site and raise alarms"},
    {"check", lh_cmd_check, "find every mistake in a site file"},
    {"replay", lh_cmd_replay, "run recorded footage through the whole engine"},
    {"tune", lh_cmd_tune, "sweep settings over labelled footage and choose"},
    {"watch", lh_cmd_watch, "show alarms as they are published"},
    {"report", lh_cmd_report, "tell the engine what a person on the ground says"},
    {"status", lh_cmd_status, "what the running engine sees, and what it does not"},
    {"hotspots", lh_cmd_hotspots, "read satellite hotspots, ask the feeds, find standing heat"},
    {"calibrate", lh_cmd_calibrate, "where a camera looks, from landmarks or the skyline"},
    {"viewshed", lh_cmd_viewshed, "what towers see, and what towers not yet built would add"},
    {"danger", lh_cmd_danger, "fire weather indices and danger levels from a table of weather"},
    {"plugins", lh_cmd_plugins, "detectors at hand, with their settings"},
    {"sample-config", lh_cmd_sample_config,
     "a commented site file, the reference, the JSON Schema"},
    {"world", NULL, "a county in a box: cameras, smoke and nuisances with known truth"},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(FILE *file)
{
    (void)fputs("linhuo: early warning of forest fires from cameras\n\n"
                "usage: linhuo COMMAND [ARGUMENTS]\n\n",
                file);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        (void)fprintf(file, "  %-15s%s\n", commands[i].name, commands[i].summary);
    (void)fputs("\nlinhuo COMMAND --help says more. A first site file:\n"
                "  linhuo sample-config > site.yaml && linhuo check site.yaml\n"
                "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n",
                file);
}

/* The program beside this one, else the one on the PATH. */
static int run_beside(const char *name, char **argv)
{
    char here[PATH_MAX];
    char program[PATH_MAX + 64];
    const ssize_t length = readlink("/proc/self/exe", here, sizeof here - 1);
    if (length > 0) {
        here[length] = '\0';
        (void)snprintf(program, sizeof program, "%s/linhuo-%s", dirname(here), name);
        (void)execv(program, argv);
    }
    (void)snprintf(program, sizeof program, "linhuo-%s", name);
    (void)execvp(program, argv);
    (void)fprintf(stderr,
                  "linhuo: the program linhuo-%s cannot be run (%s); it is built where its own "
                  "libraries are installed: make build\n",
                  name, strerror(errno));
    return LH_EXIT_FAILED;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return LH_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return LH_EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("linhuo %s\n", LH_VERSION);
        return LH_EXIT_DONE;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        if (!commands[i].run)
            return run_beside(commands[i].name, argv + 1);
        return commands[i].run(argc - 1, argv + 1);
    }
    (void)fprintf(stderr, "linhuo: there is no command '%s'; linhuo --help lists them\n", argv[1]);
    return LH_EXIT_USAGE;
}
