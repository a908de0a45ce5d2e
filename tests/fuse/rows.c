#include "rows.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

int64_t utc_of(const char *text)
{
    int64_t utc_us = 0;
    assert_int_equal(lh_time_parse(text, &utc_us), LH_OK);
    return utc_us;
}

struct lh_hotspot pixel(double latitude_deg, double longitude_deg, const char *utc, double frp_mw)
{
    return (struct lh_hotspot){
        .at = {latitude_deg, longitude_deg},
        .acquired_us = utc_of(utc),
        .received_us = LH_NO_TIME,
        .scan_km = 0.39,
        .track_km = 0.36,
        .brightness_k = 330,
        .frp_mw = frp_mw,
        .confidence = LH_CONFIDENCE_NOMINAL,
        .light = LH_LIGHT_DAY,
        .grade = LH_GRADE_NRT,
        .satellite = "NOAA-20",
        .instrument = "VIIRS",
        .confidence_text = "n",
        .version = "2.0NRT",
    };
}
