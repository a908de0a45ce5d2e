#include "world/options.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    NUMBER, /* double */
    COUNT,  /* unsigned */
    SEED,   /* uint64_t */
    TEXT,   /* const char * */
    SIZE,   /* into scene.width_px and height_px */
    CODEC,
    LIST, /* text or json */
    CLIP, /* appended to footage */
    ON,   /* bool; no argument */
    OFF,
};

struct row {
    const char *name;
    const char *argument; /* as the help shows it; NULL: none */
    enum kind kind;
    size_t offset;
    double min;
    double max;
    const char *help;
};

#define NOT_GIVEN (-1.0)
#define STILLS_AT_S 120.0
#define AT(member) offsetof(struct lh_world_options, member)

static const struct row rows[] = {
    {NULL, NULL, ON, 0, 0, 0, "What there is to see"},
    {"cameras", "N", COUNT, AT(scene.cameras), 1, 32, "towers"},
    {"size", "WxH", SIZE, 0, 64, 4096,
     "picture size; for footage the largest, its shape is kept, and as recorded unless given"},
    {"seed", "N", SEED, AT(scene.seed), 0, 0, "another number is another county"},
    {"dem", "FILE", TEXT, AT(scene.dem_path), 0, 0,
     "terrain from an elevation model (GeoTIFF, SRTM, ...) instead of invented mountains"},
    {"sun-hour", "H", NUMBER, AT(scene.sun_hour), 0, 24, "solar time at the start; 2 is night"},
    {"wind", "M_S", NUMBER, AT(scene.wind_m_s), 0, 40, "wind speed"},
    {"wind-from", "DEG", NUMBER, AT(scene.wind_from_deg), 0, 360, "where it blows from"},
    {"clouds", "SHARE", NUMBER, AT(scene.cloud_cover), 0, 1, "cloud cover"},
    {"visibility-km", "KM", NUMBER, AT(scene.visibility_km), 0.5, 200, "how far haze lets one see"},
    {"fires", "N", COUNT, AT(scene.fires), 0, 64, "ignitions"},
    {"fire-gap-s", "S", NUMBER, AT(scene.fire_gap_s), 0, 1e6,
     "from one to the next, give or take a half"},
    {"first-ignition-s", "S", NUMBER, AT(scene.first_ignition_s), 0, 1e7,
     "scene time of the first ignition"},
    {"first-fire-km", "KM", NUMBER, AT(scene.first_fire_km), 0.5, 12,
     "how far from a tower, in clear view, it is about"},
    {"no-nuisances", NULL, OFF, AT(scene.nuisances), 0, 0,
     "without chimneys, dust, fog banks and headlights"},
    {"footage", "PATH...", CLIP, 0, 0, 0,
     "serve recorded clips instead: files, or folders of them, each clip a camera"},
    {"once", NULL, ON, AT(once), 0, 0, "footage ends instead of starting over; ends with the last"},
    {"speed", "X", NUMBER, AT(speed), 0.01, 3600,
     "seconds of scene or clip in one real second; 60 shows stills a minute apart one a second"},

    {NULL, NULL, ON, 0, 0, 0, "How it is served"},
    {"fps", "N", NUMBER, AT(fps), 0.1, 60, "pictures a second"},
    {"gop-s", "S", NUMBER, AT(gop_s), 0.1, 60, "seconds from keyframe to keyframe"},
    {"codec", "NAME", CODEC, 0, 0, 0, "h264, h265 or mjpeg"},
    {"port", "P", COUNT, AT(port), 0, 65535, "RTSP port; 0 takes a free one"},
    {"bind", "ADDRESS", TEXT, AT(bind), 0, 0, "address to listen on; 0.0.0.0 for all"},
    {"user", "NAME", TEXT, AT(user), 0, 0, "ask for this user; needs --password-file"},
    {"password-file", "FILE", TEXT, AT(password_file), 0, 0,
     "its first line is the password; readable by its owner only"},
    {"tls-cert", "FILE", TEXT, AT(tls_certificate), 0, 0, "serve RTSPS with this PEM certificate"},
    {"tls-key", "FILE", TEXT, AT(tls_key), 0, 0, "and this PEM key"},

    {NULL, NULL, ON, 0, 0, 0, "What it tells"},
    {"list", "FORMAT", LIST, 0, 0, 0, "text: one address a line, once ready; json: one object"},
    {"json", NULL, ON, AT(list_json), 0, 0, "the same as --list json"},
    {"truth", "FILE", TEXT, AT(truth), 0, 0,
     "what burns where and when, and the boxes it makes in each camera, as JSON"},
    {"terrain-out", "FILE", TEXT, AT(terrain_out), 0, 0,
     "the county's ground as a GeoTIFF, for terrain.files of a site"},
    {"witnesses", "DIR", TEXT, AT(witnesses), 0, 0,
     "what satellites, rangers and a weather station say, as files, when it is due: "
     "DIR/hotspots/*.csv as of FIRMS, DIR/events.jsonl, DIR/weather.csv"},
    {"first-pass-s", "S", NUMBER, AT(first_pass_s), 0, 1e7,
     "scene time of a pass of VIIRS; the others before and after it. Otherwise as the orbits "
     "have them"},
    {"latency-s", "S", NUMBER, AT(latency_s), 0, 86400,
     "from a satellite's pass to its file; a real one takes one to three hours"},
    {"at-once", NULL, ON, AT(at_once), 0, 0,
     "with --witnesses: write all of --duration (a day) and truth.json, and end"},
    {"duration", "S", NUMBER, AT(duration_s), 0, 1e7, "end after this many real seconds; 0: never"},
    {"render", "DIR", TEXT, AT(render), 0, 0,
     "write one PNG a camera into DIR and end; with --duration a clip of so many seconds, and "
     "truth.json"},
    {"at", "S", NUMBER, AT(at_s), 0, 1e7,
     "scene time of those pictures (120 unless given), or where the clips begin (0)"},
    {"threads", "N", COUNT, AT(scene.threads), 0, 32,
     "that make the scene and draw for --render; 0: one a processor"},
    {"verbose", NULL, ON, AT(verbose), 0, 0, "log more"},
    {"help", NULL, ON, AT(help), 0, 0, "this text"},
};

static const char examples[] =
    "Examples\n"
    "  linhuo world                                  four towers, a fire after 20 s, another "
    "later\n"
    "  linhuo world --port 8554 --truth truth.json   addresses that stay, truth to compare with\n"
    "  linhuo world --render out --at 300            what the cameras see five minutes in\n"
    "  linhuo world --render out --duration 90     as clips with truth.json, for detectors\n"
    "  linhuo world --sun-hour 2 --fires 3           a night with three fires\n"
    "  linhuo world --dem N37E111.hgt --visibility-km 15 --wind 6\n"
    "  linhuo world --witnesses said --at-once --fires 20 --fire-gap-s 4000  a day of hotspots, "
    "reports and "
    "weather\n"
    "  linhuo world --footage clips/ --speed 60      recorded stills, a minute in a second\n"
    "\n"
    "Watch one with: ffplay rtsp://127.0.0.1:8554/tower-1\n"
    "Ctrl-C ends it. Exit status: 0 done, 1 failed, 2 wrong usage.\n";

static struct lh_world_options defaults(void)
{
    return (struct lh_world_options){
        .scene = LH_SCENE_OPTIONS_DEFAULT,
        .fps = 5,
        .gop_s = 2,
        .speed = 1,
        .codec = LH_CODEC_H264,
        .bind = "127.0.0.1",
        .at_s = NOT_GIVEN,
        .first_pass_s = NOT_GIVEN,
        .latency_s = 7200,
    };
}

static bool read_number(const char *text, double min, double max, double *ret_number)
{
    char *end;
    errno = 0;
    const double number = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !isfinite(number) || number < min ||
        number > max)
        return false;
    *ret_number = number;
    return true;
}

static bool read_whole(const char *text, uint64_t max, const char **ret_end, uint64_t *ret_number)
{
    if (*text < '0' || *text > '9')
        return false;
    char *end;
    errno = 0;
    const uintmax_t number = strtoumax(text, &end, 10);
    if (errno != 0 || number > max)
        return false;
    *ret_end = end;
    *ret_number = number;
    return true;
}

static bool read_size(const char *text, const struct row *row, struct lh_world_options *options)
{
    uint64_t width;
    uint64_t height;
    const char *end;
    const uint64_t max = (uint64_t)row->max;
    if (!read_whole(text, max, &end, &width) || *end != 'x' ||
        !read_whole(end + 1, max, &end, &height) || *end != '\0')
        return false;
    if (width < (uint64_t)row->min || height < (uint64_t)row->min || width % 2 || height % 2)
        return false;
    options->scene.width_px = (uint32_t)width;
    options->scene.height_px = (uint32_t)height;
    options->size_given = true;
    return true;
}

static int add_clip(struct lh_world_options *options, const char *path)
{
    const char **more =
        realloc(options->footage, (options->footage_count + 1) * sizeof *options->footage);
    if (!more)
        return LH_ENOMEM;
    options->footage = more;
    options->footage[options->footage_count++] = path;
    return LH_OK;
}

static const struct row *find_row(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].name && strlen(rows[i].name) == length &&
            strncmp(rows[i].name, name, length) == 0)
            return &rows[i];
    }
    return NULL;
}

static int fail_value(struct lh_fault *fault, const struct row *row, const char *value)
{
    switch (row->kind) {
    case NUMBER:
    case COUNT:
        return lh_fail(fault, LH_EINVAL, "--%s wants a %s from %g to %g, not '%s'", row->name,
                       row->kind == COUNT ? "whole number" : "number", row->min, row->max, value);
    case SIZE:
        return lh_fail(fault, LH_EINVAL,
                       "--size wants WIDTHxHEIGHT, even numbers from %g to %g such as 1280x720, "
                       "not '%s'",
                       row->min, row->max, value);
    case CODEC:
        return lh_fail(fault, LH_EINVAL, "--codec wants h264, h265 or mjpeg, not '%s'", value);
    case LIST:
        return lh_fail(fault, LH_EINVAL, "--list wants text or json, not '%s'", value);
    case SEED:
        return lh_fail(fault, LH_EINVAL, "--seed wants a whole number, not '%s'", value);
    default:
        return lh_fail(fault, LH_EINVAL, "--%s must not be empty", row->name);
    }
}

static int set_value(struct lh_world_options *options, const struct row *row, const char *value,
                     struct lh_fault *fault)
{
    void *place = (char *)options + row->offset;
    uint64_t whole = 0;
    const char *end = "";
    bool good = true;
    switch (row->kind) {
    case ON:
    case OFF:
        *(bool *)place = row->kind == ON;
        break;
    case NUMBER:
        good = read_number(value, row->min, row->max, place);
        break;
    case COUNT:
        good = read_whole(value, (uint64_t)row->max, &end, &whole) && *end == '\0' &&
               whole >= (uint64_t)row->min;
        if (good)
            *(unsigned *)place = (unsigned)whole;
        break;
    case SEED:
        good = read_whole(value, UINT64_MAX, &end, place) && *end == '\0';
        break;
    case TEXT:
        good = *value != '\0';
        *(const char **)place = value;
        break;
    case SIZE:
        good = read_size(value, row, options);
        break;
    case CODEC:
        good = lh_codec_from_name(value, &options->codec) == LH_OK;
        break;
    case LIST:
        options->list_json = strcmp(value, "json") == 0;
        good = options->list_json || strcmp(value, "text") == 0;
        break;
    case CLIP:
        good = *value != '\0';
        if (good && add_clip(options, value) != LH_OK)
            return lh_fail(fault, LH_ENOMEM, "out of memory");
        break;
    }
    return good ? LH_OK : fail_value(fault, row, value);
}

static int check_together(const struct lh_world_options *options, struct lh_fault *fault)
{
    if (!options->user != !options->password_file)
        return lh_fail(fault, LH_EINVAL, "--user and --password-file belong together; give both");
    if (!options->tls_certificate != !options->tls_key)
        return lh_fail(fault, LH_EINVAL, "--tls-cert and --tls-key belong together; give both");
    if (options->once && options->footage_count == 0)
        return lh_fail(fault, LH_EINVAL, "--once is for --footage; a county does not end");
    if (options->render && options->truth)
        return lh_fail(fault, LH_EINVAL,
                       "--truth is for a served county; --render with --duration writes its own "
                       "truth.json, leave --truth out");
    if (options->at_once && (!options->witnesses || options->truth || options->render))
        return lh_fail(
            fault, LH_EINVAL,
            "--at-once is for --witnesses DIR, writes DIR/truth.json, and draws nothing");
    if (options->witnesses && options->render)
        return lh_fail(fault, LH_EINVAL, "--witnesses is for a served county, or for --at-once");
    if (options->terrain_out && options->footage_count > 0)
        return lh_fail(fault, LH_EINVAL,
                       "--footage has no terrain to write: leave --terrain-out out");
    if (options->witnesses && options->footage_count > 0)
        return lh_fail(fault, LH_EINVAL,
                       "nobody says anything of --footage: leave --witnesses out");
    if (options->footage_count > 0 && options->scene.dem_path)
        return lh_fail(fault, LH_EINVAL, "--dem and --footage exclude each other");
    return LH_OK;
}

/* argv[*index] starts with "--". */
static int take_option(int argc, char **argv, int *index, struct lh_world_options *options,
                       struct lh_fault *fault)
{
    const char *name = argv[*index] + 2;
    const char *equals = strchr(name, '=');
    const struct row *row = find_row(name, equals ? (size_t)(equals - name) : strlen(name));
    if (!row)
        return lh_fail(fault, LH_EINVAL, "there is no option '%s'; linhuo world --help lists them",
                       argv[*index]);
    if (!row->argument) {
        if (equals)
            return lh_fail(fault, LH_EINVAL, "--%s takes no value", row->name);
        return set_value(options, row, "", fault);
    }
    if (!equals && *index + 1 >= argc)
        return lh_fail(fault, LH_EINVAL, "--%s needs %s", row->name, row->argument);
    return set_value(options, row, equals ? equals + 1 : argv[++*index], fault);
}

int lh_world_options_parse(int argc, char **argv, struct lh_fault *fault,
                           struct lh_world_options *ret_options)
{
    struct lh_world_options options = defaults();
    int code = LH_OK;
    for (int i = 1; i < argc && code == LH_OK; i++) {
        if (strncmp(argv[i], "--", 2) == 0)
            code = take_option(argc, argv, &i, &options, fault);
        else if (strcmp(argv[i], "-h") == 0)
            options.help = true;
        else if (options.footage_count > 0 && argv[i][0] != '-')
            code = add_clip(&options, argv[i]);
        else
            code = lh_fail(fault, LH_EINVAL,
                           "unexpected '%s'; linhuo world --help lists the options", argv[i]);
    }
    if (code == LH_OK && !options.help)
        code = check_together(&options, fault);
    if (code != LH_OK) {
        lh_world_options_finish(&options);
        return code;
    }
    if (options.at_s == NOT_GIVEN)
        options.at_s = options.duration_s > 0.0 ? 0.0 : STILLS_AT_S;
    *ret_options = options;
    return LH_OK;
}

void lh_world_options_finish(struct lh_world_options *options)
{
    free(options->footage);
    options->footage = NULL;
    options->footage_count = 0;
}

static void print_default(FILE *out, const struct lh_world_options *options, const struct row *row)
{
    const void *place = (const char *)options + row->offset;
    if (row->kind == NUMBER && *(const double *)place != NOT_GIVEN)
        (void)fprintf(out, " [%g]", *(const double *)place);
    else if (row->kind == COUNT)
        (void)fprintf(out, " [%u]", *(const unsigned *)place);
    else if (row->kind == SEED)
        (void)fprintf(out, " [%" PRIu64 "]", *(const uint64_t *)place);
    else if (row->kind == SIZE)
        (void)fprintf(out, " [%ux%u]", options->scene.width_px, options->scene.height_px);
    else if (row->kind == CODEC)
        (void)fprintf(out, " [%s]", lh_codec_name(options->codec));
    else if (row->kind == LIST)
        (void)fprintf(out, " [text]");
    else if (row->kind == TEXT && *(const char *const *)place)
        (void)fprintf(out, " [%s]", *(const char *const *)place);
}

void lh_world_options_print(FILE *out)
{
    const struct lh_world_options options = defaults();
    (void)fprintf(out,
                  "Usage: linhuo world [OPTIONS]\n\n"
                  "A county in a box: forest cameras served as RTSP, with smoke, fire, weather "
                  "and\neverything that looks like smoke and is not, and with the truth known. "
                  "For demos,\ndrills and tests. Or: recorded clips served as if they were "
                  "cameras.\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        if (!row->name) {
            (void)fprintf(out, "\n%s\n", row->help);
            continue;
        }
        char head[64];
        (void)snprintf(head, sizeof head, "--%s%s%s", row->name, row->argument ? " " : "",
                       row->argument ? row->argument : "");
        (void)fprintf(out, "  %-24s %s", head, row->help);
        print_default(out, &options, row);
        (void)fputc('\n', out);
    }
    (void)fprintf(out, "\n%s", examples);
}
