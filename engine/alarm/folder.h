/* The data folder and the two files that guard it. Part of the store.
 *
 * Thread-safety: safe.
 */
#ifndef LH_ALARM_FOLDER_H
#define LH_ALARM_FOLDER_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Makes path and its parents with mode 0700; what is there stays as it is. */
int lh_folder_make(const char *path, struct lh_fault *fault);

/* Makes the entries of a folder durable: a new file's name survives a power cut. */
int lh_folder_sync(const char *path);

/* Opens path and takes an exclusive lock that ends with the process or with close(ret_fd). LH_EEXIST:
 * another process has it. */
int lh_folder_lock(const char *path, int *ret_fd);

/* Makes a file of exactly so many bytes that really occupies them. LH_EFULL, and no file, where fewer
 * than twice as many are free. Does nothing where it is there already. */
int lh_reserve_make(const char *path, uint64_t bytes);
/* Gives the space back. LH_ENOTFOUND: there was none. */
int lh_reserve_release(const char *path);

/* folder + name + tail in new memory, which the caller frees; NULL when out of memory. */
char *lh_folder_path(const char *folder, const char *name, const char *tail);

#endif
