#include "fuse/heat_register.h"

#include "fuse/database.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_US (86400.0 * (double)LH_SECOND_US)
#define SAME_LOOK_US (480 * LH_SECOND_US) /* as long as a group lasts */
#define REACH_MOST_M 3000.0
#define RADIUS_MOST_M 20000.0
#define WIDER 1.5
#define STRONGER 2.0

enum statement {
    PUT,
    NEAR,
    ALL,
    FORGET,
    DISMISS,
    PUT_CIRCLE,
    DROP_CIRCLE,
    CIRCLES,
    PUT_AUDIT,
    AUDIT,
    STATEMENTS,
};

#define LOOK "latitude_deg, longitude_deg, acquired_us, frp_mw, size_m, night, satellite"

static const char *const statements[STATEMENTS] = {
    [PUT] = "INSERT OR IGNORE INTO look (cell_y, cell_x, " LOOK ", dismissed)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0)",
    [NEAR] = "SELECT " LOOK " FROM look WHERE cell_y BETWEEN ?1 AND ?2 AND dismissed = 0"
             " AND acquired_us >= ?3 AND acquired_us < ?4",
    [ALL] = "SELECT " LOOK " FROM look WHERE dismissed = 0 AND acquired_us >= ?1"
            " AND acquired_us <= ?2 ORDER BY latitude_deg, longitude_deg, acquired_us, satellite",
    [FORGET] = "DELETE FROM look WHERE acquired_us < ?1",
    [DISMISS] = "UPDATE look SET dismissed = 1 WHERE acquired_us = ?1 AND satellite = ?2"
                " AND latitude_deg = ?3 AND longitude_deg = ?4",
    [PUT_CIRCLE] = "INSERT OR REPLACE INTO circle (name, latitude_deg, longitude_deg, radius_m,"
                   " factor, from_us, to_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [DROP_CIRCLE] = "DELETE FROM circle WHERE name = ?1",
    [CIRCLES] = "SELECT name, latitude_deg, longitude_deg, radius_m, factor FROM circle"
                " WHERE (from_us IS NULL OR from_us <= ?1) AND (to_us IS NULL OR to_us > ?1)"
                " ORDER BY factor, name",
    [PUT_AUDIT] = "INSERT INTO audit (utc_us, who, what, why) VALUES (?1, ?2, ?3, ?4)",
    [AUDIT] = "SELECT utc_us, who, what, why FROM audit ORDER BY id",
};

static const char *const migrations[] = {
    "CREATE TABLE look ("
    " cell_y INTEGER NOT NULL, cell_x INTEGER NOT NULL, latitude_deg REAL NOT NULL,"
    " longitude_deg REAL NOT NULL, acquired_us INTEGER NOT NULL, frp_mw REAL, size_m REAL NOT NULL,"
    " night INTEGER NOT NULL, satellite TEXT NOT NULL, dismissed INTEGER NOT NULL,"
    " PRIMARY KEY (acquired_us, satellite, latitude_deg, longitude_deg)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX look_cell ON look (cell_y, cell_x, acquired_us);"
    "CREATE TABLE circle ("
    " name TEXT PRIMARY KEY, latitude_deg REAL NOT NULL, longitude_deg REAL NOT NULL,"
    " radius_m REAL NOT NULL, factor REAL NOT NULL, from_us INTEGER, to_us INTEGER) STRICT;"
    "CREATE TABLE audit ("
    " id INTEGER PRIMARY KEY, utc_us INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,"
    " why TEXT NOT NULL) STRICT;",
};

static const struct lh_database_plan plan = {
    .what = "the heat register",
    .application_id = 0x4c484854, /* "LHHT" */
    .migrations = migrations,
    .version = (int)(sizeof migrations / sizeof migrations[0]),
    .statements = statements,
    .statement_count = STATEMENTS,
};

struct lh_heat_register {
    struct lh_database database;
    const struct lh_heat_config *config;
    const struct lh_heat_areas *areas;
};

int lh_heat_register_open(const char *path, const struct lh_heat_config *config,
                          const struct lh_heat_areas *areas, struct lh_fault *fault,
                          struct lh_heat_register **ret_register)
{
    struct lh_heat_register *heat_register = calloc(1, sizeof *heat_register);
    if (!heat_register)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    heat_register->config = config;
    heat_register->areas = areas;
    const int code =
        lh_database_open(&heat_register->database, &plan, path ? path : ":memory:", fault);
    if (code == LH_OK)
        *ret_register = heat_register;
    else
        free(heat_register);
    return code;
}

void lh_heat_register_close(struct lh_heat_register **heat_register)
{
    if (!*heat_register)
        return;
    lh_database_close(&(*heat_register)->database);
    free(*heat_register);
    *heat_register = NULL;
}

/* ---- learning ---- */

static int64_t cell_of(double degrees)
{
    return (int64_t)floor(degrees / LH_HEAT_CELL_DEG);
}

static int note_row(struct lh_heat_register *heat_register, const struct lh_hotspot *row,
                    struct lh_fault *fault)
{
    sqlite3_stmt *statement = lh_database_statement(&heat_register->database, PUT);
    (void)sqlite3_bind_int64(statement, 1, cell_of(row->at.latitude_deg));
    (void)sqlite3_bind_int64(statement, 2, cell_of(row->at.longitude_deg));
    (void)sqlite3_bind_double(statement, 3, row->at.latitude_deg);
    (void)sqlite3_bind_double(statement, 4, row->at.longitude_deg);
    (void)sqlite3_bind_int64(statement, 5, row->acquired_us);
    if (isfinite(row->frp_mw))
        (void)sqlite3_bind_double(statement, 6, row->frp_mw);
    (void)sqlite3_bind_double(statement, 7, lh_hotspot_size_m(row));
    (void)sqlite3_bind_int(statement, 8, lh_hotspot_at_night(row) ? 1 : 0);
    (void)sqlite3_bind_text(statement, 9, row->satellite, -1, SQLITE_STATIC);
    return lh_database_run(&heat_register->database, statement, fault);
}

int lh_heat_register_note(struct lh_heat_register *heat_register, const struct lh_hotspot *rows,
                          size_t count, struct lh_fault *fault)
{
    int code = lh_database_begin(&heat_register->database, fault);
    if (code != LH_OK)
        return code;
    for (size_t i = 0; i < count && code == LH_OK; i++)
        code = note_row(heat_register, &rows[i], fault);
    return lh_database_end(&heat_register->database, code, fault);
}

int lh_heat_register_forget(struct lh_heat_register *heat_register, int64_t before_us,
                            struct lh_fault *fault)
{
    sqlite3_stmt *statement = lh_database_statement(&heat_register->database, FORGET);
    (void)sqlite3_bind_int64(statement, 1, before_us);
    return lh_database_run(&heat_register->database, statement, fault);
}

/* ---- looks in memory ---- */

struct looks {
    struct lh_heat_look *items;
    size_t count;
    size_t capacity;
};

static int add_look(struct looks *looks, sqlite3_stmt *statement)
{
    if (looks->count == looks->capacity) {
        const size_t capacity = looks->capacity ? 2 * looks->capacity : 64;
        struct lh_heat_look *items = realloc(looks->items, capacity * sizeof *items);
        if (!items)
            return LH_ENOMEM;
        looks->items = items;
        looks->capacity = capacity;
    }
    struct lh_heat_look *look = &looks->items[looks->count++];
    const unsigned char *satellite = sqlite3_column_text(statement, 6);
    *look = (struct lh_heat_look){
        .at = {sqlite3_column_double(statement, 0), sqlite3_column_double(statement, 1)},
        .acquired_us = sqlite3_column_int64(statement, 2),
        .frp_mw = sqlite3_column_type(statement, 3) == SQLITE_NULL
                      ? NAN
                      : sqlite3_column_double(statement, 3),
        .size_m = sqlite3_column_double(statement, 4),
        .night = sqlite3_column_int(statement, 5) != 0,
    };
    (void)snprintf(look->satellite, sizeof look->satellite, "%s",
                   satellite ? (const char *)satellite : "");
    return LH_OK;
}

static int read_looks(struct lh_heat_register *heat_register, sqlite3_stmt *statement,
                      struct lh_fault *fault, struct looks *looks)
{
    int code = LH_OK;
    int result;
    while (code == LH_OK && (result = sqlite3_step(statement)) != SQLITE_DONE) {
        code = lh_database_fail(&heat_register->database, result, fault);
        if (code == LH_OK)
            code = add_look(looks, statement);
    }
    (void)sqlite3_reset(statement);
    return code;
}

/* Looks in a band of latitude that any reach stays in, longitudes unseen. */
static int read_near(struct lh_heat_register *heat_register, struct lh_geo at, double radius_m,
                     int64_t from_us, int64_t to_us, struct lh_fault *fault, struct looks *looks)
{
    const double band_deg = radius_m / 110500;
    sqlite3_stmt *statement = lh_database_statement(&heat_register->database, NEAR);
    (void)sqlite3_bind_int64(statement, 1, cell_of(at.latitude_deg - band_deg));
    (void)sqlite3_bind_int64(statement, 2, cell_of(at.latitude_deg + band_deg));
    (void)sqlite3_bind_int64(statement, 3, from_us);
    (void)sqlite3_bind_int64(statement, 4, to_us);
    return read_looks(heat_register, statement, fault, looks);
}

/* ---- judging ---- */

/* Those of the looks that are of one source with a place; at least one stays. */
static size_t pick_near(const struct looks *looks, struct lh_geo at, double size_m,
                        const struct lh_heat_look **picked)
{
    size_t count = 0;
    for (size_t i = 0; i < looks->count; i++) {
        const struct lh_heat_look *look = &looks->items[i];
        if (lh_geo_distance_m(at, look->at) <= lh_heat_reach_m(size_m, look->size_m))
            picked[count++] = look;
    }
    qsort(picked, count, sizeof(struct lh_heat_look *), lh_heat_look_order);
    return count;
}

/* Twice: the first about the place asked, the second about what was found there. */
static int sum_near(const struct looks *looks, const struct lh_heat_query *query,
                    struct lh_heat_evidence *evidence)
{
    const struct lh_heat_look **picked = malloc((looks->count + 1) * sizeof(struct lh_heat_look *));
    if (!picked)
        return LH_ENOMEM;
    int code = LH_OK;
    struct lh_geo about = query->at;
    for (int round = 0; round < 2 && code == LH_OK; round++) {
        const size_t count = pick_near(looks, about, query->size_m, picked);
        if (count == 0)
            break;
        code = lh_heat_sum(picked, count, evidence);
        about = evidence->centre;
    }
    free(picked);
    return code;
}

#define SAY(...) (void)snprintf(verdict->reason, sizeof verdict->reason, __VA_ARGS__)

static void weigh_recurrent(const struct lh_heat_config *config, const struct lh_heat_query *query,
                            struct lh_heat_verdict *verdict)
{
    const struct lh_heat_evidence *evidence = &verdict->evidence;
    char last[LH_TIME_TEXT];
    const double limit_mw = fmax(evidence->frp_p99_mw, STRONGER * evidence->frp_median_mw);
    const double shift_m = lh_geo_distance_m(query->at, evidence->centre);
    (void)lh_time_format(evidence->last_us, last);
    verdict->known = true;
    verdict->raised = true;
    if (query->frp_mw > limit_mw) {
        SAY("standing heat source (%zu dates), but %.1f MW where it has %.1f", evidence->dates,
            query->frp_mw, limit_mw);
    } else if (shift_m > query->size_m + evidence->spread_m) {
        SAY("%.0f m from a standing heat source (%zu dates): not the same", shift_m,
            evidence->dates);
    } else if (query->area_km2 > WIDER * evidence->area_most_km2) {
        SAY("standing heat source (%zu dates), but %.1f km2 where it had %.1f", evidence->dates,
            query->area_km2, evidence->area_most_km2);
    } else {
        verdict->raised = false;
        verdict->factor = config->factor;
        SAY("standing heat source: %zu dates in %.0f days, %.0f %% at night, last %.10s",
            evidence->dates, (double)(evidence->last_us - evidence->first_us) / DAY_US,
            100.0 * (double)evidence->nights / (double)evidence->looks, last);
    }
}

static int judge_recurrence(struct lh_heat_register *heat_register,
                            const struct lh_heat_query *query, struct lh_fault *fault,
                            struct lh_heat_verdict *verdict)
{
    struct looks looks = {0};
    const int64_t window_us = (int64_t)(heat_register->config->window_days * DAY_US);
    int code = read_near(heat_register, query->at, 3 * REACH_MOST_M, query->acquired_us - window_us,
                         query->acquired_us - SAME_LOOK_US, fault, &looks);
    if (code == LH_OK && looks.count > 0)
        code = sum_near(&looks, query, &verdict->evidence);
    if (code == LH_OK && verdict->evidence.rows > 0 &&
        lh_heat_is_standing(&verdict->evidence, heat_register->config, query->acquired_us))
        weigh_recurrent(heat_register->config, query, verdict);
    free(looks.items);
    return code;
}

static void apply(struct lh_heat_verdict *verdict, double factor, const char *what,
                  const char *name)
{
    if (verdict->known && !verdict->raised && factor >= verdict->factor)
        return;
    verdict->known = true;
    verdict->raised = false;
    verdict->factor = factor;
    SAY("%s '%.80s'", what, name);
}

static int judge_circles(struct lh_heat_register *heat_register, const struct lh_heat_query *query,
                         struct lh_fault *fault, struct lh_heat_verdict *verdict)
{
    sqlite3_stmt *statement = lh_database_statement(&heat_register->database, CIRCLES);
    (void)sqlite3_bind_int64(statement, 1, query->acquired_us);
    int code = LH_OK;
    int result;
    while (code == LH_OK && (result = sqlite3_step(statement)) != SQLITE_DONE) {
        code = lh_database_fail(&heat_register->database, result, fault);
        if (code != LH_OK)
            break;
        const struct lh_geo at = {sqlite3_column_double(statement, 1),
                                  sqlite3_column_double(statement, 2)};
        const unsigned char *name = sqlite3_column_text(statement, 0);
        if (lh_geo_distance_m(at, query->at) <=
            sqlite3_column_double(statement, 3) + query->size_m / 2)
            apply(verdict, sqlite3_column_double(statement, 4), "declared heat source",
                  name ? (const char *)name : "");
    }
    (void)sqlite3_reset(statement);
    return code;
}

struct lh_heat_query lh_heat_query_of(const struct lh_hotspot_group *group)
{
    return (struct lh_heat_query){
        .at = group->ellipse.centre,
        .acquired_us = group->acquired_us,
        .frp_mw = group->frp_mw,
        .size_m = group->size_m,
        .area_km2 = (double)group->count * group->size_m * group->size_m / 1e6,
    };
}

int lh_heat_register_judge(struct lh_heat_register *heat_register,
                           const struct lh_heat_query *query, struct lh_fault *fault,
                           struct lh_heat_verdict *ret_verdict)
{
    struct lh_heat_verdict verdict = {.factor = 1};
    int code = judge_recurrence(heat_register, query, fault, &verdict);
    if (code == LH_OK)
        code = judge_circles(heat_register, query, fault, &verdict);
    if (code != LH_OK)
        return code == LH_ENOMEM ? lh_fail(fault, code, "out of memory") : code;
    double factor;
    const char *name;
    if (heat_register->areas && lh_heat_areas_at(heat_register->areas, query->at, query->size_m / 2,
                                                 query->acquired_us, &factor, &name))
        apply(&verdict, factor, "registered area", name);
    *ret_verdict = verdict;
    return LH_OK;
}

/* ---- all sources ---- */

/* Looks by latitude, so that neighbours stand near. */
struct survey {
    const struct lh_heat_config *config;
    const struct looks *looks;
    int64_t now_us;
    bool *recurrent;
    size_t *group;
    const struct lh_heat_look **picked;
    size_t *stack;
};

/* The next index on one side of i that could be in reach, or SIZE_MAX. */
static bool in_reach(const struct looks *looks, size_t i, size_t j)
{
    const struct lh_heat_look *a = &looks->items[i];
    const struct lh_heat_look *b = &looks->items[j];
    const double reach_m = lh_heat_reach_m(a->size_m, b->size_m);
    const double east_m = lh_azimuth_difference(a->at.longitude_deg, b->at.longitude_deg) * 111000 *
                          cos(a->at.latitude_deg * LH_DEGREE);
    return (fabs(east_m) <= 1.2 * reach_m || fabs(a->at.latitude_deg) > 85) &&
           lh_geo_distance_m(a->at, b->at) <= reach_m;
}

/* Calls on for every look in reach of i, itself too. */
static void visit_near(struct survey *survey, size_t i,
                       void (*on)(struct survey *survey, size_t j, void *context), void *context)
{
    const struct looks *looks = survey->looks;
    const double band_deg = REACH_MOST_M / 110500;
    const double latitude_deg = looks->items[i].at.latitude_deg;
    size_t first = i;
    while (first > 0 && latitude_deg - looks->items[first - 1].at.latitude_deg <= band_deg)
        first--;
    for (size_t j = first;
         j < looks->count && looks->items[j].at.latitude_deg - latitude_deg <= band_deg; j++)
        if (in_reach(looks, i, j))
            on(survey, j, context);
}

static void pick(struct survey *survey, size_t j, void *context)
{
    size_t *count = (size_t *)context;
    survey->picked[(*count)++] = &survey->looks->items[j];
}

static void follow(struct survey *survey, size_t j, void *context)
{
    size_t *depth = (size_t *)context;
    if (survey->recurrent[j] && survey->group[j] == SIZE_MAX) {
        survey->group[j] = survey->group[survey->stack[0]];
        survey->stack[(*depth)++] = j;
    }
}

static int mark_recurrent(struct survey *survey)
{
    int code = LH_OK;
    for (size_t i = 0; i < survey->looks->count && code == LH_OK; i++) {
        struct lh_heat_evidence evidence;
        size_t count = 0;
        visit_near(survey, i, pick, &count);
        qsort(survey->picked, count, sizeof(struct lh_heat_look *), lh_heat_look_order);
        code = lh_heat_sum(survey->picked, count, &evidence);
        survey->recurrent[i] =
            code == LH_OK && lh_heat_is_standing(&evidence, survey->config, survey->now_us);
        survey->group[i] = SIZE_MAX;
    }
    return code;
}

/* Everything connected with look i, popped from a stack whose bottom stays. */
static void spread_from(struct survey *survey, size_t i, size_t number)
{
    size_t depth = 1;
    size_t done = 0;
    survey->group[i] = number;
    survey->stack[0] = i;
    while (done < depth)
        visit_near(survey, survey->stack[done++], follow, &depth);
}

static int by_dates(const void *a, const void *b)
{
    const struct lh_heat_evidence *left = (const struct lh_heat_evidence *)a;
    const struct lh_heat_evidence *right = (const struct lh_heat_evidence *)b;
    if (left->dates != right->dates)
        return left->dates > right->dates ? -1 : 1;
    if (left->looks != right->looks)
        return left->looks > right->looks ? -1 : 1;
    return (left->centre.latitude_deg > right->centre.latitude_deg) -
           (left->centre.latitude_deg < right->centre.latitude_deg);
}

static int sum_groups(struct survey *survey, struct lh_heat_evidence *sources, size_t *count)
{
    int code = mark_recurrent(survey);
    for (size_t i = 0; i < survey->looks->count && code == LH_OK; i++) {
        if (!survey->recurrent[i] || survey->group[i] != SIZE_MAX)
            continue;
        size_t members = 0;
        spread_from(survey, i, *count);
        for (size_t j = 0; j < survey->looks->count; j++)
            if (survey->group[j] == *count)
                survey->picked[members++] = &survey->looks->items[j];
        qsort(survey->picked, members, sizeof(struct lh_heat_look *), lh_heat_look_order);
        code = lh_heat_sum(survey->picked, members, &sources[(*count)++]);
    }
    qsort(sources, *count, sizeof *sources, by_dates);
    return code;
}

static int survey_looks(struct survey *survey, struct lh_heat_evidence **ret_sources,
                        size_t *ret_count)
{
    const size_t room = survey->looks->count + 1;
    size_t count = 0;
    struct lh_heat_evidence *sources = calloc(room, sizeof *sources);
    survey->recurrent = calloc(room, sizeof *survey->recurrent);
    survey->group = calloc(room, sizeof *survey->group);
    survey->stack = calloc(room, sizeof *survey->stack);
    survey->picked = calloc(room, sizeof(struct lh_heat_look *));
    int code = sources && survey->recurrent && survey->group && survey->stack && survey->picked
                   ? LH_OK
                   : LH_ENOMEM;
    if (code == LH_OK)
        code = sum_groups(survey, sources, &count);
    free(survey->recurrent);
    free(survey->group);
    free(survey->stack);
    free(survey->picked);
    if (code == LH_OK) {
        *ret_sources = sources;
        *ret_count = count;
    } else {
        free(sources);
    }
    return code;
}

int lh_heat_register_sources(struct lh_heat_register *heat_register, int64_t now_us,
                             struct lh_fault *fault, struct lh_heat_evidence **ret_sources,
                             size_t *ret_count)
{
    struct looks looks = {0};
    sqlite3_stmt *statement = lh_database_statement(&heat_register->database, ALL);
    (void)sqlite3_bind_int64(statement, 1,
                             now_us - (int64_t)(heat_register->config->window_days * DAY_US));
    (void)sqlite3_bind_int64(statement, 2, now_us);
    int code = read_looks(heat_register, statement, fault, &looks);
    struct survey survey = {.config = heat_register->config, .looks = &looks, .now_us = now_us};
    if (code == LH_OK)
        code = survey_looks(&survey, ret_sources, ret_count);
    if (code == LH_ENOMEM)
        (void)lh_fail(fault, code, "out of memory");
    free(looks.items);
    return code;
}

/* ---- operators ---- */

static int put_audit(struct lh_heat_register *heat_register, const struct lh_heat_edit *edit,
                     const char *what, struct lh_fault *fault)
{
    sqlite3_stmt *statement = lh_database_statement(&heat_register->database, PUT_AUDIT);
    (void)sqlite3_bind_int64(statement, 1, edit->utc_us);
    (void)sqlite3_bind_text(statement, 2, edit->who, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 3, what, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 4, edit->why, -1, SQLITE_STATIC);
    return lh_database_run(&heat_register->database, statement, fault);
}

static int check_edit(const struct lh_heat_edit *edit, struct lh_geo at, double radius_m,
                      struct lh_fault *fault)
{
    if (!edit->who || !edit->who[0] || !edit->why || !edit->why[0])
        return lh_fail(fault, LH_EINVAL, "an edit of the heat register needs who and why");
    if (!lh_geo_valid(at) || !(radius_m >= 0 && radius_m <= RADIUS_MOST_M))
        return lh_fail(fault, LH_EINVAL,
                       "a heat source is a place on earth with a radius of 0 to "
                       "20 km");
    return LH_OK;
}

int lh_heat_register_declare(struct lh_heat_register *heat_register,
                             const struct lh_heat_circle *circle, const struct lh_heat_edit *edit,
                             struct lh_fault *fault)
{
    char what[256];
    int code = check_edit(edit, circle->at, circle->radius_m, fault);
    if (code == LH_OK && (!circle->name || !circle->name[0] || strlen(circle->name) > 80 ||
                          !(circle->factor >= 0 && circle->factor <= 1)))
        code = lh_fail(fault, LH_EINVAL,
                       "a heat source needs a name of 1 to 80 bytes and a factor "
                       "of 0 to 1");
    if (code == LH_OK)
        code = lh_database_begin(&heat_register->database, fault);
    if (code != LH_OK)
        return code;
    sqlite3_stmt *statement = lh_database_statement(&heat_register->database, PUT_CIRCLE);
    (void)sqlite3_bind_text(statement, 1, circle->name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_double(statement, 2, circle->at.latitude_deg);
    (void)sqlite3_bind_double(statement, 3, circle->at.longitude_deg);
    (void)sqlite3_bind_double(statement, 4, circle->radius_m);
    (void)sqlite3_bind_double(statement, 5, circle->factor);
    if (circle->from_us != LH_NO_TIME)
        (void)sqlite3_bind_int64(statement, 6, circle->from_us);
    if (circle->to_us != LH_NO_TIME)
        (void)sqlite3_bind_int64(statement, 7, circle->to_us);
    (void)snprintf(what, sizeof what, "declared '%s': %.5f,%.5f, %.0f m, factor %.3g", circle->name,
                   circle->at.latitude_deg, circle->at.longitude_deg, circle->radius_m,
                   circle->factor);
    code = lh_database_run(&heat_register->database, statement, fault);
    if (code == LH_OK)
        code = put_audit(heat_register, edit, what, fault);
    return lh_database_end(&heat_register->database, code, fault);
}

int lh_heat_register_withdraw(struct lh_heat_register *heat_register, const char *name,
                              const struct lh_heat_edit *edit, struct lh_fault *fault)
{
    char what[160];
    int code = check_edit(edit, (struct lh_geo){0, 0}, 0, fault);
    if (code == LH_OK)
        code = lh_database_begin(&heat_register->database, fault);
    if (code != LH_OK)
        return code;
    sqlite3_stmt *statement = lh_database_statement(&heat_register->database, DROP_CIRCLE);
    (void)sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    code = lh_database_run(&heat_register->database, statement, fault);
    if (code == LH_OK && sqlite3_changes(heat_register->database.handle) == 0)
        code = lh_fail(fault, LH_ENOTFOUND, "there is no declared heat source '%.80s'", name);
    (void)snprintf(what, sizeof what, "withdrew '%.80s'", name);
    if (code == LH_OK)
        code = put_audit(heat_register, edit, what, fault);
    return lh_database_end(&heat_register->database, code, fault);
}

static int dismiss_look(struct lh_heat_register *heat_register, const struct lh_heat_look *look,
                        struct lh_fault *fault)
{
    sqlite3_stmt *statement = lh_database_statement(&heat_register->database, DISMISS);
    (void)sqlite3_bind_int64(statement, 1, look->acquired_us);
    (void)sqlite3_bind_text(statement, 2, look->satellite, -1, SQLITE_STATIC);
    (void)sqlite3_bind_double(statement, 3, look->at.latitude_deg);
    (void)sqlite3_bind_double(statement, 4, look->at.longitude_deg);
    return lh_database_run(&heat_register->database, statement, fault);
}

int lh_heat_register_dismiss(struct lh_heat_register *heat_register, struct lh_geo at,
                             double radius_m, const struct lh_heat_edit *edit,
                             struct lh_fault *fault)
{
    struct looks looks = {0};
    char what[160];
    size_t dismissed = 0;
    int code = check_edit(edit, at, radius_m, fault);
    if (code == LH_OK)
        code = lh_database_begin(&heat_register->database, fault);
    if (code != LH_OK)
        return code;
    code = read_near(heat_register, at, radius_m, INT64_MIN, edit->utc_us, fault, &looks);
    for (size_t i = 0; i < looks.count && code == LH_OK; i++) {
        if (lh_geo_distance_m(at, looks.items[i].at) > radius_m)
            continue;
        code = dismiss_look(heat_register, &looks.items[i], fault);
        dismissed++;
    }
    (void)snprintf(what, sizeof what, "dismissed %zu looks within %.0f m of %.5f,%.5f", dismissed,
                   radius_m, at.latitude_deg, at.longitude_deg);
    if (code == LH_OK)
        code = put_audit(heat_register, edit, what, fault);
    free(looks.items);
    return lh_database_end(&heat_register->database, code, fault);
}

int lh_heat_register_audit(struct lh_heat_register *heat_register,
                           int (*visit)(void *context, int64_t utc_us, const char *who,
                                        const char *what, const char *why),
                           void *context, struct lh_fault *fault)
{
    sqlite3_stmt *statement = lh_database_statement(&heat_register->database, AUDIT);
    int result;
    bool stop = false;
    while (!stop && (result = sqlite3_step(statement)) == SQLITE_ROW)
        stop = visit(context, sqlite3_column_int64(statement, 0),
                     (const char *)sqlite3_column_text(statement, 1),
                     (const char *)sqlite3_column_text(statement, 2),
                     (const char *)sqlite3_column_text(statement, 3)) != 0;
    const int code = stop ? LH_OK : lh_database_fail(&heat_register->database, result, fault);
    (void)sqlite3_reset(statement);
    return code;
}
