#include "judge/report.h"

#include "alarm/json.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#define NAMES_TOLD 8

const char *lh_duration_text(double seconds, char text[LH_DURATION_TEXT])
{
    if (!isfinite(seconds) || fabs(seconds) > 1e9) {
        (void)snprintf(text, LH_DURATION_TEXT, "-");
        return text;
    }
    const char *sign = seconds < 0 ? "-" : "";
    const double size = fabs(seconds);
    const long whole = lround(size);
    if (whole < 10)
        (void)snprintf(text, LH_DURATION_TEXT, "%s%.1f s", sign, size);
    else if (whole < 60)
        (void)snprintf(text, LH_DURATION_TEXT, "%s%ld s", sign, whole);
    else if (whole < 3600)
        (void)snprintf(text, LH_DURATION_TEXT, "%s%ld min %02ld s", sign, whole / 60, whole % 60);
    else if (whole < 86400)
        (void)snprintf(text, LH_DURATION_TEXT, "%s%ld h %02ld min", sign, whole / 3600,
                       whole % 3600 / 60);
    else
        (void)snprintf(text, LH_DURATION_TEXT, "%s%ld d %02ld h", sign, whole / 86400,
                       whole % 86400 / 3600);
    return text;
}

/* ---- text ---- */

static void print_clip(const struct lh_case *item, const struct lh_outcome *outcome, FILE *out)
{
    char delay[LH_DURATION_TEXT];
    char watched[LH_DURATION_TEXT];
    const char *what = !item->label->fire      ? "no fire"
                       : !outcome->found       ? "MISSED"
                       : outcome->by_time_only ? "found*"
                                               : "found";
    const bool said = item->label->fire && item->label->visibility != LH_VISIBILITY_UNSAID;
    (void)fprintf(out, "%-36.36s %-8s %-8s %-13s %6zu %6zu   %s\n", item->label->file,
                  said ? lh_visibility_name(item->label->visibility) : "-", what,
                  lh_duration_text(outcome->delay_s, delay), outcome->alarms, outcome->false_alarms,
                  lh_duration_text(outcome->watched_s, watched));
    if (item->fault)
        (void)fprintf(out, "  not read whole: %s\n", item->fault);
}

static void print_figures(const char *name, const struct lh_figures *figures, FILE *out)
{
    char mean[LH_DURATION_TEXT];
    char median[LH_DURATION_TEXT];
    char rate[32] = "-";
    if (figures->clips == 0)
        return;
    if (isfinite(figures->false_alarms_per_camera_day))
        (void)snprintf(rate, sizeof rate, "%.2f", figures->false_alarms_per_camera_day);
    (void)fprintf(out, "%-16s %5zu %6zu %6zu %7zu %13s %13s %7zu %6zu %12.2f %9s\n", name,
                  figures->clips, figures->events, figures->found, figures->missed,
                  lh_duration_text(figures->delay_mean_s, mean),
                  lh_duration_text(figures->delay_median_s, median),
                  figures->alarms_before_ignition, figures->false_alarms, figures->camera_days,
                  rate);
}

static void print_names(const char *what, const char *const *names, size_t count, FILE *out)
{
    if (count == 0)
        return;
    (void)fprintf(out, "%s:", what);
    for (size_t i = 0; i < count && i < NAMES_TOLD; i++)
        (void)fprintf(out, "%s %s", i ? "," : "", names[i]);
    if (count > NAMES_TOLD)
        (void)fprintf(out, " and %zu more", count - NAMES_TOLD);
    (void)fputs("\n", out);
}

static void print_notes(const struct lh_report *report, FILE *out)
{
    const struct lh_figures *total = &report->judgement->total;
    (void)fputs(
        "\nfalse alarm: raised on a clip without fire, before ignition, or off the labelled "
        "place\ncamera-days: watched time without fire; gaps of more than an hour do not "
        "count\n",
        out);
    if (total->found_by_time_only > 0) {
        (void)fprintf(
            out,
            "* %zu of %zu found by time only: where the smoke is was not labelled, so look "
            "whether the alarm is on it",
            total->found_by_time_only, total->found);
        (void)fprintf(out, report->sheet ? ": %s\n" : " (--sheet FILE.png shows them)\n",
                      report->sheet ? report->sheet : "");
    }
    print_names("not given", report->not_given, report->not_given_count, out);
    print_names("without a label, not counted", report->unlabelled, report->unlabelled_count, out);
}

int lh_report_text(const struct lh_report *report, FILE *out)
{
    const struct lh_judgement *judgement = report->judgement;
    (void)fprintf(out, "%-36s %-8s %-8s %-13s %6s %6s   %s\n", "clip", "visible", "outcome",
                  "delay", "alarms", "false", "watched");
    for (size_t i = 0; i < judgement->clip_count; i++)
        print_clip(&report->cases[i], &judgement->clips[i], out);
    (void)fprintf(out, "\n%-16s %5s %6s %6s %7s %13s %13s %7s %6s %12s %9s\n", "", "clips",
                  "events", "found", "missed", "delay mean", "median", "before", "false",
                  "camera-days", "a day");
    for (int v = 0; v < LH_VISIBILITIES; v++)
        if (v != LH_VISIBILITY_FAINT)
            print_figures(lh_visibility_name((enum lh_visibility)v), &judgement->by_visibility[v],
                          out);
    print_figures("all but faint", &judgement->without_faint, out);
    print_figures("faint", &judgement->by_visibility[LH_VISIBILITY_FAINT], out);
    print_figures("no fire", &judgement->no_fire, out);
    print_figures("total", &judgement->total, out);
    print_notes(report, out);
    return ferror(out) ? LH_EIO : LH_OK;
}

/* ---- JSON ---- */

static json_t *number_or_null(double value)
{
    return isfinite(value) ? lh_json_number(value) : json_null();
}

json_t *lh_figures_json(const struct lh_figures *figures)
{
    json_t *object = json_object();
    const struct {
        const char *key;
        json_t *value;
    } rows[] = {
        {"clips", lh_json_count(figures->clips)},
        {"events", lh_json_count(figures->events)},
        {"found", lh_json_count(figures->found)},
        {"missed", lh_json_count(figures->missed)},
        {"found_by_time_only", lh_json_count(figures->found_by_time_only)},
        {"delay_mean_s", number_or_null(figures->delay_mean_s)},
        {"delay_median_s", number_or_null(figures->delay_median_s)},
        {"alarms", lh_json_count(figures->alarms)},
        {"alarms_before_ignition", lh_json_count(figures->alarms_before_ignition)},
        {"alarms_off_place", lh_json_count(figures->alarms_off_place)},
        {"false_alarms", lh_json_count(figures->false_alarms)},
        {"camera_days", lh_json_number(figures->camera_days)},
        {"false_alarms_per_camera_day", number_or_null(figures->false_alarms_per_camera_day)},
    };
    int bad = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        bad |= json_object_set_new(object, rows[i].key, rows[i].value);
    if (!bad)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *charge_json(const struct lh_charge *charge)
{
    static const char *const placings[] = {
        [LH_PLACING_UNKNOWN] = "unknown", [LH_PLACING_ON] = "on", [LH_PLACING_OFF] = "off"};
    json_t *box = json_array();
    int bad = json_array_append_new(box, lh_json_number((double)charge->box.x));
    bad |= json_array_append_new(box, lh_json_number((double)charge->box.y));
    bad |= json_array_append_new(box, lh_json_number((double)charge->box.width));
    bad |= json_array_append_new(box, lh_json_number((double)charge->box.height));
    json_t *object = json_object();
    bad |= json_object_set_new(object, "time_s", lh_json_number(charge->time_s));
    bad |= json_object_set_new(object, "kind", lh_json_text(lh_kind_name(charge->kind)));
    bad |= json_object_set_new(object, "score", lh_json_number(charge->score));
    bad |= json_object_set_new(object, "box", box);
    bad |= json_object_set_new(object, "place", lh_json_text(placings[charge->placing]));
    bad |= json_object_set_new(object, "verdict", lh_json_text(lh_verdict_name(charge->verdict)));
    bad |= json_object_set_new(object, "false", json_boolean(lh_verdict_is_false(charge->verdict)));
    if (!bad)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *charges_json(const struct lh_report *report, size_t clip)
{
    json_t *array = json_array();
    int bad = 0;
    for (size_t i = 0; i < report->charge_count; i++)
        if (report->charges[i].clip == clip)
            bad |= json_array_append_new(array, charge_json(&report->charges[i]));
    if (!bad)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *clip_json(const struct lh_report *report, size_t clip)
{
    const struct lh_case *item = &report->cases[clip];
    const struct lh_label *label = item->label;
    const struct lh_outcome *outcome = &report->judgement->clips[clip];
    const bool said = label->fire && label->visibility != LH_VISIBILITY_UNSAID;
    json_t *object = json_object();
    int bad = json_object_set_new(object, "file", lh_json_text(label->file));
    bad |= json_object_set_new(object, "kind", json_string(label->fire ? "fire" : "no-fire"));
    bad |= json_object_set_new(object, "visibility",
                               said ? json_string(lh_visibility_name(label->visibility))
                                    : json_null());
    bad |= json_object_set_new(object, "ignition_s",
                               label->fire ? lh_json_number(label->ignition_s) : json_null());
    bad |= json_object_set_new(object, "found",
                               label->fire ? json_boolean(outcome->found) : json_null());
    bad |= json_object_set_new(object, "by_time_only",
                               outcome->found ? json_boolean(outcome->by_time_only) : json_null());
    bad |= json_object_set_new(object, "delay_s", number_or_null(outcome->delay_s));
    bad |= json_object_set_new(object, "alarms_before_ignition",
                               lh_json_count(outcome->before_ignition));
    bad |= json_object_set_new(object, "false_alarms", lh_json_count(outcome->false_alarms));
    bad |= json_object_set_new(object, "watched_s", lh_json_number(outcome->watched_s));
    bad |= json_object_set_new(object, "camera_days", lh_json_number(outcome->quiet_s / 86400));
    bad |= json_object_set_new(object, "pictures", lh_json_count(item->pictures));
    bad |= json_object_set_new(object, "held", lh_json_holds(item->held));
    bad |=
        json_object_set_new(object, "fault", item->fault ? lh_json_text(item->fault) : json_null());
    bad |= json_object_set_new(object, "alarms", charges_json(report, clip));
    if (!bad)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *visibilities_json(const struct lh_judgement *judgement)
{
    json_t *object = json_object();
    int bad = 0;
    for (int v = 0; v < LH_VISIBILITIES; v++)
        if (v != LH_VISIBILITY_UNSAID || judgement->by_visibility[v].clips > 0)
            bad |= json_object_set_new(object, lh_visibility_name((enum lh_visibility)v),
                                       lh_figures_json(&judgement->by_visibility[v]));
    if (!bad)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *names_json(const char *const *names, size_t count)
{
    json_t *array = json_array();
    int bad = 0;
    for (size_t i = 0; i < count; i++)
        bad |= json_array_append_new(array, lh_json_text(names[i]));
    if (!bad)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *held_json(const struct lh_report *report)
{
    uint64_t sums[LH_HOLDS] = {0};
    for (size_t i = 0; i < report->judgement->clip_count; i++)
        for (int k = 0; k < LH_HOLDS; k++)
            sums[k] += report->cases[i].held[k];
    return lh_json_holds(sums);
}

int lh_report_json(const struct lh_report *report, char **ret_json)
{
    const struct lh_judgement *judgement = report->judgement;
    json_t *clips = json_array();
    int bad = 0;
    for (size_t i = 0; i < judgement->clip_count; i++)
        bad |= json_array_append_new(clips, clip_json(report, i));
    json_t *root = json_object();
    bad |= json_object_set_new(root, "schema", json_string("linhuo/judgement/1"));
    bad |= json_object_set_new(root, "total", lh_figures_json(&judgement->total));
    bad |= json_object_set_new(root, "without_faint", lh_figures_json(&judgement->without_faint));
    bad |= json_object_set_new(root, "by_visibility", visibilities_json(judgement));
    bad |= json_object_set_new(root, "no_fire", lh_figures_json(&judgement->no_fire));
    bad |= json_object_set_new(root, "held", held_json(report));
    bad |= json_object_set_new(root, "clips", clips);
    bad |= json_object_set_new(root, "not_given",
                               names_json(report->not_given, report->not_given_count));
    bad |= json_object_set_new(root, "unlabelled",
                               names_json(report->unlabelled, report->unlabelled_count));
    if (bad) {
        json_decref(root);
        return LH_ENOMEM;
    }
    return lh_json_finish(root, ret_json);
}
