#include "detect/plugin_text.h"

#include <stdint.h>

/* Bytes of the UTF-8 character at text, 0 where there is none (RFC 3629). */
static size_t character_bytes(const unsigned char *text)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (text[0] < 0x80)
        return 1;
    const size_t bytes = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4)
        return 0;
    uint32_t code = text[0] & (0x7fU >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if ((text[i] & 0xc0) != 0x80) /* also stops at the final zero */
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < smallest[bytes] || code > 0x10ffff || surrogate ? 0 : bytes;
}

static bool is_control(unsigned char byte)
{
    return byte < 0x20 || byte == 0x7f;
}

char *lh_plugin_text_copy(char *to, size_t size, const char *from)
{
    size_t length = 0;
    const unsigned char *next = (const unsigned char *)(from ? from : "");
    while (*next && length + 1 < size) {
        const size_t bytes = character_bytes(next);
        if (bytes > 1 && length + bytes >= size)
            break;
        if (bytes == 0)
            to[length++] = '?';
        else if (bytes == 1)
            to[length++] = is_control(*next) ? ' ' : (char)*next;
        else
            for (size_t i = 0; i < bytes; i++)
                to[length++] = (char)next[i];
        next += bytes ? bytes : 1;
    }
    if (size > 0)
        to[length] = '\0';
    return to;
}

bool lh_plugin_text_ok(const char *text, size_t max_bytes)
{
    size_t length = 0;
    while (text && text[length] != '\0') {
        const unsigned char *next = (const unsigned char *)text + length;
        const size_t bytes = character_bytes(next);
        if (bytes == 0 || length + bytes > max_bytes || is_control(*next))
            return false;
        length += bytes;
    }
    return length > 0;
}
