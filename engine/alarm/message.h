/* Alarms and the engine's own news as messages: topics and JSON.
 *
 * Every message is three frames: the topic, the header "LH1 EPOCH STREAM SEQUENCE" (ASCII, one blank
 * between), and one JSON object that says `"schema"` first. The schemas stand beside this file
 * (alarm.schema.json, heartbeat.schema.json, status.schema.json, health.schema.json); the tests
 * validate every message against them. Key order and number format are fixed (numbers rounded to four
 * decimals, whatever the locale), so that equal alarms give equal bytes. Text that is not UTF-8 is
 * mended with U+FFFD, never refused.
 *
 * Topics end in '/' and stay under 200 bytes (libzmq 4.3.4 loses subscriptions of 246 to 255 bytes):
 *   alarm/P1/141122/     hb/     status/     health/CAMERA/
 */
#ifndef LH_ALARM_MESSAGE_H
#define LH_ALARM_MESSAGE_H

#include "alarm/alarm.h"
#include "detect/detector.h"
#include "fuse/feed_thread.h"
#include "fuse/fusion.h"
#include "video/camera.h"

#define LH_TOPIC 200
#define LH_TOPIC_HEARTBEAT "hb/"
#define LH_TOPIC_STATUS "status/"
#define LH_STREAM_ALARM "alarm"
#define LH_STREAM_HEALTH "health"
#define LH_STREAM_KEPT "kept" /* stored only: alarms below every priority */
#define LH_STREAM_HEARTBEAT "hb"
#define LH_STREAM_STATUS "status"

/* No message on the bus is longer. */
#define LH_MESSAGE_MAX 65535

/* The number a message has in its stream. */
struct lh_serial {
    const char *epoch;  /* one engine run; "replay" at replay */
    const char *stream; /* "alarm" */
    uint64_t sequence;  /* from 1 */
};

/* The engine lives; and the last number of each stream that is numbered without gaps. */
struct lh_heartbeat {
    int64_t utc_us;
    double interval_s; /* until the next one */
    uint64_t last_alarm_sequence;
    uint64_t last_health_sequence;
    size_t backlog; /* revisions the store refuses, so not published yet; 0 when all is well */
};

/* What the alarm desk has done since it began. */
struct lh_desk_counts {
    uint64_t raised;
    uint64_t published; /* revisions */
    uint64_t ended;
    uint64_t store_failures;
    uint64_t evidence_failures;
    size_t open;
    size_t backlog; /* revisions waiting for the store */
    uint64_t kept;  /* alarms below every priority when they were confirmed */
    uint64_t
        thinned; /* older revisions of an alarm that gave way to newer ones in a full backlog */
    uint64_t
        lost; /* alarms or news dropped from a full backlog that could not be thinned: a disaster */
};

#define LH_STATION_DETECTORS 32

/* One camera and what works on its pictures. A plain value. */
struct lh_station_status {
    struct lh_camera_status camera;
    size_t frames_waiting;
    uint64_t frames_dropped; /* by the queue in front of the detectors */
    uint64_t frames_analysed;
    uint64_t frames_moving; /* taken while the camera turned: not analysed */
    size_t detector_count;  /* of those below, at most LH_STATION_DETECTORS */
    const char *detector_names[LH_STATION_DETECTORS]; /* lent; NULL: without a name */
    struct lh_detector_counts detectors[LH_STATION_DETECTORS];
    /* room for detector_names, for whoever cannot lend them long enough; then not to be copied */
    char name_room[LH_STATION_DETECTORS][33];
};

/* What the engine is doing. */
struct lh_engine_status {
    const char *epoch; /* lent */
    char site[128];
    const char *publish; /* lent: the endpoint as bound; NULL: no bus */
    const char *inbox;   /* likewise; NULL: nobody may send anything */
    int64_t started_utc_us;
    int64_t now_utc_us;
    unsigned detect_threads;
    unsigned subscribers;
    struct lh_desk_counts desk;
    struct lh_station_status *stations; /* owned */
    size_t station_count;
    struct lh_feed_status *feeds; /* owned */
    size_t feed_count;
    struct lh_fusion_stats fusion;
};
/* Frees what it owns and leaves it empty. */
void lh_engine_status_finish(struct lh_engine_status *status);

/* All return a JSON text without line breaks in ret_json, which the caller frees. They fail with
 * LH_ENOMEM only. All but lh_message_status_full stay within LH_MESSAGE_MAX. */
int lh_message_alarm(const struct lh_alarm *alarm, const struct lh_serial *serial, char **ret_json);
int lh_message_heartbeat(const struct lh_heartbeat *heartbeat, const struct lh_serial *serial,
                         char **ret_json);
int lh_message_health(const struct lh_camera_status *status, enum lh_health_state before,
                      const struct lh_serial *serial, char **ret_json);

/* The engine's status for the bus: all cameras counted by health, and as many described as find room,
 * those that do not see first. */
int lh_message_status(const struct lh_engine_status *status, const struct lh_serial *serial,
                      char **ret_json);
/* The same with every camera described, in the order given: for DATA/status.json. */
int lh_message_status_full(const struct lh_engine_status *status, const struct lh_serial *serial,
                           char **ret_json);

/* Why the alarm was raised, one sentence for a duty officer: "smoke seen in 12 pictures over 3 min 20 s,
 * grown 2.1 times". text is always terminated; a longer sentence is cut. */
void lh_alarm_reason(const struct lh_alarm *alarm, char *ret_text, size_t size);

void lh_topic_alarm(const struct lh_alarm *alarm, char ret_topic[LH_TOPIC]);
void lh_topic_health(const char *camera, char ret_topic[LH_TOPIC]);

#endif
