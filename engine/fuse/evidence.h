/* Evidence: what one source said about one place at one time. Fusion makes incidents of it.
 *
 * A piece of evidence is known by its key, (kind, source, reference): a later word under the same key
 * replaces the earlier one, so that a track that goes on, a hotspot that comes again as the standard
 * product and a report that is sent twice count once. What is one look in truth (cameras on one mast, the
 * pixels of one overpass) shares a group, and counts once however many pieces it has.
 *
 * Times: observed is when it was so (acquisition), received when the engine heard of it. Fusion works by
 * observed alone; received is for people.
 *
 * A plain value, copied freely. Thread-safety: pure functions on values.
 */
#ifndef LH_FUSE_EVIDENCE_H
#define LH_FUSE_EVIDENCE_H

#include "base/clock.h"
#include "locate/position.h"

#include <stdbool.h>

enum lh_evidence_kind {
    LH_EVIDENCE_CAMERA,        /* a track */
    LH_EVIDENCE_POLAR,         /* a hotspot of a satellite that passes: VIIRS, MODIS, FY-3 */
    LH_EVIDENCE_GEOSTATIONARY, /* a hotspot of one that stays: Himawari, FY-4, GK-2A */
    LH_EVIDENCE_REPORT,        /* a person's word */
    LH_EVIDENCE_KINDS,
};
const char *lh_evidence_kind_name(enum lh_evidence_kind kind); /* "camera", "polar", ... */

/* Kinds that err independently of each other: both kinds of satellite are fooled by the same hot roof. */
enum lh_witness {
    LH_WITNESS_CAMERA,
    LH_WITNESS_SATELLITE,
    LH_WITNESS_PERSON,
    LH_WITNESSES,
};
enum lh_witness lh_evidence_witness(enum lh_evidence_kind kind);
const char *lh_witness_name(enum lh_witness witness); /* "camera", "satellite", "person" */

/* How sure a product is of a hotspot; each has a weight of its own (fuse/weights.h). */
enum lh_hotspot_class {
    LH_HOTSPOT_VIIRS_LOW, /* may be a saturated pixel: see frp_mw */
    LH_HOTSPOT_VIIRS_NOMINAL,
    LH_HOTSPOT_VIIRS_HIGH,
    LH_HOTSPOT_MODIS_LOW,     /* confidence below 30 */
    LH_HOTSPOT_MODIS_NOMINAL, /* 30 to 79 */
    LH_HOTSPOT_MODIS_HIGH,
    LH_HOTSPOT_STATIONARY_LOW, /* Himawari reliability 1, and the like */
    LH_HOTSPOT_STATIONARY_NORMAL,
    LH_HOTSPOT_STATIONARY_HIGH,
    LH_HOTSPOT_UNRATED, /* a product that says nothing of it */
    LH_HOTSPOT_CLASSES,
};
const char *lh_hotspot_class_name(enum lh_hotspot_class hotspot_class);

enum lh_report_word {
    LH_REPORT_FIRE,
    LH_REPORT_SMOKE,
    LH_REPORT_NOTHING,   /* was there, and there is nothing */
    LH_REPORT_PERMITTED, /* a burning with leave */
    LH_REPORT_OUT,       /* there was a fire, and it is out */
    LH_REPORT_WORDS,
};
const char *
lh_report_word_name(enum lh_report_word word); /* "fire", "smoke", "nothing here", ... */

struct lh_evidence_camera {
    double score;         /* calibrated, of the whole sequence; 0..1 */
    double persistence_s; /* for how long it has been seen */
    bool validated;       /* a sequence that the tracker confirmed; else a single sight */
};

struct lh_evidence_hotspot {
    enum lh_hotspot_class hotspot_class;
    double frp_mw; /* fire radiative power; NAN: not given */
    double
        heat_factor; /* what the heat register leaves of its likelihood ratio; 1: all, 0.07: a chimney */
};

#define LH_EVIDENCE_ABOUT 160

struct lh_evidence_report {
    enum lh_report_word word;
    char about
        [LH_EVIDENCE_ABOUT]; /* id of the incident that the person answers, or "": then place decides */
    bool
        trusted; /* whether this person's word may confirm and close; the caller knows the rights */
};

#define LH_EVIDENCE_SOURCE 65
#define LH_EVIDENCE_REFERENCE 97
#define LH_EVIDENCE_DETAIL 161

struct lh_evidence {
    enum lh_evidence_kind kind;
    char source[LH_EVIDENCE_SOURCE];       /* the camera's id, the satellite's name, the person */
    char group[LH_EVIDENCE_SOURCE];        /* the mast, the overpass; "": a group of its own */
    char reference[LH_EVIDENCE_REFERENCE]; /* track, hotspot key, report id */
    int64_t first_utc_us;    /* acquisition of the first; of one look the same as observed */
    int64_t observed_utc_us; /* acquisition of the latest */
    int64_t received_utc_us; /* LH_NO_TIME: not known */
    struct lh_position position;
    union {
        struct lh_evidence_camera camera;
        struct lh_evidence_hotspot hotspot; /* of both kinds of satellite */
        struct lh_evidence_report report;
    };
    char detail[LH_EVIDENCE_DETAIL]; /* for people: "VIIRS nominal, 4.2 MW" */
};

/* LH_OK, or LH_EINVAL for what fusion cannot use: no source or reference, strings without an end, no times or
 * a first after the observed, no position (but for a camera without a pose, which makes an
 * incident of its own, and a report about an incident) or one that is not finite, an unknown class or word, numbers out
 * of their range. */
int lh_evidence_check(const struct lh_evidence *evidence);

/* The order in which evidence is worked through: first, observed, kind, source, reference. 0 only for the
 * same key at the same times. */
int lh_evidence_order(const struct lh_evidence *a, const struct lh_evidence *b);

/* Same kind, source and reference. */
bool lh_evidence_same(const struct lh_evidence *a, const struct lh_evidence *b);

/* The group, or where there is none the source with its reference. Compare with strcmp through this. */
bool lh_evidence_same_group(const struct lh_evidence *a, const struct lh_evidence *b);

#endif
