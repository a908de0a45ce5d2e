/* What is remembered of one view: internal to place.c and place_file.c. */
#ifndef LH_DETECT_PLACE_VIEW_H
#define LH_DETECT_PLACE_VIEW_H

#include "detect/place.h"

#define LH_PLACE_KINDS 2
#define LH_PLACE_TILES ((size_t)LH_PLACE_COLUMNS * LH_PLACE_ROWS)
#define LH_PLACE_CELLS (LH_PLACE_KINDS * LH_PLACE_TILES) /* smoke first */
#define LH_PLACE_HOURS 192                               /* 8 days */
#define LH_PLACE_VIEWS 8
#define LH_PLACE_PRESET 72

/* Written to files as it is: fixed sizes, no padding; a change asks for another version. */
struct lh_place_view {
    char preset[LH_PLACE_PRESET]; /* zero-filled */
    uint32_t width_px;
    uint32_t height_px;
    int64_t last_utc_us;
    float delayed[LH_PLACE_CELLS]; /* between the two delays */
    float usual[LH_PLACE_CELLS];
    int64_t hours[LH_PLACE_HOURS];                 /* since 1970, which the row of peaks is of */
    uint8_t peaks[LH_PLACE_HOURS][LH_PLACE_CELLS]; /* scores in 1/255 */
};

struct lh_place_memory {
    struct lh_track_config config;
    struct lh_place_view *views[LH_PLACE_VIEWS];
    size_t count;
    struct lh_place_view *view; /* of the last look; NULL before */
    /* Of that view: */
    int64_t hour; /* that other_days is of; LH_NO_TIME: of none */
    uint8_t other_days[LH_PLACE_CELLS];
    float nearby[LH_PLACE_CELLS]; /* the highest usual within a tile */
    float seen[LH_PLACE_CELLS];   /* in the frame at hand */
    float *lowering;              /* one a find of the frame at hand */
    size_t lowering_capacity;
};

#endif
