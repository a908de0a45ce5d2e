/* Letters: envelopes, rights, and the account that the store keeps of them. */
#include "alarm/letter.h"
#include "alarm/store.h"
#include "sample.h"

#include <stdlib.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct lh_letter open_letter(const char *header, const char *key, int expected)
{
    const struct lh_bytes frames[] = {{header, strlen(header)}, {key, strlen(key)}, {"{}", 2}};
    struct lh_letter letter;
    struct lh_fault fault = {0};
    assert_int_equal(lh_letter_open(frames, 3, &fault, &letter), expected);
    return letter;
}

static void an_envelope_says_kind_and_sender(void **state)
{
    (void)state;
    struct lh_letter letter = open_letter("LH1 report Li Qiang", "key", LH_OK);
    assert_int_equal(letter.kind, LH_LETTER_REPORT);
    assert_string_equal(letter.sender, "Li Qiang");
    assert_int_equal(letter.body_size, 2);
    lh_letter_finish(&letter);
    assert_string_equal(letter.key, "");
    (void)open_letter("LH2 report Li", "key", LH_EABI);
    (void)open_letter("LH1 report ", "key", LH_EFORMAT);
    (void)open_letter("LH1 reports Li", "key", LH_EFORMAT);
}

static void only_the_right_key_proves_the_sender(void **state)
{
    (void)state;
    char li[] = "Li";
    char keyless[] = "keyless";
    struct lh_person_config people[] = {{.name = li, .key = "12345678", .reports = true},
                                        {.name = keyless, .reports = true}};
    const struct lh_site site = {.people = people, .person_count = 2};
    struct lh_letter letter = open_letter("LH1 report Li", "12345678", LH_OK);
    assert_ptr_equal(lh_letter_author(&letter, &site), &people[0]);
    assert_true(lh_person_may(&people[0], LH_LETTER_REPORT));
    assert_false(lh_person_may(&people[0], LH_LETTER_POSE));
    static const char *const wrong[] = {"", "1234567", "123456789", "12345678 "};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        letter = open_letter("LH1 report Li", wrong[i], LH_OK);
        assert_null(lh_letter_author(&letter, &site));
    }
    letter = open_letter("LH1 report keyless", "", LH_OK);
    assert_null(lh_letter_author(&letter, &site));
    letter = open_letter("LH1 report nobody", "", LH_OK);
    assert_null(lh_letter_author(&letter, &site));
}

static void what_was_accepted_is_known_after_a_restart(void **state)
{
    (void)state;
    char folder[256];
    struct lh_fault fault = {0};
    struct lh_store *store = NULL;
    bool accepted = true;
    assert_non_null(sample_folder(folder));
    assert_int_equal(lh_store_open(folder, &fault, &store), LH_OK);
    struct lh_audit audit = {.utc_us = SAMPLE_UTC_US,
                             .sender = "Li",
                             .kind = "report",
                             .reference = "r-1",
                             .reason = "no rights",
                             .body = "",
                             .attachment = ""};
    assert_int_equal(lh_store_put_audit(store, &audit, &fault), LH_OK);
    assert_int_equal(lh_store_was_accepted(store, "Li", "report", "r-1", &accepted), LH_OK);
    assert_false(accepted);
    audit.accepted = true;
    assert_int_equal(lh_store_put_audit(store, &audit, &fault), LH_OK);
    lh_store_close(&store);
    assert_int_equal(lh_store_open(folder, &fault, &store), LH_OK);
    assert_int_equal(lh_store_was_accepted(store, "Li", "report", "r-1", &accepted), LH_OK);
    assert_true(accepted);
    assert_int_equal(lh_store_was_accepted(store, "Wang", "report", "r-1", &accepted), LH_OK);
    assert_false(accepted);
    lh_store_close(&store);
    sample_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_envelope_says_kind_and_sender),
        cmocka_unit_test(only_the_right_key_proves_the_sender),
        cmocka_unit_test(what_was_accepted_is_known_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
