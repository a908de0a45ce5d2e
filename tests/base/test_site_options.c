#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/option.h"

#include "scratch.h"

#include <math.h>

/* ---- every option, set to something else than its default, and read where it must arrive ---- */

enum where {
    IN_SITE,
    IN_DETECTOR,
    IN_CAMERA,
    IN_MASK,
    IN_POSE,
    IN_ZOOM,
    IN_PRESET,
    IN_PTZ,
    IN_FEED,
    IN_COLUMNS,
    IN_HEAT,
    IN_AREA,
    IN_PERSON,
    IN_RULE,
};

enum kind {
    TEXT,
    NUMBER,
    WHOLE, /* also enums */
    PIXELS,
    SWITCH,
    PATH, /* below the scratch folder */
    TEXTS,
    OTHER, /* looked at in a test of its own */
};

struct expectation {
    const char *section;
    const char *key;
    const char *written;
    enum where where;
    enum kind kind;
    size_t offset;
    double number;
    const char *text;
};

#define SITE(section, key, written, kind, member, number, text)                                    \
    {                                                                                              \
        section, key, written, IN_SITE, kind, offsetof(struct lh_site, member), number, text       \
    }
#define DETECTOR(key, written, kind, member, number, text)                                         \
    {                                                                                              \
        "detectors", key, written, IN_DETECTOR, kind, offsetof(struct lh_detector_config, member), \
            number, text                                                                           \
    }
#define CAMERA(section, key, written, kind, member, number, text)                                  \
    {                                                                                              \
        section, key, written, IN_CAMERA, kind, offsetof(struct lh_camera_config, member), number, \
            text                                                                                   \
    }
#define MASK(key, written, kind, member, number, text)                                             \
    {                                                                                              \
        "masks", key, written, IN_MASK, kind, offsetof(struct lh_mask, member), number, text       \
    }

#define VIEW(section, member, written, where, kind, type, number, text)                            \
    {                                                                                              \
        section, #member, written, where, kind, offsetof(struct type, member), number, text        \
    }

static const struct expectation expectations[] = {
    SITE("site", "name", "Pangquangou", TEXT, name, 0, "Pangquangou"),
    SITE("site", "area_code", "141122104", TEXT, area_code, 0, "141122104"),
    SITE("site", "data_folder", "elsewhere", PATH, data_folder, 0, "elsewhere"),
    SITE("log", "level", "trace", WHOLE, log_level, LH_LOG_TRACE, NULL),
    SITE("log", "format", "json", WHOLE, log_format, LH_LOG_JSON, NULL),
    SITE("detect", "threads", "7", WHOLE, detect_threads, 7, NULL),
    SITE("detect", "plugin_folders", "[one, /two]", TEXTS, plugin_folders, 0, "/two"),
    SITE("tracks", "min_overlap", "0.25", NUMBER, tracks.min_overlap, 0.25, NULL),
    SITE("tracks", "max_distance_share", "0.125", NUMBER, tracks.max_distance_share, 0.125, NULL),
    SITE("tracks", "max_gap_s", "120.5", NUMBER, tracks.max_gap_s, 120.5, NULL),
    SITE("tracks", "max_gap_looks", "7", WHOLE, tracks.max_gap_looks, 7, NULL),
    SITE("tracks", "confirm_hits", "4", WHOLE, tracks.confirm_hits, 4, NULL),
    SITE("tracks", "confirm_window", "9", WHOLE, tracks.confirm_window, 9, NULL),
    SITE("tracks", "confirm_min_s", "31", NUMBER, tracks.confirm_min_s, 31, NULL),
    SITE("tracks", "confirm_score", "0.45", NUMBER, tracks.confirm_score, 0.45, NULL),
    SITE("tracks", "release_score", "0.15", NUMBER, tracks.release_score, 0.15, NULL),
    SITE("tracks", "min_growth", "1.5", NUMBER, tracks.min_growth, 1.5, NULL),
    SITE("tracks", "max_tracks", "17", WHOLE, tracks.max_tracks, 17, NULL),
    SITE("tracks", "place_weight", "1.5", NUMBER, tracks.place_weight, 1.5, NULL),
    SITE("tracks", "place_recent_s", "900", NUMBER, tracks.place_recent_s, 900, NULL),
    SITE("tracks", "verify", "false", SWITCH, tracks.verify, 0, NULL),
    SITE("tracks", "verify_score", "0.75", NUMBER, tracks.verify_score, 0.75, NULL),
    SITE("tracks", "budget_per_day", "3", WHOLE, tracks.budget_per_day, 3, NULL),
    SITE("alarms", "update_interval_s", "33", NUMBER, alarms.update_interval_s, 33, NULL),
    SITE("fusion", "prior_probability", "0.0625", NUMBER, fusion.prior_probability, 0.0625, NULL),
    SITE("fusion", "danger_1_weight", "-0.875", NUMBER, fusion.danger_1_weight, -0.875, NULL),
    SITE("fusion", "danger_2_weight", "-0.375", NUMBER, fusion.danger_2_weight, -0.375, NULL),
    SITE("fusion", "danger_3_weight", "0.25", NUMBER, fusion.danger_3_weight, 0.25, NULL),
    SITE("fusion", "danger_4_weight", "0.5", NUMBER, fusion.danger_4_weight, 0.5, NULL),
    SITE("fusion", "danger_5_weight", "1", NUMBER, fusion.danger_5_weight, 1, NULL),
    SITE("fusion", "ban_weight", "0.625", NUMBER, fusion.ban_weight, 0.625, NULL),
    SITE("fusion", "camera_weak_lr", "3.75", NUMBER, fusion.camera_weak_lr, 3.75, NULL),
    SITE("fusion", "camera_look_lr", "0.875", NUMBER, fusion.camera_look_lr, 0.875, NULL),
    SITE("fusion", "camera_look_weight_most", "2.5", NUMBER, fusion.camera_look_weight_most, 2.5,
         NULL),
    SITE("fusion", "viirs_high_lr", "62.5", NUMBER, fusion.viirs_high_lr, 62.5, NULL),
    SITE("fusion", "viirs_nominal_lr", "50", NUMBER, fusion.viirs_nominal_lr, 50, NULL),
    SITE("fusion", "viirs_low_lr", "10", NUMBER, fusion.viirs_low_lr, 10, NULL),
    SITE("fusion", "saturated_frp_mw", "62.5", NUMBER, fusion.saturated_frp_mw, 62.5, NULL),
    SITE("fusion", "modis_high_lr", "31.25", NUMBER, fusion.modis_high_lr, 31.25, NULL),
    SITE("fusion", "modis_nominal_lr", "12.5", NUMBER, fusion.modis_nominal_lr, 12.5, NULL),
    SITE("fusion", "modis_low_lr", "3.75", NUMBER, fusion.modis_low_lr, 3.75, NULL),
    SITE("fusion", "stationary_high_lr", "7.5", NUMBER, fusion.stationary_high_lr, 7.5, NULL),
    SITE("fusion", "stationary_normal_lr", "3.75", NUMBER, fusion.stationary_normal_lr, 3.75, NULL),
    SITE("fusion", "stationary_low_lr", "1.875", NUMBER, fusion.stationary_low_lr, 1.875, NULL),
    SITE("fusion", "unrated_lr", "3.75", NUMBER, fusion.unrated_lr, 3.75, NULL),
    SITE("fusion", "report_fire_lr", "625", NUMBER, fusion.report_fire_lr, 625, NULL),
    SITE("fusion", "report_smoke_lr", "25", NUMBER, fusion.report_smoke_lr, 25, NULL),
    SITE("fusion", "report_nothing_lr", "0.00625", NUMBER, fusion.report_nothing_lr, 0.00625, NULL),
    SITE("fusion", "report_permitted_lr", "0.125", NUMBER, fusion.report_permitted_lr, 0.125, NULL),
    SITE("fusion", "permit_lr", "0.125", NUMBER, fusion.permit_lr, 0.125, NULL),
    SITE("fusion", "source_weight_most", "5", NUMBER, fusion.source_weight_most, 5, NULL),
    SITE("fusion", "second_share", "1", NUMBER, fusion.second_share, 1, NULL),
    SITE("fusion", "repeat_share", "0.375", NUMBER, fusion.repeat_share, 0.375, NULL),
    SITE("fusion", "witness_least_weight", "0.875", NUMBER, fusion.witness_least_weight, 0.875,
         NULL),
    SITE("fusion", "camera_half_life_min", "56.25", NUMBER, fusion.camera_half_life_min, 56.25,
         NULL),
    SITE("fusion", "polar_half_life_min", "225", NUMBER, fusion.polar_half_life_min, 225, NULL),
    SITE("fusion", "stationary_half_life_min", "75", NUMBER, fusion.stationary_half_life_min, 75,
         NULL),
    SITE("fusion", "report_half_life_min", "450", NUMBER, fusion.report_half_life_min, 450, NULL),
    SITE("fusion", "gate_point_d2", "11.512500000000001", NUMBER, fusion.gate_point_d2,
         11.512500000000001, NULL),
    SITE("fusion", "gate_bearing_d2", "8.2875", NUMBER, fusion.gate_bearing_d2, 8.2875, NULL),
    SITE("fusion", "gate_merge_d2", "2.5", NUMBER, fusion.gate_merge_d2, 2.5, NULL),
    SITE("fusion", "ambiguous_d2", "2.5", NUMBER, fusion.ambiguous_d2, 2.5, NULL),
    SITE("fusion", "crossing_min_deg", "12.5", NUMBER, fusion.crossing_min_deg, 12.5, NULL),
    SITE("fusion", "same_camera_m", "375", NUMBER, fusion.same_camera_m, 375, NULL),
    SITE("fusion", "motion_km_h", "2.25", NUMBER, fusion.motion_km_h, 2.25, NULL),
    SITE("fusion", "motion_most_m", "1250", NUMBER, fusion.motion_most_m, 1250, NULL),
    SITE("fusion", "camera_camera_min", "37.5", NUMBER, fusion.camera_camera_min, 37.5, NULL),
    SITE("fusion", "camera_stationary_min", "75", NUMBER, fusion.camera_stationary_min, 75, NULL),
    SITE("fusion", "polar_before_camera_min", "37.5", NUMBER, fusion.polar_before_camera_min, 37.5,
         NULL),
    SITE("fusion", "polar_after_camera_min", "225", NUMBER, fusion.polar_after_camera_min, 225,
         NULL),
    SITE("fusion", "satellite_satellite_min", "225", NUMBER, fusion.satellite_satellite_min, 225,
         NULL),
    SITE("fusion", "report_min", "150", NUMBER, fusion.report_min, 150, NULL),
    SITE("fusion", "close_probability", "0.125", NUMBER, fusion.close_probability, 0.125, NULL),
    SITE("fusion", "out_grace_min", "18.75", NUMBER, fusion.out_grace_min, 18.75, NULL),
    SITE("fusion", "late_h", "7.5", NUMBER, fusion.late_h, 7.5, NULL),
    SITE("fusion", "keep_h", "15", NUMBER, fusion.keep_h, 15, NULL),
    SITE("fusion", "max_evidence", "81920", WHOLE, fusion.max_evidence, 81920, NULL),
    SITE("fusion", "p1_probability", "0.95", NUMBER, fusion.p1_probability, 0.95, NULL),
    SITE("fusion", "p1_core_probability", "1", NUMBER, fusion.p1_core_probability, 1, NULL),
    SITE("fusion", "p2_probability", "0.65", NUMBER, fusion.p2_probability, 0.65, NULL),
    SITE("fusion", "p3_probability", "0.35", NUMBER, fusion.p3_probability, 0.35, NULL),
    SITE("fusion", "core_consequence", "1.25", NUMBER, fusion.core_consequence, 1.25, NULL),
    SITE("fusion", "area_consequence", "0.625", NUMBER, fusion.area_consequence, 0.625, NULL),
    SITE("fusion", "dwelling_consequence", "1.25", NUMBER, fusion.dwelling_consequence, 1.25, NULL),
    SITE("fusion", "dwelling_m", "1250", NUMBER, fusion.dwelling_m, 1250, NULL),
    SITE("fusion", "danger_consequence", "0.3125", NUMBER, fusion.danger_consequence, 0.3125, NULL),
    SITE("fusion", "wind_consequence", "0.625", NUMBER, fusion.wind_consequence, 0.625, NULL),
    {"ground", "permits", "[one]", IN_SITE, OTHER, 0, 0, NULL},
    {"ground", "protected_areas", "[one]", IN_SITE, OTHER, 0, 0, NULL},
    {"ground", "dwellings", "[one]", IN_SITE, OTHER, 0, 0, NULL},
    {"ground", "weather", "[one]", IN_SITE, OTHER, 0, 0, NULL},
    SITE("ground", "datum", "bd09", WHOLE, ground.datum, 2, NULL),
    SITE("ground", "utc_offset_h", "-3.5", NUMBER, ground.utc_offset_h, -3.5, NULL),
    SITE("weather", "ffmc", "1987", WHOLE, weather.ffmc, 1, NULL),
    SITE("weather", "danger_2_fwi", "1.5", NUMBER, weather.danger_fwi[0], 1.5, NULL),
    SITE("weather", "danger_3_fwi", "2.5", NUMBER, weather.danger_fwi[1], 2.5, NULL),
    SITE("weather", "danger_4_fwi", "3.5", NUMBER, weather.danger_fwi[2], 3.5, NULL),
    SITE("weather", "danger_5_fwi", "4.5", NUMBER, weather.danger_fwi[3], 4.5, NULL),
    SITE("evidence", "enabled", "false", SWITCH, evidence.enabled, 0, NULL),
    SITE("evidence", "max_age_days", "12.5", NUMBER, evidence.max_age_days, 12.5, NULL),
    SITE("evidence", "max_size_mib", "2e3", NUMBER, evidence.max_size_mib, 2000, NULL),
    SITE("evidence", "jpeg_quality", "71", WHOLE, evidence.jpeg_quality, 71, NULL),
    SITE("evidence", "crop_margin", "0.75", NUMBER, evidence.crop_margin, 0.75, NULL),
    SITE("bus", "publish", "ipc:///run/bus", TEXT, bus.publish, 0, "ipc:///run/bus"),
    SITE("bus", "inbox", "ipc:///run/inbox", TEXT, bus.inbox, 0, "ipc:///run/inbox"),
    SITE("bus", "heartbeat_s", "2.5", NUMBER, bus.heartbeat_s, 2.5, NULL),
    SITE("bus", "status_s", "7.5", NUMBER, bus.status_s, 7.5, NULL),
    SITE("bus", "queue_messages", "123", WHOLE, bus.queue_messages, 123, NULL),
    DETECTOR("plugin", "own/look.so", PATH, plugin, 0, "own/look.so"),
    DETECTOR("name", "looker", TEXT, name, 0, "looker"),
    DETECTOR("min_score", "0.55", NUMBER, min_score, 0.55, NULL),
    DETECTOR("settings", "{area: 5, mode: \"x y\"}", OTHER, settings, 0, NULL),
    CAMERA("camera_defaults", "enabled", "false", SWITCH, enabled, 0, NULL),
    CAMERA("camera_defaults", "credentials", "secret", OTHER, credentials_path, 0, NULL),
    CAMERA("camera_defaults", "transport", "auto", WHOLE, transport, LH_TRANSPORT_AUTO, NULL),
    CAMERA("camera_defaults", "tls_ca_path", "ca.pem", PATH, tls_ca_path, 0, "ca.pem"),
    CAMERA("camera_defaults", "tls_verify", "false", SWITCH, tls_verify, 0, NULL),
    CAMERA("camera_defaults", "keyframes_only", "false", SWITCH, keyframes_only, 0, NULL),
    CAMERA("camera_defaults", "watch_interval_s", "2.25", NUMBER, watch_interval_s, 2.25, NULL),
    CAMERA("camera_defaults", "open_timeout_s", "3.5", NUMBER, open_timeout_s, 3.5, NULL),
    CAMERA("camera_defaults", "stall_timeout_s", "4.5", NUMBER, stall_timeout_s, 4.5, NULL),
    CAMERA("camera_defaults", "frozen_timeout_s", "55", NUMBER, frozen_timeout_s, 55, NULL),
    CAMERA("camera_defaults", "reconnect_min_s", "0.5", NUMBER, reconnect_min_s, 0.5, NULL),
    CAMERA("camera_defaults", "reconnect_max_s", "33", NUMBER, reconnect_max_s, 33, NULL),
    CAMERA("camera_defaults", "poll_interval_s", "6.5", NUMBER, poll_interval_s, 6.5, NULL),
    CAMERA("camera_defaults", "latency_s", "0.75", NUMBER, latency_s, 0.75, NULL),
    CAMERA("camera_defaults", "still_time", "mtime", WHOLE, still_time, LH_STILL_TIME_MTIME, NULL),
    CAMERA("camera_defaults", "still_time_pattern", "\"%Y%m%d\"", TEXT, still_time_pattern, 0,
           "%Y%m%d"),
    CAMERA("camera_defaults", "max_width_px", "1920", PIXELS, max_width_px, 1920, NULL),
    CAMERA("camera_defaults", "max_height_px", "1080", PIXELS, max_height_px, 1080, NULL),
    CAMERA("camera_defaults", "detectors", "[looker]", TEXTS, detectors, 0, "looker"),
    CAMERA("cameras", "id", "tower-9", TEXT, id, 0, "tower-9"),
    CAMERA("cameras", "name", "\"\xe5\xa1\x94\"", TEXT, name, 0, "\xe5\xa1\x94"),
    CAMERA("cameras", "url", "rtsp://h/x", TEXT, url, 0, "rtsp://h/x"),
    CAMERA("cameras", "group", "hills", TEXT, group, 0, "hills"),
    CAMERA("cameras", "preset", "north", TEXT, preset, 0, "north"),
    CAMERA("cameras", "masks", NULL, OTHER, masks, 0, NULL),
    MASK("points", "[[0, 0.5], [1, 0.5], [0.5, 1]]", OTHER, points, 0, NULL),
    MASK("min_share", "0.625", NUMBER, min_share, 0.625, NULL),
    MASK("preset", "north", TEXT, preset, 0, "north"),
    SITE("terrain", "files", "[/dem]", TEXTS, terrain.files, 0, "/dem"),
    SITE("terrain", "heights", "ellipsoid", WHOLE, terrain.heights, LH_TERRAIN_HEIGHTS_ELLIPSOID,
         NULL),
    SITE("places", "file", "ca.pem", PATH, places.file, 0, "ca.pem"),
    SITE("places", "datum", "gcj02", WHOLE, places.datum, 1, NULL),
    SITE("places", "name_field", "label", TEXT, places.name_field, 0, "label"),
    SITE("places", "range_m", "12345", NUMBER, places.range_m, 12345, NULL),
    CAMERA("cameras", "pose", NULL, OTHER, pose, 0, NULL),
    CAMERA("cameras", "presets", NULL, OTHER, presets, 0, NULL),
    CAMERA("cameras", "ptz", NULL, OTHER, ptz, 0, NULL),
    VIEW("zooms", zoom, "4.25", IN_ZOOM, NUMBER, lh_zoom_step, 4.25, NULL),
    VIEW("zooms", hfov_deg, "5.25", IN_ZOOM, NUMBER, lh_zoom_step, 5.25, NULL),
    VIEW("pose", latitude_deg, "6.25", IN_POSE, NUMBER, lh_pose_config, 6.25, NULL),
    VIEW("pose", longitude_deg, "7.25", IN_POSE, NUMBER, lh_pose_config, 7.25, NULL),
    VIEW("pose", datum, "bd09", IN_POSE, WHOLE, lh_pose_config, 2, NULL),
    VIEW("pose", ground_m, "8.25", IN_POSE, NUMBER, lh_pose_config, 8.25, NULL),
    VIEW("pose", mast_m, "9.25", IN_POSE, NUMBER, lh_pose_config, 9.25, NULL),
    VIEW("pose", azimuth_deg, "10.25", IN_POSE, NUMBER, lh_pose_config, 10.25, NULL),
    VIEW("pose", tilt_deg, "11.25", IN_POSE, NUMBER, lh_pose_config, 11.25, NULL),
    VIEW("pose", roll_deg, "12.25", IN_POSE, NUMBER, lh_pose_config, 12.25, NULL),
    VIEW("pose", hfov_deg, "13.25", IN_POSE, NUMBER, lh_pose_config, 13.25, NULL),
    VIEW("pose", k1, "0.14", IN_POSE, NUMBER, lh_pose_config, 0.14, NULL),
    VIEW("pose", k2, "0.15", IN_POSE, NUMBER, lh_pose_config, 0.15, NULL),
    VIEW("pose", mount_east_deg, "1.61", IN_POSE, NUMBER, lh_pose_config, 1.61, NULL),
    VIEW("pose", mount_north_deg, "1.71", IN_POSE, NUMBER, lh_pose_config, 1.71, NULL),
    VIEW("pose", mount_azimuth_deg, "1.81", IN_POSE, NUMBER, lh_pose_config, 1.81, NULL),
    VIEW("pose", sigma_azimuth_deg, "1.91", IN_POSE, NUMBER, lh_pose_config, 1.91, NULL),
    VIEW("pose", sigma_tilt_deg, "2.01", IN_POSE, NUMBER, lh_pose_config, 2.01, NULL),
    VIEW("pose", sigma_height_m, "21.25", IN_POSE, NUMBER, lh_pose_config, 21.25, NULL),
    VIEW("pose", range_m, "225.5", IN_POSE, NUMBER, lh_pose_config, 225.5, NULL),
    VIEW("pose", pan_from_deg, "23.25", IN_POSE, NUMBER, lh_pose_config, 23.25, NULL),
    VIEW("pose", pan_to_deg, "24.25", IN_POSE, NUMBER, lh_pose_config, 24.25, NULL),
    {"pose", "zooms", NULL, IN_POSE, OTHER, 0, 0, NULL},
    VIEW("presets", name, "text name", IN_PRESET, TEXT, lh_preset_config, 0, "text name"),
    VIEW("presets", azimuth_deg, "25.25", IN_PRESET, NUMBER, lh_preset_config, 25.25, NULL),
    VIEW("presets", tilt_deg, "26.25", IN_PRESET, NUMBER, lh_preset_config, 26.25, NULL),
    VIEW("presets", zoom, "27.25", IN_PRESET, NUMBER, lh_preset_config, 27.25, NULL),
    VIEW("ptz", url, "text url", IN_PTZ, TEXT, lh_ptz_config, 0, "text url"),
    VIEW("ptz", profile, "text profile", IN_PTZ, TEXT, lh_ptz_config, 0, "text profile"),
    VIEW("ptz", poll_interval_s, "28.25", IN_PTZ, NUMBER, lh_ptz_config, 28.25, NULL),
    VIEW("ptz", timeout_s, "0.29", IN_PTZ, NUMBER, lh_ptz_config, 0.29, NULL),
    VIEW("ptz", pan_zero_deg, "30.25", IN_PTZ, NUMBER, lh_ptz_config, 30.25, NULL),
    VIEW("ptz", pan_scale_deg, "31.25", IN_PTZ, NUMBER, lh_ptz_config, 31.25, NULL),
    VIEW("ptz", tilt_zero_deg, "32.25", IN_PTZ, NUMBER, lh_ptz_config, 32.25, NULL),
    VIEW("ptz", tilt_scale_deg, "33.25", IN_PTZ, NUMBER, lh_ptz_config, 33.25, NULL),
    SITE("site", "box", "\"111,37,112,38\"", TEXT, box, 0, "111,37,112,38"),
    {"feeds", "name", "firms", IN_FEED, TEXT, offsetof(struct lh_feed_config, name), 0, "firms"},
    {"feeds", "enabled", "false", IN_FEED, SWITCH, offsetof(struct lh_feed_config, enabled), 0,
     NULL},
    VIEW("feeds", kind, "folder", IN_FEED, WHOLE, lh_feed_config, 2, NULL),
    VIEW("feeds", url, "http://192.0.2.9", IN_FEED, TEXT, lh_feed_config, 0, "http://192.0.2.9"),
    {"feeds", "sources", "[MODIS_NRT]", IN_FEED, TEXTS, offsetof(struct lh_feed_config, sources), 0,
     "MODIS_NRT"},
    VIEW("feeds", key_file, "secret", IN_FEED, PATH, lh_feed_config, 0, "secret"),
    VIEW("feeds", tls_ca_path, "ca.pem", IN_FEED, PATH, lh_feed_config, 0, "ca.pem"),
    VIEW("feeds", box, "\"1,2,3,4\"", IN_FEED, TEXT, lh_feed_config, 0, "1,2,3,4"),
    VIEW("feeds", days, "4", IN_FEED, WHOLE, lh_feed_config, 4, NULL),
    VIEW("feeds", poll_interval_s, "41.25", IN_FEED, NUMBER, lh_feed_config, 41.25, NULL),
    VIEW("feeds", timeout_s, "42.25", IN_FEED, NUMBER, lh_feed_config, 42.25, NULL),
    VIEW("feeds", max_size_mib, "43.25", IN_FEED, NUMBER, lh_feed_config, 43.25, NULL),
    VIEW("feeds", max_requests, "44", IN_FEED, WHOLE, lh_feed_config, 44, NULL),
    VIEW("feeds", folder, "drop", IN_FEED, PATH, lh_feed_config, 0, "drop"),
    {"feeds", "files", "[one]", IN_FEED, OTHER, 0, 0, NULL},
    VIEW("feeds", latency_s, "45.25", IN_FEED, NUMBER, lh_feed_config, 45.25, NULL),
    VIEW("feeds", datum, "bd09", IN_FEED, WHOLE, lh_feed_config, 2, NULL),
    VIEW("feeds", satellite, "FY-4B", IN_FEED, TEXT, lh_feed_config, 0, "FY-4B"),
    {"feeds", "columns", NULL, IN_FEED, OTHER, 0, 0, NULL},
    VIEW("feeds", time_format, "\"%d.%m.%Y\"", IN_FEED, TEXT, lh_feed_config, 0, "%d.%m.%Y"),
    VIEW("feeds", utc_offset_h, "-3.5", IN_FEED, NUMBER, lh_feed_config, -3.5, NULL),
    VIEW("feeds", frp_unit, "kw", IN_FEED, WHOLE, lh_feed_config, 1, NULL),
    VIEW("columns", latitude, "column latitude", IN_COLUMNS, TEXT, lh_feed_columns, 0,
         "column latitude"),
    VIEW("columns", longitude, "column longitude", IN_COLUMNS, TEXT, lh_feed_columns, 0,
         "column longitude"),
    VIEW("columns", time, "column time", IN_COLUMNS, TEXT, lh_feed_columns, 0, "column time"),
    VIEW("columns", date, "column date", IN_COLUMNS, TEXT, lh_feed_columns, 0, "column date"),
    VIEW("columns", clock, "column clock", IN_COLUMNS, TEXT, lh_feed_columns, 0, "column clock"),
    VIEW("columns", satellite, "column satellite", IN_COLUMNS, TEXT, lh_feed_columns, 0,
         "column satellite"),
    VIEW("columns", instrument, "column instrument", IN_COLUMNS, TEXT, lh_feed_columns, 0,
         "column instrument"),
    VIEW("columns", confidence, "column confidence", IN_COLUMNS, TEXT, lh_feed_columns, 0,
         "column confidence"),
    VIEW("columns", frp, "column frp", IN_COLUMNS, TEXT, lh_feed_columns, 0, "column frp"),
    VIEW("columns", brightness, "column brightness", IN_COLUMNS, TEXT, lh_feed_columns, 0,
         "column brightness"),
    VIEW("columns", scan, "column scan", IN_COLUMNS, TEXT, lh_feed_columns, 0, "column scan"),
    VIEW("columns", track, "column track", IN_COLUMNS, TEXT, lh_feed_columns, 0, "column track"),
    VIEW("columns", cluster, "column cluster", IN_COLUMNS, TEXT, lh_feed_columns, 0,
         "column cluster"),
    VIEW("heat", min_dates, "5", IN_HEAT, WHOLE, lh_heat_config, 5, NULL),
    VIEW("heat", window_days, "51.5", IN_HEAT, NUMBER, lh_heat_config, 51.5, NULL),
    VIEW("heat", min_span_days, "52.5", IN_HEAT, NUMBER, lh_heat_config, 52.5, NULL),
    VIEW("heat", expiry_days, "53.5", IN_HEAT, NUMBER, lh_heat_config, 53.5, NULL),
    VIEW("heat", min_night_fraction, "0.625", IN_HEAT, NUMBER, lh_heat_config, 0.625, NULL),
    VIEW("heat", factor, "0.125", IN_HEAT, NUMBER, lh_heat_config, 0.125, NULL),
    {"heat", "areas", NULL, IN_HEAT, OTHER, 0, 0, NULL},
    VIEW("areas", file, "ca.pem", IN_AREA, PATH, lh_heat_area_config, 0, "ca.pem"),
    VIEW("areas", datum, "gcj02", IN_AREA, WHOLE, lh_heat_area_config, 1, NULL),
    VIEW("areas", factor, "0.375", IN_AREA, NUMBER, lh_heat_area_config, 0.375, NULL),
    VIEW("areas", valid_from, "2026-01-01", IN_AREA, TEXT, lh_heat_area_config, 0, "2026-01-01"),
    VIEW("areas", valid_to, "2027-01-01", IN_AREA, TEXT, lh_heat_area_config, 0, "2027-01-01"),
    VIEW("people", name, "Li", IN_PERSON, TEXT, lh_person_config, 0, "Li"),
    VIEW("people", key_file, "li.key", IN_PERSON, PATH, lh_person_config, 0, "li.key"),
    VIEW("people", reports, "false", IN_PERSON, SWITCH, lh_person_config, 0, NULL),
    VIEW("people", trusted, "true", IN_PERSON, SWITCH, lh_person_config, 1, NULL),
    VIEW("people", weather, "true", IN_PERSON, SWITCH, lh_person_config, 1, NULL),
    VIEW("people", poses, "true", IN_PERSON, SWITCH, lh_person_config, 1, NULL),
    VIEW("people", cues, "true", IN_PERSON, SWITCH, lh_person_config, 1, NULL),
    SITE("responsibility", "grid", "[/grid]", TEXTS, responsibility.grid, 0, "/grid"),
    SITE("responsibility", "datum", "gcj02", WHOLE, responsibility.datum, 1, NULL),
    SITE("responsibility", "roster", "ca.pem", PATH, responsibility.roster, 0, "ca.pem"),
    SITE("responsibility", "quiet_from_h", "22.5", NUMBER, responsibility.quiet_from_h, 22.5, NULL),
    SITE("responsibility", "quiet_to_h", "6.5", NUMBER, responsibility.quiet_to_h, 6.5, NULL),
    {"responsibility", "rules", NULL, IN_SITE, OTHER, 0, 0, NULL},
    VIEW("rules", to, "desk", IN_RULE, WHOLE, lh_escalation_rule, 3, NULL),
    VIEW("rules", priority, "p2", IN_RULE, WHOLE, lh_escalation_rule, 1, NULL),
    VIEW("rules", after_min, "7.5", IN_RULE, NUMBER, lh_escalation_rule, 7.5, NULL),
    VIEW("rules", danger_level, "4", IN_RULE, WHOLE, lh_escalation_rule, 4, NULL),
    VIEW("rules", season, "ban", IN_RULE, WHOLE, lh_escalation_rule, 1, NULL),
    SITE("cap", "status", "exercise", WHOLE, cap.status, LH_CAP_EXERCISE, NULL),
    SITE("cap", "sender", "desk@example", TEXT, cap.sender, 0, "desk@example"),
    SITE("cap", "expires_min", "30.5", NUMBER, cap.expires_min, 30.5, NULL),
};

#define EXPECTATIONS (sizeof expectations / sizeof expectations[0])

static const struct expectation *expectation_of(const char *section, const char *key)
{
    for (size_t i = 0; i < EXPECTATIONS; i++) {
        if (strcmp(expectations[i].section, section) == 0 && strcmp(expectations[i].key, key) == 0)
            return &expectations[i];
    }
    return NULL;
}

static void require_expectations(const char *section, const struct lh_option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        if (!expectation_of(section, table->rows[i].name))
            fail_msg("the option %s.%s has no line in this test", section, table->rows[i].name);
        if (table->rows[i].table)
            require_expectations(table->rows[i].name, table->rows[i].table);
    }
}

static void no_option_is_forgotten_here(void **state)
{
    (void)state;
    const struct lh_option_table *root = lh_site_options();
    for (size_t i = 0; i < root->count; i++) {
        if (root->rows[i].type != LH_OPTION_MAP)
            require_expectations(root->rows[i].name, root->rows[i].table);
    }
}

/* Where camera settings are written; they must arrive all the same. */
enum level {
    IN_DEFAULTS,
    IN_GROUP,
    IN_THE_CAMERA,
};

static void write_keys(FILE *out, const char *section, int indent)
{
    for (size_t i = 0; i < EXPECTATIONS; i++) {
        if (strcmp(expectations[i].section, section) == 0 && expectations[i].written)
            fprintf(out, "%*s%s: %s\n", indent, "", expectations[i].key, expectations[i].written);
    }
}

static char *write_site(enum level level)
{
    static const char *const sections[] = {"site",   "log",     "detect", "tracks",   "alarms",
                                           "fusion", "weather", "ground", "evidence", "bus",
                                           "places", "terrain", "cap"};
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        fprintf(out, "%s:\n", sections[i]);
        write_keys(out, sections[i], 2);
    }
    fputs("detectors:\n  -\n", out);
    write_keys(out, "detectors", 4);
    if (level == IN_DEFAULTS) {
        fputs("camera_defaults:\n", out);
        write_keys(out, "camera_defaults", 2);
    }
    fputs("groups:\n  hills:\n", out);
    if (level == IN_GROUP)
        write_keys(out, "camera_defaults", 4);
    fputs("cameras:\n  -\n", out);
    write_keys(out, "cameras", 4);
    if (level == IN_THE_CAMERA)
        write_keys(out, "camera_defaults", 4);
    fputs("    masks:\n      -\n", out);
    write_keys(out, "masks", 8);
    fputs("    ptz:\n", out);
    write_keys(out, "ptz", 6);
    fputs("    presets:\n      -\n", out);
    write_keys(out, "presets", 8);
    fputs("    pose:\n", out);
    write_keys(out, "pose", 6);
    fputs("      zooms:\n        -\n", out);
    write_keys(out, "zooms", 10);
    fputs("feeds:\n  -\n", out);
    write_keys(out, "feeds", 4);
    fputs("    columns:\n", out);
    write_keys(out, "columns", 6);
    fputs("heat:\n", out);
    write_keys(out, "heat", 2);
    fputs("  areas:\n    -\n", out);
    write_keys(out, "areas", 6);
    fputs("people:\n  -\n", out);
    write_keys(out, "people", 4);
    fputs("responsibility:\n", out);
    write_keys(out, "responsibility", 2);
    fputs("  rules:\n    -\n", out);
    write_keys(out, "rules", 6);
    assert_int_equal(fclose(out), 0);
    return text;
}

static struct lh_site *parse(const struct scratch *scratch, const char *text)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/site.yaml", scratch->folder);
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    const int code = lh_site_parse(path, text, strlen(text), &findings, &site);
    for (size_t i = 0; i < findings.count; i++)
        print_message("%d:%d: %s\n", findings.items[i].place.line, findings.items[i].place.column,
                      findings.items[i].text);
    lh_findings_finish(&findings);
    if (code != LH_OK)
        fail_msg("%s\n%s", lh_error_name(code), text);
    return site;
}

static void check(const struct scratch *scratch, const struct expectation *one, const char *struct_)
{
    const void *slot = struct_ + one->offset;
    char path[400];
    int fits = 1;
    switch (one->kind) {
    case TEXT:
        fits = strcmp(*(char *const *)slot, one->text) == 0;
        break;
    case PATH:
        (void)snprintf(path, sizeof path, "%s/%s", scratch->folder, one->text);
        fits = strcmp(*(char *const *)slot, path) == 0;
        break;
    case TEXTS: {
        char *const *texts = *(char *const *const *)slot;
        fits = strcmp(texts[strcmp(one->key, "plugin_folders") == 0 ? 1 : 0], one->text) == 0;
        break;
    }
    case NUMBER:
        fits = fabs(*(const double *)slot - one->number) < 1e-12;
        break;
    case WHOLE:
        fits = *(const int *)slot == (int)one->number;
        break;
    case PIXELS:
        fits = *(const uint32_t *)slot == (uint32_t)one->number;
        break;
    case SWITCH:
        fits = *(const bool *)slot == (one->number > 0);
        break;
    case OTHER:
        break;
    }
    if (!fits)
        fail_msg("%s.%s did not arrive", one->section, one->key);
}

static void check_others(const struct scratch *scratch, const struct lh_site *site)
{
    const struct lh_detector_config *detector = &site->detectors[0];
    const struct lh_camera_config *camera = &site->cameras[0];
    char path[300];
    assert_int_equal(site->plugin_folder_count, 2);
    (void)snprintf(path, sizeof path, "%s/one", scratch->folder);
    assert_string_equal(site->plugin_folders[0], path);
    assert_int_equal(site->detector_count, 1);
    assert_int_equal(detector->setting_count, 2);
    assert_string_equal(detector->settings[0].name, "area");
    assert_string_equal(detector->settings[0].value, "5");
    assert_string_equal(detector->settings[1].name, "mode");
    assert_string_equal(detector->settings[1].value, "x y");
    assert_int_equal(detector->settings[1].value_place.line, detector->settings[1].place.line);
    assert_int_equal(detector->settings[1].value_place.column,
                     detector->settings[1].place.column + 6);
    assert_true(detector->plugin_place.line > detector->place.line - 1);
    (void)snprintf(path, sizeof path, "%s/secret", scratch->folder);
    assert_string_equal(camera->credentials_path, path);
    assert_string_equal(camera->credentials.user, "admin");
    assert_string_equal(camera->credentials.password, "s3cret");
    assert_int_equal(camera->mask_count, 1);
    assert_int_equal(camera->masks[0].point_count, 3);
    assert_true(fabs(camera->masks[0].points[2].x - 0.5) < 1e-12);
    assert_true(fabs(camera->masks[0].points[2].y - 1.0) < 1e-12);
    assert_true(camera->url_place.line > camera->place.line);
}

static void every_option_arrives(void **state)
{
    const struct scratch *scratch = *state;
    for (enum level level = IN_DEFAULTS; level <= IN_THE_CAMERA; level++) {
        char *text = write_site(level);
        struct lh_site *site = parse(scratch, text);
        for (size_t i = 0; i < EXPECTATIONS; i++) {
            const void *const structs[] = {
                [IN_SITE] = site,
                [IN_DETECTOR] = site->detectors,
                [IN_CAMERA] = site->cameras,
                [IN_MASK] = site->cameras[0].masks,
                [IN_POSE] = &site->cameras[0].pose,
                [IN_ZOOM] = site->cameras[0].pose.zooms,
                [IN_PRESET] = site->cameras[0].presets,
                [IN_PTZ] = &site->cameras[0].ptz,
                [IN_FEED] = site->feeds,
                [IN_COLUMNS] = &site->feeds[0].columns,
                [IN_HEAT] = &site->heat,
                [IN_AREA] = site->heat.areas,
                [IN_PERSON] = site->people,
                [IN_RULE] = site->responsibility.rules,
            };
            check(scratch, &expectations[i], structs[expectations[i].where]);
        }
        check_others(scratch, site);
        lh_site_destroy(&site);
        free(text);
    }
}

/* ---- defaults ---- */

static void what_is_not_said_is_sensible(void **state)
{
    struct lh_site *site = parse(*state, "cameras: [{id: a, url: clip.mp4}]\n");
    const struct lh_camera_config *camera = &site->cameras[0];
    char path[300];
    (void)snprintf(path, sizeof path, "%s/data", ((const struct scratch *)*state)->folder);
    assert_string_equal(site->data_folder, path);
    assert_string_equal(site->folder, ((const struct scratch *)*state)->folder);
    assert_string_equal(site->area_code, "000000");
    assert_int_equal(site->log_level, LH_LOG_INFO);
    assert_int_equal(site->detect_threads, 0);
    assert_int_equal(site->detector_count, 2);
    assert_string_equal(site->detectors[0].name, "smoke_classic");
    assert_string_equal(site->detectors[0].plugin, "smoke_classic");
    assert_string_equal(site->detectors[1].name, "flame_classic");
    assert_int_equal(site->tracks.confirm_hits, 3);
    assert_int_equal(site->tracks.confirm_window, 5);
    assert_string_equal(site->bus.publish, "tcp://127.0.0.1:5570");
    assert_string_equal(camera->name, "a");
    assert_true(camera->enabled && camera->tls_verify && camera->keyframes_only);
    assert_int_equal(camera->transport, LH_TRANSPORT_TCP);
    assert_true(fabs(camera->watch_interval_s - 10) < 1e-12);
    assert_true(fabs(camera->stall_timeout_s - 10) < 1e-12);
    assert_true(fabs(camera->latency_s - 0.3) < 1e-12);
    assert_string_equal(camera->credentials_path, "");
    assert_string_equal(camera->credentials.user, "");
    assert_string_equal(camera->credentials.password, "");
    assert_int_equal(camera->detector_count, 2);
    assert_string_equal(camera->detectors[1], "flame_classic");
    (void)snprintf(path, sizeof path, "%s/clip.mp4", ((const struct scratch *)*state)->folder);
    assert_string_equal(camera->url, path);
    assert_string_equal(site->camera_defaults.id, "");
    assert_string_equal(site->camera_defaults.url, "");
    assert_int_equal(site->camera_defaults.detector_count, 2);
    lh_site_destroy(&site);
    assert_null(site);
    lh_site_destroy(&site);
}

static void empty_sections_are_sections(void **state)
{
    struct lh_site *site = parse(*state, "site:\nlog: {}\ntracks: ~\ncamera_defaults:\ngroups:\n"
                                         "cameras:\n");
    assert_int_equal(site->camera_count, 0);
    assert_null(lh_site_camera(site, "a"));
    lh_site_destroy(&site);
}

static void the_nearest_word_wins(void **state)
{
    struct lh_site *site = parse(
        *state,
        "groups:\n"
        "  g: {watch_interval_s: 3, latency_s: 2}\n"
        "cameras:\n"
        "  - {id: plain, url: x}\n"
        "  - {id: grouped, url: x, group: g}\n"
        "  - {id: own, url: x, group: g, watch_interval_s: 4, detectors: [flame_classic]}\n"
        "camera_defaults: {watch_interval_s: 2, stall_timeout_s: 9, detectors: [smoke_classic]}\n");
    const struct lh_camera_config *plain = lh_site_camera(site, "plain");
    const struct lh_camera_config *grouped = lh_site_camera(site, "grouped");
    const struct lh_camera_config *own = lh_site_camera(site, "own");
    assert_non_null(plain);
    assert_non_null(grouped);
    assert_non_null(own);
    assert_null(lh_site_camera(site, "other"));
    assert_true(fabs(plain->watch_interval_s - 2) < 1e-12);
    assert_true(fabs(plain->latency_s - 0.3) < 1e-12);
    assert_true(fabs(grouped->watch_interval_s - 3) < 1e-12);
    assert_true(fabs(grouped->latency_s - 2) < 1e-12);
    assert_true(fabs(grouped->stall_timeout_s - 9) < 1e-12);
    assert_true(fabs(own->watch_interval_s - 4) < 1e-12);
    assert_true(fabs(own->latency_s - 2) < 1e-12);
    assert_string_equal(grouped->detectors[0], "smoke_classic");
    assert_int_equal(own->detector_count, 1);
    assert_string_equal(own->detectors[0], "flame_classic");
    lh_site_destroy(&site);
}

/* ---- reloading ---- */

#define POSE "latitude_deg: 37.6, longitude_deg: 111.9, azimuth_deg: 350, hfov_deg: 60"

static void what_anything_works_by_decides_equality(void **state)
{
    static const char *const same[] = {
        "id: a, url: x, group: g",
        "id: a, url: x, masks: []",
        "id: a, url: x, detectors: [smoke_classic, flame_classic]",
        "id: a, url: x, watch_interval_s: 10.0, enabled: true",
        "id: a, url: x, presets: []",
    };
    static const char *const different[] = {
        "id: b, url: x",
        "id: a, url: y",
        "id: a, url: x, name: other",
        "id: a, url: x, masks: [{points: [[0,0],[1,1],[0,1]]}]",
        "id: a, url: x, detectors: [flame_classic]",
        "id: a, url: x, enabled: false",
        "id: a, url: x, credentials: secret",
        "id: a, url: x, watch_interval_s: 9",
        "id: a, url: x, transport: udp",
        "id: a, url: x, max_width_px: 1000",
        "id: a, url: x, preset: north",
        /* NOLINTNEXTLINE(bugprone-suspicious-missing-comma) */
        "id: a, url: x, pose: {" POSE "}",
        "id: a, url: x, ptz: {profile: p}",
        "id: a, url: x, presets: [{name: n, azimuth_deg: 0}]",
        "id: a, url: x, still_time_pattern: \"%s\"",
    };
    const size_t same_count = sizeof same / sizeof same[0];
    const size_t different_count = sizeof different / sizeof different[0];
    struct lh_site *before = parse(*state, "cameras: [{id: a, url: x}]\n");
    for (size_t i = 0; i < same_count + different_count; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "groups: {g: }\ncameras: [{%s}]\n",
                       i < same_count ? same[i] : different[i - same_count]);
        struct lh_site *after = parse(*state, text);
        if (lh_camera_config_equal(&before->cameras[0], &after->cameras[0]) != (i < same_count))
            fail_msg("%s", text);
        lh_site_destroy(&after);
    }
    lh_site_destroy(&before);
}

static void a_moved_mask_is_a_change(void **state)
{
    static const struct {
        const char *mask;
        bool same;
    } cases[] = {
        {"points: [[0,0],[1,1],[0,1]], min_share: 0.5", true},
        {"points: [[0,0],[1,1],[0,0.9]], min_share: 0.5", false},
        {"points: [[0,0],[1,1],[0,1],[0,0.5]], min_share: 0.5", false},
        {"points: [[0,0],[1,1],[0,1]], min_share: 0.6", false},
        {"points: [[0,0],[1,1],[0,1]], min_share: 0.5, preset: north", false},
    };
    char text[200];
    struct lh_site *before = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(text, sizeof text, "cameras: [{id: a, url: x, masks: [{%s}]}]\n",
                       cases[i].mask);
        struct lh_site *after = parse(*state, text);
        if (!before) {
            before = after;
            after = parse(*state, text);
        }
        if (lh_camera_config_equal(&before->cameras[0], &after->cameras[0]) != cases[i].same)
            fail_msg("%s", text);
        lh_site_destroy(&after);
    }
    lh_site_destroy(&before);
}

static void a_new_password_is_a_change(void **state)
{
    static const char text[] = "cameras: [{id: a, url: x, credentials: turned}]\n";
    struct scratch *scratch = *state;
    assert_non_null(scratch_write_text(scratch, "turned", 0600, "user: u\npassword: one\n"));
    struct lh_site *before = parse(scratch, text);
    struct lh_site *again = parse(scratch, text);
    assert_non_null(scratch_write_text(scratch, "turned", 0600, "user: u\npassword: two\n"));
    struct lh_site *after = parse(scratch, text);
    assert_true(lh_camera_config_equal(&before->cameras[0], &again->cameras[0]));
    assert_false(lh_camera_config_equal(&before->cameras[0], &after->cameras[0]));
    lh_site_destroy(&before);
    lh_site_destroy(&again);
    lh_site_destroy(&after);
}

/* ---- the table itself ---- */

static void check_row(const struct lh_option_table *table, const struct lh_option *row)
{
    const size_t help = strlen(row->help);
    assert_true(help > 0);
    if (row->help[help - 1] == '.')
        fail_msg("%s: the help ends in a full stop", row->name);
    if (row->not_above && !lh_option_find(table, row->not_above))
        fail_msg("%s: there is no row '%s'", row->name, row->not_above);
    if (row->maximum < row->minimum)
        fail_msg("%s: the range is empty", row->name);
    if (!row->fallback && !row->example)
        fail_msg("%s: must be given, and has no example", row->name);
    const bool seconds = row->unit && strcmp(row->unit, "s") == 0;
    const size_t length = strlen(row->name);
    if (seconds != (length > 2 && strcmp(row->name + length - 2, "_s") == 0))
        fail_msg("%s: the unit and the end of the name differ", row->name);
}

static void check_table(const struct lh_option_table *table, int depth)
{
    assert_true(depth < 5);
    for (size_t i = 0; i < table->count; i++) {
        check_row(table, &table->rows[i]);
        assert_ptr_equal(lh_option_find(table, table->rows[i].name), &table->rows[i]);
        if (table->rows[i].table)
            check_table(table->rows[i].table, depth + 1);
    }
}

static void the_rows_make_sense(void **state)
{
    (void)state;
    check_table(lh_site_options(), 0);
    assert_ptr_equal(lh_camera_options()->base, lh_shared_camera_options());
}

/* ---- what is printed ---- */

static char *print_form(int (*write_form)(FILE *))
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    assert_int_equal(write_form(out), LH_OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void the_sample_loads_as_it_stands(void **state)
{
    char *text = print_form(lh_site_write_sample);
    struct lh_site *site = parse(*state, text);
    assert_int_equal(site->camera_count, 1);
    assert_string_equal(site->cameras[0].id, "tower-1");
    assert_string_equal(site->area_code, "141122");
    lh_site_destroy(&site);
    free(text);
}

/* Takes the '#' away from every line that is an option, as a reader would. */
static void uncomment(char *text)
{
    char *out = text;
    for (char *line = text; *line;) {
        const size_t length = strcspn(line, "\n") + 1;
        const size_t start = line[0] == '#' ? strspn(line + 1, " -") + 1 : 0;
        const size_t word = strspn(line + start, "abcdefghijklmnopqrstuvwxyz0123456789_");
        const bool option = start > 0 && word > 0 && line[start + word] == ':' && line[1] != ' ';
        const bool nested = start > 2 && word > 0 && line[start + word] == ':';
        const size_t skipped = option || nested ? 1 : 0;
        memmove(out, line + skipped, length - skipped);
        out += length - skipped;
        line += length;
    }
    *out = '\0';
}

static void the_sample_loads_with_every_option_taken(void **state)
{
    struct scratch *scratch = *state;
    char folder[300];
    (void)snprintf(folder, sizeof folder, "%s/secrets", scratch->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_non_null(scratch_write_text(scratch, "secrets/tower-1", 0600, "user: u\npassword: p\n"));
    assert_non_null(scratch_write_text(scratch, "secrets/county-ca.pem", 0600, "x"));
    assert_non_null(scratch_write_text(scratch, "secrets/ranger-12", 0600, "12345678\n"));
    assert_non_null(scratch_write_text(scratch, "places.geojson", 0600, "x"));
    assert_non_null(scratch_write_text(scratch, "industry.geojson", 0600, "x"));
    char *text = print_form(lh_site_write_sample);
    uncomment(text);
    size_t commented = 0;
    for (const char *at = text; (at = strstr(at, "\n#")); at++)
        commented += at[2] != ' ' && at[2] != '\n';
    assert_int_equal(commented, 0);
    struct lh_site *site = parse(scratch, text);
    assert_string_equal(site->cameras[0].group, "mountain");
    assert_string_equal(site->cameras[0].credentials.user, "u");
    assert_int_equal(site->cameras[0].mask_count, 1);
    assert_int_equal(site->cameras[0].preset_count, 1);
    assert_true(site->cameras[0].pose_place.line > 0);
    assert_true(fabs(site->cameras[0].pose.ground_m - 1842) < 1e-12);
    assert_int_equal(site->cameras[0].pose.zoom_count, 1);
    assert_int_equal(site->detector_count, 1);
    lh_site_destroy(&site);
    free(text);
}

static void a_pose_says_where_a_camera_looks(void **state)
{
    struct lh_site *site =
        parse(*state, "cameras:\n"
                      "  - {id: none, url: x}\n"
                      "  - id: a\n"
                      "    url: x\n"
                      "    pose: {" POSE ", datum: gcj02, k1: -0.2, zooms: [{zoom: 0, hfov_deg: "
                      "60}, {zoom: 1, hfov_deg: 2}]}\n"
                      "    presets: [{name: north valley, azimuth_deg: 3}, {name: b, azimuth_deg: "
                      "9, zoom: 0.5}]\n"
                      "    ptz: {url: 'http://192.0.2.1/onvif', pan_scale_deg: -180}\n");
    assert_int_equal(site->cameras[0].pose_place.line, 0);
    const struct lh_camera_config *camera = &site->cameras[1];
    assert_true(camera->pose_place.line > 0);
    assert_int_equal(camera->pose.datum, 1);
    assert_true(isnan(camera->pose.ground_m));
    assert_true(fabs(camera->pose.mast_m - 20) < 1e-12);
    assert_true(fabs(camera->pose.k1 + 0.2) < 1e-12);
    assert_int_equal(camera->pose.zoom_count, 2);
    assert_true(fabs(camera->pose.zooms[1].hfov_deg - 2) < 1e-12);
    assert_string_equal(camera->presets[0].name, "north valley");
    assert_true(isnan(camera->presets[0].zoom));
    assert_true(fabs(camera->presets[1].zoom - 0.5) < 1e-12);
    assert_true(fabs(camera->ptz.pan_scale_deg + 180) < 1e-12);
    lh_site_destroy(&site);
}

static void compare_with_file(const char *name, int (*write_form)(FILE *))
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", getenv("LINHUO_CONFIGS"), name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s cannot be read", path);
    char *text = print_form(write_form);
    const size_t length = strlen(text);
    char *kept = calloc(1, length + 2);
    assert_non_null(kept);
    const size_t got = fread(kept, 1, length + 1, file);
    (void)fclose(file);
    if (got != length || memcmp(kept, text, length) != 0)
        fail_msg("%s is not what the program prints; make it anew with 'linhuo sample-config'",
                 path);
    free(kept);
    free(text);
}

static void the_kept_files_are_what_is_printed(void **state)
{
    (void)state;
    if (!getenv("LINHUO_CONFIGS")) {
        print_message("LINHUO_CONFIGS does not say where the kept files are\n");
        skip();
    }
    compare_with_file("site.yaml", lh_site_write_sample);
    compare_with_file("reference.md", lh_site_write_reference);
    compare_with_file("site.schema.json", lh_site_write_schema);
}

static void a_full_disk_is_noticed(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    assert_int_equal(lh_site_write_sample(full), LH_EIO);
    (void)fclose(full);
}

static int set_up(void **state)
{
    static struct scratch scratch;
    *state = &scratch;
    if (scratch_create(&scratch) != 0)
        return -1;
    return scratch_write_text(&scratch, "secret", 0600, "user: admin\npassword: s3cret\n") &&
                   scratch_write_text(&scratch, "ca.pem", 0644, "x") &&
                   scratch_write_text(&scratch, "li.key", 0600, "12345678")
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    scratch_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_option_is_forgotten_here),
        cmocka_unit_test(every_option_arrives),
        cmocka_unit_test(what_is_not_said_is_sensible),
        cmocka_unit_test(empty_sections_are_sections),
        cmocka_unit_test(the_nearest_word_wins),
        cmocka_unit_test(what_anything_works_by_decides_equality),
        cmocka_unit_test(a_moved_mask_is_a_change),
        cmocka_unit_test(a_new_password_is_a_change),
        cmocka_unit_test(the_rows_make_sense),
        cmocka_unit_test(the_sample_loads_as_it_stands),
        cmocka_unit_test(the_sample_loads_with_every_option_taken),
        cmocka_unit_test(a_pose_says_where_a_camera_looks),
        cmocka_unit_test(the_kept_files_are_what_is_printed),
        cmocka_unit_test(a_full_disk_is_noticed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
