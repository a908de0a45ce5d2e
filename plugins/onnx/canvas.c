#include "onnx/canvas.h"
#include "onnx/clones.h"

#include <math.h>
#include <string.h>

#define TILES_A_SIDE 8
#define MAX_WIDTH 8192

/* From one tile to the next at most, so that they overlap enough wherever they begin. */
static int tile_step(int tile, int overlap, int stride)
{
    return tile - overlap - (stride - 1) > 0 ? tile - overlap - (stride - 1) : 1;
}

static uint32_t tiled_side(int tile, int most, int overlap, int stride, double scale)
{
    const int coverable = tile + (TILES_A_SIDE - 1) * tile_step(tile, overlap, stride);
    const int wanted = (int)((most > 0 && most < coverable ? most : coverable) * scale);
    return wanted < 8 ? 8 : wanted > MAX_WIDTH ? MAX_WIDTH : (uint32_t)wanted;
}

static uint32_t free_side(int most, int multiple_of, double scale)
{
    const int wanted = (int)(most * scale) / multiple_of * multiple_of;
    return wanted < multiple_of ? (uint32_t)multiple_of : (uint32_t)wanted;
}

void onnx_canvas_want(const struct onnx_input *in, int stride, double scale, uint32_t *ret_width,
                      uint32_t *ret_height)
{
    if (in->multiple_of) {
        *ret_width = free_side(in->max_width, in->multiple_of, scale);
        *ret_height = free_side(in->max_height, in->multiple_of, scale);
    } else if (in->tiled) {
        *ret_width = tiled_side(in->width, in->max_width, in->overlap_px, stride, scale);
        *ret_height = tiled_side(in->height, in->max_height, in->overlap_px, stride, scale);
    } else {
        *ret_width = (uint32_t)in->width * (in->stretch ? 2 : 1);
        *ret_height = (uint32_t)in->height * (in->stretch ? 2 : 1);
    }
}

static int round_up(int value, int multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

/* Tiles along a side, and where the last one ends. */
static int count_tiles(int side, int tile, int overlap, int stride, int *ret_end)
{
    if (side <= tile) {
        *ret_end = tile;
        return 1;
    }
    const int step = tile_step(tile, overlap, stride);
    *ret_end = round_up(side - tile, stride) + tile;
    return (side - tile + step - 1) / step + 1;
}

static void enlarge_view(const struct onnx_input *in, struct onnx_canvas *c)
{
    const double room =
        fmin((double)in->max_width / c->picture_width, (double)in->max_height / c->picture_height);
    const double times = fmax(fmin(room, in->enlarge), 1);
    c->view_width = (int)(c->picture_width * times);
    c->view_height = (int)(c->picture_height * times);
}

int onnx_canvas_plan(const struct onnx_input *in, int stride, int width, int height,
                     struct onnx_canvas *ret_canvas, struct onnx_fault *fault)
{
    uint32_t most_width, most_height;
    onnx_canvas_want(in, stride, 1, &most_width, &most_height);
    if (width < 1 || height < 1 || (uint32_t)width > most_width || (uint32_t)height > most_height)
        return onnx_fail(fault, "shown a picture of %d x %d where at most %u x %u was asked for",
                         width, height, most_width, most_height);
    struct onnx_canvas c = {.picture_width = width,
                            .picture_height = height,
                            .view_width = in->stretch ? in->width : width,
                            .view_height = in->stretch ? in->height : height,
                            .width = in->width,
                            .height = in->height,
                            .columns = 1,
                            .rows = 1,
                            .stride = stride};
    if (in->multiple_of) {
        enlarge_view(in, &c);
        c.width = round_up(c.view_width, in->multiple_of);
        c.height = round_up(c.view_height, in->multiple_of);
    } else if (in->tiled) {
        c.columns = count_tiles(width, in->width, in->overlap_px, stride, &c.width);
        c.rows = count_tiles(height, in->height, in->overlap_px, stride, &c.height);
    } else {
        c.left = (c.width - c.view_width) / 2;
        c.top = (c.height - c.view_height) / 2;
    }
    c.window_width = in->multiple_of ? c.width : in->width;
    c.window_height = in->multiple_of ? c.height : in->height;
    *ret_canvas = c;
    return 0;
}

/* Spread evenly, beginning at multiples of the stride. */
static int window_start(int index, int count, int side, int window, int stride)
{
    return count < 2 ? 0
                     : round_up((side - window) / stride * index / (count - 1) * stride, stride);
}

void onnx_canvas_window(const struct onnx_canvas *c, int index, int *ret_x, int *ret_y)
{
    *ret_x = window_start(index % c->columns, c->columns, c->width, c->window_width, c->stride);
    *ret_y = window_start(index / c->columns, c->rows, c->height, c->window_height, c->stride);
}

ONNX_CLONES void onnx_luma_row(const uint8_t *colour, int count, enum onnx_channels order,
                               uint8_t *luma)
{
    const unsigned first = order == ONNX_BGR ? 29 : 77, last = order == ONNX_BGR ? 77 : 29;
    for (ptrdiff_t x = 0; x < count; x++)
        luma[x] = (uint8_t)((first * colour[3 * x] + 150U * colour[3 * x + 1] +
                             last * colour[3 * x + 2] + 128) >>
                            8);
}

/* What one plane gets for v: v * gain + offset. */
struct affine {
    float gain;
    float offset;
};

static struct affine affine_of(const struct onnx_input *in, int channel)
{
    return (struct affine){.gain = in->scale[channel],
                           .offset = -in->mean[channel] * in->scale[channel]};
}

ONNX_CLONES static void write_gray(const uint8_t *restrict row, int count, struct affine a,
                                   float *restrict plane)
{
    for (int x = 0; x < count; x++)
        plane[x] = (float)row[x] * a.gain + a.offset;
}

ONNX_CLONES static void write_colour(const uint8_t *restrict row, int count,
                                     const struct affine a[3], float *restrict first,
                                     float *restrict second, float *restrict third)
{
    for (ptrdiff_t x = 0; x < count; x++) {
        first[x] = (float)row[3 * x] * a[0].gain + a[0].offset;
        second[x] = (float)row[3 * x + 1] * a[1].gain + a[1].offset;
        third[x] = (float)row[3 * x + 2] * a[2].gain + a[2].offset;
    }
}

static void set_all(float *at, int count, float value)
{
    for (int x = 0; x < count; x++)
        at[x] = value;
}

/* The part of a window's row or column that the view covers. */
struct span {
    int begin;
    int end;
    int source; /* the view's coordinate at begin */
};

static struct span cover(int window, int length, int view_at, int view_length)
{
    const int begin = view_at - window > 0 ? view_at - window : 0;
    const int end = view_at + view_length - window;
    struct span span = {.begin = begin < length ? begin : length,
                        .end = end < length ? end : length};
    if (span.end < span.begin)
        span.end = span.begin;
    span.source = window + span.begin - view_at;
    return span;
}

static void fill_row(const struct onnx_view *view, const struct onnx_input *in, int frame_channels,
                     const uint8_t *row, struct span span, int length, size_t plane_size,
                     float *plane)
{
    struct affine a[3];
    uint8_t luma[MAX_WIDTH];
    const int count = span.end - span.begin;
    const bool colour = frame_channels == 3;
    for (int i = 0; i < 3; i++)
        a[i] = affine_of(in, colour ? i : in->channels == ONNX_GRAY ? 0 : 1);
    if (row && colour) {
        float *at = plane + span.begin;
        write_colour(row + (ptrdiff_t)span.source * 3, count, a, at, at + plane_size,
                     at + 2 * plane_size);
    } else if (row && view->channels == 3) {
        onnx_luma_row(row + (ptrdiff_t)span.source * 3, count, in->channels, luma);
        write_gray(luma, count, a[0], plane + span.begin);
    } else if (row) {
        write_gray(row + span.source, count, a[0], plane + span.begin);
    }
    for (int i = 0; i < 3 && i < frame_channels; i++, plane += plane_size) {
        const bool edge = in->pad_edge && count > 0;
        const float pad = in->pad * a[i].gain + a[i].offset;
        if (!row)
            set_all(plane, length, pad);
        set_all(plane, span.begin, edge ? plane[span.begin] : pad);
        set_all(plane + span.end, length - span.end, edge ? plane[span.end - 1] : pad);
    }
}

void onnx_canvas_fill(const struct onnx_canvas *c, const struct onnx_input *in,
                      const struct onnx_view *views, int x, int y, float *planes)
{
    const size_t plane_size = (size_t)c->window_width * (size_t)c->window_height;
    const struct span across = cover(x, c->window_width, c->left, c->view_width);
    const struct span down = cover(y, c->window_height, c->top, c->view_height);
    for (int frame = 0; frame < in->frame_count; frame++) {
        const struct onnx_view *view = &views[frame];
        for (int row = 0; row < c->window_height; row++) {
            int source = down.source + row - down.begin;
            const bool inside = row >= down.begin && row < down.end;
            source = source < 0 ? 0 : source >= view->height ? view->height - 1 : source;
            fill_row(view, in, in->frames[frame].channels,
                     inside || in->pad_edge ? view->pixels + source * view->stride : NULL, across,
                     c->window_width, plane_size, planes + (size_t)row * (size_t)c->window_width);
        }
        planes += plane_size * (size_t)in->frames[frame].channels;
    }
}

/* Where a pixel of the target comes from: between two of the source, in 256ths. */
struct tap {
    int first;
    int second;
    int share; /* of the second */
};

static int hold(int value, int count)
{
    return value < 0 ? 0 : value >= count ? count - 1 : value;
}

/* target pixels over length of a side of count that begin at start. */
static struct tap tap_of(int at, int target, int start, int length, int count)
{
    const int64_t place = ((2 * (int64_t)at + 1) * length * 128) / target - 128;
    const int64_t last = ((int64_t)length - 1) * 256;
    const int64_t held = place < 0 ? 0 : place > last ? last : place;
    const int first = start + (int)(held >> 8);
    return (struct tap){hold(first, count), hold(first + (held < last), count), (int)(held & 255)};
}

/* Between two rows, in 256ths of a level. */
ONNX_CLONES static void blend_rows(const uint8_t *restrict upper, const uint8_t *restrict lower,
                                   int share, int count, uint16_t *restrict row)
{
    for (int i = 0; i < count; i++)
        row[i] = (uint16_t)(upper[i] * (256 - share) + lower[i] * share);
}

static uint8_t blend(uint16_t left, uint16_t right, int share)
{
    return (uint8_t)((left * (256U - (unsigned)share) + right * (unsigned)share + (1 << 15)) >> 16);
}

void onnx_stretch(const struct onnx_view *v, const struct onnx_part *part, uint8_t *pixels,
                  int width, int height)
{
    const ptrdiff_t channels = v->channels;
    struct tap across[MAX_WIDTH] = {0};
    uint16_t row[2 * MAX_WIDTH * 3] = {0};
    for (int x = 0; x < width; x++)
        across[x] = tap_of(x, width, part->left, part->width, v->width);
    const ptrdiff_t begin = across[0].first * channels;
    const ptrdiff_t end = (across[width - 1].second + 1) * channels;
    for (int y = 0; y < height; y++) {
        const struct tap down = tap_of(y, height, part->top, part->height, v->height);
        blend_rows(v->pixels + down.first * v->stride + begin,
                   v->pixels + down.second * v->stride + begin, down.share, (int)(end - begin),
                   row);
        for (int x = 0; x < width; x++, pixels += channels) {
            const uint16_t *left = row + across[x].first * channels - begin;
            const uint16_t *right = row + across[x].second * channels - begin;
            for (int i = 0; i < channels; i++)
                pixels[i] = blend(left[i], right[i], across[x].share);
        }
    }
}
