#include "base/option.h"

#define AT(member) .offset = offsetof(struct lh_weather_config, member)
#define RANGE(low, high) .minimum = (low), .maximum = (high)

static const struct lh_option rows[] = {
    {.name = "ffmc",
     .type = LH_OPTION_WORD,
     AT(ffmc),
     .words = "current|1987",
     .fallback = "current",
     .help = "The scale of the fine fuel moisture code: 147.27723 of today's programs, or 147.2 "
             "as printed in 1987"},
    {.name = "danger_2_fwi",
     .type = LH_OPTION_NUMBER,
     AT(danger_fwi[0]),
     RANGE(0, 1000),
     .fallback = "5.2",
     .not_above = "danger_3_fwi",
     .help = "Fire weather index from which the danger is of level 2 where nobody gives the level"},
    {.name = "danger_3_fwi",
     .type = LH_OPTION_NUMBER,
     AT(danger_fwi[1]),
     RANGE(0, 1000),
     .fallback = "11.2",
     .not_above = "danger_4_fwi",
     .help = "Likewise level 3"},
    {.name = "danger_4_fwi",
     .type = LH_OPTION_NUMBER,
     AT(danger_fwi[2]),
     RANGE(0, 1000),
     .fallback = "21.3",
     .not_above = "danger_5_fwi",
     .help = "Likewise level 4"},
    {.name = "danger_5_fwi",
     .type = LH_OPTION_NUMBER,
     AT(danger_fwi[3]),
     RANGE(0, 1000),
     .fallback = "38",
     .help = "Likewise level 5"},
};

const struct lh_option_table lh_weather_table = {
    .noun = "section 'weather'",
    .struct_size = sizeof(struct lh_weather_config),
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};
