#include "base/option.h"

#define AT(member) .offset = offsetof(struct lh_ground_config, member)
#define FILES(member, count)                                                                       \
    .type = LH_OPTION_PATHS, AT(member), LH_ROW_COUNTED(lh_ground_config, count),                  \
    LH_ROW_RANGE(0, 64), .fallback = "[]"

static const struct lh_option rows[] = {
    {.name = "permits",
     FILES(permits, permit_count),
     .example = "[permits.yaml]",
     .help =
         "Permitted burnings and ban seasons: YAML, JSON, or polygons of any file GDAL reads, with "
         "the fields name, kind (permit or ban), from and to"},
    {.name = "protected_areas",
     FILES(protected_areas, protected_count),
     .example = "[reserves.geojson]",
     .help = "Polygons with the fields name and kind (core, or anything else)"},
    {.name = "dwellings",
     FILES(dwellings, dwelling_count),
     .example = "[villages.geojson]",
     .help = "Polygons with the field name"},
    {.name = "weather",
     FILES(weather, weather_count),
     .example = "[stations.csv]",
     .help = "Tables of stations' readings, with danger level and wind; read at the start and at "
             "each reload"},
    {.name = "datum",
     .type = LH_OPTION_WORD,
     AT(datum),
     .words = "wgs84|gcj02|bd09",
     .fallback = "wgs84",
     .help = "Of polygon files that are in degrees"},
    {.name = "utc_offset_h",
     .type = LH_OPTION_NUMBER,
     AT(utc_offset_h),
     LH_ROW_RANGE(-12, 14),
     .unit = "h",
     .fallback = "8",
     .help = "Of the local clock that days of permits and bans begin by"},
};

const struct lh_option_table lh_ground_table = {
    .noun = "section 'ground'",
    .struct_size = sizeof(struct lh_ground_config),
    .rows = rows,
    .count = LH_ROW_COUNT(rows),
};
