/* Labels: what is known of recorded clips, so that alarms on them can be judged.
 *
 * A labels file is a JSON array with one object a clip:
 *
 *   file        the clip, or folder of stills, as the end of its path: "a.mp4", "june/a.mp4"
 *   kind        "fire" or "no-fire"
 *   ignition_s  of a fire: seconds from the first picture; null or absent where there is none
 *   visibility  "clear", "small" or "faint"; of fires only
 *   target      "smoke" or "flame": what masks and boxes show; alarms of the other kind are then judged
 *               by time only
 *   smoke_box   [x, y, width, height] in shares of the picture: the region in which the smoke appears
 *   masks       "FOLDER/NNN.png": N the digits of the picture's number from 0; two colours, of which the
 *               one that most of the first mask has is the background
 *   boxes       "FILE.json" or "FILE.xml": where the fire is at which time (judge/spot.h)
 *   cadence_s   time between two pictures (null: irregular); or fps. Masks and numbered boxes need it
 *   frames      how many pictures
 *   event       clips of one fire share it: `linhuo tune` leaves them out together. Default: the file
 *
 * Masks and boxes lie beside the clip. What else stands in an object is for people (site, note, source),
 * but a key one slip away from one of these is refused. Names that lead out of the folder, numbers that
 * are not finite or negative, times after the last picture and clips named twice are refused too.
 *
 * Thread-safety: immutable once read.
 */
#ifndef LH_JUDGE_LABELS_H
#define LH_JUDGE_LABELS_H

#include "base/error.h"
#include "detect/detection.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LH_LABELS_MAX_BYTES ((size_t)16 << 20)
#define LH_LABELS_MAX_CLIPS 100000

enum lh_visibility {
    LH_VISIBILITY_CLEAR,
    LH_VISIBILITY_SMALL,
    LH_VISIBILITY_FAINT,
    LH_VISIBILITY_UNSAID,
    LH_VISIBILITIES,
};
const char *lh_visibility_name(enum lh_visibility visibility); /* "clear"; "unsaid" */

struct lh_label {
    char *file;
    bool fire;
    double ignition_s; /* 0 where there is no fire */
    enum lh_visibility visibility;
    enum lh_kind target; /* 0: not said */
    bool has_smoke_box;
    struct lh_box smoke_box;
    char *masks;      /* NULL: none */
    char *boxes;      /* NULL: none */
    double cadence_s; /* 0: not said, or irregular */
    uint64_t frames;  /* 0: not said */
    char *event;
};

struct lh_labels {
    struct lh_label *items; /* in the order of the file */
    size_t count;
};

/* The fault names the clip and what to write instead. LH_EFORMAT, LH_ELIMIT, LH_ENOMEM. */
int lh_labels_parse(const char *text, size_t length, struct lh_fault *fault,
                    struct lh_labels *ret_labels);
/* The same from a file, whose path goes before the fault's text. */
int lh_labels_load(const char *path, struct lh_fault *fault, struct lh_labels *ret_labels);
void lh_labels_finish(struct lh_labels *labels);

#endif
