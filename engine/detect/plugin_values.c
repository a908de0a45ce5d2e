#include "detect/plugin.h"
#include "detect/plugin_text.h"
#include "detect/setting.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FOLDERS 64
#define NO_ROW UINT32_MAX

static uint32_t find_row(const struct linhuo_detector *table, const char *name)
{
    for (uint32_t i = 0; i < table->setting_count; i++)
        if (strcmp(table->settings[i].name, name) == 0)
            return i;
    return NO_ROW;
}

static void find_unknown(const struct linhuo_detector *table, const struct lh_setting_text *setting,
                         struct lh_findings *findings)
{
    char shown[64];
    (void)lh_plugin_text_copy(shown, sizeof shown, setting->name);
    const char **names = calloc(table->setting_count ? table->setting_count : 1, sizeof *names);
    for (uint32_t i = 0; names && i < table->setting_count; i++)
        names[i] = table->settings[i].name;
    const char *nearest =
        names ? lh_nearest_name(setting->name, names, table->setting_count) : NULL;
    if (table->setting_count == 0)
        lh_findings_add(findings, setting->place,
                        "'%s' is no setting: the detector plugin %s has none", shown, table->name);
    else if (nearest)
        lh_findings_add(findings, setting->place,
                        "'%s' is no setting of the detector plugin %s; did you mean '%s'?", shown,
                        table->name, nearest);
    else
        lh_findings_add(findings, setting->place,
                        "'%s' is no setting of the detector plugin %s; `linhuo plugins` lists "
                        "those it has",
                        shown, table->name);
    free(names);
}

/* What the site says for a row; NULL where it says nothing. */
struct chosen {
    const struct lh_setting_text *setting;
};

static bool match_settings(const struct linhuo_detector *table,
                           const struct lh_detector_config *config, struct lh_findings *findings,
                           struct chosen *chosen)
{
    bool clean = true;
    for (size_t i = 0; i < config->setting_count; i++) {
        const struct lh_setting_text *setting = &config->settings[i];
        const uint32_t row = find_row(table, setting->name);
        if (row == NO_ROW) {
            find_unknown(table, setting, findings);
            clean = false;
        } else if (chosen[row].setting) {
            lh_findings_add(findings, setting->place,
                            "the setting '%s' is given twice, first in line %d; remove one",
                            setting->name, chosen[row].setting->place.line);
            clean = false;
        } else {
            chosen[row].setting = setting;
        }
    }
    return clean;
}

/* The text a value keeps; paths are made absolute. NULL: out of memory. */
static char *value_text(const struct linhuo_setting *row, const char *text, const char *base_folder)
{
    if (row->type != LINHUO_PATH || text[0] == '\0' || text[0] == '/' || !base_folder ||
        base_folder[0] == '\0')
        return strdup(text);
    const size_t size = strlen(base_folder) + strlen(text) + 2;
    char *path = malloc(size);
    if (path)
        (void)snprintf(path, size, "%s/%s", base_folder, text);
    return path;
}

static int fill_value(const struct lh_plugin *plugin, uint32_t index,
                      const struct lh_detector_config *config,
                      const struct lh_setting_text *setting, const char *base_folder,
                      struct lh_findings *findings, struct lh_plugin_values *values)
{
    const struct linhuo_setting *row = &plugin->table.settings[index];
    const char *text = setting ? setting->value : row->fallback;
    struct lh_fault fault = {0};
    if (!text) {
        lh_findings_add(findings, config->place,
                        "the detector %s needs the setting '%s' (%s%s%s); add it under settings",
                        config->name, row->name, lh_setting_type_name(row->type),
                        row->help && row->help[0] ? ": " : "", row->help ? row->help : "");
        return LH_ECONFIG;
    }
    if (lh_setting_parse(row, text, &fault, &values->values[index].number) != LH_OK) {
        lh_findings_add(findings, setting ? setting->value_place : config->place, "'%s' %s",
                        row->name, fault.text);
        return LH_ECONFIG;
    }
    if (!lh_setting_is_text(row->type))
        return LH_OK;
    values->texts[index] = value_text(row, text, base_folder);
    values->values[index].text = values->texts[index];
    return values->texts[index] ? LH_OK : LH_ENOMEM;
}

int lh_plugin_values_init(const struct lh_plugin *plugin, const struct lh_detector_config *config,
                          const char *base_folder, struct lh_findings *findings,
                          struct lh_plugin_values *ret_values)
{
    const uint32_t rows = plugin->table.setting_count;
    const size_t room = rows ? rows : 1;
    int result = LH_OK;
    struct lh_plugin_values values = {.count = rows};
    struct chosen *chosen = calloc(room, sizeof *chosen);
    values.values = calloc(room, sizeof *values.values);
    values.texts = calloc(room, sizeof *values.texts);
    if (!chosen || !values.values || !values.texts) {
        result = LH_ENOMEM;
        goto out;
    }
    if (!match_settings(&plugin->table, config, findings, chosen))
        result = LH_ECONFIG;
    for (uint32_t i = 0; i < rows && result != LH_ENOMEM; i++) {
        const int filled =
            fill_value(plugin, i, config, chosen[i].setting, base_folder, findings, &values);
        if (filled != LH_OK)
            result = filled;
    }
out:
    free(chosen);
    if (result != LH_OK)
        lh_plugin_values_finish(&values);
    else
        *ret_values = values;
    return result;
}

void lh_plugin_values_finish(struct lh_plugin_values *values)
{
    for (uint32_t i = 0; values->texts && i < values->count; i++)
        free(values->texts[i]);
    free(values->texts);
    free(values->values);
    *values = (struct lh_plugin_values){0};
}

/* The folder the site file is in, without a slash at the end; "." for a bare name. */
static int site_folder(const struct lh_site *site, char folder[PATH_MAX])
{
    const char *path = site->path ? site->path : "";
    const char *slash = strrchr(path, '/');
    const size_t length = slash ? (size_t)(slash - path) : 0;
    if (length >= PATH_MAX)
        return LH_EINVAL;
    if (!slash || length == 0)
        (void)snprintf(folder, PATH_MAX, "%s", slash ? "/" : ".");
    else
        (void)snprintf(folder, PATH_MAX, "%.*s", (int)length, path);
    return LH_OK;
}

int lh_plugin_path(const struct lh_site *site, const struct lh_detector_config *config, char *path,
                   size_t size)
{
    char folder[PATH_MAX];
    const char *name = config->plugin;
    const size_t length = strlen(name);
    const bool is_path = strchr(name, '/') || (length > 3 && !strcmp(name + length - 3, ".so"));
    if (!is_path)
        return LH_ENOTFOUND;
    if (site_folder(site, folder) != LH_OK)
        return LH_EINVAL;
    const int written = name[0] == '/' ? snprintf(path, size, "%s", name)
                                       : snprintf(path, size, "%s/%s", folder, name);
    return written < 0 || (size_t)written >= size ? LH_EINVAL : LH_OK;
}

static int load_for(struct lh_plugin_registry *registry, const struct lh_site *site,
                    const struct lh_detector_config *config, struct lh_fault *fault,
                    const struct lh_plugin **ret_plugin)
{
    const char *folders[MAX_FOLDERS];
    const char *const *defaults = NULL;
    const size_t default_count = lh_plugin_default_folders(&defaults);
    size_t count = 0;
    for (size_t i = 0; i < site->plugin_folder_count && count + default_count < MAX_FOLDERS; i++)
        folders[count++] = site->plugin_folders[i];
    for (size_t i = 0; i < default_count; i++)
        folders[count++] = defaults[i];
    char path[PATH_MAX];
    const int result = lh_plugin_path(site, config, path, sizeof path);
    if (result == LH_EINVAL)
        return lh_fail(fault, LH_EINVAL, "the path of the plugin is too long");
    return lh_plugin_load(registry, result == LH_OK ? path : config->plugin, folders, count, fault,
                          ret_plugin);
}

int lh_plugin_for_detector(struct lh_plugin_registry *registry, const struct lh_site *site,
                           const struct lh_detector_config *config, struct lh_findings *findings,
                           const struct lh_plugin **ret_plugin, struct lh_plugin_values *ret_values)
{
    char folder[PATH_MAX];
    const struct lh_plugin *plugin = NULL;
    struct lh_fault fault = {0};
    int result = site_folder(site, folder);
    if (result == LH_OK)
        result = load_for(registry, site, config, &fault, &plugin);
    if (result == LH_ENOMEM)
        return result;
    if (result != LH_OK || !plugin) {
        lh_findings_add(findings, config->plugin_place, "%s",
                        fault.text[0] ? fault.text : lh_strerror(result));
        return LH_ECONFIG;
    }
    result = lh_plugin_values_init(plugin, config, folder, findings, ret_values);
    if (result == LH_OK)
        *ret_plugin = plugin;
    return result;
}

int lh_plugins_check(struct lh_plugin_registry *registry, const struct lh_site *site,
                     struct lh_findings *findings)
{
    int result = LH_OK;
    for (size_t i = 0; i < site->detector_count && result != LH_ENOMEM; i++) {
        const struct lh_plugin *plugin = NULL;
        struct lh_plugin_values values = {0};
        const int one =
            lh_plugin_for_detector(registry, site, &site->detectors[i], findings, &plugin, &values);
        if (one != LH_OK)
            result = one;
        lh_plugin_values_finish(&values);
    }
    return result;
}
