#include "fuse/permits.h"

#include "base/text_file.h"
#include "base/yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_US (60 * LH_SECOND_US)
#define DAY_US (INT64_C(1440) * MINUTE_US)
#define CORNERS_MAX 1000

struct entry {
    struct lh_area area; /* no rings and no radius: everywhere */
    bool ban;
    bool overrides;
    bool yearly;
    int64_t from_us; /* yearly: in days of the year 2000, from its start */
    int64_t to_us;   /* exclusive */
};

struct lh_permits {
    struct lh_permits_options options;
    struct entry *entries;
    size_t count;
    size_t capacity;
};

struct reading {
    struct lh_permits *permits;
    struct lh_findings *findings;
};

int lh_permits_create(const struct lh_permits_options *options, struct lh_permits **ret_permits)
{
    struct lh_permits *permits = calloc(1, sizeof *permits);
    if (!permits)
        return LH_ENOMEM;
    permits->options = *options;
    *ret_permits = permits;
    return LH_OK;
}

static void cut(struct lh_permits *permits, size_t count)
{
    while (permits->count > count)
        lh_area_finish(&permits->entries[--permits->count].area);
}

void lh_permits_destroy(struct lh_permits **permits)
{
    if (!*permits)
        return;
    cut(*permits, 0);
    free((*permits)->entries);
    free(*permits);
    *permits = NULL;
}

size_t lh_permits_count(const struct lh_permits *permits)
{
    return permits->count;
}

/* Takes the area over. */
static int append(struct lh_permits *permits, const struct entry *entry)
{
    if (permits->count == permits->capacity) {
        const size_t capacity = permits->capacity * 2 + 16;
        struct entry *grown = reallocarray(permits->entries, capacity, sizeof *grown);
        if (!grown)
            return LH_ENOMEM;
        permits->entries = grown;
        permits->capacity = capacity;
    }
    permits->entries[permits->count++] = *entry;
    return LH_OK;
}

/* ---- times ---- */

/* "04-01": from the start of the year 2000, which has all days. */
static bool read_day_of_year(const char *text, int64_t *ret_us)
{
    char whole[LH_TIME_TEXT];
    int64_t start_us;
    if (strlen(text) != 5 || text[2] != '-')
        return false;
    (void)snprintf(whole, sizeof whole, "2000-%sT00:00:00Z", text);
    if (lh_time_parse(whole, ret_us) != LH_OK ||
        lh_time_parse("2000-01-01T00:00:00Z", &start_us) != LH_OK)
        return false;
    *ret_us -= start_us;
    return true;
}

static bool read_moment(const struct lh_permits *permits, const char *text, bool end,
                        int64_t *ret_us)
{
    char whole[LH_TIME_TEXT];
    if (strlen(text) != 10)
        return lh_time_parse(text, ret_us) == LH_OK;
    (void)snprintf(whole, sizeof whole, "%sT00:00:00Z", text);
    if (lh_time_parse(whole, ret_us) != LH_OK)
        return false;
    *ret_us += (end ? DAY_US : 0) - permits->options.utc_offset_min * MINUTE_US;
    return true;
}

static const char *read_window(const struct lh_permits *permits, const char *from, const char *to,
                               struct entry *entry)
{
    if (read_day_of_year(from, &entry->from_us) && read_day_of_year(to, &entry->to_us)) {
        entry->yearly = true;
        entry->to_us += DAY_US;
        return entry->ban ? NULL : "a permit is for days of one year: YYYY-MM-DD";
    }
    if (!read_moment(permits, from, false, &entry->from_us))
        return "'from' must be a day (2026-11-24, or 04-01 for every year) or a time with its zone";
    if (!read_moment(permits, to, true, &entry->to_us))
        return "'to' must be a day (2026-11-24, or 04-01 for every year) or a time with its zone";
    return entry->to_us > entry->from_us ? NULL : "'to' must come after 'from'";
}

static bool is_in(const struct lh_permits *permits, const struct entry *entry, int64_t utc_us)
{
    if (!entry->yearly)
        return utc_us >= entry->from_us && utc_us < entry->to_us;
    char text[LH_TIME_TEXT];
    char day[6];
    int64_t at_us;
    (void)lh_time_format(utc_us + permits->options.utc_offset_min * MINUTE_US, text);
    (void)snprintf(day, sizeof day, "%.5s", text + 5);
    if (!read_day_of_year(day, &at_us))
        return false;
    return entry->from_us < entry->to_us ? at_us >= entry->from_us && at_us < entry->to_us
                                         : at_us >= entry->from_us || at_us < entry->to_us;
}

/* ---- YAML ---- */

static void find(const struct reading *reading, const struct lh_yaml_node *node, const char *what)
{
    lh_findings_add(reading->findings, node->place, "%s", what);
}

static const char *text_of(const struct lh_yaml_node *map, const char *key)
{
    const struct lh_yaml_node *node = lh_yaml_get(map, key);
    return node && node->kind == LH_YAML_SCALAR ? node->text : "";
}

static bool read_datum(const struct lh_yaml_node *map, enum lh_datum *ret_datum)
{
    static const char *const names[] = {"WGS-84", "GCJ-02", "BD-09"};
    const char *text = text_of(map, "datum");
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0 || (i == 0 && !text[0])) {
            *ret_datum = (enum lh_datum)i;
            return true;
        }
    }
    return false;
}

static int read_corners(const struct reading *reading, const struct lh_yaml_node *list,
                        enum lh_datum datum, struct lh_area *area)
{
    struct lh_geo corners[CORNERS_MAX];
    size_t count = 0;
    if (list->kind != LH_YAML_LIST || list->count < 3 || list->count > CORNERS_MAX) {
        find(reading, list, "'corners' must be a list of 3 to 1000 pairs [latitude, longitude]");
        return LH_OK;
    }
    for (const struct lh_yaml_node *pair = list->first; pair; pair = pair->next) {
        struct lh_geo at = {NAN, NAN};
        const bool right = pair->kind == LH_YAML_LIST && pair->count == 2 &&
                           lh_yaml_number(pair->first, &at.latitude_deg) &&
                           lh_yaml_number(pair->first->next, &at.longitude_deg) && lh_geo_valid(at);
        if (!right) {
            find(reading, pair, "a corner is a pair [latitude, longitude] in degrees");
            return LH_OK;
        }
        corners[count++] = lh_geo_from_datum(datum, at);
    }
    return lh_area_add_ring(area, corners, count);
}

static int read_area(const struct reading *reading, const struct lh_yaml_node *node,
                     struct entry *entry)
{
    enum lh_datum datum;
    const struct lh_yaml_node *corners = lh_yaml_get(node, "corners");
    struct lh_geo at = {NAN, NAN};
    if (!read_datum(node, &datum)) {
        find(reading, node, "'datum' must be WGS-84, GCJ-02 or BD-09");
        return LH_OK;
    }
    if (corners)
        return read_corners(reading, corners, datum, &entry->area);
    const bool circle = lh_yaml_number(lh_yaml_get(node, "latitude"), &at.latitude_deg) &&
                        lh_yaml_number(lh_yaml_get(node, "longitude"), &at.longitude_deg) &&
                        lh_yaml_number(lh_yaml_get(node, "radius_m"), &entry->area.radius_m);
    if (circle && lh_geo_valid(at) && entry->area.radius_m > 0 && entry->area.radius_m <= 20000)
        entry->area.centre = lh_geo_from_datum(datum, at);
    else if (!entry->ban || circle)
        find(reading, node,
             "a place is 'corners', or 'latitude', 'longitude' and 'radius_m' (up to 20000)");
    return LH_OK;
}

static void check_keys(const struct reading *reading, const struct lh_yaml_node *node)
{
    static const char *const known[] = {"name",     "from",      "to",
                                        "latitude", "longitude", "radius_m",
                                        "datum",    "corners",   "overrides_permits"};
    const size_t count = sizeof known / sizeof known[0];
    for (const struct lh_yaml_node *child = node->first; child; child = child->next) {
        bool found = false;
        for (size_t i = 0; i < count && !found; i++)
            found = strcmp(child->key, known[i]) == 0;
        if (found)
            continue;
        const char *nearest = lh_nearest_name(child->key, known, count);
        lh_findings_add(reading->findings, child->key_place, "'%.64s' is no key here%s%s%s",
                        child->key, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                        nearest ? "'?" : "");
    }
}

static int read_entry(const struct reading *reading, const struct lh_yaml_node *node, bool ban)
{
    struct entry entry = {.ban = ban};
    if (node->kind != LH_YAML_MAP) {
        if (node->kind != LH_YAML_BROKEN)
            find(reading, node, "an entry is a mapping with 'name', 'from' and 'to'");
        return LH_OK;
    }
    check_keys(reading, node);
    (void)snprintf(entry.area.name, sizeof entry.area.name, "%s", text_of(node, "name"));
    if (!entry.area.name[0])
        find(reading, node, "'name' is missing: what people call it");
    entry.overrides = strcmp(text_of(node, "overrides_permits"), "true") == 0;
    const char *wrong =
        read_window(reading->permits, text_of(node, "from"), text_of(node, "to"), &entry);
    if (wrong)
        find(reading, node, wrong);
    int code = read_area(reading, node, &entry);
    if (code == LH_OK)
        code = append(reading->permits, &entry);
    if (code != LH_OK)
        lh_area_finish(&entry.area);
    return code;
}

static int read_list(const struct reading *reading, const struct lh_yaml_node *root,
                     const char *name, bool ban)
{
    const struct lh_yaml_node *list = lh_yaml_get(root, name);
    if (!list || lh_yaml_is_null(list))
        return LH_OK;
    if (list->kind != LH_YAML_LIST) {
        lh_findings_add(reading->findings, list->place, "'%s' must be a list", name);
        return LH_OK;
    }
    int code = LH_OK;
    for (const struct lh_yaml_node *node = list->first; node && code == LH_OK; node = node->next)
        code = read_entry(reading, node, ban);
    return code;
}

static int read_tree(const struct reading *reading, const struct lh_yaml_node *root)
{
    if (!root || root->kind != LH_YAML_MAP) {
        lh_findings_add(reading->findings, (struct lh_place){1, 1},
                        "the file must have 'permits' or 'bans'");
        return LH_OK;
    }
    for (const struct lh_yaml_node *child = root->first; child; child = child->next)
        if (strcmp(child->key, "permits") != 0 && strcmp(child->key, "bans") != 0)
            lh_findings_add(reading->findings, child->key_place,
                            "'%.64s' is neither 'permits' nor 'bans'", child->key);
    const int code = read_list(reading, root, "permits", false);
    return code == LH_OK ? read_list(reading, root, "bans", true) : code;
}

int lh_permits_parse(struct lh_permits *permits, const char *text, size_t length,
                     struct lh_findings *findings)
{
    const size_t before = permits->count;
    const size_t found = findings->count + findings->cut;
    const struct reading reading = {permits, findings};
    struct lh_yaml_tree *tree = NULL;
    int code = lh_yaml_parse(text, length, findings, &tree);
    if (code == LH_OK)
        code = read_tree(&reading, lh_yaml_root(tree));
    lh_yaml_destroy(&tree);
    if (code == LH_OK && findings->count + findings->cut > found)
        code = LH_ECONFIG;
    if (code != LH_OK)
        cut(permits, before);
    lh_findings_sort(findings);
    return code;
}

/* ---- polygons ---- */

static int take_areas(const struct reading *reading, struct lh_areas *areas)
{
    int code = LH_OK;
    for (size_t i = 0; i < areas->count && code == LH_OK; i++) {
        struct lh_area *area = &areas->items[i];
        struct entry entry = {.area = *area, .ban = strcmp(area->kind, "ban") == 0};
        const char *wrong = strcmp(area->kind, "permit") != 0 && !entry.ban
                                ? "its 'kind' must be permit or ban"
                                : read_window(reading->permits, area->from, area->to, &entry);
        if (wrong) {
            lh_findings_add(reading->findings, (struct lh_place){1, 1}, "'%.96s': %s", area->name,
                            wrong);
            continue;
        }
        code = append(reading->permits, &entry);
        if (code == LH_OK)
            *area = (struct lh_area){.corner_count = 0}; /* it has the corners now */
    }
    return code;
}

static int load_polygons(struct lh_permits *permits, const char *path, struct lh_findings *findings)
{
    const size_t before = permits->count;
    const size_t found = findings->count + findings->cut;
    const struct reading reading = {permits, findings};
    struct lh_areas areas = {.count = 0};
    struct lh_fault fault = {0};
    int code = lh_areas_load(path, permits->options.datum, &fault, &areas);
    if (code == LH_OK)
        code = take_areas(&reading, &areas);
    else if (code == LH_ECONFIG)
        lh_findings_add(findings, (struct lh_place){1, 1}, "%s", fault.text);
    lh_areas_finish(&areas);
    if (code == LH_OK && findings->count + findings->cut > found)
        code = LH_ECONFIG;
    if (code != LH_OK)
        cut(permits, before);
    return code;
}

int lh_permits_load(struct lh_permits *permits, const char *path, struct lh_findings *findings)
{
    const char *dot = strrchr(path, '.');
    const bool text =
        dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 || strcmp(dot, ".json") == 0);
    if (!text)
        return load_polygons(permits, path, findings);
    struct lh_fault fault = {0};
    uint8_t *bytes = NULL;
    size_t size = 0;
    int code = lh_text_file_read(path, LH_YAML_BYTES_MAX, &fault, &bytes, &size);
    if (code == LH_OK) {
        code = lh_permits_parse(permits, (const char *)bytes, size, findings);
    } else {
        lh_findings_add(findings, (struct lh_place){1, 1}, "%s", fault.text);
        code = LH_ECONFIG;
    }
    free(bytes);
    return code;
}

/* ---- asked ---- */

static void join_name(char names[LH_GROUND_NAME], const char *name)
{
    const size_t length = strlen(names);
    (void)snprintf(names + length, LH_GROUND_NAME - length, "%s%s", length > 0 ? ", " : "", name);
}

static bool covers(const struct entry *entry, const struct lh_position *position)
{
    if (entry->area.ring_count == 0 && entry->area.radius_m <= 0)
        return true;
    return lh_area_touches(&entry->area, position, 0, 1);
}

void lh_permits_at(const struct lh_permits *permits, const struct lh_position *position,
                   int64_t utc_us, struct lh_ground *ground)
{
    bool overridden = false;
    for (size_t i = 0; i < permits->count; i++) {
        const struct entry *entry = &permits->entries[i];
        if (!is_in(permits, entry, utc_us) || !covers(entry, position))
            continue;
        ground->banned |= entry->ban;
        ground->permitted |= !entry->ban;
        overridden |= entry->overrides;
        join_name(entry->ban ? ground->ban : ground->permit, entry->area.name);
    }
    if (overridden) {
        ground->permitted = false;
        ground->permit[0] = '\0';
    }
}
