#include "alarm/album.h"
#include "alarm/folder.h"
#include "frames.h"
#include "sample.h"

#include <errno.h>
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libswscale/swscale.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOW_US (SAMPLE_UTC_US + 300 * LH_SECOND_US)
#define DAY_S 86400

static struct lh_evidence_config config;
static char folder[256];
static struct lh_frame_pool *pool;
static struct lh_album *evidence;
static struct lh_fault fault;

static int setup(void **state)
{
    (void)state;
    fault = (struct lh_fault){0};
    config = (struct lh_evidence_config){.enabled = true,
                                         .max_age_days = 30,
                                         .max_size_mib = 100,
                                         .jpeg_quality = 90,
                                         .crop_margin = 0.5};
    if (!sample_folder(folder) || lh_frame_pool_create(4, &pool) != LH_OK)
        return -1;
    return lh_album_create(&config, folder, &fault, &evidence);
}

static int teardown(void **state)
{
    (void)state;
    lh_album_destroy(&evidence);
    lh_frame_pool_destroy(&pool);
    sample_folder_remove(folder);
    return 0;
}

/* The grey hill in another pixel format and size. */
static struct lh_frame *frame_as(enum AVPixelFormat format, int width, int height)
{
    struct lh_frame *frame = NULL;
    AVFrame *plain = av_frame_alloc();
    AVFrame *other = av_frame_alloc();
    assert_non_null(plain);
    assert_non_null(other);
    plain->format = AV_PIX_FMT_GRAY8;
    plain->width = other->width = width;
    plain->height = other->height = height;
    other->format = format;
    assert_int_equal(av_frame_get_buffer(plain, 0), 0);
    assert_int_equal(av_frame_get_buffer(other, 0), 0);
    for (int y = 0; y < height; y++)
        memset(plain->data[0] + (ptrdiff_t)y * plain->linesize[0], y < height / 2 ? 190 : 90,
               (size_t)width);
    struct SwsContext *scaler = sws_getContext(width, height, AV_PIX_FMT_GRAY8, width, height,
                                               format, SWS_POINT, NULL, NULL, NULL);
    assert_non_null(scaler);
    (void)sws_scale(scaler, (const uint8_t *const *)plain->data, plain->linesize, 0, height,
                    other->data, other->linesize);
    sws_freeContext(scaler);
    const struct lh_frame_info info = {.camera = "tower-1",
                                       .preset = "",
                                       .number = 1,
                                       .generation = 1,
                                       .width_px = (uint32_t)width,
                                       .height_px = (uint32_t)height};
    assert_int_equal(lh_frame_create(pool, other, &info, &frame), LH_OK);
    av_frame_free(&plain);
    av_frame_free(&other);
    return frame;
}

/* Reads a JPEG with another decoder's eyes than the writer's; the caller frees it. */
static AVFrame *read_picture(const char *name)
{
    char path[600];
    static uint8_t bytes[1 << 20];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(bytes, 1, sizeof bytes - AV_INPUT_BUFFER_PADDING_SIZE, file);
    assert_int_equal(fclose(file), 0);
    memset(bytes + size, 0, AV_INPUT_BUFFER_PADDING_SIZE);
    AVCodecContext *decoder = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_MJPEG));
    AVPacket *packet = av_packet_alloc();
    AVFrame *picture = av_frame_alloc();
    assert_non_null(decoder);
    assert_non_null(packet);
    assert_non_null(picture);
    assert_int_equal(avcodec_open2(decoder, NULL, NULL), 0);
    packet->data = bytes;
    packet->size = (int)size;
    assert_int_equal(avcodec_send_packet(decoder, packet), 0);
    assert_int_equal(avcodec_receive_frame(decoder, picture), 0);
    av_packet_free(&packet);
    avcodec_free_context(&decoder);
    return picture;
}

struct colours {
    size_t red;
    size_t yellow;
    int sky;    /* luma near the top left corner */
    int ground; /* and near the bottom right one */
    int width;
    int height;
};

static struct colours look(const char *name)
{
    AVFrame *picture = read_picture(name);
    struct colours seen = {.width = picture->width, .height = picture->height};
    const bool halved = picture->format == AV_PIX_FMT_YUVJ420P;
    for (int y = 0; y < picture->height; y++) {
        for (int x = 0; x < picture->width; x++) {
            const ptrdiff_t line = halved ? y / 2 : y;
            const ptrdiff_t column = picture->format == AV_PIX_FMT_YUVJ444P ? x : x / 2;
            const int blue = picture->data[1][line * picture->linesize[1] + column];
            const int red = picture->data[2][line * picture->linesize[2] + column];
            seen.red += red > 180;
            seen.yellow += blue < 112 && red <= 160;
        }
    }
    seen.sky = picture->data[0][(ptrdiff_t)3 * picture->linesize[0] + 3];
    seen.ground =
        picture
            ->data[0][(ptrdiff_t)(picture->height - 4) * picture->linesize[0] + picture->width - 4];
    av_frame_free(&picture);
    return seen;
}

static struct lh_album_paths write_one(const struct lh_alarm *alarm)
{
    struct lh_album_paths paths = {0};
    struct lh_frame *frame = sample_frame(pool, "tower-1", SAMPLE_UTC_US);
    assert_non_null(frame);
    if (lh_album_write(evidence, alarm, frame, NULL, 0, &paths, &fault) != LH_OK)
        fail_msg("%s", fault.text);
    lh_frame_unref(&frame);
    return paths;
}

static void four_pictures_with_and_without_boxes(void **state)
{
    (void)state;
    const struct lh_alarm alarm = sample_alarm(); /* a box of 64 x 72 px at 160, 36 */
    const struct lh_detection other = {
        .kind = LH_KIND_SMOKE, .box = {0.7F, 0.6F, 0.2F, 0.2F}, .score = 0.5F};
    struct lh_album_paths paths;
    struct lh_frame *frame = sample_frame(pool, "tower-1", SAMPLE_UTC_US);
    assert_int_equal(lh_album_write(evidence, &alarm, frame, &other, 1, &paths, &fault), LH_OK);
    lh_frame_unref(&frame);
    assert_string_equal(
        paths.frame,
        "evidence/2016-06-04/141122.20160604T184200.000Z.camera.1f3a9c02/0001-frame.jpg");
    const struct colours clean = look(paths.frame);
    const struct colours boxes = look(paths.frame_boxes);
    const struct colours crop = look(paths.crop);
    const struct colours crop_boxes = look(paths.crop_boxes);
    assert_int_equal(clean.width, 640);
    assert_int_equal(clean.height, 360);
    assert_int_equal(clean.red + clean.yellow, 0);
    assert_in_range(clean.sky, 180, 220);
    assert_in_range(clean.ground, 70, 110);
    assert_int_equal(boxes.width, 640);
    assert_true(boxes.red > 2 * (64 + 72)); /* a frame of more than one pixel, and its label */
    assert_true(boxes.yellow > 200);        /* the thin one around what else was found */
    assert_int_equal(crop.width, 224);      /* 128 with its margin, but never less than 224 */
    assert_int_equal(crop.height, 224);
    assert_int_equal(crop.red + crop.yellow, 0);
    assert_int_equal(crop_boxes.width, 224);
    assert_true(crop_boxes.red > 2 * (64 + 72));
    assert_int_equal(sample_count_files(folder, "*.new"), 0);
    struct stat status;
    char path[600];
    (void)snprintf(path, sizeof path, "%s/%s", folder, paths.frame);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void the_crop_follows_the_box_and_stays_inside(void **state)
{
    (void)state;
    static const struct {
        struct lh_box box;
        int width;
        int height;
    } cases[] = {
        {{0.0F, 0.0F, 1.0F, 1.0F}, 640, 360},     {{0.0F, 0.0F, 0.01F, 0.01F}, 224, 224},
        {{0.99F, 0.99F, 0.01F, 0.01F}, 224, 224}, {{0.25F, 0.1F, 0.25F, 0.8F}, 320, 360},
        {{1.0F, 1.0F, 0.0F, 0.0F}, 224, 224},     {{0.9F, 0.9F, 5.0F, 5.0F}, 640, 360},
        {{-0.5F, -0.5F, 0.25F, 0.25F}, 320, 224},
    };
    struct lh_alarm alarm = sample_alarm();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        alarm.revision = (uint32_t)i + 1;
        alarm.track.box = cases[i].box;
        const struct lh_album_paths paths = write_one(&alarm);
        const struct colours crop = look(paths.crop_boxes);
        if (crop.width != cases[i].width || crop.height != cases[i].height)
            fail_msg("case %zu: %d x %d", i, crop.width, crop.height);
    }
}

static void every_decoders_picture_becomes_a_jpeg(void **state)
{
    (void)state;
    static const enum AVPixelFormat formats[] = {
        AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P,    AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUVJ422P,
        AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUV420P10LE, AV_PIX_FMT_NV12,    AV_PIX_FMT_GRAY8,
        AV_PIX_FMT_RGB24,   AV_PIX_FMT_RGBA,        AV_PIX_FMT_PAL8};
    static const int sizes[][2] = {{640, 360}, {16, 16}, {333, 77}};
    struct lh_alarm alarm = sample_alarm();
    alarm.revision = 0;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (!sws_isSupportedOutput(formats[i]))
            continue;
        for (size_t k = 0; k < 3; k++) {
            struct lh_album_paths paths;
            struct lh_frame *frame = frame_as(formats[i], sizes[k][0], sizes[k][1]);
            alarm.revision++;
            if (lh_album_write(evidence, &alarm, frame, NULL, 0, &paths, &fault) != LH_OK)
                fail_msg("format %d: %s", formats[i], fault.text);
            lh_frame_unref(&frame);
            const struct colours seen = look(paths.frame);
            assert_int_equal(seen.width, sizes[k][0]);
            assert_int_equal(seen.height, sizes[k][1]);
            if (seen.sky < 175 || seen.sky > 205 || seen.ground < 70 || seen.ground > 105)
                fail_msg("format %d: %d over %d", formats[i], seen.sky, seen.ground);
            (void)look(paths.crop_boxes);
        }
    }
}

static void hostile_names_make_no_path(void **state)
{
    (void)state;
    static const char *const names[] = {"",    ".",      "..",      "../../x", "/tmp/x",
                                        "a/b", "a/../b", ".hidden", "a..b"};
    struct lh_alarm alarm = sample_alarm();
    struct lh_album_paths paths = {.frame = "untouched"};
    struct lh_frame *frame = sample_frame(pool, "tower-1", SAMPLE_UTC_US);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(alarm.id, sizeof alarm.id, "%s", names[i]);
        assert_int_equal(lh_album_write(evidence, &alarm, frame, NULL, 0, &paths, &fault),
                         LH_EINVAL);
        assert_string_equal(paths.frame, "untouched");
    }
    lh_frame_unref(&frame);
    assert_int_equal(sample_count_files(folder, "*.jpg"), 0);
}

static void age(const struct lh_album_paths *paths, double days)
{
    const char *const names[] = {paths->frame, paths->frame_boxes, paths->crop, paths->crop_boxes};
    const time_t at_s = (time_t)((double)NOW_US / 1e6 - days * DAY_S);
    const struct timespec times[2] = {{.tv_sec = at_s}, {.tv_sec = at_s}};
    for (int i = 0; i < 4; i++) {
        char path[600];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    }
}

/* An alarm of its own day, so many days old. */
static struct lh_album_paths write_old(uint64_t track, double days)
{
    struct lh_alarm alarm = sample_alarm();
    alarm.first_utc_us = NOW_US - (int64_t)(days * DAY_S * 1e6);
    (void)snprintf(alarm.id, sizeof alarm.id, "141122.old.%llu", (unsigned long long)track);
    const struct lh_album_paths paths = write_one(&alarm);
    age(&paths, days);
    return paths;
}

static bool is_there(const struct lh_album_paths *paths)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s/%s", folder, paths->crop_boxes);
    return access(path, F_OK) == 0;
}

static void what_is_too_old_goes(void **state)
{
    (void)state;
    uint64_t removed = 0;
    char path[600];
    const struct lh_album_paths old = write_old(1, 31);
    const struct lh_album_paths young = write_old(2, 29);
    assert_int_equal(lh_album_retain(evidence, NOW_US, 0, &removed), LH_OK);
    assert_int_equal(removed, 4);
    assert_false(is_there(&old));
    assert_true(is_there(&young));
    (void)snprintf(path, sizeof path, "%s/%.19s", folder, old.frame);
    assert_int_not_equal(access(path, F_OK), 0); /* nor its day */

    const struct lh_album_paths another = write_old(3, 40); /* at most once a minute */
    assert_int_equal(lh_album_retain(evidence, NOW_US + 59 * LH_SECOND_US, 0, &removed), LH_OK);
    assert_int_equal(removed, 0);
    assert_true(is_there(&another));
    assert_int_equal(lh_album_retain(evidence, NOW_US + 60 * LH_SECOND_US, 0, &removed), LH_OK);
    assert_int_equal(removed, 4);
    assert_false(is_there(&another));

    config.max_age_days = 10; /* a reload counts at once */
    lh_album_set(evidence, &config);
    assert_int_equal(lh_album_retain(evidence, NOW_US + 61 * LH_SECOND_US, 0, &removed), LH_OK);
    assert_int_equal(removed, 4);
    assert_false(is_there(&young));
}

static void what_is_too_much_goes_oldest_first(void **state)
{
    (void)state;
    uint64_t removed = 0;
    struct lh_album_paths paths[6];
    for (uint64_t i = 0; i < 6; i++)
        paths[i] = write_old(i + 1, 6 - (double)i);
    struct stat status;
    uint64_t bytes = 0;
    const char *const names[] = {paths[0].frame, paths[0].frame_boxes, paths[0].crop,
                                 paths[0].crop_boxes};
    for (int i = 0; i < 4; i++) {
        char path[600];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(stat(path, &status), 0);
        bytes += (uint64_t)status.st_size;
    }
    config.max_size_mib = 2.5 * (double)bytes / 1048576.0; /* two of them are allowed */
    lh_album_set(evidence, &config);
    assert_int_equal(lh_album_retain(evidence, NOW_US, 0, &removed), LH_OK);
    assert_int_equal(removed, 16);
    for (int i = 0; i < 6; i++)
        assert_int_equal(is_there(&paths[i]), i >= 4);
    assert_int_equal(lh_album_retain(evidence, NOW_US, 1, &removed), LH_OK); /* a full disk */
    assert_int_equal(removed, 4);
    assert_false(is_there(&paths[4]));
    assert_true(is_there(&paths[5]));
}

static void nothing_outside_is_removed(void **state)
{
    (void)state;
    char link[600];
    char outside[300];
    char file[400];
    uint64_t removed = 0;
    const struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    (void)snprintf(outside, sizeof outside, "%s/outside", folder);
    (void)snprintf(file, sizeof file, "%s/precious", outside);
    assert_int_equal(mkdir(outside, 0700), 0);
    const int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(utimensat(AT_FDCWD, file, long_ago, 0), 0);
    const struct lh_album_paths old = write_old(1, 40);
    (void)snprintf(link, sizeof link, "%s/evidence/2000-01-01", folder);
    assert_int_equal(symlink(folder, link), 0); /* a day that is a link */
    (void)snprintf(link, sizeof link, "%s/%.19s/alarm", folder, old.frame);
    assert_int_equal(symlink(outside, link), 0); /* an alarm that is one */
    assert_int_equal(lh_album_retain(evidence, NOW_US, 0, &removed), LH_OK);
    assert_int_equal(removed, 4);
    assert_false(is_there(&old));
    assert_int_equal(access(file, F_OK), 0);
}

static void a_full_disk_leaves_no_half_pictures(void **state)
{
    (void)state;
    char path[600];
    static const char block[4096];
    lh_album_destroy(&evidence);
    if (mount("tmpfs", folder, "tmpfs", 0, "size=4m") != 0) {
        print_message("not seen: a small file system of its own needs root (%s)\n",
                      strerror(errno));
        skip();
    }
    assert_int_equal(lh_album_create(&config, folder, &fault, &evidence), LH_OK);
    struct lh_alarm alarm = sample_alarm();
    const struct lh_album_paths first = write_one(&alarm);
    (void)snprintf(path, sizeof path, "%s/ballast", folder);
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (write(fd, block, sizeof block) > 0)
        continue;
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(close(fd), 0);
    struct lh_album_paths paths = {.frame = "untouched"};
    struct lh_frame *frame = sample_frame(pool, "tower-1", SAMPLE_UTC_US);
    alarm.revision = 2;
    assert_int_equal(lh_album_write(evidence, &alarm, frame, NULL, 0, &paths, &fault), LH_EFULL);
    assert_string_equal(paths.frame, "untouched");
    assert_non_null(strstr(fault.text, "0002-frame.jpg"));
    assert_int_equal(sample_count_files(folder, "0002-*"), 0);
    assert_int_equal(sample_count_files(folder, "0001-*.jpg"), 4);
    uint64_t removed = 0;
    assert_int_equal(lh_album_retain(evidence, NOW_US, 1, &removed), LH_OK); /* makes room */
    assert_int_equal(removed, 4);
    assert_false(is_there(&first));
    assert_int_equal(lh_album_write(evidence, &alarm, frame, NULL, 0, &paths, &fault), LH_OK);
    lh_frame_unref(&frame);
    (void)look(paths.frame_boxes);
    lh_album_destroy(&evidence);
    assert_int_equal(umount(folder), 0);
}

static void a_place_that_cannot_be_a_folder_is_named(void **state)
{
    (void)state;
    char path[600];
    struct lh_album *other = NULL;
    (void)snprintf(path, sizeof path, "%s/file", folder);
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_not_equal(lh_album_create(&config, path, &fault, &other), LH_OK);
    assert_null(other);
    assert_non_null(strstr(fault.text, path));
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    char path[600];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/a//b/c/", folder);
    assert_int_equal(lh_folder_make(path, &fault), LH_OK);
    assert_int_equal(lh_folder_make(path, &fault), LH_OK);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_int_equal(lh_folder_sync(path), LH_OK);
    (void)snprintf(path, sizeof path, "%s/nothing", folder);
    assert_int_equal(lh_folder_sync(path), LH_ENOTFOUND);
}

static void one_holder_a_lock(void **state)
{
    (void)state;
    char path[600];
    int first = -1;
    int second = -1;
    (void)snprintf(path, sizeof path, "%s/lock", folder);
    assert_int_equal(lh_folder_lock(path, &first), LH_OK);
    assert_int_equal(lh_folder_lock(path, &second), LH_EEXIST);
    assert_int_equal(second, -1);
    assert_int_equal(close(first), 0);
    assert_int_equal(lh_folder_lock(path, &second), LH_OK);
    assert_int_equal(close(second), 0);
}

static void a_reserve_occupies_its_bytes(void **state)
{
    (void)state;
    char path[600];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/reserve", folder);
    assert_int_equal(lh_reserve_release(path), LH_ENOTFOUND);
    assert_int_equal(lh_reserve_make(path, 100000), LH_OK);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 100000);
    assert_true(status.st_blocks * 512 >= 100000); /* not a hole */
    assert_int_equal(lh_reserve_make(path, 100000), LH_OK);
    assert_int_equal(lh_reserve_release(path), LH_OK);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(lh_reserve_make(path, UINT64_C(1) << 60), LH_EFULL);
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(four_pictures_with_and_without_boxes, setup, teardown),
        cmocka_unit_test_setup_teardown(the_crop_follows_the_box_and_stays_inside, setup, teardown),
        cmocka_unit_test_setup_teardown(every_decoders_picture_becomes_a_jpeg, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile_names_make_no_path, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_too_old_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_too_much_goes_oldest_first, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_outside_is_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_leaves_no_half_pictures, setup, teardown),
        cmocka_unit_test_setup_teardown(a_place_that_cannot_be_a_folder_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(folders_are_made_with_their_parents, setup, teardown),
        cmocka_unit_test_setup_teardown(one_holder_a_lock, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reserve_occupies_its_bytes, setup, teardown),
    };
    av_log_set_level(AV_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
