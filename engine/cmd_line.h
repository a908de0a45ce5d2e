/* What commands read from their command line, and say on the terminal, alike.
 *
 * Thread: main.
 */
#ifndef LH_CMD_LINE_H
#define LH_CMD_LINE_H

#include "base/site.h"

#include <stdatomic.h>
#include <stddef.h>

/* One option of getopt_long that takes all words up to the next option: optarg, and those behind it.
 * Appends to words, which has room for argc of them; the words are argv's. */
void lh_cmd_take_words(int argc, char **argv, const char **words, size_t *count);

/* From now on SIGINT and SIGTERM set the flag that is returned, which lives as long as the process. */
const atomic_bool *lh_cmd_stop_on_signals(void);

/* Each as path:line:column: text, on standard error, and how many more there were. */
void lh_cmd_print_findings(const char *path, const struct lh_findings *findings);

#endif
