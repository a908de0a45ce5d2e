#include "alarm/inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define LINGER_MS 1000
#define LETTERS_WAITING 8 /* of one sender; each may be of LH_INBOX_BYTES_MAX */
#define ANSWERS_WAITING 100
#define BEAT_MS 2000
#define BEAT_TIMEOUT_MS 6000
#define ADDRESS_BYTES 255

struct lh_inbox {
    void *context;
    void *socket;
    char endpoint[256];
    unsigned char address[ADDRESS_BYTES]; /* of the letter that was received last */
    size_t address_size;
    bool delimited; /* it came from a REQ socket */
    zmq_msg_t messages[LH_INBOX_FRAMES];
    struct lh_bytes frames[LH_INBOX_FRAMES];
    size_t kept;
};

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

static int set_options(void *socket)
{
    const int64_t largest = (int64_t)LH_INBOX_BYTES_MAX;
    int bad = set_int(socket, ZMQ_LINGER, LINGER_MS);
    bad |= set_int(socket, ZMQ_RCVHWM, LETTERS_WAITING);
    bad |= set_int(socket, ZMQ_SNDHWM, ANSWERS_WAITING);
    bad |= set_int(socket, ZMQ_IPV6, 0);
    bad |= set_int(socket, ZMQ_HEARTBEAT_IVL, BEAT_MS);
    bad |= set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, BEAT_TIMEOUT_MS);
    bad |= zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    return bad ? LH_EINVAL : LH_OK;
}

static int open_socket(struct lh_inbox *inbox, const char *endpoint, struct lh_fault *fault)
{
    inbox->context = zmq_ctx_new();
    if (inbox->context)
        inbox->socket = zmq_socket(inbox->context, ZMQ_ROUTER);
    if (!inbox->socket)
        return lh_fail(fault, LH_ENOMEM, "inbox: no socket: %s", zmq_strerror(zmq_errno()));
    const int code = set_options(inbox->socket);
    if (code != LH_OK)
        return lh_fail(fault, code, "inbox: a socket option was refused: %s",
                       zmq_strerror(zmq_errno()));
    if (zmq_bind(inbox->socket, endpoint) != 0)
        return lh_fail(fault, zmq_errno() == EADDRINUSE ? LH_EEXIST : LH_EINVAL,
                       "inbox: cannot bind '%s': %s; choose another address in bus.inbox", endpoint,
                       zmq_strerror(zmq_errno()));
    size_t size = sizeof inbox->endpoint;
    if (zmq_getsockopt(inbox->socket, ZMQ_LAST_ENDPOINT, inbox->endpoint, &size) != 0)
        return lh_fail(fault, LH_EINVAL, "inbox: the endpoint '%.200s' is too long", endpoint);
    return LH_OK;
}

int lh_inbox_create(const struct lh_bus_config *config, struct lh_fault *fault,
                    struct lh_inbox **ret_inbox)
{
    struct lh_inbox *inbox = calloc(1, sizeof *inbox);
    if (!inbox)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    const int code = open_socket(inbox, config->inbox, fault);
    if (code != LH_OK) {
        lh_inbox_destroy(&inbox);
        return code;
    }
    *ret_inbox = inbox;
    return LH_OK;
}

static void let_go(struct lh_inbox *inbox)
{
    while (inbox->kept > 0)
        (void)zmq_msg_close(&inbox->messages[--inbox->kept]);
}

void lh_inbox_destroy(struct lh_inbox **inbox_pointer)
{
    struct lh_inbox *inbox = *inbox_pointer;
    if (!inbox)
        return;
    let_go(inbox);
    if (inbox->socket)
        (void)zmq_close(inbox->socket);
    while (inbox->context && zmq_ctx_term(inbox->context) != 0 && zmq_errno() == EINTR)
        continue;
    free(inbox);
    *inbox_pointer = NULL;
}

/* The next frame of a message that has begun to come is there at once. */
static int receive_frame(struct lh_inbox *inbox, zmq_msg_t *message)
{
    (void)zmq_msg_init(message);
    int got;
    do
        got = zmq_msg_recv(message, inbox->socket, ZMQ_DONTWAIT);
    while (got < 0 && zmq_errno() == EINTR);
    if (got >= 0)
        return LH_OK;
    (void)zmq_msg_close(message);
    return zmq_errno() == EAGAIN ? LH_EAGAIN : LH_EIO;
}

static void keep_address(struct lh_inbox *inbox, zmq_msg_t *message)
{
    const size_t size = zmq_msg_size(message);
    inbox->address_size = size <= sizeof inbox->address ? size : 0;
    memcpy(inbox->address, zmq_msg_data(message), inbox->address_size);
    (void)zmq_msg_close(message);
}

int lh_inbox_receive(struct lh_inbox *inbox, const struct lh_bytes **ret_frames, size_t *ret_count)
{
    zmq_msg_t message;
    size_t count = 0;
    let_go(inbox);
    int code = receive_frame(inbox, &message);
    if (code != LH_OK)
        return code;
    int more = zmq_msg_more(&message);
    keep_address(inbox, &message);
    inbox->delimited = false;
    while (more) {
        code = receive_frame(inbox, &message);
        if (code != LH_OK)
            return code;
        more = zmq_msg_more(&message);
        const bool delimiter = count == 0 && !inbox->delimited && zmq_msg_size(&message) == 0;
        if (delimiter || inbox->kept == LH_INBOX_FRAMES) {
            inbox->delimited |= delimiter;
            count += !delimiter;
            (void)zmq_msg_close(&message);
            continue;
        }
        count++;
        inbox->messages[inbox->kept++] = message;
    }
    for (size_t i = 0; i < inbox->kept; i++)
        inbox->frames[i] = (struct lh_bytes){.data = zmq_msg_data(&inbox->messages[i]),
                                             .size = zmq_msg_size(&inbox->messages[i])};
    *ret_frames = inbox->frames;
    *ret_count = count;
    return LH_OK;
}

static int send_frame(void *socket, const void *bytes, size_t size, int flags)
{
    int sent;
    do
        sent = zmq_send(socket, bytes, size, ZMQ_DONTWAIT | flags);
    while (sent < 0 && zmq_errno() == EINTR);
    if (sent >= 0)
        return LH_OK;
    return zmq_errno() == EAGAIN ? LH_EAGAIN : LH_EIO;
}

int lh_inbox_answer(struct lh_inbox *inbox, const char *json)
{
    int code = send_frame(inbox->socket, inbox->address, inbox->address_size, ZMQ_SNDMORE);
    if (code == LH_OK && inbox->delimited)
        code = send_frame(inbox->socket, "", 0, ZMQ_SNDMORE);
    if (code == LH_OK)
        code = send_frame(inbox->socket, json, strlen(json), 0);
    return code;
}

const char *lh_inbox_endpoint(const struct lh_inbox *inbox)
{
    return inbox->endpoint;
}
