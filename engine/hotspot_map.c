#include "hotspot_map.h"

#include <cairo.h>
#include <math.h>
#include <stdio.h>

#define MARGIN_PX 48.0

struct sheet {
    cairo_t *cairo;
    struct lh_geo_box box;
    double width_px;
    double height_px;
};

static double x_of(const struct sheet *sheet, double longitude_deg)
{
    const double share =
        (longitude_deg - sheet->box.west_deg) / (sheet->box.east_deg - sheet->box.west_deg);
    return MARGIN_PX + share * sheet->width_px;
}

static double y_of(const struct sheet *sheet, double latitude_deg)
{
    const double share =
        (sheet->box.north_deg - latitude_deg) / (sheet->box.north_deg - sheet->box.south_deg);
    return MARGIN_PX + share * sheet->height_px;
}

static struct lh_geo_box box_around(const struct lh_hotspot *rows, size_t count)
{
    struct lh_geo_box box = {180, 90, -180, -90};
    for (size_t i = 0; i < count; i++) {
        box.west_deg = fmin(box.west_deg, rows[i].at.longitude_deg);
        box.east_deg = fmax(box.east_deg, rows[i].at.longitude_deg);
        box.south_deg = fmin(box.south_deg, rows[i].at.latitude_deg);
        box.north_deg = fmax(box.north_deg, rows[i].at.latitude_deg);
    }
    const double border =
        0.02 + 0.03 * fmax(box.east_deg - box.west_deg, box.north_deg - box.south_deg);
    box.west_deg = fmax(-180, box.west_deg - border);
    box.east_deg = fmin(180, box.east_deg + border);
    box.south_deg = fmax(-90, box.south_deg - border);
    box.north_deg = fmin(90, box.north_deg + border);
    return box;
}

/* 1, 2 or 5 times a power of ten, so that five to ten lines stand on a side. */
static double grid_step(double span_deg)
{
    const double rough = span_deg / 6;
    const double power = pow(10, floor(log10(rough)));
    const double share = rough / power;
    return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

static void draw_label(const struct sheet *sheet, double x, double y, double degrees)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.10g", round(degrees * 1e6) / 1e6);
    cairo_move_to(sheet->cairo, x, y);
    cairo_show_text(sheet->cairo, text);
}

static void draw_grid(const struct sheet *sheet)
{
    const struct lh_geo_box *box = &sheet->box;
    const double across = grid_step(box->east_deg - box->west_deg);
    const double up = grid_step(box->north_deg - box->south_deg);
    cairo_set_font_size(sheet->cairo, 11);
    cairo_set_line_width(sheet->cairo, 1);
    for (double at = ceil(box->west_deg / across); at * across <= box->east_deg; at++) {
        const double x = floor(x_of(sheet, at * across)) + 0.5;
        cairo_set_source_rgb(sheet->cairo, 0.85, 0.87, 0.85);
        cairo_move_to(sheet->cairo, x, MARGIN_PX);
        cairo_line_to(sheet->cairo, x, MARGIN_PX + sheet->height_px);
        cairo_stroke(sheet->cairo);
        cairo_set_source_rgb(sheet->cairo, 0.3, 0.3, 0.3);
        draw_label(sheet, x - 12, MARGIN_PX + sheet->height_px + 16, at * across);
    }
    for (double at = ceil(box->south_deg / up); at * up <= box->north_deg; at++) {
        const double y = floor(y_of(sheet, at * up)) + 0.5;
        cairo_set_source_rgb(sheet->cairo, 0.85, 0.87, 0.85);
        cairo_move_to(sheet->cairo, MARGIN_PX, y);
        cairo_line_to(sheet->cairo, MARGIN_PX + sheet->width_px, y);
        cairo_stroke(sheet->cairo);
        cairo_set_source_rgb(sheet->cairo, 0.3, 0.3, 0.3);
        draw_label(sheet, 6, y + 4, at * up);
    }
}

static void draw_rows(const struct sheet *sheet, const struct lh_hotspot_map *map)
{
    static const double colours[][3] = {
        {0.5, 0.5, 0.5}, {0.95, 0.75, 0.1}, {0.95, 0.45, 0.05}, {0.8, 0.05, 0.05}};
    for (size_t i = 0; i < map->row_count; i++) {
        const struct lh_hotspot *row = &map->rows[i];
        const double *colour = colours[row->confidence];
        const double power = isfinite(row->frp_mw) ? row->frp_mw : 1;
        cairo_set_source_rgba(sheet->cairo, colour[0], colour[1], colour[2], 0.75);
        cairo_arc(sheet->cairo, x_of(sheet, row->at.longitude_deg),
                  y_of(sheet, row->at.latitude_deg), fmin(9, 2 + sqrt(power) / 4), 0, 2 * LH_PI);
        cairo_fill(sheet->cairo);
    }
    cairo_set_source_rgb(sheet->cairo, 0.1, 0.2, 0.7);
    cairo_set_line_width(sheet->cairo, 1.5);
    for (size_t i = 0; i < map->source_count; i++) {
        cairo_arc(sheet->cairo, x_of(sheet, map->sources[i].centre.longitude_deg),
                  y_of(sheet, map->sources[i].centre.latitude_deg), 10, 0, 2 * LH_PI);
        cairo_stroke(sheet->cairo);
    }
}

static void draw(const struct sheet *sheet, const struct lh_hotspot_map *map)
{
    cairo_set_source_rgb(sheet->cairo, 0.98, 0.98, 0.96);
    cairo_paint(sheet->cairo);
    draw_grid(sheet);
    cairo_rectangle(sheet->cairo, MARGIN_PX, MARGIN_PX, sheet->width_px, sheet->height_px);
    cairo_clip(sheet->cairo);
    draw_rows(sheet, map);
}

int lh_hotspot_map_write(const struct lh_hotspot_map *map, const char *path, struct lh_fault *fault)
{
    if (map->row_count == 0 && !map->box)
        return lh_fail(fault, LH_EINVAL, "there is nothing to draw");
    struct sheet sheet = {.box = map->box ? *map->box : box_around(map->rows, map->row_count)};
    if (sheet.box.east_deg <= sheet.box.west_deg)
        sheet.box.east_deg += 360; /* across the antimeridian: rows west of it are drawn */
    const double middle = (sheet.box.north_deg + sheet.box.south_deg) / 2 * LH_DEGREE;
    const double aspect = (sheet.box.north_deg - sheet.box.south_deg) /
                          ((sheet.box.east_deg - sheet.box.west_deg) * fmax(cos(middle), 0.1));
    sheet.width_px = map->width_px;
    sheet.height_px = fmax(100, fmin(4000, map->width_px * aspect));
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(sheet.width_px + 2 * MARGIN_PX),
                                   (int)(sheet.height_px + 2 * MARGIN_PX));
    sheet.cairo = cairo_create(surface);
    draw(&sheet, map);
    cairo_status_t status = cairo_status(sheet.cairo);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_write_to_png(surface, path);
    cairo_destroy(sheet.cairo);
    cairo_surface_destroy(surface);
    if (status != CAIRO_STATUS_SUCCESS)
        return lh_fail(fault, LH_EIO, "%s: %s", path, cairo_status_to_string(status));
    return LH_OK;
}
