/* Room-internal: what grid files become. */
#ifndef LH_LOCATE_GRID_FILE_H
#define LH_LOCATE_GRID_FILE_H

#include "locate/grid.h"

struct lh_grid {
    struct lh_grid_area *areas;
    size_t count;
    size_t room;
    size_t corners;
    char *notes[LH_GRID_NOTES_MOST];
    size_t note_count;
};

#endif
