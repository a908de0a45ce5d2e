#include "video/slices.h"

#include <string.h>

#define H264_NON_IDR 1
#define H264_IDR 5
#define H265_LAST_SLICE 31

/* The byte after the next start code; NULL where there is none. */
static const uint8_t *next_unit(const uint8_t *at, const uint8_t *end)
{
    while (end - at > 3) {
        const uint8_t *one = memchr(at + 2, 1, (size_t)(end - at) - 2);
        if (!one)
            return NULL;
        if (one[-1] == 0 && one[-2] == 0)
            return one + 1;
        at = one - 1;
    }
    return NULL;
}

/* Bytes from the start of a unit to its slice header; 0 for a unit that is no slice. */
static size_t slice_header_at(enum lh_slice_syntax syntax, uint8_t first)
{
    if (syntax == LH_SLICES_H264) {
        const int type = first & 0x1f;
        return type == H264_IDR || type == H264_NON_IDR ? 1 : 0;
    }
    return (first >> 1 & 0x3f) <= H265_LAST_SLICE ? 2 : 0;
}

bool lh_slices_continue(enum lh_slice_syntax syntax, const uint8_t *bytes, size_t size)
{
    if (syntax == LH_SLICES_UNKNOWN || size == 0)
        return false;
    const uint8_t *end = bytes + size;
    for (const uint8_t *unit = next_unit(bytes, end); unit && unit < end;
         unit = next_unit(unit, end)) {
        const size_t header = slice_header_at(syntax, *unit);
        /* first_mb_in_slice is 0, and the flag is set, where the first bit is 1 */
        if (header)
            return (size_t)(end - unit) > header && !(unit[header] & 0x80);
    }
    return false;
}
