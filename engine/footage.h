/* Which clips a list of files and folders means, and what their cameras are called.
 *
 * A file is a clip. A folder that holds videos is as many clips, in order of name; a folder that holds
 * none is one clip of still pictures. A clip's camera is named after the file without its ending, with
 * anything but letters, digits, '.', '_' and '-' made '-', and numbered where a name comes twice.
 */
#ifndef LH_FOOTAGE_H
#define LH_FOOTAGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct lh_clip {
    char *path;
    char camera[65];
};

struct lh_footage {
    struct lh_clip *clips;
    size_t count;
    bool from_folder; /* a folder of videos was given: all of it is meant */
};

int lh_footage_list(const char *const *paths, size_t count, struct lh_fault *fault,
                    struct lh_footage *ret_footage);
void lh_footage_finish(struct lh_footage *footage);

#endif
