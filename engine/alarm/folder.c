#include "alarm/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

char *lh_folder_path(const char *folder, const char *name, const char *tail)
{
    const size_t size = strlen(folder) + strlen(name) + strlen(tail) + 2;
    char *path = malloc(size);
    if (path)
        (void)snprintf(path, size, "%s/%s%s", folder, name, tail);
    return path;
}

static int make_one(const char *path, struct lh_fault *fault)
{
    struct stat status;
    if (mkdir(path, 0700) == 0)
        return LH_OK;
    const int cause = errno;
    if (stat(path, &status) == 0) {
        if (S_ISDIR(status.st_mode))
            return LH_OK;
        return lh_fail(fault, LH_EEXIST, "'%s' is a file; the data folder needs a folder there",
                       path);
    }
    return lh_fail(fault, lh_error_from_errno(cause), "cannot make the folder '%s': %s", path,
                   strerror(cause));
}

int lh_folder_make(const char *path, struct lh_fault *fault)
{
    char *part = strdup(path);
    if (!part)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    int code = LH_OK;
    for (char *slash = part + 1; *part && code == LH_OK && (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        code = make_one(part, fault);
        *slash = '/';
    }
    if (code == LH_OK)
        code = make_one(part, fault);
    free(part);
    return code;
}

int lh_folder_sync(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return lh_error_from_errno(errno);
    const int code = fsync(fd) == 0 ? LH_OK : lh_error_from_errno(errno);
    (void)close(fd);
    return code;
}

int lh_folder_lock(const char *path, int *ret_fd)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return lh_error_from_errno(errno);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int code = errno == EWOULDBLOCK ? LH_EEXIST : lh_error_from_errno(errno);
        (void)close(fd);
        return code;
    }
    *ret_fd = fd;
    return LH_OK;
}

static int fill(int fd, uint64_t bytes)
{
    const int cause = posix_fallocate(fd, 0, (off_t)bytes);
    if (cause != 0)
        return lh_error_from_errno(cause);
    return fsync(fd) == 0 ? LH_OK : lh_error_from_errno(errno);
}

int lh_reserve_make(const char *path, uint64_t bytes)
{
    struct stat status;
    struct statvfs system;
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return lh_error_from_errno(errno);
    int code = LH_OK;
    if (fstat(fd, &status) != 0 || fstatvfs(fd, &system) != 0) {
        code = lh_error_from_errno(errno);
    } else if ((uint64_t)status.st_size != bytes) {
        const uint64_t free_bytes = (uint64_t)system.f_bavail * system.f_frsize;
        code = free_bytes / 2 < bytes ? LH_EFULL : fill(fd, bytes);
    }
    (void)close(fd);
    if (code != LH_OK)
        (void)unlink(path);
    return code;
}

int lh_reserve_release(const char *path)
{
    if (unlink(path) != 0)
        return lh_error_from_errno(errno);
    return LH_OK;
}
