#include "alarm/received.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Copies one frame as text without control characters. */
static int read_text(const struct lh_bytes *frame, char *text, size_t size)
{
    if (frame->size >= size)
        return LH_EFORMAT;
    const unsigned char *bytes = frame->data;
    for (size_t i = 0; i < frame->size; i++)
        if (bytes[i] < 0x20 || bytes[i] >= 0x7f)
            return LH_EFORMAT;
    if (frame->size > 0)
        memcpy(text, frame->data, frame->size);
    text[frame->size] = '\0';
    return LH_OK;
}

/* Takes the word up to the next blank or the end, and the blank. */
static int take_word(const char **at, char *word, size_t size)
{
    const size_t length = strcspn(*at, " ");
    if (length == 0 || length >= size)
        return LH_EFORMAT;
    memcpy(word, *at, length);
    word[length] = '\0';
    *at += length + ((*at)[length] == ' ');
    return LH_OK;
}

static int read_number(const char *word, uint64_t *ret_number)
{
    char *end = NULL;
    if (*word < '1' || *word > '9')
        return LH_EFORMAT;
    errno = 0;
    const unsigned long long number = strtoull(word, &end, 10);
    if (errno != 0 || *end || number > INT64_MAX)
        return LH_EFORMAT;
    *ret_number = number;
    return LH_OK;
}

static int read_header(const struct lh_bytes *frame, struct lh_fault *fault,
                       struct lh_received *received)
{
    char header[160];
    char version[16];
    char number[24];
    const char *at = header;
    if (read_text(frame, header, sizeof header) != LH_OK ||
        take_word(&at, version, sizeof version) != LH_OK)
        return lh_fail(fault, LH_EFORMAT, "the second frame is no header");
    if (strcmp(version, "LH1") != 0)
        return lh_fail(fault, LH_EABI, "the sender speaks '%s', this program LH1", version);
    if (take_word(&at, received->epoch, sizeof received->epoch) != LH_OK ||
        take_word(&at, received->stream, sizeof received->stream) != LH_OK ||
        take_word(&at, number, sizeof number) != LH_OK || *at ||
        read_number(number, &received->sequence) != LH_OK)
        return lh_fail(fault, LH_EFORMAT, "the header is not 'LH1 EPOCH STREAM SEQUENCE'");
    return LH_OK;
}

static bool is_text(const json_t *object, const char *key, const char *wanted)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text && strcmp(text, wanted) == 0;
}

static int read_body(const struct lh_bytes *frame, struct lh_fault *fault,
                     struct lh_received *received)
{
    json_error_t error;
    if (frame->size > LH_MESSAGE_MAX)
        return lh_fail(fault, LH_EFORMAT, "the third frame is too large");
    json_t *body = json_loadb(frame->data, frame->size, JSON_REJECT_DUPLICATES, &error);
    if (!body)
        return lh_fail(fault,
                       json_error_code(&error) == json_error_out_of_memory ? LH_ENOMEM : LH_EFORMAT,
                       "the third frame is no JSON: %.100s", error.text);
    const json_t *sequence = json_object_get(body, "sequence");
    if (!json_is_object(body) || !json_is_string(json_object_get(body, "schema")) ||
        !is_text(body, "epoch", received->epoch) || !is_text(body, "stream", received->stream) ||
        !json_is_integer(sequence) ||
        (uint64_t)json_integer_value(sequence) != received->sequence) {
        json_decref(body);
        return lh_fail(fault, LH_EFORMAT, "the message is not the one its header announces");
    }
    received->body = body;
    return LH_OK;
}

int lh_received_parse(const struct lh_bytes *frames, size_t count, struct lh_fault *fault,
                      struct lh_received *ret_received)
{
    struct lh_received received = {.body = NULL};
    if (count != 3)
        return lh_fail(fault, LH_EFORMAT, "%zu frames instead of three", count);
    if (read_text(&frames[0], received.topic, sizeof received.topic) != LH_OK ||
        frames[0].size == 0 || received.topic[frames[0].size - 1] != '/')
        return lh_fail(fault, LH_EFORMAT, "the first frame is no topic");
    int code = read_header(&frames[1], fault, &received);
    if (code == LH_OK)
        code = read_body(&frames[2], fault, &received);
    if (code == LH_OK)
        *ret_received = received;
    return code;
}

void lh_received_finish(struct lh_received *received)
{
    json_decref(received->body);
    received->body = NULL;
}

uint64_t lh_follow_note(struct lh_follow *follow, const char *stream,
                        const struct lh_received *received)
{
    uint64_t number = received->sequence;
    const bool beat = strcmp(received->stream, LH_STREAM_HEARTBEAT) == 0;
    if (beat) {
        const json_t *last = json_object_get(json_object_get(received->body, "last"), stream);
        if (!json_is_integer(last) || json_integer_value(last) < 0)
            return 0;
        number = (uint64_t)json_integer_value(last);
    } else if (strcmp(received->stream, stream) != 0) {
        return 0;
    }
    uint64_t missed = 0;
    const bool same_run = strcmp(follow->epoch, received->epoch) == 0;
    if (follow->known && same_run && number <= follow->last)
        return 0;
    if (follow->known && number > follow->last)
        missed = number - follow->last - (beat ? 0 : 1);
    memcpy(follow->epoch, received->epoch, sizeof follow->epoch);
    follow->last = number;
    follow->known = true;
    return missed;
}
