#include "fuse/priority.h"

#include <stdio.h>
#include <string.h>

#define WIND_STEP_M_S 10.0

const char *lh_priority_name(enum lh_priority priority)
{
    switch (priority) {
    case LH_PRIORITY_P1:
        return "P1";
    case LH_PRIORITY_P2:
        return "P2";
    case LH_PRIORITY_P3:
        return "P3";
    case LH_PRIORITY_NONE:
        break;
    }
    return "none";
}

bool lh_priority_above(enum lh_priority a, enum lh_priority b)
{
    if (a == LH_PRIORITY_NONE)
        return false;
    return b == LH_PRIORITY_NONE || a < b;
}

static double consequence_of(const struct lh_fusion_config *config, const struct lh_ground *ground)
{
    double consequence = 1;
    if (ground->core)
        consequence += config->core_consequence;
    else if (ground->protected_area)
        consequence += config->area_consequence;
    if (ground->dwellings)
        consequence += config->dwelling_consequence;
    if (ground->danger_level > 1)
        consequence += (ground->danger_level - 1) * config->danger_consequence;
    if (ground->wind_m_s > 0)
        consequence += ground->wind_m_s / WIND_STEP_M_S * config->wind_consequence;
    return consequence;
}

static enum lh_priority class_of(const struct lh_fusion_config *config,
                                 const struct lh_incident *incident)
{
    const double probability = round(incident->probability * 1e4) / 1e4;
    const unsigned kinds = incident->witnesses;
    const bool several = (kinds & (kinds - 1)) != 0;
    const bool precious = incident->ground.core || incident->ground.dwellings;
    if (lh_incident_is_closed(incident->state))
        return LH_PRIORITY_NONE;
    if (incident->state == LH_INCIDENT_CONFIRMED ||
        (several && probability >= config->p1_probability) ||
        (precious && incident->ground.danger_level >= 4 &&
         probability >= config->p1_core_probability))
        return LH_PRIORITY_P1;
    if (probability >= config->p2_probability)
        return LH_PRIORITY_P2;
    return probability >= config->p3_probability ? LH_PRIORITY_P3 : LH_PRIORITY_NONE;
}

static void add(char reason[160], const char *separator, const char *text)
{
    const size_t length = strlen(reason);
    (void)snprintf(reason + length, 160 - length, "%s%s", separator, text);
}

static void explain(const struct lh_incident *incident, struct lh_urgency *urgency)
{
    const struct lh_ground *ground = &incident->ground;
    char text[80];
    bool first = true;
    (void)snprintf(urgency->reason, sizeof urgency->reason, "%s: %.2f, %s",
                   lh_priority_name(urgency->priority), incident->probability,
                   lh_incident_state_name(incident->state));
    for (unsigned i = 0; i < LH_WITNESSES; i++) {
        if (!(incident->witnesses & 1U << i))
            continue;
        add(urgency->reason, first ? ", by " : " and ", lh_witness_name((enum lh_witness)i));
        first = false;
    }
    if (ground->core || ground->protected_area) {
        (void)snprintf(text, sizeof text, "%s%.60s", ground->core ? "core of " : "", ground->area);
        add(urgency->reason, "; ", text);
    }
    if (ground->dwellings) {
        (void)snprintf(text, sizeof text, "near %.60s", ground->dwelling);
        add(urgency->reason, "; ", text);
    }
    if (ground->danger_level > 0) {
        (void)snprintf(text, sizeof text, "danger level %d", ground->danger_level);
        add(urgency->reason, "; ", text);
    }
}

struct lh_urgency lh_incident_urgency(const struct lh_fusion_config *config,
                                      const struct lh_incident *incident)
{
    struct lh_urgency urgency = {.priority = class_of(config, incident),
                                 .consequence = consequence_of(config, &incident->ground)};
    urgency.rank = incident->probability * urgency.consequence;
    explain(incident, &urgency);
    return urgency;
}

int lh_urgency_compare(const void *a, const void *b)
{
    const struct lh_urgency *left = a;
    const struct lh_urgency *right = b;
    if (left->priority != right->priority)
        return lh_priority_above(left->priority, right->priority) ? -1 : 1;
    return (left->rank < right->rank) - (left->rank > right->rank);
}
