#include "detect/plugin.h"

#include "detect/plugin_file.h"
#include "detect/plugin_table.h"
#include "detect/plugin_text.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYMBOL_STEM "linhuo_detector_v"
#define NEWEST_SYMBOL 99 /* how far to look for interfaces of the future */
#define MAX_PLUGINS 256
#define MAX_LISTED 512

struct entry {
    struct lh_plugin plugin;
    struct lh_plugin_file file;
    struct linhuo_setting *rows;
    char *path;
    void *object;
};

struct lh_plugin_registry {
    struct entry *entries[MAX_PLUGINS]; /* pointers, since plugins are lent */
    size_t count;
};

typedef const struct linhuo_detector *(*entry_fn)(void);

int lh_plugin_registry_create(struct lh_plugin_registry **ret_registry)
{
    struct lh_plugin_registry *registry = calloc(1, sizeof *registry);
    if (!registry)
        return LH_ENOMEM;
    *ret_registry = registry;
    return LH_OK;
}

static void entry_destroy(struct entry **entry)
{
    if (!*entry)
        return;
    if ((*entry)->object)
        (void)dlclose((*entry)->object);
    free((*entry)->rows);
    free((*entry)->path);
    free(*entry);
    *entry = NULL;
}

void lh_plugin_registry_destroy(struct lh_plugin_registry **registry)
{
    if (!*registry)
        return;
    for (size_t i = 0; i < (*registry)->count; i++)
        entry_destroy(&(*registry)->entries[i]);
    free(*registry);
    *registry = NULL;
}

/* ISO C has no cast from an object pointer to a function pointer; POSIX says that this works. */
static entry_fn find_symbol(void *object, const char *name)
{
    entry_fn function = NULL;
    void *address = dlsym(object, name);
    memcpy(&function, &address, sizeof function);
    return function;
}

static int refuse_symbol(const char *path, void *object, struct lh_fault *fault)
{
    char name[sizeof SYMBOL_STEM + 8];
    for (int version = LINHUO_DETECTOR_ABI + 1; version <= NEWEST_SYMBOL; version++) {
        (void)snprintf(name, sizeof name, SYMBOL_STEM "%d", version);
        if (dlsym(object, name))
            return lh_fail(fault, LH_EABI,
                           "%s: exports %s only: built for a newer interface, this linhuo speaks "
                           "%d; rebuild it with plugins/linhuo_detector.h of this version",
                           path, name, LINHUO_DETECTOR_ABI);
    }
    return lh_fail(fault, LH_EPLUGIN,
                   "%s: exports no %s%d, so it is no Linhuo detector; mark that function "
                   "LINHUO_EXPORT (and extern \"C\" in C++), as plugins/template does",
                   path, SYMBOL_STEM, LINHUO_DETECTOR_ABI);
}

/* The dynamic loader's words, without the path they begin with. */
static int refuse_object(const char *path, struct lh_fault *fault)
{
    const char *words = dlerror();
    const size_t length = strlen(path);
    if (!words)
        words = "no reason given";
    if (strncmp(words, path, length) == 0 && strncmp(words + length, ": ", 2) == 0)
        words += length + 2;
    char reason[300];
    (void)lh_plugin_text_copy(reason, sizeof reason, words);
    const char *remedy = "check it with ldd";
    if (strstr(words, "undefined symbol"))
        remedy = "link it with the library that has this symbol, or compile the missing source in";
    else if (strstr(words, "cannot open shared object file"))
        remedy = "install the library it needs (ldd names it)";
    return lh_fail(fault, LH_EPLUGIN, "%s: cannot be loaded: %s; %s", path, reason, remedy);
}

static int entry_open(const char *path, const struct lh_plugin_file *file, struct lh_fault *fault,
                      struct entry **ret_entry)
{
    int result = LH_OK;
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return lh_fail(fault, LH_ENOMEM, "%s: out of memory", path);
    entry->file = *file;
    entry->path = strdup(path);
    if (!entry->path) {
        result = lh_fail(fault, LH_ENOMEM, "%s: out of memory", path);
        goto out;
    }
    entry->plugin.path = entry->path;
    entry->object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!entry->object) {
        result = refuse_object(path, fault);
        goto out;
    }
    char symbol[sizeof SYMBOL_STEM + 8];
    (void)snprintf(symbol, sizeof symbol, SYMBOL_STEM "%d", LINHUO_DETECTOR_ABI);
    const entry_fn function = find_symbol(entry->object, symbol);
    result = function
                 ? lh_plugin_table_copy(path, function(), fault, &entry->plugin.table, &entry->rows)
                 : refuse_symbol(path, entry->object, fault);
out:
    if (result != LH_OK)
        entry_destroy(&entry);
    else
        *ret_entry = entry;
    return result;
}

static int load_file(struct lh_plugin_registry *registry, const char *path, struct lh_fault *fault,
                     const struct lh_plugin **ret_plugin)
{
    struct lh_plugin_file file;
    char real[PATH_MAX];
    /* The permissions that count are those of the file and folder a link leads to. dlopen() also
     * wants a '/' in the path, which a resolved one has. */
    if (!realpath(path, real)) {
        if (errno == ENOENT || errno == ENOTDIR)
            return lh_fail(fault, LH_ENOTFOUND, "%s: there is no such file", path);
        return lh_fail(fault, lh_error_from_errno(errno), "%s: cannot be read: %s", path,
                       strerror(errno));
    }
    int result = lh_plugin_file_check(real, fault, &file);
    if (result != LH_OK)
        return result;
    for (size_t i = 0; i < registry->count; i++) {
        const struct lh_plugin_file *known = &registry->entries[i]->file;
        if (known->device == file.device && known->inode == file.inode) {
            *ret_plugin = &registry->entries[i]->plugin;
            return LH_OK;
        }
    }
    if (registry->count == MAX_PLUGINS)
        return lh_fail(fault, LH_ELIMIT, "%s: more than %d plugins; remove some", path,
                       MAX_PLUGINS);
    struct entry *entry = NULL;
    result = entry_open(real, &file, fault, &entry);
    if (result != LH_OK)
        return result;
    registry->entries[registry->count++] = entry;
    *ret_plugin = &entry->plugin;
    return LH_OK;
}

struct listing {
    char *names[MAX_LISTED];
    size_t count;
};

static bool is_so(const char *file)
{
    const size_t length = strlen(file);
    return length > 3 && strcmp(file + length - 3, ".so") == 0;
}

static void list_folder(struct listing *listing, const char *folder)
{
    DIR *stream = opendir(folder);
    if (!stream)
        return;
    for (struct dirent *item = readdir(stream); item && listing->count < MAX_LISTED;
         item = readdir(stream)) {
        if (!is_so(item->d_name))
            continue;
        char *name = strndup(item->d_name, strlen(item->d_name) - 3);
        if (name)
            listing->names[listing->count++] = name;
    }
    (void)closedir(stream);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names what was looked through, and what was probably meant. */
static int refuse_name(const char *name, const char *const *folders, size_t folder_count,
                       struct lh_fault *fault)
{
    struct listing listing = {.count = 0};
    char where[300] = "";
    size_t length = 0;
    for (size_t i = 0; i < folder_count; i++) {
        const int added = snprintf(where + length, sizeof where - length, "%s%s",
                                   length > 0 ? ", " : "", folders[i]);
        if (added > 0)
            length += (size_t)added;
        if (length >= sizeof where)
            length = sizeof where - 1;
        list_folder(&listing, folders[i]);
    }
    qsort(listing.names, listing.count, sizeof listing.names[0], compare_names);
    const char *nearest = lh_nearest_name(name, (const char *const *)listing.names, listing.count);
    char shown[64];
    (void)lh_plugin_text_copy(shown, sizeof shown, name);
    (void)lh_fail(fault, LH_ENOTFOUND,
                  "there is no detector plugin '%s'%s%s%s; `linhuo plugins` lists those there are "
                  "(looked for %s.so in: %s)",
                  shown, nearest ? ", did you mean '" : "", nearest ? nearest : "",
                  nearest ? "'?" : "", shown, length > 0 ? where : "no folder");
    for (size_t i = 0; i < listing.count; i++)
        free(listing.names[i]);
    return LH_ENOTFOUND;
}

int lh_plugin_load(struct lh_plugin_registry *registry, const char *name_or_path,
                   const char *const *folders, size_t folder_count, struct lh_fault *fault,
                   const struct lh_plugin **ret_plugin)
{
    if (strchr(name_or_path, '/') || is_so(name_or_path))
        return load_file(registry, name_or_path, fault, ret_plugin);
    for (size_t i = 0; i < folder_count; i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof path, "%s/%s.so", folders[i], name_or_path) >= (int)sizeof path)
            continue;
        if (access(path, F_OK) == 0)
            return load_file(registry, path, fault, ret_plugin);
    }
    return refuse_name(name_or_path, folders, folder_count, fault);
}

static char beside_program[PATH_MAX];
static const char *const default_folders[] = {beside_program, LH_PLUGIN_FOLDER};

static void find_program(void)
{
    static const char name[] = "/plugins";
    const ssize_t length =
        readlink("/proc/self/exe", beside_program, sizeof beside_program - sizeof name);
    char *slash = length > 0 ? strrchr(beside_program, '/') : NULL;
    if (slash)
        (void)snprintf(slash, sizeof name, "%s", name);
    else
        beside_program[0] = '\0';
}

size_t lh_plugin_default_folders(const char *const **ret_folders)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, find_program);
    const size_t missing = beside_program[0] == '\0' ? 1 : 0;
    *ret_folders = default_folders + missing;
    return sizeof default_folders / sizeof default_folders[0] - missing;
}
