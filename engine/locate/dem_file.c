#include "locate/dem_file.h"

#include "locate/cache.h"

#include <cpl_error.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gdal.h>
#include <math.h>
#include <ogr_srs_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOWEST_M (-500.0)
#define HIGHEST_M 9000.0
#define WINDOW_CELLS_MOST ((int64_t)1 << 24) /* read at once: 64 MiB */
#define FOOT_M 0.3048
#define US_FOOT_M (1200.0 / 3937.0)

/* The path as GDAL opens it; the caller frees. NULL: no memory. */
static char *gdal_path(const char *path)
{
    const size_t length = strlen(path);
    const char *prefix = length > 3 && strcmp(path + length - 3, ".gz") == 0 ? "/vsigzip/" : "";
    char *made = malloc(length + 16);
    if (made)
        (void)snprintf(made, length + 16, "%s%s", prefix, path);
    return made;
}

bool lh_dem_file_is_raster(const char *path)
{
    char *opened = gdal_path(path);
    const bool is = opened && GDALIdentifyDriverEx(opened, GDAL_OF_RASTER, NULL, NULL) != NULL;
    free(opened);
    return is;
}

void lh_dem_file_close(struct lh_dem_file *file)
{
    if (file->to_file)
        OCTDestroyCoordinateTransformation(file->to_file);
    if (file->set)
        GDALClose(file->set);
    free(file->path);
    *file = (struct lh_dem_file){0};
}

/* ---- what the file says of itself ---- */

static int read_place(struct lh_dem_file *file, struct lh_fault *fault, double ret_place[6])
{
    if (GDALGetRasterCount(file->set) < 1)
        return lh_fail(fault, LH_EFORMAT, "%.300s holds no raster band", file->path);
    if (GDALGetGeoTransform(file->set, ret_place) != CE_None ||
        !GDALInvGeoTransform(ret_place, file->to_cell))
        return lh_fail(fault, LH_EFORMAT, "%.300s has no georeference", file->path);
    file->to_cell[0] -= 0.5; /* GDAL counts from corners */
    file->to_cell[3] -= 0.5;
    file->band = GDALGetRasterBand(file->set, 1);
    file->width = GDALGetRasterXSize(file->set);
    file->height = GDALGetRasterYSize(file->set);
    if (file->width < 2 || file->height < 2)
        return lh_fail(fault, LH_EFORMAT, "%.300s is only %d x %d cells", file->path, file->width,
                       file->height);
    return LH_OK;
}

static int read_values(struct lh_dem_file *file, struct lh_fault *fault)
{
    static const struct {
        const char *name;
        double metres;
    } units[] = {{"", 1.0},
                 {"m", 1.0},
                 {"metre", 1.0},
                 {"meter", 1.0},
                 {"metres", 1.0},
                 {"meters", 1.0},
                 {"ft", FOOT_M},
                 {"foot", FOOT_M},
                 {"feet", FOOT_M},
                 {"us-ft", US_FOOT_M},
                 {"US survey foot", US_FOOT_M}};
    const char *unit = GDALGetRasterUnitType(file->band);
    int has = 0;
    file->void_value = GDALGetRasterNoDataValue(file->band, &has);
    file->has_void = has != 0;
    file->scale = GDALGetRasterScale(file->band, NULL);
    file->offset_m = GDALGetRasterOffset(file->band, NULL);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (EQUAL(unit, units[i].name)) {
            file->scale *= units[i].metres;
            file->offset_m *= units[i].metres;
            return LH_OK;
        }
    return lh_fail(fault, LH_EFORMAT,
                   "%.300s: heights in '%.40s' are not understood; metres or feet", file->path,
                   unit);
}

/* A three-dimensional system that is not put together of two measures height from its ellipsoid. */
static bool says_ellipsoid(OGRSpatialReferenceH own)
{
    const char *kind = OSRGetAttrValue(own, "VERT_DATUM", 1);
    if (OSRIsCompound(own))
        return kind && strcmp(kind, "2002") == 0;
    return OSRGetAxesCount(own) == 3;
}

static int read_projection(struct lh_dem_file *file, const double place[6],
                           enum lh_terrain_heights heights, struct lh_fault *fault,
                           OGRCoordinateTransformationH *ret_to_degrees)
{
    OGRSpatialReferenceH own = GDALGetSpatialRef(file->set);
    OGRSpatialReferenceH wgs84 = OSRNewSpatialReference(NULL);
    int error = LH_OK;
    file->above_ellipsoid = heights == LH_TERRAIN_HEIGHTS_ELLIPSOID ||
                            (heights == LH_TERRAIN_HEIGHTS_AUTO && own && says_ellipsoid(own));
    file->in_degrees = !own || OSRIsGeographic(own);
    if (!wgs84 || OSRImportFromEPSG(wgs84, 4326) != OGRERR_NONE) {
        error = lh_fail(fault, LH_EIO, "PROJ knows no WGS-84; install proj-data");
        goto done;
    }
    OSRSetAxisMappingStrategy(wgs84, OAMS_TRADITIONAL_GIS_ORDER);
    if (!own) {
        if (fabs(place[0]) > 360.0 || fabs(place[3]) > 91.0)
            error = lh_fail(fault, LH_EFORMAT,
                            "%.300s names no projection and is not in degrees; say which it is "
                            "(gdal_edit.py -a_srs EPSG:...)",
                            file->path);
        goto done;
    }
    if (OSRIsSame(own, wgs84))
        goto done;
    file->to_file = OCTNewCoordinateTransformation(wgs84, own);
    *ret_to_degrees = OCTNewCoordinateTransformation(own, wgs84);
    if (!file->to_file || !*ret_to_degrees)
        error = lh_fail(fault, LH_EFORMAT, "%.300s: its projection cannot be turned into WGS-84",
                        file->path);
done:
    OSRDestroySpatialReference(wgs84);
    return error;
}

static bool place_of(const double place[6], OGRCoordinateTransformationH to_degrees, double column,
                     double row, struct lh_geo *ret_place)
{
    double x = place[0] + place[1] * column + place[2] * row;
    double y = place[3] + place[4] * column + place[5] * row;
    if (to_degrees && !OCTTransform(to_degrees, 1, &x, &y, NULL))
        return false;
    *ret_place = lh_geo_wrap((struct lh_geo){y, x});
    return isfinite(x) && fabs(y) <= 90.0;
}

static int read_cell(struct lh_dem_file *file, const double place[6],
                     OGRCoordinateTransformationH to_degrees, struct lh_fault *fault)
{
    const double column = file->width / 2.0;
    const double row = file->height / 2.0;
    struct lh_geo middle = {0};
    struct lh_geo aside = {0};
    struct lh_geo below = {0};
    if (!place_of(place, to_degrees, column, row, &middle) ||
        !place_of(place, to_degrees, column + 1.0, row, &aside) ||
        !place_of(place, to_degrees, column, row + 1.0, &below))
        return lh_fail(fault, LH_EFORMAT, "%.300s: its middle is no place on the earth",
                       file->path);
    file->cell_m = fmax(lh_geo_distance_m(middle, aside), lh_geo_distance_m(middle, below));
    if (!(file->cell_m > 0.05 && file->cell_m < 5000.0))
        return lh_fail(fault, LH_ERANGE,
                       "%.300s: cells of %g m are no use; 0.05 to 5,000 m are taken", file->path,
                       file->cell_m);
    return LH_OK;
}

/* The names, sizes and times of all files behind it: a mosaic has many. */
static void read_identity(struct lh_dem_file *file)
{
    char **names = GDALGetFileList(file->set);
    file->identity = lh_cache_hash(LH_CACHE_HASH, file->path, strlen(file->path));
    for (int i = 0; names && names[i]; i++) {
        VSIStatBufL about;
        if (VSIStatL(names[i], &about) != 0)
            continue;
        const int64_t facts[2] = {(int64_t)about.st_size, (int64_t)about.st_mtime};
        file->identity = lh_cache_hash(file->identity, names[i], strlen(names[i]));
        file->identity = lh_cache_hash(file->identity, facts, sizeof facts);
    }
    CSLDestroy(names);
}

/* GDAL takes what is missing at the end of a gzipped tile for heights of 0. */
static int check_whole(const struct lh_dem_file *file, const char *opened, struct lh_fault *fault)
{
    VSIStatBufL about;
    const char *driver = GDALGetDriverShortName(GDALGetDatasetDriver(file->set));
    if (strcmp(driver, "SRTMHGT") == 0 &&
        (VSIStatL(opened, &about) != 0 ||
         (int64_t)about.st_size < (int64_t)file->width * file->height * 2))
        return lh_fail(fault, LH_EFORMAT, "%.300s is damaged: it is cut off", file->path);
    return LH_OK;
}

int lh_dem_file_open(const char *path, enum lh_terrain_heights heights, struct lh_fault *fault,
                     struct lh_dem_file *ret_file)
{
    struct lh_dem_file file = {.path = strdup(path)};
    char *opened = gdal_path(path);
    OGRCoordinateTransformationH to_degrees = NULL;
    double place[6] = {0};
    int error = LH_OK;
    if (!file.path || !opened) {
        free(file.path);
        free(opened);
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    CPLErrorReset();
    file.set = GDALOpenEx(opened, GDAL_OF_RASTER | GDAL_OF_READONLY, NULL, NULL, NULL);
    if (!file.set)
        error = lh_fail(fault, LH_EFORMAT, "%.200s: cannot be read as an elevation model: %.200s",
                        path, CPLGetLastErrorMsg()[0] ? CPLGetLastErrorMsg() : "no such raster");
    if (!error)
        error = read_place(&file, fault, place);
    if (!error)
        error = check_whole(&file, opened, fault);
    free(opened);
    if (!error)
        error = read_values(&file, fault);
    if (!error)
        error = read_projection(&file, place, heights, fault, &to_degrees);
    if (!error)
        error = read_cell(&file, place, to_degrees, fault);
    if (to_degrees)
        OCTDestroyCoordinateTransformation(to_degrees);
    if (error) {
        lh_dem_file_close(&file);
        return error;
    }
    read_identity(&file);
    *ret_file = file;
    return LH_OK;
}

/* ---- heights ---- */

/* A part of the raster in memory. */
struct window {
    const struct lh_dem_file *file;
    int column; /* of its first cell */
    int row;
    int width;
    int height;
    float *values;
};

static double known_height(const struct lh_dem_file *file, float value)
{
    if (file->has_void && (double)value == (double)(float)file->void_value)
        return NAN;
    const double height_m = (double)value * file->scale + file->offset_m;
    return height_m > LOWEST_M && height_m < HIGHEST_M ? height_m : NAN;
}

/* Between which two cells, how far from the first, and how near to the raster at all. */
struct along {
    int first;
    int second;
    double share;
    double weight;
};
static struct along find_along(double at, int cells)
{
    const double clamped = fmin(fmax(at, 0.0), cells - 1.0);
    const int first = (int)clamped;
    return (struct along){.first = first,
                          .second = first + 1 < cells ? first + 1 : first,
                          .share = clamped - first,
                          .weight = 1.0 - fabs(at - clamped)};
}

static double cell_height(const struct window *window, int column, int row)
{
    const size_t at =
        (size_t)(row - window->row) * (size_t)window->width + (size_t)(column - window->column);
    return known_height(window->file, window->values[at]);
}

static struct lh_dem_sample sample(const struct window *window, double x, double y)
{
    const struct along a = find_along(x, window->file->width);
    const struct along b = find_along(y, window->file->height);
    const double upper = cell_height(window, a.first, b.first) * (1.0 - a.share) +
                         cell_height(window, a.second, b.first) * a.share;
    const double lower = cell_height(window, a.first, b.second) * (1.0 - a.share) +
                         cell_height(window, a.second, b.second) * a.share;
    const double height_m = upper * (1.0 - b.share) + lower * b.share;
    if (isnan(height_m))
        return (struct lh_dem_sample){0};
    return (struct lh_dem_sample){height_m, a.weight * b.weight};
}

static bool is_near(const struct lh_dem_file *file, double x, double y)
{
    return x > -1.0 && x < file->width && y > -1.0 && y < file->height;
}

/* The smallest part that holds what is needed for all of the points; empty where none is near. */
static struct window window_about(const struct lh_dem_file *file, const double *x, const double *y,
                                  size_t count)
{
    int left = file->width;
    int top = file->height;
    int right = -1;
    int bottom = -1;
    for (size_t i = 0; i < count; i++) {
        if (!is_near(file, x[i], y[i]))
            continue;
        const struct along a = find_along(x[i], file->width);
        const struct along b = find_along(y[i], file->height);
        left = a.first < left ? a.first : left;
        right = a.second > right ? a.second : right;
        top = b.first < top ? b.first : top;
        bottom = b.second > bottom ? b.second : bottom;
    }
    return (struct window){.file = file,
                           .column = left,
                           .row = top,
                           .width = right >= left ? right - left + 1 : 0,
                           .height = right >= left ? bottom - top + 1 : 0};
}

static int read_window(struct window *window, struct lh_fault *fault)
{
    window->values = malloc((size_t)window->width * (size_t)window->height * sizeof(float));
    if (!window->values)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    CPLErrorReset();
    if (GDALRasterIO(window->file->band, GF_Read, window->column, window->row, window->width,
                     window->height, window->values, window->width, window->height, GDT_Float32, 0,
                     0) == CE_None)
        return LH_OK;
    return lh_fail(fault, LH_EIO, "%.200s is damaged: %.200s", window->file->path,
                   CPLGetLastErrorMsg());
}

/* x and y are columns and rows. Points that lie too far apart are read in halves. */
static int sample_points(const struct lh_dem_file *file, const double *x, const double *y,
                         size_t count, struct lh_fault *fault, struct lh_dem_sample *samples)
{
    struct window window = window_about(file, x, y, count);
    if (window.width == 0)
        return LH_OK;
    if ((int64_t)window.width * window.height > WINDOW_CELLS_MOST && count > 1) {
        const size_t half = count / 2;
        const int error = sample_points(file, x, y, half, fault, samples);
        return error ? error
                     : sample_points(file, x + half, y + half, count - half, fault, samples + half);
    }
    const int error = read_window(&window, fault);
    for (size_t i = 0; !error && i < count; i++) {
        if (!is_near(file, x[i], y[i]))
            continue;
        const struct lh_dem_sample found = sample(&window, x[i], y[i]);
        samples[i].height_m += found.weight * found.height_m;
        samples[i].weight += found.weight;
    }
    free(window.values);
    return error;
}

static void find_cells(const struct lh_dem_file *file, const struct lh_geo *places, size_t count,
                       double *x, double *y)
{
    const double *to = file->to_cell;
    for (size_t i = 0; i < count; i++) {
        x[i] = places[i].longitude_deg;
        y[i] = places[i].latitude_deg;
    }
    if (file->to_file)
        (void)OCTTransform(file->to_file, (int)count, x, y, NULL); /* what has no place: HUGE_VAL */
    for (size_t i = 0; i < count; i++) {
        const double column = to[0] + to[1] * x[i] + to[2] * y[i];
        y[i] = to[3] + to[4] * x[i] + to[5] * y[i];
        x[i] = column;
    }
}

int lh_dem_file_sample(const struct lh_dem_file *file, const struct lh_geo *places, size_t count,
                       struct lh_fault *fault, struct lh_dem_sample *ret_samples)
{
    double *x = calloc(count * 2 + 1, sizeof *x);
    double *y = x ? x + count : NULL;
    int error = x ? LH_OK : LH_ENOMEM;
    memset(ret_samples, 0, count * sizeof *ret_samples);
    if (!error)
        find_cells(file, places, count, x, y);
    /* the same place a turn to the west, here, and to the east */
    const int turns = file->in_degrees ? 1 : 0;
    for (int turn = -turns; !error && turn <= turns; turn++) {
        for (size_t i = 0; i < count; i++) {
            x[i] += (turn == -turns ? -turns : 1) * 360.0 * file->to_cell[1];
            y[i] += (turn == -turns ? -turns : 1) * 360.0 * file->to_cell[4];
        }
        error = sample_points(file, x, y, count, fault, ret_samples);
    }
    for (size_t i = 0; !error && i < count; i++)
        if (ret_samples[i].weight > 0.0)
            ret_samples[i].height_m /= ret_samples[i].weight;
    if (error == LH_ENOMEM)
        (void)lh_fail(fault, error, "out of memory");
    free(x);
    return error;
}
