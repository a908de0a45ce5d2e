/* Any bytes as a message from the bus: the first line is the topic, the second the header, the rest the
 * body. What is accepted must be what it says it is, and harm no account of what was missed. */
#include "alarm/received.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static size_t split(const uint8_t *data, size_t size, struct lh_bytes frames[3])
{
    size_t count = 0;
    while (count < 2) {
        const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
        if (!end)
            break;
        const size_t length = (size_t)(end - data);
        frames[count++] = (struct lh_bytes){.data = data, .size = length};
        data += length + 1;
        size -= length + 1;
    }
    frames[count++] = (struct lh_bytes){.data = data, .size = size};
    return count;
}

static void look_at(const struct lh_received *received)
{
    struct lh_follow follow = {0};
    const size_t length = strlen(received->topic);
    require(length > 0 && length < LH_TOPIC && received->topic[length - 1] == '/');
    require(received->epoch[0] && received->stream[0] && received->sequence > 0);
    require(json_is_object(received->body));
    require(lh_follow_note(&follow, "alarm", received) == 0);
    require(lh_follow_note(&follow, "alarm", received) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lh_bytes frames[3];
    struct lh_received received = {.body = NULL};
    struct lh_fault fault = {0};
    const size_t count = split(data, size, frames);
    const int code = lh_received_parse(frames, count, &fault, &received);
    require((code == LH_OK) == (received.body != NULL));
    require((code == LH_OK) == (fault.text[0] == '\0'));
    if (code == LH_OK)
        look_at(&received);
    lh_received_finish(&received);
    return 0;
}
