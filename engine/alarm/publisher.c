#include "alarm/publisher.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define LINGER_MS 1000
#define BEAT_MS 2000
#define BEAT_TIMEOUT_MS 6000
#define BEAT_TTL_MS 6000
#define INBOUND_BYTES 512 /* a subscription is a topic prefix and one byte */
#define SERVED_AT_ONCE                                                                             \
    256 /* subscriptions read in one call, so that nobody keeps the alarm thread */

struct lh_publisher {
    void *context;
    void *socket;
    unsigned subscriptions;
    char endpoint[256];
};

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

static int set_options(void *socket, const struct lh_bus_config *config)
{
    const int64_t largest = INBOUND_BYTES;
    int bad = set_int(socket, ZMQ_LINGER, LINGER_MS);
    bad |= set_int(socket, ZMQ_SNDHWM, config->queue_messages > 0 ? config->queue_messages : 1000);
    bad |= set_int(socket, ZMQ_IPV6, 0);
    bad |= set_int(socket, ZMQ_HEARTBEAT_IVL, BEAT_MS);
    bad |= set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, BEAT_TIMEOUT_MS);
    bad |= set_int(socket, ZMQ_HEARTBEAT_TTL, BEAT_TTL_MS);
    bad |= set_int(socket, ZMQ_XPUB_VERBOSER, 1);
    bad |= zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    return bad ? LH_EINVAL : LH_OK;
}

static int bind_failure(struct lh_fault *fault, const char *endpoint, int cause)
{
    if (cause == EADDRINUSE)
        return lh_fail(fault, LH_EEXIST,
                       "bus: '%s' is taken by another program; stop it (another engine?) or choose "
                       "another port in bus.publish",
                       endpoint);
    return lh_fail(
        fault, cause == EACCES ? LH_EPERM : LH_EINVAL,
        "bus: cannot bind '%s': %s; bus.publish takes an address of this machine, such as "
        "tcp://127.0.0.1:5570",
        endpoint, zmq_strerror(cause));
}

static int open_socket(struct lh_publisher *publisher, const struct lh_bus_config *config,
                       struct lh_fault *fault)
{
    publisher->context = zmq_ctx_new();
    if (publisher->context)
        publisher->socket = zmq_socket(publisher->context, ZMQ_XPUB);
    if (!publisher->socket)
        return lh_fail(fault, LH_ENOMEM, "bus: no socket: %s", zmq_strerror(zmq_errno()));
    const int code = set_options(publisher->socket, config);
    if (code != LH_OK)
        return lh_fail(fault, code, "bus: a socket option was refused: %s",
                       zmq_strerror(zmq_errno()));
    if (zmq_bind(publisher->socket, config->publish) != 0)
        return bind_failure(fault, config->publish, zmq_errno());
    size_t size = sizeof publisher->endpoint;
    if (zmq_getsockopt(publisher->socket, ZMQ_LAST_ENDPOINT, publisher->endpoint, &size) != 0)
        return lh_fail(fault, LH_EINVAL, "bus: the endpoint '%.200s' is too long", config->publish);
    return LH_OK;
}

int lh_publisher_create(const struct lh_bus_config *config, struct lh_fault *fault,
                        struct lh_publisher **ret_publisher)
{
    struct lh_publisher *publisher = calloc(1, sizeof *publisher);
    if (!publisher)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    const int code = open_socket(publisher, config, fault);
    if (code != LH_OK) {
        lh_publisher_destroy(&publisher);
        return code;
    }
    *ret_publisher = publisher;
    return LH_OK;
}

void lh_publisher_destroy(struct lh_publisher **publisher_pointer)
{
    struct lh_publisher *publisher = *publisher_pointer;
    if (!publisher)
        return;
    if (publisher->socket)
        (void)zmq_close(publisher->socket);
    while (publisher->context && zmq_ctx_term(publisher->context) != 0 && zmq_errno() == EINTR)
        continue;
    free(publisher);
    *publisher_pointer = NULL;
}

static int send_frame(void *socket, const char *text, int flags)
{
    int sent;
    do
        sent = zmq_send(socket, text, strlen(text), ZMQ_DONTWAIT | flags);
    while (sent < 0 && zmq_errno() == EINTR);
    if (sent >= 0)
        return LH_OK;
    return zmq_errno() == EAGAIN ? LH_EAGAIN : LH_EIO;
}

int lh_publisher_send(struct lh_publisher *publisher, const char *topic,
                      const struct lh_serial *serial, const char *json)
{
    char header[160];
    const int length = snprintf(header, sizeof header, "LH1 %s %s %llu", serial->epoch,
                                serial->stream, (unsigned long long)serial->sequence);
    if (length < 0 || (size_t)length >= sizeof header || strlen(topic) >= LH_TOPIC ||
        strlen(json) > LH_MESSAGE_MAX)
        return LH_ELIMIT;
    int code = send_frame(publisher->socket, topic, ZMQ_SNDMORE);
    if (code == LH_OK)
        code = send_frame(publisher->socket, header, ZMQ_SNDMORE);
    if (code == LH_OK)
        code = send_frame(publisher->socket, json, 0);
    return code;
}

/* The first byte is 1 for a subscription and 0 for its end; what else subscribers send is not for us. */
static void count(struct lh_publisher *publisher, const unsigned char *bytes, size_t size)
{
    if (size == 0)
        return;
    if (bytes[0] == 1)
        publisher->subscriptions++;
    else if (bytes[0] == 0 && publisher->subscriptions > 0)
        publisher->subscriptions--;
}

void lh_publisher_serve(struct lh_publisher *publisher, int64_t timeout_us)
{
    zmq_pollitem_t item = {.socket = publisher->socket, .events = ZMQ_POLLIN};
    const int64_t wait_ms = timeout_us <= 0 ? 0 : (timeout_us - 1) / 1000 + 1;
    if (zmq_poll(&item, 1, wait_ms > 60000 ? 60000 : (long)wait_ms) <= 0)
        return;
    for (int i = 0; i < SERVED_AT_ONCE; i++) {
        unsigned char bytes[INBOUND_BYTES];
        const int size = zmq_recv(publisher->socket, bytes, sizeof bytes, ZMQ_DONTWAIT);
        if (size < 0)
            return;
        count(publisher, bytes, (size_t)size < sizeof bytes ? (size_t)size : sizeof bytes);
    }
}

unsigned lh_publisher_subscribers(const struct lh_publisher *publisher)
{
    return publisher->subscriptions;
}

const char *lh_publisher_endpoint(const struct lh_publisher *publisher)
{
    return publisher->endpoint;
}
