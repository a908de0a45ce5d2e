#include "locate/coverage_map.h"

#include <errno.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARGIN 30
#define MAP_WIDTH_MOST 1200.0
#define MAP_HEIGHT_MOST 1100.0
#define PANEL_WIDTH 470
#define PANEL_HEIGHT_LEAST 760
#define TOWERS_LISTED 24
#define SUN_AZIMUTH (315.0 * LH_DEGREE) /* as on every relief map: from the upper left */
#define SUN_HEIGHT (40.0 * LH_DEGREE)
#define STEEPER 1.6 /* slopes are drawn steeper than they are, to be seen at this scale */

struct colour {
    double red;
    double green;
    double blue;
};

static const struct colour ink = {0.12, 0.14, 0.17};
static const struct colour faded = {0.42, 0.45, 0.5};
static const struct colour paper = {1, 1, 1};
static const struct colour rule = {0.86, 0.87, 0.89};
static const struct colour standing = {0.10, 0.20, 0.55};
static const struct colour planned = {0.85, 0.30, 0.02};
static const struct colour unknown = {0.55, 0.35, 0.75};
static const struct colour unseen = {0.76, 0.70, 0.68};
/* seen by one, by two, by more: light to dark, apart for those who see no red and green */
static const struct colour seen[] = {{0.99, 0.87, 0.40}, {0.47, 0.78, 0.42}, {0.05, 0.50, 0.52}};
#define SEEN_SHADES (sizeof seen / sizeof seen[0])

struct drawing {
    const struct lh_coverage *coverage;
    const struct lh_coverage_map *map;
    cairo_surface_t *surface;
    cairo_t *cairo;
    double pixels_a_m;
    int width; /* of the map, pixels */
    int height;
};

/* ---- words ---- */

static void set_colour(cairo_t *cairo, struct colour colour)
{
    cairo_set_source_rgb(cairo, colour.red, colour.green, colour.blue);
}

enum side {
    SIDE_LEFT,
    SIDE_RIGHT,
};

static PangoLayout *lay_out(cairo_t *cairo, const char *font, const char *text)
{
    PangoLayout *layout = pango_cairo_create_layout(cairo);
    PangoFontDescription *description = pango_font_description_from_string(font);
    pango_layout_set_font_description(layout, description);
    pango_layout_set_text(layout, text, -1);
    pango_font_description_free(description);
    return layout;
}

/* One line with its top at y, beginning at x or ending there; cut with an ellipsis to the width. */
static void write_text(const struct drawing *drawing, double x, double y, double width,
                       enum side from, const char *font, struct colour colour, const char *text)
{
    PangoLayout *layout = lay_out(drawing->cairo, font, text);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_alignment(layout, from == SIDE_LEFT ? PANGO_ALIGN_LEFT : PANGO_ALIGN_RIGHT);
    set_colour(drawing->cairo, colour);
    cairo_move_to(drawing->cairo, from == SIDE_LEFT ? x : x - width, y);
    pango_cairo_show_layout(drawing->cairo, layout);
    g_object_unref(layout);
}

/* Words on the map, with a light rim so that they stand out on any ground. */
static void write_on_map(const struct drawing *drawing, double x, double y, const char *font,
                         struct colour colour, const char *text)
{
    PangoLayout *layout = lay_out(drawing->cairo, font, text);
    cairo_move_to(drawing->cairo, x, y);
    pango_cairo_layout_path(drawing->cairo, layout);
    cairo_set_source_rgba(drawing->cairo, 1, 1, 1, 0.85);
    cairo_set_line_width(drawing->cairo, 3.5);
    cairo_set_line_join(drawing->cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke_preserve(drawing->cairo);
    set_colour(drawing->cairo, colour);
    cairo_fill(drawing->cairo);
    g_object_unref(layout);
}

static void measure(const struct drawing *drawing, const char *font, const char *text, int *width,
                    int *height)
{
    PangoLayout *layout = lay_out(drawing->cairo, font, text);
    pango_layout_get_pixel_size(layout, width, height);
    g_object_unref(layout);
}

/* ---- ground ---- */

static struct lh_offset offset_at(const struct drawing *drawing, double x, double y)
{
    return (struct lh_offset){drawing->coverage->west_m + x / drawing->pixels_a_m,
                              drawing->coverage->south_m +
                                  (drawing->height - y) / drawing->pixels_a_m};
}

static void pixel_at(const struct drawing *drawing, struct lh_offset at, double *x, double *y)
{
    *x = (at.east_m - drawing->coverage->west_m) * drawing->pixels_a_m;
    *y = drawing->height - (at.north_m - drawing->coverage->south_m) * drawing->pixels_a_m;
}

/* 0 dark to 1 bright, 0.75 for level ground; NAN where it is unknown. */
static double shade(const struct drawing *drawing, struct lh_offset at)
{
    const struct lh_terrain *terrain = drawing->coverage->terrain;
    const double step_m = fmax(terrain->cell_m, 0.7 / drawing->pixels_a_m);
    const double rise_e =
        lh_terrain_height(terrain, (struct lh_offset){at.east_m + step_m, at.north_m}) -
        lh_terrain_height(terrain, (struct lh_offset){at.east_m - step_m, at.north_m});
    const double rise_n =
        lh_terrain_height(terrain, (struct lh_offset){at.east_m, at.north_m + step_m}) -
        lh_terrain_height(terrain, (struct lh_offset){at.east_m, at.north_m - step_m});
    const double e = -STEEPER * rise_e / (2.0 * step_m);
    const double n = -STEEPER * rise_n / (2.0 * step_m);
    const double light = (e * sin(SUN_AZIMUTH) * cos(SUN_HEIGHT) +
                          n * cos(SUN_AZIMUTH) * cos(SUN_HEIGHT) + sin(SUN_HEIGHT)) /
                         sqrt(e * e + n * n + 1.0);
    return isnan(light) ? NAN : fmin(fmax(0.12 + light, 0.0), 1.0);
}

static struct colour colour_of(int count)
{
    if (count == LH_COVERAGE_UNKNOWN)
        return unknown;
    if (count == 0)
        return unseen;
    return seen[(size_t)count < SEEN_SHADES ? (size_t)count - 1 : SEEN_SHADES - 1];
}

static int count_at(const struct lh_coverage *coverage, struct lh_offset at)
{
    const int column = (int)((at.east_m - coverage->west_m) / coverage->cell_m);
    const int row = (int)((at.north_m - coverage->south_m) / coverage->cell_m);
    if (column < 0 || column >= coverage->width || row < 0 || row >= coverage->height)
        return LH_COVERAGE_OUTSIDE;
    return coverage->counts[(size_t)row * (size_t)coverage->width + (size_t)column];
}

static uint32_t ground_pixel(const struct drawing *drawing, struct lh_offset at)
{
    const int count = count_at(drawing->coverage, at);
    const double light = shade(drawing, at);
    struct colour colour = {0.93, 0.93, 0.92};
    double depth = isnan(light) ? 1.0 : 0.35 + 0.85 * light;
    if (count != LH_COVERAGE_OUTSIDE)
        colour = colour_of(count);
    else if (!isnan(light))
        depth = 0.75 + 0.3 * light; /* pale: it does not count */
    const double red = fmin(255.0 * colour.red * depth, 255.0);
    const double green = fmin(255.0 * colour.green * depth, 255.0);
    const double blue = fmin(255.0 * colour.blue * depth, 255.0);
    return (uint32_t)red << 16 | (uint32_t)green << 8 | (uint32_t)blue;
}

static void draw_ground(const struct drawing *drawing)
{
    cairo_surface_flush(drawing->surface);
    uint8_t *data = cairo_image_surface_get_data(drawing->surface);
    const int stride = cairo_image_surface_get_stride(drawing->surface);
    for (int y = 0; y < drawing->height; y++)
        for (int x = 0; x < drawing->width; x++) {
            const uint32_t pixel = ground_pixel(drawing, offset_at(drawing, x + 0.5, y + 0.5));
            memcpy(data + (size_t)(y + MARGIN) * (size_t)stride + (size_t)(x + MARGIN) * 4, &pixel,
                   4);
        }
    cairo_surface_mark_dirty(drawing->surface);
}

/* ---- lines on the ground ---- */

static void line_through(const struct drawing *drawing, struct lh_geo from, struct lh_geo to)
{
    for (int i = 0; i <= 24; i++) {
        const struct lh_geo place = {
            from.latitude_deg + (to.latitude_deg - from.latitude_deg) * i / 24.0,
            from.longitude_deg + (to.longitude_deg - from.longitude_deg) * i / 24.0};
        double x;
        double y;
        pixel_at(drawing, lh_plane_offset(&drawing->coverage->terrain->plane, lh_geo_wrap(place)),
                 &x, &y);
        cairo_line_to(drawing->cairo, x, y);
    }
    cairo_set_source_rgba(drawing->cairo, 0.2, 0.2, 0.25, 0.3);
    cairo_set_line_width(drawing->cairo, 1);
    cairo_stroke(drawing->cairo);
}

static double nice_step(double least, const double *steps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (steps[i] >= least)
            return steps[i];
    return steps[count - 1];
}

static void label_degrees(const struct drawing *drawing, struct lh_geo place, bool is_parallel)
{
    char text[32];
    double x;
    double y;
    pixel_at(drawing, lh_plane_offset(&drawing->coverage->terrain->plane, lh_geo_wrap(place)), &x,
             &y);
    const double value = is_parallel ? place.latitude_deg : lh_geo_wrap(place).longitude_deg;
    (void)snprintf(text, sizeof text, "%.4g° %c", fabs(value),
                   is_parallel ? (value < 0 ? 'S' : 'N') : (value < 0 ? 'W' : 'E'));
    if (is_parallel)
        write_on_map(drawing, 6, y - 15, "DejaVu Sans 8", faded, text);
    else
        write_on_map(drawing, x + 4, drawing->height - 17, "DejaVu Sans 8", faded, text);
}

/* Not within three degrees of a pole, where parallels are circles. */
static void draw_graticule(const struct drawing *drawing)
{
    static const double steps[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0};
    const struct lh_geo middle = drawing->coverage->terrain->plane.origin;
    const double tall_deg = drawing->height / drawing->pixels_a_m / 111000.0;
    const double wide_deg =
        drawing->width / drawing->pixels_a_m / 111000.0 / cos(middle.latitude_deg * LH_DEGREE);
    if (fabs(middle.latitude_deg) > 87.0)
        return;
    const struct lh_geo corner =
        lh_plane_geo(&drawing->coverage->terrain->plane, offset_at(drawing, 0, drawing->height));
    const double step_n = nice_step(tall_deg / 6.0, steps, sizeof steps / sizeof steps[0]);
    const double step_e = nice_step(wide_deg / 6.0, steps, sizeof steps / sizeof steps[0]);
    const double south = corner.latitude_deg - step_n;
    const double west = corner.longitude_deg - step_e;
    for (int i = 0; i * step_n < tall_deg * 1.5; i++) {
        const double n = (ceil(south / step_n) + i) * step_n;
        line_through(drawing, (struct lh_geo){n, west}, (struct lh_geo){n, west + wide_deg * 1.5});
        label_degrees(drawing, (struct lh_geo){n, corner.longitude_deg}, true);
    }
    for (int i = 0; i * step_e < wide_deg * 1.5; i++) {
        const double e = (ceil(west / step_e) + i) * step_e;
        line_through(drawing, (struct lh_geo){south, e},
                     (struct lh_geo){south + tall_deg * 1.5, e});
        label_degrees(drawing, (struct lh_geo){corner.latitude_deg, e}, false);
    }
}

static void draw_outline(const struct drawing *drawing)
{
    const struct lh_area *area = drawing->map->area;
    for (size_t i = 0; area && i < area->count; i++) {
        cairo_new_sub_path(drawing->cairo);
        for (size_t k = 0; k < area->rings[i].count; k++) {
            double x;
            double y;
            pixel_at(drawing,
                     lh_plane_offset(&drawing->coverage->terrain->plane, area->rings[i].points[k]),
                     &x, &y);
            cairo_line_to(drawing->cairo, x, y);
        }
        cairo_close_path(drawing->cairo);
    }
    set_colour(drawing->cairo, ink);
    cairo_set_line_width(drawing->cairo, 2);
    cairo_stroke(drawing->cairo);
}

static struct colour colour_of_tower(const struct lh_tower *tower)
{
    return tower->planned ? planned : standing;
}

static void draw_range(const struct drawing *drawing, const struct lh_tower *tower)
{
    static const double dashes[] = {6, 5};
    const double wide_deg = lh_azimuth_wrap(tower->pan_to_deg - tower->pan_from_deg);
    const double turn_deg = tower->eye.convergence_deg;
    double x;
    double y;
    pixel_at(drawing, tower->eye.at, &x, &y);
    if (wide_deg > 0.0)
        cairo_move_to(drawing->cairo, x, y);
    cairo_arc(drawing->cairo, x, y, tower->range_m * drawing->pixels_a_m,
              (tower->pan_from_deg - turn_deg - 90.0) * LH_DEGREE,
              (tower->pan_from_deg - turn_deg - 90.0 + (wide_deg > 0.0 ? wide_deg : 360.0)) *
                  LH_DEGREE);
    cairo_close_path(drawing->cairo);
    const struct colour colour = colour_of_tower(tower);
    cairo_set_source_rgba(drawing->cairo, colour.red, colour.green, colour.blue, 0.8);
    cairo_set_dash(drawing->cairo, dashes, 2, 0);
    cairo_set_line_width(drawing->cairo, 1.2);
    cairo_stroke(drawing->cairo);
    cairo_set_dash(drawing->cairo, NULL, 0, 0);
}

static void draw_mark(cairo_t *cairo, double x, double y, struct colour colour)
{
    cairo_move_to(cairo, x, y - 11);
    cairo_line_to(cairo, x + 8, y + 5);
    cairo_line_to(cairo, x - 8, y + 5);
    cairo_close_path(cairo);
    set_colour(cairo, paper);
    cairo_set_line_width(cairo, 4);
    cairo_stroke_preserve(cairo);
    set_colour(cairo, colour);
    cairo_fill(cairo);
}

static void draw_tower(const struct drawing *drawing, const struct lh_tower *tower)
{
    static const char font[] = "DejaVu Sans Bold 10";
    int width;
    int height;
    double x;
    double y;
    pixel_at(drawing, tower->eye.at, &x, &y);
    measure(drawing, font, tower->name, &width, &height);
    draw_mark(drawing->cairo, x, y, colour_of_tower(tower));
    write_on_map(drawing, x + 14 + width < drawing->width ? x + 12 : x - 12 - width, y - 12, font,
                 colour_of_tower(tower), tower->name);
}

static void draw_scale(const struct drawing *drawing)
{
    static const double steps[] = {100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5};
    const double length_m = nice_step(drawing->width / drawing->pixels_a_m / 7.0, steps,
                                      sizeof steps / sizeof steps[0]);
    const double pixels = length_m * drawing->pixels_a_m;
    const double x = drawing->width - pixels - 24;
    const double y = drawing->height - 26;
    char text[32];
    (void)snprintf(text, sizeof text, "%g %s", length_m >= 1000 ? length_m / 1000 : length_m,
                   length_m >= 1000 ? "km" : "m");
    cairo_rectangle(drawing->cairo, x - 12, y - 26, pixels + 24, 42);
    cairo_set_source_rgba(drawing->cairo, 1, 1, 1, 0.8);
    cairo_fill(drawing->cairo);
    for (int i = 0; i < 4; i++) {
        cairo_rectangle(drawing->cairo, x + i * pixels / 4, y, pixels / 4, 6);
        set_colour(drawing->cairo, i % 2 ? paper : ink);
        cairo_fill(drawing->cairo);
    }
    cairo_rectangle(drawing->cairo, x, y, pixels, 6);
    set_colour(drawing->cairo, ink);
    cairo_set_line_width(drawing->cairo, 1);
    cairo_stroke(drawing->cairo);
    write_text(drawing, x, y - 21, pixels, SIDE_LEFT, "DejaVu Sans 9", ink, text);
}

static void draw_map(const struct drawing *drawing)
{
    const struct lh_coverage *coverage = drawing->coverage;
    draw_ground(drawing);
    cairo_save(drawing->cairo);
    cairo_translate(drawing->cairo, MARGIN, MARGIN);
    cairo_rectangle(drawing->cairo, 0, 0, drawing->width, drawing->height);
    cairo_clip(drawing->cairo);
    draw_graticule(drawing);
    draw_outline(drawing);
    for (size_t i = 0; i < coverage->tower_count; i++)
        draw_range(drawing, &coverage->towers[i]);
    for (size_t i = 0; i < coverage->tower_count; i++)
        draw_tower(drawing, &coverage->towers[i]);
    draw_scale(drawing);
    cairo_restore(drawing->cairo);
    cairo_rectangle(drawing->cairo, MARGIN, MARGIN, drawing->width, drawing->height);
    set_colour(drawing->cairo, faded);
    cairo_set_line_width(drawing->cairo, 1);
    cairo_stroke(drawing->cairo);
}

/* ---- the panel beside it ---- */

static double share(const struct lh_coverage *coverage, double km2)
{
    return coverage->area_km2 > 0.0 ? 100.0 * km2 / coverage->area_km2 : 0.0;
}

static double write_head(const struct drawing *drawing, double x, double y)
{
    const struct lh_coverage *coverage = drawing->coverage;
    char text[160];
    write_text(drawing, x, y, PANEL_WIDTH, SIDE_LEFT, "DejaVu Sans Bold 17", ink,
               drawing->map->title);
    (void)snprintf(text, sizeof text, "%.0f %%", share(coverage, coverage->seen_km2));
    write_text(drawing, x, y + 42, 150, SIDE_LEFT, "DejaVu Sans Bold 34", ink, text);
    (void)snprintf(text, sizeof text, "of %.0f km² %s", coverage->area_km2,
                   drawing->map->area ? "of the area outlined" : "within range");
    write_text(drawing, x + 150, y + 52, PANEL_WIDTH - 150, SIDE_LEFT, "DejaVu Sans 12", ink, text);
    (void)snprintf(text, sizeof text, "watched by one tower or more: %.0f km²", coverage->seen_km2);
    write_text(drawing, x + 150, y + 74, PANEL_WIDTH - 150, SIDE_LEFT, "DejaVu Sans 10", faded,
               text);
    return y + 122;
}

static double write_entry(const struct drawing *drawing, double x, double y, struct colour colour,
                          const char *words, double km2)
{
    char text[64];
    cairo_rectangle(drawing->cairo, x, y + 1, 26, 15);
    set_colour(drawing->cairo, colour);
    cairo_fill(drawing->cairo);
    write_text(drawing, x + 38, y, 240, SIDE_LEFT, "DejaVu Sans 11", ink, words);
    (void)snprintf(text, sizeof text, "%.0f km²", km2);
    write_text(drawing, x + PANEL_WIDTH - 80, y, 120, SIDE_RIGHT, "DejaVu Sans 11", ink, text);
    (void)snprintf(text, sizeof text, "%.1f %%", share(drawing->coverage, km2));
    write_text(drawing, x + PANEL_WIDTH, y, 76, SIDE_RIGHT, "DejaVu Sans 11", faded, text);
    return y + 26;
}

static double write_legend(const struct drawing *drawing, double x, double y)
{
    static const char *const words[] = {"seen by one tower", "by two: the place can be fixed",
                                        "by three or more"};
    const struct lh_coverage *coverage = drawing->coverage;
    for (size_t i = 0; i < SEEN_SHADES; i++) {
        double km2 = coverage->by_count_km2[i + 1];
        for (size_t k = i + 2; i + 1 == SEEN_SHADES && k <= LH_COVERAGE_COUNTS; k++)
            km2 += coverage->by_count_km2[k];
        y = write_entry(drawing, x, y, seen[i], words[i], km2);
    }
    y = write_entry(drawing, x, y, unseen, "seen by none", coverage->by_count_km2[0]);
    if (coverage->unknown_km2 > 0.0)
        y = write_entry(drawing, x, y, unknown, "not known: no heights", coverage->unknown_km2);
    return y + 14;
}

#define COLUMNS 5
#define COLUMN_WIDTH 62

static void write_row(const struct drawing *drawing, double x, double y, const char *font,
                      struct colour colour, const char *const columns[COLUMNS])
{
    const double numbers = (COLUMNS - 1) * COLUMN_WIDTH;
    write_text(drawing, x + 26, y, PANEL_WIDTH - 26 - numbers, SIDE_LEFT, font, colour, columns[0]);
    for (int i = 1; i < COLUMNS; i++)
        write_text(drawing, x + PANEL_WIDTH - numbers + i * COLUMN_WIDTH, y, COLUMN_WIDTH,
                   SIDE_RIGHT, font, colour, columns[i]);
}

static void write_tower(const struct drawing *drawing, double x, double y,
                        const struct lh_tower *tower)
{
    const double numbers[] = {tower->eye.height_m, tower->seen_km2, tower->only_km2,
                              tower->added_km2};
    char texts[COLUMNS - 1][32];
    const char *columns[COLUMNS] = {tower->name};
    for (int i = 1; i < COLUMNS; i++) {
        (void)snprintf(texts[i - 1], sizeof texts[i - 1], i == COLUMNS - 1 ? "+%.0f" : "%.0f",
                       numbers[i - 1]);
        columns[i] = texts[i - 1];
    }
    draw_mark(drawing->cairo, x + 9, y + 12, colour_of_tower(tower));
    write_row(drawing, x, y, "DejaVu Sans 11", tower->planned ? planned : ink, columns);
}

static double write_towers(const struct drawing *drawing, double x, double y)
{
    const struct lh_coverage *coverage = drawing->coverage;
    bool any_planned = false;
    write_row(drawing, x, y, "DejaVu Sans 9", faded,
              (const char *const[]){"tower", "lens at m", "sees km²", "only it", "adds"});
    y += 20;
    for (size_t i = 0; i < coverage->tower_count && i < TOWERS_LISTED; i++, y += 25) {
        write_tower(drawing, x, y, &coverage->towers[i]);
        any_planned = any_planned || coverage->towers[i].planned;
    }
    if (coverage->tower_count > TOWERS_LISTED) {
        char text[64];
        (void)snprintf(text, sizeof text, "and %zu more", coverage->tower_count - TOWERS_LISTED);
        write_text(drawing, x + 26, y, PANEL_WIDTH, SIDE_LEFT, "DejaVu Sans 11", faded, text);
        y += 25;
    }
    if (any_planned)
        write_text(drawing, x + 26, y + 4, PANEL_WIDTH, SIDE_LEFT, "DejaVu Sans 9", planned,
                   "orange: planned, does not stand yet");
    return y;
}

static void write_foot(const struct drawing *drawing, double x, double y)
{
    const struct lh_coverage *coverage = drawing->coverage;
    char text[200];
    (void)snprintf(text, sizeof text,
                   "Seen: what stands %.0f m above the ground, in cells of %.0f m.",
                   coverage->target_m, coverage->cell_m);
    write_text(drawing, x, y, PANEL_WIDTH, SIDE_LEFT, "DejaVu Sans 9", faded, text);
    (void)snprintf(text, sizeof text,
                   "Bare ground of an elevation model with cells of %.0f m, curvature and",
                   coverage->terrain->cell_m);
    write_text(drawing, x, y + 17, PANEL_WIDTH, SIDE_LEFT, "DejaVu Sans 9", faded, text);
    write_text(drawing, x, y + 34, PANEL_WIDTH, SIDE_LEFT, "DejaVu Sans 9", faded,
               "refraction (k = 0.13). Trees near a tower hide more than this.");
}

static void draw_panel(const struct drawing *drawing, int page_height)
{
    const double x = 2 * MARGIN + drawing->width;
    double y = write_head(drawing, x, MARGIN);
    y = write_legend(drawing, x, y);
    cairo_rectangle(drawing->cairo, x, y, PANEL_WIDTH, 1);
    set_colour(drawing->cairo, rule);
    cairo_fill(drawing->cairo);
    (void)write_towers(drawing, x, y + 14);
    write_foot(drawing, x, page_height - MARGIN - 52);
}

/* ---- the page ---- */

static int write_page(const struct drawing *drawing, const char *path, struct lh_fault *fault)
{
    errno = 0;
    const cairo_status_t status = cairo_surface_write_to_png(drawing->surface, path);
    if (status == CAIRO_STATUS_SUCCESS)
        return LH_OK;
    return lh_fail(fault, errno ? lh_error_from_errno(errno) : LH_EIO, "%.300s: %s", path,
                   errno ? strerror(errno) : cairo_status_to_string(status));
}

int lh_coverage_draw(const struct lh_coverage *coverage, const struct lh_coverage_map *map,
                     const char *path, struct lh_fault *fault)
{
    const double wide_m = coverage->width * coverage->cell_m;
    const double tall_m = coverage->height * coverage->cell_m;
    struct drawing drawing = {.coverage = coverage,
                              .map = map,
                              .pixels_a_m =
                                  fmin(MAP_WIDTH_MOST / wide_m, MAP_HEIGHT_MOST / tall_m)};
    drawing.width = (int)(wide_m * drawing.pixels_a_m);
    drawing.height = (int)(tall_m * drawing.pixels_a_m);
    const int listed =
        (int)(coverage->tower_count < TOWERS_LISTED ? coverage->tower_count : TOWERS_LISTED + 1);
    const int panel =
        420 + 25 * listed > PANEL_HEIGHT_LEAST ? 420 + 25 * listed : PANEL_HEIGHT_LEAST;
    const int page_height = 2 * MARGIN + (drawing.height > panel ? drawing.height : panel);
    drawing.surface = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, 3 * MARGIN + drawing.width + PANEL_WIDTH, page_height);
    drawing.cairo = cairo_create(drawing.surface);
    int error = LH_ENOMEM;
    if (cairo_status(drawing.cairo) == CAIRO_STATUS_SUCCESS) {
        set_colour(drawing.cairo, paper);
        cairo_paint(drawing.cairo);
        draw_map(&drawing);
        draw_panel(&drawing, page_height);
        error = write_page(&drawing, path, fault);
    } else {
        (void)lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    cairo_destroy(drawing.cairo);
    cairo_surface_destroy(drawing.surface);
    return error;
}
