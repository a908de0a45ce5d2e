#include "footage.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define MAX_CLIPS 100000

static bool is_video(const char *name)
{
    static const char *const endings[] = {".mp4",  ".mkv",  ".avi",   ".mov", ".ts",
                                          ".m4v",  ".webm", ".flv",   ".mpg", ".mpeg",
                                          ".h264", ".h265", ".mjpeg", ".mjpg"};
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending && i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(ending, endings[i]) == 0)
            return true;
    return false;
}

static void name_camera(struct lh_clip *clip)
{
    char plain[64];
    const char *slash = strrchr(clip->path, '/');
    (void)snprintf(plain, sizeof plain, "%s", slash && slash[1] ? slash + 1 : clip->path);
    char *ending = strrchr(plain, '.');
    if (ending && ending != plain && is_video(plain))
        *ending = '\0';
    for (char *c = plain; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
            *c = '-';
    (void)snprintf(clip->camera, sizeof clip->camera, "%s", plain[0] ? plain : "clip");
}

static int add_clip(struct lh_footage *footage, const char *folder, const char *name)
{
    if (footage->count == MAX_CLIPS)
        return LH_ELIMIT;
    struct lh_clip *clips = realloc(footage->clips, (footage->count + 1) * sizeof *clips);
    if (!clips)
        return LH_ENOMEM;
    footage->clips = clips;
    const size_t bytes = strlen(folder) + strlen(name) + 2;
    struct lh_clip *clip = &clips[footage->count];
    clip->path = malloc(bytes);
    if (!clip->path)
        return LH_ENOMEM;
    (void)snprintf(clip->path, bytes, "%s%s%s", folder, name[0] && folder[0] ? "/" : "", name);
    name_camera(clip);
    footage->count++;
    return LH_OK;
}

static int choose_video(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && is_video(entry->d_name);
}

static int add_folder(struct lh_footage *footage, const char *path, struct lh_fault *fault)
{
    struct dirent **entries;
    const int count = scandir(path, &entries, choose_video, alphasort);
    if (count < 0)
        return lh_fail(fault, lh_error_from_errno(errno), "%s: %s", path, strerror(errno));
    char folder[4096];
    (void)snprintf(folder, sizeof folder, "%s", path);
    for (size_t end = strlen(folder); end > 1 && folder[end - 1] == '/'; end--)
        folder[end - 1] = '\0';
    footage->from_folder = footage->from_folder || count > 0;
    int code = count == 0 ? add_clip(footage, folder, "") : LH_OK;
    for (int i = 0; i < count; i++) {
        if (code == LH_OK)
            code = add_clip(footage, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return code == LH_OK ? LH_OK : lh_fail(fault, code, "%s: %s", path, lh_strerror(code));
}

static int add_path(struct lh_footage *footage, const char *path, struct lh_fault *fault)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return lh_fail(fault, lh_error_from_errno(errno), "%s: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return add_folder(footage, path, fault);
    const int code = add_clip(footage, path, "");
    return code == LH_OK ? LH_OK : lh_fail(fault, code, "%s: %s", path, lh_strerror(code));
}

static int compare_cameras(const void *a, const void *b)
{
    const struct lh_clip *const *left = a;
    const struct lh_clip *const *right = b;
    const int order = strcmp((*left)->camera, (*right)->camera);
    return order ? order : (*left > *right) - (*left < *right);
}

/* Clips of one name become name, name-2, name-3, in the order given. */
static int number_doubles(struct lh_footage *footage)
{
    struct lh_clip **sorted = calloc(footage->count + 1, sizeof(struct lh_clip *));
    if (!sorted)
        return LH_ENOMEM;
    for (size_t i = 0; i < footage->count; i++)
        sorted[i] = &footage->clips[i];
    qsort(sorted, footage->count, sizeof(struct lh_clip *), compare_cameras);
    char name[65] = "";
    unsigned same = 1;
    for (size_t i = 0; i < footage->count; i++) {
        if (i > 0 && strcmp(name, sorted[i]->camera) == 0) {
            (void)snprintf(sorted[i]->camera, sizeof sorted[i]->camera, "%.54s-%u", name, ++same);
        } else {
            (void)snprintf(name, sizeof name, "%s", sorted[i]->camera);
            same = 1;
        }
    }
    free(sorted);
    return LH_OK;
}

int lh_footage_list(const char *const *paths, size_t count, struct lh_fault *fault,
                    struct lh_footage *ret_footage)
{
    struct lh_footage footage = {0};
    int code = LH_OK;
    for (size_t i = 0; i < count && code == LH_OK; i++)
        code = add_path(&footage, paths[i], fault);
    if (code == LH_OK) {
        code = number_doubles(&footage);
        if (code != LH_OK)
            (void)lh_fail(fault, code, "%s", lh_strerror(code));
    }
    if (code != LH_OK) {
        lh_footage_finish(&footage);
        return code;
    }
    *ret_footage = footage;
    return LH_OK;
}

void lh_footage_finish(struct lh_footage *footage)
{
    for (size_t i = 0; i < footage->count; i++)
        free(footage->clips[i].path);
    free(footage->clips);
    *footage = (struct lh_footage){0};
}
