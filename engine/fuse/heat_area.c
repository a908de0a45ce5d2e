#include "fuse/heat_area.h"

#include <gdal.h>
#include <math.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_MAX ((size_t)1000000)

struct loading {
    const struct lh_heat_area_config *config;
    struct lh_heat_areas *areas;
    struct lh_fault *fault;
    size_t points;
    int64_t from_us;
    int64_t to_us;
};

static int read_day(const char *text, struct lh_fault *fault, int64_t *ret_us)
{
    char whole[LH_TIME_TEXT];
    if (text[0] == '\0') {
        *ret_us = LH_NO_TIME;
        return LH_OK;
    }
    (void)snprintf(whole, sizeof whole, "%.10sT00:00:00Z", text);
    if (lh_time_parse(whole, ret_us) != LH_OK)
        return lh_fail(fault, LH_ECONFIG, "'%.16s' is no date; write YYYY-MM-DD", text);
    return LH_OK;
}

/* ---- geometry in ---- */

static int add_ring(struct loading *loading, struct lh_heat_area *area, OGRGeometryH ring)
{
    const int corners = OGR_G_GetPointCount(ring);
    if (corners < 3)
        return LH_OK;
    loading->points += (size_t)corners;
    if (loading->points > POINTS_MAX)
        return lh_fail(loading->fault, LH_ECONFIG, "'%s' has more than %zu corners",
                       loading->config->file, POINTS_MAX);
    const size_t count = area->point_count + (size_t)corners;
    struct lh_geo *points = realloc(area->points, count * sizeof *points);
    if (!points)
        return LH_ENOMEM;
    area->points = points;
    size_t *ends = realloc(area->ring_ends, (area->ring_count + 1) * sizeof *ends);
    if (!ends)
        return LH_ENOMEM;
    area->ring_ends = ends;
    for (int i = 0; i < corners; i++) {
        const struct lh_geo at = {OGR_G_GetY(ring, i), OGR_G_GetX(ring, i)};
        if (!lh_geo_valid(at))
            return lh_fail(loading->fault, LH_ECONFIG, "'%s' has a corner at no place on earth",
                           loading->config->file);
        area->points[area->point_count++] =
            lh_geo_from_datum((enum lh_datum)loading->config->datum, at);
    }
    area->ring_ends[area->ring_count++] = area->point_count;
    return LH_OK;
}

/* Polygons at any depth of collections. */
static int add_rings(struct loading *loading, struct lh_heat_area *area, OGRGeometryH geometry,
                     int depth)
{
    const OGRwkbGeometryType type = wkbFlatten(OGR_G_GetGeometryType(geometry));
    const int parts = OGR_G_GetGeometryCount(geometry);
    int code = LH_OK;
    for (int i = 0; i < parts && code == LH_OK && depth < 4; i++) {
        OGRGeometryH part = OGR_G_GetGeometryRef(geometry, i);
        code = type == wkbPolygon ? add_ring(loading, area, part)
                                  : add_rings(loading, area, part, depth + 1);
    }
    return code;
}

static int append(struct lh_heat_areas *areas, const struct lh_heat_area *area)
{
    if (areas->count == areas->capacity) {
        const size_t capacity = areas->capacity ? 2 * areas->capacity : 16;
        struct lh_heat_area *items = realloc(areas->items, capacity * sizeof *items);
        if (!items)
            return LH_ENOMEM;
        areas->items = items;
        areas->capacity = capacity;
    }
    areas->items[areas->count++] = *area;
    return LH_OK;
}

static void free_area(struct lh_heat_area *area)
{
    free(area->points);
    free(area->ring_ends);
}

static int add_feature(struct loading *loading, OGRFeatureH feature,
                       OGRCoordinateTransformationH to)
{
    struct lh_heat_area area = {
        .factor = loading->config->factor, .from_us = loading->from_us, .to_us = loading->to_us};
    OGRGeometryH shape = OGR_F_GetGeometryRef(feature);
    if (!shape)
        return LH_OK;
    OGRGeometryH linear = OGR_G_GetLinearGeometry(shape, 0, NULL);
    if (!linear)
        return LH_OK;
    int code = LH_OK;
    if (to && OGR_G_Transform(linear, to) != OGRERR_NONE)
        code = lh_fail(loading->fault, LH_ECONFIG, "'%s': its coordinates cannot be transformed",
                       loading->config->file);
    if (code == LH_OK)
        code = add_rings(loading, &area, linear, 0);
    const int field = OGR_F_GetFieldIndex(feature, loading->config->name_field);
    (void)snprintf(area.name, sizeof area.name, "%s",
                   field >= 0 ? OGR_F_GetFieldAsString(feature, field) : "");
    if (area.name[0] == '\0')
        (void)snprintf(area.name, sizeof area.name, "area %zu", loading->areas->count + 1);
    if (code == LH_OK && area.ring_count > 0)
        code = append(loading->areas, &area);
    else
        free_area(&area);
    OGR_G_DestroyGeometry(linear);
    return code;
}

/* NULL where the layer is in longitude and latitude of WGS-84 already, or does not say. */
static OGRCoordinateTransformationH transformation_of(OGRLayerH layer)
{
    OGRSpatialReferenceH from = OGR_L_GetSpatialRef(layer);
    if (!from)
        return NULL;
    OGRSpatialReferenceH to = OSRNewSpatialReference(NULL);
    OGRCoordinateTransformationH transformation = NULL;
    (void)OSRImportFromEPSG(to, 4326);
    OSRSetAxisMappingStrategy(to, OAMS_TRADITIONAL_GIS_ORDER);
    OSRSetAxisMappingStrategy(from, OAMS_TRADITIONAL_GIS_ORDER);
    if (!OSRIsSame(from, to))
        transformation = OCTNewCoordinateTransformation(from, to);
    OSRDestroySpatialReference(to);
    return transformation;
}

static int add_layers(struct loading *loading, GDALDatasetH dataset)
{
    int code = LH_OK;
    for (int i = 0; i < GDALDatasetGetLayerCount(dataset) && code == LH_OK; i++) {
        OGRLayerH layer = GDALDatasetGetLayer(dataset, i);
        OGRCoordinateTransformationH to = transformation_of(layer);
        OGRFeatureH feature;
        OGR_L_ResetReading(layer);
        while (code == LH_OK && (feature = OGR_L_GetNextFeature(layer))) {
            code = add_feature(loading, feature, to);
            OGR_F_Destroy(feature);
        }
        if (to)
            OCTDestroyCoordinateTransformation(to);
    }
    return code;
}

int lh_heat_areas_load(const struct lh_heat_area_config *config, struct lh_fault *fault,
                       struct lh_heat_areas *areas)
{
    struct loading loading = {.config = config, .areas = areas, .fault = fault};
    const size_t before = areas->count;
    int code = read_day(config->valid_from, fault, &loading.from_us);
    if (code == LH_OK)
        code = read_day(config->valid_to, fault, &loading.to_us);
    if (code != LH_OK)
        return code;
    GDALAllRegister();
    CPLPushErrorHandler(CPLQuietErrorHandler);
    GDALDatasetH dataset =
        GDALOpenEx(config->file, GDAL_OF_VECTOR | GDAL_OF_READONLY, NULL, NULL, NULL);
    if (dataset) {
        code = add_layers(&loading, dataset);
        GDALClose(dataset);
        if (code == LH_OK && areas->count == before)
            code = lh_fail(fault, LH_ECONFIG, "'%s' has no polygons", config->file);
    } else {
        code = lh_fail(fault, LH_ECONFIG, "'%s' cannot be read: %.200s", config->file,
                       CPLGetLastErrorMsg());
    }
    CPLPopErrorHandler();
    if (code == LH_ENOMEM)
        (void)lh_fail(fault, code, "out of memory");
    return code;
}

void lh_heat_areas_finish(struct lh_heat_areas *areas)
{
    for (size_t i = 0; i < areas->count; i++)
        free_area(&areas->items[i]);
    free(areas->items);
    *areas = (struct lh_heat_areas){0};
}

/* ---- geometry asked ---- */

static double to_segment_m(struct lh_offset a, struct lh_offset b)
{
    const double east = b.east_m - a.east_m;
    const double north = b.north_m - a.north_m;
    const double length2 = east * east + north * north;
    const double along =
        length2 > 0 ? fmax(0, fmin(1, -(a.east_m * east + a.north_m * north) / length2)) : 0;
    return hypot(a.east_m + along * east, a.north_m + along * north);
}

/* Flat about the place, which is exact enough within a few kilometres. */
static struct lh_offset flat(struct lh_geo at, struct lh_geo corner)
{
    const double degree_m = lh_geo_radius_m(at.latitude_deg) * LH_DEGREE;
    return (struct lh_offset){
        .east_m = lh_azimuth_difference(at.longitude_deg, corner.longitude_deg) * degree_m *
                  cos(at.latitude_deg * LH_DEGREE),
        .north_m = (corner.latitude_deg - at.latitude_deg) * degree_m,
    };
}

static bool holds(const struct lh_heat_area *area, struct lh_geo at, double reach_m)
{
    bool inside = false;
    size_t begin = 0;
    for (size_t ring = 0; ring < area->ring_count; ring++) {
        const size_t end = area->ring_ends[ring];
        struct lh_offset before = flat(at, area->points[end - 1]);
        for (size_t i = begin; i < end; i++) {
            const struct lh_offset corner = flat(at, area->points[i]);
            if ((corner.north_m > 0) != (before.north_m > 0) &&
                corner.east_m + (before.east_m - corner.east_m) * -corner.north_m /
                                    (before.north_m - corner.north_m) >
                    0)
                inside = !inside;
            if (to_segment_m(before, corner) <= reach_m)
                return true;
            before = corner;
        }
        begin = end;
    }
    return inside;
}

const struct lh_heat_area *lh_heat_areas_at(const struct lh_heat_areas *areas, struct lh_geo at,
                                            double reach_m, int64_t utc_us)
{
    const struct lh_heat_area *found = NULL;
    for (size_t i = 0; i < areas->count; i++) {
        const struct lh_heat_area *area = &areas->items[i];
        const bool valid = (area->from_us == LH_NO_TIME || utc_us >= area->from_us) &&
                           (area->to_us == LH_NO_TIME || utc_us < area->to_us);
        if (valid && (!found || area->factor < found->factor) && holds(area, at, reach_m))
            found = area;
    }
    return found;
}
