#include "fuse/hotspot_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMENTS_MAX 8

struct table {
    struct lh_row_context context;
    struct lh_hotspots *hotspots;
    struct lh_fault *fault;
    enum lh_hotspot_field columns[LH_HOTSPOT_COLUMNS_MAX];
    size_t column_count;
    bool fields[LH_FIELDS];
    char scratch[LH_HOTSPOT_LINE_MAX]; /* of fields in quotes */
};

/* What is left to read. */
struct lines {
    const char *cursor;
    const char *end;
    size_t number; /* of the line last taken */
    bool whole;    /* it ended in a line break */
};

static bool next_line(struct lines *lines, struct lh_slice *ret_line)
{
    if (lines->cursor >= lines->end)
        return false;
    const char *begin = lines->cursor;
    const char *stop = memchr(begin, '\n', (size_t)(lines->end - begin));
    lines->whole = stop != NULL;
    if (!stop)
        stop = lines->end;
    lines->cursor = stop + lines->whole;
    lines->number++;
    if (stop > begin && stop[-1] == '\r')
        stop--;
    *ret_line = (struct lh_slice){begin, (size_t)(stop - begin)};
    return true;
}

static bool is_blank(struct lh_slice line)
{
    for (size_t i = 0; i < line.length; i++)
        if (line.text[i] != ' ' && line.text[i] != '\t')
            return false;
    return true;
}

/* ---- fields ---- */

/* A field in quotes, doubled ones within, copied to the scratch. NULL: no closing quote. */
static const char *take_quoted(struct table *table, const char *cursor, const char *end, char **put,
                               struct lh_slice *ret_field)
{
    char *begin = *put;
    for (cursor++; cursor < end; cursor++) {
        if (*cursor == '"' && cursor + 1 < end && cursor[1] == '"')
            cursor++;
        else if (*cursor == '"')
            break;
        if (*put < table->scratch + sizeof table->scratch)
            *(*put)++ = *cursor;
    }
    *ret_field = (struct lh_slice){begin, (size_t)(*put - begin)};
    if (cursor >= end || (cursor + 1 < end && cursor[1] != ','))
        return NULL;
    return cursor + 1;
}

/* Cuts a line into fields; SIZE_MAX: quotes do not match or there are too many. */
static size_t split(struct table *table, struct lh_slice line,
                    struct lh_slice fields[LH_HOTSPOT_COLUMNS_MAX])
{
    const char *cursor = line.text;
    const char *end = line.text + line.length;
    char *put = table->scratch;
    size_t count = 0;
    for (;;) {
        if (count == LH_HOTSPOT_COLUMNS_MAX)
            return SIZE_MAX;
        if (cursor < end && *cursor == '"') {
            cursor = take_quoted(table, cursor, end, &put, &fields[count]);
            if (!cursor)
                return SIZE_MAX;
        } else {
            const char *comma = memchr(cursor, ',', (size_t)(end - cursor));
            fields[count] = (struct lh_slice){cursor, (size_t)((comma ? comma : end) - cursor)};
            cursor = comma ? comma : end;
        }
        count++;
        if (cursor >= end)
            return count;
        cursor++;
    }
}

/* ---- the header ---- */

/* Every column that the site file names must be there. */
static int check_mapping(struct table *table)
{
    const struct lh_feed_columns *columns = &table->context.reading->mapping->columns;
    const struct {
        const char *name;
        enum lh_hotspot_field field;
    } wanted[] = {
        {columns->latitude, LH_FIELD_LATITUDE}, {columns->longitude, LH_FIELD_LONGITUDE},
        {columns->time, LH_FIELD_MOMENT},       {columns->date, LH_FIELD_DATE},
        {columns->clock, LH_FIELD_TIME},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (wanted[i].name && wanted[i].name[0] && !table->fields[wanted[i].field])
            return lh_fail(table->fault, LH_EFORMAT,
                           "the header has no column '%.48s', which the site file names",
                           wanted[i].name);
    table->context.product = LH_PRODUCT_MAPPED;
    return LH_OK;
}

/* True where the line names known columns. */
static bool take_header(struct table *table, struct lh_slice line)
{
    struct lh_slice names[LH_HOTSPOT_COLUMNS_MAX];
    const struct lh_feed_config *mapping = table->context.reading->mapping;
    while (line.length > 0 && (line.text[0] == '#' || line.text[0] == ' ')) {
        line.text++;
        line.length--;
    }
    const size_t count = line.length < LH_HOTSPOT_LINE_MAX ? split(table, line, names) : SIZE_MAX;
    size_t known = 0;
    memset(table->fields, 0, sizeof table->fields);
    for (size_t i = 0; count != SIZE_MAX && i < count; i++) {
        enum lh_hotspot_field field = mapping ? lh_hotspot_mapped_field(&mapping->columns, names[i])
                                              : lh_hotspot_field_of(names[i]);
        if (table->fields[field])
            field = LH_FIELD_NONE; /* the first of two columns of one name counts */
        table->columns[i] = field;
        table->fields[field] = field != LH_FIELD_NONE;
        known += field != LH_FIELD_NONE;
    }
    table->column_count = count;
    return known >= 2;
}

/* LH_EEOF: this is no table. */
static int find_header(struct table *table, struct lines *lines)
{
    struct lh_slice line;
    struct lh_slice first = {NULL, 0};
    while (lines->number < COMMENTS_MAX && next_line(lines, &line)) {
        if (is_blank(line))
            continue;
        if (!first.text)
            first = line;
        if (take_header(table, line)) {
            if (table->context.reading->mapping)
                return check_mapping(table);
            table->context.product = lh_hotspot_product_of(table->fields);
            if (table->context.product != LH_PRODUCT_UNKNOWN)
                return LH_OK;
            if (!lines->whole)
                return LH_EAGAIN;
            return lh_fail(table->fault, LH_EFORMAT,
                           "the header '%.*s' lacks a column for the place, the date or the time",
                           (int)(line.length > 160 ? 160 : line.length), line.text);
        }
        if (line.text[0] != '#')
            break;
    }
    if (!first.text)
        return LH_EAGAIN;
    return LH_EEOF;
}

/* ---- a spreadsheet's dates ---- */

static bool column_of(const struct table *table, enum lh_hotspot_field field, size_t *ret_column)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i] == field) {
            *ret_column = i;
            return true;
        }
    }
    return false;
}

/* Looks through all rows, where the first has a date like 5/17/2022, for a day over 12. */
static int find_date_form(struct table *table, struct lines lines)
{
    struct lh_slice line;
    struct lh_slice fields[LH_HOTSPOT_COLUMNS_MAX];
    size_t column;
    bool first_over = false;
    bool second_over = false;
    bool first_row = true;
    if (table->context.product == LH_PRODUCT_MAPPED || !column_of(table, LH_FIELD_DATE, &column))
        return LH_OK;
    while (next_line(&lines, &line)) {
        int numbers[3];
        if (is_blank(line) || line.length >= LH_HOTSPOT_LINE_MAX)
            continue;
        const size_t count = split(table, line, fields);
        if (count == SIZE_MAX || count <= column || !lh_date_numbers(fields[column], numbers)) {
            if (first_row)
                return LH_OK;
            continue;
        }
        first_row = false;
        first_over |= numbers[0] > 12;
        second_over |= numbers[1] > 12;
    }
    if (first_row)
        return LH_OK;
    if (first_over == second_over)
        return lh_fail(table->fault, LH_EFORMAT,
                       "a spreadsheet has rewritten the dates of this table, and %s; get the file "
                       "anew and do not save it from a spreadsheet",
                       first_over ? "they contradict each other"
                                  : "nothing in it says which number is the month");
    table->context.date_form = first_over ? LH_DATE_DMY : LH_DATE_MDY;
    (void)snprintf(table->hotspots->note, sizeof table->hotspots->note,
                   "a spreadsheet has rewritten its dates; read as %s, because other readings "
                   "have no such day, and its times as hours and minutes without leading zeros",
                   first_over ? "day/month/year" : "month/day/year");
    return LH_OK;
}

/* ---- rows ---- */

static int take_row(struct table *table, struct lh_slice line, struct lh_hotspot *ret_hotspot,
                    char why[112])
{
    struct lh_slice values[LH_HOTSPOT_COLUMNS_MAX];
    struct lh_slice fields[LH_FIELDS] = {{NULL, 0}};
    if (line.length >= LH_HOTSPOT_LINE_MAX) {
        (void)snprintf(why, 112, "a line of %zu bytes", line.length);
        return LH_EINVAL;
    }
    if (memchr(line.text, '\0', line.length)) {
        (void)snprintf(why, 112, "it has a zero byte");
        return LH_EINVAL;
    }
    const size_t count = split(table, line, values);
    if (count != table->column_count) {
        if (count == SIZE_MAX)
            (void)snprintf(why, 112, "its quotes do not match, or it has over %d columns",
                           LH_HOTSPOT_COLUMNS_MAX);
        else
            (void)snprintf(why, 112, "%zu columns where the header has %zu", count,
                           table->column_count);
        return LH_EINVAL;
    }
    for (size_t i = 0; i < count; i++)
        if (table->columns[i] != LH_FIELD_NONE)
            fields[table->columns[i]] = values[i];
    return lh_hotspot_from_row(&table->context, fields, ret_hotspot, why);
}

static int read_rows(struct table *table, struct lines *lines)
{
    struct lh_hotspots *hotspots = table->hotspots;
    struct lh_slice line;
    while (next_line(lines, &line)) {
        struct lh_hotspot hotspot;
        char why[112];
        if (is_blank(line))
            continue;
        hotspots->rows++;
        int code = take_row(table, line, &hotspot, why);
        if (code == LH_EFORMAT)
            return lh_fail(table->fault, code, "line %zu: %s; the whole table is refused",
                           lines->number, why);
        if (code == LH_OK) {
            code = lh_hotspots_add(hotspots, &hotspot);
        } else {
            code = lh_hotspots_refuse(hotspots, lines->number, why);
            if (!lines->whole)
                hotspots->state = LH_HOTSPOTS_TRUNCATED;
        }
        if (code != LH_OK)
            return code;
    }
    return LH_OK;
}

static int read_table(struct table *table, struct lines *lines)
{
    struct lh_hotspots *hotspots = table->hotspots;
    const char *bytes = lines->cursor;
    const size_t size = (size_t)(lines->end - bytes);
    int code = find_header(table, lines);
    if (code == LH_EEOF) {
        lh_hotspots_set_text(hotspots, bytes, size);
        return LH_OK;
    }
    if (code == LH_EAGAIN) { /* nothing at all, or cut in the header */
        hotspots->state = LH_HOTSPOTS_TRUNCATED;
        return LH_OK;
    }
    if (code == LH_OK)
        code = find_date_form(table, *lines);
    if (code != LH_OK)
        return code;
    hotspots->product = table->context.product;
    lh_hotspots_set_layout(hotspots, table->fields);
    code = read_rows(table, lines);
    if (code == LH_OK && hotspots->rows == 0)
        hotspots->state = LH_HOTSPOTS_EMPTY;
    return code;
}

int lh_hotspots_read_csv(const char *bytes, size_t size, bool ascii_only,
                         const struct lh_hotspot_reading *reading, struct lh_fault *fault,
                         struct lh_hotspots *hotspots)
{
    struct table *table = calloc(1, sizeof *table);
    if (!table)
        return LH_ENOMEM;
    table->context = (struct lh_row_context){.reading = reading, .ascii_only = ascii_only};
    table->hotspots = hotspots;
    table->fault = fault;
    struct lines lines = {.cursor = bytes, .end = bytes + size};
    const int code = read_table(table, &lines);
    free(table);
    return code;
}
