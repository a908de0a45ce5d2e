/* A scenario: what happens in a county, written down, for replay without footage.
 *
 * JSON lines in the order of time, a moment each; empty lines and such as begin with '#' are passed over. "time" is when
 * the engine learns of it, the other key is what:
 *
 *   {"time": "2026-11-27T12:00:00Z", "track": {"camera": "tower-1", "id": 1, "score": 0.8,
 *      "at": {"latitude": 37.61, "longitude": 111.93}}}
 *      kind: smoke (or flame). Where: "at" a place on the ground; "bearing" {azimuth_deg, elevation_deg} as the
 *      camera has it; "box" {x, y, width, height} in its picture; none of them: nowhere. "lost": true ends it.
 *   {"time": ..., "hotspots": [{"satellite": "NOAA-20", "instrument": "VIIRS", "latitude": 37.61,
 *      "longitude": 111.93, "acquired": "2026-11-27T11:20:00Z", "confidence": "nominal", "frp_mw": 4.2}]}
 *   {"time": ..., "report": {...}, "trusted": true}      as in fuse/report.schema.json
 *   {"time": ..., "danger": {"level": 4, "hours": 24}}   given for the county, from that time on
 *   {"time": ..., "weather": {"station": "s", "latitude": .., "longitude": .., "wind_m_s": 3, "wind_from_deg": 270}}
 *   {"time": ..., "look": {"camera": "tower-1", "preset": ""}}   looked, and all that it saw stands above
 *   {"time": ...}                                        nothing but that time passes
 *
 * A camera must be one of the site. What a line says beyond this is a mistake.
 *
 * Thread: one at a time.
 */
#ifndef LH_SCENARIO_H
#define LH_SCENARIO_H

#include "duty.h"

struct lh_scenario;

#define LH_SCENARIO_BYTES ((size_t)64 << 20)

/* site is lent. LH_EFORMAT: fault has file, line and what is wrong; LH_ENOTFOUND, LH_EIO, LH_ELIMIT, LH_ENOMEM. */
int lh_scenario_load(const char *path, const struct lh_site *site, struct lh_fault *fault,
                     struct lh_scenario **ret_scenario);
/* Accepts &NULL; leaves NULL. */
void lh_scenario_destroy(struct lh_scenario **scenario);

/* INT64_MAX: it is over. */
int64_t lh_scenario_next_us(const struct lh_scenario *scenario);
/* Plays the next line; the duty's clock stands at its time. */
int lh_scenario_step(struct lh_scenario *scenario, struct lh_duty *duty, struct lh_fault *fault);

#endif
