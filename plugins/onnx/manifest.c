#include "onnx/manifest.h"
#include "onnx/keys.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_FILE_BYTES (1 << 20)
#define MIN_SIDE 8
#define MAX_SIDE 8192
#define MAX_ENLARGE 4
#define LEAST 1e-6   /* of what must be above 0 */
#define MAX_SHRINK 4 /* of a crop: bilinear, so beyond that most of it would not be seen */

static void read_sha256(struct onnx_keys *keys, const struct onnx_object *object, char text[65])
{
    if (!onnx_keys_text(keys, object, "sha256", true, text, 65))
        return;
    if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
        onnx_keys_fail(keys, object, "sha256",
                       "must be 64 digits 0-9a-f, as sha256sum prints them");
}

static bool stays_below(const char *name)
{
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return false;
    }
    return name[0] != '/';
}

/* The file lies in the manifest's folder or below. */
static void read_file(struct onnx_keys *keys, const struct onnx_object *object,
                      struct onnx_file *file)
{
    char name[201];
    const char *slash = strrchr(keys->file, '/');
    const int folder = slash ? (int)(slash - keys->file) + 1 : 0;
    read_sha256(keys, object, file->sha256);
    if (!onnx_keys_text(keys, object, "file", true, name, sizeof name))
        return;
    if (!stays_below(name))
        onnx_keys_fail(keys, object, "file",
                       "must lie beside the manifest: no absolute path and no '..'");
    else if (snprintf(file->path, PATH_MAX, "%.*s%s", folder, keys->file, name) >= PATH_MAX)
        onnx_keys_fail(keys, object, "file", "its path is too long");
}

static void read_variants(struct onnx_keys *keys, const struct onnx_object *top,
                          struct onnx_manifest *m)
{
    static const char *const names[] = {"float16", "int8", NULL};
    static const char *const inner[] = {"file", "sha256", NULL};
    const struct onnx_object variants = onnx_keys_object(keys, top, "variants", false, names);
    for (int i = 0; names[i]; i++) {
        const struct onnx_object v = onnx_keys_object(keys, &variants, names[i], false, inner);
        if (v.json)
            read_file(keys, &v, &m->files[ONNX_FLOAT16 + i]);
    }
}

static void read_size(struct onnx_keys *keys, const struct onnx_object *input,
                      struct onnx_input *in)
{
    static const char *const names[] = {"width",      "height",  "multiple_of", "max_width",
                                        "max_height", "enlarge", NULL};
    static const char *const fixed[] = {"width", "height", NULL};
    static const char *const free_size[] = {"multiple_of", "max_width", "max_height", "enlarge",
                                            NULL};
    const struct onnx_object size = onnx_keys_object(keys, input, "size", true, names);
    if (!size.json)
        return;
    in->enlarge = 1;
    if (!json_object_get(size.json, "multiple_of")) {
        onnx_keys_allow(keys, &size, fixed);
        in->width = onnx_keys_integer(keys, &size, "width", ONNX_REQUIRED, MIN_SIDE, MAX_SIDE);
        in->height = onnx_keys_integer(keys, &size, "height", ONNX_REQUIRED, MIN_SIDE, MAX_SIDE);
        return;
    }
    onnx_keys_allow(keys, &size, free_size);
    in->multiple_of = onnx_keys_integer(keys, &size, "multiple_of", ONNX_REQUIRED, 1, 256);
    in->max_width = onnx_keys_integer(keys, &size, "max_width", ONNX_REQUIRED, MIN_SIDE, MAX_SIDE);
    in->max_height =
        onnx_keys_integer(keys, &size, "max_height", ONNX_REQUIRED, MIN_SIDE, MAX_SIDE);
    in->enlarge = onnx_keys_number(keys, &size, "enlarge", 1, 1, MAX_ENLARGE);
    if (in->max_width % in->multiple_of || in->max_height % in->multiple_of)
        onnx_keys_fail(keys, &size, "", "max_width and max_height must be multiples of %d",
                       in->multiple_of);
}

static void read_tiles(struct onnx_keys *keys, const struct onnx_object *input,
                       struct onnx_input *in)
{
    static const char *const names[] = {"overlap_px", "max_width", "max_height", NULL};
    const struct onnx_object tiles = onnx_keys_object(keys, input, "tiles", false, names);
    if (!tiles.json)
        return;
    if (in->multiple_of)
        onnx_keys_fail(keys, input, "tiles", "needs a fixed size; take it away, or multiple_of");
    const int side = in->width < in->height ? in->width : in->height;
    in->tiled = true;
    in->overlap_px = onnx_keys_integer(keys, &tiles, "overlap_px", ONNX_REQUIRED, 0, side / 2);
    in->max_width = onnx_keys_integer(keys, &tiles, "max_width", 0, MIN_SIDE, MAX_SIDE);
    in->max_height = onnx_keys_integer(keys, &tiles, "max_height", 0, MIN_SIDE, MAX_SIDE);
}

static void read_per_channel(struct onnx_keys *keys, const struct onnx_object *input,
                             const char *key, int channels, float fallback, float value[3])
{
    const json_t *given = input->json ? json_object_get(input->json, key) : NULL;
    for (int i = 0; i < 3; i++)
        value[i] = fallback;
    if (!given)
        return;
    const bool list = json_is_array(given);
    if (list ? json_array_size(given) != (size_t)channels : !json_is_number(given)) {
        onnx_keys_fail(keys, input, key, "must be a number, or a list of %d", channels);
        return;
    }
    for (int i = 0; i < channels; i++) {
        const json_t *one = list ? json_array_get(given, (size_t)i) : given;
        value[i] = (float)json_number_value(one);
        if (!json_is_number(one) || !isfinite(value[i]))
            onnx_keys_fail(keys, input, key, "must hold numbers only");
    }
}

/* "KIND[:SECONDS][:gray]" */
static bool parse_frame(const char *text, bool colour, struct onnx_frame *frame)
{
    static const char *const kinds[] = {"now", "before", "background"};
    const size_t length = strcspn(text, ":");
    int kind = 0;
    while (kind < 3 && (strlen(kinds[kind]) != length || memcmp(kinds[kind], text, length) != 0))
        kind++;
    if (kind == 3)
        return false;
    text += length;
    *frame = (struct onnx_frame){.kind = (enum onnx_frame_kind)kind, .channels = colour ? 3 : 1};
    if (kind != ONNX_NOW) {
        char *end;
        if (text[0] != ':' || text[1] < '1' || text[1] > '9')
            return false;
        const unsigned long seconds = strtoul(text + 1, &end, 10);
        if (seconds > 3600)
            return false;
        frame->seconds = (int)seconds;
        text = end;
    }
    if (strcmp(text, ":gray") == 0)
        frame->channels = 1;
    return text[0] == '\0' || strcmp(text, ":gray") == 0;
}

static void read_frames(struct onnx_keys *keys, const struct onnx_object *input,
                        struct onnx_input *in)
{
    const bool colour = in->channels != ONNX_GRAY;
    const json_t *list = input->json ? json_object_get(input->json, "frames") : NULL;
    const size_t count = list ? json_array_size(list) : 1;
    in->frames[0] = (struct onnx_frame){.kind = ONNX_NOW, .channels = colour ? 3 : 1};
    if (list && (count < 1 || count > ONNX_MAX_FRAMES)) {
        onnx_keys_fail(keys, input, "frames", "must be a list of 1 to %d texts", ONNX_MAX_FRAMES);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *text = list ? json_string_value(json_array_get(list, i)) : "now";
        if (!text || !parse_frame(text, colour, &in->frames[i])) {
            onnx_keys_fail(keys, input, "frames",
                           "'%.40s' is none of now, before:N, background:N, each also with :gray; "
                           "N is 1 to 3600 seconds",
                           text ? text : "(no text)");
            return;
        }
        in->channel_count += in->frames[i].channels;
    }
    in->frame_count = (int)count;
}

static void read_pad(struct onnx_keys *keys, const struct onnx_object *input, struct onnx_input *in)
{
    const char *text = input->json ? json_string_value(json_object_get(input->json, "pad")) : NULL;
    in->pad_edge = text && strcmp(text, "edge") == 0;
    if (text && !in->pad_edge)
        onnx_keys_fail(keys, input, "pad", "must be \"edge\" or a number from 0 to 255");
    else if (!in->pad_edge)
        in->pad = (float)onnx_keys_number(keys, input, "pad", 114, 0, 255);
}

static void read_input(struct onnx_keys *keys, const struct onnx_object *top, struct onnx_input *in)
{
    static const char *const names[] = {"name",  "layout", "channels", "size",   "fit", "pad",
                                        "tiles", "mean",   "scale",    "frames", NULL};
    static const char *const layouts[] = {"nchw", NULL};
    static const char *const channels[] = {"rgb", "bgr", "gray", NULL};
    static const char *const fits[] = {"letterbox", "stretch", NULL};
    const struct onnx_object input = onnx_keys_object(keys, top, "input", true, names);
    (void)onnx_keys_text(keys, &input, "name", false, in->name, sizeof in->name);
    (void)onnx_keys_word(keys, &input, "layout", 0, layouts);
    in->channels = (enum onnx_channels)onnx_keys_word(keys, &input, "channels", -1, channels);
    read_size(keys, &input, in);
    in->stretch = onnx_keys_word(keys, &input, "fit", 0, fits) == 1;
    read_tiles(keys, &input, in);
    if (in->stretch && (in->multiple_of || in->tiled))
        onnx_keys_fail(keys, &input, "fit", "stretch needs a fixed size without tiles");
    read_pad(keys, &input, in);
    const int planes = in->channels == ONNX_GRAY ? 1 : 3;
    read_per_channel(keys, &input, "mean", planes, 0, in->mean);
    read_per_channel(keys, &input, "scale", planes, 1, in->scale);
    read_frames(keys, &input, in);
}

static void read_classes(struct onnx_keys *keys, const struct onnx_object *output,
                         struct onnx_output *out)
{
    static const char *const names[] = {"name", "as", NULL};
    static const char *const kinds[] = {"ignored", "smoke", "flame", NULL};
    const json_t *list = output->json ? json_object_get(output->json, "classes") : NULL;
    const size_t count = json_array_size(list);
    if (count < 1 || count > ONNX_MAX_CLASSES) {
        onnx_keys_fail(keys, output, "classes", "must be a list of 1 to %d", ONNX_MAX_CLASSES);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct onnx_object one = {.json = json_array_get(list, i)};
        char name[ONNX_TEXT];
        (void)snprintf(one.path, sizeof one.path, "output.classes[%zu]", i);
        if (!json_is_object(one.json)) {
            onnx_keys_fail(keys, &one, "", "must be an object");
            return;
        }
        onnx_keys_allow(keys, &one, names);
        (void)onnx_keys_text(keys, &one, "name", true, name, sizeof name);
        out->kinds[i] = (uint8_t)onnx_keys_word(keys, &one, "as", -1, kinds);
    }
    out->class_count = (int)count;
}

static void read_output(struct onnx_keys *keys, const struct onnx_object *top,
                        struct onnx_output *out)
{
    static const char *const names[] = {"name",   "form",    "activation", "boxes",
                                        "stride", "classes", NULL};
    static const char *const forms[] = {"yolo_v5", "yolo_v8", "heatmap", NULL};
    static const char *const activations[] = {"none", "sigmoid", "softmax", NULL};
    static const char *const units[] = {"pixels", "fractions", NULL};
    const struct onnx_object output = onnx_keys_object(keys, top, "output", true, names);
    (void)onnx_keys_text(keys, &output, "name", false, out->name, sizeof out->name);
    out->form = (enum onnx_form)onnx_keys_word(keys, &output, "form", -1, forms);
    out->activation =
        (enum onnx_activation)onnx_keys_word(keys, &output, "activation", 0, activations);
    out->fractions = onnx_keys_word(keys, &output, "boxes", 0, units) == 1;
    const bool heat = out->form == ONNX_HEATMAP;
    if (!heat && out->activation == ONNX_SOFTMAX)
        onnx_keys_fail(keys, &output, "activation", "softmax is for heat maps");
    if (output.json && json_object_get(output.json, heat ? "boxes" : "stride"))
        onnx_keys_fail(keys, &output, heat ? "boxes" : "stride", "is not for this form");
    out->stride = heat ? onnx_keys_integer(keys, &output, "stride", ONNX_REQUIRED, 1, 256) : 1;
    read_classes(keys, &output, out);
}

static void read_curve(struct onnx_keys *keys, const struct onnx_object *curves, const char *kind,
                       struct onnx_point *point)
{
    static const char *const names[] = {"a", "b", "temperature", NULL};
    static const char *const platt[] = {"a", "b", NULL};
    static const char *const temperature[] = {"temperature", NULL};
    const struct onnx_object curve = onnx_keys_object(keys, curves, kind, false, names);
    point->a = 1;
    if (!curve.json)
        return;
    if (json_object_get(curve.json, "temperature")) {
        onnx_keys_allow(keys, &curve, temperature);
        point->a = 1 / onnx_keys_number(keys, &curve, "temperature", NAN, 0.01, 100);
        return;
    }
    onnx_keys_allow(keys, &curve, platt);
    point->a = onnx_keys_number(keys, &curve, "a", NAN, LEAST, 100);
    point->b = onnx_keys_number(keys, &curve, "b", NAN, -100, 100);
}

static bool stands_for(const struct onnx_output *out, int kind)
{
    return memchr(out->kinds, kind, (size_t)out->class_count) != NULL;
}

double onnx_manifest_reach(const struct onnx_manifest *m, int kind)
{
    return m->second.combine[kind].asked ? m->second.from : m->points[kind].score;
}

/* Its frames, each of which the first network is shown too. */
static void read_second_frames(struct onnx_keys *keys, const struct onnx_object *second,
                               const struct onnx_input *first, struct onnx_second_look *look)
{
    const json_t *list = json_object_get(second->json, "frames");
    read_frames(keys, second, &look->input);
    for (int i = 0; i < look->input.frame_count; i++) {
        const struct onnx_frame *wanted = &look->input.frames[i];
        int at = 0;
        while (at < first->frame_count && (first->frames[at].kind != wanted->kind ||
                                           first->frames[at].seconds != wanted->seconds ||
                                           first->frames[at].channels != wanted->channels))
            at++;
        if (at == first->frame_count)
            onnx_keys_fail(keys, second, "frames", "'%.40s' is none of input.frames",
                           list ? json_string_value(json_array_get(list, (size_t)i)) : "now");
        look->frame_of[i] = at;
    }
}

static void read_second_classes(struct onnx_keys *keys, const struct onnx_object *second,
                                const struct onnx_output *out, struct onnx_second_look *look)
{
    static const char *const kinds[] = {"ignored", "smoke", "flame", NULL};
    const json_t *list = json_object_get(second->json, "classes");
    const size_t count = json_array_size(list);
    if (count < 1 || count >= ONNX_KINDS) {
        onnx_keys_fail(keys, second, "classes", "must be a list of 1 to %d", ONNX_KINDS - 1);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        int kind = LINHUO_SMOKE;
        while (kind < ONNX_KINDS && (!text || strcmp(text, kinds[kind]) != 0))
            kind++;
        if (kind == ONNX_KINDS || !stands_for(out, kind) || look->combine[kind].asked) {
            onnx_keys_fail(keys, second, "classes",
                           "'%.40s' is not smoke or flame, or no class of output.classes stands "
                           "for it, or it is there twice",
                           text ? text : "(no text)");
            return;
        }
        look->combine[kind].asked = true;
        look->combine[kind].column = (int)i;
    }
    look->class_count = (int)count;
}

static void read_combine(struct onnx_keys *keys, const struct onnx_object *second,
                         struct onnx_second_look *look)
{
    static const char *const kinds[] = {"ignored", "smoke", "flame", NULL};
    static const char *const inner[] = {"first", "second", "bias", NULL};
    const struct onnx_object combine = onnx_keys_object(keys, second, "combine", true, kinds + 1);
    for (int kind = LINHUO_SMOKE; kind < ONNX_KINDS; kind++) {
        struct onnx_combine *c = &look->combine[kind];
        const struct onnx_object one =
            onnx_keys_object(keys, &combine, kinds[kind], c->asked, inner);
        if (!one.json)
            continue;
        if (!c->asked)
            onnx_keys_fail(keys, &one, "", "is not among second_look.classes");
        c->first = onnx_keys_number(keys, &one, "first", NAN, 0, 100);
        c->second = onnx_keys_number(keys, &one, "second", NAN, 0, 100);
        c->bias = onnx_keys_number(keys, &one, "bias", NAN, -100, 100);
    }
}

static void read_second(struct onnx_keys *keys, const struct onnx_object *top,
                        struct onnx_manifest *m)
{
    static const char *const names[] = {"file",    "sha256",  "side",    "margin", "least_px",
                                        "most_px", "frames",  "mean",    "scale",  "from",
                                        "most",    "classes", "combine", NULL};
    const struct onnx_object second = onnx_keys_object(keys, top, "second_look", false, names);
    struct onnx_second_look *look = &m->second;
    if (!second.json)
        return;
    read_file(keys, &second, &look->file);
    const int side = onnx_keys_integer(keys, &second, "side", ONNX_REQUIRED, 16, 512);
    const int planes = m->input.channels == ONNX_GRAY ? 1 : 3;
    look->input = (struct onnx_input){.channels = m->input.channels, .width = side, .height = side};
    read_per_channel(keys, &second, "mean", planes, 0, look->input.mean);
    read_per_channel(keys, &second, "scale", planes, 1, look->input.scale);
    read_second_frames(keys, &second, &m->input, look);
    look->margin = onnx_keys_number(keys, &second, "margin", NAN, 0.5, 20);
    look->most_px =
        onnx_keys_integer(keys, &second, "most_px", ONNX_REQUIRED, 8, MAX_SHRINK * side);
    look->least_px = onnx_keys_integer(keys, &second, "least_px", ONNX_REQUIRED, 8, look->most_px);
    look->from = onnx_keys_number(keys, &second, "from", NAN, LEAST, 1 - LEAST);
    look->most = onnx_keys_integer(keys, &second, "most", 6, 1, 64);
    read_second_classes(keys, &second, &m->output, look);
    read_combine(keys, &second, look);
}

static void read_point(struct onnx_keys *keys, const struct onnx_object *top,
                       struct onnx_manifest *m)
{
    static const char *const names[] = {"smoke", "flame", "nms_iou", "min_area_px", NULL};
    static const char *const inner[] = {"score", "low", NULL};
    static const char *const kinds[] = {"ignored", "smoke", "flame", NULL};
    static const char *const curve_names[] = {"smoke", "flame", NULL};
    const struct onnx_object point = onnx_keys_object(keys, top, "operating_point", true, names);
    const struct onnx_object curves =
        onnx_keys_object(keys, top, "calibration", false, curve_names);
    m->nms_iou = onnx_keys_number(keys, &point, "nms_iou", 0.45, 0, 1);
    m->min_area_px = onnx_keys_number(keys, &point, "min_area_px", 0, 0, MAX_SIDE * MAX_SIDE);
    for (int kind = LINHUO_SMOKE; kind <= LINHUO_FLAME; kind++) {
        struct onnx_point *p = &m->points[kind];
        const struct onnx_object one =
            onnx_keys_object(keys, &point, kinds[kind], stands_for(&m->output, kind), inner);
        read_curve(keys, &curves, kinds[kind], p);
        if (!one.json)
            continue;
        if (!stands_for(&m->output, kind))
            onnx_keys_fail(keys, &one, "", "no class is '%s'; see output.classes", kinds[kind]);
        p->score = onnx_keys_number(keys, &one, "score", NAN, LEAST, 1 - LEAST);
        const double reach = onnx_manifest_reach(m, kind);
        p->low = onnx_keys_number(keys, &one, "low", reach / 2, LEAST / 2, 1 - LEAST);
        if (p->low > reach)
            onnx_keys_fail(keys, &one, "low", "must not be above %s",
                           m->second.combine[kind].asked ? "second_look.from" : "score");
    }
    if (!stands_for(&m->output, LINHUO_SMOKE) && !stands_for(&m->output, LINHUO_FLAME))
        onnx_keys_fail(keys, top, "output.classes", "none is smoke or flame: nothing can be found");
}

static void read_all(struct onnx_keys *keys, const json_t *json, struct onnx_manifest *m)
{
    static const char *const names[] = {"linhuo_model", "name",   "version",         "licence",
                                        "about",        "file",   "sha256",          "variants",
                                        "input",        "output", "operating_point", "calibration",
                                        "second_look",  NULL};
    const struct onnx_object top = {.json = json};
    char about[501];
    if (!json_is_object(json)) {
        onnx_keys_fail(keys, &top, "", "must be a JSON object");
        return;
    }
    onnx_keys_allow(keys, &top, names);
    (void)onnx_keys_integer(keys, &top, "linhuo_model", ONNX_REQUIRED, 1, 1);
    (void)onnx_keys_text(keys, &top, "name", true, m->name, sizeof m->name);
    (void)onnx_keys_text(keys, &top, "version", true, m->version, sizeof m->version);
    (void)onnx_keys_text(keys, &top, "licence", true, m->licence, sizeof m->licence);
    (void)onnx_keys_text(keys, &top, "about", false, about, sizeof about);
    read_file(keys, &top, &m->files[ONNX_FLOAT32]);
    read_variants(keys, &top, m);
    read_input(keys, &top, &m->input);
    read_output(keys, &top, &m->output);
    const struct onnx_input *in = &m->input;
    if (in->width && m->output.stride > (in->width < in->height ? in->width : in->height) / 4)
        onnx_keys_fail(keys, &top, "output.stride", "must be at most a quarter of the input");
    if (!keys->failed)
        read_second(keys, &top, m);
    if (!keys->failed)
        read_point(keys, &top, m);
}

static int load_text(const char *path, char **ret_text, size_t *ret_size, struct onnx_fault *fault)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return onnx_fail(fault, "%.300s: the manifest cannot be read: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode) || status.st_size > MAX_FILE_BYTES)
        return onnx_fail(fault, "%.300s: is no manifest: not a file of at most 1 MiB", path);
    FILE *file = fopen(path, "rbe");
    char *text = malloc(MAX_FILE_BYTES);
    if (!file || !text) {
        (void)onnx_fail(fault, "%.300s: the manifest cannot be read: %s", path, strerror(errno));
        if (file)
            (void)fclose(file);
        free(text);
        return -1;
    }
    *ret_size = fread(text, 1, MAX_FILE_BYTES, file);
    *ret_text = text;
    (void)fclose(file);
    return 0;
}

int onnx_manifest_parse(const char *path, const char *text, size_t size,
                        struct onnx_manifest *ret_manifest, struct onnx_fault *fault)
{
    json_error_t error;
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        return onnx_fail(fault, "%.200s:%d:%d: no JSON: %.160s", path, error.line, error.column,
                         error.text);
    struct onnx_keys keys = {.file = path, .fault = fault};
    struct onnx_manifest *m = calloc(1, sizeof *m);
    if (m) {
        read_all(&keys, json, m);
        if (!keys.failed)
            *ret_manifest = *m;
    } else {
        keys.failed = true;
        (void)onnx_fail(fault, "out of memory");
    }
    free(m);
    json_decref(json);
    return keys.failed ? -1 : 0;
}

int onnx_manifest_load(const char *path, struct onnx_manifest *ret_manifest,
                       struct onnx_fault *fault)
{
    char *text = NULL;
    size_t size = 0;
    if (load_text(path, &text, &size, fault) != 0)
        return -1;
    const int result = onnx_manifest_parse(path, text, size, ret_manifest, fault);
    free(text);
    return result;
}
