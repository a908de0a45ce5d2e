/* Masks: regions of a view where finds do not count, judged by the share of the box that is covered. */
#ifndef LH_DETECT_MASK_H
#define LH_DETECT_MASK_H

#include "base/site.h"
#include "detect/detection.h"

/* Share of the box that lies inside the polygon, 0..1 (clipping after Sutherland and Hodgman, "Reentrant
 * polygon clipping", CACM 17(1), 1974: the box is convex, the polygon may be any simple one). */
double lh_mask_share(const struct lh_mask *mask, struct lh_box box);

/* True when any mask that applies to preset covers at least its min_share of the box. */
bool lh_masks_cover(const struct lh_mask *masks, size_t count, const char *preset,
                    struct lh_box box);

#endif
