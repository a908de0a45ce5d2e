/* The reception: takes letters from the inbox, asks who may say what, passes on what is said, keeps account of it in
 * the store, and answers.
 *
 *   inbox ──> envelope ──> rights ──> body ──> duty (reports, danger, weather), stations (poses), cues
 *                  └──────────┴─────────┴──> audit ──> receipt or refusal
 *
 * It works in the alarm thread, whose store and situation it needs for every word: an answer says what is so, and
 * comes after it is on disk. A turn takes few letters, so that no sender keeps alarms waiting.
 *
 * Everything is in the audit, with two exceptions that are summed up once a minute: poses that were taken, and
 * refusals beyond sixty in a minute.
 *
 * Thread: the alarm thread.
 */
#ifndef LH_RECEPTION_H
#define LH_RECEPTION_H

#include "alarm/inbox.h"
#include "alarm/letter.h"
#include "duty.h"

struct lh_reception;

struct lh_reception_options {
    const struct lh_site *site;   /* lent */
    const struct lh_clock *clock; /* lent */
    struct lh_store *store;       /* lent */
    struct lh_duty *duty;         /* lent */
    struct lh_album *album;       /* lent; NULL: photos are not kept */
    /* A camera looks somewhere. LH_ENOTFOUND: there is no such camera; LH_EINVAL: it cannot move. NULL: nobody
     * wants to know. */
    int (*on_pose)(void *context, const struct lh_pose_letter *pose);
    void *context;
};

/* Binds site.bus.inbox; the fault says what to do where that fails. */
int lh_reception_create(const struct lh_reception_options *options, struct lh_fault *fault,
                        struct lh_reception **ret_reception);
/* Accepts &NULL; leaves NULL. */
void lh_reception_destroy(struct lh_reception **reception);

/* A reload: other people from now on; the endpoint stays. */
void lh_reception_set_site(struct lh_reception *reception, const struct lh_site *site);

/* What people reported before the engine was started anew counts on, as it counted when it came. */
int lh_reception_recall(struct lh_reception *reception);

/* Takes what waits, for a turn. True where more waits. */
bool lh_reception_serve(struct lh_reception *reception);

const char *lh_reception_endpoint(const struct lh_reception *reception);

#endif
