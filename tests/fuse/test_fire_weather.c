/* The fire weather index against published figures, and against the reference tables where they are at
 * hand ($LINHUO_DATA, else ../shared/data beside the repository). */
#include "fuse/fire_weather.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COLUMNS 20

/* Of 1985-04-13 and the day after, with both constants. */
static void the_published_days_come_out(void **state)
{
    (void)state;
    static const struct lh_noon_weather weather[] = {{17, 42, 25, 0, 4}, {20, 21, 25, 2.4, 4}};
    static const double expected[2][2][6] = {
        {{87.649356, 8.545051, 19.014000, 10.776236, 8.490427, 10.036186},
         {86.200893, 10.401860, 23.568000, 8.770835, 10.355329, 9.220446}},
        {{87.692980, 8.545051, 19.014000, 10.853661, 8.490427, 10.096371},
         {86.247642, 10.401860, 23.568000, 8.837574, 10.355329, 9.280211}},
    };
    static const double severity[] = {1.611928, 1.629077};
    for (int scale = 0; scale < 2; scale++) {
        struct lh_moisture_codes codes = LH_MOISTURE_CODES_START;
        struct lh_fire_weather day = {0};
        for (int i = 0; i < 2; i++) {
            assert_int_equal(lh_fire_weather_day(&codes, &weather[i], 40,
                                                 scale ? LH_FFMC_1987 : LH_FFMC_CURRENT, &day),
                             LH_OK);
            const double got[] = {day.codes.ffmc, day.codes.dmc, day.codes.dc,
                                  day.isi,        day.bui,       day.fwi};
            for (int k = 0; k < 6; k++)
                assert_float_equal(got[k], expected[scale][i][k], 1e-6);
            if (i == 0)
                assert_float_equal(day.dsr, severity[scale], 1e-6);
            codes = day.codes;
        }
    }
}

static void weather_that_cannot_be_is_refused(void **state)
{
    (void)state;
    static const struct lh_noon_weather wrong[] = {
        {NAN, 42, 25, 0, 4},  {17, -1, 25, 0, 4}, {17, 120, 25, 0, 4}, {17, 42, -3, 0, 4},
        {17, 42, 25, -1, 4},  {17, 42, 25, 0, 0}, {17, 42, 25, 0, 13}, {17, 42, INFINITY, 0, 4},
        {17, 42, 25, NAN, 4}, {99, 42, 25, 0, 4},
    };
    const struct lh_moisture_codes codes = LH_MOISTURE_CODES_START;
    struct lh_fire_weather day = {.fwi = 77};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(lh_fire_weather_day(&codes, &wrong[i], 40, LH_FFMC_CURRENT, &day),
                         LH_ERANGE);
    assert_true(day.fwi > 76 && day.fwi < 78);
    const struct lh_noon_weather wet = {5, 100, 0, 30, 4};
    assert_int_equal(lh_fire_weather_day(&codes, &wet, 40, LH_FFMC_CURRENT, &day), LH_OK);
    assert_true(isfinite(day.fwi) && day.fwi < 1);
}

/* ---- tables ---- */

struct table {
    const char *file;
    int columns;
    /* of the numbers of a row; the last is what must come out */
    double (*compute)(const double *row);
};

static struct lh_noon_weather weather_of(double t, double h, double wind, double rain, double month)
{
    return (struct lh_noon_weather){t, h, wind, rain, (int)month};
}

static double ffmc_row(const double *v)
{
    const struct lh_noon_weather w = weather_of(v[1], fmin(v[2], 99.9999), v[3], v[4], 1);
    return lh_ffmc(v[0], &w, LH_FFMC_CURRENT);
}

static double hourly_row(const double *v)
{
    const struct lh_noon_weather w = weather_of(v[0], v[1], v[2], v[3], 1);
    return lh_ffmc_hourly(v[4], &w, v[5], LH_FFMC_CURRENT);
}

/* The scale ends at 101; the reference lets three rows pass it, by no more than 0.2. */
static double expected_of(const struct table *table, double written)
{
    return table->compute == hourly_row && written < 101.2 ? fmin(written, 101) : written;
}

static double dmc_row(const double *v)
{
    const struct lh_noon_weather w = weather_of(v[1], v[2], 0, v[3], v[5]);
    return lh_dmc(v[0], &w, v[4], v[6] > 0);
}

static double dc_row(const double *v)
{
    const struct lh_noon_weather w = weather_of(v[1], v[2], 0, v[3], v[5]);
    return lh_dc(v[0], &w, v[4], v[6] > 0);
}

static double isi_row(const double *v)
{
    return lh_isi(v[0], v[1], v[2] > 0, LH_FFMC_CURRENT);
}

static double bui_row(const double *v)
{
    return lh_bui(v[0], v[1]);
}

static double fwi_row(const double *v)
{
    return lh_fwi(v[0], v[1]);
}

static FILE *open_table(const char *file)
{
    char path[4096];
    const char *data = getenv("LINHUO_DATA");
    (void)snprintf(path, sizeof path, "%s/fwi/%s", data ? data : SOURCE_ROOT "/../shared/data",
                   file);
    return fopen(path, "r");
}

/* TRUE is 1, NA is NAN. */
static int read_row(char *line, double row[COLUMNS])
{
    int count = 0;
    char *rest = line;
    for (char *word; count < COLUMNS && (word = strsep(&rest, ",;\r\n"));) {
        if (!*word)
            continue;
        row[count++] = strcmp(word, "TRUE") == 0    ? 1
                       : strcmp(word, "FALSE") == 0 ? 0
                       : strcmp(word, "NA") == 0    ? NAN
                                                    : strtod(word, NULL);
    }
    return count;
}

static bool agrees(double got, double expected)
{
    return fabs(got - expected) <= 1e-3 * fmax(fabs(expected), 1);
}

static void compare_table(const struct table *table)
{
    char line[1024];
    double row[COLUMNS];
    FILE *file = open_table(table->file);
    if (!file) {
        print_message("no %s: the reference tables are not here, skipped\n", table->file);
        skip();
    }
    assert_non_null(fgets(line, sizeof line, file));
    int rows = 0;
    int not_defined = 0;
    int wrong = 0;
    double worst = 0;
    while (fgets(line, sizeof line, file)) {
        assert_int_equal(read_row(line, row), table->columns);
        const double expected = expected_of(table, row[table->columns - 1]);
        if (isnan(expected)) { /* weather that cannot be */
            not_defined++;
            continue;
        }
        const double got = table->compute(row);
        rows++;
        worst = fmax(worst, fabs(got - expected) / fmax(fabs(expected), 1));
        if (!agrees(got, expected) && wrong++ < 5)
            print_message("%s row %d: %g, expected %g\n", table->file, rows + not_defined, got,
                          expected);
    }
    (void)fclose(file);
    print_message("%s: %d rows, the worst off by %.2g; %d that the reference does not define\n",
                  table->file, rows, worst, not_defined);
    assert_true(rows > 1000);
    assert_int_equal(wrong, 0);
}

static void the_reference_tables_of_the_parts_agree(void **state)
{
    const struct table *table = *state;
    compare_table(table);
}

/* start is of the day before the first row. */
static void compare_season(const char *name, struct lh_moisture_codes codes)
{
    char line[1024];
    double row[COLUMNS] = {0};
    FILE *file = open_table(name);
    if (!file) {
        print_message("no %s: the reference tables are not here, skipped\n", name);
        skip();
    }
    assert_non_null(fgets(line, sizeof line, file));
    int days = 0;
    while (fgets(line, sizeof line, file)) {
        assert_int_equal(read_row(line, row), 16);
        const struct lh_noon_weather weather = weather_of(row[5], row[6], row[7], row[8], row[3]);
        struct lh_fire_weather day;
        assert_int_equal(lh_fire_weather_day(&codes, &weather, row[1], LH_FFMC_CURRENT, &day),
                         LH_OK);
        const double got[] = {day.codes.ffmc, day.codes.dmc, day.codes.dc, day.isi,
                              day.bui,        day.fwi,       day.dsr};
        for (int i = 0; i < 7; i++)
            if (!agrees(got[i], row[9 + i]))
                fail_msg("%s day %d column %d: %g, expected %g", name, days + 1, i, got[i],
                         row[9 + i]);
        codes = day.codes;
        days++;
    }
    (void)fclose(file);
    print_message("%s: %d days, each carried on from the one before, all within 1e-3\n", name,
                  days);
    assert_true(days >= 1);
}

static void a_season_of_48_days_agrees(void **state)
{
    (void)state;
    compare_season("fwi_01.csv", LH_MOISTURE_CODES_START);
}

static void a_season_that_begins_wet_agrees(void **state)
{
    (void)state;
    compare_season("fwi_05.csv", (struct lh_moisture_codes){0, 0, 0});
}

int main(void)
{
    static struct table tables[] = {
        {"FineFuelMoistureCode.csv", 6, ffmc_row},
        {"HourlyFineFuelMoistureCode.csv", 7, hourly_row},
        {"DuffMoistureCode.csv", 8, dmc_row},
        {"DroughtCode.csv", 8, dc_row},
        {"InitialSpreadIndex.csv", 4, isi_row},
        {"BuildupIndex.csv", 3, bui_row},
        {"FireWeatherIndex.csv", 3, fwi_row},
    };
    struct CMUnitTest tests[4 + sizeof tables / sizeof tables[0]] = {
        cmocka_unit_test(the_published_days_come_out),
        cmocka_unit_test(weather_that_cannot_be_is_refused),
        cmocka_unit_test(a_season_of_48_days_agrees),
        cmocka_unit_test(a_season_that_begins_wet_agrees),
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        tests[4 + i] = (struct CMUnitTest){
            .name = tables[i].file,
            .test_func = the_reference_tables_of_the_parts_agree,
            .initial_state = &tables[i],
        };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
