#include "raster.h"

#include <cpl_conv.h>
#include <gdal.h>
#include <math.h>
#include <ogr_srs_api.h>
#include <stdio.h>
#include <stdlib.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

double rolling_height(struct lh_geo place)
{
    const double y = place.latitude_deg * LH_DEGREE;
    const double x = place.longitude_deg * LH_DEGREE;
    /* by the place in space, so that it is smooth at poles too */
    const double a = 2000.0 * cos(y) * cos(x);
    const double b = 2000.0 * cos(y) * sin(x);
    const double c = 2000.0 * sin(y);
    return 1000.0 + 300.0 * sin(a) + 250.0 * sin(1.3 * b + 1.0) + 150.0 * sin(1.7 * c + 2.0);
}

void write_raster(const char *path, const struct raster *raster)
{
    GDALAllRegister();
    OGRSpatialReferenceH own = NULL;
    OGRSpatialReferenceH wgs84 = OSRNewSpatialReference(NULL);
    OGRCoordinateTransformationH to_degrees = NULL;
    double place[6] = {raster->west, raster->cell, 0, raster->north, 0, -raster->cell};
    char *options[] = {(char[]){"COMPRESS=DEFLATE"}, NULL};
    GDALDatasetH set = GDALCreate(GDALGetDriverByName("GTiff"), path, raster->width, raster->height,
                                  1, GDT_Float32, options);
    assert_non_null(set);
    assert_int_equal(GDALSetGeoTransform(set, place), CE_None);
    if (raster->reference[0]) {
        own = OSRNewSpatialReference(NULL);
        assert_int_equal(OSRSetFromUserInput(own, raster->reference), OGRERR_NONE);
        assert_int_equal(OSRImportFromEPSG(wgs84, 4326), OGRERR_NONE);
        OSRSetAxisMappingStrategy(own, OAMS_TRADITIONAL_GIS_ORDER);
        OSRSetAxisMappingStrategy(wgs84, OAMS_TRADITIONAL_GIS_ORDER);
        assert_int_equal(GDALSetSpatialRef(set, own), CE_None);
        to_degrees = OCTNewCoordinateTransformation(own, wgs84);
        assert_non_null(to_degrees);
    }
    GDALRasterBandH band = GDALGetRasterBand(set, 1);
    if (raster->unit)
        assert_int_equal(GDALSetRasterUnitType(band, raster->unit), CE_None);
    if (raster->void_value != 0.0)
        assert_int_equal(GDALSetRasterNoDataValue(band, raster->void_value), CE_None);
    float *line = calloc((size_t)raster->width, sizeof *line);
    assert_non_null(line);
    for (int row = 0; row < raster->height; row++) {
        for (int column = 0; column < raster->width; column++) {
            double x = raster->west + (column + 0.5) * raster->cell;
            double y = raster->north - (row + 0.5) * raster->cell;
            if (to_degrees)
                assert_true(OCTTransform(to_degrees, 1, &x, &y, NULL));
            line[column] = (float)raster->height_of((struct lh_geo){y, x});
            if (raster->is_void && raster->is_void(column, row))
                line[column] = (float)raster->void_value;
        }
        assert_int_equal(GDALRasterIO(band, GF_Write, 0, row, raster->width, 1, line, raster->width,
                                      1, GDT_Float32, 0, 0),
                         CE_None);
    }
    free(line);
    GDALClose(set);
    OSRDestroySpatialReference(own);
    OSRDestroySpatialReference(wgs84);
    if (to_degrees)
        OCTDestroyCoordinateTransformation(to_degrees);
}

void make_scratch(char path[64])
{
    (void)snprintf(path, 64, "/tmp/linhuo-locate-XXXXXX");
    assert_non_null(mkdtemp(path));
}

void drop_scratch(const char *path)
{
    assert_int_equal(CPLUnlinkTree(path), 0);
}
