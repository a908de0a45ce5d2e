/* What `linhuo hotspots` says of rows, in words and in JSON.
 *
 * Thread: any one.
 */
#ifndef LH_HOTSPOT_REPORT_H
#define LH_HOTSPOT_REPORT_H

#include "fuse/heat_register.h"
#include "fuse/hotspot_read.h"

#include <jansson.h>
#include <stdio.h>

/* One file or answer: layout, rows, what was refused, time span, satellites, classes. refusals: how many to
 * list. */
void lh_hotspot_report_print(FILE *file, const char *name, const struct lh_hotspots *hotspots,
                             size_t refusals);
json_t *lh_hotspot_report_json(const char *name, const struct lh_hotspots *hotspots);

/* A GeoJSON feature whose properties have FIRMS' names, so that it can be read again. */
json_t *lh_hotspot_feature(const struct lh_hotspot *hotspot);

/* Recurrent heat sources with their evidence. */
void lh_heat_report_print(FILE *file, const struct lh_heat_config *rule,
                          const struct lh_heat_evidence *sources, size_t count, int64_t now_us);
json_t *lh_heat_report_json(const struct lh_heat_config *rule,
                            const struct lh_heat_evidence *sources, size_t count, int64_t now_us);

#endif
