#include "fuse/records.h"

#include "fuse/buckets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lh_records {
    struct lh_record **items;
    uint32_t limit;
    uint32_t capacity;
    uint32_t free_hint; /* no free place below */
    size_t alive;
    uint64_t next_number;
    struct lh_buckets *ids;
};

int lh_records_create(struct lh_records **ret_records)
{
    struct lh_records *records = calloc(1, sizeof *records);
    if (!records)
        return LH_ENOMEM;
    records->next_number = 1;
    if (lh_buckets_create(&records->ids) != LH_OK) {
        free(records);
        return LH_ENOMEM;
    }
    *ret_records = records;
    return LH_OK;
}

static void free_record(struct lh_record *record)
{
    if (record)
        lh_incident_finish(&record->incident);
    free(record);
}

void lh_records_destroy(struct lh_records **records)
{
    if (!*records)
        return;
    for (uint32_t i = 0; i < (*records)->limit; i++)
        free_record((*records)->items[i]);
    free((*records)->items);
    lh_buckets_destroy(&(*records)->ids);
    free(*records);
    *records = NULL;
}

static uint32_t hash_id(const char *id)
{
    uint32_t hash = 2166136261U;
    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * 16777619U;
    return hash;
}

struct id_search {
    const struct lh_records *records;
    const char *id;
    uint32_t found;
};

static void look_at(void *context, uint32_t number)
{
    struct id_search *search = context;
    if (strcmp(search->records->items[number]->incident.id, search->id) == 0)
        search->found = number;
}

/* Also a merged one. */
static uint32_t search_id(const struct lh_records *records, const char *id)
{
    struct id_search search = {records, id, LH_NO_RECORD};
    lh_buckets_find(records->ids, hash_id(id), look_at, &search);
    return search.found;
}

static int reserve_place(struct lh_records *records, uint32_t *ret_place)
{
    uint32_t at = records->free_hint;
    while (at < records->limit && records->items[at])
        at++;
    records->free_hint = at;
    if (at == records->capacity) {
        const uint32_t capacity = records->capacity * 2 + 64;
        struct lh_record **grown =
            reallocarray(records->items, capacity, sizeof(struct lh_record *));
        if (!grown)
            return LH_ENOMEM;
        records->items = grown;
        records->capacity = capacity;
    }
    *ret_place = at;
    return lh_buckets_reserve(records->ids, 1);
}

static int make(struct lh_records *records, const char *id, uint32_t *ret_number)
{
    uint32_t at;
    struct lh_record *record = calloc(1, sizeof *record);
    if (!record || reserve_place(records, &at) != LH_OK) {
        free(record);
        return LH_ENOMEM;
    }
    record->anchor = LH_NO_RECORD;
    record->into = LH_NO_RECORD;
    record->incident.number = records->next_number++;
    (void)snprintf(record->incident.id, sizeof record->incident.id, "%s", id);
    records->items[at] = record;
    if (at == records->limit)
        records->limit++;
    records->alive++;
    lh_buckets_insert(records->ids, hash_id(id), at);
    *ret_number = at;
    return LH_OK;
}

int lh_records_begin(struct lh_records *records, const char *id, uint32_t *ret_number)
{
    char name[LH_INCIDENT_ID];
    (void)snprintf(name, sizeof name, "%s", id);
    for (unsigned again = 2;; again++) {
        const uint32_t known = search_id(records, name);
        if (known == LH_NO_RECORD)
            return make(records, name, ret_number);
        if (records->items[known]->into != LH_NO_RECORD) {
            records->items[known]->into = LH_NO_RECORD;
            records->items[known]->announced = false;
            records->alive++;
            *ret_number = known;
            return LH_OK;
        }
        (void)snprintf(name, sizeof name, "%.140s.%u", id, again);
    }
}

static void free_place(struct lh_records *records, uint32_t number)
{
    struct lh_record *record = records->items[number];
    if (record->into == LH_NO_RECORD)
        records->alive--;
    lh_buckets_remove(records->ids, hash_id(record->incident.id), number);
    free_record(record);
    records->items[number] = NULL;
    if (number < records->free_hint)
        records->free_hint = number;
}

void lh_records_end(struct lh_records *records, uint32_t number)
{
    for (uint32_t i = 0; i < records->limit; i++)
        if (records->items[i] && records->items[i]->into == number)
            free_place(records, i);
    free_place(records, number);
}

struct lh_record *lh_records_at(const struct lh_records *records, uint32_t number)
{
    return number < records->limit ? records->items[number] : NULL;
}

uint32_t lh_records_limit(const struct lh_records *records)
{
    return records->limit;
}

size_t lh_records_alive(const struct lh_records *records)
{
    return records->alive;
}

uint32_t lh_records_find(const struct lh_records *records, const char *id)
{
    const uint32_t found = search_id(records, id);
    if (found == LH_NO_RECORD || records->items[found]->into == LH_NO_RECORD)
        return found;
    return records->items[found]->into;
}

void lh_records_merge(struct lh_records *records, uint32_t number, uint32_t into)
{
    records->items[number]->into = into;
    records->alive--;
    for (uint32_t i = 0; i < records->limit; i++)
        if (records->items[i] && records->items[i]->into == number)
            records->items[i]->into = into;
}
