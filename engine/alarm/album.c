#include "alarm/album.h"

#include "alarm/draw.h"
#include "alarm/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CROP_LEAST_PX 224
#define RETAIN_EVERY_US (60 * LH_SECOND_US)
#define MAX_FOLDERS 200000
#define DAY_US (INT64_C(86400) * LH_SECOND_US)

struct lh_album {
    struct lh_evidence_config config;
    char *data_folder;
    char *folder;        /* DATA/evidence */
    int64_t retained_us; /* UTC of the last look */
};

int lh_album_create(const struct lh_evidence_config *config, const char *data_folder,
                    struct lh_fault *fault, struct lh_album **ret_evidence)
{
    struct lh_album *evidence = calloc(1, sizeof *evidence);
    if (!evidence)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    evidence->config = *config;
    evidence->data_folder = strdup(data_folder);
    evidence->folder = lh_folder_path(data_folder, "evidence", "");
    evidence->retained_us = LH_NO_TIME;
    int code = evidence->data_folder && evidence->folder ? LH_OK : LH_ENOMEM;
    if (code != LH_OK)
        (void)lh_fail(fault, code, "out of memory");
    else
        code = lh_folder_make(evidence->folder, fault);
    if (code != LH_OK) {
        lh_album_destroy(&evidence);
        return code;
    }
    *ret_evidence = evidence;
    return LH_OK;
}

void lh_album_destroy(struct lh_album **evidence_pointer)
{
    struct lh_album *evidence = *evidence_pointer;
    if (!evidence)
        return;
    free(evidence->data_folder);
    free(evidence->folder);
    free(evidence);
    *evidence_pointer = NULL;
}

void lh_album_set(struct lh_album *evidence, const struct lh_evidence_config *config)
{
    evidence->config = *config;
    evidence->retained_us = LH_NO_TIME;
}

static int write_all(int file, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? lh_error_from_errno(errno) : LH_EIO;
        bytes += written;
        size -= (size_t)written;
    }
    return fsync(file) == 0 ? LH_OK : lh_error_from_errno(errno);
}

/* Under a temporary name first: a reader sees a whole picture or none. */
static int write_file(const char *path, const uint8_t *bytes, size_t size)
{
    char fresh[4096];
    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
        return LH_ELIMIT;
    const int file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return lh_error_from_errno(errno);
    int code = write_all(file, bytes, size);
    if (close(file) != 0 && code == LH_OK)
        code = lh_error_from_errno(errno);
    if (code == LH_OK && rename(fresh, path) != 0)
        code = lh_error_from_errno(errno);
    if (code != LH_OK)
        (void)unlink(fresh);
    return code;
}

struct rectangle {
    int x;
    int y;
    int width;
    int height;
};

static struct rectangle in_pixels(struct lh_box box, const struct lh_canvas *canvas)
{
    return (struct rectangle){
        .x = (int)(box.x * (float)canvas->width_px),
        .y = (int)(box.y * (float)canvas->height_px),
        .width = (int)(box.width * (float)canvas->width_px + 0.5F),
        .height = (int)(box.height * (float)canvas->height_px + 0.5F),
    };
}

static void grow_side(int *start, int *length, int wanted, int limit)
{
    if (wanted > limit)
        wanted = limit;
    *start -= (wanted - *length) / 2;
    *length = wanted;
    if (*start < 0)
        *start = 0;
    if (*start + *length > limit)
        *start = limit - *length;
}

/* The box with its margin, at least CROP_LEAST_PX a side where the picture is as large. */
static struct rectangle crop_of(const struct lh_album *evidence, struct lh_box box,
                                const struct lh_canvas *canvas)
{
    struct rectangle crop = in_pixels(box, canvas);
    const double wider = 1 + 2 * evidence->config.crop_margin;
    int width = (int)(crop.width * wider);
    int height = (int)(crop.height * wider);
    width = width < CROP_LEAST_PX ? CROP_LEAST_PX : width;
    height = height < CROP_LEAST_PX ? CROP_LEAST_PX : height;
    grow_side(&crop.x, &crop.width, width, canvas->width_px);
    grow_side(&crop.y, &crop.height, height, canvas->height_px);
    return crop;
}

static void draw(struct lh_canvas *canvas, const struct lh_alarm *alarm,
                 const struct lh_detection *detections, size_t count)
{
    static const uint8_t yellow[3] = {60, 220, 255};
    static const uint8_t red[3] = {40, 40, 255};
    const int scale = canvas->width_px / 640 + 1;
    for (size_t i = 0; i < count; i++) {
        const struct rectangle thin = in_pixels(detections[i].box, canvas);
        lh_draw_box(canvas, thin.x, thin.y, thin.width, thin.height, 1, yellow);
    }
    const struct rectangle box = in_pixels(alarm->track.box, canvas);
    char label[32];
    (void)snprintf(label, sizeof label, "%s %.2f", lh_kind_name(alarm->track.kind),
                   (double)alarm->track.score);
    lh_draw_box(canvas, box.x, box.y, box.width, box.height, 1 + scale, red);
    const int above = box.y - 10 * scale - 4;
    lh_draw_label(canvas, box.x, above >= 0 ? above : box.y + box.height + 6, scale, label, red);
}

static int encode_part(const struct lh_album *evidence, const struct lh_canvas *canvas,
                       struct rectangle part, const char *path)
{
    const struct lh_image image = {
        .format = LH_PIXEL_BGR24,
        .width_px = (uint32_t)part.width,
        .height_px = (uint32_t)part.height,
        .plane = {canvas->pixels +
                  3 * ((size_t)part.y * (size_t)canvas->width_px + (size_t)part.x)},
        .stride = {canvas->width_px * 3},
    };
    uint8_t *bytes;
    size_t size;
    int code = lh_jpeg_encode(&image, evidence->config.jpeg_quality, &bytes, &size);
    if (code != LH_OK)
        return code;
    code = write_file(path, bytes, size);
    free(bytes);
    return code;
}

static int copy_picture(struct lh_frame *frame, struct lh_canvas *ret_canvas)
{
    struct lh_image image;
    const int code = lh_frame_image(frame, LH_PIXEL_BGR24, 0, 0, &image);
    if (code != LH_OK)
        return code;
    const size_t row = (size_t)image.width_px * 3;
    uint8_t *pixels = malloc(row * image.height_px);
    if (!pixels)
        return LH_ENOMEM;
    for (uint32_t y = 0; y < image.height_px; y++)
        memcpy(pixels + y * row, image.plane[0] + (size_t)y * (size_t)image.stride[0], row);
    *ret_canvas = (struct lh_canvas){
        .pixels = pixels, .width_px = (int)image.width_px, .height_px = (int)image.height_px};
    return LH_OK;
}

static void name_paths(const struct lh_alarm *alarm, int64_t utc_us, struct lh_album_paths *paths)
{
    char time[LH_TIME_TEXT];
    char stem[200];
    (void)lh_time_format(utc_us, time);
    (void)snprintf(stem, sizeof stem, "evidence/%.10s/%.140s/%04u", time, alarm->id,
                   (unsigned)alarm->revision);
    (void)snprintf(paths->frame, sizeof paths->frame, "%s-frame.jpg", stem);
    (void)snprintf(paths->frame_boxes, sizeof paths->frame_boxes, "%s-frame-boxes.jpg", stem);
    (void)snprintf(paths->crop, sizeof paths->crop, "%s-crop.jpg", stem);
    (void)snprintf(paths->crop_boxes, sizeof paths->crop_boxes, "%s-crop-boxes.jpg", stem);
}

/* Identifiers are made of checked parts; this is the last look before they become a path. */
static bool is_plain(const char *id)
{
    return id[0] && id[0] != '.' && !strchr(id, '/') && !strstr(id, "..");
}

static int make_folder_of(const char *path, struct lh_fault *fault)
{
    char folder[4096];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    return lh_folder_make(folder, fault);
}

static int write_four(const struct lh_album *evidence, const struct lh_alarm *alarm,
                      struct lh_canvas *canvas, const struct lh_detection *detections, size_t count,
                      const struct lh_album_paths *paths, struct lh_fault *fault)
{
    const char *names[] = {paths->frame, paths->crop, paths->frame_boxes, paths->crop_boxes};
    const struct rectangle whole = {0, 0, canvas->width_px, canvas->height_px};
    const struct rectangle crop = crop_of(evidence, alarm->track.box, canvas);
    char path[4][4096];
    for (int i = 0; i < 4; i++)
        if (snprintf(path[i], sizeof path[i], "%s/%s", evidence->data_folder, names[i]) >=
            (int)sizeof path[i])
            return lh_fail(fault, LH_ELIMIT, "%s: path too long", evidence->data_folder);
    int code = make_folder_of(path[0], fault);
    for (int i = 0; i < 4 && code == LH_OK; i++) {
        if (i == 2)
            draw(canvas, alarm, detections, count);
        code = encode_part(evidence, canvas, i % 2 ? crop : whole, path[i]);
        if (code != LH_OK)
            (void)lh_fail(fault, code, "%s: %s", path[i], lh_strerror(code));
    }
    if (code != LH_OK)
        for (int i = 0; i < 4; i++)
            (void)unlink(path[i]);
    return code;
}

int lh_album_write(struct lh_album *evidence, const struct lh_alarm *alarm, struct lh_frame *frame,
                   const struct lh_detection *detections, size_t detection_count,
                   struct lh_album_paths *ret_paths, struct lh_fault *fault)
{
    if (!is_plain(alarm->id))
        return lh_fail(fault, LH_EINVAL, "alarm '%s': not a name for a folder", alarm->id);
    struct lh_album_paths paths;
    struct lh_canvas canvas;
    int code = copy_picture(frame, &canvas);
    if (code != LH_OK)
        return lh_fail(fault, code, "alarm '%s': %s", alarm->id, lh_strerror(code));
    name_paths(alarm, alarm->first_utc_us, &paths);
    code = write_four(evidence, alarm, &canvas, detections, detection_count, &paths, fault);
    free(canvas.pixels);
    if (code == LH_OK)
        *ret_paths = paths;
    return code;
}

int lh_album_keep(struct lh_album *album, const char *name, const char *extension, int64_t utc_us,
                  const uint8_t *bytes, size_t size, char ret_path[LH_ALARM_PATH],
                  struct lh_fault *fault)
{
    char time[LH_TIME_TEXT];
    char relative[LH_ALARM_PATH];
    char path[4096];
    (void)lh_time_format(utc_us, time);
    if (!is_plain(name) ||
        snprintf(relative, sizeof relative, "evidence/%.10s/%s/photo.%s", time, name, extension) >=
            (int)sizeof relative ||
        snprintf(path, sizeof path, "%s/%s", album->data_folder, relative) >= (int)sizeof path)
        return lh_fail(fault, LH_EINVAL, "'%.100s': not a name for a folder", name);
    int code = make_folder_of(path, fault);
    if (code == LH_OK) {
        code = write_file(path, bytes, size);
        if (code != LH_OK)
            (void)lh_fail(fault, code, "%.200s: %s", path, lh_strerror(code));
    }
    if (code == LH_OK)
        memcpy(ret_path, relative, sizeof relative);
    return code;
}

/* One alarm's folder, for retention. */
struct kept {
    char path[640];
    int64_t newest_us;
    uint64_t bytes;
    uint64_t files;
};

struct inventory {
    struct kept *folders;
    size_t count;
    size_t capacity;
    uint64_t bytes;
};

static int take_stock(struct inventory *inventory, const char *path)
{
    if (inventory->count == MAX_FOLDERS)
        return LH_ELIMIT;
    if (inventory->count == inventory->capacity) {
        const size_t capacity = inventory->capacity ? inventory->capacity * 2 : 64;
        struct kept *folders = realloc(inventory->folders, capacity * sizeof *folders);
        if (!folders)
            return LH_ENOMEM;
        inventory->folders = folders;
        inventory->capacity = capacity;
    }
    struct kept kept = {.newest_us = 0};
    DIR *folder = opendir(path);
    if (!folder)
        return LH_OK;
    (void)snprintf(kept.path, sizeof kept.path, "%s", path);
    for (struct dirent *entry; (entry = readdir(folder));) {
        struct stat info;
        if (entry->d_name[0] == '.' ||
            fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(info.st_mode))
            continue;
        kept.bytes += (uint64_t)info.st_size;
        kept.files++;
        const int64_t time_us = (int64_t)info.st_mtim.tv_sec * LH_SECOND_US;
        kept.newest_us = time_us > kept.newest_us ? time_us : kept.newest_us;
    }
    (void)closedir(folder);
    inventory->bytes += kept.bytes;
    inventory->folders[inventory->count++] = kept;
    return LH_OK;
}

static int visit_folders(const char *path, int depth, struct inventory *inventory)
{
    DIR *folder = opendir(path);
    if (!folder)
        return LH_OK;
    int code = LH_OK;
    for (struct dirent *entry; code == LH_OK && (entry = readdir(folder));) {
        char below[600];
        struct stat info;
        if (entry->d_name[0] == '.' ||
            fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISDIR(info.st_mode) ||
            snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >= (int)sizeof below)
            continue;
        code = depth == 0 ? visit_folders(below, 1, inventory) : take_stock(inventory, below);
    }
    (void)closedir(folder);
    return code;
}

static int compare_age(const void *a, const void *b)
{
    const struct kept *left = a;
    const struct kept *right = b;
    if (left->newest_us != right->newest_us)
        return left->newest_us < right->newest_us ? -1 : 1;
    return strcmp(left->path, right->path);
}

static void remove_folder(const struct kept *kept)
{
    DIR *folder = opendir(kept->path);
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    (void)closedir(folder);
    (void)rmdir(kept->path);
    char day[640];
    (void)snprintf(day, sizeof day, "%s", kept->path);
    char *slash = strrchr(day, '/');
    if (slash) {
        *slash = '\0';
        (void)rmdir(day); /* succeeds with its last alarm only */
    }
}

int lh_album_retain(struct lh_album *evidence, int64_t now_utc_us, uint64_t need_bytes,
                    uint64_t *ret_removed_files)
{
    *ret_removed_files = 0;
    const bool due = evidence->retained_us == LH_NO_TIME ||
                     now_utc_us - evidence->retained_us >= RETAIN_EVERY_US ||
                     now_utc_us < evidence->retained_us;
    if (!due && need_bytes == 0)
        return LH_OK;
    evidence->retained_us = now_utc_us;
    struct inventory inventory = {0};
    /* What it has no room to list is left for the next time. */
    const int code = visit_folders(evidence->folder, 0, &inventory);
    if (code == LH_OK || inventory.count > 0) {
        if (inventory.count > 1)
            qsort(inventory.folders, inventory.count, sizeof *inventory.folders, compare_age);
        const double limit = evidence->config.max_size_mib * 1048576.0;
        const int64_t oldest_us =
            now_utc_us - (int64_t)(evidence->config.max_age_days * (double)DAY_US);
        uint64_t freed = 0;
        for (size_t i = 0; i < inventory.count; i++) {
            const struct kept *kept = &inventory.folders[i];
            if (kept->newest_us >= oldest_us && (double)(inventory.bytes - freed) <= limit &&
                freed >= need_bytes)
                break;
            remove_folder(kept);
            freed += kept->bytes;
            *ret_removed_files += kept->files;
        }
    }
    free(inventory.folders);
    return *ret_removed_files > 0 ? LH_OK : code;
}
