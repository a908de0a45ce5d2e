/* The contact sheet: a PNG with one row an alarm, so that a person can see whether it lies on the smoke.
 *
 * A row has words (clip, verdict, time since ignition, kind, score), the whole picture with the alarm's box
 * and, dashed, the labelled place, and an enlarged crop around the box, at the moment the alarm was
 * raised. Rows come in the order they are added; a page holds LH_SHEET_ROWS of them. The first page is
 * FILE.png and begins with the figures, the next are FILE-2.png, FILE-3.png ... Pages are written as
 * they fill, so memory stays bounded; past LH_SHEET_PAGES alarms are counted and no longer drawn.
 *
 * Drawn with Cairo and Pango.
 *
 * Thread: one at a time.
 */
#ifndef LH_JUDGE_SHEET_H
#define LH_JUDGE_SHEET_H

#include "judge/judge.h"
#include "video/frame.h"

#define LH_SHEET_ROWS 24
#define LH_SHEET_PAGES 200

struct lh_sheet;

/* All lent during the call. */
struct lh_sheet_row {
    const struct lh_label *label;
    const struct lh_charge *charge;
    int64_t utc_us;
    const struct lh_box *outline; /* the labelled place; NULL: not known */
};

/* path must end in ".png" and be writable. */
int lh_sheet_create(const char *path, struct lh_fault *fault, struct lh_sheet **ret_sheet);
/* frame may be NULL where the picture is not at hand: the row then says so. */
int lh_sheet_add(struct lh_sheet *sheet, const struct lh_sheet_row *row, struct lh_frame *frame,
                 struct lh_fault *fault);
/* Writes what is left, with the figures at the head of the first page and the missed fires below the
 * last row. */
int lh_sheet_finish(struct lh_sheet *sheet, const struct lh_case *cases,
                    const struct lh_judgement *judgement, struct lh_fault *fault);
/* Pages written so far. */
size_t lh_sheet_pages(const struct lh_sheet *sheet);
/* Accepts &NULL; leaves NULL. */
void lh_sheet_destroy(struct lh_sheet **sheet);

#endif
