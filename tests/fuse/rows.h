/* Tables and rows for the tests of hotspots, made up here. */
#ifndef TEST_FUSE_ROWS_H
#define TEST_FUSE_ROWS_H

#include "fuse/hotspot_read.h"

#define MODIS_HEADER                                                                               \
    "latitude,longitude,brightness,scan,track,acq_date,acq_time,satellite,confidence,version,"     \
    "bright_t31,frp,daynight\n"
#define VIIRS_HEADER                                                                               \
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,"  \
    "version,bright_ti5,frp,daynight\n"

#define UTC(text) utc_of(text)

/* Fails the test for what is no time. */
int64_t utc_of(const char *text);

/* A VIIRS pixel of NOAA-20, nominal, by its own place and time ("2026-04-01T06:14:00Z"). */
struct lh_hotspot pixel(double latitude_deg, double longitude_deg, const char *utc, double frp_mw);

#endif
