#include "fuse/hotspot_log.h"

#include "fuse/database.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS                                                                                    \
    "satellite, acquired_us, latitude_e5, longitude_e5, latitude_deg, longitude_deg, instrument,"  \
    " received_us, scan_km, track_km, brightness_k, frp_mw, confidence, confidence_text, light,"   \
    " grade, type, cluster, version, source"

enum statement {
    PUT,
    GET,
    NEAR,
    REMOVE,
    BETWEEN,
    PUT_FILE,
    GET_FILE,
    FORGET_ROWS,
    FORGET_FILES,
    STATEMENTS,
};

static const char *const statements[STATEMENTS] = {
    [PUT] = "INSERT OR REPLACE INTO hotspot (" COLUMNS ")"
            " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20)",
    [GET] = "SELECT grade FROM hotspot WHERE acquired_us = ?2 AND satellite = ?1"
            " AND latitude_e5 = ?3 AND longitude_e5 = ?4",
    [NEAR] = "SELECT rowid, latitude_deg, longitude_deg FROM hotspot WHERE acquired_us = ?2"
             " AND satellite = ?1 AND grade < ?3 AND latitude_deg BETWEEN ?4 AND ?5",
    [REMOVE] = "DELETE FROM hotspot WHERE rowid = ?1",
    [BETWEEN] = "SELECT " COLUMNS " FROM hotspot WHERE acquired_us >= ?1 AND acquired_us < ?2"
                " ORDER BY acquired_us, satellite, latitude_deg, longitude_deg",
    [PUT_FILE] = "INSERT OR REPLACE INTO file (feed, name, size, mtime_ns)"
                 " VALUES (?1, ?2, ?3, ?4)",
    [GET_FILE] = "SELECT 1 FROM file WHERE feed = ?1 AND name = ?2 AND size = ?3 AND mtime_ns = ?4",
    [FORGET_ROWS] = "DELETE FROM hotspot WHERE acquired_us < ?1",
    [FORGET_FILES] = "DELETE FROM file WHERE mtime_ns < ?1 * 1000",
};

static const char *const migrations[] = {
    "CREATE TABLE hotspot ("
    " satellite TEXT NOT NULL, acquired_us INTEGER NOT NULL, latitude_e5 INTEGER NOT NULL,"
    " longitude_e5 INTEGER NOT NULL, latitude_deg REAL NOT NULL, longitude_deg REAL NOT NULL,"
    " instrument TEXT NOT NULL, received_us INTEGER NOT NULL, scan_km REAL, track_km REAL,"
    " brightness_k REAL, frp_mw REAL, confidence INTEGER NOT NULL, confidence_text TEXT NOT NULL,"
    " light INTEGER NOT NULL, grade INTEGER NOT NULL, type INTEGER NOT NULL,"
    " cluster INTEGER NOT NULL, version TEXT NOT NULL, source TEXT NOT NULL,"
    " UNIQUE (acquired_us, satellite, latitude_e5, longitude_e5)) STRICT;"
    "CREATE TABLE file ("
    " feed TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,"
    " PRIMARY KEY (feed, name)) STRICT;",
};

static const struct lh_database_plan plan = {
    .what = "the hotspot log",
    .application_id = 0x4c484853, /* "LHHS" */
    .migrations = migrations,
    .version = (int)(sizeof migrations / sizeof migrations[0]),
    .statements = statements,
    .statement_count = STATEMENTS,
};

struct lh_hotspot_log {
    struct lh_database database;
};

static int64_t e5(double degrees)
{
    return llround(degrees * 1e5);
}

int lh_hotspot_log_open(const char *path, struct lh_fault *fault, struct lh_hotspot_log **ret_log)
{
    struct lh_hotspot_log *log = calloc(1, sizeof *log);
    if (!log)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    const int code = lh_database_open(&log->database, &plan, path ? path : ":memory:", fault);
    if (code == LH_OK)
        *ret_log = log;
    else
        free(log);
    return code;
}

void lh_hotspot_log_close(struct lh_hotspot_log **log)
{
    if (!*log)
        return;
    lh_database_close(&(*log)->database);
    free(*log);
    *log = NULL;
}

static void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    (void)sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

/* Where there is no number, NULL. */
static void bind_number(sqlite3_stmt *statement, int index, double number)
{
    if (isfinite(number))
        (void)sqlite3_bind_double(statement, index, number);
}

static int put(struct lh_hotspot_log *log, const struct lh_hotspot *row, struct lh_fault *fault)
{
    sqlite3_stmt *statement = lh_database_statement(&log->database, PUT);
    bind_text(statement, 1, row->satellite);
    (void)sqlite3_bind_int64(statement, 2, row->acquired_us);
    (void)sqlite3_bind_int64(statement, 3, e5(row->at.latitude_deg));
    (void)sqlite3_bind_int64(statement, 4, e5(row->at.longitude_deg));
    bind_number(statement, 5, row->at.latitude_deg);
    bind_number(statement, 6, row->at.longitude_deg);
    bind_text(statement, 7, row->instrument);
    (void)sqlite3_bind_int64(statement, 8, row->received_us);
    bind_number(statement, 9, row->scan_km);
    bind_number(statement, 10, row->track_km);
    bind_number(statement, 11, row->brightness_k);
    bind_number(statement, 12, row->frp_mw);
    (void)sqlite3_bind_int(statement, 13, (int)row->confidence);
    bind_text(statement, 14, row->confidence_text);
    (void)sqlite3_bind_int(statement, 15, (int)row->light);
    (void)sqlite3_bind_int(statement, 16, (int)row->grade);
    (void)sqlite3_bind_int(statement, 17, (int)row->type);
    (void)sqlite3_bind_int64(statement, 18, row->cluster);
    bind_text(statement, 19, row->version);
    bind_text(statement, 20, row->source);
    return lh_database_run(&log->database, statement, fault);
}

/* The grade of the row with the same key; false: there is none. */
static int find_same(struct lh_hotspot_log *log, const struct lh_hotspot *row,
                     struct lh_fault *fault, int *ret_grade)
{
    sqlite3_stmt *statement = lh_database_statement(&log->database, GET);
    bind_text(statement, 1, row->satellite);
    (void)sqlite3_bind_int64(statement, 2, row->acquired_us);
    (void)sqlite3_bind_int64(statement, 3, e5(row->at.latitude_deg));
    (void)sqlite3_bind_int64(statement, 4, e5(row->at.longitude_deg));
    const int result = sqlite3_step(statement);
    int code = lh_database_fail(&log->database, result, fault);
    if (code == LH_OK && result != SQLITE_ROW)
        code = LH_ENOTFOUND;
    if (code == LH_OK)
        *ret_grade = sqlite3_column_int(statement, 0);
    (void)sqlite3_reset(statement);
    return code;
}

/* The nearest less final row of the same look, within a pixel; removed, to be replaced. */
static int remove_near(struct lh_hotspot_log *log, const struct lh_hotspot *row,
                       struct lh_fault *fault, bool *ret_removed)
{
    double nearest_m = lh_hotspot_size_m(row);
    const double reach_deg = nearest_m / 110500;
    int64_t rowid = 0;
    bool found = false;
    sqlite3_stmt *statement = lh_database_statement(&log->database, NEAR);
    bind_text(statement, 1, row->satellite);
    (void)sqlite3_bind_int64(statement, 2, row->acquired_us);
    (void)sqlite3_bind_int(statement, 3, (int)row->grade);
    bind_number(statement, 4, row->at.latitude_deg - reach_deg);
    bind_number(statement, 5, row->at.latitude_deg + reach_deg);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        const struct lh_geo at = {sqlite3_column_double(statement, 1),
                                  sqlite3_column_double(statement, 2)};
        const double distance_m = lh_geo_distance_m(at, row->at);
        if (distance_m <= nearest_m) {
            nearest_m = distance_m;
            rowid = sqlite3_column_int64(statement, 0);
            found = true;
        }
    }
    int code = lh_database_fail(&log->database, result, fault);
    (void)sqlite3_reset(statement);
    if (code == LH_OK && found) {
        statement = lh_database_statement(&log->database, REMOVE);
        (void)sqlite3_bind_int64(statement, 1, rowid);
        code = lh_database_run(&log->database, statement, fault);
    }
    *ret_removed = found;
    return code;
}

static int take_row(struct lh_hotspot_log *log, const struct lh_hotspot *row,
                    struct lh_fault *fault, enum lh_hotspot_news *ret_news)
{
    int grade = 0;
    bool removed = false;
    int code = find_same(log, row, fault, &grade);
    if (code == LH_OK) {
        *ret_news = (int)row->grade > grade ? LH_NEWS_REPLACED : LH_NEWS_REPEAT;
        return *ret_news == LH_NEWS_REPLACED ? put(log, row, fault) : LH_OK;
    }
    if (code != LH_ENOTFOUND)
        return code;
    code = LH_OK;
    if (row->grade == LH_GRADE_STANDARD)
        code = remove_near(log, row, fault, &removed);
    *ret_news = removed ? LH_NEWS_REPLACED : LH_NEWS_NEW;
    return code == LH_OK ? put(log, row, fault) : code;
}

static int put_file(struct lh_hotspot_log *log, const struct lh_seen_file *file,
                    struct lh_fault *fault)
{
    sqlite3_stmt *statement = lh_database_statement(&log->database, PUT_FILE);
    bind_text(statement, 1, file->feed);
    bind_text(statement, 2, file->name);
    (void)sqlite3_bind_int64(statement, 3, file->size);
    (void)sqlite3_bind_int64(statement, 4, file->mtime_ns);
    return lh_database_run(&log->database, statement, fault);
}

int lh_hotspot_log_take(struct lh_hotspot_log *log, const struct lh_hotspot *rows, size_t count,
                        const struct lh_seen_file *file, struct lh_fault *fault,
                        enum lh_hotspot_news *ret_news, struct lh_hotspot_intake *ret_intake)
{
    struct lh_hotspot_intake intake = {0};
    int code = lh_database_begin(&log->database, fault);
    if (code != LH_OK)
        return code;
    for (size_t i = 0; i < count && code == LH_OK; i++) {
        enum lh_hotspot_news news = LH_NEWS_REPEAT;
        code = take_row(log, &rows[i], fault, &news);
        intake.fresh += news == LH_NEWS_NEW;
        intake.repeated += news == LH_NEWS_REPEAT;
        intake.replaced += news == LH_NEWS_REPLACED;
        if (ret_news)
            ret_news[i] = news;
    }
    if (code == LH_OK && file)
        code = put_file(log, file, fault);
    code = lh_database_end(&log->database, code, fault);
    if (code == LH_OK && ret_intake)
        *ret_intake = intake;
    return code;
}

static double number_of(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL
               ? NAN
               : sqlite3_column_double(statement, column);
}

static void text_of(sqlite3_stmt *statement, int column, char *text, size_t size)
{
    const unsigned char *from = sqlite3_column_text(statement, column);
    (void)snprintf(text, size, "%s", from ? (const char *)from : "");
}

/* An enum that another program may have spoilt. */
static int word_of(sqlite3_stmt *statement, int column, int highest)
{
    const int value = sqlite3_column_int(statement, column);
    return value >= 0 && value <= highest ? value : 0;
}

static struct lh_hotspot row_of(sqlite3_stmt *statement)
{
    struct lh_hotspot row = {
        .acquired_us = sqlite3_column_int64(statement, 1),
        .at = {sqlite3_column_double(statement, 4), sqlite3_column_double(statement, 5)},
        .received_us = sqlite3_column_int64(statement, 7),
        .scan_km = number_of(statement, 8),
        .track_km = number_of(statement, 9),
        .brightness_k = number_of(statement, 10),
        .frp_mw = number_of(statement, 11),
        .confidence = (enum lh_hotspot_confidence)word_of(statement, 12, LH_CONFIDENCE_HIGH),
        .light = (enum lh_hotspot_light)word_of(statement, 14, LH_LIGHT_NIGHT),
        .grade = (enum lh_hotspot_grade)word_of(statement, 15, LH_GRADE_STANDARD),
        .type = (enum lh_hotspot_type)word_of(statement, 16, LH_HOTSPOT_TYPE_OFFSHORE),
        .cluster = (uint32_t)sqlite3_column_int64(statement, 17),
    };
    text_of(statement, 0, row.satellite, sizeof row.satellite);
    text_of(statement, 6, row.instrument, sizeof row.instrument);
    text_of(statement, 13, row.confidence_text, sizeof row.confidence_text);
    text_of(statement, 18, row.version, sizeof row.version);
    text_of(statement, 19, row.source, sizeof row.source);
    return row;
}

int lh_hotspot_log_between(struct lh_hotspot_log *log, int64_t from_us, int64_t to_us,
                           struct lh_fault *fault, struct lh_hotspots *rows)
{
    sqlite3_stmt *statement = lh_database_statement(&log->database, BETWEEN);
    (void)sqlite3_bind_int64(statement, 1, from_us);
    (void)sqlite3_bind_int64(statement, 2, to_us);
    int code = LH_OK;
    int result;
    while (code == LH_OK && (result = sqlite3_step(statement)) != SQLITE_DONE) {
        code = lh_database_fail(&log->database, result, fault);
        if (code != LH_OK)
            break;
        const struct lh_hotspot row = row_of(statement);
        code = lh_hotspots_add(rows, &row);
    }
    (void)sqlite3_reset(statement);
    return code;
}

int lh_hotspot_log_seen(struct lh_hotspot_log *log, const struct lh_seen_file *file,
                        struct lh_fault *fault, bool *ret_seen)
{
    sqlite3_stmt *statement = lh_database_statement(&log->database, GET_FILE);
    bind_text(statement, 1, file->feed);
    bind_text(statement, 2, file->name);
    (void)sqlite3_bind_int64(statement, 3, file->size);
    (void)sqlite3_bind_int64(statement, 4, file->mtime_ns);
    const int result = sqlite3_step(statement);
    const int code = lh_database_fail(&log->database, result, fault);
    (void)sqlite3_reset(statement);
    if (code == LH_OK)
        *ret_seen = result == SQLITE_ROW;
    return code;
}

int lh_hotspot_log_forget(struct lh_hotspot_log *log, int64_t before_us, struct lh_fault *fault)
{
    int code = LH_OK;
    for (int i = FORGET_ROWS; i <= FORGET_FILES && code == LH_OK; i++) {
        sqlite3_stmt *statement = lh_database_statement(&log->database, i);
        (void)sqlite3_bind_int64(statement, 1, before_us);
        code = lh_database_run(&log->database, statement, fault);
    }
    return code;
}
