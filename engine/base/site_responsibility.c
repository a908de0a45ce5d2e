#include "base/option.h"

#define AT(member) .offset = offsetof(struct lh_responsibility_config, member)

static const struct lh_option rule_rows[] = {
    {.name = "to",
     .type = LH_OPTION_WORD,
     LH_ROW_AT(lh_escalation_rule, to),
     .words = "ranger|cadre|officer|desk|neighbours",
     .example = "ranger",
     .help =
         "Who is told: the cell's ranger, the village cadre, the township officer, the county's "
         "duty desk, or the officers of the neighbouring townships"},
    {.name = "priority",
     .type = LH_OPTION_WORD,
     LH_ROW_AT(lh_escalation_rule, priority),
     .words = "p1|p2|p3",
     .fallback = "p3",
     .help = "Of alarms of this priority and of all that are more urgent"},
    {.name = "after_min",
     .type = LH_OPTION_NUMBER,
     LH_ROW_AT(lh_escalation_rule, after_min),
     LH_ROW_RANGE(0, 1440),
     .unit = "min",
     .fallback = "0",
     .help = "So long after the alarm was raised, unless it was acknowledged. Of several rules for "
             "one role the earliest that holds counts"},
    {.name = "danger_level",
     .type = LH_OPTION_WHOLE,
     LH_ROW_AT(lh_escalation_rule, danger_level),
     LH_ROW_RANGE(0, 5),
     .fallback = "0",
     .help = "Only at this fire danger level and above; 0: at every level, and where it is not "
             "known"},
    {.name = "season",
     .type = LH_OPTION_WORD,
     LH_ROW_AT(lh_escalation_rule, season),
     .words = "any|ban|open",
     .fallback = "any",
     .help = "Only while fires are banned there (ground.permits), or only while they are not"},
};

static const struct lh_option_table rule_table = {
    .noun = "rule",
    .struct_size = sizeof(struct lh_escalation_rule),
    .rows = rule_rows,
    .count = LH_ROW_COUNT(rule_rows),
};

static const struct lh_option rows[] = {
    {.name = "grid",
     .type = LH_OPTION_PATHS,
     AT(grid),
     LH_ROW_COUNTED(lh_responsibility_config, grid_count),
     LH_ROW_RANGE(0, 64),
     .fallback = "[]",
     .example = "[townships.geojson, cells.gpkg]",
     .help = "Polygons of county, townships, villages and grid cells, in any file GDAL reads, with "
             "the fields code, name, ranger, cadre, officer, desk and neighbours"},
    {.name = "datum",
     .type = LH_OPTION_WORD,
     AT(datum),
     .words = "wgs84|gcj02|bd09",
     .fallback = "wgs84",
     .help = "Of grid files that are in degrees"},
    {.name = "roster",
     .type = LH_OPTION_PATH,
     AT(roster),
     LH_ROW_RANGE(0, 4096),
     .fallback = "",
     .example = "duty.yaml",
     .help = "Who is on duty where and when (YAML), by the clock of ground.utc_offset_h. Where it "
             "speaks of a role, it goes before the names in the grid"},
    {.name = "quiet_from_h",
     .type = LH_OPTION_NUMBER,
     AT(quiet_from_h),
     LH_ROW_RANGE(0, 24),
     .unit = "h",
     .fallback = "0",
     .example = "22",
     .help = "From here to quiet_to_h, on the local clock, alarms below P1 wake nobody who is not "
             "on duty by the roster; both alike: no quiet hours"},
    {.name = "quiet_to_h",
     .type = LH_OPTION_NUMBER,
     AT(quiet_to_h),
     LH_ROW_RANGE(0, 24),
     .unit = "h",
     .fallback = "0",
     .example = "6",
     .help = "When they are told then"},
    {.name = "rules",
     .type = LH_OPTION_LIST,
     AT(rules),
     LH_ROW_COUNTED(lh_responsibility_config, rule_count),
     LH_ROW_PLACED(lh_escalation_rule, place),
     LH_ROW_RANGE(0, 64),
     .table = &rule_table,
     .fallback = "[]",
     .help = "Rules of escalation. None: rangers at once, cadres after 10 min, officers after 20, "
             "the desk after 30, sooner where it is urgent, neighbours from P2 on; linhuo route "
             "shows it"},
};

const struct lh_option_table lh_responsibility_table = {
    .noun = "section 'responsibility'",
    .struct_size = sizeof(struct lh_responsibility_config),
    .rows = rows,
    .count = LH_ROW_COUNT(rows),
};

static const struct lh_option cap_rows[] = {
    {.name = "status",
     .type = LH_OPTION_WORD,
     LH_ROW_AT(lh_cap_config, status),
     .words = "test|exercise|actual",
     .fallback = "test",
     .help = "What the documents say they are. Actual only when the site has been taken into "
             "service: others act on it"},
    {.name = "sender",
     .type = LH_OPTION_TEXT,
     LH_ROW_AT(lh_cap_config, sender),
     LH_ROW_RANGE(0, 128),
     .fallback = "",
     .example = "fire-desk@jiaocheng.example",
     .help = "Who sends them, without blanks, commas, < and &; by default linhuo- and the area "
             "code"},
    {.name = "expires_min",
     .type = LH_OPTION_NUMBER,
     LH_ROW_AT(lh_cap_config, expires_min),
     LH_ROW_RANGE(1, 10080),
     .unit = "min",
     .fallback = "240",
     .help = "How long a document holds"},
};

const struct lh_option_table lh_cap_table = {
    .noun = "section 'cap'",
    .struct_size = sizeof(struct lh_cap_config),
    .rows = cap_rows,
    .count = LH_ROW_COUNT(cap_rows),
};
