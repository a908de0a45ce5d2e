/* A hash from numbers to numbers, several to one.
 *
 * Not thread-safe: the owner's thread.
 */
#ifndef LH_FUSE_BUCKETS_H
#define LH_FUSE_BUCKETS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct lh_buckets;

int lh_buckets_create(struct lh_buckets **ret_buckets);
void lh_buckets_destroy(struct lh_buckets **buckets);

/* After it so many inserts cannot fail. LH_ENOMEM. */
int lh_buckets_reserve(struct lh_buckets *buckets, size_t more);
/* Room must have been reserved. */
void lh_buckets_insert(struct lh_buckets *buckets, uint32_t key, uint32_t item);
/* Takes one such pair out, if there is one. */
void lh_buckets_remove(struct lh_buckets *buckets, uint32_t key, uint32_t item);

/* In no order that means anything. */
typedef void (*lh_buckets_found_fn)(void *context, uint32_t item);
void lh_buckets_find(const struct lh_buckets *buckets, uint32_t key, lh_buckets_found_fn found,
                     void *context);

#endif
