#include "fuse/feed_kind.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SETTLED_US (10 * LH_SECOND_US)
#define GIVEN_UP_US (60 * LH_SECOND_US)
#define FILES_MAX 100000
#define NAME_BYTES_MAX 120

struct known {
    char *name;
    int64_t size;
    int64_t mtime_ns;
    bool done;    /* read, with that size and time */
    bool present; /* in the last look */
};

struct folder {
    const struct lh_feed_config *config;
    const struct lh_clock *clock;
    struct known *files; /* sorted by name */
    size_t count;
    size_t capacity;
    int64_t next_us;
};

static void destroy(void *state)
{
    struct folder *folder = (struct folder *)state;
    for (size_t i = 0; i < folder->count; i++)
        free(folder->files[i].name);
    free(folder->files);
    free(folder);
}

static int is_wanted(const struct dirent *entry)
{
    static const char *const endings[] = {".csv", ".txt", ".json", ".geojson"};
    const size_t length = strlen(entry->d_name);
    if (entry->d_name[0] == '.' || length > NAME_BYTES_MAX)
        return 0;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t tail = strlen(endings[i]);
        if (length > tail && strcasecmp(entry->d_name + length - tail, endings[i]) == 0)
            return 1;
    }
    return 0;
}

/* Where the file is, or where it belongs. */
static size_t position_of(const struct folder *folder, const char *name)
{
    size_t low = 0;
    size_t high = folder->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(folder->files[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct known *insert(struct folder *folder, size_t at, const char *name)
{
    if (folder->count == FILES_MAX)
        return NULL;
    if (folder->count == folder->capacity) {
        const size_t capacity = folder->capacity ? 2 * folder->capacity : 64;
        struct known *files = realloc(folder->files, capacity * sizeof *files);
        if (!files)
            return NULL;
        folder->files = files;
        folder->capacity = capacity;
    }
    char *copy = strdup(name);
    if (!copy)
        return NULL;
    memmove(&folder->files[at + 1], &folder->files[at],
            (folder->count - at) * sizeof *folder->files);
    folder->count++;
    folder->files[at] = (struct known){.name = copy, .size = -1};
    return &folder->files[at];
}

static int path_of(const struct folder *folder, const char *name, char *path, size_t size)
{
    const int length = snprintf(path, size, "%s/%s", folder->config->folder, name);
    return length > 0 && (size_t)length < size ? LH_OK : LH_ELIMIT;
}

/* True when the file may be read: the same as at the look before, or old enough. */
static bool note_file(const struct folder *folder, struct known *file, const struct stat *status)
{
    const int64_t mtime_ns = (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
    const bool same = file->size == status->st_size && file->mtime_ns == mtime_ns;
    file->present = true;
    if (!same) {
        file->size = status->st_size;
        file->mtime_ns = mtime_ns;
        file->done = false;
    }
    return !file->done && (same || lh_clock_utc_us(folder->clock) - mtime_ns / 1000 >= SETTLED_US);
}

/* Forgets files that are gone, so that memory does not grow with the years. */
static void drop_absent(struct folder *folder)
{
    size_t kept = 0;
    for (size_t i = 0; i < folder->count; i++) {
        if (folder->files[i].present)
            folder->files[kept++] = folder->files[i];
        else
            free(folder->files[i].name);
    }
    folder->count = kept;
    for (size_t i = 0; i < kept; i++)
        folder->files[i].present = false;
}

/* The first file, by name, that may be read; whether more may. */
static int look(struct folder *folder, struct lh_fault *fault, char **ret_name, bool *ret_more)
{
    struct dirent **entries = NULL;
    const int count = scandir(folder->config->folder, &entries, is_wanted, alphasort);
    if (count < 0)
        return lh_fail(fault, lh_error_from_errno(errno), "folder '%s': %s", folder->config->folder,
                       strerror(errno));
    char *name = NULL;
    *ret_more = false;
    for (int i = 0; i < count; i++) {
        char path[4096];
        struct stat status;
        const size_t at = position_of(folder, entries[i]->d_name);
        struct known *file =
            at < folder->count && strcmp(folder->files[at].name, entries[i]->d_name) == 0
                ? &folder->files[at]
                : NULL;
        if (path_of(folder, entries[i]->d_name, path, sizeof path) == LH_OK &&
            stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
            if (!file)
                file = insert(folder, at, entries[i]->d_name);
            if (file && note_file(folder, file, &status)) {
                *ret_more = name != NULL;
                if (!name)
                    name = strdup(file->name);
            }
        }
        free(entries[i]);
    }
    free(entries);
    drop_absent(folder);
    *ret_name = name;
    return LH_OK;
}

/* What was read before this program started. */
static int mark_read(struct folder *folder, struct lh_hotspot_log *log, struct lh_fault *fault)
{
    char *name = NULL;
    bool more = false;
    int code = look(folder, fault, &name, &more);
    free(name);
    for (size_t i = 0; i < folder->count && code == LH_OK && log; i++) {
        struct known *file = &folder->files[i];
        const struct lh_seen_file seen = {
            .feed = folder->config->name,
            .name = file->name,
            .size = file->size,
            .mtime_ns = file->mtime_ns,
        };
        code = lh_hotspot_log_seen(log, &seen, fault, &file->done);
        if (!file->done)
            file->size = -1; /* the first look of a new program is no second one */
    }
    return code;
}

static int create(const struct lh_feed_config *config, const struct lh_feed_options *options,
                  struct lh_fault *fault, void **ret_state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    if (!folder)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    folder->config = config;
    folder->clock = options->clock;
    folder->next_us = lh_clock_monotonic_us(options->clock);
    const int code = mark_read(folder, options->log, fault);
    if (code == LH_OK)
        *ret_state = folder;
    else
        destroy(folder);
    return code == LH_ENOTFOUND ? LH_ECONFIG : code;
}

static int64_t next_us(const void *state)
{
    return ((const struct folder *)state)->next_us;
}

static int read_file(struct folder *folder, struct known *file, struct lh_fault *fault,
                     struct lh_feed_batch **ret_batch)
{
    char path[4096];
    const struct lh_hotspot_reading reading = lh_feed_reading(folder->config, folder->clock);
    struct lh_feed_batch *batch = lh_feed_batch_create(folder->config, file->name);
    if (!batch)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    int code = path_of(folder, file->name, path, sizeof path);
    if (code == LH_OK && (double)file->size > folder->config->max_size_mib * 1048576)
        code = lh_fail(fault, LH_ELIMIT, "%s: larger than %.6g MiB", file->name,
                       folder->config->max_size_mib);
    if (code == LH_OK)
        code = lh_hotspots_read_file(path, &reading, fault, &batch->hotspots);
    if (code == LH_OK && batch->hotspots.state == LH_HOTSPOTS_TEXT)
        code =
            lh_fail(fault, LH_EFORMAT, "%s: no table: '%.160s'", file->name, batch->hotspots.note);
    const bool half = code == LH_OK && batch->hotspots.state == LH_HOTSPOTS_TRUNCATED &&
                      lh_clock_utc_us(folder->clock) - file->mtime_ns / 1000 < GIVEN_UP_US;
    file->done = !half && code != LH_ENOMEM;
    batch->from_folder = true;
    batch->file_size = file->size;
    batch->file_mtime_ns = file->mtime_ns;
    if (code == LH_OK && !half)
        *ret_batch = batch;
    else
        lh_feed_batch_destroy(&batch);
    return code;
}

static int step(void *state, struct lh_fault *fault, struct lh_feed_batch **ret_batch)
{
    struct folder *folder = (struct folder *)state;
    const int64_t now_us = lh_clock_monotonic_us(folder->clock);
    char *name = NULL;
    bool more = false;
    *ret_batch = NULL;
    if (folder->next_us > now_us)
        return LH_OK;
    folder->next_us = now_us + (int64_t)(folder->config->poll_interval_s * (double)LH_SECOND_US);
    int code = look(folder, fault, &name, &more);
    if (code == LH_OK && name) {
        code = read_file(folder, &folder->files[position_of(folder, name)], fault, ret_batch);
        if (more)
            folder->next_us = now_us;
    }
    free(name);
    return code;
}

const struct lh_feed_kind_table lh_feed_folder = {
    .create = create,
    .destroy = destroy,
    .step = step,
    .next_us = next_us,
};

/* ---- recorded files ---- */

struct recording {
    const struct lh_feed_config *config;
    const struct lh_clock *clock;
    struct lh_hotspots rows; /* by acquisition */
    size_t given;
    int64_t latency_us;
};

static void recording_destroy(void *state)
{
    struct recording *recording = (struct recording *)state;
    lh_hotspots_finish(&recording->rows);
    free(recording);
}

static int read_recorded(struct recording *recording, const char *path, struct lh_fault *fault)
{
    struct lh_hotspot_reading reading = lh_feed_reading(recording->config, recording->clock);
    struct lh_hotspots rows = {0};
    reading.now_us = LH_NO_TIME; /* a recording is of any time */
    int code = lh_hotspots_read_file(path, &reading, fault, &rows);
    if (code == LH_OK && rows.state == LH_HOTSPOTS_TEXT)
        code = lh_fail(fault, LH_EFORMAT, "%s: no table: '%.160s'", path, rows.note);
    for (size_t i = 0; i < rows.count && code == LH_OK; i++) {
        rows.items[i].received_us = rows.items[i].acquired_us + recording->latency_us;
        code = lh_hotspots_add(&recording->rows, &rows.items[i]);
    }
    lh_hotspots_finish(&rows);
    return code;
}

static int recording_create(const struct lh_feed_config *config,
                            const struct lh_feed_options *options, struct lh_fault *fault,
                            void **ret_state)
{
    struct recording *recording = calloc(1, sizeof *recording);
    if (!recording)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    recording->config = config;
    recording->clock = options->clock;
    recording->latency_us = (int64_t)(config->latency_s * (double)LH_SECOND_US);
    int code = LH_OK;
    for (size_t i = 0; i < config->file_count && code == LH_OK; i++)
        code = read_recorded(recording, config->files[i], fault);
    if (code == LH_OK) {
        if (recording->rows.count > 0)
            qsort(recording->rows.items, recording->rows.count, sizeof *recording->rows.items,
                  lh_hotspot_compare);
        *ret_state = recording;
    } else {
        recording_destroy(recording);
    }
    return code;
}

static int64_t recording_next_us(const void *state)
{
    const struct recording *recording = (const struct recording *)state;
    return recording->given < recording->rows.count
               ? recording->rows.items[recording->given].received_us
               : INT64_MAX;
}

static int recording_step(void *state, struct lh_fault *fault, struct lh_feed_batch **ret_batch)
{
    struct recording *recording = (struct recording *)state;
    const int64_t now_us = lh_clock_utc_us(recording->clock);
    *ret_batch = NULL;
    if (recording_next_us(recording) > now_us)
        return LH_OK;
    struct lh_feed_batch *batch = lh_feed_batch_create(recording->config, "files");
    int code = batch ? LH_OK : LH_ENOMEM;
    size_t given = recording->given;
    while (code == LH_OK && given < recording->rows.count &&
           recording->rows.items[given].received_us <= now_us)
        code = lh_hotspots_add(&batch->hotspots, &recording->rows.items[given++]);
    if (code != LH_OK) {
        lh_feed_batch_destroy(&batch);
        return lh_fail(fault, code, "out of memory");
    }
    batch->hotspots.rows = batch->hotspots.count;
    recording->given = given;
    *ret_batch = batch;
    return LH_OK;
}

const struct lh_feed_kind_table lh_feed_files = {
    .create = recording_create,
    .destroy = recording_destroy,
    .step = recording_step,
    .next_us = recording_next_us,
};
