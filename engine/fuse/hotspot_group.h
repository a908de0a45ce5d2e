/* Hotspots that are one observation: the pixels of one look at one fire.
 *
 * Pixels of one satellite, at most 8 minutes apart, belong together where the product says so (Himawari's
 * Hot(ID), believed up to 50 km) or where they lie within 1.5 pixels of each other, linked one by one. One
 * overpass is one observation however many pixels burn.
 *
 * The power is the sum of its pixels; VIIRS measures it in a band of 750 m that several pixels share, so
 * there equal values count once.
 *
 * Thread-safety: safe.
 */
#ifndef LH_FUSE_HOTSPOT_GROUP_H
#define LH_FUSE_HOTSPOT_GROUP_H

#include "fuse/evidence.h"
#include "fuse/footprint.h"

struct lh_hotspot_group {
    const struct lh_hotspot *lead; /* its strongest pixel; lent from the rows */
    size_t first;                  /* of its pixels in members */
    size_t count;
    int64_t acquired_us; /* of the first pixel */
    int64_t latest_us;
    double frp_mw;                         /* NAN where no pixel says any */
    double size_m;                         /* of its largest pixel */
    bool night;                            /* most of it */
    enum lh_hotspot_confidence confidence; /* of its surest pixel */
    struct lh_ellipse ellipse;
};

struct lh_hotspot_groups {
    struct lh_hotspot_group *items; /* in order of acquisition, then satellite and place */
    size_t count;
    const struct lh_hotspot **members; /* the rows, group by group; lent */
};

/* LH_ENOMEM. rows may stand in any order. */
int lh_hotspots_group(const struct lh_hotspot *rows, size_t count,
                      const struct lh_footprint_options *options,
                      struct lh_hotspot_groups *ret_groups);
void lh_hotspot_groups_finish(struct lh_hotspot_groups *groups);

/* The group as evidence: source is the satellite, its group the overpass (so that it counts once), its
 * reference the time and the lead's place to 0.01 degrees. heat_factor: from the heat register; reason:
 * its words, "" for none. */
void lh_hotspot_group_evidence(const struct lh_hotspot_group *group, double heat_factor,
                               const char *reason, struct lh_evidence *ret_evidence);

/* The class that weights are given to. */
enum lh_hotspot_class lh_hotspot_class_of(const struct lh_hotspot *hotspot);

#endif
