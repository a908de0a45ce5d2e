#include "tune_page.h"

#include "judge/report.h"
#include "svg_plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_SHOWN 30 /* of the front, on the terminal */
#define PAGE_ROWS 300 /* and on the page */
#define POINTS_DRAWN 20000
#define DAY_S 86400.0

static const char style[] =
    "body{font:15px/1.5 system-ui,'DejaVu Sans',sans-serif;color:#1f2429;margin:2rem "
    "auto;max-width:"
    "70rem;padding:0 1rem}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem}"
    "table{border-collapse:collapse;font-size:14px}td,th{padding:.25rem .7rem;text-align:right;"
    "border-bottom:1px solid #dde1e6}td:first-child,th:first-child{text-align:left}"
    "tr.chosen td{background:#fff3cf;font-weight:600}pre{background:#f4f6f8;padding:1rem;"
    "overflow:auto}pre.sum{white-space:pre-wrap}.grid{stroke:#e6e9ed}.tick{font-size:11px;fill:#"
    "6b7280}.name{font-size:12px;"
    "fill:#374151}.all{fill:#2563eb;fill-opacity:.35}.missing{fill:#9ca3af;fill-opacity:.35}"
    ".front{stroke:#111827;stroke-width:1.2;fill:#2563eb}.chosen{fill:#f59e0b;stroke:#111827;"
    "stroke-width:1.5}.curve{stroke:#2563eb;stroke-width:2}.row{display:flex;flex-wrap:wrap;gap:"
    "1rem}"
    ".note{color:#6b7280;font-size:14px}";

/* The few figures of one point that tables and plots show. */
struct brief {
    size_t events;
    size_t found;
    size_t false_alarms;
    double delay_s; /* NaN: none found */
    double rate;    /* NaN: no camera-days */
};

static struct brief brief_of(const struct lh_tradeoff *tradeoff, size_t point)
{
    const struct lh_outcome *row = lh_tradeoff_row(tradeoff, point);
    struct brief brief = {0};
    double delay_s = 0;
    double quiet_s = 0;
    for (size_t i = 0; i < tradeoff->case_count; i++) {
        brief.events += tradeoff->cases[i].label->fire;
        brief.found += row[i].found;
        brief.false_alarms += row[i].false_alarms;
        delay_s += row[i].found ? row[i].delay_s : 0;
        quiet_s += row[i].quiet_s;
    }
    brief.delay_s = brief.found ? delay_s / (double)brief.found : NAN;
    brief.rate = quiet_s > 0 ? (double)brief.false_alarms * DAY_S / quiet_s : NAN;
    return brief;
}

static void describe_point(const struct lh_tune_result *result, size_t point, char *text,
                           size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < result->sweep->axis_count && used < size; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s %.10g", i ? ", " : "",
                             result->sweep->axes[i].name, lh_sweep_value(result->sweep, point, i));
}

/* ---- the table ---- */

static void print_row(const struct lh_tune_result *result, size_t point, FILE *out)
{
    const struct brief brief = brief_of(&result->tuning->tradeoff, point);
    char delay[LH_DURATION_TEXT];
    char settings[512];
    describe_point(result, point, settings, sizeof settings);
    (void)fprintf(out, "%c %5zu %6zu %12s %6zu %8.2f  %s\n",
                  point == result->tuning->choice.chosen ? '*' : ' ', brief.found,
                  brief.events - brief.found, lh_duration_text(brief.delay_s, delay),
                  brief.false_alarms, brief.rate, settings);
}

static void print_front(const struct lh_tune_result *result, FILE *out)
{
    const struct lh_choice *choice = &result->tuning->choice;
    bool shown = false;
    (void)fprintf(out, "  %5s %6s %12s %6s %8s  %s\n", "found", "missed", "mean delay", "false",
                  "a day", "settings");
    for (size_t i = 0; i < choice->front_count && i < ROWS_SHOWN; i++) {
        print_row(result, choice->front[i], out);
        shown = shown || choice->front[i] == choice->chosen;
    }
    if (choice->front_count > ROWS_SHOWN)
        (void)fprintf(out, "  and %zu points more\n", choice->front_count - ROWS_SHOWN);
    if (!shown)
        print_row(result, choice->chosen, out);
}

static void print_sum(const char *what, const struct lh_judgement *judgement, FILE *out)
{
    const struct lh_figures *total = &judgement->total;
    const struct lh_figures *sure = &judgement->without_faint;
    char mean[LH_DURATION_TEXT];
    char median[LH_DURATION_TEXT];
    (void)fprintf(
        out,
        "%-9s found %zu of %zu (all but faint: %zu of %zu), delay mean %s, median %s; %zu "
        "false alarms in %.2f camera-days",
        what, total->found, total->events, sure->found, sure->events,
        lh_duration_text(total->delay_mean_s, mean),
        lh_duration_text(total->delay_median_s, median), total->false_alarms, total->camera_days);
    if (isfinite(total->false_alarms_per_camera_day))
        (void)fprintf(out, " (%.2f a day)", total->false_alarms_per_camera_day);
    (void)fputs("\n", out);
}

static void print_budget(const struct lh_tune_result *result, FILE *out)
{
    const struct lh_figures *total = &result->chosen->total;
    const double budget = result->tuning->tradeoff.budget;
    if ((double)total->false_alarms <= budget * total->camera_days)
        (void)fprintf(out, "It keeps the budget of %.2f false alarms a camera-day.\n", budget);
    else
        (void)fprintf(
            out,
            "No point keeps the budget of %.2f false alarms a camera-day, %.2f in all; this "
            "one comes nearest.\n",
            budget, budget * total->camera_days);
}

int lh_tune_table(const struct lh_tune_result *result, FILE *out)
{
    const struct lh_tuning *tuning = result->tuning;
    char settings[512];
    (void)fprintf(out,
                  "%zu points over %zu clips; footage looked at %zu time%s in %.1f s, points "
                  "tried in %.1f s\n",
                  tuning->tradeoff.point_count, tuning->tradeoff.case_count, tuning->reruns,
                  tuning->reruns == 1 ? "" : "s", tuning->recorded_s, tuning->tried_s);
    if (tuning->misfits > 0)
        (void)fprintf(out, "%zu points contradict themselves and were not tried\n",
                      tuning->misfits);
    (void)fputs("\nnothing finds more, sooner and more quietly than these:\n", out);
    print_front(result, out);
    describe_point(result, tuning->choice.chosen, settings, sizeof settings);
    (void)fprintf(out, "\n* chosen: %s\n", settings);
    print_budget(result, out);
    print_sum("chosen", result->chosen, out);
    print_sum("held out", result->held_out, out);
    (void)fputs(
        "held out: every event judged by the point that is chosen without it; expect this\n", out);
    return ferror(out) ? LH_EIO : LH_OK;
}

/* ---- the settings ---- */

static void print_section(const struct lh_tune_result *result, enum lh_axis_kind kind,
                          const char *name, FILE *out)
{
    bool begun = false;
    for (size_t i = 0; i < result->sweep->axis_count; i++) {
        const struct lh_axis *axis = &result->sweep->axes[i];
        if (axis->kind != kind)
            continue;
        if (!begun)
            (void)fprintf(out, "%s:\n", name);
        begun = true;
        (void)fprintf(out, "  %s: %.10g\n", axis->key,
                      lh_sweep_value(result->sweep, result->tuning->choice.chosen, i));
    }
}

/* As YAML in single quotes, in which only the quote itself must be doubled. */
static void print_quoted(const char *text, FILE *out)
{
    (void)fputc('\'', out);
    for (const char *c = text; *c; c++) {
        if (*c == '\'')
            (void)fputc('\'', out);
        (void)fputc(*c, out);
    }
    (void)fputc('\'', out);
}

/* The swept value of one key of one detector; NULL: not swept. */
static const struct lh_axis *axis_of(const struct lh_tune_result *result, size_t detector,
                                     enum lh_axis_kind kind, const char *key, double *ret_value)
{
    for (size_t i = 0; i < result->sweep->axis_count; i++) {
        const struct lh_axis *axis = &result->sweep->axes[i];
        if (axis->kind == kind && axis->detector == detector && strcmp(axis->key, key) == 0) {
            *ret_value = lh_sweep_value(result->sweep, result->tuning->choice.chosen, i);
            return axis;
        }
    }
    return NULL;
}

static void print_settings(const struct lh_tune_result *result, size_t detector, FILE *out)
{
    const struct lh_detector_config *config = &result->site->detectors[detector];
    double value;
    bool begun = false;
    for (size_t i = 0; i < config->setting_count; i++) {
        const struct lh_setting_text *setting = &config->settings[i];
        if (axis_of(result, detector, LH_AXIS_PLUGIN, setting->name, &value))
            continue;
        (void)fprintf(out, "%s      %s: ", begun ? "" : "    settings:\n", setting->name);
        print_quoted(setting->value, out);
        (void)fputc('\n', out);
        begun = true;
    }
    for (size_t i = 0; i < result->sweep->axis_count; i++) {
        const struct lh_axis *axis = &result->sweep->axes[i];
        if (axis->kind != LH_AXIS_PLUGIN || axis->detector != detector)
            continue;
        (void)fprintf(out, "%s      %s: %.10g\n", begun ? "" : "    settings:\n", axis->key,
                      lh_sweep_value(result->sweep, result->tuning->choice.chosen, i));
        begun = true;
    }
}

/* A list replaces the one in the site file, so it must be whole. */
static void print_detectors(const struct lh_tune_result *result, FILE *out)
{
    bool swept = false;
    for (size_t i = 0; i < result->sweep->axis_count; i++)
        swept = swept || result->sweep->axes[i].kind == LH_AXIS_MIN_SCORE ||
                result->sweep->axes[i].kind == LH_AXIS_PLUGIN;
    if (!swept)
        return;
    (void)fputs("detectors:\n", out);
    for (size_t i = 0; i < result->site->detector_count; i++) {
        const struct lh_detector_config *config = &result->site->detectors[i];
        double min_score = config->min_score;
        (void)axis_of(result, i, LH_AXIS_MIN_SCORE, "min_score", &min_score);
        (void)fprintf(out, "  - name: %s\n    plugin: ", config->name);
        print_quoted(config->plugin, out);
        (void)fprintf(out, "\n    min_score: %.10g\n", min_score);
        print_settings(result, i, out);
    }
}

int lh_tune_fragment(const struct lh_tune_result *result, FILE *out)
{
    print_section(result, LH_AXIS_TRACKS, "tracks", out);
    print_section(result, LH_AXIS_FUSION, "fusion", out);
    print_section(result, LH_AXIS_CAMERA, "camera_defaults", out);
    print_detectors(result, out);
    return ferror(out) ? LH_EIO : LH_OK;
}

/* ---- the report ---- */

static void plot_tradeoff(const struct lh_tune_result *result, FILE *out)
{
    const struct lh_tradeoff *tradeoff = &result->tuning->tradeoff;
    const struct lh_choice *choice = &result->tuning->choice;
    struct lh_plot plot = {.out = out, .width = 900, .height = 420, .x_root = true};
    size_t most_found = 0;
    for (size_t i = 0; i < tradeoff->point_count; i++) {
        const struct brief brief = brief_of(tradeoff, i);
        if (!tradeoff->fits[i])
            continue;
        plot.x_most = fmax(plot.x_most, isfinite(brief.rate) ? brief.rate : 0);
        plot.y_most = fmax(plot.y_most, isfinite(brief.delay_s) ? brief.delay_s / 60 : 0);
        most_found = brief.found > most_found ? brief.found : most_found;
    }
    plot.y_most *= 1.08;
    lh_plot_begin(&plot, "false alarms a camera-day (square-root scale)", "mean delay, minutes");
    const size_t stride = tradeoff->point_count / POINTS_DRAWN + 1;
    for (size_t i = 0; i < tradeoff->point_count + choice->front_count + 1; i++) {
        const bool plain = i < tradeoff->point_count;
        const bool chosen = i == tradeoff->point_count + choice->front_count;
        const size_t point = plain    ? i
                             : chosen ? choice->chosen
                                      : choice->front[i - tradeoff->point_count];
        if (!tradeoff->fits[point] || (plain && i % stride != 0))
            continue;
        const struct brief brief = brief_of(tradeoff, point);
        char settings[512];
        char title[640];
        describe_point(result, point, settings, sizeof settings);
        (void)snprintf(title, sizeof title, "found %zu of %zu, %zu false; %s", brief.found,
                       brief.events, brief.false_alarms, settings);
        lh_plot_point(&plot, isfinite(brief.rate) ? brief.rate : 0, brief.delay_s / 60,
                      chosen  ? 7
                      : plain ? 4
                              : 5,
                      chosen                      ? "chosen"
                      : !plain                    ? "front"
                      : brief.found == most_found ? "all"
                                                  : "missing",
                      title);
    }
    lh_plot_end(&plot);
    (void)fprintf(
        out,
        "<p class=\"note\">Blue: points that find as many events as any (%zu of %zu); grey: "
        "those that find fewer, so their delay is over easier ones. Outlined: the front. "
        "Orange: chosen.</p>\n",
        most_found, brief_of(tradeoff, choice->chosen).events);
}

enum quantity {
    FOUND,
    FALSE_ALARMS,
    DELAY,
    QUANTITIES,
};

static double quantity_of(const struct brief *brief, enum quantity quantity)
{
    return quantity == FOUND          ? (double)brief->found
           : quantity == FALSE_ALARMS ? (double)brief->false_alarms
                                      : brief->delay_s / 60;
}

/* One quantity along one setting, the others as chosen. */
static void plot_axis(const struct lh_tune_result *result, size_t axis, enum quantity quantity,
                      FILE *out)
{
    static const char *const names[] = {"events found", "false alarms", "mean delay, minutes"};
    const struct lh_sweep *sweep = result->sweep;
    const struct lh_tradeoff *tradeoff = &result->tuning->tradeoff;
    const size_t chosen = result->tuning->choice.chosen;
    const struct lh_axis *own = &sweep->axes[axis];
    struct lh_plot plot = {.out = out, .width = 340, .height = 230, .y_whole = quantity != DELAY};
    plot.x_least = fmin(own->values[0], own->values[own->count - 1]);
    plot.x_most = fmax(own->values[0], own->values[own->count - 1]);
    plot.y_most = quantity == FOUND ? (double)brief_of(tradeoff, chosen).events : 1;
    for (size_t i = 0; i < own->count; i++) {
        const size_t point = lh_sweep_move(sweep, chosen, axis, i);
        const struct brief brief = brief_of(tradeoff, point);
        const double y = tradeoff->fits[point] ? quantity_of(&brief, quantity) : NAN;
        plot.y_most = isfinite(y) ? fmax(plot.y_most, y * 1.05) : plot.y_most;
    }
    lh_plot_begin(&plot, own->name, names[quantity]);
    double last_x = NAN;
    double last_y = NAN;
    for (size_t i = 0; i < own->count; i++) {
        const size_t point = lh_sweep_move(sweep, chosen, axis, i);
        const struct brief brief = brief_of(tradeoff, point);
        const double x = own->values[i];
        const double y = tradeoff->fits[point] ? quantity_of(&brief, quantity) : NAN;
        char title[64];
        (void)snprintf(title, sizeof title, "%.10g: %.4g", x, y);
        lh_plot_line(&plot, last_x, last_y, x, y, "curve");
        lh_plot_point(&plot, x, y, point == chosen ? 6 : 3, point == chosen ? "chosen" : "front",
                      title);
        last_x = x;
        last_y = y;
    }
    lh_plot_end(&plot);
}

static void write_front(const struct lh_tune_result *result, FILE *out)
{
    const struct lh_choice *choice = &result->tuning->choice;
    (void)fputs("<table><tr><th>settings</th><th>found</th><th>missed</th><th>mean delay</th>"
                "<th>false</th><th>a camera-day</th></tr>\n",
                out);
    for (size_t i = 0; i < choice->front_count && i < PAGE_ROWS; i++) {
        const struct brief brief = brief_of(&result->tuning->tradeoff, choice->front[i]);
        char delay[LH_DURATION_TEXT];
        char settings[512];
        describe_point(result, choice->front[i], settings, sizeof settings);
        (void)fprintf(out, "<tr%s><td>",
                      choice->front[i] == choice->chosen ? " class=\"chosen\"" : "");
        lh_html_text(out, settings);
        (void)fprintf(out,
                      "</td><td>%zu</td><td>%zu</td><td>%s</td><td>%zu</td><td>%.2f</td></tr>\n",
                      brief.found, brief.events - brief.found,
                      lh_duration_text(brief.delay_s, delay), brief.false_alarms, brief.rate);
    }
    (void)fputs("</table>\n", out);
}

static const char *outcome_word(const struct lh_label *label, const struct lh_outcome *outcome)
{
    return !label->fire ? "no fire" : outcome->found ? "found" : "missed";
}

static void write_clips(const struct lh_tune_result *result, FILE *out)
{
    const struct lh_tradeoff *tradeoff = &result->tuning->tradeoff;
    (void)fputs("<table><tr><th>clip</th><th>visibility</th><th>chosen</th><th>delay</th>"
                "<th>false</th><th>held out</th><th>delay</th><th>false</th></tr>\n",
                out);
    for (size_t i = 0; i < tradeoff->case_count; i++) {
        const struct lh_label *label = tradeoff->cases[i].label;
        const struct lh_outcome *chosen = &result->chosen->clips[i];
        const struct lh_outcome *held_out = &result->held_out->clips[i];
        char delay[LH_DURATION_TEXT];
        char held_delay[LH_DURATION_TEXT];
        (void)fputs("<tr><td>", out);
        lh_html_text(out, label->file);
        (void)fprintf(out,
                      "</td><td>%s</td><td>%s</td><td>%s</td><td>%zu</td><td>%s</td><td>%s</td>"
                      "<td>%zu</td></tr>\n",
                      label->fire ? lh_visibility_name(label->visibility) : "-",
                      outcome_word(label, chosen), lh_duration_text(chosen->delay_s, delay),
                      chosen->false_alarms, outcome_word(label, held_out),
                      lh_duration_text(held_out->delay_s, held_delay), held_out->false_alarms);
    }
    (void)fputs("</table>\n", out);
}

static void write_sums(const struct lh_tune_result *result, FILE *out)
{
    (void)fputs("<pre class=\"sum\">", out);
    print_sum("chosen", result->chosen, out);
    print_sum("held out", result->held_out, out);
    print_budget(result, out);
    (void)fputs(
        "</pre><p class=\"note\">Held out: every event judged by the point that is chosen "
        "without it; that is what to expect of other footage. A false alarm is one on a clip "
        "without fire, before ignition, or off the labelled place; camera-days are watched "
        "time without fire.</p>\n",
        out);
}

int lh_tune_html(const struct lh_tune_result *result, FILE *out)
{
    const struct lh_tuning *tuning = result->tuning;
    (void)fprintf(out,
                  "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Linhuo: "
                  "tuning</title><style>%s</style></head><body>\n<h1>Tuning: %zu points over %zu "
                  "clips</h1>\n",
                  style, tuning->tradeoff.point_count, tuning->tradeoff.case_count);
    write_sums(result, out);
    (void)fputs("<h2>What is given up for what</h2>\n", out);
    plot_tradeoff(result, out);
    (void)fputs("<h2>Each setting, the others as chosen</h2>\n", out);
    for (size_t axis = 0; axis < result->sweep->axis_count; axis++) {
        (void)fputs("<div class=\"row\">\n", out);
        for (int quantity = 0; quantity < QUANTITIES; quantity++)
            plot_axis(result, axis, (enum quantity)quantity, out);
        (void)fputs("</div>\n", out);
    }
    (void)fputs("<h2>The front</h2>\n<p class=\"note\">Nothing finds more, sooner and more quietly "
                "than these.</p>\n",
                out);
    write_front(result, out);
    (void)fputs("<h2>Clip by clip</h2>\n", out);
    write_clips(result, out);
    (void)fputs("<h2>The chosen settings</h2>\n<pre>", out);
    char *fragment = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&fragment, &size);
    if (memory) {
        (void)lh_tune_fragment(result, memory);
        (void)fclose(memory);
        lh_html_text(out, fragment);
    }
    free(fragment);
    (void)fputs("</pre>\n</body></html>\n", out);
    return ferror(out) || !memory ? LH_EIO : LH_OK;
}
