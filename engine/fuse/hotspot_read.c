#include "fuse/hotspot_read.h"

#include "base/text_file.h"
#include "fuse/hotspot_table.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *lh_hotspots_state_name(enum lh_hotspots_state state)
{
    static const char *const names[] = {"rows", "empty", "truncated", "text"};
    return names[state];
}

int lh_hotspots_add(struct lh_hotspots *hotspots, const struct lh_hotspot *hotspot)
{
    if (hotspots->count == hotspots->capacity) {
        const size_t capacity = hotspots->capacity ? 2 * hotspots->capacity : 256;
        struct lh_hotspot *items = realloc(hotspots->items, capacity * sizeof *items);
        if (!items)
            return LH_ENOMEM;
        hotspots->items = items;
        hotspots->capacity = capacity;
    }
    hotspots->items[hotspots->count++] = *hotspot;
    return LH_OK;
}

int lh_hotspots_refuse(struct lh_hotspots *hotspots, size_t line, const char *why)
{
    if (!hotspots->refusals) {
        hotspots->refusals = calloc(LH_HOTSPOT_REFUSALS_MAX, sizeof *hotspots->refusals);
        if (!hotspots->refusals)
            return LH_ENOMEM;
    }
    if (hotspots->refused < LH_HOTSPOT_REFUSALS_MAX) {
        struct lh_hotspot_refusal *refusal = &hotspots->refusals[hotspots->refused];
        refusal->line = line;
        size_t length = 0;
        for (; why[length] && length + 1 < sizeof refusal->why; length++) {
            const unsigned char byte = (unsigned char)why[length];
            refusal->why[length] = why[length];
            if (byte < 0x20 || byte >= 0x7f)
                refusal->why[length] = '?';
        }
        refusal->why[length] = '\0';
    }
    hotspots->refused++;
    return LH_OK;
}

void lh_hotspots_set_text(struct lh_hotspots *hotspots, const char *bytes, size_t size)
{
    const size_t most = 160;
    size_t length = 0;
    for (size_t i = 0; i < size && length < most; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        const bool blank = byte <= 0x20;
        if (blank && (length == 0 || hotspots->note[length - 1] == ' '))
            continue;
        hotspots->note[length++] = (char)(blank ? ' ' : byte < 0x7f ? byte : '?');
    }
    hotspots->note[length] = '\0';
    if (length == 0)
        (void)snprintf(hotspots->note, sizeof hotspots->note, "nothing that could be shown");
    hotspots->state = LH_HOTSPOTS_TEXT;
}

void lh_hotspots_set_layout(struct lh_hotspots *hotspots, const bool fields[LH_FIELDS])
{
    static const char *const products[] = {"unknown",       "FIRMS MODIS",      "FIRMS VIIRS",
                                           "FIRMS Landsat", "JAXA Himawari L2", "JAXA Himawari L3",
                                           "mapped columns"};
    const bool firms = hotspots->product >= LH_PRODUCT_FIRMS_MODIS &&
                       hotspots->product <= LH_PRODUCT_FIRMS_LANDSAT;
    const char *shape = !firms                        ? ""
                        : fields[LH_FIELD_COUNTRY]    ? ", country API"
                        : fields[LH_FIELD_INSTRUMENT] ? ", area API"
                                                      : ", bulk file";
    (void)snprintf(hotspots->layout, sizeof hotspots->layout, "%s%s%s", products[hotspots->product],
                   shape, firms && fields[LH_FIELD_TYPE] ? ", standard product" : "");
}

void lh_hotspots_finish(struct lh_hotspots *hotspots)
{
    free(hotspots->items);
    free(hotspots->refusals);
    *hotspots = (struct lh_hotspots){0};
}

/* ---- characters ---- */

static bool is_utf8(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size;) {
        const unsigned char byte = bytes[i];
        const size_t more = byte < 0x80   ? 0
                            : byte < 0xc2 ? 9
                            : byte < 0xe0 ? 1
                            : byte < 0xf0 ? 2
                                          : 3;
        if (more > 3 || byte > 0xf4 || i + more >= size + (more == 0))
            return false;
        for (size_t j = 1; j <= more; j++)
            if ((bytes[i + j] & 0xc0) != 0x80)
                return false;
        if ((byte == 0xe0 && bytes[i + 1] < 0xa0) || (byte == 0xed && bytes[i + 1] > 0x9f) ||
            (byte == 0xf0 && bytes[i + 1] < 0x90) || (byte == 0xf4 && bytes[i + 1] > 0x8f))
            return false;
        i += more + 1;
    }
    return true;
}

/* Chinese products come in GB18030 too. What cannot be converted becomes '?'. Caller frees. */
static int convert(const char *bytes, size_t size, char **ret_bytes, size_t *ret_size)
{
    const iconv_t converter = iconv_open("UTF-8", "GB18030");
    if (converter == (iconv_t)-1)
        return LH_ENOTFOUND;
    const size_t room = 2 * size + 16;
    char *converted = malloc(room);
    if (!converted) {
        (void)iconv_close(converter);
        return LH_ENOMEM;
    }
    char *from = (char *)bytes;
    size_t left = size;
    char *to = converted;
    size_t free_bytes = room;
    while (left > 0 && iconv(converter, &from, &left, &to, &free_bytes) == (size_t)-1) {
        if (errno == E2BIG || free_bytes == 0)
            break;
        *to++ = '?';
        free_bytes--;
        from++;
        left--;
    }
    (void)iconv_close(converter);
    *ret_bytes = converted;
    *ret_size = (size_t)(to - converted);
    return LH_OK;
}

static int read_any(const char *bytes, size_t size, bool ascii_only,
                    const struct lh_hotspot_reading *reading, struct lh_fault *fault,
                    struct lh_hotspots *hotspots)
{
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        size -= 3;
    }
    size_t blank = 0;
    while (blank < size && strchr(" \t\r\n", bytes[blank]) && bytes[blank] != '\0')
        blank++;
    if (blank < size && bytes[blank] == '{')
        return lh_hotspots_read_geojson(bytes, size, reading, fault, hotspots);
    return lh_hotspots_read_csv(bytes, size, ascii_only, reading, fault, hotspots);
}

int lh_hotspots_read(const char *bytes, size_t size, const struct lh_hotspot_reading *reading,
                     struct lh_fault *fault, struct lh_hotspots *ret_hotspots)
{
    if (size > LH_HOTSPOT_BYTES_MAX)
        return lh_fail(fault, LH_ELIMIT, "larger than %zu MiB", LH_HOTSPOT_BYTES_MAX >> 20);
    char *converted = NULL;
    int code = LH_OK;
    const bool utf8 = is_utf8((const unsigned char *)bytes, size);
    if (!utf8 && reading->mapping)
        code = convert(bytes, size, &converted, &size);
    struct lh_hotspots hotspots = {0};
    if (code == LH_OK)
        code = read_any(converted ? converted : bytes, size, !utf8 && !converted, reading, fault,
                        &hotspots);
    free(converted);
    if (code == LH_ENOMEM)
        (void)lh_fail(fault, code, "out of memory");
    if (code == LH_OK)
        *ret_hotspots = hotspots;
    else
        lh_hotspots_finish(&hotspots);
    return code;
}

int lh_hotspots_read_file(const char *path, const struct lh_hotspot_reading *reading,
                          struct lh_fault *fault, struct lh_hotspots *ret_hotspots)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int code = lh_text_file_read(path, LH_HOTSPOT_BYTES_MAX, fault, &bytes, &size);
    if (code != LH_OK)
        return code;
    struct lh_hotspot_reading own = *reading;
    struct lh_fault inner = {0};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (!own.satellite && strncmp(name, "H08_", 4) == 0)
        own.satellite = "Himawari-8";
    if (!own.source)
        own.source = name;
    code = lh_hotspots_read((const char *)bytes, size, &own, &inner, ret_hotspots);
    free(bytes);
    return code == LH_OK ? LH_OK : lh_fail(fault, code, "%s: %.400s", path, inner.text);
}
