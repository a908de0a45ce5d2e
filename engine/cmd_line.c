#include "cmd_line.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>

static atomic_bool stop_requested;

static void on_signal(int signal)
{
    (void)signal;
    atomic_store(&stop_requested, true);
}

const atomic_bool *lh_cmd_stop_on_signals(void)
{
    const struct sigaction action = {.sa_handler = on_signal};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    return &stop_requested;
}

void lh_cmd_take_words(int argc, char **argv, const char **words, size_t *count)
{
    words[(*count)++] = optarg;
    while (optind < argc && argv[optind][0] != '-')
        words[(*count)++] = argv[optind++];
}

void lh_cmd_print_findings(const char *path, const struct lh_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        (void)fprintf(stderr, "%s:%d:%d: %s\n", path, findings->items[i].place.line,
                      findings->items[i].place.column, findings->items[i].text);
    if (findings->cut > 0)
        (void)fprintf(stderr, "%s: and %zu more\n", path, findings->cut);
}
