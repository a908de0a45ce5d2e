/* Room-internal: what a places file becomes. */
#ifndef LH_LOCATE_PLACES_FILE_H
#define LH_LOCATE_PLACES_FILE_H

#include "locate/geo.h"

#include <stddef.h>

struct lh_place_feature {
    char *name;    /* "" for a line without one */
    char *english; /* NULL for none */
    size_t first;  /* of its vertices */
    size_t count;  /* 1: a point; more: a line */
    bool path;     /* a line that is no road */
};

struct lh_places {
    struct lh_place_feature *features;
    size_t count;
    size_t room;
    struct lh_geo *vertices; /* WGS-84 */
    size_t vertex_count;
    size_t vertex_room;
};

#endif
