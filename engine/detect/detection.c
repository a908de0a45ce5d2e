#include "detect/detection.h"

#include <math.h>

const char *lh_kind_name(enum lh_kind kind)
{
    switch (kind) {
    case LH_KIND_SMOKE:
        return "smoke";
    case LH_KIND_FLAME:
        return "flame";
    }
    return "unknown";
}

float lh_box_area(struct lh_box box)
{
    return box.width > 0.0F && box.height > 0.0F ? box.width * box.height : 0.0F;
}

const char *lh_hold_name(enum lh_hold hold)
{
    static const char *const names[LH_HOLDS] = {"", "place", "verifier", "budget"};
    return (unsigned)hold < LH_HOLDS ? names[hold] : "";
}

const char *lh_hold_text(enum lh_hold hold)
{
    switch (hold) {
    case LH_HELD_PLACE:
        return "such things were seen at this place before";
    case LH_HELD_VERIFIER:
        return "its history does not speak for it";
    case LH_HELD_BUDGET:
        return "the camera has used up its alarms of the day";
    case LH_HELD_NOT:
    case LH_HOLDS:
        break;
    }
    return "";
}

double lh_logit(double share)
{
    const double kept = fmin(fmax(share, 1e-4), 1.0 - 1e-4);
    return log(kept / (1.0 - kept));
}

double lh_share_of_logit(double logit)
{
    return 1.0 / (1.0 + exp(-logit));
}

static float shared_length(float a, float a_length, float b, float b_length)
{
    const float from = a > b ? a : b;
    const float to = a + a_length < b + b_length ? a + a_length : b + b_length;
    return to > from ? to - from : 0.0F;
}

float lh_box_overlap(struct lh_box a, struct lh_box b)
{
    return shared_length(a.x, a.width, b.x, b.width) * shared_length(a.y, a.height, b.y, b.height);
}

struct lh_box lh_box_union(struct lh_box a, struct lh_box b)
{
    const float right = a.x + a.width > b.x + b.width ? a.x + a.width : b.x + b.width;
    const float bottom = a.y + a.height > b.y + b.height ? a.y + a.height : b.y + b.height;
    struct lh_box both = {.x = a.x < b.x ? a.x : b.x, .y = a.y < b.y ? a.y : b.y};
    both.width = right - both.x;
    both.height = bottom - both.y;
    return both;
}
