#include "locate/dem.h"

#include "base/option.h"
#include "locate/cache.h"
#include "locate/dem_file.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gdal.h>
#include <math.h>
#include <ogr_srs_api.h>
#include <stdlib.h>
#include <string.h>

#define KNOWN_ENOUGH 0.5 /* a place half a cell past the last centre is still in that cell */

struct lh_dem {
    struct lh_dem_file *files;
    size_t count;
    enum lh_terrain_heights heights;
    OGRCoordinateTransformationH to_sea_level; /* NULL: no file needs it */
    double cell_m;
    uint64_t identity;
};

/* ---- the geoid ---- */

static OGRSpatialReferenceH reference(const char *definition)
{
    OGRSpatialReferenceH made = OSRNewSpatialReference(NULL);
    if (!made || OSRSetFromUserInput(made, definition) != OGRERR_NONE) {
        OSRDestroySpatialReference(made);
        return NULL;
    }
    OSRSetAxisMappingStrategy(made, OAMS_TRADITIONAL_GIS_ORDER);
    return made;
}

/* Degrees and metres above the ellipsoid become metres above sea level. */
static int geoid_open(struct lh_fault *fault, OGRCoordinateTransformationH *ret_transformation)
{
    OGRSpatialReferenceH ellipsoid = reference("EPSG:4979");
    OGRSpatialReferenceH sea_level = reference("EPSG:4326+5773");
    OGRCoordinateTransformationH made = NULL;
    if (ellipsoid && sea_level)
        made = OCTNewCoordinateTransformation(ellipsoid, sea_level);
    OSRDestroySpatialReference(ellipsoid);
    OSRDestroySpatialReference(sea_level);
    /* without its grid PROJ changes nothing and says nothing: look where the geoid is 100 m low */
    double x = 80.0;
    double y = 4.0;
    double z = 0.0;
    if (made && OCTTransform(made, 1, &x, &y, &z) && fabs(z) > 50.0) {
        *ret_transformation = made;
        return LH_OK;
    }
    if (made)
        OCTDestroyCoordinateTransformation(made);
    return lh_fail(
        fault, LH_ENOTFOUND,
        "heights above the ellipsoid cannot be turned into heights above sea level: PROJ "
        "has no egm96_15.gtx; install proj-data");
}

int lh_geoid_undulation(struct lh_geo place, struct lh_fault *fault, double *ret_metres)
{
    OGRCoordinateTransformationH geoid = NULL;
    double x = place.longitude_deg;
    double y = place.latitude_deg;
    double z = 0.0;
    CPLPushErrorHandler(CPLQuietErrorHandler);
    int error = geoid_open(fault, &geoid);
    if (!error && !OCTTransform(geoid, 1, &x, &y, &z))
        error = lh_fail(fault, LH_ERANGE, "the geoid is not known at %g N %g E", y, x);
    if (geoid)
        OCTDestroyCoordinateTransformation(geoid);
    CPLPopErrorHandler();
    if (!error)
        *ret_metres = -z;
    return error;
}

/* ---- which files ---- */

static int add_file(struct lh_dem *dem, const char *path, struct lh_fault *fault)
{
    if (dem->count == LH_DEM_FILES_MOST)
        return lh_fail(fault, LH_ELIMIT,
                       "more than %d elevation models; make one mosaic of them "
                       "(gdalbuildvrt)",
                       LH_DEM_FILES_MOST);
    struct lh_dem_file *more = realloc(dem->files, (dem->count + 1) * sizeof *more);
    if (!more)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    dem->files = more;
    const int error = lh_dem_file_open(path, dem->heights, fault, &more[dem->count]);
    if (!error)
        dem->count++;
    return error;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All rasters of a folder, in the order of their names; what is no raster is none of ours. */
static int add_folder(struct lh_dem *dem, const char *path, struct lh_fault *fault)
{
    char **names = VSIReadDir(path);
    const size_t before = dem->count;
    int error = LH_OK;
    if (names)
        qsort(names, (size_t)CSLCount(names), sizeof *names, compare_names);
    for (int i = 0; !error && names && names[i]; i++) {
        char *file = lh_path_from(path, names[i]);
        VSIStatBufL about;
        if (!file)
            error = lh_fail(fault, LH_ENOMEM, "out of memory");
        else if (names[i][0] != '.' && VSIStatL(file, &about) == 0 && !VSI_ISDIR(about.st_mode) &&
                 lh_dem_file_is_raster(file))
            error = add_file(dem, file, fault);
        free(file);
    }
    CSLDestroy(names);
    if (!error && dem->count == before)
        error =
            lh_fail(fault, LH_ENOTFOUND,
                    "%.300s holds no elevation model that GDAL reads (HGT, GeoTIFF, VRT)", path);
    return error;
}

static int add_path(struct lh_dem *dem, const char *path, struct lh_fault *fault)
{
    VSIStatBufL about;
    if (VSIStatL(path, &about) != 0)
        return lh_fail(fault, LH_ENOTFOUND, "%.300s: there is no such elevation model", path);
    return VSI_ISDIR(about.st_mode) ? add_folder(dem, path, fault) : add_file(dem, path, fault);
}

static void know_files(struct lh_dem *dem)
{
    dem->identity = lh_cache_hash(LH_CACHE_HASH, &dem->heights, sizeof dem->heights);
    dem->cell_m = INFINITY;
    for (size_t i = 0; i < dem->count; i++) {
        dem->identity = lh_cache_hash(dem->identity, &dem->files[i].identity, sizeof(uint64_t));
        dem->cell_m = fmin(dem->cell_m, dem->files[i].cell_m);
    }
}

int lh_dem_open(const char *const *paths, size_t count, enum lh_terrain_heights heights,
                struct lh_fault *fault, struct lh_dem **ret_dem)
{
    struct lh_dem *dem = calloc(1, sizeof *dem);
    bool above_ellipsoid = false;
    if (!dem)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    dem->heights = heights;
    CPLPushErrorHandler(CPLQuietErrorHandler);
    GDALAllRegister();
    CPLSetConfigOption("CPL_VSIL_GZIP_WRITE_PROPERTIES",
                       "NO"); /* nothing beside the user's files */
    int error = count ? LH_OK : lh_fail(fault, LH_EINVAL, "no elevation model is named");
    for (size_t i = 0; !error && i < count; i++)
        error = add_path(dem, paths[i], fault);
    for (size_t i = 0; i < dem->count; i++)
        above_ellipsoid = above_ellipsoid || dem->files[i].above_ellipsoid;
    if (!error && above_ellipsoid)
        error = geoid_open(fault, &dem->to_sea_level);
    CPLPopErrorHandler();
    if (error) {
        lh_dem_close(&dem);
        return error;
    }
    know_files(dem);
    *ret_dem = dem;
    return LH_OK;
}

void lh_dem_close(struct lh_dem **dem)
{
    if (!*dem)
        return;
    for (size_t i = 0; i < (*dem)->count; i++)
        lh_dem_file_close(&(*dem)->files[i]);
    if ((*dem)->to_sea_level)
        OCTDestroyCoordinateTransformation((*dem)->to_sea_level);
    free((*dem)->files);
    free(*dem);
    *dem = NULL;
}

uint64_t lh_dem_identity(const struct lh_dem *dem)
{
    return dem->identity;
}

double lh_dem_cell_m(const struct lh_dem *dem)
{
    return dem->cell_m;
}

/* ---- heights ---- */

static double lowered(const struct lh_dem *dem, const struct lh_dem_file *file, struct lh_geo place,
                      double height_m)
{
    double x = place.longitude_deg;
    double y = place.latitude_deg;
    if (file->above_ellipsoid && !OCTTransform(dem->to_sea_level, 1, &x, &y, &height_m))
        return NAN;
    return height_m;
}

/* Adds what one file knows to the sums of places that earlier files do not know wholly. */
static int add_heights(const struct lh_dem *dem, size_t number, const struct lh_geo *places,
                       size_t count, struct lh_fault *fault, struct lh_dem_sample *samples,
                       struct lh_dem_sample *sums)
{
    const struct lh_dem_file *file = &dem->files[number];
    const int error = lh_dem_file_sample(file, places, count, fault, samples);
    for (size_t i = 0; !error && i < count; i++) {
        if (sums[i].weight >= 1.0 || samples[i].weight <= 0.0)
            continue;
        const double height_m = lowered(dem, file, places[i], samples[i].height_m);
        if (isnan(height_m))
            continue;
        sums[i].height_m += samples[i].weight * height_m;
        sums[i].weight += samples[i].weight;
    }
    return error;
}

int lh_dem_heights(const struct lh_dem *dem, const struct lh_geo *places, size_t count,
                   struct lh_fault *fault, float *heights_m)
{
    struct lh_dem_sample *sums = calloc(count + 1, sizeof *sums);
    struct lh_dem_sample *samples = calloc(count + 1, sizeof *samples);
    int error = sums && samples ? LH_OK : LH_ENOMEM;
    CPLPushErrorHandler(CPLQuietErrorHandler);
    for (size_t i = 0; !error && i < dem->count; i++)
        error = add_heights(dem, i, places, count, fault, samples, sums);
    CPLPopErrorHandler();
    for (size_t i = 0; !error && i < count; i++)
        heights_m[i] =
            sums[i].weight >= KNOWN_ENOUGH ? (float)(sums[i].height_m / sums[i].weight) : NAN;
    if (error == LH_ENOMEM)
        (void)lh_fail(fault, error, "out of memory");
    free(samples);
    free(sums);
    return error;
}
