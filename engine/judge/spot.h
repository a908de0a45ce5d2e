/* The spot: where in the picture a labelled clip's fire is, at a time.
 *
 * Known from any of
 *   smoke_box   the same at every time
 *   boxes       a JSON array of {"frame": N, "boxes": [[x, y, width, height], ...]} in shares of the
 *               picture, or with "time_s" in place of "frame"; or the XML of the FURG fire data set
 *               (OpenCV storage, pixels)
 *   masks       PNG pictures of two colours
 * The entry that holds at a time is the latest one up to it. One without a box, or a mask of one colour,
 * says that nothing burns yet. Where several are given, an alarm may lie on any.
 *
 * An alarm lies on the spot when its box and the labelled region share at least LH_SPOT_SHARE of the
 * smaller of the two: a small box inside the plume and a large one around it both do; a cloud's box that
 * touches the plume's edge does not. A box that covers more than LH_SPOT_LARGEST of the picture shows
 * no place and lies on none.
 *
 * Masks are read when they are asked for, and the latest stays in memory.
 *
 * Thread: one at a time.
 */
#ifndef LH_JUDGE_SPOT_H
#define LH_JUDGE_SPOT_H

#include "judge/labels.h"

#define LH_SPOT_SHARE 0.2
#define LH_SPOT_LARGEST 0.5

enum lh_placing {
    LH_PLACING_UNKNOWN, /* the labels do not say where the fire is */
    LH_PLACING_ON,
    LH_PLACING_OFF,
};

struct lh_spot;

/* label is lent until closed. clip_path: masks and boxes lie beside it. ret_spot becomes NULL where the
 * label names no place. The fault names the file. */
int lh_spot_open(const struct lh_label *label, const char *clip_path, struct lh_fault *fault,
                 struct lh_spot **ret_spot);
/* Accepts &NULL; leaves NULL. */
void lh_spot_close(struct lh_spot **spot);

/* Where a box of that kind lies, time_s after the first picture. spot may be NULL: unknown. */
int lh_spot_place(struct lh_spot *spot, enum lh_kind kind, double time_s, struct lh_box box,
                  struct lh_fault *fault, enum lh_placing *ret_placing);

/* The box around all that is labelled at that time, for showing. False: nothing is. */
bool lh_spot_outline(struct lh_spot *spot, double time_s, struct lh_box *ret_box);

#endif
