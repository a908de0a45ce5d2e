/* What the three printed forms of the option table share: words about a row. */
#ifndef LH_BASE_OPTION_PRINT_H
#define LH_BASE_OPTION_PRINT_H

#include "base/option.h"

/* Room for one row's type and range in words. */
#define LH_OPTION_WORDS 160

/* "number, 0 to 3600 s" or "tcp, udp or auto". */
const char *lh_option_describe(const struct lh_option *option, char words[LH_OPTION_WORDS]);

/* The default as it would be written in YAML: "\"\"" for an empty text. NULL: must be given. */
const char *lh_option_default_text(const struct lh_option *option);

/* True for sections, lists of structs and maps. */
bool lh_option_holds_structs(const struct lh_option *option);

/* LH_EIO when anything written to out so far failed. */
int lh_option_flush(FILE *out);

#endif
