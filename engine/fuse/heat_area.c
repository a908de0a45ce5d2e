#include "fuse/heat_area.h"

#include <stdio.h>
#include <stdlib.h>

static int read_day(const char *text, struct lh_fault *fault, int64_t *ret_us)
{
    char whole[LH_TIME_TEXT];
    if (text[0] == '\0') {
        *ret_us = LH_NO_TIME;
        return LH_OK;
    }
    (void)snprintf(whole, sizeof whole, "%.10sT00:00:00Z", text);
    if (lh_time_parse(whole, ret_us) != LH_OK)
        return lh_fail(fault, LH_ECONFIG, "'%.16s' is no date; write YYYY-MM-DD", text);
    return LH_OK;
}

int lh_heat_areas_load(const struct lh_heat_area_config *config, struct lh_fault *fault,
                       struct lh_heat_areas *areas)
{
    struct lh_heat_term term = {.factor = config->factor};
    const size_t before = areas->areas.count;
    int code = read_day(config->valid_from, fault, &term.from_us);
    if (code == LH_OK)
        code = read_day(config->valid_to, fault, &term.to_us);
    if (code == LH_OK)
        code = lh_areas_load(config->file, (enum lh_datum)config->datum, fault, &areas->areas);
    if (code != LH_OK)
        return code;
    struct lh_heat_term *terms =
        realloc(areas->terms, (areas->areas.count + 1) * sizeof *areas->terms);
    if (!terms) {
        while (areas->areas.count > before)
            lh_area_finish(&areas->areas.items[--areas->areas.count]);
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    areas->terms = terms;
    for (size_t i = before; i < areas->areas.count; i++)
        areas->terms[i] = term;
    return LH_OK;
}

void lh_heat_areas_finish(struct lh_heat_areas *areas)
{
    lh_areas_finish(&areas->areas);
    free(areas->terms);
    *areas = (struct lh_heat_areas){0};
}

bool lh_heat_areas_at(const struct lh_heat_areas *areas, struct lh_geo at, double reach_m,
                      int64_t utc_us, double *ret_factor, const char **ret_name)
{
    bool found = false;
    for (size_t i = 0; i < areas->areas.count; i++) {
        const struct lh_heat_term *term = &areas->terms[i];
        const bool valid = (term->from_us == LH_NO_TIME || utc_us >= term->from_us) &&
                           (term->to_us == LH_NO_TIME || utc_us < term->to_us);
        if (!valid || (found && term->factor >= *ret_factor) ||
            lh_area_distance_m(&areas->areas.items[i], at) > reach_m)
            continue;
        found = true;
        *ret_factor = term->factor;
        *ret_name = areas->areas.items[i].name;
    }
    return found;
}
