#include "video/av_input.h"
#include "video/cadence.h"
#include "video/source_kind.h"
#include "video/still_picture.h"
#include "video/still_time.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libavutil/frame.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_NAMES 1000000
#define PAUSE_US (LH_SECOND_US / 10)
/* A camera that overwrites its picture is asked at least this rarely, whatever the site says. */
#define LEAST_POLL_S 0.1

struct stills {
    struct lh_source_options options;
    char *url;    /* with its secrets; NULL for a folder */
    char *folder; /* NULL over HTTP */
    char **names; /* of the folder, sorted, all greater than the last one shown */
    size_t name_count;
    size_t name_next;
    char *last_name;
    size_t shown;
    int64_t next_poll_us;
    struct lh_still_decoder decoder;
    struct lh_cadence cadence;
    struct lh_source_counts counts;
    uint32_t generation;
    uint64_t next_number;
    int width_px;
    int height_px;
    int64_t last_capture_us;
    char description[96];
};

static int64_t now_us(const struct stills *stills)
{
    return lh_clock_monotonic_us(stills->options.clock);
}

static void forget_names(struct stills *stills)
{
    for (size_t i = 0; i < stills->name_count; i++)
        free(stills->names[i]);
    free(stills->names);
    stills->names = NULL;
    stills->name_count = 0;
    stills->name_next = 0;
}

static void stills_close(void *state)
{
    struct stills *stills = state;
    lh_still_decoder_finish(&stills->decoder);
    forget_names(stills);
    lh_url_destroy(&stills->url);
    free(stills->folder);
    free(stills->last_name);
    free(stills);
}

static bool is_still(const char *name)
{
    static const char *const endings[] = {".jpg", ".jpeg", ".png"};
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; name[0] != '.' && ending && i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(ending, endings[i]) == 0)
            return true;
    return false;
}

static int compare_names(const void *a, const void *b)
{
    char *const *left = a;
    char *const *right = b;
    return strcmp(*left, *right);
}

static int add_name(struct stills *stills, const char *name, size_t *room)
{
    if (stills->name_count == MAX_NAMES)
        return LH_ELIMIT;
    if (stills->name_count == *room) {
        *room = *room ? *room * 2 : 256;
        char **grown = realloc(stills->names, *room * sizeof(char *));
        if (!grown)
            return LH_ENOMEM;
        stills->names = grown;
    }
    char *copy = strdup(name);
    if (!copy)
        return LH_ENOMEM;
    stills->names[stills->name_count++] = copy;
    return LH_OK;
}

/* Lists what comes after the last picture shown. */
static int list_folder(struct stills *stills, struct lh_fault *fault)
{
    forget_names(stills);
    DIR *folder = opendir(stills->folder);
    if (!folder)
        return lh_fail(fault, lh_error_from_errno(errno), "%s: %s", stills->folder,
                       strerror(errno));
    int code = LH_OK;
    size_t room = 0;
    for (struct dirent *entry; code == LH_OK && (entry = readdir(folder));)
        if (is_still(entry->d_name) &&
            (!stills->last_name || strcmp(entry->d_name, stills->last_name) > 0))
            code = add_name(stills, entry->d_name, &room);
    (void)closedir(folder);
    if (code != LH_OK)
        return lh_fail(fault, code, "%s: %s", stills->folder, lh_strerror(code));
    if (stills->name_count > 0)
        qsort(stills->names, stills->name_count, sizeof(char *), compare_names);
    return LH_OK;
}

static int open_state(const struct lh_source_options *options, const char *url,
                      struct stills **ret_stills)
{
    struct stills *stills = calloc(1, sizeof *stills);
    if (!stills)
        return LH_ENOMEM;
    stills->options = *options;
    stills->generation = options->generation;
    stills->next_number = options->first_number;
    stills->last_capture_us = LH_NO_TIME;
    lh_cadence_init(&stills->cadence, options->camera->watch_interval_s);
    char **place =
        strncasecmp(url, "http", 4) == 0 && strstr(url, "://") ? &stills->url : &stills->folder;
    *place = strdup(url);
    if (!*place) {
        stills_close(stills);
        return LH_ENOMEM;
    }
    *ret_stills = stills;
    return LH_OK;
}

static int stills_open(const struct lh_source_options *options, const char *url,
                       struct lh_fault *fault, void **ret_state)
{
    struct stills *stills;
    int code = open_state(options, url, &stills);
    if (code != LH_OK)
        return lh_fail(fault, code, "out of memory");
    if (stills->folder) {
        code = list_folder(stills, fault);
        if (code == LH_OK && stills->name_count == 0 && !options->follow)
            code = lh_fail(fault, LH_EFORMAT, "%s: no JPEG or PNG pictures in this folder",
                           stills->folder);
    }
    if (code != LH_OK) {
        stills_close(stills);
        return code;
    }
    (void)snprintf(stills->description, sizeof stills->description, "still pictures");
    *ret_state = stills;
    return LH_OK;
}

/* Waits without deafness to a stop: LH_ECLOSED when asked to end. */
static int pause_until(const struct stills *stills, int64_t until_us)
{
    for (;;) {
        if (stills->options.stop && atomic_load(stills->options.stop))
            return LH_ECLOSED;
        const int64_t left_us = until_us - now_us(stills);
        if (left_us <= 0)
            return LH_OK;
        const int64_t nap_us = left_us < PAUSE_US ? left_us : PAUSE_US;
        const struct timespec nap = {.tv_sec = 0, .tv_nsec = (long)nap_us * 1000};
        (void)nanosleep(&nap, NULL);
    }
}

static int64_t poll_us(const struct stills *stills)
{
    const double seconds = stills->options.camera->poll_interval_s;
    return (int64_t)((seconds > LEAST_POLL_S ? seconds : LEAST_POLL_S) * 1e6);
}

struct still {
    uint8_t *bytes;
    size_t size;
    const char *name; /* lent; NULL over HTTP */
    struct lh_still_stamp fallback;
};

static int read_bytes(int file, size_t size, uint8_t **ret_bytes)
{
    uint8_t *bytes = malloc(size);
    if (!bytes)
        return LH_ENOMEM;
    size_t done = 0;
    while (done < size) {
        const ssize_t got = read(file, bytes + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            free(bytes);
            return LH_EIO;
        }
        done += (size_t)got;
    }
    *ret_bytes = bytes;
    return LH_OK;
}

/* LH_EAGAIN: the file is still being written. */
static int read_file(const struct stills *stills, const char *name, struct still *ret_still)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", stills->folder, name) >= (int)sizeof path)
        return LH_ELIMIT;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return lh_error_from_errno(errno);
    struct stat info;
    struct still still = {.name = name};
    int code = fstat(file, &info) == 0 ? LH_OK : lh_error_from_errno(errno);
    if (code == LH_OK && (!S_ISREG(info.st_mode) || info.st_size <= 0 ||
                          (uint64_t)info.st_size > LH_STILL_MAX_BYTES))
        code = LH_EFORMAT;
    if (code == LH_OK) {
        still.size = (size_t)info.st_size;
        still.fallback = (struct lh_still_stamp){(int64_t)info.st_mtim.tv_sec * LH_SECOND_US +
                                                     info.st_mtim.tv_nsec / 1000,
                                                 LH_TIME_MODIFIED};
        code = read_bytes(file, still.size, &still.bytes);
    }
    (void)close(file);
    const bool fresh =
        code == LH_OK &&
        lh_clock_utc_us(lh_clock_system()) - still.fallback.capture_utc_us < 2 * LH_SECOND_US;
    if (fresh && stills->options.follow && !lh_still_is_whole(still.bytes, still.size)) {
        free(still.bytes);
        return LH_EAGAIN;
    }
    if (code == LH_OK)
        *ret_still = still;
    return code;
}

static void remember(struct stills *stills)
{
    free(stills->last_name);
    stills->last_name = stills->names[stills->name_next];
    stills->names[stills->name_next++] = NULL;
    stills->shown++;
}

static int next_file(struct stills *stills, int64_t deadline_us, struct lh_fault *fault,
                     struct still *ret_still)
{
    for (;;) {
        while (stills->name_next < stills->name_count) {
            const int code = read_file(stills, stills->names[stills->name_next], ret_still);
            if (code == LH_EAGAIN)
                break;
            if (code == LH_ENOMEM)
                return lh_fail(fault, code, "out of memory");
            remember(stills);
            if (code == LH_OK) {
                ret_still->name = stills->last_name;
                return LH_OK;
            }
            stills->counts.packets++;
            stills->counts.packets_damaged++;
        }
        if (!stills->options.follow)
            return LH_EEOF;
        if (now_us(stills) >= deadline_us)
            return lh_fail(fault, LH_ESTALLED, "%s: no new picture", stills->folder);
        const int64_t until_us = now_us(stills) + poll_us(stills);
        int code = pause_until(stills, until_us < deadline_us ? until_us : deadline_us);
        if (code == LH_OK)
            code = list_folder(stills, fault);
        if (code != LH_OK)
            return code;
    }
}

static int next_answer(struct stills *stills, struct lh_fault *fault, struct still *ret_still)
{
    int code = pause_until(stills, stills->next_poll_us);
    if (code != LH_OK)
        return code;
    stills->next_poll_us = now_us(stills) + poll_us(stills);
    struct still still = {.name = NULL};
    code = lh_av_http_fetch(&stills->options, stills->url, LH_STILL_MAX_BYTES, &still.bytes,
                            &still.size, fault);
    if (code != LH_OK)
        return code;
    const int64_t latency_us = (int64_t)(stills->options.camera->latency_s * 1e6);
    still.fallback = (struct lh_still_stamp){lh_clock_utc_us(stills->options.clock) - latency_us,
                                             LH_TIME_ARRIVAL};
    *ret_still = still;
    return LH_OK;
}

static void note_size(struct stills *stills, const AVFrame *picture)
{
    if (stills->width_px == picture->width && stills->height_px == picture->height)
        return;
    if (stills->width_px != 0) {
        stills->generation++;
        stills->counts.format_changes++;
        stills->last_capture_us = LH_NO_TIME;
    }
    stills->width_px = picture->width;
    stills->height_px = picture->height;
    (void)snprintf(stills->description, sizeof stills->description, "%s stills %dx%d, %s",
                   lh_still_form_name(stills->decoder.form), picture->width, picture->height,
                   stills->folder ? "folder" : "http");
}

static int make_frame(struct stills *stills, AVFrame *picture, const struct lh_still_stamp *stamp,
                      struct lh_frame **ret_frame)
{
    note_size(stills, picture);
    if (stills->last_capture_us != LH_NO_TIME && stamp->capture_utc_us < stills->last_capture_us)
        stills->generation++;
    stills->last_capture_us = stamp->capture_utc_us;
    const struct lh_frame_info info = {
        .camera = stills->options.camera->id,
        .preset = stills->options.camera->preset ? stills->options.camera->preset : "",
        .number = stills->next_number,
        .generation = stills->generation,
        .capture_utc_us = stamp->capture_utc_us,
        .time_quality = stamp->quality,
        .arrival_us = now_us(stills),
        .width_px = (uint32_t)picture->width,
        .height_px = (uint32_t)picture->height,
        .keyframe = true,
    };
    const int code = lh_frame_create(stills->options.pool, picture, &info, ret_frame);
    if (code == LH_OK)
        stills->next_number++;
    return code;
}

/* LH_EAGAIN: this one is damaged or not asked for, take the next. */
static int show(struct stills *stills, const struct still *still, struct lh_fault *fault,
                struct lh_frame **ret_frame)
{
    const struct lh_camera_config *camera = stills->options.camera;
    stills->counts.packets++;
    stills->counts.bytes += still->size;
    struct lh_still_stamp stamp =
        lh_still_time(camera, still->name, still->bytes, still->size, still->fallback);
    if (!lh_cadence_wants(&stills->cadence, stamp.capture_utc_us)) {
        stills->counts.packets_skipped++;
        return LH_EAGAIN;
    }
    AVFrame *picture = av_frame_alloc();
    if (!picture)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    int code = lh_still_decode(&stills->decoder, still->bytes, still->size, camera->max_width_px,
                               camera->max_height_px, picture);
    if (code == LH_OK) {
        stills->counts.pictures++;
        code = make_frame(stills, picture, &stamp, ret_frame);
    } else {
        stills->counts.packets_damaged++;
        lh_cadence_again(&stills->cadence);
        (void)lh_fail(fault, code, "%s: %s", still->name ? still->name : camera->id,
                      lh_strerror(code));
    }
    av_frame_free(&picture);
    return code;
}

static int stills_next(void *state, struct lh_fault *fault, struct lh_frame **ret_frame)
{
    struct stills *stills = state;
    const struct lh_camera_config *camera = stills->options.camera;
    const double patience_s = camera->stall_timeout_s + camera->poll_interval_s;
    const int64_t deadline_us = now_us(stills) + (int64_t)(patience_s * 1e6);
    for (;;) {
        struct still still = {0};
        int code = stills->folder ? next_file(stills, deadline_us, fault, &still)
                                  : next_answer(stills, fault, &still);
        if (code != LH_OK)
            return code;
        code = show(stills, &still, fault, ret_frame);
        free(still.bytes);
        const bool damaged = code == LH_EDECODE || code == LH_EFORMAT || code == LH_ELIMIT;
        if (code == LH_OK || (code != LH_EAGAIN && !(damaged && stills->folder)))
            return code;
        if (stills->options.stop && atomic_load(stills->options.stop))
            return LH_ECLOSED;
    }
}

/* Stills come as they come: there is no faster rate to switch to. */
static void stills_burst_until(void *state, int64_t until_us)
{
    (void)state;
    (void)until_us;
}

static struct lh_source_counts stills_counts(const void *state)
{
    return ((const struct stills *)state)->counts;
}

static double stills_progress(const void *state)
{
    const struct stills *stills = state;
    const size_t waiting = stills->name_count - stills->name_next;
    if (!stills->folder || stills->options.follow || stills->shown + waiting == 0)
        return -1;
    return (double)stills->shown / (double)(stills->shown + waiting);
}

static const char *stills_description(const void *state)
{
    return ((const struct stills *)state)->description;
}

const struct lh_source_kind lh_stills_kind = {
    .name = "stills",
    .open = stills_open,
    .close = stills_close,
    .next = stills_next,
    .burst_until = stills_burst_until,
    .counts = stills_counts,
    .progress = stills_progress,
    .description = stills_description,
};
