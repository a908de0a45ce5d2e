/* Detectors that are older, newer or wrong, one for each ODD_ macro; what the loader must take or refuse.
 * The table is assembled at load so that each variant says only what is odd about it. */
#include "linhuo_detector.h"

#include <math.h>
#include <string.h>

#ifndef ODD_NAME
#error "compile with -DODD_NAME=\"...\""
#endif

/* What a later header may look like: fields appended to rows and table. */
struct long_setting {
    struct linhuo_setting first;
    const char *unit;
    double step;
};
struct long_detector {
    struct linhuo_detector first;
    void *appended[8];
};

static int odd_open(const struct linhuo_host *host, const struct linhuo_open *arguments,
                    struct linhuo_want *want, void **ret_state)
{
    static char state;
    (void)host;
    (void)arguments;
    (void)want;
    *ret_state = &state;
    return 0;
}

static int odd_detect(void *state, const struct linhuo_picture *picture, linhuo_emit_fn emit,
                      void *sink)
{
    (void)state;
    (void)picture;
    (void)emit;
    (void)sink;
    return 0;
}

static void odd_close(void *state)
{
    (void)state;
}

static void odd_reset(void *state)
{
    (void)state;
}

static struct long_setting rows[2];
static struct long_detector table;

static void fill(void)
{
    memset(&table, 0x5a, sizeof table); /* what an older host must not look at */
    rows[0].first.name = "first";
    rows[0].first.type = LINHUO_NUMBER;
    rows[0].first.fallback = "1";
    rows[0].first.maximum = 2.0;
    rows[1].first.name = "second";
    rows[1].first.type = LINHUO_CHOICE;
    rows[1].first.fallback = "b";
    rows[1].first.choices = "a|b";
    table.first.struct_size = sizeof table;
    table.first.abi = LINHUO_DETECTOR_ABI;
    table.first.name = ODD_NAME;
    table.first.version = "0.1";
    table.first.summary = "odd";
    table.first.licence = "Apache-2.0";
    table.first.kinds = 3;
    table.first.setting_size = sizeof rows[0];
    table.first.settings = &rows[0].first;
    table.first.setting_count = 2;
    table.first.reserved = 0;
    table.first.open = odd_open;
    table.first.detect = odd_detect;
    table.first.close = odd_close;
    table.first.reset = odd_reset;
}

#if defined(ODD_UNRESOLVED)
void linhuo_test_symbol_that_nobody_has(void);
#endif

static void spoil(void)
{
#if defined(ODD_OLDER)
    table.first.struct_size = offsetof(struct linhuo_detector, reset);
    table.first.summary = NULL;
    table.first.licence = NULL;
#elif defined(ODD_HALF_POINTER)
    table.first.struct_size = offsetof(struct linhuo_detector, reset) + 4;
#elif defined(ODD_SHORT)
    table.first.struct_size = 40;
#elif defined(ODD_ABI)
    table.first.abi = 7;
#elif defined(ODD_NO_NAME)
    table.first.name = NULL;
#elif defined(ODD_BAD_NAME)
    table.first.name = "Odd Name";
#elif defined(ODD_OTHER_NAME)
    table.first.name = "something_else";
#elif defined(ODD_NO_VERSION)
    table.first.version = NULL;
#elif defined(ODD_SUMMARY)
    table.first.summary = "two\nlines";
#elif defined(ODD_KINDS)
    table.first.kinds = 4;
#elif defined(ODD_NO_OPEN)
    table.first.open = NULL;
#elif defined(ODD_NO_DETECT)
    table.first.detect = NULL;
#elif defined(ODD_NO_CLOSE)
    table.first.close = NULL;
#elif defined(ODD_ROW_SIZE)
    table.first.setting_size = 16;
#elif defined(ODD_NO_ROWS)
    table.first.settings = NULL;
#elif defined(ODD_ROW_NAME)
    rows[1].first.name = "sec ond";
#elif defined(ODD_ROW_TWICE)
    rows[1].first.name = "first";
#elif defined(ODD_ROW_TYPE)
    rows[1].first.type = 99;
#elif defined(ODD_ROW_RANGE)
    rows[0].first.minimum = (double)NAN;
#elif defined(ODD_ROW_DEFAULT)
    rows[0].first.fallback = "3";
#elif defined(ODD_ROW_CHOICES)
    rows[1].first.choices = "a||b";
#elif defined(ODD_UNRESOLVED)
    linhuo_test_symbol_that_nobody_has();
#endif
}

#if defined(ODD_NEWER_SYMBOL)
LINHUO_EXPORT const void *linhuo_detector_v2(void);
LINHUO_EXPORT const void *linhuo_detector_v2(void)
#elif defined(ODD_NO_SYMBOL)
LINHUO_EXPORT const void *something_else(void);
LINHUO_EXPORT const void *something_else(void)
#else
LINHUO_EXPORT const struct linhuo_detector *linhuo_detector_v1(void)
#endif
{
    fill();
    spoil();
#if defined(ODD_NULL)
    return NULL;
#else
    return &table.first;
#endif
}
