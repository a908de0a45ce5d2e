/* A file for one test, in a folder of its own. */
#ifndef TESTS_FUSE_SCRATCH_FILE_H
#define TESTS_FUSE_SCRATCH_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct scratch_file {
    char folder[64];
    char path[128];
};

static inline void scratch_write(struct scratch_file *file, const char *name, const char *text)
{
    (void)strcpy(file->folder, "/tmp/linhuo-fuse-XXXXXX");
    assert_non_null(mkdtemp(file->folder));
    (void)snprintf(file->path, sizeof file->path, "%s/%.40s", file->folder, name);
    FILE *out = fopen(file->path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
}

static inline void scratch_remove(struct scratch_file *file)
{
    (void)unlink(file->path);
    (void)rmdir(file->folder);
}

#endif
