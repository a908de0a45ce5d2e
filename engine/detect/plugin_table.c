#include "detect/plugin_table.h"

#include "detect/plugin_text.h"
#include "detect/setting.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The first interface ended its mandatory part here; these numbers never change. */
#define TABLE_BYTES_V1 offsetof(struct linhuo_detector, reset)
#define ROW_BYTES_V1 (offsetof(struct linhuo_setting, help) + sizeof(const char *))

#define MAX_ROWS 256
#define MAX_ROW_BYTES 4096
#define MAX_NAME_BYTES 32
#define MAX_SETTING_NAME_BYTES 64
#define MAX_LINE_BYTES 300

static bool is_name(const char *text, size_t max_bytes)
{
    if (!lh_plugin_text_ok(text, max_bytes))
        return false;
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static bool is_optional_line(const char *text)
{
    return !text || text[0] == '\0' || lh_plugin_text_ok(text, MAX_LINE_BYTES);
}

static int check_interface(const char *path, const struct linhuo_detector *theirs,
                           struct lh_fault *fault)
{
    if (!theirs)
        return lh_fail(fault, LH_EPLUGIN,
                       "%s: linhuo_detector_v1() returns NULL; it must return a constant table",
                       path);
    if (theirs->struct_size < TABLE_BYTES_V1)
        return lh_fail(fault, LH_EABI,
                       "%s: struct_size is %u, interface 1 has at least %zu; set it to "
                       "sizeof(struct linhuo_detector) and rebuild",
                       path, theirs->struct_size, TABLE_BYTES_V1);
    if (theirs->abi != LINHUO_DETECTOR_ABI)
        return lh_fail(fault, LH_EABI,
                       "%s: abi is %u, this linhuo speaks %d; set it to LINHUO_DETECTOR_ABI and "
                       "rebuild with plugins/linhuo_detector.h of this version",
                       path, theirs->abi, LINHUO_DETECTOR_ABI);
    return LH_OK;
}

static int check_name(const char *path, const char *name, struct lh_fault *fault)
{
    if (!is_name(name, MAX_NAME_BYTES))
        return lh_fail(fault, LH_EPLUGIN,
                       "%s: its name is missing or not made of 1 to %d of a-z, 0-9 and _; "
                       "mend the field name",
                       path, MAX_NAME_BYTES);
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    const size_t length = strlen(name);
    if (strncmp(file, name, length) != 0 || strcmp(file + length, ".so") != 0)
        return lh_fail(fault, LH_EPLUGIN,
                       "%s: calls itself '%s'; rename the file to %s.so or mend the field name",
                       path, name, name);
    return LH_OK;
}

static int check_fields(const char *path, const struct linhuo_detector *table,
                        struct lh_fault *fault)
{
    const int result = check_name(path, table->name, fault);
    if (result != LH_OK)
        return result;
    if (!lh_plugin_text_ok(table->version, MAX_NAME_BYTES))
        return lh_fail(fault, LH_EPLUGIN,
                       "%s: its version is missing or not one line of at most %d bytes; "
                       "mend the field version",
                       path, MAX_NAME_BYTES);
    if (!is_optional_line(table->summary) || !is_optional_line(table->licence))
        return lh_fail(fault, LH_EPLUGIN,
                       "%s: its summary or licence is not one line of UTF-8 of at most %d bytes; "
                       "mend it",
                       path, MAX_LINE_BYTES);
    if ((table->kinds & 3U) == 0)
        return lh_fail(fault, LH_EPLUGIN,
                       "%s: says it finds neither smoke nor flame; set bit 0 or 1 of the field "
                       "kinds",
                       path);
    const char *missing = !table->open     ? "open"
                          : !table->detect ? "detect"
                          : !table->close  ? "close"
                                           : NULL;
    if (missing)
        return lh_fail(fault, LH_EPLUGIN, "%s: has no function %s(); fill in the field %s", path,
                       missing, missing);
    return LH_OK;
}

static bool choices_ok(const char *choices)
{
    if (!lh_plugin_text_ok(choices, MAX_LINE_BYTES))
        return false;
    const size_t length = strlen(choices);
    return choices[0] != '|' && choices[length - 1] != '|' && !strstr(choices, "||");
}

static int check_row(const char *path, const struct linhuo_setting *rows, uint32_t index,
                     struct lh_fault *fault)
{
    const struct linhuo_setting *row = &rows[index];
    if (!is_name(row->name, MAX_SETTING_NAME_BYTES))
        return lh_fail(fault, LH_EPLUGIN,
                       "%s: the name of setting %u is missing or not made of 1 to %d of a-z, 0-9 "
                       "and _; mend its row",
                       path, index + 1, MAX_SETTING_NAME_BYTES);
    for (uint32_t i = 0; i < index; i++)
        if (strcmp(rows[i].name, row->name) == 0)
            return lh_fail(fault, LH_EPLUGIN, "%s: declares the setting '%s' twice; remove one row",
                           path, row->name);
    const char *wrong = NULL;
    if (!lh_setting_type_name(row->type))
        wrong = "has an unknown type";
    else if (isnan(row->minimum) || isnan(row->maximum) || row->minimum > row->maximum)
        wrong = "has no range: its minimum must not lie above its maximum";
    else if (row->type == LINHUO_CHOICE && !choices_ok(row->choices))
        wrong = "is a choice without choices, which are words separated by '|'";
    else if (!is_optional_line(row->help))
        wrong = "has a help that is not one line";
    if (wrong)
        return lh_fail(fault, LH_EPLUGIN, "%s: the setting '%s' %s; mend its row", path, row->name,
                       wrong);
    if (!row->fallback)
        return LH_OK;
    double number = 0.0;
    struct lh_fault reason = {0};
    if (lh_setting_parse(row, row->fallback, &reason, &number) != LH_OK)
        return lh_fail(fault, LH_EPLUGIN,
                       "%s: the default of the setting '%s' does not fit its own row: it %s; mend "
                       "the row",
                       path, row->name, reason.text);
    return LH_OK;
}

static int copy_rows(const char *path, struct linhuo_detector *table, struct lh_fault *fault,
                     struct linhuo_setting **ret_rows)
{
    const uint32_t stride = table->setting_size;
    *ret_rows = NULL;
    if (table->setting_count == 0) {
        table->settings = NULL;
        return LH_OK;
    }
    if (!table->settings || table->setting_count > MAX_ROWS)
        return lh_fail(fault, LH_EPLUGIN,
                       "%s: says it has %u settings but its table is missing or longer than %d; "
                       "mend settings and setting_count",
                       path, table->setting_count, MAX_ROWS);
    if (stride < ROW_BYTES_V1 || stride > MAX_ROW_BYTES ||
        stride % _Alignof(struct linhuo_setting) != 0)
        return lh_fail(fault, LH_EABI,
                       "%s: setting_size is %u, interface 1 has at least %zu; set it to "
                       "sizeof(struct linhuo_setting) and rebuild",
                       path, stride, ROW_BYTES_V1);
    struct linhuo_setting *rows = calloc(table->setting_count, sizeof *rows);
    if (!rows)
        return lh_fail(fault, LH_ENOMEM, "%s: out of memory", path);
    const size_t bytes = stride < sizeof *rows ? stride : sizeof *rows;
    for (uint32_t i = 0; i < table->setting_count; i++)
        memcpy(&rows[i], (const char *)table->settings + (size_t)i * stride, bytes);
    table->settings = rows;
    table->setting_size = sizeof *rows;
    *ret_rows = rows;
    return LH_OK;
}

int lh_plugin_table_copy(const char *path, const struct linhuo_detector *theirs,
                         struct lh_fault *fault, struct linhuo_detector *ret_table,
                         struct linhuo_setting **ret_rows)
{
    int result = check_interface(path, theirs, fault);
    if (result != LH_OK)
        return result;
    struct linhuo_detector table = {0};
    struct linhuo_setting *rows = NULL;
    memcpy(&table, theirs, theirs->struct_size < sizeof table ? theirs->struct_size : sizeof table);
    if (theirs->struct_size < TABLE_BYTES_V1 + sizeof table.reset)
        table.reset = NULL; /* not half a pointer */
    result = check_fields(path, &table, fault);
    if (result == LH_OK)
        result = copy_rows(path, &table, fault, &rows);
    for (uint32_t i = 0; rows && result == LH_OK && i < table.setting_count; i++)
        result = check_row(path, rows, i, fault);
    if (result != LH_OK) {
        free(rows);
        return result;
    }
    *ret_table = table;
    *ret_rows = rows;
    return LH_OK;
}
