#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/queue.h"
#include "base/thread.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static int dropped_items;

static void count_drop(void *item)
{
    (void)item;
    dropped_items++;
}

static char items[16];

static void push_ok(struct lh_queue *queue, int index, size_t bytes)
{
    assert_int_equal(lh_queue_push(queue, &items[index], bytes, 0), LH_OK);
}

static int pop_index(struct lh_queue *queue)
{
    void *item = NULL;
    const int code = lh_queue_pop(queue, 0, &item);
    return code == LH_OK ? (int)((char *)item - items) : code;
}

static struct lh_queue *create(struct lh_queue_options options)
{
    struct lh_queue *queue = NULL;
    dropped_items = 0;
    options.drop = count_drop;
    assert_int_equal(lh_queue_create(&options, &queue), LH_OK);
    return queue;
}

static void live_drops_the_oldest(void **state)
{
    (void)state;
    struct lh_queue *queue =
        create((struct lh_queue_options){.policy = LH_QUEUE_LIVE, .max_count = 3});
    for (int i = 0; i < 5; i++)
        push_ok(queue, i, 10);
    assert_int_equal(dropped_items, 2);
    assert_int_equal(pop_index(queue), 2);
    assert_int_equal(pop_index(queue), 3);
    const struct lh_queue_counts counts = lh_queue_counts(queue);
    assert_int_equal(counts.pushed, 5);
    assert_int_equal(counts.popped, 2);
    assert_int_equal(counts.dropped, 2);
    assert_int_equal(counts.depth, 1);
    assert_int_equal(counts.bytes, 10);
    lh_queue_destroy(&queue);
    assert_int_equal(dropped_items, 3);
    assert_null(queue);
    lh_queue_destroy(&queue);
}

static void bytes_are_bounded_too(void **state)
{
    (void)state;
    struct lh_queue *queue = create(
        (struct lh_queue_options){.policy = LH_QUEUE_LIVE, .max_count = 10, .max_bytes = 100});
    push_ok(queue, 0, 60);
    push_ok(queue, 1, 40);
    assert_int_equal(dropped_items, 0);
    push_ok(queue, 2, 30);
    assert_int_equal(dropped_items, 1);
    assert_int_equal(lh_queue_counts(queue).bytes, 70);
    push_ok(queue, 3, 1000); /* larger than the bound: alone */
    assert_int_equal(lh_queue_counts(queue).depth, 1);
    assert_int_equal(pop_index(queue), 3);
    assert_int_equal(lh_queue_counts(queue).bytes, 0);
    lh_queue_destroy(&queue);
}

static void old_items_go(void **state)
{
    (void)state;
    struct lh_clock *clock = NULL;
    assert_int_equal(lh_clock_replay_create(0, &clock), LH_OK);
    struct lh_queue *queue = create((struct lh_queue_options){
        .policy = LH_QUEUE_LIVE, .max_count = 10, .max_age_us = 2 * LH_SECOND_US, .clock = clock});
    push_ok(queue, 0, 1);
    lh_clock_replay_set(clock, LH_SECOND_US);
    push_ok(queue, 1, 1);
    lh_clock_replay_set(clock, 2 * LH_SECOND_US);
    assert_int_equal(lh_queue_counts(queue).depth, 2);
    lh_clock_replay_set(clock, 2 * LH_SECOND_US + 1);
    assert_int_equal(pop_index(queue), 1);
    push_ok(queue, 2, 1);
    lh_clock_replay_set(clock, 60 * LH_SECOND_US);
    assert_int_equal(pop_index(queue), LH_ETIMEOUT);
    assert_int_equal(dropped_items, 2);
    assert_int_equal(lh_queue_counts(queue).dropped, 2);
    lh_queue_destroy(&queue);
    lh_clock_replay_destroy(&clock);
}

static void replay_never_drops(void **state)
{
    (void)state;
    struct lh_queue *queue =
        create((struct lh_queue_options){.policy = LH_QUEUE_REPLAY, .max_count = 2});
    push_ok(queue, 0, 1);
    push_ok(queue, 1, 1);
    assert_int_equal(lh_queue_push(queue, &items[2], 1, 0), LH_ETIMEOUT);
    assert_int_equal(lh_queue_push(queue, &items[2], 1, 2000), LH_ETIMEOUT);
    assert_int_equal(pop_index(queue), 0);
    push_ok(queue, 3, 1);
    assert_int_equal(pop_index(queue), 1);
    assert_int_equal(pop_index(queue), 3);
    assert_int_equal(dropped_items, 0);
    lh_queue_destroy(&queue);
}

static void closing_lets_readers_drain(void **state)
{
    (void)state;
    struct lh_queue *queue =
        create((struct lh_queue_options){.policy = LH_QUEUE_REPLAY, .max_count = 4});
    push_ok(queue, 0, 1);
    lh_queue_close(queue);
    assert_int_equal(lh_queue_push(queue, &items[1], 1, -1), LH_ECLOSED);
    assert_int_equal(pop_index(queue), 0);
    assert_int_equal(pop_index(queue), LH_ECLOSED);
    lh_queue_destroy(&queue);
    assert_int_equal(dropped_items, 0);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    struct lh_queue *queue = NULL;
    const struct lh_queue_options none = {.policy = LH_QUEUE_LIVE};
    assert_int_equal(lh_queue_create(&none, &queue), LH_EINVAL);
    assert_null(queue);
}

static void a_bell_rings_for_many_queues(void **state)
{
    (void)state;
    struct lh_bell *bell = NULL;
    assert_int_equal(lh_bell_create(&bell), LH_OK);
    struct lh_queue *one =
        create((struct lh_queue_options){.policy = LH_QUEUE_LIVE, .max_count = 2, .bell = bell});
    struct lh_queue *two =
        create((struct lh_queue_options){.policy = LH_QUEUE_LIVE, .max_count = 2, .bell = bell});
    assert_int_equal(lh_bell_wait(bell, 0), LH_ETIMEOUT);
    push_ok(one, 0, 1);
    push_ok(two, 1, 1);
    assert_int_equal(lh_bell_wait(bell, 0), LH_OK);
    assert_int_equal(lh_bell_wait(bell, 1000), LH_ETIMEOUT);
    lh_queue_close(two);
    assert_int_equal(lh_bell_wait(bell, -1), LH_OK);
    lh_queue_destroy(&one);
    lh_queue_destroy(&two);
    lh_bell_destroy(&bell);
    assert_null(bell);
    lh_bell_destroy(&bell);
}

/* ---- where threads meet ---- */

#define WRITERS 3
#define READERS 2
#define EACH 2000

struct traffic {
    struct lh_queue *queue;
    struct lh_bell *bell;
    atomic_ulong sum;
    atomic_ulong got;
};

static void write_numbers(void *argument)
{
    struct traffic *traffic = argument;
    for (uintptr_t i = 1; i <= EACH; i++) {
        if (lh_queue_push(traffic->queue, (void *)i, 1, -1) != LH_OK)
            return;
    }
}

static void read_numbers(void *argument)
{
    struct traffic *traffic = argument;
    void *item = NULL;
    while (lh_queue_pop(traffic->queue, -1, &item) == LH_OK) {
        atomic_fetch_add(&traffic->sum, (unsigned long)(uintptr_t)item);
        atomic_fetch_add(&traffic->got, 1);
    }
}

static void nothing_is_lost_between_threads(void **state)
{
    (void)state;
    struct traffic traffic = {0};
    const struct lh_queue_options options = {.policy = LH_QUEUE_REPLAY, .max_count = 4};
    assert_int_equal(lh_queue_create(&options, &traffic.queue), LH_OK);
    struct lh_thread writers[WRITERS] = {0};
    struct lh_thread readers[READERS] = {0};
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(lh_thread_start(&readers[i], "reader", read_numbers, &traffic), LH_OK);
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(lh_thread_start(&writers[i], "writer", write_numbers, &traffic), LH_OK);
    for (size_t i = 0; i < WRITERS; i++)
        lh_thread_join(&writers[i]);
    lh_queue_close(traffic.queue);
    for (size_t i = 0; i < READERS; i++)
        lh_thread_join(&readers[i]);
    assert_int_equal(atomic_load(&traffic.got), WRITERS * EACH);
    assert_int_equal(atomic_load(&traffic.sum), WRITERS * (unsigned long)EACH * (EACH + 1) / 2);
    assert_int_equal(lh_queue_counts(traffic.queue).dropped, 0);
    lh_queue_destroy(&traffic.queue);
}

static void a_live_writer_never_waits(void **state)
{
    (void)state;
    struct traffic traffic = {0};
    const struct lh_queue_options options = {.policy = LH_QUEUE_LIVE, .max_count = 4};
    assert_int_equal(lh_queue_create(&options, &traffic.queue), LH_OK);
    struct lh_thread writer = {0};
    struct lh_thread reader = {0};
    assert_int_equal(lh_thread_start(&reader, "reader", read_numbers, &traffic), LH_OK);
    assert_int_equal(lh_thread_start(&writer, "writer", write_numbers, &traffic), LH_OK);
    lh_thread_join(&writer);
    lh_queue_close(traffic.queue);
    lh_thread_join(&reader);
    const struct lh_queue_counts counts = lh_queue_counts(traffic.queue);
    assert_int_equal(counts.pushed, EACH);
    assert_int_equal(counts.popped + counts.dropped, EACH);
    assert_int_equal(counts.popped, atomic_load(&traffic.got));
    lh_queue_destroy(&traffic.queue);
}

static void block_on_push(void *argument)
{
    struct traffic *traffic = argument;
    if (lh_queue_push(traffic->queue, traffic, 1, -1) == LH_ECLOSED)
        atomic_fetch_add(&traffic->got, 1);
    lh_bell_ring(traffic->bell);
}

static void closing_wakes_a_waiting_writer(void **state)
{
    (void)state;
    struct traffic traffic = {0};
    const struct lh_queue_options options = {.policy = LH_QUEUE_REPLAY, .max_count = 1};
    assert_int_equal(lh_queue_create(&options, &traffic.queue), LH_OK);
    assert_int_equal(lh_bell_create(&traffic.bell), LH_OK);
    push_ok(traffic.queue, 0, 1);
    struct lh_thread writer = {0};
    assert_int_equal(lh_thread_start(&writer, "writer", block_on_push, &traffic), LH_OK);
    assert_int_equal(lh_bell_wait(traffic.bell, 20000), LH_ETIMEOUT); /* it waits */
    lh_queue_close(traffic.queue);
    assert_int_equal(lh_bell_wait(traffic.bell, 10 * LH_SECOND_US), LH_OK);
    lh_thread_join(&writer);
    assert_int_equal(atomic_load(&traffic.got), 1);
    lh_queue_destroy(&traffic.queue);
    lh_bell_destroy(&traffic.bell);
}

static void a_pop_waits_as_long_as_it_was_told(void **state)
{
    (void)state;
    struct lh_queue *queue =
        create((struct lh_queue_options){.policy = LH_QUEUE_LIVE, .max_count = 1});
    const int64_t before_us = lh_clock_monotonic_us(lh_clock_system());
    void *item = &items[5];
    assert_int_equal(lh_queue_pop(queue, 50000, &item), LH_ETIMEOUT);
    assert_true(lh_clock_monotonic_us(lh_clock_system()) - before_us >= 50000);
    assert_ptr_equal(item, &items[5]);
    lh_queue_destroy(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_drops_the_oldest),
        cmocka_unit_test(bytes_are_bounded_too),
        cmocka_unit_test(old_items_go),
        cmocka_unit_test(replay_never_drops),
        cmocka_unit_test(closing_lets_readers_drain),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(a_bell_rings_for_many_queues),
        cmocka_unit_test(nothing_is_lost_between_threads),
        cmocka_unit_test(a_live_writer_never_waits),
        cmocka_unit_test(closing_wakes_a_waiting_writer),
        cmocka_unit_test(a_pop_waits_as_long_as_it_was_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
