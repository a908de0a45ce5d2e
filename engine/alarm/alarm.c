#include "alarm/alarm.h"

#include <math.h>
#include <stdio.h>

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

void lh_alarm_id(const char *area_code, const char *camera, int64_t first_utc_us, uint64_t track,
                 char ret_id[LH_ALARM_ID])
{
    char iso[LH_TIME_TEXT];
    char compact[LH_TIME_TEXT];
    size_t length = 0;
    for (const char *c = lh_time_format(first_utc_us, iso); *c; c++)
        if (*c != '-' && *c != ':')
            compact[length++] = *c;
    compact[length] = '\0';
    (void)snprintf(ret_id, LH_ALARM_ID, "%.15s.%.64s.%s.%llu", area_code, camera, compact,
                   (unsigned long long)track);
}

enum lh_priority lh_priority_of(const struct lh_alarm_config *config, double score)
{
    const double written = round(score * 1e4) / 1e4;
    if (written >= config->p1_score)
        return LH_PRIORITY_P1;
    if (written >= config->p2_score)
        return LH_PRIORITY_P2;
    if (written >= config->p3_score)
        return LH_PRIORITY_P3;
    return LH_PRIORITY_NONE;
}
