#include "fuse/buckets.h"

#include <stdlib.h>

#define BUCKET_BITS 15
#define BUCKETS (1U << BUCKET_BITS)
#define END UINT32_MAX

struct entry {
    uint32_t key;
    uint32_t item;
    uint32_t next;
};

struct lh_buckets {
    uint32_t heads[BUCKETS];
    struct entry *entries;
    uint32_t used;
    uint32_t capacity;
    uint32_t free_head;
};

int lh_buckets_create(struct lh_buckets **ret_buckets)
{
    struct lh_buckets *buckets = calloc(1, sizeof *buckets);
    if (!buckets)
        return LH_ENOMEM;
    for (size_t i = 0; i < BUCKETS; i++)
        buckets->heads[i] = END;
    buckets->free_head = END;
    *ret_buckets = buckets;
    return LH_OK;
}

void lh_buckets_destroy(struct lh_buckets **buckets)
{
    if (!*buckets)
        return;
    free((*buckets)->entries);
    free(*buckets);
    *buckets = NULL;
}

static uint32_t bucket_of(uint32_t key)
{
    return (key * 2654435761U) >> (32 - BUCKET_BITS);
}

int lh_buckets_reserve(struct lh_buckets *buckets, size_t more)
{
    if (more <= buckets->capacity - buckets->used)
        return LH_OK;
    const size_t capacity = (size_t)buckets->capacity * 2 + more + 256;
    if (capacity >= END)
        return LH_ENOMEM;
    struct entry *grown = reallocarray(buckets->entries, capacity, sizeof *grown);
    if (!grown)
        return LH_ENOMEM;
    buckets->entries = grown;
    buckets->capacity = (uint32_t)capacity;
    return LH_OK;
}

void lh_buckets_insert(struct lh_buckets *buckets, uint32_t key, uint32_t item)
{
    uint32_t at = buckets->free_head;
    if (at != END)
        buckets->free_head = buckets->entries[at].next;
    else
        at = buckets->used++;
    uint32_t *head = &buckets->heads[bucket_of(key)];
    buckets->entries[at] = (struct entry){.key = key, .item = item, .next = *head};
    *head = at;
}

void lh_buckets_remove(struct lh_buckets *buckets, uint32_t key, uint32_t item)
{
    for (uint32_t *link = &buckets->heads[bucket_of(key)]; *link != END;) {
        const uint32_t at = *link;
        struct entry *entry = &buckets->entries[at];
        if (entry->key != key || entry->item != item) {
            link = &entry->next;
            continue;
        }
        *link = entry->next;
        entry->next = buckets->free_head;
        buckets->free_head = at;
        return;
    }
}

void lh_buckets_find(const struct lh_buckets *buckets, uint32_t key, lh_buckets_found_fn found,
                     void *context)
{
    for (uint32_t at = buckets->heads[bucket_of(key)]; at != END; at = buckets->entries[at].next)
        if (buckets->entries[at].key == key)
            found(context, buckets->entries[at].item);
}
