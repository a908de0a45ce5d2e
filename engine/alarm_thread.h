/* The alarm thread: the only one that touches the store, the bus and the evidence folder.
 *
 * Pops news, lets situation and alarm desk work on it, keeps the heart beating and publishes the engine's status.
 *
 * Thread-safety: open, start and destroy from one controlling thread.
 */
#ifndef LH_ALARM_THREAD_H
#define LH_ALARM_THREAD_H

#include "alarm/letter.h"
#include "duty.h"
#include "station.h"

struct lh_alarm_thread;

struct lh_alarm_thread_options {
    struct lh_tenure *tenure;     /* a reference is taken; later ones come as LH_NEWS_TENURE */
    const struct lh_clock *clock; /* lent */
    const char *epoch;            /* lent */
    struct lh_queue *news;        /* lent; closed: finish what is left and end */
    /* Fills the engine's status but for desk and bus, from the alarm thread. */
    int (*status)(void *context, struct lh_engine_status *ret_status);
    /* As lh_reception_options, from the alarm thread. May be NULL. */
    int (*on_pose)(void *context, const struct lh_pose_letter *pose);
    void *context;
};

/* Opens store, evidence and bus; fault says what is wrong. Nothing runs yet. */
int lh_alarm_thread_open(const struct lh_alarm_thread_options *options, struct lh_fault *fault,
                         struct lh_alarm_thread **ret_thread);
int lh_alarm_thread_start(struct lh_alarm_thread *thread);
/* The news queue must be closed before. Accepts &NULL; leaves NULL. */
void lh_alarm_thread_destroy(struct lh_alarm_thread **thread);

const char *lh_alarm_thread_endpoint(const struct lh_alarm_thread *thread);

#endif
