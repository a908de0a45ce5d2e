/* When was a still picture taken? Its file name, its EXIF data or the file's own time says so.
 *
 * All three come from outside: nothing of them is believed unread. Times before 1980 and after
 * 2200 are those of clocks that were never set, and count as none.
 *
 * Pure functions, for the video room only.
 */
#ifndef LH_VIDEO_STILL_TIME_H
#define LH_VIDEO_STILL_TIME_H

#include "base/site.h"
#include "video/frame.h"

#include <stddef.h>
#include <stdint.h>

/* Reads the start of base_name by pattern (strptime; with %z the zone it names, with %s seconds since
 * 1970, else UTC). What follows the match may be anything but another digit, so that a pattern cannot
 * fit half a number. LH_EFORMAT where it does not fit, or gives no full date. */
int lh_still_time_name(const char *base_name, const char *pattern, int64_t *ret_utc_us);

/* Reads DateTimeOriginal with SubSecTimeOriginal and OffsetTimeOriginal (UTC where no offset is given)
 * of a JPEG file. LH_ENOTFOUND where there is none, LH_EFORMAT where it makes no sense. */
int lh_still_time_exif(const uint8_t *bytes, size_t size, int64_t *ret_utc_us);

struct lh_still_stamp {
    int64_t capture_utc_us;
    enum lh_time_quality quality; /* STAMP or MODIFIED; ARRIVAL where the fallback is an arrival */
};

/* The time by the camera's still_time and still_time_pattern. What that does not find falls back to
 * fallback, which is the file's mtime, or the time of arrival of a polled picture. base_name may be
 * NULL where there is no file. */
struct lh_still_stamp lh_still_time(const struct lh_camera_config *camera, const char *base_name,
                                    const uint8_t *bytes, size_t size,
                                    struct lh_still_stamp fallback);

#endif
