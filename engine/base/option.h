/* One option table, and everything that is made from it.
 *
 * A table describes a struct: one row a key of the site file, with its type, range, default, unit, help
 * and the place of its value in the struct. Reading with findings, defaults, copying, comparing,
 * freeing, and the sample, the reference and the JSON Schema are all driven by the rows; a new
 * setting is a member and a row (base/site_options.c).
 *
 * Values that are wrong leave the default in place and a finding behind, so that one run names all
 * mistakes. The only other failure is LH_ENOMEM.
 */
#ifndef LH_BASE_OPTION_H
#define LH_BASE_OPTION_H

#include "base/site.h"
#include "base/yaml_tree.h"

#include <stdio.h>

enum lh_option_type {
    LH_OPTION_TEXT,         /* char *; at most maximum bytes */
    LH_OPTION_NAME,         /* char *; [A-Za-z0-9._-]{1,64} */
    LH_OPTION_AREA_CODE,    /* char *; 6, 9 or 12 digits */
    LH_OPTION_SWITCH,       /* bool */
    LH_OPTION_WHOLE,        /* int */
    LH_OPTION_PIXELS,       /* uint32_t */
    LH_OPTION_NUMBER,       /* double */
    LH_OPTION_WORD,         /* an enum that counts from 0 in the order of words */
    LH_OPTION_PATH,         /* char *; taken from the site file's folder, as all paths */
    LH_OPTION_FILE,         /* char *; a path that must be readable now */
    LH_OPTION_PLUGIN,       /* char *; a name, or a path with '/' or ending in ".so" */
    LH_OPTION_URL,          /* char *; of a camera, or a local path */
    LH_OPTION_ENDPOINT,     /* char *; where a ZeroMQ socket binds */
    LH_OPTION_TIME_PATTERN, /* char *; for strptime */
    LH_OPTION_CREDENTIALS,  /* char *, a path; the secrets themselves at other_offset */
    LH_OPTION_NAMES,        /* char **, as LH_OPTION_NAME; their count at other_offset */
    LH_OPTION_PATHS,        /* char **, as LH_OPTION_PATH; likewise */
    LH_OPTION_POINTS,       /* struct lh_point *, a polygon; likewise */
    LH_OPTION_SETTINGS,     /* struct lh_setting_text *, any keys; likewise */
    LH_OPTION_GROUP,        /* a struct in place, by table */
    LH_OPTION_LIST,         /* an array of structs, by table; their count at other_offset */
    LH_OPTION_MAP,          /* named structs, by table; read by hand (LH_OPTION_BY_HAND) */
};

enum lh_option_flag {
    LH_OPTION_SHOWN = 1 << 0,     /* stands in the sample as a line, not as a comment */
    LH_OPTION_NO_EFFECT = 1 << 1, /* a change of it alone changes nothing that runs */
    LH_OPTION_BY_HAND = 1 << 2,   /* lh_option_read leaves it to its caller */
    LH_OPTION_OPEN = 1 << 3, /* a NUMBER that may stay unsaid: NAN, and fallback is a sentence */
};

struct lh_option_table;

struct lh_option {
    const char *name;
    enum lh_option_type type;
    unsigned flags;
    size_t offset;
    size_t other_offset;
    size_t place_offset;  /* a struct lh_place: of the value, or in a LIST of each entry; 0: none */
    double minimum;       /* of numbers; of lists: entries */
    double maximum;       /* likewise; of texts: bytes */
    const char *unit;     /* "s"; NULL for none */
    const char *words;    /* of a WORD: "tcp|udp|auto" */
    const char *fallback; /* the default as it would be written; NULL: must be given */
    const char *not_above; /* the row of the same table whose value this one may not exceed */
    const struct lh_option_table *table;
    const char *example; /* for the sample, where the default would not teach */
    const char *help;    /* plain sentences without a final full stop */
};

struct lh_option_table {
    const char *noun; /* "camera", for findings */
    size_t struct_size;
    const struct lh_option *rows;
    size_t count;
    const struct lh_option_table
        *base; /* more rows of the same struct, shared with another table */
};

/* For a table's rows. */
#define LH_ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define LH_ROW_AT(type, member) .offset = offsetof(struct type, member)
#define LH_ROW_COUNTED(type, member) .other_offset = offsetof(struct type, member)
#define LH_ROW_PLACED(type, member) .place_offset = offsetof(struct type, member)
#define LH_ROW_RANGE(low, high) .minimum = (low), .maximum = (high)

/* Sections that stand in files of their own, base/site_SECTION.c. */
extern const struct lh_option_table lh_pose_table;
extern const struct lh_option_table lh_preset_table;
extern const struct lh_option_table lh_ptz_table;
extern const struct lh_option_table lh_places_table;

/* What reading needs. Lent. */
struct lh_option_reading {
    const char *folder; /* what relative paths are taken from */
    struct lh_findings *findings;
};

/* The table of the whole site file (struct lh_site), of what cameras share (struct
 * lh_camera_config; camera_defaults and groups), and of a camera. Static. */
const struct lh_option_table *lh_site_options(void);
const struct lh_option_table *lh_shared_camera_options(void);
const struct lh_option_table *lh_camera_options(void);

/* Sections with a file of their own (base/site_SECTION.c). */
extern const struct lh_option_table lh_fusion_table;
extern const struct lh_option_table lh_feed_table;
extern const struct lh_option_table lh_heat_table;

/* Adds findings for feeds that contradict themselves or each other. */
void lh_feeds_check(const struct lh_site *site, struct lh_findings *findings);
extern const struct lh_option_table lh_weather_table;
extern const struct lh_option_table lh_ground_table;
extern const struct lh_option_table lh_person_table;

/* Reads the keys of the site's people; LH_ENOMEM, all else becomes findings. And overwrites them. */
int lh_people_load(struct lh_site *site, struct lh_findings *findings);
void lh_people_forget(struct lh_site *site);

/* The row of that name, also of the base, or NULL. */
const struct lh_option *lh_option_find(const struct lh_option_table *table, const char *name);

/* Fills a zeroed struct with the defaults. */
int lh_option_defaults(const struct lh_option_reading *reading, const struct lh_option_table *table,
                       void *target);

/* Reads a map into a struct that holds its defaults, and adds findings for unknown keys, wrong
 * values, missing keys and values that contradict each other. An empty section is an empty map. */
int lh_option_read(const struct lh_option_reading *reading, const struct lh_option_table *table,
                   const struct lh_yaml_node *node, void *target);

/* Copies every row deeply. LH_EINVAL for a table with rows that hold structs. */
int lh_option_copy(const struct lh_option_table *table, const void *from, void *to);

/* Compares every row that has none of the flags. Maps and settings never are equal. */
bool lh_option_equal(const struct lh_option_table *table, const void *a, const void *b,
                     unsigned without_flags);

/* Frees what the rows own and leaves NULL; secrets are overwritten first. */
void lh_option_free(const struct lh_option_table *table, void *target);

/* Reads one scalar into its member (the types up to LH_OPTION_CREDENTIALS). LH_ECONFIG leaves the
 * member alone and a complaint that continues "'key' ". */
#define LH_OPTION_COMPLAINT 256
int lh_option_set(const struct lh_option_reading *reading, const struct lh_option *option,
                  const char *text, bool plain, void *target, char complaint[LH_OPTION_COMPLAINT]);

/* A path as the engine opens it: absolute ones as they are, others below folder. NULL: no memory. */
char *lh_path_from(const char *folder, const char *path);

/* Adds the finding "'written' is no noun; did you mean ...?" where it is not one of the names. */
void lh_option_check_name(const struct lh_option_reading *reading, struct lh_place place,
                          const char *noun, const char *written, const char *const *names,
                          size_t count);

/* ---- what is printed from the table: configs/ holds the same ----
 * LH_EIO when out cannot be written. */

/* A commented site file that loads, with every option and its default. */
int lh_site_write_sample(FILE *out);
/* All options as Markdown tables. */
int lh_site_write_reference(FILE *out);
/* JSON Schema, draft 2020-12. */
int lh_site_write_schema(FILE *out);

#endif
