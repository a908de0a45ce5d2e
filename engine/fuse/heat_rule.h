/* When a place is hot by trade: what looks at it add up to, and the rule over that.
 *
 * Forest fires burn for days; works, kilns and flares burn at night as by day and come back for months. So a
 * place is a standing heat source when it was seen on enough distinct dates of a window, the first and the
 * last far enough apart, and often enough at night (struct lh_heat_config). Hotspots belong to one place
 * within 1.5 pixels: a pixel of 1 km says no more exactly where its heat is.
 *
 * Part of heat_register.  Thread-safety: pure functions.
 */
#ifndef LH_FUSE_HEAT_RULE_H
#define LH_FUSE_HEAT_RULE_H

#include "base/site.h"
#include "fuse/hotspot.h"

/* One hotspot, as the register keeps it. */
struct lh_heat_look {
    struct lh_geo at;
    int64_t acquired_us;
    double frp_mw; /* NAN: not said */
    double size_m;
    bool night;
    char satellite[LH_HOTSPOT_WORD];
};

/* What the looks at one place add up to; an overpass is one look. */
struct lh_heat_evidence {
    struct lh_geo centre;
    double spread_m; /* root mean square from the centre */
    size_t rows;
    size_t looks;
    size_t nights; /* of the looks */
    size_t dates;  /* UTC */
    int64_t first_us;
    int64_t last_us;
    double frp_median_mw; /* of what a look adds up to; NAN: never said */
    double frp_p90_mw;
    double frp_p99_mw;
    double area_most_km2; /* pixels of one look, added up */
};

/* How far apart two hotspots of such pixels may be of one source; at most 3 km. */
double lh_heat_reach_m(double size_a_m, double size_b_m);

/* rows: sorted by lh_heat_look_order; count at least 1. LH_ENOMEM. */
int lh_heat_sum(const struct lh_heat_look *const *rows, size_t count,
                struct lh_heat_evidence *ret_evidence);

/* By acquisition, satellite, place. For qsort over pointers. */
int lh_heat_look_order(const void *a, const void *b);

/* Whether that makes a standing heat source at a time. */
bool lh_heat_is_standing(const struct lh_heat_evidence *evidence,
                         const struct lh_heat_config *config, int64_t now_us);

#endif
