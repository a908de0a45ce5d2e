#include "locate/grid_file.h"

#include <gdal.h>
#include <math.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MOST 4
#define M2_A_SQUARE_DEGREE (111320.0 * 111320.0)
#define OVERLAP_M2 1000.0 /* less is how two people draw one border */
#define GAP_M2 10000.0

struct loading {
    const char *path;
    enum lh_datum datum;
    struct lh_grid *grid;
    struct lh_fault *fault;
    OGRGeometryH *shapes; /* of grid->areas, in degrees of WGS-84 */
    size_t shape_room;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
note(struct lh_grid *grid, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    if (grid->note_count == LH_GRID_NOTES_MOST)
        return;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) >= 0)
        grid->notes[grid->note_count++] = text;
    va_end(arguments);
}

static const char *title_of(const struct lh_grid_area *area)
{
    return area->name[0] ? area->name : area->code;
}

/* ---- fields ---- */

struct field {
    const char *names[3];
    size_t offset;
    size_t size;
};

#define FIELD(member, ...)                                                                         \
    {                                                                                              \
        {__VA_ARGS__}, offsetof(struct lh_grid_area, member),                                      \
            sizeof((struct lh_grid_area *)NULL)->member                                            \
    }

static const struct field fields[] = {
    FIELD(code, "code", "adcode", "代码"),
    FIELD(name, "name", "名称"),
    FIELD(county, "county", "县"),
    FIELD(township, "township", "乡镇"),
    FIELD(village, "village", "村"),
    FIELD(people[LH_ROLE_RANGER], "ranger", "护林员"),
    FIELD(people[LH_ROLE_CADRE], "cadre", "村干部"),
    FIELD(people[LH_ROLE_OFFICER], "officer", "乡镇干部"),
    FIELD(people[LH_ROLE_DESK], "desk", "值班室"),
    FIELD(neighbours, "neighbours", "毗邻"),
};

/* Cuts between characters. */
static void copy_text(char *to, size_t size, const char *from)
{
    size_t length = strnlen(from, size);
    if (length == size)
        for (length--; length > 0 && ((unsigned char)from[length] & 0xc0) == 0x80; length--)
            ;
    memcpy(to, from, length);
    to[length] = '\0';
}

static void read_text(OGRFeatureH feature, const char *const names[3], char *text, size_t size)
{
    for (int i = 0; i < 3 && names[i]; i++) {
        const int index = OGR_F_GetFieldIndex(feature, names[i]);
        if (index < 0 || !OGR_F_IsFieldSetAndNotNull(feature, index))
            continue;
        if (OGR_Fld_GetType(OGR_F_GetFieldDefnRef(feature, index)) == OFTStringList) {
            char **list = OGR_F_GetFieldAsStringList(feature, index);
            size_t used = 0;
            for (int word = 0; list && list[word] && used + 1 < size; word++)
                used +=
                    (size_t)snprintf(text + used, size - used, "%s%s", word ? "," : "", list[word]);
            return;
        }
        copy_text(text, size, OGR_F_GetFieldAsString(feature, index));
        return;
    }
}

static void read_level(struct loading *loading, OGRFeatureH feature, struct lh_grid_area *area)
{
    static const char *const keys[3] = {"level", "级别"};
    static const char *const words[][3] = {{"county", "district", "县"},
                                           {"township", "street", "乡镇"},
                                           {"village", "village", "村"},
                                           {"cell", "cell", "网格"}};
    char text[32] = "";
    const size_t digits = strlen(area->code);
    read_text(feature, keys, text, sizeof text);
    area->level = digits == 6    ? LH_GRID_COUNTY
                  : digits == 9  ? LH_GRID_TOWNSHIP
                  : digits == 12 ? LH_GRID_VILLAGE
                                 : LH_GRID_CELL;
    for (unsigned i = 0; i < 3 * (LH_GRID_CELL + 1); i++) {
        if (strcmp(text, words[i / 3][i % 3]) != 0)
            continue;
        area->level = (enum lh_grid_level)(i / 3);
        return;
    }
    if (text[0])
        note(loading->grid,
             "%s has level '%s', which is none of county, township, village and cell: taken for a "
             "%s by its code",
             title_of(area), text, lh_grid_level_name(area->level));
}

static void read_fields(struct loading *loading, OGRFeatureH feature, struct lh_grid_area *area)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        read_text(feature, fields[i].names, (char *)area + fields[i].offset, fields[i].size);
    if (!area->name[0] && !area->code[0]) {
        (void)snprintf(area->name, sizeof area->name, "area %zu", loading->grid->count + 1);
        note(loading->grid, "%s has neither code nor name: no roster can mean it", area->name);
    }
    read_level(loading, feature, area);
}

/* ---- shapes ---- */

/* What GEOS makes of a shape that crosses itself; the shape as it is where there is no GEOS. */
static OGRGeometryH mended(struct loading *loading, const struct lh_grid_area *area,
                           OGRGeometryH shape)
{
    CPLErrorReset();
    if (OGR_G_IsValid(shape))
        return shape;
    char why[160];
    (void)snprintf(why, sizeof why, "%s", CPLGetLastErrorMsg());
    OGRGeometryH right = OGR_G_MakeValid(shape);
    note(loading->grid, "%s: its outline is wrong (%s)%s", title_of(area),
         why[0] ? why : "it crosses itself",
         right ? "; mended, look whether it is still the right ground"
               : "; it cannot be mended here: correct the file");
    if (!right)
        return shape;
    OGR_G_DestroyGeometry(shape);
    return right;
}

static int convert_ring(struct loading *loading, const struct lh_grid_area *area, OGRGeometryH ring)
{
    for (int i = 0; i < OGR_G_GetPointCount(ring); i++) {
        const struct lh_geo at = {OGR_G_GetY(ring, i), OGR_G_GetX(ring, i)};
        if (!lh_geo_valid(at))
            return lh_fail(
                loading->fault, LH_ECONFIG,
                "%.200s: %s has a corner at %g, %g, no longitude and latitude in degrees: "
                "does the file say its projection, and are the two not swapped?",
                loading->path, title_of(area), at.longitude_deg, at.latitude_deg);
        const struct lh_geo right = lh_geo_from_datum(loading->datum, at);
        OGR_G_SetPoint_2D(ring, i, right.longitude_deg, right.latitude_deg);
    }
    return LH_OK;
}

static int take_ring(struct loading *loading, struct lh_grid_area *area, OGRGeometryH ring)
{
    const int count = OGR_G_GetPointCount(ring);
    const int code = convert_ring(loading, area, ring);
    if (code != LH_OK || count < 3)
        return code;
    loading->grid->corners += (size_t)count;
    if (loading->grid->corners > LH_GRID_CORNERS_MOST)
        return lh_fail(loading->fault, LH_ECONFIG, "%.300s: more than %d corners", loading->path,
                       LH_GRID_CORNERS_MOST);
    struct lh_geo *corners =
        reallocarray(area->corners, area->corner_count + (size_t)count, sizeof *corners);
    if (!corners)
        return LH_ENOMEM;
    area->corners = corners;
    size_t *ends = reallocarray(area->ring_ends, area->ring_count + 1, sizeof *ends);
    if (!ends)
        return LH_ENOMEM;
    area->ring_ends = ends;
    for (int i = 0; i < count; i++)
        corners[area->corner_count++] = (struct lh_geo){OGR_G_GetY(ring, i), OGR_G_GetX(ring, i)};
    ends[area->ring_count++] = area->corner_count;
    return LH_OK;
}

/* Polygons at any depth of collections; lines that mending left over are passed by. */
static int take_rings(struct loading *loading, struct lh_grid_area *area, OGRGeometryH shape,
                      int depth)
{
    const bool polygon = wkbFlatten(OGR_G_GetGeometryType(shape)) == wkbPolygon;
    int code = LH_OK;
    for (int i = 0; code == LH_OK && depth < DEPTH_MOST && i < OGR_G_GetGeometryCount(shape); i++) {
        OGRGeometryH part = OGR_G_GetGeometryRef(shape, i);
        code =
            polygon ? take_ring(loading, area, part) : take_rings(loading, area, part, depth + 1);
    }
    return code;
}

static void enclose(struct lh_grid_area *area)
{
    const double first = area->corners[0].longitude_deg;
    double west = 0;
    double east = 0;
    area->south_deg = 90;
    area->north_deg = -90;
    for (size_t i = 0; i < area->corner_count; i++) {
        const double longitude = lh_azimuth_difference(first, area->corners[i].longitude_deg);
        west = fmin(west, longitude);
        east = fmax(east, longitude);
        area->south_deg = fmin(area->south_deg, area->corners[i].latitude_deg);
        area->north_deg = fmax(area->north_deg, area->corners[i].latitude_deg);
    }
    area->west_deg = first + west;
    area->east_deg = first + east;
}

/* Takes area and shape over. */
static int keep(struct loading *loading, const struct lh_grid_area *area, OGRGeometryH shape)
{
    struct lh_grid *grid = loading->grid;
    if (grid->count == LH_GRID_AREAS_MOST)
        return lh_fail(loading->fault, LH_ECONFIG, "%.300s: more than %d areas", loading->path,
                       LH_GRID_AREAS_MOST);
    if (grid->count == grid->room) {
        const size_t room = grid->room * 2 + 64;
        struct lh_grid_area *areas = reallocarray(grid->areas, room, sizeof *areas);
        if (!areas)
            return LH_ENOMEM;
        grid->areas = areas;
        OGRGeometryH *shapes = reallocarray(loading->shapes, room, sizeof *shapes);
        if (!shapes)
            return LH_ENOMEM;
        loading->shapes = shapes;
        grid->room = room;
    }
    grid->areas[grid->count] = *area;
    loading->shapes[grid->count] = shape;
    enclose(&grid->areas[grid->count++]);
    return LH_OK;
}

static int read_feature(struct loading *loading, OGRFeatureH feature,
                        OGRCoordinateTransformationH to_wgs84)
{
    struct lh_grid_area area = {.corner_count = 0};
    OGRGeometryH raw = OGR_F_GetGeometryRef(feature);
    OGRGeometryH shape = raw ? OGR_G_GetLinearGeometry(raw, 0, NULL) : NULL;
    if (!shape)
        return LH_OK;
    int code = LH_OK;
    read_fields(loading, feature, &area);
    shape = mended(loading, &area, shape);
    if (to_wgs84 && OGR_G_Transform(shape, to_wgs84) != OGRERR_NONE)
        code = lh_fail(loading->fault, LH_ECONFIG,
                       "%.200s: the coordinates of %s are none of the projection that the file "
                       "says",
                       loading->path, title_of(&area));
    if (code == LH_OK)
        code = take_rings(loading, &area, shape, 0);
    if (code == LH_OK && area.ring_count > 0) {
        code = keep(loading, &area, shape);
        if (code == LH_OK)
            return LH_OK;
    } else if (code == LH_OK) {
        note(loading->grid, "%s has no polygon and is passed over", title_of(&area));
    }
    free(area.corners);
    free(area.ring_ends);
    OGR_G_DestroyGeometry(shape);
    return code;
}

static int read_layer(struct loading *loading, OGRLayerH layer)
{
    OGRSpatialReferenceH own = OGR_L_GetSpatialRef(layer);
    OGRSpatialReferenceH wgs84 = OSRNewSpatialReference(NULL);
    OGRCoordinateTransformationH to_wgs84 = NULL;
    int code = LH_OK;
    (void)OSRImportFromEPSG(wgs84, 4326);
    OSRSetAxisMappingStrategy(wgs84, OAMS_TRADITIONAL_GIS_ORDER);
    if (own) {
        OSRSetAxisMappingStrategy(own, OAMS_TRADITIONAL_GIS_ORDER);
        if (!OSRIsSame(own, wgs84)) {
            to_wgs84 = OCTNewCoordinateTransformation(own, wgs84);
            if (!to_wgs84)
                code = lh_fail(loading->fault, LH_ECONFIG,
                               "%.300s: its projection cannot be brought to WGS-84", loading->path);
        }
    }
    OGR_L_ResetReading(layer);
    for (OGRFeatureH feature; code == LH_OK && (feature = OGR_L_GetNextFeature(layer));) {
        code = read_feature(loading, feature, to_wgs84);
        OGR_F_Destroy(feature);
    }
    if (to_wgs84)
        OCTDestroyCoordinateTransformation(to_wgs84);
    OSRDestroySpatialReference(wgs84);
    return code;
}

static int read_file(struct loading *loading)
{
    const size_t before = loading->grid->count;
    int code = LH_OK;
    GDALDatasetH set =
        GDALOpenEx(loading->path, GDAL_OF_VECTOR | GDAL_OF_READONLY, NULL, NULL, NULL);
    if (!set)
        return lh_fail(
            loading->fault, LH_ECONFIG,
            "%.300s cannot be read as a grid (GeoJSON, Shapefile, GeoPackage, KML): %.120s",
            loading->path, CPLGetLastErrorMsg());
    for (int i = 0; code == LH_OK && i < GDALDatasetGetLayerCount(set); i++)
        code = read_layer(loading, GDALDatasetGetLayer(set, i));
    GDALClose(set);
    if (code == LH_OK && loading->grid->count == before)
        code = lh_fail(loading->fault, LH_ECONFIG, "%.300s holds no polygon", loading->path);
    return code;
}

/* ---- what is odd ---- */

static double m2_of(OGRGeometryH shape)
{
    OGREnvelope box;
    OGR_G_GetEnvelope(shape, &box);
    return OGR_G_Area(shape) * M2_A_SQUARE_DEGREE * cos((box.MinY + box.MaxY) / 2 * LH_DEGREE);
}

static void look_at_pair(struct loading *loading, size_t a, size_t b)
{
    struct lh_grid *grid = loading->grid;
    const struct lh_grid_area *one = &grid->areas[a];
    const struct lh_grid_area *other = &grid->areas[b];
    if (one->code[0] && strcmp(one->code, other->code) == 0)
        note(grid, "code %s comes twice (%s, %s): both count", one->code, title_of(one),
             title_of(other));
    if (one->level != other->level || other->west_deg > one->east_deg ||
        one->west_deg > other->east_deg || other->south_deg > one->north_deg ||
        one->south_deg > other->north_deg)
        return;
    OGRGeometryH both = OGR_G_Intersection(loading->shapes[a], loading->shapes[b]);
    const double m2 = both ? m2_of(both) : 0;
    if (m2 > OVERLAP_M2)
        note(grid, "%s and %s overlap by %.2f km2: both are told of what burns there",
             title_of(one), title_of(other), m2 / 1e6);
    if (both)
        OGR_G_DestroyGeometry(both);
}

static void look_for_gaps_in(struct loading *loading, OGRGeometryH whole, enum lh_grid_level level)
{
    const bool polygon = wkbFlatten(OGR_G_GetGeometryType(whole)) == wkbPolygon;
    for (int i = polygon ? 1 : 0; i < OGR_G_GetGeometryCount(whole); i++) {
        OGRGeometryH part = OGR_G_GetGeometryRef(whole, i);
        if (!polygon) {
            look_for_gaps_in(loading, part, level);
            continue;
        }
        OGREnvelope box;
        OGR_G_GetEnvelope(part, &box);
        const double m2 = m2_of(part);
        if (m2 > GAP_M2)
            note(loading->grid, "%.2f km2 about %.4f N %.4f E, enclosed by areas, belong to no %s",
                 m2 / 1e6, (box.MinY + box.MaxY) / 2, (box.MinX + box.MaxX) / 2,
                 lh_grid_level_name(level));
    }
}

static void look_for_gaps(struct loading *loading, enum lh_grid_level level)
{
    OGRGeometryH all = OGR_G_CreateGeometry(wkbMultiPolygon);
    for (size_t i = 0; i < loading->grid->count; i++) {
        OGRGeometryH shape = loading->shapes[i];
        if (loading->grid->areas[i].level != level)
            continue;
        if (wkbFlatten(OGR_G_GetGeometryType(shape)) == wkbPolygon)
            (void)OGR_G_AddGeometry(all, shape);
        for (int part = 0; wkbFlatten(OGR_G_GetGeometryType(shape)) != wkbPolygon &&
                           part < OGR_G_GetGeometryCount(shape);
             part++)
            (void)OGR_G_AddGeometry(all, OGR_G_GetGeometryRef(shape, part));
    }
    OGRGeometryH whole = OGR_G_UnionCascaded(all);
    if (whole) {
        look_for_gaps_in(loading, whole, level);
        OGR_G_DestroyGeometry(whole);
    }
    OGR_G_DestroyGeometry(all);
}

static void look_for_oddities(struct loading *loading)
{
    for (size_t a = 0; a < loading->grid->count; a++)
        for (size_t b = a + 1; b < loading->grid->count; b++)
            look_at_pair(loading, a, b);
    for (unsigned level = 0; level <= LH_GRID_CELL; level++)
        look_for_gaps(loading, (enum lh_grid_level)level);
}

int lh_grid_load(char *const *paths, size_t count, enum lh_datum datum, struct lh_fault *fault,
                 struct lh_grid **ret_grid)
{
    struct lh_grid *grid = calloc(1, sizeof *grid);
    struct loading loading = {.datum = datum, .grid = grid, .fault = fault};
    int code = grid ? LH_OK : LH_ENOMEM;
    CPLPushErrorHandler(CPLQuietErrorHandler);
    GDALAllRegister();
    for (size_t i = 0; i < count && code == LH_OK; i++) {
        loading.path = paths[i];
        code = read_file(&loading);
    }
    if (code == LH_OK)
        look_for_oddities(&loading);
    for (size_t i = 0; grid && i < grid->count; i++)
        OGR_G_DestroyGeometry(loading.shapes[i]);
    free(loading.shapes);
    CPLPopErrorHandler();
    if (code == LH_OK)
        *ret_grid = grid;
    else
        lh_grid_destroy(&grid);
    return code == LH_ENOMEM ? lh_fail(fault, code, "out of memory") : code;
}
