/* The docket: which clips of the footage are judged, by which label.
 *
 * A label means the clip whose path ends in its file. Where a folder of videos was given, every label
 * must have its clip: a missing one is a mistake. Where single files were given, the labels of others
 * are listed as not given. Two clips for one label, and a label without any clip at all, are mistakes.
 *
 * Thread: one at a time.
 */
#ifndef LH_DOCKET_H
#define LH_DOCKET_H

#include "footage.h"
#include "judge/judge.h"
#include "replay.h"

#include <stdbool.h>

#define LH_NO_CASE SIZE_MAX

/* One label with its clip. */
struct lh_docket_item {
    const struct lh_label *label;
    size_t clip;          /* of the footage */
    struct lh_spot *spot; /* NULL: the place is not labelled */
};

struct lh_docket {
    struct lh_labels labels;
    struct lh_docket_item *items; /* in the order of the labels */
    size_t count;
    size_t *case_of_clip;   /* one a clip: index into items, or LH_NO_CASE */
    const char **not_given; /* files of labels; lent from labels */
    size_t not_given_count;
    const char **unlabelled; /* paths of clips; lent from the footage */
    size_t unlabelled_count;
};

/* footage is lent. LH_ENOTFOUND, LH_EFORMAT and what lh_labels_load says. */
int lh_docket_open(const char *labels_path, const struct lh_footage *footage,
                   struct lh_fault *fault, struct lh_docket *ret_docket);
void lh_docket_close(struct lh_docket *docket);

/* What a replay of the footage saw of the docket's clips, in the order of its items. */
struct lh_case_list {
    struct lh_case *cases;
    struct lh_span *spans; /* of all cases */
};
/* docket and result are lent as long as the list. LH_ENOMEM. */
int lh_docket_cases(const struct lh_docket *docket, const struct lh_replay_result *result,
                    struct lh_case_list *ret_list);
void lh_case_list_finish(struct lh_case_list *list);
/* LH_ERANGE where a label's ignition lies after its clip's last picture. */
int lh_docket_check(const struct lh_docket *docket, const struct lh_case_list *list,
                    const char *labels_path, struct lh_fault *fault);

#endif
