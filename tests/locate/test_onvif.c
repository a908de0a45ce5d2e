#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "locate/onvif.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What a camera answers over the wire is tested end to end, tests/e2e/test_ptz.py; here its words. */

#define ENVELOPE(body)                                                                             \
    "<?xml version=\"1.0\"?><SOAP-ENV:Envelope "                                                   \
    "xmlns:SOAP-ENV=\"http://www.w3.org/2003/05/soap-envelope\" "                                  \
    "xmlns:tptz=\"http://www.onvif.org/ver20/ptz/wsdl\" "                                          \
    "xmlns:tt=\"http://www.onvif.org/ver10/schema\"><SOAP-ENV:Body>" body                          \
    "</SOAP-ENV:Body></SOAP-ENV:Envelope>"
#define STATUS(inner)                                                                              \
    ENVELOPE("<tptz:GetStatusResponse><tptz:PTZStatus>" inner                                      \
             "</tptz:PTZStatus></tptz:GetStatusResponse>")
#define POSITION                                                                                   \
    "<tt:Position><tt:PanTilt x=\"-0.25\" y=\"0.1\" space=\"http://x\"/><tt:Zoom x=\"0.5\"/>"      \
    "</tt:Position>"

static int parse(const char *text, struct lh_fault *fault, struct lh_ptz_status *ret_status)
{
    return lh_onvif_parse_status(text, strlen(text), fault, ret_status);
}

static void a_whole_answer_is_read(void **state)
{
    (void)state;
    struct lh_ptz_status status;
    assert_int_equal(parse(STATUS(POSITION "<tt:MoveStatus><tt:PanTilt>IDLE</tt:PanTilt>"
                                           "<tt:Zoom> MOVING </tt:Zoom></tt:MoveStatus>"
                                           "<tt:UtcTime>2026-11-23T23:48:10.5Z</tt:UtcTime>"),
                           NULL, &status),
                     LH_OK);
    assert_true(fabs(status.pan + 0.25) < 1e-12);
    assert_true(fabs(status.tilt - 0.1) < 1e-12);
    assert_true(fabs(status.zoom - 0.5) < 1e-12);
    assert_int_equal(status.moving, LH_MOVING_YES);
    assert_int_equal(status.utc_us % 60000000, 10500000);
}

static void what_is_absent_is_not_invented(void **state)
{
    (void)state;
    struct lh_ptz_status status;
    assert_int_equal(parse(STATUS(""), NULL, &status), LH_OK);
    assert_true(isnan(status.pan) && isnan(status.tilt) && isnan(status.zoom));
    assert_int_equal(status.moving, LH_MOVING_UNKNOWN);
    assert_true(status.utc_us == LH_NO_TIME);
    assert_int_equal(parse(STATUS("<tt:Position><tt:PanTilt x=\"1\" y=\"0\"/></tt:Position>"
                                  "<tt:MoveStatus><tt:PanTilt>UNKNOWN</tt:PanTilt></tt:MoveStatus>"
                                  "<tt:UtcTime>yesterday</tt:UtcTime>"),
                           NULL, &status),
                     LH_OK);
    assert_true(isnan(status.zoom));
    assert_int_equal(status.moving, LH_MOVING_UNKNOWN);
    assert_true(status.utc_us == LH_NO_TIME);
}

static void hostile_answers_are_refused_and_change_nothing(void **state)
{
    static const char *const answers[] = {
        "",
        "<html><body>404</body></html>",
        "{\"pan\": 1}",
        "<a",
        ENVELOPE(""),
        ENVELOPE("<tptz:GetStatusResponse/>"),
        STATUS("<tt:Position><tt:PanTilt x=\"nan\" y=\"0\"/></tt:Position>"),
        STATUS("<tt:Position><tt:PanTilt x=\"1e400\" y=\"0\"/></tt:Position>"),
        STATUS("<tt:Position><tt:PanTilt x=\"0x1p3\" y=\"0\"/></tt:Position>"),
        STATUS("<tt:Position><tt:PanTilt x=\"\" y=\"0\"/></tt:Position>"),
        STATUS("<tt:Position><tt:PanTilt x=\"1;2\" y=\"0\"/></tt:Position>"),
        STATUS("<tt:Position><tt:PanTilt x=\"1\" y=\"9999999\"/></tt:Position>"),
        "<!DOCTYPE s:Envelope [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>"
        "<s:Envelope xmlns:s=\"x\"><s:Body><GetStatusResponse><PTZStatus><UtcTime>&e;</UtcTime>"
        "</PTZStatus></GetStatusResponse></s:Body></s:Envelope>",
    };
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct lh_ptz_status status = {.pan = 77};
        struct lh_fault fault = {0};
        if (parse(answers[i], &fault, &status) != LH_EFORMAT)
            fail_msg("taken: %s", answers[i]);
        assert_true(fault.text[0] != '\0');
        assert_true(fabs(status.pan - 77) < 1e-12);
    }
}

static void a_fault_is_told_in_the_cameras_words(void **state)
{
    (void)state;
    struct lh_ptz_status status;
    struct lh_fault fault = {0};
    assert_int_equal(
        parse(ENVELOPE("<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender"
                       "</SOAP-ENV:Value><SOAP-ENV:Subcode><SOAP-ENV:Value>ter:NotAuthorized"
                       "</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code></SOAP-ENV:Fault>"),
              &fault, &status),
        LH_EAUTH);
    assert_non_null(strstr(fault.text, "clock"));
    assert_int_equal(parse(ENVELOPE("<SOAP-ENV:Fault><SOAP-ENV:Reason><SOAP-ENV:Text>No such\n"
                                    "profile</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>"),
                           &fault, &status),
                     LH_EIO);
    assert_non_null(strstr(fault.text, "No such profile"));
}

static void a_position_becomes_an_azimuth_by_the_cameras_scale(void **state)
{
    (void)state;
    const struct lh_ptz_config turn = {
        .pan_zero_deg = 20, .pan_scale_deg = 180, .tilt_zero_deg = -45, .tilt_scale_deg = 45};
    const struct lh_ptz_config left = {
        .pan_zero_deg = 10, .pan_scale_deg = -1, .tilt_scale_deg = -1};
    struct lh_ptz_status status = {.pan = -0.5, .tilt = 1, .zoom = 0.3};
    struct lh_pointing pointing = lh_ptz_pointing(&turn, &status);
    assert_true(fabs(pointing.azimuth_deg - 290) < 1e-9);
    assert_true(fabs(pointing.tilt_deg) < 1e-9);
    assert_true(fabs(pointing.zoom - 0.3) < 1e-12);
    status.pan = 30;
    status.tilt = 5;
    pointing = lh_ptz_pointing(&left, &status);
    assert_true(fabs(pointing.azimuth_deg - 340) < 1e-9);
    assert_true(fabs(pointing.tilt_deg + 5) < 1e-9);
    status.tilt = NAN;
    assert_true(isnan(lh_ptz_pointing(&left, &status).azimuth_deg));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_answer_is_read),
        cmocka_unit_test(what_is_absent_is_not_invented),
        cmocka_unit_test(hostile_answers_are_refused_and_change_nothing),
        cmocka_unit_test(a_fault_is_told_in_the_cameras_words),
        cmocka_unit_test(a_position_becomes_an_azimuth_by_the_cameras_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
