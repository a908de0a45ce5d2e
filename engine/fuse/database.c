#include "fuse/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_MS 2000

static int code_of(int result)
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
    case SQLITE_CANTOPEN:
        return LH_EPERM;
    case SQLITE_CONSTRAINT:
        return LH_EEXIST;
    default:
        return LH_EIO;
    }
}

int lh_database_fail(const struct lh_database *database, int result, struct lh_fault *fault)
{
    const int code = code_of(result);
    if (code == LH_OK)
        return LH_OK;
    return lh_fail(fault, code, "%s '%s': %s", database->plan->what, database->path,
                   database->handle ? sqlite3_errmsg(database->handle) : sqlite3_errstr(result));
}

static int query_int(struct lh_database *database, const char *text, int *ret_value)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(database->handle, text, -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        *ret_value = sqlite3_column_int(statement, 0);
        result = SQLITE_OK;
    }
    (void)sqlite3_finalize(statement);
    return result;
}

static int execute(struct lh_database *database, const char *text)
{
    return sqlite3_exec(database->handle, text, NULL, NULL, NULL);
}

static int migrate(struct lh_database *database, int version)
{
    int result = SQLITE_OK;
    for (; version < database->plan->version && result == SQLITE_OK; version++) {
        char number[96];
        (void)snprintf(number, sizeof number, "PRAGMA application_id=%u; PRAGMA user_version=%d;",
                       (unsigned)database->plan->application_id, version + 1);
        result = execute(database, "BEGIN IMMEDIATE");
        if (result == SQLITE_OK)
            result = execute(database, database->plan->migrations[version]);
        if (result == SQLITE_OK)
            result = execute(database, number);
        if (result == SQLITE_OK)
            result = execute(database, "COMMIT");
    }
    return result;
}

static int prepare(struct lh_database *database)
{
    const int count = database->plan->statement_count;
    int result = SQLITE_OK;
    database->statements = calloc((size_t)count, sizeof(sqlite3_stmt *));
    if (!database->statements)
        return SQLITE_NOMEM;
    for (int i = 0; i < count && result == SQLITE_OK; i++)
        result = sqlite3_prepare_v3(database->handle, database->plan->statements[i], -1,
                                    SQLITE_PREPARE_PERSISTENT, &database->statements[i], NULL);
    return result;
}

static int open_handle(struct lh_database *database, struct lh_fault *fault)
{
    const struct lh_database_plan *plan = database->plan;
    int version = 0;
    int application = 0;
    int result =
        sqlite3_open_v2(database->path, &database->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (result != SQLITE_OK)
        return lh_database_fail(database, result, fault);
    (void)sqlite3_busy_timeout(database->handle, BUSY_MS);
    result = execute(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                               "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;");
    if (result == SQLITE_OK)
        result = query_int(database, "PRAGMA user_version", &version);
    if (result == SQLITE_OK)
        result = query_int(database, "PRAGMA application_id", &application);
    if (result != SQLITE_OK)
        return lh_database_fail(database, result, fault);
    if (version > plan->version || version < 0 ||
        (version > 0 && (uint32_t)application != plan->application_id))
        return lh_fail(fault, LH_EFORMAT,
                       "%s '%s' was written by %s (version %d, this program knows %d)", plan->what,
                       database->path, version > plan->version ? "a newer program" : "another one",
                       version, plan->version);
    result = migrate(database, version);
    if (result == SQLITE_OK)
        result = prepare(database);
    return lh_database_fail(database, result, fault);
}

int lh_database_open(struct lh_database *database, const struct lh_database_plan *plan,
                     const char *path, struct lh_fault *fault)
{
    *database = (struct lh_database){.plan = plan, .path = strdup(path)};
    const int code =
        database->path ? open_handle(database, fault) : lh_fail(fault, LH_ENOMEM, "out of memory");
    if (code != LH_OK)
        lh_database_close(database);
    return code;
}

void lh_database_close(struct lh_database *database)
{
    for (int i = 0; database->statements && i < database->plan->statement_count; i++)
        (void)sqlite3_finalize(database->statements[i]);
    free(database->statements);
    (void)sqlite3_close(database->handle);
    free(database->path);
    *database = (struct lh_database){0};
}

sqlite3_stmt *lh_database_statement(struct lh_database *database, int statement)
{
    sqlite3_stmt *prepared = database->statements[statement];
    (void)sqlite3_reset(prepared);
    (void)sqlite3_clear_bindings(prepared);
    return prepared;
}

int lh_database_run(struct lh_database *database, sqlite3_stmt *statement, struct lh_fault *fault)
{
    const int result = sqlite3_step(statement);
    const int code = lh_database_fail(database, result, fault);
    (void)sqlite3_reset(statement);
    return code;
}

int lh_database_begin(struct lh_database *database, struct lh_fault *fault)
{
    return lh_database_fail(database, execute(database, "BEGIN IMMEDIATE"), fault);
}

int lh_database_end(struct lh_database *database, int code, struct lh_fault *fault)
{
    if (code == LH_OK)
        code = lh_database_fail(database, execute(database, "COMMIT"), fault);
    if (code != LH_OK && !sqlite3_get_autocommit(database->handle))
        (void)execute(database, "ROLLBACK");
    return code;
}
