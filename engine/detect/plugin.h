/* The plugin host: loads detectors and checks what they declare and what they are told.
 *
 * Objects are opened RTLD_NOW|RTLD_LOCAL and stay loaded until the registry is destroyed. A
 * plugin is refused with a sentence that names the file, the reason and the remedy.
 *
 * Thread-safety: a registry is built and destroyed by one thread; a loaded plugin may be used by any.
 */
#ifndef LH_DETECT_PLUGIN_H
#define LH_DETECT_PLUGIN_H

#include "base/error.h"
#include "base/site.h"
#include "linhuo_detector.h"

struct lh_plugin_registry;

/* A loaded plugin. Lent from the registry. */
struct lh_plugin {
    const char *path;
    /* A copy, zeroed where the plugin's is shorter; its settings too, so that they may be indexed. */
    struct linhuo_detector table;
};

int lh_plugin_registry_create(struct lh_plugin_registry **ret_registry);
/* After every detector made from it is closed. Accepts &NULL; leaves NULL. */
void lh_plugin_registry_destroy(struct lh_plugin_registry **registry);

/* Loads name ("smoke_classic", looked up as name.so in the folders, in order) or a path that holds a
 * '/' or ends in ".so". The same file is loaded once. LH_ENOTFOUND; LH_EPERM where anybody may write to
 * the file; LH_EABI; LH_EPLUGIN for all else that is wrong with it. */
int lh_plugin_load(struct lh_plugin_registry *registry, const char *name_or_path,
                   const char *const *folders, size_t folder_count, struct lh_fault *fault,
                   const struct lh_plugin **ret_plugin);

/* Where plugins are looked for after the site's own folders: beside the program ("plugins" next to
 * the executable, as in the build folder) and in the installed place. Lent, static. Any thread. */
size_t lh_plugin_default_folders(const char *const **ret_folders);

/* Values for a plugin's table, from what the site says. */
struct lh_plugin_values {
    struct linhuo_value *values;
    uint32_t count;
    char **texts; /* owned storage */
};

/* Checks the settings of one site detector against the table: unknown names (with the nearest), types,
 * ranges, choices, missing ones; every mistake becomes a finding at its place. LH_ECONFIG when there
 * was one. base_folder: what LINHUO_PATH values are relative to. */
int lh_plugin_values_init(const struct lh_plugin *plugin, const struct lh_detector_config *config,
                          const char *base_folder, struct lh_findings *findings,
                          struct lh_plugin_values *ret_values);
void lh_plugin_values_finish(struct lh_plugin_values *values);

/* Where the file of a site's detector is, taken from the site file's folder. LH_ENOTFOUND where the site
 * gives a name to look up; LH_EINVAL for a path that is too long. */
int lh_plugin_path(const struct lh_site *site, const struct lh_detector_config *config, char *path,
                   size_t size);

/* The plugin and the values of one detector of a site. Every refusal and mistake becomes a finding, and
 * LH_ECONFIG; other codes are the program's own trouble (LH_ENOMEM). */
int lh_plugin_for_detector(struct lh_plugin_registry *registry, const struct lh_site *site,
                           const struct lh_detector_config *config, struct lh_findings *findings,
                           const struct lh_plugin **ret_plugin,
                           struct lh_plugin_values *ret_values);

/* Loads all detectors of a site and checks their settings, for `linhuo check` and at start. Every
 * refusal and mistake becomes a finding. */
int lh_plugins_check(struct lh_plugin_registry *registry, const struct lh_site *site,
                     struct lh_findings *findings);

#endif
