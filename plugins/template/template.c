/* A complete Linhuo detector to copy and change.
 *
 * What it does: it remembers how bright every cell of 8 x 8 pixels usually is and reports the largest
 * connected group of cells that have become clearly brighter. That is the simplest thing that
 * honestly answers to a fire at night. It also answers to headlights and to a cloud edge in the
 * sun: a place to start from, not a fire detector.
 *
 * How to make it yours
 *   1. cp template.c my_detector.c, put linhuo_detector.h beside it.
 *   2. Change NAME below to "my_detector". File and name must agree.
 *   3. cc -shared -fPIC -O2 -I. -o my_detector.so my_detector.c
 *   4. Name it in the site file:  detectors: [{plugin: /path/to/my_detector.so}]
 *      and ask `linhuo check SITE.yaml` and `linhuo plugins SITE.yaml` what they think of it.
 *
 * What to keep in mind
 *   - Everything remembered lives in struct state, one for each camera: no globals.
 *   - Time is picture->capture_utc_us. Never ask the machine for the time, nor for random numbers: the
 *     same pictures must give the same finds, or recorded footage cannot be judged.
 *   - The picture is lent until detect() returns.
 *   - Whatever goes wrong: host->fail() with one sentence, return non-zero, go on with the next picture.
 *   - C++ is fine too: mark the exported function extern "C" and let no exception leave it.
 */
#include "linhuo_detector.h"

#include <stdlib.h>

#define NAME "template"

#define CELL_PX 8
#define MAX_SIDE_PX 640 /* asked for in open(): larger pictures arrive scaled down */
#define MAX_CELLS ((MAX_SIDE_PX / CELL_PX) * (MAX_SIDE_PX / CELL_PX))

/* The settings, as users write them in the site file and as values[] in open() brings them, in this order. */
enum { SETTING_STEP, SETTING_MIN_CELLS, SETTING_MEMORY_S, SETTING_COUNT };

static const struct linhuo_setting settings[SETTING_COUNT] = {
    {.name = "step",
     .type = LINHUO_NUMBER,
     .fallback = "60",
     .minimum = 1,
     .maximum = 255,
     .help = "how much brighter than usual a cell must be, in grey levels of 255"},
    {.name = "min_cells",
     .type = LINHUO_INTEGER,
     .fallback = "2",
     .minimum = 1,
     .maximum = 1000,
     .help = "the fewest cells of 8 x 8 pixels worth reporting"},
    {.name = "memory_s",
     .type = LINHUO_NUMBER,
     .fallback = "120",
     .minimum = 1,
     .maximum = 86400,
     .help = "seconds in which the usual brightness follows a change by two thirds"},
};

/* What is known about one camera. */
struct state {
    const struct linhuo_host *host; /* lent until close() */
    double step;
    int min_cells;
    double memory_s;
    int64_t last_utc_us;
    int columns; /* 0: nothing remembered yet */
    int rows;
    float usual[MAX_CELLS];
    float now[MAX_CELLS];
    unsigned char marked[MAX_CELLS];
    int stack[MAX_CELLS];
};

/* A group of marked cells. */
struct group {
    int cells;
    int left, top, right, bottom; /* in cells, right and bottom behind the last one */
    float excess;                 /* sum over its cells of how much brighter they are */
};

static int detector_open(const struct linhuo_host *host, const struct linhuo_open *arguments,
                         struct linhuo_want *want, void **ret_state)
{
    struct state *state = (struct state *)calloc(1, sizeof *state);
    if (!state) {
        host->fail(host->context, "out of memory");
        return -1;
    }
    state->host = host;
    state->step = arguments->values[SETTING_STEP].number;
    state->min_cells = (int)arguments->values[SETTING_MIN_CELLS].number;
    state->memory_s = arguments->values[SETTING_MEMORY_S].number;
    want->format = LINHUO_GRAY8;
    want->max_width_px = MAX_SIDE_PX;
    want->max_height_px = MAX_SIDE_PX;
    *ret_state = state;
    return 0;
}

static void detector_close(void *context)
{
    free(context);
}

/* The camera turned, changed its size, or its time jumped: the background no longer fits. */
static void detector_reset(void *context)
{
    struct state *state = (struct state *)context;
    state->columns = 0;
}

static void measure(struct state *state, const struct linhuo_picture *picture)
{
    for (int row = 0; row < state->rows; row++) {
        for (int column = 0; column < state->columns; column++) {
            long sum = 0;
            for (int y = 0; y < CELL_PX; y++) {
                const uint8_t *pixel = picture->plane[0] +
                                       (ptrdiff_t)(row * CELL_PX + y) * picture->stride[0] +
                                       (ptrdiff_t)column * CELL_PX;
                for (int x = 0; x < CELL_PX; x++)
                    sum += pixel[x];
            }
            state->now[row * state->columns + column] = (float)sum / (CELL_PX * CELL_PX);
        }
    }
}

/* Takes the group that cell belongs to off the marks. The stack holds every cell at most once. */
static struct group take_group(struct state *state, int cell)
{
    struct group group = {0, state->columns, state->rows, 0, 0, 0.0F};
    int depth = 0;
    state->stack[depth++] = cell;
    state->marked[cell] = 0;
    while (depth > 0) {
        const int at = state->stack[--depth];
        const int column = at % state->columns;
        const int row = at / state->columns;
        group.cells++;
        group.excess += state->now[at] - state->usual[at];
        group.left = column < group.left ? column : group.left;
        group.top = row < group.top ? row : group.top;
        group.right = column + 1 > group.right ? column + 1 : group.right;
        group.bottom = row + 1 > group.bottom ? row + 1 : group.bottom;
        const int neighbours[4] = {
            column > 0 ? at - 1 : -1, column + 1 < state->columns ? at + 1 : -1,
            row > 0 ? at - state->columns : -1, row + 1 < state->rows ? at + state->columns : -1};
        for (int i = 0; i < 4; i++) {
            if (neighbours[i] >= 0 && state->marked[neighbours[i]]) {
                state->marked[neighbours[i]] = 0;
                state->stack[depth++] = neighbours[i];
            }
        }
    }
    return group;
}

static struct group find_largest(struct state *state)
{
    struct group largest = {0, 0, 0, 0, 0, 0.0F};
    const int cells = state->columns * state->rows;
    for (int i = 0; i < cells; i++)
        state->marked[i] = (double)(state->now[i] - state->usual[i]) >= state->step;
    for (int i = 0; i < cells; i++) {
        if (!state->marked[i])
            continue;
        const struct group group = take_group(state, i);
        if (group.cells > largest.cells)
            largest = group;
    }
    return largest;
}

/* Follows slow change (daylight) by the share that the time since the last picture allows. */
static void remember(struct state *state, int64_t utc_us)
{
    const double passed_s = (double)(utc_us - state->last_utc_us) / 1e6;
    const float share = (float)(passed_s / (passed_s + state->memory_s));
    for (int i = 0; i < state->columns * state->rows; i++)
        state->usual[i] += share * (state->now[i] - state->usual[i]);
    state->last_utc_us = utc_us;
}

static int detector_detect(void *context, const struct linhuo_picture *picture, linhuo_emit_fn emit,
                           void *sink)
{
    struct state *state = (struct state *)context;
    const int first = state->columns == 0;
    state->columns = (int)(picture->width_px / CELL_PX);
    state->rows = (int)(picture->height_px / CELL_PX);
    if (state->columns == 0 || state->rows == 0 || state->columns * state->rows > MAX_CELLS) {
        state->columns = 0;
        state->host->fail(state->host->context, "the picture is smaller than 8 x 8 pixels");
        return -1;
    }
    measure(state, picture);
    if (first) {
        for (int i = 0; i < state->columns * state->rows; i++)
            state->usual[i] = state->now[i];
        state->last_utc_us = picture->capture_utc_us;
        return 0;
    }
    const struct group group = find_largest(state);
    remember(state, picture->capture_utc_us);
    if (group.cells < state->min_cells)
        return 0;
    /* A score must be an honest order, 0 to 1; this one grows with the mean excess of brightness. */
    const float score = group.excess / (float)group.cells / 255.0F;
    struct linhuo_find find = {0};
    find.struct_size = sizeof find;
    find.kind = LINHUO_FLAME;
    find.x_px = (float)(group.left * CELL_PX);
    find.y_px = (float)(group.top * CELL_PX);
    find.width_px = (float)((group.right - group.left) * CELL_PX);
    find.height_px = (float)((group.bottom - group.top) * CELL_PX);
    find.score = score;
    (void)emit(sink, &find);
    return 0;
}

static const struct linhuo_detector detector = {
    .struct_size = sizeof(struct linhuo_detector),
    .abi = LINHUO_DETECTOR_ABI,
    .name = NAME,
    .version = "1.0",
    .summary = "an example to copy: the largest patch that became much brighter",
    .licence = "Apache-2.0",
    .kinds = 1U << (LINHUO_FLAME - 1),
    .setting_size = sizeof(struct linhuo_setting),
    .settings = settings,
    .setting_count = SETTING_COUNT,
    .open = detector_open,
    .detect = detector_detect,
    .close = detector_close,
    .reset = detector_reset,
};

LINHUO_EXPORT const struct linhuo_detector *linhuo_detector_v1(void)
{
    return &detector;
}
