#include "scene.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct lh_geo at_m(double east_m, double north_m)
{
    const struct lh_plane plane = {{37.60, 111.90}};
    return lh_plane_geo(&plane, (struct lh_offset){east_m, north_m});
}

struct lh_position point(struct lh_geo centre, double sigma_m)
{
    return lh_position_of_ellipse((struct lh_ellipse){
        .centre = centre, .height_m = NAN, .major_m = sigma_m, .minor_m = sigma_m});
}

struct lh_position bearing(struct lh_geo from, struct lh_geo to, double sigma_deg)
{
    return (struct lh_position){.form = LH_POSITION_SECTOR,
                                .sector = {.from = from,
                                           .azimuth_deg = lh_geo_bearing_deg(from, to),
                                           .sigma_deg = sigma_deg,
                                           .near_m = 500,
                                           .far_m = 20000}};
}

static int64_t time_us(double min)
{
    return NOON_US + (int64_t)(min * (double)MINUTE_US);
}

static struct lh_evidence begin(enum lh_evidence_kind kind, const char *source,
                                const char *reference, double first_min, double last_min,
                                struct lh_position position)
{
    struct lh_evidence evidence = {.kind = kind,
                                   .first_utc_us = time_us(first_min),
                                   .observed_utc_us = time_us(last_min),
                                   .received_utc_us = time_us(last_min),
                                   .position = position};
    (void)snprintf(evidence.source, sizeof evidence.source, "%s", source);
    (void)snprintf(evidence.reference, sizeof evidence.reference, "%s", reference);
    return evidence;
}

struct lh_evidence camera(const char *id, const char *track, double first_min, double last_min,
                          double score, struct lh_position position)
{
    struct lh_evidence evidence =
        begin(LH_EVIDENCE_CAMERA, id, track, first_min, last_min, position);
    evidence.camera = (struct lh_evidence_camera){score, (last_min - first_min) * 60, true};
    return evidence;
}

struct lh_evidence hotspot(const char *satellite, const char *key, double min,
                           enum lh_hotspot_class hotspot_class, struct lh_position position)
{
    const bool stays =
        hotspot_class >= LH_HOTSPOT_STATIONARY_LOW && hotspot_class <= LH_HOTSPOT_STATIONARY_HIGH;
    struct lh_evidence evidence = begin(stays ? LH_EVIDENCE_GEOSTATIONARY : LH_EVIDENCE_POLAR,
                                        satellite, key, min, min, position);
    evidence.hotspot = (struct lh_evidence_hotspot){hotspot_class, 5, 1};
    (void)snprintf(evidence.group, sizeof evidence.group, "%s at %.0f", satellite, min);
    return evidence;
}

struct lh_evidence report(const char *person, const char *id, double min, enum lh_report_word word,
                          struct lh_position position)
{
    struct lh_evidence evidence = begin(LH_EVIDENCE_REPORT, person, id, min, min, position);
    evidence.report = (struct lh_evidence_report){.word = word, .trusted = true};
    return evidence;
}

static void on_event(void *context, enum lh_fusion_event event, const struct lh_incident *incident,
                     const struct lh_incident *other)
{
    struct scene *scene = context;
    assert_non_null(incident);
    assert_true((other != NULL) == (event == LH_FUSION_MERGED));
    scene->opened += event == LH_FUSION_OPENED;
    scene->changed += event == LH_FUSION_CHANGED;
    scene->merged += event == LH_FUSION_MERGED;
    scene->retired += event == LH_FUSION_RETIRED;
}

static void ground_of(void *context, const struct lh_position *position, int64_t utc_us,
                      struct lh_ground *ret_ground)
{
    (void)position;
    (void)utc_us;
    *ret_ground = ((const struct scene *)context)->ground;
}

static enum lh_sees sees_all(void *context, const char *name, struct lh_geo place, int64_t utc_us)
{
    (void)name;
    (void)place;
    (void)utc_us;
    return ((const struct scene *)context)->sees;
}

void scene_begin(struct scene *scene, const char *extra)
{
    char text[1024];
    struct lh_findings findings = {0};
    *scene = (struct scene){
        .ground = LH_GROUND_UNKNOWN, .sees = LH_SEES_UNKNOWN, .now_us = NOON_US - 1000 * MINUTE_US};
    (void)snprintf(text, sizeof text, "site: {name: test}\nfusion: {%s}\n", extra);
    assert_int_equal(lh_site_parse("test.yaml", text, strlen(text), &findings, &scene->site),
                     LH_OK);
    lh_findings_finish(&findings);
    const struct lh_fusion_options options = {.config = &scene->site->fusion,
                                              .area_code = "141122",
                                              .sees = sees_all,
                                              .sees_context = scene,
                                              .ground = ground_of,
                                              .ground_context = scene};
    assert_int_equal(lh_fusion_create(&options, &scene->fusion), LH_OK);
}

void scene_end(struct scene *scene)
{
    lh_fusion_destroy(&scene->fusion);
    lh_site_destroy(&scene->site);
}

static void settle(struct scene *scene)
{
    assert_int_equal(lh_fusion_settle(scene->fusion, scene->now_us, on_event, scene), LH_OK);
}

void hear(struct scene *scene, struct lh_evidence evidence)
{
    if (evidence.observed_utc_us > scene->now_us)
        scene->now_us = evidence.observed_utc_us;
    assert_int_equal(lh_fusion_add(scene->fusion, &evidence, scene->now_us), LH_OK);
    settle(scene);
}

int hear_at(struct scene *scene, struct lh_evidence evidence, double now_min)
{
    scene->now_us = time_us(now_min);
    const int code = lh_fusion_add(scene->fusion, &evidence, scene->now_us);
    settle(scene);
    return code;
}

void wait_until(struct scene *scene, double min)
{
    scene->now_us = time_us(min);
    settle(scene);
}

struct search {
    size_t wanted;
    size_t seen;
    const struct lh_incident *found;
};

static void take(void *context, const struct lh_incident *incident)
{
    struct search *search = context;
    if (search->seen++ == search->wanted)
        search->found = incident;
}

size_t count_of(const struct scene *scene)
{
    struct search search = {SIZE_MAX, 0, NULL};
    assert_int_equal(lh_fusion_each(scene->fusion, take, &search), LH_OK);
    return search.seen;
}

const struct lh_incident *incident_of(const struct scene *scene, size_t number)
{
    struct search search = {number, 0, NULL};
    assert_int_equal(lh_fusion_each(scene->fusion, take, &search), LH_OK);
    assert_non_null(search.found);
    return search.found;
}

double weight_of(const struct lh_incident *incident, const char *reference)
{
    for (size_t i = 0; i < incident->term_count; i++) {
        const struct lh_evidence *evidence = incident->terms[i].evidence;
        if (evidence && strcmp(evidence->reference, reference) == 0)
            return incident->terms[i].weight;
    }
    fail_msg("no term of %s", reference);
    return NAN;
}

const struct lh_term *term_of(const struct lh_incident *incident, enum lh_weight_name name)
{
    for (size_t i = 0; i < incident->term_count; i++)
        if (incident->terms[i].name == name)
            return &incident->terms[i];
    return NULL;
}
