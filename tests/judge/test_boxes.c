#include "judge/boxes.h"

#include <string.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int parse(const char *text, double frame_s, struct lh_fault *fault, struct lh_boxes *boxes)
{
    *fault = (struct lh_fault){0};
    return lh_boxes_parse(text, strlen(text), frame_s, fault, boxes);
}

static void test_json_by_picture_and_by_time(void **state)
{
    (void)state;
    struct lh_fault fault;
    struct lh_boxes boxes;
    const char *text = "[{\"frame\": 4, \"boxes\": [[0.5, 0.5, 0.1, 0.1], [0, 0, 0.2, 0.3]]},"
                       " {\"time_s\": 1, \"boxes\": []}]";
    assert_int_equal(parse(text, 0.5, &fault, &boxes), LH_OK);
    assert_int_equal(boxes.moment_count, 2);
    assert_null(lh_boxes_at(&boxes, 0.9));
    assert_int_equal(lh_boxes_at(&boxes, 1.0)->count, 0);
    assert_int_equal(lh_boxes_at(&boxes, 1.99)->count, 0);
    const struct lh_moment *moment = lh_boxes_at(&boxes, 2.0);
    assert_int_equal(moment->count, 2);
    assert_true(boxes.boxes[moment->first].x == 0.5F);
    assert_true(boxes.boxes[moment->first + 1].height == 0.3F);
    assert_ptr_equal(lh_boxes_at(&boxes, 1e8), moment);
    lh_boxes_finish(&boxes);
}

static const char furg[] =
    "<?xml version=\"1.0\"?>\n<opencv_storage>\n<frameWidth>400</frameWidth>\n"
    "<frameHeight>200</frameHeight>\n<frames>\n"
    "  <_><frameNumber>0</frameNumber>\n    <annotations></annotations></_>\n"
    "  <_><frameNumber>2</frameNumber>\n    <annotations>\n      <_>\n        100 50 40 20</_>\n"
    "      <_>\n        200 100 4 2</_></annotations></_></frames>\n</opencv_storage>\n";

static void test_xml_of_the_furg_set(void **state)
{
    (void)state;
    struct lh_fault fault;
    struct lh_boxes boxes;
    assert_int_equal(parse(furg, 0.1, &fault, &boxes), LH_OK);
    assert_int_equal(boxes.moment_count, 2);
    assert_int_equal(boxes.moments[0].count, 0);
    assert_int_equal(boxes.moments[1].count, 2);
    assert_true(boxes.boxes[0].x == 0.25F && boxes.boxes[0].y == 0.25F);
    assert_true(boxes.boxes[1].width == 0.01F && boxes.boxes[1].height == 0.01F);
    lh_boxes_finish(&boxes);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double frame_s;
        const char *says;
    } cases[] = {
        {"", 1, "line"},
        {"{}", 1, "array"},
        {"[]", 1, "no moment"},
        {"[{\"frame\": 0, \"boxes\": []}]", 0, "need 'cadence_s'"},
        {"[{\"frame\": 0}]", 1, "must be {"},
        {"[{\"frame\": 0, \"time_s\": 1, \"boxes\": []}]", 1, "must be {"},
        {"[{\"frame\": 0.5, \"boxes\": []}]", 1, "must be {"},
        {"[{\"time_s\": -1, \"boxes\": []}]", 1, "0 s or later"},
        {"[{\"frame\": 0, \"boxes\": [[0, 0, 1]]}]", 1, "a box is"},
        {"[{\"frame\": 0, \"boxes\": [[0, 0, 1, \"1\"]]}]", 1, "a box is"},
        {"[{\"frame\": 0, \"boxes\": [[0, 0, 2, 1]]}]", 1, "not inside"},
        {"[{\"frame\": 0, \"boxes\": [[0, 0, -0.1, 1]]}]", 1, "not inside"},
        {"<opencv_storage></opencv_storage>", 1, "<frameWidth>"},
        {"<frameWidth>0</frameWidth><frameHeight>9</frameHeight>", 1, "<frameWidth>"},
        {"<frameWidth>9</frameWidth><frameHeight>9</frameHeight>", 1, "no moment"},
        {"<frameWidth>9</frameWidth><frameHeight>9</frameHeight><frameNumber>x", 1, "no number"},
        {"<frameWidth>9</frameWidth><frameHeight>9</frameHeight><frameNumber>1<_> 9 9 9 9", 1,
         "not inside"},
        {"<frameWidth>9</frameWidth><frameHeight>9</frameHeight><frameNumber>1<_> 1 1 1 1", 0,
         "need 'cadence_s'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lh_fault fault;
        struct lh_boxes boxes = {.box_count = 77};
        const int code = parse(cases[i].text, cases[i].frame_s, &fault, &boxes);
        if (code != LH_EFORMAT || !strstr(fault.text, cases[i].says))
            fail_msg("%s\n  code %d, said: %s", cases[i].text, code, fault.text);
        assert_int_equal(boxes.box_count, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_by_picture_and_by_time),
        cmocka_unit_test(test_xml_of_the_furg_set),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
