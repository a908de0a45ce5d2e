#include "alarm/json.h"

#include "base/clock.h"
#include "base/error.h"
#include "detect/verifier.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the UTF-8 sequence at text; 0 where there is none (RFC 3629: no overlong forms, no
 * surrogates, nothing beyond U+10FFFF). */
static size_t sequence_length(const unsigned char *text)
{
    if (text[0] < 0x80)
        return 1;
    if (text[0] < 0xc2 || text[0] > 0xf4)
        return 0;
    const size_t length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    unsigned char lowest = 0x80;
    unsigned char highest = 0xbf;
    if (text[0] == 0xe0)
        lowest = 0xa0;
    else if (text[0] == 0xed)
        highest = 0x9f;
    else if (text[0] == 0xf0)
        lowest = 0x90;
    else if (text[0] == 0xf4)
        highest = 0x8f;
    if (text[1] < lowest || text[1] > highest)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (text[i] < 0x80 || text[i] > 0xbf)
            return 0;
    return length;
}

json_t *lh_json_text(const char *text)
{
    const size_t length = strlen(text);
    if (length > SIZE_MAX / 3 - 1)
        return NULL;
    char *mended = malloc(3 * length + 1);
    if (!mended)
        return NULL;
    static const char replacement[3] = {'\xef', '\xbf', '\xbd'}; /* U+FFFD */
    size_t used = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        const size_t bytes = sequence_length(at);
        if (bytes > 0)
            memcpy(mended + used, at, bytes);
        else
            memcpy(mended + used, replacement, sizeof replacement);
        used += bytes > 0 ? bytes : sizeof replacement;
        at += bytes > 0 ? bytes : 1;
    }
    json_t *value = json_stringn(mended, used);
    free(mended);
    return value;
}

json_t *lh_json_number(double value)
{
    if (!isfinite(value))
        return json_real(0.0);
    const double rounded = round(value * 1e4) / 1e4;
    /* Adding 0 turns a negative zero into a plain one; a huge value may overflow in rounding. */
    return json_real(isfinite(rounded) ? rounded + 0.0 : value);
}

json_t *lh_json_count(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *lh_json_time(int64_t utc_us)
{
    char text[LH_TIME_TEXT];
    (void)lh_time_format(utc_us, text);
    return strcmp(text, "unknown") == 0 ? json_null() : json_string(text);
}

json_t *lh_json_opinion(const struct lh_opinion *opinion)
{
    char text[LH_OPINION_TEXT];
    return *lh_opinion_text(opinion, text) ? lh_json_text(text) : json_null();
}

json_t *lh_json_holds(const uint64_t counts[LH_HOLDS])
{
    json_t *object = json_object();
    int bad = 0;
    for (int i = LH_HELD_NOT + 1; i < LH_HOLDS; i++)
        bad |= json_object_set_new(object, lh_hold_name((enum lh_hold)i), lh_json_count(counts[i]));
    if (!bad)
        return object;
    json_decref(object);
    return NULL;
}

int lh_json_finish(json_t *root, char **ret_text)
{
    if (!root)
        return LH_ENOMEM;
    char *text = json_dumps(root, LH_JSON_FLAGS);
    json_decref(root);
    if (!text)
        return LH_ENOMEM;
    *ret_text = text;
    return LH_OK;
}
