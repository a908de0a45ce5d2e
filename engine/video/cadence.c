#include "video/cadence.h"

#define MAX_INTERVAL_S 1e6

void lh_cadence_init(struct lh_cadence *cadence, double interval_s)
{
    const double bounded = interval_s < MAX_INTERVAL_S ? interval_s : MAX_INTERVAL_S;
    *cadence = (struct lh_cadence){.interval_us = bounded > 0 ? (int64_t)(bounded * 1e6) : 0};
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

bool lh_cadence_wants(struct lh_cadence *cadence, int64_t capture_us)
{
    if (cadence->interval_us <= 0)
        return true;
    if (!cadence->started || capture_us < cadence->last_us) {
        cadence->started = true;
        cadence->last_us = capture_us;
        cadence->due_us = capture_us + cadence->interval_us;
        return true;
    }
    const int64_t spacing_us = capture_us - cadence->last_us;
    const int64_t early_us = least(spacing_us, cadence->interval_us) / 2;
    cadence->last_us = capture_us;
    if (capture_us < cadence->due_us - early_us)
        return false;
    const bool on_grid = capture_us - cadence->due_us < cadence->interval_us;
    cadence->due_us = (on_grid ? cadence->due_us : capture_us) + cadence->interval_us;
    return true;
}

void lh_cadence_again(struct lh_cadence *cadence)
{
    cadence->started = false;
}
