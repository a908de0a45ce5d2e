#include "fuse/areas.h"

#include <gdal.h>
#include <math.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 4
#define M_A_DEGREE 111320.0

struct loading {
    const char *path;
    enum lh_datum datum;
    struct lh_areas *areas;
    struct lh_fault *fault;
    size_t corners;
};

/* ---- in memory ---- */

int lh_area_add_ring(struct lh_area *area, const struct lh_geo *corners, size_t count)
{
    struct lh_geo *grown = reallocarray(area->corners, area->corner_count + count, sizeof *grown);
    if (!grown)
        return LH_ENOMEM;
    area->corners = grown;
    size_t *ends = reallocarray(area->ring_ends, area->ring_count + 1, sizeof *ends);
    if (!ends)
        return LH_ENOMEM;
    area->ring_ends = ends;
    memcpy(grown + area->corner_count, corners, count * sizeof *corners);
    area->corner_count += count;
    ends[area->ring_count++] = area->corner_count;
    return LH_OK;
}

int lh_areas_add(struct lh_areas *areas, const struct lh_area *area)
{
    if (areas->count == areas->capacity) {
        const size_t capacity = areas->capacity * 2 + 16;
        struct lh_area *grown = reallocarray(areas->items, capacity, sizeof *grown);
        if (!grown)
            return LH_ENOMEM;
        areas->items = grown;
        areas->capacity = capacity;
    }
    areas->items[areas->count++] = *area;
    return LH_OK;
}

void lh_area_finish(struct lh_area *area)
{
    free(area->corners);
    free(area->ring_ends);
    *area = (struct lh_area){.corner_count = 0};
}

void lh_areas_finish(struct lh_areas *areas)
{
    for (size_t i = 0; i < areas->count; i++)
        lh_area_finish(&areas->items[i]);
    free(areas->items);
    *areas = (struct lh_areas){.count = 0};
}

/* ---- from files ---- */

static int read_ring(struct loading *loading, struct lh_area *area, OGRGeometryH ring)
{
    const int count = OGR_G_GetPointCount(ring);
    if (count < 3)
        return LH_OK;
    loading->corners += (size_t)count;
    if (loading->corners > LH_AREAS_CORNERS_MAX)
        return lh_fail(loading->fault, LH_ECONFIG, "%s has more than %zu corners", loading->path,
                       LH_AREAS_CORNERS_MAX);
    struct lh_geo *corners = calloc((size_t)count, sizeof *corners);
    if (!corners)
        return LH_ENOMEM;
    int code = LH_OK;
    for (int i = 0; i < count && code == LH_OK; i++) {
        const struct lh_geo at = {OGR_G_GetY(ring, i), OGR_G_GetX(ring, i)};
        if (lh_geo_valid(at))
            corners[i] = lh_geo_from_datum(loading->datum, at);
        else
            code = lh_fail(loading->fault, LH_ECONFIG, "%s has a corner at no place on earth",
                           loading->path);
    }
    if (code == LH_OK)
        code = lh_area_add_ring(area, corners, (size_t)count);
    free(corners);
    return code;
}

/* Polygons at any depth of collections. */
static int read_rings(struct loading *loading, struct lh_area *area, OGRGeometryH geometry,
                      int depth)
{
    const bool polygon = wkbFlatten(OGR_G_GetGeometryType(geometry)) == wkbPolygon;
    int code = LH_OK;
    for (int i = 0; i < OGR_G_GetGeometryCount(geometry) && code == LH_OK && depth < DEPTH_MAX;
         i++) {
        OGRGeometryH part = OGR_G_GetGeometryRef(geometry, i);
        code =
            polygon ? read_ring(loading, area, part) : read_rings(loading, area, part, depth + 1);
    }
    return code;
}

static void read_field(OGRFeatureH feature, const char *name, char ret_text[LH_AREA_TEXT])
{
    const int field = OGR_F_GetFieldIndex(feature, name);
    const char *text = field >= 0 && OGR_F_IsFieldSetAndNotNull(feature, field)
                           ? OGR_F_GetFieldAsString(feature, field)
                           : "";
    (void)snprintf(ret_text, LH_AREA_TEXT, "%s", text);
}

static int read_feature(struct loading *loading, OGRFeatureH feature,
                        OGRCoordinateTransformationH to_wgs84)
{
    struct lh_area area = {.corner_count = 0};
    OGRGeometryH shape = OGR_F_GetGeometryRef(feature);
    OGRGeometryH linear = shape ? OGR_G_GetLinearGeometry(shape, 0, NULL) : NULL;
    if (!linear)
        return LH_OK;
    int code = LH_OK;
    if (to_wgs84 && OGR_G_Transform(linear, to_wgs84) != OGRERR_NONE)
        code = lh_fail(loading->fault, LH_ECONFIG, "%s: its coordinates cannot be transformed",
                       loading->path);
    if (code == LH_OK)
        code = read_rings(loading, &area, linear, 0);
    OGR_G_DestroyGeometry(linear);
    read_field(feature, "name", area.name);
    read_field(feature, "kind", area.kind);
    read_field(feature, "from", area.from);
    read_field(feature, "to", area.to);
    if (area.name[0] == '\0')
        (void)snprintf(area.name, sizeof area.name, "area %zu", loading->areas->count + 1);
    if (code == LH_OK && area.ring_count > 0)
        code = lh_areas_add(loading->areas, &area);
    else if (code == LH_OK)
        return LH_OK;
    if (code != LH_OK)
        lh_area_finish(&area);
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

static int read_layers(struct loading *loading, GDALDatasetH dataset)
{
    int code = LH_OK;
    for (int i = 0; i < GDALDatasetGetLayerCount(dataset) && code == LH_OK; i++) {
        OGRLayerH layer = GDALDatasetGetLayer(dataset, i);
        OGRCoordinateTransformationH to_wgs84 = transformation_of(layer);
        OGR_L_ResetReading(layer);
        for (OGRFeatureH feature; code == LH_OK && (feature = OGR_L_GetNextFeature(layer));) {
            code = read_feature(loading, feature, to_wgs84);
            OGR_F_Destroy(feature);
        }
        if (to_wgs84)
            OCTDestroyCoordinateTransformation(to_wgs84);
    }
    return code;
}

int lh_areas_load(const char *path, enum lh_datum datum, struct lh_fault *fault,
                  struct lh_areas *areas)
{
    struct loading loading = {.path = path, .datum = datum, .areas = areas, .fault = fault};
    const size_t before = areas->count;
    int code;
    GDALAllRegister();
    CPLPushErrorHandler(CPLQuietErrorHandler);
    const char *const as_written[] = {"DATE_AS_STRING=YES", NULL};
    GDALDatasetH dataset =
        GDALOpenEx(path, GDAL_OF_VECTOR | GDAL_OF_READONLY, NULL, as_written, NULL);
    if (dataset) {
        code = read_layers(&loading, dataset);
        GDALClose(dataset);
        if (code == LH_OK && areas->count == before)
            code = lh_fail(fault, LH_ECONFIG, "%s has no polygons", path);
    } else {
        code = lh_fail(fault, LH_ECONFIG, "%s cannot be read: %.200s", path, CPLGetLastErrorMsg());
    }
    CPLPopErrorHandler();
    return code == LH_ENOMEM ? lh_fail(fault, code, "out of memory") : code;
}

/* ---- asked ---- */

/* On a plane about the place. */
static struct lh_offset offset_of(struct lh_geo place, struct lh_geo corner)
{
    return (struct lh_offset){lh_azimuth_difference(place.longitude_deg, corner.longitude_deg) *
                                  M_A_DEGREE * cos(place.latitude_deg * LH_DEGREE),
                              (corner.latitude_deg - place.latitude_deg) * M_A_DEGREE};
}

static double distance_to_line(struct lh_offset a, struct lh_offset b)
{
    const double east = b.east_m - a.east_m;
    const double north = b.north_m - a.north_m;
    const double length2 = east * east + north * north;
    const double share =
        length2 > 0 ? fmin(fmax(-(a.east_m * east + a.north_m * north) / length2, 0), 1) : 0;
    return hypot(a.east_m + share * east, a.north_m + share * north);
}

static bool crosses_east(struct lh_offset a, struct lh_offset b)
{
    if ((a.north_m > 0) == (b.north_m > 0))
        return false;
    return a.east_m - a.north_m * (b.east_m - a.east_m) / (b.north_m - a.north_m) > 0;
}

double lh_area_distance_m(const struct lh_area *area, struct lh_geo place)
{
    if (area->ring_count == 0)
        return fmax(lh_geo_distance_m(area->centre, place) - area->radius_m, 0);
    double least = INFINITY;
    bool inside = false;
    for (size_t ring = 0, first = 0; ring < area->ring_count; first = area->ring_ends[ring++]) {
        const size_t end = area->ring_ends[ring];
        struct lh_offset a = offset_of(place, area->corners[end - 1]);
        for (size_t i = first; i < end; i++) {
            const struct lh_offset b = offset_of(place, area->corners[i]);
            inside ^= crosses_east(a, b);
            least = fmin(least, distance_to_line(a, b));
            a = b;
        }
    }
    return inside ? 0 : least;
}

bool lh_area_touches(const struct lh_area *area, const struct lh_position *position,
                     double within_m, double sigmas)
{
    const struct lh_ellipse *best = lh_position_best(position);
    return best && lh_area_distance_m(area, best->centre) <= within_m + sigmas * best->major_m;
}
