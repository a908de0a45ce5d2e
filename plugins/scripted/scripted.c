/* A detector that finds what a script says, for tests, drills and demonstrations of what lies behind.
 *
 * The setting `script` names a text file. A line is empty, begins with '#', or is one of
 *
 *   camera ID               lines below are for this camera only; "camera *" for all again
 *   open_fails TEXT         open() fails with this reason
 *   WHEN ACTION ...
 *
 * WHEN says for which pictures:
 *   *                       every one
 *   12   12-20   12-        by the camera's own number of the picture
 *   @5   @5-9.5   @5-       by seconds since the first picture shown; "@5" is the first one from then
 *
 * ACTION:
 *   smoke X Y W H SCORE [to X Y W H]    a box in shares of the picture, moving and growing evenly
 *   flame X Y W H SCORE [to X Y W H]    from the first to the last picture of WHEN where "to" is given
 *   many N                  N small boxes of smoke, side by side
 *   nan, infinite, empty, outside, unknown_kind, old_struct     finds that the engine must refuse
 *   fail TEXT               detect() fails with this reason
 *   sleep MS                detect() takes so much longer
 *   log TEXT                one line in the log
 */
#define _POSIX_C_SOURCE 200809L

#include "linhuo_detector.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINE_BYTES 512
#define TEXT_BYTES 200
#define MAX_RULES 4096
#define MAX_MANY 100000

enum action {
    ACTION_SMOKE,
    ACTION_FLAME,
    ACTION_MANY,
    ACTION_NAN,
    ACTION_INFINITE,
    ACTION_EMPTY,
    ACTION_OUTSIDE,
    ACTION_UNKNOWN_KIND,
    ACTION_OLD_STRUCT,
    ACTION_FAIL,
    ACTION_SLEEP,
    ACTION_LOG,
    ACTION_COUNT,
};

static const char *const action_names[ACTION_COUNT] = {
    "smoke",   "flame",        "many",       "nan",  "infinite", "empty",
    "outside", "unknown_kind", "old_struct", "fail", "sleep",    "log",
};

struct box {
    double x;
    double y;
    double width;
    double height;
};

struct rule {
    bool timed; /* from and to are seconds, else numbers */
    bool once;  /* "@5": the first picture from then */
    bool done;
    double from;
    double to;
    enum action action;
    struct box box;
    struct box end_box;
    double score;
    double amount; /* of many and sleep */
    char text[TEXT_BYTES];
};

struct state {
    const struct linhuo_host *host;
    struct rule *rules;
    size_t count;
    int64_t first_utc_us;
    bool started;
};

struct reader {
    const struct linhuo_host *host;
    const struct linhuo_open *arguments;
    struct state *state;
    const char *path;
    unsigned line;
    bool other_camera;
};

static int refuse(const struct reader *reader, const char *what)
{
    char text[400];
    (void)snprintf(text, sizeof text, "%.200s:%u: %s", reader->path, reader->line, what);
    reader->host->fail(reader->host->context, text);
    return -1;
}

/* Takes the next word off *rest; "" at the end of the line. */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    char *end = word + strcspn(word, " \t");
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

static bool read_number(const char *word, double *ret_number)
{
    char *end = NULL;
    const double number = strtod(word, &end);
    if (end == word || *end != '\0' || !isfinite(number))
        return false;
    *ret_number = number;
    return true;
}

static bool read_box(char **rest, struct box *ret_box)
{
    return read_number(next_word(rest), &ret_box->x) && read_number(next_word(rest), &ret_box->y) &&
           read_number(next_word(rest), &ret_box->width) &&
           read_number(next_word(rest), &ret_box->height);
}

static bool read_when(char *word, struct rule *rule)
{
    rule->to = HUGE_VAL;
    if (strcmp(word, "*") == 0)
        return true;
    rule->timed = word[0] == '@';
    if (rule->timed)
        word++;
    char *dash = strchr(word, '-');
    if (dash)
        *dash = '\0';
    if (!read_number(word, &rule->from))
        return false;
    if (!dash && rule->timed)
        rule->once = true;
    else if (!dash)
        rule->to = rule->from;
    else if (dash[1] != '\0' && !read_number(dash + 1, &rule->to))
        return false;
    return rule->to >= rule->from;
}

static bool read_action(const char *word, enum action *ret_action)
{
    for (int i = 0; i < ACTION_COUNT; i++) {
        if (strcmp(word, action_names[i]) == 0) {
            *ret_action = (enum action)i;
            return true;
        }
    }
    return false;
}

static int read_find(struct reader *reader, char **rest, struct rule *rule)
{
    if (!read_box(rest, &rule->box) || !read_number(next_word(rest), &rule->score))
        return refuse(reader, "wants X Y W H SCORE after the kind");
    rule->end_box = rule->box;
    const char *word = next_word(rest);
    if (word[0] == '\0')
        return 0;
    if (strcmp(word, "to") != 0 || !read_box(rest, &rule->end_box) || !isfinite(rule->to))
        return refuse(reader, "wants \"to X Y W H\" after the score, and an end of WHEN");
    return 0;
}

static int read_rule(struct reader *reader, char *word, char **rest, struct rule *rule)
{
    if (!read_when(word, rule))
        return refuse(reader, "wants *, N, N-M, N-, @S, @S-S or @S- at its beginning");
    if (!read_action(next_word(rest), &rule->action))
        return refuse(reader, "names no action of the scripted detector");
    switch (rule->action) {
    case ACTION_SMOKE:
    case ACTION_FLAME:
        return read_find(reader, rest, rule);
    case ACTION_MANY:
    case ACTION_SLEEP:
        if (!read_number(next_word(rest), &rule->amount) || rule->amount < 0 ||
            rule->amount > MAX_MANY)
            return refuse(reader, "wants a number of at most 100000 after the action");
        return 0;
    default:
        (void)snprintf(rule->text, sizeof rule->text, "%s", *rest + strspn(*rest, " \t"));
        return 0;
    }
}

static int read_line(struct reader *reader, char *line)
{
    line[strcspn(line, "\r\n")] = '\0';
    char *rest = line;
    char *word = next_word(&rest);
    if (word[0] == '\0' || word[0] == '#')
        return 0;
    if (strcmp(word, "camera") == 0) {
        const char *id = next_word(&rest);
        reader->other_camera = strcmp(id, "*") != 0 && strcmp(id, reader->arguments->camera) != 0;
        return 0;
    }
    if (reader->other_camera)
        return 0;
    if (strcmp(word, "open_fails") == 0)
        return refuse(reader, rest);
    struct state *state = reader->state;
    if (state->count == MAX_RULES)
        return refuse(reader, "is beyond the limit of 4096 lines");
    return read_rule(reader, word, &rest, &state->rules[state->count++]);
}

static int read_script(struct reader *reader)
{
    char line[LINE_BYTES];
    int result = 0;
    FILE *file = fopen(reader->path, "r");
    if (!file)
        return refuse(reader, "the script cannot be read; check the setting `script`");
    while (result == 0 && fgets(line, sizeof line, file)) {
        reader->line++;
        if (!strchr(line, '\n') && !feof(file))
            result = refuse(reader, "is longer than 510 bytes");
        else
            result = read_line(reader, line);
    }
    if (result == 0 && ferror(file))
        result = refuse(reader, "the script cannot be read to its end");
    (void)fclose(file);
    return result;
}

static void scripted_close(void *context)
{
    struct state *state = context;
    if (!state)
        return;
    free(state->rules);
    free(state);
}

static int scripted_open(const struct linhuo_host *host, const struct linhuo_open *arguments,
                         struct linhuo_want *want, void **ret_state)
{
    struct state *state = calloc(1, sizeof *state);
    if (state)
        state->rules = calloc(MAX_RULES, sizeof *state->rules);
    if (!state || !state->rules) {
        host->fail(host->context, "out of memory");
        scripted_close(state);
        return -1;
    }
    state->host = host;
    struct reader reader = {
        .host = host, .arguments = arguments, .state = state, .path = arguments->values[0].text};
    if (read_script(&reader) != 0) {
        scripted_close(state);
        return -1;
    }
    /* The least work for the engine: it does not look at the pixels. */
    want->format = LINHUO_GRAY8;
    want->max_width_px = 320;
    want->max_height_px = 320;
    *ret_state = state;
    return 0;
}

static bool applies(struct rule *rule, const struct linhuo_picture *picture, double seconds)
{
    const double at = rule->timed ? seconds : (double)picture->number;
    if (at < rule->from || at > rule->to || rule->done)
        return false;
    rule->done = rule->once;
    return true;
}

static double between(double from, double to, double share)
{
    return from + share * (to - from);
}

static int emit_box(const struct rule *rule, double at, const struct linhuo_picture *picture,
                    linhuo_emit_fn emit, void *sink)
{
    const double length = rule->to - rule->from;
    const double share = isfinite(length) && length > 0 ? (at - rule->from) / length : 0.0;
    const struct box *a = &rule->box;
    const struct box *b = &rule->end_box;
    const double width = picture->width_px;
    const double height = picture->height_px;
    const struct linhuo_find find = {
        .struct_size = sizeof find,
        .kind = rule->action == ACTION_FLAME ? LINHUO_FLAME : LINHUO_SMOKE,
        .x_px = (float)(between(a->x, b->x, share) * width),
        .y_px = (float)(between(a->y, b->y, share) * height),
        .width_px = (float)(between(a->width, b->width, share) * width),
        .height_px = (float)(between(a->height, b->height, share) * height),
        .score = (float)rule->score,
    };
    return emit(sink, &find);
}

static void emit_many(const struct rule *rule, const struct linhuo_picture *picture,
                      linhuo_emit_fn emit, void *sink)
{
    const double side = 1.0 / 64.0;
    for (long i = 0; i < (long)rule->amount; i++) {
        const struct linhuo_find find = {
            .struct_size = sizeof find,
            .kind = LINHUO_SMOKE,
            .x_px = (float)((double)(i % 64) * side * picture->width_px),
            .y_px = (float)((double)(i / 64 % 64) * side * picture->height_px),
            .width_px = (float)(side / 2.0 * picture->width_px),
            .height_px = (float)(side / 2.0 * picture->height_px),
            .score = 0.9F,
        };
        if (emit(sink, &find) != 0)
            return;
    }
}

static void emit_wrong(enum action action, const struct linhuo_picture *picture,
                       linhuo_emit_fn emit, void *sink)
{
    struct linhuo_find find = {.struct_size = sizeof find,
                               .kind = LINHUO_SMOKE,
                               .width_px = 10.0F,
                               .height_px = 10.0F,
                               .score = 0.9F};
    if (action == ACTION_NAN)
        find.x_px = (float)NAN;
    else if (action == ACTION_INFINITE)
        find.width_px = (float)INFINITY;
    else if (action == ACTION_EMPTY)
        find.height_px = 0.0F;
    else if (action == ACTION_OUTSIDE)
        find.x_px = (float)picture->width_px + 1.0F;
    else if (action == ACTION_UNKNOWN_KIND)
        find.kind = 77;
    else
        find.struct_size = 4;
    (void)emit(sink, &find);
}

static void pause_ms(double milliseconds)
{
    struct timespec left = {.tv_sec = (time_t)(milliseconds / 1000.0)};
    left.tv_nsec = (long)((milliseconds - (double)left.tv_sec * 1000.0) * 1e6);
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

static int run_rule(struct state *state, const struct rule *rule, double seconds,
                    const struct linhuo_picture *picture, linhuo_emit_fn emit, void *sink)
{
    switch (rule->action) {
    case ACTION_SMOKE:
    case ACTION_FLAME:
        (void)emit_box(rule, rule->timed ? seconds : (double)picture->number, picture, emit, sink);
        return 0;
    case ACTION_MANY:
        emit_many(rule, picture, emit, sink);
        return 0;
    case ACTION_FAIL:
        state->host->fail(state->host->context, rule->text);
        return -1;
    case ACTION_SLEEP:
        pause_ms(rule->amount);
        return 0;
    case ACTION_LOG:
        state->host->log(state->host->context, LINHUO_LOG_INFO, rule->text);
        return 0;
    default:
        emit_wrong(rule->action, picture, emit, sink);
        return 0;
    }
}

static int scripted_detect(void *context, const struct linhuo_picture *picture, linhuo_emit_fn emit,
                           void *sink)
{
    struct state *state = context;
    int result = 0;
    if (!state->started)
        state->first_utc_us = picture->capture_utc_us;
    state->started = true;
    const double seconds = (double)(picture->capture_utc_us - state->first_utc_us) / 1e6;
    for (size_t i = 0; i < state->count && result == 0; i++)
        if (applies(&state->rules[i], picture, seconds))
            result = run_rule(state, &state->rules[i], seconds, picture, emit, sink);
    return result;
}

LINHUO_EXPORT const struct linhuo_detector *linhuo_detector_v1(void)
{
    static const struct linhuo_setting settings[] = {
        {.name = "script",
         .type = LINHUO_PATH,
         .help = "the file that says what is found when; its lines are described in scripted.c"},
    };
    static const struct linhuo_detector detector = {
        .struct_size = sizeof detector,
        .abi = LINHUO_DETECTOR_ABI,
        .name = "scripted",
        .version = "1.0",
        .summary = "finds what a script says, for tests and drills; looks at no pixel",
        .licence = "Apache-2.0",
        .kinds = 3,
        .setting_size = sizeof settings[0],
        .settings = settings,
        .setting_count = sizeof settings / sizeof settings[0],
        .open = scripted_open,
        .detect = scripted_detect,
        .close = scripted_close,
    };
    return &detector;
}
