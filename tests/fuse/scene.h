/* A small county for the tests of fusion: evidence made by one line each, and what came of it. */
#ifndef TESTS_FUSE_SCENE_H
#define TESTS_FUSE_SCENE_H

#include "fuse/fusion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOON_US INT64_C(1795780800000000) /* 2026-11-27T12:00:00Z */
#define MINUTE_US (60 * LH_SECOND_US)

struct scene {
    struct lh_site *site; /* for its settings */
    struct lh_fusion *fusion;
    struct lh_ground ground; /* what is known of every place */
    enum lh_sees sees;       /* what every camera can see */
    int opened, changed, merged, retired;
    int64_t now_us;
};

/* The place east and north of 37.60 N 111.90 E. */
struct lh_geo at_m(double east_m, double north_m);
struct lh_position point(struct lh_geo centre, double sigma_m);
struct lh_position bearing(struct lh_geo from, struct lh_geo to, double sigma_deg);

/* Times in minutes after noon. */
struct lh_evidence camera(const char *id, const char *track, double first_min, double last_min,
                          double score, struct lh_position position);
struct lh_evidence hotspot(const char *satellite, const char *key, double min,
                           enum lh_hotspot_class hotspot_class, struct lh_position position);
struct lh_evidence report(const char *person, const char *id, double min, enum lh_report_word word,
                          struct lh_position position);

/* extra: YAML for the section fusion, "" for none. */
void scene_begin(struct scene *scene, const char *extra);
void scene_end(struct scene *scene);
/* Adds it at the time of its observation or later, and settles. */
void hear(struct scene *scene, struct lh_evidence evidence);
int hear_at(struct scene *scene, struct lh_evidence evidence, double now_min);
void wait_until(struct scene *scene, double min);
size_t count_of(const struct scene *scene);
/* The number-th incident, from 0. */
const struct lh_incident *incident_of(const struct scene *scene, size_t number);
/* The weight of the term that this reference or name gave. */
double weight_of(const struct lh_incident *incident, const char *reference);
const struct lh_term *term_of(const struct lh_incident *incident, enum lh_weight_name name);

#endif
