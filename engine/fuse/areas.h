/* Named areas on the map: polygons with holes, or circles. From any vector file that OGR reads, or made by hand.
 *
 * Thread-safety: immutable after loading; any thread may read.
 */
#ifndef LH_FUSE_AREAS_H
#define LH_FUSE_AREAS_H

#include "base/error.h"
#include "locate/position.h"

#include <stddef.h>

#define LH_AREA_TEXT 97
#define LH_AREAS_CORNERS_MAX ((size_t)1000000) /* of one file */

struct lh_area {
    char name[LH_AREA_TEXT];
    char kind[LH_AREA_TEXT]; /* what the file's field `kind` says; "" */
    char from[LH_AREA_TEXT]; /* likewise `from` and `to` */
    char to[LH_AREA_TEXT];
    struct lh_geo *corners;
    size_t corner_count;
    size_t *ring_ends; /* indices into corners; holes are rings too (even-odd) */
    size_t ring_count;
    struct lh_geo centre; /* of a circle, which has no rings */
    double radius_m;
};

/* Zero-initialised is empty. */
struct lh_areas {
    struct lh_area *items;
    size_t count;
    size_t capacity;
};

/* Appends all polygons of a file, named by its field `name`. Coordinates are brought to WGS-84 from the file's own
 * reference system, then from datum (a map's tag; WGS-84 for files that say what they are). LH_ECONFIG: it
 * cannot be read, has no polygon, or a corner at no place on earth; fault says which. LH_ENOMEM. */
int lh_areas_load(const char *path, enum lh_datum datum, struct lh_fault *fault,
                  struct lh_areas *areas);

/* Takes the area over. LH_ENOMEM leaves it with the caller. */
int lh_areas_add(struct lh_areas *areas, const struct lh_area *area);
/* One ring more, copied; at least 3 corners. LH_ENOMEM. */
int lh_area_add_ring(struct lh_area *area, const struct lh_geo *corners, size_t count);
void lh_area_finish(struct lh_area *area);
void lh_areas_finish(struct lh_areas *areas);

/* 0 inside. Straight lines on a plane about the place; right to a thousandth within 50 km. */
double lh_area_distance_m(const struct lh_area *area, struct lh_geo place);

/* Whether what is at that position may lie within_m of the area: the best place's distance is at most within_m
 * and as many sigma of its larger axis. A bearing touches nothing. */
bool lh_area_touches(const struct lh_area *area, const struct lh_position *position,
                     double within_m, double sigmas);

#endif
