/* The 95 % region of an alarm's position, drawn: what maps and other systems are given.
 *
 * From the position as messages have it (alarm.schema.json), for views are made by those who receive alarms.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_ALARM_OUTLINE_H
#define LH_ALARM_OUTLINE_H

#include "locate/position.h"

#include <jansson.h>

#define LH_OUTLINE_POINTS 40

/* One hypothesis. */
struct lh_outline {
    struct lh_geo points[LH_OUTLINE_POINTS]; /* counter-clockwise; the last is the first */
    size_t count;
    struct lh_geo middle;
    double radius_m; /* of the circle about the middle that holds it all */
    bool round;      /* it is that circle */
    double weight;   /* 1 of a bearing */
};

/* 0: the position is null, or none that can be drawn. */
size_t lh_outlines(const json_t *position, struct lh_outline ret_outlines[LH_HYPOTHESES]);

#endif
