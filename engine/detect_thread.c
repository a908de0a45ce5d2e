#include "detect_thread.h"

#include "base/thread.h"

#include <stdio.h>
#include <stdlib.h>

#define ARRIVALS 16
#define IDLE_US LH_SECOND_US

struct lh_detect_thread {
    struct lh_thread thread;
    struct lh_bell *bell;
    struct lh_queue *arrivals; /* struct lh_station *; closed: finish when the last has retired */
    struct lh_queue *retired;
    /* the thread's own */
    struct lh_station **stations;
    size_t count;
    size_t capacity;
    bool closing;
};

static void hand_back(struct lh_detect_thread *self, struct lh_station *station)
{
    (void)lh_queue_push(self->retired, station, 0, -1);
}

static bool make_place(struct lh_detect_thread *self)
{
    if (self->count < self->capacity)
        return true;
    const size_t capacity = self->capacity ? self->capacity * 2 : 8;
    struct lh_station **stations = realloc(self->stations, capacity * sizeof(struct lh_station *));
    if (!stations)
        return false;
    self->stations = stations;
    self->capacity = capacity;
    return true;
}

/* Who finds no memory to be noted in waits at the door. */
static void welcome_arrivals(struct lh_detect_thread *self)
{
    void *station;
    int code = LH_OK;
    while (make_place(self) && (code = lh_queue_pop(self->arrivals, 0, &station)) == LH_OK)
        self->stations[self->count++] = station;
    self->closing = code == LH_ECLOSED;
}

/* One frame of each station. True when any had one. */
static bool make_round(struct lh_detect_thread *self)
{
    bool worked = false;
    size_t i = 0;
    while (i < self->count) {
        const int code = lh_station_work(self->stations[i]);
        worked = worked || code == LH_OK;
        if (code == LH_ECLOSED) {
            hand_back(self, self->stations[i]);
            self->stations[i] = self->stations[--self->count];
        } else {
            i++;
        }
    }
    return worked;
}

static void work(void *opaque)
{
    struct lh_detect_thread *self = opaque;
    for (;;) {
        welcome_arrivals(self);
        const bool worked = make_round(self);
        if (self->closing && self->count == 0)
            return;
        if (!worked)
            (void)lh_bell_wait(self->bell, IDLE_US);
    }
}

int lh_detect_thread_start(unsigned number, struct lh_queue *retired,
                           struct lh_detect_thread **ret_thread)
{
    struct lh_detect_thread *self = calloc(1, sizeof *self);
    if (!self)
        return LH_ENOMEM;
    self->retired = retired;
    char name[24];
    (void)snprintf(name, sizeof name, "detect-%u", number);
    int code = lh_bell_create(&self->bell);
    if (code == LH_OK) {
        const struct lh_queue_options options = {
            .policy = LH_QUEUE_REPLAY, .max_count = ARRIVALS, .bell = self->bell};
        code = lh_queue_create(&options, &self->arrivals);
    }
    if (code == LH_OK)
        code = lh_thread_start(&self->thread, name, work, self);
    if (code != LH_OK) {
        lh_detect_thread_destroy(&self);
        return code;
    }
    *ret_thread = self;
    return LH_OK;
}

struct lh_bell *lh_detect_thread_bell(struct lh_detect_thread *thread)
{
    return thread->bell;
}

int lh_detect_thread_give(struct lh_detect_thread *thread, struct lh_station *station)
{
    return lh_queue_push(thread->arrivals, station, 0, -1);
}

void lh_detect_thread_destroy(struct lh_detect_thread **thread_pointer)
{
    struct lh_detect_thread *self = *thread_pointer;
    if (!self)
        return;
    if (self->arrivals)
        lh_queue_close(self->arrivals);
    lh_thread_join(&self->thread);
    lh_queue_destroy(&self->arrivals);
    lh_bell_destroy(&self->bell);
    free(self->stations);
    free(self);
    *thread_pointer = NULL;
}
