#include "alarm/backlog.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next;
    bool superseded; /* a newer revision of the same alarm, or news of the same camera, follows */
    struct lh_event event;
};

struct lh_backlog {
    struct entry *first;
    struct entry *last;
    size_t count;
    size_t limit;
    size_t superseded;
    uint64_t thinned;
};

int lh_backlog_create(size_t limit, struct lh_backlog **ret_backlog)
{
    struct lh_backlog *backlog = calloc(1, sizeof *backlog);
    if (!backlog)
        return LH_ENOMEM;
    backlog->limit = limit > 0 ? limit : 1;
    *ret_backlog = backlog;
    return LH_OK;
}

void lh_backlog_destroy(struct lh_backlog **backlog_pointer)
{
    struct lh_backlog *backlog = *backlog_pointer;
    if (!backlog)
        return;
    while (backlog->first)
        lh_backlog_remove_first(backlog);
    free(backlog);
    *backlog_pointer = NULL;
}

static bool same_subject(const struct lh_event *a, const struct lh_event *b)
{
    if (a->kind != b->kind)
        return false;
    return a->kind == LH_EVENT_ALARM ? strcmp(a->alarm.id, b->alarm.id) == 0
                                     : strcmp(a->status.id, b->status.id) == 0;
}

static void mark_superseded(struct lh_backlog *backlog, const struct lh_event *event)
{
    for (struct entry *entry = backlog->first; entry; entry = entry->next) {
        if (!entry->superseded && same_subject(&entry->event, event)) {
            entry->superseded = true;
            backlog->superseded++;
        }
    }
}

static void unlink_after(struct lh_backlog *backlog, struct entry *before)
{
    struct entry *gone = before ? before->next : backlog->first;
    if (!gone)
        return;
    if (before)
        before->next = gone->next;
    else
        backlog->first = gone->next;
    if (backlog->last == gone)
        backlog->last = before;
    if (gone->superseded)
        backlog->superseded--;
    backlog->count--;
    free(gone);
}

static void hand_on(const struct entry *from)
{
    for (struct entry *entry = from->next; entry; entry = entry->next) {
        struct lh_event *heir = &entry->event;
        if (!same_subject(heir, &from->event))
            continue;
        if (heir->kind == LH_EVENT_HEALTH)
            heir->before = from->event.before;
        else if (from->event.alarm.state == LH_ALARM_RAISED &&
                 heir->alarm.state == LH_ALARM_UPDATED)
            heir->alarm.state = LH_ALARM_RAISED;
        return;
    }
}

static void thin(struct lh_backlog *backlog)
{
    struct entry *before = NULL;
    for (struct entry *entry = backlog->first; entry; before = entry, entry = entry->next) {
        if (!entry->superseded)
            continue;
        hand_on(entry);
        unlink_after(backlog, before);
        backlog->thinned++;
        return;
    }
}

/* The larger, the sooner it may go. */
static int expendable(const struct lh_event *event)
{
    if (event->kind == LH_EVENT_HEALTH)
        return 4;
    return event->alarm.priority == LH_PRIORITY_NONE ? 3 : (int)event->alarm.priority - 1;
}

static void drop(struct lh_backlog *backlog, struct lh_event *ret_dropped)
{
    struct entry *chosen = backlog->first;
    struct entry *before_chosen = NULL;
    struct entry *before = NULL;
    for (struct entry *entry = backlog->first; entry; before = entry, entry = entry->next) {
        if (expendable(&entry->event) > expendable(&chosen->event)) {
            chosen = entry;
            before_chosen = before;
        }
    }
    if (chosen && ret_dropped)
        *ret_dropped = chosen->event;
    unlink_after(backlog, before_chosen);
}

int lh_backlog_push(struct lh_backlog *backlog, const struct lh_event *event, bool *ret_has_dropped,
                    struct lh_event *ret_dropped)
{
    struct entry *entry = malloc(sizeof *entry);
    if (!entry)
        return LH_ENOMEM;
    *entry = (struct entry){.event = *event};
    mark_superseded(backlog, event);
    if (backlog->last)
        backlog->last->next = entry;
    else
        backlog->first = entry;
    backlog->last = entry;
    backlog->count++;
    *ret_has_dropped = false;
    if (backlog->count > backlog->limit) {
        *ret_has_dropped = backlog->superseded == 0;
        if (backlog->superseded > 0)
            thin(backlog);
        else
            drop(backlog, ret_dropped);
    }
    return LH_OK;
}

const struct lh_event *lh_backlog_first(const struct lh_backlog *backlog)
{
    return backlog->first ? &backlog->first->event : NULL;
}

void lh_backlog_remove_first(struct lh_backlog *backlog)
{
    if (backlog->first)
        unlink_after(backlog, NULL);
}

size_t lh_backlog_count(const struct lh_backlog *backlog)
{
    return backlog->count;
}

uint64_t lh_backlog_thinned(const struct lh_backlog *backlog)
{
    return backlog->thinned;
}
