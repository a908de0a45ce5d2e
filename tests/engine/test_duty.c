/* What comes in becomes incidents, and incidents alarms: over real ground, made here, with a real desk. */
#include "duty.h"

#include <math.h>
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

#define NOON_US INT64_C(1795780800000000) /* 2026-11-27T12:00:00Z */
#define MINUTE_US (60 * LH_SECOND_US)
#define MOST 200
#define SIDE 1201 /* of an HGT tile of three seconds */

struct bench {
    char folder[256];
    struct lh_site *site;
    struct lh_vantage *vantage;
    struct lh_clock *clock;
    struct lh_duty *duty;
    size_t count;
    struct lh_alarm alarms[MOST];
};

/* A plain at 800 m that rises to the west of 111.40 E by one metre in ten. */
static double ground_m(double longitude_deg)
{
    return 800 + fmax(0, (111.40 - longitude_deg) * 88000 / 10);
}

static void write_ground(const char *folder)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/N37E111.hgt", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            const int height = (int)ground_m(111.0 + (double)column / (SIDE - 1));
            const unsigned char bytes[2] = {(unsigned char)(height >> 8), (unsigned char)height};
            assert_int_equal(fwrite(bytes, 1, 2, file), 2);
        }
    assert_int_equal(fclose(file), 0);
}

static void on_alarm(void *context, const struct lh_alarm *alarm, const char *topic,
                     const char *json)
{
    struct bench *bench = context;
    (void)topic;
    assert_non_null(json);
    assert_true(bench->count < MOST);
    bench->alarms[bench->count++] = *alarm;
}

/* extra: more of the site file. */
static struct bench *bench_create(const char *extra)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct lh_findings findings = {0};
    struct lh_fault fault = {0};
    char text[4096];
    char path[300];
    assert_non_null(bench);
    (void)snprintf(bench->folder, sizeof bench->folder, "%s/linhuo-duty-XXXXXX",
                   getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(bench->folder));
    write_ground(bench->folder);
    (void)snprintf(path, sizeof path, "%s/site.yaml", bench->folder);
    (void)snprintf(
        text, sizeof text,
        "site: {name: duty, area_code: '141122', box: '111,37,112,38'}\n"
        "terrain: {files: [N37E111.hgt]}\n"
        "alarms: {update_interval_s: 1}\n"
        "cameras:\n"
        "  - {id: east, url: rtsp://127.0.0.1/1, pose: {latitude_deg: 37.5, longitude_deg: "
        "111.45,\n"
        "     mast_m: 40, azimuth_deg: 270, tilt_deg: 1, hfov_deg: 60, range_m: 15000}}\n"
        "  - {id: south, url: rtsp://127.0.0.1/2, pose: {latitude_deg: 37.45, longitude_deg: "
        "111.38,\n"
        "     mast_m: 40, azimuth_deg: 0, tilt_deg: 0, hfov_deg: 60, range_m: 15000}}\n"
        "  - {id: bare, url: rtsp://127.0.0.1/3}\n%s",
        extra);
    const int code = lh_site_parse(path, text, strlen(text), &findings, &bench->site);
    if (code != LH_OK)
        print_message("%s\n", findings.count > 0 ? findings.items[0].text : lh_strerror(code));
    assert_int_equal(code, LH_OK);
    lh_findings_finish(&findings);
    assert_int_equal(lh_vantage_create(bench->site, &bench->vantage), LH_OK);
    assert_int_equal(lh_clock_replay_create(NOON_US, &bench->clock), LH_OK);
    const struct lh_duty_options options = {
        .desk = {.site = bench->site,
                 .clock = bench->clock,
                 .epoch = "replay",
                 .on_alarm = on_alarm,
                 .context = bench},
        .vantage = bench->vantage,
    };
    assert_int_equal(lh_duty_create(&options, &fault, &bench->duty), LH_OK);
    return bench;
}

static void bench_destroy(struct bench *bench)
{
    char command[300];
    lh_duty_destroy(&bench->duty);
    lh_clock_replay_destroy(&bench->clock);
    lh_vantage_destroy(&bench->vantage);
    lh_site_destroy(&bench->site);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", bench->folder);
    assert_int_equal(system(command), 0);
    free(bench);
}

static void wait_until(struct bench *bench, double minutes)
{
    lh_clock_replay_set(bench->clock, NOON_US + (int64_t)(minutes * (double)MINUTE_US));
    lh_duty_tick(bench->duty);
}

static const struct lh_geo fire = {37.5, 111.38};

/* The camera sees smoke whose foot is there. */
static void see(struct bench *bench, const char *camera, uint64_t id, double score,
                struct lh_geo at, enum lh_track_event_type type)
{
    const struct lh_camera_config *config = lh_site_camera(bench->site, camera);
    const int64_t now_us = lh_clock_utc_us(bench->clock);
    const struct lh_frame_info info = {
        .camera = camera, .preset = "", .width_px = 1920, .height_px = 1080};
    struct lh_bearing bearing;
    struct lh_pose pose;
    double x = 0.5;
    double y = 0.5;
    if (lh_vantage_aim(bench->vantage, config, at, &bearing) == LH_OK) {
        assert_int_equal(lh_pose_of_camera(config, "", &pose), LH_OK);
        assert_true(lh_pose_project(&pose, 16.0 / 9, bearing, &x, &y));
    }
    struct lh_desk_input input = {.type = type,
                                  .track = {.id = id,
                                            .kind = LH_KIND_SMOKE,
                                            .state = LH_TRACK_CONFIRMED,
                                            .score = (float)score,
                                            .hits = 4,
                                            .first_utc_us = NOON_US,
                                            .confirmed_utc_us = NOON_US,
                                            .last_utc_us = now_us},
                                  .camera = config,
                                  .info = type == LH_TRACK_LOST ? NULL : &info};
    input.track.box = (struct lh_box){(float)x - 0.005F, (float)y - 0.03F, 0.01F, 0.03F};
    input.track.steady = input.track.box;
    assert_int_equal(lh_duty_track(bench->duty, &input), LH_OK);
}

static void pass_over(struct bench *bench, struct lh_geo at, double minutes_ago)
{
    struct lh_feed_batch batch = {.feed = "test", .origin = "test"};
    struct lh_fault fault = {0};
    const struct lh_hotspot row = {.at = at,
                                   .acquired_us = lh_clock_utc_us(bench->clock) -
                                                  (int64_t)(minutes_ago * (double)MINUTE_US),
                                   .received_us = lh_clock_utc_us(bench->clock),
                                   .scan_km = 0.4,
                                   .track_km = 0.4,
                                   .brightness_k = NAN,
                                   .frp_mw = 4.2,
                                   .confidence = LH_CONFIDENCE_NOMINAL,
                                   .satellite = "NOAA-20",
                                   .instrument = "VIIRS"};
    assert_int_equal(lh_hotspots_add(&batch.hotspots, &row), LH_OK);
    assert_int_equal(lh_duty_hotspots(bench->duty, &batch, &fault), LH_OK);
    lh_hotspots_finish(&batch.hotspots);
}

static const struct lh_alarm *latest(const struct bench *bench)
{
    assert_true(bench->count > 0);
    return &bench->alarms[bench->count - 1];
}

static void a_camera_with_a_pose_says_where(void **state)
{
    (void)state;
    struct bench *bench = bench_create("");
    see(bench, "east", 1, 0.8, fire, LH_TRACK_RAISED);
    assert_int_equal(bench->count, 1);
    assert_int_equal(latest(bench)->priority, LH_PRIORITY_P2);
    assert_float_equal(latest(bench)->probability, 0.8, 1e-6);
    assert_int_equal(latest(bench)->position.form, LH_POSITION_ELLIPSES);
    assert_true(lh_position_contains(&latest(bench)->position, fire));
    assert_true(lh_geo_distance_m(lh_position_best(&latest(bench)->position)->centre, fire) < 500);
    see(bench, "east", 1, 0.8, fire, LH_TRACK_LOST);
    assert_int_equal(latest(bench)->state, LH_ALARM_ENDED);
    bench_destroy(bench);
}

static void two_cameras_and_a_satellite_are_one_alarm(void **state)
{
    (void)state;
    struct bench *bench = bench_create("");
    char id[LH_ALARM_ID];
    see(bench, "east", 1, 0.8, fire, LH_TRACK_RAISED);
    (void)snprintf(id, sizeof id, "%s", latest(bench)->id);
    const double alone_m = lh_position_best(&latest(bench)->position)->major_m;
    wait_until(bench, 1);
    see(bench, "south", 1, 0.7, fire, LH_TRACK_RAISED);
    assert_string_equal(latest(bench)->id, id);
    assert_int_equal(latest(bench)->priority, LH_PRIORITY_P2); /* one kind of witness */
    assert_true(lh_position_best(&latest(bench)->position)->major_m < alone_m);
    assert_string_equal(latest(bench)->camera, "east"); /* it leads as long as it sees it */
    pass_over(bench, (struct lh_geo){37.501, 111.3805}, 0);
    assert_string_equal(latest(bench)->id, id);
    assert_int_equal(latest(bench)->priority, LH_PRIORITY_P1);
    assert_int_equal(latest(bench)->witnesses,
                     1U << LH_WITNESS_CAMERA | 1U << LH_WITNESS_SATELLITE);
    assert_int_equal(latest(bench)->evidence_count, 3);
    see(bench, "east", 1, 0.8, fire, LH_TRACK_LOST);
    assert_int_not_equal(latest(bench)->state, LH_ALARM_ENDED);
    wait_until(bench, 2);
    see(bench, "south", 1, 0.75, fire, LH_TRACK_UPDATED);
    assert_string_equal(latest(bench)->camera, "south");
    see(bench, "south", 1, 0.75, fire, LH_TRACK_LOST);
    assert_int_not_equal(latest(bench)->state, LH_ALARM_ENDED); /* the satellite holds it up */
    for (int minute = 3; minute < 400; minute++)
        wait_until(bench, minute);
    assert_int_equal(latest(bench)->state, LH_ALARM_ENDED);
    for (size_t i = 0; i < bench->count; i++)
        assert_string_equal(bench->alarms[i].id, id);
    bench_destroy(bench);
}

static void a_satellite_alone_raises_without_a_picture(void **state)
{
    (void)state;
    struct bench *bench = bench_create("");
    pass_over(bench, fire, 40);
    assert_int_equal(bench->count, 1);
    assert_int_equal(latest(bench)->priority, LH_PRIORITY_P3);
    assert_string_equal(latest(bench)->camera, "");
    assert_string_equal(lh_alarm_kind_name(latest(bench)), "hotspot");
    assert_int_equal(latest(bench)->first_utc_us, NOON_US - 40 * MINUTE_US);
    pass_over(bench, fire, 40); /* the next poll brings it again */
    assert_int_equal(bench->count, 1);
    pass_over(bench, (struct lh_geo){30.0, 100.0}, 5); /* not ours */
    assert_int_equal(bench->count, 1);
    bench_destroy(bench);
}

static void a_camera_without_a_pose_stays_alone(void **state)
{
    (void)state;
    struct bench *bench = bench_create("");
    see(bench, "bare", 1, 0.95, fire, LH_TRACK_RAISED);
    see(bench, "east", 1, 0.8, fire, LH_TRACK_RAISED);
    pass_over(bench, fire, 0);
    assert_string_not_equal(bench->alarms[0].id, bench->alarms[1].id);
    assert_int_equal(bench->alarms[0].position.form, LH_POSITION_NONE);
    assert_float_equal(bench->alarms[0].probability, 0.95, 1e-6);
    assert_string_equal(latest(bench)->id, bench->alarms[1].id);
    bench_destroy(bench);
}

static void what_is_seen_again_is_raised_again_under_its_name(void **state)
{
    (void)state;
    struct bench *bench = bench_create("");
    see(bench, "east", 1, 0.8, fire, LH_TRACK_RAISED);
    wait_until(bench, 1);
    see(bench, "east", 1, 0.8, fire, LH_TRACK_LOST);
    assert_int_equal(latest(bench)->state, LH_ALARM_ENDED);
    const uint32_t revision = latest(bench)->revision;
    wait_until(bench, 5);
    see(bench, "south", 3, 0.8, fire, LH_TRACK_RAISED);
    assert_int_equal(latest(bench)->state, LH_ALARM_RAISED);
    assert_int_equal(latest(bench)->revision, revision + 1);
    assert_string_equal(latest(bench)->id, bench->alarms[0].id);
    assert_string_equal(latest(bench)->camera, "south");
    bench_destroy(bench);
}

static void of_two_that_are_one_the_later_known_ends(void **state)
{
    (void)state;
    struct bench *bench = bench_create("");
    const struct lh_geo elsewhere = {37.51, 111.355};
    see(bench, "east", 1, 0.8, fire, LH_TRACK_RAISED);
    see(bench, "south", 1, 0.6, elsewhere, LH_TRACK_RAISED);
    assert_int_equal(bench->count, 2);
    assert_string_not_equal(bench->alarms[0].id, bench->alarms[1].id);
    wait_until(bench, 1);
    see(bench, "south", 1, 0.6, fire, LH_TRACK_UPDATED); /* it was the same all along */
    const struct lh_alarm *ended = NULL;
    for (size_t i = 2; i < bench->count; i++)
        if (bench->alarms[i].state == LH_ALARM_ENDED)
            ended = &bench->alarms[i];
    assert_non_null(ended);
    assert_string_equal(ended->id, bench->alarms[1].id);
    assert_string_equal(ended->merged_into, bench->alarms[0].id);
    assert_string_equal(latest(bench)->id, bench->alarms[0].id);
    assert_int_equal(latest(bench)->merged_count, 1);
    assert_string_equal(latest(bench)->merged[0], ended->id);
    assert_int_equal(lh_desk_counts(lh_duty_desk(bench->duty)).open, 1);
    bench_destroy(bench);
}

static void a_camera_whose_clock_is_wrong_still_alarms(void **state)
{
    (void)state;
    struct bench *bench = bench_create("");
    const int64_t off_us[] = {-INT64_C(10) * 365 * 86400 * LH_SECOND_US, 3600 * LH_SECOND_US};
    const struct lh_camera_config *camera = lh_site_camera(bench->site, "bare");
    for (size_t i = 0; i < 2; i++) {
        const struct lh_desk_input input = {.type = LH_TRACK_RAISED,
                                            .track = {.id = i + 1,
                                                      .kind = LH_KIND_SMOKE,
                                                      .score = 0.8F,
                                                      .first_utc_us = NOON_US + off_us[i],
                                                      .last_utc_us = NOON_US + off_us[i] + 5},
                                            .camera = camera};
        assert_int_equal(lh_duty_track(bench->duty, &input), LH_OK);
        assert_int_equal(bench->count, i + 1);
        assert_int_equal(latest(bench)->priority, LH_PRIORITY_P2);
        assert_int_equal(latest(bench)->track.first_utc_us, NOON_US + off_us[i]);
    }
    bench_destroy(bench);
}

static void who_looks_and_sees_nothing_lowers_it(void **state)
{
    (void)state;
    struct bench *bench = bench_create("");
    const struct lh_camera_config *camera = lh_site_camera(bench->site, "east");
    pass_over(bench, fire, 0);
    const double before = latest(bench)->probability;
    for (int minute = 1; minute <= 16; minute++) {
        wait_until(bench, minute);
        assert_int_equal(
            lh_duty_look(bench->duty, camera, "", 16.0 / 9, lh_clock_utc_us(bench->clock)), LH_OK);
    }
    wait_until(bench, 17);
    assert_int_equal(latest(bench)->state, LH_ALARM_ENDED); /* below P3, and no camera sees it */
    assert_true(latest(bench)->probability < before - 0.2);
    bool found = false;
    for (size_t i = 0; i < latest(bench)->reason_count; i++)
        found = found || strstr(latest(bench)->reasons[i].text, "looked 4 times and saw nothing");
    assert_true(found); /* one look in five minutes counts */
    bench_destroy(bench);
}

static void a_ground_that_cannot_be_read_leaves_a_bearing(void **state)
{
    (void)state;
    struct bench *bench = bench_create("");
    struct lh_vantage *without = NULL;
    char path[300];
    (void)snprintf(path, sizeof path, "%s/N37E111.hgt", bench->folder);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(lh_vantage_create(bench->site, &without), LH_OK);
    lh_duty_set_site(bench->duty, bench->site, without);
    see(bench, "east", 1, 0.8, fire, LH_TRACK_RAISED);
    assert_int_equal(latest(bench)->position.form, LH_POSITION_SECTOR);
    assert_true(lh_position_contains(&latest(bench)->position, fire));
    lh_duty_destroy(&bench->duty);
    lh_vantage_destroy(&without);
    bench_destroy(bench);
}

static void a_person_confirms_and_reports_it_out(void **state)
{
    (void)state;
    struct bench *bench = bench_create("");
    struct lh_evidence word = {.kind = LH_EVIDENCE_REPORT,
                               .source = "ranger Li",
                               .reference = "r1",
                               .position = lh_position_of_ellipse((struct lh_ellipse){
                                   .centre = fire, .height_m = NAN, .major_m = 30, .minor_m = 30}),
                               .report = {.word = LH_REPORT_FIRE, .trusted = true}};
    see(bench, "east", 1, 0.6, fire, LH_TRACK_RAISED);
    wait_until(bench, 3);
    word.first_utc_us = word.observed_utc_us = word.received_utc_us = lh_clock_utc_us(bench->clock);
    assert_int_equal(lh_duty_evidence(bench->duty, &word), LH_OK);
    assert_int_equal(latest(bench)->priority, LH_PRIORITY_P1);
    assert_int_equal(latest(bench)->incident_state, LH_INCIDENT_CONFIRMED);
    wait_until(bench, 30);
    (void)snprintf(word.reference, sizeof word.reference, "r2");
    word.report.word = LH_REPORT_OUT;
    word.first_utc_us = word.observed_utc_us = word.received_utc_us = lh_clock_utc_us(bench->clock);
    assert_int_equal(lh_duty_evidence(bench->duty, &word), LH_OK);
    assert_int_equal(latest(bench)->state, LH_ALARM_ENDED);
    assert_int_equal(latest(bench)->incident_state, LH_INCIDENT_OUT);
    bench_destroy(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_camera_with_a_pose_says_where),
        cmocka_unit_test(two_cameras_and_a_satellite_are_one_alarm),
        cmocka_unit_test(a_satellite_alone_raises_without_a_picture),
        cmocka_unit_test(a_camera_without_a_pose_stays_alone),
        cmocka_unit_test(what_is_seen_again_is_raised_again_under_its_name),
        cmocka_unit_test(of_two_that_are_one_the_later_known_ends),
        cmocka_unit_test(a_camera_whose_clock_is_wrong_still_alarms),
        cmocka_unit_test(who_looks_and_sees_nothing_lowers_it),
        cmocka_unit_test(a_ground_that_cannot_be_read_leaves_a_bearing),
        cmocka_unit_test(a_person_confirms_and_reports_it_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
