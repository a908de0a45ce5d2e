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

/* One row of a camera's measured zoom table. */
struct lh_zoom_step {
    double zoom; /* as the camera reports it */
    double hfov_deg;
};

/* Where a camera stands and looks (locate/pose.h says how the angles are applied). */
struct lh_pose_config {
    double latitude_deg; /* as written, in datum */
    double longitude_deg;
    int datum;          /* enum lh_datum of locate/geo.h */
    double ground_m;    /* orthometric height of the mast's foot; NAN: from the terrain */
    double mast_m;      /* of the lens above it */
    double azimuth_deg; /* from true north, clockwise */
    double tilt_deg;    /* up */
    double roll_deg;    /* clockwise as seen from behind the camera */
    double hfov_deg;
    double k1; /* Brown's radial distortion; 0: none */
    double k2;
    double mount_east_deg; /* how the mast leans: turned about the axis that points east, ... */
    double mount_north_deg;
    double mount_azimuth_deg; /* last, clockwise */
    double sigma_azimuth_deg; /* standard deviations of the above */
    double sigma_tilt_deg;
    double sigma_height_m;
    double range_m;      /* what is farther is not looked for */
    double pan_from_deg; /* the azimuths it can look at, clockwise; equal: all around */
    double pan_to_deg;
    struct lh_zoom_step *zooms; /* in rising order of zoom, none: a fixed lens */
    size_t zoom_count;
};

/* A named view of a movable camera. */
struct lh_preset_config {
    char *name;
    double azimuth_deg;
    double tilt_deg;
    double zoom; /* NAN: pose.hfov_deg holds */
};

/* Where a movable camera tells where it looks (locate/onvif.h). */
struct lh_ptz_config {
    char *url;     /* its ONVIF PTZ service; "": not asked. The camera's credentials are used */
    char *profile; /* the media profile's token */
    double poll_interval_s;
    double timeout_s;
    double pan_zero_deg;  /* azimuth = pan_zero_deg + pan_scale_deg * pan; scales may be negative */
    double pan_scale_deg; /* 180: pan is -1 to 1 over a turn; 1: degrees */
    double tilt_zero_deg;
    double tilt_scale_deg;
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
    struct lh_pose_config pose; /* holds only where pose_place.line > 0 */
    struct lh_place pose_place;
    struct lh_preset_config *presets;
    size_t preset_count;
    struct lh_ptz_config ptz;
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
    double camera_weak_lr;          /* a single sight; a sequence weighs by its score */
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

/* What is known of the ground before anything burns on it (fuse/registers.h). */
struct lh_ground_config {
    char **permits; /* permitted burnings and ban seasons (fuse/permits.h) */
    size_t permit_count;
    char **protected_areas;
    size_t protected_count;
    char **dwellings;
    size_t dwelling_count;
    char **weather; /* tables of stations (fuse/weather_file.h) */
    size_t weather_count;
    int datum; /* enum lh_datum of locate/geo.h; of polygon files in degrees */
    double utc_offset_h;
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

/* What the heights of an elevation model are measured from. */
enum lh_terrain_heights {
    LH_TERRAIN_HEIGHTS_AUTO, /* as the files say; sea level where they do not */
    LH_TERRAIN_HEIGHTS_SEA_LEVEL,
    LH_TERRAIN_HEIGHTS_ELLIPSOID,
};

/* The ground about the cameras (locate/). */
struct lh_terrain_config {
    char **files; /* elevation models, or folders of them; none: positions are bearings only */
    size_t file_count;
    enum lh_terrain_heights heights;
};

/* Names for places (locate/places.h). */
struct lh_places_config {
    char *file; /* "": none */
    int datum;  /* enum lh_datum of locate/geo.h */
    char *name_field;
    double range_m;
};

#define LH_PERSON_NAME 65
#define LH_PERSON_KEY 129
#define LH_PERSON_KEY_LEAST 8

/* Somebody, or something, that may send the inbox messages, and what they may say. */
struct lh_person_config {
    char *name; /* unique */
    char *key_file;
    char key[LH_PERSON_KEY]; /* what is in it; the rest zeros. Never logged */
    bool reports;
    bool trusted;
    bool weather;
    bool poses;
    bool cues;
    struct lh_place place;
};

struct lh_bus_config {
    char *publish; /* ZeroMQ endpoint the XPUB binds, "tcp://127.0.0.1:5570" */
    char *inbox;   /* that the ROUTER binds, where the site has people */
    double heartbeat_s;
    double status_s;
    int queue_messages; /* high-water mark per consumer */
};

/* Which columns of a table of another product hold what; "" for none. */
struct lh_feed_columns {
    char *latitude;
    char *longitude;
    char *time; /* date and time in one column, or ... */
    char *date; /* ... in two */
    char *clock;
    char *satellite;
    char *instrument;
    char *confidence; /* a percentage, or l/n/h and their words */
    char *frp;
    char *brightness; /* K */
    char *scan;       /* km */
    char *track;
    char *cluster;
};

enum lh_feed_kind {
    LH_FEED_FIRMS,  /* polls NASA's area API */
    LH_FEED_HTTP,   /* polls one address */
    LH_FEED_FOLDER, /* watches a folder for new files */
    LH_FEED_FILES,  /* recorded files, for replay */
};

/* Where satellite hotspots come from (fuse/feed.h). */
struct lh_feed_config {
    char *name; /* [A-Za-z0-9._-]{1,64}, unique */
    bool enabled;
    enum lh_feed_kind kind;
    char *url;      /* of http; of firms the server, without path */
    char **sources; /* of firms: "VIIRS_NOAA20_NRT"; each is a request */
    size_t source_count;
    char *key_file;    /* of firms: a file of mode 0600 with the MAP_KEY */
    char *tls_ca_path; /* "": the system's authorities */
    char *box;         /* "west,south,east,north" in degrees; "": the site's */
    int days;          /* of firms: how far the first request reaches back, 1..5 */
    double poll_interval_s;
    double timeout_s; /* for a whole answer */
    double max_size_mib;
    int max_requests; /* of firms: transactions in ten minutes */
    char *folder;
    char **files;
    size_t file_count;
    double latency_s;               /* at replay: a row is known so long after its acquisition */
    int datum;                      /* enum lh_datum of locate/geo.h */
    char *satellite;                /* of rows that name none */
    struct lh_feed_columns columns; /* all "": the known products */
    char *time_format;              /* strptime; of columns.time, or of "date clock" */
    double utc_offset_h;            /* of the times in the file */
    int frp_unit;                   /* 0 MW, 1 kW, 2 W */
    struct lh_place place;
};

/* A file of areas that are hot by trade (fuse/heat_area.h). */
struct lh_heat_area_config {
    char *file; /* anything OGR reads */
    int datum;
    double factor;    /* what is left of a hotspot's weight in them, 0..1 */
    char *valid_from; /* "YYYY-MM-DD"; "": always */
    char *valid_to;   /* the first day that they do not hold any more */
    struct lh_place place;
};

/* When a place counts as a standing heat source (fuse/heat_register.h). */
struct lh_heat_config {
    int min_dates;             /* distinct dates (UTC) with a hotspot ... */
    double window_days;        /* ... in so many days before ... */
    double min_span_days;      /* ... of which the first and the last lie so far apart ... */
    double min_night_fraction; /* ... and at least this part of the looks at night */
    double expiry_days;        /* without a hotspot for so long it is none any more */
    double factor;             /* what is left of a hotspot's weight there, 0..1 */
    struct lh_heat_area_config *areas;
    size_t area_count;
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
    char *box;         /* "west,south,east,north" of the area watched; "": not said */
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
    struct lh_ground_config ground;
    struct lh_evidence_config evidence;
    struct lh_bus_config bus;
    struct lh_person_config *people;
    size_t person_count;
    struct lh_terrain_config terrain;
    struct lh_places_config places;
    struct lh_feed_config *feeds;
    size_t feed_count;
    struct lh_heat_config heat;
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

/* Reads "west,south,east,north" in degrees; west may be east of east across the antimeridian. */
struct lh_geo_box {
    double west_deg;
    double south_deg;
    double east_deg;
    double north_deg;
};
int lh_geo_box_parse(const char *text, struct lh_geo_box *ret_box);

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
