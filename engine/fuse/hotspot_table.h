/* The two shapes a table of hotspots comes in. Part of hotspot_read.
 *
 * Both fill a zeroed struct lh_hotspots; on failure the caller finishes it.
 *
 * Thread-safety: safe.
 */
#ifndef LH_FUSE_HOTSPOT_TABLE_H
#define LH_FUSE_HOTSPOT_TABLE_H

#include "fuse/hotspot_row.h"

/* Lines of comma-separated values with a header. ascii_only: bytes are not UTF-8. */
int lh_hotspots_read_csv(const char *bytes, size_t size, bool ascii_only,
                         const struct lh_hotspot_reading *reading, struct lh_fault *fault,
                         struct lh_hotspots *hotspots);

/* A GeoJSON FeatureCollection of points; JSON that is none is a text. */
int lh_hotspots_read_geojson(const char *bytes, size_t size,
                             const struct lh_hotspot_reading *reading, struct lh_fault *fault,
                             struct lh_hotspots *hotspots);

/* Counts a row that was refused, and keeps the first reasons. LH_ENOMEM. */
int lh_hotspots_refuse(struct lh_hotspots *hotspots, size_t line, const char *why);

/* State and note of what is no table: its first words, fit for a terminal. */
void lh_hotspots_set_text(struct lh_hotspots *hotspots, const char *bytes, size_t size);

/* Puts the layout into words. */
void lh_hotspots_set_layout(struct lh_hotspots *hotspots, const bool fields[LH_FIELDS]);

#endif
