#include "base/site.h"
#include "cmd.h"
#include "cmd_line.h"
#include "locate/coverage.h"
#include "locate/coverage_file.h"
#include "locate/coverage_map.h"
#include "locate/dem.h"
#include "locate/pose.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_MAST_M 30.0
#define DEFAULT_RANGE_M 20000.0
#define OUTLINE_MARGIN_M 500.0

static const char help[] =
    "usage: linhuo viewshed SITE.yaml [--at LAT,LON[,MAST_M]]... [options]\n"
    "       linhuo viewshed --dem FILE|FOLDER --at LAT,LON[,MAST_M] [options]\n\n"
    "Says what the cameras of a site see of the ground, and what they do not: how much each sees, "
    "how\n"
    "much only it sees, how many see each place. Smoke seen by two towers can be placed exactly. "
    "With\n"
    "--at it also says what towers that do not stand yet would add, one after the other.\n\n"
    "Needs 'terrain: files:' in the site file and 'pose:' of the cameras (linhuo "
    "sample-config).\n\n"
    "  --map FILE.png        a map for people: relief, coverage, towers, shares\n"
    "  --geojson FILE        polygons: what each tower sees, and how many see what\n"
    "  --raster FILE.tif     the count of every cell, as GeoTIFF\n"
    "  --at LAT,LON[,MAST]   a tower that is only planned; WGS-84 degrees, its mast in metres "
    "(30).\n"
    "                        Up to 100 times\n"
    "  --area FILE           outline of the area that counts, such as the county (GeoJSON, "
    "Shapefile\n"
    "                        ...); otherwise all that is within range\n"
    "  --area-datum D        what its degrees are in: wgs84, gcj02 or bd09; default wgs84\n"
    "  --dem FILE|FOLDER ... elevation models, instead of those of the site file\n"
    "  --range M             how far towers see; default: the pose's range_m, 20,000 for --at\n"
    "  --target-height M     how high above the ground smoke must be seen; default 20\n"
    "  --cell M              size of the cells; default 100\n"
    "  --json                one line of JSON, nothing else on stdout\n"
    "  --help                this\n\n"
    "Viewsheds are kept in the site's data folder (terrain/), so that the next map is quick.\n"
    "Exit status: 0 done, 1 an elevation model or a file failed, 2 wrong usage or configuration.\n"
    "  linhuo viewshed site.yaml --map seen.png\n"
    "  linhuo viewshed --dem dem/ --at 37.70,111.85,40 --at 37.62,111.98 --map plan.png\n";

struct arguments {
    const char *site;
    const char **dems;
    size_t dem_count;
    const char **planned;
    size_t planned_count;
    const char *map;
    const char *geojson;
    const char *raster;
    const char *area;
    enum lh_datum area_datum;
    double range_m; /* 0: each its own */
    double target_m;
    double cell_m;
    bool json;
};

/* What is looked at, and what must be let go of again. */
struct survey {
    const struct arguments *arguments;
    struct lh_site *site; /* NULL: none is named */
    struct lh_area *area;
    struct lh_terrain *terrain;
    struct lh_tower towers[LH_COVERAGE_TOWERS_MOST];
    double ground_m[LH_COVERAGE_TOWERS_MOST]; /* of the mast's foot; NAN: the terrain's */
    size_t tower_count;
    size_t without_pose;
    char cache[PATH_MAX];
};

static int misuse(const char *what, const char *which)
{
    (void)fprintf(stderr, "linhuo viewshed: %s%s; linhuo viewshed --help\n", what, which);
    return LH_EXIT_USAGE;
}

static int complain(const struct lh_fault *fault)
{
    (void)fprintf(stderr, "linhuo viewshed: %s\n", fault->text);
    return fault->code == LH_ERANGE || fault->code == LH_EINVAL ? LH_EXIT_USAGE : LH_EXIT_FAILED;
}

/* ---- the command line ---- */

static bool read_number(const char *text, double least, double most, double *ret_value)
{
    char *end;
    errno = 0;
    const double value = strtod(text, &end);
    if (errno || *end || end == text || !(value >= least && value <= most))
        return false;
    *ret_value = value;
    return true;
}

static int take_number(int option, const char *text, struct arguments *arguments)
{
    if (option == 'r' && !read_number(text, 100, 100000, &arguments->range_m))
        return misuse("--range wants 100 to 100,000 metres, not ", text);
    if (option == 't' && !read_number(text, 0, 5000, &arguments->target_m))
        return misuse("--target-height wants 0 to 5,000 metres, not ", text);
    if (option == 'c' && !read_number(text, 5, 5000, &arguments->cell_m))
        return misuse("--cell wants 5 to 5,000 metres, not ", text);
    return LH_EXIT_DONE;
}

static int take_datum(const char *text, struct arguments *arguments)
{
    static const char *const names[] = {
        [LH_DATUM_WGS84] = "wgs84", [LH_DATUM_GCJ02] = "gcj02", [LH_DATUM_BD09] = "bd09"};
    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            arguments->area_datum = (enum lh_datum)i;
            return LH_EXIT_DONE;
        }
    return misuse("--area-datum wants wgs84, gcj02 or bd09, not ", text);
}

static int take_text(int option, struct arguments *arguments)
{
    switch (option) {
    case 'a':
        arguments->planned[arguments->planned_count++] = optarg;
        break;
    case 'm':
        arguments->map = optarg;
        break;
    case 'g':
        arguments->geojson = optarg;
        break;
    case 'w':
        arguments->raster = optarg;
        break;
    case 'o':
        arguments->area = optarg;
        break;
    case 'j':
        arguments->json = true;
        break;
    default:
        (void)fputs(help, stderr);
        return LH_EXIT_USAGE;
    }
    return LH_EXIT_DONE;
}

static int check_arguments(const struct arguments *arguments)
{
    if (!arguments->site && arguments->dem_count == 0)
        return misuse("which site file? Or --dem FILE with --at LAT,LON", "");
    if (!arguments->site && arguments->planned_count == 0)
        return misuse("which tower? --at LAT,LON[,MAST_M]", "");
    if (arguments->planned_count > LH_COVERAGE_TOWERS_MOST / 2)
        return misuse("more than 100 planned towers", "");
    return LH_EXIT_DONE;
}

static int read_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"dem", required_argument, NULL, 'd'},
                                            {"at", required_argument, NULL, 'a'},
                                            {"map", required_argument, NULL, 'm'},
                                            {"geojson", required_argument, NULL, 'g'},
                                            {"raster", required_argument, NULL, 'w'},
                                            {"area", required_argument, NULL, 'o'},
                                            {"area-datum", required_argument, NULL, 'u'},
                                            {"range", required_argument, NULL, 'r'},
                                            {"target-height", required_argument, NULL, 't'},
                                            {"cell", required_argument, NULL, 'c'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    int status = LH_EXIT_DONE;
    while (status == LH_EXIT_DONE &&
           (option = getopt_long(argc, argv, "-d:a:m:g:w:o:u:r:t:c:jh", options, NULL)) != -1) {
        const char *text = optarg ? optarg : "";
        if (option == 'h') {
            (void)fputs(help, stdout);
            return -1;
        }
        if (option == 1 && arguments->site)
            return misuse("one site file, please: ", optarg);
        if (option == 1)
            arguments->site = optarg;
        else if (option == 'd')
            lh_cmd_take_words(argc, argv, arguments->dems, &arguments->dem_count);
        else if (option == 'r' || option == 't' || option == 'c')
            status = take_number(option, text, arguments);
        else if (option == 'u')
            status = take_datum(text, arguments);
        else
            status = take_text(option, arguments);
    }
    return status == LH_EXIT_DONE ? check_arguments(arguments) : status;
}

/* ---- towers ---- */

static struct lh_tower *add_tower(struct survey *survey, struct lh_geo place, double ground_m,
                                  double mast_m, double range_m)
{
    struct lh_tower *tower = &survey->towers[survey->tower_count];
    *tower = (struct lh_tower){
        .eye = {.place = place},
        .mast_m = mast_m,
        .range_m = survey->arguments->range_m > 0.0 ? survey->arguments->range_m : range_m};
    survey->ground_m[survey->tower_count++] = ground_m;
    return tower;
}

static int add_cameras(struct survey *survey)
{
    for (size_t i = 0; survey->site && i < survey->site->camera_count; i++) {
        const struct lh_camera_config *camera = &survey->site->cameras[i];
        const struct lh_pose_config *pose = &camera->pose;
        if (camera->pose_place.line == 0) {
            survey->without_pose++;
            continue;
        }
        if (survey->tower_count >= LH_COVERAGE_TOWERS_MOST / 2)
            return misuse("more than 100 cameras with a pose are too many for one map", "");
        const struct lh_geo written = {pose->latitude_deg, pose->longitude_deg};
        struct lh_tower *tower =
            add_tower(survey, lh_geo_from_datum((enum lh_datum)pose->datum, written),
                      pose->ground_m, pose->mast_m, pose->range_m);
        (void)snprintf(tower->name, sizeof tower->name, "%.120s",
                       camera->name[0] ? camera->name : camera->id);
        tower->pan_from_deg = pose->pan_from_deg;
        tower->pan_to_deg = pose->pan_to_deg;
    }
    return LH_EXIT_DONE;
}

/* LATITUDE,LONGITUDE[,MAST_M] */
static bool read_tower(const char *text, struct lh_geo *ret_place, double *ret_mast_m)
{
    double values[3] = {0.0, 0.0, DEFAULT_MAST_M};
    const char *at = text;
    int count = 0;
    for (bool more = true; more; at++) {
        char *end;
        if (count == 3)
            return false;
        values[count++] = strtod(at, &end);
        if (end == at || (*end && *end != ','))
            return false;
        more = *end == ',';
        at = end;
    }
    *ret_place = (struct lh_geo){values[0], values[1]};
    *ret_mast_m = values[2];
    return count >= 2 && lh_geo_valid(*ret_place) && values[2] >= 0.0 && values[2] <= 500.0;
}

static int add_planned(struct survey *survey)
{
    for (size_t i = 0; i < survey->arguments->planned_count; i++) {
        const char *text = survey->arguments->planned[i];
        struct lh_geo place = {0};
        double mast_m = 0.0;
        if (!read_tower(text, &place, &mast_m))
            return misuse("--at wants LATITUDE,LONGITUDE[,MAST_M] such as 37.70,111.85,40, not ",
                          text);
        struct lh_tower *tower = add_tower(survey, place, NAN, mast_m, DEFAULT_RANGE_M);
        tower->planned = true;
        (void)snprintf(tower->name, sizeof tower->name, "plan %zu", i + 1);
    }
    return LH_EXIT_DONE;
}

static int add_towers(struct survey *survey)
{
    int status = add_cameras(survey);
    if (status == LH_EXIT_DONE)
        status = add_planned(survey);
    if (status == LH_EXIT_DONE && survey->tower_count == 0)
        return misuse("no camera has a position: give them 'pose:' in ", survey->arguments->site);
    return status;
}

/* ---- terrain ---- */

/* The corners of what is looked at: how far each tower reaches, and the area. */
static struct lh_geo *corners(const struct survey *survey, size_t *ret_count)
{
    size_t count = 4 * survey->tower_count;
    for (size_t i = 0; survey->area && i < survey->area->count; i++)
        count += survey->area->rings[i].count;
    struct lh_geo *places = malloc(count * sizeof *places);
    size_t at = 0;
    for (size_t i = 0; places && i < survey->tower_count; i++)
        for (int side = 0; side < 4; side++)
            places[at++] =
                lh_geo_move(survey->towers[i].eye.place, 90.0 * side, survey->towers[i].range_m);
    for (size_t i = 0; places && survey->area && i < survey->area->count; i++)
        for (size_t k = 0; k < survey->area->rings[i].count; k++)
            places[at++] = survey->area->rings[i].points[k];
    *ret_count = count;
    return places;
}

static int load_terrain(struct survey *survey, struct lh_fault *fault)
{
    const struct arguments *arguments = survey->arguments;
    const struct lh_site *site = survey->site;
    const bool own = arguments->dem_count > 0 || !site;
    struct lh_dem *dem = NULL;
    size_t count = 0;
    if (!own && site->terrain.file_count == 0)
        return lh_fail(
            fault, LH_EINVAL,
            "%.300s names no elevation model: add 'terrain: {files: [dem/]}', or say --dem",
            arguments->site);
    int error =
        lh_dem_open(own ? arguments->dems : (const char *const *)site->terrain.files,
                    own ? arguments->dem_count : site->terrain.file_count,
                    site && !own ? site->terrain.heights : LH_TERRAIN_HEIGHTS_AUTO, fault, &dem);
    if (error)
        return error;
    struct lh_geo *places = corners(survey, &count);
    error = places ? lh_terrain_load(dem, places, count, OUTLINE_MARGIN_M, fault, &survey->terrain)
                   : lh_fail(fault, LH_ENOMEM, "out of memory");
    free(places);
    lh_dem_close(&dem);
    return error;
}

static int place_towers(struct survey *survey, struct lh_fault *fault)
{
    for (size_t i = 0; i < survey->tower_count; i++) {
        struct lh_tower *tower = &survey->towers[i];
        struct lh_fault why = {0};
        const int error = lh_eye_place(survey->terrain, tower->eye.place, survey->ground_m[i],
                                       tower->mast_m, &why, &tower->eye);
        if (error)
            return lh_fail(fault, error, "%s: %s", tower->name, why.text);
    }
    return LH_OK;
}

/* ---- what is said ---- */

static double percent(double part, double whole)
{
    return whole > 0.0 ? 100.0 * part / whole : 0.0;
}

static void print_coverage(const struct survey *survey, const struct lh_coverage *coverage)
{
    printf("%-24s %8s %9s %7s %9s %9s\n", "tower", "lens m", "sees km2", "of it", "only it",
           "adds");
    for (size_t i = 0; i < coverage->tower_count; i++) {
        const struct lh_tower *tower = &coverage->towers[i];
        printf("%-24s %8.0f %9.1f %5.0f %% %9.1f %9.1f%s\n", tower->name, tower->eye.height_m,
               tower->seen_km2, percent(tower->seen_km2, tower->within_km2), tower->only_km2,
               tower->added_km2, tower->planned ? "  planned" : "");
    }
    printf("\nof %.1f km2 %s\n", coverage->area_km2,
           survey->area ? "of the area" : "within range of a tower");
    for (int i = 0; i <= LH_COVERAGE_COUNTS; i++)
        if (coverage->by_count_km2[i] > 0.0)
            printf("  seen by %d%s %9.1f km2 %6.1f %%\n", i, i == LH_COVERAGE_COUNTS ? "+" : " ",
                   coverage->by_count_km2[i],
                   percent(coverage->by_count_km2[i], coverage->area_km2));
    if (coverage->unknown_km2 > 0.0)
        printf("  not known  %9.1f km2 %6.1f %%: the elevation model has no heights there\n",
               coverage->unknown_km2, percent(coverage->unknown_km2, coverage->area_km2));
    printf("watched      %9.1f km2 %6.1f %%\n", coverage->seen_km2,
           percent(coverage->seen_km2, coverage->area_km2));
    if (survey->arguments->planned_count > 0 && coverage->standing_km2 > 0.0)
        printf("  today      %9.1f km2 %6.1f %%\n", coverage->standing_km2,
               percent(coverage->standing_km2, coverage->area_km2));
    if (survey->without_pose > 0)
        printf("not on the map, for want of 'pose:': %zu of %zu cameras\n", survey->without_pose,
               survey->site->camera_count);
}

static int print_json(const struct lh_coverage *coverage)
{
    json_t *json = lh_coverage_json(coverage);
    const int status = json && json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(10)) == 0
                           ? LH_EXIT_DONE
                           : LH_EXIT_FAILED;
    json_decref(json);
    (void)fputs("\n", stdout);
    return status;
}

static int write_files(const struct survey *survey, const struct lh_coverage *coverage,
                       struct lh_fault *fault)
{
    const struct arguments *arguments = survey->arguments;
    char title[160];
    (void)snprintf(title, sizeof title, "%s",
                   survey->site ? survey->site->name : "What the towers would see");
    const struct lh_coverage_map map = {title, survey->area};
    int error = LH_OK;
    if (arguments->map)
        error = lh_coverage_draw(coverage, &map, arguments->map, fault);
    if (!error && arguments->geojson)
        error = lh_coverage_write_geojson(coverage, arguments->geojson, fault);
    if (!error && arguments->raster)
        error = lh_coverage_write_geotiff(coverage, arguments->raster, fault);
    return error;
}

static int look(struct survey *survey)
{
    const struct arguments *arguments = survey->arguments;
    struct lh_fault fault = {0};
    struct lh_coverage *coverage = NULL;
    const char *cache = NULL;
    if (survey->site) {
        (void)mkdir(survey->site->data_folder, 0700); /* where it cannot be made nothing is kept */
        (void)snprintf(survey->cache, sizeof survey->cache, "%.4000s/terrain",
                       survey->site->data_folder);
        cache = survey->cache;
    }
    const struct lh_coverage_options options = {.target_m = arguments->target_m,
                                                .cell_m = arguments->cell_m,
                                                .area = survey->area,
                                                .cache_folder = cache};
    int error = load_terrain(survey, &fault);
    if (!error)
        error = place_towers(survey, &fault);
    if (!error)
        error =
            lh_coverage_create(survey->towers, survey->tower_count, &options, &fault, &coverage);
    if (!error)
        error = write_files(survey, coverage, &fault);
    int status = error ? complain(&fault) : LH_EXIT_DONE;
    if (!error && arguments->json)
        status = print_json(coverage);
    else if (!error)
        print_coverage(survey, coverage);
    lh_coverage_destroy(&coverage);
    return status;
}

static int open_and_look(struct survey *survey)
{
    const struct arguments *arguments = survey->arguments;
    struct lh_findings findings = {0};
    struct lh_fault fault = {0};
    if (arguments->site) {
        const int code = lh_site_load(arguments->site, &findings, &survey->site);
        lh_cmd_print_findings(arguments->site, &findings);
        lh_findings_finish(&findings);
        if (code != LH_OK)
            return misuse("cannot work by ", arguments->site);
    }
    if (arguments->area &&
        lh_area_load(arguments->area, arguments->area_datum, &fault, &survey->area) != LH_OK)
        return complain(&fault);
    const int status = add_towers(survey);
    return status == LH_EXIT_DONE ? look(survey) : status;
}

int lh_cmd_viewshed(int argc, char **argv)
{
    struct arguments arguments = {.target_m = 20.0, .cell_m = 100.0};
    struct survey *survey = calloc(1, sizeof *survey);
    int status = LH_EXIT_FAILED;
    arguments.dems = calloc((size_t)argc + 1, sizeof(const char *));
    arguments.planned = calloc((size_t)argc + 1, sizeof(const char *));
    if (survey && arguments.dems && arguments.planned)
        status = read_arguments(argc, argv, &arguments);
    if (status == LH_EXIT_DONE) {
        survey->arguments = &arguments;
        status = open_and_look(survey);
        lh_terrain_destroy(&survey->terrain);
        lh_area_destroy(&survey->area);
        lh_site_destroy(&survey->site);
        if (fflush(stdout) != 0 && status == LH_EXIT_DONE)
            status = LH_EXIT_FAILED;
    }
    free(arguments.dems);
    free(arguments.planned);
    free(survey);
    return status < 0 ? LH_EXIT_DONE : status;
}
