/* Memory of a place: what usually scores in a part of the picture counts for less there.
 *
 * For each view (preset and picture size; the eight used last are kept) and kind there is a grid of 32 x 18
 * tiles with two memories, both fed with the raw scores of every watched frame, on the frames' own clock:
 *
 *   recent  what the tile usually scores: the frame's highest score there (0 where nothing is found) behind
 *           two delays of place_recent_s, one after the other, so that it rises slowly at first: 20 minutes
 *           of a steady 0.7 leave 0.10, an hour 0.42, two hours 0.64. Time in which nothing was watched counts for at
 *           most 5 minutes; after a gap of four place_recent_s, or a step of more than a minute back, it
 *           starts anew.
 *   by hour the highest score of the tile in every hour of the last 8 days.
 *
 * A find is held against the mean, over the tiles that its box touches, of the highest value within a tile
 * of each. Its score s is lowered, in logits, by the larger of
 *
 *   recent  place_weight x (1 - (logit s - logit usual) / 2), from 0 to place_weight: in full for what scores
 *           as usual, nothing for what scores 2 logits more than usual (0.35 is usual: from 0.80 on);
 *   by hour logit T - logit confirm_score with T = max((m + 1) / 2, m + 0.2), at most 0.95, where m is the highest
 *           score in the hour now, before and after, of the 7 days before this; it counts from confirm_score on. T
 *           so takes the place of confirm_score. The rule is firecam's (history filter of its
 *           inception_and_threshold.py: same hour of day, from 7.5 days to 12 hours ago), with whole hours
 *           instead of a sliding one;
 *
 * but never by more than place_weight, and not at all where a find of the other kind overlaps it that is itself
 * not lowered: smoke over new flame is no rock. Raw scores stay in the finds.
 *
 * A connection that was lost and found again is no new view. A camera that was turned without its preset
 * saying so shows other things in its tiles: recent memory adapts, that by hour is over after 8 days.
 *
 * Memory: 230 kB a view. Driven by finds and time alone, so that recordings go through it as pictures do.
 * Deterministic. Thread: the one that owns the camera.
 */
#ifndef LH_DETECT_PLACE_H
#define LH_DETECT_PLACE_H

#include "base/site.h"
#include "detect/detection.h"

#define LH_PLACE_COLUMNS 32
#define LH_PLACE_ROWS 18

struct lh_place_memory;

/* Of config only place_weight, place_recent_s and confirm_score count. LH_ERANGE where they are out of range. */
int lh_place_create(const struct lh_track_config *config, struct lh_place_memory **ret_place);
/* Accepts &NULL; leaves NULL. */
void lh_place_destroy(struct lh_place_memory **place);

/* What is known of a frame. Lent during the call. */
struct lh_place_look {
    const char *preset; /* NULL: "" */
    uint32_t width_px;
    uint32_t height_px;
    int64_t utc_us;
};

/* Keeps every find's score as raw_score, lowers score, then learns the frame. Every watched frame once,
 * before the tracker, with all its finds or none. LH_ENOMEM leaves scores as they are. */
int lh_place_weigh(struct lh_place_memory *place, const struct lh_place_look *look,
                   struct lh_detection *detections, size_t count);

/* What a tile of the view last looked at knows, 0..1; zeros outside and before the first look. */
struct lh_place_tile {
    double usual;
    double by_hour; /* highest of this hour on other days, neighbours included */
};
struct lh_place_tile lh_place_tile(const struct lh_place_memory *place, enum lh_kind kind,
                                   int column, int row);

/* Writes all of it to path, beside it first and then renamed; mode 0600. Not synchronised to the disk: what a
 * power failure spoils is found by its checksum. LH_EIO and the like. */
int lh_place_save(const struct lh_place_memory *place, const char *path);
/* Takes the place of what is known. LH_ENOTFOUND: no such file; LH_EFORMAT: cut short, damaged, of another
 * version or byte order. What is known stays on failure. */
int lh_place_load(struct lh_place_memory *place, const char *path);

#endif
