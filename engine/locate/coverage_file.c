#include "locate/coverage_file.h"

#include <cpl_error.h>
#include <errno.h>
#include <gdal.h>
#include <gdal_alg.h>
#include <math.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS 1e5 /* a metre */

/* ---- cells to polygons ---- */

/* A grid of numbers; 0 is no polygon. Rows from the south. */
struct grid {
    struct lh_plane plane;
    double west_m;
    double south_m;
    double cell_m;
    int width;
    int height;
    bool straddles; /* the antimeridian: then twice the number, and one more for west longitudes */
    uint16_t *values;
};

static struct lh_geo place_in(const struct grid *grid, double column, double row)
{
    return lh_plane_geo(&grid->plane, (struct lh_offset){grid->west_m + column * grid->cell_m,
                                                         grid->south_m + row * grid->cell_m});
}

static void mark_hemispheres(struct grid *grid)
{
    grid->straddles = fabs(place_in(grid, 0, 0).longitude_deg -
                           place_in(grid, grid->width, grid->height).longitude_deg) > 180.0;
    for (int row = 0; grid->straddles && row < grid->height; row++)
        for (int column = 0; column < grid->width; column++) {
            uint16_t *value = &grid->values[(size_t)row * (size_t)grid->width + (size_t)column];
            const bool west = place_in(grid, column + 0.5, row + 0.5).longitude_deg < 0.0;
            if (*value)
                *value = (uint16_t)(2 * *value + west);
        }
}

static json_t *ring_json(const struct grid *grid, OGRGeometryH ring, int value, bool outer)
{
    json_t *points = json_array();
    const int count = OGR_G_GetPointCount(ring);
    double area = 0.0; /* twice, on the grid; counterclockwise is positive */
    for (int i = 0; i + 1 < count; i++)
        area += OGR_G_GetX(ring, i) * OGR_G_GetY(ring, i + 1) -
                OGR_G_GetX(ring, i + 1) * OGR_G_GetY(ring, i);
    for (int i = 0; i < count; i++) {
        const int at = (area > 0.0) == outer ? i : count - 1 - i;
        struct lh_geo place = place_in(grid, OGR_G_GetX(ring, at), OGR_G_GetY(ring, at));
        const bool west = value & 1;
        if (grid->straddles && west != (place.longitude_deg < 0.0))
            place.longitude_deg = west ? -180.0 : 180.0;
        (void)json_array_append_new(points,
                                    json_pack("[f,f]", round(place.longitude_deg * DIGITS) / DIGITS,
                                              round(place.latitude_deg * DIGITS) / DIGITS));
    }
    return points;
}

static json_t *polygon_json(const struct grid *grid, OGRGeometryH polygon, int value)
{
    json_t *rings = json_array();
    for (int i = 0; i < OGR_G_GetGeometryCount(polygon); i++)
        (void)json_array_append_new(
            rings, ring_json(grid, OGR_G_GetGeometryRef(polygon, i), value, i == 0));
    return rings;
}

/* GDAL's polygons of equal numbers, in columns and rows. */
static int polygonise(const struct grid *grid, GDALDatasetH *ret_vectors, OGRLayerH *ret_layer)
{
    GDALDatasetH raster =
        GDALCreate(GDALGetDriverByName("MEM"), "", grid->width, grid->height, 1, GDT_UInt16, NULL);
    GDALDatasetH vectors =
        GDALCreate(GDALGetDriverByName("Memory"), "", 0, 0, 0, GDT_Unknown, NULL);
    OGRLayerH layer =
        vectors ? GDALDatasetCreateLayer(vectors, "cells", NULL, wkbPolygon, NULL) : NULL;
    OGRFieldDefnH field = OGR_Fld_Create("value", OFTInteger);
    int error = LH_ENOMEM;
    if (raster && layer && OGR_L_CreateField(layer, field, 1) == OGRERR_NONE) {
        GDALRasterBandH band = GDALGetRasterBand(raster, 1);
        if (GDALRasterIO(band, GF_Write, 0, 0, grid->width, grid->height, grid->values, grid->width,
                         grid->height, GDT_UInt16, 0, 0) == CE_None &&
            GDALPolygonize(band, band, layer, 0, NULL, NULL, NULL) == CE_None)
            error = LH_OK;
    }
    OGR_Fld_Destroy(field);
    if (raster)
        GDALClose(raster);
    if (error && vectors)
        GDALClose(vectors);
    if (!error) {
        *ret_vectors = vectors;
        *ret_layer = layer;
    }
    return error;
}

/* Calls take(value, polygons) for every number in the grid; polygons is an array it owns. */
static int each_value(struct grid *grid, void (*take)(void *context, int value, json_t *polygons),
                      void *context)
{
    GDALDatasetH vectors = NULL;
    OGRLayerH layer = NULL;
    json_t *by_value[256] = {NULL};
    mark_hemispheres(grid);
    const int error = polygonise(grid, &vectors, &layer);
    if (error)
        return error;
    OGR_L_ResetReading(layer);
    for (OGRFeatureH feature; (feature = OGR_L_GetNextFeature(layer));) {
        const int value = OGR_F_GetFieldAsInteger(feature, 0);
        const int plain = (grid->straddles ? value / 2 : value) & 0xff;
        if (!by_value[plain])
            by_value[plain] = json_array();
        (void)json_array_append_new(by_value[plain],
                                    polygon_json(grid, OGR_F_GetGeometryRef(feature), value));
        OGR_F_Destroy(feature);
    }
    GDALClose(vectors);
    for (int i = 0; i < 256; i++)
        if (by_value[i])
            take(context, i, by_value[i]);
    return LH_OK;
}

/* ---- features ---- */

static void add_feature(json_t *features, json_t *geometry, json_t *properties)
{
    (void)json_array_append_new(features, json_pack("{s:s,s:o,s:o}", "type", "Feature", "geometry",
                                                    geometry, "properties", properties));
}

static json_t *kilometres(double km2)
{
    return json_real(round(km2 * 1000.0) / 1000.0);
}

static json_t *tower_json(const struct lh_tower *tower)
{
    return json_pack("{s:s,s:b,s:f,s:f,s:f,s:f,s:f,s:o,s:o,s:o,s:o}", "name", tower->name,
                     "planned", tower->planned, "latitude_deg", tower->eye.place.latitude_deg,
                     "longitude_deg", tower->eye.place.longitude_deg, "height_m",
                     round(tower->eye.height_m * 10.0) / 10.0, "mast_m", tower->mast_m, "range_m",
                     tower->range_m, "within_km2", kilometres(tower->within_km2), "seen_km2",
                     kilometres(tower->seen_km2), "only_km2", kilometres(tower->only_km2),
                     "added_km2", kilometres(tower->added_km2));
}

json_t *lh_coverage_json(const struct lh_coverage *coverage)
{
    json_t *towers = json_array();
    json_t *by_count = json_array();
    for (size_t i = 0; i < coverage->tower_count; i++)
        (void)json_array_append_new(towers, tower_json(&coverage->towers[i]));
    for (int i = 0; i <= LH_COVERAGE_COUNTS; i++)
        (void)json_array_append_new(by_count, kilometres(coverage->by_count_km2[i]));
    return json_pack("{s:f,s:f,s:o,s:o,s:o,s:o,s:o,s:o}", "target_m", coverage->target_m, "cell_m",
                     coverage->cell_m, "towers", towers, "area_km2", kilometres(coverage->area_km2),
                     "seen_km2", kilometres(coverage->seen_km2), "standing_km2",
                     kilometres(coverage->standing_km2), "unknown_km2",
                     kilometres(coverage->unknown_km2), "by_count_km2", by_count);
}

struct taking {
    json_t *features;
    const struct lh_tower *tower; /* NULL: counts */
};

static void take_polygons(void *context, int value, json_t *polygons)
{
    struct taking *taking = context;
    json_t *properties;
    if (taking->tower)
        properties = json_pack("{s:s,s:s}", "kind", "tower-sees", "name", taking->tower->name);
    else if (value - 1 == LH_COVERAGE_UNKNOWN)
        properties = json_pack("{s:s,s:n}", "kind", "seen", "count");
    else
        properties = json_pack("{s:s,s:i}", "kind", "seen", "count", value - 1);
    add_feature(taking->features,
                json_pack("{s:s,s:o}", "type", "MultiPolygon", "coordinates", polygons),
                properties);
}

static int add_tower(json_t *features, const struct lh_tower *tower)
{
    const struct lh_viewshed *viewshed = tower->viewshed;
    const size_t cells = (size_t)viewshed->side * (size_t)viewshed->side;
    const double half_m = viewshed->side * viewshed->cell_m / 2.0;
    struct taking taking = {features, tower};
    struct grid grid = {.plane = viewshed->plane,
                        .west_m = -half_m,
                        .south_m = -half_m,
                        .cell_m = viewshed->cell_m,
                        .width = viewshed->side,
                        .height = viewshed->side,
                        .values = malloc(cells * sizeof(uint16_t))};
    if (!grid.values)
        return LH_ENOMEM;
    json_t *properties = tower_json(tower);
    (void)json_object_set_new(properties, "kind", json_string("tower"));
    add_feature(features,
                json_pack("{s:s,s:[f,f]}", "type", "Point", "coordinates",
                          round(tower->eye.place.longitude_deg * 1e7) / 1e7,
                          round(tower->eye.place.latitude_deg * 1e7) / 1e7),
                properties);
    for (size_t i = 0; i < cells; i++)
        grid.values[i] = viewshed->cells[i] == LH_SEEN_YES;
    const int error = each_value(&grid, take_polygons, &taking);
    free(grid.values);
    return error;
}

static int add_counts(json_t *features, const struct lh_coverage *coverage)
{
    const size_t cells = (size_t)coverage->width * (size_t)coverage->height;
    struct taking taking = {features, NULL};
    struct grid grid = {.plane = coverage->terrain->plane,
                        .west_m = coverage->west_m,
                        .south_m = coverage->south_m,
                        .cell_m = coverage->cell_m,
                        .width = coverage->width,
                        .height = coverage->height,
                        .values = malloc(cells * sizeof(uint16_t))};
    if (!grid.values)
        return LH_ENOMEM;
    for (size_t i = 0; i < cells; i++)
        grid.values[i] =
            coverage->counts[i] == LH_COVERAGE_OUTSIDE ? 0 : (uint16_t)(coverage->counts[i] + 1);
    const int error = each_value(&grid, take_polygons, &taking);
    free(grid.values);
    return error;
}

int lh_coverage_write_geojson(const struct lh_coverage *coverage, const char *path,
                              struct lh_fault *fault)
{
    json_t *features = json_array();
    int error = features ? LH_OK : LH_ENOMEM;
    CPLPushErrorHandler(CPLQuietErrorHandler);
    GDALAllRegister();
    for (size_t i = 0; !error && i < coverage->tower_count; i++)
        error = add_tower(features, &coverage->towers[i]);
    if (!error)
        error = add_counts(features, coverage);
    CPLPopErrorHandler();
    json_t *collection = json_pack("{s:s,s:o}", "type", "FeatureCollection", "features", features);
    if (error || !collection) {
        json_decref(collection);
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    errno = 0;
    if (json_dump_file(collection, path, JSON_COMPACT | JSON_REAL_PRECISION(10)) != 0)
        error = lh_fail(fault, lh_error_from_errno(errno), "%.300s: %s", path, strerror(errno));
    json_decref(collection);
    return error;
}

/* ---- the counts as they are ---- */

int lh_coverage_write_geotiff(const struct lh_coverage *coverage, const char *path,
                              struct lh_fault *fault)
{
    char projection[160];
    char *options[] = {(char[]){"COMPRESS=DEFLATE"}, NULL};
    const struct lh_geo origin = coverage->terrain->plane.origin;
    const double north_m = coverage->south_m + coverage->height * coverage->cell_m;
    double place[6] = {coverage->west_m, coverage->cell_m, 0, north_m, 0, -coverage->cell_m};
    int error = LH_OK;
    (void)snprintf(projection, sizeof projection,
                   "+proj=aeqd +lat_0=%.9f +lon_0=%.9f +datum=WGS84 +units=m", origin.latitude_deg,
                   origin.longitude_deg);
    CPLPushErrorHandler(CPLQuietErrorHandler);
    GDALAllRegister();
    CPLErrorReset();
    OGRSpatialReferenceH own = OSRNewSpatialReference(NULL);
    GDALDatasetH set = GDALCreate(GDALGetDriverByName("GTiff"), path, coverage->width,
                                  coverage->height, 1, GDT_Byte, options);
    if (!set || OSRSetFromUserInput(own, projection) != OGRERR_NONE ||
        GDALSetSpatialRef(set, own) != CE_None || GDALSetGeoTransform(set, place) != CE_None ||
        GDALSetRasterNoDataValue(GDALGetRasterBand(set, 1), LH_COVERAGE_OUTSIDE) != CE_None)
        error = LH_EIO;
    for (int row = 0; !error && row < coverage->height; row++)
        if (GDALRasterIO(GDALGetRasterBand(set, 1), GF_Write, 0, coverage->height - 1 - row,
                         coverage->width, 1,
                         coverage->counts + (size_t)row * (size_t)coverage->width, coverage->width,
                         1, GDT_Byte, 0, 0) != CE_None)
            error = LH_EIO;
    if (set)
        GDALClose(set);
    if (CPLGetLastErrorType() >= CE_Failure)
        error = LH_EIO;
    if (error)
        (void)lh_fail(fault, error, "%.300s: %.160s", path, CPLGetLastErrorMsg());
    OSRDestroySpatialReference(own);
    CPLPopErrorHandler();
    return error;
}
