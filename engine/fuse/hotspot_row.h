/* One row of named values as a hotspot: what all layouts have in common. Part of hotspot_read.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_FUSE_HOTSPOT_ROW_H
#define LH_FUSE_HOTSPOT_ROW_H

#include "fuse/hotspot_read.h"

enum lh_hotspot_field {
    LH_FIELD_NONE,
    LH_FIELD_LATITUDE,
    LH_FIELD_LONGITUDE,
    LH_FIELD_BRIGHTNESS,
    LH_FIELD_BRIGHT_TI4,
    LH_FIELD_BRIGHT_11UM, /* known, not used */
    LH_FIELD_SCAN,
    LH_FIELD_TRACK,
    LH_FIELD_DATE,
    LH_FIELD_TIME,
    LH_FIELD_MOMENT, /* date and time in one column, by time_format */
    LH_FIELD_SATELLITE,
    LH_FIELD_INSTRUMENT,
    LH_FIELD_CONFIDENCE,
    LH_FIELD_VERSION,
    LH_FIELD_FRP,
    LH_FIELD_LIGHT,
    LH_FIELD_TYPE,
    LH_FIELD_COUNTRY,
    LH_FIELD_PATH,
    LH_FIELD_YEAR,
    LH_FIELD_MONTH,
    LH_FIELD_DAY,
    LH_FIELD_CLOCK, /* Himawari L2: hhmm */
    LH_FIELD_HOUR,
    LH_FIELD_AREA,
    LH_FIELD_VOLCANO,
    LH_FIELD_RELIABILITY,
    LH_FIELD_FLUX, /* W/m2 */
    LH_FIELD_QUALITY,
    LH_FIELD_CLUSTER,
    LH_FIELD_FRP_MEAN,
    LH_FIELD_FRP_MAX,
    LH_FIELDS,
};

struct lh_slice {
    const char *text; /* NULL: there is no such column */
    size_t length;
};

/* Which of a date's numbers is the month. */
enum lh_date_form {
    LH_DATE_YMD,
    LH_DATE_MDY, /* rewritten by a spreadsheet */
    LH_DATE_DMY,
};

struct lh_row_context {
    const struct lh_hotspot_reading *reading;
    enum lh_hotspot_product product;
    enum lh_date_form date_form;
    bool ascii_only; /* the table is not UTF-8: other bytes become '?' */
};

/* The field of a FIRMS or Himawari column or property; case and punctuation do not count. */
enum lh_hotspot_field lh_hotspot_field_of(struct lh_slice name);

/* The field of a column that the site file names so; exactly. */
enum lh_hotspot_field lh_hotspot_mapped_field(const struct lh_feed_columns *columns,
                                              struct lh_slice name);

/* Which product has these columns; LH_PRODUCT_UNKNOWN where place or time is missing. */
enum lh_hotspot_product lh_hotspot_product_of(const bool fields[LH_FIELDS]);

/* "5/17/2022" as three numbers, the year last. False for anything else. */
bool lh_date_numbers(struct lh_slice date, int numbers[3]);

/* LH_EINVAL: the row is refused, why says it; LH_EFORMAT: its date has another form than the table's, which
 * must be refused whole. */
int lh_hotspot_from_row(const struct lh_row_context *context,
                        const struct lh_slice fields[LH_FIELDS], struct lh_hotspot *ret_hotspot,
                        char why[112]);

/* A decimal number, blanks around it allowed, the whole of the slice. Finite. */
bool lh_slice_number(struct lh_slice slice, double *ret_number);

#endif
