/* Alarms and the engine's own news as messages: topics and JSON.
 *
 * Every message is three frames: the topic, the header "LH1 EPOCH STREAM SEQUENCE" (ASCII, one blank
 * between), and one JSON object that says `"schema"` first. The schemas stand beside this file
 * (alarm.schema.json, heartbeat.schema.json, status.schema.json, health.schema.json); the tests
 * validate every message against them. Key order and number format are fixed, so that equal alarms
 * give equal bytes.
 *
 * Topics end in '/' and stay under 200 bytes (libzmq 4.3.4 loses subscriptions of 246 to 255 bytes):
 *   alarm/P1/141122/     hb/     status/     health/CAMERA/
 */
#ifndef LH_ALARM_MESSAGE_H
#define LH_ALARM_MESSAGE_H

#include "alarm/alarm.h"
#include "video/camera.h"

#define LH_TOPIC 200

/* The number a message has in its stream. */
struct lh_serial {
    const char *epoch;  /* one engine run; "replay" at replay */
    const char *stream; /* "alarm" */
    uint64_t sequence;  /* from 1 */
};

/* All return a JSON text without line breaks in ret_json, which the caller frees. */
int lh_message_alarm(const struct lh_alarm *alarm, const struct lh_serial *serial, char **ret_json);
int lh_message_heartbeat(const char *epoch, int64_t utc_us, uint64_t last_alarm_sequence,
                         char **ret_json);
int lh_message_health(const struct lh_camera_status *status, enum lh_health_state before,
                      const struct lh_serial *serial, char **ret_json);

void lh_topic_alarm(const struct lh_alarm *alarm, char ret_topic[LH_TOPIC]);
void lh_topic_health(const char *camera, char ret_topic[LH_TOPIC]);

#endif
