#include "world/cameras.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define MOST_CLIPS LH_WORLD_CAMERAS_MOST
#define ID_BYTES 64

struct camera {
    char id[ID_BYTES];
    struct lh_footage *footage; /* NULL: a tower */
    pthread_mutex_t lock;       /* the scene may be asked for box and picture by two threads */
    bool has_lock;
};

struct lh_world_cameras {
    struct lh_scene *scene;
    uint32_t width_px; /* of the scene */
    uint32_t height_px;
    struct camera *items;
    unsigned count;
    bool once;
};

/* Paths of clips, in the order they were named; folders sorted by name. */
struct clips {
    char *paths[MOST_CLIPS];
    unsigned count;
};

static int add_clip(struct clips *clips, const char *path, struct lh_fault *fault)
{
    if (clips->count == MOST_CLIPS)
        return lh_fail(fault, LH_ELIMIT, "more than %d clips; name fewer with --footage",
                       MOST_CLIPS);
    char *copy = strdup(path);
    if (!copy)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    clips->paths[clips->count++] = copy;
    return LH_OK;
}

static int is_clip(const struct dirent *entry)
{
    static const char *const endings[] = {".mp4", ".avi", ".mkv", ".mov",  ".webm", ".ts",
                                          ".m4v", ".mpg", ".wmv", ".mpeg", ".h264", ".h265"};
    const char *ending = strrchr(entry->d_name, '.');
    for (size_t i = 0; ending && i < sizeof endings / sizeof *endings; i++) {
        if (strcasecmp(ending, endings[i]) == 0)
            return entry->d_name[0] != '.';
    }
    return 0;
}

static int add_folder(struct clips *clips, const char *folder, struct lh_fault *fault)
{
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_clip, alphasort);
    if (count < 0)
        return lh_fail(fault, lh_error_from_errno(errno), "cannot read the folder '%s': %s", folder,
                       strerror(errno));
    int code = count > 0
                   ? LH_OK
                   : lh_fail(fault, LH_ENOTFOUND,
                             "there is no video file (.mp4, .avi, .mkv, ...) in '%s'", folder);
    for (int i = 0; i < count; i++) {
        char path[4096];
        const int length = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (code == LH_OK && (length < 0 || (size_t)length >= sizeof path))
            code = lh_fail(fault, LH_ELIMIT, "the path of '%s' is too long", entries[i]->d_name);
        if (code == LH_OK)
            code = add_clip(clips, path, fault);
        free(entries[i]);
    }
    free(entries);
    return code;
}

static int find_clips(const struct lh_world_options *options, struct clips *clips,
                      struct lh_fault *fault)
{
    for (size_t i = 0; i < options->footage_count; i++) {
        const char *path = options->footage[i];
        struct stat about;
        if (stat(path, &about) != 0)
            return lh_fail(fault, lh_error_from_errno(errno), "cannot open the footage '%s': %s",
                           path, strerror(errno));
        const int code =
            S_ISDIR(about.st_mode) ? add_folder(clips, path, fault) : add_clip(clips, path, fault);
        if (code != LH_OK)
            return code;
    }
    return LH_OK;
}

static bool id_taken(const struct lh_world_cameras *cameras, const char *id)
{
    for (unsigned i = 0; i < cameras->count; i++) {
        if (strcmp(cameras->items[i].id, id) == 0)
            return true;
    }
    return false;
}

/* The file name without its ending, in letters that an URL and a camera id may have. */
static void name_clip(const struct lh_world_cameras *cameras, const char *path, char id[ID_BYTES])
{
    const char *slash = strrchr(path, '/');
    char base[ID_BYTES - 4];
    (void)snprintf(base, sizeof base, "%s", slash ? slash + 1 : path);
    char *ending = strrchr(base, '.');
    if (ending && ending != base)
        *ending = '\0';
    for (char *byte = base; *byte; byte++) {
        const bool plain = (*byte >= 'a' && *byte <= 'z') || (*byte >= 'A' && *byte <= 'Z') ||
                           (*byte >= '0' && *byte <= '9') || *byte == '.' || *byte == '_';
        *byte = plain ? *byte : '-';
    }
    (void)snprintf(id, ID_BYTES, "%s", base);
    for (unsigned number = 2; id_taken(cameras, id) && number <= MOST_CLIPS; number++)
        (void)snprintf(id, ID_BYTES, "%s-%u", base, number);
}

static int add_camera(struct lh_world_cameras *cameras, struct camera **ret_camera)
{
    struct camera *camera = &cameras->items[cameras->count];
    if (pthread_mutex_init(&camera->lock, NULL) != 0)
        return LH_ENOMEM;
    camera->has_lock = true;
    *ret_camera = camera;
    return LH_OK;
}

static int open_clip(struct lh_world_cameras *cameras, const struct lh_world_options *options,
                     const char *path, struct lh_fault *fault)
{
    const struct lh_footage_options footage = {
        .path = path,
        .max_width_px = options->size_given ? options->scene.width_px : 0,
        .max_height_px = options->size_given ? options->scene.height_px : 0,
        .multiple = options->codec == LH_CODEC_MJPEG ? 8 : 2,
        .once = options->once,
    };
    struct camera *camera;
    if (add_camera(cameras, &camera) != LH_OK)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    char id[ID_BYTES];
    name_clip(cameras, path, id);
    memcpy(camera->id, id, sizeof id);
    cameras->count++;
    return lh_footage_create(&footage, fault, &camera->footage);
}

static int open_clips(struct lh_world_cameras *cameras, const struct lh_world_options *options,
                      struct lh_fault *fault)
{
    struct clips clips = {.count = 0};
    int code = find_clips(options, &clips, fault);
    cameras->items = calloc(MOST_CLIPS, sizeof *cameras->items);
    if (code == LH_OK && !cameras->items)
        code = lh_fail(fault, LH_ENOMEM, "out of memory");
    for (unsigned i = 0; i < clips.count; i++) {
        if (code == LH_OK && cameras->items)
            code = open_clip(cameras, options, clips.paths[i], fault);
        free(clips.paths[i]);
    }
    return code;
}

static int open_towers(struct lh_world_cameras *cameras, const struct lh_world_options *options,
                       struct lh_fault *fault)
{
    cameras->items = calloc(options->scene.cameras, sizeof *cameras->items);
    if (!cameras->items)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    const int code = lh_scene_create(&options->scene, fault, &cameras->scene);
    if (code != LH_OK)
        return code;
    cameras->width_px = options->scene.width_px;
    cameras->height_px = options->scene.height_px;
    for (unsigned i = 0; i < options->scene.cameras; i++) {
        struct camera *camera;
        if (add_camera(cameras, &camera) != LH_OK)
            return lh_fail(fault, LH_ENOMEM, "out of memory");
        (void)snprintf(camera->id, sizeof camera->id, "%s", lh_scene_camera(cameras->scene, i)->id);
        cameras->count++;
    }
    return LH_OK;
}

int lh_world_cameras_create(const struct lh_world_options *options, struct lh_fault *fault,
                            struct lh_world_cameras **ret_cameras)
{
    struct lh_world_cameras *cameras = calloc(1, sizeof *cameras);
    if (!cameras)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    cameras->once = options->once;
    const int code = options->footage_count > 0 ? open_clips(cameras, options, fault)
                                                : open_towers(cameras, options, fault);
    if (code != LH_OK) {
        lh_world_cameras_destroy(&cameras);
        return code;
    }
    *ret_cameras = cameras;
    return LH_OK;
}

void lh_world_cameras_destroy(struct lh_world_cameras **cameras_pointer)
{
    struct lh_world_cameras *cameras = *cameras_pointer;
    if (!cameras)
        return;
    for (unsigned i = 0; i < cameras->count; i++) {
        lh_footage_destroy(&cameras->items[i].footage);
        if (cameras->items[i].has_lock)
            (void)pthread_mutex_destroy(&cameras->items[i].lock);
    }
    free(cameras->items);
    lh_scene_destroy(&cameras->scene);
    free(cameras);
    *cameras_pointer = NULL;
}

unsigned lh_world_cameras_count(const struct lh_world_cameras *cameras)
{
    return cameras->count;
}

const char *lh_world_cameras_id(const struct lh_world_cameras *cameras, unsigned camera)
{
    return cameras->items[camera].id;
}

uint32_t lh_world_cameras_width_px(const struct lh_world_cameras *cameras, unsigned camera)
{
    const struct lh_footage *footage = cameras->items[camera].footage;
    return footage ? lh_footage_width_px(footage) : cameras->width_px;
}

uint32_t lh_world_cameras_height_px(const struct lh_world_cameras *cameras, unsigned camera)
{
    const struct lh_footage *footage = cameras->items[camera].footage;
    return footage ? lh_footage_height_px(footage) : cameras->height_px;
}

const struct lh_scene *lh_world_cameras_scene(const struct lh_world_cameras *cameras)
{
    return cameras->scene;
}

const struct lh_footage *lh_world_cameras_footage(const struct lh_world_cameras *cameras,
                                                  unsigned camera)
{
    return cameras->items[camera].footage;
}

int lh_world_cameras_render(struct lh_world_cameras *cameras, unsigned camera, double scene_s,
                            struct lh_scene_picture *picture)
{
    struct camera *item = &cameras->items[camera];
    (void)pthread_mutex_lock(&item->lock);
    const int code = item->footage ? lh_footage_render(item->footage, scene_s, picture)
                                   : lh_scene_render(cameras->scene, camera, scene_s, picture);
    (void)pthread_mutex_unlock(&item->lock);
    return code;
}

bool lh_world_cameras_over(const struct lh_world_cameras *cameras, unsigned camera, double scene_s)
{
    const struct lh_footage *footage = cameras->items[camera].footage;
    return footage && cameras->once && scene_s >= lh_footage_duration_s(footage);
}

int lh_world_cameras_box(struct lh_world_cameras *cameras, unsigned camera, size_t event,
                         double scene_s, struct lh_scene_box *ret_box)
{
    if (!cameras->scene)
        return LH_EINVAL;
    struct camera *item = &cameras->items[camera];
    (void)pthread_mutex_lock(&item->lock);
    const int code = lh_scene_box(cameras->scene, camera, event, scene_s, ret_box);
    (void)pthread_mutex_unlock(&item->lock);
    return code;
}
