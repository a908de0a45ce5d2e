#include "alarm/store.h"

#include "alarm/folder.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESERVE_BYTES ((uint64_t)4 << 20)
#define CHECKED_BYTES ((off_t)512 << 20)
#define BUSY_MS 1000
#define APPLICATION_ID 0x4c48414c /* "LHAL", in the database's header, for file(1) and for us */

enum statement {
    PUT_EVENT,
    GET_EVENT,
    PUT_ALARM,
    NEXT_SEQUENCE,
    EVENTS,
    PUT_AUDIT,
    GET_AUDIT,
    ACCEPTED,
    STATEMENTS,
};

static const char *const statement_texts[STATEMENTS] = {
    [PUT_EVENT] = "INSERT INTO event (stream, sequence, epoch, utc_us, topic, json)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (stream, sequence) DO NOTHING",
    [GET_EVENT] = "SELECT epoch, json FROM event WHERE stream = ?1 AND sequence = ?2",
    [PUT_ALARM] =
        "INSERT OR REPLACE INTO alarm (id, revision, state, priority, kind, camera, preset,"
        " area_code, score, best_score, first_utc_us, last_utc_us, raised_utc_us, updated_utc_us,"
        " stream, sequence, incident_state, probability, latitude_deg, longitude_deg, major_m,"
        " minor_m, place, merged_into)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
        " ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
    [NEXT_SEQUENCE] = "SELECT coalesce(max(sequence), 0) + 1 FROM event WHERE stream = ?1",
    [EVENTS] = "SELECT sequence, epoch, topic, json FROM event"
               " WHERE stream = ?1 AND sequence > ?2 ORDER BY sequence",
    [PUT_AUDIT] = "INSERT INTO audit (utc_us, sender, kind, reference, accepted, reason, body,"
                  " attachment) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [GET_AUDIT] = "SELECT 1 FROM audit WHERE sender = ?1 AND kind = ?2 AND reference = ?3"
                  " AND accepted = 1 LIMIT 1",
    [ACCEPTED] = "SELECT utc_us, sender, body FROM audit"
                 " WHERE kind = ?1 AND utc_us >= ?2 AND accepted = 1 ORDER BY number",
};

/* Entry n brings a store of version n to n + 1. Entries are never changed once released. */
static const char *const migrations[] = {
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "INSERT INTO meta VALUES ('begun', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));"
    "CREATE TABLE event ("
    " stream TEXT NOT NULL, sequence INTEGER NOT NULL, epoch TEXT NOT NULL,"
    " utc_us INTEGER NOT NULL, topic TEXT NOT NULL, json TEXT NOT NULL,"
    " PRIMARY KEY (stream, sequence)) STRICT;"
    "CREATE TABLE alarm ("
    " id TEXT PRIMARY KEY, revision INTEGER NOT NULL, state TEXT NOT NULL, priority TEXT NOT NULL,"
    " kind TEXT NOT NULL, camera TEXT NOT NULL, preset TEXT NOT NULL, area_code TEXT NOT NULL,"
    " score REAL NOT NULL, best_score REAL NOT NULL, first_utc_us INTEGER NOT NULL,"
    " last_utc_us INTEGER NOT NULL, raised_utc_us INTEGER, updated_utc_us INTEGER NOT NULL,"
    " stream TEXT NOT NULL, sequence INTEGER NOT NULL,"
    " FOREIGN KEY (stream, sequence) REFERENCES event (stream, sequence)) STRICT;"
    "CREATE INDEX alarm_updated ON alarm (updated_utc_us);",
    /* An alarm becomes that of an incident. */
    "ALTER TABLE alarm ADD COLUMN incident_state TEXT NOT NULL DEFAULT 'suspected';"
    "ALTER TABLE alarm ADD COLUMN probability REAL NOT NULL DEFAULT 0;"
    "ALTER TABLE alarm ADD COLUMN latitude_deg REAL;"
    "ALTER TABLE alarm ADD COLUMN longitude_deg REAL;"
    "ALTER TABLE alarm ADD COLUMN major_m REAL;"
    "ALTER TABLE alarm ADD COLUMN minor_m REAL;"
    "ALTER TABLE alarm ADD COLUMN place TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE alarm ADD COLUMN merged_into TEXT NOT NULL DEFAULT '';"
    "UPDATE alarm SET probability = score;",
    /* Everything that people and programs tell the inbox. */
    "CREATE TABLE audit ("
    " number INTEGER PRIMARY KEY AUTOINCREMENT, utc_us INTEGER NOT NULL, sender TEXT NOT NULL,"
    " kind TEXT NOT NULL, reference TEXT NOT NULL, accepted INTEGER NOT NULL, reason TEXT NOT NULL,"
    " body TEXT NOT NULL, attachment TEXT NOT NULL) STRICT;"
    "CREATE INDEX audit_message ON audit (sender, kind, reference) WHERE accepted = 1;"
    "CREATE INDEX audit_time ON audit (kind, utc_us) WHERE accepted = 1;"
    "CREATE TRIGGER audit_stays BEFORE UPDATE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END;"
    "CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END;",
};
#define VERSION ((int)(sizeof migrations / sizeof *migrations))

struct lh_store {
    char *folder;
    char *path;
    char *reserve;
    int lock;
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENTS];
    uint64_t max_bytes;
    char notice[512];
};

/* SQLite's result as one of ours. Damage is LH_EFORMAT and nothing else is. */
static int code_of(const struct lh_store *store, int result)
{
    switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return LH_OK;
    case SQLITE_FULL:
        return LH_EFULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return LH_EAGAIN;
    case SQLITE_NOMEM:
        return LH_ENOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return LH_EFORMAT;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return LH_EPERM;
    case SQLITE_CONSTRAINT:
        return LH_EINVAL;
    default:
        break;
    }
    const int code =
        store->database ? lh_error_from_errno(sqlite3_system_errno(store->database)) : LH_EIO;
    return code == LH_EFULL || code == LH_EPERM ? code : LH_EIO;
}

static int fail(const struct lh_store *store, struct lh_fault *fault, int result)
{
    return lh_fail(fault, code_of(store, result), "the alarm store '%s': %s", store->path,
                   store->database ? sqlite3_errmsg(store->database) : sqlite3_errstr(result));
}

static void close_database(struct lh_store *store)
{
    for (int i = 0; i < STATEMENTS; i++) {
        (void)sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
    (void)sqlite3_close(store->database);
    store->database = NULL;
}

static int execute(struct lh_store *store, const char *text)
{
    return sqlite3_exec(store->database, text, NULL, NULL, NULL);
}

/* First column of the first row of a PRAGMA. */
static int query_int(struct lh_store *store, const char *text, int *ret_value)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(store->database, text, -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        *ret_value = sqlite3_column_int(statement, 0);
        result = SQLITE_OK;
    }
    (void)sqlite3_finalize(statement);
    return result;
}

/* SQLITE_CORRUPT where the check finds something. */
static int check_database(struct lh_store *store)
{
    struct stat status;
    if (stat(store->path, &status) != 0 || status.st_size > CHECKED_BYTES)
        return SQLITE_OK;
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(store->database, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        const char *verdict = (const char *)sqlite3_column_text(statement, 0);
        result = verdict && strcmp(verdict, "ok") == 0 ? SQLITE_OK : SQLITE_CORRUPT;
    }
    (void)sqlite3_finalize(statement);
    return result;
}

static int migrate(struct lh_store *store, int version)
{
    int result = SQLITE_OK;
    for (; version < VERSION && result == SQLITE_OK; version++) {
        char number[96];
        (void)snprintf(number, sizeof number, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
                       APPLICATION_ID, version + 1);
        result = execute(store, "BEGIN IMMEDIATE");
        if (result == SQLITE_OK)
            result = execute(store, migrations[version]);
        if (result == SQLITE_OK)
            result = execute(store, number);
        if (result == SQLITE_OK)
            result = execute(store, "COMMIT");
    }
    return result;
}

static int apply_limit(struct lh_store *store)
{
    char text[80];
    int page_bytes = 4096;
    const int result = query_int(store, "PRAGMA page_size", &page_bytes);
    if (result != SQLITE_OK)
        return result;
    const uint64_t most = 0xfffffffe; /* SQLite's own limit */
    uint64_t pages = store->max_bytes / (uint64_t)(page_bytes > 0 ? page_bytes : 4096);
    if (store->max_bytes == 0 || pages > most)
        pages = most;
    (void)snprintf(text, sizeof text, "PRAGMA max_page_count=%llu",
                   (unsigned long long)(pages > 0 ? pages : 1));
    return execute(store, text);
}

static int open_database(struct lh_store *store, struct lh_fault *fault)
{
    int version = 0;
    int application = 0;
    int result =
        sqlite3_open_v2(store->path, &store->database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (result != SQLITE_OK)
        return fail(store, fault, result);
    (void)sqlite3_extended_result_codes(store->database, 1);
    (void)sqlite3_busy_timeout(store->database, BUSY_MS);
    result =
        execute(store, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                       "PRAGMA journal_size_limit=4194304; PRAGMA trusted_schema=OFF;");
    if (result == SQLITE_OK)
        result = query_int(store, "PRAGMA user_version", &version);
    if (result == SQLITE_OK)
        result = query_int(store, "PRAGMA application_id", &application);
    if (result != SQLITE_OK)
        return fail(store, fault, result);
    /* LH_EABI keeps a refusal apart from damage until lh_store_open names it. */
    if (version > VERSION || version < 0 || (version > 0 && application != APPLICATION_ID))
        return lh_fail(
            fault, LH_EABI,
            "the alarm store '%s' was written by %s (version %d, this program knows %d); "
            "run that program, or give this one another data folder",
            store->path, version > VERSION ? "a newer program" : "another program", version,
            VERSION);
    result = check_database(store);
    if (result == SQLITE_OK)
        result = migrate(store, version);
    if (result == SQLITE_OK)
        result = apply_limit(store);
    for (int i = 0; i < STATEMENTS && result == SQLITE_OK; i++)
        result = sqlite3_prepare_v3(store->database, statement_texts[i], -1,
                                    SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL);
    return result == SQLITE_OK ? LH_OK : fail(store, fault, result);
}

static int rename_with_tail(const struct lh_store *store, const char *name, const char *tail)
{
    int code = LH_ENOMEM;
    char *from = lh_folder_path(store->folder, "alarms.sqlite", tail);
    char *to = lh_folder_path(store->folder, name, tail);
    if (from && to)
        code = rename(from, to) == 0 ? LH_OK : lh_error_from_errno(errno);
    free(from);
    free(to);
    return code;
}

/* The write-ahead log goes with its database, under a name that SQLite finds it by. */
static int move_aside(struct lh_store *store, const struct lh_fault *why, struct lh_fault *fault)
{
    char time[LH_TIME_TEXT];
    char name[96];
    (void)lh_time_format(lh_clock_utc_us(lh_clock_system()), time);
    for (char *c = time; *c; c++)
        if (*c == ':')
            *c = '-';
    (void)snprintf(name, sizeof name, "alarms.damaged-%s.sqlite", time);
    if (store->database)
        (void)sqlite3_db_config(store->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    close_database(store);
    const int code = rename_with_tail(store, name, "");
    if (code != LH_OK)
        return lh_fail(fault, code, "%.300s; and it cannot be moved aside: %s", why->text,
                       lh_strerror(code));
    (void)rename_with_tail(store, name, "-wal");
    (void)rename_with_tail(store, name, "-shm");
    (void)snprintf(store->notice, sizeof store->notice,
                   "%.300s; it was moved aside as %s and a new store was begun: "
                   "older alarms are in that file (sqlite3's .recover reads it)",
                   why->text, name);
    return LH_OK;
}

/* Opens the database, and a new one where the old one is damaged. */
static int open_sound(struct lh_store *store, struct lh_fault *fault)
{
    struct lh_fault why = {0};
    int code = open_database(store, &why);
    if (code == LH_EFORMAT) {
        code = move_aside(store, &why, fault);
        if (code == LH_OK)
            code = open_database(store, fault);
    } else if (code != LH_OK) {
        (void)lh_fail(fault, code, "%s", why.text);
    }
    if (code == LH_OK)
        (void)lh_folder_sync(store->folder);
    else
        close_database(store); /* half open it would look open to the next write */
    return code == LH_EABI ? LH_EFORMAT : code;
}

/* The same where the disk may be full: the reserve is given up for it. */
static int open_with_reserve(struct lh_store *store, struct lh_fault *fault)
{
    const int code = open_sound(store, fault);
    if (code == LH_EFULL && lh_reserve_release(store->reserve) == LH_OK)
        return open_sound(store, fault);
    return code;
}

static int open_files(struct lh_store *store, const char *data_folder, struct lh_fault *fault)
{
    char *lock = lh_folder_path(data_folder, "alarms.lock", "");
    store->folder = strdup(data_folder);
    store->path = lh_folder_path(data_folder, "alarms.sqlite", "");
    store->reserve = lh_folder_path(data_folder, "alarm.reserve", "");
    int code = LH_ENOMEM;
    if (!lock || !store->folder || !store->path || !store->reserve) {
        (void)lh_fail(fault, code, "out of memory");
        goto done;
    }
    code = lh_folder_make(data_folder, fault);
    if (code != LH_OK)
        goto done;
    code = lh_folder_lock(lock, &store->lock);
    if (code == LH_EEXIST)
        (void)lh_fail(fault, code,
                      "the data folder '%s' is in use by another engine; stop it, or give this one "
                      "another data_folder",
                      data_folder);
    else if (code != LH_OK)
        (void)lh_fail(fault, code, "cannot write in the data folder '%s': %s", data_folder,
                      lh_strerror(code));
    else
        code = open_with_reserve(store, fault);
done:
    free(lock);
    return code;
}

int lh_store_open(const char *data_folder, struct lh_fault *fault, struct lh_store **ret_store)
{
    struct lh_store *store = calloc(1, sizeof *store);
    if (!store)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    store->lock = -1;
    const int code = open_files(store, data_folder, fault);
    if (code != LH_OK) {
        lh_store_close(&store);
        return code;
    }
    (void)lh_store_reserve(store);
    *ret_store = store;
    return LH_OK;
}

void lh_store_close(struct lh_store **store_pointer)
{
    struct lh_store *store = *store_pointer;
    if (!store)
        return;
    close_database(store);
    if (store->lock >= 0)
        (void)close(store->lock);
    free(store->folder);
    free(store->path);
    free(store->reserve);
    free(store);
    *store_pointer = NULL;
}

const char *lh_store_notice(const struct lh_store *store)
{
    return store->notice;
}

int lh_store_reserve(struct lh_store *store)
{
    return lh_reserve_make(store->reserve, RESERVE_BYTES);
}

int lh_store_limit(struct lh_store *store, uint64_t max_bytes)
{
    store->max_bytes = max_bytes;
    return store->database ? code_of(store, apply_limit(store)) : LH_OK;
}

/* Steps a bound statement to its end or first row, and leaves it ready for the next use. */
static int run(sqlite3_stmt *statement)
{
    const int result = sqlite3_step(statement);
    (void)sqlite3_reset(statement);
    return result;
}

static int bind_text(sqlite3_stmt *statement, int column, const char *text)
{
    return sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC);
}

/* One event, or one entry of the audit, on its way into the database. */
struct record {
    const struct lh_audit *audit; /* NULL: an event */
    const struct lh_alarm *alarm; /* NULL: an event alone */
    const struct lh_serial *serial;
    int64_t utc_us;
    const char *topic;
    const char *json;
};

static int put_event(struct lh_store *store, const struct record *record)
{
    sqlite3_stmt *statement = store->statements[PUT_EVENT];
    int bad = bind_text(statement, 1, record->serial->stream);
    bad |= sqlite3_bind_int64(statement, 2, (sqlite3_int64)record->serial->sequence);
    bad |= bind_text(statement, 3, record->serial->epoch);
    bad |= sqlite3_bind_int64(statement, 4, record->utc_us);
    bad |= bind_text(statement, 5, record->topic);
    bad |= bind_text(statement, 6, record->json);
    return bad ? SQLITE_NOMEM : run(statement);
}

/* Is what stands under the record's number the record itself? */
static bool same_event(struct lh_store *store, const struct record *record)
{
    sqlite3_stmt *statement = store->statements[GET_EVENT];
    bool same = false;
    int bad = bind_text(statement, 1, record->serial->stream);
    bad |= sqlite3_bind_int64(statement, 2, (sqlite3_int64)record->serial->sequence);
    if (!bad && sqlite3_step(statement) == SQLITE_ROW) {
        const char *epoch = (const char *)sqlite3_column_text(statement, 0);
        const char *json = (const char *)sqlite3_column_text(statement, 1);
        same = epoch && json && strcmp(epoch, record->serial->epoch) == 0 &&
               strcmp(json, record->json) == 0;
    }
    (void)sqlite3_reset(statement);
    return same;
}

static int bind_position(sqlite3_stmt *statement, int column, const struct lh_position *position)
{
    const struct lh_ellipse *best = lh_position_best(position);
    if (!best)
        return SQLITE_OK; /* NULL */
    int bad = sqlite3_bind_double(statement, column, best->centre.latitude_deg);
    bad |= sqlite3_bind_double(statement, column + 1, best->centre.longitude_deg);
    bad |= sqlite3_bind_double(statement, column + 2, LH_SCALE_95 * best->major_m);
    bad |= sqlite3_bind_double(statement, column + 3, LH_SCALE_95 * best->minor_m);
    return bad;
}

static int bind_incident(sqlite3_stmt *statement, const struct lh_alarm *alarm)
{
    int bad = bind_text(statement, 17, lh_incident_state_name(alarm->incident_state));
    bad |= sqlite3_bind_double(statement, 18, alarm->probability);
    bad |= bind_position(statement, 19, &alarm->position);
    bad |= bind_text(statement, 23, alarm->place);
    bad |= bind_text(statement, 24, alarm->merged_into);
    return bad;
}

static int put_alarm(struct lh_store *store, const struct record *record)
{
    sqlite3_stmt *statement = store->statements[PUT_ALARM];
    const struct lh_alarm *alarm = record->alarm;
    const struct lh_track *track = &alarm->track;
    const bool seen = alarm->camera[0] != '\0';
    (void)sqlite3_clear_bindings(statement);
    int bad = bind_text(statement, 1, alarm->id);
    bad |= sqlite3_bind_int64(statement, 2, alarm->revision);
    bad |= bind_text(statement, 3, lh_alarm_state_name(alarm->state));
    bad |= bind_text(statement, 4, lh_priority_name(alarm->priority));
    bad |= bind_text(statement, 5, lh_alarm_kind_name(alarm));
    bad |= bind_text(statement, 6, alarm->camera);
    bad |= bind_text(statement, 7, alarm->preset);
    bad |= bind_text(statement, 8, alarm->area_code);
    bad |= sqlite3_bind_double(statement, 9, (double)track->score);
    bad |= sqlite3_bind_double(statement, 10, (double)track->best_score);
    bad |= sqlite3_bind_int64(statement, 11, seen ? track->first_utc_us : alarm->first_utc_us);
    bad |= sqlite3_bind_int64(statement, 12, seen ? track->last_utc_us : alarm->last_utc_us);
    bad |= alarm->raised_utc_us == LH_NO_TIME
               ? sqlite3_bind_null(statement, 13)
               : sqlite3_bind_int64(statement, 13, alarm->raised_utc_us);
    bad |= sqlite3_bind_int64(statement, 14, alarm->updated_utc_us);
    bad |= bind_text(statement, 15, record->serial->stream);
    bad |= sqlite3_bind_int64(statement, 16, (sqlite3_int64)record->serial->sequence);
    bad |= bind_incident(statement, alarm);
    return bad ? SQLITE_NOMEM : run(statement);
}

static int put_audit(struct lh_store *store, const struct lh_audit *audit)
{
    sqlite3_stmt *statement = store->statements[PUT_AUDIT];
    int bad = sqlite3_bind_int64(statement, 1, audit->utc_us);
    bad |= bind_text(statement, 2, audit->sender);
    bad |= bind_text(statement, 3, audit->kind);
    bad |= bind_text(statement, 4, audit->reference);
    bad |= sqlite3_bind_int(statement, 5, audit->accepted ? 1 : 0);
    bad |= bind_text(statement, 6, audit->reason);
    bad |= bind_text(statement, 7, audit->body);
    bad |= bind_text(statement, 8, audit->attachment);
    return bad ? SQLITE_NOMEM : run(statement);
}

/* One attempt. A failure leaves no trace. */
static int attempt(struct lh_store *store, const struct record *record, struct lh_fault *fault)
{
    if (!store->database)
        return lh_fail(fault, LH_EIO, "the alarm store '%s' is not open", store->path);
    int result = execute(store, "BEGIN IMMEDIATE");
    if (result != SQLITE_OK)
        return fail(store, fault, result);
    int code = LH_OK;
    /* one of the two there is */
    result = record->serial ? put_event(store, record) : put_audit(store, record->audit);
    if (result == SQLITE_DONE && record->serial && sqlite3_changes(store->database) == 0 &&
        !same_event(store, record)) {
        code = lh_fail(fault, LH_EEXIST,
                       "the alarm store '%s' has another event %llu of stream '%s'", store->path,
                       (unsigned long long)record->serial->sequence, record->serial->stream);
        goto undo;
    }
    if (result == SQLITE_DONE && record->alarm)
        result = put_alarm(store, record);
    if (result == SQLITE_DONE)
        result = execute(store, "COMMIT");
    if (code_of(store, result) == LH_OK)
        return LH_OK;
    code = fail(store, fault, result);
undo:
    if (!sqlite3_get_autocommit(store->database))
        (void)execute(store, "ROLLBACK");
    return code;
}

static int put(struct lh_store *store, const struct record *record, struct lh_fault *fault)
{
    struct lh_fault why = {0};
    if (record->serial && (record->serial->sequence == 0 || record->serial->sequence > INT64_MAX))
        return lh_fail(fault, LH_EINVAL, "sequence numbers begin at 1");
    if (!store->database) {
        const int code = open_with_reserve(store, fault);
        if (code != LH_OK)
            return code;
    }
    int code = attempt(store, record, &why);
    if (code == LH_EFULL && lh_reserve_release(store->reserve) == LH_OK) {
        code = attempt(store, record, &why);
    } else if (code == LH_EFORMAT) {
        code = move_aside(store, &why, fault);
        if (code == LH_OK)
            code = open_with_reserve(store, fault);
        if (code != LH_OK)
            return code;
        code = attempt(store, record, &why);
    }
    return code == LH_OK ? LH_OK : lh_fail(fault, code, "%s", why.text);
}

int lh_store_put_alarm(struct lh_store *store, const struct lh_alarm *alarm,
                       const struct lh_serial *serial, const char *topic, const char *json,
                       struct lh_fault *fault)
{
    const struct record record = {.alarm = alarm,
                                  .serial = serial,
                                  .utc_us = alarm->updated_utc_us,
                                  .topic = topic,
                                  .json = json};
    return put(store, &record, fault);
}

int lh_store_put_event(struct lh_store *store, const struct lh_serial *serial, int64_t utc_us,
                       const char *topic, const char *json, struct lh_fault *fault)
{
    const struct record record = {.serial = serial, .utc_us = utc_us, .topic = topic, .json = json};
    return put(store, &record, fault);
}

int lh_store_put_audit(struct lh_store *store, const struct lh_audit *audit, struct lh_fault *fault)
{
    const struct record record = {.audit = audit};
    return put(store, &record, fault);
}

int lh_store_was_accepted(struct lh_store *store, const char *sender, const char *kind,
                          const char *reference, bool *ret_accepted)
{
    if (!store->database)
        return LH_EIO;
    sqlite3_stmt *statement = store->statements[GET_AUDIT];
    int bad = bind_text(statement, 1, sender);
    bad |= bind_text(statement, 2, kind);
    bad |= bind_text(statement, 3, reference);
    const int result = bad ? SQLITE_NOMEM : sqlite3_step(statement);
    (void)sqlite3_reset(statement);
    if (result == SQLITE_ROW || result == SQLITE_DONE)
        *ret_accepted = result == SQLITE_ROW;
    return code_of(store, result);
}

int lh_store_accepted(struct lh_store *store, const char *kind, int64_t since_utc_us,
                      int (*visit)(void *context, int64_t utc_us, const char *sender,
                                   const char *body),
                      void *context)
{
    if (!store->database)
        return LH_EIO;
    sqlite3_stmt *statement = store->statements[ACCEPTED];
    int result = bind_text(statement, 1, kind);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int64(statement, 2, since_utc_us);
    bool more = result == SQLITE_OK;
    while (more && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *sender = (const char *)sqlite3_column_text(statement, 1);
        const char *body = (const char *)sqlite3_column_text(statement, 2);
        if (!sender || !body) {
            result = SQLITE_NOMEM;
            break;
        }
        more = visit(context, sqlite3_column_int64(statement, 0), sender, body) == 0;
    }
    (void)sqlite3_reset(statement);
    return code_of(store, result);
}

int lh_store_next_sequence(struct lh_store *store, const char *stream, uint64_t *ret_sequence)
{
    if (!store->database)
        return LH_EIO;
    sqlite3_stmt *statement = store->statements[NEXT_SEQUENCE];
    int result = bind_text(statement, 1, stream);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        *ret_sequence = (uint64_t)sqlite3_column_int64(statement, 0);
    (void)sqlite3_reset(statement);
    return result == SQLITE_ROW ? LH_OK : code_of(store, result);
}

int lh_store_events(struct lh_store *store, const char *stream, uint64_t after,
                    int (*visit)(void *context, uint64_t sequence, const char *epoch,
                                 const char *topic, const char *json),
                    void *context)
{
    if (!store->database)
        return LH_EIO;
    sqlite3_stmt *statement = store->statements[EVENTS];
    int result = bind_text(statement, 1, stream);
    if (result == SQLITE_OK)
        result =
            sqlite3_bind_int64(statement, 2, after > INT64_MAX ? INT64_MAX : (sqlite3_int64)after);
    bool more = result == SQLITE_OK;
    while (more && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *epoch = (const char *)sqlite3_column_text(statement, 1);
        const char *topic = (const char *)sqlite3_column_text(statement, 2);
        const char *json = (const char *)sqlite3_column_text(statement, 3);
        if (!epoch || !topic || !json) {
            result = SQLITE_NOMEM;
            break;
        }
        more =
            visit(context, (uint64_t)sqlite3_column_int64(statement, 0), epoch, topic, json) == 0;
    }
    (void)sqlite3_reset(statement);
    return code_of(store, result);
}
