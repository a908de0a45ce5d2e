/* Permitted burnings, and seasons in which nobody may burn.
 *
 * A permit lowers what is seen at its place within its time, and only that: what goes on after it, or lies
 * outside, is weighed in full, and evidence of other kinds raises it again. It never deletes. In a ban season
 * (Qingming, straw burning) what nobody permitted weighs more. A season that overrides permits leaves none.
 *
 * From YAML or JSON (file.yaml, .yml, .json):
 *
 *   permits:
 *     - {name: straw of Xishe, from: 2026-11-20T08:00:00+08:00, to: 2026-11-20T18:00:00+08:00,
 *        latitude: 37.60, longitude: 111.90, radius_m: 300, datum: GCJ-02}
 *     - {name: east slope, from: 2026-11-21, to: 2026-11-22, corners: [[37.60, 111.90], [37.61, 111.90],
 *        [37.61, 111.91]]}
 *   bans:
 *     - {name: Qingming, from: 04-01, to: 04-10}                  every year, everywhere
 *     - {name: straw, from: 2026-09-15, to: 2026-11-15, overrides_permits: true}
 *
 * or from polygons of any file that OGR reads, with the fields name, kind (permit or ban), from and to. Days
 * begin and end by the local clock; the day named in `to` is part of it. A season may span the new year.
 *
 * Thread-safety: immutable after loading; any thread may read.
 */
#ifndef LH_FUSE_PERMITS_H
#define LH_FUSE_PERMITS_H

#include "base/site.h"
#include "fuse/areas.h"
#include "fuse/ground.h"

struct lh_permits;

struct lh_permits_options {
    enum lh_datum datum; /* of polygon files that are drawn on such a map */
    int utc_offset_min;  /* of the local clock: 480 */
};

int lh_permits_create(const struct lh_permits_options *options, struct lh_permits **ret_permits);
void lh_permits_destroy(struct lh_permits **permits);

/* Adds a file's. All its mistakes are findings, and then nothing of it is added: LH_ECONFIG. */
int lh_permits_load(struct lh_permits *permits, const char *path, struct lh_findings *findings);
/* The same from YAML or JSON in memory. */
int lh_permits_parse(struct lh_permits *permits, const char *text, size_t length,
                     struct lh_findings *findings);

size_t lh_permits_count(const struct lh_permits *permits);

/* Sets banned, permitted and their names. A permit holds within one sigma of its area. */
void lh_permits_at(const struct lh_permits *permits, const struct lh_position *position,
                   int64_t utc_us, struct lh_ground *ground);

#endif
