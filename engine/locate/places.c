#include "locate/places.h"

#include "locate/places_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_NEAR_M 2000.0
#define LEVEL_M 10.0 /* height differences below it are not worth words */
#define AT_M 50.0    /* nearer than this it is there */

/* ---- what is near ---- */

/* On the tangent plane about a place, good to a part in a thousand over tens of kilometres. */
struct near {
    struct lh_geo about;
    double north_m; /* a degree */
    double east_m;
};

static struct near near_of(struct lh_geo about)
{
    const double metres = lh_geo_radius_m(about.latitude_deg) * LH_DEGREE;
    return (struct near){about, metres, metres * cos(about.latitude_deg * LH_DEGREE)};
}

static struct lh_offset offset_of(const struct near *near, struct lh_geo place)
{
    const double turn = lh_azimuth_difference(near->about.longitude_deg, place.longitude_deg);
    return (struct lh_offset){turn * near->east_m,
                              (place.latitude_deg - near->about.latitude_deg) * near->north_m};
}

/* Of the points within the range; the geodesic decides, the plane only excludes. */
static const struct lh_place_feature *nearest_point(const struct lh_places *places,
                                                    struct lh_geo position, double range_m,
                                                    double *ret_distance_m)
{
    const struct near near = near_of(position);
    const struct lh_place_feature *found = NULL;
    double best_m = range_m;
    for (size_t i = 0; i < places->count; i++) {
        const struct lh_place_feature *feature = &places->features[i];
        if (feature->count != 1)
            continue;
        const struct lh_geo place = places->vertices[feature->first];
        if (fabs(place.latitude_deg - position.latitude_deg) * near.north_m > 1.02 * best_m)
            continue;
        const double distance_m = lh_geo_distance_m(place, position);
        if (distance_m <= best_m) {
            best_m = distance_m;
            found = feature;
        }
    }
    *ret_distance_m = best_m;
    return found;
}

/* The point of a segment that is nearest to the origin, as a share of its length. */
static double nearest_share(struct lh_offset a, struct lh_offset b)
{
    const double east = b.east_m - a.east_m;
    const double north = b.north_m - a.north_m;
    const double length2 = east * east + north * north;
    if (!(length2 > 0.0))
        return 0.0;
    return fmin(fmax(-(a.east_m * east + a.north_m * north) / length2, 0.0), 1.0);
}

static const struct lh_place_feature *nearest_line(const struct lh_places *places,
                                                   struct lh_geo position, struct lh_geo *ret_foot)
{
    const struct near near = near_of(position);
    const struct lh_place_feature *found = NULL;
    double best_m = LINE_NEAR_M;
    for (size_t i = 0; i < places->count; i++) {
        const struct lh_place_feature *feature = &places->features[i];
        for (size_t k = 1; k < feature->count; k++) {
            const struct lh_geo *from = &places->vertices[feature->first + k - 1];
            const struct lh_offset a = offset_of(&near, from[0]);
            const struct lh_offset b = offset_of(&near, from[1]);
            const double share = nearest_share(a, b);
            const struct lh_offset foot = {a.east_m + share * (b.east_m - a.east_m),
                                           a.north_m + share * (b.north_m - a.north_m)};
            const double distance_m = hypot(foot.east_m, foot.north_m);
            if (distance_m >= best_m)
                continue;
            best_m = distance_m;
            found = feature;
            *ret_foot =
                lh_geo_wrap((struct lh_geo){position.latitude_deg + foot.north_m / near.north_m,
                                            position.longitude_deg + foot.east_m / near.east_m});
        }
    }
    return found;
}

/* ---- words ---- */

static const char *direction(double bearing_deg, enum lh_language language)
{
    static const char *const words[2][8] = {
        {"north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"},
        {"北", "东北", "东", "东南", "南", "西南", "西", "西北"},
    };
    return words[language][(size_t)(lh_azimuth_wrap(bearing_deg + 22.5) / 45.0) % 8];
}

static void put_distance(double distance_m, enum lh_language language, char text[static 32])
{
    static const char *const units[2][2] = {{" m", " km"}, {"米", "公里"}};
    if (distance_m < 995.0)
        (void)snprintf(text, 32, "%.0f%s", 10.0 * round(distance_m / 10.0), units[language][0]);
    else
        (void)snprintf(text, 32, "%.*f%s", distance_m < 9950.0 ? 1 : 0, distance_m / 1000.0,
                       units[language][1]);
}

static const char *name_of(const struct lh_place_feature *feature, enum lh_language language)
{
    return language == LH_LANGUAGE_ENGLISH && feature->english ? feature->english : feature->name;
}

static void put_line(const struct lh_places *places, struct lh_geo position,
                     const struct lh_terrain *terrain, enum lh_language language, char *text,
                     size_t size)
{
    static const char *const kinds[2][2] = {{"the road", "the path"}, {"道路", "小路"}};
    struct lh_geo foot;
    text[0] = '\0';
    const struct lh_place_feature *line = terrain ? nearest_line(places, position, &foot) : NULL;
    if (!line)
        return;
    const double above_m =
        lh_terrain_height_at(terrain, position) - lh_terrain_height_at(terrain, foot);
    if (!(fabs(above_m) >= LEVEL_M))
        return;
    const char *name =
        line->name[0] != '\0' ? name_of(line, language) : kinds[language][line->path];
    const double shown_m = 10.0 * round(fabs(above_m) / 10.0);
    if (language == LH_LANGUAGE_ENGLISH)
        (void)snprintf(text, size, ", %.0f m %s %.100s", shown_m, above_m > 0.0 ? "above" : "below",
                       name);
    else
        (void)snprintf(text, size, "，%s%.100s%.0f米", above_m > 0.0 ? "高于" : "低于", name,
                       shown_m);
}

int lh_places_describe(const struct lh_places *places, struct lh_geo position,
                       const struct lh_terrain *terrain, double range_m, enum lh_language language,
                       char text[LH_PLACE_TEXT])
{
    double distance_m;
    char far[32];
    char line[192];
    if (!lh_geo_valid(position))
        return LH_EINVAL;
    const struct lh_place_feature *place = nearest_point(places, position, range_m, &distance_m);
    if (!place)
        return LH_ENOTFOUND;
    const double bearing_deg = lh_geo_bearing_deg(places->vertices[place->first], position);
    put_line(places, position, terrain, language, line, sizeof line);
    put_distance(distance_m, language, far);
    const bool there = distance_m < AT_M;
    const char *where = there ? "" : direction(bearing_deg, language);
    const bool english = language == LH_LANGUAGE_ENGLISH;
    (void)snprintf(text, LH_PLACE_TEXT, "%.200s%s%s%s%s%s", name_of(place, language),
                   english && !there ? " " : "", where, english && !there ? " " : "",
                   there ? "" : far, line);
    return LH_OK;
}

size_t lh_places_count(const struct lh_places *places)
{
    return places->count;
}

void lh_places_destroy(struct lh_places **places_pointer)
{
    struct lh_places *places = *places_pointer;
    if (!places)
        return;
    for (size_t i = 0; i < places->count; i++) {
        free(places->features[i].name);
        free(places->features[i].english);
    }
    free(places->features);
    free(places->vertices);
    free(places);
    *places_pointer = NULL;
}
