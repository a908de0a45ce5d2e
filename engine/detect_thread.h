/* A detect thread: works off the waiting frames of the stations given to it, one frame of each in turn.
 *
 * Thread-safety: start, give and destroy from one controlling thread.
 */
#ifndef LH_DETECT_THREAD_H
#define LH_DETECT_THREAD_H

#include "station.h"

struct lh_detect_thread;

/* retired: lent; stations whose queue is closed and empty are pushed there. */
int lh_detect_thread_start(unsigned number, struct lh_queue *retired,
                           struct lh_detect_thread **ret_thread);

/* The bell its stations' queues must ring. Lent. */
struct lh_bell *lh_detect_thread_bell(struct lh_detect_thread *thread);

/* Hands a station over; its watch and the reading end of its queue belong to the thread until it comes
 * back through retired. */
int lh_detect_thread_give(struct lh_detect_thread *thread, struct lh_station *station);

/* Ends when all its stations have retired. Accepts &NULL; leaves NULL. */
void lh_detect_thread_destroy(struct lh_detect_thread **thread);

#endif
