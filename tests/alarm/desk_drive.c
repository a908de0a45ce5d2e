/* A real alarm desk without cameras, for tests of what consumers see:
 *
 *   desk_drive DATA_FOLDER
 *
 * prints the endpoint it publishes on, then obeys lines on standard input, and answers each with "ok":
 *   raise ID SCORE     a track is confirmed, with a picture
 *   update ID SCORE
 *   lose ID
 *   confirm            a trusted person says "fire" about the alarm that was told last
 *   health STATE       camera tower-1 is in that state (a number of enum lh_health_state)
 *   status             the engine's status, on the bus
 *   subscribers N      waits until so many subscriptions are there
 * and ends with its input. Between, the heart beats twice a second.
 */
#include "duty.h"
#include "frames.h"
#include "sample.h"

#include <inttypes.h>
#include <poll.h>

struct drive {
    struct sample_site site;
    struct lh_store *store;
    struct lh_album *evidence;
    struct lh_publisher *publisher;
    struct lh_frame_pool *pool;
    struct lh_duty *duty;
    struct lh_desk *desk;     /* the duty's */
    char latest[LH_ALARM_ID]; /* the alarm that was told last */
    enum lh_health_state health;
    uint64_t statuses;
    int64_t begun_us;
};

static void on_alarm(void *context, const struct lh_alarm *alarm, const char *topic,
                     const char *json)
{
    struct drive *drive = context;
    (void)topic;
    (void)json;
    (void)snprintf(drive->latest, sizeof drive->latest, "%s", alarm->id);
}

static int confirm(struct drive *drive)
{
    const int64_t now_us = lh_clock_utc_us(lh_clock_system());
    struct lh_evidence word = {.kind = LH_EVIDENCE_REPORT,
                               .source = "ranger Li",
                               .reference = "r1",
                               .first_utc_us = now_us,
                               .observed_utc_us = now_us,
                               .received_utc_us = now_us,
                               .report = {.word = LH_REPORT_FIRE, .trusted = true}};
    (void)snprintf(word.report.about, sizeof word.report.about, "%s", drive->latest);
    return lh_duty_evidence(drive->duty, &word);
}

static int drive_open(struct drive *drive, const char *folder, struct lh_fault *fault)
{
    sample_site_init(&drive->site);
    drive->site.site.bus.heartbeat_s = 0.5;
    drive->site.site.alarms.update_interval_s = 0;
    drive->site.site.evidence = (struct lh_evidence_config){.enabled = true,
                                                            .max_age_days = 30,
                                                            .max_size_mib = 100,
                                                            .jpeg_quality = 80,
                                                            .crop_margin = 0.5};
    int code = lh_store_open(folder, fault, &drive->store);
    if (code == LH_OK)
        code = lh_album_create(&drive->site.site.evidence, folder, fault, &drive->evidence);
    if (code == LH_OK)
        code = lh_publisher_create(&drive->site.site.bus, fault, &drive->publisher);
    if (code == LH_OK)
        code = lh_frame_pool_create(4, &drive->pool);
    const struct lh_duty_options options = {
        .desk = {.site = &drive->site.site,
                 .clock = lh_clock_system(),
                 .epoch = "0123456789abcdef",
                 .store = drive->store,
                 .publisher = drive->publisher,
                 .album = drive->evidence,
                 .on_alarm = on_alarm,
                 .context = drive},
    };
    if (code == LH_OK)
        code = lh_duty_create(&options, fault, &drive->duty);
    drive->desk = code == LH_OK ? lh_duty_desk(drive->duty) : NULL;
    return code;
}

static void drive_close(struct drive *drive)
{
    lh_duty_destroy(&drive->duty);
    lh_frame_pool_destroy(&drive->pool);
    lh_publisher_destroy(&drive->publisher);
    lh_album_destroy(&drive->evidence);
    lh_store_close(&drive->store);
}

static int track(struct drive *drive, enum lh_track_event_type type, uint64_t id, float score)
{
    const int64_t now_us = lh_clock_utc_us(lh_clock_system());
    struct lh_frame *frame = NULL;
    struct lh_track seen = sample_track(id, score);
    seen.first_utc_us = drive->begun_us - 200 * LH_SECOND_US;
    seen.confirmed_utc_us = drive->begun_us - 140 * LH_SECOND_US;
    seen.last_utc_us = now_us;
    if (type != LH_TRACK_LOST)
        frame = sample_frame(drive->pool, drive->site.camera.id, now_us);
    const struct lh_desk_input input = {
        .type = type, .track = seen, .camera = &drive->site.camera, .frame = frame};
    const int code = lh_duty_track(drive->duty, &input);
    lh_frame_unref(&frame);
    return code;
}

static int hold(struct drive *drive, uint64_t id, unsigned reason)
{
    struct lh_track seen = sample_track(id, 0.5F);
    seen.state = LH_TRACK_TENTATIVE;
    seen.confirmed_utc_us = LH_NO_TIME;
    seen.held = (enum lh_hold)reason;
    const struct lh_desk_input input = {
        .type = LH_TRACK_HELD, .track = seen, .camera = &drive->site.camera};
    return lh_duty_track(drive->duty, &input);
}

static int health(struct drive *drive, unsigned state)
{
    struct lh_camera_status status = sample_camera_status();
    status.health = (enum lh_health_state)state;
    status.health_since_utc_us = lh_clock_utc_us(lh_clock_system());
    const int code = lh_desk_health(drive->desk, &status, drive->health);
    drive->health = status.health;
    return code;
}

static int publish_status(struct drive *drive)
{
    struct lh_station_status station = {
        .camera = sample_camera_status(), .detector_count = 1, .detector_names = {"smoke_a"}};
    struct lh_engine_status status = {
        .epoch = "0123456789abcdef",
        .site = "jiaocheng",
        .publish = lh_publisher_endpoint(drive->publisher),
        .started_utc_us = SAMPLE_UTC_US,
        .now_utc_us = lh_clock_utc_us(lh_clock_system()),
        .desk = lh_desk_counts(drive->desk),
        .stations = &station,
        .station_count = 1,
    };
    const struct lh_serial serial = {
        .epoch = status.epoch, .stream = LH_STREAM_STATUS, .sequence = ++drive->statuses};
    char *json = NULL;
    int code = lh_message_status(&status, &serial, &json);
    if (code == LH_OK)
        code = lh_publisher_send(drive->publisher, LH_TOPIC_STATUS, &serial, json);
    free(json);
    return code;
}

static int await_subscribers(struct drive *drive, unsigned count)
{
    for (int i = 0; i < 300; i++) {
        lh_duty_tick(drive->duty);
        if (lh_publisher_subscribers(drive->publisher) >= count)
            return LH_OK;
        lh_publisher_serve(drive->publisher, 50000);
    }
    return LH_ETIMEOUT;
}

static int obey(struct drive *drive, const char *line)
{
    uint64_t id = 0;
    float score = 0;
    unsigned number = 0;
    if (sscanf(line, "raise %" SCNu64 " %f", &id, &score) == 2)
        return track(drive, LH_TRACK_RAISED, id, score);
    if (sscanf(line, "update %" SCNu64 " %f", &id, &score) == 2)
        return track(drive, LH_TRACK_UPDATED, id, score);
    if (sscanf(line, "lose %" SCNu64, &id) == 1)
        return track(drive, LH_TRACK_LOST, id, 0.5F);
    if (sscanf(line, "hold %" SCNu64 " %u", &id, &number) == 2)
        return hold(drive, id, number);
    if (strcmp(line, "confirm\n") == 0)
        return confirm(drive);
    if (sscanf(line, "health %u", &number) == 1)
        return health(drive, number);
    if (sscanf(line, "subscribers %u", &number) == 1)
        return await_subscribers(drive, number);
    return strcmp(line, "status\n") == 0 ? publish_status(drive) : LH_EINVAL;
}

/* Unbuffered, so that poll knows of every line that waits. */
static bool read_line(char *line, size_t size)
{
    size_t used = 0;
    while (used + 1 < size && read(STDIN_FILENO, line + used, 1) == 1)
        if (line[used++] == '\n')
            break;
    line[used] = '\0';
    return used > 0;
}

static void work(struct drive *drive)
{
    char line[128];
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    for (;;) {
        lh_duty_tick(drive->duty);
        if (poll(&input, 1, 50) <= 0)
            continue;
        if (!read_line(line, sizeof line))
            return;
        const int code = obey(drive, line);
        (void)printf("%s\n", code == LH_OK ? "ok" : lh_strerror(code));
        (void)fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    struct drive drive = {.health = LH_HEALTH_SEEING,
                          .begun_us = lh_clock_utc_us(lh_clock_system())};
    struct lh_fault fault = {0};
    const int code = argc == 2 ? drive_open(&drive, argv[1], &fault) : LH_EINVAL;
    if (code == LH_OK) {
        (void)printf("%s\n", lh_publisher_endpoint(drive.publisher));
        (void)fflush(stdout);
        work(&drive);
    } else {
        (void)fprintf(stderr, "desk_drive: %s: %s\n", lh_strerror(code), fault.text);
    }
    drive_close(&drive);
    return code == LH_OK ? 0 : 1;
}
