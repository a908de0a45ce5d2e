/* The public header by itself, first thing in a file; compiled as C99 and as C++11. */
#include "linhuo_detector.h"

#ifdef __cplusplus
#define ENTRY extern "C" const struct linhuo_detector *
#else
#define ENTRY const struct linhuo_detector *
#endif

ENTRY linhuo_detector_v1(void)
{
    return NULL;
}
