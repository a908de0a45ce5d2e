/* Text that comes from a plugin, made fit for logs, terminals and JSON. */
#ifndef LH_DETECT_PLUGIN_TEXT_H
#define LH_DETECT_PLUGIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Copies at most size - 1 bytes: control characters become spaces, bytes that are no UTF-8 become '?',
 * no character is cut in half. from may be NULL, for "". Returns to. */
char *lh_plugin_text_copy(char *to, size_t size, const char *from);

/* True when text is one non-empty line of UTF-8 of at most max_bytes; reads no further than that. */
bool lh_plugin_text_ok(const char *text, size_t max_bytes);

#endif
