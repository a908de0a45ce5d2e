#include "base/site.h"
#include "cmd.h"
#include "detect/plugin.h"
#include "detect/setting.h"

#include <dirent.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "usage: linhuo plugins [SITE.yaml] [--json]\n\n"
                           "Lists the detector plugins in the folders they are looked for in, with "
                           "what they find and the\n"
                           "settings they take, or why one is refused. With a site file its "
                           "plugin_folders come first, and\n"
                           "plugins it names by path are listed too.\n\n"
                           "  --json   for a program: {\"folders\": [...], \"plugins\": [...]}\n"
                           "  --help   this\n\n"
                           "Exit status: 0 listed, 1 failed, 2 wrong usage or configuration.\n";

/* Where to look, and what was found there so far. */
struct survey {
    struct lh_plugin_registry *registry;
    json_t *folders;
    json_t *plugins;
};

static json_t *describe_settings(const struct linhuo_detector *table)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < table->setting_count; i++) {
        const struct linhuo_setting *row = &table->settings[i];
        char range[512];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s?, s:b, s:s, s:s}", "name", row->name, "type",
                            lh_setting_type_name(row->type), "default", row->fallback, "required",
                            !row->fallback, "range", lh_setting_range(row, range, sizeof range),
                            "help", row->help ? row->help : ""));
    }
    return list;
}

static json_t *describe(const struct lh_plugin *plugin)
{
    const struct linhuo_detector *table = &plugin->table;
    json_t *kinds = json_array();
    if (table->kinds & 1U)
        (void)json_array_append_new(kinds, json_string("smoke"));
    if (table->kinds & 2U)
        (void)json_array_append_new(kinds, json_string("flame"));
    return json_pack("{s:s, s:b, s:s, s:s, s:s, s:o, s:o}", "name", table->name, "usable", 1,
                     "version", table->version, "summary", table->summary ? table->summary : "",
                     "licence", table->licence ? table->licence : "", "kinds", kinds, "settings",
                     describe_settings(table));
}

/* The file that the same name in an earlier folder hides, or NULL. */
static const char *hidden_by(const json_t *plugins, const char *file)
{
    size_t i;
    const json_t *known;
    json_array_foreach (plugins, i, known) {
        const char *path = json_string_value(json_object_get(known, "path"));
        const char *slash = path ? strrchr(path, '/') : NULL;
        if (slash && strcmp(slash + 1, file) == 0)
            return path;
    }
    return NULL;
}

static void add_file(struct survey *survey, const char *path, const char *first)
{
    struct lh_fault fault = {0};
    const struct lh_plugin *plugin = NULL;
    json_t *entry = NULL;
    if (lh_plugin_load(survey->registry, path, NULL, 0, &fault, &plugin) == LH_OK) {
        entry = describe(plugin);
    } else {
        const char *file = strrchr(path, '/');
        file = file ? file + 1 : path;
        const size_t length = strlen(file);
        entry = json_pack("{s:s%, s:b, s:s}", "name", file,
                          length > 3 && strcmp(file + length - 3, ".so") == 0 ? length - 3 : length,
                          "usable", 0, "reason", fault.text);
    }
    if (!entry) /* a file name that is no UTF-8 */
        return;
    (void)json_object_set_new(entry, "path", json_string(path));
    if (first)
        (void)json_object_set_new(entry, "hidden_by", json_string(first));
    (void)json_array_append_new(survey->plugins, entry);
}

static int is_plugin_file(const struct dirent *item)
{
    const size_t length = strlen(item->d_name);
    return length > 3 && strcmp(item->d_name + length - 3, ".so") == 0;
}

static void add_folder(struct survey *survey, const char *folder)
{
    struct dirent **items = NULL;
    size_t i;
    const json_t *known;
    json_array_foreach (survey->folders, i, known)
        if (strcmp(json_string_value(json_object_get(known, "path")), folder) == 0)
            return;
    const int count = scandir(folder, &items, is_plugin_file, alphasort);
    (void)json_array_append_new(survey->folders,
                                json_pack("{s:s, s:b}", "path", folder, "exists", count >= 0));
    for (int item = 0; item < count; item++) {
        char path[4096];
        const int length = snprintf(path, sizeof path, "%s/%s", folder, items[item]->d_name);
        if (length > 0 && (size_t)length < sizeof path)
            add_file(survey, path, hidden_by(survey->plugins, items[item]->d_name));
        free(items[item]);
    }
    free(items);
}

static bool is_listed(const json_t *plugins, const char *path)
{
    size_t i;
    const json_t *known;
    json_array_foreach (plugins, i, known)
        if (strcmp(json_string_value(json_object_get(known, "path")), path) == 0)
            return true;
    return false;
}

static void look_around(struct survey *survey, const struct lh_site *site)
{
    for (size_t i = 0; site && i < site->plugin_folder_count; i++)
        add_folder(survey, site->plugin_folders[i]);
    const char *const *folders = NULL;
    const size_t count = lh_plugin_default_folders(&folders);
    for (size_t i = 0; i < count; i++)
        add_folder(survey, folders[i]);
    for (size_t i = 0; site && i < site->detector_count; i++) {
        char path[4096];
        if (lh_plugin_path(site, &site->detectors[i], path, sizeof path) == LH_OK &&
            !is_listed(survey->plugins, path))
            add_file(survey, path, NULL);
    }
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void print_setting(const json_t *setting)
{
    const bool required = json_is_true(json_object_get(setting, "required"));
    const char *fallback = text_of(setting, "default");
    (void)printf("      %-22s %-8s %-14s %-18s %s\n", text_of(setting, "name"),
                 text_of(setting, "type"),
                 required      ? "must be given"
                 : fallback[0] ? fallback
                               : "(empty)",
                 text_of(setting, "range"), text_of(setting, "help"));
}

static void print_plugin(const json_t *plugin)
{
    size_t i;
    const json_t *item;
    if (!json_is_true(json_object_get(plugin, "usable"))) {
        (void)printf("%s: refused\n    %s\n\n", text_of(plugin, "name"), text_of(plugin, "reason"));
        return;
    }
    (void)printf("%s %s:", text_of(plugin, "name"), text_of(plugin, "version"));
    json_array_foreach (json_object_get(plugin, "kinds"), i, item)
        (void)printf("%s %s", i ? "," : "", json_string_value(item));
    (void)printf("\n    %s\n    %s", text_of(plugin, "summary"), text_of(plugin, "path"));
    if (text_of(plugin, "licence")[0])
        (void)printf(", %s", text_of(plugin, "licence"));
    (void)putchar('\n');
    if (text_of(plugin, "hidden_by")[0])
        (void)printf("    hidden by %s, which is found first\n", text_of(plugin, "hidden_by"));
    const json_t *settings = json_object_get(plugin, "settings");
    if (json_array_size(settings) > 0)
        (void)printf("    settings:\n      %-22s %-8s %-14s %-18s %s\n", "name", "type", "default",
                     "range", "what it is");
    json_array_foreach (settings, i, item)
        print_setting(item);
    (void)putchar('\n');
}

static void print_all(const struct survey *survey)
{
    size_t i;
    const json_t *item;
    json_array_foreach (survey->plugins, i, item)
        print_plugin(item);
    if (json_array_size(survey->plugins) == 0)
        (void)puts("no plugin found");
    (void)puts("looked in:");
    json_array_foreach (survey->folders, i, item)
        (void)printf("    %s%s\n", text_of(item, "path"),
                     json_is_true(json_object_get(item, "exists")) ? "" : " (is not there)");
}

static int load_site(const char *path, struct lh_site **ret_site)
{
    struct lh_findings findings = {0};
    const int code = lh_site_load(path, &findings, ret_site);
    if (code != LH_OK)
        (void)fprintf(stderr, "linhuo plugins: %s: %s; linhuo check %s says more\n", path,
                      lh_strerror(code), path);
    lh_findings_finish(&findings);
    return code;
}

static int list_plugins(const struct lh_site *site, bool json)
{
    struct survey survey = {.folders = json_array(), .plugins = json_array()};
    int result = LH_EXIT_FAILED;
    if (survey.folders && survey.plugins && lh_plugin_registry_create(&survey.registry) == LH_OK) {
        look_around(&survey, site);
        if (json) {
            json_t *all =
                json_pack("{s:O, s:O}", "folders", survey.folders, "plugins", survey.plugins);
            (void)json_dumpf(all, stdout, JSON_INDENT(2));
            (void)putchar('\n');
            json_decref(all);
        } else {
            print_all(&survey);
        }
        result = fflush(stdout) == 0 ? LH_EXIT_DONE : LH_EXIT_FAILED;
    } else {
        (void)fprintf(stderr, "linhuo plugins: %s\n", lh_strerror(LH_ENOMEM));
    }
    json_decref(survey.folders);
    json_decref(survey.plugins);
    lh_plugin_registry_destroy(&survey.registry);
    return result;
}

int lh_cmd_plugins(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
    bool json = false;
    int option;
    while ((option = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
        if (option != 'j') {
            (void)fputs(help, option == 'h' ? stdout : stderr);
            return option == 'h' ? LH_EXIT_DONE : LH_EXIT_USAGE;
        }
        json = true;
    }
    if (argc - optind > 1) {
        (void)fputs(help, stderr);
        return LH_EXIT_USAGE;
    }
    struct lh_site *site = NULL;
    if (optind < argc && load_site(argv[optind], &site) != LH_OK)
        return LH_EXIT_USAGE;
    const int result = list_plugins(site, json);
    lh_site_destroy(&site);
    return result;
}
