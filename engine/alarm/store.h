/* The store of what must not be lost: SQLite, WAL, synchronous=FULL.
 *
 * An alarm is committed here before anything is sent. Tables: `alarm` (latest revision of each),
 * `event` (every message with its stream, sequence and bytes), `audit` (everything that came to the inbox, and
 * what became of it; the database itself refuses to change or delete a row), `meta` (when the store was begun).
 * Nothing is deleted. The schema's version is PRAGMA user_version; an older store is brought up to date
 * when it is opened.
 *
 * A full disk: the file alarm.reserve beside the database holds space back; when SQLite reports
 * SQLITE_FULL it is given up and the write tried again, once. lh_store_reserve makes it again when
 * there is room. A write that still fails is LH_EFULL, and the caller keeps the alarm and tries again.
 *
 * A damaged database is never written to and never deleted: it is moved aside with its log
 * (alarms.damaged-TIME.sqlite, -wal), a new one is begun, and lh_store_notice says so. The same happens
 * where the damage shows only while the engine runs. What it held can be read with the sqlite3
 * program's .recover. The check at opening (PRAGMA quick_check) is left out for a database of more than
 * 512 MiB, which would keep the engine blind for too long.
 *
 * One engine a data folder: the store holds a lock on alarms.lock as long as it is open.
 *
 * Thread: the alarm thread. Other programs may read the database at any time.
 */
#ifndef LH_ALARM_STORE_H
#define LH_ALARM_STORE_H

#include "alarm/alarm.h"
#include "alarm/message.h"
#include "base/error.h"

struct lh_store;

/* Opens or makes data_folder/alarms.sqlite; the folder is made with mode 0700, its parents too. A store
 * of a newer program is refused (LH_EFORMAT), one that another engine has open too (LH_EEXIST), with a
 * sentence that says so. LH_EPERM, LH_EFULL, LH_EIO, LH_ENOMEM. */
int lh_store_open(const char *data_folder, struct lh_fault *fault, struct lh_store **ret_store);
/* Accepts &NULL; leaves NULL. */
void lh_store_close(struct lh_store **store);

/* The last thing the operator must know about the store ("... was damaged and moved aside ..."); "" for
 * nothing. Lent until the next write. */
const char *lh_store_notice(const struct lh_store *store);

/* The sequence number the next event of the stream will get (1 in a new store). */
int lh_store_next_sequence(struct lh_store *store, const char *stream, uint64_t *ret_sequence);

/* Writes the alarm's revision and its message in one transaction and syncs it. Writing once more what is
 * there already, byte for byte, is LH_OK; another message under the same number is LH_EEXIST.
 * LH_EFULL, LH_EAGAIN (another program holds the database), LH_EIO, LH_ENOMEM: nothing was written. */
int lh_store_put_alarm(struct lh_store *store, const struct lh_alarm *alarm,
                       const struct lh_serial *serial, const char *topic, const char *json,
                       struct lh_fault *fault);

/* Writes one event of another stream. */
int lh_store_put_event(struct lh_store *store, const struct lh_serial *serial, int64_t utc_us,
                       const char *topic, const char *json, struct lh_fault *fault);

/* One message that somebody sent, and what became of it. Texts are lent and may be "". */
struct lh_audit {
    int64_t utc_us;
    const char *sender; /* as the message says; proven only where it was accepted */
    const char *kind;
    const char *reference; /* the sender's number for it */
    bool accepted;
    const char *reason;     /* why not */
    const char *body;       /* JSON, without secrets and pictures */
    const char *attachment; /* path of its picture in the data folder */
};
/* As lh_store_put_alarm. */
int lh_store_put_audit(struct lh_store *store, const struct lh_audit *audit,
                       struct lh_fault *fault);
/* Whether a message of that sender, kind and reference was accepted before, in whatever run of the engine. */
int lh_store_was_accepted(struct lh_store *store, const char *sender, const char *kind,
                          const char *reference, bool *ret_accepted);

/* Calls visit for what was accepted of a kind since then, in order, until it returns non-zero. */
int lh_store_accepted(struct lh_store *store, const char *kind, int64_t since_utc_us,
                      int (*visit)(void *context, int64_t utc_us, const char *sender,
                                   const char *body),
                      void *context);

/* Makes or refills the reserve file where there is room; LH_EFULL where not. */
int lh_store_reserve(struct lh_store *store);

/* Lets the database grow to at most so many bytes; LH_EFULL beyond. 0: as large as the disk lets it. */
int lh_store_limit(struct lh_store *store, uint64_t max_bytes);

/* Calls visit for the events of a stream after a sequence, in order, until it returns non-zero. */
int lh_store_events(struct lh_store *store, const char *stream, uint64_t after,
                    int (*visit)(void *context, uint64_t sequence, const char *epoch,
                                 const char *topic, const char *json),
                    void *context);

#endif
