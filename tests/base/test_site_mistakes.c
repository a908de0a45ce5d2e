#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/site.h"

#include "scratch.h"

/* One file and everything that must be said about it: "line:column words of the finding", one a line. */
struct mistake {
    const char *text;
    const char *expected;
};

#define CAMERA "cameras: [{id: a, url: x.mp4}]\n"

static const struct mistake mistakes[] = {
    /* YAML itself */
    {"", "1:1 the file says nothing"},
    {"# only a remark\n", "1:1 the file says nothing"},
    {"--- ~\n", "1:1 the file says nothing"},
    {"site: {name: x\n", "2:1 this is not YAML"},
    {"site:\n  name: x\n log:\n", "3:2 this is not YAML"},
    {"site:\n\tname: x\n", "2:1 not with tabs"},
    {"site: 'x\n", "2:1 this is not YAML"},
    {"site: {}\n---\nlog: {}\n", "2:1 a second document"},
    {"site: \x01\n", "1:7 this is not text in UTF-8"},
    {"site:\n  name: caf\xe9\n", "2:12 this is not text in UTF-8"},
    {"site:\n  name: \"a\\0b\"\n", "2:9 control character"},
    {"site:\n  name: \"a\\nb\"\n", "2:9 control character"},
    {"site:\n  name: |\n    two\n    lines\n", "2:9 control character"},
    {"[a, b]\n", "1:1 the site file must be a mapping"},
    {"just words\n", "1:1 the site file must be a mapping"},
    {"[[[[[[[[[[[[[[[[[\n", "1:17 nested more than 16 deep"},

    /* what YAML has and a site file has not */
    {"site: &s {name: x}\nlog: *s\n", "1:7 the anchor '&s'\n2:6 the alias '*s'"},
    {"camera_defaults: &d {enabled: true}\ncameras:\n  - <<: *d\n    id: a\n    url: x.mp4\n",
     "1:18 the anchor '&d'\n3:5 write what cameras share under 'groups'\n3:9 the alias '*d'"},
    {"site: {name: !!str 5}\n", "1:14 the tag"},
    {"{[a]: b}\n", "1:2 a key must be a plain word"},
    {"? {a: b}\n: c\nsite: {nam: x}\n",
     "1:3 a key must be a plain word\n3:8 unknown key 'nam'; did you mean 'name'?"},
    {"site: {name: a, area_code: 141122, name: b}\n",
     "1:36 'name' is given twice; the first is at line 1"},
    {"site: {name: a}\nlog: {}\nsite: {nam: b}\n",
     "3:1 'site' is given twice; the first is at line 1"},
    {"site: {name: a, name: b, name: c}\n",
     "1:17 'name' is given twice\n1:26 'name' is given twice"},

    /* poses */
    {"cameras:\n- id: a\n  url: x.mp4\n  pose: {latitude_deg: 91, longitude_deg: 111, "
     "azimuth_deg: .nan}\n",
     "4:9 this section 'pose' has no 'hfov_deg'\n4:24 'latitude_deg' must be between -90 and 90 "
     "degrees, not 91\n4:61 'azimuth_deg' must be a number, not '.nan'"},
    {"cameras:\n- id: a\n  url: x.mp4\n  pose: {latitude_deg: 1, longitude_deg: 1, azimuth_deg: 1, "
     "hfov_deg: 50, ground_m: sea, zooms: [{zoom: 1, hfov_deg: 9}, {zoom: 1, hfov_deg: 8}]}\n",
     "4:9 'zooms' must rise: entry 2 (1) is not above the one before (1)\n4:85 'ground_m' must be "
     "a number, not 'sea'"},
    {"cameras:\n- id: a\n  url: x.mp4\n  presets: [{name: n, azimuth_deg: 1}, {name: n, "
     "azimuth_deg: 2}, {azimuth_deg: 3}]\n",
     "2:3 two presets are called 'n'\n4:67 this preset has no 'name'"},

    /* keys */
    {"sites: {name: x}\n", "1:1 unknown key 'sites'; did you mean 'site'?"},
    {"camera_defaults:\n  watch_intervall_s: 5\n",
     "2:3 unknown key 'watch_intervall_s'; did you mean 'watch_interval_s'?"},
    {"log: {colour: true}\n",
     "1:7 unknown key 'colour' in section 'log'; the keys here are level, format"},
    {"cameras: [{id: a, url: x.mp4, paint_it: black}]\n",
     "1:31 unknown key 'paint_it' in camera; 'linhuo sample-config' lists them all"},
    {"camera_defaults: {id: a}\n", "1:19 unknown key 'id'"},
    {"groups: {g: {url: x.mp4}}\n", "1:14 unknown key 'url'"},
    {"\"si\\x1b[2Jte\": 1\n", "1:1 control character"},

    /* types and ranges */
    {"site: 5\n", "1:7 section 'site' must be a mapping of keys and values, not a single value"},
    {"site: [a]\n", "1:7 not a list"},
    {"site: {name: [a]}\n", "1:14 'name' must be a single value, not a list"},
    {"site: {name: {a: b}}\n", "1:14 'name' must be a single value, not a mapping"},
    {"site: {name: }\n", "1:14 'name' has no value"},
    {"site: {name: ~}\n", "1:14 'name' has no value"},
    {"site: {area_code: 14112}\n", "1:19 6 digits of a county"},
    {"site: {area_code: \"14112x\"}\n", "1:19 6 digits of a county"},
    {"site: {data_folder: ~/data}\n", "1:21 not expanded"},
    {"log: {level: wran}\n", "1:14 'level' cannot be 'wran'; did you mean 'warn'?"},
    {"log: {level: loud}\n", "1:14 'level' must be one of error|warn|info|debug|trace, not 'loud'"},
    {"log: {format: 5}\n", "1:15 'format' must be one of text|json"},
    {"detect: {threads: 1.5}\n", "1:19 'threads' must be a whole number, not '1.5'"},
    {"detect: {threads: 257}\n", "1:19 'threads' must be between 0 and 256, not 257"},
    {"detect: {threads: -1}\n", "1:19 'threads' must be between 0 and 256, not -1"},
    {"detect: {threads: 99999999999999999999}\n", "1:19 'threads' must be between 0 and 256"},
    {"detect: {plugin_folders: here}\n",
     "1:26 'plugin_folders' must be a list, not a single value"},
    {"detect: {plugin_folders: [[a]]}\n",
     "1:27 'plugin_folders' must be a single value, not a list"},
    {"tracks: {min_overlap: ten}\n", "1:23 'min_overlap' must be a number, not 'ten'"},
    {"tracks: {min_overlap: \"0.5\"}\n", "1:23 'min_overlap' must be a number without quotes"},
    {"tracks: {min_overlap: 0x1}\n", "1:23 must be a number"},
    {"tracks: {min_overlap: .nan}\n", "1:23 must be a number"},
    {"tracks: {min_overlap: nan}\n", "1:23 must be a number"},
    {"tracks: {max_gap_s: inf}\n", "1:21 must be a number"},
    {"tracks: {max_gap_s: 1e999}\n", "1:21 'max_gap_s' must be between 0.1 and 86400 s, not 1e999"},
    {"tracks: {max_gap_s: 1_0}\n", "1:21 must be a number"},
    {"tracks: {max_gap_s: 1:30}\n", "1:21 must be a number"},
    {"tracks: {max_gap_s: 10 s}\n", "1:21 must be a number, not '10 s'"},
    {"evidence: {enabled: yes}\n", "1:21 'enabled' must be true or false, not 'yes'"},
    {"evidence: {enabled: \"true\"}\n", "1:21 'enabled' must be true or false without quotes"},
    {"evidence: {jpeg_quality: 0}\n", "1:26 'jpeg_quality' must be between 1 and 100, not 0"},
    {"bus: {publish: 127.0.0.1:5570}\n", "1:16 'publish' must be 'tcp://ADDRESS:PORT'"},
    {"bus: {publish: 'tcp://127.0.0.1'}\n", "1:16 'publish' needs a port"},
    {"camera_defaults: {watch_interval_s: 5000}\n",
     "1:37 'watch_interval_s' must be between 0 and 3600 s, not 5000"},
    {"camera_defaults: {max_width_px: 15}\n", "1:33 between 16 and 16384 px, not 15"},
    {"camera_defaults: {transport: tpc}\n",
     "1:30 'transport' cannot be 'tpc'; did you mean 'tcp'?"},
    {"camera_defaults: {tls_ca_path: none.pem}\n", "1:32 'tls_ca_path' cannot be read from"},
    {"camera_defaults: {still_time_pattern: cam1}\n", "1:39 has no conversions for a date"},

    /* detectors */
    {"detectors: smoke_classic\n", "1:12 'detectors' must be a list, not a single value"},
    {"detectors: []\n", "1:12 'detectors' has 0 entries; it must have between 1 and 64"},
    {"detectors: [smoke_classic]\n", "1:13 detector must be a mapping"},
    {"detectors: [{name: x}]\n", "1:13 this detector has no 'plugin'"},
    {"detectors:\n  - plugin: a\n  - plugin: b\n    name: a\n",
     "3:5 the detector at line 2 is called 'a' too"},
    {"detectors: [{plugin: a b}]\n", "1:22 letters, digits"},
    {"detectors: [{plugin: a, settings: [x]}]\n", "1:35 'settings' must be a mapping, not a list"},
    {"detectors: [{plugin: a, settings: {k: [x]}}]\n",
     "1:39 'k' must be a single value, not a list"},
    {"detectors: [{plugin: a, settings: {k: 1, k: 2}}]\n", "1:42 'k' is given twice"},
    {"detectors: [{plugin: a, min_score: 1.5}]\n",
     "1:36 'min_score' must be between 0 and 1, not 1.5"},

    /* what does not fit together */
    {"tracks: {confirm_hits: 6}\n",
     "1:24 'confirm_hits' (6) must not be above 'confirm_window' (5)"},
    {"tracks: {confirm_window: 2}\n",
     "1:26 'confirm_hits' (3) must not be above 'confirm_window' (2)"},
    {"tracks: {confirm_score: 0.3, release_score: 0.5}\n",
     "1:45 'release_score' (0.5) must not be above"},
    {"fusion: {p1_probability: 0.5}\n",
     "1:26 'p2_probability' (0.7) must not be above 'p1_probability' (0.5)"},
    {"fusion: {p2_probability: 0.8, p3_probability: 0.85}\n",
     "1:47 'p3_probability' (0.85) must not be above"},
    {"camera_defaults: {reconnect_min_s: 70}\n",
     "1:36 'reconnect_min_s' (70 s) must not be above 'reconnect_max_s' (60 s)"},
    {"camera_defaults: {reconnect_min_s: 70, reconnect_max_s: x}\n", "1:57 must be a number"},
    {"camera_defaults: {reconnect_min_s: 70}\n" CAMERA,
     "1:36 'reconnect_min_s' (70 s) must not be above 'reconnect_max_s' (60 s)"},
    {"groups: {g: {reconnect_max_s: 0.5}}\ncameras:\n  - {id: a, url: x.mp4, group: g}\n"
     "  - {id: b, url: x.mp4, group: g, reconnect_min_s: 2}\n",
     "1:31 'reconnect_min_s' (1 s) must not be above 'reconnect_max_s' (0.5 s)\n"
     "4:52 'reconnect_min_s' (2 s) must not be above 'reconnect_max_s' (0.5 s)"},
    {"tracks: {max_gap_looks: 1}\n", "1:25 'max_gap_looks' must be between 2 and 1000, not 1"},
    {"camera_defaults: {still_time: name}\n", "1:31 needs a 'still_time_pattern'"},

    /* groups */
    {"groups: [a]\n", "1:9 'groups' must be a mapping of names"},
    {"groups: {a b: {}}\n", "1:10 the name of a group must be 1 to 64 letters"},
    {"groups: {a: 5}\n", "1:13 must be a mapping of keys and values"},
    {"groups: {mountain: {}}\ncameras: [{id: a, url: x.mp4, group: montain}]\n",
     "2:38 there is no group 'montain'; did you mean 'mountain'?"},
    {"groups: {mountain: {}}\ncameras: [{id: a, url: x.mp4, group: sea}]\n",
     "2:38 there is no group 'sea'"},
    {"cameras: [{id: a, url: x.mp4, group: sea}]\n", "1:38 this file has no 'groups'"},
    {"groups: {g: {detectors: [smoke]}}\n", "1:26 there is no detector 'smoke'"},

    /* cameras */
    {"cameras: {id: a, url: x.mp4}\n",
     "1:10 'cameras' must be a list, each entry beginning with '- '"},
    {"cameras: 5\n", "1:10 'cameras' must be a list"},
    {"cameras: [5]\n", "1:11 camera must be a mapping"},
    {"cameras:\n  - id: a\n", "2:5 this camera has no 'url'"},
    {"cameras:\n  - url: x.mp4\n", "2:5 this camera has no 'id'"},
    {"cameras:\n  - id: a\n    url: x.mp4\n  - id: a\n    url: y.mp4\n  - id: a\n    url: z.mp4\n",
     "4:5 the camera at line 2 has the id 'a' too\n6:5 the camera at line 2 has the id 'a' too"},
    {"cameras: [{id: a b, url: x.mp4}]\n",
     "1:16 'id' must be 1 to 64 letters, digits, '.', '_' or '-'"},
    {"cameras: [{id: a/b, url: x.mp4}]\n", "1:16 'id' must be"},
    {"cameras: [{id: \"\", url: x.mp4}]\n", "1:16 'id' must be"},
    {"cameras: [{id: a, url: }]\n", "1:24 'url' has no value"},
    {"cameras: [{id: a, url: \"\"}]\n", "1:24 'url' is empty"},
    {"cameras: [{id: a, url: 'ftp://h/x'}]\n", "1:24 'url' must begin with rtsp://"},
    {"cameras: [{id: a, url: 'rtsp://u:s3cret@h/x'}]\n", "1:24 'url' holds a user or password"},
    {"cameras: [{id: a, url: 'u:s3cret@h/x'}]\n", "1:24 'url' is neither an URL"},
    {"cameras: [{id: a, url: x.mp4, credentials: nowhere}]\n",
     "1:44 'credentials' cannot be read from"},
    {"cameras: [{id: a, url: x.mp4, detectors: smoke_classic}]\n",
     "1:42 'detectors' must be a list"},
    {"cameras: [{id: a, url: x.mp4, detectors: []}]\n", "1:42 'detectors' has 0 entries"},
    {"cameras: [{id: a, url: x.mp4, detectors: [smoke_clasic, flame_classic, flame_classic]}]\n",
     "1:43 there is no detector 'smoke_clasic'; did you mean 'smoke_classic'?\n"
     "1:72 detector 'flame_classic' is named twice"},
    {"cameras: [{id: a, url: x.mp4, masks: [{points: [[0,0],[1,1]]}]}]\n",
     "1:48 'points' has 2 corners; a polygon has at least 3"},
    {"cameras: [{id: a, url: x.mp4, masks: [{min_share: 1}]}]\n", "1:39 this mask has no 'points'"},
    {"cameras: [{id: a, url: x.mp4, masks: [{points: [[0,0],[1,1.01],[-0.1,1]]}]}]\n",
     "1:58 'points' must be between 0 and 1, not 1.01\n1:65 'points' must be between 0 and 1, not "
     "-0.1"},
    {"cameras: [{id: a, url: x.mp4, masks: [{points: [[0,0],[1],5]}]}]\n",
     "1:55 written [x, y]\n1:59 written [x, y]"},
    {"cameras: [{id: a, url: x.mp4, masks: {points: []}}]\n",
     "1:38 'masks' must be a list, not a mapping"},

    /* many at once, in the order of the file whatever the order of reading */
    {"cameras:\n"
     "  - {id: b, url: 'ftp://h', group: g, watch_interval_s: -1}\n"
     "  - {id: b}\n"
     "log: {level: 5}\n"
     "groups: {g: {enabled: 2}}\n"
     "detectors: [{plugin: a}, {plugin: a}]\n"
     "site: {name: [], x: y}\n"
     "wrong: 1\n",
     "2:18 'url' must begin\n"
     "2:57 'watch_interval_s' must be\n"
     "3:5 this camera has no 'url'\n"
     "3:5 has the id 'b' too\n"
     "4:14 'level' must be\n"
     "5:23 'enabled' must be\n"
     "6:26 is called 'a' too\n"
     "7:14 'name' must be\n"
     "7:18 unknown key 'x'\n"
     "8:1 unknown key 'wrong'"},
};

static void show(const struct mistake *mistake, const struct lh_findings *findings)
{
    print_message("--- the file\n%s\n--- expected\n%s\n--- said\n", mistake->text,
                  mistake->expected);
    for (size_t i = 0; i < findings->count; i++)
        print_message("%d:%d %s\n", findings->items[i].place.line, findings->items[i].place.column,
                      findings->items[i].text);
}

/* True where the findings are those expected, no more and no less. */
static int fits(const char *expected, const struct lh_findings *findings)
{
    size_t count = 0;
    while (*expected) {
        char line[300];
        int row;
        int column;
        int used;
        const size_t length = strcspn(expected, "\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)length, expected);
        if (sscanf(line, "%d:%d %n", &row, &column, &used) != 2 || count == findings->count)
            return 0;
        const struct lh_finding *finding = &findings->items[count++];
        if (finding->place.line != row || finding->place.column != column ||
            !strstr(finding->text, line + used) || strstr(finding->text, "s3cret"))
            return 0;
        expected += length + (expected[length] == '\n');
    }
    return count == findings->count;
}

static void every_mistake_is_named_at_its_place(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct lh_findings findings = {0};
        struct lh_site *site = NULL;
        const char *text = mistakes[i].text;
        const int code = lh_site_parse("/nowhere/site.yaml", text, strlen(text), &findings, &site);
        if (code != LH_ECONFIG || site || !fits(mistakes[i].expected, &findings)) {
            show(&mistakes[i], &findings);
            wrong++;
        }
        lh_findings_finish(&findings);
        lh_site_destroy(&site);
    }
    if (wrong > 0)
        fail_msg("%zu of %zu files", wrong, sizeof mistakes / sizeof mistakes[0]);
}

static void a_bad_secret_is_named_once_where_it_stands(void **state)
{
    struct scratch *scratch = *state;
    assert_non_null(scratch_write_text(scratch, "open", 0644, "user: u\npassword: s3cret\n"));
    assert_non_null(scratch_write_text(scratch, "odd", 0600, "u:s3cret\n"));
    static const struct mistake mistake = {
        "camera_defaults:\n  credentials: open\n"
        "cameras:\n  - {id: a, url: x.mp4}\n  - {id: b, url: x.mp4, credentials: odd}\n"
        "  - {id: c, url: x.mp4, credentials: .}\n",
        "2:16 'credentials' file\n5:38 expected the two lines\n6:38 is not a file"};
    char path[300];
    (void)snprintf(path, sizeof path, "%s/site.yaml", scratch->folder);
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    assert_int_equal(lh_site_parse(path, mistake.text, strlen(mistake.text), &findings, &site),
                     LH_ECONFIG);
    if (!fits(mistake.expected, &findings)) {
        show(&mistake, &findings);
        fail();
    }
    lh_findings_finish(&findings);
}

static void files_that_cannot_be_read_are_told_apart(void **state)
{
    struct scratch *scratch = *state;
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    assert_int_equal(lh_site_load("/nowhere/site.yaml", &findings, &site), LH_ENOTFOUND);
    assert_int_equal(lh_site_load(scratch->folder, &findings, &site), LH_EIO);
    assert_int_equal(findings.count, 0);

    const size_t size = ((size_t)16 << 20) + 1;
    char *large = malloc(size);
    assert_non_null(large);
    memset(large, '#', size);
    const char *path = scratch_write(scratch, "large.yaml", 0600, large, size);
    assert_non_null(path);
    assert_int_equal(lh_site_load(path, &findings, &site), LH_ECONFIG);
    assert_non_null(strstr(findings.items[0].text, "larger than 16 MiB"));
    lh_findings_finish(&findings);
    /* One byte less is read, and says nothing. */
    path = scratch_write(scratch, "large.yaml", 0600, large, size - 1);
    assert_int_equal(lh_site_load(path, &findings, &site), LH_ECONFIG);
    assert_non_null(strstr(findings.items[0].text, "says nothing"));
    lh_findings_finish(&findings);
    free(large);
    assert_null(site);
}

static void an_examined_site_is_what_could_be_read(void **state)
{
    struct scratch *scratch = *state;
    static const char text[] = "detectors: [{name: x}, {plugin: a, settings: {k: v}}]\n"
                               "cameras: [{id: a, url: 5 5, enabled: 3}, {id: b}]\nwrong: 1\n";
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    const char *path = scratch_write_text(scratch, "site.yaml", 0600, text);
    assert_int_equal(lh_site_examine(path, &findings, &site), LH_ECONFIG);
    assert_int_equal(findings.count, 4);
    assert_non_null(site);
    assert_int_equal(site->detector_count, 1);
    assert_string_equal(site->detectors[0].plugin, "a");
    assert_int_equal(site->detectors[0].setting_count, 1);
    assert_int_equal(site->camera_count, 2);
    assert_true(site->cameras[0].enabled);
    assert_string_equal(site->cameras[1].url, "");
    lh_site_destroy(&site);
    lh_findings_finish(&findings);

    path = scratch_write_text(scratch, "site.yaml", 0600, "{");
    assert_int_equal(lh_site_examine(path, &findings, &site), LH_ECONFIG);
    assert_null(site);
    lh_findings_finish(&findings);
}

static void noise_is_refused_in_one_sentence(void **state)
{
    (void)state;
    unsigned seed = 20261123;
    for (int round = 0; round < 200; round++) {
        unsigned char noise[4096];
        for (size_t i = 0; i < sizeof noise; i++) {
            seed = seed * 1103515245U + 12345U;
            noise[i] = (unsigned char)(seed >> 16);
        }
        struct lh_findings findings = {0};
        struct lh_site *site = NULL;
        assert_int_equal(
            lh_site_parse("noise", (const char *)noise, sizeof noise, &findings, &site),
            LH_ECONFIG);
        assert_int_equal(findings.count, 1);
        assert_true(findings.items[0].place.line >= 1);
        assert_null(site);
        lh_findings_finish(&findings);
    }
}

static int set_up(void **state)
{
    static struct scratch scratch;
    *state = &scratch;
    return scratch_create(&scratch);
}

static int tear_down(void **state)
{
    scratch_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_is_named_at_its_place),
        cmocka_unit_test(a_bad_secret_is_named_once_where_it_stands),
        cmocka_unit_test(files_that_cannot_be_read_are_told_apart),
        cmocka_unit_test(an_examined_site_is_what_could_be_read),
        cmocka_unit_test(noise_is_refused_in_one_sentence),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
