#include "view_shift.h"

#include <math.h>

#include "cv.h"

#define BLOCKS_ACROSS 5
#define BLOCKS_DOWN 3
#define MIN_SIDE 8
#define MAX_SHIFT_PX 0.75
#define MIN_RESPONSE 0.2
#define MIN_DEVIATION 6.0 /* levels: a block smoother than this cannot be placed */

struct block {
    int x;
    int y;
    int width;
    int height;
};

/* Copies the block and returns its standard deviation. */
static double take_block(const float *from, int stride, struct block block, float *to)
{
    double sum = 0, squares = 0;
    double n = (double)block.width * block.height;

    for (int y = 0; y < block.height; y++)
        for (int x = 0; x < block.width; x++) {
            float v = from[(block.y + y) * stride + block.x + x];
            to[y * block.width + x] = v;
            sum += (double)v;
            squares += (double)v * (double)v;
        }
    return sqrt(fmax(squares / n - sum / n * sum / n, 0));
}

int lh_view_shift(const float *a, const float *b, int width, int height, float *scratch,
                  struct lh_view_shift *ret_shift)
{
    struct lh_view_shift shift = {0, 0, 0};
    struct block block = {0, 0, width / BLOCKS_ACROSS, height / BLOCKS_DOWN};
    float *other = scratch + (ptrdiff_t)block.width * block.height;

    if (block.width < MIN_SIDE || block.height < MIN_SIDE)
        return -1;
    for (int i = 0; i < BLOCKS_ACROSS * BLOCKS_DOWN; i++) {
        double x, y, response;
        block.x = i % BLOCKS_ACROSS * block.width;
        block.y = i / BLOCKS_ACROSS * block.height;
        double first = take_block(a, width, block, scratch);
        double second = take_block(b, width, block, other);
        if (first < MIN_DEVIATION && second < MIN_DEVIATION)
            continue;
        if (lh_cv_shift(scratch, other, block.width, block.height, &x, &y, &response) != LH_CV_OK)
            return -1;
        shift.blocks++;
        shift.same += response >= MIN_RESPONSE && hypot(x, y) <= MAX_SHIFT_PX;
        shift.shifted += response >= MIN_RESPONSE && hypot(x, y) > MAX_SHIFT_PX;
    }
    *ret_shift = shift;
    return 0;
}
