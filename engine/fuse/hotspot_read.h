/* Hotspot files of every layout, from memory or from a file.
 *
 * Columns are found by the header's names, never by their order: FIRMS CSV (bulk files, area and country
 * API, standard products with `type`, Landsat), JAXA Himawari L2 and hourly L3, GeoJSON with FIRMS
 * property names in either case, and any other table whose columns the site file names. Layouts and their
 * traps: STANDARDS of the feeds (acq_time is 0754, 754 or 18; confidence n, nominal or 61; NOAA-20 is
 * N20, 1 or J1).
 *
 * What a table is worth as a whole is its state; a row that cannot be true is refused by itself, with its
 * line and the reason, and costs no other. Tables that a spreadsheet has rewritten (5/17/2022) are read
 * where some day over 12 says which of the numbers is the month, and refused whole where none does.
 *
 * Bounds: 256 MiB a file, 16 KiB a line, 64 columns, 100 refusals kept (all counted).
 *
 * Thread-safety: safe.
 */
#ifndef LH_FUSE_HOTSPOT_READ_H
#define LH_FUSE_HOTSPOT_READ_H

#include "base/site.h"
#include "fuse/hotspot.h"

#define LH_HOTSPOT_BYTES_MAX ((size_t)256 << 20)
#define LH_HOTSPOT_LINE_MAX ((size_t)16 << 10)
#define LH_HOTSPOT_COLUMNS_MAX 64
#define LH_HOTSPOT_REFUSALS_MAX 100

enum lh_hotspots_state {
    LH_HOTSPOTS_ROWS,      /* a header and rows */
    LH_HOTSPOTS_EMPTY,     /* a header and nothing more: nothing burns, all is well */
    LH_HOTSPOTS_TRUNCATED, /* cut off in the header or in the last row; the rows before it are good */
    LH_HOTSPOTS_TEXT,      /* no table: a server's error in words, a web page */
};

enum lh_hotspot_product {
    LH_PRODUCT_UNKNOWN,
    LH_PRODUCT_FIRMS_MODIS,
    LH_PRODUCT_FIRMS_VIIRS,
    LH_PRODUCT_FIRMS_LANDSAT,
    LH_PRODUCT_HIMAWARI_L2,
    LH_PRODUCT_HIMAWARI_L3,
    LH_PRODUCT_MAPPED, /* by the site file's columns */
};

/* What the reader must be told. Lent. Zero-initialised but for now_us is a fair default. */
struct lh_hotspot_reading {
    const char *source;    /* goes into every row; NULL: "" */
    int64_t now_us;        /* rows more than an hour later are refused; LH_NO_TIME: not checked */
    int64_t received_us;   /* goes into every row */
    enum lh_datum datum;   /* that its coordinates are in */
    const char *satellite; /* for rows that name none; NULL: what the product implies */
    /* NULL, or names for a table of another product: columns, time_format, utc_offset_h, frp_unit. */
    const struct lh_feed_config *mapping;
};

struct lh_hotspot_refusal {
    size_t line; /* counted from 1; of GeoJSON: the number of the feature */
    char why[112];
};

struct lh_hotspots {
    struct lh_hotspot *items;
    size_t count;
    size_t capacity;
    size_t rows; /* with those that were refused */
    size_t refused;
    struct lh_hotspot_refusal *refusals; /* the first LH_HOTSPOT_REFUSALS_MAX */
    enum lh_hotspots_state state;
    enum lh_hotspot_product product;
    char layout[96]; /* in words: "FIRMS VIIRS, area API, standard product" */
    char note
        [256]; /* what a person should know of the table as a whole, or the server's words; "" */
};

/* Reads bytes. LH_EFORMAT: refused whole, and fault says why; LH_ELIMIT, LH_ENOMEM. */
int lh_hotspots_read(const char *bytes, size_t size, const struct lh_hotspot_reading *reading,
                     struct lh_fault *fault, struct lh_hotspots *ret_hotspots);

/* Reads a file; LH_ENOTFOUND, LH_EPERM, LH_EIO too. The name tells Himawari-8 from 9 (H09_...). */
int lh_hotspots_read_file(const char *path, const struct lh_hotspot_reading *reading,
                          struct lh_fault *fault, struct lh_hotspots *ret_hotspots);

/* Frees and leaves zeros. */
void lh_hotspots_finish(struct lh_hotspots *hotspots);

/* Appends a copy. LH_ENOMEM. */
int lh_hotspots_add(struct lh_hotspots *hotspots, const struct lh_hotspot *hotspot);

/* "rows", "empty", "truncated", "text". */
const char *lh_hotspots_state_name(enum lh_hotspots_state state);

#endif
