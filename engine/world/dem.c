#include "world/noise.h"
#include "world/terrain.h"

#include <gdal.h>
#include <math.h>
#include <ogr_srs_api.h>
#include <stdbool.h>
#include <stdlib.h>

#define LARGEST_EXTENT_M 40000.0
#define SMALLEST_EXTENT_M 2000.0
#define LARGEST_SIZE 1024
#define PROBE 256

struct dem {
    GDALDatasetH set;
    GDALRasterBandH band;
    OGRCoordinateTransformationH to_file; /* NULL: the file is in degrees */
    OGRCoordinateTransformationH to_degrees;
    double place[6];
    int width;
    int height;
    bool has_void;
    double void_value;
};

static void dem_close(struct dem *dem)
{
    if (dem->to_file)
        OCTDestroyCoordinateTransformation(dem->to_file);
    if (dem->to_degrees)
        OCTDestroyCoordinateTransformation(dem->to_degrees);
    if (dem->set)
        GDALClose(dem->set);
}

static int dem_projection(struct dem *dem, const char *path, struct lh_fault *fault)
{
    int error = LH_OK;
    OGRSpatialReferenceH wgs84 = OSRNewSpatialReference(NULL);
    OGRSpatialReferenceH own = GDALGetSpatialRef(dem->set);
    if (!wgs84 || OSRImportFromEPSG(wgs84, 4326) != OGRERR_NONE) {
        error = lh_fail(fault, LH_EIO, "%s: PROJ knows no WGS-84; is proj-data installed?", path);
        goto done;
    }
    if (!own) {
        if (fabs(dem->place[0]) > 360.0 || fabs(dem->place[3]) > 180.0)
            error = lh_fail(fault, LH_EFORMAT,
                            "%s names no projection and is not in degrees; add one (gdal_edit.py "
                            "-a_srs EPSG:...)",
                            path);
        goto done;
    }
    OSRSetAxisMappingStrategy(wgs84, OAMS_TRADITIONAL_GIS_ORDER);
    dem->to_file = OCTNewCoordinateTransformation(wgs84, own);
    dem->to_degrees = OCTNewCoordinateTransformation(own, wgs84);
    if (!dem->to_file || !dem->to_degrees)
        error = lh_fail(fault, LH_EFORMAT, "%s: its projection cannot be turned into WGS-84", path);
done:
    if (wgs84)
        OSRDestroySpatialReference(wgs84);
    return error;
}

static int dem_open(struct dem *dem, const char *path, struct lh_fault *fault)
{
    *dem = (struct dem){0};
    GDALAllRegister();
    dem->set = GDALOpenEx(path, GDAL_OF_RASTER | GDAL_OF_READONLY, NULL, NULL, NULL);
    if (!dem->set)
        return lh_fail(fault, LH_EIO, "%s: cannot be opened as terrain: %s", path,
                       CPLGetLastErrorMsg()[0] ? CPLGetLastErrorMsg() : "no such raster");
    if (GDALGetRasterCount(dem->set) < 1)
        return lh_fail(fault, LH_EFORMAT, "%s holds no raster band", path);
    if (GDALGetGeoTransform(dem->set, dem->place) != CE_None)
        return lh_fail(fault, LH_EFORMAT, "%s has no georeference", path);
    if (dem->place[1] == 0.0 || dem->place[5] == 0.0 || dem->place[2] != 0.0 ||
        dem->place[4] != 0.0)
        return lh_fail(fault, LH_EFORMAT, "%s is rotated; warp it first (gdalwarp)", path);
    dem->band = GDALGetRasterBand(dem->set, 1);
    dem->width = GDALGetRasterXSize(dem->set);
    dem->height = GDALGetRasterYSize(dem->set);
    if (dem->width < 8 || dem->height < 8)
        return lh_fail(fault, LH_EFORMAT, "%s is only %d x %d cells", path, dem->width,
                       dem->height);
    int has = 0;
    dem->void_value = GDALGetRasterNoDataValue(dem->band, &has);
    dem->has_void = has != 0;
    return dem_projection(dem, path, fault);
}

static bool dem_known(const struct dem *dem, float value)
{
    if (!isfinite(value) || value < -500.0F || value > 9000.0F)
        return false;
    return !dem->has_void || value != (float)dem->void_value;
}

/* The middle of what is known, in WGS-84, and how far the data reaches from there. */
static int dem_middle(struct dem *dem, const char *path, struct lh_fault *fault,
                      double *ret_longitude, double *ret_latitude)
{
    float *probe = calloc((size_t)PROBE * PROBE, sizeof *probe);
    if (!probe)
        return LH_ENOMEM;
    int error = LH_OK;
    if (GDALRasterIO(dem->band, GF_Read, 0, 0, dem->width, dem->height, probe, PROBE, PROBE,
                     GDT_Float32, 0, 0) != CE_None) {
        error = lh_fail(fault, LH_EIO, "%s: cannot be read: %s", path, CPLGetLastErrorMsg());
        goto done;
    }
    double sum_x = 0.0;
    double sum_y = 0.0;
    double count = 0.0;
    for (int i = 0; i < PROBE * PROBE; i++) {
        int row = i / PROBE;
        if (dem_known(dem, probe[i])) {
            sum_x += i % PROBE + 0.5;
            sum_y += row + 0.5;
            count += 1.0;
        }
    }
    if (count < 16.0) {
        error = lh_fail(fault, LH_EFORMAT, "%s holds no heights", path);
        goto done;
    }
    double x = dem->place[0] + dem->place[1] * sum_x / count / PROBE * dem->width;
    double y = dem->place[3] + dem->place[5] * sum_y / count / PROBE * dem->height;
    if (dem->to_degrees && !OCTTransform(dem->to_degrees, 1, &x, &y, NULL)) {
        error = lh_fail(fault, LH_EFORMAT, "%s: its middle has no place in WGS-84", path);
        goto done;
    }
    if (!(fabs(x) <= 180.0) || !(fabs(y) <= 85.0)) {
        error = lh_fail(fault, LH_ERANGE, "%s lies at %g N %g E, beyond 85 degrees", path, y, x);
        goto done;
    }
    *ret_longitude = x;
    *ret_latitude = y;
done:
    free(probe);
    return error;
}

/* The file's raster coordinates of points on the terrain's plane. */
static void dem_find(const struct dem *dem, const struct lh_terrain *terrain, int row, double *x,
                     double *y)
{
    double n = (double)row * terrain->cell_m - terrain->half_m;
    for (int i = 0; i < terrain->size; i++) {
        double e = (double)i * terrain->cell_m - terrain->half_m;
        lh_terrain_to_geo(terrain, e, n, &y[i], &x[i]);
    }
    if (dem->to_file)
        (void)OCTTransform(dem->to_file, terrain->size, x, y, NULL);
    for (int i = 0; i < terrain->size; i++) {
        x[i] = (x[i] - dem->place[0]) / dem->place[1] - 0.5;
        y[i] = (y[i] - dem->place[3]) / dem->place[5] - 0.5;
    }
}

/* Reads the part of the raster that covers the plane, then samples it bilinearly. Cells that are
 * not known become NaN. */
static int dem_sample(struct dem *dem, const char *path, struct lh_fault *fault,
                      struct lh_terrain *terrain)
{
    int size = terrain->size;
    int error = LH_OK;
    float *strip = NULL;
    double *x = calloc((size_t)size * 2, sizeof *x);
    if (!x)
        return LH_ENOMEM;
    double *y = x + size;
    strip = dem->width > 0 ? calloc((size_t)dem->width * 2, sizeof *strip) : NULL;
    if (!strip) {
        error = LH_ENOMEM;
        goto done;
    }
    for (int row = 0; row < size; row++) {
        dem_find(dem, terrain, row, x, y);
        int held = -1;
        for (int i = 0; i < size; i++) {
            float *out = terrain->height_m + (size_t)row * (size_t)size + i;
            *out = NAN;
            if (!(x[i] >= 0.0 && x[i] < dem->width - 1 && y[i] >= 0.0 && y[i] < dem->height - 1))
                continue;
            int ix = (int)x[i];
            int iy = (int)y[i];
            if (iy != held) {
                if (GDALRasterIO(dem->band, GF_Read, 0, iy, dem->width, 2, strip, dem->width, 2,
                                 GDT_Float32, 0, 0) != CE_None) {
                    error = lh_fail(fault, LH_EIO, "%s: cannot be read: %s", path,
                                    CPLGetLastErrorMsg());
                    goto done;
                }
                held = iy;
            }
            const float *p = strip + ix;
            const float *q = p + dem->width;
            if (!dem_known(dem, p[0]) || !dem_known(dem, p[1]) || !dem_known(dem, q[0]) ||
                !dem_known(dem, q[1]))
                continue;
            float u = (float)(x[i] - ix);
            float v = (float)(y[i] - iy);
            float low = p[0] + (p[1] - p[0]) * u;
            float high = q[0] + (q[1] - q[0]) * u;
            *out = low + (high - low) * v;
        }
    }
done:
    free(strip);
    free(x);
    return error;
}

/* Voids take the last known height, swept from all four sides. */
static bool fill_voids(struct lh_terrain *terrain)
{
    int size = terrain->size;
    float *h = terrain->height_m;
    for (int pass = 0; pass < 4; pass++) {
        for (int line = 0; line < size; line++) {
            float last = NAN;
            for (int k = 0; k < size; k++) {
                int at = (pass & 1) ? size - 1 - k : k;
                float *cell = pass < 2 ? h + (size_t)line * (size_t)size + at
                                       : h + (size_t)at * (size_t)size + line;
                if (isnan(*cell))
                    *cell = last;
                last = *cell;
            }
        }
    }
    return !isnan(h[0]);
}

int lh_terrain_from_dem(const char *path, struct lh_fault *fault, struct lh_terrain **ret_terrain)
{
    struct dem dem;
    struct lh_terrain *terrain = NULL;
    double longitude = 0.0;
    double latitude = 0.0;
    CPLPushErrorHandler(CPLQuietErrorHandler);
    int error = dem_open(&dem, path, fault);
    if (error)
        goto done;
    error = dem_middle(&dem, path, fault, &longitude, &latitude);
    if (error)
        goto done;
    double cell_m = fabs(dem.place[5]);
    double tall_m = cell_m * dem.height;
    double wide_m = fabs(dem.place[1]) * dem.width;
    if (!dem.to_degrees || OSRIsGeographic(GDALGetSpatialRef(dem.set))) {
        tall_m *= 111000.0;
        wide_m *= 111000.0 * cos(latitude * 3.14159265358979323846 / 180.0);
    }
    double extent_m = fmin(fmin(tall_m, wide_m), LARGEST_EXTENT_M);
    if (!(extent_m >= SMALLEST_EXTENT_M)) {
        error = lh_fail(fault, LH_ERANGE, "%s covers %.0f m; at least %.0f m are needed", path,
                        extent_m, SMALLEST_EXTENT_M);
        goto done;
    }
    error = lh_terrain_create(latitude, longitude, LARGEST_SIZE,
                              (float)(extent_m / (LARGEST_SIZE - 1)), &terrain);
    if (error)
        goto done;
    error = dem_sample(&dem, path, fault, terrain);
    if (error)
        goto done;
    if (!fill_voids(terrain)) {
        error = lh_fail(fault, LH_EFORMAT, "%s holds no heights about its middle", path);
        goto done;
    }
    lh_terrain_finish(terrain);
    *ret_terrain = terrain;
    terrain = NULL;
done:
    lh_terrain_destroy(&terrain);
    dem_close(&dem);
    CPLPopErrorHandler();
    return error;
}
