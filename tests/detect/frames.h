/* Frames for tests, made without a camera. */
#ifndef TESTS_DETECT_FRAMES_H
#define TESTS_DETECT_FRAMES_H

#include "video/frame.h"

struct test_view {
    const char *preset;
    uint32_t generation;
    uint32_t width_px;
    uint32_t height_px;
    int64_t utc_us;
    uint64_t number;
    bool burst;
    uint8_t level; /* grey of the whole picture */
    struct {
        uint32_t x, y, side; /* a bright square; side 0: none */
        uint8_t level;
    } spot;
};

struct lh_frame *test_frame(struct lh_frame_pool *pool, const struct test_view *view);

#endif
