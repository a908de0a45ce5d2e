/* An alarm as a GeoJSON feature (RFC 7946), for maps.
 *
 * Its geometry is the 95 % region: a polygon, several where there are several hypotheses, null where no
 * position is known. Longitude comes first, as the standard has it. A region across the antimeridian is not cut.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_ALARM_GEOJSON_H
#define LH_ALARM_GEOJSON_H

#include <jansson.h>

/* Of a message of alarm.schema.json. NULL where memory is short. */
json_t *lh_geojson_feature(const json_t *alarm);

#endif
