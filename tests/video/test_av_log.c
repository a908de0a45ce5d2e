#include "video/av_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *line, const char *redacted)
{
    char text[200];
    (void)snprintf(text, sizeof text, "%s", line);
    lh_av_log_redact(text, sizeof text);
    assert_string_equal(text, redacted);
}

static void secrets_go(void **state)
{
    (void)state;
    expect("opening rtsp://admin:s3cret@10.0.0.1:554/cam", "opening rtsp://***@10.0.0.1:554/cam");
    expect("rtsp://a@b@host/x and http://u:p@h", "rtsp://***@host/x and http://***@h");
    expect("http://h/shot?user=me&pwd=you 404", "http://h/shot?user=***&pwd=*** 404");
    expect("'http://u:p@h/?k=v'", "'http://***@h/?k=***'");
}

static void the_rest_stays(void **state)
{
    (void)state;
    expect("", "");
    expect("no address here: a@b", "no address here: a@b");
    expect("rtsp://10.0.0.1/cam@2", "rtsp://10.0.0.1/cam@2");
    expect("://", "://");
}

static void a_full_line_does_not_grow(void **state)
{
    (void)state;
    char text[] = "a://x@h?k=v";
    lh_av_log_redact(text, sizeof text);
    assert_string_equal(text, "a://*@h?k=*");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_go),
        cmocka_unit_test(the_rest_stays),
        cmocka_unit_test(a_full_line_does_not_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
