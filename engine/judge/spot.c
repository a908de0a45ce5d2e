#include "judge/spot.h"

#include "base/text_file.h"
#include "judge/boxes.h"
#include "video/frame.h"
#include "video/still_picture.h"

#include <libavutil/frame.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define MASK_SIDE_MAX 16384
#define MASKS_MAX 10000000 /* numbers beyond are no numbers of masks */
#define LIGHT 128

/* One mask, with its background turned to 0. */
struct mask {
    long number; /* -1: none is loaded */
    uint32_t width;
    uint32_t height;
    uint8_t *fire; /* 1 where the fire is */
};

struct lh_spot {
    const struct lh_label *label;
    struct lh_boxes boxes;
    char mask_stem[PATH_BYTES]; /* before the digits; "": no masks */
    int mask_digits;
    char mask_ending[256];
    long first_number;
    bool light_background;
    struct mask mask;
};

static int path_beside(const char *clip_path, const char *name, char ret_path[PATH_BYTES],
                       struct lh_fault *fault)
{
    const char *slash = strrchr(clip_path, '/');
    const int folder = slash ? (int)(slash - clip_path) + 1 : 0;
    if (snprintf(ret_path, PATH_BYTES, "%.*s%s", folder, clip_path, name) >= PATH_BYTES)
        return lh_fail(fault, LH_ELIMIT, "%.200s: path too long", name);
    return LH_OK;
}

static int open_boxes(struct lh_spot *spot, const char *clip_path, struct lh_fault *fault)
{
    char path[PATH_BYTES];
    uint8_t *text;
    size_t length;
    struct lh_fault inner = {0};
    int code = path_beside(clip_path, spot->label->boxes, path, fault);
    if (code == LH_OK)
        code = lh_text_file_read(path, LH_BOXES_MAX_BYTES, fault, &text, &length);
    if (code != LH_OK)
        return code;
    code = lh_boxes_parse((const char *)text, length, spot->label->cadence_s, &inner, &spot->boxes);
    free(text);
    return code == LH_OK ? LH_OK : lh_fail(fault, code, "%.200s: %.300s", path, inner.text);
}

/* ---- masks ---- */

static void mask_path(const struct lh_spot *spot, long number, char *path, size_t size)
{
    (void)snprintf(path, size, "%s%0*ld%s", spot->mask_stem, spot->mask_digits, number,
                   spot->mask_ending);
}

static bool mask_exists(const struct lh_spot *spot, long number)
{
    char path[PATH_BYTES + 300];
    mask_path(spot, number, path, sizeof path);
    return access(path, F_OK) == 0;
}

static int take_pixels(AVFrame *picture, struct mask *mask)
{
    struct lh_frame_pool *pool = NULL;
    struct lh_frame *frame = NULL;
    struct lh_image image;
    const struct lh_frame_info info = {.camera = "mask",
                                       .preset = "",
                                       .width_px = (uint32_t)picture->width,
                                       .height_px = (uint32_t)picture->height};
    int code = lh_frame_pool_create(1, &pool);
    if (code == LH_OK)
        code = lh_frame_create(pool, picture, &info, &frame);
    if (code == LH_OK)
        code = lh_frame_image(frame, LH_PIXEL_GRAY8, 0, 0, &image);
    if (code == LH_OK) {
        mask->fire = calloc(image.width_px, image.height_px);
        code = mask->fire ? LH_OK : LH_ENOMEM;
    }
    if (code == LH_OK) {
        mask->width = image.width_px;
        mask->height = image.height_px;
        for (uint32_t y = 0; y < mask->height; y++)
            for (uint32_t x = 0; x < mask->width; x++)
                mask->fire[(size_t)y * mask->width + x] =
                    image.plane[0][(size_t)y * (size_t)image.stride[0] + x] >= LIGHT;
    }
    lh_frame_unref(&frame);
    lh_frame_pool_destroy(&pool);
    return code;
}

/* Light pixels are 1. */
static int read_mask(const struct lh_spot *spot, long number, struct lh_fault *fault,
                     struct mask *ret_mask)
{
    char path[PATH_BYTES + 300];
    uint8_t *bytes;
    size_t size;
    struct mask mask = {.number = number};
    mask_path(spot, number, path, sizeof path);
    int code = lh_text_file_read(path, LH_STILL_MAX_BYTES, fault, &bytes, &size);
    if (code != LH_OK)
        return code;
    struct lh_still_decoder decoder = {0};
    AVFrame *picture = av_frame_alloc();
    code = picture ? lh_still_decode(&decoder, bytes, size, MASK_SIDE_MAX, MASK_SIDE_MAX, picture)
                   : LH_ENOMEM;
    if (code == LH_OK)
        code = take_pixels(picture, &mask);
    av_frame_free(&picture);
    lh_still_decoder_finish(&decoder);
    free(bytes);
    if (code != LH_OK)
        return lh_fail(fault, code, "%.300s: %s", path, lh_strerror(code));
    *ret_mask = mask;
    return LH_OK;
}

static uint64_t count_set(const struct mask *mask)
{
    uint64_t count = 0;
    for (size_t i = 0; i < (size_t)mask->width * mask->height; i++)
        count += mask->fire[i];
    return count;
}

/* "masks/NNN.png" into what stands before and after the digits. */
static int split_pattern(struct lh_spot *spot, const char *path, struct lh_fault *fault)
{
    const char *slash = strrchr(path, '/');
    const char *digits = strchr(slash ? slash : path, 'N');
    const size_t count = digits ? strspn(digits, "N") : 0;
    if (count == 0 || count > 9 || strlen(digits + count) >= sizeof spot->mask_ending)
        return lh_fail(fault, LH_EFORMAT,
                       "'masks' %.200s: the picture's number must stand in it as NNN", path);
    (void)snprintf(spot->mask_stem, sizeof spot->mask_stem, "%.*s", (int)(digits - path), path);
    (void)snprintf(spot->mask_ending, sizeof spot->mask_ending, "%s", digits + count);
    spot->mask_digits = (int)count;
    return LH_OK;
}

static long last_number(const struct lh_label *label, double time_s)
{
    const double number = floor(time_s / label->cadence_s + 0.5);
    return number < 0 ? -1 : number > MASKS_MAX ? MASKS_MAX : (long)number;
}

static int open_masks(struct lh_spot *spot, const char *clip_path, struct lh_fault *fault)
{
    char path[PATH_BYTES];
    int code = path_beside(clip_path, spot->label->masks, path, fault);
    if (code == LH_OK)
        code = split_pattern(spot, path, fault);
    if (code != LH_OK)
        return code;
    const long most = spot->label->frames > 0 && spot->label->frames < 100000
                          ? (long)spot->label->frames
                          : 100000;
    while (spot->first_number <= most && !mask_exists(spot, spot->first_number))
        spot->first_number++;
    if (spot->first_number > most)
        return lh_fail(fault, LH_ENOTFOUND, "%.200s: no mask there", path);
    struct mask first = {.number = -1};
    code = read_mask(spot, spot->first_number, fault, &first);
    if (code != LH_OK)
        return code;
    spot->light_background = count_set(&first) * 2 > (uint64_t)first.width * first.height;
    free(first.fire);
    return LH_OK;
}

/* The mask that holds at a time; NULL before the first. */
static int mask_at(struct lh_spot *spot, double time_s, struct lh_fault *fault,
                   const struct mask **ret_mask)
{
    long number = last_number(spot->label, time_s);
    while (number >= spot->first_number && !mask_exists(spot, number))
        number--;
    *ret_mask = NULL;
    if (number < spot->first_number)
        return LH_OK;
    if (spot->mask.number != number) {
        struct mask mask = {.number = -1};
        const int code = read_mask(spot, number, fault, &mask);
        if (code != LH_OK)
            return code;
        for (size_t i = 0; spot->light_background && i < (size_t)mask.width * mask.height; i++)
            mask.fire[i] = !mask.fire[i];
        free(spot->mask.fire);
        spot->mask = mask;
    }
    *ret_mask = &spot->mask;
    return LH_OK;
}

int lh_spot_open(const struct lh_label *label, const char *clip_path, struct lh_fault *fault,
                 struct lh_spot **ret_spot)
{
    if (!label->has_smoke_box && !label->masks && !label->boxes) {
        *ret_spot = NULL;
        return LH_OK;
    }
    struct lh_spot *spot = calloc(1, sizeof *spot);
    if (!spot)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    spot->label = label;
    spot->mask.number = -1;
    int code = label->boxes ? open_boxes(spot, clip_path, fault) : LH_OK;
    if (code == LH_OK && label->masks)
        code = open_masks(spot, clip_path, fault);
    if (code != LH_OK)
        lh_spot_close(&spot);
    else
        *ret_spot = spot;
    return code;
}

void lh_spot_close(struct lh_spot **spot)
{
    if (!*spot)
        return;
    lh_boxes_finish(&(*spot)->boxes);
    free((*spot)->mask.fire);
    free(*spot);
    *spot = NULL;
}

/* ---- overlap ---- */

static bool boxes_meet(struct lh_box alarm, struct lh_box labelled)
{
    const double a = (double)lh_box_area(alarm);
    const double b = (double)lh_box_area(labelled);
    const double smaller = a < b ? a : b;
    return smaller > 0 && (double)lh_box_overlap(alarm, labelled) >= LH_SPOT_SHARE * smaller;
}

static uint32_t to_pixel(double share, uint32_t side)
{
    const double pixel = floor(share * (double)side + 0.5);
    return pixel < 0 ? 0 : pixel > (double)side ? side : (uint32_t)pixel;
}

static bool mask_meets(const struct mask *mask, struct lh_box box)
{
    const uint32_t left = to_pixel((double)box.x, mask->width);
    const uint32_t right = to_pixel((double)(box.x + box.width), mask->width);
    const uint32_t top = to_pixel((double)box.y, mask->height);
    const uint32_t bottom = to_pixel((double)(box.y + box.height), mask->height);
    uint64_t inside = 0;
    for (uint32_t y = top; y < bottom; y++)
        for (uint32_t x = left; x < right; x++)
            inside += mask->fire[(size_t)y * mask->width + x];
    const uint64_t box_area = (uint64_t)(right - left) * (bottom - top);
    const uint64_t fire_area = count_set(mask);
    const uint64_t smaller = box_area < fire_area ? box_area : fire_area;
    return smaller > 0 && (double)inside >= LH_SPOT_SHARE * (double)smaller;
}

/* What the labels say of one time. */
struct asking {
    bool known;
    bool on;
};

static void ask_boxes(const struct lh_spot *spot, double time_s, struct lh_box box,
                      struct asking *asking)
{
    const double half_s = spot->label->cadence_s / 2;
    const struct lh_moment *moment = lh_boxes_at(&spot->boxes, time_s + half_s);
    asking->known = asking->known || moment;
    for (size_t i = 0; moment && i < moment->count; i++)
        asking->on = asking->on || boxes_meet(box, spot->boxes.boxes[moment->first + i]);
}

static int ask_mask(struct lh_spot *spot, double time_s, struct lh_box box, struct lh_fault *fault,
                    struct asking *asking)
{
    const struct mask *mask;
    const int code = mask_at(spot, time_s, fault, &mask);
    if (code != LH_OK || !mask)
        return code;
    asking->known = true;
    asking->on = asking->on || mask_meets(mask, box);
    return LH_OK;
}

int lh_spot_place(struct lh_spot *spot, enum lh_kind kind, double time_s, struct lh_box box,
                  struct lh_fault *fault, enum lh_placing *ret_placing)
{
    *ret_placing = LH_PLACING_UNKNOWN;
    if (!spot || (spot->label->target && spot->label->target != kind))
        return LH_OK;
    struct asking asking = {0};
    if (spot->label->has_smoke_box) {
        asking.known = true;
        asking.on = boxes_meet(box, spot->label->smoke_box);
    }
    if (spot->label->boxes)
        ask_boxes(spot, time_s, box, &asking);
    if (spot->label->masks) {
        const int code = ask_mask(spot, time_s, box, fault, &asking);
        if (code != LH_OK)
            return code;
    }
    if (asking.known)
        *ret_placing = asking.on && (double)lh_box_area(box) <= LH_SPOT_LARGEST ? LH_PLACING_ON
                                                                                : LH_PLACING_OFF;
    return LH_OK;
}

static bool mask_outline(const struct mask *mask, struct lh_box *ret_box)
{
    uint32_t left = mask->width;
    uint32_t top = mask->height;
    uint32_t right = 0;
    uint32_t bottom = 0;
    for (uint32_t y = 0; y < mask->height; y++)
        for (uint32_t x = 0; x < mask->width; x++)
            if (mask->fire[(size_t)y * mask->width + x]) {
                left = x < left ? x : left;
                right = x + 1 > right ? x + 1 : right;
                top = y < top ? y : top;
                bottom = y + 1;
            }
    if (right <= left)
        return false;
    *ret_box = (struct lh_box){(float)left / (float)mask->width, (float)top / (float)mask->height,
                               (float)(right - left) / (float)mask->width,
                               (float)(bottom - top) / (float)mask->height};
    return true;
}

static bool join(bool any, struct lh_box *outline, struct lh_box box)
{
    *outline = any ? lh_box_union(*outline, box) : box;
    return true;
}

bool lh_spot_outline(struct lh_spot *spot, double time_s, struct lh_box *ret_box)
{
    struct lh_box outline;
    bool any = false;
    if (!spot)
        return false;
    if (spot->label->has_smoke_box)
        any = join(any, &outline, spot->label->smoke_box);
    const struct lh_moment *moment =
        spot->label->boxes ? lh_boxes_at(&spot->boxes, time_s + spot->label->cadence_s / 2) : NULL;
    for (size_t i = 0; moment && i < moment->count; i++)
        any = join(any, &outline, spot->boxes.boxes[moment->first + i]);
    const struct mask *mask = NULL;
    struct lh_box around;
    if (spot->label->masks && mask_at(spot, time_s, NULL, &mask) == LH_OK && mask &&
        mask_outline(mask, &around))
        any = join(any, &outline, around);
    if (any)
        *ret_box = outline;
    return any;
}
