#include "alarm/json.h"

#include "base/clock.h"
#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR_SCALE_95 1.96 /* of one dimension */

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

json_t *lh_json_degrees(double degrees)
{
    return json_real(isfinite(degrees) ? round(degrees * 1e6) / 1e6 + 0.0 : 0.0);
}

static int put_place(json_t *object, struct lh_geo place)
{
    int bad = json_object_set_new(object, "latitude_deg", lh_json_degrees(place.latitude_deg));
    bad |= json_object_set_new(object, "longitude_deg", lh_json_degrees(place.longitude_deg));
    return bad;
}

static json_t *ellipse_value(const struct lh_ellipse *ellipse, double weight)
{
    json_t *object = json_object();
    int bad = put_place(object, ellipse->centre);
    bad |= json_object_set_new(object, "height_m",
                               isfinite(ellipse->height_m) ? lh_json_number(ellipse->height_m)
                                                           : json_null());
    bad |= json_object_set_new(object, "major_m", lh_json_number(LH_SCALE_95 * ellipse->major_m));
    bad |= json_object_set_new(object, "minor_m", lh_json_number(LH_SCALE_95 * ellipse->minor_m));
    bad |= json_object_set_new(object, "azimuth_deg", lh_json_number(ellipse->azimuth_deg));
    bad |= json_object_set_new(object, "weight", lh_json_number(weight));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *ellipses_value(const struct lh_position *position)
{
    json_t *array = json_array();
    json_t *object = json_object();
    int bad = 0;
    for (size_t i = 0; i < position->count && !bad; i++)
        bad = json_array_append_new(array,
                                    ellipse_value(&position->ellipses[i], position->weights[i]));
    bad |= json_object_set_new(object, "form", json_string("ellipses"));
    bad |= json_object_set_new(object, "ellipses", array);
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *sector_value(const struct lh_sector *sector)
{
    json_t *object = json_object();
    int bad = json_object_set_new(object, "form", json_string("sector"));
    bad |= put_place(object, sector->from);
    bad |= json_object_set_new(object, "azimuth_deg", lh_json_number(sector->azimuth_deg));
    bad |= json_object_set_new(object, "half_width_deg",
                               lh_json_number(SECTOR_SCALE_95 * sector->sigma_deg));
    bad |= json_object_set_new(object, "near_m", lh_json_number(sector->near_m));
    bad |= json_object_set_new(object, "far_m", lh_json_number(sector->far_m));
    if (bad) {
        json_decref(object);
        return NULL;
    }
    return object;
}

json_t *lh_json_position(const struct lh_position *position)
{
    switch (position->form) {
    case LH_POSITION_ELLIPSES:
        return ellipses_value(position);
    case LH_POSITION_SECTOR:
        return sector_value(&position->sector);
    default:
        return json_null();
    }
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
