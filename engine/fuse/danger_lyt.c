#include "fuse/danger.h"

#include "base/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 32
#define MONTHS 12

struct step {
    double from;
    double points;
};

struct steps {
    struct step items[STEPS_MAX];
    size_t count;
};

/* Points by days since rain of at least so much. */
struct rain {
    double from_mm;
    double points[STEPS_MAX];
    size_t count;
};

struct lh_lyt {
    struct steps temperature;
    struct steps humidity;
    struct steps wind;
    struct rain rain[STEPS_MAX];
    size_t rain_count;
    double phenology[MONTHS];
};

static const struct lh_yaml_node *list_of(const struct lh_yaml_node *map, const char *key,
                                          struct lh_findings *findings)
{
    const struct lh_yaml_node *list = map->kind == LH_YAML_MAP ? lh_yaml_get(map, key) : NULL;
    if (list && list->kind == LH_YAML_LIST && list->count >= 1 && list->count <= STEPS_MAX)
        return list;
    lh_findings_add(findings, list ? list->place : map->place,
                    "'%s' must be a list of 1 to %d entries", key, STEPS_MAX);
    return NULL;
}

static void read_steps(const struct lh_yaml_node *root, const char *key,
                       struct lh_findings *findings, struct steps *steps)
{
    const struct lh_yaml_node *list = list_of(root, key, findings);
    for (const struct lh_yaml_node *pair = list ? list->first : NULL; pair; pair = pair->next) {
        struct step *step = &steps->items[steps->count];
        const bool right = pair->kind == LH_YAML_LIST && pair->count == 2 &&
                           lh_yaml_number(pair->first, &step->from) &&
                           lh_yaml_number(pair->first->next, &step->points) &&
                           (steps->count == 0 || step->from > step[-1].from);
        if (!right) {
            lh_findings_add(findings, pair->place,
                            "'%s' must have pairs [from, points], each from above the one before",
                            key);
            return;
        }
        steps->count++;
    }
}

static bool read_rain_row(const struct lh_yaml_node *node, struct rain *rain)
{
    const struct lh_yaml_node *points =
        node->kind == LH_YAML_MAP ? lh_yaml_get(node, "points") : NULL;
    if (!points || points->kind != LH_YAML_LIST || points->count < 1 || points->count > STEPS_MAX ||
        !lh_yaml_number(lh_yaml_get(node, "from_mm"), &rain->from_mm))
        return false;
    for (const struct lh_yaml_node *point = points->first; point; point = point->next)
        if (!lh_yaml_number(point, &rain->points[rain->count++]))
            return false;
    return true;
}

static void read_rain(const struct lh_yaml_node *root, struct lh_findings *findings,
                      struct lh_lyt *lyt)
{
    const struct lh_yaml_node *list = list_of(root, "rain", findings);
    for (const struct lh_yaml_node *node = list ? list->first : NULL; node; node = node->next) {
        struct rain *rain = &lyt->rain[lyt->rain_count];
        if (!read_rain_row(node, rain) ||
            (lyt->rain_count > 0 && rain->from_mm <= rain[-1].from_mm)) {
            lh_findings_add(findings, node->place,
                            "an entry of 'rain' has 'from_mm', above the one before, and "
                            "'points', a number for each day since");
            return;
        }
        lyt->rain_count++;
    }
}

static void read_phenology(const struct lh_yaml_node *root, struct lh_findings *findings,
                           struct lh_lyt *lyt)
{
    const struct lh_yaml_node *list = list_of(root, "phenology", findings);
    size_t count = 0;
    if (!list)
        return;
    for (const struct lh_yaml_node *node = list->first; node && count < MONTHS; node = node->next)
        if (lh_yaml_number(node, &lyt->phenology[count]))
            count++;
    if (count != MONTHS || list->count != MONTHS)
        lh_findings_add(findings, list->place, "'phenology' must have 12 numbers");
}

int lh_lyt_parse(const char *text, size_t length, struct lh_findings *findings,
                 struct lh_lyt **ret_lyt)
{
    const size_t before = findings->count + findings->cut;
    struct lh_yaml_tree *tree = NULL;
    struct lh_lyt *lyt = calloc(1, sizeof *lyt);
    int code = lyt ? lh_yaml_parse(text, length, findings, &tree) : LH_ENOMEM;
    const struct lh_yaml_node *root = code == LH_OK ? lh_yaml_root(tree) : NULL;
    if (root) {
        read_steps(root, "temperature_c", findings, &lyt->temperature);
        read_steps(root, "humidity_percent", findings, &lyt->humidity);
        read_steps(root, "wind_m_s", findings, &lyt->wind);
        read_rain(root, findings, lyt);
        read_phenology(root, findings, lyt);
    } else if (code == LH_OK) {
        lh_findings_add(findings, (struct lh_place){1, 1}, "there is nothing in it");
    }
    lh_yaml_destroy(&tree);
    if (code == LH_OK && findings->count + findings->cut > before)
        code = LH_ECONFIG;
    if (code == LH_OK)
        *ret_lyt = lyt;
    else
        lh_lyt_destroy(&lyt);
    return code;
}

void lh_lyt_destroy(struct lh_lyt **lyt)
{
    free(*lyt);
    *lyt = NULL;
}

static double points_at(const struct steps *steps, double value)
{
    double points = steps->items[0].points;
    for (size_t i = 1; i < steps->count && value >= steps->items[i].from; i++)
        points = steps->items[i].points;
    return points;
}

double lh_lyt_index(const struct lh_lyt *lyt, const struct lh_lyt_weather *weather)
{
    const struct rain *rain = &lyt->rain[0];
    for (size_t i = 1; i < lyt->rain_count && weather->rain_mm >= lyt->rain[i].from_mm; i++)
        rain = &lyt->rain[i];
    const size_t day = weather->dry_days < 0 ? 0 : (size_t)weather->dry_days;
    const int month = weather->month < 1 ? 1 : weather->month > MONTHS ? MONTHS : weather->month;
    return points_at(&lyt->temperature, weather->temperature_c) +
           points_at(&lyt->humidity, weather->humidity_percent) +
           points_at(&lyt->wind, weather->wind_m_s) +
           rain->points[day < rain->count ? day : rain->count - 1] - lyt->phenology[month - 1];
}

int lh_danger_of_lyt(double index)
{
    static const double most[] = {25, 50, 72, 90};
    int level = 1;
    for (int i = 0; i < 4 && index > most[i]; i++)
        level++;
    return level;
}
