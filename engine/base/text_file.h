/* A whole file in memory, of bounded size.
 *
 * Thread-safety: safe.
 */
#ifndef LH_BASE_TEXT_FILE_H
#define LH_BASE_TEXT_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Ends in a zero byte that is not counted. LH_ELIMIT over max_bytes. Caller frees. */
int lh_text_file_read(const char *path, size_t max_bytes, struct lh_fault *fault,
                      uint8_t **ret_bytes, size_t *ret_size);

#endif
