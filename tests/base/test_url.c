#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/credentials.h"
#include "base/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *camera_url(const char *url, const char *user, const char *password)
{
    struct lh_camera_config camera = {
        .url = (char *)url,
        .credentials = {.user = (char *)user, .password = (char *)password},
    };
    char *result = NULL;
    return lh_camera_url(&camera, &result) == LH_OK ? result : NULL;
}

static void credentials_are_percent_encoded(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        {"rtsp://h/x", "admin", "plain-1._~", "rtsp://admin:plain-1._~@h/x"},
        {"rtsp://h:554/x?a=b", "a d", "p@:/#?%&=+",
         "rtsp://a%20d:p%40%3A%2F%23%3F%25%26%3D%2B@h:554/x?a=b"},
        {"http+still://h/x", "u", "\xe6\x9e\x97", "http+still://u:%E6%9E%97@h/x"},
        {"rtsp://[::1]:554/", "u", "", "rtsp://u:@[::1]:554/"},
        {"rtsp://h/x", "", "", "rtsp://h/x"},
        {"/data/clip.mp4", "u", "p", "/data/clip.mp4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *url = camera_url(cases[i][0], cases[i][1], cases[i][2]);
        assert_non_null(url);
        assert_string_equal(url, cases[i][3]);
        lh_url_destroy(&url);
        assert_null(url);
        lh_url_destroy(&url);
    }
}

static void what_does_not_fit_the_reader_is_refused(void **state)
{
    (void)state;
    char password[200];
    memset(password, 'p', sizeof password);
    password[125] = '\0'; /* "u:" and 125: 127 bytes */
    char *url = camera_url("rtsp://h/x", "u", password);
    assert_non_null(url);
    lh_url_destroy(&url);
    password[125] = 'p';
    password[126] = '\0';
    assert_null(camera_url("rtsp://h/x", "u", password));
    memset(password, '@', 42); /* three bytes each */
    password[42] = '\0';
    assert_null(camera_url("rtsp://h/x", "u", password));
}

static void nothing_secret_is_left_by_redaction(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"rtsp://h:554/Streaming/Channels/101", "rtsp://h:554/Streaming/Channels/101"},
        {"rtsp://admin:s3cret@h/x", "rtsp://***@h/x"},
        {"rtsp://admin@h/x", "rtsp://***@h/x"},
        {"rtsp://admin:s3@cret@h/x", "rtsp://***@h/x"},
        {"rtsp://admin:s3/cret@h/x", "rtsp://***@h/x"},
        {"rtsp://admin:1/s3cret@h/x", "rtsp://***@h/x"},
        {"rtsp://admin:s3?cret@h/x", "rtsp://***@h/x"},
        {"rtsp://admin:s3#cret@h/x", "rtsp://***@h/x"},
        {"rtsp://a%40b:s3cret@[::1]:554/x", "rtsp://***@[::1]:554/x"},
        {"http://h/x?user=a&pwd=s3cret", "http://h/x?user=***&pwd=***"},
        {"http://h/x?token=Basic%20czNjcmV0Og==", "http://h/x?token=***"},
        {"http://h/x?auth=Basic czNjcmV0Og==&n=1", "http://h/x?auth=***&n=***"},
        {"http://h/x?czNjcmV0Og==", "http://h/x?***"},
        {"http://h/x?czNjcmV0", "http://h/x?***"},
        {"http://h/x?Basic+czNjcmV0=", "http://h/x?***"},
        {"http://h/x?a=1;pw=s3cret#s3cret", "http://h/x?a=***;pw=***#***"},
        {"http://h?pw=s3cret", "http://h?pw=***"},
        {"http://h/user=admin&password=s3cret&channel=1",
         "http://h/user=***&password=***&channel=***"},
        {"http://u:s3cret@h/x?mail=a@b.c&pw=s3cret", "http://***@b.c&pw=***"},
        {"admin:s3cret@h/x", "***@h/x"},
        {"rtsp:/admin:s3cret@h/x", "***@h/x"},
        {"/data/cam@1/clip=2?.mp4", "/data/cam@1/clip=2?.mp4"},
        {"rtsp://h/a@b", "rtsp://h/a@b"},
        {"", ""},
        {"://", "://"},
        {"rtsp://", "rtsp://"},
        {"rtsp://@", "rtsp://***@"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *redacted = lh_url_redact(cases[i][0]);
        assert_non_null(redacted);
        if (strcmp(redacted, cases[i][1]) != 0 || strstr(redacted, "s3") ||
            strstr(redacted, "cret") || strstr(redacted, "czNj"))
            fail_msg("%s became %s, not %s", cases[i][0], redacted, cases[i][1]);
        free(redacted);
    }
}

/* Whatever user and password are, their URL is redacted to the same. */
static void every_byte_is_encoded_and_redacted(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        const char secret[] = {(char)byte, 'Q', (char)byte, '\0'};
        char *url = camera_url("rtsp://h:554/x", secret, secret);
        assert_non_null(url);
        char *redacted = lh_url_redact(url);
        assert_non_null(redacted);
        assert_string_equal(redacted, "rtsp://***@h:554/x");
        free(redacted);
        lh_url_destroy(&url);
    }
}

static void redaction_fits_its_memory(void **state)
{
    (void)state;
    static const char alphabet[] = "a:/?&;#@=[] %";
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        char url[40] = "a://";
        const size_t start = round % 2 ? 4 : 0;
        for (size_t i = start; i < sizeof url - 1; i++) {
            seed = seed * 1103515245U + 12345U;
            url[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        url[start + (seed >> 8) % (sizeof url - start)] = '\0';
        char *redacted = lh_url_redact(url);
        assert_non_null(redacted);
        assert_true(strlen(redacted) <= 4 * strlen(url) + 7);
        free(redacted);
    }
}

static void urls_are_checked(void **state)
{
    (void)state;
    static const char *const good[] = {
        "rtsp://192.0.2.1/x",         "rtsps://h:322/x?a=b",  "http://h",        "https://h/x#y",
        "http+mjpeg://h/video",       "http+still://h/x.jpg", "https+mjpeg://h", "https+still://h",
        "rtsp://[2001:db8::1]:554/x", "rtsp://[::1]/x",       "/data/clip.mp4",  "clips/a b.mp4",
        "./with:colon.mp4",           "rtsp://h:554/cam@2",   "rtsp://h/cam@2",
    };
    static const char *const bad[][2] = {
        {"", "empty"},
        {"ftp://h/x", "must begin with rtsp://"},
        {"RTSP://h/x", "must begin with rtsp://"},
        {"rtmp://h/x", "must begin with rtsp://"},
        {"http+foo://h/x", "must begin with rtsp://"},
        {"rtsp|rtsps://h", "must begin with rtsp://"},
        {"://h", "must begin with rtsp://"},
        {"rtsp://", "names no host"},
        {"rtsp:///x", "names no host"},
        {"rtsp://:554/x", "names no host"},
        {"rtsp://[::1/x", "names no host"},
        {"rtsp://h:0/x", "port"},
        {"rtsp://h:65536/x", "port"},
        {"rtsp://h:/x", "port"},
        {"rtsp://h:5x/x", "port"},
        {"rtsp://::1/x", "names no host"},
        {"rtsp://u:p@h/x", "'credentials'"},
        {"rtsp://u@h/x", "'credentials'"},
        {"rtsp://u:p/p@h/x", "'credentials'"},
        {"rtsp://h/a b", "percent-encoded"},
        {"rtsp:/u:s3cret@h/x", "neither an URL"},
        {"admin:s3cret@h/x", "neither an URL"},
        {"c:clip.mp4", "neither an URL"},
        {"~/clip.mp4", "not expanded"},
    };
    char complaint[256];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (lh_url_check(good[i], complaint, sizeof complaint) != LH_OK)
            fail_msg("%s %s", good[i], complaint);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        complaint[0] = '\0';
        if (lh_url_check(bad[i][0], complaint, sizeof complaint) != LH_ECONFIG ||
            !strstr(complaint, bad[i][1]) || strstr(complaint, "s3cret"))
            fail_msg("%s: '%s'", bad[i][0], complaint);
    }
}

static void endpoints_are_checked(void **state)
{
    (void)state;
    static const char *const good[] = {
        "tcp://127.0.0.1:5570", "tcp://*:5570",          "tcp://127.0.0.1:*",
        "tcp://[::1]:5570",     "ipc:///run/linhuo/bus", "ipc://@linhuo",
    };
    static const char *const bad[] = {
        "",
        "5570",
        "127.0.0.1:5570",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:",
        "tcp://:1",
        "tcp://h:0",
        "tcp://h:65536",
        "tcp://h:1x",
        "tcp://h:1/x",
        "ipc://bus",
        "ipc://",
        "ipc:///",
        "udp://h:1",
        "inproc://x",
        "tcp://h 1",
        "tcp://[::1:5570",
    };
    char complaint[256];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (lh_endpoint_check(good[i], complaint, sizeof complaint) != LH_OK)
            fail_msg("%s %s", good[i], complaint);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (lh_endpoint_check(bad[i], complaint, sizeof complaint) != LH_ECONFIG)
            fail_msg("'%s' is an endpoint", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_are_percent_encoded),
        cmocka_unit_test(what_does_not_fit_the_reader_is_refused),
        cmocka_unit_test(nothing_secret_is_left_by_redaction),
        cmocka_unit_test(every_byte_is_encoded_and_redacted),
        cmocka_unit_test(redaction_fits_its_memory),
        cmocka_unit_test(urls_are_checked),
        cmocka_unit_test(endpoints_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
