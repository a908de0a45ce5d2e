#include "duty.h"
#include "frames.h"
#include "sample.h"

#include <jansson.h>
#include <sys/stat.h>
#include <zmq.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOW_US (SAMPLE_UTC_US + 300 * LH_SECOND_US)
#define MOST 300

/* A desk with a replay clock, a store in a folder of its own, and what it told its listener. */
struct bench {
    struct sample_site site;
    char folder[256];
    struct lh_clock *clock;
    struct lh_store *store;
    struct lh_publisher *publisher;
    struct lh_album *evidence;
    struct lh_frame_pool *pool;
    struct lh_duty *duty;
    struct lh_desk *desk; /* the duty's */
    size_t count;
    struct lh_alarm alarms[MOST];
    char *json[MOST];
};

static void on_alarm(void *context, const struct lh_alarm *alarm, const char *topic,
                     const char *json)
{
    struct bench *bench = context;
    char wanted[LH_TOPIC];
    lh_topic_alarm(alarm, wanted);
    assert_string_equal(topic, wanted);
    assert_true(bench->count < MOST);
    bench->alarms[bench->count] = *alarm;
    bench->json[bench->count] = strdup(json);
    assert_non_null(bench->json[bench->count]);
    bench->count++;
}

enum with {
    WITH_STORE = 1,
    WITH_PUBLISHER = 2,
    WITH_EVIDENCE = 4,
};

static void open_desk(struct bench *bench, size_t backlog_limit)
{
    const struct lh_duty_options options = {
        .desk = {.site = &bench->site.site,
                 .clock = bench->clock,
                 .epoch = "replay",
                 .store = bench->store,
                 .publisher = bench->publisher,
                 .album = bench->evidence,
                 .on_alarm = on_alarm,
                 .context = bench,
                 .backlog_limit = backlog_limit},
    };
    struct lh_fault fault = {0};
    assert_int_equal(lh_duty_create(&options, &fault, &bench->duty), LH_OK);
    bench->desk = lh_duty_desk(bench->duty);
}

static struct bench *bench_create(int with, size_t backlog_limit)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct lh_fault fault = {0};
    assert_non_null(bench);
    sample_site_init(&bench->site);
    bench->site.site.evidence = (struct lh_evidence_config){.enabled = true,
                                                            .max_age_days = 1e6,
                                                            .max_size_mib = 100,
                                                            .jpeg_quality = 80,
                                                            .crop_margin = 0.5};
    assert_non_null(sample_folder(bench->folder));
    assert_int_equal(lh_clock_replay_create(NOW_US, &bench->clock), LH_OK);
    assert_int_equal(lh_frame_pool_create(4, &bench->pool), LH_OK);
    if (with & WITH_STORE)
        assert_int_equal(lh_store_open(bench->folder, &fault, &bench->store), LH_OK);
    if (with & WITH_PUBLISHER)
        assert_int_equal(lh_publisher_create(&bench->site.site.bus, &fault, &bench->publisher),
                         LH_OK);
    if (with & WITH_EVIDENCE)
        assert_int_equal(
            lh_album_create(&bench->site.site.evidence, bench->folder, &fault, &bench->evidence),
            LH_OK);
    open_desk(bench, backlog_limit);
    return bench;
}

static void bench_destroy(struct bench *bench)
{
    lh_duty_destroy(&bench->duty);
    assert_null(bench->duty);
    lh_publisher_destroy(&bench->publisher);
    lh_album_destroy(&bench->evidence);
    lh_store_close(&bench->store);
    lh_frame_pool_destroy(&bench->pool);
    lh_clock_replay_destroy(&bench->clock);
    for (size_t i = 0; i < bench->count; i++)
        free(bench->json[i]);
    sample_folder_remove(bench->folder);
    free(bench);
}

static void pass(struct bench *bench, double seconds)
{
    lh_clock_replay_set(bench->clock,
                        lh_clock_utc_us(bench->clock) + (int64_t)(seconds * (double)LH_SECOND_US));
}

static void feed_track(struct bench *bench, enum lh_track_event_type type, struct lh_track track)
{
    struct lh_frame *frame = NULL;
    track.last_utc_us = lh_clock_utc_us(bench->clock); /* seen just now */
    if (type != LH_TRACK_LOST) {
        frame = sample_frame(bench->pool, bench->site.camera.id, lh_clock_utc_us(bench->clock));
        assert_non_null(frame);
    }
    const struct lh_desk_input input = {
        .type = type, .track = track, .camera = &bench->site.camera, .frame = frame};
    assert_int_equal(lh_duty_track(bench->duty, &input), LH_OK);
    lh_frame_unref(&frame);
}

static void feed(struct bench *bench, enum lh_track_event_type type, uint64_t id, float score)
{
    feed_track(bench, type, sample_track(id, score));
}

/* A person who is trusted says that it is a fire, about the alarm that was told last. */
static void confirm(struct bench *bench)
{
    const int64_t now_us = lh_clock_utc_us(bench->clock);
    struct lh_evidence word = {.kind = LH_EVIDENCE_REPORT,
                               .source = "ranger Li",
                               .reference = "r1",
                               .first_utc_us = now_us,
                               .observed_utc_us = now_us,
                               .received_utc_us = now_us,
                               .report = {.word = LH_REPORT_FIRE, .trusted = true}};
    (void)snprintf(word.report.about, sizeof word.report.about, "%s",
                   bench->alarms[bench->count - 1].id);
    assert_int_equal(lh_duty_evidence(bench->duty, &word), LH_OK);
}

static void expect(const struct bench *bench, size_t index, enum lh_alarm_state state,
                   enum lh_priority priority, uint32_t revision)
{
    assert_true(index < bench->count);
    assert_int_equal(bench->alarms[index].state, state);
    assert_int_equal(bench->alarms[index].priority, priority);
    assert_int_equal(bench->alarms[index].revision, revision);
    json_t *root = json_loads(bench->json[index], 0, NULL);
    assert_non_null(root);
    assert_int_equal(json_integer_value(json_object_get(root, "sequence")), index + 1);
    assert_string_equal(json_string_value(json_object_get(root, "epoch")), "replay");
    json_decref(root);
}

static void an_alarm_is_raised_updated_and_ended(void **state)
{
    (void)state;
    struct bench *bench = bench_create(WITH_STORE, 0);
    feed(bench, LH_TRACK_RAISED, 1, 0.75F);
    feed(bench, LH_TRACK_UPDATED, 1, 0.75F);
    pass(bench, 9.9);
    feed(bench, LH_TRACK_UPDATED, 1, 0.75F); /* too soon */
    assert_int_equal(bench->count, 1);
    pass(bench, 0.1);
    feed(bench, LH_TRACK_UPDATED, 1, 0.5F);
    pass(bench, 1);
    feed(bench, LH_TRACK_LOST, 1, 0.3F);
    assert_int_equal(bench->count, 3);
    expect(bench, 0, LH_ALARM_RAISED, LH_PRIORITY_P2, 1);
    expect(bench, 1, LH_ALARM_UPDATED, LH_PRIORITY_P2, 2); /* never falls */
    expect(bench, 2, LH_ALARM_ENDED, LH_PRIORITY_P2, 3);
    assert_string_equal(bench->alarms[0].id, "141122.20160604T184200.000Z.camera.260a2906");
    assert_string_equal(bench->alarms[2].detectors, "smoke_a");
    assert_string_equal(bench->alarms[2].camera_name, "北山 tower");
    assert_int_equal(bench->alarms[2].picture_width_px, 640);
    assert_int_equal(bench->alarms[2].raised_utc_us, NOW_US);
    assert_int_equal(bench->alarms[2].updated_utc_us, NOW_US + 11 * LH_SECOND_US);
    feed(bench, LH_TRACK_LOST, 1, 0.3F); /* not known any more */
    const struct lh_desk_counts counts = lh_desk_counts(bench->desk);
    assert_int_equal(counts.raised, 1);
    assert_int_equal(counts.published, 3);
    assert_int_equal(counts.ended, 1);
    assert_int_equal(counts.open, 0);
    assert_int_equal(counts.kept, 0);
    bench_destroy(bench);
}

static void a_rise_of_priority_does_not_wait(void **state)
{
    (void)state;
    struct bench *bench = bench_create(WITH_STORE, 0);
    feed(bench, LH_TRACK_RAISED, 1, 0.45F);
    pass(bench, 0.5);
    feed(bench, LH_TRACK_UPDATED, 1, 0.71F);
    pass(bench, 0.5);
    confirm(bench);
    pass(bench, 0.5);
    feed(bench, LH_TRACK_UPDATED, 1, 0.99F);
    assert_int_equal(bench->count, 3);
    expect(bench, 0, LH_ALARM_RAISED, LH_PRIORITY_P3, 1);
    expect(bench, 1, LH_ALARM_UPDATED, LH_PRIORITY_P2, 2);
    expect(bench, 2, LH_ALARM_UPDATED, LH_PRIORITY_P1, 3);
    bench_destroy(bench);
}

static int count_kept(void *context, uint64_t sequence, const char *epoch, const char *topic,
                      const char *json)
{
    (void)epoch;
    size_t *count = context;
    ++*count;
    assert_int_equal(sequence, *count);
    assert_string_equal(topic, "alarm/none/141122/");
    assert_non_null(strstr(json, "\"stream\":\"kept\""));
    assert_non_null(strstr(json, "\"priority\":\"none\""));
    return 0;
}

static void a_weak_one_is_kept_and_raised_when_it_grows(void **state)
{
    (void)state;
    struct bench *bench = bench_create(WITH_STORE | WITH_EVIDENCE, 0);
    feed(bench, LH_TRACK_RAISED, 1, 0.3F);
    feed(bench, LH_TRACK_RAISED, 2, 0.2F);
    pass(bench, 11);
    feed(bench, LH_TRACK_UPDATED, 1, 0.35F);
    feed(bench, LH_TRACK_LOST, 2, 0.2F);
    assert_int_equal(bench->count, 0);
    assert_int_equal(lh_desk_counts(bench->desk).open, 0);
    assert_int_equal(lh_desk_counts(bench->desk).kept, 2);
    size_t kept = 0;
    assert_int_equal(lh_store_events(bench->store, "kept", 0, count_kept, &kept), LH_OK);
    assert_int_equal(kept, 4);
    pass(bench, 1);
    feed(bench, LH_TRACK_UPDATED, 1, 0.6F);
    assert_int_equal(bench->count, 1);
    expect(bench, 0, LH_ALARM_RAISED, LH_PRIORITY_P3, 3);
    assert_int_equal(bench->alarms[0].raised_utc_us, NOW_US + 12 * LH_SECOND_US);
    assert_int_equal(lh_desk_counts(bench->desk).open, 1);
    bench_destroy(bench);
}

static int check_held(void *context, uint64_t sequence, const char *epoch, const char *topic,
                      const char *json)
{
    (void)epoch;
    size_t *count = context;
    assert_int_equal(sequence, ++*count);
    if (*count == 1) { /* an alarm below every priority shares the stream */
        assert_string_equal(topic, "alarm/none/141122/");
        return 0;
    }
    json_t *root = json_loads(json, 0, NULL);
    assert_non_null(root);
    assert_string_equal(topic, "held/tower-1/");
    assert_string_equal(json_string_value(json_object_get(root, "schema")), "linhuo/held/1");
    assert_string_equal(json_string_value(json_object_get(root, "held")), "budget");
    assert_true(json_number_value(json_object_get(root, "score")) == 0.45);
    assert_true(json_number_value(json_object_get(root, "raw_score")) == 0.55);
    assert_non_null(strstr(json, "\"opinion\":\"not verified: seen in one picture only\""));
    json_decref(root);
    return 0;
}

static void a_track_held_back_is_on_record_and_no_alarm(void **state)
{
    (void)state;
    struct bench *bench = bench_create(WITH_STORE | WITH_EVIDENCE, 0);
    struct lh_track track = sample_track(2, 0.45F);
    track.state = LH_TRACK_TENTATIVE;
    track.confirmed_utc_us = LH_NO_TIME;
    track.held = LH_HELD_BUDGET;
    track.raw_score = 0.55F;
    track.opinion.state = LH_OPINION_ONE_LOOK;
    feed(bench, LH_TRACK_RAISED, 1, 0.2F);
    feed_track(bench, LH_TRACK_HELD, track);
    assert_int_equal(bench->count, 0);
    const struct lh_desk_counts counts = lh_desk_counts(bench->desk);
    assert_int_equal(counts.open + counts.raised + counts.held_unstored, 0);
    assert_int_equal(counts.kept, 1);
    size_t seen = 0;
    assert_int_equal(lh_store_events(bench->store, "kept", 0, check_held, &seen), LH_OK);
    assert_int_equal(seen, 2);
    /* confirmed later, it is an alarm as any other */
    feed(bench, LH_TRACK_RAISED, 2, 0.6F);
    assert_int_equal(bench->count, 1);
    expect(bench, 0, LH_ALARM_RAISED, LH_PRIORITY_P3, 1);
    /* a store that refuses: counted, and it delays nothing */
    assert_int_equal(lh_store_limit(bench->store, 1), LH_OK);
    for (int i = 0; i < 2000 && lh_desk_counts(bench->desk).held_unstored == 0; i++)
        feed_track(bench, LH_TRACK_HELD, track);
    assert_int_equal(lh_desk_counts(bench->desk).held_unstored, 1);
    assert_int_equal(lh_desk_counts(bench->desk).backlog, 0);
    assert_int_equal(lh_store_limit(bench->store, 0), LH_OK);
    bench_destroy(bench);
}

static void tracks_that_count_from_one_again_are_other_alarms(void **state)
{
    (void)state;
    struct bench *bench = bench_create(WITH_STORE, 0);
    struct lh_track again = sample_track(1, 0.8F);
    feed(bench, LH_TRACK_RAISED, 1, 0.8F);
    again.first_utc_us += 60 * LH_SECOND_US;
    feed_track(bench, LH_TRACK_RAISED, again);
    assert_int_equal(bench->count, 3);
    expect(bench, 1, LH_ALARM_ENDED, LH_PRIORITY_P2, 2);
    expect(bench, 2, LH_ALARM_RAISED, LH_PRIORITY_P2, 1);
    assert_string_not_equal(bench->alarms[1].id, bench->alarms[2].id);
    bench_destroy(bench);
}

static void a_reload_changes_the_limits_from_now_on(void **state)
{
    (void)state;
    struct bench *bench = bench_create(0, 0);
    struct sample_site later;
    sample_site_init(&later);
    later.site.fusion.p2_probability = 0.55;
    feed(bench, LH_TRACK_RAISED, 1, 0.6F);
    lh_duty_set_site(bench->duty, &later.site, NULL);
    pass(bench, 0.1);
    feed(bench, LH_TRACK_UPDATED, 1, 0.6F);
    assert_int_equal(bench->count, 2);
    expect(bench, 1, LH_ALARM_UPDATED, LH_PRIORITY_P2, 2);
    bench_destroy(bench);
}

static void evidence_comes_with_what_is_published(void **state)
{
    (void)state;
    struct bench *bench = bench_create(WITH_STORE | WITH_EVIDENCE, 0);
    struct stat status;
    char path[600];
    feed(bench, LH_TRACK_RAISED, 1, 0.8F);
    pass(bench, 10);
    feed(bench, LH_TRACK_UPDATED, 1, 0.8F);
    feed(bench, LH_TRACK_LOST, 1, 0.8F);
    assert_int_equal(bench->count, 3);
    assert_string_not_equal(bench->alarms[0].evidence.frame, bench->alarms[1].evidence.frame);
    assert_string_equal(bench->alarms[1].evidence.frame, bench->alarms[2].evidence.frame);
    for (size_t i = 0; i < 2; i++) {
        const char *const names[] = {
            bench->alarms[i].evidence.frame, bench->alarms[i].evidence.frame_boxes,
            bench->alarms[i].evidence.crop, bench->alarms[i].evidence.crop_boxes};
        for (size_t k = 0; k < 4; k++) {
            (void)snprintf(path, sizeof path, "%s/%s", bench->folder, names[k]);
            assert_int_equal(stat(path, &status), 0);
            assert_true(status.st_size > 100);
        }
    }
    bench_destroy(bench);
}

static void an_alarm_goes_without_its_picture_where_that_fails(void **state)
{
    (void)state;
    struct bench *bench = bench_create(WITH_STORE | WITH_EVIDENCE, 0);
    char command[600];
    (void)snprintf(command, sizeof command, "rm -rf '%s/evidence' && touch '%s/evidence'",
                   bench->folder, bench->folder);
    assert_int_equal(system(command), 0);
    feed(bench, LH_TRACK_RAISED, 1, 0.8F);
    assert_int_equal(bench->count, 1);
    assert_string_equal(bench->alarms[0].evidence.frame, "");
    assert_non_null(strstr(bench->json[0], "\"evidence\":null"));
    assert_int_equal(lh_desk_counts(bench->desk).evidence_failures, 1);
    bench_destroy(bench);
}

static int expect_stored(void *context, uint64_t sequence, const char *epoch, const char *topic,
                         const char *json)
{
    (void)epoch;
    (void)topic;
    const struct bench *bench = context;
    assert_true(sequence >= 1 && sequence <= bench->count);
    assert_string_equal(bench->json[sequence - 1], json);
    return 0;
}

/* Refuse everything: the database may not grow by a page. */
static void block_store(struct bench *bench)
{
    assert_int_equal(lh_store_limit(bench->store, 1), LH_OK);
}

static void fill_until_refused(struct bench *bench)
{
    uint64_t id = 1000;
    while (lh_desk_counts(bench->desk).backlog == 0 && id < 1000 + MOST)
        feed(bench, LH_TRACK_RAISED, id++, 0.5F);
    assert_int_equal(lh_desk_counts(bench->desk).backlog, 1);
}

static void what_the_store_refuses_waits_and_comes_in_order(void **state)
{
    (void)state;
    struct bench *bench = bench_create(WITH_STORE, 0);
    block_store(bench);
    fill_until_refused(bench);
    const size_t before = bench->count;
    feed(bench, LH_TRACK_RAISED, 1, 0.45F);
    pass(bench, 0.01);
    feed(bench, LH_TRACK_UPDATED, 1, 0.95F);
    feed(bench, LH_TRACK_RAISED, 2, 0.75F);
    feed(bench, LH_TRACK_LOST, 1, 0.95F);
    assert_int_equal(bench->count, before); /* nothing is sent that is not stored */
    assert_int_equal(lh_desk_counts(bench->desk).backlog, 5);
    assert_true(lh_desk_counts(bench->desk).store_failures > 0);
    lh_duty_tick(bench->duty);
    assert_int_equal(bench->count, before);
    assert_int_equal(lh_store_limit(bench->store, 0), LH_OK);
    lh_duty_tick(bench->duty); /* not yet due again */
    assert_int_equal(bench->count, before);
    pass(bench, 0.3);
    lh_duty_tick(bench->duty);
    assert_int_equal(bench->count, before + 5);
    expect(bench, before + 1, LH_ALARM_RAISED, LH_PRIORITY_P3, 1);
    expect(bench, before + 2, LH_ALARM_UPDATED, LH_PRIORITY_P2, 2);
    expect(bench, before + 3, LH_ALARM_RAISED, LH_PRIORITY_P2, 1);
    expect(bench, before + 4, LH_ALARM_ENDED, LH_PRIORITY_P2, 3);
    assert_int_equal(lh_desk_counts(bench->desk).backlog, 0);
    assert_int_equal(lh_store_events(bench->store, "alarm", 0, expect_stored, bench), LH_OK);
    bench_destroy(bench);
}

static void a_full_backlog_keeps_the_newest_of_each_alarm(void **state)
{
    (void)state;
    struct bench *bench = bench_create(WITH_STORE, 4);
    block_store(bench);
    fill_until_refused(bench);
    const size_t before = bench->count;
    feed(bench, LH_TRACK_RAISED, 1, 0.75F);
    feed(bench, LH_TRACK_RAISED, 2, 0.75F);
    for (int i = 0; i < 20; i++) {
        pass(bench, 10);
        feed(bench, LH_TRACK_UPDATED, 1, 0.75F);
        feed(bench, LH_TRACK_UPDATED, 2, 0.75F);
    }
    assert_int_equal(lh_desk_counts(bench->desk).backlog, 4);
    assert_int_equal(lh_desk_counts(bench->desk).thinned, 39);
    assert_int_equal(lh_desk_counts(bench->desk).lost, 0);
    assert_int_equal(lh_store_limit(bench->store, 0), LH_OK);
    pass(bench, 1);
    lh_duty_tick(bench->duty);
    assert_int_equal(bench->count, before + 4);
    /* The word "raised" is handed on to the first that is left of each. */
    expect(bench, before + 1, LH_ALARM_RAISED, LH_PRIORITY_P2, 20);
    expect(bench, before + 2, LH_ALARM_RAISED, LH_PRIORITY_P2, 21);
    expect(bench, before + 3, LH_ALARM_UPDATED, LH_PRIORITY_P2, 21);
    bench_destroy(bench);
}

static void the_end_of_the_desk_tries_once_more(void **state)
{
    (void)state;
    struct bench *bench = bench_create(WITH_STORE, 0);
    block_store(bench);
    fill_until_refused(bench);
    const size_t before = bench->count;
    assert_int_equal(lh_store_limit(bench->store, 0), LH_OK);
    lh_duty_destroy(&bench->duty);
    assert_int_equal(bench->count, before + 1);
    bench_destroy(bench);
}

static void the_numbers_go_on_after_a_restart(void **state)
{
    (void)state;
    struct bench *bench = bench_create(WITH_STORE, 0);
    struct lh_fault fault = {0};
    feed(bench, LH_TRACK_RAISED, 1, 0.8F);
    lh_duty_destroy(&bench->duty);
    lh_store_close(&bench->store);
    assert_int_equal(lh_store_open(bench->folder, &fault, &bench->store), LH_OK);
    open_desk(bench, 0);
    feed(bench, LH_TRACK_RAISED, 2, 0.8F);
    expect(bench, 1, LH_ALARM_RAISED, LH_PRIORITY_P2, 1);
    bench_destroy(bench);
}

static void the_same_events_give_the_same_bytes(void **state)
{
    (void)state;
    struct bench *benches[2];
    for (int i = 0; i < 2; i++) {
        benches[i] = bench_create(i == 0 ? WITH_STORE : 0, 0);
        for (uint64_t id = 1; id <= 5; id++) {
            feed(benches[i], LH_TRACK_RAISED, id, 0.41F + 0.1F * (float)id);
            pass(benches[i], 3.3);
            feed(benches[i], LH_TRACK_UPDATED, 1, 0.9F);
        }
        lh_desk_tick(benches[i]->desk);
        feed(benches[i], LH_TRACK_LOST, 3, 0.9F);
    }
    assert_true(benches[0]->count >= 7);
    assert_int_equal(benches[0]->count, benches[1]->count);
    for (size_t i = 0; i < benches[0]->count; i++)
        assert_string_equal(benches[0]->json[i], benches[1]->json[i]);
    bench_destroy(benches[0]);
    bench_destroy(benches[1]);
}

static void expect_message(void *socket, const char *topic, const char *header, const char *part)
{
    char bytes[4096];
    const char *const wanted[] = {topic, header};
    for (int i = 0; i < 3; i++) {
        const int length = zmq_recv(socket, bytes, sizeof bytes - 1, 0);
        assert_true(length >= 0 && length < (int)sizeof bytes);
        bytes[length] = '\0';
        if (i < 2)
            assert_string_equal(bytes, wanted[i]);
        else
            assert_non_null(strstr(bytes, part));
    }
}

static void subscribers_get_alarms_health_and_heartbeats(void **state)
{
    (void)state;
    struct bench *bench = bench_create(WITH_STORE | WITH_PUBLISHER, 0);
    const struct lh_camera_status status = sample_camera_status();
    const int timeout_ms = 5000;
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_SUB);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0), 0);
    assert_int_equal(zmq_connect(socket, lh_publisher_endpoint(bench->publisher)), 0);
    for (int i = 0; i < 50 && lh_publisher_subscribers(bench->publisher) == 0; i++)
        lh_publisher_serve(bench->publisher, 100000);
    lh_duty_tick(bench->duty);
    expect_message(socket, "hb/", "LH1 replay hb 1", "\"last\":{\"alarm\":0,\"health\":0}");
    feed(bench, LH_TRACK_RAISED, 1, 0.95F);
    expect_message(socket, "alarm/P2/141122/", "LH1 replay alarm 1", "\"state\":\"raised\"");
    assert_int_equal(lh_desk_health(bench->desk, &status, LH_HEALTH_SEEING), LH_OK);
    expect_message(socket, "health/tower-1/", "LH1 replay health 1",
                   "\"health\":\"stalled\",\"before\":\"seeing\"");
    feed(bench, LH_TRACK_RAISED, 2, 0.2F); /* only kept */
    lh_duty_tick(bench->duty);             /* not due */
    pass(bench, 1);
    lh_duty_tick(bench->duty);
    expect_message(socket, "hb/", "LH1 replay hb 2",
                   "\"last\":{\"alarm\":1,\"health\":1},\"backlog\":0");
    block_store(bench);
    fill_until_refused(bench);
    for (uint64_t i = 2; i <= bench->count; i++) {
        char header[64];
        (void)snprintf(header, sizeof header, "LH1 replay alarm %llu", (unsigned long long)i);
        expect_message(socket, "alarm/P3/141122/", header, "\"state\":\"raised\"");
    }
    pass(bench, 1);
    lh_duty_tick(bench->duty);
    expect_message(socket, "hb/", "LH1 replay hb 3", "\"backlog\":1");
    assert_int_equal(zmq_close(socket), 0);
    assert_int_equal(zmq_ctx_term(context), 0);
    bench_destroy(bench);
}

static bool memory_is_short;

static void *scarce_malloc(size_t size)
{
    return memory_is_short ? NULL : malloc(size);
}

static void an_alarm_that_finds_no_memory_for_its_message_waits(void **state)
{
    (void)state;
    struct bench *bench = bench_create(WITH_STORE, 0);
    json_set_alloc_funcs(scarce_malloc, free);
    memory_is_short = true;
    feed(bench, LH_TRACK_RAISED, 1, 0.8F);
    assert_int_equal(bench->count, 0);
    assert_int_equal(lh_desk_counts(bench->desk).backlog, 1);
    memory_is_short = false;
    pass(bench, 1);
    lh_duty_tick(bench->duty);
    json_set_alloc_funcs(malloc, free);
    expect(bench, 0, LH_ALARM_RAISED, LH_PRIORITY_P2, 1);
    assert_int_equal(lh_desk_counts(bench->desk).backlog, 0);
    bench_destroy(bench);
}

static void names_longer_than_their_field_are_cut_between_characters(void **state)
{
    (void)state;
    struct bench *bench = bench_create(0, 0);
    char name[400] = "x";
    for (size_t i = 0; i < 60; i++)
        memcpy(name + 1 + 3 * i, "山", 4); /* three bytes each: 127 falls inside one */
    bench->site.camera.name = name;
    feed(bench, LH_TRACK_RAISED, 1, 0.8F);
    assert_int_equal(strlen(bench->alarms[0].camera_name), 127 - 127 % 3 + 1);
    assert_null(strstr(bench->json[0], "\xef\xbf\xbd"));
    bench_destroy(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alarm_is_raised_updated_and_ended),
        cmocka_unit_test(a_rise_of_priority_does_not_wait),
        cmocka_unit_test(a_weak_one_is_kept_and_raised_when_it_grows),
        cmocka_unit_test(a_track_held_back_is_on_record_and_no_alarm),
        cmocka_unit_test(tracks_that_count_from_one_again_are_other_alarms),
        cmocka_unit_test(a_reload_changes_the_limits_from_now_on),
        cmocka_unit_test(evidence_comes_with_what_is_published),
        cmocka_unit_test(an_alarm_goes_without_its_picture_where_that_fails),
        cmocka_unit_test(what_the_store_refuses_waits_and_comes_in_order),
        cmocka_unit_test(a_full_backlog_keeps_the_newest_of_each_alarm),
        cmocka_unit_test(the_end_of_the_desk_tries_once_more),
        cmocka_unit_test(the_numbers_go_on_after_a_restart),
        cmocka_unit_test(the_same_events_give_the_same_bytes),
        cmocka_unit_test(subscribers_get_alarms_health_and_heartbeats),
        cmocka_unit_test(an_alarm_that_finds_no_memory_for_its_message_waits),
        cmocka_unit_test(names_longer_than_their_field_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
