/* The Canadian Fire Weather Index System, from its equations.
 *
 * Source: C. E. Van Wagner, "Development and Structure of the Canadian Forest Fire Weather Index System", Forestry
 * Technical Report 35, Ottawa 1987, and Van Wagner and Pickett, Report 33, 1985, whose rounded numbers the
 * duff moisture code uses. Numbers in the code are those of the equations.
 *
 * Three moisture codes are carried from day to day, by the caller: fine fuel (FFMC), duff (DMC), drought (DC). They
 * and the wind make the initial spread index (ISI), the buildup index (BUI), the fire weather index (FWI) and the
 * daily severity rating (DSR). Weather is of noon, local standard time; rain of the 24 hours before.
 *
 * Two constants of the FFMC are about: 147.2 (1987) and 250 * 59.5 / 101 = 147.27723 (today's programs), which
 * makes 250 % of moisture exactly 0. Their FWI differ by less than a hundredth of it.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_FUSE_FIRE_WEATHER_H
#define LH_FUSE_FIRE_WEATHER_H

#include "base/error.h"

#include <stdbool.h>

enum lh_ffmc_scale {
    LH_FFMC_CURRENT, /* 147.27723 */
    LH_FFMC_1987,    /* 147.2 */
};

struct lh_noon_weather {
    double temperature_c;
    double humidity_percent;
    double wind_km_h; /* at 10 m, in the open */
    double rain_mm;   /* of 24 hours */
    int month;        /* 1..12 */
};

struct lh_moisture_codes {
    double ffmc; /* 0..101 */
    double dmc;  /* 0 and more */
    double dc;   /* 0 and more */
};
#define LH_MOISTURE_CODES_START ((struct lh_moisture_codes){85, 6, 15}) /* three days after snow */

struct lh_fire_weather {
    struct lh_moisture_codes codes;
    double isi;
    double bui;
    double fwi;
    double dsr;
};

/* One day on. Latitude chooses the table of day lengths. LH_ERANGE for what is not finite or cannot be: beyond
 * -60..60 degrees C, 0..100 % (101 to 105 of a wet sensor count as 100), 0..300 km/h, 0..2000 mm, months, codes
 * below 0. ret_day is untouched then: keep yesterday's codes. */
int lh_fire_weather_day(const struct lh_moisture_codes *yesterday,
                        const struct lh_noon_weather *weather, double latitude_deg,
                        enum lh_ffmc_scale scale, struct lh_fire_weather *ret_day);

/* ---- the parts, for finite numbers ---- */

double lh_ffmc(double yesterday, const struct lh_noon_weather *weather, enum lh_ffmc_scale scale);
/* After so many hours of that weather; rain_mm is of those hours. */
double lh_ffmc_hourly(double before, const struct lh_noon_weather *weather, double hours,
                      enum lh_ffmc_scale scale);
/* adjust: day lengths by latitude; else those of 46 degrees north. */
double lh_dmc(double yesterday, const struct lh_noon_weather *weather, double latitude_deg,
              bool adjust);
double lh_dc(double yesterday, const struct lh_noon_weather *weather, double latitude_deg,
             bool adjust);
/* strong_winds: from 40 km/h on the wind's effect levels off, as the fire behaviour system has it. */
double lh_isi(double ffmc, double wind_km_h, bool strong_winds, enum lh_ffmc_scale scale);
double lh_bui(double dmc, double dc);
double lh_fwi(double isi, double bui);
double lh_dsr(double fwi);

#endif
