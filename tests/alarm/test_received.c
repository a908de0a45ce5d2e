#include "alarm/received.h"
#include "sample.h"

#include <jansson.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int parse(const char *topic, const char *header, const char *body,
                 struct lh_received *received)
{
    const struct lh_bytes frames[] = {
        {topic, strlen(topic)}, {header, strlen(header)}, {body, strlen(body)}};
    struct lh_fault fault = {0};
    const int code = lh_received_parse(frames, 3, &fault, received);
    assert_int_equal(code == LH_OK, *fault.text == '\0');
    return code;
}

#define BODY "{\"schema\":\"linhuo/alarm/1\",\"epoch\":\"e\",\"stream\":\"alarm\",\"sequence\":5}"

static void a_good_message_is_read(void **state)
{
    (void)state;
    struct lh_received received;
    assert_int_equal(parse("alarm/P1/141122/", "LH1 e alarm 5", BODY, &received), LH_OK);
    assert_string_equal(received.topic, "alarm/P1/141122/");
    assert_string_equal(received.epoch, "e");
    assert_string_equal(received.stream, "alarm");
    assert_int_equal(received.sequence, 5);
    assert_true(json_is_object(received.body));
    lh_received_finish(&received);
    assert_null(received.body);
}

static void bad_messages_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *topic, *header, *body;
        int code;
    } cases[] = {
        {"alarm/P1", "LH1 e alarm 5", BODY, LH_EFORMAT},
        {"", "LH1 e alarm 5", BODY, LH_EFORMAT},
        {"alarm\033/", "LH1 e alarm 5", BODY, LH_EFORMAT},
        {"alarm/", "", BODY, LH_EFORMAT},
        {"alarm/", "LH2 e alarm 5", BODY, LH_EABI},
        {"alarm/", "LH1 e alarm", BODY, LH_EFORMAT},
        {"alarm/", "LH1 e alarm 5 6", BODY, LH_EFORMAT},
        {"alarm/", "LH1  e alarm 5", BODY, LH_EFORMAT},
        {"alarm/", "LH1 e alarm -5", BODY, LH_EFORMAT},
        {"alarm/", "LH1 e alarm 05", BODY, LH_EFORMAT},
        {"alarm/", "LH1 e alarm 0", BODY, LH_EFORMAT},
        {"alarm/", "LH1 e alarm 18446744073709551617", BODY, LH_EFORMAT},
        {"alarm/", "LH1 e alarm 9223372036854775808", BODY, LH_EFORMAT},
        {"alarm/", "LH1 e alarm 6", BODY, LH_EFORMAT}, /* says another number than the body */
        {"alarm/", "LH1 f alarm 5", BODY, LH_EFORMAT},
        {"alarm/", "LH1 e health 5", BODY, LH_EFORMAT},
        {"alarm/", "LH1 e alarm 5", "", LH_EFORMAT},
        {"alarm/", "LH1 e alarm 5", "[]", LH_EFORMAT},
        {"alarm/", "LH1 e alarm 5", "{\"a\":1,\"a\":2}", LH_EFORMAT},
        {"alarm/", "LH1 e alarm 5", BODY "x", LH_EFORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lh_received received = {.sequence = 99};
        assert_int_equal(parse(cases[i].topic, cases[i].header, cases[i].body, &received),
                         cases[i].code);
        assert_int_equal(received.sequence, 99); /* untouched */
    }
    struct lh_received received;
    const struct lh_bytes none[] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    assert_int_equal(lh_received_parse(none, 0, NULL, &received), LH_EFORMAT);
    assert_int_equal(lh_received_parse(none, 3, NULL, &received), LH_EFORMAT);
}

static void too_large_a_body_is_refused(void **state)
{
    (void)state;
    const size_t size = LH_MESSAGE_MAX + 2;
    char *body = malloc(size);
    assert_non_null(body);
    memset(body, ' ', size);
    memcpy(body, BODY, sizeof BODY - 1);
    const struct lh_bytes frames[] = {
        {"hb/", 3}, {"LH1 e alarm 5", 13}, {body, LH_MESSAGE_MAX + 1}};
    struct lh_received received;
    assert_int_equal(lh_received_parse(frames, 3, NULL, &received), LH_EFORMAT);
    free(body);
}

static void deep_nesting_is_refused_and_not_a_crash(void **state)
{
    (void)state;
    char *body = malloc(LH_MESSAGE_MAX);
    assert_non_null(body);
    memset(body, '[', LH_MESSAGE_MAX);
    const struct lh_bytes frames[] = {{"hb/", 3}, {"LH1 e alarm 5", 13}, {body, LH_MESSAGE_MAX}};
    struct lh_received received;
    assert_int_equal(lh_received_parse(frames, 3, NULL, &received), LH_EFORMAT);
    free(body);
}

static uint64_t note(struct lh_follow *follow, const char *epoch, const char *stream,
                     uint64_t sequence)
{
    struct lh_received received = {.sequence = sequence};
    (void)snprintf(received.epoch, sizeof received.epoch, "%s", epoch);
    (void)snprintf(received.stream, sizeof received.stream, "%s", stream);
    if (strcmp(stream, "hb") == 0) {
        received.sequence = 1;
        received.body = json_pack("{s:{s:I}}", "last", "alarm", (json_int_t)sequence);
        assert_non_null(received.body);
    }
    const uint64_t missed = lh_follow_note(follow, "alarm", &received);
    lh_received_finish(&received);
    return missed;
}

static void gaps_are_counted_once(void **state)
{
    (void)state;
    struct lh_follow follow = {0};
    assert_int_equal(note(&follow, "e", "hb", 10), 0); /* what was before us is not missed */
    assert_int_equal(note(&follow, "e", "alarm", 11), 0);
    assert_int_equal(note(&follow, "e", "health", 500), 0); /* another stream */
    assert_int_equal(note(&follow, "e", "alarm", 14), 2);
    assert_int_equal(note(&follow, "e", "hb", 14), 0);
    assert_int_equal(note(&follow, "e", "hb", 17), 3);
    assert_int_equal(note(&follow, "e", "hb", 17), 0);
    assert_int_equal(note(&follow, "e", "alarm", 16), 0); /* a repetition */
    assert_int_equal(note(&follow, "e", "alarm", 18), 0);
    assert_int_equal(note(&follow, "f", "hb", 20), 2);   /* the numbers go on over a restart */
    assert_int_equal(note(&follow, "g", "alarm", 1), 0); /* or begin anew: nothing is known */
    assert_int_equal(note(&follow, "g", "alarm", 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_message_is_read),
        cmocka_unit_test(bad_messages_are_refused),
        cmocka_unit_test(too_large_a_body_is_refused),
        cmocka_unit_test(deep_nesting_is_refused_and_not_a_crash),
        cmocka_unit_test(gaps_are_counted_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
