#include "sweep.h"

#include "base/option.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct lh_option_table *section(const char *name)
{
    return lh_option_find(lh_site_options(), name)->table;
}

/* The part of the name before the last dot, and after. */
static bool split_name(const char *name, const char *prefix, const char **ret_rest)
{
    const size_t length = strlen(prefix);
    if (strncmp(name, prefix, length) != 0 || name[length] != '.')
        return false;
    *ret_rest = name + length + 1;
    return true;
}

static bool is_number(const struct lh_option *option)
{
    return option->type == LH_OPTION_NUMBER || option->type == LH_OPTION_WHOLE ||
           option->type == LH_OPTION_PIXELS;
}

static const struct lh_option_table *table_of(const struct lh_axis *axis)
{
    switch (axis->kind) {
    case LH_AXIS_TRACKS:
        return section("tracks");
    case LH_AXIS_FUSION:
        return section("fusion");
    case LH_AXIS_MIN_SCORE:
        return section("detectors");
    case LH_AXIS_CAMERA:
        return lh_shared_camera_options();
    case LH_AXIS_PLUGIN:
        break;
    }
    return NULL;
}

static int name_detector(const struct lh_site *site, const char *rest, struct lh_axis *axis,
                         struct lh_fault *fault)
{
    const char *key = NULL;
    const char *after;
    /* names may have dots: the longest that fits is meant */
    for (size_t i = 0; i < site->detector_count; i++)
        if (split_name(rest, site->detectors[i].name, &after) && (!key || after > key)) {
            axis->detector = i;
            key = after;
        }
    if (!key || !key[0])
        return lh_fail(fault, LH_ECONFIG, "--set %s: the site has no such detector", axis->name);
    const char *plain = key;
    if (split_name(key, "settings", &plain))
        key = plain;
    axis->kind = strcmp(key, "min_score") == 0 && plain == key ? LH_AXIS_MIN_SCORE : LH_AXIS_PLUGIN;
    (void)snprintf(axis->key, sizeof axis->key, "%.159s", key);
    return LH_OK;
}

static int name_axis(const struct lh_site *site, struct lh_axis *axis, struct lh_fault *fault)
{
    const char *rest;
    if (split_name(axis->name, "detectors", &rest)) {
        const int code = name_detector(site, rest, axis, fault);
        if (code != LH_OK || axis->kind == LH_AXIS_PLUGIN)
            return code;
    } else if (split_name(axis->name, "tracks", &rest) || split_name(axis->name, "fusion", &rest) ||
               split_name(axis->name, "camera_defaults", &rest)) {
        axis->kind = axis->name[0] == 't'   ? LH_AXIS_TRACKS
                     : axis->name[0] == 'f' ? LH_AXIS_FUSION
                                            : LH_AXIS_CAMERA;
        (void)snprintf(axis->key, sizeof axis->key, "%.159s", rest);
    } else {
        return lh_fail(fault, LH_ECONFIG,
                       "--set %s: must begin with tracks., fusion., detectors.NAME. or "
                       "camera_defaults.",
                       axis->name);
    }
    const struct lh_option *option = lh_option_find(table_of(axis), axis->key);
    if (!option || !is_number(option))
        return lh_fail(fault, LH_ECONFIG, "--set %s: %s", axis->name,
                       option ? "is not a number" : "there is no such setting");
    return LH_OK;
}

static bool read_number(const char **cursor, char end_mark, double *ret_value)
{
    char *end;
    errno = 0;
    *ret_value = strtod(*cursor, &end);
    if (end == *cursor || *end != end_mark || errno || !isfinite(*ret_value))
        return false;
    *cursor = end + (end_mark != '\0');
    return true;
}

static int read_values(const char *range, bool whole, struct lh_axis *axis, struct lh_fault *fault)
{
    double from;
    double to;
    double steps;
    const char *cursor = range;
    if (!read_number(&cursor, ':', &from) || !read_number(&cursor, ':', &to) ||
        !read_number(&cursor, '\0', &steps) || steps < 1 || steps > LH_SWEEP_STEPS ||
        floor(steps) < steps)
        return lh_fail(fault, LH_ECONFIG,
                       "--set %s wants FROM:TO:STEPS with 1 to %d steps, not %.60s", axis->name,
                       LH_SWEEP_STEPS, range);
    axis->values = calloc((size_t)steps, sizeof *axis->values);
    if (!axis->values)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    for (size_t i = 0; i < (size_t)steps; i++) {
        const double exact = steps > 1 ? from + (to - from) * (double)i / (steps - 1) : from;
        /* as it will stand in the file */
        const double value = whole ? round(exact) : round(exact * 1e9) / 1e9;
        if (axis->count == 0 || fabs(axis->values[axis->count - 1] - value) > 0)
            axis->values[axis->count++] = value;
    }
    return LH_OK;
}

static void write_value(double value, char text[32])
{
    (void)snprintf(text, 32, "%.10g", value);
}

static int set_option(const struct lh_axis *axis, double value, void *target,
                      struct lh_fault *fault)
{
    char text[32];
    char complaint[LH_OPTION_COMPLAINT] = "";
    const struct lh_option_reading reading = {.folder = ""};
    const struct lh_option *option = lh_option_find(table_of(axis), axis->key);
    write_value(value, text);
    const int code = lh_option_set(&reading, option, text, true, target, complaint);
    return code == LH_OK ? LH_OK : lh_fail(fault, code, "--set %s %s", axis->name, complaint);
}

/* Every value must be one that the site file could say; what plugins allow they say themselves. */
static int check_values(const struct lh_axis *axis, struct lh_fault *fault)
{
    union {
        struct lh_track_config tracks;
        struct lh_alarm_config alarms;
        struct lh_detector_config detector;
        struct lh_camera_config camera;
    } scratch;
    memset(&scratch, 0, sizeof scratch);
    int code = LH_OK;
    for (size_t i = 0; i < axis->count && code == LH_OK && axis->kind != LH_AXIS_PLUGIN; i++)
        code = set_option(axis, axis->values[i], &scratch, fault);
    return code;
}

/* Reruns come first, otherwise in the order given. */
static void insert_axis(struct lh_sweep *sweep, const struct lh_axis *axis)
{
    size_t place = sweep->axis_count++;
    while (axis->kind >= LH_AXIS_PLUGIN && place > 0 &&
           sweep->axes[place - 1].kind < LH_AXIS_PLUGIN) {
        sweep->axes[place] = sweep->axes[place - 1];
        place--;
    }
    sweep->axes[place] = *axis;
}

int lh_sweep_add(struct lh_sweep *sweep, const struct lh_site *site, const char *words,
                 struct lh_fault *fault)
{
    struct lh_axis axis = {.count = 0};
    const char *equals = strchr(words, '=');
    if (sweep->axis_count == LH_SWEEP_AXES)
        return lh_fail(fault, LH_ELIMIT, "more than %d --set", LH_SWEEP_AXES);
    if (!equals || equals == words || (size_t)(equals - words) >= sizeof axis.name)
        return lh_fail(fault, LH_ECONFIG, "--set wants NAME=FROM:TO:STEPS, not %.80s", words);
    (void)snprintf(axis.name, sizeof axis.name, "%.*s", (int)(equals - words), words);
    for (size_t i = 0; i < sweep->axis_count; i++)
        if (strcmp(sweep->axes[i].name, axis.name) == 0)
            return lh_fail(fault, LH_ECONFIG, "--set %s is there twice", axis.name);
    int code = name_axis(site, &axis, fault);
    if (code != LH_OK)
        return code;
    const struct lh_option *option =
        axis.kind == LH_AXIS_PLUGIN ? NULL : lh_option_find(table_of(&axis), axis.key);
    code = read_values(equals + 1, option && option->type != LH_OPTION_NUMBER, &axis, fault);
    if (code == LH_OK)
        code = check_values(&axis, fault);
    if (code == LH_OK && lh_sweep_points(sweep) * axis.count > LH_SWEEP_POINTS)
        code = lh_fail(fault, LH_ELIMIT, "--set %s: more than %d points in all", axis.name,
                       LH_SWEEP_POINTS);
    if (code != LH_OK)
        free(axis.values);
    else
        insert_axis(sweep, &axis);
    return code;
}

void lh_sweep_finish(struct lh_sweep *sweep)
{
    for (size_t i = 0; i < sweep->axis_count; i++)
        free(sweep->axes[i].values);
    *sweep = (struct lh_sweep){.axis_count = 0};
}

/* ---- points: the first axis is the slowest digit ---- */

static size_t stride_of(const struct lh_sweep *sweep, size_t axis)
{
    size_t stride = 1;
    for (size_t i = axis + 1; i < sweep->axis_count; i++)
        stride *= sweep->axes[i].count;
    return stride;
}

size_t lh_sweep_points(const struct lh_sweep *sweep)
{
    return sweep->axis_count ? stride_of(sweep, 0) * sweep->axes[0].count : 1;
}

size_t lh_sweep_points_of_rerun(const struct lh_sweep *sweep)
{
    size_t points = 1;
    for (size_t i = 0; i < sweep->axis_count; i++)
        if (sweep->axes[i].kind < LH_AXIS_PLUGIN)
            points *= sweep->axes[i].count;
    return points;
}

size_t lh_sweep_step(const struct lh_sweep *sweep, size_t point, size_t axis)
{
    return point / stride_of(sweep, axis) % sweep->axes[axis].count;
}

double lh_sweep_value(const struct lh_sweep *sweep, size_t point, size_t axis)
{
    return sweep->axes[axis].values[lh_sweep_step(sweep, point, axis)];
}

size_t lh_sweep_move(const struct lh_sweep *sweep, size_t point, size_t axis, size_t step)
{
    const size_t stride = stride_of(sweep, axis);
    return point - lh_sweep_step(sweep, point, axis) * stride + step * stride;
}

/* ---- into a site ---- */

static int set_plugin_value(struct lh_detector_config *detector, const char *key, double value,
                            struct lh_fault *fault)
{
    char text[32];
    write_value(value, text);
    char *copy = strdup(text);
    if (!copy)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    for (size_t i = 0; i < detector->setting_count; i++)
        if (strcmp(detector->settings[i].name, key) == 0) {
            free(detector->settings[i].value);
            detector->settings[i].value = copy;
            return LH_OK;
        }
    struct lh_setting_text *settings =
        realloc(detector->settings, (detector->setting_count + 1) * sizeof *settings);
    char *name = strdup(key);
    if (settings)
        detector->settings = settings;
    if (!settings || !name) {
        free(copy);
        free(name);
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    settings[detector->setting_count++] = (struct lh_setting_text){.name = name, .value = copy};
    return LH_OK;
}

static double lowest(const struct lh_axis *axis)
{
    double least = axis->values[0];
    for (size_t i = 1; i < axis->count; i++)
        least = fmin(least, axis->values[i]);
    return least;
}

int lh_sweep_apply_rerun(const struct lh_sweep *sweep, size_t point, struct lh_site *site,
                         struct lh_fault *fault)
{
    int code = LH_OK;
    for (size_t i = 0; i < sweep->axis_count && code == LH_OK; i++) {
        const struct lh_axis *axis = &sweep->axes[i];
        const double value = lh_sweep_value(sweep, point, i);
        if (axis->kind == LH_AXIS_MIN_SCORE)
            code = set_option(axis, lowest(axis), &site->detectors[axis->detector], fault);
        else if (axis->kind == LH_AXIS_CAMERA)
            code = set_option(axis, value, &site->camera_defaults, fault);
        else if (axis->kind == LH_AXIS_PLUGIN)
            code = set_plugin_value(&site->detectors[axis->detector], axis->key, value, fault);
    }
    return code;
}

static double number_at(const struct lh_option *option, const void *target)
{
    const void *slot = (const char *)target + option->offset;
    if (option->type == LH_OPTION_NUMBER)
        return *(const double *)slot;
    if (option->type == LH_OPTION_PIXELS)
        return *(const uint32_t *)slot;
    return *(const int *)slot;
}

static int check_order(const struct lh_option_table *table, const void *target,
                       struct lh_fault *fault)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct lh_option *low = &table->rows[i];
        const struct lh_option *high =
            low->not_above ? lh_option_find(table, low->not_above) : NULL;
        if (high && number_at(low, target) > number_at(high, target))
            return lh_fail(fault, LH_ERANGE, "%s above %s", low->name, high->name);
    }
    return LH_OK;
}

int lh_sweep_apply(const struct lh_sweep *sweep, size_t point, struct lh_site *site,
                   struct lh_fault *fault)
{
    int code = LH_OK;
    for (size_t i = 0; i < sweep->axis_count && code == LH_OK; i++) {
        const struct lh_axis *axis = &sweep->axes[i];
        const double value = lh_sweep_value(sweep, point, i);
        if (axis->kind == LH_AXIS_TRACKS)
            code = set_option(axis, value, &site->tracks, fault);
        else if (axis->kind == LH_AXIS_FUSION)
            code = set_option(axis, value, &site->fusion, fault);
    }
    if (code == LH_OK)
        code = check_order(section("tracks"), &site->tracks, fault);
    if (code == LH_OK)
        code = check_order(section("fusion"), &site->fusion, fault);
    return code;
}

void lh_sweep_min_scores(const struct lh_sweep *sweep, size_t point, const struct lh_site *site,
                         double ret_scores[LH_MAX_DETECTORS])
{
    for (size_t i = 0; i < LH_MAX_DETECTORS; i++)
        ret_scores[i] = i < site->detector_count ? site->detectors[i].min_score : 0;
    for (size_t i = 0; i < sweep->axis_count; i++)
        if (sweep->axes[i].kind == LH_AXIS_MIN_SCORE && sweep->axes[i].detector < LH_MAX_DETECTORS)
            ret_scores[sweep->axes[i].detector] = lh_sweep_value(sweep, point, i);
}
