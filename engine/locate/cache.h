/* Results that take seconds to compute, kept on disk.
 *
 * A file a result, named by its kind and a hash of its key. The key, a line of text, says everything the
 * result was made of; it stands in the file and must match to the letter, and a checksum guards the rest.
 * What does not match or is spoilt is as if it were not there. Writing goes to a file beside it first, so
 * that nobody reads half a result.
 *
 * Thread: any; two that store the same result at once store the same bytes.
 */
#ifndef LH_LOCATE_CACHE_H
#define LH_LOCATE_CACHE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define LH_CACHE_KEY_BYTES 512
#define LH_CACHE_SIZE_MOST ((size_t)256 << 20)

/* LH_ENOTFOUND where there is none that holds. The caller frees ret_bytes with free(). */
int lh_cache_load(const char *folder, const char *kind, const char *key, void **ret_bytes,
                  size_t *ret_size);

/* Makes the folder, mode 0700, where it is missing; its parent must be there. */
int lh_cache_store(const char *folder, const char *kind, const char *key, const void *bytes,
                   size_t size, struct lh_fault *fault);

/* FNV-1a of 64 bits, begun with LH_CACHE_HASH. */
#define LH_CACHE_HASH 0xcbf29ce484222325U
uint64_t lh_cache_hash(uint64_t hash, const void *bytes, size_t size);

#endif
