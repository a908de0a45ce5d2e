#include "world/crew.h"

#include "base/error.h"
#include "base/thread.h"

#include <stdio.h>
#include <unistd.h>

#define HANDS_MOST 32

struct hand {
    struct lh_thread thread;
    int (*job)(void *opaque, unsigned number);
    void *opaque;
    unsigned number; /* of its next job; where it failed, of that one */
    unsigned step;
    unsigned jobs;
    int error;
};

static void work(void *opaque)
{
    struct hand *hand = opaque;
    while (hand->number < hand->jobs) {
        hand->error = hand->job(hand->opaque, hand->number);
        if (hand->error != LH_OK)
            return;
        hand->number += hand->step;
    }
}

static unsigned hands_for(unsigned threads, unsigned jobs)
{
    if (threads == 0) {
        const long processors = sysconf(_SC_NPROCESSORS_ONLN);
        threads = processors > 1 ? (unsigned)processors : 1;
    }
    threads = threads < jobs ? threads : jobs;
    return threads < HANDS_MOST ? threads : HANDS_MOST;
}

int lh_crew_run(unsigned threads, unsigned jobs, int (*job)(void *opaque, unsigned number),
                void *opaque)
{
    struct hand hands[HANDS_MOST];
    const unsigned count = hands_for(threads, jobs);
    if (count == 0)
        return LH_OK;
    for (unsigned i = 0; i < count; i++)
        hands[i] =
            (struct hand){.job = job, .opaque = opaque, .number = i, .step = count, .jobs = jobs};
    for (unsigned i = 1; i < count; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "world-%u", i);
        if (lh_thread_start(&hands[i].thread, name, work, &hands[i]) != LH_OK)
            work(&hands[i]);
    }
    work(&hands[0]);
    const struct hand *failed = NULL;
    for (unsigned i = 0; i < count; i++) {
        lh_thread_join(&hands[i].thread);
        if (hands[i].error != LH_OK && (!failed || hands[i].number < failed->number))
            failed = &hands[i];
    }
    return failed ? failed->error : LH_OK;
}
