/* Duty rosters: who is on duty when, and files that are wrong. */
#include "locate/roster.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHINA 480

static int64_t at(const char *text)
{
    int64_t utc_us;
    assert_int_equal(lh_time_parse(text, &utc_us), LH_OK);
    return utc_us;
}

static struct lh_roster *parse(const char *text)
{
    struct lh_roster *roster = NULL;
    struct lh_findings findings = {0};
    if (lh_roster_parse(text, strlen(text), CHINA, &findings, &roster) != LH_OK)
        fail_msg("%s", findings.count ? findings.items[0].text : "?");
    lh_findings_finish(&findings);
    return roster;
}

/* The names on duty, joined by '+'; "gap" where the roster knows the role but nobody is; "?" unknown. */
static const char *who(const struct lh_roster *roster, const char *code, enum lh_role role,
                       const char *time)
{
    static char names[256];
    size_t duties[4];
    bool known;
    const size_t count = lh_roster_on_duty(roster, code, role, at(time), duties, 4, &known);
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? "+" : "",
                                 lh_roster_duty(roster, duties[i])->name);
    return count > 0 ? names : known ? "gap" : "?";
}

static void days_and_hours_are_the_sites(void **state)
{
    (void)state;
    struct lh_roster *roster =
        parse("duty:\n"
              "- {area: '141122104', role: officer, name: Day, days: [mon, tue, wed, thu, fri],\n"
              "   hours: '08:00-18:00'}\n"
              "- {area: '141122104', role: officer, name: Night, hours: '18:00-08:00',\n"
              "   from: 2026-11-01, to: 2026-11-30}\n");
    const char *code = "141122104201";
    /* a Tuesday */
    assert_string_equal(who(roster, code, LH_ROLE_OFFICER, "2026-11-24T08:00:00+08:00"), "Day");
    assert_string_equal(who(roster, code, LH_ROLE_OFFICER, "2026-11-24T07:59:59+08:00"), "Night");
    assert_string_equal(who(roster, code, LH_ROLE_OFFICER, "2026-11-24T09:59:59Z"), "Day");
    assert_string_equal(who(roster, code, LH_ROLE_OFFICER, "2026-11-24T10:00:00Z"), "Night");
    /* Saturday noon: nobody */
    assert_string_equal(who(roster, code, LH_ROLE_OFFICER, "2026-11-28T12:00:00+08:00"), "gap");
    /* the night of the 30th goes on to the next morning, that before the 1st does not begin */
    assert_string_equal(who(roster, code, LH_ROLE_OFFICER, "2026-12-01T07:00:00+08:00"), "Night");
    assert_string_equal(who(roster, code, LH_ROLE_OFFICER, "2026-11-01T07:00:00+08:00"), "gap");
    assert_string_equal(who(roster, code, LH_ROLE_OFFICER, "2026-12-01T18:00:00+08:00"), "gap");
    assert_string_equal(who(roster, code, LH_ROLE_RANGER, "2026-11-24T08:00:00+08:00"), "?");
    assert_string_equal(who(roster, "141122105", LH_ROLE_OFFICER, "2026-11-24T08:00:00+08:00"),
                        "?");
    lh_roster_destroy(&roster);
}

static void the_nearer_area_goes_first(void **state)
{
    (void)state;
    struct lh_roster *roster =
        parse("duty:\n"
              "- {area: '141122', role: desk, name: County}\n"
              "- {area: '141122', role: ranger, name: Anywhere}\n"
              "- {area: '141122104', role: ranger, name: Township}\n"
              "- {area: '141122104', role: ranger, name: Second}\n"
              "- {area: '141122104201', role: ranger, name: Village, hours: '08:00-09:00'}\n");
    const char *noon = "2026-11-24T12:00:00+08:00";
    const char *early = "2026-11-24T08:30:00+08:00";
    assert_string_equal(who(roster, "141122104201", LH_ROLE_RANGER, early), "Village");
    assert_string_equal(who(roster, "141122104201", LH_ROLE_RANGER, noon), "Township+Second");
    assert_string_equal(who(roster, "141122105", LH_ROLE_RANGER, noon), "Anywhere");
    assert_string_equal(who(roster, "141122105", LH_ROLE_DESK, noon), "County");
    assert_string_equal(who(roster, "140000", LH_ROLE_DESK, noon), "?");
    lh_roster_destroy(&roster);
}

static void local_time_is_told(void **state)
{
    (void)state;
    char text[LH_LOCAL_TEXT];
    assert_string_equal(lh_local_time_format(at("2026-11-24T16:05:00Z"), CHINA, text),
                        "2026-11-25 00:05 Wed");
    assert_string_equal(lh_local_time_format(at("1969-12-31T12:00:00Z"), 0, text),
                        "1969-12-31 12:00 Wed");
    assert_int_equal(lh_local_minute(at("2026-11-24T16:05:00Z"), CHINA), 5);
    assert_int_equal(lh_local_minute(at("1969-12-31T12:00:00Z"), 0), 720);
}

static void mistakes_are_found_where_they_are(void **state)
{
    static const struct {
        const char *text;
        int line;
        const char *words;
    } wrong[] = {
        {"", 1, "list under 'duty'"},
        {"duty: 3\n", 1, "list under 'duty'"},
        {"duty: []\nnights: []\n", 2, "'nights' is no key"},
        {"duty:\n- 7\n", 2, "a line is a mapping"},
        {"duty:\n- {role: desk, name: X}\n", 2, "'area' is missing"},
        {"duty:\n- {area: 1, role: desk}\n", 2, "'name' is missing"},
        {"duty:\n- {area: 1, name: X}\n", 2, "'role' must be"},
        {"duty:\n- {area: 1, role: cook, name: X}\n", 2, "'role' must be"},
        {"duty:\n- {area: 1, role: desk, nam: X}\n", 2, "did you mean 'name'"},
        {"duty:\n- {area: 1, role: desk, name: X, hours: '8-18'}\n", 2, "'hours' are such as"},
        {"duty:\n- {area: 1, role: desk, name: X, hours: '24:00-08:00'}\n", 2, "'hours'"},
        {"duty:\n- {area: 1, role: desk, name: X, hours: '08:00-08:00'}\n", 2, "'hours'"},
        {"duty:\n- {area: 1, role: desk, name: X, days: [monday]}\n", 2, "'days' is a list"},
        {"duty:\n- {area: 1, role: desk, name: X, days: []}\n", 2, "'days' is a list"},
        {"duty:\n- {area: 1, role: desk, name: X, from: yesterday}\n", 2, "are days such as"},
        {"duty:\n- {area: 1, role: desk, name: X, from: 2026-11-31}\n", 2, "are days such as"},
        {"duty:\n- {area: 1, role: desk, name: X, from: 2026-11-02, to: 2026-11-01}\n", 2,
         "'to' comes before"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct lh_findings findings = {0};
        struct lh_roster *roster = NULL;
        assert_int_equal(
            lh_roster_parse(wrong[i].text, strlen(wrong[i].text), CHINA, &findings, &roster),
            LH_ECONFIG);
        assert_null(roster);
        bool found = false;
        for (size_t j = 0; j < findings.count; j++)
            found |= findings.items[j].place.line == wrong[i].line &&
                     strstr(findings.items[j].text, wrong[i].words) != NULL;
        if (!found)
            fail_msg("nothing says '%s' of: %s", wrong[i].words, wrong[i].text);
        lh_findings_finish(&findings);
    }
}

static void a_file_that_is_not_there_is_said(void **state)
{
    (void)state;
    struct lh_findings findings = {0};
    struct lh_roster *roster = NULL;
    assert_int_equal(lh_roster_load("/nowhere/duty.yaml", CHINA, &findings, &roster), LH_ENOTFOUND);
    assert_int_equal(findings.count, 1);
    assert_non_null(strstr(findings.items[0].text, "/nowhere/duty.yaml"));
    lh_findings_finish(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_and_hours_are_the_sites),
        cmocka_unit_test(the_nearer_area_goes_first),
        cmocka_unit_test(local_time_is_told),
        cmocka_unit_test(mistakes_are_found_where_they_are),
        cmocka_unit_test(a_file_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
