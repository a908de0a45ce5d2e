/* A position in words: "Xishe north-west 3.2 km, 240 m above the road", 西社镇西北3.2公里，高于道路240米.
 *
 * The words come from a places file: any vector file that GDAL reads, in any projection PROJ knows, or a
 * JSON array of objects with a name and either lat and lon (latitude, longitude, lng) or a GeoJSON point
 * under loc or geometry. Points, and the middles of areas, are places; lines are roads and paths (a
 * field highway that says path, footway, track, steps or bridleway makes a path). English words use the
 * field NAME_en or NAME:en where a feature has one. Features without a name are passed over, lines
 * excepted; coordinates that are no place on the earth are, too.
 *
 * Thread-safety: immutable after loading.
 */
#ifndef LH_LOCATE_PLACES_H
#define LH_LOCATE_PLACES_H

#include "base/error.h"
#include "locate/terrain.h"

#define LH_PLACES_MOST 500000
#define LH_PLACES_VERTICES_MOST 5000000
#define LH_PLACE_TEXT 512 /* room for a description */

enum lh_language {
    LH_LANGUAGE_ENGLISH,
    LH_LANGUAGE_CHINESE,
};

struct lh_places;

/* LH_ENOTFOUND and LH_EIO for the file itself; LH_EFORMAT for one that holds no named place; LH_ELIMIT. The
 * fault names it. */
int lh_places_load(const char *path, enum lh_datum datum, const char *name_field,
                   struct lh_fault *fault, struct lh_places **ret_places);
/* Accepts &NULL; leaves NULL. */
void lh_places_destroy(struct lh_places **places);

size_t lh_places_count(const struct lh_places *places); /* points and lines */

/* The nearest named place within range_m and, where a line within 2 km lies at least 10 m lower or higher
 * by the terrain (NULL: none), how far above or below it. LH_ENOTFOUND: no place within the range. */
int lh_places_describe(const struct lh_places *places, struct lh_geo position,
                       const struct lh_terrain *terrain, double range_m, enum lh_language language,
                       char text[LH_PLACE_TEXT]);

#endif
