#include "calibrate_picture.h"
#include "cmd.h"
#include "cmd_line.h"
#include "locate/landmarks.h"
#include "locate/onvif.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DRIFT_DEG 0.3
#define DRIFT_ROLL_DEG 0.6
#define HORIZON_M 40000.0
#define LINE_BYTES 512

static const char help[] =
    "usage: linhuo calibrate SITE.yaml --camera ID [WAY] [OPTIONS]\n\n"
    "Finds out where a camera looks, and prints the settings for its 'pose'. The pose in the site\n"
    "file must say where the mast stands and how high; its angles need only be a beginning.\n\n"
    "From the skyline (this is the default; needs 'terrain' in the site file):\n"
    "  --picture FILE   a JPEG or PNG; by default the camera is asked for its next picture\n"
    "  --search DEG     how far about the pose's azimuth to look, up to 180 (default 10)\n"
    "  --hfov           solve the field of view too\n"
    "  --png FILE       draw the terrain's horizon into the picture: red as the pose has it, "
    "green\n"
    "                   as it was found. Look at it\n\n"
    "From landmarks, at least 4, spread over the picture (peaks, masts, roofs):\n"
    "  --landmark X,Y,LATITUDE,LONGITUDE[,HEIGHT[,NAME]]   X,Y in pixels from the top left; may "
    "be\n"
    "                   given again and again. HEIGHT above sea level; by default the terrain's\n"
    "  --landmarks FILE the same, one a line; lines that begin with '#' are remarks\n"
    "  --datum D        of their positions: wgs84 (default), gcj02 or bd09\n"
    "  --size WxH       of the picture, where --picture gives none\n"
    "  --k1             solve the lens' distortion too (8 landmarks or more)\n\n"
    "From the camera itself:\n"
    "  --ptz            ask it over ONVIF where it looks, --count times (default 1), a\n"
    "                   poll_interval_s apart: move it by hand and see whether it tells the "
    "truth\n\n"
    "  --check          compare with the pose instead: 'pose drift' above 0.3 degrees\n"
    "  --preset NAME    the view the picture was taken at\n"
    "  --output FILE    write the settings there instead of printing them\n"
    "  --json           one object instead of words\n"
    "  --help           this\n\n"
    "Exit status: 0 done (--check: no drift), 1 failed (--check: drift, or it cannot be told),\n"
    "2 wrong usage or configuration.\n";

struct arguments {
    const char *site;
    const char *camera;
    const char *preset;
    const char *picture;
    const char *png;
    const char *output;
    const char *landmark_file;
    double search_deg;
    long count;
    uint32_t width;
    uint32_t height;
    enum lh_datum datum;
    bool hfov;
    bool k1;
    bool ptz;
    bool check;
    bool json;
    bool wrong;
    struct lh_landmark landmarks[LH_LANDMARKS_MOST];
    size_t landmark_count;
    const char *written[LH_LANDMARKS_MOST]; /* lent from argv; read once the datum is known */
    size_t written_count;
};

/* What is known of the camera, and how it came out. */
struct calibration {
    const struct arguments *arguments;
    struct lh_site *site;
    const struct lh_camera_config *camera;
    struct lh_pose before;
    struct lh_terrain *terrain;
    struct lh_eye eye;
    struct lh_frame *frame;
    struct lh_pose after;
    double sigma_roll_deg;
    double sigma_hfov_deg; /* NAN: not solved */
    bool solved_hfov;
    bool solved_k1;
    json_t *details;
};

static int refuse(const struct lh_fault *fault)
{
    (void)fprintf(stderr, "linhuo calibrate: %s\n", fault->text);
    return fault->code == LH_ECONFIG ? LH_EXIT_USAGE : LH_EXIT_FAILED;
}

/* ---- arguments ---- */

static bool read_number(const char *text, double low, double high, double *ret_number)
{
    char *end;
    *ret_number = strtod(text, &end);
    return end != text && *end == '\0' && *ret_number >= low && *ret_number <= high;
}

static bool read_size(const char *text, uint32_t *ret_width, uint32_t *ret_height)
{
    char *end;
    const unsigned long width = strtoul(text, &end, 10);
    if (*end != 'x' || width < 16 || width > 65535)
        return false;
    const unsigned long height = strtoul(end + 1, &end, 10);
    if (*end != '\0' || height < 16 || height > 65535)
        return false;
    *ret_width = (uint32_t)width;
    *ret_height = (uint32_t)height;
    return true;
}

static bool read_datum(const char *text, enum lh_datum *ret_datum)
{
    static const char *const names[] = {"wgs84", "gcj02", "bd09"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret_datum = (enum lh_datum)i;
            return true;
        }
    }
    return false;
}

enum {
    OPTION_CAMERA = 256,
    OPTION_PRESET,
    OPTION_PICTURE,
    OPTION_SEARCH,
    OPTION_HFOV,
    OPTION_PNG,
    OPTION_LANDMARK,
    OPTION_LANDMARKS,
    OPTION_DATUM,
    OPTION_SIZE,
    OPTION_K1,
    OPTION_PTZ,
    OPTION_COUNT,
    OPTION_CHECK,
    OPTION_OUTPUT,
    OPTION_JSON,
};

static void take_option(struct arguments *arguments, int option)
{
    double number;
    switch (option) {
    case OPTION_CAMERA:
        arguments->camera = optarg;
        break;
    case OPTION_PRESET:
        arguments->preset = optarg;
        break;
    case OPTION_PICTURE:
        arguments->picture = optarg;
        break;
    case OPTION_SEARCH:
        arguments->wrong |= !read_number(optarg, 0.0, 180.0, &arguments->search_deg);
        break;
    case OPTION_HFOV:
        arguments->hfov = true;
        break;
    case OPTION_PNG:
        arguments->png = optarg;
        break;
    case OPTION_LANDMARK:
        if (arguments->written_count < LH_LANDMARKS_MOST)
            arguments->written[arguments->written_count++] = optarg;
        break;
    case OPTION_LANDMARKS:
        arguments->landmark_file = optarg;
        break;
    case OPTION_DATUM:
        arguments->wrong |= !read_datum(optarg, &arguments->datum);
        break;
    case OPTION_SIZE:
        arguments->wrong |= !read_size(optarg, &arguments->width, &arguments->height);
        break;
    case OPTION_K1:
        arguments->k1 = true;
        break;
    case OPTION_PTZ:
        arguments->ptz = true;
        break;
    case OPTION_COUNT:
        arguments->wrong |= !read_number(optarg, 1.0, 1e6, &number);
        arguments->count = (long)number;
        break;
    case OPTION_CHECK:
        arguments->check = true;
        break;
    case OPTION_OUTPUT:
        arguments->output = optarg;
        break;
    case OPTION_JSON:
        arguments->json = true;
        break;
    default:
        arguments->wrong = true;
        break;
    }
}

/* True for --help. */
static bool read_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"camera", required_argument, NULL, OPTION_CAMERA},
        {"preset", required_argument, NULL, OPTION_PRESET},
        {"picture", required_argument, NULL, OPTION_PICTURE},
        {"search", required_argument, NULL, OPTION_SEARCH},
        {"hfov", no_argument, NULL, OPTION_HFOV},
        {"png", required_argument, NULL, OPTION_PNG},
        {"landmark", required_argument, NULL, OPTION_LANDMARK},
        {"landmarks", required_argument, NULL, OPTION_LANDMARKS},
        {"datum", required_argument, NULL, OPTION_DATUM},
        {"size", required_argument, NULL, OPTION_SIZE},
        {"k1", no_argument, NULL, OPTION_K1},
        {"ptz", no_argument, NULL, OPTION_PTZ},
        {"count", required_argument, NULL, OPTION_COUNT},
        {"check", no_argument, NULL, OPTION_CHECK},
        {"output", required_argument, NULL, OPTION_OUTPUT},
        {"json", no_argument, NULL, OPTION_JSON},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return true;
        take_option(arguments, option);
    }
    if (optind + 1 == argc)
        arguments->site = argv[optind];
    return false;
}

static int read_landmark_file(struct arguments *arguments, struct lh_fault *fault)
{
    char line[LINE_BYTES];
    FILE *file = fopen(arguments->landmark_file, "r");
    int code = LH_OK;
    if (!file)
        return lh_fail(fault, LH_ECONFIG, "'%s' cannot be read: %s", arguments->landmark_file,
                       strerror(errno));
    for (int number = 1; code == LH_OK && fgets(line, sizeof line, file); number++) {
        struct lh_fault why = {0};
        const char *begin = line + strspn(line, " \t\r\n");
        if (*begin == '\0' || *begin == '#')
            continue;
        code = arguments->landmark_count < LH_LANDMARKS_MOST
                   ? lh_landmark_parse(begin, arguments->datum, &why,
                                       &arguments->landmarks[arguments->landmark_count])
                   : lh_fail(&why, LH_ELIMIT, "more than %d landmarks", LH_LANDMARKS_MOST);
        if (code == LH_OK)
            arguments->landmark_count++;
        else
            code =
                lh_fail(fault, LH_ECONFIG, "%s:%d: %s", arguments->landmark_file, number, why.text);
    }
    (void)fclose(file);
    return code;
}

static int read_landmarks(struct arguments *arguments, struct lh_fault *fault)
{
    int code = arguments->landmark_file ? read_landmark_file(arguments, fault) : LH_OK;
    for (size_t i = 0; i < arguments->written_count && code == LH_OK; i++) {
        if (arguments->landmark_count == LH_LANDMARKS_MOST)
            return lh_fail(fault, LH_ECONFIG, "more than %d landmarks", LH_LANDMARKS_MOST);
        struct lh_landmark *next = &arguments->landmarks[arguments->landmark_count++];
        code = lh_landmark_parse(arguments->written[i], arguments->datum, fault, next);
        if (code != LH_OK)
            fault->code = LH_ECONFIG;
    }
    for (size_t i = 0; i < arguments->landmark_count; i++)
        if (arguments->landmarks[i].name[0] == '\0')
            (void)snprintf(arguments->landmarks[i].name, LH_LANDMARK_NAME, "landmark %zu", i + 1);
    return code;
}

/* ---- what the site says ---- */

static int load_site(struct calibration *calibration, struct lh_fault *fault)
{
    const struct arguments *arguments = calibration->arguments;
    struct lh_findings findings = {0};
    int code = lh_site_load(arguments->site, &findings, &calibration->site);
    lh_cmd_print_findings(arguments->site, &findings);
    lh_findings_finish(&findings);
    if (code != LH_OK)
        return lh_fail(fault, LH_ECONFIG, "%s: %s", arguments->site, lh_strerror(code));
    calibration->camera = lh_site_camera(calibration->site, arguments->camera);
    if (!calibration->camera)
        return lh_fail(fault, LH_ECONFIG, "%s has no camera '%.64s'", arguments->site,
                       arguments->camera);
    if (arguments->ptz)
        return LH_OK;
    const char *preset = arguments->preset ? arguments->preset : calibration->camera->preset;
    code = lh_pose_of_camera(calibration->camera, preset, &calibration->before);
    if (code == LH_ENOTFOUND && calibration->camera->pose_place.line == 0)
        return lh_fail(fault, LH_ECONFIG,
                       "camera '%s' has no pose; write one with latitude_deg, longitude_deg, "
                       "mast_m, hfov_deg and about the right azimuth_deg",
                       arguments->camera);
    if (code != LH_OK)
        return lh_fail(fault, LH_ECONFIG, "camera '%s' has no preset '%.64s'", arguments->camera,
                       preset);
    return LH_OK;
}

/* Level ground at the mast's foot: enough where every landmark says its height. */
static int level_terrain(struct calibration *calibration, struct lh_fault *fault)
{
    const struct lh_pose *pose = &calibration->before;
    const float level = (float)pose->ground_m;
    const float heights[9] = {level, level, level, level, level, level, level, level, level};
    if (isnan(pose->ground_m))
        return lh_fail(fault, LH_ECONFIG,
                       "the site file has no 'terrain', and the pose no 'ground_m'");
    return lh_terrain_from_heights(pose->place, 50000.0, 3, 3, heights, fault,
                                   &calibration->terrain);
}

static int load_terrain(struct calibration *calibration, struct lh_fault *fault)
{
    const struct lh_terrain_config *config = &calibration->site->terrain;
    struct lh_dem *dem = NULL;
    int code;
    if (config->file_count == 0) {
        code = level_terrain(calibration, fault);
    } else {
        code = lh_dem_open((const char *const *)config->files, config->file_count, config->heights,
                           fault, &dem);
        if (code == LH_OK)
            code = lh_terrain_load(dem, &calibration->before.place, 1, HORIZON_M, fault,
                                   &calibration->terrain);
        lh_dem_close(&dem);
    }
    if (code == LH_OK)
        code = lh_eye_place(calibration->terrain, calibration->before.place,
                            calibration->before.ground_m, calibration->before.mast_m, fault,
                            &calibration->eye);
    return code;
}

static int load_picture(struct calibration *calibration, struct lh_fault *fault)
{
    const struct arguments *arguments = calibration->arguments;
    if (arguments->picture)
        return lh_picture_read(arguments->picture, fault, &calibration->frame);
    return lh_picture_take(calibration->camera, lh_cmd_stop_on_signals(), fault,
                           &calibration->frame);
}

/* ---- from landmarks ---- */

static void tell_landmarks(const struct calibration *calibration,
                           const struct lh_landmark_fit *fits,
                           const struct lh_landmark_result *result)
{
    const struct arguments *arguments = calibration->arguments;
    json_t *list = json_array();
    for (size_t i = 0; i < arguments->landmark_count; i++) {
        const struct lh_landmark *one = &arguments->landmarks[i];
        (void)json_array_append_new(list, json_pack("{s:s, s:f, s:f, s:f, s:b}", "name", one->name,
                                                    "off_x_px", fits[i].off_x_px, "off_y_px",
                                                    fits[i].off_y_px, "off_deg", fits[i].off_deg,
                                                    "outlier", (int)fits[i].outlier));
        if (!arguments->json)
            (void)printf("%-24.24s  %+7.1f px across  %+7.1f px down  %6.3f degrees%s\n", one->name,
                         fits[i].off_x_px, fits[i].off_y_px, fits[i].off_deg,
                         fits[i].outlier ? "  left out: it contradicts the others" : "");
    }
    (void)json_object_set_new(calibration->details, "landmarks", list);
    (void)json_object_set_new(calibration->details, "rms_px", json_real(result->rms_px));
    (void)json_object_set_new(calibration->details, "rms_deg", json_real(result->rms_deg));
    if (!arguments->json)
        (void)printf("typically off: %.1f px, %.3f degrees\n", result->rms_px, result->rms_deg);
}

static int from_landmarks(struct calibration *calibration, struct lh_fault *fault)
{
    const struct arguments *arguments = calibration->arguments;
    uint32_t width = arguments->width;
    uint32_t height = arguments->height;
    struct lh_landmark_fit fits[LH_LANDMARKS_MOST];
    struct lh_landmark_result result = {0};
    int code = width == 0 ? load_picture(calibration, fault) : LH_OK;
    if (code != LH_OK)
        return code;
    if (calibration->frame) {
        width = lh_frame_info(calibration->frame)->width_px;
        height = lh_frame_info(calibration->frame)->height_px;
    }
    code = lh_landmarks_solve(&calibration->eye, &calibration->before, width, height,
                              arguments->landmarks, arguments->landmark_count, arguments->k1, fault,
                              fits, &result);
    if (code != LH_OK)
        return code;
    calibration->after = result.pose;
    calibration->sigma_roll_deg = result.sigma_roll_deg;
    calibration->sigma_hfov_deg = result.sigma_hfov_deg;
    calibration->solved_hfov = true;
    calibration->solved_k1 = arguments->k1;
    tell_landmarks(calibration, fits, &result);
    return LH_OK;
}

/* ---- from the skyline ---- */

static int find_skyline(struct calibration *calibration, const struct lh_horizon *horizon,
                        struct lh_fault *fault, struct lh_skyline_match *ret_match)
{
    struct lh_skyline_options options = LH_SKYLINE_DEFAULT;
    struct lh_image image;
    options.azimuth_deg = calibration->arguments->search_deg;
    options.solve_hfov = calibration->arguments->hfov;
    const int code = lh_frame_image(calibration->frame, LH_PIXEL_GRAY8, 1920, 1920, &image);
    if (code != LH_OK)
        return lh_fail(fault, code, "%s", lh_strerror(code));
    return lh_skyline_find(&image, horizon, &calibration->before, &options, fault, ret_match);
}

static void tell_skyline(struct calibration *calibration, const struct lh_skyline_match *match)
{
    calibration->after = match->pose;
    calibration->sigma_roll_deg = match->sigma_roll_deg;
    calibration->sigma_hfov_deg = NAN;
    calibration->solved_hfov = calibration->arguments->hfov;
    (void)json_object_set_new(calibration->details, "matched_share",
                              json_real(match->matched_share));
    (void)json_object_set_new(calibration->details, "distinct_ratio",
                              json_real(fmin(match->distinct_ratio, 1000.0)));
    (void)json_object_set_new(calibration->details, "rms_px", json_real(match->rms_px));
    if (!calibration->arguments->json)
        (void)printf("the horizon lies on an edge in %.0f %% of the columns, %.1f px off on "
                     "average; %.2f times as good as anywhere else\n",
                     100.0 * match->matched_share, match->rms_px, match->distinct_ratio);
}

static int from_skyline(struct calibration *calibration, struct lh_fault *fault)
{
    const struct arguments *arguments = calibration->arguments;
    const struct lh_horizon_options options = {.count = 7200, .range_m = HORIZON_M};
    struct lh_horizon *horizon = NULL;
    struct lh_skyline_match match = {0};
    if (calibration->site->terrain.file_count == 0)
        return lh_fail(fault, LH_ECONFIG,
                       "the skyline needs 'terrain' in the site file; or give landmarks");
    int code = load_picture(calibration, fault);
    if (code == LH_OK)
        code = lh_horizon_create(&calibration->eye, &options, fault, &horizon);
    if (code != LH_OK)
        return code;
    code = find_skyline(calibration, horizon, fault, &match);
    if (code == LH_OK)
        tell_skyline(calibration, &match);
    if (arguments->png) {
        struct lh_fault drawing = {0};
        const int drawn = lh_picture_draw_horizon(calibration->frame, horizon, &calibration->before,
                                                  code == LH_OK ? &calibration->after : NULL,
                                                  arguments->png, &drawing);
        if (drawn != LH_OK && code == LH_OK)
            code = lh_fail(fault, drawn, "%s", drawing.text);
    }
    lh_horizon_destroy(&horizon);
    return code;
}

/* ---- what comes of it ---- */

static double drift_deg(const struct calibration *calibration)
{
    const double turn_deg =
        lh_azimuth_difference(calibration->before.azimuth_deg, calibration->after.azimuth_deg) *
        cos(calibration->before.tilt_deg * LH_DEGREE);
    return hypot(turn_deg, calibration->after.tilt_deg - calibration->before.tilt_deg);
}

static json_t *pose_json(const struct lh_pose *pose)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "azimuth_deg", pose->azimuth_deg,
                     "tilt_deg", pose->tilt_deg, "roll_deg", pose->roll_deg, "hfov_deg",
                     pose->hfov_deg, "k1", pose->k1, "sigma_azimuth_deg", pose->sigma_azimuth_deg,
                     "sigma_tilt_deg", pose->sigma_tilt_deg);
}

/* "12.340", without the zeroes of a negative nothing. */
static void put_setting(FILE *out, const char *key, double value, int digits)
{
    const double unit = pow(10.0, -digits);
    (void)fprintf(out, "      %s: %.*f\n", key, digits, round(value / unit) * unit + 0.0);
}

static int write_settings(const struct calibration *calibration, struct lh_fault *fault)
{
    const struct arguments *arguments = calibration->arguments;
    const struct lh_pose *pose = &calibration->after;
    FILE *out = arguments->output ? fopen(arguments->output, "w") : stdout;
    if (!out)
        return lh_fail(fault, LH_EIO, "'%s' cannot be written: %s", arguments->output,
                       strerror(errno));
    (void)fprintf(out, "cameras:\n  - id: %s\n    pose:\n", calibration->camera->id);
    put_setting(out, "azimuth_deg", pose->azimuth_deg, 3);
    put_setting(out, "tilt_deg", pose->tilt_deg, 3);
    put_setting(out, "roll_deg", pose->roll_deg, 3);
    if (calibration->solved_hfov)
        put_setting(out, "hfov_deg", pose->hfov_deg, 3);
    if (calibration->solved_k1)
        put_setting(out, "k1", pose->k1, 4);
    put_setting(out, "sigma_azimuth_deg", pose->sigma_azimuth_deg, 3);
    put_setting(out, "sigma_tilt_deg", pose->sigma_tilt_deg, 3);
    const bool failed = ferror(out) != 0;
    if ((arguments->output && fclose(out) != 0) || failed)
        return lh_fail(fault, LH_EIO, "'%s' cannot be written",
                       arguments->output ? arguments->output : "standard output");
    return LH_OK;
}

static int conclude(const struct calibration *calibration)
{
    const struct arguments *arguments = calibration->arguments;
    const double roll_deg = calibration->after.roll_deg - calibration->before.roll_deg;
    const bool drifted = drift_deg(calibration) > DRIFT_DEG || fabs(roll_deg) > DRIFT_ROLL_DEG;
    struct lh_fault fault = {0};
    if (arguments->json) {
        (void)json_object_set_new(calibration->details, "pose", pose_json(&calibration->after));
        (void)json_object_set_new(calibration->details, "before", pose_json(&calibration->before));
        (void)json_object_set_new(calibration->details, "drift_deg",
                                  json_real(drift_deg(calibration)));
        (void)json_object_set_new(calibration->details, "roll_drift_deg", json_real(roll_deg));
        (void)json_object_set_new(calibration->details, "drifted", json_boolean(drifted));
        (void)json_dumpf(calibration->details, stdout, JSON_REAL_PRECISION(9));
        (void)putchar('\n');
    } else {
        (void)printf("azimuth %.3f +- %.3f, tilt %.3f +- %.3f, roll %.3f +- %.3f degrees: %.2f "
                     "from the pose, rolled %+.2f\n",
                     calibration->after.azimuth_deg, calibration->after.sigma_azimuth_deg,
                     calibration->after.tilt_deg, calibration->after.sigma_tilt_deg,
                     calibration->after.roll_deg, calibration->sigma_roll_deg,
                     drift_deg(calibration), roll_deg);
        if (arguments->check)
            (void)puts(drifted ? "pose drift" : "no drift");
    }
    if (arguments->check)
        return drifted ? LH_EXIT_FAILED : LH_EXIT_DONE;
    if ((!arguments->json || arguments->output) && write_settings(calibration, &fault) != LH_OK)
        return refuse(&fault);
    return LH_EXIT_DONE;
}

/* ---- from the camera itself ---- */

static void tell_status(const struct calibration *calibration, const struct lh_ptz_status *status)
{
    static const char *const words[] = {"does not say whether it moves", "stands", "moves"};
    const struct lh_pointing pointing = lh_ptz_pointing(&calibration->camera->ptz, status);
    char time[LH_TIME_TEXT];
    (void)lh_time_format(status->utc_us, time);
    if (!calibration->arguments->json) {
        (void)printf("pan %g tilt %g zoom %g: azimuth %.3f, tilt %.3f, hfov %.2f degrees; %s; its "
                     "time %s\n",
                     status->pan, status->tilt, status->zoom, pointing.azimuth_deg,
                     pointing.tilt_deg, lh_zoom_hfov_deg(&calibration->camera->pose, pointing.zoom),
                     words[status->moving], time);
        return;
    }
    json_t *told = json_pack("{s:s, s:s}", "moving", words[status->moving], "utc", time);
    const double values[] = {status->pan, status->tilt, status->zoom, pointing.azimuth_deg,
                             pointing.tilt_deg};
    static const char *const keys[] = {"pan", "tilt", "zoom", "azimuth_deg", "tilt_deg"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        (void)json_object_set_new(told, i == 1 ? "tilt_reported" : keys[i],
                                  isnan(values[i]) ? json_null() : json_real(values[i]));
    (void)json_dumpf(told, stdout, JSON_REAL_PRECISION(9));
    (void)putchar('\n');
    json_decref(told);
}

static int from_ptz(const struct calibration *calibration)
{
    const double wait_s = calibration->camera->ptz.poll_interval_s;
    const atomic_bool *stop = lh_cmd_stop_on_signals();
    for (long i = 0; i < calibration->arguments->count && !atomic_load(stop); i++) {
        struct lh_fault fault = {0};
        struct lh_ptz_status status;
        if (i > 0)
            (void)usleep((useconds_t)(wait_s * 1e6));
        if (lh_onvif_status(calibration->camera, lh_clock_system(), &fault, &status) != LH_OK)
            return refuse(&fault);
        tell_status(calibration, &status);
        (void)fflush(stdout);
    }
    return LH_EXIT_DONE;
}

static int calibrate(struct calibration *calibration)
{
    struct lh_fault fault = {0};
    int code = load_site(calibration, &fault);
    if (code == LH_OK && calibration->arguments->ptz)
        return from_ptz(calibration);
    if (code == LH_OK)
        code = load_terrain(calibration, &fault);
    if (code == LH_OK)
        code = calibration->arguments->landmark_count > 0 ? from_landmarks(calibration, &fault)
                                                          : from_skyline(calibration, &fault);
    return code == LH_OK ? conclude(calibration) : refuse(&fault);
}

int lh_cmd_calibrate(int argc, char **argv)
{
    struct arguments *arguments = calloc(1, sizeof *arguments);
    struct lh_fault fault = {0};
    int exit_status = LH_EXIT_USAGE;
    if (!arguments)
        return LH_EXIT_FAILED;
    arguments->search_deg = 10.0;
    arguments->count = 1;
    struct calibration calibration = {.arguments = arguments, .details = json_object()};
    if (read_arguments(argc, argv, arguments)) {
        (void)fputs(help, stdout);
        exit_status = LH_EXIT_DONE;
    } else if (arguments->wrong || !arguments->site || !arguments->camera) {
        (void)fputs(help, stderr);
    } else if (read_landmarks(arguments, &fault) != LH_OK) {
        exit_status = refuse(&fault);
    } else {
        exit_status = calibrate(&calibration);
    }
    json_decref(calibration.details);
    lh_frame_unref(&calibration.frame);
    lh_terrain_destroy(&calibration.terrain);
    lh_site_destroy(&calibration.site);
    free(arguments);
    return exit_status;
}
