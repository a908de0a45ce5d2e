/* The store of what must not be lost: SQLite, WAL, synchronous=FULL.
 *
 * An alarm is committed here before anything is sent. Tables: `alarm` (latest revision of each),
 * `event` (every published message with its stream, sequence and bytes), `meta` (schema version).
 * Nothing is deleted.
 *
 * A full disk: the file alarm.reserve beside the database holds space back; when SQLite reports
 * SQLITE_FULL it is given up and the write tried again, once. lh_store_reserve makes it again when
 * there is room. A write that still fails is LH_EFULL, and the caller keeps the alarm and tries again.
 *
 * Thread: the alarm thread. Other programs may read the file at any time.
 */
#ifndef LH_ALARM_STORE_H
#define LH_ALARM_STORE_H

#include "alarm/alarm.h"
#include "alarm/message.h"
#include "base/error.h"

struct lh_store;

/* Opens or makes data_folder/alarms.sqlite; the folder is made with mode 0700. A store of a newer
 * program is refused (LH_EFORMAT), with a sentence that says so. */
int lh_store_open(const char *data_folder, struct lh_fault *fault, struct lh_store **ret_store);
void lh_store_close(struct lh_store **store);

/* The sequence number the next event of the stream will get (1 in a new store). */
int lh_store_next_sequence(struct lh_store *store, const char *stream, uint64_t *ret_sequence);

/* Writes the alarm's revision and its message in one transaction and syncs it. */
int lh_store_put_alarm(struct lh_store *store, const struct lh_alarm *alarm,
                       const struct lh_serial *serial, const char *topic, const char *json,
                       struct lh_fault *fault);

/* Writes one event of another stream. */
int lh_store_put_event(struct lh_store *store, const struct lh_serial *serial, int64_t utc_us,
                       const char *topic, const char *json, struct lh_fault *fault);

/* Makes or refills the reserve file where there is room; LH_EFULL where not. */
int lh_store_reserve(struct lh_store *store);

/* Calls visit for the events of a stream after a sequence, in order, until it returns non-zero. */
int lh_store_events(struct lh_store *store, const char *stream, uint64_t after,
                    int (*visit)(void *context, uint64_t sequence, const char *epoch,
                                 const char *topic, const char *json),
                    void *context);

#endif
