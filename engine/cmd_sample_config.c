#include "base/option.h"
#include "cmd.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "usage: linhuo sample-config [--reference | --schema]\n\n"
    "Prints a site file with every option, its meaning, range and default. It can be used as it\n"
    "stands: put your camera's address in, and say\n\n"
    "  linhuo sample-config > site.yaml\n"
    "  linhuo check site.yaml\n"
    "  linhuo run site.yaml\n\n"
    "  --reference   the same as Markdown tables\n"
    "  --schema      the same as JSON Schema (draft 2020-12), for editors that check while one "
    "types\n"
    "  --help        this\n\n"
    "Exit status: 0 printed, 1 the output cannot be written, 2 wrong usage.\n";

int lh_cmd_sample_config(int argc, char **argv)
{
    static const struct option options[] = {
        {"reference", no_argument, NULL, 'r'},
        {"schema", no_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int (*write_form)(FILE *) = lh_site_write_sample;
    int forms = 0;
    optind = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return LH_EXIT_DONE;
        }
        if (option != 'r' && option != 's')
            return LH_EXIT_USAGE;
        write_form = option == 'r' ? lh_site_write_reference : lh_site_write_schema;
        forms++;
    }
    if (optind < argc || forms > 1) {
        (void)fputs(forms > 1
                        ? "linhuo sample-config: one of --reference and --schema\n"
                        : "linhuo sample-config: takes no file; it prints to standard output\n",
                    stderr);
        return LH_EXIT_USAGE;
    }
    if (write_form(stdout) != LH_OK) {
        perror("linhuo sample-config: standard output");
        return LH_EXIT_FAILED;
    }
    return LH_EXIT_DONE;
}
