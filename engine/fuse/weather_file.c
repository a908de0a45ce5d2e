#include "fuse/weather_file.h"

#include "base/text_file.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COLUMNS_MAX 64
#define CELL_MAX 128

enum column {
    COLUMN_OTHER,
    COLUMN_STATION,
    COLUMN_TIME,
    COLUMN_LATITUDE,
    COLUMN_LONGITUDE,
    COLUMN_YEAR,
    COLUMN_MONTH,
    COLUMN_DAY,
    COLUMN_TEMPERATURE,
    COLUMN_HUMIDITY,
    COLUMN_WIND_KM_H,
    COLUMN_WIND_M_S,
    COLUMN_WIND_FROM,
    COLUMN_RAIN,
    COLUMN_DANGER,
};

static const struct {
    const char *name;
    enum column column;
} names[] = {
    {"station", COLUMN_STATION},
    {"time", COLUMN_TIME},
    {"latitude", COLUMN_LATITUDE},
    {"lat", COLUMN_LATITUDE},
    {"longitude", COLUMN_LONGITUDE},
    {"long", COLUMN_LONGITUDE},
    {"lon", COLUMN_LONGITUDE},
    {"yr", COLUMN_YEAR},
    {"year", COLUMN_YEAR},
    {"mon", COLUMN_MONTH},
    {"month", COLUMN_MONTH},
    {"day", COLUMN_DAY},
    {"temperature_c", COLUMN_TEMPERATURE},
    {"temp", COLUMN_TEMPERATURE},
    {"humidity_percent", COLUMN_HUMIDITY},
    {"rh", COLUMN_HUMIDITY},
    {"wind_km_h", COLUMN_WIND_KM_H},
    {"ws", COLUMN_WIND_KM_H},
    {"wind_m_s", COLUMN_WIND_M_S},
    {"wind_from_deg", COLUMN_WIND_FROM},
    {"rain_mm", COLUMN_RAIN},
    {"prec", COLUMN_RAIN},
    {"danger_level", COLUMN_DANGER},
};

struct table {
    char separator;
    enum column columns[COLUMNS_MAX];
    size_t count;
    int line;
    struct lh_fault *fault;
};

/* The next cell of a line without quotes and blanks around it, and what follows it; false: cut off. */
static bool next_cell(const struct table *table, const char **rest, const char *end,
                      char cell[CELL_MAX])
{
    const char *stop = memchr(*rest, table->separator, (size_t)(end - *rest));
    const char *first = *rest;
    const char *last = stop ? stop : end;
    *rest = stop ? stop + 1 : NULL;
    while (first < last && strchr(" \"\r", *first))
        first++;
    while (last > first && strchr(" \"\r", last[-1]))
        last--;
    const size_t length = last > first ? (size_t)(last - first) : 0;
    if (length >= CELL_MAX || memchr(first, '\0', length))
        return false;
    memcpy(cell, first, length);
    cell[length] = '\0';
    return true;
}

static enum column column_of(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(names[i].name, name) == 0)
            return names[i].column;
    return COLUMN_OTHER;
}

static int read_header(struct table *table, const char *line, const char *end)
{
    char cell[CELL_MAX];
    bool known = false;
    const size_t length = (size_t)(end - line);
    table->separator = memchr(line, ';', length) ? ';' : memchr(line, '\t', length) ? '\t' : ',';
    for (const char *rest = line; rest;) {
        if (table->count == COLUMNS_MAX || !next_cell(table, &rest, end, cell))
            return lh_fail(table->fault, LH_EFORMAT, "line 1 has more than %d columns",
                           COLUMNS_MAX);
        table->columns[table->count] = column_of(cell);
        known |= table->columns[table->count++] >= COLUMN_TEMPERATURE;
    }
    if (known)
        return LH_OK;
    return lh_fail(table->fault, LH_EFORMAT,
                   "line 1 must name the columns: temperature_c, humidity_percent, wind_km_h, "
                   "rain_mm and so on");
}

static double *measure_of(enum column column, struct lh_weather_row *row)
{
    switch (column) {
    case COLUMN_LATITUDE:
        return &row->latitude_deg;
    case COLUMN_LONGITUDE:
        return &row->longitude_deg;
    case COLUMN_TEMPERATURE:
        return &row->temperature_c;
    case COLUMN_HUMIDITY:
        return &row->humidity_percent;
    case COLUMN_WIND_FROM:
        return &row->wind_from_deg;
    case COLUMN_RAIN:
        return &row->rain_mm;
    default:
        return &row->wind_km_h;
    }
}

static int set_cell(const struct table *table, enum column column, const char *cell,
                    struct lh_weather_row *row)
{
    if (column == COLUMN_OTHER || !cell[0])
        return LH_OK;
    if (column == COLUMN_STATION) {
        (void)snprintf(row->station, sizeof row->station, "%.64s", cell);
        return LH_OK;
    }
    if (column == COLUMN_TIME)
        return lh_time_parse(cell, &row->utc_us) == LH_OK
                   ? LH_OK
                   : lh_fail(table->fault, LH_EFORMAT,
                             "line %d: '%.40s' is no time as 2026-11-24T12:00:00+08:00",
                             table->line, cell);
    char *end;
    const double number = strtod(cell, &end);
    const bool whole = column == COLUMN_YEAR || column == COLUMN_MONTH || column == COLUMN_DAY ||
                       column == COLUMN_DANGER;
    if (*end || !isfinite(number) || fabs(number) > 1e6 || (whole && number != floor(number)))
        return lh_fail(table->fault, LH_EFORMAT, "line %d: '%.40s' is no number", table->line,
                       cell);
    if (column == COLUMN_YEAR)
        row->year = (int)number;
    else if (column == COLUMN_MONTH)
        row->month = (int)number;
    else if (column == COLUMN_DAY)
        row->day = (int)number;
    else if (column == COLUMN_DANGER)
        row->danger_level = (int)number;
    else
        *measure_of(column, row) = column == COLUMN_WIND_M_S ? number * 3.6 : number;
    return LH_OK;
}

static int read_row(const struct table *table, const char *line, const char *end,
                    lh_weather_row_fn on_row, void *context)
{
    char cell[CELL_MAX];
    struct lh_weather_row row = {.latitude_deg = NAN,
                                 .longitude_deg = NAN,
                                 .utc_us = LH_NO_TIME,
                                 .temperature_c = NAN,
                                 .humidity_percent = NAN,
                                 .wind_km_h = NAN,
                                 .wind_from_deg = NAN,
                                 .rain_mm = NAN};
    const char *rest = line;
    for (size_t i = 0; i < table->count; i++) {
        if (!rest)
            return lh_fail(table->fault, LH_EFORMAT, "line %d is cut off: %zu of %zu columns",
                           table->line, i, table->count);
        if (!next_cell(table, &rest, end, cell))
            return lh_fail(table->fault, LH_EFORMAT, "line %d has a cell that is too long",
                           table->line);
        const int code = set_cell(table, table->columns[i], cell, &row);
        if (code != LH_OK)
            return code;
    }
    return on_row(context, table->line, &row);
}

int lh_weather_parse(const char *text, size_t length, lh_weather_row_fn on_row, void *context,
                     struct lh_fault *fault)
{
    struct table table = {.fault = fault};
    const char *const end = text + length;
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3;
    int code = LH_OK;
    while (text < end && code == LH_OK) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = stop ? stop : end;
        const char *line = text;
        text = stop ? stop + 1 : end;
        table.line++;
        while (line < line_end && strchr(" \r", *line))
            line++;
        if (line == line_end)
            continue;
        code = table.count == 0 ? read_header(&table, line, line_end)
                                : read_row(&table, line, line_end, on_row, context);
    }
    if (code == LH_OK && table.count == 0)
        code = lh_fail(fault, LH_EFORMAT, "there is nothing in it");
    return code;
}

int lh_weather_load(const char *path, lh_weather_row_fn on_row, void *context,
                    struct lh_fault *fault)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int code = lh_text_file_read(path, LH_WEATHER_BYTES_MAX, fault, &bytes, &size);
    if (code != LH_OK)
        return code;
    struct lh_fault inner = {0};
    code = lh_weather_parse((const char *)bytes, size, on_row, context, &inner);
    free(bytes);
    if (code != LH_OK && inner.text[0])
        return lh_fail(fault, code, "%.200s: %.280s", path, inner.text);
    return code;
}
