/* What is known of a place at a time before anybody sees anything there: danger, bans, permits, what it is
 * worth, the wind. Fusion asks for it through one function, so that tests and replay can answer.
 *
 * A plain value. Thread-safety: as its function's.
 */
#ifndef LH_FUSE_GROUND_H
#define LH_FUSE_GROUND_H

#include "locate/position.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#define LH_GROUND_NAME 97

struct lh_ground {
    int danger_level;         /* 1..5; 0: not known */
    bool banned;              /* no fire is allowed there then */
    bool permitted;           /* a burning is registered there and then */
    bool core;                /* in a protected core area */
    bool protected_area;      /* in any protected area */
    bool dwellings;           /* near enough, by fusion.dwelling_m */
    char ban[LH_GROUND_NAME]; /* names, "" where there is none; several joined by ", " */
    char permit[LH_GROUND_NAME];
    char area[LH_GROUND_NAME];
    char dwelling[LH_GROUND_NAME];
    double wind_m_s;      /* NAN: not known */
    double wind_from_deg; /* where it comes from; NAN */
};
#define LH_GROUND_UNKNOWN ((struct lh_ground){.wind_m_s = NAN, .wind_from_deg = NAN})

/* What is true of that position at that time. ret_ground comes as LH_GROUND_UNKNOWN. */
typedef void (*lh_ground_fn)(void *context, const struct lh_position *position, int64_t utc_us,
                             struct lh_ground *ret_ground);

#endif
