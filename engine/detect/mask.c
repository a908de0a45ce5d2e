#include "detect/mask.h"

#include <math.h>
#include <string.h>

enum { LEFT, RIGHT, TOP, BOTTOM, SIDES };

/* One stage of the pipeline for each side of the box; the last hands its vertices to the area sum.
 * Streaming needs no room for the clipped polygon, whatever the number of its points. */
struct stage {
    struct lh_point first;
    struct lh_point previous;
    bool any;
};

struct clip {
    struct stage stages[SIDES];
    double bound[SIDES];
    struct lh_point first;
    struct lh_point previous;
    bool any;
    double twice_area;
};

/* Signed distance to the inner side of one edge of the box. */
static double inside(const struct clip *clip, int side, struct lh_point point)
{
    switch (side) {
    case LEFT:
        return point.x - clip->bound[LEFT];
    case RIGHT:
        return clip->bound[RIGHT] - point.x;
    case TOP:
        return point.y - clip->bound[TOP];
    default:
        return clip->bound[BOTTOM] - point.y;
    }
}

static void add_corner(struct clip *clip, struct lh_point point)
{
    if (!clip->any) {
        clip->first = point;
        clip->any = true;
    } else {
        clip->twice_area += clip->previous.x * point.y - point.x * clip->previous.y;
    }
    clip->previous = point;
}

static void feed(struct clip *clip, int side, struct lh_point point);

/* The edge from one vertex to the next: what of it is inside goes on to the next stage. */
static void feed_crossing(struct clip *clip, int side, struct lh_point from, struct lh_point to)
{
    const double a = inside(clip, side, from);
    const double b = inside(clip, side, to);
    if ((a < 0.0) == (b < 0.0))
        return;
    const double t = a / (a - b);
    feed(clip, side + 1,
         (struct lh_point){from.x + t * (to.x - from.x), from.y + t * (to.y - from.y)});
}

static void feed(struct clip *clip, int side, struct lh_point point)
{
    if (side == SIDES) {
        add_corner(clip, point);
        return;
    }
    struct stage *stage = &clip->stages[side];
    if (stage->any)
        feed_crossing(clip, side, stage->previous, point);
    else
        stage->first = point;
    stage->any = true;
    stage->previous = point;
    if (inside(clip, side, point) >= 0.0)
        feed(clip, side + 1, point);
}

static void close_polygon(struct clip *clip)
{
    for (int side = 0; side < SIDES; side++) {
        struct stage *stage = &clip->stages[side];
        if (stage->any)
            feed_crossing(clip, side, stage->previous, stage->first);
    }
    if (clip->any)
        clip->twice_area += clip->previous.x * clip->first.y - clip->first.x * clip->previous.y;
}

double lh_mask_share(const struct lh_mask *mask, struct lh_box box)
{
    const double area = (double)box.width * (double)box.height;
    if (!(box.width > 0.0F) || !(box.height > 0.0F) || mask->point_count < 3)
        return 0.0;
    /* Taken relative to the box's corner, which keeps the digits of small boxes. */
    struct clip clip = {
        .bound = {
            [LEFT] = 0.0, [RIGHT] = (double)box.width, [TOP] = 0.0, [BOTTOM] = (double)box.height}};
    for (size_t i = 0; i < mask->point_count; i++)
        feed(&clip, 0,
             (struct lh_point){mask->points[i].x - (double)box.x,
                               mask->points[i].y - (double)box.y});
    close_polygon(&clip);
    const double share = fabs(clip.twice_area) / 2.0 / area;
    return share > 1.0 ? 1.0 : share;
}

bool lh_masks_cover(const struct lh_mask *masks, size_t count, const char *preset,
                    struct lh_box box)
{
    for (size_t i = 0; i < count; i++) {
        const char *wanted = masks[i].preset;
        if (wanted && wanted[0] != '\0' && strcmp(wanted, preset) != 0)
            continue;
        const double share = lh_mask_share(&masks[i], box);
        /* A hair of tolerance: a box that lies wholly inside must count as 1. */
        if (share > 0.0 && share >= masks[i].min_share - 1e-6)
            return true;
    }
    return false;
}
