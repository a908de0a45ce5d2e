/* The responsibility grid: which county, township, village and grid cell a place belongs to, and who answers
 * for it.
 *
 * From any vector file that OGR reads, in any projection. A feature is an area with these fields; a Chinese
 * name is as good, and a field that is not there is empty:
 *
 *   code       adcode 代码   administrative code: 6 digits county, 9 township, 12 village, more a grid cell
 *   name       名称          what people call it
 *   level      级别          county (district), township (street), village or cell; else by the length of the code
 *   county, township, village   县 乡镇 村
 *   ranger     护林员        who answers, as one would dial: "Zhang San 139..."; empty: somebody of another level
 *   cadre      村干部
 *   officer    乡镇干部
 *   desk       值班室        the county's duty desk
 *   neighbours 毗邻          codes, apart by commas or blanks; empty: areas of the same level that adjoin
 *
 * A polygon that crosses itself is mended (GEOS makevalid). What overlaps within a level, ground enclosed by a
 * level that belongs to nobody, and codes that come twice are said in words (lh_grid_note) and kept: a place in
 * two cells belongs to both.
 *
 * Shares of probability are summed over a fixed lattice (1,152 points a hypothesis): right to about a hundredth,
 * and the same at every replay. Lines between corners are straight in degrees, as maps have them.
 *
 * Thread-safety: immutable after loading; any thread may read.
 */
#ifndef LH_LOCATE_GRID_H
#define LH_LOCATE_GRID_H

#include "base/error.h"
#include "locate/position.h"

#define LH_GRID_TEXT 128
#define LH_GRID_CORNERS_MOST 2000000
#define LH_GRID_AREAS_MOST 20000
#define LH_GRID_NOTES_MOST 50
#define LH_GRID_ADJOINS_M 50.0 /* borders drawn twice do not meet exactly */

enum lh_grid_level {
    LH_GRID_COUNTY,
    LH_GRID_TOWNSHIP,
    LH_GRID_VILLAGE,
    LH_GRID_CELL,
};
const char *lh_grid_level_name(enum lh_grid_level level);

/* Who answers for an area, from near to far. */
enum lh_role {
    LH_ROLE_RANGER,
    LH_ROLE_CADRE,   /* of the village */
    LH_ROLE_OFFICER, /* of the township */
    LH_ROLE_DESK,    /* of the county */
    LH_ROLES,
};
const char *lh_role_name(enum lh_role role);

struct lh_grid_area {
    char code[LH_GRID_TEXT];
    char name[LH_GRID_TEXT];
    char county[LH_GRID_TEXT];
    char township[LH_GRID_TEXT];
    char village[LH_GRID_TEXT];
    char people[LH_ROLES][LH_GRID_TEXT];
    char neighbours[4 * LH_GRID_TEXT];
    enum lh_grid_level level;
    struct lh_geo
        *corners; /* the rings one after the other; inside is what an odd number of them encloses */
    size_t corner_count;
    size_t *ring_ends;
    size_t ring_count;
    double west_deg, south_deg, east_deg, north_deg; /* east may pass 180 */
};

struct lh_grid;

/* LH_ECONFIG, and fault says which file and why; LH_ENOMEM. Coordinates are those of datum, for files that say
 * degrees and mean those of a Chinese map. */
int lh_grid_load(char *const *paths, size_t count, enum lh_datum datum, struct lh_fault *fault,
                 struct lh_grid **ret_grid);
/* Accepts &NULL; leaves NULL. */
void lh_grid_destroy(struct lh_grid **grid);

size_t lh_grid_count(const struct lh_grid *grid);
const struct lh_grid_area *lh_grid_area(const struct lh_grid *grid, size_t index);

/* What is odd about the files, a sentence each; at most LH_GRID_NOTES_MOST. */
size_t lh_grid_note_count(const struct lh_grid *grid);
const char *lh_grid_note(const struct lh_grid *grid, size_t index);

/* An area that the 95 % region of a position touches. */
struct lh_grid_touch {
    size_t area;
    double share; /* of the probability: 0 where the region only grazes it */
};

/* All of them, by level from the county down and by falling share within it. ret_count may be 0: nobody's ground.
 * Caller frees ret_touches (NULL for none). LH_EINVAL for a position that is none; LH_ENOMEM. */
int lh_grid_touches(const struct lh_grid *grid, const struct lh_position *position,
                    struct lh_grid_touch **ret_touches, size_t *ret_count);

/* True where b is a neighbour of a by a's list, or where it has none by their borders. Never of itself. */
bool lh_grid_is_neighbour(const struct lh_grid *grid, size_t a, size_t b);

/* The area of a level nearest to the place, and how far. LH_ENOTFOUND: there is none of that level. */
int lh_grid_nearest(const struct lh_grid *grid, enum lh_grid_level level, struct lh_geo place,
                    size_t *ret_area, double *ret_distance_m);

#endif
