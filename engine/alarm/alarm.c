#include "alarm/alarm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *lh_alarm_state_name(enum lh_alarm_state state)
{
    switch (state) {
    case LH_ALARM_RAISED:
        return "raised";
    case LH_ALARM_UPDATED:
        return "updated";
    case LH_ALARM_ENDED:
        return "ended";
    case LH_ALARM_KEPT:
        break;
    }
    return "kept";
}

const char *lh_alarm_kind_name(const struct lh_alarm *alarm)
{
    if (alarm->camera[0])
        return lh_kind_name(alarm->track.kind);
    return alarm->witnesses & 1U << LH_WITNESS_PERSON ? "report" : "hotspot";
}

void lh_track_reference(const struct lh_track *track, char ret_reference[LH_EVIDENCE_REFERENCE])
{
    char iso[LH_TIME_TEXT];
    char compact[LH_TIME_TEXT];
    size_t length = 0;
    for (const char *c = lh_time_format(track->first_utc_us, iso); *c; c++)
        if (*c != '-' && *c != ':')
            compact[length++] = *c;
    compact[length] = '\0';
    (void)snprintf(ret_reference, LH_EVIDENCE_REFERENCE, "%s.%llu", compact,
                   (unsigned long long)track->id);
}

static const char *reason_kind(const struct lh_term *term)
{
    if (term->evidence)
        return lh_evidence_kind_name(term->evidence->kind);
    switch (term->name) {
    case LH_WEIGHT_DANGER:
        return "danger";
    case LH_WEIGHT_BAN:
        return "ban";
    case LH_WEIGHT_PERMIT:
        return "permit";
    case LH_WEIGHT_CAMERA_LOOK:
        return "look";
    default:
        return "prior";
    }
}

/* Evidence before all else; the heavier first; as fusion lists them where they are alike. */
static bool stands_before(const struct lh_term *a, const struct lh_term *b)
{
    if ((a->evidence != NULL) != (b->evidence != NULL))
        return a->evidence != NULL;
    return a->evidence && fabs(a->weight) > fabs(b->weight);
}

static void take_reasons(struct lh_alarm *alarm, const struct lh_incident *incident)
{
    const struct lh_term *sorted[LH_ALARM_REASONS];
    size_t count = 0;
    for (size_t i = 0; i < incident->term_count; i++) {
        const struct lh_term *term = &incident->terms[i];
        size_t at = count;
        while (at > 0 && stands_before(term, sorted[at - 1]))
            at--;
        if (at == LH_ALARM_REASONS)
            continue;
        count += count < LH_ALARM_REASONS;
        memmove(&sorted[at + 1], &sorted[at], (count - 1 - at) * sizeof(const struct lh_term *));
        sorted[at] = term;
    }
    for (size_t i = 0; i < count; i++) {
        const struct lh_term *term = sorted[i];
        struct lh_alarm_reason *reason = &alarm->reasons[i];
        *reason = (struct lh_alarm_reason){
            .kind = reason_kind(term), .utc_us = LH_NO_TIME, .weight = term->weight};
        (void)snprintf(reason->text, sizeof reason->text, "%s", term->reason);
        if (!term->evidence)
            continue;
        reason->utc_us = term->evidence->observed_utc_us;
        (void)snprintf(reason->source, sizeof reason->source, "%s", term->evidence->source);
    }
    alarm->reason_count = count;
    alarm->reasons_left_out = incident->term_count - count;
}

void lh_alarm_take_incident(struct lh_alarm *alarm, const struct lh_incident *incident)
{
    alarm->incident_state = incident->state;
    alarm->probability = incident->probability;
    alarm->witnesses = incident->witnesses;
    alarm->conflict = incident->conflict;
    alarm->first_utc_us = incident->first_utc_us;
    alarm->last_utc_us = incident->last_utc_us;
    alarm->position = incident->position;
    alarm->ground = incident->ground;
    alarm->evidence_count = incident->evidence_count;
    take_reasons(alarm, incident);
}

void lh_copy_text(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)from[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(to, from, length);
    to[length] = '\0';
}
