#include "base/thread.h"

#include "base/error.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_BYTES 16

struct start {
    char name[NAME_BYTES];
    void (*body)(void *);
    void *argument;
};

static void *run(void *opaque)
{
    struct start start = *(struct start *)opaque;
    free(opaque);
    (void)pthread_setname_np(pthread_self(), start.name);
    start.body(start.argument);
    return NULL;
}

int lh_thread_start(struct lh_thread *thread, const char *name, void (*body)(void *),
                    void *argument)
{
    struct start *start = malloc(sizeof *start);
    if (!start)
        return LH_ENOMEM;
    (void)snprintf(start->name, sizeof start->name, "%s", name);
    start->body = body;
    start->argument = argument;

    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failure = pthread_create(&thread->handle, NULL, run, start);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure) {
        free(start);
        return LH_ETHREAD;
    }
    thread->running = true;
    return LH_OK;
}

void lh_thread_join(struct lh_thread *thread)
{
    if (!thread->running)
        return;
    (void)pthread_join(thread->handle, NULL);
    thread->running = false;
}
