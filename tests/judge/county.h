/* Five labelled clips and nine alarms on them, with every figure counted by hand. */
#ifndef LH_TESTS_JUDGE_COUNTY_H
#define LH_TESTS_JUDGE_COUNTY_H

#include "judge/judge.h"

#define COUNTY_CLIPS 5
#define COUNTY_CHARGES 9

struct county {
    char names[COUNTY_CLIPS][16];
    struct lh_label labels[COUNTY_CLIPS];
    struct lh_span spans[COUNTY_CLIPS + 1];
    struct lh_case cases[COUNTY_CLIPS];
    struct lh_charge charges[COUNTY_CHARGES];
};

static inline struct lh_charge county_charge(size_t clip, double time_s, enum lh_placing placing)
{
    return (struct lh_charge){.clip = clip,
                              .time_s = time_s,
                              .kind = LH_KIND_SMOKE,
                              .box = {0.25F, 0.25F, 0.125F, 0.125F},
                              .score = 0.75,
                              .placing = placing,
                              .verdict = LH_VERDICT_NO_FIRE};
}

/* Clips of 2 h with ignition after 1 h: clear (found after 120 s), clear (after 60 s, once astray),
 * small (after 240 s), faint (missed, one false before); then one without fire of 1 h and 5 h, the night
 * between them, with two alarms. */
static inline void county_fill(struct county *county)
{
    static const enum lh_visibility visibilities[] = {LH_VISIBILITY_CLEAR, LH_VISIBILITY_CLEAR,
                                                      LH_VISIBILITY_SMALL, LH_VISIBILITY_FAINT,
                                                      LH_VISIBILITY_UNSAID};
    *county = (struct county){.names = {"a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4"}};
    for (size_t i = 0; i < COUNTY_CLIPS; i++) {
        const bool fire = i < 4;
        county->labels[i] = (struct lh_label){.file = county->names[i],
                                              .fire = fire,
                                              .ignition_s = fire ? 3600 : 0,
                                              .visibility = visibilities[i]};
        county->spans[i] = (struct lh_span){0, fire ? 7200 : 3600};
        county->cases[i] = (struct lh_case){.label = &county->labels[i],
                                            .spans = &county->spans[i],
                                            .span_count = fire ? 1 : 2,
                                            .pictures = 120};
    }
    county->spans[5] = (struct lh_span){40000, 58000};
    const struct lh_charge charges[COUNTY_CHARGES] = {
        county_charge(0, 3720, LH_PLACING_UNKNOWN), county_charge(0, 4000, LH_PLACING_UNKNOWN),
        county_charge(1, 3620, LH_PLACING_OFF),     county_charge(1, 3660, LH_PLACING_ON),
        county_charge(2, 3599, LH_PLACING_ON),      county_charge(2, 3840, LH_PLACING_UNKNOWN),
        county_charge(3, 10, LH_PLACING_UNKNOWN),   county_charge(4, 0, LH_PLACING_UNKNOWN),
        county_charge(4, 50000, LH_PLACING_UNKNOWN)};
    for (size_t i = 0; i < COUNTY_CHARGES; i++)
        county->charges[i] = charges[i];
}

#endif
