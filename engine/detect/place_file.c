#include "detect/place_view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION 1

struct header {
    char magic[8];
    uint32_t version; /* in the machine's byte order: another's is another version */
    uint32_t view_bytes;
    uint32_t view_count;
    uint32_t checksum; /* CRC-32 (IEEE 802.3) of the views */
};

static const char magic[8] = "LHPLACE";

_Static_assert(sizeof(struct lh_place_view) ==
                   LH_PLACE_PRESET + 2 * sizeof(uint32_t) + sizeof(int64_t) +
                       2 * LH_PLACE_CELLS * sizeof(float) + LH_PLACE_HOURS * sizeof(int64_t) +
                       LH_PLACE_HOURS * LH_PLACE_CELLS,
               "no padding: the views are written as they are");

static uint32_t checksum_of(uint32_t before, const void *data, size_t size)
{
    uint32_t rest = ~before;
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        rest ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            rest = rest >> 1 ^ (rest & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return ~rest;
}

static int write_views(const struct lh_place_memory *place, FILE *file)
{
    struct header header = {.version = VERSION,
                            .view_bytes = sizeof(struct lh_place_view),
                            .view_count = (uint32_t)place->count};
    memcpy(header.magic, magic, sizeof magic);
    for (size_t i = 0; i < place->count; i++)
        header.checksum =
            checksum_of(header.checksum, place->views[i], sizeof(struct lh_place_view));
    size_t written = fwrite(&header, sizeof header, 1, file);
    for (size_t i = 0; i < place->count; i++)
        written += fwrite(place->views[i], sizeof(struct lh_place_view), 1, file);
    return written == place->count + 1 ? LH_OK : lh_error_from_errno(errno);
}

int lh_place_save(const struct lh_place_memory *place, const char *path)
{
    char fresh[PATH_MAX];
    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
        return LH_EINVAL;
    const int descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return lh_error_from_errno(errno);
    FILE *file = fdopen(descriptor, "wb");
    if (!file) {
        const int code = lh_error_from_errno(errno);
        (void)close(descriptor);
        return code;
    }
    int code = write_views(place, file);
    if (fclose(file) != 0 && code == LH_OK)
        code = lh_error_from_errno(errno);
    if (code == LH_OK && rename(fresh, path) != 0)
        code = lh_error_from_errno(errno);
    if (code != LH_OK)
        (void)unlink(fresh);
    return code;
}

static bool is_sound(const struct lh_place_view *view)
{
    if (view->preset[LH_PLACE_PRESET - 1] != '\0')
        return false;
    for (size_t i = 0; i < LH_PLACE_CELLS; i++)
        if (!(view->delayed[i] >= 0.0F && view->delayed[i] <= 1.0F) ||
            !(view->usual[i] >= 0.0F && view->usual[i] <= 1.0F))
            return false;
    return true;
}

/* Reads into the views of fresh. */
static int read_views(FILE *file, struct lh_place_memory *fresh)
{
    struct header header;
    uint32_t checksum = 0;
    if (fread(&header, sizeof header, 1, file) != 1 ||
        memcmp(header.magic, magic, sizeof magic) != 0 || header.version != VERSION ||
        header.view_bytes != sizeof(struct lh_place_view) || header.view_count > LH_PLACE_VIEWS)
        return LH_EFORMAT;
    for (size_t i = 0; i < header.view_count; i++) {
        struct lh_place_view *view = malloc(sizeof *view);
        if (!view)
            return LH_ENOMEM;
        fresh->views[fresh->count++] = view;
        if (fread(view, sizeof *view, 1, file) != 1 || !is_sound(view))
            return LH_EFORMAT;
        checksum = checksum_of(checksum, view, sizeof *view);
    }
    return checksum == header.checksum && fgetc(file) == EOF ? LH_OK : LH_EFORMAT;
}

int lh_place_load(struct lh_place_memory *place, const char *path)
{
    struct lh_place_memory *fresh = NULL;
    int code = lh_place_create(&place->config, &fresh);
    if (code != LH_OK)
        return code;
    FILE *file = fopen(path, "rbe");
    if (!file) {
        code = lh_error_from_errno(errno);
        goto out;
    }
    code = read_views(file, fresh);
    (void)fclose(file);
    if (code != LH_OK)
        goto out;
    struct lh_place_memory old = *place;
    *place = *fresh;
    *fresh = old;
out:
    lh_place_destroy(&fresh);
    return code;
}
