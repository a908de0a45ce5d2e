#include "locate/area.h"

#include <cpl_error.h>
#include <gdal.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>
#include <stdlib.h>

#define DEPTH_MOST 8

struct reading {
    struct lh_area *area;
    OGRCoordinateTransformationH to_degrees; /* NULL: they are */
    enum lh_datum datum;
    size_t points;
};

static int add_ring(struct reading *reading, OGRGeometryH line)
{
    const int count = OGR_G_GetPointCount(line);
    if (count < 3)
        return LH_OK;
    reading->points += (size_t)count;
    if (reading->points > LH_AREA_POINTS_MOST)
        return LH_ELIMIT;
    struct lh_area *area = reading->area;
    struct lh_area_ring *more = realloc(area->rings, (area->count + 1) * sizeof *more);
    if (!more)
        return LH_ENOMEM;
    area->rings = more;
    struct lh_area_ring *ring = &more[area->count];
    ring->points = malloc((size_t)count * sizeof *ring->points);
    if (!ring->points)
        return LH_ENOMEM;
    area->count++;
    ring->count = (size_t)count;
    for (int i = 0; i < count; i++) {
        double x = OGR_G_GetX(line, i);
        double y = OGR_G_GetY(line, i);
        if (reading->to_degrees && !OCTTransform(reading->to_degrees, 1, &x, &y, NULL))
            return LH_EFORMAT;
        ring->points[i] = lh_geo_from_datum(reading->datum, (struct lh_geo){y, x});
        if (!lh_geo_valid(ring->points[i]))
            return LH_EFORMAT;
    }
    return LH_OK;
}

/* Polygons, and what is put together of polygons; the rest is passed over. */
static int add_geometry(struct reading *reading, OGRGeometryH geometry, int depth)
{
    const OGRwkbGeometryType type = wkbFlatten(OGR_G_GetGeometryType(geometry));
    int error = LH_OK;
    for (int i = 0; !error && depth < DEPTH_MOST && i < OGR_G_GetGeometryCount(geometry); i++) {
        OGRGeometryH part = OGR_G_GetGeometryRef(geometry, i);
        error =
            type == wkbPolygon ? add_ring(reading, part) : add_geometry(reading, part, depth + 1);
    }
    return error;
}

static int add_layer(struct reading *reading, OGRLayerH layer)
{
    OGRSpatialReferenceH own = OGR_L_GetSpatialRef(layer);
    OGRSpatialReferenceH wgs84 = OSRNewSpatialReference(NULL);
    int error = OSRImportFromEPSG(wgs84, 4326) == OGRERR_NONE ? LH_OK : LH_EIO;
    OSRSetAxisMappingStrategy(wgs84, OAMS_TRADITIONAL_GIS_ORDER);
    if (!error && own && !OSRIsSame(own, wgs84)) {
        OSRSetAxisMappingStrategy(own, OAMS_TRADITIONAL_GIS_ORDER);
        reading->to_degrees = OCTNewCoordinateTransformation(own, wgs84);
        error = reading->to_degrees ? LH_OK : LH_EFORMAT;
    }
    OGR_L_ResetReading(layer);
    for (OGRFeatureH feature; !error && (feature = OGR_L_GetNextFeature(layer));) {
        OGRGeometryH geometry = OGR_F_GetGeometryRef(feature);
        if (geometry)
            error = add_geometry(reading, geometry, 0);
        OGR_F_Destroy(feature);
    }
    if (reading->to_degrees)
        OCTDestroyCoordinateTransformation(reading->to_degrees);
    reading->to_degrees = NULL;
    OSRDestroySpatialReference(wgs84);
    return error;
}

int lh_area_load(const char *path, enum lh_datum datum, struct lh_fault *fault,
                 struct lh_area **ret_area)
{
    struct lh_area *area = calloc(1, sizeof *area);
    struct reading reading = {.area = area, .datum = datum};
    int error = area ? LH_OK : LH_ENOMEM;
    CPLPushErrorHandler(CPLQuietErrorHandler);
    GDALAllRegister();
    GDALDatasetH set =
        error ? NULL : GDALOpenEx(path, GDAL_OF_VECTOR | GDAL_OF_READONLY, NULL, NULL, NULL);
    if (!error && !set)
        error = lh_fail(fault, LH_EFORMAT,
                        "%.300s: cannot be read as an outline (GeoJSON, Shapefile, KML)", path);
    for (int i = 0; !error && i < GDALDatasetGetLayerCount(set); i++) {
        error = add_layer(&reading, GDALDatasetGetLayer(set, i));
        if (error)
            (void)lh_fail(fault, error, "%.300s: %s in its polygons", path, lh_strerror(error));
    }
    if (set)
        GDALClose(set);
    CPLPopErrorHandler();
    if (!error && area->count == 0)
        error = lh_fail(fault, LH_EFORMAT, "%.300s holds no polygon", path);
    if (error)
        lh_area_destroy(&area);
    else
        *ret_area = area;
    return error;
}

void lh_area_destroy(struct lh_area **area)
{
    if (!*area)
        return;
    for (size_t i = 0; i < (*area)->count; i++)
        free((*area)->rings[i].points);
    free((*area)->rings);
    free(*area);
    *area = NULL;
}
