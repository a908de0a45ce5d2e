#include "detect/setting.h"

#include "base/site.h"
#include "detect/plugin_text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CHOICES 64
#define CHOICES_BYTES 1024
#define SHOWN_BYTES 60

const char *lh_setting_type_name(uint32_t type)
{
    static const char *const names[] = {NULL,   "number", "integer", "switch",
                                        "text", "choice", "path"};
    return type < sizeof names / sizeof names[0] ? names[type] : NULL;
}

bool lh_setting_is_text(uint32_t type)
{
    return type == LINHUO_TEXT || type == LINHUO_CHOICE || type == LINHUO_PATH;
}

static bool has_range(const struct linhuo_setting *row)
{
    return (row->type == LINHUO_NUMBER || row->type == LINHUO_INTEGER) &&
           row->minimum < row->maximum;
}

const char *lh_setting_range(const struct linhuo_setting *row, char *text, size_t size)
{
    if (row->type == LINHUO_SWITCH)
        (void)snprintf(text, size, "true|false");
    else if (row->type == LINHUO_CHOICE)
        (void)snprintf(text, size, "%s", row->choices ? row->choices : "");
    else if (has_range(row) && isinf(row->maximum))
        (void)snprintf(text, size, "at least %.15g", row->minimum);
    else if (has_range(row) && isinf(row->minimum))
        (void)snprintf(text, size, "at most %.15g", row->maximum);
    else if (has_range(row))
        (void)snprintf(text, size, "%.15g to %.15g", row->minimum, row->maximum);
    else if (size > 0)
        text[0] = '\0';
    return text;
}

/* "must be a number from 0 to 1, not 'much'" */
static int refuse(const struct linhuo_setting *row, const char *text, int code,
                  struct lh_fault *fault)
{
    char shown[SHOWN_BYTES];
    char range[128];
    (void)lh_plugin_text_copy(shown, sizeof shown, text);
    (void)lh_setting_range(row, range, sizeof range);
    const char *what = row->type == LINHUO_INTEGER  ? "a whole number"
                       : row->type == LINHUO_SWITCH ? "true or false"
                                                    : "a number";
    const bool ranged = has_range(row);
    const char *from = !ranged                                      ? ""
                       : isinf(row->maximum) || isinf(row->minimum) ? " of "
                                                                    : " from ";
    return lh_fail(fault, code, "must be %s%s%s, not '%s'", what, from, ranged ? range : "", shown);
}

static int parse_number(const struct linhuo_setting *row, const char *text, struct lh_fault *fault,
                        double *ret_number)
{
    const bool whole = row->type == LINHUO_INTEGER;
    const char *digits = whole ? "+-0123456789" : "+-0123456789.eE";
    char *end = NULL;
    errno = 0;
    const double number = strtod(text, &end);
    /* The set of characters excludes hexadecimal, "inf" and "nan", which strtod also reads. */
    if (text[0] == '\0' || text[strspn(text, digits)] != '\0' || end == text || *end != '\0')
        return refuse(row, text, LH_EFORMAT, fault);
    if (!isfinite(number) || (whole && fabs(number) > LH_SETTING_INTEGER_LIMIT) ||
        (has_range(row) && (number < row->minimum || number > row->maximum)))
        return refuse(row, text, LH_ERANGE, fault);
    *ret_number = number;
    return LH_OK;
}

static int parse_switch(const struct linhuo_setting *row, const char *text, struct lh_fault *fault,
                        double *ret_number)
{
    const bool on = strcmp(text, "true") == 0;
    if (!on && strcmp(text, "false") != 0)
        return refuse(row, text, LH_EFORMAT, fault);
    *ret_number = on ? 1.0 : 0.0;
    return LH_OK;
}

static int parse_choice(const struct linhuo_setting *row, const char *text, struct lh_fault *fault)
{
    char copy[CHOICES_BYTES];
    const char *words[MAX_CHOICES];
    size_t count = 0;
    char *rest = NULL;
    if (snprintf(copy, sizeof copy, "%s", row->choices) >= (int)sizeof copy)
        return lh_fail(fault, LH_ELIMIT, "has more than %d bytes of choices", CHOICES_BYTES - 1);
    for (char *word = strtok_r(copy, "|", &rest); word; word = strtok_r(NULL, "|", &rest)) {
        if (strcmp(word, text) == 0)
            return LH_OK;
        if (count < MAX_CHOICES)
            words[count++] = word;
    }
    char shown[SHOWN_BYTES];
    (void)lh_plugin_text_copy(shown, sizeof shown, text);
    const char *nearest = lh_nearest_name(text, words, count);
    return lh_fail(fault, LH_ERANGE, "must be one of %s, not '%s'%s%s%s", row->choices, shown,
                   nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

int lh_setting_parse(const struct linhuo_setting *row, const char *text, struct lh_fault *fault,
                     double *ret_number)
{
    double number = 0.0;
    int result = LH_OK;
    switch (row->type) {
    case LINHUO_NUMBER:
    case LINHUO_INTEGER:
        result = parse_number(row, text, fault, &number);
        break;
    case LINHUO_SWITCH:
        result = parse_switch(row, text, fault, &number);
        break;
    case LINHUO_CHOICE:
        result = parse_choice(row, text, fault);
        break;
    default:
        if (strlen(text) > LH_SETTING_TEXT_BYTES)
            result = lh_fail(fault, LH_ELIMIT, "must be a text of at most %d bytes",
                             LH_SETTING_TEXT_BYTES);
        break;
    }
    if (result == LH_OK)
        *ret_number = number;
    return result;
}
