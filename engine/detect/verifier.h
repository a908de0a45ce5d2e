/* What the history of a track says together: the probability that it is what its detector says.
 *
 * A logistic over the features of enum lh_feature, each bounded, with the weights in one table in
 * verifier.c. They are set by hand, so far: a track that just fulfils the default k of n with a mean score
 * of 0.4 and stays where it is gets 0.62; one whose foot wanders by twice its size needs a mean of about
 * 0.9 for one half, a band as wide as the picture one of about 0.89, what began at the picture's upper edge
 * (clouds, text in the picture) one of about 0.75. They are to be fitted to labelled
 * tracks, leaving one event out.
 *
 * The foot is the middle of the lower edge: that of smoke stays over the fire, while cars, birds and
 * clouds take theirs along. Drift is measured in the mean width and height of the two boxes compared (the
 * first and the smoothed latest), so that it has no unit.
 *
 * Pure functions. Thread: any.
 */
#ifndef LH_DETECT_VERIFIER_H
#define LH_DETECT_VERIFIER_H

#include "detect/detection.h"

/* A track's own history. All lent. */
struct lh_history {
    enum lh_kind kind;
    const float
        *scores;   /* of the window's looks, the newest first; below 0 where it was not seen */
    int looks;     /* of them: at most the window, less where it is younger */
    uint32_t hits; /* of its whole life */
    double age_s;  /* from the first to the latest */
    double growth; /* area now over area at first */
    struct lh_box first;
    struct lh_box now;  /* smoothed */
    uint32_t detectors; /* bit set */
};

/* Where an opinion cannot be given its state says why; probability and parts are 0. */
struct lh_opinion lh_verify(const struct lh_history *history);

#define LH_OPINION_TEXT 160
/* For people: "verified 0.84: its foot stayed, it grew 2.1 times" with the (at most three) parts that counted most,
 * for and against; where no opinion was given, why not; "" for LH_OPINION_NONE. Returns text. */
const char *lh_opinion_text(const struct lh_opinion *opinion, char text[LH_OPINION_TEXT]);

#endif
