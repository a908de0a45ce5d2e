/* The other end of the bus: messages as a consumer receives them, and what it may have missed.
 *
 * Everything here comes from outside and is checked: three frames, a topic that ends in '/', a header of
 * four words, a JSON object whose epoch, stream and sequence say the same as the header.
 *
 * Thread: any, one at a time.
 */
#ifndef LH_ALARM_RECEIVED_H
#define LH_ALARM_RECEIVED_H

#include "alarm/message.h"
#include "base/error.h"

#include <stddef.h>

struct json_t;

#define LH_EPOCH 65
#define LH_STREAM 33

struct lh_bytes {
    const void *data; /* lent */
    size_t size;
};

struct lh_received {
    char topic[LH_TOPIC];
    char epoch[LH_EPOCH];
    char stream[LH_STREAM];
    uint64_t sequence;
    struct json_t *body; /* owned: a JSON object */
};

/* Reads one message. LH_EFORMAT with a sentence; LH_EABI where the header is of another version of the
 * protocol; LH_ENOMEM. */
int lh_received_parse(const struct lh_bytes *frames, size_t count, struct lh_fault *fault,
                      struct lh_received *ret_received);
void lh_received_finish(struct lh_received *received);

/* Keeps account of one stream that the consumer has subscribed to whole. Zero-initialised. */
struct lh_follow {
    char epoch[LH_EPOCH];
    uint64_t last; /* the last number seen or said by a heartbeat */
    bool known;
};

/* Takes note of a message: one of the stream, or a heartbeat (which says the stream's last number).
 * Returns how many messages of the stream the consumer has missed since the one before. The numbers go on
 * over a restart of the engine; where they begin anew (another store), nothing can be said and 0 is. */
uint64_t lh_follow_note(struct lh_follow *follow, const char *stream,
                        const struct lh_received *received);

#endif
