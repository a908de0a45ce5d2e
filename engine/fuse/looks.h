/* "Looked and saw nothing": what a camera's silence says about a place that it could see.
 *
 * A look is a span of time in which a camera watched what it can watch and reported all that it saw as
 * evidence. It speaks against an incident only where the caller's function says that this camera could see
 * that point then (terrain, view, weather); "not known" counts as no.
 *
 * Not thread-safe: the owner's thread.
 */
#ifndef LH_FUSE_LOOKS_H
#define LH_FUSE_LOOKS_H

#include "fuse/incident.h"

#define LH_LOOKS_CAMERAS 1024 /* more are refused */
#define LH_LOOKS_KEPT 64      /* of each camera, the latest */

struct lh_look {
    char camera[LH_EVIDENCE_SOURCE];
    struct lh_geo from; /* where the camera stands */
    double range_m;     /* beyond which it is not asked */
    int64_t begin_utc_us;
    int64_t end_utc_us;
};

enum lh_sees {
    LH_SEES_UNKNOWN,
    LH_SEES_NO,
    LH_SEES_YES,
};
typedef enum lh_sees (*lh_sees_fn)(void *context, const char *camera, struct lh_geo point,
                                   int64_t utc_us);

struct lh_looks;

/* config is lent. sees may be NULL: then no look counts. */
int lh_looks_create(const struct lh_fusion_config *config, lh_sees_fn sees, void *context,
                    struct lh_looks **ret_looks);
void lh_looks_destroy(struct lh_looks **looks);

/* A look with the same camera and end replaces the earlier one. LH_EINVAL; LH_ELIMIT: too many cameras, or
 * older than all that are kept. */
int lh_looks_add(struct lh_looks *looks, const struct lh_look *look);

/* What all cameras' silence says about an incident at point with these members. At most
 * capacity, in the order of the cameras' names. */
size_t lh_looks_against(const struct lh_looks *looks, struct lh_geo point,
                        const struct lh_evidence *const *members, size_t member_count,
                        int64_t now_us, struct lh_nothing_seen *ret_nothing, size_t capacity);

#endif
