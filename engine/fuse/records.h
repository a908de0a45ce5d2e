/* The incidents that fusion has announced, by number and by identifier.
 *
 * A record is alive, or merged into another and kept so that its identifier leads there, until that one
 * goes.
 *
 * Not thread-safe: the owner's thread.
 */
#ifndef LH_FUSE_RECORDS_H
#define LH_FUSE_RECORDS_H

#include "fuse/incident.h"

#define LH_NO_RECORD UINT32_MAX

struct lh_record {
    struct lh_incident incident;
    uint32_t anchor; /* the node that it is known by: it goes where that goes */
    uint32_t into;   /* the record it was merged into, LH_NO_RECORD: alive */
    uint32_t head;   /* first node of its group, by lh_node.next */
    size_t count;
    bool announced;
    /* as last announced */
    enum lh_incident_state told_state;
    size_t told_evidence;
    double told_probability;
    struct lh_geo told_centre;
    int64_t told_last_us;
};

struct lh_records;

int lh_records_create(struct lh_records **ret_records);
void lh_records_destroy(struct lh_records **records);

/* The record of that identifier (a merged one comes alive again), or a new one with the next number. The
 * identifier gets a suffix where a living record has it. LH_ENOMEM. */
int lh_records_begin(struct lh_records *records, const char *id, uint32_t *ret_number);
/* And those that were merged into it. */
void lh_records_end(struct lh_records *records, uint32_t number);

struct lh_record *lh_records_at(const struct lh_records *records, uint32_t number); /* NULL: none */
uint32_t lh_records_limit(const struct lh_records *records); /* above the highest in use */
size_t lh_records_alive(const struct lh_records *records);
/* The living one that the identifier leads to, or LH_NO_RECORD. */
uint32_t lh_records_find(const struct lh_records *records, const char *id);
void lh_records_merge(struct lh_records *records, uint32_t number, uint32_t into);

#endif
