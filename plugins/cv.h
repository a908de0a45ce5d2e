/* The few image operations that the classic detectors take from OpenCV, as plain C.
 *
 * Pictures are caller-owned planes of 32-bit floats or bytes, row after row without gaps. No OpenCV
 * type and no exception crosses this header: whatever OpenCV throws becomes LH_CV_FAILED, running out
 * of memory becomes LH_CV_NO_MEMORY, and what the caller asked for wrongly LH_CV_BAD_INPUT. On failure
 * outputs are unspecified, never out of bounds.
 *
 * Same input, same output: lh_cv_setup() makes OpenCV work on the calling thread alone and without
 * OpenCL. That setting belongs to the whole process, so a host that uses OpenCV itself should know.
 *
 * Thread: any; nothing is kept between calls.
 */
#ifndef LH_PLUGINS_CV_H
#define LH_PLUGINS_CV_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lh_cv_result {
    LH_CV_OK = 0,
    LH_CV_BAD_INPUT = -1,
    LH_CV_NO_MEMORY = -2,
    LH_CV_FAILED = -3,
};

/* A connected region of set bytes. */
struct lh_cv_region {
    int x; /* bounding box */
    int y;
    int width;
    int height;
    int area; /* set bytes */
    double centre_x;
    double centre_y;
};

/* One thread, no OpenCL. Call once before anything else, for instance in open(). */
int lh_cv_setup(void);

/* Mean over a square of 2 * radius + 1, edges mirrored. from and to may be the same. */
int lh_cv_box_blur(const float *from, float *to, int width, int height, int radius);

/* Scales by area averaging; for making smaller. */
int lh_cv_shrink(const float *from, int width, int height, float *to, int to_width, int to_height);

/* Fills gaps of set bytes up to 2 * radius wide (dilation, then erosion, by a square). */
int lh_cv_close(uint8_t *mask, int width, int height, int radius);

/* Regions of bytes other than 0, joined over corners too, in the order of their first byte; labels
 * (width * height, may be NULL) gets 0 for outside, else 1 + index. Regions beyond capacity are left
 * out of regions but still labelled. */
int lh_cv_regions(const uint8_t *mask, int width, int height, int32_t *labels,
                  struct lh_cv_region *regions, size_t capacity, size_t *ret_count);

/* By how much the content of b is shifted against a, in pixels, by phase correlation under a Hanning
 * window; response is 0..1, how clear the peak is. */
int lh_cv_shift(const float *a, const float *b, int width, int height, double *ret_x, double *ret_y,
                double *ret_response);

#ifdef __cplusplus
}
#endif

#endif
