/* Threads with a name, started and joined, never cancelled or detached. */
#ifndef LH_BASE_THREAD_H
#define LH_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Init/finish type: may live inside another struct; zero-initialised means "not running". */
struct lh_thread {
    pthread_t handle;
    bool running;
};

/* Starts body(argument) in a thread that shows as name (at most 15 bytes; longer is cut) in top,
 * gdb and /proc, with all signals blocked. LH_ETHREAD where the system refuses one. */
int lh_thread_start(struct lh_thread *thread, const char *name, void (*body)(void *),
                    void *argument);

/* Waits for the end of the thread. Does nothing if it is not running. */
void lh_thread_join(struct lh_thread *thread);

#endif
