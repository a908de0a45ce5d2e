#include "cv.h"

#include <new>
#include <opencv2/core.hpp>
#include <opencv2/core/ocl.hpp>
#include <opencv2/imgproc.hpp>

namespace
{

const int max_side = 1 << 14;

bool valid(const void *plane, int width, int height)
{
    return plane != nullptr && width > 0 && height > 0 && width <= max_side && height <= max_side;
}

cv::Mat view(const float *plane, int width, int height)
{
    return cv::Mat(height, width, CV_32F, const_cast<float *>(plane));
}

cv::Mat view(const uint8_t *plane, int width, int height)
{
    return cv::Mat(height, width, CV_8U, const_cast<uint8_t *>(plane));
}

template <typename Work> int guarded(Work work)
{
    try {
        return work();
    } catch (const std::bad_alloc &) {
        return LH_CV_NO_MEMORY;
    } catch (const cv::Exception &e) {
        return e.code == cv::Error::StsNoMem ? LH_CV_NO_MEMORY : LH_CV_FAILED;
    } catch (...) {
        return LH_CV_FAILED;
    }
}

} // namespace

int lh_cv_setup(void)
{
    return guarded([] {
        cv::setNumThreads(1);
        cv::ocl::setUseOpenCL(false);
        return LH_CV_OK;
    });
}

int lh_cv_box_blur(const float *from, float *to, int width, int height, int radius)
{
    if (!valid(from, width, height) || !valid(to, width, height) || radius < 0)
        return LH_CV_BAD_INPUT;
    return guarded([=] {
        cv::Mat out = view(to, width, height);
        cv::Mat in = view(from, width, height);
        cv::blur(from == to ? in.clone() : in, out, cv::Size(2 * radius + 1, 2 * radius + 1));
        return LH_CV_OK;
    });
}

int lh_cv_shrink(const float *from, int width, int height, float *to, int to_width, int to_height)
{
    if (!valid(from, width, height) || !valid(to, to_width, to_height) || to_width > width ||
        to_height > height)
        return LH_CV_BAD_INPUT;
    return guarded([=] {
        cv::Mat out = view(to, to_width, to_height);
        cv::resize(view(from, width, height), out, out.size(), 0, 0, cv::INTER_AREA);
        return LH_CV_OK;
    });
}

int lh_cv_close(uint8_t *mask, int width, int height, int radius)
{
    if (!valid(mask, width, height) || radius < 0)
        return LH_CV_BAD_INPUT;
    return guarded([=] {
        cv::Mat in = view(mask, width, height);
        cv::Mat out;
        int side = 2 * radius + 1;
        cv::morphologyEx(in, out, cv::MORPH_CLOSE,
                         cv::getStructuringElement(cv::MORPH_RECT, cv::Size(side, side)));
        out.copyTo(in);
        return LH_CV_OK;
    });
}

int lh_cv_regions(const uint8_t *mask, int width, int height, int32_t *labels,
                  struct lh_cv_region *regions, size_t capacity, size_t *ret_count)
{
    if (!valid(mask, width, height) || ret_count == nullptr || (regions == nullptr && capacity > 0))
        return LH_CV_BAD_INPUT;
    return guarded([=] {
        cv::Mat found, stats, centres;
        int labelled = cv::connectedComponentsWithStats(view(mask, width, height), found, stats,
                                                        centres, 8, CV_32S);
        size_t count = 0;
        for (int i = 1; i < labelled && count < capacity; i++, count++) {
            regions[count].x = stats.at<int>(i, cv::CC_STAT_LEFT);
            regions[count].y = stats.at<int>(i, cv::CC_STAT_TOP);
            regions[count].width = stats.at<int>(i, cv::CC_STAT_WIDTH);
            regions[count].height = stats.at<int>(i, cv::CC_STAT_HEIGHT);
            regions[count].area = stats.at<int>(i, cv::CC_STAT_AREA);
            regions[count].centre_x = centres.at<double>(i, 0);
            regions[count].centre_y = centres.at<double>(i, 1);
        }
        if (labels != nullptr)
            found.copyTo(cv::Mat(height, width, CV_32S, labels));
        *ret_count = count;
        return LH_CV_OK;
    });
}

int lh_cv_shift(const float *a, const float *b, int width, int height, double *ret_x, double *ret_y,
                double *ret_response)
{
    if (!valid(a, width, height) || !valid(b, width, height) || width < 8 || height < 8)
        return LH_CV_BAD_INPUT;
    return guarded([=] {
        /* Copies, because phaseCorrelate lays the window over its inputs in place when their size
         * needs no padding. */
        cv::Mat first = view(a, width, height).clone();
        cv::Mat second = view(b, width, height).clone();
        cv::Mat window;
        double response = 0;
        cv::createHanningWindow(window, first.size(), CV_32F);
        cv::Point2d shift = cv::phaseCorrelate(first, second, window, &response);
        *ret_x = shift.x;
        *ret_y = shift.y;
        *ret_response = response;
        return LH_CV_OK;
    });
}
