#include "locate/cache.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "linhuo-cache-1"

struct head {
    char magic[16];
    char key[LH_CACHE_KEY_BYTES];
    uint64_t size;
    uint64_t checksum; /* of what follows */
};

uint64_t lh_cache_hash(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * 0x100000001b3U;
    return hash;
}

static int path_of(const char *folder, const char *kind, const char *key, char path[PATH_MAX])
{
    const uint64_t hash = lh_cache_hash(LH_CACHE_HASH, key, strlen(key));
    const int length =
        snprintf(path, PATH_MAX, "%s/%s-%016llx", folder, kind, (unsigned long long)hash);
    return length < PATH_MAX - 32 && strlen(key) < LH_CACHE_KEY_BYTES ? LH_OK : LH_EINVAL;
}

static int read_file(FILE *file, const char *key, void **ret_bytes, size_t *ret_size)
{
    struct head head;
    if (fread(&head, sizeof head, 1, file) != 1 || memcmp(head.magic, MAGIC, sizeof MAGIC) != 0 ||
        memchr(head.key, '\0', sizeof head.key) == NULL || strcmp(head.key, key) != 0 ||
        head.size == 0 || head.size > LH_CACHE_SIZE_MOST)
        return LH_ENOTFOUND;
    void *bytes = malloc(head.size);
    if (!bytes)
        return LH_ENOMEM;
    if (fread(bytes, 1, head.size, file) != head.size || fgetc(file) != EOF ||
        lh_cache_hash(LH_CACHE_HASH, bytes, head.size) != head.checksum) {
        free(bytes);
        return LH_ENOTFOUND;
    }
    *ret_bytes = bytes;
    *ret_size = head.size;
    return LH_OK;
}

int lh_cache_load(const char *folder, const char *kind, const char *key, void **ret_bytes,
                  size_t *ret_size)
{
    char path[PATH_MAX];
    if (path_of(folder, kind, key, path) != LH_OK)
        return LH_ENOTFOUND;
    FILE *file = fopen(path, "rb");
    if (!file)
        return LH_ENOTFOUND;
    const int error = read_file(file, key, ret_bytes, ret_size);
    (void)fclose(file);
    return error;
}

int lh_cache_store(const char *folder, const char *kind, const char *key, const void *bytes,
                   size_t size, struct lh_fault *fault)
{
    struct head head = {
        .magic = MAGIC, .size = size, .checksum = lh_cache_hash(LH_CACHE_HASH, bytes, size)};
    char path[PATH_MAX];
    char fresh[PATH_MAX + 32];
    if (size == 0 || size > LH_CACHE_SIZE_MOST || path_of(folder, kind, key, path) != LH_OK)
        return lh_fail(fault, LH_EINVAL, "nothing that can be kept in %.300s", folder);
    (void)snprintf(head.key, sizeof head.key, "%s", key);
    (void)snprintf(fresh, sizeof fresh, "%s.%ld.new", path, (long)getpid());
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return lh_fail(fault, lh_error_from_errno(errno), "%.300s: %s", folder, strerror(errno));
    FILE *file = fopen(fresh, "wb");
    if (!file)
        return lh_fail(fault, lh_error_from_errno(errno), "%.300s: %s", fresh, strerror(errno));
    const bool written =
        fwrite(&head, sizeof head, 1, file) == 1 && fwrite(bytes, 1, size, file) == size;
    if (fclose(file) != 0 || !written || rename(fresh, path) != 0) {
        const int code = errno;
        (void)remove(fresh);
        return lh_fail(fault, lh_error_from_errno(code), "%.300s: %s", path, strerror(code));
    }
    return LH_OK;
}
