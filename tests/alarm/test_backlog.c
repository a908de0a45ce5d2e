#include "alarm/backlog.h"
#include "sample.h"

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct lh_event alarm_event(unsigned number, uint32_t revision, enum lh_alarm_state state,
                                   enum lh_priority priority)
{
    struct lh_event event = {.kind = LH_EVENT_ALARM, .alarm = sample_alarm()};
    (void)snprintf(event.alarm.id, sizeof event.alarm.id, "alarm-%u", number);
    event.alarm.revision = revision;
    event.alarm.state = state;
    event.alarm.priority = priority;
    return event;
}

static struct lh_event health_event(const char *camera, enum lh_health_state before,
                                    enum lh_health_state now)
{
    struct lh_event event = {
        .kind = LH_EVENT_HEALTH, .status = sample_camera_status(), .before = before};
    (void)snprintf(event.status.id, sizeof event.status.id, "%s", camera);
    event.status.health = now;
    return event;
}

static bool push(struct lh_backlog *backlog, struct lh_event event, struct lh_event *dropped)
{
    bool has_dropped = false;
    assert_int_equal(lh_backlog_push(backlog, &event, &has_dropped, dropped), LH_OK);
    return has_dropped;
}

static void expect(struct lh_backlog *backlog, const char *id, uint32_t revision,
                   enum lh_alarm_state state)
{
    const struct lh_event *event = lh_backlog_first(backlog);
    assert_non_null(event);
    assert_string_equal(event->alarm.id, id);
    assert_int_equal(event->alarm.revision, revision);
    assert_int_equal(event->alarm.state, state);
    lh_backlog_remove_first(backlog);
}

static void order_is_kept(void **state)
{
    (void)state;
    struct lh_backlog *backlog = NULL;
    assert_int_equal(lh_backlog_create(10, &backlog), LH_OK);
    assert_null(lh_backlog_first(backlog));
    for (unsigned i = 0; i < 10; i++)
        assert_false(push(backlog, alarm_event(i % 2, i, LH_ALARM_UPDATED, LH_PRIORITY_P2), NULL));
    assert_int_equal(lh_backlog_count(backlog), 10);
    for (unsigned i = 0; i < 10; i++)
        expect(backlog, i % 2 ? "alarm-1" : "alarm-0", i, LH_ALARM_UPDATED);
    assert_null(lh_backlog_first(backlog));
    lh_backlog_remove_first(backlog);
    lh_backlog_destroy(&backlog);
    assert_null(backlog);
    lh_backlog_destroy(&backlog);
}

static void a_full_backlog_keeps_the_newest_of_each(void **state)
{
    (void)state;
    struct lh_backlog *backlog = NULL;
    assert_int_equal(lh_backlog_create(4, &backlog), LH_OK);
    push(backlog, alarm_event(1, 1, LH_ALARM_RAISED, LH_PRIORITY_P2), NULL);
    push(backlog, alarm_event(2, 1, LH_ALARM_RAISED, LH_PRIORITY_P2), NULL);
    push(backlog, alarm_event(1, 2, LH_ALARM_UPDATED, LH_PRIORITY_P2), NULL);
    push(backlog, alarm_event(1, 3, LH_ALARM_UPDATED, LH_PRIORITY_P2), NULL);
    push(backlog, alarm_event(2, 2, LH_ALARM_ENDED, LH_PRIORITY_P2), NULL);  /* 1's first goes */
    push(backlog, alarm_event(3, 1, LH_ALARM_RAISED, LH_PRIORITY_P3), NULL); /* 2's first goes */
    assert_int_equal(lh_backlog_count(backlog), 4);
    assert_int_equal(lh_backlog_thinned(backlog), 2);
    expect(backlog, "alarm-1", 2, LH_ALARM_RAISED); /* took over the word */
    expect(backlog, "alarm-1", 3, LH_ALARM_UPDATED);
    expect(backlog, "alarm-2", 2, LH_ALARM_ENDED);
    expect(backlog, "alarm-3", 1, LH_ALARM_RAISED);
    lh_backlog_destroy(&backlog);
}

static void the_least_important_is_dropped_where_nothing_can_be_thinned(void **state)
{
    (void)state;
    struct lh_backlog *backlog = NULL;
    struct lh_event dropped;
    assert_int_equal(lh_backlog_create(3, &backlog), LH_OK);
    push(backlog, alarm_event(1, 1, LH_ALARM_KEPT, LH_PRIORITY_NONE), NULL);
    push(backlog, alarm_event(2, 1, LH_ALARM_RAISED, LH_PRIORITY_P3), NULL);
    push(backlog, health_event("a", LH_HEALTH_SEEING, LH_HEALTH_FROZEN), NULL);
    assert_true(push(backlog, alarm_event(3, 1, LH_ALARM_RAISED, LH_PRIORITY_P1), &dropped));
    assert_int_equal(dropped.kind, LH_EVENT_HEALTH);
    assert_true(push(backlog, alarm_event(4, 1, LH_ALARM_RAISED, LH_PRIORITY_P2), &dropped));
    assert_string_equal(dropped.alarm.id, "alarm-1");
    assert_true(push(backlog, alarm_event(5, 1, LH_ALARM_RAISED, LH_PRIORITY_P1), &dropped));
    assert_string_equal(dropped.alarm.id, "alarm-2");
    assert_true(push(backlog, alarm_event(6, 1, LH_ALARM_RAISED, LH_PRIORITY_P3), &dropped));
    assert_string_equal(dropped.alarm.id, "alarm-6"); /* itself, the least of all */
    expect(backlog, "alarm-3", 1, LH_ALARM_RAISED);
    expect(backlog, "alarm-4", 1, LH_ALARM_RAISED);
    expect(backlog, "alarm-5", 1, LH_ALARM_RAISED);
    assert_null(lh_backlog_first(backlog));
    lh_backlog_destroy(&backlog);
}

static void thinned_news_of_health_still_says_what_was_before(void **state)
{
    (void)state;
    struct lh_backlog *backlog = NULL;
    assert_int_equal(lh_backlog_create(1, &backlog), LH_OK);
    push(backlog, health_event("a", LH_HEALTH_SEEING, LH_HEALTH_FROZEN), NULL);
    assert_false(push(backlog, health_event("a", LH_HEALTH_FROZEN, LH_HEALTH_BLACK), NULL));
    assert_int_equal(lh_backlog_first(backlog)->before, LH_HEALTH_SEEING);
    assert_int_equal(lh_backlog_first(backlog)->status.health, LH_HEALTH_BLACK);
    lh_backlog_destroy(&backlog);
}

static void a_long_run_of_pushes_stays_within_the_limit(void **state)
{
    (void)state;
    struct lh_backlog *backlog = NULL;
    uint32_t newest[20] = {0};
    assert_int_equal(lh_backlog_create(100, &backlog), LH_OK);
    for (unsigned i = 0; i < 5000; i++) {
        const unsigned number = (i * 7919U) % 20;
        newest[number] = i + 1;
        assert_false(
            push(backlog, alarm_event(number, i + 1, LH_ALARM_UPDATED, LH_PRIORITY_P2), NULL));
        assert_true(lh_backlog_count(backlog) <= 100);
    }
    uint32_t before = 0;
    uint32_t last[20] = {0};
    const struct lh_event *event;
    while ((event = lh_backlog_first(backlog))) {
        unsigned number = 0;
        assert_int_equal(sscanf(event->alarm.id, "alarm-%u", &number), 1);
        assert_true(event->alarm.revision > before);
        before = last[number] = event->alarm.revision;
        lh_backlog_remove_first(backlog);
    }
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(last[i], newest[i]);
    lh_backlog_destroy(&backlog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_kept),
        cmocka_unit_test(a_full_backlog_keeps_the_newest_of_each),
        cmocka_unit_test(the_least_important_is_dropped_where_nothing_can_be_thinned),
        cmocka_unit_test(thinned_news_of_health_still_says_what_was_before),
        cmocka_unit_test(a_long_run_of_pushes_stays_within_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
