/* A trial: replay judged by labels. It listens to the alarms of a replay, keeps those that are raised on
 * labelled clips, draws the contact sheet as they come, and judges when all is read.
 *
 * Thread: the one that runs the replay.
 */
#ifndef LH_TRIAL_H
#define LH_TRIAL_H

#include "docket.h"
#include "judge/judge.h"
#include "replay.h"

#include <stdio.h>

struct lh_trial;

struct lh_trial_options {
    const char *labels;
    const struct lh_footage *footage; /* lent */
    const char *sheet;                /* lent; NULL: none */
};

/* LH_EFORMAT and the like for labels that are wrong or fit no clip, before anything is replayed. */
int lh_trial_create(const struct lh_trial_options *options, struct lh_fault *fault,
                    struct lh_trial **ret_trial);
/* Accepts &NULL; leaves NULL. */
void lh_trial_destroy(struct lh_trial **trial);

/* For replay's on_alarm, with keep_frames where a sheet is wanted. Failures are kept for the close. */
void lh_trial_hear(struct lh_trial *trial, const struct lh_replay_alarm *news);

/* Judges, and writes the sheet. LH_ERANGE: a label's ignition lies after its clip's last picture.
 * result is lent until the trial is destroyed. */
int lh_trial_close(struct lh_trial *trial, const struct lh_replay_result *result,
                   struct lh_fault *fault);

/* After the close. */
int lh_trial_print(const struct lh_trial *trial, FILE *out);
int lh_trial_json(const struct lh_trial *trial, char **ret_json);

#endif
