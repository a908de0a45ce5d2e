/* A small SQLite database of this room: opened, brought up to date, and asked alike.
 *
 * WAL and synchronous=FULL: what a committed transaction wrote survives kill -9 and a power cut. A database
 * of a newer program, or of another one, is refused with a sentence.
 *
 * Thread: one a database.
 */
#ifndef LH_FUSE_DATABASE_H
#define LH_FUSE_DATABASE_H

#include "base/error.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* What a database is. Static. Entry n of migrations brings version n to n + 1; entries never change. */
struct lh_database_plan {
    const char *what;        /* "the heat register", for faults */
    uint32_t application_id; /* in the file's header */
    const char *const *migrations;
    int version; /* how many migrations */
    const char *const *statements;
    int statement_count;
};

struct lh_database {
    const struct lh_database_plan *plan;
    char *path;
    sqlite3 *handle;
    sqlite3_stmt **statements;
};

/* path: ":memory:" for one that ends with the program. Init type: on failure nothing is left. */
int lh_database_open(struct lh_database *database, const struct lh_database_plan *plan,
                     const char *path, struct lh_fault *fault);
/* Accepts a zeroed one. */
void lh_database_close(struct lh_database *database);

/* One of LH_OK, LH_EFULL, LH_EAGAIN, LH_ENOMEM, LH_EFORMAT (damage), LH_EPERM, LH_EEXIST (a constraint), LH_EIO
 * with a sentence, of SQLite's result. */
int lh_database_fail(const struct lh_database *database, int result, struct lh_fault *fault);

/* A prepared statement, reset and without parameters. */
sqlite3_stmt *lh_database_statement(struct lh_database *database, int statement);
/* Steps a statement that gives no rows, and resets it. */
int lh_database_run(struct lh_database *database, sqlite3_stmt *statement, struct lh_fault *fault);

int lh_database_begin(struct lh_database *database, struct lh_fault *fault);
/* Commits where code is LH_OK, rolls back else; returns code or the failure to commit. */
int lh_database_end(struct lh_database *database, int code, struct lh_fault *fault);

#endif
