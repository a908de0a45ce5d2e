/* Sample values for the tests of the alarm room: a site, a camera, a track, a folder of its own. */
#ifndef LH_TESTS_ALARM_SAMPLE_H
#define LH_TESTS_ALARM_SAMPLE_H

#include "alarm/alarm.h"
#include "video/camera.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAMPLE_UTC_US INT64_C(1465065720000000) /* 2016-06-04T18:42:00Z */

struct sample_site {
    char names[2][16];
    struct lh_detector_config detectors[2];
    char camera_id[64];
    char camera_name[64];
    char preset[16];
    struct lh_camera_config camera;
    char area[16];
    char name[16];
    char publish[64];
    struct lh_site site;
};

/* As a site file that says nothing has it. */
static inline struct lh_fusion_config sample_fusion_config(void)
{
    struct lh_findings findings = {0};
    struct lh_fusion_config config = {0};
    struct lh_site *site = NULL;
    if (lh_site_parse("site.yaml", "{}", 2, &findings, &site) == LH_OK)
        config = site->fusion;
    lh_findings_finish(&findings);
    lh_site_destroy(&site);
    return config;
}

static inline void sample_site_init(struct sample_site *sample)
{
    *sample = (struct sample_site){.names = {"smoke_a", "smoke_b"},
                                   .camera_id = "tower-1",
                                   .camera_name = "北山 tower",
                                   .preset = "north",
                                   .area = "141122",
                                   .name = "jiaocheng",
                                   .publish = "tcp://127.0.0.1:*"};
    for (size_t i = 0; i < 2; i++)
        sample->detectors[i].name = sample->names[i];
    sample->camera.id = sample->camera_id;
    sample->camera.name = sample->camera_name;
    sample->camera.preset = sample->preset;
    sample->site.name = sample->name;
    sample->site.area_code = sample->area;
    sample->site.detectors = sample->detectors;
    sample->site.detector_count = 2;
    sample->site.alarms = (struct lh_alarm_config){.update_interval_s = 10};
    sample->site.fusion = sample_fusion_config();
    sample->site.bus = (struct lh_bus_config){
        .publish = sample->publish, .heartbeat_s = 1, .status_s = 5, .queue_messages = 1000};
}

static inline struct lh_track sample_track(uint64_t id, float score)
{
    return (struct lh_track){
        .id = id,
        .kind = LH_KIND_SMOKE,
        .state = LH_TRACK_CONFIRMED,
        .box = {.x = 0.25F, .y = 0.1F, .width = 0.1F, .height = 0.2F},
        .first_box = {.x = 0.28F, .y = 0.2F, .width = 0.05F, .height = 0.1F},
        .reach = {.x = 0.25F, .y = 0.1F, .width = 0.1F, .height = 0.2F},
        .score = score,
        .raw_score = score,
        .best_score = score,
        .growth = 2.1F,
        .hits = 4,
        .first_utc_us = SAMPLE_UTC_US,
        .confirmed_utc_us = SAMPLE_UTC_US + 60 * LH_SECOND_US,
        .last_utc_us = SAMPLE_UTC_US + 200 * LH_SECOND_US,
        .detectors = 1,
    };
}

static inline struct lh_alarm sample_alarm(void)
{
    struct lh_alarm alarm = {
        .id = "141122.20160604T184200.000Z.camera.1f3a9c02",
        .revision = 1,
        .state = LH_ALARM_RAISED,
        .priority = LH_PRIORITY_P2,
        .urgency = {LH_PRIORITY_P2, 1, 0.8, "P2: 0.80, suspected, by camera"},
        .camera = "tower-1",
        .camera_name = "北山 tower",
        .preset = "north",
        .area_code = "141122",
        .incident_state = LH_INCIDENT_SUSPECTED,
        .probability = 0.8,
        .witnesses = 1U << LH_WITNESS_CAMERA,
        .first_utc_us = SAMPLE_UTC_US,
        .last_utc_us = SAMPLE_UTC_US + 200 * LH_SECOND_US,
        .ground = LH_GROUND_UNKNOWN,
        .evidence_count = 1,
        .reasons = {{.kind = "camera",
                     .source = "tower-1",
                     .utc_us = SAMPLE_UTC_US + 200 * LH_SECOND_US,
                     .weight = 4.3307,
                     .text = "tower-1 watched it for 200 s, score 0.80"},
                    {.kind = "prior",
                     .utc_us = LH_NO_TIME,
                     .weight = -2.9444,
                     .text = "before anything else is known"}},
        .reason_count = 2,
        .track = sample_track(7, 0.8F),
        .detectors = "smoke_a",
        .time_quality = LH_TIME_SENDER,
        .picture_width_px = 1920,
        .picture_height_px = 1080,
        .raised_utc_us = SAMPLE_UTC_US + 201 * LH_SECOND_US,
        .updated_utc_us = SAMPLE_UTC_US + 201 * LH_SECOND_US,
    };
    return alarm;
}

static inline struct lh_camera_status sample_camera_status(void)
{
    return (struct lh_camera_status){
        .id = "tower-1",
        .description = "h264 1920x1080, rtsp over tcp",
        .last_error = "no packet for 5.0 s",
        .health = LH_HEALTH_STALLED,
        .time_quality = LH_TIME_SENDER,
        .health_since_utc_us = SAMPLE_UTC_US,
        .last_fresh_utc_us = LH_NO_TIME,
        .last_capture_utc_us = SAMPLE_UTC_US,
        .connections = 2,
        .failures = 1,
        .frames = 100,
        .blind_s = 12.5,
        .fps = 0.5,
    };
}

/* A new folder under the system's place for temporary files; sample_folder_remove takes it away. */
static inline const char *sample_folder(char path[256])
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(path, 256, "%s/linhuo-alarm-XXXXXX", base ? base : "/tmp");
    return mkdtemp(path);
}

static inline void sample_folder_remove(const char *path)
{
    char command[300];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command) != 0)
        (void)fprintf(stderr, "%s is left behind\n", path);
}

/* Files below folder whose names fit the shell pattern. */
static inline int sample_count_files(const char *folder, const char *pattern)
{
    char command[600];
    int count = -1;
    (void)snprintf(command, sizeof command, "find '%s' -name '%s' | wc -l", folder, pattern);
    FILE *pipe = popen(command, "r");
    if (pipe && fscanf(pipe, "%d", &count) != 1)
        count = -1;
    if (!pipe || pclose(pipe) != 0)
        count = -1;
    return count;
}

#endif
