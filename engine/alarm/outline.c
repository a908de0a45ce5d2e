#include "alarm/outline.h"

#include <math.h>
#include <string.h>

#define ELLIPSE_POINTS 36
#define ARC_POINTS 17
#define MOST_M 1e6
#define ROUND 1.05 /* major over minor, at most */

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static bool read_place(const json_t *object, struct lh_geo *place)
{
    *place = (struct lh_geo){number_of(object, "latitude_deg"), number_of(object, "longitude_deg")};
    return lh_geo_valid(*place);
}

static bool is_length(double metres)
{
    return metres >= 0 && metres <= MOST_M;
}

static void close_ring(struct lh_outline *outline)
{
    outline->points[outline->count++] = outline->points[0];
}

static bool draw_ellipse(const json_t *ellipse, struct lh_outline *outline)
{
    const double major_m = number_of(ellipse, "major_m");
    const double minor_m = number_of(ellipse, "minor_m");
    const double azimuth_deg = number_of(ellipse, "azimuth_deg");
    const double weight = number_of(ellipse, "weight");
    *outline = (struct lh_outline){.weight = weight, .radius_m = major_m};
    if (!read_place(ellipse, &outline->middle) || !is_length(major_m) || !is_length(minor_m) ||
        minor_m <= 0 || !isfinite(azimuth_deg) || !(weight >= 0 && weight <= 1))
        return false;
    outline->round = major_m <= ROUND * minor_m;
    for (int i = 0; i < ELLIPSE_POINTS; i++) {
        const double angle = -2 * LH_PI * i / ELLIPSE_POINTS;
        const double along_m = major_m * cos(angle);
        const double across_m = minor_m * sin(angle);
        outline->points[outline->count++] = lh_geo_move(
            outline->middle, lh_azimuth_wrap(azimuth_deg + atan2(across_m, along_m) / LH_DEGREE),
            hypot(along_m, across_m));
    }
    close_ring(outline);
    return true;
}

static bool draw_sector(const json_t *sector, struct lh_outline *outline)
{
    struct lh_geo from;
    const double azimuth_deg = number_of(sector, "azimuth_deg");
    const double half_deg = number_of(sector, "half_width_deg");
    const double near_m = number_of(sector, "near_m");
    const double far_m = number_of(sector, "far_m");
    *outline = (struct lh_outline){.weight = 1};
    if (!read_place(sector, &from) || !isfinite(azimuth_deg) || !(half_deg > 0 && half_deg < 180) ||
        !is_length(near_m) || !is_length(far_m) || far_m <= near_m)
        return false;
    const double step_deg = 2 * half_deg / (ARC_POINTS - 1);
    const int near_points = near_m > 0 ? ARC_POINTS : 1;
    for (int i = 0; i < ARC_POINTS; i++)
        outline->points[outline->count++] =
            lh_geo_move(from, lh_azimuth_wrap(azimuth_deg + half_deg - i * step_deg), far_m);
    for (int i = 0; i < near_points; i++)
        outline->points[outline->count++] =
            lh_geo_move(from, lh_azimuth_wrap(azimuth_deg - half_deg + i * step_deg), near_m);
    close_ring(outline);
    outline->middle = lh_geo_move(from, lh_azimuth_wrap(azimuth_deg), (near_m + far_m) / 2);
    for (size_t i = 0; i < outline->count; i++)
        outline->radius_m =
            fmax(outline->radius_m, lh_geo_distance_m(outline->middle, outline->points[i]));
    return true;
}

size_t lh_outlines(const json_t *position, struct lh_outline ret_outlines[LH_HYPOTHESES])
{
    const char *form = json_string_value(json_object_get(position, "form"));
    const json_t *ellipses = json_object_get(position, "ellipses");
    size_t count = 0;
    if (form && strcmp(form, "sector") == 0)
        return draw_sector(position, &ret_outlines[0]) ? 1 : 0;
    for (size_t i = 0; i < json_array_size(ellipses) && count < LH_HYPOTHESES; i++)
        count += draw_ellipse(json_array_get(ellipses, i), &ret_outlines[count]);
    return count;
}
