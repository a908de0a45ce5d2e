/* A letter to the inbox: what people and programs send the engine, and the answer that they get.
 *
 *   letter  = header key body
 *   header  = "LH1 " KIND " " SENDER      ; LH1 report ranger-12
 *   key     = what proves that it is the sender: the first line of their key file
 *   body    = one JSON object; its "id" is made by the sender and never used again
 *   answer  = one JSON object (receipt.schema.json)
 *
 * KIND and body: report (fuse/report.schema.json, at most 8 MiB), and at most 16 KiB each danger, weather, pose and cue
 * (letter.schema.json).
 *
 * Everything here comes from outside. The envelope is read without looking into the body, so that whoever has no
 * rights costs no parsing.
 *
 * Thread-safety: safe; a letter belongs to one thread.
 */
#ifndef LH_ALARM_LETTER_H
#define LH_ALARM_LETTER_H

#include "alarm/received.h"
#include "base/error.h"
#include "base/site.h"
#include "fuse/weather_file.h"
#include "locate/onvif.h"
#include "locate/pose.h"

#include <stdbool.h>

enum lh_letter_kind {
    LH_LETTER_REPORT,
    LH_LETTER_DANGER,
    LH_LETTER_WEATHER,
    LH_LETTER_POSE,
    LH_LETTER_CUE,
    LH_LETTER_KINDS,
};
const char *lh_letter_kind_name(enum lh_letter_kind kind); /* "report", ... */

#define LH_LETTER_BYTES_MAX 16384 /* of a body that is no report */
#define LH_LETTER_ID 65

/* All lent from the frames. */
struct lh_letter {
    enum lh_letter_kind kind;
    char sender[LH_PERSON_NAME];
    char key[LH_PERSON_KEY]; /* a secret; zeros after its end */
    const char *body;
    size_t body_size;
};

/* LH_EFORMAT, LH_ELIMIT (a body that is too long for its kind), LH_EABI: fault says what to send instead. What
 * could be read of kind and sender is in the letter also then, for the audit. */
int lh_letter_open(const struct lh_bytes *frames, size_t count, struct lh_fault *fault,
                   struct lh_letter *ret_letter);
/* Overwrites the key. */
void lh_letter_finish(struct lh_letter *letter);

/* The person of that name whose key it has, or NULL. Takes as long for every key. */
const struct lh_person_config *lh_letter_author(const struct lh_letter *letter,
                                                const struct lh_site *site);
/* Whether they may send that kind. */
bool lh_person_may(const struct lh_person_config *person, enum lh_letter_kind kind);

/* ---- bodies ---- */

/* "danger": a level that the meteorological service gives for the county. */
struct lh_danger_letter {
    char id[LH_LETTER_ID];
    int level;
    int64_t from_utc_us;
    int64_t to_utc_us;
};

/* "weather": a reading of a station; the station is the sender. */
struct lh_weather_letter {
    char id[LH_LETTER_ID];
    struct lh_weather_row row; /* without date, month and rain */
};

/* "pose": where a camera looks. */
struct lh_pose_letter {
    char id[LH_LETTER_ID];
    char camera[65];
    int64_t utc_us;
    struct lh_pointing pointing;
    enum lh_moving moving;
};

/* "cue": somebody wants a look at a place. */
struct lh_cue_letter {
    char id[LH_LETTER_ID];
    struct lh_geo place; /* WGS-84 */
    char note[161];
};

/* LH_EFORMAT, LH_ENOMEM: fault says what to write instead. */
int lh_danger_letter_parse(const char *text, size_t length, struct lh_fault *fault,
                           struct lh_danger_letter *ret_letter);
int lh_weather_letter_parse(const char *text, size_t length, struct lh_fault *fault,
                            struct lh_weather_letter *ret_letter);
int lh_pose_letter_parse(const char *text, size_t length, struct lh_fault *fault,
                         struct lh_pose_letter *ret_letter);
int lh_cue_letter_parse(const char *text, size_t length, struct lh_fault *fault,
                        struct lh_cue_letter *ret_letter);

/* ---- the answer ---- */

struct lh_receipt {
    const char *kind; /* lent; "": not even that could be read */
    const char *id;   /* likewise */
    bool accepted;
    bool repeated;        /* accepted before; it counts once */
    const char *reason;   /* why not; "" where accepted */
    const char *incident; /* that a report belongs to; "": none */
    int64_t utc_us;
};
/* As lh_message_alarm. */
int lh_message_receipt(const struct lh_receipt *receipt, char **ret_json);

#endif
