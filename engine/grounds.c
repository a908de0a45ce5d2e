#include "grounds.h"

#include "base/log.h"

#include <stdlib.h>

struct lh_grounds {
    struct lh_permits *permits;
    struct lh_areas protected_areas;
    struct lh_areas dwellings;
    struct lh_danger *danger;
    struct lh_registers registers;
};

static void load_permits(struct lh_grounds *grounds, const struct lh_ground_config *config)
{
    for (size_t i = 0; i < config->permit_count; i++) {
        struct lh_findings findings = {0};
        if (lh_permits_load(grounds->permits, config->permits[i], &findings) != LH_OK)
            lh_log(LH_LOG_ERROR, "fuse", NULL, "permits '%s' do not hold: line %d: %s",
                   config->permits[i], findings.count > 0 ? findings.items[0].place.line : 0,
                   findings.count > 0 ? findings.items[0].text : "it cannot be read");
        lh_findings_finish(&findings);
    }
}

static void load_areas(char *const *files, size_t count, int datum, struct lh_areas *areas)
{
    for (size_t i = 0; i < count; i++) {
        struct lh_fault fault = {0};
        if (lh_areas_load(files[i], (enum lh_datum)datum, &fault, areas) != LH_OK)
            lh_log(LH_LOG_ERROR, "fuse", NULL, "areas are left out: %s", fault.text);
    }
}

static void load_weather(struct lh_grounds *grounds, const struct lh_ground_config *config)
{
    for (size_t i = 0; i < config->weather_count; i++) {
        struct lh_fault fault = {0};
        size_t refused = 0;
        if (lh_danger_load(grounds->danger, config->weather[i], &fault, &refused) != LH_OK)
            lh_log(LH_LOG_ERROR, "fuse", NULL, "weather is left out: %s", fault.text);
        else if (refused > 0)
            lh_log(LH_LOG_WARN, "fuse", NULL, "weather '%s': %zu readings are refused",
                   config->weather[i], refused);
    }
}

int lh_grounds_create(const struct lh_site *site, struct lh_grounds **ret_grounds)
{
    const struct lh_ground_config *config = &site->ground;
    struct lh_grounds *grounds = calloc(1, sizeof *grounds);
    if (!grounds)
        return LH_ENOMEM;
    const struct lh_permits_options options = {.datum = (enum lh_datum)config->datum,
                                               .utc_offset_min = (int)(config->utc_offset_h * 60)};
    int code = lh_permits_create(&options, &grounds->permits);
    if (code == LH_OK)
        code = lh_danger_create(&grounds->danger);
    if (code != LH_OK) {
        lh_grounds_destroy(&grounds);
        return code;
    }
    load_permits(grounds, config);
    load_areas(config->protected_areas, config->protected_count, config->datum,
               &grounds->protected_areas);
    load_areas(config->dwellings, config->dwelling_count, config->datum, &grounds->dwellings);
    load_weather(grounds, config);
    grounds->registers = (struct lh_registers){.permits = grounds->permits,
                                               .protected_areas = &grounds->protected_areas,
                                               .dwellings = &grounds->dwellings,
                                               .danger = grounds->danger,
                                               .dwelling_m = site->fusion.dwelling_m};
    *ret_grounds = grounds;
    return LH_OK;
}

void lh_grounds_destroy(struct lh_grounds **grounds)
{
    if (!*grounds)
        return;
    lh_permits_destroy(&(*grounds)->permits);
    lh_areas_finish(&(*grounds)->protected_areas);
    lh_areas_finish(&(*grounds)->dwellings);
    lh_danger_destroy(&(*grounds)->danger);
    free(*grounds);
    *grounds = NULL;
}

struct lh_registers *lh_grounds_registers(struct lh_grounds *grounds)
{
    return &grounds->registers;
}

struct lh_danger *lh_grounds_danger(struct lh_grounds *grounds)
{
    return grounds->danger;
}
