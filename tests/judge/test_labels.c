#include "judge/labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int parse(const char *text, struct lh_fault *fault, struct lh_labels *labels)
{
    *fault = (struct lh_fault){0};
    return lh_labels_parse(text, strlen(text), fault, labels);
}

static void test_what_a_label_says(void **state)
{
    (void)state;
    struct lh_fault fault;
    struct lh_labels labels;
    const char *text =
        "[{\"file\": \"june/a.mp4\", \"kind\": \"fire\", \"ignition_s\": 12.5, \"visibility\": "
        "\"small\", \"fps\": 4, \"frames\": 81, \"target\": \"flame\", \"smoke_box\": [0.1, 0.2, "
        "0.3, 0.4],"
        "\"masks\": \"m/NNN.png\", \"boxes\": \"b.xml\", \"event\": \"E1\", \"note\": \"x\", "
        "\"operator\": 3},"
        "{\"file\": \"b.mp4\", \"kind\": \"no-fire\", \"ignition_s\": null, \"cadence_s\": null}]";
    assert_int_equal(parse(text, &fault, &labels), LH_OK);
    assert_int_equal(labels.count, 2);
    const struct lh_label *fire = &labels.items[0];
    assert_string_equal(fire->file, "june/a.mp4");
    assert_true(fire->fire);
    assert_true(fire->ignition_s == 12.5);
    assert_int_equal(fire->visibility, LH_VISIBILITY_SMALL);
    assert_int_equal(fire->target, LH_KIND_FLAME);
    assert_true(fire->cadence_s == 0.25);
    assert_int_equal(fire->frames, 81);
    assert_true(fire->has_smoke_box);
    assert_true(fire->smoke_box.height == 0.4F);
    assert_string_equal(fire->masks, "m/NNN.png");
    assert_string_equal(fire->boxes, "b.xml");
    assert_string_equal(fire->event, "E1");
    const struct lh_label *quiet = &labels.items[1];
    assert_false(quiet->fire);
    assert_int_equal(quiet->visibility, LH_VISIBILITY_UNSAID);
    assert_true(quiet->cadence_s == 0);
    assert_null(quiet->masks);
    assert_string_equal(quiet->event, "b.mp4");
    lh_labels_finish(&labels);
    assert_null(labels.items);
}

#define FIRE "{\"file\": \"a.mp4\", \"kind\": \"fire\", \"ignition_s\": 10"
#define QUIET "{\"file\": \"a.mp4\", \"kind\": \"no-fire\""

static const struct {
    const char *text;
    const char *says;
} mistakes[] = {
    {"", "line"},
    {"[", "line 1"},
    {"{}", "array"},
    {"[]", "at least one"},
    {"3", "line 1"},
    {"[3]", "clip 1: must be an object"},
    {"[{}]", "'file' is missing"},
    {"[{\"file\": 3, \"kind\": \"fire\"}]", "'file' must be a text"},
    {"[{\"file\": \"\", \"kind\": \"fire\"}]", "1 to"},
    {"[{\"file\": \"a.mp4\"}]", "'kind' is missing"},
    {"[{\"file\": \"a.mp4\", \"kind\": \"Fire\"}]", "one of fire, no-fire, not 'Fire'"},
    {"[{\"file\": \"a.mp4\", \"kind\": \"fire\"}]", "needs 'ignition_s'"},
    {"[{\"file\": \"a.mp4\", \"kind\": \"fire\", \"ignition_s\": null}]", "needs 'ignition_s'"},
    {"[{\"file\": \"a.mp4\", \"kind\": \"fire\", \"ignition_s\": -1}]",
     "'ignition_s' must be a number from 0"},
    {"[{\"file\": \"a.mp4\", \"kind\": \"fire\", \"ignition_s\": \"10\"}]", "must be a number"},
    {"[{\"file\": \"a.mp4\", \"kind\": \"fire\", \"ignition_s\": NaN}]", "line 1"},
    {"[{\"file\": \"a.mp4\", \"kind\": \"fire\", \"ignition_s\": 1e999}]", "line 1"},
    {"[{\"file\": \"a.mp4\", \"kind\": \"fire\", \"ignition_s\": 1e300}]", "must be a number"},
    {"[" FIRE ", \"frames\": 5, \"cadence_s\": 1}]", "ignition at 10 s, but 5 pictures"},
    {"[" FIRE ", \"cadence_s\": 0}]", "'cadence_s' must be a number"},
    {"[" FIRE ", \"fps\": \"fast\"}]", "'fps' must be a number"},
    {"[" FIRE ", \"frames\": 0}]", "'frames' must be a number"},
    {"[" FIRE ", \"visibility\": \"unsaid\"}]", "one of clear, small, faint"},
    {"[" FIRE ", \"target\": \"cloud\"}]", "one of smoke, flame"},
    {"[" FIRE ", \"smoke_box\": [0, 0, 1]}]", "'smoke_box' must be"},
    {"[" FIRE ", \"smoke_box\": [0, 0, 0, 1]}]", "'smoke_box' must be"},
    {"[" FIRE ", \"smoke_box\": [0.6, 0, 0.5, 1]}]", "'smoke_box' must be"},
    {"[" FIRE ", \"smoke_box\": [-0.1, 0, 0.5, 1]}]", "'smoke_box' must be"},
    {"[" FIRE ", \"smoke_box\": [\"0\", 0, 0.5, 1]}]", "'smoke_box' must be"},
    {"[" FIRE ", \"smoke_box\": {\"x\": 0}}]", "'smoke_box' must be"},
    {"[" FIRE ", \"mask\": \"m/NNN.png\"}]", "did you mean 'masks'"},
    {"[" FIRE ", \"masks\": \"m/NNN.png\"}]", "need 'cadence_s'"},
    {"[" FIRE ", \"masks\": \"../m/NNN.png\", \"fps\": 1}]", "'masks' must be a name below"},
    {"[" FIRE ", \"boxes\": \"/etc/passwd\"}]", "'boxes' must be a name below"},
    {"[" FIRE ", \"event\": 7}]", "'event' must be a text"},
    {"[" FIRE "}," FIRE "}]", "a.mp4 is there twice"},
    {"[" QUIET ", \"ignition_s\": 4}]", "without fire"},
    {"[" QUIET ", \"smoke_box\": [0, 0, 1, 1]}]", "without fire"},
    {"[{\"file\": \"../a.mp4\", \"kind\": \"no-fire\"}]", "below the folder"},
    {"[{\"file\": \"/a.mp4\", \"kind\": \"no-fire\"}]", "below the folder"},
    {"[{\"file\": \"b/../../a.mp4\", \"kind\": \"no-fire\"}]", "below the folder"},
    {"[{\"file\": \"b//a.mp4\", \"kind\": \"no-fire\"}]", "below the folder"},
    {"[{\"file\": \"..\", \"kind\": \"no-fire\"}]", "below the folder"},
    {"[{\"file\": \"a/\", \"kind\": \"no-fire\"}]", "below the folder"},
    {"[{\"file\": \"a\\u000a.mp4\", \"kind\": \"no-fire\"}]", "control characters"},
    {"[{\"file\": \"a\\u0000.mp4\", \"kind\": \"no-fire\"}]", "line 1"},
    {"[{\"file\": \"a.mp4\", \"file\": \"b.mp4\", \"kind\": \"no-fire\"}]", "line 1"},
    {"[{\"file\": \"\xff.mp4\", \"kind\": \"no-fire\"}]", "line 1"},
};

static void test_every_mistake_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct lh_fault fault;
        struct lh_labels labels = {.count = 77};
        const int code = parse(mistakes[i].text, &fault, &labels);
        if (code != LH_EFORMAT || !strstr(fault.text, mistakes[i].says))
            fail_msg("%s\n  code %d, said: %s\n  wanted: %s", mistakes[i].text, code, fault.text,
                     mistakes[i].says);
        assert_int_equal(labels.count, 77);
    }
}

static void test_names_with_dots_in_them_are_names(void **state)
{
    (void)state;
    struct lh_fault fault;
    struct lh_labels labels;
    assert_int_equal(
        parse("[{\"file\": \"a/..b/c..mp4\", \"kind\": \"no-fire\"}]", &fault, &labels), LH_OK);
    lh_labels_finish(&labels);
}

static void test_deep_nesting_is_refused(void **state)
{
    (void)state;
    struct lh_fault fault;
    struct lh_labels labels;
    char text[20001];
    memset(text, '[', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(parse(text, &fault, &labels), LH_EFORMAT);
}

static void test_files(void **state)
{
    (void)state;
    char path[] = "/tmp/linhuo-labels-XXXXXX";
    struct lh_fault fault = {0};
    struct lh_labels labels;
    const int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(lh_labels_load(path, &fault, &labels), LH_EFORMAT);
    assert_non_null(strstr(fault.text, path));
    /* larger than any labels; sparse, so that it costs nothing */
    assert_int_equal(ftruncate(file, (off_t)LH_LABELS_MAX_BYTES + 1), 0);
    assert_int_equal(lh_labels_load(path, &fault, &labels), LH_ELIMIT);
    assert_non_null(strstr(fault.text, "larger than 16 MiB"));
    assert_int_equal(close(file), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(lh_labels_load(path, &fault, &labels), LH_ENOTFOUND);
    assert_non_null(strstr(fault.text, path));
    assert_int_equal(lh_labels_load("/tmp", &fault, &labels), LH_EFORMAT);
    assert_non_null(strstr(fault.text, "not a file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_label_says),
        cmocka_unit_test(test_every_mistake_is_named),
        cmocka_unit_test(test_names_with_dots_in_them_are_names),
        cmocka_unit_test(test_deep_nesting_is_refused),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
