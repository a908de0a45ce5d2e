#include "base/credentials.h"
#include "base/option.h"
#include "base/url.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
#define NAME_BYTES_MAX 64
#define PATH_BYTES_MAX 1024
#define SHOWN_BYTES 48 /* of a wrong value, in a finding */

#define COMPLAIN(...) (void)snprintf(complaint, LH_OPTION_COMPLAINT, __VA_ARGS__)

static void *at(void *target, size_t offset)
{
    return (char *)target + offset;
}

/* The beginning of a text, cut between characters. */
static int shown_length(const char *text)
{
    size_t length = strlen(text);
    if (length > SHOWN_BYTES) {
        length = SHOWN_BYTES;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    return (int)length;
}

static int set_text(void *target, const struct lh_option *option, const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        return LH_ENOMEM;
    char **slot = (char **)at(target, option->offset);
    free(*slot);
    *slot = copy;
    return LH_OK;
}

static int set_limited_text(void *target, const struct lh_option *option, const char *text,
                            char *complaint)
{
    if (strlen(text) > (size_t)option->maximum) {
        COMPLAIN("is %zu bytes long; at most %.0f are kept", strlen(text), option->maximum);
        return LH_ECONFIG;
    }
    return set_text(target, option, text);
}

static int set_name(void *target, const struct lh_option *option, const char *text, char *complaint)
{
    const size_t length = strlen(text);
    if (length < 1 || length > NAME_BYTES_MAX || strspn(text, NAME_CHARACTERS) != length) {
        COMPLAIN("must be 1 to %d letters, digits, '.', '_' or '-', not '%.*s'", NAME_BYTES_MAX,
                 shown_length(text), text);
        return LH_ECONFIG;
    }
    return set_text(target, option, text);
}

static int set_area_code(void *target, const struct lh_option *option, const char *text,
                         char *complaint)
{
    const size_t length = strlen(text);
    if ((length != 6 && length != 9 && length != 12) || strspn(text, "0123456789") != length) {
        COMPLAIN("must be the 6 digits of a county (GB/T 2260), or 9 or 12 for a township or "
                 "village, not '%.*s'",
                 shown_length(text), text);
        return LH_ECONFIG;
    }
    return set_text(target, option, text);
}

static int set_switch(void *target, const struct lh_option *option, const char *text, bool plain,
                      char *complaint)
{
    const bool is_true = strcmp(text, "true") == 0;
    if (!plain || (!is_true && strcmp(text, "false") != 0)) {
        COMPLAIN("must be true or false%s, not '%.*s'", plain ? "" : " without quotes",
                 shown_length(text), text);
        return LH_ECONFIG;
    }
    *(bool *)at(target, option->offset) = is_true;
    return LH_OK;
}

/* Decimal, with an optional fraction and power: no hexadecimal, no infinity, no blanks. */
static bool read_number(const char *text, bool whole, double *ret_number)
{
    const char *cursor = text + (*text == '-' || *text == '+');
    size_t digits = strspn(cursor, "0123456789");
    cursor += digits;
    if (!whole && *cursor == '.') {
        const size_t fraction = strspn(++cursor, "0123456789");
        digits += fraction;
        cursor += fraction;
    }
    if (digits == 0)
        return false;
    if (!whole && (*cursor == 'e' || *cursor == 'E')) {
        cursor++;
        cursor += *cursor == '-' || *cursor == '+';
        const size_t power = strspn(cursor, "0123456789");
        if (power == 0)
            return false;
        cursor += power;
    }
    if (*cursor != '\0')
        return false;
    char *end;
    const double number = strtod(text, &end);
    if (*end != '\0')
        return false;
    *ret_number = number;
    return true;
}

static int set_number(void *target, const struct lh_option *option, const char *text, bool plain,
                      char *complaint)
{
    const bool whole = option->type != LH_OPTION_NUMBER;
    double number;
    if (!plain || !read_number(text, whole, &number)) {
        COMPLAIN("must be a %snumber%s, not '%.*s'", whole ? "whole " : "",
                 plain ? "" : " without quotes", shown_length(text), text);
        return LH_ECONFIG;
    }
    if (!(number >= option->minimum && number <= option->maximum)) {
        COMPLAIN("must be between %.10g and %.10g%s%s, not %.*s", option->minimum, option->maximum,
                 option->unit ? " " : "", option->unit ? option->unit : "", shown_length(text),
                 text);
        return LH_ECONFIG;
    }
    void *slot = at(target, option->offset);
    if (option->type == LH_OPTION_NUMBER)
        *(double *)slot = number;
    else if (option->type == LH_OPTION_PIXELS)
        *(uint32_t *)slot = (uint32_t)number;
    else
        *(int *)slot = (int)number;
    return LH_OK;
}

#define WORDS_MAX 16

static int set_word(void *target, const struct lh_option *option, const char *text, char *complaint)
{
    char copy[128];
    const char *names[WORDS_MAX];
    size_t count = 0;
    (void)snprintf(copy, sizeof copy, "%s", option->words);
    char *position = NULL;
    for (char *word = strtok_r(copy, "|", &position); word && count < WORDS_MAX;
         word = strtok_r(NULL, "|", &position)) {
        if (strcmp(word, text) == 0) {
            const int value = (int)count;
            memcpy(at(target, option->offset), &value, sizeof value);
            return LH_OK;
        }
        names[count++] = word;
    }
    const char *nearest = lh_nearest_name(text, names, count);
    if (nearest)
        COMPLAIN("cannot be '%.*s'; did you mean '%s'?", shown_length(text), text, nearest);
    else
        COMPLAIN("must be one of %s, not '%.*s'", option->words, shown_length(text), text);
    return LH_ECONFIG;
}

char *lh_path_from(const char *folder, const char *path)
{
    if (path[0] == '/' || path[0] == '\0')
        return strdup(path);
    char *joined = malloc(strlen(folder) + strlen(path) + 2);
    if (joined)
        (void)sprintf(joined, "%s/%s", folder, path);
    return joined;
}

static int set_path(const struct lh_option_reading *reading, const struct lh_option *option,
                    const char *text, void *target, char *complaint)
{
    if (text[0] == '~') {
        COMPLAIN("begins with '~', which is not expanded here; write the path in full");
        return LH_ECONFIG;
    }
    if (strlen(text) > PATH_BYTES_MAX) {
        COMPLAIN("is a path of more than %d bytes", PATH_BYTES_MAX);
        return LH_ECONFIG;
    }
    char *path = lh_path_from(reading->folder, text);
    if (!path)
        return LH_ENOMEM;
    if (option->type == LH_OPTION_FILE && path[0] != '\0' && access(path, R_OK) != 0) {
        COMPLAIN("cannot be read from '%.*s': %s", shown_length(path), path, strerror(errno));
        free(path);
        return LH_ECONFIG;
    }
    char **slot = (char **)at(target, option->offset);
    free(*slot);
    *slot = path;
    return LH_OK;
}

static int set_plugin(const struct lh_option_reading *reading, const struct lh_option *option,
                      const char *text, void *target, char *complaint)
{
    const size_t length = strlen(text);
    const bool is_object = length > 3 && strcmp(text + length - 3, ".so") == 0;
    if (strchr(text, '/') || is_object)
        return set_path(reading, option, text, target, complaint);
    return set_name(target, option, text, complaint);
}

static int set_url(const struct lh_option_reading *reading, const struct lh_option *option,
                   const char *text, void *target, char *complaint)
{
    const int code = lh_url_check(text, complaint, LH_OPTION_COMPLAINT);
    if (code != LH_OK)
        return code;
    if (lh_url_is_local(text))
        return set_path(reading, option, text, target, complaint);
    return set_text(target, option, text);
}

static int set_endpoint(void *target, const struct lh_option *option, const char *text,
                        char *complaint)
{
    const int code = lh_endpoint_check(text, complaint, LH_OPTION_COMPLAINT);
    return code == LH_OK ? set_text(target, option, text) : code;
}

static int set_time_pattern(void *target, const struct lh_option *option, const char *text,
                            char *complaint)
{
    const bool dated = strstr(text, "%s") || strstr(text, "%D") || strstr(text, "%F") ||
                       ((strstr(text, "%Y") || strstr(text, "%y")) &&
                        (strstr(text, "%d") || strstr(text, "%e") || strstr(text, "%j")));
    if (text[0] != '\0' && !dated) {
        COMPLAIN("has no conversions for a date, as in '%%Y%%m%%d_%%H%%M%%S' (see strptime)");
        return LH_ECONFIG;
    }
    return set_limited_text(target, option, text, complaint);
}

static int set_credentials(const struct lh_option_reading *reading, const struct lh_option *option,
                           const char *text, void *target, char *complaint)
{
    const int code = set_path(reading, option, text, target, complaint);
    if (code != LH_OK)
        return code;
    const char *path = *(char **)at(target, option->offset);
    struct lh_credentials *credentials = (struct lh_credentials *)at(target, option->other_offset);
    lh_credentials_finish(credentials);
    if (path[0] != '\0') {
        struct lh_fault fault = {0};
        const int load_code = lh_credentials_load(path, &fault, credentials);
        if (load_code == LH_ECONFIG)
            COMPLAIN("%.*s", LH_OPTION_COMPLAINT - 1, fault.text);
        if (load_code != LH_OK)
            return load_code;
        return LH_OK;
    }
    credentials->user = strdup("");
    credentials->password = strdup("");
    return credentials->user && credentials->password ? LH_OK : LH_ENOMEM;
}

int lh_option_set(const struct lh_option_reading *reading, const struct lh_option *option,
                  const char *text, bool plain, void *target, char complaint[LH_OPTION_COMPLAINT])
{
    switch (option->type) {
    case LH_OPTION_TEXT:
        return set_limited_text(target, option, text, complaint);
    case LH_OPTION_NAME:
        return set_name(target, option, text, complaint);
    case LH_OPTION_AREA_CODE:
        return set_area_code(target, option, text, complaint);
    case LH_OPTION_SWITCH:
        return set_switch(target, option, text, plain, complaint);
    case LH_OPTION_WHOLE:
    case LH_OPTION_PIXELS:
    case LH_OPTION_NUMBER:
        return set_number(target, option, text, plain, complaint);
    case LH_OPTION_WORD:
        return set_word(target, option, text, complaint);
    case LH_OPTION_PATH:
    case LH_OPTION_FILE:
        return set_path(reading, option, text, target, complaint);
    case LH_OPTION_PLUGIN:
        return set_plugin(reading, option, text, target, complaint);
    case LH_OPTION_URL:
        return set_url(reading, option, text, target, complaint);
    case LH_OPTION_ENDPOINT:
        return set_endpoint(target, option, text, complaint);
    case LH_OPTION_TIME_PATTERN:
        return set_time_pattern(target, option, text, complaint);
    case LH_OPTION_CREDENTIALS:
        return set_credentials(reading, option, text, target, complaint);
    default:
        return LH_EINVAL;
    }
}
