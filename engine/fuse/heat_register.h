/* The register of heat sources: what makes a hotspot count for less, and what makes it count in full again.
 *
 * Three kinds of knowledge, the one that lowers most counts:
 *   areas      polygons from files (fuse/heat_area.h)
 *   declared   circles that an operator drew, with a name, valid from and to
 *   recurrent  places where hotspots came again and again, learnt from the feed (fuse/heat_rule.h)
 * What an operator dismissed ("that was a fire") does not count towards recurrence any more.
 *
 * Nothing is deleted from the evidence: a verdict is a factor on the likelihood ratio and its reason in words.
 * A recurrent place is raised to full weight where the hotspot is not its usual self: more power than its own
 * 99 % (and twice its median), farther from its centre than a pixel and its spread, or half as wide again as
 * it ever was. Areas and circles are raised by nothing here; other evidence raises them in fusion.
 *
 * Only looks before the one judged are asked, so that late rows and replay give the same verdicts.
 *
 * Kept by cells of 0.004 degrees in data_folder/heat.sqlite; a row that comes again is known. Operators'
 * edits and their audit lines are one transaction.
 *
 * Thread: one.
 */
#ifndef LH_FUSE_HEAT_REGISTER_H
#define LH_FUSE_HEAT_REGISTER_H

#include "fuse/heat_area.h"
#include "fuse/heat_rule.h"
#include "fuse/hotspot_group.h"

#define LH_HEAT_CELL_DEG 0.004
#define LH_HEAT_REASON 192

struct lh_heat_register;

/* path: of the file, whose folder is there; NULL: in memory. config and areas (may be NULL) are lent. */
int lh_heat_register_open(const char *path, const struct lh_heat_config *config,
                          const struct lh_heat_areas *areas, struct lh_fault *fault,
                          struct lh_heat_register **ret_register);
/* Accepts &NULL; leaves NULL. */
void lh_heat_register_close(struct lh_heat_register **heat_register);

/* Learns from rows, all or none. */
int lh_heat_register_note(struct lh_heat_register *heat_register, const struct lh_hotspot *rows,
                          size_t count, struct lh_fault *fault);

/* What is asked about. */
struct lh_heat_query {
    struct lh_geo at;
    int64_t acquired_us;
    double frp_mw;   /* of the whole look; NAN: not said */
    double size_m;   /* of a pixel */
    double area_km2; /* of all its pixels */
};
struct lh_heat_query lh_heat_query_of(const struct lh_hotspot_group *group);

struct lh_heat_verdict {
    double factor;                    /* 0..1 on the likelihood ratio; 1: in full */
    bool known;                       /* a heat source is there */
    bool raised;                      /* but this is not its usual self */
    struct lh_heat_evidence evidence; /* of a recurrent one; rows 0 else */
    char reason[LH_HEAT_REASON];      /* for people; "" where nothing is known */
};
int lh_heat_register_judge(struct lh_heat_register *heat_register,
                           const struct lh_heat_query *query, struct lh_fault *fault,
                           struct lh_heat_verdict *ret_verdict);

/* All recurrent places at a time, most dates first. Caller frees ret_sources. */
int lh_heat_register_sources(struct lh_heat_register *heat_register, int64_t now_us,
                             struct lh_fault *fault, struct lh_heat_evidence **ret_sources,
                             size_t *ret_count);

/* Forgets looks before that time; the window and the expiry should have passed. */
int lh_heat_register_forget(struct lh_heat_register *heat_register, int64_t before_us,
                            struct lh_fault *fault);

/* ---- what operators do; who and why must not be empty ---- */

struct lh_heat_circle {
    const char *name; /* unique; declaring it again replaces it */
    struct lh_geo at;
    double radius_m; /* 0 to 20 km */
    double factor;   /* 0..1 */
    int64_t from_us; /* LH_NO_TIME: always */
    int64_t to_us;
};

struct lh_heat_edit {
    const char *who;
    const char *why;
    int64_t utc_us;
};

int lh_heat_register_declare(struct lh_heat_register *heat_register,
                             const struct lh_heat_circle *circle, const struct lh_heat_edit *edit,
                             struct lh_fault *fault);
/* LH_ENOTFOUND: there is none of that name. */
int lh_heat_register_withdraw(struct lh_heat_register *heat_register, const char *name,
                              const struct lh_heat_edit *edit, struct lh_fault *fault);
/* Looks within radius_m acquired until now do not count towards recurrence. */
int lh_heat_register_dismiss(struct lh_heat_register *heat_register, struct lh_geo at,
                             double radius_m, const struct lh_heat_edit *edit,
                             struct lh_fault *fault);

/* All edits in their order, until visit returns non-zero. */
int lh_heat_register_audit(struct lh_heat_register *heat_register,
                           int (*visit)(void *context, int64_t utc_us, const char *who,
                                        const char *what, const char *why),
                           void *context, struct lh_fault *fault);

#endif
