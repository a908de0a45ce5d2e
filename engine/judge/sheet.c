#include "judge/sheet.h"

#include "judge/report.h"

#include <errno.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 4096
#define MARGIN 28
#define WORDS_WIDTH 300
#define WHOLE_WIDTH 600
#define CROP_WIDTH 480
#define ROW_HEIGHT 420
#define PICTURE_HEIGHT (ROW_HEIGHT - 24)
#define SHEET_WIDTH (4 * MARGIN + WORDS_WIDTH + WHOLE_WIDTH + CROP_WIDTH)
#define HEAD_HEIGHT 132
#define TAIL_HEIGHT 96
#define PAGE_HEIGHT (HEAD_HEIGHT + LH_SHEET_ROWS * ROW_HEIGHT + TAIL_HEIGHT)
#define CROP_SHARE_LEAST 0.16 /* of the picture's width: what surrounds the box tells what it is */
#define CROP_BOXES 2.5        /* and so many boxes wide */

struct colour {
    double red;
    double green;
    double blue;
};

static const struct colour ground = {1, 1, 1};
static const struct colour ink = {0.12, 0.14, 0.17};
static const struct colour faded = {0.42, 0.45, 0.5};
static const struct colour line = {0.86, 0.87, 0.89};
static const struct colour red = {0.82, 0.13, 0.13};
static const struct colour green = {0.09, 0.52, 0.25};
static const struct colour amber = {0.76, 0.45, 0.02};
/* of boxes: brighter, to be seen on rock and sky */
static const struct colour bright_red = {1, 0.25, 0.2};
static const struct colour bright_green = {0.35, 1, 0.45};
static const struct colour bright_amber = {1, 0.78, 0.1};
static const struct colour place = {0.2, 0.85, 0.95};

struct page {
    cairo_surface_t *surface;
    cairo_t *cairo;
    size_t rows;
};

struct lh_sheet {
    char path[PATH_BYTES];
    struct page first; /* waits for its head */
    struct page later;
    size_t pages;     /* begun */
    size_t not_shown; /* alarms past the last page */
};

static void set_colour(cairo_t *cairo, struct colour colour)
{
    cairo_set_source_rgb(cairo, colour.red, colour.green, colour.blue);
}

/* One line of text with its top at y, cut with an ellipsis to the width. */
static void write_text(cairo_t *cairo, double x, double y, double width, const char *font,
                       struct colour colour, const char *text)
{
    PangoLayout *layout = pango_cairo_create_layout(cairo);
    PangoFontDescription *description = pango_font_description_from_string(font);
    pango_layout_set_font_description(layout, description);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_MIDDLE);
    pango_layout_set_text(layout, text, -1);
    set_colour(cairo, colour);
    cairo_move_to(cairo, x, y);
    pango_cairo_show_layout(cairo, layout);
    pango_font_description_free(description);
    g_object_unref(layout);
}

static int begin_page(struct page *page)
{
    page->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, SHEET_WIDTH, PAGE_HEIGHT);
    page->cairo = cairo_create(page->surface);
    page->rows = 0;
    if (cairo_status(page->cairo) != CAIRO_STATUS_SUCCESS)
        return LH_ENOMEM;
    set_colour(page->cairo, ground);
    cairo_paint(page->cairo);
    return LH_OK;
}

static void drop_page(struct page *page)
{
    if (page->cairo)
        cairo_destroy(page->cairo);
    if (page->surface)
        cairo_surface_destroy(page->surface);
    *page = (struct page){0};
}

static int write_png(struct page *page, const char *path, int height, struct lh_fault *fault)
{
    char fresh[PATH_BYTES + 32];
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    cairo_surface_flush(page->surface);
    cairo_surface_t *used = cairo_image_surface_create_for_data(
        cairo_image_surface_get_data(page->surface), CAIRO_FORMAT_RGB24, SHEET_WIDTH, height,
        cairo_image_surface_get_stride(page->surface));
    errno = 0;
    const cairo_status_t status = cairo_surface_write_to_png(used, fresh);
    cairo_surface_destroy(used);
    if (status != CAIRO_STATUS_SUCCESS || rename(fresh, path) != 0) {
        const char *why = errno ? strerror(errno) : cairo_status_to_string(status);
        (void)remove(fresh);
        return lh_fail(fault, LH_EIO, "%.300s: %s", path, why);
    }
    return LH_OK;
}

static int write_page(const struct lh_sheet *sheet, struct page *page, size_t number, int tail,
                      struct lh_fault *fault)
{
    char path[PATH_BYTES + 24];
    const int stem = (int)strlen(sheet->path) - 4;
    if (number == 1)
        (void)snprintf(path, sizeof path, "%s", sheet->path);
    else
        (void)snprintf(path, sizeof path, "%.*s-%zu.png", stem, sheet->path, number);
    const int height = HEAD_HEIGHT + (int)page->rows * ROW_HEIGHT + tail;
    const int code = write_png(page, path, height, fault);
    drop_page(page);
    return code;
}

static void draw_head(struct page *page, size_t number, const char *title, const char *words)
{
    char side[48];
    write_text(page->cairo, MARGIN, 26, SHEET_WIDTH - 200, "DejaVu Sans Bold 20", ink, title);
    write_text(page->cairo, MARGIN, 74, SHEET_WIDTH - 2 * MARGIN, "DejaVu Sans 13", faded, words);
    (void)snprintf(side, sizeof side, "page %zu", number);
    write_text(page->cairo, SHEET_WIDTH - MARGIN - 90, 34, 90, "DejaVu Sans 12", faded, side);
}

/* Now, not after an hour of replay. */
static int try_writing(const char *path, struct lh_fault *fault)
{
    char fresh[PATH_BYTES + 32];
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen(fresh, "wb");
    if (!file)
        return lh_fail(fault, lh_error_from_errno(errno), "%.300s: %s", path, strerror(errno));
    (void)fclose(file);
    (void)remove(fresh);
    return LH_OK;
}

int lh_sheet_create(const char *path, struct lh_fault *fault, struct lh_sheet **ret_sheet)
{
    const size_t length = strlen(path);
    if (length < 5 || length > PATH_BYTES - 8 || strcmp(path + length - 4, ".png") != 0)
        return lh_fail(fault, LH_EINVAL, "%.200s: the contact sheet must end in .png", path);
    struct lh_sheet *sheet = calloc(1, sizeof *sheet);
    if (!sheet)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    (void)snprintf(sheet->path, sizeof sheet->path, "%s", path);
    int code = try_writing(path, fault);
    if (code == LH_OK && begin_page(&sheet->first) != LH_OK)
        code = lh_fail(fault, LH_ENOMEM, "out of memory");
    if (code != LH_OK) {
        lh_sheet_destroy(&sheet);
        return code;
    }
    sheet->pages = 1;
    *ret_sheet = sheet;
    return LH_OK;
}

void lh_sheet_destroy(struct lh_sheet **sheet)
{
    if (!*sheet)
        return;
    drop_page(&(*sheet)->first);
    drop_page(&(*sheet)->later);
    free(*sheet);
    *sheet = NULL;
}

size_t lh_sheet_pages(const struct lh_sheet *sheet)
{
    return sheet->pages;
}

/* ---- pictures ---- */

/* A part of the frame, in pixels of the asked size, as a surface. NULL: no memory or no picture. */
static cairo_surface_t *surface_of(const struct lh_image *image, uint32_t x, uint32_t y,
                                   uint32_t width, uint32_t height)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
    uint8_t *data = cairo_image_surface_get_data(surface);
    if (!data) {
        cairo_surface_destroy(surface);
        return NULL;
    }
    const int stride = cairo_image_surface_get_stride(surface);
    for (uint32_t row = 0; row < height; row++) {
        const uint8_t *from =
            image->plane[0] + (size_t)(y + row) * (size_t)image->stride[0] + (size_t)x * 3;
        uint8_t *to = data + (size_t)row * (size_t)stride;
        for (uint32_t column = 0; column < width; column++, from += 3, to += 4) {
            const uint32_t pixel =
                (uint32_t)from[2] << 16 | (uint32_t)from[1] << 8 | (uint32_t)from[0];
            memcpy(to, &pixel, sizeof pixel);
        }
    }
    cairo_surface_mark_dirty(surface);
    return surface;
}

/* Where a part of the frame, in shares, stands on the page. */
struct view {
    struct lh_box part;
    double x;
    double y;
    double width;
    double height;
};

static void draw_box(cairo_t *cairo, const struct view *view, struct lh_box box,
                     struct colour colour, bool dashed)
{
    static const double dashes[] = {8, 5};
    const double x =
        view->x + (double)(box.x - view->part.x) / (double)view->part.width * view->width - 2;
    const double y =
        view->y + (double)(box.y - view->part.y) / (double)view->part.height * view->height - 2;
    const double width = (double)box.width / (double)view->part.width * view->width + 4;
    const double height = (double)box.height / (double)view->part.height * view->height + 4;
    cairo_save(cairo);
    cairo_rectangle(cairo, view->x, view->y, view->width, view->height);
    cairo_clip(cairo);
    if (dashed)
        cairo_set_dash(cairo, dashes, 2, 0);
    cairo_rectangle(cairo, x, y, width, height);
    cairo_set_source_rgba(cairo, 0, 0, 0, 0.55);
    cairo_set_line_width(cairo, 5.5);
    cairo_stroke_preserve(cairo);
    set_colour(cairo, colour);
    cairo_set_line_width(cairo, 3);
    cairo_stroke(cairo);
    cairo_restore(cairo);
}

/* The surface, as large as fits into the place, in its middle. */
static struct view draw_picture(cairo_t *cairo, cairo_surface_t *picture, struct lh_box part,
                                double x, double y, double width, double height)
{
    const double own_width = cairo_image_surface_get_width(picture);
    const double own_height = cairo_image_surface_get_height(picture);
    const double scale = fmin(width / own_width, height / own_height);
    const struct view view = {.part = part,
                              .x = x,
                              .y = y + (height - own_height * scale) / 2,
                              .width = own_width * scale,
                              .height = own_height * scale};
    cairo_save(cairo);
    cairo_rectangle(cairo, view.x, view.y, view.width, view.height);
    cairo_clip(cairo);
    cairo_translate(cairo, view.x, view.y);
    cairo_scale(cairo, scale, scale);
    cairo_set_source_surface(cairo, picture, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_BILINEAR);
    cairo_pattern_set_extend(cairo_get_source(cairo), CAIRO_EXTEND_PAD);
    cairo_paint(cairo);
    cairo_restore(cairo);
    return view;
}

static struct colour box_colour_of(const struct lh_charge *charge)
{
    if (lh_verdict_is_false(charge->verdict))
        return bright_red;
    return charge->placing == LH_PLACING_ON ? bright_green : bright_amber;
}

static void draw_boxes(cairo_t *cairo, const struct view *view, const struct lh_sheet_row *row)
{
    if (row->outline)
        draw_box(cairo, view, *row->outline, place, true);
    draw_box(cairo, view, row->charge->box, box_colour_of(row->charge), false);
}

static int draw_whole(cairo_t *cairo, double y, const struct lh_sheet_row *row,
                      struct lh_frame *frame)
{
    const struct lh_box whole = {0, 0, 1, 1};
    struct lh_image image;
    const int code =
        lh_frame_image(frame, LH_PIXEL_BGR24, 2 * WHOLE_WIDTH, 2 * PICTURE_HEIGHT, &image);
    cairo_surface_t *picture =
        code == LH_OK ? surface_of(&image, 0, 0, image.width_px, image.height_px) : NULL;
    if (!picture)
        return code == LH_OK ? LH_ENOMEM : code;
    const struct view view = draw_picture(cairo, picture, whole, 2 * MARGIN + WORDS_WIDTH, y,
                                          WHOLE_WIDTH, PICTURE_HEIGHT);
    cairo_surface_destroy(picture);
    draw_boxes(cairo, &view, row);
    return LH_OK;
}

/* A stretch of the wanted length around the middle, inside 0 to limit. */
static void stretch(double middle, double wanted, uint32_t limit, uint32_t *ret_start,
                    uint32_t *ret_length)
{
    const double length = fmin(fmax(wanted, 16), limit);
    const double start = fmin(fmax(middle - length / 2, 0), limit - length);
    *ret_start = (uint32_t)start;
    *ret_length = (uint32_t)fmax(fmin(length, limit - *ret_start), 1);
}

static int draw_crop(cairo_t *cairo, double y, const struct lh_sheet_row *row,
                     struct lh_frame *frame)
{
    const struct lh_box box = row->charge->box;
    struct lh_image image;
    const int code = lh_frame_image(frame, LH_PIXEL_BGR24, 0, 0, &image);
    if (code != LH_OK)
        return code;
    const double picture_width = image.width_px;
    const double picture_height = image.height_px;
    const double shape = (double)CROP_WIDTH / PICTURE_HEIGHT;
    double width =
        fmax((double)box.width * picture_width * CROP_BOXES, CROP_SHARE_LEAST * picture_width);
    width = fmax(width, (double)box.height * picture_height * CROP_BOXES * shape);
    uint32_t left;
    uint32_t top;
    uint32_t wide;
    uint32_t high;
    stretch((double)(box.x + box.width / 2) * picture_width, width, image.width_px, &left, &wide);
    stretch((double)(box.y + box.height / 2) * picture_height, width / shape, image.height_px, &top,
            &high);
    cairo_surface_t *picture = surface_of(&image, left, top, wide, high);
    if (!picture)
        return LH_ENOMEM;
    const struct lh_box part = {(float)(left / picture_width), (float)(top / picture_height),
                                (float)(wide / picture_width), (float)(high / picture_height)};
    const struct view view =
        draw_picture(cairo, picture, part, 3 * MARGIN + WORDS_WIDTH + WHOLE_WIDTH, y, CROP_WIDTH,
                     PICTURE_HEIGHT);
    cairo_surface_destroy(picture);
    draw_boxes(cairo, &view, row);
    return LH_OK;
}

/* ---- words ---- */

static struct colour badge_colour_of(const struct lh_charge *charge)
{
    if (lh_verdict_is_false(charge->verdict))
        return red;
    return charge->placing == LH_PLACING_ON ? green : amber;
}

static void describe_verdict(const struct lh_charge *charge, char *text, size_t size)
{
    if (lh_verdict_is_false(charge->verdict))
        (void)snprintf(text, size, "FALSE: %s", lh_verdict_name(charge->verdict));
    else
        (void)snprintf(text, size, "%s%s", charge->verdict == LH_VERDICT_FIND ? "FOUND" : "AGAIN",
                       charge->placing == LH_PLACING_ON ? "" : " by time only");
}

static void describe_time(const struct lh_sheet_row *row, char *text, size_t size)
{
    char length[LH_DURATION_TEXT];
    const double since_s = row->charge->time_s - (row->label->fire ? row->label->ignition_s : 0);
    if (!row->label->fire)
        (void)snprintf(text, size, "%s into the clip", lh_duration_text(since_s, length));
    else
        (void)snprintf(text, size, "%s %s ignition", lh_duration_text(fabs(since_s), length),
                       since_s < 0 ? "before" : "after");
}

static void draw_badge(cairo_t *cairo, double y, struct colour colour, const char *text)
{
    set_colour(cairo, colour);
    cairo_rectangle(cairo, MARGIN, y, WORDS_WIDTH, 34);
    cairo_fill(cairo);
    write_text(cairo, MARGIN + 12, y + 6, WORDS_WIDTH - 20, "DejaVu Sans Bold 13", ground, text);
}

static void draw_words(cairo_t *cairo, double y, const struct lh_sheet_row *row)
{
    static const char *const placings[] = {
        [LH_PLACING_UNKNOWN] = "its place was not labelled",
        [LH_PLACING_ON] = "on the labelled place",
        [LH_PLACING_OFF] = "off the labelled place",
    };
    const struct lh_charge *charge = row->charge;
    char text[160];
    char when[LH_TIME_TEXT];
    write_text(cairo, MARGIN, y, WORDS_WIDTH, "DejaVu Sans Bold 14", ink, row->label->file);
    describe_verdict(charge, text, sizeof text);
    draw_badge(cairo, y + 36, badge_colour_of(charge), text);
    describe_time(row, text, sizeof text);
    write_text(cairo, MARGIN, y + 86, WORDS_WIDTH, "DejaVu Sans 14", ink, text);
    (void)snprintf(text, sizeof text, "%s, score %.2f", lh_kind_name(charge->kind), charge->score);
    write_text(cairo, MARGIN, y + 116, WORDS_WIDTH, "DejaVu Sans 14", ink, text);
    if (row->label->fire) {
        write_text(cairo, MARGIN, y + 152, WORDS_WIDTH, "DejaVu Sans 12", faded,
                   placings[charge->placing]);
        (void)snprintf(text, sizeof text, "visibility: %s",
                       lh_visibility_name(row->label->visibility));
        write_text(cairo, MARGIN, y + 176, WORDS_WIDTH, "DejaVu Sans 12", faded, text);
    }
    (void)snprintf(text, sizeof text, "box %.3f %.3f  %.3f x %.3f", (double)charge->box.x,
                   (double)charge->box.y, (double)charge->box.width, (double)charge->box.height);
    write_text(cairo, MARGIN, y + 212, WORDS_WIDTH, "DejaVu Sans 11", faded, text);
    write_text(cairo, MARGIN, y + 234, WORDS_WIDTH, "DejaVu Sans 11", faded,
               lh_time_format(row->utc_us, when));
}

static void draw_rule(cairo_t *cairo, double y)
{
    set_colour(cairo, line);
    cairo_rectangle(cairo, MARGIN, y, SHEET_WIDTH - 2 * MARGIN, 1);
    cairo_fill(cairo);
}

/* ---- rows and pages ---- */

/* The page the next row goes on; NULL in ret_page: no page is left. */
static int choose_page(struct lh_sheet *sheet, struct lh_fault *fault, struct page **ret_page)
{
    *ret_page = sheet->pages == 1 ? &sheet->first : &sheet->later;
    if ((*ret_page)->cairo && (*ret_page)->rows < LH_SHEET_ROWS)
        return LH_OK;
    if (sheet->pages == LH_SHEET_PAGES) {
        *ret_page = NULL;
        return LH_OK;
    }
    if (sheet->later.cairo) {
        draw_head(&sheet->later, sheet->pages, "Linhuo: alarms", "continued");
        const int code = write_page(sheet, &sheet->later, sheet->pages, MARGIN, fault);
        if (code != LH_OK)
            return code;
    }
    sheet->pages++;
    *ret_page = &sheet->later;
    return begin_page(&sheet->later) == LH_OK ? LH_OK : lh_fail(fault, LH_ENOMEM, "out of memory");
}

int lh_sheet_add(struct lh_sheet *sheet, const struct lh_sheet_row *row, struct lh_frame *frame,
                 struct lh_fault *fault)
{
    struct page *page;
    int code = choose_page(sheet, fault, &page);
    if (code != LH_OK)
        return code;
    if (!page) {
        sheet->not_shown++;
        return LH_OK;
    }
    const double top = HEAD_HEIGHT + (double)page->rows * ROW_HEIGHT;
    page->rows++;
    draw_rule(page->cairo, top);
    draw_words(page->cairo, top + 14, row);
    if (!frame) {
        write_text(page->cairo, 2 * MARGIN + WORDS_WIDTH, top + 14, WHOLE_WIDTH, "DejaVu Sans 12",
                   faded, "the picture is not at hand");
        return LH_OK;
    }
    code = draw_whole(page->cairo, top + 12, row, frame);
    if (code == LH_OK)
        code = draw_crop(page->cairo, top + 12, row, frame);
    return code == LH_OK ? LH_OK : lh_fail(fault, code, "%s: %s", sheet->path, lh_strerror(code));
}

static void draw_missed(struct page *page, const struct lh_sheet *sheet,
                        const struct lh_case *cases, const struct lh_judgement *judgement)
{
    char text[1024] = "";
    size_t used = 0;
    const double top = HEAD_HEIGHT + (double)page->rows * ROW_HEIGHT;
    for (size_t i = 0; i < judgement->clip_count && used < sizeof text; i++)
        if (cases[i].label->fire && !judgement->clips[i].found)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s (%s)",
                                     used ? ", " : "missed: ", cases[i].label->file,
                                     lh_visibility_name(cases[i].label->visibility));
    draw_rule(page->cairo, top);
    if (used > 0)
        write_text(page->cairo, MARGIN, top + 20, SHEET_WIDTH - 2 * MARGIN, "DejaVu Sans Bold 13",
                   red, text);
    if (sheet->not_shown == 0)
        return;
    (void)snprintf(text, sizeof text, "%zu more alarms are not shown", sheet->not_shown);
    write_text(page->cairo, MARGIN, top + 50, SHEET_WIDTH - 2 * MARGIN, "DejaVu Sans 13", ink,
               text);
}

int lh_sheet_finish(struct lh_sheet *sheet, const struct lh_case *cases,
                    const struct lh_judgement *judgement, struct lh_fault *fault)
{
    const struct lh_figures *total = &judgement->total;
    char title[160];
    char words[320];
    char mean[LH_DURATION_TEXT];
    char median[LH_DURATION_TEXT];
    (void)snprintf(title, sizeof title, "Linhuo: %zu alarms on %zu clips", total->alarms,
                   total->clips);
    (void)snprintf(words, sizeof words,
                   "%zu of %zu fires found (%zu by time only), delay %s mean, %s median; %zu false "
                   "alarms in %.2f camera-days; box as raised, dashed: labelled place",
                   total->found, total->events, total->found_by_time_only,
                   lh_duration_text(total->delay_mean_s, mean),
                   lh_duration_text(total->delay_median_s, median), total->false_alarms,
                   total->camera_days);
    draw_head(&sheet->first, 1, title, words);
    struct page *last = sheet->later.cairo ? &sheet->later : &sheet->first;
    draw_missed(last, sheet, cases, judgement);
    if (last == &sheet->later) {
        draw_head(last, sheet->pages, "Linhuo: alarms", "continued");
        const int code = write_page(sheet, last, sheet->pages, TAIL_HEIGHT, fault);
        if (code != LH_OK)
            return code;
    }
    return write_page(sheet, &sheet->first, 1, last == &sheet->first ? TAIL_HEIGHT : MARGIN, fault);
}
