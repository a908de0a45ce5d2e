/* Evidence pictures: what the camera saw when an alarm was raised or grew, as JPEG files.
 *
 *   DATA/evidence/2026-11-23/ALARM-ID/0001-frame.jpg, -frame-boxes, -crop, -crop-boxes
 *
 * Files are written under a temporary name and renamed, so that a reader never sees half a picture.
 * Retention by age and total size removes whole days' oldest alarm folders first; it runs at start and
 * then at most once a minute, and removes nothing outside the evidence folder.
 *
 * Thread: the alarm thread.
 */
#ifndef LH_ALARM_ALBUM_H
#define LH_ALARM_ALBUM_H

#include "alarm/alarm.h"
#include "base/error.h"

struct lh_album;

int lh_album_create(const struct lh_evidence_config *config, const char *data_folder,
                    struct lh_fault *fault, struct lh_album **ret_evidence);
void lh_album_destroy(struct lh_album **evidence);

/* A reload: limits, quality and margin from now on. */
void lh_album_set(struct lh_album *evidence, const struct lh_evidence_config *config);

/* Writes the four pictures of one revision. detections of the same frame are drawn thin, the alarm's
 * own box thick with kind and score beside it. LH_EFULL and the like leave no partial files. */
int lh_album_write(struct lh_album *evidence, const struct lh_alarm *alarm, struct lh_frame *frame,
                   const struct lh_detection *detections, size_t detection_count,
                   struct lh_album_paths *ret_paths, struct lh_fault *fault);

/* Keeps a picture that somebody sent: DATA/evidence/DATE/NAME/photo.EXTENSION. name as an alarm's identifier. */
int lh_album_keep(struct lh_album *album, const char *name, const char *extension, int64_t utc_us,
                  const uint8_t *bytes, size_t size, char ret_path[LH_ALARM_PATH],
                  struct lh_fault *fault);

/* Applies the limits now. need_bytes: also free at least that much, the oldest first (a full disk). */
int lh_album_retain(struct lh_album *evidence, int64_t now_utc_us, uint64_t need_bytes,
                    uint64_t *ret_removed_files);

/* One frame as JPEG into memory, for whoever else needs a picture. Caller frees. */
int lh_jpeg_encode(const struct lh_image *image, int quality, uint8_t **ret_bytes,
                   size_t *ret_size);

#endif
