/* A folder of its own for one test program, and files in it. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
    char folder[256];
    char path[512]; /* of the file written last */
};

static inline int scratch_create(struct scratch *scratch)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(scratch->folder, sizeof scratch->folder, "%s/linhuo-test-XXXXXX",
                   base ? base : "/tmp");
    return mkdtemp(scratch->folder) ? 0 : -1;
}

/* Writes bytes into name with the mode and returns its path, valid until the next call; NULL: failed. */
static inline const char *scratch_write(struct scratch *scratch, const char *name, mode_t mode,
                                        const void *bytes, size_t length)
{
    (void)snprintf(scratch->path, sizeof scratch->path, "%s/%s", scratch->folder, name);
    (void)unlink(scratch->path);
    FILE *file = fopen(scratch->path, "wb");
    if (!file)
        return NULL;
    const size_t wrote = fwrite(bytes, 1, length, file);
    if (fclose(file) != 0 || wrote != length || chmod(scratch->path, mode) != 0)
        return NULL;
    return scratch->path;
}

static inline const char *scratch_write_text(struct scratch *scratch, const char *name, mode_t mode,
                                             const char *text)
{
    return scratch_write(scratch, name, mode, text, strlen(text));
}

static inline void scratch_destroy(struct scratch *scratch)
{
    char command[300];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", scratch->folder);
    if (system(command) != 0)
        (void)fprintf(stderr, "%s stays\n", scratch->folder);
}

#endif
