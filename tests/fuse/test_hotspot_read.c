#include "rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct lh_hotspots read_with(const char *text, size_t size,
                                    const struct lh_hotspot_reading *reading)
{
    struct lh_hotspots hotspots = {0};
    struct lh_fault fault = {0};
    const int code = lh_hotspots_read(text, size, reading, &fault, &hotspots);
    if (code != LH_OK)
        fail_msg("refused: %s", fault.text);
    return hotspots;
}

static struct lh_hotspots read_text(const char *text)
{
    const struct lh_hotspot_reading reading = {.now_us = UTC("2030-01-01T00:00:00Z"),
                                               .received_us = LH_NO_TIME};
    return read_with(text, strlen(text), &reading);
}

/* ---- layouts ---- */

static void test_a_modis_row(void **state)
{
    (void)state;
    struct lh_hotspots read =
        read_text(MODIS_HEADER
                  "37.58343,-112.18348,316.05,1.02,1.01,2022-05-18,0319,T,48,6.1NRT,293.39,7.23,D\n"
                  ".5,179.9999,316,4.8,2,2022-05-18,7,A,100,61.03,293.39,,N\n");
    assert_int_equal(read.state, LH_HOTSPOTS_ROWS);
    assert_string_equal(read.layout, "FIRMS MODIS, bulk file");
    assert_int_equal(read.count, 2);
    const struct lh_hotspot *row = &read.items[0];
    assert_true(row->at.latitude_deg == 37.58343);
    assert_true(row->at.longitude_deg == -112.18348);
    assert_true(row->acquired_us == UTC("2022-05-18T03:19:00Z"));
    assert_true(row->scan_km == 1.02 && row->track_km == 1.01 && row->brightness_k == 316.05);
    assert_true(row->frp_mw == 7.23);
    assert_int_equal(row->confidence, LH_CONFIDENCE_NOMINAL);
    assert_string_equal(row->confidence_text, "48");
    assert_string_equal(row->satellite, "Terra");
    assert_string_equal(row->instrument, "MODIS");
    assert_int_equal(row->grade, LH_GRADE_NRT);
    assert_int_equal(row->light, LH_LIGHT_DAY);
    row = &read.items[1];
    assert_true(row->at.latitude_deg == 0.5);
    assert_true(row->acquired_us == UTC("2022-05-18T00:07:00Z"));
    assert_string_equal(row->satellite, "Aqua");
    assert_int_equal(row->confidence, LH_CONFIDENCE_HIGH);
    assert_int_equal(row->grade, LH_GRADE_STANDARD);
    assert_true(isnan(row->frp_mw));
    lh_hotspots_finish(&read);
}

static void test_viirs_by_its_apis(void **state)
{
    (void)state;
    struct lh_hotspots read = read_text(
        "country_id,latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,"
        "instrument,"
        "confidence,version,bright_ti5,frp,daynight,type\r\n"
        "CHN,37.5,112.1,367,0.4,0.44,2026-04-04,638,1,VIIRS,l,2,331.84,52.47,D,2\r\n"
        "CHN,37.5,112.2,207.38,0.4,0.44,2026-04-04,18,N21,VIIRS,high,2.0URT,331.84,1,N,\r\n");
    assert_string_equal(read.layout, "FIRMS VIIRS, country API, standard product");
    assert_int_equal(read.count, 2);
    assert_string_equal(read.items[0].satellite, "NOAA-20");
    assert_int_equal(read.items[0].confidence, LH_CONFIDENCE_LOW); /* and kept */
    assert_int_equal(read.items[0].type, LH_HOTSPOT_TYPE_STATIC);
    assert_int_equal(read.items[0].grade, LH_GRADE_STANDARD);
    assert_true(read.items[1].acquired_us == UTC("2026-04-04T00:18:00Z"));
    assert_int_equal(read.items[1].grade, LH_GRADE_URT);
    assert_true(read.items[1].brightness_k == 207.38);
    assert_int_equal(read.items[1].type, LH_HOTSPOT_TYPE_UNSAID);
    lh_hotspots_finish(&read);
}

static void test_columns_are_found_by_name(void **state)
{
    (void)state;
    struct lh_hotspots read = read_text("\xef\xbb\xbf"
                                        "ACQ_TIME,LONGITUDE,FRP,LATITUDE,unknown,ACQ_DATE\n"
                                        "1312,111.9,\"3.5\",37.6,\"a,\"\"b\"\"\",2026/04/04\n");
    assert_int_equal(read.count, 1);
    assert_true(read.items[0].at.longitude_deg == 111.9 && read.items[0].frp_mw == 3.5);
    assert_true(read.items[0].acquired_us == UTC("2026-04-04T13:12:00Z"));
    lh_hotspots_finish(&read);
}

static void test_landsat_has_no_size(void **state)
{
    (void)state;
    struct lh_hotspots read =
        read_text("latitude,longitude,path,row,scan,track,acq_date,acq_time,satellite,confidence,"
                  "daynight\n37.6,111.9,126,34,5411,2204,2026-04-04,0301,L9,M,D\n");
    assert_int_equal(read.count, 1);
    assert_true(read.items[0].scan_km == 0.03);
    assert_string_equal(read.items[0].satellite, "Landsat-9");
    assert_int_equal(read.items[0].confidence, LH_CONFIDENCE_NOMINAL);
    lh_hotspots_finish(&read);
}

static void test_himawari_powers_are_of_its_area(void **state)
{
    (void)state;
    struct lh_hotspots read = read_text(
        "# 2025 12  9 19  0 UTC  2025 12  9 19 30 UTC\n"
        "# ID,Year,Month,Day,Time(UTC),Lat,Lon,Area(km^2),Volcano,Level,Reliability,FRP(Wm^-2),QF,"
        "Hot(ID)\n"
        "1,2025,12,9,1902,37.58,111.9,4,0,2,5,2.5,0,7\n2,2025,12,9,7,37.6,111.9,.5,1,2,3,1,2,7\n");
    assert_string_equal(read.layout, "JAXA Himawari L2");
    assert_int_equal(read.count, 2);
    assert_true(read.items[0].frp_mw == 10);
    assert_int_equal(read.items[0].confidence, LH_CONFIDENCE_HIGH);
    assert_int_equal(read.items[0].cluster, 7);
    assert_string_equal(read.items[0].satellite, "Himawari-9");
    assert_true(read.items[1].acquired_us == UTC("2025-12-09T00:07:00Z"));
    assert_int_equal(read.items[1].confidence, LH_CONFIDENCE_LOW); /* by its QF */
    assert_int_equal(read.items[1].type, LH_HOTSPOT_TYPE_VOLCANO);
    lh_hotspots_finish(&read);
    read = read_text("#year,month,day,hour,lat,lon,FRP mean,FRP max,confidence,N\n"
                     "2025,12,9,19,37.58,111.9,4,6.5,5,3\n");
    assert_string_equal(read.layout, "JAXA Himawari L3");
    assert_true(read.items[0].frp_mw == 6.5);
    assert_true(read.items[0].acquired_us == UTC("2025-12-09T19:00:00Z"));
    lh_hotspots_finish(&read);
}

static void test_geojson_in_either_case(void **state)
{
    (void)state;
    struct lh_hotspots read = read_text(
        "{\"type\": \"FeatureCollection\", \"features\": ["
        "{\"type\": \"Feature\", \"geometry\": {\"type\": \"Point\", \"coordinates\": [111.9, "
        "37.6]},"
        " \"properties\": {\"ACQ_DATE\": \"2026-04-04\", \"ACQ_TIME\": \"0638\", \"FRP\": 4.25,"
        " \"SATELLITE\": \"N\", \"BRIGHT_TI4\": 330.5, \"CONFIDENCE\": \"n\"}},"
        "{\"type\": \"Feature\", \"geometry\": null, \"properties\": {\"frp\": 1}},"
        "{\"type\": \"Feature\", \"properties\": {\"latitude\": 37, \"longitude\": 111,"
        " \"acq_date\": \"2026-04-04\", \"acq_time\": 7}}]}");
    assert_int_equal(read.rows, 3);
    assert_int_equal(read.count, 2);
    assert_int_equal(read.refused, 1);
    assert_int_equal(read.refusals[0].line, 2);
    assert_true(read.items[0].at.latitude_deg == 37.6 && read.items[0].frp_mw == 4.25);
    assert_string_equal(read.items[0].satellite, "S-NPP");
    assert_true(read.items[1].acquired_us == UTC("2026-04-04T00:07:00Z"));
    lh_hotspots_finish(&read);
}

/* A provincial table in GB18030, Beijing time, kilowatts, on AMap's datum. */
static void test_columns_of_another_product(void **state)
{
    (void)state;
    const struct lh_feed_config mapping = {
        .columns = {.latitude = (char *)"纬度",
                    .longitude = (char *)"经度",
                    .time = (char *)"时间",
                    .satellite = (char *)"卫星",
                    .confidence = (char *)"可信度",
                    .frp = (char *)"功率"},
        .time_format = (char *)"%Y年%m月%d日 %H:%M",
        .utc_offset_h = 8,
        .frp_unit = 1,
    };
    const struct lh_hotspot_reading reading = {
        .now_us = LH_NO_TIME, .datum = LH_DATUM_GCJ02, .mapping = &mapping};
    /* 编号,经度,纬度,时间,卫星,可信度,功率 / 1,112.162604,37.551784,2026年04月04日 14:38,FY-4B,高,2500 */
    static const char text[] =
        "\xb1\xe0\xba\xc5,\xbe\xad\xb6\xc8,\xce\xb3\xb6\xc8,\xca\xb1\xbc\xe4,\xce\xc0\xd0\xc7,"
        "\xbf\xc9\xd0\xc5\xb6\xc8,\xb9\xa6\xc2\xca\n"
        "1,112.162604,37.551784,2026\xc4\xea"
        "04\xd4\xc2"
        "04\xc8\xd5 14:38,FY-4B,\xb8\xdf,2500\n";
    struct lh_hotspots read = read_with(text, sizeof text - 1, &reading);
    assert_int_equal(read.count, 1);
    assert_true(fabs(read.items[0].at.latitude_deg - 37.551) < 1e-5);
    assert_true(fabs(read.items[0].at.longitude_deg - 112.156) < 1e-5);
    assert_true(read.items[0].acquired_us == UTC("2026-04-04T06:38:00Z"));
    assert_int_equal(read.items[0].confidence, LH_CONFIDENCE_HIGH);
    assert_true(fabs(read.items[0].frp_mw - 2.5) < 1e-9);
    assert_string_equal(read.items[0].satellite, "FY-4B");
    lh_hotspots_finish(&read);

    struct lh_fault fault = {0};
    const char *other = "经度,纬度,日期\n1,2,3\n";
    assert_int_equal(lh_hotspots_read(other, strlen(other), &reading, &fault, &read), LH_EFORMAT);
    assert_non_null(strstr(fault.text, "时间"));
}

/* ---- states of a table ---- */

static void test_states_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum lh_hotspots_state state;
        size_t rows;
    } cases[] = {
        {MODIS_HEADER, LH_HOTSPOTS_EMPTY, 0},
        {VIIRS_HEADER "\n\n", LH_HOTSPOTS_EMPTY, 0},
        {"latitude,longitude,acq_date,acq_time", LH_HOTSPOTS_EMPTY, 0},
        {"latitude,longitude,bright", LH_HOTSPOTS_TRUNCATED, 0},
        {"", LH_HOTSPOTS_TRUNCATED, 0},
        {"\n \n", LH_HOTSPOTS_TRUNCATED, 0},
        {"Invalid MAP_KEY.", LH_HOTSPOTS_TEXT, 0},
        {"<html><body>502 Bad Gateway</body></html>\n", LH_HOTSPOTS_TEXT, 0},
        {"{\"error\": \"no\"}", LH_HOTSPOTS_TEXT, 0},
        {"{\"features\": [", LH_HOTSPOTS_TRUNCATED, 0},
        {"{\"features\": []}", LH_HOTSPOTS_EMPTY, 0},
        {"latitude,longitude,acq_date,acq_time\n1,2,2026-01-01,3\n1,2,2026-0",
         LH_HOTSPOTS_TRUNCATED, 2},
        {"latitude,longitude,acq_date,acq_time\n1,2,2026-01-01,3\n1,2,2026-01-01,4",
         LH_HOTSPOTS_ROWS, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lh_hotspots read = read_text(cases[i].text);
        if (read.state != cases[i].state || read.rows != cases[i].rows)
            fail_msg("case %zu: %s, %zu rows", i, lh_hotspots_state_name(read.state), read.rows);
        assert_int_equal(read.state == LH_HOTSPOTS_TEXT, read.note[0] != '\0');
        lh_hotspots_finish(&read);
    }
}

#define SHORT "latitude,longitude,acq_date,acq_time,frp,confidence,scan,daynight\n"

static void test_rows_that_cannot_be_are_refused_by_themselves(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        const char *says;
    } cases[] = {
        {"91,2,2026-01-01,3,1,n,1,D", "no place on earth"},
        {"1,-180.5,2026-01-01,3,1,n,1,D", "no place on earth"},
        {"nan,2,2026-01-01,3,1,n,1,D", "is no place"},
        {"inf,2,2026-01-01,3,1,n,1,D", "is no place"},
        {"1e999,2,2026-01-01,3,1,n,1,D", "is no place"},
        {"0x10,2,2026-01-01,3,1,n,1,D", "is no place"},
        {",2,2026-01-01,3,1,n,1,D", "is no place"},
        {"1,2,2026-13-01,3,1,n,1,D", "is no date"},
        {"1,2,2026-02-29,3,1,n,1,D", "is no date"},
        {"1,2,1066-10-14,3,1,n,1,D", "is no date"},
        {"1,2,2026-01-01,2400,1,n,1,D", "no time of day"},
        {"1,2,2026-01-01,1260,1,n,1,D", "no time of day"},
        {"1,2,2026-01-01,-5,1,n,1,D", "no time of day"},
        {"1,2,2030-01-01,0101,1,n,1,D", "in the future"},
        {"1,2,2026-01-01,3,-1,n,1,D", "frp -1 cannot be"},
        {"1,2,2026-01-01,3,much,n,1,D", "frp 'much' is no number"},
        {"1,2,2026-01-01,3,1,n,400,D", "scan 400 cannot be"},
        {"1,2,2026-01-01,3,1,101,1,D", "confidence '101'"},
        {"1,2,2026-01-01,3,1,n,1,X", "neither D nor N"},
        {"1,2,2026-01-01,3", "4 columns where the header has 8"},
        {"1,2,2026-01-01,3,1,n,1,D,9", "9 columns"},
        {"1,2,2026-01-01,3,\"1,n,1,D", "quotes do not match"},
        {"1,2,2026-01-01,3,\"1\"x,n,1,D", "quotes do not match"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text,
                       SHORT "1,2,2026-01-01,3,nan,n,,D\n%s\n1,2,2026-01-01,4,1,h,1,N\n",
                       cases[i].row);
        struct lh_hotspots read = read_text(text);
        if (read.count != 2 || read.refused != 1 || read.rows != 3)
            fail_msg("'%s': %zu rows taken", cases[i].row, read.count);
        assert_int_equal(read.refusals[0].line, 3);
        if (!strstr(read.refusals[0].why, cases[i].says))
            fail_msg("'%s': %s", cases[i].row, read.refusals[0].why);
        lh_hotspots_finish(&read);
    }
}

static void test_zero_bytes_and_endless_lines(void **state)
{
    (void)state;
    const struct lh_hotspot_reading reading = {.now_us = LH_NO_TIME};
    static const char zeros[] = SHORT "1,2,2026-01-01,3,1,n,1,D\n1,2,2026-01-01,3,1\0,n,1,D\n";
    struct lh_hotspots read = read_with(zeros, sizeof zeros - 1, &reading);
    assert_int_equal(read.count, 1);
    assert_non_null(strstr(read.refusals[0].why, "zero byte"));
    lh_hotspots_finish(&read);

    /* The longest file there may be, of one line; and one byte more. */
    const size_t size = LH_HOTSPOT_BYTES_MAX;
    char *bytes = malloc(size + 1);
    if (!bytes) {
        skip();
        return;
    }
    memset(bytes, '7', size + 1);
    read = read_with(bytes, size, &reading);
    assert_int_equal(read.state, LH_HOTSPOTS_TEXT);
    lh_hotspots_finish(&read);
    memcpy(bytes, SHORT, sizeof SHORT - 1);
    read = read_with(bytes, size, &reading);
    assert_int_equal(read.refused, 1);
    assert_int_equal(read.state, LH_HOTSPOTS_TRUNCATED);
    lh_hotspots_finish(&read);
    struct lh_fault fault = {0};
    assert_int_equal(lh_hotspots_read(bytes, size + 1, &reading, &fault, &read), LH_ELIMIT);
    free(bytes);
}

static void test_refusals_are_bounded_and_counted(void **state)
{
    (void)state;
    const size_t rows = 3 * LH_HOTSPOT_REFUSALS_MAX;
    char *text = malloc(sizeof SHORT + rows * 40);
    assert_non_null(text);
    char *end = text + sprintf(text, SHORT);
    for (size_t i = 0; i < rows; i++)
        end += sprintf(end, "95,2,2026-01-01,3,1,n,1,D\n");
    struct lh_hotspots read = read_text(text);
    assert_int_equal(read.refused, rows);
    assert_int_equal(read.refusals[LH_HOTSPOT_REFUSALS_MAX - 1].line, LH_HOTSPOT_REFUSALS_MAX + 1);
    lh_hotspots_finish(&read);
    free(text);
}

/* ---- spreadsheets ---- */

static void test_spreadsheets(void **state)
{
    (void)state;
    struct lh_hotspots read = read_text(SHORT "1,2,5/7/2022,18,1,n,1,D\n1,2,5/17/2022,7,1,n,1,D\n");
    assert_int_equal(read.count, 2);
    assert_non_null(strstr(read.note, "month/day/year"));
    assert_true(read.items[0].acquired_us == UTC("2022-05-07T00:18:00Z"));
    lh_hotspots_finish(&read);
    read = read_text(SHORT "1,2,5/7/2022,18,1,n,1,D\n1,2,17/5/2022,7,1,n,1,D\n");
    assert_true(read.items[0].acquired_us == UTC("2022-07-05T00:18:00Z"));
    lh_hotspots_finish(&read);

    static const struct {
        const char *rows;
        const char *says;
    } whole[] = {
        {"1,2,5/7/2022,18,1,n,1,D\n1,2,6/3/2022,7,1,n,1,D\n", "which number is the month"},
        {"1,2,15/7/2022,18,1,n,1,D\n1,2,6/13/2022,7,1,n,1,D\n", "contradict"},
        {"1,2,2022-05-17,18,1,n,1,D\n1,2,5/17/2022,7,1,n,1,D\n", "line 3: '5/17/2022'"},
        {"1,2,5/17/2022,18,1,n,1,D\n1,2,2022-05-17,7,1,n,1,D\n", "another form"},
    };
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        const struct lh_hotspot_reading reading = {.now_us = LH_NO_TIME};
        char text[512];
        struct lh_fault fault = {0};
        (void)snprintf(text, sizeof text, SHORT "%s", whole[i].rows);
        assert_int_equal(lh_hotspots_read(text, strlen(text), &reading, &fault, &read), LH_EFORMAT);
        if (!strstr(fault.text, whole[i].says))
            fail_msg("case %zu: %s", i, fault.text);
    }
}

/* ---- the real files ---- */

static void test_every_real_file_has_its_rows(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t rows;
    } files[] = {
        {"MODIS_C6_1_Global_7d_2022-06-04.csv", 52377},
        {"MODIS_C6_Global_24h_2018-09-23.csv", 27381},
        {"MODIS_C6_1_Global_24h_2025-11-24.csv", 13423},
        {"MODIS_C6_1_Global_24h_2022-05-18_spreadsheet_damaged.csv", 9425},
        {"VIIRS_NOAA21_2025-04-07_north_america.csv", 2824},
        {"MODIS_shanxi_2018-2025_dedup.csv", 400},
        {"H09_20251209_1900_L2WLF010_FLDK.06001_06001.csv", 212},
        {"viirs_country_api_2024.csv", 2},
        {"viirs_noaa20_country_api_2023_sat1.csv", 2},
        {"viirs_noaa20_sp_area_api.csv", 5},
        {"viirs_noaa21_nrt_area_api.csv", 5},
    };
    const char *data = getenv("LINHUO_DATA");
    const char *root = getenv("LINHUO_ROOT");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[4096];
        struct lh_hotspots read = {0};
        struct lh_fault fault = {0};
        const struct lh_hotspot_reading reading = {.now_us = LH_NO_TIME};
        if (data)
            (void)snprintf(path, sizeof path, "%s/hotspots/%s", data, files[i].name);
        else
            (void)snprintf(path, sizeof path, "%s/../shared/data/hotspots/%s", root ? root : ".",
                           files[i].name);
        if (access(path, R_OK) != 0) {
            print_message("no %s (LINHUO_DATA says where the data is)\n", path);
            skip();
        }
        if (lh_hotspots_read_file(path, &reading, &fault, &read) != LH_OK)
            fail_msg("%s", fault.text);
        if (read.count != files[i].rows || read.refused != 0)
            fail_msg("%s: %zu rows, %zu refused", path, read.count, read.refused);
        lh_hotspots_finish(&read);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_modis_row),
        cmocka_unit_test(test_viirs_by_its_apis),
        cmocka_unit_test(test_columns_are_found_by_name),
        cmocka_unit_test(test_landsat_has_no_size),
        cmocka_unit_test(test_himawari_powers_are_of_its_area),
        cmocka_unit_test(test_geojson_in_either_case),
        cmocka_unit_test(test_columns_of_another_product),
        cmocka_unit_test(test_states_are_told_apart),
        cmocka_unit_test(test_rows_that_cannot_be_are_refused_by_themselves),
        cmocka_unit_test(test_zero_bytes_and_endless_lines),
        cmocka_unit_test(test_refusals_are_bounded_and_counted),
        cmocka_unit_test(test_spreadsheets),
        cmocka_unit_test(test_every_real_file_has_its_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
