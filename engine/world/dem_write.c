#include "world/terrain.h"

#include <cpl_error.h>
#include <gdal.h>
#include <ogr_srs_api.h>
#include <stdbool.h>
#include <stdio.h>

static int write_rows(const struct lh_terrain *terrain, GDALDatasetH set)
{
    GDALRasterBandH band = GDALGetRasterBand(set, 1);
    for (int row = 0; row < terrain->size; row++) {
        /* a file begins in the north */
        float *heights =
            terrain->height_m + (size_t)(terrain->size - 1 - row) * (size_t)terrain->size;
        if (GDALRasterIO(band, GF_Write, 0, row, terrain->size, 1, heights, terrain->size, 1,
                         GDT_Float32, 0, 0) != CE_None)
            return LH_EIO;
    }
    return LH_OK;
}

static int place(const struct lh_terrain *terrain, GDALDatasetH set)
{
    char plane[160];
    const double edge_m = (double)terrain->half_m + 0.5 * (double)terrain->cell_m;
    double corner[6] = {-edge_m, terrain->cell_m, 0.0, edge_m, 0.0, -(double)terrain->cell_m};
    (void)snprintf(plane, sizeof plane, "+proj=tmerc +lat_0=%.10f +lon_0=%.10f +k=1 +datum=WGS84",
                   terrain->latitude_deg, terrain->longitude_deg);
    OGRSpatialReferenceH reference = OSRNewSpatialReference(NULL);
    const bool placed = reference && OSRImportFromProj4(reference, plane) == OGRERR_NONE &&
                        GDALSetSpatialRef(set, reference) == CE_None &&
                        GDALSetGeoTransform(set, corner) == CE_None;
    if (reference)
        OSRDestroySpatialReference(reference);
    return placed ? LH_OK : LH_EIO;
}

int lh_terrain_save(const struct lh_terrain *terrain, const char *path, struct lh_fault *fault)
{
    char compress[] = "COMPRESS=DEFLATE";
    char *options[] = {compress, NULL};
    GDALAllRegister();
    GDALDriverH driver = GDALGetDriverByName("GTiff");
    GDALDatasetH set =
        driver ? GDALCreate(driver, path, terrain->size, terrain->size, 1, GDT_Float32, options)
               : NULL;
    if (!set)
        return lh_fail(fault, LH_EIO, "%s: the terrain cannot be written there", path);
    int code = place(terrain, set);
    if (code == LH_OK)
        code = write_rows(terrain, set);
    CPLErrorReset();
    GDALClose(set);
    if (code == LH_OK && CPLGetLastErrorType() >= CE_Failure)
        code = LH_EIO;
    return code == LH_OK ? LH_OK : lh_fail(fault, code, "%s: the terrain is not written", path);
}
