/* One site: everything the engine is told by its configuration file.
 *
 * A site file is YAML. lh_site_load reads it, resolves groups and defaults, loads the secrets
 * it points to, and gives one immutable struct lh_site. The tables behind it (base/site_options.c)
 * name every key once, with type, range, default, unit and help; the parser, the commented
 * sample, the reference and the JSON Schema all come from them.
 *
 * All times are in the unit their name ends in. All strings are UTF-8 and owned by the site.
 * Boxes and polygons are in shares of the picture: (0,0) top left, (1,1) bottom right.
 *
 * Thread-safety: immutable after loading; any thread may read. A reload makes a new site.
 */
#ifndef LH_BASE_SITE_H
#define LH_BASE_SITE_H

#include "base/error.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where something stands in the file, counted from 1; 0,0 for what no file said. */
struct lh_place {
    int line;
    int column;
};

enum lh_transport {
    LH_TRANSPORT_TCP,
    LH_TRANSPORT_UDP,
    LH_TRANSPORT_AUTO, /* UDP first, TCP where nothing comes */
};

/* Where a still picture's capture time comes from. */
enum lh_still_time {
    LH_STILL_TIME_AUTO, /* the pattern where it matches, else EXIF, else mtime */
    LH_STILL_TIME_NAME, /* the file name, read by still_time_pattern (strptime) */
    LH_STILL_TIME_EXIF, /* DateTimeOriginal with OffsetTimeOriginal, UTC where no offset is given */
    LH_STILL_TIME_MTIME,
};

struct lh_point {
    double x;
    double y;
};

/* A region where finds do not count: a find is dropped (and counted) when at least min_share of
 * its box lies inside the polygon. */
struct lh_mask {
    char *preset; /* the PTZ preset it belongs to; "" for every view */
    struct lh_point *points;
    size_t point_count; /* at least 3 */
    double min_share;   /* 0..1 */
};

/* User and password of a camera, from the file that `credentials` names. Never logged. */
struct lh_credentials {
    char *user;     /* "" for none; as typed, not percent-encoded */
    char *password; /* likewise */
};

struct lh_camera_config {
    char *id; /* [A-Za-z0-9._-]{1,64}, unique */
    char *name;
    bool enabled;
    char *url;              /* without credentials; also a path, for files and folders of stills */
    char *credentials_path; /* "" for none */
    struct lh_credentials credentials;
    char *preset; /* the view the camera stands at, "" for a fixed camera */
    char *group;  /* whose settings it shares; "" for none */

    enum lh_transport transport;
    char *tls_ca_path; /* "": the system's authorities */
    bool tls_verify;
    bool keyframes_only;
    double watch_interval_s; /* one picture is analysed about this often; 0: every one */
    double open_timeout_s;   /* connecting, describing and finding the first picture */
    double stall_timeout_s;  /* no packet, no picture, or a clock that stands still for this long */
    double frozen_timeout_s; /* the picture has been the same for this long; 0: not checked */
    double reconnect_min_s;  /* first delay, doubled with jitter ... */
    double reconnect_max_s;  /* ... up to this */
    double poll_interval_s;  /* stills over HTTP and folders: how often to look */
    double latency_s;        /* from capture to arrival, where the camera sends no usable clock */
    enum lh_still_time still_time;
    char *still_time_pattern; /* strptime; of a file's base name */
    uint32_t max_width_px;    /* larger pictures are refused; a bound on memory */
    uint32_t max_height_px;

    char **detectors; /* names of site detectors; all where the file names none: never empty */
    size_t detector_count;
    struct lh_mask *masks;
    size_t mask_count;
    struct lh_place place;
    struct lh_place url_place;
};

/* One plugin setting as written; the plugin's own table checks it (detect/plugin.h). */
struct lh_setting_text {
    char *name;
    char *value;
    struct lh_place place;       /* of the name */
    struct lh_place value_place; /* of the value */
};

struct lh_detector_config {
    char *name; /* what alarms call it; by default the plugin's name */
    char
        *plugin; /* a name looked up in plugin_folders ("smoke_classic"), or a path ending in .so */
    double min_score; /* finds below it are not looked at; 0..1 */
    struct lh_setting_text *settings;
    size_t setting_count;
    struct lh_place place;
    struct lh_place plugin_place;
};

/* When finds become a track, and when it is confirmed (detect/track.h). */
struct lh_track_config {
    double min_overlap; /* intersection over the smaller box, for association; 0..1 */
    double max_gap_s;   /* a track not seen for longer ends, ... */
    int max_gap_looks;  /* ... if that is also longer than so many pictures usually take */
    double
        max_distance_share; /* or association by centre distance, in shares of the picture's width */
    int confirm_hits;       /* k: seen in at least k ... */
    int confirm_window;     /* n: ... of the last n analysed pictures */
    double confirm_min_s;   /* and for at least this long */
    double confirm_score;   /* with a mean score over its hits of at least this */
    double release_score; /* hysteresis: once confirmed it stays until the score falls below this */
    double min_growth;    /* area now over area at first, for kind smoke; 0: not asked for */
    int max_tracks;       /* per camera; the weakest go first */
    double place_weight; /* memory of a place (detect/place.h): most it lowers, in logits; 0: off */
    double place_recent_s; /* its time constant for what a tile usually scored of late */
    bool verify;         /* whether the verifier (detect/verifier.h) must agree to a confirmation */
    double verify_score; /* the least probability that it must give; 0..1 */
    int budget_per_day;  /* after so many confirmations in a UTC day more is asked; 0: no budget */
};

struct lh_alarm_config {
    double p1_score; /* priority by score: at least this, P1 */
    double p2_score;
    double p3_score;          /* below it nothing is published, the track is kept in the store */
    double update_interval_s; /* an alarm that goes on is published again at most this often */
};

/* How evidence is weighed and joined (fuse/): the one table of weights. Likelihood ratios where the name
 * ends in _lr, parts of a logit where it ends in _weight. Engineering guesses to begin with (STANDARDS 5),
 * to be fitted from what incidents turned out to be. */
struct lh_fusion_config {
    /* prior */
    double prior_probability; /* that a place is on fire when something begins to be said of it */
    double danger_1_weight;   /* added to the prior's logit at danger level 1 ... */
    double danger_2_weight;
    double danger_3_weight;
    double danger_4_weight;
    double danger_5_weight; /* ... at level 5 */
    double ban_weight;      /* the same while fires are banned there: an illegal fire goes up */
    /* cameras */
    double
        camera_strong_lr;  /* likelihood ratio of a sequence with a score of camera_strong_score */
    double camera_weak_lr; /* the same at camera_weak_score, and of a single sight */
    double camera_strong_score;
    double camera_weak_score;
    double camera_persistence_weight; /* most that lasting adds */
    double camera_persistence_s;
    double camera_look_lr;          /* one patrol that could see the place and saw nothing */
    double camera_look_weight_most; /* most that all such patrols of one camera take away */
    /* satellites */
    double viirs_high_lr;
    double viirs_nominal_lr;
    double viirs_low_lr;
    double saturated_frp_mw; /* a low VIIRS hotspot with at least this power counts as nominal */
    double modis_high_lr;    /* confidence 80 or more */
    double modis_nominal_lr;
    double modis_low_lr;
    double stationary_high_lr;
    double stationary_normal_lr;
    double stationary_low_lr;
    double unrated_lr;
    /* people */
    double report_fire_lr; /* capped by source_weight_most */
    double report_smoke_lr;
    double report_nothing_lr;
    double report_permitted_lr;
    double permit_lr; /* of a registered burning at that place and time */
    /* correlated */
    double source_weight_most;   /* any one source, either way */
    double second_share;         /* of the second source of one kind: ln 20 / ln 40 */
    double repeat_share;         /* of later ones, and of the same source again */
    double witness_least_weight; /* from which a kind of witness counts as one of two */
    /* decay */
    double camera_half_life_min;
    double polar_half_life_min;
    double stationary_half_life_min;
    double report_half_life_min;
    /* gates */
    double gate_point_d2;    /* 99 % of two dimensions */
    double gate_bearing_d2;  /* 99 % of one dimension */
    double gate_merge_d2;    /* two incidents closer than this are one */
    double ambiguous_d2;     /* evidence that fits two incidents about as well links them */
    double crossing_min_deg; /* bearings that cross at less give no point */
    double same_camera_m;    /* what one camera sees apart at one time stays apart */
    double motion_km_h;
    double motion_most_m;
    double camera_camera_min;
    double camera_stationary_min;
    double polar_before_camera_min;
    double polar_after_camera_min;
    double satellite_satellite_min;
    double report_min;
    /* life */
    double close_probability;
    double out_grace_min;
    double late_h; /* evidence that is older when it comes is refused */
    double keep_h;
    int max_evidence; /* at most so many pieces at a time; the weakest incidents go first */
    /* priority (DESIGN.md) */
    double p1_probability;
    double p1_core_probability;
    double p2_probability;
    double p3_probability;
    double core_consequence;
    double area_consequence;
    double dwelling_consequence;
    double dwelling_m;
    double danger_consequence;
    double wind_consequence;
};

/* How weather becomes a danger level (fuse/fire_weather.h, fuse/danger.h). */
struct lh_weather_config {
    int ffmc;             /* enum lh_ffmc_scale */
    double danger_fwi[4]; /* of levels 2 to 5, the least index */
};

struct lh_evidence_config {
    bool enabled;
    double max_age_days;
    double max_size_mib; /* of the whole evidence folder; the oldest go first */
    int jpeg_quality;    /* 1..100 */
    double crop_margin;  /* in shares of the box, on every side */
};

struct lh_bus_config {
    char *publish; /* ZeroMQ endpoint the XPUB binds, "tcp://127.0.0.1:5570" */
    double heartbeat_s;
    double status_s;
    int queue_messages; /* high-water mark per consumer */
};

/* One camera in an order of its own. Lent from the site. */
struct lh_camera_entry {
    const struct lh_camera_config *camera;
};

struct lh_site {
    char *path; /* of the file; relative paths in it are taken from its folder */
    char *name;
    char *area_code;   /* GB/T 2260, "141122"; a topic part. "000000" when not set */
    char *data_folder; /* alarms, evidence, status; made with mode 0700 */
    enum lh_log_level log_level;
    enum lh_log_format log_format;
    int detect_threads; /* 0: one a core */
    char **plugin_folders;
    size_t plugin_folder_count;
    struct lh_detector_config *detectors;
    size_t detector_count;
    struct lh_track_config tracks;
    struct lh_alarm_config alarms;
    struct lh_fusion_config fusion;
    struct lh_weather_config weather;
    struct lh_evidence_config evidence;
    struct lh_bus_config bus;
    struct lh_camera_config *cameras; /* may be none: replay needs none */
    size_t camera_count;

    char *folder; /* of the file, absolute: what relative paths are taken from */
    struct lh_place data_folder_place;
    /* What a camera gets that says nothing, with id, name and url "": for footage at replay. */
    struct lh_camera_config camera_defaults;
    struct lh_camera_entry *cameras_by_id; /* sorted, for lh_site_camera */
};

/* One mistake in a file. */
struct lh_finding {
    struct lh_place place;
    char *text; /* what, and what to write instead; without file and place */
};

/* All mistakes of one file, in the order of the file. Zero-initialised; lh_findings_finish frees. */
struct lh_findings {
    struct lh_finding *items;
    size_t count;
    size_t capacity;
    size_t cut; /* findings beyond the limit (1,000) that were only counted */
};

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void lh_findings_add(struct lh_findings *findings, struct lh_place place, const char *format, ...);
void lh_findings_finish(struct lh_findings *findings);

/* Puts findings that came from several passes into the order of the file. */
void lh_findings_sort(struct lh_findings *findings);

/* Reads a site file whole. On LH_ECONFIG findings holds at least one entry and ret_site is
 * untouched; on LH_EIO, LH_ENOTFOUND or LH_EPERM the file itself cannot be read. Does not log,
 * opens no camera and no plugin; reads the credential files it names (mode 0600 or stricter). */
int lh_site_load(const char *path, struct lh_findings *findings, struct lh_site **ret_site);

/* The same for `linhuo check`, which goes on looking after the first mistakes: on LH_ECONFIG too
 * ret_site is what could be read, with defaults in the place of what is wrong, and without detectors
 * that name no plugin; NULL where nothing could be read. No engine may run on that. */
int lh_site_examine(const char *path, struct lh_findings *findings, struct lh_site **ret_site);

/* The same as lh_site_load from memory, for tests and fuzzing; path only names it and anchors relative paths. */
int lh_site_parse(const char *path, const char *text, size_t length, struct lh_findings *findings,
                  struct lh_site **ret_site);

/* Accepts &NULL; leaves NULL. Overwrites the secrets before freeing them. */
void lh_site_destroy(struct lh_site **site);

/* The camera of that id, or NULL. Lent. */
const struct lh_camera_config *lh_site_camera(const struct lh_site *site, const char *id);

/* True when nothing differs that anything works by, so that a reload may leave the camera alone. */
bool lh_camera_config_equal(const struct lh_camera_config *a, const struct lh_camera_config *b);

/* The URL with percent-encoded credentials in it, for FFmpeg only. Caller frees with
 * lh_url_destroy, which overwrites it first. */
int lh_camera_url(const struct lh_camera_config *camera, char **ret_url);
void lh_url_destroy(char **url);

/* The URL fit for a log: user and password, and the values of query parameters, replaced by "***".
 * Caller frees. NULL only when out of memory. */
char *lh_url_redact(const char *url);

/* The registered name nearest to what was written (edit distance at most a third of its length,
 * at least 1), or NULL. Lent from names. */
const char *lh_nearest_name(const char *written, const char *const *names, size_t count);

#endif
