/* What a satellite's pass makes of the heat on the ground: rows in the form of FIRMS, and what it missed.
 *
 * A pixel is a rectangle along the pass's scan and track; the row's place is the middle of the pixel that holds the
 * fire, off by the satellite's own error; MODIS, whose samples overlap along the scan, puts it one pixel beside
 * with the chance of how far off its pixel's middle it lies, so that the error is a triangle two pixels wide. A
 * fire of 60 MW and more lights the next pixel too, at the same power, as VIIRS has it.
 *
 * A heat source of power P is seen with the chance 1 / (1 + (P0 / P)^3): P0 is what the satellite sees every other time,
 * larger for larger pixels, and two thirds of it at night. Clouds hide a source with the chance of eight tenths of
 * the cover. In one pass of thirty by day glint puts a hotspot where nothing burns.
 *
 * A pass draws from the stream that it is given: the same one over the same ground gives the same rows.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_WORLD_SKYWATCH_H
#define LH_WORLD_SKYWATCH_H

#include "world/orbit.h"

#include <stdio.h>

struct lh_heat {
    unsigned id; /* of the event; of works from LH_WORKS_ID on */
    double latitude_deg;
    double longitude_deg;
    double power_mw; /* radiated */
};
#define LH_WORKS_ID 1000u

enum lh_heat_outcome {
    LH_HEAT_SEEN,
    LH_HEAT_CLOUDED,
    LH_HEAT_WEAK, /* below what could be told, or bad luck */
};
const char *lh_heat_outcome_name(enum lh_heat_outcome outcome); /* "seen", "clouded", "too weak" */

struct lh_sky_row {
    unsigned id; /* of the heat; 0: glint */
    double latitude_deg;
    double longitude_deg;
    double frp_mw;
    double brightness_k;
    double far_brightness_k; /* of the 11 um band */
    int confidence;          /* MODIS: 0..100; VIIRS: 'l', 'n', 'h' */
};

/* rows has room for 2 * count + 1, outcomes for count. Returns the number of rows. */
size_t lh_sky_look(uint64_t stream, const struct lh_pass *pass, double cloud_cover,
                   const struct lh_heat *heats, size_t count, struct lh_sky_row *rows,
                   enum lh_heat_outcome *outcomes);

/* As FIRMS' area API writes near real time. */
void lh_sky_print(FILE *out, const struct lh_pass *pass, const struct lh_sky_row *rows,
                  size_t count);

#endif
