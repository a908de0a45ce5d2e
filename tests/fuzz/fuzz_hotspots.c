/* Any bytes as a table of hotspots, as a known product and as one with named columns. What is accepted must
 * be usable. */
#include "fuse/hotspot_group.h"
#include "fuse/hotspot_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_US (INT64_C(1900000000) * LH_SECOND_US)

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void look_at(const struct lh_hotspot *row)
{
    require(lh_geo_valid(row->at));
    require(row->acquired_us != LH_NO_TIME && row->acquired_us <= NOW_US + 3600 * LH_SECOND_US);
    require(!(row->frp_mw < 0) && !isinf(row->frp_mw));
    require(!(row->scan_km < 0) && !isinf(row->scan_km) && !isinf(row->track_km));
    require(memchr(row->satellite, '\0', sizeof row->satellite) != NULL);
    require(memchr(row->version, '\0', sizeof row->version) != NULL);
    require(memchr(row->confidence_text, '\0', sizeof row->confidence_text) != NULL);
    require(lh_hotspot_size_m(row) > 0);
}

static void group(const struct lh_hotspots *read)
{
    const struct lh_footprint_options options = LH_FOOTPRINT_DEFAULT;
    struct lh_hotspot_groups groups;
    size_t members = 0;
    require(lh_hotspots_group(read->items, read->count, &options, &groups) == LH_OK);
    for (size_t i = 0; i < groups.count; i++) {
        struct lh_evidence evidence;
        members += groups.items[i].count;
        require(groups.items[i].ellipse.minor_m > 0 && isfinite(groups.items[i].ellipse.major_m));
        lh_hotspot_group_evidence(&groups.items[i], 1, "", &evidence);
        require(lh_evidence_check(&evidence) == LH_OK);
    }
    require(members == read->count);
    lh_hotspot_groups_finish(&groups);
}

static void read_as(const uint8_t *data, size_t size, const struct lh_hotspot_reading *reading)
{
    struct lh_hotspots read = {0};
    struct lh_fault fault = {0};
    if (lh_hotspots_read((const char *)data, size, reading, &fault, &read) != LH_OK) {
        require(fault.text[0] != '\0');
        return;
    }
    require(read.rows == read.count + read.refused);
    require(read.state != LH_HOTSPOTS_EMPTY || read.rows == 0);
    require(read.state != LH_HOTSPOTS_TEXT || (read.rows == 0 && read.note[0] != '\0'));
    for (size_t i = 0; i < read.count; i++)
        look_at(&read.items[i]);
    for (size_t i = 0; i < read.refused && i < LH_HOTSPOT_REFUSALS_MAX; i++)
        require(read.refusals[i].why[0] != '\0');
    if (read.count <= 2000)
        group(&read);
    lh_hotspots_finish(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct lh_feed_config mapping = {
        .columns = {.latitude = (char *)"lat",
                    .longitude = (char *)"lon",
                    .date = (char *)"day",
                    .clock = (char *)"hour",
                    .frp = (char *)"power",
                    .confidence = (char *)"sure"},
        .time_format = (char *)"%Y-%m-%d %H:%M",
        .utc_offset_h = 8,
        .frp_unit = 2,
    };
    struct lh_hotspot_reading reading = {.now_us = NOW_US, .received_us = LH_NO_TIME};
    read_as(data, size, &reading);
    reading.datum = LH_DATUM_GCJ02;
    reading.mapping = &mapping;
    read_as(data, size, &reading);
    return 0;
}
