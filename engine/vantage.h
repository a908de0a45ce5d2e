/* Where the cameras of a site stand: the ground about them, and the names of places on it.
 *
 * Everything is optional. Without an elevation model a position is a bearing; without a places file nothing has a
 * name; a camera without a pose has no position at all. What cannot be read is said in the log once, and the rest
 * goes on: an alarm without a position is still an alarm.
 *
 * Thread-safety: immutable after creation; any thread may ask.
 */
#ifndef LH_VANTAGE_H
#define LH_VANTAGE_H

#include "alarm/alarm.h"
#include "base/site.h"
#include "fuse/footprint.h"
#include "fuse/looks.h"
#include "locate/sighting.h"

struct lh_vantage;

/* site is lent. Reads the model about all cameras with a pose, which takes a second for a million cells. LH_OK also
 * where model or places cannot be read; LH_ENOMEM. */
int lh_vantage_create(const struct lh_site *site, struct lh_vantage **ret_vantage);
/* Accepts &NULL; leaves NULL. */
void lh_vantage_destroy(struct lh_vantage **vantage);

/* Where the camera, at that preset, has the track. vantage may be NULL. LH_POSITION_NONE without a pose, or where its
 * lens cannot have pictured it so. */
struct lh_position lh_vantage_locate(const struct lh_vantage *vantage,
                                     const struct lh_camera_config *camera, const char *preset,
                                     const struct lh_track *track, uint32_t width_px,
                                     uint32_t height_px);

/* Where the camera would have to look to see the ground at a place. LH_ENOTFOUND: it has no pose. Without a terrain the
 * elevation is that of the middle of its picture. */
int lh_vantage_aim(const struct lh_vantage *vantage, const struct lh_camera_config *camera,
                   struct lh_geo at, struct lh_bearing *ret_bearing);

/* Whether smoke over that point would be in the picture of the camera at that pose, and not behind a ridge. */
enum lh_sees lh_vantage_sees(const struct lh_vantage *vantage, const struct lh_pose *pose,
                             double aspect, struct lh_geo point);

/* The same wherever the camera looks, and where it would have to look. Without a terrain UNKNOWN, and level. */
enum lh_sees lh_vantage_sight(const struct lh_vantage *vantage, const struct lh_pose *pose,
                              struct lh_geo point, struct lh_aim *ret_aim);

/* In words; "" where there are none. */
void lh_vantage_describe(const struct lh_vantage *vantage, const struct lh_position *position,
                         char ret_text[LH_ALARM_PLACE]);

/* For the parallax of geostationary satellites. */
struct lh_height_source lh_vantage_heights(const struct lh_vantage *vantage);

#endif
