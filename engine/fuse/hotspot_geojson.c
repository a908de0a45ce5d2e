#include "fuse/hotspot_table.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_BYTES 40
#define JSON_BYTES_MAX ((size_t)32 << 20) /* in memory it is ten times as large */

/* The values of one feature as text: the same reading as of a table's row. */
struct feature {
    struct lh_slice fields[LH_FIELDS];
    char numbers[LH_FIELDS][NUMBER_BYTES];
};

static void set_number(struct feature *feature, enum lh_hotspot_field field, double number)
{
    const int length = snprintf(feature->numbers[field], NUMBER_BYTES, "%.10g", number);
    feature->fields[field] = (struct lh_slice){feature->numbers[field], (size_t)length};
}

static void set_value(struct feature *feature, enum lh_hotspot_field field, const json_t *value)
{
    if (field == LH_FIELD_NONE || feature->fields[field].text)
        return;
    if (json_is_string(value))
        feature->fields[field] =
            (struct lh_slice){json_string_value(value), json_string_length(value)};
    else if (json_is_number(value))
        set_number(feature, field, json_number_value(value));
}

static enum lh_hotspot_field field_of(const struct lh_feed_config *mapping, const char *key)
{
    const struct lh_slice name = {key, strlen(key)};
    return mapping ? lh_hotspot_mapped_field(&mapping->columns, name) : lh_hotspot_field_of(name);
}

/* The geometry stands where the properties say nothing. */
static void take_feature(const json_t *object, const struct lh_feed_config *mapping,
                         struct feature *feature)
{
    json_t *properties = json_object_get(object, "properties");
    const char *key;
    json_t *value;
    json_object_foreach(properties, key, value) set_value(feature, field_of(mapping, key), value);
    const json_t *geometry = json_object_get(object, "geometry");
    const json_t *pair = json_object_get(geometry, "coordinates");
    const char *type = json_string_value(json_object_get(geometry, "type"));
    if (type && strcmp(type, "Point") == 0 && json_array_size(pair) >= 2) {
        set_value(feature, LH_FIELD_LONGITUDE, json_array_get(pair, 0));
        set_value(feature, LH_FIELD_LATITUDE, json_array_get(pair, 1));
    }
}

static int read_feature(struct lh_row_context *context, const json_t *object, size_t number,
                        bool seen[LH_FIELDS], struct lh_hotspots *hotspots)
{
    struct feature feature = {.fields = {{NULL, 0}}};
    struct lh_hotspot hotspot;
    bool fields[LH_FIELDS];
    char why[112] = "it has no place, date or time";
    const struct lh_feed_config *mapping = context->reading->mapping;
    take_feature(object, mapping, &feature);
    for (size_t i = 0; i < LH_FIELDS; i++)
        fields[i] = feature.fields[i].text != NULL;
    context->product = mapping ? LH_PRODUCT_MAPPED : lh_hotspot_product_of(fields);
    hotspots->rows++;
    const int code = context->product == LH_PRODUCT_UNKNOWN
                         ? LH_EINVAL
                         : lh_hotspot_from_row(context, feature.fields, &hotspot, why);
    if (code == LH_EFORMAT || code == LH_EINVAL)
        return lh_hotspots_refuse(hotspots, number, why);
    if (code != LH_OK)
        return code;
    if (hotspots->count == 0) {
        memcpy(seen, fields, sizeof fields);
        hotspots->product = context->product;
    }
    return lh_hotspots_add(hotspots, &hotspot);
}

static int read_features(const json_t *features, const struct lh_hotspot_reading *reading,
                         struct lh_hotspots *hotspots)
{
    struct lh_row_context context = {.reading = reading};
    bool seen[LH_FIELDS] = {false};
    size_t i;
    const json_t *object;
    json_array_foreach (features, i, object) {
        const int code = read_feature(&context, object, i + 1, seen, hotspots);
        if (code != LH_OK)
            return code;
    }
    char words[sizeof hotspots->layout];
    lh_hotspots_set_layout(hotspots, seen);
    (void)snprintf(words, sizeof words, "GeoJSON%s%.80s", hotspots->count > 0 ? ", " : "",
                   hotspots->count > 0 ? hotspots->layout : "");
    memcpy(hotspots->layout, words, sizeof words);
    if (hotspots->rows == 0)
        hotspots->state = LH_HOTSPOTS_EMPTY;
    return LH_OK;
}

int lh_hotspots_read_geojson(const char *bytes, size_t size,
                             const struct lh_hotspot_reading *reading, struct lh_fault *fault,
                             struct lh_hotspots *hotspots)
{
    json_error_t error;
    if (size > JSON_BYTES_MAX)
        return lh_fail(fault, LH_ELIMIT, "GeoJSON larger than %zu MiB", JSON_BYTES_MAX >> 20);
    json_t *root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        if (json_error_code(&error) == json_error_premature_end_of_input) {
            hotspots->state = LH_HOTSPOTS_TRUNCATED;
            (void)snprintf(hotspots->layout, sizeof hotspots->layout, "GeoJSON");
            return LH_OK;
        }
        return lh_fail(fault, LH_EFORMAT, "line %d: no JSON: %.120s", error.line, error.text);
    }
    const json_t *features = json_object_get(root, "features");
    int code = LH_OK;
    if (json_is_array(features))
        code = read_features(features, reading, hotspots);
    else
        lh_hotspots_set_text(hotspots, bytes, size);
    json_decref(root);
    return code;
}
