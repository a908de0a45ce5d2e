/* Ground reports: a person's word in JSON (fuse/report.schema.json), and the evidence that it is.
 *
 * What comes is hostile: longer than 8 MiB is refused unread; unknown keys, numbers that are not finite or out of
 * range, texts that are too long, photos that are no JPEG or PNG are refused with a sentence. Whether
 * the person may report, confirm or close is the caller's question (alarm/letter.h); a report that is played
 * again has the same person and id and counts once in fusion.
 *
 * Thread-safety: safe.
 */
#ifndef LH_FUSE_REPORT_H
#define LH_FUSE_REPORT_H

#include "base/error.h"
#include "fuse/evidence.h"

#include <stdint.h>

#define LH_REPORT_BYTES_MAX ((size_t)8 << 20)
#define LH_REPORT_PHOTO_BYTES_MAX ((size_t)4 << 20)

struct lh_report {
    char id[65];
    char person[LH_EVIDENCE_SOURCE];
    enum lh_report_word word;
    int64_t observed_utc_us;
    char incident[LH_EVIDENCE_ABOUT]; /* "": none */
    struct lh_position position;      /* in WGS-84; LH_POSITION_NONE with an incident only */
    char note[501];
    char photo_type[16]; /* "image/jpeg"; "": none */
    uint8_t *photo;      /* owned */
    size_t photo_size;
};

/* LH_EFORMAT, LH_ELIMIT, LH_ENOMEM: fault says what to write instead, without secrets. */
int lh_report_parse(const char *text, size_t length, struct lh_fault *fault,
                    struct lh_report *ret_report);
/* Frees the photo. */
void lh_report_finish(struct lh_report *report);

/* trusted: this person's word may confirm and close. */
void lh_report_evidence(const struct lh_report *report, bool trusted, int64_t received_utc_us,
                        struct lh_evidence *ret_evidence);

#endif
