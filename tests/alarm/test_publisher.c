#include "alarm/publisher.h"
#include "sample.h"

#include <zmq.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct lh_publisher *make(int queue_messages)
{
    char endpoint[] = "tcp://127.0.0.1:*";
    struct lh_publisher *publisher = NULL;
    struct lh_fault fault = {0};
    const struct lh_bus_config config = {.publish = endpoint, .queue_messages = queue_messages};
    if (lh_publisher_create(&config, &fault, &publisher) != LH_OK)
        fail_msg("%s", fault.text);
    return publisher;
}

static void *subscribe(void *context, const char *endpoint, const char *topic)
{
    const int timeout_ms = 5000;
    const int linger_ms = 0;
    void *socket = zmq_socket(context, ZMQ_SUB);
    assert_non_null(socket);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, topic, strlen(topic)), 0);
    assert_int_equal(zmq_connect(socket, endpoint), 0);
    return socket;
}

static void serve_until(struct lh_publisher *publisher, unsigned subscribers)
{
    for (int i = 0; i < 100 && lh_publisher_subscribers(publisher) != subscribers; i++)
        lh_publisher_serve(publisher, 100000);
    assert_int_equal(lh_publisher_subscribers(publisher), subscribers);
}

static void expect_frame(void *socket, const char *text, bool last)
{
    char bytes[512];
    int more = 0;
    size_t size = sizeof more;
    const int length = zmq_recv(socket, bytes, sizeof bytes - 1, 0);
    assert_in_range(length, 0, (int)sizeof bytes - 1);
    bytes[length] = '\0';
    assert_string_equal(bytes, text);
    assert_int_equal(zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size), 0);
    assert_int_equal(more, !last);
}

static void send_numbered(struct lh_publisher *publisher, const char *topic, uint64_t sequence)
{
    const struct lh_serial serial = {.epoch = "e", .stream = "alarm", .sequence = sequence};
    assert_int_equal(lh_publisher_send(publisher, topic, &serial, "{\"schema\":1}"), LH_OK);
}

static void three_frames_come_out(void **state)
{
    (void)state;
    void *context = zmq_ctx_new();
    struct lh_publisher *publisher = make(100);
    assert_non_null(strstr(lh_publisher_endpoint(publisher), "tcp://127.0.0.1:"));
    assert_null(strchr(lh_publisher_endpoint(publisher), '*'));
    void *all = subscribe(context, lh_publisher_endpoint(publisher), "alarm/");
    void *first = subscribe(context, lh_publisher_endpoint(publisher), "alarm/P1/");
    serve_until(publisher, 2);
    send_numbered(publisher, "alarm/P2/1/", 7);
    send_numbered(publisher, "alarm/P1/1/", 8);
    expect_frame(all, "alarm/P2/1/", false);
    expect_frame(all, "LH1 e alarm 7", false);
    expect_frame(all, "{\"schema\":1}", true);
    expect_frame(first, "alarm/P1/1/", false);
    expect_frame(first, "LH1 e alarm 8", false);
    expect_frame(first, "{\"schema\":1}", true);
    assert_int_equal(zmq_close(all), 0);
    serve_until(publisher, 1);
    assert_int_equal(zmq_close(first), 0);
    serve_until(publisher, 0);
    lh_publisher_destroy(&publisher);
    assert_null(publisher);
    lh_publisher_destroy(&publisher);
    assert_int_equal(zmq_ctx_term(context), 0);
}

static void what_is_queued_leaves_at_the_end(void **state)
{
    (void)state;
    void *context = zmq_ctx_new();
    struct lh_publisher *publisher = make(2000);
    void *socket = subscribe(context, lh_publisher_endpoint(publisher), "alarm/");
    serve_until(publisher, 1);
    for (uint64_t i = 1; i <= 1000; i++)
        send_numbered(publisher, "alarm/P2/1/", i);
    lh_publisher_destroy(&publisher);
    for (uint64_t i = 1; i <= 1000; i++) {
        char header[40];
        (void)snprintf(header, sizeof header, "LH1 e alarm %llu", (unsigned long long)i);
        expect_frame(socket, "alarm/P2/1/", false);
        expect_frame(socket, header, false);
        expect_frame(socket, "{\"schema\":1}", true);
    }
    assert_int_equal(zmq_close(socket), 0);
    assert_int_equal(zmq_ctx_term(context), 0);
}

/* A reader that never reads must cost the others nothing. */
static void a_stalled_reader_delays_nobody(void **state)
{
    (void)state;
    void *context = zmq_ctx_new();
    void *stalled_context = zmq_ctx_new();
    struct lh_publisher *publisher = make(100);
    const int one = 1;
    void *stalled = zmq_socket(stalled_context, ZMQ_SUB);
    assert_int_equal(zmq_setsockopt(stalled, ZMQ_RCVHWM, &one, sizeof one), 0);
    assert_int_equal(zmq_setsockopt(stalled, ZMQ_RCVBUF, &one, sizeof one), 0);
    assert_int_equal(zmq_setsockopt(stalled, ZMQ_SUBSCRIBE, "alarm/", 6), 0);
    assert_int_equal(zmq_connect(stalled, lh_publisher_endpoint(publisher)), 0);
    void *reader = subscribe(context, lh_publisher_endpoint(publisher), "alarm/");
    serve_until(publisher, 2);
    static char large[60001];
    memset(large, ' ', sizeof large - 1);
    const int64_t begun_us = lh_clock_monotonic_us(lh_clock_system());
    for (uint64_t i = 1; i <= 2000; i++) {
        const struct lh_serial serial = {.epoch = "e", .stream = "alarm", .sequence = i};
        assert_int_equal(lh_publisher_send(publisher, "alarm/P2/1/", &serial, large), LH_OK);
        if (i % 5 == 0) { /* the reader keeps up, the other one does not */
            char bytes[70000];
            for (int part = 0; part < 15; part++)
                assert_true(zmq_recv(reader, bytes, sizeof bytes, 0) >= 0);
        }
    }
    assert_true(lh_clock_monotonic_us(lh_clock_system()) - begun_us < 20 * LH_SECOND_US);
    const int zero = 0;
    assert_int_equal(zmq_setsockopt(stalled, ZMQ_LINGER, &zero, sizeof zero), 0);
    assert_int_equal(zmq_close(stalled), 0);
    assert_int_equal(zmq_close(reader), 0);
    lh_publisher_destroy(&publisher);
    assert_int_equal(zmq_ctx_term(context), 0);
    assert_int_equal(zmq_ctx_term(stalled_context), 0);
}

static void the_end_waits_for_nobody_long(void **state)
{
    (void)state;
    void *context = zmq_ctx_new();
    struct lh_publisher *publisher = make(1000);
    const int one = 1;
    void *stalled = zmq_socket(context, ZMQ_SUB);
    assert_int_equal(zmq_setsockopt(stalled, ZMQ_RCVHWM, &one, sizeof one), 0);
    assert_int_equal(zmq_setsockopt(stalled, ZMQ_SUBSCRIBE, "", 0), 0);
    assert_int_equal(zmq_connect(stalled, lh_publisher_endpoint(publisher)), 0);
    serve_until(publisher, 1);
    static char large[60001];
    memset(large, ' ', sizeof large - 1);
    const struct lh_serial serial = {.epoch = "e", .stream = "alarm", .sequence = 1};
    for (int i = 0; i < 1000; i++)
        assert_int_equal(lh_publisher_send(publisher, "alarm/P2/1/", &serial, large), LH_OK);
    const int64_t begun_us = lh_clock_monotonic_us(lh_clock_system());
    lh_publisher_destroy(&publisher);
    assert_true(lh_clock_monotonic_us(lh_clock_system()) - begun_us < 3 * LH_SECOND_US);
    const int zero = 0;
    assert_int_equal(zmq_setsockopt(stalled, ZMQ_LINGER, &zero, sizeof zero), 0);
    assert_int_equal(zmq_close(stalled), 0);
    assert_int_equal(zmq_ctx_term(context), 0);
}

static void limits_are_kept(void **state)
{
    (void)state;
    struct lh_publisher *publisher = make(10);
    const struct lh_serial serial = {.epoch = "e", .stream = "alarm", .sequence = 1};
    char *large = malloc(LH_MESSAGE_MAX + 2);
    assert_non_null(large);
    memset(large, ' ', LH_MESSAGE_MAX + 1);
    large[LH_MESSAGE_MAX + 1] = '\0';
    assert_int_equal(lh_publisher_send(publisher, "alarm/", &serial, large), LH_ELIMIT);
    large[LH_TOPIC] = '\0';
    assert_int_equal(lh_publisher_send(publisher, large, &serial, "{}"), LH_ELIMIT);
    free(large);
    lh_publisher_destroy(&publisher);
}

static void a_taken_address_and_a_wrong_one_are_named(void **state)
{
    (void)state;
    char endpoint[256];
    char wrong[] = "tcp://192.0.2.1:5570";
    char odd[] = "carrier-pigeon://loft";
    struct lh_fault fault = {0};
    struct lh_publisher *second = NULL;
    struct lh_publisher *publisher = make(10);
    (void)snprintf(endpoint, sizeof endpoint, "%s", lh_publisher_endpoint(publisher));
    struct lh_bus_config config = {.publish = endpoint, .queue_messages = 10};
    assert_int_equal(lh_publisher_create(&config, &fault, &second), LH_EEXIST);
    assert_non_null(strstr(fault.text, endpoint));
    config.publish = wrong;
    assert_int_equal(lh_publisher_create(&config, &fault, &second), LH_EINVAL);
    assert_non_null(strstr(fault.text, "bus.publish"));
    config.publish = odd;
    assert_int_equal(lh_publisher_create(&config, &fault, &second), LH_EINVAL);
    assert_null(second);
    lh_publisher_destroy(&publisher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_frames_come_out),
        cmocka_unit_test(what_is_queued_leaves_at_the_end),
        cmocka_unit_test(a_stalled_reader_delays_nobody),
        cmocka_unit_test(the_end_waits_for_nobody_long),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(a_taken_address_and_a_wrong_one_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
