#include "alarm/geojson.h"

#include "alarm/json.h"
#include "alarm/outline.h"

static json_t *whole_or_null(json_t *value, int bad)
{
    if (!bad)
        return value;
    json_decref(value);
    return NULL;
}

static json_t *point_value(struct lh_geo place)
{
    json_t *pair = json_array();
    int bad = json_array_append_new(pair, lh_json_degrees(place.longitude_deg));
    bad |= json_array_append_new(pair, lh_json_degrees(place.latitude_deg));
    return whole_or_null(pair, bad);
}

/* A polygon's coordinates: one ring. */
static json_t *rings_value(const struct lh_outline *outline)
{
    json_t *rings = json_array();
    json_t *ring = json_array();
    int bad = ring ? 0 : -1;
    for (size_t i = 0; i < outline->count && !bad; i++)
        bad = json_array_append_new(ring, point_value(outline->points[i]));
    bad |= json_array_append_new(rings, ring);
    return whole_or_null(rings, bad);
}

static json_t *geometry_value(const struct lh_outline *outlines, size_t count)
{
    if (count == 0)
        return json_null();
    json_t *geometry = json_object();
    json_t *polygons = json_array();
    int bad = polygons ? 0 : -1;
    for (size_t i = 0; i < count && !bad && count > 1; i++)
        bad = json_array_append_new(polygons, rings_value(&outlines[i]));
    if (count == 1) {
        json_decref(polygons);
        polygons = rings_value(&outlines[0]);
    }
    bad |=
        json_object_set_new(geometry, "type", json_string(count == 1 ? "Polygon" : "MultiPolygon"));
    bad |= json_object_set_new(geometry, "coordinates", polygons);
    return whole_or_null(geometry, bad);
}

static int put_copy(json_t *object, const char *name, json_t *value)
{
    return value ? json_object_set(object, name, value)
                 : json_object_set_new(object, name, json_null());
}

static json_t *properties_value(const json_t *alarm, const struct lh_outline *outlines,
                                size_t count)
{
    static const char *const copied[] = {"revision", "state", "priority",  "probability",
                                         "rank",     "kind",  "area_code", "place"};
    const json_t *times = json_object_get(alarm, "times");
    json_t *object = json_object();
    int bad = object ? 0 : -1;
    for (size_t i = 0; i < sizeof copied / sizeof copied[0]; i++)
        bad |= put_copy(object, copied[i], json_object_get(alarm, copied[i]));
    bad |=
        put_copy(object, "incident", json_object_get(json_object_get(alarm, "incident"), "state"));
    bad |= put_copy(object, "first_seen", json_object_get(times, "first_seen"));
    bad |= put_copy(object, "raised", json_object_get(times, "raised"));
    bad |= put_copy(object, "updated", json_object_get(times, "updated"));
    bad |= put_copy(object, "camera", json_object_get(json_object_get(alarm, "camera"), "id"));
    bad |= put_copy(object, "reason",
                    json_object_get(json_array_get(json_object_get(alarm, "reasons"), 0), "text"));
    bad |= json_object_set_new(object, "middle",
                               count > 0 ? point_value(outlines[0].middle) : json_null());
    bad |= json_object_set_new(object, "radius_m",
                               count > 0 ? lh_json_number(outlines[0].radius_m) : json_null());
    return whole_or_null(object, bad);
}

json_t *lh_geojson_feature(const json_t *alarm)
{
    struct lh_outline outlines[LH_HYPOTHESES];
    const size_t count = lh_outlines(json_object_get(alarm, "position"), outlines);
    json_t *feature = json_object();
    int bad = json_object_set_new(feature, "type", json_string("Feature"));
    bad |= put_copy(feature, "id", json_object_get(alarm, "id"));
    bad |= json_object_set_new(feature, "geometry", geometry_value(outlines, count));
    bad |= json_object_set_new(feature, "properties", properties_value(alarm, outlines, count));
    return whole_or_null(feature, bad);
}
