/* A plugin's file, looked at before any of its code runs. */
#ifndef LH_DETECT_PLUGIN_FILE_H
#define LH_DETECT_PLUGIN_FILE_H

#include "base/error.h"

#include <sys/types.h>

struct lh_plugin_file {
    dev_t device; /* both together name the file, whatever its path */
    ino_t inode;
};

/* Refuses what the dynamic loader would crash on, or would explain badly: a missing or unreadable file,
 * one that others may write to (file, or folder without the sticky bit), no ELF shared object, one for
 * another machine, one cut short. */
int lh_plugin_file_check(const char *path, struct lh_fault *fault, struct lh_plugin_file *ret_file);

#endif
