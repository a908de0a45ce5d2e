/* Linhuo detector plugins, interface version 1.
 *
 * A detector is a shared object that looks at one picture at a time and says where it sees smoke
 * or flame. This header is all it needs: it links to nothing of Linhuo's. plugins/template is a
 * complete one to copy; plugins/README.md shows the compiler line.
 *
 * The contract
 *  - The shared object exports one function, linhuo_detector_v1(), which returns a pointer to a
 *    constant table that stays valid while the object is loaded.
 *  - For every camera the engine calls open() once, then detect() for each watched picture in order
 *    of capture time, reset() when what was seen before no longer fits, and close() once. What a
 *    detector remembers about a camera lives in the state that open() returns, never in globals:
 *    many cameras run side by side, on several threads, perhaps in several processes.
 *  - Calls for one state never overlap. Calls for different states may run at the same time.
 *  - Pictures are lent: pixels and every pointer are valid until detect() returns, and are read only.
 *  - Finds are emitted through the sink and copied at once.
 *  - The detector owns no clock: time is picture->capture_utc_us, so that replay is exact. Given the
 *    same pictures and settings it must emit the same finds.
 *  - A call that fails returns non-zero after saying why through host->fail(); the engine counts it,
 *    reports it with back-off, drops what was emitted in it and goes on with the next picture. No C++
 *    exception and no longjmp may leave a call.
 *  - Fields are only ever appended. struct_size says how much the other side knows; what it does not
 *    know is zero, and zero always means "not given" or "default".
 *
 * Compiles as C99, C11 and C++11. All text is UTF-8.
 */
#ifndef LINHUO_DETECTOR_H
#define LINHUO_DETECTOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LINHUO_DETECTOR_ABI 1

#if defined(__GNUC__)
#define LINHUO_EXPORT __attribute__((visibility("default")))
#else
#define LINHUO_EXPORT
#endif

/* ---- pictures ---- */

enum linhuo_pixel_format {
    LINHUO_I420 = 1,  /* planes Y, U, V; U and V have half the width and height, rounded up */
    LINHUO_GRAY8 = 2, /* one plane */
    LINHUO_BGR24 = 3, /* one plane, three bytes a pixel */
    LINHUO_RGB24 = 4,
};

enum linhuo_picture_flag {
    LINHUO_PICTURE_BURST = 1u << 0, /* one of a full-rate run of a few seconds, not a watched one */
};

struct linhuo_picture {
    uint32_t struct_size;
    uint32_t format; /* enum linhuo_pixel_format, as wanted */
    uint32_t width_px;
    uint32_t height_px;
    const uint8_t *plane[3];  /* top row first */
    int32_t stride[3];        /* bytes from one row to the next */
    uint32_t source_width_px; /* the camera's own picture, before scaling to what was wanted */
    uint32_t source_height_px;
    int64_t capture_utc_us; /* microseconds since 1970-01-01 UTC; never decreases between resets */
    uint64_t number;        /* counts the camera's pictures; gaps are pictures not shown */
    uint32_t flags;         /* enum linhuo_picture_flag */
    uint32_t reserved;
};

/* ---- finds ---- */

enum linhuo_kind {
    LINHUO_SMOKE = 1,
    LINHUO_FLAME = 2,
};

struct linhuo_find {
    uint32_t struct_size;
    uint32_t kind; /* enum linhuo_kind */
    float x_px;    /* top left corner and size, in pixels of the picture shown */
    float y_px;
    float width_px;
    float height_px;
    float score;         /* 0..1, larger is surer */
    uint32_t mask_width; /* an optional mask over the box, 0 for none; at most 64 x 64 */
    uint32_t mask_height;
    const uint8_t *mask; /* mask_width x mask_height bytes, row after row; 0 outside, 255 inside */
};

/* Emits a find. Returns 0, or non-zero when no more are taken of this picture (256). Finds that reach
 * over the edge are clipped; finds outside the picture, empty ones, NaN, scores outside 0..1 and kinds that
 * the table does not declare are refused and counted. */
typedef int (*linhuo_emit_fn)(void *sink, const struct linhuo_find *find);

/* ---- settings ---- */

enum linhuo_setting_type {
    LINHUO_NUMBER = 1,  /* double */
    LINHUO_INTEGER = 2, /* whole numbers of at most 2^53, kept in number */
    LINHUO_SWITCH = 3,  /* true or false; number is 1 or 0 */
    LINHUO_TEXT = 4,
    LINHUO_CHOICE = 5, /* one of the words in choices, separated by '|' */
    LINHUO_PATH = 6,   /* relative paths are made absolute from the site file's folder */
};

/* A row of the settings table. Checked by `linhuo check`, listed by `linhuo plugins`. */
struct linhuo_setting {
    const char *name; /* with its unit: "min_area_px" */
    uint32_t type;    /* enum linhuo_setting_type */
    uint32_t reserved;
    const char *fallback; /* the default, as it would be written; NULL: must be given */
    double minimum;       /* for numbers and integers; minimum == maximum: no range */
    double maximum;
    const char *choices;
    const char *help; /* one line, no full stop */
};

/* A value, in the order of the table. */
struct linhuo_value {
    double number;
    const char *text; /* NULL for numbers, integers and switches; lent until close() */
};

/* ---- the two sides ---- */

enum linhuo_log_level {
    LINHUO_LOG_ERROR = 0,
    LINHUO_LOG_WARN = 1,
    LINHUO_LOG_INFO = 2,
    LINHUO_LOG_DEBUG = 3,
};

/* What the engine offers. Lent until close(). */
struct linhuo_host {
    uint32_t struct_size;
    uint32_t abi;
    void *context; /* first argument of the functions below */
    /* One line in the engine's log, at most 500 bytes, named after the detector and the camera. */
    void (*log)(void *context, uint32_t level, const char *text);
    /* Says why the call in progress fails: one sentence, with what to do. Copied. */
    void (*fail)(void *context, const char *text);
};

/* What a detector is opened with. Lent until open() returns, but for values[].text. */
struct linhuo_open {
    uint32_t struct_size;
    uint32_t value_count; /* as many as the table has rows */
    const struct linhuo_value *values;
    const char *camera; /* its identifier */
    const char *preset; /* its view; "" for a fixed camera */
};

/* What pictures it wants, filled in by open(). Zeros: LINHUO_I420 at full size. */
struct linhuo_want {
    uint32_t struct_size;
    uint32_t format;
    uint32_t
        max_width_px; /* larger pictures are scaled down to fit, with proportions kept; 0: as is */
    uint32_t max_height_px;
};

struct linhuo_detector {
    uint32_t struct_size;  /* sizeof(struct linhuo_detector) the plugin was compiled with */
    uint32_t abi;          /* LINHUO_DETECTOR_ABI */
    const char *name;      /* [a-z0-9_]{1,32}; the file is called name.so */
    const char *version;   /* "1.2" */
    const char *summary;   /* one line */
    const char *licence;   /* SPDX, "Apache-2.0" */
    uint32_t kinds;        /* what it can emit: bit 0 smoke, bit 1 flame */
    uint32_t setting_size; /* sizeof(struct linhuo_setting) */
    const struct linhuo_setting *settings;
    uint32_t setting_count;
    uint32_t reserved;

    /* Makes the state of one camera. 0, or non-zero after host->fail(). */
    int (*open)(const struct linhuo_host *host, const struct linhuo_open *arguments,
                struct linhuo_want *want, void **ret_state);
    /* Looks at one picture. 0, or non-zero after host->fail(). */
    int (*detect)(void *state, const struct linhuo_picture *picture, linhuo_emit_fn emit,
                  void *sink);
    void (*close)(void *state);
    /* Optional: the view, the size or the time jumped; forget the background. */
    void (*reset)(void *state);
};

/* The one symbol a plugin exports. Its name carries the interface version. */
LINHUO_EXPORT const struct linhuo_detector *linhuo_detector_v1(void);

#ifdef __cplusplus
}
#endif

#endif
