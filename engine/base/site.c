#include "base/credentials.h"
#include "base/option.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Everything while one file is read. */
struct loading {
    struct lh_option_reading reading;
    struct lh_site *site;
    const struct lh_yaml_node *root;
    const char **detector_names; /* of the site, lent from it */
    size_t detector_count;
    struct lh_camera_config *groups;
    const char **group_names; /* lent from the tree */
    size_t group_count;
};

/* Absolute, so that nobody takes a path from a folder twice. */
static char *folder_of(const char *path)
{
    char here[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash == path)
        return strdup("/");
    if (path[0] == '/')
        return strndup(path, (size_t)(slash - path));
    if (!getcwd(here, sizeof here))
        (void)strcpy(here, ".");
    const int length = slash ? (int)(slash - path) : 0;
    const size_t size = strlen(here) + (size_t)length + 2;
    char *folder = malloc(size);
    if (folder)
        (void)snprintf(folder, size, "%s%s%.*s", here, slash ? "/" : "", length, path);
    return folder;
}

/* ---- detectors ---- */

/* "smoke" of "/opt/detectors/smoke.so". */
static char *plugin_base_name(const char *plugin)
{
    const char *slash = strrchr(plugin, '/');
    const char *base = slash ? slash + 1 : plugin;
    const size_t length = strlen(base);
    const bool object = length > 3 && strcmp(base + length - 3, ".so") == 0;
    return strndup(base, object ? length - 3 : length);
}

static int name_detector(struct lh_detector_config *detector)
{
    if (detector->name[0] != '\0')
        return LH_OK;
    char *name = plugin_base_name(detector->plugin);
    if (!name)
        return LH_ENOMEM;
    free(detector->name);
    detector->name = name;
    return LH_OK;
}

static int use_standard_detectors(struct loading *loading)
{
    static const char *const plugins[] = {"smoke_classic", "flame_classic"};
    const size_t count = sizeof plugins / sizeof plugins[0];
    const struct lh_option_table *table = lh_option_find(lh_site_options(), "detectors")->table;
    loading->site->detectors = calloc(count, sizeof *loading->site->detectors);
    if (!loading->site->detectors)
        return LH_ENOMEM;
    loading->site->detector_count = count;
    for (size_t i = 0; i < count; i++) {
        struct lh_detector_config *detector = &loading->site->detectors[i];
        const int code = lh_option_defaults(&loading->reading, table, detector);
        if (code != LH_OK)
            return code;
        free(detector->plugin);
        detector->plugin = strdup(plugins[i]);
        if (!detector->plugin)
            return LH_ENOMEM;
    }
    return LH_OK;
}

static int finish_detectors(struct loading *loading)
{
    struct lh_site *site = loading->site;
    int code = site->detector_count == 0 ? use_standard_detectors(loading) : LH_OK;
    if (code != LH_OK || site->detector_count == 0)
        return code;
    loading->detector_names = calloc(site->detector_count, sizeof *loading->detector_names);
    if (!loading->detector_names)
        return LH_ENOMEM;
    for (size_t i = 0; i < site->detector_count; i++) {
        struct lh_detector_config *detector = &site->detectors[i];
        code = name_detector(detector);
        if (code != LH_OK)
            return code;
        for (size_t j = 0; j < i; j++) {
            if (detector->name[0] != '\0' && strcmp(site->detectors[j].name, detector->name) == 0) {
                lh_findings_add(loading->reading.findings, detector->place,
                                "the detector at line %d is called '%.64s' too; give one of them "
                                "another 'name'",
                                site->detectors[j].place.line, detector->name);
                break;
            }
        }
        loading->detector_names[loading->detector_count++] = detector->name;
    }
    return LH_OK;
}

/* ---- what must fit together in a camera, a group or the defaults: said where the node says it ---- */

static void check_detector_names(struct loading *loading, const struct lh_yaml_node *node)
{
    const struct lh_yaml_node *names = lh_yaml_get(node, "detectors");
    if (!names || names->kind != LH_YAML_LIST)
        return;
    for (const struct lh_yaml_node *name = names->first; name; name = name->next) {
        if (name->kind != LH_YAML_SCALAR)
            continue;
        lh_option_check_name(&loading->reading, name->place, "detector", name->text,
                             loading->detector_names, loading->detector_count);
        for (const struct lh_yaml_node *other = names->first; other != name; other = other->next) {
            if (other->kind == LH_YAML_SCALAR && strcmp(other->text, name->text) == 0) {
                lh_findings_add(loading->reading.findings, name->place,
                                "detector '%.64s' is named twice", name->text);
                break;
            }
        }
    }
}

static void check_still_time(struct loading *loading, const struct lh_yaml_node *node,
                             const struct lh_camera_config *camera)
{
    const struct lh_yaml_node *source = lh_yaml_get(node, "still_time");
    if (source && camera->still_time == LH_STILL_TIME_NAME && camera->still_time_pattern &&
        camera->still_time_pattern[0] == '\0' && !lh_yaml_get(node, "still_time_pattern"))
        lh_findings_add(loading->reading.findings, source->place,
                        "'still_time: name' needs a 'still_time_pattern'");
}

/* What a pose, its zooms and presets must fulfil beyond their ranges. */
static void check_views(struct loading *loading, const struct lh_camera_config *camera)
{
    const struct lh_pose_config *pose = &camera->pose;
    for (size_t i = 1; i < pose->zoom_count; i++) {
        if (pose->zooms[i].zoom <= pose->zooms[i - 1].zoom) {
            lh_findings_add(loading->reading.findings, camera->pose_place,
                            "'zooms' must rise: entry %zu (%.10g) is not above the one before "
                            "(%.10g)",
                            i + 1, pose->zooms[i].zoom, pose->zooms[i - 1].zoom);
            break;
        }
    }
    for (size_t i = 0; i < camera->preset_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (camera->presets[i].name && camera->presets[j].name &&
                camera->presets[i].name[0] != '\0' &&
                strcmp(camera->presets[i].name, camera->presets[j].name) == 0)
                lh_findings_add(loading->reading.findings, camera->place,
                                "two presets are called '%.64s'", camera->presets[i].name);
        }
    }
}

static int read_camera_values(struct loading *loading, const struct lh_option_table *table,
                              const struct lh_yaml_node *node, struct lh_camera_config *camera)
{
    const int code = lh_option_read(&loading->reading, table, node, camera);
    if (code != LH_OK)
        return code;
    check_detector_names(loading, node);
    check_still_time(loading, node, camera);
    return LH_OK;
}

static int finish_camera_defaults(struct loading *loading)
{
    struct lh_option_table own = *lh_camera_options();
    own.base = NULL;
    const int code = lh_option_defaults(&loading->reading, &own, &loading->site->camera_defaults);
    if (code != LH_OK)
        return code;
    const struct lh_yaml_node *node = lh_yaml_get(loading->root, "camera_defaults");
    if (node) {
        check_detector_names(loading, node);
        check_still_time(loading, node, &loading->site->camera_defaults);
    }
    return LH_OK;
}

/* ---- groups ---- */

static bool is_section(struct loading *loading, const struct lh_yaml_node *node,
                       const struct lh_option *option, enum lh_yaml_kind kind)
{
    if (!node || node->kind == LH_YAML_BROKEN || lh_yaml_is_null(node))
        return false;
    if (node->kind != kind) {
        lh_findings_add(loading->reading.findings, node->place, "'%s' must be a %s", option->name,
                        kind == LH_YAML_LIST ? "list, each entry beginning with '- '"
                                             : "mapping of names");
        return false;
    }
    if ((double)node->count > option->maximum) {
        lh_findings_add(loading->reading.findings, node->place,
                        "'%s' has %zu entries; at most %.0f are read", option->name, node->count,
                        option->maximum);
        return false;
    }
    return node->count > 0;
}

static int check_group_name(struct loading *loading, const struct lh_yaml_node *node)
{
    const struct lh_option *rule = lh_option_find(lh_camera_options(), "group");
    struct lh_camera_config scratch = {0};
    char complaint[LH_OPTION_COMPLAINT];
    const int code = lh_option_set(&loading->reading, rule, node->key, true, &scratch, complaint);
    if (code == LH_ECONFIG)
        lh_findings_add(loading->reading.findings, node->key_place, "the name of a group %s",
                        complaint);
    free(scratch.group);
    return code == LH_ECONFIG ? LH_OK : code;
}

static int read_groups(struct loading *loading)
{
    const struct lh_option *option = lh_option_find(lh_site_options(), "groups");
    const struct lh_yaml_node *node = lh_yaml_get(loading->root, "groups");
    if (!is_section(loading, node, option, LH_YAML_MAP))
        return LH_OK;
    loading->groups = calloc(node->count, sizeof *loading->groups);
    loading->group_names = calloc(node->count, sizeof *loading->group_names);
    if (!loading->groups || !loading->group_names)
        return LH_ENOMEM;
    for (const struct lh_yaml_node *child = node->first; child; child = child->next) {
        if (child->kind == LH_YAML_BROKEN)
            continue;
        struct lh_camera_config *group = &loading->groups[loading->group_count];
        loading->group_names[loading->group_count++] = child->key;
        int code = check_group_name(loading, child);
        if (code == LH_OK)
            code = lh_option_copy(option->table, &loading->site->camera_defaults, group);
        if (code == LH_OK)
            code = read_camera_values(loading, option->table, child, group);
        if (code != LH_OK)
            return code;
    }
    return LH_OK;
}

/* ---- cameras ---- */

/* What a camera starts from: its group, or the defaults. */
static const struct lh_camera_config *origin_of(struct loading *loading,
                                                const struct lh_yaml_node *node)
{
    const struct lh_yaml_node *name = lh_yaml_get(node, "group");
    if (!name || name->kind != LH_YAML_SCALAR || lh_yaml_is_null(name))
        return &loading->site->camera_defaults;
    for (size_t i = 0; i < loading->group_count; i++) {
        if (strcmp(loading->group_names[i], name->text) == 0)
            return &loading->groups[i];
    }
    if (loading->group_count == 0)
        lh_findings_add(loading->reading.findings, name->place,
                        "there is no group '%.64s'; this file has no 'groups'", name->text);
    else
        lh_option_check_name(&loading->reading, name->place, "group", name->text,
                             loading->group_names, loading->group_count);
    return &loading->site->camera_defaults;
}

static int fill_in(char **slot, const char *text)
{
    if (*slot && (*slot)[0] != '\0')
        return LH_OK;
    char *copy = strdup(text);
    if (!copy)
        return LH_ENOMEM;
    free(*slot);
    *slot = copy;
    return LH_OK;
}

static int use_all_detectors(struct loading *loading, struct lh_camera_config *camera)
{
    if (camera->detector_count > 0)
        return LH_OK;
    camera->detectors = calloc(loading->detector_count, sizeof *camera->detectors);
    if (!camera->detectors)
        return LH_ENOMEM;
    for (size_t i = 0; i < loading->detector_count; i++) {
        camera->detectors[i] = strdup(loading->detector_names[i]);
        if (!camera->detectors[i])
            return LH_ENOMEM;
        camera->detector_count++;
    }
    return LH_OK;
}

static int read_camera(struct loading *loading, const struct lh_yaml_node *node,
                       struct lh_camera_config *camera)
{
    camera->place = node->place;
    camera->url_place = node->place;
    int code = lh_option_defaults(&loading->reading, lh_camera_options(), camera);
    if (code == LH_OK)
        code = lh_option_copy(lh_shared_camera_options(), origin_of(loading, node), camera);
    if (code == LH_OK)
        code = read_camera_values(loading, lh_camera_options(), node, camera);
    if (code == LH_OK)
        code = fill_in(&camera->name, camera->id);
    if (code == LH_OK)
        code = use_all_detectors(loading, camera);
    if (code == LH_OK)
        check_views(loading, camera);
    return code;
}

static int compare_ids(const void *a, const void *b)
{
    const struct lh_camera_config *left = ((const struct lh_camera_entry *)a)->camera;
    const struct lh_camera_config *right = ((const struct lh_camera_entry *)b)->camera;
    const int order = strcmp(left->id, right->id);
    return order != 0 ? order : (left > right) - (left < right);
}

static int index_cameras(struct loading *loading)
{
    struct lh_site *site = loading->site;
    if (site->camera_count == 0)
        return LH_OK;
    site->cameras_by_id = calloc(site->camera_count, sizeof *site->cameras_by_id);
    if (!site->cameras_by_id)
        return LH_ENOMEM;
    for (size_t i = 0; i < site->camera_count; i++)
        site->cameras_by_id[i].camera = &site->cameras[i];
    qsort(site->cameras_by_id, site->camera_count, sizeof *site->cameras_by_id, compare_ids);
    for (size_t i = 1, first = 0; i < site->camera_count; i++) {
        const struct lh_camera_config *camera = site->cameras_by_id[i].camera;
        if (strcmp(camera->id, site->cameras_by_id[first].camera->id) != 0)
            first = i;
        else if (camera->id[0] != '\0')
            lh_findings_add(loading->reading.findings, camera->place,
                            "the camera at line %d has the id '%s' too; every camera needs its "
                            "own",
                            site->cameras_by_id[first].camera->place.line, camera->id);
    }
    return LH_OK;
}

static int read_cameras(struct loading *loading)
{
    const struct lh_option *option = lh_option_find(lh_site_options(), "cameras");
    const struct lh_yaml_node *node = lh_yaml_get(loading->root, "cameras");
    if (!is_section(loading, node, option, LH_YAML_LIST))
        return LH_OK;
    struct lh_site *site = loading->site;
    site->cameras = calloc(node->count, sizeof *site->cameras);
    if (!site->cameras)
        return LH_ENOMEM;
    for (const struct lh_yaml_node *child = node->first; child; child = child->next) {
        const int code = read_camera(loading, child, &site->cameras[site->camera_count++]);
        if (code != LH_OK)
            return code;
    }
    return index_cameras(loading);
}

/* ---- the whole ---- */

static int read_root(struct loading *loading)
{
    if (!loading->root || lh_yaml_is_null(loading->root)) {
        lh_findings_add(loading->reading.findings, (struct lh_place){1, 1},
                        "the file says nothing; 'linhuo sample-config' prints one to begin with");
        return LH_OK;
    }
    int code = lh_option_defaults(&loading->reading, lh_site_options(), loading->site);
    if (code == LH_OK)
        code = lh_option_read(&loading->reading, lh_site_options(), loading->root, loading->site);
    if (code == LH_OK)
        code = finish_detectors(loading);
    if (code == LH_OK)
        code = finish_camera_defaults(loading);
    if (code == LH_OK)
        code = read_groups(loading);
    if (code == LH_OK)
        code = read_cameras(loading);
    if (code == LH_OK)
        code = use_all_detectors(loading, &loading->site->camera_defaults);
    if (code == LH_OK)
        lh_feeds_check(loading->site, loading->reading.findings);
    if (code == LH_OK)
        code = lh_people_load(loading->site, loading->reading.findings);
    return code;
}

static void finish_loading(struct loading *loading)
{
    for (size_t i = 0; i < loading->group_count; i++)
        lh_option_free(lh_shared_camera_options(), &loading->groups[i]);
    free(loading->groups);
    free(loading->group_names);
    free(loading->detector_names);
}

static int parse_into(struct loading *loading, const char *path, const char *text, size_t length)
{
    loading->site->path = strdup(path);
    loading->site->folder = folder_of(path);
    if (!loading->site->path || !loading->site->folder)
        return LH_ENOMEM;
    loading->reading.folder = loading->site->folder;
    struct lh_yaml_tree *tree = NULL;
    int code = lh_yaml_parse(text, length, loading->reading.findings, &tree);
    if (code == LH_OK) {
        loading->root = lh_yaml_root(tree);
        code = read_root(loading);
    }
    lh_yaml_destroy(&tree);
    return code;
}

/* What was refused is empty by now; nobody should look for a plugin of no name. */
static void drop_nameless_detectors(struct lh_site *site)
{
    const struct lh_option_table *table = lh_option_find(lh_site_options(), "detectors")->table;
    size_t kept = 0;
    for (size_t i = 0; i < site->detector_count; i++) {
        if (site->detectors[i].plugin && site->detectors[i].plugin[0] != '\0')
            site->detectors[kept++] = site->detectors[i];
        else
            lh_option_free(table, &site->detectors[i]);
    }
    site->detector_count = kept;
}

/* keep_broken: a site with mistakes is handed out too, if it can be used at all. */
static int parse(const char *path, const char *text, size_t length, bool keep_broken,
                 struct lh_findings *findings, struct lh_site **ret_site)
{
    const size_t before = findings->count;
    const size_t cut_before = findings->cut;
    struct loading loading = {
        .reading = {.findings = findings},
        .site = calloc(1, sizeof *loading.site),
    };
    if (!loading.site)
        return LH_ENOMEM;
    int code = parse_into(&loading, path, text, length);
    const bool usable = code == LH_OK && loading.detector_names;
    finish_loading(&loading);
    if (code == LH_OK && (findings->count > before || findings->cut > cut_before))
        code = LH_ECONFIG;
    /* A finding that could not be kept for want of memory. */
    if (code == LH_ECONFIG && findings->count == 0)
        code = LH_ENOMEM;
    lh_findings_sort(findings);
    if (code == LH_OK || (code == LH_ECONFIG && keep_broken && usable)) {
        drop_nameless_detectors(loading.site);
        *ret_site = loading.site;
    } else {
        lh_site_destroy(&loading.site);
    }
    return code;
}

int lh_site_parse(const char *path, const char *text, size_t length, struct lh_findings *findings,
                  struct lh_site **ret_site)
{
    return parse(path, text, length, false, findings, ret_site);
}

static int read_file(const char *path, char *bytes, size_t size, size_t *ret_length)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0)
        return lh_error_from_errno(errno);
    size_t length = 0;
    int code = LH_OK;
    while (length < size) {
        const ssize_t got = read(file, bytes + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            code = lh_error_from_errno(errno);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    (void)close(file);
    if (code == LH_OK)
        *ret_length = length;
    return code;
}

static int load(const char *path, bool keep_broken, struct lh_findings *findings,
                struct lh_site **ret_site)
{
    /* One byte more than is read, so that a larger file shows. */
    const size_t size = LH_YAML_BYTES_MAX + 1;
    char *bytes = malloc(size);
    if (!bytes)
        return LH_ENOMEM;
    size_t length = 0;
    int code = read_file(path, bytes, size, &length);
    if (code == LH_OK)
        code = parse(path, bytes, length, keep_broken, findings, ret_site);
    free(bytes);
    return code;
}

int lh_site_load(const char *path, struct lh_findings *findings, struct lh_site **ret_site)
{
    return load(path, false, findings, ret_site);
}

int lh_site_examine(const char *path, struct lh_findings *findings, struct lh_site **ret_site)
{
    *ret_site = NULL;
    return load(path, true, findings, ret_site);
}

void lh_site_destroy(struct lh_site **site_pointer)
{
    struct lh_site *site = *site_pointer;
    if (!site)
        return;
    lh_people_forget(site);
    lh_option_free(lh_site_options(), site);
    struct lh_option_table own = *lh_camera_options();
    own.base = NULL;
    lh_option_free(&own, &site->camera_defaults);
    free(site->cameras_by_id);
    free(site->path);
    free(site->folder);
    free(site);
    *site_pointer = NULL;
}

static int compare_id(const void *id, const void *entry)
{
    return strcmp(id, ((const struct lh_camera_entry *)entry)->camera->id);
}

const struct lh_camera_config *lh_site_camera(const struct lh_site *site, const char *id)
{
    if (site->camera_count == 0)
        return NULL;
    const struct lh_camera_entry *found = bsearch(id, site->cameras_by_id, site->camera_count,
                                                  sizeof *site->cameras_by_id, compare_id);
    return found ? found->camera : NULL;
}

bool lh_camera_config_equal(const struct lh_camera_config *a, const struct lh_camera_config *b)
{
    return lh_option_equal(lh_camera_options(), a, b, LH_OPTION_NO_EFFECT);
}
