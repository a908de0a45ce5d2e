/* Asks a movable camera where it looks: ONVIF PTZ GetStatus (PTZ service specification 20.12, 5.3.4),
 * SOAP 1.2 over HTTP.
 *
 * The camera's user and password go out as a WS-Security digest (base64(sha1(nonce + created +
 * password))); a camera that answers 401 is asked once more with HTTP digest instead. The password
 * itself never goes out. Cameras refuse a digest whose time is far from their own: their clocks must be
 * set. No redirects are followed, at most LH_ONVIF_BYTES_MOST are read, a DTD is refused, and everything
 * ends after ptz.timeout_s.
 *
 * Cheap cameras say IDLE while they turn, report nothing, or report a position they were told and have
 * not reached: look at 'linhuo calibrate SITE.yaml --camera ID --ptz' while moving one by hand.
 *
 * Thread: any; each call is independent of others and blocks for ptz.timeout_s at most (twice where the
 * camera wants HTTP digest).
 */
#ifndef LH_LOCATE_ONVIF_H
#define LH_LOCATE_ONVIF_H

#include "base/clock.h"
#include "base/error.h"
#include "base/site.h"
#include "locate/pose.h"

#include <stddef.h>

#define LH_ONVIF_BYTES_MOST 65536

enum lh_moving {
    LH_MOVING_UNKNOWN, /* the camera does not say */
    LH_MOVING_NOT,
    LH_MOVING_YES,
};

/* As the camera reports it. */
struct lh_ptz_status {
    double pan; /* NAN where the answer has none */
    double tilt;
    double zoom;
    enum lh_moving moving; /* YES where either pan and tilt or zoom moves */
    int64_t utc_us;        /* the camera's own word for when; LH_NO_TIME */
};

/* LH_ECONFIG: no ptz.url; LH_ECONNECT, LH_ETIMEOUT; LH_EAUTH; LH_ELIMIT: the answer is too long;
 * LH_EFORMAT: it is not an ONVIF answer; LH_EIO: the camera answered with
 * a fault of its own. The fault says which camera's address, without secrets, and what to do. */
int lh_onvif_status(const struct lh_camera_config *camera, const struct lh_clock *clock,
                    struct lh_fault *fault, struct lh_ptz_status *ret_status);

/* The answer alone, for tests and fuzzing. */
int lh_onvif_parse_status(const char *bytes, size_t length, struct lh_fault *fault,
                          struct lh_ptz_status *ret_status);

/* In the site's terms, by the scales of the camera's ptz section; azimuth NAN where pan or tilt is not
 * known. */
struct lh_pointing lh_ptz_pointing(const struct lh_ptz_config *config,
                                   const struct lh_ptz_status *status);

#endif
