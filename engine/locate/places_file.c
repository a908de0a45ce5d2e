#include "locate/places_file.h"

#include "locate/places.h"

#include <errno.h>
#include <gdal.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES_MOST 200

struct loading {
    struct lh_places *places;
    enum lh_datum datum;
    const char *name_field;
};

/* ---- keeping ---- */

/* A copy without control characters, cut between characters. NULL: no memory. */
static char *keep_name(const char *name)
{
    size_t length = strlen(name);
    if (length > NAME_BYTES_MOST) {
        length = NAME_BYTES_MOST;
        while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80)
            length--;
    }
    char *copy = strndup(name, length);
    for (char *c = copy; c && *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    return copy;
}

static int add_vertex(struct loading *loading, struct lh_geo written)
{
    struct lh_places *places = loading->places;
    if (places->vertex_count == LH_PLACES_VERTICES_MOST)
        return LH_ELIMIT;
    if (places->vertex_count == places->vertex_room) {
        const size_t room = places->vertex_room ? 2 * places->vertex_room : 256;
        struct lh_geo *vertices = realloc(places->vertices, room * sizeof *vertices);
        if (!vertices)
            return LH_ENOMEM;
        places->vertices = vertices;
        places->vertex_room = room;
    }
    places->vertices[places->vertex_count++] = lh_geo_from_datum(loading->datum, written);
    return LH_OK;
}

/* Of the vertices added since first. */
static int add_feature(struct loading *loading, const char *name, const char *english, size_t first,
                       bool path)
{
    struct lh_places *places = loading->places;
    if (places->count == LH_PLACES_MOST)
        return LH_ELIMIT;
    if (places->count == places->room) {
        const size_t room = places->room ? 2 * places->room : 64;
        struct lh_place_feature *features = realloc(places->features, room * sizeof *features);
        if (!features)
            return LH_ENOMEM;
        places->features = features;
        places->room = room;
    }
    struct lh_place_feature *feature = &places->features[places->count++];
    *feature = (struct lh_place_feature){.name = keep_name(name),
                                         .first = first,
                                         .count = places->vertex_count - first,
                                         .path = path};
    if (english && english[0] != '\0') {
        feature->english = keep_name(english);
        if (!feature->english)
            return LH_ENOMEM;
    }
    return feature->name ? LH_OK : LH_ENOMEM;
}

/* ---- a JSON array ---- */

static const json_t *first_of(const json_t *object, const char *const *keys)
{
    for (; *keys; keys++) {
        const json_t *value = json_object_get(object, *keys);
        if (value)
            return value;
    }
    return NULL;
}

static bool json_place(const json_t *object, struct lh_geo *ret_place)
{
    static const char *const latitudes[] = {"lat", "latitude", "latitude_deg", NULL};
    static const char *const longitudes[] = {"lon", "lng", "longitude", "longitude_deg", NULL};
    static const char *const points[] = {"loc", "geometry", "location", NULL};
    const json_t *pair = json_object_get(first_of(object, points), "coordinates");
    const json_t *latitude = pair ? json_array_get(pair, 1) : first_of(object, latitudes);
    const json_t *longitude = pair ? json_array_get(pair, 0) : first_of(object, longitudes);
    if (!json_is_number(latitude) || !json_is_number(longitude))
        return false;
    *ret_place = (struct lh_geo){json_number_value(latitude), json_number_value(longitude)};
    return lh_geo_valid(*ret_place);
}

static const char *json_english(const json_t *object, const char *field)
{
    char key[80];
    (void)snprintf(key, sizeof key, "%s_en", field);
    const char *english = json_string_value(json_object_get(object, key));
    if (english)
        return english;
    (void)snprintf(key, sizeof key, "%s:en", field);
    return json_string_value(json_object_get(object, key));
}

static int read_json(struct loading *loading, FILE *file, struct lh_fault *fault)
{
    json_error_t error;
    json_t *root = json_loadf(file, 0, &error);
    const json_t *object;
    size_t i;
    int code = LH_OK;
    if (!root)
        return lh_fail(fault, LH_EFORMAT, "line %d: %s", error.line, error.text);
    json_array_foreach (root, i, object) {
        const char *name = json_string_value(json_object_get(object, loading->name_field));
        struct lh_geo place;
        const size_t first = loading->places->vertex_count;
        if (!name || name[0] == '\0' || !json_place(object, &place))
            continue;
        code = add_vertex(loading, place);
        if (code == LH_OK)
            code =
                add_feature(loading, name, json_english(object, loading->name_field), first, false);
        if (code != LH_OK)
            break;
    }
    json_decref(root);
    return code == LH_OK ? LH_OK : lh_fail(fault, code, "%s", lh_strerror(code));
}

/* ---- what OGR reads ---- */

struct layer {
    OGRCoordinateTransformationH to_wgs84; /* NULL: it is in it */
    int name;                              /* index of the field, -1: none */
    int english;
    int highway;
};

static int layer_field(OGRFeatureDefnH definition, const char *field, const char *suffix)
{
    char key[80];
    (void)snprintf(key, sizeof key, "%s%s", field, suffix);
    return OGR_FD_GetFieldIndex(definition, key);
}

static const char *field_text(OGRFeatureH feature, int index)
{
    return index >= 0 && OGR_F_IsFieldSetAndNotNull(feature, index)
               ? OGR_F_GetFieldAsString(feature, index)
               : "";
}

static bool is_path(const char *highway)
{
    static const char *const paths[] = {"path", "footway", "track", "steps", "bridleway"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (strcmp(highway, paths[i]) == 0)
            return true;
    return false;
}

/* One position in the layer's own projection; passed over where it is none on the earth. */
static int take_vertex(struct loading *loading, const struct layer *layer, double x, double y)
{
    if (layer->to_wgs84 && !OCTTransform(layer->to_wgs84, 1, &x, &y, NULL))
        return LH_OK;
    const struct lh_geo place = {y, x};
    return lh_geo_valid(place) ? add_vertex(loading, place) : LH_OK;
}

static int take_geometry(struct loading *loading, const struct layer *layer, OGRFeatureH feature,
                         OGRGeometryH geometry, int depth)
{
    const OGRwkbGeometryType type = OGR_GT_Flatten(OGR_G_GetGeometryType(geometry));
    const char *name = field_text(feature, layer->name);
    const size_t first = loading->places->vertex_count;
    const bool line = type == wkbLineString;
    int code = LH_OK;
    if (type == wkbMultiLineString || type == wkbMultiPoint || type == wkbGeometryCollection) {
        for (int i = 0; i < OGR_G_GetGeometryCount(geometry) && depth < 4 && code == LH_OK; i++)
            code = take_geometry(loading, layer, feature, OGR_G_GetGeometryRef(geometry, i),
                                 depth + 1);
        return code;
    }
    if (line) {
        for (int i = 0; i < OGR_G_GetPointCount(geometry) && code == LH_OK; i++)
            code = take_vertex(loading, layer, OGR_G_GetX(geometry, i), OGR_G_GetY(geometry, i));
    } else if (name[0] != '\0' && !OGR_G_IsEmpty(geometry)) {
        OGREnvelope bounds;
        OGR_G_GetEnvelope(geometry, &bounds);
        code = take_vertex(loading, layer, (bounds.MinX + bounds.MaxX) / 2.0,
                           (bounds.MinY + bounds.MaxY) / 2.0);
    }
    const size_t count = loading->places->vertex_count - first;
    if (code != LH_OK || count < (line ? 2 : 1)) {
        loading->places->vertex_count = first;
        return code;
    }
    return add_feature(loading, name, field_text(feature, layer->english), first,
                       is_path(field_text(feature, layer->highway)));
}

static int read_layer(struct loading *loading, OGRLayerH handle)
{
    OGRFeatureDefnH definition = OGR_L_GetLayerDefn(handle);
    OGRSpatialReferenceH own = OGR_L_GetSpatialRef(handle);
    OGRSpatialReferenceH wgs84 = OSRNewSpatialReference(NULL);
    struct layer layer = {
        .name = layer_field(definition, loading->name_field, ""),
        .english = layer_field(definition, loading->name_field, "_en"),
        .highway = OGR_FD_GetFieldIndex(definition, "highway"),
    };
    if (layer.english < 0)
        layer.english = layer_field(definition, loading->name_field, ":en");
    int code = wgs84 && OSRImportFromEPSG(wgs84, 4326) == OGRERR_NONE ? LH_OK : LH_ENOMEM;
    if (code == LH_OK && own) {
        OSRSetAxisMappingStrategy(wgs84, OAMS_TRADITIONAL_GIS_ORDER);
        layer.to_wgs84 = OCTNewCoordinateTransformation(own, wgs84);
        code = layer.to_wgs84 ? LH_OK : LH_EFORMAT;
    }
    OGR_L_ResetReading(handle);
    for (OGRFeatureH feature; code == LH_OK && (feature = OGR_L_GetNextFeature(handle));) {
        OGRGeometryH geometry = OGR_F_GetGeometryRef(feature);
        if (geometry)
            code = take_geometry(loading, &layer, feature, geometry, 0);
        OGR_F_Destroy(feature);
    }
    if (layer.to_wgs84)
        OCTDestroyCoordinateTransformation(layer.to_wgs84);
    OSRDestroySpatialReference(wgs84);
    return code;
}

static int read_vector(struct loading *loading, const char *path, struct lh_fault *fault)
{
    GDALAllRegister();
    CPLPushErrorHandler(CPLQuietErrorHandler);
    GDALDatasetH file = GDALOpenEx(path, GDAL_OF_VECTOR | GDAL_OF_READONLY, NULL, NULL, NULL);
    int code = file ? LH_OK : lh_fail(fault, LH_EFORMAT, "no vector file that GDAL reads");
    for (int i = 0; code == LH_OK && i < GDALDatasetGetLayerCount(file); i++) {
        code = read_layer(loading, GDALDatasetGetLayer(file, i));
        if (code != LH_OK)
            (void)lh_fail(fault, code, "layer %d: %s", i + 1, lh_strerror(code));
    }
    if (file)
        GDALClose(file);
    CPLPopErrorHandler();
    return code;
}

static bool has_points(const struct lh_places *places)
{
    for (size_t i = 0; i < places->count; i++)
        if (places->features[i].count == 1)
            return true;
    return false;
}

int lh_places_load(const char *path, enum lh_datum datum, const char *name_field,
                   struct lh_fault *fault, struct lh_places **ret_places)
{
    struct lh_fault why = {0};
    struct loading loading = {.datum = datum, .name_field = name_field};
    FILE *file = fopen(path, "rb");
    if (!file) {
        const int code = lh_error_from_errno(errno);
        return lh_fail(fault, code, "places '%s' cannot be read: %s", path, lh_strerror(code));
    }
    loading.places = calloc(1, sizeof *loading.places);
    int code = loading.places ? LH_OK : LH_ENOMEM;
    if (code == LH_OK) {
        int begin;
        do {
            begin = fgetc(file);
        } while (begin == ' ' || begin == '\n' || begin == '\r' || begin == '\t');
        rewind(file);
        code = begin == '[' ? read_json(&loading, file, &why) : read_vector(&loading, path, &why);
    }
    (void)fclose(file);
    if (code == LH_OK && !has_points(loading.places))
        code = lh_fail(&why, LH_EFORMAT, "it holds no place with a field '%s'", name_field);
    if (code != LH_OK) {
        lh_places_destroy(&loading.places);
        return lh_fail(fault, code, "places '%s': %s", path,
                       why.text[0] != '\0' ? why.text : lh_strerror(code));
    }
    *ret_places = loading.places;
    return LH_OK;
}
